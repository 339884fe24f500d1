"""Confines a worker before it loads a student's code: namespaces, landlock, limits, seccomp.

The warm process calls ``prepare`` before it imports anything and ``fork`` for each worker; the
worker calls ``confine`` before anything else. At the level

- ``isolated`` the worker is alone in its namespaces: it sees no other process, no network,
  an empty ``/proc``, a small private ``/tmp`` and ``/dev/shm``, and the rest read-only. What files
  there are at all is up to the box that the warm process was started in (``sandbox/box.py``).
- ``restricted`` it shares those of the warm process, and landlock shuts it out of all files but
  Python's own and one private folder. Such a worker can still learn that a file exists, how
  large it is and when it was changed.
- ``none`` nothing is kept from it. For one's own code only.

At both real levels seccomp leaves a worker what computing needs and nothing else: no new
processes or programs, no sockets beside those it holds, no signals to others. Needs Linux 5.12
(isolated) or a kernel with landlock (restricted), on x86_64 or aarch64.
"""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from .landlock import landlock, landlock_version, readable
from .limits import (
    SHARED_THREADS,
    THREADS,
    die_first,
    limits,
    machine_threads,
    present_megabytes,
)
from .namespaces import (
    CLONE_NEWPID,
    PR_SET_DUMPABLE,
    become_nobody,
    call,
    close_others,
    die_with_parent,
    drop_capabilities,
    end_as,
    fork_alone,
    has_nobody,
    into_namespaces,
    unshare_user,
)
from .seccomp import seccomp, seccomp_program

Level = Literal["isolated", "restricted", "none"]

TMP_MB = 64
TMP_FILES = 4096
# What a worker has to find in its Python.
NEEDED = ("numpy", "torch")


def prepare(level: Level) -> None:
    """Readies this process, which has one thread, to ``fork`` workers.

    For ``isolated`` it goes on as the first process of a pid namespace in a user namespace of its
    own, which lets it make more of them; the process that called stays behind and ends as it does.
    For ``restricted`` root becomes nobody. Where there is no such user it stays what it is, which
    must then be an ordinary user outside of this user namespace.
    """
    if level == "isolated":
        unshare_user(CLONE_NEWPID)
        pid = os.fork()
        if pid:
            close_others(())
            end_as(pid)
        die_with_parent()
        # Worked out here once, rather than in every worker.
        readable()
        seccomp_program(1, platform.machine())
    elif level == "restricted" and os.geteuid() == 0 and has_nobody():
        needed = [str(path) for path in (*readable(), Path(os.environ["HOME"])) if path.exists()]
        become_nobody(needed)


def fork(level: Level) -> int:
    """As ``os.fork``; for ``isolated`` the child is the first process of a new pid namespace.

    The pid returned is the one that the caller can kill and wait for.
    """
    return fork_alone() if level == "isolated" else os.fork()


def confine(
    level: Level,
    *,
    keep: int,
    memory_mb: int,
    cpu_seconds: int,
    private: Path | None = None,
    hidden: Sequence[Path] = (),
) -> None:
    """Confines this process, fresh from ``fork``, and moves it to its private folder.

    ``keep`` is the one descriptor above 2 that stays open; ``memory_mb`` is what it may take
    beside what it has now. ``restricted`` alone needs a ``private`` folder and the ``hidden`` ones:
    those that no worker may read, wherever they lie. Raises OSError where a step fails.
    """
    close_others([keep])
    os.setsid()
    if level == "none":
        return
    die_with_parent()
    die_first()
    address_space_mb = present_megabytes() + memory_mb
    if level == "isolated":
        into_namespaces(f"size={TMP_MB}m,nr_inodes={TMP_FILES}")
        threads, writable = THREADS, [Path("/tmp"), Path("/dev/shm")]
    else:
        assert private is not None
        threads, writable = machine_threads() + SHARED_THREADS, [private]
    os.chdir(writable[0])
    os.environ["HOME"] = tempfile.tempdir = str(writable[0])
    drop_capabilities()
    if level == "restricted" or landlock_version():
        landlock(writable, [path.resolve() for path in hidden])
    limits(address_space_mb, cpu_seconds, threads)
    # A program that the kernel pipes core files to gets them whatever the limit is.
    call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)
    seccomp()
