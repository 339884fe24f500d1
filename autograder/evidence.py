"""What was seen of a submission, and nothing of what it is worth."""

from __future__ import annotations

from typing import Literal

import msgspec

Outcome = Literal["passed", "partial", "failed", "not run"]
# "attack seen": the code wrote to the grader's own line, past the answers to what it was asked.
Status = Literal["graded", "graded with problems", "attack seen", "unreadable", "not graded"]


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one check went.

    ``share`` is the part of the check that was met, 0 to 1. ``message`` may be shown to the
    student; ``detail`` may hold what a hidden check asked, and is for staff. ``close``: by another
    tolerance, not far from the one that holds, it would have gone the other way.
    """

    outcome: Outcome
    share: float
    message: str = ""
    detail: str = ""
    close: bool = False


class CheckEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One check: as submitted and, where that failed, with right ones for the other stubs."""

    check: str
    criterion: str
    visible: bool
    submitted: Seen
    item: str | None = None
    followed_through: Seen | None = None


class CellTrouble(msgspec.Struct, frozen=True):
    """A cell that did not run to its end."""

    cell: str
    message: str


class Named(msgspec.Struct, frozen=True):
    """A known misconception: its name, what it looks as if, and what may help."""

    name: str
    title: str
    hint: str


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The misconceptions that explain the answers to a criterion's checks."""

    criterion: str
    misconceptions: tuple[Named, ...]
    item: str | None = None


class Evidence(msgspec.Struct, frozen=True):
    """All that was seen of one submission; the same submission gives the same, byte for byte."""

    student: str
    file: str
    format: str
    sha256: str
    status: Status
    isolation: str
    reason: str
    cells: tuple[CellTrouble, ...]
    checks: tuple[CheckEvidence, ...]
    explanations: tuple[Explanation, ...] = ()
    out_of_time: bool = False

    @property
    def checked(self) -> bool:
        """Whether there is more to say than why nothing could be checked."""
        return self.status not in ("unreadable", "not graded")
