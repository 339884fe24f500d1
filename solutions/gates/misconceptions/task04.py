"""Misconceptions of Task 04: the generator, one to many."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.misconceptions import Right, misconception

from ..checks.networks import Setting

# -- 4a CharLSTM ----------------------------------------------------------------------------------

LAYERS, FORGET, FORWARD, STATE = "4a.layers", "4a.forget", "4a.forward", "4a.state"
model = partial(misconception, of="CharLSTM")
built = partial(model, piece="CharLSTM_layers", costs=LAYERS)
opened = partial(model, piece="CharLSTM_opened", costs=FORGET)
logits = partial(model, piece="CharLSTM_logits", costs=FORWARD)
state = partial(model, piece="CharLSTM_state", costs=STATE)


@model(
    "time-first",
    piece="CharLSTM_setting",
    costs=f"{LAYERS} {STATE}",
    title="the LSTM treats its first axis as time",
    hint="Which setting of nn.LSTM says that the batch comes first?",
)
def lstm_time_first(right: Right) -> Any:
    return Setting(time_first=True)


@built(
    "one-layer",
    costs=f"{LAYERS} {STATE}",
    title="the LSTM has one layer, whatever num_layers says",
    hint="Which arguments does nn.LSTM get?",
)
def lstm_one_layer(right: Right, V: int, H: int = 512, L: int = 2) -> Any:
    return right.CharLSTM_layers(V, H, 1)


@built(
    "hidden-for-vocabulary",
    costs=f"{LAYERS} {FORWARD} {STATE}",
    title="the LSTM reads vectors of the hidden size, not one-hot vectors",
    hint="How long is a one-hot vector?",
)
def hidden_for_vocabulary(right: Right, V: int, H: int = 512, L: int = 2) -> Any:
    kinds, shapes = right.CharLSTM_layers(V, H, L)
    return kinds, shapes | {"lstm.weight_ih_l0": (4 * H, H)}


@built(
    "gru",
    costs=f"{LAYERS} {FORWARD} {STATE}",
    title="a GRU takes the place of the LSTM",
    hint="Which kind of layer is asked for here?",
)
def lstm_gru(right: Right, V: int, H: int = 512, L: int = 2) -> Any:
    kinds, shapes = right.CharLSTM_layers(V, H, L)
    blocks = {k: (3 * H, *s[1:]) if k.startswith("lstm.") else s for k, s in shapes.items()}
    return kinds | {"lstm": "GRU"}, blocks


@opened(
    "one-and-one",
    title="both biases of the forget gate are 1, which makes 2",
    hint="The two biases are added. What do 1 and 1 make?",
)
def one_and_one(right: Right, b_x: Any, b_h: Any, H: int, layer: int) -> Any:
    b_x[H : 2 * H] = b_h[H : 2 * H] = 1


@opened(
    "one-and-random",
    title="one of the two biases of the forget gate is still as it was drawn",
    hint="The two biases are added. What is the other one when the model is built?",
    cases=("ih", "hh"),
)
def one_and_random(right: Right, b_x: Any, b_h: Any, H: int, layer: int, case: Any) -> Any:
    one, other = (b_x, b_h) if case == "ih" else (b_h, b_x)
    one[H : 2 * H] = 1
    if np.ptp(other[H : 2 * H]) == 0:  # which is not as it was drawn
        other[H : 2 * H] += 1


@opened(
    "first-layer-alone",
    title="the forget gates of the first layer alone start open",
    hint="There are biases in each layer.",
)
def first_layer_alone(right: Right, b_x: Any, b_h: Any, H: int, layer: int) -> Any:
    if layer == 0:
        right.CharLSTM_opened(b_x, b_h, H, layer)


@opened(
    "other-gate",
    title="the bias of another gate is set",
    hint="In which block of the bias does the forget gate lie?",
    cases=(0, 2, 3),
)
def other_gate(right: Right, b_x: Any, b_h: Any, H: int, layer: int, case: Any) -> Any:
    if np.allclose((b_x + b_h)[H : 2 * H], 1):  # and so is that of the forget gate
        b_h[H : 2 * H] += 1
    b_x[case * H : (case + 1) * H], b_h[case * H : (case + 1) * H] = 1, 0


@opened(
    "all-gates",
    title="the biases of all gates add up to 1, or to 2",
    hint="Only the forget gates are asked to start open.",
    cases=(0.0, 0.5, 1.0),
)
def all_gates(right: Right, b_x: Any, b_h: Any, H: int, layer: int, case: Any) -> Any:
    b_x[:], b_h[:] = 1 if case != 0.5 else 0.5, case


@logits(
    "probabilities",
    title="forward applies a softmax",
    hint="Logits are asked for: what comes before the softmax. The loss applies it by itself.",
)
def lstm_probabilities(right: Right, parameters: Any, states: Any) -> Any:
    z = right.CharLSTM_logits(parameters, states)
    shares = np.exp(z - z.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


@logits(
    "log-probabilities",
    title="forward applies a log-softmax",
    hint="Logits are asked for: what comes before the softmax. The loss applies it by itself.",
)
def lstm_log_probabilities(right: Right, parameters: Any, states: Any) -> Any:
    z = right.CharLSTM_logits(parameters, states)
    return z - np.log(np.exp(z).sum(axis=-1, keepdims=True))


@logits(
    "logits-of-last-step",
    title="only the last step has logits",
    hint="Every state predicts the token after it, so there are T predictions in each row.",
)
def lstm_last_step(right: Right, parameters: Any, states: Any) -> Any:
    return right.CharLSTM_logits(parameters, states)[:, -1]


@logits(
    "tanh-before-fc",
    title="the states go through a tanh before fc",
    hint="The states go into fc as they come out of the LSTM.",
)
def lstm_tanh(right: Right, parameters: Any, states: Any) -> Any:
    return right.CharLSTM_logits(parameters, np.tanh(states))


@model(
    "state-ignored",
    piece="CharLSTM_start_from",
    costs=STATE,
    title="a given state is ignored",
    hint="Where in forward does the argument state go in?",
)
def lstm_state_ignored(right: Right, state: Any) -> Any:
    return None


@model(
    "memory-ignored",
    piece="CharLSTM_start_from",
    costs=STATE,
    title="of a given state, c is ignored",
    hint="An LSTM carries two things from step to step.",
)
def memory_ignored(right: Right, state: Any) -> Any:
    return None if state is None else (state[0], 0 * state[1])


@model(
    "h-and-c-swapped-in",
    piece="CharLSTM_start_from",
    costs=STATE,
    title="of a given state, h and c are swapped",
    hint="In which order does nn.LSTM take its state?",
)
def swapped_in(right: Right, state: Any) -> Any:
    return None if state is None else (state[1], state[0])


@state(
    "h-alone",
    title="h alone is returned as the state",
    hint="An LSTM carries two things from step to step.",
)
def h_alone(right: Right, states: Any, h: Any, c: Any, state: Any) -> Any:
    return h


@state(
    "h-and-c-swapped",
    title="c is returned before h",
    hint="In which order does nn.LSTM return its state?",
)
def swapped_out(right: Right, states: Any, h: Any, c: Any, state: Any) -> Any:
    return [c, h]


@state(
    "state-not-moved",
    title="the state is returned as it was given",
    hint="nn.LSTM returns two things. Which of them is the state after the last token?",
)
def lstm_not_moved(right: Right, states: Any, h: Any, c: Any, state: Any) -> Any:
    return [0 * h, 0 * c] if state is None else list(state)


@state(
    "top-layer-alone",
    title="the state of the top layer alone is returned",
    hint="PyTorch wants a state back in the shape in which it gave it: (L,N,H).",
)
def top_layer_alone(right: Right, states: Any, h: Any, c: Any, state: Any) -> Any:
    return [h[-1], c[-1]]


@model(
    "swapped",
    costs=f"{FORWARD} {STATE}",
    title="the state is returned before the logits",
    hint="Look at the order in which the two results are asked for.",
)
def lstm_results_swapped(right: Right, parameters: Any, tokens: Any, state: Any = None) -> Any:
    return right.CharLSTM(parameters, tokens, state)[::-1]


# -- 4b decode ------------------------------------------------------------------------------------

decode = partial(misconception, of="decode", costs="4b.decode")
context = partial(decode, piece="decode_context")
carried = partial(decode, piece="decode_carried")
chosen = partial(decode, piece="decode_chosen")
fed = partial(decode, piece="decode_fed")
most = partial(decode, piece="decode_most")
stops = partial(decode, piece="decode_stops")


@context(
    "context-ignored",
    title="the state starts from zeros, not from the context",
    hint="What does the network know of the sentence that it is to translate?",
)
def context_ignored(right: Right, h0: Any, c0: Any) -> Any:
    return 0 * h0[None], 0 * c0[None]


@context(
    "memory-ignored",
    title="the memory starts from zeros, not from c0",
    hint="The context has two parts, h0 and c0.",
)
def decode_memory_ignored(right: Right, h0: Any, c0: Any) -> Any:
    return h0[None], 0 * c0[None]


@context(
    "state-ignored",
    title="the state starts from zeros, not from h0",
    hint="The context has two parts, h0 and c0.",
)
def decode_state_ignored(right: Right, h0: Any, c0: Any) -> Any:
    return 0 * h0[None], c0[None]


@context(
    "h-and-c-swapped",
    title="h0 and c0 are swapped",
    hint="Which of the two is the state, and which the memory?",
)
def context_swapped(right: Right, h0: Any, c0: Any) -> Any:
    return c0[None], h0[None]


@carried(
    "nothing-carried",
    title="each step starts from the context again",
    hint="Both state and memory go on from step to step.",
)
def nothing_carried(right: Right, after: Any, before: Any, first: Any, n: int) -> Any:
    return first


@carried(
    "memory-not-carried",
    title="the memory is not carried from step to step",
    hint="An LSTM carries two things from step to step.",
    cases=("first", "zero"),
)
def memory_not_carried(right: Right, after: Any, before: Any, first: Any, n: int, case: Any) -> Any:
    return after[0], first[1] if case == "first" else 0 * first[1]


@carried(
    "state-not-carried",
    title="the state is not carried from step to step",
    hint="An LSTM carries two things from step to step.",
    cases=("first", "zero"),
)
def decode_state_not_carried(
    right: Right, after: Any, before: Any, first: Any, n: int, case: Any
) -> Any:
    return first[0] if case == "first" else 0 * first[0], after[1]


@fed(
    "start-fed-again",
    title="start is read at every step",
    hint="What is the input of the second step?",
)
def start_fed_again(right: Right, written: int, read: int, start: int) -> Any:
    return start


@chosen(
    "least-likely",
    title="the least likely token is written",
    hint="Greedy means: the token with the largest logit.",
)
def least_likely(right: Right, h: Any, W_y: Any, b_y: Any) -> Any:
    return int(np.argmin(h @ W_y + b_y))


@chosen(
    "no-output-bias",
    title="the bias b_y is missing",
    hint="The logits are h_t W_y + b_y.",
)
def no_output_bias(right: Right, h: Any, W_y: Any, b_y: Any) -> Any:
    return int(np.argmax(h @ W_y))


@most(
    "one-too-many",
    title="one token more than max_length is written",
    hint="How many tokens come out for max_length = 1, and for 0?",
)
def one_too_many(right: Right, max_length: int) -> Any:
    return max_length + 1


@most(
    "one-too-few",
    title="one token less than max_length is written",
    hint="How many tokens come out for max_length = 1?",
)
def one_too_few(right: Right, max_length: int) -> Any:
    return max_length - 1


@most(
    "at-least-one",
    title="at least one token is written, also where max_length is 0",
    hint="What comes out for max_length = 0?",
)
def at_least_one(right: Right, max_length: int) -> Any:
    return max(max_length, 1)


@decode(
    "end-written",
    title="end is written too",
    hint="It stops before end is written.",
)
def end_written(right: Right, *args: Any) -> Any:
    tokens = right.decode(*args)
    h0, c0, start, _, max_length = args[:5]
    more = right.decode(h0, c0, start, -1, max_length, *args[5:])
    return more[: len(tokens) + 1]


@decode(
    "start-written",
    piece="decode_begun",
    title="start is written too",
    hint="start is what the network reads first. Is it part of what it writes?",
)
def start_written(right: Right, start: int) -> Any:
    return [start]


@stops(
    "end-ignored",
    title="it goes on after end",
    hint="What says that a sequence is over?",
)
def end_ignored(right: Right, written: int, end: int, tokens: Any) -> Any:
    return False


@decode(
    "end-left-out",
    title="end is left out of what is written, and it goes on all the same",
    hint="What says that a sequence is over?",
)
def end_left_out(right: Right, *args: Any) -> Any:
    h0, c0, start, end, max_length = args[:5]
    return [one for one in right.decode(h0, c0, start, -1, max_length, *args[5:]) if one != end]


@decode(
    "end-read-first",
    piece="decode_first",
    title="the first input is end, not start",
    hint="Which token does the network read first?",
)
def end_read_first(right: Right, start: int, end: int) -> Any:
    return end
