"""Small networks whose every draw is known, each made to show one thing about ``generate``.

Each is the tuple W_e (V,E), W_x (E,H), W_h (H,H), b_h (H,), W_y (H,V), b_y (V,).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.checks.inputs import Array, Rng, uniform

Weights = tuple[Array, Array, Array, Array, Array, Array]

# Two logits this far apart leave no doubt: exp(-FAR) is below 1e-25.
FAR = 60.0


def latch(rng: Rng) -> tuple[Weights, dict[str, int]]:
    """A unit that two tokens push up or down, and that then holds its state for good.

    Its weight of 2 to itself keeps it at 0.957 or -0.957, or exactly at zero if nothing ever
    pushed it; the slightest push grows. It says "is up", "is down" or "at zero". The prompt may be
    read in any way, also twice or in part, as long as one of its tokens is.

    Returns the weights, and the token ids by what they do or say.
    """
    V, E, H = 7, 3, 2
    ids = rng.permutation(V).tolist()
    roles = dict(zip(("up", "down", "is up", "is down", "at zero"), ids, strict=False))
    W_e = uniform(rng, V, E)
    W_e[:, 0] = 0.0
    W_e[roles["up"], 0], W_e[roles["down"], 0] = 1.0, -1.0
    W_x, W_h = uniform(rng, E, H), np.diag([2.0, 0.3])
    W_x[:, 0] = [4.0, 0.0, 0.0]
    W_y, b_y = np.zeros((H, V)), np.zeros(V)
    W_y[0, roles["is up"]], W_y[0, roles["is down"]] = 3 * FAR, -3 * FAR
    b_y[roles["at zero"]] = FAR
    return (W_e, W_x, W_h, np.zeros(H), W_y, b_y), roles


def delay_line(rng: Rng, V: int, places: int, back: int, says: Array) -> Weights:
    """A state of ``places`` places: the last token read, the one before it, and so on.

    It says ``says[token]`` for the token that it read ``back`` steps ago, which is 1 for the last.
    Biases are zero, all that it says is far above the rest.
    """
    E, H = V, V * places
    W_e = np.eye(V)[rng.permutation(V)]
    W_x, W_h, W_y = np.zeros((E, H)), np.zeros((H, H)), np.zeros((H, V))
    W_x[:, :V] = 3 * W_e.T
    W_h[: H - V, V:] = 3 * np.eye(H - V)
    # Where no token is, it says something else: what the last token is not.
    W_y[:V] = 0.0
    W_y[V * (back - 1) + np.arange(V), says] = 2 * FAR
    return W_e, W_x, W_h, np.zeros(H), W_y, np.zeros(V)


def conversation(rng: Rng, reference: Any, V: int, E: int, H: int) -> Weights:
    """A random network that goes on saying new things, and forgets within some 16 steps."""
    while True:
        rotation, _ = np.linalg.qr(rng.normal(size=(H, H)))
        weights = (
            uniform(rng, V, E),
            uniform(rng, E, H, scale=1.5),
            0.65 * rotation,
            uniform(rng, H),
            uniform(rng, H, V, scale=3.0),
            uniform(rng, V, scale=3.0),
        )
        said = reference.generate([0], 40, *weights, np.random.default_rng(0), temperature=0)
        if len(set(said[16:])) >= 5:
            return weights
