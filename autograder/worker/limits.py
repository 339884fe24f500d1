"""Limits of a worker: memory, time, files, threads."""

from __future__ import annotations

import resource

MEGABYTE = 1 << 20
FILE_MB = 64
STACK_MB = 8
OPEN_FILES = 256
THREADS = 64
# Where a user's threads are counted over the whole machine: what others may start meanwhile.
SHARED_THREADS = 256


def _limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def present_megabytes() -> int:
    """The address space that this process takes now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize() // MEGABYTE


def machine_threads() -> int:
    """The threads that run now, of all users."""
    with open("/proc/loadavg") as file:
        return int(file.read().split()[3].split("/")[1])


def die_first() -> None:
    """Where memory runs out all the same, the kernel takes this process before any other."""
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")


def limits(address_space_mb: int, cpu_seconds: int, threads: int) -> None:
    """Hard limits; ``address_space_mb`` and ``threads`` count what is there already."""
    _limit(resource.RLIMIT_AS, address_space_mb * MEGABYTE)
    _limit(resource.RLIMIT_CPU, cpu_seconds)
    _limit(resource.RLIMIT_NPROC, threads)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_FSIZE, FILE_MB * MEGABYTE)
    _limit(resource.RLIMIT_STACK, STACK_MB * MEGABYTE)
    _limit(resource.RLIMIT_CORE, 0)
    # Signals that wait with their senders are counted for all processes of a user together.
    _limit(resource.RLIMIT_SIGPENDING, 0)
