"""Formgrader and JupyterLab in a real browser. Screenshots are kept beside the test's course."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.course import Course
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
from playwright.sync_api import Page, expect

from tests.nbgrader_browser import CHROMIUM, browser, jupyter

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")

# By checks: a fifth of each half point is the reader's; the bias in 2a is 0.3 times 0.8.
BY_CHECKS, BY_READER, SUM = 3.76, 0.05, 3.81
SLOW = 30_000  # milliseconds, on a machine with other things to do


@dataclass
class Window:
    """A browser's window that looks at a Jupyter server."""

    page: Page
    address: str
    pictures: Path

    def go(self, path: str) -> None:
        self.page.goto(self.address.format(path=path))

    def picture(self, name: str) -> None:
        self.page.screenshot(path=self.pictures / f"{name}.png")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Two have handed in: ada, who forgot a bias, and bob, who did nothing."""
    course = make_course(tmp_path_factory.mktemp("browser"), written_share=0.2)
    assert nbgrader(course.root, "generate_assignment", "rnn", "--force") == 0
    ada = solved(course)
    cell(ada, "2a-stub").source = cell(ada, "2a-stub").source.replace(" + b_h", "")
    hand_in(course, "ada", ada)
    hand_in(course, "bob", released(course))
    return course


@pytest.fixture(scope="module")
def window(course: Course) -> Iterator[Window]:
    home = course.root.parent
    with jupyter(course.root, home) as address, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(SLOW)
        expect.set_options(timeout=SLOW)
        yield Window(page, address, home)


def test_an_instructor_grades_in_formgrader(window: Window, course: Course) -> None:
    page = window.page
    rows = page.locator("tbody tr")

    window.go("formgrader/manage_assignments")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("rnn")
    window.picture("1-assignments")

    rows.get_by_role("link", name="2", exact=True).click()
    for student in ("ada", "bob"):
        row = rows.filter(has_text=student)
        row.locator(".autograde a").click()
        done = page.get_by_role("dialog").filter(
            has_text=f"autograded 'rnn' for student '{student}'"
        )
        expect(done).to_contain_text("Success")
        done.get_by_role("button", name="OK").click()
        expect(done).not_to_be_visible()
    expect(rows.filter(has_text="ada")).to_contain_text("needs manual grading")
    expect(rows.filter(has_text="ada")).to_contain_text(f"{BY_CHECKS} / 5")
    expect(rows.filter(has_text="bob")).to_contain_text("0 / 5")
    window.picture("2-submissions")

    page.get_by_role("link", name="Manual Grading").click()
    for _ in ("assignment", "notebook"):
        rows.get_by_role("link", name="rnn", exact=True).click()
        page.wait_for_load_state("networkidle")
    rows.filter(has_text=f"{BY_CHECKS} / 5").get_by_role("link").first.click()
    expect(page.get_by_text(f"{BY_CHECKS} of 4 points by the checks")).to_be_visible()
    expect(page.get_by_text("2a The cell: 0.16 of 0.4")).to_be_visible()
    told = page.locator("[id='2a-stub-comment']")
    expect(told).to_have_attribute("placeholder", re.compile("The next hidden state: 0 of 0.24"))
    points = page.locator("[id='2a-written']")
    points.fill(str(BY_READER))
    points.press("Tab")
    heading = page.locator(".nbgrader_cell", has=points)
    expect(heading.locator(".score-saved")).to_have_css("opacity", "1")
    window.picture("3-submission")

    window.go("formgrader/manage_students")
    expect(rows.filter(has_text="ada")).to_contain_text(f"{SUM} / 5")
    expect(rows.filter(has_text="bob")).to_contain_text("0 / 5")
    window.picture("4-gradebook")
    with gradebook(course.root) as book:
        assert book.find_submission("rnn", "ada").score == pytest.approx(SUM)
