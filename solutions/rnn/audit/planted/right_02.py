# Right ways to write the stubs of Task 02, in other styles.

# %% cell-by-loops: rnn_cell_forward
import math

def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    out = np.empty((len(x_t), len(b_h)))
    for n in range(out.shape[0]):
        for j in range(out.shape[1]):
            z = float(b_h[j])
            for e in range(x_t.shape[1]):
                z += float(x_t[n, e]) * float(W_x[e, j])
            for i in range(h_prev.shape[1]):
                z += float(h_prev[n, i]) * float(W_h[i, j])
            out[n, j] = math.tanh(z)
    return out

# %% cell-in-torch: rnn_cell_forward
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    x_t, h_prev, W_x, W_h, b_h = map(torch.as_tensor, (x_t, h_prev, W_x, W_h, b_h))
    return torch.tanh(torch.cat([h_prev, x_t], 1) @ torch.cat([W_h, W_x]) + b_h).numpy()

# %% cell-in-float32: rnn_cell_forward
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    x_t, h_prev, W_x, W_h, b_h = (a.astype(np.float32) for a in (x_t, h_prev, W_x, W_h, b_h))
    return np.tanh(h_prev @ W_h + x_t @ W_x + b_h)

# %% cell-by-einsum: rnn_cell_forward
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    z = np.einsum("ne,eh->nh", x_t, W_x) + np.einsum("ni,ij->nj", h_prev, W_h)
    z += b_h
    return np.tanh(z, out=z)

# %% cell-in-columns: rnn_cell_forward
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.tanh(W_h.T @ h_prev.T + W_x.T @ x_t.T + b_h[:, None]).T

# %% cell-by-an-object: rnn_cell_forward
class Cell:
    def __init__(self, W_x, W_h, b_h):
        self.weights = np.vstack([W_x, W_h, b_h[None]])

    def step(self, x_t, h_prev):
        ones = np.ones((len(x_t), 1))
        return np.tanh(np.hstack([x_t, h_prev, ones]) @ self.weights)

def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return Cell(W_x, W_h, b_h).step(x_t, h_prev)

# %% softmax-through-its-logarithm: softmax
def softmax(logits):
    z = logits - np.max(logits, axis=-1, keepdims=True)
    return np.exp(z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True)))

# %% softmax-in-torch-float32: softmax
def softmax(logits):
    return torch.softmax(torch.tensor(logits, dtype=torch.float32), dim=-1)

# %% softmax-row-by-row: softmax
def softmax(logits):
    def one(row):
        e = np.exp(row - row.max())
        return e / (e.sum() + 1e-12)

    return np.apply_along_axis(one, -1, logits).tolist()

# %% softmax-by-logaddexp: softmax
def softmax(logits):
    logits = np.asarray(logits)
    return np.exp(logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True))

# %% softmax-by-recursion: softmax
def softmax(logits):
    logits = np.asarray(logits)
    if logits.ndim > 1:
        return np.stack([softmax(row) for row in logits])
    e = np.exp(logits - max(logits))
    return e / sum(e)

# %% softmax-with-the-last-axis-moved: softmax
def softmax(logits):
    z = np.moveaxis(np.array(logits), -1, 0)
    e = np.exp(z - z.max(axis=0))
    return np.moveaxis(e / e.sum(axis=0), 0, -1)

# %% model-with-dropout: CharRNN
class CharRNN(nn.Module):
    def __init__(self, vocab_size=512, embedding_dim=128, hidden_size=64):
        super().__init__()
        self.hidden_size = hidden_size
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.RNN(embedding_dim, hidden_size, 1, "tanh", batch_first=True)
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(hidden_size, vocab_size)

    def forward(self, tokens, h=None):
        if h is None:
            h = torch.zeros(1, tokens.shape[0], self.hidden_size)
        states, h = self.rnn(self.dropout(self.embedding(tokens)), h)
        return self.output(self.dropout(states)), h.detach()

# %% model-of-layers-of-its-own: CharRNN
class _Recurrent(nn.RNN):
    def __init__(self, inputs, units):
        super().__init__(inputs, units, batch_first=True)

class _Output(nn.Linear):
    pass

class CharRNN(nn.Module):
    def __init__(self, vocab_size=512, embedding_dim=128, hidden_size=64):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = _Recurrent(embedding_dim, hidden_size)
        self.output = _Output(hidden_size, vocab_size)

    def forward(self, tokens, h=None):
        states, h = self.rnn(self.embedding(tokens), h)
        return self.output(states), h

# %% model-step-by-step-in-double: CharRNN
class CharRNN(nn.Module):
    def __init__(self, V=512, E=128, H=64):
        super().__init__()
        self.output = nn.Linear(H, V)
        self.rnn = nn.RNN(E, H, batch_first=True)
        self.embedding = nn.Embedding(V, E)
        self.double()

    def forward(self, tokens, h=None):
        logits = []
        for t in range(tokens.shape[1]):
            states, h = self.rnn(self.embedding(tokens[:, t : t + 1]), h)
            logits.append(self.output(states))
        return [torch.cat(logits, dim=1), h]

# %% model-by-hand-from-its-weights: CharRNN
class CharRNN(nn.Module):
    def __init__(self, vocab_size: int = 512, embedding_dim: int = 128, hidden_size: int = 64):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.RNN(input_size=embedding_dim, hidden_size=hidden_size, batch_first=True)
        self.output = nn.Linear(hidden_size, vocab_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.1, 0.1)

    def forward(self, tokens, h=None):
        W_x, W_h, b_x, b_h = self.rnn.all_weights[0]
        x = nn.functional.embedding(tokens, self.embedding.weight)
        h = torch.zeros(len(x), W_h.shape[0]) if h is None else h.squeeze(0)
        states = []
        for e in x.unbind(dim=1):
            h = torch.tanh(e @ W_x.T + b_x + h @ W_h.T + b_h)
            states.append(h)
        logits = nn.functional.linear(torch.stack(states, 1), self.output.weight, self.output.bias)
        return logits, h[None]

# %% counts-of-numpy-ints: parameter_count
def parameter_count(V, E, H):
    rnn = sum(np.prod(shape) for shape in ((E, H), (H, H), (H,), (H,)))
    return {"output": np.int64(V * (H + 1)), "embedding": np.prod((V, E)), "rnn": rnn, "sum": 0}

# %% counts-of-a-built-model: parameter_count
def parameter_count(vocab_size, embedding_dim, hidden_size):
    model = CharRNN(vocab_size, embedding_dim, hidden_size)
    return {
        name: sum(parameter.numel() for parameter in layer.parameters())
        for name, layer in model.named_children()
    }

# %% unrolling-into-an-array: rnn_forward
def rnn_forward(x, h0, W_x, W_h, b_h):
    states = np.empty((*x.shape[:2], h0.shape[-1]))
    fed = np.einsum("nte,eh->nth", x, W_x) + b_h
    for t in range(x.shape[1]):
        states[:, t] = np.tanh(fed[:, t] + (states[:, t - 1] if t else h0) @ W_h)
    return states

# %% unrolling-in-torch-float32: rnn_forward
def rnn_forward(x, h0, W_x, W_h, b_h):
    x, h, W_x, W_h, b_h = (torch.tensor(a, dtype=torch.float32) for a in (x, h0, W_x, W_h, b_h))
    states = []
    for x_t in x.unbind(1):
        h = torch.tanh(h @ W_h + x_t @ W_x + b_h)
        states.append(h)
    return torch.stack(states, 1)

# %% unrolling-row-by-row: rnn_forward
def rnn_forward(x, h0, W_x, W_h, b_h):
    rows = []
    for row, h in zip(x, h0, strict=True):
        states = []
        for x_t in row:
            h = np.tanh(h @ W_h + x_t @ W_x + b_h)
            states.append(h)
        rows.append(states)
    return rows

# %% unrolling-by-recursion: rnn_forward
def rnn_forward(x, h0, W_x, W_h, b_h):
    if x.shape[1] == 1:
        return rnn_cell_forward(x[:, 0], h0, W_x, W_h, b_h)[:, None]
    half = x.shape[1] // 2
    first = rnn_forward(x[:, :half], h0, W_x, W_h, b_h)
    second = rnn_forward(x[:, half:], first[:, -1], W_x, W_h, b_h)
    return np.concatenate([first, second], axis=1)

# %% unrolling-by-accumulate: rnn_forward
from itertools import accumulate

def rnn_forward(x, h0, W_x, W_h, b_h):
    inputs = np.swapaxes(x, 0, 1)
    step = lambda h, e: rnn_cell_forward(e, h, W_x, W_h, b_h)
    return np.stack(list(accumulate(inputs, step, initial=h0))[1:], axis=1)

# %% unrolling-by-nn-rnn: rnn_forward
def rnn_forward(x, h0, W_x, W_h, b_h):
    rnn = nn.RNN(W_x.shape[0], W_h.shape[0], batch_first=True, dtype=torch.float64)
    weights = {"weight_ih_l0": W_x.T, "weight_hh_l0": W_h.T, "bias_ih_l0": b_h}
    weights["bias_hh_l0"] = np.zeros(len(b_h))
    rnn.load_state_dict({name: torch.tensor(np.array(w)) for name, w in weights.items()})
    with torch.no_grad():
        states, _ = rnn(torch.tensor(x, dtype=torch.float64), torch.tensor(h0, dtype=torch.float64)[None])
    return states
