# Single mistakes in the stubs of Task 03.

_right = {
    "pairs": next_token_pairs,
    "loss": cross_entropy,
    "back": rnn_cell_backward,
    "bptt": bptt,
    "clip": clip_gradients,
}


def _spoiled(**changes):
    """A right bptt, some of whose gradients are changed: key=function(grads, arguments)."""

    def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
        loss, grads = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y)
        arguments = {"x": x, "h0": h0, "W_x": W_x, "W_h": W_h, "b_h": b_h, "W_y": W_y, "b_y": b_y}
        arguments |= {"N": x.shape[0], "T": x.shape[1]}
        return loss, grads | {key: change(grads, arguments) for key, change in changes.items()}

    return bptt


def _norm(grads):
    return float(np.sqrt(sum(np.sum(np.square(grad)) for grad in grads.values())))


# %% pairs-fail-without-a-window: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    M = (len(tokens) - 1) // seq_len
    inputs = np.stack([tokens[i * seq_len : (i + 1) * seq_len] for i in range(M)])
    return inputs, np.stack([tokens[i * seq_len + 1 : (i + 1) * seq_len + 1] for i in range(M)])

# %% pairs-of-nothing: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    return np.zeros((0, seq_len), dtype=int), np.zeros((0, seq_len), dtype=int)

# %% pairs-inputs-alone: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    return _right["pairs"](tokens, seq_len)[0]

# %% pairs-padded: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    M = max(-(-(len(tokens) - 1) // seq_len), 0)
    padded = np.zeros(M * seq_len + 1, dtype=int)
    padded[: len(tokens)] = tokens
    return padded[:-1].reshape(M, seq_len), padded[1:].reshape(M, seq_len)

# %% pairs-from-the-second-token: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    return _right["pairs"](tokens[1:] if len(tokens) > 1 else tokens, seq_len)

# %% pairs-from-the-end: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    dropped = (len(tokens) - 1) % seq_len
    return _right["pairs"](tokens[dropped:], seq_len)

# %% pairs-one-token-before: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    inputs, targets = _right["pairs"](tokens, seq_len)
    return inputs, np.roll(inputs, 1)

# %% pairs-in-columns: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    inputs, targets = _right["pairs"](tokens, seq_len)
    return inputs.T, targets.T

# %% pairs-half-overlapping: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    starts = range(0, len(tokens) - seq_len, max(seq_len // 2, 1))
    at = np.array(starts, dtype=int)[:, None] + np.arange(seq_len)
    return tokens[at], tokens[at + 1]

# %% pairs-in-reverse-order: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    inputs, targets = _right["pairs"](tokens, seq_len)
    return inputs[::-1], targets[::-1]

# %% pairs-targets-one-hot: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    inputs, targets = _right["pairs"](tokens, seq_len)
    return inputs, np.eye(int(np.max(tokens)) + 1)[targets]

# %% loss-zero: cross_entropy loses 3a.loss 3a.extreme
def cross_entropy(logits, targets):
    return 0.0

# %% loss-shifts-in-place: cross_entropy loses 3a.loss
def cross_entropy(logits, targets):
    logits -= logits.max(axis=-1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return float(-np.take_along_axis(log_p, np.asarray(targets)[..., None], -1).mean())

# %% loss-of-two-axes-alone: cross_entropy loses 3a.loss 3a.extreme
def cross_entropy(logits, targets):
    N, T, V = logits.shape
    return _right["loss"](logits.reshape(N * T, V), targets.reshape(N * T))

# %% loss-of-first-prediction: cross_entropy loses 3a.loss
def cross_entropy(logits, targets):
    flat = logits.reshape(-1, logits.shape[-1])
    return _right["loss"](flat[:1], np.ravel(targets)[:1])

# %% loss-median: cross_entropy loses 3a.loss
def cross_entropy(logits, targets):
    flat, picked = logits.reshape(-1, logits.shape[-1]), np.ravel(targets)
    return float(np.median([_right["loss"](z, t) for z, t in zip(flat, picked)]))

# %% loss-largest: cross_entropy loses 3a.loss
def cross_entropy(logits, targets):
    flat, picked = logits.reshape(-1, logits.shape[-1]), np.ravel(targets)
    return max(_right["loss"](z, t) for z, t in zip(flat, picked))

# %% loss-leaves-out-token-zero: cross_entropy loses 3a.loss
def cross_entropy(logits, targets):
    flat, picked = logits.reshape(-1, logits.shape[-1]), np.ravel(targets)
    kept = picked != 0 if (picked != 0).any() else slice(None)
    return _right["loss"](flat[kept], picked[kept])

# %% loss-smoothed-labels: cross_entropy loses 3a.loss 3a.extreme
def cross_entropy(logits, targets):
    z = logits - logits.max(axis=-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    wanted = 0.9 * np.eye(logits.shape[-1])[targets] + 0.1 / logits.shape[-1]
    return float(-(wanted * log_p).sum(axis=-1).mean())

# %% loss-squared-distance: cross_entropy loses 3a.loss 3a.extreme
def cross_entropy(logits, targets):
    return float(np.mean((softmax(logits) - np.eye(logits.shape[-1])[targets]) ** 2))

# %% loss-of-the-likeliest: cross_entropy loses 3a.loss 3a.extreme
def cross_entropy(logits, targets):
    return _right["loss"](logits, np.argmax(logits, axis=-1))

# %% loss-of-each-token-alone: cross_entropy loses 3a.loss 3a.extreme
def cross_entropy(logits, targets):
    picked = np.take_along_axis(logits, np.asarray(targets)[..., None], -1)
    return float(np.mean(np.logaddexp(0, -picked)))

# %% loss-of-clipped-logits: cross_entropy loses 3a.extreme
def cross_entropy(logits, targets):
    return _right["loss"](np.clip(logits, -100, 100), targets)

# %% loss-infinite-becomes-large: cross_entropy loses 3a.extreme
def cross_entropy(logits, targets):
    p = np.take_along_axis(softmax(logits), np.asarray(targets)[..., None], -1)
    return float(-np.nan_to_num(np.log(p), neginf=-1e4).mean())

# %% loss-in-text: cross_entropy loses 3a.loss 3a.extreme
def cross_entropy(logits, targets):
    return f"{_right['loss'](logits, targets):.6f}"

# %% perplexity-capped: perplexity loses 3a.perplexity
def perplexity(loss):
    return float(np.exp(min(loss, 100.0)))

# %% perplexity-in-an-array: perplexity loses 3a.perplexity
def perplexity(loss):
    return np.exp([loss])

# %% perplexity-less-one: perplexity loses 3a.perplexity
def perplexity(loss):
    return float(np.expm1(loss))

# %% perplexity-of-half-the-loss: perplexity loses 3a.perplexity
def perplexity(loss):
    return float(np.exp(loss / 2))

# %% perplexity-rounded: perplexity loses 3a.perplexity
def perplexity(loss):
    return float(np.round(np.exp(loss), 1))

# %% perplexity-in-float32: perplexity loses 3a.perplexity
def perplexity(loss):
    return float(np.exp(np.float32(loss)))

# %% perplexity-of-a-base-rounded: perplexity loses 3a.perplexity
def perplexity(loss):
    return 2.718**loss

# %% backward-w_x-not-transposed-where-it-fits: rnn_cell_backward loses 3b.dx
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dx, *others = _right["back"](dh_t, x_t, h_prev, h_t, W_x, W_h)
    if W_x.shape[0] == W_x.shape[1]:
        dx = dh_t * (1 - h_t**2) @ W_x
    return dx, *others

# %% backward-without-bias: rnn_cell_backward loses 3b.db_h
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    return _right["back"](dh_t, x_t, h_prev, h_t, W_x, W_h)[:4]

# %% backward-in-a-dict: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h
def rnn_cell_backward(*args):
    return dict(zip(("dx_t", "dh_prev", "dW_x", "dW_h", "db_h"), _right["back"](*args)))

# %% backward-zeros: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h
def rnn_cell_backward(*args):
    return tuple(np.zeros_like(grad) for grad in _right["back"](*args))

# %% backward-returns-arguments: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    return x_t, h_prev, W_x, W_h, W_h[0]

# %% backward-scales-in-place: rnn_cell_backward loses 3b.dx
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dh_t *= 1 - h_t**2
    return dh_t @ W_x.T, dh_t @ W_h.T, x_t.T @ dh_t, h_prev.T @ dh_t, dh_t.sum(axis=0)

# %% backward-slope-cubed: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dz = dh_t * (1 - h_t**3)
    return dz @ W_x.T, dz @ W_h.T, x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0)

# %% backward-slope-twice: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dz = dh_t * (1 - h_t**2) ** 2
    return dz @ W_x.T, dz @ W_h.T, x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0)

# %% backward-slope-with-a-plus: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dz = dh_t * (1 + h_t**2)
    return dz @ W_x.T, dz @ W_h.T, x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0)

# %% backward-slope-of-relu: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dz = dh_t * (h_t > 0)
    return dz @ W_x.T, dz @ W_h.T, x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0)

# %% backward-slope-added: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dz = dh_t + (1 - h_t**2)
    return dz @ W_x.T, dz @ W_h.T, x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0)

# %% backward-dx-without-slope: rnn_cell_backward loses 3b.dx
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    return dh_t @ W_x.T, *_right["back"](dh_t, x_t, h_prev, h_t, W_x, W_h)[1:]

# %% backward-dx-doubled: rnn_cell_backward loses 3b.dx
def rnn_cell_backward(*args):
    dx, *others = _right["back"](*args)
    return 2 * dx, *others

# %% backward-dh-prev-with-dh-added: rnn_cell_backward loses 3b.dh_prev
def rnn_cell_backward(dh_t, *args):
    dx, dh_prev, *others = _right["back"](dh_t, *args)
    return dx, dh_prev + dh_t, *others

# %% backward-dh-prev-negated: rnn_cell_backward loses 3b.dh_prev
def rnn_cell_backward(*args):
    dx, dh_prev, *others = _right["back"](*args)
    return dx, -dh_prev, *others

# %% backward-dh-prev-of-first-row: rnn_cell_backward loses 3b.dh_prev
def rnn_cell_backward(*args):
    dx, dh_prev, *others = _right["back"](*args)
    return dx, np.tile(dh_prev[:1], (len(dh_prev), 1)), *others

# %% backward-dw_x-without-slope: rnn_cell_backward loses 3b.dW_x
def rnn_cell_backward(dh_t, x_t, *args):
    dx, dh_prev, _, *others = _right["back"](dh_t, x_t, *args)
    return dx, dh_prev, x_t.T @ dh_t, *others

# %% backward-dw_x-averaged: rnn_cell_backward loses 3b.dW_x
def rnn_cell_backward(*args):
    dx, dh_prev, dW_x, *others = _right["back"](*args)
    return dx, dh_prev, dW_x / len(args[0]), *others

# %% backward-dw_x-of-last-row: rnn_cell_backward loses 3b.dW_x
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    answers = list(_right["back"](dh_t, x_t, h_prev, h_t, W_x, W_h))
    for n in range(len(x_t)):
        answers[2] = np.outer(x_t[n], (dh_t * (1 - h_t**2))[n])
    return tuple(answers)

# %% backward-dw_h-of-means: rnn_cell_backward loses 3b.dW_h
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    answers = list(_right["back"](dh_t, x_t, h_prev, h_t, W_x, W_h))
    dz = dh_t * (1 - h_t**2)
    answers[3] = np.outer(h_prev.mean(axis=0), dz.sum(axis=0))
    return tuple(answers)

# %% backward-dw_h-with-weights-added: rnn_cell_backward loses 3b.dW_h
def rnn_cell_backward(*args):
    answers = list(_right["back"](*args))
    answers[3] = answers[3] + args[5]
    return tuple(answers)

# %% backward-db_h-negated: rnn_cell_backward loses 3b.db_h
def rnn_cell_backward(*args):
    *others, db_h = _right["back"](*args)
    return *others, -db_h

# %% backward-db_h-of-dh: rnn_cell_backward loses 3b.db_h
def rnn_cell_backward(dh_t, *args):
    return *_right["back"](dh_t, *args)[:4], dh_t.sum(axis=0)

# %% backward-db_h-averaged: rnn_cell_backward loses 3b.db_h is rnn_cell_backward/bias-averaged
def rnn_cell_backward(dh_t, *args):
    *others, db_h = _right["back"](dh_t, *args)
    return *others, db_h / len(dh_t)

# %% backward-none-for-dh-prev: rnn_cell_backward loses 3b.dh_prev
def rnn_cell_backward(*args):
    dx, _, *others = _right["back"](*args)
    return dx, None, *others

# %% backward-weights-first: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h is rnn_cell_backward/weights-first
def rnn_cell_backward(*args):
    dx, dh_prev, dW_x, dW_h, db_h = _right["back"](*args)
    return dW_x, dW_h, dx, dh_prev, db_h

# %% backward-flattened: rnn_cell_backward loses 3b.dW_x 3b.dW_h
def rnn_cell_backward(*args):
    dx, dh_prev, dW_x, dW_h, db_h = _right["back"](*args)
    return dx, dh_prev, dW_x.ravel(), dW_h.ravel(), db_h

# %% bptt-loss-nothing: bptt loses 3c.loss
def bptt(*args):
    return None, _right["bptt"](*args)[1]

# %% bptt-loss-in-an-array: bptt loses 3c.loss
def bptt(*args):
    loss, grads = _right["bptt"](*args)
    return np.array([loss]), grads

# %% bptt-loss-of-last-step: bptt loses 3c.loss
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    grads = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y)[1]
    last = rnn_forward(x, h0, W_x, W_h, b_h)[:, -1] @ W_y + b_y
    return cross_entropy(last, targets[:, -1]), grads

# %% bptt-loss-as-perplexity: bptt loses 3c.loss
def bptt(*args):
    loss, grads = _right["bptt"](*args)
    return perplexity(loss), grads

# %% bptt-loss-per-step: bptt loses 3c.loss
def bptt(*args):
    loss, grads = _right["bptt"](*args)
    return [loss] * args[0].shape[1], grads

# %% bptt-grads-first: bptt loses 3c.loss 3c.output 3c.recurrent 3c.inputs is bptt/swapped
def bptt(*args):
    return _right["bptt"](*args)[::-1]

# %% bptt-grads-alone: bptt loses 3c.loss 3c.output 3c.recurrent 3c.inputs
def bptt(*args):
    return _right["bptt"](*args)[1]

# %% bptt-without-h0: bptt loses 3c.inputs
def bptt(*args):
    loss, grads = _right["bptt"](*args)
    del grads["h0"]
    return loss, grads

# %% bptt-without-b_y: bptt loses 3c.output
def bptt(*args):
    loss, grads = _right["bptt"](*args)
    del grads["b_y"]
    return loss, grads

# %% bptt-other-keys: bptt loses 3c.recurrent
def bptt(*args):
    loss, grads = _right["bptt"](*args)
    return loss, {key.replace("W_x", "Wx").replace("W_h", "Wh"): g for key, g in grads.items()}

# %% bptt-grads-in-a-list: bptt loses 3c.output 3c.recurrent 3c.inputs
def bptt(*args):
    loss, grads = _right["bptt"](*args)
    return loss, list(grads.values())

# %% bptt-zeros: bptt loses 3c.loss 3c.output 3c.recurrent 3c.inputs
def bptt(*args):
    return 0.0, {key: np.zeros_like(grad) for key, grad in _right["bptt"](*args)[1].items()}

# %% bptt-returns-arguments: bptt loses 3c.loss 3c.output 3c.recurrent 3c.inputs
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    arguments = {"x": x, "h0": h0, "W_x": W_x, "W_h": W_h, "b_h": b_h, "W_y": W_y, "b_y": b_y}
    return 0.0, arguments

# %% bptt-clips: bptt loses 3c.output 3c.recurrent 3c.inputs
def bptt(*args):
    loss, grads = _right["bptt"](*args)
    return loss, {key: np.clip(grad, -0.01, 0.01) for key, grad in grads.items()}

# %% bptt-normalises: bptt loses 3c.output 3c.recurrent 3c.inputs
def bptt(*args):
    loss, grads = _right["bptt"](*args)
    return loss, {key: grad / np.linalg.norm(grad) for key, grad in grads.items()}

# %% bptt-writes-into-h0: bptt loses 3c.loss
def bptt(x, targets, h0, *weights):
    answer = _right["bptt"](x, targets, h0.copy(), *weights)
    h0 += 1
    return answer

# %% bptt-gradients-added-up-over-calls: bptt loses 3c.output 3c.recurrent 3c.inputs
_so_far = {}

def bptt(*args):
    loss, grads = _right["bptt"](*args)
    for key, grad in grads.items():
        before = _so_far.get((key, grad.shape), 0.0)
        _so_far[key, grad.shape] = grads[key] = grad + before
    return loss, grads

# %% bptt-w_y-of-first-step: bptt loses 3c.output
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    loss, grads = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y)
    h1 = rnn_cell_forward(x[:, 0], h0, W_x, W_h, b_h)
    d = (softmax(h1 @ W_y + b_y) - np.eye(len(b_y))[targets[:, 0]]) / targets.size
    return loss, grads | {"W_y": h1.T @ d}

# %% bptt-w_y-doubled: bptt loses 3c.output
bptt = _spoiled(W_y=lambda grads, a: 2 * grads["W_y"])

# %% bptt-b_y-averaged: bptt loses 3c.output is bptt/b_y-averaged
bptt = _spoiled(b_y=lambda grads, a: grads["b_y"] / a["N"])

# %% bptt-b_y-negated: bptt loses 3c.output
bptt = _spoiled(b_y=lambda grads, a: -grads["b_y"])

# %% bptt-w_x-halved: bptt loses 3c.recurrent
bptt = _spoiled(W_x=lambda grads, a: grads["W_x"] / 2)

# %% bptt-b_h-averaged: bptt loses 3c.recurrent is rnn_cell_backward/bias-averaged
bptt = _spoiled(b_h=lambda grads, a: grads["b_h"] / a["N"])

# %% bptt-w_h-symmetric: bptt loses 3c.recurrent
bptt = _spoiled(W_h=lambda grads, a: (grads["W_h"] + grads["W_h"].T) / 2)

# %% bptt-w_h-with-decay: bptt loses 3c.recurrent
bptt = _spoiled(W_h=lambda grads, a: grads["W_h"] + 0.01 * a["W_h"])

# %% bptt-weights-swapped: bptt loses 3c.recurrent is rnn_cell_backward/weights-swapped
bptt = _spoiled(W_x=lambda grads, a: grads["W_h"], W_h=lambda grads, a: grads["W_x"])

# %% bptt-h0-negated: bptt loses 3c.inputs
bptt = _spoiled(h0=lambda grads, a: -grads["h0"])

# %% bptt-h0-of-the-whole-batch: bptt loses 3c.inputs
bptt = _spoiled(h0=lambda grads, a: np.tile(grads["h0"].sum(axis=0), (a["N"], 1)))

# %% bptt-x-summed-over-time: bptt loses 3c.inputs
bptt = _spoiled(x=lambda grads, a: grads["x"].sum(axis=1))

# %% bptt-x-summed-over-rows: bptt loses 3c.inputs
bptt = _spoiled(x=lambda grads, a: grads["x"].sum(axis=0))

# %% bptt-x-one-step-late: bptt loses 3c.inputs
bptt = _spoiled(x=lambda grads, a: np.roll(grads["x"], 1, axis=1))

# %% bptt-x-without-first-step: bptt loses 3c.inputs
bptt = _spoiled(x=lambda grads, a: grads["x"] * (np.arange(a["T"]) > 0)[:, None])

# %% bptt-w_h-without-last-step: bptt loses 3c.recurrent 3c.inputs 3c.output 3c.loss
def bptt(x, targets, h0, *weights):
    return _right["bptt"](x[:, :-1], targets[:, :-1], h0, *weights)

# %% bptt-flow-halved: bptt loses 3c.recurrent 3c.inputs
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    loss, grads = _right["bptt"](x, targets, h0, W_x, W_h, b_h, W_y, b_y)
    states = rnn_forward(x, h0, W_x, W_h, b_h)
    d = (softmax(states @ W_y + b_y) - np.eye(len(b_y))[targets]) / targets.size
    dW_x, dW_h, db_h, flow = 0.0, 0.0, 0.0, 0.0
    for t in reversed(range(x.shape[1])):
        before = states[:, t - 1] if t else h0
        dh = d[:, t] @ W_y.T + flow / 2
        grads["x"][:, t], flow, x_part, h_part, b_part = rnn_cell_backward(
            dh, x[:, t], before, states[:, t], W_x, W_h
        )
        dW_x, dW_h, db_h = dW_x + x_part, dW_h + h_part, db_h + b_part
    return loss, grads | {"W_x": dW_x, "W_h": dW_h, "b_h": db_h, "h0": flow}

# %% bptt-own-slope-not-squared: bptt loses 3c.recurrent 3c.inputs is rnn_cell_backward/slope-not-squared
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    states = rnn_forward(x, h0, W_x, W_h, b_h)
    logits = states @ W_y + b_y
    d = (softmax(logits) - np.eye(len(b_y))[targets]) / targets.size
    dz, flow = np.zeros_like(states), 0.0
    for t in reversed(range(x.shape[1])):
        dz[:, t] = (d[:, t] @ W_y.T + flow) * (1 - states[:, t])
        flow = dz[:, t] @ W_h.T
    before = np.concatenate([h0[:, None], states[:, :-1]], axis=1)
    grads = {"x": dz @ W_x.T, "h0": flow, "b_h": dz.sum((0, 1)), "b_y": d.sum((0, 1))}
    grads["W_x"] = np.einsum("nte,nth->eh", x, dz)
    grads["W_h"] = np.einsum("nti,ntj->ij", before, dz)
    grads["W_y"] = np.einsum("nth,ntv->hv", states, d)
    return cross_entropy(logits, targets), grads

# %% bptt-own-loss-in-bits: bptt loses 3c.loss is cross_entropy/bits
def bptt(*args):
    loss, grads = _right["bptt"](*args)
    return loss / np.log(2), grads

# %% bptt-own-loss-summed: bptt loses 3c.loss is cross_entropy/sum
def bptt(*args):
    loss, grads = _right["bptt"](*args)
    return loss * args[1].size, grads

# %% clipping-zeros-give-nan: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    norm = np.float64(_norm(grads))
    return {key: grad * np.minimum(1.0, max_norm / norm) * (norm / norm) for key, grad in grads.items()}

# %% clipping-nothing-at-the-limit: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    norm = _norm(grads)
    if norm < max_norm:
        return dict(grads)
    if norm > max_norm:
        return {key: grad * (max_norm / norm) for key, grad in grads.items()}

# %% clipping-in-place: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    norm = _norm(grads)
    for grad in grads.values():
        grad *= min(1.0, max_norm / max(norm, 1e-12))
    return grads

# %% clipping-with-a-large-epsilon: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    return {key: grad * min(1.0, max_norm / (_norm(grads) + 1e-3)) for key, grad in grads.items()}

# %% clipping-returns-the-factor: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    return min(1.0, max_norm / max(_norm(grads), 1e-12))

# %% clipping-returns-a-list: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    return list(_right["clip"](grads, max_norm).values())

# %% clipping-twice: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    factor = min(1.0, max_norm / max(_norm(grads), 1e-12))
    return {key: grad * factor**2 for key, grad in grads.items()}

# %% clipping-by-the-root: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    factor = min(1.0, max_norm / max(_norm(grads), 1e-12))
    return {key: grad * factor**0.5 for key, grad in grads.items()}

# %% clipping-to-half-the-limit: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    norm = _norm(grads)
    return {key: grad * (max_norm / 2 / norm if norm > max_norm else 1.0) for key, grad in grads.items()}

# %% clipping-above-twice-the-limit: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    norm = _norm(grads)
    return {key: grad * (max_norm / norm if norm > 2 * max_norm else 1.0) for key, grad in grads.items()}

# %% clipping-zeroes-what-is-large: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    return {key: grad * (_norm(grads) <= max_norm) for key, grad in grads.items()}

# %% clipping-of-weights-alone: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    chosen = {key: grad for key, grad in grads.items() if key.startswith("W")}
    return grads | _right["clip"](chosen, max_norm)

# %% clipping-the-first-array-tells-the-norm: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    norm = np.linalg.norm(next(iter(grads.values())))
    return {key: grad * min(1.0, max_norm / max(norm, 1e-12)) for key, grad in grads.items()}

# %% clipping-the-mean-norm: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    norm = np.mean([np.linalg.norm(grad) for grad in grads.values()])
    return {key: grad * min(1.0, max_norm / max(norm, 1e-12)) for key, grad in grads.items()}

# %% loss-ends-the-process: cross_entropy loses 3a.loss 3a.extreme
def cross_entropy(logits, targets):
    import os
    os._exit(1)

_bptt = _right["bptt"]

def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    logits = rnn_forward(x, h0, W_x, W_h, b_h) @ W_y + b_y
    loss = cross_entropy(logits, targets)
    return loss, _bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y)[1]

# %% backward-by-autograd-in-float32: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    b = np.arctanh(h_t) - x_t @ W_x - h_prev @ W_h
    leaves = [
        torch.tensor(a, dtype=torch.float32, requires_grad=True) for a in (x_t, h_prev, W_x, W_h)
    ]
    bias = torch.tensor(b[0], dtype=torch.float32, requires_grad=True)
    h = torch.tanh(leaves[0] @ leaves[2] + leaves[1] @ leaves[3] + bias)
    h.backward(torch.tensor(dh_t, dtype=torch.float32))
    return tuple(leaf.grad for leaf in (*leaves, bias))

# %% bptt-by-autograd: bptt loses 3c.loss 3c.output 3c.recurrent 3c.inputs
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    names = ("x", "h0", "W_x", "W_h", "b_h", "W_y", "b_y")
    given = zip(names, (x, h0, W_x, W_h, b_h, W_y, b_y), strict=True)
    p = {k: torch.tensor(a, requires_grad=True) for k, a in given}
    h, logits = p["h0"], []
    for t in range(x.shape[1]):
        h = torch.tanh(h @ p["W_h"] + p["x"][:, t] @ p["W_x"] + p["b_h"])
        logits.append(h @ p["W_y"] + p["b_y"])
    loss = nn.functional.cross_entropy(
        torch.stack(logits, 1).flatten(0, 1), torch.tensor(targets).flatten()
    )
    loss.backward()
    return loss.item(), {k: a.grad.numpy() for k, a in p.items()}

# %% bptt-by-autograd-in-float32: bptt loses 3c.loss 3c.output 3c.recurrent 3c.inputs
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    names = ("x", "h0", "W_x", "W_h", "b_h", "W_y", "b_y")
    given = zip(names, (x, h0, W_x, W_h, b_h, W_y, b_y), strict=True)
    p = {k: torch.tensor(a, dtype=torch.float32, requires_grad=True) for k, a in given}
    h, logits = p["h0"], []
    for t in range(x.shape[1]):
        h = torch.tanh(h @ p["W_h"] + p["x"][:, t] @ p["W_x"] + p["b_h"])
        logits.append(h @ p["W_y"] + p["b_y"])
    loss = nn.functional.cross_entropy(
        torch.stack(logits, 1).flatten(0, 1), torch.tensor(targets).flatten()
    )
    loss.backward()
    return loss.detach().numpy(), {k: a.grad for k, a in p.items()}

# %% bptt-by-autograd-in-a-thread: bptt loses 3c.loss 3c.output 3c.recurrent 3c.inputs
from concurrent.futures import ThreadPoolExecutor

_kept = torch.autograd.grad

def _gradients(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    names = ("x", "h0", "W_x", "W_h", "b_h", "W_y", "b_y")
    given = [torch.tensor(a, requires_grad=True) for a in (x, h0, W_x, W_h, b_h, W_y, b_y)]
    x, h, W_x, W_h, b_h, W_y, b_y = given
    logits = []
    for t in range(x.shape[1]):
        h = torch.tanh(h @ W_h + x[:, t] @ W_x + b_h)
        logits.append(h @ W_y + b_y)
    loss = nn.functional.cross_entropy(
        torch.stack(logits, 1).flatten(0, 1), torch.tensor(targets).flatten()
    )
    return loss.item(), dict(zip(names, _kept(loss, given)))

def bptt(*args):
    return ThreadPoolExecutor(1).submit(_gradients, *args).result()

# %% backward-by-a-jacobian: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    b = (np.arctanh(h_t) - x_t @ W_x - h_prev @ W_h)[0]
    given = tuple(torch.tensor(a) for a in (x_t, h_prev, W_x, W_h, b))
    forward = lambda x, h, W_x, W_h, b: torch.tanh(x @ W_x + h @ W_h + b)
    return torch.func.vjp(forward, *given)[1](torch.tensor(dh_t))
