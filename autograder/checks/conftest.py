"""Lets the checks run under plain pytest:

pytest autograder/checks --submission FILE [--student ID]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from autograder import box
from autograder.checks.inputs import drawn_as
from autograder.concepts import Question, load_concepts
from autograder.course import Course, seed
from autograder.reference import Reference
from autograder.rubric import load_rubric
from autograder.sandbox import Sandbox
from autograder.session import Session
from autograder.student import Student
from autograder.submissions.reading import Submission, read_submission
from autograder.submissions.released import shows_only, without


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("submission")
    group.addoption("--submission", type=Path, help="the notebook or script to check")
    group.addoption("--student", help="whose inputs to draw; by default the file's stem")


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "criterion(id, item=None): the rubric's criterion that the check belongs to",
        "visible: students have this check too",
        "hidden: students do not see this check",
    ):
        config.addinivalue_line("markers", line)


@pytest.fixture(scope="session")
def course() -> Course:
    return Course.find(Path.cwd())


@pytest.fixture(scope="session")
def reference(course: Course) -> Reference:
    """The right answers."""
    return Reference(course.source)


@pytest.fixture(scope="session")
def concepts(course: Course) -> Mapping[str, Question]:
    """The bank of concept questions, by id."""
    return load_concepts(course.concepts_file)


@pytest.fixture(scope="session")
def submission(request: pytest.FixtureRequest, course: Course) -> Submission:
    """The submission that the command line names, without the cells that need not run again."""
    path: Path | None = request.config.getoption("--submission")
    if path is None:
        pytest.fail("name a submission: pytest autograder/checks --submission FILE")
    named: str | None = request.config.getoption("--student")
    submission = read_submission(path, named or path.stem)
    if submission.trouble:
        pytest.fail(f"{path}: {submission.trouble}")
    return without(submission, shows_only(course.source))


@pytest.fixture(scope="session")
def student(course: Course, submission: Submission, reference: Reference) -> Iterator[Student]:
    """The submission, in a process of its own."""
    with Sandbox(box.choose(None), hidden=[course.root]) as sandbox:
        limits = load_rubric(course.rubric_file).limits
        session = Session(submission, sandbox.controls[0], limits, course.support())
        session.load()
        yield Student(session, reference)
        session.close()


@pytest.fixture
def rng(
    request: pytest.FixtureRequest, course: Course, submission: Submission
) -> np.random.Generator:
    """Draws a check's inputs: from the course secret, the submission and the check's name."""
    name = drawn_as(request.node)
    drawn_from = seed(course.secret(), submission.student, submission.work, name)
    return np.random.default_rng(drawn_from)
