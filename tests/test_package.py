"""The zip for Gradescope does there what the grader does here."""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from autograder.box import try_levels
from autograder.course import Course
from autograder.packaging.gradescope import package
from autograder.worker.confine import Level, landlock_version
from tests.nbgrader_course import ROOT, make_course, released, solved

METADATA = {"id": 1, "users": [{"email": "ada@example.org", "id": 2, "name": "<b>Ada</b>"}]}
CONTAINERS = Path(__file__).parent / "containers.py"
Unpack = Callable[..., Path]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def unpack(course: Course, tmp_path: Path) -> Iterator[Unpack]:
    """Lays out what Gradescope calls /autograder, with this Python where setup.sh makes one.

    Everyone may go there, as in Gradescope's container.
    """
    place = tempfile.TemporaryDirectory(prefix="gradescope-", dir="/var/tmp")
    Path(place.name).chmod(0o755)

    def unpack(isolation: Level | None, before: Sequence[str] = ()) -> Path:
        root = Path(place.name) / "autograder"
        package(course, tmp_path / "rnn.zip", isolation)
        with zipfile.ZipFile(tmp_path / "rnn.zip") as archive:
            archive.extractall(root / "source")
        for name in ("submission", "results"):
            (root / name).mkdir()
        (root / "submission_metadata.json").write_text(json.dumps(METADATA))
        python = root / "venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\nexec {shlex.join([*before, sys.executable])} "$@"\n')
        python.chmod(0o755)
        return root

    with place:
        yield unpack


def run(root: Path, status: int = 0) -> str:
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
    told: dict[str, Any] = json.loads((root / "results" / "results.json").read_text())
    return told


def test_the_reference_gets_all_points(course: Course, unpack: Unpack) -> None:
    root = unpack(None)
    (root / "submission" / "rnn.ipynb").write_text(json.dumps(solved(course)))
    run(root)
    told = results(root)
    assert told["score"] == 5
    assert {test["status"] for test in told["tests"]} == {"passed"}
    assert sum(test["max_score"] for test in told["tests"]) == pytest.approx(5)
    level = next(level for level, reason in try_levels().items() if not reason)
    assert f"Isolation: {level}." in told["output"]


def test_untouched_stubs_get_none_and_what_was_hidden_stays_so(
    course: Course, unpack: Unpack
) -> None:
    root = unpack(None)
    (root / "submission" / "my homework.ipynb").write_text(json.dumps(released(course)))
    run(root)
    told = results(root)
    assert told["score"] == 0
    assert {test["status"] for test in told["tests"]} == {"failed"}
    assert "is still to be written" in told["tests"][0]["output"]
    text = (root / "results" / "results.json").read_text()
    assert course.secret().decode() not in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can imitate a container's root")
@pytest.mark.skipif(not landlock_version(), reason="there is no landlock")
def test_without_namespaces_it_is_restricted_and_says_so(course: Course, unpack: Unpack) -> None:
    root = unpack(None, before=[sys.executable, str(CONTAINERS), "docker"])
    (root / "submission" / "rnn.ipynb").write_text(json.dumps(solved(course)))
    run(root)
    told = results(root)
    assert told["score"] == 5
    assert "Status: graded. Isolation: restricted." in told["output"]


def test_a_broken_file_is_told(unpack: Unpack) -> None:
    root = unpack("none")
    (root / "submission" / "rnn.ipynb").write_text('{"cells": [')
    run(root)
    told = results(root)
    assert told["score"] == 0
    assert "Status: unreadable. Isolation: none." in told["output"]
    assert "the notebook is damaged" in told["output"]


def test_nothing_handed_in_is_said(unpack: Unpack) -> None:
    root = unpack(None)
    run(root)
    assert "holds no file" in results(root)["output"]


def test_where_the_grader_cannot_work_there_is_no_mark(course: Course, unpack: Unpack) -> None:
    root = unpack(None)
    (root / "submission" / "rnn.ipynb").write_text(json.dumps(solved(course)))
    suite = root / "source" / "course" / "autograder" / "suite.py"
    suite.write_text(suite.read_text() + "\n\ndel Suite.run\n")
    assert "this is no mark" in run(root, status=1)
    assert not (root / "results" / "results.json").exists()
    (root / "source" / "course" / "rubric.yaml").write_text("points: five\n")
    assert "rubric.yaml, line 1" in run(root, status=1)
    assert not (root / "results" / "results.json").exists()


def test_the_zip_is_its_owner_s_alone_and_the_same_each_time(
    course: Course, tmp_path: Path
) -> None:
    for name in ("one.zip", "two.zip"):
        package(course, tmp_path / name, None)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    assert stat.S_IMODE((tmp_path / "one.zip").stat().st_mode) == 0o600
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        names = archive.namelist()
        pins = archive.read("constraints.txt").decode().split()
    assert {"setup.sh", "run_autograder", "course/.course-secret", "course/rubric.yaml"} <= set(
        names
    )
    assert not [name for name in names if "__pycache__" in name or name.startswith("/")]
    wanted = (ROOT / "autograder").rglob("*.py")
    assert {f"course/{path.relative_to(ROOT)}" for path in wanted} <= set(names)
    assert any(pin.startswith("torch==") and "+" not in pin for pin in pins)
