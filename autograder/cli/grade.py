"""``autograder grade``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from threading import Thread

import click
from rich.console import Console

from autograder.cli.options import (
    anonymous_option,
    isolation_option,
    jobs_option,
    say,
    with_assignment,
)
from autograder.course.folders import Assignment, CourseError
from autograder.grading.class_run import ClassRun
from autograder.reports.files import write_grades
from autograder.reports.terminal import literal, print_class, progress
from autograder.results.rows import Row
from autograder.results.stored import stored_students
from autograder.submissions.finding import find_submissions, refuse_among
from autograder.worker.confine import Level


@click.command()
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="For the results.",
)
@jobs_option
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Grade on a Dask cluster: a scheduler's address or file, or `local`.",
)
@click.option("--force", is_flag=True, help="Run again what OUT holds the evidence of.")
@anonymous_option
@isolation_option
@with_assignment
def grade(
    submissions: tuple[Path, ...],
    out: Path,
    jobs: int,
    cluster: str | None,
    force: bool,
    anonymous: bool,
    isolation: Level | None,
    assignment: Assignment,
) -> None:
    """Grade SUBMISSIONS: files, a folder of files, or nbgrader's submitted/ tree.

    Writes OUT/grades.csv and OUT/index.html, and for each student OUT/STUDENT.html, .md and .json.
    """
    refuse_among(out, submissions)
    handed_in = find_submissions(submissions, assignment.name, assignment.released)
    run = ClassRun(assignment, handed_in, out, jobs, isolation, force, cluster)
    rows = _graded(run, len(handed_in))
    grades = write_grades(out, rows, run.rubric)
    from autograder.reports.pages.class_page import write_class_page  # see _graded

    page = write_class_page(
        out, rows, run.rubric, assignment.course.secret() if anonymous else None
    )
    console = Console()
    print_class(console, rows, run.rubric)
    failed = [one.student for one in rows if one.status == "not graded"]
    done = f"{len(rows) - len(failed)} submissions graded; the marks are in {grades} and {page}"
    console.print(literal(done))
    _tell_of_others(out, rows)
    if failed:
        raise CourseError(f"not graded, because the grader failed: {', '.join(failed)}")


def _graded(run: ClassRun, number: int) -> list[Row]:
    """The rows of all submissions, with a bar that shows how far the run is."""
    rows: list[Row] = []
    try:
        for one in progress(run, number):
            rows.append(one)
            # What draws takes long to load: while others are graded, but after all jobs are forked.
            if len(rows) == 1:
                Thread(target=import_module, args=["autograder.reports.pages.class_page"]).start()
    except KeyboardInterrupt:
        click.echo("\nstopped; the same command continues where it was", err=True)
        raise
    return rows


def _tell_of_others(out: Path, rows: Sequence[Row]) -> None:
    """Names students who have results from before and were not graded now."""
    others = sorted({*stored_students(out)} - {one.student for one in rows})
    if others:
        told = (
            f"{out} holds results of {len(others)} more, who are not in these tables "
            f"({', '.join(others[:3])}{', …' * (len(others) > 3)}); `autograder rescore {out}` "
            "writes the tables of all"
        )
        say(told, "yellow")
