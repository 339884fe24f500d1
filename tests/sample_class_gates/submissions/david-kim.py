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
    # d tanh(z)_i = (1 - h_i^2), z_i = sum_j h_j W_ji
    return W_h[None, :, :] * (1 - h_t**2)[:, None, :]


def gradient_norms(dh_T: np.ndarray, h: np.ndarray, W_h: np.ndarray) -> np.ndarray:
    N, T, H = h.shape
    out = np.zeros((N, T))
    out[:, -1] = np.linalg.norm(dh_T, axis=1)
    grad = dh_T
    for t in range(T - 1, 0, -1):
        J = step_jacobian(h[:, t], W_h)
        grad = (J @ grad[:, :, None])[:, :, 0]
        out[:, t - 1] = np.linalg.norm(grad, axis=1)
    return out

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
    N, T, _ = x.shape
    H = h0.shape[1]
    states = np.zeros((N, T + 1, H))  # states[:, t] is the state BEFORE step t
    states[:, 0] = h0
    for t in range(T):
        states[:, t + 1] = np.tanh(states[:, t] @ W_h + x[:, t] @ W_x + b_h)
    logits = states[:, 1:] @ W_y + b_y
    logits = logits - logits.max(axis=2, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
    n, t = np.indices((N, T))
    loss = -log_p[n, t, targets].mean()

    dlogits = np.exp(log_p)
    dlogits[n, t, targets] -= 1
    dlogits /= N * T
    dh = dlogits @ W_y.T
    dz = np.zeros((N, T, H))
    back = np.zeros((N, H))
    for t in reversed(range(T)):
        if (t + 1) % k == 0:
            back = np.zeros((N, H))  # the next step is in another piece
        dz[:, t] = (dh[:, t] + back) * (1 - states[:, t + 1] ** 2)
        back = dz[:, t] @ W_h.T
    grads = {
        "W_x": np.einsum("nte,nth->eh", x, dz),
        "W_h": np.einsum("nti,nth->ih", states[:, :-1], dz),
        "b_h": dz.sum(axis=(0, 1)),
        "W_y": np.einsum("nth,ntv->hv", states[:, 1:], dlogits),
        "b_y": dlogits.sum(axis=(0, 1)),
    }
    return float(loss), grads, states[:, -1]


def clip_values(grads: dict[str, np.ndarray], limit: float) -> dict[str, np.ndarray]:
    return {name: np.clip(g, -limit, limit) for name, g in grads.items()}


def orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    Q, R = np.linalg.qr(rng.standard_normal((size, size)))
    return Q * np.sign(np.diag(R))

# %% part="1b" role="check"
check("1b")

# %% part="2a" role="stub"
def sigmoid(z: np.ndarray) -> np.ndarray:
    # clip, otherwise exp overflows
    z = np.clip(z, -500, 500)
    return 1 / (1 + np.exp(-z))


def lstm_cell_forward(
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    H = h_prev.shape[1]
    z = x_t @ W_x + h_prev @ W_h + b
    i = sigmoid(z[:, 0:H])
    f = sigmoid(z[:, H : 2 * H])
    g = np.tanh(z[:, 2 * H : 3 * H])
    o = sigmoid(z[:, 3 * H : 4 * H])
    c_t = f * c_prev + i * g
    h_t = o * np.tanh(c_t)
    return h_t, c_t

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
    zi, zf, zg, zo = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)
    i, f, g, o = sigmoid(zi), sigmoid(zf), np.tanh(zg), sigmoid(zo)
    tanh_c = np.tanh(f * c_prev + i * g)

    dc = dc_t + dh_t * o * (1 - tanh_c**2)
    di = dc * g * i * (1 - i)
    df = dc * c_prev * f * (1 - f)
    dg = dc * i * (1 - g**2)
    do = dh_t * tanh_c * o * (1 - o)
    dz = np.concatenate([di, df, dg, do], axis=1)
    return dz @ W_x.T, dz @ W_h.T, dc * f, x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0)

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
    rng = np.random.default_rng(0)
    for N, E, H in ((2, 3, 4), (1, 5, 2), (3, 3, 3)):
        args = (
            rng.normal(size=(N, E)),
            rng.normal(size=(N, H)),
            rng.normal(size=(E, 3 * H)),
            rng.normal(size=(H, 3 * H)),
            rng.normal(size=3 * H),
            rng.normal(size=3 * H),
        )
        expected = gru_cell_forward(*args)
        assert (cell(*args) == expected).all()
    return True


def cell_parameters(embedding_dim: int, hidden_size: int) -> dict[str, int]:
    E = embedding_dim
    H = hidden_size
    rnn = E * H + H * H + 2 * H
    lstm = 4 * H * E + 4 * H * H + 8 * H
    gru = 3 * H * E + 3 * H * H + 6 * H
    return {"rnn": rnn, "lstm": lstm, "gru": gru}

# %% part="2c" role="check"
check("2c")

# %% part="3a" role="stub"
def stacked_forward(
    x: np.ndarray, h0: np.ndarray, layers: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    inputs = x
    h_T = np.zeros_like(h0)
    for l, (W_x, W_h, b_h) in enumerate(layers):
        h = h0[l]
        states = np.zeros((x.shape[0], x.shape[1], h.shape[1]))
        projected = inputs @ W_x + b_h
        for t in range(x.shape[1]):
            h = np.tanh(projected[:, t] + h @ W_h)
            states[:, t] = h
        h_T[l] = h
        inputs = states
    return inputs, h_T


def bidirectional_forward(
    x: np.ndarray,
    lengths: np.ndarray,
    forward: tuple[np.ndarray, np.ndarray, np.ndarray],
    backward: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    N, T, _ = x.shape
    real = np.arange(T)[None, :] < lengths[:, None]  # (N,T)
    H = forward[1].shape[0]
    out = np.zeros((N, T, 2 * H))
    for (W_x, W_h, b_h), times, part in [
        (forward, range(T), slice(0, H)),
        (backward, reversed(range(T)), slice(H, 2 * H)),
    ]:
        h = np.zeros((N, H))
        for t in times:
            h = np.tanh(x[:, t] @ W_x + h @ W_h + b_h) * real[:, t, None]
            out[:, t, part] = h
    return out

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
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.RNN(embedding_dim, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, num_classes)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        x = self.embedding(tokens)
        out, h = self.rnn(x)
        N, T = tokens.shape
        if lengths is None:
            lengths = torch.tensor([T] * N)
        last = out[torch.arange(N), lengths - 1, :]
        return self.fc(last)

# %% part="3b" role="stub"
def masked_cross_entropy(logits: np.ndarray, targets: np.ndarray, lengths: np.ndarray) -> float:
    N, T, V = logits.shape
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    log_probs = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    loss = 0.0
    count = 0
    for n in range(N):
        for t in range(lengths[n]):
            loss = loss - log_probs[n, t, targets[n, t]]
            count = count + 1
    return float(loss / count)

# %% part="3b" role="check"
check("3b")

# %% part="3c" role="stub"
def dropout(
    x: np.ndarray, p: float, rng: np.random.Generator, training: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    if not training:
        return x.copy(), np.ones(x.shape, dtype=bool)
    mask = rng.random(x.shape) >= p
    return x * mask / (1 - p), mask


def dropout_backward(dy: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    return dy * mask / (1 - p)

# %% part="3c" role="check"
check("3c")

# %% part="4a" role="stub"
import torch
from torch import nn


class CharLSTM(nn.Module):
    def __init__(self, vocab_size: int, hidden_size: int = 512, num_layers: int = 2) -> None:
        super().__init__()
        self.lstm = nn.LSTM(vocab_size, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, vocab_size)
        for name, p in self.lstm.named_parameters():
            if "bias" in name:
                p.data[hidden_size : 2 * hidden_size] = 1.0

    def forward(
        self, tokens: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        V = self.fc.out_features
        x = torch.zeros(*tokens.shape, V, dtype=self.fc.weight.dtype)
        x.scatter_(2, tokens.unsqueeze(2), 1.0)
        out, state = self.lstm(x, state)
        return self.fc(out), state

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
    h, c = h0[None], c0[None]
    token, written = start, []
    while len(written) < max_length:
        h, c = lstm_cell_forward(W_e[token][None], h, c, W_x, W_h, b)
        token = int(np.argmax(h @ W_y + b_y))
        if token == end:
            break
        written.append(token)
    return written

# %% part="4b" role="concepts"
answers_4b = {
    "memory-path": "ac",
    "forget-bias": "ac",
    "look-ahead": "ace",
    "padding": "bd",
    "one-to-many": "abcd",
}

# %% part="4b" role="check"
check("4b")

# %%
with suppress(NameError):
    self_test()

# %%
with suppress(NameError):
    hand_in()
