# Right ways to write the stubs of Task 01, in other styles.

# %% ngram-counted-in-a-dict: ngram_distribution
def ngram_distribution(tokens, context, vocab_size):
    seen, k, context = {}, len(context), tuple(int(c) for c in context)
    for i in range(len(tokens) - k):
        if tuple(int(t) for t in tokens[i : i + k]) == context:
            follower = int(tokens[i + k])
            seen[follower] = seen.get(follower, 0) + 1
    total = sum(seen.values())
    return [seen.get(v, 0) / total if total else 1 / vocab_size for v in range(vocab_size)]

# %% ngram-in-float32: ngram_distribution
def ngram_distribution(tokens, context, vocab_size):
    counts, k = np.zeros(vocab_size, dtype=np.float32), len(context)
    for i in range(k, len(tokens)):
        if np.array_equal(tokens[i - k : i], context):
            counts[tokens[i]] += 1
    if not counts.any():
        counts += 1
    return counts / counts.sum()

# %% ngram-by-sliding-windows: ngram_distribution
def ngram_distribution(tokens, context, vocab_size):
    k = len(context)
    if len(tokens) <= k:
        return np.full(vocab_size, 1 / vocab_size)
    windows = np.lib.stride_tricks.sliding_window_view(tokens, k + 1)
    found = (windows[:, :k] == np.asarray(context, dtype=int)).all(axis=1)
    counts = np.bincount(windows[found, k], minlength=vocab_size)
    return counts / counts.sum() if found.any() else np.full(vocab_size, 1 / vocab_size)

# %% ngram-with-a-counter: ngram_distribution
from collections import Counter

def ngram_distribution(tokens, context, vocab_size):
    text, context = list(map(int, tokens)), list(map(int, context))
    k = len(context)
    followers = Counter(b for i, b in enumerate(text) if i >= k and text[i - k : i] == context)
    if not followers:
        return np.ones(vocab_size) / vocab_size
    return np.array([followers[v] for v in range(vocab_size)]) / followers.total()

# %% ngram-by-recursion: ngram_distribution
def _places(tokens, context):
    if len(context) == 0:
        return np.arange(len(tokens))
    before = _places(tokens, context[:-1])
    before = before[before < len(tokens)]
    after = before[tokens[before] == context[-1]] + 1
    return after[after < len(tokens)]

def ngram_distribution(tokens, context, vocab_size):
    counts = np.zeros(vocab_size)
    np.add.at(counts, np.asarray(tokens)[_places(np.asarray(tokens), context)], 1)
    total = counts.sum()
    return counts / total if total > 0 else counts + 1 / vocab_size

# %% ngram-in-torch: ngram_distribution
def ngram_distribution(tokens, context, vocab_size):
    tokens, k = torch.as_tensor(tokens), len(context)
    if k == 0:
        followers = tokens
    elif len(tokens) > k:
        windows = tokens.unfold(0, k + 1, 1)
        wanted = torch.as_tensor(np.asarray(context, dtype=np.int64))
        followers = windows[(windows[:, :k] == wanted).all(1), k]
    else:
        followers = tokens[:0]
    counts = torch.bincount(followers, minlength=vocab_size).double()
    return counts / counts.sum() if len(followers) else torch.full((vocab_size,), 1 / vocab_size)

# %% feed-forward-by-einsum: feed_forward_logits
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    h = np.tanh(np.einsum("nte,eh->nth", x, W_x) + b_h)
    return np.einsum("nth,hv->ntv", h, W_y) + b_y

# %% feed-forward-in-lists: feed_forward_logits
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    return [[(np.tanh(e @ W_x + b_h) @ W_y + b_y).tolist() for e in row] for row in x]

# %% feed-forward-in-torch-float32: feed_forward_logits
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    x, W_x, b_h, W_y, b_y = (torch.tensor(a, dtype=torch.float32) for a in (x, W_x, b_h, W_y, b_y))
    return torch.tanh(x @ W_x + b_h) @ W_y + b_y

# %% feed-forward-by-layers-as-objects: feed_forward_logits
class Layer:
    def __init__(self, W, b, after=lambda z: z):
        self.W, self.b, self.after = W, b, after

    def __call__(self, x):
        return self.after(np.dot(x, self.W) + self.b)

def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    for layer in (Layer(W_x, b_h, np.tanh), Layer(W_y, b_y)):
        x = layer(x)
    return x

# %% feed-forward-flat-with-the-exponential: feed_forward_logits
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    N, T, E = x.shape
    z = x.reshape(N * T, E) @ W_x + b_h
    h = 1 - 2 / (np.exp(2 * z) + 1)
    return (h @ W_y + b_y).reshape(N, T, -1)
