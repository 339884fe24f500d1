# %%
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

try:  # this lies beside this file
    from gates_check import check, hand_in, self_test
except ImportError:

    def check(part: str) -> None:
        print(f"part {part}: not checked, gates_check is missing from this folder")

# %% part="1a" role="stub"
def step_jacobian(h_t: np.ndarray, W_h: np.ndarray) -> np.ndarray:
    # tanh' = 1 - tanh^2
    d = 1 - np.power(h_t, 2)
    return np.einsum("ni,ji->nij", d, W_h)


def gradient_norms(dh_T: np.ndarray, h: np.ndarray, W_h: np.ndarray) -> np.ndarray:
    pass

# %% part="1a" role="check"
check("1a")

# %% part="1b" role="stub"
def truncated_bptt(
    x: np.ndarray,
    targets: np.ndarray,
    h0: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b_h: np.ndarray,
    W_y: np.ndarray,
    b_y: np.ndarray,
    k: int,
) -> tuple[float, dict[str, np.ndarray], np.ndarray]:
    # YOUR CODE HERE
    raise NotImplementedError("part 1b: truncated_bptt is still to be written")


def clip_values(grads: dict[str, np.ndarray], limit: float) -> dict[str, np.ndarray]:
    new_grads = {}
    for key, value in grads.items():
        new_grads[key] = np.clip(value, -limit, limit)
    return new_grads


def orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    A = rng.normal(0, 1, (size, size))
    U, S, Vt = np.linalg.svd(A)
    return U

# %% part="1b" role="check"
check("1b")

# %% part="2a" role="stub"
def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def lstm_cell_forward(
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    z = x_t @ W_x + h_prev @ W_h + b
    i, f, g, o = np.split(z, 4, axis=1)
    c_t = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    h_t = sigmoid(o) * np.tanh(c_t)
    return c_t, h_t

# %% part="2a" role="check"
check("2a")

# %% part="2b" role="stub"
def lstm_cell_backward(
    dh_t: np.ndarray,
    dc_t: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    # YOUR CODE HERE
    raise NotImplementedError("part 2b: lstm_cell_backward is still to be written")

# %% part="2b" role="check"
check("2b")

# %% part="2c" role="stub"
def gru_cell_forward(
    x_t: np.ndarray,
    h_prev: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b_x: np.ndarray,
    b_h: np.ndarray,
) -> np.ndarray:
    H = h_prev.shape[1]
    a = x_t @ W_x + b_x
    u = h_prev @ W_h + b_h
    r = sigmoid(a[:, :H] + u[:, :H])
    z = sigmoid(a[:, H : 2 * H] + u[:, H : 2 * H])
    n = np.tanh(a[:, 2 * H :] + r * u[:, 2 * H :])
    h_t = (1 - z) * n + z * h_prev
    return h_t


def check_gru_cell(cell: Callable[..., np.ndarray]) -> bool:
    return True


def cell_parameters(embedding_dim: int, hidden_size: int) -> dict[str, int]:
    rnn = embedding_dim * hidden_size + hidden_size * hidden_size + 2 * hidden_size
    return {"rnn": rnn, "lstm": 4 * rnn, "gru": 2 * rnn}

# %% part="2c" role="check"
check("2c")

# %% part="3a" role="stub"
def stacked_forward(
    x: np.ndarray, h0: np.ndarray, layers: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    for l, (W_x, W_h, b_h) in enumerate(layers):
        h = h0[l]
        states = []
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ W_x + h @ W_h + b_h)
            states.append(h)
        x = np.stack(states, axis=1)
    return x, h


def bidirectional_forward(
    x: np.ndarray,
    lengths: np.ndarray,
    forward: tuple[np.ndarray, np.ndarray, np.ndarray],
    backward: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    # YOUR CODE HERE
    raise NotImplementedError("part 3a: bidirectional_forward is still to be written")

# %% part="3a" role="check"
check("3a")

# %% part="3b" role="stub"
import torch
from torch import nn


class SentimentRNN(nn.Module):

    def __init__(
        self,
        vocab_size: int = 10000,
        embedding_dim: int = 128,
        hidden_size: int = 256,
        num_layers: int = 2,
        num_classes: int = 2,
    ) -> None:
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError("part 3b: SentimentRNN.__init__ is still to be written")

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        # YOUR CODE HERE
        raise NotImplementedError("part 3b: SentimentRNN.forward is still to be written")

# %% part="3b" role="stub"
def masked_cross_entropy(logits: np.ndarray, targets: np.ndarray, lengths: np.ndarray) -> float:
    total = 0
    for n in range(len(logits)):
        for t in range(lengths[n]):
            p = np.exp(logits[n, t]) / np.sum(np.exp(logits[n, t]))
            total += -np.log(p[targets[n, t]])
    loss = total / np.sum(lengths)
    print("loss:", loss)

# %% part="3b" role="check"
check("3b")

# %% part="3c" role="stub"
def dropout(
    x: np.ndarray, p: float, rng: np.random.Generator, training: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    if training == False or p == 0:
        return x, np.ones_like(x).astype(bool)
    mask = rng.random(x.shape) < (1 - p)
    y = np.where(mask, x / (1 - p), 0)
    return y, mask


def dropout_backward(dy: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    return dy * mask

# %% part="3c" role="check"
check("3c")

# %% part="4a" role="stub"
import torch
from torch import nn


class CharLSTM(nn.Module):

    def __init__(self, vocab_size: int, hidden_size: int = 512, num_layers: int = 2) -> None:
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError("part 4a: CharLSTM.__init__ is still to be written")

    def forward(
        self, tokens: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        # YOUR CODE HERE
        raise NotImplementedError("part 4a: CharLSTM.forward is still to be written")

# %% part="4a" role="check"
check("4a")

# %% part="4b" role="stub"
def decode(
    h0: np.ndarray,
    c0: np.ndarray,
    start: int,
    end: int,
    max_length: int,
    W_e: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b: np.ndarray,
    W_y: np.ndarray,
    b_y: np.ndarray,
) -> list[int]:
    # YOUR CODE HERE
    raise NotImplementedError("part 4b: decode is still to be written")

# %% part="4b" role="concepts"
answers_4b = {
    "memory-path": "a",
    "forget-bias": "",
    "look-ahead": "abcde",
    "padding": "abcde",
    "one-to-many": "a",
}

# %% part="4b" role="check"
check("4b")

# %%
with suppress(NameError):
    self_test()

# %%
with suppress(NameError):
    hand_in()
