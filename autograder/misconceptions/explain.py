"""Names the misconception behind wrong answers, by what it would have answered.

A wrong way is named only if it gives all that a student's stub answered, on the same inputs and in
every number, where the right way gives something else. Where two of them do, none is named.
"""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import combinations, islice, product
from typing import Any

import numpy as np

from autograder.checks.agree import DOUBLE, SINGLE, TINY, Array, Disagreement
from autograder.checks.chance import follows
from autograder.misconceptions.library import Misconception
from autograder.misconceptions.pieces import Right
from autograder.student import Call, StudentError
from autograder.worker.wire import seed_of

Leaf = tuple[int | str, ...]
Names = tuple[Misconception, ...]
Suspect = tuple[Names, Right]

# The items of a stub's answer that a criterion is about; of all others it is about the whole.
ITEMS: Mapping[str, tuple[Leaf, ...]] = {
    "2b.layers": ((0,),),
    "2b.forward": ((0,),),
    "2b.state": ((1,),),
    "3b.dx": ((0,),),
    "3b.dh_prev": ((1,),),
    "3b.dW_x": ((2,),),
    "3b.dW_h": ((3,),),
    "3b.db_h": ((4,),),
    "3c.loss": ((0,),),
    "3c.output": ((1, "W_y"), (1, "b_y")),
    "3c.recurrent": ((1, "W_x"), (1, "W_h"), (1, "b_h")),
    "3c.inputs": ((1, "x"), (1, "h0")),
}
WHOLE: tuple[Leaf, ...] = ((),)
SAMPLER, WRITER, MODEL = "sample_token", "generate", "CharRNN"
LAYERS, GENERATOR = "model_layers", "generator"
DEFAULT_SIZES = (512, 128, 64)
# Beyond these, more answers say no more and only take time.
MAX_CALLS = 16
MAX_ENTRIES = 20_000
MAX_PAIRS = 600
# How much likelier than the right way, and than any other wrong way, must what is named make the
# draws, in nats; and how badly may the draws fit it.
SURE, AHEAD = 25.0, 8.0
MISFIT = 1e-4
DEVIATIONS = 5.0
IMPOSSIBLE = 1e-12

NEVER = -np.inf


class _Raised(tuple[str, str]):
    """What was raised: the type of the exception, and its text."""


NOTHING = object()


@dataclass(frozen=True)
class Lost:
    """A criterion, or an item of it, that was not met, and the calls of its checks."""

    criterion: str
    item: str | None
    calls: Sequence[Call]

    @property
    def name(self) -> str:
        return self.criterion if self.item is None else f"{self.criterion}:{self.item}"


def explain(
    lost: Iterable[Lost], known: Iterable[Misconception]
) -> Iterator[tuple[Lost, list[Misconception]]]:
    """The misconceptions that explain why criteria were not met, where there are any.

    A stub's single mistake explains all the criteria that it lost. Otherwise, each of them is
    explained by itself: by a single mistake of the stub; by one in what the stub is built of; by
    two at once; by one in some items of the answers and another in the rest.
    """
    by_stub: dict[str, list[_Case]] = {}
    for one in lost:
        calls = list(_telling(one.calls))
        case = _Case(one, calls) if calls else None
        if case is not None and case.wrong_leaves():
            by_stub.setdefault(case.stub, []).append(case)
    everything = list(known)
    for stub, cases in by_stub.items():
        # Answers can be odder than any wrong way is ready for; then none explains them.
        with suppress(Exception):
            yield from list(_explain_stub(stub, cases, everything))


def _explain_stub(
    stub: str, cases: Sequence[_Case], everything: Sequence[Misconception]
) -> Iterator[tuple[Lost, list[Misconception]]]:
    touched = {case.lost.name for case in cases}
    own = [one for one in everything if one.stub == stub and one.costs <= touched]
    of_all = [one for one in own if one.costs == touched]
    best = _best((names, _gain_of_all(cases, names, right)) for names, right in _single(of_all))
    for case in cases:
        named = list(best) if best else _explained(case, own, everything)
        if named:
            yield case.lost, named


def _gain_of_all(cases: Iterable[_Case], names: Names, right: Right) -> float:
    return _total(case.gain(names, right) for case in cases)


def _total(gains: Iterable[float]) -> float:
    """Their sum; NEVER as soon as one of them is."""
    total = 0.0
    for gain in gains:
        if gain == NEVER:
            return NEVER
        total += gain
    return total


def _explained(
    case: _Case, own: Sequence[Misconception], known: Iterable[Misconception]
) -> list[Misconception]:
    """The misconceptions that explain one criterion: none, one, or two."""
    own = [one for one in own if case.lost.name in one.costs]
    used = case.right.used
    carried = [one for one in known if {one.stub, one.piece} <= used and one.stub != case.stub]
    for suspects in (_single(own), _single(carried), _pairs(own, carried)):
        best = _best((names, case.gain(names, right)) for names, right in suspects)
        if best is not None:
            return list(best)
    return _by_leaf(case, [*own, *carried])


def _telling(calls: Sequence[Call]) -> Iterator[Call]:
    """The calls that are compared: of one stub, not too large, and not too many."""
    small = [call for call in calls if call.entries <= MAX_ENTRIES and call.stub == calls[0].stub]
    yield from sorted(small, key=lambda call: call.entries)[:MAX_CALLS]


def _single(ones: Iterable[Misconception]) -> Iterator[Suspect]:
    for one in ones:
        for wrong in _cases(one):
            yield (one,), Right({one.piece: wrong})


def _pairs(own: Sequence[Misconception], carried: Sequence[Misconception]) -> Iterator[Suspect]:
    pairs = [*combinations(own, 2), *product(own, carried)]
    different = [(one, two) for one, two in pairs if one.piece != two.piece]
    for one, two in islice(different, MAX_PAIRS):
        if not one.cases and not two.cases:
            yield (one, two), Right({one.piece: one.wrong, two.piece: two.wrong})


def _cases(one: Misconception) -> Iterator[Callable[..., Any]]:
    if not one.cases:
        yield one.wrong
    for case in one.cases:
        yield partial(one.wrong, case=case)


def _best(gains: Iterable[tuple[Names, float]]) -> Names | None:
    """Who explains the answers: None if nobody does, nobody if more than one does."""
    sure = [(names, gain) for names, gain in gains if gain > SURE]
    if not sure:
        return None
    names, gain = max(sure, key=lambda one: one[1])
    rivals = [other for other, its in sure if other != names and its >= gain - AHEAD]
    return () if rivals else names


def _by_leaf(case: _Case, ones: Sequence[Misconception]) -> list[Misconception]:
    """One or two that explain all wrong items, each of these being explained by one."""
    named: dict[str, Misconception] = {}
    for leaf in case.wrong_leaves():
        gains = ((names, case.gain(names, right, (leaf,))) for names, right in _single(ones))
        best = _best(gains)
        if not best:
            return []
        named |= {one.name: one for one in best}
    return list(named.values()) if len(named) <= 2 else []


class _Case:
    """The answers to a criterion's checks, and how well a way of writing the stub explains them."""

    def __init__(self, lost: Lost, calls: Sequence[Call]) -> None:
        self.lost = lost
        self.stub = calls[0].stub
        self.calls = calls
        items = ITEMS.get(lost.criterion, WHOLE)
        self.leaves: tuple[Leaf, ...] = items if lost.item is None else ((lost.item,),)
        self.right = Right()
        self._truth = [outcome(self.right, call) for call in calls]

    def wrong_leaves(self) -> list[Leaf]:
        """The items that are not right in every answer; all of them where answers are drawn."""
        if self.stub in (SAMPLER, WRITER):
            return list(self.leaves)
        return [
            leaf
            for leaf in self.leaves
            if not all(
                _same(_leaf(call, _answered(call), leaf), _leaf(call, truth, leaf))
                for call, truth in zip(self.calls, self._truth, strict=True)
            )
        ]

    def gain(self, names: Names, right: Right, leaves: tuple[Leaf, ...] | None = None) -> float:
        """How much likelier the answers are than from a right stub, in nats.

        For numbers that is inf, or 0 where the right ones are the same; and NEVER where they are
        other than what was answered.
        """
        pieces = {one.piece for one in names}
        if GENERATOR in pieces:
            return self._gain_of_generator(names)
        by_call = zip(self.calls, self._truth, strict=True)
        return _total(
            _gain_of_shapes(right, call)
            if LAYERS in pieces and call.parameters is not None
            else _gain_of_call(call, outcome(right, call), truth, leaves or self.leaves)
            for call, truth in by_call
        )

    def _gain_of_generator(self, names: Names) -> float:
        draws = [
            (call.args[0], seed_of(call.args[1]), _answered(call))
            for call in self.calls
            if isinstance(_answered(call), list)
        ]
        explained = len(names) == 1 and bool(draws) and names[0].wrong(self.right, draws)
        return np.inf if explained else NEVER


# -- what would have been answered ----------------------------------------------------------------


def outcome(right: Right, call: Call) -> Any:
    """What a way of writing the stub answers to a call."""
    args, kwargs = copy.deepcopy((_without_generators(call), dict(call.kwargs)))
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if call.about is not None:
                kinds, shapes = right.model_layers(*(args or DEFAULT_SIZES))
                return kinds if call.about == "kinds" else shapes
            if call.parameters is not None:
                return right.CharRNN(call.parameters, *args, kwargs.get("h"))
            if call.stub == SAMPLER:
                return right.sample_token(*args, **kwargs)
            if call.stub == WRITER:
                return list(right.generate(_tokens(_answered(call)) or [], *args, **kwargs))
            answers = [getattr(right, call.stub)(*args, **kwargs) for _ in range(call.times)]
    except Exception as error:
        return _Raised((_kind(error), str(error)))
    return answers[0] if call.times == 1 else answers


def _kind(error: Exception) -> str:
    """The name under which a worker tells of an exception: that of a type of Python itself."""
    kinds = type(error).__mro__
    return next(kind.__name__ for kind in kinds if kind.__module__ == "builtins")


def _without_generators(call: Call) -> list[Any]:
    return [value for value in call.args if not isinstance(value, np.random.Generator)]


def _answered(call: Call) -> Any:
    """What the student answered, in the form in which it is compared."""
    answer = call.answer
    if isinstance(answer, StudentError):
        said = re.match(r"(\w+)(?: in cell \d+, line \d+)?(?:: (.*))?$", answer.detail)
        if answer.kind != "raised" or not said:
            return NOTHING
        return _Raised((said[1], said[2] or ""))
    if call.about == "parameters" and isinstance(answer, dict):
        return {name: np.shape(value) for name, value in answer.items()}
    if call.stub == SAMPLER and call.times == 1:
        return [answer]
    return answer


def _leaf(call: Call, value: Any, leaf: Leaf) -> Any:
    """An item of an answer; what was raised, or asked about a model, is one whole."""
    if isinstance(value, _Raised) or call.about is not None:
        return value
    for step in leaf:
        try:
            value = value[step]
        except (IndexError, KeyError, TypeError):
            return NOTHING
    return value


# -- comparing ------------------------------------------------------------------------------------


def _gain_of_call(call: Call, predicted: Any, truth: Any, leaves: tuple[Leaf, ...]) -> float:
    if call.stub in (SAMPLER, WRITER):
        return _gain_of_draws(call, predicted, truth)
    return _gain_of_numbers(call, predicted, truth, leaves)


def _gain_of_numbers(call: Call, predicted: Any, truth: Any, leaves: tuple[Leaf, ...]) -> float:
    gain = 0.0
    for leaf in leaves:
        expected = _leaf(call, predicted, leaf)
        if not _same(_leaf(call, _answered(call), leaf), expected):
            return NEVER
        if not _same(expected, _leaf(call, truth, leaf)):
            gain = np.inf
    return gain


def _gain_of_shapes(right: Right, call: Call) -> float:
    """For a forward pass: whether its parameters have the shapes that a model's layers give."""
    found = {name: np.shape(value) for name, value in (call.parameters or {}).items()}
    try:
        (V, E), (_, H) = found["embedding.weight"], found["rnn.weight_hh_l0"]
    except (KeyError, ValueError):
        return NEVER
    return np.inf if found == right.model_layers(V, E, H)[1] else NEVER


def _same(answered: Any, predicted: Any) -> bool:
    """Whether two answers are the same in kind, shape and every number, NaN and inf too."""
    if answered is NOTHING or predicted is NOTHING:
        return False
    if isinstance(answered, _Raised) or isinstance(predicted, _Raised):
        return type(answered) is type(predicted) and bool(answered == predicted)
    if isinstance(answered, str) or isinstance(predicted, str):
        return type(answered) is type(predicted) and bool(answered == predicted)
    if isinstance(answered, dict) or isinstance(predicted, dict):
        both = isinstance(answered, dict) and isinstance(predicted, dict)
        return (
            both
            and answered.keys() == predicted.keys()
            and all(_same(answered[key], predicted[key]) for key in answered)
        )
    mine, theirs = _as_numbers(answered), _as_numbers(predicted)
    if mine is None or theirs is None:
        if not isinstance(answered, list | tuple) or not isinstance(predicted, list | tuple):
            return False
        return len(answered) == len(predicted) and all(map(_same, answered, predicted))
    if mine.shape != theirs.shape:
        return False
    single = any(a.dtype.kind == "f" and a.itemsize < 8 and a.ndim for a in (mine, theirs))
    finite = np.isfinite(theirs)
    largest = float(np.abs(theirs[finite]).max(initial=0.0))
    allowed = (SINGLE if single else DOUBLE) * largest + TINY
    return bool(np.isclose(mine, theirs, rtol=0.0, atol=allowed, equal_nan=True).all())


def _as_numbers(value: Any) -> Array | None:
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return array if array.dtype.kind in "iuf" else None


def _tokens(drawn: Any) -> list[int] | None:
    """Drawn token ids; None for anything else."""
    array = _as_numbers(drawn)
    if array is None or array.ndim != 1 or (array.size and array.dtype.kind == "f"):
        return None
    return [int(token) for token in array]


def _gain_of_draws(call: Call, predicted: Any, truth: Any) -> float:
    """How much likelier draws are from what is predicted than from the truth; NEVER if unlikely.

    Both are probabilities: of one draw (V,), or of each (V,) where they follow each other.
    """
    answered = _answered(call)
    if isinstance(predicted, _Raised) or isinstance(truth, _Raised):
        return NEVER
    if call.stub == SAMPLER and (reason := _why_drawing_fails(predicted)):
        failed = isinstance(answered, _Raised) and reason in answered[1].lower()
        return np.inf if failed else NEVER
    tokens = _tokens(answered)
    if tokens is None:
        return NEVER
    try:
        if call.stub == SAMPLER:
            follows(tokens, predicted, chance=MISFIT)
            predicted, truth = [predicted] * len(tokens), [truth] * len(tokens)
        elif not _is_typical(tokens, predicted):
            return NEVER
    except (Disagreement, ValueError):
        return NEVER
    return _log_likelihood(tokens, predicted) - _log_likelihood(tokens, truth)


def _why_drawing_fails(probabilities: Array) -> str:
    """What numpy says of probabilities that are none; nothing of those that are."""
    if np.isnan(probabilities).any():
        return "nan"
    return "" if abs(probabilities.sum() - 1) < 1e-8 else "sum to 1"


def _is_typical(tokens: Sequence[int], rows: Sequence[Array]) -> bool:
    """Whether tokens drawn one after another have about the likelihood that is to be expected."""
    if len(tokens) != len(rows) or any(
        not 0 <= t < len(p) for t, p in zip(tokens, rows, strict=True)
    ):
        return False
    logs = [np.log(np.maximum(p, IMPOSSIBLE)) for p in rows]
    mean = sum(float(p @ log) for p, log in zip(rows, logs, strict=True))
    square = sum(float(p @ log**2) - float(p @ log) ** 2 for p, log in zip(rows, logs, strict=True))
    off = _log_likelihood(tokens, rows) - mean
    return bool(abs(off) <= DEVIATIONS * np.sqrt(max(square, 0.0)) + 1e-6)


def _log_likelihood(tokens: Sequence[int], rows: Sequence[Array]) -> float:
    """How likely tokens are to be drawn in this order, in nats; what is impossible stays finite."""
    pairs = zip(tokens, rows, strict=False)
    likely = [float(p[token]) if 0 <= token < len(p) else 0.0 for token, p in pairs]
    missing = abs(len(tokens) - len(rows))
    return float(np.log(np.maximum(likely, IMPOSSIBLE)).sum() + missing * np.log(IMPOSSIBLE))
