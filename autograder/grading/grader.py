"""The grader: the rubric, and the suite ready to run on one submission after another."""

from __future__ import annotations

import hashlib
import sys
import traceback

import msgspec

from autograder.course import digest
from autograder.course.concepts import load_concepts
from autograder.course.folders import Assignment, CourseError
from autograder.course.reference import Reference
from autograder.course.rubric import (
    Rubric,
    match_checks,
    match_costs,
    match_misconceptions,
    rubric_of,
)
from autograder.misconceptions import Library, load_library
from autograder.sandbox.workers import Control, SandboxError
from autograder.submissions.finding import HandIn
from autograder.submissions.reading import Submission, read_submission
from autograder.submissions.released import (
    ANOTHER,
    UNTOUCHED,
    another_homework,
    is_untouched,
    released_code,
    shows_only,
    stubs_of_course,
    without,
)
from autograder.submissions.text import printable_lines
from autograder.suite.collecting import Check, collect_checks
from autograder.suite.evidence import Evidence, tidied
from autograder.suite.suite import Suite
from autograder.worker.confine import Level

# Of what is said where the grader fails, in characters.
MAX_TRACEBACK = 20_000


def matching(assignment: Assignment) -> tuple[Rubric, list[Check], Library]:
    """An assignment's rubric, checks and misconceptions.

    Raises CourseError where one of them is wrong, or does not match another.
    """
    rubric, checks = rubric_of(assignment), collect_checks(assignment.checks)
    pairs = [(check.criterion, check.item) for check in checks]
    match_checks(rubric, assignment.rubric_file, pairs)
    library = load_library(assignment)
    match_misconceptions(rubric, assignment.rubric_file, library.misconceptions)
    match_costs(rubric, assignment.rubric_file, library.costs)
    return rubric, checks, library


class Grader:
    """All that grading needs beside a worker: the rubric, and the suite ready to run."""

    def __init__(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self.rubric, checks, library = matching(assignment)
        self._shows_only = shows_only(assignment.source)
        self._released = released_code(assignment.released, assignment.name)
        self._stubs = stubs_of_course(assignment)
        self._suite = Suite(
            assignment.name,
            checks,
            Reference(assignment),
            library,
            load_concepts(assignment.concepts_file),
            assignment.support(),
            assignment.course.secret(),
            self.rubric.limits,
        )
        self._digest = _digest(assignment, self.rubric)

    def read(self, handed_in: HandIn) -> Submission:
        """What a student handed in, without the cells that need not run again."""
        submission = read_submission(handed_in.path, handed_in.student, handed_in.notes)
        if is_untouched(submission, self._released):
            notes = (*submission.notes, UNTOUCHED)
            submission = msgspec.structs.replace(submission, notes=notes)
        if another := another_homework(submission, self.assignment.name, self._stubs):
            notes = (ANOTHER.format(another, self.assignment.name), *submission.notes)
            submission = msgspec.structs.replace(submission, notes=notes, another=another)
        return without(submission, self._shows_only)

    def digest(self, submission: Submission, isolation: Level) -> str:
        """Names what evidence is of: a submission, and all that it is checked with."""
        parts = (self._digest, isolation.encode(), msgspec.json.encode(submission))
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def grade(self, submission: Submission, control: Control) -> Evidence:
        """Runs the checks on one submission.

        Where the grader itself fails over one, that one is not graded, and says so. Raises
        CourseError for a check that would fail over everyone's.
        """
        try:
            return tidied(self._suite.run(submission, control))
        except (SandboxError, CourseError):
            raise
        except Exception as error:
            # Its text may hold what a hidden check asks, or what the student wrote.
            print(printable_lines(traceback.format_exc(), MAX_TRACEBACK), file=sys.stderr)
            reason = f"the grader failed ({type(error).__name__}); this is no mark"
            return tidied(self._suite.without_checks(submission, control, "not graded", reason))


def _digest(assignment: Assignment, rubric: Rubric) -> bytes:
    """Of everything but the submission that evidence depends on."""
    sha = hashlib.sha256(digest.of_code() + digest.of_assignment(assignment))
    for data in (assignment.course.secret(), msgspec.json.encode(rubric.limits)):
        sha.update(hashlib.sha256(data).digest())
    sha.update(msgspec.json.encode(assignment.support()))
    return sha.digest()
