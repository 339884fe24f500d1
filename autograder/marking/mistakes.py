"""The mistakes of a submission: each once, with its whole cost."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import msgspec

from autograder.course.rubric import Criterion, Part
from autograder.examples.example import Example
from autograder.marking.decisions import ForAll
from autograder.suite.evidence import CheckEvidence, Evidence, Named

NOT_RIGHT = "{}: not all answers are right."
QUESTION = re.compile(r'(?:There is no answer to )?"([^"]+)"')
# Where a stub is as it was released, or not there.
NOT_WRITTEN = re.compile(r"`\w+` is (?:still to be written|not defined)\b")
# What a hint on how to solve it does not help with.
NO_HINT = re.compile(
    r"` is not defined\b|` took longer than |` is not installed here|\bModuleNotFoundError\b"
    r"|\bSyntaxError\b|\bIndentationError\b"
)
# Where in a student's own file something is.
PLACE = re.compile(r"(?: in)? cell \d+\b(?:, line \d+)?")
KEY_DIGITS = 6
UNDECIDED = ForAll("", None, "")


@dataclass(frozen=True)
class Item:
    """The evidence of a criterion, or of one of its items.

    ``wrong_answers`` are the messages about the questions that were answered wrongly.
    """

    part: str
    criterion: Criterion
    checks: Sequence[CheckEvidence]
    named: Sequence[Named]
    example: Example | None
    wrong_answers: Sequence[str]


class Mistake(msgspec.Struct, frozen=True, omit_defaults=True):
    """One mistake.

    ``what`` describes it, with ``details`` such as each answer that is wrong, and ``where`` is the
    cell and line that define its stub. The same mistake has the same ``key`` for every student:
    the name of a misconception, or one made of how it fails. ``costs`` are the lost points by
    criterion; 0 where an earlier mistake has cost them already, or a ``credit`` leaves them whole.
    ``spared`` names the functions that are right although they call this stub. ``unwritten`` says
    that the stub is as it was released, or not defined. ``who`` decided on the ``comment`` and the
    ``credit`` for all who have it.
    """

    what: str
    costs: dict[str, float]
    key: str
    name: str = ""
    stub: str = ""
    where: str = ""
    hint: str = ""
    details: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    example: Example | None = None
    unwritten: bool = False
    comment: str = ""
    credit: float | None = None
    who: str = ""

    @property
    def cost(self) -> float:
        """Its whole cost, in points."""
        return sum(self.costs.values())


class _Entry:
    """A mistake while its costs are added up."""

    def __init__(self, what: str, stub: str, hint: str, detail: str = "", name: str = "") -> None:
        self.what, self.name, self.stub = what, name, stub
        self.hint = "" if NO_HINT.search(what) else hint
        self.details = (detail,) if detail else ()
        self.costs: dict[str, float] = {}
        self.example: Example | None = None
        self.unwritten = bool(NOT_WRITTEN.match(what))

    def add(self, new: _Entry, item: Item, points: float) -> None:
        """Adds the same mistake in another item, and its cost there in points."""
        if new.what not in self.what:
            self.what += f" {new.what}"
        if new.hint not in self.hint:
            self.hint += f" {new.hint}"
        self.details = tuple(dict.fromkeys((*self.details, *new.details)))
        self.example = self.example or item.example
        before = self.costs.get(item.criterion.id, 0.0)
        self.costs[item.criterion.id] = round(before + points, 9)


def items_of(evidence: Evidence, part: Part, criterion: Criterion) -> list[Item]:
    """The evidence of each item of a criterion. A criterion without items counts as one."""
    found = []
    wrong_answers: list[str] = []
    for item in criterion.items or (None,):
        asked = criterion.id, item
        checks = [one for one in evidence.checks if (one.criterion, one.item) == asked]
        explained = [one for one in evidence.explanations if (one.criterion, one.item) == asked]
        named = [misconception for one in explained for misconception in one.misconceptions]
        whole = criterion.id if item is None else f"{criterion.id}:{item}"
        example = next((one for one in evidence.examples if whole in one.shows), None)
        wrong_answers += _wrong_answer(checks)
        found.append(Item(part.id, criterion, checks, named, example, wrong_answers))
    return found


def _wrong_answer(checks: Iterable[CheckEvidence]) -> list[str]:
    """The message about a wrong answer to a question; none for a right one, or for a stub."""
    short = [check for check in checks if check.submitted.share < 1]
    if any(check.stub or check.item is None for check in short):
        return []
    return [check.submitted.message for check in short if check.submitted.message][:1]


def keys_of(item: Item) -> list[str]:
    """The keys of the mistakes in an item that its checks did not find all right."""
    return [key for key, _ in _entries(item)]


def find_mistakes(
    evidence: Evidence, lost: Iterable[tuple[Item, float]], for_all: Mapping[str, ForAll]
) -> tuple[Mistake, ...]:
    """The mistakes in the order of the rubric.

    Args:
        evidence: of the whole submission.
        lost: the items that the checks did not find all right, with the missing points.
        for_all: what is decided for all who have a mistake, by its key.
    """
    entries: dict[str, _Entry] = {}
    criteria: set[str] = set()
    for item, points in lost:
        criteria.add(item.criterion.id)
        # If an item has two mistakes, the first one carries the cost.
        for (key, new), cost in zip(_entries(item), chain([points], repeat(0.0)), strict=False):
            entries.setdefault(key, new).add(new, item, cost)
    spared = _spared(evidence.checks, criteria)
    return tuple(
        Mistake(
            what=one.what,
            costs=one.costs,
            key=key,
            name=one.name,
            stub=one.stub,
            where=evidence.defined.get(one.stub, ""),
            hint=one.hint,
            details=one.details,
            spared=tuple(dict.fromkeys(_taken(spared, one.stub))),
            example=one.example,
            unwritten=one.unwritten,
            comment=decided.comment,
            credit=decided.credit,
            who=decided.who,
        )
        for key, one in entries.items()
        for decided in [for_all.get(key, UNDECIDED)]
    )


def _entries(item: Item) -> Iterator[tuple[str, _Entry]]:
    """The mistakes in an item, by their keys. Those with the same key are one mistake."""
    for one in item.named:
        stub = one.name.partition("/")[0]
        yield one.name, _Entry(f"It looks as if {one.title}.", stub, one.hint, name=one.name)
    if item.named:
        return
    criterion, example = item.criterion, item.example
    if example is not None:
        what = example.message
        key = _key(example.stub, what, *example.code, example.returned, example.raised_at)
        yield key, _Entry(what, example.stub, criterion.hint)
        return
    if answer := _wrong_answer(item.checks):
        # The answers to all questions of a criterion are one entry.
        what = NOT_RIGHT.format(criterion.title)
        key = _key(item.part, what, *item.wrong_answers)
        asked = [found[1] for one in item.wrong_answers if (found := QUESTION.match(one))]
        if asked:
            what = f"{what.rstrip('.')}: {', '.join(asked)}."
        yield key, _Entry(what, "", criterion.hint, *answer)
        return
    short = [check for check in item.checks if check.submitted.share < 1]
    message = next((check.submitted.message for check in short if check.submitted.message), "")
    stub = next((check.stub for check in short if check.stub), "")
    what = message or f"{criterion.title}: it was not checked."
    yield _key(stub or item.part, what), _Entry(what, stub, criterion.hint)


def _key(of: str, what: str, *more: str) -> str:
    """A short key for a failure, the same in every run and wherever it is in a student's file."""
    seen = json.dumps((PLACE.sub("", what), *more))
    return f"{of}/{hashlib.sha256(seen.encode()).hexdigest()[:KEY_DIGITS]}"


def _spared(checks: Iterable[CheckEvidence], lost: Collection[str]) -> dict[str, dict[str, str]]:
    """By each replaced stub: the functions that are right with a correct one, and a sentence."""
    found: dict[str, dict[str, str]] = {}
    for check in checks:
        through = check.followed_through
        if check.criterion in lost or through is None or through.share <= check.submitted.share:
            continue
        others = " and ".join(f"`{name}`" for name in check.stood_in)
        tested = f"it was tested with a correct {others} in place of yours"
        for stub in check.stood_in if check.stub else ():
            found.setdefault(stub, {})[check.stub] = f"`{check.stub}` is right; {tested}."
    return found


def _taken(spared: dict[str, dict[str, str]], stub: str) -> Iterator[str]:
    """The sentences for a mistake in a stub, including functions that call it indirectly."""
    for right, said in spared.pop(stub, {}).items():
        yield said
        yield from _taken(spared, right)
