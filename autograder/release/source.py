"""Reads the one source: a percent script whose cells say which part they belong to, and as what."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, cast, get_args

import jupytext

from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import Part, Rubric
from autograder.submissions.text import counted

Kind = Literal["code", "markdown"]
Role = Literal["stub", "concepts", "questions", "check", "written", "locked", "free"]

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
ROLES_IN_SOURCE: tuple[Role, ...] = ("stub", "concepts", "check", "written")
SOLVED: tuple[Role, ...] = ("stub", "concepts", "written")


@dataclass(frozen=True)
class SourceCell:
    """One cell. ``part`` is empty for what belongs to no part: prose, imports, experiments."""

    kind: Kind
    source: str
    role: Role
    part: str = ""


def solution_regions(source: str) -> list[str]:
    """The texts between the solution markers. Raises ValueError where these do not pair up."""
    regions: list[str] = []
    inside: list[str] | None = None
    for line in source.splitlines():
        if BEGIN in line:
            if inside is not None:
                raise ValueError(f"a second `{BEGIN}` before `{END}`")
            inside = []
        elif END in line:
            if inside is None:
                raise ValueError(f"`{END}` without `{BEGIN}`")
            regions.append("\n".join(inside))
            inside = None
        elif inside is not None:
            inside.append(line)
    if inside is not None:
        raise ValueError(f"`{BEGIN}` without `{END}`")
    return regions


def outside_solutions(source: str) -> str:
    """The text without its solution regions."""
    kept: list[str] = []
    inside = False
    for line in source.splitlines():
        if BEGIN in line:
            inside = True
        elif END in line:
            inside = False
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def _imports(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Try):
        return all(map(_imports, statement.body))
    return isinstance(statement, ast.Import | ast.ImportFrom)


def _only_imports(source: str) -> bool:
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return False
    return bool(statements) and all(map(_imports, statements))


def _defined(cells: Iterable[SourceCell]) -> Iterator[tuple[str, str]]:
    """The functions and classes of these cells: the name and the source of each."""
    for cell in cells:
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield node.name, ast.get_source_segment(cell.source, node) or ""


def _validate_part(
    assignment: Assignment, part: Part, cells: list[SourceCell], checked: Collection[str]
) -> None:
    """``checked`` are the words in the assignment's checks."""
    file = assignment.source
    mine = [cell for cell in cells if cell.part == part.id]
    count = Counter(cell.role for cell in mine)
    for role in ("check", "written"):
        if count[role] != 1:
            raise CourseError(
                f'{file}: part {part.id} has {count[role]} cells with role="{role}", where '
                "its points need exactly one; add or remove some"
            )
    questions = len(concept_ids(part))
    if count["concepts"] != (1 if questions else 0):
        raise CourseError(
            f"{file}: part {part.id} has {counted(count['concepts'], 'cell')} with "
            f'role="concepts", and the rubric has {counted(questions, "concept question")} in it; '
            "change one of them"
        )
    defined = dict(_defined(cell for cell in mine if cell.role == "stub"))
    if missing := set(part.stubs) - defined.keys():
        raise CourseError(
            f'{file}: no cell with part="{part.id}" role="stub" defines '
            f"{', '.join(sorted(missing))}; write it there, or change `stubs` in the rubric"
        )
    for name, text in defined.items():
        # A helper has no solution in it, and a function that is not marked has no check.
        if BEGIN in text and name in checked and name not in part.stubs:
            raise CourseError(
                f"{file}: part {part.id} defines `{name}`, which `stubs` of part {part.id} in "
                f"{assignment.rubric_file} does not name; add it there"
            )


def concept_ids(part: Part) -> tuple[str, ...]:
    """The ids of the concept questions that a part marks."""
    for criterion in part.criteria:
        if criterion.id == f"{part.id}.concepts":
            return criterion.items
    return ()


def read_source(assignment: Assignment, rubric: Rubric) -> list[SourceCell]:
    """The cells of the source, in order.

    Raises CourseError where it is no Python, where a cell's part or role is unknown, where a
    solution has no region or has a region where none is expected, where a part lacks a cell, and
    where a stub that is checked is not among the ``stubs`` of its part.
    """
    file = assignment.source
    try:
        text = file.read_text(encoding="utf-8")
        ast.parse(text)
    except OSError as error:
        raise CourseError(f"{file}: cannot be read ({error.strerror})") from None
    except SyntaxError as error:
        raise CourseError(
            f"{file}, line {error.lineno}: {error.msg}; correct the solution"
        ) from None
    notebook = jupytext.reads(text, fmt="py:percent")
    parts = {part.id for part in rubric.parts()}
    cells: list[SourceCell] = []
    for number, raw in enumerate(notebook.cells, 1):
        at = f"{file}, cell {number}"
        part, role = raw.metadata.get("part", ""), raw.metadata.get("role", "")
        if raw.cell_type not in get_args(Kind):
            raise CourseError(f"{at}: a {raw.cell_type} cell; make it code or markdown")
        if bool(part) != bool(role):
            raise CourseError(f'{at}: part="{part}" role="{role}"; give both or neither')
        if part and part not in parts:
            raise CourseError(f'{at}: the rubric has no part "{part}"; correct one of them')
        if role and role not in ROLES_IN_SOURCE:
            known = ", ".join(ROLES_IN_SOURCE)
            raise CourseError(f'{at}: no role is called "{role}"; it is one of {known}')
        if role and (raw.cell_type == "markdown") != (role == "written"):
            raise CourseError(
                f"{at}: a {raw.cell_type} cell cannot be {role}; written answers are markdown, "
                "all else is code"
            )
        if not role:
            prose = raw.cell_type == "markdown" or _only_imports(raw.source)
            role = "locked" if prose else "free"
        try:
            regions = solution_regions(raw.source)
        except ValueError as error:
            raise CourseError(f"{at} (part {part or 'none'}): {error}; pair them up") from None
        if bool(regions) != (role in ("stub", "written")):
            raise CourseError(
                f"{at} (part {part or 'none'}, {role}): "
                f"{counted(len(regions), 'solution region')}; stubs and written answers need at "
                f"least one (`{BEGIN}`, `{END}`), other cells none"
            )
        cells.append(SourceCell(raw.cell_type, raw.source, cast(Role, role), part))
    checks = (path.read_text(encoding="utf-8") for path in assignment.checks.glob("*.py"))
    checked = set(re.findall(r"\w+", "\n".join(checks)))
    for wanted in rubric.parts():
        _validate_part(assignment, wanted, cells, checked)
    return cells
