"""How fast the workers of two submissions that are graded at the same time can still talk.

    python -m benchmarks.channels [--level isolated] [--bits 400]

What is left when the kernel's own ways are shut: one worker keeps something busy, or has something
fetched, and the other sees how long that takes. Each way is tried faster and faster; what is given
is the best of its speeds, less what its errors cost. No native code beside one function of eight
instructions: a program all in C is faster.
"""

from __future__ import annotations

import math
import os
import random
import statistics
import sysconfig
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from autograder.course.rubric import Limits
from autograder.sandbox.workers import Sandbox, Worker
from autograder.worker.confine import Level

LIMITS = Limits(call_seconds=60, cell_seconds=60, memory_mb=1024)
SECONDS = 60.0
# For one speed; what is slow says fewer bits.
ENOUGH_SECONDS = 20.0
# Known to both, to learn what a one looks like.
PREAMBLE = 32

# Both sides wait for their turn on the clock that all processes share. What is heard of a bit is
# one number.
CLOCK = """
import time
now = time.monotonic

def say(bits, start, seconds):
    for number, bit in enumerate(bits):
        ends = start + (number + 1) * seconds
        while now() < ends:
            (one if bit else zero)()

def zero():
    time.sleep(1e-5)

def hear(count, start, seconds):
    heard = []
    for number in range(count):
        ends = start + (number + 1) * seconds
        seen = [look()]
        while now() < ends:
            seen.append(look())
        heard.append(what(seen))
    return heard

def what(seen):
    return sum(seen) / len(seen)
"""
# One after the other: the second one looks when the first has said everything.
AFTERWARDS = """
import time

def say(bits, start, seconds):
    for number, bit in enumerate(bits):
        if bit:
            look(number)

def hear(count, start, seconds):
    return [look(number) for number in range(count)]
"""
CACHE_LINE = """
import ctypes, mmap, os
import numpy as np

# mfence; rdtscp; mov esi, eax; mov eax, [rdi]; rdtscp; sub eax, esi; clflush [rdi]; ret
code = mmap.mmap(-1, 4096, prot=7)
code.write(bytes.fromhex("0faef0 0f01f9 89c6 8b07 0f01f9 29f0 0fae3f c3"))
place = ctypes.addressof(ctypes.c_char.from_buffer(code))
probe = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_void_p)(place)
file = open(np.__file__, "rb")
library = mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ)
line = np.frombuffer(library, np.uint8).ctypes.data + 2048

def one():
    ctypes.string_at(line, 1)

def look():
    return min(probe(line), 1000)
"""
LOAD = """
import threading
import numpy as np
busy, a = threading.Event(), np.random.rand(200, 200)

def burn():
    while True:
        busy.wait()
        np.tanh(a)

for _ in range(4 * is_first):
    threading.Thread(target=burn, daemon=True).start()

def one():
    busy.set()
    time.sleep(1e-3)
    busy.clear()

def look():
    return 1

def what(seen):
    return len(seen)
"""
BANDWIDTH = """
import numpy as np
large, small = np.ones(1 << 22), np.ones(1 << 18)

def one():
    np.copyto(large[: 1 << 21], large[1 << 21 :])

def look():
    began = now()
    small.sum()
    return now() - began

def what(seen):
    return sorted(seen)[len(seen) // 4]
"""
NAMES = """
import os, sysconfig
folder = os.path.join(sysconfig.get_path("purelib"), "numpy", "MARK")

def look(number):
    seen = []
    for again in range(3):
        began = time.perf_counter()
        os.path.lexists(f"{folder}-{number}-{again}")
        seen.append(time.perf_counter() - began)
    return sorted(seen)[1]
"""
PAGES = """
import mmap
file = open("PLACE", "rb")
pages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
pages.madvise(mmap.MADV_RANDOM)

def look(number):
    began = time.perf_counter()
    pages[4096 * number]
    return time.perf_counter() - began
"""

# At ``restricted`` alone: how many files each process has open is seen by the name of a folder.
COUNTS = """
import os
held, MANY = [], 200

def count(pid):
    try:
        return os.stat(f"/proc/{pid}/fd").st_size
    except OSError:
        return MANY

near = range(max(os.getpid() - 20, 1), os.getpid() + 20)
others = [pid for pid in near if count(pid) < 20]

def one():
    while len(held) < MANY:
        held.append(os.dup(0))

def zero():
    while held:
        os.close(held.pop())

def look():
    return 1 + sum(count(pid) > MANY for pid in others)
"""


@dataclass(frozen=True)
class Way:
    """A way to talk: what both workers load, and how long a bit takes, slowest first.

    Without times, everything is said before it is heard.
    """

    name: str
    source: str
    seconds: tuple[float, ...]

    @property
    def cell(self) -> str:
        return (CLOCK if self.seconds else AFTERWARDS) + self.source


@dataclass(frozen=True)
class Heard:
    """How a conversation went: bits a second, and the share of wrong ones."""

    speed: float
    wrong: float

    @property
    def rate(self) -> float:
        """Bits a second that get across, as for a channel that turns around so many."""
        p = min(max(self.wrong, 1e-9), 0.5)
        return self.speed * (1 + p * math.log2(p) + (1 - p) * math.log2(1 - p))


def _largest() -> Path:
    """The largest file among Python's packages that no process runs."""
    found = (path for path in Path(sysconfig.get_path("purelib")).rglob("*") if path.is_file())
    return max(
        (path for path in found if ".so" not in path.name and not os.access(path, os.X_OK)),
        key=lambda path: path.stat().st_size,
    )


def _ways(level: Level) -> list[Way]:
    counts = Way("descriptors counted in /proc", COUNTS, (1e-1, 3e-2, 1e-2, 3e-3, 1e-3))
    return [
        *([counts] if level == "restricted" else []),
        Way("a line of the processor's cache", CACHE_LINE, (3e-3, 1e-3, 3e-4, 1e-4, 5e-5, 3e-5)),
        Way("the processors' load", LOAD, (0.2, 0.1, 0.05, 0.02)),
        Way("the bandwidth of memory", BANDWIDTH, (0.1, 0.03, 0.01, 0.005)),
        Way("names looked up before", NAMES, ()),
        Way("pages of files that were read before", PAGES, ()),
    ]


def _load(worker: Worker, cell: str) -> None:
    reply = worker.request(
        "cell", SECONDS, name="cell 1", source=cell, stop=None, notice=lambda _: None
    )
    if "error" in reply:
        raise RuntimeError(str(reply["error"]))


def _call(worker: Worker, stub: str, *args: Any) -> Any:
    asked: tuple[Any, ...] = (stub, list(args), {}, 1, [])
    reply = worker.request("call", SECONDS, asked=asked, arguments_after=False)
    if "error" in reply:
        raise RuntimeError(str(reply["error"]))
    return reply["answer"]


def _talk(sandbox: Sandbox, way: Way, bits: list[int], seconds: float) -> tuple[list[float], float]:
    """What is heard of each bit, and how long it took to say and to hear."""
    workers = [control.fork(LIMITS) for control in sandbox.controls]
    try:
        largest = _largest()
        with largest.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        cell = way.cell.replace("PLACE", str(largest)).replace("MARK", f"no-{time.time_ns()}")
        for number, worker in enumerate(workers):
            _load(worker, cell.replace("is_first", str(1 - number)))
        first, second = workers
        began, start = time.perf_counter(), time.monotonic() + 0.1
        with ThreadPoolExecutor(1) as beside:
            said = beside.submit(_call, first, "say", bits, start, seconds)
            if not way.seconds:
                said.result()
            heard = _call(second, "hear", len(bits), start, seconds)
            took = time.perf_counter() - began
            said.result()
        return heard, took
    finally:
        for worker in workers:
            worker.kill()


def _understood(bits: list[int], heard: list[float]) -> float:
    """The share of bits that are taken for the other, after what the first ones sound like.

    All are times or counts, which are compared by their ratios.
    """
    heard = [math.log(value) for value in heard]
    ones = [value for bit, value in zip(bits[:PREAMBLE], heard, strict=False) if bit]
    zeros = [value for bit, value in zip(bits[:PREAMBLE], heard, strict=False) if not bit]
    one, zero = statistics.median(ones), statistics.median(zeros)
    closer = [int(abs(value - one) < abs(value - zero)) for value in heard[PREAMBLE:]]
    return statistics.mean(a != b for a, b in zip(bits[PREAMBLE:], closer, strict=True))


def measure(sandbox: Sandbox, way: Way, count: int) -> Iterator[Heard]:
    """How it goes at each speed."""
    rng = random.Random(0)
    for seconds in way.seconds or (0.0,):
        bits = [number % 2 for number in range(PREAMBLE)]
        few = min(count, int(ENOUGH_SECONDS / seconds)) if seconds else count
        bits += [rng.getrandbits(1) for _ in range(few)]
        heard, took = _talk(sandbox, way, bits, seconds)
        yield Heard(1 / seconds if seconds else len(bits) / took, _understood(bits, heard))


@click.command()
@click.option("--level", default="isolated", show_default=True)
@click.option("--bits", default=400, show_default=True, type=click.IntRange(min=50))
def main(level: Level, bits: int) -> None:
    """How fast two workers at a time can still talk."""
    table = Table(title=f"two workers at the level {level}, {os.cpu_count()} processors")
    for name in ("by", "bits a second", "said a second", "wrong"):
        table.add_column(name, justify="left" if name == "by" else "right")
    with Sandbox(level, controls=2, imports=["numpy"]) as sandbox:
        for way in _ways(level):
            best = max(measure(sandbox, way, bits), key=lambda heard: heard.rate)
            table.add_row(way.name, f"{best.rate:,.0f}", f"{best.speed:,.0f}", f"{best.wrong:.1%}")
    Console().print(table)


if __name__ == "__main__":
    main()
