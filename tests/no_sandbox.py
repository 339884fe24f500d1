"""Runs a command on a kernel that cannot confine code: python no_sandbox.py COMMAND...

The system calls that make a sandbox (landlock, new namespaces) fail, as they do in a container
that forbids them.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

NUMBERS = {"x86_64": {"clone": 56, "unshare": 272}, "aarch64": {"clone": 220, "unshare": 97}}
CLONE3, LANDLOCK_CREATE_RULESET = 435, 444
NEW_NAMESPACES = 0x7E020000

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2
LOAD, EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x45, 0x06
NUMBER, FIRST_ARGUMENT = 0, 16
ALLOW, REFUSE = 0x7FFF0000, 0x00050000


def refuse_sandboxes() -> None:
    """From here on, for this process and those that it starts."""
    numbers = NUMBERS[platform.machine()]
    program = b"".join(
        struct.pack("=HBBI", *step)
        for step in (
            (LOAD, 0, 0, NUMBER),
            (EQUAL, 0, 1, LANDLOCK_CREATE_RULESET),
            (RETURN, 0, 0, REFUSE | errno.ENOSYS),
            (EQUAL, 0, 1, CLONE3),
            (RETURN, 0, 0, REFUSE | errno.ENOSYS),
            (EQUAL, 0, 1, numbers["unshare"]),
            (RETURN, 0, 0, REFUSE | errno.EPERM),
            (EQUAL, 0, 3, numbers["clone"]),
            (LOAD, 0, 0, FIRST_ARGUMENT),
            (ANY_BIT, 0, 1, NEW_NAMESPACES),
            (RETURN, 0, 0, REFUSE | errno.EPERM),
            (RETURN, 0, 0, ALLOW),
        )
    )
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    for words in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.create_string_buffer(header), 0, 0),
    ):
        if libc.prctl(*words):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    refuse_sandboxes()
    os.execvp(sys.argv[1], sys.argv[1:])
