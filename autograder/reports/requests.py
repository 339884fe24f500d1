"""Requests for another look, each with all that a person needs to answer it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from rich.console import Console

from autograder.course.rubric import Criterion, Lines, Part, Rubric
from autograder.marking.marks import CriterionMark
from autograder.marking.requests import REQUESTS, Request
from autograder.reports.markdown import describe_decisions
from autograder.reports.mistakes import Entry, as_lines, entries, points
from autograder.reports.terminal import literal
from autograder.results.code import Code
from autograder.results.stored import Document

EXACT = 1e-9


@dataclass(frozen=True)
class Listed:
    """A request, the mark that it is about, and the answer: its own, a rule's, or none."""

    request: Request
    line: int
    document: Document
    part: Part
    criterion: Criterion
    answer: str
    mistakes: tuple[Entry, ...]

    @property
    def shown(self) -> str:
        name = self.document.origin.name
        return f"{name} ({self.document.student})" if name else self.document.student

    @property
    def mark(self) -> CriterionMark:
        return self.document.criteria[self.criterion.id]

    @property
    def code(self) -> Code:
        return self.document.code

    @property
    def is_open(self) -> bool:
        return not self.answer

    @property
    def changed(self) -> str:
        """That the mark is another than when it was asked about, if it is."""
        before = self.request.points
        if before is None or abs(before - self.mark.score) <= EXACT:
            return ""
        return f"The mark was {points(before)} then, and is {points(self.mark.score)} now"

    def decided(self) -> list[str]:
        """What people decided about the mark before."""
        return describe_decisions(self.mark, "full")


def listed(
    requests: Sequence[Request], lines: Lines | None, documents: Sequence[Document], rubric: Rubric
) -> list[Listed]:
    """The requests about students and criteria that are here, those without an answer first."""
    full = msgspec.structs.replace(rubric, feedback="full")
    parts = {one.id: (part, one) for part in rubric.parts() for one in part.criteria}
    by_student = {one.student: one for one in documents}
    rules = {one.criterion: one for one in requests if one.is_rule}
    answered = {one.of for one in requests if one.is_answered}
    found = []
    for number, one in enumerate(requests):
        student, name = one.of
        if one.is_rule or student not in by_student or name not in parts or lines is None:
            continue
        rule = rules.get(name) if one.of not in answered else None
        document = by_student[student]
        found.append(
            Listed(
                request=one,
                line=lines.of(f"$[{number}]"),
                document=document,
                part=parts[name][0],
                criterion=parts[name][1],
                answer=_answer(one) or (_answer(rule) if rule else ""),
                mistakes=tuple(m for m in entries(document, full) if name in m.criteria),
            )
        )
    return sorted(found, key=lambda one: not one.is_open)


def _answer(one: Request) -> str:
    if not one.is_answered:
        return ""
    by = "by a rule of" if one.is_rule else "by"
    what = "declined" if one.granted is None else f"{points(one.granted)} points granted"
    why = one.why or one.comment
    return f"{what} {by} {one.who}{f': {why}' if why else ''}"


def print_requests(console: Console, found: Sequence[Listed]) -> None:
    """Prints the requests that have no answer, each with the mark, the mistakes and the code."""
    for one in found:
        if one.is_open:
            for style, line in _lines(one):
                console.print(literal(line, style))
    open_ones = sum(one.is_open for one in found)
    console.print(f"{open_ones} of {len(found)} without an answer", highlight=False)


def _lines(one: Listed) -> Iterator[tuple[str, str]]:
    mark = f"{points(one.mark.score)} of {points(one.mark.max_score)}"
    yield "bold", f"{one.shown}, {one.criterion.id} {one.criterion.title}: {mark}"
    for line in (one.request.reason or "").split("\n"):
        yield "", f"   {line}"
    for text in filter(None, (one.request.source, one.changed, *one.decided())):
        yield "yellow", f"   {text}."
    yield "dim", f"   {REQUESTS}, line {one.line}"
    for entry in one.mistakes:
        for text in as_lines(entry):
            yield "red", f"   {text}"
    for excerpt in one.code.get(one.part.id, ()):
        yield "dim", f"   {excerpt.cell}"
        for number, text in enumerate(excerpt.source.split("\n"), start=excerpt.line):
            yield "", f"   {number:4} {text}"
    yield "", ""
