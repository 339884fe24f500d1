# Leaves the control group that bounds it, or changes what that allows.
import glob
import os

groups = ["/sys/fs/cgroup", *glob.glob("/sys/fs/cgroup/*/"), *glob.glob("/sys/fs/cgroup/*/*/")]
for group in groups:
    attempt(f"a group in {group}", os.mkdir, os.path.join(group, MARKER))
    for name in ("cgroup.procs", "tasks", "memory.max", "memory.limit_in_bytes", "pids.max"):
        attempt(f"{group} {name}", os.open, os.path.join(group, name), os.O_WRONLY)
    attempt(f"what {group} counts", os.open, os.path.join(group, "memory.stat"), os.O_RDONLY)
attempt("which it is in", open, "/proc/self/cgroup")
attempt("one's own", syscall, 272, 0x02000000)
attempt("born in one", syscall, 435, b"\0" * 88, 88)
attempt("mount", syscall, 165, b"none", b"/tmp", b"cgroup2", 0, 0)
tell()
