"""Task 01, Why Memory Fades: the chain, remedies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from autograder.checks.agree import Array, Disagreement, agree, as_array, entry, item, untouched
from autograder.checks.inputs import Rng, distinct, seed, single, uniform

from .inputs import long_training, recurrent_weights, rotation, training

TRAINING = ("x", "targets", "h0", "W_x", "W_h", "b_h", "W_y", "b_y", "k")
OF_TRAINING = ("loss", "grads", "h_T")
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


@pytest.mark.criterion("1a.jacobian")
@pytest.mark.hidden
def test_jacobian(student: Any, reference: Any, rng: Rng) -> None:
    for N, H in (distinct(rng, 2), (1, 4), (4, 4), (3, 1), (1, 1), (2, 40)):
        h_t, W_h = uniform(rng, N, H, scale=0.98), uniform(rng, H, H, scale=2.0)
        got, want = student.step_jacobian(h_t, W_h), reference.step_jacobian(h_t, W_h)
        agree(got, want, f"For N={N}, H={H}, the Jacobian", ("row",))
    h_t, W_h = single((uniform(rng, 3, 5, scale=0.98), uniform(rng, 5, 5)))
    want = reference.step_jacobian(h_t, W_h)
    agree(student.step_jacobian(h_t, W_h), want, "In float32, the Jacobian", ("row",))


@pytest.mark.criterion("1a.jacobian")
@pytest.mark.hidden
def test_jacobian_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = uniform(rng, 3, 4, scale=0.9), uniform(rng, 4, 4)
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


@pytest.mark.criterion("1a.norms")
@pytest.mark.hidden
def test_norms(student: Any, reference: Any, rng: Rng) -> None:
    sizes = distinct(rng, 3, 3)
    for N, T, H in (sizes, (1, 5, 4), (4, 1, 3), (3, 2, 4), (4, 4, 4), (3, 5, 1), (1, 1, 1)):
        _, W_h, _ = recurrent_weights(rng, 1, H)
        arguments = uniform(rng, N, H), uniform(rng, N, T, H, scale=0.9), 1.5 * W_h
        got, want = student.gradient_norms(*arguments), reference.gradient_norms(*arguments)
        agree(got, want, f"For N={N}, T={T}, H={H}, the norms", ("row", "time step"))
    arguments = single(arguments)
    N, T, H = sizes
    arguments = single((uniform(rng, N, H), uniform(rng, N, T, H, scale=0.5), rotation(rng, H)))
    want = reference.gradient_norms(*arguments)
    agree(student.gradient_norms(*arguments), want, "In float32, the norms", ("row", "time step"))


@pytest.mark.criterion("1a.norms")
@pytest.mark.hidden
def test_norms_over_many_steps(student: Any, reference: Any, rng: Rng) -> None:
    # A rotation and small states: what is left of the gradient at the first step is not small.
    for N, T, H in ((3, 64, 20), (2, 50, 64)):
        h = uniform(rng, N, T, H, scale=0.1)
        arguments = uniform(rng, N, H), h, 1.002 * rotation(rng, H)
        got, want = student.gradient_norms(*arguments), reference.gradient_norms(*arguments)
        agree(got, want, f"For T={T}, H={H}, the norms", ("row", "time step"))


@pytest.mark.criterion("1a.norms")
@pytest.mark.hidden
def test_norms_leave_their_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = uniform(rng, 3, 4), uniform(rng, 3, 5, 4, scale=0.9), uniform(rng, 4, 4)
    after = student.arguments_after.gradient_norms(*arguments)
    untouched(after, arguments, ("dh_T", "h", "W_h"))


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


@LOSS
@pytest.mark.hidden
def test_loss_and_last_state(student: Any, reference: Any, rng: Rng) -> None:
    N, T, E, H, V = distinct(rng, 5, 3)
    for rows, steps, k in ((N, T, 2), (1, T, T), (N, 1, 1), (N, T, T + 2), (2, 30, 7)):
        arguments = (*training(rng, rows, steps, E, H, V), k)
        got, want = student.truncated_bptt(*arguments), reference.truncated_bptt(*arguments)
        called = f"For N={rows}, T={steps}, k={k}"
        agree(item(got, 0, OF_TRAINING), want[0], f"{called}, the loss")
        agree(item(got, 2, OF_TRAINING), want[2], f"{called}, h_T", ("row",))


@LOSS
@pytest.mark.hidden
def test_truncated_bptt_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = (*training(rng, 2, 5, 3, 4, 6), 2)
    untouched(student.arguments_after.truncated_bptt(*arguments), arguments, TRAINING)


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


@GRADIENTS
@pytest.mark.hidden
def test_gradients(student: Any, reference: Any, rng: Rng) -> None:
    N, T, E, H, V = distinct(rng, 5, 4, 9)
    asked: list[tuple[Sequence[int], int]] = [
        ((N, T, E, H, V), 1),
        ((N, T, E, H, V), 3),
        ((N, T, E, H, V), T - 1),
        ((N, T, E, H, V), T),
        ((N, T, E, H, V), T + 3),
        ((1, 6, 2, 4, 3), 2),
        ((3, 1, 4, 2, 5), 2),
        ((1, 1, 1, 1, 2), 1),
        ((3, 3, 3, 3, 3), 2),
        ((2, 8, 3, 1, 4), 4),
        ((2, 7, 1, 5, 3), 4),
    ]
    for sizes, k in asked:
        arguments = training(rng, *sizes)
        _agree_gradients(student, reference, (*arguments, k), f"For N={sizes[0]}, T={sizes[1]}")
    arguments = single(training(rng, 3, 5, 2, 4, 6))
    _agree_gradients(student, reference, (*arguments, 2), "In float32, for T=5")


@GRADIENTS
@pytest.mark.hidden
def test_gradients_over_many_steps(student: Any, reference: Any, rng: Rng) -> None:
    T = int(rng.integers(105, 120))
    arguments = long_training(rng, 2, T, 3, 5, 4)
    for k in (int(rng.integers(30, 40)), T):
        _agree_gradients(student, reference, (*arguments, k), f"For T={T}")


def _agree_gradients(student: Any, reference: Any, arguments: tuple[Any, ...], called: str) -> None:
    grads = item(student.truncated_bptt(*arguments), 1, OF_TRAINING)
    want = reference.truncated_bptt(*arguments)[1]
    for key in KEYS:
        name = f'{called}, k={arguments[-1]}, the gradient of "{key}"'
        agree(entry(grads, key, "`grads`"), want[key], name)


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


@pytest.mark.criterion("1b.values")
@pytest.mark.hidden
def test_clipping_values(student: Any, rng: Rng) -> None:
    grads = {
        "x": uniform(rng, 2, 3, 4, scale=9.0),
        "W_h": uniform(rng, 5, 5, scale=3.0),
        "b_h": uniform(rng, 5, scale=0.1),
        "another": uniform(rng, 1, scale=20.0),
    }
    for limit in (float(rng.uniform(0.5, 2.0)), 5.0, 0.01, 100.0):
        got = student.clip_values(grads, limit)
        for key, grad in grads.items():
            want = np.minimum(np.maximum(grad, -limit), limit)
            agree(entry(got, key), want, f'With some limit, "{key}"')
    exact = {"a": np.array([1.0, -1.0, 0.0, 1.5, -1.5])}
    agree(
        entry(student.clip_values(exact, 1.0), "a"),
        [1, -1, 0, 1.0, -1.0],
        "At the limit, the array",
    )
    # Above the limit on one side alone, and all of it beyond.
    for sign in (1.0, -1.0):
        beyond = {"a": sign * rng.uniform(2.0, 3.0, size=(2, 3)), "b": sign * rng.uniform(size=3)}
        got = student.clip_values(beyond, 1.5)
        agree(entry(got, "a"), np.full((2, 3), sign * 1.5), "Where all of an array is beyond, it")
        agree(entry(got, "b"), beyond["b"], "Where all of an array is within, it")
    small = {key: grad.astype(np.float32) for key, grad in grads.items()}
    got = student.clip_values(small, 2.0)
    for key, grad in small.items():
        agree(entry(got, key), np.minimum(np.maximum(grad, -2), 2), f'In float32, "{key}"')


@pytest.mark.criterion("1b.values")
@pytest.mark.hidden
def test_clipping_values_leaves_its_argument_alone(student: Any, rng: Rng) -> None:
    grads = {"W": uniform(rng, 3, 4, scale=9.0), "b": uniform(rng, 4)}
    after = student.arguments_after.clip_values(grads, 1.0)
    untouched(after, (grads, 1.0), ("grads", "limit"))


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


@ORTHOGONAL
@pytest.mark.hidden
def test_orthogonal(student: Any, rng: Rng) -> None:
    for size in (int(rng.integers(4, 9)), 2, 3, 1, 33, 64):
        # One generator, two draws.
        answers = student.many(2).orthogonal(np.random.default_rng(seed(rng)), size)
        one, two = (_square(answer, size) for answer in answers)
        for Q in (one, two):
            _is_orthogonal(Q, f"For size={size}, the matrix")
        if size > 1 and np.array_equal(one, two):
            raise Disagreement("Two draws from one generator give the same matrix.")


@ORTHOGONAL
@pytest.mark.hidden
def test_orthogonal_follows_its_generator(student: Any, rng: Rng) -> None:
    for size in (2, 5):
        number, another = distinct(rng, 2, 0, 1000)
        first, again, other = (
            _square(student.orthogonal(np.random.default_rng(one), size), size)
            for one in (number, number, another)
        )
        _is_repeated(first, again)
        _is_another(first, other)


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
