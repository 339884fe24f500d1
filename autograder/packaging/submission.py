"""Grades the one submission in Gradescope's container.

Run as ``python -m autograder.packaging.submission ROOT ASSIGNMENT VISIBILITY [LEVEL]``; ROOT is
what Gradescope calls ``/autograder``. Where the grader cannot work it writes no results, so that
Gradescope says that the autograder failed and gives no mark.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import msgspec

from autograder.course.folders import Course, CourseError
from autograder.exporting.results import Visibility, gradescope_results
from autograder.grading.class_run import grade_one
from autograder.results.writing import write_whole
from autograder.submissions.finding import from_folder
from autograder.submissions.text import printable_lines
from autograder.worker.confine import Level

MAX_SAID = 20_000


class _User(msgspec.Struct):
    email: str


class _Metadata(msgspec.Struct):
    """What Gradescope says of a submission. Those of a group share it."""

    users: list[_User]


def main(root: Path, name: str, visibility: Visibility, level: Level | None) -> None:
    """Writes ``results/results.json``. Raises CourseError where the grader cannot work."""
    assignment = Course(root / "source" / "course").assignment(name)
    student = _student(root / "submission_metadata.json")
    folder = root / "submission"
    handed_in = from_folder(folder, student, assignment.name, assignment.released)
    evidence, marks, rubric = grade_one(assignment, handed_in, level)
    if evidence.status == "not graded":
        raise CourseError(evidence.reason)
    results = gradescope_results(evidence, marks, rubric, visibility)
    write_whole(root / "results" / "results.json", msgspec.json.encode(results))


def _student(metadata: Path) -> str:
    """Whom the hidden inputs are drawn for: the same at every attempt."""
    try:
        users = msgspec.json.decode(metadata.read_bytes(), type=_Metadata).users
    except (OSError, msgspec.DecodeError) as error:
        raise CourseError(f"{metadata}: cannot be read as Gradescope writes it ({error})") from None
    return min((user.email for user in users), default="student")


if __name__ == "__main__":
    try:
        shown = cast("Visibility", sys.argv[3])
        main(Path(sys.argv[1]), sys.argv[2], shown, cast("Level | None", (*sys.argv[4:], None)[0]))
    except CourseError as error:
        sys.exit(printable_lines(f"autograder: {error}", MAX_SAID))
