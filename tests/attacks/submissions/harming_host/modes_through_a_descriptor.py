# Changes the modes of files that it has open: its own, and those of libraries, which may belong to
# the user who grades.
import os
import stat

import numpy


def changed(file):
    before = os.fstat(file).st_mode
    try:
        os.fchmod(file, stat.S_IMODE(before) ^ stat.S_IXUSR)
    except OSError:
        pass
    return os.fstat(file).st_mode != before or 1 / 0


attempt("a library", changed, os.open(numpy.__file__, os.O_RDONLY))
attempt("a folder", changed, os.open(os.path.dirname(numpy.__file__), os.O_RDONLY))
attempt("its own", changed, os.open("own", os.O_RDWR | os.O_CREAT))
tell()
