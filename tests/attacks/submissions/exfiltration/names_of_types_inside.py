# As before, with the value inside of a list, a dict and a tuple, as an array of a strange dtype.
# silent: 7919
import numpy as np

hidden = type("x7919x", (), {})
things = [[hidden()], {"x7919x": hidden()}, (hidden(), hidden()), np.zeros(2, "U7919"), np.zeros(1, "V7919")]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    return things[len(calls) % len(things)]


for name in STUBS:
    globals()[name] = stub
