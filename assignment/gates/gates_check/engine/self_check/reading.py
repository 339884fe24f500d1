"""Reads and runs a notebook or a script as it is read and run where it is graded."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..course.percent import code_of, percent_cells
from ..worker.cells import Namespace
from ..worker.support import stand_ins
from .facts import Facts, Part
from .leaving_out import is_unwritten, without_heavy
from .stopping import OutOfTime, at_most
from .student import NotRun

# Packages that can be imported where work is graded, by the names of their modules; students read
# them in README.md. `google` is there for a cell that brings files into Colab.
AVAILABLE = (
    *("numpy", "torch", "scipy", "pandas", "sklearn", "seaborn", "matplotlib", "mpl_toolkits"),
    *("einops", "numba", "tqdm", "IPython", "google"),
)
MAGIC = re.compile(r"^([ \t]*)[%!].*", re.MULTILINE)
DEFINITION = re.compile(r"^(?:def|class) (\w+)", re.MULTILINE)


class NotReadable(Exception):
    """A file is no notebook or script; says what to do."""


@dataclass(frozen=True)
class CodeCell:
    """A code cell, named by its place among the code cells."""

    name: str
    source: str


@dataclass(frozen=True)
class CellFailure:
    """A cell that did not run to its end."""

    cell: str
    line: int
    message: str


def digest(source: str) -> str:
    """Names a cell by its code."""
    return hashlib.sha256(code_of(source).encode()).hexdigest()[:16]


def text_of(path: Path) -> str:
    """The text of a file. Raises NotReadable."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotReadable(f"{path}: cannot be read ({error.strerror}); name your file") from None
    if not data.strip():
        raise NotReadable(f"{path}: the file is empty; save your work into it")
    if b"\0" in data or data.startswith((b"\x1f\x8b", b"PK", b"%PDF")):
        raise NotReadable(f"{path}: no notebook or Python script; name your .ipynb or .py file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def notebook_of(path: Path) -> dict[str, Any] | None:
    """The notebook in a file; None if it holds a script. Raises NotReadable."""
    text = text_of(path)
    if text.lstrip()[:1] != "{":
        return None
    try:
        notebook = json.loads(text)
    except ValueError as error:
        raise NotReadable(
            f"{path}: the notebook is damaged ({error}); open it in Jupyter, and save it again"
        ) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise NotReadable(f"{path}: no notebook of today's format; open it in Jupyter, and save it")
    found: dict[str, Any] = notebook
    return found


def code_cells(path: Path) -> list[CodeCell]:
    """The code cells of a notebook or a percent script. Raises NotReadable."""
    notebook = notebook_of(path)
    if notebook is None:
        found = percent_cells(text_of(path))
        return [CodeCell(f"cell {n}", source) for n, (_, source) in enumerate(found, start=1)]
    code = [cell for cell in notebook["cells"] if cell.get("cell_type") == "code"]
    sources = ["".join(cell.get("source", "")) for cell in code]
    return [CodeCell(f"cell {n}", one) for n, one in enumerate(sources, start=1) if one.strip()]


def load(
    cells: list[CodeCell],
    facts: Facts,
    failures: list[CellFailure],
    starting: Callable[[str], None] = lambda name: None,
    wanted: Sequence[Part] = (),
) -> dict[str, Any]:
    """Runs cells into a namespace, and returns it.

    Cells that only show something are left out where they are as released, and the modules beside
    the assignment do nothing. A cell that fails keeps what it had defined before; it is added to
    ``failures``. What the cells print is dropped. Where the ``wanted`` parts can do without torch,
    it is not imported.
    """
    main, namespace = sys.modules["__main__"], Namespace()
    cells = [cell for cell in cells if digest(cell.source) not in facts.shows_only]
    stubs = [stub for part in wanted for stub in part.stubs]
    left_out: list[str] = []
    if stubs:
        sources, left_out = without_heavy([cell.source for cell in cells], facts.stubs, stubs)
        cells = [replace(one, source=text) for one, text in zip(cells, sources, strict=True)]
    try:
        with stand_ins(facts.beside):
            for cell in cells:
                starting(cell.name)
                failures += _run(namespace, cell, facts.limits.cell)
    finally:
        sys.modules["__main__"] = main
    namespace.names.update(dict.fromkeys(left_out, _unwritten))
    failed = {one.cell for one in failures}
    for cell in cells:
        for name in DEFINITION.findall(cell.source) if cell.name in failed else ():
            namespace.names.setdefault(name, NotRun(name, cell.name))
    return namespace.names


def _unwritten(*args: Any, **kwargs: Any) -> Any:
    """Takes the place of a function that is left out."""
    raise NotImplementedError


def _run(namespace: Namespace, cell: CodeCell, seconds: float) -> list[CellFailure]:
    """Runs a cell, and says how it failed where it did."""
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), at_most(seconds):
            namespace.run(cell.name, cell.source, None, lambda index: None)
    except (Exception, SystemExit, OutOfTime) as error:
        about = namespace.describe(error)
        line = about.get("line", 0)
        said = f"{about['type']}: {about['text']}"
        if isinstance(error, OutOfTime):
            said = f"was stopped: a cell may take {seconds:g} s. Does each loop in it end?"
        return [CellFailure(cell.name, line if isinstance(line, int) else 0, said)]
    return []


def not_available(cells: Sequence[CodeCell], facts: Facts) -> Iterator[str]:
    """What cells import, anywhere in them, that is not there where they are graded."""
    known = {*sys.stdlib_module_names, *AVAILABLE, *facts.beside}
    for cell in cells:
        try:
            tree = ast.parse(MAGIC.sub(r"\1pass", cell.source))
        except (SyntaxError, ValueError):
            continue
        names = [name for node in ast.walk(tree) for name in _imported(node)]
        for name in dict.fromkeys(names):
            if name not in known:
                yield (
                    f"{cell.name} imports {name}, which is not available where your work is "
                    "graded: what uses it fails there."
                )


def _imported(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (one.name.partition(".")[0] for one in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module.partition(".")[0]


def _filled_in(path: Path, stubs: Collection[str]) -> int:
    """How many functions of a file do more than to say that they are still to be written."""
    filled_in = 0
    try:
        cells = code_cells(path)
    except NotReadable:
        return -1
    for cell in cells:
        try:
            nodes = ast.parse(cell.source).body
        except SyntaxError:
            continue
        for node in nodes:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in stubs:
                filled_in += not is_unwritten(node)
    return filled_in


def own_file(folder: Path, facts: Facts) -> Path:
    """The notebook or the script of a folder: the one with more done, or the one saved last.

    The notebook if neither is begun. Raises NotReadable where there is none.
    """

    def done(path: Path) -> tuple[int, float]:
        filled_in = _filled_in(path, facts.stubs)
        return filled_in, path.stat().st_mtime if filled_in > 0 else 0.0

    there = [folder / name for name in facts.files if (folder / name).is_file()]
    if not there:
        raise NotReadable(f"{folder}: neither {' nor '.join(facts.files)} is here; name your file")
    return max(there, key=done)


def nbgrader_names(path: Path) -> Iterator[str]:
    """nbgrader's names of the cells of a notebook, in order."""
    notebook = notebook_of(path)
    for cell in notebook["cells"] if notebook else ():
        name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
        if isinstance(name, str):
            yield name
