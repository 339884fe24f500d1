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
    """What Canvas says of a file; None if this is no name that Canvas gives, or it says too little.

    A student may be called ``eve_999``, and a file ``7_rnn.py``; where that leaves two ways to read
    whose file this is, it belongs to no one.
    """
    words = path.name.split("_")
    late = words[0] == LATE
    if words[late] == ANONYMOUS and len(words) >= 3 + late:
        account, *rest = words[1 + late :]
        account = f"{ANONYMOUS}_{account}"
        if _is_number(rest[0]) and len(rest) >= 2:
            return _piece(path, account, "", int(rest[0]), late)
        return _piece(path, account, "", 0, late) if rest[0] in TYPED else None
    if len(words) >= 3 and words[-1] in TYPED and _is_number(words[-2]):
        return _named(path, words, len(words) - 2, 0)
    ways = [
        at for at in range(1, len(words) - 2) if _is_number(words[at]) and _is_number(words[at + 1])
    ]
    # What comes after the first numbers, and is no number, is the file's own name.
    ways = [at for number, at in enumerate(ways) if at == ways[0] + number]
    if len(ways) > 1:
        # There are more files than students, so that their numbers are the larger ones.
        ways = [at for at in ways if int(words[at + 1]) > int(words[at])]
    return _named(path, words, ways[0], int(words[ways[0] + 1])) if len(ways) == 1 else None


def _named(path: Path, words: list[str], at: int, number: int) -> Piece:
    """The piece whose student's number is the word ``at``."""
    late = words[at - 1] == LATE
    return _piece(path, words[at], "_".join(words[: at - late]), number, late)


def _piece(path: Path, account: str, name: str, number: int, late: bool) -> Piece:
    origin = Origin("canvas", name, account, path.name, number, late)
    return Piece(account, path, origin)


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 18
