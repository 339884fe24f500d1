"""The audit as a table in the terminal, and a line of progress while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from autograder.audit.measuring import Measure
from autograder.audit.running import Watch

MAX_FINDINGS = 40


def print_audit(console: Console, measured: Callable[[Watch], Iterator[Measure]]) -> bool:
    """Prints what ``measured(watch)`` gives, once all is there. True if all bounds are kept."""
    with Console(stderr=True).status("starting") as status:

        def watch(what: str, done: int, of: int) -> None:
            status.update(f"{what}: {done} of {of}")

        measures = list(measured(watch))
    print_measures(console, measures)
    return all(one.kept for one in measures)


def print_measures(console: Console, measures: list[Measure]) -> None:
    """A line for each measure, and below what was found."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("what was measured")
    table.add_column("found", justify="right", no_wrap=True)
    table.add_column("at least", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in measures:
        found = f"{one.good} of {one.of}"
        kept = "[green]kept[/]" if one.kept else "[red]broken[/]"
        table.add_row(escape(one.what), found, f"{one.bound:.0%}", kept)
    console.print(table)
    for one in measures:
        if one.findings:
            console.print(f"[bold]{escape(one.what)}[/]: not so with")
            for finding in one.findings[:MAX_FINDINGS]:
                console.print(f"  - {escape(finding)}", highlight=False)
            if len(one.findings) > MAX_FINDINGS:
                console.print(f"  - and {len(one.findings) - MAX_FINDINGS} more")
