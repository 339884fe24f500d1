"""Adds assignments to a course that an instructor has in nbgrader already, and takes them out."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import msgspec
from nbgrader.apps.baseapp import NbGrader

from autograder.course.folders import Assignment, Course, CourseError
from autograder.release import NOT_FILES, find_drift
from autograder.results.writing import write_whole

CONFIG = "nbgrader_config.py"
EXPORTER = "autograder.nbgrader.exporters.GradingExporter"
BEGIN, END = b"# autograder: begin", b"# autograder: end"
LINES = Template(f"""\
{BEGIN.decode()}. `autograder nbgrader setup` writes these lines; with --undo it removes them.
# Laid: $laid
# These assignments are released and graded by the course named below. First come names alone:
# where something fails in this file, nbgrader would run students' code by itself.
c = get_config()
c.Autograde.exporter_class = "{EXPORTER}"
c.GenerateAssignment.exporter_class = "autograder.nbgrader.exporters.ReleaseExporter"
c.GenerateFeedback.exporter_class = "autograder.nbgrader.feedback.FeedbackExporter"
c.CourseExporter.course = c.CourseExport.course = c.FeedbackExporter.course = $root
c.CourseExporter.assignments = $names
try:
    import autograder.nbgrader
except Exception as error:
    import sys

    from nbconvert.exporters import NotebookExporter

    CANNOT_GRADE = (
        f"{{sys.executable}} cannot import the package autograder ({{error}}), so that nothing is "
        "graded or released: run nbgrader from the environment that has it, or install it in this "
        "one; where this assignment is not wanted any more, remove its lines from "
        "nbgrader_config.py with `autograder nbgrader setup --undo`"
    )

    class NotInstalled(NotebookExporter):
        def __init__(self, parent, ours=tuple(c.CourseExporter.assignments), **kwargs):
            if parent.coursedir.assignment_id in ours:
                parent.log.error(CANNOT_GRADE)
                sys.exit(1)
            super().__init__(parent=parent, **kwargs)

    c.Autograde.exporter_class = c.GenerateAssignment.exporter_class = NotInstalled
    c.GenerateFeedback.pop("exporter_class")
{END.decode()}
""")
BLOCK = re.compile(rb"^%b.*?^%b\r?\n?" % (BEGIN, END), re.MULTILINE | re.DOTALL)
LAID = re.compile(rb"^# Laid: (.*?)\r?$", re.MULTILINE)


class Laid(msgspec.Struct, frozen=True):
    """An assignment that was laid: its folder in nbgrader's source, and a digest of its files."""

    source: str
    digest: str


class Record(msgspec.Struct, frozen=True):
    """What was done to nbgrader's course, to be undone.

    ``assignments`` are those that were laid, by name; ``made`` the folders above them that did not
    exist. ``course`` is the grader's. ``new_file`` says that nbgrader_config.py did not exist,
    ``newline`` that its last line had no end.
    """

    course: str
    assignments: dict[str, Laid]
    made: tuple[str, ...]
    new_file: bool
    newline: bool


@dataclass(frozen=True)
class _Change:
    """The files of an assignment's folder among nbgrader's sources, as found and as wanted."""

    source: Path
    found: Mapping[str, bytes]
    wanted: Mapping[str, bytes]


def install(assignments: Sequence[Assignment], folder: Path) -> list[str]:
    """Puts assignments of one course among the sources of nbgrader's, and lines into its settings.

    Where that was done before, it puts both right: after a new release, or where the course has
    moved. Assignments that were laid before and are not given stay. Returns a line for each file
    that was changed.

    Raises CourseError, and changes nothing, where a release is old, where nbgrader's course has an
    assignment of the same name or one was changed by hand, and where its settings cannot be read;
    and where all is done, but nbgrader reads other settings elsewhere.
    """
    for assignment in assignments:
        for finding in find_drift(assignment):
            raise CourseError(f"{finding}; then do this again")
    course, config = assignments[0].course, folder / CONFIG
    is_new = not config.is_file()
    text = b"" if is_new else config.read_bytes()
    before, record, after = _split(config, text)
    if b"autograder.nbgrader" in before + after:
        raise CourseError(
            f"{config}: has lines with `autograder.nbgrader` that are not of this command; remove "
            "them and do this again"
        )
    if record is None:
        newline = bool(text) and not text.endswith(b"\n")
        before += b"\n" * newline
        record = Record("", {}, (), is_new, newline)
    for name in record.assignments.keys() - set(course.names()):
        raise CourseError(
            f"{config}: the assignment {name} is set up here, and {course.root} has none of this "
            f"name; take it out with --undo --assignment {name}, and do this again"
        )
    sources, _ = _as_nbgrader_reads(folder, [one.name for one in assignments])
    changes = {one.name: _change(one, sources[one.name], record) for one in assignments}
    block = _lines(_recorded(record, course, changes))
    lines = [line for change in changes.values() for line in _lay(change)]
    if before + block + after != text:
        _write(config, before + block + after)
        lines.append(f"{'added' if is_new else 'changed':<8} {config}")
    _, exporter = _as_nbgrader_reads(folder, [])
    if exporter != EXPORTER:
        raise CourseError(
            f"{config}: has its lines, but nbgrader reads {exporter} as Autograde.exporter_class "
            "elsewhere; remove that and do this again"
        )
    return lines


def _recorded(record: Record, course: Course, changes: Mapping[str, _Change]) -> Record:
    """The record with these changes, before any of them is made."""
    parents = {parent for one in changes.values() for parent in one.source.parents}
    made = {str(parent) for parent in parents if not parent.exists()}
    laid = {name: Laid(str(one.source), _digest(one.wanted)) for name, one in changes.items()}
    return msgspec.structs.replace(
        record,
        course=str(course.root),
        assignments=dict(sorted({**record.assignments, **laid}.items())),
        made=tuple(sorted({*record.made, *made})),
    )


def _change(assignment: Assignment, source: Path, record: Record) -> _Change:
    """What laying the assignment there changes. Raises CourseError where it may not."""
    laid = record.assignments.get(assignment.name)
    found, wanted = _files(source), _files(assignment.nbgrader_source)
    if laid is None:
        if found and found != wanted:
            raise CourseError(
                f"{source}: nbgrader's course has an assignment of this name already; rename one "
                "of them, or name the assignments to set up with --assignment"
            )
    elif laid.source != str(source):
        raise CourseError(
            f"{laid.source}: is where the assignment was laid, and nbgrader now looks for it in "
            f"{source}; do this with --undo, and then again"
        )
    elif found and found != wanted and _digest(found) != laid.digest:
        raise CourseError(
            f"{source}: was changed by hand after it was laid; move it away and do this again"
        )
    return _Change(source, found, wanted)


def _lines(record: Record) -> bytes:
    return LINES.substitute(
        laid=msgspec.json.encode(record).decode(),
        root=ascii(record.course),
        names=ascii(list(record.assignments)),
    ).encode()


def undo(folder: Path, name: str | None = None) -> list[str]:
    """Takes back what ``install`` did in this folder, of one assignment or of all.

    Nothing else is touched, and an assignment that was changed by hand since is left. Returns a
    line for each file that was changed or left; none where nothing was set up. Raises CourseError
    where ``name`` is not set up here.
    """
    config = folder / CONFIG
    text = config.read_bytes() if config.is_file() else b""
    before, record, after = _split(config, text)
    if record is None:
        return []
    if name is not None and name not in record.assignments:
        raise CourseError(
            f"{config}: the assignment {name} is not set up here; set up are: "
            f"{', '.join(record.assignments)}"
        )
    names = list(record.assignments) if name is None else [name]
    lines = [line for name in names for line in _remove(record.assignments[name])]
    for path in sorted(record.made, reverse=True):
        # It may hold other assignments by now, or be gone.
        with suppress(OSError):
            Path(path).rmdir()
    left = {name: laid for name, laid in record.assignments.items() if name not in names}
    if left:
        block = _lines(msgspec.structs.replace(record, assignments=left))
        _write(config, before + block + after)
        return [*lines, f"{'changed':<8} {config}"]
    if record.newline and not after:
        before = before.removesuffix(b"\n")
    if record.new_file and not before + after:
        config.unlink()
        return [*lines, f"{'removed':<8} {config}"]
    _write(config, before + after)
    return [*lines, f"{'changed':<8} {config}"]


def _remove(laid: Laid) -> list[str]:
    """Removes an assignment's folder, unless it was changed by hand; a line for each file."""
    source = Path(laid.source)
    found = _files(source)
    if found and _digest(found) != laid.digest:
        return [f"{'left':<8} {source}, which was changed by hand after it was laid"]
    if source.is_dir():
        shutil.rmtree(source)
    return [f"{'removed':<8} {source / file}" for file in found]


def _split(config: Path, text: bytes) -> tuple[bytes, Record | None, bytes]:
    """The settings before and after our lines, and what these say; all are before without any."""
    found = BLOCK.search(text)
    record = found and LAID.search(found[0])
    if found and record:
        try:
            laid = msgspec.json.decode(record[1], type=Record)
        except msgspec.DecodeError:
            pass
        else:
            return text[: found.start()], laid, text[found.end() :]
    if BEGIN in text:
        raise CourseError(
            f"{config}: the lines from `{BEGIN.decode()}` to `{END.decode()}` are not as they were "
            "written; remove them and do this again"
        )
    return text, None, b""


def _files(folder: Path) -> dict[str, bytes]:
    """What a folder holds, by path; nothing of what programs leave beside files."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(
            fnmatch(part, what) for part in path.relative_to(folder).parts for what in NOT_FILES
        )
    }


def _digest(files: Mapping[str, bytes]) -> str:
    return hashlib.sha256(msgspec.json.encode(sorted(files.items()))).hexdigest()


def _lay(change: _Change) -> list[str]:
    """Puts the wanted files in place of those that were found, all or none; a line for each."""
    folder, found, wanted = change.source, change.found, change.wanted
    if found == wanted:
        return []
    folder.parent.mkdir(parents=True, exist_ok=True)
    # A name that is no assignment's for nbgrader.
    with TemporaryDirectory(prefix=".laying-", dir=folder.parent) as name:
        for file, data in wanted.items():
            path = Path(name, "new", file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if folder.exists():
            folder.rename(Path(name, "old"))
        Path(name, "new").rename(folder)
    kinds = {
        file: "added" if file not in found else "changed" if file in wanted else "removed"
        for file in sorted({*found, *wanted})
        if found.get(file) != wanted.get(file)
    }
    return [f"{kind:<8} {folder / file}" for file, kind in kinds.items()]


def _write(config: Path, text: bytes) -> None:
    """Writes the settings whole, through a link, and with the permissions that they have."""
    config = config.resolve()
    mode = config.stat().st_mode if config.exists() else None
    write_whole(config, text)
    if mode is not None:
        config.chmod(mode)


def _as_nbgrader_reads(folder: Path, names: Iterable[str]) -> tuple[dict[str, Path], object]:
    """Where nbgrader, run in this folder, has assignments' sources, and what autogrades.

    Raises CourseError where it cannot read its settings: it would pass over them.
    """
    nbgrader = NbGrader(log_level=logging.CRITICAL, raise_config_file_errors=True)
    there = Path.cwd()
    os.chdir(folder)
    try:
        nbgrader.initialize([])
    except Exception as error:
        raise CourseError(
            f"{folder / CONFIG}: nbgrader cannot read its settings "
            f"({type(error).__name__}: {error}); mend that and do this again"
        ) from None
    finally:
        os.chdir(there)
    where = nbgrader.coursedir
    sources = {
        name: Path(where.format_path(where.source_directory, ".", name)).resolve() for name in names
    }
    return sources, nbgrader.config.Autograde.get("exporter_class")
