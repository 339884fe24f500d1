"""Small networks whose every draw is known, each made to show one thing about ``generate``.

Each is the tuple W_e (V,E), W_x (E,H), W_h (H,H), b_h (H,), W_y (H,V), b_y (V,).
"""

from __future__ import annotations

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


def delay_line(rng: Rng, V: int, places: int, back: int, says: Array, otherwise: int) -> Weights:
    """A state of ``places`` places: the last token read, the one before it, and so on.

    It says ``says[token]`` for the token that it read ``back`` steps ago, which is 1 for the last,
    and ``otherwise`` where nothing was read then. There are no biases, and what it says is far
    above the rest.
    """
    E, H = V, V * places
    W_e = np.eye(V)[rng.permutation(V)]
    W_x, W_h, W_y = np.zeros((E, H)), np.zeros((H, H)), np.zeros((H, V))
    W_x[:, :V] = 3 * W_e.T
    W_h[: H - V, V:] = 3 * np.eye(H - V)
    W_y[:V, otherwise] = FAR
    W_y[V * (back - 1) + np.arange(V), says] += 2 * FAR
    return W_e, W_x, W_h, np.zeros(H), W_y, np.zeros(V)


def coins_and_words(rng: Rng) -> Weights:
    """After a word it tosses a coin with eight sides; after a coin, its state says a sure word.

    The coins lead the state to ever new places. W_h forgets: some 16 tokens later, how the prompt
    was read plays no part any more.
    """
    V, E, H = 38, 6, 9
    kind = rng.permutation([1.0] * 8 + [-1.0] * 30)  # of each token: 1 a coin, -1 a word
    word = kind < 0
    W_e = np.concatenate([kind[:, None], uniform(rng, V, E - 1)], axis=1)
    W_x, W_h, b_h = uniform(rng, E, H, scale=1.5), np.zeros((H, H)), uniform(rng, H, scale=1.5)
    W_h[1:, 1:] = 0.65 * np.linalg.qr(rng.normal(size=(H - 1, H - 1)))[0]
    W_y, b_y = word * uniform(rng, H, V, scale=10 * FAR), word * uniform(rng, V, scale=10 * FAR)
    # Unit 0 tells what was read last, a coin or a word.
    W_x[:, 0], b_h[0] = 5 * np.eye(E)[0], 0.0
    W_y[0] = -100 * FAR * kind
    return W_e, W_x, W_h, b_h, W_y, b_y
