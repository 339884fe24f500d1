# Makes more files and folders than a file system has room for, up to 4,200.
# told: tried
import os


def many(make, folder):
    os.mkdir(folder)
    for number in range(4_200):
        make(f"{folder}/{number}")


attempt("files", many, lambda name: open(name, "w").close(), "files")
# %%
attempt("links", many, lambda name: os.symlink("x", name), "links")
tell()
