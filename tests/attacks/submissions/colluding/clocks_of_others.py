# Computes or rests, and reads the clocks of what other processes have computed.
import os
import time


def say(bit):
    until = time.perf_counter() + 0.02 * bit
    while time.perf_counter() < until:
        pass


def hear():
    seen = []
    for pid in range(max(1, os.getpid() - 2000), os.getpid() + 200):
        if pid != os.getpid():
            try:
                seen.append(time.clock_gettime(~pid << 3 | 2))
            except OSError:
                continue
    return seen


def wait_for(pid):
    syscall(230, ~pid << 3 | 2, 0, (b"\0" * 16), 0)


attempt("heard", hear().__getitem__, 0)
attempt("wait for one", wait_for, os.getppid() or 2)
tell()
