"""What a person should know of what was collected, in a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.intake.finding import Collected, some


def describe(collected: Collected) -> Iterator[str]:
    """What was left out, who is late and not how late, and how the roster fits."""
    if collected.left_out:
        counts = [
            name if count == 1 else f"{name} ({count} times)"
            for name, count in sorted(collected.left_out.items())
        ]
        yield f"left out, as no submission: {some(counts)}"
    unmeasured = [
        one.student
        for one in collected.submissions
        if one.origin.late and not one.origin.late_seconds
    ]
    if unmeasured:
        yield (
            f"{_count(unmeasured, 'submission is', 'submissions are')} late, and the platform does "
            "not say how late: with `late` in the rubric one day is counted, and late.csv in the "
            f"results says more ({some(unmeasured)})"
        )
    if collected.absent:
        names = [one.name for one in collected.absent]
        yield f"{len(names)} of the roster handed in nothing: {some(names)}"
    if collected.unknown:
        told = _count(collected.unknown, "submission is", "submissions are")
        yield f"{told} not in the roster: {some(collected.unknown)}"
    for students in collected.double:
        yield f"{' and '.join(students)} are one person in the roster; only one can be exported"


def _count(what: Sequence[str], one: str, many: str) -> str:
    return f"{len(what)} {one if len(what) == 1 else many}"
