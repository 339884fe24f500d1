"""Takes the visible checks, with what they need, out of the files that hold all checks."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from autograder.course.folders import CourseError

PROJECT, ENGINE = "autograder", ".engine"
# What visible checks may name of it: students may not have it.
PYTEST, MARKS = "pytest", ("mark", "param")
# What visible checks may import of the grader's own modules.
LIBRARY = ("checks.agree", "checks.chance", "checks.choices")
HEADING = re.compile(r"# -- .*")
WIDTH = 100


class _Import(NamedTuple):
    """``from module import name``; ``import module`` where there is no name."""

    module: str
    name: str


@dataclass(frozen=True)
class _Statement:
    """A statement at the top level, as text with the comment right above it.

    ``heading`` is the title of the section that it is in.
    """

    heading: str
    text: str
    tree: ast.stmt
    defines: frozenset[str]

    @property
    def is_definition(self) -> bool:
        return isinstance(self.tree, ast.FunctionDef | ast.ClassDef)


@dataclass(frozen=True)
class _File:
    """A file of checks, or one beside it that they import from."""

    title: str
    imports: Mapping[str, _Import]  # by the name that they have here
    statements: tuple[_Statement, ...]


@cache
def _opened(path: Path, text: str) -> _File:
    tree, lines = ast.parse(text, str(path)), text.split("\n")
    imports: dict[str, _Import] = {}
    statements = []
    heading, end = "", 0
    for node in tree.body:
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
        heading = next(filter(HEADING.match, reversed(lines[end:start])), heading)
        while start > end and re.match(r"#(?! --)", lines[start - 1]):
            start -= 1
        end = node.end_lineno or start
        if isinstance(node, ast.Import):
            imports |= {one.asname or one.name: _Import(one.name, "") for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            module = "." * node.level + (node.module or "")
            imports |= {one.asname or one.name: _Import(module, one.name) for one in node.names}
        else:
            piece = "\n".join(lines[start:end])
            statements.append(_Statement(heading, piece, node, frozenset(_defined(node))))
    title = (ast.get_docstring(tree) or path.stem).split("\n")[0]
    return _File(title, imports, tuple(statements))


def _defined(node: ast.stmt) -> Iterator[str]:
    """The names that a statement at the top level defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
        return
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
    for target in targets:
        names = (one for one in ast.walk(target) if isinstance(one, ast.Name))
        yield from (one.id for one in names if isinstance(one.ctx, ast.Store))


def visible_source(wanted: Mapping[Path, Collection[str]]) -> str:
    """One module with functions out of several files, and with all that they need.

    Constants and helpers come along, from the same file or from one beside it; imports of the
    grader's own modules become relative to the copies of these.

    Args:
        wanted: the names of the functions, by the file that defines them.

    Raises:
        CourseError: where something that is needed cannot come along.
    """
    kept: dict[Path, dict[int, _Statement]] = {}
    imported: dict[str, _Import] = {}
    owners: dict[str, Path] = {}
    waiting = [(path, name) for path, names in wanted.items() for name in names]
    while waiting:
        path, name = waiting.pop()
        file = _opened(path, path.read_text(encoding="utf-8"))
        source = file.imports.get(name)
        if source is not None and source.module.startswith("."):
            if source.name != name or source.module.count(".") > 1:
                raise CourseError(f"{path}: write the import of `{name}` as `from .module import`")
            waiting.append((path.parent / f"{source.module[1:]}.py", name))
        elif source is not None and imported.setdefault(name, source) != source:
            raise CourseError(f"{path}: `{name}` is imported as something else in another file")
        for place, statement in enumerate(file.statements):
            if name in statement.defines and place not in kept.setdefault(path, {}):
                for one in statement.defines:
                    if owners.setdefault(one, path) != path:
                        raise CourseError(f"{path}: `{one}` is in {owners[one]} too; rename one")
                kept[path][place] = statement
                waiting += [(path, used) for used in sorted(_used(path, statement.tree))]
    for path, names in wanted.items():
        for name in names:
            if owners.get(name) != path:
                raise CourseError(
                    f"{path}: the visible check {name} is no function at the top level of the "
                    "file; write it as one"
                )
    lines = ["from __future__ import annotations", *_import_lines(imported)]
    # Helpers from beside come first, since constants may be made with them.
    for path in sorted(kept, key=lambda path: (path in wanted, str(path))):
        title = _opened(path, path.read_text(encoding="utf-8")).title
        lines += ["", "", f"# == {title} ".ljust(WIDTH - 1, "="), *_pieces(kept[path])]
    return "\n".join(lines) + "\n"


def _used(path: Path, tree: ast.stmt) -> set[str]:
    """The names that a statement uses. Raises CourseError for what students may not have."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            raise CourseError(f"{path}, line {node.lineno}: write imports at the top of the file")
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == PYTEST
            and node.attr not in MARKS
        ):
            raise CourseError(
                f"{path}, line {node.lineno}: a visible check uses {ast.unparse(node)}, and "
                "students may not have pytest; write it with `agree` or `Disagreement`"
            )
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _pieces(statements: Mapping[int, _Statement]) -> Iterator[str]:
    """Statements in their order, as lines; only between constants there are no blank lines."""
    ordered = [statements[place] for place in sorted(statements)]
    for heading, group in groupby(ordered, lambda one: one.heading):
        yield from ["", "", heading] if heading else []
        apart = True
        for one in group:
            yield from ["", ""] if apart or one.is_definition else []
            yield one.text
            apart = one.is_definition


def _import_lines(imported: Mapping[str, _Import]) -> Iterator[str]:
    """The import statements: of the standard library, of packages, of the grader's modules."""
    groups: list[dict[str, set[str]]] = [{}, {}, {}]
    for local, (module, name) in imported.items():
        place = int(module.split(".")[0] not in sys.stdlib_module_names)
        if module.split(".")[0] == PROJECT:
            own = module.removeprefix(f"{PROJECT}.")
            if own not in LIBRARY:
                raise CourseError(
                    f"a visible check uses `{local}` of {module}, which students do not have; of "
                    f"the grader's modules they have {', '.join(LIBRARY)}"
                )
            place, module = 2, f"{ENGINE}.{own}"
        elif module == "pytest":
            place, module, name = 2, f"{ENGINE}.self_check.marks", local
        renamed = "" if local == (name or module) else f" as {local}"
        statement = f"from {module} import " if name else f"import {module}{renamed}"
        groups[place].setdefault(statement, set()).update({name + renamed} if name else ())
    for group in filter(None, groups):
        yield ""
        for statement in sorted(group, key=lambda one: (one.startswith("from"), one)):
            names = sorted(group[statement])
            whole = statement + ", ".join(names)
            wrapped = f"{statement}(\n    " + ",\n    ".join(names) + ",\n)"
            yield whole if len(whole) <= WIDTH else wrapped
