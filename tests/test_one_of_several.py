"""Every command with --assignment, in a course where another assignment is the default."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner, Result

from autograder.cli import main
from autograder.course.folders import Assignment
from autograder.exporting import FORMS
from autograder.exporting.feedback import FEEDBACK
from tests.conftest import make_small
from tests.nbgrader_course import gradebook, nbgrader

RIGHT = """\
# %%
import numpy as np

# %%
def average(values):
    return float(np.mean(values))

# %%
def centered(values):
    return np.asarray(values) - np.mean(values)
"""
# What each student hands in; bob's mistake is known, and has half of the points.
HANDED_IN = {
    "ada": RIGHT,
    "bob": RIGHT.replace("np.mean(values))", "np.sum(values) / (len(values) - 1))", 1),
    "eve": RIGHT.replace("np.mean(values))", "np.sum(values))", 1),
}
MARKS = {"ada": 1.0, "bob": 0.7, "eve": 0.4}


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """The second assignment of a course: commands take the first, unless they name it."""
    folder = tmp_path_factory.mktemp("course")
    make_small(folder, "first")
    return make_small(folder, "second")


@pytest.fixture(scope="module")
def submissions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("submissions")
    for student, text in HANDED_IN.items():
        (folder / f"{student}.py").write_text(text)
    return folder


def run(assignment: Assignment, *words: str, name: str = "second", status: int = 0) -> Result:
    """A command on this assignment. It says which it works on."""
    about = ["--course", str(assignment.course.root), "--assignment", name]
    done = CliRunner().invoke(main, [*words, *about], input="y\n")
    assert done.exit_code == status, (done.output, done.exception)
    assert f"assignment {name}\n" in done.stderr
    return done


def refused(assignment: Assignment, *words: str) -> None:
    """The command on the other assignment says whose results these are."""
    done = run(assignment, *words, name="first", status=2)
    message = done.stderr.replace("\n", " ")
    assert "results of the assignment second, not of first" in message
    assert "--assignment second" in message


@pytest.fixture(scope="module")
def graded(second: Assignment, submissions: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("results") / "grades"
    run(second, "grade", str(submissions), "--out", str(results))
    return results


def snapshot(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def stored(results: Path) -> dict[str, Any]:
    return {name: json.loads((results / f"{name}.json").read_text()) for name in HANDED_IN}


# -- marks ----------------------------------------------------------------------------------------


def test_marks_are_of_the_second_assignment_and_say_so(graded: Path) -> None:
    for name, document in stored(graded).items():
        assert document["score"] == pytest.approx(MARKS[name])
        assert document["evidence"]["assignment"] == "second"
        for page in (f"{name}.html", f"{name}.md", "index.html"):
            assert "Second" in (graded / page).read_text()


def test_grading_another_into_the_same_folder_is_refused(
    second: Assignment, submissions: Path, graded: Path
) -> None:
    before = snapshot(graded)
    refused(second, "grade", str(submissions), "--out", str(graded))
    assert snapshot(graded) == before


def test_check_prints_the_marks_of_one(second: Assignment, submissions: Path) -> None:
    done = run(second, "check", str(submissions / "eve.py"))
    assert "0.40 of 1.00 points" in done.stdout


def test_rescore_takes_the_rubric_of_the_second(
    second: Assignment, graded: Path, tmp_path: Path
) -> None:
    results = Path(shutil.copytree(graded, tmp_path / "grades"))
    refused(second, "rescore", str(results), "--yes")
    assert snapshot(results) == snapshot(graded)
    rubric = second.rubric_file.read_text()
    try:
        second.rubric_file.write_text(rubric.replace("one-less: 0.5", "one-less: 0.25"))
        done = run(second, "rescore", str(results), "--yes")
    finally:
        second.rubric_file.write_text(rubric)
    assert "1 of 3 students moves" in done.stdout
    assert stored(results)["bob"]["score"] == pytest.approx(0.55)


def test_reading_lays_out_the_answers_of_the_second(
    second: Assignment, submissions: Path, graded: Path, tmp_path: Path
) -> None:
    results = Path(shutil.copytree(graded, tmp_path / "grades"))
    root = Path(shutil.copytree(second.course.root, tmp_path / "course"))
    for rubric in (root / "rubric.yaml", root / "solutions" / "second" / "rubric.yaml"):
        rubric.write_text(rubric.read_text().replace("written_share: 0", "written_share: 0.5"))
    copy = Assignment(type(second.course)(root), "second")
    refused(copy, "reading", str(results), str(submissions))
    assert not (results / "written.csv").exists()
    run(copy, "reading", str(results), str(submissions))
    assert "Written answers: Second" in (results / "reading" / "answers.md").read_text()


@pytest.mark.parametrize("form", [one for one in FORMS if one not in FEEDBACK])
def test_export_in_each_form(second: Assignment, graded: Path, tmp_path: Path, form: str) -> None:
    out = tmp_path / FORMS[form]
    words = ["export", str(graded), "--to", form, "--out", str(out)]
    refused(second, *words)
    assert not out.exists()
    run(second, *words)
    if form in ("canvas", "moodle"):
        assert "Second" in out.read_text().split("\n")[0]
    elif form == "csv":
        with out.open(encoding="utf-8", newline="") as file:
            totals = {row["student"]: float(row["score"]) for row in csv.DictReader(file)}
        assert totals == pytest.approx(MARKS)
    elif form == "parquet":
        from pyarrow import parquet

        table = parquet.read_table(out).to_pydict()
        assert dict(zip(table["student"], table["score"], strict=True)) == pytest.approx(MARKS)
    else:
        assert {path.stem for path in out.iterdir()} == set(MARKS)
        assert all("Second" in path.read_text() for path in out.iterdir())


def test_similar_compares_the_second_and_refuses_its_results_for_another(
    second: Assignment, graded: Path, submissions: Path, tmp_path: Path
) -> None:
    page = tmp_path / "pairs.html"
    refused(second, "similar", str(graded), "--out", str(page))
    assert not page.exists()
    for words in ([str(graded)], [str(path) for path in sorted(submissions.iterdir())]):
        run(second, "similar", *words, "--out", str(page))
        assert "Second" in page.read_text()
        page.unlink()


# -- elsewhere ------------------------------------------------------------------------------------


def test_a_cluster_sees_what_this_machine_sees(
    second: Assignment, submissions: Path, graded: Path, tmp_path: Path
) -> None:
    results = tmp_path / "grades"
    run(second, "grade", str(submissions), "--out", str(results), "--cluster", "local")
    for name, document in stored(results).items():
        assert document["score"] == pytest.approx(MARKS[name])
        assert document["evidence"] == stored(graded)[name]["evidence"]
    before = snapshot(results)
    refused(second, "grade", str(submissions), "--out", str(results), "--cluster", "local")
    assert snapshot(results) == before


@pytest.fixture
def gradescope() -> Iterator[Path]:
    """A folder that anyone may go to, as in Gradescope's container."""
    with tempfile.TemporaryDirectory(prefix="gradescope-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_gradescope_grades_the_second(second: Assignment, gradescope: Path, tmp_path: Path) -> None:
    archive = tmp_path / "second.zip"
    run(second, "package", "gradescope", "--out", str(archive))
    with zipfile.ZipFile(archive) as opened:
        assert not [name for name in opened.namelist() if "solutions/first" in name]
        opened.extractall(gradescope / "source")
    for name in ("submission", "results"):
        (gradescope / name).mkdir()
    (gradescope / "submission_metadata.json").write_text('{"users": [{"email": "bob"}]}')
    (gradescope / "submission" / "mine.py").write_text(HANDED_IN["bob"])
    python = gradescope / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    program(["bash", "source/run_autograder", str(gradescope)], gradescope)
    results = json.loads((gradescope / "results" / "results.json").read_text())
    assert results["score"] == pytest.approx(MARKS["bob"])
    assert "Second: 0.70 of 1.00 points" in results["output"]


def program(words: Sequence[str], folder: Path, status: int = 0) -> str:
    done = subprocess.run(
        words,
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


# -- for students and instructors -----------------------------------------------------------------


def test_release_touches_the_second_alone(second: Assignment, tmp_path: Path) -> None:
    root = Path(shutil.copytree(second.course.root, tmp_path / "course"))
    copy = Assignment(type(second.course)(root), "second")
    released = snapshot(copy.released)
    shutil.rmtree(root / "assignment")
    run(copy, "release")
    assert snapshot(copy.released) == released
    assert [path.name for path in (root / "assignment").iterdir()] == ["second"]
    run(copy, "release", "--check")
    done = run(copy, "release", "--check", name="first", status=1)
    assert "assignment/first/first.ipynb: is missing" in done.stderr


def test_rubric_of_another_is_refused(second: Assignment, tmp_path: Path) -> None:
    root = Path(shutil.copytree(second.course.root, tmp_path / "course"))
    copy = Assignment(type(second.course)(root), "second")
    copy.rubric_file.unlink()
    done = run(copy, "release", status=2)
    assert "the rubric of first, not of second" in done.stderr


def test_self_check_of_the_second_runs_its_checks(second: Assignment, tmp_path: Path) -> None:
    students = Path(shutil.copytree(second.released, tmp_path / "second"))
    words = [sys.executable, "-m", "second_check"]
    for text, status in ((HANDED_IN["ada"], 0), (HANDED_IN["eve"], 1)):
        (students / "second.py").write_text(text)
        said = program([*words, "second.py"], students, status)
        assert "second.py" in said
    notebook = nbformat.read(students / "second.ipynb", as_version=4)
    assert "from second_check import check" in notebook.cells[1].source


def test_audit_measures_the_second(second: Assignment, tmp_path: Path) -> None:
    words = ["audit", "--runs", "2", "--no-mutants"]
    # Checks that see nothing are noticed in this assignment, and not in the other.
    root = Path(shutil.copytree(second.course.root, tmp_path / "course"))
    copy = Assignment(type(second.course)(root), "second")
    checks = copy.checks / "test_averages.py"
    checks.write_text(checks.read_text().replace("agree(student.c", "agree(reference.c"))
    checks.write_text(checks.read_text().replace("agree(student.a", "0 and agree(student.a"))
    done = run(copy, *words, status=1)
    assert "broken" in done.stdout
    run(copy, *words, name="first")


# -- under nbgrader -------------------------------------------------------------------------------


def test_nbgrader_grades_the_second_and_refuses_results_of_another(
    second: Assignment, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["nbgrader", "setup", str(tmp_path), "--course", str(second.course.root)]
    done = CliRunner().invoke(main, [*words, "--assignment", "second"])
    assert done.exit_code == 0, done.output
    assert nbgrader(tmp_path, "generate_assignment", "second") == 0
    notebook = nbformat.read(tmp_path / "release" / "second" / "second.ipynb", as_version=4)
    average = next(one for one in notebook.cells if one.source.startswith("def average("))
    average.source = "def average(values):\n    return float(np.mean(values))"
    own = tmp_path / "submitted" / "ada" / "second"
    own.mkdir(parents=True)
    nbformat.write(notebook, own / "second.ipynb")
    assert nbgrader(tmp_path, "autograde", "second") == 0
    with gradebook(tmp_path) as book:
        assert book.find_submission("second", "ada").score == pytest.approx(0.6)
    document = tmp_path / ".graded" / "second" / "ada.json"
    stored = document.read_text()
    assert '"assignment":"second"' in stored.replace(": ", ":")
    document.write_text(stored.replace('"second"', '"first"'))
    assert nbgrader(tmp_path, "autograde", "second", "--force") != 0
    assert "results of the assignment first, not of second" in capfd.readouterr().err
    with gradebook(tmp_path) as book:
        assert book.find_submission("second", "ada").score == pytest.approx(0.6)
