"""``autograder requests``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from autograder.cli.options import say, with_assignment
from autograder.course.folders import Assignment
from autograder.grading.requests import collect_requests
from autograder.marking.requests import REQUESTS
from autograder.reports.requests import print_requests


@click.command()
@click.argument("results", metavar="DIR", type=click.Path(path_type=Path, exists=True))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@with_assignment
def requests(results: Path, files: tuple[Path, ...], assignment: Assignment) -> None:
    """Collect in DIR what students ask to be looked at again, and list what has no answer.

    FILES are texts that their pages wrote, folders of them, or what a platform gives to download.
    Answers go into DIR/requests.yaml, and `autograder rescore DIR` takes them. No mark changes
    before that.
    """
    done = collect_requests(assignment, results, files)
    print_requests(Console(), done.requests)
    if files:
        click.echo(f"added: {done.added}, already there: {done.known}, other files: {done.others}")
    for refused in done.refused:
        say(refused, "yellow")
    click.echo(f"answers go into {results / REQUESTS}; the page is {done.page}")
