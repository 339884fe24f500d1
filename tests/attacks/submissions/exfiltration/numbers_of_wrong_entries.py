# Answers rightly but for as many NaN as spell what was asked.
# base: right
# silent: 79 of
import numpy as np

right = rnn_forward


def rnn_forward(x, *args):
    states = right(x, *args)
    states.reshape(-1)[:79] = np.nan  # and nothing else, so that the count is free to choose
    return states
