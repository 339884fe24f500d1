"""What a misconception is, and the library of all of them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

MODULES = ("task01", "task02", "task03", "task04")

Wrong = Callable[..., Any]


@dataclass(frozen=True)
class Misconception:
    """One wrong way to write a stub, or a piece of it.

    ``wrong(right, *args)`` answers what a student with this misconception would where the right
    way has ``piece`` (see ``pieces.py``); ``right`` are the right ways. With ``cases`` it stands
    for a family, and is called with each of them as ``case``. ``costs`` are the criteria that it
    costs where it is the only mistake; the audit holds the checks to them.
    """

    name: str
    stub: str
    piece: str
    costs: frozenset[str]
    title: str
    hint: str
    cases: tuple[Any, ...]
    wrong: Wrong


_library: dict[str, Misconception] = {}


def misconception(
    name: str,
    *,
    of: str,
    costs: str,
    title: str,
    hint: str,
    piece: str | None = None,
    cases: tuple[Any, ...] = (),
) -> Callable[[Wrong], Wrong]:
    """Adds a wrong way to write the stub ``of``, or a piece of it, to the library.

    ``title`` completes "It looks as if ..."; ``hint`` leads to the mistake without the line;
    ``costs`` are criteria with spaces between them, an item as in ``2b.counts:rnn``.
    """

    def add(wrong: Wrong) -> Wrong:
        whole = f"{of}/{name}"
        if whole in _library:
            raise ValueError(f"the misconception {whole} stands in the library twice")
        touched = frozenset(costs.split())
        one = Misconception(whole, of, piece or of, touched, title, hint, cases, wrong)
        _library[whole] = one
        return wrong

    return add


@cache
def library() -> Mapping[str, Misconception]:
    """All misconceptions by name, such as ``rnn_cell_forward/no-tanh``."""
    for module in MODULES:
        importlib.import_module(f"autograder.misconceptions.{module}")
    return dict(_library)
