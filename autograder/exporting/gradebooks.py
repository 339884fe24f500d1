"""One number in one column: the table that the gradebook of Canvas, or of Moodle, imports."""

from __future__ import annotations

from dataclasses import replace

from autograder.course.folders import CourseError
from autograder.course.rubric import Rubric
from autograder.exporting.tables import (
    IDS_MOODLE,
    Earners,
    Table,
    canvas_table,
    moodle_table,
    part_columns,
    total_column,
)
from autograder.intake.roster import HEADING, Roster

MOST_NAMED = 10


def canvas(
    assignment: str,
    rubric: Rubric,
    earners: Earners,
    roster: Roster | None,
    parts: bool,
    assignment_id: str,
) -> tuple[Table, list[str]]:
    """The table for Canvas, and what there is to say.

    Canvas finds an assignment by the number after its title, and makes a new one where there is
    none. So with a roster, which has all titles, one has to fit. Raises CourseError otherwise.
    """
    warnings = []
    if parts:
        columns = part_columns(assignment, rubric, earners)
        known = dict(_titles(roster))
        columns = [
            replace(one, heading=known.get(one.heading.casefold(), one.heading)) for one in columns
        ]
    else:
        heading = _heading(assignment, rubric, roster, assignment_id)
        is_new = not HEADING.fullmatch(heading)
        columns = [total_column(heading, rubric.points if is_new else None)]
        if is_new:
            warnings.append(
                f"Canvas will make a new assignment, {heading!r}: to fill one that exists, give "
                "--roster with the gradebook that Canvas exports, or --assignment-id"
            )
    without = sum(1 for _, earned in earners if earned is None)
    if without:
        have = "student has" if without == 1 else "students have"
        warnings.append(f"{without} {have} no mark and so no line; Canvas keeps what it has")
    return canvas_table(earners, columns), warnings


def _titles(roster: Roster | None) -> list[tuple[str, str]]:
    """The titles of Canvas's assignments, and its headings for them."""
    found = [(HEADING.fullmatch(one), one) for one in (roster.headings if roster else ())]
    return [(match[1].casefold(), heading) for match, heading in found if match]


def _heading(assignment: str, rubric: Rubric, roster: Roster | None, assignment_id: str) -> str:
    if assignment_id:
        fits = [one for one in (roster.headings if roster else ()) if f"({assignment_id})" in one]
        if roster and not fits:
            raise CourseError(
                f"{roster.file}: has no assignment {assignment_id}; it has {_listed(roster)}"
            )
        return fits[0] if fits else f"{rubric.title} ({assignment_id})"
    if roster is None:
        return rubric.title
    wanted = {rubric.title.casefold(), assignment.casefold()}
    fits = [heading for title, heading in _titles(roster) if title in wanted]
    if len(fits) != 1:
        which = "several assignments are" if fits else "no assignment is"
        raise CourseError(
            f"{roster.file}: {which} called {rubric.title!r} or {assignment!r}; name one by its "
            f"number with --assignment-id: {_listed(roster)}"
        )
    return fits[0]


def _listed(roster: Roster) -> str:
    more = f" and {len(roster.headings) - MOST_NAMED} more"
    listed = ", ".join(roster.headings[:MOST_NAMED]) or "none"
    return listed + more * (len(roster.headings) > MOST_NAMED)


def moodle(
    assignment: str, rubric: Rubric, earners: Earners, parts: bool
) -> tuple[Table, list[str]]:
    """The table for Moodle, and who is left out of it.

    Moodle's import stops at a line whose student it does not find, so each line has the identity
    that most have: email, ID number or username. Raises CourseError where no one has one.
    """
    fields = [field for _, field in IDS_MOODLE]
    best = max(fields, key=lambda field: sum(bool(getattr(who, field)) for who, _ in earners))
    kept = [(who, earned) for who, earned in earners if getattr(who, best)]
    if not kept:
        raise CourseError(
            "the roster has no email addresses, ID numbers or usernames, by one of which Moodle "
            "finds a student"
        )
    left = [who.name for who, _ in earners if not getattr(who, best)]
    warnings = [f"left out, since Moodle could not find them: {', '.join(left)}"] if left else []
    columns = part_columns(assignment, rubric, kept) if parts else []
    return moodle_table(kept, [*columns, total_column(rubric.title, rubric.points)]), warnings
