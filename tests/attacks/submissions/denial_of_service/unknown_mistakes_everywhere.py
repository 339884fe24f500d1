# Makes mistakes in all stubs at once that no known one is, so that all of these are compared.
# base: right
# earns: 2.5
import numpy as np


def halved(answer):
    if isinstance(answer, tuple):
        return tuple(map(halved, answer))
    if isinstance(answer, dict):
        return {key: halved(value) for key, value in answer.items()}
    return np.asarray(answer) * 0.5


def wrapped(function):
    return lambda *args, **kwargs: halved(function(*args, **kwargs))


right_sampler, right_text = sample_token, generate
for name in STUBS:
    if name not in ("CharRNN", "sample_token", "generate"):
        globals()[name] = wrapped(globals()[name])


def sample_token(logits, rng, temperature=1.0, top_k=None):
    return right_sampler(np.asarray(logits) * 0.9, rng, temperature and temperature + 0.3, top_k)


def generate(prompt, length, *args, **kwargs):
    W = [0.9 * np.asarray(one) for one in args[:6]]
    return right_text(prompt, length, *W, *args[6:], **kwargs)


class CharRNN(CharRNN):
    def forward(self, tokens, h=None):
        logits, h = super().forward(tokens, h)
        return 0.5 * logits, 0.5 * h
