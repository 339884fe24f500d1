"""Tables of the gradebook for others: Canvas, Moodle, and criterion by criterion.

nbgrader export --exporter=autograder.nbgrader.exports.CanvasExport --to canvas.csv
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.plugins import ExportPlugin
from traitlets import Unicode

from autograder.course.folders import Course, CourseError
from autograder.course.rubric import Rubric, rubric_of
from autograder.exporting.tables import (
    Detail,
    Earned,
    Earners,
    Table,
    as_csv,
    canvas_table,
    criteria_table,
    moodle_table,
    part_columns,
    total_column,
)
from autograder.intake.roster import Person
from autograder.nbgrader.batch import RESULTS
from autograder.nbgrader.comments import part_of
from autograder.results.stored import stored_document
from autograder.results.writing import write_whole
from autograder.submissions.finding import student_id


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

    def earned(self) -> Earned:
        """With the total that nbgrader's own export gives: never less than zero."""
        parts = {
            part: self.checks[part] + self.by_hand[part] + self.written[part]
            for part in self.checks
        }
        return Earned(parts, max(0.0, sum(parts.values()) - self.late_penalty))


# nbgrader's students, and what they have where they handed in something.
Students = Sequence[tuple[Any, Points | None]]


class CourseExport(ExportPlugin):  # type: ignore[misc]
    """Writes one table of an assignment, a row for each student of the gradebook.

    It is the assignment of the course's own rubric, unless --assignment names another.

    One who handed in nothing has a row without points.
    """

    course = Unicode(help="The folder with rubric.yaml.").tag(config=True)
    file = ""

    def export(self, gradebook: Gradebook) -> None:
        if len(self.assignment) > 1:
            raise CourseError("a table is of one assignment; name one with --assignment")
        ours = Course(Path(self.course)).assignment(*self.assignment)
        assignment, rubric = ours.name, rubric_of(ours)
        students = []
        for student in sorted(gradebook.students, key=lambda student: str(student.id)):
            if self.student and student.id not in map(str, self.student):
                continue
            try:
                points = Points(gradebook.find_submission(assignment, student.id))
            except MissingEntry:
                points = None
            students.append((student, points))
        path = Path(self.to or self.file)
        self.log.info("Exporting grades to %s", path)
        write_whole(path, as_csv(self.table(students, assignment, rubric)))

    def table(self, students: Students, assignment: str, rubric: Rubric) -> Table:
        raise NotImplementedError


def _earners(students: Students) -> Earners:
    return [(_person(student), points.earned() if points else None) for student, points in students]


def _person(student: Any) -> Person:
    return Person(
        login=str(student.id),
        first_name=student.first_name or "",
        last_name=student.last_name or "",
        platform_id=student.lms_user_id or "",
        email=student.email or "",
    )


class CanvasExport(CourseExport):
    """What Canvas imports. It finds a student by its own id (nbgrader's `lms_user_id`) or else by
    the login."""

    file = "canvas.csv"

    def table(self, students: Students, assignment: str, rubric: Rubric) -> Table:
        earners = _earners(students)
        return canvas_table(earners, part_columns(assignment, rubric, earners))


class MoodleExport(CourseExport):
    """What Moodle imports."""

    file = "moodle.csv"

    def table(self, students: Students, assignment: str, rubric: Rubric) -> Table:
        earners = _earners(students)
        columns = part_columns(assignment, rubric, earners)
        return moodle_table(earners, [*columns, total_column(f"{assignment} total", rubric.points)])


class CriteriaExport(CourseExport):
    """What each criterion earned, what a reader gave or changed, and what it all adds up to."""

    file = "criteria.csv"

    def table(self, students: Students, assignment: str, rubric: Rubric) -> Table:
        return criteria_table(rubric, self._details(students, assignment))

    def _details(self, students: Students, assignment: str) -> Iterator[Detail]:
        results = Path(self.parent.coursedir.root) / RESULTS / assignment
        for student, points in students:
            if points is None:
                yield Detail(student.id, "nothing handed in")
                continue
            try:
                marks = stored_document(results, student_id(student.id))
            except FileNotFoundError:
                self.log.warning("%s: not autograded yet", student_id(student.id))
                yield Detail(student.id, "not graded")
                continue
            yield Detail(
                student.id,
                marks.status,
                {name: criterion.score for name, criterion in marks.criteria.items()},
                points.written,
                sum(points.by_hand.values()),
                points.late_penalty,
                points.earned().total,
                marks.evidence.reason,
            )
