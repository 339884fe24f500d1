"""Checks your work on your own machine; nothing is sent anywhere.

In the notebook:   check("2a")              runs the checks of a part
                   gradient_check(f, x, g)  holds a gradient against small steps
                   self_test("tanh")        asks a concept question that is not marked
                   hand_in()                looks at the saved file before you hand it in
In a terminal:     python -m rnn_check      runs the checks of all parts; -h shows more
                   pytest                   does the same, as tests

The checks are in the section "checks" below, and can be read. Where your work is graded, it is
asked on other inputs too.
"""

# Built from the course's own checks. What you change here changes nothing of what is graded.

from __future__ import annotations

import __future__
import argparse
import ast
import copy
import hashlib
import inspect
import io
import json
import linecache
import math
import os
import queue
import re
import subprocess
import sys
import textwrap
import threading
import time
import traceback
import types
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

# -- checks, agree ---------------------------------------------------------------------------------


Array = NDArray[Any]


# Relative to the largest entry of the right answer.
DOUBLE, SINGLE = 1e-5, 1e-3


# Below this an entry is zero, whatever the largest one is.
TINY = 1e-12


# What differs by this much less or more than is allowed is a close call.
NEAR = 10.0


MAX_SHOWN = 40


# Of token ids, where no number is asked for.
MAX_TOKENS = 10_000


# What many a mistake multiplies an answer by.
FACTORS = {
    -1.0: "the opposite sign",
    2.0: "twice what is expected",
    0.5: "half of what is expected",
    -2.0: "twice what is expected, with the opposite sign",
    -0.5: "half of what is expected, with the opposite sign",
}


_close_calls: ContextVar[list[str] | None] = ContextVar("close calls", default=None)


class Disagreement(AssertionError):
    """An answer is wrong.

    ``message`` is for the student, also where the check is hidden. So it holds no value of the
    check, and no number or text that the answer can choose, by which it could tell a value: only
    features from a short list, such as a sign. ``detail`` holds values, counts and places.
    """

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(f"{message} {detail}".strip())
        self.message = message
        self.detail = detail


def agree(got: object, want: ArrayLike, name: str = "The result", axes: Sequence[str] = ()) -> None:
    """Raises Disagreement unless ``got`` is ``want``, an array or a number.

    Shapes must be equal, and all entries finite. Floats may differ by 1e-5 of the largest entry
    (arrays in float32: 1e-3), whole numbers not at all. An empty array may have any shape.

    Args:
        got: what a student's function returned.
        want: what is right; its own dtype says if floats or whole numbers are asked.
        name: what to call it, at the start of a sentence.
        axes: what the first axes count, such as ("row", "time step"), to say where it is wrong.
    """
    array, right = as_array(got, name), np.asarray(want)
    if right.size == 0 and array.size == 0:
        return
    if array.shape != right.shape:
        raise _other_shape(name, array, str(right.shape))
    if right.dtype.kind in "iu":
        if right.ndim == 0 and array.dtype.kind == "f":
            raise Disagreement(f"{name}: a float, expected an int.")
        wrong = array != right
    else:
        difference, allowed = np.abs(array - right), _allowed(array, right)
        largest = difference.max()
        if largest < allowed / NEAR:  # as in most answers; NaN is not
            return
        finite = np.isfinite(array)
        if not finite.all():
            bad = int(np.count_nonzero(~finite))
            detail = f"In {bad} of {array.size} entries. {_both(got, want)}"
            raise Disagreement(f"{name}: inf or NaN.", detail)
        wrong = difference > allowed
        gathered = _close_calls.get()
        if gathered is not None and largest <= allowed * NEAR:
            gathered.append(name)
    if wrong.any():
        places = _places(wrong, axes)
        feature = _feature(array, right, wrong, axes)
        raise Disagreement(f"{name}: {feature}.", f"{places}{_both(got, want)}")


def as_array(got: object, name: str) -> Array:
    """What a student returned as an array of numbers. Raises Disagreement for anything else."""
    if got is None or isinstance(got, str | dict) or hasattr(got, "what"):
        raise Disagreement(f"{name}: {_kind(got)}, expected numbers.")
    try:
        array = np.asarray(got)
    except (TypeError, ValueError, OverflowError):
        raise Disagreement(f"{name}: a list whose rows differ in length or in kind.") from None
    if array.dtype.kind not in "iuf":
        raise Disagreement(f"{name}: {_contents(array)}, expected numbers.")
    return array


def item(got: object, index: int, names: Sequence[str]) -> object:
    """An item of a returned tuple. Raises Disagreement if it is no such tuple.

    One that is too short costs the missing items alone.
    """
    listed = f"({', '.join(names)})"
    if not isinstance(got, list | tuple) and np.ndim(as_array(got, f"The result {listed}")) == 0:
        raise Disagreement(f"The result is one number, expected a tuple {listed}.")
    answers: Any = got
    if len(answers) > len(names) or (isinstance(got, np.ndarray) and len(answers) != len(names)):
        detail = f"It holds {len(answers)} things."
        raise Disagreement(f"The result holds too much, expected {listed}.", detail)
    if index >= len(answers):
        raise Disagreement(f"The result is too short: `{names[index]}` is missing of {listed}.")
    found: object = answers[index]
    return found


def entry(got: object, key: str, name: str = "The result") -> object:
    """An entry of a returned dict. Raises Disagreement if there is none."""
    if not isinstance(got, dict):
        raise Disagreement(f"{name}: {_kind(got)}, expected a dict.")
    if key not in got:
        raise Disagreement(f'{name}: there is no "{key}".')
    found: object = got[key]
    return found


def token_ids(
    got: object, vocab_size: int, name: str = "The result", count: int | None = None
) -> list[int]:
    """A sequence of token ids, as many as ``count`` where given.

    Raises Disagreement if any is no int from 0 to vocab_size - 1.
    """
    array = as_array(got, name)
    if array.size == 0 and not count:
        return []
    if array.ndim != 1:
        raise _other_shape(name, array, "of a list of ints")
    if count is None and len(array) > MAX_TOKENS:
        raise Disagreement(f"{name}: far too many.", f"There are {len(array)}.")
    if count is not None and len(array) != count:
        few = "too few" if len(array) < count else "too many"
        raise Disagreement(f"{name}: {few}, expected {count}.", f"There are {len(array)}.")
    if array.dtype.kind == "f":
        raise Disagreement(f"{name}: floats, expected ints.")
    if array.min() < 0 or array.max() >= vocab_size:
        raise Disagreement(f"{name}: ids that no token has.", f"Got {_short(array)}.")
    ids: list[int] = array.tolist()
    return ids


def _other_shape(name: str, array: Array, expected: str) -> Disagreement:
    return Disagreement(f"{name}: not the shape {expected}.", f"The shape is {array.shape}.")


def _allowed(array: Array, right: Array) -> float:
    single = right.ndim > 0 and any(a.dtype.kind == "f" and a.itemsize < 8 for a in (array, right))
    return max((SINGLE if single else DOUBLE) * float(np.abs(right).max()), TINY)


def _kind(got: object) -> str:
    if got is None:
        return "None (is a `return` missing?)"
    what = getattr(got, "what", None)  # what could not be read when it crossed says what it was
    if isinstance(what, str):
        return "".join(c for c in what[:60] if c.isprintable())
    names = {str: "text", dict: "a dict", list: "a list", float: "a number", int: "a number"}
    return names.get(type(got), "an array")


def _contents(array: Array) -> str:
    return {"b": "True and False", "U": "text"}.get(array.dtype.kind, "things of several kinds")


def _feature(got: Array, want: Array, wrong: NDArray[np.bool_], axes: Sequence[str]) -> str:
    """What is wrong, in words that give no value away."""
    if want.size == 1 and want.ndim and want.dtype.kind in "iu":
        return "it is wrong"
    if want.size == 1:
        return _scalar_feature(float(got.item()), float(want.item()))
    if not got.any() and want.any():
        return "zero everywhere"
    if want.dtype.kind == "f" and (same := _same_change(got, want)):
        return same
    square = want.ndim == 2 and want.shape[0] == want.shape[1]
    if square and not (np.abs(got.T - want) > _allowed(got, want)).any():
        return "the transpose of what is expected"
    text = "all entries are wrong" if wrong.all() else "some entries are wrong"
    return text + "".join(map(_edge, _wrong_along(wrong, axes), axes))


def _edge(wrong: NDArray[np.bool_], called: str) -> str:
    """Whether the first or the last place along an axis differs from all others."""
    if wrong[0] and not wrong[1:].any():
        return f", only at the first {called}" if len(wrong) > 1 else ""
    if wrong[-1] and not wrong[:-1].any():
        return f", only at the last {called}"
    if not wrong[0] and wrong[1:].all():
        return f", at every {called} but the first"
    if not wrong[-1] and wrong[:-1].all():
        return f", at every {called} but the last"
    return ""


def _wrong_along(wrong: NDArray[np.bool_], axes: Sequence[str]) -> Iterator[NDArray[np.bool_]]:
    """Of each axis with a name, at which of its places anything is wrong."""
    for axis in range(len(axes)):
        places: NDArray[np.bool_] = np.moveaxis(wrong, axis, 0).reshape(wrong.shape[axis], -1)
        yield np.atleast_1d(places.any(axis=1))


def _places(wrong: NDArray[np.bool_], axes: Sequence[str]) -> str:
    """How many entries are wrong, and where, as a sentence; nothing for a single number."""
    if wrong.size == 1:
        return ""
    text = f"{np.count_nonzero(wrong)} of {wrong.size} entries"
    for places, called in zip(_wrong_along(wrong, axes), axes, strict=False):
        if not places.all():
            text += f", {called} {_listed(np.flatnonzero(places).tolist())}"
    return f"Wrong: {text}. "


def _scalar_feature(got: float, want: float) -> str:
    return _factor(got / want if want else 0.0) or ("too large" if got > want else "too small")


def _factor(ratio: float) -> str | None:
    """A factor that many a mistake leads to. Any other could be a value, spelled by the code."""
    for factor, text in FACTORS.items():
        if abs(ratio / factor - 1) < DOUBLE:
            return text
    return None


def _listed(places: list[int]) -> str:
    if len(places) > 2 and places[-1] - places[0] == len(places) - 1:
        return f"{places[0]} to {places[-1]}"
    return ", ".join(map(str, places[:8])) + (", ..." if len(places) > 8 else "")


def _same_change(got: Array, want: Array) -> str | None:
    allowed = _allowed(got, want)
    length = float(np.vdot(want, want))
    factor = float(np.vdot(want, got)) / length if length > 0 else 0.0
    if factor and not (np.abs(got - factor * want) > max(allowed, abs(factor) * allowed)).any():
        known = _factor(factor)
        return f"{known} everywhere" if known else "a multiple of what is expected"
    shift = float(np.mean(got - want))
    if np.ptp(want) > allowed and not (np.abs(got - shift - want) > allowed).any():
        return "off by the same amount everywhere"
    return None


def _both(got: object, want: ArrayLike) -> str:
    return f"Expected {_short(np.asarray(want))}, got {_short(np.asarray(got))}."


def _short(array: Array) -> str:
    if array.size > MAX_SHOWN:
        return f"an array of the shape {array.shape} that begins {_short(array.ravel()[:8])}"
    text = np.array2string(array, precision=5, suppress_small=True, separator=", ")
    return " ".join(text.split())


# -- checks, chance --------------------------------------------------------------------------------


CHANCE = 1e-9


def follows(
    drawn: Sequence[int],
    probabilities: NDArray[np.float64],
    name: str = "The draws",
    chance: float = CHANCE,
) -> None:
    """Raises Disagreement unless draws can have come from these probabilities.

    Args:
        drawn: n token ids, drawn independently.
        probabilities: (V,) of each token. One that is zero is never drawn.
        name: what to call the draws, at the start of a sentence.
        chance: how likely a right sampler fails, at most.
    """
    n, vocab_size = len(drawn), len(probabilities)
    counts = np.bincount(np.asarray(drawn, dtype=np.int64), minlength=vocab_size)
    # A token that is sure needs no test of its own: the others are impossible.
    tested = np.flatnonzero((probabilities > 0) & (probabilities < 1))
    limit = 0.5 * chance * probabilities[tested] / probabilities[tested].sum()
    # Both tails hold the count itself: where it alone is likely enough, they are too.
    itself = binomial(counts[tested, None], n, probabilities[tested])[:, 0]
    tested, limit = tested[itself < limit], limit[itself < limit]
    at_most, at_least = tails(counts[tested], n, probabilities[tested])
    wrong = {
        "should never come, and do": counts[probabilities == 0].any(),
        "come too often": (at_least < limit).any(),
        "come too rarely": (at_most < limit).any(),
    }
    said = [f"some tokens {what}" for what, happens in wrong.items() if happens]
    if said:
        want, got = probabilities.round(3).tolist(), (counts / n).round(3).tolist()
        detail = f"Expected shares {want}, got {got} in {n} draws."
        raise Disagreement(f"{name}: {', '.join(said)}.", detail)


def binomial(k: NDArray[np.int64], n: int, p: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability (M,K) of k (M,K) times out of n, for each p (M,) above 0 and below 1."""
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    log_choose = log_factorial[n] - log_factorial[k] - log_factorial[n - k]
    mass: NDArray[np.float64] = np.exp(
        log_choose + k * np.log(p)[:, None] + (n - k) * np.log1p(-p)[:, None]
    )
    return mass


def tails(
    counts: NDArray[np.int64], n: int, p: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The binomial probabilities of at most, and of at least, each of some counts.

    Args:
        counts: (M,) how often each of M things happened in n trials.
        n: the number of trials.
        p: (M,) the probability of each, above 0 and below 1.
    """
    k = np.arange(n + 1)
    mass = binomial(np.broadcast_to(k, (len(counts), n + 1)), n, p)
    at_most = np.where(k <= counts[:, None], mass, 0.0).sum(axis=1)
    at_least = np.where(k >= counts[:, None], mass, 0.0).sum(axis=1)
    return at_most, at_least


# -- checks, choices -------------------------------------------------------------------------------


MAX_PARTS = 100


def _letters(answer: object, name: str) -> set[str]:
    """The letters of "ac", "A, C" or ["a", "c"]; of more than 100 parts, those of the first 100."""
    parts = answer[:MAX_PARTS] if isinstance(answer, list) else [answer]
    text = ""
    for part in parts:
        if not isinstance(part, str):
            raise Disagreement(
                f'The answer to "{name}" is no text of letters such as "ac": a typo?'
            )
        text += part
    return {letter for letter in text.lower() if not letter.isspace() and letter != ","}


# -- checks, model ---------------------------------------------------------------------------------


# Far above the sizes that are ever asked for: what is computed from a model's parameters grows with
# their number and with the length of each axis, and a student may choose both.
MAX_PARAMETERS, MAX_SIZE = 64, 4096


def parameters_of(model: Any) -> dict[str, Array]:
    """The parameters of a student's model, by name. Raises Disagreement for too many of them."""
    got = model.parameters()
    if not isinstance(got, dict):
        raise Disagreement("The model has no `state_dict`.")
    if len(got) > MAX_PARAMETERS:
        raise Disagreement("The model has far more parameters than were asked for.")
    found = {name: as_array(value, "A parameter of the model") for name, value in got.items()}
    if any(max(array.shape, default=0) > MAX_SIZE for array in found.values()):
        raise Disagreement("The layers of the model are far larger than was asked for.")
    return found


# -- checks, test task01 ---------------------------------------------------------------------------


NOTHING = np.array([], dtype=np.int64)


def test_unigram_of_a_short_text(student: Any) -> None:
    tokens = np.array([2, 0, 2, 1, 2])
    got = student.ngram_distribution(tokens, NOTHING, 4)
    agree(got, [0.2, 0.2, 0.6, 0.0], "With an empty context, the distribution")


def test_context_in_a_short_text(student: Any) -> None:
    banana = np.array([0, 1, 2, 1, 2, 1])  # b a n a n a
    after_n = student.ngram_distribution(banana, np.array([2]), 3)
    agree(after_n, [0.0, 1.0, 0.0], 'After "n" in "banana", the distribution')
    after_na = student.ngram_distribution(banana, np.array([2, 1]), 3)
    agree(after_na, [0.0, 0.0, 1.0], 'After "na" in "banana", the distribution')
    overlapping = student.ngram_distribution(np.array([1, 1, 1, 1, 0]), np.array([1, 1]), 3)
    agree(overlapping, [1 / 3, 2 / 3, 0.0], 'After "aa" in "aaaab", the distribution')


def test_unseen_context_of_a_short_text(student: Any) -> None:
    tokens = np.array([0, 1, 0, 1, 0, 2])
    never = student.ngram_distribution(tokens, np.array([3]), 4)
    agree(never, [0.25] * 4, "After a token that never occurs, the distribution")
    at_the_end = student.ngram_distribution(tokens, np.array([0, 2]), 4)
    agree(at_the_end, [0.25] * 4, "After a context that ends the text, the distribution")


def test_feed_forward_by_hand(student: Any) -> None:
    x = np.array([[[0.0], [0.5], [0.0]]])  # N=1, T=3, E=1
    W_x, b_h = np.array([[2.0, -2.0]]), np.array([0.0, 1.0])
    W_y, b_y = np.array([[3.0], [1.0]]), np.array([1.0])
    # tanh(0) = 0 and tanh(1) = 0.761594
    got = student.feed_forward_logits(x, W_x, b_h, W_y, b_y)
    agree(got, [[[1.761594], [3.284782], [1.761594]]], "The logits", ("row", "position"))


# -- checks, test task02 ---------------------------------------------------------------------------


LAYERS = {"embedding": "Embedding", "rnn": "RNN", "output": "Linear"}


def test_cell_term_by_term(student: Any) -> None:
    x_t, h_prev = np.array([[1.0, 0.5]]), np.array([[0.25, -1.0]])  # N=1, E=2, H=2
    W_x, W_h = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[0.0, 2.0], [-1.0, 0.0]])
    b_h, no = np.array([0.5, -0.5]), 0.0
    # tanh(0.5) = 0.462117 and tanh(1) = 0.761594
    only_x = student.rnn_cell_forward(x_t, no * h_prev, W_x, W_h, no * b_h)
    agree(only_x, [[0.761594, 0.761594]], "With the input alone, h_t")
    only_h = student.rnn_cell_forward(no * x_t, h_prev, W_x, W_h, no * b_h)
    agree(only_h, [[0.761594, 0.462117]], "With the old state alone, h_t")
    only_b = student.rnn_cell_forward(no * x_t, no * h_prev, W_x, W_h, b_h)
    agree(only_b, [[0.462117, -0.462117]], "With the bias alone, h_t")
    # tanh(1 + 1 + 0.5) = 0.986614 and tanh(1 + 0.5 - 0.5) = 0.761594
    got = student.rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h)
    agree(got, [[0.986614, 0.761594]], "With all three terms, h_t")


def test_softmax_by_hand(student: Any) -> None:
    logits = np.log(np.array([1.0, 2.0, 5.0]))  # whose exponentials are 1, 2 and 5
    agree(student.softmax(logits), [0.125, 0.25, 0.625], "Of three logits, the softmax")
    rows = student.softmax(np.array([logits, [0.0, 0.0, 0.0]]))
    agree(rows, [[0.125, 0.25, 0.625], [1 / 3, 1 / 3, 1 / 3]], "Of two rows, the softmax", ("row",))


def test_softmax_of_large_logits(student: Any) -> None:
    logits = np.array([[10_000.0, 10_000.0 + np.log(3.0)], [np.log(4.0), -np.inf]])
    agree(student.softmax(logits), [[0.25, 0.75], [1.0, 0.0]], "Of large logits, the softmax")


def test_layers(student: Any, sizes: tuple[int, ...]) -> None:
    V, E, H = sizes or (512, 128, 64)
    model = student.CharRNN(*sizes)
    kinds = model.kinds()
    for name, kind in LAYERS.items():
        if entry(kinds, name, "The layers of the model") != kind:
            raise Disagreement(f"`{name}` is an nn.{kinds[name]}, expected an nn.{kind}.")
    shapes = {
        "embedding.weight": (V, E),
        "rnn.weight_ih_l0": (H, E),
        "rnn.weight_hh_l0": (H, H),
        "rnn.bias_ih_l0": (H,),
        "rnn.bias_hh_l0": (H,),
        "output.weight": (V, H),
        "output.bias": (V,),
    }
    parameters = model.parameters()
    for name, shape in shapes.items():
        found = as_array(entry(parameters, name, "The parameters of the model"), name).shape
        if found != shape:
            raise Disagreement(f"For V={V}, E={E}, H={H}, `{name}` is {found}, expected {shape}.")
    for name in parameters:
        if name not in shapes:
            raise Disagreement(f"The model has a parameter `{name}` too many.")


def test_forward_with_zero_weights(student: Any) -> None:
    model = student.CharRNN(7, 3, 5)  # V, E, H
    # All weights are zero, so each hidden state is zero, and each logit the bias of `output`.
    weights = {name: np.zeros(old.shape) for name, old in parameters_of(model).items()}
    bias = np.zeros(7)
    if "output.bias" in weights:
        bias = weights["output.bias"] = np.array([0.5, -1.0, 2.0, 0.0, 1.5, -2.0, 3.0])
    model.load(weights)
    tokens = np.array([[0, 1], [6, 2], [3, 3]])  # N=3, T=2
    logits = item(model(tokens), 0, ("logits", "h"))
    agree(logits, np.tile(bias, (3, 2, 1)), "With all other weights zero, the logits")


def test_state_in_two_halves(student: Any) -> None:
    model = student.CharRNN(7, 3, 5)  # V, E, H
    tokens = np.array([[0, 1, 5, 2], [6, 2, 4, 4], [3, 3, 0, 1]])  # N=3, T=4
    at_once = as_array(item(model(tokens), 1, ("logits", "h")), "The state")
    if at_once.ndim != 3 or at_once.shape[1] != 3:
        raise Disagreement(f"The state has the shape {at_once.shape}, expected (1, 3, 5).")
    half_way = item(model(tokens[:, :2]), 1, ("logits", "h"))
    in_halves = item(model(tokens[:, 2:], h=half_way), 1, ("logits", "h"))
    agree(in_halves, at_once, "Read in two halves, the last state", ("layer", "row"))


def test_counts_of_a_small_model(student: Any, layer: str) -> None:
    # V=5, E=3, H=2: (5,3); (3,2), (2,2), (2,) and (2,); (2,5) and (5,)
    want = {"embedding": 15, "rnn": 14, "output": 15}[layer]
    agree(entry(student.parameter_count(5, 3, 2), layer), want, f'The count of "{layer}"')


def test_unrolling_by_hand(student: Any) -> None:
    x = np.array([[[1.0], [0.0], [0.5]], [[0.0], [0.5], [0.0]]])  # N=2, T=3, E=1
    h0, W_x, W_h, b_h = np.zeros((2, 1)), np.array([[1.0]]), np.array([[2.0]]), np.zeros(1)
    # Row 0: tanh(1), tanh(2 * 0.7616), tanh(2 * 0.9093 + 0.5); row 1: 0, tanh(0.5), tanh(0.9242)
    want = [[[0.761594], [0.909252], [0.980813]], [[0.0], [0.462117], [0.727894]]]
    got = student.rnn_forward(x, h0, W_x, W_h, b_h)
    agree(got, want, "The states", ("row", "time step"))


def test_one_step(student: Any) -> None:
    x, h0 = np.array([[[1.0, 0.0]]]), np.zeros((1, 3))  # N=1, T=1, E=2, H=3
    W_x, W_h = np.array([[0.5, 0.0, 1.0], [3.0, 3.0, 3.0]]), np.ones((3, 3))
    got = student.rnn_forward(x, h0, W_x, W_h, np.zeros(3))
    agree(got, [[[0.462117, 0.0, 0.761594]]], "For one row and one step, the states")


def test_memory_of_h0(student: Any) -> None:
    x, h0 = np.zeros((2, 2, 1)), np.array([[0.5], [-1.0]])  # N=2, T=2, E=1: no input at all
    W_x, W_h, b_h = np.array([[1.0]]), np.array([[2.0]]), np.zeros(1)
    # tanh(2 * 0.5), tanh(2 * 0.761594); tanh(2 * -1), tanh(2 * -0.964028)
    want = [[[0.761594], [0.909252]], [[-0.964028], [-0.958576]]]
    got = student.rnn_forward(x, h0, W_x, W_h, b_h)
    agree(got, want, "Without input, the states", ("row", "time step"))


# -- checks, test task03 ---------------------------------------------------------------------------


PAIR = ("inputs", "targets")


def test_pairs_of_a_short_text(student: Any) -> None:
    for tokens, windows in (
        ([5, 6, 7, 8, 9, 3, 4], [[5, 6, 7], [8, 9, 3]]),  # the last token is a target only
        ([5, 6, 7, 8, 9, 3], [[5, 6, 7]]),  # one short of a second target
        ([5, 6, 7], []),
    ):
        got = student.next_token_pairs(np.array(tokens), 3)
        later = [tokens[3 * i + 1 : 3 * i + 4] for i in range(len(windows))]
        want = np.array(windows, dtype=int), np.array(later, dtype=int)
        for index, name in enumerate(PAIR):
            agree(item(got, index, PAIR), want[index], f"Of {len(tokens)} tokens, `{name}`")


def test_loss_by_hand(student: Any) -> None:
    # Probabilities 1/8, 2/8, 5/8 and 1/3, 1/3, 1/3
    logits = np.array([np.log([1.0, 2.0, 5.0]), [1.0, 1.0, 1.0]])
    first = student.cross_entropy(logits[:1], np.array([1]))
    agree(first, 1.386294, "Of one prediction with probability 1/4, the loss")
    both = student.cross_entropy(logits, np.array([1, 0]))
    agree(both, 1.242453, "Of two predictions with probabilities 1/4 and 1/3, the mean loss")


def test_loss_of_large_logits(student: Any) -> None:
    unlikely = student.cross_entropy(np.array([[10_000.0, 0.0]]), np.array([1]))
    agree(unlikely, 10_000.0, "Of logits 10000 and 0 with target 1, the loss")
    alike = student.cross_entropy(np.array([[10_000.0, 10_000.0]]), np.array([1]))
    agree(alike, 0.693147, "Of logits 10000 and 10000, the loss")


def test_perplexity_of_uniform_guesses(student: Any) -> None:
    agree(student.perplexity(2.302585093), 10.0, "Of a loss of log 10, the perplexity")
    agree(student.perplexity(0.0), 1.0, "Of a loss of 0, the perplexity")


def test_one_step_back_by_hand(student: Any, name: str) -> None:
    u = 0.5493061443  # tanh(u) = 0.5
    x_t, h_prev = np.array([[1.0], [1.0]]), np.array([[0.0, 0.5], [0.5, 0.0]])  # N=2, E=1, H=2
    W_x, W_h = np.array([[u, -u]]), np.array([[-4 * u, 4 * u], [0.0, 2 * u]])  # b_h is zero
    h_t, dh_t = np.array([[0.5, 0.0], [-0.5, 0.5]]), np.array([[1.0, 2.0], [-2.0, 4.0]])
    # dh_t times the slope of tanh: [[0.75, 2], [-1.5, 3]]
    want: dict[str, ArrayLike] = {
        "dx_t": [[-1.25 * u], [-4.5 * u]],
        "dh_prev": [[5 * u, 4 * u], [18 * u, 6 * u]],
        "dW_x": [[-0.75, 5.0]],
        "dW_h": [[-0.75, 1.5], [0.375, 1.0]],
        "db_h": [-0.75, 5.0],
    }
    got = student.rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h)
    names = ("dx_t", "dh_prev", "dW_x", "dW_h", "db_h")
    agree(item(got, names.index(name), names), want[name], f"`{name}`")


def test_loss_of_two_steps(student: Any) -> None:
    x, h0, W_x, W_h = np.ones((1, 2, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    W_y, b_y = np.zeros((1, 2)), np.log(np.array([1.0, 3.0]))  # probabilities 1/4 and 3/4
    got = student.bptt(x, np.array([[0, 1]]), h0, W_x, W_h, np.zeros(1), W_y, b_y)
    agree(item(got, 0, ("loss", "grads")), 0.836988, "Of probabilities 1/4 and 3/4, the loss")


def test_gradients_of_two_steps(student: Any, keys: Sequence[str]) -> None:
    x, h0 = np.array([[[1.0], [0.0]]]), np.zeros((1, 1))  # N=1, T=2, E=1, H=1, V=2
    W_x, W_h, b_h = np.array([[0.549306]]), np.array([[1.098612]]), np.zeros(1)
    W_y, b_y = np.array([[1.0, 0.0]]), np.array([-0.5, 0.0])
    # h_1 = h_2 = 0.5, so all logits are 0, and each gradient of the logits is (-1/4, 1/4).
    # dz_2 = -1/4 * 3/4 = -0.1875; dh_1 = -1/4 - 0.1875 * 1.098612 = -0.455990; dz_1 = -0.341992
    got = student.bptt(x, np.array([[0, 0]]), h0, W_x, W_h, b_h, W_y, b_y)
    grads = item(got, 1, ("loss", "grads"))
    want: dict[str, ArrayLike] = {"x": [[[-0.187858], [-0.102995]]], "h0": [[-0.375717]]}
    want |= {"W_x": [[-0.341992]], "W_h": [[-0.09375]], "b_h": [-0.529492]}
    want |= {"W_y": [[-0.25, 0.25]], "b_y": [-0.5, 0.5]}
    for key in keys:
        agree(entry(grads, key, "`grads`"), want[key], f'The gradient of "{key}"')


def test_clipping_by_hand(student: Any) -> None:
    grads = {"W": np.array([[2.0, 0.0], [1.0, 0.0]]), "b": np.array([2.0])}  # joint norm 3
    clipped = student.clip_gradients(grads, 1.5)
    agree(entry(clipped, "W"), [[1.0, 0.0], [0.5, 0.0]], 'Clipped from 3 to 1.5, "W"')
    agree(entry(clipped, "b"), [1.0], 'Clipped from 3 to 1.5, "b"')
    left = student.clip_gradients(grads, 4.0)
    agree(entry(left, "W"), [[2.0, 0.0], [1.0, 0.0]], 'With a norm below the limit, "W"')


# -- checks, test task04 ---------------------------------------------------------------------------


def test_draws_of_two_tokens(student: Any) -> None:
    rng = np.random.default_rng(1)
    far_apart = student.many(5).sample_token(np.array([0.0, 90.0, 0.0]), rng)
    agree(far_apart, [1] * 5, "Of logits 0, 90 and 0, the draws")
    drawn = student.many(36).sample_token(np.array([5.0, -95.0, 5.0]), np.random.default_rng(2))
    drawn = token_ids(drawn, 3, "The draws", 36)
    follows(drawn, np.array([0.5, 0.0, 0.5]), "Of logits 5, -95 and 5, the draws")


def test_temperature_of_two_tokens(student: Any, temperature: float, share: float) -> None:
    # At temperature 1 the shares are 3/4 and 1/4; at 0.5 their squares, 9 to 1; at 2 their roots.
    rng, logits = np.random.default_rng(3), np.log(np.array([3.0, 1.0]))
    drawn = student.many(50).sample_token(logits, rng, temperature=temperature)
    drawn = token_ids(drawn, 2, "The draws", 50)
    follows(drawn, np.array([share, 1 - share]), f"At temperature {temperature}, the draws")


def test_greedy_by_hand(student: Any) -> None:
    for logits, largest in (([0.1, 2.0, -1.0], 1), ([-3.0, -2.5, -2.0], 2), ([9.0, 8.5], 0)):
        drawn = student.many(3).sample_token(
            np.array(logits), np.random.default_rng(4), temperature=0
        )
        agree(drawn, [largest] * 3, f"Of logits {logits} at temperature 0, the draws")


def test_top_2_of_4(student: Any) -> None:
    logits = np.array([-3.0, -1.0, -2.0, -1.0])
    drawn = student.many(36).sample_token(logits, np.random.default_rng(5), top_k=2)
    drawn = token_ids(drawn, 4, "The draws", 36)
    follows(drawn, np.array([0.0, 0.5, 0.0, 0.5]), "With top_k=2, the draws")


def test_equal_generators(student: Any) -> None:
    first, again, other = (
        token_ids(student.many(12).sample_token(np.zeros(100), generator), 100, "The draws", 12)
        for generator in map(np.random.default_rng, (6, 6, 7))
    )
    if first != again:
        raise Disagreement("Two generators with the same seed give different draws.")
    if first == other:
        raise Disagreement("Generators with different seeds give the same draws.")


def test_counting_on(student: Any) -> None:
    # The state is the last token; the output weights say "the next one".
    W_e, b = np.eye(4), np.zeros(4)
    W_y = 60 * np.roll(np.eye(4), 1, axis=1)
    weights = (W_e, np.eye(4), np.zeros((4, 4)), b, W_y, b)
    got = student.generate(np.array([1, 1]), 8, *weights, np.random.default_rng(8))
    drawn = token_ids(got, 4, "The drawn tokens")[-6:]
    want = [(drawn[0] + step) % 4 for step in range(6)] if drawn else [0] * 6
    agree(drawn, want, "Counting on, the last six tokens")


def test_a_memory_of_the_first_token(student: Any) -> None:
    # Token 0 pushes the one unit up, token 1 down; token 2 and 3 leave it where it is: W_h = 2
    # keeps it at 0.9575 or -0.9575. Up means token 2 next, down means token 3.
    W_e, W_x = np.array([[3.0], [-3.0], [0.0], [0.0]]), np.eye(1)
    W_y, b = np.array([[0.0, 0.0, 90.0, -90.0]]), np.zeros(4)
    for first, wanted in ((0, 2), (1, 3)):
        weights = (W_e, W_x, 2 * np.eye(1), np.zeros(1), W_y, b)
        got = student.generate(np.array([first, first]), 12, *weights, np.random.default_rng(9))
        drawn = token_ids(got, 4, "The drawn tokens")[-10:]
        agree(drawn, [wanted] * 10, f"After token {first}, the last ten tokens")


def test_the_token_after_the_prompt(student: Any) -> None:
    # The state is the last token; the output weights say "the next one".
    W_e, b = np.eye(4), np.zeros(4)
    W_y = 60 * np.roll(np.eye(4), 1, axis=1)
    weights = (W_e, np.eye(4), np.zeros((4, 4)), b, W_y, b)
    for prompt, first in (([0, 3, 1], 2), ([2, 3], 0), ([1], 2)):
        for length in (1, 4, 0):
            got = student.generate(np.array(prompt), length, *weights, np.random.default_rng(8))
            drawn = token_ids(got, 4, f"For length={length}, the drawn tokens", length)
            if length:
                agree(drawn[0], first, f"After the prompt {prompt}, the first token")


# -- course ----------------------------------------------------------------------------------------


# Stands for a module that is released beside the notebook. Whatever is taken from it can be called,
# looped over and entered, and does nothing, so that no experiment is run where work is graded.
STAND_IN = """
class Nothing:
    def __call__(self, *args, **kwargs): return self
    def __iter__(self): return iter(())
    def __getitem__(self, key): return self
    def __enter__(self): return self
    def __exit__(self, *raised): return True
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return self

def __getattr__(name):
    if name.startswith("__"): raise AttributeError(name)
    return Nothing()
"""


# -- submissions, notebook -------------------------------------------------------------------------


MAX_CELLS = 5_000


# -- submissions, reading --------------------------------------------------------------------------


CELL_MARKER = re.compile(r"^#[ \t]*(?:%%|In\s?\[[\s\d]*\]:)(.*)$", re.MULTILINE)
NOT_CODE = re.compile(r"\[(markdown|md|raw)\]")


def percent_cells(text: str) -> Iterator[tuple[str, str]]:
    """The code cells of a percent script: what stands on the marker's line, and the source.

    A source begins with as many empty lines as stand before it, so that line numbers are kept.
    """
    text = _lines(text)
    marks = list(CELL_MARKER.finditer(text))
    edges = [0, *(mark.start() for mark in marks), len(text)]
    heads = ["", *(mark[1] for mark in marks)]
    lines = 0
    for head, start, end in zip(heads[: MAX_CELLS + 1], edges, edges[1:], strict=False):
        source = text[start:end]
        if not NOT_CODE.search(head) and source.strip():
            yield head, "\n" * lines + source.rstrip() + "\n"
        lines += source.count("\n")


def _lines(source: str) -> str:
    return source.replace("\r\n", "\n").replace("\r", "\n")


# -- worker, wire ----------------------------------------------------------------------------------


NUMERIC_KINDS = "biuf"
MAX_DIMENSIONS = 8


# What a value that cannot be read can be said to be. Whoever sends one may name nothing else, for
# what it says is shown to the student, and could tell what a hidden check has asked.
_NAMES = """
bytes bytearray memoryview complex function method type object module range set frozenset generator
map zip filter enumerate reversed list_iterator dict_keys dict_values dict_items Generator Tensor
Parameter Size PackedSequence CharRNN Embedding RNN Linear Module
"""


UNKNOWN = "a value of a type that is not asked for"
WHATS = frozenset(
    {UNKNOWN, "an array of objects", "an array of complex numbers", "an array of text"}
    | {"an array that holds no numbers", "a tensor that still requires its gradient"}
    | {"an integer of over 64 bits", "a dict whose keys are not all text"}
    | {"a value nested too deep", "a value of too many items or bytes"}
    | {f"a {name}" for name in _NAMES.split()}
)


class Unreadable:
    """Stands for a value that is not plain data; ``what``, one of ``WHATS``, says what it was."""

    # An ordinary class: msgspec would send a Struct or a dataclass as a dict.
    def __init__(self, what: str) -> None:
        self.what = what if what in WHATS else UNKNOWN

    def __repr__(self) -> str:
        return f"Unreadable({self.what!r})"


def seed_of(rng: np.random.Generator) -> int:
    """The seed that a fresh ``numpy.random.default_rng(seed)`` was made from."""
    entropy = getattr(rng.bit_generator.seed_seq, "entropy", None)
    if not isinstance(entropy, int):
        raise TypeError("only a generator made from one integer seed crosses")
    return entropy


# -- misconceptions, outcomes ----------------------------------------------------------------------


outcomes_Leaf = tuple[int | str, ...]


# -- misconceptions, explain -----------------------------------------------------------------------


# The items of a stub's answer that a criterion is about; of all others it is about the whole.
ITEMS: Mapping[str, tuple[outcomes_Leaf, ...]] = {
    "2b.layers": ((0,),),
    "2b.forward": ((0,),),
    "2b.state": ((1,),),
    "3b.dx": ((0,),),
    "3b.dh_prev": ((1,),),
    "3b.dW_x": ((2,),),
    "3b.dW_h": ((3,),),
    "3b.db_h": ((4,),),
    "3c.loss": ((0,),),
    "3c.output": ((1, "W_y"), (1, "b_y")),
    "3c.recurrent": ((1, "W_x"), (1, "W_h"), (1, "b_h")),
    "3c.inputs": ((1, "x"), (1, "h0")),
}


WHOLE: tuple[outcomes_Leaf, ...] = ((),)


# -- self check, facts -----------------------------------------------------------------------------


class Criterion(NamedTuple):
    """A criterion of the rubric, in points that are not a reader's."""

    id: str
    title: str
    points: float
    hint: str
    items: tuple[str, ...] = ()


class Part(NamedTuple):
    """A part of the assignment, with the functions that it asks for."""

    id: str
    title: str
    stubs: tuple[str, ...]
    criteria: tuple[Criterion, ...]


class Check(NamedTuple):
    """A visible check, with its parameters filled in."""

    criterion: str
    item: str | None
    function: Callable[..., None]
    parameters: Mapping[str, Any] = {}


class Question(NamedTuple):
    """A concept question that is not marked. ``right`` are the letters of its right options."""

    id: str
    topic: str
    question: str
    options: Mapping[str, str]
    right: str
    explanation: str


class Mistake(NamedTuple):
    """A known wrong way, and fingerprints of what it answers to calls of the visible checks.

    ``answers`` are by the key of the call, and then by the item of the answer. Of draws they are
    the probabilities.
    """

    stub: str
    title: str
    hint: str
    answers: Mapping[str, Mapping[str, Any]]


class Limits(NamedTuple):
    """Seconds that one cell, and all cells together, may take where they are graded."""

    cell: float
    cells: float


def part_named(name: str) -> Part:
    """The part with this id. Raises ValueError where there is none."""
    for part in PARTS:
        if part.id == name.lower():
            return part
    known = ", ".join(part.id for part in PARTS)
    raise ValueError(f'there is no part "{name}"; the parts are {known}')


# -- self check, answers ---------------------------------------------------------------------------


WIDTH = 80


@dataclass(frozen=True)
class AnswerSheet:
    """How the marked questions of a part are answered: how many so that it can be read, which are
    not answered, and what is not read."""

    answered: int
    asked: int
    unanswered: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return self.answered == self.asked and not self.unread

    def to_do(self) -> list[str]:
        """What is to be done about them, line by line."""
        named = ", ".join(self.unanswered)
        return [*self.unread, *([f"not answered yet: {named}"] if named else [])]


def look_at_answers(part: str, namespace: Mapping[str, Any]) -> AnswerSheet:
    """Reads the answers of a part as they are read where they are marked; says nothing of which
    are right."""
    asked, name = MARKED[part], f"answers_{part}"
    given = namespace.get(name)
    if name not in namespace:
        return AnswerSheet(
            0, len(asked), (), (f"`{name}` is not defined: run the cell that holds it",)
        )
    if not isinstance(given, dict):
        example = f'{{"{next(iter(asked))}": "ac"}}'
        return AnswerSheet(0, len(asked), (), (f"`{name}` is no dict such as {example}",))
    blank = tuple(question for question in asked if _is_blank(given.get(question)))
    unread = [
        f'there is no question "{key}" in part {part}: a typo?' for key in given if key not in asked
    ]
    for question, options in asked.items():
        if question not in blank:
            unread += filter(None, [_problem(question, given[question], options)])
    answered = len(asked) - len(blank) - sum(text.startswith('"') for text in unread)
    return AnswerSheet(answered, len(asked), blank, tuple(unread))


def _is_blank(answer: object) -> bool:
    return (
        answer is None or (isinstance(answer, str) and not answer.strip(" ,")) or answer in ([], {})
    )


def _problem(question: str, answer: object, options: str) -> str:
    """What about an answer cannot be read; empty if nothing."""
    try:
        ticked = _letters(sorted(answer) if isinstance(answer, set) else answer, question)
    except (Disagreement, TypeError):
        return f'"{question}": {answer!r} is no text of letters such as "ac": a typo?'
    unknown = sorted(ticked - set(options))
    if unknown:
        return f'"{question}" has the options {", ".join(options)}, and no "{unknown[0]}": a typo?'
    return ""


def self_test(question: str = "", letters: str = "") -> None:
    """Concept questions to test yourself on. None of them is marked.

    self_test()                 lists the questions
    self_test("tanh")           asks one
    self_test("tanh", "ac")     says whether a and c are right, and why
    """
    by_id = {one.id: one for one in SELF_TEST}
    if question not in by_id:
        if question:
            print(f'There is no question "{question}" for self-testing.')
        for one in SELF_TEST:
            print(f'self_test("{one.id}")'.ljust(30), one.topic)
        return
    one = by_id[question]
    print(_asked(one) if not letters else _judged(one, letters))


def _asked(one: Question) -> str:
    lines = [textwrap.fill(one.question, WIDTH), ""]
    for letter, text in one.options.items():
        lines.append(textwrap.fill(f"{letter}. {text}", WIDTH, subsequent_indent="   "))
    return "\n".join([*lines, "", f'Your answer: self_test("{one.id}", "...") with its letters.'])


def _judged(one: Question, letters: str) -> str:
    problem = _problem(one.id, letters, "".join(one.options))
    if problem:
        return problem
    ticked, right = _letters(letters, one.id), set(one.right)
    wrong_options = set(one.options) - right
    share = len(ticked & right) / len(right) - len(ticked & wrong_options) / len(wrong_options)
    lines = [f"Right: {', '.join(sorted(right))}." if ticked != right else "All right."]
    if ticked != right:
        lines[0] += f" It would count {100 * max(share, 0.0):.0f} %."
        lines += [
            f"  {letter}. is right: {one.options[letter]}" for letter in sorted(right - ticked)
        ]
        lines += [
            f"  {letter}. is wrong: {one.options[letter]}" for letter in sorted(ticked - right)
        ]
    return "\n".join([*lines, textwrap.fill(one.explanation, WIDTH)])


# -- worker, cells ---------------------------------------------------------------------------------


MODULE = "submission"
PYTHON_CELL_MAGICS = {"time", "timeit", "capture", "prun"}
PYTHON_CELL = re.compile(rf"(\s*(?:#.*\n\s*)*)%%(?:{'|'.join(PYTHON_CELL_MAGICS)})\b.*")


# Of what an exception says, in characters. What is longer is cut, and ends in CUT.
CELLS_MAX_TEXT = 300


CUT = "…"


class _NotebookShell:
    """Stands in for IPython where a cell uses magics: these do nothing, Python in them runs."""

    def __init__(self, run: Callable[[str], None]) -> None:
        self._run = run

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        if name in PYTHON_CELL_MAGICS:
            self._run(body)

    def run_line_magic(self, name: str, line: str, *_: object, **__: object) -> None:
        if name == "time":
            self._run(line)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


def _without_magics(source: str) -> str:
    from IPython.core.inputtransformer2 import TransformerManager

    transformed: str = TransformerManager().transform_cell(source)
    return transformed


def _parse(source: str, name: str) -> ast.Module:
    if "\0" in source:
        # Python says this in one way or another by its version, and never where.
        line = source[: source.index("\0")].count("\n") + 1
        raise SyntaxError("a cell cannot hold a null character", (name, line, None, None))
    try:
        return ast.parse(source, name)
    except SyntaxError as error:
        if not re.search(r"^\s*(?:[\w, ]+=\s*)?[%!?]|\?\s*$", source, re.MULTILINE):
            raise
        python = PYTHON_CELL.match(source)
        if python:
            return _parse(python[1] + source[python.end() :], name)
        try:
            return ast.parse(_without_magics(source), name)
        except SyntaxError:
            raise error from None


def _future_flags(node: ast.stmt) -> int:
    if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
        return 0
    features = [getattr(__future__, alias.name, None) for alias in node.names]
    return sum(feature.compiler_flag for feature in features if feature is not None)


def safe_text(value: object) -> str:
    """``str(value)``, whatever that does, cut short and without control characters."""
    try:
        text = str(value)
    except BaseException:
        return ""
    text = re.sub(r"0x[0-9a-fA-F]{6,}", "0x...", str.__str__(text)[: 4 * CELLS_MAX_TEXT])
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown if len(shown) <= CELLS_MAX_TEXT else shown[: CELLS_MAX_TEXT - len(CUT)] + CUT


def describe(error: BaseException) -> dict[str, object]:
    """An exception as plain data: its type, its text, and the place in the submission."""
    kind = next(
        (k.__name__ for k in type(error).__mro__ if k.__module__ in ("builtins", "numpy")),
        "Exception",
    )
    told: dict[str, object] = {"type": kind, "text": safe_text(error)}
    if isinstance(error, SyntaxError):
        line = error.lineno if isinstance(error.lineno, int) else 0
        told |= {"cell": safe_text(error.filename), "line": line % (1 << 31)}
        told["text"] = safe_text(error.msg)
        return told
    for frame, line in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if name.startswith("cell "):
            told |= {"cell": name, "line": line}
    return told


class Submission:
    """The module that a submission's cells define."""

    def __init__(self) -> None:
        self.module = types.ModuleType(MODULE)
        self.names = self.module.__dict__
        self.names["__name__"] = "__main__"
        self.names["get_ipython"] = lambda: _NotebookShell(self._run_text)
        self._flags = 0
        sys.modules["__main__"] = self.module

    def _run_text(self, source: str) -> None:
        exec(compile(source, "cell magic", "exec", self._flags, True), self.names)

    def run(self, name: str, source: str, stop: int | None, at: Callable[[int], None]) -> None:
        """Runs a cell's statements, all or the first ``stop``.

        ``at(i)`` is told before the i-th, but for the 0th. Raises what the cell raises; what stood
        before that is defined.
        """
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        for index, node in enumerate(_parse(source, name).body[:stop]):
            if index:
                at(index)
            self._flags |= _future_flags(node)
            tree = ast.Module([node], [])
            exec(compile(tree, name, "exec", self._flags, True), self.names)


# -- self check, reading ---------------------------------------------------------------------------


FILES = ("rnn.ipynb", "rnn.py")


class NotReadable(Exception):
    """A file is no notebook or script; says what to do."""


@dataclass(frozen=True)
class CodeCell:
    """A code cell, named by its place among the code cells."""

    name: str
    source: str


@dataclass(frozen=True)
class CellFailure:
    """A cell that did not run to its end."""

    cell: str
    line: int
    message: str


def bare(source: str) -> str:
    """A cell's code without white space around it, and without its script's marker."""
    source = source.strip()
    first, _, rest = source.partition("\n")
    return rest.strip() if CELL_MARKER.match(first) else source


def digest(source: str) -> str:
    """Names a cell by its code."""
    return hashlib.sha256(bare(source).encode()).hexdigest()[:16]


def _text(path: Path) -> str:
    """The text of a file. Raises NotReadable."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotReadable(f"{path}: cannot be read ({error.strerror}); name your file") from None
    if not data.strip():
        raise NotReadable(f"{path}: the file is empty; save your work into it")
    if b"\0" in data or data.startswith((b"\x1f\x8b", b"PK", b"%PDF")):
        raise NotReadable(f"{path}: no notebook or Python script; name your .ipynb or .py file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def notebook_of(path: Path) -> dict[str, Any] | None:
    """The notebook in a file; None if it holds a script. Raises NotReadable."""
    text = _text(path)
    if text.lstrip()[:1] != "{":
        return None
    try:
        notebook = json.loads(text)
    except ValueError as error:
        raise NotReadable(
            f"{path}: the notebook is damaged ({error}); open it in Jupyter, and save it again"
        ) from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise NotReadable(f"{path}: no notebook of today's format; open it in Jupyter, and save it")
    found: dict[str, Any] = notebook
    return found


def code_cells(path: Path) -> list[CodeCell]:
    """The code cells of a notebook or a percent script. Raises NotReadable."""
    notebook = notebook_of(path)
    if notebook is None:
        found = percent_cells(_text(path))
        return [CodeCell(f"cell {n}", source) for n, (_, source) in enumerate(found, start=1)]
    code = [cell for cell in notebook["cells"] if cell.get("cell_type") == "code"]
    sources = ["".join(cell.get("source", "")) for cell in code]
    return [CodeCell(f"cell {n}", one) for n, one in enumerate(sources, start=1) if one.strip()]


def load(
    cells: list[CodeCell],
    failures: list[CellFailure],
    starting: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Runs cells into a namespace, and returns it.

    Cells that only show something are left out where they are as released, and the modules beside
    the assignment do nothing. A cell that fails keeps what it had defined before; it is added to
    ``failures``. What the cells print is dropped.
    """
    before = {name: sys.modules.get(name) for name in ("__main__", *BESIDE)}
    for name in BESIDE:
        module = types.ModuleType(name)
        exec(STAND_IN, module.__dict__)
        sys.modules[name] = module
    submission = Submission()
    for cell in cells:
        if digest(cell.source) in SHOWS_ONLY:
            continue
        starting(cell.name)
        try:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                submission.run(cell.name, cell.source, None, lambda index: None)
        except (Exception, SystemExit) as error:
            about = describe(error)
            line = about.get("line", 0)
            said = f"{about['type']}: {about['text']}"
            failures.append(CellFailure(cell.name, line if isinstance(line, int) else 0, said))
    for name, own in before.items():
        if own is None:
            del sys.modules[name]
        else:
            sys.modules[name] = own
    return submission.names


def _filled_in(path: Path) -> int:
    """How many functions of a file do more than to say that they are still to be written."""
    stubs = {stub for part in PARTS for stub in part.stubs}
    filled_in = 0
    try:
        cells = code_cells(path)
    except NotReadable:
        return -1
    for cell in cells:
        try:
            nodes = ast.parse(cell.source).body
        except SyntaxError:
            continue
        for node in nodes:
            if isinstance(node, ast.FunctionDef) and node.name in stubs:
                documented = ast.get_docstring(node) is not None
                first = node.body[documented:][:1]
                filled_in += not any(isinstance(statement, ast.Raise) for statement in first)
    return filled_in


def own_file(folder: Path) -> Path:
    """The notebook or the script of a folder: the one with more done, or the one saved last.

    The notebook if neither is begun. Raises NotReadable where there is none.
    """

    def done(path: Path) -> tuple[int, float]:
        filled_in = _filled_in(path)
        return filled_in, path.stat().st_mtime if filled_in > 0 else 0.0

    there = [folder / name for name in FILES if (folder / name).is_file()]
    if not there:
        raise NotReadable(f"{folder}: neither {' nor '.join(FILES)} is here; name your file")
    return max(there, key=done)


def nbgrader_names(path: Path) -> Iterator[str]:
    """nbgrader's names of the cells of a notebook, in order."""
    notebook = notebook_of(path)
    for cell in notebook["cells"] if notebook else ():
        name = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
        if isinstance(name, str):
            yield name


# -- worker, answers -------------------------------------------------------------------------------


# Numbers, texts, keys and containers; arrays, and their entries; and bytes.
MAX_ITEMS = 60_000


MAX_ARRAYS = 30_000
ANSWERS_MAX_ENTRIES = 2_000_000
MAX_BYTES = 7 << 20
MAX_DEPTH = 8


# Bytes of one text.
MAX_TEXT = 64


KINDS = {"c": "complex numbers", "O": "objects", "U": "text"}


class _TooMuch(Exception):
    pass


class Budget:
    """How much may still cross in one reply; less than ``wire.decode`` would refuse."""

    def __init__(self) -> None:
        self.items = MAX_ITEMS
        self.arrays = MAX_ARRAYS
        self.entries = ANSWERS_MAX_ENTRIES
        self.bytes = MAX_BYTES

    def take(self, items: int = 0, size: int = 0) -> None:
        self.items -= items
        self.bytes -= size
        if min(self.items, self.bytes) < 0:
            raise _TooMuch

    def take_array(self, array: np.ndarray[Any, Any]) -> None:
        self.take(size=array.nbytes)
        self.arrays -= 1
        self.entries -= _entries(array)
        if min(self.arrays, self.entries) < 0 or array.ndim > MAX_DIMENSIONS:
            raise _TooMuch


def _entries(array: np.ndarray[Any, Any]) -> int:
    """The number of entries, an empty axis counting as one."""
    return math.prod(max(size, 1) for size in array.shape)


def _plain_text(value: str, budget: Budget) -> str:
    # Halves of surrogate pairs have no place in a message.
    data = value[:MAX_TEXT].encode("utf-8", "replace")[:MAX_TEXT]
    budget.take(size=len(data))
    return data.decode("utf-8", "ignore")


def _plain_array(value: Any, budget: Budget) -> object:
    array = np.asarray(value)
    if array.dtype.kind in NUMERIC_KINDS:
        budget.take_array(array)
        return array
    if isinstance(value, np.ndarray | np.generic):
        kind = KINDS.get(array.dtype.kind)
        return Unreadable(f"an array of {kind}" if kind else "an array that holds no numbers")
    return Unreadable(f"a {type(value).__name__}")


def _plain_tensor(value: Any, budget: Budget) -> object:
    if value.requires_grad:
        return Unreadable("a tensor that still requires its gradient")
    return _plain_array(value.detach().cpu().numpy(), budget)


def _plain(value: Any, budget: Budget, depth: int) -> object:
    budget.take(items=1)
    if depth > MAX_DEPTH:
        return Unreadable("a value nested too deep")
    if value is None or type(value) in (bool, float):
        return value
    if type(value) is int:
        return value if -(2**63) <= value < 2**64 else Unreadable("an integer of over 64 bits")
    if type(value) is str:
        return _plain_text(value, budget)
    if isinstance(value, np.ndarray | np.generic):
        return _plain_array(value, budget)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _plain_tensor(value, budget)
    if isinstance(value, list | tuple):
        return [_read(item, budget, depth + 1) for item in value]
    if isinstance(value, set | frozenset) and all(type(item) is str for item in value):
        budget.take(items=len(value))
        return sorted(_plain_text(item, budget) for item in value)
    if isinstance(value, dict):
        budget.take(items=len(value))
        if not all(type(key) is str for key in value):
            return Unreadable("a dict whose keys are not all text")
        return {
            _plain_text(key, budget): _read(item, budget, depth + 1) for key, item in value.items()
        }
    return _plain_array(value, budget)


def _read(value: object, budget: Budget, depth: int) -> object:
    """As ``_plain``; an item that cannot be read costs that item alone."""
    try:
        return _plain(value, budget, depth)
    except _TooMuch:
        raise
    except Exception:
        return Unreadable(f"a {type(value).__name__}")


def _is_simple(array: Any) -> bool:
    return (
        array.dtype.kind in NUMERIC_KINDS
        and array.nbytes <= MAX_BYTES
        and array.ndim <= MAX_DIMENSIONS
        and _entries(array) <= ANSWERS_MAX_ENTRIES
    )


def plain(value: object, budget: Budget | None = None) -> object:
    """The value as numbers, text, arrays, lists and dicts; what is none of these is Unreadable.

    A tuple becomes a list, a numpy scalar an array without dimensions, a tensor without a
    gradient and any other sequence of numbers an array. Values of one reply share a ``budget``.
    """
    if budget is None and type(value) is np.ndarray and _is_simple(value):
        return value
    try:
        return _read(value, budget or Budget(), 0)
    except _TooMuch:
        return Unreadable("a value of too many items or bytes")


# -- self check, student ---------------------------------------------------------------------------


NUMPY_WARNINGS: Any = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
MODEL = "CharRNN"
Trouble = Literal["unfinished", "missing", "raised", "unreadable"]


class NoAnswer(Exception):
    """A function did not answer. ``detail`` is the line of the student's that raised, if any."""

    def __init__(self, kind: Trouble, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.detail = detail


@dataclass
class StubCall:
    """One call of a function, how it is written, and the plain data that came back."""

    stub: str
    names: tuple[str, ...]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    times: int = 1
    answer: Any = None
    of_model: tuple[Any, ...] | None = None


class OwnStudent:
    """The functions of a namespace: ``student.rnn_forward(x, h0, W_x, W_h, b_h)``.

    Arguments are passed as copies, and answers come back as plain data, read as they are where
    they are graded. Every call may raise NoAnswer, and is kept in ``calls``.
    """

    def __init__(self, namespace: MutableMapping[str, Any]) -> None:
        self._namespace = namespace
        self.calls: list[StubCall] = []
        self.printed = io.StringIO()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name == MODEL:
            return lambda *sizes: OwnModel(self, sizes)
        return lambda *args, **kwargs: self._call(name, args, kwargs)

    def many(self, times: int) -> OwnVariant:
        """``student.many(n).f(...)``: a list of n answers, one call after another."""
        return OwnVariant(lambda name, args, kwargs: self._call(name, args, kwargs, times))

    @property
    def arguments_after(self) -> OwnVariant:
        """``student.arguments_after.f(...)``: the arguments as they are after the call."""

        def call(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
            function, given = self.function(name), _fresh(args)
            with self._at_work(name), suppress(Exception):
                function(*given, **kwargs)
            return plain(list(given))

        return OwnVariant(call)

    def function(self, name: str) -> Callable[..., Any]:
        """A function of the namespace, by name."""
        function = self._namespace.get(name)
        if not callable(function):
            raise NoAnswer("missing", f"`{name}` is not defined: run the cell that defines it.")
        found: Callable[..., Any] = function
        return found

    def _call(
        self, name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], times: int = 1
    ) -> Any:
        function, given = self.function(name), _fresh(args)
        call = StubCall(name, _argument_names(function), args, kwargs, times)
        self.calls.append(call)
        answers = []
        with self._at_work(name):
            for _ in range(times):
                answers.append(plain(function(*_copied(given), **kwargs)))
        call.answer = answers[0] if times == 1 else answers
        return _readable(name, call.answer)

    @contextmanager
    def _at_work(self, name: str) -> Iterator[None]:
        """Around a call of student code: keeps what is printed, tells what is raised."""
        try:
            with redirect_stdout(self.printed), np.errstate(**NUMPY_WARNINGS):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    yield
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

    def __init__(self, student: OwnStudent, sizes: tuple[Any, ...]) -> None:
        self._student, self._sizes = student, sizes
        build = student.function(MODEL)
        student.calls.append(
            StubCall(MODEL, ("vocab_size", "embedding_dim", "hidden_size"), sizes, {})
        )
        with student._at_work(MODEL):
            self._model = build(*sizes).eval()

    def __call__(self, tokens: Any, h: Any = None) -> Any:
        """``model(tokens (N,T), h=(1,N,H))`` -> [logits (N,T,V), h (1,N,H)]."""
        import torch

        given = {} if h is None else {"h": h}
        call = StubCall(MODEL, ("tokens",), (tokens,), given, of_model=self._sizes)
        self._student.calls.append(call)
        with self._student._at_work(f"{MODEL}.forward"), torch.no_grad():
            dtype = next((p.dtype for p in self._model.parameters()), torch.float32)
            states = {key: torch.as_tensor(value).to(dtype) for key, value in given.items()}
            call.answer = plain(self._model(torch.as_tensor(tokens), **states))
        return _readable(f"{MODEL}.forward", call.answer)

    def parameters(self) -> Any:
        """Its ``state_dict``: name -> array."""
        with self._student._at_work(MODEL):
            return plain(dict(self._model.state_dict()))

    def kinds(self) -> dict[str, str]:
        """The names of its direct children -> the names of their classes."""
        with self._student._at_work(MODEL):
            children = self._model.named_children()
            return {name: type(child).__name__ for name, child in children}

    def load(self, parameters: Mapping[str, Any]) -> None:
        """Loads a ``state_dict``, cast to the model's own dtypes."""
        import torch

        with self._student._at_work(MODEL):
            own = self._model.state_dict()
            self._model.load_state_dict(
                {name: torch.as_tensor(a).to(own[name].dtype) for name, a in parameters.items()}
            )


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
    told = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        line = linecache.getline(file, number).strip()
        notebook = "ipykernel" in file or file.startswith(("<ipython", "cell "))
        if line and (notebook or frame.f_globals.get("__name__") == "__main__"):
            told = f"in `{frame.f_code.co_name}`, line {number}: {line}"
    return told


# -- self check, mistakes --------------------------------------------------------------------------


Leaf = Sequence[int | str]
Leaves = Sequence[Leaf]


# Of the largest entry.
DIGITS = 1e-5


IMPOSSIBLE = float("-inf")
DRAWS = "probabilities"


def call_key(call: StubCall) -> str:
    """Names a call by its function and arguments, the same on every machine."""
    told = [call.stub, str(call.times)]
    for value in (*call.args, *(item for pair in sorted(call.kwargs.items()) for item in pair)):
        told.append(_written(value))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:8]


def _written(value: Any) -> str:
    if isinstance(value, np.random.Generator):
        return f"generator {seed_of(value)}"
    if isinstance(value, dict):
        return str([(key, _written(entry)) for key, entry in sorted(value.items())])
    if isinstance(value, np.ndarray):
        # Nine digits, and no difference between 0.0 and -0.0.
        rounded = [f"{number:.9g}" for number in (np.ravel(value) + 0.0).tolist()]
        return f"{value.dtype.kind}{value.shape}{rounded}"
    return repr(value)


def named_mistake(calls: Iterable[StubCall], leaves: Leaves) -> Mistake | None:
    """The known wrong way that gives all that was answered to these calls, if there is one.

    Of several, it is the one that makes the draws likeliest, or the first.

    Args:
        calls: those of the checks of one criterion that is not met.
        leaves: the items of an answer that the criterion is about, each as a path into it.
    """
    answered = [(call, call_key(call)) for call in calls]
    best, likeliest = None, IMPOSSIBLE
    for mistake in MISTAKES:
        told = [
            (call, mistake.answers[key])
            for call, key in answered
            if call.stub == mistake.stub and key in mistake.answers
        ]
        likely = sum(_likelihood(call, predicted, leaves) for call, predicted in told)
        if told and likely > likeliest:
            best, likeliest = mistake, likely
    return best


def _likelihood(call: StubCall, predicted: Mapping[str, Any], leaves: Leaves) -> float:
    """The logarithm of how likely a wrong way gives what was answered."""
    if DRAWS in predicted:
        shares = np.array(predicted[DRAWS])
        try:
            drawn = np.ravel(call.answer).tolist()
            follows(drawn, shares)
        except (Disagreement, TypeError, ValueError, IndexError):
            return IMPOSSIBLE
        return float(np.log(shares[drawn]).sum())
    prints = [(fingerprint(item_at(call.answer, leaf)), leaf_name(leaf)) for leaf in leaves]
    same = all(text and text == predicted.get(name) for text, name in prints)
    return 0.0 if same else IMPOSSIBLE


def leaf_name(leaf: Leaf) -> str:
    """A path into an answer as text; empty for the whole."""
    return ".".join(map(str, leaf))


def item_at(answer: Any, leaf: Leaf) -> Any:
    """The item of an answer at a path; None where there is none."""
    for step in leaf:
        try:
            answer = answer[step]
        except (IndexError, KeyError, TypeError):
            return None
    return answer


def fingerprint(answer: Any) -> str:
    """Names an answer by its shape and its numbers, to five digits of the largest.

    Empty for what is not made of finite numbers.
    """
    told = _counted(answer)
    return hashlib.sha256(told.encode()).hexdigest()[:8] if told else ""


def _counted(answer: Any) -> str:
    if isinstance(answer, dict):
        entries = {str(key): _counted(entry) for key, entry in sorted(answer.items())}
        return str(entries) if all(entries.values()) else ""
    try:
        array = np.asarray(answer)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind in "iuf":
        if not np.isfinite(array).all():
            return ""
        largest = float(np.abs(array).max(initial=0.0))
        # The third is there because what is computed by hand lies on halves more often.
        steps = np.floor(array / (DIGITS * largest or 1.0) + 1 / 3).astype(np.int64)
        return f"{array.shape} {largest:.4e} {steps.ravel().tolist()}"
    if isinstance(answer, list | tuple) and len(answer):
        items = [_counted(entry) for entry in answer]
        return str(items) if all(items) else ""
    return ""


# -- self check, torch oracle ----------------------------------------------------------------------


# N, T, E, H, V: from what can be followed by hand to many steps.
SIZES = ((1, 1, 1, 1, 2), (1, 2, 1, 2, 2), (2, 1, 2, 1, 3), (2, 3, 2, 2, 3), (3, 4, 2, 5, 6))


LONG = (2, 50, 3, 4, 5)
Sizes = tuple[int, int, int, int, int]


# What a function was asked for, what it gave, and what torch gives.
Compared = Iterator[tuple[str, Any, Any]]


def _normal(rng: np.random.Generator, *shape: int) -> Any:
    return rng.normal(size=shape).round(2)


def _network(W_x: Any, W_h: Any, biases: tuple[Any, Any]) -> Any:
    """An nn.RNN with these weights (E,H) and (H,H), and biases (H,)."""
    import torch

    rnn = torch.nn.RNN(W_x.shape[0], W_h.shape[0], batch_first=True, dtype=torch.float64)
    given = {"weight_ih_l0": W_x.T, "weight_hh_l0": W_h.T}
    given |= {"bias_ih_l0": biases[0], "bias_hh_l0": biases[1]}
    rnn.load_state_dict({key: torch.tensor(np.array(value)) for key, value in given.items()})
    return rnn


def _states(x: Any, h0: Any, W_x: Any, W_h: Any, biases: tuple[Any, Any]) -> tuple[Any, Any]:
    """What nn.RNN makes of inputs (N,T,E) and a first state (N,H): all states, and the last."""
    import torch

    with torch.no_grad():
        states, last = _network(W_x, W_h, biases)(torch.tensor(x), torch.tensor(h0)[None])
    return states.numpy(), last.numpy()


def _gradients(rnn: Any, x: Any, h0: Any) -> dict[str, Any]:
    """What came back to an nn.RNN and its inputs, in the shapes of the assignment."""
    return {
        "x": x.grad.numpy(),
        "h0": h0.grad[0].numpy(),
        "W_x": rnn.weight_ih_l0.grad.T.numpy(),
        "W_h": rnn.weight_hh_l0.grad.T.numpy(),
        "b_h": rnn.bias_hh_l0.grad.numpy(),
    }


def _softmax(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    import torch

    N, T, _, _, V = sizes
    for shape in ((V,), (N, V), (N, T, V)):
        logits = _normal(rng, *shape)
        yield "The softmax", student.softmax(logits), torch.tensor(logits).softmax(-1).numpy()


def _cell(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    N, _, E, H, _ = sizes
    x_t, h_prev, b_h = _normal(rng, N, E), _normal(rng, N, H), _normal(rng, H)
    W_x, W_h = _normal(rng, E, H), _normal(rng, H, H)
    got = student.rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h)
    yield "h_t", got, _states(x_t[:, None], h_prev, W_x, W_h, (b_h, 0 * b_h))[0][:, 0]


def _unrolled(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    N, T, E, H, _ = sizes
    x, h0, b_h = _normal(rng, N, T, E), _normal(rng, N, H) / 3, _normal(rng, H)
    W_x, W_h = _normal(rng, E, H), _normal(rng, H, H)
    got = student.rnn_forward(x, h0, W_x, W_h, b_h)
    yield "The states", got, _states(x, h0, W_x, W_h, (b_h, 0 * b_h))[0]


def _model(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    N, T, E, H, V = sizes
    network = student.CharRNN(V, E, H)
    own = {name: np.asarray(value, dtype=float) for name, value in network.parameters().items()}
    tokens, h0 = rng.integers(V, size=(N, T)), _normal(rng, 1, N, H) / 3
    logits, h = network(tokens, h=h0)
    biases = own["rnn.bias_ih_l0"], own["rnn.bias_hh_l0"]
    W_x, W_h = own["rnn.weight_ih_l0"].T, own["rnn.weight_hh_l0"].T
    states, last = _states(own["embedding.weight"][tokens], h0[0], W_x, W_h, biases)
    wanted = states @ own["output.weight"].T + own["output.bias"]
    yield "The logits", logits, wanted.astype(np.float32)
    yield "The last state", h, last.astype(np.float32)


def _loss(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    import torch

    N, T, _, _, V = sizes
    logits, targets = _normal(rng, N, T, V), rng.integers(V, size=(N, T))
    mean = torch.nn.functional.cross_entropy(
        torch.tensor(logits).reshape(-1, V), torch.tensor(targets).reshape(-1)
    )
    yield "The loss", student.cross_entropy(logits, targets), mean.item()


def _one_step_back(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    import torch

    N, _, E, H, _ = sizes
    x_t, h_prev, dh_t = _normal(rng, N, E), _normal(rng, N, H) / 3, _normal(rng, N, H)
    W_x, W_h = _normal(rng, E, H) / 2, _normal(rng, H, H) / 2
    rnn = _network(W_x, W_h, (np.zeros(H), np.zeros(H)))
    x, h0 = (torch.tensor(array, requires_grad=True) for array in (x_t[:, None], h_prev[None]))
    states, _ = rnn(x, h0)
    states.backward(torch.tensor(dh_t[:, None]))
    wanted = _gradients(rnn, x, h0)
    wanted["x"] = wanted["x"][:, 0]
    h_t = states.detach().numpy()[:, 0]
    got = student.rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h)
    names = ("dx_t", "dh_prev", "dW_x", "dW_h", "db_h")
    for index, (name, want) in enumerate(zip(names, wanted.values(), strict=True)):
        yield f"The gradient {name}", item(got, index, names), want


def _through_time(student: OwnStudent, rng: np.random.Generator, sizes: Sizes) -> Compared:
    import torch

    N, T, E, H, V = sizes
    x, h0, targets = _normal(rng, N, T, E), _normal(rng, N, H) / 3, rng.integers(V, size=(N, T))
    W_x, W_h, b_h = _normal(rng, E, H) / 2, _normal(rng, H, H) / 2, _normal(rng, H) / 2
    W_y, b_y = _normal(rng, H, V), _normal(rng, V)
    rnn = _network(W_x, W_h, (b_h, 0 * b_h))
    given = [torch.tensor(array, requires_grad=True) for array in (x, h0[None], W_y, b_y)]
    states, _ = rnn(*given[:2])
    logits = states @ given[2] + given[3]
    mean = torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.tensor(targets).flatten())
    mean.backward()
    wanted = _gradients(rnn, *given[:2])
    wanted |= {"W_y": given[2].grad.numpy(), "b_y": given[3].grad.numpy()}
    got = student.bptt(x, targets, h0, W_x, W_h, b_h, W_y, b_y)
    names = ("loss", "grads")
    yield "The loss", item(got, 0, names), mean.item()
    for key, want in wanted.items():
        yield f'grads["{key}"]', entry(item(got, 1, names), key, "`grads`"), want


ORACLES: Mapping[str, Callable[[OwnStudent, np.random.Generator, Sizes], Compared]] = {
    "softmax": _softmax,
    "rnn_cell_forward": _cell,
    MODEL: _model,
    "rnn_forward": _unrolled,
    "cross_entropy": _loss,
    "rnn_cell_backward": _one_step_back,
    "bptt": _through_time,
}


def compared_with_torch(stub: str, student: OwnStudent) -> Compared:
    """What a function gives beside what torch gives, the smallest sizes first.

    Nothing where torch has no such function, or is not imported.
    """
    if stub in ORACLES and "torch" in sys.modules:
        rng = np.random.default_rng(0)
        for sizes in (*SIZES, LONG):
            yield from ORACLES[stub](student, rng, sizes)


# -- self check, running ---------------------------------------------------------------------------


State = Literal["met", "missed", "to come"]


@dataclass(frozen=True)
class Miss:
    """Why a check is not met: what is wrong, at which call, and what was expected and got there."""

    message: str
    detail: str = ""
    call: StubCall | None = None
    compared: tuple[Any, Any] | None = None
    mistake: Mistake | None = None
    printed: str = ""


@dataclass(frozen=True)
class Seen:
    """What the visible checks saw of one criterion, or of one item of it."""

    state: State
    miss: Miss | None = None


@dataclass
class PartResult:
    """What the visible checks saw of a part: by criterion, its items or the whole of it."""

    part: Part
    seen: dict[str, dict[str | None, Seen]]
    answers: AnswerSheet | None = None
    beside_torch: dict[str, Miss | None] = field(default_factory=dict)
    look_first: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def points(self, criterion: Criterion, state: State) -> float:
        """The points of a criterion that are in this state. Marked answers are in none."""
        items = self.seen.get(criterion.id, {})
        share = sum(seen.state == state for seen in items.values()) / max(len(items), 1)
        return criterion.points * share

    def total(self, state: State) -> float:
        """The part's points that are in this state."""
        return sum(self.points(criterion, state) for criterion in self.part.criteria)

    @property
    def whole(self) -> bool:
        """Whether all visible checks are met, and all marked answers can be read."""
        states = {seen.state for items in self.seen.values() for seen in items.values()}
        return states <= {"met"} and (self.answers is None or self.answers.whole)


def run_part(name: str, namespace: MutableMapping[str, Any]) -> PartResult:
    """Runs the visible checks of a part. Raises ValueError where there is no such part.

    Args:
        name: the part, such as "2a".
        namespace: holds the student's functions by name.
    """
    part = part_named(name)
    result = PartResult(part, _see_part(part, namespace))
    if part.id in MARKED:
        result.answers = look_at_answers(part.id, namespace)
    if not result.total("missed") and not result.total("to come"):
        result.beside_torch = _running_beside_torch(part, namespace)
    if result.total("missed") or any(result.beside_torch.values()):
        result.look_first = _wrong_ones_called(part, namespace)
    return result


def _see_part(part: Part, namespace: MutableMapping[str, Any]) -> dict[str, dict[str | None, Seen]]:
    asked: dict[str, dict[str | None, list[Check]]] = {}
    for check in CHECKS:
        if any(check.criterion == criterion.id for criterion in part.criteria):
            asked.setdefault(check.criterion, {}).setdefault(check.item, []).append(check)
    return {
        criterion: {
            item: _see(criterion, item, checks, namespace) for item, checks in items.items()
        }
        for criterion, items in asked.items()
    }


def _see(
    criterion: str, item: str | None, checks: list[Check], namespace: MutableMapping[str, Any]
) -> Seen:
    """The first check that is not met decides, and the calls of all of them name a mistake."""
    student = OwnStudent(namespace)
    first: Miss | None = None
    for check in checks:
        student.printed = io.StringIO()
        try:
            check.function(student, **check.parameters)
            continue
        except NoAnswer as problem:
            unfinished = problem.kind in ("unfinished", "missing")
            message, detail, compared = problem.message, problem.detail, None
        except Exception as error:
            unfinished = False
            message, detail = _said(error)
            compared = _compared(error)
        miss = _miss(student, message, detail, compared)
        if unfinished:
            return Seen("to come", miss)
        first = first or miss
    if first is None:
        return Seen("met")
    leaves = ((item,),) if item is not None else ITEMS.get(criterion, WHOLE)
    mistake = named_mistake(student.calls, leaves)
    return Seen("missed", replace(first, mistake=mistake))


def _miss(student: OwnStudent, message: str, detail: str, compared: tuple[Any, Any] | None) -> Miss:
    call = student.calls[-1] if student.calls else None
    return Miss(message, detail, call, compared, None, student.printed.getvalue())


def _running_beside_torch(part: Part, namespace: MutableMapping[str, Any]) -> dict[str, Miss | None]:
    """Of each function that torch has too: the smallest case in which the two differ, if any."""
    found: dict[str, Miss | None] = {}
    for stub in part.stubs:
        student = OwnStudent(namespace)
        try:
            for name, got, want in compared_with_torch(stub, student):
                found[stub] = None
                agree(got, want, name)
        except NoAnswer as problem:
            found[stub] = _miss(student, problem.message, problem.detail, None)
        except Exception as error:
            found[stub] = _miss(student, *_said(error), _compared(error))
    return found


def _said(error: Exception) -> tuple[str, str]:
    if isinstance(error, Disagreement):
        return error.message, error.detail
    return f"What was returned could not be checked ({type(error).__name__}).", str(error)[:300]


def _compared(error: Exception) -> tuple[Any, Any] | None:
    """What was expected and got where two things were found to differ."""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code is agree.__code__:
            return np.asarray(frame.f_locals["want"]), frame.f_locals["got"]
        if frame.f_code is follows.__code__:
            shares = frame.f_locals["probabilities"]
            drawn = frame.f_locals["drawn"]
            counts = np.bincount(drawn, minlength=len(shares))
            return np.asarray(shares), counts / max(len(drawn), 1)
    return None


def _wrong_ones_called(
    part: Part, namespace: MutableMapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    """Of each function of a part: the functions of other parts that it calls and that are wrong."""
    found: dict[str, tuple[str, ...]] = {}
    for stub in part.stubs:
        code = getattr(namespace.get(stub), "__code__", None)
        called = set(getattr(code, "co_names", ()))
        for other in PARTS:
            for name in sorted(called & set(other.stubs)):
                if other.id != part.id and not _is_met(name, other, namespace):
                    found[stub] = (*found.get(stub, ()), f"`{name}` of part {other.id}")
    return found


def _is_met(stub: str, part: Part, namespace: MutableMapping[str, Any]) -> bool:
    of_part = [seen for items in _see_part(part, namespace).values() for seen in items.values()]
    misses = [seen.miss for seen in of_part if seen.miss is not None]
    return not any(miss.call is not None and miss.call.stub == stub for miss in misses)


# -- self check, showing ---------------------------------------------------------------------------


TEXT_WIDTH = 80
MAX_DIFFERENCES = 4
MAX_PRINTED = 8
SIGNS: dict[State, str] = {"met": "✓", "missed": "✗", "to come": "·"}


def points(number: float) -> str:
    """Points without the dust of floating-point sums."""
    return f"{round(number, 4):g}"


def told(result: PartResult) -> str:
    """All that there is to say of a part."""
    lines = [_headline(result), ""]
    for criterion in result.part.criteria:
        lines.append(_showing_row(result, criterion))
    lines += _look_first(result)
    shown: list[list[str]] = []
    misses = [text for c in result.part.criteria for text in _misses(result, c, shown)]
    # What comes of one mistake elsewhere is shown once.
    for text in misses[: 1 if result.look_first else None]:
        lines += ["", *text]
    lines += _to_come(result)
    lines += _beside_torch(result)
    if result.answers is not None and not result.answers.whole:
        lines += ["", "The concept questions:", *(f"  {one}" for one in result.answers.to_do())]
    if result.whole:
        lines += ["", "Where your work is graded, the same is asked on other inputs too."]
    return "\n".join(lines)


def _look_first(result: PartResult) -> Iterator[str]:
    for stub, others in result.look_first.items():
        text = f"Look first at {' and '.join(others)}: `{stub}` calls it, and it is not right yet. "
        text += "Where your work is graded, a mistake there costs nothing here."
        yield ""
        yield from textwrap.wrap(text, TEXT_WIDTH)


def told_of(result: PartResult, criterion: str) -> str:
    """What there is to say of one criterion."""
    [one] = [c for c in result.part.criteria if c.id == criterion]
    lines = [_showing_row(result, one)]
    for text in _misses(result, one, []):
        lines += ["", *text]
    if criterion not in result.seen and result.answers is not None:
        lines += result.answers.to_do()
    seen = result.seen.get(criterion, {}).values()
    lines += dict.fromkeys(one.miss.message for one in seen if one.state == "to come" and one.miss)
    return "\n".join(lines)


def _misses(
    result: PartResult, criterion: Criterion, shown: list[list[str]]
) -> Iterator[Iterator[str]]:
    for item, seen in result.seen.get(criterion.id, {}).items():
        if seen.state == "missed" and seen.miss is not None:
            called = criterion.id if item is None else f"{criterion.id}, {item}"
            yield _missed(called, criterion, seen.miss, shown)


def _headline(result: PartResult) -> str:
    part = result.part
    checked = [one for one in part.criteria if one.id in result.seen]
    reached = f"{points(result.total('met'))} of {points(sum(c.points for c in checked))} points"
    to_come = result.total("to come")
    more = f", {points(to_come)} still to be written" if to_come else ""
    return f"Part {part.id}  {part.title}: {reached} reached{more}"


def _showing_row(result: PartResult, criterion: Criterion) -> str:
    items = result.seen.get(criterion.id)
    worth = points(criterion.points)
    if items is None:
        sheet = result.answers
        count = f": {sheet.answered} of {sheet.asked} answered" if sheet else ""
        return f"  ?  {criterion.id:<16} {worth:>5}  {criterion.title}{count}"
    states = {seen.state for seen in items.values()}
    state: State = "missed" if "missed" in states else "to come" if "to come" in states else "met"
    partly = ""
    if len(states) > 1:
        good = [str(item) for item, seen in items.items() if seen.state == "met"]
        partly = f" (right: {', '.join(good)})" if good else ""
    return f"  {SIGNS[state]}  {criterion.id:<16} {worth:>5}  {criterion.title}{partly}"


def _to_come(result: PartResult) -> Iterator[str]:
    seen = (seen for items in result.seen.values() for seen in items.values())
    messages = [one.miss.message for one in seen if one.state == "to come" and one.miss]
    if messages:
        yield ""
        yield from dict.fromkeys(messages)


def _missed(called: str, criterion: Criterion, miss: Miss, shown: list[list[str]]) -> Iterator[str]:
    """Why a criterion is missed; a call that was ``shown`` is not shown again."""
    yield from textwrap.wrap(f"✗ {called}: {miss.message}", TEXT_WIDTH, subsequent_indent="  ")
    if miss.call is not None:
        call = list(_call(miss.call))
        yield from _indented(call if call not in shown else ["the same call as above"])
        shown.append(call)
    if miss.compared is not None:
        yield from _indented(_difference(*miss.compared))
    elif miss.detail:
        yield from _indented(textwrap.wrap(miss.detail, TEXT_WIDTH))
    if miss.printed.strip():
        lines = miss.printed.rstrip().split("\n")
        more = ["..."] if len(lines) > MAX_PRINTED else []
        yield from _indented(["printed meanwhile:", *lines[:MAX_PRINTED], *more])
    if miss.mistake is not None:
        yield from textwrap.wrap(f"It looks as if {miss.mistake.title}.", TEXT_WIDTH)
    hint = miss.mistake.hint if miss.mistake is not None else criterion.hint
    yield from textwrap.wrap(f"Hint: {hint}", TEXT_WIDTH)


def _beside_torch(result: PartResult) -> Iterator[str]:
    alike = [f"`{stub}`" for stub, miss in result.beside_torch.items() if miss is None]
    if alike:
        yield ""
        yield f"Beside torch, on random inputs: {', '.join(alike)} the same."
    for stub, miss in result.beside_torch.items():
        if miss is not None:
            yield ""
            text = f"Beside torch, on random inputs, `{stub}` is not the same. {miss.message}"
            yield from textwrap.wrap(text, TEXT_WIDTH)
            if miss.call is not None:
                yield from _indented(_call(miss.call))
            if miss.compared is not None:
                yield from _indented(_difference(*miss.compared))


def _indented(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"    {line}"


def _call(call: StubCall) -> Iterator[str]:
    """A call as one would write it, one argument a line."""
    times = f"{call.times} times " if call.times > 1 else ""
    name = call.stub
    if call.of_model is not None:
        name = f"{MODEL}({', '.join(map(str, call.of_model))})"
    named = list(zip(call.names, call.args, strict=False))
    named += [("", value) for value in call.args[len(named) :]]
    named += list(call.kwargs.items())
    written = [(f"{key} = " if key else "", _written_out(value)) for key, value in named]
    if sum(len(key) + len(text) for key, text in written) < 50 and not any(
        "\n" in text for _, text in written
    ):
        inside = ", ".join(f"{key.replace(' ', '')}{text}" for key, text in written)
        yield f"{times}{name}({inside})"
        return
    yield f"{times}{name}("
    width = max(len(key) for key, _ in written)
    for key, text in written:
        yield from _hanging(f"    {key.rjust(width)}", text)
    yield ")"


def _written_out(value: Any) -> str:
    if isinstance(value, np.random.Generator):
        return f"np.random.default_rng({seed_of(value)})"
    if isinstance(value, dict):
        entries = ["\n".join(_hanging(f"{key!r}: ", _written_out(value[key]))) for key in value]
        lined = any("\n" in entry for entry in entries)
        return "\n".join(_hanging("{", (",\n" if lined else ", ").join(entries))) + "}"
    if isinstance(value, np.ndarray):
        return _array(value)
    return repr(value)


def _array(value: Any) -> str:
    array = np.asarray(value)
    if array.dtype.kind == "f":
        array = array + 0.0  # no -0.
    text = np.array2string(
        array, precision=6, suppress_small=True, separator=", ", threshold=60, max_line_width=64
    )
    text = re.sub(r"\n\s*\n", "\n", text)
    return text if array.size else f"an empty array of the shape {array.shape}"


def _difference(want: Any, got: Any) -> Iterator[str]:
    """What was expected and got, and the first entries in which they differ."""
    yield from _hanging("expected ", _array(want))
    try:
        array = np.asarray(got)
        yield from _hanging("got      ", _array(array) if array.dtype.kind in "biuf" else repr(got))
    except ValueError:
        yield from _hanging("got      ", repr(got)[:300])
        return
    if array.shape != want.shape:
        asked = f"the shape {want.shape}" if want.ndim else "a plain number, of the shape ()"
        yield f"got the shape {array.shape}, expected {asked}"
        return
    if array.dtype.kind not in "iuf" or want.ndim == 0:
        return
    wrong = np.argwhere(~_near(array, want))
    if len(wrong) < want.size or want.size > MAX_DIFFERENCES:
        for index in wrong[:MAX_DIFFERENCES]:
            place = tuple(index.tolist())
            at = f"differs at [{', '.join(map(str, place))}]:"
            yield f"{at} expected {want[place]:.6g}, got {array[place]:.6g}"


def _near(array: Any, want: Any) -> Any:
    single = any(one.dtype.kind == "f" and one.itemsize < 8 for one in (array, want))
    allowed = max((SINGLE if single else DOUBLE) * float(np.abs(want).max()), TINY)
    return np.isclose(array, want, rtol=0.0, atol=allowed)


def _hanging(start: str, text: str) -> Iterator[str]:
    """Lines of text of which the first comes after ``start`` and the others below it."""
    first, *rest = text.split("\n")
    yield start + first
    for line in rest:
        yield " " * len(start) + line


def summary(results: Iterable[PartResult]) -> str:
    """One line for each part, and the points of all of them."""
    lines: list[str] = []
    reached = possible = 0.0
    for result in results:
        checked = sum(one.points for one in result.part.criteria if one.id in result.seen)
        met = result.total("met")
        reached, possible = reached + met, possible + checked
        states = [seen.state for seen in _all_seen(result)]
        signs = "".join(SIGNS[state] for state in states)
        sheet = result.answers
        asked = f"  {sheet.answered} of {sheet.asked} questions answered" if sheet else ""
        lines.append(
            f"  {result.part.id}  {result.part.title:<14} {points(met):>5} of {points(checked):<5}"
            f" {signs}{asked}"
        )
    lines.append(f"  {points(reached)} of the {points(possible)} points that can be checked here")
    return "\n".join(lines)


def _all_seen(result: PartResult) -> list[Seen]:
    return [seen for items in result.seen.values() for seen in items.values()]


# -- self check, handing in ------------------------------------------------------------------------


# What the checks may take, all together.
CHECK_SECONDS = 60.0


RUN_BY_ITSELF = "--in-a-fresh-process"
BLANK = "YOUR ANSWER HERE"
STARTED, DONE = "started", "done"


@dataclass(frozen=True)
class Report:
    """What a fresh process found: cells that failed, functions that are missing, and all that
    the visible checks say, as text."""

    failures: tuple[str, ...]
    unfinished: tuple[str, ...]
    to_mend: tuple[str, ...]
    summary: str
    reached: float


def hand_in(file: str | Path = "") -> bool:
    """Checks a saved notebook or script as it will be read, and says what would be marked.

    The file is run in a fresh process, cell by cell, with nothing of the running notebook in it:
    save the notebook first.

    Args:
        file: the file to hand in; without one, the notebook or script in which this is called, or
            else the one in this folder that has more done.

    Returns:
        Whether there is nothing to mend.
    """
    try:
        path = Path(file) if file else _calling_file(sys._getframe(1).f_globals)
        path = path or own_file(Path.cwd())
        cells = code_cells(path)
    except NotReadable as problem:
        print(problem)
        return False
    print(f"{path.name}: {len(cells)} code cells, run in a fresh process ...", flush=True)
    report, late = _in_a_fresh_process(path)
    to_mend = [*late, *report.failures, *report.to_mend, *_for_nbgrader(path)]
    print("\n".join(_told(path, report, to_mend)))
    return not to_mend


def _calling_file(namespace: Mapping[str, Any]) -> Path | None:
    """The script or the notebook that calls, where it is known: VS Code and Jupyter name theirs."""
    stubs = {stub for part in PARTS for stub in part.stubs}
    script = namespace.get("__file__") if stubs & namespace.keys() else None
    named = namespace.get("__vsc_ipynb_file__") or script or os.environ.get("JPY_SESSION_NAME")
    path = Path(str(named))
    return path if path.suffix in (".py", ".ipynb") and path.is_file() else None


def _told(path: Path, report: Report, to_mend: Sequence[str]) -> Iterator[str]:
    yield ""
    yield "What would be marked:"
    yield report.summary
    if report.unfinished:
        yield from _row("still to be written", report.unfinished)
    yield from _written_answers(path)
    yield ""
    if to_mend:
        yield "To mend before you hand in:"
        for one in to_mend:
            first, *rest = textwrap.wrap(one, TEXT_WIDTH)
            yield f"  - {first}"
            yield from (f"    {line}" for line in rest)
    else:
        yield "Nothing to mend. Where it is graded, the checks also ask on other inputs."
    yield ""
    yield f"To hand in: {path.name}, that one file."
    if path.name not in FILES:
        yield f"  nbgrader: name it {FILES[0]}, in the folder that you fetched it into."
    elif path.suffix == ".ipynb":
        yield "  nbgrader: save it in the folder that you fetched it into, and press Submit."
    else:
        yield "  nbgrader takes the notebook alone; ask before you hand in a script there."
    yield "  Canvas, Gradescope: upload it as it is, not in a zip, not as PDF or HTML."


def _written_answers(path: Path) -> Iterator[str]:
    notebook = notebook_of(path)
    if notebook is None:
        return
    blank = []
    for cell in notebook["cells"]:
        name = str(cell.get("metadata", {}).get("nbgrader", {}).get("grade_id", ""))
        if name.endswith("-written") and BLANK in "".join(cell.get("source", "")):
            blank.append(name.removesuffix("-written"))
    share = f"{100 * WRITTEN_SHARE:.0f} % of the points" if WRITTEN_SHARE else "not marked"
    if blank:
        yield from _row(f"written answers ({share}) still blank", blank)


def _row(title: str, names: Sequence[str]) -> list[str]:
    text = f"{title}: {', '.join(names)}"
    return textwrap.wrap(text, TEXT_WIDTH, initial_indent="  ", subsequent_indent="    ")


def _for_nbgrader(path: Path) -> Iterator[str]:
    """What nbgrader needs of a notebook beside its code: each of its cells, once."""
    if path.suffix != ".ipynb":
        return
    found = Counter(nbgrader_names(path))
    missing = [name for name in CELLS if not found[name]]
    twice = [name for name, count in found.items() if count > 1]
    if missing and len(missing) < len(CELLS):
        yield (
            f"For nbgrader, cells are missing: {', '.join(missing)}. Copy your work into the "
            "notebook as released. (Elsewhere this does not matter.)"
        )
    if twice:
        yield f"For nbgrader, cells stand twice: {', '.join(twice)}. Delete the copies."


def _in_a_fresh_process(path: Path) -> tuple[Report, list[str]]:
    """Runs the file in another process; a cell that takes too long is left out of the next try."""
    late: list[str] = []
    left_out: list[str] = []
    while True:
        report, stopped_at = _try(path, left_out)
        if report is not None:
            return report, late
        if not stopped_at or stopped_at in left_out:
            nothing = Report((), (), ("The process that ran the file ended too early.",), "", 0.0)
            return nothing, late
        left_out.append(stopped_at)
        late.append(f"{stopped_at} was stopped: a cell may take {LIMITS.cell:g} s.")


def _try(path: Path, left_out: Sequence[str]) -> tuple[Report | None, str]:
    command = [sys.executable, "-m", "rnn_check", RUN_BY_ITSELF, str(path.resolve()), *left_out]
    beside = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, beside))}
    lines: queue.Queue[str] = queue.Queue()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        cwd=path.resolve().parent,
        env=environment,
        encoding="utf-8",
    ) as process:
        stream = process.stdout
        assert stream is not None
        threading.Thread(target=_pass_on, args=(stream, lines), daemon=True).start()
        running, until = "", time.monotonic() + CHECK_SECONDS
        try:
            while True:
                line = lines.get(timeout=max(until - time.monotonic(), 0.01))
                if not line:
                    return None, running
                message = json.loads(line)
                if STARTED in message:
                    running = message[STARTED]
                    seconds = LIMITS.cell if running else CHECK_SECONDS
                    until = time.monotonic() + seconds
                elif DONE in message:
                    return Report(**{k: _frozen(v) for k, v in message[DONE].items()}), ""
        except queue.Empty:
            return None, running
        finally:
            process.kill()


def _pass_on(stream: Any, lines: queue.Queue[str]) -> None:
    for line in stream:
        lines.put(line)
    lines.put("")


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def answer_in_a_fresh_process(path: Path, left_out: Sequence[str]) -> None:
    """What the other process does: runs the cells, then the checks, and writes what it found."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)

        def say(**message: Any) -> None:
            out.write(json.dumps(message) + "\n")
            out.flush()

        failures: list[CellFailure] = []
        cells = [cell for cell in code_cells(path) if cell.name not in left_out]
        names = load(cells, failures, lambda cell: say(**{STARTED: cell}))
        say(**{STARTED: ""})
        results = [run_part(part.id, names) for part in PARTS]
        report = {
            "failures": [f"{one.cell}, line {one.line}: {one.message}" for one in failures],
            "unfinished": _unfinished(results),
            "to_mend": list(_to_mend(results, names)),
            "summary": summary(results),
            "reached": sum(result.total("met") for result in results),
        }
        say(**{DONE: report})


def _unfinished(results: Sequence[PartResult]) -> list[str]:
    seen = [one for result in results for items in result.seen.values() for one in items.values()]
    return list(
        dict.fromkeys(
            one.miss.call.stub
            for one in seen
            if one.state == "to come" and one.miss is not None and one.miss.call is not None
        )
    )


def _to_mend(results: Sequence[PartResult], names: dict[str, Any]) -> Iterator[str]:
    for result in results:
        for stub in result.part.stubs:
            if not callable(names.get(stub)):
                yield (
                    f"Part {result.part.id}: `{stub}` is not defined. Define it under exactly this "
                    "name, at the top level of a cell."
                )
        if result.total("missed"):
            missed = [c.id for c in result.part.criteria if result.points(c, "missed")]
            yield (
                f"Part {result.part.id}: {', '.join(missed)} not right yet "
                f'({points(result.total("missed"))} points); see check("{result.part.id}").'
            )
        if result.answers is not None:
            yield from (f"Part {result.part.id}: {one}" for one in result.answers.to_do())
    unread = [name for name in names if name.startswith("answers_")]
    for name in unread:
        if name.removeprefix("answers_") not in MARKED:
            yield f"`{name}` is not one of the names that are read."


# -- self check, command ---------------------------------------------------------------------------


# Set by nbgrader where a notebook is validated or graded. There, a check that is not met must
# raise; in all other runs it only says so, so that the cells below it run.
BY_NBGRADER = "NBGRADER_EXECUTION"


class NotYet(AssertionError):
    """A part is not whole. Shown by its text alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).split("\n")


def check(part: str) -> None:
    """Runs the checks of a part on the functions that are defined here, and says what they saw.

    Args:
        part: such as "2a".

    Raises:
        NotYet: if the part is not whole, where nbgrader validates the notebook.
    """
    _check(part, sys._getframe(1).f_globals)


def _check(part: str, namespace: MutableMapping[str, Any]) -> None:
    try:
        result = run_part(part, namespace)
    except ValueError as problem:
        print(problem)
        return
    if BY_NBGRADER in os.environ and not result.whole:
        raise NotYet(told(result))
    print(told(result))


@cache
def _own_names() -> tuple[Path, dict[str, Any]]:
    path = own_file(Path.cwd())
    failures: list[CellFailure] = []
    return path, load(code_cells(path), failures)


def assert_criterion(criterion: str) -> None:
    """Raises NotYet unless the visible checks of a criterion are met by the file in this folder."""
    part, _, _ = criterion.partition(".")
    result = run_part(part, _own_names()[1])
    met = all(seen.state == "met" for seen in result.seen.get(criterion, {}).values())
    if criterion not in result.seen and result.answers is not None:
        met = result.answers.whole
    if not met:
        raise NotYet(told_of(result, criterion))


def criteria() -> list[str]:
    """The criteria that can be checked here, marked answers among them."""
    checked = {check.criterion for check in CHECKS}
    return [
        criterion.id
        for part in PARTS
        for criterion in part.criteria
        if criterion.id in checked or (part.id in MARKED and criterion.items)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m rnn_check``: 0 if all is met, 1 if something is not yet, 2 for a wrong call."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [RUN_BY_ITSELF]:
        answer_in_a_fresh_process(Path(given[1]), given[2:])
        return 0
    parser = argparse.ArgumentParser(
        prog="python -m rnn_check",
        description="Checks your work in this folder: rnn.ipynb or rnn.py.",
    )
    parser.add_argument("what", nargs="*", help="parts such as 2a, or a file; all parts otherwise")
    parser.add_argument(
        "--hand-in", action="store_true", help="look at the file before you hand it in"
    )
    parser.add_argument(
        "--self-test",
        nargs="*",
        metavar="QUESTION LETTERS",
        help="concept questions that are not marked",
    )
    words = parser.parse_args(given)
    if words.self_test is not None:
        self_test(*words.self_test[:2])
        return 0
    files = [word for word in words.what if word.endswith((".py", ".ipynb"))]
    parts = [word for word in words.what if word not in files]
    try:
        wanted = [part_named(part).id for part in parts]
        if words.hand_in:
            return 0 if hand_in(files[0] if files else "") else 1
        path = Path(files[0]) if files else own_file(Path.cwd())
        failures: list[CellFailure] = []
        names = load(code_cells(path), failures)
    except (NotReadable, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 2
    return _report(path, wanted, names, failures)


def _report(
    path: Path, wanted: Sequence[str], names: dict[str, Any], failures: Sequence[CellFailure]
) -> int:
    print(f"{path.name}")
    for failure in failures:
        print(f"{failure.cell}, line {failure.line}: {failure.message}")
    results = [run_part(part, names) for part in wanted or [part.id for part in PARTS]]
    for result in results:
        # Of all parts together, those that are not begun are shown in the summary alone.
        if wanted or result.total("missed"):
            print(f"\n{told(result)}")
    if not wanted:
        print(f"\n{summary(results)}")
    return 0 if all(result.whole for result in results) and not failures else 1


# -- self check, gradient --------------------------------------------------------------------------


MAX_ENTRIES = 200
CLOSE = 1e-5


# Gradients smaller than this are lost in the rounding of the loss.
SMALLEST = 1e-4


def gradient_check(
    f: Callable[[Any], float], x: Any, grad: Any, step: float = 1e-5, shown: int = 4
) -> float:
    """Holds a gradient against small steps of each entry, and prints how well they agree.

        grad[i] is about (f(x + step e_i) - f(x - step e_i)) / (2 step)

    Works for any function of one array, such as the loss as a function of W_h:

        def loss(W_h):
            return np.sum(dh_t * rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h))

        gradient_check(loss, W_h, dW_h)

    Args:
        f: takes an array of the shape of ``x``, gives a number.
        x: where the gradient is taken, floats of any shape; it is not modified.
        grad: the gradient to check, of the same shape.
        step: how far each entry is moved. Much smaller or larger ones are less precise.
        shown: how many of the entries that differ are printed.

    Returns:
        The largest difference, relative to the largest entry. Below 1e-5 all is well. Of an array
        of more than 200 entries, 200 drawn at random are checked.
    """
    x, grad = np.array(x, dtype=float), np.asarray(grad, dtype=float)
    if grad.shape != x.shape:
        print(f"the gradient has the shape {grad.shape}, and x the shape {x.shape}")
        return float("inf")
    entries = np.arange(x.size)
    if x.size > MAX_ENTRIES:
        entries = np.sort(np.random.default_rng(0).permutation(x.size)[:MAX_ENTRIES])
    slopes = np.zeros(len(entries))
    for number, entry in enumerate(entries):
        sides = []
        for moved_by in (step, -step):
            moved = x.copy()
            moved.flat[entry] += moved_by
            sides.append(float(f(moved)))
        slopes[number] = (sides[0] - sides[1]) / (2 * step)
    given = grad.ravel()[entries]
    largest = max(float(np.abs(slopes).max(initial=0.0)), SMALLEST)
    differences = np.nan_to_num(np.abs(given - slopes), nan=np.inf) / largest
    worst = float(differences.max(initial=0.0))
    bad = np.flatnonzero(differences >= CLOSE)
    verdict = "agrees" if not len(bad) else f"{len(bad)} of {len(entries)} entries differ"
    print(f"gradient of the shape {x.shape}: {verdict} (largest difference {worst:.1e})")
    for number in bad[:shown]:
        place = ", ".join(str(i) for i in np.unravel_index(int(entries[number]), x.shape))
        print(f"  [{place}] yours {given[number]:.6g}, by small steps {slopes[number]:.6g}")
    return worst


# -- facts -----------------------------------------------------------------------------------------


PARTS = (
    Part(
        "1a",
        "Context",
        ("ngram_distribution",),
        (
            Criterion(
                "1a.unigram",
                "Unigram frequencies",
                0.1,
                (
                    "With an empty context, every token of the text counts once; the counts "
                    "are divided by their sum."
                ),
                (),
            ),
            Criterion(
                "1a.context",
                "Frequencies after a context",
                0.25,
                (
                    "Look at every place where the whole context stands, overlapping places "
                    "too, and count the one token that follows it."
                ),
                (),
            ),
            Criterion(
                "1a.unseen",
                "A context that nothing follows",
                0.15,
                "When no token ever follows the context, no token is more likely than another.",
                (),
            ),
        ),
    ),
    Part(
        "1b",
        "No memory",
        ("feed_forward_logits",),
        (
            Criterion(
                "1b.values",
                "Logits at each position alone",
                0.25,
                (
                    "Each position goes through the same two layers by itself, with a tanh "
                    "between them; nothing passes from one position to the next."
                ),
                (),
            ),
            Criterion(
                "1b.concepts",
                "Concept questions",
                0.25,
                (
                    "Read Task 01 again, and ask of each option whether it holds for every "
                    "sequence."
                ),
                ("order", "window", "sharing", "hidden-state"),
            ),
        ),
    ),
    Part(
        "2a",
        "The cell",
        ("rnn_cell_forward", "softmax"),
        (
            Criterion(
                "2a.cell",
                "The next hidden state",
                0.3,
                (
                    "The new state is the tanh of three terms, from the old state, from the "
                    "input, and the bias."
                ),
                (),
            ),
            Criterion(
                "2a.softmax",
                "Softmax over the last axis",
                0.1,
                (
                    "Exponentials divided by their sum along the last axis, whatever the "
                    "number of leading axes."
                ),
                (),
            ),
            Criterion(
                "2a.extreme",
                "Softmax of extreme logits",
                0.1,
                (
                    "The softmax does not change when one number is taken from all logits of "
                    "a row; choose it so that no exponential can overflow."
                ),
                (),
            ),
        ),
    ),
    Part(
        "2b",
        "The model",
        ("CharRNN", "parameter_count"),
        (
            Criterion(
                "2b.layers",
                "The three layers",
                0.1,
                (
                    "An Embedding, one batch-first tanh RNN layer and a Linear layer, each "
                    "with the sizes that its neighbours need."
                ),
                (),
            ),
            Criterion(
                "2b.forward",
                "From tokens to logits",
                0.1,
                (
                    "Tokens are embedded, the RNN reads the embeddings, and every hidden "
                    "state goes through the output layer."
                ),
                (),
            ),
            Criterion(
                "2b.state",
                "The state goes in and comes out",
                0.1,
                (
                    "A given state is where the RNN starts, none means zeros, and the last "
                    "state is returned beside the logits."
                ),
                (),
            ),
            Criterion(
                "2b.counts",
                "Parameter counts",
                0.2,
                "Write down the shape of every weight and bias; nn.RNN has two bias vectors.",
                ("embedding", "rnn", "output"),
            ),
        ),
    ),
    Part(
        "2c",
        "Unrolling",
        ("rnn_forward",),
        (
            Criterion(
                "2c.values",
                "Every hidden state",
                0.25,
                (
                    "The state after each step is the cell applied to the state before it and"
                    " the input of that step."
                ),
                (),
            ),
            Criterion(
                "2c.length",
                "Any length",
                0.1,
                (
                    "Nothing in the loop may depend on a certain number of steps or of rows; "
                    "try one step, one row, and a few hundred steps."
                ),
                (),
            ),
            Criterion(
                "2c.memory",
                "The start and the order",
                0.15,
                (
                    "The first step starts from h0, and each later one from the state just "
                    "before it."
                ),
                (),
            ),
        ),
    ),
    Part(
        "3a",
        "The objective",
        ("next_token_pairs", "cross_entropy", "perplexity"),
        (
            Criterion(
                "3a.pairs",
                "Inputs and targets",
                0.15,
                (
                    "Windows follow each other without overlap; each target is the token one "
                    "place later; the tail that does not fill a window is dropped."
                ),
                (),
            ),
            Criterion(
                "3a.loss",
                "Mean cross-entropy",
                0.1,
                (
                    "The loss of one prediction is minus the log of the probability of its "
                    "target; the result is the mean over all predictions, in nats."
                ),
                (),
            ),
            Criterion(
                "3a.extreme",
                "Loss on extreme logits",
                0.1,
                (
                    "Take the log before it can become the log of zero, by writing the log of"
                    " the softmax out."
                ),
                (),
            ),
            Criterion(
                "3a.perplexity",
                "Perplexity",
                0.15,
                (
                    "Perplexity undoes the logarithm in the loss; a uniform guess over V "
                    "tokens has a perplexity of V."
                ),
                (),
            ),
        ),
    ),
    Part(
        "3b",
        "One step back",
        ("rnn_cell_backward",),
        (
            Criterion(
                "3b.dx",
                "Gradient of the input",
                0.1,
                "Go back through the tanh first, then through the product with W_x.",
                (),
            ),
            Criterion(
                "3b.dh_prev",
                "Gradient of the previous state",
                0.1,
                "Go back through the tanh first, then through the product with W_h.",
                (),
            ),
            Criterion(
                "3b.dW_x",
                "Gradient of W_x",
                0.1,
                (
                    "Each row of the batch adds the outer product of its input and its "
                    "gradient before the tanh."
                ),
                (),
            ),
            Criterion(
                "3b.dW_h",
                "Gradient of W_h",
                0.1,
                (
                    "Each row of the batch adds the outer product of its previous state and "
                    "its gradient before the tanh."
                ),
                (),
            ),
            Criterion(
                "3b.db_h",
                "Gradient of the bias",
                0.1,
                (
                    "The bias is added to every row of the batch, so its gradient adds up "
                    "over the rows, and has the shape of the bias."
                ),
                (),
            ),
        ),
    ),
    Part(
        "3c",
        "Through time",
        ("bptt", "clip_gradients"),
        (
            Criterion(
                "3c.loss",
                "The loss",
                0.05,
                (
                    "The mean over all N*T predictions of the cross-entropy of the unrolled "
                    "network."
                ),
                (),
            ),
            Criterion(
                "3c.output",
                "Gradients of the output layer",
                0.1,
                (
                    "The gradient of the logits is the softmax minus the one-hot target, "
                    "divided by the number of predictions."
                ),
                (),
            ),
            Criterion(
                "3c.recurrent",
                "Gradients of the recurrent weights",
                0.15,
                (
                    "The weights are shared, so every step adds its part; the gradient of a "
                    "state comes from its own output and from the step after it."
                ),
                (),
            ),
            Criterion(
                "3c.inputs",
                "Gradients of the inputs and of h0",
                0.1,
                (
                    "What flows back out of the first step is the gradient of h0; each step "
                    "gives the gradient of its own input."
                ),
                (),
            ),
            Criterion(
                "3c.clipping",
                "Clipping",
                0.1,
                (
                    "One norm over all arrays together gives one factor for all; nothing "
                    "changes below the limit, and the argument is left alone."
                ),
                (),
            ),
        ),
    ),
    Part(
        "4a",
        "The sampler",
        ("sample_token",),
        (
            Criterion(
                "4a.distribution",
                "Draws follow the softmax",
                0.15,
                "Each token is drawn with its softmax probability.",
                (),
            ),
            Criterion(
                "4a.temperature",
                "Temperature",
                0.1,
                (
                    "The logits are divided by the temperature before the softmax; below 1 "
                    "the distribution becomes sharper."
                ),
                (),
            ),
            Criterion(
                "4a.greedy",
                "Temperature zero",
                0.05,
                "As the temperature goes to zero, the largest logit always wins.",
                (),
            ),
            Criterion(
                "4a.top_k",
                "Top-k",
                0.1,
                (
                    "Only the k largest logits stay in the draw, with their own token ids, "
                    "and their probabilities add up to one again."
                ),
                (),
            ),
            Criterion(
                "4a.generator",
                "The generator",
                0.1,
                (
                    "All randomness comes from the generator that is passed in, so equal "
                    "generators give equal draws."
                ),
                (),
            ),
        ),
    ),
    Part(
        "4b",
        "Generating",
        ("generate",),
        (
            Criterion(
                "4b.state",
                "The state is carried",
                0.2,
                (
                    "The state starts at zero and is never reset; each drawn token is "
                    "embedded and read before the next is drawn."
                ),
                (),
            ),
            Criterion(
                "4b.prompt",
                "Prompt and length",
                0.1,
                (
                    "Every token of the prompt is read once, in order; the drawn tokens alone"
                    " are returned, as many as asked for."
                ),
                (),
            ),
            Criterion(
                "4b.concepts",
                "Concept questions",
                0.2,
                "Read Tasks 03 and 04 again, and ask of each option when it would be false.",
                ("vanishing", "clipping", "inference", "lstm"),
            ),
        ),
    ),
)
CHECKS = (
    Check("1a.unigram", None, test_unigram_of_a_short_text, {}),
    Check("1a.context", None, test_context_in_a_short_text, {}),
    Check("1a.unseen", None, test_unseen_context_of_a_short_text, {}),
    Check("1b.values", None, test_feed_forward_by_hand, {}),
    Check("2a.cell", None, test_cell_term_by_term, {}),
    Check("2a.softmax", None, test_softmax_by_hand, {}),
    Check("2a.extreme", None, test_softmax_of_large_logits, {}),
    Check("2b.layers", None, test_layers, {"sizes": ()}),
    Check("2b.layers", None, test_layers, {"sizes": (7, 3, 5)}),
    Check("2b.forward", None, test_forward_with_zero_weights, {}),
    Check("2b.state", None, test_state_in_two_halves, {}),
    Check("2b.counts", "embedding", test_counts_of_a_small_model, {"layer": "embedding"}),
    Check("2b.counts", "rnn", test_counts_of_a_small_model, {"layer": "rnn"}),
    Check("2b.counts", "output", test_counts_of_a_small_model, {"layer": "output"}),
    Check("2c.values", None, test_unrolling_by_hand, {}),
    Check("2c.length", None, test_one_step, {}),
    Check("2c.memory", None, test_memory_of_h0, {}),
    Check("3a.pairs", None, test_pairs_of_a_short_text, {}),
    Check("3a.loss", None, test_loss_by_hand, {}),
    Check("3a.extreme", None, test_loss_of_large_logits, {}),
    Check("3a.perplexity", None, test_perplexity_of_uniform_guesses, {}),
    Check("3b.dx", None, test_one_step_back_by_hand, {"name": "dx_t"}),
    Check("3b.dh_prev", None, test_one_step_back_by_hand, {"name": "dh_prev"}),
    Check("3b.dW_x", None, test_one_step_back_by_hand, {"name": "dW_x"}),
    Check("3b.dW_h", None, test_one_step_back_by_hand, {"name": "dW_h"}),
    Check("3b.db_h", None, test_one_step_back_by_hand, {"name": "db_h"}),
    Check("3c.loss", None, test_loss_of_two_steps, {}),
    Check("3c.output", None, test_gradients_of_two_steps, {"keys": ("W_y", "b_y")}),
    Check("3c.recurrent", None, test_gradients_of_two_steps, {"keys": ("W_x", "W_h", "b_h")}),
    Check("3c.inputs", None, test_gradients_of_two_steps, {"keys": ("x", "h0")}),
    Check("3c.clipping", None, test_clipping_by_hand, {}),
    Check("4a.distribution", None, test_draws_of_two_tokens, {}),
    Check(
        "4a.temperature", None, test_temperature_of_two_tokens,
        {"temperature": 0.5, "share": 0.9},
    ),
    Check(
        "4a.temperature", None, test_temperature_of_two_tokens,
        {"temperature": 2.0, "share": 0.634},
    ),
    Check("4a.greedy", None, test_greedy_by_hand, {}),
    Check("4a.top_k", None, test_top_2_of_4, {}),
    Check("4a.generator", None, test_equal_generators, {}),
    Check("4b.state", None, test_counting_on, {}),
    Check("4b.state", None, test_a_memory_of_the_first_token, {}),
    Check("4b.prompt", None, test_the_token_after_the_prompt, {}),
)
LIMITS = Limits(20.0, 60.0)


# The share of the points that a reader awards for written answers.
WRITTEN_SHARE = 0.0


# Of every part with concept questions: their ids, each with the letters of its options.
MARKED = {
    "1b": {"order": "abcd", "window": "abcde", "sharing": "abcd", "hidden-state": "abcde"},
    "4b": {"vanishing": "abcd", "clipping": "abcde", "inference": "abcde", "lstm": "abcd"},
}


SELF_TEST = (
    Question(
        "tanh",
        "tanh",
        "Which statements are true of the tanh in an RNN cell?",
        {
            "a": "It keeps each entry of the state between -1 and 1.",
            "b": "It makes the entries of the state add up to 1.",
            "c": "Where the state has the entry 0.9, the slope of the tanh is 0.19.",
            "d": "Its slope is largest for inputs that are far from zero.",
            "e": (
                "Without it, each state would be a linear function of h_0 and the inputs, "
                "plus a constant."
            ),
        },
        "ace",
        (
            "The slope at the output h is 1 - h^2, so 1 - 0.81 = 0.19 at 0.9, and at most 1, "
            "at h = 0. Without a nonlinearity the unrolled network is a chain of linear maps "
            "and biases. It is softmax whose outputs add up to 1."
        ),
    ),
    Question(
        "softmax",
        "softmax",
        "A row of logits is (3, 1, -2). Which change leaves its softmax as it was?",
        {
            "a": "Multiplying each logit by 2.",
            "b": "Replacing each logit by its absolute value.",
            "c": "Raising the largest logit by 1.",
            "d": "Taking 3 from each logit.",
        },
        "d",
        (
            "A constant that is added to all logits multiplies all exponentials by one "
            "number, which the division by their sum removes. Multiplying by 2 sharpens the "
            "distribution."
        ),
    ),
    Question(
        "bptt",
        "BPTT",
        (
            "The loss is a mean over the predictions of all T steps. How does backpropagation"
            " through time arrive at the gradient of W_h?"
        ),
        {
            "a": "It adds up what each of the T uses of W_h contributes.",
            "b": "It takes the contribution of the last step, whose state has seen all inputs.",
            "c": "It finds T gradients, and updates a separate copy of W_h for each step.",
            "d": "It takes the largest of the T contributions.",
        },
        "a",
        (
            "W_h is one matrix that is used T times. By the chain rule the contributions of "
            "its uses add up."
        ),
    ),
    Question(
        "loss",
        "loss",
        (
            "Which statements are true of the mean cross-entropy of next-token predictions, "
            "in nats, on a vocabulary of 512 tokens?"
        ),
        {
            "a": "It can be below zero when the model is sure and right.",
            "b": "A uniform guess has the loss log 512, which is about 6.24.",
            "c": "It is zero when the right token has the largest probability at every position.",
            "d": (
                "It depends on the probabilities that the right tokens were given, and on no "
                "others."
            ),
            "e": "It cannot be above log 512.",
        },
        "bd",
        (
            "The loss is the mean of -log p(right token). It is zero only where these "
            "probabilities are 1, never below zero, and without upper limit: a model that is "
            "sure and wrong does worse than a uniform guess."
        ),
    ),
    Question(
        "perplexity",
        "loss",
        (
            "The perplexity of a model on a text falls from 20 to 10. What did its mean "
            "cross-entropy, in nats, do?"
        ),
        {
            "a": "It fell by 10.", "b": "It fell to half of what it was.",
            "c": "It fell by log 10, about 2.30.", "d": "It fell by log 2, about 0.69.",
        },
        "d",
        "The loss is the logarithm of the perplexity: log 20 - log 10 = log 2.",
    ),
    Question(
        "many-to-one",
        "one/many-to-one/many",
        (
            "A network reads a film review word by word, and at its end says once whether the"
            " writer liked the film. Which shape is this?"
        ),
        {"a": "one-to-one", "b": "one-to-many", "c": "many-to-one", "d": "many-to-many"},
        "c",
        "Many inputs, one for each word, and a single output, made from the last hidden state.",
    ),
    Question(
        "many-to-many",
        "one/many-to-one/many",
        "Which of these tasks are many-to-many?",
        {
            "a": "Naming the part of speech of each word of a sentence.",
            "b": "Writing a caption for an image that is given as one vector.",
            "c": "Translating a sentence word by word after it was read.",
            "d": "Saying in which language a paragraph is written.",
            "e": "Predicting the next character at every position of a text.",
        },
        "ace",
        (
            "These three read a sequence and give a sequence. The caption is one-to-many, "
            "naming the language many-to-one."
        ),
    ),
    Question(
        "truncation",
        "truncation",
        (
            "A long text is cut into windows of 35 steps. The state is carried from each "
            "window to the next, but gradients stop at the border. Which statements are true?"
        ),
        {
            "a": "The gradients are those of BPTT over the whole text, computed in pieces.",
            "b": "The network can make no use of anything that stood more than 35 steps back.",
            "c": (
                "The states that must be kept for the backward pass do not become more as the"
                " text grows."
            ),
            "d": "A loss in one window sends no gradient to the inputs of the window before.",
        },
        "cd",
        (
            "Only one window is kept at a time, and what a gradient would say to earlier "
            "windows is left out, so it is an approximation. The carried state still brings "
            "information from far back into the forward pass."
        ),
    ),
    Question(
        "exploding",
        "exploding gradients",
        (
            "In the scalar recurrence h_t = 1.2 h_{t-1} + x_t, what is the derivative of h_50"
            " with respect to h_0?"
        ),
        {"a": "1.2", "b": "about 9100", "c": "60", "d": "about 0.0001"},
        "b",
        (
            "Each of the 50 steps multiplies by 1.2, and 1.2^50 is about 9100. A factor just "
            "above 1 is enough to make gradients explode."
        ),
    ),
    Question(
        "n-grams",
        "limits of n-grams",
        (
            "A plain table of counts predicts each word from the 4 words before it, over a "
            "vocabulary of 10,000 words. It was filled from a text of one million words. "
            "Which statements are true?"
        ),
        {
            "a": "Fewer than one in a billion of the possible contexts occur in the text.",
            "b": (
                "What it saw after \"the cat sat on\" also sharpens its guess after \"the dog "
                "sat on\"."
            ),
            "c": "In a longer text it would make use of the word 10 places back.",
            "d": "The number of possible contexts is 10,000 to the power of 4.",
        },
        "ad",
        (
            "There are 10^16 contexts, and a text of a million words holds fewer than 10^6 of"
            " them: one in ten billion. To a table, two contexts that differ in a word have "
            "nothing in common, and what stands before the context is not looked at."
        ),
    ),
    Question(
        "same-state",
        "hidden state",
        (
            "A trained RNN language model has read two different texts, a short one and a "
            "long one. Say its hidden state is now exactly the same after both. What follows "
            "for the next token?"
        ),
        {
            "a": "Its probabilities are sharper after the long text.",
            "b": "Its probabilities are the same after both texts.",
            "c": "Its probabilities differ, unless the two texts end with the same token.",
            "d": "Nothing follows, since the inputs before were different.",
        },
        "b",
        (
            "y_{t+1} = softmax(h_t W_y + b_y) depends on the state alone. Whatever the model "
            "knows of the past is in h_t."
        ),
    ),
    Question(
        "shuffled",
        "sequences",
        "For which of these tasks does the order of the inputs carry no information?",
        {
            "a": "Finding the mean of the marks of a class.",
            "b": "Predicting the temperature of tomorrow from those of the last 30 days.",
            "c": "Recognising a melody from its notes.",
            "d": "Guessing the next letter of a word.",
        },
        "a",
        (
            "A mean is the same in any order. In the other three, shuffled inputs are another"
            " question."
        ),
    ),
)
MISTAKES = (
    Mistake(
        "ngram_distribution",
        "the context is ignored and every token of the text is counted",
        "Which tokens of the text does a context pick out, and which does an empty one?",
        {
            "c344fe5e": {"": "94cd7070"}, "fbf96126": {"": "94cd7070"},
            "fa2780db": {"": "580593ed"}, "655962d7": {"": "533e247c"},
            "83e6af53": {"": "533e247c"},
        },
    ),
    Mistake(
        "ngram_distribution",
        "only the last token of the context is looked at",
        (
            "In \"banana\", compare what follows \"n\" with what follows \"an\": how much of the "
            "text before a token has to agree?"
        ),
        {"fa2780db": {"": "27a140aa"}},
    ),
    Mistake(
        "ngram_distribution",
        "the context is compared from its end to its start",
        (
            "The context stands in the order of reading: its last token is the one just "
            "before the token that is counted."
        ),
        {"fbf96126": {"": "a8ebbadb"}},
    ),
    Mistake(
        "ngram_distribution",
        "the tokens of the context may stand in any order",
        "A context is a sequence: does your comparison see where each of its tokens stands?",
        {"fbf96126": {"": "17c3d0f4"}},
    ),
    Mistake(
        "ngram_distribution",
        "places that overlap are not all counted",
        (
            "In \"aaaa\" the context \"aa\" stands at three places. How far may the search move "
            "on after it has found one?"
        ),
        {"fa2780db": {"": "30421194"}},
    ),
    Mistake(
        "ngram_distribution",
        "the search stops one place before the last",
        (
            "Which is the last place where the context can stand and still be followed by a "
            "token? Try a text that is one token longer than the context."
        ),
        {"0508d91a": {"": "d72bd9f9"}, "fa2780db": {"": "a8ebbadb"}},
    ),
    Mistake(
        "ngram_distribution",
        "the token before the context is counted, not the one after it",
        (
            "The context is what comes before. On which side of it does the token stand whose"
            " probability is asked?"
        ),
        {
            "fbf96126": {"": "a8ebbadb"}, "fa2780db": {"": "a8ebbadb"},
            "83e6af53": {"": "37012691"},
        },
    ),
    Mistake(
        "ngram_distribution",
        "a context that nothing follows gives zeros",
        (
            "Probabilities add up to 1, also where nothing was counted. What is left to say "
            "when no token is more likely than another?"
        ),
        {"655962d7": {"": "0be063af"}, "83e6af53": {"": "0be063af"}},
    ),
    Mistake(
        "ngram_distribution",
        "a context that nothing follows gives the frequencies without context",
        "Read again what the distribution has to be when nothing follows the context.",
        {"655962d7": {"": "533e247c"}, "83e6af53": {"": "533e247c"}},
    ),
    Mistake(
        "ngram_distribution",
        "a context that nothing follows is replaced by a shorter one",
        "Falling back on a shorter context is a good idea of its own. Read again what is asked.",
        {"655962d7": {"": "533e247c"}, "83e6af53": {"": "533e247c"}},
    ),
    Mistake(
        "ngram_distribution",
        "the uniform distribution leaves out tokens that do not occur in the text",
        "How many tokens are there in the vocabulary, and how many in this text?",
        {"655962d7": {"": "a7a8207d"}, "83e6af53": {"": "a7a8207d"}},
    ),
    Mistake(
        "ngram_distribution",
        "the counts are returned as they are",
        "Relative frequencies add up to 1.",
        {
            "0508d91a": {"": "e2407855"}, "c344fe5e": {"": "4e09ccda"},
            "fa2780db": {"": "79e257d0"},
        },
    ),
    Mistake(
        "ngram_distribution",
        "one is added to every count",
        "A token that never follows the context has the relative frequency 0.",
        {
            "0508d91a": {"": "8d9d7991"}, "c344fe5e": {"": "3b8371fb"},
            "fbf96126": {"": "6d046fab"}, "fa2780db": {"": "39d06f20"},
        },
    ),
    Mistake(
        "ngram_distribution",
        "the counts are divided by the length of the whole text",
        "By what must the counts be divided so that they add up to 1?",
        {
            "c344fe5e": {"": "8fe9678c"}, "fbf96126": {"": "9b8099f9"},
            "fa2780db": {"": "5f45182d"},
        },
    ),
    Mistake(
        "ngram_distribution",
        "a context at the very end of the text is counted too, though nothing follows it",
        "In \"banana\", how often does \"na\" stand, and how often is it followed by something?",
        {"fbf96126": {"": "f2c7cd58"}, "83e6af53": {"": "0be063af"}},
    ),
    Mistake(
        "ngram_distribution",
        "tokens above the largest one that was counted are missing from the result",
        (
            "The result has an entry for each of the vocab_size tokens, also for those never "
            "counted."
        ),
        {
            "0508d91a": {"": "22830865"}, "c344fe5e": {"": "281fe61a"},
            "fa2780db": {"": "172f6e40"},
        },
    ),
    Mistake(
        "feed_forward_logits",
        "the tanh between the two layers is missing",
        "Two linear layers in a row are one linear layer. What stands between them?",
        {"273ba376": {"": "37718fb3"}},
    ),
    Mistake(
        "feed_forward_logits",
        "a sigmoid stands in the place of tanh",
        "Which function is between the two layers, and what does it give for 0?",
        {"273ba376": {"": "d443297f"}},
    ),
    Mistake(
        "feed_forward_logits",
        "a relu stands in the place of tanh",
        "Which function is between the two layers, and what does it give for negative numbers?",
        {"273ba376": {"": "37718fb3"}},
    ),
    Mistake(
        "feed_forward_logits",
        "the bias of the hidden layer is missing",
        "With an input of zero, what should the hidden layer be?",
        {"273ba376": {"": "3f0421ac"}},
    ),
    Mistake(
        "feed_forward_logits",
        "the bias of the hidden layer is added after the tanh",
        "Can an entry of the hidden layer be larger than 1?",
        {"273ba376": {"": "f6f13c98"}},
    ),
    Mistake(
        "feed_forward_logits",
        "each position also sees those before it",
        "This network has no memory: what may the output at one position depend on?",
        {"273ba376": {"": "4b907ae4"}},
    ),
    Mistake(
        "feed_forward_logits",
        "the bias of the output is missing",
        "With a hidden layer of zero, what should the logits be?",
        {"273ba376": {"": "d1671eca"}},
    ),
    Mistake(
        "feed_forward_logits",
        "a softmax is applied at the end",
        "Logits are asked for: what comes before the softmax.",
        {"273ba376": {"": "5306719b"}},
    ),
    Mistake(
        "feed_forward_logits", "the logits go through a tanh as well",
        "Can a logit be larger than 1?", {"273ba376": {"": "6843cdba"}},
    ),
    Mistake(
        "feed_forward_logits",
        "rows and positions are left in one axis",
        "The result has three axes: row, position, token of the vocabulary.",
        {"273ba376": {"": "3195a43b"}},
    ),
    Mistake(
        "feed_forward_logits", "only the last position is returned",
        "Every position has logits of its own.", {"273ba376": {"": "68794ee9"}},
    ),
    Mistake(
        "rnn_cell_forward",
        "the tanh is missing",
        "What keeps every entry of the state between -1 and 1, however long the sequence is?",
        {
            "5b89c9a5": {"": "5ee93a51"}, "296feada": {"": "d28057ad"},
            "cf713e52": {"": "9f165dc1"}, "206d6908": {"": "801e0916"},
        },
    ),
    Mistake(
        "rnn_cell_forward",
        "a sigmoid stands in the place of tanh",
        "What is the state where all three terms are zero? And can it be negative?",
        {
            "5b89c9a5": {"": "c952b590"}, "296feada": {"": "986a4cc7"},
            "cf713e52": {"": "55dcef47"}, "206d6908": {"": "bdfc988a"},
        },
    ),
    Mistake(
        "rnn_cell_forward",
        "a relu stands in the place of tanh",
        "Can an entry of the state be negative, and how large can one become?",
        {
            "5b89c9a5": {"": "5ee93a51"}, "296feada": {"": "d28057ad"},
            "cf713e52": {"": "776cb9e6"}, "206d6908": {"": "801e0916"},
        },
    ),
    Mistake(
        "rnn_cell_forward",
        "the tanh is applied twice",
        "Count how often each entry goes through tanh.",
        {
            "5b89c9a5": {"": "ddea8e89"}, "296feada": {"": "ea38a861"},
            "cf713e52": {"": "9eb8f2e7"}, "206d6908": {"": "be24022a"},
        },
    ),
    Mistake(
        "rnn_cell_forward",
        "the bias is missing",
        "With an old state and an input of zero, what is left in the sum?",
        {"cf713e52": {"": "b423443f"}, "206d6908": {"": "c6f8b90f"}},
    ),
    Mistake(
        "rnn_cell_forward",
        "the bias is added twice",
        "nn.RNN has two bias vectors; this cell has one.",
        {"cf713e52": {"": "6c170d22"}, "206d6908": {"": "9af72bec"}},
    ),
    Mistake(
        "rnn_cell_forward",
        "the old state plays no part",
        "What does the cell remember if the term with the old state is missing?",
        {"296feada": {"": "b423443f"}, "206d6908": {"": "58cd5536"}},
    ),
    Mistake(
        "rnn_cell_forward",
        "the input plays no part",
        "Two different inputs should give two different states.",
        {"5b89c9a5": {"": "b423443f"}, "206d6908": {"": "35071bce"}},
    ),
    Mistake(
        "rnn_cell_forward",
        "the old state is added without its weights",
        "Which matrix mixes the units of the old state?",
        {"296feada": {"": "73576622"}, "206d6908": {"": "7c13aeb5"}},
    ),
    Mistake(
        "rnn_cell_forward",
        "W_h is transposed",
        (
            "Vectors are rows here. Which index of W_h belongs to the old state, and which to"
            " the new one? W_h is square, so no shape warns you."
        ),
        {"296feada": {"": "3c697b85"}, "206d6908": {"": "9a571cf8"}},
    ),
    Mistake(
        "rnn_cell_forward",
        "the bias is added after the tanh",
        "All three terms are added up first. Can an entry of the state be larger than 1?",
        {"cf713e52": {"": "9f165dc1"}, "206d6908": {"": "fc819404"}},
    ),
    Mistake(
        "rnn_cell_forward",
        "the old state is added again after the tanh",
        "The new state is a tanh and nothing else. Can an entry of it be larger than 1?",
        {"296feada": {"": "b6653229"}, "206d6908": {"": "32ec0786"}},
    ),
    Mistake(
        "rnn_cell_forward",
        "each term goes through a tanh of its own",
        "There is one tanh, around the sum of all three terms.",
        {"206d6908": {"": "7e023c94"}},
    ),
    Mistake(
        "softmax",
        "the softmax runs over the first axis",
        "Along which axis do the probabilities of one prediction add up to 1?",
        {"ba6734a6": {"": "fe671953"}, "265c11af": {"": "bfd4bf41"}},
    ),
    Mistake(
        "softmax",
        "all rows together add up to 1",
        "Each row along the last axis is a distribution of its own.",
        {"ba6734a6": {"": "17894e04"}, "265c11af": {"": "480e05d3"}},
    ),
    Mistake(
        "softmax",
        "the exponentials are not divided by their sum",
        "Probabilities add up to 1.",
        {
            "6f24bd03": {"": "ebafae3f"}, "ba6734a6": {"": "8f13a8c3"},
            "265c11af": {"": "6b08bde0"},
        },
    ),
    Mistake(
        "softmax",
        "the logits themselves are divided by their sum",
        "Logits may be negative, probabilities not. Which function comes first?",
        {"6f24bd03": {"": "2f7bde5d"}},
    ),
    Mistake(
        "softmax",
        "powers of 2 are taken in place of exponentials",
        "Which base makes log(softmax) a number of nats?",
        {
            "6f24bd03": {"": "c30769bb"}, "ba6734a6": {"": "5229521e"},
            "265c11af": {"": "bf51cb5f"},
        },
    ),
    Mistake(
        "softmax",
        "the logarithm of the softmax is returned",
        "A probability is never negative.",
        {"6f24bd03": {"": "9efbde34"}, "ba6734a6": {"": "80965213"}},
    ),
    Mistake(
        "softmax",
        "each logit goes through a sigmoid by itself",
        "The probability of one token depends on the logits of all.",
        {
            "6f24bd03": {"": "46580a30"}, "ba6734a6": {"": "76151d45"},
            "265c11af": {"": "07c74884"},
        },
    ),
    Mistake(
        "softmax",
        "the logits are clipped to a range",
        (
            "Two logits of 10000 and 10001 do not have the same probability. The softmax does"
            " not change when one number is taken from all logits of a row."
        ),
        {"265c11af": {"": "b7056378"}},
    ),
    Mistake(
        "softmax",
        "the logits are clipped to a range",
        (
            "Two logits of 10000 and 10001 do not have the same probability. The softmax does"
            " not change when one number is taken from all logits of a row."
        ),
        {"265c11af": {"": "b7056378"}},
    ),
    Mistake(
        "softmax",
        "the logits are clipped to a range",
        (
            "Two logits of 10000 and 10001 do not have the same probability. The softmax does"
            " not change when one number is taken from all logits of a row."
        ),
        {"265c11af": {"": "b7056378"}},
    ),
    Mistake(
        "softmax",
        "the logits are clipped to a range",
        (
            "Two logits of 10000 and 10001 do not have the same probability. The softmax does"
            " not change when one number is taken from all logits of a row."
        ),
        {"265c11af": {"": "b7056378"}},
    ),
    Mistake(
        "softmax",
        "the logits are clipped to a range",
        (
            "Two logits of 10000 and 10001 do not have the same probability. The softmax does"
            " not change when one number is taken from all logits of a row."
        ),
        {"265c11af": {"": "b7056378"}},
    ),
    Mistake(
        "softmax",
        "the logits are clipped to a range",
        (
            "Two logits of 10000 and 10001 do not have the same probability. The softmax does"
            " not change when one number is taken from all logits of a row."
        ),
        {"265c11af": {"": "b7056378"}},
    ),
    Mistake(
        "softmax",
        "the logits are clipped to a range",
        (
            "Two logits of 10000 and 10001 do not have the same probability. The softmax does"
            " not change when one number is taken from all logits of a row."
        ),
        {"265c11af": {"": "b7056378"}},
    ),
    Mistake(
        "softmax",
        "the logits are clipped to a range",
        (
            "Two logits of 10000 and 10001 do not have the same probability. The softmax does"
            " not change when one number is taken from all logits of a row."
        ),
        {"265c11af": {"": "b7056378"}},
    ),
    Mistake(
        "softmax",
        "the logits are clipped to a range",
        (
            "Two logits of 10000 and 10001 do not have the same probability. The softmax does"
            " not change when one number is taken from all logits of a row."
        ),
        {"265c11af": {"": "b7056378"}},
    ),
    Mistake(
        "softmax",
        "the logits are clipped to a range",
        (
            "Two logits of 10000 and 10001 do not have the same probability. The softmax does"
            " not change when one number is taken from all logits of a row."
        ),
        {"265c11af": {"": "b7056378"}},
    ),
    Mistake(
        "parameter_count",
        "one bias vector is counted for nn.RNN",
        "Look at the names of the parameters of an nn.RNN: how many begin with `bias`?",
        {"608c6619": {"embedding": "b994da37", "rnn": "3f9ca151", "output": "b994da37"}},
    ),
    Mistake(
        "parameter_count",
        "the bias vectors of nn.RNN are not counted",
        "Look at the names of the parameters of an nn.RNN: how many begin with `bias`?",
        {"608c6619": {"embedding": "b994da37", "rnn": "964a122d", "output": "b994da37"}},
    ),
    Mistake(
        "parameter_count",
        "the weights from state to state are not counted",
        "Which matrix takes the old state to the new one, and what is its shape?",
        {"608c6619": {"embedding": "b994da37", "rnn": "964a122d", "output": "b994da37"}},
    ),
    Mistake(
        "parameter_count",
        "the weights from the input to the state are not counted",
        "Which matrix takes an embedding to the state, and what is its shape?",
        {"608c6619": {"embedding": "b994da37", "rnn": "74dc3b72", "output": "b994da37"}},
    ),
    Mistake(
        "parameter_count",
        "the bias of the output layer is not counted",
        "A Linear layer from 4 to 3 has 15 parameters. How many of them are biases?",
        {"608c6619": {"embedding": "b994da37", "rnn": "1bed9a84", "output": "964a122d"}},
    ),
    Mistake(
        "parameter_count",
        "the output layer has a bias for each hidden unit, not for each token",
        "A bias is added to what comes out of a layer. How many numbers are that?",
        {"608c6619": {"embedding": "b994da37", "rnn": "1bed9a84", "output": "3f9ca151"}},
    ),
    Mistake(
        "parameter_count",
        "the output layer starts from the embedding",
        "What goes into the output layer, and how large is it?",
        {"608c6619": {"embedding": "b994da37", "rnn": "1bed9a84", "output": "d3b7d20e"}},
    ),
    Mistake(
        "parameter_count",
        "the embedding is given a bias",
        "An embedding is a table with a row for each token. Is anything added to its rows?",
        {"608c6619": {"embedding": "bcff872c", "rnn": "1bed9a84", "output": "b994da37"}},
    ),
    Mistake(
        "parameter_count",
        "the rows of the embedding have the size of the hidden state",
        "How long is the vector that the embedding gives for a token?",
        {"608c6619": {"embedding": "964a122d", "rnn": "1bed9a84", "output": "b994da37"}},
    ),
    Mistake(
        "rnn_forward",
        "the sequence always starts from zero",
        "Which state does the first step start from?",
        {"d3d75b27": {"": "43ce8299"}},
    ),
    Mistake(
        "rnn_forward",
        "all rows start from the state of the first row",
        "Each row of the batch starts from its own row of h0.",
        {"d3d75b27": {"": "be17d660"}},
    ),
    Mistake(
        "rnn_forward",
        "every step starts from h0 again",
        (
            "After a step, which state does the next one start from? Look at what your loop "
            "carries."
        ),
        {"dc1fd841": {"": "fba89f96"}, "d3d75b27": {"": "f0e6d799"}},
    ),
    Mistake(
        "rnn_forward",
        "one state is shared by all rows of the batch",
        "Each row of the batch is a sequence of its own, with a state of its own.",
        {"dc1fd841": {"": "ab2b0282"}, "d3d75b27": {"": "be17d660"}},
    ),
    Mistake(
        "rnn_forward",
        "the sequence is read from its end to its start",
        "Which input does the first step read, and which the last?",
        {"dc1fd841": {"": "6e21646b"}, "d3d75b27": {"": "e587bb82"}},
    ),
    Mistake(
        "rnn_forward",
        "the states are returned from the last to the first",
        "Which state should stand at place 0 of the result?",
        {"dc1fd841": {"": "2fd9de68"}, "d3d75b27": {"": "e587bb82"}},
    ),
    Mistake(
        "rnn_forward",
        "h0 is returned as well",
        "T steps give T states. Which one of yours was not made by a step?",
        {
            "dc1fd841": {"": "29aa878f"}, "46d42d2e": {"": "42a01a6d"},
            "d3d75b27": {"": "e30a11e7"},
        },
    ),
    Mistake(
        "rnn_forward",
        "the state before each step is returned, not the one after it",
        "Is a state stored before or after the step that makes it?",
        {
            "dc1fd841": {"": "e24c9b23"}, "46d42d2e": {"": "7ce2119f"},
            "d3d75b27": {"": "c9630d11"},
        },
    ),
    Mistake(
        "rnn_forward",
        "only the last state is returned",
        "Every one of the T states is asked for.",
        {
            "dc1fd841": {"": "11201c7b"}, "46d42d2e": {"": "2ad2e957"},
            "d3d75b27": {"": "3c5f69a5"},
        },
    ),
    Mistake(
        "rnn_forward",
        "time stands on the first axis of the result",
        "The batch comes first. Along which axis do you stack the states?",
        {"dc1fd841": {"": "0475f0d5"}, "d3d75b27": {"": "e5a1f47a"}},
    ),
    Mistake(
        "rnn_forward",
        "states that lie time first are only reshaped, which mixes rows and steps",
        "reshape keeps the order of the numbers. What moves one axis before another?",
        {"dc1fd841": {"": "30afa356"}, "d3d75b27": {"": "e5a1f47a"}},
    ),
    Mistake(
        "next_token_pairs",
        "a window begins at every token",
        (
            "The windows follow each other without overlap: how far is it from one start to "
            "the next?"
        ),
        {"4dd61c31": {"": "69cd3012"}, "bc3d4f74": {"": "9e454772"}},
    ),
    Mistake(
        "next_token_pairs",
        "the text is cut into pieces of seq_len + 1 tokens",
        (
            "The last target of a window is also the first input of the next. Does any token "
            "of the text go missing among your inputs?"
        ),
        {"4dd61c31": {"": "05bd80dd"}},
    ),
    Mistake(
        "next_token_pairs",
        "the targets are the inputs themselves",
        "A target is what comes next. Is the token that stands in front of you hard to guess?",
        {"4dd61c31": {"": "cfb8abf7"}, "bc3d4f74": {"": "8fa017b9"}},
    ),
    Mistake(
        "next_token_pairs",
        "inputs and targets are swapped",
        "Which of the two comes later in the text, and which is returned first?",
        {"4dd61c31": {"": "cc57fb13"}, "bc3d4f74": {"": "f0a4a318"}},
    ),
    Mistake(
        "next_token_pairs",
        "a last window that just fits is dropped",
        (
            "Try a text of 7 tokens with windows of 3. How many tokens do two windows and "
            "their targets take?"
        ),
        {"4dd61c31": {"": "05bd80dd"}},
    ),
    Mistake(
        "next_token_pairs",
        "the last target is taken from the start of the text",
        (
            "What comes after the last token of the text? A window whose target is not there "
            "is dropped."
        ),
        {"bc3d4f74": {"": "ce37b0b9"}, "d655d379": {"": "c689e790"}},
    ),
    Mistake(
        "next_token_pairs",
        "each window has one target, the token after it",
        "Every token of a window is followed by one: the targets have the shape of the inputs.",
        {
            "4dd61c31": {"": "80e4d697"}, "bc3d4f74": {"": "f7fba1f8"},
            "d655d379": {"": "a5b7bb8e"},
        },
    ),
    Mistake(
        "next_token_pairs",
        "the targets come two tokens later",
        "Lay the targets under the inputs: which token should stand under the first?",
        {"4dd61c31": {"": "484eeb10"}, "bc3d4f74": {"": "cdf56a28"}},
    ),
    Mistake(
        "next_token_pairs",
        "the targets are the next window",
        "targets[i, t] is the token just after inputs[i, t].",
        {"4dd61c31": {"": "625508c1"}, "bc3d4f74": {"": "625508c1"}},
    ),
    Mistake(
        "cross_entropy",
        "the losses are added up in place of their mean",
        "Should the loss of a text twice as long be twice as large?",
        {"6f6e33d6": {"": "20a4c96b"}},
    ),
    Mistake(
        "cross_entropy",
        "the loss of each prediction is returned, not their mean",
        "One number is asked for.",
        {
            "3198a9d9": {"": "c3fd87e8"}, "6f6e33d6": {"": "cf7d5a22"},
            "91a0d7a9": {"": "c356d1da"}, "92b76b52": {"": "27f5058c"},
        },
    ),
    Mistake(
        "cross_entropy",
        "the mean is taken of the probabilities, before the logarithm",
        "The loss is a mean of losses: what comes first, the logarithm or the mean?",
        {"6f6e33d6": {"": "09a1a702"}},
    ),
    Mistake(
        "cross_entropy",
        "the minus sign is missing",
        "The logarithm of a probability is not above 0. And a loss?",
        {
            "3198a9d9": {"": "3d9fddba"}, "6f6e33d6": {"": "265e7ccf"},
            "91a0d7a9": {"": "b977aaca"}, "92b76b52": {"": "ae71aa7a"},
        },
    ),
    Mistake(
        "cross_entropy",
        "the logarithm has base 2",
        "Losses are in nats: which logarithm belongs to them?",
        {
            "3198a9d9": {"": "42f23687"}, "6f6e33d6": {"": "58c5608a"},
            "91a0d7a9": {"": "8472788b"}, "92b76b52": {"": "7cbc8384"},
        },
    ),
    Mistake(
        "cross_entropy",
        "the logarithm has base 10",
        "Losses are in nats: which logarithm belongs to them?",
        {
            "3198a9d9": {"": "bcad5ab2"}, "6f6e33d6": {"": "202c687b"},
            "91a0d7a9": {"": "f921775c"}, "92b76b52": {"": "8a659d60"},
        },
    ),
    Mistake(
        "cross_entropy",
        "the mean also runs over the vocabulary",
        "Each prediction has one loss. By how many numbers is their sum divided?",
        {
            "3198a9d9": {"": "b4b3befd"}, "6f6e33d6": {"": "cf521faf"},
            "91a0d7a9": {"": "a816df24"}, "92b76b52": {"": "68384837"},
        },
    ),
    Mistake(
        "cross_entropy",
        "the logarithm is missing",
        "What is the loss of a prediction that gave its target the probability 1?",
        {
            "3198a9d9": {"": "92856c58"}, "6f6e33d6": {"": "b6acac4a"},
            "91a0d7a9": {"": "51d1c9f4"}, "92b76b52": {"": "12372f3b"},
        },
    ),
    Mistake(
        "cross_entropy",
        "the logits are taken for logarithms of probabilities",
        "Exponentials of logits do not add up to 1. What turns logits into probabilities?",
        {
            "3198a9d9": {"": "ae71aa7a"}, "6f6e33d6": {"": "078b462a"},
            "91a0d7a9": {"": "51d1c9f4"}, "92b76b52": {"": "b977aaca"},
        },
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "a16ece31"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"6f6e33d6": {"": "d8c956dc"}, "91a0d7a9": {"": "d7a7a336"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "c64cf4d0"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "89b4936a"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "794186ac"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "0b39024a"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "40099181"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "6d8f2b1d"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "087325c0"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "4816e8a6"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "729e4685"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "96f9f16a"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "437b563a"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "ce808b39"}},
    ),
    Mistake(
        "cross_entropy",
        "a small number keeps the probability from 0, so that its logarithm can be taken",
        (
            "What is the largest loss that your function can return? Write the logarithm of "
            "the softmax out as a difference before you compute it."
        ),
        {"91a0d7a9": {"": "ceedbf4a"}},
    ),
    Mistake(
        "perplexity",
        "a power of 2 is taken of a loss in nats",
        "Which logarithm is in the loss, and what undoes it?",
        {"ac0e40b8": {"": "0c26f354"}},
    ),
    Mistake(
        "perplexity",
        "a power of 10 is taken of a loss in nats",
        "Which logarithm is in the loss, and what undoes it?",
        {"ac0e40b8": {"": "ba6b6e25"}},
    ),
    Mistake(
        "perplexity",
        "the mean probability is returned, not the perplexity",
        "A uniform guess over 8 tokens has a perplexity of 8, not of 1/8.",
        {"ac0e40b8": {"": "e02aa43a"}},
    ),
    Mistake(
        "perplexity",
        "the loss is returned as it is",
        "Perplexity undoes the logarithm in the loss.",
        {"ac0e40b8": {"": "82adc5f6"}, "ecd81693": {"": "51d1c9f4"}},
    ),
    Mistake(
        "perplexity",
        "a logarithm is taken of the loss",
        "There is a logarithm in the loss already, and perplexity undoes it.",
        {"ac0e40b8": {"": "78e36d0e"}},
    ),
    Mistake(
        "rnn_cell_backward",
        "the gradient does not pass the tanh",
        "h_t is a tanh of z_t. By what is dh_t multiplied to give dz_t?",
        {
            "63a32cd7": {
                "0": "db0f2446", "1": "8f94b020", "2": "278bf320", "3": "5beb3cfa",
                "4": "400e5c89",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "1 - h_t is taken for the slope of tanh",
        "What is the slope of tanh at 0, and at an output close to -1?",
        {
            "63a32cd7": {
                "0": "2d20929d", "1": "becf6f76", "2": "21ca0dc5", "3": "109532ed",
                "4": "88affcd8",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "1 - dh_t^2 is taken in place of dh_t times the slope of tanh",
        "The slope of tanh depends on the state, and multiplies the gradient.",
        {
            "63a32cd7": {
                "0": "eedd8d4c", "1": "c4743ce7", "2": "5c66acc9", "3": "0919e0f9",
                "4": "0f3d5385",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the slope of tanh is taken at dh_t, not at h_t",
        "Of which number does the slope of tanh depend: of the state, or of its gradient?",
        {
            "63a32cd7": {
                "0": "5bbcb111", "1": "f35f19b1", "2": "5256e994", "3": "9a6f1ed8",
                "4": "2c5452f9",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the tanh is taken once more of h_t, which is a tanh already",
        "The slope of tanh at z_t is 1 - tanh(z_t)^2. What is tanh(z_t)?",
        {
            "63a32cd7": {
                "0": "00fbc3a8", "1": "15e5e2d4", "2": "d9aed077", "3": "5d7d6a80",
                "4": "d8f8a5c5",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the slope of tanh is taken at the state before the step",
        "Which of the two states came out of the tanh of this step?",
        {
            "63a32cd7": {
                "0": "d8bdf3cf", "1": "f59bc236", "2": "f682f402", "3": "359ae4b1",
                "4": "26e122b9",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the slope of a sigmoid is taken",
        "h (1 - h) is the slope of another function than tanh. What is the slope of tanh at 0?",
        {
            "63a32cd7": {
                "0": "8a43b0a8", "1": "825bdde3", "2": "9643ba82", "3": "f7846897",
                "4": "cd29a1b2",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the slope of tanh has the opposite sign",
        "The tanh rises everywhere: is its slope above or below 0?",
        {
            "63a32cd7": {
                "0": "143b992d", "1": "0316f5b8", "2": "93064f07", "3": "c7256065",
                "4": "98b42c62",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "W_h is not transposed on the way back to h_prev",
        (
            "Forward, h_prev is multiplied with W_h from the right. What undoes the sides on "
            "the way back? W_h is square, so no shape warns you."
        ),
        {
            "63a32cd7": {
                "0": "1684ac2f", "1": "6416455e", "2": "6cf12df5", "3": "7c5e3c11",
                "4": "9fdccce4",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the gradient of h_prev does not pass W_h",
        "h_prev came into the step through a product with W_h.",
        {
            "63a32cd7": {
                "0": "1684ac2f", "1": "095cd78f", "2": "6cf12df5", "3": "7c5e3c11",
                "4": "9fdccce4",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "h_t stands where h_prev belongs in the gradient of W_h",
        "Which state was multiplied with W_h in this step, the one before or the one after it?",
        {
            "63a32cd7": {
                "0": "1684ac2f", "1": "cf11a701", "2": "6cf12df5", "3": "466ef5ac",
                "4": "9fdccce4",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the gradient of W_h is transposed",
        (
            "The rows of W_h belong to the old state, its columns to the new one. So do those"
            " of its gradient."
        ),
        {
            "63a32cd7": {
                "0": "1684ac2f", "1": "cf11a701", "2": "6cf12df5", "3": "f3287e35",
                "4": "9fdccce4",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the gradient of W_x is transposed",
        "The gradient of W_x has the shape of W_x.",
        {
            "63a32cd7": {
                "0": "1684ac2f", "1": "cf11a701", "2": "87aafcd1", "3": "7c5e3c11",
                "4": "9fdccce4",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the gradients of W_x and of W_h are swapped",
        "Look at the order in which the five gradients are returned.",
        {
            "63a32cd7": {
                "0": "1684ac2f", "1": "cf11a701", "2": "7c5e3c11", "3": "6cf12df5",
                "4": "9fdccce4",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the gradients of x_t and of h_prev are swapped",
        "Look at the order in which the five gradients are returned.",
        {
            "63a32cd7": {
                "0": "cf11a701", "1": "1684ac2f", "2": "6cf12df5", "3": "7c5e3c11",
                "4": "9fdccce4",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the mean over the batch is taken in place of the sum",
        (
            "The weights are shared by all rows, and each row adds its part. What is averaged"
            " was averaged in the loss already."
        ),
        {
            "63a32cd7": {
                "0": "1684ac2f", "1": "cf11a701", "2": "45b96064", "3": "da3e7648",
                "4": "ac07a7c5",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the gradient of the bias is summed over the units, not over the rows",
        "One bias belongs to each unit. Which axis must be left?",
        {
            "63a32cd7": {
                "0": "1684ac2f", "1": "cf11a701", "2": "6cf12df5", "3": "7c5e3c11",
                "4": "8abb31b8",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the gradient of the bias keeps the axis of the batch",
        "The gradient of the bias has the shape of the bias, (H,).",
        {
            "63a32cd7": {
                "0": "1684ac2f", "1": "cf11a701", "2": "6cf12df5", "3": "7c5e3c11",
                "4": "6cf12df5",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the gradient of the bias is not summed over the rows",
        "The bias is added to every row of the batch, and every row adds to its gradient.",
        {
            "63a32cd7": {
                "0": "1684ac2f", "1": "cf11a701", "2": "6cf12df5", "3": "7c5e3c11",
                "4": "095cd78f",
            },
        },
    ),
    Mistake(
        "rnn_cell_backward",
        "the gradient of the bias is summed over everything",
        "One bias belongs to each unit. Which axis must be left?",
        {
            "63a32cd7": {
                "0": "1684ac2f", "1": "cf11a701", "2": "6cf12df5", "3": "7c5e3c11",
                "4": "303bf993",
            },
        },
    ),
    Mistake(
        "bptt",
        "the gradients are those of the summed loss",
        (
            "The loss is a mean over N*T predictions. Where does this show in the gradient of"
            " the logits?"
        ),
        {
            "576e5d42": {
                "1.W_y": "1f9e7070", "1.b_y": "96b92f85", "1.W_x": "aa3436cb",
                "1.W_h": "59412df3", "1.b_h": "f77e459d", "1.x": "dd052283", "1.h0": "fe9d6e32",
            },
        },
    ),
    Mistake(
        "bptt",
        "the gradients are divided by the number of rows alone",
        "The loss is a mean over N*T predictions, rows and steps.",
        {
            "576e5d42": {
                "1.W_y": "1f9e7070", "1.b_y": "96b92f85", "1.W_x": "aa3436cb",
                "1.W_h": "59412df3", "1.b_h": "f77e459d", "1.x": "dd052283", "1.h0": "fe9d6e32",
            },
        },
    ),
    Mistake(
        "bptt",
        "the gradient of the logits lacks the one-hot target",
        "If the model gave its target the probability 1, what should the gradient be?",
        {
            "576e5d42": {
                "1.W_y": "7305f023", "1.b_y": "d4821a69", "1.W_x": "88c386bc",
                "1.W_h": "72193858", "1.b_h": "f8f93b04", "1.x": "d74baae6", "1.h0": "175f29c6",
            },
        },
    ),
    Mistake(
        "bptt",
        "target minus softmax is taken for the gradient of the logits",
        "To lower the loss, the logit of the target must rise. Which sign has its gradient?",
        {
            "576e5d42": {
                "1.W_y": "7eaaeee5", "1.b_y": "8a229dfc", "1.W_x": "88c386bc",
                "1.W_h": "72193858", "1.b_h": "f8f93b04", "1.x": "d74baae6", "1.h0": "175f29c6",
            },
        },
    ),
    Mistake(
        "bptt",
        "no gradient flows back from the next step",
        (
            "A state acts on the loss by two routes, its own prediction and the next state. "
            "Which of them does your backward pass know?"
        ),
        {
            "576e5d42": {
                "1.W_y": "b19f7ab2", "1.b_y": "041ca342", "1.W_x": "59412df3",
                "1.W_h": "b6cb643e", "1.b_h": "302dd5e8", "1.x": "71af1fca", "1.h0": "a0f9ddd9",
            },
        },
    ),
    Mistake(
        "bptt",
        "only the last state gets a gradient from its own prediction",
        (
            "A state acts on the loss by two routes, its own prediction and the next state. "
            "Which of them does your backward pass know?"
        ),
        {
            "576e5d42": {
                "1.W_y": "b19f7ab2", "1.b_y": "041ca342", "1.W_x": "7efcc25c",
                "1.W_h": "b6cb643e", "1.b_h": "27cc0816", "1.x": "1b5b6275", "1.h0": "696abfe0",
            },
        },
    ),
    Mistake(
        "bptt",
        "the gradients of the shared weights are those of one step, not of all",
        (
            "The weights are the same at every step. What happens in your loop to the "
            "gradient of the step before?"
        ),
        {
            "576e5d42": {
                "1.W_y": "b19f7ab2", "1.b_y": "041ca342", "1.W_x": "272b2cc4",
                "1.W_h": "c09b5048", "1.b_h": "27cc0816", "1.x": "9a476ddd", "1.h0": "1fe103bb",
            },
        },
    ),
    Mistake(
        "bptt",
        "the gradients of the shared weights are averaged over the steps",
        "Every step adds its part. What is averaged was averaged in the loss already.",
        {
            "576e5d42": {
                "1.W_y": "b19f7ab2", "1.b_y": "041ca342", "1.W_x": "e88da755",
                "1.W_h": "de182c7a", "1.b_h": "267413ba", "1.x": "9a476ddd", "1.h0": "1fe103bb",
            },
        },
    ),
    Mistake(
        "bptt",
        "the gradient of h0 does not pass the first step",
        (
            "What flows back out of the first step, through its tanh and W_h, is the gradient"
            " of h0."
        ),
        {
            "576e5d42": {
                "1.W_y": "b19f7ab2", "1.b_y": "041ca342", "1.W_x": "272b2cc4",
                "1.W_h": "b6cb643e", "1.b_h": "c19703a6", "1.x": "9a476ddd", "1.h0": "272b2cc4",
            },
        },
    ),
    Mistake(
        "bptt",
        "the gradient of h0 is left at zero",
        "Also h0 acts on the loss: what flows back out of the first step?",
        {
            "576e5d42": {
                "1.W_y": "b19f7ab2", "1.b_y": "041ca342", "1.W_x": "272b2cc4",
                "1.W_h": "b6cb643e", "1.b_h": "c19703a6", "1.x": "9a476ddd", "1.h0": "c09b5048",
            },
        },
    ),
    Mistake(
        "bptt",
        "the gradients of the inputs stand in reverse order",
        "You go back from the last step to the first. At which place does each gradient belong?",
        {
            "576e5d42": {
                "1.W_y": "b19f7ab2", "1.b_y": "041ca342", "1.W_x": "272b2cc4",
                "1.W_h": "b6cb643e", "1.b_h": "c19703a6", "1.x": "8c68eefd", "1.h0": "1fe103bb",
            },
        },
    ),
    Mistake(
        "bptt",
        "W_y gets its gradient from the last step alone",
        "W_y is used at every step, and every step adds its part.",
        {
            "576e5d42": {
                "1.W_y": "63e775b3", "1.b_y": "041ca342", "1.W_x": "272b2cc4",
                "1.W_h": "b6cb643e", "1.b_h": "c19703a6", "1.x": "9a476ddd", "1.h0": "1fe103bb",
            },
        },
    ),
    Mistake(
        "bptt",
        "the gradient of b_y keeps an axis",
        "The gradient of b_y has the shape of b_y, (V,).",
        {
            "576e5d42": {
                "1.W_y": "b19f7ab2", "1.b_y": "1f9e7070", "1.W_x": "272b2cc4",
                "1.W_h": "b6cb643e", "1.b_h": "c19703a6", "1.x": "9a476ddd", "1.h0": "1fe103bb",
            },
        },
    ),
    Mistake(
        "bptt",
        "the gradient of b_y is summed over the rows, not over the steps",
        "b_y is added at every step of every row. The gradient of b_y has the shape of b_y.",
        {
            "576e5d42": {
                "1.W_y": "b19f7ab2", "1.b_y": "487760db", "1.W_x": "272b2cc4",
                "1.W_h": "b6cb643e", "1.b_h": "c19703a6", "1.x": "9a476ddd", "1.h0": "1fe103bb",
            },
        },
    ),
    Mistake(
        "clip_gradients",
        "each entry is clipped by itself",
        (
            "One factor for all keeps the direction. Does yours, for the gradients (3) and "
            "(4) and the norm 1?"
        ),
        {"32f672e3": {"": "ae48390f"}},
    ),
    Mistake(
        "clip_gradients",
        "each array is clipped by a norm of its own",
        (
            "One norm over all arrays together gives one factor for all. What is the joint "
            "norm of (3) and (4)?"
        ),
        {"32f672e3": {"": "f7b1e7a2"}},
    ),
    Mistake(
        "clip_gradients",
        "the square root of the norm is missing",
        "The gradients (3) and (4) have the joint norm 5. What does your norm say?",
        {"32f672e3": {"": "33df301b"}, "2ab63b89": {"": "a10ecc61"}},
    ),
    Mistake(
        "clip_gradients",
        "the norms of the arrays are added up",
        "The gradients (3) and (4) have the joint norm 5. What does your norm say?",
        {"32f672e3": {"": "fc7e32b1"}, "2ab63b89": {"": "b96763d7"}},
    ),
    Mistake(
        "clip_gradients",
        "the magnitudes of the entries are added up",
        "The 2-norm is asked for. The gradients (3) and (4) have the joint norm 5.",
        {"32f672e3": {"": "51830352"}, "2ab63b89": {"": "d0a9fd15"}},
    ),
    Mistake(
        "clip_gradients",
        "the largest entry is taken for the norm",
        "The 2-norm is asked for. The gradients (3) and (4) have the joint norm 5.",
        {"32f672e3": {"": "13f1059c"}},
    ),
    Mistake(
        "clip_gradients",
        "the largest norm of an array is taken for the joint norm",
        "The gradients (3) and (4) have the joint norm 5. What does your norm say?",
        {"32f672e3": {"": "e98603a4"}},
    ),
    Mistake(
        "clip_gradients",
        "the squares are averaged, not added up",
        "The gradients (3) and (4) have the joint norm 5. What does your norm say?",
        {"32f672e3": {"": "c1404619"}},
    ),
    Mistake(
        "clip_gradients",
        "nothing is clipped",
        "What should become of gradients whose joint norm is above the limit?",
        {"32f672e3": {"": "c1404619"}},
    ),
    Mistake(
        "clip_gradients",
        "gradients below the limit are scaled up to it",
        "Clipping never makes a gradient larger. What is the largest factor?",
        {"2ab63b89": {"": "0c25d0c8"}},
    ),
    Mistake(
        "clip_gradients",
        "gradients above the limit are multiplied by it, not brought down to it",
        "After clipping, the joint norm should be max_norm. What is it with your factor?",
        {"32f672e3": {"": "08fb2b83"}},
    ),
    Mistake(
        "clip_gradients",
        "gradients above the limit are brought down to a norm of 1",
        "After clipping, the joint norm should be max_norm. What is it with your factor?",
        {"32f672e3": {"": "f1f7ef44"}},
    ),
    Mistake(
        "sample_token",
        "the likeliest token is always taken",
        "Every token has its chance. What does the generator do in your function?",
        {
            "26ab972b": {"probabilities": [0.0, 1.0, 0.0]},
            "27a40efe": {"probabilities": [1.0, 0.0, 0.0]},
            "86cbc7a3": {"probabilities": [1.0, 0.0]},
            "c42fed41": {"probabilities": [1.0, 0.0]},
            "511d900f": {"probabilities": [0.0, 1.0, 0.0, 0.0]},
        },
    ),
    Mistake(
        "sample_token",
        "all tokens in the draw are equally likely",
        "Where do the probabilities go into the draw?",
        {
            "26ab972b": {"probabilities": [0.333333, 0.333333, 0.333333]},
            "27a40efe": {"probabilities": [0.333333, 0.333333, 0.333333]},
            "86cbc7a3": {"probabilities": [0.5, 0.5]},
            "c42fed41": {"probabilities": [0.5, 0.5]},
        },
    ),
    Mistake(
        "sample_token",
        "the softmax is applied twice",
        "Probabilities are no logits: what becomes of them in a second softmax?",
        {
            "26ab972b": {"probabilities": [0.211942, 0.576117, 0.211942]},
            "27a40efe": {"probabilities": [0.383652, 0.232697, 0.383652]},
            "86cbc7a3": {"probabilities": [0.689974, 0.310026]},
            "c42fed41": {"probabilities": [0.566589, 0.433411]},
            "511d900f": {"probabilities": [0.18877, 0.31123, 0.18877, 0.31123]},
        },
    ),
    Mistake(
        "sample_token",
        "powers of 2 are taken in place of exponentials",
        "Which base does the softmax have?",
        {
            "26ab972b": {"probabilities": [8.07794e-28, 1.0, 8.07794e-28]},
            "27a40efe": {"probabilities": [0.5, 3.9443e-31, 0.5]},
            "86cbc7a3": {"probabilities": [0.82098, 0.17902]},
            "c42fed41": {"probabilities": [0.594054, 0.405946]},
        },
    ),
    Mistake(
        "sample_token",
        "a sigmoid of each logit is taken for its weight in the draw",
        "Which function turns all logits together into probabilities?",
        {
            "26ab972b": {"probabilities": [0.25, 0.5, 0.25]},
            "27a40efe": {"probabilities": [0.5, 2.77914e-42, 0.5]},
            "86cbc7a3": {"probabilities": [0.642857, 0.357143]},
            "c42fed41": {"probabilities": [0.559073, 0.440927]},
        },
    ),
    Mistake(
        "sample_token",
        "ranks are returned for ids: the probabilities are sorted before the draw",
        "After sorting, place 0 belongs to the likeliest token. How do you get back to its id?",
        {
            "26ab972b": {"probabilities": [1.0, 8.19401e-40, 8.19401e-40]},
            "27a40efe": {"probabilities": [0.5, 0.5, 1.86004e-44]},
            "511d900f": {"probabilities": [0.5, 0.5, 0.0, 0.0]},
        },
    ),
    Mistake(
        "sample_token",
        "the id after the drawn one is returned",
        "Ids count from 0.",
        {
            "26ab972b": {"probabilities": [8.19401e-40, 8.19401e-40, 1.0]},
            "27a40efe": {"probabilities": [0.5, 0.5, 1.86004e-44]},
            "86cbc7a3": {"probabilities": [0.1, 0.9]},
            "c42fed41": {"probabilities": [0.366025, 0.633975]},
            "511d900f": {"probabilities": [0.5, 0.0, 0.5, 0.0]},
        },
    ),
    Mistake(
        "sample_token",
        "the last token is never drawn",
        "Which ids can come out of your draw, and is V - 1 among them?",
        {
            "26ab972b": {"probabilities": [8.19401e-40, 1.0, 0.0]},
            "27a40efe": {"probabilities": [1.0, 3.72008e-44, 0.0]},
            "86cbc7a3": {"probabilities": [1.0, 0.0]},
            "c42fed41": {"probabilities": [1.0, 0.0]},
            "511d900f": {"probabilities": [0.0, 1.0, 0.0, 0.0]},
        },
    ),
    Mistake(
        "sample_token",
        "the logits are multiplied by the temperature",
        (
            "Below 1 the distribution should become sharper: do the logits grow or shrink "
            "with yours?"
        ),
        {
            "86cbc7a3": {"probabilities": [0.633975, 0.366025]},
            "c42fed41": {"probabilities": [0.9, 0.1]},
        },
    ),
    Mistake(
        "sample_token",
        "the temperature has no effect",
        (
            "If probabilities are divided by the temperature and then by their sum, what is "
            "left of it? Where does it have to come in?"
        ),
        {
            "86cbc7a3": {"probabilities": [0.75, 0.25]},
            "c42fed41": {"probabilities": [0.75, 0.25]},
        },
    ),
    Mistake(
        "sample_token",
        "the temperature is applied twice",
        "Count where the temperature comes in, also in what your function calls.",
        {
            "86cbc7a3": {"probabilities": [0.987805, 0.0121951]},
            "c42fed41": {"probabilities": [0.568235, 0.431765]},
        },
    ),
    Mistake(
        "sample_token",
        "tokens are drawn at random at temperature 0, too",
        "At temperature 0 nothing is random. In Python 0 counts as false, also in `x or 1`.",
        {
            "446bdab6": {"probabilities": [0.124707, 0.833781, 0.0415115]},
            "19d29425": {"probabilities": [0.186324, 0.307196, 0.50648]},
            "5c9ec5bf": {"probabilities": [0.622459, 0.377541]},
        },
    ),
    Mistake(
        "sample_token",
        "at temperature 0 the smallest logit wins",
        "Which end of the sorted logits does your function take?",
        {
            "446bdab6": {"probabilities": [0.0, 0.0, 1.0]},
            "19d29425": {"probabilities": [1.0, 0.0, 0.0]},
            "5c9ec5bf": {"probabilities": [0.0, 1.0]},
        },
    ),
    Mistake(
        "sample_token",
        "at temperature 0 the largest magnitude wins",
        "The largest of the logits -1 and -3 is -1.",
        {"19d29425": {"probabilities": [1.0, 0.0, 0.0]}},
    ),
    Mistake(
        "sample_token",
        "top_k has no effect",
        "With top_k = 1 every draw should be the same. Where does top_k come in?",
        {"511d900f": {"probabilities": [0.0540646, 0.399486, 0.146963, 0.399486]}},
    ),
    Mistake(
        "sample_token",
        "one token too many stays in the draw",
        "With top_k = 1, how many tokens can be drawn? Look at where the sorted logits are cut.",
        {"511d900f": {"probabilities": [0.0, 0.422319, 0.155362, 0.422319]}},
    ),
    Mistake(
        "sample_token",
        "the smallest logits stay in the draw",
        "Which end of the sorted logits does your function keep?",
        {"511d900f": {"probabilities": [0.268941, 0.0, 0.731059, 0.0]}},
    ),
    Mistake(
        "sample_token",
        "the first ids stay in the draw, not the largest logits",
        "Are the logits sorted at the place where you cut them?",
        {"511d900f": {"probabilities": [0.119203, 0.880797, 0.0, 0.0]}},
    ),
    Mistake(
        "sample_token",
        "ranks among the largest logits are returned for ids",
        "The draw gives a place among the top_k. How do you get from there to the token's id?",
        {"511d900f": {"probabilities": [0.5, 0.5, 0.0, 0.0]}},
    ),
    Mistake(
        "sample_token",
        "logits that are shut out are set to 0",
        "exp(0) is 1, not 0. Which logit has the probability 0?",
        {"511d900f": {"probabilities": [0.365529, 0.134471, 0.365529, 0.134471]}},
    ),
)


# Digests of the released cells that only draw, check or try something. Where they are still as
# released, they are not run.
SHOWS_ONLY = frozenset([
    "080e2b902eb4f558", "086bc17b0a40ecfa", "0a47cd87cc999f07", "0cff64ef7fc33a97",
    "1f0998919fc4adf8", "2b693ca99f4fdacf", "2fa4b818e60a6fd2", "36a77fcb59fa6a01",
    "4abaeed345a7c047", "4eca4ac5dcb023f9", "63d310b5b169d382", "6d7353e60dc680d5",
    "7e96cc798ac3c181", "7f8520fe3fc92cfb", "8106257356c0413f", "9cf3f23947a3b15e",
    "bf1fef69726694dd", "ddef59590322c7f0", "e819cac2a813f1bf", "ef73783e77847b06",
    "f4d00b442ff95979", "ffe3f62e09a6131c",
])


# nbgrader's names of the cells that it collects answers from or marks.
CELLS = (
    "1a-stub", "1a-check", "1a-written", "1b-stub", "1b-concepts", "1b-check", "1b-written",
    "2a-stub", "2a-check", "2a-written", "2b-stub", "2b-check", "2b-written", "2c-stub",
    "2c-check", "2c-written", "3a-stub", "3a-check", "3a-written", "3b-stub", "3b-check",
    "3b-written", "3c-stub", "3c-check", "3c-written", "4a-stub", "4a-check", "4a-written",
    "4b-stub", "4b-concepts", "4b-check", "4b-written",
)


# The modules that are released beside the assignment.
BESIDE = ("rnn_check", "rnn_experiments", "test_rnn")


if __name__ == "__main__":
    # As a module of its own name, so that there is one of it.
    from rnn_check import main as run

    sys.exit(run())
