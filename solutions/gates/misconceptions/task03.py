"""Misconceptions of Task 03: stacked and two-way nets, many to one, padding, dropout."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.misconceptions import Right, misconception

from ..checks.networks import Setting

# -- 3a stacked_forward ---------------------------------------------------------------------------

stack = partial(misconception, of="stacked_forward", costs="3a.stacked")
start = partial(stack, piece="stack_start")


@start(
    "h0-of-first-layer",
    title="all layers start from the first layer's h0",
    hint="h0 has a state for each layer. Which one does layer 2 start from?",
)
def h0_of_first(right: Right, h0: Any, index: int) -> Any:
    return h0[0]


@start(
    "h0-ignored",
    title="the layers start from zeros, not from h0",
    hint="Which state does each layer start from?",
)
def stack_h0_ignored(right: Right, h0: Any, index: int) -> Any:
    return np.zeros_like(h0[index])


@start(
    "h0-reversed",
    title="the layers take the states of h0 in reverse order",
    hint="The first state of h0 belongs to the lowest layer.",
)
def h0_reversed(right: Right, h0: Any, index: int) -> Any:
    return h0[len(h0) - 1 - index]


@stack(
    "top-outputs-alone-for-last",
    piece="stack_last",
    title="the last state of the top layer alone is returned for h_T",
    hint="h_T has the shape (L,N,H).",
)
def top_alone(right: Right, last: Any) -> Any:
    return last[-1]


@stack(
    "last-reversed",
    piece="stack_last",
    title="the last states stand in reverse order of the layers",
    hint="The first state of h_T belongs to the lowest layer.",
)
def last_reversed(right: Right, last: Any) -> Any:
    return np.stack(last[::-1])


@stack(
    "last-batch-first",
    piece="stack_last",
    title="h_T has its rows before its layers",
    hint="h_T has the shape (L,N,H), as PyTorch has it too.",
)
def last_batch_first(right: Right, last: Any) -> Any:
    return np.stack(last, axis=1)


@stack(
    "outputs-of-lowest",
    piece="stack_outputs",
    title="the states of the lowest layer are returned as outputs",
    hint="What comes out of a deep net comes out of its top.",
)
def outputs_of_lowest(right: Right, outputs: Any) -> Any:
    return outputs[0]


@stack(
    "outputs-of-all",
    piece="stack_outputs",
    title="the states of all layers are returned as outputs",
    hint="outputs has the shape (N,T,H): those of the top layer.",
)
def outputs_of_all(right: Right, outputs: Any) -> Any:
    return np.stack(outputs)


@stack(
    "outputs-of-last-step",
    piece="stack_outputs",
    title="the last step alone is returned as outputs",
    hint="outputs has the shape (N,T,H): all states of the top layer.",
)
def outputs_of_last_step(right: Right, outputs: Any) -> Any:
    return outputs[-1][:, -1]


@stack(
    "layers-from-the-top",
    title="the layers are taken from the last to the first",
    hint="The first tuple is the lowest layer: it reads x.",
)
def layers_from_the_top(right: Right, x: Any, h0: Any, layers: Any) -> Any:
    return right.stacked_forward(x, h0, layers[::-1])


@stack(
    "residual",
    piece="stack_read",
    title="each layer reads the sum of what the layers below it gave",
    hint="Each layer reads the states of the one below, and nothing else.",
)
def residual(right: Right, outputs: Any, x: Any) -> Any:
    return sum(outputs)


@stack(
    "no-bias",
    piece="stack_cell",
    title="the bias is missing",
    hint="Each layer is a tuple of three.",
)
def stack_no_bias(right: Right, x_t: Any, h: Any, layer: Any) -> Any:
    W_x, W_h, b_h = layer
    return right.stack_cell(x_t, h, (W_x, W_h, 0 * b_h))


@stack(
    "no-recurrence",
    piece="stack_cell",
    title="the states do not depend on the states before them",
    hint="Which term of the sum carries the state from step to step?",
)
def stack_no_recurrence(right: Right, x_t: Any, h: Any, layer: Any) -> Any:
    return right.stack_cell(x_t, 0 * h, layer)


@stack(
    "swapped",
    title="h_T is returned before the outputs",
    hint="Look at the order in which the two results are asked for.",
)
def stack_swapped(right: Right, *args: Any) -> Any:
    return right.stacked_forward(*args)[::-1]


# -- 3a bidirectional_forward ---------------------------------------------------------------------

BOTH, PADDING = "3a.both", "3a.padding"
both = partial(misconception, of="bidirectional_forward", costs=f"{BOTH} {PADDING}")
back = partial(both, piece="both_back")
joined = partial(both, piece="both_joined")


@back(
    "states-not-turned-back",
    title="the backward states stand in the order in which they were computed",
    hint="Entry [n, t] holds both states at step t. At which step is the first state that the "
    "backward net computes?",
)
def not_turned_back(right: Right, x: Any, real: Any, net: Any) -> Any:
    return right.both_run(x[:, ::-1], real[:, ::-1], net)


@back(
    "reads-forwards",
    title="the backward net reads forwards",
    hint="What does the backward net read first?",
)
def reads_forwards(right: Right, x: Any, real: Any, net: Any) -> Any:
    return right.both_run(x, real, net)


@joined(
    "backward-first",
    title="the backward states come before the forward ones",
    hint="In which order do the two halves of 2H stand?",
)
def backward_first(right: Right, one: Any, other: Any) -> Any:
    return np.concatenate([other, one], axis=2)


@joined(
    "added",
    title="the two states are added up",
    hint="The result has the shape (N,T,2H): both states side by side.",
)
def states_added(right: Right, one: Any, other: Any) -> Any:
    return one + other


@joined(
    "one-after-another-in-time",
    title="the two nets' states follow each other in time",
    hint="The result has the shape (N,T,2H): both states side by side.",
)
def joined_in_time(right: Right, one: Any, other: Any) -> Any:
    return np.concatenate([one, other], axis=1)


@joined(
    "stacked",
    title="the two nets' states lie along an axis of their own",
    hint="The result has the shape (N,T,2H): both states side by side.",
    cases=(0, 2, 3),
)
def joined_stacked(right: Right, one: Any, other: Any, case: Any) -> Any:
    return np.stack([one, other], axis=case)


@both(
    "lengths-ignored",
    costs=PADDING,
    title="the lengths play no part",
    hint="Which step does the backward net read first, in a row with padding?",
)
def lengths_ignored(right: Right, x: Any, lengths: Any, forward: Any, backward: Any) -> Any:
    full = np.full(len(x), x.shape[1])
    return right.bidirectional_forward(x, full, forward, backward)


@back(
    "padding-read-first",
    costs=PADDING,
    title="the backward net reads the padding before the real steps",
    hint="Where does the backward net start in a row with padding, and from which state?",
)
def padding_read_first(right: Right, x: Any, real: Any, net: Any) -> Any:
    return right.both_run(x[:, ::-1], real | True, net)[:, ::-1]


@both(
    "padding-not-zero",
    piece="both_padded",
    costs=PADDING,
    title="the steps beyond the length are not zero",
    hint="What stands at the steps that are padding?",
)
def padding_not_zero(right: Right, states: Any, real: Any) -> Any:
    return states


@both(
    "padding-zeroed-alone",
    costs=PADDING,
    title="the padding is set to zero, and read all the same",
    hint="With an input of zero, a state goes on moving: there are the bias and the old state.",
)
def zeros_read(right: Right, x: Any, lengths: Any, forward: Any, backward: Any) -> Any:
    real = np.arange(x.shape[1]) < np.asarray(lengths)[:, None]
    full = np.full(len(x), x.shape[1])
    states = right.bidirectional_forward(x * real[:, :, None], full, forward, backward)
    return np.where(real[:, :, None], states, 0.0)


@both(
    "backward-not-turned-within-length",
    costs=PADDING,
    title="the backward states of a row with padding are shifted",
    hint="Turn back only as many states as the row has real steps.",
)
def shifted(right: Right, x: Any, lengths: Any, forward: Any, backward: Any) -> Any:
    T = x.shape[1]
    H = len(backward[2])
    right_ones = right.bidirectional_forward(x, lengths, forward, backward)
    found = right_ones.copy()
    for n, length in enumerate(lengths):
        found[n, :, H:] = np.roll(right_ones[n, :, H:], T - length, axis=0)
    return found


@both(
    "length-of-longest",
    costs=PADDING,
    title="all rows are read up to the longest length",
    hint="Each row has a length of its own.",
)
def length_of_longest(right: Right, x: Any, lengths: Any, forward: Any, backward: Any) -> Any:
    longest = np.full(len(x), np.max(lengths))
    return right.bidirectional_forward(x, longest, forward, backward)


# -- 3b SentimentRNN ------------------------------------------------------------------------------

LAYERS, FORWARD, LENGTHS = "3b.layers", "3b.forward", "3b.lengths"
model = partial(misconception, of="SentimentRNN")
built = partial(model, piece="SentimentRNN_layers", costs=LAYERS)
state = partial(model, piece="sentiment_state")
logits = partial(model, piece="sentiment_logits", costs=f"{FORWARD} {LENGTHS}")


@model(
    "relu",
    piece="SentimentRNN_setting",
    costs=LAYERS,
    title="the RNN uses a relu in place of tanh",
    hint="What is the default of nn.RNN's `nonlinearity`?",
)
def model_relu(right: Right) -> Any:
    return Setting(relu=True)


@model(
    "time-first",
    piece="SentimentRNN_setting",
    costs=LAYERS,
    title="the RNN treats its first axis as time",
    hint="Which setting of nn.RNN says that the batch comes first?",
)
def model_time_first(right: Right) -> Any:
    return Setting(time_first=True)


@built(
    "one-layer",
    title="the RNN has one layer, whatever num_layers says",
    hint="Which arguments does nn.RNN get?",
)
def model_one_layer(
    right: Right, V: int = 10000, E: int = 128, H: int = 256, L: int = 2, K: int = 2
) -> Any:
    return right.SentimentRNN_layers(V, E, H, 1, K)


@built(
    "logits-of-tokens",
    title="fc gives a logit for each token, not for each class",
    hint="How many answers are there to choose from?",
)
def logits_of_tokens(
    right: Right, V: int = 10000, E: int = 128, H: int = 256, L: int = 2, K: int = 2
) -> Any:
    return right.SentimentRNN_layers(V, E, H, L, V)


@built(
    "sizes-swapped",
    title="the sizes of the embedding and of the hidden state are swapped",
    hint="Write the shape of what passes from layer to layer beside each of them.",
)
def model_sizes_swapped(
    right: Right, V: int = 10000, E: int = 128, H: int = 256, L: int = 2, K: int = 2
) -> Any:
    return right.SentimentRNN_layers(V, H, E, L, K)


@built(
    "lstm",
    costs=f"{LAYERS} {FORWARD} {LENGTHS}",
    title="an LSTM takes the place of the RNN",
    hint="Which kind of layer is asked for here?",
)
def model_lstm(
    right: Right, V: int = 10000, E: int = 128, H: int = 256, L: int = 2, K: int = 2
) -> Any:
    kinds, shapes = right.SentimentRNN_layers(V, E, H, L, K)
    wide = {k: (4 * s[0], *s[1:]) if k.startswith("rnn.") else s for k, s in shapes.items()}
    return kinds | {"rnn": "LSTM"}, wide


@built(
    "gru",
    costs=f"{LAYERS} {FORWARD} {LENGTHS}",
    title="a GRU takes the place of the RNN",
    hint="Which kind of layer is asked for here?",
)
def model_gru(
    right: Right, V: int = 10000, E: int = 128, H: int = 256, L: int = 2, K: int = 2
) -> Any:
    kinds, shapes = right.SentimentRNN_layers(V, E, H, L, K)
    wide = {k: (3 * s[0], *s[1:]) if k.startswith("rnn.") else s for k, s in shapes.items()}
    return kinds | {"rnn": "GRU"}, wide


@state(
    "lengths-ignored",
    costs=LENGTHS,
    title="the state after the last column is taken, whatever the lengths",
    hint="After its last real token, a row goes on reading padding. Which state still knows the "
    "row?",
)
def model_lengths_ignored(right: Right, states: Any, last: Any, lengths: Any) -> Any:
    return right.sentiment_state(states, last, None)


@model(
    "one-step-late",
    piece="sentiment_place",
    costs=f"{FORWARD} {LENGTHS}",
    title="the state is taken one step after the last real one",
    hint="Of a row with 3 real tokens, which index has the last of them?",
)
def one_step_late(right: Right, lengths: Any) -> Any:
    return lengths


@model(
    "one-step-early",
    piece="sentiment_place",
    costs=f"{FORWARD} {LENGTHS}",
    title="the state is taken one step before the last real one",
    hint="Of a row with 3 real tokens, which index has the last of them?",
)
def one_step_early(right: Right, lengths: Any) -> Any:
    return lengths - 2


@state(
    "first-state",
    costs=f"{FORWARD} {LENGTHS}",
    title="the state after the first step is taken",
    hint="An answer to the whole text needs a state that has read it all.",
)
def first_state(right: Right, states: Any, last: Any, lengths: Any) -> Any:
    return states[:, 0]


@state(
    "mean-of-states",
    costs=f"{FORWARD} {LENGTHS}",
    title="the mean of all states is taken",
    hint="The answer comes from one state: that after the last real step.",
)
def mean_of_states(right: Right, states: Any, last: Any, lengths: Any) -> Any:
    return states.mean(axis=1)


@state(
    "lowest-layer",
    costs=FORWARD,
    title="the last state of the lowest layer is taken",
    hint="PyTorch returns the last states of all layers. Which of them is the top one's?",
)
def lowest_layer(right: Right, states: Any, last: Any, lengths: Any) -> Any:
    return last[0] if lengths is None else right.sentiment_state(states, last, lengths)


@state(
    "length-of-first-row",
    costs=LENGTHS,
    title="the length of the first row is used for all rows",
    hint="Each row has a last real step of its own.",
)
def length_of_first(right: Right, states: Any, last: Any, lengths: Any) -> Any:
    same = None if lengths is None else lengths[0] + 0 * lengths
    return right.sentiment_state(states, last, same)


@state(
    "longest-length",
    costs=LENGTHS,
    title="the longest length is used for all rows",
    hint="Each row has a last real step of its own.",
)
def longest(right: Right, states: Any, last: Any, lengths: Any) -> Any:
    same = None if lengths is None else lengths.max() + 0 * lengths
    return right.sentiment_state(states, last, same)


@logits(
    "probabilities",
    title="forward applies a softmax",
    hint="Logits are asked for: what comes before the softmax. The loss applies it by itself.",
)
def model_probabilities(right: Right, parameters: Any, state: Any) -> Any:
    shares = np.exp(right.sentiment_logits(parameters, state))
    return shares / shares.sum(axis=-1, keepdims=True)


@logits(
    "log-probabilities",
    title="forward applies a log-softmax",
    hint="Logits are asked for: what comes before the softmax. The loss applies it by itself.",
)
def model_log_probabilities(right: Right, parameters: Any, state: Any) -> Any:
    z = right.sentiment_logits(parameters, state)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


@logits(
    "sigmoid",
    title="forward applies a sigmoid",
    hint="Logits are asked for: what comes before the softmax.",
)
def model_sigmoid(right: Right, parameters: Any, state: Any) -> Any:
    return 1 / (1 + np.exp(-right.sentiment_logits(parameters, state)))


@logits(
    "relu-before-fc",
    title="the state goes through a relu before fc",
    hint="The state comes out of a tanh already, and goes into fc as it is.",
)
def relu_before_fc(right: Right, parameters: Any, state: Any) -> Any:
    return right.sentiment_logits(parameters, np.maximum(state, 0))


# -- 3b masked_cross_entropy ----------------------------------------------------------------------

masked = partial(misconception, of="masked_cross_entropy", costs="3b.loss")
mean = partial(masked, piece="masked_mean")


@mean(
    "divided-by-all",
    title="the sum of the real losses is divided by the number of all predictions",
    hint="By how many predictions is a mean over the real ones divided?",
)
def divided_by_all(right: Right, losses: Any, real: Any) -> Any:
    return float((losses * real).mean())


@mean(
    "mean-of-row-means",
    title="each row is averaged first, and then the rows",
    hint="Every real prediction counts the same, so a longer row counts for more.",
)
def mean_of_row_means(right: Right, losses: Any, real: Any) -> Any:
    return float(((losses * real).sum(axis=1) / real.sum(axis=1)).mean())


@mean(
    "sum",
    title="the losses are added up, not averaged",
    hint="The loss is a mean over the real predictions.",
)
def masked_sum(right: Right, losses: Any, real: Any) -> Any:
    return float(losses[real].sum())


@mean(
    "sum-over-rows",
    title="the sum is divided by the number of rows alone",
    hint="The loss is a mean over the real predictions of all rows.",
)
def masked_by_rows(right: Right, losses: Any, real: Any) -> Any:
    return float(losses[real].sum() / len(real))


@mean(
    "padding-counted-too",
    title="the predictions beyond the lengths count too, with target 0",
    hint="Which predictions are real?",
)
def padding_counted(right: Right, losses: Any, real: Any) -> Any:
    return float(losses.mean())


@mean(
    "one-step-more",
    title="one step more than the length counts in each row",
    hint="Of a row with 3 real steps, which is the last one?",
)
def one_step_more(right: Right, losses: Any, real: Any) -> Any:
    more = real.copy()
    more[:, 1:] |= real[:, :-1]
    return float(losses[more].mean())


@mean(
    "one-step-less",
    title="the last real step does not count",
    hint="Of a row with 3 real steps, which is the last one?",
)
def one_step_less(right: Right, losses: Any, real: Any) -> Any:
    less = real.copy()
    less[:, :-1] &= real[:, 1:]
    less[:, -1] = False
    return float(losses[less].sum() / less.sum())


@masked(
    "bits",
    title="the loss is in bits, not in nats",
    hint="Which base has the logarithm of a loss in nats?",
)
def masked_bits(right: Right, logits: Any, targets: Any, lengths: Any) -> Any:
    return right.masked_cross_entropy(logits, targets, lengths) / np.log(2)


@masked(
    "no-minus",
    title="the minus sign is missing",
    hint="The logarithm of a probability is never above zero, a loss never below.",
)
def masked_no_minus(right: Right, logits: Any, targets: Any, lengths: Any) -> Any:
    return -right.masked_cross_entropy(logits, targets, lengths)


@masked(
    "log-of-softmax",
    piece="masked_log_softmax",
    title="the logarithm is taken of a probability that may be zero",
    hint="What is the logarithm of exp(-20000) on a computer? Write the log of the softmax out "
    "first.",
)
def masked_log_of_softmax(right: Right, logits: Any) -> Any:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.log(shares / shares.sum(axis=-1, keepdims=True))


@masked(
    "not-shifted",
    piece="masked_log_softmax",
    title="the exponentials of large logits overflow",
    hint="The softmax does not change when the same number is taken from all logits of a row.",
)
def masked_not_shifted(right: Right, logits: Any) -> Any:
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


@masked(
    "small-number-added",
    piece="masked_log_softmax",
    title="a small number is added before the logarithm",
    hint="With 1e-12 inside, no loss can be above 27.6. Write the log of the softmax out instead.",
    cases=(1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-15, 1e-5, 1e-6),
)
def masked_small_number(right: Right, logits: Any, case: Any) -> Any:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.log(shares / shares.sum(axis=-1, keepdims=True) + case)


# -- 3c dropout -----------------------------------------------------------------------------------

MASK, SCALE, OFF, BACK = "3c.mask", "3c.scale", "3c.off", "3c.backward"
# The logarithm of a chance that is none.
NEVER = -7
drop = partial(misconception, of="dropout")
kept = partial(drop, piece="dropout_kept", costs=SCALE)


@kept(
    "not-scaled",
    title="what is kept is not scaled",
    hint="Without scaling, the mean in training is not what it is later. By what is it smaller?",
)
def not_scaled(right: Right, x: Any, mask: Any, p: float) -> Any:
    return right.dropout_kept(x, mask, p) if mask.all() else np.where(mask, x, 0.0)


@kept(
    "divided-by-p",
    title="what is kept is divided by p",
    hint="Which share is kept on the whole, p or 1 - p?",
)
def divided_by_p(right: Right, x: Any, mask: Any, p: float) -> Any:
    return np.where(mask, x / p if p else x, 0.0)


@kept(
    "multiplied",
    title="what is kept is multiplied by 1 - p",
    hint="Fewer units are left, so each has to count for more, not for less.",
)
def kept_multiplied(right: Right, x: Any, mask: Any, p: float) -> Any:
    return np.where(mask, x * (1 - p), 0.0)


@kept(
    "dropped-keep-value",
    costs=f"{SCALE} {OFF}",
    title="what is dropped stays in y",
    hint="What is y where the mask is False?",
)
def dropped_keep_value(right: Right, x: Any, mask: Any, p: float) -> Any:
    return np.where(mask, x / (1 - p), x)


@drop(
    "scaled-without-training",
    costs=OFF,
    title="x is scaled outside of training too",
    hint="Inverted dropout does all its scaling in training, so that nothing is left to do later.",
    cases=("divided", "multiplied"),
)
def scaled_without_training(
    right: Right, answer: Any, x: Any, p: float, training: bool = True, *, case: Any
) -> Any:
    y, mask = right.dropout(answer, x, p, training)
    factor = 1.0 if training else 1 / (1 - p) if case == "divided" else 1 - p
    return [factor * y, mask]


@drop(
    "dropped-without-training",
    costs=OFF,
    title="entries are dropped outside of training too",
    hint="What does `training` say, and where in your function is it asked?",
    cases=("scaled", "as they are"),
)
def dropped_without_training(
    right: Right, answer: Any, x: Any, p: float, training: bool = True, *, case: Any
) -> Any:
    mask = np.asarray(answer[1]).astype(bool)
    if not training and mask.all() and x.size * np.log1p(-p) < NEVER:
        return right.dropout(answer, x, p, training)  # a mask that was not drawn
    if not training and case == "as they are":
        return [np.where(mask, x, 0.0), mask]
    return right.dropout(answer, x, p)


backwards = partial(misconception, of="dropout_backward", costs=BACK)


@backwards(
    "not-scaled",
    title="the gradient is not scaled",
    hint="What was kept was multiplied on the way forwards. By what?",
)
def back_not_scaled(right: Right, dy: Any, mask: Any, p: float) -> Any:
    return np.where(mask, dy, 0.0)


@backwards(
    "multiplied",
    title="the gradient is multiplied by 1 - p",
    hint="Back through a product with a number is a product with the same number.",
)
def back_multiplied(right: Right, dy: Any, mask: Any, p: float) -> Any:
    return np.where(mask, dy * (1 - p), 0.0)


@backwards(
    "mask-ignored",
    title="the mask plays no part",
    hint="What was dropped had no effect on y. What is its gradient?",
)
def mask_ignored(right: Right, dy: Any, mask: Any, p: float) -> Any:
    return dy / (1 - p)


@backwards(
    "mask-reversed",
    title="the gradient is kept where entries were dropped",
    hint="True in the mask means kept.",
)
def mask_reversed(right: Right, dy: Any, mask: Any, p: float) -> Any:
    return np.where(mask, 0.0, dy / (1 - p))


@backwards(
    "divided-by-p",
    title="the gradient is divided by p",
    hint="What was kept was divided on the way forwards. By p, or by 1 - p?",
)
def back_divided_by_p(right: Right, dy: Any, mask: Any, p: float) -> Any:
    return np.where(mask, dy / p if p else dy * np.inf, 0.0)


@backwards(
    "scaled-twice",
    title="the gradient is scaled twice",
    hint="What was kept was divided by 1 - p once.",
)
def back_scaled_twice(right: Right, dy: Any, mask: Any, p: float) -> Any:
    return np.where(mask, dy / (1 - p) ** 2, 0.0)
