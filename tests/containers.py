"""Starts a program as the root of a container that may not do what root may.

Run as a program, by root: ``containers.py KIND PROGRAM ARGUMENT...``. The kinds are

- ``docker``: the capabilities that Docker leaves its root, and no namespaces or mounts (seccomp)
- ``namespaces``: the same capabilities, but namespaces may be made
- ``powerless``: no capabilities at all
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

DOCKER = (0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31)
PR_CAPBSET_DROP, PR_SET_SECCOMP, FILTER = 24, 22, 2
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050001
# unshare, setns, mount, pivot_root, open_tree, mount_setattr
REFUSED = {
    "x86_64": (272, 308, 165, 155, 428, 442),
    "aarch64": (97, 268, 40, 41, 428, 442),
}


def refuse_namespaces() -> None:
    """Has the kernel refuse this process namespaces and mounts, as Docker does."""
    steps = [(LOAD, 0, 0, 0)]
    for number in REFUSED[platform.machine()]:
        steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE)]
    steps.append((RETURN, 0, 0, ALLOW))
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    header = struct.pack("@HP", len(steps), ctypes.addressof(code))
    filter_ = ctypes.create_string_buffer(header, len(header))
    assert ctypes.CDLL(None).prctl(PR_SET_SECCOMP, FILTER, filter_, 0, 0) == 0


def drop_all_but(kept: tuple[int, ...]) -> None:
    """Gives up capabilities, from the next program on."""
    for capability in range(64):
        if capability not in kept:
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


if __name__ == "__main__":
    kind = sys.argv[1]
    if kind == "docker":
        refuse_namespaces()
    drop_all_but(() if kind == "powerless" else DOCKER)
    os.execvp(sys.argv[2], sys.argv[2:])
