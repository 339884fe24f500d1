"""``autograder audit``."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from autograder.audit import Sizes, run_audit
from autograder.audit.printing import print_audit
from autograder.cli.options import isolation_option, jobs_option, with_assignment
from autograder.course.folders import Assignment
from autograder.worker.confine import Level


@click.command()
@click.option(
    "--runs",
    default=100,
    show_default=True,
    type=click.IntRange(min=1),
    help="Of the whole suite over right solutions, each with other inputs.",
)
@jobs_option
@click.option("--no-mutants", is_flag=True, help="Leave out the mutants of the reference.")
@isolation_option
@with_assignment
def audit(
    runs: int, jobs: int, no_mutants: bool, isolation: Level | None, assignment: Assignment
) -> None:
    """Measure the grader itself: what it lets pass, what it fails, what it names.

    For those who have changed the rubric, the checks or the solutions. Takes some minutes, and
    fails where a bound is broken.
    """
    sizes = Sizes(runs, with_mutants=not no_mutants)
    if not print_audit(
        Console(), lambda watch: run_audit(assignment, sizes, jobs, isolation, watch)
    ):
        sys.exit(1)
