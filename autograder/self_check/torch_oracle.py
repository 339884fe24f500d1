"""Holds functions against what torch computes, on random inputs of growing size.

For what torch has under a name of its own. It counts for nothing, and is done where torch has been
imported anyway.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.self_check.student import MODEL, OwnStudent

# N, T, E, H, V: from what can be followed by hand to many steps.
SIZES = ((1, 1, 1, 1, 2), (1, 2, 1, 2, 2), (2, 1, 2, 1, 3), (2, 3, 2, 2, 3), (3, 4, 2, 5, 6))
LONG = (2, 50, 3, 4, 5)

Sizes = tuple[int, int, int, int, int]
# What a function was asked for, what it gave, and what torch gives.
Compared = Iterator[tuple[str, Any, Any]]


def _normal(rng: np.random.Generator, *shape: int) -> Any:
    return rng.normal(size=shape).round(2)


def _states(x: Any, h0: Any, W_x: Any, W_h: Any, biases: tuple[Any, Any]) -> tuple[Any, Any]:
    """What nn.RNN makes of inputs (N,T,E) and a first state (N,H): all states, and the last."""
    import torch

    rnn = torch.nn.RNN(W_x.shape[0], W_h.shape[0], batch_first=True, dtype=torch.float64)
    given = {"weight_ih_l0": W_x.T, "weight_hh_l0": W_h.T}
    given |= {"bias_ih_l0": biases[0], "bias_hh_l0": biases[1]}
    rnn.load_state_dict({key: torch.tensor(np.array(value)) for key, value in given.items()})
    with torch.no_grad():
        states, last = rnn(torch.tensor(x), torch.tensor(h0)[None])
    return states.numpy(), last.numpy()


def _softmax(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    import torch

    N, T, _, _, V = sizes
    for shape in ((V,), (N, V), (N, T, V)):
        logits = _normal(rng, *shape)
        yield "The softmax", student.softmax(logits), torch.tensor(logits).softmax(-1).numpy()


def _cell(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    N, _, E, H, _ = sizes
    x_t, h_prev, b_h = _normal(rng, N, E), _normal(rng, N, H), _normal(rng, H)
    W_x, W_h = _normal(rng, E, H), _normal(rng, H, H)
    got = student.rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h)
    yield "h_t", got, _states(x_t[:, None], h_prev, W_x, W_h, (b_h, 0 * b_h))[0][:, 0]


def _unrolled(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    N, T, E, H, _ = sizes
    x, h0, b_h = _normal(rng, N, T, E), _normal(rng, N, H) / 3, _normal(rng, H)
    W_x, W_h = _normal(rng, E, H), _normal(rng, H, H)
    got = student.rnn_forward(x, h0, W_x, W_h, b_h)
    yield "The states", got, _states(x, h0, W_x, W_h, (b_h, 0 * b_h))[0]


def _model(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    N, T, E, H, V = sizes
    network = student.CharRNN(V, E, H)
    own = {name: np.asarray(value, dtype=float) for name, value in network.parameters().items()}
    tokens, h0 = rng.integers(V, size=(N, T)), _normal(rng, 1, N, H) / 3
    logits, h = network(tokens, h=h0)
    biases = own["rnn.bias_ih_l0"], own["rnn.bias_hh_l0"]
    W_x, W_h = own["rnn.weight_ih_l0"].T, own["rnn.weight_hh_l0"].T
    states, last = _states(own["embedding.weight"][tokens], h0[0], W_x, W_h, biases)
    wanted = states @ own["output.weight"].T + own["output.bias"]
    yield "The logits", logits, wanted.astype(np.float32)
    yield "The last state", h, last.astype(np.float32)


def _loss(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    import torch

    N, T, _, _, V = sizes
    logits, targets = _normal(rng, N, T, V), rng.integers(V, size=(N, T))
    mean = torch.nn.functional.cross_entropy(
        torch.tensor(logits).reshape(-1, V), torch.tensor(targets).reshape(-1)
    )
    yield "The loss", student.cross_entropy(logits, targets), mean.item()


ORACLES: Mapping[str, Callable[[OwnStudent, np.random.Generator, Sizes], Compared]] = {
    "softmax": _softmax,
    "rnn_cell_forward": _cell,
    MODEL: _model,
    "rnn_forward": _unrolled,
    "cross_entropy": _loss,
}


def compared_with_torch(stub: str, student: OwnStudent) -> Compared:
    """What a function gives beside what torch gives, the smallest sizes first.

    Nothing where torch has no such function, or is not imported.
    """
    if stub in ORACLES and "torch" in sys.modules:
        rng = np.random.default_rng(0)
        for sizes in (*SIZES, LONG):
            yield from ORACLES[stub](student, rng, sizes)
