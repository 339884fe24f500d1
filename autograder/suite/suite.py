"""Runs all checks on one submission after another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from autograder.course.concepts import Question
from autograder.course.reference import Reference
from autograder.course.rubric import Limits
from autograder.misconceptions import Library, Misconception
from autograder.misconceptions.explain import Effort, Lost, explain
from autograder.misconceptions.outcomes import Leaf
from autograder.sandbox.workers import Control
from autograder.session.replies import TOO_MUCH
from autograder.session.session import Session
from autograder.session.student import Student
from autograder.submissions.reading import Submission
from autograder.suite.asking_again import told_what_changes
from autograder.suite.checking import Given, RememberedReference, Run, run_check
from autograder.suite.collecting import Check
from autograder.suite.evidence import CheckEvidence, Evidence, Explanation, Named, Seen, Status
from autograder.suite.follow_through import follow_through

GARBLED = (
    "the code wrote to the grader's socket, which no stub needs to do; nothing was earned by that, "
    "and it should be read by a person"
)
NOT_COMPARED = "the answers to {} were too large, or too many, to be compared with known mistakes"

Asked = tuple[str, str | None]  # a criterion, and one of its items


class Suite:
    """The checks, with what they need of a course: its right answers, its secret, its limits."""

    def __init__(
        self,
        assignment: str,
        checks: Iterable[Check],
        reference: Reference,
        library: Library,
        concepts: Mapping[str, Question],
        support: Mapping[str, str],
        secret: bytes,
        limits: Limits,
    ) -> None:
        self.checks = tuple(checks)
        self._assignment = assignment
        self._reference = reference
        self._library = library
        self._concepts = concepts
        self._support = support
        self._secret = secret
        self._limits = limits

    def run(self, submission: Submission, control: Control) -> Evidence:
        """What all checks see of one submission."""
        if submission.trouble:
            return self.without_checks(submission, control, "unreadable", submission.trouble)
        session = Session(submission, control, self._limits, self._support)
        try:
            session.load()
            effort = Effort()
            checks, explanations = self._run_checks(self._given(submission, session), effort)
        finally:
            session.close()
        problems = bool(session.troubles or session.mishaps)
        status: Status = "graded with problems" if problems else "graded"
        notes = list(submission.notes)
        if session.too_much:
            notes.append(TOO_MUCH)
        if effort.not_compared:
            notes.append(NOT_COMPARED.format(", ".join(effort.not_compared)))
        if session.garbled:
            status = "attack seen"
            notes.insert(0, GARBLED)
        reason = "; ".join(notes)
        evidence = self._evidence_of(
            submission, control.level, status, reason, session.troubles, checks, explanations
        )
        return msgspec.structs.replace(evidence, out_of_time=session.out_of_time)

    def without_checks(
        self, submission: Submission, control: Control, status: Status, reason: str
    ) -> Evidence:
        """The evidence of a submission that no check could be run on, and why."""
        not_run = Seen("not run", 0.0, f"Not checked: {reason}.")
        checks = [_check_evidence(check, not_run) for check in self.checks]
        return self._evidence_of(submission, control.level, status, reason, (), checks)

    def _given(self, submission: Submission, session: Session) -> Given:
        remembered = RememberedReference(self._reference)
        return Given(submission, session, self._reference, remembered, self._concepts, self._secret)

    def _run_checks(
        self, given: Given, effort: Effort
    ) -> tuple[list[CheckEvidence], list[Explanation]]:
        submitted = self._as_submitted(given)
        wrong = {stub for run in submitted if run.failed for stub in run.asked}
        not_met: dict[Asked, list[Run]] = {_asked(run): [] for run in submitted if run.failed}
        for run in submitted:
            if _asked(run) in not_met:
                not_met[_asked(run)].append(run)

        def again(run: Run, right: Collection[str]) -> Run:
            return run_check(run.check, given, right)

        # One after another: where right ones are answered, there must be nothing else to answer.
        through = {
            asked: follow_through(runs, wrong, again, self._reference.stubs)
            for asked, runs in not_met.items()
        }
        followed = {run.check.name: run.seen for one in through.values() for run in one.runs}
        student = Student(given.session, given.reference)
        checks = [
            _check_evidence(run.check, run.seen, followed.get(run.check.name))
            for run in told_what_changes(submitted, student, self._reference.stubs)
        ]
        lost = [
            Lost(*asked, one.calls, _leaves(not_met[asked]))
            for asked, one in through.items()
            if not one.met
        ]
        explanations = [
            Explanation(one.criterion, _named(misconceptions), one.item)
            for one, misconceptions in explain(lost, self._library, effort)
        ]
        return checks, explanations

    def _as_submitted(self, given: Given) -> list[Run]:
        """Runs all checks, in the order in which they may be sent to a worker."""
        session = given.session
        first = [check for check in self.checks if check.sends_no_hidden_input]
        rest = [check for check in self.checks if not check.sends_no_hidden_input]
        runs = session.together([partial(run_check, check, given) for check in first])
        session.begin_hidden()
        runs += session.together([partial(run_check, check, given) for check in rest])
        by_name = {run.check.name: run for run in runs}
        return [by_name[check.name] for check in self.checks]

    def _evidence_of(
        self,
        submission: Submission,
        isolation: str,
        status: Status,
        reason: str,
        troubles: Iterable[Any],
        checks: Iterable[CheckEvidence],
        explanations: Iterable[Explanation] = (),
    ) -> Evidence:
        return Evidence(
            student=submission.student,
            assignment=self._assignment,
            file=submission.file,
            format=submission.format,
            sha256=submission.sha256,
            status=status,
            isolation=isolation,
            reason=reason,
            cells=tuple(troubles),
            checks=tuple(checks),
            explanations=tuple(explanations),
        )


def _check_evidence(check: Check, seen: Seen, followed: Seen | None = None) -> CheckEvidence:
    return CheckEvidence(
        check=check.name,
        criterion=check.criterion,
        item=check.item,
        visible=check.visible,
        submitted=seen,
        followed_through=followed,
    )


def _asked(run: Run) -> Asked:
    return run.check.criterion, run.check.item


def _leaves(runs: Iterable[Run]) -> tuple[Leaf, ...]:
    """All the items of answers that some checks look at."""
    return tuple(dict.fromkeys(leaf for run in runs for leaf in run.check.leaves))


def _named(misconceptions: Iterable[Misconception]) -> tuple[Named, ...]:
    return tuple(Named(one.name, one.title, one.hint) for one in misconceptions)
