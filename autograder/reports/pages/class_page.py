"""The page of a class, for staff: how it did, what it misunderstood, and what to look at."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.course.rubric import Part, Rubric
from autograder.examples.example import Example
from autograder.reports.mistakes import decided_for_all
from autograder.reports.pages import plots
from autograder.reports.pages.highlight import Lines, highlight
from autograder.reports.pages.rendering import environment, page_of
from autograder.reports.pages.statistics import ROUNDING, Statistics, statistics
from autograder.reports.shared import Shared, by_mistake
from autograder.results.rows import Row
from autograder.results.writing import write_whole

INDEX = "index.html"
PLOTS = "plots"
PSEUDONYM_DIGITS = 6
# More mistakes than this are folded away.
MOST_SHOWN = 50
# The text of an exception, which a student may have written.
SAID = re.compile(r"((?:raises|because) [^:]*): .*", re.DOTALL)


@dataclass(frozen=True)
class _Who:
    """A submission by its student's name and page, or by a pseudonym that leads nowhere."""

    name: str
    page: str


@dataclass(frozen=True)
class _Line:
    """One submission in the table; ``cells`` are its parts: points, and all, some or none."""

    who: _Who
    row: Row
    cells: tuple[tuple[float, str], ...]
    reason: str


@dataclass(frozen=True)
class _Mistake:
    """A mistake, with the students who made it and its cost to each; ``code`` is its example's."""

    shared: Shared
    what: str
    of: tuple[tuple[_Who, float], ...]
    code: tuple[Lines, ...]
    returned: str
    raised_at: str
    decided: tuple[str, ...]


@dataclass(frozen=True)
class _Picture:
    """A plot: for a light page, for a dark one, and in words."""

    name: str
    light: str
    dark: str
    words: str


def write_class_page(
    folder: Path, rows: Sequence[Row], rubric: Rubric, secret: bytes | None = None
) -> Path:
    """Writes ``index.html`` and the pictures in it, ``plots/*.svg``; returns the page's path.

    With a ``secret`` it holds no name, and no link that reveals one: each student has a
    pseudonym that cannot be found by trying names without the secret.
    """
    # They come as they are done; sums depend on their order.
    rows = sorted(rows, key=lambda one: one.student)
    about = statistics(rows, rubric)
    lines = _lines(rows, rubric, secret)
    mistakes = _mistakes(rows, lines, anonymous=secret is not None)
    drawn = _pictures(about, mistakes)
    (folder / PLOTS).mkdir(exist_ok=True)
    for name, (svg, _) in drawn.items():
        write_whole(folder / PLOTS / f"{name}.svg", svg.encode())
    page = (
        environment()
        .get_template("class.html.j2")
        .render(
            title=rubric.title,
            rubric=rubric,
            about=about,
            lines=lines,
            unchecked=len(rows) - len(about.totals),
            statuses=Counter(one.status for one in rows),
            awaiting=[one.awaiting_reader for one in rows if one.awaiting_reader],
            mistakes=mistakes,
            most_shown=MOST_SHOWN,
            pictures={
                name: _Picture(name, _data(svg), _data(plots.dark(svg)), words)
                for name, (svg, words) in drawn.items()
            },
        )
    )
    path = folder / INDEX
    write_whole(path, page.encode())
    return path


def _lines(rows: Sequence[Row], rubric: Rubric, secret: bytes | None) -> list[_Line]:
    names = _pseudonyms([one.student for one in rows], secret) if secret else {}
    lines = [
        _Line(
            who=_Who(names.get(one.student, one.shown), "" if secret else page_of(one.student)),
            row=one,
            cells=tuple(
                (one.parts[part.id], _earned(one, part, rubric.written_share))
                for part in rubric.parts()
            ),
            # What is said of a file may reveal whose it is.
            reason="" if secret else one.reason,
        )
        for one in rows
    ]
    return sorted(lines, key=lambda line: line.who.name)


def _pseudonyms(students: Sequence[str], secret: bytes) -> dict[str, str]:
    """For each student the same one every time, of as many digits as tell them apart."""
    digests = {
        student: hmac.new(secret, f"pseudonym {student}".encode(), hashlib.sha256).hexdigest()
        for student in students
    }
    digits = PSEUDONYM_DIGITS
    while len({digest[:digits] for digest in digests.values()}) < len(digests):
        digits += 1
    return {student: f"student {digest[:digits]}" for student, digest in digests.items()}


def _earned(row: Row, part: Part, written_share: float) -> str:
    worth = part.points * (1.0 - written_share if row.awaiting_reader else 1.0)
    score = row.parts[part.id]
    return "all" if score >= worth - ROUNDING else "some" if score > ROUNDING else "none"


def _mistakes(rows: Sequence[Row], lines: Sequence[_Line], anonymous: bool) -> list[_Mistake]:
    """The mistakes as the page shows them; if ``anonymous``, without text that students wrote."""
    whose = {line.row.student: line.who for line in lines}
    mistakes = []
    for one in by_mistake(rows):
        example = one.example or Example(one.first.stub, (), (), "")
        returned = example.returned
        if anonymous and any(quote in returned for quote in "'\""):
            returned = "text"
        mistakes.append(
            _Mistake(
                shared=one,
                what=SAID.sub(r"\1.", one.what) if anonymous else one.what,
                of=tuple((whose[row.student], cost) for row, cost in one.of),
                code=highlight("\n".join(example.code)) if example.code else (),
                returned=returned,
                raised_at="" if anonymous else example.raised_at,
                decided=tuple(decided_for_all(one.first)),
            )
        )
    return mistakes


def _pictures(about: Statistics, mistakes: Sequence[_Mistake]) -> Mapping[str, tuple[str, str]]:
    """Each plot by its name, with what it shows in words."""
    low, high = about.quartiles
    drawn = {
        "marks": (
            plots.marks(about),
            f"Histogram of the totals: half of them are between {low:.2f} and {high:.2f} points.",
        ),
        "parts": (
            plots.parts(about),
            "Bars of each part: how many submissions earned all, some and none of it. "
            + "; ".join(f"{o.part.id}: {o.full}, {o.some}, {o.none}" for o in about.parts),
        ),
        "criteria": (plots.criteria(about), "Bars of the shares in the table of criteria."),
    }
    if mistakes:
        costs = [(one.what, one.shared.cost) for one in mistakes]
        drawn["mistakes"] = (
            plots.mistakes(costs),
            "Bars of the cost of the first mistakes in the list.",
        )
    return drawn


def _data(svg: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
