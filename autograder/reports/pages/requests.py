"""The page of requests, for staff, with the student's code, the example and the mark of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.course.rubric import Rubric
from autograder.marking.requests import REQUESTS
from autograder.reports.pages.rendering import environment, page_of
from autograder.reports.pages.student import highlighted, lines_of
from autograder.reports.requests import Listed
from autograder.results.writing import write_whole

# In a separate folder, where no student's page has its name.
PAGE = Path("requests") / "index.html"


def write_requests_page(folder: Path, found: Sequence[Listed], rubric: Rubric) -> Path:
    """Writes the page into the results' folder; returns its path."""
    page = (
        environment()
        .get_template("requests.html.j2")
        .render(
            title=rubric.title,
            file=REQUESTS,
            listed=found,
            pages=[f"../{page_of(one.document.student)}" for one in found],
            code=[
                highlighted(one.code, one.subject.part.id) if one.subject.criterion else ()
                for one in found
            ],
            examples=[
                {entry.number: lines_of(entry) for entry in one.mistakes if entry.example}
                for one in found
            ],
        )
    )
    path = folder / PAGE
    path.parent.mkdir(exist_ok=True)
    write_whole(path, page.encode())
    return path
