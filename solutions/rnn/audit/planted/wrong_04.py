# Single mistakes in the stubs of Task 04.

_right = {"sampler": sample_token, "generate": generate}


def _sampler(scale=lambda z, T: z / T, shares=None, kept=None, draw=None, greedy=np.argmax):
    """A right sampler but for what is passed."""

    def sample_token(logits, rng, temperature=1.0, top_k=None):
        if temperature == 0:
            return int(greedy(logits))
        z = scale(np.array(logits), temperature)
        if top_k is not None:
            if kept is not None:
                z = kept(z, top_k)
            elif top_k < len(z):
                z[np.argsort(z)[:-top_k]] = -np.inf
        p = (shares or softmax)(z)
        return (draw or (lambda rng, p: int(rng.choice(len(p), p=p))))(rng, p)

    return sample_token


def _writer(
    start=lambda H: np.zeros(H),
    read=list,
    carry=lambda h, n: h,
    feed=lambda token, logits, prompt: token,
    result=lambda drawn, prompt: drawn,
    embed=lambda W_e, token: W_e[token],
    settings=lambda T, k: (T, k),
):
    """A right generate but for what is passed."""

    def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
        h, drawn = start(len(W_h)), []
        for token in read(prompt):
            h = np.tanh(carry(h, 0) @ W_h + embed(W_e, token) @ W_x + b_h)
        T, k = settings(temperature, top_k)
        for n in range(length):
            logits = h @ W_y + b_y
            drawn.append(sample_token(logits, rng, temperature=T, top_k=k))
            fed = feed(drawn[-1], logits, prompt)
            e_t = 0 * W_e[0] if fed is None else embed(W_e, fed)
            h = np.tanh(carry(h, n + 1) @ W_h + e_t @ W_x + b_h)
        return result(drawn, prompt)

    return generate


# %% sampler-first-token: sample_token loses 4a.distribution 4a.temperature 4a.greedy 4a.top_k 4a.generator
sample_token = _sampler(greedy=lambda z: 0, draw=lambda rng, p: 0)

# %% sampler-returns-halves: sample_token loses 4a.distribution 4a.temperature 4a.greedy 4a.top_k 4a.generator
def sample_token(logits, rng, temperature=1.0, top_k=None):
    return _right["sampler"](logits, rng, temperature, top_k) + 0.5

# %% sampler-returns-an-array: sample_token loses 4a.distribution 4a.temperature 4a.greedy 4a.top_k 4a.generator
def sample_token(logits, rng, temperature=1.0, top_k=None):
    return np.array([_right["sampler"](logits, rng, temperature, top_k)])

# %% sampler-returns-the-logits: sample_token loses 4a.distribution 4a.temperature 4a.greedy 4a.top_k 4a.generator
def sample_token(logits, rng, temperature=1.0, top_k=None):
    return logits

# %% sampler-returns-the-share: sample_token loses 4a.distribution 4a.temperature 4a.greedy 4a.top_k 4a.generator
def sample_token(logits, rng, temperature=1.0, top_k=None):
    return float(softmax(logits)[_right["sampler"](logits, rng, temperature, top_k)])

# %% sampler-fails-for-one-token: sample_token loses 4a.distribution
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if len(logits) == 1:
        raise ValueError("nothing to draw from")
    return _right["sampler"](logits, rng, temperature, top_k)

# %% sampler-divides-in-place: sample_token loses 4a.distribution
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return int(np.argmax(logits))
    logits /= temperature
    return _right["sampler"](logits, rng, 1.0, top_k)

# %% sampler-masks-in-place: sample_token loses 4a.distribution
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if top_k is not None and top_k < len(logits):
        logits[np.argsort(logits)[:-top_k]] = -np.inf
    return _right["sampler"](logits, rng, temperature)

# %% sampler-normal-noise: sample_token loses 4a.distribution 4a.temperature 4a.top_k
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return int(np.argmax(logits))
    z = logits / temperature
    if top_k is not None and top_k < len(z):
        z[np.argsort(z)[:-top_k]] = -np.inf
    return int(np.argmax(z + rng.normal(size=len(z))))

# %% sampler-noise-before-the-temperature: sample_token loses 4a.temperature 4a.top_k is sample_token/temperature-without-effect
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return int(np.argmax(logits))
    z = np.array(logits)
    if top_k is not None and top_k < len(z):
        z[np.argsort(z)[:-top_k]] = -np.inf
    return int(np.argmax((z + rng.gumbel(size=len(z))) / temperature))

# %% sampler-half-uniform: sample_token loses 4a.distribution 4a.temperature 4a.top_k
sample_token = _sampler(shares=lambda z: 0.5 * softmax(z) + 0.5 / len(z))

# %% sampler-shares-squared: sample_token loses 4a.distribution 4a.temperature 4a.top_k
sample_token = _sampler(shares=lambda z: softmax(2 * z))

# %% sampler-shares-halved: sample_token loses 4a.distribution 4a.temperature 4a.top_k
sample_token = _sampler(shares=lambda z: softmax(z / 2))

# %% sampler-of-negated-logits: sample_token loses 4a.distribution 4a.temperature 4a.top_k
sample_token = _sampler(shares=lambda z: softmax(np.where(np.isinf(z), z, -z)))

# %% sampler-from-the-end: sample_token loses 4a.distribution 4a.temperature 4a.top_k
sample_token = _sampler(draw=lambda rng, p: len(p) - 1 - int(rng.choice(len(p), p=p)))

# %% sampler-one-id-before: sample_token loses 4a.distribution 4a.temperature 4a.top_k
sample_token = _sampler(draw=lambda rng, p: (int(rng.choice(len(p), p=p)) - 1) % len(p))

# %% temperature-subtracted: sample_token loses 4a.temperature 4a.top_k is sample_token/temperature-without-effect
sample_token = _sampler(scale=lambda z, T: z - T)

# %% temperature-after-softmax-and-sum: sample_token loses 4a.temperature 4a.top_k is sample_token/temperature-without-effect
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return int(np.argmax(logits))
    z = np.array(logits)
    if top_k is not None and top_k < len(z):
        z[np.argsort(z)[:-top_k]] = -np.inf
    p = softmax(z) / temperature
    return int(rng.choice(len(p), p=p / p.sum()))

# %% temperature-plus-one: sample_token loses 4a.distribution 4a.temperature 4a.top_k
sample_token = _sampler(scale=lambda z, T: z / (T + 1))

# %% temperature-below-one-alone: sample_token loses 4a.temperature 4a.top_k
sample_token = _sampler(scale=lambda z, T: z / min(T, 1.0))

# %% temperature-above-one-alone: sample_token loses 4a.temperature 4a.top_k
sample_token = _sampler(scale=lambda z, T: z / max(T, 1.0))

# %% temperature-as-a-whole-number: sample_token loses 4a.temperature 4a.top_k
sample_token = _sampler(scale=lambda z, T: z / max(int(T), 1))

# %% greedy-first-token: sample_token loses 4a.greedy
sample_token = _sampler(greedy=lambda z: 0)

# %% greedy-second-largest: sample_token loses 4a.greedy
sample_token = _sampler(greedy=lambda z: np.argsort(z)[-2:][0])

# %% greedy-the-logit-itself: sample_token loses 4a.greedy
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return float(np.max(logits))
    return _right["sampler"](logits, rng, temperature, top_k)

# %% greedy-fails: sample_token loses 4a.greedy
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature <= 0:
        raise ValueError("temperature must be positive")
    return _right["sampler"](logits, rng, temperature, top_k)

# %% greedy-as-a-temperature-of-a-half: sample_token loses 4a.greedy is sample_token/greedy-draws
def sample_token(logits, rng, temperature=1.0, top_k=None):
    return _right["sampler"](logits, rng, max(temperature, 0.5), top_k)

# %% greedy-an-id-among-the-top-k: sample_token loses 4a.greedy
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        kept = logits if top_k is None else np.sort(logits)[-top_k:]
        return int(np.argmax(kept))
    return _right["sampler"](logits, rng, temperature, top_k)

# %% greedy-draws-among-the-top-k: sample_token loses 4a.greedy is sample_token/greedy-draws
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0 and top_k is None:
        return int(np.argmax(logits))
    return _right["sampler"](logits, rng, temperature or 1.0, top_k)

# %% greedy-fails-with-a-top-k: sample_token loses 4a.greedy
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if top_k is not None and not temperature > 0:
        raise ZeroDivisionError("temperature")
    return _right["sampler"](logits, rng, temperature, top_k)

# %% greedy-as-a-temperature-of-one: sample_token loses 4a.greedy is sample_token/greedy-draws
def sample_token(logits, rng, temperature=1.0, top_k=None):
    return _right["sampler"](logits, rng, temperature or 1.0, top_k)

# %% top-k-above-the-vocabulary-fails: sample_token loses 4a.top_k is sample_token/top-k-above-vocabulary
sample_token = _sampler(kept=lambda z, k: np.where(z >= np.sort(z)[-k], z, -np.inf))

# %% top-k-strictly-above: sample_token loses 4a.top_k
sample_token = _sampler(
    kept=lambda z, k: z if k == 1 else np.where(z > np.sort(z)[-min(k, len(z))], z, -np.inf)
)

# %% top-k-of-one-alone: sample_token loses 4a.top_k
sample_token = _sampler(kept=lambda z, k: np.where(z >= z.max(), z, -np.inf))

# %% top-k-last-ids: sample_token loses 4a.top_k
sample_token = _sampler(kept=lambda z, k: np.where(np.arange(len(z)) >= len(z) - k, z, -np.inf))

# %% top-k-twice-as-many: sample_token loses 4a.top_k
sample_token = _sampler(kept=lambda z, k: np.where(z >= np.sort(z)[-min(2 * k, len(z))], z, -np.inf))

# %% top-k-without-the-largest: sample_token loses 4a.top_k
def _keep(z, k):
    if k >= len(z):
        return z
    order = np.argsort(z)[::-1]
    masked = np.full(len(z), -np.inf)
    masked[order[1 : k + 1]] = z[order[1 : k + 1]]
    return masked

sample_token = _sampler(kept=_keep)

# %% top-k-masked-by-a-little: sample_token loses 4a.top_k
sample_token = _sampler(kept=lambda z, k: np.where(z >= np.sort(z)[-min(k, len(z))], z, z - 2.0))

# %% sampler-from-global-state: sample_token loses 4a.generator is sample_token/another-generator
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return int(np.argmax(logits))
    z = np.array(logits) / temperature
    if top_k is not None and top_k < len(z):
        z[np.argsort(z)[:-top_k]] = -np.inf
    return int(np.random.choice(len(z), p=softmax(z)))

# %% sampler-from-a-new-generator: sample_token loses 4a.generator is sample_token/another-generator
def sample_token(logits, rng, temperature=1.0, top_k=None):
    return _right["sampler"](logits, np.random.default_rng(), temperature, top_k)

# %% sampler-seeded-by-itself: sample_token loses 4a.distribution 4a.temperature 4a.top_k 4a.generator is sample_token/begins-anew
def sample_token(logits, rng, temperature=1.0, top_k=None):
    return _right["sampler"](logits, np.random.default_rng(0), temperature, top_k)

# %% sampler-seeds-numpy: sample_token loses 4a.distribution 4a.temperature 4a.top_k 4a.generator is sample_token/begins-anew
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return int(np.argmax(logits))
    np.random.seed(42)
    z = np.array(logits) / temperature
    if top_k is not None and top_k < len(z):
        z[np.argsort(z)[:-top_k]] = -np.inf
    return int(np.random.choice(len(z), p=softmax(z)))

# %% sampler-of-its-own-generator: sample_token loses 4a.generator is sample_token/another-generator
_own = np.random.default_rng(0)

def sample_token(logits, rng, temperature=1.0, top_k=None):
    return _right["sampler"](logits, _own, temperature, top_k)

# %% top-k-from-global-state: sample_token loses 4a.generator
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if top_k is None or temperature == 0:
        return _right["sampler"](logits, rng, temperature)
    kept = np.argsort(logits)[-top_k:]
    return int(np.random.choice(kept, p=softmax(np.array(logits)[kept] / temperature)))

# %% temperature-from-global-state: sample_token loses 4a.generator
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 1 or temperature == 0 or top_k is not None:
        return _right["sampler"](logits, rng, temperature, top_k)
    return int(np.random.choice(len(logits), p=softmax(np.array(logits) / temperature)))

# %% generate-prompt-sorted: generate loses 4b.prompt
generate = _writer(read=sorted)

# %% generate-each-token-twice: generate loses 4b.prompt
generate = _writer(read=lambda prompt: [token for token in prompt for _ in "ab"])

# %% generate-prompt-without-repeats: generate loses 4b.prompt
generate = _writer(read=lambda prompt: list(dict.fromkeys(int(t) + 1 - 1 for t in prompt))[::2] or [prompt[0]])

# %% generate-prompt-one-id-further: generate loses 4b.prompt 4b.state
def generate(prompt, length, W_e, *args, **settings):
    further = [(int(token) + 1) % len(W_e) for token in prompt]
    return _right["generate"](further, length, W_e, *args, **settings)

# %% generate-text-of-all-in-length: generate loses 4b.prompt
generate = _writer(result=lambda drawn, prompt: [*map(int, prompt), *drawn][: len(drawn)])

# %% generate-as-text: generate loses 4b.prompt 4b.state
generate = _writer(result=lambda drawn, prompt: " ".join(map(str, drawn)))

# %% generate-halves: generate loses 4b.prompt 4b.state
generate = _writer(result=lambda drawn, prompt: np.array(drawn) + 0.5)

# %% generate-in-a-matrix: generate loses 4b.prompt 4b.state
generate = _writer(result=lambda drawn, prompt: np.array([drawn]))

# %% generate-in-reverse: generate loses 4b.prompt 4b.state
generate = _writer(result=lambda drawn, prompt: drawn[::-1])

# %% generate-first-token-always: generate loses 4b.prompt 4b.state
def generate(prompt, length, *args, **settings):
    return [0] * length

# %% generate-repeats-the-prompt: generate loses 4b.prompt 4b.state
def generate(prompt, length, *args, **settings):
    return [int(prompt[-1])] * length

# %% generate-nothing: generate loses 4b.prompt 4b.state
def generate(*args, **settings):
    _right["generate"](*args, **settings)

# %% generate-states: generate loses 4b.prompt 4b.state
def generate(prompt, length, W_e, W_x, W_h, *args, **settings):
    return np.zeros((length, len(W_h)))

# %% generate-resets-after-16: generate loses 4b.state
generate = _writer(carry=lambda h, n: 0 * h if n and n % 16 == 0 else h)

# %% generate-halves-the-state: generate loses 4b.state
generate = _writer(carry=lambda h, n: h / 2 if n else h)

# %% generate-starts-at-random: generate loses 4b.state
generate = _writer(start=lambda H: 0.1 * np.random.normal(size=H))

# %% generate-starts-near-zero: generate loses 4b.state
generate = _writer(start=lambda H: np.full(H, 1e-6))

# %% generate-feeds-zeros: generate loses 4b.state
generate = _writer(feed=lambda token, logits, prompt: None)

# %% generate-feeds-token-zero: generate loses 4b.state
generate = _writer(feed=lambda token, logits, prompt: 0)

# %% generate-feeds-the-next-id: generate loses 4b.state
generate = _writer(feed=lambda token, logits, prompt: (token + 1) % len(logits))

# %% generate-feeds-the-least-likely: generate loses 4b.state
generate = _writer(feed=lambda token, logits, prompt: int(np.argmin(logits)))

# %% generate-always-greedy: generate loses 4b.state is generate/always-the-likeliest
generate = _writer(settings=lambda T, k: (0, None))

# %% generate-top-k-one-more: generate loses 4b.state
generate = _writer(settings=lambda T, k: (T, k and k + 1))

# %% generate-temperature-zero-as-one: generate loses 4b.state
generate = _writer(settings=lambda T, k: (T or 1.0, k))

# %% generate-temperature-zero-as-a-tenth: generate loses 4b.state
generate = _writer(settings=lambda T, k: (max(T, 0.1), k))

# %% generate-temperature-not-with-top-k: generate loses 4b.state
generate = _writer(settings=lambda T, k: (T if k is None else 1.0, k))

# %% generate-top-k-not-with-temperature: generate loses 4b.state
generate = _writer(settings=lambda T, k: (T, k if T == 1 else None))

# %% generate-from-its-own-generator: generate loses 4b.state
def generate(prompt, length, *args, **settings):
    return _right["generate"](prompt, length, *args[:-1], np.random.default_rng(), **settings)

# %% generate-seeded-by-itself: generate loses 4b.state
def generate(prompt, length, *args, **settings):
    return _right["generate"](prompt, length, *args[:-1], np.random.default_rng(0), **settings)

# %% generate-embeddings-halved: generate loses 4b.state
generate = _writer(embed=lambda W_e, token: W_e[token] / 2)

# %% generate-another-token-between: generate loses 4b.state
def generate(prompt, length, *args, **settings):
    return _right["generate"](prompt, 2 * length, *args, **settings)[::2]

# %% generate-goes-on-where-it-stopped: generate loses 4b.state
_last = {}

def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    h, drawn = _last.get(len(W_h), np.zeros(len(W_h))), []
    for token in prompt:
        h = np.tanh(h @ W_h + W_e[token] @ W_x + b_h)
    for _ in range(length):
        drawn.append(sample_token(h @ W_y + b_y, rng, temperature=temperature, top_k=top_k))
        h = np.tanh(h @ W_h + W_e[drawn[-1]] @ W_x + b_h)
    _last[len(W_h)] = h
    return drawn

# %% generate-halves-embeddings-in-place: generate loses 4b.state
def generate(prompt, length, W_e, *args, **settings):
    drawn = _right["generate"](prompt, length, W_e, *args, **settings)
    W_e /= 2
    return drawn

# %% generate-reads-no-drawn-token: generate loses 4b.state is generate/drawn-token-not-fed
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    h = np.zeros((1, len(W_h)))
    for token in prompt:
        h = rnn_cell_forward(W_e[[token]], h, W_x, W_h, b_h)
    logits = h[0] @ W_y + b_y
    return [sample_token(logits, rng, temperature=temperature, top_k=top_k) for _ in range(length)]

# %% generate-own-cell-without-tanh: generate loses 4b.state
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    h, drawn = np.zeros(len(W_h)), []
    for token in prompt:
        h = h @ W_h + W_e[token] @ W_x + b_h
    for _ in range(length):
        drawn.append(sample_token(h @ W_y + b_y, rng, temperature=temperature, top_k=top_k))
        h = h @ W_h + W_e[drawn[-1]] @ W_x + b_h
    return drawn

# %% generate-resets-and-reads-the-last-again: generate loses 4b.prompt is generate/last-token-alone
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    states = rnn_forward(W_e[np.asarray(prompt)][None], np.zeros((1, len(W_h))), W_x, W_h, b_h)
    h, drawn, token = np.zeros((1, len(W_h))), [], prompt[-1]
    for _ in range(length):
        h = rnn_cell_forward(W_e[[token]], h, W_x, W_h, b_h)
        token = sample_token(h[0] @ W_y + b_y, rng, temperature=temperature, top_k=top_k)
        drawn.append(token)
    return drawn

# %% generate-adds-to-the-prompt: generate loses 4b.state
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    h, read = np.zeros(len(W_h)), len(prompt)
    for token in prompt:
        h = np.tanh(h @ W_h + W_e[token] @ W_x + b_h)
    while len(prompt) < read + length:
        prompt.append(sample_token(h @ W_y + b_y, rng, temperature=temperature, top_k=top_k))
        h = np.tanh(h @ W_h + W_e[prompt[-1]] @ W_x + b_h)
    return prompt[read:]
