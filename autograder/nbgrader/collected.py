"""What nbgrader has collected of a student: which file is graded, and that nbgrader sees it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from glob import glob
from pathlib import Path
from typing import Any

import nbformat

from autograder.course.folders import Assignment, CourseError
from autograder.nbgrader.rebuild import Notebook, answers, rebuild, student_cells
from autograder.results.writing import write_whole
from autograder.submissions.finding import HandIn, from_folder, is_as_released, was_handed_in
from autograder.submissions.reading import read_file, submission_of
from autograder.submissions.text import printable

# What `nbgrader submit` leaves beside the student's files.
OF_NBGRADER = "submission_secret.txt"
MOST_NAMED = 3


@dataclass(frozen=True)
class CollectedNotebook:
    """A submission in the released notebook's place.

    The grader reads this notebook where the student handed one in (``rebuilt``), and what was
    handed in where that is something else. ``digest`` is of what it reads, and of what was found;
    ``answered`` names the written cells that hold an answer.
    """

    student: str
    handed_in: HandIn
    notebook: Notebook
    rebuilt: bool
    digest: str
    answered: frozenset[str]

    def to_grade(self, folder: Path) -> HandIn:
        """The file that the grader reads; a rebuilt notebook is written into the folder."""
        if not self.rebuilt:
            return self.handed_in
        path = folder / self.handed_in.student / f"{self.handed_in.path.stem}.ipynb"
        path.parent.mkdir()
        path.write_text(nbformat.writes(self.notebook), encoding="utf-8")
        return replace(self.handed_in, path=path)


class Release:
    """The released assignment, and what students made of it."""

    def __init__(self, assignment: Assignment) -> None:
        self.name = assignment.name
        self._folder = assignment.released
        file = self._folder / f"{self.name}.ipynb"
        try:
            self._notebook = nbformat.read(file, as_version=4)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "no notebook"
            raise CourseError(
                f"{file}: cannot be read ({reason}); run `autograder release`"
            ) from None

    def collected(self, student: str, folder: Path) -> CollectedNotebook:
        """What a student has in the folder. Never raises for what it holds."""
        own = from_folder(folder.resolve(), student, self.name, self._folder)
        contents = read_file(own.path)
        submission = submission_of(contents, own.student, own.notes)
        notebook, found = rebuild(self._notebook, student_cells(contents))
        rebuilt = submission.format == "notebook"
        notes = (*own.notes, *self._no_work(folder, own.path))
        if rebuilt:
            notes = tuple(dict.fromkeys([*notes, *submission.notes, *found]))
        graded = nbformat.writes(notebook) if rebuilt else submission.sha256
        digest = hashlib.sha256("\0".join([graded, *notes]).encode()).hexdigest()
        handed_in = HandIn(own.student, own.path, notes)
        answered = frozenset(answers(self._notebook, notebook))
        return CollectedNotebook(student, handed_in, notebook, rebuilt, digest, answered)

    def _no_work(self, folder: Path, chosen: Path) -> tuple[str, ...]:
        """Says that nothing but released files was handed in, and what else there is."""
        if not is_as_released(chosen, self._folder):
            return ()
        others = [
            printable(path.name)
            for path in sorted(folder.iterdir())
            if was_handed_in(path)
            and path.name != OF_NBGRADER
            and not (self._folder / path.name).exists()
        ]
        beside = f", and beside it there is: {', '.join(others[:MOST_NAMED])}" if others else ""
        return (f"{chosen.name} is as it was released{beside}",)


def make_visible(assignment: Assignment, coursedir: Any) -> bool:
    """Lays the released notebook into every collected folder that has none of its name.

    nbgrader passes over a submission without it, so that a script, a renamed notebook or a picture
    of the homework would keep an older mark, or have none. The student's own file is what is graded
    all the same: one that is as released is chosen last. Returns whether there was such a folder.
    Raises OSError where the notebook cannot be read, or not be written there.
    """
    released = assignment.released / f"{assignment.name}.ipynb"
    where = coursedir.format_path(coursedir.submitted_directory, "*", assignment.name)
    without = [
        Path(folder)
        for folder in glob(where)
        if os.path.isdir(folder) and not os.path.lexists(os.path.join(folder, released.name))
    ]
    for folder in without:
        write_whole(folder / released.name, released.read_bytes())
    return bool(without)
