"""What went wrong in a submission: each mistake once, with all that it cost."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, repeat

import msgspec

from autograder.course.rubric import Criterion, Part
from autograder.examples.example import Example
from autograder.suite.evidence import CheckEvidence, Evidence, Named

Asked = tuple[str, str | None]  # a criterion, and one of its items


class Mistake(msgspec.Struct, frozen=True, omit_defaults=True):
    """One mistake.

    ``what`` is a sentence about it, and ``where`` the cell and line in which its stub is defined.
    ``costs`` are the points that were lost, by criterion; a criterion with 0 was lost together with
    a mistake before. ``spared`` says what was right in spite of it.
    """

    what: str
    costs: dict[str, float]
    name: str = ""
    stub: str = ""
    where: str = ""
    hint: str = ""
    spared: tuple[str, ...] = ()
    example: Example | None = None

    @property
    def cost(self) -> float:
        """All that it cost, in points."""
        return sum(self.costs.values())


class _Entry:
    """A mistake while it is gathered."""

    def __init__(self, what: str, name: str, stub: str, hint: str) -> None:
        self.what, self.name, self.stub, self.hint = what, name, stub, hint
        self.costs: dict[str, float] = {}
        self.example: Example | None = None


def find_mistakes(
    evidence: Evidence, parts: Iterable[Part], lost: Mapping[Asked, float]
) -> tuple[Mistake, ...]:
    """The mistakes in the order of the rubric.

    Args:
        evidence: what was seen.
        parts: of the rubric.
        lost: the points that each criterion, or item of one, did not earn; without those that
            earned all.
    """
    named = {(one.criterion, one.item): one.misconceptions for one in evidence.explanations}
    examples = {shown: one for one in evidence.examples for shown in one.shows}
    checks: dict[Asked, list[CheckEvidence]] = {}
    for check in evidence.checks:
        checks.setdefault((check.criterion, check.item), []).append(check)
    of_parts = [(part, criterion) for part in parts for criterion in part.criteria]
    criteria = {criterion.id: criterion for _, criterion in of_parts}
    parts_of = {criterion.id: part.id for part, criterion in of_parts}
    entries: dict[object, _Entry] = {}
    for asked, points in lost.items():
        criterion, item = asked
        example = examples.get(criterion if item is None else f"{criterion}:{item}")
        found = _entries(
            parts_of[criterion],
            criteria[criterion],
            checks.get(asked, []),
            named.get(asked, ()),
            example,
        )
        # Of two mistakes in one criterion, the first is told what it cost.
        for (key, new), cost in zip(found, chain([points], repeat(0.0)), strict=False):
            entry = entries.setdefault(key, new)
            if new.what not in entry.what:
                entry.what += f" {new.what}"
            if new.hint not in entry.hint:
                entry.hint += f" {new.hint}"
            entry.example = entry.example or example
            entry.costs[criterion] = round(entry.costs.get(criterion, 0.0) + cost, 9)
    spared = _spared(evidence.checks, {criterion for criterion, _ in lost})
    return tuple(
        Mistake(
            what=one.what,
            costs=one.costs,
            name=one.name,
            stub=one.stub,
            where=evidence.defined.get(one.stub, ""),
            hint=one.hint,
            spared=tuple(dict.fromkeys(_taken(spared, one.stub))),
            example=one.example,
        )
        for one in entries.values()
    )


def _entries(
    part: str,
    criterion: Criterion,
    checks: Collection[CheckEvidence],
    named: Iterable[Named],
    example: Example | None,
) -> Iterator[tuple[object, _Entry]]:
    """The mistakes in a criterion, or an item of it, and by what each is the same as another."""
    some = False
    for one in named:
        some = True
        stub = one.name.partition("/")[0]
        yield one.name, _Entry(f"It looks as if {one.title}.", one.name, stub, one.hint)
    if some:
        return
    if example is not None:
        yield example, _Entry(example.message, "", example.stub, criterion.hint)
        return
    short = [check for check in checks if check.submitted.share < 1]
    message = next((check.submitted.message for check in short if check.submitted.message), "")
    stub = next((check.stub for check in short if check.stub), "")
    what = message or f"{criterion.title}: it was not checked."
    # Answers to questions are told together.
    answers = not stub and short and short[0].item is not None
    key = (criterion.id,) if answers else (stub or part, what)
    yield key, _Entry(what, "", stub, criterion.hint)


def _spared(checks: Iterable[CheckEvidence], lost: Collection[str]) -> dict[str, dict[str, str]]:
    """What is right in spite of a mistake: by the stub that was replaced, sentences by stub."""
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
    """The sentences that belong to a mistake in a stub: what is spared spares others in turn."""
    for right, said in spared.pop(stub, {}).items():
        yield said
        yield from _taken(spared, right)
