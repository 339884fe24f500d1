"""Names a known wrong way by what it would have answered to the visible checks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..checks.agree import Disagreement
from ..checks.chance import follows
from ..worker.values import seed_of
from .facts import Leaf, Mistake
from .student import StubCall

# Of the largest entry, in double and in single precision.
DOUBLE, SINGLE = 1e-5, 1e-3
IMPOSSIBLE = float("-inf")
DRAWS = "probabilities"


def call_key(call: StubCall) -> str:
    """Names a call by its function and arguments, the same on every machine."""
    parts = [call.stub, str(call.times)]
    if call.about is not None or call.of_model is not None:
        parts += [str(call.about), str(call.of_model), _written(call.loaded)]
    for value in (*call.args, *(item for pair in sorted(call.kwargs.items()) for item in pair)):
        parts.append(_written(value))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def _written(value: Any) -> str:
    if isinstance(value, np.random.Generator):
        return f"generator {seed_of(value)}"
    if isinstance(value, dict):
        return str([(key, _written(entry)) for key, entry in sorted(value.items())])
    if isinstance(value, np.ndarray):
        # Nine digits, and no difference between 0.0 and -0.0.
        rounded = [f"{number:.9g}" for number in (np.ravel(value) + 0.0).tolist()]
        return f"{value.dtype.kind}{value.shape}{rounded}"
    if isinstance(value, tuple | list) and any(
        isinstance(one, tuple | np.ndarray) for one in value
    ):
        return f"{type(value).__name__} {[_written(one) for one in value]}"
    return getattr(value, "__name__", "") or repr(value)


def named_mistake(
    known: Iterable[Mistake], calls: Iterable[StubCall], leaves: Sequence[Leaf]
) -> Mistake | None:
    """The known wrong way that would have answered these calls as they were, if there is one.

    Of several, it is the one that makes the draws likeliest, or else, that explains more calls;
    none where that does not decide.

    Args:
        calls: those of the checks of one criterion that is not met.
        leaves: the items of an answer that the criterion is about, each as a path into it.
    """
    answered = [(call, call_key(call)) for call in calls]
    best, explains = None, (IMPOSSIBLE, 0)
    for mistake in known:
        expected = [
            (call, mistake.answers[key])
            for call, key in answered
            if call.stub == mistake.stub and key in mistake.answers
        ]
        if not any(key in mistake.shows for _, key in answered):
            continue
        likely = sum(_likelihood(call, predicted, leaves) for call, predicted in expected)
        if likely == IMPOSSIBLE or (likely, len(expected)) < explains:
            continue
        if (likely, len(expected)) > explains:
            best, explains = mistake, (likely, len(expected))
        elif best is not None and best.title != mistake.title:
            best = None
    return best


def _likelihood(call: StubCall, predicted: Mapping[str, Any], leaves: Sequence[Leaf]) -> float:
    """The logarithm of how likely a wrong way answers as a call was answered."""
    if DRAWS in predicted:
        shares = np.array(predicted[DRAWS])
        try:
            drawn = np.ravel(call.answer).tolist()
            follows(drawn, shares)
        except (Disagreement, TypeError, ValueError, IndexError):
            return IMPOSSIBLE
        return float(np.log(shares[drawn]).sum())
    prints = [
        (fingerprint(item_at(call.answer, leaf)), leaf_name(leaf))
        for leaf in leaves_of(call, leaves)
    ]
    same = all(text and text == predicted.get(name) for text, name in prints)
    return 0.0 if same else IMPOSSIBLE


def leaves_of(call: StubCall, leaves: Sequence[Leaf]) -> Sequence[Leaf]:
    """The items of an answer to look at; what is said of a model is one whole."""
    return leaves if call.about is None else [()]


def leaf_name(leaf: Leaf) -> str:
    """A path into an answer as text; empty for the whole."""
    return ".".join(map(str, leaf))


def item_at(answer: Any, leaf: Leaf) -> Any:
    """The item of an answer at a path; None where there is none."""
    for step in leaf:
        try:
            answer = answer[step]
        except (IndexError, KeyError, TypeError):
            return None
    return answer


def fingerprint(answer: Any) -> str:
    """Names an answer by its shape and its numbers, to five digits of the largest.

    Empty for what is not made of finite numbers.
    """
    text = _counted(answer)
    return hashlib.sha256(text.encode()).hexdigest()[:8] if text else ""


def _counted(answer: Any) -> str:
    if isinstance(answer, str):
        return repr(answer)
    if isinstance(answer, dict):
        entries = {str(key): _counted(entry) for key, entry in sorted(answer.items())}
        return str(entries) if all(entries.values()) else ""
    try:
        array = np.asarray(answer)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind in "iuf":
        if not np.isfinite(array).all():
            return ""
        digits = SINGLE if array.dtype.kind == "f" and array.itemsize < 8 else DOUBLE
        array = array.astype(float)
        largest = float(np.abs(array).max(initial=0.0))
        # What is computed by hand lies on halves and thirds of a step, which this keeps off.
        steps = np.floor(array / (digits * largest or 1.0) + 0.2137).astype(np.int64)
        rounded = f"{largest:.2e}" if digits == SINGLE else f"{largest:.4e}"
        return f"{array.shape} {rounded} {steps.ravel().tolist()}"
    if isinstance(answer, list | tuple) and len(answer):
        items = [_counted(entry) for entry in answer]
        return str(items) if all(items) else ""
    return ""
