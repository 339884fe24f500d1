"""Text by a stranger, made fit to be read: in one line, printable, and short."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograder.submissions.text import CUT, MAX_TEXT, printable, printable_lines

ANY = st.text(
    st.characters(exclude_categories=[]) | st.sampled_from("\x1b\u202e\u200b\u2028\n\t\x00")
)


@example("a" + "\u0301" * 50, 40)
@given(ANY, st.integers(2, 40))
def test_it_is_one_short_line_that_can_be_seen(text: str, length: int) -> None:
    shown = printable(text, length)
    assert shown.isprintable()
    assert len(shown) == min(len(text), length)
    assert shown.endswith(CUT) or len(text) <= length
    assert printable(shown, length) == shown
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rnn_forward(x) = 'é' 語 🙂", "rnn_forward(x) = 'é' 語 🙂"),
        ("a\nb\r\nc\td\u2028e\u2029f\u00a0g", "a b  c d e f g"),
        ("\x1b[31m\x00\x7f\x9b", "\ufffd[31m\ufffd\ufffd\ufffd"),
        ("gnp.\u202eexe \u2066x\u2069 \u061c", "gnp.\ufffdexe \ufffdx\ufffd \ufffd"),
        ("a\u200bb\u200dc\ufeffd\u00ade\u2060f", "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf"),
        ("\u3164\u115f\u2800\ufe0f\U000e0101", "\ufffd" * 5),
        ("\ud800", "\ufffd"),
        ("e\u0301", "e\u0301"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 4 + "\ufffd" * 5),
    ],
)
def test_what_cannot_be_seen_is_marked(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_message_is_cut_and_says_so() -> None:
    assert printable("x" * 10**6) == "x" * (MAX_TEXT - 1) + CUT
    assert printable("x" * MAX_TEXT) == "x" * MAX_TEXT


@given(ANY, st.integers(2, 40))
def test_lines_stay_lines(text: str, length: int) -> None:
    shown = printable_lines(text, length)
    assert len(shown) <= length
    assert all(line.isprintable() for line in shown.split("\n"))
    assert printable_lines(shown, length) == shown
    whole = printable_lines(text, 10**6)
    assert whole.count("\n") == text.replace("\r\n", "\n").replace("\r", "\n").count("\n")
    marks = [char for char in whole if unicodedata.category(char) in ("Cf", "Zl", "Zp", "Cs")]
    assert marks == []


def test_code_keeps_its_indentation() -> None:
    assert printable_lines("def f():\r\n\treturn 1\n", 100) == "def f():\n        return 1\n"
