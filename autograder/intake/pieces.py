"""What a platform's download holds of one student: a file, or a folder of files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autograder.submissions.finding import Origin


@dataclass(frozen=True)
class Piece:
    """One file or folder of one student, as the platform names it.

    ``student`` is the id by which the platform knows the student, at every download the same.
    ``also`` are other ids and names of theirs, by which a roster may know them. ``handed_in`` is
    the time at which the platform took it, if it says so.
    """

    student: str
    path: Path
    origin: Origin
    also: tuple[str, ...] = ()
    handed_in: str = ""
    notes: tuple[str, ...] = ()
