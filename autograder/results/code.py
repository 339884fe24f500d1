"""The student's code, as it is shown beside the marks. It is neither parsed nor run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from autograder.course.percent import CELL_MARKER
from autograder.course.rubric import Rubric
from autograder.submissions.definitions import definitions
from autograder.submissions.reading import Cell, Submission
from autograder.submissions.text import printable

# Of one part: more than this is too long to read beside the marks, and the file is at hand.
MAX_LINES = 200
MAX_LINE = 300


Count = Annotated[int, Meta(ge=0, le=1 << 31)]


class Excerpt(msgspec.Struct, frozen=True, omit_defaults=True):
    """Lines of one cell: which, from what line on, and how many more the cell has."""

    cell: str
    line: Count
    source: str
    left_out: Count = 0


Code = dict[str, tuple[Excerpt, ...]]  # by part


def code_by_part(submission: Submission, rubric: Rubric) -> Code:
    """For each part the cells that define its stubs; of several definitions the last counts."""
    stubs = [stub for part in rubric.parts() for stub in part.stubs]
    defined = definitions(submission.cells, stubs)
    return {
        part.id: excerpts
        for part in rubric.parts()
        if (excerpts := tuple(_excerpts([defined[s] for s in part.stubs if s in defined])))
    }


def _excerpts(defined: Iterable[tuple[Cell, int]]) -> Iterator[Excerpt]:
    starts: dict[Cell, list[int]] = {}
    for cell, line in defined:
        starts.setdefault(cell, []).append(line - 1)
    room = MAX_LINES
    for cell, places in starts.items():
        lines = cell.source.rstrip().split("\n")
        first = next(n for n, line in enumerate(lines) if line.strip() and not _marks_cell(line))
        # A cell that is shown whole shows what helps its stubs too.
        begins = [first] if len(lines) - first <= room else sorted(places)
        for number, (begin, end) in enumerate(zip(begins, [*begins[1:], len(lines)], strict=True)):
            shown = lines[begin : min(end, begin + room // (len(begins) - number))]
            room -= len(shown)
            text = "\n".join(printable(line.expandtabs(), MAX_LINE) for line in shown)
            yield Excerpt(cell.name, begin + 1, text, end - begin - len(shown))


def _marks_cell(line: str) -> bool:
    return CELL_MARKER.match(line) is not None
