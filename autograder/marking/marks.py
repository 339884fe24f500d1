"""Marks: a pure function of evidence, rubric and what people decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from autograder.course.rubric import Criterion, Part, Rubric
from autograder.marking.decisions import ByHand, Decided, Declined, Deduction, ForAll, Written
from autograder.marking.mistakes import Item, Mistake, find_mistakes, items_of, keys_of
from autograder.suite.evidence import CheckEvidence, Evidence, Named, Seen

DECIMALS = 9


class SetByHand(msgspec.Struct, frozen=True):
    """Points that a person set: what the checks gave before, why, and who."""

    before: float
    reason: str
    who: str


class CriterionMark(msgspec.Struct, frozen=True):
    """What one criterion earned, in points, and why; ``declined`` are requests for another look."""

    score: float
    max_score: float
    message: str
    hint: str = ""
    followed_through: bool = False
    misconceptions: tuple[str, ...] = ()
    by_hand: SetByHand | None = None
    declined: tuple[Declined, ...] = ()

    @property
    def met(self) -> bool:
        """Whether all was earned; where a reader has all the points, whether nothing is missed."""
        return self.score >= self.max_score and (self.max_score > 0 or not self.hint)


class WrittenMark(msgspec.Struct, frozen=True):
    """What a reader gave for a part's written answer, in points.

    ``answers`` reply to the student's requests for another look.
    """

    score: float
    max_score: float
    comment: str = ""
    answers: tuple[str, ...] = ()

    def comments(self, policy: str) -> list[str]:
        """What the student may read by the feedback policy: the comment, and always the answers."""
        return [*([self.comment] if self.comment and policy != "score" else []), *self.answers]


class PartMark(msgspec.Struct, frozen=True):
    """What one part earned, in points: by its checks and, once it is read, its written answer.

    ``read_again`` is its section, where its checks did not earn all. ``by_hand`` says that the
    points of its checks were set for the part as a whole.
    """

    score: float
    max_score: float
    read_again: str = ""
    written: WrittenMark | None = None
    by_hand: SetByHand | None = None

    @property
    def checked(self) -> float:
        """The points of its checks alone."""
        return _round(self.score - (self.written.score if self.written else 0.0))


class LateMark(msgspec.Struct, frozen=True):
    """The points that late work lost, of how many, and why."""

    taken: float
    before: float
    reason: str


class Marks(msgspec.Struct, frozen=True):
    """The marks of one submission, in points, and the ``mistakes`` that cost points.

    ``awaiting_reader`` are points of written answers that a reader has yet to award; they are not
    in ``max_score``. ``by_hand`` says that a person set the ``score``.
    """

    student: str
    status: str
    score: float
    max_score: float
    awaiting_reader: float
    mistakes: tuple[Mistake, ...]
    parts: dict[str, PartMark]
    criteria: dict[str, CriterionMark]
    late: LateMark | None = None
    by_hand: SetByHand | None = None


class _Earned(NamedTuple):
    """The share that an item earns by its checks, and with the credit of its mistakes."""

    item: Item
    by_checks: float
    share: float


def mark(evidence: Evidence, rubric: Rubric, decided: Decided | None = None) -> Marks:
    """The marks that the rubric gives for what was seen, and where people decided, that.

    What was not seen earns nothing: the rubric is the denominator, whatever happened to run.
    """
    decided = decided or Decided()
    criteria: dict[str, CriterionMark] = {}
    parts: dict[str, PartMark] = {}
    lost: list[tuple[Item, float]] = []
    for part in rubric.parts():
        for criterion in part.criteria:
            items = items_of(evidence, part, criterion)
            earned, by_checks = _criterion(criterion, items, rubric, decided.mistakes)
            final = _by_hand(by_checks, decided, criterion.id)
            lost += _lost(earned, final)
            criteria[criterion.id] = final
        as_a_whole, written = decided.parts.get(part.id), decided.written.get(part.id)
        parts[part.id] = _part(part, criteria, rubric.written_share, as_a_whole, written)
    total = _round(sum(part.score for part in parts.values()))
    max_score = _round(sum(part.max_score for part in parts.values()))
    late = _late(decided.late, total)
    score, by_hand = _round(total - late.taken) if late else total, None
    if decided.total is not None:
        by_hand = SetByHand(score, decided.total.reason, decided.total.who)
        score = _round(decided.total.points)
    return Marks(
        student=evidence.student,
        status=evidence.status,
        score=score,
        max_score=max_score,
        awaiting_reader=_round(
            sum(
                part.points * rubric.written_share
                for part in rubric.parts()
                if part.id not in decided.written
            )
        ),
        mistakes=find_mistakes(evidence, lost, decided.mistakes) if evidence.checked else (),
        parts=parts,
        criteria=criteria,
        late=late,
        by_hand=by_hand,
    )


def _lost(earned: Sequence[_Earned], mark: CriterionMark) -> list[tuple[Item, float]]:
    """The items that the checks did not find all right, with the missing points.

    If a person set the points of the criterion, the missing ones are divided in proportion.
    """
    if mark.met and mark.by_hand:
        return []
    lost = [(one.item, 1 - one.share) for one in earned if one.by_checks < 1]
    if not any(missing for _, missing in lost):
        lost = [(one.item, 1 - one.by_checks) for one in earned if one.by_checks < 1]
    each = (mark.max_score - mark.score) / (sum(missing for _, missing in lost) or 1)
    return [(item, each * missing) for item, missing in lost]


def _part(
    part: Part,
    criteria: dict[str, CriterionMark],
    written_share: float,
    by_hand: ByHand | None,
    written: Written | None,
) -> PartMark:
    """As a share of what its criteria are worth, so that rounding never passes the maximum."""
    marks = [criteria[criterion.id] for criterion in part.criteria]
    earned, worth = sum(mark.score for mark in marks), sum(mark.max_score for mark in marks)
    max_score = _round(part.points * (1.0 - written_share))
    score = _round(max_score * earned / worth) if worth else 0.0
    read_again = f"{part.id} {part.title}" if score < max_score else ""
    set_by_hand = None
    if by_hand is not None:
        set_by_hand = SetByHand(score, by_hand.reason, by_hand.who)
        score = _round(by_hand.points)
    read = None
    if written is not None:
        read = WrittenMark(
            _round(written.points),
            _round(part.points * written_share),
            written.comment,
            written.answers,
        )
        score, max_score = _round(score + read.score), _round(max_score + read.max_score)
    return PartMark(score, max_score, read_again, read, set_by_hand)


def _by_hand(by_checks: CriterionMark, decided: Decided, name: str) -> CriterionMark:
    declined = decided.declined.get(name, ())
    mark = msgspec.structs.replace(by_checks, declined=declined) if declined else by_checks
    own = decided.criteria.get(name)
    if own is None:
        return mark
    score = _round(own.points)
    return msgspec.structs.replace(
        mark,
        score=max(score, mark.score) if own.at_least else score,
        by_hand=SetByHand(mark.score, own.reason, own.who),
    )


def _late(decided: Deduction | None, earned: float) -> LateMark | None:
    if decided is None:
        return None
    taken = min(earned, _round(earned * decided.share + decided.points))
    return LateMark(taken, earned, decided.reason)


def _criterion(
    criterion: Criterion,
    items: Sequence[Item],
    rubric: Rubric,
    for_all: Mapping[str, ForAll],
) -> tuple[list[_Earned], CriterionMark]:
    """What each item earns, and the mark of all of them."""
    worth = criterion.points * (1.0 - rubric.written_share)
    earned: list[_Earned] = []
    messages: list[str] = []
    named: dict[str, Named] = {}
    followed = False
    for item in items:
        by_checks, seen, through = _share(item.checks)
        share = by_checks or _credit(item, rubric, for_all)
        named |= {one.name: one for one in item.named}
        earned.append(_Earned(item, by_checks, share))
        followed = followed or through
        # An example with public inputs says more than a hidden check may.
        messages += (
            [item.example.message] if item.example else [one.message for one in seen if one.message]
        )
    share = sum(one.share for one in earned) / len(earned)
    lines = [f"It looks as if {one.title}." for one in named.values()]
    if followed:
        lines.append("Earned with correct functions in place of your other stubs. As submitted:")
    lines += dict.fromkeys(messages)
    hints = [one.hint for one in named.values()] or [criterion.hint]
    return earned, CriterionMark(
        score=_round(worth * share),
        max_score=_round(worth),
        message=" ".join(lines) or ("Met." if share == 1 else ""),
        hint="" if share == 1 else " ".join(hints),
        followed_through=followed,
        misconceptions=tuple(named),
    )


def _credit(item: Item, rubric: Rubric, for_all: Mapping[str, ForAll]) -> float:
    """The share that an item still earns if it met none of its checks.

    This is the credit for its mistake in ``mistakes.yaml``, or else in the rubric. If it has two
    mistakes, the smaller credit counts.
    """
    credits = dict(rubric.credits)
    credits |= {key: one.credit for key, one in for_all.items() if one.credit is not None}
    return min(credits.get(key, 0.0) for key in keys_of(item))


def _share(checks: Sequence[CheckEvidence]) -> tuple[float, list[Seen], bool]:
    """The share of an item that its checks met, what to say of it, and if by follow-through.

    Met as submitted, or as a whole with correct functions in place of the other stubs.
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
