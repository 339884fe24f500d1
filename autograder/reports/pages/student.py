"""The page of one student: what was earned, and why, beside the code, by the feedback policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.course.rubric import Criterion, Part, Rubric
from autograder.marking.marks import CriterionMark, Marks, PartMark
from autograder.marking.requests import HEADING, Subject, subjects
from autograder.reports.markdown import describe_total
from autograder.reports.mistakes import Entry, entries, numbers
from autograder.reports.pages.highlight import Lines, highlight
from autograder.reports.pages.rendering import environment
from autograder.reports.requests import score_of
from autograder.results.code import Code
from autograder.submissions.text import MAX_TEXT
from autograder.suite.evidence import Evidence


@dataclass(frozen=True)
class _Criterion:
    """One criterion as it is shown, with the numbers of its mistakes."""

    title: str
    mark: CriterionMark
    state: str
    mistakes: list[int]


@dataclass(frozen=True)
class Highlighted:
    """An excerpt of the student's code, ready to be shown."""

    cell: str
    lines: tuple[Lines, ...]
    left_out: int


@dataclass(frozen=True)
class _Part:
    part: Part
    mark: PartMark
    criteria: tuple[_Criterion, ...]
    code: tuple[Highlighted, ...]


@dataclass(frozen=True)
class _Askable:
    """Something that a student can ask about, and its points."""

    subject: Subject
    score: float


@dataclass(frozen=True)
class _Task:
    id: str
    title: str
    score: float
    max_score: float
    parts: tuple[_Part, ...]


def student_page(
    evidence: Evidence, marks: Marks, rubric: Rubric, code: Code, name: str = ""
) -> str:
    """The student's report as a page of HTML: the mistakes, the points, a form for requests.

    ``name`` is the student's, where it is known beside the id.
    """
    found = entries(marks, rubric)
    total_by_hand = describe_total(marks.by_hand, rubric.feedback) if marks.by_hand else ""
    return (
        environment()
        .get_template("student.html.j2")
        .render(
            title=rubric.title,
            name=name,
            marks=marks,
            total_by_hand=total_by_hand,
            evidence=evidence,
            policy=rubric.feedback,
            checked=evidence.checked,
            mistakes=found,
            examples={one.number: lines_of(one) for one in found if one.example},
            tasks=tuple(_tasks(marks, rubric, code, found)),
            askable=tuple(_askable(marks, rubric)),
            heading=HEADING,
            longest=MAX_TEXT,
        )
    )


def _askable(marks: Marks, rubric: Rubric) -> Iterator[_Askable]:
    """Everything with a mark. A written answer has none until it is graded."""
    for subject in subjects(rubric).values():
        mark = score_of(marks, subject)
        if mark is not None:
            yield _Askable(subject, mark.score)


def highlighted(code: Code, part: str) -> tuple[Highlighted, ...]:
    """The code of a part."""
    return tuple(
        Highlighted(one.cell, highlight(one.source, one.line), one.left_out)
        for one in code.get(part, ())
    )


def lines_of(entry: Entry) -> tuple[Lines, ...]:
    """The code of its example; empty if the example has only words."""
    code = entry.example.code if entry.example else ()
    return highlight("\n".join(code)) if code else ()


def _tasks(marks: Marks, rubric: Rubric, code: Code, found: tuple[Entry, ...]) -> Iterator[_Task]:
    for task in rubric.tasks:
        parts = []
        for part in task.parts:
            criteria = tuple(
                _criterion(each, marks.criteria[each.id], found) for each in part.criteria
            )
            shown = highlighted(code, part.id)
            parts.append(_Part(part, marks.parts[part.id], criteria, shown))
        score = round(sum(one.mark.score for one in parts), 9)
        max_score = round(sum(one.mark.max_score for one in parts), 9)
        yield _Task(task.id, task.title, score, max_score, tuple(parts))


def _criterion(criterion: Criterion, mark: CriterionMark, found: tuple[Entry, ...]) -> _Criterion:
    state = "met" if mark.met else "partly" if mark.score else "missed"
    return _Criterion(criterion.title, mark, state, numbers(found, criterion.id))
