"""The mistakes of a class: each once, with the students who made it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.examples.example import Example
from autograder.marking.marks import DECIMALS
from autograder.marking.mistakes import PLACE, Mistake
from autograder.results.rows import Row


@dataclass(frozen=True)
class Shared:
    """A mistake, and the students who made it, with its cost to each in points."""

    first: Mistake
    of: tuple[tuple[Row, float], ...]
    example: Example | None

    @property
    def key(self) -> str:
        return self.first.key

    @property
    def place(self) -> str:
        """Its stub, or else its part."""
        return self.key.partition("/")[0]

    @property
    def what(self) -> str:
        """What it is, without the place in one student's file."""
        return PLACE.sub("", self.first.what)

    @property
    def cost(self) -> float:
        """Its total cost, in points."""
        return sum(cost for _, cost in self.of)


def by_mistake(rows: Iterable[Row]) -> list[Shared]:
    """The mistakes of a class, the most costly first, and unwritten functions last."""
    found: defaultdict[str, list[tuple[Row, Mistake]]] = defaultdict(list)
    for row in sorted(rows, key=lambda one: one.student):
        for mistake in row.mistakes:
            found[mistake.key].append((row, mistake))
    shared = [
        Shared(
            first=those[0][1],
            of=tuple((row, round(mistake.cost, DECIMALS)) for row, mistake in those),
            example=next(
                (one.example for _, one in those if one.example and one.example.code), None
            ),
        )
        for those in found.values()
    ]
    return sorted(
        shared,
        key=lambda one: (
            one.first.unwritten,
            -round(one.cost, DECIMALS),
            -len(one.of),
            one.key,
        ),
    )
