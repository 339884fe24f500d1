"""A right sampler fails with the chance that is stated, and a wrong one fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checks.agree import Disagreement
from autograder.checks.chance import Draws, follows, follows_in_two_rounds, tails

FAIR = np.array([0.5, 0.5])
MIXED, ONLY_ZEROS = [0, 1] * 20, [0] * 40


@given(n=st.integers(1, 40), k=st.integers(0, 40), p=st.floats(0.01, 0.99))
def test_tails_are_those_of_the_binomial_distribution(n: int, k: int, p: float) -> None:
    k = min(k, n)
    mass = [comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(n + 1)]
    at_most, at_least = tails(np.array([k]), n, np.array([p]))
    assert at_most[0] == pytest.approx(sum(mass[: k + 1]))
    assert at_least[0] == pytest.approx(sum(mass[k:]))


@given(chance=st.sampled_from([0.3, 0.05, 1e-3]), p=st.floats(0.05, 0.95), n=st.integers(1, 60))
def test_a_right_sampler_fails_no_more_often_than_stated(chance: float, p: float, n: int) -> None:
    """Summed exactly, over all that two tokens can be drawn."""
    failing = 0.0
    for k in range(n + 1):
        try:
            follows([0] * k + [1] * (n - k), np.array([p, 1 - p]), chance=chance)
        except Disagreement:
            failing += comb(n, k) * p**k * (1 - p) ** (n - k)
    assert failing <= chance


@pytest.mark.parametrize(
    ("rounds", "passes"),
    [
        ([MIXED], True),
        ([ONLY_ZEROS, MIXED], True),
        ([ONLY_ZEROS, ONLY_ZEROS], False),
    ],
)
def test_what_fails_is_drawn_once_more_and_only_then(
    rounds: Sequence[Sequence[int]], passes: bool
) -> None:
    left: Iterator[Sequence[int]] = iter(rounds)

    def draw() -> list[Draws]:
        return [(MIXED, FAIR, "Some draws"), (next(left), FAIR, "Others")]

    if passes:
        follows_in_two_rounds(draw)
    else:
        with pytest.raises(Disagreement, match=r"Others: .* come too"):
            follows_in_two_rounds(draw)
    assert not list(left)


def test_a_round_is_judged_with_the_root_of_the_chance() -> None:
    """18 of 20 alike have a chance of 2e-4: too much for 1e-5 at once, too little for its root."""
    unlikely = [0] * 18 + [1] * 2
    follows(unlikely, FAIR, chance=1e-5)
    with pytest.raises(Disagreement):
        follows_in_two_rounds(lambda: [(unlikely, FAIR, "The draws")], chance=1e-5)
