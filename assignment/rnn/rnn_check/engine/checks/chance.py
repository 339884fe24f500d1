"""Tests for what is drawn at random, with a stated chance of failing a right answer.

A token of probability p is drawn k times out of n with the binomial probability
C(n, k) p^k (1 - p)^(n - k). The tails are summed exactly. A test fails where the number of draws of
any token lies so far out that a right sampler gets there with a chance below ``chance``, shared
among all tokens by their probabilities, and both tails (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from .agree import Disagreement

CHANCE = 1e-9
# Of a test in two rounds: how likely a right sampler fails the first, at most, and how many times
# as much is drawn in the second. The first is nearly all that a right one costs, so it is short;
# this many more are enough to see a mistake at the second's level as surely as at the first's.
FIRST, MORE = 0.05, 3

# Tokens that were drawn, the probabilities of each, and what to call these draws.
Draws = tuple[Sequence[int], NDArray[np.float64], str]


def follows(
    drawn: Sequence[int],
    probabilities: NDArray[np.float64],
    name: str = "The draws",
    chance: float = CHANCE,
) -> None:
    """Raises Disagreement unless draws can have come from these probabilities.

    Args:
        drawn: n token ids, drawn independently.
        probabilities: (V,) of each token. One that is zero is never drawn.
        name: what to call the draws, at the start of a sentence.
        chance: how likely a right sampler fails, at most.
    """
    n, vocab_size = len(drawn), len(probabilities)
    counts = np.bincount(np.asarray(drawn, dtype=np.int64), minlength=vocab_size)
    # A token that is certain needs no test: the others are impossible.
    tested = np.flatnonzero((probabilities > 0) & (probabilities < 1))
    limit = 0.5 * chance * probabilities[tested] / probabilities[tested].sum()
    # Both tails hold the count itself: where it alone is likely enough, they are too.
    itself = binomial(counts[tested, None], n, probabilities[tested])[:, 0]
    tested, limit = tested[itself < limit], limit[itself < limit]
    at_most, at_least = tails(counts[tested], n, probabilities[tested])
    wrong = {
        "should never come, and do": counts[probabilities == 0].any(),
        "come too often": (at_least < limit).any(),
        "come too rarely": (at_most < limit).any(),
    }
    said = [f"some tokens {what}" for what, happens in wrong.items() if happens]
    if said:
        want, got = probabilities.round(3).tolist(), (counts / n).round(3).tolist()
        detail = f"Expected shares {want}, got {got} in {n} draws."
        raise Disagreement(f"{name}: {', '.join(said)}.", detail, (probabilities, counts / n))


def follows_in_two_rounds(draw: Callable[[int], Sequence[Draws]], chance: float = CHANCE) -> None:
    """Raises Disagreement unless draws can have come from their probabilities.

    What fails is drawn anew, and more of it, and only what fails again is wrong. A right sampler
    fails the first round with a chance of ``FIRST``, at most, and the second, which is independent
    of it, with one of ``chance / FIRST``: both with their product, which is ``chance``. In a round,
    each of the draws takes an equal part of its chance (Bonferroni).

    Args:
        draw: makes all draws anew, each this many times as long.
        chance: how likely a right sampler fails, at most; not above ``FIRST``.
    """
    for times, its_chance in ((1, FIRST), (MORE, chance / FIRST)):
        drawn = draw(times)
        try:
            for tokens, probabilities, name in drawn:
                follows(tokens, probabilities, name, its_chance / len(drawn))
            return
        except Disagreement:
            if times == MORE:
                raise


def binomial(k: NDArray[np.int64], n: int, p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability (M,K) of k (M,K) times out of n, for each p (M,) above 0 and below 1."""
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    log_choose = log_factorial[n] - log_factorial[k] - log_factorial[n - k]
    mass: NDArray[np.float64] = np.exp(
        log_choose + k * np.log(p)[:, None] + (n - k) * np.log1p(-p)[:, None]
    )
    return mass


def tails(
    counts: NDArray[np.int64], n: int, p: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The binomial probabilities of at most, and of at least, each of some counts.

    Args:
        counts: (M,) how often each of M things happened in n trials.
        n: the number of trials.
        p: (M,) the probability of each, above 0 and below 1.
    """
    k = np.arange(n + 1)
    mass = binomial(np.broadcast_to(k, (len(counts), n + 1)), n, p)
    at_most = np.where(k <= counts[:, None], mass, 0.0).sum(axis=1)
    at_least = np.where(k >= counts[:, None], mass, 0.0).sum(axis=1)
    return at_most, at_least
