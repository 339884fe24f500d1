"""Leaves out of a file what takes seconds to import, where no part that is checked needs it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

HEAVY = "torch"


@dataclass(frozen=True)
class _Statement:
    """A statement at the top level of a cell, with the names that it binds and that it uses."""

    cell: int
    node: ast.stmt
    binds: frozenset[str]
    uses: frozenset[str]

    @property
    def is_heavy(self) -> bool:
        if isinstance(self.node, ast.Import):
            return any(one.name.partition(".")[0] == HEAVY for one in self.node.names)
        return (
            isinstance(self.node, ast.ImportFrom)
            and (self.node.module or "").partition(".")[0] == HEAVY
        )


def is_unwritten(node: ast.stmt) -> bool:
    """Whether a function, or every method of a class, only says that it is still to be written."""
    if isinstance(node, ast.ClassDef):
        methods = [one for one in node.body if isinstance(one, ast.FunctionDef)]
        return bool(methods) and all(map(is_unwritten, methods))
    if not isinstance(node, ast.FunctionDef):
        return False
    # Neither a docstring nor `super().__init__()` is work.
    does = [one for one in node.body if not isinstance(one, ast.Expr)]
    return bool(does) and isinstance(does[0], ast.Raise)


def without_heavy(
    sources: list[str], stubs: Collection[str], wanted: Collection[str]
) -> tuple[list[str], list[str]]:
    """Sources without the imports of torch, and without the functions that use them.

    Left out are only functions and models that are still to be written, or not wanted; where
    anything else may use torch, all stays as it is. Lines stay where they are.

    Args:
        sources: the cells.
        stubs: the functions and models that the assignment asks for.
        wanted: those of them that are to be checked.

    Returns:
        The sources, and which functions were left out.
    """
    statements = []
    for number, source in enumerate(sources):
        try:
            statements += list(_statements(number, source))
        except (SyntaxError, ValueError):  # such as magics: it is not known what they use
            return sources, []
    heavy = [one for one in statements if one.is_heavy]
    names = frozenset[str]().union(*(one.binds for one in heavy))
    left_out = [
        one
        for one in statements
        if one.uses & names
        and one.binds <= frozenset(stubs)
        and isinstance(one.node, ast.FunctionDef | ast.ClassDef)
        and (is_unwritten(one.node) or not one.binds & frozenset(wanted))
    ]
    gone = [*heavy, *left_out]
    kept = [one for one in statements if one not in gone]
    without = names.union(*(one.binds for one in left_out))
    if "*" in names or any(one.uses & without for one in kept):
        return sources, []
    lines = [source.split("\n") for source in sources]
    for one in gone:
        first, last = _lines_of(one.node)
        if any(other.cell == one.cell and _share_a_line(other.node, one.node) for other in kept):
            return sources, []
        lines[one.cell][first - 1 : last] = [""] * (last - first + 1)
    return ["\n".join(cell) for cell in lines], [name for one in left_out for name in one.binds]


def _statements(cell: int, source: str) -> Iterator[_Statement]:
    for node in ast.parse(source).body:
        uses = frozenset(one.id for one in ast.walk(node) if isinstance(one, ast.Name))
        yield _Statement(cell, node, frozenset(_bound(node)), uses)


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        for one in node.names:
            yield one.asname or one.name.partition(".")[0]
    elif isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name


def _lines_of(node: Any) -> tuple[int, int]:
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
    return first, node.end_lineno


def _share_a_line(one: ast.stmt, other: ast.stmt) -> bool:
    (first, last), (start, end) = _lines_of(one), _lines_of(other)
    return first <= end and start <= last
