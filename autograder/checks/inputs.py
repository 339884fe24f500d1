"""Draws arguments of any kind. Sizes differ in every dimension unless a check asks otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Array = NDArray[Any]
Rng = np.random.Generator


def distinct(rng: Rng, count: int, low: int = 2, high: int = 8) -> list[int]:
    """Sizes from ``low`` to ``high``, no two the same."""
    sizes: list[int] = rng.permutation(np.arange(low, high + 1))[:count].tolist()
    return sizes


def drawn_as(item: pytest.Function) -> str:
    """The name that a check's inputs are drawn under: one for all its parameters.

    So the criteria that are about items of one answer ask for it once.
    """
    return f"{item.path.stem}::{item.originalname}"


def uniform(rng: Rng, *shape: int, scale: float = 1.0) -> Array:
    """Floats between -scale and scale."""
    return rng.uniform(-scale, scale, size=shape)


def single(arguments: tuple[Array, ...]) -> tuple[Array, ...]:
    """The same arguments in float32; ints stay as they are."""
    return tuple(a.astype(np.float32) if a.dtype.kind == "f" else a for a in arguments)


def seed(rng: Rng) -> int:
    """A seed for a generator that is passed to a stub."""
    return int(rng.integers(2**32))
