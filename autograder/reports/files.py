"""Writes a student's files, and the table of a class. A file is there whole or not at all."""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from autograder.course import CourseError
from autograder.evidence import CheckEvidence, Evidence, tidied
from autograder.marks import Marks
from autograder.reports.markdown import student_markdown
from autograder.reports.pages.code import Code
from autograder.reports.pages.student import student_page
from autograder.rubric import Rubric
from autograder.submissions.finding import is_student_id
from autograder.text import printable_lines
from autograder.times import moment

# Of a ``STUDENT.json``: a hundred times what is written there.
MAX_DOCUMENT_BYTES = 16 << 20


class Row(msgspec.Struct, frozen=True):
    """What the tables of a class say of one submission; ``criteria`` in the rubric's order."""

    student: str
    status: str
    total: float
    max_score: float
    parts: dict[str, float]
    criteria: tuple[float, ...]
    misconceptions: tuple[str, ...]
    reason: str
    needs_a_person: tuple[str, ...]
    awaiting_reader: float = 0.0
    late: float = 0.0


def row(evidence: Evidence, marks: Marks) -> Row:
    return Row(
        student=marks.student,
        status=marks.status,
        total=marks.score,
        max_score=marks.max_score,
        parts={name: part.score for name, part in marks.parts.items()},
        criteria=tuple(one.score for one in marks.criteria.values()),
        misconceptions=tuple(
            dict.fromkeys(name for one in marks.criteria.values() for name in one.misconceptions)
        ),
        reason=evidence.reason or (evidence.cells[0].message if evidence.cells else ""),
        needs_a_person=tuple(_needs_a_person(evidence)),
        awaiting_reader=marks.awaiting_reader,
        late=-marks.late.taken if marks.late else 0.0,
    )


def _needs_a_person(evidence: Evidence) -> Iterator[str]:
    """Why a person should look at a submission before its marks are given out."""
    if evidence.status in ("not graded", "unreadable", "attack seen"):
        yield evidence.status
    if evidence.out_of_time:
        yield "ran out of time"
    close = [check.criterion for check in evidence.checks if _is_close(check)]
    if close:
        yield f"near the limit of a tolerance: {', '.join(dict.fromkeys(close))}"


def _is_close(check: CheckEvidence) -> bool:
    """Whether what counts of a check was right or wrong by a small margin."""
    counts = check.submitted
    if check.followed_through is not None and check.followed_through.share > counts.share:
        counts = check.followed_through
    return counts.close


class Document(Marks, frozen=True, kw_only=True):
    """A ``STUDENT.json``: the marks, and what they are made of.

    ``digest`` names what the evidence is of: the submission, and all that it was checked with.
    ``code`` is the student's own, to stand beside the marks. ``handed_in`` is the time at which
    nbgrader took the submission, where it did.
    """

    digest: str
    evidence: Evidence
    code: Code = msgspec.field(default_factory=dict)
    handed_in: str = ""


def stored_students(folder: Path) -> list[str]:
    """Whom the folder holds the results of."""
    paths = folder.glob("*.json")
    return sorted(path.stem for path in paths if not path.name.startswith("."))


def stored_documents(folder: Path) -> list[Document]:
    """What the folder holds of each student.

    Raises CourseError where a file is no student's.
    """
    return [stored_document(folder, student) for student in stored_students(folder)]


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
    if document.evidence != tidied(document.evidence) or not all(map(_is_code, _texts(document))):
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


def write_student(
    folder: Path,
    evidence: Evidence,
    marks: Marks,
    rubric: Rubric,
    digest: str,
    code: Code,
    handed_in: str = "",
) -> None:
    """Writes ``STUDENT.json`` (a ``Document``, for staff), and what the student may read.

    That is ``STUDENT.html``, and the same in few words as ``STUDENT.md``.
    """
    document = msgspec.to_builtins(marks)
    document |= {"digest": digest, "evidence": msgspec.to_builtins(evidence)}
    document |= {"code": msgspec.to_builtins(code), "handed_in": handed_in}
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    write_whole(folder / f"{marks.student}.json", text + b"\n")
    readable = student_markdown(evidence, marks, rubric)
    write_whole(folder / f"{marks.student}.md", readable.encode())
    page = student_page(evidence, marks, rubric, code)
    write_whole(folder / f"{marks.student}.html", page.encode())


def write_grades(folder: Path, rows: Sequence[Row], rubric: Rubric) -> Path:
    """Writes ``grades.csv``: student, status, total, one column per part.

    Where the rubric has late work or written answers, what was lost and what is still to come.
    """
    parts = [part.id for part in rubric.parts()]
    more = ["late"] * (rubric.late is not None) + ["awaiting_reader"] * bool(rubric.written_share)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", "status", "total", *parts, *more])
    for one in sorted(rows, key=lambda one: one.student):
        points = [*(one.parts[p] for p in parts), *(getattr(one, name) for name in more)]
        writer.writerow([one.student, one.status, one.total, *points])
    path = folder / "grades.csv"
    write_whole(path, text.getvalue().encode())
    return path


def locked(folder: Path) -> IO[str]:
    """Makes the folder, for one run alone. Closing the file, or dying, gives it free.

    Raises CourseError where another run has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise CourseError(
            f"{folder}: another run is writing its results there; wait for it, or name another "
            "folder"
        ) from None
    for left_over in folder.glob(".*.part"):
        left_over.unlink(missing_ok=True)
    return lock


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that a reader, or a crash, finds the old one or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
