"""nbgrader's page of feedback, with an index that names the parts."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from traitlets import Unicode

from autograder.course.folders import Course, CourseError
from autograder.course.rubric import Rubric, rubric_of
from autograder.nbgrader.comments import part_of

INDEX = re.compile(r'<div id="toc">.*?</ol>', re.DOTALL)
ENTRY = re.compile(
    r'(?P<link><a href="#(?P<comment>comment-)?(?P<cell>[\w-]+)">)'
    r"(?:Test cell|Written response|Coding free-response|Comment)</a>"
)


class FeedbackExporter(HTMLExporter):  # type: ignore[misc]
    """Writes the page as nbgrader's own does; "Test cell" becomes "2a The cell" in its index.

    The page of an assignment that is not of the grader's course stays as it is.
    """

    course = Unicode(help="The folder with rubric.yaml.").tag(config=True)

    def from_notebook_node(
        self, nb: Any, resources: Any = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        page, resources = super().from_notebook_node(nb, resources, **kwargs)
        course, name = Course(Path(self.course)), resources["nbgrader"]["assignment"]
        try:
            rubric = rubric_of(course.assignment(name)) if name in course.names() else None
        except CourseError as error:
            self.log.warning("The index of the feedback does not name the parts: %s", error)
            rubric = None
        return (named(page, rubric) if rubric else page), resources


def named(page: str, rubric: Rubric) -> str:
    """The page with an index that says of each link which part it leads to, and to what of it."""
    titles = {part.id: f"{part.id} {part.title}" for part in rubric.parts()}
    kinds = {"check": "checks", "written": "written answer"}

    def entry(found: re.Match[str]) -> str:
        part, kind = part_of(found["cell"])
        if part not in titles:
            return found[0]
        what = kinds.get(kind, kind)
        what = f"comment on the {what}" if found["comment"] else what
        return f"{found['link']}{escape(titles[part])}: {what}</a>"

    return INDEX.sub(lambda index: ENTRY.sub(entry, index[0]), page, count=1)
