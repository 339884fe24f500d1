"""Writes files whole, into a folder that one run has for itself."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from autograder.course.folders import CourseError


def locked(folder: Path) -> IO[str]:
    """Makes the folder, for one run alone. The lock is released when the
    file is closed or the process dies.

    Raises CourseError if another run is using it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise CourseError(
            f"{folder}: another run is writing its results there; wait for it, or name another "
            "folder"
        ) from None
    for left_over in folder.glob(".*.part"):
        left_over.unlink(missing_ok=True)
    return lock


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that a reader, or a crash, finds the old one or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
