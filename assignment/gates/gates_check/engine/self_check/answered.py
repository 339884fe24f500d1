"""The written answers in a notebook or a script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from ..course.percent import CELL_MARKER, with_newlines
from .reading import notebook_of, text_of

BLANK = "YOUR ANSWER HERE"
# How nbgrader's name of a cell with a written answer ends, after the part.
WRITTEN = "-written"
TAG = re.compile(r'\b(part|role)="([\w-]*)"')


class _Text(NamedTuple):
    """A cell of text; ``part`` is that of its written question, if it has one."""

    part: str
    source: str
    is_added: bool


def written_answers(questions: Mapping[str, str], path: Path) -> dict[str, str]:
    """The answer to each question, empty where there is none. Raises NotReadable.

    Args:
        questions: by part.
        path: the notebook or script. In a notebook, cells of text that were added below a question
            belong to its answer.
    """
    cells = list(_of_notebook(path) if notebook_of(path) is not None else _of_script(path))
    found = dict.fromkeys(questions, "")
    for place, cell in enumerate(cells):
        part = cell.part or _asked_in(cell.source, questions)
        if part in questions:
            below = takewhile(lambda one: one.is_added, cells[place + 1 :])
            own = _without(questions[part], cell.source)
            texts = [own, *(one.source for one in below)]
            texts = [text.replace(BLANK, "").strip() for text in texts]
            found[part] = "\n\n".join(filter(None, texts))
    return found


def _of_notebook(path: Path) -> Iterator[_Text]:
    notebook = notebook_of(path)
    for cell in notebook["cells"] if notebook else ():
        about = cell.get("metadata", {}).get("nbgrader", {})
        name, source = str(about.get("grade_id", "")), "".join(cell.get("source", ""))
        part = name.removesuffix(WRITTEN) if name.endswith(WRITTEN) else ""
        is_text = cell.get("cell_type") == "markdown"
        yield _Text(part, source if is_text else "", is_text and not about)


def _of_script(path: Path) -> Iterator[_Text]:
    text = with_newlines(text_of(path))
    marks = list(CELL_MARKER.finditer(text))
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    for mark, end in zip(marks, ends, strict=False):
        if "[markdown]" in mark[1]:
            tags = dict(TAG.findall(mark[1]))
            source = re.sub(r"^# ?", "", text[mark.end() : end].strip("\n"), flags=re.MULTILINE)
            part = tags.get("part", "") if tags.get("role") == WRITTEN[1:] else ""
            yield _Text(part, source, False)


def _asked_in(source: str, questions: Mapping[str, str]) -> str:
    """The part whose question a cell begins with, where it has lost its name."""
    for part, question in questions.items():
        if question and source.strip().startswith(question.partition("\n")[0]):
            return part
    return ""


def _without(question: str, source: str) -> str:
    """A cell without the lines of the question, as far as they are as released."""
    lines, asked = source.strip().split("\n"), question.split("\n")
    pairs = zip(lines, asked, strict=False)
    same = sum(1 for _ in takewhile(lambda pair: pair[0].rstrip() == pair[1].rstrip(), pairs))
    return "\n".join(lines[same:]).strip()
