"""Grades many small submissions of the audit's own, in real workers, on all cores."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from types import TracebackType

import msgspec

from autograder.course.concepts import load_concepts
from autograder.course.folders import Assignment
from autograder.course.reference import Reference
from autograder.course.rubric import Rubric, rubric_of
from autograder.marking.marks import Marks, mark
from autograder.misconceptions import load_library
from autograder.sandbox import box
from autograder.sandbox.workers import Control, Sandbox
from autograder.submissions.reading import Submission
from autograder.suite.collecting import collect_checks
from autograder.suite.evidence import Evidence
from autograder.suite.suite import Suite
from autograder.worker.confine import Level

# A mutant may never end; a right stub takes a few hundredths of a second.
SHORT = {"call_seconds": 1.0, "cell_seconds": 1.0}

Watch = Callable[[str, int, int], None]


def ignore(what: str, done: int, of: int) -> None:
    """Watches nothing."""


@dataclass(frozen=True)
class Job:
    """A submission to grade: by all checks, or by those of some ``criteria`` with little time."""

    name: str
    submission: Submission
    criteria: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Graded:
    """What came of a job."""

    name: str
    evidence: Evidence
    marks: Marks
    criteria: frozenset[str]

    def lost(self) -> frozenset[str]:
        """The criteria that did not earn everything; of one with items, the items."""
        lost: set[str] = set()
        for check in self.evidence.checks:
            mark = self.marks.criteria[check.criterion]
            if mark.score < mark.max_score:
                one = check.criterion if check.item is None else f"{check.criterion}:{check.item}"
                seen = check.followed_through or check.submitted
                if check.item is None or seen.share < 1:
                    lost.add(one)
        return frozenset(lost)

    def named(self) -> dict[str, frozenset[str]]:
        """The misconceptions that were named, by criterion or item."""
        return {
            one.criterion if one.item is None else f"{one.criterion}:{one.item}": frozenset(
                misconception.name for misconception in one.misconceptions
            )
            for one in self.evidence.explanations
        }


class Bench:
    """The sandbox and the suite, for the time of an audit: ``for graded in bench.run(jobs)``."""

    def __init__(
        self,
        assignment: Assignment,
        jobs: int,
        isolation: Level | None = None,
        watch: Watch = ignore,
    ) -> None:
        self.rubric: Rubric = rubric_of(assignment)
        self._assignment = assignment
        self._watch = watch
        self._processes = jobs
        self._sandbox = Sandbox(box.choose(isolation), jobs, hidden=[assignment.course.root])
        self._checks = collect_checks(assignment.checks)
        self._reference = Reference(assignment)
        self.library = load_library(assignment)
        self._concepts = load_concepts(assignment.concepts_file)
        self._suites: dict[frozenset[str], Suite] = {}

    def __enter__(self) -> Bench:
        # Each run forks its processes anew, and only once does the warm process say that it is
        # ready.
        for control in self._sandbox.controls:
            control.fork(self.rubric.limits).kill()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sandbox.close()

    def run(self, what: str, jobs: Iterable[Job], total: int | None = None) -> Iterator[Graded]:
        """Grades all jobs; what is done first comes first."""
        total = len(jobs) if isinstance(jobs, Sized) else total or 0
        context = multiprocessing.get_context("fork")
        numbers: SimpleQueue[int] = context.SimpleQueue()
        for number in range(self._processes):
            numbers.put(number)
        with context.Pool(self._processes, _Process.start, (self, numbers)) as pool:
            for done, graded in enumerate(pool.imap_unordered(_Process.run, jobs), start=1):
                self._watch(what, done, total)
                yield graded

    def grade(self, job: Job, control: Control) -> Graded:
        """Grades one job."""
        evidence = self._suite(job.criteria).run(job.submission, control)
        return Graded(job.name, evidence, mark(evidence, self.rubric), job.criteria)

    def control(self, number: int) -> Control:
        """The line to the warm process of one of the processes."""
        return self._sandbox.controls[number]

    def _suite(self, criteria: frozenset[str]) -> Suite:
        if criteria not in self._suites:
            limits = self.rubric.limits
            self._suites[criteria] = Suite(
                self._assignment.name,
                [one for one in self._checks if not criteria or one.criterion in criteria],
                self._reference,
                self.library,
                self._concepts,
                self._assignment.support(),
                self._assignment.course.secret(),
                msgspec.structs.replace(limits, **SHORT) if criteria else limits,
            )
        return self._suites[criteria]


class _Process:
    """What one process of a run holds."""

    _bench: Bench
    _control: Control

    @classmethod
    def start(cls, bench: Bench, numbers: SimpleQueue[int]) -> None:
        cls._bench, cls._control = bench, bench.control(numbers.get())

    @classmethod
    def run(cls, job: Job) -> Graded:
        return cls._bench.grade(job, cls._control)
