"""Pictures of a class, as SVG that a lecture can take as it is."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograder.reports.pages.statistics import Statistics
from autograder.submissions.text import counted, printable

PAPER, INK, MUTED, LINE = "#ffffff", "#1c2330", "#58616f", "#dfe3ea"
ACCENT, PALE = "#17617f", "#a9cbd8"
# The same for a dark page.
DARK = {
    PAPER: "#1a1e25",
    INK: "#e4e7ec",
    MUTED: "#a3acba",
    LINE: "#303743",
    ACCENT: "#74c4e0",
    PALE: "#2f5968",
}
STYLE: Any = {
    "axes.edgecolor": LINE,
    "axes.facecolor": PAPER,
    "axes.labelcolor": MUTED,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 14,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "figure.facecolor": PAPER,
    "font.size": 10,
    "legend.frameon": False,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.color": LINE,
    "ytick.labelcolor": INK,
    "ytick.left": False,
    # Text that stays text, in the reader's own font; and the same bytes for the same marks.
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "svg.fonttype": "none",
    "svg.hashsalt": "marks",
}
BINS = 20
MOST_MISTAKES = 12
WIDTH = 6.6  # inches, as all lengths here


def dark(svg: str) -> str:
    """The same picture for a dark page."""
    for light, color in DARK.items():
        svg = svg.replace(light, color)
    return svg


def marks(about: Statistics) -> str:
    """How many submissions earned how much."""

    def draw(axes: Axes) -> None:
        step = about.max_score / BINS
        edges = [step * number for number in range(BINS + 1)]
        axes.hist(about.totals, bins=edges, color=ACCENT, rwidth=0.88)
        for value, name, style in ((about.median, "median", "-"), (about.mean, "mean", ":")):
            axes.axvline(value, color=INK, linewidth=1.2, linestyle=style, label=name)
        axes.set_xlim(0, about.max_score)
        axes.set_xlabel("points")
        axes.set_ylabel("submissions")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", color=LINE, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(loc="upper left")

    return _drawn(4.3, f"Marks of {counted(len(about.totals), 'submission')}", draw)


def parts(about: Statistics) -> str:
    """How many submissions earned all, some and none of each part."""

    def draw(axes: Axes) -> None:
        names = [
            textwrap.fill(
                printable(f"{one.part.id} {one.part.title}"), 24, max_lines=2, placeholder=" …"
            )
            for one in about.parts
        ]
        left = [0] * len(names)
        kinds = (
            ("all", [one.full for one in about.parts], ACCENT),
            ("some", [one.some for one in about.parts], PALE),
            ("none", [one.none for one in about.parts], LINE),
        )
        for label, counts, color in kinds:
            axes.barh(names, counts, left=left, color=color, height=0.68, label=label)
            left = [a + b for a, b in zip(left, counts, strict=True)]
        axes.set_xlim(0, max(len(about.totals), 1))
        axes.set_xlabel("submissions")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.invert_yaxis()
        # Below the axes, where it covers neither bars nor title.
        axes.figure.legend(*axes.get_legend_handles_labels(), ncols=3, loc="outside lower right")

    return _drawn(1.1 + 0.32 * len(about.parts), "Earned of each part", draw)


def criteria(about: Statistics) -> str:
    """The mean share that each criterion earned."""

    def draw(axes: Axes) -> None:
        names = [f"{one.criterion.title}  {one.criterion.id}" for one in about.criteria]
        shares = [100 * one.earned for one in about.criteria]
        bars = axes.barh(names, shares, color=ACCENT, height=0.66)
        axes.bar_label(bars, fmt="%.0f", padding=4, color=MUTED, fontsize=8)
        axes.set_xlim(0, 108)
        axes.set_xticks(range(0, 101, 25))
        axes.set_xlabel("mean share of its points that was earned, %")
        axes.invert_yaxis()
        axes.margins(y=0.01)

    return _drawn(0.9 + 0.24 * len(about.criteria), "Earned of each criterion", draw)


def mistakes(costs: Sequence[tuple[str, float]]) -> str:
    """The mistakes that cost most: what each is, and its cost in points."""

    def draw(axes: Axes) -> None:
        names = [
            textwrap.fill(printable(what), 44, max_lines=2, placeholder=" …") for what, _ in shown
        ]
        places = range(len(names))
        bars = axes.barh(places, [cost for _, cost in shown], color=ACCENT, height=0.62)
        axes.set_yticks(places, names)
        axes.bar_label(bars, fmt="%.2f", padding=4, color=MUTED)
        axes.set_xlabel("points")
        axes.invert_yaxis()

    shown = costs[:MOST_MISTAKES]
    return _drawn(1.1 + 0.42 * len(shown), "Mistakes that cost most, in all", draw)


def _drawn(height: float, title: str, draw: Callable[[Axes], None]) -> str:
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(title)
        draw(axes)
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    svg = file.getvalue().decode()
    # The measures were taken with a wide font; whatever the reader has will fit.
    return svg.replace("'DejaVu Sans', sans-serif", "system-ui, 'DejaVu Sans', sans-serif")
