"""What torch answers to calls of the stubs that it has too, on random inputs of growing size.

It is computed at release time, and students get the numbers alone: with what computes them, the
stubs would be written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from autograder.self_check.facts import Case, Item, Model

ORACLE = "torch"
# N, T, E, H, V: from what can be followed by hand to many steps.
SIZES = ((1, 1, 1, 1, 2), (1, 2, 1, 2, 2), (2, 1, 2, 1, 3), (2, 3, 2, 2, 3), (3, 4, 2, 5, 6))
LONG = (2, 50, 3, 4, 5)

Sizes = tuple[int, int, int, int, int]
Rng = np.random.Generator


@cache
def cases() -> tuple[Case, ...]:
    """The cases of all stubs, those of a stub from small to large."""
    found: list[Case] = []
    for oracle in ORACLES:
        rng = np.random.default_rng(0)
        for sizes in (*SIZES, LONG):
            found += oracle(rng, sizes)
    return tuple(found)


def _case(stub: str, args: tuple[Any, ...], wanted: Mapping[str, tuple[Any, ...]]) -> Case:
    """``wanted``: the way to each item of the answer, with its value at the end, by its name."""
    items = [Item(name, way[:-1], _rounded(way[-1])) for name, way in wanted.items()]
    return Case(stub, args, {}, items)


def _rounded(value: Any) -> Any:
    """To seven digits: more than are compared, and the same on every machine."""
    array = np.asarray(value)
    return np.array([float(f"{one:.7g}") for one in array.ravel()]).reshape(array.shape) + 0.0


def _normal(rng: Rng, *shape: int, scale: float = 1.0) -> Any:
    return (scale * rng.normal(size=shape)).round(2) + 0.0  # no -0.0


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
    """The gradients of an nn.RNN and its inputs, in the shapes of the assignment."""
    return {
        "x": x.grad.numpy(),
        "h0": h0.grad[0].numpy(),
        "W_x": rnn.weight_ih_l0.grad.T.numpy(),
        "W_h": rnn.weight_hh_l0.grad.T.numpy(),
        "b_h": rnn.bias_hh_l0.grad.numpy(),
    }


def _softmax(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    N, T, _, _, V = sizes
    for shape in ((V,), (N, V), (N, T, V)):
        logits = _normal(rng, *shape)
        right = torch.tensor(logits).softmax(-1).numpy()
        yield _case("softmax", (logits,), {"The softmax": (right,)})


def _cell(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    N, _, E, H, _ = sizes
    x_t, h_prev, b_h = _normal(rng, N, E), _normal(rng, N, H), _normal(rng, H)
    W_x, W_h = _normal(rng, E, H), _normal(rng, H, H)
    h_t = _states(x_t[:, None], h_prev, W_x, W_h, (b_h, 0 * b_h))[0][:, 0]
    yield _case("rnn_cell_forward", (x_t, h_prev, W_x, W_h, b_h), {"h_t": (h_t,)})


def _unrolled(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    N, T, E, H, _ = sizes
    x, h0, b_h = _normal(rng, N, T, E), _normal(rng, N, H, scale=0.3), _normal(rng, H)
    W_x, W_h = _normal(rng, E, H), _normal(rng, H, H)
    states, _ = _states(x, h0, W_x, W_h, (b_h, 0 * b_h))
    yield _case("rnn_forward", (x, h0, W_x, W_h, b_h), {"The states": (states,)})


def _model(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    N, T, E, H, V = sizes
    shapes: dict[str, tuple[int, ...]]
    shapes = {"embedding.weight": (V, E), "rnn.weight_ih_l0": (H, E), "rnn.weight_hh_l0": (H, H)}
    shapes |= {"rnn.bias_ih_l0": (H,), "rnn.bias_hh_l0": (H,)}
    shapes |= {"output.weight": (V, H), "output.bias": (V,)}
    given = {name: _normal(rng, *shape, scale=0.5) for name, shape in shapes.items()}
    tokens, h0 = rng.integers(V, size=(N, T)), _normal(rng, 1, N, H, scale=0.3)
    biases = given["rnn.bias_ih_l0"], given["rnn.bias_hh_l0"]
    W_x, W_h = given["rnn.weight_ih_l0"].T, given["rnn.weight_hh_l0"].T
    states, last = _states(given["embedding.weight"][tokens], h0[0], W_x, W_h, biases)
    logits = states @ given["output.weight"].T + given["output.bias"]
    items = [Item("The logits", (0,), _rounded(logits))]
    items.append(Item("The last state", (1,), _rounded(last)))
    yield Case("CharRNN", (tokens,), {"h": h0}, items, Model((V, E, H), given))


def _loss(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    N, T, _, _, V = sizes
    logits, targets = _normal(rng, N, T, V), rng.integers(V, size=(N, T))
    mean = torch.nn.functional.cross_entropy(
        torch.tensor(logits).reshape(-1, V), torch.tensor(targets).reshape(-1)
    )
    yield _case("cross_entropy", (logits, targets), {"The loss": (mean.item(),)})


def _one_step_back(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    N, _, E, H, _ = sizes
    x_t, h_prev, dh_t = _normal(rng, N, E), _normal(rng, N, H, scale=0.3), _normal(rng, N, H)
    W_x, W_h = _normal(rng, E, H, scale=0.5), _normal(rng, H, H, scale=0.5)
    rnn = _network(W_x, W_h, (np.zeros(H), np.zeros(H)))
    x, h0 = (torch.tensor(array, requires_grad=True) for array in (x_t[:, None], h_prev[None]))
    states, _ = rnn(x, h0)
    (states * torch.tensor(dh_t[:, None])).sum().backward()
    gradients = _gradients(rnn, x, h0)
    gradients["x"] = gradients["x"][:, 0]
    names = ("dx_t", "dh_prev", "dW_x", "dW_h", "db_h")
    wanted = {
        f"The gradient {name}": (index, value)
        for index, (name, value) in enumerate(zip(names, gradients.values(), strict=True))
    }
    h_t = _rounded(states.detach().numpy()[:, 0])
    yield _case("rnn_cell_backward", (dh_t, x_t, h_prev, h_t, W_x, W_h), wanted)


def _through_time(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    N, T, E, H, V = sizes
    x, h0 = _normal(rng, N, T, E), _normal(rng, N, H, scale=0.3)
    targets, b_h = rng.integers(V, size=(N, T)), _normal(rng, H, scale=0.5)
    W_x, W_h = _normal(rng, E, H, scale=0.5), _normal(rng, H, H, scale=0.5)
    W_y, b_y = _normal(rng, H, V), _normal(rng, V)
    rnn = _network(W_x, W_h, (b_h, 0 * b_h))
    given = [torch.tensor(array, requires_grad=True) for array in (x, h0[None], W_y, b_y)]
    states, _ = rnn(*given[:2])
    logits = states @ given[2] + given[3]
    mean = torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten())
    mean.backward()
    gradients = _gradients(rnn, *given[:2])
    gradients |= {"W_y": given[2].grad.numpy(), "b_y": given[3].grad.numpy()}
    wanted = {f'grads["{key}"]': (1, key, value) for key, value in gradients.items()}
    arguments = (x, targets, h0, W_x, W_h, b_h, W_y, b_y)
    yield _case("bptt", arguments, {"The loss": (0, mean.item()), **wanted})


ORACLES: tuple[Callable[[Rng, Sizes], Iterator[Case]], ...] = (
    _softmax,
    _cell,
    _model,
    _unrolled,
    _loss,
    _one_step_back,
    _through_time,
)
