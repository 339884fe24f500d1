"""The mistakes of a submission as reports show them under the feedback policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from autograder.course.rubric import Rubric
from autograder.examples.example import Example
from autograder.marking.marks import Marks
from autograder.marking.mistakes import Mistake


@dataclass(frozen=True)
class Entry:
    """One mistake, with its number. A field that the policy hides is empty.

    ``decided`` is what a person decided for all with this mistake. ``costs`` are titles of criteria
    and the points lost there; 0 where an earlier mistake has cost them already, or they are
    ``credited`` in full.
    """

    number: int
    what: str
    details: tuple[str, ...]
    decided: tuple[str, ...]
    place: str
    cost: float
    credited: bool
    costs: tuple[tuple[str, float], ...]
    hint: str
    spared: tuple[str, ...]
    example: Example | None
    criteria: frozenset[str]

    def describe_costs(self) -> str:
        """Its cost in all, and by criterion."""
        listed = (
            f"{title} {points(lost)}"
            if lost or self.credited
            else f"{title} (see the mistake above)"
            for title, lost in self.costs
        )
        return f"Cost {points(self.cost)}: {', '.join(listed)}"


def entries(marks: Marks, rubric: Rubric) -> tuple[Entry, ...]:
    """The mistakes, in order; none under the policy ``score``."""
    return tuple(_entries(marks, rubric))


def _entries(marks: Marks, rubric: Rubric) -> Iterator[Entry]:
    if rubric.feedback == "score":
        return
    full = rubric.feedback == "full"
    titles = {one.id: one.title for part in rubric.parts() for one in part.criteria}
    for number, one in enumerate(marks.mistakes, start=1):
        about = f"A mistake in `{one.stub}`." if one.stub else "Something is missing here."
        yield Entry(
            number=number,
            what=one.what if full else about,
            details=one.details if full else (),
            decided=tuple(decided_for_all(one)),
            place=", ".join(filter(None, (f"`{one.stub}`" if one.stub else "", one.where))),
            cost=one.cost,
            credited=one.credit == 1,
            costs=tuple((titles[criterion], lost) for criterion, lost in one.costs.items()),
            hint=one.hint,
            spared=one.spared if full else (),
            example=one.example if full else None,
            criteria=frozenset(one.costs),
        )


def decided_for_all(mistake: Mistake) -> Iterator[str]:
    """What a person decided for all with the same mistake, in sentences of plain text."""
    if mistake.comment:
        yield f"Comment by {mistake.who}: {mistake.comment}"
    if mistake.credit is not None:
        yield (
            f"Everyone with this mistake still earns {100 * mistake.credit:g} % of the points, "
            f"as {mistake.who} decided."
        )


def numbers(found: tuple[Entry, ...], criterion: str) -> list[int]:
    """The numbers of the mistakes that cost a criterion."""
    return [one.number for one in found if criterion in one.criteria]


def see_mistakes(found: tuple[Entry, ...], criterion: str) -> str:
    """A reference such as "mistakes 1 and 2" for a criterion; empty if it has no mistake."""
    listed = numbers(found, criterion)
    return f"mistake{'s' * (len(listed) > 1)} {' and '.join(map(str, listed))}" if listed else ""


def as_lines(entry: Entry) -> list[str]:
    """A mistake as lines of plain text: the heading, then what belongs to it."""
    lines = [f"{entry.number}. {entry.what}", *entry.details, *entry.decided]
    lines += [text for text in (entry.place, entry.describe_costs()) if text]
    lines += entry.spared
    if entry.example and entry.example.code:
        lines += ["A call that shows it:", "", *(f"    {line}" for line in entry.example.code), ""]
        lines += describe_result(entry.example)
    return [*lines, f"Hint: {entry.hint}"] if entry.hint else lines


def describe_result(example: Example) -> list[str]:
    """The expected and the returned result of an example; nothing if it raises."""
    if not example.expected:
        return []
    return [f"Expected {example.expected}", f"Returned {example.returned}"]


def points(score: float) -> str:
    """A number of points as reports show it: two decimals, or three of a half hundredth.

    So the halves of 0.25 add up, and a third is 0.33. A half is rounded up.
    """
    half = abs(score * 200 - round(score * 200)) < 1e-6
    return f"{score + 1e-9:.3f}".removesuffix("0") if half else f"{score + 1e-9:.2f}"
