"""What a way of writing a stub would have answered to a call, and whether it is what was."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.agree import Array, is_whole, tolerance
from autograder.course.stubs import Stub
from autograder.misconceptions.right import Right
from autograder.session.replies import StudentError
from autograder.session.student import Call

# How many numbers of an array, and how many items of a list, take as long to compare as a piece
# takes to compute.
NUMBERS, ITEMS = 2_000, 20
# Of a draw that is certain.
CERTAIN = 1 - 1e-9

Leaf = tuple[int | str, ...]


class Raised(tuple[str, str]):
    """What was raised: the type of the exception, and its text."""


NOTHING = object()


def outcome(right: Right, call: Call, stub: Stub, drawn: Any) -> Any:
    """What a way of writing the stub answers to a call; for draws, what they are drawn with.

    ``drawn`` are the tokens that were drawn, where they are needed to know what the next one is
    drawn with. Of a stub that ``varies``, or what a model's parameters are at the start, it is the
    answer, by which a way knows what was drawn.
    """
    args, kwargs = own(without_generators(call)), own(dict(call.kwargs))
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if call.about == "start":
                return getattr(right, f"{call.stub}_start")(drawn, *(args or stub.sizes))
            if call.about is not None:
                kinds, shapes = layers(right, call.stub, args or stub.sizes)
                return kinds if call.about == "kinds" else shapes
            way = getattr(right, call.stub)
            if call.parameters is not None:
                return way(call.parameters, *args, **kwargs)
            if stub.kind == "draws":
                return way(*args, **kwargs)
            if stub.kind == "writes":
                return list(way(drawn or [], *args, **kwargs))
            if stub.kind == "varies":
                each = [drawn] if call.times == 1 else list(drawn)
                answers = [way(one, *args, **kwargs) for one in each]
                return answers[0] if call.times == 1 else answers
            answers = [way(*args, **kwargs) for _ in range(call.times)]
    except Exception as error:
        return Raised((_kind(error), str(error).strip()))
    return answers[0] if call.times == 1 else answers


def layers(right: Right, model: str, sizes: Sequence[Any]) -> Any:
    """The kinds of a model's layers and the shapes of its parameters, both by name."""
    return getattr(right, f"{model}_layers")(*sizes)


def _kind(error: Exception) -> str:
    """The name that a worker gives to an exception: one of Python's own types."""
    kinds = type(error).__mro__
    return next(kind.__name__ for kind in kinds if kind.__module__ == "builtins")


def written(
    way: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> list[int] | None:
    """The tokens that a way writes where each is certain; None where one is not.

    Each is added to the list that the way is called with, before the next one is asked for.
    """
    ids: list[int] = []
    for shares in map(np.asarray, way(ids, *args, **kwargs)):
        if not shares.max() > CERTAIN:
            return None
        ids.append(int(shares.argmax()))
    return ids


def own(value: Any) -> Any:
    """A copy of arguments, which may be modified: of arrays, and of lists and dicts of these."""
    if isinstance(value, dict):
        return {key: own(one) for key, one in value.items()}
    if isinstance(value, list):
        return [own(one) for one in value]
    return value.copy() if isinstance(value, np.ndarray) else value


def without_generators(call: Call) -> list[Any]:
    """The arguments of a call that a way of writing the stub takes."""
    return [value for value in call.args if not isinstance(value, np.random.Generator)]


def answered(call: Call, stub: Stub) -> Any:
    """What the student answered, in the form in which it is compared.

    Lists of numbers are read as arrays here, once: there are many ways to compare them with.
    """
    answer = call.answer
    if isinstance(answer, StudentError):
        raised = answer.raised
        return Raised((raised.type, raised.text)) if raised and raised.type else NOTHING
    if call.about == "parameters" and isinstance(answer, dict):
        return {name: np.shape(value) for name, value in answer.items()}
    if call.about == "shapes" and isinstance(answer, dict):
        return {name: tuple(shape) for name, shape in answer.items() if isinstance(shape, list)}
    if stub.kind == "draws" and call.times == 1:
        return _as_arrays([answer])
    return _as_arrays(answer)


def _as_arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_arrays(one) for key, one in value.items()}
    if not isinstance(value, list):
        return value
    array = _as_numbers(value)
    return [_as_arrays(one) for one in value] if array is None else array


def weight(answer: Any) -> float:
    """What it takes to compare an answer, as a number of pieces that take as long."""
    if isinstance(answer, np.ndarray):
        return answer.size / NUMBERS
    if isinstance(answer, dict):
        return sum(map(weight, answer.values())) + len(answer) / ITEMS
    if isinstance(answer, list | tuple):
        return sum(map(weight, answer)) + len(answer) / ITEMS
    return 1 / ITEMS


def tokens(drawn: Any) -> list[int] | None:
    """Drawn token ids; None for anything else."""
    array = _as_numbers(drawn)
    if array is None or array.ndim != 1 or not is_whole(array):
        return None
    return [int(token) for token in array]


def at(call: Call, value: Any, leaf: Leaf) -> Any:
    """An item of an answer; what was raised, or asked about a model, is one whole."""
    if isinstance(value, Raised) or call.about is not None:
        return value
    for step in leaf:
        try:
            value = value[step]
        except (IndexError, KeyError, TypeError):
            return NOTHING
    return value


def same(mine: Any, theirs: Any) -> bool:
    """Whether two answers are the same in kind, shape and every number, NaN and inf too."""
    if mine is NOTHING or theirs is NOTHING:
        return False
    for alike in (Raised, str):
        if isinstance(mine, alike) or isinstance(theirs, alike):
            return type(mine) is type(theirs) and bool(mine == theirs)
    if isinstance(mine, dict) or isinstance(theirs, dict):
        both = isinstance(mine, dict) and isinstance(theirs, dict)
        return (
            both
            and mine.keys() == theirs.keys()
            and all(same(mine[key], theirs[key]) for key in mine)
        )
    one, other = _as_numbers(mine, "biuf"), _as_numbers(theirs, "biuf")
    if one is None or other is None:
        if not isinstance(mine, list | tuple) or not isinstance(theirs, list | tuple):
            return False
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if one.shape != other.shape:
        return False
    if not other.size:
        return True
    if one.dtype.kind == "b":
        one = one.astype(float)
    if other.dtype.kind != "f":
        other = other.astype(float)
    finite = np.isfinite(other)
    with np.errstate(invalid="ignore"):
        near = np.abs(one - other) <= tolerance(one, other)
    return bool((near | (~finite & ((one == other) | (np.isnan(one) & np.isnan(other))))).all())


def telling(value: Any) -> bool:
    """Whether an answer is more than zeros, NaN or the same number everywhere."""
    if isinstance(value, dict):
        return any(map(telling, value.values()))
    numbers = _as_numbers(value)
    if numbers is None:
        return isinstance(value, list | tuple) and any(map(telling, value))
    return len(np.unique(numbers[np.isfinite(numbers) & (numbers != 0)])) > 1


def _as_numbers(value: Any, kinds: str = "iuf") -> Array | None:
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        return None
    return array if array.dtype.kind in kinds else None
