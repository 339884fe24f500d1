"""What was seen of a submission, and nothing of what it is worth."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from autograder.examples.example import Example
from autograder.session.loading import CellTrouble
from autograder.submissions.text import printable

Outcome = Literal["passed", "partial", "failed", "not run"]
# "attack seen": the code wrote to the grader's socket, past the answers to what it was asked.
Status = Literal["graded", "graded with problems", "attack seen", "unreadable", "not graded"]


class Seen(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one check went.

    ``share`` is the part of the check that was met, 0 to 1. ``message`` may be shown to the
    student; ``detail`` may hold what a hidden check asked, and is for staff. ``close``: by another
    tolerance, not far from the one that holds, it would have gone the other way.
    """

    outcome: Outcome
    share: Annotated[float, Meta(ge=0, le=1)]
    message: str = ""
    detail: str = ""
    close: bool = False


class CheckEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One check: as submitted and, if that failed, with correct functions for the other stubs.

    ``stub`` is the one it calls, if it calls only one; ``stood_in`` are the stubs that correct ones
    replaced.
    """

    check: str
    criterion: str
    visible: bool
    submitted: Seen
    item: str | None = None
    stub: str = ""
    followed_through: Seen | None = None
    stood_in: tuple[str, ...] = ()


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
    """All that was seen of one submission; the same submission gives the same, byte for byte.

    ``defined`` has the cell and line that define each stub. ``another`` names the homework that
    this seems to be instead.
    """

    student: str
    assignment: str
    file: str
    format: str
    sha256: str
    status: Status
    isolation: str
    reason: str
    cells: tuple[CellTrouble, ...]
    checks: tuple[CheckEvidence, ...]
    defined: dict[str, str] = {}
    explanations: tuple[Explanation, ...] = ()
    examples: tuple[Example, ...] = ()
    out_of_time: bool = False
    another: str = ""

    @property
    def checked(self) -> bool:
        """Whether there is more to say than why nothing could be checked."""
        return self.status not in ("unreadable", "not graded")


def tidied(evidence: Evidence) -> Evidence:
    """The same, with all text as ``text.printable`` makes it."""
    return msgspec.convert(_tidied(msgspec.to_builtins(evidence)), Evidence)


def _tidied(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _tidied(inner) for key, inner in value.items()}
    return [_tidied(inner) for inner in value] if isinstance(value, list | tuple) else value
