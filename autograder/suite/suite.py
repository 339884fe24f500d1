"""Runs all checks on one submission after another."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from autograder.course.concepts import Question
from autograder.course.folders import seed
from autograder.course.reference import Reference
from autograder.course.rubric import Limits
from autograder.examples.example import Example
from autograder.examples.search import Search
from autograder.misconceptions import Library, Misconception
from autograder.misconceptions.explain import Effort, Lost, explain
from autograder.misconceptions.outcomes import Leaf
from autograder.sandbox.workers import Control
from autograder.session.replies import TOO_MUCH
from autograder.session.session import Session
from autograder.submissions.definitions import definitions
from autograder.submissions.reading import Submission
from autograder.suite.checking import Given, RememberedReference, Run, run_check
from autograder.suite.collecting import Check
from autograder.suite.evidence import CheckEvidence, Evidence, Explanation, Named, Seen, Status
from autograder.suite.examples import NotMet, find_examples
from autograder.suite.follow_through import follow_through

GARBLED = (
    "the code wrote to the grader's socket, which no stub needs to do; nothing was earned by that, "
    "and it should be read by a person"
)
LOST_ONCE = "a call ended its process, but not when it was repeated"
NOT_COMPARED = "the answers to {} were too large, or too many, to be compared with known mistakes"

# The seed of the public inputs, which anyone may know.
PUBLIC = b"public"
SECONDS_FOR_CALL, SECONDS_FOR_EXAMPLES = 2.0, 20.0

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
        # Everyone gets the same public inputs, so the right results are kept.
        self._remembered = RememberedReference(reference)

    def run(self, submission: Submission, control: Control) -> Evidence:
        """What all checks see of one submission."""
        if submission.trouble:
            return self.without_checks(submission, control, "unreadable", submission.trouble)
        session = Session(submission, control, self._limits, self._support)
        try:
            session.load()
            effort = Effort()
            checks, explanations, not_met = self._run_checks(
                self._given(submission, session), effort
            )
        finally:
            session.close()
        examples = self._examples(submission, control, not_met)
        problems = bool(session.troubles or session.mishaps)
        has_problems = problems or bool(submission.another)
        status: Status = "graded with problems" if has_problems else "graded"
        notes = list(submission.notes)
        notes += [message.rstrip(".") for message in session.losses]
        if session.too_much:
            notes.append(TOO_MUCH)
        if problems and not (session.troubles or session.losses or session.too_much):
            notes.append(LOST_ONCE)
        if effort.not_compared:
            notes.append(NOT_COMPARED.format(", ".join(effort.not_compared)))
        if session.garbled:
            status = "attack seen"
            notes.insert(0, GARBLED)
        reason = "; ".join(notes)
        evidence = self._evidence_of(
            submission,
            control.level,
            status,
            reason,
            session.troubles,
            checks,
            explanations,
            examples,
        )
        return msgspec.structs.replace(evidence, out_of_time=session.out_of_time)

    def without_checks(
        self, submission: Submission, control: Control, status: Status, reason: str
    ) -> Evidence:
        """The evidence of a submission that no check could be run on, and why."""
        not_run = Seen("not run", 0.0, f"Not checked: {reason}.")
        checks = [_without_run(check, not_run) for check in self.checks]
        return self._evidence_of(submission, control.level, status, reason, (), checks)

    def _given(self, submission: Submission, session: Session) -> Given:
        hidden = partial(seed, self._secret, submission.student, submission.work)
        remembered = RememberedReference(self._reference)
        return Given(session, self._reference, remembered, self._concepts, hidden)

    def _examples(
        self, submission: Submission, control: Control, not_met: Sequence[NotMet]
    ) -> list[Example]:
        """Examples of what is not met, from workers that never hold a hidden input."""
        ends = time.monotonic() + SECONDS_FOR_EXAMPLES

        def open_session() -> Session:
            limits = _for_examples(self._limits, ends - time.monotonic())
            session = Session(submission, control, limits, self._support)
            session.load()
            return session

        def publicly(run: Run, number: int) -> Run:
            drawn_from = partial(seed, PUBLIC, "", str(number))
            given = Given(
                search.session,
                self._reference,
                self._remembered,
                self._concepts,
                drawn_from,
                public=True,
            )
            return run_check(run.check, given, run.right)

        search = Search(open_session, self._reference, self._library)
        try:
            return find_examples(not_met, search, publicly)
        finally:
            search.close()

    def _run_checks(
        self, given: Given, effort: Effort
    ) -> tuple[list[CheckEvidence], list[Explanation], list[NotMet]]:
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
        followed = {run.check.name: run for one in through.values() for run in one.runs}
        checks = [_check_evidence(run, followed.get(run.check.name)) for run in submitted]
        lost = [
            Lost(*asked, [c for run in one.explained for c in run.calls], _leaves(not_met[asked]))
            for asked, one in through.items()
            if not one.met
        ]
        shown = [
            NotMet(
                one.name,
                one.leaves if one.item is None else ((one.item,),),
                not_met[one.criterion, one.item],
                through[one.criterion, one.item].explained,
            )
            for one in lost
        ]
        for asked in dict.fromkeys(_asked(run) for run in submitted if run.asked and run.short):
            if asked not in not_met:  # met in part: what is missing is shown as well
                runs = [run for run in submitted if _asked(run) == asked]
                name = asked[0] if asked[1] is None else f"{asked[0]}:{asked[1]}"
                shown.append(NotMet(name, _leaves(runs), runs, runs))
        explanations = [
            Explanation(one.criterion, _named(misconceptions), one.item)
            for one, misconceptions in explain(lost, self._library, effort)
        ]
        return checks, explanations, shown

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
        examples: Iterable[Example] = (),
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
            defined={
                stub: f"{cell.name}, line {line}"
                for stub, (cell, line) in definitions(
                    submission.cells, self._reference.defined
                ).items()
            },
            explanations=tuple(explanations),
            examples=tuple(examples),
            another=submission.another,
        )


def _check_evidence(run: Run, followed: Run | None) -> CheckEvidence:
    evidence = _without_run(run.check, run.seen)
    return msgspec.structs.replace(
        evidence,
        stub=next(iter(run.asked)) if len(run.asked) == 1 else "",
        followed_through=followed.seen if followed else None,
        stood_in=tuple(sorted(followed.stood_in)) if followed else (),
    )


def _without_run(check: Check, seen: Seen) -> CheckEvidence:
    return CheckEvidence(check.name, check.criterion, check.visible, seen, item=check.item)


def _for_examples(limits: Limits, seconds: float) -> Limits:
    """The limits of a search with some seconds left; shorter for a call that hangs."""
    return msgspec.structs.replace(
        limits,
        call_seconds=min(limits.call_seconds, SECONDS_FOR_CALL),
        submission_seconds=min(limits.submission_seconds, max(seconds, 0.0)),
    )


def _asked(run: Run) -> Asked:
    return run.check.criterion, run.check.item


def _leaves(runs: Iterable[Run]) -> tuple[Leaf, ...]:
    """All the items of answers that some checks look at."""
    return tuple(dict.fromkeys(leaf for run in runs for leaf in run.check.leaves))


def _named(misconceptions: Iterable[Misconception]) -> tuple[Named, ...]:
    return tuple(Named(one.name, one.title, one.hint) for one in misconceptions)
