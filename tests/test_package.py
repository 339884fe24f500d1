"""The zip for Gradescope does there what the grader does here."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from autograder.course.folders import Assignment
from autograder.packaging.gradescope import package
from autograder.sandbox.box import try_levels
from autograder.worker.landlock import landlock_version
from tests.gradescope import DOCKER, results, run, unpacked
from tests.nbgrader_course import ROOT, released, solved

Unpack = Callable[..., Path]


@pytest.fixture
def unpack(small: Assignment) -> Iterator[Unpack]:
    with ExitStack() as opened:
        yield lambda *how, **more: opened.enter_context(unpacked(small, *how, **more))


def test_the_reference_gets_all_points(small: Assignment, unpack: Unpack) -> None:
    root = unpack(None)
    (root / "submission" / "small.ipynb").write_text(json.dumps(solved(small)))
    run(root)
    result = results(root)
    assert result["score"] == 1
    assert {test["status"] for test in result["tests"]} == {"passed"}
    assert sum(test["max_score"] for test in result["tests"]) == pytest.approx(1)
    level = next(level for level, reason in try_levels().items() if not reason)
    assert result["extra_data"] == {"isolation": level}


def test_untouched_stubs_get_none_and_what_was_hidden_stays_so(
    small: Assignment, unpack: Unpack
) -> None:
    root = unpack(None)
    (root / "submission" / "my homework.ipynb").write_text(json.dumps(released(small)))
    run(root)
    result = results(root)
    assert result["score"] == 0
    assert {test["status"] for test in result["tests"]} == {"failed"}
    assert "is still to be written" in result["tests"][0]["output"]
    text = (root / "results" / "results.json").read_text()
    assert small.course.secret().decode() not in text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can imitate a container's root")
@pytest.mark.skipif(not landlock_version(), reason="there is no landlock")
def test_without_namespaces_it_is_restricted_and_says_so(small: Assignment, unpack: Unpack) -> None:
    root = unpack(None, before=DOCKER)
    (root / "submission" / "small.ipynb").write_text(json.dumps(solved(small)))
    run(root)
    result = results(root)
    assert result["score"] == 1
    assert result["extra_data"] == {"isolation": "restricted"}


def test_a_broken_file_is_an_error(unpack: Unpack) -> None:
    root = unpack("none")
    (root / "submission" / "small.ipynb").write_text('{"cells": [')
    run(root)
    result = results(root)
    assert result["score"] == 0
    assert "Status: unreadable." in result["output"]
    assert result["extra_data"] == {"isolation": "none"}
    assert "the notebook is damaged" in result["output"]


def test_nothing_handed_in_is_said(unpack: Unpack) -> None:
    root = unpack(None)
    run(root)
    assert "holds no file" in results(root)["output"]


def test_where_the_grader_cannot_work_there_is_no_mark(small: Assignment, unpack: Unpack) -> None:
    root = unpack(None)
    (root / "submission" / "small.ipynb").write_text(json.dumps(solved(small)))
    suite = root / "source" / "course" / "autograder" / "suite" / "suite.py"
    suite.write_text(suite.read_text() + "\n\ndel Suite.run\n")
    assert "this is no mark" in run(root, status=1)
    assert not (root / "results" / "results.json").exists()
    (root / "source" / "course" / "rubric.yaml").write_text("points: five\n")
    assert "rubric.yaml, line 1" in run(root, status=1)
    assert not (root / "results" / "results.json").exists()


def test_no_mark_of_an_earlier_submission_stays(small: Assignment, unpack: Unpack) -> None:
    root = unpack(None)
    (root / "submission" / "small.ipynb").write_text(json.dumps(solved(small)))
    run(root)
    (root / "source" / "course" / "rubric.yaml").unlink()
    run(root, status=1)
    assert list((root / "results").iterdir()) == []
    (root / "results" / "results.json").write_text('{"score": 5}')
    (root / "venv" / "bin" / "python").unlink()
    run(root, status=127)
    assert list((root / "results").iterdir()) == []


def test_the_zip_is_its_owner_s_alone_and_the_same_each_time(
    small: Assignment, tmp_path: Path
) -> None:
    for name in ("one.zip", "two.zip"):
        package(small, tmp_path / name, None)
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
