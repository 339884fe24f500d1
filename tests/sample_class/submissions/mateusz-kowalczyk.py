# %%
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

try:
    from rnn_check import check
except ImportError:  # rnn_check.py does not lie beside this file

    def check(part: str) -> None:
        print(f"part {part}: not checked, rnn_check.py is missing from this folder")

# %% part="1a" role="stub"
class Counter:
    """Counts of what follows a context."""

    def __init__(self, vocab_size):
        self.counts = np.zeros(vocab_size)

    def add(self, token):
        self.counts[token] += 1

    def normalised(self):
        total = self.counts.sum()
        if total == 0:
            return np.ones_like(self.counts) / len(self.counts)
        return self.counts / total


def ngram_distribution(tokens: np.ndarray, context: np.ndarray, vocab_size: int) -> np.ndarray:
    counter = Counter(vocab_size)
    k = len(context)
    for end in range(k, len(tokens)):
        if np.array_equal(tokens[end - k : end], context):
            counter.add(tokens[end])
    return counter.normalised()

# %% part="1a" role="check"
check("1a")

# %% part="1b" role="stub"
class Layer:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def __call__(self, x):
        return x @ self.W + self.b


def feed_forward_logits(
    x: np.ndarray, W_x: np.ndarray, b_h: np.ndarray, W_y: np.ndarray, b_y: np.ndarray
) -> np.ndarray:
    return Layer(W_y, b_y)(np.tanh(Layer(W_x, b_h)(x)))

# %% part="1b" role="check"
check("1b")

# %% part="1b" role="concepts"
answers_1b = {
    "order": "bd",
    "window": "ae",
    "sharing": "c",
    "hidden-state": "be",
}

# %%
with suppress(ImportError):
    from rnn_experiments import draw_unrolled

    draw_unrolled(["h", "e", "l", "l"], ["e", "l", "l", "o"])

# %% part="2a" role="stub"
class VanillaRNN:
    """The recurrent part. Keeps what it needs for the way back."""

    def __init__(self, W_x, W_h, b_h):
        self.W_x, self.W_h, self.b_h = W_x, W_h, b_h
        self.inputs, self.states = [], []

    def step(self, x_t, h):
        return np.tanh(h @ self.W_h + x_t @ self.W_x + self.b_h)

    def forward(self, x, h0):
        self.states = [h0]
        self.inputs = [x[:, t] for t in range(x.shape[1])]
        for x_t in self.inputs:
            self.states.append(self.step(x_t, self.states[-1]))
        return np.stack(self.states[1:], axis=1)

    def backward(self, dstates):
        """dstates (N,T,H): the gradient that each state gets from its own output."""
        dx = []
        self.dW_x, self.dW_h = np.zeros_like(self.W_x), np.zeros_like(self.W_h)
        self.db_h = np.zeros_like(self.b_h)
        dh = np.zeros_like(self.states[0])
        for t in range(len(self.inputs) - 1, -1, -1):
            dz = (dh + dstates[:, t]) * (1 - self.states[t + 1] ** 2)
            self.dW_x += self.inputs[t].T @ dz
            self.dW_h += self.states[t].T @ dz
            self.db_h += dz.sum(0)
            dx.insert(0, dz @ self.W_x.T)
            dh = dz @ self.W_h.T
        return np.stack(dx, axis=1), dh


def log_softmax(z):
    z = z - np.max(z, axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def rnn_cell_forward(
    x_t: np.ndarray, h_prev: np.ndarray, W_x: np.ndarray, W_h: np.ndarray, b_h: np.ndarray
) -> np.ndarray:
    return VanillaRNN(W_x, W_h, b_h).step(x_t, h_prev)


def softmax(logits: np.ndarray) -> np.ndarray:
    return np.exp(log_softmax(logits))

# %% part="2a" role="check"
check("2a")

# %% part="2b" role="stub"
import torch
from torch import nn


class CharRNN(nn.Module):

    def __init__(
        self, vocab_size: int = 512, embedding_dim: int = 128, hidden_size: int = 64
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.RNN(embedding_dim, hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(
        self, tokens: torch.Tensor, h: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        e = self.embedding(tokens)
        states, h_last = self.rnn(e, h)
        return self.output(states), h_last


def parameter_count(vocab_size: int, embedding_dim: int, hidden_size: int) -> dict[str, int]:
    V, E, H = vocab_size, embedding_dim, hidden_size
    return {"embedding": V * E, "rnn": E * H + H * H + 2 * H, "output": H * V + V}

# %% part="2b" role="check"
check("2b")

# %% part="2c" role="stub"
def rnn_forward(
    x: np.ndarray, h0: np.ndarray, W_x: np.ndarray, W_h: np.ndarray, b_h: np.ndarray
) -> np.ndarray:
    return VanillaRNN(W_x, W_h, b_h).forward(x, h0)

# %% part="2c" role="check"
check("2c")

# %% part="3a" role="stub"
def next_token_pairs(tokens: np.ndarray, seq_len: int) -> tuple[np.ndarray, np.ndarray]:
    M = (len(tokens) - 1) // seq_len
    windows = np.resize(tokens[: M * seq_len], (M, seq_len))
    shifted = np.resize(tokens[1 : M * seq_len + 1], (M, seq_len))
    return windows, shifted


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    logp = log_softmax(logits).reshape(-1, logits.shape[-1])
    targets = np.asarray(targets).reshape(-1)
    return -logp[np.arange(targets.size), targets].mean()


def perplexity(loss: float) -> float:
    return np.exp(loss)

# %% part="3a" role="check"
check("3a")

# %% part="3b" role="stub"
def rnn_cell_backward(
    dh_t: np.ndarray,
    x_t: np.ndarray,
    h_prev: np.ndarray,
    h_t: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    cell = VanillaRNN(W_x, W_h, np.zeros(W_h.shape[0]))
    cell.inputs, cell.states = [x_t], [h_prev, h_t]
    dx, dh_prev = cell.backward(dh_t[:, None])
    return dx[:, 0], dh_prev, cell.dW_x, cell.dW_h, cell.db_h

# %% part="3b" role="check"
check("3b")

# %%
with suppress(ImportError):
    from rnn_experiments import draw_gradient_routes

    draw_gradient_routes()

# %% part="3c" role="stub"
def bptt(
    x: np.ndarray,
    targets: np.ndarray,
    h0: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b_h: np.ndarray,
    W_y: np.ndarray,
    b_y: np.ndarray,
) -> tuple[float, dict[str, np.ndarray]]:
    rnn = VanillaRNN(W_x, W_h, b_h)
    states = rnn.forward(x, h0)
    logits = states @ W_y + b_y
    loss = cross_entropy(logits, targets)
    p = np.exp(log_softmax(logits))
    d = p - (np.arange(p.shape[-1]) == np.asarray(targets)[..., None])
    d = d / targets.size
    dx, dh0 = rnn.backward(d @ W_y.T)
    grads = {"x": dx, "h0": dh0, "W_x": rnn.dW_x, "W_h": rnn.dW_h, "b_h": rnn.db_h}
    grads["W_y"] = np.tensordot(states, d, axes=((0, 1), (0, 1)))
    grads["b_y"] = d.sum((0, 1))
    return loss, grads


def clip_gradients(grads: dict[str, np.ndarray], max_norm: float) -> dict[str, np.ndarray]:
    norm = np.linalg.norm(np.concatenate([np.ravel(g) for g in grads.values()]))
    return {k: v * min(1, max_norm / max(norm, 1e-12)) for k, v in grads.items()}

# %% part="3c" role="check"
check("3c")

# %% part="4a" role="stub"
class Sampler:
    def __init__(self, temperature, top_k):
        self.temperature, self.top_k = temperature, top_k

    def draw(self, logits, rng):
        if self.temperature == 0:
            return int(np.argmax(logits))
        ids = np.argsort(logits)[::-1][: self.top_k]
        p = np.exp(log_softmax(logits[ids] / self.temperature))
        # inverse CDF: where does a uniform number fall in the cumulative sums
        cdf = np.cumsum(p)
        return int(ids[np.searchsorted(cdf, rng.random() * cdf[-1], side="right")])


def sample_token(
    logits: np.ndarray,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> int:
    return Sampler(temperature, top_k).draw(logits, rng)

# %% part="4a" role="check"
check("4a")

# %% part="4b" role="stub"
def generate(
    prompt: Sequence[int],
    length: int,
    W_e: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b_h: np.ndarray,
    W_y: np.ndarray,
    b_y: np.ndarray,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> list[int]:
    rnn = VanillaRNN(W_x, W_h, b_h)
    sampler = Sampler(temperature, top_k)
    h = np.zeros((1, W_h.shape[0]))
    for token in prompt:
        h = rnn.step(W_e[[token]], h)
    text = []
    while len(text) < length:
        text.append(sampler.draw(h[0] @ W_y + b_y, rng))
        h = rnn.step(W_e[[text[-1]]], h)
    return text

# %% part="4b" role="check"
check("4b")

# %% part="4b" role="concepts"
answers_4b = {
    "vanishing": "ad",
    "clipping": "bc",
    "inference": "de",
    "lstm": "b",
}

# %%
def learn_names(hidden: int, iterations: int, learning_rate: float) -> None:
    """Trains on one name after another, and prints the loss and samples five times."""
    names = Path("data/elements.txt").read_text().split()
    alphabet = ["\n", *sorted(set("".join(names)))]
    V = len(alphabet)
    one_hot = np.eye(V)
    rng = np.random.default_rng(0)
    weights = {
        "W_x": 0.1 * rng.normal(size=(V, hidden)),
        "W_h": 0.1 * rng.normal(size=(hidden, hidden)),
        "b_h": np.zeros(hidden),
        "W_y": 0.1 * rng.normal(size=(hidden, V)),
        "b_y": np.zeros(V),
    }
    mean_loss = np.log(V)  # a running mean; at first every character is about equally likely
    for iteration in range(1, iterations + 1):
        name = np.array([alphabet.index(c) for c in f"\n{rng.choice(names)}\n"])
        inputs, targets = next_token_pairs(name, len(name) - 1)
        loss, grads = bptt(one_hot[inputs], targets, np.zeros((1, hidden)), *weights.values())
        grads = clip_gradients({key: grads[key] for key in weights}, 5.0)
        for key in weights:
            weights[key] -= learning_rate * grads[key]
        mean_loss += 0.01 * (loss - mean_loss)
        if iteration % (iterations // 5) == 0:
            drawn = generate([0], 40, one_hot, *weights.values(), rng, temperature=0.8)
            samples = "".join(alphabet[token] for token in drawn).split("\n")
            print(f"{iteration:6d}  loss {mean_loss:.2f}  {' '.join(samples[:-1])}")


try:
    learn_names(hidden=50, iterations=3000, learning_rate=0.1)
except (NotImplementedError, OSError) as missing:
    print(f"Not yet: {missing}")
