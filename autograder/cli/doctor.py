"""``autograder doctor``."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from autograder.cli.options import CANNOT_WORK, course_option, errors_as_messages
from autograder.course.folders import Course, CourseError
from autograder.doctor import diagnose
from autograder.doctor.printing import print_diagnosis


@click.command()
@course_option
@errors_as_messages
def doctor(folder: Path | None) -> None:
    """Find how well this machine keeps students' code apart, by trying to break out.

    Where this is run inside a course, or names one, who can read its files is looked at too. The
    exit status is 2 where no level holds.
    """
    try:
        course = Course.find(folder or Path.cwd())
    except CourseError:
        if folder:
            raise
        course = None
    diagnosis = diagnose(course)
    print_diagnosis(Console(), diagnosis)
    if diagnosis.gives == "none":
        sys.exit(CANNOT_WORK)
