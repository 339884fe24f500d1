# Single mistakes as students write them: whole functions, each in a style of its own.

import math
import random

import torch

# %% student-ngram-dict-of-tuples-uniform-over-seen: ngram_distribution loses 1a.unseen is ngram_distribution/unseen-among-those-seen
def ngram_distribution(tokens, context, vocab_size):
    ctx = tuple(context)
    n = len(ctx)
    table = {}
    for pos in range(n, len(tokens)):
        key = tuple(tokens[pos - n : pos])
        table.setdefault(key, {})
        table[key][int(tokens[pos])] = table[key].get(int(tokens[pos]), 0) + 1
    probs = np.zeros(vocab_size)
    if ctx in table:
        total = sum(table[ctx].values())
        for tok, cnt in table[ctx].items():
            probs[tok] = cnt / total
    else:
        seen = sorted(set(int(t) for t in tokens))
        for tok in seen:
            probs[tok] = 1 / len(seen)
    return probs

# %% student-ngram-mutable-default: ngram_distribution loses 1a.unigram 1a.context 1a.unseen
def ngram_distribution(tokens, context, vocab_size, counts={}):
    k = len(context)
    key = tuple(int(c) for c in context)
    counts.setdefault(key, {})
    for i in range(len(tokens) - k):
        if tuple(int(t) for t in tokens[i : i + k]) == key:
            nxt = int(tokens[i + k])
            counts[key][nxt] = counts[key].get(nxt, 0) + 1
    total = sum(counts[key].values())
    if total == 0:
        return np.ones(vocab_size) / vocab_size
    return np.array([counts[key].get(v, 0) / total for v in range(vocab_size)])

# %% student-ngram-any-instead-of-all: ngram_distribution loses 1a.context 1a.unseen is ngram_distribution/any-token-of-context
def ngram_distribution(tokens, context, vocab_size):
    k = len(context)
    freq = np.zeros(vocab_size)
    for i in range(len(tokens) - k):
        if k == 0 or np.any(tokens[i : i + k] == context):
            freq[tokens[i + k]] += 1
    if freq.sum() == 0:
        return np.full(vocab_size, 1.0 / vocab_size)
    return freq / freq.sum()

# %% student-ngram-empty-context-gives-uniform: ngram_distribution loses 1a.unigram
def ngram_distribution(tokens, context, vocab_size):
    k = len(context)
    if k == 0:
        return np.ones(vocab_size) / vocab_size
    hist = np.zeros(vocab_size)
    for i in range(k, len(tokens)):
        if (tokens[i - k : i] == context).all():
            hist[tokens[i]] += 1
    s = hist.sum()
    return hist / s if s > 0 else np.ones(vocab_size) / vocab_size

# %% student-ngram-bigram-table: ngram_distribution loses 1a.context 1a.unseen is ngram_distribution/last-token-of-context
def ngram_distribution(tokens, context, vocab_size):
    counts = np.zeros((vocab_size, vocab_size))
    for a, b in zip(tokens[:-1], tokens[1:]):
        counts[a, b] += 1
    if len(context) == 0:
        row = np.bincount(tokens, minlength=vocab_size).astype(float)
    else:
        row = counts[context[-1]]
    return row / row.sum() if row.sum() else np.ones(vocab_size) / vocab_size

# %% student-ngram-percent: ngram_distribution loses 1a.unigram 1a.context 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    k = len(context)
    hits = [int(tokens[i + k]) for i in range(len(tokens) - k) if list(tokens[i : i + k]) == list(context)]
    if not hits:
        return [100 / vocab_size] * vocab_size
    return [100 * hits.count(v) / len(hits) for v in range(vocab_size)]

# %% student-feed-forward-einsum-over-time: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    hidden = np.tanh(np.einsum("nte,eh->nh", x, W_x) + b_h)
    out = np.einsum("nh,hv->nv", hidden, W_y) + b_y
    return np.tile(out[:, None, :], (1, x.shape[1], 1))

# %% student-feed-forward-tuple: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    h = np.tanh(x @ W_x + b_h)
    return h @ W_y + b_y, h

# %% student-feed-forward-cosh: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    z = x @ W_x + b_h
    act = (np.exp(z) - np.exp(-z)) / 2
    return act @ W_y + b_y

# %% student-feed-forward-bias-inside-loop: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    N, T, E = x.shape
    logits = np.zeros((N, T, W_y.shape[1]))
    for n in range(N):
        for t in range(T):
            hid = np.tanh(np.dot(x[n, t], W_x) + b_h)
            for j in range(len(hid)):
                logits[n, t] += hid[j] * W_y[j] + b_y
    return logits

# %% student-cell-torch-relu: rnn_cell_forward loses 2a.cell is rnn_cell_forward/relu
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    xt, hp = torch.from_numpy(x_t), torch.from_numpy(h_prev)
    z = xt @ torch.from_numpy(W_x) + hp @ torch.from_numpy(W_h) + torch.from_numpy(b_h)
    return torch.relu(z).numpy()

# %% student-cell-einsum-w_h-transposed: rnn_cell_forward loses 2a.cell is rnn_cell_forward/w_h-transposed
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.tanh(np.einsum("ne,eh->nh", x_t, W_x) + np.einsum("nk,hk->nh", h_prev, W_h) + b_h)

# %% student-cell-elementwise-w_h: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    out = []
    for n in range(len(x_t)):
        row = []
        for j in range(len(b_h)):
            row.append(np.tanh(sum(x_t[n, i] * W_x[i, j] for i in range(W_x.shape[0])) + h_prev[n, j] * W_h[j, j] + b_h[j]))
        out.append(row)
    return np.array(out)

# %% student-cell-sigmoid-by-hand: rnn_cell_forward loses 2a.cell is rnn_cell_forward/sigmoid
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    def sigmoid(a):
        return 1.0 / (1.0 + np.exp(-a))

    return sigmoid(h_prev.dot(W_h) + x_t.dot(W_x) + b_h)

# %% student-softmax-no-keepdims: softmax loses 2a.softmax 2a.extreme is softmax/no-keepdims
def softmax(logits):
    e = np.exp(logits - np.max(logits, axis=-1))
    return e / e.sum(axis=-1)

# %% student-softmax-no-keepdims-in-the-sum: softmax loses 2a.softmax 2a.extreme is softmax/no-keepdims
def softmax(logits):
    m = logits.max(axis=-1, keepdims=True)
    ex = np.exp(logits - m)
    return ex / np.sum(ex, axis=-1)

# %% student-softmax-axis-one: softmax loses 2a.softmax 2a.extreme
def softmax(logits):
    t = torch.tensor(logits)
    return torch.softmax(t, dim=1).numpy()

# %% student-softmax-rows-by-a-loop: softmax loses 2a.softmax 2a.extreme is softmax/row-by-row
def softmax(logits):
    res = np.zeros_like(logits)
    for i in range(logits.shape[0]):
        shifted = logits[i] - logits[i].max()
        res[i] = np.exp(shifted) / np.exp(shifted).sum()
    return res

# %% student-model-state-first: CharRNN loses 2b.forward 2b.state is CharRNN/swapped
class CharRNN(torch.nn.Module):
    def __init__(self, vocab_size=512, embedding_dim=128, hidden_size=64):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocab_size, embedding_dim)
        self.rnn = torch.nn.RNN(embedding_dim, hidden_size, batch_first=True)
        self.output = torch.nn.Linear(hidden_size, vocab_size)

    def forward(self, tokens, h=None):
        emb = self.embedding(tokens)
        states, last = self.rnn(emb, h)
        return last, self.output(states)

# %% student-model-last-step-squeezed: CharRNN loses 2b.forward is CharRNN/logits-of-last-step
class CharRNN(torch.nn.Module):
    def __init__(self, vocab_size=512, embedding_dim=128, hidden_size=64):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocab_size, embedding_dim)
        self.rnn = torch.nn.RNN(embedding_dim, hidden_size, batch_first=True)
        self.output = torch.nn.Linear(hidden_size, vocab_size)

    def forward(self, tokens, h=None):
        states, last = self.rnn(self.embedding(tokens), h)
        return self.output(states[:, -1, :]), last

# %% student-model-head-called-fc: CharRNN loses 2b.layers 2b.forward 2b.state
class CharRNN(torch.nn.Module):
    def __init__(self, vocab_size=512, embedding_dim=128, hidden_size=64):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocab_size, embedding_dim)
        self.rnn = torch.nn.RNN(embedding_dim, hidden_size, batch_first=True)
        self.fc = torch.nn.Linear(hidden_size, vocab_size)

    def forward(self, tokens, h=None):
        states, last = self.rnn(self.embedding(tokens), h)
        return self.fc(states), last

# %% student-model-unused-layer: CharRNN loses 2b.layers
class CharRNN(torch.nn.Module):
    def __init__(self, vocab_size=512, embedding_dim=128, hidden_size=64):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocab_size, embedding_dim)
        self.rnn = torch.nn.RNN(embedding_dim, hidden_size, batch_first=True)
        self.hidden = torch.nn.Linear(hidden_size, hidden_size)
        self.output = torch.nn.Linear(hidden_size, vocab_size)

    def forward(self, tokens, h=None):
        states, last = self.rnn(self.embedding(tokens), h)
        return self.output(states), last

# %% student-model-always-from-zeros: CharRNN loses 2b.state is CharRNN/state-ignored
class CharRNN(torch.nn.Module):
    def __init__(self, vocab_size=512, embedding_dim=128, hidden_size=64):
        super().__init__()
        self.hidden_size = hidden_size
        self.embedding = torch.nn.Embedding(vocab_size, embedding_dim)
        self.rnn = torch.nn.RNN(embedding_dim, hidden_size, batch_first=True)
        self.output = torch.nn.Linear(hidden_size, vocab_size)

    def forward(self, tokens, h=None):
        h = torch.zeros(1, tokens.shape[0], self.hidden_size)
        out, h = self.rnn(self.embedding(tokens), h)
        return self.output(out), h

# %% student-counts-total-with-one-bias: parameter_count loses 2b.counts:rnn is parameter_count/one-rnn-bias
def parameter_count(vocab_size, embedding_dim, hidden_size):
    V, E, H = vocab_size, embedding_dim, hidden_size
    return {"embedding": V * E, "rnn": H * (E + H + 1), "output": V * (H + 1)}

# %% student-counts-other-keys: parameter_count loses 2b.counts:rnn
def parameter_count(vocab_size, embedding_dim, hidden_size):
    counts = {"embedding": vocab_size * embedding_dim}
    counts["RNN"] = hidden_size * (embedding_dim + hidden_size + 2)
    counts["output"] = (hidden_size + 1) * vocab_size
    return counts

# %% student-unrolling-h0-from-the-end: rnn_forward loses 2c.memory is rnn_forward/h0-ignored
def rnn_forward(x, h0, W_x, W_h, b_h):
    N, T, _ = x.shape
    hs = np.zeros((N, T, h0.shape[1]))
    for t in range(T):
        hs[:, t] = np.tanh(hs[:, t - 1] @ W_h + x[:, t] @ W_x + b_h)
    return hs

# %% student-unrolling-loops-over-the-batch: rnn_forward loses 2c.values 2c.length 2c.memory is rnn_forward/carried-from-row-to-row
def rnn_forward(x, h0, W_x, W_h, b_h):
    states = []
    h = h0[0]
    for seq in x:
        row = []
        for e_t in seq:
            h = np.tanh(h @ W_h + e_t @ W_x + b_h)
            row.append(h)
        states.append(row)
    return np.array(states)

# %% student-unrolling-list-of-steps: rnn_forward loses 2c.values 2c.length 2c.memory is rnn_forward/time-first
def rnn_forward(x, h0, W_x, W_h, b_h):
    hidden_states = []
    h = h0
    for step in range(x.shape[1]):
        h = np.tanh(np.matmul(x[:, step, :], W_x) + np.matmul(h, W_h) + b_h)
        hidden_states.append(h)
    return np.array(hidden_states)

# %% student-unrolling-states-and-last: rnn_forward loses 2c.values 2c.length 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    h, out = h0, []
    for t in range(x.shape[1]):
        h = rnn_cell_forward(x[:, t], h, W_x, W_h, b_h)
        out.append(h)
    return np.stack(out, 1), h

# %% student-unrolling-numpy-rows-for-steps: rnn_forward loses 2c.values 2c.length 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    H = W_h.shape[0]
    out = np.empty((x.shape[0], x.shape[1], H))
    prev = h0.copy()
    for t in range(x.shape[1]):
        for j in range(H):
            prev[:, j] = np.tanh(x[:, t] @ W_x[:, j] + prev @ W_h[:, j] + b_h[j])
        out[:, t] = prev
    return out

# %% student-pairs-roll-each-window: next_token_pairs loses 3a.pairs is next_token_pairs/rolled-in-each-window
def next_token_pairs(tokens, seq_len):
    n_windows = (len(tokens) - 1) // seq_len
    X = np.array(tokens[: n_windows * seq_len]).reshape(n_windows, seq_len)
    Y = np.roll(X, -1, axis=1)
    return X, Y

# %% student-pairs-lone-array: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    M = (len(tokens) - 1) // seq_len
    windows = [tokens[i * seq_len : i * seq_len + seq_len + 1] for i in range(M)]
    return np.array(windows).reshape(M, seq_len + 1)

# %% student-pairs-in-a-dict: next_token_pairs loses 3a.pairs
def next_token_pairs(tokens, seq_len):
    M = (len(tokens) - 1) // seq_len
    x = tokens[: M * seq_len].reshape(M, seq_len)
    y = tokens[1 : M * seq_len + 1].reshape(M, seq_len)
    return {"inputs": x, "targets": y}

# %% student-pairs-list-of-pairs: next_token_pairs loses 3a.pairs is next_token_pairs/pair-by-pair
def next_token_pairs(tokens, seq_len):
    pairs = []
    for i in range(0, len(tokens) - seq_len, seq_len):
        pairs.append((tokens[i : i + seq_len], tokens[i + 1 : i + 1 + seq_len]))
    return pairs

# %% student-loss-padding-mask: cross_entropy loses 3a.loss 3a.extreme is cross_entropy/padding-masked
def cross_entropy(logits, targets):
    targets = np.asarray(targets)
    m = logits.max(-1, keepdims=True)
    logp = logits - m - np.log(np.exp(logits - m).sum(-1, keepdims=True))
    nll = -np.take_along_axis(logp, targets[..., None], -1)[..., 0]
    mask = (targets != 0).astype(float)
    return float((nll * mask).sum() / max(mask.sum(), 1.0))

# %% student-loss-no-keepdims: cross_entropy loses 3a.loss 3a.extreme is cross_entropy/no-keepdims
def cross_entropy(logits, targets):
    shifted = logits - logits.max(axis=-1)
    logp = shifted - np.log(np.exp(shifted).sum(axis=-1))
    flat = logp.reshape(-1, logits.shape[-1])
    return -flat[np.arange(len(flat)), np.ravel(targets)].mean()

# %% student-loss-torch-functional-sum: cross_entropy loses 3a.loss is cross_entropy/sum
def cross_entropy(logits, targets):
    lg = torch.as_tensor(np.asarray(logits)).reshape(-1, logits.shape[-1])
    tg = torch.as_tensor(np.asarray(targets)).reshape(-1)
    return torch.nn.functional.cross_entropy(lg, tg, reduction="sum").item()

# %% student-loss-probability-of-wrong-classes: cross_entropy loses 3a.loss 3a.extreme is cross_entropy/every-token-scored
def cross_entropy(logits, targets):
    p = softmax(logits)
    V = logits.shape[-1]
    onehot = np.eye(V)[targets]
    return -np.mean(np.sum(onehot * np.log(p + 1e-9) + (1 - onehot) * np.log(1 - p + 1e-9), axis=-1))

# %% student-loss-one-hot-mean-over-all: cross_entropy loses 3a.loss 3a.extreme is cross_entropy/mean-over-vocabulary
def cross_entropy(logits, targets):
    m = np.max(logits, axis=-1, keepdims=True)
    log_p = (logits - m) - np.log(np.sum(np.exp(logits - m), axis=-1, keepdims=True))
    one_hot = np.eye(logits.shape[-1])[targets]
    return float(np.mean(-one_hot * log_p))

# %% student-perplexity-of-the-average-word: perplexity loses 3a.perplexity is perplexity/base-two
def perplexity(loss):
    return math.pow(2, loss)

# %% student-perplexity-nats-to-bits: perplexity loses 3a.perplexity is perplexity/multiplied-by-ln-2
def perplexity(loss):
    return 2 ** (loss * math.log(2))

# %% student-backward-one-less-h-squared: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h is rnn_cell_backward/one-less-h-squared
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dtanh = (1 - h_t) ** 2 * dh_t
    return dtanh @ W_x.T, dtanh @ W_h.T, x_t.T @ dtanh, h_prev.T @ dtanh, dtanh.sum(0)

# %% student-backward-bias-mean: rnn_cell_backward loses 3b.db_h is rnn_cell_backward/bias-averaged
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dz = dh_t * (1 - h_t * h_t)
    dx = np.einsum("nh,eh->ne", dz, W_x)
    dh = np.einsum("nh,kh->nk", dz, W_h)
    dWx = np.einsum("ne,nh->eh", x_t, dz)
    dWh = np.einsum("nk,nh->kh", h_prev, dz)
    return dx, dh, dWx, dWh, np.mean(dz, axis=0)

# %% student-backward-weights-first: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h is rnn_cell_backward/weights-first
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    delta = dh_t * (1 - np.square(h_t))
    dWx = x_t.T.dot(delta)
    dWh = h_prev.T.dot(delta)
    db = delta.sum(axis=0)
    return dWx, dWh, delta.dot(W_x.T), delta.dot(W_h.T), db

# %% student-backward-dict: rnn_cell_backward loses 3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dz = dh_t * (1 - h_t**2)
    return dict(dx=dz @ W_x.T, dh_prev=dz @ W_h.T, dW_x=x_t.T @ dz, dW_h=h_prev.T @ dz, db=dz.sum(0))

# %% student-backward-last-row-by-a-loop: rnn_cell_backward loses 3b.dW_x 3b.dW_h 3b.db_h is rnn_cell_backward/last-row-alone
def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    dx, dh = np.zeros_like(x_t), np.zeros_like(h_prev)
    for n in range(len(x_t)):
        dz = dh_t[n] * (1 - h_t[n] ** 2)
        dx[n], dh[n] = W_x @ dz, W_h @ dz
        dWx, dWh, db = np.outer(x_t[n], dz), np.outer(h_prev[n], dz), dz
    return dx, dh, dWx, dWh, db

# %% student-bptt-last-state-for-h0: bptt loses 3c.recurrent is bptt/last-state-for-h0
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    N, T, E = x.shape
    hs = rnn_forward(x, h0, W_x, W_h, b_h)
    logits = hs @ W_y + b_y
    loss = cross_entropy(logits, targets)
    d = softmax(logits)
    for n in range(N):
        for t in range(T):
            d[n, t, targets[n, t]] -= 1
    d /= N * T
    dW_y = np.tensordot(hs, d, axes=([0, 1], [0, 1]))
    dx, dW_x, dW_h, db = np.zeros_like(x), np.zeros_like(W_x), np.zeros_like(W_h), np.zeros_like(b_h)
    dh_next = np.zeros_like(h0)
    for t in range(T - 1, -1, -1):
        dz = (d[:, t] @ W_y.T + dh_next) * (1 - hs[:, t] ** 2)
        dW_x += x[:, t].T @ dz
        dW_h += hs[:, t - 1].T @ dz
        db += dz.sum(axis=0)
        dx[:, t] = dz @ W_x.T
        dh_next = dz @ W_h.T
    return loss, {"x": dx, "h0": dh_next, "W_x": dW_x, "W_h": dW_h, "b_h": db, "W_y": dW_y, "b_y": d.sum((0, 1))}

# %% student-bptt-clips-to-five: bptt loses 3c.recurrent 3c.inputs is bptt/entries-clipped
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    hs = rnn_forward(x, h0, W_x, W_h, b_h)
    y = hs @ W_y + b_y
    loss = cross_entropy(y, targets)
    N, T, V = y.shape
    dy = (softmax(y) - np.eye(V)[targets]) / (N * T)
    g = {k: np.zeros_like(v) for k, v in dict(x=x, h0=h0, W_x=W_x, W_h=W_h, b_h=b_h, W_y=W_y, b_y=b_y).items()}
    g["W_y"] = np.einsum("nth,ntv->hv", hs, dy)
    g["b_y"] = dy.sum(axis=(0, 1))
    carry = np.zeros_like(h0)
    for t in reversed(range(T)):
        before = h0 if t == 0 else hs[:, t - 1]
        dx, carry, dWx, dWh, db = rnn_cell_backward(dy[:, t] @ W_y.T + carry, x[:, t], before, hs[:, t], W_x, W_h)
        g["x"][:, t] = dx
        g["W_x"] += dWx
        g["W_h"] += dWh
        g["b_h"] += db
    g["h0"] = carry
    for k in g:
        np.clip(g[k], -5, 5, out=g[k])
    return loss, g

# %% student-bptt-output-bias-mean: bptt loses 3c.output is bptt/b_y-averaged
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    hs = rnn_forward(x, h0, W_x, W_h, b_h)
    scores = hs @ W_y + b_y
    N, T, V = scores.shape
    ds = (softmax(scores) - np.eye(V)[targets]) / (N * T)
    grads = {"W_y": hs.reshape(N * T, -1).T @ ds.reshape(N * T, V), "b_y": ds.mean(axis=0).sum(axis=0)}
    grads.update({"W_x": 0, "W_h": 0, "b_h": 0, "x": np.zeros(x.shape)})
    back = np.zeros(h0.shape)
    for t in range(T)[::-1]:
        prev = hs[:, t - 1] if t > 0 else h0
        dx, back, a, b, c = rnn_cell_backward(ds[:, t] @ W_y.T + back, x[:, t], prev, hs[:, t], W_x, W_h)
        grads["x"][:, t] = dx
        grads["W_x"] = grads["W_x"] + a
        grads["W_h"] = grads["W_h"] + b
        grads["b_h"] = grads["b_h"] + c
    grads["h0"] = back
    return cross_entropy(scores, targets), grads

# %% student-bptt-gradients-first: bptt loses 3c.loss 3c.output 3c.recurrent 3c.inputs is bptt/swapped
_bptt = bptt

def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    loss, grads = _bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y)
    return grads, loss

# %% student-bptt-forgets-the-tanh-of-the-last-step: bptt loses 3c.recurrent 3c.inputs is bptt/no-slope-at-the-last-step
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    N, T, _ = x.shape
    hs = rnn_forward(x, h0, W_x, W_h, b_h)
    logits = hs @ W_y + b_y
    dl = (softmax(logits) - np.eye(W_y.shape[1])[targets]) / (N * T)
    dz = np.zeros_like(hs)
    dz[:, -1] = dl[:, -1] @ W_y.T
    for t in range(T - 2, -1, -1):
        dz[:, t] = (dl[:, t] @ W_y.T + dz[:, t + 1] @ W_h.T) * (1 - hs[:, t] ** 2)
    prev = np.concatenate([h0[:, None], hs[:, :-1]], axis=1)
    return cross_entropy(logits, targets), {
        "x": dz @ W_x.T, "h0": dz[:, 0] @ W_h.T,
        "W_x": np.einsum("nte,nth->eh", x, dz), "W_h": np.einsum("ntk,nth->kh", prev, dz),
        "b_h": dz.sum((0, 1)), "W_y": np.einsum("nth,ntv->hv", hs, dl), "b_y": dl.sum((0, 1)),
    }  # fmt: skip

# %% student-bptt-targets-of-all-rows: bptt loses 3c.output 3c.recurrent 3c.inputs is bptt/targets-of-every-row
def bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y):
    N, T, E = x.shape
    hs = rnn_forward(x, h0, W_x, W_h, b_h)
    logits = hs @ W_y + b_y
    loss = cross_entropy(logits, targets)
    dl = softmax(logits)
    for t in range(T):
        dl[:, t, targets[:, t]] -= 1
    dl /= N * T
    g = {"x": np.zeros_like(x), "W_x": 0.0, "W_h": 0.0, "b_h": 0.0}
    dh = np.zeros_like(h0)
    for t in reversed(range(T)):
        hp = h0 if t == 0 else hs[:, t - 1]
        g["x"][:, t], dh, a, b, c = rnn_cell_backward(dl[:, t] @ W_y.T + dh, x[:, t], hp, hs[:, t], W_x, W_h)
        g["W_x"], g["W_h"], g["b_h"] = g["W_x"] + a, g["W_h"] + b, g["b_h"] + c
    g["h0"] = dh
    g["W_y"] = np.einsum("nth,ntv->hv", hs, dl)
    g["b_y"] = dl.sum((0, 1))
    return loss, g

# %% student-clipping-entries-to-five: clip_gradients loses 3c.clipping is clip_gradients/each-entry
def clip_gradients(grads, max_norm):
    clipped = {}
    for name in grads:
        clipped[name] = np.clip(grads[name], -max_norm, max_norm)
    return clipped

# %% student-clipping-one-norm-per-array: clip_gradients loses 3c.clipping is clip_gradients/each-array
def clip_gradients(grads, max_norm):
    out = {}
    for k, g in grads.items():
        nrm = math.sqrt((g**2).sum())
        out[k] = g * (max_norm / nrm) if nrm > max_norm else g.copy()
    return out

# %% student-clipping-norm-of-norms-forgets-root: clip_gradients loses 3c.clipping is clip_gradients/squared-norm
def clip_gradients(grads, max_norm):
    total = 0.0
    for g in grads.values():
        total += np.linalg.norm(g) ** 2
    if total > max_norm:
        return {k: v * max_norm / total for k, v in grads.items()}
    return dict(grads)

# %% student-clipping-returns-nothing-when-small: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
    if norm > max_norm:
        return {k: g * max_norm / norm for k, g in grads.items()}

# %% student-clipping-torch-in-place: clip_gradients loses 3c.clipping
def clip_gradients(grads, max_norm):
    norm = np.sqrt(sum(float((g * g).sum()) for g in grads.values()))
    if norm > max_norm:
        for g in grads.values():
            g *= max_norm / norm
    return grads

# %% student-sampler-ignores-both: sample_token loses 4a.temperature 4a.greedy 4a.top_k is sample_token/settings-ignored
def sample_token(logits, rng, temperature=1.0, top_k=None):
    p = softmax(logits)
    return int(rng.choice(len(logits), p=p))

# %% student-sampler-cumsum-one-late: sample_token loses 4a.distribution 4a.temperature 4a.top_k is sample_token/one-id-further-up-to-the-last
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return int(np.argmax(logits))
    z = np.asarray(logits, dtype=float) / temperature
    if top_k is not None and top_k < len(z):
        cut = np.sort(z)[-top_k]
        z = np.where(z < cut, -np.inf, z)
    cdf = np.cumsum(softmax(z))
    u = rng.random()
    for i, c in enumerate(cdf):
        if u < c:
            return min(i + 1, len(z) - 1)
    return len(z) - 1

# %% student-sampler-top-k-torch: sample_token loses 4a.top_k is sample_token/top-k-above-vocabulary
def sample_token(logits, rng, temperature=1.0, top_k=None):
    z = torch.tensor(logits)
    if temperature == 0:
        return int(z.argmax())
    z = z / temperature
    if top_k:
        vals, idx = torch.topk(z, top_k)
        p = torch.softmax(vals, 0).numpy()
        return int(idx[rng.choice(top_k, p=p / p.sum())])
    p = torch.softmax(z, 0).numpy()
    return int(rng.choice(len(p), p=p / p.sum()))

# %% student-sampler-top-k-partition: sample_token loses 4a.top_k is sample_token/top-k-above-vocabulary
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return int(np.argmax(logits))
    z = logits / temperature
    if top_k is not None:
        threshold = np.partition(z, -top_k)[-top_k]
        z = np.where(z >= threshold, z, -np.inf)
    return int(rng.choice(len(z), p=softmax(z)))

# %% student-sampler-python-random: sample_token loses 4a.generator is sample_token/another-generator
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return int(np.argmax(logits))
    z = np.array(logits) / temperature
    ids = list(range(len(z)))
    if top_k is not None:
        ids = [int(i) for i in np.argsort(z)[::-1][:top_k]]
    w = softmax(z[ids])
    return random.choices(ids, weights=w)[0]

# %% student-sampler-array-of-one: sample_token loses 4a.distribution 4a.temperature 4a.greedy 4a.top_k 4a.generator
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.argmax(logits, keepdims=True)
    z = logits / temperature
    if top_k is not None:
        z = np.where(z >= np.sort(z)[-min(top_k, len(z))], z, -np.inf)
    return rng.choice(len(z), size=1, p=softmax(z))

# %% student-generate-temperature-twice: generate loses 4b.state is generate/temperature-twice
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    h = np.zeros((1, W_h.shape[0]))
    for p in prompt:
        h = rnn_cell_forward(W_e[p : p + 1], h, W_x, W_h, b_h)
    result = []
    while len(result) < length:
        z = (h @ W_y + b_y)[0]
        if temperature > 0:
            z = z / temperature
        nxt = sample_token(z, rng, temperature=temperature, top_k=top_k)
        result.append(nxt)
        h = rnn_cell_forward(W_e[nxt : nxt + 1], h, W_x, W_h, b_h)
    return result

# %% student-generate-settings-not-passed-on: generate loses 4b.state is generate/settings-not-passed-on
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    state = np.zeros(len(b_h))
    for tok in prompt:
        state = np.tanh(W_e[tok] @ W_x + state @ W_h + b_h)
    text = []
    for _ in range(length):
        tok = sample_token(state @ W_y + b_y, rng)
        text.append(tok)
        state = np.tanh(W_e[tok] @ W_x + state @ W_h + b_h)
    return text

# %% student-generate-whole-text-as-array: generate loses 4b.prompt is generate/prompt-returned
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    ids = [int(p) for p in prompt]
    for _ in range(length):
        h = np.zeros((1, len(b_h)))
        for i in ids:
            h = np.tanh(h @ W_h + W_e[[i]] @ W_x + b_h)
        ids.append(int(sample_token((h @ W_y + b_y)[0], rng, temperature=temperature, top_k=top_k)))
    return ids

# %% student-generate-only-last-prompt-token: generate loses 4b.prompt is generate/last-token-alone
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    h = np.zeros((1, len(b_h)))
    cur = prompt[-1]
    generated = []
    for _ in range(length):
        h = np.tanh(np.dot(h, W_h) + np.dot(W_e[cur][None, :], W_x) + b_h)
        cur = sample_token((np.dot(h, W_y) + b_y).ravel(), rng, temperature=temperature, top_k=top_k)
        generated.append(cur)
    return generated

# %% student-generate-resets-each-step: generate loses 4b.state is generate/reset-at-each-draw
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    states = rnn_forward(W_e[list(prompt)][None], np.zeros((1, len(b_h))), W_x, W_h, b_h)
    h = states[:, -1]
    toks = []
    for _ in range(length):
        t = sample_token((h @ W_y + b_y)[0], rng, temperature=temperature, top_k=top_k)
        toks.append(t)
        h = rnn_cell_forward(W_e[[t]], np.zeros_like(h), W_x, W_h, b_h)
    return toks

# %% student-generate-returns-logits-too: generate loses 4b.prompt 4b.state
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    h = np.zeros((1, len(b_h)))
    for p in prompt:
        h = rnn_cell_forward(W_e[[p]], h, W_x, W_h, b_h)
    out = []
    for _ in range(length):
        nxt = sample_token((h @ W_y + b_y)[0], rng, temperature=temperature, top_k=top_k)
        out.append(nxt)
        h = rnn_cell_forward(W_e[[nxt]], h, W_x, W_h, b_h)
    return out, h

# %% student-generate-greedy-argmax: generate loses 4b.state is generate/always-the-likeliest
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    h = np.zeros((1, len(b_h)))
    for p in prompt:
        h = rnn_cell_forward(W_e[[p]], h, W_x, W_h, b_h)
    out = []
    for _ in range(length):
        nxt = int(np.argmax(h @ W_y + b_y))
        out.append(nxt)
        h = rnn_cell_forward(W_e[[nxt]], h, W_x, W_h, b_h)
    return out

# %% student-generate-feeds-the-prompt-again: generate loses 4b.state
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    h = np.zeros((1, len(b_h)))
    for p in prompt:
        h = rnn_cell_forward(W_e[[p]], h, W_x, W_h, b_h)
    new = []
    for i in range(length):
        new.append(sample_token((h @ W_y + b_y)[0], rng, temperature=temperature, top_k=top_k))
        h = rnn_cell_forward(W_e[[prompt[i % len(prompt)]]], h, W_x, W_h, b_h)
    return new
