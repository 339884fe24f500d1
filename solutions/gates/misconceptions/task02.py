"""Misconceptions of Task 02: the LSTM cell, one step back, the GRU cell, a test of it, counts."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.misconceptions import Right, misconception

# -- 2a sigmoid -----------------------------------------------------------------------------------

sigma = partial(misconception, of="sigmoid", costs="2a.sigmoid")


@sigma(
    "overflows",
    title="exp(z) is divided by 1 + exp(z), which is NaN for large z",
    hint="What is exp(10000) on a computer, and what is it divided by itself? For which sign of z "
    "is exp(z) harmless?",
)
def overflows(right: Right, z: Any) -> Any:
    return np.exp(z) / (1 + np.exp(z))


@sigma(
    "reversed",
    title="the sign of z is wrong",
    hint="The sigmoid of a large positive number is close to 1.",
)
def sigmoid_reversed(right: Right, z: Any) -> Any:
    return 1 - right.sigmoid(z)


@sigma(
    "minus-in-place-of-plus",
    title="1 is taken away from the exponential, not added",
    hint="The sigmoid of 0 is one half.",
)
def sigmoid_minus(right: Right, z: Any) -> Any:
    return 1 / (1 - np.exp(-z))


@sigma(
    "tanh",
    title="it is a tanh",
    hint="A gate is between 0 and 1, and one half at 0.",
)
def sigmoid_tanh(right: Right, z: Any) -> Any:
    return np.tanh(z)


@sigma(
    "half-as-steep",
    title="it is too steep, or not steep enough, by a factor of two",
    hint="(1 + tanh(z)) / 2 is a sigmoid of something. Of what?",
    cases=(2.0, 0.5),
)
def half_as_steep(right: Right, z: Any, case: Any) -> Any:
    return right.sigmoid(case * z)


@sigma(
    "softmax",
    title="the numbers of a row are divided by their sum, as in a softmax",
    hint="Each number goes through the sigmoid by itself.",
)
def sigmoid_softmax(right: Right, z: Any) -> Any:
    shares = np.exp(z - z.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


@sigma(
    "hard",
    title="it is cut from straight lines",
    hint="The sigmoid is smooth: 1 / (1 + exp(-z)).",
    cases=(0.2, 0.25, 1 / 6),
)
def sigmoid_hard(right: Right, z: Any, case: Any) -> Any:
    return np.clip(case * z + 0.5, 0, 1)


@sigma(
    "slope",
    title="its slope is returned",
    hint="sigmoid(z) (1 - sigmoid(z)) is needed on the way back, not here.",
)
def sigmoid_slope(right: Right, z: Any) -> Any:
    return right.sigmoid(z) * (1 - right.sigmoid(z))


# -- 2a lstm_cell_forward -------------------------------------------------------------------------

MEMORY, OUTPUT = "2a.memory", "2a.output"
cell = partial(misconception, of="lstm_cell_forward")
summed = partial(cell, piece="lstm_sum", costs=f"{MEMORY} {OUTPUT}")
blocks = partial(cell, piece="lstm_blocks", costs=f"{MEMORY} {OUTPUT}")
gates = partial(cell, piece="lstm_gates", costs=MEMORY)
memory = partial(cell, piece="lstm_memory", costs=MEMORY)
state = partial(cell, piece="lstm_state", costs=OUTPUT)


@blocks(
    "i-g-f-o",
    costs=MEMORY,
    title="the blocks are taken for [i | g | f | o]",
    hint="In which order do the four gates lie side by side?",
)
def order_igfo(right: Right, z: Any) -> Any:
    i, f, g, o = right.lstm_blocks(z)
    return i, g, f, o


@blocks(
    "f-i-g-o",
    costs=MEMORY,
    title="the input gate and the forget gate are swapped",
    hint="In which order do the four gates lie side by side, and which of them keeps the old "
    "memory?",
)
def order_figo(right: Right, z: Any) -> Any:
    i, f, g, o = right.lstm_blocks(z)
    return f, i, g, o


@blocks(
    "i-f-o-g",
    title="the blocks are taken for [i | f | o | g]",
    hint="In which order do the four gates lie side by side?",
)
def order_ifog(right: Right, z: Any) -> Any:
    i, f, g, o = right.lstm_blocks(z)
    return i, f, o, g


@blocks(
    "every-fourth-column",
    title="every fourth column belongs to a gate",
    hint="The gates lie side by side in blocks of H columns.",
)
def every_fourth(right: Right, z: Any) -> Any:
    return [z[:, gate::4] for gate in range(4)]


@gates(
    "sigmoid-of-g",
    title="g goes through a sigmoid, not a tanh",
    hint="What is written may be negative too: g is no gate.",
)
def sigmoid_of_g(right: Right, i: Any, f: Any, g: Any, o: Any) -> Any:
    return right.sigmoid(i), right.sigmoid(f), right.sigmoid(g), right.sigmoid(o)


@gates(
    "no-tanh-of-g",
    title="g is written without its tanh",
    hint="Which of the four blocks goes through a tanh?",
)
def no_tanh_of_g(right: Right, i: Any, f: Any, g: Any, o: Any) -> Any:
    return right.sigmoid(i), right.sigmoid(f), g, right.sigmoid(o)


@gates(
    "tanh-gates",
    costs=f"{MEMORY} {OUTPUT}",
    title="the gates go through a tanh, not a sigmoid",
    hint="A gate is between 0 and 1: it lets through a part.",
)
def tanh_gates(right: Right, i: Any, f: Any, g: Any, o: Any) -> Any:
    return np.tanh(i), np.tanh(f), np.tanh(g), np.tanh(o)


@gates(
    "one-minus-f",
    title="1 - sigmoid(f) takes the place of sigmoid(f)",
    hint="An open forget gate keeps, in spite of its name.",
)
def one_minus_f(right: Right, i: Any, f: Any, g: Any, o: Any) -> Any:
    return right.sigmoid(i), 1 - right.sigmoid(f), np.tanh(g), right.sigmoid(o)


@gates(
    "forget-bias-added",
    title="1 is added to the forget gate",
    hint="The bias that opens the forget gate is in b already. It is set when a model is built, "
    "not in each step.",
)
def forget_bias_added(right: Right, i: Any, f: Any, g: Any, o: Any) -> Any:
    return right.lstm_gates(i, f + 1, g, o)


@memory(
    "coupled",
    title="1 - f takes the place of the input gate",
    hint="This cell has an input gate of its own.",
)
def coupled(right: Right, i: Any, f: Any, g: Any, c_prev: Any) -> Any:
    return f * c_prev + (1 - f) * g


@memory(
    "nothing-kept",
    title="nothing of the old memory is kept",
    hint="c_t is a sum of two terms.",
)
def nothing_kept(right: Right, i: Any, f: Any, g: Any, c_prev: Any) -> Any:
    return i * g


@memory(
    "nothing-written",
    title="nothing new is written",
    hint="c_t is a sum of two terms.",
)
def nothing_written(right: Right, i: Any, f: Any, g: Any, c_prev: Any) -> Any:
    return f * c_prev


@memory(
    "no-forget-gate",
    title="the old memory is kept whole, without the forget gate",
    hint="What multiplies c_{t-1}?",
)
def no_forget_gate(right: Right, i: Any, f: Any, g: Any, c_prev: Any) -> Any:
    return c_prev + i * g


@memory(
    "no-input-gate",
    title="all of g is written, without the input gate",
    hint="What multiplies tanh(g)?",
)
def no_input_gate(right: Right, i: Any, f: Any, g: Any, c_prev: Any) -> Any:
    return f * c_prev + g


@memory(
    "tanh-of-memory",
    title="the memory goes through a tanh before it is kept",
    hint="The tanh of c_t belongs to h_t. The memory itself is not squashed.",
)
def tanh_of_memory(right: Right, i: Any, f: Any, g: Any, c_prev: Any) -> Any:
    return np.tanh(f * c_prev + i * g)


@summed(
    "no-bias",
    title="the bias is missing",
    hint="With an old state and an input of zero, what is left in the sum?",
)
def lstm_no_bias(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b: Any) -> Any:
    return x_t @ W_x + h_prev @ W_h


@summed(
    "no-state",
    title="the gates do not look at the old state",
    hint="Both the input and the old state decide about the gates.",
)
def lstm_no_state(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b: Any) -> Any:
    return x_t @ W_x + b


@summed(
    "no-input",
    title="the gates do not look at the input",
    hint="Both the input and the old state decide about the gates.",
)
def lstm_no_input(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b: Any) -> Any:
    return h_prev @ W_h + b


@state(
    "no-tanh",
    title="h_t is taken from c_t without a tanh",
    hint="The memory may grow large; what keeps h_t between -1 and 1?",
)
def state_no_tanh(right: Right, o: Any, c_t: Any, c_prev: Any) -> Any:
    return o * c_t


@state(
    "no-output-gate",
    title="h_t does not go through the output gate",
    hint="How much of the memory is shown?",
)
def no_output_gate(right: Right, o: Any, c_t: Any, c_prev: Any) -> Any:
    return np.tanh(c_t)


@state(
    "old-memory",
    title="h_t is taken from the old memory",
    hint="Is h_t computed before or after the memory is renewed?",
)
def state_of_old_memory(right: Right, o: Any, c_t: Any, c_prev: Any) -> Any:
    return o * np.tanh(c_prev)


@state(
    "tanh-outside",
    title="the tanh is around the whole of h_t",
    hint="The tanh is around the memory alone; the gate comes after it.",
)
def tanh_outside(right: Right, o: Any, c_t: Any, c_prev: Any) -> Any:
    return np.tanh(o * c_t)


@state(
    "sigmoid-of-memory",
    title="the memory goes through a sigmoid on its way to h_t",
    hint="h_t may be negative.",
)
def sigmoid_of_memory(right: Right, o: Any, c_t: Any, c_prev: Any) -> Any:
    return o * right.sigmoid(c_t)


@cell(
    "swapped",
    costs=f"{MEMORY} {OUTPUT}",
    title="the memory is returned before the state",
    hint="Look at the order in which the two results are asked for.",
)
def lstm_swapped(right: Right, *args: Any) -> Any:
    return right.lstm_cell_forward(*args)[::-1]


# -- 2b lstm_cell_backward ------------------------------------------------------------------------

DX, DH, DC = "2b.dx", "2b.dh_prev", "2b.dc_prev"
DW_X, DW_H, DB = "2b.dW_x", "2b.dW_h", "2b.db"
OF_GATES = f"{DX} {DH} {DW_X} {DW_H} {DB}"
ALL = f"{OF_GATES} {DC}"
backward = partial(misconception, of="lstm_cell_backward")
of_memory = partial(backward, piece="back_memory", costs=ALL)
through = partial(backward, piece="back_gates", costs=OF_GATES)
slopes = partial(backward, piece="back_slopes", costs=OF_GATES)
weights = partial(backward, piece="back_weights")
inputs = partial(backward, piece="back_inputs")


@of_memory(
    "memory-without-h",
    title="what h_t passes to c_t is forgotten",
    hint="c_t acts on the loss by two routes: through the next step's memory, and through h_t.",
)
def memory_without_h(right: Right, dh_t: Any, dc_t: Any, o: Any, shown: Any) -> Any:
    return dc_t


@of_memory(
    "memory-through-h-alone",
    title="what comes from the next step's memory is forgotten",
    hint="c_t acts on the loss by two routes: through the next step's memory, and through h_t.",
)
def memory_through_h_alone(right: Right, dh_t: Any, dc_t: Any, o: Any, shown: Any) -> Any:
    return dh_t * o * (1 - shown**2)


@of_memory(
    "no-slope-of-tanh",
    title="the gradient goes from h_t to c_t without the slope of tanh",
    hint="h_t is the output gate times the tanh of c_t. What is the slope of tanh there?",
)
def no_slope_of_tanh(right: Right, dh_t: Any, dc_t: Any, o: Any, shown: Any) -> Any:
    return dc_t + dh_t * o


@of_memory(
    "no-output-gate",
    title="the gradient goes from h_t to c_t without the output gate",
    hint="What is tanh(c_t) multiplied by to give h_t?",
)
def back_no_output_gate(right: Right, dh_t: Any, dc_t: Any, o: Any, shown: Any) -> Any:
    return dc_t + dh_t * (1 - shown**2)


@of_memory(
    "both-through-h",
    title="dc_t goes through the output gate and the tanh too",
    hint="dc_t is a gradient of c_t already. Only dh_t has to go back through h_t.",
)
def both_through_h(right: Right, dh_t: Any, dc_t: Any, o: Any, shown: Any) -> Any:
    return (dc_t + dh_t) * o * (1 - shown**2)


@of_memory(
    "slope-not-squared",
    title="the slope of tanh is 1 - tanh(c) in place of 1 - tanh(c)^2",
    hint="What is the derivative of tanh, written with its own value?",
)
def back_slope_not_squared(right: Right, dh_t: Any, dc_t: Any, o: Any, shown: Any) -> Any:
    return dc_t + dh_t * o * (1 - shown)


@through(
    "o-from-memory",
    title="the output gate gets its gradient through the memory",
    hint="The output gate acts on h_t alone: which gradient reaches it, and times what?",
)
def o_from_memory(right: Right, dh_t: Any, dc: Any, c_prev: Any, gates: Any, shown: Any) -> Any:
    return [*right.back_gates(dh_t, dc, c_prev, gates, shown)[:3], dc * shown]


@through(
    "o-without-tanh",
    title="the gradient of the output gate takes c_t, not tanh(c_t)",
    hint="What is the output gate multiplied by in h_t?",
)
def o_without_tanh(right: Right, dh_t: Any, dc: Any, c_prev: Any, gates: Any, shown: Any) -> Any:
    i, f, g, _ = gates
    c_t = f * c_prev + i * g
    return [*right.back_gates(dh_t, dc, c_prev, gates, shown)[:3], dh_t * c_t]


@through(
    "f-with-new-memory",
    title="the gradient of the forget gate takes c_t, not c_{t-1}",
    hint="Which memory is multiplied by the forget gate?",
)
def f_with_new_memory(right: Right, dh_t: Any, dc: Any, c_prev: Any, gates: Any, shown: Any) -> Any:
    i, f, g, _ = gates
    di, _, dg, do = right.back_gates(dh_t, dc, c_prev, gates, shown)
    return [di, dc * (f * c_prev + i * g), dg, do]


@through(
    "i-and-g-swapped",
    title="the gradients of i and g take each other's factor wrongly",
    hint="i is multiplied by g, and g by i. So what is the gradient of i multiplied by?",
)
def i_and_g_swapped(right: Right, dh_t: Any, dc: Any, c_prev: Any, gates: Any, shown: Any) -> Any:
    i, _, g, _ = gates
    _, df, _, do = right.back_gates(dh_t, dc, c_prev, gates, shown)
    return [dc * i, df, dc * g, do]


@slopes(
    "no-slopes",
    title="the slopes of the sigmoids and of the tanh of g are missing",
    hint="The gates came out of a sigmoid, and g out of a tanh. Go back through these too.",
)
def no_slopes(right: Right, through: Any, gates: Any) -> Any:
    return through


@slopes(
    "g-as-a-gate",
    title="the slope of g is that of a sigmoid",
    hint="g came out of a tanh. What is its slope?",
)
def g_as_a_gate(right: Right, through: Any, gates: Any) -> Any:
    di, df, _, do = right.back_slopes(through, gates)
    return [di, df, through[2] * gates[2] * (1 - gates[2]), do]


@slopes(
    "gates-as-tanh",
    title="the slopes of the gates are those of a tanh",
    hint="The gates came out of a sigmoid: s (1 - s).",
)
def gates_as_tanh(right: Right, through: Any, gates: Any) -> Any:
    return [one * (1 - gate**2) for one, gate in zip(through, gates, strict=True)]


@slopes(
    "g-without-slope",
    title="the slope of the tanh of g is missing",
    hint="g came out of a tanh. Go back through it too.",
)
def g_without_slope(right: Right, through: Any, gates: Any) -> Any:
    di, df, _, do = right.back_slopes(through, gates)
    return [di, df, through[2], do]


@backward(
    "blocks-in-another-order",
    piece="back_blocks",
    costs=OF_GATES,
    title="the gradients of the gates are put together in another order",
    hint="They go back in the order in which the gates lie side by side: i, f, g, o.",
    cases=((0, 1, 3, 2), (1, 0, 2, 3), (0, 2, 1, 3), (3, 2, 1, 0)),
)
def blocks_reordered(right: Right, di: Any, df: Any, dg: Any, do: Any, case: Any) -> Any:
    parts = (di, df, dg, do)
    return np.concatenate([parts[index] for index in case], axis=1)


@backward(
    "no-forget-gate",
    piece="back_kept",
    costs=DC,
    title="dc_prev is not multiplied by the forget gate",
    hint="c_{t-1} reaches c_t through the forget gate.",
)
def back_no_forget(right: Right, dc: Any, f: Any) -> Any:
    return dc


@backward(
    "one-minus-f",
    piece="back_kept",
    costs=DC,
    title="dc_prev is multiplied by 1 - f",
    hint="c_{t-1} reaches c_t through the forget gate itself.",
)
def back_one_minus_f(right: Right, dc: Any, f: Any) -> Any:
    return dc * (1 - f)


@weights(
    "bias-averaged",
    costs=DB,
    title="the gradient of the bias is averaged over the rows",
    hint="The bias is added to every row, and every row adds its part.",
)
def bias_averaged(right: Right, dz: Any, x_t: Any, h_prev: Any) -> Any:
    return x_t.T @ dz, h_prev.T @ dz, dz.mean(axis=0)


@weights(
    "bias-not-summed",
    costs=DB,
    title="the gradient of the bias has a row for each row of the batch",
    hint="A gradient has the shape of what it is the gradient of: (4H,).",
)
def bias_not_summed(right: Right, dz: Any, x_t: Any, h_prev: Any) -> Any:
    return x_t.T @ dz, h_prev.T @ dz, dz


@weights(
    "bias-keeps-axis",
    costs=DB,
    title="the gradient of the bias keeps an axis",
    hint="A gradient has the shape of what it is the gradient of: (4H,).",
)
def bias_keeps_axis(right: Right, dz: Any, x_t: Any, h_prev: Any) -> Any:
    return x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0, keepdims=True)


@weights(
    "averaged",
    costs=f"{DW_X} {DW_H} {DB}",
    title="the gradients of the weights are averaged over the rows",
    hint="Every row of the batch adds its part; nothing is averaged here.",
)
def weights_averaged(right: Right, dz: Any, x_t: Any, h_prev: Any) -> Any:
    return tuple(one / len(dz) for one in (x_t.T @ dz, h_prev.T @ dz, dz.sum(axis=0)))


@weights(
    "weights-transposed",
    costs=f"{DW_X} {DW_H}",
    title="the gradients of W_x and W_h are transposed",
    hint="A gradient has the shape of what it is the gradient of.",
)
def weights_transposed(right: Right, dz: Any, x_t: Any, h_prev: Any) -> Any:
    return dz.T @ x_t, dz.T @ h_prev, dz.sum(axis=0)


@inputs(
    "dh-as-h-part",
    costs=DH,
    title="dh_t itself is added to dh_prev",
    hint="h_{t-1} reaches this step through the gates alone. Is there a path without a matrix for "
    "h?",
)
def dh_added(right: Right, dz: Any, W_x: Any, W_h: Any) -> Any:
    return dz @ W_x.T, dz @ W_h.T + dz[:, : len(W_h)]


@inputs(
    "inputs-swapped",
    costs=f"{DX} {DH}",
    title="dx_t and dh_prev are swapped",
    hint="Look at the order in which the six results are asked for.",
)
def inputs_swapped(right: Right, dz: Any, W_x: Any, W_h: Any) -> Any:
    return dz @ W_h.T, dz @ W_x.T


# -- 2c gru_cell_forward --------------------------------------------------------------------------

gru = partial(misconception, of="gru_cell_forward", costs="2c.cell")
mixed = partial(gru, piece="gru_mixed")
new = partial(gru, piece="gru_new")
sums = partial(gru, piece="gru_sums")
ordered = partial(gru, piece="gru_blocks")


@mixed(
    "z-swapped",
    title="z lets in the new, and 1 - z keeps the old",
    hint="In this form, as in PyTorch, an open z keeps the old state. Other books swap the two.",
)
def z_swapped(right: Right, z: Any, n: Any, h_prev: Any) -> Any:
    return z * n + (1 - z) * h_prev


@mixed(
    "no-one-minus",
    title="the new is not multiplied by 1 - z",
    hint="What is not kept of the old state makes room for the new.",
)
def no_one_minus(right: Right, z: Any, n: Any, h_prev: Any) -> Any:
    return n + z * h_prev


@mixed(
    "nothing-kept",
    title="nothing of the old state is kept",
    hint="h_t is a sum of two terms.",
)
def gru_nothing_kept(right: Right, z: Any, n: Any, h_prev: Any) -> Any:
    return (1 - z) * n


@mixed(
    "z-without-effect",
    title="z plays no part",
    hint="What decides how much of the old state is kept?",
)
def z_without_effect(right: Right, z: Any, n: Any, h_prev: Any) -> Any:
    return n


@new(
    "no-reset",
    title="r plays no part",
    hint="Which part of n does the reset gate close?",
)
def no_reset(right: Right, a_n: Any, r: Any, u_n: Any) -> Any:
    return np.tanh(a_n + u_n)


@new(
    "reset-of-both",
    title="r multiplies what comes from the input too",
    hint="The reset gate is about the past alone.",
)
def reset_of_both(right: Right, a_n: Any, r: Any, u_n: Any) -> Any:
    return np.tanh(r * (a_n + u_n))


@new(
    "reset-of-input",
    title="r multiplies what comes from the input, not what comes from the state",
    hint="The reset gate is about the past.",
)
def reset_of_input(right: Right, a_n: Any, r: Any, u_n: Any) -> Any:
    return np.tanh(r * a_n + u_n)


@new(
    "no-tanh",
    title="n is not squashed by a tanh",
    hint="What keeps the state between -1 and 1?",
)
def gru_no_tanh(right: Right, a_n: Any, r: Any, u_n: Any) -> Any:
    return a_n + r * u_n


@new(
    "sigmoid-of-n",
    title="n goes through a sigmoid, not a tanh",
    hint="n is no gate: it may be negative.",
)
def gru_sigmoid_of_n(right: Right, a_n: Any, r: Any, u_n: Any) -> Any:
    return right.sigmoid(a_n + r * u_n)


@gru(
    "reset-before-product",
    title="r multiplies the state before its product with W_h",
    hint="Here, as in PyTorch, r multiplies what comes out of the product and the bias. Many books "
    "have it the other way.",
)
def reset_before_product(
    right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any
) -> Any:
    H = h_prev.shape[1]
    a, u = right.gru_sums(x_t, h_prev, W_x, W_h, b_x, b_h)
    r, z = right.sigmoid((a + u)[:, :H]), right.sigmoid((a + u)[:, H : 2 * H])
    new = np.tanh(a[:, 2 * H :] + (r * h_prev) @ W_h[:, 2 * H :] + b_h[2 * H :])
    return right.gru_mixed(z, new, h_prev)


@gru(
    "reset-before-bias",
    title="r multiplies the product, but not its bias",
    hint="u_n is the product and its bias together.",
)
def reset_before_bias(
    right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any
) -> Any:
    H = h_prev.shape[1]
    moved, left = b_x.copy(), b_h.copy()
    moved[2 * H :] += b_h[2 * H :]
    left[2 * H :] = 0
    return right.gru_cell_forward(x_t, h_prev, W_x, W_h, moved, left)


@ordered(
    "z-r-n",
    title="the blocks are taken for [z | r | n]",
    hint="In which order do the three blocks lie side by side?",
)
def order_zrn(right: Right, total: Any) -> Any:
    r, z, n = right.gru_blocks(total)
    return z, r, n


@ordered(
    "every-third-column",
    title="every third column belongs to a gate",
    hint="The gates lie side by side in blocks of H columns.",
)
def every_third(right: Right, total: Any) -> Any:
    return [total[:, gate::3] for gate in range(3)]


@sums(
    "no-b_h",
    title="the bias b_h is missing",
    hint="There are two bias vectors, one beside each matrix.",
)
def no_b_h(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
    return x_t @ W_x + b_x, h_prev @ W_h


@sums(
    "no-b_x",
    title="the bias b_x is missing",
    hint="There are two bias vectors, one beside each matrix.",
)
def no_b_x(right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any) -> Any:
    return x_t @ W_x, h_prev @ W_h + b_h


@sums(
    "biases-swapped",
    title="b_x and b_h are swapped",
    hint="In the gates it makes no difference which bias is beside which matrix. Where does it?",
)
def biases_swapped(
    right: Right, x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_x: Any, b_h: Any
) -> Any:
    return x_t @ W_x + b_h, h_prev @ W_h + b_x


# -- 2c check_gru_cell ----------------------------------------------------------------------------

test = partial(misconception, of="check_gru_cell", costs="2c.test")


@test(
    "accepts-all",
    title="your test accepts every cell",
    hint="A test has to know what is right: compare what the cell answers with numbers of your "
    "own.",
)
def accepts_all(right: Right, cell: Any) -> Any:
    return True


@test(
    "rejects-all",
    title="your test rejects right cells too",
    hint="Try it on your own gru_cell_forward: does it return True at its end? And two right ways "
    "of computing the same round differently: which difference would matter?",
)
def rejects_all(right: Right, cell: Any) -> Any:
    return False


# -- 2c cell_parameters ---------------------------------------------------------------------------

count = partial(misconception, of="cell_parameters")
block = partial(count, piece="count_of_block", costs="2c.counts:rnn 2c.counts:lstm 2c.counts:gru")


@block(
    "one-bias",
    title="one bias vector is counted, not two",
    hint="Look at the names of the parameters of an nn.LSTM: how many begin with `bias`?",
)
def one_bias(right: Right, E: int, H: int) -> Any:
    return E * H + H * H + H


@block(
    "no-bias",
    title="the biases are not counted",
    hint="Look at the names of the parameters of an nn.LSTM: how many begin with `bias`?",
)
def no_bias(right: Right, E: int, H: int) -> Any:
    return E * H + H * H


@block(
    "no-state-weights",
    title="the weights from state to state are not counted",
    hint="Which matrix takes the old state in, and what is its shape?",
)
def no_state_weights(right: Right, E: int, H: int) -> Any:
    return E * H + 2 * H


@block(
    "no-input-weights",
    title="the weights from the input are not counted",
    hint="Which matrix takes the input in, and what is its shape?",
)
def no_input_weights(right: Right, E: int, H: int) -> Any:
    return H * H + 2 * H


@count(
    "lstm-of-three",
    costs="2c.counts:lstm",
    title="three blocks are counted for the LSTM",
    hint="Besides its three gates, what else does an LSTM compute from input and state?",
)
def lstm_of_three(right: Right, E: int, H: int) -> Any:
    return right.cell_parameters(E, H) | {"lstm": 3 * right.count_of_block(E, H)}


@count(
    "gru-of-two",
    costs="2c.counts:gru",
    title="two blocks are counted for the GRU",
    hint="Besides its two gates, what else does a GRU compute from input and state?",
)
def gru_of_two(right: Right, E: int, H: int) -> Any:
    return right.cell_parameters(E, H) | {"gru": 2 * right.count_of_block(E, H)}
