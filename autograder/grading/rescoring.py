"""Marks a class again from what was seen of it. Nobody's code runs again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
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
from autograder.marking.decisions import Decisions
from autograder.marking.marks import DECIMALS, Marks, mark
from autograder.misconceptions import load_library
from autograder.reports.files import write_grades, write_student
from autograder.reports.terminal import literal
from autograder.results.rows import Row, row
from autograder.results.stored import Document, stored_documents, stored_students
from autograder.results.writing import locked

MOST_NAMED = 3


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
        for name, now in after.criteria.items():
            was = before.criteria.get(name)
            if was is None or was.score != now.score:
                by_hand = f" (by hand, {now.by_hand.who})" if now.by_hand else ""
                yield f"{name} {was.score if was else 0:g} → {now.score:g}{by_hand}"
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
            if part.by_hand != (was_part.by_hand if was_part else None):
                yield f"{name} as a whole, by hand" if part.by_hand else f"{name} no longer by hand"
        was_late, late = (one.late.taken if one.late else 0.0 for one in (before, after))
        if was_late != late:
            yield f"late, {was_late:g} → {late:g} taken"


class Rescoring:
    """The class of a folder, marked again; ``write`` puts the new marks in place of the stored.

    Nobody else writes into the folder meanwhile. Raises CourseError where a run is writing there,
    or the rubric, the decisions and what was seen do not fit each other.
    """

    def __init__(self, assignment: Assignment, folder: Path) -> None:
        if not stored_students(folder):
            raise CourseError(
                f"{folder}: holds no results; give the folder that `autograder grade` wrote into"
            )
        self._folder = folder
        self._lock = locked(folder)
        try:
            self.rubric = rubric_of(assignment)
            match_misconceptions(
                self.rubric, assignment.rubric_file, load_library(assignment).costs
            )
            documents = stored_documents(folder, assignment.name)
            _fit(self.rubric, assignment.rubric_file, folder, documents)
            students = {document.student for document in documents}
            decisions = Decisions.load(folder, self.rubric, students)
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

    def _remark(self, document: Document, decisions: Decisions) -> Remark:
        decided = decisions.of(document.student, document.handed_in, document.origin)
        return Remark(document, mark(document.evidence, self.rubric, decided))

    def current(self) -> list[Document]:
        """What is stored. Raises CourseError where these are not the marks as they are now."""
        moved = [one.document.student for one in self.remarks if not one.is_current]
        if moved:
            raise CourseError(
                f"{self._folder}: the marks of {len(moved)} students are not what the rubric and "
                f"the decisions now give ({', '.join(moved[:MOST_NAMED])}"
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


def print_moved(console: Console, rescoring: Rescoring) -> None:
    """Who moves, by how much and why; and what a reader has still to give."""
    table = Table(title="Who moves", title_justify="left")
    for name in ("before", "after", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("student", no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column("because of", overflow="fold")
    moved = 0
    same: dict[str, list[Remark]] = defaultdict(list)
    for one in rescoring.remarks:
        reasons = ", ".join(one.reasons())
        if not one.moved:
            same[reasons].append(one)
            continue
        moved += 1
        table.add_row(
            f"{one.document.score:g}",
            f"{one.marks.score:g}",
            f"[{'green' if one.moved > 0 else 'red'}]{one.moved:+g}[/]",
            literal(one.document.student),
            literal(reasons),
        )
    # Where only the parts of a total moved, a whole class is one line.
    same.pop("", None)
    for reasons, those in same.items():
        who = those[0].document.student if len(those) == 1 else f"{len(those)} students"
        table.add_row("", "", "[dim]+0[/]", literal(who), literal(reasons))
    if table.row_count:
        console.print(table)
    number = len(rescoring.remarks)
    console.print(f"{moved} of {number} students move", highlight=False)
    for one in rescoring.remarks:
        for name, criterion in one.marks.criteria.items():
            if criterion.by_hand and criterion.by_hand.before > criterion.score:
                told = (
                    f"{one.document.student}: {name} is set to {criterion.score:g} by hand, and "
                    f"the checks give {criterion.by_hand.before:g}"
                )
                console.print(literal(told, "yellow"))
    awaiting = [one.marks.awaiting_reader for one in rescoring.remarks if one.marks.awaiting_reader]
    if awaiting:
        console.print(
            f"{len(awaiting)} of {number} students await a reader, for {sum(awaiting):g} points",
            highlight=False,
        )
