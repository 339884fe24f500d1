# Forks as often as it can.
# base: right
# earns: 5
# asks: the kernel
import os
import time


def bomb():
    for _ in range(200):  # enough to be seen, and not the end of an unguarded machine
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)


attempt("fork", bomb)
tell()
