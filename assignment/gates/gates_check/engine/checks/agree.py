"""Whether an answer agrees with the right one, and what to say to a student where it does not.

Answers come from another process as plain data: arrays, numbers, text, lists (for tuples too) and
dicts. Nothing about them is believed before it was looked at: first what kind of thing it is, then
its shape, then that it is finite, then its entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
# Of what should change along a time axis.
OVERWRITTEN = "the same at every time step, as if one array were overwritten at each of them"
# Of a function that keeps something, for example in a mutable default argument.
DIFFERENTLY = (
    "Called again with the same arguments, it answers differently: does it keep anything from one "
    "call to the next?"
)
# What many a mistake multiplies an answer by.
FACTORS = {
    -1.0: "the opposite sign",
    2.0: "twice what is expected",
    0.5: "half of what is expected",
    100.0: "100 times what is expected",
    -2.0: "twice what is expected, with the opposite sign",
    -0.5: "half of what is expected, with the opposite sign",
}

_close_calls: ContextVar[list[str] | None] = ContextVar("close calls", default=None)


class TokenId(int):
    """A token id: a label, not a quantity."""


class Disagreement(AssertionError):
    """An answer is wrong.

    ``message`` is for the student, also where the check is hidden. So it holds no value of the
    check, and no number or text that the answer can choose to reveal a value: only
    features from a short list, such as a sign. ``detail`` holds values, counts and places;
    ``compared`` are what was expected and what was returned, where these were compared. A message
    that ``says_what_to_do`` needs no hint.
    """

    def __init__(
        self,
        message: str,
        detail: str = "",
        compared: tuple[Array, object] | None = None,
        says_what_to_do: bool = False,
    ) -> None:
        super().__init__(f"{message} {detail}".strip())
        self.message = message
        self.detail = detail
        self.compared = compared
        self.says_what_to_do = says_what_to_do


class Partial(AssertionError):
    """An answer is right in part: ``share`` of it, from 0 to below 1."""

    def __init__(self, share: float, message: str) -> None:
        super().__init__(f"{message} (share {share:.3g})")
        self.share = share
        self.message = message


@contextmanager
def close_calls() -> Iterator[list[str]]:
    """Within, the names of answers are gathered that are right, or wrong, by a small margin.

    Such an answer may come from another way to compute the right thing: a person should look.
    """
    names: list[str] = []
    token = _close_calls.set(names)
    try:
        yield names
    finally:
        _close_calls.reset(token)


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
    right = np.asarray(want)
    try:
        _compare(got, right, name, axes)
    except Disagreement as wrong:
        wrong.compared = right, got
        raise


def tolerance(got: Array, want: Array) -> float:
    """How far an entry of ``got`` may be from ``want``, both of the same shape, not empty.

    In proportion to the largest finite entry of ``want``; more where either is in float32.
    """
    single = want.ndim > 0 and any(a.dtype.kind == "f" and a.itemsize < 8 for a in (got, want))
    largest = float(np.abs(want).max())
    if not np.isfinite(largest):
        largest = float(np.abs(want[np.isfinite(want)]).max(initial=0.0))
    return max((SINGLE if single else DOUBLE) * largest, TINY)


def _compare(got: object, right: Array, name: str, axes: Sequence[str]) -> None:
    array = as_array(got, name)
    if right.size == 0 and array.size == 0:
        return
    if array.shape != right.shape:
        raise _other_shape(name, got, array, right.shape)
    if right.dtype.kind in "iu":
        if right.ndim == 0 and array.dtype.kind == "f":
            raise Disagreement(f"{name}: a float, expected an int.")
        wrong = array != right
    else:
        difference, allowed = np.abs(array - right), tolerance(array, right)
        largest = difference.max()
        if largest < allowed / NEAR:  # as in most answers; NaN is not
            return
        finite = np.isfinite(array)
        if not finite.all():
            bad = int(np.count_nonzero(~finite))
            detail = f"In {bad} of {array.size} entries. {_both(got, right)}"
            raise Disagreement(f"{name}: inf or NaN.", detail)
        wrong = difference > allowed
        gathered = _close_calls.get()
        if gathered is not None and largest <= allowed * NEAR:
            gathered.append(name)
    if wrong.any():
        places = _places(wrong, axes)
        of_tokens = isinstance(got[0] if isinstance(got, list) else got, TokenId)
        feature = _token_feature(wrong) if of_tokens else _feature(array, right, wrong, axes)
        detail, known = f"{places}{_both(got, right)}", feature == OVERWRITTEN
        raise Disagreement(f"{name}: {feature}.", detail, says_what_to_do=known)


def as_array(got: object, name: str) -> Array:
    """What a student returned as an array of numbers. Raises Disagreement for anything else."""
    if got is None or isinstance(got, str | dict) or hasattr(got, "what"):
        raise Disagreement(f"{name}: {kind_of(got)}, expected numbers.")
    try:
        array = np.asarray(got)
    except (TypeError, ValueError, OverflowError):
        raise Disagreement(f"{name}: {_ragged(got)}.") from None
    if array.dtype.kind not in "iuf":
        raise Disagreement(f"{name}: {_contents(array)}, expected numbers.")
    return array


def item(got: object, index: int, names: Sequence[str]) -> object:
    """An item of a returned tuple. Raises Disagreement if it is no such tuple.

    One that is too short costs the missing items alone.
    """
    expected = f"expected a tuple ({', '.join(names)})"
    answers: Any = got.tolist() if isinstance(got, np.ndarray) and got.ndim == 0 else got
    if not isinstance(answers, list | tuple | np.ndarray):
        raise Disagreement(f"The result: {kind_of(answers)}, {expected}.")
    if isinstance(answers, np.ndarray) and len(answers) != len(names):
        raise Disagreement(f"The result: one array, {expected}.", _shape_of(answers))
    if len(answers) > len(names):
        raise Disagreement(f"The result: too many items, {expected}.", f"It has {len(answers)}.")
    if index >= len(answers):
        raise Disagreement(f"The result: too few items, `{names[index]}` is missing; {expected}.")
    found: object = answers[index]
    if isinstance(answers, np.ndarray) and isinstance(found, np.ndarray):
        return found.view(_OfOneArray)
    return found


class _OfOneArray(np.ndarray[Any, Any]):
    """A part of one array that was returned in place of a tuple."""


def entry(got: object, key: str, name: str = "The result") -> object:
    """An entry of a returned dict. Raises Disagreement if there is none."""
    if not isinstance(got, dict):
        raise Disagreement(f"{name}: {kind_of(got)}, expected a dict.")
    if key not in got:
        raise Disagreement(f'{name}: there is no "{key}".')
    found: object = got[key]
    return found


def token_ids(
    got: object, vocab_size: int, name: str = "The result", count: int | None = None
) -> list[int]:
    """A sequence of token ids, as many as ``count`` where given.

    Raises Disagreement if any is no int from 0 to vocab_size - 1, nor a float equal to one.
    """
    array = as_array(got, name)
    if array.size == 0 and not count:
        return []
    if array.ndim != 1:
        raise _no_tokens(name, got, array)
    if count is None and len(array) > MAX_TOKENS:
        raise Disagreement(f"{name}: far too many.", f"There are {len(array)}.")
    if count is not None and len(array) != count:
        few = "too few" if len(array) < count else "too many"
        raise Disagreement(f"{name}: {few}, expected {count}.", f"There are {len(array)}.")
    if not is_whole(array):
        raise Disagreement(f"{name}: floats, expected ints.")
    if array.min() < 0 or array.max() >= vocab_size:
        raise Disagreement(f"{name}: ids that no token has.", f"Got {_short(array)}.")
    return [TokenId(one) for one in array.astype(np.int64).tolist()]


def is_whole(array: Array) -> bool:
    """Whether all entries are ints, or floats that are equal to ints."""
    return array.dtype.kind in "iu" or bool((np.isfinite(array) & (array == np.floor(array))).all())


def untouched(after: object, before: Sequence[object], names: Sequence[str]) -> None:
    """Raises Disagreement if an argument was modified by a call.

    Args:
        after: the arguments as they are after the call, as ``student.arguments_after`` gives them;
            None where that is not known, and nothing is counted against the student.
        before: the arguments as they were passed. Of lists, tuples and dicts, all arrays in them
            are looked at; what is no array or list of numbers is left out.
        names: what the arguments are called.
    """
    if after is None:
        return
    left = after if isinstance(after, list) else []
    for index, (name, old) in enumerate(zip(names, before, strict=True)):
        new = left[index] if index < len(left) else None
        if not _same(new, old):
            message = f"The argument `{name}` is modified in place; work on a copy."
            raise Disagreement(message, says_what_to_do=True)


def _other_shape(name: str, got: object, array: Array, want: tuple[int, ...]) -> Disagreement:
    if isinstance(got, _OfOneArray):
        return Disagreement(f"{name}: a part of one array; expected a tuple of several results.")
    if not want:
        return Disagreement(f"{name}: an array, expected one number.", _shape_of(array))
    if not array.ndim:
        return Disagreement(f"{name}: one number, expected an array of the shape {want}.")
    if array.shape[:1] == want and isinstance(got, list):
        return _each_an_array(name, array)
    if array.ndim == len(want) == 1 and isinstance(got, list):
        few = "too few" if len(array) < want[0] else "too many"
        return Disagreement(f"{name}: {few} items, expected {want[0]}.", f"There are {len(array)}.")
    if array.shape[1:] == want and isinstance(got, list):
        several = "several arrays of the expected shape instead of one"
        return Disagreement(f"{name}: {several}.", f"There are {len(got)}.")
    difference = _difference_of_shapes(array.shape, want)
    return Disagreement(f"{name}: not the shape {want}{difference}.", _shape_of(array))


def _difference_of_shapes(shape: tuple[int, ...], want: tuple[int, ...]) -> str:
    """In words from a short list: the code could choose a shape to reveal a hidden input."""
    apart = [one - other for one, other in zip(shape, want, strict=False) if one != other]
    if sorted(shape) == sorted(want):
        return ", but its axes in another order"
    if len(shape) != len(want):
        few = "missing" if len(shape) < len(want) else "too many"
        return f": an axis is {few}"
    if apart in ([1], [-1]):
        return f": one {'more' if apart == [1] else 'less'} along an axis"
    return ""


def _no_tokens(name: str, got: object, array: Array) -> Disagreement:
    if not array.ndim:
        return Disagreement(f"{name}: one number, expected a list of ints.")
    if isinstance(got, list):
        return _each_an_array(name, array)
    message = f"{name}: an array of several axes, expected a list of ints."
    return Disagreement(message, _shape_of(array))


def _each_an_array(name: str, array: Array) -> Disagreement:
    message = f"{name}: each is an array or a list, expected one number."
    return Disagreement(message, f"Each has the shape {array.shape[1:]}.")


def _shape_of(array: Array) -> str:
    return f"The shape is {array.shape}."


def _same(new: object, old: object) -> bool:
    if isinstance(old, dict):
        same = isinstance(new, dict) and new.keys() == old.keys()
        return same and all(_same(cast(Any, new)[key], value) for key, value in old.items())
    if isinstance(old, list | tuple) and any(map(_may_hold_arrays, old)):
        same = isinstance(new, list | tuple) and len(new) == len(old)
        return same and all(map(_same, cast(Any, new), old))
    if isinstance(old, list):
        return isinstance(new, list) and _same(np.asarray(new), np.asarray(old))
    if not isinstance(old, np.ndarray):
        return True
    return isinstance(new, np.ndarray) and new.dtype == old.dtype and np.array_equal(new, old)


def _may_hold_arrays(value: object) -> bool:
    return isinstance(value, np.ndarray | list | tuple | dict)


def kind_of(got: object) -> str:
    """What was returned in place of something else, in a word or two."""
    if got is None:
        return "None (is a `return` missing?)"
    what = getattr(got, "what", None)  # what could not be read when it crossed says what it was
    if isinstance(what, str):
        return "".join(c for c in what[:60] if c.isprintable())
    names = {str: "text", dict: "a dict", list: "a list or tuple", bool: "True or False"}
    names |= {float: "one number", int: "one number"}
    return names.get(type(got), "an array")


def _ragged(got: object) -> str:
    """Describes a list whose items do not form an array."""
    several = isinstance(got, list) and any(isinstance(one, np.ndarray) for one in got)
    if several:
        return "several lists or arrays instead of one"
    return "a list whose rows differ in length or in kind"


def _contents(array: Array) -> str:
    return {"b": "True and False", "U": "text"}.get(array.dtype.kind, "things of several kinds")


def _feature(got: Array, want: Array, wrong: NDArray[np.bool_], axes: Sequence[str]) -> str:
    """What is wrong, in words that give no value away."""
    if want.size == 1 and want.ndim and want.dtype.kind in "iu":
        return "it is wrong"
    if want.size == 1:
        return _scalar_feature(float(got.item()), float(want.item()))
    if want.any() and not (np.abs(got) > tolerance(got, want)).any():
        return "zero everywhere"
    if want.dtype.kind == "f" and (same := _same_change(got, want)):
        return same
    if "time step" in axes and _is_constant(got, want, axes.index("time step")):
        return OVERWRITTEN
    square = want.ndim == 2 and want.shape[0] == want.shape[1]
    if square and not (np.abs(got.T - want) > tolerance(got, want)).any():
        return "the transpose of what is expected"
    text = "all entries are wrong" if wrong.all() else "some entries are wrong"
    return text + "".join(map(_edge, _wrong_along(wrong, axes), axes))


def _token_feature(wrong: NDArray[np.bool_]) -> str:
    if wrong.size == 1:
        return "another token than expected"
    return "all tokens are wrong" if wrong.all() else "some tokens are wrong"


def _is_constant(got: Array, want: Array, axis: int) -> bool:
    """Whether what should change along an axis does not."""
    allowed = tolerance(got, want)
    changes = [float(np.ptp(one, axis=axis).max()) for one in (got, want)]
    return changes[0] < allowed < changes[1]


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
    if known := _factor(got / want if want else 0.0):
        return known
    if want and not got:
        return "zero"
    if got * want < 0:
        return "below zero, expected above" if got < 0 else "above zero, expected below"
    if want < 0:
        return "too far below zero" if got < want else "not far enough below zero"
    return "too large" if got > want else "too small"


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
    allowed = tolerance(got, want)
    length = float(np.vdot(want, want))
    factor = float(np.vdot(want, got)) / length if length > 0 else 0.0
    # Of one number, or of the same everywhere, whatever is answered is a multiple.
    sizes = np.abs(want[np.abs(want) > allowed])
    differ = sizes.size > 1 and bool(np.ptp(sizes) > allowed)
    if factor and not (np.abs(got - factor * want) > abs(factor) * allowed).any():
        if known := _factor(factor):
            return f"{known} everywhere"
        if differ:
            return "a multiple of what is expected"
    shift = float(np.mean(got - want))
    if np.ptp(want) > allowed and not (np.abs(got - shift - want) > allowed).any():
        return "off by the same amount everywhere"
    return None


def _both(got: object, want: Array) -> str:
    return f"Expected {_short(want)}, got {_short(np.asarray(got))}."


def _short(array: Array) -> str:
    if array.size > MAX_SHOWN:
        return f"an array of the shape {array.shape} that begins {_short(array.ravel()[:8])}"
    text = np.array2string(array, precision=5, suppress_small=True, separator=", ")
    return " ".join(text.split())
