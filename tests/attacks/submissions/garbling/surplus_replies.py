# Replies twice, ahead of time, and to what nobody asked.
# status: attack seen
import sys

wire = sys.modules["worker.wire"]


def stub(*args, **kwargs):
    server = the_server()
    for number in range(server._id, server._id + 50):
        the_socket().sendall(wire.encode({"id": number, "answer": [1.0]}))
    return [1.0]


for name in FEW:
    globals()[name] = stub
