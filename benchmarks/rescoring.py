"""What it costs to mark a class again, to hand its marks on, and to compare its code.

    python -m benchmarks.rescoring RESULTS [--students 1000]

RESULTS is a folder that `autograder grade` has written. The large class is made of its results,
under other names and with code that differs in a comment.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path

import click
import msgspec
from rich.console import Console

from autograder.course.rubric import load_rubric
from autograder.exporting import FORMS
from autograder.exporting.export import export
from autograder.grading.rescoring import Rescoring
from autograder.reports.files import write_student
from autograder.results.stored import Document, stored_documents
from autograder.similar.comparing import codes_of, find_similar
from benchmarks.classes import assignment


def many(documents: Sequence[Document], count: int) -> Iterator[Document]:
    """So many students' results, made of these."""
    for number, one in enumerate(islice(cycle(documents), count)):
        student = f"{one.student[:80]}-{number:05d}"
        code = {
            part: tuple(
                msgspec.structs.replace(excerpt, source=f"{excerpt.source}\n# {number}")
                for excerpt in excerpts
            )
            for part, excerpts in one.code.items()
        }
        evidence = msgspec.structs.replace(one.evidence, student=student)
        yield msgspec.structs.replace(one, student=student, evidence=evidence, code=code)


@click.command()
@click.argument("results", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--students", default=1000, show_default=True, type=click.IntRange(min=1))
def main(results: Path, students: int) -> None:
    """What a class of so many STUDENTS, made of that in RESULTS, costs after it is graded."""
    console = Console()
    rubric = load_rubric(assignment().rubric_file)

    def timed(what: str, do: Callable[[], object]) -> None:
        started, used = time.perf_counter(), time.process_time()
        do()
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
        console.print(f"{what}: {seconds:.1f} s, {cpu:.1f} s CPU", highlight=False)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for one in many(stored_documents(results, "rnn"), students):
            write_student(folder, one.evidence, one, rubric, one.digest, one.code)

        def mark_again() -> None:
            with Rescoring(assignment(), folder):
                pass

        def mark_and_write() -> None:
            with Rescoring(assignment(), folder) as rescoring:
                rescoring.write()

        console.print(f"{students} students", style="bold")
        timed("read and marked again", mark_again)
        timed("and every file written", mark_and_write)
        documents = stored_documents(folder, "rnn")
        for form in FORMS:
            to = partial(export, form, documents, "rnn", rubric, folder / FORMS[form])
            timed(f"to {form}", to)
        timed("code compared", lambda: find_similar(assignment(), codes_of(documents)))


if __name__ == "__main__":
    main()
