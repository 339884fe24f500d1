"""Searches for the smallest call that shows a mistake.

The search starts from the calls of a check with public inputs, and runs in a worker that never held
a hidden input. It is bounded by calls and numbers, not by time, so that the same submission always
gets the same example.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import msgspec

from autograder.course.reference import Reference
from autograder.examples.arguments import numbers, numbers_alike, seeds
from autograder.examples.code import of_two_generators, pasted, shown
from autograder.examples.example import Example
from autograder.examples.judging import Judge, Unfit, Wrong
from autograder.examples.shrinking import shrink
from autograder.misconceptions.library import Library
from autograder.misconceptions.outcomes import Leaf, tokens
from autograder.session.replies import NOT_THERE, StudentError, not_looked_at, size_of
from autograder.session.session import Session
from autograder.session.student import Call, Student
from autograder.worker.by_hand import REFUSAL

# Calls for one example, and for a submission. So many numbers, or draws, count as one more call.
MAX_CALLS, MAX_ALL_CALLS = 160, 800
NUMBERS_A_CALL, DRAWS_A_CALL = 2_000, 100
# How many draws show which tokens come too often or too rarely.
ENOUGH = 200
# Calls of a stub that hangs or ends its process.
MAX_LOST = 2
# Calls of a stub that keeps something between calls: each gets a fresh worker.
MAX_AFRESH = 6
# Characters of the code and of a shown result; bytes of a result.
MAX_CODE, MAX_TEXT, MAX_ANSWER_BYTES = 8_000, 1_000, 1 << 20
# How often a call is repeated to see whether it always returns the same, by the kind of its stub.
TIMES = {"returns": 2, "writes": 8}
OTHERS = 4
AFTER_OTHERS = "`{}` answers differently after other calls: it keeps something of them."
# Kinds of failure that cost the worker, and seconds.
LOSES = ("out of time", "crashed")


@dataclass(frozen=True)
class Aim:
    """What an example has to show: why a criterion, or an item of it, is not met.

    ``leaves`` are the items of a result that its checks compare. Correct functions replace the
    stubs in ``right``.
    """

    name: str
    leaves: Sequence[Leaf]
    right: Collection[str] = ()


@dataclass(frozen=True)
class Found:
    """An example, and the call that it shows."""

    example: Example
    call: Call

    def showing(self, name: str) -> Found:
        """The same, of one more criterion."""
        shows = (*self.example.shows, name)
        return Found(msgspec.structs.replace(self.example, shows=shows), self.call)


class _Enough(Exception):
    """The search has used all its calls."""


class Search:
    """Finds examples in the answers of one submission.

    ``open_session`` begins a session of the submission that never holds a hidden input.
    """

    def __init__(
        self, open_session: Callable[[], Session], reference: Reference, library: Library
    ) -> None:
        self._open_session = open_session
        self._opened: Session | None = None
        self._reference = reference
        self._judge = Judge(reference, library)
        self._left = MAX_ALL_CALLS
        # Stubs that keep something between calls.
        self._keeping: set[str] = set()

    @property
    def session(self) -> Session:
        """The session in which calls are asked."""
        if self._opened is None:
            self._opened = self._open_session()
        return self._opened

    def close(self) -> None:
        """Ends the session, where there is one; the next call begins another."""
        if self._opened is not None:
            self._opened.close()
        self._opened = None

    # -- examples -------------------------------------------------------------------------------

    def smallest(self, calls: Sequence[Call], aim: Aim) -> Found | None:
        """The smallest example found, starting from the calls of a check with public inputs.

        None if all of these calls return the right result.
        """
        wrong = self._wrong_among(calls, aim)
        alone = [one for one in wrong if self._fails_alone(*one, aim)]
        if not alone:
            twice = [msgspec.structs.replace(call, times=2) for call in calls if call.parameters]
            alone = self._wrong_among(self.together(twice, aim), aim)
        if not alone:
            return self._kept(wrong[0][0], aim) if wrong else None
        call, why = min(alone, key=lambda one: numbers(one[0]))
        if self._depends_on_others(call, calls, aim):
            return self._kept(call, aim)
        call, why = self._again(call, aim) or (call, why)
        if why.kind == "again" and not self._fails_afresh(call, aim, "again"):
            return self.in_words(why.message, call, aim)
        if why.kind == "draws" and call.times > 1:
            call = msgspec.structs.replace(call, times=max(call.times, ENOUGH))
        asking = _Asking(self, aim, why.kind)
        return self._found(asking.smallest(call), aim, asking.made)

    def as_it_is(self, call: Call, aim: Aim) -> Found | None:
        """A call as an example, unchanged; None if its result is right."""
        why = self.wrong(call, aim)
        if why is None:
            return None
        call, why = self._again(call, aim) or (call, why)
        if why.kind == "again" and not self._fails_afresh(call, aim, "again"):
            return self.in_words(why.message, call, aim)
        return self._example(call, why, aim, 0)

    def of_generators(self, calls: Sequence[Call], aim: Aim) -> Found | None:
        """Two calls with equal generators and different draws, or the other way round."""
        drawn = [call for call in calls if call.times > 1 and isinstance(call.answer, list)]
        for one, other in combinations(drawn, 2):
            same_seed = seeds(one) == seeds(other)
            same_draws = tokens(one.answer) == tokens(other.answer)
            if one.kwargs == other.kwargs and numbers_alike(one, other) and same_seed != same_draws:
                code = of_two_generators(one, other, self._reference.parameters_of(one.stub))
                what = "give different draws" if same_seed else "give the same draws"
                kind = "the same seed" if same_seed else "different seeds"
                message = f"`{one.stub}`: two generators with {kind} {what}."
                example = Example(one.stub, (aim.name,), tuple(code), message, numbers=numbers(one))
                return Found(example, one)
        return None

    @staticmethod
    def in_words(message: str, call: Call, aim: Aim) -> Found:
        """An example in words, for a mistake that no call shows where it is pasted."""
        return Found(Example(call.stub, (aim.name,), (), message), call)

    def _kept(self, call: Call, aim: Aim) -> Found:
        return self.in_words(AFTER_OTHERS.format(call.stub), call, aim)

    def _found(self, call: Call, aim: Aim, made: int) -> Found | None:
        """The example with the result that a student gets: with all stubs as submitted."""
        submitted = Aim(aim.name, aim.leaves)
        asked = self.ask(call, submitted) if aim.right else call
        why = self.wrong(asked, submitted)
        if why is None:
            asked, why = call, self.wrong(call, aim)
        return self._example(asked, why, aim, made) if why is not None else None

    def _example(self, call: Call, why: Wrong, aim: Aim, made: int) -> Found | None:
        if REFUSAL in why.message:  # which it does not where students paste
            return self.in_words(why.message, call, aim)
        keeps = why.kind != "again" and call.stub in self._keeping
        if keeps and not self._fails_afresh(call, aim, why.kind):
            return self._kept(call, aim)
        code = pasted(call, why, self._reference.parameters_of(call.stub))
        if sum(map(len, code)) > MAX_CODE:
            return None
        known = why.expected is not None
        example = Example(
            stub=call.stub,
            shows=(aim.name,),
            code=tuple(code),
            message=why.message,
            expected=shown(why.expected)[:MAX_TEXT] if known else "",
            returned=shown(why.returned)[:MAX_TEXT] if known else "",
            numbers=numbers(call),
            calls=made,
            raised_at=why.raised_at,
        )
        return Found(example, call)

    # -- state between calls --------------------------------------------------------------------

    def _again(self, call: Call, aim: Aim) -> tuple[Call, Wrong] | None:
        """The call repeated, if it does not always return the same."""
        kind = self._reference.stubs[call.stub].kind
        if kind not in TIMES or call.about is not None or isinstance(call.answer, StudentError):
            return None
        (again,) = self.together([msgspec.structs.replace(call, times=TIMES[kind])], aim)
        why = self.wrong(again, aim)
        return (again, why) if why is not None else None

    def _fails_alone(self, call: Call, why: Wrong, aim: Aim) -> bool:
        """Whether a wrong call is wrong again, without those that the check made around it."""
        kind = self._reference.stubs[call.stub].kind
        if kind in ("draws", "writes") or why.kind in LOSES:
            return True
        return self.fails(self.ask(call, aim), aim, why.kind)

    def _fails_afresh(self, call: Call, aim: Aim, kind: str) -> bool:
        """Whether the call also fails in a fresh worker, where its stub keeps something."""
        self._keeping.add(call.stub)
        self.close()
        return self.fails(self.ask(call, aim), aim, kind)

    def _depends_on_others(self, call: Call, asked: Sequence[Call], aim: Aim) -> bool:
        """Whether the result of a stub that writes depends on the calls before it."""
        if self._reference.stubs[call.stub].kind != "writes":
            return False
        answers = []
        for other in asked[:OTHERS]:
            self.ask(other, aim)
            answers.append(tokens(self.ask(call, aim).answer))
        by_itself = [tokens(self.ask(call, aim).answer) for _ in range(2)]
        return any(one != by_itself[0] for one in answers) and by_itself[0] == by_itself[1]

    # -- asking and judging ---------------------------------------------------------------------

    def wrong(self, call: Call, aim: Aim) -> Wrong | None:
        """What is wrong with a result; None if it is right or cannot be judged."""
        if is_not_there(call):  # which no call needs to show
            return None
        try:
            return self._judge.wrong(call, aim.leaves)
        except Unfit:
            return None

    def _wrong_among(self, calls: Iterable[Call], aim: Aim) -> list[tuple[Call, Wrong]]:
        return [(call, why) for call in calls if (why := self.wrong(call, aim))]

    def fails(self, call: Call, aim: Aim, kind: str) -> bool:
        """Whether the result is wrong, and wrong in this way."""
        why = self.wrong(call, aim)
        return why is not None and why.kind == kind

    def together(self, calls: Sequence[Call], aim: Aim) -> list[Call]:
        """The calls with their answers."""
        return self.session.together([partial(self.ask, call, aim) for call in calls])

    def ask(self, call: Call, aim: Aim) -> Call:
        """The call with the submission's result."""
        student = Student(self.session, self._reference, aim.right)
        with suppress(StudentError):
            if self._reference.stubs[call.stub].kind == "writes" and call.about is None:
                # One after another, so that each is given a new generator.
                answers = [_make(student, call, times=1) for _ in range(call.times)]
                answer = answers if call.times > 1 else answers[0]
                return msgspec.structs.replace(call, answer=answer)
            _make(student, call, call.times)
        made = [*student.calls, *student.other_calls]
        if not made:
            return call
        answered = msgspec.structs.replace(made[-1], times=call.times)
        if size_of(answered.answer) > MAX_ANSWER_BYTES:
            return msgspec.structs.replace(answered, answer=not_looked_at())
        return answered

    def spend(self, calls: int) -> None:
        """Counts calls. Raises _Enough if too many were made."""
        self._left -= calls
        if self._left < 0:
            raise _Enough


def _make(student: Student, call: Call, times: int) -> Any:
    """Makes a call once or several times. Raises StudentError."""
    if call.parameters is not None:
        model = getattr(student, call.stub)(*call.sizes)
        model.load(dict(call.parameters))
        return [model(*call.args, **call.kwargs) for _ in range(times)][-1]
    if call.about in ("kinds", "parameters", "shapes"):
        return getattr(getattr(student, call.stub)(*call.args), call.about)()
    if call.about == "arguments":
        return getattr(student.arguments_after, call.stub)(*call.args, **call.kwargs)
    return getattr(student.many(times), call.stub)(*call.args, **call.kwargs)


def is_not_there(call: Call) -> bool:
    """Whether its stub is undefined, unfinished, or no longer called."""
    return isinstance(call.answer, StudentError) and call.answer.kind in NOT_THERE


class _Asking:
    """One search: which of some calls fail, and how many were ``made``."""

    def __init__(self, search: Search, aim: Aim, kind: str) -> None:
        self._search = search
        self._aim = aim
        self._kind = kind
        self._lost = kind in LOSES
        self._most = MAX_LOST if self._lost else MAX_AFRESH if kind == "again" else MAX_CALLS
        self.made = 0

    def smallest(self, call: Call) -> Call:
        """The smallest call found that fails in the same way."""
        best = call

        def first_failing(calls: Sequence[Call]) -> Call | None:
            nonlocal best
            found = self._first_failing(calls)
            if found is not None:
                best = found
            return found

        with suppress(_Enough):
            shrink(call, first_failing)
        return best

    def _first_failing(self, calls: Sequence[Call]) -> Call | None:
        # A call that hangs costs seconds, so each waits for the one before. A stub that keeps
        # something between calls needs a fresh worker for each call.
        one_by_one = self._lost or self._kind == "again"
        for batch in [[call] for call in calls] if one_by_one else [calls]:
            cost = sum(map(_cost, batch))
            if self.made + cost > self._most:
                raise _Enough
            self.made += cost
            self._search.spend(cost)
            if self._kind == "again":
                self._search.close()
            for asked in self._search.together(batch, self._aim):
                if self._search.fails(asked, self._aim, self._kind):
                    return asked
        return None


def _cost(call: Call) -> int:
    return 1 + numbers(call) // NUMBERS_A_CALL + call.times // DRAWS_A_CALL
