"""The right ways, in pieces that can be replaced one by one.

For the draws, a piece gives what can be known beforehand: the probabilities.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.misconceptions import Right, piece

from ..checks.model import Setting, unrolled

Array = NDArray[Any]


# -- 1a, 1b ---------------------------------------------------------------------------------------


@piece
def ngram_distribution(right: Right, tokens: Any, context: Any, vocab_size: int) -> Array:
    text, before = [int(token) for token in tokens], [int(token) for token in context]
    followers = right.ngram_followers(text, before)
    if not followers:
        return np.asarray(right.ngram_unseen(text, before, vocab_size))
    return np.asarray(right.ngram_shares(np.bincount(followers, minlength=vocab_size)))


@piece
def ngram_followers(right: Right, tokens: list[int], context: list[int]) -> list[int]:
    """The tokens that follow the context in a text."""
    k = len(context)
    return [tokens[i + k] for i in range(len(tokens) - k) if tokens[i : i + k] == context]


@piece
def ngram_unseen(right: Right, tokens: list[int], context: list[int], vocab_size: int) -> Array:
    return np.full(vocab_size, 1 / vocab_size)


@piece
def ngram_shares(right: Right, counts: Array) -> Array:
    shares: Array = counts / counts.sum()
    return shares


@piece
def feed_forward_logits(
    right: Right, x: Array, W_x: Array, b_h: Array, W_y: Array, b_y: Array
) -> Array:
    logits: Array = right.feed_forward_hidden(x, W_x, b_h) @ W_y + b_y
    return logits


@piece
def feed_forward_hidden(right: Right, x: Array, W_x: Array, b_h: Array) -> Array:
    hidden: Array = np.tanh(x @ W_x + b_h)
    return hidden


# -- 2a, 2c ---------------------------------------------------------------------------------------


@piece
def rnn_cell_forward(
    right: Right, x_t: Array, h_prev: Array, W_x: Array, W_h: Array, b_h: Array
) -> Array:
    return np.asarray(right.cell_squash(right.cell_sum(x_t, h_prev, W_x, W_h, b_h)))


@piece
def cell_sum(right: Right, x_t: Array, h_prev: Array, W_x: Array, W_h: Array, b_h: Array) -> Array:
    total: Array = h_prev @ W_h + x_t @ W_x + b_h
    return total


@piece
def cell_squash(right: Right, z: Array) -> Array:
    return np.tanh(z)


@piece
def softmax(right: Right, logits: Array) -> Array:
    shares = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    total: Array = shares / shares.sum(axis=-1, keepdims=True)
    return total


@piece
def rnn_forward(right: Right, x: Array, h0: Array, W_x: Array, W_h: Array, b_h: Array) -> Array:
    h, states = h0, []
    for t in range(x.shape[1]):
        h = right.rnn_cell_forward(x[:, t], h, W_x, W_h, b_h)
        states.append(h)
    return np.stack(states, axis=1)


# -- 2b -------------------------------------------------------------------------------------------


@piece
def CharRNN(
    right: Right, parameters: Mapping[str, Array], tokens: Array, h: Any = None
) -> list[Array]:
    """Logits and last state of a model with these parameters."""
    # With an output layer that passes them on, the logits are the states.
    H = parameters["rnn.weight_hh_l0"].shape[-1]
    passing = {"output.weight": np.eye(H), "output.bias": np.zeros(H)}
    states, last = unrolled({**parameters, **passing}, tokens, h, right.CharRNN_setting())
    return [right.CharRNN_logits(parameters, states), right.CharRNN_state(states, last, h)]


@piece
def CharRNN_setting(right: Right) -> Setting:
    return Setting()


@piece
def CharRNN_logits(right: Right, parameters: Mapping[str, Array], states: Array) -> Any:
    return states @ parameters["output.weight"].T + parameters.get("output.bias", 0.0)


@piece
def CharRNN_state(right: Right, states: Array, last: Array, h: Any) -> Array:
    return last


@piece
def CharRNN_layers(right: Right, V: int, E: int, H: int) -> tuple[dict[str, str], dict[str, Any]]:
    """The kinds of the layers, and the shapes of the parameters."""
    shapes: dict[str, Any] = {"embedding.weight": (V, E)}
    shapes |= {"rnn.weight_ih_l0": (H, E), "rnn.weight_hh_l0": (H, H)}
    shapes |= {"rnn.bias_ih_l0": (H,), "rnn.bias_hh_l0": (H,)}
    shapes |= {"output.weight": (V, H), "output.bias": (V,)}
    return {"embedding": "Embedding", "rnn": "RNN", "output": "Linear"}, shapes


@piece
def parameter_count(right: Right, V: int, E: int, H: int) -> dict[str, int]:
    return {"embedding": V * E, "rnn": E * H + H * H + 2 * H, "output": H * V + V}


# -- 3a -------------------------------------------------------------------------------------------


@piece
def next_token_pairs(right: Right, tokens: Array, seq_len: int) -> tuple[Array, Array]:
    M = (len(tokens) - 1) // seq_len
    end = M * seq_len
    return tokens[:end].reshape(M, seq_len), tokens[1 : end + 1].reshape(M, seq_len)


@piece
def cross_entropy(right: Right, logits: Array, targets: Array) -> Any:
    return right.loss_reduced(right.loss_each(logits, np.asarray(targets)))


@piece
def loss_each(right: Right, logits: Array, targets: Array) -> Array:
    """(...) the loss of each prediction."""
    log_p = right.log_softmax(logits)
    return -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]


@piece
def loss_reduced(right: Right, losses: Array) -> float:
    return float(losses.mean())


@piece
def log_softmax(right: Right, logits: Array) -> Array:
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    log_p: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return log_p


@piece
def perplexity(right: Right, loss: float) -> float:
    return float(np.exp(loss))


# -- 3b, 3c ---------------------------------------------------------------------------------------


@piece
def rnn_cell_backward(
    right: Right, dh_t: Array, x_t: Array, h_prev: Array, h_t: Array, W_x: Array, W_h: Array
) -> tuple[Array, ...]:
    dz = right.cell_dz(dh_t, h_prev, h_t)
    return dz @ W_x.T, dz @ W_h.T, x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0)


@piece
def cell_dz(right: Right, dh_t: Array, h_prev: Array, h_t: Array) -> Array:
    dz: Array = dh_t * (1 - h_t**2)
    return dz


@piece
def bptt(
    right: Right,
    x: Array,
    targets: Array,
    h0: Array,
    W_x: Array,
    W_h: Array,
    b_h: Array,
    W_y: Array,
    b_y: Array,
) -> tuple[Any, dict[str, Array]]:
    states = right.rnn_forward(x, h0, W_x, W_h, b_h)
    logits = states @ W_y + b_y
    loss = right.cross_entropy(logits, targets)
    dlogits = right.bptt_dlogits(logits, targets)
    grads = right.bptt_back(x, h0, states, dlogits @ W_y.T, W_x, W_h)
    return loss, grads | right.bptt_output(states, dlogits)


@piece
def bptt_dlogits(right: Right, logits: Array, targets: Array) -> Array:
    """(N,T,V) gradient of the mean loss with respect to the logits."""
    N, T, V = logits.shape
    dlogits: Array = (right.softmax(logits) - np.eye(V)[targets]) / (N * T)
    return dlogits


@piece
def bptt_output(right: Right, states: Array, dlogits: Array) -> dict[str, Array]:
    return {"W_y": np.einsum("nth,ntv->hv", states, dlogits), "b_y": dlogits.sum(axis=(0, 1))}


@piece
def bptt_back(
    right: Right, x: Array, h0: Array, states: Array, own: Array, W_x: Array, W_h: Array
) -> dict[str, Array]:
    """All gradients but those of the output layer; ``own`` (N,T,H) comes from the outputs."""
    grads = {"x": np.zeros(x.shape), "h0": np.zeros(h0.shape)}
    later: Any = np.zeros(h0.shape)
    for t in reversed(range(x.shape[1])):
        h_prev = states[:, t - 1] if t else h0
        dh_t = right.bptt_joined(own[:, t], later)
        back = right.rnn_cell_backward(dh_t, x[:, t], h_prev, states[:, t], W_x, W_h)
        grads["x"][:, t], later = back[:2]
        for key, grad in zip(("W_x", "W_h", "b_h"), back[2:], strict=True):
            grads[key] = right.bptt_gathered(grads.get(key), grad)
    grads["h0"] = later
    return grads


@piece
def bptt_joined(right: Right, own: Array, later: Array) -> Array:
    """(N,H) gradient of a state: from its own output, and from the step after it."""
    joined: Array = own + later
    return joined


@piece
def bptt_gathered(right: Right, so_far: Array | None, grad: Array) -> Array:
    """The gradient of a shared weight, over the steps so far and one more."""
    return grad if so_far is None else so_far + grad


@piece
def clip_gradients(right: Right, grads: Mapping[str, Array], max_norm: float) -> dict[str, Array]:
    factor = right.clip_factor(right.clip_norm(list(grads.values())), max_norm)
    return {key: factor * grad for key, grad in grads.items()}


@piece
def clip_norm(right: Right, grads: Sequence[Array]) -> float:
    return float(np.sqrt(sum(np.sum(np.square(grad)) for grad in grads)))


@piece
def clip_factor(right: Right, norm: float, max_norm: float) -> float:
    return max_norm / norm if norm > max_norm else 1.0


# -- 4a -------------------------------------------------------------------------------------------


@piece
def sample_token(
    right: Right, logits: Array, temperature: float = 1.0, top_k: int | None = None
) -> Array:
    """(V,) what a token is drawn with; NaN, or a sum other than 1, where drawing fails."""
    logits = np.asarray(logits, dtype=float)
    if temperature == 0:
        return np.asarray(right.sampler_greedy(logits))
    scaled = right.sampler_scaled(logits, temperature)
    return np.asarray(right.sampler_shares(right.sampler_kept(scaled, top_k)))


@piece
def sampler_greedy(right: Right, logits: Array) -> Array:
    certain: Array = np.eye(len(logits))[int(np.argmax(logits))]
    return certain


@piece
def sampler_scaled(right: Right, logits: Array, temperature: float) -> Array:
    return logits / temperature


@piece
def sampler_kept(right: Right, logits: Array, top_k: int | None) -> Array:
    """(V,) logits, -inf where a token is shut out."""
    if top_k is None or top_k >= len(logits):
        return logits
    return np.where(logits >= np.sort(logits)[-top_k], logits, -np.inf)


@piece
def sampler_shares(right: Right, logits: Array) -> Array:
    """(V,) the softmax of logits that may hold -inf."""
    shares: Array = np.exp(logits - logits.max())
    total: Array = shares / shares.sum()
    return total


# -- 4b -------------------------------------------------------------------------------------------


@piece
def generate(
    right: Right,
    returned: Sequence[int],
    prompt: Any,
    length: int,
    W_e: Array,
    W_x: Array,
    W_h: Array,
    b_h: Array,
    W_y: Array,
    b_y: Array,
    temperature: float = 1.0,
    top_k: int | None = None,
) -> Iterator[Array]:
    """What each returned token is drawn with, (V,), given those returned before it.

    Whoever draws from them adds each drawn token to ``returned``; beyond these, token 0 is read.
    """
    tokens = [int(token) for token in prompt]
    settings = right.writing_settings(temperature, top_k)

    def step(h: Array, token: int, n: int) -> Array:
        """The state after a token, n tokens after the prompt."""
        e_t = right.writing_embedded(W_e, token)
        h = right.writing_carried(h, n)
        return np.asarray(right.rnn_cell_forward(e_t, h, W_x, W_h, b_h))

    h = right.writing_start(len(W_h))
    for token in right.writing_read(tokens):
        h = step(h, token, 0)
    echoed = right.writing_echoed(tokens)
    yield from np.eye(len(W_e))[echoed]
    for n in range(right.writing_length(length)):
        logits = (h @ W_y + right.writing_output_bias(b_y))[0]
        yield right.sample_token(logits, *settings)
        drawn = int(returned[len(echoed) + n]) if len(echoed) + n < len(returned) else 0
        h = step(h, right.writing_fed(drawn, tokens, logits), n + 1)


@piece
def writing_settings(
    right: Right, temperature: float, top_k: int | None
) -> tuple[float, int | None]:
    return temperature, top_k


@piece
def writing_embedded(right: Right, W_e: Array, token: int) -> Array:
    return W_e[[token]]


@piece
def writing_start(right: Right, H: int) -> Array:
    return np.zeros((1, H))


@piece
def writing_read(right: Right, prompt: list[int]) -> list[int]:
    return prompt


@piece
def writing_carried(right: Right, h: Array, n: int) -> Array:
    """The state that the n-th token after the prompt is read into; 0 within the prompt."""
    return h


@piece
def writing_echoed(right: Right, prompt: list[int]) -> list[int]:
    """What is returned in front of the drawn tokens."""
    return []


@piece
def writing_fed(right: Right, drawn: int, prompt: list[int], logits: Array) -> int:
    return drawn


@piece
def writing_output_bias(right: Right, b_y: Array) -> Array:
    return b_y


@piece
def writing_length(right: Right, length: int) -> int:
    return length
