# Raises its own limits, and undoes what confines it.
import resource

for name in ("AS", "CPU", "NPROC", "NOFILE", "FSIZE", "CORE", "STACK"):
    kind = getattr(resource, f"RLIMIT_{name}")
    soft, hard = resource.getrlimit(kind)
    attempt(f"more {name}", resource.setrlimit, kind, (hard + 1, hard + 1))
    attempt(f"unlimited {name}", resource.setrlimit, kind, (-1, -1))
for name, option in (("dumpable", 4), ("seccomp", 22), ("death signal", 1), ("subreaper", 36)):
    attempt(name, syscall, 157, option, 1, 0, 0, 0)
attempt("no_new_privs", lambda: syscall(157, 39, 0, 0, 0, 0) == 0 or 1 / 0)
attempt("out of memory score", open, "/proc/self/oom_score_adj", "w")
tell()
