"""The homework in a course that an instructor has already: one command, nothing else changes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.course import Course
from tests.nbgrader_course import (
    EXACT,
    Notebook,
    gradebook,
    make_course,
    nbgrader,
    solved,
)

LATE = """
c = get_config()
c.CourseDirectory.course_id = "rnn-course"
c.LateSubmissionPlugin.penalty_method = "zero"
"""


def _setup(course: Course, folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("autograder")
    words = [str(program), "nbgrader", "setup", str(folder), "--course", str(course.root)]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def _other_homework() -> Notebook:
    """One that nbgrader grades by itself: add two numbers, for one point."""
    about = {"schema_version": 3, "task": False}
    stub = {"grade_id": "add", "grade": False, "solution": True, "locked": False}
    test = {"grade_id": "test", "grade": True, "solution": False, "locked": True, "points": 1}
    region = "    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION"
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                f"def add(a, b):\n{region}", metadata={"nbgrader": about | stub}
            ),
            nbformat.v4.new_code_cell("assert add(1, 2) == 3", metadata={"nbgrader": about | test}),
        ],
        metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "P"}},
    )


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def theirs(ours: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with two homeworks, of which this is one; a student has handed both in."""
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "nbgrader_config.py").write_text(LATE)
    (folder / "source" / "sums").mkdir(parents=True)
    nbformat.write(_other_homework(), folder / "source" / "sums" / "sums.ipynb")
    for _ in range(2):
        done = _setup(ours, folder)
        assert done.returncode == 0, done.stderr
    for name, notebook in (("rnn", solved(ours)), ("sums", _other_homework())):
        assert nbgrader(folder, "generate_assignment", name) == 0
        own = folder / "submitted" / "ada" / name
        own.mkdir(parents=True)
        (own / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
        (own / "timestamp.txt").write_text("2030-01-02 00:00:00 UTC")
        with gradebook(folder) as book:
            book.update_or_create_assignment(name, duedate="2030-01-01 00:00:00 UTC")
        assert nbgrader(folder, "autograde", name) == 0
    return folder


def test_both_homeworks_get_their_marks(theirs: Path) -> None:
    with gradebook(theirs) as book:
        assert book.find_grade("test", "sums", "sums", "ada").auto_score == 1
        assert book.find_submission("rnn", "ada").score == pytest.approx(5, abs=EXACT)


def test_no_reader_is_waited_for_where_none_gives_points(theirs: Path) -> None:
    """The solved homework has all its written answers, and they are worth nothing here."""
    with gradebook(theirs) as book:
        submission = book.find_submission("rnn", "ada")
        grades = [grade for one in submission.notebooks for grade in one.grades]
        assert [grade.name for grade in grades if grade.needs_manual_grade] == []
        assert not submission.needs_manual_grade
        assert submission.max_score == pytest.approx(5, abs=EXACT)
        assert submission.max_written_score == 0


def test_the_other_homework_is_released_as_before(theirs: Path) -> None:
    stub = nbformat.read(theirs / "release" / "sums" / "sums.ipynb", as_version=4).cells[0].source
    assert stub == "def add(a, b):\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def test_ours_is_released_as_the_command_line_does(ours: Course, theirs: Path) -> None:
    for path in ours.assignment_folder.rglob("*"):
        if path.is_file():
            copy = theirs / "release" / "rnn" / path.relative_to(ours.assignment_folder)
            assert copy.read_bytes() == path.read_bytes(), path.name


def test_the_two_lines_are_there_once(theirs: Path) -> None:
    assert (theirs / "nbgrader_config.py").read_text().count("configure(get_config()") == 1


def test_late_penalties_are_nbgraders_and_reach_canvas(theirs: Path) -> None:
    with gradebook(theirs) as book:
        penalty = book.find_submission("rnn", "ada").late_submission_penalty
        assert penalty == pytest.approx(5, abs=EXACT)
    words = ["--exporter=autograder.nbgrader.exports.CanvasExport", "--to=canvas.csv"]
    assert nbgrader(theirs, "export", *words) == 0
    with (theirs / "canvas.csv").open(encoding="utf-8", newline="") as file:
        _, ada = csv.DictReader(file)
    points = [float(value) for column, value in ada.items() if column.startswith("rnn ")]
    assert len(points) == 11
    assert sum(points) == pytest.approx(0, abs=EXACT)
    assert float(ada["rnn late"]) == pytest.approx(-5, abs=EXACT)


def test_a_homework_of_the_same_name_is_not_overwritten(ours: Course, tmp_path: Path) -> None:
    own = tmp_path / "source" / "rnn" / "rnn.ipynb"
    own.parent.mkdir(parents=True)
    own.write_text("their own")
    done = _setup(ours, tmp_path)
    assert done.returncode == 2
    assert "an assignment of this name already" in done.stderr.replace("\n", " ")
    assert own.read_text() == "their own"
    assert not (tmp_path / "nbgrader_config.py").exists()
