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
def ngram_distribution(tokens: np.ndarray, context: np.ndarray, vocab_size: int) -> np.ndarray:
    text = list(tokens)
    ctx = list(context)
    k = len(ctx)
    counts = np.zeros(vocab_size)
    for i in range(k, len(text)):
        if text[i - k : i] == ctx:
            counts[text[i]] += 1
    if counts.sum() == 0:
        return np.ones(vocab_size) / vocab_size
    return counts / counts.sum()

# %% part="1a" role="check"
check("1a")

# %% part="1b" role="stub"
def feed_forward_logits(
    x: np.ndarray, W_x: np.ndarray, b_h: np.ndarray, W_y: np.ndarray, b_y: np.ndarray
) -> np.ndarray:
    h = np.tanh(x @ W_x + b_h)
    logits = h @ W_y + b_y
    print(logits)

# %% part="1b" role="check"
check("1b")

# %% part="1b" role="concepts"
answers_1b = {
    "order": "d",
    "window": "a",
    "sharing": "c",
    "hidden-state": "b",
}
# YOUR CODE HERE

# %%
with suppress(ImportError):
    from rnn_experiments import draw_unrolled

    draw_unrolled(["h", "e", "l", "l"], ["e", "l", "l", "o"])

# %% part="2a" role="stub"
def rnn_cell_forward(
    x_t: np.ndarray, h_prev: np.ndarray, W_x: np.ndarray, W_h: np.ndarray, b_h: np.ndarray
) -> np.ndarray:
    h_t = np.tanh(h_prev @ W_h + x_t @ W_x + b_h)
    print("h_t =", h_t)


def softmax(logits: np.ndarray) -> np.ndarray:
    # subtract max for stability
    exp = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return exp / np.sum(exp, axis=-1, keepdims=True)

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
    hs = []
    h = h0
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t, :], h, W_x, W_h, b_h)
        hs.append(h)
    return np.stack(hs, axis=1)

# %% part="2c" role="check"
check("2c")

# %% part="3a" role="stub"
def next_token_pairs(tokens: np.ndarray, seq_len: int) -> tuple[np.ndarray, np.ndarray]:
    M = (len(tokens) - 1) // seq_len
    X = tokens[: M * seq_len].reshape((M, seq_len))
    Y = tokens[1 : M * seq_len + 1].reshape((M, seq_len))
    return X, Y


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    z = logits - np.max(logits, axis=-1, keepdims=True)
    log_probs = z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))
    log_probs = log_probs.reshape(-1, logits.shape[-1])
    t = np.asarray(targets).reshape(-1)
    return float(-np.mean(log_probs[np.arange(len(t)), t]))


def perplexity(loss: float) -> float:
    print(np.exp(loss))

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
    dz = dh_t * (1 - h_t**2)
    return dz @ W_x.T, dz @ W_h.T

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
    # YOUR CODE HERE
    raise NotImplementedError("part 3c: bptt is still to be written")


def clip_gradients(grads: dict[str, np.ndarray], max_norm: float) -> dict[str, np.ndarray]:
    total = 0
    for g in grads.values():
        total += np.sum(g**2)
    norm = np.sqrt(total)
    if norm > max_norm:
        scale = max_norm / norm
    else:
        scale = 1.0
    return {key: g * scale for key, g in grads.items()}

# %% part="3c" role="check"
check("3c")

# %% part="4a" role="stub"
def sample_token(
    logits: np.ndarray,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> int:
    if temperature == 0:
        return int(np.argmax(logits))
    p = softmax(logits / temperature)
    return int(rng.choice(len(p), p=p))

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
    """Goes on with a prompt: reads it into the hidden state, then draws token after token.

    The state starts at zero and reads every token of the prompt once, in order. Then, again
    and again: a token is drawn from the logits h_t W_y + b_y (see ``sample_token``), and is
    fed back as the next input. The state is carried all the way.

    Args:
        prompt: P token ids, at least one.
        length: how many tokens to draw, 0 or more.
        W_e: (V,E) embeddings; row v is the vector of token v.
        W_x: (E,H) weights from the input.
        W_h: (H,H) weights from the old state.
        b_h: (H,) bias of the state.
        W_y: (H,V) weights from the state to the logits.
        b_y: (V,) bias of the logits.
        rng: the only source of randomness.
        temperature: as in ``sample_token``.
        top_k: as in ``sample_token``.

    Returns:
        The drawn tokens alone, without the prompt: a list of ``length`` ints.

    Example:
        >>> I = np.eye(3)  # V=E=H=3; the output weights say "the next letter of the alphabet"
        >>> weights = I, I, 0 * I, np.zeros(3), np.roll(I, 1, axis=1), np.zeros(3)
        >>> generate([0], 4, *weights, np.random.default_rng(0), temperature=0)
        [1, 2, 0, 1]
    """
    # YOUR CODE HERE
    raise NotImplementedError("part 4b: generate is still to be written")

# %% part="4b" role="check"
check("4b")

# %% part="4b" role="concepts"
answers_4b = {
    "vanishing": "a",
    "clipping": "abc",
    "inference": "de",
    "lstm": "abcd",
}
# YOUR CODE HERE

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
