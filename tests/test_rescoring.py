"""A class that is marked again and again: every number, from what was seen to what is exported."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result
from nbconvert.filters import markdown2html

from autograder.cli import main
from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import Late, Rubric, load_rubric
from autograder.marking.decisions import Decisions
from autograder.reports.mistakes import points
from autograder.results.stored import Document, stored_documents
from autograder.results.writing import locked
from autograder.submissions.finding import Origin
from tests.nbgrader_course import (
    EXACT,
    cell,
    hand_in,
    make_course,
    released,
    solved,
)

PARTS = ("1a", "1b", "2a", "2b", "2c", "3a", "3b", "3c", "4a", "4b")
# A tenth of each half point is a reader's.
BY_CHECKS, WRITTEN = 0.45, 0.05
SUMMED = "cross_entropy/sum: 0.5"


@dataclass
class Class:
    """A course, what its students handed in, and the results."""

    assignment: Assignment
    submissions: Path
    results: Path

    def run(self, *words: object, status: int = 0, answer: str = "") -> Result:
        assignment = ("--course", str(self.assignment.course.root))
        done = CliRunner().invoke(main, [*map(str, words), *assignment], input=answer)
        assert done.exit_code == status, done.output
        return done

    def grade(self, *words: str) -> None:
        self.run("grade", self.submissions, "--out", self.results, "--jobs", 2, *words)

    def rescore(self) -> str:
        return self.run("rescore", self.results, "--yes").output

    def stored(self) -> dict[str, Document]:
        return {one.student: one for one in stored_documents(self.results, "rnn")}

    def totals(self) -> dict[str, float]:
        """By the documents, the table, and what students read: one number, or this fails."""
        totals = {name: one.score for name, one in self.stored().items()}
        rows = table(self.results / "grades.csv")
        assert {row["student"]: float(row["total"]) for row in rows} == totals
        for name, total in totals.items():
            message = (self.results / f"{name}.md").read_text(encoding="utf-8")
            assert f"**{points(total)} of " in message
            page = (self.results / f"{name}.html").read_text(encoding="utf-8")
            shown = re.search(r'class="score"><data value="([^"]+)"', page)
            assert shown
            assert float(shown[1]) == total
        return totals

    def edit(self, before: str, after: str) -> None:
        """Of the rubric."""
        text = self.assignment.rubric_file.read_text(encoding="utf-8")
        assert before in text
        self.assignment.rubric_file.write_text(text.replace(before, after), encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        (self.results / name).write_text(text, encoding="utf-8")


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Ada's is right, Bob sums the loss, Cem's file is damaged, Dora handed in what she got."""
    folder = tmp_path_factory.mktemp("course")
    assignment = make_course(folder, written_share=0.1)
    ada, bob = solved(assignment), solved(assignment)
    cell(bob, "1a-written").source += "\n\nBob's own words\n\n# Own heading\n<script>"
    stub = cell(bob, "3a-stub")
    assert stub.source.count(".mean()") == 1
    stub.source = stub.source.replace(".mean()", ".sum()")
    for name, notebook in (("ada", ada), ("bob", bob), ("dora", released(assignment))):
        hand_in(assignment, name, notebook)
    (assignment.course.root / "submitted" / "cem" / "rnn").mkdir(parents=True)
    (assignment.course.root / "submitted" / "cem" / "rnn" / "rnn.ipynb").write_text('{"cells": [')
    # What nbgrader writes when it takes a submission.
    (assignment.course.root / "submitted" / "ada" / "rnn" / "timestamp.txt").write_text(
        "2026-12-01 09:00:00.000000 UTC"
    )
    whole = Class(assignment, assignment.course.root / "submitted", folder / "results")
    whole.grade()
    return whole


def near(number: Any) -> Any:
    return pytest.approx(number, abs=EXACT)


def test_every_number_from_the_rubric_to_the_exports(graded: Class) -> None:
    """One class through all that people do with marks. All numbers here are worked out by hand."""
    # Bob's sum earns half of 3a.loss, whose 0.1 points leave 0.09 to the checks.
    assert graded.totals() == near({"ada": 4.5, "bob": 4.5 - 0.045, "cem": 0, "dora": 0})

    # The credit falls to a quarter, and 3a.loss is worth 0.2 now, taken from 3a.pairs.
    graded.edit(SUMMED, "cross_entropy/sum: 0.25")
    graded.edit(
        "title: Inputs and targets\n            points: 0.15",
        "title: Inputs and targets\n            points: 0.05",
    )
    graded.edit(
        "title: Mean cross-entropy\n            points: 0.1",
        "title: Mean cross-entropy\n            points: 0.2",
    )
    before = graded.totals()
    printed = graded.run("rescore", graded.results, "--dry-run").output
    assert "1 of 4 students moves" in printed
    assert "-0.09" in printed
    refused = graded.run("export", graded.results, "--to", "csv", status=2).output
    assert "run `autograder rescore` first" in refused
    graded.run("rescore", graded.results, answer="n\n")
    assert graded.totals() == before
    graded.run("rescore", graded.results, answer="y\n")
    bob = 4.5 - 0.18 * 0.75
    assert graded.totals() == near({"ada": 4.5, "bob": bob, "cem": 0, "dora": 0})

    # An override: 0.1 of the 0.18 points.
    override = "{student: bob, criterion: 3a.loss, points: 0.1, reason: a <slip>, who: R. Head}"
    graded.write("overrides.yaml", f"- {override}\n")
    assert "3a.loss 0.045 → 0.1 (by hand, R. Head)" in " ".join(graded.rescore().split())
    bob = 4.5 - 0.08
    assert graded.totals()["bob"] == near(bob)
    by_hand = graded.stored()["bob"].criteria["3a.loss"].by_hand
    assert by_hand is not None
    assert (by_hand.before, by_hand.reason, by_hand.who) == (near(0.045), "a <slip>", "R. Head")
    for name in ("bob.md", "bob.html"):
        printed = "Set by R. Head: a &lt;slip&gt; (the checks:"
        assert printed in (graded.results / name).read_text(encoding="utf-8")

    # One that takes points away from what the checks give is pointed out, and no more.
    lower = override.replace("bob, criterion: 3a.loss", "ada, criterion: 2a.cell")
    graded.write("overrides.yaml", f"- {override}\n- {lower}\n")
    printed = _lines(graded.run("rescore", graded.results, "--dry-run").output)
    assert "ada: 2a.cell is set to 0.1 by hand, and the checks give 0.27" in printed
    graded.write("overrides.yaml", f"- {override}\n")

    # Graded again, after Ada has handed in 1a undone: all of it is run.
    undone = solved(graded.assignment)
    cell(undone, "1a-stub").source = cell(released(graded.assignment), "1a-stub").source
    hand_in(graded.assignment, "ada", undone)
    graded.grade("--force")
    ada = 4.5 - BY_CHECKS
    assert graded.totals() == near({"ada": ada, "bob": bob, "cem": 0, "dora": 0})

    # A reader: of Ada's two answers, of Bob's all; Dora has written nothing, Cem's is damaged.
    printed = graded.run("reading", graded.results, graded.submissions).output
    assert printed.startswith("20 answers to read")
    form = table(graded.results / "written.csv")
    assert {row["student"] for row in form if not row["points"]} == {"ada", "bob"}
    assert [row["points"] for row in form if row["student"] in ("cem", "dora")] == ["0"] * 20
    for row in form:
        key = (row["student"], row["part"])
        row["points"] = {("ada", "1a"): "0.04", ("ada", "2a"): "0.05"}.get(key, row["points"])
        if row["student"] == "bob":
            row["points"] = "0.03"
    with (graded.results / "written.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(form[0]))
        writer.writeheader()
        writer.writerows(form)
    printed = graded.rescore()
    assert "1 of 4 students awaits a reader, for 0.4 points" in printed
    ada, bob = ada + 0.09, bob + 0.3
    assert graded.totals() == near({"ada": ada, "bob": bob, "cem": 0, "dora": 0})
    stored = graded.stored()
    assert (stored["ada"].max_score, stored["ada"].awaiting_reader) == near((4.6, 0.4))
    assert (stored["bob"].max_score, stored["bob"].awaiting_reader) == near((5, 0))

    # Late: Ada by nbgrader's timestamp, one day begun; Bob two days, as somebody says.
    graded.edit(
        "tasks:\n",
        "late: {due: 2026-11-30T23:59+00:00, grace_minutes: 15, per_day: 0.1, at_most: 0.5}\n"
        "tasks:\n",
    )
    graded.write("late.csv", "student,days\nbob,2\ncem,\n")
    graded.rescore()
    ada_late, bob_late = 0.1 * ada, 0.2 * bob
    totals = {"ada": 3.726, "bob": 3.776, "cem": 0, "dora": 0}
    assert {"ada": ada - ada_late, "bob": bob - bob_late} == near({"ada": 3.726, "bob": 3.776})
    assert graded.totals() == near(totals)
    assert "Late: 0.41 of 4.14 points are taken; handed in 2026-12-01 09:00 UTC" in (
        graded.results / "ada.md"
    ).read_text(encoding="utf-8")

    # And out: the same numbers wherever they go.
    parts = {
        "ada": dict.fromkeys(PARTS, BY_CHECKS) | {"1a": 0.04, "2a": 0.5},
        "bob": dict.fromkeys(PARTS, 0.48) | {"3a": 0.45 - 0.08 + 0.03},
        "cem": dict.fromkeys(PARTS, 0.0),
        "dora": dict.fromkeys(PARTS, 0.0),
    }
    for row in table(graded.results / "grades.csv"):
        student = row["student"]
        assert {part: float(row[part]) for part in PARTS} == near(parts[student])
    _exports_agree(graded, totals, parts, {"ada": ada_late, "bob": bob_late})
    graded.grade()
    assert graded.totals() == near(totals)


def _exports_agree(
    graded: Class,
    totals: dict[str, float],
    parts: dict[str, dict[str, float]],
    late: dict[str, float],
) -> None:
    for form in ("canvas", "moodle", "csv", "parquet", "gradescope", "github"):
        parts_too = ["--parts"] * (form in ("canvas", "moodle"))
        graded.run("export", graded.results, "--to", form, *parts_too)
    title = load_rubric(graded.assignment.rubric_file).title
    titles = {part.id: part.title for part in load_rubric(graded.assignment.rubric_file).parts()}
    _, *rows = table(graded.results / "canvas.csv")
    for row in rows:
        student = row["SIS Login ID"]
        points = {part: float(row[f"rnn {part} {titles[part]}"]) for part in PARTS}
        assert points == near(parts[student])
        assert float(row["rnn late"]) == near(-late.get(student, 0))
    for row in table(graded.results / "moodle.csv"):
        assert float(row[title]) == near(totals[row["Username"]])
    graded.run("export", graded.results, "--to", "canvas")
    _, *rows = table(graded.results / "canvas.csv")
    assert {row["SIS Login ID"]: float(row[title]) for row in rows} == near(totals)
    criteria = table(graded.results / "criteria.csv")
    assert {row["student"]: float(row["score"]) for row in criteria} == near(totals)
    for row in criteria:
        numbers = [float(value) for name, value in row.items() if re.match(r"\d", name) and value]
        assert sum(numbers) - float(row["late penalty"]) == near(totals[row["student"]])
    rows = pyarrow.parquet.read_table(graded.results / "criteria.parquet").to_pylist()
    assert {row["student"]: row["score"] for row in rows} == near(totals)
    for student, total in totals.items():
        result = json.loads((graded.results / "gradescope" / f"{student}.json").read_text())
        assert result["score"] == near(total)
        tests = {test["number"]: test["score"] for test in result["tests"]}
        assert sum(tests.values()) - late.get(student, 0) == near(total)
        result = json.loads((graded.results / "github" / f"{student}.json").read_text())
        scores = [test["score"] for step in result.values() for test in step["tests"]]
        assert sum(scores) == near(total)


def _lines(text: str) -> str:
    return " ".join(text.split())


OVERRIDE = """\
# By the head TA.
- student: bob
  criterion: 3a.loss
  points: 0.05
  reason: a slip
  who: R. Head
"""
OVERRIDE_PART = OVERRIDE.replace("criterion: 3a.loss", "part: 3a").replace("0.05", "0.2")
OVERRIDE_TOTAL = """\
# changed on appeal
- student: bob
  total: 4.2
  reason: an oral exam
  who: R. Head
"""


LATE = Late(due="2026-11-30T23:59+00:00", grace_minutes=15, per_day=0.1, at_most=0.25)


@pytest.fixture
def strict(rubric: Rubric) -> Rubric:
    """With a tenth for a reader, and late work."""
    return msgspec.structs.replace(rubric, written_share=0.1, late=LATE)


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("overrides.yaml", OVERRIDE.replace("bob", "bop"), "line 2: .* no student 'bop'; did you"),
        (
            "overrides.yaml",
            OVERRIDE.replace("3a.loss", "3a.los"),
            "line 3: .* mean 3a.loss",
        ),
        ("overrides.yaml", OVERRIDE.replace("0.05", "0.5"), "line 4: 0.5 points, where 3a.loss"),
        ("overrides.yaml", OVERRIDE.replace("0.05", "-1"), "line 4: "),
        ("overrides.yaml", OVERRIDE.replace("0.05", ".nan"), "line 4: "),
        ("overrides.yaml", OVERRIDE.replace("a slip", '" "'), "line 5: a reason is missing"),
        (
            "overrides.yaml",
            OVERRIDE.replace("  reason: a slip\n", ""),
            "line 2: a reason is missing",
        ),
        ("overrides.yaml", OVERRIDE.replace("who: R. Head", "who:"), "line 6: `who` is missing"),
        ("overrides.yaml", OVERRIDE.replace("  points: 0.05\n", ""), "line 2: the points are miss"),
        (
            "overrides.yaml",
            OVERRIDE.replace("  criterion: 3a.loss\n", ""),
            "line 2: say what is set",
        ),
        ("overrides.yaml", OVERRIDE + "  total: 4\n", "line 2: say what is set"),
        ("overrides.yaml", OVERRIDE_PART.replace("0.2", "0.46"), "line 4: .* 3a is worth 0.45"),
        ("overrides.yaml", OVERRIDE_PART.replace("3a", "3x"), "line 3: .* no part '3x'"),
        ("overrides.yaml", OVERRIDE_PART + OVERRIDE_PART, "line 9: 3a of bob .* second time"),
        ("overrides.yaml", OVERRIDE_TOTAL.replace("4.2", "5.2"), "line 3: .* total is worth 5"),
        ("overrides.yaml", OVERRIDE_TOTAL + "  points: 4\n", "line 6: .* beside the total"),
        ("overrides.yaml", OVERRIDE_TOTAL + OVERRIDE_TOTAL, "line 8: the total of bob .* second"),
        ("overrides.yaml", OVERRIDE + "  whom: x\n", "line 7: unknown key `whom`"),
        ("overrides.yaml", OVERRIDE + OVERRIDE, "line 9: 3a.loss of bob .* second time"),
        ("overrides.yaml", "- [", "line 1: not YAML"),
        ("written.csv", "student,part,points\nbop,1a,0\n", "line 2: .* no student 'bop'"),
        ("written.csv", "student,part,points\nbob,1x,0\n", "line 2: .* no part '1x'"),
        ("written.csv", "student,part,points\nbob,1a,0.06\n", "line 2: 0.06 points, .* 0.05"),
        ("written.csv", "student,part,points\n\nbob,1a,x\n", "line 3: 'x' is no number"),
        ("written.csv", "student,part,points\nbob,1a,nan\n", "line 2: 'nan' is no number"),
        ("written.csv", "student,part,points\nbob,1a,0\nbob,1a,0\n", "line 3: .* second time"),
        ("written.csv", "student,points\nbob,0\n", "line 1: .* no part"),
        ("late.csv", "student,days\nbob,1\nbop,1\n", "line 3: .* no student 'bop'"),
        ("late.csv", "student,days\nbob,1\nbob,2\n", "line 3: .* second time"),
        ("late.csv", "student,days\nbob,1.5\n", "line 2: 1.5 days"),
        ("late.csv", "student,time\nbob,tomorrow\n", "line 2: no time"),
        ("late.csv", "student,time\nbob,2026-12-01 10:00\n", "line 2: .* no zone"),
        ("late.csv", "student,days,time\nbob,1,2026-12-01 10:00 UTC\n", "line 2: .* a time"),
        ("gradebook.csv", "student,cell,points\nbob,9z-check,0\n", "line 2: .* no cell 9z-check"),
    ],
)
def test_what_a_person_wrote_wrongly_is_refused_with_its_line(
    strict: Rubric, tmp_path: Path, file: str, text: str, message: str
) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    with pytest.raises(CourseError) as refused:
        Decisions.load(tmp_path, strict, ["ada", "bob"])
    assert re.search(f"{file}, {message}", str(refused.value)), refused.value


@pytest.mark.parametrize(
    ("handed_in", "share"),
    [
        ("", None),
        ("2026-11-30 10:00 UTC", None),
        ("2026-12-01T00:14:00Z", None),
        ("2026-12-01 00:14:00.5 UTC", 0.1),
        ("2026-12-01 00:58:59+01:00", None),
        ("2026-12-01 23:59 UTC", 0.1),
        ("2026-12-01 23:59:01 UTC", 0.2),
        ("2027-12-01 23:59:01 UTC", 0.25),
    ],
)
def test_late_work_loses_a_share_for_each_day_begun_but_not_within_the_grace(
    strict: Rubric, tmp_path: Path, handed_in: str, share: float | None
) -> None:
    late = Decisions.load(tmp_path, strict, ["ada"]).of("ada", handed_in).late
    assert (late.share if late else None) == share
    # A person's word stands above the time.
    (tmp_path / "late.csv").write_text("student,days\nada,0\n")
    assert Decisions.load(tmp_path, strict, ["ada"]).of("ada", handed_in).late is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_form_is_read_as_spreadsheets_save_it(
    strict: Rubric, tmp_path: Path, encoding: str
) -> None:
    text = 'Student;Part;Points;of;Comment\r\nada;1a;0,04;0,05;"Schön; aber\r\nkurz"\r\n;;;;\r\n'
    (tmp_path / "written.csv").write_bytes(text.encode(encoding))
    (only,) = Decisions.load(tmp_path, strict, ["ada"]).of("ada").written.values()
    assert (only.points, only.comment.split()) == (0.04, ["Schön;", "aber", "kurz"])


def test_a_criterion_without_a_check_is_refused_with_its_line(graded: Class) -> None:
    rubric = graded.assignment.rubric_file
    text = rubric.read_text(encoding="utf-8")
    try:
        graded.edit("id: 1a.unigram", "id: 1a.unigrams")
        printed = _lines(graded.run("rescore", graded.results, "--yes", status=2).output)
        line = text[: text.index("id: 1a.unigram")].count("\n") + 1
        assert f"rubric.yaml, line {line}: 1a.unigrams was not checked when ada" in printed
    finally:
        rubric.write_text(text, encoding="utf-8")


def test_those_whose_totals_stay_are_one_line(graded: Class) -> None:
    graded.rescore()
    text = graded.assignment.rubric_file.read_text(encoding="utf-8")
    try:
        graded.edit(
            "title: Gradient of W_x\n            points: 0.1",
            "title: Gradient of W_x\n            points: 0.15",
        )
        graded.edit(
            "title: Gradient of W_h\n            points: 0.1",
            "title: Gradient of W_h\n            points: 0.05",
        )
        printed = graded.run("rescore", graded.results, "--dry-run").output
        assert "0 of 4 students move" in printed
        # Ada and Bob had both criteria right, the others neither.
        assert printed.count("+0") == 1
        assert "2 students" in printed
    finally:
        graded.assignment.rubric_file.write_text(text, encoding="utf-8")


def test_a_new_hint_is_rescored_before_it_is_exported(graded: Class) -> None:
    graded.rescore()
    text = graded.assignment.rubric_file.read_text(encoding="utf-8")
    try:
        graded.edit("hint: With an empty context", "hint: Look, with an empty context")
        printed = graded.run("export", graded.results, "--to", "gradescope", status=2).output
        assert "run `autograder rescore` first" in _lines(printed)
        assert "0 of 4 students move" in graded.rescore()
        graded.run("export", graded.results, "--to", "gradescope")
        printed = (graded.results / "gradescope" / "dora.json").read_text(encoding="utf-8")
        assert "Hint: Look, with" in printed
    finally:
        graded.assignment.rubric_file.write_text(text, encoding="utf-8")


def test_a_folder_that_a_run_is_writing_is_refused(graded: Class) -> None:
    with locked(graded.results):
        for words in (("rescore", "--dry-run"), ("export", "--to", "csv")):
            printed = graded.run(words[0], graded.results, *words[1:], status=2).output
            assert "another run is writing its results there" in _lines(printed)


def test_a_file_that_cannot_be_written_is_named(graded: Class, tmp_path: Path) -> None:
    graded.rescore()
    (tmp_path / "file").write_text("")
    for words in (
        ("export", graded.results, "--to", "csv", "--out", tmp_path / "file" / "marks.csv"),
        (
            "grade",
            graded.assignment.course.root / "submitted",
            "--out",
            tmp_path / "file" / "results",
        ),
        ("package", "gradescope", "--out", tmp_path / "file" / "rnn.zip"),
    ):
        printed = graded.run(words[0], *words[1:], status=2).output
        assert printed.startswith(f"autograder: {tmp_path / 'file'}")
        assert len(printed.splitlines()) == 1


def test_a_file_that_is_no_students_is_named(graded: Class, tmp_path: Path) -> None:
    printed = graded.run("rescore", tmp_path, status=2).output
    assert "holds no results" in _lines(printed)
    assert not list(tmp_path.iterdir())
    (tmp_path / "results.json").write_text("{}")
    printed = graded.run("rescore", tmp_path, status=2).output
    assert "results.json: not what `autograder grade` writes" in _lines(printed)


def test_marking_again_without_a_change_changes_no_byte(graded: Class) -> None:
    graded.rescore()
    before = {path.name: path.read_bytes() for path in graded.results.iterdir() if path.is_file()}
    assert "0 of 4 students move" in graded.rescore()
    graded.grade()
    assert before == {
        path.name: path.read_bytes() for path in graded.results.iterdir() if path.is_file()
    }


def test_the_sheet_shows_answers_as_text_and_keeps_what_was_filled_in(graded: Class) -> None:
    graded.run("reading", graded.results, graded.submissions)
    before = table(graded.results / "written.csv")
    graded.run("reading", graded.results, graded.submissions)
    assert table(graded.results / "written.csv") == before
    sheet = (graded.results / "reading" / "answers.md").read_text(encoding="utf-8")
    assert "\n    Bob's own words\n" in sheet
    assert "\n*Half:* One of the two: what a longer" in sheet
    assert "\n*Model answer:*\n\n> Without context the best guess" in sheet
    assert "\n# Own heading" not in sheet
    assert "<script" not in markdown2html(sheet)


@pytest.mark.parametrize(
    ("origin", "handed_in", "share"),
    [
        # Canvas does not say how late, so a day has begun.
        (Origin("canvas", late=True), "", 0.1),
        (Origin("canvas", late=False), "", None),
        # A platform knows who was given more time: its word stands above the time.
        (Origin("gradescope", late=False), "2027-01-01 10:00 UTC", None),
        (Origin("gradescope", late=True, late_seconds=14 * 60), "2027-01-01 10:00 UTC", None),
        (Origin("gradescope", late=True, late_seconds=86_400), "", 0.1),
        (Origin("moodle", late=True, late_seconds=86_401), "", 0.2),
        (Origin("gradescope"), "2026-12-01 10:00 UTC", 0.1),
    ],
)
def test_what_a_platform_says_of_being_late_is_used(
    strict: Rubric, tmp_path: Path, origin: Origin, handed_in: str, share: float | None
) -> None:
    late = Decisions.load(tmp_path, strict, ["ada"]).of("ada", handed_in, origin).late
    assert (late.share if late else None) == share
    # And a person's above both.
    (tmp_path / "late.csv").write_text("student,days\nada,0\n")
    assert Decisions.load(tmp_path, strict, ["ada"]).of("ada", handed_in, origin).late is None
    (tmp_path / "late.csv").write_text("student,time\nada,2026-12-01 10:00 UTC\n")
    given = Decisions.load(tmp_path, strict, ["ada"]).of("ada", handed_in, origin).late
    assert given is not None
    assert given.share == 0.1
