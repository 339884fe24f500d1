"""Misconceptions of Task 01: the chain, truncation, clipping by entry, orthogonal matrices."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.misconceptions import Right, misconception

# -- 1a step_jacobian -----------------------------------------------------------------------------

jacobian = partial(misconception, of="step_jacobian", costs="1a.jacobian")
slope = partial(jacobian, piece="step_slope")


@jacobian(
    "transposed",
    title="the two axes of each Jacobian are swapped",
    hint="Entry [n, i, j] is about the new entry i and the old entry j. In h W_h, which index of "
    "W_h belongs to the old state?",
)
def jacobian_transposed(right: Right, h_t: Any, W_h: Any) -> Any:
    return right.step_jacobian(h_t, W_h).swapaxes(1, 2)


@jacobian(
    "w_h-not-transposed",
    title="entry [i, j] takes W_h[i, j]",
    hint="Vectors are rows: entry i of h W_h is the sum over j of h[j] W_h[j, i].",
)
def jacobian_w_h_as_it_is(right: Right, h_t: Any, W_h: Any) -> Any:
    return right.step_jacobian(h_t, W_h.T)


@jacobian(
    "slope-of-old-entry",
    title="the slope is taken at the old entry's place, not at the new one's",
    hint="Each new entry goes through its own tanh. Which of the two indices belongs to the slope?",
)
def slope_of_old_entry(right: Right, h_t: Any, W_h: Any) -> Any:
    return right.step_slope(h_t)[:, None, :] * W_h.T


@jacobian(
    "no-slope",
    title="the slope of tanh is missing",
    hint="The step is a product with W_h and then a tanh. What does the second of them multiply a "
    "small change by?",
)
def jacobian_no_slope(right: Right, h_t: Any, W_h: Any) -> Any:
    return np.ones_like(h_t)[:, :, None] * W_h.T


@jacobian(
    "mean-over-rows",
    title="all rows share one Jacobian",
    hint="Each row of the batch has its own state, so its own slopes.",
)
def jacobian_mean(right: Right, h_t: Any, W_h: Any) -> Any:
    return right.step_jacobian(h_t, W_h).mean(axis=0)


@jacobian(
    "slopes-alone",
    title="only the slopes stand on the diagonal, without W_h",
    hint="How does an entry of the old state reach an entry of the new one?",
)
def jacobian_slopes_alone(right: Right, h_t: Any, W_h: Any) -> Any:
    return right.step_slope(h_t)[:, :, None] * np.eye(len(W_h))


@slope(
    "slope-not-squared",
    title="the slope is 1 - h in place of 1 - h^2",
    hint="What is the derivative of tanh, written with its own value?",
)
def jacobian_slope_not_squared(right: Right, h_t: Any) -> Any:
    return 1 - h_t


@slope(
    "slope-of-sigmoid",
    title="the slope is that of a sigmoid",
    hint="h (1 - h) belongs to another function. What is the derivative of tanh?",
)
def jacobian_slope_of_sigmoid(right: Right, h_t: Any) -> Any:
    return h_t * (1 - h_t)


@slope(
    "tanh-again",
    title="the slope is taken after another tanh",
    hint="h_t is what tanh gave already.",
)
def jacobian_tanh_again(right: Right, h_t: Any) -> Any:
    return 1 - np.tanh(h_t) ** 2


@slope(
    "plus",
    title="the slope is 1 + h^2",
    hint="Where a state is close to 1 or -1, tanh is flat. Is your slope small there?",
)
def jacobian_plus(right: Right, h_t: Any) -> Any:
    return 1 + h_t**2


# -- 1a gradient_norms ----------------------------------------------------------------------------

norms = partial(misconception, of="gradient_norms", costs="1a.norms")
norm = partial(norms, piece="norms_of")
back = partial(norms, piece="norms_back")


@norm(
    "squared",
    title="the squares are added up, and no root is taken",
    hint="The vector (3, 4) has the norm 5.",
)
def norms_squared(right: Right, dh: Any) -> Any:
    return np.sum(dh**2, axis=1)


@norm(
    "absolute",
    title="the absolute values are added up",
    hint="The vector (3, 4) has the 2-norm 5, not 7.",
)
def norms_absolute(right: Right, dh: Any) -> Any:
    return np.sum(np.abs(dh), axis=1)


@norm(
    "largest",
    title="the largest entry is taken for the norm",
    hint="The vector (3, 4) has the 2-norm 5, not 4.",
)
def norms_largest(right: Right, dh: Any) -> Any:
    return np.abs(dh).max(axis=1)


@norm(
    "mean-square",
    title="the root of the mean of the squares is taken",
    hint="The vector (3, 4) has the 2-norm 5. Are its squares added up, or averaged?",
)
def norms_mean_square(right: Right, dh: Any) -> Any:
    return np.sqrt(np.mean(dh**2, axis=1))


@norm(
    "of-the-batch",
    title="one norm is taken of all rows together",
    hint="Each row of the batch is a sequence of its own, with a norm of its own.",
)
def norms_of_the_batch(right: Right, dh: Any) -> Any:
    return np.full(len(dh), np.sqrt(np.sum(dh**2)))


@back(
    "no-slope",
    title="the gradient goes back without the slope of tanh",
    hint="Back through a step is back through a tanh and back through a product.",
)
def norms_no_slope(right: Right, dh: Any, h_t: Any, W_h: Any) -> Any:
    return dh @ W_h.T


@back(
    "w_h-not-transposed",
    title="the gradient is multiplied by W_h, not by its transpose",
    hint="The state goes forwards through h W_h. How does a gradient go back through it?",
)
def norms_w_h_as_it_is(right: Right, dh: Any, h_t: Any, W_h: Any) -> Any:
    return (dh * (1 - h_t**2)) @ W_h


@back(
    "slope-after",
    title="the slope is multiplied after W_h, not before",
    hint="Forwards, the product comes first and tanh last. What comes first on the way back?",
)
def norms_slope_after(right: Right, dh: Any, h_t: Any, W_h: Any) -> Any:
    return (dh @ W_h.T) * (1 - h_t**2)


@norms(
    "slope-of-earlier-state",
    piece="norms_steps",
    title="each step back takes the slope at the state that it arrives at",
    hint="From h_t to h_{t-1} the gradient goes through the tanh that gave h_t.",
)
def slope_of_earlier(right: Right, T: int) -> Any:
    return [max(t - 1, 0) for t in range(T - 1, -1, -1)]


@norms(
    "backwards",
    title="the norms stand in reverse order",
    hint="Column t is about step t. In which column stands the norm of dh_T itself?",
)
def norms_backwards(right: Right, dh_T: Any, h: Any, W_h: Any) -> Any:
    return right.gradient_norms(dh_T, h, W_h)[:, ::-1]


@norms(
    "one-step-early",
    title="every norm stands one step too early",
    hint="The last column is the norm of dh_T itself, before any step back.",
)
def norms_one_early(right: Right, dh_T: Any, h: Any, W_h: Any) -> Any:
    first = np.einsum("ni,nij->nj", dh_T, right.step_jacobian(h[:, -1], W_h))
    shifted = np.concatenate([h[:, :1], h[:, :-1]], axis=1)
    return right.gradient_norms(first, shifted, W_h)


@norms(
    "per-step",
    title="one norm is given for each step, not for each row",
    hint="The result has the shape (N,T).",
)
def norms_per_step(right: Right, dh_T: Any, h: Any, W_h: Any) -> Any:
    return np.sqrt(np.sum(right.gradient_norms(dh_T, h, W_h) ** 2, axis=0))


@norms(
    "time-first",
    title="the axes of rows and steps are swapped",
    hint="The result has the shape (N,T).",
)
def norms_time_first(right: Right, dh_T: Any, h: Any, W_h: Any) -> Any:
    return right.gradient_norms(dh_T, h, W_h).T


# -- 1b truncated_bptt ----------------------------------------------------------------------------

LOSS, GRADIENTS = "1b.loss", "1b.gradients"
truncated = partial(misconception, of="truncated_bptt")
dlogits = partial(truncated, piece="pieces_dlogits", costs=GRADIENTS)
loss = partial(truncated, piece="pieces_loss", costs=LOSS)
of_back = partial(truncated, piece="pieces_back", costs=GRADIENTS)


@truncated(
    "not-truncated",
    piece="pieces_crossed",
    costs=GRADIENTS,
    title="the gradient goes back from piece to piece",
    hint="The state goes on from piece to piece, the gradient does not. Where in your loop over "
    "steps is it stopped?",
)
def not_truncated(right: Right, later: Any, t: int, starts: Any) -> Any:
    return later


@truncated(
    "no-time-at-all",
    piece="pieces_crossed",
    costs=GRADIENTS,
    title="no gradient goes back through time, not even within a piece",
    hint="Within a piece, a state acts on the loss through its own prediction and through the "
    "states after it.",
)
def no_time_at_all(right: Right, later: Any, t: int, starts: Any) -> Any:
    return np.zeros_like(later)


@truncated(
    "stopped-one-step-late",
    piece="pieces_crossed",
    costs=GRADIENTS,
    title="the gradient is stopped one step off the start of a piece",
    hint="Pieces start at steps 0, k, 2k, ... Nothing goes back from such a step to the one "
    "before.",
)
def stopped_one_late(right: Right, later: Any, t: int, starts: Any) -> Any:
    return np.zeros_like(later) if t + 1 in starts else later


@truncated(
    "counted-from-the-end",
    piece="pieces_crossed",
    costs=GRADIENTS,
    title="the pieces are counted from the other end",
    hint="The first piece starts at step 0 and has k steps; the last one may be shorter.",
    cases=(2, 3, 4, 5, 6, 7, 8, 9),
)
def counted_from_the_end(right: Right, later: Any, t: int, starts: Any, case: Any) -> Any:
    T = case
    k = starts[1] if len(starts) > 1 else T
    return np.zeros_like(later) if (T - t) % k == 0 else later


@truncated(
    "state-not-carried",
    piece="pieces_carried",
    costs=f"{LOSS} {GRADIENTS}",
    title="each piece starts from a state of zeros",
    hint="Which state does the second piece start from?",
)
def state_not_carried(right: Right, h: Any, t: int, starts: Any) -> Any:
    return np.zeros_like(h) if t in starts and t else h


@truncated(
    "h0-ignored",
    costs=f"{LOSS} {GRADIENTS}",
    title="the network is started from zero, not from h0",
    hint="Which state does the first step start from?",
)
def h0_ignored(right: Right, x: Any, targets: Any, h0: Any, *args: Any) -> Any:
    return right.truncated_bptt(x, targets, np.zeros_like(h0), *args)


@loss(
    "mean-of-sums",
    title="the losses of the pieces are added up, not averaged over all predictions",
    hint="The loss is one mean over all N*T predictions, however they are cut.",
)
def loss_of_pieces_added(right: Right, logits: Any, targets: Any, starts: Any) -> Any:
    losses = right.pieces_losses(logits, targets)
    ends = [*starts[1:], losses.shape[1]]
    return float(sum(losses[:, a:b].mean() for a, b in zip(starts, ends, strict=True)))


@loss(
    "mean-of-means",
    title="the means of the pieces are averaged, also where the last piece is shorter",
    hint="The loss is one mean over all N*T predictions, so a shorter piece counts for less.",
)
def loss_of_means(right: Right, logits: Any, targets: Any, starts: Any) -> Any:
    losses = right.pieces_losses(logits, targets)
    ends = [*starts[1:], losses.shape[1]]
    return float(np.mean([losses[:, a:b].mean() for a, b in zip(starts, ends, strict=True)]))


@loss(
    "of-the-last-piece",
    title="the loss is that of the last piece alone",
    hint="Does your loop add to the loss, or write over it?",
)
def loss_of_the_last(right: Right, logits: Any, targets: Any, starts: Any) -> Any:
    return float(right.pieces_losses(logits, targets)[:, starts[-1] :].mean())


@loss(
    "sum",
    title="the loss is a sum, not a mean",
    hint="The loss is a mean over all N*T predictions.",
)
def loss_sum(right: Right, logits: Any, targets: Any, starts: Any) -> Any:
    return float(right.pieces_losses(logits, targets).sum())


@loss(
    "mean-over-rows",
    title="the loss is averaged over the rows alone",
    hint="The loss is a mean over all N*T predictions.",
)
def loss_mean_over_rows(right: Right, logits: Any, targets: Any, starts: Any) -> Any:
    return float(right.pieces_losses(logits, targets).sum() / len(targets))


@loss(
    "bits",
    title="the loss is in bits, not in nats",
    hint="Which base has the logarithm of a loss in nats?",
)
def loss_in_bits(right: Right, logits: Any, targets: Any, starts: Any) -> Any:
    return right.pieces_loss(logits, targets, starts) / np.log(2)


@dlogits(
    "divided-by-piece",
    title="each piece's gradients are those of its own mean loss",
    hint="All gradients are of the one mean loss over N*T predictions, not of means over pieces.",
)
def divided_by_piece(right: Right, logits: Any, targets: Any, starts: Any) -> Any:
    T = targets.shape[1]
    each = np.diff([*starts, T])
    return right.pieces_dlogits(logits, targets, starts) * T / np.repeat(each, each)[:, None]


@dlogits(
    "gradients-of-the-sum",
    title="the gradients are those of the summed loss",
    hint="The loss is a mean over N*T predictions. Where does this show in the gradient of the "
    "logits?",
)
def gradients_of_the_sum(right: Right, logits: Any, targets: Any, starts: Any) -> Any:
    return right.pieces_dlogits(logits, targets, starts) * targets.size


@dlogits(
    "divided-by-rows",
    title="the gradients are divided by the number of rows alone",
    hint="The loss is a mean over N*T predictions, rows and steps.",
)
def gradients_by_rows(right: Right, logits: Any, targets: Any, starts: Any) -> Any:
    return right.pieces_dlogits(logits, targets, starts) * targets.shape[1]


@dlogits(
    "target-not-subtracted",
    title="the gradient of the logits lacks the one-hot target",
    hint="If the model gave its target the probability 1, what should the gradient be?",
)
def target_not_subtracted(right: Right, logits: Any, targets: Any, starts: Any) -> Any:
    d = right.pieces_dlogits(logits, targets, starts)
    return d + np.eye(logits.shape[-1])[targets] / targets.size


@dlogits(
    "sign",
    title="all gradients have the opposite sign",
    hint="The gradient points to where the loss grows: softmax minus one-hot.",
)
def gradients_sign(right: Right, logits: Any, targets: Any, starts: Any) -> Any:
    return -right.pieces_dlogits(logits, targets, starts)


@truncated(
    "no-slope",
    piece="pieces_slope",
    costs=GRADIENTS,
    title="the slope of tanh is missing",
    hint="Back through a step is back through a tanh and back through a product.",
)
def truncated_no_slope(right: Right, h_t: Any) -> Any:
    return np.ones_like(h_t)


@truncated(
    "slope-not-squared",
    piece="pieces_slope",
    costs=GRADIENTS,
    title="the slope is 1 - h in place of 1 - h^2",
    hint="What is the derivative of tanh, written with its own value?",
)
def truncated_slope(right: Right, h_t: Any) -> Any:
    return 1 - h_t


@truncated(
    "own-output-forgotten",
    piece="pieces_joined",
    costs=GRADIENTS,
    title="a state gets a gradient from later steps or from its own output, not from both",
    hint="A state acts on the loss by two routes. Does your backward pass add them up?",
)
def own_or_later(right: Right, own: Any, later: Any) -> Any:
    return later if later.any() else own


@of_back(
    "gradients-of-last-piece",
    title="the gradients are those of the last piece alone",
    hint="The weights are the same throughout. Does your loop add to the gradients, or write over "
    "them?",
)
def gradients_of_last_piece(
    right: Right, x: Any, h0: Any, states: Any, own: Any, W_h: Any, starts: Any
) -> Any:
    s = starts[-1]
    before = states[:, s - 1] if s else h0
    return right.pieces_back(x[:, s:], before, states[:, s:], own[:, s:], W_h, [0])


@of_back(
    "zeros-before-each-piece",
    title="the first step of each piece gives W_h no gradient, as if the state before it were zero",
    hint="Which state is multiplied by W_h at the first step of a piece? That no gradient goes "
    "there does not make it zero.",
)
def zeros_before_each(
    right: Right, x: Any, h0: Any, states: Any, own: Any, W_h: Any, starts: Any
) -> Any:
    grads = right.pieces_back(x, h0, states, own, W_h, starts)
    for s in starts:
        before = states[:, s - 1] if s else h0
        end = min([*(one for one in starts if one > s), x.shape[1]])
        part = slice(s, end)
        args = (states[:, part], own[:, part], W_h, [0])
        with_it = right.pieces_back(x[:, part], before, *args)["W_h"]
        grads["W_h"] += right.pieces_back(x[:, part], 0 * before, *args)["W_h"] - with_it
    return grads


@of_back(
    "b_h-averaged",
    title="the gradient of b_h is averaged over the rows",
    hint="What is averaged was averaged in the loss already: each row adds its part.",
)
def b_h_averaged(right: Right, x: Any, *args: Any) -> Any:
    grads = right.pieces_back(x, *args)
    return grads | {"b_h": grads["b_h"] / len(x)}


@truncated(
    "h_t-for-h_prev",
    piece="pieces_before",
    costs=GRADIENTS,
    title="the gradient of W_h is built with the state after the step, not before it",
    hint="Which state is multiplied by W_h in a step?",
)
def after_for_before(right: Right, h0: Any, states: Any) -> Any:
    return states


@truncated(
    "h_T-of-first-piece",
    piece="pieces_last",
    costs=LOSS,
    title="the first state is returned for the last",
    hint="h_T is the state after the whole sequence.",
)
def first_for_last(right: Right, states: Any) -> Any:
    return states[:, 0]


@truncated(
    "all-states",
    piece="pieces_last",
    costs=LOSS,
    title="all states are returned in the place of the last",
    hint="h_T has the shape (N,H).",
)
def all_for_last(right: Right, states: Any) -> Any:
    return states


# -- 1b clip_values -------------------------------------------------------------------------------

clip = partial(misconception, of="clip_values", costs="1b.values")
entry = partial(clip, piece="clipped")


@entry(
    "from-above-alone",
    title="entries are clipped from above alone",
    hint="What becomes of an entry of -7 with a limit of 5?",
)
def from_above(right: Right, grad: Any, limit: float) -> Any:
    return np.minimum(grad, limit)


@entry(
    "below-zero-cut",
    title="entries below zero become zero",
    hint="Each entry comes to lie between -limit and limit.",
)
def below_zero_cut(right: Right, grad: Any, limit: float) -> Any:
    return np.clip(grad, 0, limit)


@entry(
    "sign-lost",
    title="what is clipped loses its sign",
    hint="An entry of -7 becomes -5 with a limit of 5.",
)
def sign_lost(right: Right, grad: Any, limit: float) -> Any:
    return np.where(np.abs(grad) > limit, limit, grad)


@entry(
    "large-ones-zero",
    title="entries beyond the limit become zero",
    hint="Clipping keeps an entry at the limit; it does not throw it away.",
)
def large_ones_zero(right: Right, grad: Any, limit: float) -> Any:
    return np.where(np.abs(grad) > limit, 0.0, grad)


@entry(
    "scaled-by-largest",
    title="each array is scaled so that its largest entry fits",
    hint="Each entry is looked at by itself; those within the limit stay as they are.",
)
def scaled_by_largest(right: Right, grad: Any, limit: float) -> Any:
    return grad * min(1.0, limit / max(float(np.abs(grad).max()), 1e-12))


@entry(
    "norm-of-each",
    title="each array is scaled by its norm",
    hint="Here no norm is taken: each entry is looked at by itself.",
)
def norm_of_each(right: Right, grad: Any, limit: float) -> Any:
    return grad * min(1.0, limit / max(float(np.sqrt(np.sum(grad**2))), 1e-12))


@clip(
    "joint-norm",
    title="all arrays are scaled by their joint norm",
    hint="Here no norm is taken: each entry is looked at by itself.",
)
def joint_norm(right: Right, grads: Any, limit: float) -> Any:
    total = float(np.sqrt(sum(np.sum(grad**2) for grad in grads.values())))
    return {key: grad * min(1.0, limit / max(total, 1e-12)) for key, grad in grads.items()}


@entry(
    "squashed",
    title="entries are squashed by a tanh",
    hint="Entries within the limit stay as they are.",
)
def squashed(right: Right, grad: Any, limit: float) -> Any:
    return limit * np.tanh(grad / limit)


@entry(
    "unchanged",
    title="nothing is clipped in what is returned",
    hint="Look at what your function returns, beside what it computes.",
)
def unchanged(right: Right, grad: Any, limit: float) -> Any:
    return grad


# -- 1b orthogonal --------------------------------------------------------------------------------

matrix = partial(misconception, of="orthogonal", costs="1b.orthogonal")


@matrix(
    "identity",
    title="the identity is returned, which is not random",
    hint="Two draws should differ. Where does the generator come in?",
)
def identity(right: Right, answer: Any, size: int) -> Any:
    return np.eye(size)


@matrix(
    "columns-of-length-one",
    title="rows or columns are made to have length 1, but not to be at right angles",
    hint="Two different rows have to have the product zero. Which decomposition gives such rows?",
)
def only_length_one(right: Right, answer: Any, size: int) -> Any:
    Q = np.asarray(answer, dtype=float)
    if Q.shape == (size, size) and not np.allclose(Q @ Q.T, np.eye(size)):
        for axis in (0, 1):
            if np.allclose(np.sum(Q**2, axis=axis), 1):
                return Q
    return right.orthogonal(answer, size)


@matrix(
    "triangle-of-qr",
    title="the other factor of the QR decomposition is returned",
    hint="Of Q and R, which one has orthonormal rows?",
)
def triangle_of_qr(right: Right, answer: Any, size: int) -> Any:
    R = np.asarray(answer, dtype=float)
    triangular = not np.tril(R, -1).any() and (size == 1 or np.triu(R, 1).any())
    return R if triangular else right.orthogonal(answer, size)
