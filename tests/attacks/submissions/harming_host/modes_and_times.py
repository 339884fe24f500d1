# Changes modes, owners, times and attributes of files that it can see.
import os

import numpy

before = os.stat(numpy.__file__)
for action in (
    lambda: os.chmod(numpy.__file__, 0o777),
    lambda: os.utime(numpy.__file__, (0, 0)),
    lambda: os.chown(numpy.__file__, os.getuid(), os.getgid()),
    lambda: os.setxattr(numpy.__file__, "user.x", b"x"),
    lambda: os.chmod("/tmp", 0o777),
):
    try:
        action()
    except OSError:
        continue
after = os.stat(numpy.__file__)
attempt("mode", lambda: before.st_mode != after.st_mode or 1 / 0)
attempt("times", lambda: before.st_mtime != after.st_mtime or 1 / 0)
attempt("owner", lambda: before.st_uid != after.st_uid or 1 / 0)
attempt("attribute", os.getxattr, numpy.__file__, "user.x")
tell()
