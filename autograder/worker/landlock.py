"""Shuts a process out of files, by landlock."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from .namespaces import syscall

SYS_LANDLOCK_CREATE, SYS_LANDLOCK_ADD, SYS_LANDLOCK_RESTRICT = 444, 445, 446
LANDLOCK_VERSION, LANDLOCK_PATH_BENEATH = 1, 1
WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(1, 6))
MAKE_DIR, MAKE_FILE, MAKE_LINK, REFER, TRUNCATE = (1 << bit for bit in (7, 8, 12, 13, 14))
READ = READ_FILE | READ_DIR
CHANGE = WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_FILE | MAKE_LINK | REFER | TRUNCATE
OF_A_FILE = READ_FILE | WRITE_FILE | TRUNCATE
# The rights on files, on TCP and over others that each version of landlock knows.
KNOWN = {
    1: ((1 << 13) - 1, 0, 0),
    2: ((1 << 14) - 1, 0, 0),
    3: ((1 << 15) - 1, 0, 0),
    4: ((1 << 15) - 1, 3, 0),
    5: ((1 << 16) - 1, 3, 0),
    6: ((1 << 16) - 1, 3, 3),
}


def landlock_version() -> int:
    """The version of landlock that the kernel has, 0 for none."""
    try:
        return syscall("landlock", SYS_LANDLOCK_CREATE, None, 0, LANDLOCK_VERSION)
    except OSError:
        return 0


@cache
def readable() -> list[Path]:
    """The folders and files of Python, its packages and the system's libraries."""
    places = [
        *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share"),
        *("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/dev/zero"),
        *("/dev/null", "/dev/random", "/dev/urandom"),
    ]
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        places += [f"{prefix}/{name}" for name in ("lib", "lib64", "share", "pyvenv.cfg")]
    places.append(str(Path(__file__).parent))
    return [Path(place) for place in dict.fromkeys(map(os.path.realpath, places))]


def _around(place: Path, hidden: Sequence[Path]) -> Iterator[tuple[Path, int]]:
    """``place`` with its rights; if it contains a hidden place, its other contents."""
    if place in hidden:
        return
    if not any(place in path.parents for path in hidden):
        yield place, READ
        return
    yield place, READ_DIR
    for entry in place.iterdir():
        yield from _around(entry, hidden)


def landlock(private: Sequence[Path], hidden: Sequence[Path] = ()) -> None:
    """From here on: files are read in ``readable`` places but not in ``hidden`` ones, and made or
    changed in ``private`` ones; no program starts, no TCP, no signal or abstract socket to others.

    Hidden places are real paths. Raises OSError where the kernel has no landlock.
    """
    files, tcp, others = KNOWN[min(max(landlock_version(), 1), max(KNOWN))]
    attributes = struct.pack("=QQQ", files, tcp, others)[: 24 if others else 16 if tcp else 8]
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    rules = syscall("landlock", SYS_LANDLOCK_CREATE, buffer, len(attributes), 0)
    granted = [rule for place in readable() for rule in _around(place, hidden)]
    granted += [(Path("/dev/null"), OF_A_FILE), *((place, READ | CHANGE) for place in private)]
    for place, rights in granted:
        _allow_beneath(rules, place, rights & files)
    syscall("landlock", SYS_LANDLOCK_RESTRICT, rules, 0)
    os.close(rules)


def _allow_beneath(rules: int, place: Path, rights: int) -> None:
    try:
        descriptor = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(place):
        rights &= OF_A_FILE
    rule = ctypes.create_string_buffer(struct.pack("=Qi", rights, descriptor), 12)
    syscall("landlock", SYS_LANDLOCK_ADD, rules, LANDLOCK_PATH_BENEATH, rule, 0)
    os.close(descriptor)
