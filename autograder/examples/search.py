"""Searches for the smallest call that shows a mistake.

It begins with the calls of a check whose inputs are public, and asks a worker that never held a
hidden input. It is bounded in calls, and in the numbers that these hold, so that the same
submission gets the same example.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import msgspec

from autograder.course.reference import Reference
from autograder.examples.arguments import numbers, numbers_alike, seeds
from autograder.examples.code import of_two_generators, pasted, shown
from autograder.examples.example import Example
from autograder.examples.judging import Judge, Unfit, Wrong
from autograder.examples.shrinking import shrink
from autograder.misconceptions.library import Library
from autograder.misconceptions.outcomes import Leaf, tokens
from autograder.session.replies import StudentError
from autograder.session.session import Session
from autograder.session.student import Call, Student

# Of one example, and of a submission; so many numbers, and so many draws, count as one more.
MAX_CALLS, MAX_ALL_CALLS = 300, 800
NUMBERS, DRAWS = 2_000, 100
# How often is drawn to see which draws are too many or too few.
OFTEN = 200
# Of a stub that hangs or ends its process.
MAX_LOST = 2
# Of a stub that keeps something between calls: each is made in a worker of its own.
MAX_AFRESH = 6
MAX_CODE, MAX_TEXT = 8_000, 1_000
# How often a call is made to see whether it is answered alike each time, by the kind of its stub.
TIMES = {"returns": 2, "writes": 8}
OTHERS = 4
AFTER_OTHERS = "`{}` answers differently after other calls: it keeps something of them."
NOT_THERE = ("missing", "unfinished")


class _Enough(Exception):
    """More calls are not made."""


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

    def smallest(
        self, calls: Iterable[Call], leaves: Sequence[Leaf], name: str, right: Collection[str]
    ) -> Found | None:
        """The smallest example that some calls lead to; None where all are answered rightly.

        Args:
            calls: of a check with public inputs.
            leaves: the items of the answers that the check looks at.
            name: of the criterion, or item of it, that the check is of.
            right: the stubs that correct ones stand in for.
        """
        asked = list(calls)
        wrong = self._wrong_among(asked, leaves)
        if not wrong:
            again = [msgspec.structs.replace(call, times=2) for call in asked if call.parameters]
            wrong = self._wrong_among(self.together(again, right), leaves)
        if not wrong:
            return None
        call, why = min(wrong, key=lambda one: numbers(one[0]))
        if self._depends_on_others(call, asked, right):
            return self.in_words(AFTER_OTHERS.format(call.stub), call.stub, name)
        call, why = self._again(call, leaves, right) or (call, why)
        if why.kind == "again" and not self.fails_afresh(call, leaves, right):
            return self.in_words(why.message, call.stub, name)
        if why.kind == "draws" and call.times > 1:
            call = msgspec.structs.replace(call, times=max(call.times, OFTEN))
        asking = _Asking(self, leaves, why.kind, right)
        call = asking.smallest(call)
        return self._found(call, leaves, name, right, asking.made)

    def as_it_is(self, call: Call, leaves: Sequence[Leaf], name: str) -> Found | None:
        """A call that was made, as an example, where it is answered wrongly."""
        why = self._wrong(call, leaves)
        if why is None:
            return None
        call, why = self._again(call, leaves, ()) or (call, why)
        if why.kind == "again" and not self.fails_afresh(call, leaves, ()):
            return self.in_words(why.message, call.stub, name)
        return _example(call, why, name, self._parameters(call), 0)

    def _depends_on_others(self, call: Call, asked: Sequence[Call], right: Collection[str]) -> bool:
        """Whether a stub that writes answers otherwise after other calls than by itself."""
        if self._reference.stubs[call.stub].kind != "writes":
            return False
        answers = []
        for other in asked[:OTHERS]:
            self.ask(other, right)
            answers.append(tokens(self.ask(call, right).answer))
        by_itself = [tokens(self.ask(call, right).answer) for _ in range(2)]
        return any(one != by_itself[0] for one in answers) and by_itself[0] == by_itself[1]

    def _again(
        self, call: Call, leaves: Sequence[Leaf], right: Collection[str]
    ) -> tuple[Call, Wrong] | None:
        """The same call made several times, where it is not answered alike each time."""
        kind = self._reference.stubs[call.stub].kind
        if kind not in TIMES or call.about is not None or isinstance(call.answer, StudentError):
            return None
        (again,) = self.together([msgspec.structs.replace(call, times=TIMES[kind])], right)
        why = self._wrong(again, leaves)
        return (again, why) if why is not None else None

    def of_generators(self, calls: Sequence[Call], name: str) -> Found | None:
        """Two calls that draw with generators, alike or not, and draw as they should not."""
        drawn = [call for call in calls if call.times > 1 and isinstance(call.answer, list)]
        for one, other in combinations(drawn, 2):
            same_seed = seeds(one) == seeds(other)
            same_draws = tokens(one.answer) == tokens(other.answer)
            if one.kwargs == other.kwargs and numbers_alike(one, other) and same_seed != same_draws:
                code = of_two_generators(one, other, self._parameters(one))
                what = "give different draws" if same_seed else "give the same draws"
                kind = "the same seed" if same_seed else "different seeds"
                message = f"`{one.stub}`: two generators with {kind} {what}."
                example = Example(one.stub, (name,), tuple(code), message, numbers=numbers(one))
                return Found(example, one)
        return None

    def in_words(self, message: str, stub: str, name: str) -> Found:
        """What a check said of public inputs, where no single call shows it."""
        call = Call(stub, (), {}, 1, None)
        return Found(Example(stub, (name,), (), message), call)

    def shows_too(self, found: Found, leaves: Sequence[Leaf]) -> bool:
        """Whether an example shows why another criterion is not met, that looks at other items."""
        return self._wrong(found.call, leaves) is not None

    def _wrong_among(
        self, calls: Iterable[Call], leaves: Sequence[Leaf]
    ) -> list[tuple[Call, Wrong]]:
        return [(call, why) for call in calls if (why := self._wrong(call, leaves))]

    def _found(
        self, call: Call, leaves: Sequence[Leaf], name: str, right: Collection[str], made: int
    ) -> Found | None:
        """The example as it is for whoever pastes it: with the stubs as they were submitted."""
        why = self._wrong(call, leaves)
        submitted = self.ask(call, ()) if right else call
        as_submitted = self._wrong(submitted, leaves)
        if as_submitted is not None:
            call, why = submitted, as_submitted
        if why is None:
            return None
        return _example(call, why, name, self._parameters(call), made)

    def _wrong(self, call: Call, leaves: Sequence[Leaf]) -> Wrong | None:
        try:
            why = self._judge.wrong(call, leaves)
        except Unfit:
            return None
        # Of what is not there yet, every call is an example.
        return None if is_not_there(call) else why

    def _parameters(self, call: Call) -> Sequence[str]:
        return self._reference.parameters_of(call.stub)

    def ask(self, call: Call, right: Collection[str]) -> Call:
        """The call with the answer that the submission gives."""
        student = Student(self.session, self._reference, right)
        with suppress(StudentError):
            if call.parameters is not None:
                model = getattr(student, call.stub)(*call.sizes)
                model.load(dict(call.parameters))
                for _ in range(call.times):
                    model(*call.args, **call.kwargs)
            elif call.about in ("kinds", "parameters"):
                getattr(getattr(student, call.stub)(*call.args), call.about)()
            elif call.about == "arguments":
                getattr(student.arguments_after, call.stub)(*call.args, **call.kwargs)
            elif self._reference.stubs[call.stub].kind == "writes":
                # One after another, so that each is given a generator of its own.
                answers = [
                    getattr(student, call.stub)(*call.args, **call.kwargs)
                    for _ in range(call.times)
                ]
                answer = answers if call.times > 1 else answers[0]
                return msgspec.structs.replace(call, answer=answer)
            else:
                getattr(student.many(call.times), call.stub)(*call.args, **call.kwargs)
        made = [*student.calls, *student.other_calls]
        return msgspec.structs.replace(made[-1], times=call.times) if made else call

    def spend(self, calls: int) -> None:
        """Raises _Enough where no more calls are made."""
        self._left -= calls
        if self._left < 0:
            raise _Enough

    def together(self, calls: Sequence[Call], right: Collection[str]) -> list[Call]:
        """The calls with their answers."""
        return self.session.together([partial(self.ask, call, right) for call in calls])

    def fails_afresh(self, call: Call, leaves: Sequence[Leaf], right: Collection[str]) -> bool:
        """Whether a worker that was asked nothing before answers differently again, too."""
        self.close()
        return self.fails(self.ask(call, right), leaves, "again")

    def fails(self, call: Call, leaves: Sequence[Leaf], kind: str) -> bool:
        """Whether the answer is wrong in the same way."""
        why = self._wrong(call, leaves)
        return why is not None and why.kind == kind


def is_not_there(call: Call) -> bool:
    """Whether its stub is not defined, or still to be written."""
    return isinstance(call.answer, StudentError) and call.answer.kind in NOT_THERE


def _cost(call: Call) -> int:
    return 1 + numbers(call) // NUMBERS + call.times // DRAWS


@dataclass(frozen=True)
class Found:
    """An example, and the call that it shows."""

    example: Example
    call: Call

    def showing(self, name: str) -> Found:
        """The same, of one more criterion."""
        shows = (*self.example.shows, name)
        return Found(msgspec.structs.replace(self.example, shows=shows), self.call)


class _Asking:
    """One search: which candidates fail, and how many calls were made."""

    def __init__(
        self, search: Search, leaves: Sequence[Leaf], kind: str, right: Collection[str]
    ) -> None:
        self._search = search
        self._leaves = leaves
        self._kind = kind
        self._right = right
        self._lost = kind in ("out of time", "crashed")
        self._most = MAX_LOST if self._lost else MAX_AFRESH if kind == "again" else MAX_CALLS
        self.made = 0

    def smallest(self, call: Call) -> Call:
        """The smallest call found that is answered wrongly in the same way."""
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
        # Each call that hangs takes its time, so the next one waits for what it comes to; and where
        # something is kept between calls, each needs a worker that was asked nothing before.
        one_by_one = self._lost or self._kind == "again"
        for batch in [[call] for call in calls] if one_by_one else [calls]:
            cost = sum(map(_cost, batch))
            if self.made + cost > self._most:
                raise _Enough
            self.made += cost
            self._search.spend(cost)
            if self._kind == "again":
                self._search.close()
            for asked in self._search.together(batch, self._right):
                if self._search.fails(asked, self._leaves, self._kind):
                    return asked
        return None


def _example(
    call: Call,
    why: Wrong,
    name: str,
    parameters: Sequence[str],
    calls: int,
) -> Found | None:
    code = pasted(call, why, parameters)
    if sum(map(len, code)) > MAX_CODE:
        return None
    told = why.expected is not None
    return Found(
        Example(
            stub=call.stub,
            shows=(name,),
            code=tuple(code),
            message=why.message,
            expected=shown(why.expected)[:MAX_TEXT] if told else "",
            returned=shown(why.returned)[:MAX_TEXT] if told else "",
            numbers=numbers(call),
            calls=calls,
        ),
        call,
    )
