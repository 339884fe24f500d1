"""``chosen.csv``: which of a student's files is graded, where a person says so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from autograder.marking.decisions import TableRow, read_rows, unknown

CHOSEN = "chosen.csv"


class Choice(NamedTuple):
    """The name of a file, and the line that it is in."""

    file: str
    row: TableRow


def read_choices(folder: Path) -> Mapping[str, Choice]:
    """The file that was chosen, by student; none where there is no such table.

    Raises CourseError with the line where a student is there twice.
    """
    chosen: dict[str, Choice] = {}
    for row in read_rows(folder / CHOSEN, ("student", "file")):
        student = row["student"]
        if student in chosen:
            raise row.error(f"{student} appears here a second time; remove one of them")
        if row["file"]:
            chosen[student] = Choice(row["file"], row)
    return chosen


def refuse_unknown(chosen: Mapping[str, Choice], students: Collection[str]) -> None:
    """Raises CourseError with the line of a choice for a student who is not among these."""
    for student, choice in chosen.items():
        if student not in students:
            raise choice.row.error(unknown("student", student, students, "the class"))
