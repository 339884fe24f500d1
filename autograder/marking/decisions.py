"""What people decide about marks: overrides, a reader's marks, late work.

They are in files beside the results, which every marking reads and none changes:

- ``overrides.yaml``: a list of ``{student, criterion, points, reason, who}``, or with ``part`` for
  ``criterion``, or with the ``total`` for both and the points;
- ``requests.yaml``: students' requests for another look, and the answers (see ``requests.py``);
- ``mistakes.yaml``: a list of ``{mistake, comment, credit, who}``, for all with that mistake;
- ``written.csv``: what a reader gives for written answers (``student,part,points,comment``);
- ``late.csv``: who handed in when, or how many days late (``student,days`` or ``student,time``);
- ``gradebook.csv``: what nbgrader's gradebook held when it was last read.
"""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

import msgspec

from autograder.course.folders import CourseError
from autograder.course.rubric import Criterion, Late, Part, Rubric
from autograder.course.times import EXAMPLE, in_words, moment
from autograder.course.yaml_files import read_yaml
from autograder.marking.requests import Request, answers_to, read_requests, subjects
from autograder.submissions.finding import UNKNOWN, Origin
from autograder.submissions.text import counted, decode

OVERRIDES = "overrides.yaml"
MISTAKES = "mistakes.yaml"
WRITTEN = "written.csv"
LATE = "late.csv"
GRADEBOOK = "gradebook.csv"
LATE_PENALTY = "late penalty"

EXACT = 1e-9
DAY = 86_400
TWICE = "{} of {} appears here a second time; remove one of them"


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``overrides.yaml``: what a criterion or the checks of a part are to earn,
    whatever they saw; or the total of a student, whatever else there is."""

    student: str | None = None
    criterion: str | None = None
    part: str | None = None
    points: float | None = None
    total: float | None = None
    reason: str | None = None
    who: str | None = None

    def lacks(self) -> tuple[str, str] | None:
        """The key of what is missing or too much in it, and a sentence that says it."""
        if not (self.student or "").strip():
            return "student", "a student is missing; say whose marks are set"
        if sum(map(bool, (self.criterion, self.part, self.total is not None))) != 1:
            return "", "say what is set: a `criterion`, a `part` or the `total`, one of them"
        if self.total is None and self.points is None:
            return "points", "the points are missing; say how many"
        if self.total is not None and self.points is not None:
            return "points", "there are points beside the total; remove one of them"
        if not (self.reason or "").strip():
            return "reason", "a reason is missing; say why, for the student reads it"
        if not (self.who or "").strip():
            return "who", "`who` is missing; say who decided this"
        return None


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``mistakes.yaml``: a comment for all students who have a mistake, known by its
    key, and the share of the points that they still earn."""

    mistake: str | None = None
    comment: str | None = None
    credit: float | None = None
    who: str | None = None

    def lacks(self) -> tuple[str, str] | None:
        """The key of what is missing or too much in it, and a sentence that says it."""
        if not self.mistake:
            return "mistake", "the mistake is missing; copy its key from the page of the class"
        if self.credit is None and not (self.comment or "").strip():
            return "", "say what is decided: a `comment`, a `credit`, or both"
        if self.credit is not None and not 0 <= self.credit <= 1:
            return "credit", f"a credit of {self.credit:g}; give a share of the points, from 0 to 1"
        if not (self.who or "").strip():
            return "who", "`who` is missing; say who decided this"
        return None


class ForAll(msgspec.Struct, frozen=True):
    """A decision for all with the same mistake. If the credit is None, the rubric's counts."""

    comment: str
    credit: float | None
    who: str


class ByHand(msgspec.Struct, frozen=True):
    """Points in place of those that the checks give, or of the total.

    ``at_least`` keeps the checks' points where those are more.
    """

    points: float
    reason: str
    who: str
    at_least: bool = False


class Declined(msgspec.Struct, frozen=True):
    """A request for another look that did not change the mark."""

    reason: str
    who: str


class Written(msgspec.Struct, frozen=True):
    """A reader's points for one written answer, and the ``answers`` to requests about them."""

    points: float
    comment: str = ""
    answers: tuple[str, ...] = ()


class Deduction(msgspec.Struct, frozen=True):
    """What late work loses: a share of its own points, or so many points."""

    reason: str
    share: float = 0.0
    points: float = 0.0


class Decided(msgspec.Struct, frozen=True):
    """All decisions about one student: by criterion, by part, and about the total; and those about
    ``mistakes``, by key, for all students who have them."""

    criteria: dict[str, ByHand] = {}
    declined: dict[str, tuple[Declined, ...]] = {}
    parts: dict[str, ByHand] = {}
    written: dict[str, Written] = {}
    late: Deduction | None = None
    total: ByHand | None = None
    mistakes: dict[str, ForAll] = {}


E = TypeVar("E", Override, Rule)


class _Decided:
    """The same while it is gathered."""

    def __init__(self) -> None:
        self.criteria: dict[str, ByHand] = {}
        self.declined: dict[str, tuple[Declined, ...]] = {}
        self.parts: dict[str, ByHand] = {}
        self.written: dict[str, Written] = {}
        self.late: Deduction | None = None
        self.total: ByHand | None = None
        self.handed_in: str | None = None


class Decisions:
    """The decisions about a class; ``open_requests`` are those that have no answer yet."""

    def __init__(
        self,
        rubric: Rubric,
        gathered: Mapping[str, _Decided],
        mistakes: dict[str, ForAll],
        open_requests: int,
    ) -> None:
        self._late = rubric.late
        self._gathered = gathered
        self._mistakes = mistakes
        self.open_requests = open_requests

    @classmethod
    def load(
        cls,
        folder: Path,
        rubric: Rubric,
        students: Collection[str],
        mistakes: Collection[str] | None = None,
    ) -> Decisions:
        """Reads the folder, about these students alone.

        ``mistakes`` are the keys of all their mistakes, or None while the class is being graded.
        Raises CourseError with file and line where a student, a criterion, a part or a mistake is
        not known, points are above the most that can be earned, a reason is missing, or something
        appears twice.
        """
        reading = _Reading(folder, rubric, students)
        reading.overrides()
        reading.rules(mistakes)
        reading.gradebook()
        reading.written()
        reading.requests()
        reading.late()
        return cls(rubric, reading.gathered, reading.mistakes, reading.open_requests)

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
        return Decided(
            own.criteria,
            own.declined,
            own.parts,
            own.written,
            late,
            own.total,
            self._mistakes,
        )


def readers_forms(folder: Path) -> list[Path]:
    """The readers' own forms, ``written-NAME.csv``, which do not count."""
    return sorted(folder.glob(f"{Path(WRITTEN).stem}-*.csv"))


class _Reading:
    """Reads the files of one folder, each entry once."""

    def __init__(self, folder: Path, rubric: Rubric, students: Collection[str]) -> None:
        self._folder = folder
        self._rubric = rubric
        self._students = students
        self._criteria = {criterion.id: criterion for criterion in rubric.criteria()}
        self._parts = {part.id: part for part in rubric.parts()}
        self._subjects = subjects(rubric)
        self.gathered: defaultdict[str, _Decided] = defaultdict(_Decided)
        self.open_requests = 0
        self.mistakes: dict[str, ForAll] = {}

    def overrides(self) -> None:
        self._each(OVERRIDES, Override, self._take_override)

    def rules(self, known: Collection[str] | None) -> None:
        self._each(MISTAKES, Rule, lambda rule: self._take_rule(rule, known))

    def _each(self, name: str, kind: type[E], take: Callable[[E], tuple[str, str] | None]) -> None:
        """Takes each entry of a file; raises CourseError with the line where one is wrong."""
        file = self._folder / name
        if not file.exists():
            return
        entries: list[E] | None
        entries, lines = read_yaml(file, list[kind] | None)  # type: ignore[valid-type]
        for number, entry in enumerate(entries or ()):
            if wrong := entry.lacks() or take(entry):
                key, message = wrong
                raise lines.error(f"$[{number}].{key}", message)

    def _take_rule(self, rule: Rule, known: Collection[str] | None) -> tuple[str, str] | None:
        """The same for an entry of ``mistakes.yaml``."""
        name = rule.mistake or ""
        if known is not None and name not in known:
            return "mistake", unknown("mistake", name, known, str(self._folder))
        if name in self.mistakes:
            return "mistake", f"{name} appears here a second time; remove one of them"
        self.mistakes[name] = ForAll((rule.comment or "").strip(), rule.credit, rule.who or "")
        return None

    def _take_override(self, entry: Override) -> tuple[str, str] | None:
        """The key of what is wrong with an entry, and a sentence that says it."""
        student = entry.student or ""
        if wrong := self._unknown_student(student):
            return "student", wrong
        own, reason, who = self.gathered[student], entry.reason or "", entry.who or ""
        if entry.total is not None:
            if wrong := _out_of_range(entry.total, "the total", self._rubric.points, ""):
                return "total", wrong
            if own.total is not None:
                return "total", TWICE.format("the total", student)
            own.total = ByHand(entry.total, reason, who)
            return None
        key, name = "part" if entry.part else "criterion", entry.part or entry.criterion or ""
        known: Mapping[str, Part | Criterion] = self._parts if entry.part else self._criteria
        if name not in known:
            return key, unknown(key, name, known, "the rubric")
        most, points = known[name].points * (1 - self._rubric.written_share), entry.points or 0.0
        if wrong := _out_of_range(points, name, most, " by the checks"):
            return "points", wrong
        decided = own.parts if entry.part else own.criteria
        if name in decided:
            return key, TWICE.format(name, student)
        decided[name] = ByHand(points, reason, who)
        return None

    def requests(self) -> None:
        """The answers to requests. A rule leaves points that a person has set as they are."""
        asked, lines = read_requests(self._folder)
        rules: set[str] = set()
        by_rule: set[tuple[str, str]] = set()
        for number, (one, answer) in enumerate(zip(asked, answers_to(asked), strict=True)):
            student, name = one.of
            wrong = one.lacks() or self._wrong_request(one)
            if not wrong and one.is_rule:
                if name in rules:
                    wrong = "criterion", f"a second rule for {name}; remove one of them"
                rules.add(name)
            elif not wrong and answer is one:
                wrong = self._take_answer(one, one)
            if wrong and lines:
                key, message = wrong
                raise lines.error(f"$[{number}].{key}", message)
            if one.is_rule or answer is one:
                continue
            if answer is None:
                self.open_requests += 1
            elif one.of not in by_rule and name not in self.gathered[student].criteria:
                self._take_answer(one, answer)
                by_rule.add(one.of)

    def _wrong_request(self, one: Request) -> tuple[str, str] | None:
        """The key of what is wrong with a request or a rule, and a sentence that says it."""
        student, name = one.of
        subject = self._subjects.get(name)
        if subject is None:
            return "criterion", unknown("criterion", name, self._subjects, "the rubric")
        if not one.is_rule and (wrong := self._unknown_student(student)):
            return "student", wrong
        wrong = _out_of_range(one.granted or 0.0, name, subject.most, f" by {subject.by}")
        return ("granted", wrong) if wrong else None

    def _take_answer(self, one: Request, answer: Request) -> tuple[str, str] | None:
        student, name = one.of
        own, who = self.gathered[student], answer.who or ""
        if self._subjects[name].criterion is None:
            return self._answer_written(student, self._subjects[name].part.id, answer)
        if answer.granted is None:
            declined = Declined(answer.why, who)
            own.declined[name] = (*own.declined.get(name, ()), declined)
            return None
        if name in own.criteria:
            return "granted", (
                f"{name} of {student} is set above, or in {OVERRIDES}, too; remove one of them"
            )
        own.criteria[name] = ByHand(answer.granted, _on_request(answer), who, at_least=True)
        return None

    def _answer_written(self, student: str, part: str, answer: Request) -> tuple[str, str] | None:
        own = self.gathered[student].written
        read = own.get(part)
        if read is None:
            key = "declined" if answer.granted is None else "granted"
            return key, f"{part} of {student} is not graded yet; enter its points in {WRITTEN}"
        points = read.points
        if answer.granted is None:
            reply = f"Another look: declined by {answer.who}: {answer.why}"
        else:
            points = max(points, answer.granted)
            reply = f"Set by {answer.who}: {_on_request(answer)} (the reader: {read.points:.2f})"
        own[part] = Written(points, read.comment, (*read.answers, reply))
        return None

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
            elif role == "check" and part in own.parts:
                raise row.error(
                    f"{part} of {row['student']} is set in {OVERRIDES}, too; remove one"
                )
            elif role == "check" and part in self._parts:
                reason = row.get("comment") or "changed in nbgrader's gradebook"
                own.parts[part] = ByHand(row.points("points"), reason, "nbgrader")
            else:
                raise row.error(f"there is no cell {row['cell']}; read the gradebook again")

    def _take_written(self, row: TableRow, name: str, mend: str) -> None:
        self._refuse_unknown(row)
        part = self._parts.get(name)
        if part is None:
            raise row.error(unknown("part", name, self._parts, "the rubric"))
        points, most = row.points("points"), part.points * self._rubric.written_share
        if points > most + EXACT:
            if not most:
                raise row.error(
                    f"gives {points:g} for {name}, but `written_share` is 0: set it again, or "
                    "remove this file"
                )
            raise row.error(
                f"{counted(points, 'point')}, where a reader has {most:g} to give for {name} "
                f"(`written_share` in the rubric); {mend}"
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
                raise row.error("the rubric has no `late`; add it, or remove this file")
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
        return unknown("student", student, self._students, str(self._folder))


def _on_request(answer: Request) -> str:
    return f"on request: {answer.comment}" if answer.comment else "on request"


def _out_of_range(points: float, name: str, most: float, by: str) -> str:
    """A sentence where points are below 0 or above the most; else nothing."""
    if 0 <= points <= most + EXACT:
        return ""
    return f"{counted(points, 'point')}, where {name} is worth {most:g}{by}; give 0 to {most:g}"


def unknown(what: str, name: str, known: Collection[str], where: str) -> str:
    """A sentence for a name that is not among the known ones."""
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
    return counted(count, "day")


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
