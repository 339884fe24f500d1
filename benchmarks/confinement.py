"""What confinement costs, and what a submission that hangs costs the others.

    python -m benchmarks.confinement [--rounds N] [--honest N]

The levels are measured in turns, in one run, on the same submission; what a level costs is the
median of its differences from the unconfined worker of the same turn.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from autograder.grading.class_run import ClassRun
from autograder.grading.grader import Grader
from autograder.grading.jobs import usual_jobs
from autograder.sandbox import box
from autograder.sandbox.workers import CLASS_IMPORTS, IMPORTS, Control, Sandbox
from autograder.submissions.finding import HandIn
from autograder.worker.confine import Level
from benchmarks.classes import assignment, copies

LEVELS: tuple[Level, ...] = ("isolated", "restricted", "none")
TARGET_MS = 20.0
HANGS = """
def ngram_distribution(tokens, context, vocab_size):
    while True:
        pass
"""

# By level, in milliseconds, one for each round.
Times = dict[Level, list[float]]


def in_turns(
    controls: Mapping[Level, Control], rounds: int, step: Callable[[Control], None]
) -> Times:
    """How long a step takes at each level; the first two rounds are not counted."""
    times: Times = {level: [] for level in controls}
    for number in range(rounds + 2):
        for level, control in controls.items():
            started = time.perf_counter()
            step(control)
            if number >= 2:
                times[level].append(1e3 * (time.perf_counter() - started))
    return times


def _row(name: str, times: Times) -> tuple[str, ...]:
    """Medians, and for the confined levels the median of what they take beyond the unconfined."""
    cells = []
    for level in LEVELS:
        if level not in times:
            cells.append("-")
            continue
        text = f"{statistics.median(times[level]):.1f}"
        if level != "none":
            pairs = zip(times[level], times["none"], strict=True)
            text += f" ({statistics.median(a - b for a, b in pairs):+.1f})"
        cells.append(text)
    return name, *cells


def cost(console: Console, rounds: int) -> None:
    """Prints what a worker and a whole submission take at each level that works here."""
    works = [level for level, reason in box.try_levels().items() if not reason]
    grader = Grader(assignment())
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        controls = {}
        for level in works:
            imports = (*IMPORTS, *CLASS_IMPORTS)
            sandbox = stack.enter_context(
                Sandbox(level, imports=imports, hidden=[assignment().course.root])
            )
            controls[level] = sandbox.controls[0]
        submission = grader.read(copies(Path(folder), 1)[0])
        table = Table(title=f"ms, medians of {rounds} rounds (and beyond the unconfined worker)")
        for name in ("", *LEVELS):
            table.add_column(name, justify="left" if not name else "right")
        limits = grader.rubric.limits
        worker = in_turns(controls, rounds, lambda control: _nothing(control.fork(limits).kill()))
        whole = in_turns(
            controls, rounds, lambda control: _nothing(grader.grade(submission, control))
        )
        table.add_row(*_row("a worker, from fork to gone", worker))
        table.add_row(*_row("a whole submission", whole))
        console.print(table)
    for level in ("isolated", "restricted"):
        if level in whole:
            pairs = zip(whole[level], whole["none"], strict=True)
            paid = statistics.median(a - b for a, b in pairs)
            verdict = "within" if paid <= TARGET_MS else "over"
            console.print(f"{level}: {paid:+.1f} ms a submission, {verdict} {TARGET_MS:g} ms")


def _nothing(_: object) -> None:
    """So that a step returns nothing."""


def _class(handed_in: Sequence[HandIn], jobs: int) -> tuple[float, float, set[str]]:
    """Seconds until the last honest row and the last row, from the first row on; their statuses."""
    with tempfile.TemporaryDirectory() as folder:
        started = honest = ended = 0.0
        statuses = set()
        for row in ClassRun(assignment(), handed_in, Path(folder), jobs):
            ended = time.perf_counter()
            started = started or ended
            if row.student != "a-hang":
                honest = ended
                statuses.add(f"{row.status}, {row.total:g}")
    return honest - started, ended - started, statuses


def beside_a_hang(console: Console, count: int) -> None:
    """Prints how long honest submissions take by themselves, and beside one that hangs."""
    with tempfile.TemporaryDirectory() as folder:
        honest = copies(Path(folder) / "class", count)
        hang = Path(folder) / "a-hang.py"
        hang.write_text(HANGS)
        both = [HandIn("a-hang", hang), *honest]
        table = Table(title=f"{count} honest submissions beside one that hangs in a stub")
        for name in ("", "s to the last honest", "s in all", "status and marks of the honest"):
            table.add_column(name, justify="right" if name.startswith("s ") else "left")
        for name, handed_in, jobs in (
            ("alone, two workers", honest, 2),
            ("beside the hang, two workers", both, 2),
            ("alone, one worker", honest, 1),
            (f"alone, {usual_jobs()} workers as usual here", honest, usual_jobs()),
            (f"beside the hang, {usual_jobs()} workers", both, usual_jobs()),
        ):
            until_honest, until_all, statuses = _class(handed_in, jobs)
            seconds = f"{until_honest:.1f}", f"{until_all:.1f}"
            table.add_row(name, *seconds, "; ".join(sorted(statuses)))
    console.print(table)


@click.command()
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(min=3))
@click.option("--honest", default=20, show_default=True, type=click.IntRange(min=2))
def main(rounds: int, honest: int) -> None:
    """What confinement costs, and what a submission that hangs costs the others."""
    console = Console()
    cost(console, rounds)
    beside_a_hang(console, honest)


if __name__ == "__main__":
    main()
