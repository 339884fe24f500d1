"""Marks: a pure function of evidence and rubric."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from autograder.evidence import CheckEvidence, Evidence, Named, Seen
from autograder.rubric import Criterion, Part, Rubric

DECIMALS = 9


class CriterionMark(msgspec.Struct, frozen=True):
    """What one criterion earned, in points, and why."""

    score: float
    max_score: float
    message: str
    hint: str = ""
    followed_through: bool = False
    misconceptions: tuple[str, ...] = ()


class PartMark(msgspec.Struct, frozen=True):
    """What one part earned, in points; ``read_again`` is its section, where not all was earned."""

    score: float
    max_score: float
    read_again: str = ""


class Marks(msgspec.Struct, frozen=True):
    """The marks of one submission, in points.

    ``awaiting_reader`` are points of written answers that a reader has yet to award.
    """

    student: str
    status: str
    score: float
    max_score: float
    awaiting_reader: float
    parts: dict[str, PartMark]
    criteria: dict[str, CriterionMark]


def mark(evidence: Evidence, rubric: Rubric) -> Marks:
    """The marks that the rubric gives for what was seen.

    What was not seen earns nothing: the rubric is the denominator, whatever happened to run.
    """
    automatic = 1.0 - rubric.written_share
    seen: dict[tuple[str, str | None], list[CheckEvidence]] = defaultdict(list)
    for check in evidence.checks:
        seen[check.criterion, check.item].append(check)
    named = {(one.criterion, one.item): one.misconceptions for one in evidence.explanations}
    criteria: dict[str, CriterionMark] = {}
    parts: dict[str, PartMark] = {}
    for part in rubric.parts():
        for criterion in part.criteria:
            items = [
                (seen.get((criterion.id, item), []), named.get((criterion.id, item), ()))
                for item in criterion.items or (None,)
            ]
            criteria[criterion.id] = _criterion(criterion, items, rubric)
        parts[part.id] = _part(part, criteria, automatic)
    return Marks(
        student=evidence.student,
        status=evidence.status,
        score=_round(sum(part.score for part in parts.values())),
        max_score=_round(sum(part.max_score for part in parts.values())),
        awaiting_reader=_round(rubric.points * rubric.written_share),
        parts=parts,
        criteria=criteria,
    )


def _part(part: Part, criteria: dict[str, CriterionMark], automatic: float) -> PartMark:
    """As a share of what its criteria are worth, so that rounding never passes the maximum."""
    marks = [criteria[criterion.id] for criterion in part.criteria]
    earned, worth = sum(mark.score for mark in marks), sum(mark.max_score for mark in marks)
    max_score = _round(part.points * automatic)
    score = _round(max_score * earned / worth) if worth else 0.0
    return PartMark(score, max_score, f"{part.id} {part.title}" if score < max_score else "")


def _criterion(
    criterion: Criterion,
    items: Sequence[tuple[list[CheckEvidence], tuple[Named, ...]]],
    rubric: Rubric,
) -> CriterionMark:
    worth = criterion.points * (1.0 - rubric.written_share)
    shares: list[float] = []
    messages: list[str] = []
    named: dict[str, Named] = {}
    followed = False
    for checks, misconceptions in items:
        share, seen, through = _share(checks)
        if misconceptions and share == 0:
            share = min(rubric.credits.get(one.name, 0.0) for one in misconceptions)
        named |= {one.name: one for one in misconceptions}
        shares.append(share)
        followed = followed or through
        messages += [one.message for one in seen if one.message]
    share = sum(shares) / len(shares)
    told = [f"It looks as if {one.title}." for one in named.values()]
    if followed:
        told.append("Earned with right ones in place of your other stubs. As submitted:")
    told += dict.fromkeys(messages)
    hints = [one.hint for one in named.values()] or [criterion.hint]
    return CriterionMark(
        score=_round(worth * share),
        max_score=_round(worth),
        message=" ".join(told) or ("Met." if share == 1 else ""),
        hint="" if share == 1 else " ".join(hints),
        followed_through=followed,
        misconceptions=tuple(named),
    )


def _share(checks: list[CheckEvidence]) -> tuple[float, list[Seen], bool]:
    """The share of an item that its checks met, what to say of it, and if by follow-through.

    Met as submitted, or as a whole with right ones in place of the other stubs.
    """
    if not checks:
        return 0.0, [Seen("not run", 0.0, "It was not checked.")], False
    submitted = min(check.submitted.share for check in checks)
    followed = min(
        check.followed_through.share if check.followed_through else 0.0 for check in checks
    )
    short = [check.submitted for check in checks if check.submitted.share < 1]
    if followed > submitted:
        return followed, short[:1], True
    return submitted, short[:1] if submitted == 0 else short, False


def _round(points: float) -> float:
    return round(points, DECIMALS)
