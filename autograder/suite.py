"""Collects the checks once, and runs them on one submission after another."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from autograder.checks.agree import Disagreement, Partial, close_calls
from autograder.checks.inputs import drawn_as
from autograder.concepts import Question
from autograder.course import CourseError, seed
from autograder.evidence import CheckEvidence, Evidence, Explanation, Named, Seen, Status
from autograder.misconceptions import Misconception, library
from autograder.misconceptions.explain import Effort, Lost, explain
from autograder.reference import BUILDING_BLOCKS, Reference
from autograder.sandbox import Control, Limits
from autograder.session import TOO_MUCH, Session, StudentError
from autograder.student import Call, Student, built_of
from autograder.submissions.reading import Submission
from autograder.text import printable
from autograder.worker.wire import encode

CHECKS = Path(__file__).parent / "checks"
FIXTURES = frozenset({"student", "reference", "rng", "concepts"})
GARBLED = (
    "the code wrote to the grader's own line, which no stub has to; nothing was earned by that, "
    "and it should be read by a person"
)
NOT_COMPARED = "the answers to {} were too large, or too many, to be compared with known mistakes"
TAKE_LONG = frozenset({"bptt"})
NO_PLUGINS = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
# pytest's own plugins that collecting does not need, and that take time to start.
LEAN = ("cacheprovider", "doctest", "faulthandler", "junitxml", "logging", "stepwise")

Asked = tuple[str, str | None]  # a criterion, and one of its items


@dataclass(frozen=True)
class Check:
    """One check of the suite, with its parameters filled in."""

    name: str
    criterion: str
    item: str | None
    visible: bool
    function: Callable[..., None]
    parameters: Mapping[str, Any]
    drawn_as: str
    fixtures: frozenset[str]

    @property
    def sends_no_hidden_input(self) -> bool:
        """Whether it runs before a worker is sent any hidden input.

        What the code answers to such a check may be shown in the code's own words.
        """
        return self.visible or "concepts" in self.fixtures


class _Collector:
    def __init__(self) -> None:
        self.items: list[pytest.Function] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = [item for item in session.items if isinstance(item, pytest.Function)]


def collect_checks(folder: Path = CHECKS) -> list[Check]:
    """The checks of the suite, in order. Raises CourseError for one that cannot be used."""
    collector = _Collector()
    said = io.StringIO()
    # Folders above are not looked into: they may be unreadable, or hold a conftest.py of their own.
    arguments = [str(folder), "--rootdir", str(folder), "--confcutdir", str(folder)]
    arguments += ["--collect-only", "-q", "-c", "/dev/null"]
    for plugin in LEAN:
        arguments += ["-p", f"no:{plugin}"]
    with (
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        _without_plugins_of_others(),
    ):
        status = pytest.main(arguments, plugins=[collector])
    if status != pytest.ExitCode.OK:
        raise CourseError(f"{folder}: the checks cannot be collected:\n{said.getvalue().strip()}")
    return [_check(item) for item in collector.items]


@contextlib.contextmanager
def _without_plugins_of_others() -> Iterator[None]:
    """Within, pytest loads none of the plugins that are installed beside it, which takes long."""
    before = os.environ.get(NO_PLUGINS)
    os.environ[NO_PLUGINS] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[NO_PLUGINS]
        else:
            os.environ[NO_PLUGINS] = before


def _check(item: pytest.Function) -> Check:
    name = item.nodeid.rpartition("/")[2]
    marks = list(item.iter_markers("criterion"))
    visible = item.get_closest_marker("visible") is not None
    hidden = item.get_closest_marker("hidden") is not None
    if not marks or not marks[0].args:
        raise CourseError(f'check {name}: mark it with its @pytest.mark.criterion("...")')
    if visible == hidden:
        raise CourseError(f"check {name}: mark it as either visible or hidden")
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    wanted = set(inspect.signature(item.function).parameters) - set(parameters)
    if not wanted <= FIXTURES:
        raise CourseError(
            f"check {name} asks for {', '.join(sorted(wanted - FIXTURES))}; a check may ask for "
            f"{', '.join(sorted(FIXTURES))} and its own parameters"
        )
    return Check(
        name=name,
        criterion=str(marks[0].args[0]),
        item=marks[0].kwargs.get("item"),
        visible=visible,
        function=item.function,
        parameters=parameters,
        drawn_as=drawn_as(item),
        fixtures=frozenset(wanted),
    )


class _Remembering:
    """The right functions, those that take long asked once for the same arguments."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._answers: dict[bytes, Any] = {}

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._reference, name)
        if name not in TAKE_LONG:
            return function

        def remembered(*args: Any) -> Any:
            key = encode((name, args))
            if key not in self._answers:
                self._answers[key] = function(*args)
            return self._answers[key]

        return remembered


@dataclass(frozen=True)
class _Given:
    """What the checks of one submission are given."""

    session: Session
    reference: _Remembering
    submission: Submission


class _Run(msgspec.Struct, frozen=True):
    """One check of one submission: the stubs it ``asked``, the right ones that ``stood_in``."""

    check: Check
    seen: Seen
    calls: Sequence[Call]
    asked: Collection[str]
    stood_in: Collection[str]

    @property
    def failed(self) -> bool:
        return self.seen.outcome == "failed"

    @property
    def drawn(self) -> bool:
        """Whether all answers are draws that came, so that what they were drawn with fitted."""
        draws = [
            call.times > 1 and not isinstance(call.answer, StudentError) for call in self.calls
        ]
        return bool(draws) and all(draws)


class _FollowThrough:
    """A criterion's checks with right ones in place of the stubs that others are built of.

    A criterion is met as ``submitted`` or, as a whole, like this; a check in which no right one is
    called counts as submitted. ``runs`` ends with the first that fails.
    """

    def __init__(
        self, submitted: Sequence[_Run], wrong: Collection[str], run: Callable[..., _Run]
    ) -> None:
        self._submitted = submitted
        self._wrong = wrong
        self._run = run
        self._known = {(one.check.name, frozenset[str]()): one for one in submitted}
        # In place of those that are wrong; then of all, since right answers may still not fit, as
        # lists where another stub counts on arrays. Fewer calls back take less time.
        for blocks in (wrong, BUILDING_BLOCKS):
            self.runs = self._until_one_fails(blocks)
            self.met = not self.runs[-1].failed
            if self.met or self.runs[-1].drawn:
                break

    def calls(self) -> list[Call]:
        """The calls to explain: with right ones for the wrong ones, where these are called."""
        matters = any(run.stood_in for run in self._until_one_fails(self._wrong))
        runs = [self._with(self._wrong, run) if matters else run for run in self._submitted]
        return [call for run in runs for call in run.calls]

    def _until_one_fails(self, blocks: Collection[str]) -> list[_Run]:
        runs = []
        for submitted in sorted(self._submitted, key=lambda run: not run.failed):
            runs.append(self._with(blocks, submitted))
            if runs[-1].failed:
                break
        return runs

    def _with(self, blocks: Collection[str], submitted: _Run) -> _Run:
        right = frozenset(
            block for stub in submitted.asked for block in built_of(stub) if block in blocks
        )
        key = (submitted.check.name, right)
        if key not in self._known:
            run = self._run(submitted.check, right=right)
            self._known[key] = run if run.stood_in else submitted
        return self._known[key]


class Suite:
    """The checks, with what they need of a course: its right answers, its secret, its limits."""

    def __init__(
        self,
        checks: Iterable[Check],
        reference: Reference,
        concepts: Mapping[str, Question],
        support: Mapping[str, str],
        secret: bytes,
        limits: Limits,
    ) -> None:
        self.checks = tuple(checks)
        self._reference = reference
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
            given = _Given(session, _Remembering(self._reference), submission)
            effort = Effort()
            checks, explanations = self._run_checks(given, effort)
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
        evidence = _evidence(
            submission, control.level, status, reason, session.troubles, checks, explanations
        )
        return msgspec.structs.replace(evidence, out_of_time=session.out_of_time)

    def without_checks(
        self, submission: Submission, control: Control, status: Status, reason: str
    ) -> Evidence:
        """The evidence of a submission that no check could be run on, and why."""
        not_run = Seen("not run", 0.0, f"Not checked: {reason}.")
        checks = [self._evidence(check, not_run) for check in self.checks]
        return _evidence(submission, control.level, status, reason, (), checks)

    def _run_checks(
        self, given: _Given, effort: Effort
    ) -> tuple[list[CheckEvidence], list[Explanation]]:
        first = [check for check in self.checks if check.sends_no_hidden_input]
        rest = [check for check in self.checks if not check.sends_no_hidden_input]
        runs = given.session.together([partial(self._run_check, check, given) for check in first])
        given.session.begin_hidden()
        runs += given.session.together([partial(self._run_check, check, given) for check in rest])
        by_name = {run.check.name: run for run in runs}
        submitted = [by_name[check.name] for check in self.checks]
        wrong = {stub for run in submitted if run.failed for stub in run.asked}
        not_met: dict[Asked, list[_Run]] = {
            (run.check.criterion, run.check.item): [] for run in submitted if run.failed
        }
        for run in submitted:
            if (run.check.criterion, run.check.item) in not_met:
                not_met[run.check.criterion, run.check.item].append(run)
        # One after another: where right ones are answered, there must be nothing else to answer.
        again = partial(self._run_check, given=given)
        through = {asked: _FollowThrough(runs, wrong, again) for asked, runs in not_met.items()}
        followed = {run.check.name: run.seen for one in through.values() for run in one.runs}
        lost = [Lost(*asked, one.calls()) for asked, one in through.items() if not one.met]
        checks = [
            self._evidence(run.check, run.seen, followed.get(run.check.name)) for run in submitted
        ]
        explanations = [
            Explanation(one.criterion, _named(misconceptions), one.item)
            for one, misconceptions in explain(lost, library().values(), effort)
        ]
        return checks, explanations

    def _run_check(self, check: Check, given: _Given, right: Collection[str] = ()) -> _Run:
        """Runs a check, with ``right`` ones in place of those stubs where others call them."""
        student = Student(given.session, self._reference, right)
        with close_calls() as close:
            seen = self._see(check, given, student, right)
        # What a visible check expects is written out by hand, to some digits.
        if close and not check.visible:
            seen = msgspec.structs.replace(seen, close=True)
        return _Run(check, seen, student.calls, student.asked, student.stood_in)

    def _see(self, check: Check, given: _Given, student: Student, right: Collection[str]) -> Seen:
        # With right ones in place, inputs are others: answers to those that the code has seen could
        # be had from right ones.
        drawn_as = " ".join([check.drawn_as, *sorted(right)])
        have = {
            "student": student,
            "reference": given.reference,
            "concepts": self._concepts,
        }
        if "rng" in check.fixtures:
            submission = given.submission
            drawn_from = seed(self._secret, submission.student, submission.work, drawn_as)
            have["rng"] = np.random.default_rng(drawn_from)
        shown = check.visible and not given.session.hidden_sent
        try:
            check.function(**{key: have[key] for key in check.fixtures}, **check.parameters)
        except StudentError as error:
            return _seen("failed", 0.0, shown, error.message, error.detail)
        except Disagreement as error:
            return _seen("failed", 0.0, shown, error.message, error.detail)
        except Partial as partial:
            return _seen("partial", partial.share, shown, partial.message, "")
        except AssertionError as error:
            message = "What was returned is not what is expected."
            # pytest shows below the first line where each value in it comes from.
            detail = str(error).partition("\n")[0][:300]
            return _seen("failed", 0.0, shown, message, detail)
        except CourseError as error:
            raise CourseError(f"check {check.name}: {error}") from None
        except Exception as error:
            # A student's code runs elsewhere: a name that is missing here is the check's mistake.
            if type(error) is NameError or isinstance(error, ImportError):
                told = f"check {check.name}: {type(error).__name__}: {error}; correct the check"
                raise CourseError(told) from None
            # A check that stumbles over an odd answer costs that check and says so.
            message = f"What was returned could not be checked ({type(error).__name__})."
            return _seen("failed", 0.0, shown, message, str(error)[:300])
        return Seen("passed", 1.0)

    @staticmethod
    def _evidence(check: Check, seen: Seen, followed: Seen | None = None) -> CheckEvidence:
        return CheckEvidence(
            check=check.name,
            criterion=check.criterion,
            item=check.item,
            visible=check.visible,
            submitted=seen,
            followed_through=followed,
        )


def _named(misconceptions: Iterable[Misconception]) -> tuple[Named, ...]:
    return tuple(Named(one.name, one.title, one.hint) for one in misconceptions)


def _seen(outcome: Any, share: float, shown: bool, message: str, detail: str) -> Seen:
    # Some quote what was answered, which may be long, and hold what acts in a terminal.
    message, detail = (printable(text) for text in (message, detail))
    if shown and detail:
        return Seen(outcome, share, f"{message} {detail}")
    return Seen(outcome, share, message, detail)


def _evidence(
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
