"""What the suite says of a check that does not go as checks go."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from autograder.course import CourseError
from autograder.evidence import Seen
from autograder.reference import Reference
from autograder.sandbox import Sandbox
from autograder.suite import Suite, collect_checks
from tests.conftest import LONG, submission

NUMBERS = count()
Run = Callable[[str, str], Seen]


@pytest.fixture
def run(tmp_path: Path, reference: Reference, sandbox: Sandbox) -> Run:
    """``run("visible", "assert student.softmax(0) == 1")``: what a check of that body sees."""

    def run(kind: str, body: str) -> Seen:
        # A module is imported once.
        folder = tmp_path / f"checks_{next(NUMBERS)}"
        folder.mkdir()
        (folder / f"test_{folder.name}.py").write_text(
            "import pytest\n"
            f'@pytest.mark.criterion("2a.softmax")\n@pytest.mark.{kind}\n'
            f"def test_own(student, reference):\n    {body}\n"
        )
        suite = Suite(collect_checks(folder), reference, {}, {}, b"secret", LONG)
        handed_in = submission("def softmax(logits):\n    return logits + 4710\n")
        evidence = suite.run(handed_in, sandbox.controls[0])
        (check,) = evidence.checks
        return check.submitted

    return run


@pytest.mark.parametrize("kind", ["visible", "hidden"])
def test_a_plain_assert_is_a_check(run: Run, kind: str) -> None:
    assert run(kind, "assert student.softmax(1) == 4711").outcome == "passed"
    seen = run(kind, "assert student.softmax(1) == 4712")
    assert seen.outcome == "failed"
    assert seen.message.startswith("What was returned is not what is expected.")
    assert " object at " not in seen.message + seen.detail
    # Students read no value of a hidden check.
    assert ("4712" in seen.message) == (kind == "visible")


@pytest.mark.parametrize("mistake", ["assert studnt", "import no_such_module"])
def test_a_mistake_in_a_check_is_nobody_s_loss(run: Run, mistake: str) -> None:
    with pytest.raises(CourseError, match=r"check .*::test_own: .*; correct the check"):
        run("hidden", mistake)
