"""Task 01, Why Sequence Matters: counts after a context, and a network without memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from autograder.checks.agree import Array, Disagreement, agree, as_array, untouched
from autograder.checks.choices import judge
from autograder.checks.inputs import Rng, distinct, single, uniform

from .inputs import output_weights

NOTHING = np.array([], dtype=np.int64)


# -- 1a context ---------------------------------------------------------------------------------


@pytest.mark.criterion("1a.unigram")
@pytest.mark.visible
def test_unigram_of_a_short_text(student: Any) -> None:
    tokens = np.array([2, 0, 2, 1, 2])
    got = student.ngram_distribution(tokens, NOTHING, 4)
    agree(got, [0.2, 0.2, 0.6, 0.0], "With an empty context, the distribution")


@pytest.mark.criterion("1a.unigram")
@pytest.mark.hidden
def test_unigram(student: Any, reference: Any, rng: Rng) -> None:
    for L, V in ((23, 7), (1, 3), (1500, 12)):
        tokens = rng.integers(V - 1, size=L) ** 2 % V
        empty = np.array([]) if L == 23 else NOTHING
        got = student.ngram_distribution(tokens, empty, V)
        want = reference.ngram_distribution(tokens, empty, V)
        agree(got, want, f"For {L} tokens and an empty context, the distribution")


@pytest.mark.criterion("1a.unigram")
@pytest.mark.hidden
def test_ngram_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    tokens = rng.permutation(np.arange(12) % 5)
    for context in (NOTHING, tokens[3:4].copy()):
        arguments = (tokens, context, 5)
        after = student.arguments_after.ngram_distribution(*arguments)
        untouched(after, arguments, ("tokens", "context", "vocab_size"))


@pytest.mark.criterion("1a.unigram")
@pytest.mark.visible
def test_counting_leaves_the_text_alone(student: Any) -> None:
    arguments = (np.array([2, 0, 2, 1, 2]), NOTHING, 4)
    after = student.arguments_after.ngram_distribution(*arguments)
    untouched(after, arguments, ("tokens", "context", "vocab_size"))


@pytest.mark.criterion("1a.context")
@pytest.mark.visible
def test_context_in_a_short_text(student: Any) -> None:
    banana = np.array([0, 1, 2, 1, 2, 1])  # b a n a n a
    after_n = student.ngram_distribution(banana, np.array([2]), 3)
    agree(after_n, [0.0, 1.0, 0.0], 'After "n" in "banana", the distribution')
    after_na = student.ngram_distribution(banana, np.array([2, 1]), 3)
    agree(after_na, [0.0, 0.0, 1.0], 'After "na" in "banana", the distribution')
    overlapping = student.ngram_distribution(np.array([1, 1, 1, 1, 0]), np.array([1, 1]), 3)
    agree(overlapping, [1 / 3, 2 / 3, 0.0], 'After "aa" in "aaaab", the distribution')


@pytest.mark.criterion("1a.context")
@pytest.mark.hidden
def test_context(student: Any, reference: Any, rng: Rng) -> None:
    for k, L, V in ((1, 60, 5), (2, 80, 4), (3, 90, 3), (5, 7, 9), (2, 1500, 12)):
        tokens = rng.integers(V - 1, size=L)
        # One that is followed, and is at the end of the text too.
        start = int(rng.integers(L - k))
        context = tokens[start : start + k].copy()
        if k < 5:
            tokens[L - k :] = context
        context = tokens[start : start + k].copy()
        got = student.ngram_distribution(tokens, context, V)
        want = reference.ngram_distribution(tokens, context, V)
        agree(got, want, f"For a context of {k} in {L} tokens, the distribution")


@pytest.mark.criterion("1a.context")
@pytest.mark.hidden
def test_context_that_overlaps_itself(student: Any, reference: Any, rng: Rng) -> None:
    a, b, c = distinct(rng, 3, 0, 5)
    for context in ([a, a], [a, b, a]):
        tokens = np.array([c, *(context * 4), c, *context[:-1], *context, b])
        got = student.ngram_distribution(tokens, np.array(context), 7)
        want = reference.ngram_distribution(tokens, np.array(context), 7)
        agree(got, want, "For a context that overlaps itself, the distribution")


@pytest.mark.criterion("1a.unseen")
@pytest.mark.visible
def test_unseen_context_of_a_short_text(student: Any) -> None:
    tokens = np.array([0, 1, 0, 1, 0, 2])
    never = student.ngram_distribution(tokens, np.array([3]), 4)
    agree(never, [0.25] * 4, "After a token that never occurs, the distribution")
    at_the_end = student.ngram_distribution(tokens, np.array([0, 2]), 4)
    agree(at_the_end, [0.25] * 4, "After a context that ends the text, the distribution")


@pytest.mark.criterion("1a.unseen")
@pytest.mark.hidden
def test_unseen_context(student: Any, rng: Rng) -> None:
    V = int(rng.choice([6, 7, 9]))  # so that 1/V is no decimal fraction, rounded or not
    a, b, last, never = distinct(rng, 4, 0, V - 1)
    tokens = np.array([a, b] * 6 + [a, last])
    contexts = {
        "one token that never occurs": [never],
        "the last token": [last],
        "two tokens that are never side by side": [b, b],
        "the last two tokens": [a, last],
        "more tokens than the text has": [a, b] * 8,
        "one that is followed": [a],
    }
    # Asked for before any is judged: where they are wrong, together they tell why.
    answers = {
        name: student.ngram_distribution(tokens, np.array(context), V)
        for name, context in contexts.items()
    }
    followed = as_array(answers.pop("one that is followed"), "The result")
    for name, got in answers.items():
        agree(got, np.full(V, 1 / V), f"With {name} as the context, the distribution")
    # Uniform only where nothing follows: here b always does.
    if followed.shape == (V,) and np.ptp(followed) < 0.01:
        raise Disagreement("The distribution is uniform after a context that is followed, too.")


# -- 1b no memory -------------------------------------------------------------------------------


@pytest.mark.criterion("1b.values")
@pytest.mark.visible
def test_feed_forward_by_hand(student: Any) -> None:
    x = np.array([[[0.0], [0.5], [0.0]]])  # N=1, T=3, E=1
    W_x, b_h = np.array([[2.0, -2.0]]), np.array([0.0, 1.0])
    W_y, b_y = np.array([[3.0], [1.0]]), np.array([1.0])
    # tanh(0) = 0 and tanh(1) = 0.761594
    got = student.feed_forward_logits(x, W_x, b_h, W_y, b_y)
    agree(got, [[[1.761594], [3.284782], [1.761594]]], "The logits", ("row", "position"))


@pytest.mark.criterion("1b.values")
@pytest.mark.hidden
def test_feed_forward(student: Any, reference: Any, rng: Rng) -> None:
    sizes = distinct(rng, 5)
    for N, T, E, H, V in (
        sizes,
        (1, 5, 4, 3, 2),
        (3, 1, 2, 4, 5),
        (1, 1, 3, 2, 4),
        (2, 3, 4, 4, 4),
        (2, 3, 5, 1, 1),
        (2, 150, 3, 5, 4),
    ):
        W_x, b_h = uniform(rng, E, H, scale=2.0), uniform(rng, H)
        arguments: tuple[Array, ...]
        arguments = (uniform(rng, N, T, E), W_x, b_h, *output_weights(rng, H, V))
        got = student.feed_forward_logits(*arguments)
        want = reference.feed_forward_logits(*arguments)
        agree(got, want, f"For N={N}, T={T}, E={E}, H={H}, the logits", ("row", "position"))
    arguments = single(arguments)
    want = reference.feed_forward_logits(*arguments)
    agree(student.feed_forward_logits(*arguments), want, "In float32, the logits")


@pytest.mark.criterion("1b.values")
@pytest.mark.hidden
def test_feed_forward_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    W_x, b_h = uniform(rng, 4, 5), uniform(rng, 5)
    arguments = (uniform(rng, 2, 3, 4), W_x, b_h, *output_weights(rng, 5, 6))
    after = student.arguments_after.feed_forward_logits(*arguments)
    untouched(after, arguments, ("x", "W_x", "b_h", "W_y", "b_y"))


@pytest.mark.criterion("1b.values")
@pytest.mark.visible
def test_feed_forward_in_float32(student: Any) -> None:
    x, W_x = np.array([[[0.0], [0.5]]], np.float32), np.array([[2.0, -2.0]], np.float32)
    b_h, b_y = np.array([0.0, 1.0], np.float32), np.array([1.0], np.float32)
    arguments = (x, W_x, b_h, np.array([[3.0], [1.0]], np.float32), b_y)
    got = student.feed_forward_logits(*arguments)
    agree(got, np.array([[[1.761594], [3.284782]]], np.float32), "In float32, the logits")
    after = student.arguments_after.feed_forward_logits(*arguments)
    untouched(after, arguments, ("x", "W_x", "b_h", "W_y", "b_y"))


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(name, marks=pytest.mark.criterion("1b.concepts", item=name))
        for name in ("order", "window", "sharing", "hidden-state")
    ],
)
@pytest.mark.hidden
def test_answers_1b(student: Any, concepts: Mapping[str, Any], question: str) -> None:
    known = ("order", "window", "sharing", "hidden-state")
    judge(student.value("answers_1b"), concepts[question], known)
