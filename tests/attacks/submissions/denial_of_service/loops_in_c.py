# Stays in one call of C code that never looks up: a regular expression, a huge power.
# says: took longer than
import re


def ngram_distribution(*args):
    re.match(r"(a*)*b", "a" * 40)
    return 9 ** 9 ** 9
