"""The cells of a percent script, and what is code in a cell."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_CELLS = 5_000

CELL_MARKER = re.compile(r"^#[ \t]*(?:%%|In\s?\[[\s\d]*\]:)(.*)$", re.MULTILINE)
NOT_CODE = re.compile(r"\[(markdown|md|raw)\]")


def percent_cells(text: str) -> Iterator[tuple[str, str]]:
    """The code cells of a percent script: the rest of the marker's line, and the source.

    A source begins with an empty line for each line before it, so that line numbers are kept.
    """
    text = with_newlines(text)
    marks = list(CELL_MARKER.finditer(text))
    edges = [0, *(mark.start() for mark in marks), len(text)]
    heads = ["", *(mark[1] for mark in marks)]
    lines = 0
    for head, start, end in zip(heads[: MAX_CELLS + 1], edges, edges[1:], strict=False):
        source = text[start:end]
        if not NOT_CODE.search(head) and source.strip():
            yield head, "\n" * lines + source.rstrip() + "\n"
        lines += source.count("\n")


def with_newlines(source: str) -> str:
    """A text whose lines end as Python's do, whatever system it was saved on."""
    return source.replace("\r\n", "\n").replace("\r", "\n")


def code_of(source: str) -> str:
    """A cell's code without white space around it, and without the marker of its script form."""
    source = source.strip()
    first, _, rest = source.partition("\n")
    return rest.strip() if CELL_MARKER.match(first) else source
