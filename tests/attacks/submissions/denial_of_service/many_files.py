# Makes more files and folders than a file system has room for, up to 4,200.
# says: tried
# asks: the kernel
import os


def many(make, folder, numbers):
    for number in numbers:
        make(f"{folder}/{number}")


def link(name):
    os.symlink("x", name)


os.mkdir("files")
many(os.mknod, "files", range(1_050))
# %%
many(os.mknod, "files", range(1_050, 2_100))
# %%
many(os.mknod, "files", range(2_100, 3_150))
# %%
attempt("files", many, os.mknod, "files", range(3_150, 4_200))
# %%
os.mkdir("links")
many(link, "links", range(1_050))
# %%
many(link, "links", range(1_050, 2_100))
# %%
many(link, "links", range(2_100, 3_150))
# %%
attempt("links", many, link, "links", range(3_150, 4_200))
tell()
