# Mistakes of the library in models and in what varies at random, as a student would write them.

import torch
from torch import nn


def _sentiment(rnn=None, forward=None, fc=None, embedding=None):
    """A right SentimentRNN but for what is passed: layers as functions of (V, E, H, L, K)."""

    class SentimentRNN(nn.Module):
        def __init__(self, vocab_size=10000, embedding_dim=128, hidden_size=256, num_layers=2, num_classes=2):
            super().__init__()
            sizes = vocab_size, embedding_dim, hidden_size, num_layers, num_classes
            self.embedding = (embedding or (lambda V, E, H, L, K: nn.Embedding(V, E)))(*sizes)
            self.rnn = (rnn or (lambda V, E, H, L, K: nn.RNN(E, H, L, batch_first=True)))(*sizes)
            self.fc = (fc or (lambda V, E, H, L, K: nn.Linear(H, K)))(*sizes)

        def states(self, tokens):
            return self.rnn(self.embedding(tokens))[0]

    def right(self, tokens, lengths=None):
        N, T = tokens.shape
        lengths = torch.full((N,), T) if lengths is None else lengths
        return self.fc(self.states(tokens)[torch.arange(N), lengths - 1])

    SentimentRNN.forward = forward or right
    SentimentRNN.right = right
    return SentimentRNN


def _char(lstm=None, forward=None, opened=None):
    """A right CharLSTM but for what is passed: its LSTM as a function of (V, H, L)."""

    class CharLSTM(nn.Module):
        def __init__(self, vocab_size, hidden_size=512, num_layers=2):
            super().__init__()
            V, H, L = self.sizes = vocab_size, hidden_size, num_layers
            self.lstm = (lstm or (lambda V, H, L: nn.LSTM(V, H, L, batch_first=True)))(V, H, L)
            self.fc = nn.Linear(H, V)
            with torch.no_grad():
                for layer in range(self.lstm.num_layers):
                    b_x, b_h = (getattr(self.lstm, f"bias_{w}_l{layer}") for w in ("ih", "hh"))
                    (opened or _open)(b_x, b_h, H, layer)

        def states(self, tokens, state=None):
            x = nn.functional.one_hot(tokens, self.sizes[0]).to(self.fc.weight.dtype)
            return self.lstm(x, state)

    def right(self, tokens, state=None):
        states, state = self.states(tokens, state)
        return self.fc(states), state

    CharLSTM.forward = forward or right
    CharLSTM.right = right
    return CharLSTM


def _open(b_x, b_h, H, layer):
    b_x[H : 2 * H], b_h[H : 2 * H] = 1, 0


# %% sentiment-relu: SentimentRNN loses 3b.layers is SentimentRNN/relu
SentimentRNN = _sentiment(rnn=lambda V, E, H, L, K: nn.RNN(E, H, L, nonlinearity="relu", batch_first=True))

# %% sentiment-time-first: SentimentRNN loses 3b.layers is SentimentRNN/time-first
SentimentRNN = _sentiment(rnn=lambda V, E, H, L, K: nn.RNN(E, H, L))

# %% sentiment-one-layer: SentimentRNN loses 3b.layers is SentimentRNN/one-layer
SentimentRNN = _sentiment(rnn=lambda V, E, H, L, K: nn.RNN(E, H, batch_first=True))

# %% sentiment-logits-of-tokens: SentimentRNN loses 3b.layers is SentimentRNN/logits-of-tokens
SentimentRNN = _sentiment(fc=lambda V, E, H, L, K: nn.Linear(H, V))

# %% sentiment-sizes-swapped: SentimentRNN loses 3b.layers is SentimentRNN/sizes-swapped
SentimentRNN = _sentiment(
    embedding=lambda V, E, H, L, K: nn.Embedding(V, H),
    rnn=lambda V, E, H, L, K: nn.RNN(H, E, L, batch_first=True),
    fc=lambda V, E, H, L, K: nn.Linear(E, K),
)

# %% sentiment-lstm: SentimentRNN loses 3b.layers 3b.forward 3b.lengths is SentimentRNN/lstm
SentimentRNN = _sentiment(rnn=lambda V, E, H, L, K: nn.LSTM(E, H, L, batch_first=True))

# %% sentiment-gru: SentimentRNN loses 3b.layers 3b.forward 3b.lengths is SentimentRNN/gru
SentimentRNN = _sentiment(rnn=lambda V, E, H, L, K: nn.GRU(E, H, L, batch_first=True))

# %% sentiment-lengths-ignored: SentimentRNN loses 3b.lengths is SentimentRNN/lengths-ignored
SentimentRNN = _sentiment(forward=lambda self, tokens, lengths=None: self.fc(self.states(tokens)[:, -1]))

# %% sentiment-one-step-late: SentimentRNN loses 3b.forward 3b.lengths is SentimentRNN/one-step-late
def _forward(self, tokens, lengths=None):
    N, T = tokens.shape
    lengths = torch.full((N,), T) if lengths is None else lengths
    return self.fc(self.states(tokens)[torch.arange(N), lengths])

SentimentRNN = _sentiment(forward=_forward)

# %% sentiment-one-step-early: SentimentRNN loses 3b.forward 3b.lengths is SentimentRNN/one-step-early
def _forward(self, tokens, lengths=None):
    N, T = tokens.shape
    lengths = torch.full((N,), T) if lengths is None else lengths
    return self.fc(self.states(tokens)[torch.arange(N), lengths - 2])

SentimentRNN = _sentiment(forward=_forward)

# %% sentiment-first-state: SentimentRNN loses 3b.forward 3b.lengths is SentimentRNN/first-state
SentimentRNN = _sentiment(forward=lambda self, tokens, lengths=None: self.fc(self.states(tokens)[:, 0]))

# %% sentiment-mean: SentimentRNN loses 3b.forward 3b.lengths is SentimentRNN/mean-of-states
SentimentRNN = _sentiment(forward=lambda self, tokens, lengths=None: self.fc(self.states(tokens).mean(1)))

# %% sentiment-lowest-layer: SentimentRNN loses 3b.forward is SentimentRNN/lowest-layer
def _forward(self, tokens, lengths=None):
    if lengths is not None:
        return self.right(tokens, lengths)
    return self.fc(self.rnn(self.embedding(tokens))[1][0])

SentimentRNN = _sentiment(forward=_forward)

# %% sentiment-length-of-first-row: SentimentRNN loses 3b.lengths is SentimentRNN/length-of-first-row
def _forward(self, tokens, lengths=None):
    end = tokens.shape[1] if lengths is None else int(lengths[0])
    return self.fc(self.states(tokens)[:, end - 1])

SentimentRNN = _sentiment(forward=_forward)

# %% sentiment-longest: SentimentRNN loses 3b.lengths is SentimentRNN/longest-length
def _forward(self, tokens, lengths=None):
    end = tokens.shape[1] if lengths is None else int(lengths.max())
    return self.fc(self.states(tokens)[:, end - 1])

SentimentRNN = _sentiment(forward=_forward)

# %% sentiment-probabilities: SentimentRNN loses 3b.forward 3b.lengths is SentimentRNN/probabilities
SentimentRNN = _sentiment(forward=lambda self, tokens, lengths=None: self.right(tokens, lengths).softmax(-1))

# %% sentiment-log-probabilities: SentimentRNN loses 3b.forward 3b.lengths is SentimentRNN/log-probabilities
SentimentRNN = _sentiment(forward=lambda self, tokens, lengths=None: self.right(tokens, lengths).log_softmax(-1))

# %% sentiment-sigmoid: SentimentRNN loses 3b.forward 3b.lengths is SentimentRNN/sigmoid
SentimentRNN = _sentiment(forward=lambda self, tokens, lengths=None: self.right(tokens, lengths).sigmoid())

# %% sentiment-relu-before-fc: SentimentRNN loses 3b.forward 3b.lengths is SentimentRNN/relu-before-fc
def _forward(self, tokens, lengths=None):
    N, T = tokens.shape
    lengths = torch.full((N,), T) if lengths is None else lengths
    return self.fc(self.states(tokens)[torch.arange(N), lengths - 1].relu())

SentimentRNN = _sentiment(forward=_forward)

# %% lstm-time-first: CharLSTM loses 4a.layers 4a.state is CharLSTM/time-first
CharLSTM = _char(lstm=lambda V, H, L: nn.LSTM(V, H, L))

# %% lstm-one-layer: CharLSTM loses 4a.layers 4a.state is CharLSTM/one-layer
CharLSTM = _char(lstm=lambda V, H, L: nn.LSTM(V, H, batch_first=True))

# %% lstm-hidden-for-vocabulary: CharLSTM loses 4a.layers 4a.forward 4a.state is CharLSTM/hidden-for-vocabulary
CharLSTM = _char(lstm=lambda V, H, L: nn.LSTM(H, H, L, batch_first=True))

# %% lstm-gru: CharLSTM loses 4a.layers 4a.forget 4a.forward 4a.state is CharLSTM/gru
CharLSTM = _char(lstm=lambda V, H, L: nn.GRU(V, H, L, batch_first=True))

# %% lstm-one-and-one: CharLSTM loses 4a.forget is CharLSTM/one-and-one
def _opened(b_x, b_h, H, layer):
    b_x[H : 2 * H], b_h[H : 2 * H] = 1, 1

CharLSTM = _char(opened=_opened)

# %% lstm-one-and-random: CharLSTM loses 4a.forget is CharLSTM/one-and-random
def _opened(b_x, b_h, H, layer):
    b_x[H : 2 * H] = 1

CharLSTM = _char(opened=_opened)

# %% lstm-random-and-one: CharLSTM loses 4a.forget is CharLSTM/one-and-random
def _opened(b_x, b_h, H, layer):
    b_h[H : 2 * H] = 1

CharLSTM = _char(opened=_opened)

# %% lstm-first-layer-alone: CharLSTM loses 4a.forget is CharLSTM/first-layer-alone
def _opened(b_x, b_h, H, layer):
    if layer == 0:
        _open(b_x, b_h, H, layer)

CharLSTM = _char(opened=_opened)

# %% lstm-input-gate: CharLSTM loses 4a.forget is CharLSTM/other-gate
def _opened(b_x, b_h, H, layer):
    b_x[:H], b_h[:H] = 1, 0

CharLSTM = _char(opened=_opened)

# %% lstm-g-for-f: CharLSTM loses 4a.forget is CharLSTM/other-gate
def _opened(b_x, b_h, H, layer):
    b_x[2 * H : 3 * H], b_h[2 * H : 3 * H] = 1, 0

CharLSTM = _char(opened=_opened)

# %% lstm-all-gates: CharLSTM loses 4a.forget is CharLSTM/all-gates
def _opened(b_x, b_h, H, layer):
    b_x.fill_(1), b_h.zero_()

CharLSTM = _char(opened=_opened)

# %% lstm-all-gates-halves: CharLSTM loses 4a.forget is CharLSTM/all-gates
def _opened(b_x, b_h, H, layer):
    b_x.fill_(0.5), b_h.fill_(0.5)

CharLSTM = _char(opened=_opened)

# %% lstm-probabilities: CharLSTM loses 4a.forward is CharLSTM/probabilities
def _forward(self, tokens, state=None):
    logits, state = self.right(tokens, state)
    return logits.softmax(-1), state

CharLSTM = _char(forward=_forward)

# %% lstm-log-probabilities: CharLSTM loses 4a.forward is CharLSTM/log-probabilities
def _forward(self, tokens, state=None):
    logits, state = self.right(tokens, state)
    return logits.log_softmax(-1), state

CharLSTM = _char(forward=_forward)

# %% lstm-last-step: CharLSTM loses 4a.forward is CharLSTM/logits-of-last-step
def _forward(self, tokens, state=None):
    logits, state = self.right(tokens, state)
    return logits[:, -1], state

CharLSTM = _char(forward=_forward)

# %% lstm-tanh-before-fc: CharLSTM loses 4a.forward is CharLSTM/tanh-before-fc
def _forward(self, tokens, state=None):
    states, state = self.states(tokens, state)
    return self.fc(states.tanh()), state

CharLSTM = _char(forward=_forward)

# %% lstm-state-ignored: CharLSTM loses 4a.state is CharLSTM/state-ignored
CharLSTM = _char(forward=lambda self, tokens, state=None: self.right(tokens))

# %% lstm-memory-ignored: CharLSTM loses 4a.state is CharLSTM/memory-ignored
def _forward(self, tokens, state=None):
    return self.right(tokens, state and (state[0], torch.zeros_like(state[1])))

CharLSTM = _char(forward=_forward)

# %% lstm-swapped-in: CharLSTM loses 4a.state is CharLSTM/h-and-c-swapped-in
CharLSTM = _char(forward=lambda self, tokens, state=None: self.right(tokens, state and state[::-1]))

# %% lstm-h-alone: CharLSTM loses 4a.state is CharLSTM/h-alone
def _forward(self, tokens, state=None):
    logits, (h, c) = self.right(tokens, state)
    return logits, h

CharLSTM = _char(forward=_forward)

# %% lstm-swapped-out: CharLSTM loses 4a.state is CharLSTM/h-and-c-swapped
def _forward(self, tokens, state=None):
    logits, (h, c) = self.right(tokens, state)
    return logits, (c, h)

CharLSTM = _char(forward=_forward)

# %% lstm-state-not-moved: CharLSTM loses 4a.state is CharLSTM/state-not-moved
def _forward(self, tokens, state=None):
    logits, after = self.right(tokens, state)
    return logits, tuple(map(torch.zeros_like, after)) if state is None else state

CharLSTM = _char(forward=_forward)

# %% lstm-top-layer-alone: CharLSTM loses 4a.state is CharLSTM/top-layer-alone
def _forward(self, tokens, state=None):
    logits, (h, c) = self.right(tokens, state)
    return logits, (h[-1], c[-1])

CharLSTM = _char(forward=_forward)

# %% lstm-results-swapped: CharLSTM loses 4a.forward 4a.state is CharLSTM/swapped
CharLSTM = _char(forward=lambda self, tokens, state=None: self.right(tokens, state)[::-1])

# %% orthogonal-identity: orthogonal loses 1b.orthogonal is orthogonal/identity
def orthogonal(rng, size):
    return np.eye(size)

# %% orthogonal-length-one: orthogonal loses 1b.orthogonal is orthogonal/columns-of-length-one
def orthogonal(rng, size):
    A = rng.normal(size=(size, size))
    return A / np.linalg.norm(A, axis=1, keepdims=True)

# %% orthogonal-other-factor: orthogonal loses 1b.orthogonal is orthogonal/triangle-of-qr
def orthogonal(rng, size):
    return np.linalg.qr(rng.normal(size=(size, size)))[1]

# %% dropout-outside-of-training: dropout loses 3c.off is dropout/dropped-without-training
def dropout(x, p, rng, training=True):
    mask = rng.random(x.shape) >= p
    return x * mask / (1 - p if training else 1), mask
