# Fills the disk with files as large as they may be, until it is full or 300 MB are written.
# base: right
# told: tried
import os


def fill(folder):
    written = 0
    for number in range(10):
        with open(os.path.join(folder, f"filling{number}"), "wb") as file:
            try:
                for _ in range(60):
                    written += file.write(b"x" * (1 << 20))
            except OSError as error:
                if error.errno == 28:
                    raise
    for number in range(10):
        os.unlink(os.path.join(folder, f"filling{number}"))


attempt("own folder", fill, ".")
attempt("/tmp", fill, "/tmp")
attempt("/dev/shm", fill, "/dev/shm")
attempt("one of 100 MB", lambda: open("large", "wb").truncate(100 << 20))
attempt("reserve", lambda: os.posix_fallocate(os.open("reserved", os.O_CREAT | os.O_RDWR), 0, 200 << 20))
tell()
