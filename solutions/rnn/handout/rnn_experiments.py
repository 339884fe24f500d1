"""What the notebook is run with beside your functions: texts, tasks, progress bars, figures.

In a script, figures go into files, in the folder `figures`.
"""

from __future__ import annotations

import hashlib
import html
import os
import sys
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The text that character networks are often tried on: plays by Shakespeare, 1,115,394 bytes.
SHAKESPEARE = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
)
SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
PLAYS = "shakespeare.txt"
DATA = Path(__file__).parent / "data"
SECONDS = 15  # to wait for a download
STATE, OUTER, PALE = "#cfe3f5", "#f3ead3", "#eeeeee"
LINE, BACK = "#444444", "#c0392b"
FOLDER = Path("figures")


@contextmanager
def experiment(title: str) -> Iterator[None]:
    """Runs an experiment as far as your functions go, and says which of them is still missing."""
    try:
        yield
    except NotImplementedError as missing:
        print(f"{title}: not run, {missing}")
    except ModuleNotFoundError as missing:
        print(f"{title}: not run, pip install {missing.name}")
    except FileNotFoundError as missing:
        print(f"{title}: not run, there is no file {missing.filename}")
    except NameError as missing:
        print(f"{title}: not run, {missing}; it comes from an experiment above")


def _not_for_nbgrader() -> None:
    if "NBGRADER_EXECUTION" in os.environ:
        raise NotImplementedError("since nbgrader looks at the checks alone")


def progress(steps: int | Sequence[Any], title: str) -> Any:
    """Counts from 1 to ``steps``, or goes through a sequence, and shows how far it is.

    ``.write(text)`` prints beside it.
    """
    _not_for_nbgrader()
    from tqdm import tqdm

    over = range(1, steps + 1) if isinstance(steps, int) else steps
    return tqdm(over, title, file=sys.stdout, mininterval=0.5, delay=0.5, ncols=80)


# -- texts and tasks -------------------------------------------------------------------------------


class Names:
    """A list of names as sequences of characters, each between two newlines."""

    def __init__(self, file: str) -> None:
        lines = (DATA / file).read_text(encoding="utf-8").splitlines()
        self.names = [line for line in lines if line]
        self.alphabet = sorted(set("\n".join(self.names)))
        self.vocab_size = len(self.alphabet)
        self.newline = self.alphabet.index("\n")

    def ids(self, text: str) -> np.ndarray:
        """(L,) the token ids of a text."""
        return np.array([self.alphabet.index(character) for character in text])

    def spell(self, ids: Iterable[int]) -> str:
        """Drawn tokens as text, up to the first newline."""
        return "".join(self.alphabet[token] for token in ids).split("\n")[0]

    def batches(
        self, passes: int, rng: np.random.Generator, title: str, size: int = 8
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Goes through all names so many times, in random order, with a progress bar.

        Yields names of the same length, up to ``size`` of them at a time: the inputs x (N,T,V) as
        one-hot vectors and the targets (N,T).
        """
        by_length: dict[int, list[np.ndarray]] = {}
        for name in self.names:
            by_length.setdefault(len(name), []).append(self.ids(f"\n{name}\n"))
        rows: list[np.ndarray] = []
        for _ in range(passes):
            drawn = []
            for group in by_length.values():
                order = rng.permutation(len(group))
                for at in range(0, len(order), size):
                    drawn.append(np.array([group[i] for i in order[at : at + size]]))
            rows += [drawn[i] for i in rng.permutation(len(drawn))]
        one_hot = np.eye(self.vocab_size)
        for ids in progress(rows, title):
            yield one_hot[ids[:, :-1]], ids[:, 1:]


def random_batches(
    inputs: np.ndarray, targets: np.ndarray, sizes: tuple[int, int, int], title: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draws rows of windows again and again, with a progress bar.

    Args:
        inputs: (M,K) token ids.
        targets: (M,T) token ids; T is K, or 1 where all K inputs are seen at once.
        sizes: the vocabulary V, how many rows make a batch, and how many batches there are.
        title: what the progress bar says.

    Yields:
        x (N,T,K/T*V), one-hot vectors side by side, and targets (N,T).
    """
    V, size, updates = sizes
    rng, one_hot = np.random.default_rng(0), np.eye(V)
    for _ in progress(updates, title):
        rows = rng.integers(len(inputs), size=size)
        yield one_hot[inputs[rows]].reshape(size, targets.shape[1], -1), targets[rows]


# The tokens of the recall task: four letters, the blank, the sign that asks for the letter.
LETTERS, BLANK, ASK = 4, 4, 5


def recall(rows: int, gap: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A letter, ``gap`` blanks or signs, and then the letter is asked for.

    Returns:
        x: (rows, gap + 1, 6) one-hot; the letter, blanks, and at the last step the sign that asks.
        targets: (rows, gap + 1) the next token at each step; at the last step it is the letter.
    """
    tokens = np.full((rows, gap + 2), BLANK)
    tokens[:, 0] = tokens[:, -1] = rng.integers(LETTERS, size=rows)
    tokens[:, -2] = ASK
    return np.eye(6)[tokens[:, :-1]], tokens[:, 1:]


def brackets(sizes: Iterable[int]) -> np.ndarray:
    """Groups of brackets as tokens: 0 opens, 1 closes; each group opens and closes so many."""
    return np.hstack([np.repeat([0, 1], size) for size in sizes])


def bracket_batches(
    updates: int, largest: int, rng: np.random.Generator, title: str
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """16 texts of 40 brackets at a time, in groups of up to ``largest``, with a progress bar."""
    for _ in progress(updates, title):
        texts = [brackets(rng.integers(1, largest + 1, size=21))[:41] for _ in range(16)]
        tokens = np.array(texts)
        yield np.eye(2)[tokens[:, :-1]], tokens[:, 1:]


def small_weights(
    inputs: int, hidden: int, outputs: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Small random weights of a network, in the order that ``bptt`` takes."""
    return {
        "W_x": 0.1 * rng.normal(size=(inputs, hidden)),
        "W_h": 0.1 * rng.normal(size=(hidden, hidden)),
        "b_h": np.zeros(hidden),
        "W_y": 0.1 * rng.normal(size=(hidden, outputs)),
        "b_y": np.zeros(outputs),
    }


def rotation(size: int, rng: np.random.Generator) -> np.ndarray:
    """(H,H) a random matrix all of whose singular values are 1."""
    return np.linalg.qr(rng.normal(size=(size, size)))[0]


def read_text(file: str) -> str:
    """The text of a file in the folder `data`.

    Shakespeare's plays, `shakespeare.txt`, are downloaded if they are not there, and must have the
    right SHA-256. Without a network, the sonnets that lie there are returned.
    """
    _not_for_nbgrader()
    path = DATA / file
    if file == PLAYS and not path.exists():
        try:
            with urllib.request.urlopen(SHAKESPEARE, timeout=SECONDS) as response:
                data = response.read()
            if hashlib.sha256(data).hexdigest() != SHA256:
                raise OSError("another text arrived")
            path.write_bytes(data)
        except OSError as problem:
            path = DATA / "sonnets.txt"
            print(f"no download ({problem}); the sonnets in {path.name} take its place")
    text = path.read_text(encoding="utf-8")
    print(f"{path.name}: {len(text):,} characters")
    return text


def byte_pairs(text: str, vocab_size: int) -> Any:
    """A byte-pair tokenizer that learned its tokens from a text (the `tokenizers` library).

    ``.encode(text).ids`` are the tokens of a text, ``.decode(ids)`` is the text of tokens.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, show_progress=False)
    tokenizer.train_from_iterator(text.splitlines(keepends=True), trainer)
    return tokenizer


def as_arrays(model: Any) -> dict[str, np.ndarray]:
    """The weights of a ``CharRNN`` in the order and the shapes that ``generate`` takes."""
    given = {name: value.detach().numpy().copy() for name, value in model.state_dict().items()}
    return {
        "W_e": given["embedding.weight"],
        "W_x": given["rnn.weight_ih_l0"].T,
        "W_h": given["rnn.weight_hh_l0"].T,
        "b_h": given["rnn.bias_ih_l0"] + given["rnn.bias_hh_l0"],
        "W_y": given["output.weight"].T,
        "b_y": given["output.bias"],
    }


def batches(inputs: np.ndarray, targets: np.ndarray, size: int) -> list[tuple[Any, Any]]:
    """Windows (M,T) and their targets in random order, ``size`` at a time, as tensors."""
    import torch

    order = torch.randperm(len(inputs))
    x, y = torch.from_numpy(inputs), torch.from_numpy(targets)
    return [(x[rows], y[rows]) for rows in order.split(size)]


# -- the training loop -----------------------------------------------------------------------------


def check_training(train: Callable[..., Any], bptt: Callable[..., Any]) -> bool:
    """Compares your training loop with single steps of gradient descent, made with your ``bptt``.

    Prints what is right (✓) and what is not (✗); returns whether all is right. Nothing is marked.
    """
    rng = np.random.default_rng(0)
    weights = small_weights(5, 4, 5, rng)
    before = {name: weight.copy() for name, weight in weights.items()}
    batches = []
    for rows, steps in ((2, 3), (1, 6)):
        tokens = rng.integers(5, size=(rows, steps + 1))
        batches.append((np.eye(5)[tokens[:, :-1]], tokens[:, 1:]))

    def one_step(given: Mapping[str, np.ndarray], batch: Any, most: float) -> tuple[float, Any]:
        start = np.zeros((len(batch[0]), 4))
        loss, slopes = bptt(*batch, start, *given.values())
        length = np.linalg.norm(np.concatenate([slopes[name].ravel() for name in given]))
        rate = 0.5 / max(1.0, length / most)
        return loss, {name: given[name] - rate * slopes[name] for name in given}

    def alike(got: Any, want: Any) -> bool:
        return all(np.allclose(got[name], want[name], rtol=1e-6) for name in want)

    found: dict[str, bool] = {}
    try:
        first_loss, once = one_step(before, batches[0], 1e9)
        second_loss, twice = one_step(once, batches[1], 1e9)
        _, clipped = one_step(before, batches[0], 0.01)
        learned, losses = train(weights, batches, 0.5, 1e9)
        found["returns the weights by name, and one loss for each batch"] = set(learned) == set(
            before
        ) and len(losses) == len(batches)
        found["leaves the given weights as they are"] = alike(weights, before)
        found["takes one step against the gradient for each batch"] = alike(learned, twice)
        found["takes each loss before the step of its batch"] = np.allclose(
            losses, [first_loss, second_loss], rtol=1e-6
        )
        found["clips the gradients of the weights, and only those"] = alike(
            train(before, batches[:1], 0.5, 0.01)[0], clipped
        )
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        found[f"runs to its end ({type(error).__name__}: {error})"] = False
    for what, right in found.items():
        print(f"  {'✓' if right else '✗'}  your loop {what}")
    return all(found.values())


# -- figures ---------------------------------------------------------------------------------------


def _finish(name: str) -> None:
    """Leaves the figure to the notebook, which shows it; in a script, writes it into a file."""
    if "ipykernel" in sys.modules:
        return
    import matplotlib.pyplot as plt

    FOLDER.mkdir(exist_ok=True)
    plt.savefig(FOLDER / f"{name}.png", dpi=120)
    plt.close()
    print(f"drawn: {FOLDER / name}.png")


def _axes(width: float, height: float) -> Axes:
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(0.78 * width, 0.78 * height), layout="constrained")
    axes.set_xlim(-0.6, width - 0.6)
    axes.set_ylim(-0.5, height - 0.5)
    axes.set_aspect("equal")
    axes.axis("off")
    return axes


def _box(axes: Axes, x: float, y: float, text: str, color: str = STATE, size: float = 12) -> None:
    style = {"boxstyle": "round,pad=0.4", "facecolor": color, "edgecolor": LINE}
    axes.text(x, y, text, ha="center", va="center", fontsize=size, bbox=style)


def _circle(axes: Axes, x: float, y: float, sign: str) -> None:
    style = {"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": LINE}
    axes.text(x, y, sign, ha="center", va="center", fontsize=12, bbox=style)


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    text: str = "",
    *,
    color: str = LINE,
    above: float = 0.2,
    width: float = 1.6,
) -> None:
    """An arrow from start to end; its text stands over it, or beside it if it is vertical."""
    style = {"arrowstyle": "-|>", "color": color, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    if start[0] == end[0]:
        axes.text(x + 0.1, y, text, ha="left", va="center", fontsize=10, color=color)
    else:
        axes.text(x, y + above, text, ha="center", va="center", fontsize=10, color=color)


def _note(axes: Axes, x: float, y: float, text: str, color: str = LINE, size: float = 10) -> None:
    axes.text(x, y, text, ha="center", va="center", fontsize=size, color=color)


def draw_cell() -> None:
    """Draws one step of the network, with the shape of what goes along each arrow."""
    axes = _axes(12.6, 5.2)
    _box(axes, 0.3, 2.4, "$h_{t-1}$")
    _box(axes, 2.6, 2.4, r"$\times\, W_h$", OUTER)
    _circle(axes, 5.0, 2.4, "$+$")
    _box(axes, 6.9, 2.4, r"$\tanh$", OUTER)
    _box(axes, 9.2, 2.4, "$h_t$")
    _box(axes, 5.0, 0.9, r"$\times\, W_x$", OUTER)
    _box(axes, 2.6, 0.1, "$e_t$")
    _note(axes, 3.9, 3.5, "$b_h$  (H,)")
    _arrow(axes, (4.1, 3.3), (4.85, 2.65))
    _arrow(axes, (0.85, 2.4), (1.9, 2.4), "(N,H)")
    _arrow(axes, (3.3, 2.4), (4.7, 2.4), "(N,H)")
    _arrow(axes, (5.3, 2.4), (6.25, 2.4), "(N,H)")
    _arrow(axes, (7.55, 2.4), (8.75, 2.4), "(N,H)")
    _arrow(axes, (5.0, 1.3), (5.0, 2.1), "(N,H)")
    _arrow(axes, (3.1, 0.15), (4.3, 0.6), "(N,E)", above=0.28)
    _note(axes, 2.6, 1.75, "(H,H)", size=9)
    _note(axes, 5.95, 0.9, "(E,H)", size=9)
    _arrow(axes, (9.65, 2.4), (11.6, 2.4), "to step $t+1$")
    _box(axes, 9.2, 3.9, r"$\times\, W_y + b_y$, softmax", OUTER)
    _arrow(axes, (9.2, 2.8), (9.2, 3.5), "(N,H)")
    _note(axes, 11.75, 4.15, "$y_{t+1}$  (N,V)")
    _arrow(axes, (10.9, 3.9), (11.9, 3.9))
    _finish("cell")


def draw_unrolled(inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Draws one cell per step, its input token below and the token it should predict above."""
    axes = _axes(2 * len(inputs) + 2, 4.4)
    _box(axes, 0.2, 1.7, "$h_0$")
    for t, (token, target) in enumerate(zip(inputs, outputs, strict=True), start=1):
        x = 2 * t + 0.2
        _box(axes, x, 1.7, f"$h_{t}$")
        _box(axes, x, 0, f"“{token}”", OUTER)
        _box(axes, x, 3.4, f"“{target}”", OUTER)
        _arrow(axes, (x - 1.55, 1.7), (x - 0.45, 1.7), "$W_h$")
        _arrow(axes, (x, 0.4), (x, 1.3), "$W_e, W_x$")
        _arrow(axes, (x, 2.1), (x, 3.0), "$W_y$")
    _finish("unrolled")


def draw_perplexity(probabilities: Sequence[float]) -> None:
    """Draws a wheel of equally likely options for each prediction, and one for all together."""
    import matplotlib.pyplot as plt

    together = float(np.exp(-np.mean(np.log(probabilities))))
    wheels = [*(1 / one for one in probabilities), together]
    titles = [f"a prediction with $p$ = {one:g}" for one in probabilities]
    _, row = plt.subplots(1, len(wheels), figsize=(9, 3.4), layout="constrained")
    for axes, options, title in zip(row, wheels, [*titles, "both together"], strict=True):
        whole = int(options + 1e-9)
        slices = [1.0] * whole + ([options - whole] if options - whole > 1e-6 else [])
        colors = ["#5b9bd5", *["#dfe7ef"] * (len(slices) - 1)]
        axes.pie(
            slices,
            colors=colors,
            startangle=90,
            counterclock=False,
            wedgeprops={"edgecolor": LINE, "linewidth": 1.2},
        )
        axes.set_title(title, fontsize=11)
        axes.set_xlabel(f"one of {options:.3g}", fontsize=11)
    _finish("perplexity")


def draw_gradient_routes() -> None:
    """Draws the last three steps: forward in grey, and in red the gradient on its way back."""
    axes = _axes(11.2, 4.2)
    for x, name in ((0.5, "T-2"), (4.9, "T-1"), (9.3, "T")):
        _box(axes, x, 0.6, f"$h_{{{name}}}$")
        _box(axes, x, 3.0, f"loss at ${name}$", OUTER)
        _arrow(axes, (x - 0.15, 1.05), (x - 0.15, 2.6))
        _arrow(axes, (x + 0.15, 2.6), (x + 0.15, 1.05), "1: own loss", color=BACK)
    for x in (0.5, 4.9):
        _arrow(axes, (x + 0.65, 0.75), (x + 3.75, 0.75))
        text = r"2: next state, $\times (1-h^2)$, $\times W_h^\top$"
        _arrow(axes, (x + 3.75, 0.45), (x + 0.65, 0.45), text, color=BACK, above=-0.35)
    _finish("gradient_routes")


def draw_jacobians(factor: float = 0.6) -> None:
    """Draws how a gradient passes one Jacobian after another; its arrow shows what is left."""
    axes = _axes(12.2, 3.6)
    for step in range(5):
        x = 10.8 - 2.7 * step
        name = "T" if step == 0 else f"T-{step}"
        _box(axes, x, 1.1, f"$h_{{{name}}}$")
        _note(axes, x, 2.1, f"{factor**step:.2f}".rstrip("0").rstrip("."), BACK, 11)
        if step < 4:
            _box(axes, x - 1.35, 2.75, f"$J_{{{name}}}$", OUTER, 11)
            _arrow(axes, (x - 0.6, 1.1), (x - 2.1, 1.1), color=BACK, width=7 * factor**step + 0.6)
            axes.plot([x - 1.35, x - 1.35], [1.35, 2.35], color=LINE, linewidth=0.8)
    _note(
        axes, 5.4, 0.05, rf"every Jacobian shortens the gradient to {factor:g} of its length", BACK
    )
    _finish("jacobians")


def draw_sampling(logits: Sequence[float]) -> None:
    """Draws what temperature and top-k make of the probabilities of one set of logits."""
    import matplotlib.pyplot as plt

    given = np.asarray(logits, dtype=float)
    kept = np.where(given >= np.sort(given)[-2], given, -np.inf)
    draws = {
        "temperature 0.5": given / 0.5,
        "temperature 1": given,
        "temperature 2": given / 2,
        "top_k = 2": kept,
    }
    _, row = plt.subplots(1, 4, figsize=(9, 2.8), layout="constrained", sharey=True)
    for axes, (title, scaled) in zip(row, draws.items(), strict=True):
        shares = np.exp(scaled - scaled.max())
        shares /= shares.sum()
        colors = [STATE if share else PALE for share in shares]
        bars = axes.bar([f"{v}" for v in range(len(given))], shares, color=colors, edgecolor=LINE)
        axes.bar_label(bars, fmt="%.3f", fontsize=8, padding=2)
        axes.set(title=title, xlabel="token", ylim=(0, 1))
        axes.title.set_fontsize(11)
        axes.spines[["top", "right"]].set_visible(False)
    row[0].set_ylabel("probability")
    _finish("sampling")


# -- plots -----------------------------------------------------------------------------------------


def _plots(
    titles: Sequence[str], across: str, up: str, size: tuple[float, float] = (7, 3.4)
) -> list[Axes]:
    """One plot for each title, side by side, with a common vertical axis."""
    import matplotlib.pyplot as plt

    _, row = plt.subplots(
        1, len(titles), figsize=size, layout="constrained", sharey=True, squeeze=False
    )
    for axes, title in zip(row[0], titles, strict=True):
        axes.set(title=title, xlabel=across)
        axes.grid(alpha=0.3)
    row[0][0].set_ylabel(up)
    return list(row[0])


def draw_losses(
    losses: Mapping[str, Sequence[float]], starts: Mapping[str, float], window: int = 50
) -> None:
    """Draws losses by update, each the mean over the last ``window``, and where they begin."""
    [axes] = _plots(["Loss in training"], "updates", "nats per character")
    for i, (title, values) in enumerate(losses.items()):
        sums = np.cumsum([0.0, *values])
        width = min(window, len(values))
        means = (sums[width:] - sums[:-width]) / width
        axes.plot(np.arange(width, len(values) + 1), means, color=f"C{i}", label=title)
    for i, (title, value) in enumerate(starts.items()):
        axes.axhline(value, color=f"C{i}", linestyle="--", linewidth=1, label=title)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8)
    _finish("losses")


def draw_lags(norms: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Draws the norm of a gradient by how many steps it went back: a plot for each title."""
    plots = _plots(list(norms), "steps back", "norm, relative to the start", (9, 3.6))
    for axes, lines in zip(plots, norms.values(), strict=True):
        for title, values in lines.items():
            axes.semilogy(np.arange(len(values)), values, label=title)
        axes.axhline(1, color=LINE, linewidth=0.8, linestyle="--")
        axes.set_ylim(1e-10, 1e4)
    plots[-1].legend(title="$W_h$ at the start", fontsize=8)
    _finish("lags")


def draw_temperatures(
    temperatures: Sequence[float], distinct: Sequence[float], known: Sequence[float]
) -> None:
    """Draws, by temperature, the share of distinct names and of names that are in the list."""
    [axes] = _plots(["Temperature"], "temperature", "share of the drawn names")
    axes.plot(temperatures, distinct, marker="o", label="different from each other")
    axes.plot(temperatures, known, marker="s", label="in the list")
    axes.set_ylim(0, 1.05)
    axes.legend()
    _finish("temperatures")


def draw_reset(read: Mapping[str, Sequence[tuple[str, Sequence[float]]]]) -> None:
    """Colors each character of some words by the probability that it was given, side by side.

    Args:
        read: for each title, words with the probabilities of their characters.
    """
    import matplotlib.pyplot as plt
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable

    colors = colormaps["RdYlGn"]
    figure, row = plt.subplots(1, len(read), figsize=(9, 4), layout="constrained")
    for axes, (title, words) in zip(row, read.items(), strict=True):
        longest = max(len(word) for word, _ in words)
        for y, (word, shares) in enumerate(words):
            for x, (character, share) in enumerate(zip(word, shares, strict=True)):
                box = plt.Rectangle((x - 0.5, y - 0.45), 1, 0.9, color=colors(share), alpha=0.75)
                axes.add_patch(box)
                axes.text(x, y, character, ha="center", va="center", family="monospace")
        axes.set(xlim=(-0.6, longest - 0.4), ylim=(len(words) - 0.4, -0.6), title=title)
        axes.axis("off")
    scale = ScalarMappable(cmap=colors)
    figure.colorbar(scale, ax=row, label="probability of the right character", alpha=0.75)
    _finish("reset")


def draw_units(text: str, states: np.ndarray, depths: Sequence[int], unit: int) -> None:
    """Draws all hidden units over a text as a heat map, and below it one of them as a line."""
    import matplotlib.pyplot as plt

    _, (above, below) = plt.subplots(
        2, 1, figsize=(11, 4.8), layout="constrained", sharex=True, height_ratios=(3, 2)
    )
    image = above.imshow(states.T, aspect="auto", cmap="coolwarm", vmin=-1, vmax=1)
    above.set(ylabel="hidden unit", yticks=range(states.shape[1]), title="The state over the text")
    plt.colorbar(image, ax=above, label="$h_t$", pad=0.01)
    steps = np.arange(len(text))
    below.bar(steps, depths, width=1, color="#e2e2e2", label="brackets that are open")
    below.set_xticks(steps, list(text), family="monospace", fontsize=9)
    below.tick_params(axis="x", length=0)
    below.set_ylabel("open brackets")
    below.legend(loc="upper right", fontsize=8)
    beside = below.twinx()
    beside.plot(steps, states[:, unit], color=BACK, marker=".")
    beside.set_ylabel(f"unit {unit}", color=BACK)
    _finish("units")


def draw_bits(bits: Mapping[str, tuple[float, float]]) -> None:
    """Draws the bits per character of each model, if any, on the training text and on new text."""
    if not bits:
        return
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(8, 0.5 * len(bits) + 1.6), layout="constrained")
    places = np.arange(len(bits))
    for shift, which, label, color in (
        (-0.2, 0, "training text", PALE),
        (0.2, 1, "new text", "#9cc3e6"),
    ):
        values = [pair[which] for pair in bits.values()]
        bars = axes.barh(places + shift, values, 0.38, label=label, color=color, edgecolor=LINE)
        axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=9)
    axes.set_yticks(places, list(bits))
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set(title="How well is the next character guessed?", xlabel="bits per character")
    axes.legend(fontsize=8)
    _finish("bits")


def draw_epochs(training: Sequence[float], held_out: Sequence[float]) -> None:
    """Draws the perplexity by epoch, on the training text and on text that was held out."""
    from matplotlib.ticker import MaxNLocator, ScalarFormatter

    [axes] = _plots(["Perplexity"], "epoch", "equally likely tokens")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    epochs = np.arange(1, len(training) + 1)
    axes.semilogy(epochs, training, marker="o", label="training text")
    axes.semilogy(epochs, held_out, marker="s", label="held-out text")
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.legend()
    _finish("epochs")


def draw_recall(right: Mapping[str, Sequence[float]], every: int) -> None:
    """Draws the share of letters that were recalled by update: a line for each gap."""
    [axes] = _plots(["Recall"], "updates", "share of right answers")
    for title, values in right.items():
        axes.plot(every * np.arange(len(values)), values, label=title)
    axes.axhline(1 / LETTERS, color=LINE, linestyle="--", linewidth=1, label="a guess")
    axes.set_ylim(0, 1.05)
    axes.legend(loc="center right")
    _finish("recall")


# -- passages --------------------------------------------------------------------------------------


def show_passages(rows: Sequence[Mapping[str, str]]) -> None:
    """Shows texts in rows of panels, each under its title; in a script, prints them."""
    if "ipykernel" not in sys.modules:
        for row in rows:
            for title, text in row.items():
                print(f"--- {title}\n{text}\n")
        return
    from IPython.display import HTML, display

    panel = (
        '<div style="flex:1 1 15em;border:1px solid #888;border-radius:6px;padding:.6em">'
        '<b>{}</b><pre style="white-space:pre-wrap;margin:.4em 0 0;background:none">{}</pre></div>'
    )
    lines = []
    for row in rows:
        panels = "".join(panel.format(*map(html.escape, pair)) for pair in row.items())
        lines.append(
            f'<div style="display:flex;flex-wrap:wrap;gap:.6em;margin:.6em 0">{panels}</div>'
        )
    display(HTML("".join(lines)))


def slide(write: Callable[[Any, float], str], epochs: Sequence[Any]) -> None:
    """Sliders for the epoch and the temperature of a passage, where ipywidgets is installed."""
    try:
        import ipywidgets
    except ImportError:
        return
    if "ipykernel" not in sys.modules:
        return
    from IPython.display import display

    choices = {
        "epoch": ipywidgets.SelectionSlider(options=list(epochs), value=epochs[-1]),
        "temperature": ipywidgets.FloatSlider(value=0.8, min=0.0, max=2.0, step=0.1),
    }
    for name, choice in choices.items():
        choice.description, choice.continuous_update = name, False

    def show(epoch: Any, temperature: float) -> None:
        print(write(epoch, temperature))

    display(*choices.values(), ipywidgets.interactive_output(show, choices))
