"""What other systems take in: their columns, their ids, and nothing that runs or was hidden."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet
import pytest

from autograder.course.folders import CourseError
from autograder.course.rubric import Rubric
from autograder.exporting import FORMS
from autograder.exporting.export import export
from autograder.exporting.feedback import FEEDBACK
from autograder.intake.roster import read_roster
from autograder.marking.decisions import ByHand, Decided, Decisions, Deduction, Written
from autograder.marking.marks import mark
from autograder.reports.markdown import student_markdown
from autograder.reports.pages.student import student_page
from autograder.results.stored import Document
from tests.test_reports import HOSTILE, evidence

WHO = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
# As Canvas exports it, with its lines that are nobody's.
ROSTER = """\
\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,rnn 1a Context (77),Essay (78),Current Score
,,,,,Manual Posting,,(read only)
    Points Possible,,,,,0.5,10,(read only)
"Lovelace, Ada",101,s-1,ada@example.org,"One, and Two",,9,
"=cmd|' /C calc'!A0",102,s-2,bob,One,,8,
"Doe, Cem",103,s-3,cem.doe,One,,,
"Nobody, Dora",104,s-4,dora,Two,,,
"Student, Test",105,,f3a9,Two,,,
"""


def document(
    rubric: Rubric, student: str, decided: Decided | None = None, **changed: Any
) -> Document:
    seen = evidence(rubric, student, **changed)
    marks = msgspec.structs.asdict(mark(seen, rubric, decided))
    return Document(**marks, digest="", evidence=seen)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def results(folder: Path, form: str, one: Document, rubric: Rubric) -> dict[str, Any]:
    export(form, [one], "rnn", rubric, folder / form)
    result: dict[str, Any] = json.loads((folder / form / f"{one.student}.json").read_text())
    return result


def test_canvas_finds_everyone_by_its_own_ids(tmp_path: Path, rubric: Rubric) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    roster = read_roster(tmp_path / "roster.csv")
    # By the login without its domain, by the login, by what Canvas named the file; and by nothing.
    students = ("ada", "Bob", "doecem_LATE_103_99887_rnn-2", "stranger")
    documents = [document(rubric, student) for student in students]
    out = tmp_path / "canvas.csv"
    exported = export("canvas", documents, "rnn", rubric, out, roster, parts=True)
    assert exported.unknown == ("stranger",)
    possible, *rows = table(out)
    assert possible["Student"] == "    Points Possible"
    assert [row["ID"] for row in rows] == ["101", "102", "103"]
    assert [rows[0][name] for name in WHO] == [
        *("Lovelace, Ada", "101", "s-1", "ada@example.org", "One, and Two")
    ]
    # An assignment that Canvas has already is filled, not made a second time.
    assert "rnn 1a Context (77)" in rows[0]
    assert "rnn 1a Context" not in rows[0]
    for row, one in zip(rows, documents[:3], strict=True):
        points = [float(value) for name, value in row.items() if name not in WHO]
        assert points == [part.score for part in one.parts.values()]


def test_two_who_would_be_one_in_canvas_are_named(tmp_path: Path, rubric: Rubric) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    both = [document(rubric, name) for name in ("bob", "s-2")]
    with pytest.raises(CourseError, match="s-2 and bob are both"):
        export("canvas", both, "rnn", rubric, tmp_path / "x", read_roster(tmp_path / "roster.csv"))


def test_a_file_that_is_no_roster_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("shoe size,points\n")
    with pytest.raises(CourseError, match=r"x\.csv, line 1: .* none of them says who"):
        read_roster(tmp_path / "x.csv")


def test_a_form_that_nothing_writes_is_no_table_of_another(tmp_path: Path, rubric: Rubric) -> None:
    with pytest.raises(ValueError, match="nothing here writes the form blackboard"):
        export("blackboard", [], "rnn", rubric, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("form", ["canvas", "moodle", "csv"])
def test_no_cell_runs_in_a_spreadsheet(tmp_path: Path, rubric: Rubric, form: str) -> None:
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    roster = read_roster(tmp_path / "roster.csv") if form == "canvas" else None
    by_hand = Decided(criteria={"2a.cell": ByHand(0.1, "x", "y")})
    one = document(rubric, "bob", by_hand, reason="=1+1", text="@SUM(1)")
    export(form, [one], "rnn", rubric, tmp_path / "out.csv", roster, parts=True)
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert any(cell.startswith("'=") for cell in cells) == (form != "moodle")
    for cell in cells:
        assert not cell.startswith(("=", "+", "@", "\t", "\r", "＝"))
        assert not cell.startswith("-") or float(cell) < 0


@pytest.mark.parametrize("form", [one for one in FORMS if one not in FEEDBACK])
def test_where_the_grader_failed_no_zero_is_handed_on(
    tmp_path: Path, rubric: Rubric, form: str
) -> None:
    failed = document(rubric, "ada", status="not graded", reason="this is no mark")
    out = tmp_path / "out"
    export(form, [failed], "rnn", rubric, out)
    if out.is_dir():
        assert not list(out.iterdir())
    elif form == "parquet":
        (row,) = pyarrow.parquet.read_table(out).to_pylist()
        assert row["score"] is None
    elif form == "canvas":
        assert [row["Student"] for row in table(out)] == ["    Points Possible"]
    else:
        row = table(out)[-1]
        columns = ("score", rubric.title)
        assert {row[name] for name in columns if name in row} <= {"", "-"}


@pytest.mark.parametrize("form", ["gradescope", "github"])
def test_students_get_the_feedback_of_the_policy_and_nothing_hidden(
    tmp_path: Path, rubric: Rubric, form: str
) -> None:
    for policy, message, hint in (
        ("full", True, True),
        ("hints", False, True),
        ("score", False, False),
    ):
        own = msgspec.structs.replace(rubric, feedback=policy)
        words = json.dumps(results(tmp_path, form, document(own, "ada", text=HOSTILE), own))
        assert ("Wrong: " in words) == message
        assert (rubric.tasks[0].parts[0].criteria[1].hint in words) == hint
        # What a hidden check asked is in the evidence alone.
        assert "4711" not in words


def test_gradescope_gets_a_test_for_each_criterion_and_answer(
    tmp_path: Path, rubric: Rubric
) -> None:
    own = msgspec.structs.replace(rubric, written_share=0.2)
    decided = Decided(
        parts={"2c": ByHand(0.25, "half of it", "R. Head")},
        written={"1a": Written(0.05, "Short.")},
        late=Deduction("a day late", share=0.1),
    )
    one = document(own, "ada", decided)
    result = results(tmp_path, "gradescope", one, own)
    assert result["score"] == one.score
    tests = {test["number"]: test for test in result["tests"]}
    assert set(tests) == {criterion.id for criterion in own.criteria()} | {"1a.written"}
    for name, criterion in one.criteria.items():
        assert (tests[name]["score"], tests[name]["max_score"]) == (
            criterion.score,
            criterion.max_score,
        )
    assert (tests["1a.written"]["score"], tests["1a.written"]["output"]) == (0.05, "Short.")
    for line in (
        "2c: Set by R. Head: half of it",
        "Late: ",
        "Up to 0.90 points are still to come from a reader.",
    ):
        assert line in result["output"]


def test_a_part_and_a_total_can_be_set_by_hand(tmp_path: Path, rubric: Rubric) -> None:
    """What is set counts, the student reads why, and the tables say what it changed."""
    (tmp_path / "overrides.yaml").write_text(
        "- {student: ada, part: 2c, points: 0.3, reason: seen in class, who: R. Head}\n"
        "- {student: bob, total: 4.2, reason: an oral exam, who: A. Dean}\n"
    )
    decisions = Decisions.load(tmp_path, rubric, ["ada", "bob"])
    ada, bob = (document(rubric, name, decisions.of(name)) for name in ("ada", "bob"))
    assert ada.parts["2c"].score == 0.3
    assert ada.score == pytest.approx(sum(part.score for part in ada.parts.values()))
    assert bob.score == 4.2
    assert bob.by_hand is not None
    assert bob.by_hand.before == pytest.approx(sum(part.score for part in bob.parts.values()))
    for one, words in (
        (ada, "Set by R. Head: seen in class"),
        (bob, "The total was set by A. Dean"),
    ):
        assert words in student_markdown(one.evidence, one, rubric)
        assert words in student_page(one.evidence, one, rubric, {})
        assert words in results(tmp_path, "gradescope", one, rubric)["output"]
    export("csv", [ada, bob], "rnn", rubric, tmp_path / "all.csv")
    rows = {row["student"]: row for row in table(tmp_path / "all.csv")}
    assert "the total: an oral exam (A. Dean)" in rows["bob"]["reason"]
    assert float(rows["bob"]["score"]) == 4.2


def test_parquet_has_numbers_as_numbers(tmp_path: Path, rubric: Rubric) -> None:
    ada = document(rubric, "ada", reason="=1+1")
    export("parquet", [ada], "rnn", rubric, tmp_path / "x.parquet")
    (row,) = pyarrow.parquet.read_table(tmp_path / "x.parquet").to_pylist()
    assert row["score"] == ada.score
    assert {name: row[name] for name in ada.criteria} == {
        name: one.score for name, one in ada.criteria.items()
    }
    assert (row["student"], row["reason"]) == ("ada", "=1+1")
