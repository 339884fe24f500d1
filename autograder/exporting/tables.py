"""The tables that others import: Canvas, Moodle, and criterion by criterion."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from autograder.course.rubric import Rubric
from autograder.intake.roster import Person
from autograder.marking.marks import DECIMALS
from autograder.submissions.text import no_formula, printable_lines

Value = str | float | None
Table = Iterator[list[Value]]

EXACT = 1e-9
MAX_CELL = 10_000

WHO_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
# As Moodle calls them, in the order in which one is looked for that everyone has.
IDS_MOODLE = (("Email address", "email"), ("ID number", "sis_id"), ("Username", "login"))
NAMES_MOODLE = (("First name", "first_name"), ("Last name", "last_name"), ("Full name", "shown"))
# What a cell holds where there is no mark, and how that is written.
NO_MARK, DASH = math.nan, "-"
POSSIBLE = "    Points Possible"


@dataclass(frozen=True)
class Earned:
    """The points of one who handed in: of each part, and after what late work loses."""

    parts: Mapping[str, float]
    total: float

    @property
    def late(self) -> float:
        lost = self.total - sum(self.parts.values())
        return lost if abs(lost) > EXACT else 0.0


@dataclass(frozen=True)
class Column:
    """An assignment of a gradebook: what it is called, how many points it has, and who earned."""

    heading: str
    possible: float | None
    points: Callable[[Earned], float]


@dataclass(frozen=True)
class Detail:
    """What a line of the criteria's table says of one student."""

    student: str
    status: str
    criteria: Mapping[str, float] = field(default_factory=dict)
    written: Mapping[str, float | None] = field(default_factory=dict)
    by_hand: float = 0.0
    late_penalty: float = 0.0
    total: float | None = None
    reason: str = ""


# Everyone of the class; one who handed in nothing has earned None.
Earners = Sequence[tuple[Person, Earned | None]]


def cell(value: Value) -> str:
    """A value as it is in a table. A spreadsheet takes no text for a formula."""
    if isinstance(value, str):
        return no_formula(printable_lines(value, MAX_CELL))
    if value is None:
        return ""
    if math.isnan(value):
        return DASH
    return f"{round(value, DECIMALS) + 0.0:.{DECIMALS}f}".rstrip("0").rstrip(".")


def as_csv(table: Iterable[Sequence[Value]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(map(cell, row) for row in table)
    return text.getvalue().encode()


def total_column(heading: str, possible: float | None) -> Column:
    """The total. Where the assignment exists its own points possible stay, and are not given."""
    return Column(heading, possible, lambda earned: earned.total)


def part_columns(assignment: str, rubric: Rubric, earners: Earners) -> list[Column]:
    """A column for each part. What late work loses has one too where there is some, so that the
    columns add up to the total."""
    columns = [
        Column(f"{assignment} {part.id} {part.title}", part.points, partial(_part, part.id))
        for part in rubric.parts()
    ]
    if any(earned and earned.late for _, earned in earners):
        columns.append(Column(f"{assignment} late", 0.0, lambda earned: earned.late))
    return columns


def _part(name: str, earned: Earned) -> float:
    return earned.parts[name]


def canvas_table(earners: Earners, columns: Sequence[Column]) -> Table:
    """What Canvas imports into its gradebook: columns, which are assignments.

    Who has no mark has no line: an empty cell would take away a mark that Canvas has.
    """
    yield [*WHO_CANVAS, *(column.heading for column in columns)]
    yield [POSSIBLE, "", "", "", "", *(column.possible for column in columns)]
    for who, earned in earners:
        if earned is not None:
            scores = (column.points(earned) for column in columns)
            yield [who.name, who.platform_id, who.sis_id, who.login, who.section, *scores]


def moodle_table(earners: Earners, columns: Sequence[Column]) -> Table:
    """What Moodle imports into its gradebook: its names for who a student is, and marks.

    An identity that somebody lacks is left out: on a line without one Moodle's import goes on with
    the student of the line before. ``-`` says that there is no mark.
    """
    known = [
        (heading, field)
        for heading, field in IDS_MOODLE
        if all(getattr(who, field) for who, _ in earners)
    ]
    names = [
        (heading, field)
        for heading, field in NAMES_MOODLE
        if any(getattr(who, field) for who, _ in earners)
    ]
    yield [*(heading for heading, _ in [*known, *names]), *(one.heading for one in columns)]
    for who, earned in earners:
        yield [
            *(getattr(who, field) for _, field in [*known, *names]),
            *(column.points(earned) if earned else NO_MARK for column in columns),
        ]


def criteria_table(rubric: Rubric, details: Iterable[Detail]) -> Table:
    """What each criterion earned, what a reader gave or changed, and what it all adds up to."""
    criteria = [criterion.id for criterion in rubric.criteria()]
    written = [part.id for part in rubric.parts() if rubric.written_share]
    sums = ("changed by hand", "late penalty", "score", "reason")
    yield ["student", "status", *criteria, *(f"{part}.written" for part in written), *sums]
    for one in details:
        if one.total is None:
            yield [one.student, one.status, *[None] * (len(criteria) + len(written) + len(sums))]
            continue
        yield [
            *(one.student, one.status),
            *(one.criteria[name] for name in criteria),
            *(one.written[part] for part in written),
            *(one.by_hand, one.late_penalty, one.total, one.reason),
        ]
