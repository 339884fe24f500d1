# Makes pipes or makes none, and sees by the number of the next one how many others have made.
import os


def number():
    ends = os.pipe()
    try:
        return os.fstat(ends[0]).st_ino
    finally:
        for end in ends:
            os.close(end)


def say(bit):
    for _ in range(2048 * bit):
        number()


last = [0]


def hear():
    before, last[0] = last[0], number()
    return last[0] - before


attempt("heard", converse, say, hear)
attempt("event", os.eventfd, 0) if hasattr(os, "eventfd") else held.append("event")
tell()
