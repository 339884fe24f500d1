"""Task 02, The RNN Architecture: the cell, the model, unrolling."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograder.checks.agree import Array, Disagreement, agree, as_array, entry, item, untouched
from autograder.checks.inputs import Rng, distinct, single, uniform

from .inputs import cell, sequence, steps_of
from .model import (
    AS_ASKED,
    RETURNED,
    SETTINGS,
    Setting,
    load_random,
    matching,
    parameters_of,
    state_shape,
    unrolled,
)

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
@pytest.mark.hidden
def test_cell(student: Any, reference: Any, rng: Rng) -> None:
    sizes = distinct(rng, 3)
    for N, E, H in (sizes, (1, 4, 3), (4, 3, 3), (3, 3, 3), (5, 1, 2), (2, 3, 1), (8, 128, 64)):
        arguments = cell(rng, N, E, H)
        got, want = student.rnn_cell_forward(*arguments), reference.rnn_cell_forward(*arguments)
        agree(got, want, f"For N={N}, E={E}, H={H}, h_t", ("row", "unit"))
    x_t, h_prev, W_x, W_h, b_h = cell(rng, *sizes)
    large = (4 * x_t, h_prev, 4 * W_x, W_h, b_h)
    agree(student.rnn_cell_forward(*large), reference.rnn_cell_forward(*large), "For large x, h_t")
    small = single((x_t, h_prev, W_x, W_h, b_h))
    agree(student.rnn_cell_forward(*small), reference.rnn_cell_forward(*small), "In float32, h_t")


@pytest.mark.criterion("2a.cell")
@pytest.mark.hidden
def test_cell_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = cell(rng, 3, 4, 5)
    after = student.arguments_after.rnn_cell_forward(*arguments)
    untouched(after, arguments, ("x_t", "h_prev", "W_x", "W_h", "b_h"))


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
@pytest.mark.hidden
def test_softmax(student: Any, reference: Any, rng: Rng) -> None:
    N, T, V, K = distinct(rng, 4)
    for shape in ((V,), (N, V), (N, T, V), (N, T, K, V), (1, V), (V, V), (N, 1), (3, 512)):
        logits = uniform(rng, *shape, scale=4.0)
        want = reference.softmax(logits)
        agree(student.softmax(logits), want, f"Of logits of the shape {shape}, the softmax")
    logits = uniform(rng, N, V, scale=4.0).astype(np.float32)
    agree(student.softmax(logits), reference.softmax(logits), "In float32, the softmax")


@pytest.mark.criterion("2a.softmax")
@pytest.mark.hidden
def test_softmax_leaves_its_argument_alone(student: Any, rng: Rng) -> None:
    for logits in (uniform(rng, 5), uniform(rng, 3, 4)):
        untouched(student.arguments_after.softmax(logits), (logits,), ("logits",))


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


@pytest.mark.criterion("2a.extreme")
@pytest.mark.hidden
def test_softmax_of_extreme_logits(student: Any, reference: Any, rng: Rng) -> None:
    N, T, V = distinct(rng, 3, 3)
    for name, level in (("far above zero", 1e4), ("far below zero", -1e4)):
        logits = level + steps_of(rng, (V,))
        agree(student.softmax(logits), reference.softmax(logits), f"Of logits {name}, the softmax")
    far_apart = rng.permutation(np.linspace(-1e4, 1e4, N))[:, None] + steps_of(rng, (N, V))
    wide = np.where(rng.permuted(np.arange(V) + np.zeros((T, 1)), axis=1) < 2, 1e4, -1e4)
    excluded = steps_of(rng, (N, T, V))
    excluded[rng.permuted(np.arange(V) + np.zeros((N, T, 1)), axis=-1) < 2] = -np.inf
    for name, logits in (
        ("rows that lie far apart", far_apart),
        ("rows that reach from -1e4 to 1e4", wide + steps_of(rng, (T, V))),
        ("rows that hold -inf", excluded),
    ):
        agree(student.softmax(logits), reference.softmax(logits), f"Of {name}, the softmax")


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


@pytest.mark.criterion("2b.layers", of=(0,))
@pytest.mark.hidden
def test_layers_at_work(student: Any, rng: Rng) -> None:
    V, E, H = distinct(rng, 3, 7, 12)  # With few units, all states may have one sign.
    model = student.CharRNN(V, E, H)
    parameters = load_random(model, rng)
    expected = {"embedding.weight": (V, E), "rnn.weight_hh_l0": (H, H), "output.weight": (V, H)}
    for name, shape in expected.items():
        found = as_array(entry(parameters, name, "The parameters of the model"), name).shape
        if found != shape:
            raise Disagreement(f"For other sizes, `{name}` has the wrong shape.")
    tokens = rng.integers(V, size=(3, 5))
    logits = item(model(tokens), 0, RETURNED)
    setting = matching(logits, _logits(parameters, tokens))
    # What matches no setting is a mistake of `forward`, and costs there.
    if setting is not None and setting != AS_ASKED:
        raise Disagreement(f"The layer `rnn` {setting}.")


def _logits(parameters: dict[str, Array], tokens: Array) -> Iterator[tuple[Setting, Array]]:
    return ((setting, unrolled(parameters, tokens, None, setting)[0]) for setting in SETTINGS)


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


@pytest.mark.criterion("2b.forward", of=(0,))
@pytest.mark.hidden
def test_forward(student: Any, rng: Rng) -> None:
    V, E, H = distinct(rng, 3, 7, 12)
    for N, T in ((3, 40), (4, 1), (1, 1)):
        # A fresh one each time: what one keeps of a batch costs under 2b.state.
        model = student.CharRNN(V, E, H)
        parameters = load_random(model, rng)
        tokens = rng.integers(V, size=(N, T))
        logits = item(model(tokens), 0, RETURNED)
        if not matching(logits, _logits(parameters, tokens)):
            want = unrolled(parameters, tokens)[0].astype(np.float32)
            agree(logits, want, f"For N={N}, T={T}, the logits", ("row", "time step"))


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


@pytest.mark.criterion("2b.state", of=(1,))
@pytest.mark.hidden
def test_state(student: Any, rng: Rng) -> None:
    V, E, H = distinct(rng, 3, 7, 12)
    for N, T in ((4, 5), (1, 1)):
        model = student.CharRNN(V, E, H)
        parameters = load_random(model, rng)
        tokens = rng.integers(V, size=(N, T))
        h0 = uniform(rng, *state_shape(parameters, N), scale=0.9)
        starts = {"without h": None, "with h": h0, "without h again": None}
        # Asked for before any is judged: where they are wrong, together they tell why.
        answers = [model(tokens, **({} if h is None else {"h": h})) for h in starts.values()]
        for (name, start), answer in zip(starts.items(), answers, strict=True):
            last = item(answer, 1, RETURNED)
            _agree_state(last, parameters, tokens, start, f"For N={N}, T={T}, {name}, the state")
        logits = [item(answer, 0, RETURNED) for answer in answers]
        # What is wrong without h costs under 2b.forward.
        setting = matching(logits[0], _logits(parameters, tokens))
        if setting is not None:
            want = unrolled(parameters, tokens, h0, setting)[0].astype(np.float32)
            agree(logits[1], want, f"For N={N}, T={T}, with h, the logits", ("row", "time step"))
        handed_on = item(model(tokens, h=last), 1, RETURNED)
        _agree_state(handed_on, parameters, tokens, last, "Handed back in, the state")


def _agree_state(
    got: object, parameters: dict[str, Array], tokens: Array, start: Any, name: str
) -> None:
    """A relu is no mistake of the state: it costs under 2b.layers."""
    states = ((s, unrolled(parameters, tokens, start, s)[1]) for s in SETTINGS[:2])
    if not matching(got, states):
        want = unrolled(parameters, tokens, start)[1].astype(np.float32)
        agree(got, want, name, ("layer", "row"))


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


@pytest.mark.parametrize("layer", PARTS_OF_MODEL)
@pytest.mark.hidden
def test_counts(student: Any, rng: Rng, layer: str) -> None:
    for V, E, H in ((512, 128, 64), distinct(rng, 3, 2, 90), distinct(rng, 3, 2, 90), (1, 1, 1)):
        shapes = {
            "embedding": ((V, E),),
            "rnn": ((H, E), (H, H), (H,), (H,)),
            "output": ((V, H), (V,)),
        }
        got = entry(student.parameter_count(V, E, H), layer)
        want = sum(math.prod(shape) for shape in shapes[layer])
        agree(got, want, f'The count of "{layer}"')


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
@pytest.mark.hidden
def test_unrolling(student: Any, reference: Any, rng: Rng) -> None:
    # h0 is zero here: whether it is used is asked under 2c.memory.
    for N, T, E, H in (distinct(rng, 4), (3, 5, 4, 4), (5, 5, 5, 5), (4, 3, 1, 2), (2, 4, 3, 1)):
        arguments = sequence(rng, N, T, E, H, started=False)
        got, want = student.rnn_forward(*arguments), reference.rnn_forward(*arguments)
        agree(got, want, f"For N={N}, T={T}, E={E}, H={H}, the states", ("row", "time step"))
    arguments = single(arguments)
    got, want = student.rnn_forward(*arguments), reference.rnn_forward(*arguments)
    agree(got, want, "In float32, the states", ("row", "time step"))


@pytest.mark.criterion("2c.values")
@pytest.mark.hidden
def test_unrolling_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    arguments = sequence(rng, 2, 3, 4, 5, started=True)
    after = student.arguments_after.rnn_forward(*arguments)
    untouched(after, arguments, ("x", "h0", "W_x", "W_h", "b_h"))


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


@pytest.mark.criterion("2c.length")
@pytest.mark.hidden
def test_any_length(student: Any, reference: Any, rng: Rng) -> None:
    N, E, H = distinct(rng, 3)
    T = int(rng.integers(105, 120))
    for rows, steps in ((1, 4), (N, 1), (1, 1), (2, T)):
        arguments = sequence(rng, rows, steps, E, H, started=False)
        got, want = student.rnn_forward(*arguments), reference.rnn_forward(*arguments)
        agree(got, want, f"For N={rows}, T={steps}, the states", ("row", "time step"))


@pytest.mark.criterion("2c.memory")
@pytest.mark.visible
def test_memory_of_h0(student: Any) -> None:
    x, h0 = np.zeros((2, 2, 1)), np.array([[0.5], [-1.0]])  # N=2, T=2, E=1: no input at all
    W_x, W_h, b_h = np.array([[1.0]]), np.array([[2.0]]), np.zeros(1)
    # tanh(2 * 0.5), tanh(2 * 0.761594); tanh(2 * -1), tanh(2 * -0.964028)
    want = [[[0.761594], [0.909252]], [[-0.964028], [-0.958576]]]
    got = student.rnn_forward(x, h0, W_x, W_h, b_h)
    agree(got, want, "Without input, the states", ("row", "time step"))


@pytest.mark.criterion("2c.memory")
@pytest.mark.hidden
def test_memory(student: Any, reference: Any, rng: Rng) -> None:
    N, T, E, H = distinct(rng, 4, 3)
    x, h0, W_x, W_h, b_h = sequence(rng, N, T, E, H, started=True)
    pulse = x * (np.arange(T) == 1)[:, None]
    for name, given, start in (
        ("With h0", x, h0),
        ("With h0 and no input", np.zeros_like(x), h0),
        ("After one input", pulse, np.zeros_like(h0)),
        ("With the inputs in another order", x[:, rng.permutation(T)], h0),
    ):
        got = student.rnn_forward(given, start, W_x, W_h, b_h)
        want = reference.rnn_forward(given, start, W_x, W_h, b_h)
        agree(got, want, f"{name}, the states", ("row", "time step"))
    # One right after the other: between the calls above, others are answered.
    for got in student.many(2).rnn_forward(x, np.zeros_like(h0), W_x, W_h, b_h):
        want = reference.rnn_forward(x, np.zeros_like(h0), W_x, W_h, b_h)
        agree(got, want, "Called twice from zero, the states", ("row", "time step"))
