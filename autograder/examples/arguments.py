"""The numbers in a call's arguments: read by place, replaced, and measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np

from autograder.session.student import Call
from autograder.worker.values import seed_of
from autograder.worker.wire import Array

# Where a value is: a field of the call, then an index or a key, and a key of a dict within.
Place = tuple[Any, ...]
FIELDS = ("args", "kwargs", "sizes", "parameters")


def values(call: Call) -> Iterator[tuple[Place, Any]]:
    """All arguments of a call by place: arrays, plain numbers, lists of them, and others."""
    for field in FIELDS:
        yield from _values((field,), getattr(call, field))


def _values(place: Place, value: Any) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _values((*place, key), one)
    elif isinstance(value, tuple | list) and not is_row(value):
        for index, one in enumerate(value):
            yield from _values((*place, index), one)
    elif value is not None:
        yield place, value


def is_row(value: Any) -> bool:
    """Whether it is a list of plain numbers, which is taken for an array."""
    return isinstance(value, list) and all(type(one) in (int, float) for one in value)


def is_array(value: Any) -> bool:
    """Whether it is an array of numbers, or a list of them."""
    return is_row(value) or (isinstance(value, np.ndarray) and value.dtype.kind in "iuf")


def is_number(value: Any) -> bool:
    """Whether it is a plain number."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def replaced(call: Call, changes: Mapping[Place, Any]) -> Call:
    """The call with other values at some places, and without an answer."""
    fields = {field: _replaced((field,), getattr(call, field), changes) for field in FIELDS}
    return msgspec.structs.replace(call, answer=None, **fields)


def _replaced(place: Place, value: Any, changes: Mapping[Place, Any]) -> Any:
    if place in changes:
        new = changes[place]
        return np.asarray(new).tolist() if isinstance(value, list) else new
    if isinstance(value, Mapping):
        return {
            key: _replaced((*place, key), one, changes)
            for key, one in value.items()
            if changes.get((*place, key), ...) is not None
        }
    if isinstance(value, tuple | list) and not is_row(value):
        return type(value)(_replaced((*place, i), one, changes) for i, one in enumerate(value))
    return value


def numbers(call: Call) -> int:
    """How many numbers the arguments hold."""
    return sum(_count(value) for _, value in values(call))


def _count(value: Any) -> int:
    return int(np.size(value)) if is_array(value) else int(is_number(value))


def seeds(call: Call) -> list[int]:
    """The seeds of the generators among the arguments."""
    return [seed_of(one) for one in call.args if isinstance(one, np.random.Generator)]


def numbers_alike(one: Call, other: Call) -> bool:
    """Whether two calls have the same arguments, but for their generators."""
    mine, theirs = (
        [value for _, value in values(call) if is_array(value) or is_number(value)]
        for call in (one, other)
    )
    return len(mine) == len(theirs) and all(map(np.array_equal, mine, theirs))


def effort(call: Call) -> tuple[int, int]:
    """How hard the call is to follow by hand: how many numbers it has, and how plain they are."""
    return _size(call), _plainness_of(call)


def is_easier(call: Call, than: tuple[int, int]) -> bool:
    """Whether the call is easier to follow; how plain its numbers are is only asked in a tie."""
    size = _size(call)
    return size < than[0] or (size == than[0] and _plainness_of(call) < than[1])


def _size(call: Call) -> int:
    return numbers(call) + len(call.kwargs)


def _plainness_of(call: Call) -> int:
    plain = 0
    for _, value in values(call):
        if isinstance(value, np.random.Generator):
            plain += seed_of(value) > 0
        elif is_array(value) or is_number(value):
            plain += _plainness(np.asarray(value))
    return plain


def _plainness(array: Array) -> int:
    """0 for each zero, 1 for each one, 2 for another whole number, more for each decimal."""
    if not array.size:
        return 0
    total = 2 * array.size - 2 * np.count_nonzero(array == 0) - np.count_nonzero(array == 1)
    if array.dtype.kind != "f":
        return int(total + np.count_nonzero(np.abs(array) > 9))
    finite = array[np.isfinite(array)]
    for decimals, more in ((0, 2), (1, 2), (3, 4)):
        rough = np.count_nonzero(np.abs(finite - np.round(finite, decimals)) > 1e-12)
        if not rough:
            break
        total += more * rough
    return int(total) + (array.itemsize < 8 and array.ndim > 0)
