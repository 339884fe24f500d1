"""From cells to nbgrader's source notebook, and on to the two forms that students get."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import jupytext
import nbformat

from autograder.course.rubric import Rubric
from autograder.release.source import ROLES_IN_SOURCE, SourceCell

# nbgrader_config.py says the same to `nbgrader generate_assignment`.
CODE_STUB = "# YOUR CODE HERE"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

# As nbgrader types it.
Notebook = Any


def _names(cells: list[SourceCell]) -> list[str]:
    """A name for every cell, the same at every build: 1a-stub, 1a-stub-2, text, text-2, ..."""
    seen: Counter[str] = Counter()
    names = []
    for cell in cells:
        if cell.part:
            name = f"{cell.part}-{cell.role}"
        elif cell.role == "free":
            name = "experiment"
        else:
            name = "text" if cell.kind == "markdown" else "imports"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def _nbgrader(cell: SourceCell, name: str, rubric: Rubric) -> dict[str, Any]:
    """The cell metadata that nbgrader goes by (its schema version 3)."""
    metadata: dict[str, Any] = {
        "schema_version": 3,
        "grade_id": name,
        "grade": cell.role in ("check", "written"),
        "solution": cell.role in ("stub", "concepts", "written"),
        "locked": cell.role in ("check", "questions", "locked"),
        "task": False,
    }
    if metadata["grade"]:
        points = next(part.points for part in rubric.parts() if part.id == cell.part)
        share = rubric.written_share if cell.role == "written" else 1 - rubric.written_share
        metadata["points"] = round(points * share, 10)
    return metadata


def source_notebook(cells: list[SourceCell], rubric: Rubric) -> Notebook:
    """The notebook with its solutions, as nbgrader's `generate_assignment` reads it."""
    notebook = nbformat.v4.new_notebook(
        metadata={"kernelspec": dict(KERNEL), "language_info": {"name": "python"}}
    )
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    for cell, name in zip(cells, _names(cells), strict=True):
        metadata = {} if cell.role == "free" else {"nbgrader": _nbgrader(cell, name, rubric)}
        notebook.cells.append(make[cell.kind](cell.source, id=name, metadata=metadata))
    nbformat.validate(notebook)
    return notebook


def released_notebook(source: Notebook) -> Notebook:
    """The notebook that students get: nbgrader's own steps, those that need no database."""
    # Only here, since nbgrader takes seconds to load.
    from nbgrader.preprocessors import (
        CheckCellMetadata,
        ClearHiddenTests,
        ClearMarkScheme,
        ClearOutput,
        ClearSolutions,
        ComputeChecksums,
        LockCells,
    )

    notebook = copy.deepcopy(source)
    for step in (
        LockCells(),
        ClearSolutions(code_stub={"python": CODE_STUB}),
        ClearOutput(),
        ClearHiddenTests(),
        ClearMarkScheme(),
        ComputeChecksums(),
        CheckCellMetadata(),
    ):
        notebook, _ = step.preprocess(notebook, {})
    return notebook


def released_script(cells: list[SourceCell], released: Notebook) -> str:
    """The same as a percent script. Its markers say part and role, and nothing of nbgrader's."""
    script = nbformat.v4.new_notebook(
        metadata={
            "jupytext": {"notebook_metadata_filter": "-all", "cell_metadata_filter": "part,role"}
        }
    )
    for cell, plain in zip(cells, copy.deepcopy(released.cells), strict=True):
        plain.metadata = nbformat.from_dict(
            {"part": cell.part, "role": cell.role} if cell.role in ROLES_IN_SOURCE else {}
        )
        script.cells.append(plain)
    return str(jupytext.writes(script, fmt="py:percent"))


def as_bytes(notebook: Notebook) -> bytes:
    """The notebook file, byte for byte as nbgrader writes it."""
    return (str(nbformat.writes(notebook)).rstrip("\n") + "\n").encode()
