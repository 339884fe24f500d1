# Becomes root or anyone else, and takes capabilities, by every call and by a program set to it.
import os
import struct

for name in ("setuid", "seteuid", "setgid", "setegid"):
    attempt(name, getattr(os, name), 0)
attempt("setresuid", os.setresuid, 0, 0, 0)
attempt("setreuid", os.setreuid, 0, 0)
attempt("setgroups", os.setgroups, [0])
attempt("setfsuid", syscall, 122, 0)
attempt("capset", syscall, 126, struct.pack("=Ii", 0x20080522, 0), b"\xff" * 24)
attempt("keep capabilities", syscall, 157, 8, 1, 0, 0, 0)
attempt("ambient", syscall, 157, 47, 2, 21, 0, 0)
open("program", "w").write("#!/bin/sh\ntouch /tmp/" + MARKER)
os.chmod("program", 0o6755)
attempt("set user id", lambda: os.stat("program").st_mode & 0o6000 or 1 / 0)
attempt("run it", os.execv, "program", ["program"])
tell()
