"""From release to returned feedback, with nbgrader's own commands, exchange and database."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli import main
from autograder.course.folders import Assignment
from autograder.course.rubric import load_rubric
from autograder.nbgrader.batch import RESULTS
from autograder.release import find_drift
from autograder.release.leaks import collect_secrets, leaks_in
from autograder.results.stored import stored_document
from tests.nbgrader_course import (
    EXACT,
    Notebook,
    cell,
    gradebook,
    make_course,
    make_student,
    nbgrader,
    released,
    solved,
)

PARTS = ("1a", "1b", "2a", "2b", "2c", "3a", "3b", "3c", "4a", "4b")
# A fifth of each half point is the reader's. Ada forgets a bias: 2a.cell, 0.3 times 0.8.
BY_CHECKS = dict.fromkeys(PARTS, 0.4) | {"2a": 0.16}
BY_READER = dict(zip(PARTS, (0.1, 0, 0.05, 0.1, 0.1, 0.025, 0.1, 0, 0.1, 0.075), strict=True))
ADA, BOB = 4.41, 0.0


@dataclass
class Term:
    """A course at the end of its term: ``term`` says what was done in it."""

    assignment: Assignment
    students: dict[str, Path]
    bob_at_first: float


def _work(home: Path, notebook: Notebook) -> None:
    (home / "rnn" / "rnn.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def _total(assignment: Assignment, student: str) -> float:
    with gradebook(assignment.course.root) as book:
        return float(book.find_submission("rnn", student).score)


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Term:
    folder = tmp_path_factory.mktemp("term")
    assignment = make_course(folder, written_share=0.2)
    students = {name: make_student(folder, name) for name in ("ada", "bob")}

    def instructor(*words: str) -> None:
        assert nbgrader(assignment.course.root, *words) == 0, words

    def student(name: str, *words: str) -> None:
        assert nbgrader(students[name], *words, f"--student={name}") == 0, words

    instructor("generate_assignment", "rnn")
    instructor("release_assignment", "rnn")
    for name in students:
        student(name, "fetch_assignment", "rnn")
    ada = solved(assignment)
    stub = cell(ada, "2a-stub")
    assert " + b_h" in stub.source
    stub.source = stub.source.replace(" + b_h", "")
    cell(ada, "1b-written").source += "\n\n<script>alert(1)</script> [x](javascript:alert(2))"
    _work(students["ada"], ada)
    _work(students["bob"], solved(assignment))
    for name in students:
        student(name, "submit", "rnn")
    instructor("collect", "rnn")
    instructor("autograde", "rnn")
    at_first = _total(assignment, "bob")
    _work(students["bob"], released(assignment))
    student("bob", "submit", "rnn")
    instructor("collect", "rnn", "--update")
    instructor("autograde", "rnn")
    with gradebook(assignment.course.root) as book:
        assert {
            name for name in students if book.find_submission("rnn", name).needs_manual_grade
        } == {"ada"}
        for part, points in BY_READER.items():
            grade = book.find_grade(f"{part}-written", "rnn", "rnn", "ada")
            grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment("1b-written", "rnn", "rnn", "ada").manual_comment = "Not an answer."
        book.db.commit()
    instructor("generate_feedback", "rnn")
    instructor("release_feedback", "rnn")
    for name in students:
        student(name, "fetch_feedback", "rnn")
    return Term(assignment, students, at_first)


def test_nbgrader_releases_what_is_checked_in(term: Term) -> None:
    assert find_drift(term.assignment) == []
    names = {"rnn.ipynb", "rnn.py", "rnn_experiments.py", "README.md", "requirements.txt", "data"}
    assert names <= {path.name for path in (term.students["ada"] / "rnn").iterdir()}


def test_every_number_in_the_gradebook(term: Term) -> None:
    with gradebook(term.assignment.course.root) as book:
        ada = {
            grade.name: grade for grade in book.find_submission_notebook("rnn", "rnn", "ada").grades
        }
        for part in PARTS:
            assert ada[f"{part}-check"].auto_score == pytest.approx(BY_CHECKS[part], abs=EXACT)
            assert ada[f"{part}-check"].max_score == pytest.approx(0.4, abs=EXACT)
            assert ada[f"{part}-written"].score == pytest.approx(BY_READER[part], abs=EXACT)
            assert ada[f"{part}-written"].max_score == pytest.approx(0.1, abs=EXACT)
        assert len(ada) == 2 * len(PARTS)
        submission = book.find_submission("rnn", "ada")
        assert submission.score == pytest.approx(ADA, abs=EXACT)
        assert submission.max_score == pytest.approx(5, abs=EXACT)
        assert not submission.needs_manual_grade


def test_a_blank_resubmission_takes_the_old_marks_away(term: Term) -> None:
    assert term.bob_at_first == pytest.approx(4, abs=EXACT)
    with gradebook(term.assignment.course.root) as book:
        submission = book.find_submission("rnn", "bob")
        assert submission.score == BOB
        assert not submission.needs_manual_grade
        assert all(grade.auto_score == 0 for grade in submission.notebooks[0].grades)
        remark = book.find_comment("2a-stub", "rnn", "rnn", "bob").comment
        assert "`softmax` is still to be written" in remark
        assert book.find_comment("2a-written", "rnn", "rnn", "bob").comment == "No response."


def test_the_command_line_gives_the_same(term: Term, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("autograder")
    words = ["grade", "submitted", "--out", str(tmp_path)]
    subprocess.run(
        [program, *words], cwd=term.assignment.course.root, check=True, capture_output=True
    )
    with (tmp_path / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert rows.keys() == term.students.keys()
    with gradebook(term.assignment.course.root) as book:
        for student, row in rows.items():
            for part in PARTS:
                grade = book.find_grade(f"{part}-check", "rnn", "rnn", student)
                assert grade.auto_score == pytest.approx(float(row[part]), abs=EXACT)


def _feedback(term: Term, student: str) -> str:
    pages = list((term.students[student] / "rnn" / "feedback").glob("*/rnn.html"))
    return max(pages, key=lambda page: page.parent.name).read_text(encoding="utf-8")


def _text(page: str) -> str:
    body = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", body)))


def test_feedback_says_what_was_earned_and_why(term: Term) -> None:
    page = _text(_feedback(term, "ada"))
    assert "(Score: 4.41 / 5.0)" in page
    assert "3.76 of 4.00 points by the checks, and up to 1.00 from a reader" in page
    assert "2a The cell: 0.16 of 0.40" in page
    missed = stored_document(term.assignment.course.root / RESULTS / "rnn", "ada").criteria[
        "2a.cell"
    ]
    assert missed.message
    assert f"1. {missed.message.partition('.')[0]}. " in page
    assert f"Hint: {missed.hint}" in page
    assert "The next hidden state: 0.00 of 0.24 (mistake 1)" in page
    assert "Not an answer." in page
    page = _text(_feedback(term, "bob"))
    assert "(Score: 0.0 / 5.0)" in page
    assert "rnn_forward is still to be written" in page


def test_feedback_shows_nothing_of_a_hidden_check(term: Term) -> None:
    secrets = collect_secrets(term.assignment)
    for student in term.students:
        page = _feedback(term, student)
        leaks = leaks_in({"rnn.html": _text(page).encode()}, secrets)
        assert [str(leak) for leak in leaks if "hidden check" in leak.found] == []
        for check in stored_document(
            term.assignment.course.root / RESULTS / "rnn", student
        ).evidence.checks:
            for seen in (check.submitted, check.followed_through):
                if seen and seen.detail and not check.visible:
                    assert seen.detail not in _text(page)


def test_feedback_runs_nothing_of_the_student_s(term: Term) -> None:
    page = _feedback(term, "ada")
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def _export(term: Term, exporter: str) -> list[dict[str, str]]:
    words = [f"--exporter=autograder.nbgrader.exports.{exporter}", "--to=table.csv"]
    assert nbgrader(term.assignment.course.root, "export", *words) == 0
    with (term.assignment.course.root / "table.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _expected(term: Term) -> dict[str, float]:
    titles = {part.id: part.title for part in load_rubric(term.assignment.rubric_file).parts()}
    return {f"rnn {part} {titles[part]}": BY_CHECKS[part] + BY_READER[part] for part in PARTS}


def test_canvas_gets_a_column_for_each_part(term: Term) -> None:
    possible, ada, bob = _export(term, "CanvasExport")
    who = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert list(ada) == [*who, *_expected(term)]
    assert possible["Student"].strip() == "Points Possible"
    for column, points in _expected(term).items():
        assert float(possible[column]) == 0.5
        assert float(ada[column]) == pytest.approx(points, abs=EXACT)
        assert float(bob[column]) == 0
    assert [ada[column] for column in who] == ["ada", "", "", "ada", ""]


def test_moodle_gets_parts_and_total(term: Term) -> None:
    ada, bob = _export(term, "MoodleExport")
    assert (ada["Username"], bob["Username"]) == ("ada", "bob")
    for column, points in _expected(term).items():
        assert float(ada[column]) == pytest.approx(points, abs=EXACT)
    assert float(ada["rnn total"]) == pytest.approx(ADA, abs=EXACT)
    assert float(bob["rnn total"]) == 0


def test_criteria_add_up_to_the_score(term: Term) -> None:
    ada, bob = _export(term, "CriteriaExport")
    for criterion in load_rubric(term.assignment.rubric_file).criteria():
        points = 0 if criterion.id == "2a.cell" else criterion.points * 0.8
        assert float(ada[criterion.id]) == pytest.approx(points, abs=EXACT)
        assert float(bob[criterion.id]) == 0
    for part, points in BY_READER.items():
        assert float(ada[f"{part}.written"]) == pytest.approx(points, abs=EXACT)
    numbers = [float(value) for name, value in ada.items() if re.match(r"\d", name)]
    assert sum(numbers) == pytest.approx(ADA, abs=EXACT)
    assert float(ada["score"]) == pytest.approx(ADA, abs=EXACT)
    assert float(ada["changed by hand"]) == 0


def test_nbgraders_own_export_gives_the_same_score(term: Term) -> None:
    assert nbgrader(term.assignment.course.root, "export", "--to=table.csv") == 0
    with (term.assignment.course.root / "table.csv").open(encoding="utf-8", newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores == pytest.approx({"ada": ADA, "bob": BOB}, abs=EXACT)


def test_a_changed_rubric_marks_again_and_runs_nothing(term: Term) -> None:
    """Without --force, and with no newer submission."""
    rubric = term.assignment.rubric_file.read_text(encoding="utf-8")
    cell, softmax = (
        "title: The next hidden state\n            points: ",
        "over the last axis\n            points: ",
    )
    changed = rubric.replace(f"{cell}0.3", f"{cell}0.2").replace(f"{softmax}0.1", f"{softmax}0.2")
    term.assignment.rubric_file.write_text(changed, encoding="utf-8")
    seen = stored_document(term.assignment.course.root / RESULTS / "rnn", "ada").evidence
    assert nbgrader(term.assignment.course.root, "autograde", "rnn") == 0
    assert stored_document(term.assignment.course.root / RESULTS / "rnn", "ada").evidence == seen
    assert _total(term.assignment, "ada") == pytest.approx(ADA + 0.08, abs=EXACT)
    assert _total(term.assignment, "bob") == BOB


def test_the_results_have_the_gradebook_s_marks_to_the_last_digit(term: Term) -> None:
    """What a reader gave, a check that was set by hand, and a late penalty."""
    with gradebook(term.assignment.course.root) as book:
        before = {part: book.find_grade(f"{part}-check", "rnn", "rnn", "bob") for part in PARTS}
        before["3b"].manual_score, before["4a"].extra_credit = 0.3, 0.1
        book.find_comment("3b-stub", "rnn", "rnn", "bob").manual_comment = "Told me how."
        book.find_submission("rnn", "ada").late_submission_penalty = 0.25
        book.db.commit()
    results = term.assignment.course.root / RESULTS / "rnn"
    assignment = ("--course", str(term.assignment.course.root))
    database = str(term.assignment.course.root / "gradebook.db")
    for words in (["reading", str(results), "--gradebook", database], ["rescore", str(results)]):
        done = CliRunner().invoke(main, [*words, *assignment], input="y\n")
        assert done.exit_code == 0, done.output
    with (results / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    for student in ("ada", "bob"):
        with gradebook(term.assignment.course.root) as book:
            submission = book.find_submission("rnn", student)
            total = submission.score - (submission.late_submission_penalty or 0)
            (notebook,) = submission.notebooks
            parts = dict.fromkeys(PARTS, 0.0)
            for grade in notebook.grades:
                parts[grade.name[:2]] += grade.score
        marks = stored_document(results, student)
        page = (results / f"{student}.html").read_text(encoding="utf-8")
        shown = re.search(r'class="score"><data value="([^"]+)"', page)
        assert shown
        for sentence in (marks.score, float(rows[student]["total"]), float(shown[1])):
            assert sentence == pytest.approx(total, abs=EXACT)
        assert {part: mark.score for part, mark in marks.parts.items()} == pytest.approx(parts)
        assert {part: float(rows[student][part]) for part in PARTS} == pytest.approx(parts)
        assert marks.awaiting_reader == 0
    assert total == pytest.approx(0.4, abs=EXACT)
    assert "Told me how." in page
    with gradebook(term.assignment.course.root) as book:
        assert book.find_grade("3b-check", "rnn", "rnn", "bob").auto_score == 0
    # What people gave is theirs in the gradebook too, when all is graded again.
    assert nbgrader(term.assignment.course.root, "autograde", "rnn", "--force") == 0
    assert _total(term.assignment, "ada") == pytest.approx(ADA + 0.08, abs=EXACT)
    with gradebook(term.assignment.course.root) as book:
        assert book.find_comment("1b-written", "rnn", "rnn", "ada").comment == "Not an answer."
        assert book.find_grade("3b-check", "rnn", "rnn", "bob").auto_score == 0
        auto = book.find_grade("1a-check", "rnn", "rnn", "ada").auto_score
        assert auto == pytest.approx(BY_CHECKS["1a"], abs=EXACT)
        assert book.find_submission("rnn", "bob").score == pytest.approx(0.4, abs=EXACT)


def test_a_file_that_is_no_gradebook_is_reported(term: Term, tmp_path: Path) -> None:
    results = str(term.assignment.course.root / RESULTS / "rnn")
    for content in (b"", b"hello"):
        (tmp_path / "gradebook.db").write_bytes(content)
        words = ["reading", results, "--gradebook", str(tmp_path / "gradebook.db")]
        done = CliRunner().invoke(main, [*words, "--course", str(term.assignment.course.root)])
        assert done.exit_code == 2
        assert "cannot be read as nbgrader's gradebook" in done.output
