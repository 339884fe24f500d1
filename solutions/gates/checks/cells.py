"""Ways of writing ``gru_cell_forward``, right and wrong, which a student's test has to tell apart.

They answer from here. No source of theirs enters a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.inputs import Array

# How often a test may call a cell.
MAX_CALLS = 50
# A wrong cell is told apart where it is off by this much.
APART = 1e-3

Way = Callable[..., Any]


@dataclass(frozen=True)
class Cell:
    """A cell by name. ``title`` completes "one ..."."""

    name: str
    title: str
    function: Way


class Counted:
    """A cell that counts its calls, and answers no more than ``MAX_CALLS`` of them."""

    def __init__(self, function: Way) -> None:
        self._function = function
        self.calls = 0

    def __call__(self, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise ValueError("called too often")
        return self._function(x_t, h_prev, W_x, W_h, b_x, b_h)


# -- parts of a right cell ------------------------------------------------------------------------


def _sigmoid(z: Array) -> Array:
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1 + small)


def _sums(
    x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any
) -> tuple[list[Array], list[Array]]:
    """The three blocks of what comes from the input, and of what comes from the state."""
    return np.split(x_t @ W_x + b_x, 3, axis=1), np.split(h_prev @ W_h + b_h, 3, axis=1)


def _joined(a: list[Array], u: list[Array], h_prev: Array) -> Array:
    r, z = _sigmoid(a[0] + u[0]), _sigmoid(a[1] + u[1])
    n = np.tanh(a[2] + r * u[2])
    return (1 - z) * n + z * h_prev


def _right(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
    return _joined(*_sums(x_t, h_prev, W_x, W_h, b_x, b_h), h_prev)


def _right_by_steps(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
    H = h_prev.shape[1]
    gates = _sigmoid(x_t @ W_x[:, : 2 * H] + b_x[: 2 * H] + h_prev @ W_h[:, : 2 * H] + b_h[: 2 * H])
    r, z = gates[:, :H], gates[:, H:]
    n = np.tanh(
        x_t @ W_x[:, 2 * H :] + b_x[2 * H :] + r * (h_prev @ W_h[:, 2 * H :] + b_h[2 * H :])
    )
    return n + z * (h_prev - n)


def _right_by_loops(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
    rows = []
    for x, h in zip(x_t, h_prev, strict=True):
        a, u = np.einsum("e,eg->g", x, W_x) + b_x, np.einsum("h,hg->g", h, W_h) + b_h
        (a_r, a_z, a_n), (u_r, u_z, u_n) = np.split(a, 3), np.split(u, 3)
        z = 0.5 + 0.5 * np.tanh((a_z + u_z) / 2)
        n = np.tanh(a_n + (0.5 + 0.5 * np.tanh((a_r + u_r) / 2)) * u_n)
        rows.append(z * h + (1 - z) * n)
    return np.array(rows)


def _right_in_columns(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
    H = h_prev.shape[1]
    a, u = W_x.T @ x_t.T + b_x[:, None], W_h.T @ h_prev.T + b_h[:, None]
    with np.errstate(over="ignore"):
        r = 1 / (1 + np.exp(-(a[:H] + u[:H])))
        keep = 1 / (1 + np.exp(a[H : 2 * H] + u[H : 2 * H]))
    return (keep * np.tanh(a[2 * H :] + r * u[2 * H :]) + (1 - keep) * h_prev.T).T


RIGHT = (
    Cell("blocks", "that splits both sums into blocks", _right),
    Cell("steps", "that writes the last line as n + z (h - n)", _right_by_steps),
    Cell("loops", "that goes through the rows one by one", _right_by_loops),
    Cell("columns", "that works on columns", _right_in_columns),
)


# -- wrong cells ----------------------------------------------------------------------------------


def _changed(**parts: Any) -> Way:
    """A right cell but for its ``sigmoid``, ``squash``, ``reset`` or ``mix``."""
    sigmoid, squash = parts.get("sigmoid", _sigmoid), parts.get("squash", np.tanh)
    reset = parts.get("reset", lambda a_n, r, u_n: a_n + r * u_n)
    mix = parts.get("mix", lambda z, n, h: (1 - z) * n + z * h)

    def cell(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
        a, u = _sums(x_t, h_prev, W_x, W_h, b_x, b_h)
        r, z = sigmoid(a[0] + u[0]), sigmoid(a[1] + u[1])
        return mix(z, squash(reset(a[2], r, u[2])), h_prev)

    return cell


def _in_order(order: tuple[int, int, int]) -> Way:
    """With its blocks in another order: ``order`` says where r, z and n are read."""

    def cell(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
        a, u = _sums(x_t, h_prev, W_x, W_h, b_x, b_h)
        return _joined([a[i] for i in order], [u[i] for i in order], h_prev)

    return cell


def _without(of_input: tuple[int, ...] = (), of_state: tuple[int, ...] = ()) -> Way:
    """Without what comes from the input, or from the state, in some blocks."""

    def cell(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
        a, u = _sums(x_t, h_prev, W_x, W_h, b_x, b_h)
        a = [0 * one if i in of_input else one for i, one in enumerate(a)]
        u = [0 * one if i in of_state else one for i, one in enumerate(u)]
        return _joined(a, u, h_prev)

    return cell


def _given(change: Callable[..., tuple[Any, ...]]) -> Way:
    """A right cell that is given other arguments: x_t, h_prev, W_x, W_h, b_x and b_h, changed."""

    def cell(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
        return _right(*change(x_t, h_prev, W_x, W_h, b_x, b_h))

    return cell


def _then(change: Callable[[Array, Array], Any]) -> Way:
    """A right cell whose answer is changed; the old state is at hand."""

    def cell(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
        return change(_right(x_t, h_prev, W_x, W_h, b_x, b_h), h_prev)

    return cell


def _reset_first(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
    H = h_prev.shape[1]
    a, u = _sums(x_t, h_prev, W_x, W_h, b_x, b_h)
    r, z = _sigmoid(a[0] + u[0]), _sigmoid(a[1] + u[1])
    n = np.tanh(a[2] + (r * h_prev) @ W_h[:, 2 * H :] + b_h[2 * H :])
    return (1 - z) * n + z * h_prev


def _reset_before_bias(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
    H = h_prev.shape[1]
    a, u = _sums(x_t, h_prev, W_x, W_h, b_x, b_h)
    r, z = _sigmoid(a[0] + u[0]), _sigmoid(a[1] + u[1])
    n = np.tanh(a[2] + r * (h_prev @ W_h[:, 2 * H :]) + b_h[2 * H :])
    return (1 - z) * n + z * h_prev


def _raises(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
    raise ValueError("this cell fails")


def _fails_for_a_batch(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
    if len(x_t) > 1:
        raise ValueError("this cell fails")
    return _right(x_t, h_prev, W_x, W_h, b_x, b_h)


def _transposed_blocks(W: Array) -> Array:
    return np.concatenate([block.T for block in np.split(W, 3, axis=1)], axis=1)


def _no_bias_of_n(b: Array) -> Array:
    blocks = np.split(b, 3)
    return np.concatenate([blocks[0], blocks[1], 0 * blocks[2]])


def _hard_sigmoid(z: Array) -> Array:
    return np.clip(0.2 * z + 0.5, 0, 1)


WRONG = (
    Cell("zeros", "that answers zeros", _then(lambda h_t, h: 0 * h_t)),
    Cell("old-state", "that answers the old state", _then(lambda h_t, h: h)),
    Cell("fails", "that always fails", _raises),
    Cell("one-unit", "that answers one unit alone", _then(lambda h_t, h: h_t[:, :1])),
    Cell("first-row", "that answers the first row alone", _then(lambda h_t, h: h_t[:1])),
    Cell("twice", "that answers twice what is right", _then(lambda h_t, h: 2 * h_t)),
    Cell("minus", "whose sign is wrong", _then(lambda h_t, h: -h_t)),
    Cell("tanh-again", "that applies another tanh at the end", _then(lambda h_t, h: np.tanh(h_t))),
    Cell(
        "clipped",
        "that keeps its answer between -0.5 and 0.5",
        _then(lambda h_t, h: h_t.clip(-0.5, 0.5)),
    ),
    Cell(
        "row-mean",
        "that answers the mean over the rows",
        _then(lambda h_t, h: h_t.mean(axis=0) + 0 * h_t),
    ),
    Cell("added-state", "that adds the old state once more", _then(lambda h_t, h: h_t + h)),
    Cell("batch", "that fails for more than one row", _fails_for_a_batch),
    Cell(
        "z-swapped",
        "in which z lets in the new, and 1 - z keeps the old",
        _changed(mix=lambda z, n, h: z * n + (1 - z) * h),
    ),
    Cell(
        "no-old",
        "in which nothing of the old state is kept",
        _changed(mix=lambda z, n, h: (1 - z) * n),
    ),
    Cell("no-new", "in which nothing new is let in", _changed(mix=lambda z, n, h: z * h)),
    Cell("all-new", "in which z plays no part", _changed(mix=lambda z, n, h: n)),
    Cell(
        "no-one-minus",
        "in which the new is not multiplied by 1 - z",
        _changed(mix=lambda z, n, h: n + z * h),
    ),
    Cell(
        "no-z-on-old",
        "in which the old state is not multiplied by z",
        _changed(mix=lambda z, n, h: (1 - z) * n + h),
    ),
    Cell(
        "half-half",
        "in which old and new are mixed half and half",
        _changed(mix=lambda z, n, h: 0.5 * n + 0.5 * h),
    ),
    Cell("reset-first", "in which r multiplies the state before its product", _reset_first),
    Cell(
        "reset-before-bias",
        "in which r multiplies the product, but not its bias",
        _reset_before_bias,
    ),
    Cell("no-reset", "in which r plays no part", _changed(reset=lambda a, r, u: a + u)),
    Cell(
        "reset-of-both",
        "in which r multiplies what comes from the input too",
        _changed(reset=lambda a, r, u: r * (a + u)),
    ),
    Cell(
        "reset-of-input",
        "in which r multiplies what comes from the input",
        _changed(reset=lambda a, r, u: r * a + u),
    ),
    Cell(
        "reset-reversed",
        "in which 1 - r takes the place of r",
        _changed(reset=lambda a, r, u: a + (1 - r) * u),
    ),
    Cell(
        "reset-added",
        "in which r is added, not multiplied",
        _changed(reset=lambda a, r, u: a + r + u),
    ),
    Cell("no-tanh", "without a tanh", _changed(squash=lambda n: n)),
    Cell("sigmoid-of-n", "with a sigmoid in place of tanh", _changed(squash=_sigmoid)),
    Cell("relu-of-n", "with a relu in place of tanh", _changed(squash=lambda n: np.maximum(n, 0))),
    Cell("tanh-gates", "with a tanh in place of each sigmoid", _changed(sigmoid=np.tanh)),
    Cell(
        "hard-gates",
        "with straight lines in place of each sigmoid",
        _changed(sigmoid=_hard_sigmoid),
    ),
    Cell("gates-without-sigmoid", "without a sigmoid", _changed(sigmoid=lambda z: z)),
    Cell("z-r-n", "that takes the blocks for [z | r | n]", _in_order((1, 0, 2))),
    Cell("n-r-z", "that takes the blocks for [n | r | z]", _in_order((1, 2, 0))),
    Cell("r-n-z", "that takes the blocks for [r | n | z]", _in_order((0, 2, 1))),
    Cell("r-without-input", "in which r does not look at the input", _without(of_input=(0,))),
    Cell("r-without-state", "in which r does not look at the state", _without(of_state=(0,))),
    Cell("z-without-input", "in which z does not look at the input", _without(of_input=(1,))),
    Cell("z-without-state", "in which z does not look at the state", _without(of_state=(1,))),
    Cell("n-without-input", "in which n does not look at the input", _without(of_input=(2,))),
    Cell("n-without-state", "in which n does not look at the state", _without(of_state=(2,))),
    Cell("no-b_x", "without b_x", _given(lambda x, h, V, W, b, d: (x, h, V, W, 0 * b, d))),
    Cell("no-b_h", "without b_h", _given(lambda x, h, V, W, b, d: (x, h, V, W, b, 0 * d))),
    Cell(
        "no-b_h-of-n",
        "without b_h in n",
        _given(lambda x, h, V, W, b, d: (x, h, V, W, b, _no_bias_of_n(d))),
    ),
    Cell(
        "b_x-twice", "with b_x in place of b_h", _given(lambda x, h, V, W, b, d: (x, h, V, W, b, b))
    ),
    Cell(
        "biases-swapped",
        "with b_x and b_h swapped",
        _given(lambda x, h, V, W, b, d: (x, h, V, W, d, b)),
    ),
    Cell(
        "transposed",
        "with each block of W_h transposed",
        _given(lambda x, h, V, W, b, d: (x, h, V, _transposed_blocks(W), b, d)),
    ),
    Cell(
        "state-of-first-row",
        "that uses the first row's state for all rows",
        _given(lambda x, h, V, W, b, d: (x, h[:1] + 0 * h, V, W, b, d)),
    ),
    Cell(
        "input-of-first-row",
        "that uses the first row's input for all rows",
        _given(lambda x, h, V, W, b, d: (x[:1] + 0 * x, h, V, W, b, d)),
    ),
    Cell(
        "rows-reversed",
        "that reads the states of the rows in reverse",
        _given(lambda x, h, V, W, b, d: (x, h[::-1], V, W, b, d)),
    ),
)


# -- what would have told one apart ---------------------------------------------------------------


def _inputs() -> Iterator[tuple[Array, ...]]:
    """Arguments of a cell, from small to large, with short numbers."""
    for N, E, H in ((1, 1, 1), (2, 1, 1), (1, 1, 2), (2, 1, 2)):
        for number in range(4):
            rng = np.random.default_rng(number)
            shapes = ((N, E), (N, H), (E, 3 * H), (H, 3 * H), (3 * H,), (3 * H,))
            yield tuple(rng.integers(-2, 3, size=shape).astype(float) for shape in shapes)


def telling_input(cell: Cell, right: Way) -> str:
    """An input that tells a wrong cell from a right one, as a sentence. It is the same for all."""
    for arguments in _inputs():
        want = right(*arguments)
        try:
            got = np.asarray(cell.function(*arguments))
        except ValueError:
            got = np.empty(0)
        if got.shape != want.shape or np.abs(got - want).max() > APART:
            names = ("x_t", "h_prev", "W_x", "W_h", "b_x", "b_h")
            given = ", ".join(
                f"{name} = {one.tolist()}" for name, one in zip(names, arguments, strict=True)
            )
            answers = str(got.round(3).tolist()) if got.size else "nothing"
            return f"With {given} it answers {answers}, where {want.round(3).tolist()} is right."
    return ""
