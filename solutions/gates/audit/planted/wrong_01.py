# Single mistakes in the stubs of Task 01 that the library does not know.

_right = {"jacobian": step_jacobian, "norms": gradient_norms, "bptt": truncated_bptt}

# %% jacobian-of-first-row-for-all: step_jacobian loses 1a.jacobian
def step_jacobian(h_t, W_h):
    return _right["jacobian"](np.tile(h_t[:1], (len(h_t), 1)), W_h)

# %% jacobian-with-a-minus: step_jacobian loses 1a.jacobian
def step_jacobian(h_t, W_h):
    return -_right["jacobian"](h_t, W_h)

# %% jacobian-squeezed: step_jacobian loses 1a.jacobian
def step_jacobian(h_t, W_h):
    return np.squeeze(_right["jacobian"](h_t, W_h))

# %% jacobian-slope-twice: step_jacobian loses 1a.jacobian
def step_jacobian(h_t, W_h):
    return (1 - h_t**2)[:, :, None] ** 2 * W_h.T

# %% jacobian-of-the-batch-as-blocks: step_jacobian loses 1a.jacobian
def step_jacobian(h_t, W_h):
    return np.einsum("nij->inj", _right["jacobian"](h_t, W_h))

# %% jacobian-halved: step_jacobian loses 1a.jacobian
def step_jacobian(h_t, W_h):
    return _right["jacobian"](h_t, W_h) / 2

# %% jacobian-identity-added: step_jacobian loses 1a.jacobian
def step_jacobian(h_t, W_h):
    return _right["jacobian"](h_t, W_h) + np.eye(len(W_h))

# %% jacobian-slope-in-place: step_jacobian loses 1a.jacobian
def step_jacobian(h_t, W_h):
    h_t *= h_t
    return (1 - h_t)[:, :, None] * W_h.T

# %% jacobian-slope-of-absolute: step_jacobian loses 1a.jacobian
def step_jacobian(h_t, W_h):
    return (1 - np.abs(h_t))[:, :, None] * W_h.T

# %% jacobian-in-half-precision: step_jacobian loses 1a.jacobian
def step_jacobian(h_t, W_h):
    return _right["jacobian"](h_t.astype(np.float16), W_h.astype(np.float16)).astype(float)

# %% norms-of-states: gradient_norms loses 1a.norms
def gradient_norms(dh_T, h, W_h):
    return np.linalg.norm(h, axis=2)

# %% norms-of-jacobians: gradient_norms loses 1a.norms
def gradient_norms(dh_T, h, W_h):
    return np.stack([np.linalg.norm(step_jacobian(h[:, t], W_h), axis=(1, 2)) for t in range(h.shape[1])], 1)

# %% norms-with-every-loss: gradient_norms loses 1a.norms
def gradient_norms(dh_T, h, W_h):
    g, out = dh_T, []
    for t in range(h.shape[1] - 1, -1, -1):
        out.insert(0, np.linalg.norm(g, axis=1))
        g = dh_T + (g * (1 - h[:, t] ** 2)) @ W_h.T
    return np.stack(out, 1)

# %% norms-clipped: gradient_norms loses 1a.norms
def gradient_norms(dh_T, h, W_h):
    return np.minimum(_right["norms"](dh_T, h, W_h), 1.0)

# %% norms-without-the-last-column: gradient_norms loses 1a.norms
def gradient_norms(dh_T, h, W_h):
    return _right["norms"](dh_T, h, W_h)[:, :-1]

# %% norms-relative: gradient_norms loses 1a.norms
def gradient_norms(dh_T, h, W_h):
    out = _right["norms"](dh_T, h, W_h)
    return out / out[:, -1:]

# %% norms-logarithms: gradient_norms loses 1a.norms
def gradient_norms(dh_T, h, W_h):
    return np.log(_right["norms"](dh_T, h, W_h))

# %% norms-of-one-step-repeated: gradient_norms loses 1a.norms
def gradient_norms(dh_T, h, W_h):
    g, out = dh_T, []
    for t in range(h.shape[1] - 1, -1, -1):
        out.insert(0, np.linalg.norm(g, axis=1))
        g = (g * (1 - h[:, -1] ** 2)) @ W_h.T
    return np.stack(out, 1)

# %% norms-ten-steps-at-most: gradient_norms loses 1a.norms
def gradient_norms(dh_T, h, W_h):
    out = _right["norms"](dh_T, h, W_h)
    out[:, :-10] = 0
    return out

# %% norms-overwrite-dh: gradient_norms loses 1a.norms
def gradient_norms(dh_T, h, W_h):
    out = np.zeros(h.shape[:2])
    for t in range(h.shape[1] - 1, -1, -1):
        out[:, t] = np.linalg.norm(dh_T, axis=1)
        dh_T[:] = (dh_T * (1 - h[:, t] ** 2)) @ W_h.T
    return out

# %% truncated-by-autograd: truncated_bptt loses 1b.loss 1b.gradients
import torch

def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    given = [torch.tensor(a, requires_grad=True) for a in (W_x, W_h, b_h, W_y, b_y)]
    h, losses = torch.tensor(h0), []
    for t in range(x.shape[1]):
        h = h.detach() if t % k == 0 else h
        h = torch.tanh(h @ given[1] + torch.tensor(x[:, t]) @ given[0] + given[2])
        losses.append(torch.nn.functional.cross_entropy(h @ given[3] + given[4], torch.tensor(targets[:, t])))
    loss = torch.stack(losses).mean()
    loss.backward()
    names = ("W_x", "W_h", "b_h", "W_y", "b_y")
    return loss.item(), {n: a.grad for n, a in zip(names, given)}, h.detach()

# %% truncated-by-number-of-pieces: truncated_bptt loses 1b.gradients
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    return _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, max(x.shape[1] // k, 1))

# %% truncated-k-plus-one: truncated_bptt loses 1b.gradients
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    return _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, k + 1)

# %% truncated-each-step-k-back: truncated_bptt loses 1b.gradients
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    N, T, _ = x.shape
    loss, grads, h_T = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, T)
    states = [h0]
    for t in range(T):
        states.append(np.tanh(states[-1] @ W_h + x[:, t] @ W_x + b_h))
    grads |= {"W_x": 0 * W_x, "W_h": 0 * W_h, "b_h": 0 * b_h}
    for t in range(T):
        z = states[t + 1] @ W_y + b_y
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[np.arange(N), targets[:, t]] -= 1
        dh = p @ W_y.T / (N * T)
        for s in range(t, max(t - k, -1), -1):
            dz = dh * (1 - states[s + 1] ** 2)
            grads["W_x"] += x[:, s].T @ dz
            grads["W_h"] += states[s].T @ dz
            grads["b_h"] += dz.sum(0)
            dh = dz @ W_h.T
    return loss, grads, h_T

# %% truncated-tail-dropped: truncated_bptt loses 1b.loss 1b.gradients
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    T = x.shape[1] // k * k or x.shape[1]
    return _right["bptt"](x[:, :T], targets[:, :T], h0, W_x, W_h, b_h, W_y, b_y, k)

# %% truncated-first-piece-alone: truncated_bptt loses 1b.loss 1b.gradients
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    return _right["bptt"](x[:, :k], targets[:, :k], h0, W_x, W_h, b_h, W_y, b_y, k)

# %% truncated-without-h_T: truncated_bptt loses 1b.loss
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    return _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, k)[:2]

# %% truncated-h_T-from-h0: truncated_bptt loses 1b.loss
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    return *_right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, k)[:2], h0

# %% truncated-loss-as-an-array: truncated_bptt loses 1b.loss
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    loss, grads, h_T = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, k)
    return np.array([loss]), grads, h_T

# %% truncated-perplexity: truncated_bptt loses 1b.loss
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    loss, grads, h_T = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, k)
    return np.exp(loss), grads, h_T

# %% truncated-a-key-missing: truncated_bptt loses 1b.gradients
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    loss, grads, h_T = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, k)
    del grads["b_y"]
    return loss, grads, h_T

# %% truncated-gradients-as-a-tuple: truncated_bptt loses 1b.gradients
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    loss, grads, h_T = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, k)
    return loss, tuple(grads.values()), h_T

# %% truncated-clipped: truncated_bptt loses 1b.gradients
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    loss, grads, h_T = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, k)
    return loss, {key: np.clip(grad, -0.05, 0.05) for key, grad in grads.items()}, h_T

# %% truncated-w_h-transposed: truncated_bptt loses 1b.gradients
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    loss, grads, h_T = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, k)
    return loss, grads | {"W_h": grads["W_h"].T}, h_T

# %% truncated-w_y-of-last-step: truncated_bptt loses 1b.gradients
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    loss, grads, h_T = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y, k)
    N, T = targets.shape
    z = h_T @ W_y + b_y
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(N), targets[:, -1]] -= 1
    return loss, grads | {"W_y": h_T.T @ p / (N * T)}, h_T

# %% truncated-updates-weights-between: truncated_bptt loses 1b.loss 1b.gradients
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    loss, total, h, T = 0.0, {}, h0, x.shape[1]
    for s in range(0, T, k):
        part = slice(s, s + k)
        share = targets[:, part].shape[1] / T
        one, grads, h = _right["bptt"](x[:, part], targets[:, part], h, W_x, W_h, b_h, W_y, b_y, k)
        loss += one * share
        total = {key: total.get(key, 0) + share * grad for key, grad in grads.items()}
        W_x, W_h, b_h = (w - 0.1 * grads[n] for w, n in ((W_x, "W_x"), (W_h, "W_h"), (b_h, "b_h")))
    return loss, total, h

# %% truncated-overwrites-h0: truncated_bptt loses 1b.loss
def truncated_bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y, k):
    loss, grads, h_T = _right["bptt"](x, targets, h0.copy(), W_x, W_h, b_h, W_y, b_y, k)
    h0[:] = h_T
    return loss, grads, h0

# %% clip-in-place: clip_values loses 1b.values
def clip_values(grads, limit):
    for grad in grads.values():
        np.clip(grad, -limit, limit, out=grad)
    return grads

# %% clip-values-as-a-list: clip_values loses 1b.values
def clip_values(grads, limit):
    return [np.clip(grad, -limit, limit) for grad in grads.values()]

# %% clip-first-alone: clip_values loses 1b.values
def clip_values(grads, limit):
    out = dict(grads)
    first = next(iter(grads))
    out[first] = np.clip(grads[first], -limit, limit)
    return out

# %% clip-at-twice-the-limit: clip_values loses 1b.values
def clip_values(grads, limit):
    return {k: np.clip(g, -2 * limit, 2 * limit) for k, g in grads.items()}

# %% clip-by-five: clip_values loses 1b.values
def clip_values(grads, limit):
    return {k: np.clip(g, -5, 5) for k, g in grads.items()}

# %% clip-wrapped-around: clip_values loses 1b.values
def clip_values(grads, limit):
    return {k: (g + limit) % (2 * limit) - limit for k, g in grads.items()}

# %% clip-biases-left: clip_values loses 1b.values
def clip_values(grads, limit):
    return {k: np.clip(g, -limit, limit) if g.ndim > 1 else g for k, g in grads.items()}

# %% clip-to-ints: clip_values loses 1b.values
def clip_values(grads, limit):
    return {k: np.clip(g, -limit, limit).astype(int) for k, g in grads.items()}

# %% clip-rows: clip_values loses 1b.values
def clip_values(grads, limit):
    return {k: g * np.minimum(1, limit / np.maximum(np.abs(g).max(-1, keepdims=True), 1e-9)) for k, g in grads.items()}

# %% orthogonal-gaussian: orthogonal loses 1b.orthogonal
def orthogonal(rng, size):
    return rng.normal(size=(size, size))

# %% orthogonal-scaled-gaussian: orthogonal loses 1b.orthogonal
def orthogonal(rng, size):
    return rng.normal(size=(size, size)) / np.sqrt(size)

# %% orthogonal-of-a-seed: orthogonal loses 1b.orthogonal
def orthogonal(rng, size):
    return np.linalg.qr(np.random.default_rng(0).normal(size=(size, size)))[0]

# %% orthogonal-of-global-state: orthogonal loses 1b.orthogonal
def orthogonal(rng, size):
    return np.linalg.qr(np.random.normal(size=(size, size)))[0]

# %% orthogonal-a-permutation: orthogonal loses 1b.orthogonal
def orthogonal(rng, size):
    return np.eye(size)[rng.permutation(size)]

# %% orthogonal-signs-alone: orthogonal loses 1b.orthogonal
def orthogonal(rng, size):
    return np.diag(rng.choice([-1.0, 1.0], size=size))

# %% orthogonal-both-factors: orthogonal loses 1b.orthogonal
def orthogonal(rng, size):
    return np.linalg.qr(rng.normal(size=(size, size)))

# %% orthogonal-scaled: orthogonal loses 1b.orthogonal
def orthogonal(rng, size):
    return 1.1 * np.linalg.qr(rng.normal(size=(size, size)))[0]

# %% orthogonal-rectangular: orthogonal loses 1b.orthogonal
def orthogonal(rng, size):
    return np.linalg.qr(rng.normal(size=(size, size)))[0][:, : max(size - 1, 1)]

# %% orthogonal-symmetric: orthogonal loses 1b.orthogonal
def orthogonal(rng, size):
    A = rng.normal(size=(size, size))
    return (A + A.T) / np.sqrt(2 * size)
