"""The check of the training loop accepts a right one, however it is written, and names mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.course.folders import Assignment
from autograder.course.reference import Reference
from benchmarks.published_figures import handed_out

Loop = Callable[..., Any]


@pytest.fixture(scope="module")
def right(assignment: Assignment) -> Reference:
    return Reference(assignment)


@pytest.fixture(scope="module")
def check(assignment: Assignment, right: Reference) -> Callable[[Loop], bool]:
    beside: Any = handed_out(assignment, "rnn_experiments")
    return lambda loop: bool(beside.check_training(loop, right.bptt))


def loop(
    right: Any,
    clip: Callable[..., Any] | None = None,
    sign: float = -1.0,
    in_place: bool = False,
    late: bool = False,
    everything: bool = False,
) -> Loop:
    """A training loop, right or with one mistake."""

    def train(weights: Any, batches: Any, learning_rate: float, max_norm: float) -> Any:
        losses = []
        if not in_place:
            weights = {name: weight.copy() for name, weight in weights.items()}
        for x, targets in batches:
            h0 = np.zeros((len(x), weights["W_h"].shape[0]))
            loss, grads = right.bptt(x, targets, h0, *weights.values())
            kept = grads if everything else {name: grads[name] for name in weights}
            grads = (clip or right.clip_gradients)(kept, max_norm)
            for name in weights:
                weights[name] += sign * learning_rate * grads[name]
            losses.append(right.bptt(x, targets, h0, *weights.values())[0] if late else loss)
        return weights, losses

    return train


def test_a_right_loop_passes(
    right: Any, check: Callable[[Loop], bool], capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(right.train)
    assert check(loop(right))
    assert "✗" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("mistake", "named"),
    [
        ({"clip": lambda grads, _: grads}, "clips the gradients of the weights"),
        ({"everything": True}, "clips the gradients of the weights"),
        ({"sign": 1.0}, "against the gradient"),
        ({"in_place": True}, "leaves the given weights"),
        ({"late": True}, "before the step"),
    ],
)
def test_a_mistake_is_named(
    mistake: dict[str, Any],
    named: str,
    right: Any,
    check: Callable[[Loop], bool],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert not check(loop(right, **mistake))
    wrong = [line for line in capsys.readouterr().out.splitlines() if "✗" in line]
    assert any(named in line for line in wrong)


@pytest.mark.parametrize("answer", [None, 3, ({}, []), ([], [1.0, 2.0])])
def test_a_loop_that_returns_something_else_does_not_pass(
    answer: Any, check: Callable[[Loop], bool]
) -> None:
    assert not check(lambda *args: answer)


def test_training_begins_at_the_loss_of_a_guess(right: Any, assignment: Assignment) -> None:
    beside: Any = handed_out(assignment, "rnn_experiments")
    names, rng = beside.Names("elements.txt"), np.random.default_rng(0)
    weights = beside.small_weights(names.vocab_size, 50, names.vocab_size, rng)
    _, losses = right.train(weights, names.batches(3, rng, ""), 0.5, 5.0)
    assert abs(losses[0] - np.log(names.vocab_size)) < 0.1
    assert np.mean(losses[-21:]) < 2.6
