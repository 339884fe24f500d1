"""Runs a criterion's checks again, with right stubs in place of those that others are built of."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from autograder.course.stubs import Stubs
from autograder.suite.checking import Run

# Runs the check of a run again, with the right ones of some stubs.
Again = Callable[[Run, Collection[str]], Run]


@dataclass(frozen=True)
class FollowedThrough:
    """How a criterion's checks went with right ones in place.

    ``runs`` ends with the first that fails. Where there is one, the criterion is not ``met``, and
    ``explained`` are the runs whose calls show why.
    """

    runs: Sequence[Run]
    explained: Sequence[Run]

    @property
    def met(self) -> bool:
        return not self.runs[-1].failed


def follow_through(
    submitted: Sequence[Run], wrong: Collection[str], again: Again, stubs: Stubs
) -> FollowedThrough:
    """Tries whether a criterion is met with correct functions for the stubs that are ``wrong``.

    It is met as a whole: by all checks with the same stubs in place. A check in which no right one
    is called counts as submitted, where its stubs were asked.
    """
    known: dict[tuple[str, frozenset[str]], Run] = {}

    def with_right(blocks: Collection[str], run: Run) -> Run:
        built_of = (block for stub in run.asked for block in stubs.built_of(stub))
        right = frozenset(block for block in built_of if block in blocks)
        key = (run.check.name, right)
        if not right:
            return run
        if key not in known:
            another = again(run, right)
            known[key] = another if another.stood_in or run.given_up else run
        return known[key]

    def until_one_fails(blocks: Collection[str]) -> list[Run]:
        runs = []
        for run in sorted(submitted, key=lambda run: not run.failed):
            runs.append(with_right(blocks, run))
            if runs[-1].failed:
                break
        return runs

    # In place of those that are wrong; then of all, since right answers may still not fit, as
    # lists where another stub counts on arrays. Fewer calls back take less time.
    for blocks in (wrong, stubs.building_blocks):
        runs = until_one_fails(blocks)
        if not runs[-1].failed:
            return FollowedThrough(runs, ())
        if runs[-1].drawn:
            break
    matters = any(run.stood_in for run in until_one_fails(wrong))
    explained = [with_right(wrong, run) if matters else run for run in submitted]
    return FollowedThrough(runs, explained)
