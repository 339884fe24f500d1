"""Grades one submission, or a class: in this process, on all cores, or on a cluster."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.course.folders import Assignment
from autograder.course.rubric import Rubric
from autograder.marking.decisions import Decisions
from autograder.marking.marks import Marks, mark
from autograder.reports.files import write_student
from autograder.results.code import code_by_part
from autograder.results.rows import Row, row
from autograder.results.stored import (
    known_as_slow,
    refuse_another,
    stored_evidence,
    stored_students,
)
from autograder.results.writing import locked
from autograder.sandbox import box
from autograder.sandbox.workers import CLASS_IMPORTS, IMPORTS, Control, Sandbox
from autograder.submissions.finding import HandIn
from autograder.submissions.reading import Submission
from autograder.suite.evidence import Evidence
from autograder.worker.confine import Level
from autograder.worker.namespaces import die_with_parent

if TYPE_CHECKING:
    from autograder.grading.grader import Grader

# From this many submissions on, loading what some of them import pays for itself.
A_CLASS = 8
WAITING_PER_JOB = 4


def grade_one(
    assignment: Assignment, handed_in: HandIn, isolation: Level | None = None
) -> tuple[Evidence, Marks, Rubric]:
    """Grades a single submission, at the isolation asked for or the best there is."""
    with Sandbox(box.choose(isolation), hidden=[assignment.course.root]) as sandbox:
        grader = _grader(assignment)
        evidence = grader.grade(grader.read(handed_in), sandbox.controls[0])
    return evidence, mark(evidence, grader.rubric), grader.rubric


def _grader(assignment: Assignment) -> Grader:
    # Only now: pytest and the checks are loaded while the warm process starts, which takes longer.
    from autograder.grading.grader import Grader

    return Grader(assignment)


class Results:
    """The folder that a run writes its results into, and finds those of an earlier run in."""

    def __init__(
        self,
        grader: Grader,
        folder: Path,
        level: Level,
        again: bool,
        handed_in: Sequence[HandIn],
    ) -> None:
        self._grader = grader
        self._folder = folder
        self._level = level
        self._again = again
        self._handed_in = {one.student: one for one in handed_in}
        students = {*self._handed_in, *stored_students(folder)}
        self._decisions = Decisions.load(folder, grader.rubric, students)

    def known(self, submission: Submission) -> Row | None:
        """The row of what an earlier run has seen, marked by the rubric as it is now."""
        digest = self._grader.digest(submission, self._level)
        if self._again:
            return None
        evidence = stored_evidence(self._folder, submission.student, digest)
        return None if evidence is None else self.write(submission, evidence)

    def write(self, submission: Submission, evidence: Evidence) -> Row:
        """Marks what was seen, and writes the student's files."""
        own = self._handed_in[submission.student]
        decided = self._decisions.of(submission.student, own.handed_in, own.origin)
        marks = mark(evidence, self._grader.rubric, decided)
        digest = self._grader.digest(submission, self._level)
        # What is not graded is tried again by the next run.
        kept = digest if evidence.status != "not graded" else ""
        code = code_by_part(submission, self._grader.rubric)
        rubric = self._grader.rubric
        write_student(
            *(self._folder, evidence, marks, rubric, kept, code, own.handed_in, own.origin)
        )
        return row(evidence, marks, own.origin.name)


class ClassRun:
    """A run over a class: iterate over it for a ``Row`` of each submission as it is done.

    A student's files are written into ``folder`` before the row comes. What an earlier run into
    the same folder has seen of the same submission is not run again, unless ``again`` is set.
    ``cluster`` names a Dask cluster to run on (see ``cluster.connect``) in place of ``jobs``
    processes here. Raises CourseError where another run is writing into the folder.
    """

    def __init__(
        self,
        assignment: Assignment,
        handed_in: Sequence[HandIn],
        folder: Path,
        jobs: int = 1,
        isolation: Level | None = None,
        again: bool = False,
        cluster: str | None = None,
    ) -> None:
        self._assignment = assignment
        # Longest first, where that is known: begun last, they would be waited for alone.
        self._handed_in = sorted(handed_in, key=lambda one: not known_as_slow(folder, one.student))
        self._jobs = min(jobs, len(handed_in))
        self._cluster = cluster
        # Workers elsewhere may differ; all have to give the same level, and so it is named.
        self._level = (isolation or "isolated") if cluster else box.choose(isolation)
        self._lock = locked(folder)
        self._sandbox: Sandbox | None = None
        try:
            refuse_another(folder, assignment.name)
            self._sandbox = None if cluster else self._warm(folder)
            self._grader = _grader(assignment)
            self._results = Results(self._grader, folder, self._level, again, handed_in)
        except BaseException:
            self.close()
            raise
        self.rubric = self._grader.rubric

    def _warm(self, folder: Path) -> Sandbox:
        imports = IMPORTS + CLASS_IMPORTS if len(self._handed_in) >= A_CLASS else IMPORTS
        hidden = [self._assignment.course.root, folder]
        return Sandbox(self._level, self._jobs, imports, hidden=hidden)

    def close(self) -> None:
        """Ends the workers, and releases the folder."""
        if self._sandbox is not None:
            self._sandbox.close()
        self._lock.close()

    def __iter__(self) -> Iterator[Row]:
        try:
            if self._cluster is not None:
                yield from self._on(self._cluster)
            elif self._sandbox is not None and self._jobs == 1:
                _Job.start(self._grader, self._sandbox.controls[0], self._results)
                yield from map(_Job.run, self._handed_in)
            elif self._sandbox is not None:
                yield from self._in_processes(self._sandbox)
        finally:
            self.close()

    def _in_processes(self, sandbox: Sandbox) -> Iterator[Row]:
        # Forked, so that the checks are collected and the reference is loaded once.
        context = multiprocessing.get_context("fork")
        started = context.Value("i", 0)
        with ProcessPoolExecutor(
            self._jobs,
            mp_context=context,
            initializer=_Job.start_next,
            initargs=(self._grader, sandbox.controls, self._results, started),
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

    def _on(self, cluster: str) -> Iterator[Row]:
        from autograder.grading.cluster import bundle, connect, graded_on

        sent: dict[str, Submission] = {}
        known: list[Row] = []

        def missing() -> Iterator[Submission]:
            for one in self._handed_in:
                submission = self._grader.read(one)
                done = self._results.known(submission)
                if done is not None:
                    known.append(done)
                    continue
                sent[submission.student] = submission
                yield submission

        with connect(cluster) as client:
            for evidence in graded_on(client, bundle(self._assignment, self._level), missing()):
                yield self._results.write(sent.pop(evidence.student), evidence)
                yield from known
                known.clear()
        yield from known


class _Job:
    """What one process of a run holds, from its start to its end."""

    _grader: Grader
    _control: Control
    _results: Results

    @classmethod
    def start(cls, grader: Grader, control: Control, results: Results) -> None:
        cls._grader, cls._control, cls._results = grader, control, results

    @classmethod
    def start_next(
        cls,
        grader: Grader,
        controls: Sequence[Control],
        results: Results,
        started: Synchronized[int],
    ) -> None:
        """Starts one of several processes; each has a control to itself."""
        die_with_parent()
        with started.get_lock():
            number = started.value
            started.value += 1
        for other, control in enumerate(controls):
            if other != number:
                control.close()
        cls.start(grader, controls[number], results)

    @classmethod
    def run(cls, handed_in: HandIn) -> Row:
        submission = cls._grader.read(handed_in)
        done = cls._results.known(submission)
        if done is not None:
            return done
        evidence = cls._grader.grade(submission, cls._control)
        return cls._results.write(submission, evidence)
