"""Marks in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from autograder.course.rubric import Rubric
from autograder.marking.marks import Marks
from autograder.reports.mistakes import (
    as_lines,
    decided_for_all,
    entries,
    points,
    see_mistakes,
)
from autograder.reports.shared import by_mistake
from autograder.results.rows import Row
from autograder.submissions.text import counted, printable
from autograder.suite.evidence import Evidence

# In a larger class, only those have a line that were not simply graded.
MOST_LINES = 100
MAX_REASON = 300
STATUS_STYLE = {"graded": "green", "attack seen": "bold red", "unreadable": "red"}


def progress(rows: Iterable[Row], total: int) -> Iterator[Row]:
    """Passes the rows on as they come, with a bar, the rate and the time left on stderr."""
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, rate="")
        for one in rows:
            speed = bar.tasks[task].speed
            bar.update(task, advance=1, rate=f"{speed:.1f}/s" if speed else "")
            yield one


def print_class(console: Console, rows: Sequence[Row], rubric: Rubric) -> None:
    """A table with a line for each submission, and the reasons of those that need a look.

    Of a class of more than ``MOST_LINES``, only those are in it that were not simply graded.
    """
    parts = [part.id for part in rubric.parts()]
    table = Table(title=literal(rubric.title), title_justify="left", box=SIMPLE_HEAD, padding=0)
    # The one column that gives way where the terminal is narrow.
    table.add_column("student", max_width=24)
    table.add_column(" total", justify="right", style="bold", no_wrap=True)
    for part in parts:
        table.add_column(f" {part}", justify="right", no_wrap=True)
    table.add_column(" status", no_wrap=True)
    in_order = sorted(rows, key=lambda one: one.student)
    if len(rows) > MOST_LINES:
        in_order = [one for one in in_order if one.reason or one.status != "graded"]
    for one in in_order:
        scores = [_points(one.parts[part]) for part in parts]
        style = STATUS_STYLE.get(one.status, "yellow")
        status = f" [{style}]{_status(one)}[/]"
        name = Text(printable(one.shown), no_wrap=True, overflow="ellipsis")
        table.add_row(name, points(one.total), *scores, status)
    if in_order:
        console.print(table)
    if len(in_order) < len(rows):
        others = len(rows) - len(in_order)
        were, are = ("was", "is") if others == 1 else ("were", "are")
        console.print(
            f"{others} {were} graded without problems and {are} not listed here", highlight=False
        )
    for one in in_order:
        if one.reason:
            why = printable(one.reason, MAX_REASON)
            console.print(Text.assemble((printable(one.shown), "bold"), ": ", why))
    awaiting = [one.awaiting_reader for one in rows if one.awaiting_reader]
    if awaiting:
        who = f"{len(awaiting)} of {len(rows)} {'awaits' if len(awaiting) == 1 else 'await'}"
        console.print(f"{who} a reader, for {counted(sum(awaiting), 'point')}", highlight=False)


def print_mistakes(console: Console, rows: Sequence[Row]) -> None:
    """Two lines for each mistake of a class: its cost, number of students and key; what it is."""
    for one in by_mistake(rows):
        head = f"{-one.cost:6.2f}  {counted(len(one.of), 'student'):12}  {one.key}"
        for line in (
            head,
            *(f"        {text}" for text in (one.what, *decided_for_all(one.first))),
        ):
            console.print(literal(line), soft_wrap=True)


def _status(one: Row) -> str:
    return "problems" if one.status == "graded with problems" else one.status


def print_marks(console: Console, evidence: Evidence, marks: Marks, rubric: Rubric) -> None:
    """One submission: the mistakes, then a line for each criterion."""
    found = entries(marks, rubric)
    console.print(literal(f"{marks.student}: {evidence.file}", "bold"))
    for entry in found:
        head, *more = as_lines(entry)
        console.print()
        console.print(literal(head, "red"))
        for line in more:
            console.print(Text(f"   {printable(line)}"))
    table = Table()
    table.add_column("criterion")
    table.add_column("points", justify="right")
    table.add_column("what was seen", overflow="fold")
    for part in rubric.parts():
        for criterion in part.criteria:
            mark = marks.criteria[criterion.id]
            color = "green" if mark.met else "yellow" if mark.score else "red"
            table.add_row(
                literal(criterion.id),
                f"[{color}]{points(mark.score)}/{points(mark.max_score)}[/]",
                literal(see_mistakes(found, criterion.id)),
            )
        table.add_section()
    if evidence.checked:
        console.print(table)
    for trouble in evidence.cells:
        console.print(literal(trouble.message, "yellow"))
    if evidence.reason:
        console.print(literal(evidence.reason, "yellow"))
    status = f"{points(marks.score)} of {points(marks.max_score)} points, {marks.status}"
    console.print(literal(f"{status}, isolation: {evidence.isolation}", "bold"))


def literal(text: str, style: str = "") -> Text:
    """Text that may come from a student: no markup, and nothing that acts on the terminal."""
    return Text(printable(text), style)


def _points(score: float) -> str:
    return points(score).removeprefix("0") if score else "0"
