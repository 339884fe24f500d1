# Answers with gigabytes that take no memory here: repeated, broadcast and sparse arrays, texts.
import numpy as np

things = [
    np.broadcast_to(1.0, (1 << 20, 1 << 20)),
    [np.zeros(1 << 20)] * 1000,
    ["x" * 10_000] + ["a"] * 100_000,
    [np.float32(0)] * 210_000,
    {str(number): number for number in range(100_000)},
    "x" * (1 << 27),
    np.lib.stride_tricks.as_strided(np.zeros(1), (1 << 40,), (0,)),
]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    return things[len(calls) % len(things)]


perplexity = stub
