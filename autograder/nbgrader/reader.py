"""Written answers and who reads them: a form to fill in, or what nbgrader's gradebook holds."""

from __future__ import annotations

import sqlite3
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook

from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import Rubric
from autograder.exporting.tables import Value, as_csv, cell
from autograder.marking.decisions import GRADEBOOK, LATE_PENALTY, WRITTEN, read_rows
from autograder.nbgrader.explain import part_of
from autograder.nbgrader.rebuild import Notebook, StudentCell, answers, rebuild, student_cells
from autograder.release.model_answers import model_answers
from autograder.reports.markdown import plain
from autograder.results.stored import refuse_another, stored_students
from autograder.results.writing import write_whole
from autograder.submissions.finding import HandIn, student_id
from autograder.submissions.reading import read_file
from autograder.submissions.text import printable_lines

# In a folder of its own, where no student's file has its name.
SHEET = Path("reading") / "answers.md"
COLUMNS = ("student", "part", "points", "of", "comment")
NO_ANSWER = "No answer."
LOST = "The file holds no written questions; the notebook that it was made of may."
# Of one answer: more than this nobody writes, and the file itself is at hand.
MAX_ANSWER = 10_000
LINE_WIDTH = 96


@dataclass(frozen=True)
class Form:
    """What was laid out for a reader: the form, the answers, and how many are still unread."""

    form: Path
    sheet: Path
    to_read: int


def write_form(
    assignment: Assignment, rubric: Rubric, folder: Path, handed_in: Sequence[HandIn]
) -> Form:
    """Writes the form that a reader fills in, and the answers to read, into the results' folder.

    The contents of an earlier form stay. Blank answers have their 0 already, and come last. Raises
    CourseError where the rubric leaves a reader nothing to give, or a student was not graded.
    """
    if not rubric.written_share:
        raise CourseError(
            f"{assignment.rubric_file}: `written_share` is 0, so a reader has nothing to give; set "
            "it"
        )
    refuse_another(folder, assignment.name)
    graded = set(stored_students(folder))
    for one in handed_in:
        if one.student not in graded:
            raise CourseError(
                f"{one.path}: {folder} holds no results of {one.student}; grade it first"
            )
    released = _released(assignment)
    cells = {one.student: student_cells(read_file(one.path)) for one in handed_in}
    given = {student: _answers(released, own) for student, own in cells.items()}
    # A script from which the texts are gone says nothing of what was answered.
    lost = {student for student, own in cells.items() if own and all(c.kind == "code" for c in own)}
    filled = _filled(folder / WRITTEN)
    in_gradebook = {
        (row["student"], part_of(row["cell"])[0])
        for row in read_rows(folder / GRADEBOOK, ("student", "cell"))
        if part_of(row["cell"])[1] == "written"
    }
    rows, blank = [], []
    for part in rubric.parts():
        most = cell(part.points * rubric.written_share)
        for student, texts in given.items():
            key = (student, part.id)
            if key in in_gradebook:
                continue
            points, comment = filled.pop(key, ("", ""))
            if part.id not in texts and points in ("", "0"):
                why = LOST if student in lost else NO_ANSWER
                blank.append((*key, "0", most, comment or why))
            else:
                rows.append((*key, points, most, comment))
    rows += [(*key, points, "", comment) for key, (points, comment) in filled.items()]
    write_whole(folder / WRITTEN, as_csv([COLUMNS, *rows, *blank]))
    model = {one.part: one.answer.split("\n") for one in model_answers(assignment, rubric)}
    sheet = "\n".join(answer_sheet(rubric, released, given, model)) + "\n"
    (folder / SHEET).parent.mkdir(exist_ok=True)
    write_whole(folder / SHEET, sheet.encode())
    unread = sum(1 for row in rows if not row[2])
    return Form(folder / WRITTEN, folder / SHEET, unread)


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


def _filled(file: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """What a reader has written into the form so far."""
    return {
        (row["student"], row["part"]): (row["points"], row.get("comment"))
        for row in read_rows(file, ("student", "part", "points"))
        if row["points"] or row.get("comment")
    }


def answer_sheet(
    rubric: Rubric,
    released: Notebook,
    given: Mapping[str, Mapping[str, str]],
    model: Mapping[str, Sequence[str]],
) -> Iterator[str]:
    """The lines of the sheet, in Markdown: of each part the question, what an answer earns, the
    model answer, and the answers to read.

    ``given`` holds the answers as they were written, by student and part; ``model`` the lines of
    the model answers, by part.
    """
    questions = {
        one.metadata["nbgrader"]["grade_id"]: one.source
        for one in released.cells
        if "nbgrader" in one.metadata
    }
    yield f"# Written answers: {rubric.title}"
    yield from ("", f"Points and comments go into {WRITTEN}.")
    for part in rubric.parts():
        yield from ("", f"## {part.id} {part.title}", "")
        question = questions.get(f"{part.id}-written", "")
        yield question.replace("YOUR ANSWER HERE", "").strip()
        yield from ("", f"{part.points * rubric.written_share:g} points.")
        if part.reader is not None:
            for share, text in (
                ("All of them", part.reader.full),
                ("Half", part.reader.half),
                ("None", part.reader.none),
            ):
                yield from ("", *textwrap.wrap(f"*{share}:* {text}", LINE_WIDTH))
        if part.id in model:
            yield from ("", "*Model answer:*", "", *(f"> {line}" for line in model[part.id]))
        for student, texts in given.items():
            if part.id in texts:
                yield from ("", f"### {plain(student)}, {part.id}", "")
                yield from _as_text(texts[part.id])
                if len(texts[part.id]) > MAX_ANSWER:
                    yield from ("", "The rest of this answer is left out; it is in the file.")


def _as_text(answer: str) -> Iterator[str]:
    """An answer as indented lines, in which Markdown sees nothing but text."""
    for line in printable_lines(answer, MAX_ANSWER).split("\n"):
        wrapped = textwrap.wrap(line, LINE_WIDTH, drop_whitespace=False) or [""]
        yield from (f"    {each}" for each in wrapped)


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
    """A copy of a gradebook as it is at one moment, whoever writes into it."""
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
        comments = {told.name: told.manual_comment or "" for told in notebook.comments}
        for grade in notebook.grades:
            part, role = part_of(grade.name)
            if role == "written" and grade.max_score:
                # A blank answer has its 0 from nbgrader; one without points awaits a reader.
                if grade.manual_score is not None or grade.auto_score is not None:
                    yield grade.name, float(grade.score), comments.get(grade.name, "")
            elif role == "check" and (grade.manual_score is not None or grade.extra_credit):
                yield grade.name, float(grade.score), comments.get(f"{part}-stub", "")
