# Sends signals to every process that it can name: the grader, the warm process, classmates.
# base: right
import os
import signal

me = os.getpid()
for name, pid in (("everyone", -1), ("the group", 0), ("the parent", os.getppid() or 2)):
    attempt(name, os.kill, pid, signal.SIGKILL)
attempt("group", os.killpg, 1 if me != 1 else 2, signal.SIGKILL)
reached = []
for pid in range(1, 40_000):
    if pid != me:
        try:
            os.kill(pid, signal.SIGTERM)
            reached.append(pid)
        except OSError:
            continue
attempt("any of 40,000", lambda: reached[0])
for pid in (2, 3, os.getppid() or 5):
    attempt(f"thread {pid}", syscall, 234, pid, pid, signal.SIGKILL)
    attempt(f"queue {pid}", syscall, 129, pid, signal.SIGTERM, 0)
    attempt(f"pidfd {pid}", syscall, 434, pid, 0)
tell()
