"""Answers the grading process's requests about one submission, until the socket closes."""

from __future__ import annotations

import math
import random
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext, suppress
from typing import Any

import numpy as np

from . import wire
from .answers import Budget, layers_of, plain, reached
from .by_hand import by_hand
from .cells import Namespace, Surroundings
from .support import provide

MAX_REQUEST_BYTES = 1 << 28
QUICK_SECONDS = 1e-3
LOADING = {"support", "cell"}
ABSENT = object()
Request = dict[str, Any]


class CallbackFailed(Exception):
    """The grading process could not answer a call of a stub that it replaces."""


class Server:
    """One submission's code and what has been built from it.

    Every request is a dict with ``op`` and ``id``; every reply carries that id and either
    ``answer``, ``each`` (of several answers), ``error`` (see ``cells.describe``) or ``missing``.
    """

    def __init__(self, line: wire.Line) -> None:
        self._line = line
        self._namespace = Namespace()
        self._surroundings = Surroundings()
        self._models: list[Any] = []
        self._id = 0

    def run(self) -> None:
        """Serves until the other side closes the socket."""
        while True:
            try:
                request = self._receive()
            except wire.Closed:
                return
            self._id = request.pop("id")
            op = request.pop("op")
            operation: Callable[..., dict[str, Any]] = getattr(self, "_" + op)
            began = time.monotonic()
            try:
                reply = operation(**request)
            except BaseException as error:
                reply = {"error": self._namespace.describe(error)}
            self._flush()
            # A quick answer waits for those to the next requests: to send each by itself takes
            # longer than most calls. A cell's is sent, since the next one may never end.
            if op in LOADING or time.monotonic() - began > QUICK_SECONDS:
                self._send(reply)
            else:
                self._line.queue({**reply, "id": self._id})

    def _receive(self) -> Any:
        return self._line.receive(math.inf, MAX_REQUEST_BYTES, believe=True)

    def _send(self, message: dict[str, Any]) -> None:
        message["id"] = self._id
        self._line.send(message, math.inf)

    @staticmethod
    def _flush() -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                continue

    # -- requests -------------------------------------------------------------------------------

    def _cell(self, name: str, source: str, stop: int | None) -> dict[str, Any]:
        self._namespace.run(name, source, stop, lambda index: self._send({"at": index}))
        return {"answer": None}

    def _support(self, sources: dict[str, str]) -> dict[str, Any]:
        provide(sources)
        return {"answer": None}

    def _value(self, name: str) -> dict[str, Any]:
        if name not in self._namespace.names:
            return {"missing": name}
        return {"answer": plain(self._namespace.names[name])}

    def _call(
        self,
        asked: tuple[str, list[Any], dict[str, Any], int, list[str]],
        arguments_after: bool,
        without_autograd: bool = False,
    ) -> dict[str, Any]:
        stub, args, kwargs, times, replaced = asked
        function = self._namespace.names.get(stub)
        if not callable(function):
            return {"missing": stub}
        args = [self._function(value) for value in args]
        kwargs = {key: self._function(value) for key, value in kwargs.items()}
        own = {name: self._namespace.names.get(name, ABSENT) for name in replaced}
        self._namespace.names.update({name: self._stand_in(name) for name in replaced})
        self._surroundings.put_back()
        try:
            # Around the reading too: an answer of the student's own class may compute only then.
            with by_hand() if without_autograd else nullcontext():
                if arguments_after:
                    with suppress(Exception):
                        function(*args, **kwargs)
                    return {"answer": plain(args)}
                if times == 1:
                    return {"answer": plain(function(*args, **kwargs))}
                return _as_one(function(*_fresh(args), **_fresh(kwargs)) for _ in range(times))
        finally:
            for name, value in own.items():
                if value is ABSENT:
                    self._namespace.names.pop(name, None)
                else:
                    self._namespace.names[name] = value

    def _function(self, value: Any) -> Any:
        """An argument: a function of the grading process as one that can be called here."""
        # By its type: a student's code may have replaced ``isinstance``.
        return self._stand_in(value.name) if type(value) is wire.Function else value

    def _stand_in(self, name: str) -> Callable[..., Any]:
        def ask(*args: Any, **kwargs: Any) -> Any:
            budget = Budget()
            sent = [_crossing(value, budget) for value in args]
            named = {plain(key, budget): _crossing(value, budget) for key, value in kwargs.items()}
            self._send({"callback": name, "args": sent, "kwargs": named})
            reply = self._receive()
            if "answer" not in reply:
                raise CallbackFailed(reply["refused"])
            return reply["answer"]

        return ask

    def _build(self, stub: str, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        function = self._namespace.names.get(stub)
        if not callable(function):
            return {"missing": stub}
        self._surroundings.put_back()
        model = function(*args, **kwargs)
        model.eval()
        self._models.append(model)
        return {"answer": len(self._models) - 1}

    def _parameters(self, model: int, prefix: str) -> dict[str, Any]:
        found = dict(self._models[model].state_dict())
        return {"answer": plain({key: one for key, one in found.items() if key.startswith(prefix)})}

    def _shapes(self, model: int) -> dict[str, Any]:
        found = dict(self._models[model].state_dict())
        return {"answer": plain({key: tuple(one.shape) for key, one in found.items()})}

    def _kinds(self, model: int) -> dict[str, Any]:
        return {"answer": plain(layers_of(self._models[model]))}

    def _load(self, model: int, parameters: dict[str, Any]) -> dict[str, Any]:
        import torch

        own = self._models[model].state_dict()
        loaded = {
            name: torch.as_tensor(array).to(own[name].dtype) for name, array in parameters.items()
        }
        self._models[model].load_state_dict(loaded)
        return {"answer": None}

    def _forward(
        self, model: int, args: list[Any], kwargs: dict[str, Any], arguments_after: bool
    ) -> dict[str, Any]:
        import torch

        module, args, kwargs = self._ready(model, args, kwargs)
        with torch.no_grad():
            if arguments_after:
                with suppress(Exception):
                    module(*args, **kwargs)
                return {"answer": plain([*args, *kwargs.values()])}
            return {"answer": plain(module(*args, **kwargs))}

    def _reached(self, model: int, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
        module, args, kwargs = self._ready(model, args, kwargs)
        return {"answer": plain(reached(module, args, kwargs))}

    def _ready(
        self, model: int, args: list[Any], kwargs: dict[str, Any]
    ) -> tuple[Any, list[Any], dict[str, Any]]:
        """A model, and arguments as tensors, floats in the model's own dtype."""
        import torch

        self._surroundings.put_back()
        module = self._models[model]
        floats = next((p.dtype for p in module.parameters()), torch.float32)

        def tensors(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                tensor = torch.as_tensor(value)
                return tensor.to(floats) if tensor.is_floating_point() else tensor
            if isinstance(value, tuple | list):
                return type(value)(map(tensors, value))
            return value

        return module, list(map(tensors, args)), {key: tensors(one) for key, one in kwargs.items()}


def _as_one(answers: Iterable[Any]) -> dict[str, Any]:
    """Several answers; where they are one kind of numpy's numbers, in one array, read at once.

    Each is read as it comes: the next call may change it.
    """
    budget = Budget()
    read = [
        answer if isinstance(answer, np.integer | np.floating) else plain(answer, budget)
        for answer in answers
    ]
    kinds = set(map(type, read))
    if len(kinds) == 1 and issubclass(kinds.pop(), np.integer | np.floating):
        return {"each": np.array(read)}
    return {"answer": [plain(answer, budget) for answer in read]}


def _fresh(value: Any) -> Any:
    """A copy of arguments: a call that modifies them does not reach the next."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple | list):
        return type(value)(map(_fresh, value))
    return {key: _fresh(one) for key, one in value.items()} if isinstance(value, dict) else value


def _crossing(value: Any, budget: Budget) -> Any:
    """An argument of a call back: plain data; a generator crosses as a seed drawn from it."""
    if isinstance(value, np.random.Generator):
        return wire.Seed(int(value.integers(2**63)))
    return plain(value, budget)


def serve(line: wire.Line) -> None:
    """Serves one submission on a line to the grading process."""
    random.seed(0)
    np.random.seed(0)
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(0)
    Server(line).run()
