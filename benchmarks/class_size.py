"""What a submission costs in classes of different sizes, in time and in memory.

    python -m benchmarks.class_size [--sizes 10,100,1000,5000] [--jobs N]

Each class is graded by a separate run, in a new process, whose peak memory is the grader's; the
warm process and the workers have their own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from autograder.grading.class_run import ClassRun
from autograder.grading.jobs import usual_jobs
from benchmarks.classes import assignment, copies


def measure(count: int, jobs: int) -> dict[str, float]:
    """Seconds to set up and to grade, and the peak memory of the grading processes in MB."""
    import resource

    with tempfile.TemporaryDirectory() as folder:
        handed_in = copies(Path(folder) / "class", count)
        started = time.perf_counter()
        rows = iter(ClassRun(assignment(), handed_in, Path(folder) / "out", jobs))
        total = next(rows).total
        first = time.perf_counter()
        for row in rows:
            total += row.total
        ended = time.perf_counter()
    of = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    own, children = (resource.getrusage(who).ru_maxrss / 1024 for who in of)
    return {
        "mean": total / count,
        "first": first - started,
        "each": (ended - first) / (count - 1),
        "own_mb": own,
        "job_mb": children,
    }


@click.command()
@click.option("--sizes", default="10,100,1000,5000", show_default=True)
@click.option("--jobs", default=usual_jobs(), show_default=True, type=click.IntRange(min=1))
@click.option("--one", type=int, hidden=True)
def main(sizes: str, jobs: int, one: int | None) -> None:
    """What a submission costs against the size of its class."""
    if one is not None:
        print(json.dumps(measure(one, jobs)))
        return
    table = Table(title=f"classes of different sizes, {jobs} jobs")
    for name in (
        "class",
        "s to the first",
        "ms each after",
        "MB run",
        "MB largest child",
        "mean mark",
    ):
        table.add_column(name, justify="right")
    for size in map(int, sizes.split(",")):
        again = [sys.executable, "-m", "benchmarks.class_size", "--jobs", str(jobs)]
        ran = subprocess.run(
            [*again, "--one", str(size)], check=True, stdout=subprocess.PIPE, text=True
        )
        found = json.loads(ran.stdout.splitlines()[-1])
        table.add_row(
            f"{size:,}",
            f"{found['first']:.1f}",
            f"{1e3 * found['each']:.1f}",
            f"{found['own_mb']:.0f}",
            f"{found['job_mb']:.0f}",
            f"{found['mean']:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
