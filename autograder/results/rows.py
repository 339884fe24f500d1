"""What the tables of a class say of one submission."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from autograder.marking.marks import DECIMALS, Marks
from autograder.marking.mistakes import Mistake
from autograder.submissions.finding import SEVERAL, SHARED, student_id
from autograder.submissions.released import UNTOUCHED
from autograder.submissions.text import counted
from autograder.suite.evidence import CheckEvidence, Evidence

# Notes in a report that are also for a person to look at.
NOTES = {
    UNTOUCHED: "nothing was filled in",
    SEVERAL: "several files",
    SHARED: "two files with one id",
}
NOT_INSTALLED = re.compile(r"`[\w.]+` is not installed here")
# The end of a reason, which says what the student is to do.
ADVICE = re.compile(r"; [^;]*\b(?:hand (?:in|it)|put the notebook)\b[^;]*$")
SYNTAX = re.compile(r"\b(?:Syntax|Indentation|Tab)Error\b")


class Row(msgspec.Struct, frozen=True):
    """What the tables of a class say of one submission.

    ``criteria`` are in the rubric's order.
    """

    student: str
    status: str
    total: float
    max_score: float
    parts: dict[str, float]
    criteria: tuple[float, ...]
    mistakes: tuple[Mistake, ...]
    reason: str
    needs_a_person: tuple[str, ...]
    awaiting_reader: float = 0.0
    late: float = 0.0
    name: str = ""
    another: str = ""
    file: str = ""

    @property
    def shown(self) -> str:
        """The id, after the student's name as the platform or the roster has it.

        Without a name, after the ``file``, if that had to be changed to become an id.
        """
        name = self.name or self.file
        return f"{name} ({self.student})" if name else self.student


def row(evidence: Evidence, marks: Marks, name: str = "") -> Row:
    return Row(
        student=marks.student,
        status=marks.status,
        total=marks.score,
        max_score=marks.max_score,
        parts={name: part.score for name, part in marks.parts.items()},
        criteria=tuple(one.score for one in marks.criteria.values()),
        mistakes=marks.mistakes,
        reason="; ".join(_reasons(evidence)),
        needs_a_person=tuple(_needs_a_person(evidence, marks)),
        awaiting_reader=marks.awaiting_reader,
        late=-marks.late.taken if marks.late else 0.0,
        name=name,
        another=evidence.another,
        file=evidence.file if _was_changed(evidence) else "",
    )


def _was_changed(evidence: Evidence) -> bool:
    """Whether the id is made of the file's name, and differs from it."""
    stem = Path(evidence.file).stem
    return stem != evidence.student == student_id(stem)


def _reasons(evidence: Evidence) -> Iterator[str]:
    """What is wrong with the file as a whole, and with the first cell that did not run."""
    if evidence.reason:
        yield ADVICE.sub("", evidence.reason)
    if evidence.cells:
        first, *others = evidence.cells
        more = f", and {counted(len(others), 'more cell')} did not run to the end" * bool(others)
        yield first.message.rstrip(".") + more
    else:
        seen = " ".join(
            f"{one.submitted.message} {one.submitted.detail}" for one in evidence.checks
        )
        yield from dict.fromkeys(NOT_INSTALLED.findall(seen))


def _needs_a_person(evidence: Evidence, marks: Marks) -> Iterator[str]:
    """Why a person should look at a submission before its marks are given out."""
    if evidence.status in ("not graded", "unreadable", "attack seen"):
        yield evidence.status
    if evidence.another:
        yield f"looks like the homework {evidence.another}"
    yield from (why for note, why in NOTES.items() if note in evidence.reason)
    is_explained = evidence.another or UNTOUCHED in evidence.reason
    if evidence.checked and not marks.score and not is_explained:
        is_empty = all(one.unwritten for one in marks.mistakes if one.stub)
        yield "no function is written" if is_empty else "0 points, though there is code"
    lost = sum(one.cost for one in marks.mistakes if one.unwritten and SYNTAX.search(one.what))
    if lost:
        yield f"a syntax error costs {counted(round(lost, DECIMALS), 'point')}"
    if evidence.out_of_time:
        yield "ran out of time"
    close = [check.criterion for check in evidence.checks if _is_close(check)]
    if close:
        yield f"near the limit of a tolerance: {', '.join(dict.fromkeys(close))}"


def _is_close(check: CheckEvidence) -> bool:
    """Whether what counts of a check was right or wrong by a small margin."""
    counts = check.submitted
    if check.followed_through is not None and check.followed_through.share > counts.share:
        counts = check.followed_through
    return counts.close
