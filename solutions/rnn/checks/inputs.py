"""Draws arguments for the stubs."""

from __future__ import annotations

import numpy as np

from autograder.checks.inputs import Array, Rng, uniform


def recurrent_weights(rng: Rng, E: int, H: int) -> tuple[Array, Array, Array]:
    """W_x (E,H), W_h (H,H), b_h (H,), such that no state comes close to 1 or -1."""
    W_x = uniform(rng, E, H, scale=1.2 / np.sqrt(E))
    W_h = uniform(rng, H, H, scale=1.2 / np.sqrt(H))
    return W_x, W_h, uniform(rng, H, scale=0.5)


def output_weights(rng: Rng, H: int, V: int) -> tuple[Array, Array]:
    """W_y (H,V), b_y (V,)."""
    return uniform(rng, H, V, scale=2.0), uniform(rng, V)


def cell(rng: Rng, N: int, E: int, H: int) -> tuple[Array, ...]:
    """x_t (N,E), h_prev (N,H), W_x, W_h, b_h: the arguments of ``rnn_cell_forward``."""
    return uniform(rng, N, E), uniform(rng, N, H, scale=0.9), *recurrent_weights(rng, E, H)


def sequence(rng: Rng, N: int, T: int, E: int, H: int, started: bool) -> tuple[Array, ...]:
    """x (N,T,E), h0 (N,H), W_x, W_h, b_h: the arguments of ``rnn_forward``.

    ``h0`` is zero unless the sequence has ``started`` before.
    """
    h0 = uniform(rng, N, H, scale=0.9) if started else np.zeros((N, H))
    return uniform(rng, N, T, E), h0, *recurrent_weights(rng, E, H)


def training(rng: Rng, N: int, T: int, E: int, H: int, V: int, started: bool) -> tuple[Array, ...]:
    """x, targets, h0, W_x, W_h, b_h, W_y, b_y: the arguments of ``bptt``."""
    x, h0, W_x, W_h, b_h = sequence(rng, N, T, E, H, started)
    return x, rng.integers(V, size=(N, T)), h0, W_x, W_h, b_h, *output_weights(rng, H, V)


def long_training(rng: Rng, N: int, T: int, E: int, H: int, V: int) -> tuple[Array, ...]:
    """The arguments of ``bptt`` for a network that forgets nearly nothing.

    Its states are small, so that the slope of tanh is close to 1, and W_h is close to a rotation:
    what is T steps back still moves the loss, and a gradient that stops short of it is wrong.
    """
    rotation, _ = np.linalg.qr(rng.normal(size=(H, H)))
    x, h0 = uniform(rng, N, T, E, scale=0.01), uniform(rng, N, H, scale=0.1)
    W_x, b_h = uniform(rng, E, H), uniform(rng, H, scale=0.001)
    W_y, b_y = output_weights(rng, H, V)
    return x, rng.integers(V, size=(N, T)), h0, W_x, 0.995 * rotation, b_h, W_y, b_y


def steps_of(rng: Rng, sizes: tuple[int, ...], whole: int = 8) -> Array:
    """Numbers from -4 to 4 in steps of 1/8, which float32 holds exactly beside 10000."""
    return rng.integers(-4 * whole, 4 * whole + 1, size=sizes) / whole


def one_against_many(rng: Rng, vocab_size: int, share: float, temperature: float = 1.0) -> Array:
    """Logits (V,) of one token that has this share at a temperature; all others are equal.

    The more there are of the others, the more the share changes with the temperature.
    """
    logits = np.full(vocab_size, rng.uniform(-3, 0))
    gap = temperature * np.log((vocab_size - 1) * share / (1 - share))
    logits[rng.integers(1, vocab_size)] += gap
    return logits


def staircase(rng: Rng, vocab_size: int, step: float, first: int = 0) -> tuple[Array, Array]:
    """Logits (V,) that fall by equal steps, and the token ids (V,) from the largest to the least.

    The largest ones belong to none of the ``first`` tokens, so that a rank is no id. All logits
    are below -1, so that a logit of zero would stand above them.
    """
    late = rng.permutation(np.arange(first, vocab_size))
    order = np.concatenate([late, rng.permutation(first)]).astype(np.int64)
    logits = np.empty(vocab_size)
    logits[order] = -1 - rng.uniform(0, 1) - step * np.arange(vocab_size)
    return logits, order
