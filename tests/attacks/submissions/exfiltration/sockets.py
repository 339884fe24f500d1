# Sends what it has seen over every kind of socket, to this machine and out of it.
# asks: the kernel
import socket

for family in range(0, 46):
    for kind in (1, 2, 3):
        attempt(f"family {family} kind {kind}", socket.socket, family, kind)
attempt("pair", socket.socketpair)
attempt("tcp", socket.create_connection, ("127.0.0.1", PORT), 1)
attempt("internet", socket.create_connection, ("1.1.1.1", 53), 1)
attempt("name server", socket.getaddrinfo, "secret.example.org", 80)
for name, number in (("connect", 42), ("bind", 49), ("listen", 50), ("accept", 43)):
    attempt(name, syscall, number, the_socket().fileno(), 0, 0)
tell()
