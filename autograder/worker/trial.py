"""Confines a process and has it try to break out. ``main`` is run in a new box."""

from __future__ import annotations

import os
import resource
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from .confine import NEEDED, Level, confine, fork, prepare
from .limits import MEGABYTE

UNCOUNTED = (
    "nothing bounds the threads of the machine's root, and the user nobody (65534), whom it would "
    "become, does not exist here"
)

# What the warm process imports itself, and what submissions need.
PACKAGES = ("msgspec", *NEEDED)


def _must_fail(what: str, attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except OSError:
        return
    raise RuntimeError(f"a confined process could {what}")


def _read_any_file(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            Path(parent, name).read_bytes()
            return
    raise FileNotFoundError(folder)


def _start_a_thread() -> None:
    thread = threading.Thread(target=bytearray, args=[MEGABYTE])
    thread.start()
    thread.join()


def _must_find(modules: Sequence[str]) -> None:
    """Else every submission would fail for want of them."""
    for name in modules:
        found = find_spec(name)
        if found is None or not found.origin or not _can_read(found.origin):
            raise RuntimeError(f"{name} cannot be imported by a worker")


def _can_read(file: str) -> bool:
    try:
        with open(file, "rb"):
            return True
    except OSError:
        return False


def _try_to_break_out(hidden: Sequence[Path]) -> None:
    _must_fail("open a socket", socket.socket)
    _must_fail("start a process", os.fork)
    _must_fail("run a program", lambda: os.execv("/bin/false", ["false"]))
    _must_fail("signal another process", lambda: os.kill(os.getppid() or 2, 0))
    _must_fail("write beside its folder", lambda: Path("../escaped").write_text("x"))
    _must_fail("read what is not Python's", lambda: Path("/etc/passwd").read_text())
    _must_fail("see processes", lambda: Path("/proc/self/status").read_text())
    for folder in hidden:
        _must_fail(f"read {folder}", partial(_read_any_file, folder))
    Path("own").write_text("x")
    _start_a_thread()
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    try:
        _start_a_thread()
    except RuntimeError:
        return
    # The kernel does not count the threads of the machine's own root.
    raise RuntimeError(UNCOUNTED)


def main(level: Level, folder: str, *hidden: str) -> int:
    """Confines a fork at ``level`` and tries to break out. 0 if it holds, 1 and why if not."""
    concealed = [Path(path) for path in hidden]
    try:
        prepare(level)
        _must_find(PACKAGES)
        pid = fork(level)
        if pid:
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        confine(
            level, keep=2, memory_mb=256, cpu_seconds=10, private=Path(folder), hidden=concealed
        )
        if level != "none":
            # A worker imports more of them when it is confined.
            _must_find(PACKAGES)
            _try_to_break_out(concealed)
    except (OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0
