"""The right ways, in pieces that can be replaced one by one.

Of what is drawn at random, a piece is told what was answered, and gives what is right with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.misconceptions import Right, piece

from ..checks.networks import Setting, char_lstm, linear, rnn_states

Array = NDArray[Any]
Layer = tuple[Array, Array, Array]


# -- 1a -------------------------------------------------------------------------------------------


@piece
def step_jacobian(right: Right, h_t: Array, W_h: Array) -> Array:
    return np.asarray(right.step_slope(h_t)[:, :, None] * W_h.T)


@piece
def step_slope(right: Right, h_t: Array) -> Array:
    slope: Array = 1 - h_t**2
    return slope


@piece
def gradient_norms(right: Right, dh_T: Array, h: Array, W_h: Array) -> Array:
    norms, dh = [], dh_T
    for t in right.norms_steps(h.shape[1]):
        norms.append(right.norms_of(dh))
        dh = right.norms_back(dh, h[:, t], W_h)
    return np.stack(norms[::-1], axis=1)


@piece
def norms_steps(right: Right, T: int) -> Sequence[int]:
    """Whose slope each step back takes, from the last step on."""
    return range(T - 1, -1, -1)


@piece
def norms_of(right: Right, dh: Array) -> Array:
    return np.asarray(np.sqrt(np.sum(dh**2, axis=1)))


@piece
def norms_back(right: Right, dh: Array, h_t: Array, W_h: Array) -> Array:
    return np.einsum("ni,nij->nj", dh, right.step_jacobian(h_t, W_h))


# -- 1b -------------------------------------------------------------------------------------------


@piece
def truncated_bptt(
    right: Right,
    x: Array,
    targets: Array,
    h0: Array,
    W_x: Array,
    W_h: Array,
    b_h: Array,
    W_y: Array,
    b_y: Array,
    k: int,
) -> tuple[Any, dict[str, Array], Array]:
    starts = right.pieces_starts(x.shape[1], k)
    states = right.pieces_states(x, h0, W_x, W_h, b_h, starts)
    logits = states @ W_y + b_y
    loss = right.pieces_loss(logits, targets, starts)
    dlogits = right.pieces_dlogits(logits, targets, starts)
    grads = right.pieces_back(x, h0, states, dlogits @ W_y.T, W_h, starts)
    return loss, grads | right.pieces_output(states, dlogits), right.pieces_last(states)


@piece
def pieces_starts(right: Right, T: int, k: int) -> list[int]:
    """The steps at which a piece starts."""
    return list(range(0, T, k))


@piece
def pieces_states(
    right: Right, x: Array, h0: Array, W_x: Array, W_h: Array, b_h: Array, starts: list[int]
) -> Array:
    h, states = h0, []
    for t in range(x.shape[1]):
        h = right.pieces_carried(h, t, starts)
        h = np.tanh(h @ W_h + x[:, t] @ W_x + b_h)
        states.append(h)
    return np.stack(states, axis=1)


@piece
def pieces_carried(right: Right, h: Array, t: int, starts: list[int]) -> Array:
    """The state that step t starts from."""
    return h


@piece
def pieces_losses(right: Right, logits: Array, targets: Array) -> Array:
    """(N,T) the loss of each prediction."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]


@piece
def pieces_loss(right: Right, logits: Array, targets: Array, starts: list[int]) -> float:
    return float(right.pieces_losses(logits, targets).mean())


@piece
def pieces_dlogits(right: Right, logits: Array, targets: Array, starts: list[int]) -> Array:
    """(N,T,V) gradient of the mean loss with respect to the logits."""
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    dlogits: Array = (shares - np.eye(logits.shape[-1])[targets]) / targets.size
    return dlogits


@piece
def pieces_output(right: Right, states: Array, dlogits: Array) -> dict[str, Array]:
    return {"W_y": np.einsum("nth,ntv->hv", states, dlogits), "b_y": dlogits.sum(axis=(0, 1))}


@piece
def pieces_back(
    right: Right, x: Array, h0: Array, states: Array, own: Array, W_h: Array, starts: list[int]
) -> dict[str, Array]:
    """The gradients of W_x, W_h and b_h; ``own`` (N,T,H) comes from the outputs."""
    dz, later = np.zeros(states.shape), np.zeros(h0.shape)
    for t in reversed(range(states.shape[1])):
        dz[:, t] = right.pieces_joined(own[:, t], later) * right.pieces_slope(states[:, t])
        later = right.pieces_crossed(dz[:, t] @ W_h.T, t, starts)
    before = right.pieces_before(h0, states)
    grads = {"W_x": np.einsum("nte,nth->eh", x, dz), "b_h": dz.sum(axis=(0, 1))}
    return grads | {"W_h": np.einsum("nti,ntj->ij", before, dz)}


@piece
def pieces_joined(right: Right, own: Array, later: Array) -> Array:
    joined: Array = own + later
    return joined


@piece
def pieces_slope(right: Right, h_t: Array) -> Array:
    slope: Array = 1 - h_t**2
    return slope


@piece
def pieces_crossed(right: Right, later: Array, t: int, starts: list[int]) -> Array:
    """What goes back from step t to the one before it."""
    return np.zeros_like(later) if t in starts else later


@piece
def pieces_before(right: Right, h0: Array, states: Array) -> Array:
    """(N,T,H) the state before each step."""
    return np.concatenate([h0[:, None], states[:, :-1]], axis=1)


@piece
def pieces_last(right: Right, states: Array) -> Array:
    last: Array = states[:, -1]
    return last


@piece
def clip_values(right: Right, grads: Mapping[str, Array], limit: float) -> dict[str, Array]:
    return {key: right.clipped(grad, limit) for key, grad in grads.items()}


@piece
def clipped(right: Right, grad: Array, limit: float) -> Array:
    return np.clip(grad, -limit, limit)


@piece
def orthogonal(right: Right, answer: Any, size: int) -> Any:
    """The answer where it is orthogonal, else what is closest to it and is."""
    Q = np.asarray(answer, dtype=float)
    if size > 1 and not (Q % 1).any():  # which is not random
        Q = np.vander(np.arange(1, size + 1) / size)
    if np.allclose(Q @ Q.T, np.eye(size), atol=1e-6):
        return Q
    U, _, V = np.linalg.svd(Q)
    return U @ V


# -- 2a, 2b ---------------------------------------------------------------------------------------


@piece
def sigmoid(right: Right, z: Array) -> Array:
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1 + small)


@piece
def lstm_cell_forward(
    right: Right, x_t: Array, h_prev: Array, c_prev: Array, W_x: Array, W_h: Array, b: Array
) -> tuple[Array, Array]:
    z = right.lstm_sum(x_t, h_prev, W_x, W_h, b)
    i, f, g, o = right.lstm_gates(*right.lstm_blocks(z))
    c_t = right.lstm_memory(i, f, g, c_prev)
    return right.lstm_state(o, c_t, c_prev), c_t


@piece
def lstm_sum(right: Right, x_t: Array, h_prev: Array, W_x: Array, W_h: Array, b: Array) -> Array:
    total: Array = x_t @ W_x + h_prev @ W_h + b
    return total


@piece
def lstm_blocks(right: Right, z: Array) -> list[Array]:
    return np.split(z, 4, axis=1)


@piece
def lstm_gates(right: Right, i: Array, f: Array, g: Array, o: Array) -> tuple[Array, ...]:
    return right.sigmoid(i), right.sigmoid(f), np.tanh(g), right.sigmoid(o)


@piece
def lstm_memory(right: Right, i: Array, f: Array, g: Array, c_prev: Array) -> Array:
    c_t: Array = f * c_prev + i * g
    return c_t


@piece
def lstm_state(right: Right, o: Array, c_t: Array, c_prev: Array) -> Array:
    return np.asarray(o * np.tanh(c_t))


@piece
def lstm_cell_backward(
    right: Right,
    dh_t: Array,
    dc_t: Array,
    x_t: Array,
    h_prev: Array,
    c_prev: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
) -> tuple[Array, ...]:
    z = right.lstm_sum(x_t, h_prev, W_x, W_h, b)
    i, f, g, o = right.lstm_gates(*right.lstm_blocks(z))
    shown = np.tanh(right.lstm_memory(i, f, g, c_prev))
    dc = right.back_memory(dh_t, dc_t, o, shown)
    through = right.back_gates(dh_t, dc, c_prev, (i, f, g, o), shown)
    dz = right.back_blocks(*right.back_slopes(through, (i, f, g, o)))
    weights = right.back_weights(dz, x_t, h_prev)
    return (*right.back_inputs(dz, W_x, W_h), right.back_kept(dc, f), *weights)


@piece
def back_memory(right: Right, dh_t: Array, dc_t: Array, o: Array, shown: Array) -> Array:
    """The whole gradient of c_t; ``shown`` is tanh(c_t)."""
    dc: Array = dc_t + dh_t * o * (1 - shown**2)
    return dc


@piece
def back_gates(
    right: Right, dh_t: Array, dc: Array, c_prev: Array, gates: Sequence[Array], shown: Array
) -> list[Array]:
    """The gradients of i, f, g and o after their sigmoid or tanh."""
    i, _, g, _ = gates
    return [dc * g, dc * c_prev, dc * i, dh_t * shown]


@piece
def back_slopes(right: Right, through: Sequence[Array], gates: Sequence[Array]) -> list[Array]:
    """The gradients before the sigmoids and the tanh."""
    i, f, g, o = gates
    slopes = (i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o))
    return [one * slope for one, slope in zip(through, slopes, strict=True)]


@piece
def back_blocks(right: Right, di: Array, df: Array, dg: Array, do: Array) -> Array:
    return np.concatenate([di, df, dg, do], axis=1)


@piece
def back_inputs(right: Right, dz: Array, W_x: Array, W_h: Array) -> tuple[Array, Array]:
    return dz @ W_x.T, dz @ W_h.T


@piece
def back_kept(right: Right, dc: Array, f: Array) -> Array:
    kept: Array = dc * f
    return kept


@piece
def back_weights(right: Right, dz: Array, x_t: Array, h_prev: Array) -> tuple[Array, ...]:
    return x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0)


# -- 2c -------------------------------------------------------------------------------------------


@piece
def gru_cell_forward(
    right: Right, x_t: Array, h_prev: Array, W_x: Array, W_h: Array, b_x: Array, b_h: Array
) -> Array:
    a, u = right.gru_sums(x_t, h_prev, W_x, W_h, b_x, b_h)
    (a_r, a_z, a_n), (u_r, u_z, u_n) = right.gru_blocks(a), right.gru_blocks(u)
    r, z = right.sigmoid(a_r + u_r), right.sigmoid(a_z + u_z)
    return np.asarray(right.gru_mixed(z, right.gru_new(a_n, r, u_n), h_prev))


@piece
def gru_sums(
    right: Right, x_t: Array, h_prev: Array, W_x: Array, W_h: Array, b_x: Array, b_h: Array
) -> tuple[Array, Array]:
    return x_t @ W_x + b_x, h_prev @ W_h + b_h


@piece
def gru_blocks(right: Right, total: Array) -> list[Array]:
    return np.split(total, 3, axis=1)


@piece
def gru_new(right: Right, a_n: Array, r: Array, u_n: Array) -> Array:
    return np.asarray(np.tanh(a_n + r * u_n))


@piece
def gru_mixed(right: Right, z: Array, n: Array, h_prev: Array) -> Array:
    mixed: Array = (1 - z) * n + z * h_prev
    return mixed


@piece
def check_gru_cell(right: Right, cell: Callable[..., Any]) -> bool:
    rng = np.random.default_rng(0)
    for N, E, H in ((3, 2, 4), (1, 3, 2)):
        shapes = ((N, E), (N, H), (E, 3 * H), (H, 3 * H), (3 * H,), (3 * H,))
        arguments = [rng.normal(size=shape) for shape in shapes]
        try:
            got = np.asarray(cell(*arguments))
        except ValueError:
            return False
        if not right.judged_alike(got, right.gru_cell_forward(*arguments)):
            return False
    return True


@piece
def judged_alike(right: Right, got: Array, want: Array) -> bool:
    return got.shape == want.shape and bool(np.allclose(got, want))


@piece
def cell_parameters(right: Right, E: int, H: int) -> dict[str, int]:
    one = right.count_of_block(E, H)
    return {"rnn": one, "lstm": 4 * one, "gru": 3 * one}


@piece
def count_of_block(right: Right, E: int, H: int) -> int:
    return E * H + H * H + 2 * H


# -- 3a -------------------------------------------------------------------------------------------


@piece
def stacked_forward(right: Right, x: Array, h0: Array, layers: Sequence[Layer]) -> tuple[Any, Any]:
    inputs, last, outputs = x, [], []
    for index, layer in enumerate(layers):
        outputs.append(right.unrolled(inputs, right.stack_start(h0, index), layer))
        inputs = right.stack_read(outputs, x)
        last.append(outputs[-1][:, -1])
    return right.stack_outputs(outputs), right.stack_last(last)


@piece
def unrolled(right: Right, x: Array, h: Array, layer: Layer) -> Array:
    states = []
    for t in range(x.shape[1]):
        h = right.stack_cell(x[:, t], h, layer)
        states.append(h)
    return np.stack(states, axis=1)


@piece
def stack_cell(right: Right, x_t: Array, h: Array, layer: Layer) -> Array:
    W_x, W_h, b_h = layer
    return np.tanh(x_t @ W_x + h @ W_h + b_h)


@piece
def stack_start(right: Right, h0: Array, index: int) -> Array:
    first: Array = h0[index]
    return first


@piece
def stack_read(right: Right, outputs: list[Array], x: Array) -> Array:
    """What the next layer reads."""
    return outputs[-1]


@piece
def stack_outputs(right: Right, outputs: list[Array]) -> Array:
    return outputs[-1]


@piece
def stack_last(right: Right, last: list[Array]) -> Array:
    return np.stack(last)


@piece
def bidirectional_forward(
    right: Right, x: Array, lengths: Array, forward: Layer, backward: Layer
) -> Array:
    real = np.arange(x.shape[1]) < np.asarray(lengths)[:, None]
    one = right.both_ahead(x, real, forward)
    other = right.both_back(x, real, backward)
    return np.asarray(right.both_padded(right.both_joined(one, other), real))


@piece
def both_run(right: Right, x: Array, real: Array, net: Layer) -> Array:
    """(N,T,H) the states in the order in which steps are given; those not real are passed."""
    W_x, W_h, b_h = net
    h, states = np.zeros((len(x), len(b_h))), []
    for t in range(x.shape[1]):
        h = np.where(real[:, t, None], np.tanh(x[:, t] @ W_x + h @ W_h + b_h), h)
        states.append(h)
    return np.stack(states, axis=1)


@piece
def both_ahead(right: Right, x: Array, real: Array, net: Layer) -> Array:
    return np.asarray(right.both_run(x, real, net))


@piece
def both_back(right: Right, x: Array, real: Array, net: Layer) -> Array:
    """The states of the net that reads from the end, each at its own step."""
    states: Array = right.both_run(x[:, ::-1], real[:, ::-1], net)[:, ::-1]
    return states


@piece
def both_joined(right: Right, one: Array, other: Array) -> Array:
    return np.concatenate([one, other], axis=2)


@piece
def both_padded(right: Right, states: Array, real: Array) -> Array:
    return np.where(real[:, :, None], states, 0.0)


# -- 3b -------------------------------------------------------------------------------------------


@piece
def SentimentRNN(
    right: Right, parameters: Mapping[str, Array], tokens: Array, lengths: Any = None
) -> Array:
    states, last = rnn_states(parameters, tokens, right.SentimentRNN_setting())
    state = right.sentiment_state(states, last, lengths)
    return np.asarray(right.sentiment_logits(parameters, state))


@piece
def SentimentRNN_setting(right: Right) -> Setting:
    return Setting()


@piece
def sentiment_state(right: Right, states: Array, last: Array, lengths: Any) -> Array:
    """(N,H) the state that is answered from."""
    N, T = states.shape[:2]
    at = np.full(N, T) if lengths is None else lengths
    return np.asarray(states[np.arange(N), right.sentiment_place(at)])


@piece
def sentiment_place(right: Right, lengths: Array) -> Array:
    """The index of the last real step of each row."""
    return lengths - 1


@piece
def sentiment_logits(right: Right, parameters: Mapping[str, Array], state: Array) -> Array:
    return linear(parameters, state)


@piece
def SentimentRNN_layers(
    right: Right, V: int = 10000, E: int = 128, H: int = 256, L: int = 2, K: int = 2
) -> tuple[dict[str, str], dict[str, Any]]:
    """The kinds of the layers, and the shapes of the parameters."""
    shapes: dict[str, Any] = {"embedding.weight": (V, E)}
    for layer in range(L):
        shapes[f"rnn.weight_ih_l{layer}"] = (H, H if layer else E)
        shapes[f"rnn.weight_hh_l{layer}"] = (H, H)
        shapes |= {f"rnn.bias_ih_l{layer}": (H,), f"rnn.bias_hh_l{layer}": (H,)}
    shapes |= {"fc.weight": (K, H), "fc.bias": (K,)}
    return {"embedding": "Embedding", "rnn": "RNN", "fc": "Linear"}, shapes


@piece
def masked_cross_entropy(right: Right, logits: Array, targets: Array, lengths: Array) -> Any:
    real = np.arange(logits.shape[1]) < np.asarray(lengths)[:, None]
    return right.masked_mean(right.masked_each(logits, np.where(real, targets, 0)), real)


@piece
def masked_each(right: Right, logits: Array, targets: Array) -> Array:
    """(N,T) the loss of each prediction."""
    log_p = right.masked_log_softmax(logits)
    return -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]


@piece
def masked_log_softmax(right: Right, logits: Array) -> Array:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return log_p


@piece
def masked_mean(right: Right, losses: Array, real: Array) -> float:
    return float(losses[real].mean())


# -- 3c -------------------------------------------------------------------------------------------


@piece
def dropout(right: Right, answer: Any, x: Array, p: float, training: bool = True) -> list[Any]:
    """What is right with the mask that was drawn."""
    mask = np.asarray(answer[1]).astype(bool)
    if not right.dropout_is_on(p, training):
        mask = np.ones(x.shape, dtype=bool)
    return [right.dropout_kept(x, mask, p if training else 0.0), right.dropout_mask(mask)]


@piece
def dropout_is_on(right: Right, p: float, training: bool) -> bool:
    return training and p > 0


@piece
def dropout_kept(right: Right, x: Array, mask: Array, p: float) -> Array:
    return np.where(mask, x / (1 - p), 0.0)


@piece
def dropout_mask(right: Right, mask: Array) -> Array:
    """What is returned as the mask; it is right where the number of those kept can be."""
    return mask


@piece
def dropout_backward(right: Right, dy: Array, mask: Array, p: float) -> Array:
    return np.where(mask, dy / (1 - p), 0.0)


# -- 4a -------------------------------------------------------------------------------------------


@piece
def CharLSTM(
    right: Right, parameters: Mapping[str, Array], tokens: Array, state: Any = None
) -> list[Any]:
    """Logits and last states of a model with these parameters."""
    H = parameters["lstm.weight_hh_l0"].shape[-1]
    passing = {"fc.weight": np.eye(H), "fc.bias": np.zeros(H)}  # the logits are the states
    start = right.CharLSTM_start_from(state)
    states, h, c = char_lstm({**parameters, **passing}, tokens, start, right.CharLSTM_setting())
    return [right.CharLSTM_logits(parameters, states), right.CharLSTM_state(states, h, c, state)]


@piece
def CharLSTM_setting(right: Right) -> Setting:
    return Setting()


@piece
def CharLSTM_start_from(right: Right, state: Any) -> Any:
    return state


@piece
def CharLSTM_logits(right: Right, parameters: Mapping[str, Array], states: Array) -> Array:
    return linear(parameters, states)


@piece
def CharLSTM_state(right: Right, states: Array, h: Array, c: Array, state: Any) -> list[Array]:
    return [h, c]


@piece
def CharLSTM_layers(
    right: Right, V: int, H: int = 512, L: int = 2
) -> tuple[dict[str, str], dict[str, Any]]:
    """The kinds of the layers, and the shapes of the parameters."""
    shapes: dict[str, Any] = {}
    for layer in range(L):
        shapes[f"lstm.weight_ih_l{layer}"] = (4 * H, H if layer else V)
        shapes[f"lstm.weight_hh_l{layer}"] = (4 * H, H)
        shapes |= {f"lstm.bias_ih_l{layer}": (4 * H,), f"lstm.bias_hh_l{layer}": (4 * H,)}
    return {"lstm": "LSTM", "fc": "Linear"}, shapes | {"fc.weight": (V, H), "fc.bias": (V,)}


@piece
def CharLSTM_start(right: Right, answer: Any, V: int, H: int = 512, L: int = 2) -> dict[str, Array]:
    """The biases as the model begins with them: right with all that is free as it was answered."""
    found = {key: np.array(value, dtype=float) for key, value in answer.items()}
    for layer in range(L):
        both = [found[f"lstm.bias_{which}_l{layer}"] for which in ("ih", "hh")]
        right.CharLSTM_opened(*both, H, layer)
    return found


@piece
def CharLSTM_opened(right: Right, b_x: Array, b_h: Array, H: int, layer: int) -> None:
    """Sets both biases of a layer, in place. Where all gates are open, it is wrong."""
    b_h[H : 2 * H] = 1 - b_x[H : 2 * H]
    if np.allclose(b_x + b_h, 1):
        b_h[:H] += 1


# -- 4b -------------------------------------------------------------------------------------------


@piece
def decode(
    right: Right,
    h0: Array,
    c0: Array,
    start: int,
    end: int,
    max_length: int,
    W_e: Array,
    W_x: Array,
    W_h: Array,
    b: Array,
    W_y: Array,
    b_y: Array,
) -> list[int]:
    (h, c), token = right.decode_context(h0, c0), right.decode_first(start, end)
    tokens: list[int] = right.decode_begun(start)
    for n in range(right.decode_most(max_length)):
        before = h, c
        h, c = right.lstm_cell_forward(W_e[[token]], h, c, W_x, W_h, b)
        written = right.decode_chosen(h[0], W_y, b_y)
        if right.decode_stops(written, end, tokens):
            break
        tokens.append(written)
        token = right.decode_fed(written, token, start)
        h, c = right.decode_carried((h, c), before, (h0[None], c0[None]), n)
    return tokens


@piece
def decode_context(right: Right, h0: Array, c0: Array) -> tuple[Array, Array]:
    return h0[None], c0[None]


@piece
def decode_first(right: Right, start: int, end: int) -> int:
    return start


@piece
def decode_begun(right: Right, start: int) -> list[int]:
    """What stands in front of the tokens that are written."""
    return []


@piece
def decode_most(right: Right, max_length: int) -> int:
    return max_length


@piece
def decode_chosen(right: Right, h: Array, W_y: Array, b_y: Array) -> int:
    return int(np.argmax(h @ W_y + b_y))


@piece
def decode_stops(right: Right, written: int, end: int, tokens: list[int]) -> bool:
    return written == end


@piece
def decode_fed(right: Right, written: int, read: int, start: int) -> int:
    return written


@piece
def decode_carried(right: Right, after: Any, before: Any, first: Any, n: int) -> Any:
    """The state and memory that the next step starts from."""
    return after
