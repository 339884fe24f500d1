"""Names the code and the files that decide what evidence of a submission holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache, lru_cache, wraps
from pathlib import Path
from typing import TypeVar

from autograder.course.folders import SECRET, Assignment

PACKAGE = Path(__file__).parents[1]
# What only shows, sends or builds from evidence, and never decides what it holds.
AFTERWARDS = frozenset(
    {"audit", "cli", "doctor", "exporting", "intake", "marking", "nbgrader", "new_assignment"}
    | {"packaging", "reading", "release", "reports", "results", "self_check", "similar"}
)
# Of an assignment's folder: what the grader never reads.
NEVER_READ = frozenset({"audit", "handout", "README.md", "rubric.yaml"})

T = TypeVar("T")


@cache
def of_code() -> bytes:
    """Of the rooms that decide evidence: two graders with the same digest see the same."""
    return _digest(
        PACKAGE, (path for path in PACKAGE.rglob("*.py") if _room(path) not in AFTERWARDS)
    )


def of_assignment(assignment: Assignment) -> bytes:
    """Of the assignment's name and files, without its rubric: marks are made of that later."""
    folder = assignment.folder
    decide = (path for path in files(folder) if path.relative_to(folder).parts[0] not in NEVER_READ)
    return hashlib.sha256(assignment.name.encode() + _digest(folder, decide)).digest()


def while_unchanged(function: Callable[[Assignment], T]) -> Callable[[Assignment], T]:
    """Caches the result for an assignment until one of its files, its rubric or the course secret
    changes. All callers share the result, so it must not be changed."""

    @lru_cache(4)
    def kept(assignment: Assignment, _: bytes) -> T:
        return function(assignment)

    @wraps(function)
    def made(assignment: Assignment) -> T:
        secret = assignment.course.root / SECRET
        more = [file for file in (assignment.rubric_file, secret) if file.is_file()]
        try:
            digest = _digest(assignment.course.root, iter([*files(assignment.folder), *more]))
        except OSError:  # the function itself says which file cannot be read
            return function(assignment)
        return kept(assignment, digest)

    return made


def files(folder: Path) -> Iterator[Path]:
    """The files below a folder, in order, without what Python leaves there."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def _digest(folder: Path, paths: Iterator[Path]) -> bytes:
    sha = hashlib.sha256()
    for path in sorted(paths):
        name = str(path.relative_to(folder)).encode()
        sha.update(hashlib.sha256(name).digest() + hashlib.sha256(path.read_bytes()).digest())
    return sha.digest()
