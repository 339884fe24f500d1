"""Writes marks into nbgrader's gradebook, by nbgrader's own rules for what a reader gave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.course.folders import CourseError
from autograder.course.rubric import Rubric
from autograder.marking.marks import Marks
from autograder.nbgrader.comments import comment, part_of

EXACT = 1e-9

# The kernel that nbgrader's own autograding would start for our notebook. It does not exist, and
# this is what nbgrader says of it.
NO_KERNEL = "this-homework-is-graded-by-autograder-whose-lines-in-nbgrader_config.py-were-not-read"


def withhold_kernel(gradebook: Gradebook, assignment: str) -> None:
    """Keeps nbgrader from running our notebook where it does not know of this grader.

    That happens where an error in another line of nbgrader_config.py makes nbgrader pass over the
    whole file, or where another file or a flag names another exporter. nbgrader autogrades in the
    kernel that the gradebook names, whatever a submission says. Raises MissingEntry where the
    assignment was not generated yet.
    """
    notebook = gradebook.find_notebook(assignment, assignment)
    kernel = {"name": NO_KERNEL, "display_name": NO_KERNEL, "language": "python"}
    notebook.kernelspec = json.dumps(kernel)
    gradebook.db.commit()


def check_notebooks(assignment: str, names: Iterable[str]) -> None:
    """Raises CourseError where the assignment has another notebook beside ours."""
    for name in sorted(set(names) - {assignment}):
        raise CourseError(
            f"{assignment}: has a second notebook, {name}.ipynb, which nbgrader would run without "
            "a sandbox; make it a separate assignment"
        )


class Book:
    """The rows of one assignment, whose one notebook has its name."""

    def __init__(self, gradebook: Gradebook, assignment: str, rubric: Rubric) -> None:
        """Raises MissingEntry where nbgrader has not generated the assignment yet, CourseError
        where it has another notebook, or its points are not the rubric's."""
        self._gradebook = gradebook
        self._assignment = assignment
        self._rubric = rubric
        self._parts = {part.id: part for part in rubric.parts()}
        cells = gradebook.find_notebook(assignment, assignment)
        names = [notebook.name for notebook in gradebook.find_assignment(assignment).notebooks]
        check_notebooks(assignment, names)
        self._points = {cell.name: cell.max_score for cell in cells.grade_cells}
        # Reading a grade's own cell would be a query each.
        self._names = {cell.id: cell.name for cell in (*cells.grade_cells, *cells.solution_cells)}
        self._check_points()

    def _check_points(self) -> None:
        share = self._rubric.written_share
        for part in self._rubric.parts():
            for role, worth in (
                ("check", part.points * (1 - share)),
                ("written", part.points * share),
            ):
                name = f"{part.id}-{role}"
                if abs(self._points.get(name, -1) - worth) > EXACT:
                    raise CourseError(
                        f"the gradebook's cell {name} has {self._points.get(name)} points, where "
                        f"the rubric has {worth:g}; run `autograder release`, `autograder nbgrader "
                        "setup` where that put the homework into your course, and `nbgrader "
                        f"generate_assignment {self._assignment} --force`"
                    )

    def has_student(self, student: str) -> bool:
        return _is_there(lambda: self._gradebook.find_student(student))

    def has_submission(self, student: str) -> bool:
        return _is_there(lambda: self._gradebook.find_submission(self._assignment, student))

    def save(self, student: str, marks: Marks, answered: frozenset[str]) -> None:
        """Writes marks and comments; ``answered`` names the written cells with an answer.

        As in nbgrader, what a reader gave stays and is to be looked at again, an answer waits for
        a reader, and one that is as released gets no points. Where the grader failed there is no
        mark, and a reader is asked.
        """
        book = self._gradebook
        book.update_or_create_student(student)
        book.update_or_create_submission(self._assignment, student)
        notebook = book.find_submission_notebook(self._assignment, self._assignment, student)
        for grade in notebook.grades:
            name = self._names[grade.cell_id]
            grade.auto_score = self._auto_score(name, marks, answered)
            for_reader = grade.auto_score is None or grade.manual_score is not None
            grade.needs_manual_grade = for_reader and self._points[name] > 0
        for one in notebook.comments:
            name = self._names[one.cell_id]
            one.auto_comment = self._comment(name, marks, answered)
        book.db.commit()

    def _auto_score(self, name: str, marks: Marks, answered: frozenset[str]) -> float | None:
        part, role = part_of(name)
        if role == "written":
            return None if name in answered else 0.0
        if marks.status == "not graded":
            return None
        mark = marks.parts[part]
        # What a person set is in the gradebook as theirs.
        return mark.by_hand.before if mark.by_hand else mark.checked

    def _comment(self, name: str, marks: Marks, answered: frozenset[str]) -> str | None:
        part, role = part_of(name)
        if role == "stub":
            return comment(self._parts[part], marks, self._rubric)
        if role == "written" and self._points[name] > 0 and name not in answered:
            return "No response."
        return None


def _is_there(find: Callable[[], Any]) -> bool:
    try:
        find()
    except MissingEntry:
        return False
    return True
