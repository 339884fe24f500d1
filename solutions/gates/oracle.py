"""What torch answers to calls of the stubs that it has too, on random inputs of growing size.

It is computed at release time, and students get the numbers alone: with what computes them, the
stubs would be written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from autograder.self_check.facts import Case, Item, Model

ORACLE = "torch"
# N, T, E, H, V: from what can be followed by hand to many steps.
SIZES = ((1, 1, 1, 1, 2), (1, 2, 1, 2, 2), (2, 3, 2, 1, 3), (2, 4, 3, 2, 4), (3, 5, 2, 4, 5))
LONG = (2, 40, 3, 4, 5)

Sizes = tuple[int, int, int, int, int]
Rng = np.random.Generator


@cache
def cases() -> tuple[Case, ...]:
    """The cases of all stubs, those of a stub from small to large."""
    found: list[Case] = []
    for oracle in ORACLES:
        rng = np.random.default_rng(0)
        for sizes in (*SIZES, LONG):
            found += oracle(rng, sizes)
    return tuple(found)


def _case(stub: str, args: tuple[Any, ...], wanted: Mapping[str, tuple[Any, ...]]) -> Case:
    """``wanted``: the way to each item of the answer, with its value at the end, by its name."""
    items = [Item(name, way[:-1], _rounded(way[-1])) for name, way in wanted.items()]
    return Case(stub, args, {}, items)


def _rounded(value: Any) -> Any:
    """To seven digits: more than are compared, and the same on every machine."""
    array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    return np.array([float(f"{one:.7g}") for one in array.ravel()]).reshape(array.shape) + 0.0


def _normal(rng: Rng, *shape: int, scale: float = 1.0) -> Any:
    return (scale * rng.normal(size=shape)).round(2) + 0.0  # no -0.0


def _lengths(rng: Rng, N: int, T: int) -> Any:
    return rng.integers(1, T + 1, size=N)


def _layer(rng: Rng, E: int, H: int) -> tuple[Any, Any, Any]:
    """W_x (E,H), W_h (H,H), b_h (H,)."""
    return _normal(rng, E, H, scale=0.6), _normal(rng, H, H, scale=0.6), _normal(rng, H, scale=0.5)


def _as_tensors(*arrays: Any, learns: bool = False) -> list[Any]:
    import torch

    return [torch.tensor(np.array(array), requires_grad=learns) for array in arrays]


def _loaded(module: Any, layers: Sequence[tuple[Any, ...]], ends: Sequence[str] = ("",)) -> Any:
    """A recurrent layer of torch with these weights; one bias stands for both where there is one.

    ``layers`` are from the lowest up, and of each the ``ends`` of the names, one after another.
    """
    given = {}
    for index, (W_x, W_h, *biases) in enumerate(layers):
        end = f"l{index // len(ends)}{ends[index % len(ends)]}"
        pair = (*biases, 0 * biases[0])[:2]
        given |= {f"weight_ih_{end}": W_x.T, f"weight_hh_{end}": W_h.T}
        given |= {f"bias_ih_{end}": pair[0], f"bias_hh_{end}": pair[1]}
    module.load_state_dict(dict(zip(given, _as_tensors(*given.values()), strict=True)))
    return module


def _rnn(E: int, H: int, layers: Sequence[tuple[Any, ...]], **settings: Any) -> Any:
    import torch

    ends = ("", "_reverse") if settings.get("bidirectional") else ("",)
    settings |= {"num_layers": len(layers) // len(ends)}
    rnn = torch.nn.RNN(E, H, batch_first=True, dtype=torch.float64, **settings)
    return _loaded(rnn, layers, ends)


def _lstm(W_x: Any, W_h: Any, b: Any) -> Any:
    import torch

    E, H = len(W_x), len(W_h)
    return _loaded(torch.nn.LSTM(E, H, batch_first=True, dtype=torch.float64), [(W_x, W_h, b)])


# -- what torch answers for each stub --------------------------------------------------------------


def _jacobian(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    N, _, E, H, _ = sizes
    layer, x = _layer(rng, E, H), _as_tensors(_normal(rng, N, 1, E))[0]
    rnn, before = _rnn(E, H, [layer]), _as_tensors(_normal(rng, N, H, scale=0.3))[0]

    def step(h: Any) -> Any:
        return rnn(x, h[None])[0][:, 0]

    full = torch.autograd.functional.jacobian(step, before)  # (N,H,N,H)
    own = torch.stack([full[n, :, n] for n in range(N)])
    h_t = _rounded(step(before))
    yield _case("step_jacobian", (h_t, layer[1]), {"The Jacobian": (own,)})


def _norms(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    N, T, E, H, _ = sizes
    layer, dh_T = _layer(rng, E, H), _normal(rng, N, H)
    cell = torch.nn.RNNCell(E, H, dtype=torch.float64)
    rnn = _rnn(E, H, [layer])
    cell.load_state_dict({name[:-3]: value for name, value in rnn.state_dict().items()})
    (x,) = _as_tensors(_normal(rng, N, T, E))
    h, states = torch.zeros(N, H, dtype=torch.float64), []
    for t in range(T):
        h = cell(x[:, t], h)
        h.retain_grad()
        states.append(h)
    (h * _as_tensors(dh_T)[0]).sum().backward()
    norms = torch.stack([state.grad.norm(dim=1) for state in states], 1)
    given = dh_T, _rounded(torch.stack(states, 1)), layer[1]
    yield _case("gradient_norms", given, {"The norms": (norms,)})


def _truncated(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    N, T, E, H, V = sizes
    layer, x, h0 = _layer(rng, E, H), _normal(rng, N, T, E), _normal(rng, N, H, scale=0.3)
    targets, W_y, b_y = rng.integers(V, size=(N, T)), _normal(rng, H, V), _normal(rng, V)
    for k in sorted({1, 2, (T + 1) // 2, T + 1}):
        rnn, weights = _rnn(E, H, [layer]), _as_tensors(W_y, b_y, learns=True)
        inputs, goal, h = _as_tensors(x, targets, h0[None])
        logits = []
        for start in range(0, T, k):
            states, h = rnn(inputs[:, start : start + k], h.detach())
            logits.append(states @ weights[0] + weights[1])
        loss = torch.nn.functional.cross_entropy(torch.cat(logits, 1).flatten(0, 1), goal.flatten())
        loss.backward()
        grads = {"W_x": rnn.weight_ih_l0.grad.T, "W_h": rnn.weight_hh_l0.grad.T}
        grads |= {"b_h": rnn.bias_hh_l0.grad, "W_y": weights[0].grad, "b_y": weights[1].grad}
        wanted = {f'grads["{key}"]': (1, key, value) for key, value in grads.items()}
        wanted = {"The loss": (0, loss), **wanted, "h_T": (2, h[0])}
        yield _case("truncated_bptt", (x, targets, h0, *layer, W_y, b_y, k), wanted)


def _sigmoid(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    N, T, _, H, _ = sizes
    for shape in ((H,), (N, H), (N, T, H)):
        z = _normal(rng, *shape, scale=4.0)
        yield _case("sigmoid", (z,), {"The sigmoid": (torch.sigmoid(_as_tensors(z)[0]),)})


def _step(rng: Rng, sizes: Sizes, blocks: int) -> tuple[Any, ...]:
    """x_t, h_prev, W_x, W_h and b of a cell."""
    N, _, E, H, _ = sizes
    x_t, h_prev = _normal(rng, N, E), _normal(rng, N, H, scale=0.3)
    weights = _normal(rng, E, blocks * H), _normal(rng, H, blocks * H)
    return x_t, h_prev, *weights, _normal(rng, blocks * H)


def _memory_step(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    x_t, h_prev, W_x, W_h, b = _step(rng, sizes, 4)
    c_prev = _normal(rng, *h_prev.shape)
    x, h, c = _as_tensors(x_t[:, None], h_prev[None], c_prev[None])
    _, (h, c) = _lstm(W_x, W_h, b)(x, (h, c))
    given = x_t, h_prev, c_prev, W_x, W_h, b
    yield _case("lstm_cell_forward", given, {"h_t": (0, h[0]), "c_t": (1, c[0])})


def _memory_step_back(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    x_t, h_prev, W_x, W_h, b = _step(rng, sizes, 4)
    c_prev, dh_t, dc_t = (_normal(rng, *h_prev.shape) for _ in range(3))
    lstm = _lstm(W_x, W_h, b)
    x, h0, c0 = _as_tensors(x_t[:, None], h_prev[None], c_prev[None], learns=True)
    _, (h, c) = lstm(x, (h0, c0))
    dh, dc = _as_tensors(dh_t[None], dc_t[None])
    ((h * dh).sum() + (c * dc).sum()).backward()
    grads = {"dx_t": x.grad[:, 0], "dh_prev": h0.grad[0], "dc_prev": c0.grad[0]}
    grads |= {"dW_x": lstm.weight_ih_l0.grad.T, "dW_h": lstm.weight_hh_l0.grad.T}
    grads |= {"db": lstm.bias_hh_l0.grad}
    wanted = {f"The gradient {name}": (i, one) for i, (name, one) in enumerate(grads.items())}
    given = dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b
    yield _case("lstm_cell_backward", given, wanted)


def _gated_step(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    x_t, h_prev, W_x, W_h, b_x = _step(rng, sizes, 3)
    b_h = _normal(rng, *b_x.shape)
    gru = torch.nn.GRU(len(W_x), len(W_h), batch_first=True, dtype=torch.float64)
    x, h = _as_tensors(x_t[:, None], h_prev[None])
    _, h = _loaded(gru, [(W_x, W_h, b_x, b_h)])(x, h)
    yield _case("gru_cell_forward", (x_t, h_prev, W_x, W_h, b_x, b_h), {"h_t": (h[0],)})


def _counts(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    _, _, E, H, _ = sizes
    kinds = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    counted = {key: sum(p.numel() for p in kind(E, H).parameters()) for key, kind in kinds.items()}
    items = [Item(f'The count of "{key}"', (key,), count) for key, count in counted.items()]
    yield Case("cell_parameters", (E, H), {}, items)


def _stacked(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    N, T, E, H, _ = sizes
    for L in (1, 2, 3):
        layers = [_layer(rng, H if layer else E, H) for layer in range(L)]
        x, h0 = _normal(rng, N, T, E), _normal(rng, L, N, H, scale=0.3)
        outputs, h_T = _rnn(E, H, layers)(*_as_tensors(x, h0))
        wanted = {"outputs": (0, outputs), "h_T": (1, h_T)}
        yield _case("stacked_forward", (x, h0, layers), wanted)


def _both_ways(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    N, T, E, H, _ = sizes
    nets, x = (_layer(rng, E, H), _layer(rng, E, H)), _normal(rng, N, T, E)
    rnn = _rnn(E, H, nets, bidirectional=True)
    for lengths in (np.full(N, T), _lengths(rng, N, T)):
        inputs, real = _as_tensors(x, lengths)
        packed = pack_padded_sequence(inputs, real, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(rnn(packed)[0], batch_first=True, total_length=T)
        yield _case("bidirectional_forward", (x, lengths, *nets), {"The states": (states,)})


def _sentiment(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    from torch.nn.utils.rnn import pack_padded_sequence

    N, T, E, H, V = sizes
    layers, K = [_layer(rng, E, H), _layer(rng, H, H)], V
    W_e, W, b = _normal(rng, V, E), _normal(rng, K, H), _normal(rng, K)
    rnn, tokens, lengths = _rnn(E, H, layers), rng.integers(V, size=(N, T)), _lengths(rng, N, T)
    x, fc, bias, real = _as_tensors(W_e[tokens], W, b, lengths)
    packed = pack_padded_sequence(x, real, batch_first=True, enforce_sorted=False)
    for given, read in (({}, x), ({"lengths": lengths}, packed)):
        logits = rnn(read)[1][-1] @ fc.T + bias
        parameters = {"embedding.weight": W_e, "fc.weight": W, "fc.bias": b}
        parameters |= {f"rnn.{name}": one.numpy() for name, one in rnn.state_dict().items()}
        items = [Item("The logits", (), _rounded(logits))]
        yield Case("SentimentRNN", (tokens,), given, items, Model((V, E, H, 2, K), parameters))


def _masked_loss(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    N, T, _, _, V = sizes
    logits, lengths = _normal(rng, N, T, V), _lengths(rng, N, T)
    real = np.arange(T) < lengths[:, None]
    targets = np.where(real, rng.integers(V, size=(N, T)), -100)
    mean = torch.nn.functional.cross_entropy(*_as_tensors(logits.reshape(-1, V), targets.ravel()))
    yield _case("masked_cross_entropy", (logits, targets, lengths), {"The loss": (mean,)})


def _char_lstm(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    import torch

    N, T, _, H, V = sizes
    lstm = torch.nn.LSTM(V, H, 2, batch_first=True, dtype=torch.float64)
    shapes = {name: tuple(one.shape) for name, one in lstm.state_dict().items()}
    given = {name: _normal(rng, *shape, scale=0.6) for name, shape in shapes.items()}
    lstm.load_state_dict(dict(zip(given, _as_tensors(*given.values()), strict=True)))
    W, b, tokens = _normal(rng, V, H), _normal(rng, V), rng.integers(V, size=(N, T))
    x, fc, bias = _as_tensors(np.eye(V)[tokens], W, b)
    states, (h, c) = lstm(x)
    parameters = {f"lstm.{name}": one for name, one in given.items()}
    parameters |= {"fc.weight": W, "fc.bias": b}
    items = [Item("The logits", (0,), _rounded(states @ fc.T + bias))]
    items += [Item("h", (1, 0), _rounded(h)), Item("c", (1, 1), _rounded(c))]
    yield Case("CharLSTM", (tokens,), {}, items, Model((V, H, 2), parameters))


def _decoded(rng: Rng, sizes: Sizes) -> Iterator[Case]:
    _, T, E, H, V = sizes
    h0, c0, W_e, b_y = _normal(rng, H), _normal(rng, H), _normal(rng, V, E), _normal(rng, V)
    weights = _normal(rng, E, 4 * H), _normal(rng, H, 4 * H), _normal(rng, 4 * H)
    W_y, lstm = _normal(rng, H, V, scale=4.0), _lstm(*weights)
    h, c, token, written, lead = *_as_tensors(h0[None, None], c0[None, None]), 0, [], np.inf
    while len(written) < T:
        out, (h, c) = lstm(*_as_tensors(W_e[token][None, None]), (h, c))
        logits = out.detach().numpy()[0, 0] @ W_y + b_y
        token, best = int(logits.argmax()), np.sort(logits)
        lead = min(lead, best[-1] - best[-2])
        if token == V - 1:
            break
        written.append(token)
    if lead > 0.01:
        items = [Item("The tokens", (), np.array(written, dtype=int))]
        arguments = (h0, c0, 0, V - 1, T, W_e, *weights, W_y, b_y)
        yield Case("decode", arguments, {}, items)


ORACLES: tuple[Callable[[Rng, Sizes], Iterator[Case]], ...] = (
    _jacobian,
    _norms,
    _truncated,
    _sigmoid,
    _memory_step,
    _memory_step_back,
    _gated_step,
    _counts,
    _stacked,
    _both_ways,
    _sentiment,
    _masked_loss,
    _char_lstm,
    _decoded,
)
