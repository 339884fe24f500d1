"""``autograder nbgrader setup``."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.options import course_option, errors_as_messages
from autograder.course.folders import Course
from autograder.nbgrader.install import install, undo


@click.group()
def nbgrader() -> None:
    """Have nbgrader grade the homework through this grader."""


@nbgrader.command()
@click.argument(
    "course_of_nbgrader",
    metavar="FOLDER",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
@click.option("--undo", "take_out", is_flag=True, help="Take what was added out again.")
@course_option
@click.option("--assignment", "name", help="This one alone; otherwise all that the course has.")
@errors_as_messages
def setup(course_of_nbgrader: Path, take_out: bool, folder: Path | None, name: str | None) -> None:
    """Add assignments to the course of nbgrader's whose nbgrader_config.py is in FOLDER.

    Prints each file that is changed. Again after a new release, or where this course has moved.
    The other assignments of nbgrader's course stay as they are, and are graded as before.
    """
    if take_out:
        lines = undo(course_of_nbgrader, name)
        click.echo("\n".join(lines) or f"{course_of_nbgrader}: nothing is set up here")
        return
    course = Course.find(folder or Path.cwd())
    assignments = [course.assignment(one) for one in ([name] if name else course.names())]
    lines = install(assignments, course_of_nbgrader)
    click.echo("\n".join(lines) or f"{course_of_nbgrader}: is set up already")
    click.echo("now, in that folder:")
    for one in assignments:
        click.echo(f"    nbgrader generate_assignment {one.name} --force")
