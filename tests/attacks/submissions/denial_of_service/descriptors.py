# Opens more files, pipes and event queues than there can be.
# asks: the kernel
import os
import select


def many(make):
    kept = []
    for _ in range(2000):
        kept.append(make())


attempt("copies", many, lambda: os.dup(0))
attempt("pipes", many, os.pipe)
attempt("epoll", many, select.epoll)
attempt("files", many, lambda: open(os.devnull))
tell()
