# Begins a reply and ends its process, or its side of the line, in the middle of it.
# says: ended its process
# asks: the kernel
import os
import socket

calls = []


def stub(*args, **kwargs):
    calls.append(1)
    line = the_socket()
    line.sendall((100).to_bytes(8, "little") + b"\x82\xa2id")
    if len(calls) % 2:
        line.shutdown(socket.SHUT_WR)
    os._exit(0)


for name in FEW:
    globals()[name] = stub
