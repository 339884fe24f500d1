"""Grades one submission, or a class on all cores. The command line and others only call this."""

from __future__ import annotations

import fcntl
import hashlib
import multiprocessing
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import IO

import msgspec

from autograder import box
from autograder.concepts import load_concepts
from autograder.course import Course, CourseError
from autograder.evidence import Evidence
from autograder.marks import Marks, mark
from autograder.misconceptions import library
from autograder.reference import Reference
from autograder.reports.files import Row, row, stored_evidence, write_student
from autograder.rubric import Rubric, load_rubric, match_checks, match_misconceptions
from autograder.sandbox import CLASS_IMPORTS, IMPORTS, Control, Sandbox, SandboxError
from autograder.submissions.finding import HandIn
from autograder.submissions.reading import Submission, read_submission
from autograder.submissions.released import shows_only, without
from autograder.suite import Suite, collect_checks
from autograder.worker.confine import Level, die_with_parent

# From this many submissions on, loading what some of them import pays for itself.
A_CLASS = 8
WAITING_PER_JOB = 4
PACKAGE = Path(__file__).parent


class Grader:
    """All that grading needs beside a worker: the rubric, and the suite ready to run."""

    def __init__(self, course: Course) -> None:
        self.rubric: Rubric = load_rubric(course.rubric_file)
        checks = collect_checks()
        self._shows_only = shows_only(course.source)
        pairs = [(check.criterion, check.item) for check in checks]
        match_checks(self.rubric, course.rubric_file, pairs)
        match_misconceptions(self.rubric, course.rubric_file, library())
        self._suite = Suite(
            checks,
            Reference(course.source),
            load_concepts(course.concepts_file),
            course.support(),
            course.secret(),
            self.rubric.limits,
        )
        self._digest = _digest(course, self.rubric)

    def read(self, handed_in: HandIn) -> Submission:
        """What a student handed in, without the cells that need not run again."""
        submission = read_submission(handed_in.path, handed_in.student, handed_in.notes)
        return without(submission, self._shows_only)

    def digest(self, submission: Submission, isolation: Level) -> str:
        """Names what evidence is of: a submission, and all that it is checked with."""
        parts = (self._digest, isolation.encode(), msgspec.json.encode(submission))
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def grade(self, submission: Submission, control: Control) -> tuple[Evidence, Marks]:
        """Runs the checks on one submission and marks what they saw.

        Where the grader itself fails over one, that one is not graded, and says so.
        """
        try:
            evidence = self._suite.run(submission, control)
        except SandboxError:
            raise
        except Exception as error:
            traceback.print_exc()
            reason = f"the grader failed ({type(error).__name__}: {error}); this is no mark"
            evidence = self._suite.without_checks(submission, control, "not graded", reason)
        return evidence, mark(evidence, self.rubric)


def _digest(course: Course, rubric: Rubric) -> bytes:
    """Of everything but the submission that evidence depends on."""
    files = [*sorted(PACKAGE.rglob("*.py")), course.source, course.concepts_file]
    sha = hashlib.sha256(msgspec.json.encode(rubric.limits))
    for data in (course.secret(), *(path.read_bytes() for path in files)):
        sha.update(hashlib.sha256(data).digest())
    sha.update(msgspec.json.encode(course.support()))
    return sha.digest()


def grade_one(
    course: Course, handed_in: HandIn, isolation: Level | None = None
) -> tuple[Evidence, Marks, Rubric]:
    """Grades a single submission, at the isolation asked for or the best there is."""
    with Sandbox(box.choose(isolation), hidden=[course.root]) as sandbox:
        grader = Grader(course)
        evidence, marks = grader.grade(grader.read(handed_in), sandbox.controls[0])
    return evidence, marks, grader.rubric


class ClassRun:
    """A run over a class: iterate over it for a ``Row`` of each submission as it is done.

    A student's files are written into ``folder`` before the row comes. What an earlier run into
    the same folder has seen of the same submission is not run again, unless ``again`` is set.
    Raises CourseError where another run is writing there.
    """

    def __init__(
        self,
        course: Course,
        handed_in: Sequence[HandIn],
        folder: Path,
        jobs: int,
        isolation: Level | None = None,
        again: bool = False,
    ) -> None:
        self._again = again
        self._handed_in = handed_in
        self._folder = folder
        self._jobs = min(jobs, len(handed_in))
        imports = IMPORTS + CLASS_IMPORTS if len(handed_in) >= A_CLASS else IMPORTS
        self._sandbox = Sandbox(
            box.choose(isolation), self._jobs, imports, hidden=[course.root, folder]
        )
        try:
            self._lock = _locked(folder)
            self._grader = Grader(course)
        except BaseException:
            self._sandbox.close()
            raise
        self.rubric = self._grader.rubric

    def __iter__(self) -> Iterator[Row]:
        with self._sandbox, self._lock:
            if self._jobs == 1:
                _Job.start(self._grader, self._sandbox.controls, self._folder, self._again, 0)
                yield from map(_Job.run, self._handed_in)
            else:
                yield from self._in_parallel()

    def _in_parallel(self) -> Iterator[Row]:
        # Forked, so that the checks are collected and the reference is loaded once.
        context = multiprocessing.get_context("fork")
        numbers = context.Value("i", 0)
        with ProcessPoolExecutor(
            self._jobs,
            mp_context=context,
            initializer=_Job.start_next,
            initargs=(self._grader, self._sandbox.controls, self._folder, self._again, numbers),
        ) as pool:
            waiting: set[Future[Row]] = set()
            for one in self._handed_in:
                waiting.add(pool.submit(_Job.run, one))
                if len(waiting) >= WAITING_PER_JOB * self._jobs:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)


class _Job:
    """What one process of a run holds, from its start to its end."""

    _grader: Grader
    _control: Control
    _folder: Path
    _again: bool

    @classmethod
    def start(
        cls, grader: Grader, controls: Sequence[Control], folder: Path, again: bool, number: int
    ) -> None:
        cls._grader, cls._control = grader, controls[number]
        cls._folder, cls._again = folder, again

    @classmethod
    def start_next(
        cls,
        grader: Grader,
        controls: Sequence[Control],
        folder: Path,
        again: bool,
        started: Synchronized[int],
    ) -> None:
        """Starts one of several processes, each with a control of its own."""
        die_with_parent()
        with started.get_lock():
            number = started.value
            started.value += 1
        for other, control in enumerate(controls):
            if other != number:
                control.close()
        cls.start(grader, controls, folder, again, number)

    @classmethod
    def run(cls, handed_in: HandIn) -> Row:
        submission = cls._grader.read(handed_in)
        digest = cls._grader.digest(submission, cls._control.level)
        seen = None if cls._again else stored_evidence(cls._folder, handed_in.student, digest)
        if seen is None:
            evidence, marks = cls._grader.grade(submission, cls._control)
        else:
            evidence, marks = seen, mark(seen, cls._grader.rubric)
        # What is not graded is tried again by the next run.
        kept = digest if evidence.status != "not graded" else ""
        write_student(cls._folder, evidence, marks, cls._grader.rubric, kept)
        return row(evidence, marks)


def _locked(folder: Path) -> IO[str]:
    """Makes the folder, for this run alone. Closing the file, or dying, gives it free."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CourseError(
            f"{folder}: another run is writing its results there; wait for it, or name another "
            "folder with --out"
        ) from None
    for left_over in folder.glob(".*.part"):
        left_over.unlink(missing_ok=True)
    return lock
