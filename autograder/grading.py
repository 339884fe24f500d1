"""Grades one submission, or a class on all cores. The command line and others only call this."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing.queues import SimpleQueue
from pathlib import Path

from autograder import box
from autograder.concepts import load_concepts
from autograder.course import Course
from autograder.evidence import Evidence
from autograder.marks import Marks, mark
from autograder.misconceptions import library
from autograder.reference import Reference
from autograder.reports.files import Row, row, write_student
from autograder.rubric import Rubric, load_rubric, match_checks, match_misconceptions
from autograder.sandbox import CLASS_IMPORTS, IMPORTS, Control, Sandbox
from autograder.submissions.finding import HandIn
from autograder.submissions.reading import read_submission
from autograder.submissions.released import shows_only, without
from autograder.suite import Suite, collect_checks
from autograder.worker.confine import Level

# From this many submissions on, loading what some of them import pays for itself.
A_CLASS = 8
WAITING_PER_JOB = 4


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

    def grade(self, handed_in: HandIn, control: Control) -> tuple[Evidence, Marks]:
        """Runs the checks on one submission and marks what they saw."""
        submission = read_submission(handed_in.path, handed_in.student, handed_in.notes)
        evidence = self._suite.run(without(submission, self._shows_only), control)
        return evidence, mark(evidence, self.rubric)


def grade_one(
    course: Course, handed_in: HandIn, isolation: Level | None = None
) -> tuple[Evidence, Marks, Rubric]:
    """Grades a single submission, at the isolation asked for or the best there is."""
    with Sandbox(box.choose(isolation), hidden=[course.root]) as sandbox:
        grader = Grader(course)
        evidence, marks = grader.grade(handed_in, sandbox.controls[0])
    return evidence, marks, grader.rubric


class ClassRun:
    """A run over a class: iterate over it for a ``Row`` of each submission as it is done.

    A student's files are written into ``folder`` before the row comes.
    """

    def __init__(
        self,
        course: Course,
        handed_in: Sequence[HandIn],
        folder: Path,
        jobs: int,
        isolation: Level | None = None,
    ) -> None:
        self._handed_in = handed_in
        self._folder = folder
        self._jobs = min(jobs, len(handed_in))
        imports = IMPORTS + CLASS_IMPORTS if len(handed_in) >= A_CLASS else IMPORTS
        self._sandbox = Sandbox(
            box.choose(isolation), self._jobs, imports, hidden=[course.root, folder]
        )
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._grader = Grader(course)
        except BaseException:
            self._sandbox.close()
            raise
        self.rubric = self._grader.rubric

    def __iter__(self) -> Iterator[Row]:
        with self._sandbox:
            if self._jobs == 1:
                for one in self._handed_in:
                    yield _grade_and_write(
                        self._grader, one, self._sandbox.controls[0], self._folder
                    )
            else:
                yield from self._in_parallel()

    def _in_parallel(self) -> Iterator[Row]:
        # Forked, so that the checks are collected and the reference is loaded once.
        context = multiprocessing.get_context("fork")
        numbers: SimpleQueue[int] = context.SimpleQueue()
        for number in range(self._jobs):
            numbers.put(number)
        with ProcessPoolExecutor(
            self._jobs,
            mp_context=context,
            initializer=_Job.start,
            initargs=(self._grader, self._sandbox, self._folder, numbers),
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
    """What one process of a parallel run holds, from its start to its end."""

    _grader: Grader
    _control: Control
    _folder: Path

    @classmethod
    def start(
        cls, grader: Grader, sandbox: Sandbox, folder: Path, numbers: SimpleQueue[int]
    ) -> None:
        mine = numbers.get()
        cls._grader, cls._folder = grader, folder
        cls._control = sandbox.controls[mine]
        for number, control in enumerate(sandbox.controls):
            if number != mine:
                control.close()

    @classmethod
    def run(cls, handed_in: HandIn) -> Row:
        return _grade_and_write(cls._grader, handed_in, cls._control, cls._folder)


def _grade_and_write(grader: Grader, handed_in: HandIn, control: Control, folder: Path) -> Row:
    evidence, marks = grader.grade(handed_in, control)
    write_student(folder, evidence, marks, grader.rubric)
    return row(evidence, marks)
