"""The two figures of the notebook: the unrolled network, and the routes of the gradient."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

STATE, OUTER, BACK = "#cfe3f5", "#f3ead3", "#c0392b"


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
