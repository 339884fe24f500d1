"""A class graded by `nbgrader autograde`: with this grader, and with what nbgrader has of its own.

    python -m benchmarks.nbgrader [--students N] [--stock M] [--assignment NAME] [--whole]

Both grade the same notebooks, from the same release and into a gradebook each; stock nbgrader runs
the visible checks that students have, and only the first M of the class if M is given. Memory is
the most that all processes took together, shared pages counted once, and that by the submissions
that are graded at a time.

With ``--whole`` each student hands in the notebook as it was released, solved, with all of its
experiments, and the files beside it. Those of the sample class have few of them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from autograder.course.folders import Course
from autograder.release import write_release
from benchmarks.classes import CLASSES, about
from benchmarks.watching import Watched, watched

ROOT = Path(__file__).parents[1]
# These hang, or nbgrader's own step cannot read them.
LEFT_OUT = {
    "rnn": (
        "grace-obrien",
        "paulo-mendes",
        "ingrid-solberg",
        "daniel-cohen",
        "maria-gonzalez",
        "sven-nilsson",
    ),
    "gates": (),
}
STOCK = """
c = get_config()
c.CourseDirectory.course_id = "rnn-course"
c.CourseDirectory.source_directory = "solutions/nbgrader"
c.CourseDirectory.release_directory = "assignment"
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
# An experiment takes longer than the 30 seconds that it has otherwise.
c.Execute.timeout = 600
"""


def notebooks(name: str = "rnn") -> list[Path]:
    """Those of a sample class that stock nbgrader can read and that come to an end."""
    found = []
    for path in sorted(CLASSES[name].glob("*.ipynb")):
        try:
            json.loads(path.read_bytes())
        except ValueError:
            continue
        if path.stem not in LEFT_OUT[name]:
            found.append(path)
    return found


def make_course(
    folder: Path, config: str, students: int, name: str = "rnn", whole: bool = False
) -> None:
    """A course with a class that has handed in, each notebook as often as it takes."""
    shutil.copytree(ROOT / "solutions", folder / "solutions")
    shutil.copy(ROOT / "rubric.yaml", folder)
    (folder / "nbgrader_config.py").write_text(config)
    write_release(Course(folder).assignment(name))
    nbgrader(folder, "generate_assignment", name, "--force")
    found = [folder / "solutions" / "nbgrader" / name / f"{name}.ipynb"]
    if not whole:
        found = notebooks(name)
    for number in range(students):
        path = found[number % len(found)]
        own = folder / "submitted" / f"{path.stem}-{number}" / name
        # What generate_assignment has made of a stock course holds the notebook alone.
        shutil.copytree(ROOT / "assignment" / name, own)
        shutil.copy(path, own / f"{name}.ipynb")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "nbgrader", *words]


def environment() -> dict[str, str]:
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def nbgrader(folder: Path, *words: str) -> None:
    subprocess.run(command(*words), cwd=folder, env=environment(), check=True, capture_output=True)


def autograde(folder: Path, name: str = "rnn") -> tuple[Watched, int]:
    """What the command took, and how many it graded."""
    took = watched(command("autograde", name), folder, environment())
    return took, len(list(folder.glob(f"autograded/*/{name}/{name}.ipynb")))


@click.command()
@click.option("--students", default=30, show_default=True, type=click.IntRange(min=1))
@click.option("--stock", type=click.IntRange(min=1), help="As many of them for stock nbgrader.")
@click.option("--whole", is_flag=True, help="The notebook as released, solved.")
@about
def main(students: int, stock: int | None, name: str, whole: bool) -> None:
    """What `nbgrader autograde` costs with this grader, and with nbgrader's own steps."""
    ours = (ROOT / "nbgrader_config.py").read_text()
    costs = {}
    for who, config, many in (
        ("this grader", ours, students),
        ("stock nbgrader", STOCK, stock or students),
    ):
        with tempfile.TemporaryDirectory() as folder:
            make_course(Path(folder), config, many, name, whole)
            costs[who] = autograde(Path(folder), name)
    table = Table(title=f"nbgrader autograde {name}, a class of {students}, {os.cpu_count()} cores")
    for column in ("", "graded", "s", "s each", "CPU s each", "MB", "MB each"):
        table.add_column(column, justify="right" if column else "left")
    at_a_time = {"this grader": min(os.cpu_count() or 1, students), "stock nbgrader": 1}
    for who, (took, graded) in costs.items():
        table.add_row(
            who,
            str(graded),
            f"{took.seconds:.1f}",
            f"{took.seconds / graded:.2f}",
            f"{took.cpu_seconds / graded:.2f}",
            f"{took.megabytes:.0f}",
            f"{took.megabytes / at_a_time[who]:.0f}",
        )
    console = Console()
    console.print(table)
    mine, stocks = (took.seconds / graded for took, graded in costs.values())
    console.print(f"stock nbgrader takes {stocks / mine:.1f} times as long")


if __name__ == "__main__":
    main()
