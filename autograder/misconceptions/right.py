"""The right ways of an assignment, in pieces that can be replaced one by one.

A misconception takes the place of one piece, and whatever is built on that piece goes wrong
with it. Two of them in two places are two mistakes at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

Piece = Callable[..., Any]

# By the package of misconceptions that they were defined in.
_pieces: defaultdict[str, dict[str, Piece]] = defaultdict(dict)


class Right:
    """The ``pieces`` by name, some of them ``replaced``: ``right.f(x)``.

    What replaces a piece is called with the right one in its own place. ``used`` are the names of
    the pieces that were asked for.
    """

    def __init__(
        self, pieces: Mapping[str, Piece], replaced: Mapping[str, Piece] | None = None
    ) -> None:
        self._pieces = pieces
        self._replaced = dict(replaced or {})
        self.used: set[str] = set()

    def __getattr__(self, name: str) -> Piece:
        if name.startswith("_") or name not in self._pieces | self._replaced.keys():
            raise AttributeError(name)
        self.used.add(name)
        if name in self._replaced:
            others = {key: one for key, one in self._replaced.items() if key != name}
            found = partial(self._replaced[name], Right(self._pieces, others))
        else:
            found = partial(self._pieces[name], self)
        self.__dict__[name] = found  # to be found there from now on, since pieces are asked often
        return found


class Counting(Right):
    """The right pieces, with a ``count`` of how often any of them was called."""

    def __init__(self, pieces: Mapping[str, Piece]) -> None:
        super().__init__(pieces)
        self.count = 0

    def __getattr__(self, name: str) -> Piece:
        found = super().__getattr__(name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return found(*args, **kwargs)

        self.__dict__[name] = counted
        return counted


def piece(function: Piece) -> Piece:
    """Makes ``function(right, ...)`` a piece of its assignment's right ways, by its own name."""
    _pieces[package_of(function)][function.__name__] = function
    return function


def pieces_of(package: str) -> Mapping[str, Piece]:
    """The pieces that were defined in a package."""
    return _pieces[package]


def package_of(function: Callable[..., Any]) -> str:
    """The package that a function is defined in."""
    return function.__module__.rpartition(".")[0]
