"""One reader's page: the answers without names, and their points so far."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from markupsafe import Markup

from autograder.course.rubric import Part, Rubric
from autograder.exporting.tables import cell
from autograder.reading.answers import WrittenAnswers
from autograder.reading.form import UNREAD, Mark, form_of, read_form, set_mark
from autograder.reading.showing import as_html
from autograder.reports.pages.rendering import environment

MAX_COMMENT = 2_000
# Equal steps from no points to full points.
STEPS = 4


class Refused(Exception):
    """Why a request from the page is refused."""


@dataclass(frozen=True)
class Shown:
    """An answer on the page, with its mark so far."""

    number: int
    html: Markup
    points: str
    comment: str


class Desk:
    """The answers of a class for one reader, in an order that is the same each time.

    Names are hidden: the page knows an answer by its part and number.
    """

    def __init__(self, written: WrittenAnswers, folder: Path, reader: str) -> None:
        self._written = written
        self._file = folder / form_of(reader)
        self._reader = reader
        self._order = {
            part.id: sorted(
                (
                    student
                    for student, texts in written.given.items()
                    if part.id in texts and (student, part.id) not in written.elsewhere
                ),
                key=lambda student: _shuffled(reader, part.id, student),
            )
            for part in self.rubric.parts()
        }
        self._html: dict[tuple[str, str], Markup] = {}
        self._drawing = Lock()

    @property
    def rubric(self) -> Rubric:
        return self._written.rubric

    def unread(self) -> dict[str, int]:
        """How many answers of each part have no points yet."""
        form = read_form(self._file)
        return {
            part: sum(1 for student in students if not form.get((student, part), UNREAD)[0])
            for part, students in self._order.items()
        }

    def page(self, name: str) -> str:
        """The page of a part, or of the first part with an unread answer."""
        unread = self.unread()
        name = name or next((part for part, left in unread.items() if left), next(iter(unread)))
        part = next((one for one in self.rubric.parts() if one.id == name), None)
        if part is None:
            raise Refused(f"there is no part {name!r}")
        form = read_form(self._file)
        answers = [
            Shown(number, self._shown(student, name), *form.get((student, name), UNREAD))
            for number, student in enumerate(self._order[name], start=1)
        ]
        with self._drawing:
            question = as_html(self._written.questions[name])
            model = as_html(self._written.model.get(name, ""))
        return (
            environment()
            .get_template("reading.html.j2")
            .render(
                title=self.rubric.title,
                reader=self._reader,
                file=self._file.name,
                part=part,
                parts=list(self.rubric.parts()),
                unread=unread,
                steps=steps(self._most(part)),
                question=question,
                model=model,
                answers=answers,
            )
        )

    def _shown(self, student: str, part: str) -> Markup:
        # Matplotlib, which draws formulas, is not thread-safe.
        with self._drawing:
            if (student, part) not in self._html:
                answer = self._written.given[student][part]
                self._html[student, part] = as_html(answer, self._written.pictures[student])
            return self._html[student, part]

    def save(self, name: str, number: int, seen: Mark, mark: Mark) -> Mark:
        """Saves the mark of an answer, and returns it as it is in the file.

        Raises Refused for an invalid mark, and Changed if another window has saved one.
        """
        part = next((one for one in self.rubric.parts() if one.id == name), None)
        if part is None or not 1 <= number <= len(self._order[name]):
            raise Refused("this answer does not exist")
        points, comment = mark
        if points:
            try:
                value = float(points)
            except ValueError:
                raise Refused("the points are not a number") from None
            if not 0 <= value <= self._most(part):
                raise Refused(f"give 0 to {self._most(part):g} points")
            points = cell(value)
        if len(comment) > MAX_COMMENT:
            raise Refused(f"a comment has at most {MAX_COMMENT} characters")
        student = self._order[name][number - 1]
        return set_mark(self._file, (student, name), seen, (points, comment.strip()))

    def _most(self, part: Part) -> float:
        return part.points * self.rubric.written_share


def steps(most: float) -> list[str]:
    """The points on the buttons: from none to all, in equal steps."""
    return [cell(most * step / STEPS) for step in range(STEPS + 1)]


def _shuffled(reader: str, part: str, student: str) -> bytes:
    return hashlib.sha256(f"{reader}\0{part}\0{student}".encode()).digest()
