"""Starts a program in a box: new namespaces, and no files but those that it is shown.

``main`` takes steps of three words each, then ``--``, the program's file, and the words that it is
started with:

- ``show PLACE SOURCE``: a file or folder, with all that is mounted below it, read-only
- ``hide PLACE -``: an empty folder, in which a later step may show something
- ``link PLACE TARGET``: a symbolic link

The box has ``/proc``, ``/tmp``, ``/dev`` and ``/dev/shm`` beside. An ordinary user is called nobody
in it, by a user namespace. Root becomes nobody for real, having shown what only root can read.
"""

from __future__ import annotations

import os
import stat
import sys

from . import namespaces as ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

STEP = 3
OTHERS = ns.CLONE_NEWNS | ns.CLONE_NEWPID | ns.CLONE_NEWNET | ns.CLONE_NEWIPC | ns.CLONE_NEWUTS
HARMLESS = ns.READ_ONLY | ns.NO_SET_ID | ns.NO_DEVICES
DEVICES = ("null", "zero", "full", "random", "urandom")
# Nothing that is shown lies there, and it is on every machine.
BASE = "/proc"
# Settings of the whole machine, which its root may change even without a capability.
SETTINGS = ("proc/sys", "proc/sysrq-trigger", "proc/irq", "proc/bus")


def main(*words: str) -> None:
    """Starts the program, and ends as it does. Exits with a line that says what failed."""
    end = words.index("--")
    steps = [words[start : start + STEP] for start in range(0, end, STEP)]
    file, *program = words[end + 1 :]
    try:
        _enter([source for kind, _, source in steps if kind == "show"])
        pid = os.fork()
        if not pid:
            _lay_out(steps)
            os.setsid()
        # So does the parent, whose death else could not kill the child.
        if os.geteuid() == 0:
            ns.become_nobody()
        ns.drop_capabilities()
        ns.die_with_parent()
        if pid:
            ns.close_others(())
            ns.end_as(pid)
    except OSError as error:
        sys.exit(str(error))
    try:
        os.execv(file, program)
    except OSError as error:
        sys.exit(f"{program[0]} cannot be run by the user nobody in the box: {error.strerror}")


def _enter(sources: Sequence[str]) -> None:
    """Enters namespaces: all but the user namespace, where this is root and may."""
    if os.geteuid() == 0 and ns.has_nobody():
        try:
            ns.call("unshare", OTHERS)
            return
        except PermissionError:  # the root of a container that keeps this from it
            ns.become_nobody(sources)
    ns.unshare_user(OTHERS, inside=(ns.NOBODY, ns.NOBODY))


def _lay_out(steps: Sequence[Sequence[str]]) -> None:
    """Makes the box, and this process's root of it; leaves nothing of the old one."""
    os.umask(0o022)
    ns.make_mounts_private()
    shown = [ns.copy_tree(source, HARMLESS) for kind, _, source in steps if kind == "show"]
    devices = {
        f"dev/{name}": ns.copy_tree(f"/dev/{name}", ns.NO_SET_ID)
        for name in DEVICES
        if os.path.exists(f"/dev/{name}")
    }
    ns.open_files_as(os.geteuid())
    ns.mount("tmpfs", BASE, ns.MS_NOSUID | ns.MS_NODEV, "mode=755")
    os.chdir(BASE)
    trees = iter(shown)
    for kind, place, target in steps:
        inside = place.lstrip("/")
        if kind == "show":
            _attach(next(trees), inside)
        elif kind == "hide":
            os.makedirs(inside, exist_ok=True)
            ns.mount("tmpfs", inside, ns.MS_NOSUID | ns.MS_NODEV, "mode=755,size=64k")
        elif not os.path.lexists(inside):
            os.makedirs(os.path.dirname(inside) or ".", exist_ok=True)
            os.symlink(target, inside)
    for place, tree in devices.items():
        _attach(tree, place)
    for place in ("proc", "tmp", "dev/shm"):
        os.makedirs(place, exist_ok=True)
    ns.restrict(".", ns.READ_ONLY | ns.NO_SET_ID)
    ns.mount("proc", "proc", ns.MS_NOSUID | ns.MS_NODEV | ns.MS_NOEXEC, "")
    for place in filter(os.path.exists, SETTINGS):
        ns.attach(ns.copy_tree(place, HARMLESS), place)
    for place in ("tmp", "dev/shm"):
        ns.mount("tmpfs", place, ns.MS_NOSUID | ns.MS_NODEV, "mode=1777")
    ns.call("sethostname", b"box", 3)
    # The old root comes to lie on the new one, and is then taken away.
    ns.call("pivot_root", b".", b".")
    ns.call("umount2", b".", ns.MNT_DETACH)
    os.chdir("/tmp")


def _attach(tree: int, place: str) -> None:
    """Mounts a tree at a place, for which a folder or an empty file is made."""
    if stat.S_ISDIR(os.fstat(tree).st_mode):
        os.makedirs(place, exist_ok=True)
    elif not os.path.exists(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "x"):
            pass
    ns.attach(tree, place)
