"""A class as it comes: graded again, of another homework, with several files and typed texts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli import main
from autograder.course.folders import Assignment
from autograder.course.rubric import rubric_of
from autograder.intake.finding import find_submissions
from autograder.reading.answers import _written
from autograder.reading.form import write_form
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


# -- the file of another homework ---------------------------------------------------------------

OTHER = "def first(values):\n    return values[0]\n\n\ndef last(values):\n    return values[-1]\n"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """An assignment. Its course has another that shares a stub with it, and a broken one."""
    made = make_small(tmp_path_factory.mktemp("course"))
    for name, text in {
        "ends": f'# %%\nimport numpy as np\n\n# %% part="1a" role="stub"\n{OTHER}\n\n'
        '# %% part="1b" role="stub"\ndef centered(values):\n    return values\n',
        "broken": "\0\xff",
    }.items():
        source = made.folder.parent / name / f"{name}.py"
        source.parent.mkdir()
        source.write_text(text, encoding="latin-1")
    return made


def test_the_file_of_another_homework_is_called_so(two: Assignment, tmp_path: Path) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    shared = f"{OTHER}\n\ndef centered(values):\n    return values\n"
    files = {"ada": RIGHT, "bob": OTHER, "cem": shared, "dan": f"{RIGHT}\n{OTHER}"}
    files["eve"] = OTHER.partition("\n\n\n")[0]
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    message = said(run(two, "grade", folder, "--out", out))
    why = "this looks like the homework ends, not small"
    assert message.count(why) == 2
    assert "--assignment ends" not in message
    lines = grades(out)
    for name in ("bob", "cem"):
        assert lines[name]["status"] == "graded with problems"
        assert why in (out / f"{name}.md").read_text()
    assert float(lines["bob"]["total"]) == 0
    assert (float(lines["dan"]["total"]), lines["dan"]["status"]) == (1, "graded")
    assert lines["eve"]["status"] == "graded"
    looked_at = (out / "index.html").read_text().partition('id="mistakes"')[0]
    assert looked_at.count("looks like the homework ends") == 2 * 2


def test_a_class_graded_as_another_homework_is_warned_of(two: Assignment, tmp_path: Path) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    for name in ("ada", "bob"):
        (folder / f"{name}.py").write_text(OTHER)
    message = said(run(two, "grade", folder, "--out", tmp_path / "out"))
    assert "2 of 2 submissions look like the homework ends, not small" in message
    assert "--assignment ends" in message


def test_the_answers_of_another_homework_are_not_read_as_this_one_s(
    two: Assignment, tmp_path: Path
) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    (folder / "ada.py").write_text(RIGHT)
    (folder / "bob.py").write_text(OTHER)
    run(two, "grade", folder, "--out", out)
    written = _written(two, rubric_of(two), out, find_submissions([folder], "small", two.released))
    assert written.lost == {"ada": "", "bob": "ends"}
    rows = write_form(written, out).form.read_text().splitlines()
    assert rows[1:] == [
        'ada,1a,0,0,"This file has no written questions. If it was exported from a notebook, ask '
        'for the notebook."',
        "bob,1a,0,0,No answer; this looks like the homework ends.",
    ]


def test_reading_the_results_of_another_homework_is_refused_before_all_else(
    two: Assignment, tmp_path: Path
) -> None:
    other = make_small(two.course.root, "third")
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.py").write_text(RIGHT)
    run(two, "grade", tmp_path / "class", "--out", tmp_path / "out")
    for name in ("read", "reading"):
        message = said(run(other, name, tmp_path / "out", tmp_path / "nowhere", status=2))
        assert "results of the assignment small, not of third" in message


# -- chosen.csv ---------------------------------------------------------------------------------


def test_a_line_of_chosen_csv_for_no_student_stops_the_run(
    course: Assignment, submissions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(course, "grade", submissions, "--out", out)
    (out / "chosen.csv").write_text("student,file\nada,ada.py\nbop,bob.py\n")
    message = said(run(course, "grade", submissions / "bob.py", "--out", out, status=2))
    assert "chosen.csv, line 3: the class has no student 'bop'; did you mean bob?" in message
    # Who was graded before is in the class, wherever their file is now.
    (out / "chosen.csv").write_text("student,file\nada,ada.py\n")
    run(course, "grade", submissions / "bob.py", "--out", out)
