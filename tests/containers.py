"""Starts a program as in a container that forbids something: ``containers.py KIND PROGRAM...``.

The kinds are

- ``docker``: for root, with the capabilities that Docker leaves it, and without new namespaces
- ``namespaces``: for root, with the same capabilities alone
- ``powerless``: for root, without any capability
- ``closed``: nothing that makes a sandbox, neither new namespaces nor landlock
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Collection
from pathlib import Path

NUMBERS = {"x86_64": {"clone": 56, "unshare": 272}, "aarch64": {"clone": 220, "unshare": 97}}
CLONE3, LANDLOCK_CREATE_RULESET = 435, 444
NEW_NAMESPACES = 0x7E020000
# chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw,
# sys_chroot, mknod, audit_write, setfcap
DOCKER = (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31)

PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 24, 38, 2
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
NUMBER, FIRST_ARGUMENT = 0, 16
ALLOW, REFUSE = 0x7FFF0000, 0x00050000

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(*words: int | ctypes.Array[ctypes.c_char]) -> None:
    if _libc.prctl(*words, *[0] * (5 - len(words))):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def refuse_sandboxes(landlock: bool) -> None:
    """From here on, this process and its children get no namespaces, nor ``landlock`` if asked."""
    numbers = NUMBERS[platform.machine()]
    steps = [
        (LOAD, 0, 0, NUMBER),
        (EQUAL, 0, 1, LANDLOCK_CREATE_RULESET),
        (RETURN, 0, 0, REFUSE | errno.ENOSYS if landlock else ALLOW),
        (EQUAL, 0, 1, CLONE3),
        (RETURN, 0, 0, REFUSE | errno.ENOSYS),
        (EQUAL, 0, 1, numbers["unshare"]),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        (EQUAL, 0, 3, numbers["clone"]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (ANY_BIT, 0, 1, NEW_NAMESPACES),
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        (RETURN, 0, 0, ALLOW),
    ]
    program = b"".join(struct.pack("=HBBI", *step) for step in steps)
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(steps), ctypes.addressof(code))
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.create_string_buffer(header))


def drop_all_but(kept: Collection[int]) -> None:
    """Gives up root's other capabilities, from the next program on."""
    last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
    for capability in set(range(last + 1)).difference(kept):
        _prctl(PR_CAPBSET_DROP, capability)


if __name__ == "__main__":
    kind = sys.argv[1]
    if kind != "closed":
        drop_all_but(() if kind == "powerless" else DOCKER)
    if kind in ("closed", "docker"):
        refuse_sandboxes(landlock=kind == "closed")
    os.execvp(sys.argv[2], sys.argv[2:])
