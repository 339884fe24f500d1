# Answers with arrays of many bytes, several of which are held before any is judged.
import numpy as np

things = [
    np.zeros(430_000, np.longdouble),
    np.zeros(900_000),
    np.ones(1_900_000, np.int8),
    np.zeros(60_000),
    np.zeros((1 << 18) - 1, np.longdouble),
    np.zeros(3_000_000, np.longdouble),
]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    return things[len(calls) // 100 % len(things)]


for name in STUBS:
    globals()[name] = stub
