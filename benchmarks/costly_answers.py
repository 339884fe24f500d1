"""What the costliest answers cost the grading process, above an honest submission.

    python -m benchmarks.costly_answers [NAME ...] [--jobs N]

Each is one of ``tests/attacks/submissions/denial_of_service``, read, graded, marked and written as
for a class, by one process and by three side by side. Memory is the largest resident set of a
grading process; the worker's own is not counted, nor its seconds.
"""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO
from multiprocessing.connection import Connection
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from autograder.course.folders import Assignment
from autograder.grading.grader import Grader
from autograder.marking.marks import mark
from autograder.reports.files import write_student
from autograder.results.code import code_by_part
from autograder.sandbox import box
from autograder.sandbox.workers import CLASS_IMPORTS, IMPORTS, Control, Sandbox
from autograder.submissions.finding import HandIn
from benchmarks.classes import SUBMISSIONS, assignment
from tests.attacks.submission import attacks, knowledge

GROUP = "denial_of_service"
HONEST = SUBMISSIONS / "li-wei.py"
PEAK = "VmHWM:"


class Cost(msgspec.Struct, frozen=True):
    """What one submission took of its grading process: MB at the most, and seconds."""

    megabytes: float
    cpu_seconds: float
    seconds: float
    report_megabytes: float
    status: str

    def above(self, honest: Cost) -> Cost:
        """What it took more than an honest submission."""
        return Cost(
            self.megabytes - honest.megabytes,
            self.cpu_seconds - honest.cpu_seconds,
            self.seconds - honest.seconds,
            self.report_megabytes - honest.report_megabytes,
            self.status,
        )


def peak() -> float:
    """The largest resident set of this process since ``forget_peak``, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(PEAK)) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _graded(grader: Grader, path: Path, control: Control) -> Cost:
    forget_peak()
    began, began_cpu = time.perf_counter(), time.process_time()
    submission = grader.read(HandIn("costly", path))
    digest = grader.digest(submission, control.level)
    evidence = grader.grade(submission, control)
    marks = mark(evidence, grader.rubric)
    with tempfile.TemporaryDirectory() as folder:
        code = code_by_part(submission, grader.rubric)
        write_student(Path(folder), evidence, marks, grader.rubric, digest, code)
        written = sum(file.stat().st_size for file in Path(folder).iterdir())
    cpu, seconds = time.process_time() - began_cpu, time.perf_counter() - began
    return Cost(peak(), cpu, seconds, written / 2**20, evidence.status)


def _grade(grader: Grader, paths: Sequence[Path], control: Control, report: Connection) -> None:
    """Sends what each submission took, above an honest one, as soon as it is known."""
    with redirect_stderr(StringIO()):
        for _ in range(2):  # the first loads what only grading needs
            honest = _graded(grader, HONEST, control)
        for path in paths:
            report.send(_graded(grader, path, control).above(honest))


def costs(taught: Assignment, paths: Sequence[Path], jobs: int) -> list[list[Cost]]:
    """What each submission takes, above an honest one, of each of ``jobs`` grading processes.

    All of them grade the same submission at the same time.
    """
    context = multiprocessing.get_context("fork")
    grader = Grader(taught)
    with Sandbox(box.choose(None), jobs, IMPORTS + CLASS_IMPORTS, [taught.course.root]) as sandbox:
        running = []
        for control in sandbox.controls:
            ours, theirs = context.Pipe()
            job = context.Process(target=_grade, args=(grader, paths, control, theirs))
            job.start()
            theirs.close()
            running.append((job, ours))
        found = [[report.recv() for _, report in running] for _ in paths]
        for job, _ in running:
            job.join()
    return found


def hand_in(folder: Path, names: Sequence[str], taught: Assignment) -> list[Path]:
    """The attacks of these names, or all that cost, as files in a folder."""
    right = taught.source.read_text(encoding="utf-8")
    knows = knowledge(port=0, places="")
    paths = []
    for attack in attacks():
        group, _, name = attack.name.partition("/")
        if group == GROUP and (name in names or not names):
            paths.append(folder / f"{name}.py")
            paths[-1].write_text(attack.text(knows, right), encoding="utf-8")
    return paths


@click.command()
@click.argument("names", nargs=-1)
@click.option("--jobs", multiple=True, default=(1, 3), show_default=True, type=int)
def main(names: tuple[str, ...], jobs: tuple[int, ...]) -> None:
    """What the costliest answers cost the grading process, above an honest submission."""
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as folder:
        paths = hand_in(Path(folder), names, assignment())
        for count in jobs:
            table = Table(title=f"above an honest submission, {count} side by side")
            for column in ("submission", "MB", "MB of all", "CPU s", "s", "reports MB", "status"):
                table.add_column(column, justify="left" if column == "submission" else "right")
            found = zip(paths, costs(assignment(), paths, count), strict=True)
            for path, of_each in sorted(found, key=lambda one: -max(c.megabytes for c in one[1])):
                table.add_row(
                    path.stem,
                    f"{max(cost.megabytes for cost in of_each):.0f}",
                    f"{sum(cost.megabytes for cost in of_each):.0f}",
                    f"{max(cost.cpu_seconds for cost in of_each):.1f}",
                    f"{max(cost.seconds for cost in of_each):.1f}",
                    f"{max(cost.report_megabytes for cost in of_each):.1f}",
                    of_each[0].status,
                )
            console.print(table)


if __name__ == "__main__":
    main()
