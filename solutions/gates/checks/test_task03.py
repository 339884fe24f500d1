"""Task 03, Deeper, Both Ways, and Many to One: stacked and two-way nets, sentiment, dropout."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from autograder.checks.agree import Array, Disagreement, agree, as_array, entry, item, untouched
from autograder.checks.chance import CHANCE, follows
from autograder.checks.inputs import Rng, distinct, seed, single, uniform

from .inputs import layers, recurrent_weights, some_lengths, steps_of
from .networks import (
    AS_ASKED,
    learns,
    load_random,
    matching,
    parameters_of,
    sentiment,
    sentiments,
    suppress_raised,
)

STACKED = ("outputs", "h_T")
DROPPED = ("y", "mask")


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


@pytest.mark.criterion("3a.stacked")
@pytest.mark.hidden
def test_stacked(student: Any, reference: Any, rng: Rng) -> None:
    N, T, E, H = distinct(rng, 4)
    for L, sizes in (
        (2, (N, T, E, H)),
        (3, (N, T, E, H)),
        (1, (N, T, E, H)),
        (2, (1, 4, 3, 2)),
        (3, (4, 1, 2, 3)),
        (2, (3, 3, 3, 3)),
        (3, (2, 4, 3, 1)),
        (2, (1, 1, 1, 1)),
        (2, (3, 110, 2, 4)),
    ):
        rows, steps, inputs, units = sizes
        arguments = (
            uniform(rng, rows, steps, inputs),
            uniform(rng, L, rows, units, scale=0.9),
            layers(rng, L, inputs, units),
        )
        _agree_stacked(student, reference, arguments, f"For L={L}, N={rows}, T={steps}")
    x, h0 = uniform(rng, 3, 4, 2), uniform(rng, 2, 3, 5, scale=0.9)
    in_single = [single(layer) for layer in layers(rng, 2, 2, 5)]
    _agree_stacked(student, reference, (*single((x, h0)), in_single), "In float32")


def _agree_stacked(student: Any, reference: Any, arguments: tuple[Any, ...], called: str) -> None:
    got, want = student.stacked_forward(*arguments), reference.stacked_forward(*arguments)
    agree(item(got, 0, STACKED), want[0], f"{called}, `outputs`", ("row", "time step"))
    agree(item(got, 1, STACKED), want[1], f"{called}, `h_T`", ("layer", "row"))


@pytest.mark.criterion("3a.stacked")
@pytest.mark.hidden
def test_stacked_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = uniform(rng, 2, 3, 4), uniform(rng, 2, 2, 5), layers(rng, 2, 4, 5)
    after = student.arguments_after.stacked_forward(*arguments)
    untouched(after, arguments, ("x", "h0", "layers"))


BOTH_WAYS = ("x", "lengths", "forward", "backward")


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


@pytest.mark.criterion("3a.both")
@pytest.mark.hidden
def test_both_ways(student: Any, reference: Any, rng: Rng) -> None:
    for N, T, E, H in (
        distinct(rng, 4),
        (1, 5, 3, 4),
        (4, 1, 2, 3),
        (3, 3, 3, 3),
        (2, 4, 1, 1),
        (1, 1, 2, 2),
        (2, 105, 3, 4),
    ):
        nets = recurrent_weights(rng, E, H), recurrent_weights(rng, E, H)
        arguments = (uniform(rng, N, T, E), np.full(N, T), *nets)
        _agree_both_ways(student, reference, arguments, f"For N={N}, T={T}, the states")
    nets = single(recurrent_weights(rng, 2, 4)), single(recurrent_weights(rng, 2, 4))
    x = uniform(rng, 3, 5, 2).astype(np.float32)
    _agree_both_ways(student, reference, (x, np.full(3, 5), *nets), "In float32, the states")


def _agree_both_ways(student: Any, reference: Any, arguments: tuple[Any, ...], name: str) -> None:
    got = student.bidirectional_forward(*arguments)
    agree(got, reference.bidirectional_forward(*arguments), name, ("row", "time step"))


@pytest.mark.criterion("3a.both")
@pytest.mark.hidden
def test_both_ways_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    nets = recurrent_weights(rng, 3, 4), recurrent_weights(rng, 3, 4)
    for lengths in (np.array([5, 5]), np.array([3, 4])):
        arguments = (uniform(rng, 2, 5, 3), lengths, *nets)
        after = student.arguments_after.bidirectional_forward(*arguments)
        untouched(after, arguments, BOTH_WAYS)


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


@pytest.mark.criterion("3a.padding")
@pytest.mark.hidden
def test_padding(student: Any, reference: Any, rng: Rng) -> None:
    for N, T, E, H in (
        distinct(rng, 4, 3),
        (1, 5, 3, 4),
        (6, 4, 2, 3),
        (3, 3, 3, 3),
        (4, 20, 1, 1),
    ):
        # The biases are not zero: a net that reads padding first does not start from zeros.
        nets = recurrent_weights(rng, E, H), recurrent_weights(rng, E, H)
        x = uniform(rng, N, T, E)
        for lengths in (
            some_lengths(rng, N, T),
            np.full(N, T - 1),
            np.ones(N, dtype=np.int64),
            rng.permutation(np.r_[T, 1, rng.integers(1, T, size=N)])[:N],
        ):
            padded = np.where(np.arange(T)[:, None] < lengths[:, None, None], x, 3.0)
            called = f"For N={N}, T={T}, with padding, the states"
            _agree_both_ways(student, reference, (padded, lengths, *nets), called)


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


@pytest.mark.criterion("3b.layers")
@pytest.mark.hidden
def test_sentiment_layers_at_work(student: Any, rng: Rng) -> None:
    V, E, H, K = distinct(rng, 4, 4, 12)  # With few units, all states may have one sign.
    for L in (2, 1, 3):
        model = student.SentimentRNN(V, E, H, L, K)
        parameters = load_random(model, rng)
        wanted = _sentiment_shapes(V, E, H, L, K)
        found = {name: array.shape for name, array in parameters.items()}
        if found != wanted:
            raise Disagreement("For other sizes, the parameters have wrong shapes.")
        tokens = rng.integers(V, size=(3, 5))
        logits = None
        with suppress_raised():  # which costs under 3b.forward
            logits = model(tokens)
        setting = matching(logits, sentiments(parameters, tokens))
        # What matches no setting is a mistake of `forward`, and costs there.
        if setting is not None and setting != AS_ASKED:
            raise Disagreement(f"The layer `rnn` {setting}.")


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


@pytest.mark.criterion("3b.forward")
@pytest.mark.hidden
def test_sentiment(student: Any, rng: Rng) -> None:
    V, E, H, K = distinct(rng, 4, 4, 12)
    for N, T, L in ((3, 40, 2), (4, 1, 1), (1, 1, 2), (1, 6, 3)):
        model = student.SentimentRNN(V, E, H, L, K)
        parameters = load_random(model, rng)
        tokens = rng.integers(V, size=(N, T))
        for lengths in (None, np.full(N, T)):
            logits = model(tokens, lengths=lengths)
            if matching(logits, sentiments(parameters, tokens)) is None:
                want = sentiment(parameters, tokens).astype(np.float32)
                said = "without lengths" if lengths is None else "with all lengths T"
                agree(logits, want, f"For N={N}, T={T}, {said}, the logits", ("row",))


@pytest.mark.criterion("3b.forward")
@pytest.mark.hidden
def test_sentiment_learns_and_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    V, E, H, K = distinct(rng, 4, 4, 12)
    model = student.SentimentRNN(V, E, H, 2, K)
    tokens, lengths = rng.integers(V, size=(3, 5)), np.array([2, 5, 1])
    learns(model, SENTIMENT_LAYERS, tokens)
    learns(model, SENTIMENT_LAYERS, tokens, lengths=np.full(3, 5))
    for given in ({"lengths": lengths}, {}):
        after = model.arguments_after(tokens, **given)
        untouched(after, (tokens, *given.values()), ("tokens", "lengths")[: 1 + len(given)])


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


@pytest.mark.criterion("3b.lengths")
@pytest.mark.hidden
def test_sentiment_at_the_last_real_step(student: Any, rng: Rng) -> None:
    V, E, H, K = distinct(rng, 4, 4, 12)
    for N, T, L in ((5, 8, 2), (1, 4, 1), (3, 5, 3)):
        model = student.SentimentRNN(V, E, H, L, K)
        parameters = load_random(model, rng)
        for lengths in (
            some_lengths(rng, N, T),
            np.ones(N, dtype=np.int64),
            np.full(N, T - 1),
            rng.permutation(np.arange(N) % (T - 1) + 1),
        ):
            tokens = rng.integers(V, size=(N, T))
            tokens[np.arange(N), lengths - 1] *= rng.integers(2)  # 0 is a real token too
            padding = np.arange(T) >= lengths[:, None]
            for filler in (rng.integers(V, size=(N, T)), np.zeros((N, T), dtype=np.int64)):
                padded = np.where(padding, filler, tokens)
                _agree_padded(model, parameters, padded, lengths)
    with suppress_raised():  # which costs under 3b.forward
        learns(model, SENTIMENT_LAYERS, tokens, lengths=lengths)


def _agree_padded(model: Any, parameters: Any, tokens: Array, lengths: Array) -> None:
    logits = model(tokens, lengths=lengths)
    if matching(logits, sentiments(parameters, tokens, lengths)) is None:
        want = sentiment(parameters, tokens, lengths).astype(np.float32)
        N, T = tokens.shape
        agree(logits, want, f"For N={N}, T={T}, with padding, the logits", ("row",))


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


@pytest.mark.criterion("3b.loss")
@pytest.mark.hidden
def test_masked_loss(student: Any, reference: Any, rng: Rng) -> None:
    N, T, V = distinct(rng, 3, 3)
    for rows, steps, tokens in (
        (N, T, V),
        (1, T, V),
        (N, 1, V),
        (3, 3, 3),
        (1, 1, 2),
        (4, 5, 1),
        (2, 150, 4),
    ):
        logits = uniform(rng, rows, steps, tokens, scale=3.0)
        for lengths in (
            np.full(rows, steps),
            some_lengths(rng, rows, steps),
            np.ones(rows, dtype=np.int64),
        ):
            arguments = logits, _targets(rng, lengths, steps, tokens), lengths
            want = reference.masked_cross_entropy(*arguments)
            called = f"For N={rows}, T={steps}, V={tokens}, the loss"
            agree(student.masked_cross_entropy(*arguments), want, called)
    logits, lengths = uniform(rng, N, T, V, scale=3.0), some_lengths(rng, N, T)
    targets = _targets(rng, lengths, T, V)
    want = reference.masked_cross_entropy(logits, targets, lengths)
    got = as_array(
        student.masked_cross_entropy(logits.astype(np.float32), targets, lengths),
        "In float32, the loss",
    )
    if got.shape or not abs(got - want) < 1e-3 * want:
        agree(got, want, "In float32, the loss")


def _targets(rng: Rng, lengths: Array, T: int, V: int) -> Array:
    """Targets (N,T), with whatever ints beyond the lengths."""
    shape = len(lengths), T
    other = rng.choice([-100, -1, V, V + 1, 10 * V + 7], size=shape)
    return np.where(np.arange(T) < lengths[:, None], rng.integers(V, size=shape), other)


@pytest.mark.criterion("3b.loss")
@pytest.mark.hidden
def test_masked_loss_of_extreme_logits(student: Any, reference: Any, rng: Rng) -> None:
    N, T, V = distinct(rng, 3, 3, 6)
    far_apart = rng.choice([-1e4, 0.0, 1e4], size=(N, T, 1)) + steps_of(rng, (N, T, V))
    wide = rng.choice([-1e4, 1e4], size=(N, T, V)) + steps_of(rng, (N, T, V))
    plain = uniform(rng, N, T, V)
    lengths = some_lengths(rng, N, T)
    padding = (np.arange(T) >= lengths[:, None])[..., None]
    for name, logits in (
        ("predictions that lie far apart", far_apart),
        ("logits from -1e4 to 1e4", wide),
        ("plain logits, and extreme ones in the padding", np.where(padding, wide, plain)),
    ):
        arguments = logits, _targets(rng, lengths, T, V), lengths
        want = reference.masked_cross_entropy(*arguments)
        agree(student.masked_cross_entropy(*arguments), want, f"Of {name}, the loss")


@pytest.mark.criterion("3b.loss")
@pytest.mark.hidden
def test_masked_loss_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    lengths = np.array([2, 4, 1])
    arguments = uniform(rng, 3, 4, 5), _targets(rng, lengths, 4, 5), lengths
    after = student.arguments_after.masked_cross_entropy(*arguments)
    untouched(after, arguments, ("logits", "targets", "lengths"))


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


# Tests of a right mask in the check below; each fails with a chance of CHANCE / MANY, at most.
MANY = 40


@pytest.mark.criterion("3c.mask")
@pytest.mark.hidden
def test_masks(student: Any, rng: Rng) -> None:
    for p, shape in (
        (0.5, (40, 30)),
        (float(rng.uniform(0.15, 0.25)), (20, 10, 8)),
        (float(rng.uniform(0.75, 0.85)), (1500,)),
        (0.5, (6, 200)),
    ):
        x = uniform(rng, *shape)
        generator = np.random.default_rng(seed(rng))
        answers = student.many(2).dropout(x, p, generator)
        one, two = (_mask_of(answer, shape, "The mask") for answer in answers)
        for mask in (one, two):
            follows_rate(mask, p, "The entries of a mask")
        _are_independent(one, two, p, "Masks of two calls")
        for axis in range(len(shape)):
            halves = np.moveaxis(one, axis, 0)
            half = len(halves) // 2
            _are_independent(
                halves[0 : 2 * half : 2], halves[1 : 2 * half : 2], p, "Neighbours in a mask"
            )
            # Those further apart: a pattern may repeat.
            _are_independent(halves[:half], halves[half : 2 * half], p, "Entries of a mask")


def follows_rate(mask: Array, p: float, name: str) -> None:
    """Whether entries are dropped at the rate p."""
    try:
        follows(mask.ravel().astype(int).tolist(), np.array([p, 1 - p]), name, CHANCE / MANY)
    except Disagreement as error:
        message = f"{name}: entries are not dropped with the probability that was asked for."
        raise Disagreement(message, error.detail) from None


def _are_independent(one: Array, two: Array, p: float, name: str) -> None:
    """Whether pairs, one of each mask, are dropped independently of each other."""
    pairs = 2 * one.ravel().astype(int) + two.ravel().astype(int)
    shares = np.outer([p, 1 - p], [p, 1 - p]).ravel()
    try:
        follows(pairs.tolist(), shares, name, CHANCE / MANY)
    except Disagreement as error:
        raise Disagreement(f"{name} are not independent.", error.detail) from None


@pytest.mark.criterion("3c.mask")
@pytest.mark.hidden
def test_how_many_are_dropped_differs(student: Any, rng: Rng) -> None:
    # Of four entries, 0 to 4 are kept: not always as many. A right one is never always the same
    # in 60 calls: with a chance of 0.375^60.
    for shape in ((4,), (2, 2)):
        generator = np.random.default_rng(seed(rng))
        answers = student.many(60).dropout(uniform(rng, *shape), 0.5, generator)
        kept = [int(_mask_of(answer, shape, "The mask").sum()) for answer in answers]
        shares = np.array([1, 4, 6, 4, 1]) / 16
        try:
            follows(kept, shares, "The numbers of entries that are kept", CHANCE / 4)
        except Disagreement as error:
            message = "How many of four entries are kept does not differ as it should."
            raise Disagreement(message, error.detail) from None


@pytest.mark.criterion("3c.mask")
@pytest.mark.hidden
def test_dropout_follows_its_generator(student: Any, rng: Rng) -> None:
    # Two right ones agree in all 64 entries by accident with a chance of 2^-64.
    x = uniform(rng, 8, 8)
    number, another = distinct(rng, 2, 0, 1000)
    first, again, other = (
        _mask_of(student.dropout(x, 0.5, np.random.default_rng(one)), (8, 8), "The mask")
        for one in (number, number, another)
    )
    if (first != again).any():
        raise Disagreement("Two generators with the same seed give different masks.")
    if (first == other).all():
        raise Disagreement("Generators with different seeds give the same mask.")


@pytest.mark.criterion("3c.mask")
@pytest.mark.hidden
def test_dropout_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    for p, settings in ((0.5, {}), (0.0, {}), (0.5, {"training": False})):
        arguments = (uniform(rng, 3, 4), p, np.random.default_rng(seed(rng)))
        after = student.arguments_after.dropout(*arguments, **settings)
        untouched(after, arguments, ("x", "p", "rng"))


@pytest.mark.criterion("3c.scale", of=(0,))
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("p", [0.5, 0.6])
def test_what_is_kept_is_scaled(student: Any, p: float, kind: str) -> None:
    x = np.arange(1, 61, dtype=kind)
    _is_scaled([(student.dropout(x, p, np.random.default_rng(2)), x, p)])


@pytest.mark.criterion("3c.scale", of=(0,))
@pytest.mark.hidden
def test_scale(student: Any, rng: Rng) -> None:
    answers = []
    for p, shape in (
        (0.5, (60,)),
        (float(rng.uniform(0.2, 0.3)), (15, 10)),
        (float(rng.uniform(0.7, 0.8)), (5, 6, 7)),
        (0.5, (1, 80)),
    ):
        x = uniform(rng, *shape, scale=3.0)
        answers.append((student.dropout(x, p, np.random.default_rng(seed(rng))), x, p))
    x = uniform(rng, 20, 9).astype(np.float32)
    answers.append((student.dropout(x, 0.4, np.random.default_rng(seed(rng))), x, 0.4))
    _is_scaled(answers)


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


@pytest.mark.criterion("3c.off")
@pytest.mark.hidden
def test_dropout_off(student: Any, rng: Rng) -> None:
    _drops_at_all(student, np.random.default_rng(seed(rng)))
    for shape in ((60,), (3, 4), (2, 3, 4)):
        x = uniform(rng, *shape, scale=3.0)
        for p in (0.3, 0.5, 0.9, 0.0):
            generator = np.random.default_rng(seed(rng))
            got = student.dropout(x, p, generator, training=False)
            _is_off(got, x, "Not in training")
        got = student.dropout(x, 0.0, np.random.default_rng(seed(rng)))
        _is_off(got, x, "With p=0")
        got = student.dropout(x, 0.0, np.random.default_rng(seed(rng)), training=True)
        _is_off(got, x, "With p=0, in training")
    x = x.astype(np.float32)
    got = student.dropout(x, 0.5, np.random.default_rng(seed(rng)), training=False)
    _is_off(got, x, "In float32, not in training")


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


@pytest.mark.criterion("3c.backward")
@pytest.mark.hidden
def test_dropout_backward(student: Any, reference: Any, rng: Rng) -> None:
    for shape in ((9,), (3, 5), (2, 3, 4), (1, 1), (4, 4)):
        for p in (0.5, float(rng.uniform(0.1, 0.3)), 0.9, 0.0):
            dy, mask = uniform(rng, *shape, scale=3.0), rng.random(shape) < 0.6
            mask.flat[0] = True
            want = reference.dropout_backward(dy, mask, p)
            called = f"For the shape {shape}, the gradient"
            agree(student.dropout_backward(dy, mask, p), want, called)
    dy = dy.astype(np.float32)
    want = reference.dropout_backward(dy, mask, 0.5)
    agree(student.dropout_backward(dy, mask, 0.5), want, "In float32, the gradient")


@pytest.mark.criterion("3c.backward")
@pytest.mark.hidden
def test_dropout_backward_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = uniform(rng, 3, 4), rng.random((3, 4)) < 0.5, 0.5
    after = student.arguments_after.dropout_backward(*arguments)
    untouched(after, arguments, ("dy", "mask", "p"))
