# Sends what is no message: noise, pickles, JSON, other people's protocols.
# status: attack seen
import os
import pickle


class Runs:
    def __reduce__(self):
        return os.system, (f"touch /tmp/{MARKER}",)


noise = [os.urandom(64), pickle.dumps(Runs()), b'{"id": 1, "answer": 5}', b"\xc1" * 64, b"\x80" * 9]
calls = []


def stub(*args, **kwargs):
    calls.append(1)
    body = noise[len(calls) % len(noise)]
    the_socket().sendall(len(body).to_bytes(8, "little") + body)


for name in FEW:
    globals()[name] = stub
