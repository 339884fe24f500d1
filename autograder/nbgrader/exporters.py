"""Where nbgrader's steps read a notebook, and where this grader comes in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearSolutions,
    Execute,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
)
from nbgrader.utils import rmtree, temp_attrs
from traitlets import Unicode

from autograder.course import Course, CourseError
from autograder.nbgrader import batch
from autograder.nbgrader.batch import Graded
from autograder.nbgrader.collected import Collected, Release
from autograder.nbgrader.explain import explain
from autograder.nbgrader.gradebook import Book
from autograder.release.notebook import CODE_STUB
from autograder.rubric import Rubric, load_rubric

# In the metadata of a graded notebook: what it was made from.
MADE_FROM = "made_from"


# Steps of nbgrader's that have nothing left to do.
DONE = (Execute, IgnorePattern, LimitOutput, SaveAutoGrades, CheckCellMetadata)


class CourseExporter(NotebookExporter):  # type: ignore[misc]
    """Reads notebooks as nbgrader's own does, but for those of the course's one assignment."""

    course = Unicode(help="The folder with rubric.yaml.").tag(config=True)
    _preprocessors: list[Any]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._course = Course(Path(self.course))
        self._name = self._course.source.stem

    def _is_ours(self, resources: Any) -> bool:
        about = resources["nbgrader"]
        return bool(about["assignment"] == about["notebook"] == self._name)


class ReleaseExporter(CourseExporter):
    """For ``generate_assignment``: our stubs raise by themselves, and name their part."""

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> Any:
        with ExitStack() as stack:
            for step in self._preprocessors:
                if isinstance(step, ClearSolutions) and self._is_ours(resources):
                    stub = {**step.code_stub, "python": CODE_STUB}
                    stack.enter_context(temp_attrs(step, code_stub=stub))
            return super().from_filename(filename, resources, **kwargs)


class GradingExporter(CourseExporter):
    """For ``autograde``: grades the class when it is made, and hands nbgrader graded notebooks.

    Marks are in the gradebook before nbgrader goes through the class, so that nothing that a
    submission does to nbgrader leaves an older one there.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._graded: dict[str, tuple[str, Graded]] = {}
        try:
            self._grade([self._release.collected(*one) for one in self._submissions()])
        except CourseError as error:
            self.log.error("%s", error)
            raise NbGraderException(str(error)) from None

    @cached_property
    def _release(self) -> Release:
        return Release(self._course)

    @cached_property
    def _rubric(self) -> Rubric:
        return load_rubric(self._course.rubric_file)

    def _submissions(self) -> Iterator[tuple[str, Path]]:
        """What nbgrader is about to go through of our assignment: students and their folders."""
        autograde = self.parent
        excluded = autograde.coursedir.student_id_exclude.split(",")
        pattern = autograde._format_source("(?P<assignment>.*)", "(?P<student>.*)", escape=True)
        for folder in sorted(autograde.assignments):
            found = re.match(pattern, folder)
            if found and found["assignment"] == self._name and found["student"] not in excluded:
                yield found["student"], Path(folder)

    def _grade(self, collected: Sequence[Collected]) -> None:
        """Grades what is not graded yet, and writes what is new into the gradebook."""
        if not collected:
            return
        by_name = {one.handed_in.student: one for one in collected}
        coursedir = self.parent.coursedir
        with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            try:
                book = Book(gradebook, self._name, self._rubric)
            except MissingEntry:
                return  # nbgrader says what to do
            results = Path(coursedir.root) / batch.RESULTS
            with TemporaryDirectory() as folder:
                files = [one.to_grade(Path(folder)) for one in collected]
                graded = batch.grade(self._course, files, results, self.parent.force)
                for done, marks in enumerate(graded, start=1):
                    one = by_name[marks.student]
                    self.log.info(
                        "Graded %s: %g of %g points (%d of %d)",
                        *(one.student, marks.score, marks.max_score, done, len(collected)),
                    )
                    self._graded[one.student] = one.digest, marks
                    self._keep(book, one, marks)

    def _keep(self, book: Book, one: Collected, graded: Graded) -> None:
        """Writes new marks, and removes a graded notebook that shows others.

        nbgrader would pass over a submission that has one, unless a newer timestamp lies there.
        """
        if not self.parent.create_student and not book.has_student(one.student):
            return  # nbgrader says so
        folder = Path(self.parent._format_dest(self._name, one.student))
        same = _made_from(folder / f"{self._name}.ipynb") == _version(one, graded)
        if same and book.has_submission(one.student) and not self.parent.force:
            return
        book.save(one.student, graded, one.answered)
        if folder.exists() and not self.parent.force:
            self.log.warning("Updating existing assignment: %s", folder)
            rmtree(str(folder))

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> Any:
        if not self._is_ours(resources):
            return super().from_filename(filename, resources, **kwargs)
        student = resources["nbgrader"]["student"]
        folder = Path(filename).parent
        if folder == Path(self.parent._format_dest(self._name, student)):
            # The graded notebook again, for what comes after grading, such as late penalties.
            self._preprocessors = [
                step for step in self._preprocessors if not isinstance(step, DONE)
            ]
            return super().from_filename(filename, resources, **kwargs)
        one = self._release.collected(student, folder)
        if self._graded.get(student, ("",))[0] != one.digest:
            self._grade([one])
        graded = self._graded[student][1]
        explain(one.notebook, graded, graded.evidence, self._rubric)
        one.notebook.metadata[MADE_FROM] = _version(one, graded)
        self._preprocessors = []
        return self.from_notebook_node(one.notebook, resources, **kwargs)


def _version(one: Collected, graded: Graded) -> str:
    """Names what a graded notebook shows: a submission, and its marks."""
    return hashlib.sha256(one.digest.encode() + msgspec.json.encode(graded)).hexdigest()


def _made_from(notebook: Path) -> str:
    try:
        return str(nbformat.read(notebook, as_version=4).metadata.get(MADE_FROM, ""))
    except (OSError, ValueError):
        return ""
