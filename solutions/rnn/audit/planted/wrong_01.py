# Single mistakes in the stubs of Task 01.

def _followers(tokens, context):
    k = len(context)
    return [
        int(tokens[i + k])
        for i in range(len(tokens) - k)
        if list(tokens[i : i + k]) == list(context)
    ]


def _shares(counts):
    return counts / counts.sum() if counts.sum() else np.full(len(counts), 1 / len(counts))


def _counts(tokens, context, vocab_size):
    return np.bincount(np.array(_followers(tokens, context), dtype=int), minlength=vocab_size)


_right = {"ngram": ngram_distribution, "feed_forward": feed_forward_logits}

# %% ngram-zeros: ngram_distribution loses 1a.unigram 1a.context 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    return np.zeros(vocab_size)

# %% ngram-always-uniform: ngram_distribution loses 1a.unigram 1a.context 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    return np.full(vocab_size, 1 / vocab_size)

# %% ngram-returns-nothing: ngram_distribution loses 1a.unigram 1a.context 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    counts = _counts(tokens, context, vocab_size)
    print(_shares(counts))

# %% ngram-as-a-dict: ngram_distribution loses 1a.unigram 1a.context 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    return {str(v): p for v, p in enumerate(_right["ngram"](tokens, context, vocab_size))}

# %% ngram-of-the-likeliest-alone: ngram_distribution loses 1a.unigram 1a.context
def ngram_distribution(tokens, context, vocab_size):
    p = _right["ngram"](tokens, context, vocab_size)
    return p if np.ptp(p) == 0 else (p == p.max()) / np.sum(p == p.max())

# %% ngram-of-squared-counts: ngram_distribution loses 1a.unigram 1a.context
def ngram_distribution(tokens, context, vocab_size):
    return _shares(_counts(tokens, context, vocab_size) ** 2)

# %% ngram-of-those-seen-at-all: ngram_distribution loses 1a.unigram 1a.context
def ngram_distribution(tokens, context, vocab_size):
    return _shares((_counts(tokens, context, vocab_size) > 0).astype(float))

# %% ngram-smoothed-by-a-tenth: ngram_distribution loses 1a.unigram 1a.context
def ngram_distribution(tokens, context, vocab_size):
    return _shares(_counts(tokens, context, vocab_size) + 0.1)

# %% ngram-in-per-cent: ngram_distribution loses 1a.unigram 1a.context 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    return 100 * _right["ngram"](tokens, context, vocab_size)

# %% ngram-rounded: ngram_distribution loses 1a.unigram 1a.context 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    return np.round(_right["ngram"](tokens, context, vocab_size), 2)

# %% ngram-unigram-without-last: ngram_distribution loses 1a.unigram
def ngram_distribution(tokens, context, vocab_size):
    return _right["ngram"](tokens if len(context) else tokens[:-1], context, vocab_size)

# %% ngram-fails-without-context: ngram_distribution loses 1a.unigram
def ngram_distribution(tokens, context, vocab_size):
    last = context[-1]
    return _right["ngram"](tokens, context, vocab_size)

# %% ngram-first-token-of-context-alone: ngram_distribution loses 1a.context 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    k, counts = len(context), np.zeros(vocab_size)
    for i in range(len(tokens) - k):
        if k == 0 or tokens[i] == context[0]:
            counts[tokens[i + k]] += 1
    return _shares(counts)

# %% ngram-first-place-alone: ngram_distribution loses 1a.context
def ngram_distribution(tokens, context, vocab_size):
    followers = _followers(tokens, context)
    if len(context) and followers:
        followers = followers[:1]
    return _shares(np.bincount(np.array(followers, dtype=int), minlength=vocab_size))

# %% ngram-skips-a-token: ngram_distribution loses 1a.context
def ngram_distribution(tokens, context, vocab_size):
    k, counts = len(context), np.zeros(vocab_size)
    for i in range(len(tokens) - k - (k > 0)):
        if list(tokens[i : i + k]) == list(context):
            counts[tokens[i + k + (k > 0)]] += 1
    return _shares(counts)

# %% ngram-of-the-rest-of-the-text: ngram_distribution loses 1a.context
def ngram_distribution(tokens, context, vocab_size):
    k = len(context)
    for i in range(len(tokens) - k):
        if list(tokens[i : i + k]) == list(context):
            return np.bincount(tokens[i + k :], minlength=vocab_size) / len(tokens[i + k :])
    return np.full(vocab_size, 1 / vocab_size)

# %% ngram-only-from-the-start: ngram_distribution loses 1a.context
def ngram_distribution(tokens, context, vocab_size):
    k = len(context)
    places = range(0, len(tokens) - k, max(k, 1))
    found = [tokens[i + k] for i in places if list(tokens[i : i + k]) == list(context)]
    return _shares(np.bincount(np.array(found, dtype=int), minlength=vocab_size))

# %% ngram-wraps-around: ngram_distribution loses 1a.context 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    return _right["ngram"](np.append(tokens, tokens[:1]) if len(context) else tokens, context, vocab_size)

# %% ngram-unseen-first-token: ngram_distribution loses 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    counts = _counts(tokens, context, vocab_size)
    return counts / counts.sum() if counts.any() else np.eye(vocab_size)[0]

# %% ngram-unseen-fails: ngram_distribution loses 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    counts = _counts(tokens, context, vocab_size)
    if not counts.any():
        raise ValueError("the context never occurs")
    return counts / counts.sum()

# %% ngram-unseen-nothing: ngram_distribution loses 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    counts = _counts(tokens, context, vocab_size)
    return counts / counts.sum() if counts.any() else None

# %% ngram-unseen-ones: ngram_distribution loses 1a.unseen
def ngram_distribution(tokens, context, vocab_size):
    counts = _counts(tokens, context, vocab_size)
    return counts / counts.sum() if counts.any() else np.ones(vocab_size)

# %% ngram-sorts-the-text: ngram_distribution loses 1a.unigram
def ngram_distribution(tokens, context, vocab_size):
    p = _right["ngram"](tokens.copy(), context, vocab_size)
    tokens.sort()
    return p

# %% ngram-zero-counts-as-zero-over-one: ngram_distribution loses 1a.unseen is ngram_distribution/unseen-zero
def ngram_distribution(tokens, context, vocab_size):
    counts = _counts(tokens, context, vocab_size)
    return counts / max(counts.sum(), 1)

# %% ngram-steps-over-each-find: ngram_distribution loses 1a.context is ngram_distribution/no-overlap
import re

def ngram_distribution(tokens, context, vocab_size):
    text = "".join(chr(100 + t) for t in tokens)
    wanted = re.escape("".join(chr(100 + int(t)) for t in context))
    if not wanted:
        return np.bincount(tokens, minlength=vocab_size) / len(tokens)
    found = [ord(after) - 100 for after in re.findall(f"{wanted}(?=(.))", text, re.DOTALL)]
    return _shares(np.bincount(np.array(found, dtype=int), minlength=vocab_size))

# %% feed-forward-zeros: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    return np.zeros((*x.shape[:2], W_y.shape[1]))

# %% feed-forward-bias-in-place: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    logits = np.tanh(x @ W_x + b_h) @ W_y
    b_y += 0.0
    b_h *= 2
    return logits + b_y

# %% feed-forward-hard-tanh: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    return np.clip(x @ W_x + b_h, -1, 1) @ W_y + b_y

# %% feed-forward-arctan: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    return np.arctan(x @ W_x + b_h) @ W_y + b_y

# %% feed-forward-hidden-bias-subtracted: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    return np.tanh(x @ W_x - b_h) @ W_y + b_y

# %% feed-forward-output-bias-twice: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    return np.tanh(x @ W_x + b_h) @ W_y + 2 * b_y

# %% feed-forward-mean-over-positions: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    h = np.tanh(x @ W_x + b_h).mean(axis=1, keepdims=True)
    return np.repeat(h @ W_y + b_y, x.shape[1], axis=1)

# %% feed-forward-first-row-alone: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    return np.tanh(x[0] @ W_x + b_h) @ W_y + b_y

# %% feed-forward-squeezed: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    return np.squeeze(np.tanh(x @ W_x + b_h) @ W_y + b_y)

# %% feed-forward-hidden-layer-alone: feed_forward_logits loses 1b.values
def feed_forward_logits(x, W_x, b_h, W_y, b_y):
    return np.tanh(x @ W_x + b_h)
