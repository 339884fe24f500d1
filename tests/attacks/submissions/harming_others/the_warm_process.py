# Sends requests to the warm process, over its own line and over any other descriptor.
import os
import sys

wire = sys.modules["worker.wire"]
fork = wire.encode({"op": "fork", "limits": {"memory_mb": 1 << 20}})
kill = wire.encode({"op": "kill", "pid": 1, "ending": False})
own = the_socket().fileno()
for number in range(256):
    if number not in (0, 1, 2, own):
        attempt(f"descriptor {number}", os.write, number, b"!" + fork + b"!" + kill)
warm = sys.modules.get("worker.warm")
if warm is not None:
    attempt("fork another worker", lambda: warm.confine.fork("isolated"))
    attempt("main again", lambda: warm.confine.prepare("isolated"))
tell()
