"""``autograder requests``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from autograder.cli.options import say, with_assignment
from autograder.course.folders import Assignment
from autograder.grading.requests import collect_requests
from autograder.intake.finding import some
from autograder.marking.requests import REQUESTS
from autograder.reports.requests import print_requests


@click.command()
@click.argument("results", metavar="DIR", type=click.Path(path_type=Path, exists=True))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@with_assignment
def requests(results: Path, files: tuple[Path, ...], assignment: Assignment) -> None:
    """Collect students' requests for another look in DIR, and list the open ones.

    FILES are requests that students saved from their pages, folders of them, or a platform's
    download. Answer in DIR/requests.yaml; `autograder rescore DIR` then applies the answers.
    """
    done = collect_requests(assignment, results, files)
    print_requests(Console(), done.requests)
    if files:
        others = f" ({some(done.others)})" if done.others else ""
        click.echo(
            f"added: {done.added}, already there: {done.known}, other files: {len(done.others)}"
            + others
        )
    for refused in done.refused:
        say(refused, "yellow")
    click.echo(f"answer in {results / REQUESTS}; the page is {done.page}")
