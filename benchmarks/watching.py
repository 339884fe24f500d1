"""Runs a command as it is typed, and watches what it and all that came of it take."""

from __future__ import annotations

import re
import resource
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

# Often enough for a peak, and seldom enough to take a hundredth of a core.
SAMPLE_SECONDS = 0.5
SHARE_OF_A_CORE = 0.01


@dataclass(frozen=True)
class Watched:
    """What a command took; megabytes are the most at a time, shared pages counted once."""

    seconds: float
    cpu_seconds: float
    megabytes: float
    status: int


def watched(words: Sequence[str], folder: Path, env: Mapping[str, str] | None = None) -> Watched:
    """Runs a command in a folder, with what it says in ``log.txt`` there."""
    most = 0.0
    ended = threading.Event()

    def watch(pid: int) -> None:
        nonlocal most
        pause = SAMPLE_SECONDS
        while not ended.wait(pause):
            began = time.thread_time()
            with suppress(OSError):
                most = max(most, sum(map(_megabytes, _descendants(pid))))
            pause = max(SAMPLE_SECONDS, (time.thread_time() - began) / SHARE_OF_A_CORE)

    with (folder / "log.txt").open("a") as log:
        started, before = time.perf_counter(), _cpu_seconds()
        process = subprocess.Popen(words, cwd=folder, env=env, stdout=log, stderr=log)
        watcher = threading.Thread(target=watch, args=[process.pid])
        watcher.start()
        process.wait()
        seconds = time.perf_counter() - started
    ended.set()
    watcher.join()
    return Watched(seconds, _cpu_seconds() - before, most, process.returncode)


def _descendants(pid: int) -> Iterator[int]:
    """A process and all that came of it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _descendants(int(child))


def _megabytes(pid: int) -> float:
    """What a process takes of the memory, its share of what it shares; 0 once it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def _cpu_seconds() -> float:
    """Of all processes that have ended and were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
