"""What a person should know of what was collected, in a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.intake.finding import Collected, some


def describe(collected: Collected) -> Iterator[str]:
    """What was left out, who is late and not how late, and how the roster fits."""
    counts = [
        name if count == 1 else f"{name} ({count} times)"
        for name, count in sorted(collected.left_out.items())
        if name != "__MACOSX"  # what macOS adds to every zip
    ]
    if counts:
        yield f"left out, as no submission: {some(counts)}"
    unmeasured = [
        one for one in collected.submissions if one.origin.late and not one.origin.late_seconds
    ]
    if unmeasured:
        platform = unmeasured[0].origin.platform.capitalize() or "the platform"
        yield (
            f"Late, but {platform} does not say by how much: "
            f"{some([one.student for one in unmeasured])}. If the rubric has `late`, one day is "
            "counted; put the real number of days into late.csv."
        )
    if collected.absent:
        names = [one.name for one in collected.absent]
        yield f"{len(names)} of the roster handed in nothing: {some(names)}"
    if collected.unknown:
        how_many = _count(collected.unknown, "submission is", "submissions are")
        yield f"{how_many} not in the roster: {some(collected.unknown)}"
    for students in collected.double:
        yield f"{' and '.join(students)} are one person in the roster; only one can be exported"


def _count(what: Sequence[str], one: str, many: str) -> str:
    return f"{len(what)} {one if len(what) == 1 else many}"
