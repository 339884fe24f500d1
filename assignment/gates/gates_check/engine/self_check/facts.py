"""What the self-check knows of an assignment: plain data, which the release writes as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# The way to an item of an answer: the places and keys to take, one after another.
Leaf = Sequence[int | str]


@dataclass(frozen=True)
class Criterion:
    """A criterion of the rubric. ``points`` are without a reader's share.

    Its hints, in this order: where to ``look``, the idea (``hint``), what is ``almost`` the line.
    """

    id: str
    title: str
    points: float
    hint: str
    items: Sequence[str] = ()
    look: str = ""
    almost: str = ""


@dataclass(frozen=True)
class Part:
    """A part of the assignment, with the functions that it asks for."""

    id: str
    title: str
    stubs: Sequence[str]
    criteria: Sequence[Criterion]


@dataclass(frozen=True)
class Check:
    """A visible check, with its parameters, and the items of an answer that it looks at."""

    function: Callable[..., None]
    criterion: str
    item: str | None
    leaves: Sequence[Leaf]
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """A concept question that is not marked. ``right`` are the letters of its right options."""

    id: str
    topic: str
    question: str
    options: Mapping[str, str]
    right: str
    explanation: str


@dataclass(frozen=True)
class Mistake:
    """A known wrong way, and fingerprints of what it answers to calls of the visible checks, as far
    as that is certain.

    ``costs`` are the criteria, or items, that it costs. ``answers`` are by the key of the call, and
    then by the item of the answer. Of draws they are the probabilities. It ``shows`` in those calls
    to which the right way answers something else.
    """

    stub: str
    costs: Sequence[str]
    title: str
    hint: str
    answers: Mapping[str, Mapping[str, Any]]
    shows: Sequence[str]


@dataclass(frozen=True)
class Model:
    """A model with fixed parameters: what its class is called with, and its ``state_dict``."""

    sizes: Sequence[int]
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Item:
    """An item of an answer: what it is called, the way to it, and its right value."""

    name: str
    leaf: Leaf
    value: Any


@dataclass(frozen=True)
class Case:
    """A call of a stub whose answer is known from elsewhere. Lists are arrays.

    Of a model, this is a call of its ``forward``.
    """

    stub: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    wanted: Sequence[Item]
    model: Model | None = None


@dataclass(frozen=True)
class Limits:
    """Seconds that one cell, all cells together, and one call may take where they are graded."""

    cell: float
    cells: float
    call: float


@dataclass(frozen=True)
class Facts:
    """All that the self-check knows of the assignment ``name``."""

    name: str
    parts: Sequence[Part]
    checks: Sequence[Check]
    # The stubs that are models.
    models: Sequence[str]
    # Those in which automatic differentiation raises an error.
    by_hand: Sequence[str]
    # What computed the cases, and these, the smallest of a stub first.
    oracle: str
    cases: Sequence[Case]
    mistakes: Sequence[Mistake]
    # Of every part with concept questions: their ids, each with the letters of its options.
    marked: Mapping[str, Mapping[str, str]]
    self_test: Sequence[Question]
    limits: Limits
    # The share of the points that a reader awards for written answers.
    written_share: float
    # Digests of the released cells that only draw, check or try something. Where they are still as
    # released, they are not run.
    shows_only: Sequence[str]
    # nbgrader's names of the cells that it collects answers from or marks.
    cells: Sequence[str]
    # The modules that are released beside the assignment.
    beside: Sequence[str]
    # Of each function, the names of its arguments.
    arguments: Mapping[str, Sequence[str]] = field(default_factory=dict)
    # Of every part with a written question, the question.
    written: Mapping[str, str] = field(default_factory=dict)
    # Of each function that judges others, the one that it judges: that takes what those take.
    judged: Mapping[str, str] = field(default_factory=dict)
    # What is handed out in the assignment's folder, by the paths in it.
    handed_out: Sequence[str] = ()
    title: str = ""

    @property
    def files(self) -> tuple[str, str]:
        """What the assignment is called as a notebook and as a script."""
        return f"{self.name}.ipynb", f"{self.name}.py"

    @property
    def stubs(self) -> frozenset[str]:
        """The functions and models of all parts."""
        return frozenset(stub for part in self.parts for stub in part.stubs)

    def part(self, name: str) -> Part:
        """The part with this id, or with this function. Raises ValueError where there is none."""
        for part in self.parts:
            if part.id == name.lower() or name in part.stubs:
                return part
        known = ", ".join(part.id for part in self.parts)
        raise ValueError(f'there is no part "{name}"; the parts are {known}')


def read_facts(file: Path, functions: Mapping[str, Callable[..., None]]) -> Facts:
    """The facts in a file, whose checks are among these functions by name."""
    data = json.loads(file.read_text(encoding="utf-8"))
    for part in data["parts"]:
        part["criteria"] = [Criterion(**one) for one in part["criteria"]]
    for case in data["cases"]:
        case["wanted"] = [Item(**one) for one in case["wanted"]]
        case["model"] = case["model"] and Model(**case["model"])
    for check in data["checks"]:
        check["function"] = functions[check["function"]]
    kinds = {"parts": Part, "checks": Check, "cases": Case, "mistakes": Mistake}
    for key, kind in {**kinds, "self_test": Question}.items():
        data[key] = [kind(**one) for one in data[key]]
    return Facts(**{**data, "limits": Limits(**data["limits"])})
