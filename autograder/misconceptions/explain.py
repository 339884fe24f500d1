"""Names the misconception behind wrong answers, by what it would have answered.

A wrong way is named only if it gives all that a student's stub answered, on the same inputs and
in every number, where the right way gives something else.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.agree import DOUBLE, SINGLE, TINY, Array, Disagreement
from autograder.checks.chance import follows
from autograder.checks.model import unrolled
from autograder.misconceptions.library import Misconception
from autograder.misconceptions.sampling import probabilities
from autograder.reference import Reference
from autograder.student import Call, StudentError
from autograder.worker.wire import seed_of

Leaf = tuple[int | str, ...]

# The items of a stub's answer that a criterion is about; of all others it is about the whole.
ITEMS: Mapping[str, tuple[Leaf, ...]] = {
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
# Judged by their distribution, or only where nothing is left to chance.
SAMPLER, WRITER = "sample_token", "generate"
# Beyond these, more answers say no more and only take time.
MAX_CALLS = 16
MAX_ENTRIES = 20_000
# How much more likely a wrong distribution must make the draws than the right one, in nats.
SURE = 25.0
IMPOSSIBLE = 1e-12

RAISED, NOTHING = "raised", object()


def explain(
    criterion: str,
    item: str | None,
    calls: Sequence[Call],
    right: Reference,
    known: Iterable[Misconception],
) -> list[Misconception]:
    """The misconceptions that explain what was answered to ``calls``: none, one, or two.

    ``calls`` are those of the criterion's checks. Two are named where one explains some items
    of the answers and another the rest.
    """
    candidates = [one for one in known if any(one.stub == call.stub for call in calls)]
    leaves = ((item,),) if item is not None else ITEMS.get(criterion, WHOLE)
    by_leaf: list[list[Misconception]] = []
    for leaf in leaves:
        wrong, explaining = _explaining(leaf, calls, right, candidates)
        if wrong and not explaining:
            return []
        if wrong:
            by_leaf.append(explaining)
    if not by_leaf:
        return []
    common = [one for one in by_leaf[0] if all(one in others for others in by_leaf[1:])]
    if common:
        return common[:1]
    named = {one.name: one for explaining in by_leaf for one in explaining[:1]}
    return list(named.values()) if len(named) == 2 else []


def _explaining(
    leaf: Leaf, calls: Sequence[Call], right: Reference, candidates: Sequence[Misconception]
) -> tuple[bool, list[Misconception]]:
    """If any answer is wrong at ``leaf``, and which candidates give all that was answered."""
    wrong = False
    left = list(candidates)
    explained: set[str] = set()
    for call in _telling(calls):
        compare = _compare_draws if call.stub == SAMPLER else _compare
        truth = _leaf(_right(right, call), leaf)
        if call.stub == WRITER and not _certain(right, call):
            continue
        answered = _leaf(_answered(call), leaf)
        wrong = wrong or not compare(answered, truth)
        kept = []
        for one in left:
            if one.stub == call.stub:
                predicted = _leaf(_outcome(one.wrong, right, call), leaf)
                if not compare(answered, predicted):
                    continue
                if _tells_apart(call, answered, predicted, truth):
                    explained.add(one.name)
            kept.append(one)
        left = kept
    return wrong, [one for one in left if one.name in explained]


def _telling(calls: Sequence[Call]) -> Iterator[Call]:
    """The calls that are compared: not too large, and not too many."""
    small = [call for call in calls if call.entries <= MAX_ENTRIES]
    yield from sorted(small, key=lambda call: call.entries)[:MAX_CALLS]


def _tells_apart(call: Call, answered: Any, predicted: Any, truth: Any) -> bool:
    if call.stub != SAMPLER:
        return not _compare(predicted, truth)
    return _log_likelihood(answered, predicted) - _log_likelihood(answered, truth) > SURE


# -- what would have been answered ----------------------------------------------------------------


def _right(right: Reference, call: Call) -> Any:
    if call.stub == SAMPLER:
        return _outcome(lambda known, *args: probabilities(*args), right, call)
    if call.parameters is not None:
        return _outcome(lambda known, *args: unrolled(*args), right, call)
    function = getattr(right, call.stub)
    return _outcome(lambda known, *args, **kwargs: function(*args, **kwargs), right, call)


def _certain(right: Reference, call: Call) -> bool:
    """Whether the right answer is the same whatever is drawn."""
    return bool(_right(right, call) == _right(right, call.with_other_seed()))


def _outcome(function: Callable[..., Any], right: Reference, call: Call) -> Any:
    """What ``function`` gives for a call's arguments; RAISED where it raises."""
    args = tuple(_fresh(value) for value in call.args)
    kwargs = copy.deepcopy(dict(call.kwargs))
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if call.stub == SAMPLER:
                settings = (kwargs.get("temperature", 1.0), kwargs.get("top_k"))
                return function(right, np.asarray(args[0], dtype=float), *settings)
            if call.parameters is not None:
                return list(function(right, call.parameters, *args, kwargs.get("h")))
            answers = [function(right, *args, **kwargs) for _ in range(call.times)]
    except Exception:
        return RAISED
    return answers[0] if call.times == 1 else answers


def _fresh(value: Any) -> Any:
    """An argument as it was passed: a generator from its seed, all else a copy."""
    if isinstance(value, np.random.Generator):
        return np.random.default_rng(seed_of(value))
    return copy.deepcopy(value)


def _answered(call: Call) -> Any:
    if isinstance(call.answer, StudentError):
        return RAISED if call.answer.kind == "raised" else NOTHING
    if call.stub == SAMPLER and call.times == 1:
        return [call.answer]
    return call.answer


def _leaf(value: Any, leaf: Leaf) -> Any:
    for step in leaf:
        try:
            value = value[step]
        except (IndexError, KeyError, TypeError):
            return NOTHING
    return value


# -- comparing ------------------------------------------------------------------------------------


def _compare(answered: Any, predicted: Any) -> bool:
    """Whether two answers are the same in kind, shape and every number, NaN and inf too."""
    if answered is NOTHING or predicted is NOTHING:
        return False
    if isinstance(answered, str) or isinstance(predicted, str):
        return answered is predicted
    if isinstance(answered, dict) or isinstance(predicted, dict):
        both = isinstance(answered, dict) and isinstance(predicted, dict)
        return (
            both
            and answered.keys() == predicted.keys()
            and all(_compare(answered[key], predicted[key]) for key in answered)
        )
    mine, theirs = _as_numbers(answered), _as_numbers(predicted)
    if mine is None or theirs is None:
        if not isinstance(answered, list | tuple) or not isinstance(predicted, list | tuple):
            return False
        return len(answered) == len(predicted) and all(map(_compare, answered, predicted))
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


def _compare_draws(drawn: Any, distribution: Any) -> bool:
    """Whether tokens can have been drawn with these probabilities (V,)."""
    p, tokens = _as_numbers(distribution), _as_numbers(drawn)
    if p is None or tokens is None:
        return drawn is RAISED and distribution is RAISED
    if tokens.dtype.kind == "f" or p.ndim != 1 or not np.isfinite(p).all():
        return False
    if tokens.ndim != 1 or tokens.min() < 0 or tokens.max() >= len(p):
        return False
    try:
        follows(tokens.tolist(), p)
    except Disagreement:
        return False
    return True


def _log_likelihood(drawn: Any, distribution: Any) -> float:
    """How likely tokens are to be drawn in this order, in nats; -inf is kept finite."""
    p = _as_numbers(distribution)
    if p is None or drawn is RAISED:
        return 0.0
    return float(np.log(np.maximum(p[np.asarray(drawn)], IMPOSSIBLE)).sum())
