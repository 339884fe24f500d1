"""Builds what students get from the one source, and looks for what they must not get."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from autograder.concepts import load_concepts
from autograder.course import Course, CourseError
from autograder.release.finding import Finding
from autograder.release.leaks import collect_secrets, find_leaks, leaks_in
from autograder.release.notebook import (
    as_bytes,
    released_notebook,
    released_script,
    source_notebook,
)
from autograder.release.questions import with_questions
from autograder.release.self_check import MODULE, self_check_source
from autograder.release.source import read_source
from autograder.rubric import load_rubric

__all__ = ["Finding", "build", "check_release", "find_drift", "find_leaks", "write_release"]

# What programs leave beside files; nbgrader does not copy these either.
NOT_FILES = ("__pycache__", "*.pyc", ".ipynb_checkpoints")


def _files_below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or path.is_file():
            yield path


def _support_files(folder: Path, built: set[str]) -> dict[str, bytes]:
    names = ((str(path.relative_to(folder)), path) for path in _files_below(folder))
    return {
        name: path.read_bytes()
        for name, path in names
        if name not in built
        and not any(fnmatch(part, what) for part in Path(name).parts for what in NOT_FILES)
    }


def build(course: Course) -> dict[Path, bytes]:
    """What is built in nbgrader's source folder, and the whole assignment, by path; writes nothing.

    The same source gives the same bytes. Beside its notebook, nbgrader's source folder holds the
    script that is released, not the one with solutions: `generate_assignment` copies it as it is,
    as it does all else that lies there.

    Raises CourseError where the source, the rubric or the bank is wrong.
    """
    rubric, bank = load_rubric(course.rubric_file), load_concepts(course.concepts_file)
    cells = with_questions(course.concepts_file, read_source(course, rubric), rubric, bank)
    source = source_notebook(cells, rubric)
    released = released_notebook(source)
    name = course.source.stem
    built = {
        f"{name}.py": released_script(cells, released).encode(),
        f"{MODULE}.py": self_check_source(course, rubric, bank, released).encode(),
    }
    beside = _support_files(course.source_notebook_folder, {f"{name}.ipynb", *built})
    files = {course.assignment_folder / file: data for file, data in beside.items()}
    for folder, notebook in (
        (course.source_notebook_folder, source),
        (course.assignment_folder, released),
    ):
        files[folder / f"{name}.ipynb"] = as_bytes(notebook)
        files |= {folder / file: data for file, data in built.items()}
    return dict(sorted(files.items()))


def _extra_files(course: Course, built: dict[Path, bytes]) -> Iterator[Path]:
    yield from (path for path in _files_below(course.assignment_folder) if path not in built)


def write_release(course: Course) -> list[Path]:
    """Builds the release and puts it in place of the one that is there; returns its files.

    Raises CourseError as ``build`` does, and where what was built holds what students must not
    get; then nothing is written.
    """
    built = build(course)
    assignment = {
        str(path.relative_to(course.root)): data
        for path, data in built.items()
        if path.is_relative_to(course.assignment_folder)
    }
    leaks = leaks_in(assignment, collect_secrets(course))
    if leaks:
        told = "\n".join(map(str, leaks))
        raise CourseError(f"nothing was written, for students would get:\n{told}")
    for path in list(_extra_files(course, built)):
        path.unlink()
    for path, data in built.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(data)
    for path in sorted(course.assignment_folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    return list(built)


def _difference(there: bytes, built: bytes) -> tuple[str, str]:
    """Where two files first differ, and how."""
    ours, theirs = built.decode("utf-8", "replace"), there.decode("utf-8", "replace")
    lines, their_lines = ours.split("\n"), theirs.split("\n")
    for number, (line, their_line) in enumerate(zip(lines, their_lines, strict=False), 1):
        if line != their_line:
            return f"line {number}", f"`{their_line.strip()}` where the build has `{line.strip()}`"
    if len(lines) != len(their_lines):
        return "", f"{len(their_lines)} lines where the build has {len(lines)}"
    return "", "other bytes than the build has"


def find_drift(course: Course) -> list[Finding]:
    """Where the files that are checked in differ from what the source gives."""
    todo = "run `autograder release`"
    built = build(course)
    findings = []
    for path, data in built.items():
        name = str(path.relative_to(course.root))
        if not path.is_file():
            findings.append(Finding(name, "", "is missing", todo))
        elif (there := path.read_bytes()) != data:
            findings.append(Finding(name, *_difference(there, data), todo))
    for path in _extra_files(course, built):
        name = str(path.relative_to(course.root))
        findings.append(Finding(name, "", "is not built from the source", f"delete it, or {todo}"))
    return findings


def check_release(course: Course) -> list[Finding]:
    """All that is wrong with the release as it is checked in: drift, then leaks."""
    return [*find_drift(course), *find_leaks(course, course.assignment_folder)]
