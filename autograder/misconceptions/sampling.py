"""The distribution that a right sampler draws from, and ways to get it wrong."""

from __future__ import annotations

import numpy as np

from autograder.checks.agree import Array


def softmax(z: Array) -> Array:
    """The softmax of logits (V,), which may hold -inf."""
    shares: Array = np.exp(z - z.max())
    total: Array = shares / shares.sum()
    return total


def restricted(logits: Array, top_k: int | None) -> Array:
    """Logits (V,) with all but the ``top_k`` largest at -inf."""
    if top_k is None or top_k >= len(logits):
        return logits
    kept: Array = np.where(logits >= np.sort(logits)[-top_k], logits, -np.inf)
    return kept


def probabilities(logits: Array, temperature: float, top_k: int | None) -> Array:
    """What ``sample_token`` draws with: (V,) floats that add up to 1."""
    if temperature == 0:
        certain: Array = np.eye(len(logits))[int(np.argmax(logits))]
        return certain
    return softmax(restricted(logits, top_k) / temperature)
