"""nbgrader's settings in a user's home and another working directory, as on a JupyterHub."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.conftest import make_small
from tests.nbgrader_course import (
    environment,
    gradebook,
    make_exchange,
    make_student,
    nbgrader,
    solved,
)
from tests.nbgrader_server import jupyter

HOME = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.course_id = "rnn-course"
c.Exchange.root = {exchange!r}
c.Exchange.cache = {cache!r}
"""


@pytest.mark.parametrize("lines_in", ["home", "course"])
def test_every_folder_is_found_from_elsewhere(tmp_path: Path, lines_in: str) -> None:
    """Ada submits a notebook; of lena and max there is only a script, and theirs come first."""
    root, elsewhere = tmp_path / "hub" / "course", tmp_path / "elsewhere"
    ours = tmp_path / "ours"
    ours.mkdir()
    grader = make_small(ours)
    home = Path(environment(elsewhere)["JUPYTER_CONFIG_DIR"])
    for folder in (root, home):
        folder.mkdir(parents=True)
    exchange, cache = str(make_exchange(tmp_path)), str(tmp_path / "cache")
    settings = HOME.format(root=str(root), exchange=exchange, cache=cache)
    (home / "nbgrader_config.py").write_text(settings)
    program = Path(sys.executable).with_name("autograder")
    folder = home if lines_in == "home" else root
    subprocess.run(
        [str(program), "nbgrader", "setup", str(folder), "--course", str(grader.course.root)],
        env=os.environ | environment(elsewhere),
        check=True,
    )
    for step in ("generate_assignment", "release_assignment"):
        assert nbgrader(elsewhere, step, "small") == 0
    student = make_student(tmp_path, "ada")
    assert nbgrader(student, "fetch_assignment", "small", "--student=ada") == 0
    nbformat.write(solved(grader), student / "small" / "small.ipynb")
    assert nbgrader(student, "submit", "small", "--student=ada") == 0
    # Solved but for the second of its two stubs.
    script = grader.source.read_text().replace("- average(values)", "")
    with jupyter(tmp_path, elsewhere, cwd=elsewhere) as server:
        for name in ("lena", "max"):
            own = root / "submitted" / name / "small"
            own.mkdir(parents=True)
            (own / "small.py").write_text(script)
        success, said = server.formgrader("submission/small/max/autograde")
        assert success, said
    assert nbgrader(elsewhere, "collect", "small") == 0
    assert nbgrader(elsewhere, "autograde", "small", "--student=lena") == 0
    for step in ("autograde", "generate_feedback"):
        assert nbgrader(elsewhere, step, "small") == 0
    with gradebook(root) as book:
        scores = {one.student.id: one.score for one in book.assignment_submissions("small")}
    assert scores == pytest.approx({"ada": 1, "lena": 0.6, "max": 0.6})
    for name in scores:
        assert (root / "feedback" / name / "small" / "small.html").is_file()
    exporter = "autograder.nbgrader.exports.CriteriaExport"
    assert nbgrader(elsewhere, "export", f"--exporter={exporter}", "--to=table.csv") == 0
    with (elsewhere / "table.csv").open(encoding="utf-8", newline="") as file:
        exported = {row["student"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported == pytest.approx(scores)
    left = {path.name for path in elsewhere.iterdir() if not path.name.startswith(".")}
    assert left == {"table.csv", "jupyter.log"}
