"""What this machine or the course's folder has that weakens the sandbox, whatever the level."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from autograder.course.folders import SECRET, SOLUTIONS, Course
from autograder.worker.confine import Level

SWAPS = Path("/proc/swaps")
SMT = Path("/sys/devices/system/cpu/smt/active")
SHARED = (Path("/tmp"), Path("/dev/shm"))
# Pages that are swapped to these stay in memory.
COMPRESSED = "/dev/zram"

SWAP = (
    "Swap is on ({}), so that the solutions and the course's secret can get from memory to the "
    "disk: `sudo swapoff -a`, or encrypt it."
)
TWO_ON_A_CORE = (
    "Two workers can run on one core at a time (SMT is on), close enough to spy on each other: "
    "`echo off | sudo tee /sys/devices/system/cpu/smt/control`."
)
SHARED_FOLDER = (
    "Other users have files in {}, and at `restricted` a worker can learn that they exist: make "
    "`isolated` work, or grade on a machine that no one else uses."
)
OPEN_COURSE = "Other users of this machine can read the solutions: `chmod -R o-rwx {}`."
OPEN_SECRET = (
    "Other users can read the course's secret and know every hidden input by it: `chmod 600 {}`."
)


def find_weaknesses(level: Level, course: Course | None) -> list[str]:
    """A line for each, with what to do. The course is looked at where there is one."""
    return list(_weaknesses(level, course))


def _weaknesses(level: Level, course: Course | None) -> Iterator[str]:
    swaps = [line.split()[0] for line in _lines(SWAPS)[1:]]
    on_disk = [name for name in swaps if not name.startswith(COMPRESSED)]
    if on_disk:
        yield SWAP.format(", ".join(on_disk))
    if _lines(SMT) == ["1"]:
        yield TWO_ON_A_CORE
    if level == "restricted":
        for folder in SHARED:
            if _has_files_of_others(folder):
                yield SHARED_FOLDER.format(folder)
    if course is not None:
        secret = course.root / SECRET
        if _can_be_read(course.root / SOLUTIONS, stat.S_IROTH, stat.S_IXOTH):
            yield OPEN_COURSE.format(course.root)
        if _can_be_read(secret, stat.S_IRGRP | stat.S_IROTH, stat.S_IXGRP | stat.S_IXOTH):
            yield OPEN_SECRET.format(secret)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []


def _has_files_of_others(folder: Path) -> bool:
    """Whether users beside this one and root have something in it."""
    try:
        owners = {entry.stat(follow_symlinks=False).st_uid for entry in os.scandir(folder)}
    except OSError:
        return False
    return not owners <= {0, os.geteuid()}


def _can_be_read(file: Path, reading: int, passing: int) -> bool:
    """Whether a file has a mode for ``reading``, and each folder above it one for ``passing``."""
    try:
        above = [folder.stat().st_mode for folder in file.parents]
        return bool(file.stat().st_mode & reading) and all(mode & passing for mode in above)
    except OSError:
        return False
