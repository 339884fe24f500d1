"""Lays out a new assignment: the smallest one that can be graded, to be changed step by step."""

from __future__ import annotations

import keyword
import re
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.course.digest import files
from autograder.course.folders import RUBRIC, SECRET, SOLUTIONS, Assignment, Course, CourseError
from autograder.results.writing import write_whole

TEMPLATE = Path(__file__).parent / "template"
# Of a new course: what must not be published, and what programs leave.
IGNORED = f"{SECRET}\n__pycache__/\n.ipynb_checkpoints/\n"


def new_assignment(folder: Path, name: str) -> tuple[Assignment, list[Path]]:
    """Lays out an assignment in the course around ``folder``, or in a new course there.

    The first assignment of a course has its rubric in the course's folder, where it is what
    commands take without --assignment; any other has it in its own folder.

    Returns the assignment and the files that were written. Raises CourseError, and writes nothing,
    where the name cannot be used, and where ``folder`` has no course and is not empty.
    """
    _refuse_name(name)
    course, is_new = _course(folder.resolve())
    assignment = Assignment(course, name)
    for taken in (assignment.folder, assignment.released, assignment.nbgrader_source):
        if taken.exists():
            raise CourseError(f"{taken}: exists already; choose another name than {name}")
    rubric = course.root / RUBRIC if is_new else assignment.folder / RUBRIC
    written = [_write(rubric, TEMPLATE / RUBRIC, name)] if is_new else []
    assignment.folder.parent.mkdir(exist_ok=True)
    # No assignment is found here before it is whole.
    with TemporaryDirectory(prefix=".new-", dir=assignment.folder.parent) as there:
        whole = Path(there, name)
        for path in files(TEMPLATE / "NAME"):
            _write(whole / _named(str(path.relative_to(TEMPLATE / "NAME")), name), path, name)
        if not is_new:
            _write(whole / RUBRIC, TEMPLATE / RUBRIC, name)
        whole.rename(assignment.folder)
    written += files(assignment.folder)
    ignored = course.root / ".gitignore"
    if is_new and not ignored.exists():
        write_whole(ignored, IGNORED.encode())
        written.append(ignored)
    return assignment, written


def _refuse_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or keyword.iskeyword(name):
        raise CourseError(
            f"{name}: cannot be the name of a Python module; choose one of letters, digits and `_` "
            "that begins with a letter, such as week_2"
        )
    for module in (name, f"{name}_check"):
        if _can_be_imported(module):
            raise CourseError(
                f"{name}: Python has a module {module} already, and students' code would import "
                "that of the assignment in its place; choose another name"
            )


def _can_be_imported(name: str) -> bool:
    if name == "conftest":  # pytest imports it from any folder.
        return True
    try:
        return find_spec(name) is not None
    except ValueError:  # A module that was not found in any file, such as __main__.
        return True


def _course(folder: Path) -> tuple[Course, bool]:
    """The course around the folder, and whether it is a new one."""
    try:
        return Course.find(folder), False
    except CourseError:
        # Hidden files, such as those of git, belong to no course.
        if any(not path.name.startswith(".") for path in folder.iterdir()):
            raise CourseError(
                f"{folder}: is neither in a course ({RUBRIC} and {SOLUTIONS}/) nor empty; do this "
                "in the course's folder, or in an empty one for a new course"
            ) from None
        return Course(folder), True


def _named(text: str, name: str) -> str:
    """A text of the template with the assignment's name and title in it."""
    return text.replace("TITLE", name.replace("_", " ").title()).replace("NAME", name)


def _write(path: Path, template: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_named(template.read_text(encoding="utf-8"), name), encoding="utf-8")
    return path
