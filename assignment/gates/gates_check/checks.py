"""The checks that you can run, as they are run where your work is graded.

`student.f(...)` calls your function `f`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .engine.checks.agree import (
    Array,
    Disagreement,
    agree,
    as_array,
    entry,
    item,
    kind_of,
    token_ids,
    untouched,
)
from .engine.checks.chance import follows
from .engine.self_check.marks import pytest


# == What a ``SentimentRNN`` or a ``CharLSTM`` must answer, given the parameters that it has. =====


# Far above what is ever asked for: what is computed from a model's parameters grows with their
# number and with the length of each axis, and a student may choose both.
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


def learns(model: Any, layers: Collection[str], *inputs: Any, **given: Any) -> None:
    """Raises Disagreement unless the logits carry gradients to all parameters of these layers."""
    reached = model.reached(*inputs, **given)
    asked_for = [name for name in model.shapes() if name.split(".")[0] in layers]
    if any(name not in reached for name in asked_for):
        raise Disagreement("The logits carry no gradient to some of the parameters.")


# -- asking and comparing --------------------------------------------------------------------------


@contextmanager
def suppress_raised() -> Iterator[None]:
    """Within, it does not matter what a student's model raises, or that it is not written yet."""
    try:
        yield
    except Exception as error:
        if getattr(error, "kind", "") not in ("raised", "unreadable", "unfinished"):
            raise


# == Task 01, Why Memory Fades: the chain, remedies. ==============================================


KEYS = ("W_x", "W_h", "b_h", "W_y", "b_y")


# -- 1a the chain -------------------------------------------------------------------------------


@pytest.mark.criterion("1a.jacobian")
@pytest.mark.visible
def test_jacobian_by_hand(student: Any) -> None:
    h_t = np.array([[0.5, 0.0], [0.0, -0.5]])  # N=2, H=2; the slopes are 3/4 and 1, 1 and 3/4
    W_h = np.array([[4.0, 1.0], [-2.0, 8.0]])
    want = [[[3.0, -1.5], [1.0, 8.0]], [[4.0, -2.0], [0.75, 6.0]]]
    agree(student.step_jacobian(h_t, W_h), want, "The Jacobian", ("row",))


@pytest.mark.criterion("1a.jacobian")
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_jacobian_of_one_unit(student: Any, kind: str) -> None:
    arguments = (np.array([[0.5], [0.8], [0.0]], kind), np.array([[-2.0]], kind))  # N=3, H=1
    got = student.step_jacobian(*arguments)
    agree(
        got, np.array([[[-1.5]], [[-0.72]], [[-2.0]]], kind), f"In {kind}, the Jacobian", ("row",)
    )
    untouched(student.arguments_after.step_jacobian(*arguments), arguments, ("h_t", "W_h"))


@pytest.mark.criterion("1a.norms")
@pytest.mark.visible
def test_norms_by_hand(student: Any) -> None:
    dh_T = np.array([[3.0, 4.0], [0.0, -1.0]])  # N=2, H=2
    h = np.array([[[0.9, 0.0], [0.0, 0.5]], [[0.0, 0.9], [0.5, 0.0]]])  # T=2
    W_h = np.array([[1.0, 2.0], [0.0, -1.0]])
    # Row 0: (3, 4 * 3/4) times W_h transposed is (9, -3); row 1: (0, -1) gives (-2, 1).
    want = [[9.486833, 5.0], [2.236068, 1.0]]
    agree(student.gradient_norms(dh_T, h, W_h), want, "The norms", ("row", "time step"))


@pytest.mark.criterion("1a.norms")
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_norms_of_one_unit(student: Any, kind: str) -> None:
    h = np.array([[[0.9], [0.5], [0.0], [-0.5]]], kind)  # N=1, T=4, H=1
    arguments = (np.array([[-2.0]], kind), h, np.array([[2.0]], kind))
    # From the end: 2, times 2 * 3/4, times 2 * 1, times 2 * 3/4
    got = student.gradient_norms(*arguments)
    agree(
        got, np.array([[9.0, 6.0, 3.0, 2.0]], kind), f"In {kind}, the norms", ("row", "time step")
    )
    after = student.arguments_after.gradient_norms(*arguments)
    untouched(after, arguments, ("dh_T", "h", "W_h"))


@pytest.mark.criterion("1a.norms")
@pytest.mark.visible
def test_norms_of_one_step(student: Any) -> None:
    got = student.gradient_norms(np.array([[3.0, -4.0]]), np.array([[[0.5, 0.5]]]), np.eye(2))
    agree(got, [[5.0]], "Of one step, the norms")


# -- 1b remedies --------------------------------------------------------------------------------


OF_GRADS = tuple((1, key) for key in KEYS)
LOSS = pytest.mark.criterion("1b.loss", of=((0,), (2,)))
GRADIENTS = pytest.mark.criterion("1b.gradients", of=OF_GRADS)


def _two_steps() -> tuple[Array, ...]:
    """One unit whose states are 1/2 and 1/2 and whose logits are all zero."""
    x, h0 = np.array([[[1.0], [0.0]]]), np.zeros((1, 1))  # N=1, T=2, E=1, H=1, V=2
    W_x, W_h, b_h = np.array([[0.549306]]), np.array([[1.098612]]), np.zeros(1)
    W_y, b_y = np.array([[1.0, 0.0]]), np.array([-0.5, 0.0])
    return x, np.array([[0, 0]]), h0, W_x, W_h, b_h, W_y, b_y


@LOSS
@pytest.mark.visible
def test_loss_and_last_state_of_two_steps(student: Any) -> None:
    for k in (1, 2, 3):
        got = student.truncated_bptt(*_two_steps(), k)
        names = ("loss", "grads", "h_T")
        agree(item(got, 0, names), 0.693147, f"For k={k} and equal logits, the loss")
        agree(item(got, 2, names), [[0.5]], f"For k={k}, h_T")


@LOSS
@pytest.mark.visible
def test_loss_of_unequal_logits(student: Any) -> None:
    x, h0, W_x, W_h = np.ones((1, 2, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    W_y, b_y = np.zeros((1, 2)), np.log(np.array([1.0, 3.0]))  # probabilities 1/4 and 3/4
    arguments = (x, np.array([[0, 1]]), h0, W_x, W_h, np.zeros(1), W_y, b_y, 1)
    got = item(student.truncated_bptt(*arguments), 0, ("loss", "grads", "h_T"))
    agree(got, 0.836988, "Of probabilities 1/4 and 3/4, the loss")
    names = ("x", "targets", "h0", "W_x", "W_h", "b_h", "W_y", "b_y", "k")
    untouched(student.arguments_after.truncated_bptt(*arguments), arguments, names)


@GRADIENTS
@pytest.mark.visible
@pytest.mark.parametrize("k", [1, 2, 5])
def test_gradients_of_two_steps(student: Any, k: int) -> None:
    # Each gradient of the logits is (-1/4, 1/4), and dz_2 = -1/4 * 3/4 = -0.1875. For k=1, dz_1
    # is the same; for k=2 and above, dz_1 = (-1/4 - 0.1875 * 1.098612) * 3/4 = -0.341992.
    got = student.truncated_bptt(*_two_steps(), k)
    grads = item(got, 1, ("loss", "grads", "h_T"))
    dz_1 = -0.1875 if k == 1 else -0.341992
    want: dict[str, ArrayLike] = {"W_x": [[dz_1]], "W_h": [[-0.09375]], "b_h": [dz_1 - 0.1875]}
    want |= {"W_y": [[-0.25, 0.25]], "b_y": [-0.5, 0.5]}
    for key, right in want.items():
        agree(entry(grads, key, "`grads`"), right, f'For k={k}, the gradient of "{key}"')


@GRADIENTS
@pytest.mark.visible
def test_gradients_of_a_shorter_last_piece(student: Any) -> None:
    _, _, h0, *weights = _two_steps()
    x, targets = np.array([[[1.0], [0.0], [0.0]]]), np.array([[0, 0, 0]])  # T=3, all states 1/2
    # The pieces begin at steps 0 and 2. Each gradient of the logits is (-1/6, 1/6), dz_3 and dz_2
    # are -1/6 * 3/4 = -0.125, and dz_1 = (-1/6 - 0.125 * 1.098612) * 3/4 = -0.227995.
    got = student.truncated_bptt(x, targets, h0, *weights, 2)
    grads = item(got, 1, ("loss", "grads", "h_T"))
    want: dict[str, ArrayLike] = {"W_x": [[-0.227995]], "W_h": [[-0.125]], "b_h": [-0.477995]}
    want |= {"W_y": [[-0.25, 0.25]], "b_y": [-0.5, 0.5]}
    for key, right in want.items():
        agree(entry(grads, key, "`grads`"), right, f'For T=3, k=2, the gradient of "{key}"')


@pytest.mark.criterion("1b.values")
@pytest.mark.visible
def test_clipping_values_by_hand(student: Any) -> None:
    grads = {"W": np.array([[3.0, -0.5], [-3.0, 2.0]]), "b": np.array([0.25, -2.5])}
    clipped = student.clip_values(grads, 2.0)
    agree(entry(clipped, "W"), [[2.0, -0.5], [-2.0, 2.0]], 'Clipped to 2, "W"')
    agree(entry(clipped, "b"), [0.25, -2.0], 'Clipped to 2, "b"')
    small = student.clip_values(grads, 0.5)
    agree(entry(small, "W"), [[0.5, -0.5], [-0.5, 0.5]], 'Clipped to 0.5, "W"')
    large = student.clip_values(grads, 10.0)
    agree(entry(large, "b"), [0.25, -2.5], 'Clipped to 10, "b"')
    untouched(student.arguments_after.clip_values(grads, 2.0), (grads, 2.0), ("grads", "limit"))


@pytest.mark.criterion("1b.values")
@pytest.mark.visible
def test_clipping_values_in_float32(student: Any) -> None:
    got = student.clip_values({"a": np.array([1.5, -7.0], np.float32)}, 1.0)
    agree(entry(got, "a"), np.array([1.0, -1.0], np.float32), 'In float32, "a"')


ORTHOGONAL = pytest.mark.criterion("1b.orthogonal")


@ORTHOGONAL
@pytest.mark.visible
@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_rows_are_orthonormal(student: Any, size: int) -> None:
    Q = _square(student.orthogonal(np.random.default_rng(size), size), size)
    _is_orthogonal(Q, f"For size={size}, the matrix")


@ORTHOGONAL
@pytest.mark.visible
def test_the_matrix_follows_its_generator(student: Any) -> None:
    first = _square(student.orthogonal(np.random.default_rng(4), 3), 3)
    _is_repeated(first, _square(student.orthogonal(np.random.default_rng(4), 3), 3))
    _is_another(first, _square(student.orthogonal(np.random.default_rng(5), 3), 3))


def _square(got: object, size: int) -> Array:
    Q = as_array(got, "The matrix")
    if Q.shape != (size, size):
        raise Disagreement(f"The matrix: not the shape {(size, size)}.", f"It is {Q.shape}.")
    if not np.isfinite(Q).all():
        raise Disagreement("The matrix: inf or NaN.")
    return Q


def _is_orthogonal(Q: Array, name: str) -> None:
    allowed = 1e-3 if Q.dtype.itemsize < 8 and Q.dtype.kind == "f" else 1e-6
    Q = Q.astype(float)
    off = np.abs(Q @ Q.T - np.eye(len(Q)))
    if (off > allowed).any():
        lengths = (np.abs(np.diag(off)) > allowed).any()
        what = "its rows are not of length 1" if lengths else "its rows are not at right angles"
        raise Disagreement(f"{name}: {what}.", f"Its first row is {Q[0][:4].round(4).tolist()}.")
    if len(Q) > 1 and bool((np.abs(Q - np.round(Q)) < 1e-9).all()):
        raise Disagreement(f"{name}: all entries are 0, 1 or -1, which is not random.")


def _is_repeated(first: Array, again: Array) -> None:
    if not np.array_equal(first, again):
        message = (
            "Two generators with the same seed give different matrices: draw from `rng` alone."
        )
        raise Disagreement(message, says_what_to_do=True)


def _is_another(first: Array, other: Array) -> None:
    if np.array_equal(first, other):
        raise Disagreement("Generators with different seeds give the same matrix.")


# == Task 02, Gates: the LSTM cell, one step back through it, the GRU cell and a test of it. ======


# -- 2a the LSTM cell ---------------------------------------------------------------------------


@pytest.mark.criterion("2a.sigmoid")
@pytest.mark.visible
def test_sigmoid_by_hand(student: Any) -> None:
    z = np.log(np.array([[1.0, 3.0], [1 / 3, 4.0]]))  # whose exponentials these are
    agree(student.sigmoid(z), [[0.5, 0.75], [0.25, 0.8]], "Of four numbers, the sigmoid")
    large = student.sigmoid(np.array([10_000.0, 0.0, -10_000.0]))
    agree(large, [1.0, 0.5, 0.0], "Of 10000, 0 and -10000, the sigmoid")
    untouched(student.arguments_after.sigmoid(z), (z,), ("z",))


@pytest.mark.criterion("2a.sigmoid")
@pytest.mark.visible
def test_sigmoid_in_float32(student: Any) -> None:
    z = np.log(np.array([1.0, 3.0, 1 / 3], np.float32))
    want = np.array([0.5, 0.75, 0.25], np.float32)
    agree(student.sigmoid(z), want, "In float32, the sigmoid")
    large = student.sigmoid(np.array([10_000.0, 0.0, -10_000.0], np.float32))
    want = np.array([1.0, 0.5, 0.0], np.float32)
    agree(large, want, "In float32, of 10000, 0 and -10000, the sigmoid")


MEMORY = pytest.mark.criterion("2a.memory", of=(1,))
OUTPUT = pytest.mark.criterion("2a.output", of=(0,))


def _one_step(kind: str = "float64") -> tuple[Array, ...]:
    """One row of two units whose gates are 1/4, 1/2 and 3/4, by the log of 3."""
    u = math.log(3.0)  # sigmoid(u) = 3/4
    x_t, h_prev = np.array([[1.0]], kind), np.array([[0.5, -1.0]], kind)  # N=1, E=1, H=2
    c_prev = np.array([[2.0, -4.0]], kind)
    W_x = np.array([[u, 0.0, u, -u, 0.5, 0.0, u, 0.0]], kind)  # [i | f | g | o], two of each
    W_h = np.zeros((2, 8), kind)
    W_h[0, 3], W_h[1, 5] = 2 * u, 0.5
    b = np.zeros(8, kind)
    b[5] = 1.0
    return x_t, h_prev, c_prev, W_x, W_h, b


@MEMORY
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_memory_by_hand(student: Any, kind: str) -> None:
    # i = 3/4, 1/2; f = 3/4, sigmoid(-u + u) = 1/2; g = tanh(0.5), tanh(-0.5 + 1)
    # c_t = 3/4 * 2 + 3/4 * 0.462117 and 1/2 * -4 + 1/2 * 0.462117
    got = item(student.lstm_cell_forward(*_one_step(kind)), 1, ("h_t", "c_t"))
    agree(got, np.array([[1.846588, -1.768941]], kind), f"In {kind}, c_t", ("row", "unit"))


@MEMORY
@pytest.mark.visible
def test_memory_of_closed_gates(student: Any) -> None:
    # The gates i and f: closed and open, open and closed, both open; g is 1; x and h are zero.
    b = np.array([-50.0, 50.0, 50.0, 50.0, -50.0, 50.0, 50.0, 50.0, 50.0, 0.0, 0.0, 0.0])
    zeros, c_prev = np.zeros((1, 3)), np.array([[3.0, 3.0, 3.0]])
    arguments = (np.zeros((1, 2)), zeros, c_prev, np.zeros((2, 12)), np.zeros((3, 12)), b)
    got = item(student.lstm_cell_forward(*arguments), 1, ("h_t", "c_t"))
    agree(got, [[3.0, 1.0, 4.0]], "Of gates that are closed or open, c_t", ("row", "unit"))
    after = student.arguments_after.lstm_cell_forward(*arguments)
    untouched(after, arguments, ("x_t", "h_prev", "c_prev", "W_x", "W_h", "b"))


@OUTPUT
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_output_by_hand(student: Any, kind: str) -> None:
    # o = 3/4, 1/2, for the c_t that is returned, or for the right one.
    answer = student.lstm_cell_forward(*_one_step(kind))
    gates, right = np.array([[0.75, 0.5]], kind), np.array([[1.846588, -1.768941]], kind)
    _agree_output(answer, gates, right, f"In {kind}, h_t")


def _agree_output(answer: object, gates: Array, right: Array, name: str) -> None:
    """``gates`` are sigmoid(o). A c_t that is the same everywhere is none to go by."""
    h_t = item(answer, 0, ("h_t", "c_t"))
    want = gates * np.tanh(right)
    c_t = np.asarray(item(answer, 1, ("h_t", "c_t")) if _is_pair(answer) else None)
    usable = c_t.dtype.kind in "iuf" and c_t.shape == right.shape and bool(np.isfinite(c_t).all())
    if usable and np.ptp(c_t) > 1e-3:
        own = gates * np.tanh(c_t)
        got = as_array(h_t, name)
        if got.shape == own.shape and np.abs(got - own).max() < np.abs(got - want).max():
            want = own.astype(want.dtype)
    agree(h_t, want, name, ("row", "unit"))


def _is_pair(answer: object) -> bool:
    return isinstance(answer, list | tuple | np.ndarray) and len(answer) == 2


# -- 2b one step back ---------------------------------------------------------------------------


OF_CELL = [
    pytest.param(name, marks=pytest.mark.criterion(criterion, of=(index,)))
    for index, (name, criterion) in enumerate(
        zip(
            ("dx_t", "dh_prev", "dc_prev", "dW_x", "dW_h", "db"),
            ("2b.dx", "2b.dh_prev", "2b.dc_prev", "2b.dW_x", "2b.dW_h", "2b.db"),
            strict=True,
        )
    )
]


@pytest.mark.parametrize("name", OF_CELL)
@pytest.mark.visible
def test_one_step_back_by_hand(student: Any, name: str) -> None:
    # All gates are 1/2 and g is 0, since all weights but a few are zero: c_t = c_prev / 2.
    c_prev = np.array([[2 * 0.549306], [0.0]])  # N=2, E=1, H=1; tanh(c_t) = 1/2 and 0
    x_t, h_prev = np.array([[0.0], [0.0]]), np.array([[0.0], [0.0]])
    dh_t, dc_t = np.array([[8.0], [4.0]]), np.array([[1.0], [2.0]])
    W_x, W_h = np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([[4.0, 3.0, 2.0, 1.0]])
    # dc = 1 + 8 * 1/2 * 3/4 = 4 and 2 + 4 * 1/2 = 4. Row 0: di = 0, df = 4 * 1.098612 / 4,
    # dg = 4 * 1/2, do = 8 * 1/2 * 1/4; row 1: dg = 4 * 1/2 and nothing else.
    want: dict[str, ArrayLike] = {
        "dx_t": [[12.197224], [6.0]],
        "dh_prev": [[8.295836], [4.0]],
        "dc_prev": [[2.0], [2.0]],
        "dW_x": [[0.0, 0.0, 0.0, 0.0]],
        "dW_h": [[0.0, 0.0, 0.0, 0.0]],
        "db": [0.0, 1.098612, 4.0, 1.0],
    }
    got = student.lstm_cell_backward(dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, np.zeros(4))
    names = ("dx_t", "dh_prev", "dc_prev", "dW_x", "dW_h", "db")
    agree(item(got, names.index(name), names), want[name], f"`{name}`")


@pytest.mark.parametrize("name", OF_CELL)
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_one_step_back_of_one_unit(student: Any, name: str, kind: str) -> None:
    u = math.log(3.0)  # i = f = o = 3/4 and g = tanh(0.549306) = 1/2
    x_t, h_prev, c_prev = (np.array([[one]], kind) for one in (2.0, -1.0, 0.0))  # all sizes 1
    W_x, W_h, b = np.ones((1, 4), kind), np.ones((1, 4), kind), np.full(4, u - 1, kind)
    b[2] = 0.549306 - 1
    dh_t, dc_t = np.array([[0.0]], kind), np.array([[32.0]], kind)
    # di = 32 * 1/2 * 3/16, df = 0 since c_prev is, dg = 32 * 3/4 * 3/4, do = 0
    want: dict[str, ArrayLike] = {
        "dx_t": [[21.0]],
        "dh_prev": [[21.0]],
        "dc_prev": [[24.0]],
        "dW_x": [[6.0, 0.0, 36.0, 0.0]],
        "dW_h": [[-3.0, 0.0, -18.0, 0.0]],
        "db": [3.0, 0.0, 18.0, 0.0],
    }
    arguments = (dh_t, dc_t, x_t, h_prev, c_prev, W_x, W_h, b)
    got = student.lstm_cell_backward(*arguments)
    names = ("dx_t", "dh_prev", "dc_prev", "dW_x", "dW_h", "db")
    agree(item(got, names.index(name), names), np.array(want[name], kind), f"In {kind}, `{name}`")
    if name == "dx_t":
        after = student.arguments_after.lstm_cell_backward(*arguments)
        called = ("dh_t", "dc_t", "x_t", "h_prev", "c_prev", "W_x", "W_h", "b")
        untouched(after, arguments, called)


# -- 2c the GRU cell, and a test of it ------------------------------------------------------------


@pytest.mark.criterion("2c.cell")
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_gru_cell_by_hand(student: Any, kind: str) -> None:
    u = math.log(3.0)  # sigmoid(u) = 3/4
    x_t, h_prev = np.array([[1.0]], kind), np.array([[1.0, -0.5]], kind)  # N=1, E=1, H=2
    W_x = np.array([[u, 0.0, -u, 0.0, 0.5, 0.0]], kind)  # [r | z | n], two of each
    W_h = np.zeros((2, 6), kind)
    W_h[0, 1], W_h[1, 4], W_h[0, 5] = -u, 4.0, 2.0
    b_x, b_h = np.zeros(6, kind), np.zeros(6, kind)
    b_x[3], b_x[5], b_h[4] = u, 1.0, 2.0
    # r = 3/4, 1/4; z = 1/4, 3/4; n = tanh(0.5 + 3/4 * (4 * -0.5 + 2)), tanh(1 + 1/4 * 2)
    # h_t = 3/4 * 0.462117 + 1/4 * 1 and 1/4 * 0.905148 + 3/4 * -0.5
    arguments = (x_t, h_prev, W_x, W_h, b_x, b_h)
    want = np.array([[0.596588, -0.148713]], kind)
    agree(student.gru_cell_forward(*arguments), want, f"In {kind}, h_t", ("row", "unit"))
    after = student.arguments_after.gru_cell_forward(*arguments)
    untouched(after, arguments, ("x_t", "h_prev", "W_x", "W_h", "b_x", "b_h"))


@pytest.mark.criterion("2c.cell")
@pytest.mark.visible
def test_gru_cell_of_closed_gates(student: Any) -> None:
    # z keeps all of the old state in row and unit 0, and nothing of it in unit 1.
    x_t, h_prev = np.zeros((2, 1)), np.array([[0.5, 0.5], [-2.0, -2.0]])  # N=2, E=1, H=2
    b_x = np.array([0.0, 0.0, 50.0, -50.0, 0.549306, 0.549306])  # n = 1/2
    arguments = (x_t, h_prev, np.zeros((1, 6)), np.zeros((2, 6)), b_x, np.zeros(6))
    got = student.gru_cell_forward(*arguments)
    agree(got, [[0.5, 0.5], [-2.0, 0.5]], "Of gates that are open or closed, h_t", ("row", "unit"))


def _accepts(student: Any, cell: Any, may_raise: bool) -> bool:
    """What the student's test says of a cell. Whatever it raises rejects the cell, if it may."""
    try:
        answer = student.check_gru_cell(cell)
    except Exception as error:
        if may_raise and getattr(error, "kind", "") == "raised":
            return False
        raise
    array = np.asarray(answer)
    if array.shape or array.dtype.kind not in "biuf" or array not in (0, 1):
        raise Disagreement(f"The result: {kind_of(answer)}, expected True or False.")
    return bool(array)


@pytest.mark.criterion("2c.test")
@pytest.mark.visible
def test_of_the_plainest_wrong_cells_one_is_rejected(student: Any) -> None:
    def zeros(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
        return np.zeros_like(h_prev)

    def old(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
        return h_prev

    def one_unit(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
        return h_prev[:, :1]

    accepted = [_accepts(student, cell, may_raise=True) for cell in (zeros, old, one_unit)]
    if all(accepted):
        message = "Your test accepts three wrong cells: they return zeros, the old state, and a "
        raise Disagreement(f"{message}single unit.")


PARTS_OF_CELLS = [
    pytest.param(name, marks=pytest.mark.criterion("2c.counts", item=name))
    for name in ("rnn", "lstm", "gru")
]


@pytest.mark.parametrize("cell", PARTS_OF_CELLS)
@pytest.mark.visible
def test_counts_of_small_cells(student: Any, cell: str) -> None:
    # E=3, H=2: (3,2), (2,2), (2,) and (2,), once, four times and three times
    want = {"rnn": 14, "lstm": 56, "gru": 42}[cell]
    agree(entry(student.cell_parameters(3, 2), cell), want, f'The count of "{cell}"')


# == Task 03, Deeper, Both Ways, and Many to One: stacked and two-way nets, sentiment, dropout. ===


# -- 3a deep and both ways ------------------------------------------------------------------------


@pytest.mark.criterion("3a.stacked")
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_two_layers_by_hand(student: Any, kind: str) -> None:
    x = np.array([[[0.549306, 0.0], [0.0, 1.0]]], kind)  # N=1, T=2, E=2, H=1
    h0 = np.array([[[0.0]], [[0.5]]], kind)  # L=2
    lower = (np.array([[1.0], [0.549306]], kind), np.zeros((1, 1), kind), np.zeros(1, kind))
    upper = (np.array([[2.0]], kind), np.array([[-1.0]], kind), np.array([0.25], kind))
    # Below: tanh(0.549306) = 1/2 twice. Above: tanh(1 - 0.5 + 0.25), tanh(1 - 0.635149 + 0.25)
    got = student.stacked_forward(x, h0, [lower, upper])
    names = ("outputs", "h_T")
    outputs = np.array([[[0.635149], [0.547533]]], kind)
    agree(item(got, 0, names), outputs, f"In {kind}, `outputs`", ("row", "time step"))
    h_T = np.array([[[0.5]], [[0.547533]]], kind)
    agree(item(got, 1, names), h_T, f"In {kind}, `h_T`", ("layer",))


@pytest.mark.criterion("3a.stacked")
@pytest.mark.visible
def test_one_layer_by_hand(student: Any) -> None:
    x, h0 = np.zeros((2, 1, 1)), np.array([[[0.549306], [0.0]]])  # N=2, T=1, E=1, H=1, L=1
    layer = (np.zeros((1, 1)), np.eye(1), np.zeros(1))
    got = student.stacked_forward(x, h0, [layer])
    names = ("outputs", "h_T")
    agree(item(got, 0, names), [[[0.5]], [[0.0]]], "Of one layer, `outputs`", ("row",))
    agree(item(got, 1, names), [[[0.5], [0.0]]], "Of one layer, `h_T`", ("layer", "row"))
    after = student.arguments_after.stacked_forward(x, h0, [layer])
    untouched(after, (x, h0, [layer]), ("x", "h0", "layers"))


@pytest.mark.criterion("3a.both")
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_both_ways_by_hand(student: Any, kind: str) -> None:
    x = np.array([[[0.549306], [0.0], [-0.549306]]], kind)  # N=1, T=3, E=1, H=1
    forward = (np.array([[1.0]], kind), np.array([[2.0]], kind), np.zeros(1, kind))
    backward = (np.array([[-1.0]], kind), np.array([[1.0]], kind), np.zeros(1, kind))
    # Forwards: tanh(0.549306), tanh(1), tanh(2 * 0.761594 - 0.549306); backwards, from the end:
    # tanh(0.549306), tanh(0.5), tanh(0.462117 - 0.549306)
    want = [[[0.5, -0.086969], [0.761594, 0.462117], [0.750405, 0.5]]]
    got = student.bidirectional_forward(x, np.array([3]), forward, backward)
    agree(got, np.array(want, kind), f"In {kind}, the states", ("row", "time step"))


@pytest.mark.criterion("3a.both")
@pytest.mark.visible
def test_both_ways_with_biases(student: Any) -> None:
    x, lengths = np.zeros((2, 1, 1)), np.array([1, 1])  # N=2, T=1, E=1, H=2
    forward = (np.zeros((1, 2)), np.eye(2), np.array([0.5, 1.0]))
    backward = (np.zeros((1, 2)), np.eye(2), np.array([-0.5, 0.0]))
    got = student.bidirectional_forward(x, lengths, forward, backward)
    agree(got, [[[0.462117, 0.761594, -0.462117, 0.0]]] * 2, "Of one step, the states")
    after = student.arguments_after.bidirectional_forward(x, lengths, forward, backward)
    names = ("x", "lengths", "forward", "backward")
    untouched(after, (x, lengths, forward, backward), names)


@pytest.mark.criterion("3a.padding")
@pytest.mark.visible
def test_padding_by_hand(student: Any) -> None:
    x = np.array([[[0.549306], [5.0], [5.0]], [[0.549306], [0.0], [5.0]]])  # N=2, T=3, E=1, H=1
    net = (np.array([[1.0]]), np.array([[2.0]]), np.array([0.0]))
    # Row 0 has one real step. Row 1: forwards tanh(0.549306), tanh(1); backwards tanh(0), then
    # tanh(0.549306).
    want = [[[0.5, 0.5], [0.0, 0.0], [0.0, 0.0]], [[0.5, 0.5], [0.761594, 0.0], [0.0, 0.0]]]
    got = student.bidirectional_forward(x, np.array([1, 2]), net, net)
    agree(got, want, "Of rows with padding, the states", ("row", "time step"))


# -- 3b many to one -------------------------------------------------------------------------------


SENTIMENT_LAYERS = {"embedding": "Embedding", "rnn": "RNN", "fc": "Linear"}


def _sentiment_shapes(V: int, E: int, H: int, L: int, K: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (V, E)}
    for layer in range(L):
        shapes |= {f"rnn.weight_ih_l{layer}": (H, H if layer else E)}
        shapes |= {f"rnn.weight_hh_l{layer}": (H, H)}
        shapes |= {f"rnn.bias_{which}_l{layer}": (H,) for which in ("ih", "hh")}
    return shapes | {"fc.weight": (K, H), "fc.bias": (K,)}


@pytest.mark.criterion("3b.layers")
@pytest.mark.visible
@pytest.mark.parametrize("sizes", [(), (7, 3, 5, 3, 4), (6, 2, 4, 1, 3)])
def test_sentiment_layers(student: Any, sizes: Sequence[int]) -> None:
    model = student.SentimentRNN(*sizes)
    kinds = model.kinds()
    for name, kind in SENTIMENT_LAYERS.items():
        if entry(kinds, name, "The layers of the model") != kind:
            raise Disagreement(f"`{name}` is an nn.{kinds[name]}, expected an nn.{kind}.")
    wanted = _sentiment_shapes(*(sizes or (10000, 128, 256, 2, 2)))
    found = model.shapes()
    for name, shape in wanted.items():
        if tuple(entry(found, name, "The parameters of the model")) != shape:
            raise Disagreement(f"`{name}` is {tuple(found[name])}, expected {shape}.")
    for name in found:
        if name not in wanted:
            raise Disagreement(f"The model has a parameter `{name}` too many.")


@pytest.mark.criterion("3b.layers")
@pytest.mark.visible
def test_sentiment_layers_read_the_batch_first(student: Any) -> None:
    logits = None
    with suppress_raised():  # which costs under 3b.forward
        model = _small_sentiment(student)
        logits = None if model is None else model(TWO_TOKENS)
    if _is_one_of(logits, TIME_FIRST):
        message = "The layer `rnn` treats its first axis as time: is `batch_first=True` missing?"
        raise Disagreement(message)


@pytest.mark.criterion("3b.forward")
@pytest.mark.visible
def test_sentiment_with_zero_weights(student: Any) -> None:
    model = student.SentimentRNN(7, 3, 5, 2, 4)  # V, E, H, L, K
    # All weights are zero, so each state is zero, and each logit the bias of `fc`.
    weights = {name: np.zeros(old.shape) for name, old in parameters_of(model).items()}
    bias = np.zeros(4)
    if "fc.bias" in weights:
        bias = np.resize([0.5, -1.0, 2.0, 0.0], weights["fc.bias"].shape)
        weights["fc.bias"] = bias
    model.load(weights)
    tokens = np.array([[0, 1], [6, 2], [3, 3]])  # N=3, T=2
    agree(model(tokens), np.tile(bias, (3, 1)), "With all other weights zero, the logits", ("row",))


TWO_TOKENS = np.array([[0, 2], [1, 0]])
# What a small model answers whose layer takes time first: of the last column, or the last state.
TIME_FIRST = (
    [[0.5, 0.0], [0.962117, -0.924234]],
    [[0.900492, -0.800984], [0.962117, -0.924234]],
)


def _small_sentiment(student: Any) -> Any:
    """A model of one unit and one layer whose parameters are set, or None where it has others."""
    given = {
        "embedding.weight": np.array([[1.0], [-1.0], [0.0]]),  # V=3, E=1, H=1
        "rnn.weight_ih_l0": np.array([[0.5]]),
        "rnn.weight_hh_l0": np.array([[2.0]]),
        "rnn.bias_ih_l0": np.zeros(1),
        "rnn.bias_hh_l0": np.zeros(1),
        "fc.weight": np.array([[1.0], [-2.0]]),  # K=2
        "fc.bias": np.array([0.5, 0.0]),
    }
    model = student.SentimentRNN(3, 1, 1, 1, 2)
    found = parameters_of(model)
    if {name: old.shape for name, old in found.items()} != {n: p.shape for n, p in given.items()}:
        return None
    model.load(given)
    return model


@pytest.mark.criterion("3b.forward")
@pytest.mark.visible
def test_sentiment_of_two_tokens(student: Any) -> None:
    model = _small_sentiment(student)
    if model is None:  # which costs under 3b.layers
        return
    # Row 0: tanh(0.5), tanh(2 * 0.462117) = 0.727860; row 1: tanh(-0.5), tanh(0.5 - 0.924234)
    others = [[[1.5, -2.0], [1.0, -1.0]], *TIME_FIRST]  # the first with a relu
    want = [[1.227860, -1.455720], [0.099505, 0.800990]]
    _agree_with_one(model(TWO_TOKENS), want, others, "Of two tokens, the logits")


def _agree_with_one(got: object, want: Any, others: Sequence[Any], name: str) -> None:
    """A relu in place of tanh, or a layer that takes time first, costs under 3b.layers."""
    if not _is_one_of(got, others):
        agree(got, np.array(want, np.float32), name, ("row",))


def _is_one_of(got: object, others: Sequence[Any]) -> bool:
    is_array = isinstance(got, np.ndarray) and got.dtype.kind == "f" and got.shape == (2, 2)
    return is_array and any(np.allclose(got, other, atol=1e-4) for other in others)


@pytest.mark.criterion("3b.forward")
@pytest.mark.visible
def test_a_sentiment_leaves_its_tokens_alone(student: Any) -> None:
    model = student.SentimentRNN(7, 3, 5, 2, 4)
    tokens, lengths = np.array([[0, 1], [6, 2]]), np.array([2, 1])
    after = model.arguments_after(tokens, lengths=lengths)
    untouched(after, (tokens, lengths), ("tokens", "lengths"))
    learns(model, SENTIMENT_LAYERS, tokens)


@pytest.mark.criterion("3b.lengths")
@pytest.mark.visible
def test_sentiment_of_padded_rows(student: Any) -> None:
    model = _small_sentiment(student)
    if model is None:  # which costs under 3b.layers
        return
    # Row 0 has one real token: tanh(0.5); row 1 has two: tanh(-0.5), tanh(0.5 - 0.924234)
    tokens, lengths = np.array([[0, 0, 1], [1, 0, 1]]), np.array([1, 2])
    others = [[[1.0, -1.0], [1.0, -1.0]]]  # with a relu
    others += [[[0.962117, -0.924234], [1.390479, -1.780958]]]  # with time first
    want = [[0.962117, -0.924234], [0.099505, 0.800990]]
    _agree_with_one(model(tokens, lengths=lengths), want, others, "Of padded rows, the logits")


@pytest.mark.criterion("3b.loss")
@pytest.mark.visible
def test_masked_loss_by_hand(student: Any) -> None:
    # Probabilities 1/8, 2/8, 5/8 and 1/3, 1/3, 1/3
    row = [np.log([1.0, 2.0, 5.0]), np.ones(3), np.array([5.0, 0.0, -5.0])]
    logits, targets = np.array([row, row]), np.array([[1, 0, 7], [1, -100, -1]])  # N=2, T=3, V=3
    got = student.masked_cross_entropy(logits, targets, np.array([2, 1]))
    agree(got, 1.290400, "Of probabilities 1/4, 1/3 and 1/4, the mean loss")
    arguments = (logits, targets, np.array([2, 1]))
    after = student.arguments_after.masked_cross_entropy(*arguments)
    untouched(after, arguments, ("logits", "targets", "lengths"))


@pytest.mark.criterion("3b.loss")
@pytest.mark.visible
def test_masked_loss_of_large_logits(student: Any) -> None:
    logits = np.array([[[10_000.0, 0.0], [0.0, 10_000.0]]])  # N=1, T=2, V=2
    got = student.masked_cross_entropy(logits, np.array([[1, 0]]), np.array([1]))
    agree(got, 10_000.0, "Of logits 10000 and 0 with target 1, the loss")


# -- 3c dropout -----------------------------------------------------------------------------------


def _mask_of(got: object, shape: tuple[int, ...], name: str) -> Array:
    """The mask as booleans; one of 0 and 1 counts too."""
    what = item(got, 1, ("y", "mask"))
    array = np.asarray(what) if isinstance(what, np.ndarray | list | bool) else as_array(what, name)
    if array.dtype.kind not in "biuf":
        raise Disagreement(f"{name}: not True and False.")
    if array.shape != shape:
        raise Disagreement(f"{name}: not the shape {shape}.", f"The shape is {array.shape}.")
    if not bool(np.isin(array, (0, 1)).all()):
        raise Disagreement(f"{name}: not True and False alone.")
    return array.astype(bool)


@pytest.mark.criterion("3c.mask")
@pytest.mark.visible
def test_the_rate_of_dropout(student: Any) -> None:
    for p in (0.2, 0.5, 0.9):
        x = np.ones((40, 30))
        mask = _mask_of(student.dropout(x, p, np.random.default_rng(1)), (40, 30), "The mask")
        rows = {tuple(row) for row in mask.tolist()}
        if len(rows) == 1:
            raise Disagreement("Every row has the same mask: each entry is drawn by itself.")
        if all(len(set(row)) == 1 for row in rows):
            message = "Each row is kept or dropped as a whole: each entry is drawn by itself."
            raise Disagreement(message)
        try:
            follows(mask.ravel().astype(int).tolist(), np.array([p, 1 - p]), "The mask")
        except Disagreement as error:
            message = f"For p={p}, entries are not dropped with this probability."
            raise Disagreement(message, error.detail) from None


@pytest.mark.criterion("3c.mask")
@pytest.mark.visible
def test_the_mask_follows_its_generator(student: Any) -> None:
    x = np.ones(60)

    def mask(number: int) -> Array:
        return _mask_of(student.dropout(x, 0.5, np.random.default_rng(number)), (60,), "The mask")

    first = mask(4)
    if (first != mask(4)).any():
        message = "Two generators with the same seed give different masks: draw from `rng` alone."
        raise Disagreement(message, says_what_to_do=True)
    if (first == mask(5)).all():
        raise Disagreement("Generators with different seeds give the same mask.")
    arguments = (x, 0.5, np.random.default_rng(4))
    untouched(student.arguments_after.dropout(*arguments), arguments, ("x", "p", "rng"))


@pytest.mark.criterion("3c.scale", of=(0,))
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("p", [0.5, 0.6])
def test_what_is_kept_is_scaled(student: Any, p: float, kind: str) -> None:
    x = np.arange(1, 61, dtype=kind)
    _is_scaled([(student.dropout(x, p, np.random.default_rng(2)), x, p)])


def _is_scaled(answers: Sequence[tuple[object, Array, float]]) -> None:
    """Each y is what its mask says, or throughout what its opposite does.

    A right mask of 60 entries is never all True or all False: at p = 0.6, with a chance of 5e-14
    that all are dropped.
    """
    read = [(_mask_of(got, x.shape, "The mask"), got, x, p) for got, x, p in answers]
    if all(mask.all() or not mask.any() for mask, *_ in read):
        raise Disagreement("Nothing is dropped, or all of it.")

    def wanted(mask: Array, x: Array, p: float) -> Array:
        return np.where(mask, x / (1 - p), 0).astype(x.dtype)

    def check(opposite: bool) -> None:
        for mask, got, x, p in read:
            want = wanted(~mask if opposite else mask, x, p)
            agree(item(got, 0, ("y", "mask")), want, "`y`, given the mask that is returned")

    try:
        check(opposite=False)
    except Disagreement:
        with suppress(Disagreement):
            check(opposite=True)
            return
        raise


@pytest.mark.criterion("3c.off")
@pytest.mark.visible
def test_dropout_without_training(student: Any) -> None:
    _drops_at_all(student, np.random.default_rng(3))
    x = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, 4.0]])
    got = student.dropout(x, 0.5, np.random.default_rng(3), training=False)
    _is_off(got, x, "Not in training")
    _is_off(student.dropout(x, 0.0, np.random.default_rng(3)), x, "With p=0")


def _drops_at_all(student: Any, generator: np.random.Generator) -> None:
    """What never drops anything earns nothing for not dropping."""
    x = np.ones(60)
    got = student.dropout(x, 0.5, generator)
    mask = _mask_of(got, (60,), "The mask")
    y = as_array(item(got, 0, ("y", "mask")), "`y`")
    if mask.all() or not mask.any() or y.shape != x.shape or y.all():
        raise Disagreement("In training at p=0.5, nothing is dropped, or all of it.")


def _is_off(got: object, x: Array, called: str) -> None:
    agree(item(got, 0, ("y", "mask")), x, f"{called}, `y`")
    if not _mask_of(got, x.shape, f"{called}, the mask").all():
        raise Disagreement(f"{called}, the mask: something is dropped.")


@pytest.mark.criterion("3c.backward")
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_dropout_backward_by_hand(student: Any, kind: str) -> None:
    dy = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]], kind)
    mask = np.array([[True, False, True], [False, False, True]])
    got = student.dropout_backward(dy, mask, 0.75)
    want = np.array([[4.0, 0.0, 12.0], [0.0, 0.0, -4.0]], kind)
    agree(got, want, f"In {kind}, the gradient", ("row",))
    agree(student.dropout_backward(dy, mask | True, 0.0), dy, "With p=0, the gradient", ("row",))
    after = student.arguments_after.dropout_backward(dy, mask, 0.75)
    untouched(after, (dy, mask, 0.75), ("dy", "mask", "p"))


# == Task 04, Writing and Translating: the generator, one to many. ================================


# -- 4a the generator -----------------------------------------------------------------------------


LSTM_LAYERS = {"lstm": "LSTM", "fc": "Linear"}


def _lstm_shapes(V: int, H: int, L: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(L):
        shapes |= {f"lstm.weight_ih_l{layer}": (4 * H, H if layer else V)}
        shapes |= {f"lstm.weight_hh_l{layer}": (4 * H, H)}
        shapes |= {f"lstm.bias_{which}_l{layer}": (4 * H,) for which in ("ih", "hh")}
    return shapes | {"fc.weight": (V, H), "fc.bias": (V,)}


@pytest.mark.criterion("4a.layers")
@pytest.mark.visible
@pytest.mark.parametrize("sizes", [(9,), (7, 5, 3), (6, 4, 1)])
def test_lstm_layers(student: Any, sizes: Sequence[int]) -> None:
    model = student.CharLSTM(*sizes)
    kinds = model.kinds()
    for name, kind in LSTM_LAYERS.items():
        if entry(kinds, name, "The layers of the model") != kind:
            raise Disagreement(f"`{name}` is an nn.{kinds[name]}, expected an nn.{kind}.")
    wanted = _lstm_shapes(*(sizes if len(sizes) > 1 else (*sizes, 512, 2)))
    found = model.shapes()
    for name, shape in wanted.items():
        if tuple(entry(found, name, "The parameters of the model")) != shape:
            raise Disagreement(f"`{name}` is {tuple(found[name])}, expected {shape}.")
    for name in found:
        if name not in wanted:
            raise Disagreement(f"The model has a parameter `{name}` too many.")


@pytest.mark.criterion("4a.layers")
@pytest.mark.visible
def test_lstm_layers_read_the_batch_first(student: Any) -> None:
    answer: Any = None
    with suppress_raised():  # which costs under 4a.forward
        model = _small_lstm(student)
        answer = None if model is None else model(np.array([[0, 0]]))
    logits = answer[0] if isinstance(answer, list) and answer else answer
    if isinstance(logits, np.ndarray) and logits.shape == (1, 2, 2) and _time_first(logits):
        message = "The layer `lstm` treats its first axis as time: is `batch_first=True` missing?"
        raise Disagreement(message)


@pytest.mark.criterion("4a.forget")
@pytest.mark.visible
@pytest.mark.parametrize("sizes", [(5,), (4, 3, 1), (4, 3, 3)])
def test_forget_gates_start_open(student: Any, sizes: Sequence[int]) -> None:
    biases = student.CharLSTM(*sizes).parameters("lstm.bias")
    # Another number of layers or units than asked for costs under 4a.layers.
    layers = [layer for layer in range(3) if f"lstm.bias_ih_l{layer}" in biases] or [0]
    forget, others = [], []
    for layer in layers:
        both = [
            as_array(entry(biases, f"lstm.bias_{which}_l{layer}", "The biases"), "A bias")
            for which in ("ih", "hh")
        ]
        H = np.size(both[0]) // 4
        if not H or any(bias.shape != (4 * H,) for bias in both):
            raise Disagreement(f"The biases of layer {layer} are not those of four gates.")
        total = both[0].astype(float) + both[1]
        forget.append(total[H : 2 * H])
        others += [total[:H], total[2 * H :]]
    for layer, total in enumerate(forget):
        name = f"Of layer {layer}, both biases of the forget gate together"
        if np.abs(total - 1).max() > 1e-5:
            agree(total, np.ones(len(total)), name, ("unit",))
            raise Disagreement(f"{name}: not 1 to five digits.")
    if all((np.abs(total - 1) < 1e-5).all() for total in others):
        raise Disagreement("The biases of all gates add up to 1, not of the forget gate alone.")


@pytest.mark.criterion("4a.forward", of=(0,))
@pytest.mark.visible
def test_lstm_with_zero_weights(student: Any) -> None:
    model = student.CharLSTM(4, 3, 2)  # V, H, L
    # All weights are zero, so each state is zero, and each logit the bias of `fc`.
    weights = {name: np.zeros(old.shape) for name, old in parameters_of(model).items()}
    bias = np.zeros(4)
    if "fc.bias" in weights:
        bias = np.resize([0.5, -1.0, 2.0, 0.0], weights["fc.bias"].shape)
        weights["fc.bias"] = bias
    model.load(weights)
    tokens = np.array([[0, 1], [3, 2], [3, 3]])  # N=3, T=2
    logits = item(model(tokens), 0, ("logits", "state"))
    agree(logits, np.tile(bias, (3, 2, 1)), "With all other weights zero, the logits")


def _small_lstm(student: Any) -> Any:
    """A model of one unit and one layer whose parameters are set, or None where it has others."""
    given = {
        "lstm.weight_ih_l0": np.array([[0.0, 0.0], [0.0, 0.0], [0.5, -0.5], [0.0, 0.0]]),
        "lstm.weight_hh_l0": np.zeros((4, 1)),
        "lstm.bias_ih_l0": np.array([50.0, 50.0, 0.0, 50.0]),  # all gates are open
        "lstm.bias_hh_l0": np.zeros(4),
        "fc.weight": np.array([[1.0], [-2.0]]),
        "fc.bias": np.array([0.5, 0.0]),
    }
    model = student.CharLSTM(2, 1, 1)
    found = parameters_of(model)
    if {name: old.shape for name, old in found.items()} != {n: p.shape for n, p in given.items()}:
        return None
    model.load(given)
    return model


@pytest.mark.criterion("4a.forward", of=(0,))
@pytest.mark.visible
def test_logits_of_two_steps(student: Any) -> None:
    model = _small_lstm(student)
    if model is None:  # which costs under 4a.layers
        return
    # c: tanh(0.5) = 0.462117, then 0.924234; h: tanh of these, 0.431809 and 0.727860
    logits = item(model(np.array([[0, 0]])), 0, ("logits", "state"))
    want = [[[0.931809, -0.863619], [1.227860, -1.455720]]]
    if np.shape(logits) == (1, 2, 2) and _time_first(logits):
        return
    agree(logits, np.array(want, np.float32), "Of two steps, the logits", ("row", "time step"))


def _time_first(logits: Any) -> bool:
    """Whether the steps are read as rows, without `batch_first`, which costs under 4a.layers."""
    alone = [[[0.931809, -0.863619], [0.931809, -0.863619]]]
    return bool(np.allclose(logits, alone, atol=1e-4))


@pytest.mark.criterion("4a.forward", of=(0,))
@pytest.mark.visible
def test_an_lstm_leaves_its_arguments_alone(student: Any) -> None:
    model = student.CharLSTM(4, 3, 2)
    tokens, state = np.array([[0, 1], [3, 2]]), (np.ones((2, 2, 3)), np.ones((2, 2, 3)))
    after = model.arguments_after(tokens, state=state)
    untouched(after, (tokens, state), ("tokens", "state"))
    learns(model, LSTM_LAYERS, tokens)


STATES = ((1, 0), (1, 1))


@pytest.mark.criterion("4a.state", of=STATES)
@pytest.mark.visible
def test_lstm_in_two_halves(student: Any) -> None:
    model = student.CharLSTM(7, 5, 2)  # V, H, L
    tokens = np.array([[0, 1, 5, 2], [6, 2, 4, 4], [3, 3, 0, 1]])  # N=3, T=4
    at_once, half_way = (_state_of(model(part), (2, 3, 5)) for part in (tokens, tokens[:, :2]))
    in_halves = _state_of(model(tokens[:, 2:], state=half_way), (2, 3, 5))
    for name, got, want in zip(("h", "c"), in_halves, at_once, strict=True):
        agree(got, want, f"Read in two halves, the last {name}", ("layer", "row"))


def _state_of(answer: object, shape: tuple[int, ...]) -> tuple[Array, Array]:
    """h and c of what a model returns."""
    state = item(answer, 1, ("logits", "state"))
    h, c = (as_array(item(state, index, ("h", "c")), name) for index, name in enumerate("hc"))
    for name, array in (("h", h), ("c", c)):
        if array.shape != shape:
            message = f"The state {name}: not the shape {shape}."
            raise Disagreement(message, f"The shape is {array.shape}.")
    return h, c


@pytest.mark.criterion("4a.state", of=STATES)
@pytest.mark.visible
def test_lstm_state_by_hand(student: Any) -> None:
    model = _small_lstm(student)
    if model is None:  # which costs under 4a.layers
        return
    # All gates are open: each token 0 adds tanh(0.5) to the memory, each token 1 takes it away.
    tokens = np.array([[0, 0], [0, 1]])  # N=2, T=2
    h, c = _state_of(model(tokens), (1, 2, 1))
    agree(c, np.array([[[0.924234], [0.0]]], np.float32), "After two steps, c", ("layer", "row"))
    agree(h, np.array([[[0.727860], [0.0]]], np.float32), "After two steps, h", ("layer", "row"))
    before = np.zeros((1, 2, 1)), np.array([[[1.0], [-2.0]]])
    h, c = _state_of(model(tokens, state=before), (1, 2, 1))
    want = np.array([[[1.924234], [-2.0]]], np.float32)
    agree(c, want, "After two steps from a state, c", ("layer", "row"))


# -- 4b one to many -------------------------------------------------------------------------------


def _counting() -> tuple[Array, ...]:
    """The state says which of four tokens was read last, and the next one is written."""
    W_e, W_x = np.eye(4), np.zeros((4, 16))  # V=E=H=4
    W_x[:, 8:12] = 9 * np.eye(4)
    b = np.repeat([50.0, -50.0, 0.0, 50.0], 4)  # i and o are open, f is closed
    return W_e, W_x, np.zeros((4, 16)), b, 9 * np.roll(np.eye(4), 1, axis=1), np.zeros(4)


@pytest.mark.criterion("4b.decode")
@pytest.mark.visible
def test_counting_on(student: Any) -> None:
    zeros, weights = np.zeros(4), _counting()
    for start, end, most, want in (
        (0, 3, 9, [1, 2]),  # 3 would come next
        (1, 0, 9, [2, 3]),
        (2, 1, 9, [3, 0]),
        (0, 1, 9, []),
        (0, 3, 1, [1]),
        (0, 3, 0, []),
    ):
        got = student.decode(zeros, zeros, start, end, most, *weights)
        called = f"From {start} up to {end}, at most {most}, the tokens"
        agree(token_ids(got, 4, called), want, called)


@pytest.mark.criterion("4b.decode")
@pytest.mark.visible
def test_a_memory_of_the_context(student: Any) -> None:
    # The one unit keeps its memory, since f is open and i closed; o is open after token 0 alone.
    # The memory is what the context says: up, and token 1 comes first, or down, and token 2 does.
    W_e, W_x = np.eye(4), np.zeros((4, 4))  # V=E=4, H=1
    W_x[:, 3] = [50.0, -50.0, -50.0, -50.0]
    b, W_y = np.array([-50.0, 50.0, 0.0, 0.0]), np.array([[0.0, 9.0, -9.0, 0.0]])
    weights = (W_e, W_x, np.zeros((1, 4)), b, W_y, np.array([0.0, 0.0, 0.0, 1.0]))
    for memory, first in ((1.0, 1), (-1.0, 2)):
        arguments = (np.zeros(1), np.array([memory]), 0, 3, 5, *weights)
        got = student.decode(*arguments)
        agree(token_ids(got, 4, "The tokens"), [first], f"From a memory of {memory:g}, the tokens")
    names = ("h0", "c0", "start", "end", "max_length", "W_e", "W_x", "W_h", "b", "W_y", "b_y")
    untouched(student.arguments_after.decode(*arguments), arguments, names)


@pytest.mark.criterion("4b.decode")
@pytest.mark.visible
def test_the_most_likely_token_though_others_are_close(student: Any) -> None:
    # All but `b_y` is zero: token 1 leads at every step, by 0.05 alone. It is never drawn.
    W_e, W_x, W_h = np.zeros((3, 1)), np.zeros((1, 4)), np.zeros((1, 4))  # V=3, E=H=1
    b_y = np.array([0.0, 0.1, 0.05])
    weights = (W_e, W_x, W_h, np.zeros(4), np.zeros((1, 3)), b_y)
    got = student.decode(np.zeros(1), np.zeros(1), 2, 0, 12, *weights)
    called = "Of logits 0, 0.1 and 0.05, the tokens"
    agree(token_ids(got, 3, called), [1] * 12, called)
