"""What of a released assignment need not run again when it comes back unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from autograder.course.percent import code_of, percent_cells
from autograder.submissions.reading import Submission

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


def without(submission: Submission, unchanged: Iterable[str]) -> Submission:
    """The submission without the cells that are still exactly as released."""
    left_out = frozenset(unchanged)
    cells = tuple(cell for cell in submission.cells if code_of(cell.source) not in left_out)
    return msgspec.structs.replace(submission, cells=cells)
