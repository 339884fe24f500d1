"""Reads one file, notebook or script, into a ``Submission``. Runs and compiles nothing of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

MAX_BYTES = 50 << 20
MAX_CELLS = 5_000
MAX_SCRIPT_LINES = 20_000
# Of one cell's source, and in a whole notebook: more is never written by hand, and would take a
# hundred times its own size in memory.
MAX_SOURCE_BYTES = 2 << 20
MAX_OBJECTS = 1_000_000
MAX_TIDIED_VALUES = 1_000_000

Format = Literal["notebook", "script", "none"]

CELL_MARKER = re.compile(r"^#[ \t]*(?:%%|In\s?\[[\s\d]*\]:)(.*)$", re.MULTILINE)
NOT_CODE = re.compile(r"\[(markdown|md|raw)\]")
STARTS = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive or an office document",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"<!": "a web page",
    b"<html": "a web page",
    b"{\\rtf": "a rich-text document",
}


class Cell(msgspec.Struct, frozen=True):
    """One code cell. A script's cell begins with as many empty lines as stand before it."""

    name: str
    source: str


class Submission(msgspec.Struct, frozen=True):
    """What one student handed in. ``trouble`` says why nothing could be read, if so."""

    student: str
    file: str
    format: Format
    sha256: str
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    trouble: str = ""

    @property
    def work(self) -> str:
        """Names the code of all cells, whatever file it was saved in."""
        sources = [cell.source.strip() for cell in self.cells]
        return hashlib.sha256(msgspec.json.encode(sources)).hexdigest()


class _Unreadable(Exception):
    pass


class RawNotebook(msgspec.Struct):
    """A notebook's cells as they stand in its file; of each, nothing is known yet."""

    cells: list[msgspec.Raw]


class _NotebookCell(msgspec.Struct):
    cell_type: str
    source: msgspec.Raw = msgspec.Raw(b'""')


def _read_bytes(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise _Unreadable("it is a link; hand in the file itself") from None
        raise _Unreadable(f"the file cannot be opened ({error.strerror})") from None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        if stat.S_ISDIR(about.st_mode):
            raise _Unreadable(_why_no_file(path))
        raise _Unreadable("it is not an ordinary file")
    with os.fdopen(descriptor, "rb") as file:
        if about.st_size > MAX_BYTES:
            raise _Unreadable(
                f"the file has {about.st_size / 2**20:.0f} MB, and at most {MAX_BYTES >> 20} MB "
                "are read; clear the outputs of the notebook and hand it in again"
            )
        return file.read(MAX_BYTES + 1)[:MAX_BYTES]


def _why_no_file(folder: Path) -> str:
    if any(one.is_dir() and not one.name.startswith(".") for one in folder.iterdir()):
        return (
            "the student's folder holds folders and no file; put the notebook or script into it "
            "directly"
        )
    return "the student's folder holds no file; hand in your notebook or script"


def decode(data: bytes) -> str:
    """The text of a file, whatever it was saved as."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # Whatever it is, the code in it is ASCII.
        return data.decode("cp1252", "replace")


def raw_notebook(text: str) -> RawNotebook:
    """Reads a notebook's JSON. Raises DecodeError, ValueError or RecursionError."""
    try:
        return msgspec.json.decode(text, type=RawNotebook)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if text.count(",") > MAX_TIDIED_VALUES:
            raise
    # Outputs may hold what some programs write and others refuse: NaN, half an emoji, tabs.
    loose = json.loads(text, strict=False, parse_constant=lambda name: None)
    tidied = json.dumps(loose, ensure_ascii=False).encode("utf-8", "replace")
    return msgspec.json.decode(tidied, type=RawNotebook)


def _notebook_cells(text: str, notes: list[str]) -> Iterator[Cell]:
    if text.count("{") > MAX_OBJECTS:
        raise _Unreadable(
            f"the notebook is made of over {MAX_OBJECTS:,} objects; clear its outputs and hand it "
            "in again"
        )
    try:
        notebook = raw_notebook(text)
    except msgspec.ValidationError:
        if '"worksheets"' in text:
            raise _Unreadable(
                "the notebook is in the old format 3; open it in Jupyter, save it, and hand it "
                "in again"
            ) from None
        raise _Unreadable(
            "the file is JSON but no notebook: it has no list of cells; hand in the .ipynb file "
            "that Jupyter saved"
        ) from None
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _Unreadable(
            f"the notebook is damaged: its JSON breaks off or is malformed ({error}); download "
            "it again from where you edited it, see that it opens in Jupyter, and hand it in again"
        ) from None
    number = 0
    for raw in notebook.cells[:MAX_CELLS]:
        try:
            cell = msgspec.json.decode(raw, type=_NotebookCell)
            if cell.cell_type != "code":
                continue
            source = _source(cell.source)
        except (msgspec.DecodeError, RecursionError):
            notes.append("a cell of the notebook is malformed and was left out")
            continue
        number += 1
        if source.strip():
            yield Cell(f"cell {number}", _lines(source))


def _source(raw: msgspec.Raw) -> str:
    if len(memoryview(raw)) > MAX_SOURCE_BYTES:
        raise msgspec.DecodeError("a cell too large")
    source = msgspec.json.decode(raw, type=str | list[str])
    return source if isinstance(source, str) else "".join(source)


def percent_cells(text: str) -> Iterator[tuple[str, str]]:
    """The code cells of a percent script: what stands on the marker's line, and the source.

    A source begins with as many empty lines as stand before it, so that line numbers are kept.
    """
    text = _lines(text)
    marks = list(CELL_MARKER.finditer(text))
    edges = [0, *(mark.start() for mark in marks), len(text)]
    heads = ["", *(mark[1] for mark in marks)]
    lines = 0
    for head, start, end in zip(heads[: MAX_CELLS + 1], edges, edges[1:], strict=False):
        source = text[start:end]
        if not NOT_CODE.search(head) and source.strip():
            yield head, "\n" * lines + source.rstrip() + "\n"
        lines += source.count("\n")


def _lines(source: str) -> str:
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _read(path: Path, data: bytes, notes: list[str]) -> tuple[Format, list[Cell]]:
    if not data.strip():
        raise _Unreadable("the file is empty; hand in the file that holds your work")
    for start, what in STARTS.items():
        if data.lstrip()[: len(start)].lower() == start.lower():
            raise _Unreadable(
                f"the file is {what}, not a notebook or a Python script; hand in the .ipynb or "
                ".py file itself"
            )
    text = decode(data).removeprefix("\ufeff")
    if "\0" in text:
        raise _Unreadable("the file holds binary data, not a notebook or a Python script")
    if text.lstrip()[:1] == "{":
        return "notebook", list(_notebook_cells(text, notes))
    if path.suffix == ".ipynb":
        notes.append("the file is named .ipynb but holds a Python script, and was read as one")
    lines = text.count("\n")
    if lines > MAX_SCRIPT_LINES:
        raise _Unreadable(
            f"the script has {lines:,} lines, and at most {MAX_SCRIPT_LINES:,} are read; remove "
            "what is not code and hand it in again"
        )
    if len(text) > MAX_SOURCE_BYTES:
        raise _Unreadable(
            f"the script has {len(text) / 2**20:.0f} MB, and at most {MAX_SOURCE_BYTES >> 20} MB "
            "are read; remove what is not code and hand it in again"
        )
    cells = enumerate(percent_cells(text), start=1)
    return "script", [Cell(f"cell {number}", source) for number, (_, source) in cells]


def printable(name: str) -> str:
    """A file's name, which may hold any bytes, as text for a page or a terminal."""
    return "".join(c if c.isprintable() else "?" for c in name)


def read_submission(path: Path, student: str, notes: tuple[str, ...] = ()) -> Submission:
    """Reads what a student handed in. Never raises for what the file holds."""
    noted = list(notes)
    data = b""
    try:
        data = _read_bytes(path)
        kind, cells = _read(path, data, noted)
        trouble = "" if cells else "the file holds no code; hand in the file that holds your work"
    except _Unreadable as problem:
        kind, cells, trouble = "none", [], str(problem)
    return Submission(
        student=student,
        file=printable(path.name),
        format=kind,
        sha256=hashlib.sha256(data).hexdigest(),
        cells=tuple(cells),
        notes=tuple(dict.fromkeys(noted)),
        trouble=trouble,
    )
