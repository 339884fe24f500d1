"""What a small call returns, to be said before the function is written. Nothing of it is marked."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks.agree import Disagreement
from ..worker.answers import plain
from .facts import Check, Facts
from .student import StubCall

# What can be worked out on paper: so many numbers in all arguments, and in what is returned.
MAX_GIVEN, MAX_RETURNED, TOO_MANY = 16, 6, 1000
# Two digits after the point are enough.
ROUNDING = 0.0051


@dataclass(frozen=True)
class SmallCall:
    """A call of a visible check, and what is right of it, or of the part of it that has a name."""

    call: StubCall
    name: str
    right: Any


def small_calls(facts: Facts, word: str) -> list[SmallCall]:
    """The first small call of each function of a part, or of one function, as far as there is one.

    Raises ValueError where there is no such part or function.
    """
    stubs = [word] if word in facts.stubs else facts.part(word).stubs
    small = (_of_stub(facts, stub) for stub in stubs)
    return [one for one in small if one is not None]


def _of_stub(facts: Facts, stub: str) -> SmallCall | None:
    if stub in facts.models:
        return None
    names = facts.arguments.get(stub, ())
    return next((one for check in facts.checks for one in _asked(check, stub, names)), None)


class _Asked(Exception):
    """A check called another function than the one in question, or the same in another way."""


class _NoStudent:
    """Answers the calls of one function alike, whatever is asked, and keeps the last one."""

    def __init__(self, stub: str, names: Sequence[str], answer: Any) -> None:
        self._stub, self._names, self._answer = stub, tuple(names), answer
        self.last: StubCall | None = None

    def __getattr__(self, name: str) -> Any:
        if name != self._stub:
            raise _Asked(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.last = StubCall(name, self._names, args, kwargs)
            return self._answer

        return call


class _AnyEntry(dict[str, float]):
    """A dict in which every entry is wrong."""

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> float:
        return float("nan")


def _asked(check: Check, stub: str, names: Sequence[str]) -> Iterator[SmallCall]:
    """The first call of a check, if it is a small one of this function.

    A check says what is right where an answer is wrong: so each form of answer is tried.
    """
    nothing = float("nan")
    for answer in (nothing, _AnyEntry(), *([nothing] * count for count in range(2, 8))):
        student = _NoStudent(stub, names, answer)
        try:
            check.function(student, **check.parameters)
        except Disagreement as wrong:
            if student.last is not None and wrong.compared is not None:
                right = np.asarray(wrong.compared[0])
                if right.size <= MAX_RETURNED and _size(student.last) <= MAX_GIVEN:
                    yield SmallCall(student.last, wrong.message.partition(":")[0], right)
                return
        except Exception:
            return


def _size(call: StubCall) -> int:
    """How many numbers the arguments hold."""
    return sum(map(_numbers, (*call.args, *call.kwargs.values())))


def _numbers(value: Any) -> int:
    if isinstance(value, np.random.Generator):
        return 0
    if isinstance(value, dict):
        return sum(map(_numbers, value.values()))
    if isinstance(value, list | tuple):
        return sum(map(_numbers, value))
    array = np.asarray(value)
    return array.size if array.dtype.kind in "biuf" else TOO_MANY


def judged(one: SmallCall, answer: Any) -> str:
    """Whether a prediction is right, in a sentence."""
    try:
        given = np.asarray(plain(answer), dtype=float)
    except (TypeError, ValueError):
        return "A prediction is a number or a list of numbers."
    right = np.asarray(one.right, dtype=float)
    if given.size != right.size:
        if one.right.ndim == 0:
            return f"Not yet: {one.name} is one number."
        return f"Not yet: it has another shape than {given.shape}. What does each axis stand for?"
    close = np.abs(given.ravel() - right.ravel()) <= ROUNDING * max(1.0, np.abs(right).max())
    if not close.all():
        count = int(np.count_nonzero(~close))
        wrong = f"{count} of {close.size} numbers {'is' if count == 1 else 'are'} wrong"
        wrong = "another number" if close.size == 1 else wrong
        return f"Not yet: {wrong}. Go through it once more, one step at a time."
    if given.shape != right.shape:
        shape = f"the shape {right.shape}" if right.ndim else "a plain number"
        return f"The numbers are right. What is returned has {shape}, and yours has {given.shape}."
    return "Right. You know what it does."


def as_written(text: str) -> Any:
    """A prediction from a terminal, such as "0.5, 0.25" or "0.5 0.25". Raises ValueError for what
    is none."""
    with suppress(SyntaxError, ValueError):
        return ast.literal_eval(text.strip())
    try:
        return [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        raise ValueError(f"{text!r} is no number or list of numbers such as [0.5, 0.25]") from None
