"""Each sample class gets the marks that were written down for it by hand, in expected.yaml."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from autograder.course.concepts import load_concepts
from autograder.course.folders import Assignment, Course
from autograder.course.rubric import Rubric
from autograder.grading.class_run import ClassRun
from autograder.intake.finding import find_submissions
from autograder.marking.marks import Marks
from autograder.reports.files import write_grades
from autograder.results.rows import Row
from autograder.submissions.finding import HandIn

ROOT = Path(__file__).parent.parent
# The class of each assignment.
CLASSES = {"rnn": ROOT / "tests" / "sample_class", "gates": ROOT / "tests" / "sample_class_gates"}
SUBMISSIONS = CLASSES["rnn"] / "submissions"
# What hangs is stopped sooner than in a real course.
SHORT_LIMITS = {"call_seconds": 2, "cell_seconds": 3}
SECRET = "the secret of the sample class, any text"
MOST_BYTES = 120_000
EVERYTHING, NOTHING = 5.0, 0.0
# All that a command says on stderr in a course of several assignments, where nothing is wrong.
CHOSEN = "assignment rnn"


class Expected(msgspec.Struct, forbid_unknown_fields=True):
    """What one submission deserves: what is earned of the criteria that are not earned in full."""

    status: str
    total: float
    criteria: dict[str, tuple[float, str]] = {}
    reason: tuple[str, ...] = ()


EXPECTED = {
    name: msgspec.convert(
        yaml.safe_load((folder / "expected.yaml").read_text(encoding="utf-8")),
        dict[str, Expected],
    )
    for name, folder in CLASSES.items()
}
# What is graded beside each class, see `_write_ends`.
ENDS = {f"{end}-{form}" for end in ("right", "untouched") for form in ("notebook", "script")}
EACH = pytest.mark.parametrize("name", CLASSES)
FILES = [(name, file) for name, files in EXPECTED.items() for file in sorted(files)]


@dataclass
class Graded:
    """A run over a class: what was handed in, its folder of results, and what was said of each."""

    name: str
    handed_in: list[HandIn]
    folder: Path
    rubric: Rubric
    rows: dict[str, Row]
    marks: dict[str, Marks]


def _grade(assignment: Assignment, handed_in: list[HandIn], folder: Path, jobs: int) -> Graded:
    run = ClassRun(assignment, handed_in, folder, jobs)
    rows = {row.student: row for row in run}
    write_grades(folder, list(rows.values()), run.rubric)
    marks = {
        one.path.name: msgspec.json.decode(
            (folder / f"{one.student}.json").read_bytes(), type=Marks
        )
        for one in handed_in
    }
    by_file = {one.path.name: rows[one.student] for one in handed_in}
    return Graded(assignment.name, handed_in, folder, run.rubric, by_file, marks)


def _right_answers(assignment: Assignment) -> str:
    """A cell with the answers to the concept questions, which the script leaves to the bank."""
    lines = ["", "# %%"]
    questions = load_concepts(assignment.concepts_file).values()
    for part in sorted({q.part for q in questions if q.part}):
        right = {q.id: "".join(sorted(q.right)) for q in questions if q.part == part}
        lines.append(f"answers_{part} = {right!r}")
    return "\n".join(lines) + "\n"


def _write_ends(assignment: Assignment, folder: Path) -> None:
    """Writes the ends of the scale: the solution and the untouched assignment, in both forms."""
    notebook, script = f"{assignment.name}.ipynb", f"{assignment.name}.py"
    solution = assignment.source.read_text(encoding="utf-8") + _right_answers(assignment)
    (folder / "right-script.py").write_text(solution, encoding="utf-8")
    shutil.copy(assignment.nbgrader_source / notebook, folder / "right-notebook.ipynb")
    shutil.copy(assignment.released / script, folder / "untouched-script.py")
    shutil.copy(assignment.released / notebook, folder / "untouched-notebook.ipynb")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A copy of the course with a secret of its own and shorter limits."""
    root = tmp_path_factory.mktemp("course")
    for name in ("solutions", "assignment"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "rubric.yaml", root)
    (root / ".course-secret").write_text(SECRET)
    course = Course(root)
    for each in CLASSES:
        file = course.assignment(each).rubric_file
        rubric = file.read_text(encoding="utf-8")
        for name, seconds in SHORT_LIMITS.items():
            rubric, found = re.subn(rf"(?m)^(  {name}:) [\d.]+", rf"\g<1> {seconds}", rubric)
            assert found == 1
        file.write_text(rubric, encoding="utf-8")
    return course


@pytest.fixture(scope="module")
def assignment(course: Course) -> Assignment:
    return course.assignment("rnn")


@pytest.fixture(scope="module")
def grades(course: Course, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Graded]:
    """Grades the class of an assignment, and the ends of the scale, on two processes, once."""

    @cache
    def of(name: str) -> Graded:
        each = course.assignment(name)
        ends, folder = (tmp_path_factory.mktemp(one) for one in ("ends", "grades"))
        _write_ends(each, ends)
        submissions = [CLASSES[name] / "submissions", ends]
        handed_in = find_submissions(submissions, name, each.released)
        return _grade(each, handed_in, folder, jobs=2)

    return of


@pytest.fixture
def graded(grades: Callable[[str], Graded], name: str) -> Graded:
    """The graded class of the assignment that a test names."""
    return grades(name)


# -- what was expected ----------------------------------------------------------------------------


def test_each_assignment_has_a_sample_class() -> None:
    assert sorted(CLASSES) == Course(ROOT).names()


@EACH
def test_every_submission_has_its_expected_marks_and_is_small(name: str) -> None:
    sizes = {path.name: path.stat().st_size for path in (CLASSES[name] / "submissions").iterdir()}
    assert sorted(EXPECTED[name]) == sorted(sizes)
    assert max(sizes.values()) < MOST_BYTES


@pytest.mark.parametrize(("name", "file"), FILES)
def test_marks_are_those_decided_by_hand(graded: Graded, file: str) -> None:
    expected, marks = EXPECTED[graded.name][file], graded.marks[file]
    full = {criterion.id: criterion.points for criterion in graded.rubric.criteria()}
    earned = {name: points for name, (points, _) in expected.criteria.items()}
    wanted = dict.fromkeys(full, NOTHING) if expected.total == NOTHING else full | earned

    seen = {name: mark.score for name, mark in marks.criteria.items()}
    wrong = {
        name: (seen.get(name), wanted[name], marks.criteria[name].message)
        for name in wanted
        if seen.get(name) != pytest.approx(wanted[name], abs=1e-8)
    }
    assert not wrong, f"criterion: (the grader's, by hand, what the grader says): {wrong}"
    assert marks.score == pytest.approx(expected.total, abs=1e-8)
    assert marks.status == expected.status


@pytest.mark.parametrize(
    ("name", "file"), [(name, file) for name, file in FILES if EXPECTED[name][file].reason]
)
def test_the_report_says_what_is_wrong_with_a_file(graded: Graded, file: str) -> None:
    readable = (graded.folder / f"{graded.rows[file].student}.md").read_text(encoding="utf-8")
    for words in EXPECTED[graded.name][file].reason:
        # What the student should do is said to the student alone.
        assert (words in graded.rows[file].reason) == ("hand" not in words)
        assert words in readable.replace("\\", "")


@EACH
def test_the_table_of_the_class_is_complete(graded: Graded) -> None:
    with (graded.folder / "grades.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    parts = [part.id for part in graded.rubric.parts()]
    assert list(table[0]) == ["student", "status", "total", *parts]
    assert {line["student"] for line in table} == {row.student for row in graded.rows.values()}
    assert len(table) == len(EXPECTED[graded.name]) + len(ENDS)
    for line in table:
        total = sum(float(line[part]) for part in parts)
        assert float(line["total"]) == pytest.approx(total, abs=1e-6)


def test_who_is_in_both_classes_has_marks_for_each(grades: Callable[[str], Graded]) -> None:
    classes = [grades(name) for name in CLASSES]
    both = set.intersection(*({row.student for row in one.rows.values()} for one in classes))
    assert both - ENDS == {"maria-gonzalez"}
    for one in classes:
        marks = one.marks["maria-gonzalez.ipynb"]
        assert set(marks.criteria) == {criterion.id for criterion in one.rubric.criteria()}


# -- the same marks, always -----------------------------------------------------------------------


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@EACH
def test_another_run_gives_the_same_byte_for_byte(
    course: Course, graded: Graded, name: str, tmp_path: Path
) -> None:
    """On one process instead of two, and in the other order."""
    again = _grade(course.assignment(name), graded.handed_in[::-1], tmp_path, jobs=1)
    first, second = _contents(graded.folder), _contents(again.folder)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


# -- the ends of the scale ------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("file", ["right-notebook.ipynb", "right-script.py"])
def test_the_solution_earns_everything(graded: Graded, file: str) -> None:
    assert graded.marks[file].score == EVERYTHING
    assert graded.marks[file].status == "graded"


@EACH
@pytest.mark.parametrize("file", ["untouched-notebook.ipynb", "untouched-script.py"])
def test_the_untouched_assignment_earns_nothing(graded: Graded, file: str) -> None:
    assert graded.marks[file].score == NOTHING
    assert graded.marks[file].status == "graded"


# -- the command ----------------------------------------------------------------------------------


def _autograder(*words: str | Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("autograder")
    return subprocess.run(
        [program, *words], capture_output=True, text=True, timeout=120, cwd=ROOT, check=False
    )


def test_grade_marks_a_class_and_never_stops_for_one(
    assignment: Assignment, tmp_path: Path
) -> None:
    files = [SUBMISSIONS / name for name in ("emma-novak.ipynb", "paulo-mendes.ipynb")]
    out = tmp_path / "grades"
    done = _autograder(
        "grade", *files, "--out", out, "--jobs", "2", "--course", assignment.course.root
    )
    assert done.returncode == 0, done.stderr
    assert "2 submissions graded" in done.stdout
    with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
        totals = {line["student"]: line["total"] for line in csv.DictReader(file)}
    assert totals == {"emma-novak": "4.7", "paulo-mendes": "0.0"}
    for student in totals:
        assert (out / f"{student}.json").is_file()
        assert (out / f"{student}.md").is_file()
    assert done.stderr.strip() == CHOSEN
    # One who comes late, into the same folder, is added: the tables are of all.
    before = (out / "grades.csv").read_text(encoding="utf-8")
    done = _autograder("grade", files[1], "--out", out, "--course", assignment.course.root)
    assert done.returncode == 0, done.stderr
    assert "1 submission graded" in done.stdout
    assert (out / "grades.csv").read_text(encoding="utf-8") == before
    assert "emma-novak" in (out / "index.html").read_text(encoding="utf-8")


def test_check_prints_marks_and_reasons(assignment: Assignment) -> None:
    done = _autograder(
        "check", SUBMISSIONS / "emma-novak.ipynb", "--course", assignment.course.root
    )
    assert done.returncode == 0, done.stderr
    assert "4.70 of 5.00 points" in done.stdout
    assert "2a.cell" in done.stdout


def test_check_tells_why_a_file_cannot_be_read(assignment: Assignment) -> None:
    done = _autograder(
        "check", SUBMISSIONS / "ingrid-solberg.ipynb", "--course", assignment.course.root
    )
    assert done.returncode == 0, done.stderr
    assert "0.00 of 5.00 points" in done.stdout
    assert "PDF" in done.stdout
    assert done.stderr.strip() == CHOSEN


def test_check_marks_none_of_many(assignment: Assignment) -> None:
    done = _autograder("check", SUBMISSIONS, "--course", assignment.course.root)
    assert done.returncode == 2
    assert re.search(r"holds \d+ submissions; name the file of one", done.stderr)


def test_nothing_to_grade_is_an_exit_status_of_two(assignment: Assignment, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    words: dict[str, list[Any]] = {
        "no such file or folder": [tmp_path / "not-there"],
        "holds no submissions": [tmp_path / "empty"],
    }
    for sentence, paths in words.items():
        out = tmp_path / "grades"
        done = _autograder("grade", *paths, "--out", out, "--course", assignment.course.root)
        assert done.returncode == 2
        assert sentence in done.stderr
        assert not out.exists()
    out = tmp_path / "empty" / "grades"
    done = _autograder(
        "grade", tmp_path / "empty", "--out", out, "--course", assignment.course.root
    )
    assert done.returncode == 2
    assert "among the submissions" in done.stderr
    assert not out.exists()


def test_a_wrong_rubric_is_an_exit_status_of_two(assignment: Assignment, tmp_path: Path) -> None:
    text = assignment.rubric_file.read_text(encoding="utf-8")
    (tmp_path / "rubric.yaml").write_text(text.replace("points: 0.3\n", "points: 0.4\n", 1))
    shutil.copytree(assignment.course.root / "solutions", tmp_path / "solutions")
    file = SUBMISSIONS / "emma-novak.ipynb"
    done = _autograder("check", file, "--course", tmp_path)
    assert done.returncode == 2
    assert re.search(r"rubric\.yaml, line \d+", done.stderr.replace("\n", ""))
