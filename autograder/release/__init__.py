"""Builds what students get from the one source, and looks for what they must not get."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from itertools import takewhile
from pathlib import Path

from autograder.course.concepts import load_concepts
from autograder.course.digest import while_unchanged
from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import rubric_of
from autograder.grading.grader import Grader, matching
from autograder.release.contradictions import contradictions
from autograder.release.finding import Finding
from autograder.release.leaks import collect_secrets, find_leaks, leaks_in
from autograder.release.notebook import (
    as_bytes,
    released_notebook,
    released_script,
    source_notebook,
)
from autograder.release.questions import cells_of
from autograder.release.self_check import (
    facts_of,
    for_students,
    self_check_package,
    sources_of,
)
from autograder.submissions.text import counted

__all__ = [
    "Finding",
    "build",
    "check_release",
    "files_in",
    "find_drift",
    "find_leaks",
    "write_release",
]

# What programs leave beside files; nbgrader does not copy these either.
NOT_FILES = ("__pycache__", "*.pyc", ".ipynb_checkpoints")
# How many characters of a line are shown before and after the first that differs.
AROUND = 20


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or path.is_file():
            yield path


def files_in(folder: Path) -> dict[str, bytes]:
    """The files in a folder and below, by their paths in it; none of those that programs leave."""
    names = ((str(path.relative_to(folder)), path) for path in _files_below(folder))
    return {
        name: path.read_bytes()
        for name, path in names
        if not any(fnmatch(part, what) for part in Path(name).parts for what in NOT_FILES)
    }


@while_unchanged
def build(assignment: Assignment) -> dict[Path, bytes]:
    """The released assignment, and nbgrader's source notebook, by path; writes nothing.

    The same source gives the same bytes. nbgrader's source folder holds the notebook alone, since
    `generate_assignment` copies all other files unchanged; the rest comes from the
    assignment as released: see ``autograder.nbgrader.exporters``.

    Raises CourseError where the source, the rubric or the bank is wrong.
    """
    rubric, bank = rubric_of(assignment), load_concepts(assignment.concepts_file)
    cells = cells_of(assignment)
    source = source_notebook(cells, rubric)
    released = released_notebook(source)
    name = assignment.name
    checks, mistakes = for_students(assignment)
    facts = facts_of(assignment, rubric, bank, released, checks, mistakes)
    beside = files_in(assignment.handout)
    beside[f"{name}.py"] = released_script(cells, released).encode()
    for file, data in self_check_package(facts, sources_of(checks)).items():
        beside[f"{assignment.self_check}/{file}"] = data
    files = {assignment.released / file: data for file, data in beside.items()}
    files[assignment.released / f"{name}.ipynb"] = as_bytes(released)
    files[assignment.nbgrader_source / f"{name}.ipynb"] = as_bytes(source)
    return dict(sorted(files.items()))


def _extra_files(assignment: Assignment, built: dict[Path, bytes]) -> Iterator[Path]:
    for folder in (assignment.nbgrader_source, assignment.released):
        yield from (path for path in _files_below(folder) if path not in built)


def write_release(assignment: Assignment) -> dict[Path, bool]:
    """Builds the release and puts it in place of the one that is there.

    Returns its files, and whether each changed. Raises CourseError as ``build`` and
    ``matching`` do, and where what was built holds what students must not get; then
    nothing is written.
    """
    matching(assignment)
    built = build(assignment)
    students_get = {
        str(path.relative_to(assignment.course.root)): data
        for path, data in built.items()
        if path.is_relative_to(assignment.released)
    }
    leaks = leaks_in(students_get, collect_secrets(assignment))
    if leaks:
        found = "\n".join(map(str, leaks))
        raise CourseError(f"nothing was written, for students would get:\n{found}")
    for path in list(_extra_files(assignment, built)):
        path.unlink()
    written = {
        path: path.is_symlink() or not path.is_file() or path.read_bytes() != data
        for path, data in built.items()
    }
    for path in (path for path, changed in written.items() if changed):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(built[path])
    for path in sorted(assignment.released.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    return written


def _around(line: str, at: int) -> str:
    """A line, or what is around a place in it where it is long."""
    first, last = max(at - AROUND, 0), at + AROUND
    before, after = "..." if first else "", "..." if last < len(line) else ""
    return f"{before}{line[first:last]}{after}".strip()


def _difference(there: bytes, built: bytes) -> tuple[str, str]:
    """Where two files first differ, and how."""
    ours, theirs = built.decode("utf-8", "replace"), there.decode("utf-8", "replace")
    lines, their_lines = ours.split("\n"), theirs.split("\n")
    for number, (line, their_line) in enumerate(zip(lines, their_lines, strict=False), 1):
        if line != their_line:
            both = zip(line, their_line, strict=False)
            at = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], both))
            found = f"`{_around(their_line, at)}` where the build has `{_around(line, at)}`"
            return f"line {number}", found
    if len(lines) != len(their_lines):
        return "", f"{counted(len(their_lines), 'line')} where the build has {len(lines)}"
    return "", "other bytes than the build has"


def find_drift(assignment: Assignment) -> list[Finding]:
    """Where the files that are checked in differ from what the source gives."""
    todo = f"run `autograder release --assignment {assignment.name}`"
    built = build(assignment)
    findings = []
    for path, data in built.items():
        name = str(path.relative_to(assignment.course.root))
        if not path.is_file():
            findings.append(Finding(name, "", "is missing", todo))
        elif (there := path.read_bytes()) != data:
            findings.append(Finding(name, *_difference(there, data), todo))
    for path in _extra_files(assignment, built):
        name = str(path.relative_to(assignment.course.root))
        findings.append(Finding(name, "", "is not built from the source", f"delete it, or {todo}"))
    return findings


def check_release(assignment: Assignment) -> list[Finding]:
    """All that is wrong with the release as it is checked in: drift, contradictions, leaks.

    Raises CourseError for an assignment that cannot be built, or not be graded.
    """
    Grader(assignment)
    return [
        *find_drift(assignment),
        *contradictions(assignment),
        *find_leaks(assignment, assignment.released, collect_secrets(assignment)),
    ]
