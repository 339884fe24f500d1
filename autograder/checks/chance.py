"""Tests for what is drawn at random, with a stated chance of failing a right answer.

A token of probability p is drawn k times out of n with the binomial probability
C(n, k) p^k (1 - p)^(n - k). The tails are summed exactly. A test fails where the number of draws of
any token lies so far out that a right sampler gets there with a chance below ``chance``, shared
among all tokens and both tails (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autograder.checks.agree import Disagreement

CHANCE = 1e-9


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
    detail = f"Expected shares {probabilities.round(3).tolist()}, counts {counts.tolist()} of {n}."
    impossible = np.count_nonzero(counts[probabilities == 0])
    if impossible:
        raise Disagreement(f"{name} hold tokens that should never be drawn.", detail)
    # A token that is sure needs no test of its own: the others are impossible.
    tested = np.flatnonzero((probabilities > 0) & (probabilities < 1))
    too_few, too_many = tails(counts[tested], n, probabilities[tested])
    limit = chance / max(2 * len(tested), 1)
    often, rarely = np.count_nonzero(too_many < limit), np.count_nonzero(too_few < limit)
    if often or rarely:
        parts = [f"{often} of {vocab_size} tokens come too often"] * (often > 0)
        parts += [f"{rarely} of {vocab_size} tokens come too rarely"] * (rarely > 0)
        raise Disagreement(f"{name} do not follow the probabilities: {' and '.join(parts)}.", detail)


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
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    log_choose = log_factorial[n] - log_factorial - log_factorial[::-1]
    log_p, log_q = np.log(p)[:, None], np.log1p(-p)[:, None]
    mass = np.exp(log_choose + k * log_p + (n - k) * log_q)
    at_most = np.where(k <= counts[:, None], mass, 0.0).sum(axis=1)
    at_least = np.where(k >= counts[:, None], mass, 0.0).sum(axis=1)
    return at_most, at_least
