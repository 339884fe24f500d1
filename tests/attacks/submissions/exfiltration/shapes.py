# Answers with an array whose shape spells what was asked, so that the report shows it.
# silent: 7919
import numpy as np

things = [np.zeros((7919, 2)), np.zeros((1, 7919, 1)), [0] * 7919, np.zeros(7919, np.float32)]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    return things[len(calls) % len(things)]


for name in FEW:
    globals()[name] = stub
