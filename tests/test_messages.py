"""What a wrong answer is called: the kind of thing that it is, and features that do not mislead."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from autograder.checks.agree import Disagreement, agree, as_array, item, token_ids
from autograder.worker.values import Unreadable

PAIR = ("inputs", "targets")


def words(call: Callable[[], object]) -> str:
    with pytest.raises(Disagreement) as wrong:
        call()
    return f"{wrong.value.message} {wrong.value.detail}".strip()


# -- of the wrong kind ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (np.ones((3, 4)), "one array"),
        (np.ones(()), "one number"),
        (2.5, "one number"),
        ({"inputs": np.ones(2)}, "a dict"),
        ("ab", "text"),
        (None, "None (is a `return` missing?)"),
        (True, "True or False"),
        (Unreadable("a generator"), "a generator"),
        ([np.ones(2)] * 3, "too many items"),
    ],
)
def test_what_is_no_tuple_is_described_by_its_kind(answer: Any, kind: str) -> None:
    message = words(lambda: item(answer, 0, PAIR))
    assert message.startswith(f"The result: {kind}, expected a tuple (inputs, targets).")


def test_an_array_that_could_pass_for_a_tuple_is_reported() -> None:
    windows, want = np.arange(8.0).reshape(2, 4), np.ones((2, 4))
    message = words(lambda: agree(item(windows, 0, PAIR), want, "`inputs`"))
    assert message == "`inputs`: a part of one array; expected a tuple of several results."
    agree(item(np.array([want, want]), 1, PAIR), want)


def test_a_tuple_too_short_says_what_is_missing() -> None:
    message = words(lambda: item([np.ones(2)], 1, PAIR))
    assert message == (
        "The result: too few items, `targets` is missing; expected a tuple (inputs, targets)."
    )


def test_several_arrays_where_one_is_expected_are_reported() -> None:
    states = np.ones((3, 4))
    several = "several lists or arrays instead of one"
    assert several in words(lambda: as_array([states, states[0]], "The states"))
    assert "several arrays of the expected shape instead of one. There are 2" in words(
        lambda: agree([states, states], states)
    )


@pytest.mark.parametrize("draw", [np.array([1]), np.eye(5)[1], [1]])
def test_a_draw_that_is_an_array_is_called_one(draw: Any) -> None:
    """Its shape is that of one draw, not of all of them."""
    for call in (lambda: token_ids([draw] * 7, 5), lambda: agree([draw] * 7, [1] * 7)):
        message = words(call)
        assert "each is an array or a list, expected one number" in message
        assert f"Each has the shape {np.shape(draw)}." in message


@pytest.mark.parametrize(
    ("shape", "want", "difference"),
    [
        ((3, 2, 4), (2, 3, 4), "not the shape (2, 3, 4), but its axes in another order."),
        ((2, 4), (2, 3, 4), "not the shape (2, 3, 4): an axis is missing."),
        ((1, 4), (4,), "not the shape (4,): an axis is too many."),
        ((2, 4, 4), (2, 3, 4), "not the shape (2, 3, 4): one more along an axis."),
        ((2, 2, 4), (2, 3, 4), "not the shape (2, 3, 4): one less along an axis."),
        ((2, 7, 4), (2, 3, 4), "not the shape (2, 3, 4)."),
        ((2,), (), "an array, expected one number."),
        ((), (2,), "one number, expected an array of the shape (2,)."),
    ],
)
def test_another_shape_is_described_by_how_it_differs(
    shape: Any, want: Any, difference: str
) -> None:
    assert difference in words(lambda: agree(np.ones(shape), np.ones(want)))


def test_a_list_of_another_length_is_described_by_its_length() -> None:
    assert "too few items, expected 3. There are 2." in words(lambda: agree([1, 2], [1, 2, 0]))
    assert "too many items, expected 1. There are 2." in words(lambda: agree([1, 2], [1]))


# -- another value --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "want", "feature"),
    [
        (-0.9, -0.3, "too far below zero"),
        (-0.1, -0.3, "not far enough below zero"),
        (0.7, -0.3, "above zero, expected below"),
        (-0.7, 0.3, "below zero, expected above"),
        (0.3, -0.3, "the opposite sign"),
        (0.0, -0.3, "zero"),
        (0.7, 0.3, "too large"),
        (0.1, 0.3, "too small"),
        (0.7, 0.0, "too large"),
    ],
)
def test_a_number_is_described_by_its_side_of_zero(got: float, want: float, feature: str) -> None:
    for shape in ((), (1, 1)):
        message = words(partial(agree, np.full(shape, got), np.full(shape, want), "It"))
        assert message.startswith(f"It: {feature}.")


def test_no_multiple_is_named_where_any_answer_is_one() -> None:
    same = np.array([[0.761594, -0.761594], [0.0, 0.761594]])
    assert "multiple" not in words(lambda: agree(0.95991 * same, same))
    assert "multiple" not in words(lambda: agree(np.array([1e-9, -2e-9, 3e-8]), [1.0, 2.0, 3.0]))
    assert "zero everywhere" in words(lambda: agree(np.array([1e-9, -2e-9]), [1.0, 2.0]))
    assert "twice what is expected everywhere" in words(lambda: agree(2 * same, same))
    other = np.array([[0.5, 0.2], [0.1, 0.3]])
    assert "a multiple of what is expected" in words(lambda: agree(0.95991 * other, other))


def test_a_token_is_no_quantity() -> None:
    drawn = token_ids(np.array([1, 4, 1]), 5)
    message = words(lambda: agree(drawn[0], 2, "The first token"))
    assert message.startswith("The first token: another token than expected.")
    assert "another token than expected" in words(lambda: agree(drawn[-1:], [2]))
    assert "some tokens are wrong" in words(lambda: agree(drawn, [1, 2, 1]))
    zeros = token_ids(np.array([0, 0]), 5)
    assert "all tokens are wrong" in words(lambda: agree(zeros, [1, 2]))
    agree(drawn, [1, 4, 1])


def test_only_an_array_that_was_overwritten_at_each_step_is_called_so() -> None:
    want = np.arange(24.0).reshape(2, 3, 4)
    last = np.repeat(want[:, -1:], 3, axis=1)
    axes = ("row", "time step", "unit")
    message = words(partial(agree, last, want, "`hs`", axes))
    assert message.startswith("`hs`: the same at every time step, as if one array were overwritten")
    for wrong in (want + 1, want[:, ::-1], 2 * want):
        assert "overwritten" not in words(partial(agree, wrong, want, "`hs`", axes))
