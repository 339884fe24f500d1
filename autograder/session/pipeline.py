"""Asks a worker for several checks at a time.

A check waits for each answer; meanwhile the others go on, up to what they ask next. So a worker
finds its next requests waiting, and answers them one after another: a change from one process to
the other between any two would take longer than most calls.

A crash or a timeout costs the call that met it. The next call finds a fresh worker.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

from autograder.course.rubric import Limits
from autograder.sandbox.workers import Callback, OutOfTime, Reply, SentTooMuch, Worker, WorkerLost
from autograder.session.loading import Loader
from autograder.session.replies import StudentError, not_looked_at, size_of

# A stub that ran out of time is not waited for as long again, and after some tries not at all.
SECOND_CALL_SECONDS = 2.0
MAX_LOST = 3
# How many tasks are begun before others are done; and, from an answer on that takes this long, or
# with which all of them are this large, in bytes, no more than one, as after the loss of a worker.
# Those of an honest submission come to 3 MB at the most.
TOGETHER = 16
SLOW_SECONDS = 1.0
LARGE = 12 << 20

T = TypeVar("T")


@dataclass(eq=False)
class _Request:
    """What is asked, and the tasks that wait for it; see ``Pipeline.ask``.

    ``number`` is the number of the message to ``worker``, once it was sent.
    """

    subject: str
    op: str
    fields: Mapping[str, Any]
    key: bytes | None
    callback: Callback | None
    tasks: list[greenlet]
    right: tuple[str, ...] = ()
    worker: Worker | None = None
    number: int = 0

    @property
    def losses_as(self) -> tuple[str, ...]:
        """What its losses are counted as: one stub may lose the worker for another that calls it,
        and not once a right one is in its place."""
        return self.subject, *self.right


class _BeginAgain(Exception):
    """Several tasks waited for a worker that was lost, or whose answers are too large together."""


class Pipeline:
    """Requests to the worker of ``loader``, from tasks that take turns.

    ``mishaps`` counts the workers that were lost, and ``losses`` describes the calls that lost
    them. ``answers`` are known already, by their keys: a task that begins again is given these.
    """

    def __init__(
        self, loader: Loader, limits: Limits, answers: Mapping[bytes | None, Reply]
    ) -> None:
        self.mishaps = 0
        self.losses: list[str] = []
        self._loader = loader
        self._call_seconds = limits.call_seconds
        self._answers = answers
        self._lost: Counter[tuple[str, ...]] = Counter()
        self._last_loss: dict[tuple[str, ...], StudentError] = {}
        self._tasks_of: greenlet | None = None
        self._waiting: deque[_Request] = deque()
        self._asked: dict[bytes | None, _Request] = {}
        self._one_by_one = False
        self._received = 0

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
        right: Sequence[str] = (),
        **fields: Any,
    ) -> Reply:
        """The worker's reply, once it comes. Raises StudentError.

        Args:
            subject: the stub that this is about.
            op: see ``worker.serve``, as for ``fields``.
            key: names the request, for a task that begins again.
            alike: all requests with this key have the same answer, and one will do.
            callback: answers calls of functions that are here.
            right: the stubs of which right ones answer.
        """
        if self._tasks_of is None:
            self._one_by_one = True
            ask = partial(self.ask, key=key, alike=alike, callback=callback, right=right, **fields)
            return self.together([partial(ask, subject, op)])[0]
        if key in self._answers:
            return self._answers[key]
        task = getcurrent()
        if alike and key in self._asked:
            self._asked[key].tasks.append(task)
        else:
            request = _Request(subject, op, fields, key, callback, [task], tuple(right))
            self._waiting.append(request)
            if alike and key is not None:
                self._asked[key] = request
            if self._loader.ready is not None:
                self._post_waiting(self._loader.ready)
        reply: Reply = self._tasks_of.switch()
        return reply

    def _post_waiting(self, worker: Worker) -> None:
        """Sends what was not sent yet, up to a request in which calls are answered.

        Until that one is done, the worker takes whatever comes for the answer to such a call.
        """
        for request in self._waiting:
            if request.worker is not worker and not self._given_up(request):
                request.worker = worker
                request.number = worker.post(request.op, **request.fields)
            if request.callback is not None:
                break

    def _given_up(self, request: _Request) -> bool:
        return self._lost[request.losses_as] >= MAX_LOST

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
            loss = self._last_loss[request.losses_as]
            raise StudentError("given up", loss.message, loss.detail)
        # Not before all cells ran: a cell could read what is asked from the socket, and raise it.
        worker = self._loader.loaded()
        self._post_waiting(worker)
        left = self._loader.seconds_left()
        seconds = self._call_seconds
        if (last := self._last_loss.get(request.losses_as)) and last.kind == "out of time":
            seconds = min(seconds, SECOND_CALL_SECONDS)
        alone = len(self._waiting) == len(request.tasks) == 1
        began = time.monotonic()
        try:
            reply = worker.reply(request.number, min(seconds, left), callback=request.callback)
        except WorkerLost as lost:
            error = self._without_worker(request.subject, lost)
            if alone:
                raise self._counted(request, error) from None
            # Any of those that were asked may have met it.
            raise self._begin_again() from None
        # Were all to take as long, none would be done when the time is used up.
        self._one_by_one |= time.monotonic() - began > SLOW_SECONDS
        self._received += size_of(reply)
        if not alone and self._received > LARGE:
            raise self._begin_again()
        return reply

    def _begin_again(self) -> _BeginAgain:
        self._one_by_one = True
        self._end_all()
        return _BeginAgain()

    def _end_all(self) -> None:
        """Ends the tasks that wait, and the worker that would answer them."""
        if self._waiting:
            self._loader.close()
        waiting = [task for request in self._waiting for task in request.tasks]
        self._waiting.clear()
        self._asked.clear()
        for task in waiting:
            task.throw()

    def _without_worker(self, subject: str, loss: WorkerLost) -> StudentError:
        """What to say of a call over which the worker was lost."""
        self._loader.lose(loss)
        self.mishaps += 1
        if isinstance(loss, OutOfTime):
            limit = f"{self._call_seconds:g} s"
            return StudentError("out of time", f"`{subject}` took longer than {limit}.")
        if isinstance(loss, SentTooMuch):
            return not_looked_at()
        return StudentError("crashed", f"`{subject}` {loss.brief}.", f"It {loss.reason}.")

    def _counted(self, request: _Request, error: StudentError) -> StudentError:
        self._lost[request.losses_as] += 1
        if error.kind in ("out of time", "crashed") and error.message not in self.losses:
            self.losses.append(error.message)
        self._last_loss[request.losses_as] = error.afresh()
        return error
