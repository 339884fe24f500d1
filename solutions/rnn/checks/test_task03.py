"""Task 03, Training a Language Model: the objective, one step back, through time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from autograder.checks.agree import (
    Array,
    agree,
    as_array,
    entry,
    item,
    untouched,
)
from autograder.checks.inputs import Rng, distinct, single, uniform

from .inputs import cell, long_training, steps_of, training

PAIR = ("inputs", "targets")
GRADIENTS = ("dx_t", "dh_prev", "dW_x", "dW_h", "db_h")
BPTT = ("x", "targets", "h0", "W_x", "W_h", "b_h", "W_y", "b_y")
LOSS_AND_GRADS = ("loss", "grads")


# -- 3a the objective ---------------------------------------------------------------------------


@pytest.mark.criterion("3a.pairs")
@pytest.mark.visible
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


@pytest.mark.criterion("3a.pairs")
@pytest.mark.hidden
def test_pairs(student: Any, reference: Any, rng: Rng) -> None:
    S = int(rng.integers(3, 7))
    M = S + 2
    asked = (
        (M * S + 1, S),
        (M * S, S),
        (M * S + 2, S),
        (6, 1),
        (S + 1, S),
        (S, S),
        (1, S),
        (3000, 32),
    )
    texts = [rng.integers(50, size=L) for L, _ in asked]
    # Asked for before any is judged: where they are wrong, together they tell why.
    answers = [
        student.next_token_pairs(tokens, seq_len)
        for tokens, (_, seq_len) in zip(texts, asked, strict=True)
    ]
    for tokens, (L, seq_len), got in zip(texts, asked, answers, strict=True):
        want = reference.next_token_pairs(tokens, seq_len)
        for index, name in enumerate(PAIR):
            called = f"For L={L}, seq_len={seq_len}, `{name}`"
            agree(item(got, index, PAIR), want[index], called, ("window", "place"))


@pytest.mark.criterion("3a.pairs")
@pytest.mark.hidden
def test_pairs_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = (rng.permutation(np.arange(20)), 4)
    after = student.arguments_after.next_token_pairs(*arguments)
    untouched(after, arguments, ("tokens", "seq_len"))


@pytest.mark.criterion("3a.pairs")
@pytest.mark.visible
def test_pairing_leaves_the_text_alone(student: Any) -> None:
    arguments = (np.array([5, 6, 7, 8, 9, 3, 4]), 3)
    after = student.arguments_after.next_token_pairs(*arguments)
    untouched(after, arguments, ("tokens", "seq_len"))


@pytest.mark.criterion("3a.loss")
@pytest.mark.visible
def test_loss_by_hand(student: Any) -> None:
    # Probabilities 1/8, 2/8, 5/8 and 1/3, 1/3, 1/3
    logits = np.array([np.log([1.0, 2.0, 5.0]), [1.0, 1.0, 1.0]])
    first = student.cross_entropy(logits[:1], np.array([1]))
    agree(first, 1.386294, "Of one prediction with probability 1/4, the loss")
    both = student.cross_entropy(logits, np.array([1, 0]))
    agree(both, 1.242453, "Of two predictions with probabilities 1/4 and 1/3, the mean loss")


@pytest.mark.criterion("3a.loss")
@pytest.mark.hidden
def test_loss(student: Any, reference: Any, rng: Rng) -> None:
    N, T, V, K = distinct(rng, 4)
    for leading in ((N, T), (N,), (1, T), (N, 1), (N, T, K), (), (2, 150)):
        logits = uniform(rng, *leading, V, scale=3.0)
        targets = np.asarray(rng.integers(V, size=leading))
        got, want = student.cross_entropy(logits, targets), reference.cross_entropy(logits, targets)
        agree(got, want, f"For targets of the shape {leading}, the loss")
    logits, targets = uniform(rng, N, T, V, scale=3.0), rng.integers(V, size=(N, T))
    want = reference.cross_entropy(logits.astype(np.float32), targets)
    agree(student.cross_entropy(logits.astype(np.float32), targets), want, "In float32, the loss")


@pytest.mark.criterion("3a.loss")
@pytest.mark.hidden
def test_loss_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = (uniform(rng, 3, 4, 5), rng.integers(5, size=(3, 4)))
    after = student.arguments_after.cross_entropy(*arguments)
    untouched(after, arguments, ("logits", "targets"))


@pytest.mark.criterion("3a.loss")
@pytest.mark.visible
def test_loss_in_float32(student: Any) -> None:
    logits = np.array([np.log([1.0, 2.0, 5.0]), [1.0, 1.0, 1.0]], np.float32)
    arguments = (logits, np.array([1, 0]))
    got = as_array(student.cross_entropy(*arguments), "In float32, the mean loss")
    if got.shape or abs(got - 1.242453) > 1e-4:
        agree(got, 1.242453, "In float32, the mean loss")
    after = student.arguments_after.cross_entropy(*arguments)
    untouched(after, arguments, ("logits", "targets"))


@pytest.mark.criterion("3a.extreme")
@pytest.mark.visible
def test_loss_of_large_logits(student: Any) -> None:
    unlikely = student.cross_entropy(np.array([[10_000.0, 0.0]]), np.array([1]))
    agree(unlikely, 10_000.0, "Of logits 10000 and 0 with target 1, the loss")
    alike = student.cross_entropy(np.array([[10_000.0, 10_000.0]]), np.array([1]))
    agree(alike, 0.693147, "Of logits 10000 and 10000, the loss")


@pytest.mark.criterion("3a.extreme")
@pytest.mark.hidden
def test_loss_of_extreme_logits(student: Any, reference: Any, rng: Rng) -> None:
    # One prediction each, of which the mean is also the sum: that is asked under 3a.loss.
    V = int(rng.integers(4, 9))
    order = rng.permutation(V)
    high, low = np.full(V, 1e4), np.full(V, -1e4)
    wide = np.where(order < 2, 1e4, -1e4)
    for name, level, target in (
        ("far above zero", high, order[0]),
        ("far below zero", low, order[1]),
        ("from -1e4 to 1e4, with an unlikely target", wide, np.argmax(order)),
        ("from -1e4 to 1e4, with a likely target", wide, np.argmin(order)),
    ):
        steps = steps_of(rng, (V,))
        steps[target] = steps.min() - 0.5
        logits, targets = (level + steps)[None], np.array([target])
        got, want = student.cross_entropy(logits, targets), reference.cross_entropy(logits, targets)
        agree(got, want, f"Of logits {name}, the loss")
    # Three rows that lie far apart, each with the same loss.
    logits = np.array([[1e4], [-1e4], [0.0]]) + rng.permuted(np.tile(steps, (3, 1)), axis=1)
    targets = np.argmin(logits, axis=1)
    mean = reference.cross_entropy(logits, targets)
    got = as_array(student.cross_entropy(logits, targets), "The loss")
    summed = got.shape == () and abs(got - 3 * mean) < 1e-5 * mean
    agree(got, 3 * mean if summed else mean, "Of rows that lie far apart, the loss")


@pytest.mark.criterion("3a.extreme")
@pytest.mark.visible
def test_loss_of_large_logits_of_token_zero(student: Any) -> None:
    unlikely = student.cross_entropy(np.array([[0.0, 10_000.0]]), np.array([0]))
    agree(unlikely, 10_000.0, "Of logits 0 and 10000 with target 0, the loss")


@pytest.mark.criterion("3a.perplexity")
@pytest.mark.visible
def test_perplexity_of_uniform_guesses(student: Any) -> None:
    agree(student.perplexity(2.302585093), 10.0, "Of a loss of log 10, the perplexity")
    agree(student.perplexity(0.0), 1.0, "Of a loss of 0, the perplexity")


@pytest.mark.criterion("3a.perplexity")
@pytest.mark.hidden
def test_perplexity(student: Any, reference: Any, rng: Rng) -> None:
    for low, high in ((0.01, 0.5), (1.0, 3.0), (4.0, 8.0), (50.0, 80.0), (690.0, 700.0)):
        loss = float(rng.uniform(low, high))
        want = reference.perplexity(loss)
        agree(student.perplexity(loss), want, f"Of a loss from {low:g} to {high:g}, the perplexity")


# -- 3b one step back ---------------------------------------------------------------------------

OF_CELL = [
    pytest.param(name, marks=pytest.mark.criterion(criterion, of=(index,)))
    for index, (name, criterion) in enumerate(
        zip(GRADIENTS, ("3b.dx", "3b.dh_prev", "3b.dW_x", "3b.dW_h", "3b.db_h"), strict=True)
    )
]


@pytest.mark.parametrize("name", OF_CELL)
@pytest.mark.visible
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


@pytest.mark.parametrize("name", OF_CELL)
@pytest.mark.hidden
def test_one_step_back(student: Any, reference: Any, rng: Rng, name: str) -> None:
    index = GRADIENTS.index(name)
    for N, E, H in (distinct(rng, 3), (1, 4, 3), (4, 3, 3), (3, 3, 3), (3, 2, 1), (2, 1, 4)):
        x_t, h_prev, W_x, W_h, b_h = cell(rng, N, E, H)
        h_t = reference.rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h)
        arguments: tuple[Array, ...] = (uniform(rng, N, H), x_t, h_prev, h_t, W_x, W_h)
        got = item(student.rnn_cell_backward(*arguments), index, GRADIENTS)
        want = reference.rnn_cell_backward(*arguments)[index]
        agree(got, want, f"For N={N}, E={E}, H={H}, `{name}`")
    arguments = single(arguments)
    got = item(student.rnn_cell_backward(*arguments), index, GRADIENTS)
    agree(got, reference.rnn_cell_backward(*arguments)[index], f"In float32, `{name}`")


@pytest.mark.criterion("3b.dx", of=(0,))
@pytest.mark.hidden
def test_one_step_back_leaves_its_arguments_alone(student: Any, reference: Any, rng: Rng) -> None:
    x_t, h_prev, W_x, W_h, b_h = cell(rng, 3, 4, 5)
    h_t = reference.rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h)
    arguments = (uniform(rng, 3, 5), x_t, h_prev, h_t, W_x, W_h)
    after = student.arguments_after.rnn_cell_backward(*arguments)
    untouched(after, arguments, ("dh_t", "x_t", "h_prev", "h_t", "W_x", "W_h"))


@pytest.mark.criterion("3b.dx", of=(0,))
@pytest.mark.visible
def test_a_step_back_leaves_its_arguments_alone(student: Any) -> None:
    x_t, h_prev, h_t = np.ones((2, 1)), np.full((2, 2), 0.25), np.full((2, 2), 0.5)
    arguments = (np.ones((2, 2)), x_t, h_prev, h_t, np.ones((1, 2)), np.eye(2))
    after = student.arguments_after.rnn_cell_backward(*arguments)
    untouched(after, arguments, ("dh_t", "x_t", "h_prev", "h_t", "W_x", "W_h"))


@pytest.mark.parametrize("name", OF_CELL)
@pytest.mark.visible
def test_one_step_back_in_float32(student: Any, name: str) -> None:
    x_t, h_prev, h_t = (np.array([[one]], np.float32) for one in (2.0, 0.25, 0.5))  # all sizes 1
    W_x, W_h = np.array([[3.0]], np.float32), np.array([[-1.0]], np.float32)
    # 4 times the slope of tanh is 3.
    want: dict[str, ArrayLike] = {"dx_t": [[9.0]], "dh_prev": [[-3.0]], "dW_x": [[6.0]]}
    want |= {"dW_h": [[0.75]], "db_h": [3.0]}
    got = student.rnn_cell_backward(np.array([[4.0]], np.float32), x_t, h_prev, h_t, W_x, W_h)
    names = ("dx_t", "dh_prev", "dW_x", "dW_h", "db_h")
    right = np.array(want[name], np.float32)
    agree(item(got, names.index(name), names), right, f"In float32, `{name}`")


# -- 3c through time ----------------------------------------------------------------------------

OF_BPTT = [
    pytest.param(
        keys,
        id="-".join(keys),
        marks=pytest.mark.criterion(criterion, of=tuple((1, key) for key in keys)),
    )
    for criterion, keys in (
        ("3c.output", ("W_y", "b_y")),
        ("3c.recurrent", ("W_x", "W_h", "b_h")),
        ("3c.inputs", ("x", "h0")),
    )
]


@pytest.mark.criterion("3c.loss", of=(0,))
@pytest.mark.visible
def test_loss_of_two_steps(student: Any) -> None:
    x, h0, W_x, W_h = np.ones((1, 2, 1)), np.zeros((1, 1)), np.zeros((1, 1)), np.ones((1, 1))
    W_y, b_y = np.zeros((1, 2)), np.log(np.array([1.0, 3.0]))  # probabilities 1/4 and 3/4
    got = student.bptt(x, np.array([[0, 1]]), h0, W_x, W_h, np.zeros(1), W_y, b_y)
    agree(item(got, 0, ("loss", "grads")), 0.836988, "Of probabilities 1/4 and 3/4, the loss")


@pytest.mark.criterion("3c.loss", of=(0,))
@pytest.mark.hidden
def test_loss_through_time(student: Any, reference: Any, rng: Rng) -> None:
    N, T, E, H, V = distinct(rng, 5)
    for rows, steps, started in (
        (N, T, True),
        (N, T, False),
        (1, T, True),
        (N, 1, True),
        (2, 30, True),
    ):
        arguments = training(rng, rows, steps, E, H, V, started)
        x, targets, h0, W_x, W_h, b_h, W_y, b_y = arguments
        logits = reference.rnn_forward(x, h0, W_x, W_h, b_h) @ W_y + b_y
        want = reference.cross_entropy(logits, targets)
        got = item(student.bptt(*arguments), 0, LOSS_AND_GRADS)
        agree(got, want, f"For N={rows}, T={steps}, the loss")


@pytest.mark.criterion("3c.loss", of=(0,))
@pytest.mark.hidden
def test_bptt_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = training(rng, 2, 3, 4, 5, 6, started=True)
    untouched(student.arguments_after.bptt(*arguments), arguments, BPTT)


@pytest.mark.parametrize("keys", OF_BPTT)
@pytest.mark.visible
def test_gradients_of_two_steps(student: Any, keys: Sequence[str]) -> None:
    x, h0 = np.array([[[1.0], [0.0]]]), np.zeros((1, 1))  # N=1, T=2, E=1, H=1, V=2
    W_x, W_h, b_h = np.array([[0.549306]]), np.array([[1.098612]]), np.zeros(1)
    W_y, b_y = np.array([[1.0, 0.0]]), np.array([-0.5, 0.0])
    # h_1 = h_2 = 0.5, so all logits are 0, and each gradient of the logits is (-1/4, 1/4).
    # dz_2 = -1/4 * 3/4 = -0.1875; dh_1 = -1/4 - 0.1875 * 1.098612 = -0.455990; dz_1 = -0.341992
    want: dict[str, ArrayLike] = {"x": [[[-0.187858], [-0.102995]]], "h0": [[-0.375717]]}
    want |= {"W_x": [[-0.341992]], "W_h": [[-0.09375]], "b_h": [-0.529492]}
    want |= {"W_y": [[-0.25, 0.25]], "b_y": [-0.5, 0.5]}
    arguments, targets = (x, h0, W_x, W_h, b_h, W_y, b_y), np.array([[0, 0]])
    for called, kind in (("The", np.float64), ("In float32, the", np.float32)):
        given = [array.astype(kind) for array in arguments]
        got = student.bptt(given[0], targets, *given[1:])
        grads = item(got, 1, ("loss", "grads"))
        for key in keys:
            right = np.array(want[key], kind)
            agree(entry(grads, key, "`grads`"), right, f'{called} gradient of "{key}"')


@pytest.mark.parametrize("keys", OF_BPTT)
@pytest.mark.hidden
def test_gradients(student: Any, reference: Any, rng: Rng, keys: Sequence[str]) -> None:
    for sizes, started in (
        (distinct(rng, 5), True),
        (distinct(rng, 5), False),
        ([1, 5, 3, 4, 6], True),
        ([3, 1, 4, 2, 5], True),
        ([1, 1, 2, 3, 4], False),
        ([3, 3, 3, 3, 3], True),
        ([4, 3, 1, 2, 5], True),
    ):
        N, T, E, H, V = sizes
        arguments = training(rng, N, T, E, H, V, started)
        grads = item(student.bptt(*arguments), 1, LOSS_AND_GRADS)
        want = reference.bptt(*arguments)[1]
        for key in keys:
            called = f'For N={N}, T={T}, E={E}, H={H}, the gradient of "{key}"'
            agree(entry(grads, key, "`grads`"), want[key], called)
    arguments = single(arguments)
    grads = item(student.bptt(*arguments), 1, LOSS_AND_GRADS)
    want = reference.bptt(*arguments)[1]
    for key in keys:
        agree(entry(grads, key, "`grads`"), want[key], f'In float32, the gradient of "{key}"')


@pytest.mark.parametrize("keys", OF_BPTT)
@pytest.mark.hidden
def test_gradients_over_many_steps(
    student: Any, reference: Any, rng: Rng, keys: Sequence[str]
) -> None:
    T = int(rng.integers(105, 120))
    arguments = long_training(rng, 2, T, 3, 5, 4)
    grads = item(student.bptt(*arguments), 1, LOSS_AND_GRADS)
    want = reference.bptt(*arguments)[1]
    for key in keys:
        called = f'For T={T}, the gradient of "{key}"'
        agree(entry(grads, key, "`grads`"), want[key], called)


@pytest.mark.parametrize("keys", OF_BPTT[1:])
@pytest.mark.visible
def test_large_gradients_of_one_step(student: Any, keys: Sequence[str]) -> None:
    x, h0 = np.array([[[1.0]]]), np.zeros((1, 1))  # N=1, T=1, E=1, H=1, V=2
    W_x, W_h, b_h = np.array([[0.549306]]), np.array([[2.0]]), np.zeros(1)
    W_y, b_y = np.array([[40.0, 0.0]]), np.array([-20.0, 0.0])
    # h_1 = 0.5, so both logits are 0, and their gradient is (-1/2, 1/2); dz_1 = -20 * 3/4
    got = student.bptt(x, np.array([[0]]), h0, W_x, W_h, b_h, W_y, b_y)
    grads = item(got, 1, ("loss", "grads"))
    want: dict[str, ArrayLike] = {"x": [[[-8.239590]]], "h0": [[-30.0]]}
    want |= {"W_x": [[-15.0]], "W_h": [[0.0]], "b_h": [-15.0]}
    for key in keys:
        agree(entry(grads, key, "`grads`"), want[key], f'With large gradients, that of "{key}"')


@pytest.mark.criterion("3c.loss", of=(0,))
@pytest.mark.visible
def test_through_time_leaves_its_arguments_alone(student: Any) -> None:
    x, targets, h0 = np.ones((1, 2, 1)), np.array([[0, 1]]), np.full((1, 1), 0.5)
    W_x, W_h, b_h = np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)
    arguments = (x, targets, h0, W_x, W_h, b_h, np.ones((1, 2)), np.ones(2))
    names = ("x", "targets", "h0", "W_x", "W_h", "b_h", "W_y", "b_y")
    untouched(student.arguments_after.bptt(*arguments), arguments, names)


@pytest.mark.criterion("3c.clipping")
@pytest.mark.visible
def test_clipping_leaves_what_it_is_given_alone(student: Any) -> None:
    grads = {"W": np.array([[2.0, 0.0], [1.0, 0.0]]), "b": np.array([2.0])}
    after = student.arguments_after.clip_gradients(grads, 1.5)
    untouched(after, (grads, 1.5), ("grads", "max_norm"))


@pytest.mark.criterion("3c.clipping")
@pytest.mark.visible
def test_clipping_by_hand(student: Any) -> None:
    grads = {"W": np.array([[2.0, 0.0], [1.0, 0.0]]), "b": np.array([2.0])}  # joint norm 3
    clipped = student.clip_gradients(grads, 1.5)
    agree(entry(clipped, "W"), [[1.0, 0.0], [0.5, 0.0]], 'Clipped from 3 to 1.5, "W"')
    agree(entry(clipped, "b"), [1.0], 'Clipped from 3 to 1.5, "b"')
    left = student.clip_gradients(grads, 4.0)
    agree(entry(left, "W"), [[2.0, 0.0], [1.0, 0.0]], 'With a norm below the limit, "W"')
    small = {key: grad.astype(np.float32) for key, grad in grads.items()}
    got = student.clip_gradients(small, 1.5)
    agree(entry(got, "b"), np.array([1.0], np.float32), 'In float32, clipped from 3 to 1.5, "b"')


@pytest.mark.criterion("3c.clipping")
@pytest.mark.hidden
def test_clipping(student: Any, rng: Rng) -> None:
    grads = {
        "x": uniform(rng, 2, 3, 4),
        "W_h": uniform(rng, 5, 5, scale=3.0),
        "b_h": uniform(rng, 5, scale=0.1),
        "another": uniform(rng, 1),
    }
    norm = np.sqrt(sum(np.sum(grad**2) for grad in grads.values()))
    asked = (
        ("far above the limit", 100 / norm, 5.0),
        ("above the limit, of which each array is below", 1.0, 0.99 * norm),
        ("below the limit", 1.0, 1.5 * norm),
        ("small, above the limit", 0.5 / norm, 0.01),
        ("small, below the limit", 0.5 / norm, 1.0),
        ("of zero", 0.0, 1.0),
    )
    # Asked for before any is judged: where they are wrong, together they tell why.
    answers = [
        student.clip_gradients({key: scale * grad for key, grad in grads.items()}, max_norm)
        for _, scale, max_norm in asked
    ]
    for (name, scale, max_norm), got in zip(asked, answers, strict=True):
        factor = scale * min(1.0, max_norm / (scale * norm)) if scale else 0.0
        for key, grad in grads.items():
            agree(entry(got, key), factor * grad, f'With a norm {name}, "{key}"')
    # 3, 4 and 12 are as long together as 13, to the last digit.
    parts = zip("abc", rng.permutation([3.0, 4.0, 12.0]), strict=True)
    exact = {key: np.array([0.0, part]) for key, part in parts}
    got = student.clip_gradients(exact, 13.0)
    for key, grad in exact.items():
        agree(entry(got, key), grad, f'With a norm of exactly the limit, "{key}"')
    small = {key: (4 * grad / norm).astype(np.float32) for key, grad in grads.items()}
    got = student.clip_gradients(small, 2.0)
    for key, grad in small.items():
        agree(entry(got, key), 0.5 * grad, f'In float32, "{key}"')


@pytest.mark.criterion("3c.clipping")
@pytest.mark.hidden
def test_clipping_leaves_its_argument_alone(student: Any, rng: Rng) -> None:
    grads = {"W": uniform(rng, 3, 4, scale=9.0), "b": uniform(rng, 4)}
    after = student.arguments_after.clip_gradients(grads, 1.0)
    untouched(after, (grads, 1.0), ("grads", "max_norm"))
