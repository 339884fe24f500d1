"""What the self-check knows of the course. The release fills the empty values in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Criterion(NamedTuple):
    """A criterion of the rubric, in points that are not a reader's."""

    id: str
    title: str
    points: float
    hint: str
    items: tuple[str, ...] = ()


class Part(NamedTuple):
    """A part of the assignment, with the functions that it asks for."""

    id: str
    title: str
    stubs: tuple[str, ...]
    criteria: tuple[Criterion, ...]


class Check(NamedTuple):
    """A visible check, with its parameters filled in."""

    criterion: str
    item: str | None
    function: Callable[..., None]
    parameters: Mapping[str, Any] = {}


class Question(NamedTuple):
    """A concept question that is not marked. ``right`` are the letters of its right options."""

    id: str
    topic: str
    question: str
    options: Mapping[str, str]
    right: str
    explanation: str


class Mistake(NamedTuple):
    """A known wrong way, and fingerprints of what it answers to calls of the visible checks.

    ``answers`` are by the key of the call, and then by the item of the answer. Of draws they are
    the probabilities.
    """

    stub: str
    title: str
    hint: str
    answers: Mapping[str, Mapping[str, Any]]


class Limits(NamedTuple):
    """Seconds that one cell, and all cells together, may take where they are graded."""

    cell: float
    cells: float


PARTS: tuple[Part, ...] = ()
CHECKS: tuple[Check, ...] = ()
LIMITS = Limits(0, 0)
# The share of the points that a reader awards for written answers.
WRITTEN_SHARE = 0.0
# Of every part with concept questions: their ids, each with the letters of its options.
MARKED: Mapping[str, Mapping[str, str]] = {}
SELF_TEST: tuple[Question, ...] = ()
MISTAKES: tuple[Mistake, ...] = ()
# Digests of the released cells that only draw, check or try something. Where they are still as
# released, they are not run.
SHOWS_ONLY: frozenset[str] = frozenset()
# nbgrader's names of the cells that it collects answers from or marks.
CELLS: tuple[str, ...] = ()
# The modules that are released beside the assignment.
BESIDE: tuple[str, ...] = ()


def part_named(name: str) -> Part:
    """The part with this id. Raises ValueError where there is none."""
    for part in PARTS:
        if part.id == name.lower():
            return part
    known = ", ".join(part.id for part in PARTS)
    raise ValueError(f'there is no part "{name}"; the parts are {known}')
