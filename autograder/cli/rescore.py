"""``autograder rescore``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from autograder.cli.options import anonymous_option, with_assignment
from autograder.course.folders import Assignment
from autograder.grading.rescoring import Rescoring, print_moved


@click.command()
@click.argument("results", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Print who moves, and write nothing.")
@click.option("--all", "everyone", is_flag=True, help="Print everyone who moves.")
@anonymous_option
@with_assignment
def rescore(
    results: Path,
    yes: bool,
    dry_run: bool,
    everyone: bool,
    anonymous: bool,
    assignment: Assignment,
) -> None:
    """Mark the class in DIR again, by the rubric and the decisions as they are now.

    No code runs again. Prints how many move, how far, and the ten who move most, and asks
    before it writes.
    """
    with Rescoring(assignment, results) as rescoring:
        print_moved(Console(), rescoring, everyone)
        if not dry_run and (yes or click.confirm("Write these marks?")):
            written = rescoring.write(assignment.course.secret() if anonymous else None)
            click.echo(f"the marks are in {written}")
