"""The students' pages, under the names by which Canvas and Moodle hand each to its student."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from autograder.course.folders import CourseError
from autograder.intake import canvas, moodle
from autograder.results.stored import Document
from autograder.results.writing import write_whole

FEEDBACK = ("canvas-feedback", "moodle-feedback")
PAGE = "feedback.html"
# A zip of the same pages is the same zip.
DATE = (1980, 1, 1, 0, 0, 0)


def write_feedback(form: str, documents: Sequence[Document], pages: Path, out: Path) -> list[str]:
    """Writes the pages that are in the folder ``pages``; returns what there is to say.

    For Moodle that is the zip which it takes back as feedback files. Canvas's bulk upload takes a
    zip too; beside it, its pages lie in a folder. Raises CourseError where no submission came from
    that platform, or a page is missing.
    """
    name = _canvas_name if form == "canvas-feedback" else _moodle_name
    named = {one.student: name(one) for one in documents if one.status != "not graded"}
    found = {own: _read(pages / f"{student}.html") for student, own in named.items() if own}
    if not found:
        raise CourseError(
            f"nothing here was graded as {form.partition('-')[0].capitalize()} gave it to "
            "download, and its names are needed to take pages back; grade its zip"
        )
    archive = out if form == "moodle-feedback" else out.with_name(f"{out.name}.zip")
    if form == "canvas-feedback":
        out.mkdir(exist_ok=True)
        for own, page in found.items():
            write_whole(out / own, page)
    write_whole(archive, _zip(found))
    left = [student for student, own in named.items() if not own]
    if not left:
        return []
    return [f"no page for {', '.join(left)}: the platform gave no file of theirs to name it by"]


def _canvas_name(one: Document) -> str:
    """Canvas finds the student and the file that was handed in by the numbers in the name."""
    if one.origin.platform != "canvas" or not one.origin.number:
        return ""
    found = canvas.piece(Path(one.origin.file))
    return f"{Path(one.origin.file).stem}.html" if found else ""


def _moodle_name(one: Document) -> str:
    """Moodle takes the folder that it gave, with the page in place of what was handed in."""
    if one.origin.platform != "moodle":
        return ""
    found = moodle.piece(Path(one.origin.file))
    if found is None:
        return ""
    return f"{found.origin.name}_{found.origin.account}_assignsubmission_file_/{PAGE}"


def _read(page: Path) -> bytes:
    try:
        return page.read_bytes()
    except OSError as error:
        raise CourseError(
            f"{page}: cannot be read ({error.strerror}); `autograder rescore` writes it again"
        ) from None


def _zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            about = zipfile.ZipInfo(name, DATE)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o644 << 16
            archive.writestr(about, content)
    return made.getvalue()
