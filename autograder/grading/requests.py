"""Collects requests for another look into ``requests.yaml``, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course.folders import Assignment
from autograder.course.rubric import Rubric, rubric_of
from autograder.intake.finding import Text, texts, workspace
from autograder.marking.decisions import Decisions
from autograder.marking.requests import (
    REQUESTS,
    Asked,
    Request,
    read_requests,
    requests_in,
    subjects,
    with_requests,
)
from autograder.reports.pages.requests import write_requests_page
from autograder.reports.requests import Listed, listed
from autograder.results.stored import stored_documents
from autograder.results.writing import locked, write_whole
from autograder.submissions.text import decode, printable

# A request from the form is a tenth of this. And requests of one student.
MAX_BYTES = 50_000
MAX_OF_STUDENT = 40
# The end of the file's name, if students type into a text box of the platform.
TYPED = "text.html"
ENDINGS = (".txt", ".md", TYPED)


@dataclass
class CollectedRequests:
    """The requests in ``requests.yaml``, their page, and the new ones.

    ``refused`` are sentences for a person to read; ``others`` are the names of
    files that hold none.
    """

    requests: list[Listed] = field(default_factory=list)
    page: Path = Path()
    added: int = 0
    known: int = 0
    others: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def collect_requests(
    assignment: Assignment, folder: Path, paths: Iterable[Path]
) -> CollectedRequests:
    """Adds what is asked in these files to ``requests.yaml``, and writes the page of all requests.

    The platform or the folder names the student. For a loose file only the text does, and the entry
    says so. Raises CourseError where
    the folder has no results of the assignment, or an answer given so far is wrong.
    """
    rubric = rubric_of(assignment)
    paths = list(paths)
    with closing(locked(folder)):
        documents = stored_documents(folder, assignment.name)
        # A wrong answer is reported before anything is added below it.
        Decisions.load(folder, rubric, {one.student for one in documents})
        collecting = _Collecting(rubric, [one.student for one in documents], folder)
        if paths:
            with workspace(folder) as unpack_into:
                for text in texts(paths, assignment.name, assignment.released, unpack_into):
                    collecting.take(text)
        if collecting.new:
            write_whole(folder / REQUESTS, with_requests(folder, collecting.new))
        done = collecting.done
        done.requests = listed(*read_requests(folder), documents, rubric)
        done.page = write_requests_page(folder, done.requests, rubric)
    return done


class _Collecting:
    """The requests collected so far."""

    def __init__(self, rubric: Rubric, students: Collection[str], folder: Path) -> None:
        self._assignment = rubric.assignment
        self._students = set(students)
        self._folder = folder
        self._criteria = _names(rubric)
        self._known = {(*one.of, one.reason) for one in read_requests(folder)[0]}
        self._count = Counter(student for student, _, _ in self._known)
        self.new: list[Request] = []
        self.done = CollectedRequests()

    def take(self, text: Text) -> None:
        """Takes the requests in a file, if there are any."""
        place, name = printable(text.place), text.path.name.lower()
        if not name.endswith(ENDINGS) or text.path.is_symlink() or not text.path.is_file():
            self.done.others.append(place)
            return
        with text.path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        asked = list(requests_in(decode(data[:MAX_BYTES]), name.endswith(TYPED)))
        if not asked:
            self.done.others.append(place)
            return
        if len(data) > MAX_BYTES:
            self.done.refused.append(
                f"{place}: is larger than {MAX_BYTES // 1000} kB; read it yourself"
            )
            return
        for one in asked:
            if refused := self._take(one, text.student, place):
                self.done.refused.append(f"{place}: {refused}")

    def _take(self, one: Asked, by_place: str, place: str) -> str:
        """Adds a request, or returns why not."""
        student = by_place or one.student
        criterion = self._criteria.get(one.criterion.casefold())
        if one.assignment != self._assignment:
            return f"asks about the assignment {one.assignment!r}, not {self._assignment}"
        if student not in self._students:
            return f"{self._folder} has no student {student!r}"
        if not criterion:
            return f"the rubric has no criterion {one.criterion!r}, or several"
        if not one.reason:
            return f"gives no reason for {criterion}"
        request = Request(student, criterion, one.points, one.reason, _source(one, by_place, place))
        if (*request.of, request.reason) in self._known:
            self.done.known += 1
            return ""
        if self._count[student] >= MAX_OF_STUDENT:
            return f"{student} has asked {MAX_OF_STUDENT} times already; read it yourself"
        self._count[student] += 1
        self._known.add((*request.of, request.reason))
        self.new.append(request)
        self.done.added += 1
        return ""


def _source(one: Asked, by_place: str, place: str) -> str:
    """Where the request was found, and what is doubtful about who wrote it."""
    if not by_place:
        return f"{place}: only the text names the student"
    if one.student not in ("", by_place):
        return f"{place}: but the text names {one.student!r}"
    return place


def _names(rubric: Rubric) -> Mapping[str, str]:
    """The criteria by their ids, by part and title, and by those titles that only one has."""
    known = subjects(rubric).values()
    titles = Counter(one.title.casefold() for one in known)
    names = {o.title.casefold(): o.id for o in known if titles[o.title.casefold()] == 1}
    names |= {f"{one.part.id} {one.title}".casefold(): one.id for one in known}
    return names | {one.id.casefold(): one.id for one in known}
