# Asks what of a library is in memory, and advises the kernel to take it out or to share pages.
import mmap

import numpy as np

file = open(np.__file__, "rb")
library = mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ)
own = mmap.mmap(-1, 1 << 21)
place = np.frombuffer(library, np.uint8).ctypes.data
seen = np.zeros(1024, np.uint8)
ADVICE = {
    "willneed": 3,
    "remove": 9,
    "mergeable": 12,
    "unmergeable": 13,
    "cold": 20,
    "pageout": 21,
    "populate for reading": 22,
    "populate for writing": 23,
    "collapse": 25,
    "poison": 100,
    "soft offline": 101,
}
for name, advice in ADVICE.items():
    attempt(name, library.madvise, advice)
    attempt(f"{name} of its own", own.madvise, advice)
attempt("mincore", syscall, 27, place, 4096, seen.ctypes.data)
attempt("cachestat", syscall, 451, 3, seen.ctypes.data, seen.ctypes.data + 64, 0)
attempt("readahead", syscall, 187, 3, 0, 4096)
attempt("sync_file_range", syscall, 277, 3, 0, 4096, 7)
attempt("process_madvise", syscall, 440, 3, 0, 0, 21, 0)
attempt("where its pages are", syscall, 239, seen.ctypes.data, 0, 0, place, 3)
attempt("move pages", syscall, 279, 0, 1, place, 0, seen.ctypes.data, 0)
attempt("bind pages", syscall, 237, place, 4096, 2, seen.ctypes.data, 8, 2)
attempt("barrier for all", syscall, 324, 1, 0, 0)
tell()
