"""How well wrong ways explain what was drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from autograder.checks.agree import Array, Disagreement
from autograder.checks.chance import follows

NEVER = -np.inf
# How much likelier than with the right way, and than with each token equally likely, must what is
# named make the draws, in nats.
SURE, KNOWN = 25.0, 8.0
IMPOSSIBLE = 1e-12
# How badly may draws fit what is named: by the share of right ones that fit as badly, for each
# call and for all of them, and by the deviation of their likelihood.
MISFIT, UNUSUAL = 1e-4, 0.01
DEVIATIONS = 5.0
SIMULATED = 400


@dataclass(frozen=True)
class Drawn:
    """Tokens that were drawn one after another, and what each was drawn with, (V,).

    ``wrong`` is what a wrong way draws with, ``right`` what is right; these may be more or fewer.
    """

    tokens: Sequence[int]
    wrong: Sequence[Array]
    right: Sequence[Array]

    @property
    def alike(self) -> bool:
        """Whether the wrong way draws all of them with the same probabilities."""
        return len(list(groupby(self.wrong, key=bytes))) <= 1


def gain_of_draws(calls: Sequence[Drawn]) -> float:
    """How much likelier draws are with a wrong way than with the right one, in nats.

    NEVER if they do not look like draws of the wrong way, or would look so by chance.
    """
    for drawn in calls:
        if len(drawn.tokens) != len(drawn.wrong) or not _possible(drawn):
            return NEVER
    wrong = sum(_log_likelihood(drawn.tokens, drawn.wrong) for drawn in calls)
    right = sum(_log_likelihood(drawn.tokens, drawn.right) for drawn in calls)
    ignorant = -sum(np.log(len(p)) for drawn in calls for p in drawn.wrong)
    together = [drawn for drawn in calls if drawn.alike and drawn.tokens]
    in_turn = [drawn for drawn in calls if not drawn.alike]
    if in_turn and (wrong - ignorant < KNOWN or not all(map(_is_typical, in_turn))):
        return NEVER
    if wrong - right <= SURE:
        return NEVER
    return float(wrong - right) if _fit(together) else NEVER


def why_drawing_fails(probabilities: Array) -> str:
    """What numpy says of probabilities that are none; nothing of those that are."""
    if np.isnan(probabilities).any():
        return "nan"
    return "" if abs(probabilities.sum() - 1) < 1e-8 else "sum to 1"


def _possible(drawn: Drawn) -> bool:
    return all(
        0 <= token < len(p) and p[token] > IMPOSSIBLE
        for token, p in zip(drawn.tokens, drawn.wrong, strict=True)
    )


def _log_likelihood(tokens: Sequence[int], rows: Sequence[Array]) -> float:
    """Of tokens that are drawn in this order, in nats; what is impossible stays finite."""
    pairs = zip(tokens, rows, strict=False)
    likely = [float(p[token]) if 0 <= token < len(p) else 0.0 for token, p in pairs]
    missing = abs(len(tokens) - len(rows))
    return float(np.log(np.maximum(likely, IMPOSSIBLE)).sum() + missing * np.log(IMPOSSIBLE))


def _is_typical(drawn: Drawn) -> bool:
    """Whether tokens that depend on each other are about as likely as is to be expected."""
    mean = square = 0.0
    for p in drawn.wrong:
        log = np.log(np.maximum(p, IMPOSSIBLE))
        mean += float(p @ log)
        square += float(p @ log**2) - float(p @ log) ** 2
    off = _log_likelihood(drawn.tokens, drawn.wrong) - mean
    return bool(abs(off) <= DEVIATIONS * np.sqrt(max(square, 0.0)) + 1e-6)


def _fit(calls: Sequence[Drawn]) -> bool:
    """Whether independent draws come about as close to their probabilities as simulated ones."""
    rng = np.random.default_rng(0)
    seen: Any = 0.0
    simulated = np.zeros(SIMULATED)
    for drawn in calls:
        n, p = len(drawn.tokens), np.asarray(drawn.wrong[0])
        try:
            follows(drawn.tokens, p, chance=MISFIT)
        except (Disagreement, ValueError):
            return False
        seen += _surprise(np.bincount(drawn.tokens, minlength=len(p)), n, p)
        simulated += _surprise(rng.multinomial(n, p / p.sum(), size=SIMULATED), n, p)
    return bool(np.mean(simulated >= seen - 1e-9) > UNUSUAL)


def _surprise(counts: Array, n: int, p: Array) -> Array:
    """How much likelier the counts (...,V) of n draws are with their own shares, in nats."""
    with np.errstate(all="ignore"):
        terms = counts * np.log(counts / (n * p))
    total: Array = np.where(counts > 0, terms, 0.0).sum(axis=-1)
    return total
