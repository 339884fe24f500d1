# Right ways to write the stubs of Task 04, in other styles.

# %% lstm-with-named-parameters: CharLSTM
import torch
from torch import nn

class CharLSTM(nn.Module):
    def __init__(self, vocab_size, hidden_size=512, num_layers=2):
        super().__init__()
        self.vocab_size = vocab_size
        self.lstm = nn.LSTM(vocab_size, hidden_size, num_layers=num_layers, batch_first=True, dropout=0.2 if num_layers > 1 else 0.0)
        self.fc = nn.Linear(hidden_size, vocab_size)
        for name, p in self.lstm.named_parameters():
            if "bias" in name:
                nn.init.zeros_(p)
                if "ih" in name:
                    p.data[hidden_size : 2 * hidden_size].fill_(1)

    def forward(self, tokens, state=None):
        x = torch.nn.functional.one_hot(tokens, num_classes=self.vocab_size).float()
        if state is None:
            h = torch.zeros(self.lstm.num_layers, len(tokens), self.lstm.hidden_size)
            state = (h, h.clone())
        out, (h, c) = self.lstm(x, state)
        return self.fc(out), (h, c)

# %% lstm-with-halves: CharLSTM
import torch
from torch import nn

class CharLSTM(nn.Module):
    def __init__(self, V, H=512, L=2):
        super().__init__()
        self.fc = nn.Linear(H, V)
        self.lstm = nn.LSTM(V, H, L, batch_first=True)
        for group in self.lstm.all_weights:
            for bias in group[2:]:
                nn.init.constant_(bias[H : 2 * H], 0.5)

    def forward(self, tokens, state=None):
        x = torch.eye(self.lstm.input_size, dtype=self.fc.weight.dtype)[tokens]
        out, state = self.lstm(x, state) if state is not None else self.lstm(x)
        return [self.fc(out), [state[0].detach(), state[1].detach()]]

# %% lstm-in-double-step-by-step: CharLSTM
import torch
from torch import nn

class Memory(nn.LSTM):
    def __init__(self, inputs, units, layers):
        super().__init__(inputs, units, layers, batch_first=True)
        with torch.no_grad():
            for layer in range(layers):
                free = getattr(self, f"bias_ih_l{layer}")[units : 2 * units]
                getattr(self, f"bias_hh_l{layer}")[units : 2 * units] = 1 - free

class CharLSTM(nn.Module):
    def __init__(self, vocab_size, hidden_size=512, num_layers=2):
        super().__init__()
        self.V = vocab_size
        self.lstm, self.fc = Memory(vocab_size, hidden_size, num_layers), nn.Linear(hidden_size, vocab_size)
        self.double()

    def forward(self, tokens, state=None):
        logits = []
        for t in range(tokens.shape[1]):
            x = torch.zeros(len(tokens), 1, self.V, dtype=torch.float64)
            x.scatter_(2, tokens[:, t, None, None], 1.0)
            out, state = self.lstm(x, state)
            logits.append(self.fc(out))
        return torch.cat(logits, 1), state

# %% lstm-with-chunks: CharLSTM
import torch
from torch import nn

class CharLSTM(nn.Module):
    def __init__(self, vocab_size, hidden_size=512, num_layers=2):
        super().__init__()
        self.vocab_size, self.hidden_size = vocab_size, hidden_size
        self.lstm = nn.LSTM(vocab_size, hidden_size, num_layers, batch_first=True)
        self.fc = nn.Linear(hidden_size, vocab_size, bias=True)
        state = self.lstm.state_dict()
        for name in state:
            if name.startswith("bias"):
                i, f, g, o = state[name].chunk(4)
                f.fill_(0.75 if "_ih_" in name else 0.25)
        self.lstm.load_state_dict(state)

    def forward(self, tokens, state=None):
        N, T = tokens.shape
        x = nn.functional.one_hot(tokens.reshape(-1), self.vocab_size).reshape(N, T, -1)
        out, state = self.lstm(x.to(self.lstm.weight_ih_l0), state)
        return self.fc(out.reshape(N * T, -1)).reshape(N, T, -1), state

# %% decode-by-a-loop-of-its-own: decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    s = lambda v: 1 / (1 + np.exp(-v))
    H, out, token = len(h0), [], start
    h, c = h0.copy(), c0.copy()
    for _ in range(max_length):
        z = W_e[token] @ W_x + h @ W_h + b
        c = s(z[H : 2 * H]) * c + s(z[:H]) * np.tanh(z[2 * H : 3 * H])
        h = s(z[3 * H :]) * np.tanh(c)
        token = (h @ W_y + b_y).argmax()
        if token == end:
            break
        out.append(token)
    return out

# %% decode-as-an-array: decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    tokens = [start]
    h, c = h0.reshape(1, -1), c0.reshape(1, -1)
    while len(tokens) <= max_length:
        h, c = lstm_cell_forward(W_e[tokens[-1]].reshape(1, -1), h, c, W_x, W_h, b)
        best = int(np.argsort((h @ W_y + b_y).ravel())[-1])
        if best == end:
            return np.array(tokens[1:])
        tokens += [best]
    return np.array(tokens[1:])

# %% decode-by-recursion: decode
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    if max_length == 0:
        return ()
    h, c = lstm_cell_forward(W_e[start][None, :], h0[None, :], c0[None, :], W_x, W_h, b)
    token = int(np.argmax(h @ W_y + b_y))
    if token == end:
        return ()
    h, c = np.asarray(h), np.asarray(c)
    return (token, *decode(h[0], c[0], token, end, max_length - 1, W_e, W_x, W_h, b, W_y, b_y))

# %% decode-in-torch-and-cut-off: decode
import torch

def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    h0, c0, W_e, W_x, W_h, b, W_y, b_y = map(torch.as_tensor, (h0, c0, W_e, W_x, W_h, b, W_y, b_y))
    h, c, token, written = h0, c0, start, []
    for _ in range(max_length):
        i, f, g, o = (W_e[token] @ W_x + h @ W_h + b).chunk(4)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        token = torch.argmax(h @ W_y + b_y).item()
        written.append(token)
    return written[: written.index(end)] if end in written else written
