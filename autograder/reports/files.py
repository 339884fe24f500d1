"""Writes a student's files, and the table of a class."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import msgspec

from autograder.course.rubric import Rubric
from autograder.marking.marks import Marks
from autograder.reports.markdown import student_markdown
from autograder.reports.pages.student import student_page
from autograder.results.code import Code
from autograder.results.rows import Row
from autograder.results.writing import write_whole
from autograder.submissions.finding import UNKNOWN, Origin
from autograder.submissions.text import no_formula
from autograder.suite.evidence import Evidence


def write_student(
    folder: Path,
    evidence: Evidence,
    marks: Marks,
    rubric: Rubric,
    digest: str,
    code: Code,
    handed_in: str = "",
    origin: Origin = UNKNOWN,
) -> None:
    """Writes ``STUDENT.json`` (a ``Document``, for staff), and what the student may read.

    That is ``STUDENT.html``, and the same in few words as ``STUDENT.md``.
    """
    document = msgspec.to_builtins(marks)
    document |= {"digest": digest, "evidence": msgspec.to_builtins(evidence)}
    document |= {"code": msgspec.to_builtins(code), "handed_in": handed_in}
    document |= {"origin": msgspec.to_builtins(origin)}
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    write_whole(folder / f"{marks.student}.json", text + b"\n")
    readable = student_markdown(evidence, marks, rubric, origin.name)
    write_whole(folder / f"{marks.student}.md", readable.encode())
    page = student_page(evidence, marks, rubric, code, origin.name)
    write_whole(folder / f"{marks.student}.html", page.encode())


def write_grades(folder: Path, rows: Sequence[Row], rubric: Rubric) -> Path:
    """Writes ``grades.csv``: student, status, total, one column per part.

    Where names are known they come second. Where the rubric has late work or written answers, what
    was lost and what is still to come.
    """
    parts = [part.id for part in rubric.parts()]
    more = ["late"] * (rubric.late is not None) + ["awaiting_reader"] * bool(rubric.written_share)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    who = ["student"] + ["name"] * any(one.name for one in rows)
    writer.writerow([*who, "status", "total", *parts, *more])
    for one in sorted(rows, key=lambda one: one.student):
        points = [*(one.parts[p] for p in parts), *(getattr(one, name) for name in more)]
        names = [one.student, no_formula(one.name)][: len(who)]
        writer.writerow([*names, one.status, one.total, *points])
    path = folder / "grades.csv"
    write_whole(path, text.getvalue().encode())
    return path
