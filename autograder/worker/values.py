"""Values that cross as something else: what cannot be read, and random generators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

NUMERIC_KINDS = "biuf"
MAX_DIMENSIONS = 8

# What an unreadable value can be called. A worker may use no other words: they are shown to the
# student, and could reveal what a hidden check has asked.
_NAMES = """
bytes bytearray memoryview complex function method type object module range set frozenset generator
map zip filter enumerate reversed list_iterator dict_keys dict_values dict_items Generator Tensor
Parameter Size PackedSequence Embedding RNN Linear Module
"""
UNKNOWN = "a value of a type that is not asked for"
WHATS = frozenset(
    {UNKNOWN, "an array of objects", "an array of complex numbers", "an array of text"}
    | {"an array that holds no numbers", "a tensor that still requires its gradient"}
    | {"an integer of over 64 bits", "a dict whose keys are not all text"}
    | {"a value nested too deep", "a value of too many items or bytes"}
    | {f"a {name}" for name in _NAMES.split()}
)


class Unreadable:
    """Marks a value that is not plain data; ``what``, one of ``WHATS``, says what it was."""

    # An ordinary class: msgspec would send a Struct or a dataclass as a dict.
    def __init__(self, what: str) -> None:
        self.what = what if what in WHATS else UNKNOWN

    def __repr__(self) -> str:
        return f"Unreadable({self.what!r})"


def how_parameters_differ(
    own: Mapping[str, tuple[int, ...]], given: Mapping[str, tuple[int, ...]]
) -> str:
    """The first difference between a model's own parameters and those given, by name and shape.

    Empty where there is none.
    """
    for name, shape in given.items():
        if name not in own:
            return f"it has no `{name}`"
        if own[name] != shape:
            return f"its `{name}` has the shape {own[name]}, not {shape}"
    return next((f"it has a `{name}` too many" for name in own if name not in given), "")


def as_given(new: object, old: object) -> object:
    """Arrays as they are after a call, in the dtypes and containers in which they were given."""
    if isinstance(old, tuple | list) and isinstance(new, tuple | list):
        return type(old)(map(as_given, new, old))
    if isinstance(old, np.ndarray) and isinstance(new, np.ndarray) and old.dtype.kind == "f":
        return new.astype(old.dtype)
    return new


def seed_of(rng: np.random.Generator) -> int:
    """The seed that a fresh ``numpy.random.default_rng(seed)`` was made from."""
    entropy = getattr(rng.bit_generator.seed_seq, "entropy", None)
    if not isinstance(entropy, int):
        raise TypeError("only a generator made from one integer seed crosses")
    return entropy
