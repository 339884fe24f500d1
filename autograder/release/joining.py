"""Joins the definitions of several modules, and all that these need, into one module.

What is needed is found by name. Modules of this project are followed; what is imported from
elsewhere is imported by the joined module too.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from autograder.course import CourseError

PROJECT = "autograder"
# As the linter asks for.
STANDARD = sys.stdlib_module_names

Name = tuple[str, str]  # a module, and a name at its top level


@dataclass(frozen=True)
class _Statement:
    """A statement at the top level of a module."""

    start: int
    text: str
    uses: frozenset[str]


@dataclass
class _Module:
    statements: dict[str, list[_Statement]] = field(default_factory=dict)
    of_project: dict[str, Name] = field(default_factory=dict)
    of_others: dict[str, Name] = field(default_factory=dict)  # ("numpy", "") for a whole module


def join(
    roots: Iterable[Name], plain: frozenset[Name], values: Mapping[Name, str]
) -> tuple[list[str], list[str]]:
    """The import lines and the pieces of one module that holds ``roots`` and all they need.

    Args:
        roots: what the module is to hold, each a module of this project and a name in it.
        plain: functions that are taken without their decorators.
        values: source to assign to names in place of what is assigned there; these come last.

    Where two modules define the same name, the second one's gets its module's name before it.
    Raises CourseError where they import different things by the same name.
    """
    needed = _needed(roots, plain, values)
    called = _called(needed)
    imported: dict[str, Name] = {}
    for module, name in needed:
        for used in _uses(module, name, plain, values):
            source = _module(module).of_others.get(used)
            if source is not None and imported.setdefault(used, source) != source:
                raise CourseError(f"{module}: `{used}` is imported as something else elsewhere")
    pieces = []
    for module in _in_order({module for module, _ in needed}):
        title = module.removeprefix(f"{PROJECT}.").replace(".", ", ").replace("_", " ")
        pieces.append(_title(title))
        names = {name for owner, name in needed if owner == module and (owner, name) not in values}
        renamed = {
            local: called[owner]
            for local, owner in ((name, _resolved(module, name)) for name in _known(module))
            if owner in called and called[owner] != local
        }
        pieces += [_renamed(text, renamed) for text in _pieces(module, names, plain)]
    pieces.append(_title("facts"))
    pieces += [_value(module, name, text) for (module, name), text in values.items()]
    return _import_lines(imported), pieces


def _called(needed: Iterable[Name]) -> dict[Name, str]:
    """What everything is called in the joined module."""
    taken: set[str] = set()
    called: dict[Name, str] = {}
    for module, name in needed:
        own = name
        if name in taken:
            owner = module.rpartition(".")[2]
            hidden = "_" * name.startswith("_")
            own = f"{owner.upper() if name.isupper() else hidden + owner}_{name.lstrip('_')}"
        taken.add(own)
        called[module, name] = own
    return called


def _known(module: str) -> set[str]:
    return {*_module(module).statements, *_module(module).of_project}


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """Code with other names in place of some, but for attributes."""
    if not names:
        return text
    lines = text.split("\n")
    before = ""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME and token.string in names and before != ".":
            found.append(token)
        before = token.string
    for token in reversed(found):
        row, column = token.start
        line = lines[row - 1]
        lines[row - 1] = line[:column] + names[token.string] + line[token.end[1] :]
    return "\n".join(lines)


def together(pieces: Iterable[str]) -> str:
    """Pieces as one text, with as many empty lines between them as the linter asks for."""
    text, before = "", ""
    for piece in pieces:
        small = [not re.match(r"@|def |class |#", one) for one in (before, piece)]
        text += ("\n" if all(small) else "\n\n\n") * bool(text) + piece
        before = piece
    return text


def _needed(
    roots: Iterable[Name], plain: frozenset[Name], values: Mapping[Name, str]
) -> dict[Name, None]:
    found: dict[Name, None] = {}
    waiting = [_resolved(*root) for root in roots]
    while waiting:
        one = waiting.pop()
        if one is None or one in found:
            continue
        found[one] = None
        waiting += [_resolved(one[0], used) for used in sorted(_uses(*one, plain, values))]
    return found


def _resolved(module: str, name: str) -> Name | None:
    """Where a name that a module uses is defined; None if that is not in this project."""
    here = _module(module)
    if name in here.statements:
        return module, name
    if name in here.of_project:
        return _resolved(*here.of_project[name])
    return None


def _uses(
    module: str, name: str, plain: frozenset[Name], values: Mapping[Name, str]
) -> frozenset[str]:
    if (module, name) in values:
        return _names_in([ast.parse(values[module, name])])
    uses: frozenset[str] = frozenset()
    for statement in _statements(module, name, plain):
        uses |= statement.uses
    return uses - {name}


def _statements(module: str, name: str, plain: frozenset[Name]) -> list[_Statement]:
    found = _module(module).statements[name]
    if (module, name) not in plain:
        return found
    return [_undecorated(statement) for statement in found]


def _undecorated(statement: _Statement) -> _Statement:
    lines = statement.text.split("\n")
    function = next(node for node in ast.parse(statement.text).body)
    assert isinstance(function, ast.FunctionDef)
    function.decorator_list = []
    return _Statement(
        statement.start, "\n".join(lines[function.lineno - 1 :]), _names_in([function])
    )


def _names_in(nodes: Iterable[ast.AST]) -> frozenset[str]:
    return frozenset(
        node.id for top in nodes for node in ast.walk(top) if isinstance(node, ast.Name)
    )


@cache
def _module(name: str) -> _Module:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise CourseError(f"there is no module {name}")
    text = Path(spec.origin).read_text(encoding="utf-8")
    lines = text.split("\n")
    module = _Module()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            _note_imports(module, name, node)
            continue
        start = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
        while (
            start and lines[start - 1].startswith("#") and not lines[start - 1].startswith("# --")
        ):
            start -= 1
        source = "\n".join(lines[start : node.end_lineno])
        statement = _Statement(start, source, _names_in([node]))
        for defined in _defined(node):
            module.statements.setdefault(defined, []).append(statement)
    return module


def _note_imports(module: _Module, name: str, node: ast.Import | ast.ImportFrom) -> None:
    for alias in node.names:
        local = alias.asname or alias.name
        if isinstance(node, ast.Import):
            module.of_others[local] = (alias.name, "")
            continue
        source = node.module or ""
        if node.level:
            package = name.rsplit(".", node.level)[0]
            source = f"{package}.{source}" if source else package
        if source.split(".")[0] == PROJECT:
            if alias.asname:
                raise CourseError(f"{name}: import {alias.name} under its own name")
            module.of_project[local] = (source, alias.name)
        elif source != "__future__":
            module.of_others[local] = (source, alias.name)


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign | ast.AugAssign):
        targets = [node.target]
    for target in targets:
        yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def _in_order(modules: set[str]) -> Iterator[str]:
    """The modules, each after those that it imports from."""
    done: set[str] = set()

    def visit(module: str) -> Iterator[str]:
        if module in done:
            return
        done.add(module)
        for source in sorted({source for source, _ in _module(module).of_project.values()}):
            yield from visit(source)
        if module in modules:
            yield module

    for module in sorted(modules):
        yield from visit(module)


def _title(text: str) -> str:
    return f"# -- {text} {'-' * (94 - len(text))}"


def _pieces(module: str, names: set[str], plain: frozenset[Name]) -> Iterator[str]:
    texts = {
        statement.start: statement.text
        for name in names
        for statement in _statements(module, name, plain)
    }
    for _, text in sorted(texts.items()):
        yield text


def _value(module: str, name: str, text: str) -> str:
    """The assignment of another value, below the comment on the one that stands there."""
    there = _module(module).statements[name][0].text.split("\n")
    comment = [line for line in there if line.startswith("#")]
    return "\n".join([*comment, f"{name} = {text}"])


def _import_lines(imported: Mapping[str, Name]) -> list[str]:
    whole: list[list[str]] = [[], []]
    parts: list[dict[str, list[str]]] = [{}, {}]
    for local, (source, name) in imported.items():
        group = int(source.split(".")[0] not in STANDARD)
        renamed = "" if local == (name or source) else f" as {local}"
        if name:
            parts[group].setdefault(source, []).append(f"{name}{renamed}")
        else:
            whole[group].append(f"import {source}{renamed}")
    lines: list[str] = []
    for group in (0, 1):
        lines += sorted(whole[group])
        lines += [
            f"from {source} import {', '.join(sorted(names, key=str.lower))}"
            for source, names in sorted(parts[group].items())
        ]
        if group == 0:
            lines.append("")
    return lines
