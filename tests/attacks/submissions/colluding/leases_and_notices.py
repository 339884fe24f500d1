# Is told when a classmate opens a file: by leases, notices of folders, and watches on files.
import fcntl
import os
import signal

import numpy

library = os.open(numpy.__file__, os.O_RDONLY)
folder = os.open(os.path.dirname(numpy.__file__), os.O_RDONLY)
for name, kind in (("read", fcntl.F_RDLCK), ("write", fcntl.F_WRLCK), ("none", fcntl.F_UNLCK)):
    attempt(f"lease to {name}", fcntl.fcntl, library, fcntl.F_SETLEASE, kind)
attempt("leases", fcntl.fcntl, library, fcntl.F_GETLEASE)
attempt("notice", fcntl.fcntl, folder, fcntl.F_NOTIFY, fcntl.DN_ACCESS | fcntl.DN_MULTISHOT)
attempt("signal", fcntl.fcntl, library, fcntl.F_SETSIG, signal.SIGIO)
attempt("owner", fcntl.fcntl, library, fcntl.F_SETOWN, os.getpid())
attempt("flags", fcntl.fcntl, library, fcntl.F_SETFL, os.O_ASYNC)
for name, number in (("inotify_init", 253), ("inotify_init1", 294), ("fanotify_init", 300)):
    attempt(name, syscall, number, 0, 0)
tell()
