"""The grader: the rubric, and the suite ready to run on one submission after another."""

from __future__ import annotations

import hashlib
import sys
import traceback
from pathlib import Path

import msgspec

from autograder.concepts import load_concepts
from autograder.course import Course, CourseError
from autograder.evidence import Evidence, tidied
from autograder.misconceptions import library
from autograder.reference import Reference
from autograder.rubric import Rubric, load_rubric, match_checks, match_misconceptions
from autograder.sandbox import Control, SandboxError
from autograder.submissions.finding import HandIn
from autograder.submissions.reading import Submission, read_submission
from autograder.submissions.released import shows_only, without
from autograder.suite import Suite, collect_checks
from autograder.text import printable_lines
from autograder.worker.confine import Level

PACKAGE = Path(__file__).parent
# The code that decides what evidence holds.
DECIDE = (
    *("checks/*.py", "misconceptions/*.py", "submissions/*.py", "worker/*.py"),
    *(
        "evidence.py",
        "reference.py",
        "sandbox.py",
        "session.py",
        "student.py",
        "suite.py",
        "text.py",
    ),
)
# Of what is said where the grader fails, in characters.
MAX_TRACEBACK = 20_000


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


def _digest(course: Course, rubric: Rubric) -> bytes:
    """Of everything but the submission that evidence depends on."""
    files = [path for place in DECIDE for path in sorted(PACKAGE.glob(place))]
    files += [course.source, course.concepts_file]
    sha = hashlib.sha256(msgspec.json.encode(rubric.limits))
    for data in (course.secret(), *(path.read_bytes() for path in files)):
        sha.update(hashlib.sha256(data).digest())
    sha.update(msgspec.json.encode(course.support()))
    return sha.digest()
