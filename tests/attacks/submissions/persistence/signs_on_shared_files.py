# Leaves signs on files that all read, and looks whether an earlier submission has left any: modes,
# times, attributes, links.
import os

import numpy

place = numpy.__file__
library = os.open(place, os.O_RDONLY)
SIGN = 0o100
attempt("mode", lambda: os.stat(place).st_mode & SIGN or 1 / 0)
attempt("time", lambda: os.stat(place).st_mtime == 47 or 1 / 0)
attempt("attribute", os.getxattr, place, "user.sign")
attempt("links", lambda: os.stat(MARKER).st_nlink)
for leave in (
    lambda: os.fchmod(library, os.fstat(library).st_mode | SIGN),
    lambda: os.chmod(place, os.fstat(library).st_mode | SIGN),
    lambda: os.utime(library, (47, 47)),
    lambda: os.setxattr(library, "user.sign", b"x"),
    lambda: os.link(place, MARKER),
):
    try:
        leave()
    except OSError:
        continue
attempt("its own mode", lambda: os.stat(place).st_mode & SIGN or 1 / 0)
attempt("its own time", lambda: os.stat(place).st_mtime == 47 or 1 / 0)
attempt("its own link", os.stat, MARKER)
tell()
