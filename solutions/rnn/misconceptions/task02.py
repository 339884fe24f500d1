"""Misconceptions of Task 02: the cell and softmax, the model, unrolling."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.misconceptions import Right, misconception

from ..checks.model import Setting
from .pieces import Array

# -- 2a rnn_cell_forward --------------------------------------------------------------------------

cell = partial(misconception, of="rnn_cell_forward", costs="2a.cell")
squash = partial(cell, piece="cell_squash")
summed = partial(cell, piece="cell_sum")


@squash(
    "no-tanh",
    title="the tanh is missing",
    hint="What keeps every entry of the state between -1 and 1, however long the sequence is?",
)
def no_tanh(right: Right, z: Any) -> Any:
    return z


@squash(
    "sigmoid",
    title="a sigmoid is used in place of tanh",
    hint="What is the state where all three terms are zero? And can it be negative?",
)
def sigmoid(right: Right, z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


@squash(
    "relu",
    title="a relu is used in place of tanh",
    hint="Can an entry of the state be negative, and how large can one become?",
)
def relu(right: Right, z: Any) -> Any:
    return np.maximum(z, 0)


@squash(
    "tanh-twice",
    title="the tanh is applied twice",
    hint="Count how often each entry goes through tanh.",
)
def tanh_twice(right: Right, z: Any) -> Any:
    return np.tanh(np.tanh(z))


@summed(
    "no-bias",
    title="the bias is missing",
    hint="With an old state and an input of zero, what is left in the sum?",
)
def no_bias(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
    return h_prev @ W_h + x_t @ W_x


@summed(
    "bias-twice",
    title="the bias is added twice",
    hint="nn.RNN has two bias vectors; this cell has one.",
)
def bias_twice(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
    return h_prev @ W_h + x_t @ W_x + 2 * b_h


@summed(
    "no-state",
    title="the old state plays no part",
    hint="What does the cell remember if the term with the old state is missing?",
)
def no_state(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
    return x_t @ W_x + b_h


@summed(
    "no-input",
    title="the input plays no part",
    hint="Two different inputs should give two different states.",
)
def no_input(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
    return h_prev @ W_h + b_h


@summed(
    "state-without-weights",
    title="the old state is added without its weights",
    hint="Which matrix mixes the units of the old state?",
)
def state_without_weights(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
    return h_prev + x_t @ W_x + b_h


@summed(
    "w_h-transposed",
    title="W_h is transposed",
    hint="Vectors are rows here. Which index of W_h belongs to the old state, and which to the "
    "new one? W_h is square, so no shape warns you.",
)
def w_h_transposed(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
    return h_prev @ W_h.T + x_t @ W_x + b_h


@summed(
    "state-of-first-row",
    title="the state of the first row is used for the whole batch",
    hint="Each row of the batch is a sequence of its own, with a state of its own.",
)
def state_of_first_row(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
    return h_prev[:1] @ W_h + x_t @ W_x + b_h


@cell(
    "bias-outside",
    title="the bias is added after the tanh",
    hint="All three terms are added up first. Can an entry of the state be larger than 1?",
)
def bias_outside(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
    return right.rnn_cell_forward(x_t, h_prev, W_x, W_h, np.zeros_like(b_h)) + b_h


@cell(
    "state-outside",
    title="the old state is added again after the tanh",
    hint="The new state is a tanh and nothing else. Can an entry of it be larger than 1?",
)
def state_outside(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
    return right.rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h) + h_prev


@cell(
    "tanh-of-each-term",
    title="each term goes through a tanh of its own",
    hint="There is one tanh, around the sum of all three terms.",
)
def tanh_of_each_term(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
    return right.cell_squash(h_prev @ W_h) + right.cell_squash(x_t @ W_x + b_h)


# -- 2a softmax -----------------------------------------------------------------------------------

BOTH = "2a.softmax 2a.extreme"
softmax = partial(misconception, of="softmax", costs=BOTH)
overflows = partial(misconception, of="softmax", costs="2a.extreme")


def _over(logits: Array, axis: Any) -> Array:
    shares = np.exp(logits - np.max(logits, axis=axis, keepdims=True))
    total: Array = shares / shares.sum(axis=axis, keepdims=True)
    return total


def _shifted(logits: Array, by: Any) -> Array:
    shares = np.exp(logits - by)
    total: Array = shares / shares.sum(axis=-1, keepdims=True)
    return total


@softmax(
    "first-axis",
    title="the softmax runs over the first axis",
    hint="Along which axis do the probabilities of one prediction add up to 1?",
)
def first_axis(right: Right, logits: Any) -> Any:
    return _over(logits, 0)


@softmax(
    "all-axes",
    title="all rows together add up to 1",
    hint="Each row along the last axis is a distribution of its own.",
)
def all_axes(right: Right, logits: Any) -> Any:
    return _over(logits, None)


@softmax(
    "second-axis",
    title="the softmax runs over the second axis",
    hint="The vocabulary is the last axis, however many there are before it.",
)
def second_axis(right: Right, logits: Any) -> Any:
    return _over(logits, 1)


@softmax(
    "row-by-row",
    title="the softmax runs over all that lies along the first axis, entry by entry",
    hint="A loop over the first axis finds rows where there are two axes. What does it find in "
    "logits of the shape (V,), or (N,T,V)?",
)
def row_by_row(right: Right, logits: Any) -> Any:
    return np.stack([_over(row, None) for row in logits])


@softmax(
    "no-keepdims",
    cases=("both", "sum", "maximum"),
    title="an axis is lost where the maximum or the sum of each row is taken",
    hint="Which shape have the sums of the rows of logits of the shape (2,3)? To meet the rows "
    "again, they must keep an axis of length 1.",
)
def no_keepdims(right: Right, logits: Any, case: Any) -> Any:
    shares = np.exp(logits - np.max(logits, axis=-1, keepdims=case == "sum"))
    return shares / shares.sum(axis=-1, keepdims=case == "maximum")


@softmax(
    "not-divided",
    title="the exponentials are not divided by their sum",
    hint="Probabilities add up to 1.",
)
def not_divided(right: Right, logits: Any) -> Any:
    return np.exp(logits - np.max(logits, axis=-1, keepdims=True))


@softmax(
    "no-exponential",
    title="the logits themselves are divided by their sum",
    hint="Logits may be negative, probabilities not. Which function comes first?",
)
def no_exponential(right: Right, logits: Any) -> Any:
    return logits / logits.sum(axis=-1, keepdims=True)


@softmax(
    "base-two",
    title="powers of 2 are taken in place of exponentials",
    hint="Which base makes log(softmax) a number of nats?",
)
def base_two(right: Right, logits: Any) -> Any:
    return right.softmax(logits * np.log(2))


@softmax(
    "log-softmax",
    title="the logarithm of the softmax is returned",
    hint="A probability is never negative.",
)
def log_softmax(right: Right, logits: Any) -> Any:
    return np.log(right.softmax(logits))


@softmax(
    "sigmoid",
    title="each logit goes through a sigmoid by itself",
    hint="The probability of one token depends on the logits of all.",
)
def softmax_sigmoid(right: Right, logits: Any) -> Any:
    return 1 / (1 + np.exp(-logits))


@overflows(
    "not-shifted",
    title="the exponentials of the logits are computed without subtracting the largest",
    hint="exp(10000) is more than a computer holds. Which number can be taken from all logits of "
    "a row without changing the softmax?",
)
def not_shifted(right: Right, logits: Any) -> Any:
    return _shifted(logits, 0)


@overflows(
    "shifted-by-largest-of-all",
    title="the same number is taken from all rows",
    hint="What happens to a row whose logits all lie far below the largest of another row?",
)
def shifted_by_largest_of_all(right: Right, logits: Any) -> Any:
    return _shifted(logits, np.max(logits))


@overflows(
    "shifted-by-mean",
    cases=("mean", "min"),
    title="another number than the maximum is taken from the logits, such as their mean",
    hint="How far above the mean, or the minimum, can a logit lie? And what is it in a row that "
    "holds -inf?",
)
def shifted_by_mean(right: Right, logits: Any, case: Any) -> Any:
    return _shifted(logits, getattr(np, case)(logits, axis=-1, keepdims=True))


@overflows(
    "shifted-by-largest-magnitude",
    title="the largest magnitude is taken from the logits, not the maximum",
    hint="What is left of a row whose logits are all close to -10000?",
)
def shifted_by_largest_magnitude(right: Right, logits: Any) -> Any:
    return _shifted(logits, np.max(np.abs(logits), axis=-1, keepdims=True))


@overflows(
    "clipped",
    cases=(20, 30, 50, 80, 100, 200, 500, 600, 700, 709),
    title="the logits are clipped to a range",
    hint="Two logits of 10000 and 10001 do not have the same probability. The softmax does not "
    "change when one number is taken from all logits of a row.",
)
def clipped(right: Right, logits: Any, case: Any) -> Any:
    return _shifted(np.clip(logits, -case, case), 0)


# -- 2b CharRNN -----------------------------------------------------------------------------------

LAYERS, FORWARD, STATE = "2b.layers", "2b.forward", "2b.state"
model = partial(misconception, of="CharRNN")
setting = partial(model, piece="CharRNN_setting")
layers = partial(model, piece="CharRNN_layers")


@setting(
    "relu",
    costs=LAYERS,
    title="the RNN layer uses relu",
    hint="Which nonlinearity does nn.RNN have by default, and which do you ask for?",
)
def setting_relu(right: Right) -> Any:
    return Setting(relu=True)


@setting(
    "time-first",
    costs=f"{LAYERS} {STATE}",
    title="the RNN layer treats its first axis as time",
    hint="tokens are (N,T), the batch first. Which option tells nn.RNN so?",
)
def time_first(right: Right) -> Any:
    return Setting(time_first=True)


def _shapes(V: int, E: int, H: int, gates: int = 1, bias: bool = True) -> dict[str, Any]:
    """Shapes of the parameters of embedding, recurrent layer and output."""
    shapes: dict[str, Any] = {"embedding.weight": (V, E)}
    shapes |= {"rnn.weight_ih_l0": (gates * H, E), "rnn.weight_hh_l0": (gates * H, H)}
    if bias:
        shapes |= {"rnn.bias_ih_l0": (gates * H,), "rnn.bias_hh_l0": (gates * H,)}
    return shapes | {"output.weight": (V, H), "output.bias": (V,)}


def _kinds(rnn: str = "RNN") -> dict[str, str]:
    return {"embedding": "Embedding", "rnn": rnn, "output": "Linear"}


@layers(
    "lstm",
    costs=f"{LAYERS} {FORWARD} {STATE}",
    title="the recurrent layer is an LSTM",
    hint="The LSTM comes at the end of the assignment. Here a plain RNN layer is asked for.",
)
def lstm(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _kinds("LSTM"), _shapes(V, E, H, gates=4)


@layers(
    "gru",
    costs=f"{LAYERS} {FORWARD} {STATE}",
    title="the recurrent layer is a GRU",
    hint="A layer with gates has more weights. Here a plain RNN layer is asked for.",
)
def gru(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _kinds("GRU"), _shapes(V, E, H, gates=3)


@layers(
    "two-layers",
    costs=LAYERS,
    title="the RNN has two layers",
    hint="How many layers does nn.RNN stack by default?",
)
def two_layers(right: Right, V: int, E: int, H: int) -> tuple[dict[str, str], dict[str, Any]]:
    second: dict[str, Any] = {"rnn.weight_ih_l1": (H, H), "rnn.weight_hh_l1": (H, H)}
    second |= {"rnn.bias_ih_l1": (H,), "rnn.bias_hh_l1": (H,)}
    return _kinds(), _shapes(V, E, H) | second


@layers(
    "no-rnn-bias",
    costs=LAYERS,
    title="the RNN layer has no bias",
    hint="The cell has three terms. Which option of nn.RNN takes one of them away?",
)
def no_rnn_bias(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _kinds(), _shapes(V, E, H, bias=False)


@layers(
    "no-output-bias",
    costs=LAYERS,
    title="the output layer has no bias",
    hint="The logits are h_t W_y + b_y. Which option of nn.Linear takes one term away?",
)
def no_output_bias(right: Right, V: int, E: int, H: int) -> tuple[dict[str, str], dict[str, Any]]:
    shapes = _shapes(V, E, H)
    del shapes["output.bias"]
    return _kinds(), shapes


@layers(
    "hidden-as-large-as-embedding",
    costs=LAYERS,
    title="the hidden state is as large as the embedding",
    hint="nn.RNN takes two sizes: that of what comes in, and that of its state.",
)
def hidden_as_large_as_embedding(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _kinds(), _shapes(V, E, E)


@layers(
    "embedding-as-large-as-hidden",
    costs=LAYERS,
    title="the embedding is as large as the hidden state",
    hint="nn.RNN takes two sizes: that of what comes in, and that of its state.",
)
def embedding_as_large_as_hidden(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _kinds(), _shapes(V, H, H)


@layers(
    "sizes-swapped",
    costs=LAYERS,
    title="the sizes of the embedding and of the hidden state are swapped",
    hint="Write the shape of what passes from layer to layer beside each of them.",
)
def sizes_swapped(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _kinds(), _shapes(V, H, E)


@model(
    "probabilities",
    piece="CharRNN_logits",
    costs=FORWARD,
    title="forward applies a softmax",
    hint="Logits are asked for: what comes before the softmax. The loss applies it by itself.",
)
def probabilities(right: Right, parameters: Any, states: Any) -> Any:
    return right.softmax(right.CharRNN_logits(parameters, states))


@model(
    "log-probabilities",
    piece="CharRNN_logits",
    costs=FORWARD,
    title="forward applies a log-softmax",
    hint="Logits are asked for: what comes before the softmax. The loss applies it by itself.",
)
def log_probabilities(right: Right, parameters: Any, states: Any) -> Any:
    return right.log_softmax(right.CharRNN_logits(parameters, states))


@model(
    "logits-of-last-step",
    piece="CharRNN_logits",
    costs=FORWARD,
    title="only the last step has logits",
    hint="Every hidden state predicts the token after it, so there are T predictions in each row.",
)
def logits_of_last_step(right: Right, parameters: Any, states: Any) -> Any:
    return right.CharRNN_logits(parameters, states)[:, -1]


@model(
    "relu-before-output",
    piece="CharRNN_logits",
    costs=FORWARD,
    title="the states go through a relu before the output layer",
    hint="The states come out of a tanh already, and go into the output layer as they are.",
)
def relu_before_output(right: Right, parameters: Any, states: Any) -> Any:
    return right.CharRNN_logits(parameters, np.maximum(states, 0))


@model(
    "tanh-before-output",
    piece="CharRNN_logits",
    costs=FORWARD,
    title="the states go through a second tanh before the output layer",
    hint="The states come out of a tanh already, and go into the output layer as they are.",
)
def tanh_before_output(right: Right, parameters: Any, states: Any) -> Any:
    return right.CharRNN_logits(parameters, np.tanh(states))


@model(
    "swapped",
    costs=f"{FORWARD} {STATE}",
    title="the state is returned before the logits",
    hint="Look at the order in which the two results are asked for.",
)
def model_swapped(right: Right, parameters: Any, tokens: Any, h: Any = None) -> Any:
    return right.CharRNN(parameters, tokens, h)[::-1]


@model(
    "state-ignored",
    costs=STATE,
    title="a given state is ignored",
    hint="Where in forward does the argument h go in?",
)
def state_ignored(right: Right, parameters: Any, tokens: Any, h: Any = None) -> Any:
    return right.CharRNN(parameters, tokens, None)


@model(
    "state-not-moved",
    piece="CharRNN_state",
    costs=STATE,
    title="the state is returned as it was given",
    hint="nn.RNN returns two things. Which of them is the state after the last token?",
)
def state_not_moved(right: Right, states: Any, last: Any, h: Any) -> Any:
    return np.zeros_like(last) if h is None else h


@model(
    "all-states-for-the-last",
    piece="CharRNN_state",
    costs=STATE,
    title="all states are returned in the place of the last",
    hint="nn.RNN returns two things. Which of them has the shape (1,N,H)?",
)
def all_states_for_the_last(right: Right, states: Any, last: Any, h: Any) -> Any:
    return states


@model(
    "state-without-layers",
    piece="CharRNN_state",
    costs=STATE,
    title="the axis of the layers is taken from the state",
    hint="PyTorch wants a state back in the shape in which it gave it.",
)
def state_without_layers(right: Right, states: Any, last: Any, h: Any) -> Any:
    return last[0]


@model(
    "state-batch-first",
    piece="CharRNN_state",
    costs=STATE,
    title="the state has its axes in another order",
    hint="Where does PyTorch put the number of layers, also with batch_first?",
)
def state_batch_first(right: Right, states: Any, last: Any, h: Any) -> Any:
    return last.swapaxes(0, 1)


# -- 2b parameter_count ---------------------------------------------------------------------------

count = partial(misconception, of="parameter_count")


def _counts(right: Right, sizes: tuple[int, int, int], **changed: int) -> dict[str, int]:
    counts: dict[str, int] = right.parameter_count(*sizes)
    return counts | changed


@count(
    "one-rnn-bias",
    costs="2b.counts:rnn",
    title="one bias vector is counted for nn.RNN",
    hint="Look at the names of the parameters of an nn.RNN: how many begin with `bias`?",
)
def one_rnn_bias(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _counts(right, (V, E, H), rnn=E * H + H * H + H)


@count(
    "no-rnn-bias",
    costs="2b.counts:rnn",
    title="the bias vectors of nn.RNN are not counted",
    hint="Look at the names of the parameters of an nn.RNN: how many begin with `bias`?",
)
def count_no_rnn_bias(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _counts(right, (V, E, H), rnn=E * H + H * H)


@count(
    "no-recurrent-weights",
    costs="2b.counts:rnn",
    title="the weights from state to state are not counted",
    hint="Which matrix takes the old state to the new one, and what is its shape?",
)
def no_recurrent_weights(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _counts(right, (V, E, H), rnn=E * H + 2 * H)


@count(
    "no-input-weights",
    costs="2b.counts:rnn",
    title="the weights from the input to the state are not counted",
    hint="Which matrix takes an embedding to the state, and what is its shape?",
)
def no_input_weights(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _counts(right, (V, E, H), rnn=H * H + 2 * H)


@count(
    "no-output-bias",
    costs="2b.counts:output",
    title="the bias of the output layer is not counted",
    hint="A Linear layer from 4 to 3 has 15 parameters. How many of them are biases?",
)
def count_no_output_bias(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _counts(right, (V, E, H), output=H * V)


@count(
    "output-bias-of-states",
    costs="2b.counts:output",
    title="the output layer has a bias for each hidden unit, not for each token",
    hint="A bias is added to what comes out of a layer. How many numbers are that?",
)
def output_bias_of_states(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _counts(right, (V, E, H), output=H * V + H)


@count(
    "output-from-embedding",
    costs="2b.counts:output",
    title="the output layer starts from the embedding",
    hint="What goes into the output layer, and how large is it?",
)
def output_from_embedding(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _counts(right, (V, E, H), output=E * V + V)


@count(
    "embedding-bias",
    costs="2b.counts:embedding",
    title="the embedding is given a bias",
    hint="An embedding is a table with a row for each token. Is anything added to its rows?",
)
def embedding_bias(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _counts(right, (V, E, H), embedding=V * E + E)


@count(
    "embedding-into-state",
    costs="2b.counts:embedding",
    title="the rows of the embedding have the size of the hidden state",
    hint="How long is the vector that the embedding gives for a token?",
)
def embedding_into_state(right: Right, V: Any, E: Any, H: Any) -> Any:
    return _counts(right, (V, E, H), embedding=V * H)


# -- 2c rnn_forward -------------------------------------------------------------------------------

ALL = "2c.values 2c.length 2c.memory"
unroll = partial(misconception, of="rnn_forward")


@unroll(
    "h0-ignored",
    costs="2c.memory",
    title="the sequence always starts from zero",
    hint="Which state does the first step start from?",
)
def h0_ignored(right: Right, x: Any, h0: Any, *weights: Any) -> Any:
    return right.rnn_forward(x, np.zeros_like(h0), *weights)


@unroll(
    "h0-of-first-row",
    costs="2c.memory",
    title="all rows start from the state of the first row",
    hint="Each row of the batch starts from its own row of h0.",
)
def h0_of_first_row(right: Right, x: Any, h0: Any, *weights: Any) -> Any:
    return right.rnn_forward(x, np.tile(h0[:1], (len(h0), 1)), *weights)


@unroll(
    "h0-at-every-step",
    costs=ALL,
    title="every step starts from h0 again",
    hint="After a step, which state does the next one start from? Look at what your loop carries.",
)
def h0_at_every_step(right: Right, x: Any, h0: Any, *weights: Any) -> Any:
    return np.stack(
        [right.rnn_cell_forward(x[:, t], h0, *weights) for t in range(x.shape[1])], axis=1
    )


@unroll(
    "state-shared-by-rows",
    costs=ALL,
    title="one state is shared by all rows of the batch",
    hint="Each row of the batch is a sequence of its own, with a state of its own.",
)
def state_shared_by_rows(right: Right, x: Array, h0: Array, *weights: Array) -> Array:
    h, states = h0, []
    for t in range(x.shape[1]):
        h = right.rnn_cell_forward(x[:, t], np.tile(h[:1], (len(x), 1)), *weights)
        states.append(h)
    return np.stack(states, axis=1)


@unroll(
    "carried-from-row-to-row",
    costs=ALL,
    title="each row starts from where the row before it ended",
    hint="Each row of the batch is a sequence of its own, and starts from its own row of h0.",
)
def carried_from_row_to_row(right: Right, x: Array, h0: Array, *weights: Array) -> Array:
    h, rows = h0[:1], []
    for n in range(len(x)):
        rows.append(right.rnn_forward(x[n : n + 1], h, *weights))
        h = rows[-1][:, -1]
    return np.concatenate(rows)


@unroll(
    "backwards",
    costs=ALL,
    title="the sequence is read from its end to its start",
    hint="Which input does the first step read, and which the last?",
)
def backwards(right: Right, x: Any, *args: Any) -> Any:
    return right.rnn_forward(x[:, ::-1], *args)[:, ::-1]


@unroll(
    "states-in-reverse",
    costs=ALL,
    title="the states are returned from the last to the first",
    hint="Which state should be first in the result?",
)
def states_in_reverse(right: Right, x: Any, *args: Any) -> Any:
    return right.rnn_forward(x, *args)[:, ::-1]


@unroll(
    "h0-in-front",
    costs=ALL,
    title="h0 is returned as well",
    hint="T steps give T states. Which one of yours was not made by a step?",
)
def h0_in_front(right: Right, x: Any, h0: Any, *weights: Any) -> Any:
    return _after(h0, right.rnn_forward(x, h0, *weights))


@unroll(
    "states-one-late",
    costs=ALL,
    title="the state before each step is returned, not the one after it",
    hint="Is a state stored before or after the step that makes it?",
)
def states_one_late(right: Right, x: Any, h0: Any, *weights: Any) -> Any:
    return _after(h0, right.rnn_forward(x, h0, *weights)[:, :-1])


@unroll(
    "last-state-alone",
    costs=ALL,
    title="only the last state is returned",
    hint="Every one of the T states is asked for.",
)
def last_state_alone(right: Right, *args: Any) -> Any:
    return right.rnn_forward(*args)[:, -1]


@unroll(
    "time-first",
    costs=ALL,
    title="time is the first axis of the result",
    hint="The batch comes first. Along which axis do you stack the states?",
)
def unroll_time_first(right: Right, *args: Any) -> Any:
    return right.rnn_forward(*args).swapaxes(0, 1)


@unroll(
    "time-first-reshaped",
    costs="2c.values 2c.memory 2c.length",
    title="states that lie time first are only reshaped, which mixes rows and steps",
    hint="reshape keeps the order of the numbers. What moves one axis before another?",
)
def time_first_reshaped(right: Right, x: Any, *args: Any) -> Any:
    return _reshaped(right.rnn_forward(x, *args))


@unroll(
    "starts-anew",
    cases=(8, 10, 16, 20, 25, 32, 50, 64, 100, 128, 200, 256),
    costs="2c.length",
    title="the state is reset after a number of steps",
    hint="The state is carried from the first step to the last, however many there are.",
)
def starts_anew(right: Right, x: Any, h0: Any, *weights: Any, case: Any) -> Any:
    return _in_chunks(right, x, h0, weights, case)


def _after(h0: Array, states: Array) -> Array:
    return np.concatenate([h0[:, None], states], axis=1)


def _reshaped(states: Array) -> Array:
    return states.swapaxes(0, 1).reshape(states.shape)


def _in_chunks(right: Right, x: Array, h0: Array, weights: Any, steps: int) -> Array:
    parts = range(0, x.shape[1], steps)
    return np.concatenate(
        [right.rnn_forward(x[:, t : t + steps], h0, *weights) for t in parts], axis=1
    )
