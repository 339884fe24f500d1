"""The list of a class: Canvas's gradebook, Moodle's or Gradescope's tables, or any CSV."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course.folders import CourseError
from autograder.course.times import moment
from autograder.intake.canvas import piece as canvas_piece
from autograder.submissions.finding import UNKNOWN, HandIn, Origin, student_id
from autograder.submissions.text import decode, printable

MAX_ROSTER_BYTES = 64 << 20
MAX_NAME = 200
DELIMITERS = ",;\t|"
# What a column may be called, by what is in it. The first that is there counts.
COLUMNS = {
    "shown": ("student", "full name", "name", "student name"),
    "first_name": ("first name", "firstname", "preferred/first name", "vorname"),
    "last_name": ("last name", "lastname", "surname", "nachname"),
    "platform_id": ("id",),
    "sis_id": ("sis user id", "sid", "id number", "idnumber", "student id"),
    "login": ("sis login id", "username", "user name", "login", "login id"),
    "email": ("email", "email address", "e-mail", "e-mail address"),
    "section": ("section", "sections"),
    "participant": ("identifier",),
    "github": ("github_username", "github username"),
    "time": ("submission time", "submission_timestamp", "handed in", "time"),
    "lateness": ("lateness (h:m:s)",),
    "days": ("late", "days late", "days"),
    "status": ("status",),
}
IDS = ("platform_id", "sis_id", "login", "email", "participant", "github")
HEADING = re.compile(r"(.+) \((\d+)\)")
# As Moodle writes it into the grading worksheet: "Submitted for grading - 1 day 3 hours late".
MOODLE_LATE = re.compile(r"((?:\d+ (?:year|day|hour|min|sec)s? ?)+)late\b")
SECONDS = {"year": 31_536_000, "day": 86_400, "hour": 3_600, "min": 60, "sec": 1}
DAY = 86_400
# Canvas's own, with which a teacher looks at the course.
TEST_STUDENT = "Student, Test"


@dataclass(frozen=True)
class Person:
    """Who a student is to a learning platform, as far as it is known.

    ``participant`` is Moodle's number within one assignment. ``late_seconds`` is None where nothing
    is said of being late, and 0 where it is said to be in time.
    """

    login: str = ""
    first_name: str = ""
    last_name: str = ""
    platform_id: str = ""
    sis_id: str = ""
    section: str = ""
    email: str = ""
    shown: str = ""
    participant: str = ""
    github: str = ""
    time: str = ""
    late_seconds: int | None = None

    @property
    def name(self) -> str:
        names = (self.last_name, self.first_name)
        known = self.shown or ", ".join(name for name in names if name)
        return known or next(filter(None, (self.login, self.email, self.github, self.sis_id)), "")

    def names(self) -> Iterator[str]:
        """The name in the orders in which it is written."""
        yield self.name
        last, comma, first = self.name.partition(", ")
        if comma:
            yield f"{first} {last}"


class Roster:
    """The students of a class, and Canvas's columns for assignments by their titles and ids."""

    def __init__(
        self, people: Iterable[Person], headings: Iterable[str] = (), file: Path = Path()
    ) -> None:
        self.file = file
        self.people = tuple(people)
        self.headings = tuple(headings)
        self._by_key = _unique(self.people, _keys)
        self._by_name = _unique(self.people, lambda one: map(_folded, one.names()))
        self._by_participant = _unique(self.people, lambda one: [one.participant])
        self._by_platform_id = _unique(self.people, lambda one: [one.platform_id])

    def find(
        self, student: str, origin: Origin = UNKNOWN, also: Iterable[str] = ()
    ) -> Person | None:
        """Who this is: by the platform's own number, by an id, or by a name that no other has."""
        if origin.platform == "canvas":
            return self._by_platform_id.get(origin.account)
        if origin.platform == "moodle":
            # Where the roster has Moodle's numbers, only they decide: names may be shared.
            if self._by_participant:
                return self._by_participant.get(origin.account)
            return self._by_name.get(_folded(origin.name))
        for key in (origin.account, *also, student):
            found = self._by_key.get(student_id(key).casefold()) if key else None
            if found is not None:
                return found
        # An id that was once made of the name that Canvas gave the file.
        downloaded = canvas_piece(Path(f"{student}_")) or canvas_piece(Path(f"{student}.py"))
        if downloaded:
            return self._by_platform_id.get(downloaded.origin.account)
        names = [_folded(name) for name in (origin.name, *also) if name]
        return next((self._by_name[name] for name in names if name in self._by_name), None)

    def absent(self, there: Iterable[Person]) -> list[Person]:
        """Who is in the roster and not among these."""
        known = set(there)
        return [one for one in self.people if one not in known and one.name != TEST_STUDENT]


def _unique(people: Iterable[Person], keys: Callable[[Person], Iterable[str]]) -> dict[str, Person]:
    found: dict[str, set[Person]] = defaultdict(set)
    for one in people:
        for key in keys(one):
            if key:
                found[key].add(one)
    return {key: same.pop() for key, same in found.items() if len(same) == 1}


def _keys(one: Person) -> Iterator[str]:
    ids = (one.login, one.sis_id, one.platform_id, one.email, one.github, one.participant)
    for key in (*ids, one.login.partition("@")[0], one.email.partition("@")[0]):
        if key:
            yield student_id(key).casefold()


def _folded(name: str) -> str:
    return " ".join(name.replace("_", " ").casefold().split())


def joined(one: HandIn, person: Person) -> HandIn:
    """What was handed in, with the name and the lateness that the roster has."""
    origin = one.origin
    late, seconds = origin.late, origin.late_seconds
    if person.late_seconds is not None:
        late, seconds = person.late_seconds > 0, person.late_seconds
    name = printable(person.name, MAX_NAME) or origin.name
    known = Origin(origin.platform, name, origin.account, origin.file, origin.number, late, seconds)
    return HandIn(one.student, one.path, one.notes, one.handed_in or person.time, known)


def read_roster(file: Path) -> Roster:
    """Reads a table of the class: any delimiter, any encoding, columns by their names.

    Raises CourseError where no column says who a student is, or a time or lateness is none.
    """
    try:
        with file.open("rb") as opened:
            text = _text(opened.read(MAX_ROSTER_BYTES))
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    except OSError as error:
        raise CourseError(f"{file}: cannot be read ({error.strerror})") from None
    except csv.Error as error:
        raise CourseError(f"{file}: no table ({error})") from None
    head = [name.strip() for name in rows[0]] if rows else []
    places = _places(head)
    if not places.keys() & set(IDS):
        known = ", ".join(COLUMNS[kind][0] for kind in IDS)
        raise CourseError(
            f"{file}, line 1: the columns are {printable(', '.join(head)) or 'none'}; none of them "
            f"says who a student is, such as {known}"
        )
    people = []
    for number, row in enumerate(rows[1:], start=2):
        person = _person(file, number, places, row)
        if person is not None:
            people.append(person)
    return Roster(people, [name for name in head if HEADING.fullmatch(name)], file)


def _text(data: bytes) -> str:
    """The text of a table; programs write UTF-16 without saying so, too."""
    if not data.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\0" in data[:200]:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    return decode(data).removeprefix("\ufeff")


def _delimiter(text: str) -> str:
    """What the first line has most of, outside of quotes."""
    first = text.lstrip("\r\n").partition("\n")[0]
    return max(DELIMITERS, key=lambda one: len(next(csv.reader([first], delimiter=one), [])))


def _places(head: list[str]) -> dict[str, int]:
    names = [name.casefold() for name in head]
    places = {
        kind: names.index(known[0])
        for kind, each in COLUMNS.items()
        if (known := [name for name in each if name in names])
    }
    # What GitHub Classroom calls an identifier is what the teacher put into the list.
    if "github" in places and "participant" in places:
        places.setdefault("login", places.pop("participant"))
    elif "github" in places and "roster_identifier" in names:
        places.setdefault("login", names.index("roster_identifier"))
    return places


def _person(file: Path, line: int, places: dict[str, int], row: list[str]) -> Person | None:
    """Who is on a line; None for those of points possible, and of how marks are posted."""
    cells = {
        kind: printable(row[place].strip()) if place < len(row) else ""
        for kind, place in places.items()
    }
    number = re.search(r"\d+$", cells.get("participant", ""))
    cells["participant"] = number[0] if number else ""
    if not any(cells.get(kind) for kind in IDS):
        return None
    late, time = _late(file, line, cells), cells.pop("time", "")
    for kind in ("lateness", "days", "status"):
        cells.pop(kind, None)
    return Person(**cells, time=_time(file, line, time), late_seconds=late)


def _time(file: Path, line: int, text: str) -> str:
    if not text:
        return ""
    try:
        return moment(text).isoformat()
    except (ValueError, OverflowError) as error:
        raise CourseError(f"{file}, line {line}: no time of handing in ({error})") from None


def _late(file: Path, line: int, cells: dict[str, str]) -> int | None:
    """How many seconds late; None where nothing is said of it."""
    if lateness := cells.get("lateness"):
        found = re.fullmatch(r"(\d{1,6}):(\d\d):(\d\d)", lateness)
        if not found:
            raise CourseError(f"{file}, line {line}: {lateness!r} is no lateness such as 27:05:00")
        hours, minutes, seconds = map(int, found.groups())
        return hours * 3_600 + minutes * 60 + seconds
    if days := cells.get("days"):
        if not re.fullmatch(r"\d{1,4}", days):
            raise CourseError(f"{file}, line {line}: {days!r} is no number of days late")
        return int(days) * DAY
    found = MOODLE_LATE.search(cells.get("status", ""))
    if found:
        parts = re.findall(r"(\d+) (\w+?)s?\b", found[1])
        return sum(int(number) * SECONDS[unit] for number, unit in parts)
    return None
