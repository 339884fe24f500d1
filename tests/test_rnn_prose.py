"""Every number in the prose of `rnn` is what the solution computes.

A claim returns sentences as they are in the notebook, with numbers that it computes. What the
experiments show is compared with the prose in `test_notebook.py`, where the notebook is run.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np
import pytest

from autograder.course.folders import Assignment
from autograder.course.reference import Reference
from benchmarks.published_figures import SHAKESPEARE, handed_out
from tests.rnn_measured import MEASURED, plain, prose

Claim = Callable[[Any, Any], Iterator[str]]
CLAIMS: dict[str, Claim] = {}

# Numbers that are given, not found: the sizes of an example, a rate, points.
GIVEN = {
    *("(1 point)", "(1.5 points)", "(0.5)", "| 1.0 |", "| 1.5 |"),
    *("and the inputs 0, 0.5, 0", "| 2 | 0.5 | 0.762 | 3.285 |", "$h_{t-1} = (0.5, -0.5)$"),
    *("$b_h = (0.1, 0.1)$", r"0.6 & 0.0 \\ 0.2 & 0.4", r"0.2 & -0.1 \\ 0.4 & 0.3"),
    *("$W_h = 0.5$, $b_h = 0$", "$h_{t-1} = -0.5$, $h_t = 0.8$, $W_x = 0.5$"),
    *("$W_h = 0.5$ and $h_2 = 0.6$", "give 0.1 for $h_1$ and 0.5 for", "With a factor of 1.5"),
    *("at temperature 0.2", "Temperature 0.3", ", 1.2 falls"),
    *(
        "the same: 0.5, 1 and 2",
        "the lines of 0.5 and 1",
        "At 0.5 the gradient",
        "that began at 0.5",
    ),
    # Settings of the experiments, and the size of a file that is known by its SHA-256.
    *("the first 3,000 characters", "1.1 million characters"),
    # Tested where the notebook is run.
    "The lines cross between 0.6 and 0.8.",
}


def claim(function: Claim) -> Claim:
    CLAIMS[function.__name__] = function
    return function


@pytest.fixture(scope="module")
def right(assignment: Assignment) -> Reference:
    return Reference(assignment)


@pytest.fixture(scope="module")
def beside(assignment: Assignment) -> Any:
    return handed_out(assignment, "rnn_experiments")


def _three(values: Any) -> str:
    return ", ".join(f"{value:.3f}" for value in np.ravel(values))


@claim
def counts_of_banana(right: Any, beside: Any) -> Iterator[str]:
    text = np.array(["abn".index(letter) for letter in "banana"])

    def after(context: str) -> Any:
        return right.ngram_distribution(text, np.array(["abn".index(c) for c in context], int), 3)

    a, b, n = 6 * after("")
    yield f"$P(a) = {a:.0f}/6$, $P(n) = {n:.0f}/6$ and $P(b) = {b:.0f}/6$"
    yield rf"$P(a \mid n) = {after('n')[0]:.0f}$"
    yield rf"$P(a \mid an) = {after('an')[0]:.0f}$"
    yield rf"$P(n \mid na) = {after('na')[2]:.0f}$"
    assert set(after("ab")) == {1 / 3}
    yield f"$25^5 = {25**5:,}$".replace(",", "{,}")


@claim
def steps_alone(right: Any, beside: Any) -> Iterator[str]:
    x = np.array([0.0, 0.5, 0.0]).reshape(1, 3, 1)
    logits = right.feed_forward_logits(x, *map(np.array, ([[2.0]], [0.0], [[3.0]], [1.0])))[0, :, 0]
    for t in range(3):
        tanh = np.tanh(2 * x[0, t, 0])
        row = f"| {t + 1} | {x[0, t, 0]:g} | {tanh:.3g} | {logits[t]:.4g} |"
        yield row


@claim
def the_cell(right: Any, beside: Any) -> Iterator[str]:
    W_h, W_x = np.array([[0.6, 0.0], [0.2, 0.4]]), np.array([[0.2, -0.1], [0.4, 0.3]])
    old, x, b = np.array([[0.5, -0.5]]), np.array([[1.0, 0.0]]), np.array([0.1, 0.1])
    (first, second), h = (old @ W_h)[0], right.rnn_cell_forward(x, old, W_x, W_h, b)[0]
    yield rf"$0.5 \cdot 0.6 - 0.5 \cdot 0.2 = {first:.1f}$ and"
    yield rf"$0.5 \cdot 0.0 - 0.5 \cdot 0.4 = {second:.1f}$"
    yield f"the first row of $W_x$, $({(x @ W_x)[0][0]:.1f}, {(x @ W_x)[0][1]:.1f})$"
    z = (old @ W_h + x @ W_x + b)[0]
    yield f"the sum is $({z[0]:.1f}, {z[1]:.1f})$; tanh gives $h_t = ({h[0]:.3f}, {h[1]:.3f})$"


@claim
def softmax_of_three_logits(right: Any, beside: Any) -> Iterator[str]:
    logits = np.array([2.0, 1.0, 0.0])
    found, powers = right.softmax(logits), np.exp(logits)
    yield f"exponentials are {powers[0]:.3f}, {powers[1]:.3f} and {powers[2]:.0f}."
    yield f"Their sum is {powers.sum():.3f}, and the probabilities are {found[0]:.3f}, "
    yield f"{found[1]:.3f} and {found[2]:.3f}. For (102, 101, 100) the probabilities are the same"
    assert np.allclose(right.softmax(logits + 100), found)


@claim
def sizes_of_the_lecture(right: Any, beside: Any) -> Iterator[str]:
    count = right.parameter_count(512, 128, 64)
    text = {name: f"{number:,}".replace(",", "{,}") for name, number in count.items()}
    yield rf"$512 \cdot 128 = {text['embedding']}$"
    yield rf"$128 \cdot 64 + 64 \cdot 64 + 2 \cdot 64 = {text['rnn']}$"
    yield rf"$64 \cdot 512 + 512 = {text['output']}$"
    yield f"Together ${sum(count.values()):,}$".replace(",", "{,}")
    yield f"and 3 biases, {right.parameter_count(1, 1, 4)['output'] * 0 + 4 * 3 + 3} in all"
    torch = pytest.importorskip("torch")
    logits, state = right.CharRNN()(torch.zeros(4, 32, dtype=torch.long))
    yield "(4,32), then (4,32,128), then (4,32,64), then (4,32,512)"
    assert (tuple(logits.shape), tuple(state.shape)) == ((4, 32, 512), (1, 4, 64))
    yield "has the shape (1,4,64)"


@claim
def an_echo(right: Any, beside: Any) -> Iterator[str]:
    one, zero = np.eye(1), np.zeros(1)
    x = np.array([1.0, 0.0, 0.0]).reshape(1, 3, 1)
    h = right.rnn_forward(x, np.zeros((1, 1)), one, 0.5 * one, zero)[0, :, 0]
    yield rf"$h_1 = \tanh(0.5 \cdot 0 + 1) = {h[0]:.3f}$"
    yield rf"$h_2 = \tanh(0.5 \cdot {h[0]:.3f}) = \tanh({0.5 * h[0]:.3f}) = {h[1]:.3f}$"
    yield rf"$h_3 = \tanh(0.5 \cdot {h[1]:.3f}) = \tanh({0.5 * h[1]:.3f}) = {h[2]:.3f}$"
    last = right.rnn_forward(x[:, ::-1], np.zeros((1, 1)), one, 0.5 * one, zero)[0, -1, 0]
    yield f"the inputs 0, 0, 1 the last state is {last:.3f} instead"


@claim
def loss_of_two_predictions(right: Any, beside: Any) -> Iterator[str]:
    inputs, _ = right.next_token_pairs(np.arange(8), 3)
    yield rf"There are $L = 8$ letters and $M = \lfloor (8 - 1) / 3 \rfloor = {len(inputs)}$"
    losses = -np.log([1 / 2, 1 / 4])
    yield f"The losses are {losses[0]:.3f} and {losses[1]:.3f} nats"
    yield f"their mean is {losses.mean():.3f}"
    mean = right.perplexity(losses.mean())
    yield f"$e^{{{losses.mean():.3f}}} = {mean:.2f}$: on the whole"
    yield f"choose among {mean:.2f} equally likely tokens"
    loss = right.cross_entropy(np.array([0.0, 20000.0]), np.array(0))
    yield f"loss itself is no more than {loss:.0f}"


@claim
def a_perfect_model(right: Any, beside: Any) -> Iterator[str]:
    """Over many draws, the loss of the true probabilities is their entropy."""
    shares = np.array([0.5, 0.25, 0.25])
    drawn = np.random.default_rng(0).choice(3, size=100_000, p=shares)
    loss = right.cross_entropy(np.log(np.tile(shares, (len(drawn), 1))), drawn)
    entropy = -np.sum(shares * np.log(shares))
    assert math.isclose(right.perplexity(loss), np.exp(entropy), rel_tol=0.01)
    certain = right.cross_entropy(np.array([[0.0, -1e4]]), np.array([0]))
    yield r"a loss equal to the entropy and a perplexity of $e^{\mathrm{entropy}}$. "
    yield f"That is {right.perplexity(certain):.0f} only for a text"


@claim
def losses_of_a_model_and_a_guess(right: Any, beside: Any) -> Iterator[str]:
    guess = right.cross_entropy(np.zeros((1, 512)), np.array([0]))
    yield rf"$\log 20 = {np.log(20):.2f}$, $\log 512 = {guess:.2f}$ and the entropy"
    yield f"has perplexity {right.perplexity(guess):.0f}. A perfect model"


@claim
def one_step_back(right: Any, beside: Any) -> Iterator[str]:
    dh, x, old, h, W_x, W_h = (np.array([[value]]) for value in (1, 1, -0.5, 0.8, 0.5, 2.0))
    dx, dold, dW_x, dW_h, db = right.rnn_cell_backward(dh, x, old, h, W_x, W_h)
    dz = db.item()
    yield rf"| $dz_t$ | $1 \cdot (1 - {h.item() ** 2:.2f})$ | {dz:.2f} |"
    yield rf"| $dx_t$ | ${dz:.2f} \cdot 0.5$ | {dx.item():.2f} |"
    yield rf"| $dh_{{t-1}}$ | ${dz:.2f} \cdot 2$ | {dold.item():.2f} |"
    yield rf"| $dW_x$ | $1 \cdot {dz:.2f}$ | {dW_x.item():.2f} |"
    yield rf"| $dW_h$ | $-0.5 \cdot {dz:.2f}$ | {dW_h.item():.2f} |"
    yield f"| $db_h$ | {dz:.2f} | {db.item():.2f} |"


@claim
def two_routes(right: Any, beside: Any) -> Iterator[str]:
    later, h, W_h = np.array([[0.5]]), np.array([[0.6]]), np.array([[0.5]])
    back = right.rnn_cell_backward(later, 0 * h, 0 * h, h, 0 * h, W_h)[1].item()
    yield f"so $dh_2 = {later.item()}$"
    yield rf"$0.5 \cdot (1 - 0.36) \cdot 0.5 = {back:.2f}$"
    yield f"$dh_1 = 0.1 + {back:.2f} = {0.1 + back:.2f}$"
    factor = back / later.item()
    yield rf"each factor is $0.64 \cdot 0.5 = {factor:.2f}$"
    yield f"$0.32^{{10}} = {factor**10:.5f}$"
    yield f"$1.5^{{10}} = {1.5**10:.0f}$"


@claim
def clipping(right: Any, beside: Any) -> Iterator[str]:
    grads = {"a": np.array([3.0]), "b": np.array([4.0])}
    clipped = right.clip_gradients(grads, 1.0)
    norm = np.hypot(*grads.values()).item()
    yield f"have the joint norm {norm:.0f}; clipped to 1 they become "
    yield f"({clipped['a'].item():.1f}) and ({clipped['b'].item():.1f})"


@claim
def temperature_and_top_k(right: Any, beside: Any) -> Iterator[str]:
    logits = np.array([2.0, 1.0, 0.0])
    for temperature, used in ((1, "2, 1, 0"), (0.5, "4, 2, 0"), (2, "1, 0.5, 0")):
        shares = right.softmax(logits / temperature)
        yield f"| temperature {temperature} | ({used}) | {_three(shares)} |"
    yield f"| top_k = 2 | (2, 1) | {_three(right.softmax(logits[:2]))}, 0 |"


@claim
def the_lists(right: Any, beside: Any) -> Iterator[str]:
    elements, films = beside.Names("elements.txt"), beside.Names("films.txt")
    yield f"names of the {len(elements.names)} elements"
    yield f"the alphabet has {elements.vocab_size} characters"
    yield f"on {len(films.names)} titles, with an alphabet of {films.vocab_size} characters"
    sonnets = (beside.DATA / "sonnets.txt").read_text(encoding="utf-8")
    yield f"the {len(sonnets):,} characters of `sonnets.txt`"
    yield rf"$\log V = \log 25 = {np.log(elements.vocab_size):.2f}$"
    yield f"a little better than a guess ({np.log(elements.vocab_size):.2f})"
    yield rf"One *bit* is $\log 2 = {np.log(2):.3f}$ nats"


@claim
def powers(right: Any, beside: Any) -> Iterator[str]:
    yield f"$2^{{20}} = {2**20:,}$".replace(",", "{,}")


@claim
def published_by_the_lecture(right: Any, beside: Any) -> Iterator[str]:
    first, fifth, last = (SHAKESPEARE[epoch][1] for epoch in (1, 5, 25))
    yield f"a perplexity of {first:.0f} in epoch 1, of {fifth:.0f} in epoch 5 and of {last:.0f} in"
    yield f"has learned nothing has a perplexity of {right.perplexity(np.log(512)):.0f}"


@claim
def the_budget(right: Any, beside: Any) -> Iterator[str]:
    sonnets = (beside.DATA / "sonnets.txt").read_text(encoding="utf-8")
    yield f"On {len(sonnets) * 9 // 10:,} characters of training text"
    V = len(set(sonnets))
    window, rnn = 4 * V * 40 + 40 + 41 * V, (V + 64 + 1) * 64 + 65 * V
    assert abs(window / rnn - 1) < 0.02
    yield "the same number of weights, to within 2 %"


@claim
def names_by_epoch(right: Any, beside: Any) -> Iterator[str]:
    """The table of question 3a."""
    elements, rng = beside.Names("elements.txt"), np.random.default_rng(0)
    weights = beside.small_weights(25, 50, 25, rng)
    epoch, untrained = 0, []
    for name in elements.names:
        x, targets = np.eye(25)[elements.ids(f"\n{name}")][None], elements.ids(f"{name}\n")[None]
        untrained.append(right.bptt(x, targets, np.zeros((1, 50)), *weights.values())[0])
    rows = {0: np.mean(untrained)}
    for more, rate in ((3, 0.5), (22, 0.5), (100, 0.5), (25, 0.1)):
        weights, losses = right.train(weights, elements.batches(more, rng, ""), rate, 5.0)
        epoch += more
        rows[epoch] = np.mean(losses[-21:])
    table = re.findall(r"\| (\d+) \| (\d\.\d\d) \| (`.+?`) \|", prose())
    assert [int(at) for at, _, _ in table] == [0, 3, 25, 150]
    for at, loss, samples in table:
        assert math.isclose(float(loss), rows[int(at)], abs_tol=0.1), at
        real = [name in elements.names for name in re.findall("`(.+?)`", samples)]
        assert all(real) if at == "150" else not any(real) or at == "25"
        yield f"| {at} | {loss} |"
    yield f"Where does the {rows[0]:.2f} come from?"
    yield rf"$\log 25 = {np.log(25):.2f}$"


@pytest.fixture(scope="module")
def computed(right: Reference, beside: Any) -> Callable[[str], list[str]]:
    """The sentences of a claim, computed once."""
    return cache(lambda name: [plain(sentence) for sentence in CLAIMS[name](right, beside)])


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_is_what_is_computed(name: str, computed: Callable[[str], list[str]]) -> None:
    text = prose()
    for sentence in computed(name):
        assert sentence in text


@pytest.mark.parametrize("one", MEASURED, ids=lambda one: one.id)
def test_what_is_measured_is_in_the_prose(one: Any) -> None:
    assert plain(one.sentence) in prose()


def test_no_number_of_the_prose_is_without_a_claim(computed: Callable[[str], list[str]]) -> None:
    text = prose()
    said = [sentence for name in CLAIMS for sentence in computed(name)]
    covered = np.zeros(len(text), dtype=bool)
    for sentence in (*said, *(plain(one.sentence) for one in MEASURED), *map(plain, GIVEN)):
        for found in re.finditer(re.escape(sentence), text):
            covered[found.start() : found.end()] = True
    numbers = re.finditer(r"\d+\.\d+|\d+(?:\{,\}|,)\d{3}|10\^", text)
    missing = [
        text[max(0, at.start() - 40) : at.end() + 20] for at in numbers if not covered[at.start()]
    ]
    assert not missing, "\n".join(missing)
