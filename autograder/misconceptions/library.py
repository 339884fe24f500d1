"""What a misconception is, and the library of all of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

MODULES = ("task01", "task02", "task03", "task04")


@dataclass(frozen=True)
class Misconception:
    """One wrong way to write a stub.

    ``wrong(right, *args, **kwargs)`` answers what a student with this misconception would;
    ``right`` are the right functions. ``kind`` says what it stands for:

    - ``answer``: the stub itself, same arguments, same result.
    - ``probabilities``: a sampler's distribution, ``wrong(right, logits, temperature, top_k)``
      -> (V,) floats that add up to 1.
    - ``model``: the forward pass of a model, ``wrong(right, parameters, tokens, h)``
      -> [logits, h] of numpy arrays.
    """

    name: str
    stub: str
    title: str
    hint: str
    kind: str
    wrong: Callable[..., Any]


_library: dict[str, Misconception] = {}


def misconception(
    name: str, *, of: str, title: str, hint: str, kind: str = "answer"
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds a wrong way to write the stub ``of`` to the library.

    ``title`` completes "It looks as if ..."; ``hint`` leads to the mistake without the line.
    """

    def add(wrong: Callable[..., Any]) -> Callable[..., Any]:
        whole = f"{of}/{name}"
        if whole in _library:
            raise ValueError(f"the misconception {whole} stands in the library twice")
        _library[whole] = Misconception(whole, of, title, hint, kind, wrong)
        return wrong

    return add


@cache
def library() -> Mapping[str, Misconception]:
    """All misconceptions by name, such as ``rnn_cell_forward/no-tanh``."""
    for module in MODULES:
        importlib.import_module(f"autograder.misconceptions.{module}")
    return dict(_library)
