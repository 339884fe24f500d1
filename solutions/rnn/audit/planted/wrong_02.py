# Single mistakes in the stubs of Task 02.

def _model(rnn=None, forward=None, output=None, **also):
    """A right CharRNN but for what is passed: layers as functions of (V, E, H)."""

    class CharRNN(nn.Module):
        def __init__(self, vocab_size=512, embedding_dim=128, hidden_size=64):
            super().__init__()
            sizes = vocab_size, embedding_dim, hidden_size
            self.embedding = nn.Embedding(vocab_size, embedding_dim)
            self.rnn = (rnn or (lambda V, E, H: nn.RNN(E, H, batch_first=True)))(*sizes)
            self.output = (output or (lambda V, E, H: nn.Linear(H, V)))(*sizes)
            for name, layer in also.items():
                setattr(self, name, layer(*sizes))

    def right(self, tokens, h=None):
        states, h = self.rnn(self.embedding(tokens), h)
        return self.output(states), h

    CharRNN.forward = forward or right
    return CharRNN


_right = {"cell": rnn_cell_forward, "softmax": softmax, "unroll": rnn_forward, "count": parameter_count}

# %% cell-w_x-transposed-where-it-fits: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    W = W_x.T if W_x.shape[0] == W_x.shape[1] else W_x
    return np.tanh(h_prev @ W_h + x_t @ W + b_h)

# %% cell-with-an-axis-more: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.tanh(h_prev @ W_h + x_t @ W_x + b_h)[None]

# %% cell-squeezed: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.squeeze(np.tanh(h_prev @ W_h + x_t @ W_x + b_h))

# %% cell-returns-old-state: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return h_prev

# %% cell-overwrites-old-state: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    h_prev[:] = np.tanh(h_prev @ W_h + x_t @ W_x + b_h)
    return h_prev

# %% cell-bias-subtracted: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.tanh(h_prev @ W_h + x_t @ W_x - b_h)

# %% cell-arctan: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.arctan(h_prev @ W_h + x_t @ W_x + b_h)

# %% cell-hard-tanh: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.clip(h_prev @ W_h + x_t @ W_x + b_h, -1, 1)

# %% cell-half-of-the-old-state: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return 0.5 * h_prev + 0.5 * np.tanh(h_prev @ W_h + x_t @ W_x + b_h)

# %% cell-mean-of-the-terms: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.tanh((h_prev @ W_h + x_t @ W_x + b_h) / 3)

# %% cell-only-the-diagonal-of-w_h: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.tanh(h_prev * np.diag(W_h) + x_t @ W_x + b_h)

# %% cell-product-of-the-terms: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.tanh((h_prev @ W_h) * (x_t @ W_x) + b_h)

# %% cell-clipped-early: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.tanh(np.clip(h_prev @ W_h + x_t @ W_x + b_h, -1, 1))

# %% cell-without-activation-of-large-sums: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    z = h_prev @ W_h + x_t @ W_x + b_h
    return z - z**3 / 3

# %% cell-rows-averaged: rnn_cell_forward loses 2a.cell
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    h = np.tanh(h_prev @ W_h + x_t @ W_x + b_h)
    return np.tile(h.mean(axis=0), (len(h), 1))

# %% softmax-nan-for-minus-infinity: softmax loses 2a.extreme
def softmax(logits):
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    e = np.exp(shifted + 0 * logits)
    return e / e.sum(axis=-1, keepdims=True)

# %% softmax-uniform: softmax loses 2a.softmax 2a.extreme
def softmax(logits):
    return np.ones(np.shape(logits)) / np.shape(logits)[-1]

# %% softmax-one-hot: softmax loses 2a.softmax 2a.extreme
def softmax(logits):
    return (logits == np.max(logits, axis=-1, keepdims=True)).astype(float)

# %% softmax-shifts-in-place: softmax loses 2a.softmax
def softmax(logits):
    logits -= np.max(logits, axis=-1, keepdims=True)
    e = np.exp(logits)
    return e / e.sum(axis=-1, keepdims=True)

# %% softmax-of-halves: softmax loses 2a.softmax 2a.extreme
def softmax(logits):
    return _right["softmax"](np.asarray(logits) / 2)

# %% softmax-one-added-to-the-sum: softmax loses 2a.softmax 2a.extreme
def softmax(logits):
    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return e / (1 + e.sum(axis=-1, keepdims=True))

# %% softmax-large-epsilon: softmax loses 2a.softmax 2a.extreme
def softmax(logits):
    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return e / (e.sum(axis=-1, keepdims=True) + 1e-3)

# %% softmax-of-squares: softmax loses 2a.softmax 2a.extreme
def softmax(logits):
    return _right["softmax"](np.square(logits))

# %% softmax-by-norm: softmax loses 2a.softmax 2a.extreme
def softmax(logits):
    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return e / np.linalg.norm(e, axis=-1, keepdims=True)

# %% softmax-two-axes-at-most: softmax loses 2a.softmax 2a.extreme
def softmax(logits):
    logits = np.atleast_2d(logits)
    e = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)

# %% softmax-large-become-nothing: softmax loses 2a.extreme
def softmax(logits):
    return np.nan_to_num(np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True))

# %% softmax-shifted-by-first: softmax loses 2a.extreme
def softmax(logits):
    e = np.exp(logits - np.asarray(logits)[..., :1])
    return e / e.sum(axis=-1, keepdims=True)

# %% softmax-minus-infinity-as-zero: softmax loses 2a.extreme
def softmax(logits):
    return _right["softmax"](np.where(np.isinf(logits), 0.0, logits))

# %% model-relu: CharRNN loses 2b.layers is CharRNN/relu
CharRNN = _model(rnn=lambda V, E, H: nn.RNN(E, H, batch_first=True, nonlinearity="relu"))

# %% model-time-first: CharRNN loses 2b.layers 2b.state is CharRNN/time-first
CharRNN = _model(rnn=lambda V, E, H: nn.RNN(E, H))

# %% model-lstm: CharRNN loses 2b.layers 2b.forward 2b.state is CharRNN/lstm
CharRNN = _model(rnn=lambda V, E, H: nn.LSTM(E, H, batch_first=True))

# %% model-gru: CharRNN loses 2b.layers 2b.forward 2b.state is CharRNN/gru
CharRNN = _model(rnn=lambda V, E, H: nn.GRU(E, H, batch_first=True))

# %% model-two-layers: CharRNN loses 2b.layers is CharRNN/two-layers
CharRNN = _model(rnn=lambda V, E, H: nn.RNN(E, H, num_layers=2, batch_first=True))

# %% model-without-rnn-bias: CharRNN loses 2b.layers is CharRNN/no-rnn-bias
CharRNN = _model(rnn=lambda V, E, H: nn.RNN(E, H, bias=False, batch_first=True))

# %% model-without-output-bias: CharRNN loses 2b.layers is CharRNN/no-output-bias
CharRNN = _model(output=lambda V, E, H: nn.Linear(H, V, bias=False))

# %% model-hidden-as-large-as-embedding: CharRNN loses 2b.layers is CharRNN/hidden-as-large-as-embedding
CharRNN = _model(
    rnn=lambda V, E, H: nn.RNN(E, E, batch_first=True), output=lambda V, E, H: nn.Linear(E, V)
)

# %% model-embedding-as-large-as-hidden: CharRNN loses 2b.layers is CharRNN/embedding-as-large-as-hidden
_Narrow = _model(rnn=lambda V, E, H: nn.RNN(H, H, batch_first=True))

def CharRNN(vocab_size=512, embedding_dim=128, hidden_size=64):
    model = _Narrow(vocab_size, embedding_dim, hidden_size)
    model.embedding = nn.Embedding(vocab_size, hidden_size)
    return model

# %% model-sizes-swapped: CharRNN loses 2b.layers is CharRNN/sizes-swapped
_Swapped = _model()

def CharRNN(vocab_size=512, embedding_dim=128, hidden_size=64):
    return _Swapped(vocab_size, hidden_size, embedding_dim)

# %% model-probabilities: CharRNN loses 2b.forward is CharRNN/probabilities
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return torch.softmax(self.output(states), dim=-1), h

CharRNN = _model(forward=_forward)

# %% model-log-probabilities: CharRNN loses 2b.forward is CharRNN/log-probabilities
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return nn.functional.log_softmax(self.output(states), dim=-1), h

CharRNN = _model(forward=_forward)

# %% model-logits-of-last-step: CharRNN loses 2b.forward is CharRNN/logits-of-last-step
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return self.output(states[:, -1]), h

CharRNN = _model(forward=_forward)

# %% model-relu-before-output: CharRNN loses 2b.forward is CharRNN/relu-before-output
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return self.output(torch.relu(states)), h

CharRNN = _model(forward=_forward)

# %% model-tanh-before-output: CharRNN loses 2b.forward is CharRNN/tanh-before-output
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return self.output(torch.tanh(states)), h

CharRNN = _model(forward=_forward)

# %% model-state-ignored: CharRNN loses 2b.state is CharRNN/state-ignored
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens))
    return self.output(states), h

CharRNN = _model(forward=_forward)

# %% model-state-not-moved: CharRNN loses 2b.state is CharRNN/state-not-moved
def _forward(self, tokens, h=None):
    if h is None:
        h = torch.zeros(1, len(tokens), self.rnn.hidden_size)
    return self.output(self.rnn(self.embedding(tokens), h)[0]), h

CharRNN = _model(forward=_forward)

# %% model-all-states: CharRNN loses 2b.state is CharRNN/all-states-for-the-last
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return self.output(states), states

CharRNN = _model(forward=_forward)

# %% model-state-without-layers: CharRNN loses 2b.state is CharRNN/state-without-layers
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return self.output(states), h[0]

CharRNN = _model(forward=_forward)

# %% model-state-batch-first: CharRNN loses 2b.state is CharRNN/state-batch-first
def _forward(self, tokens, h=None):
    states, _ = self.rnn(self.embedding(tokens), h)
    return self.output(states), states[:, -1:]

CharRNN = _model(forward=_forward)

# %% model-other-defaults: CharRNN loses 2b.layers
_Right = _model()

def CharRNN(vocab_size=256, embedding_dim=128, hidden_size=64):
    return _Right(vocab_size, embedding_dim, hidden_size)

# %% model-one-layer-more: CharRNN loses 2b.layers
CharRNN = _model(extra=lambda V, E, H: nn.Linear(H, H))

# %% model-both-directions: CharRNN loses 2b.layers 2b.forward 2b.state
CharRNN = _model(
    rnn=lambda V, E, H: nn.RNN(E, H, batch_first=True, bidirectional=True),
    output=lambda V, E, H: nn.Linear(2 * H, V),
)

# %% model-linear-for-embedding: CharRNN loses 2b.layers
def _forward(self, tokens, h=None):
    states, h = self.rnn(nn.functional.embedding(tokens, self.embedding.weight), h)
    return self.output(states), h

class _Table(nn.Linear):
    """A linear layer without bias, whose weights are taken for a table."""

def CharRNN(vocab_size=512, embedding_dim=128, hidden_size=64):
    model = _model(forward=_forward)(vocab_size, embedding_dim, hidden_size)
    model.embedding = _Table(embedding_dim, vocab_size, bias=False)
    return model

# %% model-zero-logits: CharRNN loses 2b.forward
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return torch.zeros(*tokens.shape, self.output.out_features), h

CharRNN = _model(forward=_forward)

# %% model-logits-scaled: CharRNN loses 2b.forward
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return self.output(states) / self.rnn.hidden_size**0.5, h

CharRNN = _model(forward=_forward)

# %% model-logits-time-first: CharRNN loses 2b.forward
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return self.output(states).transpose(0, 1), h

CharRNN = _model(forward=_forward)

# %% model-logits-flat: CharRNN loses 2b.forward
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return self.output(states).flatten(0, 1), h

CharRNN = _model(forward=_forward)

# %% model-reads-backwards: CharRNN loses 2b.forward 2b.state
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens.flip(1)), h)
    return self.output(states.flip(1)), h

CharRNN = _model(forward=_forward)

# %% model-keeps-its-state: CharRNN loses 2b.state
def _forward(self, tokens, h=None):
    states, self.h = self.rnn(self.embedding(tokens), getattr(self, "h", None) if h is None else h)
    return self.output(states), self.h

CharRNN = _model(forward=_forward)

# %% model-returns-no-state: CharRNN loses 2b.state
def _forward(self, tokens, h=None):
    return self.output(self.rnn(self.embedding(tokens), h)[0]), None

CharRNN = _model(forward=_forward)

# %% model-zero-state: CharRNN loses 2b.state
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return self.output(states), 0 * h

CharRNN = _model(forward=_forward)

# %% model-halves-a-given-state: CharRNN loses 2b.state
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), None if h is None else h / 2)
    return self.output(states), h

CharRNN = _model(forward=_forward)

# %% model-logits-without-the-given-state: CharRNN loses 2b.state
def _forward(self, tokens, h=None):
    embedded = self.embedding(tokens)
    return self.output(self.rnn(embedded)[0]), self.rnn(embedded, h)[1]

CharRNN = _model(forward=_forward)

# %% model-logits-alone: CharRNN loses 2b.layers 2b.forward 2b.state
def _forward(self, tokens, h=None):
    return self.output(self.rnn(self.embedding(tokens), h)[0])

CharRNN = _model(forward=_forward)

# %% model-state-and-logits-swapped: CharRNN loses 2b.forward 2b.state is CharRNN/swapped
def _forward(self, tokens, h=None):
    states, h = self.rnn(self.embedding(tokens), h)
    return h, self.output(states)

CharRNN = _model(forward=_forward)

# %% counts-without-rnn: parameter_count loses 2b.counts:rnn
def parameter_count(V, E, H):
    return {"embedding": V * E, "output": H * V + V}

# %% counts-in-a-tuple: parameter_count loses 2b.counts:embedding 2b.counts:rnn 2b.counts:output
def parameter_count(V, E, H):
    return V * E, E * H + H * H + 2 * H, H * V + V

# %% counts-as-floats: parameter_count loses 2b.counts:embedding 2b.counts:rnn 2b.counts:output
def parameter_count(V, E, H):
    return {"embedding": 1.0 * V * E, "rnn": 1.0 * (E * H + H * H + 2 * H), "output": H * V + V * 1.0}

# %% counts-four-gates: parameter_count loses 2b.counts:rnn
def parameter_count(V, E, H):
    return _right["count"](V, E, H) | {"rnn": 4 * (E * H + H * H + 2 * H)}

# %% counts-bias-of-inputs: parameter_count loses 2b.counts:rnn
def parameter_count(V, E, H):
    return _right["count"](V, E, H) | {"rnn": E * H + H * H + E + H}

# %% counts-output-two-biases: parameter_count loses 2b.counts:output
def parameter_count(V, E, H):
    return _right["count"](V, E, H) | {"output": H * V + 2 * V}

# %% counts-embedding-squared: parameter_count loses 2b.counts:embedding
def parameter_count(V, E, H):
    return _right["count"](V, E, H) | {"embedding": V * V}

# %% counts-embedding-and-output-swapped: parameter_count loses 2b.counts:embedding 2b.counts:output
def parameter_count(V, E, H):
    right = _right["count"](V, E, H)
    return right | {"embedding": right["output"], "output": right["embedding"]}

# %% unrolling-squeezed: rnn_forward loses 2c.length
def rnn_forward(x, h0, W_x, W_h, b_h):
    states = _right["unroll"](x, h0, W_x, W_h, b_h)
    return states[:, 0] if x.shape[1] == 1 else states

# %% unrolling-without-batch-of-one: rnn_forward loses 2c.length
def rnn_forward(x, h0, W_x, W_h, b_h):
    states = _right["unroll"](x, h0, W_x, W_h, b_h)
    return states[0] if len(x) == 1 else states

# %% unrolling-100-steps-at-most: rnn_forward loses 2c.length
def rnn_forward(x, h0, W_x, W_h, b_h):
    states = _right["unroll"](x, h0, W_x, W_h, b_h)
    states[:, 100:] = 0
    return states

# %% unrolling-zeros: rnn_forward loses 2c.values 2c.length 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    return np.zeros((*x.shape[:2], h0.shape[1]))

# %% unrolling-writes-into-h0: rnn_forward loses 2c.values
def rnn_forward(x, h0, W_x, W_h, b_h):
    states = []
    for t in range(x.shape[1]):
        h0[:] = np.tanh(h0 @ W_h + x[:, t] @ W_x + b_h)
        states.append(h0.copy())
    return np.stack(states, axis=1)

# %% unrolling-the-same-array: rnn_forward loses 2c.values 2c.length 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    h, states = h0.copy(), []
    for t in range(x.shape[1]):
        h[:] = np.tanh(h @ W_h + x[:, t] @ W_x + b_h)
        states.append(h)
    return np.stack(states, axis=1)

# %% unrolling-state-fades: rnn_forward loses 2c.values 2c.length 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.tanh(0.9 * h @ W_h + x[:, t] @ W_x + b_h)
        states.append(h)
    return np.stack(states, axis=1)

# %% unrolling-residual: rnn_forward loses 2c.values 2c.length 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    states = _right["unroll"](x, h0, W_x, W_h, b_h)
    return states + np.concatenate([h0[:, None], states[:, :-1]], axis=1) / 2

# %% unrolling-inputs-one-late: rnn_forward loses 2c.values 2c.length 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    return _right["unroll"](np.concatenate([0 * x[:, :1], x[:, :-1]], axis=1), h0, W_x, W_h, b_h)

# %% unrolling-first-input-again: rnn_forward loses 2c.values 2c.length 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    return _right["unroll"](np.repeat(x[:, :1], x.shape[1], axis=1), h0, W_x, W_h, b_h)

# %% unrolling-one-step-short: rnn_forward loses 2c.values 2c.length 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    states = np.zeros((*x.shape[:2], h0.shape[1]))
    states[:, :-1] = _right["unroll"](x, h0, W_x, W_h, b_h)[:, :-1]
    return states

# %% unrolling-goes-on-where-it-stopped: rnn_forward loses 2c.memory
_last = {}

def rnn_forward(x, h0, W_x, W_h, b_h):
    key = x.shape, W_h.tobytes()
    start = h0 if h0.any() else _last.get(key, h0)
    states = _right["unroll"](x, start, W_x, W_h, b_h)
    if not h0.any():
        _last[key] = states[:, -1]
    return states

# %% unrolling-goes-on-in-one-global: rnn_forward loses 2c.memory
_kept = None

def rnn_forward(x, h0, W_x, W_h, b_h):
    global _kept
    if _kept is None or _kept.shape != h0.shape or h0.any():
        _kept = h0
    states = _right["unroll"](x, _kept, W_x, W_h, b_h)
    _kept = states[:, -1]
    return states

# %% unrolling-h0-added-at-the-end: rnn_forward loses 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    return _right["unroll"](x, 0 * h0, W_x, W_h, b_h) + h0[:, None]

# %% unrolling-h0-negated: rnn_forward loses 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    return _right["unroll"](x, -h0, W_x, W_h, b_h)

# %% unrolling-h0-through-a-tanh: rnn_forward loses 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    return _right["unroll"](x, np.tanh(h0), W_x, W_h, b_h)

# %% unrolling-h0-instead-of-first-step: rnn_forward loses 2c.values 2c.length 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    states = [h0]
    for t in range(1, x.shape[1]):
        states.append(np.tanh(states[-1] @ W_h + x[:, t] @ W_x + b_h))
    return np.stack(states, axis=1)

# %% unrolling-all-states-in-one-axis: rnn_forward loses 2c.values 2c.length 2c.memory
def rnn_forward(x, h0, W_x, W_h, b_h):
    return _right["unroll"](x, h0, W_x, W_h, b_h).reshape(-1, h0.shape[1])

# %% unrolling-own-cell-without-tanh: rnn_forward loses 2c.values 2c.length 2c.memory is rnn_cell_forward/no-tanh
def rnn_forward(x, h0, W_x, W_h, b_h):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = h @ W_h + x[:, t] @ W_x + b_h
        states.append(h)
    return np.stack(states, axis=1)

# %% unrolling-own-cell-without-bias: rnn_forward loses 2c.values 2c.length 2c.memory is rnn_cell_forward/no-bias
def rnn_forward(x, h0, W_x, W_h, b_h):
    h, states = h0, []
    for t in range(x.shape[1]):
        h = np.tanh(h @ W_h + x[:, t] @ W_x)
        states.append(h)
    return np.stack(states, axis=1)
