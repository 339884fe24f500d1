"""Part 1a: the average, and what is left without it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.checks.agree import agree
from autograder.checks.inputs import Rng, uniform


@pytest.mark.criterion("1a.average")
@pytest.mark.visible
def test_average_of_three(student: Any) -> None:
    agree(student.average(np.array([1.0, 2.0, 6.0])), 3.0, "Of 1, 2 and 6, the average")


@pytest.mark.criterion("1a.average")
@pytest.mark.hidden
def test_average(student: Any, reference: Any, rng: Rng) -> None:
    for size in (2, 7):
        drawn_values = uniform(rng, size)
        agree(student.average(drawn_values), reference.average(drawn_values), "The average")


@pytest.mark.criterion("1a.centered")
@pytest.mark.hidden
def test_centered(student: Any, reference: Any, rng: Rng) -> None:
    drawn_values = uniform(rng, 5)
    agree(student.centered(drawn_values), reference.centered(drawn_values), "What is left")
