"""Names the misconception behind wrong answers, by what it would have answered.

A wrong way is named only if it gives all that a student's stub answered, on the same inputs and in
every number, where the right way gives something else. Where two of them do, none is named.

How much is compared depends on the answers. It is bounded for each and for all of them (``Effort``)
in what is done, not in seconds, so that the same answers always get the same names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, islice, product
from typing import Any, Literal

import numpy as np

from autograder.misconceptions.draws import (
    CERTAIN,
    NEVER,
    Drawn,
    draws_fit,
    gain_of_draws,
    likeliest,
    why_drawing_fails,
)
from autograder.misconceptions.library import Library, Misconception
from autograder.misconceptions.outcomes import (
    NOTHING,
    Leaf,
    Raised,
    answered,
    at,
    layers,
    outcome,
    same,
    telling,
    tokens,
    weight,
)
from autograder.misconceptions.right import Counting, Piece, Right
from autograder.session.replies import StudentError
from autograder.session.student import Call
from autograder.worker.values import seed_of

Names = tuple[Misconception, ...]
Suspect = tuple[Names, Right]
RightWith = Callable[[Mapping[str, Piece]], Right]
# Whether answers are those of a wrong way; "as if right" where the right way gives the same.
Verdict = Literal["explained", "as if right", "contradicted"]

WHOLE: tuple[Leaf, ...] = ((),)
# Names of the pieces of a model, or of a sampler, that are compared differently.
LAYERS_PIECE, GENERATOR_PIECE = "{}_layers", "{}_generator"
FAILED, OTHERWISE = "failed as it would have to", "answered otherwise"
# Beyond these, more answers say no more and only take time.
MAX_CALLS = 24
MAX_ENTRIES = 20_000
MAX_PAIRS = 600
# Nor are answers compared that are larger than those of any mistake, or given by such a model: as
# many numbers as there are in all windows of a text take 100 (see ``weight``).
MAX_WEIGHT, MAX_PARAMETERS = 200, 200_000
# What may be done for one stub, and for a submission, in about 10 us: see ``_Case``. A mistake that
# is not known, in the stub with the longest answers, takes 60,000.
MAX_STUB_WORK, MAX_WORK = 150_000, 250_000
# How many drawn tokens take as long to compare as a piece takes to compute.
TOKENS = 20


class _TooMuch(Exception):
    """What there is to compare takes more than may be done."""


class Effort:
    """What may still be done to explain the answers of one submission.

    ``work`` was done; ``not_compared`` are the criteria, or items, for which it was not enough.
    """

    def __init__(self) -> None:
        self.not_compared: list[str] = []
        self.work = 0
        self._enough = 0

    def begin_stub(self) -> None:
        self._enough = min(self.work + MAX_STUB_WORK, MAX_WORK)

    def spend(self, work: int) -> None:
        """Raises _TooMuch, and does not count it, where that is more than may be done."""
        if self.work + work > self._enough:
            raise _TooMuch
        self.work += work


@dataclass(frozen=True)
class Lost:
    """A criterion, or an item of it, that was not met, and the calls of its checks.

    ``leaves`` are the items of the answers that its checks look at.
    """

    criterion: str
    item: str | None
    calls: Sequence[Call]
    leaves: tuple[Leaf, ...] = WHOLE

    @property
    def name(self) -> str:
        return self.criterion if self.item is None else f"{self.criterion}:{self.item}"


def explain(
    lost: Iterable[Lost], library: Library, effort: Effort | None = None
) -> Iterator[tuple[Lost, list[Misconception]]]:
    """The misconceptions that explain why criteria were not met, where there are any.

    One mistake in a stub or in what it is built of, or two in it, explain all the criteria that it
    lost. Otherwise, each of them is explained by itself: by a single mistake of the stub; by one in
    what the stub is built of; by two at once; by one in some items of the answers and another in
    the rest. ``effort`` is what may be done for it, and says what was not compared.
    """
    effort = effort or Effort()
    by_stub: dict[str, list[Lost]] = {}
    for one in lost:
        calls = list(_compared(one.calls))
        try:
            too_large = any(_is_too_large(call, library) for call in calls)
        except Exception:  # as below
            continue
        if too_large:
            effort.not_compared.append(one.name)
        elif calls:
            by_stub.setdefault(calls[0].stub, []).append(replace(one, calls=calls))
    for of_stub in by_stub.values():
        effort.begin_stub()
        # Answers can be odder than any wrong way is ready for; then none explains them.
        try:
            yield from list(_explain_calls(of_stub, library, effort))
        except _TooMuch:
            effort.not_compared += [one.name for one in of_stub]
        except Exception:
            continue


def _explain_calls(
    of_stub: Sequence[Lost], library: Library, effort: Effort
) -> Iterator[tuple[Lost, list[Misconception]]]:
    """What explains all calls; of criteria that nothing explains, what explains those answered.

    So a failure in one call, for a reason that is not known, does not hide what is known.
    """
    named: set[str] = set()
    cases = [_Case(one, library, effort) for one in of_stub if not any(map(_is_lost, one.calls))]
    if cases:
        for one, names in _explain_stub(cases, library, {case.lost.name for case in cases}):
            named.add(one.name)
            yield one, names
    left = [one for one in of_stub if one.name not in named]
    if any(isinstance(call.answer, StudentError) for one in left for call in one.calls):
        answered = (replace(one, calls=_answered(one.calls)) for one in left)
        cases = [_Case(one, library, effort) for one in answered if one.calls]
        cases = [case for case in cases if not case.is_right()]
        if cases:
            yield from _explain_stub(cases, library, {one.name for one in left})


def _answered(calls: Sequence[Call]) -> list[Call]:
    return [call for call in calls if not isinstance(call.answer, StudentError)]


def _is_lost(call: Call) -> bool:
    """Whether nothing came of a call, which no wrong way explains: all of them answer or raise."""
    return isinstance(call.answer, StudentError) and call.answer.kind != "raised"


def _is_too_large(call: Call, library: Library) -> bool:
    if isinstance(call.answer, StudentError):
        return call.answer.kind == "too large"
    if call.about is not None:  # of which only names and shapes are compared
        return False
    parameters = sum(value.size for value in (call.parameters or {}).values())
    answer = answered(call, library.stubs[call.stub])
    return weight(answer) > MAX_WEIGHT or parameters > MAX_PARAMETERS


def _compared(calls: Sequence[Call]) -> Iterator[Call]:
    """The calls that are compared: of one stub, not too large, and not too many."""
    small = [call for call in calls if call.entries <= MAX_ENTRIES and call.stub == calls[0].stub]
    yield from sorted(small, key=lambda call: call.entries)[:MAX_CALLS]


def _explain_stub(
    cases: Sequence[_Case], library: Library, touched: Collection[str]
) -> Iterator[tuple[Lost, list[Misconception]]]:
    """``touched`` are the criteria that the stub lost, also those without a case."""
    known, right_with = list(library.misconceptions.values()), library.right
    own = [one for one in known if one.stub == cases[0].stub and one.costs.issubset(touched)]
    carried = [one for one in known if all(case.is_built_on(one) for case in cases)]

    def of_all(suspects: Iterable[Suspect]) -> Iterator[Suspect]:
        return (one for one in suspects if _costs(one[0]) == set(touched))

    together: Names = ()
    for suspects in (
        of_all(_single(own, right_with)),
        _single(carried, right_with),
        of_all(_pairs(own, [], right_with)),
    ):
        best = _best(suspects, lambda names: cases)
        if best is not None:
            together = best
            break
    found = [
        (
            case.lost,
            [one for one in together if one in carried or case.lost.name in one.costs]
            or _explain_case(case, cases, own, known),
        )
        for case in cases
        if case.wrong_leaves()
    ]
    # Of draws, a mistake that is not known is likelier than two of which one is.
    if cases[0].kind != "draws" or all(named for _, named in found):
        yield from ((lost, named) for lost, named in found if named)


def _explain_case(
    case: _Case,
    cases: Sequence[_Case],
    own: Sequence[Misconception],
    known: Sequence[Misconception],
) -> list[Misconception]:
    """The misconceptions that explain one criterion: none, one, or two."""
    own = [one for one in own if case.lost.name in one.costs]
    carried = [one for one in known if case.is_built_on(one)]

    def compared(names: Names) -> Sequence[_Case]:
        # A few draws look like those of many a wrong way: it must explain all that it costs.
        touched = [other for other in cases if other.lost.name in _costs(names) and case.is_drawn]
        return touched or [case]

    for suspects in (
        _single(own, case.right_with),
        _single(carried, case.right_with),
        _pairs(own, carried, case.right_with),
    ):
        best = _best(suspects, compared)
        if best is not None:
            return list(best)
    return [] if case.is_drawn else _by_leaf(case, [*own, *carried])


def _by_leaf(case: _Case, ones: Sequence[Misconception]) -> list[Misconception]:
    """One or two that explain all wrong items, each of these being explained by one."""
    named: dict[str, Misconception] = {}
    for leaf in case.wrong_leaves():
        best = _best(_single(ones, case.right_with), lambda names: [case], (leaf,))
        if not best:
            return []
        named |= {one.name: one for one in best}
    return list(named.values()) if len(named) <= 2 else []


def _best(
    suspects: Iterable[Suspect],
    compared: Callable[[Names], Sequence[_Case]],
    leaves: tuple[Leaf, ...] | None = None,
) -> Names | None:
    """The suspect that explains the answers: None if none does, empty if several do.

    ``compared`` returns the cases that a suspect has to explain; ``leaves`` are all that is looked
    at in answers that are not drawn.
    """
    fitting: list[Names] = []
    gains: list[tuple[Names, float]] = []
    for names, right in suspects:
        cases = compared(names)
        if cases[0].is_drawn:
            gains.append((names, _gain(cases, names, right)))
        elif _verdict(cases, names, right, leaves) == "explained":
            fitting.append(names)
    fitting += likeliest(gains)
    if not fitting:
        return None
    return fitting[0] if all(names == fitting[0] for names in fitting) else ()


# -- who could it be ------------------------------------------------------------------------------


def _costs(names: Names) -> frozenset[str]:
    return frozenset[str]().union(*(one.costs for one in names))


def _single(ones: Iterable[Misconception], right_with: RightWith) -> Iterator[Suspect]:
    for one in ones:
        for wrong in _cases(one):
            yield (one,), right_with({one.piece: wrong})


def _pairs(
    own: Sequence[Misconception], carried: Sequence[Misconception], right_with: RightWith
) -> Iterator[Suspect]:
    pairs = [*combinations(own, 2), *product(own, carried)]
    different = [(one, two) for one, two in pairs if one.piece != two.piece]
    for one, two in islice(different, MAX_PAIRS):
        if not one.cases and not two.cases:
            yield (one, two), right_with({one.piece: one.wrong, two.piece: two.wrong})


def _cases(one: Misconception) -> Iterator[Callable[..., Any]]:
    if not one.cases:
        yield one.wrong
    for case in one.cases:
        yield partial(one.wrong, case=case)


# -- how well it explains the answers -------------------------------------------------------------


def _verdict(
    cases: Sequence[_Case], names: Names, right: Right, leaves: tuple[Leaf, ...] | None
) -> Verdict:
    """How a way of writing the stub fits all answers: see ``_Case.verdict``."""
    found: Verdict = "as if right"
    for case in cases:
        verdict = case.verdict(names, right, leaves)
        if verdict == "contradicted":
            return verdict
        if verdict == "explained":
            found = verdict
    return found


def _gain(cases: Sequence[_Case], names: Names, right: Right) -> float:
    """How much likelier draws are than from a right stub, in nats: see ``draws``."""
    if cases[0].piece(GENERATOR_PIECE) in {one.piece for one in names}:
        return CERTAIN if _is_generator(cases, names) else NEVER
    drawn, failed = [], False
    for one in (one for case in cases for one in case.drawn(right)):
        if isinstance(one, Drawn) and one.possible:
            drawn.append(one)
        elif one != FAILED:
            return NEVER
        else:
            failed = True
    # What fails to draw as it would have to needs no draws to be sure.
    return gain_of_draws(drawn) if not failed else CERTAIN if draws_fit(drawn) else NEVER


def _is_generator(cases: Sequence[_Case], names: Names) -> bool:
    """Whether a wrong use of the generator gives exactly these draws."""
    draws = [
        (call.args[0], seed_of(call.args[1]), ids)
        for case in cases
        for call, ids in zip(case.calls, case.ids, strict=True)
    ]
    explained = len(names) == 1 and all(drawn for _, _, drawn in draws)
    return explained and bool(names[0].wrong(cases[0].right, draws))


class _Case:
    """The answers to a criterion's checks, and how well a way of writing the stub explains them.

    To compare a call with a way of writing the stub costs about as much as the pieces take that the
    right way is made of, and what the answer holds.
    """

    def __init__(self, lost: Lost, library: Library, effort: Effort) -> None:
        self.lost = lost
        self.calls = lost.calls
        self.stub = lost.calls[0].stub
        self.right_with = library.right
        self.right = Counting(library.pieces)
        self._asked = library.stubs[self.stub]
        self.kind = self._asked.kind
        self.is_drawn = self.kind in ("draws", "writes")
        self._leaves = lost.leaves if lost.item is None else ((lost.item,),)
        self._answers = [answered(call, self._asked) for call in self.calls]
        self.ids = [tokens(answer) if self.is_drawn else None for answer in self._answers]
        self._drawn: list[Any] = [
            answer if self.kind == "varies" or call.about == "start" else ids
            for call, answer, ids in zip(self.calls, self._answers, self.ids, strict=True)
        ]
        self._truth: list[Any] = []
        self._work: list[int] = []
        self._effort = effort
        for place, (call, answer) in enumerate(zip(self.calls, self._answers, strict=True)):
            before = self.right.count
            self._truth.append(outcome(self.right, call, self._asked, self._drawn[place]))
            pieces = self.right.count - before
            drawn = len(self.ids[place] or ()) // TOKENS
            self._work.append(pieces + int(weight(answer)) + drawn)
            effort.spend(self._work[-1])

    def piece(self, name: str) -> str:
        """The name of a piece that is compared differently."""
        return name.format(self.stub)

    def _compare(self) -> Iterator[tuple[Call, Any, Any, Any]]:
        """Each call, the answer, what was drawn, and the right one; each has its price."""
        of_each = zip(self.calls, self._answers, self._drawn, self._truth, self._work, strict=True)
        for call, answer, drawn, truth, work in of_each:
            self._effort.spend(work)
            yield call, answer, drawn, truth

    def wrong_leaves(self) -> list[Leaf]:
        """The items that are not right in every answer; all of them where answers are drawn."""
        return [leaf for leaf in self._leaves if self.is_drawn or not self._is_right(leaf)]

    def is_right(self) -> bool:
        """Whether the answers are right, or for draws, look like right ones."""
        if not self.is_drawn:
            return not self.wrong_leaves()
        drawn = list(self.drawn(self.right_with({})))
        return draws_fit([one for one in drawn if isinstance(one, Drawn)]) and not any(
            isinstance(one, str) for one in drawn
        )

    def _is_right(self, leaf: Leaf) -> bool:
        return all(
            same(at(call, answer, leaf), at(call, truth, leaf))
            for call, answer, _, truth in self._compare()
        )

    def is_built_on(self, one: Misconception) -> bool:
        """Whether the stub is built on another that has this misconception.

        Not for one that draws: through draws alone, such a mistake looks like too many others.
        """
        another = one.stub != self.stub and not self.is_drawn
        return another and {one.stub, one.piece} <= self.right.used

    def verdict(self, names: Names, right: Right, leaves: tuple[Leaf, ...] | None) -> Verdict:
        """How a way of writing the stub fits the answers.

        Two at once are also contradicted where only zeros would tell them apart.
        """
        of_layers = self.piece(LAYERS_PIECE) in {one.piece for one in names}
        differing = []
        for call, answer, drawn, truth in self._compare():
            if of_layers and call.parameters is not None:
                return "explained" if self._has_shapes(right, call) else "contradicted"
            predicted = outcome(right, call, self._asked, drawn)
            for leaf in leaves or self._leaves:
                expected = at(call, predicted, leaf)
                answered = at(call, answer, leaf)
                if answered is NOTHING and expected is NOTHING:
                    continue
                if not self._agree(answered, expected):
                    return "contradicted"
                if not same(expected, at(call, truth, leaf)):
                    differing.append(expected)
        if len(names) > 1 and not telling(differing):
            return "contradicted"
        return "explained" if differing else "as if right"

    def drawn(self, right: Right) -> Iterator[Drawn | str]:
        """The draws of each call; FAILED for what fails to draw as it would have to."""
        for call, answer, ids, truth in self._compare():
            predicted = outcome(right, call, self._asked, ids)
            if isinstance(truth, Raised):
                yield OTHERWISE
            elif isinstance(predicted, Raised):
                # Which type it has is known, but not in which words each library says it.
                yield (
                    FAILED
                    if isinstance(answer, Raised) and answer[0] == predicted[0]
                    else OTHERWISE
                )
            elif self.kind == "draws" and (reason := why_drawing_fails(predicted)):
                failed = isinstance(answer, Raised) and reason in answer[1].lower()
                yield FAILED if failed else OTHERWISE
            elif ids is None:
                yield OTHERWISE
            elif self.kind == "draws":
                yield Drawn(ids, [predicted] * len(ids), [truth] * len(ids))
            else:
                yield Drawn(ids, predicted, truth, fed_back=True)

    def _agree(self, mine: Any, theirs: Any) -> bool:
        """As ``same``; the words in which torch complains are not known."""
        if self.kind == "model" and isinstance(mine, Raised) and isinstance(theirs, Raised):
            return True
        return same(mine, theirs)

    def _has_shapes(self, right: Right, call: Call) -> bool:
        """For a forward pass: whether its parameters have the shapes that a model's layers give."""
        found = {name: np.shape(value) for name, value in (call.parameters or {}).items()}
        return bool(found == layers(right, self.stub, call.sizes or self._asked.sizes)[1])
