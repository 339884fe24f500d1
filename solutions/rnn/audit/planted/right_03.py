# Right ways to write the stubs of Task 03, in other styles.

# %% pairs-by-a-loop: next_token_pairs
def next_token_pairs(tokens, seq_len):
    inputs, targets = [], []
    for i in range(0, len(tokens) - seq_len, seq_len):
        inputs.append(tokens[i : i + seq_len].tolist())
        targets.append(tokens[i + 1 : i + seq_len + 1].tolist())
    return inputs, targets

# %% pairs-in-one-array: next_token_pairs
def next_token_pairs(tokens, seq_len):
    M = (len(tokens) - 1) // seq_len
    both = np.zeros((2, M, seq_len), dtype=np.int32)
    for m in range(M):
        both[0, m] = tokens[m * seq_len : (m + 1) * seq_len]
        both[1, m] = tokens[m * seq_len + 1 : (m + 1) * seq_len + 1]
    return both

# %% pairs-into-zeros: next_token_pairs
def next_token_pairs(tokens, seq_len):
    M = (len(tokens) - 1) // seq_len
    inputs, targets = np.zeros((M, seq_len)), np.zeros((M, seq_len))
    for m in range(M):
        inputs[m] = tokens[m * seq_len : (m + 1) * seq_len]
        targets[m] = tokens[m * seq_len + 1 : (m + 1) * seq_len + 1]
    return inputs, targets

# %% pairs-in-torch: next_token_pairs
def next_token_pairs(tokens, seq_len):
    tokens = torch.as_tensor(tokens)
    M = (len(tokens) - 1) // seq_len
    return tokens[: M * seq_len].view(M, seq_len), tokens[1 : M * seq_len + 1].view(M, seq_len)

# %% pairs-by-strides: next_token_pairs
def next_token_pairs(tokens, seq_len):
    if len(tokens) <= seq_len:
        return np.zeros((0, seq_len), dtype=int), np.zeros((0, seq_len), dtype=int)
    windows = np.lib.stride_tricks.sliding_window_view(tokens, seq_len + 1)[::seq_len]
    return windows[:, :-1], windows[:, 1:]

# %% loss-by-logsumexp: cross_entropy
def cross_entropy(logits, targets):
    flat, picked = logits.reshape(-1, logits.shape[-1]), np.ravel(targets)
    top = flat.max(axis=1)
    lse = top + np.log(np.exp(flat - top[:, None]).sum(axis=1))
    return np.mean(lse - flat[np.arange(len(flat)), picked])

# %% loss-in-torch: cross_entropy
def cross_entropy(logits, targets):
    flat = torch.tensor(logits).reshape(-1, logits.shape[-1])
    return nn.functional.cross_entropy(flat, torch.tensor(np.ravel(targets))).item()

# %% loss-in-torch-float32: cross_entropy
def cross_entropy(logits, targets):
    flat = torch.tensor(logits, dtype=torch.float32).reshape(-1, logits.shape[-1])
    return nn.functional.cross_entropy(flat, torch.tensor(np.ravel(targets)))

# %% loss-by-loops: cross_entropy
import math

def cross_entropy(logits, targets):
    total = count = 0
    for index in np.ndindex(np.shape(targets)):
        row = [float(z) for z in np.asarray(logits)[index]]
        top = max(row)
        total += top + math.log(math.fsum(math.exp(z - top) for z in row))
        total -= row[int(np.asarray(targets)[index])]
        count += 1
    return total / count

# %% loss-by-one-hot-and-logaddexp: cross_entropy
def cross_entropy(logits, targets):
    one_hot = np.eye(logits.shape[-1])[targets]
    return np.mean(np.logaddexp.reduce(logits, axis=-1) - (one_hot * logits).sum(axis=-1))

# %% perplexity-by-math: perplexity
import math

def perplexity(loss):
    return math.exp(loss)

# %% perplexity-as-a-numpy-scalar: perplexity
def perplexity(loss):
    return np.power(np.e, np.float64(loss))

# %% perplexity-through-bits: perplexity
def perplexity(loss):
    return torch.exp2(torch.tensor(loss, dtype=torch.float64) / np.log(2))

# %% backward-by-einsum: rnn_cell_backward
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dz = dh_t - dh_t * h_t * h_t
    return [
        np.einsum("nh,eh->ne", dz, W_x),
        np.einsum("nh,ih->ni", dz, W_h),
        np.einsum("ne,nh->eh", x_t, dz),
        np.einsum("ni,nh->ih", h_prev, dz),
        np.einsum("nh->h", dz),
    ]

# %% backward-row-by-row: rnn_cell_backward
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dx, dh = np.zeros_like(x_t), np.zeros_like(h_prev)
    dW_x, dW_h, db = np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(W_h.shape[0])
    for n in range(len(x_t)):
        dz = dh_t[n] * (1 - h_t[n]) * (1 + h_t[n])
        dx[n], dh[n] = W_x @ dz, W_h @ dz
        dW_x += np.outer(x_t[n], dz)
        dW_h += np.outer(h_prev[n], dz)
        db += dz
    return dx.tolist(), dh, dW_x, dW_h, db

# %% backward-in-torch-in-float32: rnn_cell_backward
@torch.no_grad()
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dh_t, x_t, h_prev, h_t, W_x, W_h = (
        torch.tensor(a, dtype=torch.float32) for a in (dh_t, x_t, h_prev, h_t, W_x, W_h)
    )
    dz = dh_t * (1 - h_t**2)
    return dz @ W_x.T, dz @ W_h.T, x_t.T @ dz, torch.einsum("ni,nj->ij", h_prev, dz), dz.sum(0)

# %% backward-with-the-weights-stacked: rnn_cell_backward
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    E = x_t.shape[1]
    dz = dh_t / np.cosh(np.arctanh(h_t)) ** 2
    into = np.hstack([x_t, h_prev, np.ones((len(x_t), 1))])
    d_into = dz @ np.vstack([W_x, W_h]).T
    dW = into.T @ dz
    return d_into[:, :E], d_into[:, E:], dW[:E], dW[E:-1], dW[-1]

# %% bptt-with-all-steps-in-arrays: bptt
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    N, T, _ = x.shape
    states = rnn_forward(x, h0, W_x, W_h, b_h)
    logits = states @ W_y + b_y
    d = (softmax(logits) - np.eye(W_y.shape[1])[targets]) / (N * T)
    dz, flow = np.zeros_like(states), np.zeros_like(h0)
    for t in range(T - 1, -1, -1):
        dz[:, t] = (d[:, t] @ W_y.T + flow) * (1 - states[:, t] ** 2)
        flow = dz[:, t] @ W_h.T
    before = np.concatenate([h0[:, None], states[:, :-1]], axis=1)
    grads = {"x": dz @ W_x.T, "h0": flow, "b_h": dz.sum((0, 1)), "b_y": d.sum((0, 1))}
    grads["W_x"] = np.einsum("nte,nth->eh", x, dz)
    grads["W_h"] = np.einsum("nti,ntj->ij", before, dz)
    grads["W_y"] = np.einsum("nth,ntv->hv", states, d)
    return cross_entropy(logits, targets), grads

# %% bptt-in-torch: bptt
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    x, h, W_x, W_h, b_h, W_y, b_y = map(torch.as_tensor, (x, h0, W_x, W_h, b_h, W_y, b_y))
    N, T, _ = x.shape
    states = [h]
    with torch.no_grad():
        for t in range(T):
            states.append(torch.tanh(states[-1] @ W_h + x[:, t] @ W_x + b_h))
        states = torch.stack(states, 1)
        logits = states[:, 1:] @ W_y + b_y
    flat, right = logits.reshape(N * T, -1), torch.as_tensor(targets).reshape(-1)
    d = (flat.softmax(-1) - nn.functional.one_hot(right, flat.shape[1])) / (N * T)
    dstates, dz = (d @ W_y.T).reshape(N, T, -1), torch.zeros_like(states[:, 1:])
    flow = torch.zeros_like(h)
    for t in reversed(range(T)):
        dz[:, t] = (dstates[:, t] + flow) * (1 - states[:, t + 1] ** 2)
        flow = dz[:, t] @ W_h.T
    grads = {"x": dz @ W_x.T, "h0": flow, "b_h": dz.sum((0, 1)), "b_y": d.sum(0)}
    grads["W_x"] = torch.einsum("nte,nth->eh", x, dz)
    grads["W_h"] = torch.einsum("nti,ntj->ij", states[:, :-1], dz)
    grads["W_y"] = states[:, 1:].reshape(N * T, -1).T @ d
    return nn.functional.cross_entropy(flat, right).item(), grads

# %% bptt-by-recursion-in-lists: bptt
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    N, T, _ = x.shape

    def from_step(t, h_prev):
        """Loss and gradients of steps t, t+1, ..., of which those of h0 are of h_prev."""
        if t == T:
            return 0.0, {"x": [], "h0": 0.0 * h_prev}
        h = rnn_cell_forward(x[:, t], h_prev, W_x, W_h, b_h)
        p = softmax(h @ W_y + b_y)
        later, grads = from_step(t + 1, h)
        d = (p - np.eye(len(b_y))[targets[:, t]]) / (N * T)
        back = rnn_cell_backward(d @ W_y.T + grads["h0"], x[:, t], h_prev, h, W_x, W_h)
        own = {"W_x": back[2], "W_h": back[3], "b_h": back[4], "W_y": h.T @ d, "b_y": d.sum(0)}
        total = {key: grad + grads.get(key, 0.0) for key, grad in own.items()}
        total |= {"x": [back[0], *grads["x"]], "h0": back[1]}
        return later - np.log(p[np.arange(N), targets[:, t]]).sum() / (N * T), total

    loss, grads = from_step(0, h0)
    grads["x"] = np.stack(grads["x"], axis=1)
    return [np.float64(loss), {key: grad.tolist() for key, grad in grads.items()}]

# %% bptt-by-an-object: bptt
class Backpropagation:
    def __init__(self, W_x, W_h, b_h, W_y, b_y):
        self.W_x, self.W_h, self.b_h, self.W_y, self.b_y = W_x, W_h, b_h, W_y, b_y
        self.grads = {
            name: np.zeros_like(getattr(self, name)) for name in ("W_x", "W_h", "b_h", "W_y", "b_y")
        }

    def forward(self, x, h):
        self.x, self.states = x, [h]
        for x_t in np.moveaxis(x, 1, 0):
            self.states.append(np.tanh(self.states[-1] @ self.W_h + x_t @ self.W_x + self.b_h))
        return np.stack(self.states[1:], axis=1) @ self.W_y + self.b_y

    def backward(self, dlogits):
        dx, flow = np.zeros_like(self.x), 0.0
        for t in reversed(range(self.x.shape[1])):
            h, d = self.states[t + 1], dlogits[:, t]
            dz = (d @ self.W_y.T + flow) * (1 - h * h)
            self.grads["W_y"] += h.T @ d
            self.grads["b_y"] += d.sum(axis=0)
            self.grads["W_x"] += self.x[:, t].T @ dz
            self.grads["W_h"] += self.states[t].T @ dz
            self.grads["b_h"] += dz.sum(axis=0)
            dx[:, t], flow = dz @ self.W_x.T, dz @ self.W_h.T
        return self.grads | {"x": dx, "h0": flow}

def bptt(x, targets, h0, *weights):
    network = Backpropagation(*weights)
    logits = network.forward(x, h0)
    dlogits = softmax(logits)
    np.put_along_axis(
        dlogits,
        targets[..., None],
        np.take_along_axis(dlogits, targets[..., None], -1) - 1,
        axis=-1,
    )
    return cross_entropy(logits, targets), network.backward(dlogits / targets.size)

# %% clipping-as-torch-does: clip_gradients
def clip_gradients(grads, max_norm):
    norm = np.linalg.norm([np.linalg.norm(grad) for grad in grads.values()])
    factor = min(1.0, max_norm / (norm + 1e-6))
    return {key: grad * factor for key, grad in grads.items()}

# %% clipping-in-float32: clip_gradients
def clip_gradients(grads, max_norm):
    flat = np.concatenate([np.ravel(grad) for grad in grads.values()]).astype(np.float32)
    norm = np.linalg.norm(flat)
    return {
        key: grad.astype(np.float32) * (max_norm / norm if norm > max_norm else 1)
        for key, grad in grads.items()
    }

# %% clipping-by-torch-itself: clip_gradients
def clip_gradients(grads, max_norm):
    parameters = {}
    for name, grad in grads.items():
        parameters[name] = nn.Parameter(torch.tensor(grad))
        parameters[name].grad = torch.tensor(grad)
    nn.utils.clip_grad_norm_(parameters.values(), max_norm)
    return {name: parameter.grad for name, parameter in parameters.items()}

# %% clipping-in-plain-python: clip_gradients
import math

def clip_gradients(grads, max_norm):
    norm = math.sqrt(math.fsum(float(g) ** 2 for grad in grads.values() for g in grad.flat))
    if norm <= max_norm:
        return dict(grads)
    return {name: (grad / norm * max_norm).tolist() for name, grad in grads.items()}
