"""Adds the homework to a course that an instructor has in nbgrader already."""

from __future__ import annotations

import shutil
from pathlib import Path

from nbgrader.apps.baseapp import NbGrader

from autograder.course import Course, CourseError
from autograder.release import NOT_FILES, find_drift

CONFIG = "nbgrader_config.py"
LINES = """
# The assignment {name} is released and graded by the course in {root}.
from autograder.nbgrader import configure

configure(get_config(), {root!r})
"""


def install(course: Course, folder: Path) -> list[Path]:
    """Puts the assignment among the sources of nbgrader's course, and two lines in its settings.

    Does the same again where it was done before. Returns what was written. Raises CourseError
    where the course's release is old, or where nbgrader's course has its own of the same name.
    """
    for finding in find_drift(course):
        raise CourseError(f"{finding}; then do this again")
    config = folder / CONFIG
    text = config.read_text(encoding="utf-8") if config.is_file() else "c = get_config()\n"
    lines = LINES.format(name=course.source.stem, root=str(course.root))
    source = _source_folder(folder, course.source.stem)
    if lines not in text:
        if "autograder.nbgrader" in text:
            raise CourseError(
                f"{config}: names another folder than {course.root}; remove the lines with "
                "`autograder.nbgrader` and do this again"
            )
        if source.exists():
            raise CourseError(
                f"{source}: there is an assignment of this name already; rename one of them"
            )
        text += lines
    ignore = shutil.ignore_patterns(*NOT_FILES)
    shutil.copytree(course.source_notebook_folder, source, ignore=ignore, dirs_exist_ok=True)
    config.write_text(text, encoding="utf-8")
    return [source, config]


def _source_folder(folder: Path, assignment: str) -> Path:
    """Where nbgrader's course has the source of an assignment, by its own settings."""
    nbgrader = NbGrader()
    nbgrader.load_cwd_config = False
    nbgrader.initialize([], root=str(folder.resolve()))
    where = nbgrader.coursedir
    return Path(where.format_path(where.source_directory, ".", assignment)).resolve()
