# Makes more files and folders than a file system has room for, up to 4,200.
# told: tried
import os


def many(make, folder, numbers):
    for number in numbers:
        make(f"{folder}/{number}")


os.mkdir("files")
many(os.mknod, "files", range(2_100))
# %%
attempt("files", many, os.mknod, "files", range(2_100, 4_200))
# %%
os.mkdir("links")
many(lambda name: os.symlink("x", name), "links", range(2_100))
# %%
attempt("links", many, lambda name: os.symlink("x", name), "links", range(2_100, 4_200))
tell()
