"""Finds an example for each criterion that is not met, with the room ``examples``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from autograder.course.folders import CourseError
from autograder.examples.example import Example
from autograder.examples.search import Aim, Found, Search, is_not_there
from autograder.misconceptions.outcomes import Leaf
from autograder.session.student import Call
from autograder.suite.checking import Run

# How many public inputs are tried for a check that failed with its hidden ones.
TRIES = 2

# Runs the check of a run again, with the public inputs of this number.
Publicly = Callable[[Run, int], Run]


@dataclass(frozen=True)
class NotMet:
    """A criterion, or an item of it, that is not met, or only in part.

    ``leaves`` are the items of a result that its checks compare. ``submitted`` are the runs of its
    checks, and ``explained`` those whose calls show the reason.
    """

    name: str
    leaves: tuple[Leaf, ...]
    submitted: Sequence[Run]
    explained: Sequence[Run]


def find_examples(not_met: Iterable[NotMet], search: Search, publicly: Publicly) -> list[Example]:
    """The smallest examples, each of one or more criteria of the same stub."""
    found: list[Found] = []
    for one in not_met:
        # A result can be too odd for any example; then there is none.
        with suppress(Exception):
            _add(found, one, search, publicly)
    return [one.example for one in found]


def _add(found: list[Found], one: NotMet, search: Search, publicly: Publicly) -> None:
    """Adds an example, or adds the criterion to an example that shows it too."""
    aim = Aim(one.name, one.leaves)
    stubs = {call.stub for run in one.explained if run.failed for call in _calls(run)}
    for index, known in enumerate(found):
        if known.call.stub in stubs and search.wrong(known.call, aim):
            found[index] = known.showing(one.name)
            return
    new = _visible(one, search, aim) or _hidden(one, search, publicly)
    if new:
        found.append(new)


def _calls(run: Run) -> Sequence[Call]:
    return [*run.calls, *run.other_calls]


def _visible(one: NotMet, search: Search, aim: Aim) -> Found | None:
    """A call of a visible check, unchanged, since it is small already."""
    submitted = {run.check.name: run for run in one.submitted}
    for run in one.explained:
        if not run.check.visible or not run.failed:
            continue
        # The run with correct functions used a worker that may hold hidden inputs. A report may say
        # that its result is wrong, but not show it.
        as_submitted = _calls(submitted[run.check.name])
        for call, shown in zip(_calls(run), as_submitted, strict=False):
            if search.wrong(call, aim):
                return search.as_it_is(shown, aim)
        generators = search.of_generators(as_submitted, aim)
        if generators:
            return generators
    return None


def _hidden(one: NotMet, search: Search, publicly: Publicly) -> Found | None:
    """The smallest call found from a hidden check that runs with public inputs."""
    for run in _drawn(one.explained):
        calls = _calls(run)
        if calls and all(map(is_not_there, calls)):  # nor are they with other inputs
            return None
        for number in range(TRIES):
            with suppress(CourseError):
                again = publicly(run, number)
                aim = Aim(one.name, one.leaves, again.right)
                found = search.smallest(_calls(again), aim)
                found = found or search.of_generators(again.calls, aim)
                if again.short and not found:
                    # A check may compare more than the items by which its criterion is explained.
                    found = search.smallest(_calls(again), Aim(one.name, ((),), again.right))
                if found or again.short:
                    return found or _in_words(again, aim)
    return None


def _in_words(run: Run, aim: Aim) -> Found | None:
    calls = _calls(run)
    if not calls or is_not_there(calls[-1]):
        return None
    return Search.in_words(run.seen.message, calls[-1], aim)


def _drawn(runs: Iterable[Run]) -> Iterator[Run]:
    """The runs of hidden checks that draw their inputs: only these can have public ones."""
    for run in runs:
        if run.short and not run.check.visible and "rng" in run.check.fixtures:
            yield run
