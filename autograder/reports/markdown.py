"""One student's marks as Markdown, by the rubric's feedback policy."""

from __future__ import annotations

import html
import re

from autograder.course.rubric import Criterion, Rubric
from autograder.marking.marks import CriterionMark, LateMark, Marks, PartMark, SetByHand
from autograder.marking.requests import HEADING
from autograder.reports.mistakes import (
    Entry,
    describe_result,
    entries,
    points,
    see_mistakes,
)
from autograder.submissions.text import printable
from autograder.suite.evidence import Evidence

# Keeps a backslash from making a formula of what follows it, where a page draws formulas.
INVISIBLE = "\u200b"
LINK = re.compile(r"\](?=\s?[(\[:])")


def student_markdown(evidence: Evidence, marks: Marks, rubric: Rubric, name: str = "") -> str:
    """The student's report: the mistakes, then the points."""
    who, most = plain(name or marks.student), points(marks.max_score)
    awaiting = f" (and up to {points(marks.awaiting_reader)} from a reader)"
    lines = [
        f"# {rubric.title}",
        "",
        f"**{who}**: **{points(marks.score)} of {most} points**"
        + awaiting * bool(marks.awaiting_reader),
        "",
        f"File: {plain(evidence.file)}. Status: {marks.status}.",
    ]
    if evidence.reason:
        lines += ["", f"> {plain(evidence.reason)}"]
    if marks.late:
        lines += ["", plain(describe_late(marks.late))]
    if marks.by_hand:
        lines += ["", plain(describe_total(marks.by_hand, rubric.feedback))]
    if evidence.cells and rubric.feedback == "full":
        lines += ["", "Cells that did not run to their end:", ""]
        lines += [f"- {plain(trouble.message)}" for trouble in evidence.cells]
    found = entries(marks, rubric)
    if found:
        lines += ["", "## Mistakes"]
        for entry in found:
            lines += ["", *mistake_lines(entry)]
    for task in rubric.tasks:
        scores = [marks.parts[part.id] for part in task.parts]
        earned, worth = sum(p.score for p in scores), sum(p.max_score for p in scores)
        lines += ["", f"## Task {task.id}: {task.title} ({points(earned)} of {points(worth)})"]
        for part in task.parts:
            mark = marks.parts[part.id]
            score = f"{points(mark.score)} of {points(mark.max_score)}"
            lines += ["", f"### {part.id} {part.title} ({score})", ""]
            for criterion in part.criteria:
                lines += criterion_lines(criterion, marks.criteria[criterion.id], rubric, found)
            lines += [f"- {plain(text)}" for text in describe_part(mark, rubric.feedback)]
            if evidence.checked and mark.read_again and rubric.feedback != "score":
                lines += ["", f"To read again: section {plain(mark.read_again)} of the assignment."]
    lines += ["", *how_to_ask(rubric.assignment, marks.student)]
    return "\n".join(lines) + "\n"


def mistake_lines(entry: Entry) -> list[str]:
    """A mistake in Markdown: a line in bold, a list, and the example as code.

    It is no heading, since a page would use its text, which a student may choose, as an id.
    """
    lines = [f"**{entry.number}. {plain(entry.what)}**", ""]
    lines += [f"- {plain(text)}" for text in (*entry.details, *entry.decided)]
    lines += [f"- {plain(text)}" for text in (entry.place, entry.describe_costs()) if text]
    lines += [f"- {plain(text)}" for text in entry.spared]
    if entry.hint:
        lines.append(f"- Hint: {plain(entry.hint)}")
    if entry.example and entry.example.code:
        lines += ["", "A call that shows it, to paste below your code:", ""]
        lines += [f"    {line}".rstrip() for line in entry.example.code]
        lines += ["", *(f"- {plain(text)}" for text in describe_result(entry.example))]
    return lines


def criterion_lines(
    criterion: Criterion, mark: CriterionMark, rubric: Rubric, found: tuple[Entry, ...]
) -> list[str]:
    """A criterion's points and a reference to its mistakes, as an item of a list."""
    seen = see_mistakes(found, criterion.id)
    score = f"{points(mark.score)} of {points(mark.max_score)}"
    head = f"- {_sign(mark)} {criterion.title}: {score}" + f" ({seen})" * bool(seen)
    more = describe_decisions(mark, rubric.feedback)
    return [head, *(f"  - {plain(text)}" for text in more)]


def describe_decisions(mark: CriterionMark, policy: str) -> list[str]:
    """What people decided about a criterion.

    Every policy shows the answers to the student's own requests.
    """
    lines = [describe_by_hand(mark.by_hand, policy)] if mark.by_hand else []
    return lines + [f"Another look: declined by {one.who}: {one.reason}" for one in mark.declined]


def how_to_ask(assignment: str, student: str) -> list[str]:
    """How to ask for another look, in reports without a form."""
    return [
        "To ask for another look at a mark, hand in a text file (.txt) with these lines:",
        "",
        f"    {HEADING}",
        f"    assignment: {assignment}",
        f"    student: {printable(student)}",
        "    criterion: its part and title",
        "    points: as marked",
        "    reason: why",
    ]


def describe_by_hand(by_hand: SetByHand, policy: str) -> str:
    """That a person set the points, and by the policy why."""
    reason = f": {by_hand.reason}" if policy != "score" else ""
    return f"Set by {by_hand.who}{reason} (the checks: {points(by_hand.before)})"


def describe_total(by_hand: SetByHand, policy: str) -> str:
    """That a person set the total, and by the policy why."""
    reason = f": {by_hand.reason}" if policy != "score" else ""
    return f"The total was set by {by_hand.who}{reason} (before: {points(by_hand.before)})"


def describe_part(mark: PartMark, policy: str) -> list[str]:
    """What people set in a part: for its checks as a whole, or for the written answer."""
    lines = [describe_by_hand(mark.by_hand, policy)] if mark.by_hand else []
    if mark.written:
        score = f"{points(mark.written.score)} of {points(mark.written.max_score)}"
        comments = mark.written.comments(policy)
        lines += [": ".join(["Written answer", score, *comments[:1]]), *comments[1:]]
    return lines


def describe_late(late: LateMark) -> str:
    """What late work lost."""
    return f"Late: {points(late.taken)} of {points(late.before)} points are taken; {late.reason}."


def _sign(mark: CriterionMark) -> str:
    if mark.met:
        return "✓"
    return "✗" if mark.score == 0 else "◐"


def plain(text: str) -> str:
    """Text that may come from a student, so that it is only read, in Markdown and in HTML."""
    escaped = html.escape(printable(text), quote=False).replace("\\", f"\\{INVISIBLE}")
    # An underscore within a word, as in `seq_len`, is none to Markdown, nor are the brackets of
    # an array: only what follows them makes a link. If one could follow, all are escaped: some
    # renderers let an escaped closing bracket end an opening one that is not escaped.
    brackets = r"|[\[\]]" if LINK.search(escaped) else ""
    return re.sub(rf"([\\*~|#$]|(?<![^\W_])_|_(?![^\W_]){brackets})", r"\\\1", escaped)
