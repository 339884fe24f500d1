"""The right answers are right: they agree with torch, and with figures that others published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from torch import nn

from autograder.course.folders import Course
from autograder.course.reference import Reference

Array = NDArray[np.float64]

ASSIGNMENT = Course(Path(__file__).parent.parent).assignment()
SIZES = [
    pytest.param(*sizes, id="N{}-T{}-E{}-H{}-V{}".format(*sizes))
    for sizes in (
        (3, 5, 4, 6, 7),
        (1, 9, 2, 3, 5),
        (4, 1, 3, 5, 2),
        (2, 40, 6, 1, 1),
        (1, 1, 1, 2, 9),
    )
]
WEIGHTS = ("W_x", "W_h", "b_h", "W_y", "b_y")


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference(ASSIGNMENT)


def _network(N: int, T: int, E: int, H: int, V: int) -> dict[str, Array]:
    """x (N,T,E), h0 (N,H) and the five weights."""
    rng = np.random.default_rng([N, T, E, H, V])
    shapes: dict[str, tuple[int, ...]] = {"x": (N, T, E), "h0": (N, H), "W_x": (E, H)}
    shapes |= {"W_h": (H, H), "b_h": (H,), "W_y": (H, V), "b_y": (V,)}
    return {name: rng.normal(scale=0.5, size=shape) for name, shape in shapes.items()}


def _targets(N: int, T: int, V: int) -> NDArray[np.int64]:
    return np.random.default_rng([N, T, V]).integers(V, size=(N, T))


def _close(got: Any, want: Any) -> None:
    want = want.detach().numpy() if isinstance(want, torch.Tensor) else want
    assert np.shape(got) == np.shape(want)
    assert_allclose(got, want, rtol=0, atol=1e-6)


def _torch_rnn(p: dict[str, Array]) -> nn.RNN:
    """torch's own layer with these weights; it keeps them transposed, and has two biases."""
    E, H = p["W_x"].shape
    layer = nn.RNN(E, H, batch_first=True, dtype=torch.float64)
    parameters = {
        "weight_ih_l0": torch.tensor(p["W_x"].T),
        "weight_hh_l0": torch.tensor(p["W_h"].T),
        "bias_ih_l0": torch.tensor(p["b_h"]),
        "bias_hh_l0": torch.zeros(H, dtype=torch.float64),
    }
    layer.load_state_dict(parameters)
    return layer


# -- torch ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("N", "T", "E", "H", "V"), SIZES)
def test_forward_agrees_with_nn_rnn(
    reference: Reference, N: int, T: int, E: int, H: int, V: int
) -> None:
    p = _network(N, T, E, H, V)
    states, last = _torch_rnn(p)(torch.tensor(p["x"]), torch.tensor(p["h0"])[None])
    got = reference.rnn_forward(p["x"], p["h0"], p["W_x"], p["W_h"], p["b_h"])
    _close(got, states)
    _close(got[:, -1], last[0])
    step = reference.rnn_cell_forward(p["x"][:, 0], p["h0"], p["W_x"], p["W_h"], p["b_h"])
    _close(step, states[:, 0])


@pytest.mark.parametrize(("N", "T", "E", "H", "V"), SIZES)
def test_bptt_agrees_with_autograd(
    reference: Reference, N: int, T: int, E: int, H: int, V: int
) -> None:
    p, targets = _network(N, T, E, H, V), _targets(N, T, V)
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in p.items()}
    h, logits = leaves["h0"], []
    for t in range(T):
        h = torch.tanh(h @ leaves["W_h"] + leaves["x"][:, t] @ leaves["W_x"] + leaves["b_h"])
        logits.append(h @ leaves["W_y"] + leaves["b_y"])
    flat = torch.stack(logits, dim=1).reshape(N * T, V)
    want = nn.functional.cross_entropy(flat, torch.tensor(targets).reshape(-1))
    want.backward()

    loss, grads = reference.bptt(p["x"], targets, p["h0"], *(p[name] for name in WEIGHTS))
    _close(loss, want)
    assert grads.keys() == leaves.keys()
    for name, leaf in leaves.items():
        _close(grads[name], leaf.grad)


@pytest.mark.parametrize(("N", "T", "E", "H", "V"), SIZES)
def test_one_step_back_agrees_with_autograd(
    reference: Reference, N: int, T: int, E: int, H: int, V: int
) -> None:
    p = _network(N, T, E, H, V)
    dh_t = np.random.default_rng(H).normal(size=(N, H))
    inputs = (p["x"][:, 0], p["h0"], p["W_x"], p["W_h"], p["b_h"])
    x_t, h_prev, W_x, W_h, b_h = (torch.tensor(value, requires_grad=True) for value in inputs)
    h_t = torch.tanh(h_prev @ W_h + x_t @ W_x + b_h)
    h_t.backward(torch.tensor(dh_t))

    states = h_t.detach().numpy()
    got = reference.rnn_cell_backward(dh_t, *inputs[:2], states, *inputs[2:4])
    for gradient, leaf in zip(got, (x_t, h_prev, W_x, W_h, b_h), strict=True):
        _close(gradient, leaf.grad)


@pytest.mark.parametrize("scale", [1.0, 1e4])
@pytest.mark.parametrize("leading", [(), (5,), (2, 3), (2, 1, 4)])
def test_loss_and_softmax_agree_with_torch(
    reference: Reference, leading: tuple[int, ...], scale: float
) -> None:
    rng = np.random.default_rng(len(leading))
    logits = rng.uniform(-scale, scale, size=(*leading, 6))
    targets = np.asarray(rng.integers(6, size=leading))
    flat = torch.tensor(logits).reshape(-1, 6)
    want = nn.functional.cross_entropy(flat, torch.tensor(targets).reshape(-1))
    _close(reference.cross_entropy(logits, targets), want)
    _close(reference.softmax(logits), torch.softmax(torch.tensor(logits), dim=-1))


def test_clipping_agrees_with_torch(reference: Reference) -> None:
    grads = _network(2, 3, 4, 5, 6)
    for max_norm in (0.5, 1000.0):
        leaves = [nn.Parameter(torch.tensor(value)) for value in grads.values()]
        for leaf, value in zip(leaves, grads.values(), strict=True):
            leaf.grad = torch.tensor(value)
        nn.utils.clip_grad_norm_(leaves, max_norm)
        clipped = reference.clip_gradients(grads, max_norm)
        for name, leaf in zip(grads, leaves, strict=True):
            _close(clipped[name], leaf.grad)


def test_the_model_is_the_numpy_network(reference: Reference) -> None:
    model = reference.CharRNN(7, 4, 5).double().eval()
    tokens = np.random.default_rng(1).integers(7, size=(3, 6))
    h0 = np.random.default_rng(2).normal(size=(3, 5))
    with torch.no_grad():
        logits, h = model(torch.tensor(tokens), torch.tensor(h0)[None])
        p = {name: value.numpy() for name, value in model.state_dict().items()}
    bias = p["rnn.bias_ih_l0"] + p["rnn.bias_hh_l0"]
    weights = p["rnn.weight_ih_l0"].T, p["rnn.weight_hh_l0"].T, bias
    states = reference.rnn_forward(p["embedding.weight"][tokens], h0, *weights)
    _close(states @ p["output.weight"].T + p["output.bias"], logits)
    _close(states[:, -1], h[0])


# -- published figures ----------------------------------------------------------------------------


def _spread(low: float, high: float, *shape: int) -> Array:
    return np.linspace(low, high, num=int(np.prod(shape))).reshape(shape)


def test_published_states_of_one_step(reference: Reference) -> None:
    got = reference.rnn_cell_forward(
        _spread(-0.4, 0.7, 3, 10),
        _spread(-0.2, 0.5, 3, 4),
        _spread(-0.1, 0.9, 10, 4),
        _spread(-0.3, 0.7, 4, 4),
        _spread(-0.2, 0.4, 4),
    )
    assert_allclose(got[0], [-0.58172089, -0.50182032, -0.41232771, -0.31410098], atol=1e-8)


def test_published_states_of_a_sequence(reference: Reference) -> None:
    got = reference.rnn_forward(
        _spread(-0.1, 0.3, 2, 3, 4),
        _spread(-0.3, 0.1, 2, 5),
        _spread(-0.2, 0.4, 4, 5),
        _spread(-0.4, 0.1, 5, 5),
        _spread(-0.7, 0.1, 5),
    )
    want = [-0.51014825, -0.30524429, -0.06755202, 0.17806392, 0.40333043]
    assert_allclose(got[-1, -1], want, atol=1e-8)


def test_size_of_the_lecture_model(reference: Reference) -> None:
    want = {"embedding": 65_536, "rnn": 12_416, "output": 33_280}
    assert reference.parameter_count(512, 128, 64) == want
    layers = dict(reference.CharRNN().named_children())
    assert {name: sum(p.numel() for p in one.parameters()) for name, one in layers.items()} == want


def test_uniform_guess_over_512_tokens(reference: Reference) -> None:
    loss = reference.cross_entropy(np.zeros((2, 3, 512)), np.arange(6).reshape(2, 3))
    assert loss == pytest.approx(6.2383, abs=5e-5)
    assert reference.perplexity(loss) == pytest.approx(512)


# -- data -----------------------------------------------------------------------------------------


def _lines(name: str) -> list[str]:
    return (ASSIGNMENT.handout / "data" / name).read_text(encoding="utf-8").splitlines()


def test_names_of_elements() -> None:
    names = _lines("elements.txt")
    assert len(names) == len(set(names)) == 118
    assert len(set("".join(names))) == 24
    assert all(name.isascii() and name.isalpha() and name.islower() for name in names)


def test_titles_of_films() -> None:
    titles = _lines("films.txt")
    assert len(titles) == len({title.casefold() for title in titles}) >= 500
    assert all(title and title == title.strip() for title in titles)
