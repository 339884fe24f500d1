# Single mistakes in the stubs of Task 03 that the library does not know.

import torch
from torch import nn

_right = {"stack": stacked_forward, "both": bidirectional_forward, "loss": masked_cross_entropy}
_right |= {"dropout": dropout, "back": dropout_backward}


def _model(rnn=None, forward=None, fc=None, embedding=None, **also):
    """A right SentimentRNN but for what is passed: layers as functions of (V, E, H, L, K)."""

    class SentimentRNN(nn.Module):
        def __init__(self, vocab_size=10000, embedding_dim=128, hidden_size=256, num_layers=2, num_classes=2):
            super().__init__()
            sizes = vocab_size, embedding_dim, hidden_size, num_layers, num_classes
            self.embedding = (embedding or (lambda V, E, H, L, K: nn.Embedding(V, E)))(*sizes)
            self.rnn = (rnn or (lambda V, E, H, L, K: nn.RNN(E, H, L, batch_first=True)))(*sizes)
            self.fc = (fc or (lambda V, E, H, L, K: nn.Linear(H, K)))(*sizes)
            for name, layer in also.items():
                setattr(self, name, layer(*sizes))

    def right(self, tokens, lengths=None):
        states, _ = self.rnn(self.embedding(tokens))
        N, T = tokens.shape
        lengths = torch.full((N,), T) if lengths is None else lengths
        return self.fc(states[torch.arange(N), lengths - 1])

    SentimentRNN.forward = forward or right
    SentimentRNN.right = right
    return SentimentRNN


# %% stack-same-weights-for-all: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    for h, _ in zip(h0, layers):
        W_x, W_h, b_h = layers[0] if x.shape[2] == layers[0][0].shape[0] else layers[1]
        states = []
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ W_x + h @ W_h + b_h)
            states.append(h)
        x = np.stack(states, 1)
    return x, np.stack([x[:, -1]] * len(layers))

# %% stack-last-of-previous-layer: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    last, h = [], h0[0]
    for W_x, W_h, b_h in layers:
        states = []
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ W_x + h @ W_h + b_h)
            states.append(h)
        x = np.stack(states, 1)
        last.append(h)
    return x, np.stack(last)

# %% stack-outputs-time-first: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    outputs, h_T = _right["stack"](x, h0, layers)
    return outputs.swapaxes(0, 1), h_T

# %% stack-h_T-is-h0: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    return _right["stack"](x, h0, layers)[0], h0

# %% stack-outputs-alone: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    return _right["stack"](x, h0, layers)[0]

# %% stack-all-states-for-last: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    outputs, h_T = _right["stack"](x, h0, layers)
    return outputs, np.stack([outputs] * len(layers))

# %% stack-reads-old-states: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    h, outputs = list(h0), []
    for t in range(x.shape[1]):
        before = list(h)
        for l, (W_x, W_h, b_h) in enumerate(layers):
            below = x[:, t] if l == 0 else before[l - 1]
            h[l] = np.tanh(below @ W_x + before[l] @ W_h + b_h)
        outputs.append(h[-1])
    return np.stack(outputs, 1), np.stack(h)

# %% stack-relu: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    last = []
    for (W_x, W_h, b_h), h in zip(layers, h0):
        states = []
        for t in range(x.shape[1]):
            h = np.maximum(x[:, t] @ W_x + h @ W_h + b_h, 0)
            states.append(h)
        x = np.stack(states, 1)
        last.append(h)
    return x, np.stack(last)

# %% stack-h0-overwritten: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    outputs, h_T = _right["stack"](x, h0.copy(), layers)
    h0[:] = h_T
    return outputs, h0

# %% stack-layers-used-up: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    answer = _right["stack"](x, h0, list(layers))
    layers.clear()
    return answer

# %% stack-two-layers-at-most: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    outputs, h_T = _right["stack"](x, h0[:2], layers[:2])
    return outputs, np.concatenate([h_T, h0[2:]])

# %% stack-top-skips-first-step: stacked_forward loses 3a.stacked
def stacked_forward(x, h0, layers):
    outputs, h_T = _right["stack"](x, h0, layers)
    return np.concatenate([h0[-1][:, None], outputs[:, :-1]], 1), h_T

# %% both-net-for-both: bidirectional_forward loses 3a.both 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    return _right["both"](x, lengths, forward, forward)

# %% both-nets-swapped: bidirectional_forward loses 3a.both 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    return _right["both"](x, lengths, backward, forward)

# %% both-a-pair: bidirectional_forward loses 3a.both 3a.padding is bidirectional_forward/stacked
def bidirectional_forward(x, lengths, forward, backward):
    return tuple(np.split(_right["both"](x, lengths, forward, backward), 2, axis=2))

# %% both-forward-alone: bidirectional_forward loses 3a.both 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    return _right["both"](x, lengths, forward, backward)[:, :, : len(forward[2])]

# %% both-last-states-alone: bidirectional_forward loses 3a.both 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    out = _right["both"](x, lengths, forward, backward)
    H = len(forward[2])
    return np.hstack([out[np.arange(len(x)), lengths - 1, :H], out[:, 0, H:]])

# %% both-backward-one-step-off: bidirectional_forward loses 3a.both 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    out, H = _right["both"](x, lengths, forward, backward), len(forward[2])
    out[:, :-1, H:] = out[:, 1:, H:]
    return out

# %% both-starts-backward-from-forward: bidirectional_forward loses 3a.both 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    out, H = _right["both"](x, lengths, forward, backward), len(forward[2])
    W_x, W_h, b_h = backward
    for n, length in enumerate(lengths):
        h = out[n, length - 1, :H]
        for t in reversed(range(length)):
            h = np.tanh(x[n, t] @ W_x + h @ W_h + b_h)
            out[n, t, H:] = h
    return out

# %% both-interleaved: bidirectional_forward loses 3a.both 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    one, other = np.split(_right["both"](x, lengths, forward, backward), 2, axis=2)
    return np.stack([one, other], axis=3).reshape(len(x), x.shape[1], -1)

# %% both-padding-of-forward-left: bidirectional_forward loses 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    out, H = _right["both"](x, lengths, forward, backward), len(forward[2])
    out[:, :, :H] = _right["both"](x, np.full(len(x), x.shape[1]), forward, backward)[:, :, :H]
    return out

# %% both-last-state-repeated-in-padding: bidirectional_forward loses 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    out = _right["both"](x, lengths, forward, backward)
    for n, length in enumerate(lengths):
        out[n, length:] = out[n, length - 1]
    return out

# %% both-length-of-first-row: bidirectional_forward loses 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    return _right["both"](x, np.full(len(x), lengths[0]), forward, backward)

# %% both-one-step-more: bidirectional_forward loses 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    return _right["both"](x, np.minimum(lengths + 1, x.shape[1]), forward, backward)

# %% both-sorted-rows-not-put-back: bidirectional_forward loses 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    order = np.argsort(-lengths, kind="stable")
    return _right["both"](x[order], lengths[order], forward, backward)

# %% both-nan-in-padding: bidirectional_forward loses 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    out = _right["both"](x, lengths, forward, backward)
    out[np.arange(x.shape[1]) >= np.asarray(lengths)[:, None]] = np.nan
    return out

# %% both-cut-to-longest: bidirectional_forward loses 3a.padding
def bidirectional_forward(x, lengths, forward, backward):
    return _right["both"](x, lengths, forward, backward)[:, : max(lengths)]

# %% both-lengths-overwritten: bidirectional_forward loses 3a.both
def bidirectional_forward(x, lengths, forward, backward):
    out = _right["both"](x, lengths, forward, backward)
    lengths -= 1
    return out

# %% both-padding-of-x-overwritten: bidirectional_forward loses 3a.both
def bidirectional_forward(x, lengths, forward, backward):
    out = _right["both"](x, lengths, forward, backward)
    x[np.arange(x.shape[1]) >= np.asarray(lengths)[:, None]] = 0
    return out

# %% sentiment-without-fc-bias: SentimentRNN loses 3b.layers
SentimentRNN = _model(fc=lambda V, E, H, L, K: nn.Linear(H, K, bias=False))

# %% sentiment-without-rnn-bias: SentimentRNN loses 3b.layers
SentimentRNN = _model(rnn=lambda V, E, H, L, K: nn.RNN(E, H, L, batch_first=True, bias=False))

# %% sentiment-two-layers-always: SentimentRNN loses 3b.layers
SentimentRNN = _model(rnn=lambda V, E, H, L, K: nn.RNN(E, H, 2, batch_first=True))

# %% sentiment-two-classes-always: SentimentRNN loses 3b.layers
SentimentRNN = _model(fc=lambda V, E, H, L, K: nn.Linear(H, 2))

# %% sentiment-layer-too-many: SentimentRNN loses 3b.layers
SentimentRNN = _model(spare=lambda V, E, H, L, K: nn.Linear(H, H))

# %% sentiment-one-token-more: SentimentRNN loses 3b.layers
SentimentRNN = _model(embedding=lambda V, E, H, L, K: nn.Embedding(V + 1, E))

# %% sentiment-other-name: SentimentRNN loses 3b.layers 3b.forward 3b.lengths
class SentimentRNN(nn.Module):
    def __init__(self, V=10000, E=128, H=256, L=2, K=2):
        super().__init__()
        self.embed, self.rnn, self.out = nn.Embedding(V, E), nn.RNN(E, H, L, batch_first=True), nn.Linear(H, K)

    def forward(self, tokens, lengths=None):
        states, _ = self.rnn(self.embed(tokens))
        at = torch.full((len(tokens),), tokens.shape[1]) if lengths is None else lengths
        return self.out(states[torch.arange(len(tokens)), at - 1])

# %% sentiment-other-defaults: SentimentRNN loses 3b.layers
class SentimentRNN(_model()):
    def __init__(self, V=10000, E=64, H=256, L=2, K=2):
        super().__init__(V, E, H, L, K)

# %% sentiment-detached: SentimentRNN loses 3b.forward 3b.lengths
def _forward(self, tokens, lengths=None):
    states, _ = self.rnn(self.embedding(tokens))
    at = torch.full((len(tokens),), tokens.shape[1]) if lengths is None else lengths
    return self.fc(states[torch.arange(len(tokens)), at - 1].detach())

SentimentRNN = _model(forward=_forward)

# %% sentiment-logits-of-all-steps: SentimentRNN loses 3b.forward 3b.lengths
def _forward(self, tokens, lengths=None):
    return self.fc(self.rnn(self.embedding(tokens))[0])

SentimentRNN = _model(forward=_forward)

# %% sentiment-with-the-state: SentimentRNN loses 3b.forward 3b.lengths
def _forward(self, tokens, lengths=None):
    return self.right(tokens, lengths), self.rnn(self.embedding(tokens))[1]

SentimentRNN = _model(forward=_forward)

# %% sentiment-largest-over-time: SentimentRNN loses 3b.forward 3b.lengths
def _forward(self, tokens, lengths=None):
    return self.fc(self.rnn(self.embedding(tokens))[0].max(dim=1).values)

SentimentRNN = _model(forward=_forward)

# %% sentiment-classes: SentimentRNN loses 3b.forward 3b.lengths
def _forward(self, tokens, lengths=None):
    return self.right(tokens, lengths).argmax(-1)

SentimentRNN = _model(forward=_forward)

# %% sentiment-squeezed: SentimentRNN loses 3b.forward 3b.lengths
def _forward(self, tokens, lengths=None):
    return self.right(tokens, lengths).squeeze()

SentimentRNN = _model(forward=_forward)

# %% sentiment-needs-lengths: SentimentRNN loses 3b.forward
def _forward(self, tokens, lengths=None):
    return self.right(tokens, lengths + 0)

SentimentRNN = _model(forward=_forward)

# %% sentiment-tokens-overwritten: SentimentRNN loses 3b.forward
def _forward(self, tokens, lengths=None):
    logits = self.right(tokens, lengths)
    tokens.zero_()
    return logits

SentimentRNN = _model(forward=_forward)

# %% sentiment-lengths-overwritten: SentimentRNN loses 3b.forward
def _forward(self, tokens, lengths=None):
    if lengths is not None:
        lengths = lengths.sub_(1).add(1)
    return self.right(tokens, lengths)

SentimentRNN = _model(forward=_forward)

# %% sentiment-zero-is-padding: SentimentRNN loses 3b.forward 3b.lengths
def _forward(self, tokens, lengths=None):
    return self.right(tokens, (tokens != 0).sum(1).clamp(min=1))

SentimentRNN = _model(forward=_forward)

# %% sentiment-rows-sorted: SentimentRNN loses 3b.lengths
def _forward(self, tokens, lengths=None):
    if lengths is None:
        return self.right(tokens)
    order = lengths.argsort(descending=True, stable=True)
    return self.right(tokens[order], lengths[order])

SentimentRNN = _model(forward=_forward)

# %% sentiment-masked-inputs: SentimentRNN loses 3b.lengths
def _forward(self, tokens, lengths=None):
    x = self.embedding(tokens)
    if lengths is not None:
        x = x * (torch.arange(x.shape[1]) < lengths[:, None])[..., None]
    return self.fc(self.rnn(x)[0][:, -1])

SentimentRNN = _model(forward=_forward)

# %% sentiment-mean-of-real-states: SentimentRNN loses 3b.lengths
def _forward(self, tokens, lengths=None):
    if lengths is None or bool((lengths == tokens.shape[1]).all()):
        return self.right(tokens)
    states = self.rnn(self.embedding(tokens))[0]
    mask = (torch.arange(states.shape[1]) < lengths[:, None])[..., None]
    return self.fc((states * mask).sum(1) / lengths[:, None])

SentimentRNN = _model(forward=_forward)

# %% sentiment-clamped-length: SentimentRNN loses 3b.lengths
def _forward(self, tokens, lengths=None):
    return self.right(tokens, None if lengths is None else lengths.clamp(min=min(2, tokens.shape[1])))

SentimentRNN = _model(forward=_forward)

# %% masked-targets-clipped-and-counted: masked_cross_entropy loses 3b.loss
def masked_cross_entropy(logits, targets, lengths):
    return _right["loss"](logits, np.clip(targets, 0, logits.shape[-1] - 1), np.full(len(logits), logits.shape[1]))

# %% masked-by-target-100: masked_cross_entropy loses 3b.loss
def masked_cross_entropy(logits, targets, lengths):
    V = logits.shape[-1]
    z = logits - logits.max(-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))
    real = targets != -100
    return float(-np.take_along_axis(log_p, (targets % V)[..., None], -1)[..., 0][real].mean())

# %% masked-indexes-before-masking: masked_cross_entropy loses 3b.loss
def masked_cross_entropy(logits, targets, lengths):
    z = logits - logits.max(-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))
    losses = -log_p[np.arange(len(z))[:, None], np.arange(z.shape[1]), targets]
    real = np.arange(z.shape[1]) < np.asarray(lengths)[:, None]
    return float((losses * real).sum() / real.sum())

# %% masked-an-array: masked_cross_entropy loses 3b.loss
def masked_cross_entropy(logits, targets, lengths):
    return np.array([_right["loss"](logits, targets, lengths)])

# %% masked-in-float16: masked_cross_entropy loses 3b.loss
def masked_cross_entropy(logits, targets, lengths):
    return float(_right["loss"](logits.astype(np.float16), targets, lengths))

# %% masked-longest-for-all: masked_cross_entropy loses 3b.loss
def masked_cross_entropy(logits, targets, lengths):
    safe = np.clip(targets, 0, logits.shape[-1] - 1)
    return _right["loss"](logits, safe, np.full(len(lengths), max(lengths)))

# %% masked-logits-overwritten: masked_cross_entropy loses 3b.loss
def masked_cross_entropy(logits, targets, lengths):
    logits -= logits.max(-1, keepdims=True)
    return _right["loss"](logits, targets, lengths)

# %% masked-targets-overwritten: masked_cross_entropy loses 3b.loss
def masked_cross_entropy(logits, targets, lengths):
    targets[np.arange(targets.shape[1]) >= lengths[:, None]] = 0
    return _right["loss"](logits, targets, lengths)

# %% masked-shifted-by-the-largest-of-all: masked_cross_entropy loses 3b.loss
def masked_cross_entropy(logits, targets, lengths):
    real = np.arange(logits.shape[1]) < np.asarray(lengths)[:, None]
    z = logits - logits.max()
    log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))
    return float(-log_p[real][np.arange(real.sum()), targets[real]].mean())

# %% masked-perplexity: masked_cross_entropy loses 3b.loss
def masked_cross_entropy(logits, targets, lengths):
    return float(np.exp(_right["loss"](logits, targets, lengths)))

# %% dropout-keeps-with-p: dropout loses 3c.mask
def dropout(x, p, rng, training=True):
    if not training or p == 0:
        return x.copy(), np.ones(x.shape, dtype=bool)
    mask = rng.random(x.shape) < p
    return x * mask / (1 - p), mask

# %% dropout-one-mask-for-all-rows: dropout loses 3c.mask
def dropout(x, p, rng, training=True):
    if not training:
        return x.copy(), np.ones(x.shape, dtype=bool)
    mask = np.broadcast_to(rng.random(x.shape[-1:]) >= p, x.shape).copy()
    return x * mask / (1 - p), mask

# %% dropout-whole-rows: dropout loses 3c.mask
def dropout(x, p, rng, training=True):
    if not training:
        return x.copy(), np.ones(x.shape, dtype=bool)
    rows = rng.random(x.shape[0]) >= p
    mask = np.broadcast_to(rows.reshape(-1, *[1] * (x.ndim - 1)), x.shape).copy()
    return x * mask / (1 - p), mask

# %% dropout-a-fixed-number: dropout loses 3c.mask
def dropout(x, p, rng, training=True):
    if not training:
        return x.copy(), np.ones(x.shape, dtype=bool)
    mask = np.ones(x.size, dtype=bool)
    mask[rng.permutation(x.size)[: int(round(p * x.size))]] = False
    mask = mask.reshape(x.shape)
    return x * mask / (1 - p), mask

# %% dropout-always-half: dropout loses 3c.mask
def dropout(x, p, rng, training=True):
    if not training or p == 0:
        return x.copy(), np.ones(x.shape, dtype=bool)
    mask = rng.random(x.shape) >= 0.5
    return x * mask / (1 - p), mask

# %% dropout-of-global-state: dropout loses 3c.mask
def dropout(x, p, rng, training=True):
    if not training:
        return x.copy(), np.ones(x.shape, dtype=bool)
    mask = np.random.random(x.shape) >= p
    return x * mask / (1 - p), mask

# %% dropout-of-a-seed: dropout loses 3c.mask
def dropout(x, p, rng, training=True):
    return _right["dropout"](x, p, np.random.default_rng(0), training)

# %% dropout-every-second: dropout loses 3c.mask
def dropout(x, p, rng, training=True):
    mask = (np.arange(x.size) % 2 == 0).reshape(x.shape)
    if not training or p == 0:
        mask |= True
    return x * mask / (1 - p if training else 1), mask

# %% dropout-pairs-of-entries: dropout loses 3c.mask
def dropout(x, p, rng, training=True):
    if not training:
        return x.copy(), np.ones(x.shape, dtype=bool)
    mask = np.repeat(rng.random(x.size // 2 + 1) >= p, 2)[: x.size].reshape(x.shape)
    return x * mask / (1 - p), mask

# %% dropout-opposite-mask: dropout loses 3c.mask 3c.off
def dropout(x, p, rng, training=True):
    y, mask = _right["dropout"](x, p, rng, training)
    return y, ~mask

# %% dropout-scaled-mask: dropout loses 3c.mask 3c.scale 3c.off
def dropout(x, p, rng, training=True):
    if not training:
        return x.copy(), np.ones(x.shape)
    mask = (rng.random(x.shape) >= p) / (1 - p)
    return x * mask, mask + 0.25

# %% dropout-y-alone: dropout loses 3c.mask 3c.scale 3c.off
def dropout(x, p, rng, training=True):
    return _right["dropout"](x, p, rng, training)[0]

# %% dropout-mask-first: dropout loses 3c.mask 3c.scale 3c.off
def dropout(x, p, rng, training=True):
    return _right["dropout"](x, p, rng, training)[::-1]

# %% dropout-never: dropout loses 3c.mask 3c.scale 3c.off
def dropout(x, p, rng, training=True):
    return x.copy(), np.ones(x.shape, dtype=bool)

# %% dropout-everything: dropout loses 3c.mask 3c.scale 3c.off
def dropout(x, p, rng, training=True):
    return np.zeros_like(x), np.zeros(x.shape, dtype=bool)

# %% dropout-in-place: dropout loses 3c.mask
def dropout(x, p, rng, training=True):
    y, mask = _right["dropout"](x, p, rng, training)
    x[:] = y
    return x, mask

# %% dropout-by-sign-of-x: dropout loses 3c.mask
def dropout(x, p, rng, training=True):
    mask = rng.random(x.shape) >= p
    if not training or p == 0:
        mask |= True
    else:
        mask &= (x > 0) | (rng.random(x.shape) > 0.3)
    return x * mask / (1 - p if training else 1), mask

# %% dropout-y-of-another-mask: dropout loses 3c.scale
def dropout(x, p, rng, training=True):
    y, mask = _right["dropout"](x, p, rng, training)
    return y, _right["dropout"](x, p, rng, training)[1]

# %% dropout-scaled-by-the-rate-found: dropout loses 3c.scale
def dropout(x, p, rng, training=True):
    y, mask = _right["dropout"](x, p, rng, training)
    return np.where(mask, x / max(mask.mean(), 1e-9), 0), mask

# %% dropout-not-scaled: dropout loses 3c.scale is dropout/not-scaled
def dropout(x, p, rng, training=True):
    mask = rng.random(x.shape) >= p if training else np.ones(x.shape, dtype=bool)
    return x * mask, mask

# %% dropout-divided-by-p: dropout loses 3c.scale is dropout/divided-by-p
def dropout(x, p, rng, training=True):
    mask = rng.random(x.shape) >= p if training else np.ones(x.shape, dtype=bool)
    return x * mask / (p if training and p else 1), mask

# %% dropout-multiplied: dropout loses 3c.scale is dropout/multiplied
def dropout(x, p, rng, training=True):
    mask = rng.random(x.shape) >= p if training else np.ones(x.shape, dtype=bool)
    return x * mask * (1 - p if training else 1), mask

# %% dropout-keeps-what-is-dropped: dropout loses 3c.scale 3c.off is dropout/dropped-keep-value
def dropout(x, p, rng, training=True):
    mask = rng.random(x.shape) >= p if training else np.ones(x.shape, dtype=bool)
    return np.where(mask, x / (1 - p if training else 1), x), mask

# %% dropout-in-training-always: dropout loses 3c.off is dropout/dropped-without-training
def dropout(x, p, rng, training=True):
    return _right["dropout"](x, p, rng)

# %% dropout-training-reversed: dropout loses 3c.mask 3c.scale 3c.off
def dropout(x, p, rng, training=True):
    return _right["dropout"](x, p, rng, not training)

# %% dropout-scaled-outside-of-training: dropout loses 3c.off is dropout/scaled-without-training
def dropout(x, p, rng, training=True):
    if not training:
        return x / (1 - p), np.ones(x.shape, dtype=bool)
    return _right["dropout"](x, p, rng)

# %% dropout-mask-none-outside-of-training: dropout loses 3c.off
def dropout(x, p, rng, training=True):
    return _right["dropout"](x, p, rng) if training else (x.copy(), None)

# %% dropout-p-zero-fails: dropout loses 3c.off
def dropout(x, p, rng, training=True):
    if p == 0:
        raise ValueError("p is zero")
    return _right["dropout"](x, p, rng, training)

# %% dropout-p-zero-drops-one: dropout loses 3c.off
def dropout(x, p, rng, training=True):
    y, mask = _right["dropout"](x, p, rng, training)
    if training and p == 0:
        y.flat[0], mask.flat[0] = 0, False
    return y, mask

# %% dropout-back-times-y: dropout_backward loses 3c.backward
def dropout_backward(dy, mask, p):
    return dy * dy * mask / (1 - p)

# %% dropout-back-unmasked-at-p-zero-fails: dropout_backward loses 3c.backward
def dropout_backward(dy, mask, p):
    return np.where(mask, dy / p * (p / (1 - p)), 0)

# %% dropout-back-in-place: dropout_backward loses 3c.backward
def dropout_backward(dy, mask, p):
    dy *= mask / (1 - p)
    return dy

# %% dropout-back-mask-overwritten: dropout_backward loses 3c.backward
def dropout_backward(dy, mask, p):
    dx = np.where(mask, dy / (1 - p), 0)
    mask[:] = True
    return dx

# %% dropout-back-half-always: dropout_backward loses 3c.backward
def dropout_backward(dy, mask, p):
    return 2 * dy * mask

# %% dropout-back-draws-anew: dropout_backward loses 3c.backward
def dropout_backward(dy, mask, p):
    return np.where(np.random.random(dy.shape) >= p, dy / (1 - p), 0)

# %% dropout-back-a-tuple: dropout_backward loses 3c.backward
def dropout_backward(dy, mask, p):
    return np.where(mask, dy / (1 - p), 0), mask

# %% dropout-back-minus: dropout_backward loses 3c.backward
def dropout_backward(dy, mask, p):
    return -np.where(mask, dy / (1 - p), 0)

# %% dropout-back-mean-taken-off: dropout_backward loses 3c.backward
def dropout_backward(dy, mask, p):
    return np.where(mask, (dy - dy.mean()) / (1 - p), 0)
