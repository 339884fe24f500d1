"""Rebuilds a submission from the release: the student's sources, and nothing else of theirs.

What a cell is (its type, its name, whether it is locked, its points) is what the release says.
"""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from typing import Any

import nbformat

from autograder.course.percent import CELL_MARKER
from autograder.submissions.notebook import NotebookCell as CellOfFile
from autograder.submissions.reading import Contents

# As nbformat and nbgrader type them.
Notebook = Any
NotebookCell = Any

DEFINED = re.compile(r"^(?:def|class)[ \t]+(\w+)|^(answers_\w+)[ \t]*=", re.MULTILINE)
TAG = re.compile(r'\b(part|role)="([\w-]*)"')
MOST_NAMED = 6


@dataclass(frozen=True)
class StudentCell:
    """A cell as it was handed in. ``names`` are what may tell which released cell it is."""

    kind: str
    source: str
    names: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        return self.source.strip()

    @cached_property
    def defined(self) -> frozenset[str]:
        return defined(self.source)


@dataclass(eq=False)
class _Slot:
    """A cell of the release that nbgrader knows, and what the student has of it."""

    name: str
    cell: NotebookCell
    role: str
    own: list[StudentCell] = field(default_factory=list)

    def edited(self, student: StudentCell) -> bool:
        return bool(student.text != self.cell.source.strip())

    def wants(self, student: StudentCell) -> bool:
        """Whether a cell that has lost its name is this one."""
        if not self.edited(student):
            return True
        if self.role == "written":
            question = self.cell.source.partition("\n")[0].strip()
            return student.text.startswith(question)
        return self.role == "solution" and bool(defined(self.cell.source) & student.defined)


def defined(source: str) -> frozenset[str]:
    """The functions, classes and concept answers that a cell is there for."""
    return frozenset(name for found in DEFINED.findall(source) for name in found if name)


def _role(cell: NotebookCell) -> str:
    about = cell.metadata["nbgrader"]
    if about["solution"]:
        return "written" if about["grade"] else "solution"
    if about["grade"]:
        return "check"
    return "code" if cell.cell_type == "code" else "text"


def student_cells(contents: Contents) -> list[StudentCell]:
    """All cells of a file, of whatever type; none of one that cannot be read."""
    if contents.format == "script":
        return _of_script(contents.script.replace("\r\n", "\n").replace("\r", "\n"))
    return [_of_notebook(cell) for cell in contents.cells]


def _of_notebook(cell: CellOfFile) -> StudentCell:
    about = cell.metadata.get("nbgrader")
    about = about if isinstance(about, dict) else {}
    names = tuple(
        name for name in (about.get("grade_id"), cell.id) if isinstance(name, str) and name
    )
    settings = {
        key: about[key] for key in ("grade", "solution", "locked", "points") if key in about
    }
    if cell.metadata.get("tags"):
        settings["tags"] = cell.metadata["tags"]
    return StudentCell(cell.kind, cell.source, names, settings)


def _of_script(text: str) -> list[StudentCell]:
    marks = list(CELL_MARKER.finditer(text))
    starts = [(0, ""), *((mark.end(), mark[1]) for mark in marks)]
    ends = [*(mark.start() for mark in marks), len(text)]
    cells = []
    for (start, head), end in zip(starts, ends, strict=True):
        source = text[start:end].strip("\n")
        tags = dict(TAG.findall(head))
        names = (f"{tags['part']}-{tags['role']}",) if tags.keys() == {"part", "role"} else ()
        kind = "code"
        if "[markdown]" in head:
            kind, source = "markdown", re.sub(r"^# ?", "", source, flags=re.MULTILINE)
        if source:
            cells.append(StudentCell(kind, source, names))
    return cells


def _match(slots: Sequence[_Slot], cells: Sequence[StudentCell]) -> dict[int, _Slot]:
    """Which released cell each of the student's is, by its names or else by what it holds."""
    by_name = {slot.name: slot for slot in slots}
    matched: dict[int, _Slot] = {}
    for number, cell in enumerate(cells):
        slot = next((by_name[name] for name in cell.names if name in by_name), None)
        if slot is not None:
            matched[number] = slot
    missing = [slot for slot in slots if slot not in matched.values()]
    for number, cell in enumerate(cells):
        if number not in matched:
            slot = next((slot for slot in missing if slot.wants(cell)), None)
            if slot is not None:
                matched[number] = slot
    return matched


class _Found:
    """What was found to be other than in the release, told in one line for each kind."""

    def __init__(self) -> None:
        self._cells: dict[str, list[str]] = defaultdict(list)

    def add(self, what: str, name: str) -> None:
        if name not in self._cells[what]:
            self._cells[what].append(name)

    def notes(self) -> Iterable[str]:
        for what, names in self._cells.items():
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            yield f"{what}: {', '.join(names[:MOST_NAMED])}{more}"


def rebuild(released: Notebook, cells: Sequence[StudentCell]) -> tuple[Notebook, tuple[str, ...]]:
    """The submission in the released notebook's place, and what was found of it to tell.

    Solution and answer cells get the student's sources; the last counts where there are several.
    All other released cells are as released. Cells that the student added stay where they were,
    after the cell before them, and so does what the student made of the imports, before these.
    """
    slots = [
        _Slot(cell.metadata["nbgrader"]["grade_id"], cell, _role(cell))
        for cell in released.cells
        if "nbgrader" in cell.metadata
    ]
    matched = _match(slots, cells)
    added: dict[str, list[StudentCell]] = defaultdict(list)
    order = []
    anchor = ""
    for number, cell in enumerate(cells):
        if number in matched:
            slot = matched[number]
            slot.own.append(cell)
            anchor = slot.name
            order.append(slots.index(slot))
        else:
            added[anchor].append(cell)
    found = _Found()
    for slot in slots:
        _tell(slot, found)
    notes = list(found.notes())
    if order != sorted(order):
        notes.append("the cells were in another order than the released one")
    notebook = copy.deepcopy(released)
    notebook.cells = list(_as_added(added[""]))
    for slot in slots:
        before, cell = _filled(slot)
        notebook.cells += [*_as_added(before), cell, *_as_added(added[slot.name])]
    for number, cell in enumerate(
        cell for cell in notebook.cells if "nbgrader" not in cell.metadata
    ):
        cell.id = f"added-{number + 1}"
    nbformat.validate(notebook)
    return notebook, tuple(notes)


def answers(released: Notebook, notebook: Notebook) -> dict[str, str]:
    """The written cells of a rebuilt notebook that hold an answer, and the answers.

    An answer is in its cell, below the question, or in cells that were added below that.
    """
    blank = {
        cell.metadata["nbgrader"]["grade_id"]: cell.source.strip()
        for cell in released.cells
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("grade")
    }
    found = {}
    for place, cell in enumerate(notebook.cells):
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name not in blank:
            continue
        own = _without_question(cell.source.strip(), blank[name])
        added = takewhile(_is_added, notebook.cells[place + 1 :])
        texts = [own, *(below.source.strip() for below in added)]
        if len(texts) > 1 or cell.source.strip() != blank[name]:
            found[name] = "\n\n".join(filter(None, texts))
    return found


def _is_added(cell: NotebookCell) -> bool:
    return "nbgrader" not in cell.metadata and cell.cell_type == "markdown"


def _without_question(source: str, blank: str) -> str:
    lines, asked = source.split("\n"), blank.split("\n")
    same = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(lines, asked, strict=False))
    )
    return "\n".join(lines[same:]).strip()


def _tell(slot: _Slot, found: _Found) -> None:
    counts = slot.role in ("solution", "check") or (
        slot.role == "written" and slot.cell.metadata["nbgrader"]["points"] > 0
    )
    if not slot.own:
        if counts:
            found.add("these cells were missing and are as released", slot.name)
        return
    last = slot.own[-1]
    if len(slot.own) > 1 and counts:
        found.add("these cells were there more than once, and the last counts", slot.name)
    if last.kind != slot.cell.cell_type:
        found.add("these cells were of another type, which was put right", slot.name)
    if last.names and slot.name not in last.names[:1]:
        found.add("these cells had another name, which was put right", slot.name)
    about = slot.cell.metadata["nbgrader"]
    if any(about.get(key) != value for key, value in last.settings.items()):
        found.add("the settings of these cells had been changed and were put right", slot.name)
    if slot.role in ("check", "code", "text") and any(map(slot.edited, slot.own)):
        found.add("these locked cells had been edited and are as released", slot.name)


def _filled(slot: _Slot) -> tuple[list[StudentCell], NotebookCell]:
    """A released cell with the student's source, and what of the student's runs before it."""
    cell = copy.deepcopy(slot.cell)
    if slot.role in ("solution", "written") and slot.own:
        cell.source = slot.own[-1].source
        return slot.own[:-1], cell
    if slot.role == "code":
        return [own for own in slot.own if slot.edited(own)], cell
    return [], cell


def _as_added(cells: Iterable[StudentCell]) -> Iterable[NotebookCell]:
    for cell in cells:
        if cell.kind == "code":
            yield nbformat.v4.new_code_cell(cell.source)
        elif cell.kind == "markdown":
            yield nbformat.v4.new_markdown_cell(cell.source)
