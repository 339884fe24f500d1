"""Counts the tries that failed, so that each hint comes after one.

A try counts once its code differs from that of the tries before it. The counts are kept in a small
file, which does nothing but this: without it, hints begin anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Any

# As many as there are hints.
KEPT = 3


class Attempts:
    """The failed tries of each criterion, in a file where it can be written, else in memory."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._tries = _read(file)

    def add(self, missed: Mapping[str, str]) -> dict[str, int]:
        """Adds a try of each criterion that was missed, with the code that missed it.

        Returns how many different ones each criterion has had.
        """
        before = json.dumps(self._tries)
        for criterion, code in missed.items():
            tries = self._tries.setdefault(criterion, [])
            if code not in tries and len(tries) < KEPT:
                tries.append(code)
        if json.dumps(self._tries) != before:
            self._write()
        return {criterion: len(tries) for criterion, tries in self._tries.items()}

    def _write(self) -> None:
        whole = self._file.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            whole.write_text(json.dumps(self._tries), encoding="utf-8")
            whole.replace(self._file)


def _read(file: Path) -> dict[str, list[str]]:
    """The tries in a file; none where it is missing or damaged."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        name: [str(one) for one in tries]
        for name, tries in found.items()
        if isinstance(tries, list)
    }


def code_digest(names: Iterable[str], namespace: Mapping[str, Any]) -> str:
    """Names the code of these functions and classes, and of all of the namespace that they use."""
    found: dict[str, str] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in namespace:
            codes = list(_codes(namespace[name]))
            found[name] = "\n".join(map(_written, codes))
            waiting += (used for code in codes for used in _used(code))
    return hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()[:8]


def _codes(value: Any) -> Iterator[CodeType]:
    """The code of a function, or of the methods of a class."""
    for one in vars(value).values() if isinstance(value, type) else (value,):
        code = getattr(one, "__code__", None)
        if isinstance(code, CodeType):
            yield code


def _used(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _used(one)


def _written(code: CodeType) -> str:
    """Code as text, without the file and the lines that it is on."""
    consts = [_written(one) if isinstance(one, CodeType) else repr(one) for one in code.co_consts]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {consts}"
