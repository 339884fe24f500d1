"""The page of one student: what was earned, and why, beside the code, by the feedback policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.course.rubric import Criterion, Part, Rubric
from autograder.marking.marks import CriterionMark, Marks, PartMark
from autograder.reports.pages.highlight import Lines, highlight
from autograder.reports.pages.rendering import environment
from autograder.results.code import Code
from autograder.suite.evidence import Evidence


@dataclass(frozen=True)
class _Criterion:
    """One criterion as it is shown. What the policy keeps back is empty."""

    title: str
    mark: CriterionMark
    state: str
    mistakes: tuple[str, ...]
    seen: str
    hint: str


@dataclass(frozen=True)
class _Excerpt:
    cell: str
    lines: tuple[Lines, ...]
    left_out: int


@dataclass(frozen=True)
class _Part:
    part: Part
    mark: PartMark
    criteria: tuple[_Criterion, ...]
    code: tuple[_Excerpt, ...]


@dataclass(frozen=True)
class _Task:
    id: str
    title: str
    score: float
    max_score: float
    parts: tuple[_Part, ...]


def student_page(evidence: Evidence, marks: Marks, rubric: Rubric, code: Code) -> str:
    """What the student gets to read, as a page of HTML."""
    return (
        environment()
        .get_template("student.html.j2")
        .render(
            title=rubric.title,
            marks=marks,
            evidence=evidence,
            policy=rubric.feedback,
            checked=evidence.checked,
            tasks=tuple(_tasks(evidence, marks, rubric, code)),
        )
    )


def _tasks(evidence: Evidence, marks: Marks, rubric: Rubric, code: Code) -> Iterator[_Task]:
    titles = {one.name: one.title for each in evidence.explanations for one in each.misconceptions}
    policy = rubric.feedback if evidence.checked else "score"
    for task in rubric.tasks:
        parts = []
        for part in task.parts:
            criteria = tuple(
                _criterion(each, marks.criteria[each.id], titles, policy) for each in part.criteria
            )
            excerpts = tuple(
                _Excerpt(one.cell, highlight(one.source, one.line), one.left_out)
                for one in code.get(part.id, ())
            )
            parts.append(_Part(part, marks.parts[part.id], criteria, excerpts))
        score = round(sum(one.mark.score for one in parts), 9)
        max_score = round(sum(one.mark.max_score for one in parts), 9)
        yield _Task(task.id, task.title, score, max_score, tuple(parts))


def _criterion(
    criterion: Criterion, mark: CriterionMark, titles: dict[str, str], policy: str
) -> _Criterion:
    state = "met" if mark.met else "partly" if mark.score else "missed"
    mistakes = tuple(titles[name] for name in mark.misconceptions if name in titles)
    seen = "" if mark.message == "Met." else mark.message
    for title in mistakes:
        seen = seen.removeprefix(f"It looks as if {title}.").lstrip()
    if policy != "full":
        mistakes, seen = (), ""
    return _Criterion(
        title=criterion.title,
        mark=mark,
        state=state,
        mistakes=mistakes,
        seen=seen,
        hint="" if policy == "score" else mark.hint,
    )
