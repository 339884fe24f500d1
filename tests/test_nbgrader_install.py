"""The homework in a course that an instructor has already: one command, nothing else changes."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.course import Course, CourseError
from autograder.nbgrader.install import install, undo
from autograder.release import write_release
from tests.nbgrader_course import (
    EXACT,
    gradebook,
    make_course,
    nbgrader,
    other_homework,
    solved,
)

LATE = """
c = get_config()
c.CourseDirectory.course_id = "rnn-course"
c.LateSubmissionPlugin.penalty_method = "zero"
"""


def _setup(course: Course, folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("autograder")
    words = [str(program), "nbgrader", "setup", str(folder), "--course", str(course.root), *flags]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def theirs(ours: Course, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with two homeworks, of which this is one; a student has handed both in."""
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "nbgrader_config.py").write_text(LATE)
    (folder / "source" / "sums").mkdir(parents=True)
    nbformat.write(other_homework(), folder / "source" / "sums" / "sums.ipynb")
    for _ in range(2):
        done = _setup(ours, folder)
        assert done.returncode == 0, done.stderr
    for name, notebook in (("rnn", solved(ours)), ("sums", other_homework())):
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


def test_the_lines_are_there_once(theirs: Path) -> None:
    assert (theirs / "nbgrader_config.py").read_text().count("CourseExporter.course") == 1


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


# -- what setup changes, and takes back -----------------------------------------------------------


def _snapshot(folder: Path) -> dict[str, bytes | None]:
    """All that a folder holds: files with what is in them, and folders."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


SETTINGS = {
    "none": None,
    "empty": b"",
    "usual": LATE.encode(),
    "no end of line": b"c = get_config()\nc.CourseDirectory.course_id = 'x'",
    "of Windows": b"# \xc3\xa9\r\nc = get_config()\r\n",
}


@pytest.mark.parametrize("what", SETTINGS)
def test_undo_takes_back_all_and_nothing_else(ours: Course, tmp_path: Path, what: str) -> None:
    settings = SETTINGS[what]
    if settings is not None:
        (tmp_path / "nbgrader_config.py").write_bytes(settings)
    if settings:
        (tmp_path / "source" / "sums").mkdir(parents=True)
        (tmp_path / "source" / "sums" / "sums.ipynb").write_text("theirs")
    before = _snapshot(tmp_path)
    changes = install(ours, tmp_path)
    after = _snapshot(tmp_path)
    files = {name for name, data in after.items() if data is not None and data != before.get(name)}
    assert {str(tmp_path / name) for name in files} == {line[9:] for line in changes}
    assert after.keys() >= before.keys()
    assert install(ours, tmp_path) == []
    assert _snapshot(tmp_path) == after
    assert len(undo(tmp_path)) == len(files)
    assert _snapshot(tmp_path) == before
    assert undo(tmp_path) == []
    assert _snapshot(tmp_path) == before


def test_lines_that_were_added_since_stay(ours: Course, tmp_path: Path) -> None:
    config = tmp_path / "nbgrader_config.py"
    config.write_bytes(b"c = get_config()")
    install(ours, tmp_path)
    config.write_bytes(b"# mine\n" + config.read_bytes() + b"c.Exchange.root = '/x'\n")
    undo(tmp_path)
    assert config.read_bytes() == b"# mine\nc = get_config()\nc.Exchange.root = '/x'\n"


def test_an_assignment_changed_by_hand_is_left(ours: Course, tmp_path: Path) -> None:
    install(ours, tmp_path)
    notebook = tmp_path / "source" / "rnn" / "rnn.ipynb"
    notebook.write_bytes(notebook.read_bytes().replace(b"Recurrent", b"Recurring"))
    mine = _snapshot(tmp_path / "source")
    with pytest.raises(CourseError, match="changed by hand"):
        install(ours, tmp_path)
    (left, changed) = undo(tmp_path)
    assert left.startswith(f"left     {notebook.parent}, which was changed by hand")
    assert changed == f"removed  {tmp_path / 'nbgrader_config.py'}"
    assert _snapshot(tmp_path) == {"source": None} | {
        f"source/{name}": data for name, data in mine.items()
    }


def test_setup_again_after_the_course_moved_or_was_released(ours: Course, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    before = _snapshot(theirs)
    install(ours, theirs)
    moved = Course(tmp_path / "moved")
    shutil.copytree(ours.root, moved.root)
    config = theirs / "nbgrader_config.py"
    assert install(moved, theirs) == [f"changed  {config}"]
    assert str(ours.root) not in config.read_text()
    assert config.read_text().count(repr(str(moved.root))) == 1
    text = moved.source_notebook_folder / "README.md"
    text.write_text(text.read_text() + "More.\n")
    write_release(moved)
    assert install(moved, theirs) == [
        f"changed  {theirs / 'source' / 'rnn' / 'README.md'}",
        f"changed  {config}",
    ]
    shutil.rmtree(moved.root)
    undo(theirs)
    assert _snapshot(theirs) == before


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("nbgrader_config.py", "c = get_config(\n", "cannot read its settings.*SyntaxError"),
        ("nbgrader_config.py", "c = get_config()\nx = y\n", "cannot read its settings.*'y'"),
        ("nbgrader_config.py", "# autograder: begin\n", "not as they were written"),
        ("nbgrader_config.py", "import autograder.nbgrader\n", "not of this command"),
        ("nbgrader_config.json", '{"Autograde": {"exporter_class": "x.Y"}}', "nbgrader reads x.Y"),
    ],
)
def test_settings_that_would_not_reach_nbgrader_are_told(
    ours: Course, tmp_path: Path, file: str, text: str, told: str
) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(CourseError, match=told):
        install(ours, tmp_path)


def test_the_command_lists_and_takes_back(ours: Course, tmp_path: Path) -> None:
    assert _setup(ours, tmp_path).returncode == 0
    before = _snapshot(tmp_path)
    done = _setup(ours, tmp_path, "--undo")
    assert done.returncode == 0
    names = [name for name, data in before.items() if data is not None]
    assert sorted(done.stdout.splitlines()) == sorted(f"removed  {tmp_path / n}" for n in names)
    done = _setup(ours, tmp_path, "--undo")
    assert done.returncode == 0
    assert "nothing is set up here" in done.stdout.replace("\n", " ")


def test_a_homework_of_the_same_name_is_not_overwritten(ours: Course, tmp_path: Path) -> None:
    own = tmp_path / "source" / "rnn" / "rnn.ipynb"
    own.parent.mkdir(parents=True)
    own.write_text("their own")
    done = _setup(ours, tmp_path)
    assert done.returncode == 2
    assert "an assignment of this name already" in done.stderr.replace("\n", " ")
    assert own.read_text() == "their own"
    assert not (tmp_path / "nbgrader_config.py").exists()
