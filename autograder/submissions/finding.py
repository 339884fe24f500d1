"""Finds who handed in what: single files, an LMS's flat folder, or nbgrader's tree."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.course import CourseError
from autograder.submissions.reading import printable
from autograder.times import moment

SUFFIXES = (".ipynb", ".py")
MAX_ID_BYTES = 100
# Where nbgrader says in a student's folder when it took the submission.
TIMESTAMP = "timestamp.txt"
MAX_TIME_BYTES = 100
# What systems leave in a folder of submissions that nobody handed in.
# What a page of the class is called, which lies beside those of the students.
TAKEN = {"index"}
NOT_HANDED_IN = {TIMESTAMP, "thumbs.db", "desktop.ini", "__macosx", "__pycache__"}


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
    start = re.sub(r"[^\w .@+-]", "_", name).encode()[:MAX_ID_BYTES].decode("utf-8", "ignore")
    safe = re.sub(r"^[-=+@.]+", "_", start.strip())
    if safe == name and name.casefold() not in TAKEN:
        return name
    return f"{safe or 'student'}-{_short_hash(name)}"


def _short_hash(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _visible(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.name.lower() not in NOT_HANDED_IN
    )


def _is_folder(path: Path) -> bool:
    """A link is none, wherever it leads: to a classmate's folder, or to the solutions."""
    return path.is_dir() and not path.is_symlink()


def _chosen(folder: Path, assignment: str, released: Path) -> tuple[Path | None, tuple[str, ...]]:
    """The one file of a student's folder that is graded."""
    files = [path for path in _visible(folder) if not _is_folder(path)]
    candidates = [p for p in files if p.suffix in SUFFIXES and not _as_released(p, released)]
    candidates = candidates or [p for p in files if p.stem == assignment] or files
    if not candidates:
        return None, ()
    order = sorted(
        candidates,
        key=lambda p: (p.suffix not in SUFFIXES, p.stem != assignment, p.suffix, p.name),
    )
    if len(order) == 1:
        return order[0], ()
    chosen, *others = (printable(path.name) for path in order[:4])
    note = f"of several files {chosen} was graded; the others were: {', '.join(others)}"
    return order[0], (note,)


def _as_released(path: Path, released: Path) -> bool:
    original = released / path.name
    try:
        return (
            original.is_file()
            and path.stat().st_size == original.stat().st_size
            and path.read_bytes() == original.read_bytes()
        )
    except OSError:
        return False


def _in_folder(folder: Path, assignment: str, released: Path) -> Iterator[HandIn]:
    if (folder / "submitted").is_dir():
        folder = folder / "submitted"
    for path in _visible(folder):
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
        if len(same) == 1:
            distinct += same
            continue
        names = ", ".join(printable(str(one.path)) for one in same)
        for one in same:
            note = f"{len(same)} files would share the id {one.student}: {names}"
            own = replace(one, student=student_id(f"{one.path.name} {_short_hash(str(one.path))}"))
            distinct.append(replace(own, notes=(*one.notes, note)))
    return sorted(distinct, key=lambda one: one.student)
