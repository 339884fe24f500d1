"""What Gradescope and GitHub Classroom read of one submission."""

from __future__ import annotations

import re
from typing import Any

from autograder.course.rubric import Rubric
from autograder.marking.marks import Marks
from autograder.reports.markdown import describe_by_hand, describe_late
from autograder.reports.mistakes import as_lines, entries, points
from autograder.submissions.text import printable
from autograder.suite.evidence import Evidence

# Where GitHub's runner would take a line that a step prints for a command to itself, such as one to
# note other points than these.
COMMAND = re.compile(r":(?=:)|##(?=\[)")
# Of these no check was run.
NOT_RUN = ("unreadable", "not graded")


def gradescope_results(evidence: Evidence, marks: Marks, rubric: Rubric) -> dict[str, Any]:
    """A ``results.json``: a test for each criterion and each answer that was read.

    It holds what the student may read by the feedback policy, and nothing of hidden inputs.
    """
    tests = []
    for part in rubric.parts():
        for criterion in part.criteria:
            mark = marks.criteria[criterion.id]
            told = _describe_criterion(marks, criterion.id, rubric)
            tests.append(_test(criterion.id, criterion.title, mark.score, mark.max_score, told))
        written = marks.parts[part.id].written
        if written:
            name = f"{part.title}: the written answer"
            told = [written.comment] if written.comment and rubric.feedback != "score" else []
            tests.append(_test(f"{part.id}.written", name, written.score, written.max_score, told))
    return {
        "score": marks.score,
        "output": _lines(_summary(evidence, marks, rubric)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "stdout_visibility": "hidden",
        "extra_data": {"isolation": evidence.isolation},  # only staff see it
        "tests": tests,
    }


def _describe_criterion(marks: Marks, criterion: str, rubric: Rubric) -> list[str]:
    """The points that a person set, and the mistakes that cost the criterion."""
    mark = marks.criteria[criterion]
    told = [describe_by_hand(mark.by_hand, rubric.feedback)] if mark.by_hand else []
    for entry in entries(marks, rubric):
        if criterion in entry.criteria:
            told += [f"Mistake {entry.number}: {entry.what}", *entry.details]
    return told


def _test(number: str, name: str, score: float, most: float, told: list[str]) -> dict[str, Any]:
    return {
        "number": number,
        "name": name,
        "score": score,
        "max_score": most,
        "status": "passed" if score >= most else "failed",
        "output": _lines(told),
        "visibility": "visible",
    }


def _lines(told: list[str]) -> str:
    return "\n".join(map(printable, told))


def _summary(evidence: Evidence, marks: Marks, rubric: Rubric) -> list[str]:
    lines = [
        f"{rubric.title}: {points(marks.score)} of {points(marks.max_score)} points",
        f"File: {evidence.file}. Status: {marks.status}.",
    ]
    if evidence.reason:
        lines.append(evidence.reason)
    if rubric.feedback == "full":
        lines += [trouble.message for trouble in evidence.cells]
    for name, part in marks.parts.items():
        if part.by_hand:
            lines.append(f"{name}: {describe_by_hand(part.by_hand, rubric.feedback)}")
    if marks.late:
        lines.append(describe_late(marks.late))
    for entry in entries(marks, rubric):
        lines += ["", *as_lines(entry)]
    if marks.awaiting_reader:
        lines.append(
            f"Up to {points(marks.awaiting_reader)} points are still to come from a reader."
        )
    return lines


def github_result(evidence: Evidence, marks: Marks, rubric: Rubric) -> dict[str, Any]:
    """What GitHub Classroom's reporter takes from a grading step: points of the maximum.

    One test, since the reporter adds up the points of all, and a sum of fractions is not exact.
    """
    status = "pass" if marks.score >= marks.max_score else "fail"
    if evidence.status in NOT_RUN:
        status = "error"
    lines = _summary(evidence, marks, rubric)
    for part in rubric.parts():
        for criterion in part.criteria:
            mark = marks.criteria[criterion.id]
            score = f"{points(mark.score)} of {points(mark.max_score)}"
            lines.append(f"{criterion.id} {criterion.title}: {score}")
            lines += [f"    {text}" for text in _describe_criterion(marks, criterion.id, rubric)]
    test = {
        "name": rubric.title,
        "status": status,
        "score": marks.score,
        "message": COMMAND.sub(r"\g<0> ", _lines(lines)),
    }
    return {"version": 1, "status": status, "max_score": marks.max_score, "tests": [test]}
