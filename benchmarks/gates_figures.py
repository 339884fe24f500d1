"""Compares the networks of `gates` with PyTorch's layers and with published figures.

    python -m benchmarks.gates_figures [torch] [counts] [adding]

PyTorch's layers: the solution's cells, unrolled, beside `nn.LSTM`, `nn.GRU` and `nn.RNN` with the
same weights, in float64. The gradients are compared with those of autograd. A difference is
relative to the largest entry of PyTorch's result.

Parameters: those of PyTorch's layers, and for the two models the sums of the asked-for shapes.

The adding problem at T = 100, as in the notebook: 32 units, batches of 32, Adam, gradients clipped
to a norm of 1, until the last 50 losses have a mean below 0.01, at most 1,500 updates. The error is
that of 10,000 new sequences. Always answering 1 has an error of 1/6, the variance of the sum of two
numbers that are uniform between 0 and 1.

What it printed on two cores that had other things to do:

    compared with                    at most   largest difference
    nn.LSTM, all states                1e-06                3e-16
    nn.LSTM, last memory               1e-06                2e-16
    nn.LSTMCell, six gradients         1e-06                2e-16
    nn.GRU, all states                 1e-06                2e-16
    nn.RNN, 3 layers, outputs          1e-06                2e-16
    nn.RNN, 3 layers, last states      1e-06                2e-16
    nn.RNN, bidirectional, packed      1e-06                1e-16
    autograd, pieces of 1 step         1e-06                5e-16
    autograd, pieces of 5 steps        1e-06                5e-16
    autograd, pieces of 12 steps       1e-06                3e-16

    parameters                       PyTorch        ours
    RNN, 128 to 64                    12,416      12,416
    LSTM, 128 to 64                   49,664      49,664
    GRU, 128 to 64                    37,248      37,248
    SentimentRNN, as it is built   1,510,914   1,510,914
    CharLSTM, 65 characters        3,320,385   3,320,385

    adding, T = 100      sequences   published     ours    s
    always 1                            0.1667   0.1645
    RNN                     48,000    near 1/6   0.1662   43
    LSTM, forget bias 1     27,744   far below   0.0054   18
    GRU                      6,656   far below   0.0100   16
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import click
import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from autograder.course.folders import Assignment, Course
from autograder.course.reference import Reference
from benchmarks.published_figures import ROOT, handed_out

TOLERANCE = 1e-6
N, T, E, H, V = 4, 12, 5, 6, 7
LENGTHS = (12, 5, 1, 9)
RNN_RATE, GATED_RATE, UPDATES = 0.003, 0.02, 1500


def _difference(got: Any, want: Any) -> float:
    """The largest difference, relative to the largest entry of ``want``."""
    want = want.detach().numpy()
    return float(np.max(np.abs(np.asarray(got) - want)) / np.max(np.abs(want)))


def _arrays(layer: Any, suffix: str = "l0") -> tuple[Any, Any, Any, Any]:
    """W_x, W_h and both biases of a layer, as the solution takes them."""
    names = (f"weight_ih_{suffix}", f"weight_hh_{suffix}", f"bias_ih_{suffix}", f"bias_hh_{suffix}")
    W_x, W_h, b_x, b_h = (getattr(layer, name).detach().numpy() for name in names)
    return W_x.T, W_h.T, b_x, b_h


def _one_bias(layer: Any, suffix: str) -> tuple[Any, Any, Any]:
    W_x, W_h, b_x, b_h = _arrays(layer, suffix)
    return W_x, W_h, b_x + b_h


# -- PyTorch's layers ------------------------------------------------------------------------------


def compare_lstm(right: Reference, x: Any) -> dict[str, float]:
    layer = nn.LSTM(E, H, batch_first=True).double()
    W_x, W_h, b = _one_bias(layer, "l0")
    h = c = np.zeros((N, H))
    states = []
    for t in range(T):
        h, c = right.lstm_cell_forward(x[:, t].numpy(), h, c, W_x, W_h, b)
        states.append(h)
    outputs, (_, c_last) = layer(x)
    return {
        "nn.LSTM, all states": _difference(np.stack(states, axis=1), outputs),
        "nn.LSTM, last memory": _difference(c, c_last[0]),
    }


def compare_lstm_gradients(right: Reference, x: Any) -> dict[str, float]:
    cell = nn.LSTMCell(E, H).double()
    given = [x[:, 0], *torch.randn(2, N, H).double()]
    given = [one.clone().requires_grad_() for one in given]
    dh, dc = torch.randn(2, N, H).double()
    h, c = cell(given[0], (given[1], given[2]))
    torch.autograd.backward((h, c), (dh, dc))
    W_x, W_h = cell.weight_ih.detach().numpy().T, cell.weight_hh.detach().numpy().T
    b = (cell.bias_ih + cell.bias_hh).detach().numpy()
    arrays = [one.detach().numpy() for one in (dh, dc, *given)]
    got = right.lstm_cell_backward(*arrays, W_x, W_h, b)
    want = [*(one.grad for one in given), cell.weight_ih.grad.T, cell.weight_hh.grad.T]
    want.append(cell.bias_ih.grad)
    differences = [_difference(mine, theirs) for mine, theirs in zip(got, want, strict=True)]
    return {"nn.LSTMCell, six gradients": max(differences)}


def compare_gru(right: Reference, x: Any) -> dict[str, float]:
    layer = nn.GRU(E, H, batch_first=True).double()
    h, states = np.zeros((N, H)), []
    for t in range(T):
        h = right.gru_cell_forward(x[:, t].numpy(), h, *_arrays(layer))
        states.append(h)
    return {"nn.GRU, all states": _difference(np.stack(states, axis=1), layer(x)[0])}


def compare_rnn(right: Reference, x: Any) -> dict[str, float]:
    deep = nn.RNN(E, H, num_layers=3, batch_first=True).double()
    h0 = torch.randn(3, N, H).double()
    layers = [_one_bias(deep, f"l{layer}") for layer in range(3)]
    outputs, h_last = right.stacked_forward(x.numpy(), h0.numpy(), layers)
    want, want_last = deep(x, h0)

    both = nn.RNN(E, H, bidirectional=True, batch_first=True).double()
    ways = _one_bias(both, "l0"), _one_bias(both, "l0_reverse")
    packed = nn.utils.rnn.pack_padded_sequence(
        x, torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False
    )
    padded, _ = nn.utils.rnn.pad_packed_sequence(both(packed)[0], batch_first=True)
    return {
        "nn.RNN, 3 layers, outputs": _difference(outputs, want),
        "nn.RNN, 3 layers, last states": _difference(h_last, want_last),
        "nn.RNN, bidirectional, packed": _difference(
            right.bidirectional_forward(x.numpy(), np.array(LENGTHS), *ways), padded
        ),
    }


def compare_truncated(right: Reference, x: Any, k: int) -> dict[str, float]:
    """The gradients of pieces of k steps beside autograd with the state detached at each border."""
    layer, output = nn.RNN(E, H, batch_first=True).double(), nn.Linear(H, V).double()
    targets = torch.randint(0, V, (N, T))
    h, losses = torch.zeros(1, N, H).double(), []
    for at in range(0, T, k):
        states, h = layer(x[:, at : at + k], h.detach())
        logits, right_ones = output(states).flatten(0, 1), targets[:, at : at + k].flatten()
        losses.append(nn.functional.cross_entropy(logits, right_ones, reduction="sum"))
    loss = sum(losses) / targets.numel()
    loss.backward()
    W_x, W_h, b_h = _one_bias(layer, "l0")
    W_y, b_y = output.weight.detach().numpy().T, output.bias.detach().numpy()
    got_loss, grads, h_T = right.truncated_bptt(
        x.numpy(), targets.numpy(), np.zeros((N, H)), W_x, W_h, b_h, W_y, b_y, k
    )
    pairs = (
        (got_loss, loss),
        (h_T, h[0]),
        (grads["W_x"], layer.weight_ih_l0.grad.T),
        (grads["W_h"], layer.weight_hh_l0.grad.T),
        (grads["b_h"], layer.bias_ih_l0.grad),
        (grads["W_y"], output.weight.grad.T),
        (grads["b_y"], output.bias.grad),
    )
    name = f"autograd, pieces of {k} step{'s' * (k > 1)}"
    return {name: max(_difference(got, want) for got, want in pairs)}


def _torch_table(right: Reference) -> Table:
    torch.manual_seed(0)
    x = torch.randn(N, T, E).double()
    found: dict[str, float] = {}
    for compare in (compare_lstm, compare_lstm_gradients, compare_gru, compare_rnn):
        found |= compare(right, x)
    for k in (1, 5, T):
        found |= compare_truncated(right, x, k)
    table = Table(title="the same weights in PyTorch's layers and in ours")
    for heading in ("compared with", "at most", "largest difference", ""):
        table.add_column(heading, justify="left" if heading == "compared with" else "right")
    for name, largest in found.items():
        verdict = "" if largest <= TOLERANCE else "too large"
        table.add_row(name, f"{TOLERANCE:.0e}", f"{largest:.0e}", verdict)
    return table


# -- parameters ------------------------------------------------------------------------------------


def _numbers_in(module: Any) -> int:
    return sum(one.numel() for one in module.parameters())


def _counts_table(right: Reference) -> Table:
    table = Table(title="parameters")
    for heading in ("layer", "PyTorch, or shapes", "ours"):
        table.add_column(heading, justify="left" if heading == "layer" else "right")
    kinds = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
    for sizes in ((3, 2), (128, 64), (300, 512)):
        ours = right.cell_parameters(*sizes)
        for name, kind in kinds.items():
            row = f"{kind.__name__}, {sizes[0]} to {sizes[1]}"
            table.add_row(row, f"{_numbers_in(kind(*sizes)):,}", f"{ours[name]:,}")
    # From the shapes: embedding, two layers with two biases each, output.
    sentiment = 10000 * 128 + (128 + 256 + 2) * 256 + (256 + 256 + 2) * 256 + 257 * 2
    characters = 4 * 512 * ((65 + 512 + 2) + (512 + 512 + 2)) + 513 * 65
    for text, shapes, model in (
        ("SentimentRNN, as it is built", sentiment, right.SentimentRNN()),
        ("CharLSTM, 65 characters", characters, right.CharLSTM(65)),
    ):
        table.add_row(text, f"{shapes:,}", f"{_numbers_in(model):,}")
    return table


# -- the adding problem ----------------------------------------------------------------------------


def learn_adding(beside: Any, build: Callable[[], Any], rate: float) -> tuple[int, float]:
    """Trains at T = 100; returns how many sequences it took, and the error on new ones."""
    torch.manual_seed(0)
    rnn, fc = build(), nn.Linear(32, 1)

    def answers(x: Any) -> Any:
        return fc(rnn(x)[0][:, -1])[:, 0]

    def error_now() -> Any:
        x, y = beside.adding(32, 100)
        return ((answers(x) - y) ** 2).mean()

    weights = [*rnn.parameters(), *fc.parameters()]
    losses = beside.learn(error_now, weights, UPDATES, rate, "adding", enough=0.01)
    x, y = beside.adding(10_000, 100)
    with torch.no_grad():
        return 32 * len(losses), ((answers(x) - y) ** 2).mean().item()


def _adding_table(right: Reference, assignment: Assignment) -> Table:
    beside = handed_out(assignment, "gates_experiments")
    torch.manual_seed(0)
    _, y = beside.adding(10_000, 100)
    table = Table(title="the adding problem at T = 100")
    for heading in ("network", "sequences", "published", "ours", "s"):
        table.add_column(heading, justify="left" if heading == "network" else "right")
    table.add_row("always 1", "", f"{1 / 6:.4f}", f"{((y - 1) ** 2).mean():.4f}", "")
    networks: Sequence[tuple[str, Callable[[], Any], float, str]] = (
        ("RNN", lambda: nn.RNN(2, 32, batch_first=True), RNN_RATE, "near 1/6"),
        ("LSTM, forget bias 1", lambda: right.CharLSTM(2, 32, 1).lstm, GATED_RATE, "far below"),
        ("GRU", lambda: nn.GRU(2, 32, batch_first=True), GATED_RATE, "far below"),
    )
    for name, build, rate, published in networks:
        started = time.perf_counter()
        sequences, error = learn_adding(beside, build, rate)
        took = f"{time.perf_counter() - started:.0f}"
        table.add_row(name, f"{sequences:,}", published, f"{error:.4f}", took)
    return table


@click.command()
@click.argument("what", nargs=-1, type=click.Choice(["torch", "counts", "adding"]))
def main(what: tuple[str, ...]) -> None:
    """Compares the networks of `gates` with PyTorch's layers and with published figures."""
    assignment, console = Course.find(ROOT).assignment("gates"), Console()
    right = Reference(assignment)
    if not what or "torch" in what:
        console.print(_torch_table(right))
    if not what or "counts" in what:
        console.print(_counts_table(right))
    if not what or "adding" in what:
        console.print(_adding_table(right, assignment))


if __name__ == "__main__":
    main()
