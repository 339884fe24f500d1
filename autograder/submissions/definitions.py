"""Where a submission defines a name, read from its text: nothing is parsed or run."""

from __future__ import annotations

import re
from collections.abc import Iterable

from autograder.submissions.reading import Cell


def definitions(cells: Iterable[Cell], names: Iterable[str]) -> dict[str, tuple[Cell, int]]:
    """The cell in which each name is last defined at the top level, and the line of it, from 1."""
    known = "|".join(map(re.escape, names))
    definition = re.compile(
        rf"^(?:(?:async[ \t]+)?def|class)[ \t]+({known})\b|^({known})[ \t]*=(?!=)", re.MULTILINE
    )
    found: dict[str, tuple[Cell, int]] = {}
    for cell in cells:
        # A script's cell begins with as many empty lines as there are lines before it.
        start = len(cell.source) - len(cell.source.lstrip("\n"))
        for match in definition.finditer(cell.source, start):
            line = cell.source.count("\n", 0, match.start()) + 1
            found[match[1] or match[2]] = cell, line
    return found
