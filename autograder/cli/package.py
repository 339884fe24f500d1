"""``autograder package gradescope``."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from autograder.cli.options import isolation_option, with_assignment
from autograder.course.folders import Assignment
from autograder.course.rubric import rubric_of
from autograder.exporting.results import Visibility
from autograder.packaging.gradescope import package as write_package
from autograder.submissions.text import counted
from autograder.worker.confine import Level


@click.group()
def package() -> None:
    """Make the grader another system's autograder."""


@package.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The zip to upload.",
)
@click.option(
    "--visibility",
    type=click.Choice(get_args(Visibility)),
    help="When students see their results; otherwise by `feedback` in the rubric.",
)
@isolation_option
@with_assignment
def gradescope(
    out: Path, visibility: Visibility | None, isolation: Level | None, assignment: Assignment
) -> None:
    """Write the zip that makes this grader run on Gradescope.

    It holds the solutions and the course's secret. Give it to no one but Gradescope.
    """
    rubric = rubric_of(assignment)
    write_package(assignment, out, isolation, visibility)
    points = rubric.points * (1 - rubric.written_share)
    worth = counted(points, "point")
    click.echo(f"{out}: the autograder of a programming assignment with {worth}.")
    click.echo("It holds the solutions and the course's secret. Give it to no one but Gradescope.")
