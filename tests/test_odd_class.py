"""A class as it comes: graded again, of another homework, with several files and typed texts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli import main
from autograder.course.folders import Assignment
from tests.conftest import make_small

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
WRONG = RIGHT.replace("float(np.mean(values))", "float(np.sum(values))")
LATE = "late: {due: 2026-11-30T23:59+00:00, grace_minutes: 0, per_day: 0.1, at_most: 0.5}\n"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """An assignment that takes something off what is late."""
    made = make_small(tmp_path_factory.mktemp("course"))
    made.rubric_file.write_text(f"{made.rubric_file.read_text()}\n{LATE}")
    return made


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    folder = tmp_path / "submissions"
    folder.mkdir()
    for student in ("ada", "bob"):
        (folder / f"{student}.py").write_text(RIGHT)
    return folder


def run(assignment: Assignment, *words: str | Path, status: int = 0) -> Result:
    about = ["--course", str(assignment.course.root), "--assignment", assignment.name]
    done = CliRunner().invoke(main, [*map(str, words), *about], input="y\n")
    assert done.exit_code == status, (done.output, done.exception)
    return done


def said(done: Result) -> str:
    return " ".join(done.output.split())


def grades(out: Path) -> dict[str, dict[str, str]]:
    with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {line["student"]: line for line in csv.DictReader(file)}


# -- graded again -------------------------------------------------------------------------------


def test_graded_again_the_roster_of_the_last_time_counts(
    course: Assignment, submissions: Path, tmp_path: Path
) -> None:
    roster, out = tmp_path / "any.csv", tmp_path / "out"
    roster.write_text("login,name,late\nada,Ada Lovelace,0\nbob,Bob Noyce,2\ncem,Cem Ada,0\n")
    run(course, "grade", submissions, "--out", out, "--roster", roster)
    before = grades(out)
    assert before["bob"]["name"] == "Bob Noyce"
    assert float(before["bob"]["total"]) == 0.8
    roster.unlink()
    (submissions / "cem.py").write_text(RIGHT)
    done = run(course, "grade", submissions, "--out", out)
    after = grades(out)
    assert {name: after[name] for name in before} == before
    assert after["cem"]["name"] == "Cem Ada"
    assert "cem,Cem Ada,,handed in\n" in (out / "roster.csv").read_text()
    assert "roster-as-given.csv" in said(done)
    # Another one takes its place.
    roster.write_text("login,name,late\nada,Ada Lovelace,0\nbob,Bob Noyce,1\n")
    run(course, "grade", submissions, "--out", out, "--roster", roster)
    assert float(grades(out)["bob"]["total"]) == 0.9
    run(course, "grade", submissions, "--out", out)
    assert float(grades(out)["bob"]["total"]) == 0.9


def test_another_file_of_a_student_is_said_to_replace_the_earlier(
    course: Assignment, submissions: Path, tmp_path: Path
) -> None:
    out, later = tmp_path / "out", tmp_path / "later"
    assert "replaced" not in said(run(course, "grade", submissions, "--out", out))
    assert "replaced" not in said(run(course, "grade", submissions, "--out", out, "--force"))
    later.mkdir()
    (later / "bob.py").write_text(WRONG)
    done = run(course, "grade", later, "--out", out)
    total = float(grades(out)["bob"]["total"])
    assert total < 1
    assert f"1 replaced an earlier submission: bob 1.00 → {total:.2f}" in said(done)
