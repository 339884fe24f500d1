"""What the pages cost: a student's to write, and that of a class of 1,000 to write and to open.

    python -m benchmarks.pages RESULTS [--students 1000]

RESULTS is a folder that `autograder grade` has written. The large class is made of its rows, under
other names.
"""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import click
import msgspec
from playwright.sync_api import sync_playwright
from rich.console import Console

from autograder.course.rubric import load_rubric
from autograder.reports.pages.class_page import write_class_page
from autograder.reports.pages.highlight import highlight
from autograder.reports.pages.student import student_page
from autograder.results.rows import row
from autograder.results.stored import stored_documents
from benchmarks.classes import assignment
from tests.nbgrader_browser import CHROMIUM, QUIET

OPENED = 5
PAINTED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@click.command()
@click.argument("results", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--students", default=1000, show_default=True, type=click.IntRange(min=1))
def main(results: Path, students: int) -> None:
    """What the pages of the class in RESULTS cost, and of a class of so many STUDENTS."""
    console = Console()
    rubric = load_rubric(assignment().rubric_file)
    documents = stored_documents(results, "rnn")
    costs = []
    for one in documents:
        highlight.cache_clear()  # as if nobody's code stood in another's work
        started = time.process_time()
        student_page(one.evidence, one, rubric, one.code)
        costs.append(1000 * (time.process_time() - started))
    console.print(f"a student's page, first: {costs[0]:.1f} ms CPU, with the templates")
    message = f"median {statistics.median(costs[1:]):.1f}, most {max(costs[1:]):.1f} ms CPU"
    console.print(f"a student's page, others: {message}")
    rows = [row(one.evidence, one) for one in documents]
    many = [
        msgspec.structs.replace(one, student=f"{one.student}-{number:05d}")
        for number, one in enumerate(islice(cycle(rows), students))
    ]
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        page = write_class_page(Path(folder), many, rubric)
        seconds, size = time.perf_counter() - started, page.stat().st_size / 1e6
        console.print(f"the page of {students} students: {seconds:.2f} s to write, {size:.1f} MB")
        for name, width in (("desk", 1280), ("phone", 390)):
            message = ", ".join(f"{one:.2f}" for one in opening(page, width))
            console.print(f"opened and painted at the width of a {name}: {message} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"peak memory: {peak:.0f} MB")


def opening(page: Path, width: int) -> list[float]:
    """Seconds from the address to the painted page, in windows of their own, the least first."""
    taken = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        for _ in range(OPENED):
            window = browser.new_page(viewport={"width": width, "height": 900})
            started = time.perf_counter()
            window.goto(page.as_uri(), wait_until="load")
            window.evaluate(PAINTED)
            taken.append(time.perf_counter() - started)
            window.close()
        browser.close()
    return sorted(taken)


if __name__ == "__main__":
    main()
