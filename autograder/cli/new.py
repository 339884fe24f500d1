"""``autograder new``."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.options import course_option, errors_as_messages
from autograder.new_assignment import new_assignment


@click.command()
@click.argument("name")
@course_option
@errors_as_messages
def new(name: str, folder: Path | None) -> None:
    """Lay out the assignment NAME, small but complete, to be changed step by step.

    It goes into the course of this folder or of --course; in an empty folder, into a new course.
    """
    assignment, written = new_assignment(folder or Path.cwd(), name)
    for path in written:
        click.echo(path)
    click.echo(f"now, in {assignment.course.root}, and again after each change:")
    for command in ("release", "audit"):
        click.echo(f"    autograder {command} --assignment {name}")
    click.echo(f"students get the folder {assignment.released}; to grade what they hand in:")
    click.echo(f"    autograder grade SUBMISSIONS --out DIR --assignment {name}")
