"""``autograder release``."""

from __future__ import annotations

import sys
from typing import Any

import click

from autograder.cli.options import say, with_assignment
from autograder.course.folders import Assignment
from autograder.release import check_release, write_release


@click.command()
@click.option(
    "--check",
    "checking",
    is_flag=True,
    help="Build nothing; look for drift, contradictions and leaks.",
)
@with_assignment
def release(checking: bool, assignment: Assignment) -> None:
    """Build what students get from solutions/, or check what is there.

    Found are files that differ from what the solutions give, a homework that cannot be graded,
    prose that contradicts the rubric, examples that fail, and anything that gives a solution away.
    """
    if not checking:
        written = write_release(assignment)
        for path in (path for path, changed in written.items() if changed):
            click.echo(path)
        click.echo(f"{list(written.values()).count(False)} unchanged")
    findings: list[Any] = check_release(assignment)
    for finding in findings:
        say(str(finding), "red")
    if findings:
        sys.exit(1)
    if checking:
        click.echo(f"{assignment.name}: up to date, and nothing gives a solution away")
