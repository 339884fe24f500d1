"""A student's id, what one handed in, and which of several files is graded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from autograder.course.times import moment
from autograder.submissions.text import printable

SUFFIXES = (".ipynb", ".py")
MAX_ID_BYTES = 100
# Where nbgrader says in a student's folder when it took the submission.
TIMESTAMP = "timestamp.txt"
MAX_TIME_BYTES = 100
# What a page of the class is called, which lies beside those of the students.
TAKEN = {"index"}
# What systems and programs leave in a folder; no submission.
LEFT_BEHIND = re.compile(
    rf"""{re.escape(TIMESTAMP)}
    | thumbs\.\w+ | (?:readme|license)(?:\.\w+)? | desktop\.ini | __macosx | __pycache__ | ~\$.*
    | \._.* | \.~lock\..* | \.(?:nfs|fuse_hidden|goutputstream).* | \.git(?:ignore|keep|attributes)?
    | \.(?:ds_store | directory | localized | trash.* | spotlight-v100 | fseventsd | temporaryitems)
    | \.(?:ipynb_checkpoints | idea | vscode | venv | (?:pytest_|mypy_|ruff_)?cache)
    """,
    re.IGNORECASE | re.VERBOSE,
)
# How notes begin or end in which several files were found.
SEVERAL = "of several files "
SHARED = "were graded: "
_ID = re.compile(r"[\w ][\w .@+-]*")


Count = Annotated[int, Meta(ge=0, le=1 << 62)]
Platform = Literal["", "canvas", "moodle", "gradescope", "github", "nbgrader"]


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the platform that a submission came from knows it, and its student.

    ``name`` is the student's, as people see it. ``account`` is the platform's own number or name
    of the student, ``file`` what it called the file or the folder, and ``number`` counts its
    files: the newest has the largest. ``late`` is what the platform says, None if it says
    nothing, and ``late_seconds`` by how much: 0 where it does not say.
    """

    platform: Platform = ""
    name: str = ""
    account: str = ""
    file: str = ""
    number: Count = 0
    late: bool | None = None
    late_seconds: Count = 0


UNKNOWN = Origin()


@dataclass(frozen=True)
class HandIn:
    """One student's file, when the platform took it, and how the platform knows it."""

    student: str
    path: Path
    notes: tuple[str, ...] = ()
    handed_in: str = ""
    origin: Origin = UNKNOWN


def student_id(name: str) -> str:
    """A name as an id that is safe as a file name, in a table and on a page.

    A name that has to be changed gets a part of its own hash, so that no two become one.
    """
    seen = printable(name)
    start = re.sub(r"[^\w .@+-]", "_", seen).encode()[:MAX_ID_BYTES].decode("utf-8", "ignore")
    safe = re.sub(r"^[-=+@.]+", "_", start.strip())
    if safe == name and name.casefold() not in TAKEN:
        return name
    return f"{safe or 'student'}-{short_hash(name)}"


def is_student_id(name: str) -> bool:
    """Whether this can be what ``student_id`` made of a name."""
    return (
        len(name) <= 2 * MAX_ID_BYTES
        and printable(name) == name
        and _ID.fullmatch(name) is not None
    )


def short_hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def was_handed_in(path: Path) -> bool:
    """Whether this is more than what a system leaves behind. A hidden file may be somebody's."""
    return LEFT_BEHIND.fullmatch(path.name) is None


def handed_in(folder: Path) -> list[Path]:
    """What is in a folder, without what a system leaves behind."""
    return sorted(filter(was_handed_in, folder.iterdir()))


def is_folder(path: Path) -> bool:
    """A link is none, wherever it leads: to a classmate's folder, or to the solutions."""
    return path.is_dir() and not path.is_symlink()


def is_work(path: Path, assignment: str, released: Path) -> bool:
    """Whether this is a notebook or a script that is not as the assignment was released."""
    return path.name.endswith(SUFFIXES) and not is_as_released(path, released)


def choose(
    files: Sequence[Path], assignment: str, released: Path, by_hand: str = ""
) -> tuple[Path | None, tuple[str, ...]]:
    """The one of a student's files that is graded, and a note where others could have been.

    ``by_hand`` is the name of the one that a person chose, if it is among them.
    """
    candidates = [path for path in files if is_work(path, assignment, released)]
    candidates = candidates or [p for p in files if p.stem == assignment] or list(files)
    candidates += [p for p in files if p.name == by_hand and p not in candidates]
    if not candidates:
        return None, ()
    order = sorted(
        candidates,
        key=lambda p: (
            *(p.name != by_hand, not p.name.endswith(SUFFIXES)),
            *(p.stem != assignment, p.suffix, p.name),
        ),
    )
    if len(order) == 1:
        return order[0], ()
    chosen, *others = (printable(path.name) for path in order[:4])
    how = "was chosen by hand" if order[0].name == by_hand else "was graded"
    note = f"{SEVERAL}{chosen} {how}; the others were: {', '.join(others)}"
    return order[0], (note,)


def is_as_released(path: Path, released: Path) -> bool:
    """Whether the folder ``released`` holds the same file, whatever it is called there."""
    try:
        size = path.stat().st_size
        return any(
            one.suffix == path.suffix
            and one.is_file()
            and one.stat().st_size == size
            and one.read_bytes() == path.read_bytes()
            for one in released.iterdir()
        )
    except OSError:
        return False


def from_folder(folder: Path, name: str, assignment: str, released: Path) -> HandIn:
    """What the student of this name has in a folder that holds nothing else."""
    files = [path for path in handed_in(folder) if not is_folder(path)]
    chosen, notes = choose(files, assignment, released)
    time, wrong = timestamp(folder / TIMESTAMP)
    return HandIn(student_id(name), chosen or folder, (*notes, *wrong), time)


def timestamp(path: Path) -> tuple[str, tuple[str, ...]]:
    """The time that nbgrader wrote, or a note that it cannot be read."""
    if not path.is_file() or path.is_symlink():
        return "", ()
    try:
        with path.open("rb") as file:
            return moment(file.read(MAX_TIME_BYTES).decode("ascii")).isoformat(), ()
    except (OSError, ValueError, OverflowError):
        return "", (f"{TIMESTAMP} holds no time, so it cannot be said whether this is late",)
