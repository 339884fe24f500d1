"""Grades what was collected, in a separate process: nbgrader's may be a web server.

Run as ``python -m autograder.nbgrader.batch COURSE ASSIGNMENT RESULTS [again]`` it takes
submissions as JSON on standard input, and gives a line of JSON for each as soon as it is graded.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from autograder.course.folders import Assignment, Course, CourseError
from autograder.grading.jobs import usual_jobs
from autograder.results.rows import Row
from autograder.results.stored import Document, stored_document
from autograder.submissions.finding import HandIn

# Where a course of nbgrader's keeps what was found, in a folder for each assignment.
RESULTS = ".graded"
# How much of what the process said is passed on: its end.
MAX_SAID = 10_000


class _Task(msgspec.Struct):
    student: str
    path: bytes  # A name need not be text.
    notes: tuple[str, ...]


def grade(
    assignment: Assignment, handed_in: Sequence[HandIn], results: Path, again: bool
) -> Generator[Document, None, None]:
    """The marks of each, in the order in which they are done.

    What ``results`` holds the evidence of is not run again, unless ``again`` is set. Raises
    CourseError where the grader cannot work.
    """
    results.mkdir(mode=0o700, parents=True, exist_ok=True)
    tasks = [_Task(one.student, os.fsencode(one.path), one.notes) for one in handed_in]
    root, name = str(assignment.course.root), assignment.name
    words = [sys.executable, "-m", __spec__.name, root, name, str(results)]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            [*words, "again"] if again else words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=assignment.course.root,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(msgspec.json.encode(tasks))
            for line in process.stdout:
                yield stored_document(results, msgspec.json.decode(line, type=Row).student)
            process.wait()
        finally:
            process.kill()
        if process.returncode:
            said.seek(max(0, said.seek(0, os.SEEK_END) - MAX_SAID))
            raise CourseError(
                said.read().decode("utf-8", "replace").strip()
                or f"the process that grades ended with status {process.returncode}; the marks so "
                "far are kept, and the same command continues where it was"
            )


def main(root: str, name: str, results: str, again: str = "") -> None:
    from autograder.grading.class_run import ClassRun

    tasks = msgspec.json.decode(sys.stdin.buffer.read(), type=list[_Task])
    handed_in = [HandIn(task.student, Path(os.fsdecode(task.path)), task.notes) for task in tasks]
    try:
        for row in ClassRun(
            Course(Path(root)).assignment(name),
            handed_in,
            Path(results),
            usual_jobs(),
            again=bool(again),
        ):
            sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
            sys.stdout.buffer.flush()
    except CourseError as error:
        sys.exit(str(error))
    except OSError as error:
        # Such as a full disk. All else is a bug, and its traceback is shown.
        sys.exit(f"{error.filename or results}: {error.strerror}; mend that, and do this again")


if __name__ == "__main__":
    main(*sys.argv[1:])
