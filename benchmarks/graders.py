r"""This grader, stock nbgrader and otter-grader on the same notebooks, in one run.

    python -m benchmarks.graders [--otter PATH] [--rounds N]

otter-grader needs a separate virtual environment, with what the notebooks import:

    python3 -m venv otter-venv
    otter-venv/bin/pip install --constraint constraints.txt otter-grader ipykernel torch \
        matplotlib tqdm
    python -m benchmarks.graders --otter otter-venv/bin/otter

This grader asks the full rubric, visible and hidden, with torch, isolated. The other two run the
notebook and the visible checks that students have; neither keeps the code apart. `nbgrader
autograde` goes through a class one by one; `otter run` is a command for each submission, as on
Gradescope. Both get each notebook once, and this grader a class that holds each several times.
Memory is the most that all processes took together, shared pages counted once.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from autograder.course.rubric import load_rubric
from benchmarks.classes import assignment
from benchmarks.nbgrader import STOCK, autograde, make_course, notebooks
from benchmarks.watching import Watched, watched

# As otter-grader reads its tests: the part passes where all its visible checks do.
OTTER_TEST = '''OK_FORMAT = True
test = {{
    "name": "{part}",
    "points": {points},
    "suites": [{{
        "cases": [{{
            "code": r"""
                >>> import rnn_check
                >>> result = rnn_check.run_part("{part}", globals())
                >>> result.total("missed") + result.total("to come")
                0.0
            """,
            "hidden": False,
            "locked": False,
        }}],
        "scored": True, "setup": "", "teardown": "", "type": "doctest",
    }}],
}}
'''


@dataclass(frozen=True)
class Cost:
    """Of a run over some submissions."""

    seconds: float
    megabytes: float
    graded: int

    @property
    def each(self) -> float:
        return self.seconds / self.graded


def run(words: Sequence[str], folder: Path) -> Watched:
    """Runs a command that has to work."""
    took = watched(words, folder)
    if took.status:
        raise click.ClickException(f"{words[0]} failed: {(folder / 'log.txt').read_text()[-2000:]}")
    return took


def ours(folder: Path, count: int) -> Cost:
    """One `autograder grade` over a class."""
    submissions = folder / "submissions"
    submissions.mkdir()
    found = notebooks()
    for number in range(count):
        path = found[number % len(found)]
        shutil.copy(path, submissions / f"{path.stem}-{number}.ipynb")
    words = [sys.executable, "-m", "autograder.cli", "grade", str(submissions)]
    words += ["--out", str(folder / "grades"), "--course", str(assignment().course.root)]
    took = run(words, folder)
    return Cost(took.seconds, took.megabytes, count)


def stock(folder: Path, count: int) -> Cost:
    """One `nbgrader autograde` over a class."""
    make_course(folder, STOCK, count)
    took, graded = autograde(folder)
    return Cost(took.seconds, took.megabytes, graded)


def otter(folder: Path, count: int, program: str) -> Cost:
    """One `otter run` after another."""
    found, tests, beside = notebooks(), folder / "tests", assignment().released
    tests.mkdir()
    for part in load_rubric(assignment().rubric_file).parts():
        text = OTTER_TEST.format(part=part.id, points=part.points)
        (tests / f"q{part.id}.py").write_text(text)
    (folder / "otter_config.json").write_text(json.dumps({"show_hidden": True}))
    modules = sorted(path.name for path in beside.glob("rnn_*.py"))
    for module in modules:
        shutil.copy(beside / module, folder)
    folders = ["data", assignment().self_check]
    for name in folders:
        shutil.copytree(beside / name, folder / name)
    zipped = folder / "autograder.zip"
    words = [program, "generate", "-t", str(tests), "-o", str(zipped), "--no-requirements"]
    run([*words, "--no-environment", *modules, *folders], folder)
    seconds = most = 0.0
    scored = 0
    for number in range(count):
        shutil.copy(found[number % len(found)], folder / "rnn.ipynb")
        out = folder / f"results-{number}"
        out.mkdir()
        words = [program, "run", "-a", str(zipped), "-o", str(out), "--no-logo", "rnn.ipynb"]
        took = run(words, folder)
        seconds, most = seconds + took.seconds, max(most, took.megabytes)
        results = json.loads((out / "results.json").read_text())
        scored += any(test.get("score") for test in results["tests"])
    # Some notebooks earn nothing; if most did, the tests would not have run.
    if scored < count / 2:
        raise click.ClickException(f"otter gave something to {scored} of {count} alone")
    return Cost(seconds, most, count)


@click.command()
@click.option("--otter", "program", help="The path of the command `otter`, if it is to run too.")
@click.option(
    "--rounds",
    default=42,
    show_default=True,
    type=click.IntRange(min=1),
    help="How often each notebook is in this grader's class.",
)
def main(program: str | None, rounds: int) -> None:
    """This grader, stock nbgrader and otter-grader on the same notebooks."""
    once = len(notebooks())
    costs: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory() as name:
        for who in ("ours", "stock", "otter"):
            (Path(name) / who).mkdir()
        costs["this grader"] = ours(Path(name) / "ours", rounds * once)
        costs["stock nbgrader"] = stock(Path(name) / "stock", once)
        if program:
            program = str(Path(program).absolute())
            costs["otter run"] = otter(Path(name) / "otter", once, program)
        # Again, since the machine may have been busier at first.
        (Path(name) / "again").mkdir()
        costs["this grader, again"] = ours(Path(name) / "again", rounds * once)
    table = Table(title=f"the same notebooks, {os.cpu_count()} cores")
    for column in ("", "graded", "s in all", "s each", "times this grader", "MB at most"):
        table.add_column(column, justify="right" if column else "left")
    best = min(costs["this grader"].each, costs["this grader, again"].each)
    worst = max(costs["this grader"].each, costs["this grader, again"].each)
    for who, cost in costs.items():
        factor = (
            "" if who.startswith("this") else f"{cost.each / worst:.1f} to {cost.each / best:.1f}"
        )
        table.add_row(
            who,
            str(cost.graded),
            f"{cost.seconds:.1f}",
            f"{cost.each:.3f}",
            factor,
            f"{cost.megabytes:.0f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
