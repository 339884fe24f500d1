# Starts threads and takes memory, and sees how much of both the whole machine has.
import ctypes
import threading

SYSINFO = 99
enough, taken = [threading.Event()], []
seen = (ctypes.c_ulong * 32)()


def say(bit):
    enough[0].set()
    enough[0] = threading.Event()
    taken.clear()
    if bit:
        taken.append(b"x" * (100 << 20))
        for _ in range(20):
            threading.Thread(target=enough[0].wait, daemon=True).start()


def hear():
    syscall(SYSINFO, seen)
    megabytes, processes = seen[5] >> 20, seen[10] & 0xFFFF
    return megabytes, processes


attempt("heard", converse, say, hear)
attempt("stock of large pages", syscall, 9, 0, 1 << 21, 3, 0x40022, -1, 0)
tell()
