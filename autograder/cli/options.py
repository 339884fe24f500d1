"""What the commands have in common: their options, and what they say of what is wrong."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from autograder.course.folders import Assignment, Course, CourseError
from autograder.grading.jobs import usual_jobs
from autograder.submissions.text import printable_lines

P = ParamSpec("P")
R = TypeVar("R")

CANNOT_WORK = 2
MAX_SAID = 20_000


def errors_as_messages(command: Callable[P, R]) -> Callable[P, R]:
    """Turns what is wrong with the course or the call into a line and an exit status."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except CourseError as error:
            say(f"autograder: {error}", "red")
            sys.exit(CANNOT_WORK)
        except OSError as error:
            # A file that cannot be read or written is for the caller to mend; all else is a bug.
            if error.filename is None:
                raise
            say(f"autograder: {error.filename}: {error.strerror}", "red")
            sys.exit(CANNOT_WORK)

    return wrapped


def say(text: str, color: str) -> None:
    """Says on stderr what may name files, or quote what is in one."""
    click.secho(printable_lines(text, MAX_SAID), fg=color, err=True)


course_option = click.option(
    "--course",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with rubric.yaml and solutions/; otherwise this one, or one above.",
)


def _course_options(command: Callable[..., R]) -> Callable[..., R]:
    """Gives a command the options that name an assignment, as ``folder`` and ``name``."""
    of_assignment = click.option(
        "--assignment",
        "name",
        help="A folder of solutions/; otherwise the assignment that rubric.yaml names.",
    )
    return course_option(of_assignment(command))


def _assignment(folder: Path | None, name: str | None) -> Assignment:
    return Course.find(folder or Path.cwd()).assignment(name)


def with_assignment(command: Callable[..., R]) -> Callable[..., R]:
    """Gives a command those options, and the ``assignment`` that they name.

    In a course of several, its name is printed on stderr.
    """

    @_course_options
    @errors_as_messages
    @wraps(command)
    def wrapped(*args: Any, folder: Path | None, name: str | None, **kwargs: Any) -> R:
        assignment = _assignment(folder, name)
        if len(assignment.course.names()) > 1:
            click.echo(f"assignment {assignment.name}", err=True)
        return command(*args, assignment=assignment, **kwargs)

    return wrapped


def next_command(name: str, results: Path, assignment: Assignment, *more: str) -> str:
    """A command on the results to give next, as it is typed."""
    words = ["autograder", name, str(results), *more]
    if len(assignment.course.names()) > 1:
        words += ["--assignment", assignment.name]
    return shlex.join(words)


def roster_option(text: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The option that names the list of a class, with what it is for."""
    return click.option(
        "--roster", type=click.Path(path_type=Path, exists=True, dir_okay=False), help=text
    )


isolation_option = click.option(
    "--isolation",
    type=click.Choice(["isolated", "restricted", "none"]),
    help="Grade at this level only; `none` says that you trust the code as your own.",
)
jobs_option = click.option(
    "--jobs",
    default=usual_jobs(),
    show_default=True,
    type=click.IntRange(min=1),
    help="Submissions graded at a time.",
)
anonymous_option = click.option(
    "--anonymous", is_flag=True, help="Pseudonyms in index.html, and no links to students' pages."
)
