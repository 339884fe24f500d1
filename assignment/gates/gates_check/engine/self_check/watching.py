"""Checks a file again whenever it is saved."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

# Between two looks at the files, in seconds.
PAUSE = 0.3


def watch(command: Sequence[str], files: Sequence[Path]) -> None:
    """Runs a command now, and again after each change of one of the files, until Ctrl-C.

    Args:
        command: the words after ``python``; each run is a new process.
        files: need not exist yet.
    """
    names = " or ".join(path.name for path in files)
    try:
        while True:
            before = _state(files)
            subprocess.run([sys.executable, *command], check=False)
            print(f"\nSave {names} to check again; Ctrl-C ends this.", flush=True)
            _wait_for_change(files, before)
            print(f"\n{'-' * 20} saved at {time.strftime('%H:%M:%S')} {'-' * 20}\n", flush=True)
    except KeyboardInterrupt:
        print()


def _wait_for_change(files: Sequence[Path], before: list[tuple[int, int]]) -> None:
    """Returns once a file is another than before, and all of it is written."""
    last, now = before, before
    while now == before or now != last:
        time.sleep(PAUSE)
        last, now = now, _state(files)


def _state(files: Sequence[Path]) -> list[tuple[int, int]]:
    """When each file was written, and its size; zeros for one that is not there."""
    found = []
    for path in files:
        try:
            about = path.stat()
            found.append((about.st_mtime_ns, about.st_size))
        except OSError:
            found.append((0, 0))
    return found
