"""``autograder mistakes``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from autograder.cli.options import with_assignment
from autograder.course.folders import Assignment
from autograder.reports.terminal import print_mistakes
from autograder.results.rows import row
from autograder.results.stored import refuse_empty, stored_documents


@click.command()
@click.argument("results", metavar="DIR", type=click.Path(path_type=Path))
@with_assignment
def mistakes(results: Path, assignment: Assignment) -> None:
    """List the mistakes of the class in DIR, the most costly first, and unwritten functions last.

    Each line has the cost, the number of students, and the key for DIR/mistakes.yaml.
    """
    refuse_empty(results)
    documents = stored_documents(results, assignment.name)
    print_mistakes(Console(), [row(one.evidence, one, one.origin.name) for one in documents])
