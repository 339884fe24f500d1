"""What known wrong ways answer to the visible checks, as fingerprints that give nothing away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograder.course.stubs import Kind
from autograder.misconceptions import Library, Misconception, Right
from autograder.misconceptions.outcomes import written
from autograder.self_check.facts import Check, Leaf, Mistake
from autograder.self_check.mistakes import DRAWS, call_key, fingerprint, item_at, leaf_name
from autograder.self_check.student import NoAnswer, OwnStudent, StubCall
from autograder.worker.answers import plain

# Draws from more tokens than this tell little by themselves.
FEW = 8


def known_mistakes(checks: Sequence[Check], library: Library) -> Iterator[Mistake]:
    """The wrong ways that show in the answers to visible checks, but for those of models."""
    asked = _asked(checks, library)
    for one in library.misconceptions.values():
        for right in _wrong_ways(one, library):
            answers = {}
            for key, (call, leaves) in asked.items():
                if call.stub != one.stub:
                    continue
                kind = library.stubs[call.stub].kind
                predicted = _prints(right, call, leaves, kind)
                if predicted and predicted != _prints(library.right(), call, leaves, kind):
                    answers[key] = predicted
            if answers:
                yield Mistake(one.stub, one.title, one.hint, answers)


def _prints(right: Right, call: StubCall, leaves: Iterable[Leaf], kind: Kind) -> dict[str, Any]:
    """What a way answers to a call, by the items that checks look at; empty where it raises."""
    answer = _answer(right, call, kind)
    if answer is None or (isinstance(answer, dict) and DRAWS in answer):
        return answer or {}
    prints = {leaf_name(leaf): fingerprint(item_at(answer, leaf)) for leaf in leaves}
    return {name: text for name, text in prints.items() if text}


def _wrong_ways(one: Misconception, library: Library) -> Iterator[Right]:
    for case in one.cases or (None,):
        wrong = one.wrong if case is None else partial(one.wrong, case=case)
        yield library.right({one.piece: wrong})


def _asked(checks: Sequence[Check], library: Library) -> dict[str, tuple[StubCall, list[Leaf]]]:
    """What the visible checks call where all is right, and the items of the answers that they
    look at, by the keys of the calls."""
    asked: dict[str, tuple[StubCall, list[Leaf]]] = {}
    for check in checks:
        student = OwnStudent(_RightFunctions(library), library.stubs.models)
        try:
            check.function(student, **check.parameters)
        except NoAnswer:
            continue  # a model: what it answers depends on the parameters that it begins with
        for call in student.calls:
            _, of_call = asked.setdefault(call_key(call), (call, []))
            of_call += [leaf for leaf in check.leaves if leaf not in of_call]
    return asked


class _RightFunctions(dict[str, Callable[..., Any]]):
    """The right ways by name, as a namespace without the models."""

    def __init__(self, library: Library) -> None:
        super().__init__()
        self._library = library

    def get(self, name: str, default: Any = None) -> Any:
        """The right way of a function, called as a student's is; None for a model."""
        right, kind = self._library.right(), self._library.stubs[name].kind
        if kind == "model" or name not in self._library.pieces:
            return None

        def drawn(*args: Any, **settings: Any) -> int:
            (rng,) = (value for value in args if isinstance(value, np.random.Generator))
            shares = getattr(right, name)(*_without_generators(args), **settings)
            return int(rng.choice(len(shares), p=shares))

        def writes(*args: Any, **settings: Any) -> Any:
            return written(getattr(right, name), _without_generators(args), settings)

        return {"draws": drawn, "writes": writes}.get(kind, getattr(right, name))


def _without_generators(args: Iterable[Any]) -> list[Any]:
    return [value for value in args if not isinstance(value, np.random.Generator)]


def _answer(right: Right, call: StubCall, kind: Kind) -> Any:
    """What a way answers to a call, as plain data; None where it raises or depends on the draw."""
    args, settings = _without_generators(call.args), dict(call.kwargs)
    try:
        with np.errstate(all="ignore"):
            way = getattr(right, call.stub)
            if kind == "draws":
                shares = way(*args, **settings)
                usable = abs(shares.sum() - 1) < 1e-9 and len(shares) <= FEW
                return {DRAWS: [float(f"{share:.6g}") for share in shares]} if usable else None
            if kind == "writes":
                return written(way, args, settings)
            return plain(way(*call.args, **settings))
    except Exception:
        return None
