# Makes files or makes none, and sees by the number of the next one how many others made.
import os

made, last = [], [0]


def number():
    made.append(f"made {len(made)}")
    with open(made[-1], "wb") as file:
        return os.fstat(file.fileno()).st_ino


def say(bit):
    for _ in range(8 * bit):
        number()


def hear():
    before, last[0] = last[0], number()
    return last[0] - before
