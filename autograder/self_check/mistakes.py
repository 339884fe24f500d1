"""Names a known wrong way by what it would have answered to the visible checks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from autograder.checks.agree import Disagreement
from autograder.checks.chance import follows
from autograder.self_check.facts import MISTAKES, Mistake
from autograder.self_check.student import StubCall
from autograder.worker.wire import seed_of

# Of the largest entry. Answers are kept with nine digits.
NEARLY = 1e-6
DRAWS = "probabilities"


def call_key(call: StubCall) -> str:
    """Names a call by its function and arguments, the same on every machine."""
    told = [call.stub, str(call.times)]
    for value in (*call.args, *(item for pair in sorted(call.kwargs.items()) for item in pair)):
        told.append(_written(value))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


def _written(value: Any) -> str:
    if isinstance(value, np.random.Generator):
        return f"generator {seed_of(value)}"
    if isinstance(value, dict):
        return str([(key, _written(entry)) for key, entry in sorted(value.items())])
    if isinstance(value, np.ndarray):
        # Nine digits, and no difference between 0.0 and -0.0.
        rounded = [f"{number:.9g}" for number in (np.ravel(value) + 0.0).tolist()]
        return f"{value.dtype.kind}{value.shape}{rounded}"
    return repr(value)


def named_mistake(
    calls: Iterable[StubCall], leaves: Sequence[Sequence[int | str]]
) -> Mistake | None:
    """The first known wrong way that gives all that was answered to these calls.

    Args:
        calls: those of the checks of one criterion that is not met.
        leaves: the items of an answer that the criterion is about, each as a path into it.
    """
    answered = [(call, call_key(call)) for call in calls]
    for mistake in MISTAKES:
        mine = [(call, mistake.answers.get(key)) for call, key in answered if call.stub == mistake.stub]
        told = [(call, predicted) for call, predicted in mine if predicted is not None]
        if told and all(_explains(call, predicted, leaves) for call, predicted in told):
            return mistake
    return None


def _explains(call: StubCall, predicted: Any, leaves: Sequence[Sequence[int | str]]) -> bool:
    if isinstance(predicted, dict) and DRAWS in predicted:
        try:
            follows(np.ravel(call.answer).tolist(), np.array(predicted[DRAWS]))
        except (Disagreement, TypeError, ValueError, IndexError):
            return False
        return True
    return all(same_answer(_at(call.answer, leaf), _at(predicted, leaf)) for leaf in leaves)


def _at(answer: Any, leaf: Sequence[int | str]) -> Any:
    for step in leaf:
        try:
            answer = answer[step]
        except (IndexError, KeyError, TypeError):
            return None
    return answer


def same_answer(answer: Any, predicted: Any) -> bool:
    """Whether two answers are the same in kind, shape and every number, NaN and inf too."""
    if isinstance(predicted, dict) or isinstance(answer, dict):
        if not isinstance(predicted, dict) or not isinstance(answer, dict):
            return False
        if predicted.keys() != answer.keys():
            return False
        return all(same_answer(answer[key], predicted[key]) for key in predicted)
    mine, theirs = _numbers(answer), _numbers(predicted)
    if mine is None or theirs is None:
        pairs = isinstance(answer, list) and isinstance(predicted, list)
        return pairs and len(answer) == len(predicted) and all(map(same_answer, answer, predicted))
    if mine.shape != theirs.shape:
        return False
    largest = float(np.abs(theirs[np.isfinite(theirs)]).max(initial=0.0))
    return bool(np.isclose(mine, theirs, rtol=0.0, atol=NEARLY * largest, equal_nan=True).all())


def _numbers(value: Any) -> Any:
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return array.astype(float) if array.dtype.kind in "iuf" else None
