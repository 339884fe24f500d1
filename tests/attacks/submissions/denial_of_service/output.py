# Floods what it prints, over Python and past it, and in one endless line.
# says: was stopped after 1.5 s
# asks: the kernel
import os
import sys

sys.stdout.write("x" * (64 << 20))
while True:
    os.write(1, b"\x1b]0;owned\x07" * 100_000)
    os.write(2, b"\n" * 100_000)
