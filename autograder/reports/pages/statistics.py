"""What a class's marks say of the class, and of the criteria."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autograder.course.rubric import Criterion, Part, Rubric
from autograder.results.rows import Row

NOT_CHECKED = frozenset({"unreadable", "not graded"})
# What differs by less is rounding.
ROUNDING = 1e-7


@dataclass(frozen=True)
class PartStatistics:
    """How many submissions earned all, some and none of a part; the mean share that was earned."""

    part: Part
    full: int
    some: int
    none: int
    mean: float


@dataclass(frozen=True)
class CriterionStatistics:
    """How a criterion went.

    ``met`` is the share of submissions that earned all of it, ``earned`` the mean share of its
    points. ``discrimination`` is the correlation, over the submissions, of its points with the
    total without it: high where those who are strong in the rest earn it, near 0 or below where it
    tells nothing or is wrong itself. None where all earned the same of it or of the rest.
    """

    part: Part
    criterion: Criterion
    met: float
    earned: float
    discrimination: float | None


@dataclass(frozen=True)
class Statistics:
    """Of the submissions that could be checked, whose totals are ``totals``, in points."""

    totals: tuple[float, ...]
    max_score: float
    parts: tuple[PartStatistics, ...]
    criteria: tuple[CriterionStatistics, ...]

    @property
    def mean(self) -> float:
        return float(np.mean(self.totals)) if self.totals else 0.0

    @property
    def median(self) -> float:
        return float(np.median(self.totals)) if self.totals else 0.0

    @property
    def quartiles(self) -> tuple[float, float]:
        low, high = np.percentile(self.totals, [25, 75]) if self.totals else (0.0, 0.0)
        return float(low), float(high)


def statistics(rows: Sequence[Row], rubric: Rubric) -> Statistics:
    """Statistics of the rows that could be checked: the others say nothing of a criterion."""
    checked = [one for one in rows if one.status not in NOT_CHECKED]
    pairs = [(part, each) for part in rubric.parts() for each in part.criteria]
    points = np.array([one.criteria for one in checked]).reshape(len(checked), len(pairs))
    whole = points.sum(axis=1)
    automatic = 1.0 - rubric.written_share
    criteria = [
        _criterion(part, each, points[:, number], whole, each.points * automatic)
        for number, (part, each) in enumerate(pairs)
    ]
    return Statistics(
        totals=tuple(one.total for one in checked),
        max_score=max((one.max_score for one in rows), default=rubric.points),
        parts=tuple(_part(part, points, pairs, automatic) for part in rubric.parts()),
        criteria=tuple(criteria),
    )


def _criterion(
    part: Part,
    criterion: Criterion,
    points: NDArray[np.float64],
    whole: NDArray[np.float64],
    worth: float,
) -> CriterionStatistics:
    shares = points / worth if worth else np.zeros_like(points)
    met = float(np.mean(shares >= 1 - ROUNDING)) if len(shares) else 0.0
    earned = float(np.mean(shares)) if len(shares) else 0.0
    return CriterionStatistics(part, criterion, met, earned, correlation(points, whole - points))


def _part(
    part: Part,
    points: NDArray[np.float64],
    pairs: Sequence[tuple[Part, Criterion]],
    automatic: float,
) -> PartStatistics:
    own = [number for number, (of, _) in enumerate(pairs) if of.id == part.id]
    worth = part.points * automatic
    shares = points[:, own].sum(axis=1) / worth if worth else np.zeros(len(points))
    full, none = shares >= 1 - ROUNDING, shares <= ROUNDING
    return PartStatistics(
        part=part,
        full=int(full.sum()),
        some=int((~full & ~none).sum()),
        none=int(none.sum()),
        mean=float(np.mean(shares)) if len(shares) else 0.0,
    )


def correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """Pearson's correlation of two columns; None where one of them does not vary."""
    if len(a) < 2 or np.ptp(a) <= ROUNDING or np.ptp(b) <= ROUNDING:
        return None
    return float(np.corrcoef(a, b)[0, 1])
