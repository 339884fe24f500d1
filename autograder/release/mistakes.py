"""What known wrong ways answer to the visible checks, as fingerprints that give nothing away."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from autograder.course.folders import Assignment
from autograder.course.reference import Reference
from autograder.course.stubs import Stub
from autograder.misconceptions import Library, Misconception, Right
from autograder.misconceptions.outcomes import layers, written
from autograder.self_check.facts import Check, Leaf, Mistake
from autograder.self_check.mistakes import (
    DRAWS,
    call_key,
    fingerprint,
    item_at,
    leaf_name,
    leaves_of,
)
from autograder.self_check.student import OwnStudent, StubCall
from autograder.worker.answers import plain

# Draws from more tokens than this say little by themselves.
FEW = 8


Models = Mapping[str, Callable[..., Any]]


def models_of(assignment: Assignment, library: Library) -> Models:
    """The right models, and what else no piece can replace, by name."""
    reference, stubs = Reference(assignment), library.stubs
    return {
        name: getattr(reference, name)
        for name in reference.defined
        if stubs[name].kind in ("model", "varies", "judges") or name not in library.pieces
    }


def known_mistakes(checks: Sequence[Check], library: Library, models: Models) -> Iterator[Mistake]:
    """The wrong ways that show in the answers to visible checks; ``models`` are the right ones."""
    asked = _asked(checks, library, models)
    right_prints = {
        key: _prints(library.right(), call, leaves, library.stubs[call.stub])
        for key, (call, leaves) in asked.items()
    }
    for one in library.misconceptions.values():
        for right in _wrong_ways(one, library):
            answers, shows = {}, []
            for key, (call, leaves) in asked.items():
                if call.stub != one.stub:
                    continue
                predicted = _prints(right, call, leaves, library.stubs[call.stub])
                if predicted:
                    answers[key] = predicted
                    if predicted != right_prints[key]:
                        shows.append(key)
            if shows:
                yield Mistake(one.stub, sorted(one.costs), one.title, one.hint, answers, shows)


def _prints(right: Right, call: StubCall, leaves: Sequence[Leaf], stub: Stub) -> dict[str, Any]:
    """What a way answers to a call, by the items that checks look at; empty where it raises."""
    answer = _answer(right, call, stub)
    if answer is None or (isinstance(answer, dict) and DRAWS in answer):
        return answer or {}
    prints = {
        leaf_name(leaf): fingerprint(item_at(answer, leaf)) for leaf in leaves_of(call, leaves)
    }
    return {name: text for name, text in prints.items() if text}


def _wrong_ways(one: Misconception, library: Library) -> Iterator[Right]:
    for case in one.cases or (None,):
        wrong = one.wrong if case is None else partial(one.wrong, case=case)
        yield library.right({one.piece: wrong})


def _asked(
    checks: Sequence[Check], library: Library, models: Models
) -> dict[str, tuple[StubCall, list[Leaf]]]:
    """What the visible checks call where all is right, and the items of the answers that they
    look at, by the keys of the calls."""
    asked: dict[str, tuple[StubCall, list[Leaf]]] = {}
    for check in checks:
        student = OwnStudent(_RightFunctions(library, models), library.stubs.models)
        check.function(student, **check.parameters)
        for call in student.calls:
            _, of_call = asked.setdefault(call_key(call), (call, []))
            of_call += [leaf for leaf in check.leaves if leaf not in of_call]
    return asked


class _RightFunctions(dict[str, Callable[..., Any]]):
    """The right ways by name, as a namespace."""

    def __init__(self, library: Library, models: Models) -> None:
        super().__init__(models)
        self._library = library

    def get(self, name: str, default: Any = None) -> Any:
        """The right way of a function, called as a student's is, or the right model."""
        right, kind = self._library.right(), self._library.stubs[name].kind
        if name in self or name not in self._library.pieces:
            return super().get(name)

        def drawn(*args: Any, **settings: Any) -> int:
            (rng,) = (value for value in args if isinstance(value, np.random.Generator))
            shares = getattr(right, name)(*_without_generators(args), **settings)
            return int(rng.choice(len(shares), p=shares))

        def writes(*args: Any, **settings: Any) -> Any:
            return written(getattr(right, name), _without_generators(args), settings)

        return {"draws": drawn, "writes": writes}.get(kind, getattr(right, name))


def _without_generators(args: Iterable[Any]) -> list[Any]:
    return [value for value in args if not isinstance(value, np.random.Generator)]


def _answer(right: Right, call: StubCall, stub: Stub) -> Any:
    """What a way answers to a call, as plain data; None where it raises or depends on the draw."""
    args, settings, kind = _without_generators(call.args), dict(call.kwargs), stub.kind
    try:
        with np.errstate(all="ignore"):
            if call.about is not None:
                kinds, shapes = layers(right, call.stub, args or stub.sizes)
                return kinds if call.about == "kinds" else shapes
            if kind in ("varies", "judges"):  # what was drawn, or judged, is not known beforehand
                return None
            way = getattr(right, call.stub)
            if call.loaded is not None:
                return _single(way(call.loaded, *args, **settings))
            if kind == "draws":
                shares = way(*args, **settings)
                usable = abs(shares.sum() - 1) < 1e-9 and len(shares) <= FEW
                return {DRAWS: [float(f"{share:.6g}") for share in shares]} if usable else None
            if kind == "writes":
                return written(way, args, settings)
            return plain(way(*call.args, **settings))
    except Exception:
        return None


def _single(answer: Any) -> Any:
    """As a model answers by default."""
    if isinstance(answer, list | tuple):
        return list(map(_single, answer))
    return np.asarray(answer, np.float32)
