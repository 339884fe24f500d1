# Opens files or closes them, and sees from outside how many each process has open.
import os

held = []


def say(bit):
    while held:
        os.close(held.pop())
    held.extend(os.open("/dev/null", os.O_RDONLY) for _ in range(64 * bit))


def hear():
    seen = []
    for pid in range(max(1, os.getpid() - 2000), os.getpid() + 200):
        if pid != os.getpid():
            try:
                seen.append((pid, os.stat(f"/proc/{pid}/fd").st_size))
            except OSError:
                continue
    return seen
