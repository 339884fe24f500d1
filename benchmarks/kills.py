"""A run over a class that is killed again and again, beside one that is left alone.

    python -m benchmarks.kills [--count N] [--kills K]

Each kill is a SIGKILL to the whole process group, at a random moment; the run is then started
again. In the end, every file of the results has to be the same, byte for byte.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console

from benchmarks.classes import assignment, copies

# A run takes a few seconds to be ready; some are killed before that.
LONGEST_SECONDS = 12.0


def start(submissions: Path, out: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "autograder.cli", "grade", str(submissions), "--out", str(out)]
    return subprocess.Popen(
        [*words, "--course", str(assignment().course.root)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """The files of the results by name. What is hidden is no result."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


@click.command()
@click.option("--count", default=200, show_default=True, type=click.IntRange(min=2))
@click.option("--kills", default=20, show_default=True, type=click.IntRange(min=1))
def main(count: int, kills: int) -> None:
    """A run over a class that is killed again and again, beside one that is left alone."""
    console = Console()
    moments = random.Random(count * kills)
    with tempfile.TemporaryDirectory() as name:
        submissions, alone, killed = (Path(name) / part for part in ("class", "alone", "killed"))
        copies(submissions, count)
        start(submissions, alone).wait()
        done, reached = 0, []
        while done < kills:
            process = start(submissions, killed)
            try:
                process.wait(moments.uniform(0, LONGEST_SECONDS))
                # All was done before the moment came: from the beginning, then.
                for path in killed.glob("*.json"):
                    path.unlink()
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                done += 1
                reached.append(len(list(killed.glob("*.json"))))
        started = time.perf_counter()
        start(submissions, killed).wait()
        last = time.perf_counter() - started
        wanted, got = contents(alone), contents(killed)
    console.print(f"{kills} kills, after which there were results of: {reached}")
    console.print(f"the last run took {last:.1f} s")
    for what, files in (
        ("lost", wanted.keys() - got.keys()),
        ("too many", got.keys() - wanted.keys()),
        ("changed", {file for file in wanted.keys() & got.keys() if wanted[file] != got[file]}),
    ):
        console.print(f"{what}: {len(files)} of {len(wanted)} files", *sorted(files)[:5])
    if wanted != got:
        sys.exit(1)


if __name__ == "__main__":
    main()
