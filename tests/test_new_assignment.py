"""`autograder new`: an assignment that works at once, or an error and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli import COMMANDS, main
from autograder.course.folders import Course, CourseError
from autograder.course.rubric import rubric_of
from autograder.new_assignment import new_assignment
from autograder.release import check_release, write_release


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """All that a folder holds: files with what is in them, and folders."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_first_assignment_has_the_rubric_of_the_course(tmp_path: Path) -> None:
    assignment, written = new_assignment(tmp_path, "averages")
    assert Course(tmp_path).assignment() == assignment
    assert assignment.rubric_file == tmp_path / "rubric.yaml"
    assert {*written} == {path for path in tmp_path.rglob("*") if path.is_file()}
    assert ".course-secret" in (tmp_path / ".gitignore").read_text().split()


def test_later_assignment_has_its_own_rubric_and_the_first_stays_the_default(
    tmp_path: Path,
) -> None:
    first, _ = new_assignment(tmp_path, "averages")
    before = snapshot(tmp_path)
    inside = tmp_path / "solutions" / "averages"
    second, written = new_assignment(inside, "two_sums")
    after = snapshot(tmp_path)
    assert {name: after[name] for name in before} == before
    assert second.rubric_file == tmp_path / "solutions" / "two_sums" / "rubric.yaml"
    assert set(written) == {path for path in second.folder.rglob("*") if path.is_file()}
    assert Course(tmp_path).assignment() == first
    assert rubric_of(second).title == "Two Sums"
    for one in (first, second):
        write_release(one)
    assert [*check_release(first), *check_release(second)] == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("2nd", "cannot be the name of a Python module"),
        ("two-sums", "cannot be the name of a Python module"),
        ("../sums", "cannot be the name of a Python module"),
        ("class", "cannot be the name of a Python module"),
        ("größe", "cannot be the name of a Python module"),
        ("numpy", "has a module numpy already"),
        ("random", "has a module random already"),
        ("nbgrader", "has a module nbgrader already"),
        ("conftest", "has a module conftest already"),
        ("averages", "averages: exists already"),
    ],
)
@pytest.mark.parametrize("in_course", [True, False])
def test_refused_name_writes_nothing(
    tmp_path: Path, name: str, message: str, in_course: bool
) -> None:
    if in_course or name == "averages":
        new_assignment(tmp_path, "averages")
    before = snapshot(tmp_path)
    with pytest.raises(CourseError, match=message):
        new_assignment(tmp_path, name)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("taken", ["assignment/sums", "solutions/nbgrader/sums", "solutions/sums"])
def test_folder_of_that_name_is_left(tmp_path: Path, taken: str) -> None:
    new_assignment(tmp_path, "averages")
    (tmp_path / taken).mkdir(parents=True)
    (tmp_path / taken / "mine.txt").write_text("mine")
    before = snapshot(tmp_path)
    with pytest.raises(CourseError, match=r"sums: exists already; choose another name"):
        new_assignment(tmp_path, "sums")
    assert snapshot(tmp_path) == before


def test_folder_with_other_files_is_refused_and_hidden_files_stay(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    (tmp_path / "notes.txt").write_text("mine")
    before = snapshot(tmp_path)
    with pytest.raises(CourseError, match=r"neither in a course .* nor empty"):
        new_assignment(tmp_path, "averages")
    assert snapshot(tmp_path) == before
    (tmp_path / "notes.txt").unlink()
    new_assignment(tmp_path, "averages")
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


@pytest.mark.parametrize("name", ["no", "on", "null", "NAME", "TITLE", "y"])
def test_name_that_yaml_or_the_template_would_read_otherwise(tmp_path: Path, name: str) -> None:
    assignment, _ = new_assignment(tmp_path, name)
    assert rubric_of(assignment).assignment == name
    assert Course(tmp_path).assignment() == assignment
    assert f"from {name}_check import check" in assignment.source.read_text()


def test_command_lists_its_files_and_what_to_do_next(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["new", "averages", "--course", str(tmp_path)])
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or str(path) in lines
    commands = [line.split() for line in lines if line.startswith("    autograder ")]
    assert [words[1] for words in commands] == ["release", "audit", "grade"]
    for words in commands:
        assert words[1] in COMMANDS
        assert words[-2:] == ["--assignment", "averages"]
    again = CliRunner().invoke(main, ["new", "averages", "--course", str(tmp_path)])
    assert again.exit_code == 2
    assert "exists already" in again.output
