"""Runs one check on one submission."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from autograder.checks.agree import Disagreement, Partial, close_calls
from autograder.course.concepts import Question
from autograder.course.folders import CourseError
from autograder.course.reference import Reference
from autograder.session.replies import StudentError
from autograder.session.session import Session
from autograder.session.student import Call, Student
from autograder.submissions.text import printable
from autograder.suite.collecting import Check
from autograder.suite.evidence import Outcome, Seen
from autograder.worker.wire import encode

MAX_DETAIL = 300


class RememberedReference:
    """The right functions; the answers of those that take long are kept."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._answers: dict[bytes, Any] = {}

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._reference, name)
        if not self._reference.stubs[name].slow:
            return function

        def remembered(*args: Any) -> Any:
            key = encode((name, args))
            if key not in self._answers:
                self._answers[key] = function(*args)
            return self._answers[key]

        return remembered


@dataclass(frozen=True)
class Given:
    """What the checks of one submission are given.

    ``drawn_from`` returns the seed of a check's inputs from their name. If the inputs are
    ``public``, messages about them may be shown in full.
    """

    session: Session
    reference: Reference
    remembered: RememberedReference
    concepts: Mapping[str, Question]
    drawn_from: Callable[[str], int]
    public: bool = False


class Run(msgspec.Struct, frozen=True):
    """One check of one submission: the stubs it ``asked``, the right ones that ``stood_in``.

    ``right`` are all that were available. ``other_calls`` have no result to explain. ``given_up``:
    a stub was no longer called, after it had lost the worker several times.
    """

    check: Check
    seen: Seen
    calls: Sequence[Call]
    other_calls: Sequence[Call]
    asked: Collection[str]
    right: Collection[str]
    stood_in: Collection[str]
    given_up: bool

    @property
    def failed(self) -> bool:
        return self.seen.outcome == "failed"

    @property
    def short(self) -> bool:
        """Whether it did not earn all."""
        return self.seen.share < 1

    @property
    def drawn(self) -> bool:
        """Whether all answers are draws that came, so that what they were drawn with fitted."""
        draws = [
            call.times > 1 and not isinstance(call.answer, StudentError) for call in self.calls
        ]
        return bool(draws) and all(draws)


def run_check(check: Check, given: Given, right: Collection[str] = ()) -> Run:
    """Runs a check, with ``right`` ones in place of those stubs where others call them.

    Raises CourseError for a check that would fail over every submission.
    """
    student = Student(given.session, given.reference, right)
    with close_calls() as close:
        seen = _see(check, given, student, right)
    # What a visible check expects is written out by hand, to some digits.
    if close and not check.visible:
        seen = msgspec.structs.replace(seen, close=True)
    calls, others = student.calls, student.other_calls
    return Run(check, seen, calls, others, student.asked, right, student.stood_in, student.given_up)


def _see(check: Check, given: Given, student: Student, right: Collection[str]) -> Seen:
    have = {"student": student, "reference": given.remembered, "concepts": given.concepts}
    if "rng" in check.fixtures:
        # With correct functions in place, other inputs are drawn: code that has seen the first ones
        # could get their answers from the correct functions.
        drawn_as = " ".join([check.drawn_as, *sorted(right)])
        have["rng"] = np.random.default_rng(given.drawn_from(drawn_as))
    shown = (check.visible or given.public) and not given.session.hidden_sent
    try:
        check.function(**{key: have[key] for key in check.fixtures}, **check.parameters)
    except StudentError as error:
        student.given_up = error.kind == "given up"
        return _seen("failed", 0.0, shown, error.message, error.detail)
    except Disagreement as error:
        return _seen("failed", 0.0, shown, error.message, error.detail)
    except Partial as partial:
        return _seen("partial", partial.share, shown, partial.message, "")
    except AssertionError as error:
        message = "What was returned is not what is expected."
        # pytest shows below the first line where each value in it comes from.
        detail = str(error).partition("\n")[0][:MAX_DETAIL]
        return _seen("failed", 0.0, shown, message, detail)
    except CourseError as error:
        raise CourseError(f"check {check.name}: {error}") from None
    except Exception as error:
        # A student's code runs elsewhere: a name that is missing here is the check's mistake.
        if type(error) is NameError or isinstance(error, ImportError):
            message = f"check {check.name}: {type(error).__name__}: {error}; correct the check"
            raise CourseError(message) from None
        # A check that stumbles over an odd answer costs that check and says so.
        message = f"What was returned could not be checked ({type(error).__name__})."
        return _seen("failed", 0.0, shown, message, str(error)[:MAX_DETAIL])
    return Seen("passed", 1.0)


def _seen(outcome: Outcome, share: float, shown: bool, message: str, detail: str) -> Seen:
    # Some quote what was answered, which may be long, and hold what acts in a terminal.
    message, detail = (printable(text) for text in (message, detail))
    if shown and detail:
        return Seen(outcome, share, f"{message} {detail}")
    return Seen(outcome, share, message, detail)
