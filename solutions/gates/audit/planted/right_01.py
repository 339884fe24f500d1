# Right ways to write the stubs of Task 01, in other styles.

# %% jacobian-by-loops: step_jacobian
def step_jacobian(h_t, W_h):
    N, H = h_t.shape
    J = np.zeros((N, H, H))
    for n in range(N):
        for i in range(H):
            for j in range(H):
                J[n, i, j] = (1 - h_t[n, i] ** 2) * W_h[j, i]
    return J

# %% jacobian-by-diagonals: step_jacobian
def step_jacobian(h_t, W_h):
    return np.stack([np.diag(1 - h * h) @ W_h.T for h in h_t])

# %% jacobian-by-einsum: step_jacobian
def step_jacobian(h_t, W_h):
    return np.einsum("ni,ji->nij", 1.0 - np.square(h_t), W_h)

# %% jacobian-by-autograd: step_jacobian
import torch

def step_jacobian(h_t, W_h):
    W = torch.as_tensor(W_h)
    rows = []
    for h in torch.as_tensor(h_t):
        z = torch.atanh(h)  # what came before tanh, so that h is what tanh gives
        before = torch.zeros_like(h)
        step = lambda change: torch.tanh(z + change @ W)
        rows.append(torch.autograd.functional.jacobian(step, before))
    return torch.stack(rows).detach()

# %% jacobian-as-nested-lists: step_jacobian
def step_jacobian(h_t, W_h):
    slopes = (1 + h_t) * (1 - h_t)
    return [(W_h * s).T.tolist() for s in slopes]

# %% jacobian-by-a-complex-step: step_jacobian
def step_jacobian(h_t, W_h):
    z, H = np.arctanh(np.asarray(h_t, dtype=float)), h_t.shape[1]
    J = np.empty((len(h_t), H, H))
    for j in range(H):
        J[:, :, j] = np.imag(np.tanh(z + 1e-30j * W_h[j])) / 1e-30
    return J

# %% norms-row-by-row: gradient_norms
def gradient_norms(dh_T, h, W_h):
    N, T, H = h.shape
    out = np.zeros((N, T))
    for n in range(N):
        g = dh_T[n].copy()
        for t in range(T - 1, -1, -1):
            out[n, t] = np.linalg.norm(g)
            g = W_h @ (g * (1 - h[n, t] ** 2))
    return out

# %% norms-by-products-of-jacobians: gradient_norms
def gradient_norms(dh_T, h, W_h):
    N, T, H = h.shape
    product = np.stack([np.eye(H)] * N)
    norms = [np.linalg.norm(dh_T, axis=-1)]
    for t in range(T - 1, 0, -1):
        product = product @ step_jacobian(h[:, t], W_h)
        norms.insert(0, np.linalg.norm(np.einsum("ni,nij->nj", dh_T, product), axis=-1))
    return np.array(norms).T

# %% norms-in-torch: gradient_norms
import torch

def gradient_norms(dh_T, h, W_h):
    g, h, W = torch.as_tensor(dh_T), torch.as_tensor(h), torch.as_tensor(W_h)
    norms = []
    for state in h.unbind(1)[::-1]:
        norms += [g.norm(dim=1)]
        g = torch.mul(g, 1 - state ** 2).matmul(W.T)
    return torch.stack(norms[::-1], 1).numpy()

# %% norms-by-autograd: gradient_norms
import torch

def gradient_norms(dh_T, h, W_h):
    h, W = torch.tensor(h), torch.tensor(W_h)
    N, T, H = h.shape
    z = torch.atanh(h)
    changes = [torch.zeros(N, H, dtype=h.dtype, requires_grad=True) for _ in range(T)]
    state = h[:, 0] + changes[0]
    for t in range(1, T):
        state = torch.tanh(z[:, t] + (state - h[:, t - 1]) @ W) + changes[t]
    grads = torch.autograd.grad(state, changes, torch.tensor(dh_T))
    return torch.stack([g.norm(dim=1) for g in grads], dim=1).tolist()

# %% norms-by-recursion: gradient_norms
def gradient_norms(dh_T, h, W_h):
    own = np.sqrt((dh_T ** 2).sum(1))[:, None]
    if h.shape[1] == 1:
        return own
    before = (dh_T - dh_T * h[:, -1] ** 2).dot(W_h.transpose())
    return np.hstack([gradient_norms(before, h[:, :-1], W_h), own])

# %% truncated-piece-by-piece: truncated_bptt
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    N, T, E = x.shape
    total = {"W_x": 0.0, "W_h": 0.0, "b_h": 0.0, "W_y": 0.0, "b_y": 0.0}
    loss, h = 0.0, h0
    for start in range(0, T, k):
        part, goal = x[:, start : start + k], targets[:, start : start + k]
        states = [h]
        for t in range(part.shape[1]):
            states.append(np.tanh(part[:, t] @ W_x + states[t] @ W_h + b_h))
        later = 0
        for t in reversed(range(part.shape[1])):
            z = states[t + 1] @ W_y + b_y
            e = np.exp(z - z.max(1, keepdims=True))
            p = e / e.sum(1, keepdims=True)
            loss -= np.log(p[range(N), goal[:, t]]).sum()
            p[range(N), goal[:, t]] -= 1
            dz = (p @ W_y.T + later) * (1 - states[t + 1] ** 2)
            total["W_y"] = total["W_y"] + states[t + 1].T @ p
            total["b_y"] = total["b_y"] + p.sum(0)
            total["W_x"] = total["W_x"] + part[:, t].T @ dz
            total["W_h"] = total["W_h"] + states[t].T @ dz
            total["b_h"] = total["b_h"] + dz.sum(0)
            later = dz @ W_h.T
        h = states[-1]
    return loss / (N * T), {key: value / (N * T) for key, value in total.items()}, h

# %% truncated-with-more-keys: truncated_bptt
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    N, T, E = x.shape
    H, V = W_y.shape
    h = np.zeros((N, T + 1, H))
    h[:, 0] = h0
    for t in range(T):
        h[:, t + 1] = np.tanh(h[:, t] @ W_h + x[:, t] @ W_x + b_h)
    z = h[:, 1:] @ W_y + b_y
    m = z.max(-1, keepdims=True)
    logp = z - m - np.log(np.exp(z - m).sum(-1, keepdims=True))
    onehot = np.eye(V)[targets]
    d = (np.exp(logp) - onehot) / (N * T)
    dz = np.zeros((N, T, H))
    for t in range(T - 1, -1, -1):
        dh = d[:, t] @ W_y.T
        if t + 1 < T and (t + 1) % k != 0:
            dh = dh + dz[:, t + 1] @ W_h.T
        dz[:, t] = dh * (1 - h[:, t + 1] ** 2)
    grads = dict(
        W_x=np.einsum("nte,nth->eh", x, dz), W_h=np.einsum("nti,ntj->ij", h[:, :-1], dz),
        b_h=dz.sum((0, 1)), W_y=np.einsum("nth,ntv->hv", h[:, 1:], d), b_y=d.sum((0, 1)),
    )
    grads["x"] = dz @ W_x.T
    return -(logp * onehot).sum() / (N * T), grads, h[:, -1]

# %% truncated-in-torch-as-a-list: truncated_bptt
import torch

def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    x, h, W_x, W_h, b_h, W_y, b_y = map(torch.as_tensor, (x, h0, W_x, W_h, b_h, W_y, b_y))
    goal = torch.as_tensor(targets)
    N, T = goal.shape
    states = [h]
    for t in range(T):
        states.append((states[-1] @ W_h + x[:, t] @ W_x + b_h).tanh())
    logits = torch.stack(states[1:], 1) @ W_y + b_y
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), goal.flatten())
    d = logits.softmax(-1)
    d.scatter_add_(-1, goal[..., None], -torch.ones(N, T, 1, dtype=d.dtype))
    d /= N * T
    grads = {n: torch.zeros_like(w) for n, w in (("W_x", W_x), ("W_h", W_h), ("b_h", b_h))}
    carry = torch.zeros_like(h)
    for t in range(T - 1, -1, -1):
        dz = (d[:, t] @ W_y.T + carry) * (1 - states[t + 1] ** 2)
        grads["W_x"] += x[:, t].T @ dz
        grads["W_h"] += states[t].T @ dz
        grads["b_h"] += dz.sum(0)
        carry = dz @ W_h.T * float(t % k != 0)
    grads["W_y"] = torch.einsum("nth,ntv->hv", torch.stack(states[1:], 1), d)
    grads["b_y"] = d.sum((0, 1))
    return [loss.item(), grads, states[-1]]

# %% clip-in-place-on-copies: clip_values
def clip_values(grads, limit):
    out = {}
    for key, grad in grads.items():
        new = grad.copy()
        new[new > limit] = limit
        new[new < -limit] = -limit
        out[key] = new
    return out

# %% clip-by-minimum-and-maximum: clip_values
def clip_values(grads, limit):
    return {k: np.minimum(limit, np.maximum(-limit, np.array(g))) for k, g in grads.items()}

# %% clip-in-torch: clip_values
import torch

def clip_values(grads, limit):
    return {k: torch.clamp(torch.as_tensor(g), min=-limit, max=limit) for k, g in grads.items()}

# %% clip-leaves-what-fits: clip_values
def clip_values(grads, limit):
    return {k: g if abs(g).max() <= limit else np.sign(g) * np.fmin(abs(g), limit) for k, g in grads.items()}

# %% clip-entry-by-entry: clip_values
def clip_values(grads, limit):
    one = np.vectorize(lambda entry: max(-limit, min(limit, entry)))
    return {key: one(value).tolist() for key, value in grads.items()}

# %% orthogonal-by-svd: orthogonal
def orthogonal(rng, size):
    U, _, V = np.linalg.svd(rng.standard_normal((size, size)))
    return U @ V

# %% orthogonal-with-signs: orthogonal
def orthogonal(rng, size):
    Q, R = np.linalg.qr(rng.normal(0, 1, (size, size)))
    return Q * np.sign(np.diag(R))

# %% orthogonal-by-gram-schmidt: orthogonal
def orthogonal(rng, size):
    rows = []
    while len(rows) < size:
        v = rng.uniform(-1, 1, size)
        for _ in range(2):
            for row in rows:
                v = v - (v @ row) * row
        length = np.sqrt(v @ v)
        if length > 1e-3:
            rows.append(v / length)
    return np.array(rows)

# %% orthogonal-by-householder-in-float32: orthogonal
def orthogonal(rng, size):
    Q = np.eye(size)
    for _ in range(size):
        v = rng.normal(size=size)
        Q = Q - 2 * np.outer(Q @ v, v) / (v @ v)
    return Q.astype(np.float32)

# %% orthogonal-by-a-seeded-torch: orthogonal
import torch

def orthogonal(rng, size):
    made = torch.Generator().manual_seed(int(rng.integers(2**31)))
    A = torch.randn(size, size, generator=made, dtype=torch.float64)
    return torch.linalg.qr(A)[0].numpy()

# %% orthogonal-from-scipy: orthogonal
def orthogonal(rng, size):
    from scipy.linalg import expm
    A = rng.normal(size=(size, size))
    return expm(A - A.T) if size > 1 else np.ones((1, 1))
