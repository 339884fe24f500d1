"""What the notebook is run with beside your functions: texts, tasks, training, figures.

In a script, figures go into files, in the folder `figures`.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
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
DATA = Path(__file__).parent / "data"
SECONDS = 15  # to wait for a download
STATE, OUTER, GATE, EMPTY = "#cfe3f5", "#f3ead3", "#d9ead3", "#eeeeee"
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


def shakespeare() -> str:
    """Shakespeare's plays, which are downloaded once into the folder `data`.

    What is downloaded must have the right SHA-256. Without a network, the sonnets that lie beside
    this notebook are returned.
    """
    _not_for_nbgrader()
    path = DATA / "shakespeare.txt"
    if not path.exists():
        try:
            with urllib.request.urlopen(SHAKESPEARE, timeout=SECONDS) as response:
                data = response.read()
            if hashlib.sha256(data).hexdigest() != SHA256:
                raise OSError("what came is another text")
            path.write_bytes(data)
        except OSError as problem:
            path = DATA / "sonnets.txt"
            print(f"no download ({problem}); the sonnets in {path.name} take its place")
    text = path.read_text(encoding="utf-8")
    print(f"{path.name}: {len(text):,} characters")
    return text


class Reviews:
    """Short reviews, and whether each praises its film.

    They come in pairs of opposite meaning. Every fifth pair is held out.

    Attributes:
        texts: M strings.
        praise: (M,) ints, 1 = praise.
        words: the vocabulary; word 0 is the padding.
        train, held_out: which rows are for what.
    """

    def __init__(self) -> None:
        lines = (DATA / "reviews.txt").read_text(encoding="utf-8").splitlines()
        self._neutral = (DATA / "sentences.txt").read_text(encoding="utf-8").splitlines()
        self.texts = [line[2:] for line in lines]
        self.praise = np.array([line[0] == "+" for line in lines], dtype=int)
        pair = np.arange(len(lines)) // 2
        self.train, self.held_out = np.flatnonzero(pair % 5), np.flatnonzero(pair % 5 == 0)
        words = {word for text in (*self.texts, *self._neutral) for word in self._split(text)}
        self.words = ["(padding)", *sorted(words)]
        self._number = {word: i for i, word in enumerate(self.words)}
        self._rng = np.random.default_rng(0)

    @staticmethod
    def _split(text: str) -> list[str]:
        return re.findall(r"[a-z0-9']+", text.lower())

    def read(self, rows: Sequence[int], after: int | Sequence[int] = 0) -> tuple[Any, Any]:
        """Some of the reviews as words, each with ``after`` neutral sentences behind it.

        Returns:
            tokens: (N,T) ints, padded at the end; lengths: (N,) ints.
        """
        import torch

        found = []
        for row, count in zip(rows, np.broadcast_to(after, len(rows)), strict=True):
            behind = self._rng.choice(self._neutral, size=count, replace=False)
            text = " ".join([self.texts[row], *behind])
            found.append([self._number[word] for word in self._split(text)])
        lengths = np.array([len(words) for words in found])
        tokens = np.zeros((len(found), lengths.max()), dtype=int)
        for filled, words in zip(tokens, found, strict=True):
            filled[: len(words)] = words
        return torch.from_numpy(tokens), torch.from_numpy(lengths)

    def count(self, rows: Sequence[int]) -> Any:
        """(N,V) how often each word is in each of the reviews: the order is gone."""
        import torch

        counts = torch.eye(len(self.words))[self.read(rows)[0]].sum(dim=1)
        counts[:, 0] = 0
        return counts


def adding(rows: int, T: int) -> tuple[Any, Any]:
    """The adding problem: numbers from 0 to 1, of which two are marked; what is their sum?

    Returns:
        x: (rows,T,2) a number and a mark at each step; one mark is in each half.
        y: (rows,) the sum of the two marked numbers. Its variance is 1/6.
    """
    import torch

    numbers, marks = torch.rand(rows, T), torch.zeros(rows, T)
    each = torch.arange(rows)
    marks[each, torch.randint(0, T // 2, (rows,))] = 1
    marks[each, torch.randint(T // 2, T, (rows,))] = 1
    return torch.stack([numbers, marks], dim=2), (numbers * marks).sum(dim=1)


def copying(rows: int, T: int, symbols: int = 3) -> tuple[Any, Any]:
    """Copying: some of 4 symbols, T blanks, then blanks in whose place the symbols are asked for.

    Returns:
        x: (rows, symbols + T + symbols, 6) one-hot: 4 symbols, the blank, the sign to begin.
        y: (rows, symbols) the symbols, which are the answers to the last steps.
    """
    import torch

    y = torch.randint(0, 4, (rows, symbols))
    tokens = torch.full((rows, symbols + T + symbols), 4)
    tokens[:, :symbols] = y
    tokens[:, symbols + T] = 5
    return torch.eye(6)[tokens], y


# -- training --------------------------------------------------------------------------------------


def learn(
    loss_now: Callable[[], Any],
    parameters: Sequence[Any],
    steps: int,
    rate: float,
    title: str,
    enough: float = 0.0,
) -> list[float]:
    """Training with Adam, the gradients clipped to a joint norm of 1. Returns the losses.

    Args:
        loss_now: returns the loss of one batch, a tensor.
        parameters: the weights that are trained.
        steps: how many updates.
        rate: the learning rate.
        title: what the progress bar says.
        enough: once the last 50 losses have a mean below it, training ends.
    """
    import torch

    torch.set_num_threads(1)  # the networks are small, and more threads would wait for each other
    optimizer = torch.optim.Adam(parameters, lr=rate)
    losses: list[float] = []
    for _ in progress(steps, title):
        loss = loss_now()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.item())
        if len(losses) >= 50 and np.mean(losses[-50:]) < enough:
            break
    return losses


def numeric_jacobian(
    step: Callable[[np.ndarray, int], np.ndarray], h: np.ndarray, t: int
) -> np.ndarray:
    """(N,H,H) the Jacobian of ``step(h, t)`` with respect to h (N,H), by small changes of h."""
    columns = [
        (step(h + change, t) - step(h - change, t)) / 2e-5 for change in 1e-5 * np.eye(h.shape[1])
    ]
    return np.stack(columns, axis=2)


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


def _wide(axes: Axes, left: float, right: float, y: float, text: str) -> None:
    """A box from left to right, 0.8 high."""
    import matplotlib.pyplot as plt

    corner, size = (left, y - 0.4), (right - left, 0.8)
    axes.add_patch(plt.Rectangle(corner, *size, facecolor=OUTER, edgecolor=LINE))
    axes.text((left + right) / 2, y, text, ha="center", va="center", fontsize=12)


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
    dashed: bool = False,
) -> None:
    """An arrow from start to end; its text stands over it, or beside it if it is vertical."""
    style = {"arrowstyle": "-|>", "color": color, "linewidth": 1.6}
    style |= {"shrinkA": 0, "shrinkB": 0, "linestyle": "--" if dashed else "-"}
    axes.annotate("", xy=end, xytext=start, arrowprops=style)
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    if start[0] == end[0]:
        axes.text(x + 0.1, y, text, ha="left", va="center", fontsize=10, color=color)
    else:
        axes.text(x, y + above, text, ha="center", va="center", fontsize=10, color=color)


def _note(axes: Axes, x: float, y: float, text: str, color: str = LINE) -> None:
    axes.text(x, y, text, ha="center", va="center", fontsize=10, color=color)


def draw_pieces() -> None:
    """Draws six steps in pieces of two: the state goes on, in red the gradient does not."""
    axes = _axes(11.4, 3.4)
    for t in range(7):
        x = 1.6 * t + 0.2
        _box(axes, x, 1.3, f"$h_{t}$")
        if t:
            _arrow(axes, (x - 1.15, 1.4), (x - 0.45, 1.4), "(N,H)" if t == 1 else "")
            _arrow(axes, (x, 1.7), (x, 2.3))
            _note(axes, x, 2.5, f"loss at {t}")
            if t % 2 == 0:
                _arrow(axes, (x - 0.45, 1.2), (x - 1.15, 1.2), color=BACK)
                _note(axes, x - 0.8, 0.1, f"piece {t // 2}", BACK)
                axes.plot([x - 2.0, x + 0.4], [0.45, 0.45], color=BACK, linewidth=1.6)
    for t in (3, 5):
        _note(axes, 1.6 * t - 0.6, 1.14, "$\\times$", BACK)
    _finish("pieces")


def draw_lstm_cell() -> None:
    """Draws one step of the LSTM: the memory along the top, the gates below it."""
    axes = _axes(12.2, 5.6)
    _box(axes, 0.3, 4.4, "$c_{t-1}$")
    _box(axes, 11, 4.4, "$c_t$")
    _box(axes, 0.3, 0.8, "$h_{t-1}$")
    _box(axes, 0.3, -0.1, "$x_t$", OUTER)
    _box(axes, 11, 1.9, "$h_t$")
    _wide(axes, 2.6, 8.8, 0.35, "$z = x_t W_x + h_{t-1} W_h + b$     (N,4H)")
    gates = {"f": (3.4, r"$\sigma(f)$"), "i": (5.0, r"$\sigma(i)$"), "g": (6.6, r"$\tanh(g)$")}
    gates["o"] = (8.2, r"$\sigma(o)$")
    for x, text in gates.values():
        _box(axes, x, 1.9, text, GATE)
        _arrow(axes, (x, 0.75), (x, 1.5), "(N,H)")
    _arrow(axes, (0.8, 0.8), (2.6, 0.5), "(N,H)")
    _arrow(axes, (0.8, -0.1), (2.6, 0.2), "(N,E)", above=-0.3)
    _circle(axes, 3.4, 4.4, r"$\times$")
    _circle(axes, 5.8, 4.4, "+")
    _circle(axes, 5.8, 3.1, r"$\times$")
    _arrow(axes, (0.8, 4.4), (3.15, 4.4), "(N,H)")
    _arrow(axes, (3.65, 4.4), (5.55, 4.4), "what is kept")
    _arrow(axes, (6.05, 4.4), (10.6, 4.4), "(N,H)")
    _arrow(axes, (3.4, 2.3), (3.4, 4.15))
    _arrow(axes, (5.1, 2.3), (5.65, 2.9))
    _arrow(axes, (6.5, 2.3), (5.95, 2.9))
    _arrow(axes, (5.8, 3.35), (5.8, 4.15), "what is written")
    _box(axes, 9.5, 3.2, r"$\tanh$", GATE)
    _arrow(axes, (9.5, 4.4), (9.5, 3.6))
    _circle(axes, 9.5, 1.9, r"$\times$")
    _arrow(axes, (9.5, 2.8), (9.5, 2.15))
    _arrow(axes, (8.7, 1.9), (9.25, 1.9))
    _arrow(axes, (9.75, 1.9), (10.6, 1.9), "(N,H)")
    _finish("lstm_cell")


def draw_lstm_back() -> None:
    """Draws the ways of the gradients through one step of the LSTM, in red."""
    axes = _axes(12.2, 5.2)
    _box(axes, 0.3, 3.6, "$c_{t-1}$")
    _box(axes, 5.6, 3.6, "$c_t$")
    _box(axes, 8.6, 3.6, "$h_t$")
    _box(axes, 5.6, 1.6, "$z = [i\\,|\\,f\\,|\\,g\\,|\\,o]$", GATE)
    _box(axes, 0.3, 1.6, "$h_{t-1}$")
    _box(axes, 0.3, 0.1, "$x_t$", OUTER)
    _box(axes, 8.6, 0.1, "$W_x, W_h, b$", OUTER)
    _note(axes, 11, 3.6, "$dh_t$ (N,H)", BACK)
    _note(axes, 5.6, 4.5, "$dc_t$ (N,H), from the memory of the next step", BACK)
    _arrow(axes, (10.2, 3.6), (9.1, 3.6), color=BACK)
    _arrow(axes, (5.6, 4.35), (5.6, 4.0), color=BACK)
    _arrow(axes, (8.1, 3.6), (6.1, 3.6), "through $\\tanh$ and $o$", color=BACK)
    _arrow(axes, (5.1, 3.6), (0.9, 3.6), "no matrix: entry by entry   (N,H)", color=BACK)
    _arrow(axes, (5.6, 3.2), (5.6, 2.0), "to $i$, $f$, $g$", color=BACK)
    _arrow(axes, (8.4, 3.2), (6.7, 2.0), color=BACK)
    _note(axes, 8.0, 2.5, "to $o$", BACK)
    _arrow(axes, (4.3, 1.6), (0.9, 1.6), r"$\times\, W_h^T$   (N,H)", color=BACK)
    _arrow(axes, (4.3, 1.3), (0.8, 0.2), r"$\times\, W_x^T$   (N,E)", color=BACK, above=-0.45)
    _arrow(axes, (6.4, 1.2), (7.6, 0.5), color=BACK)
    _note(axes, 8.7, 0.95, "added up over the batch", BACK)
    _finish("lstm_back")


def draw_gru_cell() -> None:
    """Draws one step of the GRU."""
    axes = _axes(13, 5.8)
    _box(axes, 0.3, 4.7, "$h_{t-1}$")
    _box(axes, 0.3, 0.3, "$x_t$", OUTER)
    _wide(axes, 2.2, 9.2, 3.4, "$u = h_{t-1} W_h + b_h$     (N,3H)")
    _wide(axes, 2.2, 9.2, 0.3, "$a = x_t W_x + b_x$     (N,3H)")
    _arrow(axes, (0.8, 0.3), (2.2, 0.3), "(N,E)")
    _arrow(axes, (0.8, 4.55), (2.2, 3.6), "      (N,H)", above=0.25)
    _box(axes, 3.0, 1.85, r"$r = \sigma$", GATE)
    _circle(axes, 4.8, 1.85, r"$\times$")
    _box(axes, 6.3, 1.85, r"$n = \tanh$", GATE)
    _box(axes, 8.5, 2.25, r"$z = \sigma$", GATE)
    _arrow(axes, (3.0, 0.7), (3.0, 1.45), "$a_r$")
    _arrow(axes, (3.0, 3.0), (3.0, 2.25), "$u_r$")
    _arrow(axes, (3.55, 1.85), (4.55, 1.85))
    _arrow(axes, (4.8, 3.0), (4.8, 2.1), "$u_n$")
    _arrow(axes, (5.05, 1.85), (5.6, 1.85))
    _arrow(axes, (6.3, 0.7), (6.3, 1.45), "$a_n$")
    _arrow(axes, (8.5, 0.7), (8.5, 1.85), "$a_z$")
    _arrow(axes, (8.5, 3.0), (8.5, 2.65), "$u_z$")
    _box(axes, 10.9, 1.85, "$(1-z)\\,n$\n$+\\;z\\,h_{t-1}$")
    _arrow(axes, (7.0, 1.7), (10.0, 1.7), "(N,H)            ", above=-0.22)
    _arrow(axes, (9.1, 2.2), (10.0, 2.1))
    axes.plot([0.8, 10.9], [4.75, 4.75], color=LINE, linewidth=1.6)
    _arrow(axes, (10.9, 4.75), (10.9, 2.5), "(N,H)")
    _arrow(axes, (11.8, 1.85), (12.3, 1.85))
    _note(axes, 12.1, 2.15, "$h_t$")
    _finish("gru_cell")


def draw_stacked() -> None:
    """Draws three layers over four steps."""
    axes = _axes(11, 5.6)
    for layer in range(3):
        y = 1.5 * layer + 1.2
        _box(axes, 0.3, y, f"$h_0[{layer}]$", OUTER)
        for t in range(1, 5):
            x = 2 * t + 0.4
            _box(axes, x, y, f"$h_{t}^{{({layer + 1})}}$")
            _arrow(axes, (x - 1.45 if t > 1 else 0.95, y), (x - 0.55, y))
            _arrow(
                axes, (x, y - 1.0 if layer else 0.2), (x, y - 0.45), "(N,H)" if layer else "(N,E)"
            )
            if not layer:
                _note(axes, x, 0, f"$x_{t}$")
            if layer == 2:
                _arrow(axes, (x, y + 0.45), (x, y + 0.8))
        _note(axes, 9.8, y, f"$h_T[{layer}]$")
        _arrow(axes, (8.95, y), (9.4, y))
    _note(axes, 0.3, 5.0, "outputs (N,T,H)")
    _finish("stacked")


def draw_both_ways() -> None:
    """Draws a row of three real steps and two of padding, read from both ends."""
    axes = _axes(11.6, 5)
    for t, token in enumerate(["not", "bad", "."], start=1):
        x = 2 * t - 0.2
        _box(axes, x, 0, f"$x_{t}$: “{token}”", OUTER)
        _box(axes, x - 0.45, 1.5, f"$f_{t}$")
        _box(axes, x + 0.45, 2.6, f"$b_{t}$", GATE)
        _arrow(axes, (x - 0.45, 0.4), (x - 0.45, 1.1))
        _arrow(axes, (x + 0.45, 0.4), (x + 0.45, 2.2), "(N,E)" if t == 3 else "")
        _arrow(axes, (x - 1.95 if t > 1 else x - 1.4, 1.5), (x - 0.85, 1.5))
        _arrow(axes, (x + 1.95 if t < 3 else x + 1.4, 2.6), (x + 0.9, 2.6))
        _note(axes, x, 4.1, f"$[f_{t}\\,|\\,b_{t}]$")
        _arrow(axes, (x - 0.45, 1.9), (x - 0.2, 3.8))
        _arrow(axes, (x + 0.45, 3.0), (x + 0.2, 3.8))
    _note(axes, 0.1, 1.5, "zeros")
    _note(axes, 7.6, 2.6, "zeros")
    for x in (8.6, 10.3):
        _box(axes, x, 0, "padding", EMPTY)
        _note(axes, x, 4.1, "zeros")
    _note(axes, -0.1, 4.1, "(N,T,2H)")
    _note(axes, 2.75, 1.7, "(N,H)")
    _note(axes, 3.1, 2.8, "(N,H)")
    _note(axes, 9.45, 1.5, "lengths[n] = 3")
    _finish("both_ways")


def draw_many_to_one() -> None:
    """Draws a review with padding: the answer comes after its last real word."""
    axes = _axes(12.4, 4.6)
    _note(axes, -0.1, 1.6, "zeros")
    for t, token in enumerate(["not", "bad", "at", "all", "(padding)", "(padding)"], start=1):
        x = 1.8 * t - 0.2
        real = t < 5
        _box(axes, x, 0, token, OUTER if real else EMPTY, 11)
        _box(axes, x, 1.6, f"$h_{t}$", STATE if real else EMPTY)
        _arrow(axes, (x, 0.4), (x, 1.2), "(N,E)" if t == 1 else "")
        _arrow(axes, (x - 1.35, 1.6), (x - 0.45, 1.6), "(N,H)" if t == 2 else "")
    _box(axes, 7.0, 3.2, "fc", GATE)
    _arrow(axes, (7.0, 2.0), (7.0, 2.8), "(N,H)")
    _arrow(axes, (7.4, 3.2), (8.8, 3.2), "(N,K)")
    _note(axes, 9.9, 3.2, "good or bad?")
    _note(axes, 2.8, 3.2, "lengths[n] = 4")
    _finish("many_to_one")


def draw_dropout() -> None:
    """Draws where dropout goes in a net of two layers: on the ways up, not on the ways across."""
    axes = _axes(9.8, 4.8)
    for t in range(1, 4):
        x = 2.6 * t - 1.8
        _note(axes, x, -0.2, f"$x_{t}$")
        _arrow(axes, (x, 0), (x, 0.6))
        for layer in (1, 2):
            y = 1.6 * layer - 0.6
            _box(axes, x, y, f"$h_{t}^{{({layer})}}$")
            _arrow(axes, (x, y + 0.45), (x, y + 1.15), "dropout", color=BACK, dashed=True)
            if t < 3:
                _arrow(axes, (x + 0.55, y), (x + 2.05, y), "whole (N,H)")
        _note(axes, x, 4.0, f"$y_{t}$")
    _finish("dropout_places")


def draw_decoding() -> None:
    """Draws how a sequence is written from a context: each token is the next input."""
    axes = _axes(12, 4.8)
    _box(axes, 0.5, 1.6, "context\n$h_0, c_0$  (H,)", OUTER, 11)
    words = ["(start)", "wie", "geht's", "(end)"]
    for t in range(1, 4):
        x = 3.0 * t + 0.4
        _box(axes, x, 1.6, f"$h_{t}, c_{t}$")
        _arrow(axes, (x - (1.65 if t == 1 else 2.3), 1.6), (x - 0.7, 1.6))
        _box(axes, x, 0, words[t - 1], OUTER, 11)
        _arrow(axes, (x, 0.4), (x, 1.2), "$W_e$")
        _box(axes, x, 3.4, words[t], OUTER if t < 3 else EMPTY, 11)
        _arrow(axes, (x, 2.0), (x, 3.0), "$W_y$  (V,)")
        if t < 3:
            axes.plot([x + 0.75, x + 1.5], [3.4, 3.4], color=BACK, linewidth=1.6)
            axes.plot([x + 1.5, x + 1.5], [3.4, 0], color=BACK, linewidth=1.6)
            _arrow(axes, (x + 1.5, 0), (x + 2.25, 0), color=BACK)
    _note(axes, 9.4, 4.05, "stop, not written")
    _note(axes, 0.5, 3.4, "argmax of\nthe logits")
    _finish("decoding")


# -- plots -----------------------------------------------------------------------------------------


def _plots(titles: Sequence[str], across: str, up: str, height: float = 3.4) -> list[Axes]:
    """One plot for each title, side by side, with a common vertical axis."""
    import matplotlib.pyplot as plt

    size = (7 if len(titles) == 1 else 3.4 * len(titles), height)
    _, row = plt.subplots(
        1, len(titles), figsize=size, layout="constrained", sharey=True, squeeze=False
    )
    for axes, title in zip(row[0], titles, strict=True):
        axes.set(title=title, xlabel=across)
        axes.grid(alpha=0.3)
    row[0][0].set_ylabel(up)
    return list(row[0])


def _running_mean(values: Sequence[float], window: int) -> tuple[np.ndarray, np.ndarray]:
    window = min(window, len(values))
    sums = np.cumsum([0.0, *values])
    return np.arange(window, len(values) + 1), (sums[window:] - sums[:-window]) / window


def draw_lags(norms: Mapping[str, Sequence[float]]) -> None:
    """Draws the norm of a gradient by how many steps it went back, on a logarithmic scale."""
    if not norms:
        return
    [axes] = _plots(["How much of the gradient is left"], "steps back", "relative to the start")
    for title, values in norms.items():
        axes.semilogy(np.arange(len(values)), np.asarray(values) / values[0], label=title)
    axes.legend()
    _finish("lags")


def draw_singular_values(values: Mapping[str, Mapping[str, np.ndarray]]) -> None:
    """Draws sorted singular values: one plot for each matrix, one line for each start."""
    plots = _plots(list(values), "place in the order", "singular value")
    for axes, lines in zip(plots, values.values(), strict=True):
        for title, line in lines.items():
            axes.semilogy(np.arange(1, len(line) + 1), line, label=title)
    plots[0].legend()
    _finish("singular_values")


def draw_learning(
    losses: Mapping[str, Mapping[str, Sequence[float]]],
    up: str,
    baseline: tuple[float, str] | None = None,
    window: int = 50,
    log: bool = True,
    name: str = "learning",
) -> None:
    """Draws running means of losses by update: a plot for each task, a line for each network."""
    plots = _plots(list(losses), "updates", up)
    for axes, lines in zip(plots, losses.values(), strict=True):
        for i, (title, line) in enumerate(lines.items()):
            axes.plot(*_running_mean(line, window), label=title, color=f"C{i}")
        if baseline:
            axes.axhline(baseline[0], color=LINE, linestyle="--", label=baseline[1])
        if log:
            axes.set_yscale("log")
    plots[-1].legend(fontsize=8)
    _finish(name)


def draw_by_epoch(
    lines: Mapping[str, Mapping[str, Sequence[float]]],
    up: str,
    name: str,
    across: str = "epoch",
    first: int = 1,
) -> None:
    """Draws values by epoch: a plot for each title, in it a line for each name."""
    from matplotlib.ticker import MaxNLocator

    plots = _plots(list(lines), across, up)
    for axes, group in zip(plots, lines.values(), strict=True):
        for i, (title, line) in enumerate(group.items()):
            steps = np.arange(first, first + len(line))
            axes.plot(steps, line, label=title, color=f"C{i}", marker=".")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(fontsize=8)
    _finish(name)


def draw_counting(text: str, depths: Sequence[int], memory: np.ndarray, unit: int) -> None:
    """Draws the memory of one unit over a text of brackets: a line, and a color behind the text."""
    import matplotlib.pyplot as plt

    _, (above, below) = plt.subplots(
        2, 1, figsize=(11, 3.8), layout="constrained", sharex=True, height_ratios=(4, 1)
    )
    steps = np.arange(len(text))
    above.bar(steps, depths, width=1, color="#e2e2e2", label="brackets that are open")
    above.set(title=f"The memory of unit {unit} over the text", ylabel="open brackets")
    above.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
    beside = above.twinx()
    beside.plot(steps, memory, color=BACK, marker=".")
    beside.set_ylabel("memory $c_t$", color=BACK)
    below.imshow(memory[None], aspect="auto", cmap="coolwarm", alpha=0.7)
    for step, character in enumerate(text):
        below.text(step, 0, character, ha="center", va="center", family="monospace")
    below.set(yticks=[], xlabel="step")
    _finish("counting")
