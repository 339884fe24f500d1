"""Tries every function of a students' self-check in place of every stub.

Run as ``python -m tests.solving PACKAGE OUT``; it writes a JSON object, by stub, of the functions
that answered as the reference does. In a process of its own, for some of them end or redirect it.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from autograder.checks.inputs import uniform
from autograder.course.folders import Assignment, Course
from autograder.course.reference import Reference

SECONDS = 2
MAX_ITEMS = 50


def asked(assignment: Assignment) -> Iterator[tuple[str, tuple[Any, ...], Any]]:
    """Stubs with arguments, and what is right; of draws, such that only one token can be drawn."""
    reference, rng = Reference(assignment), np.random.default_rng(5)
    inputs, model = (assignment.module(f"checks.{name}") for name in ("inputs", "model"))
    x_t, h_prev, W_x, W_h, b_h = inputs.cell(rng, 2, 3, 4)
    h_t = reference.rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h)
    grads = {"W": uniform(rng, 3, 4), "b": uniform(rng, 5)}
    certain = np.where(np.arange(60) == 43, 90.0, 0.0)
    V, E, H = 11, 4, 6
    layers: dict[str, tuple[int, ...]]
    layers = {"embedding.weight": (V, E), "rnn.weight_ih_l0": (H, E), "rnn.weight_hh_l0": (H, H)}
    layers |= {"rnn.bias_ih_l0": (H,), "output.weight": (V, H), "output.bias": (V,)}
    parameters = {name: uniform(rng, *shape) for name, shape in layers.items()}
    tokens = rng.integers(V, size=(2, 5))
    after = 60 * np.roll(np.eye(6), 1, axis=1)
    weights = (np.eye(6), np.eye(6), np.zeros((6, 6)), np.zeros(6), after, np.zeros(6))
    plain = {
        "ngram_distribution": (rng.integers(4, size=40), np.array([1, 2]), 5),
        "feed_forward_logits": (
            *(uniform(rng, 2, 3, 4), uniform(rng, 4, 5), uniform(rng, 5)),
            *(uniform(rng, 5, 7), uniform(rng, 7)),
        ),
        "rnn_cell_forward": (x_t, h_prev, W_x, W_h, b_h),
        "softmax": (uniform(rng, 3, 5),),
        "rnn_forward": inputs.sequence(rng, 2, 3, 4, 5, started=True),
        "next_token_pairs": (rng.integers(90, size=23), 4),
        "cross_entropy": (uniform(rng, 3, 4, 5), rng.integers(5, size=(3, 4))),
        "perplexity": (1.2345,),
        "rnn_cell_backward": (uniform(rng, 2, 4), x_t, h_prev, h_t, W_x, W_h),
        "bptt": inputs.training(rng, 2, 3, 4, 5, 6, started=True),
        "clip_gradients": (grads, 0.7),
        "parameter_count": (13, 7, 5),
        "sample_token": (certain, np.random.default_rng(1)),
        "generate": ([2, 4], 9, *weights, np.random.default_rng(1)),
    }
    for stub, arguments in plain.items():
        yield stub, arguments, getattr(reference, stub)(*arguments)
    yield (
        "CharRNN",
        (parameters, tokens, None),
        model.unrolled(parameters, tokens),
    )


def functions(package: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """All that can be called and is defined in a package, methods too."""
    modules = [package]
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith(("__main__", "conftest")):
            modules.append(importlib.import_module(found.name))
    for module in modules:
        place = module.__name__.partition(".")[2]
        for name, value in vars(module).items():
            if getattr(value, "__module__", None) != module.__name__ or not callable(value):
                continue
            yield f"{place}.{name}".lstrip("."), value
            for method, function in vars(value).items() if inspect.isclass(value) else ():
                if inspect.isfunction(function):
                    yield f"{place}.{name}.{method}", function


def ways(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """How a function may be called with arguments: all of them, some in their order, in pairs."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return
    positional = [
        one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    takes_all = any(one.kind == one.VAR_POSITIONAL for one in parameters)
    needed = sum(one.default is one.empty for one in positional)
    most = len(arguments) if takes_all else min(len(positional), len(arguments))
    yield (None, *arguments)  # a method
    for count in range(min(needed, most), most + 1):
        for some in combinations(arguments, count):
            yield some
            if some and isinstance(some[-1], np.ndarray):
                yield (*some[:-1], (some[-1], 0 * some[-1]))


def items(value: Any, depth: int = 0) -> Iterator[Any]:
    """A value, and what is in it: of collections, generators and objects with attributes."""
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    yield value
    if depth == 3 or isinstance(value, str | bytes | np.ndarray | np.generic | int | float):
        return
    if isinstance(value, ModuleType):  # those of the package are gone through by themselves
        return
    inside: list[Any] = []
    with suppress(Exception):
        inside = list(vars(value).values())
    with suppress(Exception):
        inside += list(value.values()) if isinstance(value, dict) else list(value)[:MAX_ITEMS]
    for one in inside:
        yield from items(one, depth + 1)


def numbers(values: Iterable[Any]) -> Iterator[np.ndarray]:
    """Those of the values that are numbers, as arrays."""
    for value in values:
        with suppress(Exception):
            array = np.asarray(value)
            if array.dtype.kind in "iuf" and array.size:
                yield array


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and np.allclose(one, other, rtol=1e-4, atol=1e-6)


def answers(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Iterator[Any]:
    for some in ways(function, arguments):
        finders, main = list(sys.meta_path), sys.modules["__main__"]
        got: list[Any] = []
        signal.alarm(SECONDS)
        with suppress(BaseException):
            got = list(items(function(*some)))
        signal.alarm(0)
        sys.meta_path[:], sys.modules["__main__"] = finders, main
        yield from got


def solving(package: ModuleType) -> dict[str, list[str]]:
    """By stub, the functions that answer it, or an item of its answer that is no argument."""
    found: dict[str, list[str]] = {}
    everything = list(functions(package))
    for stub, arguments, right in asked(Course.find(Path.cwd()).assignment()):
        given = list(numbers(one for argument in arguments for one in items(argument)))
        asked_for = (one for one in items(right) if not (type(one) is int and one < 10))
        wanted = [one for one in numbers(asked_for) if not any(same(one, other) for other in given)]
        for name, function in everything:
            got = numbers(answers(function, arguments))
            if any(same(one, want) for one in got for want in wanted):
                found.setdefault(stub, []).append(name)
    return found


def _stop(*_: Any) -> None:
    raise TimeoutError


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, _stop)
    sys.path.insert(0, str(Path(sys.argv[1]).resolve().parent))
    solved = solving(importlib.import_module(Path(sys.argv[1]).name))
    Path(sys.argv[2]).write_text(json.dumps(solved), encoding="utf-8")
