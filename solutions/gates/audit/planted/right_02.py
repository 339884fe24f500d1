# Right ways to write the stubs of Task 02, in other styles.

# %% sigmoid-by-tanh: sigmoid
def sigmoid(z):
    return 0.5 * (1 + np.tanh(0.5 * np.asarray(z)))

# %% sigmoid-with-overflow: sigmoid
def sigmoid(z):
    return 1 / (1 + np.exp(-z))

# %% sigmoid-clipped: sigmoid
def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-np.clip(z, -500, 500)))

# %% sigmoid-from-scipy: sigmoid
from scipy.special import expit

def sigmoid(z):
    return expit(z)

# %% sigmoid-in-torch: sigmoid
import torch

def sigmoid(z):
    return torch.sigmoid(torch.as_tensor(z))

# %% sigmoid-by-cases: sigmoid
def sigmoid(z):
    out = np.empty_like(z)
    up = z > 0
    out[up] = 1 / (1 + np.exp(-z[up]))
    e = np.exp(z[~up])
    out[~up] = e / (1 + e)
    return out

# %% sigmoid-number-by-number: sigmoid
import math

def sigmoid(z):
    def one(v):
        return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))

    if np.ndim(z) > 1:
        return [sigmoid(row) for row in z]
    return [one(float(v)) for v in z]

# %% sigmoid-by-logaddexp: sigmoid
def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))

# %% lstm-by-loops: lstm_cell_forward
import math

def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    N, H = h_prev.shape
    s = lambda v: 1 / (1 + math.exp(-v))
    h, c = np.empty((N, H)), np.empty((N, H))
    for n in range(N):
        z = x_t[n] @ W_x + h_prev[n] @ W_h + b
        for u in range(H):
            i, f, g, o = (float(z[k * H + u]) for k in range(4))
            c[n, u] = s(f) * c_prev[n, u] + s(i) * math.tanh(g)
            h[n, u] = s(o) * math.tanh(c[n, u])
    return h, c

# %% lstm-in-torch: lstm_cell_forward
import torch

def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    cell = torch.nn.LSTMCell(W_x.shape[0], W_h.shape[0], dtype=torch.as_tensor(x_t).dtype)
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor(W_x.T.copy()))
        cell.weight_hh.copy_(torch.tensor(W_h.T.copy()))
        cell.bias_ih.copy_(torch.tensor(b))
        cell.bias_hh.zero_()
        return cell(torch.tensor(x_t), (torch.tensor(h_prev), torch.tensor(c_prev)))

# %% lstm-in-one-product: lstm_cell_forward
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    H = c_prev.shape[1]
    z = np.hstack([x_t, h_prev, np.ones((len(x_t), 1))]) @ np.vstack([W_x, W_h, b])
    with np.errstate(over="ignore"):
        i, f, o = (1 / (1 + np.exp(-z[:, k * H : (k + 1) * H])) for k in (0, 1, 3))
    new = np.multiply(f, c_prev) + i * np.tanh(z[:, 2 * H : 3 * H])
    return [o * np.tanh(new), new]

# %% lstm-blocks-by-reshape: lstm_cell_forward
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    N, H = h_prev.shape
    gates = (x_t.dot(W_x) + h_prev.dot(W_h) + b).reshape(N, 4, H).transpose(1, 0, 2)
    i, f, _, o = sigmoid(gates)
    g = np.tanh(gates[2])
    c = i * g
    c += f * c_prev
    return o * np.tanh(c), c

# %% lstm-in-columns: lstm_cell_forward
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    z = W_x.T @ x_t.T + W_h.T @ h_prev.T + b.reshape(-1, 1)
    i, f, g, o = np.array_split(z, 4)
    half = lambda v: (np.tanh(v / 2) + 1) / 2
    c = half(f) * c_prev.T + half(i) * np.tanh(g)
    h = half(o) * np.tanh(c)
    return h.T, c.T

# %% lstm-in-float32: lstm_cell_forward
def lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, b):
    x_t, h_prev, c_prev, W_x, W_h, b = (a.astype("f4") for a in (x_t, h_prev, c_prev, W_x, W_h, b))
    i, f, g, o = np.split(x_t @ W_x + h_prev @ W_h + b, 4, -1)
    c = sigmoid(f) * c_prev + sigmoid(i) * np.tanh(g)
    return (sigmoid(o) * np.tanh(c)).astype("f4"), c.astype("f4")

# %% back-by-names: lstm_cell_backward
def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    H = h_prev.shape[1]
    z = x_t @ W_x + h_prev @ W_h + b
    s = lambda v: 1 / (1 + np.exp(-v))
    i, f, g, o = s(z[:, :H]), s(z[:, H : 2 * H]), np.tanh(z[:, 2 * H : 3 * H]), s(z[:, 3 * H :])
    c = f * c_prev + i * g
    t = np.tanh(c)
    dz = np.zeros_like(z)
    dz[:, 3 * H :] = dh_t * t * o * (1 - o)
    dc = dc_t + dh_t * o * (1 - t * t)
    dz[:, :H] = dc * g * i * (1 - i)
    dz[:, H : 2 * H] = dc * c_prev * f * (1 - f)
    dz[:, 2 * H : 3 * H] = dc * i * (1 - g * g)
    return dz.dot(W_x.T), dz.dot(W_h.T), dc * f, x_t.T.dot(dz), h_prev.T.dot(dz), dz.sum(0)

# %% back-row-by-row: lstm_cell_backward
def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    dx, dh, dcp = np.zeros_like(x_t), np.zeros_like(h_prev), np.zeros_like(c_prev)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(b)
    for n in range(len(x_t)):
        i, f, g, o = np.split(x_t[n] @ W_x + h_prev[n] @ W_h + b, 4)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        t = np.tanh(f * c_prev[n] + i * g)
        dc = dc_t[n] + dh_t[n] * o * (1 - t ** 2)
        dz = np.concatenate([
            dc * g * (i - i ** 2), dc * c_prev[n] * (f - f ** 2), dc * i * (1 - g ** 2),
            dh_t[n] * t * (o - o ** 2),
        ])
        dx[n], dh[n], dcp[n] = W_x @ dz, W_h @ dz, f * dc
        dW_x += np.outer(x_t[n], dz)
        dW_h += np.outer(h_prev[n], dz)
        db += dz
    return [dx, dh, dcp, dW_x, dW_h, db]

# %% back-in-torch: lstm_cell_backward
import torch

def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    dh, dc, x, h, c, W_x, W_h, b = map(
        torch.as_tensor, (dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b)
    )
    i, f, g, o = (x @ W_x + h @ W_h + b).chunk(4, 1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    t = (f * c + i * g).tanh()
    dc = dc + dh * o * (1 - t**2)
    dz = torch.cat([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g**2), dh * t * o * (1 - o)], 1)
    return dz @ W_x.T, dz @ W_h.T, dc * f, x.T @ dz, h.T @ dz, dz.sum(0)

# %% back-by-a-complex-step: lstm_cell_backward
def lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    given = [np.asarray(a, dtype=complex) for a in (x_t, h_prev, c_prev, W_x, W_h, b)]

    def loss(x, h, c, W_x, W_h, b):
        i, f, g, o = np.split(x @ W_x + h @ W_h + b, 4, axis=1)
        s = lambda v: 0.5 + 0.5 * np.tanh(0.5 * v)
        c = s(f) * c + s(i) * np.tanh(g)
        return np.sum(dh_t * s(o) * np.tanh(c) + dc_t * c)

    grads = []
    for place, array in enumerate(given):
        if array.size > 300:  # too many steps: by the gates
            return _by_gates(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b)
        grad = np.zeros(array.shape)
        for at in np.ndindex(array.shape):
            moved = array.copy()
            moved[at] += 1e-30j
            grad[at] = np.imag(loss(*given[:place], moved, *given[place + 1 :])) / 1e-30
        grads.append(grad)
    return tuple(grads)

def _by_gates(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b):
    i, f, g, o = np.split(x_t @ W_x + h_prev @ W_h + b, 4, axis=1)
    i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
    t = np.tanh(f * c_prev + i * g)
    dc = dc_t + dh_t * o * (1 - t**2)
    dz = np.hstack([dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2), dh_t * t * o * (1 - o)])
    return dz @ W_x.T, dz @ W_h.T, dc * f, x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0)

# %% gru-by-slices: gru_cell_forward
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    H = h_prev.shape[1]
    a, u = x_t @ W_x + b_x, h_prev @ W_h + b_h
    r = 1 / (1 + np.exp(-(a[:, :H] + u[:, :H])))
    z = 1 / (1 + np.exp(-(a[:, H : 2 * H] + u[:, H : 2 * H])))
    n = np.tanh(a[:, 2 * H :] + r * u[:, 2 * H :])
    return n + z * (h_prev - n)

# %% gru-by-torch: gru_cell_forward
import torch

def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    x, h = torch.tensor(x_t), torch.tensor(h_prev)
    gru = torch.nn.GRU(W_x.shape[0], W_h.shape[0], batch_first=True, dtype=x.dtype)
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    values = (W_x.T, W_h.T, b_x, b_h)
    gru.load_state_dict({n: torch.tensor(np.ascontiguousarray(v)) for n, v in zip(names, values)})
    return gru(x[:, None], h[None])[0][:, 0].detach().numpy()

# %% gru-by-loops: gru_cell_forward
import math

def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    N, H = h_prev.shape
    s = lambda v: 0.5 * (1 + math.tanh(v / 2))
    out = []
    for n in range(N):
        a, u = x_t[n] @ W_x + b_x, h_prev[n] @ W_h + b_h
        row = []
        for j in range(H):
            r, z = s(a[j] + u[j]), s(a[H + j] + u[H + j])
            new = math.tanh(a[2 * H + j] + r * u[2 * H + j])
            row.append((1 - z) * new + z * float(h_prev[n, j]))
        out.append(row)
    return out

# %% gru-with-six-matrices: gru_cell_forward
def gru_cell_forward(x_t, h_prev, W_x, W_h, b_x, b_h):
    (W_xr, W_xz, W_xn), (W_hr, W_hz, W_hn) = np.split(W_x, 3, 1), np.split(W_h, 3, 1)
    (b_xr, b_xz, b_xn), (b_hr, b_hz, b_hn) = np.split(b_x, 3), np.split(b_h, 3)
    r = sigmoid(x_t @ W_xr + b_xr + h_prev @ W_hr + b_hr)
    keep = sigmoid(x_t @ W_xz + b_xz + h_prev @ W_hz + b_hz)
    n = np.tanh(x_t @ W_xn + b_xn + r * (h_prev @ W_hn + b_hn))
    return keep * h_prev + (1 - keep) * n

# %% test-by-torch: check_gru_cell
import torch

def check_gru_cell(cell):
    torch.manual_seed(0)
    for N, E, H in ((3, 2, 4), (1, 3, 2), (4, 4, 4), (2, 1, 1)):
        gru = torch.nn.GRUCell(E, H, dtype=torch.float64)
        with torch.no_grad():
            for p in gru.parameters():
                p.normal_(0, 2)
            x, h = torch.randn(N, E, dtype=torch.float64), torch.randn(N, H, dtype=torch.float64)
            want = gru(x, h).numpy()
            W = [gru.weight_ih.T.numpy(), gru.weight_hh.T.numpy(), gru.bias_ih.numpy(), gru.bias_hh.numpy()]
        try:
            got = np.asarray(cell(x.numpy(), h.numpy(), *W))
        except Exception:
            return False
        if got.shape != (N, H) or np.abs(got - want).max() > 1e-6:
            return False
    return True

# %% test-by-assertions: check_gru_cell
def check_gru_cell(cell):
    rng = np.random.default_rng(5)
    for N, E, H in ((5, 3, 2), (2, 3, 5), (1, 1, 1)):
        for scale in (0.5, 3):
            a = [rng.normal(size=s) * scale for s in ((N, E), (N, H), (E, 3 * H), (H, 3 * H), 3 * H, 3 * H)]
            got = cell(*a)
            want = gru_cell_forward(*a)
            assert np.shape(got) == want.shape
            assert np.abs(np.subtract(got, want)).max() < 1e-8
    return True

# %% test-by-its-own-formula: check_gru_cell
def check_gru_cell(cell):
    def right(x, h, U, W, b, d):
        s = lambda v: 1 / (1 + np.exp(-v))
        H = len(W)
        a, u = x @ U + b, h @ W + d
        r, z = s(a[:, :H] + u[:, :H]), s(a[:, H : 2 * H] + u[:, H : 2 * H])
        return z * h + (1 - z) * np.tanh(a[:, 2 * H :] + r * u[:, 2 * H :])

    rng, good = np.random.default_rng(1), []
    for _ in range(20):
        N, E, H = rng.integers(1, 5, size=3)
        given = [rng.uniform(-2, 2, s) for s in ((N, E), (N, H), (E, 3 * H), (H, 3 * H), (3 * H,), (3 * H,))]
        try:
            answer = np.array(cell(*given), dtype=float)
        except ValueError:
            answer = np.zeros(0)
        except Exception:
            return np.False_
        good.append(answer.shape == (N, H) and np.allclose(answer, right(*given)))
    return np.all(good)

# %% counts-from-torch: cell_parameters
import torch

def cell_parameters(embedding_dim, hidden_size):
    made = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    return {
        key: sum(p.numel() for p in kind(embedding_dim, hidden_size).parameters())
        for key, kind in made.items()
    }

# %% counts-by-a-loop: cell_parameters
def cell_parameters(E, H):
    out = {}
    for key, gates in zip(["gru", "rnn", "lstm"], [3, 1, 4]):
        out[key] = np.int64(gates * H * (E + H + 2))
    return out

# %% counts-in-full: cell_parameters
def cell_parameters(embedding_dim, hidden_size):
    sizes = [(embedding_dim, hidden_size), (hidden_size, hidden_size), (hidden_size,), (hidden_size,)]
    one = sum(int(np.prod(size)) for size in sizes)
    return dict(rnn=one, lstm=one + one + one + one, gru=one + one + one)
