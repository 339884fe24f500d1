"""Adds the homework to a course that an instructor has in nbgrader already, and takes it out."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import msgspec
from nbgrader.apps.baseapp import NbGrader

from autograder.course import Course, CourseError
from autograder.release import NOT_FILES, find_drift
from autograder.reports.files import write_whole

CONFIG = "nbgrader_config.py"
EXPORTER = "autograder.nbgrader.exporters.GradingExporter"
BEGIN, END = b"# autograder: begin", b"# autograder: end"
LINES = Template(f"""\
{BEGIN.decode()}. `autograder nbgrader setup` writes these lines; with --undo it removes them.
# Laid: $laid
# The assignment $name is released and graded by the course named below. First come names alone:
# where something fails in this file, nbgrader would run students' code by itself.
c = get_config()
c.Autograde.exporter_class = "{EXPORTER}"
c.GenerateAssignment.exporter_class = "autograder.nbgrader.exporters.ReleaseExporter"
c.CourseExporter.course = c.CourseExport.course = $root
try:
    import autograder.nbgrader
except Exception as error:
    import sys

    from nbconvert.exporters import NotebookExporter

    CANNOT_GRADE = (
        f"{{sys.executable}} cannot import the package autograder ({{error}}), so that nothing is "
        "graded or released: run nbgrader from the environment that has it, or install it in this "
        "one; where $name is not wanted any more, remove its lines from nbgrader_config.py with "
        "`autograder nbgrader setup --undo`"
    )

    class NotInstalled(NotebookExporter):
        def __init__(self, parent, **kwargs):
            parent.log.error(CANNOT_GRADE)
            sys.exit(1)

    c.Autograde.exporter_class = c.GenerateAssignment.exporter_class = NotInstalled
{END.decode()}
""")
BLOCK = re.compile(rb"^%b.*?^%b\r?\n?" % (BEGIN, END), re.MULTILINE | re.DOTALL)
LAID = re.compile(rb"^# Laid: (.*?)\r?$", re.MULTILINE)


class Laid(msgspec.Struct, frozen=True):
    """What was done to nbgrader's course, to be undone.

    ``source`` is the folder of the assignment, ``digest`` of the files in it, ``made`` the first
    folder on the way there that did not exist. ``new_file`` says that nbgrader_config.py did not
    exist, ``newline`` that its last line had no end.
    """

    source: str
    digest: str
    made: str
    new_file: bool
    newline: bool


def install(course: Course, folder: Path) -> list[str]:
    """Puts the assignment among the sources of nbgrader's course, and lines into its settings.

    Where that was done before, it puts both right: after a new release, or where the course has
    moved. Returns a line for each file that was changed. Raises CourseError where the course's
    release is old, where nbgrader's course has an assignment of the same name or this one was
    changed by hand, and where nbgrader does not read the settings.
    """
    for finding in find_drift(course):
        raise CourseError(f"{finding}; then do this again")
    name, config = course.source.stem, folder / CONFIG
    is_new = not config.is_file()
    text = b"" if is_new else config.read_bytes()
    before, laid, after = _split(config, text)
    if b"autograder.nbgrader" in before + after:
        raise CourseError(
            f"{config}: has lines with `autograder.nbgrader` that are not of this command; remove "
            "them and do this again"
        )
    source, _ = _as_nbgrader_reads(folder, name)
    found, wanted = _files(source), _files(course.source_notebook_folder)
    if laid is None:
        if found and found != wanted:
            raise CourseError(
                f"{source}: there is an assignment of this name already; rename one of them"
            )
        newline = bool(text) and not text.endswith(b"\n")
        before += b"\n" * newline
        laid = Laid(str(source), "", str(_first_missing(source)), is_new, newline)
    elif laid.source != str(source):
        raise CourseError(
            f"{laid.source}: is where the assignment was laid, and nbgrader now looks for it in "
            f"{source}; do this with --undo, and then again"
        )
    elif found and found != wanted and _digest(found) != laid.digest:
        raise CourseError(
            f"{source}: was changed by hand after it was laid; move it away and do this again"
        )
    changes = _lay(source, found, wanted)
    laid = msgspec.structs.replace(laid, digest=_digest(wanted))
    record = msgspec.json.encode(laid).decode()
    lines = LINES.substitute(laid=record, name=name, root=ascii(str(course.root)))
    if before + lines.encode() + after != text:
        _write(config, before + lines.encode() + after)
        changes.append(f"{'added' if is_new else 'changed':<8} {config}")
    _, exporter = _as_nbgrader_reads(folder, name)
    if exporter != EXPORTER:
        raise CourseError(
            f"{config}: has its lines, but nbgrader reads {exporter} as Autograde.exporter_class "
            "elsewhere; remove that and do this again"
        )
    return changes


def undo(folder: Path) -> list[str]:
    """Takes back what ``install`` did in this folder, and touches nothing else.

    An assignment that was changed by hand since is left. Returns a line for each file that was
    changed or left; none where nothing was set up.
    """
    config = folder / CONFIG
    before, laid, after = _split(config, config.read_bytes() if config.is_file() else b"")
    if laid is None:
        return []
    source = Path(laid.source)
    found = _files(source)
    if found and _digest(found) != laid.digest:
        changes = [f"{'left':<8} {source}, which was changed by hand after it was laid"]
    else:
        changes = [f"{'removed':<8} {source / file}" for file in found]
        if source.is_dir():
            shutil.rmtree(source)
        for parent in source.parents:
            if parent.is_relative_to(laid.made):
                # It may hold other assignments by now, or be gone.
                with suppress(OSError):
                    parent.rmdir()
    if laid.newline and not after:
        before = before.removesuffix(b"\n")
    if laid.new_file and not before + after:
        config.unlink()
        changes.append(f"{'removed':<8} {config}")
    else:
        _write(config, before + after)
        changes.append(f"{'changed':<8} {config}")
    return changes


def _split(config: Path, text: bytes) -> tuple[bytes, Laid | None, bytes]:
    """The settings before and after our lines, and what these say; all are before without any."""
    found = BLOCK.search(text)
    record = found and LAID.search(found[0])
    if found and record:
        try:
            laid = msgspec.json.decode(record[1], type=Laid)
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


def _first_missing(folder: Path) -> Path:
    return folder if folder.parent.exists() else _first_missing(folder.parent)


def _lay(folder: Path, found: Mapping[str, bytes], wanted: Mapping[str, bytes]) -> list[str]:
    """Puts these files in place of those that were found, all or none."""
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


def _as_nbgrader_reads(folder: Path, assignment: str) -> tuple[Path, object]:
    """Where nbgrader, run in this folder, has an assignment's source, and what autogrades.

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
    source = Path(where.format_path(where.source_directory, ".", assignment)).resolve()
    return source, nbgrader.config.Autograde.get("exporter_class")
