"""What to install or to set, by the reason why a level does not hold."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

# Settings that keep ordinary users from namespaces: file, the value that does, what to do.
SETTINGS = (
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "AppArmor keeps programs from making user namespaces, as on Ubuntu from 24.04 on. Give "
        "bwrap a profile that allows `userns`, or run `sudo sysctl -w "
        "kernel.apparmor_restrict_unprivileged_userns=0`.",
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
INSTALL = (
    "Install bubblewrap: `sudo apt install bubblewrap`, `sudo dnf install bubblewrap` or `sudo "
    "pacman -S bubblewrap`."
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
UNREACHABLE = (
    "Root becomes the user nobody to run students' code, and nobody cannot reach this Python. "
    "Grade as an ordinary user, or install Python where every user can read it, not under /root."
)
IN_TMP = "Move Python or its virtual environment out of /tmp: a worker has a /tmp of its own."
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
    elif "bubblewrap" in reason and "not installed" in reason:
        yield INSTALL
    elif "the user nobody" in reason:
        yield UNREACHABLE
    elif "lies in" in reason and "/tmp" in reason:
        yield IN_TMP
    elif "landlock" in reason:
        yield NO_LANDLOCK
    elif "seccomp" in reason:
        yield f"The system calls of this machine cannot be filtered ({reason})."
    else:
        set_so = [told for file, value, told in SETTINGS if _holds(Path(file)) == value]
        yield from set_so or [IN_A_CONTAINER]


def _holds(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
