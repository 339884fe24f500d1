"""``chosen.csv``: which of a student's files is graded, where a person says so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autograder.marking.decisions import read_rows

CHOSEN = "chosen.csv"


def read_choices(folder: Path) -> Mapping[str, str]:
    """The file that was chosen, by student; none where there is no such table.

    Raises CourseError with the line where a student is there twice.
    """
    chosen: dict[str, str] = {}
    for row in read_rows(folder / CHOSEN, ("student", "file")):
        student = row["student"]
        if student in chosen:
            raise row.error(f"{student} appears here a second time; remove one of them")
        if row["file"]:
            chosen[student] = row["file"]
    return chosen
