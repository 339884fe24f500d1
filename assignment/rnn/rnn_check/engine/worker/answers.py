"""What a student's function returned, as plain data, read as ``numpy.asarray`` would read it.

Its bounds lie within those of ``wire``, which a submission meets only if it goes round these.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .values import MAX_DIMENSIONS, NUMERIC_KINDS, WHATS, Unreadable

# Numbers, texts, keys and containers; arrays, and their entries; and bytes.
MAX_ITEMS = 60_000
MAX_ARRAYS = 30_000
MAX_ENTRIES = 2_000_000
MAX_BYTES = 7 << 20
MAX_DEPTH = 8
# Bytes of one text.
MAX_TEXT = 64
KINDS = {"c": "complex numbers", "O": "objects", "U": "text"}


class _TooMuch(Exception):
    pass


class Budget:
    """How much may still cross in one reply; less than ``wire.decode`` would refuse."""

    def __init__(self) -> None:
        self.items = MAX_ITEMS
        self.arrays = MAX_ARRAYS
        self.entries = MAX_ENTRIES
        self.bytes = MAX_BYTES

    def take(self, items: int = 0, size: int = 0) -> None:
        self.items -= items
        self.bytes -= size
        if min(self.items, self.bytes) < 0:
            raise _TooMuch

    def take_array(self, array: np.ndarray[Any, Any]) -> None:
        self.take(size=array.nbytes)
        self.arrays -= 1
        self.entries -= _entries(array)
        if min(self.arrays, self.entries) < 0 or array.ndim > MAX_DIMENSIONS:
            raise _TooMuch


def _entries(array: np.ndarray[Any, Any]) -> int:
    """The number of entries, an empty axis counting as one."""
    return math.prod(max(size, 1) for size in array.shape)


def _plain_text(value: str, budget: Budget) -> str:
    # Halves of surrogate pairs have no place in a message.
    data = value[:MAX_TEXT].encode("utf-8", "replace")[:MAX_TEXT]
    budget.take(size=len(data))
    return data.decode("utf-8", "ignore")


def _named(value: object) -> str:
    """What a value is called: by its type or, as for a model, by what that derives from."""
    names = [f"a {one.__name__}" for one in type(value).__mro__[:-1]]
    return next((name for name in names if name in WHATS), f"a {type(value).__name__}")


def _plain_array(value: Any, budget: Budget) -> object:
    array = np.asarray(value)
    if array.dtype.kind in NUMERIC_KINDS:
        budget.take_array(array)
        return array
    if isinstance(value, np.ndarray | np.generic):
        kind = KINDS.get(array.dtype.kind)
        return Unreadable(f"an array of {kind}" if kind else "an array that holds no numbers")
    return Unreadable(_named(value))


def _plain_tensor(value: Any, budget: Budget) -> object:
    if value.requires_grad:
        return Unreadable("a tensor that still requires its gradient")
    return _plain_array(value.detach().cpu().numpy(), budget)


def _plain(value: Any, budget: Budget, depth: int) -> object:
    budget.take(items=1)
    if depth > MAX_DEPTH:
        return Unreadable("a value nested too deep")
    if value is None or type(value) in (bool, float):
        return value
    if type(value) is int:
        return value if -(2**63) <= value < 2**64 else Unreadable("an integer of over 64 bits")
    if type(value) is str:
        return _plain_text(value, budget)
    if isinstance(value, np.ndarray | np.generic):
        return _plain_array(value, budget)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _plain_tensor(value, budget)
    if isinstance(value, list | tuple):
        return [_read(item, budget, depth + 1) for item in value]
    if isinstance(value, set | frozenset) and all(type(item) is str for item in value):
        budget.take(items=len(value))
        return sorted(_plain_text(item, budget) for item in value)
    if isinstance(value, dict):
        budget.take(items=len(value))
        if not all(type(key) is str for key in value):
            return Unreadable("a dict whose keys are not all text")
        return {
            _plain_text(key, budget): _read(item, budget, depth + 1) for key, item in value.items()
        }
    return _plain_array(value, budget)


def _read(value: object, budget: Budget, depth: int) -> object:
    """As ``_plain``; an item that cannot be read costs that item alone."""
    try:
        return _plain(value, budget, depth)
    except _TooMuch:
        raise
    except Exception:
        return Unreadable(_named(value))


def layers_of(model: Any) -> dict[str, str]:
    """The names of a model's direct children -> the class of torch.nn that each derives from."""
    nn: Any = sys.modules["torch.nn"]
    return {
        name: next(
            one.__name__ for one in type(child).__mro__ if getattr(nn, one.__name__, None) is one
        )
        for name, child in model.named_children()
    }


def reached(model: Any, args: Iterable[Any], kwargs: Mapping[str, Any]) -> list[str]:
    """The parameters that the first thing which a model returns carries a gradient to, by name.

    They are found in the graph of what was computed; nothing is differentiated.
    """
    with sys.modules["torch"].enable_grad():
        answer = model(*args, **kwargs)
    first = answer[0] if isinstance(answer, tuple | list) else answer
    steps, seen, found = [first.grad_fn], set(), set()
    while steps:
        step = steps.pop()
        if step is not None and step not in seen:
            seen.add(step)
            found.add(id(getattr(step, "variable", None)))
            steps += [before for before, _ in step.next_functions]
    return [name for name, one in model.named_parameters() if id(one) in found]


def _is_simple(array: Any) -> bool:
    return (
        array.dtype.kind in NUMERIC_KINDS
        and array.nbytes <= MAX_BYTES
        and array.ndim <= MAX_DIMENSIONS
        and _entries(array) <= MAX_ENTRIES
    )


def plain(value: object, budget: Budget | None = None) -> object:
    """The value as numbers, text, arrays, lists and dicts; what is none of these is Unreadable.

    A tuple becomes a list, a numpy scalar an array without dimensions, a tensor without a
    gradient and any other sequence of numbers an array. Values of one reply share a ``budget``.
    """
    if budget is None and type(value) is np.ndarray and _is_simple(value):
        return value
    try:
        return _read(value, budget or Budget(), 0)
    except _TooMuch:
        return Unreadable("a value of too many items or bytes")
