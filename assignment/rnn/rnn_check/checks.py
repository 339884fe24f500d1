"""The checks that you can run, as they are run where your work is graded.

`student.f(...)` calls your function `f`.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    token_ids,
    untouched,
)
from .engine.checks.chance import follows
from .engine.self_check.marks import pytest


# == What a ``CharRNN`` must answer, given the parameters that it has. ============================


# Far above the sizes that are ever asked for: what is computed from a model's parameters grows with
# their number and with the length of each axis, and a student may choose both.
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


# == Task 01, Why Sequence Matters: counts after a context, and a network without memory. =========


NOTHING = np.array([], dtype=np.int64)


# -- 1a context ---------------------------------------------------------------------------------


@pytest.mark.criterion("1a.unigram")
@pytest.mark.visible
def test_unigram_of_a_short_text(student: Any) -> None:
    tokens = np.array([2, 0, 2, 1, 2])
    got = student.ngram_distribution(tokens, NOTHING, 4)
    agree(got, [0.2, 0.2, 0.6, 0.0], "With an empty context, the distribution")


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


@pytest.mark.criterion("1a.unseen")
@pytest.mark.visible
def test_unseen_context_of_a_short_text(student: Any) -> None:
    tokens = np.array([0, 1, 0, 1, 0, 2])
    never = student.ngram_distribution(tokens, np.array([3]), 4)
    agree(never, [0.25] * 4, "After a token that never occurs, the distribution")
    at_the_end = student.ngram_distribution(tokens, np.array([0, 2]), 4)
    agree(at_the_end, [0.25] * 4, "After a context that ends the text, the distribution")


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
@pytest.mark.visible
def test_feed_forward_in_float32(student: Any) -> None:
    x, W_x = np.array([[[0.0], [0.5]]], np.float32), np.array([[2.0, -2.0]], np.float32)
    b_h, b_y = np.array([0.0, 1.0], np.float32), np.array([1.0], np.float32)
    arguments = (x, W_x, b_h, np.array([[3.0], [1.0]], np.float32), b_y)
    got = student.feed_forward_logits(*arguments)
    agree(got, np.array([[[1.761594], [3.284782]]], np.float32), "In float32, the logits")
    after = student.arguments_after.feed_forward_logits(*arguments)
    untouched(after, arguments, ("x", "W_x", "b_h", "W_y", "b_y"))


# == Task 02, The RNN Architecture: the cell, the model, unrolling. ===============================


LAYERS = {"embedding": "Embedding", "rnn": "RNN", "output": "Linear"}


# -- 2a the cell --------------------------------------------------------------------------------


@pytest.mark.criterion("2a.cell")
@pytest.mark.visible
def test_cell_term_by_term(student: Any) -> None:
    x_t, h_prev = np.array([[1.0, 0.5]]), np.array([[0.25, -1.0]])  # N=1, E=2, H=2
    W_x, W_h = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[0.0, 2.0], [-1.0, 0.0]])
    b_h, no = np.array([0.5, -0.5]), 0.0
    # tanh(0.5) = 0.462117 and tanh(1) = 0.761594
    only_x = student.rnn_cell_forward(x_t, no * h_prev, W_x, W_h, no * b_h)
    agree(only_x, [[0.761594, 0.761594]], "With the input alone, h_t")
    only_h = student.rnn_cell_forward(no * x_t, h_prev, W_x, W_h, no * b_h)
    agree(only_h, [[0.761594, 0.462117]], "With the old state alone, h_t")
    only_b = student.rnn_cell_forward(no * x_t, no * h_prev, W_x, W_h, b_h)
    agree(only_b, [[0.462117, -0.462117]], "With the bias alone, h_t")
    # tanh(1 + 1 + 0.5) = 0.986614 and tanh(1 + 0.5 - 0.5) = 0.761594
    got = student.rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h)
    agree(got, [[0.986614, 0.761594]], "With all three terms, h_t")


@pytest.mark.criterion("2a.cell")
@pytest.mark.visible
@pytest.mark.parametrize("kind", ["float64", "float32"])
def test_cell_of_a_negative_sum(student: Any, kind: str) -> None:
    x_t, h_prev = np.array([[-1.0, -1.0]], kind), np.array([[0.25, -1.0]], kind)
    W_x, b_h = np.array([[1.0, 0.0], [0.0, 2.0]], kind), np.array([0.5, -0.5], kind)
    arguments = (x_t, h_prev, W_x, np.array([[0.0, 2.0], [-1.0, 0.0]], kind), b_h)
    # tanh(-1 + 1 + 0.5) and tanh(-2 + 0.5 - 0.5)
    got = student.rnn_cell_forward(*arguments)
    agree(got, np.array([[0.462117, -0.964028]], kind), f"In {kind}, h_t")
    after = student.arguments_after.rnn_cell_forward(*arguments)
    untouched(after, arguments, ("x_t", "h_prev", "W_x", "W_h", "b_h"))


@pytest.mark.criterion("2a.softmax")
@pytest.mark.visible
def test_softmax_by_hand(student: Any) -> None:
    logits = np.log(np.array([1.0, 2.0, 5.0]))  # whose exponentials are 1, 2 and 5
    agree(student.softmax(logits), [0.125, 0.25, 0.625], "Of three logits, the softmax")
    rows = student.softmax(np.array([logits, [0.0, 0.0, 0.0]]))
    agree(rows, [[0.125, 0.25, 0.625], [1 / 3, 1 / 3, 1 / 3]], "Of two rows, the softmax", ("row",))


@pytest.mark.criterion("2a.softmax")
@pytest.mark.visible
def test_softmax_in_float32(student: Any) -> None:
    logits = np.log(np.array([[1.0, 2.0, 5.0], [2.0, 2.0, 4.0]], np.float32))
    want = np.array([[0.125, 0.25, 0.625], [0.25, 0.25, 0.5]], np.float32)
    agree(student.softmax(logits), want, "In float32, the softmax", ("row",))
    untouched(student.arguments_after.softmax(logits), (logits,), ("logits",))


@pytest.mark.criterion("2a.extreme")
@pytest.mark.visible
def test_softmax_of_large_logits(student: Any) -> None:
    logits = np.array([[10_000.0, 10_000.0 + np.log(3.0)], [np.log(4.0), -np.inf]])
    agree(student.softmax(logits), [[0.25, 0.75], [1.0, 0.0]], "Of large logits, the softmax")


# -- 2b the model -------------------------------------------------------------------------------


@pytest.mark.criterion("2b.layers", of=(0,))
@pytest.mark.visible
@pytest.mark.parametrize("sizes", [(), (7, 3, 5)], ids=["defaults", "small"])
def test_layers(student: Any, sizes: tuple[int, ...]) -> None:
    V, E, H = sizes or (512, 128, 64)
    model = student.CharRNN(*sizes)
    kinds = model.kinds()
    for name, kind in LAYERS.items():
        if entry(kinds, name, "The layers of the model") != kind:
            raise Disagreement(f"`{name}` is an nn.{kinds[name]}, expected an nn.{kind}.")
    shapes = {
        "embedding.weight": (V, E),
        "rnn.weight_ih_l0": (H, E),
        "rnn.weight_hh_l0": (H, H),
        "rnn.bias_ih_l0": (H,),
        "rnn.bias_hh_l0": (H,),
        "output.weight": (V, H),
        "output.bias": (V,),
    }
    parameters = model.parameters()
    for name, shape in shapes.items():
        found = as_array(entry(parameters, name, "The parameters of the model"), name).shape
        if found != shape:
            raise Disagreement(f"For V={V}, E={E}, H={H}, `{name}` is {found}, expected {shape}.")
    for name in parameters:
        if name not in shapes:
            raise Disagreement(f"The model has a parameter `{name}` too many.")


@pytest.mark.criterion("2b.forward", of=(0,))
@pytest.mark.visible
def test_forward_with_zero_weights(student: Any) -> None:
    model = student.CharRNN(7, 3, 5)  # V, E, H
    # All weights are zero, so each hidden state is zero, and each logit the bias of `output`.
    weights = {name: np.zeros(old.shape) for name, old in parameters_of(model).items()}
    bias = np.zeros(7)
    if "output.bias" in weights:
        bias = weights["output.bias"] = np.array([0.5, -1.0, 2.0, 0.0, 1.5, -2.0, 3.0])
    model.load(weights)
    tokens = np.array([[0, 1], [6, 2], [3, 3]])  # N=3, T=2
    logits = item(model(tokens), 0, ("logits", "h"))
    agree(logits, np.tile(bias, (3, 2, 1)), "With all other weights zero, the logits")


@pytest.mark.criterion("2b.state", of=(1,))
@pytest.mark.visible
def test_state_in_two_halves(student: Any) -> None:
    model = student.CharRNN(7, 3, 5)  # V, E, H
    tokens = np.array([[0, 1, 5, 2], [6, 2, 4, 4], [3, 3, 0, 1]])  # N=3, T=4
    at_once = as_array(item(model(tokens), 1, ("logits", "h")), "The state")
    if at_once.ndim != 3 or at_once.shape[1] != 3:
        raise Disagreement(f"The state has the shape {at_once.shape}, expected (1, 3, 5).")
    half_way = item(model(tokens[:, :2]), 1, ("logits", "h"))
    in_halves = item(model(tokens[:, 2:], h=half_way), 1, ("logits", "h"))
    agree(in_halves, at_once, "Read in two halves, the last state", ("layer", "row"))


def _small_model(student: Any) -> Any:
    """A model of one unit whose parameters are set, or None where it has others."""
    given = {
        "embedding.weight": np.array([[1.0], [-1.0]]),  # V=2, E=1, H=1
        "rnn.weight_ih_l0": np.array([[0.5]]),
        "rnn.weight_hh_l0": np.array([[2.0]]),
        "rnn.bias_ih_l0": np.zeros(1),
        "rnn.bias_hh_l0": np.zeros(1),
        "output.weight": np.array([[1.0], [-2.0]]),
        "output.bias": np.array([0.5, 0.0]),
    }
    model = student.CharRNN(2, 1, 1)
    found = parameters_of(model)
    if {name: old.shape for name, old in found.items()} != {n: p.shape for n, p in given.items()}:
        return None
    model.load(given)
    return model


@pytest.mark.criterion("2b.forward", of=(0,))
@pytest.mark.visible
def test_logits_of_one_step(student: Any) -> None:
    model = _small_model(student)
    if model is None:  # which costs under 2b.layers
        return
    # The state is tanh(-0.5) = -0.462117; where the layer has a relu, which costs there too, 0.
    logits = item(model(np.array([[1]])), 0, ("logits", "h"))
    relu = np.allclose(as_array(logits, "The logits"), [0.5, 0.0])
    want = [[[0.5, 0.0]]] if relu else [[[0.037883, 0.924234]]]
    agree(logits, np.array(want, np.float32), "Of one step, the logits")


@pytest.mark.criterion("2b.state", of=(1,))
@pytest.mark.visible
def test_state_after_two_steps(student: Any) -> None:
    model = _small_model(student)
    if model is None:  # which costs under 2b.layers
        return
    tokens = np.array([[0, 1], [1, 0]])  # N=2, T=2
    # Row 0: tanh(0.5) = 0.462117, tanh(-0.5 + 2 * 0.462117); row 1 has the opposite sign.
    at_rest = [[[0.400492], [-0.400492]]]
    # Row 0: tanh(1) = 0.761594, tanh(-0.5 + 2 * 0.761594); row 1: tanh(0), tanh(0.5).
    from_h = [[[0.771162], [0.462117]]]
    # With a relu, which costs under 2b.layers: 0.5 in all rows, and from h 1.5 and 0.5.
    for h, name, right, relu in (
        (None, "without h", at_rest, [[[0.5], [0.5]]]),
        (np.full((1, 2, 1), 0.25), "from h", from_h, [[[1.5], [0.5]]]),
    ):
        answer = model(tokens, **({} if h is None else {"h": h}))
        state = as_array(item(answer, 1, ("logits", "h")), "The state")
        of_relu = state.shape == (1, 2, 1) and np.allclose(state, relu)
        want = np.array(relu if of_relu else right, np.float32)
        agree(state, want, f"After two steps {name}, the state", ("layer", "row"))


PARTS_OF_MODEL = [
    pytest.param(name, marks=pytest.mark.criterion("2b.counts", item=name)) for name in LAYERS
]


@pytest.mark.parametrize("layer", PARTS_OF_MODEL)
@pytest.mark.visible
def test_counts_of_a_small_model(student: Any, layer: str) -> None:
    # V=5, E=3, H=2: (5,3); (3,2), (2,2), (2,) and (2,); (2,5) and (5,)
    want = {"embedding": 15, "rnn": 14, "output": 15}[layer]
    agree(entry(student.parameter_count(5, 3, 2), layer), want, f'The count of "{layer}"')


# -- 2c unrolling -------------------------------------------------------------------------------


@pytest.mark.criterion("2c.values")
@pytest.mark.visible
def test_unrolling_by_hand(student: Any) -> None:
    x = np.array([[[1.0], [0.0], [0.5]], [[0.0], [0.5], [0.0]]])  # N=2, T=3, E=1
    h0, W_x, W_h, b_h = np.zeros((2, 1)), np.array([[1.0]]), np.array([[2.0]]), np.zeros(1)
    # Row 0: tanh(1), tanh(2 * 0.7616), tanh(2 * 0.9093 + 0.5); row 1: 0, tanh(0.5), tanh(0.9242)
    want = [[[0.761594], [0.909252], [0.980813]], [[0.0], [0.462117], [0.727894]]]
    got = student.rnn_forward(x, h0, W_x, W_h, b_h)
    agree(got, want, "The states", ("row", "time step"))


@pytest.mark.criterion("2c.values")
@pytest.mark.visible
def test_unrolling_in_float32(student: Any) -> None:
    x, h0 = np.array([[[1.0], [0.0]], [[0.0], [0.5]]], np.float32), np.zeros((2, 1), np.float32)
    W_x, W_h, b_h = np.array([[1.0]], np.float32), np.array([[2.0]], np.float32), h0[0]
    arguments = (x, h0, W_x, W_h, b_h)
    want = np.array([[[0.761594], [0.909252]], [[0.0], [0.462117]]], np.float32)
    agree(student.rnn_forward(*arguments), want, "In float32, the states", ("row", "time step"))
    after = student.arguments_after.rnn_forward(*arguments)
    untouched(after, arguments, ("x", "h0", "W_x", "W_h", "b_h"))


@pytest.mark.criterion("2c.length")
@pytest.mark.visible
def test_one_step(student: Any) -> None:
    x, h0 = np.array([[[1.0, 0.0]]]), np.zeros((1, 3))  # N=1, T=1, E=2, H=3
    W_x, W_h = np.array([[0.5, 0.0, 1.0], [3.0, 3.0, 3.0]]), np.ones((3, 3))
    got = student.rnn_forward(x, h0, W_x, W_h, np.zeros(3))
    agree(got, [[[0.462117, 0.0, 0.761594]]], "For one row and one step, the states")


@pytest.mark.criterion("2c.memory")
@pytest.mark.visible
def test_memory_of_h0(student: Any) -> None:
    x, h0 = np.zeros((2, 2, 1)), np.array([[0.5], [-1.0]])  # N=2, T=2, E=1: no input at all
    W_x, W_h, b_h = np.array([[1.0]]), np.array([[2.0]]), np.zeros(1)
    # tanh(2 * 0.5), tanh(2 * 0.761594); tanh(2 * -1), tanh(2 * -0.964028)
    want = [[[0.761594], [0.909252]], [[-0.964028], [-0.958576]]]
    got = student.rnn_forward(x, h0, W_x, W_h, b_h)
    agree(got, want, "Without input, the states", ("row", "time step"))


# == Task 03, Training a Language Model: the objective, one step back, through time. ==============


PAIR = ("inputs", "targets")
GRADIENTS = ("dx_t", "dh_prev", "dW_x", "dW_h", "db_h")


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
@pytest.mark.visible
def test_loss_of_large_logits_of_token_zero(student: Any) -> None:
    unlikely = student.cross_entropy(np.array([[0.0, 10_000.0]]), np.array([0]))
    agree(unlikely, 10_000.0, "Of logits 0 and 10000 with target 0, the loss")


@pytest.mark.criterion("3a.perplexity")
@pytest.mark.visible
def test_perplexity_of_uniform_guesses(student: Any) -> None:
    agree(student.perplexity(2.302585093), 10.0, "Of a loss of log 10, the perplexity")
    agree(student.perplexity(0.0), 1.0, "Of a loss of 0, the perplexity")


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


# == Task 04, Generation and the Big Picture: the sampler, and writing with it. ===================


# -- 4a the sampler -----------------------------------------------------------------------------


@pytest.mark.criterion("4a.distribution")
@pytest.mark.visible
def test_draws_of_two_tokens(student: Any) -> None:
    rng = np.random.default_rng(1)
    far_apart = student.many(5).sample_token(np.array([0.0, 90.0, 0.0]), rng)
    agree(far_apart, [1] * 5, "Of logits 0, 90 and 0, the draws")
    drawn = student.many(36).sample_token(np.array([5.0, -95.0, 5.0]), np.random.default_rng(2))
    drawn = token_ids(drawn, 3, "The draws", 36)
    follows(drawn, np.array([0.5, 0.0, 0.5]), "Of logits 5, -95 and 5, the draws")


@pytest.mark.criterion("4a.temperature")
@pytest.mark.visible
@pytest.mark.parametrize(("temperature", "share"), [(0.5, 0.9), (2.0, 0.634)])
def test_temperature_of_two_tokens(student: Any, temperature: float, share: float) -> None:
    # At temperature 1 the shares are 3/4 and 1/4; at 0.5 their squares, 9 to 1; at 2 their roots.
    rng, logits = np.random.default_rng(3), np.log(np.array([3.0, 1.0]))
    drawn = student.many(50).sample_token(logits, rng, temperature=temperature)
    drawn = token_ids(drawn, 2, "The draws", 50)
    follows(drawn, np.array([share, 1 - share]), f"At temperature {temperature}, the draws")


@pytest.mark.criterion("4a.greedy")
@pytest.mark.visible
def test_greedy_by_hand(student: Any) -> None:
    for logits, largest in (([0.1, 2.0, -1.0], 1), ([-3.0, -2.5, -2.0], 2), ([9.0, 8.5], 0)):
        drawn = student.many(3).sample_token(
            np.array(logits), np.random.default_rng(4), temperature=0
        )
        agree(drawn, [largest] * 3, f"Of logits {logits} at temperature 0, the draws")


@pytest.mark.criterion("4a.top_k")
@pytest.mark.visible
def test_top_2_of_4(student: Any) -> None:
    logits = np.array([-3.0, -1.0, -2.0, -1.0])
    drawn = student.many(36).sample_token(logits, np.random.default_rng(5), top_k=2)
    drawn = token_ids(drawn, 4, "The draws", 36)
    follows(drawn, np.array([0.0, 0.5, 0.0, 0.5]), "With top_k=2, the draws")


@pytest.mark.criterion("4a.generator")
@pytest.mark.visible
def test_equal_generators(student: Any) -> None:
    first, other, again = (
        token_ids(student.many(12).sample_token(np.zeros(100), generator), 100, "The draws", 12)
        for generator in map(np.random.default_rng, (6, 7, 6))
    )
    seen = f"Two with the seed 6 give {first[:4]} and {again[:4]} first, one with 7 {other[:4]}."
    if first != again:
        raise Disagreement("Two generators with the same seed give different draws.", seen)
    if first == other:
        raise Disagreement("Generators with different seeds give the same draws.", seen)


@pytest.mark.criterion("4a.distribution")
@pytest.mark.visible
def test_a_draw_leaves_its_logits_alone(student: Any) -> None:
    for settings in ({"temperature": 0.5}, {"top_k": 2}):
        arguments = (np.array([1.0, 3.0, 2.0]), np.random.default_rng(7))
        after = student.arguments_after.sample_token(*arguments, **settings)
        untouched(after, arguments, ("logits", "rng"))


@pytest.mark.criterion("4a.top_k")
@pytest.mark.visible
def test_a_top_k_above_the_vocabulary(student: Any) -> None:
    logits = np.array([5.0, -95.0, 5.0])
    drawn = student.many(36).sample_token(logits, np.random.default_rng(5), top_k=4)
    drawn = token_ids(drawn, 3, "The draws", 36)
    follows(drawn, np.array([0.5, 0.0, 0.5]), "With top_k=4 of three tokens, the draws")


# -- 4b generating ------------------------------------------------------------------------------


@pytest.mark.criterion("4b.state")
@pytest.mark.visible
def test_counting_on(student: Any) -> None:
    # The state is the last token; the output weights say "the next one".
    W_e, b = np.eye(4), np.zeros(4)
    W_y = 60 * np.roll(np.eye(4), 1, axis=1)
    weights = (W_e, np.eye(4), np.zeros((4, 4)), b, W_y, b)
    got = student.generate([1, 1], 8, *weights, np.random.default_rng(8))
    drawn = token_ids(got, 4, "The drawn tokens")[-6:]
    want = [(drawn[0] + step) % 4 for step in range(6)] if drawn else [0] * 6
    agree(drawn, want, "Counting on, the last six tokens")


@pytest.mark.criterion("4b.state")
@pytest.mark.visible
def test_a_memory_of_the_first_token(student: Any) -> None:
    # Token 0 pushes the one unit up, token 1 down; token 2 and 3 leave it where it is: W_h = 2
    # keeps it at 0.9575 or -0.9575. Up means token 2 next, down means token 3.
    W_e, W_x = np.array([[3.0], [-3.0], [0.0], [0.0]]), np.eye(1)
    W_y, b = np.array([[0.0, 0.0, 90.0, -90.0]]), np.zeros(4)
    for first, wanted in ((0, 2), (1, 3)):
        weights = (W_e, W_x, 2 * np.eye(1), np.zeros(1), W_y, b)
        got = student.generate([first, first], 12, *weights, np.random.default_rng(9))
        drawn = token_ids(got, 4, "The drawn tokens")[-10:]
        agree(drawn, [wanted] * 10, f"After token {first}, the last ten tokens")


@pytest.mark.criterion("4b.prompt")
@pytest.mark.visible
def test_the_token_after_the_prompt(student: Any) -> None:
    # The state is the last token; the output weights say "the next one".
    W_e, b = np.eye(4), np.zeros(4)
    W_y = 60 * np.roll(np.eye(4), 1, axis=1)
    weights = (W_e, np.eye(4), np.zeros((4, 4)), b, W_y, b)
    for prompt, first in (([0, 3, 1], 2), ([2, 3], 0), ([1], 2)):
        for length in (1, 4, 0):
            got = student.generate(prompt, length, *weights, np.random.default_rng(8))
            drawn = token_ids(got, 4, f"For length={length}, the drawn tokens", length)
            if length:
                agree(drawn[0], first, f"After the prompt {prompt}, the first token")


@pytest.mark.criterion("4b.state")
@pytest.mark.visible
def test_generating_leaves_its_arguments_alone(student: Any) -> None:
    weights = (np.eye(2), np.eye(2), np.eye(2), np.ones(2), np.eye(2), np.ones(2))
    arguments = ([0, 1], 2, *weights, np.random.default_rng(8))
    after = student.arguments_after.generate(*arguments)
    untouched(
        after, arguments, ("prompt", "length", "W_e", "W_x", "W_h", "b_h", "W_y", "b_y", "rng")
    )


@pytest.mark.criterion("4b.prompt")
@pytest.mark.visible
def test_the_prompt_is_read_in_order(student: Any) -> None:
    # Units 0 and 1 hold the last token read, units 2 and 3 the one before it, which is said; where
    # nothing was read before, it is token 1.
    W_e, none = np.eye(2), np.zeros((2, 2))
    W_x, W_h = np.hstack([3 * np.eye(2), none]), np.block([[none, 3 * np.eye(2)], [none, none]])
    W_y, b_y = 90 * np.vstack([none, np.eye(2)]), np.array([0.0, 30.0])
    weights = (W_e, W_x, W_h, np.zeros(4), W_y, b_y)
    prompts = ([0, 1], [1, 0], [1, 0, 0], [1, 1, 0], [0, 1, 1])
    # All are asked before any is looked at: where they are wrong, together they tell why.
    answers = [
        student.generate(prompt, 1, *weights, np.random.default_rng(8)) for prompt in prompts
    ]
    for prompt, got in zip(prompts, answers, strict=True):
        drawn = token_ids(got, 2, "For length=1, the drawn tokens", 1)
        agree(drawn[0], prompt[-2], f"Of the prompt {prompt}, the token before the last")
