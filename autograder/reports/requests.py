"""Requests for another look, each with what a person needs to answer it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from rich.console import Console

from autograder.course.rubric import Rubric
from autograder.course.yaml_files import Lines
from autograder.marking.decisions import EXACT
from autograder.marking.marks import CriterionMark, Marks, WrittenMark
from autograder.marking.requests import REQUESTS, Request, Subject, answers_to, subjects
from autograder.reports.markdown import describe_decisions
from autograder.reports.mistakes import Entry, as_lines, entries, points
from autograder.reports.terminal import literal
from autograder.results.code import Code
from autograder.results.stored import Document


@dataclass(frozen=True)
class Listed:
    """A request, the mark that it is about, and the answer: its own, a rule's, or none."""

    request: Request
    line: int
    document: Document
    subject: Subject
    answer: str
    mistakes: tuple[Entry, ...]

    @property
    def shown(self) -> str:
        name = self.document.origin.name
        return f"{name} ({self.document.student})" if name else self.document.student

    @property
    def mark(self) -> CriterionMark | WrittenMark | None:
        return score_of(self.document, self.subject)

    @property
    def score(self) -> float:
        return self.mark.score if self.mark else 0.0

    @property
    def code(self) -> Code:
        return self.document.code

    @property
    def is_open(self) -> bool:
        return not self.answer

    @property
    def changed(self) -> str:
        """A sentence if the mark has changed since the request, else nothing."""
        before = self.request.points
        if before is None or abs(before - self.score) <= EXACT:
            return ""
        return f"The mark was {points(before)} at the time, and is {points(self.score)} now"

    def decided(self) -> list[str]:
        """What people have decided about the mark so far."""
        if isinstance(self.mark, CriterionMark):
            return describe_decisions(self.mark, "full")
        return self.mark.comments("full") if self.mark else ["It is not graded yet"]


def score_of(marks: Marks, subject: Subject) -> CriterionMark | WrittenMark | None:
    """The mark that can be asked about; None for a written answer that is not graded yet."""
    return marks.criteria[subject.id] if subject.criterion else marks.parts[subject.part.id].written


def listed(
    requests: Sequence[Request], lines: Lines | None, documents: Sequence[Document], rubric: Rubric
) -> list[Listed]:
    """The requests about known students and criteria, the open ones first."""
    full = msgspec.structs.replace(rubric, feedback="full")
    known = subjects(rubric)
    by_student = {one.student: one for one in documents}
    found = []
    for number, (one, answer) in enumerate(zip(requests, answers_to(requests), strict=True)):
        student, name = one.of
        if one.is_rule or student not in by_student or name not in known or lines is None:
            continue
        document = by_student[student]
        found.append(
            Listed(
                request=one,
                line=lines.of(f"$[{number}]"),
                document=document,
                subject=known[name],
                answer=_in_words(answer) if answer else "",
                mistakes=tuple(m for m in entries(document, full) if name in m.criteria),
            )
        )
    return sorted(found, key=lambda one: not one.is_open)


def _in_words(one: Request) -> str:
    """An answer."""
    by = "by a rule of" if one.is_rule else "by"
    what = "declined" if one.granted is None else f"{points(one.granted)} points granted"
    why = one.why or one.comment
    return f"{what} {by} {one.who}{f': {why}' if why else ''}"


def print_requests(console: Console, found: Sequence[Listed]) -> None:
    """Prints the open requests, each with the mark, the mistakes and the code."""
    for one in found:
        if one.is_open:
            for style, line in _lines(one):
                console.print(literal(line, style))
    open_ones = sum(one.is_open for one in found)
    console.print(f"{open_ones} of {len(found)} without an answer", highlight=False)


def _lines(one: Listed) -> Iterator[tuple[str, str]]:
    mark = f"{points(one.score)} of {points(one.subject.most)}"
    yield "bold", f"{one.shown}, {one.subject.id} {one.subject.title}: {mark}"
    for line in (one.request.reason or "").split("\n"):
        yield "", f"   {line}"
    for text in filter(None, (one.request.source, one.changed, *one.decided())):
        yield "yellow", f"   {text}."
    yield "dim", f"   {REQUESTS}, line {one.line}"
    for entry in one.mistakes:
        for text in as_lines(entry):
            yield "red", f"   {text}"
    for excerpt in one.code.get(one.subject.part.id, ()) if one.subject.criterion else ():
        yield "dim", f"   {excerpt.cell}"
        for number, text in enumerate(excerpt.source.split("\n"), start=excerpt.line):
            yield "", f"   {number:4} {text}"
    yield "", ""
