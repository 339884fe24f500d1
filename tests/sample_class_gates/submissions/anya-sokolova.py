# %% [markdown]
# # Remembering for Longer: Gated Recurrent Networks

# %%
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

try:  # this lies beside this file
    from gates_check import check, hand_in, self_test
except ImportError:

    def check(part: str) -> None:
        print(f"part {part}: not checked, gates_check is missing from this folder")

# %% [markdown]
# ## Task 01 Why Memory Fades (1 point)
# ### 1a The chain (0.5)

# %% part="1a" role="stub"
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

# %% part="1a" role="check"
check("1a")

# %% [markdown]
# ### 1b Remedies (0.5)

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
    N, T, E = x.shape
    # 1. forward pass
    h = {-1: h0}
    probs = {}
    loss = 0
    for t in range(T):
        h[t] = np.tanh(x[:, t, :] @ W_x + h[t - 1] @ W_h + b_h)
        logits = h[t] @ W_y + b_y
        exp = np.exp(logits - np.max(logits, axis=1, keepdims=True))
        probs[t] = exp / np.sum(exp, axis=1, keepdims=True)
        loss += -np.sum(np.log(probs[t][np.arange(N), targets[:, t]]))
    loss = loss / (N * T)

    # 2. backward pass
    dW_x = np.zeros_like(W_x)
    dW_h = np.zeros_like(W_h)
    db_h = np.zeros_like(b_h)
    dW_y = np.zeros_like(W_y)
    db_y = np.zeros_like(b_y)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(T)):
        dy = probs[t].copy()
        dy[np.arange(N), targets[:, t]] -= 1
        dy = dy / (N * T)
        dW_y += h[t].T @ dy
        db_y += np.sum(dy, axis=0)
        dh = dy @ W_y.T + dh_next
        dtanh = dh * (1 - h[t] ** 2)
        dW_x += x[:, t, :].T @ dtanh
        dW_h += h[t - 1].T @ dtanh
        db_h += np.sum(dtanh, axis=0)
        dh_next = dtanh @ W_h.T
        if t % k == 0:  # first step of a piece: stop here
            dh_next = np.zeros_like(h0)
    grads = {"W_x": dW_x, "W_h": dW_h, "b_h": db_h, "W_y": dW_y, "b_y": db_y}
    return float(loss), grads, h[T - 1]


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

# %% [markdown]
# ## Task 02 Gates (1.5 points)
# ### 2a The LSTM cell (0.5)

# %% part="2a" role="stub"
def sigmoid(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / (1 + np.exp(z))


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

# %% [markdown]
# ### 2b One step back (0.5)

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

# %% [markdown]
# ### 2c The GRU cell, and a test of it (0.5)

# %% part="2c" role="stub"
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

# %% part="2c" role="check"
check("2c")

# %% [markdown]
# ## Task 03 Deeper, Both Ways, and Many to One (1.5 points)
# ### 3a Deep and both ways (0.5)

# %% part="3a" role="stub"
def stacked_forward(
    x: np.ndarray, h0: np.ndarray, layers: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    N, T, E = x.shape
    L = len(layers)
    h_T = []
    inp = x
    for l in range(L):
        W_x, W_h, b_h = layers[l]
        h = h0[l]
        out = []
        for t in range(T):
            h = np.tanh(inp[:, t, :] @ W_x + h @ W_h + b_h)
            out.append(h)
        h_T.append(h)
        inp = np.stack(out, axis=1)
    return inp, np.stack(h_T, axis=0)


def bidirectional_forward(
    x: np.ndarray,
    lengths: np.ndarray,
    forward: tuple[np.ndarray, np.ndarray, np.ndarray],
    backward: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    N, T, E = x.shape
    H = forward[1].shape[0]
    result = np.zeros((N, T, 2 * H))
    for n in range(N):
        length = lengths[n]
        h = np.zeros(H)
        for t in range(length):
            h = np.tanh(x[n, t] @ forward[0] + h @ forward[1] + forward[2])
            result[n, t, :H] = h
        h = np.zeros(H)
        for t in reversed(range(length)):
            h = np.tanh(x[n, t] @ backward[0] + h @ backward[1] + backward[2])
            result[n, t, H:] = h
    return result

# %% part="3a" role="check"
check("3a")

# %% [markdown]
# ### 3b Many to one (0.5)

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
    real = np.arange(T) < np.asarray(lengths)[:, None]
    z, y = logits[real], targets[real]  # only what is real: (M,V) and (M,)
    z = z - z.max(axis=1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return float(-log_p[np.arange(len(y)), y].mean())

# %% part="3b" role="check"
check("3b")

# %% [markdown]
# ### 3c Dropout (0.5)

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
    dx = np.zeros_like(dy)
    dx[mask] = dy[mask] / (1 - p)
    return dx

# %% part="3c" role="check"
check("3c")

# %% [markdown]
# ## Task 04 Writing and Translating (1 point)
# ### 4a The generator (0.5)

# %% part="4a" role="stub"
import torch
from torch import nn


class CharLSTM(nn.Module):
    def __init__(self, vocab_size: int, hidden_size: int = 512, num_layers: int = 2) -> None:
        super().__init__()
        self.vocab_size = vocab_size
        self.lstm = nn.LSTM(vocab_size, hidden_size, batch_first=True)
        self.fc = nn.Linear(hidden_size, vocab_size)
        with torch.no_grad():
            self.lstm.bias_ih_l0.zero_()
            self.lstm.bias_hh_l0.zero_()
            self.lstm.bias_ih_l0[hidden_size : 2 * hidden_size] += 1

    def forward(
        self, tokens: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        x = nn.functional.one_hot(tokens, self.vocab_size).to(self.fc.weight.dtype)
        if state is None:
            out, state = self.lstm(x)
        else:
            out, state = self.lstm(x, state)
        return self.fc(out), state

# %% part="4a" role="check"
check("4a")

# %% [markdown]
# ### 4b One to many (0.5)

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

# %% [markdown] part="4b" role="questions"
# #### Concept questions of part 4b

# %% part="4b" role="concepts"
answers_4b = {
    "memory-path": "ac",
    "forget-bias": "c",
    "look-ahead": "ace",
    "padding": "bd",
    "one-to-many": "acd",
}

# %% part="4b" role="check"
check("4b")

# %% [markdown]
# ## Test yourself

# %%
with suppress(NameError):
    self_test()

# %% [markdown]
# ## Hand in

# %%
with suppress(NameError):
    hand_in()
