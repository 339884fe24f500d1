# Single mistakes in the stubs of Task 02 that the library does not know.

_right = {"lstm": lstm_cell_forward, "back": lstm_cell_backward, "gru": gru_cell_forward}
_right |= {"sigmoid": sigmoid, "count": cell_parameters, "test": check_gru_cell}


def _lstm(change):
    """A right LSTM cell but for what is done to its gates: change(i, f, g, o, c_prev) -> h, c."""

    def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
        return change(*np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1), c_prev)

    return lstm_cell_forward


def _back(change):
    """The right gradients, changed: change(grads, args) -> grads."""

    def lstm_cell_backward(*args):
        return change(list(_right["back"](*args)), args)

    return lstm_cell_backward


# %% sigmoid-returns-ints: sigmoid loses 2a.sigmoid
def sigmoid(z):
    return np.round(_right["sigmoid"](z)).astype(int)

# %% sigmoid-clipped-at-four: sigmoid loses 2a.sigmoid
def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -4, 4)))

# %% sigmoid-math-exp-overflows: sigmoid loses 2a.sigmoid
import math

def sigmoid(z):
    return np.vectorize(lambda v: 1 / (1 + math.exp(-v)))(z)

# %% sigmoid-of-all-at-once: sigmoid loses 2a.sigmoid
def sigmoid(z):
    return float(_right["sigmoid"](z).mean())

# %% sigmoid-two-axes-alone: sigmoid loses 2a.sigmoid
def sigmoid(z):
    return np.array([[float(_right["sigmoid"](v)) for v in row] for row in z])

# %% sigmoid-in-place: sigmoid loses 2a.sigmoid
def sigmoid(z):
    z[:] = _right["sigmoid"](z)
    return z

# %% sigmoid-base-two: sigmoid loses 2a.sigmoid
def sigmoid(z):
    return _right["sigmoid"](z * np.log(2))

# %% sigmoid-arctan: sigmoid loses 2a.sigmoid
def sigmoid(z):
    return 0.5 + np.arctan(np.pi * z / 4) / np.pi * 1.0

# %% sigmoid-between-minus-one-and-one: sigmoid loses 2a.sigmoid
def sigmoid(z):
    return 2 * _right["sigmoid"](z) - 1

# %% sigmoid-its-logarithm: sigmoid loses 2a.sigmoid
def sigmoid(z):
    return -np.logaddexp(0, -z)

# %% sigmoid-nan-replaced-by-a-half: sigmoid loses 2a.sigmoid
def sigmoid(z):
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.exp(z) / (1 + np.exp(z)), nan=0.5)

# %% lstm-memory-averaged: lstm_cell_forward loses 2a.memory
lstm_cell_forward = _lstm(lambda i, f, g, o, c: (
    lambda new: (sigmoid(o) * np.tanh(new), new)
)((sigmoid(f) * c + sigmoid(i) * np.tanh(g)) / 2))

# %% lstm-memory-clipped: lstm_cell_forward loses 2a.memory
lstm_cell_forward = _lstm(lambda i, f, g, o, c: (
    lambda new: (sigmoid(o) * np.tanh(new), new)
)(np.clip(sigmoid(f) * c + sigmoid(i) * np.tanh(g), -1, 1)))

# %% lstm-memory-of-first-row: lstm_cell_forward loses 2a.memory
lstm_cell_forward = _lstm(lambda i, f, g, o, c: (
    lambda new: (sigmoid(o) * np.tanh(new), new)
)(sigmoid(f) * c[:1] + sigmoid(i) * np.tanh(g)))

# %% lstm-memory-minus: lstm_cell_forward loses 2a.memory
lstm_cell_forward = _lstm(lambda i, f, g, o, c: (
    lambda new: (sigmoid(o) * np.tanh(new), new)
)(sigmoid(f) * c - sigmoid(i) * np.tanh(g)))

# %% lstm-memory-times: lstm_cell_forward loses 2a.memory
lstm_cell_forward = _lstm(lambda i, f, g, o, c: (
    lambda new: (sigmoid(o) * np.tanh(new), new)
)(sigmoid(f) * c * sigmoid(i) * np.tanh(g)))

# %% lstm-gates-squared: lstm_cell_forward loses 2a.memory
lstm_cell_forward = _lstm(lambda i, f, g, o, c: (
    lambda new: (sigmoid(o) * np.tanh(new), new)
)(sigmoid(f) ** 2 * c + sigmoid(i) ** 2 * np.tanh(g)))

# %% lstm-returns-old-memory: lstm_cell_forward loses 2a.memory
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    return _right["lstm"](x_t, h_prev, c_prev, W_x, W_h, b)[0], c_prev

# %% lstm-memory-overwritten: lstm_cell_forward loses 2a.memory
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    h, c = _right["lstm"](x_t, h_prev, c_prev, W_x, W_h, b)
    c_prev[:] = c
    return h, c_prev

# %% lstm-memory-with-an-axis-more: lstm_cell_forward loses 2a.memory
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    h, c = _right["lstm"](x_t, h_prev, c_prev, W_x, W_h, b)
    return h, c[None]

# %% lstm-naive-gates-nan: lstm_cell_forward loses 2a.memory 2a.output
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    z = 20 * (x_t @ W_x + h_prev @ W_h + b)
    i, f, g, o = np.split(z, 4, axis=1)
    s = lambda v: np.exp(v) / (1 + np.exp(v))
    c = s(f) * c_prev + s(i) * np.tanh(g)
    return s(o) * np.tanh(c), c

# %% lstm-state-twice: lstm_cell_forward loses 2a.output
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    h, c = _right["lstm"](x_t, h_prev, c_prev, W_x, W_h, b)
    return 2 * h, c

# %% lstm-state-keeps-the-old: lstm_cell_forward loses 2a.output
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    h, c = _right["lstm"](x_t, h_prev, c_prev, W_x, W_h, b)
    return 0.5 * (h + h_prev), c

# %% lstm-state-behind-the-input-gate: lstm_cell_forward loses 2a.output
lstm_cell_forward = _lstm(lambda i, f, g, o, c: (
    lambda new: (sigmoid(i) * np.tanh(new), new)
)(sigmoid(f) * c + sigmoid(i) * np.tanh(g)))

# %% lstm-gate-alone: lstm_cell_forward loses 2a.output
lstm_cell_forward = _lstm(lambda i, f, g, o, c: (
    sigmoid(o), sigmoid(f) * c + sigmoid(i) * np.tanh(g)
))

# %% lstm-state-of-g: lstm_cell_forward loses 2a.output
lstm_cell_forward = _lstm(lambda i, f, g, o, c: (
    sigmoid(o) * np.tanh(g), sigmoid(f) * c + sigmoid(i) * np.tanh(g)
))

# %% lstm-returns-three: lstm_cell_forward loses 2a.memory 2a.output
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    h, c = _right["lstm"](x_t, h_prev, c_prev, W_x, W_h, b)
    return h, c, c

# %% lstm-returns-memory-alone: lstm_cell_forward loses 2a.memory 2a.output
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    return _right["lstm"](x_t, h_prev, c_prev, W_x, W_h, b)[1]

# %% lstm-returns-zeros: lstm_cell_forward loses 2a.memory 2a.output
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    return np.zeros_like(h_prev), np.zeros_like(c_prev)

# %% lstm-returns-its-arguments: lstm_cell_forward loses 2a.memory 2a.output
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    return h_prev, c_prev

# %% lstm-w_h-transposed-by-blocks: lstm_cell_forward loses 2a.memory 2a.output
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    W = np.hstack([block.T for block in np.split(W_h, 4, axis=1)])
    return _right["lstm"](x_t, h_prev, c_prev, W_x, W, b)

# %% lstm-bias-twice: lstm_cell_forward loses 2a.memory 2a.output
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    return _right["lstm"](x_t, h_prev, c_prev, W_x, W_h, 2 * b)

# %% back-by-autograd: lstm_cell_backward loses 2b.dx 2b.dh_prev 2b.dc_prev 2b.dW_x 2b.dW_h 2b.db
import torch

def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    given = [torch.tensor(a, requires_grad=True) for a in (x_t, h_prev, c_prev, W_x, W_h, b)]
    x, h, c, U, W, d = given
    i, f, g, o = (x @ U + h @ W + d).chunk(4, 1)
    c_t = f.sigmoid() * c + i.sigmoid() * g.tanh()
    h_t = o.sigmoid() * c_t.tanh()
    ((h_t * torch.tensor(dh_t)).sum() + (c_t * torch.tensor(dc_t)).sum()).backward()
    return tuple(a.grad for a in given)

# %% back-of-zeros: lstm_cell_backward loses 2b.dx 2b.dh_prev 2b.dc_prev 2b.dW_x 2b.dW_h 2b.db
def lstm_cell_backward(dh_t, dc_t, *args):
    return tuple(np.zeros_like(a) for a in args)

# %% back-dh-overwritten: lstm_cell_backward loses 2b.dx
def lstm_cell_backward(dh_t, dc_t, *args):
    grads = _right["back"](dh_t, dc_t, *args)
    dc_t += dh_t
    return grads

# %% back-five-results: lstm_cell_backward loses 2b.db
lstm_cell_backward = _back(lambda grads, args: grads[:5])

# %% back-as-a-dict: lstm_cell_backward loses 2b.dx 2b.dh_prev 2b.dc_prev 2b.dW_x 2b.dW_h 2b.db
lstm_cell_backward = _back(lambda grads, args: dict(zip(("dx", "dh", "dc", "dW_x", "dW_h", "db"), grads)))

# %% back-dx-of-first-row: lstm_cell_backward loses 2b.dx
lstm_cell_backward = _back(lambda grads, args: [grads[0][:1] + 0 * grads[0], *grads[1:]])

# %% back-dx-minus: lstm_cell_backward loses 2b.dx
lstm_cell_backward = _back(lambda grads, args: [-grads[0], *grads[1:]])

# %% back-dh-with-dh_t: lstm_cell_backward loses 2b.dh_prev
lstm_cell_backward = _back(lambda grads, args: [grads[0], grads[1] + args[0], *grads[2:]])

# %% back-dh-halved: lstm_cell_backward loses 2b.dh_prev
lstm_cell_backward = _back(lambda grads, args: [grads[0], grads[1] / 2, *grads[2:]])

# %% back-dc-with-dc_t: lstm_cell_backward loses 2b.dc_prev
lstm_cell_backward = _back(lambda grads, args: [*grads[:2], grads[2] + args[1], *grads[3:]])

# %% back-dc-of-dc_t-alone: lstm_cell_backward loses 2b.dc_prev
def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    grads = list(_right["back"](dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b))
    f = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)[1]
    grads[2] = dc_t * sigmoid(f)
    return grads

# %% back-dc-times-i: lstm_cell_backward loses 2b.dc_prev
def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    grads = list(_right["back"](dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b))
    i, f = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)[:2]
    grads[2] = grads[2] / sigmoid(f) * sigmoid(i)
    return grads

# %% back-dW_x-with-h_prev: lstm_cell_backward loses 2b.dW_x
def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    grads = list(_right["back"](dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b))
    grads[3] = grads[4]
    return grads

# %% back-dW_h-averaged: lstm_cell_backward loses 2b.dW_h
lstm_cell_backward = _back(lambda grads, args: [*grads[:4], grads[4] / len(args[0]), grads[5]])

# %% back-dW_h-of-new-state: lstm_cell_backward loses 2b.dW_h
def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    grads = list(_right["back"](dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b))
    h_t, _ = _right["lstm"](x_t, h_prev, c_prev, W_x, W_h, b)
    i, f, g, o = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    t = np.tanh(f * c_prev + i * g)
    dc = dc_t + dh_t * o * (1 - t**2)
    dz = np.hstack([dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh_t * t * o * (1 - o)])
    grads[4] = h_t.T @ dz
    return grads

# %% back-db-over-columns: lstm_cell_backward loses 2b.db
lstm_cell_backward = _back(lambda grads, args: [*grads[:5], grads[5].sum()])

# %% back-db-of-last-row: lstm_cell_backward loses 2b.db
def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    grads = list(_right["back"](dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b))
    last = [a[-1:] for a in (dh_t, dc_t, x_t, h_prev, c_prev)]
    grads[5] = _right["back"](*last, W_x, W_h, b)[5]
    return grads

# %% back-forget-gradient-missing: lstm_cell_backward loses 2b.dx 2b.dh_prev 2b.dW_x 2b.dW_h 2b.db
def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    dc_prev = _right["back"](dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b)[2]
    i, f, g, o = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    t = np.tanh(f * c_prev + i * g)
    dc = dc_t + dh_t * o * (1 - t**2)
    dz = np.hstack([dc * g * i * (1 - i), 0 * dc, dc * i * (1 - g**2), dh_t * t * o * (1 - o)])
    return dz @ W_x.T, dz @ W_h.T, dc_prev, x_t.T @ dz, h_prev.T @ dz, dz.sum(0)

# %% back-memory-twice: lstm_cell_backward loses 2b.dx 2b.dh_prev 2b.dc_prev 2b.dW_x 2b.dW_h 2b.db
def lstm_cell_backward(dh_t, dc_t, *args):
    return _right["back"](dh_t, 2 * dc_t, *args)

# %% gru-rows-mixed: gru_cell_forward loses 2c.cell
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    return _right["gru"](x_t, h_prev[::-1], W_x, W_h, b_x, b_h)

# %% gru-tanh-at-the-end: gru_cell_forward loses 2c.cell
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    return np.tanh(_right["gru"](x_t, h_prev, W_x, W_h, b_x, b_h))

# %% gru-returns-old-state: gru_cell_forward loses 2c.cell
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    return h_prev

# %% gru-a-tuple: gru_cell_forward loses 2c.cell
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    h = _right["gru"](x_t, h_prev, W_x, W_h, b_x, b_h)
    return h, h

# %% gru-squeezed: gru_cell_forward loses 2c.cell
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    return np.squeeze(_right["gru"](x_t, h_prev, W_x, W_h, b_x, b_h))

# %% gru-state-clipped: gru_cell_forward loses 2c.cell
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    return np.clip(_right["gru"](x_t, h_prev, W_x, W_h, b_x, b_h), -0.9, 0.9)

# %% gru-bias-once-in-n: gru_cell_forward loses 2c.cell
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    H = h_prev.shape[1]
    b = b_h.copy()
    b[2 * H :] = 0
    return _right["gru"](x_t, h_prev, W_x, W_h, b_x, b)

# %% gru-z-twice: gru_cell_forward loses 2c.cell
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    a, u = np.split(x_t @ W_x + b_x, 3, 1), np.split(h_prev @ W_h + b_h, 3, 1)
    r, z = sigmoid(a[0] + u[0]), sigmoid(sigmoid(a[1] + u[1]))
    return (1 - z) * np.tanh(a[2] + r * u[2]) + z * h_prev

# %% gru-reset-on-kept-state: gru_cell_forward loses 2c.cell
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    a, u = np.split(x_t @ W_x + b_x, 3, 1), np.split(h_prev @ W_h + b_h, 3, 1)
    r, z = sigmoid(a[0] + u[0]), sigmoid(a[1] + u[1])
    return (1 - z) * np.tanh(a[2] + r * u[2]) + z * r * h_prev

# %% gru-one-gate-for-both: gru_cell_forward loses 2c.cell
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    a, u = np.split(x_t @ W_x + b_x, 3, 1), np.split(h_prev @ W_h + b_h, 3, 1)
    z = sigmoid(a[1] + u[1])
    return (1 - z) * np.tanh(a[2] + z * u[2]) + z * h_prev

# %% gru-overwrites-state: gru_cell_forward loses 2c.cell
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    h_prev[:] = _right["gru"](x_t, h_prev, W_x, W_h, b_x, b_h)
    return h_prev

# %% gru-half-precision: gru_cell_forward loses 2c.cell
def gru_cell_forward(*args):
    return _right["gru"](*(a.astype(np.float16) for a in args)).astype(float)

# %% test-of-shapes-alone: check_gru_cell loses 2c.test
def check_gru_cell(cell):
    try:
        got = cell(np.ones((2, 3)), np.ones((2, 4)), np.ones((3, 12)), np.ones((4, 12)), np.ones(12), np.ones(12))
    except Exception:
        return False
    return np.shape(got) == (2, 4)

# %% test-of-zeros: check_gru_cell loses 2c.test
def check_gru_cell(cell):
    try:
        got = np.asarray(cell(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 3)), np.zeros((1, 3)), np.zeros(3), np.zeros(3)))
    except Exception:
        return False
    return got.shape == (1, 1) and abs(got).max() < 1e-9

# %% test-of-one-row-and-unit: check_gru_cell loses 2c.test
def check_gru_cell(cell):
    rng = np.random.default_rng(0)
    args = [rng.normal(size=s) for s in ((1, 1), (1, 1), (1, 3), (1, 3), 3, 3)]
    try:
        return bool(np.allclose(cell(*args), _right["gru"](*args)))
    except Exception:
        return False

# %% test-without-biases: check_gru_cell loses 2c.test
def check_gru_cell(cell):
    rng = np.random.default_rng(0)
    args = [rng.normal(size=s) for s in ((3, 2), (3, 4), (2, 12), (4, 12))] + [np.zeros(12), np.zeros(12)]
    try:
        got = np.asarray(cell(*args))
    except Exception:
        return False
    want = _right["gru"](*args)
    return got.shape == want.shape and bool(np.allclose(got, want))

# %% test-with-another-formula: check_gru_cell loses 2c.test is check_gru_cell/rejects-all
def check_gru_cell(cell):
    rng = np.random.default_rng(0)
    x, h, U, W, b, d = args = [rng.normal(size=s) for s in ((3, 2), (3, 4), (2, 12), (4, 12), 12, 12)]
    a, u = np.split(x @ U + b, 3, 1), np.split(h @ W + d, 3, 1)
    z = sigmoid(a[1] + u[1])
    want = np.tanh(a[2] + sigmoid(a[0] + u[0]) * u[2]) + z * h
    try:
        return bool(np.allclose(cell(*args), want))
    except Exception:
        return False

# %% test-that-calls-a-hundred-times: check_gru_cell loses 2c.test
def check_gru_cell(cell):
    rng = np.random.default_rng(0)
    for _ in range(100):
        args = [rng.normal(size=s) for s in ((2, 2), (2, 3), (2, 9), (3, 9), 9, 9)]
        if not np.allclose(cell(*args), _right["gru"](*args)):
            return False
    return True

# %% test-that-returns-text: check_gru_cell loses 2c.test
def check_gru_cell(cell):
    return "right" if _right["test"](cell) else "wrong"

# %% test-that-answers-in-turn: check_gru_cell loses 2c.test
_asked = []
def check_gru_cell(cell):
    _asked.append(1)
    return len(_asked) <= 4

# %% test-that-asserts-and-returns-nothing: check_gru_cell loses 2c.test
def check_gru_cell(cell):
    assert _right["test"](cell)

# %% test-to-one-digit: check_gru_cell loses 2c.test
def check_gru_cell(cell):
    rng = np.random.default_rng(0)
    args = [rng.normal(size=s) for s in ((3, 2), (3, 4), (2, 12), (4, 12), 12, 12)]
    try:
        got = np.asarray(cell(*args))
    except Exception:
        return False
    want = _right["gru"](*args)
    return got.shape == want.shape and bool(np.abs(got - want).max() < 1.0)

# %% counts-of-sizes-swapped: cell_parameters loses 2c.counts:rnn 2c.counts:lstm 2c.counts:gru
def cell_parameters(E, H):
    return _right["count"](H, E)

# %% counts-as-floats: cell_parameters loses 2c.counts:rnn 2c.counts:lstm 2c.counts:gru
def cell_parameters(E, H):
    return {key: n / 1 for key, n in _right["count"](E, H).items()}

# %% counts-other-keys: cell_parameters loses 2c.counts:rnn 2c.counts:lstm 2c.counts:gru
def cell_parameters(E, H):
    return {key.upper(): n for key, n in _right["count"](E, H).items()}

# %% counts-rnn-with-output: cell_parameters loses 2c.counts:rnn
def cell_parameters(E, H):
    n = _right["count"](E, H)
    return n | {"rnn": n["rnn"] + H * E + E}

# %% counts-lstm-one-bias: cell_parameters loses 2c.counts:lstm
def cell_parameters(E, H):
    n = _right["count"](E, H)
    return n | {"lstm": n["lstm"] - 4 * H}

# %% counts-gru-missing: cell_parameters loses 2c.counts:gru
def cell_parameters(E, H):
    n = _right["count"](E, H)
    del n["gru"]
    return n

# %% counts-of-the-example: cell_parameters loses 2c.counts:rnn 2c.counts:lstm 2c.counts:gru
def cell_parameters(E, H):
    return {"rnn": 14, "lstm": 56, "gru": 42}
