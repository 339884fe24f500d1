"""Where what students read contradicts the rubric, and where an example in it fails."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.course.folders import Assignment
from autograder.course.percent import percent_cells
from autograder.course.reference import Reference
from autograder.course.rubric import Part, Rubric, rubric_of
from autograder.release.finding import Finding
from autograder.submissions.text import counted

WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
FRACTIONS = {"half a": 0.5, "a quarter of a": 0.25, "a": 1.0}
NUMBER = rf"\d+(?:\.\d+)?|{'|'.join(WORDS)}"
AMOUNT = rf"{NUMBER}|{'|'.join(FRACTIONS)}"
EACH_PART = rf"each\s+(?:of\s+the\s+(?:(?:{NUMBER})\s+)?parts|part)"

PART_ID = re.compile(r"\b\d+[a-z]\b")
PART_HEADING = re.compile(rf"#+ (?:part )?(\d+[a-z]) (.+?) \(({NUMBER})(?: points?)?\)", re.I)
TASK_HEADING = re.compile(rf"#+ task (\w+):? (.+?) \(({NUMBER}) points?\)", re.I)
TASK_ROW = re.compile(rf"\| *(\d+) (.+?) *\| *({NUMBER}) *\| *(.+?) *\|", re.I)
# Of the whole homework, in running text. A text may speak of other parts and points, so these are
# only the ways in which an assignment is described.
TOTAL = re.compile(
    rf"(?:(?:^|[.:;]\s+)({NUMBER})\s+points?[,.:;]|({NUMBER})\s+points?\s+in\s+(?:all|total)\b)",
    re.I,
)
PARTS = re.compile(rf"\b(?:of|for)\s+the\s+({NUMBER})\s+parts?\b(?!\s+of)", re.I)
EACH = re.compile(
    rf"{EACH_PART}\s+is\s+worth\s+({AMOUNT})\s+points?|({AMOUNT})\s+points?\s+for\s+{EACH_PART}",
    re.I,
)
TODO = "correct one of them"


def contradictions(assignment: Assignment) -> Iterator[Finding]:
    """Prose of the source and the handout that contradicts the rubric, lines of ``stubs.py``
    without a stub, and examples in docstrings with a wrong result.

    Runs the examples, with the solutions. Raises CourseError for a source that cannot be run.
    """
    rubric = rubric_of(assignment)
    pages = sorted(assignment.handout.rglob("*.md")) if assignment.handout.is_dir() else []
    for file in (assignment.source, *pages):
        for line, found in _in_prose(_prose(file), rubric):
            yield Finding(_name(assignment, file), f"line {line}", found, TODO)
    reference = Reference(assignment)
    table = _name(assignment, assignment.folder / "stubs.py")
    for stub in sorted(reference.stubs.keys() - set(reference.defined)):
        found = f'has a line for {stub}, which no cell with role="stub" defines'
        yield Finding(table, "", found, "remove it, or correct the name")
    for line, found in _in_examples(assignment.source, reference):
        yield Finding(_name(assignment, assignment.source), f"line {line}", found, TODO)


def _name(assignment: Assignment, file: Path) -> str:
    return str(file.relative_to(assignment.course.root))


# -- prose ----------------------------------------------------------------------------------------


def _prose(file: Path) -> list[str]:
    """The lines of a page; of a script, its comments, with an empty line for each line of code."""
    lines = file.read_text(encoding="utf-8").splitlines()
    if file.suffix != ".py":
        return lines
    return [re.sub(r"^# ?", "", line) if line.startswith("#") else "" for line in lines]


def _in_prose(lines: list[str], rubric: Rubric) -> Iterator[tuple[int, str]]:
    parts = {part.id: part for part in rubric.parts()}
    tasks = {task.id: task for task in rubric.tasks}
    running: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if heading := PART_HEADING.fullmatch(line.rstrip()):
            id, title, said = heading.groups()
            yield from ((number, wrong) for wrong in _of_part(parts, id, title, _amount(said)))
        elif heading := TASK_HEADING.fullmatch(line.rstrip()) or _task_row(line, rubric):
            id, _, said, *listed = heading.groups()
            task = tasks.get(id)
            if task is None:
                yield number, f"there is no task {id} in the rubric"
                continue
            if _amount(said) != task.points:
                yield number, f"task {id} is worth {_points(task.points)} in the rubric"
            if listed:
                there = {part.id for part in task.parts}
                for one in sorted(there ^ set(PART_ID.findall(listed[0]))):
                    lacks = "is missing here" if one in there else "is not in the rubric's task"
                    yield number, f"part {one} {lacks}"
        elif line.strip() and not line.startswith(("#", "|")):
            running.append(line)
            continue
        if running:
            paragraph, first = "\n".join(running), number - len(running)
            for at, wrong in _of_whole(paragraph, rubric):
                yield first + paragraph.count("\n", 0, at), wrong
            running = []


def _task_row(line: str, rubric: Rubric) -> re.Match[str] | None:
    """A row of a table, where it is about a task: it has the title of one, or lists parts."""
    row = TASK_ROW.fullmatch(line.rstrip())
    titles = {task.title.casefold() for task in rubric.tasks}
    about_one = row and (row[2].casefold() in titles or PART_ID.search(row[4]))
    return row if about_one else None


def _of_part(parts: dict[str, Part], id: str, title: str, said: float) -> Iterator[str]:
    part = parts.get(id)
    if part is None:
        yield f"there is no part {id} in the rubric"
        return
    if title.casefold() != part.title.casefold():
        yield f"part {id} is called `{part.title}` in the rubric"
    if said != part.points:
        yield f"part {id} is worth {_points(part.points)} in the rubric"


def _of_whole(paragraph: str, rubric: Rubric) -> Iterator[tuple[int, str]]:
    parts = list(rubric.parts())
    for found in TOTAL.finditer(paragraph):
        if _amount(found[1] or found[2]) != rubric.points:
            yield found.start(), f"the homework is worth {_points(rubric.points)} in the rubric"
    for found in PARTS.finditer(paragraph):
        if _amount(found[1]) != len(parts):
            some = counted(len(parts), "part")
            yield found.start(), f"there {'is' if len(parts) == 1 else 'are'} {some} in the rubric"
    for found in EACH.finditer(paragraph):
        for part in parts:
            if _amount(found[1] or found[2]) != part.points:
                yield found.start(), f"part {part.id} is worth {_points(part.points)} in the rubric"


def _amount(said: str) -> float:
    said = " ".join(said.lower().split())
    if said in FRACTIONS:
        return FRACTIONS[said]
    return float(WORDS.index(said) + 1 if said in WORDS else said)


def _points(points: float) -> str:
    return counted(points, "point")


# -- examples -------------------------------------------------------------------------------------


def _in_examples(source: Path, reference: Reference) -> Iterator[tuple[int, str]]:
    for head, cell in percent_cells(source.read_text(encoding="utf-8")):
        for node in ast.parse(cell).body if 'role="stub"' in head else ():
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                docstring = ast.get_docstring(node, clean=False) or ""
                if ">>>" in docstring:
                    first, names = node.body[0].lineno, reference.namespace(node.name)
                    yield from ((first + at, wrong) for at, wrong in _wrong(docstring, names))


def _wrong(docstring: str, names: dict[str, Any]) -> list[tuple[int, str]]:
    """The examples of a docstring that give something else, by line; each sees those before it."""
    wrong: list[tuple[int, str]] = []

    class Runner(doctest.DocTestRunner):
        def report_failure(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:
            message = f"`{example.source.strip()}` gives {got.strip()}, not {example.want.strip()}"
            wrong.append((example.lineno, message))

        def report_unexpected_exception(
            self, out: Any, test: Any, example: doctest.Example, exc_info: Any
        ) -> None:
            message = f"`{example.source.strip()}` raises {exc_info[0].__name__}: {exc_info[1]}"
            wrong.append((example.lineno, message))

    examples = doctest.DocTestParser().get_doctest(docstring, names, "", None, None)
    Runner(verbose=False, optionflags=doctest.NORMALIZE_WHITESPACE).run(
        examples, out=lambda _: None
    )
    return wrong
