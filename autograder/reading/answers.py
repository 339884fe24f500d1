"""The written answers of a class, with what their reader needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat

from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import Rubric, rubric_of
from autograder.intake.choices import read_choices
from autograder.intake.finding import collect, workspace
from autograder.marking.decisions import GRADEBOOK, read_rows
from autograder.nbgrader.comments import part_of
from autograder.nbgrader.rebuild import Notebook, StudentCell, answers, rebuild, student_cells
from autograder.reading.showing import CellPictures, pictures_in
from autograder.release.model_answers import model_answers
from autograder.results.stored import refuse_another, stored_students
from autograder.submissions.finding import HandIn
from autograder.submissions.reading import read_file, submission_of
from autograder.submissions.released import another_homework, stubs_of_course


@dataclass(frozen=True)
class WrittenAnswers:
    """The written answers of a class: of each part the question, what an answer earns, a model.

    ``given`` holds the answers as they were written, by student and part, and ``pictures`` what is
    attached to them; ``lost`` are students whose files hold no questions of this homework, with the
    other homework that the file seems to be, if any; ``elsewhere`` are the answers that were read
    in nbgrader.
    """

    rubric: Rubric
    questions: Mapping[str, str]
    model: Mapping[str, str]
    given: Mapping[str, Mapping[str, str]]
    pictures: Mapping[str, Sequence[CellPictures]]
    lost: Mapping[str, str]
    elsewhere: Collection[tuple[str, str]]


def written_answers(
    assignment: Assignment, folder: Path, submissions: Sequence[Path]
) -> WrittenAnswers:
    """Reads the written answers in the submissions of a class; the folder has its results.

    Raises CourseError where the rubric leaves a reader nothing to give, or a student was not
    graded.
    """
    refuse_another(folder, assignment.name)
    rubric = rubric_of(assignment)
    if not rubric.written_share:
        raise CourseError(
            f"{assignment.rubric_file}: `written_share` is 0: written answers earn nothing. Set it "
            "above 0 first."
        )
    with workspace(folder) as unpack_into:
        collected = collect(
            submissions,
            assignment.name,
            assignment.released,
            unpack_into,
            chosen=read_choices(folder),
        )
        return _written(assignment, rubric, folder, collected.submissions)


def _written(
    assignment: Assignment, rubric: Rubric, folder: Path, handed_in: Sequence[HandIn]
) -> WrittenAnswers:
    graded = set(stored_students(folder))
    for one in handed_in:
        if one.student not in graded:
            raise CourseError(
                f"{one.path}: {folder} holds no results of {one.student}; grade it first"
            )
    released = _released(assignment)
    contents = {one.student: read_file(one.path) for one in handed_in}
    lost, cells = {}, {}
    stubs = stubs_of_course(assignment)
    for student, own in contents.items():
        another = another_homework(submission_of(own, student), assignment.name, stubs)
        cells[student] = [] if another else student_cells(own)
        if another:
            lost[student] = another
        elif own.format == "script" and all(one.kind == "code" for one in cells[student]):
            lost[student] = ""
    asked = {one.metadata.get("nbgrader", {}).get("grade_id"): one.source for one in released.cells}
    return WrittenAnswers(
        rubric=rubric,
        questions={
            part.id: asked.get(f"{part.id}-written", "").replace("YOUR ANSWER HERE", "").strip()
            for part in rubric.parts()
        },
        model={one.part: one.answer for one in model_answers(assignment, rubric)},
        given={student: _answers(released, own) for student, own in cells.items()},
        pictures={one.student: pictures_in(one.path) for one in handed_in},
        lost=lost,
        elsewhere={
            (row["student"], part_of(row["cell"])[0])
            for row in read_rows(folder / GRADEBOOK, ("student", "cell"))
            if part_of(row["cell"])[1] == "written"
        },
    )


def _released(assignment: Assignment) -> Notebook:
    file = assignment.released / f"{assignment.name}.ipynb"
    try:
        return nbformat.read(file, as_version=4)
    except OSError as error:
        raise CourseError(
            f"{file}: cannot be read ({error.strerror}); run `autograder release`"
        ) from None


def _answers(released: Notebook, cells: Sequence[StudentCell]) -> dict[str, str]:
    """By part, the answers that a submission holds; none of one that cannot be read."""
    notebook, _ = rebuild(released, cells)
    found = answers(released, notebook)
    return {part_of(name)[0]: text for name, text in found.items() if part_of(name)[1] == "written"}
