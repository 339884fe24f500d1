"""What people decide about marks: overrides, a reader's marks, late work.

They stand in files beside the results, which every marking reads and none changes:

- ``overrides.yaml``: a list of ``{student, criterion, points, reason, who}``;
- ``written.csv``: what a reader gives for written answers (``student,part,points,comment``);
- ``late.csv``: who handed in when, or how many days late (``student,days`` or ``student,time``);
- ``gradebook.csv``: what nbgrader's gradebook held when it was last read.
"""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from autograder.course.folders import CourseError
from autograder.course.rubric import Late, Rubric, read_yaml
from autograder.course.times import EXAMPLE, in_words, moment
from autograder.submissions.finding import UNKNOWN, Origin
from autograder.submissions.text import decode

OVERRIDES = "overrides.yaml"
WRITTEN = "written.csv"
LATE = "late.csv"
GRADEBOOK = "gradebook.csv"
LATE_PENALTY = "late penalty"

EXACT = 1e-9
DAY = 86_400
Text = Annotated[str, Meta(min_length=1)]


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``overrides.yaml``: what a criterion is to earn, whatever the checks saw."""

    student: Text
    criterion: Text
    points: Annotated[float, Meta(ge=0)]
    reason: Text
    who: Text


class ByHand(msgspec.Struct, frozen=True):
    """Points in place of those that the checks give."""

    points: float
    reason: str
    who: str


class Written(msgspec.Struct, frozen=True):
    """A reader's points for one written answer."""

    points: float
    comment: str = ""


class Deduction(msgspec.Struct, frozen=True):
    """What late work loses: a share of its own points, or so many points."""

    reason: str
    share: float = 0.0
    points: float = 0.0


class Decided(msgspec.Struct, frozen=True):
    """All that was decided of one student: by criterion, by part, and of the whole."""

    criteria: dict[str, ByHand] = {}
    parts: dict[str, ByHand] = {}
    written: dict[str, Written] = {}
    late: Deduction | None = None


class _Decided:
    """The same while it is gathered."""

    def __init__(self) -> None:
        self.criteria: dict[str, ByHand] = {}
        self.parts: dict[str, ByHand] = {}
        self.written: dict[str, Written] = {}
        self.late: Deduction | None = None
        self.handed_in: str | None = None


class Decisions:
    """The decisions about a class."""

    def __init__(self, rubric: Rubric, gathered: Mapping[str, _Decided]) -> None:
        self._late = rubric.late
        self._gathered = gathered

    @classmethod
    def load(cls, folder: Path, rubric: Rubric, students: Collection[str]) -> Decisions:
        """Reads the folder, about these students alone.

        Raises CourseError with file and line where a student, a criterion or a part is not known,
        points are above what can be had, a reason is missing, or something appears there twice.
        """
        reading = _Reading(folder, rubric, students)
        reading.overrides()
        reading.gradebook()
        reading.written()
        reading.late()
        return cls(rubric, reading.gathered)

    def of(self, student: str, handed_in: str = "", origin: Origin = UNKNOWN) -> Decided:
        """What was decided of a student, who handed in at this time, as far as it is known.

        What a person wrote counts; else what the platform says of being late, since it knows who
        was given more time; else the time.
        """
        own = self._gathered.get(student) or _Decided()
        late = own.late
        if late is None and self._late is not None:
            if own.handed_in is None and origin.late is not None:
                late = _by_platform(self._late, origin)
            elif time := handed_in if own.handed_in is None else own.handed_in:
                late = _deduction(self._late, moment(time))
        return Decided(own.criteria, own.parts, own.written, late)


class _Reading:
    """Reads the files of one folder, each entry once."""

    def __init__(self, folder: Path, rubric: Rubric, students: Collection[str]) -> None:
        self._folder = folder
        self._rubric = rubric
        self._students = students
        self._criteria = {criterion.id: criterion for criterion in rubric.criteria()}
        self._parts = {part.id: part for part in rubric.parts()}
        self.gathered: defaultdict[str, _Decided] = defaultdict(_Decided)

    def overrides(self) -> None:
        file = self._folder / OVERRIDES
        if not file.exists():
            return
        entries: list[Override] | None
        entries, lines = read_yaml(file, list[Override] | None)
        for number, entry in enumerate(entries or ()):
            at = f"$[{number}]"
            wrong = self._unknown_student(entry.student)
            if wrong:
                raise lines.error(f"{at}.student", wrong)
            criterion = self._criteria.get(entry.criterion)
            if criterion is None:
                what = _unknown("criterion", entry.criterion, self._criteria, "rubric.yaml")
                raise lines.error(f"{at}.criterion", what)
            for key in ("reason", "who"):
                if not getattr(entry, key).strip():
                    raise lines.error(f"{at}.{key}", f"`{key}` is empty; say it")
            most = criterion.points * (1 - self._rubric.written_share)
            if not entry.points <= most + EXACT:
                raise lines.error(
                    f"{at}.points",
                    f"{entry.points:g} points, where {criterion.id} is worth {most:g} "
                    "by the checks; give at most those",
                )
            own = self.gathered[entry.student].criteria
            if criterion.id in own:
                raise lines.error(
                    f"{at}.criterion",
                    f"{criterion.id} of {entry.student} appears here a second time; "
                    "remove one of them",
                )
            own[criterion.id] = ByHand(entry.points, entry.reason, entry.who)

    def written(self) -> None:
        for row in read_rows(self._folder / WRITTEN, ("student", "part", "points")):
            if row["points"]:
                self._take_written(row, row["part"], "give at most those")

    def gradebook(self) -> None:
        for row in read_rows(self._folder / GRADEBOOK, ("student", "cell", "points")):
            part, _, role = row["cell"].partition("-")
            if role == "written":
                self._take_written(row, part, "read the gradebook again, or remove this file")
                continue
            self._refuse_unknown(row)
            own = self.gathered[row["student"]]
            if row["cell"] == LATE_PENALTY:
                reason = "the late penalty of nbgrader's gradebook"
                own.late = Deduction(reason, points=row.points("points"))
            elif role == "check" and part in self._parts:
                reason = row.get("comment") or "changed in nbgrader's gradebook"
                own.parts[part] = ByHand(row.points("points"), reason, "nbgrader")
            else:
                raise row.error(f"there is no cell {row['cell']}; read the gradebook again")

    def _take_written(self, row: TableRow, name: str, mend: str) -> None:
        self._refuse_unknown(row)
        part = self._parts.get(name)
        if part is None:
            raise row.error(_unknown("part", name, self._parts, "rubric.yaml"))
        points, most = row.points("points"), part.points * self._rubric.written_share
        if points > most + EXACT:
            raise row.error(
                f"{points:g} points, where a reader has {most:g} to give for {name} "
                f"(`written_share` in rubric.yaml); {mend}"
            )
        own = self.gathered[row["student"]].written
        if name in own:
            raise row.error(
                f"the answer {name} of {row['student']} appears here, or in {GRADEBOOK}, a second "
                "time; remove one of them"
            )
        own[name] = Written(points, row.get("comment"))

    def late(self) -> None:
        file = self._folder / LATE
        for row in read_rows(file, ("student",), one_of=("days", "time")):
            days, time = row.get("days"), row.get("time")
            if not days and not time:
                continue
            self._refuse_unknown(row)
            rule = self._rubric.late
            if rule is None:
                raise row.error("rubric.yaml has no `late`; add it, or remove this file")
            own = self.gathered[row["student"]]
            if own.handed_in is not None:
                raise row.error(f"{row['student']} appears here a second time; remove one of them")
            if days and time:
                raise row.error("gives days and a time; remove one of them")
            if days:
                count = row.points("days")
                if count != int(count):
                    raise row.error(f"{days} days; give whole ones")
                own.handed_in = ""
                own.late = _lost(rule, int(count), f"{_days(int(count))} late") if count else None
            else:
                try:
                    moment(time)
                except ValueError as error:
                    raise row.error(f"no time ({error}); write it as {EXAMPLE}") from None
                own.handed_in = time

    def _refuse_unknown(self, row: TableRow) -> None:
        wrong = self._unknown_student(row["student"])
        if wrong:
            raise row.error(wrong)

    def _unknown_student(self, student: str) -> str:
        if student in self._students:
            return ""
        return _unknown("student", student, self._students, str(self._folder))


def _unknown(what: str, name: str, known: Collection[str], where: str) -> str:
    near = get_close_matches(name, known, n=1)
    mend = f"did you mean {near[0]}?" if near else "correct or remove it"
    return f"{where} has no {what} {name!r}; {mend}"


def _deduction(rule: Late, time: datetime) -> Deduction | None:
    due = moment(rule.due)
    if time <= due + timedelta(minutes=rule.grace_minutes):
        return None
    days = math.ceil((time - due) / timedelta(days=1))
    return _lost(
        rule, days, f"handed in {in_words(time)}, due {in_words(due)}: {_days(days)} begun"
    )


def _by_platform(rule: Late, origin: Origin) -> Deduction | None:
    """What the platform says; where it says late and not how late, one day has begun."""
    seconds = origin.late_seconds
    if not origin.late or 0 < seconds <= rule.grace_minutes * 60:
        return None
    if not seconds:
        return _lost(rule, 1, "late, and the platform does not say how late: 1 day begun")
    days = math.ceil(seconds / DAY)
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return _lost(rule, days, f"{hours} h {minutes} min late by the platform: {_days(days)} begun")


def _days(count: int) -> str:
    return f"{count} day{'s' * (count != 1)}"


def _lost(rule: Late, days: int, why: str) -> Deduction:
    share = min(rule.per_day * days, rule.at_most)
    return Deduction(f"{why}, {share * 100:g} % of the points", share=share)


class TableRow:
    """One line of a table, and where it is."""

    def __init__(self, file: Path, line: int, cells: Mapping[str, str], comma: bool) -> None:
        self._file = file
        self._line = line
        self._cells = cells
        self._comma = comma

    def __getitem__(self, column: str) -> str:
        return self._cells[column]

    def get(self, column: str) -> str:
        return self._cells.get(column, "")

    def points(self, column: str) -> float:
        text = self._cells[column]
        try:
            number = float(text.replace(",", ".") if self._comma else text)
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf:
            raise self.error(f"{text!r} is no number of {column}, from 0 on")
        return number

    def error(self, message: str) -> CourseError:
        return CourseError(f"{self._file}, line {self._line}: {message}")


def read_rows(
    file: Path, needed: tuple[str, ...], one_of: tuple[str, ...] = ()
) -> Iterator[TableRow]:
    """The lines of a table, saved by whatever program; none where there is no such file."""
    try:
        text = decode(file.read_bytes()).removeprefix("\ufeff")
    except FileNotFoundError:
        return
    except OSError as error:
        raise CourseError(f"{file}: cannot be read ({error.strerror})") from None
    head = text.partition("\n")[0]
    # Where numbers have a comma, spreadsheets separate the columns with a semicolon.
    delimiter = ";" if head.count(";") > head.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in needed if name not in columns]
        if one_of and not set(one_of) & set(columns):
            missing.append(" or ".join(one_of))
        if missing:
            raise CourseError(
                f"{file}, line 1: the columns are {', '.join(columns) or 'none'}; "
                f"there is no {', no '.join(missing)}"
            )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                padded = [cell.strip() for cell in cells] + [""] * (len(columns) - len(cells))
                named = dict(zip(columns, padded, strict=False))
                yield TableRow(file, reader.line_num, named, delimiter == ";")
    except csv.Error as error:
        raise CourseError(f"{file}, line {reader.line_num}: no table ({error})") from None
