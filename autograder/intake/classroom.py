"""GitHub Classroom: what ``gh classroom clone student-repos`` clones.

    rnn-submissions/rnn-ada-l/.git
    rnn-submissions/rnn-ada-l/rnn.ipynb

The folder is named after the assignment, and each clone after the assignment and the student's
login on GitHub. When something was pushed is in the grades that Classroom has to download
(``submission_timestamp``); the dates of commits are the student's own, and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.intake.pieces import Piece
from autograder.submissions.finding import Origin, handed_in, is_folder

ENDING = "-submissions"


def is_clones(folder: Path) -> bool:
    """Whether every folder in here is a clone, and there are some."""
    folders = [path for path in handed_in(folder) if is_folder(path)]
    return bool(folders) and all(is_folder(path / ".git") for path in folders)


def pieces(folder: Path) -> Iterator[Piece]:
    clones = [path for path in handed_in(folder) if is_folder(path)]
    start = _slug(folder, [path.name for path in clones])
    for path in clones:
        login = path.name.removeprefix(start)
        yield Piece(login, path, Origin("github", "", login, path.name))


def _slug(folder: Path, names: list[str]) -> str:
    """What the names of all clones begin with: the assignment, as the folder is named after it.

    Where it is not, a clone's whole name is the id: what two names have in common may be a login's.
    """
    start = f"{folder.name.removesuffix(ENDING)}-"
    if folder.name.endswith(ENDING) and all(name.startswith(start) for name in names):
        return start
    return ""
