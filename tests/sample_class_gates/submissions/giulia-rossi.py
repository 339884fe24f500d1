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
class RNNLayer:
    """tanh RNN, remembers what it needs for the way back."""

    def __init__(self, W_x, W_h, b):
        self.W_x, self.W_h, self.b = W_x, W_h, b

    def step(self, x, h):
        return np.tanh(x @ self.W_x + h @ self.W_h + self.b)

    def run(self, xs, h, real=None):
        states = []
        for t, x in enumerate(xs):
            new = self.step(x, h)
            h = new if real is None else np.where(real[t][:, None], new, h)
            states.append(h)
        return states

    def jacobian(self, h):
        return np.stack([(self.W_h * (1 - row**2)).T for row in h])

    def pull_back(self, dh, h):
        return (dh * (1 - h**2)) @ self.W_h.T


class Softmax:
    def __init__(self, logits):
        self.z = logits - logits.max(axis=-1, keepdims=True)
        self.log_norm = np.log(np.exp(self.z).sum(axis=-1, keepdims=True))

    def log_probs(self):
        return self.z - self.log_norm

    def nll(self, y):
        return -np.take_along_axis(self.log_probs(), y[..., None], axis=-1)[..., 0]

    def error(self, y):
        return np.exp(self.log_probs()) - (np.arange(self.z.shape[-1]) == y[..., None])


class LSTMCell:
    def __init__(self, W_x, W_h, b):
        self.W_x, self.W_h, self.b, self.H = W_x, W_h, b, W_h.shape[0]

    def gates(self, x, h):
        z = x @ self.W_x + h @ self.W_h + self.b
        i, f, g, o = (z[..., n * self.H : (n + 1) * self.H] for n in range(4))
        return self.squash(i), self.squash(f), np.tanh(g), self.squash(o)

    @staticmethod
    def squash(z):
        out = np.empty(np.shape(z))
        up = z >= 0
        out[up] = 1 / (1 + np.exp(-z[up]))
        down = np.exp(z[~up])
        out[~up] = down / (1 + down)
        return out

    def forward(self, x, h, c):
        i, f, g, o = self.gates(x, h)
        c = f * c + i * g
        return o * np.tanh(c), c

    def backward(self, dh, dc, x, h, c):
        i, f, g, o = self.gates(x, h)
        tc = np.tanh(f * c + i * g)
        dc = dc + dh * o * (1 - tc * tc)
        slopes = [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dh * tc * o * (1 - o)]
        dz = np.hstack(slopes)
        return dz @ self.W_x.T, dz @ self.W_h.T, dc * f, x.T @ dz, h.T @ dz, dz.sum(0)


class GRUCell:
    def __init__(self, W_x, W_h, b_x, b_h):
        self.inputs, self.states = (W_x, b_x), (W_h, b_h)

    def __call__(self, x, h):
        H = h.shape[1]
        a = x @ self.inputs[0] + self.inputs[1]
        u = h @ self.states[0] + self.states[1]
        r = LSTMCell.squash(a[:, :H] + u[:, :H])
        z = LSTMCell.squash(a[:, H : 2 * H] + u[:, H : 2 * H])
        return (1 - z) * np.tanh(a[:, 2 * H :] + r * u[:, 2 * H :]) + z * h

# %%
def step_jacobian(h_t, W_h):
    return RNNLayer(None, W_h, None).jacobian(h_t)


def gradient_norms(dh_T, h, W_h):
    layer, dh = RNNLayer(None, W_h, None), dh_T
    norms = [np.linalg.norm(dh, axis=1)]
    for t in range(h.shape[1] - 1, 0, -1):
        dh = layer.pull_back(dh, h[:, t])
        norms.append(np.linalg.norm(dh, axis=1))
    return np.transpose(norms[::-1])

# %%
class Truncated:
    def __init__(self, layer, W_y, b_y, k):
        self.layer, self.W_y, self.b_y, self.k = layer, W_y, b_y, k
        self.grads = {
            "W_x": np.zeros_like(layer.W_x),
            "W_h": np.zeros_like(layer.W_h),
            "b_h": np.zeros_like(layer.b),
            "W_y": np.zeros_like(W_y),
            "b_y": np.zeros_like(b_y),
        }

    def learn(self, xs, ys, h, count):
        states = self.layer.run(xs, h)
        loss, dh = 0.0, 0.0
        for t in range(len(xs) - 1, -1, -1):
            now, before = states[t], states[t - 1] if t else h
            p = Softmax(now @ self.W_y + self.b_y)
            loss += p.nll(ys[t]).sum() / count
            e = p.error(ys[t]) / count
            dh = dh + e @ self.W_y.T
            dz = dh * (1 - now**2)
            self.add(W_y=now.T @ e, b_y=e.sum(0), W_x=xs[t].T @ dz, W_h=before.T @ dz, b_h=dz.sum(0))
            dh = self.layer.pull_back(dh, now)
        return loss, states[-1]

    def add(self, **grads):
        for key, g in grads.items():
            self.grads[key] = self.grads[key] + g


def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    learner = Truncated(RNNLayer(W_x, W_h, b_h), W_y, b_y, k)
    xs, ys = x.swapaxes(0, 1), targets.T
    loss, h = 0.0, h0
    for start in range(0, len(xs), k):
        part, h = learner.learn(xs[start : start + k], ys[start : start + k], h, targets.size)
        loss += part
    return float(loss), learner.grads, h


def clip_values(grads, limit):
    return {k: np.where(np.abs(g) > limit, limit * np.sign(g), g) for k, g in grads.items()}


def orthogonal(rng, size):
    # product of random reflections (Householder)
    Q = np.eye(size)
    for _ in range(size):
        v = rng.normal(size=size)
        Q = Q - 2 * np.outer(Q @ v, v) / (v @ v)
    return Q

# %%
def sigmoid(z):
    return LSTMCell.squash(z)


def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    return LSTMCell(W_x, W_h, b).forward(x_t, h_prev, c_prev)

# %%
def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    return LSTMCell(W_x, W_h, b).backward(dh_t, dc_t, x_t, h_prev, c_prev)

# %%
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    return GRUCell(W_x, W_h, b_x, b_h)(x_t, h_prev)


class CellTest:
    """Random questions about a cell, and what GRUCell says of them."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def question(self, N, E, H):
        shapes = [(N, E), (N, H), (E, 3 * H), (H, 3 * H), 3 * H, 3 * H]
        return [self.rng.normal(0, 1.5, size=s) for s in shapes]

    def passed_by(self, cell):
        for N in (1, 2, 5):
            for E, H in ((1, 1), (2, 4), (3, 2), (4, 4)):
                x, h, *weights = args = self.question(N, E, H)
                truth = GRUCell(*weights)(x, h)
                copies = [a.copy() for a in args]
                answer = np.asarray(cell(*copies))
                if answer.shape != (N, H) or not np.allclose(answer, truth, 1e-3, 1e-4):
                    return False
                if not all((a == c).all() for a, c in zip(args, copies)):
                    return False
        return True


def check_gru_cell(cell):
    return CellTest(3).passed_by(cell)


class Count:
    GATES = {"rnn": 1, "lstm": 4, "gru": 3}

    def __init__(self, E, H):
        self.one_gate = E * H + H + H * H + H

    def all(self):
        return {name: gates * self.one_gate for name, gates in self.GATES.items()}


def cell_parameters(embedding_dim, hidden_size):
    return Count(embedding_dim, hidden_size).all()

# %%
def stacked_forward(x, h0, layers):
    sequence, last = list(x.swapaxes(0, 1)), []
    for start, weights in zip(h0, layers):
        sequence = RNNLayer(*weights).run(sequence, start)
        last.append(sequence[-1])
    return np.stack(sequence, axis=1), np.stack(last)


def bidirectional_forward(x, lengths, forward, backward):
    N, T, _ = x.shape
    real = np.arange(T)[:, None] < lengths  # (T,N)
    xs, zeros = list(x.swapaxes(0, 1)), np.zeros((N, len(forward[2])))
    there = RNNLayer(*forward).run(xs, zeros, real)
    back = RNNLayer(*backward).run(xs[::-1], zeros, real[::-1])[::-1]
    out = np.concatenate([np.stack(there, 1), np.stack(back, 1)], axis=2)
    return out * real.T[:, :, None]

# %%
import torch
from torch import nn


class Last(nn.Module):
    """The last real entry of each row."""

    def forward(self, states, lengths):
        if lengths is None:
            return states[:, -1]
        picks = torch.stack([row[n - 1] for row, n in zip(states, lengths)])
        return picks


class SentimentRNN(nn.Module):
    def __init__(self, vocab_size=10000, embedding_dim=128, hidden_size=256, num_layers=2, num_classes=2):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.RNN(embedding_dim, hidden_size, num_layers, batch_first=True)
        self.last = Last()
        self.fc = nn.Linear(hidden_size, num_classes)

    def forward(self, tokens, lengths=None):
        return self.fc(self.last(self.rnn(self.embedding(tokens))[0], lengths))

# %%
def masked_cross_entropy(logits, targets, lengths):
    real = [(n, t) for n, m in enumerate(lengths) for t in range(m)]
    rows, steps = np.array(real).T
    return float(Softmax(logits[rows, steps]).nll(targets[rows, steps]).mean())

# %%
class Dropout:
    def __init__(self, p):
        self.scale = 1 / (1 - p)
        self.p = p

    def draw(self, shape, rng):
        return rng.binomial(1, 1 - self.p, size=shape).astype(bool)

    def apply(self, values, mask):
        return np.where(mask, values * self.scale, 0.0)


def dropout(x, p, rng, training=True):
    layer = Dropout(p if training else 0.0)
    mask = layer.draw(x.shape, rng)
    return layer.apply(x, mask), mask


def dropout_backward(dy, mask, p):
    return Dropout(p).apply(dy, mask)

# %%
import torch
from torch import nn


class OneHot(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.register_buffer("rows", torch.eye(size), persistent=False)

    def forward(self, tokens):
        return self.rows[tokens]


class ForgetLSTM(nn.LSTM):
    """An LSTM whose forget gates are open at first."""

    def reset_parameters(self):
        super().reset_parameters()
        H = self.hidden_size
        for layer in range(self.num_layers):
            for name, value in (("bias_ih_l", 0.25), ("bias_hh_l", 0.75)):
                nn.init.constant_(getattr(self, name + str(layer))[H : 2 * H], value)


class CharLSTM(nn.Module):
    def __init__(self, vocab_size, hidden_size=512, num_layers=2):
        super().__init__()
        self.one_hot = OneHot(vocab_size)
        self.lstm = ForgetLSTM(vocab_size, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, vocab_size)

    def forward(self, tokens, state=None):
        out, state = self.lstm(self.one_hot(tokens), state)
        return self.fc(out), state

# %%
class Writer:
    def __init__(self, cell, W_e, W_y, b_y):
        self.cell, self.W_e, self.W_y, self.b_y = cell, W_e, W_y, b_y

    def tokens(self, h, c, token):
        while True:
            h, c = self.cell.forward(self.W_e[token], h, c)
            token = int(np.argmax(h @ self.W_y + self.b_y))
            yield token


def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    written = []
    if max_length > 0:
        for token in Writer(LSTMCell(W_x, W_h, b), W_e, W_y, b_y).tokens(h0, c0, start):
            if token == end:
                break
            written.append(token)
            if len(written) == max_length:
                break
    return written

# %%
answers_4b = {
    'memory-path': 'a c',
    'forget-bias': 'c',
    'look-ahead': 'a c e',
    'padding': 'b d',
    'one-to-many': 'a c d',
}
