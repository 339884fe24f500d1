"""One submission's code in a worker, asked by several checks at a time.

A check waits for each answer; meanwhile the others go on, up to what they ask next. So a worker
finds its next requests waiting, and answers them one after another: a change from one process to
the other between any two would take longer than most calls.

A crash or a timeout costs the call that met it. The next call finds a fresh worker.

What the code says of itself (the text of an exception, an answer to a concept question) is shown to
the student. So all of that is asked for first, and only then is a worker sent a hidden input.
"""

from __future__ import annotations

import builtins
import re
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np
from greenlet import getcurrent, greenlet

from autograder.course import CourseError
from autograder.evidence import CellTrouble
from autograder.sandbox import (
    MAX_COST,
    Callback,
    Control,
    Garbled,
    Limits,
    OutOfTime,
    Reply,
    TooMuch,
    Worker,
    WorkerLost,
)
from autograder.submissions.reading import Cell, Submission
from autograder.text import printable
from autograder.worker.wire import Allowance, Unreadable

# A stub that ran out of time is not waited for as long again, and after some tries not at all; nor
# is a cell run again that was stopped so often.
SECOND_CALL_SECONDS = 2.0
MAX_LOST = 3
# How many tasks are begun before others are done; and, from an answer on that takes this long, or
# with which all of them are this large, in bytes, no more than one, as after the loss of a worker.
# Those of an honest submission come to 3 MB at the most.
TOGETHER = 16
SLOW_SECONDS = 1.0
LARGE = 12 << 20
# The room for answers that are kept to be asked for again and to be explained, in bytes.
MAX_KEPT = 16 << 20
# About the bytes that any value takes, and each of a list's or dict's.
VALUE_BYTES = 100
# How many cells that did not run to their end are listed; and how far a name is looked for in them.
MAX_TROUBLES = 50
MAX_MENTIONS, LINE = 1_000, 200
BEFORE_NAME = re.compile(r"\n[ \t]*(?:(?:def|class)[ \t]+)?\Z")
TOO_MUCH = (
    "the answers were too large or too many to be looked at all: what came after them counts as "
    "not answered"
)
# What a cell gets where nothing is left, since most only define something.
LEAST_SECONDS = 0.1
EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)

Kind = Literal[
    "missing", "unfinished", "raised", "out of time", "crashed", "unreadable", "too large"
]
T = TypeVar("T")


class StudentError(Exception):
    """A stub did not answer.

    ``message`` may always be shown: the code chose no word of it, by which it could tell what a
    hidden check has asked. ``detail`` is for staff, and for checks that are not hidden.
    """

    def __init__(self, kind: Kind, message: str, detail: str = "") -> None:
        super().__init__(f"{message} {detail}".strip())
        self.kind = kind
        self.message = message
        self.detail = detail

    def afresh(self) -> StudentError:
        """The same, to be kept or raised again: holds nothing of where it was raised before."""
        return StudentError(self.kind, self.message, self.detail)


@dataclass(eq=False)
class _Request:
    """What is asked, and the tasks that wait for it; see ``Session.ask``.

    ``number`` is that of the message to the present worker, once it was sent.
    """

    subject: str
    op: str
    fields: Mapping[str, Any]
    key: bytes | None
    callback: Callback | None
    tasks: list[greenlet]
    number: int | None = None


class _BeginAgain(Exception):
    """Several tasks waited for a worker that was lost, or that gives more than is to be held."""


class _CellState:
    """How far a cell may run: to its end, or to before its ``stop``-th statement."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.stop: int | None = None
        self.ran = False
        self._lost = 0

    def asked(self) -> dict[str, Any]:
        """What a worker is told of it."""
        return {"name": self.cell.name, "source": self.cell.source, "stop": self.stop}

    def stop_before(self, reached: int) -> None:
        """Never runs the statement again that was reached when the worker was lost."""
        self._lost += 1
        self.stop = max(0, reached if self.stop is None else min(reached, self.stop - 1))
        if self._lost == MAX_LOST:
            self.stop = 0


class Session:
    """One submission, whose cells run in a worker, and again in a fresh one when that is lost.

    ``support`` are the sources of modules that were released beside the notebook, by name.
    ``stood_in`` remembers of each call which right stubs were called in it.
    """

    def __init__(
        self,
        submission: Submission,
        control: Control,
        limits: Limits,
        support: Mapping[str, str],
    ) -> None:
        self._cells = [_CellState(cell) for cell in submission.cells]
        self._control = control
        self._limits = limits
        self._support = dict(support)
        self._worker: Worker | None = None
        self._running: deque[tuple[_CellState, int]] = deque()
        self._ends = time.monotonic() + limits.submission_seconds
        self._load_left = limits.load_seconds
        self._lost: Counter[str] = Counter()
        self._last_loss: dict[str, StudentError] = {}
        self._tasks_of: greenlet | None = None
        self._waiting: deque[_Request] = deque()
        self._asked: dict[bytes | None, _Request] = {}
        self._answers: dict[bytes | None, Reply] = {}
        self._one_by_one = False
        self._allowance = Allowance(MAX_COST)
        self._come = 0
        self._room = MAX_KEPT
        self.hidden_sent = False
        self.stood_in: defaultdict[bytes, set[str]] = defaultdict(set)
        self.troubles: list[CellTrouble] = []
        self._why: dict[str, str] = {}
        self.mishaps = 0
        self.garbled = False
        self.out_of_time = False

    def load(self) -> None:
        """Begins to run the cells; what is asked next waits until they ran.

        Only then ``troubles`` holds those that did not run to their end.
        """
        # Where the time was used up, each call will say so.
        with suppress(StudentError):
            self._load()

    def begin_hidden(self) -> None:
        """From here on, a worker may be sent hidden inputs, and nothing that it says is shown.

        All cells have run by then: whatever a cell raises is shown.
        """
        with suppress(StudentError):
            self._loaded()
        self.hidden_sent = True

    def close(self) -> None:
        """Ends the worker."""
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    # -- asking ---------------------------------------------------------------------------------

    def together(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """Runs the tasks in turns, each up to what it asks next; returns what each returns.

        When the worker is lost or gives a large answer, those that are not done begin again, one
        after another: each meets what it would have met by itself, and no more is held at a time.
        What a task raises is raised here.
        """
        results: dict[int, T] = {}
        to_do = deque(range(len(tasks)))

        def run(index: int) -> None:
            results[index] = tasks[index]()

        self._tasks_of = getcurrent()
        try:
            while to_do or self._waiting:
                while to_do and len(self._waiting) < (1 if self._one_by_one else TOGETHER):
                    greenlet(run).switch(to_do.popleft())
                try:
                    self._answer_next()
                except _BeginAgain:
                    to_do = deque(index for index in range(len(tasks)) if index not in results)
        finally:
            self._tasks_of = None
            self._end_all()
        return [results[index] for index in range(len(tasks))]

    def ask(
        self,
        subject: str,
        op: str,
        *,
        key: bytes | None = None,
        alike: bool = False,
        callback: Callback | None = None,
        **fields: Any,
    ) -> Reply:
        """The worker's reply, once it comes. Raises StudentError.

        Args:
            subject: the stub that this is about.
            op: see ``worker.serve``, as for ``fields``.
            key: names the request, for a task that begins again.
            alike: all requests with this key have the same answer, and one will do.
            callback: answers calls of other stubs.
        """
        if self._tasks_of is None:
            self._one_by_one = True
            ask = partial(self.ask, subject, op, key=key, alike=alike, callback=callback, **fields)
            return self.together([ask])[0]
        if key in self._answers:
            return self._answers[key]
        task = getcurrent()
        if alike and key in self._asked:
            self._asked[key].tasks.append(task)
        else:
            request = _Request(subject, op, fields, key, callback, [task])
            self._waiting.append(request)
            if alike and key is not None:
                self._asked[key] = request
            if self._worker is not None and not self._running:
                self._post(self._worker, request)
        reply: Reply = self._tasks_of.switch()
        return reply

    def variable(self, name: str) -> Any:
        """A global variable of the submission.

        Raises StudentError, and CourseError once the variable could hold a hidden input.
        """
        if self.hidden_sent:
            raise CourseError(
                f"it asks for the variable {name} after hidden inputs were sent; give it the "
                "fixture `concepts`, and it runs before them"
            )
        return self.value(name, self.ask(name, "value", name=name))

    @property
    def worker(self) -> Worker | None:
        """The present one, which holds the models that it has built."""
        return self._worker

    def keep(self, key: bytes | None, reply: Reply) -> bool:
        """Whether there is room to keep the reply; under a key, it is not asked for again."""
        if key in self._answers:
            return True
        size = _size(reply)
        if size > self._room:
            return False
        self._room -= size
        if key is not None:
            self._answers[key] = reply
        return True

    def value(self, subject: str, reply: Reply) -> Any:
        """What a reply holds. Raises StudentError where that is no answer."""
        if "error" in reply:
            told = _told(reply)
            if told.kind == "unfinished":
                raise StudentError("unfinished", f"`{subject}` is still to be written.")
            raise StudentError(told.kind, f"`{subject}` raised an exception.", told.text)
        if "missing" in reply:
            if subject not in self._why:
                self._why[subject] = self._why_missing(subject)
            raise StudentError("missing", self._why[subject])
        answer = reply.get("answer")
        if isinstance(answer, Unreadable):
            message = f"`{subject}` returned {answer.what}, which cannot be read."
            raise StudentError("unreadable", message)
        return answer

    def _why_missing(self, subject: str) -> str:
        sources = {state.cell.name: state.cell.source for state in self._cells}
        for trouble in self.troubles:
            if _defines(sources[trouble.cell], subject):
                return f"`{subject}` is not defined, because {trouble.message}."
        return (
            f"`{subject}` is not defined. Define it under exactly this name, at the top level "
            "of a cell."
        )

    # -- answering ------------------------------------------------------------------------------

    def _post(self, worker: Worker, request: _Request) -> None:
        if not self._given_up(request):
            request.number = worker.post(request.op, **request.fields)

    def _given_up(self, request: _Request) -> bool:
        return self._lost[request.subject] >= MAX_LOST

    def _answer_next(self) -> None:
        """Waits for the answer to the first request, and lets those go on who wait for it."""
        if not self._waiting:
            return
        request = self._waiting[0]
        outcome: Reply | StudentError
        try:
            outcome = self._reply(request)
        except StudentError as error:
            outcome = error
        self._waiting.popleft()
        self._asked.pop(request.key, None)
        for task in request.tasks:
            if isinstance(outcome, StudentError):
                task.throw(outcome.afresh())
            else:
                task.switch(outcome)

    def _reply(self, request: _Request) -> Reply:
        if self._given_up(request):
            raise self._last_loss[request.subject]
        worker = self._loaded()
        left = self._left()
        assert request.number is not None
        seconds = self._limits.call_seconds
        if (last := self._last_loss.get(request.subject)) and last.kind == "out of time":
            seconds = min(seconds, SECOND_CALL_SECONDS)
        alone = len(self._waiting) == len(request.tasks) == 1
        began = time.monotonic()
        try:
            reply = worker.reply(request.number, min(seconds, left), callback=request.callback)
        except WorkerLost as loss:
            error = self._without_worker(request.subject, loss)
            if alone:
                raise self._counted(request.subject, error) from None
            # Any of those that were asked may have met it.
            raise self._begin_again() from None
        # Were all to take as long, none would be done when the time is used up.
        self._one_by_one |= time.monotonic() - began > SLOW_SECONDS
        self._come += _size(reply)
        if not alone and self._come > LARGE:
            raise self._begin_again()
        return reply

    def _begin_again(self) -> _BeginAgain:
        self._one_by_one = True
        self._end_all()
        return _BeginAgain()

    def _end_all(self) -> None:
        """Ends the tasks that wait, and the worker that would answer them."""
        if self._waiting:
            self.close()
        waiting = [task for request in self._waiting for task in request.tasks]
        self._waiting.clear()
        self._asked.clear()
        for task in waiting:
            task.throw()

    def _without_worker(self, subject: str, loss: WorkerLost) -> StudentError:
        """What to say of a call over which the worker was lost."""
        self._worker = None
        self.mishaps += 1
        self._note(loss)
        if isinstance(loss, OutOfTime):
            limit = f"{self._limits.call_seconds:g} s"
            return StudentError("out of time", f"`{subject}` took longer than {limit}.")
        if isinstance(loss, TooMuch):
            return _not_looked_at()
        return StudentError("crashed", f"`{subject}` {loss.brief}.", f"It {loss.reason}.")

    def _counted(self, subject: str, error: StudentError) -> StudentError:
        self._lost[subject] += 1
        self._last_loss[subject] = error.afresh()
        return error

    def _note(self, loss: WorkerLost) -> None:
        self.garbled = self.garbled or isinstance(loss, Garbled)
        self.out_of_time = self.out_of_time or isinstance(loss, OutOfTime)

    def spend(self, cost: int) -> None:
        """Pays for what an answer makes this process do, in about nanoseconds.

        Raises ``wire.TooMuch``, which ends the worker, where too much was spent.
        """
        self._allowance.spend(cost)

    @property
    def too_much(self) -> bool:
        """Whether the answers were too much to be looked at all."""
        return self._allowance.used_up

    def _left(self) -> float:
        if self.too_much:
            raise _not_looked_at()
        left = self._ends - time.monotonic()
        if left <= 0:
            self.close()
            self.out_of_time = True
            seconds = self._limits.submission_seconds
            raise StudentError("out of time", f"The {seconds:g} s of a submission were used up.")
        return left

    # -- loading --------------------------------------------------------------------------------

    def _loaded(self) -> Worker:
        """A worker in which all cells ran, and that was then asked what is waited for.

        Not before: a cell could read what is asked from the socket, and raise it.
        """
        while True:
            worker = self._worker or self._load()
            while self._running:
                if not self._ran(worker, *self._running.popleft()):
                    self._running.clear()
                    self._worker = None
                    break
            else:
                for one in self._waiting:
                    if one.number is None:
                        self._post(worker, one)
                return worker

    def _load(self) -> Worker:
        """A worker that begins to run the cells."""
        self._left()
        for one in self._waiting:
            one.number = None
        worker = self._worker = self._control.fork(self._limits, self._allowance)
        provided = worker.post("support", sources=self._support)
        self._running = deque(
            (state, worker.post("cell", **state.asked()))
            for state in self._cells
            if state.stop != 0
        )
        worker.reply(provided, self._limits.cell_seconds)
        return worker

    def _ran(self, worker: Worker, state: _CellState, number: int) -> bool:
        """Whether a cell ran, or the worker was lost, and then never runs that statement again.

        What a cell takes for its first run counts towards all that cells may take. Whatever it
        was stopped at, it runs up to there again in each fresh worker.
        """
        first, state.ran = not state.ran, True
        started = time.monotonic()
        seconds = min(self._limits.cell_seconds, max(self._ends - started, LEAST_SECONDS))
        if first:
            seconds = min(seconds, max(self._load_left, LEAST_SECONDS))
        reached = 0

        def notice(reply: Reply) -> None:
            nonlocal reached
            reached = reply["at"] if isinstance(reply["at"], int) else 0

        name = state.cell.name
        try:
            reply = worker.reply(number, seconds, notice=notice)
        except WorkerLost as loss:
            state.stop_before(reached)
            self._note(loss)
            # Which cell ends a later run, and how, could tell a hidden input.
            if not self.hidden_sent:
                told = loss.reason if first else loss.brief
                self._in_trouble(name, f"{name} {told}")
            return False
        finally:
            if first:
                self._load_left -= time.monotonic() - started
        if "error" in reply and first:
            self._in_trouble(name, _told(reply).text)
        return True

    def _in_trouble(self, cell: str, message: str) -> None:
        if len(self.troubles) + 1 == MAX_TROUBLES:
            message += "; whatever other cells did not run to their end is not listed"
        if len(self.troubles) < MAX_TROUBLES:
            self.troubles.append(CellTrouble(cell, message))


def _not_looked_at() -> StudentError:
    return StudentError("too large", f"Not looked at: {TOO_MUCH}.")


def _defines(source: str, name: str) -> bool:
    """Whether a line begins with the name, or with ``def`` or ``class`` and the name.

    Of a source that mentions it more than a thousand times, the first thousand are looked at.
    """
    at = source.find(name)
    for _ in range(MAX_MENTIONS):
        if at < 0:
            break
        before, after = source[max(at - LINE, 0) : at], source[at + len(name) : at + len(name) + 1]
        starts = BEFORE_NAME.search(before if at > LINE else f"\n{before}")
        if starts and not (after.isalnum() or after == "_"):
            return True
        at = source.find(name, at + 1)
    return False


def _size(value: object) -> int:
    """About how many bytes it takes."""
    size, still = 0, [value]
    while still:
        one = still.pop()
        size += VALUE_BYTES
        if isinstance(one, np.ndarray):
            size += one.nbytes
        elif isinstance(one, str):
            size += 4 * len(one)
        elif isinstance(one, dict):
            still += one.keys()
            still += one.values()
        elif isinstance(one, list):
            still += one
    return size


class _Told:
    """What is told of an exception: ``text`` names it, its place and what it said."""

    def __init__(self, kind: Kind, text: str) -> None:
        self.kind = kind
        self.text = text


def _told(reply: Reply) -> _Told:
    """What a worker says of an exception, cut to what can be printed."""
    error = reply["error"] if isinstance(reply["error"], dict) else {}
    named = error.get("type")
    name = named if isinstance(named, str) and named in EXCEPTIONS else "an exception"
    place, line = error.get("cell"), error.get("line")
    known = isinstance(place, str) and re.fullmatch(r"cell \d{1,4}", place)
    where = f" in {place}, line {line}" if known and isinstance(line, int) else ""
    kind: Kind = "unfinished" if name == "NotImplementedError" else "raised"
    said = _clean(error.get("text"), 300)
    return _Told(kind, f"{name}{where}: {said}" if said else f"{name}{where}")


def _clean(value: object, length: int) -> str:
    return printable(value, length).strip() if isinstance(value, str) else ""
