"""Gradescope's container on this machine: its folders, with the package unpacked in them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.course.folders import Assignment
from autograder.packaging.gradescope import package
from autograder.worker.confine import Level

CONTAINERS = Path(__file__).parent / "containers.py"
# What starts a program as in Docker, which makes no namespaces.
DOCKER = (sys.executable, str(CONTAINERS), "docker")
METADATA = {"id": 1, "users": [{"email": "ada@example.org", "id": 2, "name": "<b>Ada</b>"}]}


@contextmanager
def unpacked(
    assignment: Assignment, isolation: Level | None, before: Sequence[str] = ()
) -> Iterator[Path]:
    """Lays out what Gradescope calls /autograder, with this Python where setup.sh makes one.

    Everyone may go there, as in Gradescope's container. ``before`` is what Python is started by.
    """
    with tempfile.TemporaryDirectory(prefix="gradescope-", dir="/var/tmp") as place:
        Path(place).chmod(0o755)
        root = Path(place) / "autograder"
        root.mkdir()
        package(assignment, root / "rnn.zip", isolation)
        with zipfile.ZipFile(root / "rnn.zip") as archive:
            archive.extractall(root / "source")
        (root / "rnn.zip").unlink()
        for name in ("submission", "results"):
            (root / name).mkdir()
        (root / "submission_metadata.json").write_text(json.dumps(METADATA))
        python = root / "venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {shlex.join([*before, sys.executable])} "$@"\n')
        python.chmod(0o755)
        yield root


def run(root: Path, status: int = 0) -> str:
    """Does what Gradescope does for a submission; what the grader wrote to the terminal."""
    done = subprocess.run(
        ["bash", str(root / "source" / "run_autograder"), str(root)],
        capture_output=True,
        text=True,
        # Nothing of the checkout that the tests run in.
        env={"PATH": os.environ["PATH"]},
        cwd=root,
    )
    assert done.returncode == status, done.stderr
    return done.stderr


def results(root: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((root / "results" / "results.json").read_text())
    return document
