"""A folder of results that somebody changed is refused, with the file and what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from autograder.cli import main
from autograder.course.folders import Course
from autograder.course.rubric import Rubric
from autograder.exporting import FORMS
from autograder.exporting.feedback import FEEDBACK
from autograder.marking.marks import mark
from autograder.reports.files import write_grades, write_student
from autograder.results.code import Code, Excerpt
from autograder.results.rows import row
from autograder.results.stored import MAX_DOCUMENT_BYTES, known_as_slow, stored_evidence
from tests.test_reports import evidence

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def results(tmp_path: Path, rubric: Rubric) -> Path:
    """The results of ada and bob."""
    folder = tmp_path / "deep" / "down" / "results"
    folder.mkdir(parents=True)
    rows = []
    for student in ("ada", "bob"):
        one = evidence(rubric, student, out_of_time=True)
        marks = mark(one, rubric)
        code: Code = {"1a": (Excerpt("cell 1", 1, "def ngram_distribution():\n    return 1"),)}
        write_student(folder, one, marks, rubric, "digest", code)
        rows.append(row(one, marks))
    write_grades(folder, rows, rubric)
    return folder


def run(course: Course, *words: object) -> Result:
    return CliRunner().invoke(main, [*map(str, words), "--course", str(course.root)])


def commands(results: Path) -> list[list[object]]:
    exports: list[list[object]] = [
        ["export", results, "--to", form] for form in FORMS if form not in FEEDBACK
    ]
    return [["rescore", results, "--yes"], ["similar", results], *exports]


def test_an_unchanged_file_is_accepted(course: Course, results: Path) -> None:
    for words in commands(results):
        done = run(course, *words)
        assert done.exit_code == 0, done.output
    assert stored_evidence(results, "ada", "digest") is not None
    assert known_as_slow(results, "ada")


def _set(*path: str | int, to: Any) -> Change:
    def change(document: dict[str, Any]) -> None:
        *way, last = path
        place: Any = document
        for step in way:
            place = place[step]
        place[last] = to

    return change


def _another_student(name: str) -> Change:
    def change(document: dict[str, Any]) -> None:
        document["student"] = document["evidence"]["student"] = name

    return change


SEEN = ("evidence", "checks", 1, "submitted")
CODE = ("code", "1a", 0)
EXPLANATION = {
    "criterion": "1a.context",
    "misconceptions": [dict.fromkeys(("name", "title", "hint"), "\x1b")],
}
CHANGES = {
    "another student": _another_student("bob"),
    "a path": _another_student("../../../evil"),
    "evidence of another": _set("evidence", "student", to="bob"),
    "evidence of a path": _set("evidence", "student", to="../../../evil"),
    "marks of a path": _set("student", to="../../../evil"),
    "an escape": _set(*SEEN, "message", to="\x1b]8;;http://a\x1b\\"),
    "a line": _set(*SEEN, "message", to="one\ntwo"),
    "a direction": _set("evidence", "reason", to="\u202e"),
    "a name of a file": _set("evidence", "file", to="\x00"),
    "hidden detail": _set(*SEEN, "detail", to="\x9b2J"),
    "a long text": _set("evidence", "reason", to="x" * 10**6),
    "a cell": _set("evidence", "cells", to=[{"cell": "\x1b", "message": "x"}]),
    "a misconception": _set("evidence", "explanations", to=[EXPLANATION]),
    "more than all": _set(*SEEN, "share", to=10**9),
    "less than nothing": _set(*SEEN, "share", to=-1),
    "no number": _set(*SEEN, "share", to="all"),
    "another outcome": _set(*SEEN, "outcome", to="great"),
    "another status": _set("evidence", "status", to="\x1b[32mgraded"),
    "a time": _set("handed_in", to="soon"),
    "a far time": _set("handed_in", to="9999-12-31T23:59:59-23:59"),
    "a name": _set("origin", "name", to="\x1b[31mAda"),
    "a platform's file": _set("origin", "file", to="a\nb"),
    "a platform": _set("origin", "platform", to="\x1b"),
    "late the other way": _set("origin", "late_seconds", to=-(10**6)),
    "code": _set(*CODE, "source", to="x = '\u202e'"),
    "a cell of code": _set(*CODE, "cell", to="\x1b"),
    "a part of code": _set("code", to={"\x1b": []}),
    "a line without end": _set(*CODE, "line", to=10**30),
    "too much": _set("more", to="x" * MAX_DOCUMENT_BYTES),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_file_is_refused(course: Course, results: Path, what: str) -> None:
    path = results / "ada.json"
    document = json.loads(path.read_bytes())
    CHANGES[what](document)
    path.write_text(json.dumps(document), encoding="utf-8")
    before = sorted(results.parents[2].rglob("*"))
    for words in commands(results):
        done = run(course, *words)
        assert done.exit_code == 2, (words, done.output)
        assert "ada.json: " in done.output
        assert done.output.replace("\n", "").isprintable()
        assert len(done.output) < 2_000
    after = [one for one in sorted(results.parents[2].rglob("*")) if one.name != ".lock"]
    assert after == before
    # What is graded again does not believe it either.
    assert stored_evidence(results, "ada", "digest") is None
    assert not known_as_slow(results, "ada")


def test_a_number_beyond_all_is_refused(course: Course, results: Path) -> None:
    path = results / "ada.json"
    path.write_text(path.read_text().replace('"share": 1.0', '"share": 1e999'))
    done = run(course, "rescore", results, "--yes")
    assert done.exit_code == 2
    assert "ada.json: " in done.output


@pytest.mark.parametrize("name", ["\x1b[31mred", "=1+1", "\u202eada", "\u3164", "x\udcff"])
def test_a_file_with_a_name_that_no_student_has_is_refused(
    course: Course, results: Path, name: str
) -> None:
    document = json.loads((results / "ada.json").read_bytes())
    _another_student(name)(document)
    try:
        (results / f"{name}.json").write_text(json.dumps(document))
    except UnicodeEncodeError:
        pytest.skip("not a name that a file may have here")
    for words in commands(results):
        done = run(course, *words)
        assert done.exit_code == 2, (words, done.output)
        assert done.output.replace("\n", "").isprintable()


def test_marks_that_are_not_those_of_the_evidence_are_not_handed_on(
    course: Course, results: Path
) -> None:
    """Whatever they say, `rescore` puts those in their place that the rubric gives."""
    path = results / "ada.json"
    document = json.loads(path.read_bytes())
    right = document["score"]
    document["score"] = 1e300
    document["criteria"]["1a.unigram"]["message"] = "\x1b[31m<script>"
    document["criteria"]["\x1b[31m"] = document["criteria"]["1a.unigram"]
    path.write_text(json.dumps(document))
    done = run(course, "export", results, "--to", "csv")
    assert done.exit_code == 2
    assert "the marks of 1 student are not" in done.output
    done = run(course, "rescore", results, "--yes")
    assert done.exit_code == 0
    assert done.output.replace("\n", "").isprintable()
    assert json.loads(path.read_bytes())["score"] == right
    assert "script" not in path.read_text()
