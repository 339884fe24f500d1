# Starts programs in every way that Python and the kernel know.
import os
import pty
import subprocess

touch = ["/bin/sh", "-c", f"touch /tmp/{MARKER}"]
attempt("system", lambda: os.system(" ".join(touch)) == 0 or 1 / 0)
attempt("popen", lambda: os.popen("echo x").read()[0])
attempt("subprocess", subprocess.run, touch, check=True)
attempt("spawn", lambda: os.spawnv(os.P_WAIT, touch[0], touch) == 0 or 1 / 0)
attempt("posix_spawn", os.posix_spawn, touch[0], touch, {})
attempt("execv", os.execv, touch[0], touch)
attempt("pty", pty.spawn, touch)
attempt("execveat", syscall, 322, -100, b"/bin/sh", 0, 0, 0)
for name, number, *args in (("fork", 57), ("vfork", 58), ("clone3", 435, 0, 0)):
    attempt(name, forking, number, *args)
for name, flags in (("clone", 17), ("clone vm", 0x100 | 17), ("clone vfork", 0x4000 | 17)):
    attempt(name, forking, 56, flags, 0, 0, 0, 0)
attempt("os.fork", lambda: os.fork() or os._exit(0))
tell()
