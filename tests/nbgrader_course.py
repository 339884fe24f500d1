"""A course of nbgrader's to try things on: a copy of this one, an exchange, and who uses them."""

from __future__ import annotations

import copy
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderApp
from nbgrader.apps.baseapp import NbGrader

from autograder.course.folders import Assignment, Course
from autograder.release import build

EXACT = 1e-9
ROOT = Path(__file__).parent.parent
EXCHANGE = """
c = get_config()
c.Exchange.root = {exchange!r}
c.Exchange.cache = {cache!r}
c.CourseDirectory.course_id = "rnn-course"
"""

Notebook = Any


def make_course(folder: Path, without: str = "gates", **settings: object) -> Assignment:
    """A course of the first assignment, released, with some settings of its rubric.

    The assignment ``without`` is left out: most tests need one only. What settings do not change
    of the release is as it is checked in, which the tests of release compare and search for leaks.
    """
    exchange = make_exchange(folder)
    root = folder / "course"
    leave_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", without)
    for folder_of_all in ("solutions", "assignment"):
        shutil.copytree(ROOT / folder_of_all, root / folder_of_all, ignore=leave_out)
    rubric = (ROOT / "rubric.yaml").read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(rubric):
        name, colon, _ = line.partition(":")
        if colon and name.strip() in settings:
            rubric[number] = f"{name}: {settings[name.strip()]}"
    (root / "rubric.yaml").write_text("\n".join(rubric), encoding="utf-8")
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    config += EXCHANGE.format(exchange=str(exchange), cache=str(folder / "cache"))
    (root / "nbgrader_config.py").write_text(config, encoding="utf-8")
    assignment = Course(root).assignment()
    if settings:
        for path, data in build(assignment).items():
            path.write_bytes(data)
    return assignment


def make_exchange(folder: Path) -> Path:
    """A folder of nbgrader's exchange, which everyone may write into."""
    exchange = folder / "exchange"
    exchange.mkdir()
    exchange.chmod(0o777)
    return exchange


def make_student(folder: Path, name: str) -> Path:
    """A folder for a student to work in, who knows where the exchange is."""
    home = folder / name
    home.mkdir()
    cache = str(folder / f"cache-{name}")
    text = EXCHANGE.format(exchange=str(folder / "exchange"), cache=cache)
    (home / "nbgrader_config.py").write_text(text, encoding="utf-8")
    return home


def nbgrader(folder: Path, *words: str) -> int:
    """Runs a command of nbgrader's as from a terminal in the folder; returns its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # nbgrader adds the folder, in which later tests would find modules.
        patch.setattr(sys, "path", sys.path.copy())
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        try:
            NbGraderApp.launch_instance(list(words))
        except SystemExit as ended:
            return int(ended.code or 0)
        finally:
            NbGrader.instance().reset()
    return 0


def environment(folder: Path) -> dict[str, str]:
    """An environment in which Jupyter knows nothing of who runs the tests."""
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {name: str(folder / f".{name.lower()}") for name in names} | {"PATH": path}


@contextmanager
def gradebook(folder: Path) -> Iterator[Gradebook]:
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}", "rnn-course") as opened:
        yield opened


def released(assignment: Assignment) -> Notebook:
    return nbformat.read(assignment.released / f"{assignment.name}.ipynb", as_version=4)


def solved(assignment: Assignment, *names: str) -> Notebook:
    """The assignment as a student hands it in who has solved these cells, or all."""
    notebook = released(assignment)
    source = nbformat.read(assignment.nbgrader_source / f"{assignment.name}.ipynb", as_version=4)
    for cell, solution in zip(notebook.cells, source.cells, strict=True):
        about = cell.metadata.get("nbgrader", {})
        if about.get("solution") and (not names or about["grade_id"] in names):
            cell.source = "\n".join(
                line for line in solution.source.split("\n") if "### " not in line
            )
    return notebook


def other_homework() -> Notebook:
    """One that nbgrader grades by itself: add two numbers, for one point."""
    about = {"schema_version": 3, "task": False}
    stub = {"grade_id": "add", "grade": False, "solution": True, "locked": False}
    test = {"grade_id": "test", "grade": True, "solution": False, "locked": True, "points": 1}
    region = "    ### BEGIN SOLUTION\n    return a + b\n    ### END SOLUTION"
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                f"def add(a, b):\n{region}", metadata={"nbgrader": about | stub}
            ),
            nbformat.v4.new_code_cell("assert add(1, 2) == 3", metadata={"nbgrader": about | test}),
        ],
        metadata={"kernelspec": {"name": "python3", "language": "python", "display_name": "P"}},
    )


def cell(notebook: Notebook, name: str) -> Any:
    return next(
        one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("grade_id") == name
    )


def hand_in(assignment: Assignment, student: str, notebook: Notebook, name: str = "rnn") -> Path:
    """Lays a submission where nbgrader collects them, by hand and without a timestamp."""
    folder = assignment.course.root / "submitted" / student / name
    folder.mkdir(parents=True, exist_ok=True)
    # As it is: nbformat would put some things right.
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def changed(notebook: Notebook, change: Callable[[Notebook], None]) -> Notebook:
    theirs = copy.deepcopy(notebook)
    change(theirs)
    return theirs
