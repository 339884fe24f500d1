"""``autograder reading``."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.options import next_command, say, with_assignment
from autograder.course.folders import Assignment, CourseError
from autograder.reading.answers import written_answers
from autograder.reading.form import write_form


@click.command()
@click.argument("results", metavar="DIR", type=click.Path(path_type=Path, exists=True))
@click.argument("submissions", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--gradebook",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="nbgrader's gradebook.db, to take readers' marks from.",
)
@with_assignment
def reading(
    results: Path, submissions: tuple[Path, ...], gradebook: Path | None, assignment: Assignment
) -> None:
    """Lay out the written answers in SUBMISSIONS for a reader, beside the results in DIR.

    The points go into DIR/written.csv, and `autograder rescore DIR` adds them. With --gradebook,
    what readers gave in nbgrader is taken from there.
    """
    if bool(submissions) == bool(gradebook):
        raise CourseError("give SUBMISSIONS to be read, or --gradebook where they have been")
    if gradebook:
        # Only here, since nbgrader takes seconds to load.
        from autograder.nbgrader.reader import read_gradebook

        path, unknown = read_gradebook(assignment, gradebook, results)
        click.echo(f"{path}; now: {next_command('rescore', results, assignment)}")
        if unknown:
            say(f"{results} has no results of {', '.join(unknown)}", "yellow")
        return
    written = written_answers(assignment, results, submissions)
    form = write_form(written, results)
    click.echo(f"{form.to_read} answers to read in {form.sheet}; the points go into {form.form}")
