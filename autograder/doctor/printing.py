"""A diagnosis in the terminal."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.doctor import NOT_PROMISED, Diagnosis, Examined

MEANING = {
    "isolated": "students' code is alone in a box, and gets nothing out of it",
    "restricted": "students' code is kept from your files, your network and other processes",
    "none": "nothing is kept from students' code, so none is graded, unless you say by name that "
    "you trust it as your own (--isolation none)",
}

BOUNDED = "Memory and processes of all workers together are bounded too, by a control group."
ONE_BY_ONE = (
    "Each worker is bounded in memory and threads by itself; there is no control group to bound "
    "all of them together."
)


def print_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """What was tried and what held, what this machine gives, and what would make it better."""
    tried = [one for one in diagnosis.levels if one.worked]
    if tried:
        console.print(_table(tried))
    for one in diagnosis.levels:
        for name, why in NOT_PROMISED[one.level].items():
            if one.worked.get(name):
                console.print(f"[bold]{one.level}[/] does not promise to stop: {name}; {why}.")
        if one.reason:
            console.print(f"[bold]{one.level}[/] does not work here: {escape(one.reason)}")
        elif one.through:
            console.print(f"[bold red]{one.level} does not hold here[/]: {', '.join(one.through)}")
    style = "red" if diagnosis.gives == "none" else "green"
    meaning = MEANING[diagnosis.gives]
    console.print(f"\nThis machine gives [bold {style}]{diagnosis.gives}[/]: {meaning}.")
    if diagnosis.gives != "none":
        console.print(BOUNDED if diagnosis.bounded else ONE_BY_ONE)
    if diagnosis.advice:
        console.print("For a better level:" if diagnosis.gives != "none" else "To change that:")
    for advice in diagnosis.advice:
        console.print(f"- {escape(advice)}", highlight=False)
    if diagnosis.weaknesses:
        console.print("What weakens it on this machine:")
    for weakness in diagnosis.weaknesses:
        console.print(f"- {escape(weakness)}", highlight=False)


def _table(tried: list[Examined]) -> Table:
    table = Table(title="Could a student's code ...?", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("tried, from inside a worker")
    for one in tried:
        table.add_column(one.level)
    for name in tried[0].worked:
        table.add_row(name, *(_cell(one, name) for one in tried))
    return table


def _cell(one: Examined, name: str) -> str:
    if name in one.through:
        return "[bold red]yes[/]"
    return "[yellow]yes[/]" if one.worked.get(name) else "[green]no[/]"
