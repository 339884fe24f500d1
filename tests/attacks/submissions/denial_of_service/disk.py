# Fills the disk with files as large as they may be, until it is full or 180 MB are there.
# says: tried
# asks: the kernel
import os


def fill(folder):
    names = [os.path.join(folder, f"filling{number}") for number in range(3)]
    try:
        for name in names:
            with open(name, "wb") as file:
                for _ in range(60):
                    file.write(b"x" * (1 << 20))
    finally:
        for name in names:
            if os.path.exists(name):
                os.unlink(name)


attempt("own folder", fill, ".")
# %%
attempt("/tmp", fill, "/tmp")
attempt("/dev/shm", fill, "/dev/shm")
attempt("one of 100 MB", lambda: open("large", "wb").truncate(100 << 20))
attempt("reserve", lambda: os.posix_fallocate(os.open("reserved", os.O_CREAT | os.O_RDWR), 0, 200 << 20))
tell()
