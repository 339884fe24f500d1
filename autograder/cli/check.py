"""``autograder check``."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from autograder.cli.options import isolation_option, with_assignment
from autograder.course.folders import Assignment, CourseError
from autograder.grading.class_run import grade_one
from autograder.intake.finding import collect
from autograder.reports.terminal import print_marks
from autograder.worker.confine import Level


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@isolation_option
@with_assignment
def check(file: Path, isolation: Level | None, assignment: Assignment) -> None:
    """Mark one submission, FILE, and print why."""
    with TemporaryDirectory() as folder:
        found = collect([file], assignment.name, assignment.released, Path(folder))
        handed_in = found.submissions
        if len(handed_in) > 1:
            raise CourseError(
                f"{file}: holds {len(handed_in)} submissions; name the file of one, or mark them "
                "all with `autograder grade`"
            )
        evidence, marks, rubric = grade_one(assignment, handed_in[0], isolation)
    print_marks(Console(), evidence, marks, rubric)
