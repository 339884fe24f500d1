# Reads the course through /proc: the roots, folders, descriptors and memory of other processes.
import os

for process in ("self", "1", "2", str(os.getppid()), "thread-self"):
    for name in ("root", "cwd/..", "environ", "maps", "mem", "cmdline", "status", "mountinfo"):
        attempt(f"{process}/{name}", os.open, f"/proc/{process}/{name}", os.O_RDONLY)
    attempt(f"{process}/secret", os.open, f"/proc/{process}/root{COURSE}/.course-secret", 0)
    attempt(f"{process}/fd", os.listdir, f"/proc/{process}/fd")
attempt("proc", lambda: [name for name in os.listdir("/proc")][0])
tell()
