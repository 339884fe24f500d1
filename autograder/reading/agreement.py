"""How well two readers of the same answers agree."""

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
from autograder.reading.form import UNREAD, Answer, is_blank, read_form, set_mark
from autograder.reports.terminal import literal
from autograder.submissions.text import counted

# For kappa, points are rounded to this many equal steps.
LEVELS = 20
MOST_SHOWN = 10


@dataclass(frozen=True)
class Agreement:
    """Two readers, compared on the answers that both have graded.

    ``equal`` is the share of answers with equal points. ``kappa`` is Cohen's kappa with quadratic
    weights, or NaN if both gave every answer the same share of its points. ``difference`` is the
    second reader's mean minus the first's. ``apart`` lists the answers with different points,
    the largest difference first.
    """

    readers: tuple[str, str]
    answers: int
    equal: float
    kappa: float
    difference: float
    apart: tuple[tuple[Answer, float, float], ...]


def forms_in(folder: Path) -> list[Path]:
    """The forms of a class: the one that counts, then the readers' own."""
    return [path for path in (folder / WRITTEN, *readers_forms(folder)) if path.exists()]


def agreements(folder: Path, rubric: Rubric) -> Iterator[Agreement]:
    """The agreement of each pair of forms that have answers in common.

    Blank answers are left out, since their 0 is given automatically.
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
        if points and answer[1] in most and not is_blank(comment)
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
    """Copies a reader's points into ``written.csv``, for answers that have none there.

    Returns how many were copied, and how many answers have other points there already.
    """
    if not reader.exists():
        raise CourseError(f"{reader} does not exist")
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
    """Prints the agreement of each pair of readers, and their largest differences."""
    for one in found:
        kappa = (
            "undefined, since all points are the same"
            if math.isnan(one.kappa)
            else f"{one.kappa:.2f}"
        )
        who = " and ".join(one.readers)
        for line in (
            f"{who}: {counted(one.answers, 'answer')} graded by both",
            f"  equal points: {100 * one.equal:.0f} %",
            f"  weighted kappa: {kappa}",
            f"  mean difference, second minus first: {one.difference:+.3f}",
        ):
            console.print(literal(line))
        if one.apart:
            table = Table(title="Largest differences", title_justify="left")
            for name in ("student", "part", *one.readers):
                table.add_column(literal(name))
            for (student, part), first, second in one.apart[:MOST_SHOWN]:
                table.add_row(literal(student), literal(part), f"{first:g}", f"{second:g}")
            console.print(table)
