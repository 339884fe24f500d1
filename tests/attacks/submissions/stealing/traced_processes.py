# Traces and reads the memory of the warm process, the grader and every other process.
import os

PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
for pid in (1, 2, 3, os.getppid(), os.getppid() - 1, os.getppid() + 1):
    if pid > 0:
        attempt(f"attach {pid}", syscall, 101, PTRACE_ATTACH, pid, 0, 0)
        attempt(f"seize {pid}", syscall, 101, PTRACE_SEIZE, pid, 0, 0)
        attempt(f"read {pid}", syscall, 310, pid, 0, 0, 0, 0, 0)
        attempt(f"write {pid}", syscall, 311, pid, 0, 0, 0, 0, 0)
        attempt(f"open {pid}", syscall, 434, pid, 0)
        attempt(f"compare {pid}", syscall, 312, pid, pid, 0, 0, 0)
attempt("be traced", syscall, 101, 0, 0, 0, 0)
tell()
