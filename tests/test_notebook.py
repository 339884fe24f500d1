"""The notebook in a real kernel: as released nothing stops it, and solved it draws every figure."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.validator import Validator

ROOT = Path(__file__).parent.parent
RELEASED = ROOT / "assignment" / "rnn"
SOLVED = ROOT / "solutions" / "nbgrader" / "rnn" / "rnn.ipynb"
SECONDS = 600  # for one cell, on a machine that does much else
FIGURES = 9


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What the cells of the released notebook print, by their names."""
    return texts(executed(RELEASED / "rnn.ipynb", tmp_path_factory.mktemp("stubs")))


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The cells of the solved notebook, with their outputs."""
    return executed(SOLVED, tmp_path_factory.mktemp("solved"))


def _laid_out(notebook: Path, folder: Path) -> Path:
    """A notebook among the files that lie beside it, and a text so that none is downloaded."""
    name = notebook.stem
    work = Path(shutil.copytree(ROOT / "assignment" / name, folder / name))
    shutil.copy(notebook, work / notebook.name)
    shutil.copy(work / "data" / "sonnets.txt", work / "data" / "shakespeare.txt")
    return work / notebook.name


def executed(notebook: Path, folder: Path) -> list[Any]:
    """Runs a notebook from a fresh kernel; raises where a cell does."""
    file = _laid_out(notebook, folder)
    cells = nbformat.read(file, as_version=4)
    resources = {"metadata": {"path": str(file.parent)}}
    NotebookClient(cells, timeout=SECONDS, kernel_name="python3", resources=resources).execute()
    return [cell for cell in cells.cells if cell.cell_type == "code"]


def _printed(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def texts(cells: list[Any]) -> dict[str, str]:
    return {cell.id: _printed(cell) for cell in cells}


def figures(cells: list[Any]) -> int:
    shown = [output for cell in cells for output in cell.outputs if "data" in output]
    return sum("image/png" in output.data for output in shown)


def test_no_stub_stops_the_released_notebook_and_each_is_named(stubs: dict[str, str]) -> None:
    for name, text in stubs.items():
        if name.endswith("-check"):
            assert "0 of 0." in text
            assert "is still to be written." in text
    experiments = " ".join(text for name, text in stubs.items() if name.startswith("experiment"))
    for missing in (
        "gradient check: not run, part 2a: rnn_cell_forward is still to be written",
        "names of elements: not run, part 3a: next_token_pairs is still to be written",
        "how far back the gradient reaches: not run, part 2c: rnn_forward",
        "temperature against diversity: not run, name 'element_rnn' is not defined",
        "Shakespeare: not run, part 3a: next_token_pairs",
        "counts: not run, part 1a: ngram_distribution",
    ):
        assert missing in experiments


def test_the_solved_notebook_passes_its_checks_and_draws_every_figure(solved: list[Any]) -> None:
    printed = texts(solved)
    for name, text in printed.items():
        assert "not run" not in text, name
        if name.endswith("-check"):
            assert "✗" not in text
            assert "·" not in text
    assert figures(solved) == FIGURES
    report = " ".join(printed.values())
    assert "gradient of the shape (4, 4): agrees" in report
    assert "4.55 of the 4.55 points that can be checked here" in report
    assert "Nothing to mend." in report


def test_the_experiments_show_what_they_say(solved: list[Any]) -> None:
    report = " ".join(texts(solved).values())
    known = (ROOT / "solutions" / "rnn" / "handout" / "data" / "elements.txt").read_text().split()
    cold = report.split("temperature 0.2: ")[1].split("\n")[0].split(", ")
    assert sum(name in known for name in cold) >= 4
    carried = float(report.split("of the names, state carried: ")[1].split("\n")[0])
    reset = float(report.split("of the names, state reset at each token: ")[1].split("\n")[0])
    assert carried < 4 < 10 < reset
    epochs = re.findall(r" (\d+)  \d\.\d\d +(\d+\.\d) +\d+\.\d  .+", report)
    assert [int(epoch) for epoch, _ in epochs] == [5, 10, 15, 20]
    assert float(epochs[-1][1]) < float(epochs[0][1]) < 512


def test_one_unfinished_function_leaves_the_other_experiments_alone(tmp_path: Path) -> None:
    notebook = nbformat.read(SOLVED, as_version=4)
    kept = []
    for cell in notebook.cells:
        if cell.id in ("experiment-4", "experiment-5", "experiment-9", "experiment-12"):
            continue  # these take long
        if cell.id == "1a-stub":
            cell.source = 'def ngram_distribution(*args):\n    raise NotImplementedError("part 1a")'
        kept.append(cell)
    text = 'text = open("data/sonnets.txt").read()\nfrom rnn_experiments import *\n'
    at = next(i for i, cell in enumerate(kept) if cell.id == "experiment-10")
    source = kept[at].source.replace("iterations=3000", "iterations=30")
    kept[at].source = text + source.replace("iterations=2000", "iterations=20")
    notebook.cells = kept
    file = tmp_path / "rnn.ipynb"
    nbformat.write(notebook, file)
    cells = executed(file, tmp_path / "folder")
    text = texts(cells)["experiment-10"]
    assert "counts: not run, part 1a" in text
    assert "RNN: not run" not in text
    assert figures([cell for cell in cells if cell.id == "experiment-10"]) == 1


@pytest.mark.parametrize("missing", ["matplotlib", "tqdm"])
def test_without_what_draws_the_notebook_still_checks(missing: str, tmp_path: Path) -> None:
    folder = _laid_out(SOLVED, tmp_path).parent
    (folder / f"{missing}.py").write_text(f"raise ModuleNotFoundError('no {missing}')\n")
    cells = nbformat.read(RELEASED / "rnn.ipynb", as_version=4).cells
    first = next(cell.source for cell in cells if cell.cell_type == "code")
    (folder / "begin.py").write_text(first + '\ncheck("1a")\n')
    run = subprocess.run(
        [sys.executable, "begin.py"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert "Part 1a" in run.stdout


def test_nbgrader_validates_the_solved_notebook_and_shows_what_is_missing_in_the_other(
    tmp_path: Path,
) -> None:
    solved = Validator().validate(str(_laid_out(SOLVED, tmp_path / "solved")))
    assert solved == {}
    found = Validator().validate(str(_laid_out(RELEASED / "rnn.ipynb", tmp_path / "stubs")))
    failed = found["failed"]
    assert len(failed) == 10
    assert failed[2]["source"] == 'check("2a")'
    assert failed[2]["error"].lstrip().startswith("Part 2a  The cell: 0 of 0.5 points reached")
    assert "Traceback" not in failed[2]["error"]
