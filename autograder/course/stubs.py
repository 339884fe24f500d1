"""How the stubs of an assignment are asked: the table that its ``stubs.py`` may hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from autograder.course.folders import Assignment, CourseError

Kind = Literal["returns", "varies", "draws", "writes", "model", "judges"]

Shape: TypeAlias = "str | tuple[Shape, ...]"


@dataclass(frozen=True)
class Stub:
    """How one stub is asked.

    ``kind`` says what its answers are: it ``returns`` the same for the same arguments; ``varies``
    at random in any other way than the next two, so that several answers are right; ``draws``
    one token from a distribution; ``writes`` tokens, each drawn after those before it; builds a
    ``model``, an ``nn.Module``, by default with the arguments ``sizes``; or ``judges`` a function
    that it is given, which takes arguments of the shapes ``judged``.

    ``takes`` are the shapes of its required arguments, in the contract's letters: "...V" has any
    leading axes, "?" is an axis of any size, "rng" is a random generator. A tuple of shapes is a
    tuple or list of such arrays, and ("*", shape) a list of any length. Where they are given, a
    right one may answer in its place when other stubs call it. ``slow``: the right answer takes
    long, and is kept. ``by_hand``: while it is called, automatic differentiation raises an error.
    """

    kind: Kind = "returns"
    takes: tuple[Shape, ...] = ()
    slow: bool = False
    by_hand: bool = False
    sizes: tuple[int, ...] = ()
    judged: tuple[Shape, ...] = ()


class Stubs(Mapping[str, Stub]):
    """The table of an assignment.

    A stub without a line is of the kind ``returns``, and no correct one replaces it.
    """

    def __init__(self, lines: Mapping[str, Stub]) -> None:
        self._lines = dict(lines)
        self.building_blocks = tuple(name for name, stub in self._lines.items() if stub.takes)
        self.models = tuple(name for name, stub in self._lines.items() if stub.kind == "model")

    def __getitem__(self, name: str) -> Stub:
        return self._lines.get(name, Stub())

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def built_of(self, name: str) -> tuple[str, ...]:
        """The building blocks that may be right ones when a stub is called: those before it.

        Were any other to be, two stubs that do nothing but call each other would both be met.
        """
        blocks = self.building_blocks
        return blocks[: blocks.index(name)] if name in blocks else blocks


def load_stubs(assignment: Assignment) -> Stubs:
    """The table in the assignment's ``stubs.py``; an empty one without the file.

    Raises CourseError where it is wrong.
    """
    file = assignment.folder / "stubs.py"
    if not file.is_file():
        return Stubs({})
    lines = getattr(assignment.module("stubs"), "STUBS", None)
    if not isinstance(lines, dict) or not all(isinstance(one, Stub) for one in lines.values()):
        raise CourseError(f"{file}: holds no table such as STUBS = {{'f': Stub()}}; write it")
    return Stubs(lines)
