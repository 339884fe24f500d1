"""Draws arguments for the stubs."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.checks.inputs import Array, Rng, distinct, uniform

# A gate is open or closed for good where its sum is as large as this.
SATURATED = 50.0
# Of ``decode``, tried at a time.
STARTS = 40

Layer = tuple[Array, Array, Array]


def recurrent_weights(rng: Rng, E: int, H: int) -> Layer:
    """W_x (E,H), W_h (H,H), b_h (H,), such that no state comes close to 1 or -1."""
    W_x = uniform(rng, E, H, scale=1.2 / np.sqrt(E))
    W_h = uniform(rng, H, H, scale=1.2 / np.sqrt(H))
    return W_x, W_h, uniform(rng, H, scale=0.5)


def rotation(rng: Rng, H: int) -> Array:
    """(H,H) a random orthogonal matrix."""
    Q, _ = np.linalg.qr(rng.normal(size=(H, H)))
    return Q


def training(rng: Rng, N: int, T: int, E: int, H: int, V: int) -> tuple[Array, ...]:
    """x, targets, h0, W_x, W_h, b_h, W_y, b_y: all of ``truncated_bptt`` but k."""
    x, targets = uniform(rng, N, T, E), rng.integers(V, size=(N, T))
    h0 = uniform(rng, N, H, scale=0.9)
    W_y, b_y = uniform(rng, H, V, scale=2.0), uniform(rng, V)
    return x, targets, h0, *recurrent_weights(rng, E, H), W_y, b_y


def long_training(rng: Rng, N: int, T: int, E: int, H: int, V: int) -> tuple[Array, ...]:
    """The same for a network that forgets nearly nothing.

    Its states are small, so that the slope of tanh is close to 1, and W_h is close to a rotation:
    what is T steps back still moves the loss, and a gradient that stops elsewhere is wrong.
    """
    x, h0 = uniform(rng, N, T, E, scale=0.01), uniform(rng, N, H, scale=0.1)
    W_x, b_h = uniform(rng, E, H), uniform(rng, H, scale=0.001)
    W_y, b_y = uniform(rng, H, V, scale=2.0), uniform(rng, V)
    return x, rng.integers(V, size=(N, T)), h0, W_x, 0.995 * rotation(rng, H), b_h, W_y, b_y


def gates(rng: Rng, E: int, H: int, blocks: int) -> tuple[Array, Array, Array]:
    """W_x (E,bH), W_h (H,bH), b (bH,) of a cell with b blocks, which leave its gates moving."""
    G = blocks * H
    W_x = uniform(rng, E, G, scale=2 / np.sqrt(E))
    return W_x, uniform(rng, H, G, scale=2 / np.sqrt(H)), uniform(rng, G)


def lstm_step(rng: Rng, N: int, E: int, H: int) -> tuple[Array, ...]:
    """x_t, h_prev, c_prev, W_x, W_h, b: the arguments of ``lstm_cell_forward``."""
    x_t, h_prev = uniform(rng, N, E), uniform(rng, N, H, scale=0.95)
    return x_t, h_prev, uniform(rng, N, H, scale=2.0), *gates(rng, E, H, 4)


def saturated_step(rng: Rng, N: int, E: int, H: int) -> tuple[Array, ...]:
    """The same, with gates that are open or closed for good, at up to +-50."""
    x_t, h_prev, c_prev, W_x, W_h, b = lstm_step(rng, N, E, H)
    return x_t, h_prev, c_prev, W_x, W_h, (SATURATED - 10) * rng.choice([-1.0, 1.0], size=b.shape)


def gru_step(rng: Rng, N: int, E: int, H: int) -> tuple[Array, ...]:
    """x_t, h_prev, W_x, W_h, b_x, b_h: the arguments of ``gru_cell_forward``."""
    W_x, W_h, b_x = gates(rng, E, H, 3)
    x_t, h_prev = uniform(rng, N, E), uniform(rng, N, H, scale=0.95)
    return x_t, h_prev, W_x, W_h, b_x, uniform(rng, 3 * H)


def some_lengths(rng: Rng, N: int, T: int) -> Array:
    """Lengths (N,) from 1 to T, of which at least one is below T."""
    lengths = rng.integers(1, T + 1, size=N)
    if T > 1:
        lengths[rng.integers(N)] = rng.integers(1, T)
    return lengths


def layers(rng: Rng, L: int, E: int, H: int) -> list[Layer]:
    """The weights of L layers, of which the first reads inputs of size E."""
    return [recurrent_weights(rng, E if layer == 0 else H, H) for layer in range(L)]


def steps_of(rng: Rng, sizes: tuple[int, ...], whole: int = 8) -> Array:
    """Numbers from -4 to 4 in steps of 1/8, which float32 holds exactly beside 10000."""
    return rng.integers(-4 * whole, 4 * whole + 1, size=sizes) / whole


def writer(rng: Rng, reference: Any, length: int, ends: bool) -> tuple[Any, ...]:
    """Arguments of ``decode`` for which every token is certain, and none is like the one before.

    The network has a long memory, and its best logit leads by far. It writes ``length`` tokens and
    then ``end`` if it ``ends``; else ``end`` is a token that it does not write.
    """
    while True:
        V, E, H = distinct(rng, 3, 6, 11)
        W_e, W_y = uniform(rng, V, E, scale=2.0), uniform(rng, H, V, scale=6.0)
        W_x, W_h, b = gates(rng, E, H, 4)
        b_y = uniform(rng, V, scale=2.0)
        # Few starts fit, so that many are tried side by side.
        h0s, c0s = uniform(rng, STARTS, H, scale=0.9), uniform(rng, STARTS, H, scale=2.0)
        starts = rng.integers(V, size=STARTS)
        h, c, tokens = h0s, c0s, starts
        written, leads = [], []
        for _ in range(length + 1):
            h, c = reference.lstm_cell_forward(W_e[tokens], h, c, W_x, W_h, b)
            logits = h @ W_y + b_y
            tokens = np.argmax(logits, axis=1)
            written.append(tokens)
            second, best = np.sort(logits, axis=1)[:, -2:].T
            leads.append(best - second)
        for row in np.flatnonzero(np.min(leads, axis=0) > 0.05):
            h0, c0, start = h0s[row], c0s[row], int(starts[row])
            *body, last = (int(step[row]) for step in written)
            others = [one for one in range(V) if one not in (*body, last, start)]
            fits = last not in (*body, start) if ends else bool(others)
            if not fits or len(set(body)) < max(min(4, length), (length + 1) // 3):
                continue
            end = last if ends else int(rng.choice(others))
            most = length + int(rng.integers(1, 6)) if ends else length
            return h0, c0, start, end, most, W_e, W_x, W_h, b, W_y, b_y
