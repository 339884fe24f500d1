"""Writes a student's files, and the table of a class. A file is there whole or not at all."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from autograder.evidence import Evidence
from autograder.marks import Marks
from autograder.reports.markdown import student_markdown
from autograder.reports.pages.code import Code
from autograder.rubric import Rubric


class Row(msgspec.Struct, frozen=True):
    """What a table of a class says of one submission."""

    student: str
    status: str
    total: float
    max_score: float
    parts: dict[str, float]
    reason: str


def row(evidence: Evidence, marks: Marks) -> Row:
    reason = evidence.reason or (evidence.cells[0].message if evidence.cells else "")
    parts = {name: part.score for name, part in marks.parts.items()}
    return Row(marks.student, marks.status, marks.score, marks.max_score, parts, reason)


class _Stored(msgspec.Struct):
    """What a ``STUDENT.json`` holds beside the marks."""

    digest: str
    evidence: Evidence


def stored_evidence(folder: Path, student: str, digest: str) -> Evidence | None:
    """The evidence that an earlier run left of a student, if it is of what ``digest`` names."""
    try:
        stored = msgspec.json.decode((folder / f"{student}.json").read_bytes(), type=_Stored)
    except (OSError, msgspec.DecodeError):
        return None
    return stored.evidence if stored.digest == digest else None


def write_student(
    folder: Path, evidence: Evidence, marks: Marks, rubric: Rubric, digest: str, code: Code
) -> None:
    """Writes ``STUDENT.json`` (marks and evidence, for staff) and ``STUDENT.md`` (to return).

    ``digest`` names what the evidence is of: the submission, and all that it was checked with.
    ``code`` is the student's own, to stand beside the marks.
    """
    document = msgspec.to_builtins(marks)
    document |= {"digest": digest, "evidence": msgspec.to_builtins(evidence)}
    document["code"] = msgspec.to_builtins(code)
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    write_whole(folder / f"{marks.student}.json", text + b"\n")
    readable = student_markdown(evidence, marks, rubric)
    write_whole(folder / f"{marks.student}.md", readable.encode())


def write_grades(folder: Path, rows: Sequence[Row], rubric: Rubric) -> Path:
    """Writes ``grades.csv``: student, status, total, one column per part."""
    parts = [part.id for part in rubric.parts()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["student", "status", "total", *parts])
    for one in sorted(rows, key=lambda one: one.student):
        writer.writerow([one.student, one.status, one.total, *(one.parts[p] for p in parts)])
    path = folder / "grades.csv"
    write_whole(path, text.getvalue().encode())
    return path


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file so that a reader, or a crash, finds the old one or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
