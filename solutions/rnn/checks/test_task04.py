"""Task 04, Generation and the Big Picture: the sampler, and writing with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from autograder.checks.agree import Array, Disagreement, agree, token_ids, untouched
from autograder.checks.chance import Draws, follows, follows_in_two_rounds
from autograder.checks.choices import judge
from autograder.checks.inputs import Rng, distinct, seed, uniform

from .inputs import one_against_many, staircase
from .networks import coins_and_words, delay_line, latch

LOGITS = ("logits", "rng")
WEIGHTS = ("W_e", "W_x", "W_h", "b_h", "W_y", "b_y")
# Of how many tokens one is told from all others. With more, fewer draws would tell, but a sampler
# that is a loop over the tokens would take longer for them.
MANY = 128


# -- 4a the sampler -----------------------------------------------------------------------------


def _draws(student: Any, n: int, logits: Array, rng: Rng, **settings: Any) -> list[int]:
    """n tokens, drawn one after another with the same generator."""
    generator = np.random.default_rng(seed(rng))
    answers = student.many(n).sample_token(logits, generator, **settings)
    return token_ids(answers, len(logits), "The draws", n)


@pytest.mark.criterion("4a.distribution")
@pytest.mark.visible
def test_draws_of_two_tokens(student: Any) -> None:
    rng = np.random.default_rng(1)
    far_apart = student.many(5).sample_token(np.array([0.0, 90.0, 0.0]), rng)
    agree(far_apart, [1] * 5, "Of logits 0, 90 and 0, the draws")
    drawn = student.many(36).sample_token(np.array([5.0, -95.0, 5.0]), np.random.default_rng(2))
    drawn = token_ids(drawn, 3, "The draws", 36)
    follows(drawn, np.array([0.5, 0.0, 0.5]), "Of logits 5, -95 and 5, the draws")


@pytest.mark.criterion("4a.distribution")
@pytest.mark.hidden
def test_distribution(student: Any, reference: Any, rng: Rng) -> None:
    few = rng.permutation(np.log([0.5, 0.3, 0.15, 0.05])) + rng.uniform(-3, 3)
    far_apart = rng.permutation([0.0, 50.0])
    asked = ((few, 44), (one_against_many(rng, MANY, 0.7), 60), (far_apart, 20))

    # Asked for before any is judged: where they are wrong, together they tell why.
    def draw(times: int) -> list[Draws]:
        return [
            (
                _draws(student, times * n, logits, rng),
                reference.softmax(logits),
                f"For V={len(logits)}, the draws",
            )
            for logits, n in asked
        ]

    follows_in_two_rounds(draw)
    agree(_draws(student, 3, uniform(rng, 1), rng), [0, 0, 0], "For V=1, the draws")


@pytest.mark.criterion("4a.distribution")
@pytest.mark.hidden
def test_sampler_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    for settings in ({}, {"temperature": 0.5}, {"top_k": 2}):
        arguments = (uniform(rng, 6), np.random.default_rng(seed(rng)))
        after = student.arguments_after.sample_token(*arguments, **settings)
        untouched(after, arguments, LOGITS)


@pytest.mark.criterion("4a.temperature")
@pytest.mark.visible
@pytest.mark.parametrize(("temperature", "share"), [(0.5, 0.9), (2.0, 0.634)])
def test_temperature_of_two_tokens(student: Any, temperature: float, share: float) -> None:
    # At temperature 1 the shares are 3/4 and 1/4; at 0.5 their squares, 9 to 1; at 2 their roots.
    rng, logits = np.random.default_rng(3), np.log(np.array([3.0, 1.0]))
    drawn = student.many(50).sample_token(logits, rng, temperature=temperature)
    drawn = token_ids(drawn, 2, "The draws", 50)
    follows(drawn, np.array([share, 1 - share]), f"At temperature {temperature}, the draws")


@pytest.mark.criterion("4a.temperature")
@pytest.mark.hidden
def test_temperature(student: Any, reference: Any, rng: Rng) -> None:
    asked = [
        (one_against_many(rng, MANY, 0.7, temperature), temperature) for temperature in (0.5, 2)
    ]

    def draw(times: int) -> list[Draws]:
        return [
            (
                _draws(student, 35 * times, logits, rng, temperature=temperature),
                reference.softmax(logits / temperature),
                f"At temperature {temperature}, the draws",
            )
            for logits, temperature in asked
        ]

    follows_in_two_rounds(draw)


@pytest.mark.criterion("4a.greedy")
@pytest.mark.visible
def test_greedy_by_hand(student: Any) -> None:
    for logits, largest in (([0.1, 2.0, -1.0], 1), ([-3.0, -2.5, -2.0], 2), ([9.0, 8.5], 0)):
        drawn = student.many(3).sample_token(
            np.array(logits), np.random.default_rng(4), temperature=0
        )
        agree(drawn, [largest] * 3, f"Of logits {logits} at temperature 0, the draws")


@pytest.mark.criterion("4a.greedy")
@pytest.mark.hidden
def test_greedy(student: Any, rng: Rng) -> None:
    V = int(rng.integers(6, 12))
    for largest in rng.permutation(V)[:3].tolist():
        logits = uniform(rng, V, scale=0.3)
        logits[largest] = 0.5
        for level, temperature in ((-4.0, 0), (4.0, 0.0)):
            for given, name in (({}, ""), ({"top_k": 3}, " with a top_k")):
                drawn = _draws(student, 4, logits + level, rng, temperature=temperature, **given)
                agree(drawn, [largest] * 4, f"At temperature 0{name}, the draws")


@pytest.mark.criterion("4a.top_k")
@pytest.mark.visible
def test_top_2_of_4(student: Any) -> None:
    logits = np.array([-3.0, -1.0, -2.0, -1.0])
    drawn = student.many(36).sample_token(logits, np.random.default_rng(5), top_k=2)
    drawn = token_ids(drawn, 4, "The draws", 36)
    follows(drawn, np.array([0.0, 0.5, 0.0, 0.5]), "With top_k=2, the draws")


@pytest.mark.criterion("4a.top_k")
@pytest.mark.hidden
def test_top_k(student: Any, reference: Any, rng: Rng) -> None:
    V = int(rng.integers(8, 12))
    asked = []
    for temperature in (0.5, 1.0, 2.0):
        stairs, order = staircase(rng, V, 0.05 * temperature, first=3)
        for top_k, n in ((3, 20), (1, 4)) if temperature == 1 else ((3, 20),):
            probabilities = np.zeros(V)
            probabilities[order[:top_k]] = reference.softmax(stairs[order[:top_k]] / temperature)
            asked.append((n, stairs, temperature, top_k, probabilities))
    for temperature, top_k in ((0.5, MANY + 6), (2.0, MANY)):
        many = one_against_many(rng, MANY, 0.7, temperature)
        asked.append((40, many, temperature, top_k, reference.softmax(many / temperature)))

    def draw(times: int) -> list[Draws]:
        return [
            (
                _draws(student, times * n, logits, rng, temperature=temperature, top_k=top_k),
                probabilities,
                f"With top_k={top_k} of V={len(logits)} at temperature {temperature}, the draws",
            )
            for n, logits, temperature, top_k, probabilities in asked
        ]

    follows_in_two_rounds(draw)


@pytest.mark.criterion("4a.generator")
@pytest.mark.visible
def test_equal_generators(student: Any) -> None:
    first, other, again = (
        token_ids(student.many(12).sample_token(np.zeros(100), generator), 100, "The draws", 12)
        for generator in map(np.random.default_rng, (6, 7, 6))
    )
    seen = f"Two with the seed 6 give {first[:4]} and {again[:4]} first, one with 7 {other[:4]}."
    if first != again:
        raise Disagreement("Two generators with the same seed give different draws.", seen)
    if first == other:
        raise Disagreement("Generators with different seeds give the same draws.", seen)


def _follows_its_generator(first: list[int], again: list[int], other: list[int]) -> None:
    """Looks at draws with one generator, with one like it, and with another."""
    if first != again:
        raise Disagreement("Two generators with the same seed give different draws.")
    if first == other:
        raise Disagreement("Generators with different seeds give the same draws.")


@pytest.mark.criterion("4a.generator")
@pytest.mark.hidden
def test_generator(student: Any, rng: Rng) -> None:
    # Two right samplers agree in all 12 draws by accident with a chance of about 60^-12.
    logits = uniform(rng, 64, scale=0.1)
    one, other = distinct(rng, 2, 0, 1000)

    def draw(number: int, **settings: Any) -> list[int]:
        generator = np.random.default_rng(number)
        answers = student.many(12).sample_token(logits, generator, **settings)
        return token_ids(answers, 64, "The draws", 12)

    _follows_its_generator(draw(one), draw(one), draw(other))
    for settings in ({"top_k": 40}, {"temperature": 2.0}, {"temperature": 0.5, "top_k": 40}):
        try:
            first, again = draw(one, **settings), draw(one, **settings)
        except Exception:  # That costs under 4a.temperature or 4a.top_k,
            continue
        if first != again:  # and so does what is the same with other seeds.
            raise Disagreement("Two generators with the same seed give different draws.")


@pytest.mark.criterion("4a.distribution")
@pytest.mark.visible
def test_a_draw_leaves_its_logits_alone(student: Any) -> None:
    for settings in ({"temperature": 0.5}, {"top_k": 2}):
        arguments = (np.array([1.0, 3.0, 2.0]), np.random.default_rng(7))
        after = student.arguments_after.sample_token(*arguments, **settings)
        untouched(after, arguments, ("logits", "rng"))


@pytest.mark.criterion("4a.top_k")
@pytest.mark.visible
def test_a_top_k_above_the_vocabulary(student: Any) -> None:
    logits = np.array([5.0, -95.0, 5.0])
    drawn = student.many(36).sample_token(logits, np.random.default_rng(5), top_k=4)
    drawn = token_ids(drawn, 3, "The draws", 36)
    follows(drawn, np.array([0.5, 0.0, 0.5]), "With top_k=4 of three tokens, the draws")


# -- 4b generating ------------------------------------------------------------------------------


@pytest.mark.criterion("4b.state")
@pytest.mark.visible
def test_counting_on(student: Any) -> None:
    # The state is the last token; the output weights say "the next one".
    W_e, b = np.eye(4), np.zeros(4)
    W_y = 60 * np.roll(np.eye(4), 1, axis=1)
    weights = (W_e, np.eye(4), np.zeros((4, 4)), b, W_y, b)
    got = student.generate([1, 1], 8, *weights, np.random.default_rng(8))
    drawn = token_ids(got, 4, "The drawn tokens")[-6:]
    want = [(drawn[0] + step) % 4 for step in range(6)] if drawn else [0] * 6
    agree(drawn, want, "Counting on, the last six tokens")


@pytest.mark.criterion("4b.state")
@pytest.mark.visible
def test_a_memory_of_the_first_token(student: Any) -> None:
    # Token 0 pushes the one unit up, token 1 down; token 2 and 3 leave it where it is: W_h = 2
    # keeps it at 0.9575 or -0.9575. Up means token 2 next, down means token 3.
    W_e, W_x = np.array([[3.0], [-3.0], [0.0], [0.0]]), np.eye(1)
    W_y, b = np.array([[0.0, 0.0, 90.0, -90.0]]), np.zeros(4)
    for first, wanted in ((0, 2), (1, 3)):
        weights = (W_e, W_x, 2 * np.eye(1), np.zeros(1), W_y, b)
        got = student.generate([first, first], 12, *weights, np.random.default_rng(9))
        drawn = token_ids(got, 4, "The drawn tokens")[-10:]
        agree(drawn, [wanted] * 10, f"After token {first}, the last ten tokens")


def _drawn(
    student: Any, rng: Rng, prompt: list[int], n: int, weights: Any, **settings: Any
) -> list[int]:
    """The last n tokens of a few more. How many there are in all is asked under 4b.prompt."""
    generator = np.random.default_rng(seed(rng))
    got = student.generate(prompt, n + 4, *weights, generator, **settings)
    drawn = token_ids(got, len(weights[0]), "The drawn tokens")
    if len(drawn) < n:
        found = f"There are {len(drawn)}."
        raise Disagreement(f"There are too few drawn tokens, expected {n + 4}.", found)
    return drawn[-n:]


@pytest.mark.criterion("4b.state")
@pytest.mark.hidden
def test_state_from_zero_to_the_end(student: Any, rng: Rng) -> None:
    weights, roles = latch(rng)
    asked = (
        ("pushed it up", "up", "is up"),
        ("pushed it down", "down", "is down"),
        ("left it at zero", "at zero", "at zero"),
    )
    answers = [_drawn(student, rng, [roles[key]] * 3, 16, weights) for _, key, _ in asked]
    # A start at random may be up by chance; from ones, it always is.
    again = [_drawn(student, rng, [roles["at zero"]] * 3, 2, weights) for _ in range(3)]
    for (name, _, answer), drawn in zip(asked, answers, strict=True):
        called = f"Of a unit that holds its state, after a prompt that {name}, the tokens"
        agree(drawn[-12:], [roles[answer]] * 12, called)
    for drawn in again:
        agree(drawn, [roles["at zero"]] * 2, "Of a unit that nothing ever pushed, the tokens")


@pytest.mark.criterion("4b.state")
@pytest.mark.hidden
def test_each_token_follows_from_those_before(student: Any, reference: Any, rng: Rng) -> None:
    weights = coins_and_words(rng)
    W_e, W_x, W_h, b_h, W_y, b_y = weights
    # The first draw is a word, which the state says after a coin.
    prompt: list[int] = rng.integers(len(W_e), size=3).tolist()
    prompt[-1] = int(rng.choice(np.flatnonzero(W_e[:, 0] > 0)))
    generator = np.random.default_rng(seed(rng))
    got = student.generate(prompt, 60, *weights, generator)
    drawn = token_ids(got, len(W_e), "The drawn tokens")[:70]
    if len(drawn) < 56:
        found = f"There are {len(drawn)}."
        raise Disagreement("There are too few drawn tokens, expected 60.", found)
    read = W_e[[*prompt, *drawn[:-1]]][None]
    states = reference.rnn_forward(read, np.zeros((1, len(W_h))), W_x, W_h, b_h)[0]
    probabilities = reference.softmax(states[len(prompt) - 1 :] @ W_y + b_y)
    chances = probabilities[np.arange(len(drawn)), drawn][16:]
    # 44 tokens, 38 to choose from: a right one fails with a chance of 2e-10.
    wrong = np.count_nonzero(chances < 1e-13)
    if wrong:
        found = f"These are {wrong} of {len(chances)}."
        raise Disagreement("Later tokens cannot follow the tokens before them.", found)


@pytest.mark.criterion("4b.state")
@pytest.mark.hidden
def test_settings_reach_the_draw(student: Any, reference: Any, rng: Rng) -> None:
    # Weights smaller than those of the coins and words: the smallest calls are those explained.
    V, E, H = 88, 3, 4
    W_e, W_x, W_h, b_h = uniform(rng, V, E), uniform(rng, E, H), uniform(rng, H, H), np.zeros(H)
    prompt = rng.integers(V, size=2).tolist()
    asked: list[tuple[int, Array, dict[str, Any], Array, str]] = []
    for temperature, share, n in ((0.5, 0.9, 18), (2.0, 0.6, 32), (1.0, 0.6, 28)):
        b_y = one_against_many(rng, V, share, temperature)
        given = {"temperature": temperature} if temperature != 1 else {}
        probabilities = reference.softmax(b_y / temperature)
        asked.append((n, b_y, given, probabilities, f"At temperature {temperature}"))
    # At temperature 50, steps of 20 are steps of 0.4; at temperature 1, the first is sure.
    for step, given, name in (
        (0.02, {"top_k": 2}, "With top_k=2"),
        (20.0, {"temperature": 50.0, "top_k": 2}, "With top_k=2 at temperature 50"),
        (0.02, {"temperature": 0}, "At temperature 0"),
        (0.02, {"temperature": 0.0, "top_k": 2}, "With top_k=2 at temperature 0"),
    ):
        b_y, order = staircase(rng, V, step, first=3)
        kept = order[: given.get("top_k", V) if given.get("temperature") != 0 else 1]
        probabilities = np.zeros(V)
        probabilities[kept] = reference.softmax(b_y[kept] / (given.get("temperature") or 1.0))
        asked.append((28, b_y, given, probabilities, name))

    def draw(times: int) -> list[Draws]:
        seen: list[Draws] = []
        for n, b_y, given, probabilities, name in asked:
            weights = (W_e, W_x, W_h, b_h, np.zeros((H, V)), b_y)
            drawn = _drawn(student, rng, prompt, times * n, weights, **given)
            seen.append((drawn, probabilities, f"{name}, the drawn tokens"))
        return seen

    follows_in_two_rounds(draw)


@pytest.mark.criterion("4b.state")
@pytest.mark.hidden
def test_generate_draws_from_its_generator(student: Any, rng: Rng) -> None:
    # Weights larger than those above: these calls tell less, and are explained last.
    V, E, H = 64, 9, 9
    weights = (uniform(rng, V, E), uniform(rng, E, H), uniform(rng, H, H), np.zeros(H))
    b_y = uniform(rng, V, scale=0.1)
    one, other = distinct(rng, 2, 0, 1000)

    def write(number: int, **settings: Any) -> list[int]:
        generator = np.random.default_rng(number)
        got = student.generate([1, 2], 12, *weights, np.zeros((H, V)), b_y, generator, **settings)
        return token_ids(got, V, "The drawn tokens")

    # Two right ones agree in all 12 tokens by accident with a chance of about 60^-12.
    _follows_its_generator(write(one), write(one), write(other))
    both = {"temperature": 0.5, "top_k": 40}
    if write(one, **both) != write(one, **both):
        raise Disagreement("Two generators with the same seed give different draws.")


@pytest.mark.criterion("4b.state")
@pytest.mark.hidden
def test_generate_leaves_its_arguments_alone(student: Any, rng: Rng) -> None:
    V, E, H = distinct(rng, 3)
    W_h, b_h = uniform(rng, H, H), uniform(rng, H)
    weights = (uniform(rng, V, E), uniform(rng, E, H), W_h, b_h, uniform(rng, H, V))
    arguments = ([1, 0, 1], 3, *weights, uniform(rng, V), np.random.default_rng(1))
    for settings in ({}, {"temperature": 0.5, "top_k": 2}):
        after = student.arguments_after.generate(*arguments, **settings)
        untouched(after, arguments, ("prompt", "length", *WEIGHTS, "rng"))


@pytest.mark.criterion("4b.prompt")
@pytest.mark.visible
def test_the_token_after_the_prompt(student: Any) -> None:
    # The state is the last token; the output weights say "the next one".
    W_e, b = np.eye(4), np.zeros(4)
    W_y = 60 * np.roll(np.eye(4), 1, axis=1)
    weights = (W_e, np.eye(4), np.zeros((4, 4)), b, W_y, b)
    for prompt, first in (([0, 3, 1], 2), ([2, 3], 0), ([1], 2)):
        for length in (1, 4, 0):
            got = student.generate(prompt, length, *weights, np.random.default_rng(8))
            drawn = token_ids(got, 4, f"For length={length}, the drawn tokens", length)
            if length:
                agree(drawn[0], first, f"After the prompt {prompt}, the first token")


@pytest.mark.criterion("4b.prompt")
@pytest.mark.hidden
def test_prompt_read_once_in_order(student: Any, rng: Rng) -> None:
    V = int(rng.integers(8, 12))
    prompt = distinct(rng, 4, 0, V - 1)
    says = np.roll(np.arange(V), int(rng.integers(1, V)))
    otherwise = next(int(says[token]) for token in range(V) if token not in prompt)

    def ask(back: int, length: int) -> list[int]:
        """The network says which token it read ``back`` steps ago, in a code of its own."""
        weights = delay_line(rng, V, len(prompt) + 1, back, says, otherwise)
        generator = np.random.default_rng(seed(rng))
        got = student.generate(prompt, length, *weights, generator)
        return token_ids(got, V, f"For length={length}, the drawn tokens", length)

    # Asked for before any is judged: where they are wrong, together they tell why.
    heard = {back: ask(back, 4)[:1] for back in range(1, len(prompt) + 1)}
    agree(heard[1], [says[prompt[-1]]], "From the last prompt token, the first draw")
    # A state that is not carried costs under 4b.state. All it lets one see is the last token.
    if ask(2, 2)[1] == says[prompt[-1]]:
        for back in range(2, len(prompt) + 1):
            name = f"From the prompt token {back} places before the first draw, that draw"
            agree(heard[back], [says[prompt[-back]]], name)
        # Before the prompt there is nothing; a start from other than zero costs under 4b.state.
        if all(ask(len(prompt) + 1, 1) == [says[prompt[-1]]] for _ in range(3)):
            raise Disagreement("The prompt is read more than once.")
    for length in (0, 7):
        ask(1, length)


@pytest.mark.criterion("4b.state")
@pytest.mark.visible
def test_generating_leaves_its_arguments_alone(student: Any) -> None:
    weights = (np.eye(2), np.eye(2), np.eye(2), np.ones(2), np.eye(2), np.ones(2))
    arguments = ([0, 1], 2, *weights, np.random.default_rng(8))
    after = student.arguments_after.generate(*arguments)
    untouched(
        after, arguments, ("prompt", "length", "W_e", "W_x", "W_h", "b_h", "W_y", "b_y", "rng")
    )


@pytest.mark.criterion("4b.prompt")
@pytest.mark.visible
def test_the_prompt_is_read_in_order(student: Any) -> None:
    # Units 0 and 1 hold the last token read, units 2 and 3 the one before it, which is said; where
    # nothing was read before, it is token 1.
    W_e, none = np.eye(2), np.zeros((2, 2))
    W_x, W_h = np.hstack([3 * np.eye(2), none]), np.block([[none, 3 * np.eye(2)], [none, none]])
    W_y, b_y = 90 * np.vstack([none, np.eye(2)]), np.array([0.0, 30.0])
    weights = (W_e, W_x, W_h, np.zeros(4), W_y, b_y)
    prompts = ([0, 1], [1, 0], [1, 0, 0], [1, 1, 0], [0, 1, 1])
    # All are asked before any is looked at: where they are wrong, together they tell why.
    answers = [
        student.generate(prompt, 1, *weights, np.random.default_rng(8)) for prompt in prompts
    ]
    for prompt, got in zip(prompts, answers, strict=True):
        drawn = token_ids(got, 2, "For length=1, the drawn tokens", 1)
        agree(drawn[0], prompt[-2], f"Of the prompt {prompt}, the token before the last")


@pytest.mark.parametrize(
    "question",
    [
        pytest.param(name, marks=pytest.mark.criterion("4b.concepts", item=name))
        for name in ("vanishing", "clipping", "inference", "lstm")
    ],
)
@pytest.mark.hidden
def test_answers_4b(student: Any, concepts: Mapping[str, Any], question: str) -> None:
    known = ("vanishing", "clipping", "inference", "lstm")
    judge(student.value("answers_4b"), concepts[question], known)
