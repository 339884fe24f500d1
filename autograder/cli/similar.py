"""``autograder similar``."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from autograder.cli.options import with_assignment
from autograder.course.folders import Assignment
from autograder.course.rubric import rubric_of
from autograder.intake.finding import collect
from autograder.results.stored import stored_documents
from autograder.similar.comparing import (
    codes_in,
    codes_of,
    find_similar,
    print_pairs,
    write_pairs,
)


@click.command()
@click.argument(
    "paths",
    metavar="DIR_OR_SUBMISSIONS...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The page to write.")
@with_assignment
def similar(paths: tuple[Path, ...], out: Path | None, assignment: Assignment) -> None:
    """List pairs of submissions to look at side by side.

    DIR is what `autograder grade` wrote, of which the cells of the stubs are compared; of
    SUBMISSIONS all is. The list is no verdict and touches no mark.
    """
    results = paths[0] if len(paths) == 1 and (paths[0] / "grades.csv").is_file() else None
    if results:
        codes = codes_of(stored_documents(results, assignment.name))
    else:
        with TemporaryDirectory() as folder:
            collected = collect(paths, assignment.name, assignment.released, Path(folder))
            codes = codes_in(collected.submissions)
    found = find_similar(assignment, codes)
    # In a separate folder, where no student's page has its name.
    out = out or (results or Path()) / "similar" / "pairs.html"
    write_pairs(found, rubric_of(assignment).title, out)
    print_pairs(Console(), found)
    click.echo(out)
