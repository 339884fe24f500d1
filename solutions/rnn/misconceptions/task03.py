"""Misconceptions of Task 03: the objective, one step back, through time, clipping."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.misconceptions import Right, misconception

from .pieces import Array

# -- 3a next_token_pairs --------------------------------------------------------------------------

pairs = partial(misconception, of="next_token_pairs", costs="3a.pairs")


def _windows(tokens: Array, starts: range, seq_len: int, late: int = 1) -> tuple[Array, Array]:
    """The windows that begin at ``starts``, and those that begin ``late`` tokens after them."""
    at = np.asarray(starts, dtype=int)[:, None] + np.arange(seq_len)
    return tokens[at], tokens[at + late]


@pairs(
    "overlapping",
    title="a window begins at every token",
    hint="The windows follow each other without overlap: how far is it from one start to the next?",
)
def overlapping(right: Right, tokens: Any, S: Any) -> Any:
    return _windows(tokens, range(max(len(tokens) - S, 0)), S)


@pairs(
    "windows-of-one-more",
    title="the text is cut into pieces of seq_len + 1 tokens",
    hint="The last target of a window is also the first input of the next. Does any token of the "
    "text go missing among your inputs?",
)
def windows_of_one_more(right: Right, tokens: Any, S: Any) -> Any:
    return _windows(tokens, range(0, len(tokens) - S, S + 1), S)


@pairs(
    "targets-like-inputs",
    title="the targets are the inputs themselves",
    hint="A target is what comes next. Is the token in front of you hard to guess?",
)
def targets_like_inputs(right: Right, tokens: Any, S: Any) -> Any:
    return (right.next_token_pairs(tokens, S)[0],) * 2


@pairs(
    "swapped",
    title="inputs and targets are swapped",
    hint="Which of the two comes later in the text, and which is returned first?",
)
def swapped(right: Right, tokens: Any, S: Any) -> Any:
    return right.next_token_pairs(tokens, S)[::-1]


@pairs(
    "one-window-short",
    title="a last window that just fits is dropped",
    hint="Try a text of 7 tokens with windows of 3. How many tokens do two windows and their "
    "targets take?",
)
def one_window_short(right: Right, tokens: Any, S: Any) -> Any:
    return right.next_token_pairs(tokens[:-1] if len(tokens) > 1 else tokens, S)


@pairs(
    "wraps-around",
    title="the last target is taken from the start of the text",
    hint="What comes after the last token of the text? A window whose target is not there is "
    "dropped.",
)
def wraps_around(right: Right, tokens: Any, S: Any) -> Any:
    return right.next_token_pairs(np.append(tokens, tokens[0]), S)


@pairs(
    "next-token-alone",
    title="each window has one target, the token after it",
    hint="Every token of a window is followed by one: the targets have the shape of the inputs.",
)
def next_token_alone(right: Right, tokens: Any, S: Any) -> Any:
    return _last_of_each(right.next_token_pairs(tokens, S))


@pairs(
    "rolled-in-each-window",
    title="the last target of each window is the window's own first token",
    hint="What follows the last token of a window: the start of the same window, or of the next?",
)
def rolled_in_each_window(right: Right, tokens: Any, S: Any) -> Any:
    return _rolled(right.next_token_pairs(tokens, S)[0])


@pairs(
    "pair-by-pair",
    title="one pair for each window is returned, not all inputs and all targets",
    hint="Two arrays are asked for: all inputs, one window a row, and all targets.",
)
def pair_by_pair(right: Right, tokens: Any, S: Any) -> Any:
    return [list(pair) for pair in zip(*right.next_token_pairs(tokens, S), strict=True)]


@pairs(
    "targets-two-later",
    title="the targets come two tokens later",
    hint="Lay the targets under the inputs: which token should be under the first?",
)
def targets_two_later(right: Right, tokens: Any, S: Any) -> Any:
    return _windows(
        np.append(tokens, tokens[:2]), range(0, (len(tokens) - 1) // S * S, S), S, late=2
    )


@pairs(
    "targets-a-window-later",
    title="the targets are the next window",
    hint="targets[i, t] is the token just after inputs[i, t].",
)
def targets_a_window_later(right: Right, tokens: Any, S: Any) -> Any:
    return _windows(tokens, range(0, len(tokens) - 2 * S + 1, S), S, late=S)


def _rolled(inputs: Array) -> tuple[Array, Array]:
    return inputs, np.roll(inputs, -1, axis=1)


def _last_of_each(windows: tuple[Array, Array]) -> tuple[Array, Array]:
    return windows[0], windows[1][:, -1]


# -- 3a cross_entropy -----------------------------------------------------------------------------

LOSS, EXTREME = "3a.loss", "3a.extreme"
SMALL = (1e-12, *(10.0**-n for n in (6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 20, 30, 100, 300)))
entropy = partial(misconception, of="cross_entropy")
reduced = partial(entropy, piece="loss_reduced")
each = partial(entropy, piece="loss_each")
log_softmax = partial(entropy, piece="log_softmax")


@reduced(
    "sum",
    costs=LOSS,
    title="the losses are added up in place of their mean",
    hint="Should the loss of a text twice as long be twice as large?",
)
def reduced_sum(right: Right, losses: Any) -> Any:
    return float(losses.sum())


@reduced(
    "mean-over-rows-alone",
    costs=LOSS,
    title="the sum is divided by the number of rows, not of predictions",
    hint="How many predictions do N rows of T steps hold?",
)
def mean_over_rows_alone(right: Right, losses: Any) -> Any:
    return float(losses.sum() / (losses.shape[0] if losses.ndim else 1))


@reduced(
    "mean-over-steps-alone",
    costs=LOSS,
    title="the sum is divided by the number of steps, not of predictions",
    hint="How many predictions do N rows of T steps hold?",
)
def mean_over_steps_alone(right: Right, losses: Any) -> Any:
    return float(losses.sum() / (losses.shape[-1] if losses.ndim else 1))


@reduced(
    "not-reduced",
    costs=f"{LOSS} {EXTREME}",
    title="the loss of each prediction is returned, not their mean",
    hint="One number is asked for.",
)
def not_reduced(right: Right, losses: Any) -> Any:
    return losses


@reduced(
    "mean-before-log",
    costs=f"{LOSS}",
    title="the mean is taken of the probabilities, before the logarithm",
    hint="The loss is a mean of losses: what comes first, the logarithm or the mean?",
)
def mean_before_log(right: Right, losses: Any) -> Any:
    return float(losses.min() - np.log(np.exp(losses.min() - losses).mean()))


@entropy(
    "padding-masked",
    cases=("left out", "counted as zero", "of none"),
    costs=f"{LOSS} {EXTREME}",
    title="predictions whose target is token 0 are left out, as if it were padding",
    hint="Nothing is padded here: token 0 is a token like any other, and its predictions count.",
)
def padding_masked(right: Right, logits: Any, targets: Any, case: Any) -> Any:
    return _masked(right.loss_each(logits, np.asarray(targets)), np.asarray(targets) != 0, case)


@each(
    "no-minus",
    costs=f"{LOSS} {EXTREME}",
    title="the minus sign is missing",
    hint="The logarithm of a probability is not above 0. And a loss?",
)
def no_minus(right: Right, logits: Any, targets: Any) -> Any:
    return -right.loss_each(logits, targets)


@each(
    "bits",
    costs=f"{LOSS} {EXTREME}",
    title="the logarithm has base 2",
    hint="Losses are in nats: which logarithm belongs to them?",
)
def bits(right: Right, logits: Any, targets: Any) -> Any:
    return right.loss_each(logits, targets) / np.log(2)


@each(
    "base-ten",
    costs=f"{LOSS} {EXTREME}",
    title="the logarithm has base 10",
    hint="Losses are in nats: which logarithm belongs to them?",
)
def base_ten(right: Right, logits: Any, targets: Any) -> Any:
    return right.loss_each(logits, targets) / np.log(10)


@each(
    "mean-over-vocabulary",
    costs=f"{LOSS} {EXTREME}",
    title="the mean also runs over the vocabulary",
    hint="Each prediction has one loss. By how many numbers is their sum divided?",
)
def mean_over_vocabulary(right: Right, logits: Any, targets: Any) -> Any:
    return right.loss_each(logits, targets) / logits.shape[-1]


@each(
    "probability-for-its-log",
    costs=f"{LOSS} {EXTREME}",
    title="the logarithm is missing",
    hint="What is the loss of a prediction that gave its target the probability 1?",
)
def probability_for_its_log(right: Right, logits: Any, targets: Any) -> Any:
    return -np.exp(-right.loss_each(logits, targets))


@each(
    "every-token-scored",
    costs=f"{LOSS} {EXTREME}",
    title="every token of the vocabulary adds to the loss, as in binary cross-entropy",
    hint="One token comes next: the loss of a prediction needs the probability of that one alone.",
)
def every_token_scored(right: Right, logits: Any, targets: Any) -> Any:
    p = right.softmax(logits)
    # As it is written mostly: a small number keeps the logarithm finite.
    scores = np.where(np.eye(logits.shape[-1], dtype=bool)[targets], p, 1 - p) + 1e-9
    return -np.log(scores).sum(axis=-1)


@log_softmax(
    "not-normalised",
    costs=f"{LOSS} {EXTREME}",
    title="the logits are taken for logarithms of probabilities",
    hint="Exponentials of logits do not add up to 1. What turns logits into probabilities?",
)
def not_normalised(right: Right, logits: Any) -> Any:
    return logits


@log_softmax(
    "not-shifted",
    costs=EXTREME,
    title="the exponentials of the logits are computed without subtracting the largest",
    hint="exp(10000) is more than a computer holds. Which number can be taken from all logits of "
    "a row without changing the loss?",
)
def not_shifted(right: Right, logits: Any) -> Any:
    return _log(np.exp(logits), 0.0)


@log_softmax(
    "log-of-softmax",
    costs=EXTREME,
    title="the logarithm is taken of a probability that has rounded to 0",
    hint="Write the logarithm of the softmax out as a difference before you compute it: one of "
    "its two terms needs no exponential at all.",
)
def log_of_softmax(right: Right, logits: Any) -> Any:
    return _log(_exponentials(logits), 0.0)


@log_softmax(
    "small-number-in-log",
    costs=EXTREME,
    cases=SMALL,
    title="a small number keeps the probability from 0, so that its logarithm can be taken",
    hint="What is the largest loss that your function can return? Write the logarithm of the "
    "softmax out as a difference before you compute it.",
)
def small_number_in_log(right: Right, logits: Any, case: Any) -> Any:
    return _log(_exponentials(logits), case)


@log_softmax(
    "shifted-by-largest-of-all",
    costs=EXTREME,
    title="the same number is taken from all rows",
    hint="What happens to a row whose logits all lie far below the largest of another row?",
)
def shifted_by_largest_of_all(right: Right, logits: Any) -> Any:
    return (logits - logits.max()) - _log_sum(logits - logits.max())


@log_softmax(
    "no-keepdims",
    cases=("both", "sum", "maximum"),
    costs=f"{LOSS} {EXTREME}",
    title="an axis is lost where the maximum or the sum of each row is taken",
    hint="Which shape have the sums of the rows of logits of the shape (2,3)? To meet the rows "
    "again, they must keep an axis of length 1.",
)
def loss_no_keepdims(right: Right, logits: Any, case: Any) -> Any:
    shifted = logits - np.max(logits, axis=-1, keepdims=case == "sum")
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=case == "maximum"))


def _masked(losses: Array, counted: Array, case: str) -> float:
    total, count = float((losses * counted).sum()), float(counted.sum())
    if case == "counted as zero":
        return total / losses.size
    return total / (count or (1.0 if case == "left out" else float("nan")))


def _exponentials(logits: Array) -> Array:
    shifted: Array = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return shifted


def _log(exponentials: Array, added: float) -> Array:
    log_p: Array = np.log(exponentials / exponentials.sum(axis=-1, keepdims=True) + added)
    return log_p


def _log_sum(logits: Array) -> Array:
    total: Array = np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return total


# -- 3a perplexity --------------------------------------------------------------------------------

perplexity = partial(misconception, of="perplexity", costs="3a.perplexity")


@perplexity(
    "base-two",
    title="a power of 2 is taken of a loss in nats",
    hint="Which logarithm is in the loss, and what undoes it?",
)
def base_two(right: Right, loss: Any) -> Any:
    return 2.0**loss


@perplexity(
    "base-ten",
    title="a power of 10 is taken of a loss in nats",
    hint="Which logarithm is in the loss, and what undoes it?",
)
def perplexity_base_ten(right: Right, loss: Any) -> Any:
    return 10.0**loss


@perplexity(
    "multiplied-by-ln-2",
    title="the loss is multiplied by ln 2 before it is a power of 2, and has to be divided by it",
    hint="2 to the power of x is exp(x ln 2). For which x is that exp(loss)?",
)
def multiplied_by_ln_2(right: Right, loss: Any) -> Any:
    return 2.0 ** (loss * np.log(2))


@perplexity(
    "inverted",
    title="the mean probability is returned, not the perplexity",
    hint="A uniform guess over 8 tokens has a perplexity of 8, not of 1/8.",
)
def inverted(right: Right, loss: Any) -> Any:
    return float(np.exp(-loss))


@perplexity(
    "loss-itself",
    title="the loss is returned as it is",
    hint="Perplexity undoes the logarithm in the loss.",
)
def loss_itself(right: Right, loss: Any) -> Any:
    return loss


@perplexity(
    "logarithm",
    title="a logarithm is taken of the loss",
    hint="There is a logarithm in the loss already, and perplexity undoes it.",
)
def logarithm(right: Right, loss: Any) -> Any:
    return float(np.log(loss))


# -- 3b rnn_cell_backward -------------------------------------------------------------------------

ALL = "3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h 3b.db_h"
backward = partial(misconception, of="rnn_cell_backward")
slope = partial(backward, piece="cell_dz", costs=ALL)


@slope(
    "no-slope",
    title="the gradient does not pass the tanh",
    hint="h_t is a tanh of z_t. By what is dh_t multiplied to give dz_t?",
)
def no_slope(right: Right, dh_t: Any, h_prev: Any, h_t: Any) -> Any:
    return dh_t


@slope(
    "slope-not-squared",
    title="1 - h_t is taken for the slope of tanh",
    hint="What is the slope of tanh at 0, and at an output close to -1?",
)
def slope_not_squared(right: Right, dh_t: Any, h_prev: Any, h_t: Any) -> Any:
    return dh_t * (1 - h_t)


@slope(
    "slope-of-gradient",
    title="1 - dh_t^2 is taken in place of dh_t times the slope of tanh",
    hint="The slope of tanh depends on the state, and multiplies the gradient.",
)
def slope_of_gradient(right: Right, dh_t: Any, h_prev: Any, h_t: Any) -> Any:
    return 1 - dh_t**2


@slope(
    "slope-from-gradient",
    title="the slope of tanh is taken at dh_t, not at h_t",
    hint="Of which number does the slope of tanh depend: of the state, or of its gradient?",
)
def slope_from_gradient(right: Right, dh_t: Any, h_prev: Any, h_t: Any) -> Any:
    return dh_t * (1 - dh_t**2)


@slope(
    "tanh-twice",
    title="the tanh is taken once more of h_t, which is a tanh already",
    hint="The slope of tanh at z_t is 1 - tanh(z_t)^2. What is tanh(z_t)?",
)
def tanh_twice(right: Right, dh_t: Any, h_prev: Any, h_t: Any) -> Any:
    return dh_t * (1 - np.tanh(h_t) ** 2)


@slope(
    "slope-of-previous-state",
    title="the slope of tanh is taken at the state before the step",
    hint="Which of the two states came out of the tanh of this step?",
)
def slope_of_previous_state(right: Right, dh_t: Any, h_prev: Any, h_t: Any) -> Any:
    return dh_t * (1 - h_prev**2)


@slope(
    "slope-of-sigmoid",
    title="the slope of a sigmoid is taken",
    hint="h (1 - h) is the slope of another function than tanh. What is the slope of tanh at 0?",
)
def slope_of_sigmoid(right: Right, dh_t: Any, h_prev: Any, h_t: Any) -> Any:
    return dh_t * h_t * (1 - h_t)


@slope(
    "slope-negated",
    title="the slope of tanh has the opposite sign",
    hint="The tanh rises everywhere: is its slope above or below 0?",
)
def slope_negated(right: Right, dh_t: Any, h_prev: Any, h_t: Any) -> Any:
    return dh_t * (h_t**2 - 1)


@slope(
    "one-less-h-squared",
    title="1 - h_t is squared as a whole for the slope of tanh",
    hint="Is h_t squared alone, or together with the 1? What is the slope of tanh at an output "
    "close to -1?",
)
def one_less_h_squared(right: Right, dh_t: Any, h_prev: Any, h_t: Any) -> Any:
    return dh_t * (1 - h_t) ** 2


def _but(answers: Any, **changed: Any) -> tuple[Any, ...]:
    """The five gradients, some of them changed."""
    names = ("dx_t", "dh_prev", "dW_x", "dW_h", "db_h")
    return tuple(changed.get(name, got) for name, got in zip(names, answers, strict=True))


@backward(
    "w_h-not-transposed",
    costs="3b.dh_prev",
    title="W_h is not transposed on the way back to h_prev",
    hint="Forward, h_prev is multiplied with W_h from the right. What undoes the sides on the way "
    "back? W_h is square, so no shape warns you.",
)
def w_h_not_transposed(right: Right, *args: Array) -> Any:
    return _but(right.rnn_cell_backward(*args), dh_prev=_dz(right, args) @ args[5])


@backward(
    "dh_prev-without-weights",
    costs="3b.dh_prev",
    title="the gradient of h_prev does not pass W_h",
    hint="h_prev came into the step through a product with W_h.",
)
def dh_prev_without_weights(right: Right, *args: Array) -> Any:
    return _but(right.rnn_cell_backward(*args), dh_prev=_dz(right, args))


@backward(
    "h_t-for-h_prev",
    costs="3b.dW_h",
    title="h_t is used where h_prev belongs in the gradient of W_h",
    hint="Which state was multiplied with W_h in this step, the one before or the one after it?",
)
def h_t_for_h_prev(right: Right, *args: Array) -> Any:
    return _but(right.rnn_cell_backward(*args), dW_h=args[3].T @ _dz(right, args))


@backward(
    "dw_h-transposed",
    costs="3b.dW_h",
    title="the gradient of W_h is transposed",
    hint="The rows of W_h belong to the old state, its columns to the new one. So do those of its "
    "gradient.",
)
def dw_h_transposed(right: Right, *args: Array) -> Any:
    answers = right.rnn_cell_backward(*args)
    return _but(answers, dW_h=answers[3].T)


@backward(
    "dw_x-transposed",
    costs="3b.dW_x",
    title="the gradient of W_x is transposed",
    hint="The gradient of W_x has the shape of W_x.",
)
def dw_x_transposed(right: Right, *args: Array) -> Any:
    answers = right.rnn_cell_backward(*args)
    return _but(answers, dW_x=answers[2].T)


@backward(
    "weights-swapped",
    costs="3b.dW_x 3b.dW_h",
    title="the gradients of W_x and of W_h are swapped",
    hint="Look at the order in which the five gradients are returned.",
)
def weights_swapped(right: Right, *args: Array) -> Any:
    answers = right.rnn_cell_backward(*args)
    return _but(answers, dW_x=answers[3], dW_h=answers[2])


@backward(
    "states-swapped",
    costs="3b.dx 3b.dh_prev",
    title="the gradients of x_t and of h_prev are swapped",
    hint="Look at the order in which the five gradients are returned.",
)
def states_swapped(right: Right, *args: Array) -> Any:
    answers = right.rnn_cell_backward(*args)
    return _but(answers, dx_t=answers[1], dh_prev=answers[0])


@backward(
    "weights-first",
    costs="3b.dx 3b.dh_prev 3b.dW_x 3b.dW_h",
    title="the gradients of the weights are returned before those of x_t and h_prev",
    hint="Look at the order in which the five gradients are returned.",
)
def weights_first(right: Right, *args: Array) -> Any:
    dx, dh, dW_x, dW_h, db_h = right.rnn_cell_backward(*args)
    return dW_x, dW_h, dx, dh, db_h


@backward(
    "last-row-alone",
    costs="3b.dW_x 3b.dW_h 3b.db_h",
    title="the gradients of the weights and the bias are those of the last row",
    hint="Every row of the batch adds its part. What happens in your loop to the part of the row "
    "before?",
)
def last_row_alone(right: Right, *args: Array) -> Any:
    dx, dh, *_ = right.rnn_cell_backward(*args)
    last = (value[-1:] for value in args[:4])
    return dx, dh, *right.rnn_cell_backward(*last, *args[4:])[2:]


@backward(
    "bias-averaged",
    costs="3b.db_h",
    title="the gradient of the bias is averaged over the rows",
    hint="The bias is added to every row of the batch, and each row adds its part. What is "
    "averaged was averaged in the loss already.",
)
def bias_averaged(right: Right, *args: Array) -> Any:
    return _but(right.rnn_cell_backward(*args), db_h=_dz(right, args).mean(axis=0))


@backward(
    "averaged",
    costs="3b.dW_x 3b.dW_h 3b.db_h",
    title="the mean over the batch is taken in place of the sum",
    hint="The weights are shared by all rows, and each row adds its part. What is averaged was "
    "averaged in the loss already.",
)
def averaged(right: Right, *args: Array) -> Any:
    dx, dh, *of_weights = right.rnn_cell_backward(*args)
    return dx, dh, *(grad / len(args[0]) for grad in of_weights)


@backward(
    "bias-over-wrong-axis",
    costs="3b.db_h",
    title="the gradient of the bias is summed over the units, not over the rows",
    hint="One bias belongs to each unit. Which axis must be left?",
)
def bias_over_wrong_axis(right: Right, *args: Array) -> Any:
    return _but(right.rnn_cell_backward(*args), db_h=_dz(right, args).sum(axis=1))


@backward(
    "bias-keeps-axis",
    costs="3b.db_h",
    title="the gradient of the bias keeps the axis of the batch",
    hint="The gradient of the bias has the shape of the bias, (H,).",
)
def bias_keeps_axis(right: Right, *args: Array) -> Any:
    return _but(right.rnn_cell_backward(*args), db_h=_dz(right, args).sum(axis=0, keepdims=True))


@backward(
    "bias-not-summed",
    costs="3b.db_h",
    title="the gradient of the bias is not summed over the rows",
    hint="The bias is added to every row of the batch, and every row adds to its gradient.",
)
def bias_not_summed(right: Right, *args: Array) -> Any:
    return _but(right.rnn_cell_backward(*args), db_h=_dz(right, args))


@backward(
    "bias-in-one-number",
    costs="3b.db_h",
    title="the gradient of the bias is summed over everything",
    hint="One bias belongs to each unit. Which axis must be left?",
)
def bias_in_one_number(right: Right, *args: Array) -> Any:
    return _but(right.rnn_cell_backward(*args), db_h=_dz(right, args).sum())


def _dz(right: Right, args: tuple[Array, ...]) -> Array:
    dz: Array = right.cell_dz(args[0], args[2], args[3])
    return dz


# -- 3c bptt --------------------------------------------------------------------------------------

OUTPUT, RECURRENT, INPUTS = "3c.output", "3c.recurrent", "3c.inputs"
GRADIENTS = f"{OUTPUT} {RECURRENT} {INPUTS}"
through_time = partial(misconception, of="bptt")
dlogits = partial(through_time, piece="bptt_dlogits", costs=GRADIENTS)
back = partial(through_time, piece="bptt_back")
joined = partial(through_time, piece="bptt_joined", costs=f"{RECURRENT} {INPUTS}")
output = partial(through_time, piece="bptt_output", costs=OUTPUT)


@dlogits(
    "gradients-of-the-sum",
    title="the gradients are those of the summed loss",
    hint="The loss is a mean over N*T predictions. Where does this show in the gradient of the "
    "logits?",
)
def gradients_of_the_sum(right: Right, logits: Any, targets: Any) -> Any:
    return right.bptt_dlogits(logits, targets) * targets.size


@dlogits(
    "divided-by-rows-alone",
    title="the gradients are divided by the number of rows alone",
    hint="The loss is a mean over N*T predictions, rows and steps.",
)
def divided_by_rows_alone(right: Right, logits: Any, targets: Any) -> Any:
    return right.bptt_dlogits(logits, targets) * targets.shape[1]


@dlogits(
    "divided-by-steps-alone",
    title="the gradients are divided by the number of steps alone",
    hint="The loss is a mean over N*T predictions, rows and steps.",
)
def divided_by_steps_alone(right: Right, logits: Any, targets: Any) -> Any:
    return right.bptt_dlogits(logits, targets) * targets.shape[0]


@dlogits(
    "target-not-subtracted",
    title="the gradient of the logits lacks the one-hot target",
    hint="If the model gave its target the probability 1, what should the gradient be?",
)
def target_not_subtracted(right: Right, logits: Any, targets: Any) -> Any:
    return right.softmax(logits) / targets.size


@dlogits(
    "sign-of-logits",
    title="target minus softmax is taken for the gradient of the logits",
    hint="To lower the loss, the logit of the target must rise. Which sign has its gradient?",
)
def sign_of_logits(right: Right, logits: Any, targets: Any) -> Any:
    return -right.bptt_dlogits(logits, targets)


@dlogits(
    "targets-of-every-row",
    title="at each step, 1 is subtracted in every row at the targets of all rows",
    hint="Row n has one target at step t. Which entries does an index such as "
    "[:, t, targets[:, t]] take: one of each row, or more?",
)
def targets_of_every_row(right: Right, logits: Any, targets: Any) -> Any:
    N, T = targets.shape
    d = right.softmax(logits)
    for t in range(T):
        d[:, t, targets[:, t]] -= 1
    return d / (N * T)


@through_time(
    "swapped",
    costs=f"3c.loss {GRADIENTS}",
    title="the gradients are returned before the loss",
    hint="Look at the order in which the two results are asked for.",
)
def bptt_swapped(right: Right, *args: Any) -> Any:
    return right.bptt(*args)[::-1]


@back(
    "entries-clipped",
    costs=f"{RECURRENT} {INPUTS}",
    cases=(5.0, 1.0),
    title="each entry of the gradients is clipped inside bptt",
    hint="The exact gradients are asked for; clip_gradients is called on them afterwards. Why is a "
    "norm better there than a limit for each entry?",
)
def entries_clipped(right: Right, *args: Any, case: Any) -> Any:
    return {key: np.clip(grad, -case, case) for key, grad in right.bptt_back(*args).items()}


@back(
    "last-state-for-h0",
    costs=RECURRENT,
    title="the first step takes the last state for the one before it, not h0",
    hint="Which state does an index of t - 1 name where t is 0?",
)
def last_state_for_h0(right: Right, x: Any, h0: Any, states: Any, *args: Any) -> Any:
    return _with_last_for_first(right, x, h0, states, args)


@back(
    "no-slope-at-the-last-step",
    costs=f"{RECURRENT} {INPUTS}",
    title="the derivative of tanh is missing at the last step",
    hint="The loop goes back from the last step. Does it begin with the gradient of h_T, or with "
    "that of what tanh was applied to?",
)
def no_slope_at_the_last_step(
    right: Right, x: Any, h0: Any, states: Any, own: Any, *weights: Any
) -> Any:
    # The step back multiplies by the derivative, and so undoes this.
    last = own[:, -1] / (1 - states[:, -1] ** 2)
    own = np.concatenate([own[:, :-1], last[:, None]], axis=1)
    return right.bptt_back(x, h0, states, own, *weights)


@back(
    "b_h-averaged",
    costs=RECURRENT,
    title="the gradient of b_h is averaged over rows and steps",
    hint="Every step of every row adds its part. What is averaged was averaged in the loss "
    "already.",
)
def b_h_averaged(right: Right, x: Any, *args: Any) -> Any:
    return _scaled(right.bptt_back(x, *args), 1 / (x.shape[0] * x.shape[1]), ("b_h",))


@output(
    "b_y-averaged",
    cases=("rows", "rows and steps"),
    title="the gradient of b_y is averaged over the rows, or over rows and steps",
    hint="Every step of every row adds its part. What is averaged was averaged in the loss "
    "already.",
)
def b_y_averaged(right: Right, states: Any, dlogits: Any, case: Any) -> Any:
    count = dlogits.shape[0] * (dlogits.shape[1] if case == "rows and steps" else 1)
    return _scaled(right.bptt_output(states, dlogits), 1 / count, ("b_y",))


@joined(
    "not-through-time",
    title="no gradient flows back from the next step",
    hint="A state acts on the loss by two routes, its own prediction and the next state. Which of "
    "them does your backward pass know?",
)
def not_through_time(right: Right, own: Any, later: Any) -> Any:
    return own


@joined(
    "own-output-forgotten",
    title="only the last state gets a gradient from its own prediction",
    hint="A state acts on the loss by two routes, its own prediction and the next state. Which of "
    "them does your backward pass know?",
)
def own_output_forgotten(right: Right, own: Any, later: Any) -> Any:
    return later if np.any(later) else own


@back(
    "truncated",
    costs=f"{RECURRENT} {INPUTS}",
    cases=(2, 3, 4, 5, 8, 10, 15, 16, 20, 25, 30, 32, 50, 64, 100, 128),
    title="each loss goes back a number of steps and no further",
    hint="Truncation is for texts that are too long. Here the exact gradient is asked for, through "
    "all steps.",
)
def truncated(
    right: Right, x: Array, h0: Array, states: Array, own: Array, W_x: Array, W_h: Array, case: int
) -> dict[str, Array]:
    total: dict[str, Array] = {}
    for end in range(1, x.shape[1] + 1):
        start = max(end - case, 0)
        before = states[:, start - 1] if start else h0
        last = np.zeros((len(x), end - start, own.shape[2]))
        last[:, -1] = own[:, end - 1]
        part = right.bptt_back(x[:, start:end], before, states[:, start:end], last, W_x, W_h)
        full = np.zeros(x.shape)
        full[:, start:end] = part["x"]
        part |= {"x": full, "h0": part["h0"] * (start == 0)}
        total = {key: total.get(key, 0.0) + grad for key, grad in part.items()}
    return total


@back(
    "cut-into-windows",
    costs=f"{RECURRENT} {INPUTS}",
    cases=(2, 3, 4, 5, 8, 10, 16, 20, 25, 32, 50, 64, 100, 128),
    title="the gradient is stopped every few steps",
    hint="Truncation is for texts that are too long. Here the exact gradient is asked for, through "
    "all steps.",
)
def cut_into_windows(
    right: Right, x: Array, h0: Array, states: Array, own: Array, W_x: Array, W_h: Array, case: int
) -> dict[str, Array]:
    total: dict[str, Array] = {}
    for start in range(0, x.shape[1], case):
        window = slice(start, start + case)
        before = states[:, start - 1] if start else h0
        part = right.bptt_back(x[:, window], before, states[:, window], own[:, window], W_x, W_h)
        full = np.zeros(x.shape)
        full[:, window] = part["x"]
        part |= {"x": full, "h0": part["h0"] * (start == 0)}
        total = {key: total.get(key, 0.0) + grad for key, grad in part.items()}
    return total


@through_time(
    "not-added-up",
    piece="bptt_gathered",
    costs=RECURRENT,
    title="the gradients of the shared weights are those of one step, not of all",
    hint="The weights are the same at every step. What happens in your loop to the gradient of "
    "the step before?",
)
def not_added_up(right: Right, so_far: Any, grad: Any) -> Any:
    return grad


@through_time(
    "averaged-over-steps",
    piece="bptt_back",
    costs=RECURRENT,
    title="the gradients of the shared weights are averaged over the steps",
    hint="Every step adds its part. What is averaged was averaged in the loss already.",
)
def averaged_over_steps(right: Right, x: Any, *args: Any) -> Any:
    return _scaled(right.bptt_back(x, *args), 1 / x.shape[1], ("W_x", "W_h", "b_h"))


@back(
    "h0-before-its-weights",
    costs=INPUTS,
    title="the gradient of h0 does not pass the first step",
    hint="What flows back out of the first step, through its tanh and W_h, is the gradient of h0.",
)
def h0_before_its_weights(right: Right, *args: Any) -> Any:
    return _h0_as(right, args, weights=False)


@back(
    "h0-zero",
    costs=INPUTS,
    title="the gradient of h0 is left at zero",
    hint="Also h0 acts on the loss: what flows back out of the first step?",
)
def h0_zero(right: Right, *args: Any) -> Any:
    return right.bptt_back(*args) | {"h0": np.zeros_like(args[1])}


@back(
    "first-step-without-h0",
    costs=RECURRENT,
    title="the first step gives W_h no gradient, as if h0 were zero",
    hint="Which state is multiplied with W_h at the first step?",
)
def first_step_without_h0(right: Right, x: Any, h0: Any, *args: Any) -> Any:
    return _without_h0(right, x, h0, args)


@back(
    "inputs-in-reverse",
    costs=INPUTS,
    title="the gradients of the inputs are in reverse order",
    hint="You go back from the last step to the first. At which place does each gradient belong?",
)
def inputs_in_reverse(right: Right, *args: Any) -> Any:
    return _x_as(right.bptt_back(*args), slice(None, None, -1))


@output(
    "w_y-of-last-step",
    title="W_y gets its gradient from the last step alone",
    hint="W_y is used at every step, and every step adds its part.",
)
def w_y_of_last_step(right: Right, states: Any, dlogits: Any) -> Any:
    return right.bptt_output(states, dlogits) | {"W_y": states[:, -1].T @ dlogits[:, -1]}


@output(
    "b_y-keeps-axis",
    title="the gradient of b_y keeps an axis",
    hint="The gradient of b_y has the shape of b_y, (V,).",
)
def b_y_keeps_axis(right: Right, states: Any, dlogits: Any) -> Any:
    return right.bptt_output(states, dlogits) | {"b_y": dlogits.sum(axis=(0, 1))[None]}


@output(
    "b_y-per-step",
    title="the gradient of b_y is summed over the rows, not over the steps",
    hint="b_y is added at every step of every row. The gradient of b_y has the shape of b_y.",
)
def b_y_per_step(right: Right, states: Any, dlogits: Any) -> Any:
    return right.bptt_output(states, dlogits) | {"b_y": dlogits.sum(axis=0)}


@through_time(
    "h0-ignored",
    costs=f"3c.loss {GRADIENTS}",
    title="the network is started from zero, not from h0",
    hint="Which state does the first step start from?",
)
def h0_ignored(right: Right, x: Any, targets: Any, h0: Any, *args: Any) -> Any:
    return right.bptt(x, targets, np.zeros_like(h0), *args)


def _scaled(grads: dict[str, Array], factor: float, keys: tuple[str, ...]) -> dict[str, Array]:
    return {key: grad * factor if key in keys else grad for key, grad in grads.items()}


def _x_as(grads: dict[str, Array], order: slice) -> dict[str, Array]:
    return grads | {"x": grads["x"][:, order]}


def _h0_as(right: Right, args: tuple[Array, ...], weights: bool) -> dict[str, Array]:
    """All gradients, with the one before the tanh of the first step for that of h0."""
    _, h0, states, own, _, W_h = args
    grads: dict[str, Array] = right.bptt_back(*args)
    later: Any = np.zeros(h0.shape)
    for t in reversed(range(states.shape[1])):
        h_prev = states[:, t - 1] if t else h0
        dz = right.cell_dz(right.bptt_joined(own[:, t], later), h_prev, states[:, t])
        later = dz @ W_h.T
    return grads | {"h0": later if weights else dz}


def _with_last_for_first(
    right: Right, x: Array, h0: Array, states: Array, args: tuple[Array, ...]
) -> dict[str, Array]:
    right_ones: dict[str, Array] = right.bptt_back(x, h0, states, *args)
    return right_ones | {"W_h": right.bptt_back(x, states[:, -1], states, *args)["W_h"]}


def _without_h0(right: Right, x: Array, h0: Array, args: tuple[Array, ...]) -> dict[str, Array]:
    right_ones: dict[str, Array] = right.bptt_back(x, h0, *args)
    return right_ones | {"W_h": right.bptt_back(x, np.zeros_like(h0), *args)["W_h"]}


# -- 3c clip_gradients ----------------------------------------------------------------------------

clip = partial(misconception, of="clip_gradients", costs="3c.clipping")
norm = partial(clip, piece="clip_norm")
factor = partial(clip, piece="clip_factor")


@clip(
    "each-entry",
    title="each entry is clipped by itself",
    hint="One factor for all keeps the direction. Does yours, for the gradients (3) and (4) and "
    "the norm 1?",
)
def each_entry(right: Right, grads: Any, max_norm: Any) -> Any:
    return {key: np.clip(grad, -max_norm, max_norm) for key, grad in grads.items()}


@clip(
    "each-array",
    title="each array is clipped by a norm of its own",
    hint="One norm over all arrays together gives one factor for all. What is the joint norm of "
    "(3) and (4)?",
)
def each_array(right: Right, grads: Any, max_norm: Any) -> Any:
    return {key: right.clip_gradients({key: grad}, max_norm)[key] for key, grad in grads.items()}


@norm(
    "squared-norm",
    title="the square root of the norm is missing",
    hint="The gradients (3) and (4) have the joint norm 5. What does your norm say?",
)
def squared_norm(right: Right, grads: Any) -> Any:
    return right.clip_norm(grads) ** 2


@norm(
    "sum-of-norms",
    title="the norms of the arrays are added up",
    hint="The gradients (3) and (4) have the joint norm 5. What does your norm say?",
)
def sum_of_norms(right: Right, grads: Any) -> Any:
    return float(sum(np.linalg.norm(grad) for grad in grads))


@norm(
    "sum-of-magnitudes",
    title="the magnitudes of the entries are added up",
    hint="The 2-norm is asked for. The gradients (3) and (4) have the joint norm 5.",
)
def sum_of_magnitudes(right: Right, grads: Any) -> Any:
    return float(sum(np.abs(grad).sum() for grad in grads))


@norm(
    "largest-entry",
    title="the largest entry is taken for the norm",
    hint="The 2-norm is asked for. The gradients (3) and (4) have the joint norm 5.",
)
def largest_entry(right: Right, grads: Any) -> Any:
    return float(max(np.abs(grad).max() for grad in grads))


@norm(
    "largest-norm",
    title="the largest norm of an array is taken for the joint norm",
    hint="The gradients (3) and (4) have the joint norm 5. What does your norm say?",
)
def largest_norm(right: Right, grads: Any) -> Any:
    return float(max(np.linalg.norm(grad) for grad in grads))


@norm(
    "root-of-mean-square",
    title="the squares are averaged, not added up",
    hint="The gradients (3) and (4) have the joint norm 5. What does your norm say?",
)
def root_of_mean_square(right: Right, grads: Any) -> Any:
    return right.clip_norm(grads) / np.sqrt(sum(grad.size for grad in grads))


@factor(
    "never",
    title="nothing is clipped",
    hint="What should become of gradients whose joint norm is above the limit?",
)
def never(right: Right, norm: Any, max_norm: Any) -> Any:
    return 1.0


@factor(
    "always",
    title="gradients below the limit are scaled up to it",
    hint="Clipping never makes a gradient larger. What is the largest factor?",
)
def always(right: Right, norm: Any, max_norm: Any) -> Any:
    return max_norm / norm if norm else 1.0


@factor(
    "by-max-norm",
    title="gradients above the limit are multiplied by it, not brought down to it",
    hint="After clipping, the joint norm should be max_norm. What is it with your factor?",
)
def by_max_norm(right: Right, norm: Any, max_norm: Any) -> Any:
    return max_norm if norm > max_norm else 1.0


@factor(
    "to-norm-one",
    title="gradients above the limit are brought down to a norm of 1",
    hint="After clipping, the joint norm should be max_norm. What is it with your factor?",
)
def to_norm_one(right: Right, norm: Any, max_norm: Any) -> Any:
    return 1 / norm if norm > max_norm else 1.0
