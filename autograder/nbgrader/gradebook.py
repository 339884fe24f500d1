"""Writes marks into nbgrader's gradebook, by nbgrader's own rules for what a reader gave."""

from __future__ import annotations

from typing import Any

from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook

from autograder.course import CourseError
from autograder.marks import Marks
from autograder.nbgrader.explain import comment, part_of
from autograder.rubric import Rubric

EXACT = 1e-9


def check_points(notebook: Any, rubric: Rubric) -> None:
    """Raises CourseError where the gradebook's points are not the rubric's."""
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    for part in rubric.parts():
        wanted = {
            f"{part.id}-check": part.points * (1 - rubric.written_share),
            f"{part.id}-written": part.points * rubric.written_share,
        }
        for name, worth in wanted.items():
            if abs(points.get(name, -1) - worth) > EXACT:
                raise CourseError(
                    f"the gradebook's cell {name} has {points.get(name)} points, where the rubric "
                    f"has {worth:g}; run `autograder release`, then "
                    f"`nbgrader generate_assignment {rubric.assignment} --force`"
                )


def has_student(gradebook: Gradebook, student: str) -> bool:
    try:
        gradebook.find_student(student)
    except MissingEntry:
        return False
    return True


def has_submission(gradebook: Gradebook, assignment: str, student: str) -> bool:
    try:
        gradebook.find_submission(assignment, student)
    except MissingEntry:
        return False
    return True


def save(
    gradebook: Gradebook,
    assignment: str,
    student: str,
    marks: Marks,
    answered: frozenset[str],
    rubric: Rubric,
) -> None:
    """Writes a student's marks and comments; ``answered`` names the written cells with an answer.

    As in nbgrader, what a reader gave stays and is to be looked at again, an answer waits for a
    reader, and one that is as released gets no points. Where the grader failed there is no mark.
    """
    gradebook.update_or_create_student(student)
    gradebook.update_or_create_submission(assignment, student)
    notebook: SubmittedNotebook = gradebook.find_submission_notebook(
        assignment, assignment, student
    )
    parts = {part.id: part for part in rubric.parts()}
    for grade in notebook.grades:
        part, role = part_of(grade.name)
        if role == "check":
            graded = marks.status != "not graded"
            grade.auto_score = marks.parts[part].score if graded else None
        elif role == "written":
            grade.auto_score = None if grade.name in answered else 0.0
        else:
            continue
        by_reader = grade.auto_score is None or grade.manual_score is not None
        grade.needs_manual_grade = by_reader and grade.max_score > 0
    for told in notebook.comments:
        part, role = part_of(told.name)
        if role == "stub":
            told.auto_comment = comment(parts[part], marks, rubric)
        elif role == "written":
            blank = told.name not in answered and rubric.written_share > 0
            told.auto_comment = "No response." if blank else None
    gradebook.db.commit()
