"""Takes the README's pictures, of the sample class: python -m tests.screenshots

It needs Chromium and ``autograder grade``; the pictures are in ``autograder/reports/pictures/``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import ViewportSize, sync_playwright

from autograder.course.folders import Course
from autograder.grading.class_run import ClassRun
from autograder.grading.jobs import usual_jobs
from autograder.intake.finding import find_submissions
from autograder.reports.pages.class_page import write_class_page
from tests.nbgrader_browser import CHROMIUM, QUIET

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "autograder" / "reports" / "pictures"
# Each picture's page, and what is shown of it, in CSS pixels.
SHOWN = {"class": "index.html", "student": "viktor-horvat.html#top"}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZE: ViewportSize = {"width": 1200, "height": 720}


def main() -> None:
    """Grades the sample class and takes each picture, light and dark."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        assignment, submissions = Course(ROOT).assignment(), ROOT / "tests/sample_class/submissions"
        handed_in = find_submissions([submissions], assignment.name, assignment.released)
        run = ClassRun(assignment, handed_in, out, usual_jobs())
        write_class_page(out, list(run), run.rubric)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
            for picture, shown in SHOWN.items():
                name, _, place = shown.partition("#")
                for scheme in SCHEMES:
                    page = browser.new_page(viewport=SIZE, color_scheme=scheme)
                    page.goto(f"{(out / name).as_uri()}#{place}")
                    page.screenshot(path=PICTURES / f"{picture}-{scheme}.png")
                    page.close()
            browser.close()


if __name__ == "__main__":
    main()
