"""Writes the marks of a class in a form that another system takes in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from autograder.course.folders import CourseError
from autograder.course.rubric import Rubric
from autograder.exporting.feedback import FEEDBACK, write_feedback
from autograder.exporting.gradebooks import canvas, moodle
from autograder.exporting.results import github_result, gradescope_results
from autograder.exporting.tables import (
    MAX_CELL,
    Detail,
    Earned,
    Earners,
    Value,
    as_csv,
    criteria_table,
)
from autograder.intake.roster import Person, Roster
from autograder.marking.marks import Marks
from autograder.reports.mistakes import decided_for_all
from autograder.results.stored import Document
from autograder.results.writing import write_whole
from autograder.submissions.text import printable
from autograder.suite.evidence import Evidence

# What is written into a folder, a file for each student.
OF_EACH: dict[str, Callable[[Evidence, Marks, Rubric], dict[str, Any]]] = {
    "gradescope": gradescope_results,
    "github": github_result,
}
NO_MARK = "not graded"
TEXTS = ("student", "status", "reason")


@dataclass(frozen=True)
class Exported:
    """Students who are not in the roster, and warnings about what was written."""

    unknown: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def export(
    form: str,
    documents: Sequence[Document],
    assignment: str,
    rubric: Rubric,
    out: Path,
    roster: Roster | None = None,
    *,
    parts: bool = False,
    assignment_id: str = "",
    pages: Path = Path(),
) -> Exported:
    """Writes the file, or the folder, in one of the ``FORMS``.

    With a roster, the file has a line for everyone in it. Where the grader failed, no mark is
    written. ``parts`` has a column for each part in place of Canvas's total, and beside Moodle's;
    ``assignment_id`` names Canvas's assignment; ``pages`` is the folder of the students' pages.
    Raises CourseError where the platform could not take in what would be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    if form in OF_EACH:
        _write_each(form, documents, rubric, out)
        return Exported()
    if form in FEEDBACK:
        return Exported(warnings=tuple(write_feedback(form, documents, pages, out)))
    if form == "csv":
        write_whole(out, as_csv(criteria_table(rubric, map(_detail, documents))))
        return Exported()
    if form == "parquet":
        _write_parquet(out, documents, rubric)
        return Exported()
    earners, unknown = _earners(documents, roster)
    if form == "canvas":
        table, warnings = canvas(assignment, rubric, earners, roster, parts, assignment_id)
    elif form == "moodle":
        if roster is None and any(one.origin.platform == "moodle" for one in documents):
            raise CourseError(
                "Moodle's import does not know the numbers in the names of its folders; give "
                "--roster, such as the grading worksheet with email addresses"
            )
        table, warnings = moodle(assignment, rubric, earners, parts)
    else:
        raise ValueError(f"nothing here writes the form {form}")
    write_whole(out, as_csv(table))
    return Exported(tuple(unknown), tuple(warnings))


def _write_each(form: str, documents: Sequence[Document], rubric: Rubric, out: Path) -> None:
    out.mkdir(exist_ok=True)
    for one in documents:
        path = out / f"{one.student}.json"
        if one.status == NO_MARK:
            path.unlink(missing_ok=True)
            continue
        result = OF_EACH[form](one.evidence, one, rubric)
        text = msgspec.json.format(msgspec.json.encode(result), indent=2)
        write_whole(path, text + b"\n")


def _earners(documents: Sequence[Document], roster: Roster | None) -> tuple[Earners, list[str]]:
    if roster is None:
        return [(_unlisted(one), _earned(one)) for one in documents], []
    earned: dict[Person, Earned | None] = {}
    unknown = []
    whose: dict[Person, str] = {}
    for one in documents:
        person = roster.find(one.student, one.origin)
        if person is None:
            unknown.append(one.student)
            continue
        if person in earned:
            raise CourseError(
                f"{one.student} and {whose[person]} are both {person.name} in the roster; take one "
                "of them out of the results"
            )
        earned[person], whose[person] = _earned(one), one.student
    return [(person, earned.get(person)) for person in roster.people], unknown


def _unlisted(one: Document) -> Person:
    """Who this is to the platform that the submission came from, as far as that said it."""
    if one.origin.platform == "canvas":
        return Person(platform_id=one.origin.account, shown=one.origin.name)
    if one.origin.platform == "gradescope":
        return Person(email=one.origin.account, shown=one.origin.name)
    return Person(one.student)


def _earned(marks: Marks) -> Earned | None:
    if marks.status == NO_MARK:
        return None
    return Earned({name: part.score for name, part in marks.parts.items()}, marks.score)


def _detail(one: Document) -> Detail:
    if one.status == NO_MARK:
        return Detail(one.student, one.status)
    reasons = [one.evidence.reason] if one.evidence.reason else []
    by_hand = 0.0
    for name, part in one.parts.items():
        if part.by_hand:
            by_hand += part.checked - part.by_hand.before
            reasons.append(f"{name}: {part.by_hand.reason} ({part.by_hand.who})")
    for name, criterion in one.criteria.items():
        if criterion.by_hand:
            reasons.append(f"{name}: {criterion.by_hand.reason} ({criterion.by_hand.who})")
    for mistake in one.mistakes:
        reasons += [f"{mistake.key}: {text}" for text in decided_for_all(mistake)]
    if one.late:
        reasons.append(one.late.reason)
    if one.by_hand:
        by_hand += one.score - one.by_hand.before
        reasons.append(f"the total: {one.by_hand.reason} ({one.by_hand.who})")
    return Detail(
        one.student,
        one.status,
        {name: criterion.score for name, criterion in one.criteria.items()},
        {name: part.written.score if part.written else None for name, part in one.parts.items()},
        by_hand,
        one.late.taken if one.late else 0.0,
        one.score,
        "; ".join(reasons),
    )


def _plain(value: Value) -> Value:
    return printable(value, MAX_CELL) if isinstance(value, str) else value


def _write_parquet(out: Path, documents: Sequence[Document], rubric: Rubric) -> None:
    """The table of criteria, with texts and numbers as such."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise CourseError(
            'Parquet needs pyarrow; install it: pip install "rnn-autograder[parquet]"'
        ) from None
    head, *rows = criteria_table(rubric, map(_detail, documents))
    columns = {
        str(name): arrow.array(
            [_plain(row[number]) for row in rows],
            arrow.string() if name in TEXTS else arrow.float64(),
        )
        for number, name in enumerate(head)
    }
    sink = arrow.BufferOutputStream()
    parquet.write_table(arrow.table(columns), sink)
    write_whole(out, sink.getvalue().to_pybytes())
