# Waits on a word of a library that both have in memory, until a classmate wakes it.
import ctypes
import mmap
import threading
import time

import numpy as np

FUTEX, WAIT, WAKE = 202, 0, 1
file = open(np.__file__, "rb")
library = mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ)
word = np.frombuffer(library, np.uint32)
waiting, woken = [], []


def wait():
    try:
        syscall(FUTEX, word.ctypes.data, WAIT, int(word[0]), 0, 0, 0)
        woken.append(True)
    except OSError:
        pass
    waiting.clear()


def say(bit):
    if bit:
        syscall(FUTEX, word.ctypes.data, WAKE, 1, 0, 0, 0)


def hear():
    time.sleep(0.02)
    heard = bool(woken)
    woken.clear()
    if not waiting:
        waiting.append(threading.Thread(target=wait, daemon=True))
        waiting[0].start()
        time.sleep(0.02)
    return heard


attempt("heard", converse, say, hear)
several = (ctypes.c_uint64 * 3)(int(word[0]), word.ctypes.data, 2)
soon = (ctypes.c_uint64 * 2)(int(time.monotonic()) + 1, 0)
attempt("several", syscall, 449, several, 1, 0, soon, 1)
for name, number in (("wake", 454), ("wait", 455), ("requeue", 456)):
    attempt(name, syscall, number, word.ctypes.data, 1, 1, 2, 0, 0)
tell()
