"""What is wrong with the files that students get, said to the person who can mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing found: ``file`` is relative to the course, ``place`` a cell or line in it."""

    file: str
    place: str
    found: str
    todo: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.place}" if self.place else self.file
        return f"{where}: {self.found}; {self.todo}"
