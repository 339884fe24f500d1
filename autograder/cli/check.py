"""``autograder check``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from autograder.cli.options import isolation_option, with_assignment
from autograder.course.folders import Assignment, CourseError
from autograder.grading.class_run import grade_one
from autograder.reports.terminal import print_marks
from autograder.submissions.finding import find_submissions
from autograder.worker.confine import Level


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@isolation_option
@with_assignment
def check(file: Path, isolation: Level | None, assignment: Assignment) -> None:
    """Mark one submission, FILE, and print why."""
    handed_in = find_submissions([file], assignment.name, assignment.released)
    if len(handed_in) > 1:
        raise CourseError(
            f"{file}: holds {len(handed_in)} submissions; name the file of one, or mark them all "
            "with `autograder grade`"
        )
    evidence, marks, rubric = grade_one(assignment, handed_in[0], isolation)
    print_marks(Console(), evidence, marks, rubric)
