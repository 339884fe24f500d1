# Works until it was called many times, and then hangs for ever, in a thread that holds the lock.
# base: right
# says: took longer than
right, calls = softmax, []


def softmax(logits):
    calls.append(1)
    while len(calls) > 3:
        pass
    return right(logits)
