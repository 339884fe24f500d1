"""One student's marks as Markdown, by the rubric's feedback policy."""

from __future__ import annotations

import html
import re

import msgspec

from autograder.course.rubric import Criterion, Rubric
from autograder.marking.marks import CriterionMark, LateMark, Marks, PartMark, SetByHand
from autograder.submissions.text import printable
from autograder.suite.evidence import Evidence

# Keeps a backslash from making a formula of what follows it, where a page draws formulas.
INVISIBLE = "\u200b"


def student_markdown(evidence: Evidence, marks: Marks, rubric: Rubric) -> str:
    """What the student gets to read."""
    lines = [
        f"# {rubric.title}",
        "",
        f"**{plain(marks.student)}**: **{marks.score:g} of {marks.max_score:g} points**"
        + (f" (and up to {marks.awaiting_reader:g} from a reader)" * bool(marks.awaiting_reader)),
        "",
        f"File: {plain(evidence.file)}. Status: {marks.status}. Isolation: {evidence.isolation}.",
    ]
    if evidence.reason:
        lines += ["", f"> {plain(evidence.reason)}"]
    if marks.late:
        lines += ["", plain(describe_late(marks.late))]
    if evidence.cells and rubric.feedback == "full":
        lines += ["", "Cells that did not run to their end:", ""]
        lines += [f"- {plain(trouble.message)}" for trouble in evidence.cells]
    for task in rubric.tasks:
        scores = [marks.parts[part.id] for part in task.parts]
        earned, worth = sum(p.score for p in scores), sum(p.max_score for p in scores)
        lines += ["", f"## Task {task.id}: {task.title} ({earned:g} of {worth:g})"]
        for part in task.parts:
            mark = marks.parts[part.id]
            lines += ["", f"### {part.id} {part.title} ({mark.score:g} of {mark.max_score:g})", ""]
            for criterion in part.criteria:
                each = marks.criteria[criterion.id]
                if not evidence.checked:
                    # The reason is above, once.
                    each = msgspec.structs.replace(each, message="", hint="")
                lines += criterion_lines(criterion, each, rubric.feedback)
            lines += [f"- {plain(text)}" for text in describe_part(mark, rubric.feedback)]
            if evidence.checked and mark.read_again and rubric.feedback != "score":
                lines += ["", f"To read again: section {plain(mark.read_again)} of the assignment."]
    return "\n".join(lines) + "\n"


def criterion_lines(criterion: Criterion, mark: CriterionMark, policy: str) -> list[str]:
    """What a criterion earned, and by the policy why: an item of a list, with items of its own."""
    head = f"- {_sign(mark)} {criterion.title}: {mark.score:g} of {mark.max_score:g}"
    return [head, *(f"  - {plain(text)}" for text in feedback(mark, policy))]


def describe_by_hand(by_hand: SetByHand, policy: str) -> str:
    """That a person set the points, and by the policy why."""
    reason = f": {by_hand.reason}" if policy != "score" else ""
    return f"Set by {by_hand.who}{reason} (the checks: {by_hand.before:g})"


def describe_part(mark: PartMark, policy: str) -> list[str]:
    """What people set in a part: for its checks as a whole, or for the written answer."""
    told = [describe_by_hand(mark.by_hand, policy)] if mark.by_hand else []
    if mark.written:
        comment = f": {mark.written.comment}" if mark.written.comment and policy != "score" else ""
        points = f"{mark.written.score:g} of {mark.written.max_score:g}"
        told.append(f"Written answer: {points}{comment}")
    return told


def describe_late(late: LateMark) -> str:
    """What late work lost."""
    return f"Late: {late.taken:g} of {late.before:g} points are taken; {late.reason}."


def _sign(mark: CriterionMark) -> str:
    if mark.met:
        return "✓"
    return "✗" if mark.score == 0 else "◐"


def feedback(mark: CriterionMark, policy: str) -> list[str]:
    """What may be said of a criterion by the policy; it may hold a student's words as they are."""
    told = [describe_by_hand(mark.by_hand, policy)] if mark.by_hand else []
    if policy == "score" or mark.message == "Met.":
        return told
    told += [mark.message] if policy == "full" else []
    return [text for text in [*told, f"Hint: {mark.hint}" if mark.hint else ""] if text]


def plain(text: str) -> str:
    """Text that may come from a student, so that it is only read, in Markdown and in HTML."""
    escaped = html.escape(printable(text), quote=False).replace("\\", f"\\{INVISIBLE}")
    # An underscore within a word, as in `seq_len`, is none to Markdown, nor are the brackets of
    # an array: only what follows them makes a link.
    return re.sub(r"([\\*~|#$]|(?<![^\W_])_|_(?![^\W_])|\](?=\s?[(\[:]))", r"\\\1", escaped)
