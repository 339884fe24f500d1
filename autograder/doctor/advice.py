"""What to install or to set, by the reason why a level does not hold."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

# Settings that keep ordinary users from namespaces: file, the value that does, what to do.
SETTINGS = (
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor keeps programs from making user namespaces, as on Ubuntu from 24.04 on: `sudo "
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, or a profile for this Python "
        "that allows `userns`.",
    ),
    (
        "/proc/sys/kernel/unprivileged_userns_clone",
        "0",
        "User namespaces are switched off: `sudo sysctl -w kernel.unprivileged_userns_clone=1`.",
    ),
    (
        "/proc/sys/user/max_user_namespaces",
        "0",
        "No user namespaces are allowed: `sudo sysctl -w user.max_user_namespaces=10000`.",
    ),
)
IN_A_CONTAINER = (
    "If this is a container, let it make user namespaces: with Docker `--security-opt "
    "seccomp=unconfined --security-opt systempaths=unconfined`, or grade outside of it."
)
NO_LANDLOCK = (
    "The kernel has no landlock, or it is not switched on: Linux from 5.13 on has it, and "
    "`lsm=landlock,...` among the boot parameters switches it on (see `cat "
    "/sys/kernel/security/lsm`)."
)
UNREADABLE = (
    "Let every user read this Python and its packages: `chmod -R go+rX {prefix}`. What `pip "
    "install --user` or PYTHONPATH keeps elsewhere has to be installed in there."
)
NO_NOBODY = (
    "Give the container's root the capabilities SETUID and SETGID, so that it can become nobody to "
    "run students' code, or grade as an ordinary user."
)
NO_OTHER_USER = (
    "Map the user and group 65534 into the container, so that its root can become nobody to "
    "run students' code, or grade as an ordinary user."
)
OLD_KERNEL = "The kernel is older than Linux 5.12, or only imitates one, as gVisor does."
IN_A_CHROOT = (
    "This is a chroot, in which the kernel allows no user namespaces. Grade outside of it, or"
    " enter it as a container, as by `systemd-nspawn --directory FOLDER`."
)
COVERED = "Move Python out of /tmp and /dev/shm: a worker has these folders to itself."
NOT_LINUX = (
    "Only Linux can keep students' code apart. Grade in a virtual machine with Linux, or, where "
    "you trust the code as your own, with --isolation none."
)


def advise(reason: str) -> list[str]:
    """What to do about a level that does not hold for this reason."""
    return list(_advice(reason.lower()))


def _advice(reason: str) -> Iterator[str]:
    if sys.platform != "linux":
        yield NOT_LINUX
    elif "cannot be imported" in reason or "cannot be run" in reason:
        yield UNREADABLE.format(prefix=sys.prefix)
    elif "may not become nobody" in reason:
        yield NO_NOBODY
    elif "nothing bounds the threads" in reason:
        yield NO_OTHER_USER
    elif "to itself" in reason:
        yield COVERED
    elif "landlock" in reason:
        yield NO_LANDLOCK
    elif "seccomp" in reason:
        yield f"The system calls of this machine cannot be filtered ({reason})."
    elif "function not implemented" in reason:
        yield OLD_KERNEL
    elif _in_a_chroot():
        yield IN_A_CHROOT
    else:
        advice = [words for file, value, words in SETTINGS if _holds(Path(file)) == value]
        yield from advice or [IN_A_CONTAINER]


def _in_a_chroot() -> bool:
    try:
        return not os.path.samefile("/", "/proc/1/root")
    except OSError:  # this is not root's to see
        mounts = _holds(Path("/proc/self/mountinfo")).splitlines()
        return bool(mounts) and all(line.split()[4] != "/" for line in mounts)


def _holds(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
