"""Makes the picture of the start page of `rnn`: python -m tests.handout_picture TEXT

TEXT is the file with Shakespeare's plays. The solved notebook is executed, which takes some
minutes; what it shows is laid out in `solutions/rnn/handout/made.png`.
"""

from __future__ import annotations

import base64
import html
import io
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
from nbclient import NotebookClient

from tests.test_notebook import RELEASED, ROOT, SOLVED, texts

PICTURE = ROOT / "solutions" / "rnn" / "handout" / "made.png"
LINES = 16


def _executed(text: Path, folder: Path) -> list[Any]:
    work = Path(shutil.copytree(RELEASED, folder / "rnn"))
    shutil.copy(text, work / "data" / "shakespeare.txt")
    cells = nbformat.read(SOLVED, as_version=4)
    resources = {"metadata": {"path": str(work)}}
    NotebookClient(cells, timeout=900, kernel_name="python3", resources=resources).execute()
    return [cell for cell in cells.cells if cell.cell_type == "code"]


def _cell(cells: list[Any], call: str) -> Any:
    return next(cell for cell in cells if call in cell.source)


def _figure(cell: Any) -> Any:
    [data] = [
        output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})
    ]
    return plt.imread(io.BytesIO(base64.b64decode(data)))


def _names(cell: Any) -> str:
    found = re.findall(r"(before|after \d+ passes)(?:, loss [\d.]+)?: (.+)", texts([cell])[cell.id])
    return "\n".join(f"{when:>15}:  {names[:58]}" for when, names in found)


def _passage(cell: Any) -> str:
    shown = "".join(output.data.get("text/html", "") for output in cell.outputs if "data" in output)
    panels = re.findall(r"<b>(.*?)</b><pre[^>]*>(.*?)</pre>", shown, re.DOTALL)
    title, text = panels[2]
    return f"{title}\n\n" + "\n".join(html.unescape(text).split("\n")[:LINES])


def _write(axes: Any, title: str, text: str, size: float) -> None:
    axes.set_title(title, loc="left", fontsize=13, weight="bold")
    axes.text(0, 0.95, text, va="top", family="monospace", fontsize=size, transform=axes.transAxes)
    axes.axis("off")


def main() -> None:
    """Executes the notebook and lays out the picture."""
    mpl.use("Agg")
    with tempfile.TemporaryDirectory() as folder:
        cells = _executed(Path(sys.argv[1]), Path(folder))
    figure = plt.figure(figsize=(15, 9.5), layout="constrained")
    grid = figure.subfigures(2, 1, height_ratios=(5, 4))
    left, right = grid[0].subplots(1, 2, width_ratios=(3, 4))
    _write(left, "It writes plays", _passage(_cell(cells, 'learn_to_write("shake')), 10)
    right.imshow(_figure(_cell(cells, "draw_reset(colored)")))
    right.set_title(
        "It remembers, and can be made to forget", loc="left", fontsize=13, weight="bold"
    )
    right.axis("off")
    left, right = grid[1].subplots(1, 2, width_ratios=(3, 4))
    _write(left, "It learns names of elements", _names(_cell(cells, "element_rnn, element")), 8.5)
    right.imshow(_figure(_cell(cells, "draw_units(")))
    right.set_title("One of its units counts brackets", loc="left", fontsize=13, weight="bold")
    right.axis("off")
    figure.savefig(PICTURE, dpi=75)


if __name__ == "__main__":
    main()
