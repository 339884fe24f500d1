# Locks a library that everyone reads, and sees whether a classmate holds the lock.
import fcntl

import numpy

mine, theirs = open(numpy.__file__), open(numpy.__file__)


def say(bit):
    fcntl.flock(mine, fcntl.LOCK_EX if bit else fcntl.LOCK_UN)


def hear():
    try:
        fcntl.flock(theirs, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(theirs, fcntl.LOCK_UN)
    return False


attempt("heard", converse, say, hear)
tell()
