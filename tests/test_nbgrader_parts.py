"""What a page of nbgrader's, or a spreadsheet, must not make of a student's words."""

from __future__ import annotations

import pytest
from nbconvert.filters import markdown2html

from autograder.exporting.tables import cell
from autograder.nbgrader.showing import harmless

HARMFUL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<b onclick=alert(1)>x</b>",
    "a <ScRiPt>alert(1)</sCrIpT>",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html,hello)",
    "![x](javascript:alert(1))",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "<javascript:alert(1)>",
    "<!-- --><iframe src=//example.org>",
]


@pytest.mark.parametrize("text", HARMFUL)
def test_no_answer_runs_in_the_instructors_browser(text: str) -> None:
    page = markdown2html(harmless(text)).lower()
    for what in ("<script", "<img", "<b ", "<svg", "<iframe", "<!--", 'href="', 'src="'):
        assert what not in page


@pytest.mark.parametrize(
    "text",
    [
        "A **bold** answer with `code`, $h_t < 1$ and a [link](https://example.org/x).",
        "- a list\n- of two\n\n| a | table |\n|---|---|\n| 1 | 2 |",
        "H<sub>2</sub>O, x<sup>2</sup>, a<br>b",
        "if a < b and b > c:",
    ],
)
def test_an_ordinary_answer_looks_as_written(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_text_in_a_table_is_no_formula(start: str) -> None:
    formula = f"{start}cmd|' /C calc'!A0"
    assert cell(formula) == f"'{formula}"
    # What is taken away before a text, and where a semicolon ends a cell.
    for before in ("\t", "\r", "\n", " "):
        assert cell(f"{before}{formula}").startswith("'")
    assert cell(f"a;{formula}") == f"a;'{formula}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.1 + 0.2, "0.3"), (5.0, "5"), (1 / 3, "0.333333333"), (-0.05, "-0.05"), (-1e-12, "0")],
)
def test_numbers_are_exact_and_stay_numbers(value: float, shown: str) -> None:
    assert cell(value) == shown
    assert cell(None) == ""
    assert cell("ada") == "ada"
