"""Finds who handed in what: single files, an LMS's flat folder, or nbgrader's tree."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course.folders import CourseError
from autograder.course.times import moment
from autograder.submissions.text import printable

SUFFIXES = (".ipynb", ".py")
MAX_ID_BYTES = 100
# Where nbgrader says in a student's folder when it took the submission.
TIMESTAMP = "timestamp.txt"
MAX_TIME_BYTES = 100
# What a page of the class is called, which lies beside those of the students.
TAKEN = {"index"}
# What systems and programs leave in a folder, and nobody hands in.
LEFT_BEHIND = re.compile(
    rf"""{re.escape(TIMESTAMP)}
    | thumbs\.db | desktop\.ini | __macosx | __pycache__ | ~\$.*
    | \._.* | \.~lock\..* | \.(?:nfs|fuse_hidden|goutputstream).* | \.git(?:ignore|keep|attributes)?
    | \.(?:ds_store | directory | localized | trash.* | spotlight-v100 | fseventsd | temporaryitems)
    | \.(?:ipynb_checkpoints | idea | vscode | venv | (?:pytest_|mypy_|ruff_)?cache)
    """,
    re.IGNORECASE | re.VERBOSE,
)
MOST_NAMED = 5
_ID = re.compile(r"[\w ][\w .@+-]*")


@dataclass(frozen=True)
class HandIn:
    """One student's file, and the time at which nbgrader took it, where it did."""

    student: str
    path: Path
    notes: tuple[str, ...] = ()
    handed_in: str = ""


def student_id(name: str) -> str:
    """A name as an id that is safe as a file name, in a table and on a page.

    A name that has to be changed gets a part of its own hash, so that no two become one.
    """
    seen = printable(name)
    start = re.sub(r"[^\w .@+-]", "_", seen).encode()[:MAX_ID_BYTES].decode("utf-8", "ignore")
    safe = re.sub(r"^[-=+@.]+", "_", start.strip())
    if safe == name and name.casefold() not in TAKEN:
        return name
    return f"{safe or 'student'}-{_short_hash(name)}"


def is_student_id(name: str) -> bool:
    """Whether this can be what ``student_id`` made of a name."""
    return (
        len(name) <= 2 * MAX_ID_BYTES
        and printable(name) == name
        and _ID.fullmatch(name) is not None
    )


def _short_hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def was_handed_in(path: Path) -> bool:
    """Whether this is more than what a system leaves behind. A hidden file may be somebody's."""
    return LEFT_BEHIND.fullmatch(path.name) is None


def _handed_in(folder: Path) -> list[Path]:
    return sorted(filter(was_handed_in, folder.iterdir()))


def _is_folder(path: Path) -> bool:
    """A link is none, wherever it leads: to a classmate's folder, or to the solutions."""
    return path.is_dir() and not path.is_symlink()


def _chosen(folder: Path, assignment: str, released: Path) -> tuple[Path | None, tuple[str, ...]]:
    """The one file of a student's folder that is graded."""
    files = [path for path in _handed_in(folder) if not _is_folder(path)]
    candidates = [p for p in files if p.name.endswith(SUFFIXES) and not is_as_released(p, released)]
    candidates = candidates or [p for p in files if p.stem == assignment] or files
    if not candidates:
        return None, ()
    order = sorted(
        candidates,
        key=lambda p: (not p.name.endswith(SUFFIXES), p.stem != assignment, p.suffix, p.name),
    )
    if len(order) == 1:
        return order[0], ()
    chosen, *others = (printable(path.name) for path in order[:4])
    note = f"of several files {chosen} was graded; the others were: {', '.join(others)}"
    return order[0], (note,)


def is_as_released(path: Path, released: Path) -> bool:
    """Whether the folder ``released`` holds the same file."""
    original = released / path.name
    try:
        return (
            original.is_file()
            and path.stat().st_size == original.stat().st_size
            and path.read_bytes() == original.read_bytes()
        )
    except OSError:
        return False


def _root(folder: Path) -> Path:
    return folder / "submitted" if (folder / "submitted").is_dir() else folder


def refuse_among(out: Path, paths: Iterable[Path]) -> None:
    """Raises CourseError where results in ``out`` would be the next run's submissions."""
    for folder in paths:
        if folder.is_dir() and out.resolve().is_relative_to(_root(folder).resolve()):
            raise CourseError(
                f"{out}: is among the submissions in {_root(folder)}, and would be graded with "
                "them the next time; name a folder that is not in there"
            )


def _in_folder(folder: Path, assignment: str, released: Path) -> Iterator[HandIn]:
    for path in _handed_in(_root(folder)):
        if not _is_folder(path):
            yield HandIn(student_id(path.stem), path)
            continue
        own = path / assignment if _is_folder(path / assignment) else path
        yield from_folder(own, path.name, assignment, released)


def from_folder(folder: Path, name: str, assignment: str, released: Path) -> HandIn:
    """What the student of this name has in a folder that holds nothing else."""
    chosen, notes = _chosen(folder, assignment, released)
    time, wrong = _timestamp(folder / TIMESTAMP)
    return HandIn(student_id(name), chosen or folder, (*notes, *wrong), time)


def _timestamp(path: Path) -> tuple[str, tuple[str, ...]]:
    """The time that nbgrader wrote, or a note that it cannot be read."""
    if not path.is_file() or path.is_symlink():
        return "", ()
    try:
        with path.open("rb") as file:
            return moment(file.read(MAX_TIME_BYTES).decode("ascii")).isoformat(), ()
    except (OSError, ValueError, OverflowError):
        return "", (f"{TIMESTAMP} holds no time, so nobody can say if this is late",)


def find_submissions(paths: Iterable[Path], assignment: str, released: Path) -> list[HandIn]:
    """All that was handed in under ``paths``, sorted by student.

    A plain file's stem is the student's id, and so is the name of a student's folder. Where two
    would share an id, both get their whole file name instead, and a note. Raises CourseError
    where there is nothing.
    """
    found: list[HandIn] = []
    for path in paths:
        if path.is_dir():
            found += _in_folder(path, assignment, released)
        elif path.exists() or path.is_symlink():
            found.append(HandIn(student_id(path.stem), path))
        else:
            raise CourseError(f"{path}: no such file or folder")
    if not found:
        named = ", ".join(map(str, paths))
        raise CourseError(f"{named}: holds no submissions (.ipynb or .py files, or folders)")
    by_id: dict[str, list[HandIn]] = defaultdict(list)
    for one in dict.fromkeys(found):
        by_id[one.student.casefold()].append(one)
    distinct: list[HandIn] = []
    for same in by_id.values():
        distinct += same if len(same) == 1 else _told_apart(same, by_id.keys())
    return sorted(distinct, key=lambda one: one.student)


def _whole_name(one: HandIn) -> str:
    """A file's, with its ending; in a folder of the student's, that is named by the student."""
    return one.path.name if student_id(one.path.stem) == one.student else one.student


def _told_apart(same: list[HandIn], taken: Collection[str]) -> Iterator[HandIn]:
    """Those who would share an id, under names of their own.

    Of where the files lie, only how they lie to each other counts: students read the note, and
    the same class in another place gets the same ids, and so the same inputs.
    """
    common = Path(os.path.commonpath([one.path.absolute().parent for one in same]))
    names = [str(one.path.absolute().relative_to(common)) for one in same]
    told = ", ".join(map(printable, names[:MOST_NAMED]))
    if len(names) > MOST_NAMED:
        told += f" and {len(names) - MOST_NAMED} more"
    whole = [_whole_name(one) for one in same]
    folded = Counter(name.casefold() for name in whole)
    for one, name, own in zip(same, names, whole, strict=True):
        note = f"{len(same)} files would share the id {one.student}: {told}"
        if folded[own.casefold()] > 1 or own.casefold() in taken:
            own = f"{own} {_short_hash(name)}"
        yield replace(one, student=student_id(own), notes=(*one.notes, note))
