"""Draws the figures of the notebook. In a script they go into files, in the folder `figures`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, ScalarFormatter

STATE, OUTER, BACK = "#cfe3f5", "#f3ead3", "#c0392b"
FOLDER = Path("figures")


def _finish(name: str) -> None:
    """Leaves the figure to the notebook, which shows it; in a script, writes it into a file."""
    if "ipykernel" in sys.modules:
        return
    FOLDER.mkdir(exist_ok=True)
    plt.savefig(FOLDER / f"{name}.png", dpi=120)
    plt.close()
    print(f"drawn: {FOLDER / name}.png")


def _axes(width: float, height: float) -> Axes:
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
    axes = _plot("The names, place by place", "place in the name", "equally likely characters")
    for title, values in perplexities.items():
        axes.semilogy(np.arange(1, len(values) + 1), values, marker="o", label=title)
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.legend(title="state")
    _finish("positions")


def draw_epochs(training: Sequence[float], held_out: Sequence[float]) -> None:
    """Draws the perplexity by epoch, on the training text and on text that was held out."""
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
