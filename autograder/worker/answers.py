"""What a student's function returned, as plain data, read as ``numpy.asarray`` would read it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .wire import NUMERIC_KINDS, Unreadable

MAX_ITEMS = 1_000_000
MAX_DEPTH = 8
MAX_TEXT = 10_000


class _TooMuch(Exception):
    pass


class _Budget:
    def __init__(self) -> None:
        self.items = MAX_ITEMS


def _name(value: object) -> str:
    return type(value).__name__[:80]


def _plain_text(value: str) -> str:
    # Halves of surrogate pairs have no place in a message.
    return value[:MAX_TEXT].encode("utf-8", "replace").decode()


def _plain_array(value: Any) -> object:
    array = np.asarray(value)
    if array.dtype.kind in NUMERIC_KINDS:
        return array
    if isinstance(value, np.ndarray | np.generic):
        return Unreadable(f"an array of dtype {array.dtype}")
    return Unreadable(f"a {_name(value)}")


def _plain_tensor(value: Any) -> object:
    if value.requires_grad:
        return Unreadable("a tensor that still requires its gradient")
    return _plain_array(value.detach().cpu().numpy())


def _plain(value: Any, budget: _Budget, depth: int) -> object:
    budget.items -= 1
    if budget.items < 0:
        raise _TooMuch
    if depth > MAX_DEPTH:
        return Unreadable(f"a value nested more than {MAX_DEPTH} deep")
    if value is None or type(value) in (bool, float):
        return value
    if type(value) is int:
        return value if -(2**63) <= value < 2**64 else Unreadable("an integer of over 64 bits")
    if type(value) is str:
        return _plain_text(value)
    if isinstance(value, np.ndarray | np.generic):
        return _plain_array(value)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _plain_tensor(value)
    if isinstance(value, list | tuple):
        return [_read(item, budget, depth + 1) for item in value]
    if isinstance(value, set | frozenset) and all(type(item) is str for item in value):
        return sorted(map(_plain_text, value))
    if isinstance(value, dict):
        if not all(type(key) is str for key in value):
            return Unreadable("a dict whose keys are not all text")
        return {_plain_text(key): _read(item, budget, depth + 1) for key, item in value.items()}
    return _plain_array(value)


def _read(value: object, budget: _Budget, depth: int) -> object:
    """As ``_plain``; an item that cannot be read costs that item alone."""
    try:
        return _plain(value, budget, depth)
    except _TooMuch:
        raise
    except Exception as error:
        return Unreadable(f"a {_name(value)} that cannot be read ({_name(error)})")


def plain(value: object) -> object:
    """The value as numbers, text, arrays, lists and dicts; what is none of these is Unreadable.

    A tuple becomes a list, a numpy scalar an array without dimensions, a tensor without a
    gradient and any other sequence of numbers an array.
    """
    try:
        return _read(value, _Budget(), 0)
    except _TooMuch:
        return Unreadable(f"a value of over {MAX_ITEMS:,} items")
