"""What a misconception is, and the library of those of an assignment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from autograder.course.folders import Assignment
from autograder.course.stubs import Stubs, load_stubs
from autograder.misconceptions.right import Piece, Right, package_of, pieces_of

Wrong = Callable[..., Any]


@dataclass(frozen=True)
class Misconception:
    """One wrong way to write a stub, or a piece of it.

    ``wrong(right, *args)`` answers what a student with this misconception would where the right
    way has ``piece``; ``right`` are the right ways. With ``cases`` it stands
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


@dataclass(frozen=True)
class Library:
    """The misconceptions of an assignment by name, such as ``average/one-less``; the pieces
    that the right ways are made of; and how its stubs are asked."""

    misconceptions: Mapping[str, Misconception]
    pieces: Mapping[str, Piece]
    stubs: Stubs

    @property
    def costs(self) -> dict[str, frozenset[str]]:
        """The criteria that each misconception costs, by its name."""
        return {name: one.costs for name, one in self.misconceptions.items()}

    def right(self, replaced: Mapping[str, Piece] | None = None) -> Right:
        """The right ways, with some pieces replaced."""
        return Right(self.pieces, replaced)


# By the package that they were defined in.
_known: defaultdict[str, dict[str, Misconception]] = defaultdict(dict)


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
    ``costs`` are criteria with spaces between them, an item as in ``1a.counts:words``.
    """

    def add(wrong: Wrong) -> Wrong:
        whole, known = f"{of}/{name}", _known[package_of(wrong)]
        if whole in known:
            raise ValueError(f"the misconception {whole} is defined twice")
        touched = frozenset(costs.split())
        known[whole] = Misconception(whole, of, piece or of, touched, title, hint, cases, wrong)
        return wrong

    return add


def load_library(assignment: Assignment) -> Library:
    """The misconceptions in the assignment's folder; none without the folder.

    Raises CourseError for a module that cannot be imported.
    """
    files = sorted((assignment.folder / "misconceptions").glob("*.py"))
    modules = [assignment.module(f"misconceptions.{file.stem}") for file in files]
    package = modules[0].__name__.rpartition(".")[0] if modules else ""
    return Library(dict(_known[package]), pieces_of(package), load_stubs(assignment))
