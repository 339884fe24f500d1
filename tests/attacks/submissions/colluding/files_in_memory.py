# Takes a file out of memory or has it there, and reads only what is there without waiting.
import os
import sysconfig

RWF_NOWAIT, O_DIRECT = 8, os.O_DIRECT
place = os.path.join(sysconfig.get_path("stdlib"), "turtle.py")
file = os.open(place, os.O_RDONLY)


def say(bit):
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    if bit:
        os.pread(file, 4096, 0)


def hear():
    try:
        return os.preadv(file, [bytearray(1)], 0, RWF_NOWAIT)
    except BlockingIOError:
        return 0


attempt("heard", converse, say, hear)
attempt("past memory", os.open, place, os.O_RDONLY | O_DIRECT)
attempt("uncached", os.preadv, file, [bytearray(1)], 0, 128)
tell()
