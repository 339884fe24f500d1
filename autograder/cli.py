"""The ``autograder`` command: words in, an exit status out. Everything else is done elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from autograder.exporting import FORMS
from autograder.grading.jobs import usual_jobs
from autograder.submissions.text import printable_lines

if TYPE_CHECKING:
    from autograder.course.folders import Assignment
    from autograder.worker.confine import Level

P = ParamSpec("P")
R = TypeVar("R")

CANNOT_WORK = 2
MAX_SAID = 20_000


def _errors_as_messages(command: Callable[P, R]) -> Callable[P, R]:
    """Turns what is wrong with the course or the call into a line and an exit status."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        from autograder.course.folders import CourseError

        try:
            return command(*args, **kwargs)
        except CourseError as error:
            _say(f"autograder: {error}", "red")
            sys.exit(CANNOT_WORK)
        except OSError as error:
            # A file that cannot be read or written is for the caller to mend; all else is a bug.
            if error.filename is None:
                raise
            _say(f"autograder: {error.filename}: {error.strerror}", "red")
            sys.exit(CANNOT_WORK)

    return wrapped


def _say(text: str, color: str) -> None:
    """Says on stderr what may name files, or quote what is in one."""
    click.secho(printable_lines(text, MAX_SAID), fg=color, err=True)


course_option = click.option(
    "--course",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder with rubric.yaml and solutions/; otherwise this one, or one above.",
)


def _course_options(command: Callable[..., R]) -> Callable[..., R]:
    """Gives a command the options that name an assignment, as ``folder`` and ``name``."""
    of_assignment = click.option(
        "--assignment",
        "name",
        help="A folder of solutions/; otherwise the assignment that rubric.yaml names.",
    )
    return course_option(of_assignment(command))


def _assignment(folder: Path | None, name: str | None) -> Assignment:
    from autograder.course.folders import Course

    return Course.find(folder or Path.cwd()).assignment(name)


def _with_assignment(command: Callable[..., R]) -> Callable[..., R]:
    """Gives a command those options, and the ``assignment`` that they name.

    In a course of several, its name is printed on stderr.
    """

    @_course_options
    @_errors_as_messages
    @wraps(command)
    def wrapped(*args: Any, folder: Path | None, name: str | None, **kwargs: Any) -> R:
        assignment = _assignment(folder, name)
        if len(assignment.course.names()) > 1:
            click.echo(f"assignment {assignment.name}", err=True)
        return command(*args, assignment=assignment, **kwargs)

    return wrapped


isolation_option = click.option(
    "--isolation",
    type=click.Choice(["isolated", "restricted", "none"]),
    help="Grade at this level only; `none` says that you trust the code as your own.",
)
jobs_option = click.option(
    "--jobs",
    default=usual_jobs(),
    show_default=True,
    type=click.IntRange(min=1),
    help="Submissions graded at a time.",
)
anonymous_option = click.option(
    "--anonymous", is_flag=True, help="Pseudonyms in index.html, and no links to students' pages."
)


@click.group()
@click.version_option(package_name="rnn-autograder")
def main() -> None:
    """Grades homework: every submission in a sandbox, every mark with its reasons."""


@main.command()
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="For the results.",
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
@_with_assignment
def grade(
    submissions: tuple[Path, ...],
    out: Path,
    jobs: int,
    cluster: str | None,
    force: bool,
    anonymous: bool,
    isolation: Level | None,
    assignment: Assignment,
) -> None:
    """Grade SUBMISSIONS: files, a folder of files, or nbgrader's submitted/ tree.

    Writes OUT/grades.csv and OUT/index.html, and for each student OUT/STUDENT.html, .md and .json.
    """
    from rich.console import Console

    from autograder.course.folders import CourseError
    from autograder.grading.class_run import ClassRun
    from autograder.reports.files import write_grades
    from autograder.reports.terminal import literal, print_class, progress
    from autograder.results.stored import stored_students
    from autograder.submissions.finding import find_submissions, refuse_among

    console = Console()
    refuse_among(out, submissions)
    handed_in = find_submissions(submissions, assignment.name, assignment.released)
    run = ClassRun(assignment, handed_in, out, jobs, isolation, force, cluster)
    try:
        rows = []
        for one in progress(run, len(handed_in)):
            rows.append(one)
            # What draws takes long to load: while others are graded, but after all jobs are forked.
            if len(rows) == 1:
                Thread(target=import_module, args=["autograder.reports.pages.class_page"]).start()
    except KeyboardInterrupt:
        click.echo("\nstopped; the same command continues where it was", err=True)
        raise
    grades = write_grades(out, rows, run.rubric)
    from autograder.reports.pages.class_page import write_class_page

    page = write_class_page(
        out, rows, run.rubric, assignment.course.secret() if anonymous else None
    )
    print_class(console, rows, run.rubric)
    failed = [one.student for one in rows if one.status == "not graded"]
    done = f"{len(rows) - len(failed)} submissions graded; the marks are in {grades} and {page}"
    console.print(literal(done))
    others = sorted({*stored_students(out)} - {one.student for one in rows})
    if others:
        told = (
            f"{out} holds results of {len(others)} more, who are not in these tables "
            f"({', '.join(others[:3])}{', …' * (len(others) > 3)}); `autograder rescore {out}` "
            "writes the tables of all"
        )
        _say(told, "yellow")
    if failed:
        raise CourseError(f"not graded, because the grader failed: {', '.join(failed)}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@isolation_option
@_with_assignment
def check(file: Path, isolation: Level | None, assignment: Assignment) -> None:
    """Mark one submission, FILE, and print why."""
    from rich.console import Console

    from autograder.course.folders import CourseError
    from autograder.grading.class_run import grade_one
    from autograder.reports.terminal import print_marks
    from autograder.submissions.finding import find_submissions

    handed_in = find_submissions([file], assignment.name, assignment.released)
    if len(handed_in) > 1:
        raise CourseError(
            f"{file}: holds {len(handed_in)} submissions; name the file of one, or mark them all "
            "with `autograder grade`"
        )
    evidence, marks, rubric = grade_one(assignment, handed_in[0], isolation)
    print_marks(Console(), evidence, marks, rubric)


@main.command()
@click.argument("results", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--dry-run", is_flag=True, help="Print who moves, and write nothing.")
@anonymous_option
@_with_assignment
def rescore(
    results: Path, yes: bool, dry_run: bool, anonymous: bool, assignment: Assignment
) -> None:
    """Mark the class in DIR again, by the rubric and the decisions as they are now.

    Nobody's code runs again. Prints who moves, and asks before it writes.
    """
    from rich.console import Console

    from autograder.grading.rescoring import Rescoring, print_moved

    with Rescoring(assignment, results) as rescoring:
        print_moved(Console(), rescoring)
        if not dry_run and (yes or click.confirm("Write these marks?")):
            written = rescoring.write(assignment.course.secret() if anonymous else None)
            click.echo(f"the marks are in {written}")


@main.command()
@click.argument("results", metavar="DIR", type=click.Path(path_type=Path, exists=True))
@click.argument("submissions", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--gradebook",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="nbgrader's gradebook.db, to take readers' marks from.",
)
@_with_assignment
def reading(
    results: Path, submissions: tuple[Path, ...], gradebook: Path | None, assignment: Assignment
) -> None:
    """Lay out the written answers in SUBMISSIONS for a reader, beside the results in DIR.

    The points go into DIR/written.csv, and `autograder rescore DIR` adds them. With --gradebook,
    what readers gave in nbgrader is taken from there.
    """
    from autograder.course.folders import CourseError
    from autograder.course.rubric import rubric_of
    from autograder.nbgrader.reader import read_gradebook, write_form
    from autograder.submissions.finding import find_submissions

    if bool(submissions) == bool(gradebook):
        raise CourseError("give SUBMISSIONS to be read, or --gradebook where they have been")
    if gradebook:
        path, unknown = read_gradebook(assignment, gradebook, results)
        click.echo(f"{path}; now: autograder rescore {results}")
        if unknown:
            _say(f"{results} has no results of {', '.join(unknown)}", "yellow")
        return
    handed_in = find_submissions(submissions, assignment.name, assignment.released)
    form = write_form(assignment, rubric_of(assignment), results, handed_in)
    click.echo(f"{form.to_read} answers to read in {form.sheet}; the points go into {form.form}")


@main.command()
@click.argument("results", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "form",
    required=True,
    type=click.Choice(list(FORMS)),
    help="Who is to read it.",
)
@click.option("--out", type=click.Path(path_type=Path), help="The file, or folder; else in DIR.")
@click.option(
    "--roster",
    "roster_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What Canvas exports of its gradebook, to match its ids.",
)
@_with_assignment
def export(
    results: Path, form: str, out: Path | None, roster_file: Path | None, assignment: Assignment
) -> None:
    """Write the marks in DIR in the form that another system takes in."""
    from autograder.course.folders import CourseError
    from autograder.exporting.export import export
    from autograder.exporting.roster import read_roster
    from autograder.grading.rescoring import Rescoring

    if roster_file and form != "canvas":
        raise CourseError("--roster is Canvas's own list, and goes with --to canvas")
    roster = read_roster(roster_file) if roster_file else None
    with Rescoring(assignment, results) as rescoring:
        documents = rescoring.current()
    out = out or results / FORMS[form]
    unknown = export(form, documents, assignment.name, rescoring.rubric, out, roster)
    click.echo(out)
    awaiting = sum(1 for one in documents if one.awaiting_reader)
    if awaiting:
        told = f"without the written answers of {awaiting} students, which await a reader"
        _say(told, "yellow")
    if unknown:
        told = f"not in the roster, and so without a line: {', '.join(unknown)}"
        _say(told, "yellow")


@main.command()
@course_option
@_errors_as_messages
def doctor(folder: Path | None) -> None:
    """Find how well this machine keeps students' code apart, by trying to break out.

    Where this is run inside a course, or names one, who can read its files is looked at too. The
    exit status is 2 where no level holds.
    """
    from rich.console import Console

    from autograder.course.folders import Course, CourseError
    from autograder.doctor import diagnose
    from autograder.doctor.printing import print_diagnosis

    try:
        course = Course.find(folder or Path.cwd())
    except CourseError:
        if folder:
            raise
        course = None
    diagnosis = diagnose(course)
    print_diagnosis(Console(), diagnosis)
    if diagnosis.gives == "none":
        sys.exit(CANNOT_WORK)


@main.command()
@click.argument("name")
@course_option
@_errors_as_messages
def new(name: str, folder: Path | None) -> None:
    """Lay out the assignment NAME, small but complete, to be changed step by step.

    It goes into the course of this folder or of --course; in an empty folder, into a new course.
    """
    from autograder.new_assignment import new_assignment

    assignment, written = new_assignment(folder or Path.cwd(), name)
    for path in written:
        click.echo(path)
    click.echo(f"now, in {assignment.course.root}, and again after each change:")
    for command in ("release", "audit"):
        click.echo(f"    autograder {command} --assignment {name}")
    click.echo(f"students get the folder {assignment.released}; to grade what they hand in:")
    click.echo(f"    autograder grade SUBMISSIONS --out DIR --assignment {name}")


@main.command()
@click.option("--check", "checking", is_flag=True, help="Build nothing; look for drift and leaks.")
@_with_assignment
def release(checking: bool, assignment: Assignment) -> None:
    """Build what students get from solutions/, or check that it is fresh and gives nothing away."""
    from autograder.release import check_release, write_release

    if not checking:
        for path in write_release(assignment):
            click.echo(path)
    findings: list[Any] = check_release(assignment)
    for finding in findings:
        _say(str(finding), "red")
    if findings:
        sys.exit(1)


@main.command()
@click.option(
    "--runs",
    default=100,
    show_default=True,
    type=click.IntRange(min=1),
    help="Of the whole suite over right solutions, each with other inputs.",
)
@jobs_option
@click.option("--no-mutants", is_flag=True, help="Leave out the mutants of the reference.")
@isolation_option
@_with_assignment
def audit(
    runs: int, jobs: int, no_mutants: bool, isolation: Level | None, assignment: Assignment
) -> None:
    """Measure the grader itself: what it lets pass, what it fails, what it names.

    For whoever has changed the rubric, the checks or the solutions. Takes some minutes, and
    fails where a bound is broken.
    """
    from rich.console import Console

    from autograder.audit import Sizes, run_audit
    from autograder.audit.printing import print_audit

    sizes = Sizes(runs, with_mutants=not no_mutants)
    if not print_audit(
        Console(), lambda watch: run_audit(assignment, sizes, jobs, isolation, watch)
    ):
        sys.exit(1)


@main.command()
@click.argument(
    "paths",
    metavar="DIR_OR_SUBMISSIONS...",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path),
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The page to write.")
@_with_assignment
def similar(paths: tuple[Path, ...], out: Path | None, assignment: Assignment) -> None:
    """List pairs of submissions to look at side by side.

    DIR is what `autograder grade` wrote, of which the cells of the stubs are compared; of
    SUBMISSIONS all is. The list is no verdict and touches no mark.
    """
    from rich.console import Console

    from autograder.course.rubric import rubric_of
    from autograder.results.stored import stored_documents
    from autograder.similar.comparing import (
        codes_in,
        codes_of,
        find_similar,
        print_pairs,
        write_pairs,
    )
    from autograder.submissions.finding import find_submissions

    results = paths[0] if len(paths) == 1 and (paths[0] / "grades.csv").is_file() else None
    if results:
        codes = codes_of(stored_documents(results, assignment.name))
    else:
        codes = codes_in(find_submissions(paths, assignment.name, assignment.released))
    found = find_similar(assignment, codes)
    # In a folder of its own, where no student's page has its name.
    out = out or (results or Path()) / "similar" / "pairs.html"
    write_pairs(found, rubric_of(assignment).title, out)
    print_pairs(Console(), found)
    click.echo(out)


@main.group()
def package() -> None:
    """Make the grader another system's autograder."""


@package.command()
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The zip to upload.",
)
@isolation_option
@_with_assignment
def gradescope(out: Path, isolation: Level | None, assignment: Assignment) -> None:
    """Write the zip that makes this grader run on Gradescope.

    It holds the solutions and the course's secret: upload it, and give it to nobody.
    """
    from autograder.course.rubric import rubric_of
    from autograder.packaging.gradescope import package

    rubric = rubric_of(assignment)
    package(assignment, out, isolation)
    points = rubric.points * (1 - rubric.written_share)
    click.echo(f"{out}: the autograder of a programming assignment with {points:g} points.")
    click.echo("It holds the solutions and the course's secret: upload it, and give it to nobody.")


@main.group()
def nbgrader() -> None:
    """Have nbgrader grade the homework through this grader."""


@nbgrader.command()
@click.argument(
    "course_of_nbgrader",
    metavar="FOLDER",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
)
@click.option("--undo", "take_out", is_flag=True, help="Take what was added out again.")
@course_option
@click.option("--assignment", "name", help="This one alone; otherwise all that the course has.")
@_errors_as_messages
def setup(course_of_nbgrader: Path, take_out: bool, folder: Path | None, name: str | None) -> None:
    """Add assignments to the course of nbgrader's whose nbgrader_config.py is in FOLDER.

    Prints each file that is changed. Again after a new release, or where this course has moved.
    The other assignments of nbgrader's course stay as they are, and are graded as before.
    """
    from autograder.course.folders import Course
    from autograder.nbgrader.install import install, undo

    if take_out:
        lines = undo(course_of_nbgrader, name)
        click.echo("\n".join(lines) or f"{course_of_nbgrader}: nothing is set up here")
        return
    course = Course.find(folder or Path.cwd())
    assignments = [course.assignment(one) for one in ([name] if name else course.names())]
    lines = install(assignments, course_of_nbgrader)
    click.echo("\n".join(lines) or f"{course_of_nbgrader}: is set up already")
    click.echo("now, in that folder:")
    for one in assignments:
        click.echo(f"    nbgrader generate_assignment {one.name} --force")


if __name__ == "__main__":
    main()
