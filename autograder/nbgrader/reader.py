"""What nbgrader's gradebook holds of people's marks."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder.course.folders import Assignment, CourseError
from autograder.exporting.tables import Value, as_csv
from autograder.marking.decisions import GRADEBOOK, LATE_PENALTY
from autograder.nbgrader.comments import part_of
from autograder.results.stored import refuse_another, stored_students
from autograder.results.writing import write_whole
from autograder.submissions.finding import student_id


def read_gradebook(assignment: Assignment, database: Path, folder: Path) -> tuple[Path, list[str]]:
    """Writes into the results' folder what nbgrader's gradebook holds of people's marks.

    These are readers' points for written answers, points that a reader set for a check, and late
    penalties. The gradebook stays as it is. Returns the file, and of whom there are no results.
    """
    refuse_another(folder, assignment.name)
    known = set(stored_students(folder))
    rows: list[Sequence[Value]] = [("student", "cell", "points", "comment")]
    unknown = []
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "gradebook.db"
        _copy(database, copy, assignment.name)
        with Gradebook(f"sqlite:///{copy}") as book:
            for submission in book.assignment_submissions(assignment.name):
                student = student_id(str(submission.student.id))
                if student in known:
                    rows += ((student, *row) for row in _by_hand(submission))
                else:
                    unknown.append(student)
    path = folder / GRADEBOOK
    write_whole(path, as_csv([rows[0], *sorted(rows[1:], key=str)]))
    return path, sorted(unknown)


def _copy(database: Path, to: Path, assignment: str) -> None:
    """A copy of a gradebook as it is at one moment, while others may write into it."""
    try:
        with (
            closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(to)) as copy,
        ):
            source.backup(copy)
            known = copy.execute("SELECT 1 FROM assignment WHERE name = ?", [assignment]).fetchone()
    except sqlite3.Error as error:
        raise CourseError(
            f"{database}: cannot be read as nbgrader's gradebook ({error}); it is gradebook.db in "
            "the folder of nbgrader's course"
        ) from None
    if known is None:
        raise CourseError(f"{database}: has no assignment {assignment}")


def _by_hand(submission: Any) -> Iterator[tuple[str, float, str]]:
    if submission.late_submission_penalty:
        yield LATE_PENALTY, float(submission.late_submission_penalty), ""
    for notebook in submission.notebooks:
        comments = {one.name: one.manual_comment or "" for one in notebook.comments}
        for grade in notebook.grades:
            part, role = part_of(grade.name)
            if role == "written" and grade.max_score:
                # A blank answer has its 0 from nbgrader; one without points awaits a reader.
                if grade.manual_score is not None or grade.auto_score is not None:
                    yield grade.name, float(grade.score), comments.get(grade.name, "")
            elif role == "check" and (grade.manual_score is not None or grade.extra_credit):
                yield grade.name, float(grade.score), comments.get(f"{part}-stub", "")
