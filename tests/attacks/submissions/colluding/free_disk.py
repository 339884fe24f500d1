# Writes files or removes them, and sees how much room there is on the disk that all share.
import os

import numpy


def say(bit):
    with open("filling", "wb") as file:
        file.write(bytes(bit << 20))


def hear():
    return [os.statvfs(place).f_bfree for place in (numpy.__file__, ".", "/")]


attempt("heard", converse, say, hear)
tell()
