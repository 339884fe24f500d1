# Recurses until the stack of the process itself runs over.
# says: SIGSEGV
# asks: the kernel
import sys


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")


def ngram_distribution(*args):
    sys.setrecursionlimit(1 << 30)
    return Deep().x
