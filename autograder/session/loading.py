"""Runs the cells of a submission in a worker, and again in a fresh one when that is lost."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import msgspec

from autograder.course.rubric import Limits
from autograder.sandbox.workers import (
    MAX_COST,
    Control,
    Garbled,
    OutOfTime,
    Reply,
    Worker,
    WorkerLost,
)
from autograder.session.replies import StudentError, not_looked_at, raised_in
from autograder.submissions.reading import Cell, Submission
from autograder.worker.wire import Allowance

# A cell that was stopped so often is not run again.
MAX_STOPPED = 3
# How many cells that did not run to their end are listed.
MAX_TROUBLES = 50
# Minimum time for a cell once the time of all is used up; most cells only define functions.
LEAST_SECONDS = 0.1


class CellTrouble(msgspec.Struct, frozen=True):
    """A cell that did not run to its end."""

    cell: str
    message: str


class CellState:
    """How far a cell may run: to its end, or to before its ``stop``-th statement."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.stop: int | None = None
        self.ran = False
        self._lost = 0

    def asked(self) -> dict[str, Any]:
        """The fields of the request to run it."""
        return {"name": self.cell.name, "source": self.cell.source, "stop": self.stop}

    def stop_before(self, reached: int) -> None:
        """Never runs the statement again that was reached when the worker was lost."""
        self._lost += 1
        self.stop = max(0, reached if self.stop is None else min(reached, self.stop - 1))
        if self._lost == MAX_STOPPED:
            self.stop = 0


class Loader:
    """The worker of a submission, and the time and the work that are left for it.

    ``support`` are the sources of modules that were released beside the notebook, by name.
    ``troubles`` are the cells that did not run to their end; where ``hidden_sent``, none is added:
    which cell ends a later run, and how, could reveal a hidden input.
    """

    def __init__(
        self,
        submission: Submission,
        control: Control,
        limits: Limits,
        support: Mapping[str, str],
    ) -> None:
        self.worker: Worker | None = None
        self.allowance = Allowance(MAX_COST)
        self.troubles: list[CellTrouble] = []
        self.hidden_sent = False
        self.garbled = False
        self.out_of_time = False
        self._cells = [CellState(cell) for cell in submission.cells]
        self._control = control
        self._limits = limits
        self._support = dict(support)
        self._running: deque[tuple[CellState, int]] = deque()
        control.wait()  # which is none of the submission's time
        self._ends = time.monotonic() + limits.submission_seconds
        self._load_left = limits.load_seconds

    @property
    def ready(self) -> Worker | None:
        """The worker, if all cells have run in it."""
        return None if self._running else self.worker

    def begin(self) -> Worker:
        """A fresh worker that begins to run the cells. Raises StudentError as ``seconds_left``."""
        self.seconds_left()
        worker = self.worker = self._control.fork(self._limits, self.allowance)
        provided = worker.post("support", sources=self._support)
        self._running = deque(
            (state, worker.post("cell", **state.asked()))
            for state in self._cells
            if state.stop != 0
        )
        worker.reply(provided, self._limits.cell_seconds)
        return worker

    def loaded(self) -> Worker:
        """A worker in which all cells ran. Raises StudentError as ``seconds_left``."""
        while True:
            worker = self.worker or self.begin()
            while self._running and self._ran(worker, *self._running.popleft()):
                pass
            if self.worker is not None:
                return worker

    def seconds_left(self) -> float:
        """What is left of the time of the submission. Raises StudentError where nothing is."""
        if self.allowance.used_up:
            raise not_looked_at()
        left = self._ends - time.monotonic()
        if left <= 0:
            self.close()
            self.out_of_time = True
            seconds = self._limits.submission_seconds
            raise StudentError("out of time", f"The {seconds:g} s of a submission were used up.")
        return left

    def lose(self, loss: WorkerLost) -> None:
        """Goes on without the worker."""
        self.worker = None
        self._running.clear()
        self.garbled = self.garbled or isinstance(loss, Garbled)
        self.out_of_time = self.out_of_time or isinstance(loss, OutOfTime)

    def close(self) -> None:
        """Ends the worker."""
        if self.worker is not None:
            self.worker.kill()
            self.worker = None

    def _ran(self, worker: Worker, state: CellState, number: int) -> bool:
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
            self.lose(loss)
            if not self.hidden_sent:
                self._in_trouble(name, f"{name} {loss.reason if first else loss.brief}")
            return False
        finally:
            if first:
                self._load_left -= time.monotonic() - started
        if "error" in reply and first:
            self._in_trouble(name, str(raised_in(reply)))
        return True

    def _in_trouble(self, cell: str, message: str) -> None:
        if len(self.troubles) + 1 == MAX_TROUBLES:
            message += "; whatever other cells did not run to their end is not listed"
        if len(self.troubles) < MAX_TROUBLES:
            self.troubles.append(CellTrouble(cell, message))
