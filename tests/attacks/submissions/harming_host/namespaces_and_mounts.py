# Makes namespaces, mounts and roots of its own, to see more of this machine or to be root there.
NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (1 << n for n in (17, 26, 27, 28, 29, 30))
for name, flag in (("mount", NEWNS), ("user", NEWUSER), ("pid", NEWPID), ("net", NEWNET)):
    attempt(f"unshare {name}", syscall, 272, flag)
    attempt(f"clone {name}", forking, 56, flag | 17, 0, 0, 0, 0)
    attempt(f"clone thread {name}", forking, 56, flag | 0x10F00, 0, 0, 0, 0)
attempt("setns", syscall, 308, 3, 0)
attempt("mount", syscall, 165, b"none", b"/tmp", b"tmpfs", 0, 0)
attempt("bind", syscall, 165, b"/", b"/tmp", 0, 4096, 0)
attempt("remount", syscall, 165, 0, b"/", 0, 32, 0)
attempt("umount", syscall, 166, b"/proc", 2)
attempt("chroot", syscall, 161, b"/tmp")
attempt("pivot_root", syscall, 155, b"/tmp", b"/tmp")
for name, number in (("open_tree", 428), ("move_mount", 429), ("fsopen", 430), ("fsmount", 432)):
    attempt(name, syscall, number, -100, b"/", 0, 0, 0)
attempt("mount_setattr", syscall, 442, -100, b"/", 0, 0, 0)
tell()
