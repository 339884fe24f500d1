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
    """The Jacobian of one RNN step, h_t = tanh(h_{t-1} W_h + ...), for each row of a batch.

        J[n, i, j] = d h_t[n, i] / d h_{t-1}[n, j]

    Args:
        h_t: (N,H) the state after the step, as the forward pass gave it.
        W_h: (H,H) weights from the old state.

    Returns:
        (N,H,H) one matrix for each row.

    Example:
        >>> h_t, W_h = np.array([[0.5, 0.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
        >>> step_jacobian(h_t, W_h)  # the slopes are 0.75 and 1
        array([[[0.75, 2.25],
                [2.  , 4.  ]]])
    """
    N, H = h_t.shape
    J = np.zeros((N, H, H))
    for n in range(N):
        for i in range(H):
            # column i of W_h leads to unit i
            J[n, i] = (1 - h_t[n, i] * h_t[n, i]) * W_h[:, i]
    return J


def gradient_norms(dh_T: np.ndarray, h: np.ndarray, W_h: np.ndarray) -> np.ndarray:
    """How large a gradient from the last step still is at each step before it.

    A loss looks at the last state h_T alone, and ``dh_T`` is its gradient there. From step t to
    the one before it, a gradient goes through the Jacobian of the step:

        dh_{t-1}[n, j] = sum_i dh_t[n, i] J_t[n, i, j]

    Args:
        dh_T: (N,H) the gradient with respect to the last state, h[:, T-1].
        h: (N,T,H) the states, as the forward pass gave them.
        W_h: (H,H) weights from the old state.

    Returns:
        (N,T) entry [n, t] is the 2-norm of the gradient with respect to h[n, t]; the last column
        is the norm of ``dh_T`` itself.

    Example:
        >>> h, W_h = np.array([[[0.9], [0.5], [0.0]]]), np.array([[2.0]])  # N=1, T=3, H=1
        >>> gradient_norms(np.array([[-1.0]]), h, W_h)  # 1, then times 2, then times 1.5
        array([[3., 2., 1.]])
    """
    N, T, H = h.shape
    res = np.zeros((N, T))
    for n in range(N):
        g = dh_T[n]
        res[n, T - 1] = np.linalg.norm(g)
        for t in range(T - 2, -1, -1):
            J = step_jacobian(h[n : n + 1, t + 1], W_h)[0]
            g = g.dot(J)
            res[n, t] = np.linalg.norm(g)
    return res

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
    """Loss and gradients of an RNN whose sequence is cut into pieces of k steps.

        h_t      = tanh(h_{t-1} W_h + x_t W_x + b_h)
        logits_t = h_t W_y + b_y

    The pieces start at steps 0, k, 2k, ...; the last one may be shorter. The state goes on from
    piece to piece, the gradient does not: at the first step of a piece, nothing comes from the
    piece after it and nothing goes to the one before it. The weights are the same throughout, so
    their gradients add up over all steps. With k at T or above, the gradients are exact.

    Args:
        x: (N,T,E) the inputs.
        targets: (N,T) ints, the right next token at each step.
        h0: (N,H) the state before the first step.
        W_x: (E,H) weights from the input.
        W_h: (H,H) weights from the old state.
        b_h: (H,) bias of the state.
        W_y: (H,V) weights from the state to the logits.
        b_y: (V,) bias of the logits.
        k: how many steps a piece has, at least 1.

    Returns:
        loss: the mean cross-entropy over all N*T predictions, a float in nats.
        grads: a dict with the keys "W_x", "W_h", "b_h", "W_y" and "b_y", of the mean loss.
        h_T: (N,H) the last state.

    Example:
        >>> x, h0, targets = np.ones((1, 2, 1)), np.zeros((1, 1)), np.array([[0, 0]])
        >>> W_x, W_h, b_h = np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1)
        >>> W_y, b_y = np.zeros((1, 2)), np.zeros(2)  # all zero: both tokens equally likely
        >>> loss, grads, h_T = truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, 1)
        >>> round(loss, 4), grads["b_y"], h_T
        (0.6931, array([-0.5,  0.5]), array([[0.]]))
    """
    N, T, E = x.shape
    total = 0.0
    g = {"W_x": 0 * W_x, "W_h": 0 * W_h, "b_h": 0 * b_h, "W_y": 0 * W_y, "b_y": 0 * b_y}
    h_T = np.zeros_like(h0)
    for n in range(N):
        h = h0[n]
        for begin in range(0, T, k):
            stop = min(begin + k, T)
            hs = [h]
            errors = []
            # forward over one piece
            for t in range(begin, stop):
                h = np.tanh(h.dot(W_h) + x[n, t].dot(W_x) + b_h)
                hs.append(h)
                y = h.dot(W_y) + b_y
                y = y - max(y)
                p = np.exp(y) / np.sum(np.exp(y))
                total -= y[targets[n, t]] - np.log(np.sum(np.exp(y)))
                p[targets[n, t]] -= 1.0
                errors.append(p / (N * T))
            # and back over the same piece
            dh_next = np.zeros(len(h))
            for s in range(stop - begin - 1, -1, -1):
                e = errors[s]
                g["W_y"] += np.outer(hs[s + 1], e)
                g["b_y"] += e
                dz = (W_y.dot(e) + dh_next) * (1 - hs[s + 1] ** 2)
                g["W_x"] += np.outer(x[n, begin + s], dz)
                g["W_h"] += np.outer(hs[s], dz)
                g["b_h"] += dz
                dh_next = W_h.dot(dz)
        h_T[n] = h
    return float(total / (N * T)), g, h_T


def clip_values(grads: dict[str, np.ndarray], limit: float) -> dict[str, np.ndarray]:
    """Puts each entry of all gradients between -limit and limit.

    The argument and its arrays are not modified.

    Args:
        grads: a dict of float arrays of any shapes.
        limit: above 0.

    Returns:
        A new dict with the same keys.

    Example:
        >>> clip_values({"W": np.array([[3.0, -0.5]]), "b": np.array([-7.0])}, 2.0)
        {'W': array([[ 2. , -0.5]]), 'b': array([-2.])}
    """
    clipped = {}
    for key in grads:
        g = np.array(grads[key], dtype=float)
        g[g > limit] = limit
        g[g < -limit] = -limit
        clipped[key] = g
    return clipped


def orthogonal(rng: np.random.Generator, size: int) -> np.ndarray:
    """A random matrix with orthonormal rows, to start W_h from.

        Q Q^T = I

    Args:
        rng: the only source of randomness; never np.random.seed, np.random.normal, ...
        size: H, at least 1.

    Returns:
        (size,size) floats; equal generators give equal matrices, two draws differ.

    Example:
        >>> Q = orthogonal(np.random.default_rng(0), 3)
        >>> np.allclose(Q @ Q.T, np.eye(3))
        True
    """
    # Gram-Schmidt, row after row
    Q = rng.normal(size=(size, size))
    for i in range(size):
        for _ in range(2):  # twice is enough
            for j in range(i):
                Q[i] -= Q[i].dot(Q[j]) * Q[j]
        Q[i] /= np.sqrt(Q[i].dot(Q[i]))
    return Q

# %% part="1b" role="check"
check("1b")

# %% [markdown]
# ## Task 02 Gates (1.5 points)
# ### 2a The LSTM cell (0.5)

# %% part="2a" role="stub"
import math


def _one_sigmoid(number):
    if number >= 0:
        return 1.0 / (1.0 + math.exp(-number))
    e = math.exp(number)
    return e / (1.0 + e)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Squeezes each number to one between 0 and 1.

        sigmoid(z) = 1 / (1 + exp(-z))

    Must hold for large numbers too, such as 10000 and -10000.

    Args:
        z: floats, an array of any number of axes.

    Returns:
        An array of the same shape.

    Example:
        >>> sigmoid(np.array([0.0, np.log(3.0), -10000.0]))
        array([0.5 , 0.75, 0.  ])
    """
    out = [_one_sigmoid(float(number)) for number in np.ravel(z)]
    return np.array(out).reshape(np.shape(z))


def lstm_cell_forward(
    x_t: np.ndarray,
    h_prev: np.ndarray,
    c_prev: np.ndarray,
    W_x: np.ndarray,
    W_h: np.ndarray,
    b: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """One step of the LSTM: the new state and the new memory.

        z   = x_t W_x + h_{t-1} W_h + b = [i | f | g | o]
        c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g)
        h_t = sigmoid(o) tanh(c_t)

    Args:
        x_t: (N,E) the input of this step.
        h_prev: (N,H) the state before it.
        c_prev: (N,H) the memory before it.
        W_x: (E,4H) weights from the input.
        W_h: (H,4H) weights from the old state.
        b: (4H,) bias.

    Returns:
        h_t: (N,H) the state, c_t: (N,H) the memory, in this order.

    Example:
        >>> x_t, h_prev, c_prev = np.array([[1.0]]), np.array([[0.0]]), np.array([[2.0]])
        >>> W_x, W_h = np.array([[9.0, 0.0, 0.5, 9.0]]), np.zeros((1, 4))
        >>> h_t, c_t = lstm_cell_forward(x_t, h_prev, c_prev, W_x, W_h, np.zeros(4))
        >>> h_t.round(3), c_t.round(3)  # half is kept, and tanh(0.5) is added
        (array([[0.898]]), array([[1.462]]))
    """
    N, H = h_prev.shape
    h_t = np.zeros((N, H))
    c_t = np.zeros((N, H))
    for n in range(N):
        z = x_t[n].dot(W_x) + h_prev[n].dot(W_h) + b
        for j in range(H):
            i = _one_sigmoid(z[j])
            f = _one_sigmoid(z[H + j])
            g = math.tanh(z[2 * H + j])
            o = _one_sigmoid(z[3 * H + j])
            c_t[n, j] = f * c_prev[n, j] + i * g
            h_t[n, j] = o * math.tanh(c_t[n, j])
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
    """Takes gradients back through one step of the LSTM.

    The gates are computed again from the arguments. Then, all of it at once:

        dc  = dc_t + dh_t sigmoid(o) (1 - tanh(c_t)^2)
        dz  = [di | df | dg | do], each from dc or dh_t and the slope of its gate

    and from dz on, the rules for matrix products and sums give the rest.

    Args:
        dh_t: (N,H) the gradient of the loss with respect to h_t.
        dc_t: (N,H) what comes from the next step's memory alone.
        x_t: (N,E) the input of the step.
        h_prev: (N,H) the state before the step.
        c_prev: (N,H) the memory before the step.
        W_x: (E,4H) weights from the input.
        W_h: (H,4H) weights from the old state.
        b: (4H,) bias.

    Returns:
        dx_t: (N,E), dh_prev: (N,H), dc_prev: (N,H), dW_x: (E,4H), dW_h: (H,4H), db: (4H,), in
        this order.

    Example:
        >>> one, no = np.array([[1.0]]), np.zeros((1, 4))
        >>> given = 0 * one, one, one, 0 * one, 2 * one, no, no, np.zeros(4)  # all gates are 1/2
        >>> _, _, dc_prev, dW_x, _, _ = lstm_cell_backward(*given)
        >>> dc_prev, dW_x  # half of dc_t; f has the slope 1/4, and c_prev is 2
        (array([[0.5]]), array([[0. , 0.5, 0.5, 0. ]]))
    """
    N, H = h_prev.shape
    dx = np.zeros(x_t.shape)
    dh_prev = np.zeros((N, H))
    dc_prev = np.zeros((N, H))
    dW_x = np.zeros(W_x.shape)
    dW_h = np.zeros(W_h.shape)
    db = np.zeros(4 * H)
    for n in range(N):
        z = x_t[n].dot(W_x) + h_prev[n].dot(W_h) + b
        dz = np.zeros(4 * H)
        for j in range(H):
            i = _one_sigmoid(z[j])
            f = _one_sigmoid(z[H + j])
            g = math.tanh(z[2 * H + j])
            o = _one_sigmoid(z[3 * H + j])
            tc = math.tanh(f * c_prev[n, j] + i * g)
            dc = dc_t[n, j] + dh_t[n, j] * o * (1 - tc * tc)
            dz[j] = dc * g * i * (1 - i)
            dz[H + j] = dc * c_prev[n, j] * f * (1 - f)
            dz[2 * H + j] = dc * i * (1 - g * g)
            dz[3 * H + j] = dh_t[n, j] * tc * o * (1 - o)
            dc_prev[n, j] = dc * f
        dx[n] = W_x.dot(dz)
        dh_prev[n] = W_h.dot(dz)
        dW_x += np.outer(x_t[n], dz)
        dW_h += np.outer(h_prev[n], dz)
        db += dz
    return dx, dh_prev, dc_prev, dW_x, dW_h, db

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
    """One step of the GRU: the new state.

        a = x_t W_x + b_x = [a_r | a_z | a_n]        u = h_{t-1} W_h + b_h = [u_r | u_z | u_n]
        r = sigmoid(a_r + u_r)    z = sigmoid(a_z + u_z)    n = tanh(a_n + r u_n)
        h_t = (1 - z) n + z h_{t-1}

    As in PyTorch, r multiplies what comes from the state after its product and its bias.

    Args:
        x_t: (N,E) the input of this step.
        h_prev: (N,H) the state before it.
        W_x: (E,3H) weights from the input.
        W_h: (H,3H) weights from the old state.
        b_x: (3H,) bias beside the input.
        b_h: (3H,) bias beside the old state.

    Returns:
        (N,H) the state h_t.

    Example:
        >>> x_t, h_prev, no = np.array([[1.0]]), np.array([[0.5]]), np.zeros(3)
        >>> W_x, W_h = np.array([[0.0, 0.0, 1.0]]), np.array([[0.0, 0.0, 2.0]])
        >>> gru_cell_forward(x_t, h_prev, W_x, W_h, no, no).round(3)  # r = z = 0.5, n = tanh(1.5)
        array([[0.703]])
    """
    N, H = h_prev.shape
    out = np.zeros((N, H))
    for n in range(N):
        a = x_t[n].dot(W_x) + b_x
        u = h_prev[n].dot(W_h) + b_h
        for j in range(H):
            r = _one_sigmoid(a[j] + u[j])
            z = _one_sigmoid(a[H + j] + u[H + j])
            new = math.tanh(a[2 * H + j] + r * u[2 * H + j])
            out[n, j] = (1 - z) * new + z * h_prev[n, j]
    return out


def check_gru_cell(cell: Callable[..., np.ndarray]) -> bool:
    """A test that tells right ways of writing ``gru_cell_forward`` from wrong ones.

    Your test is tried on right cells, all of which it must accept, and on wrong ones, of which it
    should reject as many as it can. It does not see their code: it calls them and looks at what
    they answer.

    Args:
        cell: is called as ``cell(x_t, h_prev, W_x, W_h, b_x, b_h)``, at most 50 times. A wrong one
            may raise an error.

    Returns:
        True where the cell is right; False, or an AssertionError, where it is not.
    """
    # my own cell, written once more in a long way, so that both must agree
    def slow(x, h, W_x, W_h, b_x, b_h):
        N, H = h.shape
        y = np.zeros((N, H))
        for n in range(N):
            for j in range(H):
                ar = sum(x[n, e] * W_x[e, j] for e in range(x.shape[1])) + b_x[j]
                az = sum(x[n, e] * W_x[e, H + j] for e in range(x.shape[1])) + b_x[H + j]
                an = sum(x[n, e] * W_x[e, 2 * H + j] for e in range(x.shape[1])) + b_x[2 * H + j]
                ur = sum(h[n, m] * W_h[m, j] for m in range(H)) + b_h[j]
                uz = sum(h[n, m] * W_h[m, H + j] for m in range(H)) + b_h[H + j]
                un = sum(h[n, m] * W_h[m, 2 * H + j] for m in range(H)) + b_h[2 * H + j]
                r = 1 / (1 + math.exp(-ar - ur))
                z = 1 / (1 + math.exp(-az - uz))
                y[n, j] = (1 - z) * math.tanh(an + r * un) + z * h[n, j]
        return y

    rng = np.random.default_rng(7)
    for trial in range(24):
        N, E, H = [(1, 1, 1), (3, 2, 4), (2, 5, 3), (1, 4, 4)][trial % 4]
        size = 0.3 + trial / 10
        x, h = rng.normal(size=(N, E)) * size, rng.normal(size=(N, H))
        W_x, W_h = rng.normal(size=(E, 3 * H)) * size, rng.normal(size=(H, 3 * H)) * size
        b_x, b_h = rng.normal(size=3 * H), rng.normal(size=3 * H)
        before = [v.copy() for v in (x, h, W_x, W_h, b_x, b_h)]
        y = np.array(cell(x, h, W_x, W_h, b_x, b_h), dtype=float)
        right = slow(*before)
        assert y.shape == right.shape
        assert np.max(np.abs(y - right)) < 1e-3
        for old, new in zip(before, (x, h, W_x, W_h, b_x, b_h)):
            assert np.all(old == new)
    return True


def cell_parameters(embedding_dim: int, hidden_size: int) -> dict[str, int]:
    """The number of trainable numbers in one layer of nn.RNN, nn.LSTM and nn.GRU.

    Each of them has two bias vectors, one beside each of its weight matrices.

    Args:
        embedding_dim: E.
        hidden_size: H.

    Returns:
        A dict with the keys "rnn", "lstm" and "gru", each an int.

    Example:
        >>> cell_parameters(embedding_dim=3, hidden_size=2)
        {'rnn': 14, 'lstm': 56, 'gru': 42}
    """
    E, H = embedding_dim, hidden_size
    result = {}
    for name, gates in (("rnn", 1), ("lstm", 4), ("gru", 3)):
        result[name] = gates * (E * H + H * H + H + H)
    return result

# %% part="2c" role="check"
check("2c")

# %% [markdown]
# ## Task 03 Deeper, Both Ways, and Many to One (1.5 points)
# ### 3a Deep and both ways (0.5)

# %% part="3a" role="stub"
def stacked_forward(
    x: np.ndarray, h0: np.ndarray, layers: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Unrolls several tanh RNNs, each of which reads the states of the one below.

    Args:
        x: (N,T,E) the inputs of the lowest layer.
        h0: (L,N,H) the state of each layer before the first step.
        layers: a list of L tuples (W_x, W_h, b_h), the lowest first. W_x is (E,H) in the first and
            (H,H) above it, W_h is (H,H), b_h is (H,).

    Returns:
        outputs: (N,T,H) the states of the top layer.
        h_T: (L,N,H) the last state of each layer.

    Example:
        >>> x, h0 = np.array([[[1.0], [0.0]]]), np.zeros((2, 1, 1))  # N=1, T=2, E=H=1, L=2
        >>> layers = [(np.eye(1), np.eye(1), np.zeros(1))] * 2
        >>> outputs, h_T = stacked_forward(x, h0, layers)
        >>> outputs.round(3).tolist(), h_T.round(3).tolist()
        ([[[0.642], [0.858]]], [[[0.642]], [[0.858]]])
    """
    N, T, _ = x.shape
    L, _, H = h0.shape
    outputs = np.zeros((N, T, H))
    h_T = np.zeros((L, N, H))
    for n in range(N):
        h = [h0[l, n] for l in range(L)]
        for t in range(T):
            below = x[n, t]
            for l in range(L):
                W_x, W_h, b_h = layers[l]
                h[l] = np.tanh(below.dot(W_x) + h[l].dot(W_h) + b_h)
                below = h[l]
            outputs[n, t] = below
        for l in range(L):
            h_T[l, n] = h[l]
    return outputs, h_T


def bidirectional_forward(
    x: np.ndarray,
    lengths: np.ndarray,
    forward: tuple[np.ndarray, np.ndarray, np.ndarray],
    backward: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> np.ndarray:
    """The states of two tanh RNNs, of which one reads forwards and the other backwards.

    Both start from zeros. Of row n, the first ``lengths[n]`` steps are real and the rest is
    padding: the backward net reads each row from its last real step to its first.

    Args:
        x: (N,T,E) the inputs.
        lengths: (N,) ints from 1 to T, in any order.
        forward: (W_x, W_h, b_h) of the forward net, (E,H), (H,H) and (H,).
        backward: the same of the backward net.

    Returns:
        (N,T,2H) entry [n, t] holds both states at step t, the forward one first; zeros at the
        steps that are padding.

    Example:
        >>> x, lengths = np.array([[[1.0], [0.0], [9.0]]]), np.array([2])  # 9 is padding
        >>> net = np.eye(1), np.eye(1), np.zeros(1)
        >>> bidirectional_forward(x, lengths, net, net).round(3)
        array([[[0.762, 0.762],
                [0.642, 0.   ],
                [0.   , 0.   ]]])
    """
    N, T, _ = x.shape
    H = len(forward[2])
    out = np.zeros((N, T, 2 * H))
    for n in range(N):
        h = np.zeros(H)
        for t in range(lengths[n]):
            h = np.tanh(x[n, t].dot(forward[0]) + h.dot(forward[1]) + forward[2])
            out[n, t, :H] = h
        h = np.zeros(H)
        for t in range(lengths[n] - 1, -1, -1):
            h = np.tanh(x[n, t].dot(backward[0]) + h.dot(backward[1]) + backward[2])
            out[n, t, H:] = h
    return out

# %% part="3a" role="check"
check("3a")

# %% [markdown]
# ### 3b Many to one (0.5)

# %% part="3b" role="stub"
import torch
from torch import nn


class SentimentRNN(nn.Module):
    """Tokens in, logits of classes out: many to one.

    Attributes:
        embedding: nn.Embedding, a vector of size E for each of the V tokens.
        rnn: nn.RNN, tanh, hidden size H, ``num_layers`` layers, ``batch_first=True``.
        fc: nn.Linear with bias, from a state to K logits.

    Example:
        >>> model = SentimentRNN(10, 4, 6, 2, 3)
        >>> model(torch.zeros(2, 5, dtype=torch.long), lengths=torch.tensor([5, 3])).shape
        torch.Size([2, 3])
    """
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
        self.rnn = nn.RNN(
            input_size=embedding_dim,
            hidden_size=hidden_size,
            num_layers=num_layers,
            nonlinearity="tanh",
            batch_first=True,
        )
        self.fc = nn.Linear(hidden_size, num_classes)

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        """Reads tokens, and answers after the last real one of each row.

        Args:
            tokens: (N,T) ints. Padding holds tokens of the vocabulary too.
            lengths: (N,) ints, how many tokens of each row are real; None means all T.

        Returns:
            (N,K) logits, from the top layer's state after each row's last real step.
        """
        rows = []
        for n in range(tokens.shape[0]):
            real = tokens.shape[1] if lengths is None else int(lengths[n])
            outputs, _ = self.rnn(self.embedding(tokens[n : n + 1, :real]))
            rows.append(self.fc(outputs[0, -1]))
        return torch.stack(rows)

# %% part="3b" role="stub"
def masked_cross_entropy(logits: np.ndarray, targets: np.ndarray, lengths: np.ndarray) -> float:
    """The mean cross-entropy of the real predictions alone, in nats.

    Must hold for large logits too, such as 10000 and -10000.

    Args:
        logits: (N,T,V) finite floats.
        targets: (N,T) ints. Beyond ``lengths`` they may be anything, also -1, -100 or V and above.
        lengths: (N,) ints from 1 to T: how many steps of each row are real.

    Returns:
        The mean over all real predictions, a float.

    Example:
        >>> logits, targets = np.zeros((2, 2, 4)), np.array([[0, 3], [1, -100]])
        >>> masked_cross_entropy(logits, targets, np.array([2, 1]))  # log 4: one of four
        1.3862943611198906
    """
    total, count = 0.0, 0
    for n in range(len(lengths)):
        for t in range(int(lengths[n])):
            row = logits[n, t]
            biggest = row.max()
            total += biggest + np.log(np.exp(row - biggest).sum()) - row[targets[n, t]]
            count += 1
    return float(total / count)

# %% part="3b" role="check"
check("3b")

# %% [markdown]
# ### 3c Dropout (0.5)

# %% part="3c" role="stub"
def dropout(
    x: np.ndarray, p: float, rng: np.random.Generator, training: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Inverted dropout.

        y = x / (1 - p) where the mask is True, else 0

    Args:
        x: floats, an array of one to three axes.
        p: the probability that an entry is dropped, 0 <= p < 1.
        rng: the only source of randomness.
        training: False means that nothing is dropped or scaled.

    Returns:
        y: of the shape of x.
        mask: booleans of the shape of x; True = kept, with probability 1 - p, each by itself.

    Example:
        >>> y, mask = dropout(np.ones(1000), 0.5, np.random.default_rng(0))
        >>> sorted(set(y.tolist())), 450 < int(mask.sum()) < 550
        ([0.0, 2.0], True)
        >>> y, mask = dropout(np.array([3.0]), 0.5, np.random.default_rng(0), training=False)
        >>> y, mask
        (array([3.]), array([ True]))
    """
    y = np.zeros(x.shape)
    mask = np.zeros(x.shape, dtype=bool)
    for index in np.ndindex(x.shape):
        if not training:
            mask[index] = True
            y[index] = x[index]
        elif rng.random() < 1 - p:
            mask[index] = True
            y[index] = x[index] / (1 - p)
    return y, mask


def dropout_backward(dy: np.ndarray, mask: np.ndarray, p: float) -> np.ndarray:
    """Takes a gradient back through dropout, in training.

    Args:
        dy: the gradient with respect to y.
        mask: booleans of the same shape, True = kept, as the forward pass drew it.
        p: the probability that an entry was dropped, 0 <= p < 1.

    Returns:
        The gradient with respect to x, of the same shape.

    Example:
        >>> dropout_backward(np.array([1.0, 3.0]), np.array([True, False]), 0.5)
        array([2., 0.])
    """
    dx = np.zeros(dy.shape)
    for index in np.ndindex(dy.shape):
        if mask[index]:
            dx[index] = dy[index] / (1 - p)
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
    """Tokens in, logits for the next token out: one-hot, LSTM, output layer.

    Attributes:
        lstm: nn.LSTM, from one-hot vectors of size V, hidden size H, ``num_layers`` layers,
            ``batch_first=True``. When the model is built, the two biases of the forget gate add up
            to 1 in every layer; those of the other gates need not.
        fc: nn.Linear with bias, from a state to V logits.

    Example:
        >>> model = CharLSTM(10, 6, 2)
        >>> logits, (h, c) = model(torch.zeros(3, 5, dtype=torch.long))  # N=3, T=5
        >>> logits.shape, h.shape, c.shape
        (torch.Size([3, 5, 10]), torch.Size([2, 3, 6]), torch.Size([2, 3, 6]))
    """
    def __init__(self, vocab_size: int, hidden_size: int = 512, num_layers: int = 2) -> None:
        super().__init__()
        self.V, self.H, self.L = vocab_size, hidden_size, num_layers
        self.lstm = nn.LSTM(vocab_size, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, vocab_size)
        for name, parameter in self.lstm.named_parameters():
            if "bias" in name:
                # one half in each of the two
                parameter.data[hidden_size : 2 * hidden_size].fill_(0.5)

    def forward(
        self, tokens: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Reads tokens, starting from ``state``.

        Args:
            tokens: (N,T) ints.
            state: (h, c), each (L,N,H), to start from; None means zeros.

        Returns:
            logits: (N,T,V) for the token after each position.
            state: (h, c) after the last token.
        """
        N, T = tokens.shape
        kind = self.fc.weight.dtype
        if state is None:
            state = (
                torch.zeros(self.L, N, self.H, dtype=kind),
                torch.zeros(self.L, N, self.H, dtype=kind),
            )
        x = torch.zeros(N, T, self.V, dtype=kind)
        for n in range(N):
            for t in range(T):
                x[n, t, tokens[n, t]] = 1
        out, (h, c) = self.lstm(x, state)
        return self.fc(out), (h, c)

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
    """Writes a sequence from a context, with one LSTM layer and without chance.

    The first input is ``start``. At each step the token with the largest logit h_t W_y + b_y is
    written, and is the next input. It stops before ``end`` is written, or after ``max_length``
    tokens.

    Args:
        h0: (H,) the context, the state to start from.
        c0: (H,) the memory to start from.
        start: the first input, which is not written.
        end: the token that ends the sequence, which is not written either.
        max_length: how many tokens may be written, 0 or more.
        W_e: (V,E) embeddings; row v is the vector of token v.
        W_x: (E,4H), W_h: (H,4H), b: (4H,) of the LSTM.
        W_y: (H,V) weights from the state to the logits.
        b_y: (V,) bias of the logits.

    Returns:
        The written tokens, a list of ints.

    Example:
        >>> W_x = np.zeros((3, 4))  # V=E=3, H=1: i and o are open, f is closed, and
        >>> W_x[:, 2] = 9.0, -9.0, 0.0  # the state is up after token 0, down after token 1
        >>> W_e, W_h, b = np.eye(3), np.zeros((1, 4)), np.array([9.0, -9.0, 0.0, 9.0])
        >>> W_y, b_y = np.array([[-9.0, 9.0, 0.0]]), np.zeros(3)  # up says 1, down says 0
        >>> decode(np.zeros(1), np.zeros(1), 0, 2, 3, W_e, W_x, W_h, b, W_y, b_y)
        [1, 0, 1]
    """
    H = len(h0)
    h, c = list(h0), list(c0)
    token = start
    result = []
    for _ in range(max_length):
        z = W_e[token].dot(W_x) + np.array(h).dot(W_h) + b
        for j in range(H):
            i, f, o = _one_sigmoid(z[j]), _one_sigmoid(z[H + j]), _one_sigmoid(z[3 * H + j])
            c[j] = f * c[j] + i * math.tanh(z[2 * H + j])
            h[j] = o * math.tanh(c[j])
        scores = np.array(h).dot(W_y) + b_y
        best = 0
        for v in range(len(scores)):
            if scores[v] > scores[best]:
                best = v
        if best == end:
            return result
        result.append(best)
        token = best
    return result

# %% [markdown] part="4b" role="questions"
# #### Concept questions of part 4b

# %% part="4b" role="concepts"
answers_4b = {
    "memory-path": "a, c",
    "forget-bias": "c",
    "look-ahead": "a, c, e",
    "padding": "b, d",
    "one-to-many": "a, c, d",
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
