"""A control group around the warm process and its workers, where the kernel grants one.

What one worker may take is bounded by its own limits. The group bounds what all of them take
together, with the files that they hold in memory, so that the machine itself is never short. Root
can make one, and so can a user whose programs systemd starts below a slice of the user's own. Both
versions of cgroups are known.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from autograder.worker.limits import MEGABYTE, THREADS

# What the warm process may take by itself: torch and all that is imported with it.
WARM_MB = 2048
OWN_PROCESSES = 32
END_SECONDS = 2.0
NAME = "autograder"
# The file that holds a controller's limit, in version 2 and in version 1.
MEMORY = ("memory.max", "memory.limit_in_bytes")
PIDS = ("pids.max", "pids.max")
# Enters the groups named before `--`, then becomes the program after it.
_ENTER = (
    'until [ "$1" = -- ]; do echo $$ > "$1/cgroup.procs"; shift; done 2>/dev/null; shift; exec "$@"'
)


class Cgroup:
    """One control group for ``workers`` workers; in version 1, one for each controller."""

    def __init__(self, folders: list[Path], workers: int) -> None:
        self._folders = folders
        self._workers = workers
        self._allowed = 0
        self._set(PIDS, workers * (THREADS + 1) + OWN_PROCESSES)

    def command(self) -> list[str]:
        """What to put before a command so that it runs in the group."""
        return ["/bin/sh", "-c", _ENTER, "enter", *map(str, self._folders), "--"]

    def allow(self, memory_mb: int) -> None:
        """Lets each worker have so much memory."""
        if memory_mb != self._allowed:
            self._allowed = memory_mb
            self._set(MEMORY, (WARM_MB + self._workers * memory_mb) * MEGABYTE)

    def _set(self, names: tuple[str, str], value: int) -> None:
        for file in (folder / name for folder in self._folders for name in names):
            with suppress(OSError):
                if file.exists():
                    file.write_text(str(value))

    def close(self) -> None:
        """Removes the group, which nothing runs in any more."""
        deadline = time.monotonic() + END_SECONDS
        for folder in self._folders:
            while folder.exists() and time.monotonic() < deadline:
                try:
                    folder.rmdir()
                except OSError:  # what was killed is still leaving
                    time.sleep(0.01)


def make_group(workers: int) -> Cgroup | None:
    """A new group for the warm process and its workers; None where no group can be made."""
    memory = _make(MEMORY)
    # In version 2, a group has all controllers, and a process is in one group alone.
    pids = None if memory and (memory / PIDS[0]).exists() else _make(PIDS)
    folders = [folder for folder in (memory, pids) if folder]
    return Cgroup(folders, workers) if folders else None


def _make(names: tuple[str, str]) -> Path | None:
    """A group that has one of the limits, below the one that this process is in, or beside it."""
    controller = names[0].partition(".")[0]
    for own in _own_groups(controller):
        for parent in (own, own.parent):
            _remove_left_over(parent)
            made = parent / f"{NAME}-{os.getpid()}-{time.monotonic_ns()}"
            with suppress(OSError):
                made.mkdir()
                if any(os.access(made / name, os.W_OK) for name in names):
                    return made
                made.rmdir()
    return None


def _remove_left_over(parent: Path) -> None:
    """Removes the groups of graders that were killed."""
    for left in parent.glob(f"{NAME}-*-*"):
        if not Path("/proc", left.name.split("-")[1]).exists():
            with suppress(OSError):
                left.rmdir()


def _own_groups(controller: str) -> Iterator[Path]:
    """The folders of the groups that this process is in and that may have a controller."""
    with suppress(OSError):
        groups = dict[str, str]()
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            groups |= dict.fromkeys(controllers.split(","), path)
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            mount, _, about = line.partition(" - ")
            root, place = mount.split()[3:5]
            kind, _, options = about.split()[:3]
            name = "" if kind == "cgroup2" else controller
            if kind == "cgroup2" or (kind == "cgroup" and controller in options.split(",")):
                path = groups.get(name, "/")
                # In a container, the mount shows what is below the container's own group.
                shown = path.removeprefix(root) if root != "/" else path
                yield Path(place, shown.lstrip("/"))
