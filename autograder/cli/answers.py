"""``autograder answers``."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import click

from autograder.cli.options import with_assignment
from autograder.course.folders import Assignment
from autograder.release.model_answers import write_model_answers


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--now", is_flag=True, help="Before the deadline too.")
@with_assignment
def answers(file: Path | None, now: bool, assignment: Assignment) -> None:
    """Write the model answers to the written questions into FILE, a .md or .pdf, for students.

    Without FILE, into NAME_answers.md here. Before the deadline in the rubric's `late`, nothing is
    written.
    """
    file = file or Path(f"{assignment.name}_answers.md")
    write_model_answers(assignment, file, None if now else datetime.now(timezone.utc))
    click.echo(file)
