"""What is kept of a student: read again, and refused where it is another's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from autograder.course.folders import CourseError
from autograder.course.times import moment
from autograder.marking.marks import Marks
from autograder.results.code import Code
from autograder.submissions.finding import UNKNOWN, Origin, is_student_id
from autograder.submissions.text import printable, printable_lines
from autograder.suite.evidence import Evidence, tidied

# Of a ``STUDENT.json``: a hundred times what is written there.
MAX_DOCUMENT_BYTES = 16 << 20


class Document(Marks, frozen=True, kw_only=True):
    """A ``STUDENT.json``: the marks, and what they are made of.

    ``digest`` names what the evidence is of: the submission, and all that it was checked with.
    ``code`` is the student's, shown beside the marks. ``handed_in`` is the time at which
    the platform took the submission, and ``origin`` how it knows it, where it does.
    """

    digest: str
    evidence: Evidence
    code: Code = msgspec.field(default_factory=dict)
    handed_in: str = ""
    origin: Origin = UNKNOWN


def stored_students(folder: Path) -> list[str]:
    """Whom the folder holds the results of."""
    paths = folder.glob("*.json")
    return sorted(path.stem for path in paths if not path.name.startswith("."))


def refuse_empty(folder: Path) -> None:
    """Raises CourseError where the folder holds no results."""
    if not stored_students(folder):
        raise CourseError(
            f"{folder}: holds no results; give the folder that `autograder grade` wrote into"
        )


def refuse_another(folder: Path, assignment: str) -> None:
    """Raises CourseError where the folder holds results of another assignment."""
    for student in stored_students(folder):
        stored = _stored(folder, student)
        if stored is not None:
            _refuse_another(folder / f"{student}.json", stored.evidence, assignment)
            return


def _refuse_another(file: Path, evidence: Evidence, assignment: str) -> None:
    if evidence.assignment != assignment:
        raise CourseError(
            f"{file}: results of the assignment {evidence.assignment}, not of {assignment}; name "
            f"another folder, or --assignment {evidence.assignment}"
        )


def stored_documents(folder: Path, assignment: str) -> list[Document]:
    """What the folder holds of each student.

    Raises CourseError where a file is no student's, or of another assignment.
    """
    documents = [stored_document(folder, student) for student in stored_students(folder)]
    for document in documents:
        _refuse_another(folder / f"{document.student}.json", document.evidence, assignment)
    return documents


def stored_document(folder: Path, student: str) -> Document:
    """What the folder holds of a student. Raises FileNotFoundError where that is nothing.

    Raises CourseError where it is not what ``write_student`` writes: who can change that file may
    be another than who reads its text in a terminal, on a page, or as the name of a file.
    """
    path = folder / f"{student}.json"
    try:
        with path.open("rb") as file:
            document = msgspec.json.decode(file.read(MAX_DOCUMENT_BYTES + 1), type=Document)
    except FileNotFoundError:
        raise
    except (OSError, msgspec.DecodeError) as error:
        raise _not_ours(path, str(error)) from None
    if not student == document.student == document.evidence.student:
        raise CourseError(f"{path}: holds the results of {document.student!r}; move it away")
    if not is_student_id(student):
        raise _not_ours(path, "no student has this name")
    own = document.origin
    texts = [own.name, own.account, own.file]
    if (
        document.evidence != tidied(document.evidence)
        or not all(map(_is_code, _texts(document)))
        or any(printable(text) != text for text in texts)
    ):
        raise _not_ours(path, "some of its text cannot be printed, or is too long")
    try:
        if document.handed_in:
            moment(document.handed_in)
    except (ValueError, OverflowError):
        raise _not_ours(path, "`handed_in` is no time") from None
    return document


def _not_ours(path: Path, why: str) -> CourseError:
    return CourseError(
        f"{path}: not what `autograder grade` writes of a student ({why}); move it away, or grade "
        "that submission again"
    )


def _texts(document: Document) -> Iterator[str]:
    for part, excerpts in document.code.items():
        yield part
        for excerpt in excerpts:
            yield from (excerpt.cell, excerpt.source)


def _is_code(text: str) -> bool:
    return printable_lines(text, len(text)) == text


def stored_origin(folder: Path, student: str) -> Origin:
    """Where the stored submission of a student came from; ``UNKNOWN`` if there is none."""
    stored = _stored(folder, student)
    return stored.origin if stored is not None else UNKNOWN


def stored_score(folder: Path, student: str) -> tuple[str, float] | None:
    """The hash of the student's file that was graded, and its score; None if there is none."""
    stored = _stored(folder, student)
    return (stored.evidence.sha256, stored.score) if stored is not None else None


def known_as_slow(folder: Path, student: str) -> bool:
    """Whether what the folder holds of a student took all the time that it was given."""
    stored = _stored(folder, student)
    return stored is not None and stored.evidence.out_of_time


def stored_evidence(folder: Path, student: str, digest: str) -> Evidence | None:
    """The evidence that an earlier run left of a student, if it is of what ``digest`` names."""
    stored = _stored(folder, student)
    return stored.evidence if stored is not None and stored.digest == digest else None


def _stored(folder: Path, student: str) -> Document | None:
    try:
        return stored_document(folder, student)
    except (FileNotFoundError, CourseError):
        return None
