"""What several tests share: one warm process, the course, and submissions made of cells."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from autograder.course.folders import Assignment, Course, CourseError
from autograder.course.reference import Reference
from autograder.course.rubric import Limits, Rubric, rubric_of
from autograder.course.stubs import load_stubs
from autograder.new_assignment import new_assignment
from autograder.release import write_release
from autograder.sandbox.box import choose
from autograder.sandbox.workers import Sandbox
from autograder.session.session import Session
from autograder.session.student import Student
from autograder.submissions.reading import Cell, Submission
from tests.attacks.ordinary import python_for_ordinary_user
from tests.browser import chromium, look  # noqa: F401

# A compiled file beside what students get is a leak, of which the release's own test tells.
sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

# All arrays here are small, and threads would only wait for each other: a solved notebook takes
# half of the processor's time so. Workers of a grader have no more than one thread in any case.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

# Two cores, and no test that depends on how fast they are.
settings.register_profile("here", deadline=None, max_examples=60)
settings.load_profile("here")

# More than anything here takes; and, where something hangs, short to wait for.
LONG = Limits(call_seconds=20, cell_seconds=20)
SHORT = Limits(call_seconds=0.5, cell_seconds=0.5)

Load = Callable[..., Student]

# The modules of tests that take seconds; `make check` runs these.
FAST = frozenset(
    {
        "answers",
        "by_hand",
        "cells",
        "cgroup",
        "chance",
        "choices",
        "cli",
        "exported_scripts",
        "exports",
        "formulas",
        "gates_self_check",
        "importers",
        "intake",
        "kinds",
        "lock",
        "marks",
        "messages",
        "moved",
        "reference",
        "reports",
        "rnn_loop",
        "rnn_prose",
        "rubric",
        "submissions",
        "suite",
        "text",
        "wire",
    }
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Does not even import the modules that take long, where they are left out."""
    name = collection_path.stem
    slow = name.startswith("test_") and name.removeprefix("test_") not in FAST
    return True if slow and config.getoption("markexpr") == "not slow" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests that take long."""
    for item in items:
        if item.path.stem.removeprefix("test_") not in FAST:
            item.add_marker(pytest.mark.slow)


RNN = Course.find(Path(__file__).parent).assignment("rnn")
# The stubs of which right ones may answer when others call them.
BLOCKS = load_stubs(RNN).building_blocks


@pytest.fixture(scope="session")
def assignment() -> Assignment:
    return RNN


@pytest.fixture(scope="session")
def course() -> Course:
    return RNN.course


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """The smallest assignment, as `autograder new` lays it out, and released. Not to be changed."""
    return make_small(tmp_path_factory.mktemp("course"))


def make_small(folder: Path, name: str = "small") -> Assignment:
    """The smallest assignment, released, in the course in this folder or a new one."""
    assignment, _ = new_assignment(folder, name)
    write_release(assignment)
    return assignment


@pytest.fixture(scope="session")
def rubric(assignment: Assignment) -> Rubric:
    return rubric_of(assignment)


@pytest.fixture(scope="session")
def reference(assignment: Assignment) -> Reference:
    return Reference(assignment)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One warm process for all tests, as well confined as this machine can."""
    try:
        level = choose(None)
    except CourseError:
        level = "none"
    with Sandbox(level) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def ordinary_python() -> Iterator[Callable[[], Path]]:
    """Gives a Python that an ordinary user can run, made when it is first asked for."""
    folder = Path(tempfile.mkdtemp(prefix="ordinary-", dir="/var/tmp"))
    folder.chmod(0o755)

    @cache
    def python() -> Path:
        found = python_for_ordinary_user(folder)
        if found is None:
            pytest.skip("there is no Python here that an ordinary user could run")
        return found

    yield python
    shutil.rmtree(folder, ignore_errors=True)


def submission(*cells: str) -> Submission:
    """A submission whose cells are called ``cell 1``, ``cell 2`` and so on."""
    numbered = (Cell(f"cell {number}", source) for number, source in enumerate(cells, start=1))
    return Submission("ada", "ada.ipynb", "notebook", "0" * 64, tuple(numbered))


@pytest.fixture
def load(sandbox: Sandbox, reference: Reference) -> Iterator[Load]:
    """``load("def f(): ...", limits=...)``: a student whose cells have run, in a real worker."""
    sessions: list[Session] = []

    def load(
        *cells: str,
        limits: Limits = LONG,
        support: dict[str, str] | None = None,
        right: Collection[str] = (),
    ) -> Student:
        session = Session(submission(*cells), sandbox.controls[0], limits, support or {})
        sessions.append(session)
        session.load()
        return Student(session, reference, right)

    yield load
    for session in sessions:
        session.close()
