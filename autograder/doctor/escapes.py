"""Real escapes. The doctor has a worker run this file as a student's cell, and try them all.

Each is harmless where it works, and says in its name what it would have been good for.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEGABYTE = 1 << 20
MANY_THREADS = 3000
# By their numbers on x86_64; elsewhere these are not tried, and count as held.
UNSHARE, MOUNT, BPF, KEYCTL, PERF, IO_URING, USERFAULTFD = 272, 165, 321, 250, 298, 425, 323
PTRACE, SHMGET, SHMCTL = 101, 29, 31
NEW_USER, SEIZE, CREATE, REMOVE = 0x10000000, 0x4206, 0o1600, 0
# An argument that is refused was at least looked at.
LOOKED_AT = {errno.EINVAL, errno.EFAULT, errno.EBADF, errno.ENODEV}


def _call(number: int, *args: object) -> int:
    if platform.machine() != "x86_64":
        raise OSError(errno.ENOSYS, "another number here")
    words = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result: int = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *words)
    if result < 0 and ctypes.get_errno() not in LOOKED_AT:
        raise OSError(ctypes.get_errno(), "refused")
    return result


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _connect(family: int, kind: int, address: Any) -> None:
    with socket.socket(family, kind) as line:
        line.settimeout(1)
        line.connect(address)
        line.send(b"here I am")


def _write_and_remove(file: Path) -> None:
    file.write_text("")
    file.unlink()


def _raise_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY:
        return
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard + 1))


def _fill(folder: Path) -> None:
    names = [folder / f"filling {number}" for number in range(4)]
    try:
        for name in names:
            with name.open("wb") as file:
                for _ in range(40):
                    file.write(bytes(MEGABYTE))
    finally:
        for name in names:
            name.unlink(missing_ok=True)


def _many_threads() -> None:
    enough = threading.Event()
    threading.stack_size(1 << 16)
    try:
        for _ in range(MANY_THREADS):
            threading.Thread(target=enough.wait, daemon=True).start()
    finally:
        enough.set()


def _signal(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, 0)


def _live_on(marker: Path) -> None:
    if os.fork() == 0:
        os.setsid()
        time.sleep(2)
        marker.write_text("a process lived on")
        os._exit(0)


def _escapes(facts: dict[str, Any]) -> dict[str, Callable[[], object]]:
    secret, marker, door = Path(facts["secret"]), Path(facts["marker"]), facts["door"]
    others, inet, unix = facts["others"], socket.AF_INET, socket.AF_UNIX
    stream, datagram, here = socket.SOCK_STREAM, socket.SOCK_DGRAM, ("127.0.0.1", facts["port"])
    return {
        "read a file of the course": secret.read_text,
        "see that a file exists": secret.stat,
        "list your home folder": lambda: os.listdir(facts["home"]),
        "read /etc/passwd": Path("/etc/passwd").read_text,
        "see other processes": lambda: next(n for n in os.listdir("/proc") if n.isdigit()),
        "write a file outside its folder": lambda: marker.write_text("a file was written"),
        "change Python's packages": lambda: _write_and_remove(Path(facts["packages"], marker.name)),
        "empty a file of the course": lambda: os.truncate(secret, 0),
        "start a program": lambda: subprocess.run(["/bin/true"], check=True),
        "start a process": _fork,
        "leave a process behind": lambda: _live_on(marker),
        "signal another process": lambda: _signal(others),
        "signal all processes": lambda: os.kill(-1, 0),
        "trace another process": lambda: [_call(PTRACE, SEIZE, pid, 0, 0) for pid in others],
        "connect by TCP": lambda: _connect(inet, stream, here),
        "send by UDP": lambda: _connect(inet, datagram, here),
        "connect to a socket in a folder": lambda: _connect(unix, stream, door),
        "connect to a socket without a name": lambda: _connect(unix, stream, f"\0{door}"),
        "look up a name": lambda: socket.create_connection(("example.org", 80), 1),
        "become root": lambda: os.setuid(0),
        "make namespaces": lambda: _call(UNSHARE, NEW_USER),
        "mount something": lambda: _call(MOUNT, b"none", b"/tmp", b"no such", 0, 0),
        "load code into the kernel": lambda: _call(BPF, 0, 0, 0),
        "use the kernel's keys": lambda: _call(KEYCTL, 0, -3, 0),
        "count the processor's events": lambda: _call(PERF, 0, 0, -1, -1, 0),
        "make a ring of system calls": lambda: _call(IO_URING, 1, 0),
        "handle page faults": lambda: _call(USERFAULTFD, 0),
        "leave shared memory behind": lambda: _call(
            SHMCTL, _call(SHMGET, 0, 4096, CREATE), REMOVE, 0
        ),
        "raise its limits": _raise_limit,
        "take much memory": lambda: bytearray(facts["memory_mb"] * MEGABYTE),
        "start thousands of threads": _many_threads,
        "write files without a bound": lambda: _fill(Path.cwd()),
    }


def try_escapes(facts: dict[str, Any]) -> dict[str, bool]:
    """Tries everything: whether each of it worked, by what it is."""
    worked = {}
    for name, attempt in _escapes(facts).items():
        try:
            attempt()
        except BaseException:
            worked[name] = False
        else:
            worked[name] = True
    return worked
