"""``autograder readers``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from autograder.cli.options import next_command, with_assignment
from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import rubric_of
from autograder.marking.decisions import WRITTEN, readers_forms
from autograder.reading.agreement import agreements, print_agreements, take_over
from autograder.reading.form import form_of
from autograder.results.stored import refuse_another


@click.command()
@click.argument("results", metavar="DIR", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--take", metavar="NAME", help="Copy this reader's points for answers that have none yet."
)
@with_assignment
def readers(results: Path, take: str | None, assignment: Assignment) -> None:
    """Compute how well the readers of the written answers in DIR agree.

    Only DIR/written.csv counts. With --take, one reader's points are copied there.
    """
    refuse_another(results, assignment.name)
    if take:
        copied, other = take_over(results, results / form_of(take))
        click.echo(f"copied from {take}: {copied}; left, with other points: {other}")
        click.echo(f"now: {next_command('rescore', results, assignment)}")
        return
    found = list(agreements(results, rubric_of(assignment)))
    if not found:
        if not readers_forms(results):
            made = next_command("read", results, assignment, "SUBMISSIONS", "--reader", "NAME")
            raise CourseError(f"{results}: no written-NAME.csv here; `{made}` makes one")
        raise CourseError(f"{results}: no two forms have answers in common (written-NAME.csv)")
    print_agreements(Console(), found)
    own = [path.name for path in readers_forms(results)]
    click.echo(
        f"only {WRITTEN} counts, not {', '.join(own)}; --take NAME copies a reader's points there"
    )
