"""The homework in a course that an instructor has already: one command, nothing else changes."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner, Result

from autograder.cli import main
from autograder.course.folders import Assignment, Course, CourseError
from autograder.nbgrader.install import install, undo
from autograder.release import write_release
from tests.conftest import make_small
from tests.nbgrader_course import (
    EXACT,
    ROOT,
    gradebook,
    nbgrader,
    other_homework,
    solved,
)

LATE = """
c = get_config()
c.CourseDirectory.course_id = "rnn-course"
c.LateSubmissionPlugin.penalty_method = "zero"
"""


def _setup(assignment: Assignment, folder: Path, *flags: str) -> Result:
    """The command, in this process; tests/test_nbgrader_home.py starts a process."""
    words = ["nbgrader", "setup", str(folder), "--course", str(assignment.course.root), *flags]
    return CliRunner().invoke(main, words)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[Assignment]:
    """Two small assignments of one course."""
    folder = tmp_path_factory.mktemp("both")
    return [make_small(folder, name) for name in ("averages", "means")]


@pytest.fixture(scope="module")
def one(both: list[Assignment]) -> Assignment:
    return both[0]


@pytest.fixture(scope="module")
def theirs(one: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with two homeworks, of which this is one; a student has handed both in."""
    folder = tmp_path_factory.mktemp("theirs")
    (folder / "nbgrader_config.py").write_text(LATE)
    (folder / "source" / "sums").mkdir(parents=True)
    nbformat.write(other_homework(), folder / "source" / "sums" / "sums.ipynb")
    for _ in range(2):
        done = _setup(one, folder, "--assignment", one.name)
        assert done.exit_code == 0, done.stderr
    for name, notebook in ((one.name, solved(one)), ("sums", other_homework())):
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
        assert book.find_submission("averages", "ada").score == pytest.approx(1, abs=EXACT)


def test_no_reader_is_waited_for_where_none_gives_points(theirs: Path) -> None:
    """The solved homework has all its written answers, and they are worth nothing here."""
    with gradebook(theirs) as book:
        submission = book.find_submission("averages", "ada")
        grades = [grade for one in submission.notebooks for grade in one.grades]
        assert [grade.name for grade in grades if grade.needs_manual_grade] == []
        assert not submission.needs_manual_grade
        assert submission.max_score == pytest.approx(1, abs=EXACT)
        assert submission.max_written_score == 0


def test_the_other_homework_is_released_as_before(theirs: Path) -> None:
    stub = nbformat.read(theirs / "release" / "sums" / "sums.ipynb", as_version=4).cells[0].source
    assert stub == "def add(a, b):\n    # YOUR CODE HERE\n    raise NotImplementedError()"


def test_ours_is_released_as_the_command_line_does(one: Assignment, theirs: Path) -> None:
    for path in one.released.rglob("*"):
        if path.is_file():
            copy = theirs / "release" / one.name / path.relative_to(one.released)
            assert copy.read_bytes() == path.read_bytes(), path.name


def test_the_lines_are_there_once(theirs: Path) -> None:
    assert (theirs / "nbgrader_config.py").read_text().count("c.CourseExporter.assignments = ") == 1


def test_late_penalties_are_nbgraders_and_reach_canvas(theirs: Path) -> None:
    with gradebook(theirs) as book:
        penalty = book.find_submission("averages", "ada").late_submission_penalty
        assert penalty == pytest.approx(1, abs=EXACT)
    words = ["--exporter=autograder.nbgrader.exports.CanvasExport", "--to=canvas.csv"]
    assert nbgrader(theirs, "export", *words) == 0
    with (theirs / "canvas.csv").open(encoding="utf-8", newline="") as file:
        _, ada = csv.DictReader(file)
    points = [float(value) for column, value in ada.items() if column.startswith("averages ")]
    assert len(points) == 2
    assert sum(points) == pytest.approx(0, abs=EXACT)
    assert float(ada["averages late"]) == pytest.approx(-1, abs=EXACT)


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
def test_undo_takes_back_all_and_nothing_else(one: Assignment, tmp_path: Path, what: str) -> None:
    settings = SETTINGS[what]
    if settings is not None:
        (tmp_path / "nbgrader_config.py").write_bytes(settings)
    if settings:
        (tmp_path / "source" / "sums").mkdir(parents=True)
        (tmp_path / "source" / "sums" / "sums.ipynb").write_text("theirs")
    before = _snapshot(tmp_path)
    changes = install([one], tmp_path)
    after = _snapshot(tmp_path)
    files = {name for name, data in after.items() if data is not None and data != before.get(name)}
    assert {str(tmp_path / name) for name in files} == {line[9:] for line in changes}
    assert after.keys() >= before.keys()
    assert install([one], tmp_path) == []
    assert _snapshot(tmp_path) == after
    assert len(undo(tmp_path)) == len(files)
    assert _snapshot(tmp_path) == before
    assert undo(tmp_path) == []
    assert _snapshot(tmp_path) == before


def test_lines_that_were_added_since_stay(one: Assignment, tmp_path: Path) -> None:
    config = tmp_path / "nbgrader_config.py"
    config.write_bytes(b"c = get_config()")
    install([one], tmp_path)
    config.write_bytes(b"# mine\n" + config.read_bytes() + b"c.Exchange.root = '/x'\n")
    undo(tmp_path)
    assert config.read_bytes() == b"# mine\nc = get_config()\nc.Exchange.root = '/x'\n"


def test_an_assignment_changed_by_hand_is_left(one: Assignment, tmp_path: Path) -> None:
    install([one], tmp_path)
    notebook = tmp_path / "source" / "averages" / "averages.ipynb"
    notebook.write_bytes(notebook.read_bytes().replace(b"Averages", b"Means"))
    mine = _snapshot(tmp_path / "source")
    with pytest.raises(CourseError, match="changed by hand"):
        install([one], tmp_path)
    (left, changed) = undo(tmp_path)
    assert left.startswith(f"left     {notebook.parent}, which was changed by hand")
    assert changed == f"removed  {tmp_path / 'nbgrader_config.py'}"
    assert _snapshot(tmp_path) == {"source": None} | {
        f"source/{name}": data for name, data in mine.items()
    }


def test_setup_again_after_the_course_moved_or_was_released(
    one: Assignment, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    before = _snapshot(theirs)
    install([one], theirs)
    moved = Assignment(Course(tmp_path / "moved"), one.name)
    shutil.copytree(one.course.root, moved.course.root)
    config = theirs / "nbgrader_config.py"
    assert install([moved], theirs) == [f"changed  {config}"]
    assert str(one.course.root) not in config.read_text()
    assert f"c.FeedbackExporter.course = {str(moved.course.root)!r}" in config.read_text()
    moved.source.write_text(moved.source.read_text() + "\n# %% [markdown]\n# More.\n")
    write_release(moved)
    assert install([moved], theirs) == [
        f"changed  {theirs / 'source' / one.name / one.name}.ipynb",
        f"changed  {config}",
    ]
    shutil.rmtree(moved.course.root)
    undo(theirs)
    assert _snapshot(theirs) == before


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("nbgrader_config.py", "c = get_config(\n", "cannot read its settings.*SyntaxError"),
        ("nbgrader_config.py", "c = get_config()\nx = y\n", "cannot read its settings.*'y'"),
        ("nbgrader_config.py", "# autograder: begin\n", "not as they were written"),
        ("nbgrader_config.py", "import autograder.nbgrader\n", "not of this command"),
        ("nbgrader_config.json", '{"Autograde": {"exporter_class": "x.Y"}}', "nbgrader reads x.Y"),
    ],
)
def test_settings_that_would_not_reach_nbgrader_are_reported(
    one: Assignment, tmp_path: Path, file: str, text: str, message: str
) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(CourseError, match=message):
        install([one], tmp_path)


def test_the_command_lists_and_takes_back(one: Assignment, tmp_path: Path) -> None:
    assert _setup(one, tmp_path).exit_code == 0
    before = _snapshot(tmp_path)
    done = _setup(one, tmp_path, "--undo")
    assert done.exit_code == 0
    names = [name for name, data in before.items() if data is not None]
    assert sorted(done.stdout.splitlines()) == sorted(f"removed  {tmp_path / n}" for n in names)
    done = _setup(one, tmp_path, "--undo")
    assert done.exit_code == 0
    assert "nothing is set up here" in done.stdout.replace("\n", " ")


def test_a_homework_of_the_same_name_is_not_overwritten(one: Assignment, tmp_path: Path) -> None:
    own = tmp_path / "source" / "averages" / "averages.ipynb"
    own.parent.mkdir(parents=True)
    own.write_text("their own")
    done = _setup(one, tmp_path)
    assert done.exit_code == 2
    assert "an assignment of this name already" in done.stderr.replace("\n", " ")
    assert own.read_text() == "their own"
    assert not (tmp_path / "nbgrader_config.py").exists()


# -- several assignments --------------------------------------------------------------------------

SOLUTIONS = {
    "average": "def average(values):\n    return float(np.mean(values))",
    "centered": "def centered(values):\n    return np.asarray(values) - np.mean(values)",
    "add": "def add(a, b):\n    return a + b",
}
# The stubs that ada has solved of each assignment; the last one is nbgrader's own.
HANDED_IN = {"averages": ["average"], "means": ["average", "centered"], "sums": ["add"]}
SCORES = {"averages": 0.6, "means": 1, "sums": 1}
# Where a kernel runs it, and nowhere in the sandbox, a file appears.
CANARY = """\
try:
    open({path!r}, "w").close()
except OSError:
    pass
"""


@pytest.fixture(scope="module", params=["set up", "in our own course"])
def three(
    request: pytest.FixtureRequest,
    both: list[Assignment],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A course of nbgrader's with our two assignments and a third, all handed in by ada."""
    folder = tmp_path_factory.mktemp("three") / "course"
    if request.param == "set up":
        folder.mkdir()
        source, release = folder / "source", folder / "release"
    else:
        shutil.copytree(both[0].course.root, folder)
        shutil.copy(ROOT / "nbgrader_config.py", folder)
        source, release = folder / "solutions" / "nbgrader", folder / "assignment"
    (source / "sums").mkdir(parents=True)
    nbformat.write(other_homework(), source / "sums" / "sums.ipynb")
    if request.param == "set up":
        install(both, folder)
    for name, solved_stubs in HANDED_IN.items():
        assert nbgrader(folder, "generate_assignment", name) == 0
        notebook = nbformat.read(release / name / f"{name}.ipynb", as_version=4)
        for stub in solved_stubs:
            cell(notebook, f"def {stub}(").source = SOLUTIONS[stub]
        canary = CANARY.format(path=str(folder / f"{name}-ran"))
        first = cell(notebook, "def ")
        first.source = canary + first.source
        own = folder / "submitted" / "ada" / name
        own.mkdir(parents=True)
        (own / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    for name in HANDED_IN:
        assert nbgrader(folder, "autograde", name) == 0
    return folder


def cell(notebook: Any, begins: str) -> Any:
    return next(one for one in notebook.cells if one.source.startswith(begins))


@pytest.mark.parametrize("name", SCORES)
def test_each_assignment_is_graded_by_whose_it_is(three: Path, name: str) -> None:
    with gradebook(three) as book:
        score = book.find_submission(name, "ada").score
    assert score == pytest.approx(SCORES[name], abs=EXACT)


@pytest.mark.parametrize("name", SCORES)
def test_only_the_other_assignment_runs_in_a_kernel(three: Path, name: str) -> None:
    assert (three / f"{name}-ran").exists() == (name == "sums")


def test_results_are_kept_apart_and_name_their_assignment(three: Path) -> None:
    for name in ("averages", "means"):
        stored = json.loads((three / ".graded" / name / "ada.json").read_text())
        assert stored["evidence"]["assignment"] == name
    assert not (three / ".graded" / "sums").exists()


def test_setup_lists_every_file_and_undo_takes_all_back(
    both: list[Assignment], tmp_path: Path
) -> None:
    before = _snapshot(tmp_path)
    done = _setup(both[0], tmp_path)
    assert done.exit_code == 0
    files = [name for name, data in _snapshot(tmp_path).items() if data is not None]
    added = {line for line in done.stdout.splitlines() if line.startswith("added")}
    assert added == {f"added    {tmp_path / name}" for name in files}
    assert {f"source/{name}/{name}.ipynb" for name in ("averages", "means")} <= set(files)
    assert "nbgrader generate_assignment means" in done.stdout
    done = _setup(both[0], tmp_path, "--undo", "--assignment", "means")
    assert sorted(done.stdout.splitlines()) == [
        f"changed  {tmp_path / 'nbgrader_config.py'}",
        f"removed  {tmp_path / 'source' / 'means' / 'means.ipynb'}",
    ]
    assert _setup(both[0], tmp_path, "--undo").exit_code == 0
    assert _snapshot(tmp_path) == before


@pytest.mark.parametrize("order", [["averages", "means"], ["means", "averages"]])
def test_assignments_are_set_up_and_taken_out_one_by_one(
    both: list[Assignment], tmp_path: Path, order: list[str]
) -> None:
    states = [_snapshot(tmp_path)]
    for name in order:
        install([one for one in both if one.name == name], tmp_path)
        states.append(_snapshot(tmp_path))
    config = (tmp_path / "nbgrader_config.py").read_text()
    assert "c.CourseExporter.assignments = ['averages', 'means']" in config
    for name in reversed(order):
        assert _snapshot(tmp_path) == states.pop()
        undo(tmp_path, name)
    assert _snapshot(tmp_path) == states.pop()


def test_the_first_can_go_before_the_second(both: list[Assignment], tmp_path: Path) -> None:
    before = _snapshot(tmp_path)
    install(both, tmp_path)
    undo(tmp_path, "averages")
    assert sorted(path.name for path in (tmp_path / "source").iterdir()) == ["means"]
    assert "averages" not in (tmp_path / "nbgrader_config.py").read_text()
    with pytest.raises(CourseError, match=r"averages is not set up here; set up are: means"):
        undo(tmp_path, "averages")
    undo(tmp_path, "means")
    assert _snapshot(tmp_path) == before


def test_where_one_cannot_be_laid_none_is(both: list[Assignment], tmp_path: Path) -> None:
    own = tmp_path / "source" / "means" / "means.ipynb"
    own.parent.mkdir(parents=True)
    own.write_text("their own")
    before = _snapshot(tmp_path)
    with pytest.raises(CourseError, match="means: nbgrader's course has an assignment of this"):
        install(both, tmp_path)
    assert _snapshot(tmp_path) == before


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_assignment_that_our_course_no_longer_has_is_named(
    both: list[Assignment], tmp_path: Path
) -> None:
    install(both, tmp_path)
    other = make_small(_made(tmp_path / "other"), "averages")
    with pytest.raises(CourseError, match=r"means is set up here, and .* has none of this name"):
        install([other], tmp_path)


def test_assignment_of_ours_that_is_not_set_up_is_theirs(
    both: list[Assignment], tmp_path: Path
) -> None:
    """Where only averages is set up, another homework that is called means stays nbgrader's."""
    install(both[:1], tmp_path)
    (tmp_path / "source" / "means").mkdir(parents=True)
    nbformat.write(other_homework(), tmp_path / "source" / "means" / "means.ipynb")
    assert nbgrader(tmp_path, "generate_assignment", "means") == 0
    released = nbformat.read(tmp_path / "release" / "means" / "means.ipynb", as_version=4)
    assert "YOUR CODE HERE" in released.cells[0].source
