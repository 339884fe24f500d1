"""Formgrader and JupyterLab in a real browser. Screenshots are kept beside the test's course."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course.folders import Assignment
from tests.nbgrader_course import (
    cell,
    environment,
    gradebook,
    hand_in,
    make_course,
    nbgrader,
    released,
    solved,
)

pytest.importorskip("playwright")
from playwright.sync_api import Browser, expect

from tests.nbgrader_browser import CHROMIUM, Window, asked_of_a_host, window

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")

# By checks: a fifth of each half point is the reader's; the bias in 2a is 0.3 times 0.8.
BY_CHECKS, BY_READER, SUM = 3.76, 0.05, 3.81


# In the cell of a stub, in place of what is there.
RNN_FORWARD = """\
def rnn_forward(x, h0, W_x, W_h, b_h):
    states, h = [], h0
    for t in range(x.shape[1]):
        h = np.tanh(h @ W_h + x[:, t] @ W_x + b_h)
        states.append(h)
    return np.stack(states, axis=1)
"""
# JupyterLab draws only the cells that are in view; a test would have to scroll to find one.
ALL_CELLS = Path("lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings")


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    made = make_course(tmp_path_factory.mktemp("browser"), written_share=0.2)
    assert nbgrader(made.course.root, "generate_assignment", "rnn") == 0
    return made


@pytest.fixture(scope="module")
def course(assignment: Assignment, chromium: Browser) -> Iterator[Window]:
    """The instructor's window on the course."""
    root = assignment.course.root
    with window(chromium, root, root.parent) as opened:
        yield opened


def _two_hand_in(assignment: Assignment) -> None:
    """Ada, who forgot a bias, and bob, who did nothing."""
    ada = solved(assignment)
    cell(ada, "2a-stub").source = cell(ada, "2a-stub").source.replace(" + b_h", "")
    hand_in(assignment, "ada", ada)
    hand_in(assignment, "bob", released(assignment))


def test_an_instructor_grades_in_formgrader(assignment: Assignment, course: Window) -> None:
    _two_hand_in(assignment)
    _grade(course)
    with gradebook(assignment.course.root) as book:
        assert book.find_submission("rnn", "ada").score == pytest.approx(SUM)


def _grade(opened: Window) -> None:
    page = opened.page
    rows = page.locator("tbody tr")

    opened.go("formgrader/manage_assignments")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("rnn")
    opened.picture("1-assignments")

    rows.get_by_role("link", name="2", exact=True).click()
    rows.filter(has_text="ada").locator(".autograde a").click()
    done = page.get_by_role("dialog").filter(has_text="autograded 'rnn' for student 'ada'")
    expect(done).to_contain_text("Success")
    done.get_by_role("button", name="OK").click()
    expect(page.locator(".modal-backdrop")).to_have_count(0)
    expect(rows.filter(has_text="ada")).to_contain_text("needs manual grading")
    expect(rows.filter(has_text="ada")).to_contain_text(f"{BY_CHECKS} / 5")
    expect(rows.filter(has_text="bob")).to_contain_text("needs autograding")
    opened.picture("2-submissions")

    page.get_by_role("link", name="Manual Grading").click()
    for _ in ("assignment", "notebook"):
        rows.get_by_role("link", name="rnn", exact=True).click()
        page.wait_for_load_state("networkidle")
    rows.filter(has_text=f"{BY_CHECKS} / 5").get_by_role("link").first.click()
    expect(page.get_by_text(f"{BY_CHECKS} of 4.00 points by the checks")).to_be_visible()
    expect(page.get_by_text("2a The cell: 0.16 of 0.4")).to_be_visible()
    remark = page.locator("[id='2a-stub-comment']")
    expect(remark).to_have_attribute(
        "placeholder", re.compile("The next hidden state: 0.00 of 0.24")
    )
    points = page.locator("[id='2a-written']")
    points.fill(str(BY_READER))
    points.press("Tab")
    heading = page.locator(".nbgrader_cell", has=points)
    expect(heading.locator(".score-saved")).to_have_css("opacity", "1")
    opened.picture("3-submission")

    opened.go("formgrader/manage_students")
    expect(rows.filter(has_text="ada")).to_contain_text(f"{SUM} / 5")
    opened.picture("4-gradebook")

    opened.go("formgrader/manage_submissions/rnn")
    rows.filter(has_text="ada").locator(".generate-feedback a").click()
    done = page.get_by_role("dialog").filter(has_text="generated feedback for 'rnn'")
    expect(done).to_contain_text("Success")
    opened.go("files/feedback/ada/rnn/rnn.html")
    expect(page.get_by_text(f"(Score: {SUM} / 5.0)")).to_be_visible()
    page.get_by_text("The next hidden state: 0.00 of 0.24").last.scroll_into_view_if_needed()
    opened.picture("5-feedback")


def _hostile(address: str) -> str:
    """Text that would load or run something, or take the place of a box for points."""
    return f"""
<script>window.pwned=1</script><img src={address}/a onerror=window.pwned=1>
<svg onload=window.pwned=1>
![a]({address}/b) ![c][c] [d](javascript:window.pwned=1) <iframe src={address}/e></iframe>
<style>@import url({address}/f);</style> ![own](attachment:own.png)
$\\style{{background:url({address}/g)}}{{x}}$ \\$ \\hr&#101;f{{javascript:window.pwned=1}}{{x}} \\$

> # 2a-written

2a-written
===

```mermaid
graph TD; A-->B
```

\x1b[31m \u202e **bold**, $h_t$ and [a link](https://example.org)

[c]: {address}/c
"""


def test_nothing_of_a_student_s_runs_or_loads_in_formgrader_and_feedback(
    assignment: Assignment, course: Window
) -> None:
    with asked_of_a_host() as (address, asked):
        eve = solved(assignment)
        cell(eve, "1a-written").source += _hostile(address)
        eve.cells.insert(3, nbformat.v4.new_markdown_cell(_hostile(address)))
        raises = f"raise ValueError({_hostile(address)!r})"
        eve.cells.append(nbformat.v4.new_code_cell(raises))
        hand_in(assignment, "eve", eve)
        for step in ("autograde", "generate_feedback"):
            assert nbgrader(assignment.course.root, step, "rnn", "--student=eve") == 0
        _look_at(course, assignment.course.root / "feedback" / "eve" / "rnn" / "rnn.html")
        assert asked == []


def _look_at(opened: Window, feedback: Path) -> None:
    page = opened.page

    def nothing_happened() -> None:
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.pwned") is None
        shown = page.inner_text("body")
        assert shown.count("(image left out)") >= 6
        assert shown.count("window.pwned=1") >= 2
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert page.locator("img, iframe, svg, .mermaid").count() == 0
        links = page.locator("a").evaluate_all("all => all.map(one => one.protocol)")
        assert not {"javascript:", "data:"} & set(links)

    opened.go("formgrader/manage_assignments")
    rows = page.locator("tbody tr")
    expect(rows).to_contain_text("rnn")
    page.get_by_role("link", name="Manual Grading").click()
    for _ in ("assignment", "notebook"):
        rows.get_by_role("link", name="rnn", exact=True).click()
        page.wait_for_load_state("networkidle")
    pages = rows.get_by_role("link").evaluate_all("all => all.map(one => one.href)")
    for address in dict.fromkeys(pages):
        page.goto(address)
        if "window.pwned" in page.inner_text("body"):
            break
    nothing_happened()
    # The box for points is found by its id, and is the only one of it.
    assert page.locator("[id='2a-written']").count() == 1
    points = page.locator("input[id='2a-written']")
    points.fill("0.05")
    points.press("Tab")
    heading = page.locator(".nbgrader_cell", has=points)
    expect(heading.locator(".score-saved")).to_have_css("opacity", "1")
    opened.picture("8-hostile")
    page.goto(feedback.as_uri())
    nothing_happened()
    opened.picture("9-hostile-feedback")


def test_a_student_solves_a_part_in_jupyterlab(
    assignment: Assignment, chromium: Browser, tmp_path: Path
) -> None:
    shutil.copytree(assignment.released, tmp_path / "rnn")
    settings = Path(environment(tmp_path)["JUPYTER_CONFIG_DIR"]) / ALL_CELLS
    settings.parent.mkdir(parents=True)
    settings.write_text('{"windowingMode": "none"}')
    with window(chromium, tmp_path, tmp_path) as opened:
        _solve(opened)


def _solve(opened: Window) -> None:
    page = opened.page
    opened.go("lab/tree/rnn/rnn.ipynb")
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()

    def run(source: str, instead: str = "") -> Any:
        one = page.locator(".jp-Notebook .jp-CodeCell").filter(has_text=source).first
        one.locator(".cm-content").click()
        if instead:
            page.keyboard.press("Control+a")
            page.keyboard.insert_text(instead)
        page.keyboard.press("Shift+Enter")
        expect(one.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
        return one

    run("from rnn_check import check")
    check = run('check("2c")')
    expect(check).to_contain_text("0 of 0.4 points reached")
    run("def rnn_forward(", RNN_FORWARD)
    run('check("2c")')
    expect(check).to_contain_text("0.4 of 0.4 points reached")
    for criterion in ("values", "length", "memory"):
        expect(check).to_contain_text(re.compile(rf"✓\s+2c\.{criterion}"))
    opened.picture("6-checked")

    page.get_by_role("button", name="Validate").click()
    results = page.get_by_role("dialog").filter(has_text="Validation Results")
    expect(results).to_contain_text("`rnn_cell_forward` is still to be written")
    expect(results).not_to_contain_text('check("2c")')
    opened.picture("7-validated")
