"""The rubric adds up, or is refused with the line to mend; and it and the checks match."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import Rubric, load_rubric, match_checks

SMALL = """\
assignment: small
title: Small
points: 2
written_share: 0.25
feedback: hints
limits:
  call_seconds: 1
tasks:
  - id: "01"
    title: First
    points: 1
    parts:
      - id: 1a
        title: One
        points: 1
        stubs: [f]
        criteria:
          - id: 1a.whole
            title: Whole
            points: 0.7
            hint: Look again.
          - id: 1a.each
            title: Each
            points: 0.3
            share: each
            items: [x, y]
            hint: Look at each.
  - id: "02"
    title: Second
    points: 1
    parts:
      - id: 2a
        title: Two
        points: 1
        stubs: [g, h]
        criteria:
          - {id: 2a.only, title: Only, points: 1, hint: Look.}
"""
# What each criterion is worth, in hundredths of a point.
WORTH = """
1a.unigram 10  1a.context 25  1a.unseen 15  1b.values 25  1b.concepts 25
2a.cell 30  2a.softmax 10  2a.extreme 10  2b.layers 10  2b.forward 10  2b.state 10  2b.counts 20
2c.values 25  2c.length 10  2c.memory 15
3a.pairs 15  3a.loss 10  3a.extreme 10  3a.perplexity 15
3b.dx 10  3b.dh_prev 10  3b.dW_x 10  3b.dW_h 10  3b.db_h 10
3c.loss 5  3c.output 10  3c.recurrent 15  3c.inputs 10  3c.clipping 10
4a.distribution 15  4a.temperature 10  4a.greedy 5  4a.top_k 10  4a.generator 10
4b.state 20  4b.prompt 10  4b.concepts 20
"""
CHECKS = [("1a.whole", None), ("1a.each", "x"), ("1a.each", "y"), ("2a.only", None)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rubric.yaml"
    path.write_text(SMALL)
    return path


def test_the_shipped_rubric_is_the_assignment_s(rubric: Rubric) -> None:
    assert rubric.points == 5
    assert rubric.written_share == 0
    assert [(task.id, task.points) for task in rubric.tasks] == [
        *(("01", 1), ("02", 1.5), ("03", 1.5), ("04", 1)),
    ]
    assert [(part.id, part.points) for part in rubric.parts()] == [
        (name, 0.5) for name in ["1a", "1b", "2a", "2b", "2c", "3a", "3b", "3c", "4a", "4b"]
    ]
    words = WORTH.split()
    worth = {name: int(points) / 100 for name, points in zip(words[::2], words[1::2], strict=True)}
    assert {criterion.id: criterion.points for criterion in rubric.criteria()} == worth
    assert all(criterion.hint for criterion in rubric.criteria())


def test_the_rubric_s_stubs_are_the_solution_s(rubric: Rubric, assignment: Assignment) -> None:
    defined = re.findall(r"^(?:def|class) (\w+)", assignment.source.read_text(), re.MULTILINE)
    stubs = [stub for part in rubric.parts() for stub in part.stubs]
    assert len(stubs) == len(set(stubs))
    assert set(stubs) <= set(defined)


def test_a_rubric_is_read_into_its_models(file: Path) -> None:
    rubric = load_rubric(file)
    assert [criterion.id for criterion in rubric.criteria()] == ["1a.whole", "1a.each", "2a.only"]
    whole, each, _ = rubric.criteria()
    assert (whole.share, whole.items) == ("whole", ())
    assert (each.share, each.items) == ("each", ("x", "y"))
    assert (rubric.written_share, rubric.limits.call_seconds) == (0.25, 1)
    assert [part.stubs for part in rubric.parts()] == [("f",), ("g", "h")]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("points: 2\n", "points: 2.5\n", 3, "is worth 2.5, .* adds up to 2: 01 1, 02 1;"),
        ("points: 0.7", "points: 0.6", 15, "adds up to 0.9: 1a.whole 0.6, 1a.each 0.3;"),
        ("    points: 1\n    parts:\n      - id: 1a", "    points: 3\n    parts:\n      - id: 1a",
         3, "adds up to 4"),
        ("points: 0.7", "points: 0", 20, "> 0"),
        ("points: 0.7", "points: -0.7", 20, "> 0"),
        ("points: 0.7", "points: .nan", 20, "> 0"),
        ("points: 0.7", "points: some", 20, "Expected `float`, got `str`"),
        ("            points: 0.7\n", "", 18, "missing required field `points`"),
        ("            hint: Look again.\n", "", 18, "missing required field `hint`"),
        ("hint: Look again.", "hnt: Look again.", 21, "unknown key `hnt`; remove or rename"),
        ("feedback: hints", "feedback: none", 5, "'none'; it is one of full, hints, score"),
        ("written_share: 0.25", "written_share: 1.5", 4, "<= 1"),
        ("written_share: 0.25", "written_share: -0.1", 4, ">= 0"),
        ("call_seconds: 1", "call_seconds: 0", 7, "must be above 0"),
        ("call_seconds: 1", "call_seconds: .nan", 7, "must be above 0"),
        ("call_seconds: 1", "seconds: 1", 7, "unknown key `seconds`"),
        ("call_seconds: 1", "memory_mb: lots", 7, "Expected `int`"),
        ("id: 1a.each", "id: 1a.whole", 22, "1a.whole appears here twice"),
        ("id: 1a.each", "id: 2a.each", 22, "is in part 1a; call it 1a.NAME or move it"),
        ('id: "02"', 'id: "01"', 28, "task 01 appears here twice"),
        ("id: 2a\n", "id: 1a\n", 32, "part 1a appears here twice"),
        ("items: [x, y]", "items: [x, x]", 26, "item x of 1a.each appears here twice"),
        ("            items: [x, y]\n", "", 22, "go together"),
        ("            share: each\n", "", 22, "go together"),
        ("share: each", "share: half", 25, "Invalid enum value 'half'; it is one of each, whole"),
        ("title: First", "title: [First", 11, "not YAML"),
        ("title: First", "title: a: b", 10, "not YAML"),
        ("tasks:\n", "parts:\n", 8, "unknown key `parts`"),
    ],
)  # fmt: skip
def test_a_wrong_rubric_is_refused_with_its_line(
    file: Path, old: str, new: str, line: int, message: str
) -> None:
    assert SMALL.count(old) == 1
    file.write_text(SMALL.replace(old, new))
    with pytest.raises(CourseError, match=message) as refused:
        load_rubric(file)
    assert str(refused.value).startswith(f"{file}, line {line}: ")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "Expected `object`, got `null`"),
        (b"- a list", "Expected `object`, got `array`"),
        (b"title: \xff", "UTF-8"),
        (b"title: \0", "not YAML"),
    ],
)
def test_a_file_that_is_no_rubric_is_refused(file: Path, data: bytes, message: str) -> None:
    file.write_bytes(data)
    with pytest.raises(CourseError, match=message) as refused:
        load_rubric(file)
    assert str(file) in str(refused.value)


def test_a_missing_rubric_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="No such file"):
        load_rubric(tmp_path / "rubric.yaml")


def test_checks_that_match_pass(file: Path) -> None:
    match_checks(load_rubric(file), file, [*CHECKS, *CHECKS])


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        (
            CHECKS[:-1],
            r"rubric.yaml, line 37: 2a.only has no check; write one in solutions/small/.*'2a.only'",
        ),
        ([*CHECKS[:2], CHECKS[3]], "line 22: 1a.each, item y, has no check"),
        ([*CHECKS, ("1a.other", None)], "1a.other which the rubric does not have"),
        ([*CHECKS, ("1a.each", "z")], "1a.each, item z, which the rubric does not have"),
        ([*CHECKS, ("1a.each", None)], "1a.each which the rubric does not have"),
        ([*CHECKS, ("1a.whole", "x")], "1a.whole, item x, which the rubric does not have"),
        ([], "has no check"),
    ],
)
def test_checks_and_rubric_must_match(
    file: Path, checks: Iterable[tuple[str, str | None]], message: str
) -> None:
    with pytest.raises(CourseError, match=message):
        match_checks(load_rubric(file), file, checks)


def test_a_key_that_appears_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rubric.yaml"
    file.write_text("assignment: rnn\npoints: 5\npoints: 6\n")
    with pytest.raises(CourseError, match=r"line 3: the key `points` appears here a second time"):
        load_rubric(file)
