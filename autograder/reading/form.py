"""``written.csv``: the form that a reader fills in, by hand or on the page.

A reader may have a form of their own, ``written-NAME.csv``, but only ``written.csv`` counts.
"""

from __future__ import annotations

import fcntl
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.course.folders import CourseError
from autograder.exporting.tables import as_csv, cell
from autograder.marking.decisions import WRITTEN, TableRow, read_rows
from autograder.reports.markdown import plain
from autograder.results.writing import write_whole
from autograder.submissions.text import printable_lines

if TYPE_CHECKING:
    from autograder.reading.answers import WrittenAnswers

READER = re.compile(r"[\w-]{1,40}")
# In a separate folder, where no student's file has its name.
SHEET = Path("reading") / "answers.md"
COLUMNS = ("student", "part", "points", "of", "comment")
NO_ANSWER = "No answer."
NO_TEXTS = (
    "This file has no written questions. If it was exported from a notebook, ask for the notebook."
)
ANOTHER = "No answer; this looks like the homework "
# Characters of an answer on the sheet. Real answers are shorter, and the file has the rest.
MAX_ANSWER = 10_000
LINE_WIDTH = 96

# A student and a part; points and a comment, as they are written.
Answer = tuple[str, str]
Mark = tuple[str, str]
UNREAD: Mark = ("", "")


@dataclass(frozen=True)
class Form:
    """What was written for a reader: the form, the answers, and how many are still unread."""

    form: Path
    sheet: Path
    to_read: int


def form_of(reader: str) -> str:
    """The file name of a reader's form; without a name, of the form that counts."""
    if reader and not READER.fullmatch(reader):
        raise CourseError(f"{reader!r} cannot be a reader's name; use letters, digits, - and _")
    return f"{Path(WRITTEN).stem}-{reader}.csv" if reader else WRITTEN


def write_form(written: WrittenAnswers, folder: Path, name: str = WRITTEN) -> Form:
    """Writes the form that a reader fills in, and the answers to read, into the results' folder.

    The contents of an earlier form stay. Blank answers have their 0 already, and come last.
    """
    with _alone(folder):
        return _write_form(written, folder, name)


def _write_form(written: WrittenAnswers, folder: Path, name: str) -> Form:
    filled = read_form(folder / name)
    rows, blank = [], []
    for part in written.rubric.parts():
        most = cell(part.points * written.rubric.written_share)
        for student, texts in written.given.items():
            key = (student, part.id)
            if key in written.elsewhere:
                continue
            points, comment = filled.pop(key, ("", ""))
            if part.id not in texts and points in ("", "0"):
                blank.append((*key, "0", most, comment or _why_blank(written, student)))
            else:
                rows.append((*key, points, most, comment))
    rows += [(*key, points, "", comment) for key, (points, comment) in filled.items()]
    _replace(folder / name, [*rows, *blank])
    sheet = "\n".join(answer_sheet(written)) + "\n"
    write_whole(folder / SHEET, sheet.encode())
    unread = sum(1 for row in rows if not row[2])
    return Form(folder / name, folder / SHEET, unread)


def _why_blank(written: WrittenAnswers, student: str) -> str:
    if student not in written.lost:
        return NO_ANSWER
    another = written.lost[student]
    return f"{ANOTHER}{another}." if another else NO_TEXTS


def is_blank(comment: str) -> bool:
    """Whether an answer got its 0 from the form, and not from a reader."""
    return comment in (NO_ANSWER, NO_TEXTS) or comment.startswith(ANOTHER)


def read_form(file: Path) -> dict[Answer, Mark]:
    """What a reader has written into a form so far."""
    return {
        (row["student"], row["part"]): mark for row in _rows(file) if (mark := _mark(row)) != UNREAD
    }


class Changed(Exception):
    """The mark of an answer was changed after the reader saw it."""

    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark


def set_mark(file: Path, answer: Answer, seen: Mark, mark: Mark) -> Mark:
    """Writes one mark into a form, and returns it as it is in the form.

    Raises Changed if the mark there is no longer the one that was ``seen``.
    """
    with _alone(file.parent):
        rows: list[Sequence[str]] = []
        place, now, most = None, UNREAD, ""
        for row in _rows(file):
            if (row["student"], row["part"]) == answer:
                place, now, most = len(rows), _mark(row), row.get("of")
            rows.append((row["student"], row["part"], _mark(row)[0], row.get("of"), _mark(row)[1]))
        if now != seen:
            raise Changed(now)
        line = (*answer, mark[0], most, mark[1])
        if place is None:
            rows.append(line)
        else:
            rows[place] = line
        _replace(file, rows)
    return read_form(file).get(answer, UNREAD)


def _rows(file: Path) -> Iterator[TableRow]:
    """The lines of a form. Raises CourseError where an answer is there twice."""
    seen = set()
    for row in read_rows(file, ("student", "part", "points")):
        answer = row["student"], row["part"]
        if answer in seen:
            raise row.error(f"{answer[1]} of {answer[0]} appears here a second time; remove one")
        seen.add(answer)
        yield row


def _mark(row: TableRow) -> Mark:
    return cell(row.points("points")) if row["points"] else "", row.get("comment")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Locks the forms."""
    (folder / SHEET).parent.mkdir(exist_ok=True)
    with (folder / SHEET).with_name(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(file: Path, rows: Sequence[Sequence[str]]) -> None:
    """Writes a form. The temporary file is in another folder, since a run that starts in this one
    deletes such files."""
    half = (file.parent / SHEET).with_name(file.name)
    write_whole(half, as_csv([COLUMNS, *rows]))
    half.replace(file)


def answer_sheet(written: WrittenAnswers) -> Iterator[str]:
    """The lines of the sheet, in Markdown: of each part the question, what an answer earns, the
    model answer, and the answers to read."""
    rubric = written.rubric
    yield f"# Written answers: {rubric.title}"
    yield from ("", f"Points and comments go into {WRITTEN}.")
    for part in rubric.parts():
        yield from ("", f"## {part.id} {part.title}", "")
        yield written.questions[part.id]
        yield from ("", f"{part.points * rubric.written_share:g} points.")
        if part.reader is not None:
            for share, text in (
                ("All of them", part.reader.full),
                ("Half", part.reader.half),
                ("None", part.reader.none),
            ):
                yield from ("", *textwrap.wrap(f"*{share}:* {text}", LINE_WIDTH))
        if part.id in written.model:
            lines = written.model[part.id].split("\n")
            yield from ("", "*Model answer:*", "", *(f"> {line}" for line in lines))
        for student, texts in written.given.items():
            if part.id in texts:
                yield from ("", f"### {plain(student)}, {part.id}", "")
                yield from _as_text(texts[part.id])
                if len(texts[part.id]) > MAX_ANSWER:
                    yield from ("", "The rest of this answer is left out; it is in the file.")


def _as_text(answer: str) -> Iterator[str]:
    """An answer as indented lines, in which Markdown sees nothing but text."""
    for line in printable_lines(answer, MAX_ANSWER).split("\n"):
        # Only between words: a line of code or a formula stays as it is.
        wrapped = textwrap.wrap(line, LINE_WIDTH, break_long_words=False, break_on_hyphens=False)
        yield from (f"    {each}" for each in wrapped or [""])
