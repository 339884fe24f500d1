"""What Gradescope and GitHub Classroom read of one submission."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, Literal

from autograder.course.rubric import Rubric
from autograder.marking.marks import DECIMALS, CriterionMark, Marks, WrittenMark
from autograder.reports.markdown import (
    describe_by_hand,
    describe_decisions,
    describe_late,
    describe_total,
)
from autograder.reports.mistakes import as_lines, entries, points
from autograder.submissions.text import printable, printable_lines
from autograder.suite.evidence import Evidence

# Where GitHub's runner would take a line that a step prints for a command to itself, such as one to
# note other points than these.
COMMAND = re.compile(r":(?=:)|##(?=\[)")
# When Gradescope shows results. What holds right answers is not shown while one may hand in again.
Visibility = Literal["visible", "after_due_date", "after_published"]
VISIBILITY: dict[str, Visibility] = {
    "score": "visible",
    "hints": "visible",
    "full": "after_published",
}
# Of one test: all tests of a step go through one variable of the environment, which has 128 kB.
MAX_TEXT_OF_TEST = 2_000
# Where rounding went wrong by less than the last digit of a score.
MOST_STEPS = 8
# Of these no check was run.
NOT_RUN = ("unreadable", "not graded")


def gradescope_results(
    evidence: Evidence, marks: Marks, rubric: Rubric, visibility: Visibility | None = None
) -> dict[str, Any]:
    """A ``results.json``: a test for each criterion and each answer that was read.

    It holds what the student may read by the feedback policy, and nothing of hidden inputs. When
    that is shown follows from the policy too, unless ``visibility`` says it.
    """
    shown = visibility or VISIBILITY[rubric.feedback]
    tests = []
    for part in rubric.parts():
        for criterion in part.criteria:
            mark = marks.criteria[criterion.id]
            lines = _describe_criterion(marks, criterion.id, rubric)
            tests.append(_test(criterion.id, criterion.title, mark.score, mark.max_score, lines))
        written = marks.parts[part.id].written
        if written:
            name = f"{part.title}: the written answer"
            lines = written.comments(rubric.feedback)
            tests.append(_test(f"{part.id}.written", name, written.score, written.max_score, lines))
    return {
        "score": marks.score,
        "output": _output(_summary(evidence, marks, rubric)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": shown,
        "stdout_visibility": "hidden",
        "extra_data": {"isolation": evidence.isolation},  # only staff see it
        "tests": [{**test, "visibility": shown} for test in tests],
    }


def _describe_criterion(marks: Marks, criterion: str, rubric: Rubric) -> list[str]:
    """What people decided, and the mistakes that cost the criterion."""
    lines = describe_decisions(marks.criteria[criterion], rubric.feedback)
    for entry in entries(marks, rubric):
        if criterion in entry.criteria:
            lines += [f"Mistake {entry.number}: {entry.what}", *entry.details, *entry.decided]
    return lines


def _test(number: str, name: str, score: float, most: float, lines: list[str]) -> dict[str, Any]:
    return {
        "number": number,
        "name": name,
        "score": score,
        "max_score": most,
        "status": "passed" if score >= most else "failed",
        "output": _output(lines),
    }


def _output(lines: list[str]) -> str:
    return "\n".join(map(printable, lines))


def _summary(evidence: Evidence, marks: Marks, rubric: Rubric) -> list[str]:
    lines = _head(evidence, marks, rubric)
    for entry in entries(marks, rubric):
        lines += ["", *as_lines(entry)]
    return lines


def _head(evidence: Evidence, marks: Marks, rubric: Rubric) -> list[str]:
    """What is said of the whole."""
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
    if marks.by_hand:
        lines.append(describe_total(marks.by_hand, rubric.feedback))
    if marks.awaiting_reader:
        lines.append(
            f"Up to {points(marks.awaiting_reader)} points are still to come from a reader."
        )
    return lines


def github_result(evidence: Evidence, marks: Marks, rubric: Rubric) -> dict[str, Any]:
    """What GitHub Classroom's reporter takes of grading steps, by the names of these.

    There are two, ``earned`` and ``missed``, and a test for each criterion in one of them. For the
    points of a step the reporter prints its maximum times the share of its tests that passed, and
    for Classroom it adds up the scores of all. Both ways these two give the total of the maximum.
    """
    tests = list(_github_tests(evidence, marks, rubric))
    passed = [test for test in tests if test["status"] == "pass"]
    others = [test for test in tests if test["status"] != "pass"]
    if marks.score > 0 and not passed:
        passed = [_github_test("Criteria that were met in part", 0.0, 0.0, [])]
    _add_up([*passed, *others], marks.score)
    left = round(marks.max_score - marks.score, DECIMALS)
    if marks.score + left != marks.max_score:
        left = marks.max_score - marks.score
    steps = {
        "earned": {"status": "pass", "max_score": marks.score, "tests": passed},
        "missed": {"status": "fail", "max_score": left, "tests": others},
    }
    if evidence.status in NOT_RUN:
        steps["missed"]["status"] = "error"
    return {name: {"version": 1, **step} for name, step in steps.items() if step["tests"]}


def _github_tests(evidence: Evidence, marks: Marks, rubric: Rubric) -> Iterator[dict[str, Any]]:
    """A test for what changed the total, for each criterion, and for each answer that was read.

    What is said of the whole comes with the first.
    """
    head = _head(evidence, marks, rubric)
    if evidence.status in NOT_RUN:
        yield _github_test(rubric.title, 0.0, 0.0, [evidence.reason]) | {"status": "error"}
    written = {name: part.written for name, part in marks.parts.items() if part.written}
    given = sum(one.score for one in marks.criteria.values())
    given += sum(one.score for one in written.values())
    rest = round(marks.score - given, DECIMALS)
    if rest:
        name = f"Set as a whole: {rest:+.2f}"
        yield _github_test(name, rest, max(rest, 0.0), head)
        head = []
    shown: set[int] = set()
    for part in rubric.parts():
        for criterion in part.criteria:
            one = marks.criteria[criterion.id]
            name = f"{criterion.id} {criterion.title}: {_points_of(one)}"
            lines = [*head, *_feedback(marks, criterion.id, rubric, shown)]
            line = _line(marks, criterion.id, rubric)
            yield _github_test(name, one.score, one.max_score, lines) | {"line_no": line}
            head = []
        if answer := written.get(part.id):
            lines = answer.comments(rubric.feedback)
            name = f"{part.id} {part.title}, the written answer: {_points_of(answer)}"
            yield _github_test(name, answer.score, answer.max_score, lines)


def _points_of(one: CriterionMark | WrittenMark) -> str:
    return f"{points(one.score)} of {points(one.max_score)}"


def _feedback(marks: Marks, criterion: str, rubric: Rubric, shown: set[int]) -> list[str]:
    """What cost the criterion: a mistake in full where it is the first time, then by its number."""
    lines = describe_decisions(marks.criteria[criterion], rubric.feedback)
    for entry in entries(marks, rubric):
        if criterion not in entry.criteria:
            continue
        head, *more = as_lines(entry)
        lines.append(f"Mistake {head}")
        if entry.number not in shown:
            lines += more
        shown.add(entry.number)
    return lines


def _github_test(name: str, score: float, most: float, lines: list[str]) -> dict[str, Any]:
    """One test. The reporter prints the message of an error only, and of all the ``test_code``."""
    text = COMMAND.sub(r"\g<0> ", printable_lines(_output(lines), MAX_TEXT_OF_TEST))
    return {
        "name": COMMAND.sub(r"\g<0> ", printable(name)),
        "status": "pass" if score >= most else "fail",
        "score": score,
        "message": text.partition("\n")[0],
        "test_code": text,
        # 0 says that there is none.
        "line_no": 0,
    }


def _line(marks: Marks, criterion: str, rubric: Rubric) -> int:
    """The line, in its cell, of the function that cost a criterion; 0 if that is not lines."""
    for entry in entries(marks, rubric):
        found = re.search(r"line (\d+)", entry.place)
        if criterion in entry.criteria and found:
            return int(found[1])
    return 0


def _add_up(tests: list[dict[str, Any]], total: float) -> None:
    """Makes the scores add up to the total to the last digit, one after another as JavaScript does.

    A tenth and two tenths are a little more than three.
    """
    *others, last = tests
    before = 0.0
    for test in others:
        before += test["score"]
    last["score"] = total - before
    for _ in range(MOST_STEPS):
        if before + last["score"] == total:
            return
        towards = math.inf if before + last["score"] < total else -math.inf
        last["score"] = math.nextafter(last["score"], towards)
