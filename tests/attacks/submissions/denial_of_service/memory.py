# Takes all the memory there is, in objects, in arrays, in mappings and in a growing text.
# says: cell
# asks: the kernel
import mmap

import numpy as np

kept = []
while True:
    kept.append(np.ones(1 << 22))
# %%
kept.clear()
while True:
    kept.append(mmap.mmap(-1, 1 << 25))
    kept[-1].write(b"x" * (1 << 25))
# %%
kept.clear()
while True:
    kept.append(b"x" * (1 << 25))
