"""Task 02, Gates: the LSTM cell, one step back through it, the GRU cell and a test of it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from autograder.checks.agree import (
    Array,
    Disagreement,
    Partial,
    agree,
    as_array,
    entry,
    item,
    kind_of,
    untouched,
)
from autograder.checks.inputs import Rng, distinct, single, uniform

from .cells import MAX_CALLS, RIGHT, WRONG, Cell, Counted, telling_input
from .inputs import gru_step, lstm_step, saturated_step

LSTM = ("x_t", "h_prev", "c_prev", "W_x", "W_h", "b")
GRU = ("x_t", "h_prev", "W_x", "W_h", "b_x", "b_h")
STATES = ("h_t", "c_t")
GRADIENTS = ("dx_t", "dh_prev", "dc_prev", "dW_x", "dW_h", "db")


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


@pytest.mark.criterion("2a.sigmoid")
@pytest.mark.hidden
def test_sigmoid(student: Any, reference: Any, rng: Rng) -> None:
    sizes = distinct(rng, 4)
    for shape in (sizes[:1], sizes[:2], sizes[:3], sizes, (1,), (1, 4), (3, 3), (512,)):
        z = uniform(rng, *shape, scale=6.0)
        z.flat[0] = abs(z.flat[0])
        called = f"Of numbers of the shape {tuple(shape)}, the sigmoid"
        agree(student.sigmoid(z), reference.sigmoid(z), called)
    z = uniform(rng, *sizes[:2], scale=6.0).astype(np.float32)
    agree(student.sigmoid(z), reference.sigmoid(z), "In float32, the sigmoid")


@pytest.mark.criterion("2a.sigmoid")
@pytest.mark.hidden
def test_sigmoid_of_extreme_numbers(student: Any, reference: Any, rng: Rng) -> None:
    for shape in ((6,), (3, 4), (2, 3, 2)):
        for level in (50.0, 800.0, 1e4):
            z = uniform(rng, *shape, scale=3.0)
            z.flat[0] = level
            where = rng.permuted(np.arange(z.size)).reshape(shape)
            z[where < 2], z[(where >= 2) & (where < 4)] = level, -level
            called = f"Of numbers with {level:g} and -{level:g} among them, the sigmoid"
            agree(student.sigmoid(z), reference.sigmoid(z), called)
    for z in (np.full(3, 1e4), np.full((2, 2), -1e4)):
        agree(student.sigmoid(z), reference.sigmoid(z), "Of extreme numbers alone, the sigmoid")


@pytest.mark.criterion("2a.sigmoid")
@pytest.mark.hidden
def test_sigmoid_leaves_its_argument_alone(student: Any, rng: Rng) -> None:
    for z in (uniform(rng, 5), uniform(rng, 3, 4)):
        untouched(student.arguments_after.sigmoid(z), (z,), ("z",))


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


@MEMORY
@pytest.mark.hidden
def test_memory(student: Any, reference: Any, rng: Rng) -> None:
    for N, E, H in (
        distinct(rng, 3),
        (1, 4, 3),
        (4, 3, 3),
        (3, 3, 3),
        (5, 1, 2),
        (2, 3, 1),
        (8, 60, 40),
    ):
        _agree_memory(student, reference, lstm_step(rng, N, E, H), f"For N={N}, E={E}, H={H}")
    for N, E, H in (distinct(rng, 3, 3, 6), (1, 2, 12)):
        arguments = saturated_step(rng, N, E, H)
        _agree_memory(student, reference, arguments, "Of gates that are open or closed")
    x_t, h_prev, c_prev, W_x, W_h, b = lstm_step(rng, 3, 4, 5)
    _agree_memory(student, reference, (x_t, h_prev, 50 * c_prev, W_x, W_h, b), "Of a large memory")
    arguments = single((x_t, h_prev, c_prev, W_x, W_h, b))
    _agree_memory(student, reference, arguments, "In float32")


def _agree_memory(student: Any, reference: Any, arguments: tuple[Array, ...], called: str) -> None:
    got = item(student.lstm_cell_forward(*arguments), 1, STATES)
    agree(got, reference.lstm_cell_forward(*arguments)[1], f"{called}, c_t", ("row", "unit"))


@MEMORY
@pytest.mark.hidden
def test_lstm_cell_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = lstm_step(rng, 3, 4, 5)
    untouched(student.arguments_after.lstm_cell_forward(*arguments), arguments, LSTM)


@OUTPUT
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_output_by_hand(student: Any, kind: str) -> None:
    # o = 3/4, 1/2, for the c_t that is returned, or for the right one.
    answer = student.lstm_cell_forward(*_one_step(kind))
    gates, right = np.array([[0.75, 0.5]], kind), np.array([[1.846588, -1.768941]], kind)
    _agree_output(answer, gates, right, f"In {kind}, h_t")


@OUTPUT
@pytest.mark.hidden
def test_output(student: Any, reference: Any, rng: Rng) -> None:
    for N, E, H in (distinct(rng, 3), (1, 4, 3), (4, 3, 3), (3, 3, 3), (5, 1, 2), (2, 3, 1)):
        _check_output(student, reference, lstm_step(rng, N, E, H), f"For N={N}, E={E}, H={H}, h_t")
    _check_output(student, reference, single(lstm_step(rng, 3, 4, 5)), "In float32, h_t")


def _check_output(student: Any, reference: Any, arguments: tuple[Array, ...], name: str) -> None:
    x_t, h_prev, _, W_x, W_h, b = arguments
    z = x_t @ W_x + h_prev @ W_h + b
    gates = reference.sigmoid(z[:, -z.shape[1] // 4 :])
    right = reference.lstm_cell_forward(*arguments)[1]
    _agree_output(student.lstm_cell_forward(*arguments), gates, right, name)


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


@pytest.mark.parametrize("name", OF_CELL)
@pytest.mark.hidden
def test_one_step_back(student: Any, reference: Any, rng: Rng, name: str) -> None:
    index = GRADIENTS.index(name)

    def check(arguments: tuple[Array, ...], called: str) -> None:
        got = item(student.lstm_cell_backward(*arguments), index, GRADIENTS)
        agree(got, reference.lstm_cell_backward(*arguments)[index], f"{called}, `{name}`")

    for N, E, H in (
        distinct(rng, 3),
        (1, 4, 3),
        (4, 3, 3),
        (3, 3, 3),
        (3, 2, 1),
        (2, 1, 4),
        (8, 40, 30),
    ):
        arguments = uniform(rng, N, H), uniform(rng, N, H), *lstm_step(rng, N, E, H)
        check(arguments, f"For N={N}, E={E}, H={H}")
    dh_t, dc_t, *step = (uniform(rng, 3, 4), uniform(rng, 3, 4), *lstm_step(rng, 3, 2, 4))
    check((0 * dh_t, dc_t, *step), "Where nothing comes back from h_t")
    check((dh_t, 0 * dc_t, *step), "Where nothing comes back from the next memory")
    check(single((dh_t, dc_t, *step)), "In float32")


@pytest.mark.criterion("2b.dx", of=(0,))
@pytest.mark.hidden
def test_one_step_back_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = uniform(rng, 3, 5), uniform(rng, 3, 5), *lstm_step(rng, 3, 4, 5)
    after = student.arguments_after.lstm_cell_backward(*arguments)
    untouched(after, arguments, ("dh_t", "dc_t", *LSTM))


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


@pytest.mark.criterion("2c.cell")
@pytest.mark.hidden
def test_gru_cell(student: Any, reference: Any, rng: Rng) -> None:
    def check(arguments: tuple[Array, ...], called: str) -> None:
        got, want = student.gru_cell_forward(*arguments), reference.gru_cell_forward(*arguments)
        agree(got, want, f"{called}, h_t", ("row", "unit"))

    for N, E, H in (
        distinct(rng, 3),
        (1, 4, 3),
        (4, 3, 3),
        (3, 3, 3),
        (5, 1, 2),
        (2, 3, 1),
        (8, 60, 40),
    ):
        check(gru_step(rng, N, E, H), f"For N={N}, E={E}, H={H}")
    x_t, h_prev, W_x, W_h, b_x, b_h = gru_step(rng, 3, 4, 5)
    signs = rng.choice([-1.0, 1.0], size=b_x.shape)
    check((x_t, h_prev, W_x, W_h, 40 * signs, b_h), "Of gates that are open or closed")
    check((x_t, 4 * h_prev, W_x, W_h, b_x, b_h), "Of a large state")
    check(single((x_t, h_prev, W_x, W_h, b_x, b_h)), "In float32")


@pytest.mark.criterion("2c.cell")
@pytest.mark.hidden
def test_gru_cell_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = gru_step(rng, 3, 4, 5)
    untouched(student.arguments_after.gru_cell_forward(*arguments), arguments, GRU)


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


@pytest.mark.criterion("2c.test")
@pytest.mark.hidden
def test_right_and_wrong_cells(student: Any, reference: Any, rng: Rng) -> None:
    # In an order that no test can know: what it answers must come from the cell.
    cells = [*RIGHT, *WRONG]
    order = rng.permutation(len(cells)).tolist()
    accepted = {cells[index].name for index in order if _accepts_counted(student, cells[index])}
    for cell in RIGHT:
        if cell.name not in accepted:
            raise Disagreement(f"A right cell is rejected: one {cell.title}.")
    slipped = [cell for cell in WRONG if cell.name in accepted]
    if not slipped:
        return
    # How many these are shows in the points.
    many = "All" if len(slipped) == len(WRONG) else "Some"
    message = f"{many} wrong cells are accepted, among them one {slipped[0].title}. "
    message += telling_input(slipped[0], reference.gru_cell_forward)
    if len(slipped) == len(WRONG):
        raise Disagreement(message)
    raise Partial(1 - len(slipped) / len(WRONG), message)


def _accepts_counted(student: Any, cell: Cell) -> bool:
    counted = Counted(cell.function)
    try:
        accepted = _accepts(student, counted, may_raise=cell in WRONG)
    except Exception as error:
        if getattr(getattr(error, "raised", None), "type", "") == "AssertionError":
            return False
        raise
    if counted.calls > MAX_CALLS:
        raise Disagreement(f"The cell is called more than {MAX_CALLS} times.")
    return accepted


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


@pytest.mark.parametrize("cell", PARTS_OF_CELLS)
@pytest.mark.hidden
def test_counts(student: Any, rng: Rng, cell: str) -> None:
    for E, H in ((128, 256), distinct(rng, 2, 2, 90), distinct(rng, 2, 2, 90), (1, 1), (5, 5)):
        blocks = {"rnn": 1, "lstm": 4, "gru": 3}[cell]
        want = sum(math.prod(shape) for shape in ((blocks * H, E), (blocks * H, H)))
        want += 2 * blocks * H
        agree(entry(student.cell_parameters(E, H), cell), want, f'The count of "{cell}"')
