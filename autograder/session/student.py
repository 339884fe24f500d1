"""The ``student`` that checks call: a submission's functions, in another process."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, Literal

import msgspec
import numpy as np

from autograder.course.reference import NotAnswered, Reference, answered
from autograder.course.stubs import Shape
from autograder.sandbox.workers import Refused, Reply
from autograder.session.replies import NOT_THERE, StudentError
from autograder.session.session import Session
from autograder.worker.values import as_given, how_parameters_differ
from autograder.worker.wire import Array, Function, Packed, crosses

About = Literal["kinds", "parameters", "shapes", "start", "arguments"]


class Call(msgspec.Struct, frozen=True):
    """One call of a stub, and what came of it.

    ``parameters`` are those of a model whose forward pass this is, and ``sizes`` what it was built
    with; ``about`` says what else was asked: of a model that was built with ``args`` its "kinds",
    its "parameters" or their "shapes", or what some of its parameters are at the "start"; or what
    became of the "arguments" of a call.
    """

    stub: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    times: int
    answer: Any
    parameters: Mapping[str, Array] | None = None
    sizes: tuple[Any, ...] = ()
    about: About | None = None

    @property
    def entries(self) -> int:
        """How many numbers the arguments hold."""
        return sum(np.size(value) for value in self.args if isinstance(value, np.ndarray))


class Student:
    """One submission, as a check sees it: ``student.rnn_forward(x, h0, W_x, W_h, b_h)``.

    Answers are plain data: arrays, numbers, text, lists (of tuples too), dicts. A value in them
    that is none of these is an ``Unreadable``. Every call may raise StudentError.

    Where others call the stubs in ``right``, right ones answer in their place, from here.
    ``calls`` were made; of the stubs that were ``asked``; others ``stood_in`` for their own.
    ``other_calls`` have no result: they lost the worker, there is no such model, or only their
    arguments were compared. If ``given_up``, a stub was no longer called.
    """

    def __init__(self, session: Session, reference: Reference, right: Collection[str] = ()) -> None:
        self.session = session
        self._reference = reference
        self._right = right
        self.asked: set[str] = set()
        self.stood_in: set[str] = set()
        self.given_up = False
        self.calls: list[Call] = []
        self.other_calls: list[Call] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._reference.stubs[name].kind == "model":
            return lambda *args: StudentModel(self, self.session, name, args)
        return lambda *args, **kwargs: self._call(name, args, kwargs)

    def many(self, times: int) -> _Variant:
        """``student.many(n).f(...)``: a list of n answers, one call after another."""
        return _Variant(self, times=times)

    @property
    def arguments_after(self) -> _Variant:
        """``student.arguments_after.f(...)``: the arguments as they are after the call.

        None where the call did not end, which other checks report.
        """
        return _Variant(self, arguments_after=True)

    def value(self, name: str) -> Any:
        """A global variable of the submission."""
        return self.session.variable(name)

    def _call(
        self,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        times: int = 1,
        arguments_after: bool = False,
    ) -> Any:
        self.asked.add(name)
        replaced = [block for block in self._reference.stubs.built_of(name) if block in self._right]
        stub = self._reference.stubs[name]
        judged = {f"argument {i}": one for i, one in enumerate(args, 1) if callable(one)}
        crossing = [
            Function(f"argument {i}") if callable(one) else crosses(one)
            for i, one in enumerate(args, 1)
        ]
        asked = Packed((name, crossing, crosses(kwargs), times, replaced))
        stood_in = self.session.stood_in[asked.data] if replaced else set[str]()
        callback = partial(self._answer, replaced, stood_in, judged, stub.judged)
        ask = partial(
            self.session.ask,
            name,
            "call",
            callback=callback if replaced or judged else None,
            right=replaced,
            asked=asked,
            arguments_after=arguments_after,
            without_autograd=stub.by_hand,
        )
        # Several checks ask for items of the same answer. What draws may draw otherwise again, and
        # what judges is asked about another function.
        alike = not judged and not any(isinstance(value, np.random.Generator) for value in args)
        try:
            if arguments_after:
                after = ask(key=b"after " + asked.data, alike=True).get("answer")
                self.other_calls.append(Call(name, args, kwargs, 1, after, about="arguments"))
                return after
            reply = ask(key=None if judged else asked.data, alike=alike)
        except StudentError as error:
            if arguments_after:
                return None
            self.other_calls.append(Call(name, args, kwargs, times, error.afresh()))
            raise
        finally:
            self.stood_in |= stood_in
        if "each" in reply:
            reply = {"answer": _one_by_one(reply["each"], times)}
        key = asked.data if alike else None
        return self._recorded(name, reply, key, partial(Call, name, args, kwargs, times))

    def _recorded(
        self, stub: str, reply: Reply, key: bytes | None, call: Callable[[Any], Call]
    ) -> Any:
        """The answer, which is kept as ``call(answer)``, to be explained."""
        has_room = self.session.keep(key, reply)
        try:
            answer = self.session.value(stub, reply)
        except StudentError as error:
            self.calls.append(call(error.afresh()))
            raise
        kept = answer if has_room else StudentError("too large", "It is too large to be kept.")
        self.calls.append(call(kept))
        return answer

    def _answer(
        self,
        replaced: list[str],
        stood_in: set[str],
        judged: Mapping[str, Callable[..., Any]],
        shapes: tuple[Shape, ...],
        name: str,
        args: list[Any],
        kwargs: dict[str, Any],
    ) -> Any:
        try:
            if name in judged:
                spend = self.session.spend
                return crosses(answered("it", judged[name], shapes, args, kwargs, spend))
            if name not in replaced:
                raise Refused("no such stub")
            stood_in.add(name)
            return crosses(self._reference.stand_in(name, args, kwargs, self.session.spend))
        except NotAnswered as error:
            raise Refused(str(error)) from None


class _Variant:
    """Calls a stub in another way, by the same name."""

    def __init__(self, student: Student, **how: Any) -> None:
        self._student = student
        self._how = how

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args, **kwargs: self._student._call(name, args, kwargs, **self._how)


class StudentModel:
    """A model that the submission built, in its worker, in ``eval()`` mode."""

    def __init__(
        self, student: Student, session: Session, name: str, args: tuple[Any, ...]
    ) -> None:
        self._student = student
        self._session = session
        self._name = name
        self._sizes = args
        reply = session.ask(name, "build", stub=name, args=list(args), kwargs={})
        try:
            self._model = session.value(name, reply)
        except StudentError as error:
            if error.kind in NOT_THERE:
                student.other_calls.append(Call(name, args, {}, 1, error.afresh()))
            raise
        self._worker = session.worker
        self._loaded: dict[str, Array] | None = None
        self._has_room = True

    def _ask(self, op: str, **fields: Any) -> Reply:
        if self._session.worker is not self._worker:
            raise StudentError("crashed", f"`{self._name}` was lost with its worker.")
        return self._session.ask(self._name, op, model=self._model, **fields)

    def _about(self, what: About, op: str | None = None, **fields: Any) -> Any:
        reply = self._ask(op or what, **fields)
        return self._recorded(reply, partial(Call, self._name, self._sizes, {}, 1, about=what))

    def _recorded(self, reply: Reply, call: Callable[[Any], Call]) -> Any:
        return self._student._recorded(self._name, reply, None, call)

    def __call__(self, *inputs: Any, **states: Any) -> Any:
        """``model(tokens (N,T), h=(1,N,H))`` -> [logits (N,T,V), h (1,N,H)].

        Arrays arrive as tensors, floats in the model's own dtype. What is None is not passed.
        """
        given = {key: value for key, value in states.items() if value is not None}
        reply = self._ask("forward", **_crossing(inputs, given), arguments_after=False)
        if self._loaded is None:
            return self._session.value(self._name, reply)
        known = self._loaded if self._has_room else {}
        call = partial(Call, self._name, inputs, given, 1, parameters=known, sizes=self._sizes)
        return self._recorded(reply, call)

    def arguments_after(self, *inputs: Any, **states: Any) -> Any:
        """The arguments of a forward pass as they are after it, in the order of the call.

        Floats are cast to the model's own dtype and back.
        """
        reply = self._ask("forward", **_crossing(inputs, states), arguments_after=True)
        after = self._session.value(self._name, reply)
        given = [*inputs, *states.values()]
        left = after if isinstance(after, list) else []
        return [as_given(new, old) for new, old in zip(left, given, strict=False)]

    def reached(self, *inputs: Any, **states: Any) -> Any:
        """The names of the parameters that the first thing it returns carries a gradient to."""
        return self._session.value(self._name, self._ask("reached", **_crossing(inputs, states)))

    def parameters(self, prefix: str = "") -> Any:
        """Its ``state_dict``: name -> array, of those whose name begins with ``prefix``."""
        return self._about("parameters" if not prefix else "start", op="parameters", prefix=prefix)

    def shapes(self) -> Any:
        """The shapes of its ``state_dict``: name -> tuple, also where the numbers are too many."""
        return _as_shapes(self._about("shapes"))

    def kinds(self) -> Any:
        """The names of its direct children -> what they are of torch.nn; see ``layers_of``."""
        return self._about("kinds")

    def load(self, parameters: dict[str, Array]) -> None:
        """Loads a ``state_dict``, cast to the model's own dtypes."""
        try:
            self._session.value(self._name, self._ask("load", parameters=parameters))
        except StudentError as error:
            if error.kind != "raised":
                raise
            found = self._session.value(self._name, self._ask("shapes"))
            raise self._not_loaded(found, parameters, error) from None
        self._loaded = parameters
        self._has_room = self._session.keep(None, {"parameters": parameters})

    def _not_loaded(
        self, found: object, parameters: dict[str, Array], error: StudentError
    ) -> StudentError:
        """Names of parameters are the code's choice, and so are for the detail alone."""
        given = {name: value.shape for name, value in parameters.items()}
        difference = how_parameters_differ(_as_shapes(found), given)
        what = "its parameters differ in name or shape" if difference else "it does not take them"
        message = f"`{self._name}` cannot be given the parameters of a check: {what}."
        detail = f"Here {difference}." if difference else error.detail
        return StudentError("raised", message, detail)


def _crossing(inputs: tuple[Any, ...], states: Mapping[str, Any]) -> dict[str, Any]:
    return {"args": [crosses(one) for one in inputs], "kwargs": crosses(dict(states))}


def _as_shapes(found: object) -> dict[str, tuple[int, ...]]:
    """The shapes that a worker sent, by name; what is no shape is left out."""
    shapes = found.items() if isinstance(found, dict) else ()
    return {
        name: tuple(shape)
        for name, shape in shapes
        if isinstance(shape, list) and all(type(size) is int for size in shape)
    }


def _one_by_one(each: object, times: int) -> object:
    """The answers that came as one array; what is not that many numbers stays as it is.

    Numbers by themselves take a hundred times the room, of which a worker may not choose how much.
    """
    if isinstance(each, np.ndarray) and each.shape == (times,):
        return [np.asarray(one) for one in each]
    return each
