"""``autograder read``."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.options import next_command, with_assignment
from autograder.course.folders import Assignment, CourseError
from autograder.marking.decisions import WRITTEN
from autograder.reading.answers import written_answers
from autograder.reading.desk import Desk
from autograder.reading.form import form_of, write_form
from autograder.reading.serving import ReadingServer


@click.command()
@click.argument("results", metavar="DIR", type=click.Path(path_type=Path, exists=True))
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--reader", default="", help="Save to this reader's own form, DIR/written-NAME.csv.")
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="The default is any free port."
)
@with_assignment
def read(
    results: Path, submissions: tuple[Path, ...], reader: str, port: int, assignment: Assignment
) -> None:
    """Grade the written answers in SUBMISSIONS in the browser.

    One question at a time for all students, with names hidden. Points are saved at once, in
    DIR/written.csv or the reader's own form.
    """
    written = written_answers(assignment, results, submissions)
    form = write_form(written, results, form_of(reader))
    try:
        server = ReadingServer(Desk(written, results, reader), port)
    except OSError as error:
        raise CourseError(f"port {port}: cannot be used ({error.strerror})") from None
    with server:
        click.echo(f"answers to read: {form.to_read}; the points go into {form.form}")
        if reader:
            take = next_command("readers", results, assignment, "--take", reader)
            click.echo(f"only {WRITTEN} counts; `{take}` copies points there")
        click.echo(f"open {server.address} (Ctrl-C ends it; do not share the address)")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("ended; all marks are saved")
