"""Task 04, Writing and Translating: the generator, one to many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from autograder.checks.agree import (
    Array,
    Disagreement,
    agree,
    as_array,
    entry,
    item,
    token_ids,
    untouched,
)
from autograder.checks.choices import judge
from autograder.checks.inputs import Rng, distinct, uniform

from .inputs import steps_of, writer
from .networks import (
    AS_ASKED,
    char_logits,
    char_lstm,
    learns,
    load_random,
    matching,
    parameters_of,
    suppress_raised,
)

ANSWER, STATE = ("logits", "state"), ("h", "c")
DECODE = ("h0", "c0", "start", "end", "max_length", "W_e", "W_x", "W_h", "b", "W_y", "b_y")


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


@pytest.mark.criterion("4a.layers")
@pytest.mark.hidden
def test_lstm_layers_at_work(student: Any, rng: Rng) -> None:
    V, H = distinct(rng, 2, 6, 12)
    for L in (2, 1, 3):
        model = student.CharLSTM(V, H, L)
        parameters = load_random(model, rng)
        if {name: array.shape for name, array in parameters.items()} != _lstm_shapes(V, H, L):
            raise Disagreement("For other sizes, the parameters have wrong shapes.")
        tokens = rng.integers(V, size=(3, 5))
        answer: Any = None
        with suppress_raised():  # which costs under 4a.forward
            answer = model(tokens)
        logits = answer[0] if isinstance(answer, list) and answer else answer
        setting = matching(logits, char_logits(parameters, tokens))
        # What matches no setting is a mistake of `forward`, and costs there.
        if setting is not None and setting != AS_ASKED:
            raise Disagreement(f"The layer `lstm` {setting}.")


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


@pytest.mark.criterion("4a.forget")
@pytest.mark.hidden
def test_forget_gates_of_other_sizes(student: Any, rng: Rng) -> None:
    for L in (2, 3):
        V, H = distinct(rng, 2, 4, 12)
        biases = student.CharLSTM(V, H, L).parameters("lstm.bias")
        # Another number of layers or units than asked for costs under 4a.layers.
        for layer in [one for one in range(L) if f"lstm.bias_ih_l{one}" in biases] or [0]:
            both = [
                as_array(entry(biases, f"lstm.bias_{which}_l{layer}", "The biases"), "A bias")
                for which in ("ih", "hh")
            ]
            units = np.size(both[0]) // 4
            gates = units and all(bias.shape == (4 * units,) for bias in both)
            total = both[0].astype(float) + both[1] if gates else np.zeros(1)
            if not gates or np.abs(total[units : 2 * units] - 1).max() > 1e-5:
                raise Disagreement("For other sizes, forget gates do not start open.")


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


@pytest.mark.criterion("4a.forward", of=(0,))
@pytest.mark.hidden
def test_lstm_forward(student: Any, rng: Rng) -> None:
    V, H = distinct(rng, 2, 4, 12)
    for N, T, L in ((3, 40, 2), (4, 1, 1), (1, 1, 2), (2, 5, 3)):
        # A fresh one each time: what one keeps of a batch costs under 4a.state.
        model = student.CharLSTM(V, H, L)
        parameters = load_random(model, rng)
        tokens = rng.integers(V, size=(N, T))
        logits = item(model(tokens), 0, ANSWER)
        if not matching(logits, char_logits(parameters, tokens)):
            want = char_lstm(parameters, tokens)[0].astype(np.float32)
            agree(logits, want, f"For N={N}, T={T}, the logits", ("row", "time step"))
    learns(model, LSTM_LAYERS, tokens)


@pytest.mark.criterion("4a.forward", of=(0,))
@pytest.mark.hidden
def test_lstm_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    V, H = distinct(rng, 2, 4, 12)
    model = student.CharLSTM(V, H, 2)
    tokens = rng.integers(V, size=(3, 4))
    state = steps_of(rng, (2, 3, H)), steps_of(rng, (2, 3, H))  # which float32 holds exactly
    for given in ({"state": state}, {}):
        after = model.arguments_after(tokens, **given)
        untouched(after, (tokens, *given.values()), ("tokens", "state")[: 1 + len(given)])


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


@pytest.mark.criterion("4a.state", of=STATES)
@pytest.mark.hidden
def test_lstm_state(student: Any, rng: Rng) -> None:
    V, H = distinct(rng, 2, 4, 12)
    for N, T, L in ((4, 5, 2), (1, 1, 1), (3, 4, 3)):
        model = student.CharLSTM(V, H, L)
        parameters = load_random(model, rng)
        tokens = rng.integers(V, size=(N, T))
        shape = L, N, H
        before = uniform(rng, *shape, scale=0.9), uniform(rng, *shape, scale=2.0)
        starts: dict[str, tuple[Array, Array] | None]
        starts = {"without a state": None, "with one": before, "without one again": None}
        # Asked for before any is judged: where they are wrong, together they tell why.
        answers = [
            model(tokens, **({} if one is None else {"state": one})) for one in starts.values()
        ]
        for (name, start), answer in zip(starts.items(), answers, strict=True):
            _state_of(answer, shape)
            _agree_state(answer, parameters, tokens, start, f"For N={N}, T={T}, {name}")
        # What is wrong without a state costs under 4a.forward.
        logits = [item(answer, 0, ANSWER) for answer in answers]
        setting = matching(logits[0], char_logits(parameters, tokens))
        if setting is not None:
            want = char_lstm(parameters, tokens, before, setting)[0].astype(np.float32)
            agree(logits[1], want, f"For N={N}, T={T}, with a state, the logits", ("row",))
        shown = _state_of(answers[1], shape)
        handed_on = model(tokens, state=shown)
        _agree_state(handed_on, parameters, tokens, shown, "Handed back in")
        if setting == AS_ASKED and T > 1:
            step, parts = before, []
            for t in range(T):
                answer = model(tokens[:, t : t + 1], state=step)
                step = _state_of(answer, shape)
                parts.append(as_array(item(answer, 0, ANSWER), "The logits"))
            want = char_lstm(parameters, tokens, before)[0].astype(np.float32)
            got = np.concatenate(parts, axis=1) if parts[0].shape[:2] == (N, 1) else parts[0]
            agree(got, want, "One step at a time, the logits", ("row", "time step"))


def _agree_state(
    answer: object,
    parameters: Mapping[str, Array],
    tokens: Array,
    start: tuple[Array, Array] | None,
    called: str,
) -> None:
    _, h, c = char_lstm(parameters, tokens, start)
    state = item(answer, 1, ANSWER)
    for index, (name, want) in enumerate((("h", h), ("c", c))):
        got = item(state, index, STATE)
        agree(got, want.astype(np.float32), f"{called}, {name}", ("layer", "row"))


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


@pytest.mark.criterion("4b.decode")
@pytest.mark.hidden
def test_decode(student: Any, reference: Any, rng: Rng) -> None:
    of_lengths = ((9, True), (12, False), (1, True), (5, True), (0, True), (1, False), (7, False))
    asked = [
        (writer(rng, reference, length, ends), "Of a network that ends" if ends else "At most")
        for length, ends in of_lengths
    ]
    # Cut off before the end, and not at all.
    arguments = writer(rng, reference, 8, ends=True)
    for most in (0, 1, 7, 8, 9, 30):
        asked.append(((*arguments[:4], most, *arguments[5:]), f"With max_length={most}"))
    _agree_tokens(student, reference, asked)


def _agree_tokens(student: Any, reference: Any, asked: Sequence[tuple[Any, str]]) -> None:
    # Asked for before any is judged: where they are wrong, together they tell why.
    answers = [student.decode(*arguments) for arguments, _ in asked]
    for (arguments, called), got in zip(asked, answers, strict=True):
        want = reference.decode(*arguments)
        drawn = token_ids(got, len(arguments[5]), f"{called}, the tokens", len(want))
        agree(drawn, want, f"{called}, the tokens")


@pytest.mark.criterion("4b.decode")
@pytest.mark.hidden
def test_decode_from_other_contexts(student: Any, reference: Any, rng: Rng) -> None:
    # What is written depends on each of h0, c0 and start, and on the biases.
    asked = [
        (arguments, "From another context")
        for index in (0, 1, 2, 8, 10)
        for pair in _pairs(rng, reference, index)
        for arguments in pair
    ]
    _agree_tokens(student, reference, asked)


def _pairs(rng: Rng, reference: Any, index: int) -> Iterator[tuple[Any, Any]]:
    """Two calls that differ in one argument alone, and in what is written."""
    for _ in range(200):
        one = writer(rng, reference, 6, ends=False)
        changed: Any = 0 * one[index] if index != 2 else (one[2] + 1) % len(one[5])
        other = (*one[:index], changed, *one[index + 1 :])
        if one[3] == other[2] or not _is_certain(reference, other):
            continue
        if reference.decode(*one) != reference.decode(*other):
            yield one, other
            return


def _is_certain(reference: Any, arguments: tuple[Any, ...]) -> bool:
    """Whether the best logit leads throughout."""
    h, c, token, end, most, W_e, W_x, W_h, b, W_y, b_y = arguments
    h, c = h[None], c[None]
    for _ in range(most):
        h, c = reference.lstm_cell_forward(W_e[[token]], h, c, W_x, W_h, b)
        logits = h[0] @ W_y + b_y
        best = np.sort(logits)
        if best[-1] - best[-2] < 0.05:
            return False
        token = int(np.argmax(logits))
        if token == end:
            return True
    return True


@pytest.mark.criterion("4b.decode")
@pytest.mark.hidden
def test_decode_leaves_its_arguments_alone(student: Any, reference: Any, rng: Rng) -> None:
    arguments = writer(rng, reference, 5, ends=True)
    untouched(student.arguments_after.decode(*arguments), arguments, DECODE)


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(name, marks=pytest.mark.criterion("4b.concepts", item=name))
        for name in ("memory-path", "forget-bias", "look-ahead", "padding", "one-to-many")
    ],
)
@pytest.mark.hidden
def test_answers_4b(student: Any, concepts: Mapping[str, Any], question: str) -> None:
    known = ("memory-path", "forget-bias", "look-ahead", "padding", "one-to-many")
    judge(student.value("answers_4b"), concepts[question], known)
