"""Moodle: *Download all submissions* of an assignment, a folder for each student.

    Ada Lovelace_123456_assignsubmission_file_/rnn.ipynb       Moodle 3.1 to 4.0
    Ada Lovelace_123456_assignsubmission_file/rnn.ipynb        from 4.1 on
    Ada Lovelace_123456_assignsubmission_file_rnn.ipynb        without folders

The number is the student's within this assignment, the same at every download; it is in the grading
worksheet too, as ``Participant 123456``. A name has a space where it had an underscore, and in an
anonymous assignment it is ``Participant``. What was typed into a text box is in a folder that ends
in ``_onlinetext``. Moodle says nothing of times here; the grading worksheet does.
"""

from __future__ import annotations

import re
from pathlib import Path

from autograder.intake.pieces import Piece
from autograder.submissions.finding import Origin

NAME = re.compile(r"(?P<name>[^_]*)_(?P<id>\d{1,18})_assignsubmission_(?P<type>[a-z]+)(?:_.*)?")


def piece(path: Path) -> Piece | None:
    """What Moodle says of a file or folder; None if this is no name that Moodle gives."""
    found = NAME.fullmatch(path.name)
    if not found:
        return None
    origin = Origin("moodle", found["name"], found["id"], path.name)
    return Piece(found["id"], path, origin, also=(found["name"],))


def is_typed(one: Piece) -> bool:
    """Whether this was typed into a text box; a file counts where there is one."""
    found = NAME.fullmatch(one.origin.file)
    return found is not None and found["type"] != "file"
