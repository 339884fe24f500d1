# Ticks every option, in lists, sets and texts of every letter there is.
# earns: 0
import string

answers_1b = {
    "order": "abcdefgh",
    "window": list("abcdefgh"),
    "sharing": string.printable,
    "hidden-state": ["a", ["b", "c"], "d" * 100_000],
}
answers_4b = dict.fromkeys(("vanishing", "clipping", "inference", "lstm"), "abcdefgh")
