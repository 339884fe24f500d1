"""Runs the visible checks of a part on the functions of a namespace."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from ..checks.agree import DIFFERENTLY, Disagreement, agree
from ..worker.by_hand import REFUSAL
from .answers import AnswerSheet, look_at_answers
from .facts import Case, Check, Criterion, Facts, Mistake, Part
from .mistakes import item_at, named_mistake
from .student import NoAnswer, OwnStudent, Patience, StubCall

State = Literal["met", "missed", "to come"]


@dataclass(frozen=True)
class Miss:
    """Why a check is not met: what is wrong, at which call, and what was expected and got there.

    A miss that is ``plain`` needs no hint: its message says what to do. It ``is_a_try`` if the
    function returned something that is wrong; not if it raised an error.
    """

    message: str
    detail: str = ""
    call: StubCall | None = None
    compared: tuple[Any, Any] | None = None
    mistake: Mistake | None = None
    printed: str = ""
    plain: bool = False
    raised: bool = False

    @property
    def is_a_try(self) -> bool:
        return not self.plain and not self.raised


@dataclass(frozen=True)
class Seen:
    """What the visible checks saw of one criterion, or of one item of it.

    ``passed`` names the checks that are met. They ``asked`` these functions.
    """

    state: State
    miss: Miss | None = None
    passed: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


@dataclass
class PartResult:
    """What the visible checks saw of a part: by criterion, its items or the whole of it.

    ``on_cases`` is, of each function that ``oracle`` has too, the first case that differs, if any.
    ``look_first`` names, of each function, the wrong ones that it calls. ``tries`` says how many
    different tries of a criterion have failed, this one included. ``judged`` are the functions
    that judge others and accept the student's own, which is named.
    """

    part: Part
    seen: dict[str, dict[str | None, Seen]]
    oracle: str
    answers: AnswerSheet | None = None
    on_cases: dict[str, Miss | None] = field(default_factory=dict)
    look_first: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tries: Mapping[str, int] = field(default_factory=dict)
    judged: dict[str, str] = field(default_factory=dict)

    def points(self, criterion: Criterion, state: State) -> float:
        """The points of a criterion that are in this state. Marked answers are in none."""
        items = self.seen.get(criterion.id, {})
        share = sum(seen.state == state for seen in items.values()) / max(len(items), 1)
        return criterion.points * share

    def total(self, state: State) -> float:
        """The part's points that are in this state."""
        return sum(self.points(criterion, state) for criterion in self.part.criteria)

    def tried(self) -> dict[str, str]:
        """The criteria that are missed by wrong values of a function, with its name.

        Not where the message is plain, nor where the fault is in another function.
        """
        tried = {}
        for criterion, items in self.seen.items():
            for one in items.values():
                miss = one.miss
                if one.state != "missed" or miss is None or miss.call is None:
                    continue
                if miss.is_a_try and not self.is_from_elsewhere(miss):
                    tried[criterion] = miss.call.stub
        return tried

    def is_from_elsewhere(self, miss: Miss) -> bool:
        """Whether the function that was asked calls a wrong one."""
        return miss.call is not None and miss.call.stub in self.look_first

    def differing(self) -> list[str]:
        """The functions that answer otherwise than the oracle."""
        return [stub for stub, miss in self.on_cases.items() if miss is not None]

    def to_come(self) -> list[str]:
        """The functions that are still to be written, as far as a check asked for them."""
        seen = [one for items in self.seen.values() for one in items.values()]
        calls = [one.miss.call for one in seen if one.state == "to come" and one.miss is not None]
        return list(dict.fromkeys(call.stub for call in calls if call is not None))

    @property
    def whole(self) -> bool:
        """Whether all visible checks are met, no function answers otherwise than the oracle, and
        all marked answers can be read."""
        states = {seen.state for items in self.seen.values() for seen in items.values()}
        answered = self.answers is None or self.answers.whole
        return states <= {"met"} and not self.differing() and answered


def run_part(facts: Facts, name: str, namespace: MutableMapping[str, Any]) -> PartResult:
    """Runs the visible checks of a part. Raises ValueError where there is no such part.

    Args:
        facts: what is known of the assignment.
        name: the part, such as "2a".
        namespace: holds the student's functions by name.
    """
    part = facts.part(name)
    patience = Patience(facts.limits.call)
    result = PartResult(part, _see_part(facts, part, namespace, patience), facts.oracle)
    if part.id in facts.marked:
        result.answers = look_at_answers(part.id, facts.marked[part.id], namespace)
    met = [stub for stub in part.stubs if _is_met(stub, result.seen.values())]
    result.on_cases = _on_cases(facts, met, namespace, patience)
    _try_judges(facts, result, namespace, patience)
    if result.total("missed") or result.differing():
        result.look_first = _wrong_ones_called(facts, result, namespace, patience)
    return result


def _student(facts: Facts, namespace: MutableMapping[str, Any], patience: Patience) -> OwnStudent:
    return OwnStudent(namespace, facts.models, patience, facts.by_hand, facts.stubs)


def _see_part(
    facts: Facts, part: Part, namespace: MutableMapping[str, Any], patience: Patience
) -> dict[str, dict[str | None, Seen]]:
    asked: dict[str, dict[str | None, list[Check]]] = {}
    for check in facts.checks:
        if any(check.criterion == criterion.id for criterion in part.criteria):
            asked.setdefault(check.criterion, {}).setdefault(check.item, []).append(check)
    return {
        criterion: {
            item: _see(facts, checks, namespace, patience) for item, checks in items.items()
        }
        for criterion, items in asked.items()
    }


def _see(
    facts: Facts, checks: list[Check], namespace: MutableMapping[str, Any], patience: Patience
) -> Seen:
    """The first check that is not met decides, and the calls of all of them name a mistake."""
    student = _student(facts, namespace, patience)
    first: Miss | None = None
    passed = dict.fromkeys(_title(check) for check in checks)
    for check in checks:
        student.printed = io.StringIO()
        try:
            check.function(student, **check.parameters)
            continue
        except Exception as error:
            unfinished = isinstance(error, NoAnswer) and error.kind in ("unfinished", "missing")
            miss = _miss_of(student, error)
        if unfinished:
            return Seen("to come", miss)
        first = first or miss
        passed.pop(_title(check), None)
    calls = list(student.calls)
    if first is None:
        return Seen("met", None, tuple(passed), tuple(dict.fromkeys(call.stub for call in calls)))
    if first.call is not None and first.call.modified:
        message = f"{first.call.modified} {first.message}"
        return Seen("missed", replace(first, message=message, plain=True), tuple(passed))
    if first.compared and first.call and student.answers_differently(first.call):
        first = replace(first, message=f"{first.message} {DIFFERENTLY}")
    asked = checks[0].criterion + (f":{checks[0].item}" if checks[0].item else "")
    known = [one for one in facts.mistakes if asked in one.costs]
    mistake = named_mistake(known, calls, checks[0].leaves)
    return Seen("missed", replace(first, mistake=mistake), tuple(passed))


def _title(check: Check) -> str:
    """What a check is called, in words."""
    return check.function.__name__.removeprefix("test_").replace("_", " ")


def _miss_of(student: OwnStudent, error: Exception) -> Miss:
    if isinstance(error, NoAnswer):
        miss = _miss(student, error.message, error.detail)
        plain = error.kind == "out of time" or REFUSAL in error.message
        return replace(miss, plain=plain, raised=True)
    if isinstance(error, Disagreement):
        miss = _miss(student, error.message, error.detail, error.compared)
        nothing = error.compared is not None and error.compared[1] is None
        return replace(miss, plain=error.says_what_to_do or nothing)
    message = f"What was returned could not be checked ({type(error).__name__})."
    return _miss(student, message, str(error)[:300])


def _miss(
    student: OwnStudent, message: str, detail: str, compared: tuple[Any, Any] | None = None
) -> Miss:
    return Miss(message, detail, student.last, compared, None, student.printed.getvalue())


def _on_cases(
    facts: Facts,
    stubs: Sequence[str],
    namespace: MutableMapping[str, Any],
    patience: Patience,
) -> dict[str, Miss | None]:
    """Of each of these functions that has cases: the first one in which it answers otherwise, if
    any. Not of one that is still to be written."""
    found: dict[str, Miss | None] = {}
    unwritten = set[str]()
    for case in facts.cases:
        if case.stub not in stubs or case.stub in unwritten or found.get(case.stub):
            continue
        student = _student(facts, namespace, patience)
        try:
            answer = _asked(student, case)
            for one in case.wanted:
                agree(item_at(answer, one.leaf), one.value, one.name)
            found[case.stub] = None
        except Exception as error:
            if isinstance(error, NoAnswer) and error.kind in ("unfinished", "missing"):
                unwritten.add(case.stub)
            else:
                found[case.stub] = _miss_of(student, error)
    return found


def _try_judges(
    facts: Facts, result: PartResult, namespace: MutableMapping[str, Any], patience: Patience
) -> None:
    """Of each function that judges others: whether it accepts the student's own one.

    No other right one is here, since it would be a solution. What judges is of no use where it
    rejects one that is right, so until there is one, its criterion is still to come.
    """
    for items in result.seen.values():
        for item, seen in items.items():
            for judge in facts.judged.keys() & set(seen.asked):
                own = facts.judged[judge]
                if _is_right(facts, own, result, namespace, patience):
                    rejected = _rejected(_student(facts, namespace, patience), judge, own)
                    if rejected is None:
                        result.judged[judge] = own
                    else:
                        items[item] = replace(seen, state="missed", miss=rejected)
                else:
                    message = f"`{judge}` is tried on a right `{own}` too, once yours is right."
                    items[item] = Seen("to come", Miss(message))


def _is_right(
    facts: Facts,
    stub: str,
    result: PartResult,
    namespace: MutableMapping[str, Any],
    patience: Patience,
) -> bool:
    """Whether a function of the part, or of another one, is right as far as can be seen here."""
    seen = result.seen
    if stub not in result.part.stubs:
        seen = _see_part(facts, facts.part(stub), namespace, patience)
    if not _is_met(stub, seen.values()):
        return False
    return set(_on_cases(facts, [stub], namespace, patience).values()) <= {None}


def _rejected(student: OwnStudent, judge: str, own: str) -> Miss | None:
    """How a function rejects the student's own one, as it is or rounded in another way."""
    function = student.function(own)

    def rounded_otherwise(*args: Any) -> Any:
        return np.asarray(function(*args)) * (1 + 4 * np.finfo(float).eps)

    rounded_otherwise.__name__ = f"{own}_rounded_otherwise"
    for one, more in (
        (function, "which is right as far as can be seen here: one of the two is wrong."),
        (rounded_otherwise, "with other last digits: compare with a tolerance."),
    ):
        message = f"`{judge}` rejects your own `{own}`, {more}"
        try:
            if getattr(student, judge)(one):
                continue
            detail = ""
        except NoAnswer as error:
            detail = f"{error.message} {error.detail}".strip()
        return replace(_miss(student, message, detail), plain=True)
    return None


def _asked(student: OwnStudent, case: Case) -> Any:
    """What a function answers to the call of a case."""
    function = getattr(student, case.stub)
    if case.model is not None:
        function = function(*case.model.sizes)
        function.load({key: np.array(value) for key, value in case.model.parameters.items()})
    given = {key: _argument(value) for key, value in case.kwargs.items()}
    return function(*map(_argument, case.args), **given)


def _argument(value: Any) -> Any:
    """A list as an array; one of several arrays, such as the weights of a layer, as a tuple."""
    if not isinstance(value, list):
        return value
    try:
        return np.array(value)
    except ValueError:
        return tuple(map(_argument, value))


def _wrong_ones_called(
    facts: Facts, result: PartResult, namespace: MutableMapping[str, Any], patience: Patience
) -> dict[str, tuple[str, ...]]:
    """Of each function of a part: the other functions that it calls and that are wrong."""
    found: dict[str, tuple[str, ...]] = {}
    for stub in result.part.stubs:
        if _is_met(stub, result.seen.values()) and stub not in result.differing():
            continue
        code = getattr(namespace.get(stub), "__code__", None)
        called = set(getattr(code, "co_names", ())) - {stub}
        for other in facts.parts:
            for name in sorted(called & set(other.stubs)):
                here = other.id == result.part.id
                seen = result.seen if here else _see_part(facts, other, namespace, patience)
                if not _is_met(name, seen.values()):
                    place = "" if here else f" of part {other.id}"
                    found[stub] = (*found.get(stub, ()), f"`{name}`{place}")
    return found


def _is_met(stub: str, in_part: Iterable[Mapping[str | None, Seen]]) -> bool:
    misses = [seen.miss for items in in_part for seen in items.values() if seen.miss is not None]
    return not any(miss.call is not None and miss.call.stub == stub for miss in misses)
