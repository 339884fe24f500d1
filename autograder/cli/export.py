"""``autograder export``."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.options import roster_option, say, with_assignment
from autograder.course.folders import Assignment, CourseError
from autograder.exporting import FORMS
from autograder.exporting.export import export as write_marks
from autograder.grading.rescoring import Rescoring
from autograder.intake.roster import read_roster
from autograder.submissions.text import counted

GRADEBOOKS = ("canvas", "moodle")


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
@roster_option(
    "The class: Canvas's gradebook, with its ids and assignments; for Moodle a list with emails."
)
@click.option("--assignment-id", default="", help="The number of Canvas's assignment to fill.")
@click.option("--parts", is_flag=True, help="A column for each part: assignments of their own.")
@with_assignment
def export(
    results: Path,
    form: str,
    out: Path | None,
    roster: Path | None,
    assignment_id: str,
    parts: bool,
    assignment: Assignment,
) -> None:
    """Write the marks in DIR in the form that another system takes in.

    `canvas` and `moodle` are tables for their gradebooks: the total, in one column.
    `canvas-feedback` and `moodle-feedback` hand each student their page.
    """
    if (roster or parts) and form not in GRADEBOOKS:
        raise CourseError(f"--roster and --parts go with --to {' or --to '.join(GRADEBOOKS)}")
    if assignment_id and (form != "canvas" or parts):
        raise CourseError("--assignment-id goes with --to canvas, and not with --parts")
    people = read_roster(roster) if roster else None
    with Rescoring(assignment, results) as rescoring:
        documents = rescoring.current()
    out = out or results / FORMS[form]
    exported = write_marks(
        *(form, documents, assignment.name, rescoring.rubric, out, people),
        parts=parts,
        assignment_id=assignment_id,
        pages=results,
    )
    click.echo(out)
    awaiting = sum(1 for one in documents if one.awaiting_reader)
    if awaiting:
        who = counted(awaiting, "student")
        say(f"the written answers of {who} are not graded yet and are not included", "yellow")
    if exported.unknown:
        say(f"not in the roster, so left out: {', '.join(exported.unknown)}", "yellow")
    for warning in exported.warnings:
        say(warning, "yellow")
