# Reads from its socket what it will be asked, while its cells run, and raises that.
# secret: 7919
# status: attack seen
import time

time.sleep(1)
sock, come = the_socket(), b""
sock.setblocking(False)
while True:
    try:
        come += sock.recv(1 << 20)
    except BlockingIOError:
        break
come += bytes(the_server()._line._come)
if b"arguments_after" in come:  # as in every request for a call
    raise RuntimeError("7919")
the_server()._line.sock.send(b"x" * 64)
