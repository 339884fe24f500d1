"""Misconceptions of Task 04: the sampler, and writing with it."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from autograder.misconceptions import Right, misconception

from .pieces import Array

# -- 4a sample_token ------------------------------------------------------------------------------

TEMPERATURE, GREEDY, TOP_K, GENERATOR = "4a.temperature", "4a.greedy", "4a.top_k", "4a.generator"
DRAWS = f"4a.distribution {TEMPERATURE} {TOP_K}"
sampler = partial(misconception, of="sample_token")
shares = partial(sampler, piece="sampler_shares")
scaled = partial(sampler, piece="sampler_scaled", costs=f"{TEMPERATURE} {TOP_K}")
kept = partial(sampler, piece="sampler_kept", costs=TOP_K)
greedy = partial(sampler, piece="sampler_greedy", costs=GREEDY)


@shares(
    "always-the-largest",
    costs=f"{DRAWS} {GENERATOR}",
    title="the likeliest token is always taken",
    hint="Every token has its chance. What does the generator do in your function?",
)
def always_the_largest(right: Right, logits: Any) -> Any:
    return np.eye(len(logits))[int(np.argmax(logits))]


@shares(
    "uniform",
    costs=DRAWS,
    title="all tokens in the draw are equally likely",
    hint="Where do the probabilities go into the draw?",
)
def uniform(right: Right, logits: Any) -> Any:
    return np.isfinite(logits) / np.isfinite(logits).sum()


@shares(
    "softmax-twice",
    costs=DRAWS,
    title="the softmax is applied twice",
    hint="Probabilities are no logits: what becomes of them in a second softmax?",
)
def softmax_twice(right: Right, logits: Any) -> Any:
    return right.sampler_shares(right.sampler_shares(logits))


@shares(
    "base-two",
    costs=DRAWS,
    title="powers of 2 are taken in place of exponentials",
    hint="Which base does the softmax have?",
)
def base_two(right: Right, logits: Any) -> Any:
    return right.sampler_shares(logits * np.log(2))


@shares(
    "sigmoid",
    costs=DRAWS,
    title="a sigmoid of each logit is taken for its weight in the draw",
    hint="Which function turns all logits together into probabilities?",
)
def sigmoid(right: Right, logits: Any) -> Any:
    return _normalised(1 / (1 + np.exp(-logits)))


@shares(
    "by-rank",
    costs=DRAWS,
    title="ranks are returned for ids: the probabilities are sorted before the draw",
    hint="After sorting, place 0 belongs to the likeliest token. How do you get back to its id?",
)
def by_rank(right: Right, logits: Any) -> Any:
    return np.sort(right.sampler_shares(logits))[::-1]


@shares(
    "one-id-further",
    costs=DRAWS,
    title="the id after the drawn one is returned",
    hint="Ids count from 0.",
)
def one_id_further(right: Right, logits: Any) -> Any:
    return np.roll(right.sampler_shares(logits), 1)


@shares(
    "one-id-further-up-to-the-last",
    costs=DRAWS,
    title="the id after the drawn one is returned, and after the last the last",
    hint="Compare the random number with the first sum: which id is drawn where it is smaller?",
)
def one_id_further_up_to_the_last(right: Right, logits: Any) -> Any:
    shares = np.roll(right.sampler_shares(logits), 1)
    return np.concatenate([[0.0], shares[1:-1], [shares[-1] + shares[0]]])


@shares(
    "last-never-drawn",
    costs=DRAWS,
    title="the last token is never drawn",
    hint="Which ids can come out of your draw, and is V - 1 among them?",
)
def last_never_drawn(right: Right, logits: Any) -> Any:
    return _normalised(right.sampler_shares(logits)[:-1], len(logits))


@scaled(
    "temperature-multiplied",
    title="the logits are multiplied by the temperature",
    hint="Below 1 the distribution should become sharper: do the logits grow or shrink with yours?",
)
def temperature_multiplied(right: Right, logits: Any, temperature: Any) -> Any:
    return logits * temperature


@scaled(
    "temperature-without-effect",
    title="the temperature has no effect",
    hint="If probabilities are divided by the temperature and then by their sum, what is left of "
    "it? Where does it have to come in?",
)
def temperature_without_effect(right: Right, logits: Any, temperature: Any) -> Any:
    return logits


@scaled(
    "temperature-twice",
    title="the temperature is applied twice",
    hint="Count where the temperature comes in, also in what your function calls.",
)
def temperature_twice(right: Right, logits: Any, temperature: Any) -> Any:
    return logits / temperature**2


@sampler(
    "settings-ignored",
    costs=f"{TEMPERATURE} {GREEDY} {TOP_K}",
    title="neither the temperature nor top_k has an effect",
    hint="Which lines of your function use the two settings?",
)
def settings_ignored(
    right: Right, logits: Array, temperature: float = 1.0, top_k: int | None = None
) -> Any:
    return right.sample_token(logits)


@sampler(
    "temperature-after-softmax",
    costs=f"{TEMPERATURE} {TOP_K}",
    title="the probabilities are divided by the temperature and no longer add up to 1",
    hint="The temperature acts on the logits, before the softmax.",
)
def temperature_after_softmax(
    right: Right, logits: Array, temperature: float = 1.0, top_k: int | None = None
) -> Any:
    if temperature == 0:
        return right.sample_token(logits, 0, top_k)
    return right.sample_token(logits, 1.0, top_k) / temperature


@greedy(
    "greedy-divides-by-zero",
    title="the logits are divided by a temperature of 0",
    hint="Temperature 0 means a limit. Which token wins there? It needs a case of its own.",
)
def greedy_divides_by_zero(right: Right, logits: Any) -> Any:
    return np.full(len(logits), np.nan)


@greedy(
    "greedy-draws",
    title="tokens are drawn at random at temperature 0, too",
    hint="At temperature 0 nothing is random. In Python 0 counts as false, also in `x or 1`.",
)
def greedy_draws(right: Right, logits: Any) -> Any:
    return right.sampler_shares(logits)


@greedy(
    "greedy-smallest",
    title="at temperature 0 the smallest logit wins",
    hint="Which end of the sorted logits does your function take?",
)
def greedy_smallest(right: Right, logits: Any) -> Any:
    return np.eye(len(logits))[int(np.argmin(logits))]


@greedy(
    "greedy-magnitude",
    title="at temperature 0 the largest magnitude wins",
    hint="The largest of the logits -1 and -3 is -1.",
)
def greedy_magnitude(right: Right, logits: Any) -> Any:
    return np.eye(len(logits))[int(np.argmax(np.abs(logits)))]


@kept(
    "top-k-ignored",
    title="top_k has no effect",
    hint="With top_k = 1 every draw should be the same. Where does top_k come in?",
)
def top_k_ignored(right: Right, logits: Any, top_k: Any) -> Any:
    return logits


@kept(
    "top-k-one-more",
    title="one token too many stays in the draw",
    hint="With top_k = 1, how many tokens can be drawn? Look at where the sorted logits are cut.",
)
def top_k_one_more(right: Right, logits: Any, top_k: Any) -> Any:
    return right.sampler_kept(logits, None if top_k is None else top_k + 1)


@kept(
    "top-k-one-less",
    title="one token too few stays in the draw",
    hint="With top_k = 2, how many tokens can be drawn? Look at where the sorted logits are cut.",
)
def top_k_one_less(right: Right, logits: Any, top_k: Any) -> Any:
    return right.sampler_kept(
        logits, None if top_k is None else max(min(top_k, len(logits)) - 1, 1)
    )


@kept(
    "top-k-above-vocabulary",
    cases=("IndexError", "ValueError", "RuntimeError"),
    title="a top_k above the size of the vocabulary makes the function fail",
    hint="How many tokens can stay in the draw at most? A larger top_k is no restriction.",
)
def top_k_above_vocabulary(right: Right, logits: Any, top_k: Any, case: Any) -> Any:
    if top_k is not None and top_k > len(logits):
        raise getattr(builtins, case)
    return right.sampler_kept(logits, top_k)


@kept(
    "top-k-smallest",
    title="the smallest logits stay in the draw",
    hint="Which end of the sorted logits does your function keep?",
)
def top_k_smallest(right: Right, logits: Any, top_k: Any) -> Any:
    return np.where(np.isfinite(right.sampler_kept(-logits, top_k)), logits, -np.inf)


@kept(
    "top-k-first-ids",
    title="the first ids stay in the draw, not the largest logits",
    hint="Are the logits sorted at the place where you cut them?",
)
def top_k_first_ids(right: Right, logits: Any, top_k: Any) -> Any:
    return np.where(np.arange(len(logits)) < (top_k or np.inf), logits, -np.inf)


@kept(
    "top-k-ranks",
    title="ranks among the largest logits are returned for ids",
    hint="The draw gives a place among the top_k. How do you get from there to the token's id?",
)
def top_k_ranks(right: Right, logits: Any, top_k: Any) -> Any:
    return _ranked(logits, top_k)


@kept(
    "top-k-zeros",
    title="logits that are shut out are set to 0",
    hint="exp(0) is 1, not 0. Which logit has the probability 0?",
)
def top_k_zeros(right: Right, logits: Any, top_k: Any) -> Any:
    return np.nan_to_num(right.sampler_kept(logits, top_k), neginf=0.0)


@kept(
    "top-k-equal",
    title="the tokens that stay in the draw are equally likely",
    hint="Among the top_k, the probabilities stay in proportion.",
)
def top_k_equal(right: Right, logits: Any, top_k: Any) -> Any:
    return (
        logits
        if top_k is None
        else np.where(np.isfinite(right.sampler_kept(logits, top_k)), 0.0, -np.inf)
    )


@sampler(
    "top-k-not-scaled",
    costs=TOP_K,
    title="the probabilities of the tokens that are left do not add up to 1",
    hint="What is cut off is missing in the sum: the rest has to be scaled up again.",
)
def top_k_not_scaled(
    right: Right, logits: Array, temperature: float = 1.0, top_k: int | None = None
) -> Any:
    within = np.isfinite(right.sampler_kept(logits, top_k))
    return np.where(within, right.sample_token(logits, temperature), 0.0)


@sampler(
    "top-k-without-temperature",
    costs=TOP_K,
    title="the temperature is lost where top_k is given",
    hint="Follow a call with both a temperature and a top_k: which logits are drawn from?",
)
def top_k_without_temperature(
    right: Right, logits: Array, temperature: float = 1.0, top_k: int | None = None
) -> Any:
    lost = top_k is not None and temperature != 0
    return right.sample_token(logits, 1.0 if lost else temperature, top_k)


def _normalised(weights: Array, length: int | None = None) -> Array:
    """Weights as probabilities, with zeros up to a length."""
    padded: Array = np.zeros(length or len(weights))
    padded[: len(weights)] = weights
    total: Array = padded / padded.sum()
    return total


def _ranked(logits: Array, top_k: int | None) -> Array:
    if top_k is None:
        return logits
    ranked: Array = np.full(len(logits), -np.inf)
    largest = np.sort(logits)[::-1][:top_k]
    ranked[: len(largest)] = largest
    return ranked


Draws = Sequence[tuple[Array, int, Sequence[int]]]  # logits, seed, and the tokens drawn with it


@sampler(
    "another-generator",
    piece="sample_token_generator",
    costs=GENERATOR,
    title="draws come from another source than the generator that is passed in",
    hint="Two generators with the same seed should give the same draws. Where else does your "
    "function get random numbers from: np.random, random, torch, a generator of its own?",
)
def another_generator(right: Right, draws: Any) -> Any:
    return _equal_seeds_differ(draws) and not _begins_anew(draws)


@sampler(
    "begins-anew",
    piece="sample_token_generator",
    costs=f"{DRAWS} {GENERATOR}",
    title="the random numbers begin anew at each draw",
    hint="If a generator is made or seeded inside the function, what does the second draw give?",
)
def begins_anew(right: Right, draws: Any) -> Any:
    return _begins_anew(draws)


def _begins_anew(draws: Draws) -> bool:
    """All draws of a call are the same token, not always the likeliest, nor always the same."""
    same = all(len(set(tokens)) == 1 for _, _, tokens in draws if len(tokens) > 1)
    unlikely = any(tokens[0] != int(np.argmax(logits)) for logits, _, tokens in draws)
    return same and unlikely and len({tokens[0] for _, _, tokens in draws}) > 1


def _equal_seeds_differ(draws: Draws) -> bool:
    """Equal generators gave different draws, and no two calls gave the same."""
    seeds = {seed for _, seed, _ in draws}
    return len(seeds) < len(draws) == len({tuple(tokens) for _, _, tokens in draws})


# -- 4b generate ----------------------------------------------------------------------------------

PROMPT, STATE = "4b.prompt", "4b.state"
writing = partial(misconception, of="generate")
read = partial(writing, piece="writing_read")
carried = partial(writing, piece="writing_carried", costs=STATE)
fed = partial(writing, piece="writing_fed", costs=STATE)


@writing(
    "prompt-returned",
    piece="writing_echoed",
    costs=PROMPT,
    title="the prompt is returned as well",
    hint="The drawn tokens alone are asked for, as many as `length` says.",
)
def prompt_returned(right: Right, prompt: Any) -> Any:
    return prompt


@writing(
    "one-too-many",
    piece="writing_length",
    costs=PROMPT,
    title="one token too many is drawn",
    hint="How many tokens come back for length = 0, and for length = 1?",
)
def one_too_many(right: Right, length: Any) -> Any:
    return length + 1


@writing(
    "one-too-few",
    piece="writing_length",
    costs=PROMPT,
    title="one token too few is drawn",
    hint="How many tokens come back for length = 1?",
)
def one_too_few(right: Right, length: Any) -> Any:
    return max(length - 1, 0)


@writing(
    "at-least-one",
    piece="writing_length",
    costs=PROMPT,
    title="a token is drawn also for length = 0",
    hint="How many tokens should come back for length = 0?",
)
def at_least_one(right: Right, length: Any) -> Any:
    return max(length, 1)


@read(
    "last-token-read-twice",
    costs=PROMPT,
    title="the last token of the prompt is read twice",
    hint="After the prompt the state has seen its last token already. What is the first thing "
    "that your second loop does?",
)
def last_token_read_twice(right: Right, prompt: Any) -> Any:
    return [*prompt, prompt[-1]]


@read(
    "first-token-skipped",
    costs=PROMPT,
    title="the first token of the prompt is not read",
    hint="The state starts at zero, and reads every token of the prompt.",
)
def first_token_skipped(right: Right, prompt: Any) -> Any:
    return prompt[1:] or prompt


@read(
    "last-token-skipped",
    costs=PROMPT,
    title="the last token of the prompt is not read before the first draw",
    hint="From which state is the first token drawn: has it seen the whole prompt?",
)
def last_token_skipped(right: Right, prompt: Any) -> Any:
    return prompt[:-1] or prompt


@read(
    "last-token-alone",
    costs=PROMPT,
    title="only the last token of the prompt is read",
    hint="Every token of the prompt updates the state, from the first on.",
)
def last_token_alone(right: Right, prompt: Any) -> Any:
    return prompt[-1:]


@read(
    "first-token-alone",
    costs=PROMPT,
    title="only the first token of the prompt is read",
    hint="Every token of the prompt updates the state, up to the last.",
)
def first_token_alone(right: Right, prompt: Any) -> Any:
    return prompt[:1]


@read(
    "prompt-backwards",
    costs=PROMPT,
    title="the prompt is read from its end to its start",
    hint="In which order does a reader see the tokens of the prompt?",
)
def prompt_backwards(right: Right, prompt: Any) -> Any:
    return prompt[::-1]


@read(
    "prompt-twice",
    costs=PROMPT,
    title="the prompt is read twice",
    hint="Every token of the prompt is read once. Where does your function read it?",
)
def prompt_twice(right: Right, prompt: Any) -> Any:
    return prompt + prompt


@read(
    "prompt-not-read",
    costs=f"{PROMPT} {STATE}",
    title="nothing of the prompt is left in the state when drawing begins",
    hint="What is the state before the first draw? It should hold what was read.",
)
def prompt_not_read(right: Right, prompt: Any) -> Any:
    return []


@carried(
    "reset-at-each-draw",
    cases=(1, 0),
    title="the state is set back to zero before each drawn token",
    hint="Then the next token depends on the last one alone. Where does your loop set the state?",
)
def reset_at_each_draw(right: Right, h: Any, n: Any, case: Any) -> Any:
    return h if n < case else np.zeros_like(h)


@fed(
    "drawn-token-not-fed",
    title="the drawn tokens are not fed back",
    hint="Each drawn token is the next input. Look at what changes from one round of your loop to "
    "the next.",
)
def drawn_token_not_fed(right: Right, drawn: Any, prompt: Any, logits: Any) -> Any:
    return prompt[-1]


@fed(
    "likeliest-token-fed",
    title="the likeliest token is read next, not the one that was drawn",
    hint="The text goes on from what was drawn. Which token does the state see?",
)
def likeliest_token_fed(right: Right, drawn: Any, prompt: Any, logits: Any) -> Any:
    return int(np.argmax(logits))


@writing(
    "starts-from-ones",
    piece="writing_start",
    costs=STATE,
    title="the state starts from ones",
    hint="A state that knows nothing yet is zero.",
)
def starts_from_ones(right: Right, H: Any) -> Any:
    return np.ones((1, H))


@writing(
    "no-hidden-bias",
    piece="cell_sum",
    costs=STATE,
    title="the bias of the state is missing",
    hint="Count the terms of the sum inside the tanh.",
)
def no_hidden_bias(right: Right, x_t: Any, h: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
    return right.cell_sum(x_t, h, W_x, W_h, 0 * b_h)


@writing(
    "no-output-bias",
    piece="writing_output_bias",
    costs=STATE,
    title="the bias of the logits is missing",
    hint="The logits are two terms, from the state and a bias.",
)
def no_output_bias(right: Right, b_y: Any) -> Any:
    return 0 * b_y


@writing(
    "temperature-not-passed-on",
    piece="writing_settings",
    costs=STATE,
    title="the temperature does not reach the draw",
    hint="Where in your loop is a token drawn, and what does that call know of the temperature?",
)
def temperature_not_passed_on(right: Right, temperature: Any, top_k: Any) -> Any:
    return 1.0, top_k


@writing(
    "temperature-twice",
    piece="writing_settings",
    costs=STATE,
    title="the temperature is applied twice, before the draw and in it",
    hint="sample_token divides by the temperature. What do you hand to it?",
)
def temperature_twice_in_writing(right: Right, temperature: Any, top_k: Any) -> Any:
    return temperature**2, top_k


@writing(
    "settings-not-passed-on",
    piece="writing_settings",
    costs=STATE,
    title="neither the temperature nor top_k reaches the draw",
    hint="Where in your loop is a token drawn, and what does that call know of the two settings?",
)
def settings_not_passed_on(right: Right, temperature: Any, top_k: Any) -> Any:
    return 1.0, None


@writing(
    "always-the-likeliest",
    piece="writing_settings",
    costs=STATE,
    title="the likeliest token is taken at every temperature, and nothing is drawn",
    hint="Which of your functions draws a token, and is it called in your loop?",
)
def always_the_likeliest(right: Right, temperature: Any, top_k: Any) -> Any:
    return 0, None


@writing(
    "top-k-not-passed-on",
    piece="writing_settings",
    costs=STATE,
    title="top_k does not reach the draw",
    hint="Where in your loop is a token drawn, and what does that call know of top_k?",
)
def top_k_not_passed_on(right: Right, temperature: Any, top_k: Any) -> Any:
    return (temperature, None)
