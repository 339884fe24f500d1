"""Reports say what the marks say, whatever a student's name, file or errors hold."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from autograder.course.rubric import Rubric
from autograder.examples.example import Example
from autograder.exporting.results import github_result, gradescope_results
from autograder.marking.marks import Marks, mark
from autograder.marking.requests import requests_in
from autograder.nbgrader.comments import write_marks
from autograder.reports.files import write_grades, write_student
from autograder.reports.markdown import INVISIBLE, how_to_ask, student_markdown
from autograder.reports.mistakes import points
from autograder.reports.pages.class_page import write_class_page
from autograder.reports.pages.student import student_page
from autograder.reports.terminal import MOST_LINES, print_class, print_marks
from autograder.results.rows import row
from autograder.results.stored import stored_evidence
from autograder.results.writing import write_whole
from autograder.session.loading import CellTrouble
from autograder.submissions.finding import Origin, student_id
from autograder.submissions.released import UNTOUCHED
from autograder.submissions.text import printable
from autograder.suite.evidence import CheckEvidence, Evidence, Seen

HOSTILE = "<b>*x*</b> [a](http://b) ![c](d) | _e_ __init__ ~~f~~ # &amp; \\ $g$ [red]h[/red]"


# What the page itself is made of.
PLAIN_TAGS = {
    f"{end}{tag}" for end in ("", "/") for tag in ("h1", "h2", "h3", "p", "ul", "li", "pre", "code")
}
PLAIN_TAGS |= {"strong", "/strong"}


def evidence(rubric: Rubric, student: str = "ada", text: str = "", **changed: Any) -> Evidence:
    """Every second criterion is met, the others are missed for the reason ``text``."""
    outcomes = (Seen("passed", 1.0), Seen("failed", 0.0, f"Wrong: {text}", "hidden 4711"))
    checks = (
        CheckEvidence(f"test_{number}", criterion.id, False, outcomes[number % 2], item)
        for number, criterion in enumerate(rubric.criteria())
        for item in criterion.items or (None,)
    )
    plain: dict[str, Any] = {
        "student": student,
        "file": f"{student}.ipynb",
        "assignment": "rnn",
        "format": "notebook",
        "sha256": "0" * 64,
        "status": "graded",
        "isolation": "isolated",
        "reason": "",
        "cells": (),
        "checks": tuple(checks),
    }
    return Evidence(**plain | changed)


def text_of(rendered: str) -> str:
    """What a reader sees of a page."""
    return html.unescape(re.sub(r"<[^>]*>", "", rendered))


def render(markdown: str) -> str:
    rendered: str = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown)
    return rendered


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# -- CSV --------------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_student_and_a_column_for_each_part(
    tmp_path: Path, rubric: Rubric
) -> None:
    one, none = evidence(rubric, "bob"), evidence(rubric, "Ada, L", checks=())
    marks = {each.student: mark(each, rubric) for each in (one, none)}
    path = write_grades(tmp_path, [row(each, marks[each.student]) for each in (one, none)], rubric)
    assert path == tmp_path / "grades.csv"
    rows = table(path)
    assert [each["student"] for each in rows] == ["Ada, L", "bob"]
    assert list(rows[0]) == ["student", "status", "total", *(part.id for part in rubric.parts())]
    for each in rows:
        own = marks[each["student"]]
        assert float(each["total"]) == own.score
        assert {p: float(each[p]) for p in own.parts} == {p: m.score for p, m in own.parts.items()}
    assert float(rows[0]["total"]) == 0 < float(rows[1]["total"])


@given(st.text(min_size=1))
def test_no_student_id_is_a_formula_or_breaks_the_table(
    tmp_path_factory: pytest.TempPathFactory, rubric: Rubric, name: str
) -> None:
    one = evidence(rubric, student_id(name))
    folder = tmp_path_factory.mktemp("grades")
    write_student(folder, one, mark(one, rubric), rubric, "digest", {})
    (only,) = table(write_grades(folder, [row(one, mark(one, rubric))], rubric))
    assert only["student"] == one.student
    assert only["student"][0] not in "=+-@\t\r"


def test_what_is_missed_is_not_ticked_where_a_reader_has_all_the_points(rubric: Rubric) -> None:
    all_written = msgspec.structs.replace(rubric, written_share=1.0)
    one = evidence(all_written)
    text = student_markdown(one, mark(one, all_written), all_written)
    assert "✓ Unigram frequencies: 0.00 of 0.00" in text
    assert "✗ Frequencies after a context: 0.00 of 0.00" in text


# -- JSON -------------------------------------------------------------------------------------


def test_a_student_s_json_holds_the_marks_and_the_evidence(tmp_path: Path, rubric: Rubric) -> None:
    one = evidence(rubric, text=HOSTILE, cells=(CellTrouble("cell 1", HOSTILE),))
    marks = mark(one, rubric)
    write_student(tmp_path, one, marks, rubric, "digest", {})
    document = json.loads((tmp_path / "ada.json").read_bytes())
    assert (document["student"], document["status"]) == ("ada", "graded")
    assert (document["score"], document["max_score"]) == (marks.score, 5)
    assert set(document["parts"]) == {part.id for part in rubric.parts()}
    context = {"score": marks.parts["1a"].score, "max_score": 0.5, "read_again": "1a Context"}
    context |= {"written": None, "by_hand": None}
    assert document["parts"]["1a"] == context
    assert set(document["criteria"]) == {criterion.id for criterion in rubric.criteria()}
    unigram = document["criteria"]["1a.unigram"]
    assert (unigram["score"], unigram["max_score"], unigram["message"]) == (0.1, 0.1, "Met.")
    assert document["criteria"]["1a.context"]["message"] == f"Wrong: {HOSTILE}"
    assert msgspec.convert(document["evidence"], Evidence) == one
    assert msgspec.convert(document, Marks) == marks


def test_the_same_marks_give_the_same_files(tmp_path: Path, rubric: Rubric) -> None:
    one = evidence(rubric, text=HOSTILE)
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        write_student(folder, one, mark(one, rubric), rubric, "digest", {})
        write_grades(folder, [row(one, mark(one, rubric))], rubric)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_evidence_is_found_again_only_by_what_it_is_of(tmp_path: Path, rubric: Rubric) -> None:
    one = evidence(rubric, text=HOSTILE)
    write_student(tmp_path, one, mark(one, rubric), rubric, "digest", {})
    assert stored_evidence(tmp_path, "ada", "digest") == one
    assert stored_evidence(tmp_path, "ada", "another") is None
    assert stored_evidence(tmp_path, "bob", "digest") is None
    (tmp_path / "ada.json").write_text((tmp_path / "ada.json").read_text()[:-9])
    assert stored_evidence(tmp_path, "ada", "digest") is None


# -- Markdown ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "reasons", "hints"), [("full", 1, 1), ("hints", 0, 1), ("score", 0, 0)]
)
def test_a_student_reads_what_the_feedback_policy_allows(
    rubric: Rubric, policy: str, reasons: int, hints: int
) -> None:
    own = msgspec.structs.replace(rubric, feedback=policy)
    one = evidence(rubric, text="too small", cells=(CellTrouble("cell 1", "cell 1 broke"),))
    marks = mark(one, own)
    text = student_markdown(one, marks, own)
    missed = list(rubric.criteria())[1::2]
    assert {criterion for mistake in marks.mistakes for criterion in mistake.costs} == {
        criterion.id for criterion in missed
    }
    assert text.count("Wrong: too small") == reasons * len(marks.mistakes)
    assert text.count("cell 1 broke") == reasons
    seen = text_of(render(text))
    for criterion in missed:
        assert seen.count(criterion.hint) == hints
    for criterion in rubric.criteria():
        assert f"{criterion.title}: " in seen
    assert "4711" not in text


@pytest.mark.parametrize(("policy", "shown"), [("full", True), ("hints", False), ("score", False)])
def test_an_example_is_shown_under_the_policy_full_alone(
    rubric: Rubric, policy: str, shown: bool
) -> None:
    own = msgspec.structs.replace(rubric, feedback=policy)
    missed = list(rubric.criteria())[1].id
    call = Example("f", (missed,), ("f(4712)",), "`f(…)`: 4713.", "4714", "4715", 1)
    one = msgspec.structs.replace(evidence(rubric), examples=(call,))
    marks = mark(one, own)
    screen = console()
    print_marks(screen, one, marks, own)
    notebook = nbformat.v4.new_notebook()
    write_marks(notebook, marks, one, own)
    reports = {
        "Markdown": student_markdown(one, marks, own),
        "page": student_page(one, marks, own, {}),
        "nbgrader": notebook.cells[0].source,
        "Gradescope": gradescope_results(one, marks, own)["output"],
        "GitHub": str(github_result(one, marks, own)),
    }
    for name, report in reports.items():
        for what in ("4712", "4713", "4714", "4715"):
            assert (what in report) is shown, (name, what)
    # The terminal is the staff's, and yet says no more than the policy allows.
    assert ("4712" in printed(screen)) is shown


def test_reports_open_with_the_mistakes(rubric: Rubric) -> None:
    one = evidence(rubric, text="too small")
    marks = mark(one, rubric)
    title = next(rubric.criteria()).title
    for report in (student_markdown(one, marks, rubric), student_page(one, marks, rubric, {})):
        assert report.index("Wrong: too small") < report.index(f"{title}")
        assert "solation" not in report
    assert list(json.loads(msgspec.json.encode(marks))).index("mistakes") < list(
        json.loads(msgspec.json.encode(marks))
    ).index("criteria")


def test_the_page_shows_every_score(rubric: Rubric) -> None:
    one = evidence(rubric)
    marks = mark(one, rubric)
    seen = text_of(render(student_markdown(one, marks, rubric)))
    assert f"ada: {marks.score:.2f} of 5.00 points" in seen
    for part in rubric.parts():
        assert f"{part.id} {part.title} ({marks.parts[part.id].score:.2f} of 0.50)" in seen
    assert "from a reader" not in seen
    half = msgspec.structs.replace(rubric, written_share=0.5)
    assert "(and up to 2.50 from a reader)" in student_markdown(one, mark(one, half), half)


def test_the_report_says_why_nothing_could_be_read(rubric: Rubric) -> None:
    one = evidence(rubric, checks=(), status="unreadable", reason=HOSTILE)
    seen = text_of(render(student_markdown(one, mark(one, rubric), rubric)))
    assert HOSTILE in seen.replace(INVISIBLE, "")
    assert "Status: unreadable." in seen


def test_why_nothing_could_be_checked_is_said_once(rubric: Rubric) -> None:
    why = "the file is empty"
    unread = Seen("not run", 0.0, f"Not checked: {why}.")
    checks = tuple(
        CheckEvidence(f"test_{criterion.id}", criterion.id, True, unread, item)
        for criterion in rubric.criteria()
        for item in criterion.items or (None,)
    )
    one = evidence(rubric, checks=checks, status="unreadable", reason=why)
    marks = mark(one, rubric)
    screen = console()
    print_marks(screen, one, marks, rubric)
    for text in (student_markdown(one, marks, rubric), printed(screen)):
        assert text.count(why) == 1
        assert "Hint" not in text
        assert next(rubric.criteria()).hint not in text


@example("__init__() takes 1 positional argument but 2 were given: rnn_forward_, _x, a__b")
@given(st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" \\*_[]()<>&!~|#-")))
def test_text_from_a_student_is_only_read(rubric: Rubric, text: str) -> None:
    text = " ".join(printable(text).replace("`", "'").split())
    own = msgspec.structs.replace(rubric, tasks=rubric.tasks[:1])
    one = evidence(rubric, text=f"{text}.", cells=(CellTrouble("cell 1", f"cell 1: {text}."),))
    rendered = render(student_markdown(one, mark(one, own), own))
    seen = text_of(rendered).replace(INVISIBLE, "")
    assert f"cell 1: {text}." in seen
    assert f"Wrong: {text}." in seen
    assert set(re.findall(r"<(/?\w+)", rendered)) - PLAIN_TAGS == set()
    assert not re.search(r"<\w+\s", rendered)


# -- whole or not at all ----------------------------------------------------------------------


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    with files_of_at_most(10), pytest.raises(OSError, match="large"):
        write_whole(path, b"new" * 10)
    assert list(tmp_path.iterdir()) == []
    write_whole(path, b"old")
    with files_of_at_most(10), pytest.raises(OSError, match="large"):
        write_whole(path, b"new" * 10)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"


# -- the terminal -----------------------------------------------------------------------------


def console() -> Console:
    return Console(file=io.StringIO(), width=200, force_terminal=False)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_terminal_shows_marks_and_takes_no_markup_from_a_student(rubric: Rubric) -> None:
    trouble = CellTrouble("cell 1", f"cell 1: {HOSTILE}")
    hostile: dict[str, Any] = {"file": HOSTILE, "cells": (trouble,), "reason": f"R: {HOSTILE}"}
    one = evidence(rubric, "[red]ada[/red]", text=HOSTILE, **hostile)
    marks = mark(one, rubric)
    screen = console()
    print_marks(screen, one, marks, rubric)
    texts = [f"[red]ada[/red]: {HOSTILE}", f"R: {HOSTILE}", trouble.message, f"Wrong: {HOSTILE}"]
    texts += [f"{marks.score:.2f} of 5.00 points", *(each.id for each in rubric.criteria())]
    assert [text for text in texts if text not in printed(screen)] == []
    screen = console()
    print_class(screen, [row(one, marks)], rubric)
    texts = ["[red]ada[/red]", f"R: {HOSTILE}", f"{marks.score:.2f}"]
    assert [text for text in texts if text not in printed(screen)] == []


def test_of_a_large_class_the_terminal_lists_those_who_need_a_look(rubric: Rubric) -> None:
    graded = [evidence(rubric, f"graded-{number}") for number in range(MOST_LINES)]
    others = [evidence(rubric, "ada", status="unreadable"), evidence(rubric, "bo", reason="two")]
    rows = [row(one, mark(one, rubric)) for one in graded + others]
    screen = console()
    print_class(screen, rows, rubric)
    text = printed(screen)
    assert "graded-" not in text
    assert all(name in text for name in ("ada", "bo", f"{MOST_LINES} were graded"))
    screen = console()
    print_class(screen, rows[:MOST_LINES], rubric)
    assert all(one.student in printed(screen) for one in graded)


def test_why_a_file_has_problems_is_said_with_all_that_is_known(rubric: Rubric) -> None:
    cells = (CellTrouble("cell 2", "KeyError in cell 2, line 1: 'x'."),)
    one = evidence(rubric, status="graded with problems", reason="named .ipynb", cells=cells)
    assert row(one, mark(one, rubric)).reason == "named .ipynb; KeyError in cell 2, line 1: 'x'"
    many = msgspec.structs.replace(one, reason="", cells=cells * 3)
    words = "KeyError in cell 2, line 1: 'x', and 2 more cells did not run to the end"
    assert row(many, mark(many, rubric)).reason == words


def test_every_mark_can_be_read_in_a_narrow_terminal(rubric: Rubric) -> None:
    one = evidence(rubric, "lovelace_ada_LATE_5514_9981", status="unreadable")
    seen = row(one, mark(one, rubric))
    screen = Console(file=io.StringIO(), width=80, force_terminal=False)
    print_class(screen, [seen], rubric)
    heading, line = (each for each in printed(screen).splitlines() if each[1:3] in ("st", "lo"))
    parts = [part.id for part in rubric.parts()]
    assert heading.split() == ["student", "total", *parts, "status"]
    name, total, *points, status = line.split()
    assert name.startswith("lovelace_ada")
    assert name.endswith("…")
    assert (float(total), status) == (round(seen.total, 2), "unreadable")
    assert [float(each) for each in points] == [round(seen.parts[part], 2) for part in parts]


# -- names beside ids -------------------------------------------------------------------------


def test_people_see_the_name_and_the_id_and_pseudonyms_hide_both(
    tmp_path: Path, rubric: Rubric
) -> None:
    hostile = "=cmd <b>Ada</b> Lovelace"
    one = evidence(rubric, "12345")
    marks = mark(one, rubric)
    origin = Origin("canvas", hostile, "12345", "lovelaceada_12345_678901_rnn.ipynb")
    write_student(tmp_path, one, marks, rubric, "digest", {}, "", origin)
    rows = [row(one, marks, hostile)]
    with write_grades(tmp_path, rows, rubric).open(newline="", encoding="utf-8") as file:
        (line,) = csv.DictReader(file)
    assert (line["student"], line["name"]) == ("12345", f"'{hostile}")
    page = (tmp_path / "12345.html").read_text(encoding="utf-8")
    assert "<h1>=cmd &lt;b&gt;Ada&lt;/b&gt; Lovelace</h1>" in page
    assert "<li>12345</li>" in page
    shown = write_class_page(tmp_path, rows, rubric).read_text(encoding="utf-8")
    assert "=cmd &lt;b&gt;Ada&lt;/b&gt; Lovelace (12345)</a>" in shown
    hidden = write_class_page(tmp_path, rows, rubric, b"secret").read_text(encoding="utf-8")
    assert "Lovelace" not in hidden
    assert "12345" not in hidden


@pytest.mark.parametrize(
    ("score", "shown"),
    [(0.25, "0.25"), (0.125, "0.125"), (1 / 12, "0.08"), (0.1 + 0.2, "0.30"), (5 - 1e-12, "5.00")],
)
def test_points_of_half_a_hundredth_have_a_third_digit(score: float, shown: str) -> None:
    assert points(score) == shown


def test_the_lines_to_ask_with_are_a_request_as_they_are() -> None:
    text = "\n".join(how_to_ask("small", "ada")).replace("as marked", "0.5")
    (asked,) = requests_in(text)
    assert (asked.assignment, asked.student, asked.points) == ("small", "ada", 0.5)
    assert asked.reason == "why"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"reason": UNTOUCHED}, ("nothing was filled in",)),
        ({"reason": "of several files a.py was graded; the others were: b.py"}, ("several files",)),
        ({"checks": ()}, ("no function is written",)),
        ({"another": "gates", "checks": ()}, ("looks like the homework gates",)),
    ],
)
def test_what_a_person_should_look_at_is_listed(
    rubric: Rubric, changed: dict[str, Any], why: tuple[str, ...]
) -> None:
    one = evidence(rubric, **changed)
    assert row(one, mark(one, rubric)).needs_a_person == why


def test_a_zero_for_functions_that_are_there_is_listed(rubric: Rubric) -> None:
    wrong = Seen("failed", 0.0, "It is wrong.")
    checks = [
        msgspec.structs.replace(one, submitted=wrong, stub="f") for one in evidence(rubric).checks
    ]
    one = evidence(rubric, checks=tuple(checks))
    assert row(one, mark(one, rubric)).needs_a_person == ("0 points, though there is code",)


def test_a_syntax_error_that_costs_points_is_listed(rubric: Rubric) -> None:
    lost = Seen("failed", 0.0, "`f` is not defined, because SyntaxError in cell 2, line 5: bad.")
    whole = evidence(rubric)
    met = Seen("passed", 1.0)
    checks = [msgspec.structs.replace(one, submitted=met) for one in whole.checks]
    one = evidence(rubric, checks=(msgspec.structs.replace(checks[0], submitted=lost), *checks[1:]))
    (why,) = row(one, mark(one, rubric)).needs_a_person
    assert why.startswith("a syntax error costs 0.")


def test_a_file_s_name_is_beside_an_id_that_differs_from_it(rubric: Rubric) -> None:
    changed = student_id("rnn (1)")
    one = evidence(rubric, changed, file="rnn (1).ipynb")
    assert row(one, mark(one, rubric)).shown == f"rnn (1).ipynb ({changed})"
    assert row(one, mark(one, rubric), "Ada").shown == f"Ada ({changed})"
    other = evidence(rubric, "ada", file="rnn.ipynb")
    assert row(other, mark(other, rubric)).shown == "ada"


def test_what_a_student_should_do_is_not_said_to_staff(rubric: Rubric) -> None:
    reason = "the file is empty; hand in the file that holds your work"
    one = evidence(rubric, status="unreadable", reason=reason, checks=())
    assert row(one, mark(one, rubric)).reason == "the file is empty"
    assert "hand in the file" in student_markdown(one, mark(one, rubric), rubric)
