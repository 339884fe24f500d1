"""Reads one file, notebook or script, into a ``Submission``. Runs and compiles nothing of it."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec

from autograder.course.percent import MAX_CELLS, percent_cells, with_newlines
from autograder.submissions.notebook import (
    MAX_SOURCE_BYTES,
    PIECE_BYTES,
    TOO_LARGE,
    Damaged,
    NoNotebook,
    NotebookCell,
    notebook_cells,
)
from autograder.submissions.text import decode, printable

MAX_BYTES = 512 << 20
MAX_SCRIPT_LINES = 20_000
# In whatever encoding.
MAX_SCRIPT_BYTES = 4 * MAX_SOURCE_BYTES
# Of all cells of a notebook together.
MAX_CHARACTERS = 8 << 20
# Of the empty lines before the cells of a script, which keep its line numbers.
MAX_EMPTY_LINES = 4 << 20

Format = Literal["notebook", "script", "none"]

STARTS = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a zip archive or an office document",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"<!": "a web page",
    b"<html": "a web page",
    b"{\\rtf": "a rich-text document",
}
# What Moodle and Canvas call a text that a student typed into their page.
TYPED = re.compile(r"(?:.*_)?(?:onlinetext|\d+_text)\.html")


class Cell(msgspec.Struct, frozen=True):
    """One code cell.

    A script's cell begins with as many empty lines as there are lines before it, up to
    ``MAX_EMPTY_LINES`` in all.
    """

    name: str
    source: str


class Submission(msgspec.Struct, frozen=True):
    """What one student handed in. ``trouble`` says why nothing could be read, if so.

    ``another`` names the homework that this seems to be instead.
    """

    student: str
    file: str
    format: Format
    sha256: str
    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = ()
    trouble: str = ""
    another: str = ""

    @property
    def work(self) -> str:
        """Names the code of all cells, whatever file it was saved in."""
        sources = [cell.source.strip() for cell in self.cells]
        return hashlib.sha256(msgspec.json.encode(sources)).hexdigest()


class _Unreadable(Exception):
    pass


@dataclass(frozen=True)
class Contents:
    """What is in one file: the text of a script, or the cells of a notebook, of any type.

    ``trouble`` says why nothing could be read, if so.
    """

    file: str
    sha256: str
    format: Format
    script: str = ""
    cells: tuple[NotebookCell, ...] = ()
    notes: tuple[str, ...] = ()
    trouble: str = ""


def read_submission(path: Path, student: str, notes: tuple[str, ...] = ()) -> Submission:
    """Reads what a student handed in. Never raises for what the file holds."""
    return submission_of(read_file(path), student, notes)


def submission_of(contents: Contents, student: str, notes: tuple[str, ...] = ()) -> Submission:
    """What a student handed in with this file."""
    if contents.format == "script":
        sources = list(_in_place(contents.script))
    else:
        sources = [with_newlines(cell.source) for cell in contents.cells if cell.kind == "code"]
    cells = tuple(
        Cell(f"cell {number}", source)
        for number, source in enumerate(sources, start=1)
        if source.strip()
    )
    nothing = "" if cells else "the file holds no code; hand in the file that holds your work"
    return Submission(
        student=student,
        file=contents.file,
        format=contents.format,
        sha256=contents.sha256,
        cells=cells,
        notes=tuple(dict.fromkeys([*notes, *contents.notes])),
        trouble=contents.trouble or nothing,
    )


def read_file(path: Path) -> Contents:
    """Reads a file piece by piece. Never raises for what it holds."""
    sha = hashlib.sha256()
    found: dict[str, Any] = {"format": "none"}
    notes: list[str] = []
    try:
        with _opened(path) as file:
            pieces = _pieces(file, sha)
            try:
                found = _read(path, pieces, notes)
            finally:
                # Whatever was needed of it, the hash is of the whole file.
                for _ in pieces:
                    pass
    except _Unreadable as problem:
        found = {"format": "none", "trouble": str(problem)}
    except OSError as error:
        found = {"format": "none", "trouble": f"the file cannot be read ({error.strerror})"}
    distinct = tuple(dict.fromkeys(notes))
    return Contents(printable(path.name), sha.hexdigest(), notes=distinct, **found)


def _opened(path: Path) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise _Unreadable("it is a link; hand in the file itself") from None
        raise _Unreadable(f"the file cannot be opened ({error.strerror})") from None
    about = os.fstat(descriptor)
    if stat.S_ISREG(about.st_mode) and about.st_size <= MAX_BYTES:
        return os.fdopen(descriptor, "rb", buffering=0)
    os.close(descriptor)
    if stat.S_ISREG(about.st_mode):
        raise _Unreadable(
            f"the file has {about.st_size / 2**20:.0f} MB, and at most {MAX_BYTES >> 20} MB are "
            "read; clear the outputs of the notebook and hand it in again"
        )
    if stat.S_ISDIR(about.st_mode):
        raise _Unreadable(_why_no_file(path))
    raise _Unreadable("it is not an ordinary file")


def _pieces(file: BinaryIO, sha: Any) -> Iterator[bytes]:
    """A file's bytes, as they are added to the hash."""
    for _ in range(MAX_BYTES // PIECE_BYTES):
        piece = file.read(PIECE_BYTES)
        if not piece:
            return
        sha.update(piece)
        yield piece


def _why_no_file(folder: Path) -> str:
    if any(one.is_dir() and not one.name.startswith(".") for one in folder.iterdir()):
        return (
            "the student's folder holds folders and no file; put the notebook or script into it "
            "directly"
        )
    return "the student's folder holds no file; hand in your notebook or script"


def _read(path: Path, file: Iterator[bytes], notes: list[str]) -> dict[str, Any]:
    """The format of a file, and what it holds, as ``Contents`` names these."""
    pieces = _as_utf8(file)
    start = b""
    for piece in pieces:
        start += piece
        if piece.strip() or len(start) > MAX_SCRIPT_BYTES:
            break
    if not start.strip():
        raise _Unreadable("the file is empty; hand in the file that holds your work")
    if TYPED.fullmatch(path.name):
        raise _Unreadable(
            "text typed into the platform, no notebook; hand in the .ipynb or .py file itself"
        )
    for begins, what in STARTS.items():
        begun = start.lstrip()[: len(begins)].lower() == begins.lower()
        if begun or (what == "a web page" and path.suffix.lower() in (".html", ".htm")):
            raise _Unreadable(
                f"the file is {what}, not a notebook or a Python script; hand in the .ipynb or "
                ".py file itself"
            )
    text = _without_zeros(chain([start], pieces))
    if start.lstrip()[:1] == b"{":
        return {"format": "notebook", "cells": tuple(_cells(text, notes))}
    return {"format": "script", "script": _script(path, text, notes)}


def _as_utf8(file: Iterator[bytes]) -> Iterator[bytes]:
    """The text of the file without a mark of its encoding, recoded where it is UTF-16."""
    first = next(file, b"")
    if not first.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield first.removeprefix(b"\xef\xbb\xbf")
        yield from file
        return
    decoder = codecs.getincrementaldecoder("utf-16")("replace")
    for piece in chain([first], file):
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


def _without_zeros(pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if b"\0" in piece:
            raise _Unreadable("the file holds binary data, not a notebook or a Python script")
        yield piece


def _cells(pieces: Iterable[bytes], notes: list[str]) -> Iterator[NotebookCell]:
    room = MAX_CHARACTERS
    try:
        for number, cell in enumerate(notebook_cells(pieces)):
            if number == MAX_CELLS:
                notes.append(f"only the first {MAX_CELLS:,} cells of the notebook were read")
            elif cell is None:
                notes.append("a cell of the notebook is malformed and was left out")
            elif len(cell.source) <= room:
                room -= len(cell.source)
                yield cell
            elif cell.kind == "code":
                raise _Unreadable(
                    f"the notebook has over {MAX_CHARACTERS >> 20} million characters beside its "
                    "outputs; remove what is not your work and hand it in again"
                )
            else:
                yield replace(cell, source=TOO_LARGE)
    except NoNotebook as problem:
        if problem.is_old:
            raise _Unreadable(
                "the notebook is in the old format 3; open it in Jupyter, save it, and hand it "
                "in again"
            ) from None
        raise _Unreadable(
            "the file is JSON but no notebook: it has no list of cells; hand in the .ipynb file "
            "that Jupyter saved"
        ) from None
    except Damaged as problem:
        raise _Unreadable(
            f"the notebook is damaged: {problem}; download it again from where you edited it, see "
            "that it opens in Jupyter, and hand it in again"
        ) from None


def _script(path: Path, pieces: Iterable[bytes], notes: list[str]) -> str:
    data = b""
    for piece in pieces:
        data += piece
        if len(data) > MAX_SCRIPT_BYTES:
            break
    text = decode(data)
    lines = text.count("\n")
    if lines > MAX_SCRIPT_LINES:
        raise _Unreadable(
            f"the script has over {MAX_SCRIPT_LINES:,} lines, and no more are read; remove what is "
            "not code and hand it in again"
        )
    if len(text) > MAX_SOURCE_BYTES:
        raise _Unreadable(
            f"the script has over {MAX_SOURCE_BYTES >> 20} MB, and no more are read; remove what "
            "is not code and hand it in again"
        )
    if path.suffix == ".ipynb":
        notes.append("the file is named .ipynb but holds a Python script, and was read as one")
    return text


def _in_place(script: str) -> Iterator[str]:
    """The sources of a script's cells, with the empty lines that ``Cell`` speaks of."""
    room = MAX_EMPTY_LINES
    for _, source in percent_cells(script):
        alone = source.lstrip("\n")
        room -= len(source) - len(alone)
        yield source if room >= 0 else alone
