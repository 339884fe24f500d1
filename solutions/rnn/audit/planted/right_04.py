# Right ways to write the stubs of Task 04, in other styles.

# %% sampler-by-gumbel-noise: sample_token
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.argmax(logits)
    noisy = logits / temperature + rng.gumbel(size=len(logits))
    if top_k is not None and top_k < len(logits):
        noisy = np.where(logits >= np.sort(logits)[-top_k], noisy, -np.inf)
    return np.argmax(noisy)

# %% sampler-by-inverse-cdf: sample_token
def sample_token(logits, rng, temperature=1.0, top_k=None):
    order = np.argsort(-logits)
    if temperature == 0:
        return int(order[0])
    kept = order[:top_k]
    e = np.exp((logits[kept] - logits[order[0]]) / temperature)
    total = np.cumsum(e)
    return int(kept[min(np.searchsorted(total, rng.random() * total[-1], "right"), len(kept) - 1)])

# %% sampler-by-multinomial: sample_token
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        temperature = 1e-9
    z = (logits - logits.max()) / temperature
    if top_k is not None:
        z = np.where(z >= np.sort(z)[-min(top_k, len(z))], z, -np.inf)
    p = np.exp(z)
    return int(np.argmax(rng.multinomial(1, p / p.sum())))

# %% sampler-by-torch: sample_token
def sample_token(logits, rng, temperature=1.0, top_k=None):
    z = torch.tensor(logits, dtype=torch.float32)
    if temperature == 0:
        return z.argmax()
    z = z / temperature
    if top_k is not None:
        values, ids = z.topk(min(top_k, len(z)))
        z = torch.full_like(z, -torch.inf).scatter(0, ids, values)
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    return int(torch.multinomial(torch.softmax(z, 0), 1, generator=generator))

# %% sampler-by-a-race: sample_token
import math

def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return max(range(len(logits)), key=lambda v: logits[v])
    kept = sorted(range(len(logits)), key=lambda v: -logits[v])[:top_k]
    top = logits[kept[0]]
    rates = [math.exp((logits[v] - top) / temperature) for v in kept]
    finish = [rng.exponential() / rate if rate > 0 else math.inf for rate in rates]
    return kept[finish.index(min(finish))]

# %% sampler-by-rejection: sample_token
def sample_token(logits, rng, temperature=1.0, top_k=None):
    order = sorted(range(len(logits)), key=logits.__getitem__, reverse=True)
    kept = order if top_k is None else order[:top_k]
    while temperature > 0:
        token = kept[rng.integers(len(kept))]
        if rng.random() < np.exp((logits[token] - logits[order[0]]) / temperature):
            return token
    return order[0]

# %% sampler-by-a-loop-over-the-shares: sample_token
def sample_token(logits, rng, temperature=1.0, top_k=None):
    V = len(logits)
    if temperature == 0:
        return int(np.argmax(logits))
    z = np.array(logits, dtype=np.float64) / temperature
    if top_k is not None and top_k < V:
        for _ in range(V - top_k):
            z[np.argmin(np.where(np.isinf(z), np.inf, z))] = -np.inf
    left = rng.uniform()
    for token, share in enumerate(softmax(z)):
        left -= share
        if left < 0:
            return token
    return int(np.argmax(z))

# %% sampler-by-an-object: sample_token
class Sampler:
    def __init__(self, temperature, top_k):
        self.temperature, self.top_k = temperature, top_k

    def probabilities(self, logits):
        kept = np.argpartition(logits, -self.top_k)[-self.top_k :]
        p = np.zeros(len(logits))
        p[kept] = softmax((logits[kept] - logits.max()) / self.temperature)
        return p

def sample_token(logits, rng, temperature=1.0, top_k=None):
    top_k = min(top_k or len(logits), len(logits)) if temperature else 1
    p = Sampler(temperature or 1.0, top_k).probabilities(np.asarray(logits, dtype=float))
    return rng.choice(np.arange(len(logits)), p=p)

# %% generate-as-an-array: generate
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    states = rnn_forward(W_e[np.asarray(prompt)][None], np.zeros((1, len(b_h))), W_x, W_h, b_h)
    h, drawn = states[:, -1], np.zeros(length, dtype=int)
    for n in range(length):
        drawn[n] = sample_token((h @ W_y + b_y)[0], rng, temperature=temperature, top_k=top_k)
        h = rnn_cell_forward(W_e[drawn[n : n + 1]], h, W_x, W_h, b_h)
    return drawn

# %% generate-reading-all-again-in-float32: generate
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    W_e, W_x, W_h, b_h, W_y, b_y = (a.astype(np.float32) for a in (W_e, W_x, W_h, b_h, W_y, b_y))
    text = [int(token) for token in prompt]
    for _ in range(length):
        h = np.zeros(len(b_h), dtype=np.float32)
        for token in text:
            h = np.tanh(h @ W_h + W_e[token] @ W_x + b_h)
        logits = (h @ W_y + b_y).astype(float)
        text.append(sample_token(logits, rng, temperature=temperature, top_k=top_k))
    return tuple(text[len(prompt) :])

# %% generate-drawing-at-the-prompt-too: generate
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    h, drawn, tokens = np.zeros((1, len(b_h))), [], [int(t) for t in prompt]
    for n in range(len(prompt) + length - 1):
        h = rnn_cell_forward(W_e[tokens[n]][None], h, W_x, W_h, b_h)
        token = sample_token((h @ W_y + b_y)[0], rng, temperature=temperature, top_k=top_k)
        if n >= len(prompt) - 1:
            drawn.append(token)
            tokens.append(token)
    return drawn[:length]

# %% generate-by-a-python-generator: generate
from itertools import islice

def _writing(h, W_e, W_x, W_h, b_h, W_y, b_y, rng, **settings):
    while True:
        token = sample_token(h[0] @ W_y + b_y, rng, **settings)
        yield int(token)
        h = rnn_cell_forward(W_e[[token]], h, W_x, W_h, b_h)

def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    h = np.zeros((1, W_h.shape[0]))
    for token in prompt:
        h = rnn_cell_forward(W_e[[token]], h, W_x, W_h, b_h)
    words = _writing(h, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=temperature, top_k=top_k)
    return list(islice(words, length))

# %% generate-by-recursion: generate
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    def read(h, tokens):
        return read(np.tanh(h @ W_h + W_e[tokens[0]] @ W_x + b_h), tokens[1:]) if tokens else h

    def write(h, left):
        if left == 0:
            return []
        token = sample_token(h @ W_y + b_y, rng, temperature=temperature, top_k=top_k)
        return [token, *write(read(h, [token]), left - 1)]

    return write(read(np.zeros(len(b_h)), [int(token) for token in prompt]), length)

# %% generate-in-torch-with-its-own-draw: generate
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    W_e, W_x, W_h, b_h, W_y, b_y = map(torch.as_tensor, (W_e, W_x, W_h, b_h, W_y, b_y))
    h, drawn = torch.zeros(W_h.shape[0], dtype=W_h.dtype), []
    for token in prompt:
        h = torch.tanh(h @ W_h + W_e[int(token)] @ W_x + b_h)
    for _ in range(length):
        z = h @ W_y + b_y
        if top_k is not None and top_k < len(z):
            z = torch.where(z >= z.topk(top_k).values[-1], z, -torch.inf)
        if temperature > 0:
            z = z / temperature + torch.as_tensor(rng.gumbel(size=len(z)))
        drawn.append(int(z.argmax()))
        h = torch.tanh(h @ W_h + W_e[drawn[-1]] @ W_x + b_h)
    return drawn

# %% generate-on-lists: generate
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    out = []
    h = np.zeros(len(W_h))
    for step in range(len(prompt) + length):
        tokens = prompt + out
        if step >= len(prompt):
            out += [sample_token(h @ W_y + b_y, rng, temperature, top_k)]
            tokens = prompt + out
        h = np.tanh(W_e[tokens[step]] @ W_x + h @ W_h + b_h)
    return (prompt + out)[len(prompt) :]

# %% generate-floats-equal-to-ints: generate
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    drawn, h = np.zeros(length), np.zeros(len(W_h))
    for token in prompt:
        h = np.tanh(W_e[token] @ W_x + h @ W_h + b_h)
    for n in range(length):
        token = sample_token(h @ W_y + b_y, rng, temperature=temperature, top_k=top_k)
        drawn[n] = token
        h = np.tanh(W_e[token] @ W_x + h @ W_h + b_h)
    return drawn

# %% sampler-floats-equal-to-ints: sample_token
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return float(np.argmax(logits))
    order = np.argsort(logits)[::-1][:top_k]
    ids = np.linspace(0, len(logits) - 1, len(logits))
    return rng.choice(ids[order], p=softmax(logits[order] / temperature))
