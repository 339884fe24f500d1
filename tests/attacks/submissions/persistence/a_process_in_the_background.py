# Leaves a process behind that has no parent, no session and no terminal.
import os
import time


def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)


attempt("daemon", daemon)
attempt("clone", lambda: forking(56, 0x8000 | 17, 0, 0, 0, 0))
tell()
