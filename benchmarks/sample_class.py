"""What grading the sample class costs per submission, and what is paid once per run.

    python -m benchmarks.sample_class [--jobs N] [--times K]

Submissions that hang are left out: they cost their own deadline, whatever the grader does.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from autograder.course.folders import Assignment, Course
from autograder.course.rubric import Limits
from autograder.grading.class_run import ClassRun
from autograder.grading.jobs import usual_jobs
from autograder.intake.finding import find_submissions
from autograder.sandbox import box
from autograder.sandbox.workers import CLASS_IMPORTS, IMPORTS, Sandbox
from autograder.submissions.finding import HandIn

ROOT = Path(__file__).parents[1]
SUBMISSIONS = ROOT / "tests" / "sample_class" / "submissions"
A_SECOND_EACH = 2.0


def seconds_to_a_worker(imports: tuple[str, ...]) -> float:
    """From nothing to the first worker: the import of torch is most of it."""
    started = time.perf_counter()
    with Sandbox(box.choose(None), imports=imports) as sandbox:
        sandbox.controls[0].fork(Limits()).kill()
        return time.perf_counter() - started


def seconds_to_grade(
    assignment: Assignment, handed_in: list[HandIn], jobs: int
) -> tuple[float, float]:
    """To set up a run, and to grade all of a class in it."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        run = ClassRun(assignment, handed_in, Path(folder), jobs)
        ready = time.perf_counter()
        for _ in run:
            pass
        return ready - started, time.perf_counter() - ready


def quick_ones(assignment: Assignment, handed_in: list[HandIn]) -> list[HandIn]:
    """Those that do not spend seconds in their own code."""
    quick = []
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        for one, _ in zip(handed_in, ClassRun(assignment, handed_in, Path(folder), 1), strict=True):
            if time.perf_counter() - started < A_SECOND_EACH:
                quick.append(one)
            started = time.perf_counter()
    return quick


@click.command()
@click.option("--jobs", default=usual_jobs(), show_default=True, type=click.IntRange(min=1))
@click.option("--times", default=5, show_default=True, help="How often each is graded in the run.")
def main(jobs: int, times: int) -> None:
    """What grading the sample class costs."""
    assignment = Course(ROOT).assignment()
    found = find_submissions([SUBMISSIONS], assignment.name, assignment.released)
    quick = quick_ones(assignment, found)
    many = [
        HandIn(f"{one.student}-{copy}", one.path, one.notes)
        for copy in range(times)
        for one in quick
    ]
    setup, grading = seconds_to_grade(assignment, many, jobs)
    console = Console()
    table = Table(title=f"{len(quick)} submissions, each {times} times, {jobs} jobs")
    table.add_column("what")
    table.add_column("seconds", justify="right")
    table.add_row("to a first worker, numpy and torch", f"{seconds_to_a_worker(IMPORTS):.2f}")
    whole = seconds_to_a_worker(IMPORTS + CLASS_IMPORTS)
    table.add_row("to a first worker, with all that a class may import", f"{whole:.2f}")
    table.add_row("to set up the run: rubric, checks, reference", f"{setup:.2f}")
    table.add_row(f"to grade {len(many)} submissions", f"{grading:.2f}")
    table.add_row("per submission", f"{grading / len(many):.3f}")
    console.print(table)


if __name__ == "__main__":
    main()
