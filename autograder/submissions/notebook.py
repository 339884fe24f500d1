"""Reads the cells of a notebook, and nothing else of its file, however large that is.

A notebook may hold a thousand times as much in outputs as in code. So its JSON is gone through
piece by piece: brackets, commas and colons are found by arithmetic on a whole piece, and only what
is needed of a cell is put together and parsed. Time goes with the size of the file, whatever it
holds; memory does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from autograder.course.percent import MAX_CELLS
from autograder.submissions.text import decode

PIECE_BYTES = 1 << 18
# Of the notebook, and of a cell. Jupyter writes seven of them at most.
MAX_ENTRIES = 100
# What is needed of a cell, and how much JSON each may be: more is not written by hand.
MAX_SOURCE_BYTES = 2 << 20
NEEDED = {"cell_type": 100, "id": 1_000, "metadata": 1 << 16, "source": MAX_SOURCE_BYTES}
MAX_KEY_BYTES = 1_000

# How deep a mark lies: in the notebook, in its list of cells, in a cell.
NOTEBOOK, CELLS, CELL = 1, 2, 3
TOO_LARGE = "(This cell is too large to be read here; it is in the file as handed in.)"
OPEN, CLOSE, OTHER, QUOTE = 1, 2, 3, 4
KINDS = bytes(
    dict(zip(b'{[}],:"', (OPEN, OPEN, CLOSE, CLOSE, OTHER, OTHER, QUOTE), strict=True)).get(char, 0)
    for char in range(256)
)
STEPS = np.array([0, 1, -1, 0])

# What some programs write and others refuse: tabs in text, NaN, which is read as null.
JSON = json.JSONDecoder(strict=False, parse_constant=lambda name: None)


class Damaged(Exception):
    """The text is no JSON; says what is wrong with it."""


class NoNotebook(Exception):
    """The text is JSON, but holds no list of cells."""

    def __init__(self, is_old: bool) -> None:
        super().__init__()
        self.is_old = is_old


@dataclass(frozen=True)
class NotebookCell:
    """One cell of any type, as it is in the file."""

    kind: str
    source: str
    id: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


class _Mark(NamedTuple):
    """A bracket, comma or colon, how deep it lies, and the text before it: None if too long."""

    char: str
    level: int
    text: bytes | None


class _Marks:
    """The marks of a JSON text, one after another, but for those that lie deeper than a cell's."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._half_escape = self._piece = b""
        self._at = self._number = self._quoted = self._depth = 0
        self._find_marks()

    def next(self, level: int, wanted: int = 0) -> _Mark:
        """The next mark that lies no deeper than ``level``.

        Its text is what has been passed over, without white space around it, if that has at most
        ``wanted`` bytes. Raises Damaged where the text ends before.
        """
        text = bytearray()
        is_long = False
        while True:
            if self._number < len(self._levels) and self._levels[self._number] > level:
                fits = self._levels[self._number :] <= level
                self._number += int(fits.argmax()) if fits.any() else len(fits)
            is_here = self._number < len(self._levels)
            place = int(self._places[self._number]) if is_here else len(self._piece)
            part = self._piece[self._at : place]
            part = part if text else part.lstrip()
            is_long |= len(text) + len(part) > wanted
            text += b"" if is_long else part
            self._at = place + 1
            if is_here:
                mark_level = int(self._levels[self._number])
                self._number += 1
                char = chr(self._piece[place])
                return _Mark(char, mark_level, None if is_long else bytes(text.rstrip()))
            self._read_next()

    def end(self) -> None:
        """Raises Damaged unless all that is left is white space."""
        rest = self._piece[self._at :].strip()
        if rest or any(piece.strip() for piece in self._pieces):
            raise Damaged("it goes on after its end")

    def _read_next(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            raise Damaged("its JSON breaks off")
        piece = self._half_escape + piece
        # A backslash stays together with what it escapes.
        is_half = (len(piece) - len(piece.rstrip(b"\\"))) % 2
        self._half_escape = piece[len(piece) - is_half :]
        self._piece = piece[: len(piece) - is_half]
        self._at = self._number = 0
        self._find_marks()

    def _find_marks(self) -> None:
        """Sets the places and levels of the marks of this piece."""
        piece = self._piece
        if b"\\" in piece:
            piece = piece.replace(b"\\\\", b"  ").replace(b'\\"', b"  ")
        kinds = np.frombuffer(piece.translate(KINDS), np.uint8)
        places = np.flatnonzero(kinds != 0)
        kinds = kinds[places]
        quotes = np.cumsum(kinds == QUOTE) + self._quoted
        is_mark = (quotes % 2 == 0) & (kinds != QUOTE)
        places, kinds = places[is_mark], kinds[is_mark]
        depths = np.cumsum(STEPS[kinds]) + self._depth
        # What closes lies in what it closes.
        levels = depths + (kinds == CLOSE)
        self._places, self._levels = places[levels <= CELL], levels[levels <= CELL]
        self._quoted = int(quotes[-1]) % 2 if len(quotes) else self._quoted
        self._depth = int(depths[-1]) if len(depths) else self._depth


def notebook_cells(pieces: Iterable[bytes]) -> Iterator[NotebookCell | None]:
    """The cells of a notebook, at most one more than ``MAX_CELLS``; None for a malformed one.

    Args:
        pieces: its JSON, cut anywhere, in UTF-8 or another encoding with all of ASCII.

    Outputs, and what is beside the cells, may be malformed. Raises Damaged or NoNotebook, perhaps
    after some cells.
    """
    marks = _Marks(pieces)
    if marks.next(NOTEBOOK).char != "{":
        raise Damaged("it does not begin as an object")
    found = is_old = False
    for _ in range(MAX_ENTRIES):
        key = _key(marks, NOTEBOOK)
        if key is None:
            break
        is_old |= key == "worksheets"
        mark = marks.next(NOTEBOOK if found or key != "cells" else CELLS)
        if mark.level == CELLS:
            if mark.char == "[":
                found = True
                yield from _cells(marks)
            mark = marks.next(NOTEBOOK)
        if _is_last(mark):
            break
    else:
        raise NoNotebook(is_old)
    marks.end()
    if not found:
        raise NoNotebook(is_old)


def _key(marks: _Marks, level: int) -> str | None:
    """The next key of an object; None where the object ends before one."""
    mark = marks.next(level, MAX_KEY_BYTES)
    if mark.char == "}" and mark.text == b"":
        return None
    key = _parsed(mark.text)
    if mark.char != ":" or not isinstance(key, str):
        raise Damaged("its JSON is malformed")
    return key


def _is_last(mark: _Mark, closing: str = "}") -> bool:
    """Whether a list or an object ends with this mark, which is after a value."""
    if mark.char not in (",", closing):
        raise Damaged("its JSON is malformed")
    return mark.char == closing


def _cells(marks: _Marks) -> Iterator[NotebookCell | None]:
    """The cells of the list that the last mark begins."""
    for _ in range(MAX_CELLS + 1):
        mark = marks.next(CELL, MAX_KEY_BYTES)
        if mark.level == CELL:
            if mark.text != b"":
                raise Damaged("its JSON is malformed")
            yield _cell(marks) if mark.char == "{" else None
            mark = marks.next(CELLS)
        elif mark.text != b"":
            yield None
        if _is_last(mark, "]"):
            break


def _cell(marks: _Marks) -> NotebookCell | None:
    """The cell that the last mark begins. Some of it may be left to be passed over."""
    fields: dict[str, Any] = {"source": ""}
    for _ in range(MAX_ENTRIES):
        key = _key(marks, CELL)
        if key is None:
            break
        mark = marks.next(CELL, NEEDED.get(key, 0))
        if key in NEEDED:
            fields[key] = _parsed(mark.text)
        if _is_last(mark):
            break
    else:
        return None
    kind, source, name, metadata = map(fields.get, ("cell_type", "source", "id", "metadata"))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(kind, str) or (kind == "code" and not isinstance(source, str)):
        return None
    return NotebookCell(
        kind,
        _whole(source) if isinstance(source, str) else TOO_LARGE,
        _whole(name) if isinstance(name, str) else "",
        metadata if isinstance(metadata, dict) else {},
    )


def _parsed(text: bytes | None) -> Any:
    """The value; None where the text is no JSON, or was too long."""
    if text is None:
        return None
    try:
        return JSON.decode(decode(text))
    except (ValueError, RecursionError):
        return None


def _whole(text: str) -> str:
    """With question marks for halves of characters that need two."""
    return text.encode("utf-8", "replace").decode()
