# Replies with ids of every other kind: arrays, floats, texts, none, past and future ones.
# status: attack seen
import sys

import numpy as np

wire = sys.modules["worker.wire"]
ids = [np.array([1, 2]), np.array([1]), float("nan"), True, "1", None, [1], {"id": 1}, 0, -1, 2**63]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    body = {"id": ids[len(calls) % len(ids)], "answer": 1.0}
    the_socket().sendall(wire.encode(body))
    return 1.0


for name in FEW:
    globals()[name] = stub
the_socket().sendall(wire.encode({"id": np.array([1, 2]), "answer": None}))
