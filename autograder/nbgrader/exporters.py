"""Where nbgrader's steps read a notebook, and where this grader comes in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.preprocessors import ExecutePreprocessor
from nbgrader.api import Gradebook, InvalidEntry, MissingEntry
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearSolutions,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
    SaveCells,
)
from nbgrader.utils import rmtree, temp_attrs
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from traitlets import List, Unicode
from traitlets.config import Application

from autograder.course.folders import Assignment, Course, CourseError
from autograder.course.rubric import Rubric, rubric_of
from autograder.nbgrader import batch
from autograder.nbgrader.collected import CollectedNotebook, Release, make_visible
from autograder.nbgrader.comments import write_marks
from autograder.nbgrader.gradebook import Book, check_notebooks, withhold_kernel
from autograder.release import files_in, find_drift
from autograder.release.notebook import CODE_STUB
from autograder.results.stored import Document

# In the metadata of a graded notebook: what it was made from.
MADE_FROM = "made_from"

# Steps of nbgrader's that have nothing left to do, and whatever else would run a notebook.
DONE = (ExecutePreprocessor, IgnorePattern, LimitOutput, SaveAutoGrades, CheckCellMetadata)


class CourseExporter(NotebookExporter):  # type: ignore[misc]
    """Reads notebooks as nbgrader's own does, but for those of the grader's course.

    nbgrader makes it when it has found the notebooks to go through, and has changed nothing yet.
    What keeps our assignment from being graded or released is found here, and ends the command.
    """

    course = Unicode(help="The folder with rubric.yaml.").tag(config=True)
    assignments = List(
        Unicode(),
        help="Graded by nothing else, whether their course is there or not; empty for all that "
        "the course has. All other assignments are nbgrader's.",
    ).tag(config=True)
    _is_graded_here = False
    _preprocessors: list[Any]
    _rubric: Rubric

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._name = self.parent.coursedir.assignment_id
        with self._errors_in_a_sentence():
            self._is_graded_here = self._name in _graded_here(self.course, self.assignments)
            if self._is_graded_here:
                self._rubric = self._read_rubric()
                self._begin()

    def _begin(self) -> None:
        """Raises CourseError or OSError where our assignment cannot be gone through."""

    @contextmanager
    def _errors_in_a_sentence(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            self.log.error("Stopped. The same command continues where it was.")
            raise
        except (CourseError, OSError, SQLAlchemyError, InvalidEntry) as error:
            message = _sentence(error, self.parent.coursedir)
            self.log.error("%s", message)
            raise NbGraderException(message) from None

    def _ours(self) -> list[tuple[str, Path]]:
        """What nbgrader is about to go through of our assignment: students and their folders."""
        converter = self.parent
        excluded = converter.coursedir.student_id_exclude.split(",")
        pattern = converter._format_source("(?P<assignment>.*)", "(?P<student>.*)", escape=True)
        found = ((re.match(pattern, folder), folder) for folder in sorted(converter.assignments))
        return [
            (match["student"], Path(folder))
            for match, folder in found
            if match and match["assignment"] == self._name and match["student"] not in excluded
        ]

    @cached_property
    def _assignment(self) -> Assignment:
        return Assignment(Course(Path(self.course)), self._name)

    def _read_rubric(self) -> Rubric:
        for needed in (self._assignment.rubric_file, self._assignment.source):
            if not needed.is_file():
                raise CourseError(
                    f"{needed}: is not there, so that {self._name} can be neither graded nor "
                    "released; put the course back (was it moved, is it mounted?), or run "
                    "`autograder nbgrader setup` from where it is now"
                )
        return rubric_of(self._assignment)

    def _is_ours(self, resources: Any) -> bool:
        about = resources["nbgrader"]
        return self._is_graded_here and about["assignment"] == about["notebook"] == self._name


def _graded_here(course: str, assignments: Sequence[str]) -> Sequence[str]:
    """The assignments that are graded here: those of the settings, or all that the course has.

    Raises CourseError where nobody can tell.
    """
    names = assignments or Course(Path(course)).names()
    if not names:
        raise CourseError(
            f"{course}: is not the folder of a course, so that nothing can be graded or "
            "released; put the course back (was it moved, is it mounted?), or run `autograder "
            "nbgrader setup` from where it is now"
        )
    return names


def _sentence(error: Exception, coursedir: Any) -> str:
    if isinstance(error, CourseError):
        return str(error)
    if isinstance(error, OSError):
        place = error.filename or "a file cannot be written"
        return f"{place}: {error.strerror}; mend that, and the same command continues where it was"
    database = make_url(coursedir.db_url).render_as_string(hide_password=True)
    reason = getattr(error, "orig", None) or error
    return (
        f"{database}: {reason}; when nothing else uses the gradebook and its disk has room, the "
        "same command continues where it was"
    )


class ReleaseExporter(CourseExporter):
    """For ``generate_assignment``: our stubs raise by themselves, and name their part.

    What is released beside the notebook is as `autograder release` built it.
    """

    def _begin(self) -> None:
        built = self._assignment.nbgrader_source / f"{self._name}.ipynb"
        for _, folder in self._ours():
            check_notebooks(self._name, [path.stem for path in folder.glob("*.ipynb")])
            if (folder / built.name).read_bytes() != built.read_bytes():
                raise CourseError(
                    f"{folder / built.name}: is not what {self._assignment.course.root} has; run "
                    "`autograder release` there, and `autograder nbgrader setup` for this folder"
                )
        for finding in find_drift(self._assignment):
            raise CourseError(f"{finding}; then do this again")
        # Read now, since nbgrader removes an older release, which may be this folder.
        self._beside = files_in(self._assignment.released)
        del self._beside[built.name]

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> Any:
        if not self._is_ours(resources):
            return super().from_filename(filename, resources, **kwargs)
        with ExitStack() as stack:
            for step in self._preprocessors:
                if isinstance(step, ClearSolutions):
                    stub = {**step.code_stub, "python": CODE_STUB}
                    stack.enter_context(temp_attrs(step, code_stub=stub))
            result = super().from_filename(filename, resources, **kwargs)
        folder = Path(self.parent._format_dest(self._name, resources["nbgrader"]["student"]))
        for name, data in self._beside.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        if any(isinstance(step, SaveCells) for step in self._preprocessors):
            coursedir = self.parent.coursedir
            with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
                withhold_kernel(gradebook, self._name)
        return result


class _GradingExporter(CourseExporter):
    """For ``autograde``: grades the class when it is made, and hands nbgrader graded notebooks.

    Marks are in the gradebook before nbgrader goes through the class, so that nothing that a
    submission does to nbgrader leaves an older one there.
    """

    def __init__(self, **kwargs: Any) -> None:
        self._graded: dict[str, tuple[str, Document]] = {}
        super().__init__(**kwargs)

    def _begin(self) -> None:
        if make_visible(self._assignment, self.parent.coursedir):
            self.parent.init_notebooks()
        self._grade([self._release.collected(*one) for one in self._ours()])

    @cached_property
    def _release(self) -> Release:
        return Release(self._assignment)

    def _grade(self, collected: Sequence[CollectedNotebook]) -> None:
        """Grades what is not graded yet, and writes what is new into the gradebook."""
        by_name = {one.handed_in.student: one for one in collected}
        coursedir = self.parent.coursedir
        with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            try:
                book = Book(gradebook, self._name, self._rubric)
            except MissingEntry:
                return  # nbgrader says what to do
            withhold_kernel(gradebook, self._name)
            results = Path(coursedir.root) / batch.RESULTS / self._name
            with ExitStack() as stack:
                folder = Path(stack.enter_context(TemporaryDirectory()))
                files = [one.to_grade(folder) for one in collected]
                grading = batch.grade(self._assignment, files, results, self.parent.force)
                graded = stack.enter_context(closing(grading))
                for done, marks in enumerate(graded, start=1):
                    one = by_name[marks.student]
                    self._graded[one.student] = one.digest, marks
                    self._keep(book, one, marks)
                    self.log.info(
                        "Graded %s: %g of %g points (%d of %d)",
                        *(marks.student, marks.score, marks.max_score, done, len(collected)),
                    )

    def _keep(self, book: Book, one: CollectedNotebook, graded: Document) -> None:
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
            with self._errors_in_a_sentence():
                self._grade([one])
        graded = self._graded[student][1]
        write_marks(one.notebook, graded, graded.evidence, self._rubric)
        one.notebook.metadata[MADE_FROM] = _version(one, graded)
        self._preprocessors = []
        return self.from_notebook_node(one.notebook, resources, **kwargs)


def _version(one: CollectedNotebook, graded: Document) -> str:
    """Names what a graded notebook shows: a submission, and its marks."""
    return hashlib.sha256(one.digest.encode() + msgspec.json.encode(graded)).hexdigest()


def _made_from(notebook: Path) -> str:
    try:
        return str(nbformat.read(notebook, as_version=4).metadata.get(MADE_FROM, ""))
    except (OSError, ValueError):
        return ""


def __getattr__(name: str) -> Any:
    """``GradingExporter``. nbgrader looks this name up whenever it begins to autograde.

    That is after it has read all of its settings and before it looks for notebooks, and nothing
    else of ours is called in between: a folder with only a script gets its notebook now.
    """
    if name != "GradingExporter":
        raise AttributeError(f"module {__name__} has no {name}")
    coursedir = _running_course()
    if coursedir is not None:
        settings = coursedir.parent.config.get("CourseExporter", {})
        course, named = Course(Path(settings.get("course", ""))), settings.get("assignments")
        try:
            for name in course.names():
                if not named or name in named:
                    make_visible(Assignment(course, name), coursedir)
        except OSError as error:
            coursedir.log.error("%s", _sentence(error, coursedir))
    return _GradingExporter


def _running_course() -> Any:
    """The folders of the command that runs, or of the formgrader of a Jupyter server, or None."""
    program: Any = Application.instance() if Application.initialized() else None
    if hasattr(program, "web_app"):
        program = program.web_app.settings.get("nbgrader_formgrader")
    return getattr(program, "coursedir", None)
