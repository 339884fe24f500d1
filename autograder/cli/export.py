"""``autograder export``."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.options import say, with_assignment
from autograder.course.folders import Assignment, CourseError
from autograder.exporting import FORMS
from autograder.exporting.export import export as write_marks
from autograder.exporting.roster import read_roster
from autograder.grading.rescoring import Rescoring


@click.command()
@click.argument("results", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "form",
    required=True,
    type=click.Choice(list(FORMS)),
    help="Who is to read it.",
)
@click.option("--out", type=click.Path(path_type=Path), help="The file, or folder; else in DIR.")
@click.option(
    "--roster",
    "roster_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What Canvas exports of its gradebook, to match its ids.",
)
@with_assignment
def export(
    results: Path, form: str, out: Path | None, roster_file: Path | None, assignment: Assignment
) -> None:
    """Write the marks in DIR in the form that another system takes in."""
    if roster_file and form != "canvas":
        raise CourseError("--roster is Canvas's own list, and goes with --to canvas")
    roster = read_roster(roster_file) if roster_file else None
    with Rescoring(assignment, results) as rescoring:
        documents = rescoring.current()
    out = out or results / FORMS[form]
    unknown = write_marks(form, documents, assignment.name, rescoring.rubric, out, roster)
    click.echo(out)
    awaiting = sum(1 for one in documents if one.awaiting_reader)
    if awaiting:
        told = f"the written answers of {awaiting} students are not graded yet and are not included"
        say(told, "yellow")
    if unknown:
        told = f"not in the roster, so left out: {', '.join(unknown)}"
        say(told, "yellow")
