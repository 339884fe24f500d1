"""Runs the cells of a submission, one statement after another, into one module."""

from __future__ import annotations
import __future__

import ast
import builtins
import copy
import linecache
import re
import sys
import traceback
import types
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .notebook import PYTHON_CELL_MAGICS, EventLoop, NotebookShell, display

MODULE = "submission"
PYTHON_CELL = re.compile(rf"(\s*(?:#.*\n\s*)*)%%(?:{'|'.join(PYTHON_CELL_MAGICS)})\b.*")
# Of what an exception says, in characters. What is longer is cut, and ends in CUT.
MAX_TEXT = 300
CUT = "…"
# What `warnings.filters` holds where every warning is ignored.
IGNORE_ALL = [("ignore", None, Warning, None, 0)]


def _without_magics(source: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    transformed: str = TransformerManager().transform_cell(source)
    return transformed


def _parse(source: str, name: str) -> ast.Module:
    if "\0" in source:
        # Python says this in one way or another by its version, and never where.
        line = source[: source.index("\0")].count("\n") + 1
        raise SyntaxError("a cell cannot hold a null character", (name, line, None, None))
    try:
        return ast.parse(source, name)
    except SyntaxError as error:
        if not re.search(r"^\s*(?:[\w, ]+=\s*)?[%!?]|\?\s*$", source, re.MULTILINE):
            raise
        python = PYTHON_CELL.match(source)
        if python:
            return _parse(python[1] + source[python.end() :], name)
        try:
            return ast.parse(_without_magics(source), name)
        except SyntaxError:
            raise error from None


def _future_flags(node: ast.stmt) -> int:
    if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
        return 0
    features = [getattr(__future__, alias.name, None) for alias in node.names]
    return sum(feature.compiler_flag for feature in features if feature is not None)


def safe_text(value: object) -> str:
    """``str(value)``, whatever that does, cut short and without control characters."""
    try:
        text = str(value)
    except BaseException:
        return ""
    text = re.sub(r"0x[0-9a-fA-F]{6,}", "0x...", str.__str__(text)[: 4 * MAX_TEXT])
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown if len(shown) <= MAX_TEXT else shown[: MAX_TEXT - len(CUT)] + CUT


def describe(error: BaseException) -> dict[str, object]:
    """An exception as plain data: its type, its text, and the place in the submission."""
    kind = next(
        (k.__name__ for k in type(error).__mro__ if k.__module__ in ("builtins", "numpy")),
        "Exception",
    )
    found: dict[str, object] = {"type": kind, "text": safe_text(error)}
    if isinstance(error, SyntaxError):
        line = error.lineno if isinstance(error.lineno, int) else 0
        found |= {"cell": safe_text(error.filename), "line": line % (1 << 31)}
        found["text"] = safe_text(error.msg)
        return found
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if name.startswith("cell "):
            found |= {"cell": name, "line": line}
    return found


def _one_by_one(node: ast.stmt) -> list[ast.stmt]:
    """An import as one for each name; any other statement as it is."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return [node]
    parts = []
    for name in node.names:
        part = copy.copy(node)
        part.names = [name]
        parts.append(part)
    return [*parts]


def _bound_by(node: ast.stmt) -> str | None:
    """The name that an import defines, the first of them, or ``*``; None for all else."""
    if isinstance(node, ast.Import):
        return node.names[0].asname or node.names[0].name.partition(".")[0]
    if isinstance(node, ast.ImportFrom) and node.module != "__future__":
        return node.names[0].asname or node.names[0].name
    return None


class Namespace:
    """The module that a submission's cells define."""

    def __init__(self) -> None:
        self.module = types.ModuleType(MODULE)
        self.names = self.module.__dict__
        self.names["__name__"] = "__main__"
        self.names["get_ipython"] = lambda: NotebookShell(self._run_text)
        self.names["display"] = display
        self._flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._loop: EventLoop | None = None
        # Of the imports that failed: why, by the name that they would have defined.
        self._not_imported: dict[str, str] = {}
        sys.modules["__main__"] = self.module

    def _run_text(self, source: str) -> None:
        self._execute(ast.parse(source), "cell magic")

    def _execute(self, tree: ast.Module, name: str) -> None:
        code = compile(tree, name, "exec", self._flags, True)
        waits = eval(code, self.names)
        if waits is not None:
            self._loop = self._loop or EventLoop()
            self._loop.run_until_complete(waits)

    def run(self, name: str, source: str, stop: int | None, at: Callable[[int], None]) -> None:
        """Runs a cell's statements, all or the first ``stop``.

        ``at(i)`` is called before the i-th, but not before the 0th. Raises what the cell raises;
        what comes before that is defined. An import that fails costs the statements that use its
        names, and the first of these is raised at the end.
        """
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        missed: list[Exception] = []
        for index, node in enumerate(_parse(source, name).body[:stop]):
            if index:
                at(index)
            self._flags |= _future_flags(node)
            for one in _one_by_one(node):
                try:
                    self._execute(ast.Module([one], []), name)
                except Exception as error:
                    if self._is_import_that_failed(one, name, error):
                        continue
                    missed.append(error)
                    if not self._why_undefined(error):
                        raise missed[0] from None
        if missed:
            raise missed[0]

    def _is_import_that_failed(self, node: ast.stmt, cell: str, error: Exception) -> bool:
        """Whether this is what became of an import; remembers it."""
        bound = _bound_by(node)
        if bound is None:
            return False
        statement = f"`{ast.unparse(node)}` in {cell}"
        if isinstance(error, ModuleNotFoundError):
            why = f"`{error.name}` is not installed here, so {statement} had no effect"
        else:
            why = f"{statement} failed with {type(error).__name__}: {safe_text(error)}"
        self._not_imported[bound] = why
        return True

    def _why_undefined(self, error: BaseException) -> str | None:
        """Why a name is not defined, where that is because an import failed."""
        if type(error) is not NameError or type(error.name) is not str:
            return None
        if error.name in self._not_imported:
            return self._not_imported[error.name]
        return f"{error}; {self._not_imported['*']}" if "*" in self._not_imported else None

    def describe(self, error: BaseException) -> dict[str, object]:
        """As ``describe``; of a name that an import should have defined, says that."""
        found, why = describe(error), self._why_undefined(error)
        return found if why is None else {**found, "text": safe_text(why)}


class Surroundings:
    """What a submission may change for everyone and is put back before each call."""

    def __init__(self) -> None:
        self._numpy_errors = np.geterr()
        self._builtins = vars(builtins)
        self._own_builtins = dict(self._builtins)

    def put_back(self) -> None:
        # First, and without calling one of them.
        self._builtins.update(self._own_builtins)
        if np.geterr() != self._numpy_errors:
            np.seterr(**self._numpy_errors)
        if warnings.filters != IGNORE_ALL:
            warnings.resetwarnings()
            warnings.simplefilter("ignore")
        torch: Any = sys.modules.get("torch")
        if torch is not None:
            if torch.get_default_dtype() is not torch.float32:
                torch.set_default_dtype(torch.float32)
            if not torch.is_grad_enabled():
                torch.set_grad_enabled(True)
            torch.set_default_device(None)
