"""What a worker replied: an answer, or how a stub did not answer."""

from __future__ import annotations

import builtins
import re
from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from autograder.sandbox.workers import Reply
from autograder.submissions.text import printable

# About the bytes that any value takes, and each of a list's or dict's.
VALUE_BYTES = 100
TOO_MUCH = (
    "the answers were too large or too many to be looked at all: what came after them counts as "
    "not answered"
)
# The message for a stub that still raises NotImplementedError, as released.
UNWRITTEN = "`{}` is still to be written."
EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)

# One that was "given up" had lost the worker so often that it was not asked again.
Kind = Literal[
    "missing",
    "unfinished",
    "raised",
    "out of time",
    "crashed",
    "given up",
    "unreadable",
    "too large",
]
# Of stubs that do not exist yet, or are not asked any more.
NOT_THERE: tuple[Kind, ...] = ("missing", "unfinished", "given up")


class Raised(NamedTuple):
    """An exception of a student's code.

    ``type`` is the name of one of Python's own types, or empty for any other; ``text`` is what it
    said; ``where`` is the cell and line, and ``code`` what is on that line; both are empty where
    these are not known.
    """

    type: str
    text: str
    where: str
    code: str = ""

    def __str__(self) -> str:
        place = f"{self.type or 'an exception'}{self.where}"
        return f"{place}: {self.text}" if self.text else place


class StudentError(Exception):
    """A stub did not answer.

    ``message`` may always be shown: the code chose no word of it, by which it could reveal what a
    hidden check has asked. ``detail`` is for staff, and for checks that are not hidden; ``raised``
    is the exception, where there was one.
    """

    def __init__(
        self, kind: Kind, message: str, detail: str = "", raised: Raised | None = None
    ) -> None:
        super().__init__(f"{message} {detail}".strip())
        self.kind = kind
        self.message = message
        self.detail = detail
        self.raised = raised

    def afresh(self) -> StudentError:
        """The same, to be kept or raised again: holds nothing of where it was raised before."""
        return StudentError(self.kind, self.message, self.detail, self.raised)


def not_looked_at() -> StudentError:
    """What to say of a call after answers that were too much."""
    return StudentError("too large", f"Not looked at: {TOO_MUCH}.")


def raised_in(reply: Reply, sources: Mapping[str, str] | None = None) -> Raised:
    """What a worker says of an exception, cut to what can be printed.

    ``sources`` are the cells, by name, in which the line is looked up.
    """
    error = reply["error"] if isinstance(reply["error"], dict) else {}
    named = error.get("type")
    name = named if isinstance(named, str) and named in EXCEPTIONS else ""
    place, line = error.get("cell"), error.get("line")
    where = code = ""
    if isinstance(place, str) and re.fullmatch(r"cell \d{1,4}", place) and isinstance(line, int):
        where = f" in {place}, line {line}"
        code = _line_of((sources or {}).get(place, ""), line)
    text = error.get("text")
    said = printable(text, 300).strip() if isinstance(text, str) else ""
    return Raised(name, said, where, code)


def _line_of(source: str, number: int) -> str:
    lines = source.split("\n")
    return printable(lines[number - 1], 300).strip() if 0 < number <= len(lines) else ""


def size_of(value: object) -> int:
    """About how many bytes it takes."""
    size, still = 0, [value]
    while still:
        one = still.pop()
        size += VALUE_BYTES
        if isinstance(one, np.ndarray):
            size += one.nbytes
        elif isinstance(one, str):
            size += 4 * len(one)
        elif isinstance(one, dict):
            still += one.keys()
            still += one.values()
        elif isinstance(one, list):
            still += one
    return size
