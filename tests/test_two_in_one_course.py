"""Both homeworks in one course: in nbgrader, in formgrader, in a browser, and on Gradescope."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from autograder.course.folders import Assignment
from tests import gradescope
from tests.nbgrader_course import (
    cell,
    gradebook,
    hand_in,
    make_course,
    nbgrader,
    released,
    solved,
)

pytest.importorskip("playwright")
from playwright.sync_api import Browser, Locator, expect

from tests.nbgrader_browser import CHROMIUM, window

ROOT = Path(__file__).parent.parent
GATES_CLASS = ROOT / "tests" / "sample_class_gates"
# Ada forgets the bias of the cell in the first (0.3), and to scale by what is kept in the second.
FORGOTTEN = {"rnn": ("2a-stub", " + b_h", "", 0.3), "gates": ("3c-stub", " / (1 - p)", "", 0.25)}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assignment]:
    """A course in which ada has handed in both, and bob as much as nothing; graded by nbgrader."""
    first = make_course(tmp_path_factory.mktemp("both"), without="nothing")
    course = first.course
    both = {name: course.assignment(name) for name in FORGOTTEN}
    for name, assignment in both.items():
        assert nbgrader(course.root, "generate_assignment", name) == 0
        ada = solved(assignment)
        where, line, instead, _ = FORGOTTEN[name]
        assert line in cell(ada, where).source
        cell(ada, where).source = cell(ada, where).source.replace(line, instead)
        hand_in(assignment, "ada", ada, name)
        hand_in(assignment, "bob", released(assignment), name)
    for name in both:
        assert nbgrader(course.root, "autograde", name) == 0
        assert nbgrader(course.root, "generate_feedback", name) == 0
    return both


def test_nbgrader_keeps_the_marks_of_both(both: dict[str, Assignment]) -> None:
    with gradebook(both["rnn"].course.root) as book:
        for name, (*_, lost) in FORGOTTEN.items():
            assert book.find_submission(name, "ada").score == pytest.approx(5 - lost)
            assert book.find_submission(name, "bob").score == 0
        assert {student.id for student in book.students} == {"ada", "bob"}
        assert book.find_student("ada").score == pytest.approx(
            10 - sum(lost for *_, lost in FORGOTTEN.values())
        )


def test_feedback_is_of_the_right_homework(both: dict[str, Assignment]) -> None:
    root = both["rnn"].course.root
    pages = {
        name: (root / "feedback" / "ada" / name / f"{name}.html").read_text() for name in FORGOTTEN
    }
    assert "The next hidden state: 0.00 of 0.30" in pages["rnn"]
    assert ">2a The cell: checks</a>" in pages["rnn"]
    assert ">2a The cell: comment on the stub</a>" in pages["rnn"]
    assert ">3c Dropout: checks</a>" in pages["gates"]
    assert ">Test cell</a>" not in pages["rnn"] + pages["gates"]
    assert "The next hidden state" not in pages["gates"]
    assert "dropout" in pages["gates"]
    assert "dropout_backward" not in pages["rnn"]


@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
def test_formgrader_shows_both(both: dict[str, Assignment], chromium: Browser) -> None:
    root = both["rnn"].course.root
    with window(chromium, root, root.parent) as opened:
        page = opened.page
        rows = page.locator("tbody tr")

        def row(name: str) -> Locator:
            return rows.filter(has=page.get_by_role("link", name=name, exact=True))

        opened.go("formgrader/manage_assignments")
        expect(rows).to_have_count(2)
        for name in both:
            expect(row(name)).to_contain_text("2")
        opened.picture("both-1-assignments")
        for name, (*_, lost) in FORGOTTEN.items():
            opened.go(f"formgrader/manage_submissions/{name}")
            expect(rows.filter(has_text="ada")).to_contain_text(f"{5 - lost:g} / 5")
            opened.picture(f"both-2-{name}")
        opened.go("formgrader/manage_students/ada")
        for name, (*_, lost) in FORGOTTEN.items():
            expect(row(name)).to_contain_text(f"{5 - lost:g} / 5")
        opened.picture("both-3-ada")


@pytest.fixture
def unpacked(both: dict[str, Assignment]) -> Iterator[Path]:
    with gradescope.unpacked(both["gates"], isolation=None) as root:
        yield root


def test_gradescope_grades_the_second_homework(unpacked: Path) -> None:
    """With the second homework's data, and nothing of the first."""
    packed = [str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()]
    assert not [path for path in packed if re.search(r"solutions/rnn|rnn_check", path)]
    expected = yaml.safe_load((GATES_CLASS / "expected.yaml").read_text())
    for name in ("maria-gonzalez.ipynb", "tim-oconnor.ipynb"):
        for old in (unpacked / "submission").iterdir():
            old.unlink()
        shutil.copy(GATES_CLASS / "submissions" / name, unpacked / "submission" / name)
        gradescope.run(unpacked)
        assert gradescope.results(unpacked)["score"] == pytest.approx(expected[name]["total"])
