"""Misconceptions of Task 01: counts after a context, a network without memory."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autograder.misconceptions import Right, misconception

from .pieces import Array

# -- 1a ngram_distribution ------------------------------------------------------------------------

ngram = partial(misconception, of="ngram_distribution")
CONTEXT, UNSEEN = "1a.context", "1a.unseen"


@ngram(
    "context-ignored",
    piece="ngram_followers",
    costs=f"{CONTEXT} {UNSEEN}",
    title="the context is ignored and every token of the text is counted",
    hint="Which tokens of the text does a context pick out, and which does an empty one?",
)
def context_ignored(right: Right, tokens: Any, context: Any) -> Any:
    return tokens


@ngram(
    "last-token-of-context",
    piece="ngram_followers",
    costs=f"{CONTEXT} {UNSEEN}",
    title="only the last token of the context is looked at",
    hint='In "banana", compare what follows "n" with what follows "an": how much of the text '
    "before a token has to agree?",
)
def last_token_of_context(right: Right, tokens: Any, context: Any) -> Any:
    return right.ngram_followers(tokens, context[-1:])


@ngram(
    "context-backwards",
    piece="ngram_followers",
    costs=CONTEXT,
    title="the context is compared from its end to its start",
    hint="The context is in reading order: its last token is the one just before the "
    "token that is counted.",
)
def context_backwards(right: Right, tokens: Any, context: Any) -> Any:
    return right.ngram_followers(tokens, context[::-1])


@ngram(
    "context-in-any-order",
    piece="ngram_followers",
    costs=CONTEXT,
    title="the tokens of the context may be in any order",
    hint="A context is a sequence: does your comparison see where each of its tokens is?",
)
def context_in_any_order(right: Right, tokens: Any, context: Any) -> Any:
    return [
        tokens[i + len(context)]
        for i in range(len(tokens) - len(context))
        if sorted(tokens[i : i + len(context)]) == sorted(context)
    ]


@ngram(
    "any-token-of-context",
    piece="ngram_followers",
    costs=f"{CONTEXT} {UNSEEN}",
    title="one token of the context is enough for a place to count",
    hint="All tokens of the context have to agree, each at its own place. What do `any` and `all` "
    "say of a comparison?",
)
def any_token_of_context(right: Right, tokens: list[int], context: list[int]) -> list[int]:
    k = len(context)
    places = (i for i in range(len(tokens) - k) if not k or _one_agrees(tokens[i:], context))
    return [tokens[i + k] for i in places]


def _one_agrees(tokens: list[int], context: list[int]) -> bool:
    return any(one == other for one, other in zip(tokens, context, strict=False))


@ngram(
    "no-overlap",
    piece="ngram_followers",
    costs=CONTEXT,
    title="places that overlap are not all counted",
    hint='In "aaaa" the context "aa" occurs at three places. How far may the search move on '
    "after it has found one?",
)
def no_overlap(right: Right, tokens: list[int], context: list[int]) -> list[int]:
    found, i, k = [], 0, len(context)
    while i < len(tokens) - k:
        hit = tokens[i : i + k] == context
        found += [tokens[i + k]] if hit else []
        i += max(k, 1) if hit else 1
    return found


@ngram(
    "last-place-forgotten",
    piece="ngram_followers",
    costs=f"1a.unigram {CONTEXT}",
    title="the search stops one place before the last",
    hint="Which is the last place where the context can be and still be followed by a token? "
    "Try a text that is one token longer than the context.",
)
def last_place_forgotten(right: Right, tokens: Any, context: Any) -> Any:
    return right.ngram_followers(tokens[:-1], context)


@ngram(
    "token-before",
    piece="ngram_followers",
    costs=f"{CONTEXT} {UNSEEN}",
    title="the token before the context is counted, not the one after it",
    hint="The context is what comes before. On which side of it is the token whose "
    "probability is asked?",
)
def token_before(right: Right, tokens: Any, context: Any) -> Any:
    return right.ngram_followers(tokens[::-1], context[::-1]) if context else tokens


@ngram(
    "unseen-zero",
    piece="ngram_unseen",
    costs=UNSEEN,
    title="a context that nothing follows gives zeros",
    hint="Probabilities add up to 1, also where nothing was counted. What is left to say when no "
    "token is more likely than another?",
)
def unseen_zero(right: Right, tokens: Any, context: Any, V: Any) -> Any:
    return np.zeros(V)


@ngram(
    "unseen-nan",
    piece="ngram_unseen",
    costs=UNSEEN,
    title="zero counts are divided by their sum, which is zero",
    hint="Look at the sum of the counts before you divide by it: what should come out if it is 0?",
)
def unseen_nan(right: Right, tokens: Any, context: Any, V: Any) -> Any:
    return np.full(V, np.nan)


@ngram(
    "unseen-unigram",
    piece="ngram_unseen",
    costs=UNSEEN,
    title="a context that nothing follows gives the frequencies without context",
    hint="Read again what the distribution has to be when nothing follows the context.",
)
def unseen_unigram(right: Right, tokens: Any, context: Any, V: Any) -> Any:
    return right.ngram_shares(np.bincount(tokens, minlength=V))


@ngram(
    "unseen-shorter-context",
    piece="ngram_unseen",
    costs=UNSEEN,
    title="a context that nothing follows is replaced by a shorter one",
    hint="Falling back on a shorter context is a good idea of its own. Read again what is asked.",
)
def unseen_shorter_context(right: Right, tokens: Any, context: Any, V: Any) -> Any:
    return _shorter(right, tokens, context, V)


@ngram(
    "unseen-among-those-seen",
    piece="ngram_unseen",
    costs=UNSEEN,
    title="the uniform distribution leaves out tokens that do not occur in the text",
    hint="How many tokens are there in the vocabulary, and how many in this text?",
)
def unseen_among_those_seen(right: Right, tokens: Any, context: Any, V: Any) -> Any:
    return np.isin(np.arange(V), tokens) / len(set(tokens))


@ngram(
    "counts-not-divided",
    piece="ngram_shares",
    costs=f"1a.unigram {CONTEXT}",
    title="the counts are returned as they are",
    hint="Relative frequencies add up to 1.",
)
def counts_not_divided(right: Right, counts: Any) -> Any:
    return counts


@ngram(
    "smoothed",
    costs=f"1a.unigram {CONTEXT}",
    title="one is added to every count",
    hint="A token that never follows the context has the relative frequency 0.",
)
def smoothed(right: Right, tokens: Any, context: Any, V: Any) -> Any:
    return _smoothed(right, tokens, context, V)


@ngram(
    "divided-by-length",
    costs=CONTEXT,
    title="the counts are divided by the length of the whole text",
    hint="By what must the counts be divided so that they add up to 1?",
)
def divided_by_length(right: Right, tokens: Any, context: Any, V: Any) -> Any:
    return _divided(right, tokens, context, V, len(tokens))


@ngram(
    "divided-by-all-places",
    costs=f"{CONTEXT} {UNSEEN}",
    title="a context at the very end of the text is counted too, though nothing follows it",
    hint='In "banana", how often does "na" occur, and how often is it followed by something?',
)
def divided_by_all_places(right: Right, tokens: Any, context: Any, V: Any) -> Any:
    return _divided(right, tokens, context, V, None)


@ngram(
    "too-short",
    piece="ngram_shares",
    costs=f"1a.unigram {CONTEXT}",
    title="tokens above the largest one that was counted are missing from the result",
    hint="The result has an entry for each of the vocab_size tokens, also for those never counted.",
)
def too_short(right: Right, counts: Any) -> Any:
    return right.ngram_shares(np.trim_zeros(counts, "b"))


def _shorter(right: Right, tokens: list[int], context: list[int], V: int) -> Any:
    for start in range(1, len(context) + 1):
        followers = right.ngram_followers(tokens, context[start:])
        if followers:
            return right.ngram_shares(np.bincount(followers, minlength=V))
    return right.ngram_unseen(tokens, context, V)


def _counts(right: Right, tokens: Any, context: Any, V: int) -> Array:
    followers = right.ngram_followers(list(tokens), [int(token) for token in context])
    return np.bincount(np.asarray(followers, dtype=int), minlength=V)


def _smoothed(right: Right, tokens: Any, context: Any, V: int) -> Any:
    return right.ngram_shares(_counts(right, tokens, context, V) + 1)


def _divided(right: Right, tokens: Any, context: Any, V: int, by: int | None) -> Any:
    """The counts, divided by a number or else by all places where the context occurs."""
    counts = _counts(right, tokens, context, V)
    if by is None:
        k, text = len(context), list(tokens)
        at_the_end = k > 0 and text[-k:] == list(context)
        by = int(counts.sum()) + at_the_end
    elif not counts.any():
        return np.full(V, 1 / V)
    return counts / by if by else np.full(V, 1 / V)


# -- 1b feed_forward_logits -----------------------------------------------------------------------

feed_forward = partial(misconception, of="feed_forward_logits", costs="1b.values")
hidden = partial(feed_forward, piece="feed_forward_hidden")


@hidden(
    "no-tanh",
    title="the tanh between the two layers is missing",
    hint="Two linear layers in a row are one linear layer. What is missing between them?",
)
def no_tanh(right: Right, x: Any, W_x: Any, b_h: Any) -> Any:
    return x @ W_x + b_h


@hidden(
    "sigmoid",
    title="a sigmoid is used in place of tanh",
    hint="Which function is between the two layers, and what does it give for 0?",
)
def sigmoid(right: Right, x: Any, W_x: Any, b_h: Any) -> Any:
    return 1 / (1 + np.exp(-(x @ W_x + b_h)))


@hidden(
    "relu",
    title="a relu is used in place of tanh",
    hint="Which function is between the two layers, and what does it give for negative numbers?",
)
def relu(right: Right, x: Any, W_x: Any, b_h: Any) -> Any:
    return np.maximum(x @ W_x + b_h, 0)


@hidden(
    "no-hidden-bias",
    title="the bias of the hidden layer is missing",
    hint="With an input of zero, what should the hidden layer be?",
)
def no_hidden_bias(right: Right, x: Any, W_x: Any, b_h: Any) -> Any:
    return np.tanh(x @ W_x)


@hidden(
    "hidden-bias-outside",
    title="the bias of the hidden layer is added after the tanh",
    hint="Can an entry of the hidden layer be larger than 1?",
)
def hidden_bias_outside(right: Right, x: Any, W_x: Any, b_h: Any) -> Any:
    return np.tanh(x @ W_x) + b_h


@hidden(
    "sum-of-earlier",
    title="each position also sees those before it",
    hint="This network has no memory: what may the output at one position depend on?",
)
def sum_of_earlier(right: Right, x: Any, W_x: Any, b_h: Any) -> Any:
    return right.feed_forward_hidden(np.cumsum(x, axis=1), W_x, b_h)


@feed_forward(
    "no-output-bias",
    title="the bias of the output is missing",
    hint="With a hidden layer of zero, what should the logits be?",
)
def no_output_bias(right: Right, x: Any, W_x: Any, b_h: Any, W_y: Any, b_y: Any) -> Any:
    return right.feed_forward_hidden(x, W_x, b_h) @ W_y


@feed_forward(
    "probabilities",
    title="a softmax is applied at the end",
    hint="Logits are asked for: what comes before the softmax.",
)
def probabilities(right: Right, *args: Any) -> Any:
    return right.softmax(right.feed_forward_logits(*args))


@feed_forward(
    "tanh-of-logits",
    title="the logits go through a tanh as well",
    hint="Can a logit be larger than 1?",
)
def tanh_of_logits(right: Right, *args: Any) -> Any:
    return np.tanh(right.feed_forward_logits(*args))


@feed_forward(
    "positions-in-one-axis",
    title="rows and positions are left in one axis",
    hint="The result has three axes: row, position, token of the vocabulary.",
)
def positions_in_one_axis(right: Right, x: Any, *args: Any) -> Any:
    return right.feed_forward_logits(x.reshape(-1, x.shape[-1]), *args)


@feed_forward(
    "last-position-alone",
    title="only the last position is returned",
    hint="Every position has logits of its own.",
)
def last_position_alone(right: Right, *args: Any) -> Any:
    return right.feed_forward_logits(*args)[:, -1]
