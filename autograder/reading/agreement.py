"""How far two readers of the same answers agree."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.course.folders import CourseError
from autograder.course.rubric import Rubric
from autograder.marking.decisions import EXACT, WRITTEN, readers_forms
from autograder.reading.form import LOST, NO_ANSWER, UNREAD, Answer, read_form, set_mark
from autograder.reports.terminal import literal

# Of all points that can be had: kappa takes shares for equal that are nearer than one of these.
LEVELS = 20
MOST_SHOWN = 10


@dataclass(frozen=True)
class Agreement:
    """Two readers over the answers that both have read.

    ``equal`` is the share of equal points, ``kappa`` Cohen's kappa with quadratic weights over the
    share of what could be had (NaN where both always gave the same), ``difference`` the mean of the
    second's points less the first's. ``apart`` has the answers that differ, most first.
    """

    readers: tuple[str, str]
    answers: int
    equal: float
    kappa: float
    difference: float
    apart: tuple[tuple[Answer, float, float], ...]


def forms_in(folder: Path) -> list[Path]:
    """The forms of a class: the one that counts, then those of readers."""
    return [path for path in (folder / WRITTEN, *readers_forms(folder)) if path.exists()]


def agreements(folder: Path, rubric: Rubric) -> Iterator[Agreement]:
    """Of each two forms that have answers in common.

    Answers that nobody had to read, since nothing was written, are left out.
    """
    most = {part.id: part.points * rubric.written_share for part in rubric.parts()}
    read = {path.name: _points(path, most) for path in forms_in(folder)}
    for (one, first), (other, second) in combinations(read.items(), 2):
        both = [answer for answer in first if answer in second]
        if both:
            yield _agreement((one, other), first, second, both, most)


def _points(file: Path, most: Mapping[str, float]) -> dict[Answer, float]:
    return {
        answer: float(points)
        for answer, (points, comment) in read_form(file).items()
        if points and answer[1] in most and comment not in (NO_ANSWER, LOST)
    }


def _agreement(
    readers: tuple[str, str],
    first: Mapping[Answer, float],
    second: Mapping[Answer, float],
    both: Sequence[Answer],
    most: Mapping[str, float],
) -> Agreement:
    pairs = [(answer, first[answer], second[answer]) for answer in both]
    apart = [pair for pair in pairs if abs(pair[1] - pair[2]) > EXACT]
    levels = [
        [min(LEVELS, round(LEVELS * own[part] / most[part[1]])) for part in both]
        for own in (first, second)
    ]
    return Agreement(
        readers=readers,
        answers=len(both),
        equal=1 - len(apart) / len(both),
        kappa=_kappa(*levels),
        difference=sum(b - a for _, a, b in pairs) / len(pairs),
        apart=tuple(sorted(apart, key=lambda pair: (-abs(pair[1] - pair[2]), pair[0]))),
    )


def _kappa(first: Sequence[int], second: Sequence[int]) -> float:
    if len({*first, *second}) == 1:
        return math.nan
    # Only here, since it takes seconds to load.
    from sklearn.metrics import cohen_kappa_score

    # All levels are named, so that the weight of two is how far they are apart.
    labels = list(range(LEVELS + 1))
    return float(cohen_kappa_score(first, second, labels=labels, weights="quadratic"))


def take_over(folder: Path, reader: Path) -> tuple[int, int]:
    """Copies a reader's marks to where the form that counts has none.

    Returns how many were copied, and how many other answers have other points there.
    """
    if not reader.exists():
        raise CourseError(f"{reader}: no such form")
    counts, copied, other = read_form(folder / WRITTEN), 0, 0
    for answer, mark in read_form(reader).items():
        now = counts.get(answer, UNREAD)
        if mark[0] and not now[0]:
            set_mark(folder / WRITTEN, answer, now, mark)
            copied += 1
        elif mark[0] and float(mark[0]) != float(now[0]):
            other += 1
    return copied, other


def print_agreements(console: Console, found: Sequence[Agreement]) -> None:
    """Prints the figures of each two readers, and the answers on which they differ most."""
    for one in found:
        kappa = (
            "undefined, both gave the same to all" if math.isnan(one.kappa) else f"{one.kappa:.2f}"
        )
        for line in (
            f"{one.readers[0]} and {one.readers[1]}: {one.answers} answers that both have read",
            f"  equal points: {100 * one.equal:.0f} %",
            f"  weighted kappa: {kappa}",
            f"  mean difference, second less first: {one.difference:+.3f}",
        ):
            console.print(literal(line))
        if one.apart:
            table = Table(title="Where they differ most", title_justify="left")
            for name in ("student", "part", *one.readers):
                table.add_column(literal(name))
            for (student, part), first, second in one.apart[:MOST_SHOWN]:
                table.add_row(literal(student), literal(part), f"{first:g}", f"{second:g}")
            console.print(table)
