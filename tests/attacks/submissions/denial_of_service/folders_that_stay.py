# Leaves folders that a careless removal trips over: thousands deep, unreadable, oddly named.
# asks: the kernel
import os

os.mkdir("closed", 0o300)
open("closed/file", "w").close()
os.mkdir("closed/inner", 0o300)
open("closed/inner/file", "w").close()
os.symlink(COURSE, "closed/link")
os.mkdir("\x1b[31m\n")
os.mkdir("moved 0")
open("moved 0/x", "w").close()
home = os.getcwd()
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
os.chdir(home)
