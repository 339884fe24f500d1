"""The same class on Dask clusters of 1, 2 and 4 workers here, and what 100,000 would need.

    python -m benchmarks.cluster [--count N] [--workers 1,2,4]

Each worker is a process with a separate warm box, as on separate machines; here they share the
cores. Of each, the grading process and the student's take turns, and keep one core busy.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import click
from distributed import Client, LocalCluster
from rich.console import Console
from rich.table import Table

from autograder.grading.class_run import ClassRun
from autograder.grading.jobs import usual_jobs
from autograder.submissions.finding import HandIn
from benchmarks.classes import assignment, copies

MANY = 100_000
CORES = (1, 16, 64, 256)


def seconds_on(workers: int, handed_in: list[HandIn], folder: Path) -> tuple[float, float]:
    """To the first result, which waits for the boxes to be warm, and from there to the last."""
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        Client(cluster),
    ):
        started = first = time.perf_counter()
        run = ClassRun(assignment(), handed_in, folder, cluster=cluster.scheduler_address)
        for number, _ in enumerate(run):
            if number == 0:
                first = time.perf_counter()
        return first - started, time.perf_counter() - first


def seconds_here(handed_in: list[HandIn], folder: Path) -> tuple[float, float]:
    """The same without Dask, on all cores."""
    started = first = time.perf_counter()
    for number, _ in enumerate(ClassRun(assignment(), handed_in, folder, usual_jobs())):
        if number == 0:
            first = time.perf_counter()
    return first - started, time.perf_counter() - first


@click.command()
@click.option("--count", default=120, show_default=True, type=click.IntRange(min=10))
@click.option("--workers", default="1,2,4", show_default=True)
def main(count: int, workers: str) -> None:
    """The same class on Dask clusters of different sizes."""
    console = Console()
    cores = os.cpu_count() or 1
    table = Table(title=f"{count} submissions, {cores} cores")
    table.add_column("on")
    for name in ("s to the first", "ms each after", "core ms each"):
        table.add_column(name, justify="right")
    core_seconds = []
    with tempfile.TemporaryDirectory() as name:
        handed_in = copies(Path(name) / "class", count)
        for many in (0, *map(int, workers.split(","))):
            out = Path(name) / f"out-{many}"
            if many:
                first, rest = seconds_on(many, handed_in, out)
            else:
                first, rest = seconds_here(handed_in, out)
            each = rest / (count - 1)
            on_cores = each * min(many or cores, cores)
            if many:
                core_seconds.append(on_cores)
            plural = "s" if many > 1 else ""
            where = f"{many} Dask worker{plural}" if many else "this machine, without Dask"
            table.add_row(where, f"{first:.1f}", f"{1e3 * each:.0f}", f"{1e3 * on_cores:.0f}")
    console.print(table)
    each = min(core_seconds)
    console.print(
        f"On paper, {MANY:,} submissions at {1e3 * each:.0f} ms of a core each: "
        + "; ".join(f"{MANY * each / 3600 / cores:.2g} h on {cores:,} cores" for cores in CORES)
        + f". At {MANY:,} in an hour, that is {MANY * each / 3600:.0f} cores."
    )


if __name__ == "__main__":
    main()
