# Looks for a listener on this machine: a socket in a folder, one without a file, a port.
# asks: the kernel
import os
import socket


def send(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as line:
        line.connect(address)
        line.sendall(b"seen")


attempt("file", send, socket.AF_UNIX, DOOR)
attempt("abstract", send, socket.AF_UNIX, "\0" + DOOR)
attempt("port", send, socket.AF_INET, ("127.0.0.1", PORT))
attempt("datagram", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", PORT)))
attempt("descriptor", socket.send_fds, the_socket(), [b"x"], [0])
attempt("out of band", the_socket().send, b"!", socket.MSG_OOB)
tell()
