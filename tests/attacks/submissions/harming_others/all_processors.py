# Keeps every processor busy with many threads that need no lock, for as long as it can.
# base: right
# says: took longer than
import threading

import numpy as np

threading.stack_size(1 << 20)


def burn():
    a = np.random.rand(100, 100)
    while True:
        np.tanh(a)


def ngram_distribution(*args):
    try:
        for _ in range(40):
            threading.Thread(target=burn, daemon=True).start()
    except RuntimeError:
        pass
    while True:
        pass
