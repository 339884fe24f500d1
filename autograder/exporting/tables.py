"""The tables that others import: Canvas, Moodle, and criterion by criterion."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.course.rubric import Rubric
from autograder.marking.marks import DECIMALS
from autograder.submissions.text import printable_lines

Value = str | float | None
Table = Iterator[list[Value]]

EXACT = 1e-9
# Where a program that opens the table takes a text for a formula: at its start, and after a
# semicolon, which ends a cell where numbers have a comma. Also as East Asian wide characters.
FORMULA = re.compile(r"(?:^|(?<=;))(?=\s*[=+\-@＝＋－＠])")
MAX_CELL = 10_000

WHO_CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
WHO_MOODLE = ("Username", "First name", "Last name", "ID number", "Email address")
POSSIBLE = "    Points Possible"


@dataclass(frozen=True)
class Person:
    """Who a student is to a learning platform, as far as it is known."""

    login: str
    first_name: str = ""
    last_name: str = ""
    platform_id: str = ""
    sis_id: str = ""
    section: str = ""
    email: str = ""
    shown: str = ""

    @property
    def name(self) -> str:
        names = (self.last_name, self.first_name)
        return self.shown or ", ".join(name for name in names if name) or self.login


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
        return FORMULA.sub("'", printable_lines(value, MAX_CELL))
    if value is None:
        return ""
    return f"{round(value, DECIMALS) + 0.0:.{DECIMALS}f}".rstrip("0").rstrip(".")


def as_csv(table: Iterable[Sequence[Value]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(map(cell, row) for row in table)
    return text.getvalue().encode()


def canvas_table(
    assignment: str, rubric: Rubric, earners: Earners, headings: Mapping[str, str]
) -> Table:
    """What Canvas imports into its gradebook: a column for each part, which become assignments.

    What late work loses has a column of its own where there is some, so that the columns add up to
    the score. ``headings`` are those of assignments that Canvas has already, by the title here.
    """
    parts = list(rubric.parts())
    late = any(earned and earned.late for _, earned in earners)
    titles = [f"{assignment} {part.id} {part.title}" for part in parts]
    titles += [f"{assignment} late"] * late
    yield [*WHO_CANVAS, *(headings.get(title, title) for title in titles)]
    yield [POSSIBLE, "", "", "", "", *(part.points for part in parts), *[0.0] * late]
    for who, earned in earners:
        scores = [earned.parts[part.id] if earned else None for part in parts]
        scores += [earned.late if earned else None] * late
        yield [who.name, who.platform_id, who.sis_id, who.login, who.section, *scores]


def moodle_table(assignment: str, rubric: Rubric, earners: Earners) -> Table:
    """What Moodle imports into its gradebook: its names for who a student is, parts and total."""
    parts = list(rubric.parts())
    yield [
        *WHO_MOODLE,
        *(f"{assignment} {part.id} {part.title}" for part in parts),
        f"{assignment} total",
    ]
    for who, earned in earners:
        yield [
            *(who.login, who.first_name, who.last_name, who.platform_id, who.email),
            *(earned.parts[part.id] if earned else None for part in parts),
            earned.total if earned else None,
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
