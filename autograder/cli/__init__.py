"""The ``autograder`` command: words in, an exit status out. Everything else is done elsewhere.

Each command has its own module, which is loaded when the command is called, since some of them
import packages that take seconds to load.
"""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper

import click

# nbformat imports jsonschema, which compiles 38 grammars of international addresses where Jupyter's
# server has brought this package: 2 s of a command, for a format that no notebook has.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

COMMANDS = {
    "answers": "Write the model answers, for students after the deadline.",
    "audit": "Measure the grader itself.",
    "check": "Mark one submission and print why.",
    "doctor": "Find how well this machine keeps students' code apart.",
    "export": "Write marks in the form that another system takes in.",
    "grade": "Grade a class.",
    "mistakes": "List the mistakes of a class, and how many share each.",
    "nbgrader": "Have nbgrader grade the homework through this grader.",
    "new": "Lay out a small assignment, to be changed step by step.",
    "package": "Make the grader another system's autograder.",
    "read": "Grade the written answers in the browser.",
    "readers": "Compute how well readers agree.",
    "reading": "Lay out the written answers for a reader.",
    "release": "Build what students get, and look for leaks.",
    "requests": "Collect students' requests for another look.",
    "rescore": "Mark a class again, without running its code.",
    "similar": "List pairs of submissions to look at side by side.",
}


class _Modules(click.Group):
    """Loads each command from the module of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Modules)
@click.version_option(package_name="rnn-autograder")
def main() -> None:
    """Grades homework: every submission in a sandbox, every mark with its reasons."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # what the terminal lacks ends no command
