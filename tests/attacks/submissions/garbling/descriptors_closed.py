# Closes all that it has open, and opens others in their place.
# base: right
# says: cell
# asks: the kernel
import os

os.closerange(0, 4096)
for _ in range(8):
    os.open(os.devnull, os.O_RDWR)
