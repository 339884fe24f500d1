"""Tables of the gradebook for others: Canvas, Moodle, and criterion by criterion.

nbgrader export --exporter=autograder.nbgrader.exports.CanvasExport --to canvas.csv
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin
from traitlets import Unicode

from autograder.course import Course
from autograder.nbgrader.batch import RESULTS, graded
from autograder.nbgrader.explain import part_of
from autograder.reports.files import write_whole
from autograder.rubric import Rubric, load_rubric
from autograder.submissions.finding import student_id

Value = str | float | None

DECIMALS = 9
# What makes a program that opens the table take a text for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(value: Value) -> str:
    """A value as it stands in a table. A text is never more than text to a spreadsheet."""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if value is None:
        return ""
    return f"{round(value, DECIMALS) + 0.0:.{DECIMALS}f}".rstrip("0").rstrip(".")


class Points:
    """What a student has of each part in the gradebook: of the checks, and of the reader."""

    def __init__(self, submission: Any) -> None:
        self.checks: dict[str, float] = {}
        self.by_hand: dict[str, float] = {}
        self.written: dict[str, float] = {}
        self.late_penalty = float(submission.late_submission_penalty or 0)
        for notebook in submission.notebooks:
            for grade in notebook.grades:
                part, role = part_of(grade.name)
                if role == "check":
                    self.checks[part] = grade.auto_score or 0.0
                    self.by_hand[part] = grade.score - self.checks[part]
                else:
                    self.written[part] = grade.score

    def of(self, part: str) -> float:
        return self.checks[part] + self.by_hand[part] + self.written[part]

    @property
    def total(self) -> float:
        """What nbgrader's own export gives: never less than zero."""
        return max(0.0, sum(map(self.of, self.checks)) - self.late_penalty)


# nbgrader's students, and what they have where they handed in something.
Students = Sequence[tuple[Any, Points | None]]


class CourseExport(ExportPlugin):  # type: ignore[misc]
    """Writes one table of the course's assignment, a row for each student of the gradebook.

    One who handed in nothing has a row without points.
    """

    course = Unicode(help="The folder with rubric.yaml.").tag(config=True)
    file = ""

    def export(self, gradebook: Gradebook) -> None:
        course = Course(Path(self.course))
        assignment, rubric = course.source.stem, load_rubric(course.rubric_file)
        students = []
        for student in sorted(gradebook.students, key=lambda student: str(student.id)):
            if self.student and student.id not in map(str, self.student):
                continue
            try:
                points = Points(gradebook.find_submission(assignment, student.id))
            except MissingEntry:
                points = None
            students.append((student, points))
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for row in self.rows(students, assignment, rubric):
            writer.writerow(map(cell, row))
        path = Path(self.to or self.file)
        self.log.info("Exporting grades to %s", path)
        write_whole(path, text.getvalue().encode())

    def rows(self, students: Students, assignment: str, rubric: Rubric) -> Iterator[list[Value]]:
        raise NotImplementedError


def _name(student: Any) -> str:
    names = (student.last_name, student.first_name)
    return ", ".join(name for name in names if name) or str(student.id)


class CanvasExport(CourseExport):
    """What Canvas imports into its gradebook: a column for each part, which become assignments.

    Canvas finds a student by its own id (nbgrader's `lms_user_id`) or else by the login. A late
    penalty has a column of its own where there is one, so that the columns add up to the score.
    """

    file = "canvas.csv"

    def rows(self, students: Students, assignment: str, rubric: Rubric) -> Iterator[list[Value]]:
        parts = list(rubric.parts())
        late = any(points and points.late_penalty for _, points in students)
        titles: list[Value] = [f"{assignment} {part.id} {part.title}" for part in parts]
        possible: list[Value] = [part.points for part in parts]
        yield [
            *("Student", "ID", "SIS User ID", "SIS Login ID", "Section"),
            *titles,
            *[f"{assignment} late"] * late,
        ]
        yield ["    Points Possible", "", "", "", "", *possible, *[0.0] * late]
        for student, points in students:
            scores = [points.of(part.id) if points else None for part in parts]
            penalty = points.total - sum(map(points.of, points.checks)) if points else None
            yield [
                *(_name(student), student.lms_user_id, "", student.id, ""),
                *scores,
                *[penalty] * late,
            ]


class MoodleExport(CourseExport):
    """What Moodle imports into its gradebook: its names for who a student is, parts and total."""

    file = "moodle.csv"

    def rows(self, students: Students, assignment: str, rubric: Rubric) -> Iterator[list[Value]]:
        parts = list(rubric.parts())
        yield [
            *("Username", "First name", "Last name", "ID number", "Email address"),
            *(f"{assignment} {part.id} {part.title}" for part in parts),
            f"{assignment} total",
        ]
        for student, points in students:
            yield [
                *(student.id, student.first_name, student.last_name),
                *(student.lms_user_id, student.email),
                *(points.of(part.id) if points else None for part in parts),
                points.total if points else None,
            ]


class CriteriaExport(CourseExport):
    """What each criterion earned, what a reader gave or changed, and what it all adds up to."""

    file = "criteria.csv"

    def rows(self, students: Students, assignment: str, rubric: Rubric) -> Iterator[list[Value]]:
        criteria = [criterion.id for criterion in rubric.criteria()]
        written = [part.id for part in rubric.parts() if rubric.written_share]
        sums = ("changed by hand", "late penalty", "score", "reason")
        columns = [*criteria, *(f"{part}.written" for part in written), *sums]
        empty: list[Value] = [None] * len(columns)
        yield ["student", "status", *columns]
        results = Path(self.parent.coursedir.root) / RESULTS
        for student, points in students:
            marks = None
            if points is not None:
                try:
                    marks = graded(results, student_id(student.id))
                except FileNotFoundError:
                    self.log.warning("%s: not autograded yet", student.id)
            if points is None or marks is None:
                yield [student.id, "not graded" if points else "nothing handed in", *empty]
                continue
            yield [
                *(student.id, marks.status),
                *(marks.criteria[name].score for name in criteria),
                *(points.written[part] for part in written),
                *(sum(points.by_hand.values()), points.late_penalty, points.total),
                marks.evidence.reason,
            ]
