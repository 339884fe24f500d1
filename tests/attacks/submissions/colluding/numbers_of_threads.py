# Starts threads or starts none, and sees by the number of the next one how many others started.
import threading


def number():
    thread = threading.Thread()
    thread.start()
    thread.join()
    return thread.native_id


def say(bit):
    for _ in range(8 * bit):
        number()


last = [number()]


def hear():
    before, last[0] = last[0], number()
    return last[0] - before
