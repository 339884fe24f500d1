# Single mistakes in the stubs of Task 04 that the library does not know.

import torch
from torch import nn

_right = {"decode": decode}


def _model(lstm=None, forward=None, fc=None, opened=None, **also):
    """A right CharLSTM but for what is passed: layers as functions of (V, H, L)."""

    class CharLSTM(nn.Module):
        def __init__(self, vocab_size, hidden_size=512, num_layers=2):
            super().__init__()
            V, H, L = self.sizes = vocab_size, hidden_size, num_layers
            self.lstm = (lstm or (lambda V, H, L: nn.LSTM(V, H, L, batch_first=True)))(V, H, L)
            self.fc = (fc or (lambda V, H, L: nn.Linear(H, V)))(V, H, L)
            for name, layer in also.items():
                setattr(self, name, layer(V, H, L))
            with torch.no_grad():
                for layer in range(self.lstm.num_layers):
                    pair = [getattr(self.lstm, f"bias_{w}_l{layer}", None) for w in ("ih", "hh")]
                    if pair[0] is not None:
                        (opened or _open)(*pair, H)

    def right(self, tokens, state=None):
        x = nn.functional.one_hot(tokens, self.sizes[0]).to(self.fc.weight.dtype)
        states, state = self.lstm(x, state)
        return self.fc(states), state

    CharLSTM.forward = forward or right
    CharLSTM.right = right
    return CharLSTM


def _open(b_x, b_h, H):
    b_x[H : 2 * H], b_h[H : 2 * H] = 1, 0


# %% lstm-without-fc-bias: CharLSTM loses 4a.layers
CharLSTM = _model(fc=lambda V, H, L: nn.Linear(H, V, bias=False))

# %% lstm-two-layers-always: CharLSTM loses 4a.layers 4a.state
CharLSTM = _model(lstm=lambda V, H, L: nn.LSTM(V, H, 2, batch_first=True))

# %% lstm-layer-too-many: CharLSTM loses 4a.layers
CharLSTM = _model(spare=lambda V, H, L: nn.Linear(H, H))

# %% lstm-a-wider-output: CharLSTM loses 4a.layers
CharLSTM = _model(fc=lambda V, H, L: nn.Linear(H, V + 1))

# %% lstm-other-defaults: CharLSTM loses 4a.layers
class CharLSTM(_model()):
    def __init__(self, vocab_size, hidden_size=256, num_layers=2):
        super().__init__(vocab_size, hidden_size, num_layers)

# %% lstm-forget-left-as-drawn: CharLSTM loses 4a.forget
CharLSTM = _model(opened=lambda b_x, b_h, H: None)

# %% lstm-forget-one-unit: CharLSTM loses 4a.forget
def _one(b_x, b_h, H):
    b_x[H], b_h[H] = 1, 0

CharLSTM = _model(opened=_one)

# %% lstm-forget-halves-of-two: CharLSTM loses 4a.forget
def _two(b_x, b_h, H):
    b_x[H : 2 * H], b_h[H : 2 * H] = 2, 0

CharLSTM = _model(opened=_two)

# %% lstm-forget-closed: CharLSTM loses 4a.forget
def _closed(b_x, b_h, H):
    b_x[H : 2 * H], b_h[H : 2 * H] = -1, 0

CharLSTM = _model(opened=_closed)

# %% lstm-forget-zero: CharLSTM loses 4a.forget
def _zero(b_x, b_h, H):
    b_x.zero_(), b_h.zero_()

CharLSTM = _model(opened=_zero)

# %% lstm-forget-one-block-late: CharLSTM loses 4a.forget
def _late(b_x, b_h, H):
    b_x[H + 1 : 2 * H + 1], b_h[H + 1 : 2 * H + 1] = 1, 0

CharLSTM = _model(opened=_late)

# %% lstm-forget-in-forward: CharLSTM loses 4a.forget
def _forward(self, tokens, state=None):
    if not hasattr(self, "opened"):
        self.opened = True
    return self.right(tokens, state)

CharLSTM = _model(opened=lambda b_x, b_h, H: None, forward=_forward)

# %% lstm-tokens-as-numbers: CharLSTM loses 4a.forward 4a.state
def _forward(self, tokens, state=None):
    x = tokens[..., None].expand(-1, -1, self.sizes[0]).to(self.fc.weight.dtype)
    states, state = self.lstm(x, state)
    return self.fc(states), state

CharLSTM = _model(forward=_forward)

# %% lstm-one-hot-off-by-one: CharLSTM loses 4a.forward 4a.state
def _forward(self, tokens, state=None):
    return self.right((tokens + 1) % self.sizes[0], state)

CharLSTM = _model(forward=_forward)

# %% lstm-relu-before-fc: CharLSTM loses 4a.forward
def _forward(self, tokens, state=None):
    x = nn.functional.one_hot(tokens, self.sizes[0]).to(self.fc.weight.dtype)
    states, state = self.lstm(x, state)
    return self.fc(states.relu()), state

CharLSTM = _model(forward=_forward)

# %% lstm-logits-time-first: CharLSTM loses 4a.forward
def _forward(self, tokens, state=None):
    logits, state = self.right(tokens, state)
    return logits.transpose(0, 1), state

CharLSTM = _model(forward=_forward)

# %% lstm-logits-flattened: CharLSTM loses 4a.forward
def _forward(self, tokens, state=None):
    logits, state = self.right(tokens, state)
    return logits.flatten(0, 1), state

CharLSTM = _model(forward=_forward)

# %% lstm-logits-detached: CharLSTM loses 4a.forward
def _forward(self, tokens, state=None):
    logits, state = self.right(tokens, state)
    return logits.detach(), state

CharLSTM = _model(forward=_forward)

# %% lstm-reads-backwards: CharLSTM loses 4a.forward 4a.state
def _forward(self, tokens, state=None):
    logits, state = self.right(tokens.flip(1), state)
    return logits.flip(1), state

CharLSTM = _model(forward=_forward)

# %% lstm-logits-alone: CharLSTM loses 4a.state
def _forward(self, tokens, state=None):
    return (self.right(tokens, state)[0],)

CharLSTM = _model(forward=_forward)

# %% lstm-three-results: CharLSTM loses 4a.forward 4a.state
def _forward(self, tokens, state=None):
    logits, (h, c) = self.right(tokens, state)
    return logits, c, h

CharLSTM = _model(forward=_forward)

# %% lstm-keeps-its-state: CharLSTM loses 4a.state
def _forward(self, tokens, state=None):
    if state is None and getattr(self, "kept", None) is not None and self.kept[0].shape[1] == len(tokens):
        state = self.kept
    logits, state = self.right(tokens, state)
    self.kept = tuple(one.detach() for one in state)
    return logits, state

CharLSTM = _model(forward=_forward)

# %% lstm-state-without-logits: CharLSTM loses 4a.state
def _forward(self, tokens, state=None):
    logits, _ = self.right(tokens, None)
    return logits, self.right(tokens, state)[1]

CharLSTM = _model(forward=_forward)

# %% lstm-state-of-first-layer-for-all: CharLSTM loses 4a.state
def _forward(self, tokens, state=None):
    if state is not None:
        state = tuple(one[:1].expand_as(one).contiguous() for one in state)
    return self.right(tokens, state)

CharLSTM = _model(forward=_forward)

# %% lstm-memory-squashed: CharLSTM loses 4a.state
def _forward(self, tokens, state=None):
    logits, (h, c) = self.right(tokens, state)
    return logits, (h, c.tanh())

CharLSTM = _model(forward=_forward)

# %% lstm-state-batch-first: CharLSTM loses 4a.state
def _forward(self, tokens, state=None):
    logits, (h, c) = self.right(tokens, state)
    return logits, (h.transpose(0, 1), c.transpose(0, 1))

CharLSTM = _model(forward=_forward)

# %% lstm-starts-from-ones: CharLSTM loses 4a.forward 4a.state
def _forward(self, tokens, state=None):
    if state is None:
        ones = torch.ones(self.lstm.num_layers, len(tokens), self.lstm.hidden_size, dtype=self.fc.weight.dtype)
        state = (ones, ones)
    return self.right(tokens, state)

CharLSTM = _model(forward=_forward)

# %% lstm-state-overwritten: CharLSTM loses 4a.forward
def _forward(self, tokens, state=None):
    logits, after = self.right(tokens, state)
    if state is not None:
        state[0].copy_(after[0])
    return logits, after

CharLSTM = _model(forward=_forward)

# %% decode-softmax-sampled: decode loses 4b.decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    h, c, token, out, rng = h0[None], c0[None], start, [], np.random.default_rng(0)
    for _ in range(max_length):
        h, c = lstm_cell_forward(W_e[[token]], h, c, W_x, W_h, b)
        z = (h[0] @ W_y + b_y) / 5
        p = np.exp(z - z.max())
        token = int(rng.choice(len(p), p=p / p.sum()))
        if token == end:
            break
        out.append(token)
    return out

# %% decode-second-best: decode loses 4b.decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    h, c, token, out = h0[None], c0[None], start, []
    for _ in range(max_length):
        h, c = lstm_cell_forward(W_e[[token]], h, c, W_x, W_h, b)
        token = int(np.argsort(h[0] @ W_y + b_y)[-2])
        if token == end:
            break
        out.append(token)
    return out

# %% decode-logits-of-memory: decode loses 4b.decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    h, c, token, out = h0[None], c0[None], start, []
    for _ in range(max_length):
        h, c = lstm_cell_forward(W_e[[token]], h, c, W_x, W_h, b)
        token = int(np.argmax(c[0] @ W_y + b_y))
        if token == end:
            break
        out.append(token)
    return out

# %% decode-feeds-two-back: decode loses 4b.decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    h, c, out = h0[None], c0[None], []
    for _ in range(max_length):
        fed = ([start, start] + out)[-2]
        h, c = lstm_cell_forward(W_e[[fed]], h, c, W_x, W_h, b)
        token = int(np.argmax(h[0] @ W_y + b_y))
        if token == end:
            break
        out.append(token)
    return out

# %% decode-writes-before-reading: decode loses 4b.decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    h, c, out = h0[None], c0[None], []
    while len(out) < max_length:
        token = int(np.argmax(h[0] @ W_y + b_y))
        if token == end:
            break
        out.append(token)
        h, c = lstm_cell_forward(W_e[[token]], h, c, W_x, W_h, b)
    return out

# %% decode-reads-start-twice: decode loses 4b.decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    h, c = lstm_cell_forward(W_e[[start]], h0[None], c0[None], W_x, W_h, b)
    return _right["decode"](h[0], c[0], start, end, max_length, W_e, W_x, W_h, b, W_y, b_y)

# %% decode-stops-at-start: decode loses 4b.decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    return _right["decode"](h0, c0, start, start, max_length, W_e, W_x, W_h, b, W_y, b_y)

# %% decode-stops-at-zero: decode loses 4b.decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    return _right["decode"](h0, c0, start, 0, max_length, W_e, W_x, W_h, b, W_y, b_y)

# %% decode-padded-to-max-length: decode loses 4b.decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    out = _right["decode"](h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y)
    return out + [end] * (max_length - len(out))

# %% decode-ten-at-most: decode loses 4b.decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    return _right["decode"](h0, c0, start, end, min(max_length, 10), W_e, W_x, W_h, b, W_y, b_y)

# %% decode-as-text: decode loses 4b.decode
def decode(*args):
    return " ".join(map(str, _right["decode"](*args)))

# %% decode-with-the-state: decode loses 4b.decode
def decode(h0, *args):
    return _right["decode"](h0, *args), h0

# %% decode-backwards: decode loses 4b.decode
def decode(*args):
    return _right["decode"](*args)[::-1]

# %% decode-no-repeats: decode loses 4b.decode
def decode(*args):
    return list(dict.fromkeys(_right["decode"](*args)))

# %% decode-overwrites-context: decode loses 4b.decode
def decode(h0, *args):
    out = _right["decode"](h0, *args)
    h0 += 1
    return out

# %% decode-same-as-before-stops: decode loses 4b.decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    out = _right["decode"](h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y)
    for place, token in enumerate(out):
        if token in out[:place]:
            return out[:place]
    return out
