"""The ``student`` that checks call: a submission's functions, in another process.

A crash or a timeout costs the call that met it. The next call finds a fresh worker.
"""

from __future__ import annotations

import builtins
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from autograder.evidence import CellTrouble
from autograder.reference import BUILDING_BLOCKS, NotAnswered, Reference
from autograder.sandbox import (
    Control,
    Garbled,
    Limits,
    OutOfTime,
    Refused,
    Reply,
    Worker,
    WorkerLost,
)
from autograder.submissions.reading import Cell, Submission
from autograder.worker.wire import Array, Packed, Unreadable

MODELS = frozenset({"CharRNN"})
# A stub that ran out of time is not waited for as long again, and after some tries not at all; nor
# is a cell run again that was stopped so often.
SECOND_CALL_SECONDS = 2.0
MAX_LOST = 3
# The room for answers that are kept to be asked for again and to be explained, in numbers.
MAX_KEPT = 1 << 24
CONTAINERS = {np.ndarray, list, dict}
# What a cell gets where nothing is left, since most only define something.
LEAST_SECONDS = 0.1
EXCEPTIONS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)

Kind = Literal["missing", "unfinished", "raised", "out of time", "crashed", "unreadable"]


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


@dataclass(frozen=True)
class Call:
    """One call of a stub, and what came of it.

    ``parameters`` are those of a model whose forward pass this is; ``about`` says what else was
    asked of a model that was built with ``args``: its "kinds" or its "parameters".
    """

    stub: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    times: int
    answer: Any
    parameters: Mapping[str, Array] | None = None
    about: Literal["kinds", "parameters"] | None = None

    @property
    def entries(self) -> int:
        """How many numbers the arguments hold."""
        return sum(np.size(value) for value in self.args if isinstance(value, np.ndarray))


class _CellState:
    """How far a cell may run: to its end, or to before its ``stop``-th statement."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.stop: int | None = None
        self.ran = False
        self._lost = 0

    def stop_before(self, reached: int) -> None:
        """Never runs the statement again that was reached when the worker was lost."""
        self._lost += 1
        self.stop = max(0, reached if self.stop is None else min(reached, self.stop - 1))
        if self._lost == MAX_LOST:
            self.stop = 0


class Student:
    """One submission, as checks see it: ``student.rnn_forward(x, h0, W_x, W_h, b_h)``.

    Answers are plain data: arrays, numbers, text, lists (of tuples too), dicts. A value in them
    that is none of these is an ``Unreadable``. Every call may raise StudentError. ``support`` are
    the sources of modules that were released beside the notebook, by name.
    """

    def __init__(
        self,
        submission: Submission,
        control: Control,
        limits: Limits,
        reference: Reference,
        support: Mapping[str, str],
    ) -> None:
        self._cells = [_CellState(cell) for cell in submission.cells]
        self._control = control
        self._limits = limits
        self._reference = reference
        self._support = dict(support)
        self._worker: Worker | None = None
        self._ends = time.monotonic() + limits.submission_seconds
        self._load_left = limits.load_seconds
        self._lost: Counter[str] = Counter()
        self._last_loss: dict[str, StudentError] = {}
        self._defined: set[str] = set()
        self._replacing: Collection[str] = ()
        self.troubles: list[CellTrouble] = []
        self.mishaps = 0
        self.garbled = False
        self.out_of_time = False
        self._room = MAX_KEPT
        self.asked: set[str] = set()
        self.stood_in: set[str] = set()
        self.calls: list[Call] = []
        self._answers: dict[bytes, Reply] = {}

    # -- what checks use ------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in MODELS:
            return lambda *args: StudentModel(self, name, args)
        return lambda *args, **kwargs: self._call(name, args, kwargs)

    def many(self, times: int) -> _Variant:
        """``student.many(n).f(...)``: a list of n answers, one call after another."""
        return _Variant(self, times=times)

    @property
    def arguments_after(self) -> _Variant:
        """``student.arguments_after.f(...)``: the arguments as they are after the call.

        None where the call never came back, which is for other checks to tell.
        """
        return _Variant(self, arguments_after=True)

    def value(self, name: str) -> Any:
        """A global variable of the submission."""
        return self._answer(name, self._ask(name, "value", name=name))

    # -- what the suite uses --------------------------------------------------------------------

    @contextmanager
    def right_ones_in_place(self, of: Collection[str]) -> Iterator[None]:
        """Within, those ``of`` the stubs that another one calls are right, answered from here."""
        self._replacing = of
        try:
            yield
        finally:
            self._replacing = ()

    def load(self) -> None:
        """Runs the cells for the first time and notes which did not run to their end."""
        # Where the time was used up, each call will say so.
        with suppress(StudentError):
            self._load()

    def close(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None

    # -- loading --------------------------------------------------------------------------------

    def _left(self) -> float:
        left = self._ends - time.monotonic()
        if left <= 0:
            self.out_of_time = True
            seconds = self._limits.submission_seconds
            raise StudentError("out of time", f"The {seconds:g} s of a submission were used up.")
        return left

    def _load(self) -> Worker:
        while True:
            self._left()
            worker = self._control.fork(self._limits)
            worker.request("support", self._limits.cell_seconds, sources=self._support)
            if all(self._run_cell(worker, state) for state in self._cells if state.stop != 0):
                self._worker = worker
                return worker

    def _run_cell(self, worker: Worker, state: _CellState) -> bool:
        """Runs a cell; False if the worker was lost, and then never runs that statement again.

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

        cell = state.cell
        try:
            reply = worker.request(
                "cell", seconds, notice=notice, name=cell.name, source=cell.source, stop=state.stop
            )
        except WorkerLost as loss:
            state.stop_before(reached)
            self._note(loss)
            # How a later run ends could tell what was asked before it.
            told = loss.reason if first else loss.brief
            self.troubles.append(CellTrouble(cell.name, f"{cell.name} {told}"))
            return False
        finally:
            if first:
                self._load_left -= time.monotonic() - started
        if "error" in reply and first:
            self.troubles.append(CellTrouble(cell.name, _told(reply).text))
        return True

    def _note(self, loss: WorkerLost) -> None:
        self.garbled = self.garbled or isinstance(loss, Garbled)
        self.out_of_time = self.out_of_time or isinstance(loss, OutOfTime)

    # -- calling --------------------------------------------------------------------------------

    def _ask(self, subject: str, op: str, callback: Any = None, **fields: Any) -> Reply:
        if self._lost[subject] >= MAX_LOST:
            raise self._last_loss[subject]
        worker = self._worker or self._load()
        seconds = self._limits.call_seconds
        if self._lost[subject] and self._last_loss[subject].kind == "out of time":
            seconds = min(seconds, SECOND_CALL_SECONDS)
        try:
            return worker.request(op, min(seconds, self._left()), callback=callback, **fields)
        except WorkerLost as loss:
            self._worker = None
            self._lost[subject] += 1
            self.mishaps += 1
            self._note(loss)
            if isinstance(loss, OutOfTime):
                limit = f"{self._limits.call_seconds:g} s"
                error = StudentError("out of time", f"`{subject}` took longer than {limit}.")
            else:
                error = StudentError("crashed", f"`{subject}` {loss.brief}.", f"It {loss.reason}.")
            self._last_loss[subject] = error
            raise error from None

    def _call(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        times: int = 1,
        arguments_after: bool = False,
    ) -> Any:
        self.asked.add(name)
        replaced = [block for block in built_of(name) if block in self._replacing]
        asked = Packed((name, args, kwargs, times, replaced))
        call = partial(Call, name, args, kwargs, times)
        if not arguments_after and asked.data in self._answers:
            return self._recorded(name, self._answers[asked.data], True, call)
        try:
            reply = self._ask(
                name,
                "call",
                callback=partial(self._stand_in, replaced) if replaced else None,
                asked=asked,
                arguments_after=arguments_after,
            )
        except StudentError:
            if arguments_after:
                return None
            raise
        if arguments_after:
            return reply.get("answer")
        if "each" in reply:
            reply = {"answer": _one_by_one(reply["each"], times)}
        has_room = self._has_room(reply)
        # For checks that ask for items of the same answer. What draws may draw otherwise again.
        if has_room and not any(isinstance(value, np.random.Generator) for value in args):
            self._answers[asked.data] = reply
        return self._recorded(name, reply, has_room, call)

    def _recorded(
        self, stub: str, reply: Reply, has_room: bool, call: Callable[[Any], Call]
    ) -> Any:
        """The answer, which is kept as ``call(answer)``, to be explained."""
        try:
            answer = self._answer(stub, reply)
        except StudentError as error:
            self.calls.append(call(error))
            raise
        kept = answer if has_room else StudentError("unreadable", "It is too large.")
        self.calls.append(call(kept))
        return answer

    def _has_room(self, reply: Reply) -> bool:
        size = _size(reply.get("answer"), self._room)
        self._room -= min(size, self._room)
        return size < self._room

    def _stand_in(
        self, replaced: list[str], name: str, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        if name not in replaced:
            raise Refused("no such stub")
        self.stood_in.add(name)
        try:
            return self._reference.stand_in(name, args, kwargs)
        except NotAnswered as error:
            raise Refused(str(error)) from None

    def _answer(self, subject: str, reply: Reply) -> Any:
        if "error" in reply:
            told = _told(reply)
            if told.kind == "unfinished":
                raise StudentError("unfinished", f"`{subject}` is still to be written.")
            raise StudentError(told.kind, f"`{subject}` raised an exception.", told.text)
        if "missing" in reply:
            raise StudentError("missing", self._why_missing(subject))
        answer = reply.get("answer")
        if isinstance(answer, Unreadable):
            message = f"`{subject}` returned {answer.what}, which cannot be read."
            raise StudentError("unreadable", message)
        return answer

    def _why_missing(self, subject: str) -> str:
        for trouble in self.troubles:
            cell = next(s.cell for s in self._cells if s.cell.name == trouble.cell)
            defines = rf"^[ \t]*(?:def[ \t]+|class[ \t]+)?{re.escape(subject)}\b"
            if re.search(defines, cell.source, re.MULTILINE):
                return f"`{subject}` is not defined, because {trouble.message}."
        return (
            f"`{subject}` is not defined. Define it under exactly this name, at the top level "
            "of a cell."
        )


class _Variant:
    """Calls a stub in another way, by the same name."""

    def __init__(self, student: Student, **how: Any) -> None:
        self._student = student
        self._how = how

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args, **kwargs: self._student._call(name, args, kwargs, **self._how)


class StudentModel:
    """A model that the submission built, in its worker, in ``eval()`` mode."""

    def __init__(self, student: Student, name: str, args: tuple[Any, ...]) -> None:
        self._student = student
        self._name = name
        self._sizes = args
        reply = student._ask(name, "build", stub=name, args=list(args), kwargs={})
        self._model = student._answer(name, reply)
        self._worker = student._worker
        self._loaded: dict[str, Array] | None = None

    def _ask_model(self, op: str, **fields: Any) -> Reply:
        if self._student._worker is not self._worker:
            raise StudentError("crashed", f"`{self._name}` was lost with its worker.")
        return self._student._ask(self._name, op, model=self._model, **fields)

    def _of_model(self, op: str, **fields: Any) -> Any:
        return self._student._answer(self._name, self._ask_model(op, **fields))

    def _about(self, what: Literal["kinds", "parameters"]) -> Any:
        reply = self._ask_model(what)
        return self._recorded(reply, partial(Call, self._name, self._sizes, {}, 1, about=what))

    def _recorded(self, reply: Reply, call: Callable[[Any], Call]) -> Any:
        has_room = self._student._has_room(reply)
        return self._student._recorded(self._name, reply, has_room, call)

    def __call__(self, tokens: Array, h: Array | None = None) -> Any:
        """``model(tokens (N,T), h=(1,N,H))`` -> [logits (N,T,V), h (1,N,H)]."""
        reply = self._ask_model("forward", tokens=tokens, h=h)
        if self._loaded is None:
            return self._student._answer(self._name, reply)
        call = partial(Call, self._name, (tokens,), {"h": h}, 1, parameters=self._loaded)
        return self._recorded(reply, call)

    def parameters(self) -> Any:
        """Its ``state_dict``: name -> array."""
        return self._about("parameters")

    def kinds(self) -> Any:
        """The names of its direct children -> the names of their classes."""
        return self._about("kinds")

    def load(self, parameters: dict[str, Array]) -> None:
        """Loads a ``state_dict``, cast to the model's own dtypes."""
        self._of_model("load", parameters=parameters)
        self._loaded = parameters


def _one_by_one(each: object, times: int) -> object:
    """The answers that came as one array; what is not that many numbers stays as it is.

    Numbers by themselves take a hundred times the room, of which a worker may not choose how much.
    """
    if isinstance(each, np.ndarray) and each.shape == (times,):
        return [np.asarray(one) for one in each]
    return each


def _size(value: object, enough: int) -> int:
    """About how many numbers of an array take as much memory, as far as ``enough``."""
    size, still = 0, [value]
    while still and size < enough:
        one = still.pop()
        if isinstance(one, np.ndarray):
            size += one.size
        elif isinstance(one, list | dict):
            size += 4 * len(one)
            inner = one.values() if isinstance(one, dict) else one
            still += [item for item in inner if type(item) in CONTAINERS]
    return size


def built_of(name: str) -> list[str]:
    """The building blocks that may be right ones when a stub is called: those that stand before it.

    Were any other to be, two stubs that do nothing but call each other would both be met.
    """
    blocks = list(BUILDING_BLOCKS)
    return blocks[: blocks.index(name)] if name in blocks else blocks


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
    if not isinstance(value, str):
        return ""
    return "".join(c if c.isprintable() else " " for c in value[: 4 * length]).strip()[:length]
