# Right ways to write the stubs of Task 03, in other styles.

# %% stack-step-by-step: stacked_forward
def stacked_forward(x, h0, layers):
    h = [state.copy() for state in h0]
    outputs = []
    for t in range(x.shape[1]):
        below = x[:, t]
        for index, (W_x, W_h, b_h) in enumerate(layers):
            h[index] = np.tanh(below @ W_x + h[index] @ W_h + b_h)
            below = h[index]
        outputs.append(below)
    return np.stack(outputs, axis=1), np.array(h)

# %% stack-in-torch: stacked_forward
import torch

def stacked_forward(x, h0, layers):
    N, T, E = x.shape
    L, _, H = h0.shape
    kind = torch.as_tensor(x).dtype
    rnn = torch.nn.RNN(E, H, num_layers=L, batch_first=True, dtype=kind)
    with torch.no_grad():
        for index, (W_x, W_h, b_h) in enumerate(layers):
            getattr(rnn, f"weight_ih_l{index}").copy_(torch.tensor(W_x.T.copy()))
            getattr(rnn, f"weight_hh_l{index}").copy_(torch.tensor(W_h.T.copy()))
            getattr(rnn, f"bias_ih_l{index}").copy_(torch.tensor(b_h))
            getattr(rnn, f"bias_hh_l{index}").zero_()
        return rnn(torch.tensor(x), torch.tensor(h0))

# %% stack-by-recursion: stacked_forward
def stacked_forward(x, h0, layers):
    W_x, W_h, b_h = layers[0]
    states, h = [], h0[0]
    for t in range(len(x[0])):
        h = np.tanh(x[:, t].dot(W_x) + h.dot(W_h) + b_h)
        states += [h]
    states = np.swapaxes(np.array(states), 0, 1)
    if len(layers) == 1:
        return [states, h[None]]
    outputs, above = stacked_forward(states, h0[1:], layers[1:])
    return [outputs, np.concatenate([h[None], above])]

# %% stack-into-arrays: stacked_forward
def stacked_forward(x, h0, layers):
    L, N, H = h0.shape
    h_T = np.zeros_like(h0)
    for l in range(L):
        W_x, W_h, b_h = layers[l]
        out = np.zeros((N, x.shape[1], H), dtype=x.dtype)
        h_T[l] = h0[l]
        for t in range(x.shape[1]):
            out[:, t] = np.tanh(np.einsum("ne,eh->nh", x[:, t], W_x) + h_T[l] @ W_h + b_h)
            h_T[l] = out[:, t]
        x = out
    return x, h_T

# %% both-row-by-row: bidirectional_forward
def bidirectional_forward(x, lengths, forward, backward):
    N, T, _ = x.shape
    H = forward[1].shape[0]
    out = np.zeros((N, T, 2 * H))
    for n in range(N):
        steps = range(lengths[n])
        for half, net, order in ((0, forward, steps), (1, backward, reversed(steps))):
            W_x, W_h, b_h = net
            h = np.zeros(H)
            for t in order:
                h = np.tanh(x[n, t] @ W_x + h @ W_h + b_h)
                out[n, t, half * H : (half + 1) * H] = h
    return out

# %% both-by-packing-in-torch: bidirectional_forward
import torch

def bidirectional_forward(x, lengths, forward, backward):
    N, T, E = x.shape
    kind = torch.as_tensor(x).dtype
    rnn = torch.nn.RNN(E, len(forward[2]), batch_first=True, bidirectional=True, dtype=kind)
    with torch.no_grad():
        for end, (W_x, W_h, b_h) in (("", forward), ("_reverse", backward)):
            getattr(rnn, "weight_ih_l0" + end).copy_(torch.tensor(W_x.T.copy()))
            getattr(rnn, "weight_hh_l0" + end).copy_(torch.tensor(W_h.T.copy()))
            getattr(rnn, "bias_ih_l0" + end).copy_(torch.tensor(b_h))
            getattr(rnn, "bias_hh_l0" + end).zero_()
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            torch.tensor(x), torch.tensor(lengths), batch_first=True, enforce_sorted=False
        )
        states, _ = rnn(packed)
        return torch.nn.utils.rnn.pad_packed_sequence(states, batch_first=True, total_length=T)[0]

# %% both-by-turning-each-row: bidirectional_forward
def bidirectional_forward(x, lengths, forward, backward):
    T = x.shape[1]
    turned = np.stack([np.concatenate([row[:n][::-1], row[n:]]) for row, n in zip(x, lengths)])
    zeros = np.zeros((1, len(x), len(forward[2])), dtype=x.dtype)
    one, _ = stacked_forward(x, zeros, [forward])
    other, _ = stacked_forward(turned, zeros, [backward])
    other = np.stack([np.concatenate([row[:n][::-1], row[n:]]) for row, n in zip(other, lengths)])
    return np.dstack([one, other]) * (np.arange(T) < np.array(lengths)[:, None])[..., None]

# %% both-with-masked-states: bidirectional_forward
def bidirectional_forward(x, lengths, forward, backward):
    N, T, _ = x.shape
    mask = (np.arange(T)[None] < np.asarray(lengths)[:, None]).astype(x.dtype)

    def run(order, W_x, W_h, b_h):
        h = np.zeros((N, W_h.shape[0]), dtype=x.dtype)
        out = [None] * T
        for t in order:
            h = np.tanh(x[:, t] @ W_x + h @ W_h + b_h) * mask[:, t : t + 1]
            out[t] = h
        return np.stack(out, 1)

    # Padding is read too, but what it leaves behind is zero again.
    return np.concatenate([run(range(T), *forward), run(range(T - 1, -1, -1), *backward)], axis=-1)

# %% sentiment-by-packing: SentimentRNN
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

class SentimentRNN(nn.Module):
    def __init__(self, vocab_size=10000, embedding_dim=128, hidden_size=256, num_layers=2, num_classes=2):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=0)
        self.rnn = nn.RNN(embedding_dim, hidden_size, num_layers=num_layers, batch_first=True, dropout=0.3 if num_layers > 1 else 0)
        self.fc = nn.Linear(hidden_size, num_classes)

    def forward(self, tokens, lengths=None):
        x = self.embedding(tokens)
        if lengths is not None:
            x = pack_padded_sequence(x, lengths.cpu(), batch_first=True, enforce_sorted=False)
        _, h_n = self.rnn(x)
        return self.fc(h_n[-1])

# %% sentiment-by-gather: SentimentRNN
import torch
from torch import nn

class SentimentRNN(nn.Module):
    def __init__(self, vocab_size=10000, embedding_dim=128, hidden_size=256, num_layers=2, num_classes=2):
        super().__init__()
        self.fc = nn.Linear(hidden_size, num_classes)
        self.embedding = nn.Embedding(num_embeddings=vocab_size, embedding_dim=embedding_dim)
        self.rnn = nn.RNN(embedding_dim, hidden_size, num_layers, nonlinearity="tanh", batch_first=True)
        self.drop = nn.Dropout(0.5)

    def forward(self, tokens, lengths=None):
        N, T = tokens.size()
        if lengths is None:
            lengths = torch.full((N,), T)
        h0 = torch.zeros(self.rnn.num_layers, N, self.rnn.hidden_size)
        out = self.fc(self.drop(self.rnn(self.embedding(tokens), h0)[0]))
        index = (lengths - 1).view(N, 1, 1).expand(N, 1, out.size(2))
        return out.gather(1, index).squeeze(1)

# %% sentiment-row-by-row-in-double: SentimentRNN
import torch
from torch import nn

class SentimentRNN(nn.Module):
    def __init__(self, vocab_size=10000, embedding_dim=128, hidden_size=256, num_layers=2, num_classes=2):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim)
        self.rnn = nn.RNN(embedding_dim, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, num_classes)
        self.double()

    def forward(self, tokens, lengths=None):
        rows = []
        for n, row in enumerate(tokens):
            end = len(row) if lengths is None else int(lengths[n])
            states, _ = self.rnn(self.embedding(row[:end])[None])
            rows.append(self.fc(states[0, -1]))
        return torch.stack(rows)

# %% sentiment-of-layers-of-its-own: SentimentRNN
import torch
from torch import nn

class Reader(nn.RNN):
    def last(self, x, lengths):
        states = self(x)[0]
        N, T, _ = states.shape
        at = torch.arange(T) == (T if lengths is None else lengths[:, None]) - 1
        return (states * at.view(-1, T, 1)).sum(1)

class SentimentRNN(nn.Module):
    def __init__(self, V=10000, E=128, H=256, L=2, K=2):
        super(SentimentRNN, self).__init__()
        self.embedding, self.rnn = nn.Embedding(V, E), Reader(E, H, L, batch_first=True)
        self.fc = nn.Linear(H, K)

    def forward(self, tokens, lengths=None):
        return self.fc(self.rnn.last(self.embedding(tokens), lengths))

# %% masked-by-loops: masked_cross_entropy
import math

def masked_cross_entropy(logits, targets, lengths):
    total = count = 0
    for n, length in enumerate(lengths):
        for t in range(length):
            row = [float(v) for v in logits[n, t]]
            top = max(row)
            total += top + math.log(sum(math.exp(v - top) for v in row)) - row[targets[n, t]]
            count += 1
    return total / count

# %% masked-in-torch-with-ignored-targets: masked_cross_entropy
import torch

def masked_cross_entropy(logits, targets, lengths):
    z, y = torch.tensor(logits), torch.tensor(targets).clone()
    y[torch.arange(y.shape[1]) >= torch.tensor(lengths)[:, None]] = -100
    return torch.nn.functional.cross_entropy(z.transpose(1, 2), y, ignore_index=-100).item()

# %% masked-with-safe-targets: masked_cross_entropy
from scipy.special import logsumexp

def masked_cross_entropy(logits, targets, lengths):
    mask = (np.arange(targets.shape[1])[None, :] < lengths[:, None]).astype(float)
    safe = np.clip(targets, 0, logits.shape[-1] - 1)
    losses = logsumexp(logits, axis=-1) - np.take_along_axis(logits, safe[..., None], -1)[..., 0]
    return (losses * mask).sum() / mask.sum()

# %% masked-row-after-row: masked_cross_entropy
def masked_cross_entropy(logits, targets, lengths):
    z = np.concatenate([row[:n] for row, n in zip(logits, lengths)]).astype(np.float64)
    y = np.concatenate([row[:n] for row, n in zip(targets, lengths)])
    log_p = z - np.logaddexp.reduce(z, axis=-1, keepdims=True)
    return np.mean(-log_p[np.arange(len(y)), y])

# %% dropout-by-uniforms: dropout
def dropout(x, p, rng, training=True):
    if not training or p == 0:
        return np.array(x), np.ones_like(x, dtype=bool)
    keep = rng.uniform(size=np.shape(x)) > p
    return x * keep / (1 - p), keep

# %% dropout-by-binomials-as-numbers: dropout
def dropout(x, p, rng, training=True):
    mask = rng.binomial(1, 1 - p, size=x.shape) if training else np.ones(x.shape, dtype=int)
    return [np.multiply(x, mask) / (1.0 - p if training else 1.0), mask]

# %% dropout-by-choice: dropout
def dropout(x, p, rng, training=True):
    mask = rng.choice([True, False], size=x.shape, p=[1 - p, p])
    if not training:
        mask[...] = True
        return x, mask
    y = np.zeros_like(x)
    y[mask] = x[mask] / (1 - p)
    return y, mask

# %% dropout-entry-by-entry: dropout
def dropout(x, p, rng, training=True):
    mask, y = np.full(x.shape, True), np.array(x, copy=True)
    if training:
        for at in np.ndindex(x.shape):
            mask[at] = rng.random() >= p
            y[at] = x[at] / (1 - p) if mask[at] else 0
    return y, mask

# %% dropout-by-torch: dropout
import torch

def dropout(x, p, rng, training=True):
    made = torch.Generator().manual_seed(int(rng.integers(1 << 40)))
    keep = torch.rand(x.shape, generator=made, dtype=torch.float64) >= p
    if not training:
        keep = torch.ones_like(keep)
        return torch.tensor(x), keep
    return torch.where(keep, torch.tensor(x) / (1 - p), torch.zeros((), dtype=torch.tensor(x).dtype)), keep

# %% dropout-back-as-a-product: dropout_backward
def dropout_backward(dy, mask, p):
    return dy * mask / (1 - p)

# %% dropout-back-in-place-on-a-copy: dropout_backward
def dropout_backward(dy, mask, p):
    dx = dy.copy()
    dx[~mask] = 0
    dx /= 1 - p
    return dx

# %% dropout-back-in-torch: dropout_backward
import torch

def dropout_backward(dy, mask, p):
    return torch.as_tensor(dy).masked_fill(~torch.as_tensor(mask), 0).div(1 - p)

# %% dropout-back-by-lists: dropout_backward
def dropout_backward(dy, mask, p):
    if np.ndim(dy) > 1:
        return [dropout_backward(a, b, p) for a, b in zip(dy, mask)]
    return [g / (1 - p) if m else 0.0 for g, m in zip(dy, mask)]
