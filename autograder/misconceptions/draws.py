"""How well wrong ways explain what was drawn at random."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

import numpy as np

from autograder.checks.agree import Array, Disagreement
from autograder.checks.chance import follows

# How much likelier a wrong way makes draws, in nats: impossible, and beyond doubt.
NEVER, CERTAIN = -np.inf, np.inf
# How much likelier than with the right way, than with each token equally likely, and than with any
# other wrong way must what is named make the draws, in nats.
SURE, KNOWN, AHEAD = 25.0, 8.0, 8.0
IMPOSSIBLE = 1e-12
# How badly may draws fit what is named: by the share of right ones that fit as badly, for each
# call and for all of them, and by the deviation of their likelihood.
MISFIT, UNUSUAL = 1e-4, 0.01
DEVIATIONS = 5.0
SIMULATED = 400
# Nor may sharper or flatter probabilities make them so much likelier, in nats.
POWERS, TEMPERED = (0.5, 0.75, 4 / 3, 2.0), 5.0

T = TypeVar("T")


@dataclass(frozen=True)
class Drawn:
    """Tokens that were drawn one after another, and what each was drawn with, (V,).

    ``wrong`` is what a wrong way draws with, ``right`` what is right; these may be more or fewer.
    ``fed_back`` are tokens on each of which the next depends.
    """

    tokens: Sequence[int]
    wrong: Sequence[Array]
    right: Sequence[Array]
    fed_back: bool = False

    @property
    def possible(self) -> bool:
        """Whether the wrong way can have drawn these tokens, and as many."""
        return len(self.tokens) == len(self.wrong) and all(
            0 <= token < len(p) and p[token] > IMPOSSIBLE
            for token, p in zip(self.tokens, self.wrong, strict=True)
        )

    @property
    def alike(self) -> bool:
        """Whether the wrong way draws all of them with the same probabilities."""
        return len(list(groupby(self.wrong, key=bytes))) <= 1


def gain_of_draws(calls: Sequence[Drawn]) -> float:
    """How much likelier draws are with a wrong way than with the right one, in nats.

    NEVER if they do not look like draws of the wrong way, or would look so by chance.
    """
    wrong = sum(_log_likelihood(drawn.tokens, drawn.wrong) for drawn in calls)
    right = sum(_log_likelihood(drawn.tokens, drawn.right) for drawn in calls)
    if wrong - right <= SURE or not _known(calls) or not draws_fit(calls):
        return NEVER
    return float(wrong - right)


def likeliest(gains: Iterable[tuple[T, float]]) -> list[T]:
    """Of ways with their gains: the likeliest that is sure, and all that are not far behind."""
    sure = [(way, gain) for way, gain in gains if gain > SURE]
    most = max((gain for _, gain in sure), default=NEVER)
    return [way for way, gain in sure if gain >= most - AHEAD]


def draws_fit(calls: Sequence[Drawn]) -> bool:
    """Whether draws look like those of a wrong way."""
    together = [drawn for drawn in calls if drawn.alike and drawn.tokens]
    in_turn = [drawn for drawn in calls if not drawn.alike]
    return (
        all(drawn.possible for drawn in calls) and all(map(_is_typical, in_turn)) and _fit(together)
    )


def _known(calls: Sequence[Drawn]) -> bool:
    """Whether a wrong way says more of tokens that are fed back than that it can be any."""
    fed_back = [drawn for drawn in calls if drawn.fed_back]
    if any(len(drawn.tokens) != len(drawn.right) for drawn in fed_back):
        return True
    known = sum(
        _log_likelihood(drawn.tokens, drawn.wrong) + sum(np.log(len(p)) for p in drawn.wrong)
        for drawn in fed_back
    )
    return not fed_back or bool(known >= KNOWN)


def why_drawing_fails(probabilities: Array) -> str:
    """What numpy says of probabilities that are none; nothing of those that are."""
    if np.isnan(probabilities).any():
        return "nan"
    return "" if abs(probabilities.sum() - 1) < 1e-8 else "sum to 1"


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
        if max(_tempered(drawn, p, power) for power in POWERS) > TEMPERED:
            return False
        seen += _surprise(np.bincount(drawn.tokens, minlength=len(p)), n, p)
        simulated += _surprise(rng.multinomial(n, p / p.sum(), size=SIMULATED), n, p)
    return bool(np.mean(simulated >= seen - 1e-9) > UNUSUAL)


def _tempered(drawn: Drawn, p: Array, power: float) -> float:
    """How much likelier draws are where probabilities are sharper or flatter, in nats."""
    other = p**power / (p**power).sum()
    return float(
        np.log(np.maximum(other / np.maximum(p, IMPOSSIBLE), IMPOSSIBLE))[drawn.tokens].sum()
    )


def _surprise(counts: Array, n: int, p: Array) -> Array:
    """How much likelier the counts (...,V) of n draws are with their own shares, in nats."""
    with np.errstate(all="ignore"):
        terms = counts * np.log(counts / (n * p))
    total: Array = np.where(counts > 0, terms, 0.0).sum(axis=-1)
    return total
