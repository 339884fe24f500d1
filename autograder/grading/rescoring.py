"""Marks a class again from its evidence. No code runs again."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.table import Table

from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import (
    Rubric,
    at_criterion,
    match_misconceptions,
    rubric_of,
    unchecked,
)
from autograder.marking.decisions import MISTAKES, WRITTEN, Decisions, readers_forms
from autograder.marking.marks import DECIMALS, Marks, mark
from autograder.marking.mistakes import Mistake
from autograder.marking.requests import REQUESTS
from autograder.misconceptions import load_library
from autograder.reports.files import write_grades, write_student
from autograder.reports.terminal import literal
from autograder.results.rows import Row, row
from autograder.results.stored import Document, refuse_empty, stored_documents
from autograder.results.writing import locked
from autograder.submissions.text import counted

MOST_NAMED = 3
# Of products of points, which are rounded.
SAME = 1e-6
# How many students are listed; and of the histogram: bars, their length, points between bars.
MOST_SHOWN = 10
MOST_BARS, BAR = 12, 40
STEPS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Remark:
    """A student's stored results, and the marks that the rubric and the decisions give now."""

    document: Document
    marks: Marks

    @property
    def moved(self) -> float:
        return round(self.marks.score - self.document.score, DECIMALS)

    @property
    def is_current(self) -> bool:
        """Whether the stored marks are these, to the last word of them."""
        return all(
            getattr(self.document, name) == getattr(self.marks, name)
            for name in self.marks.__struct_fields__
        )

    def reasons(self) -> Iterator[str]:
        """What changed: criterion by criterion, by part, and of the whole."""
        before, after = self.document, self.marks
        scaled = self._scaled()
        if len(scaled) > MOST_NAMED:
            yield f"{len(scaled)} criteria are worth other points now"
        for name, now in after.criteria.items():
            was = before.criteria.get(name)
            if len(scaled) > MOST_NAMED and name in scaled:
                continue
            if was is None or was.score != now.score:
                by_hand = f" (by hand, {now.by_hand.who})" if now.by_hand else ""
                yield f"{name} {was.score if was else 0:g} → {now.score:g}{by_hand}"
            if was is not None and len(now.declined) > len(was.declined):
                yield f"{name} declined ({now.declined[-1].who})"
        for name in before.criteria:
            if name not in after.criteria:
                yield f"{name} is no longer marked"
        for name, part in after.parts.items():
            was_part = before.parts.get(name)
            was_read = was_part.written if was_part else None
            if was_read and not part.written:
                yield f"{name} written, {was_read.score:g} → unread"
            if part.written and (was_read is None or was_read.score != part.written.score):
                was_points = f"{was_read.score:g}" if was_read else "unread"
                yield f"{name} written, {was_points} → {part.written.score:g}"
            if (
                part.written
                and was_read
                and part.written.score == was_read.score
                and part.written.answers != was_read.answers
            ):
                yield f"{name} written, a request was declined"
            if part.by_hand != (was_part.by_hand if was_part else None):
                yield f"{name} as a whole, by hand" if part.by_hand else f"{name} no longer by hand"
        if after.by_hand != before.by_hand:
            who = f"by hand, {after.by_hand.who}" if after.by_hand else "no longer by hand"
            yield f"the total, {who}"
        decided = {one.key: one for one in before.mistakes}
        for mistake in after.mistakes:
            earlier = decided.get(mistake.key)
            if mistake.credit != (earlier.credit if earlier else None):
                yield _credited(mistake)
            if mistake.comment != (earlier.comment if earlier else ""):
                yield f"{'a' if mistake.comment else 'no'} comment on {mistake.key}"
        was_late, late = (one.late.taken if one.late else 0.0 for one in (before, after))
        if was_late != late:
            yield f"late, {was_late:g} → {late:g} taken"

    def _scaled(self) -> set[str]:
        """The criteria of which the same share is earned, and which are worth other points now."""
        return {
            name
            for name, now in self.marks.criteria.items()
            if (was := self.document.criteria.get(name))
            and was.score != now.score
            and math.isclose(was.score * now.max_score, now.score * was.max_score, abs_tol=SAME)
        }


def _credited(mistake: Mistake) -> str:
    if mistake.credit is None:
        return f"no credit for {mistake.key} any more"
    return f"a credit of {mistake.credit:g} for {mistake.key} ({mistake.who})"


class Rescoring:
    """The class of a folder, marked again; ``write`` puts the new marks in place of the stored.

    No one else writes into the folder meanwhile. Raises CourseError where a run is writing there,
    or the rubric, the decisions and what was seen do not fit each other. With ``adding``, more
    submissions are still being graded, so an unknown mistake is no error; ``unknown`` names it.
    """

    def __init__(self, assignment: Assignment, folder: Path, adding: bool = False) -> None:
        refuse_empty(folder)
        self.unknown = ""
        self._folder = folder
        self._lock = locked(folder)
        try:
            self.rubric = rubric_of(assignment)
            match_misconceptions(
                self.rubric, assignment.rubric_file, load_library(assignment).misconceptions
            )
            documents = stored_documents(folder, assignment.name)
            _fit(self.rubric, assignment.rubric_file, folder, documents)
            students = {document.student for document in documents}
            mistakes = set(self._mistakes(documents)) if (folder / MISTAKES).exists() else None
            try:
                decisions = Decisions.load(folder, self.rubric, students, mistakes)
            except CourseError as error:
                if not adding:
                    raise
                decisions = Decisions.load(folder, self.rubric, students)
                self.unknown = str(error)
            self.open_requests = decisions.open_requests
            self.uncounted = [path.name for path in readers_forms(folder)]
            self.remarks = [self._remark(document, decisions) for document in documents]
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Rescoring:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.close()

    def _mistakes(self, documents: Iterable[Document]) -> Iterator[str]:
        """The keys of all mistakes, also of those that cost nothing since somebody decided so."""
        for document in documents:
            for one in mark(document.evidence, self.rubric).mistakes:
                yield one.key

    def _remark(self, document: Document, decisions: Decisions) -> Remark:
        decided = decisions.of(document.student, document.handed_in, document.origin)
        return Remark(document, mark(document.evidence, self.rubric, decided))

    def current(self) -> list[Document]:
        """What is stored. Raises CourseError where these are not the marks as they are now."""
        moved = [one.document.student for one in self.remarks if not one.is_current]
        if moved:
            raise CourseError(
                f"{self._folder}: the marks of {counted(len(moved), 'student')} are not what the "
                f"rubric and the decisions now give ({', '.join(moved[:MOST_NAMED])}"
                f"{', …' * (len(moved) > MOST_NAMED)}); run `autograder rescore` first"
            )
        return [one.document for one in self.remarks]

    def rows(self) -> list[Row]:
        """What the tables say of everyone."""
        return [
            row(one.document.evidence, one.marks, one.document.origin.name) for one in self.remarks
        ]

    def write(self, secret: bytes | None = None, done: Collection[str] = ()) -> Path:
        """Writes every student's files, and the table and the page of the class.

        With a ``secret`` the page has pseudonyms for names. The files of those who are ``done``
        are as they should be. Returns the table's path.
        """
        # Only here, since it draws, and what draws is slow to load.
        from autograder.reports.pages.class_page import write_class_page

        for one in self.remarks:
            kept = one.document
            if kept.student in done:
                continue
            write_student(
                self._folder,
                kept.evidence,
                one.marks,
                self.rubric,
                kept.digest,
                kept.code,
                kept.handed_in,
                kept.origin,
            )
        rows = self.rows()
        write_class_page(self._folder, rows, self.rubric, secret)
        return write_grades(self._folder, rows, self.rubric)


def _fit(rubric: Rubric, file: Path, folder: Path, documents: Sequence[Document]) -> None:
    """Refuses a criterion that was not looked at when the class was graded."""
    for document in documents:
        seen = {(check.criterion, check.item) for check in document.evidence.checks}
        for criterion, item in unchecked(rubric, seen):
            name = f"{criterion.id}, item {item}," if item else criterion.id
            raise at_criterion(
                rubric,
                file,
                criterion,
                f"{name} was not checked when {document.student} in {folder} was graded; if it "
                "has a check now, grade again with `autograder grade`, else remove it here",
            )


def print_moved(console: Console, rescoring: Rescoring, everyone: bool = False) -> None:
    """Prints how many marks change and by how much, then the largest changes, or all, with reasons.

    Also lists marks by hand that are below those of the checks, and answers still to be read.
    """
    number = len(rescoring.remarks)
    moved = sorted((one for one in rescoring.remarks if one.moved), key=lambda one: -abs(one.moved))
    shown = moved if everyone or len(moved) <= MOST_SHOWN else moved[:MOST_SHOWN]
    if len(shown) < len(moved):
        console.print(_histogram([one.moved for one in moved]))
    table = _moves(shown, f"The {len(shown)} who move most" if shown != moved else "Who moves")
    # Where only the parts of a total moved, a whole class is one line.
    same: dict[str, list[Remark]] = defaultdict(list)
    for one in rescoring.remarks:
        if not one.moved and (reasons := ", ".join(one.reasons())):
            same[reasons].append(one)
    for reasons, those in same.items():
        first, *others = those
        who = counted(len(those), "student") if others else first.document.student
        table.add_row("", "", "[dim]+0[/]", literal(who), literal(reasons))
    if table.row_count:
        console.print(table)
    console.print(f"{_how_many(moved, number)}{_by_how_much(moved)}", highlight=False)
    if shown != moved:
        console.print("`--all` prints everyone who moves", highlight=False)
    for one in rescoring.remarks:
        for name, criterion in one.marks.criteria.items():
            if criterion.by_hand and criterion.by_hand.before > criterion.score:
                message = (
                    f"{one.document.student}: {name} is set to {criterion.score:g} by hand, and "
                    f"the checks give {criterion.by_hand.before:g}"
                )
                console.print(literal(message, "yellow"))
    if waiting := rescoring.open_requests:
        wait = "request waits" if waiting == 1 else "requests wait"
        console.print(f"{waiting} {wait} for an answer in {REQUESTS}", highlight=False)
    if rescoring.uncounted:
        forms = ", ".join(rescoring.uncounted)
        console.print(literal(f"only {WRITTEN} counts, not {forms} (`autograder readers`)"))
    awaiting = [one.marks.awaiting_reader for one in rescoring.remarks if one.marks.awaiting_reader]
    if awaiting:
        who = f"{counted(number, 'student')} {'awaits' if len(awaiting) == 1 else 'await'}"
        console.print(
            f"{len(awaiting)} of {who} a reader, for {counted(sum(awaiting), 'point')}",
            highlight=False,
        )


def _moves(shown: Sequence[Remark], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    for name in ("before", "after", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("student", no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column("because of", overflow="fold")
    for one in shown:
        table.add_row(
            f"{one.document.score:g}",
            f"{one.marks.score:g}",
            f"[{'green' if one.moved > 0 else 'red'}]{one.moved:+g}[/]",
            literal(one.document.student),
            literal(", ".join(one.reasons())),
        )
    return table


def _how_many(moved: Sequence[Remark], number: int) -> str:
    move = "moves" if 1 in (len(moved), number) else "move"
    return f"{len(moved)} of {counted(number, 'student')} {move}"


def _by_how_much(moved: Sequence[Remark]) -> str:
    """How many go up and down, and how far."""
    ways = []
    for way, by in (
        ("up", [m for one in moved if (m := one.moved) > 0]),
        ("down", [m for one in moved if (m := -one.moved) > 0]),
    ):
        if by:
            far = f"{min(by):g}" if min(by) == max(by) else f"{min(by):g} to {max(by):g}"
            ways.append(f"{len(by)} {way} by {far}")
    return f": {', '.join(ways)}" if ways else ""


def _histogram(changes: Sequence[float]) -> Table:
    """How many change by how much: each change by itself, or in steps where there are many."""
    step = next(
        (one for one in STEPS if len({round(change / one) for change in changes}) <= MOST_BARS),
        STEPS[-1],
    )
    counts = Counter(round(change / step) for change in changes)
    table = Table(title="How far they move", title_justify="left", box=None, show_header=False)
    for justify in ("right", "right", "left"):
        table.add_column(justify=justify, no_wrap=True)
    for place, count in sorted(counts.items()):
        bar = "█" * max(1, round(BAR * count / max(counts.values())))
        about = "" if step == STEPS[0] else "about "
        table.add_row(f"{about}{place * step:+.2f}", str(count), bar)
    return table
