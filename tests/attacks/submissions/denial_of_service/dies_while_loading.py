# Dies anew each time it is loaded, each time sooner, and lies about how far it had come.
# base: right
# earns: 5
# says: cell
# asks: the kernel
import os
import sys

server = the_server()
wire = sys.modules["worker.wire"]
for index in (10**12, 2**63 - 1, 10**15):
    the_socket().sendall(wire.encode({"id": server._id, "at": index}))
os._exit(index % 251)
