"""The student's own functions, as the checks call them: here, in this process."""

from __future__ import annotations

import copy
import inspect
import io
import linecache
import math
import traceback
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np

from ..checks.agree import Disagreement, untouched
from ..worker.answers import layers_of, plain, reached
from ..worker.by_hand import by_hand
from ..worker.values import Unreadable, as_given, how_parameters_differ, seed_of
from .stopping import OutOfTime, at_most

NUMPY_WARNINGS: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}

Trouble = Literal["unfinished", "missing", "raised", "unreadable", "out of time"]


class NoAnswer(Exception):
    """A function did not answer. ``detail`` is the line of the student's that raised, if any."""

    def __init__(self, kind: Trouble, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.detail = detail


@dataclass
class StubCall:
    """One call of a function, how it is written, and the plain data that it returned.

    ``of_model`` is what a model was built with whose forward pass this is, and ``loaded`` the
    parameters that it was given; ``about`` says what else of a model is asked. ``modified`` says
    which argument was changed in place, if any.
    """

    stub: str
    names: tuple[str, ...]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    times: int = 1
    answer: Any = None
    of_model: tuple[Any, ...] | None = None
    loaded: Mapping[str, Any] | None = None
    about: Literal["kinds", "shapes"] | None = None
    modified: str = ""


class NotRun:
    """In place of a function of a cell that did not run."""

    def __init__(self, name: str, cell: str) -> None:
        self.why = f"`{name}` is not defined, because {cell} does not run."

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NameError(self.why)


@dataclass
class Patience:
    """How long one call may take, in seconds. What was ``late`` once is not waited for again."""

    seconds: float
    late: set[str] = field(default_factory=set)


class OwnStudent:
    """The functions of a namespace: ``student.rnn_forward(x, h0, W_x, W_h, b_h)``.

    Arguments are passed as copies, and answers come back as plain data, read as they are where
    they are graded. Every call may raise NoAnswer. All whose answers say something are kept in
    ``calls``; ``last`` is the last of all. What is called by a name of one of the ``models`` is an
    OwnModel. Those that are ``derived`` by hand are called without automatic differentiation.
    ``stubs`` are the names of all functions that are asked for.
    """

    def __init__(
        self,
        namespace: MutableMapping[str, Any],
        models: Collection[str],
        patience: Patience | None = None,
        derived: Collection[str] = (),
        stubs: Collection[str] = (),
    ) -> None:
        self._namespace = namespace
        self._models = models
        self._patience = patience or Patience(math.inf)
        self._derived = derived
        self._stubs = stubs
        self.calls: list[StubCall] = []
        self.last: StubCall | None = None
        self.printed = io.StringIO()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._models:
            return lambda *sizes: OwnModel(self, name, sizes)
        return lambda *args, **kwargs: self._call(name, args, kwargs)

    def many(self, times: int) -> OwnVariant:
        """``student.many(n).f(...)``: a list of n answers, one call after another."""
        return OwnVariant(lambda name, args, kwargs: self._call(name, args, kwargs, times))

    @property
    def arguments_after(self) -> OwnVariant:
        """``student.arguments_after.f(...)``: the arguments as they are after the call."""

        def call(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            function, given = self.function(name), _fresh(args)
            self.last = StubCall(name, _argument_names(function), args, kwargs)
            with suppress(NoAnswer), self._at_work(name):
                function(*given, **kwargs)
            return plain(list(given))

        return OwnVariant(call)

    def answers_differently(self, call: StubCall) -> bool:
        """Whether a function gives another answer to a call than it gave before.

        Not for one that draws, and not for a model.
        """
        drawn = any(isinstance(value, np.random.Generator) for value in call.args)
        if drawn or call.times > 1 or call.answer is None or call.stub in self._models:
            return False
        try:
            again = self._call(call.stub, call.args, call.kwargs)
        except NoAnswer as error:
            return error.kind == "raised"
        return repr(again) != repr(call.answer)

    def function(self, name: str) -> Callable[..., Any]:
        """A function of the namespace, by name."""
        function = self._namespace.get(name)
        if isinstance(function, NotRun):
            raise NoAnswer("missing", function.why)
        if not callable(function):
            text = (
                f"`{name}` is not defined: run the cell that defines it, under exactly this name."
            )
            own = self._namespace.keys() - self._stubs
            others = [key for key in own if callable(self._namespace[key])]
            near = get_close_matches(name, others, n=1, cutoff=0.8)
            raise NoAnswer("missing", text + (f" Or is `{near[0]}` meant?" if near else ""))
        found: Callable[..., Any] = function
        return found

    def _call(
        self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], times: int = 1
    ) -> Any:
        function, given = self.function(name), _fresh(args)
        call = self.last = StubCall(name, _argument_names(function), args, kwargs, times)
        if not any(map(_is_single, args)):  # whose answers round in more ways than one
            self.calls.append(call)
        answers, passed = [], given
        with self._at_work(name):
            for _ in range(times):
                passed = _copied(given)
                answers.append(plain(function(*passed, **kwargs)))
        call.answer = answers[0] if times == 1 else answers
        try:
            untouched(plain(list(passed)), args[: len(call.names)], call.names[: len(args)])
        except Disagreement as modified:
            call.modified = modified.message
        return _readable(name, call.answer)

    @contextmanager
    def _at_work(self, name: str) -> Iterator[None]:
        """Around a call of student code: keeps what it prints; what it raises becomes NoAnswer."""
        late = f"`{name}` took longer than {self._patience.seconds:g} s: does each loop in it end?"
        if name in self._patience.late:
            raise NoAnswer("out of time", f"{late} It is not called again.")
        try:
            with redirect_stdout(self.printed), np.errstate(**NUMPY_WARNINGS):
                with (
                    warnings.catch_warnings(),
                    at_most(self._patience.seconds),
                    by_hand() if name in self._derived else nullcontext(),
                ):
                    warnings.simplefilter("ignore")
                    yield
        except OutOfTime as stopped:
            self._patience.late.add(name)
            raise NoAnswer("out of time", late, _own_line(stopped)) from None
        except NotImplementedError:
            raise NoAnswer("unfinished", f"`{name}` is still to be written.") from None
        except (Exception, SystemExit) as error:
            text = f"`{name}` raised {type(error).__name__}: {str(error)[:300]}"
            raise NoAnswer("raised", text, _own_line(error)) from None


class OwnVariant:
    """Calls a function in another way, by the same name."""

    def __init__(self, call: Callable[[str, tuple[Any, ...], Mapping[str, Any]], Any]) -> None:
        self._call_by_name = call

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args, **kwargs: self._call_by_name(name, args, kwargs)


class OwnModel:
    """A model that the student's class built, in ``eval()`` mode."""

    def __init__(self, student: OwnStudent, name: str, sizes: tuple[Any, ...]) -> None:
        self._student, self._name, self._sizes = student, name, sizes
        self._loaded: Mapping[str, Any] | None = None
        build = student.function(name)
        self._built = student.last = StubCall(name, _argument_names(build), sizes, {})
        with student._at_work(name):
            self._model = build(*sizes).eval()

    def __call__(self, *inputs: Any, **states: Any) -> Any:
        """``model(tokens (N,T), h=(1,N,H))`` -> [logits (N,T,V), h (1,N,H)].

        Floats are cast to the model's own dtype. A state may be a list of arrays, which is passed
        as a tuple; one that is None is not passed.
        """
        import torch

        call = self._begun(inputs, states)
        if self._loaded is not None:  # others depend on the parameters that it began with
            self._student.calls.append(call)
        args, given = self._ready(call)
        with self._student._at_work(f"{self._name}.forward"), torch.no_grad():
            call.answer = plain(self._model(*args, **given))
        return _readable(f"{self._name}.forward", call.answer)

    def arguments_after(self, *inputs: Any, **states: Any) -> list[Any]:
        """The arguments of a forward pass as they are after it, in the order of the call.

        Floats are cast to the model's own dtype and back.
        """
        import torch

        call = self._begun(inputs, states)
        args, given = self._ready(call)
        with suppress(NoAnswer), self._student._at_work(self._name), torch.no_grad():
            self._model(*args, **given)
        left: Any = plain([*args, *given.values()])
        return list(map(as_given, left, [*inputs, *call.kwargs.values()]))

    def reached(self, *inputs: Any, **states: Any) -> list[str]:
        """The names of the parameters that the first thing it returns carries a gradient to."""
        args, given = self._ready(self._begun(inputs, states))
        with self._student._at_work(f"{self._name}.forward"):
            return reached(self._model, args, given)

    def _begun(self, inputs: tuple[Any, ...], states: Mapping[str, Any]) -> StubCall:
        """A call of the forward pass. A state that is None is not passed."""
        given = {key: value for key, value in states.items() if value is not None}
        names = _argument_names(getattr(self._model, "forward", self._model))
        call = StubCall(self._name, names, inputs, given, of_model=self._sizes, loaded=self._loaded)
        self._student.last = call
        return call

    def _ready(self, call: StubCall) -> tuple[list[Any], dict[str, Any]]:
        """The arguments of a forward pass as tensors."""
        given = {key: self._tensor(value) for key, value in call.kwargs.items()}
        return list(map(self._tensor, call.args)), given

    def _tensor(self, value: Any) -> Any:
        import torch

        if isinstance(value, list | tuple):
            return tuple(map(self._tensor, value))
        tensor = torch.tensor(value)
        if not tensor.is_floating_point():
            return tensor
        return tensor.to(next((p.dtype for p in self._model.parameters()), torch.float32))

    def parameters(self, prefix: str = "") -> Any:
        """Its ``state_dict``: name -> array, of those whose name begins with ``prefix``."""
        with self._student._at_work(self._name):
            found = dict(self._model.state_dict())
        if not prefix:
            self._tells("shapes", _shapes(found))
        return plain({name: one for name, one in found.items() if name.startswith(prefix)})

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of its ``state_dict``: name -> tuple."""
        with self._student._at_work(self._name):
            found = _shapes(self._model.state_dict())
        self._tells("shapes", found)
        return found

    def kinds(self) -> dict[str, str]:
        """The names of its direct children -> what they are of torch.nn."""
        with self._student._at_work(self._name):
            found = layers_of(self._model)
        self._tells("kinds", found)
        return found

    def _tells(self, about: Literal["kinds", "shapes"], answer: Any) -> None:
        self._student.calls.append(replace(self._built, answer=answer, about=about))

    def load(self, parameters: Mapping[str, Any]) -> None:
        """Loads a ``state_dict``, cast to the model's own dtypes."""
        import torch

        with self._student._at_work(self._name):
            own = self._model.state_dict()
        difference = how_parameters_differ(_shapes(own), _shapes(parameters))
        if difference:
            text = f"`{self._name}` cannot be given the parameters of a check: {difference}."
            raise NoAnswer("raised", text)
        with self._student._at_work(self._name):
            self._model.load_state_dict(
                {name: torch.as_tensor(a).to(own[name].dtype) for name, a in parameters.items()}
            )
        self._loaded = parameters


def _is_single(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float32


def _shapes(parameters: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in parameters.items()}


def _fresh(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments as they were made: a generator from its seed, all else a copy."""
    return tuple(
        np.random.default_rng(seed_of(value))
        if isinstance(value, np.random.Generator)
        else copy.deepcopy(value)
        for value in args
    )


def _copied(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments with arrays copied, and the same generators."""
    return tuple(
        value if isinstance(value, np.random.Generator) else copy.deepcopy(value) for value in args
    )


def _readable(name: str, answer: Any) -> Any:
    if isinstance(answer, Unreadable):
        raise NoAnswer("unreadable", f"`{name}` returned {answer.what}, which cannot be read.")
    return answer


def _argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(one.name for one in parameters if one.kind in positional)


def _own_line(error: BaseException) -> str:
    """Where in the student's own code an exception came up: the last such line."""
    found = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        line = linecache.getline(file, number).strip()
        notebook = "ipykernel" in file or file.startswith(("<ipython", "cell "))
        if line and (notebook or frame.f_globals.get("__name__") == "__main__"):
            found = f"in `{frame.f_code.co_name}`, line {number}: {line}"
    return found
