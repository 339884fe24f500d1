# Answers with an object whose conversion to an array hangs.
# says: took longer than
class Hangs:
    def __array__(self, dtype=None, copy=None):
        while True:
            pass


def ngram_distribution(*args):
    return Hangs()
