"""Makes a failing call smaller: fewer numbers, and rounder ones.

As property-based testing does it: whatever still fails is kept, and tried again. Each step makes
the call easier to follow by hand (``arguments.effort``), so the search ends by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from autograder.examples.arguments import (
    Place,
    effort,
    is_array,
    is_easier,
    is_number,
    replaced,
    values,
)
from autograder.session.student import Call
from autograder.worker.values import seed_of
from autograder.worker.wire import Array

# The first of several calls that still fails; None if none does.
FirstFailing = Callable[[Sequence[Call]], Call | None]
# Simpler calls that may still fail.
Simpler = Callable[[Call], Iterator[Call]]
# Axes that have the same size, and plain numbers that are that size.
Axes = Sequence[tuple[Place, int | None]]
# An array with more entries than this, or an axis, is not gone through one by one.
FEW = 14


def shrink(call: Call, first_failing: FirstFailing) -> Call:
    """The smallest failing call that is found from a failing one.

    Args:
        call: fails.
        first_failing: says which of some calls fails; the smaller ones come first.
    """
    axes = equal_axes(call)
    bounds = _bounds(call)

    def fewer() -> Iterator[Simpler]:
        yield partial(_all_axes, axes=axes)
        yield _without_options
        for one in axes:
            yield partial(_one_axis, axes=one)
        for place, _ in values(call):
            yield partial(_left_out, place=place)
            yield partial(_smaller_scalar, place=place)

    def rounder() -> Iterator[Simpler]:
        yield _all_rounder
        for place, _ in values(call):
            yield partial(_rounder, place=place)
        for place, _ in values(call):
            yield partial(_entries, place=place)

    smallest = effort(call)
    # The call that a step could not make smaller: the step would only try the same again.
    stuck_at: dict[int, Call] = {}
    while True:
        before = smallest
        for step, simpler in enumerate(chain(fewer(), rounder())):
            if stuck_at.get(step) is call:
                continue
            batch = [
                new for new in simpler(call) if is_easier(new, smallest) and _within(new, bounds)
            ]
            found = first_failing(batch) if batch else None
            if found is None:
                stuck_at[step] = call
            else:
                call, smallest = found, effort(found)
        if smallest == before:
            return call


# -- how many numbers -----------------------------------------------------------------------------


def equal_axes(call: Call) -> list[Axes]:
    """The axes of all arguments, those of equal size together: they may be the same dimension.

    A model's sizes go with the axes of its parameters.
    """
    by_size: dict[int, list[tuple[Place, int | None]]] = defaultdict(list)
    for place, value in values(call):
        if is_array(value):
            for axis, size in enumerate(np.shape(value)):
                by_size[size].append((place, axis))
    for place, value in values(call):
        if place[0] == "sizes" and value in by_size:
            by_size[value].append((place, None))
    return [axes for size, axes in sorted(by_size.items(), reverse=True) if size > 1]


def _all_axes(call: Call, axes: Sequence[Axes]) -> Iterator[Call]:
    for size in (1, 2, 3):
        yield _cut(call, {where: size for one in axes for where in one})


def _one_axis(call: Call, axes: Axes) -> Iterator[Call]:
    now = max(_size(call, *where) for where in axes)
    for size in sorted({1, 2, 3, now // 2, now - 1}):
        if 0 < size < now:
            yield _cut(call, dict.fromkeys(axes, size))
    for index in range(now if 1 < now <= FEW else 0):
        yield _without_index(call, axes, index)


def _size(call: Call, place: Place, axis: int | None) -> int:
    value: Any = dict(values(call)).get(place)
    if value is None:
        return 0
    return int(value) if axis is None else np.shape(value)[axis]


def _cut(call: Call, sizes: Mapping[tuple[Place, int | None], int]) -> Call:
    """The first entries along some axes, where there are more."""
    now = dict(values(call))
    changes: dict[Place, Any] = {}
    for (place, axis), size in sizes.items():
        if place not in now:
            continue
        value = changes.get(place, now[place])
        if axis is None:
            changes[place] = min(size, int(value))
        else:
            index = (slice(None),) * axis + (slice(size),)
            changes[place] = np.asarray(value)[index]
    return replaced(call, changes)


def _without_index(call: Call, axes: Axes, index: int) -> Call:
    """Without one entry along some axes."""
    now = dict(values(call))
    changes: dict[Place, Any] = {}
    for place, axis in axes:
        value: Any = changes.get(place, now.get(place))
        if value is None:
            continue
        if axis is None:
            changes[place] = int(value) - 1
        elif index < np.shape(value)[axis]:
            changes[place] = np.delete(np.asarray(value), index, axis)
    return replaced(call, changes)


def _without_options(call: Call) -> Iterator[Call]:
    for name in call.kwargs:
        yield replaced(call, {("kwargs", name): None})


def _left_out(call: Call, place: Place) -> Iterator[Call]:
    """Without one of several arrays of a dict."""
    if len(place) > 2 and isinstance(place[-1], str):
        beside = [other for other, _ in values(call) if other[:-1] == place[:-1]]
        if place in beside and len(beside) > 1:
            yield replaced(call, {place: None})


def _smaller_scalar(call: Call, place: Place) -> Iterator[Call]:
    value: Any = dict(values(call)).get(place)
    if isinstance(value, np.random.Generator):
        if seed_of(value) > 0:
            yield replaced(call, {place: np.random.default_rng(0)})
    elif is_number(value) and not isinstance(value, float | np.floating):
        for new in sorted({1, 2, 3, int(value) // 2, int(value) - 1}):
            if 0 < new < value:
                yield replaced(call, {place: new})
    elif is_number(value):
        for rough in (1.0, 2.0, 0.5, float(round(value)), round(float(value), 1)):
            if rough and rough != value:
                yield replaced(call, {place: rough})


# -- which numbers --------------------------------------------------------------------------------


def _all_rounder(call: Call) -> Iterator[Call]:
    for decimals in (0, 1, 3):
        yield replaced(
            call,
            {
                place: _truncated(np.asarray(value), decimals)
                for place, value in values(call)
                if is_array(value)
            },
        )


def _rounder(call: Call, place: Place) -> Iterator[Call]:
    value: Any = dict(values(call)).get(place)
    if not is_array(value) or not np.size(value):
        return
    array = np.asarray(value)
    yield replaced(call, {place: np.zeros_like(array)})
    if array.dtype.kind != "f":
        _, ranks = np.unique(array, return_inverse=True)
        yield replaced(call, {place: ranks.reshape(array.shape).astype(array.dtype)})
        return
    if np.abs(array).max() >= 1:
        yield replaced(call, {place: np.ones_like(array)})
    if array.itemsize < 8:
        yield replaced(call, {place: array.astype(np.float64)})
    for decimals in (0, 1, 3):
        yield replaced(call, {place: _truncated(array, decimals)})
    yield replaced(call, {place: np.full_like(array, 0.5)})


def _entries(call: Call, place: Place) -> Iterator[Call]:
    """With another number for each entry of a small array by itself."""
    value: Any = dict(values(call)).get(place)
    if not is_array(value) or not 1 < np.size(value) <= FEW:
        return
    array = np.asarray(value)
    for index in np.ndindex(array.shape):
        for new in (0, 1) if array[index] >= 1 else (0,):
            if array[index] != new:
                changed = array.copy()
                changed[index] = new
                yield replaced(call, {place: changed})


def _truncated(array: Array, decimals: int) -> Array:
    """Rounded towards zero, so that no entry grows; inf stays, and ints do."""
    if array.dtype.kind != "f":
        return array
    with np.errstate(invalid="ignore"):
        scaled: Array = np.trunc(array * 10**decimals + np.sign(array) * 1e-9) / 10**decimals + 0.0
    return np.where(np.isfinite(array), scaled, array).astype(array.dtype)


# -- what must stay as it is ----------------------------------------------------------------------


def _bounds(call: Call) -> list[tuple[Place, Place]]:
    """Which plain number is above all entries of which array of ids: a vocabulary's size is."""
    found = list(values(call))
    return [
        (ids, bound)
        for ids, array in found
        if is_array(array) and np.size(array) and np.asarray(array).dtype.kind != "f"
        for bound, number in found
        if isinstance(number, int) and np.max(array) < number
    ]


def _within(call: Call, bounds: Sequence[tuple[Place, Place]]) -> bool:
    found = dict(values(call))
    return all(
        not np.size(found[ids]) or np.max(found[ids]) < found[bound]
        for ids, bound in bounds
        if ids in found and bound in found
    )
