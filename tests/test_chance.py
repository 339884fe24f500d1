"""A right sampler fails with the chance that is stated, and a wrong one fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checks.agree import Disagreement
from autograder.checks.chance import (
    CHANCE,
    FIRST,
    MORE,
    Draws,
    follows,
    follows_in_two_rounds,
    tails,
)

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
    asked: list[int] = []

    def draw(times: int) -> list[Draws]:
        asked.append(times)
        return [(MIXED, FAIR, "Some draws"), (next(left), FAIR, "Others")]

    if passes:
        follows_in_two_rounds(draw)
    else:
        with pytest.raises(Disagreement, match=r"Others: .* come too"):
            follows_in_two_rounds(draw)
    assert asked == [1, MORE][: len(rounds)]


def test_the_second_round_is_judged_with_what_the_first_leaves_of_the_chance() -> None:
    """17 of 20 alike have a chance of 1e-3: too much for 1e-3 at once, too little in two rounds."""
    unlikely = [0] * 17 + [1] * 3
    follows(unlikely, FAIR, chance=1e-3)
    with pytest.raises(Disagreement):
        follows_in_two_rounds(lambda times: [(unlikely, FAIR, "The draws")], chance=1e-3)


class _AnotherRoundError(Exception):
    """More rounds are asked for than there are."""


def _failing(n: int, p: float, q: float, chance: float, sets: int) -> tuple[float, float]:
    """How likely a sampler fails each round that draws token 0 with q in place of p.

    In a round there are so many sets, of n draws each, and then of more. Summed exactly.
    """

    def fails(*counts: int) -> bool:
        """Whether so many of token 0 in one of the sets fail each round."""
        left = iter(counts)

        def draw(times: int) -> list[Draws]:
            k = next(left, None)
            if k is None:
                raise _AnotherRoundError
            drawn = [0] * k + [1] * (times * n - k)
            fitting: list[Draws] = [(MIXED, FAIR, "Others")] * (sets - 1)
            return [(drawn, np.array([p, 1 - p]), "The draws"), *fitting]

        try:
            follows_in_two_rounds(draw, chance)
        except (Disagreement, _AnotherRoundError):
            return True
        return False

    def round_of(n: int, wrong: Sequence[int]) -> float:
        one = sum(comb(n, k) * q**k * (1 - q) ** (n - k) for k in wrong)
        return float(1 - (1 - one) ** sets)

    first = [k for k in range(n + 1) if fails(k)]
    then = [k for k in range(MORE * n + 1) if first and fails(first[0], k)]
    return round_of(n, first), round_of(MORE * n, then)


@given(
    chance=st.sampled_from([FIRST, 0.01, 1e-3, CHANCE]),
    p=st.floats(0.05, 0.95),
    n=st.integers(1, 30),
    sets=st.integers(1, 4),
)
def test_a_right_sampler_fails_both_rounds_no_more_often_than_stated(
    chance: float, p: float, n: int, sets: int
) -> None:
    first, second = _failing(n, p, p, chance, sets)
    assert first <= FIRST
    assert first * second <= chance


@pytest.mark.parametrize("power", [0.5, np.log(2), 2.0])
def test_a_wrong_sampler_passes_neither_round(power: float) -> None:
    """The token that has a share of 0.7 beside 127 others, with powers of its probability."""
    odds = (127 * 0.7 / 0.3) ** power / 127
    first, second = _failing(60, 0.7, odds / (1 + odds), CHANCE, sets=3)
    assert (1 - first) + (1 - second) < 5e-5
