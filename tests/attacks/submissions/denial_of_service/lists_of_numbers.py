# Answers with lists of as many numbers as may cross, and of more; and with as many small arrays.
import numpy as np

things = [
    lambda: [1.0] * 59_000,
    lambda: [np.int8(1)] * 29_000,
    lambda: [[2]] * 29_000,
    lambda: {str(number): number for number in range(29_000)},
    lambda: [1.0] * 900_000,
    lambda: {"a": [np.zeros(3)] * 20_000},
    lambda: [1.0] * 58_000 + [[1]],
]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    return things[len(calls) % len(things)]()


for name in STUBS:
    globals()[name] = stub
answers_1b = answers_4b = things[3]()
