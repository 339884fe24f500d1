"""What of a released assignment need not run again when it is handed in unchanged."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from autograder.course.folders import Assignment
from autograder.course.percent import code_of, percent_cells
from autograder.submissions.definitions import definitions
from autograder.submissions.finding import SUFFIXES
from autograder.submissions.reading import Submission, read_submission

UNTOUCHED = "nothing was filled in: the code is as it was released"

ANOTHER = "this looks like the homework {}, not {}"
# So many stubs of another homework are no coincidence.
MANY = 2

STUB = re.compile(r"^(?:def|class) (\w+)", re.MULTILINE)
TO_FILL_IN = re.compile(r'role="(stub|concepts)"')


def shows_only(source: Path) -> frozenset[str]:
    """The cells of the solution script that draw, check or try something.

    These are all but the imports, which come first, and those that students fill in.
    """
    code = [cell for cell in percent_cells(source.read_text(encoding="utf-8")) if code_of(cell[1])]
    imports = next(i for i, (_, cell) in enumerate(code) if "import numpy" in cell)
    return frozenset(
        code_of(cell) for head, cell in code[imports + 1 :] if not TO_FILL_IN.search(head)
    )


def released_code(folder: Path, name: str) -> frozenset[str]:
    """The code of all cells that students were given, without comments."""
    return frozenset(
        _bare(cell.source)
        for suffix in SUFFIXES
        if (folder / f"{name}{suffix}").is_file()
        for cell in read_submission(folder / f"{name}{suffix}", "").cells
    )


def is_untouched(submission: Submission, released: frozenset[str]) -> bool:
    """Whether the code is as it was released, whatever program saved it."""
    return bool(submission.cells) and all(
        _bare(cell.source) in released or not _bare(cell.source) for cell in submission.cells
    )


def _bare(source: str) -> str:
    """A cell's code without lines that hold a comment or nothing."""
    lines = (line.rstrip() for line in source.split("\n"))
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))


def stubs_of_course(assignment: Assignment) -> Mapping[str, frozenset[str]]:
    """The names of the stubs of each homework in the course that can be read."""
    found = {}
    for name in assignment.course.names():
        with suppress(OSError, UnicodeDecodeError):
            text = assignment.course.assignment(name).source.read_text(encoding="utf-8")
            stubs = [cell for head, cell in percent_cells(text) if 'role="stub"' in head]
            found[name] = frozenset(STUB.findall("\n".join(stubs)))
    return found


def another_homework(
    submission: Submission, name: str, stubs: Mapping[str, Collection[str]]
) -> str:
    """The homework that was handed in instead of this one; empty where nothing says so.

    A stub that both have says nothing.
    """
    own = set(stubs.get(name, ()))
    defined = definitions(submission.cells, set().union(*stubs.values())).keys()
    for other, names in stubs.items():
        theirs = defined & set(names)
        if not defined & (own - set(names)) and len(theirs - own) >= MANY:
            return other
    return ""


def without(submission: Submission, unchanged: Iterable[str]) -> Submission:
    """The submission without the cells that are still exactly as released."""
    left_out = frozenset(unchanged)
    cells = tuple(cell for cell in submission.cells if code_of(cell.source) not in left_out)
    return msgspec.structs.replace(submission, cells=cells)
