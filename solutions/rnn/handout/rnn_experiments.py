"""What the notebook is run with beside your functions: texts, progress bars, figures.

In a script, figures go into files, in the folder `figures`.
"""

from __future__ import annotations

import hashlib
import os
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
SONNETS = Path(__file__).parent / "data" / "sonnets.txt"
SECONDS = 15  # to wait for a download
STATE, OUTER, BACK = "#cfe3f5", "#f3ead3", "#c0392b"
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
    return tqdm(over, title, file=sys.stdout, mininterval=0.5, ncols=80)


class Names:
    """A list of names as sequences of characters, each between two newlines."""

    def __init__(self, file: str) -> None:
        lines = (Path(__file__).parent / file).read_text(encoding="utf-8").splitlines()
        self.names = [line for line in lines if line]
        self.alphabet = sorted(set("\n".join(self.names)))
        self.vocab_size = len(self.alphabet)
        self.newline = self.alphabet.index("\n")

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """One of the names, as token ids, with the newlines."""
        return self.ids(f"\n{self.names[rng.integers(len(self.names))]}\n")

    def ids(self, text: str) -> np.ndarray:
        """(L,) the token ids of a text."""
        return np.array([self.alphabet.index(character) for character in text])

    def spell(self, ids: Iterable[int]) -> str:
        """Drawn tokens as text, up to the first newline."""
        return "".join(self.alphabet[token] for token in ids).split("\n")[0]


def small_weights(vocab_size: int, hidden: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights of a character RNN whose inputs are one-hot, in the order that ``bptt`` takes."""
    return {
        "W_x": 0.1 * rng.normal(size=(vocab_size, hidden)),
        "W_h": 0.1 * rng.normal(size=(hidden, hidden)),
        "b_h": np.zeros(hidden),
        "W_y": 0.1 * rng.normal(size=(hidden, vocab_size)),
        "b_y": np.zeros(vocab_size),
    }


def rotation(size: int, rng: np.random.Generator) -> np.ndarray:
    """(H,H) a random matrix all of whose singular values are 1."""
    return np.linalg.qr(rng.normal(size=(size, size)))[0]


def shakespeare(file: str) -> str:
    """Shakespeare's plays from a file; where there is none, they are downloaded into it.

    What is downloaded must have the right SHA-256. Without a network, the sonnets that lie beside
    this notebook are returned.
    """
    _not_for_nbgrader()
    path = Path(__file__).parent / file
    if not path.exists():
        try:
            with urllib.request.urlopen(SHAKESPEARE, timeout=SECONDS) as response:
                data = response.read()
            if hashlib.sha256(data).hexdigest() != SHA256:
                raise OSError("what came is another text")
            path.write_bytes(data)
        except OSError as problem:
            print(f"no download ({problem}); the sonnets in {SONNETS.name} take its place")
            path = SONNETS
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
    given = {name: value.detach().numpy() for name, value in model.state_dict().items()}
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

    _, axes = plt.subplots(figsize=(width, height), layout="constrained")
    axes.set_xlim(-0.4, width - 0.4)
    axes.set_ylim(-0.4, height - 0.4)
    axes.set_aspect("equal")
    axes.axis("off")
    return axes


def _box(axes: Axes, x: float, y: float, text: str, color: str) -> None:
    style = {"boxstyle": "round,pad=0.45", "facecolor": color, "edgecolor": "#444444"}
    axes.text(x, y, text, ha="center", va="center", fontsize=12, bbox=style)


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    text: str = "",
    *,
    color: str = "#444444",
    above: float = 0.2,
) -> None:
    """An arrow from start to end; its text stands over it, or beside it if it is vertical."""
    style = {"arrowstyle": "-|>", "color": color, "linewidth": 1.6}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    if start[0] == end[0]:
        axes.text(x + 0.1, y, text, ha="left", va="center", fontsize=10, color=color)
    else:
        axes.text(x, y + above, text, ha="center", va="center", fontsize=10, color=color)


def draw_unrolled(inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Draws one cell per step, its input token below and the token it should predict above."""
    axes = _axes(2 * len(inputs) + 2, 4.2)
    _box(axes, 0.2, 1.7, "$h_0$", STATE)
    for t, (token, target) in enumerate(zip(inputs, outputs, strict=True), start=1):
        x = 2 * t + 0.2
        _box(axes, x, 1.7, f"$h_{t}$", STATE)
        _box(axes, x, 0.1, f"“{token}”", OUTER)
        _box(axes, x, 3.3, f"“{target}”", OUTER)
        _arrow(axes, (x - 1.6, 1.7), (x - 0.4, 1.7), "$W_h$")
        _arrow(axes, (x, 0.5), (x, 1.3), "$W_e, W_x$")
        _arrow(axes, (x, 2.1), (x, 2.9), "$W_y$")
    _finish("unrolled")


def draw_gradient_routes() -> None:
    """Draws the last three steps: forward in grey, and in red the gradient on its way back."""
    axes = _axes(9.2, 3.6)
    for x, name in ((0.6, "T-2"), (4.0, "T-1"), (7.4, "T")):
        _box(axes, x, 0.6, f"$h_{{{name}}}$", STATE)
        _box(axes, x, 2.6, f"loss at ${name}$", OUTER)
        _arrow(axes, (x - 0.15, 1.05), (x - 0.15, 2.2))
        _arrow(axes, (x + 0.15, 2.2), (x + 0.15, 1.05), "own output", color=BACK)
    for x in (0.6, 4.0):
        _arrow(axes, (x + 0.6, 0.75), (x + 2.8, 0.75))
        text = r"next state: $\times(1-h^2)$, $\times W_h^T$"
        _arrow(axes, (x + 2.8, 0.45), (x + 0.6, 0.45), text, color=BACK, above=-0.35)
    _finish("gradient_routes")


def _plot(title: str, across: str, up: str) -> Axes:
    import matplotlib.pyplot as plt

    _, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
    axes.set(title=title, xlabel=across, ylabel=up)
    axes.grid(alpha=0.3)
    return axes


def draw_losses(losses: Mapping[str, Sequence[float]], window: int = 500) -> None:
    """Draws losses by iteration, each the mean over the last ``window`` iterations."""
    axes = _plot("Loss in training", "iteration", "nats per character")
    for title, values in losses.items():
        sums = np.cumsum([0.0, *values])
        width = min(window, len(values))
        means = (sums[width:] - sums[:-width]) / width
        axes.plot(np.arange(width, len(values) + 1), means, label=title)
    axes.legend()
    _finish("losses")


def draw_lags(norms: Mapping[str, Sequence[float]]) -> None:
    """Draws the norm of a gradient by how many steps it went back, on a logarithmic scale."""
    axes = _plot("How much of the gradient is left", "steps back", "norm, relative to the start")
    for title, values in norms.items():
        axes.semilogy(np.arange(len(values)), np.asarray(values) / values[0], label=title)
    axes.set_ylim(1e-8, 1e4)
    axes.legend(title="singular value of $W_h$", bbox_to_anchor=(1.01, 1), fontsize=8)
    _finish("lags")


def draw_temperatures(
    temperatures: Sequence[float], distinct: Sequence[float], known: Sequence[float]
) -> None:
    """Draws, by temperature, the share of distinct names and of names that are in the list."""
    axes = _plot("Temperature", "temperature", "share of the drawn names")
    axes.plot(temperatures, distinct, marker="o", label="different from each other")
    axes.plot(temperatures, known, marker="s", label="in the list")
    axes.set_ylim(0, 1.05)
    axes.legend()
    _finish("temperatures")


def draw_positions(perplexities: Mapping[str, Sequence[float]]) -> None:
    """Draws the perplexity of a name's characters, by their place in the name."""
    from matplotlib.ticker import ScalarFormatter

    axes = _plot("The names, place by place", "place in the name", "equally likely characters")
    for title, values in perplexities.items():
        axes.semilogy(np.arange(1, len(values) + 1), values, marker="o", label=title)
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.legend(title="state")
    _finish("positions")


def draw_epochs(training: Sequence[float], held_out: Sequence[float]) -> None:
    """Draws the perplexity by epoch, on the training text and on text that was held out."""
    from matplotlib.ticker import MaxNLocator

    axes = _plot("Perplexity", "epoch", "equally likely tokens")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    epochs = np.arange(1, len(training) + 1)
    axes.plot(epochs, training, marker="o", label="training text")
    axes.plot(epochs, held_out, marker="s", label="held-out text")
    axes.legend()
    _finish("epochs")


def draw_perplexities(held_out: Mapping[str, float]) -> None:
    """Draws one bar for the perplexity of each model on held-out text, if there is any."""
    if not held_out:
        return
    axes = _plot("Perplexity on held-out text", "equally likely characters", "")
    bars = axes.barh(list(held_out), list(held_out.values()), color=STATE, edgecolor="#444444")
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.margins(x=0.1)
    axes.invert_yaxis()
    _finish("perplexities")
