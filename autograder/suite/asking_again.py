"""Asks wrong stubs once more: one that keeps something between calls answers differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from autograder.checks.agree import DIFFERENTLY
from autograder.course.stubs import Stubs
from autograder.misconceptions.outcomes import same
from autograder.session.replies import StudentError
from autograder.session.student import Call, Student
from autograder.suite.checking import Run

# How often one stub is asked.
TIMES = 2


def told_what_changes(runs: Sequence[Run], student: Student, stubs: Stubs) -> list[Run]:
    """The same runs; where one failed over a stub that answers differently, it says so.

    Of a stub that just returns, the last call of a failed check is asked once more. It is a feature
    that any code can show: no more than one bit of a stub is told.
    """
    asked: Counter[str] = Counter()
    changing: set[str] = set()
    for run in runs:
        call = run.calls[-1] if run.failed and run.calls else None
        if call is None or stubs[call.stub].kind != "returns":
            continue
        if call.stub in changing or asked[call.stub] >= TIMES:
            continue
        asked[call.stub] += 1
        if _changes(call, student):
            changing.add(call.stub)
    return [_told(run) if run.failed and changing & set(run.asked) else run for run in runs]


def _changes(call: Call, student: Student) -> bool:
    if isinstance(call.answer, StudentError) or student.session.out_of_time:
        return False
    try:
        again = student.again(call)
    except StudentError as error:
        return error.kind == "raised"
    # What cannot be compared as numbers has a text.
    return not same(call.answer, again) and repr(call.answer) != repr(again)


def _told(run: Run) -> Run:
    seen = msgspec.structs.replace(run.seen, message=f"{run.seen.message} {DIFFERENTLY}")
    return msgspec.structs.replace(run, seen=seen)
