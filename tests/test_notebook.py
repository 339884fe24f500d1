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

from tests.rnn_measured import MEASURED, Measured

ROOT = Path(__file__).parent.parent
RELEASED = ROOT / "assignment" / "rnn"
SOLVED = ROOT / "solutions" / "nbgrader" / "rnn" / "rnn.ipynb"
SECONDS = 600  # for one cell, on a machine that does much else
FIGURES = 15
FIGURES_OF_IDEAS = 6  # drawn without any function of the student


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The cells of the released notebook, with their outputs."""
    return executed(RELEASED / "rnn.ipynb", tmp_path_factory.mktemp("stubs"))


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The cells of the solved notebook, with their outputs."""
    return executed(SOLVED, tmp_path_factory.mktemp("solved"))


@pytest.fixture(scope="module")
def report(solved: list[Any]) -> str:
    """All that the solved notebook prints; of a progress bar, its last state."""
    printed = "\n".join(texts(solved).values())
    return "\n".join(line.split("\r")[-1] for line in printed.split("\n"))


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


def test_no_stub_stops_the_released_notebook_and_each_is_named(stubs: list[Any]) -> None:
    printed = texts(stubs)
    for name, text in printed.items():
        if name.endswith("-check"):
            assert "0 of 0." in text
            assert "is still to be written." in text
    experiments = " ".join(text for name, text in printed.items() if name.startswith("experiment"))
    for missing in (
        "gradient check: not run, part 2a: rnn_cell_forward is still to be written",
        "training loop: not run, part 3c: bptt is still to be written",
        "names of elements: not run, part 4b: generate is still to be written",
        "how far back the gradient reaches: not run, part 3a: next_token_pairs",
        "temperature against diversity: not run, name 'element_rnn' is not defined",
        "a unit that counts: not run, part 2c: rnn_forward",
        "counts: not run, part 1a: ngram_distribution",
        "Shakespeare: not run, part 3a: next_token_pairs",
        "to remember one letter: not run, part 2c: rnn_forward",
    ):
        assert missing in experiments
    assert figures(stubs) == FIGURES_OF_IDEAS


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


@pytest.mark.parametrize("one", MEASURED, ids=lambda one: one.id)
def test_an_experiment_shows_what_the_prose_says(one: Measured, report: str) -> None:
    assert one.is_shown(report)


def test_the_lines_of_real_and_of_different_names_cross(report: str) -> None:
    found = {
        float(at): float(known) > float(distinct)
        for at, distinct, known in re.findall(
            r"temperature ([\d.]+): .*?\n\s+([\d.]+) different, ([\d.]+) in the list", report
        )
    }
    assert [found[at] for at in (0.2, 0.4, 0.6, 0.8, 1.0, 2.0)] == [True] * 3 + [False] * 3


def test_names_are_learned_and_both_networks_beat_every_table(report: str) -> None:
    known = (ROOT / "solutions" / "rnn" / "handout" / "data" / "elements.txt").read_text().split()
    last = re.findall(r"after 60 passes, loss [\d.]+: (.+)", report)[0].split(", ")
    assert sum(name in known for name in last) >= 2
    bits = [float(one) for one in re.findall(r"text, ([\d.]+) on new text", report)]
    assert len(bits) == 6
    assert max(bits[4:]) < min(bits[:4])


def test_one_unfinished_function_leaves_the_other_experiments_alone(tmp_path: Path) -> None:
    notebook = nbformat.read(SOLVED, as_version=4)
    kept, stages = [], "((1200, 2.0), (400, 0.4))"
    for cell in notebook.cells:
        if cell.id.startswith("experiment") and stages not in cell.source:
            continue  # these take long
        if cell.id == "1a-stub":
            cell.source = 'def ngram_distribution(*args):\n    raise NotImplementedError("part 1a")'
        cell.source = cell.source.replace(stages, "((20, 1.0),)")
        kept.append(cell)
    notebook.cells = kept
    file = tmp_path / "rnn.ipynb"
    nbformat.write(notebook, file)
    cells = executed(file, tmp_path / "folder")
    [shown] = [cell for cell in cells if cell.id.startswith("experiment")]
    assert "counts: not run, part 1a" in _printed(shown)
    assert "RNN: not run" not in _printed(shown)
    assert figures([shown]) == 1


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
