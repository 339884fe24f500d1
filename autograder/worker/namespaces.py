"""The calls of the kernel that put a process into namespaces, and that take its rights away.

Imports little: the program that builds the box (``boxed.py``) waits for it at every start.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000

NOBODY = 65534

_libc: Any = ctypes.CDLL(None, use_errno=True)


def _checked(name: str, result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


def call(name: str, *args: object) -> int:
    """Calls a function of the C library. Raises OSError where it fails."""
    return _checked(name, getattr(_libc, name)(*args))


def syscall(name: str, number: int, *args: int | ctypes.Array[Any] | None) -> int:
    """Makes a system call that the C library has no function for. Raises OSError."""
    words = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    return _checked(name, _libc.syscall(ctypes.c_long(number), *words))


def unshare_user(others: int, inside: tuple[int, int] | None = None) -> None:
    """Enters a new user namespace, and the ``others``, with every capability there.

    Only this process's user and group exist in it: as themselves, or as the numbers ``inside``.
    """
    user, group = os.geteuid(), os.getegid()
    inner_user, inner_group = inside or (user, group)
    call("unshare", CLONE_NEWUSER | others)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{inner_user} {user} 1"),
        ("gid_map", f"{inner_group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def fork_alone() -> int:
    """As ``os.fork``, but the child is the first process of a new pid namespace.

    (Were the child to make its own pid namespace it had to fork once more, and to copy a fresh
    copy takes 10 ms.)
    """
    own, pid = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC), -1
    try:
        call("unshare", CLONE_NEWPID)
        try:
            pid = os.fork()
        finally:
            if pid:
                call("setns", own, CLONE_NEWPID)
    finally:
        os.close(own)
    return pid


def into_namespaces(bounds: str) -> None:
    """Enters new user, mount, network, ipc and uts namespaces.

    ``/proc`` and ``/sys`` are empty there, ``/tmp`` and ``/dev/shm`` are private, within ``bounds``
    such as ``size=64m``, and the rest is read-only.
    """
    unshare_user(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
    make_mounts_private()
    restrict("/", READ_ONLY | NO_SET_ID)
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    for place in filter(os.path.isdir, ("/proc", "/sys")):
        mount("tmpfs", place, flags | MS_RDONLY, "size=4k,nr_inodes=1,mode=555")
    for place in ("/dev/shm", "/tmp"):
        mount("tmpfs", place, flags, f"{bounds},mode=700")


# -- mounts ---------------------------------------------------------------------------------------

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REC, MS_PRIVATE, MNT_DETACH = 1 << 14, 1 << 18, 2
READ_ONLY, NO_SET_ID, NO_DEVICES = 1, 2, 4
AT_FDCWD, AT_RECURSIVE, AT_EMPTY_PATH = -100, 0x8000, 0x1000
OPEN_TREE_CLONE, MOVE_MOUNT_EMPTY_PATH = 1, 4
SYS_OPEN_TREE, SYS_MOVE_MOUNT, SYS_MOUNT_SETATTR = 428, 429, 442


def _text(path: str) -> ctypes.Array[Any]:
    return ctypes.create_string_buffer(os.fsencode(path))


def make_mounts_private() -> None:
    """From here on, mounts made in this namespace are not seen in others, nor theirs in this."""
    call("mount", None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None)


def mount(kind: str, place: str, flags: int, options: str) -> None:
    """Mounts a file system that lies on no disk, such as tmpfs or proc."""
    words = (kind.encode(), os.fsencode(place), kind.encode(), ctypes.c_ulong(flags))
    _checked(f"mount {kind}", _libc.mount(*words, options.encode()))


def restrict(place: str, attributes: int, descriptor: int = AT_FDCWD) -> None:
    """Gives a mount and all below it attributes, such as READ_ONLY.

    An empty ``place`` means the ``descriptor`` itself.
    """
    flags = AT_RECURSIVE | (0 if place else AT_EMPTY_PATH)
    wanted = ctypes.create_string_buffer(struct.pack("=QQQQ", attributes, 0, 0, 0), 32)
    syscall("mount_setattr", SYS_MOUNT_SETATTR, descriptor, _text(place), flags, wanted, 32)


def copy_tree(path: str, attributes: int) -> int:
    """A descriptor of what is mounted at ``path`` and below, once more, to ``attach``."""
    flags = OPEN_TREE_CLONE | AT_RECURSIVE | os.O_CLOEXEC
    try:
        tree = syscall("open_tree", SYS_OPEN_TREE, AT_FDCWD, _text(path), flags)
    except OSError as error:
        raise OSError(error.errno, f"cannot show {path}: {os.strerror(error.errno or 0)}") from None
    restrict("", attributes, tree)
    return tree


def attach(tree: int, place: str) -> None:
    """Mounts at a place what ``copy_tree`` made, and closes the descriptor."""
    there = _text(place)
    flags = MOVE_MOUNT_EMPTY_PATH
    syscall("move_mount", SYS_MOVE_MOUNT, tree, _text(""), AT_FDCWD, there, flags)
    os.close(tree)


# -- rights ---------------------------------------------------------------------------------------

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS = 1, 4, 8
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 38, 47, 4
LINUX_CAPABILITY_VERSION_3 = 0x20080522
CAP_SETUID = 7
SIGKILL = 9


def has_nobody() -> bool:
    """Whether root can become nobody: a container with few user ids may have no such user."""
    with open("/proc/self/setgroups") as file:
        if file.read().strip() != "allow":
            return False
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/self/{name}") as file:
            ranges = [[int(word) for word in line.split()] for line in file]
        if not any(first <= NOBODY < first + count for first, _, count in ranges):
            return False
    return True


def become_nobody(needed: Iterable[str] = ()) -> None:
    """Root becomes nobody for good, with no capability.

    Where nobody could not read all of what is ``needed``, files are still opened as root's, by
    what their modes grant to root as their owner.
    """
    try:
        os.setgroups([])
        # As asked of a real user, ``access`` ignores root's capabilities.
        os.setresgid(NOBODY, 0, 0)
        os.setresuid(NOBODY, 0, 0)
        files_as_root = not all(os.access(path, os.R_OK) for path in needed)
        os.setresgid(NOBODY, NOBODY, NOBODY)
        call("prctl", PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError as error:
        raise OSError(error.errno, f"root may not become nobody here: {error.strerror}") from None
    if files_as_root:
        _set_capabilities(1 << CAP_SETUID)
        open_files_as(0)
        # What it makes is then root's. By the group it may use that, also as ``access`` sees it.
        os.umask(0o007)
    else:
        # Else /proc/self stays root's.
        call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)
    _set_capabilities(0)


def open_files_as(user: int) -> None:
    """From here on, this thread's files are opened by the rights of this user."""
    _libc.setfsuid(user)
    if _libc.setfsuid(-1) != user:
        raise OSError(errno.EPERM, f"setfsuid: {os.strerror(errno.EPERM)}")


def _set_capabilities(those: int) -> None:
    header = ctypes.create_string_buffer(struct.pack("=Ii", LINUX_CAPABILITY_VERSION_3, 0), 8)
    sets = struct.pack("=6I", those, those, 0, 0, 0, 0)
    call("capset", header, ctypes.create_string_buffer(sets, len(sets)))


def drop_capabilities() -> None:
    """Gives up every capability, and any way to another."""
    for capability in range(64):
        try:
            call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
        except OSError as error:
            # EINVAL: past the last one. EPERM: this process has none to begin with.
            if error.errno not in (errno.EINVAL, errno.EPERM):
                raise
            break
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    _set_capabilities(0)
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


# -- processes ------------------------------------------------------------------------------------


def die_with_parent() -> None:
    """The kernel kills this process when the one that forked it ends."""
    call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)


def end_as(pid: int) -> NoReturn:
    """Waits for a child and ends with its status; one that a signal ended, as a shell would."""
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def close_others(keep: Iterable[int]) -> None:
    """Closes every descriptor above 2 but those to ``keep``."""
    first = 3
    for descriptor in sorted(keep):
        os.closerange(first, descriptor)
        first = max(first, descriptor + 1)
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))
