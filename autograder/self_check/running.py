"""Runs the visible checks of a part on the functions of a namespace."""

from __future__ import annotations

import io
import traceback
from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from autograder.checks.agree import Disagreement, agree
from autograder.checks.chance import follows
from autograder.misconceptions.explain import ITEMS, WHOLE
from autograder.self_check.answers import AnswerSheet, look_at_answers
from autograder.self_check.facts import (
    CHECKS,
    MARKED,
    PARTS,
    Check,
    Criterion,
    Mistake,
    Part,
    part_named,
)
from autograder.self_check.mistakes import named_mistake
from autograder.self_check.student import NoAnswer, OwnStudent, StubCall
from autograder.self_check.torch_oracle import compared_with_torch

State = Literal["met", "missed", "to come"]


@dataclass(frozen=True)
class Miss:
    """Why a check is not met: what is wrong, at which call, and what was expected and got there."""

    message: str
    detail: str = ""
    call: StubCall | None = None
    compared: tuple[Any, Any] | None = None
    mistake: Mistake | None = None
    printed: str = ""


@dataclass(frozen=True)
class Seen:
    """What the visible checks saw of one criterion, or of one item of it."""

    state: State
    miss: Miss | None = None


@dataclass
class PartResult:
    """What the visible checks saw of a part: by criterion, its items or the whole of it."""

    part: Part
    seen: dict[str, dict[str | None, Seen]]
    answers: AnswerSheet | None = None
    beside_torch: dict[str, Miss | None] = field(default_factory=dict)
    look_first: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def points(self, criterion: Criterion, state: State) -> float:
        """The points of a criterion that are in this state. Marked answers are in none."""
        items = self.seen.get(criterion.id, {})
        share = sum(seen.state == state for seen in items.values()) / max(len(items), 1)
        return criterion.points * share

    def total(self, state: State) -> float:
        """The part's points that are in this state."""
        return sum(self.points(criterion, state) for criterion in self.part.criteria)

    @property
    def whole(self) -> bool:
        """Whether all visible checks are met, and all marked answers can be read."""
        states = {seen.state for items in self.seen.values() for seen in items.values()}
        return states <= {"met"} and (self.answers is None or self.answers.whole)


def run_part(name: str, namespace: MutableMapping[str, Any]) -> PartResult:
    """Runs the visible checks of a part. Raises ValueError where there is no such part.

    Args:
        name: the part, such as "2a".
        namespace: holds the student's functions by name.
    """
    part = part_named(name)
    result = PartResult(part, _see_part(part, namespace))
    if part.id in MARKED:
        result.answers = look_at_answers(part.id, namespace)
    if not result.total("missed") and not result.total("to come"):
        result.beside_torch = _beside_torch(part, namespace)
    if result.total("missed") or any(result.beside_torch.values()):
        result.look_first = _wrong_ones_called(part, namespace)
    return result


def _see_part(part: Part, namespace: MutableMapping[str, Any]) -> dict[str, dict[str | None, Seen]]:
    asked: dict[str, dict[str | None, list[Check]]] = {}
    for check in CHECKS:
        if any(check.criterion == criterion.id for criterion in part.criteria):
            asked.setdefault(check.criterion, {}).setdefault(check.item, []).append(check)
    return {
        criterion: {
            item: _see(criterion, item, checks, namespace) for item, checks in items.items()
        }
        for criterion, items in asked.items()
    }


def _see(
    criterion: str, item: str | None, checks: list[Check], namespace: MutableMapping[str, Any]
) -> Seen:
    """The first check that is not met decides, and the calls of all of them name a mistake."""
    student = OwnStudent(namespace)
    first: Miss | None = None
    for check in checks:
        student.printed = io.StringIO()
        try:
            check.function(student, **check.parameters)
            continue
        except NoAnswer as problem:
            unfinished = problem.kind in ("unfinished", "missing")
            message, detail, compared = problem.message, problem.detail, None
        except Exception as error:
            unfinished = False
            message, detail = _said(error)
            compared = _compared(error)
        miss = _miss(student, message, detail, compared)
        if unfinished:
            return Seen("to come", miss)
        first = first or miss
    if first is None:
        return Seen("met")
    leaves = ((item,),) if item is not None else ITEMS.get(criterion, WHOLE)
    mistake = named_mistake(student.calls, leaves)
    return Seen("missed", replace(first, mistake=mistake))


def _miss(student: OwnStudent, message: str, detail: str, compared: tuple[Any, Any] | None) -> Miss:
    call = student.calls[-1] if student.calls else None
    return Miss(message, detail, call, compared, None, student.printed.getvalue())


def _beside_torch(part: Part, namespace: MutableMapping[str, Any]) -> dict[str, Miss | None]:
    """Of each function that torch has too: the smallest case in which the two differ, if any."""
    found: dict[str, Miss | None] = {}
    for stub in part.stubs:
        student = OwnStudent(namespace)
        try:
            for name, got, want in compared_with_torch(stub, student):
                found[stub] = None
                agree(got, want, name)
        except NoAnswer as problem:
            found[stub] = _miss(student, problem.message, problem.detail, None)
        except Exception as error:
            found[stub] = _miss(student, *_said(error), _compared(error))
    return found


def _said(error: Exception) -> tuple[str, str]:
    if isinstance(error, Disagreement):
        return error.message, error.detail
    return f"What was returned could not be checked ({type(error).__name__}).", str(error)[:300]


def _compared(error: Exception) -> tuple[Any, Any] | None:
    """What was expected and got where two things were found to differ."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code is agree.__code__:
            return np.asarray(frame.f_locals["want"]), frame.f_locals["got"]
        if frame.f_code is follows.__code__:
            shares = frame.f_locals["probabilities"]
            drawn = frame.f_locals["drawn"]
            counts = np.bincount(drawn, minlength=len(shares))
            return np.asarray(shares), counts / max(len(drawn), 1)
    return None


def _wrong_ones_called(
    part: Part, namespace: MutableMapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    """Of each function of a part: the functions of other parts that it calls and that are wrong."""
    found: dict[str, tuple[str, ...]] = {}
    for stub in part.stubs:
        code = getattr(namespace.get(stub), "__code__", None)
        called = set(getattr(code, "co_names", ()))
        for other in PARTS:
            for name in sorted(called & set(other.stubs)):
                if other.id != part.id and not _is_met(name, other, namespace):
                    found[stub] = (*found.get(stub, ()), f"`{name}` of part {other.id}")
    return found


def _is_met(stub: str, part: Part, namespace: MutableMapping[str, Any]) -> bool:
    of_part = [seen for items in _see_part(part, namespace).values() for seen in items.values()]
    misses = [seen.miss for seen in of_part if seen.miss is not None]
    return not any(miss.call is not None and miss.call.stub == stub for miss in misses)
