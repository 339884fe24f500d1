"""Canvas's own list of a class: the gradebook that it exports, to match its ids."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.course.folders import CourseError
from autograder.exporting.tables import WHO_CANVAS, Person
from autograder.submissions.finding import student_id
from autograder.submissions.text import decode

# How Canvas names what it gives to download: the name, if it was late, its own id, and the file's.
DOWNLOADED = re.compile(r"[^\W_]+(?:_LATE)?_(\d+)_\d+_")
HEADING = re.compile(r"(.+) \(\d+\)")


class Roster:
    """The students of a class as Canvas knows them, and its headings for assignments by title."""

    def __init__(self, people: Iterable[Person], headings: dict[str, str]) -> None:
        self.people = tuple(people)
        self.headings = headings
        self._by_id = {one.platform_id: one for one in self.people if one.platform_id}
        found: dict[str, set[Person]] = defaultdict(set)
        for one in self.people:
            for key in (one.login, one.login.partition("@")[0], one.sis_id, one.platform_id):
                if key:
                    found[student_id(key).casefold()].add(one)
        self._by_key = {key: same.pop() for key, same in found.items() if len(same) == 1}

    def find(self, student: str) -> Person | None:
        """Who this is: by what Canvas named the file, the login, or an id that no other shares."""
        downloaded = DOWNLOADED.match(student)
        if downloaded and downloaded[1] in self._by_id:
            return self._by_id[downloaded[1]]
        return self._by_key.get(student.casefold())


def read_roster(file: Path) -> Roster:
    """Reads what Canvas exports of its gradebook. Raises CourseError where it is something else."""
    try:
        text = decode(file.read_bytes()).removeprefix("\ufeff")
        rows = list(csv.reader(io.StringIO(text, newline="")))
    except OSError as error:
        raise CourseError(f"{file}: cannot be read ({error.strerror})") from None
    except csv.Error as error:
        raise CourseError(f"{file}: no table ({error})") from None
    columns = [name.strip() for name in rows[0]] if rows else []
    missing = [name for name in ("Student", "ID", "SIS Login ID") if name not in columns]
    if missing:
        raise CourseError(
            f"{file}, line 1: there is no column {', no column '.join(missing)}; give the file "
            "that Canvas exports in Grades"
        )
    headings = {found[1]: name for name in columns if (found := HEADING.fullmatch(name))}
    return Roster(_people(columns, rows[1:]), headings)


def _people(columns: list[str], rows: list[list[str]]) -> Iterator[Person]:
    for row in rows:
        cells = dict(zip(columns, row, strict=False))
        name, platform_id, sis_id, login, section = (
            cells.get(column, "").strip() for column in WHO_CANVAS
        )
        # The lines of points possible, and of how marks are posted, are nobody's.
        if platform_id or login:
            yield Person(login, "", "", platform_id, sis_id, section, shown=name)
