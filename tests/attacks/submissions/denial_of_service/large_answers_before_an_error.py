# Answers some calls with what is large, and raises in the next, so that the error holds them.
import numpy as np

calls = []


def stub(*args, **kwargs):
    calls.append(1)
    if len(calls) % 6 == 0:
        raise ValueError
    return np.zeros(1_900_000 if len(calls) % 2 else 45 << 20, np.int8)


for name in STUBS:
    if name != "CharRNN":
        globals()[name] = stub
