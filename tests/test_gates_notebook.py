"""The notebook of gates in a real kernel: nothing stops it as released, and solved it shows what
it says."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from tests.test_notebook import ROOT, executed, figures, texts

RELEASED = ROOT / "assignment" / "gates" / "gates.ipynb"
SOLVED = ROOT / "solutions" / "nbgrader" / "gates" / "gates.ipynb"
FIGURES = 19
FIGURES_OF_CELLS = 9  # drawn without any function of the student


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The cells of the solved notebook, with their outputs."""
    return executed(SOLVED, tmp_path_factory.mktemp("solved"))


@pytest.fixture(scope="module")
def report(solved: list[Any]) -> str:
    return " ".join(texts(solved).values())


def _number(report: str, after: str) -> float:
    found = re.search(re.escape(after) + r" *(-?[\d.]+(?:e-?\d+)?)", report)
    assert found, after
    return float(found[1])


def test_no_stub_stops_the_released_notebook_and_each_is_named(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    cells = executed(RELEASED, tmp_path_factory.mktemp("stubs"))
    for name, text in texts(cells).items():
        if name.endswith("-check"):
            assert "0 of 0." in text
            assert "is still to be written." in text
    report = " ".join(texts(cells).values())
    for missing in (
        "gradient check: not run, part 2b: lstm_cell_backward is still to be written",
        "orthogonal or small random: not run, part 1b: orthogonal",
        "the adding problem: not run, part 4a: CharLSTM",
        "reviews that go on: not run, part 3b: SentimentRNN",
        "dropout between layers: not run, part 3c: dropout",
    ):
        assert missing in report
    assert figures(cells) == FIGURES_OF_CELLS


def test_the_solved_notebook_passes_its_checks_and_draws_every_figure(
    solved: list[Any], report: str
) -> None:
    for name, text in texts(solved).items():
        assert "not run" not in text, name
        if name.endswith("-check"):
            assert "✗" not in text
            assert "·" not in text
    assert figures(solved) == FIGURES
    assert "gradient of the shape (3, 4): agrees" in report
    assert "4.75 of the 4.75 points that can be checked here" in report
    assert "Nothing to mend." in report


def test_open_gates_keep_the_gradient(report: str) -> None:
    left = [
        _number(report, f"{name}: after 20 steps")
        for name in ("RNN", "LSTM, forget bias 0", "LSTM, forget bias 1")
    ]
    assert left[0] < left[1] < left[2] / 100


def test_clipping_stops_the_explosion(report: str) -> None:
    assert _number(report, "clipped to 0.02: at the end a loss of") < 2.5
    assert _number(report, "no clipping: at the end a loss of") > 4.1


def test_gated_networks_solve_the_adding_problem_and_the_plain_one_does_not(
    solved: list[Any],
) -> None:
    [adding] = [text for text in texts(solved).values() if "sequences" in text]
    lstm, rnn, gru = map(float, re.findall(r"error ([\d.]+)", adding)[3:])
    assert max(lstm, gru) <= 0.011 < 0.15 < rnn


def test_order_and_padding_decide_the_reviews(solved: list[Any]) -> None:
    [reviews] = [text for text in texts(solved).values() if "bag of words" in text]
    lengths, padding, bag = map(float, re.findall(r"5 epochs\): ([\d.]+)", reviews))
    assert max(padding, bag) < 0.6 < 0.8 < lengths


def test_the_memory_of_a_unit_counts(report: str) -> None:
    assert _number(report, "open brackets (correlation") > 0.9


def test_reviews_are_balanced_and_half_of_the_pairs_differ_in_order_alone() -> None:
    file = ROOT / "solutions" / "gates" / "handout" / "data" / "reviews.txt"
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(set(lines)) == len(lines) >= 400
    assert Counter(line[:2] for line in lines) == {"+ ": len(lines) // 2, "- ": len(lines) // 2}
    pairs = list(zip(lines[::2], lines[1::2], strict=True))
    assert all(one[0] != other[0] for one, other in pairs)
    words = [[Counter(re.findall(r"\w+", one.lower())) for one in pair] for pair in pairs]
    assert sum(one == other for one, other in words) >= len(pairs) // 2
