# Calls back with names, arguments and moments that no stub has.
# status: attack seen
import sys

wire = sys.modules["worker.wire"]
names = ["softmax", "bptt", "__class__", "_stand_in", 7, None, ["softmax"] * 1000, {"a": {}}, "x" * 9999]
calls = []


def stub(*args, **kwargs):
    server = the_server()
    for name in names:
        for arguments in ([], {}, None, [[[[]]]], "text"):
            body = {"id": server._id, "callback": name, "args": arguments, "kwargs": arguments}
            the_socket().sendall(wire.encode(body))


for name in FEW:
    globals()[name] = stub
