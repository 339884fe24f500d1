"""Canvas: *Download Submissions* of an assignment, a flat folder of files.

    smithjohn_LATE_12345_678901_rnn-2.ipynb

These are the student's name in lower case without anything but letters and digits; ``LATE`` if it
was; Canvas's number of the student; its number of the file; and what the student called the file,
to which Canvas adds a number where one of that name was there before. The number of the file grows
with each upload. A class that is graded anonymously has ``anon_x7Ab2`` for name and number. What
was typed into a text box ends in ``_12345_text.html``, a link in ``_12345_link.html``.
"""

from __future__ import annotations

from pathlib import Path

from autograder.intake.pieces import Piece
from autograder.submissions.finding import Origin

LATE, ANONYMOUS = "LATE", "anon"
TYPED = ("text.html", "link.html")


def piece(path: Path) -> Piece | None:
    """What Canvas says of a file; None if this is no name that Canvas gives."""
    words = path.name.split("_")
    late = LATE in words[:-1]
    who = [word for word in words if word != LATE] if late else words
    number = 0
    if who[0] == ANONYMOUS and len(who) >= 3:
        account, rest = f"{ANONYMOUS}_{who[1]}", who[2:]
        if _is_number(rest[0]) and len(rest) >= 2:
            number = int(rest[0])
        elif rest not in ([one] for one in TYPED):
            return None
        return _piece(path, account, "", number, late)
    for at in range(1, len(who) - 1):
        if not _is_number(who[at]):
            continue
        if _is_number(who[at + 1]) and at + 2 < len(who):
            number = int(who[at + 1])
        elif who[at + 1 :] not in ([one] for one in TYPED):
            continue
        return _piece(path, who[at], "_".join(who[:at]), number, late)
    return None


def _piece(path: Path, account: str, name: str, number: int, late: bool) -> Piece:
    origin = Origin("canvas", name, account, path.name, number, late)
    return Piece(account, path, origin)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 18
