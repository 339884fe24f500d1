"""Makes the picture of the start page of `rnn`: python -m tests.handout_picture FOLDER

FOLDER is where the solved notebook was run as a script on Shakespeare's plays, with what it printed
in `printed.txt`. The picture is `solutions/rnn/handout/made.png`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

PICTURE = Path(__file__).parent.parent / "solutions" / "rnn" / "handout" / "made.png"
LINES = 16


def _names(printed: str) -> str:
    found = re.findall(r"(before|after \d+ passes)(?:, loss [\d.]+)?: (.+)", printed)
    return "\n".join(f"{when:>15}:  {names[:60]}" for when, names in found[:5])


def _passage(printed: str) -> str:
    title, text = re.findall(r"--- ([^\n]+)\n(.*?)\n\n---", printed, re.DOTALL)[2]
    return f"{title}\n\n" + "\n".join(text.split("\n")[:LINES])


def _write(axes: Any, title: str, text: str, size: float) -> None:
    axes.set_title(title, loc="left", fontsize=13, weight="bold")
    axes.text(0, 0.95, text, va="top", family="monospace", fontsize=size, transform=axes.transAxes)
    axes.axis("off")


def _show(axes: Any, title: str, figure: Path) -> None:
    axes.set_title(title, loc="left", fontsize=13, weight="bold")
    axes.imshow(plt.imread(figure))
    axes.axis("off")


def main() -> None:
    """Lays out what the notebook printed and drew."""
    mpl.use("Agg")
    folder = Path(sys.argv[1])
    printed, figures = (folder / "printed.txt").read_text(encoding="utf-8"), folder / "figures"
    figure = plt.figure(figsize=(15, 9.5), layout="constrained")
    halves: Any = figure.subfigures(2, 1, height_ratios=(5, 4))
    above, below = halves
    left, right = above.subplots(1, 2, width_ratios=(3, 5))
    _write(left, "It writes plays", _passage(printed), 10)
    _show(right, "It remembers, and can be made to forget", figures / "reset.png")
    left, right = below.subplots(1, 2, width_ratios=(3, 5))
    _write(left, "It learns names of elements", _names(printed), 8)
    _show(right, "One of its units counts brackets", figures / "units.png")
    figure.savefig(PICTURE, dpi=72)


if __name__ == "__main__":
    main()
