# %%
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

try:  # this lies beside this file
    from gates_check import check, hand_in, self_test
except ImportError:

    def check(part: str) -> None:
        print(f"part {part}: not checked, gates_check is missing from this folder")

# %%
def step_jacobian(h_t: np.ndarray, W_h: np.ndarray) -> np.ndarray:
    slope = 1 - h_t**2
    return slope[:, :, None] * W_h.T[None, :, :]


def gradient_norms(dh_T: np.ndarray, h: np.ndarray, W_h: np.ndarray) -> np.ndarray:
    N, T, H = h.shape
    norms = np.zeros((N, T))
    dh = dh_T
    for t in range(T - 1, -1, -1):
        norms[:, t] = np.sqrt((dh**2).sum(axis=1))
        dh = (dh * (1 - h[:, t] ** 2)) @ W_h.T
    return norms

# %%
check("1a")

# %%
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
    N, T, E = x.shape
    grads = {
        "W_x": np.zeros(W_x.shape),
        "W_h": np.zeros(W_h.shape),
        "b_h": np.zeros(b_h.shape),
        "W_y": np.zeros(W_y.shape),
        "b_y": np.zeros(b_y.shape),
    }
    losses = []
    h_start = h0
    for begin in range(0, T, k):
        xs = x[:, begin : begin + k]
        ys = targets[:, begin : begin + k]
        K = xs.shape[1]
        hs = [h_start]
        for t in range(K):
            hs.append(np.tanh(xs[:, t] @ W_x + hs[-1] @ W_h + b_h))
        after = np.stack(hs[1:], axis=1)
        logits = after @ W_y + b_y
        logits = logits - np.max(logits, axis=-1, keepdims=True)
        probs = np.exp(logits) / np.sum(np.exp(logits), axis=-1, keepdims=True)
        one_hot = np.eye(len(b_y))[ys]
        losses.append(-np.mean(np.log(np.sum(probs * one_hot, axis=-1))))
        error = (probs - one_hot) / (N * T)
        carry = 0
        for t in reversed(range(K)):
            grads["W_y"] += hs[t + 1].T @ error[:, t]
            grads["b_y"] += error[:, t].sum(axis=0)
            dz = (error[:, t] @ W_y.T + carry) * (1 - hs[t + 1] ** 2)
            grads["W_x"] += xs[:, t].T @ dz
            grads["W_h"] += hs[t].T @ dz
            grads["b_h"] += dz.sum(axis=0)
            carry = dz @ W_h.T
        h_start = hs[-1]
    return float(np.mean(losses)), grads, h_start


def clip_values(grads: dict[str, np.ndarray], limit: float) -> dict[str, np.ndarray]:
    for g in grads.values():
        np.clip(g, -limit, limit, out=g)
    return grads


def orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    Q, R = np.linalg.qr(rng.standard_normal((size, size)))
    return Q * np.sign(np.diag(R))

# %%
check("1b")

# %%
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

# %%
check("2a")

# %%
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
    H = h_prev.shape[1]
    # forward again
    z = x_t @ W_x + h_prev @ W_h + b
    i = sigmoid(z[:, 0:H])
    f = sigmoid(z[:, H : 2 * H])
    g = np.tanh(z[:, 2 * H : 3 * H])
    o = sigmoid(z[:, 3 * H : 4 * H])
    c_t = f * c_prev + i * g
    # backward
    do = dh_t * np.tanh(c_t)
    dc = dc_t + dh_t * o * (1 - np.tanh(c_t) ** 2)
    di = dc * g
    df = dc * c_prev
    dg = dc * i
    dc_prev = dc * f
    # through the activations
    di = di * i * (1 - i)
    df = df * f * (1 - f)
    dg = dg * (1 - g**2)
    do = do * o * (1 - o)
    dz = np.hstack((di, df, dg, do))
    dx_t = np.dot(dz, W_x.T)
    dh_prev = np.dot(dz, W_h.T)
    dW_x = np.dot(x_t.T, dz)
    dW_h = np.dot(h_prev.T, dz)
    db = np.sum(dz, axis=0)
    return dx_t, dh_prev, dc_prev, dW_x, dW_h, db

# %%
check("2b")

# %%
def gru_cell_forward(
    x_t: np.ndarray,
    h_prev: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b_x: np.ndarray,
    b_h: np.ndarray,
) -> np.ndarray:
    a_r, a_z, a_n = np.split(x_t @ W_x + b_x, 3, axis=1)
    u_r, u_z, u_n = np.split(h_prev @ W_h + b_h, 3, axis=1)
    r, z = sigmoid(a_r + u_r), sigmoid(a_z + u_z)
    n = np.tanh(a_n + r * u_n)
    return (1 - z) * n + z * h_prev


def check_gru_cell(cell: Callable[..., np.ndarray]) -> bool:
    rng = np.random.default_rng(2026)
    for N, E, H in [(1, 1, 1), (1, 3, 2), (4, 2, 3), (3, 3, 3), (5, 6, 4), (2, 1, 8)]:
        for scale in (0.5, 1.0, 3.0):
            args = [
                scale * rng.normal(size=shape)
                for shape in [(N, E), (N, H), (E, 3 * H), (H, 3 * H), (3 * H,), (3 * H,)]
            ]
            want = gru_cell_forward(*args)
            given = [a.copy() for a in args]
            got = np.asarray(cell(*given))
            if got.shape != want.shape or not np.allclose(got, want, atol=1e-4):
                return False
            if not all(np.array_equal(a, b) for a, b in zip(args, given)):
                return False
    return True


def cell_parameters(embedding_dim: int, hidden_size: int) -> dict[str, int]:
    one = hidden_size * (embedding_dim + hidden_size + 2)
    return {"rnn": one, "lstm": 4 * one, "gru": 3 * one}

# %%
check("2c")

# %%
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

# %%
check("3a")

# %%
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

# %%
def masked_cross_entropy(logits: np.ndarray, targets: np.ndarray, lengths: np.ndarray) -> float:
    N, T, V = logits.shape
    real = np.arange(T) < np.asarray(lengths)[:, None]
    z, y = logits[real], targets[real]  # only what is real: (M,V) and (M,)
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return float(-log_p[np.arange(len(y)), y].mean())

# %%
check("3b")

# %%
def dropout(
    x: np.ndarray, p: float, rng: np.random.Generator, training: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    if not training:
        return x.copy(), np.ones(x.shape, dtype=bool)
    mask = rng.random(x.shape) >= p
    return x * mask / (1 - p), mask


def dropout_backward(dy: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    return dy * mask / (1 - p)

# %%
check("3c")

# %%
import torch
from torch import nn


class CharLSTM(nn.Module):
    def __init__(self, vocab_size: int, hidden_size: int = 512, num_layers: int = 2) -> None:
        super().__init__()
        self.vocab_size = vocab_size
        self.lstm = nn.LSTM(vocab_size, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, vocab_size)
        for l in range(num_layers):
            b_ih = getattr(self.lstm, "bias_ih_l" + str(l))
            b_hh = getattr(self.lstm, "bias_hh_l" + str(l))
            b_ih.data[hidden_size : 2 * hidden_size] = 1
            b_hh.data[hidden_size : 2 * hidden_size] = 0

    def forward(
        self, tokens: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        x = torch.nn.functional.one_hot(tokens, self.vocab_size)
        x = x.to(self.fc.weight.dtype)
        out, state = self.lstm(x, state)
        logits = self.fc(out)
        return logits, state

# %%
check("4a")

# %%
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
    H = h0.shape[0]
    h = h0.reshape(1, H)
    c = c0.reshape(1, H)
    token = start
    words = []
    for i in range(max_length):
        x = W_e[token].reshape(1, -1)
        h, c = lstm_cell_forward(x, h, c, W_x, W_h, b)
        logits = h @ W_y + b_y
        token = int(np.argmax(logits[0]))
        if token == end:
            break
        words.append(token)
    return words

# %%
answers_4b = {
    "memory-path": "ac",
    "forget-bias": "c",
    "look-ahead": "ace",
    "padding": "bd",
    "one-to-many": "acd",
}

# %%
check("4b")

# %%
with suppress(NameError):
    self_test()

# %%
with suppress(NameError):
    hand_in()
