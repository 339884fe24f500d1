# Locks one byte of a library for each bit that it says, by locks that belong to an open file.
import fcntl
import struct

import numpy

F_OFD_GETLK, F_OFD_SETLK = 36, 37
mine, theirs = open(numpy.__file__), open(numpy.__file__)


def lock(file, command, kind):
    asked = struct.pack("=hhiqqii", kind, 0, 0, 47, 1, 0, 0)
    return struct.unpack("=hhiqqii", fcntl.fcntl(file, command, asked))[0]


def say(bit):
    lock(mine, F_OFD_SETLK, fcntl.F_RDLCK if bit else fcntl.F_UNLCK)


def hear():
    return lock(theirs, F_OFD_GETLK, fcntl.F_WRLCK)


attempt("heard", converse, say, hear)
tell()
