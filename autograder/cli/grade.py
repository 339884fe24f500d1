"""``autograder grade``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from threading import Thread

import click
from rich.console import Console

from autograder.cli.options import (
    anonymous_option,
    isolation_option,
    jobs_option,
    roster_option,
    say,
    with_assignment,
)
from autograder.cli.watching import look
from autograder.cli.watching import watch as watch_for
from autograder.course.folders import Assignment, CourseError
from autograder.exporting.tables import as_csv
from autograder.grading.class_run import ClassRun
from autograder.grading.rescoring import Rescoring
from autograder.intake.choices import read_choices, refuse_unknown
from autograder.intake.finding import Collected, collect, refuse_among, some, workspace
from autograder.intake.roster import Person, Roster, read_roster
from autograder.intake.telling import describe
from autograder.marking.decisions import MISTAKES
from autograder.reports.files import write_grades
from autograder.reports.mistakes import points
from autograder.reports.terminal import literal, print_class, progress
from autograder.results.rows import Row
from autograder.results.stored import (
    refuse_another,
    stored_origin,
    stored_score,
    stored_students,
)
from autograder.results.writing import write_whole
from autograder.submissions.finding import HandIn
from autograder.submissions.text import counted
from autograder.worker.confine import Level

# Lists who in the roster handed in work, and who did not.
COMPARED = "roster.csv"
# The roster itself, which counts for every later run that is given none.
ROSTER = "roster-as-given.csv"


@dataclass(frozen=True)
class _Run:
    """The arguments of the command. With --watch it runs several times with the same ones."""

    submissions: tuple[Path, ...]
    out: Path
    jobs: int
    cluster: str | None
    force: bool
    anonymous: bool
    isolation: Level | None
    assignment: Assignment
    roster: Path | None

    def grade(self) -> None:
        """Grades what is there. Raises CourseError where the grader cannot work."""
        assignment = self.assignment
        refuse_another(self.out, assignment.name)
        with workspace(self.out) as unpack_into:
            chosen = read_choices(self.out)
            roster = self._roster()
            collected = collect(
                *(self.submissions, assignment.name, assignment.released, unpack_into),
                roster=roster,
                chosen=chosen,
            )
            known = {one.student for one in collected.submissions}
            refuse_unknown(chosen, known | {*stored_students(self.out)})
            if self.roster:
                write_whole(self.out / ROSTER, self.roster.read_bytes())
            handed_in = [
                one
                for one in collected.submissions
                if one.student in chosen or not self._has_newer(one)
            ]
            if not handed_in:
                say(
                    f"{self.out} already has newer work from everyone here; nothing was graded",
                    "yellow",
                )
                return
            run = ClassRun(
                *(assignment, handed_in, self.out, self.jobs, self.isolation, self.force),
                self.cluster,
            )
            before = {one.student: stored_score(self.out, one.student) for one in handed_in}
            rows = _graded(run, len(handed_in))
        if roster is not None:
            absent = self._compare(roster)
            collected = replace(collected, absent=absent)
        self._show(run, rows, collected)
        self._say_replaced(before)
        self._say_another(rows)
        failed = [one.student for one in rows if one.status == "not graded"]
        if failed:
            raise CourseError(f"not graded, because the grader failed: {', '.join(failed)}")

    def _roster(self) -> Roster | None:
        """The roster that was given, or else that of an earlier run into the folder."""
        kept = self.out / ROSTER
        if self.roster is None and kept.exists():
            say(f"names and lateness are those of {kept}, since no --roster is given", "yellow")
            return read_roster(kept)
        return read_roster(self.roster) if self.roster else None

    def _compare(self, roster: Roster) -> list[Person]:
        """Writes who in the roster has results, and returns those who have none."""
        lines: list[Sequence[str]] = [("student", "name", "email", "state")]
        there = set()
        for student in stored_students(self.out):
            origin = stored_origin(self.out, student)
            person = roster.find(student, origin)
            if person is None:
                lines.append((student, origin.name, "", "not in the roster"))
            else:
                there.add(person)
                lines.append((student, person.name, person.email, "handed in"))
        absent = roster.absent(there)
        lines += [("", one.name, one.email, "handed in nothing") for one in absent]
        write_whole(self.out / COMPARED, as_csv(lines))
        return absent

    def _has_newer(self, one: HandIn) -> bool:
        """Whether a later file of the student, by the platform's number, is graded already."""
        stored = stored_origin(self.out, one.student)
        is_newer = stored.number > one.origin.number > 0
        is_newer = is_newer and stored.platform == one.origin.platform
        if is_newer:
            say(
                f"{one.student}: {one.origin.file} is older than the graded file; skipped", "yellow"
            )
        return is_newer

    def _show(self, run: ClassRun, rows: Sequence[Row], collected: Collected) -> None:
        """Writes the tables of all that the folder holds, and prints what was graded now."""
        secret = self.assignment.course.secret() if self.anonymous else None
        grades, page = self._write(run, rows, secret)
        console = Console()
        print_class(console, rows, run.rubric)
        graded = sum(1 for one in rows if one.status != "not graded")
        done = f"{counted(graded, 'submission')} graded; the marks are in {grades} and {page}"
        console.print(literal(done))
        for line in describe(collected):
            say(line, "yellow")

    def _say_replaced(self, before: Mapping[str, tuple[str, float] | None]) -> None:
        """Says whose earlier file was graded before, and what became of the mark."""
        replaced = [
            f"{student} {points(was[1])} → {points(now[1])}"
            for student, was in sorted(before.items())
            if was and (now := stored_score(self.out, student)) and now[0] != was[0]
        ]
        if replaced:
            say(f"{len(replaced)} replaced an earlier submission: {some(replaced)}", "yellow")

    def _say_another(self, rows: Sequence[Row]) -> None:
        """Warns where most of a class seems to have done another homework."""
        for other, count in Counter(one.another for one in rows if one.another).items():
            if 2 * count > len(rows):
                say(
                    f"{count} of {len(rows)} submissions look like the homework {other}, not "
                    f"{self.assignment.name}; to grade them as that, add --assignment {other} and "
                    "name another --out",
                    "red",
                )

    def _write(self, run: ClassRun, rows: Sequence[Row], secret: bytes | None) -> tuple[Path, Path]:
        from autograder.reports.pages.class_page import INDEX, write_class_page  # see _graded

        now = {one.student for one in rows}
        others = {*stored_students(self.out)} - now
        if others or (self.out / MISTAKES).exists():
            try:
                with Rescoring(self.assignment, self.out, adding=True) as all_of_them:
                    moved = [
                        one
                        for one in all_of_them.remarks
                        if one.moved and one.document.student in others
                    ]
                    grades = all_of_them.write(secret, now)
            except CourseError as error:
                say(
                    f"the tables list only these submissions, not all in {self.out}: {error}",
                    "yellow",
                )
            else:
                if all_of_them.unknown:
                    say(all_of_them.unknown, "yellow")
                if moved:
                    say(
                        f"the marks of {counted(len(moved), 'student')} graded earlier changed, "
                        "because the rubric or the decisions did",
                        "yellow",
                    )
                return grades, self.out / INDEX
        grades = write_grades(self.out, rows, run.rubric)
        return grades, write_class_page(self.out, rows, run.rubric, secret)


@click.command()
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="For the results.",
)
@roster_option("The class: names, lateness, and who handed in nothing. Canvas, Moodle, any CSV.")
@click.option(
    "--watch",
    is_flag=True,
    help="Keep running, and grade new submissions as they arrive; Ctrl-C stops.",
)
@jobs_option
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Grade on a Dask cluster: a scheduler's address or file, or `local`.",
)
@click.option("--force", is_flag=True, help="Run again what OUT holds the evidence of.")
@anonymous_option
@isolation_option
@with_assignment
def grade(
    submissions: tuple[Path, ...],
    out: Path,
    roster: Path | None,
    watch: bool,
    jobs: int,
    cluster: str | None,
    force: bool,
    anonymous: bool,
    isolation: Level | None,
    assignment: Assignment,
) -> None:
    """Grade SUBMISSIONS: files, folders, or what a learning platform gives to download, as it is.

    That is the zip, or the folder in it, of Canvas, Moodle, Gradescope, GitHub Classroom or
    nbgrader. Writes OUT/grades.csv and OUT/index.html of all that OUT holds, and for each student
    OUT/STUDENT.html, .md and .json.
    """
    refuse_among(out, submissions)
    run = _Run(submissions, out, jobs, cluster, force, anonymous, isolation, assignment, roster)
    if watch:
        watch_for(run.grade, lambda: look(submissions))
    else:
        run.grade()


def _graded(run: ClassRun, number: int) -> list[Row]:
    """The rows of all submissions, with a bar that shows how far the run is."""
    rows: list[Row] = []
    try:
        for one in progress(run, number):
            rows.append(one)
            # What draws takes long to load: while others are graded, but after all jobs are forked.
            if len(rows) == 1:
                Thread(target=import_module, args=["autograder.reports.pages.class_page"]).start()
    except KeyboardInterrupt:
        click.echo("\nstopped; the same command continues where it was", err=True)
        raise
    return rows
