"""Lets pytest run an assignment's checks, and the grader collect them.

pytest solutions/rnn/checks --submission FILE [--student ID] runs them on one submission.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from autograder.checks.inputs import drawn_as
from autograder.course.concepts import Question, load_concepts
from autograder.course.folders import Assignment, Course, CourseError, seed
from autograder.course.reference import Reference
from autograder.course.rubric import rubric_of
from autograder.sandbox import box
from autograder.sandbox.workers import Sandbox
from autograder.session.session import Session
from autograder.session.student import Student
from autograder.submissions.reading import Submission, read_submission
from autograder.submissions.released import shows_only, without


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("submission")
    group.addoption("--submission", type=Path, help="the notebook or script to check")
    group.addoption("--student", help="whose inputs to draw; by default the file's stem")


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "criterion(id, item=None, of=()): the rubric's criterion that the check belongs to, and "
        "which item of the answers it looks at",
        "visible: students have this check too",
        "hidden: students do not see this check",
    ):
        config.addinivalue_line("markers", line)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Imports a check's module as one of its assignment, which its relative imports count on."""
    if not assignment_of(module_path):
        return None
    module: pytest.Module = _CheckModule.from_parent(parent, path=module_path)
    return module


def assignment_of(path: Path) -> Assignment | None:
    """The assignment that a file of checks belongs to."""
    folder = path.resolve().parent
    if folder.name != "checks" or not (folder.parent / f"{folder.parent.name}.py").is_file():
        return None
    return Assignment(Course(folder.parents[2]), folder.parent.name)


class _CheckModule(pytest.Module):
    def _getobj(self) -> ModuleType:
        assignment = assignment_of(self.path)
        assert assignment is not None
        try:
            return assignment.module(f"checks.{self.path.stem}")
        except CourseError as error:
            raise self.CollectError(str(error)) from None


@pytest.fixture(scope="session")
def assignment(request: pytest.FixtureRequest) -> Assignment:
    """The assignment whose checks run."""
    found = {assignment_of(item.path) for item in request.session.items} - {None}
    if len(found) != 1:
        pytest.fail("run the checks of one assignment at a time: pytest solutions/NAME/checks")
    (one,) = found
    assert one is not None
    return one


@pytest.fixture(scope="session")
def reference(assignment: Assignment) -> Reference:
    """The right answers."""
    return Reference(assignment)


@pytest.fixture(scope="session")
def concepts(assignment: Assignment) -> Mapping[str, Question]:
    """The bank of concept questions, by id."""
    return load_concepts(assignment.concepts_file)


@pytest.fixture(scope="session")
def submission(request: pytest.FixtureRequest, assignment: Assignment) -> Submission:
    """The submission that the command line names, without the cells that need not run again."""
    path: Path | None = request.config.getoption("--submission")
    if path is None:
        pytest.fail("name a submission: pytest solutions/NAME/checks --submission FILE")
    named: str | None = request.config.getoption("--student")
    submission = read_submission(path, named or path.stem)
    if submission.trouble:
        pytest.fail(f"{path}: {submission.trouble}")
    return without(submission, shows_only(assignment.source))


@pytest.fixture(scope="session")
def student(
    assignment: Assignment, submission: Submission, reference: Reference
) -> Iterator[Student]:
    """The submission, in a separate process."""
    with Sandbox(box.choose(None), hidden=[assignment.course.root]) as sandbox:
        limits = rubric_of(assignment).limits
        session = Session(submission, sandbox.controls[0], limits, assignment.support())
        session.load()
        yield Student(session, reference)
        session.close()


@pytest.fixture
def rng(
    request: pytest.FixtureRequest, assignment: Assignment, submission: Submission
) -> np.random.Generator:
    """Draws a check's inputs: from the course secret, the submission and the check's name."""
    name = drawn_as(request.node)
    drawn_from = seed(assignment.course.secret(), submission.student, submission.work, name)
    return np.random.default_rng(drawn_from)
