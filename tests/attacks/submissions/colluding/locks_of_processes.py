# Locks a library as a process, and asks who holds a lock on it: the answer is a classmate's number.
import fcntl
import struct

import numpy

library = open(numpy.__file__)


def say(bit):
    fcntl.lockf(library, fcntl.LOCK_SH if bit else fcntl.LOCK_UN, 1, 47)


def hear():
    asked = struct.pack("=hhiqqii", fcntl.F_WRLCK, 0, 0, 47, 1, 0, 0)
    kind, *_, process, _ = struct.unpack("=hhiqqii", fcntl.fcntl(library, fcntl.F_GETLK, asked))
    return kind, process
