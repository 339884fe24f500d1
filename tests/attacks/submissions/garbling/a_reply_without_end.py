# Sends notices and replies without end, as fast as it can.
# says: cell
import sys

wire = sys.modules["worker.wire"]
server = the_server()
notices = wire.encode({"id": server._id, "at": 0}) * 1000
while True:
    the_socket().sendall(notices)
