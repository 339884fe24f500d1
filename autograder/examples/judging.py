"""Whether the result of a call is right, for calls that no check has made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from autograder.checks.agree import (
    DIFFERENTLY,
    Array,
    Disagreement,
    agree,
    as_array,
    kind_of,
    tolerance,
    untouched,
)
from autograder.checks.chance import follows
from autograder.course.reference import Reference
from autograder.misconceptions.library import Library
from autograder.misconceptions.outcomes import (
    Leaf,
    Raised,
    answered,
    layers,
    outcome,
    own,
    same,
    tokens,
    without_generators,
    written,
)
from autograder.session.replies import StudentError
from autograder.session.student import Call
from autograder.submissions.text import counted

# The tokens of an answer that are drawn with the same probabilities, at least, to count them.
ENOUGH_DRAWS = 12

# What a nudge may change of a probability.
NUDGED = 1e-6


class Unfit(Exception):
    """The call cannot be an example: its right result is unknown or not unique."""


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a result.

    ``kind`` classifies the failure. ``expected`` and ``returned`` are the values at the place
    ``at`` in the result. ``raised_at`` is the line of the student's code that raised an exception.
    """

    kind: str
    message: str
    at: Leaf = ()
    expected: Any = None
    returned: Any = None
    raised_at: str = ""


class Judge:
    """Compares results with those of the right pieces, or of the reference if there are none."""

    def __init__(self, reference: Reference, library: Library) -> None:
        self._reference = reference
        self._library = library

    def wrong(self, call: Call, leaves: Sequence[Leaf]) -> Wrong | None:
        """What is wrong with the items ``leaves`` of a call's result; None if they are right.

        Raises Unfit.
        """
        stub = self._reference.stubs[call.stub]
        # A function cannot be pasted, nor can what is one of many right answers be compared.
        of_many = stub.kind in ("judges", "varies") and call.about != "arguments"
        if of_many or call.about == "start":
            raise Unfit
        if call.about == "arguments":
            return self._changed(call)
        if stub.kind == "draws":
            return self._draws(call)
        if stub.kind == "writes":
            return self._writes(call)
        right = self._right(call)
        name = "model(…)" if call.parameters is not None else f"{call.stub}(…)"
        if stub.kind == "returns" and call.times > 1:
            return _differently(call.answer, right, leaves, name)
        if call.about is not None:
            return _other_layers(call, right, answered(call, stub))
        for leaf in leaves:
            wrong = _differs(call.answer, right, leaf, (), name)
            if wrong:
                return wrong
        return None

    def _right(self, call: Call) -> Any:
        """The right result. Raises Unfit if there is none, or if it is not finite."""
        stub = self._reference.stubs[call.stub]
        right = self._library.right()
        try:
            if call.about is not None:
                kinds, shapes = layers(right, call.stub, call.args or stub.sizes)
                return kinds if call.about == "kinds" else shapes
            # The right pieces do not import torch, which takes seconds.
            if call.stub in self._library.pieces:
                once = msgspec.structs.replace(call, times=1)
                answer = outcome(right, once, stub, None)
                # A model may return one array, or several.
                if stub.kind == "model" and isinstance(answer, list):
                    answer = tuple(answer)
            else:
                function = getattr(self._reference, call.stub)
                with np.errstate(all="ignore"):
                    answer = function(*own(list(call.args)), **own(dict(call.kwargs)))
        except Exception:
            raise Unfit from None
        if isinstance(answer, Raised) or not _finite(answer):
            raise Unfit
        return answer

    @staticmethod
    def _changed(call: Call) -> Wrong | None:
        for at, before in enumerate(call.args):
            left = call.answer[at : at + 1] if isinstance(call.answer, list) else []
            try:
                untouched(None if call.answer is None else left, [before], [""])
            except Disagreement:
                message = f"`{call.stub}(…)` modifies an argument in place; work on a copy."
                return Wrong("modified", message, (at,), before, left[0] if left else None)
        return None

    def _draws(self, call: Call) -> Wrong | None:
        shares = self._shares(call, None)
        if isinstance(call.answer, StudentError):
            return _no_answer(call.answer, call.stub)
        answers = [call.answer] if call.times == 1 else call.answer
        ids = tokens(answers)
        if ids is None or not isinstance(answers, list):
            first = answers[0] if isinstance(answers, list) and answers else answers
            return Wrong(
                "not a token", f"`{call.stub}(…)` returns no token id.", (), "a token id", first
            )
        return _unlike(ids, shares, call.stub)

    def _writes(self, call: Call) -> Wrong | None:
        if isinstance(call.answer, StudentError):
            self._certain(call)
            return _no_answer(call.answer, call.stub)
        if call.times > 1:
            expected = self._certain(call)
            answers = [tokens(one) for one in call.answer]
            other = next((one for one in answers if one != answers[0]), None)
            return None if other is None else Wrong("again", _again(call.stub), (), expected, other)
        ids = tokens(call.answer)
        if ids is None:
            self._certain(call)
            message = f"`{call.stub}(…)` returns no list of token ids."
            return Wrong("not tokens", message, (), "token ids", call.answer)
        rows = self._drawn_with(call, ids)
        alike = isinstance(rows, list) and len(rows) == len(ids) >= ENOUGH_DRAWS
        alike = alike and all(np.array_equal(rows[0], row) for row in rows[1:])
        if alike and rows[0].max() < 1 - 1e-9:
            others = [self._drawn_with(one, ids)[0] for one in _nudged(call)]
            if not all(_same_shares(rows[0], other) for other in others):
                raise Unfit
            return _unlike(ids, rows[0], call.stub)
        expected = self._certain(call)
        if ids == expected:
            return None
        return Wrong("values", f"`{call.stub}(…)` writes other tokens.", (), expected, ids)

    def _certain(self, call: Call) -> list[int]:
        """The tokens of a text that is certain. Raises Unfit if a token is not."""
        way = getattr(self._library.right(), call.stub, None)
        if way is None:
            raise Unfit
        try:
            with np.errstate(all="ignore"):
                found = written(way, without_generators(call), call.kwargs)
                again = [
                    written(way, without_generators(one), call.kwargs) for one in _nudged(call)
                ]
        except Exception:
            raise Unfit from None
        if found is None or again != [found, found]:
            raise Unfit
        return found

    def _shares(self, call: Call, ids: Sequence[int] | None) -> Array:
        shares = self._drawn_with(call, ids)
        if not isinstance(shares, np.ndarray) or not abs(float(shares.sum()) - 1) < 1e-9:
            raise Unfit
        # If two logits are equal, it is not settled which is the larger.
        if not all(_same_shares(shares, self._drawn_with(one, ids)) for one in _nudged(call)):
            raise Unfit
        return shares

    def _drawn_with(self, call: Call, ids: Sequence[int] | None) -> Any:
        return outcome(self._library.right(), call, self._reference.stubs[call.stub], ids)


def _same_shares(one: Any, other: Any) -> bool:
    """Whether two distributions are equal up to rounding."""
    return np.shape(one) == np.shape(other) and bool(np.abs(one - other).max() < NUDGED)


def _nudged(call: Call) -> tuple[Call, Call]:
    """The call with all floats slightly changed, each differently; and changed the other way."""

    def nudged(sign: int) -> Call:
        rng = np.random.default_rng(0)

        def nudge(value: Any) -> Any:
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                by = rng.uniform(1e-9, 2e-9, value.shape) * (1 + np.abs(value))
                return value + sign * by
            return value

        return msgspec.structs.replace(call, args=tuple(nudge(one) for one in call.args))

    return nudged(1), nudged(-1)


def _unlike(ids: Sequence[int], shares: Array, stub: str) -> Wrong | None:
    n = len(ids)
    if any(not 0 <= one < len(shares) for one in ids):
        message = f"`{stub}(…)` draws ids that no token has."
        return Wrong("draws", message, (), shares, sorted(set(ids)))
    try:
        follows(ids, shares, f"The draws of `{stub}`")
    except Disagreement as error:
        observed = np.bincount(ids, minlength=len(shares)) / n
        message = f"{error.message.removesuffix('.')}, in {n} draws."
        return Wrong("draws", message, (), shares, observed)
    return None


def _no_answer(error: StudentError, stub: str) -> Wrong:
    if error.raised:
        message = f"`{stub}(…)` raises {error.raised}"
        return Wrong(f"raised {error.raised.type}", message, raised_at=error.raised.code)
    return Wrong(error.kind, f"{error.message} {error.detail}".strip())


def _differs(got: Any, right: Any, leaf: Leaf, at: Leaf, name: str) -> Wrong | None:
    """What is wrong at a place of a result, or below it. ``name`` names the whole result."""
    if isinstance(got, StudentError):
        return _no_answer(got, name.removesuffix("(…)"))
    if leaf:
        step, rest = leaf[0], leaf[1:]
        # A tuple that is too short costs the missing items alone.
        short = isinstance(got, list) and not isinstance(right, dict) and len(got) < len(right)
        if not short and not _holds_items(got, right):
            return _other_kind(got, right, at, name)
        try:
            inner = got[step]
        except (KeyError, IndexError, TypeError):
            return _other_kind(got, right, at, name, "no item")
        return _differs(inner, right[step], rest, (*at, step), name)
    if isinstance(right, dict | tuple):
        if not _holds_items(got, right):
            return _other_kind(got, right, at, name)
        keys = list(right) if isinstance(right, dict) else range(len(right))
        wrong = (_differs(got, right, (key,), at, name) for key in keys)
        return next(filter(None, wrong), None)
    if isinstance(right, str):
        message = f"`{name}{index(at)}` is another text."
        return None if same(got, right) else Wrong("values", message, at, right, got)
    try:
        agree(got, right, f"`{name}{index(at)}`")
    except Disagreement as error:
        return Wrong(_kind(got, np.asarray(right)), error.message, at, right, got)
    return None


def _holds_items(got: Any, right: Any) -> bool:
    """Whether a result is a dict where one is expected, or as many items as a tuple has."""
    if isinstance(right, dict) or isinstance(got, dict):
        return isinstance(right, dict) and isinstance(got, dict)
    if isinstance(got, np.ndarray) and not got.ndim:
        return False
    return isinstance(got, list | np.ndarray) and len(got) == len(right)


def index(at: Leaf) -> str:
    """The place of an item as Python writes it, such as ``[1]["W_x"]``."""
    return "".join(f'["{step}"]' if isinstance(step, str) else f"[{step}]" for step in at)


def _kind(got: Any, right: Array) -> str:
    try:
        array = as_array(got, "")
    except Disagreement:
        return "form"
    if array.shape != right.shape:
        return "shape"
    if not np.isfinite(array).all():
        return "not finite"
    if array.dtype.kind == "f" != right.dtype.kind and bool((array == right).all()):
        return "float"
    if not array.dtype.kind == right.dtype.kind == "f":
        return "values"
    # Lost precision is another mistake than a wrong value.
    near = bool((np.abs(array - right) <= 1e3 * tolerance(array, right)).all())
    return "nearly right" if near else "values"


def _again(stub: str) -> str:
    return f"`{stub}`: {DIFFERENTLY}"


def _differently(answers: Any, right: Any, leaves: Sequence[Leaf], name: str) -> Wrong | None:
    """Whether a stub returns something else when it is called again with the same arguments."""
    if isinstance(answers, StudentError) or not isinstance(answers, list) or len(answers) < 2:
        return None
    for leaf in leaves:
        wrong = [_differs(one, right, leaf, (), name) for one in answers]
        if len({one and repr(one.returned) for one in wrong}) > 1:
            last = next(one for one in reversed(wrong) if one)
            return replace(last, kind="again", message=_again(name.removesuffix("(…)")))
    return None


def _other_layers(call: Call, right: Any, got: Any) -> Wrong | None:
    """What is wrong with the layers of a model, or with the shapes of its parameters."""
    if isinstance(call.answer, StudentError):
        return _no_answer(call.answer, call.stub)
    if not isinstance(got, dict):
        return Wrong("form", f"`{call.stub}` has no layers.", (), right, got)
    missing = [name for name in right if name not in got]
    other = [name for name in right if name in got and got[name] != right[name]]
    more = [name for name in got if name not in right] if call.about != "kinds" else []
    for names, what in (
        (missing, "is missing"),
        (other, "is not what is expected"),
        (more, "is too many"),
    ):
        if names:
            return Wrong("layers", f"`{names[0]}` of `{call.stub}` {what}.", (), right, got)
    return None


def _other_kind(got: Any, right: Any, at: Leaf, name: str, kind: str = "form") -> Wrong:
    """A result of the wrong kind, or without an expected item."""
    whole = f"`{name}{index(at)}`"
    if isinstance(right, dict) and isinstance(got, dict):
        missing = ", ".join(f'"{key}"' for key in right if key not in got)
        message = f"{whole} has no {missing}."
    elif isinstance(right, dict):
        message = f"{whole} is {kind_of(got)}, expected a dict."
    elif isinstance(got, list):
        message = f"{whole} holds {counted(len(got), 'item')}, expected a tuple of {len(right)}."
    else:
        message = f"{whole} is {kind_of(got)}, expected a tuple of {len(right)} items."
    return Wrong(kind, message, at, right, got)


def _finite(answer: Any) -> bool:
    if isinstance(answer, dict):
        return all(map(_finite, answer.values()))
    if isinstance(answer, tuple | list):
        return all(map(_finite, answer))
    try:
        return bool(np.isfinite(np.asarray(answer, dtype=float)).all())
    except (TypeError, ValueError):
        return False
