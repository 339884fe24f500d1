"""Holds functions against what torch computes, on random inputs of growing size.

For what torch has under a name of its own. It counts for nothing, and is done where torch has been
imported anyway.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from autograder.checks.agree import entry, item
from autograder.self_check.student import MODEL, OwnStudent

# N, T, E, H, V: from what can be followed by hand to many steps.
SIZES = ((1, 1, 1, 1, 2), (1, 2, 1, 2, 2), (2, 1, 2, 1, 3), (2, 3, 2, 2, 3), (3, 4, 2, 5, 6))
LONG = (2, 50, 3, 4, 5)

Sizes = tuple[int, int, int, int, int]
# What a function was asked for, what it gave, and what torch gives.
Compared = Iterator[tuple[str, Any, Any]]


def _normal(rng: np.random.Generator, *shape: int) -> Any:
    return rng.normal(size=shape).round(2)


def _network(W_x: Any, W_h: Any, biases: tuple[Any, Any]) -> Any:
    """An nn.RNN with these weights (E,H) and (H,H), and biases (H,)."""
    import torch

    rnn = torch.nn.RNN(W_x.shape[0], W_h.shape[0], batch_first=True, dtype=torch.float64)
    given = {"weight_ih_l0": W_x.T, "weight_hh_l0": W_h.T}
    given |= {"bias_ih_l0": biases[0], "bias_hh_l0": biases[1]}
    rnn.load_state_dict({key: torch.tensor(np.array(value)) for key, value in given.items()})
    return rnn


def _states(x: Any, h0: Any, W_x: Any, W_h: Any, biases: tuple[Any, Any]) -> tuple[Any, Any]:
    """What nn.RNN makes of inputs (N,T,E) and a first state (N,H): all states, and the last."""
    import torch

    with torch.no_grad():
        states, last = _network(W_x, W_h, biases)(torch.tensor(x), torch.tensor(h0)[None])
    return states.numpy(), last.numpy()


def _gradients(rnn: Any, x: Any, h0: Any) -> dict[str, Any]:
    """What came back to an nn.RNN and its inputs, in the shapes of the assignment."""
    return {
        "x": x.grad.numpy(),
        "h0": h0.grad[0].numpy(),
        "W_x": rnn.weight_ih_l0.grad.T.numpy(),
        "W_h": rnn.weight_hh_l0.grad.T.numpy(),
        "b_h": rnn.bias_hh_l0.grad.numpy(),
    }


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


def _one_step_back(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    import torch

    N, _, E, H, _ = sizes
    x_t, h_prev, dh_t = _normal(rng, N, E), _normal(rng, N, H) / 3, _normal(rng, N, H)
    W_x, W_h = _normal(rng, E, H) / 2, _normal(rng, H, H) / 2
    rnn = _network(W_x, W_h, (np.zeros(H), np.zeros(H)))
    x, h0 = (torch.tensor(array, requires_grad=True) for array in (x_t[:, None], h_prev[None]))
    states, _ = rnn(x, h0)
    states.backward(torch.tensor(dh_t[:, None]))
    wanted = _gradients(rnn, x, h0)
    wanted["x"] = wanted["x"][:, 0]
    h_t = states.detach().numpy()[:, 0]
    got = student.rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h)
    names = ("dx_t", "dh_prev", "dW_x", "dW_h", "db_h")
    for index, (name, want) in enumerate(zip(names, wanted.values(), strict=True)):
        yield f"The gradient {name}", item(got, index, names), want


def _through_time(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    import torch

    N, T, E, H, V = sizes
    x, h0, targets = _normal(rng, N, T, E), _normal(rng, N, H) / 3, rng.integers(V, size=(N, T))
    W_x, W_h, b_h = _normal(rng, E, H) / 2, _normal(rng, H, H) / 2, _normal(rng, H) / 2
    W_y, b_y = _normal(rng, H, V), _normal(rng, V)
    rnn = _network(W_x, W_h, (b_h, 0 * b_h))
    given = [torch.tensor(array, requires_grad=True) for array in (x, h0[None], W_y, b_y)]
    states, _ = rnn(*given[:2])
    logits = states @ given[2] + given[3]
    mean = torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten())
    mean.backward()
    wanted = _gradients(rnn, *given[:2])
    wanted |= {"W_y": given[2].grad.numpy(), "b_y": given[3].grad.numpy()}
    got = student.bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y)
    names = ("loss", "grads")
    yield "The loss", item(got, 0, names), mean.item()
    for key, want in wanted.items():
        yield f'grads["{key}"]', entry(item(got, 1, names), key, "`grads`"), want


ORACLES: Mapping[str, Callable[[OwnStudent, np.random.Generator, Sizes], Compared]] = {
    "softmax": _softmax,
    "rnn_cell_forward": _cell,
    MODEL: _model,
    "rnn_forward": _unrolled,
    "cross_entropy": _loss,
    "rnn_cell_backward": _one_step_back,
    "bptt": _through_time,
}


def compared_with_torch(stub: str, student: OwnStudent) -> Compared:
    """What a function gives beside what torch gives, the smallest sizes first.

    Nothing where torch has no such function, or is not imported.
    """
    if stub in ORACLES and "torch" in sys.modules:
        rng = np.random.default_rng(0)
        for sizes in (*SIZES, LONG):
            yield from ORACLES[stub](student, rng, sizes)
