"""The right ways in pieces, and one wrong way that is known."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.misconceptions import Right, misconception, piece


@piece
def average(right: Right, values: Any) -> float:
    return float(np.sum(values) / len(values))


@piece
def centered(right: Right, values: Any) -> Any:
    return np.asarray(values) - right.average(values)


@misconception(
    "one-less",
    of="average",
    costs="1a.average",
    title="the sum is divided by one less than how many numbers there are",
    hint="For the numbers 2 and 2, what should the average be?",
)
def one_less(right: Right, values: Any) -> float:
    return float(np.sum(values) / (len(values) - 1))
