"""What the suite says of a check that does not go as checks go."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from autograder.course.folders import Assignment, CourseError
from autograder.course.reference import Reference
from autograder.course.rubric import Limits
from autograder.misconceptions import load_library
from autograder.sandbox.workers import Sandbox
from autograder.session.pipeline import MAX_LOST
from autograder.suite.collecting import collect_checks
from autograder.suite.evidence import CheckEvidence, Seen
from autograder.suite.suite import Suite
from tests.conftest import LONG, RNN, SHORT, submission

NUMBERS = count()
LIBRARY = load_library(RNN)
Run = Callable[[str, str], Seen]
Follow = Callable[[str, str], list[CheckEvidence]]
# Two criteria: rnn_forward is built on the cell.
OF_FORWARD = """
import numpy as np
import pytest
from autograder.checks.agree import agree

ONE, ZERO = np.array([[1.0]]), np.array([0.0])


@pytest.mark.criterion("2a.cell")
@pytest.mark.hidden
def test_cell(student):
    agree(student.rnn_cell_forward(ONE, 0 * ONE, ONE, ONE, ZERO), [[0.761594]])


@pytest.mark.criterion("2c.values")
@pytest.mark.hidden
def test_first(student):
    agree(student.rnn_forward(ONE[None], 0 * ONE, ONE, ONE, ZERO), [[[0.761594]]])


@pytest.mark.criterion("2c.values")
@pytest.mark.hidden
def test_second(student):
    agree(student.rnn_forward(0 * ONE[None], 0 * ONE, ONE, ONE, ZERO), [[[0.0]]])


@pytest.mark.criterion("2c.length")
@pytest.mark.hidden
def test_drawn(student, rng):
    x = rng.normal(size=(1, 1, 1))
    agree(student.rnn_forward(x, 0 * ONE, ONE, ONE, ZERO), np.tanh(x))
"""
# Each asks several times, in part the same; of a stub that is given up after some losses.
MANY = (
    OF_FORWARD
    + """

@pytest.mark.parametrize("number", range(12))
@pytest.mark.criterion("2c.length")
@pytest.mark.hidden
def test_steps(student, number):
    for steps in (1, 2, number):
        x = np.full((1, steps, 1), float(number % 3))
        agree(student.rnn_forward(x, 0 * ONE, ONE, ONE, ZERO), 0 * x)


@pytest.mark.parametrize("number", range(3))
@pytest.mark.criterion("2b.layers")
@pytest.mark.hidden
def test_model(student, number):
    for size in (1, 2):
        model = student.CharRNN(size, 1, 1)
        agree(student.rnn_cell_forward(number * ONE, 0 * ONE, ONE, ONE, ZERO), np.tanh([[number]]))
        assert model.kinds() == {}
"""
)
# The last of these calls no cell, and is asked of a stub that was given up.
OFTEN = MAX_LOST + 2
OF_MANY_STEPS = (
    OF_FORWARD.partition("@pytest")[0]
    + f"""
@pytest.mark.parametrize("number", range(1, {OFTEN} + 1))
@pytest.mark.criterion("2c.values")
@pytest.mark.hidden
def test_again(student, number):
    x = np.full((1, 1, 1), number % {OFTEN} / 10)
    agree(student.rnn_forward(x, 0 * ONE, ONE, ONE, ZERO), np.tanh(x))
"""
)
MODEL = """
class CharRNN:
    def __init__(self, V, E, H): pass
    def eval(self): pass
    def named_children(self): return []
"""
CELL = "def rnn_cell_forward(x, h, W_x, W_h, b):\n    "
FORWARD = "def rnn_forward(x, h, W_x, W_h, b):\n    "
RIGHT_CELL = CELL + "return np.tanh(x @ W_x + h @ W_h + b)\n"
WRONG_CELL = CELL + "return x @ W_x + h @ W_h + b\n"
RIGHT_FORWARD = FORWARD + "return rnn_cell_forward(x[:, 0], h, W_x, W_h, b)[:, None]\n"


def suite_of(folder: Path, reference: Reference, limits: Limits) -> Suite:
    """The checks in a folder, for the stubs of ``rnn``."""
    checks = collect_checks(folder)
    return Suite("rnn", checks, reference, LIBRARY, {}, {}, b"secret", limits)


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
        suite = suite_of(folder, reference, LONG)
        handed_in = submission("def softmax(logits):\n    return logits + 4710\n")
        evidence = suite.run(handed_in, sandbox.controls[0])
        (check,) = evidence.checks
        return check.submitted

    return run


@pytest.fixture
def follow(tmp_path: Path, reference: Reference, sandbox: Sandbox) -> Follow:
    """``follow(cell, forward)``: what both checks of 2c.values see of these two stubs."""
    folder = tmp_path / f"checks_{next(NUMBERS)}"
    folder.mkdir()
    (folder / f"test_{folder.name}.py").write_text(OF_FORWARD)
    suite = suite_of(folder, reference, LONG)

    def follow(cell: str, forward: str) -> list[CheckEvidence]:
        evidence = suite.run(
            submission(f"import numpy as np\n{cell}\n{forward}"), sandbox.controls[0]
        )
        return list(evidence.checks[1:3])

    return follow


def test_what_is_met_as_submitted_is_not_followed_through(follow: Follow) -> None:
    for check in follow(RIGHT_CELL, RIGHT_FORWARD):
        assert check.submitted.outcome == "passed"
        assert check.followed_through is None


def test_a_stub_on_a_wrong_one_is_met_with_a_right_one_in_its_place(follow: Follow) -> None:
    first, second = follow(WRONG_CELL, RIGHT_FORWARD)
    assert (first.submitted.outcome, second.submitted.outcome) == ("failed", "passed")
    for check in (first, second):
        assert check.followed_through is not None
        assert check.followed_through.outcome == "passed"


def test_a_criterion_is_not_met_in_parts(follow: Follow) -> None:
    """Right as submitted in one check, and with a right one in place in the other, is neither."""
    makes_up_for_it = FORWARD + (
        "z = rnn_cell_forward(x[:, 0], h, W_x, W_h, b)[:, None]\n"
        "    return z if x.any() else z - 0.5\n"
    )
    off_at_zero = CELL + "z = x @ W_x + h @ W_h + b\n    return z if z.any() else z + 0.5\n"
    first, second = follow(off_at_zero, makes_up_for_it)
    assert (first.submitted.outcome, second.submitted.outcome) == ("failed", "passed")
    followed = [check.followed_through for check in (first, second)]
    assert [one.outcome for one in followed if one is not None] == ["passed", "failed"]


def test_a_right_stub_that_does_not_fit_is_replaced_too(follow: Follow) -> None:
    """A cell that returns lists is right, and breaks what counts on an array."""
    lists = CELL + "return np.tanh(x @ W_x + h @ W_h + b).tolist()\n"
    for check in follow(lists, RIGHT_FORWARD):
        assert check.submitted.outcome == "failed"
        assert check.followed_through is not None
        assert check.followed_through.outcome == "passed"


def test_a_right_stub_that_ends_the_process_of_another_is_replaced_too(follow: Follow) -> None:
    ends = (
        CELL + "if not x.any(): import os; os._exit(1)\n    return np.tanh(x @ W_x + h @ W_h + b)\n"
    )
    first, second = follow(ends, RIGHT_FORWARD)
    assert (first.submitted.outcome, second.submitted.outcome) == ("passed", "failed")
    followed = [check.followed_through for check in (first, second)]
    assert [one.outcome for one in followed if one is not None] == ["passed", "passed"]


@pytest.mark.parametrize("ends", ["import os; os._exit(1)", "while True: pass"])
def test_a_stub_that_always_loses_the_worker_costs_no_other(
    tmp_path: Path, reference: Reference, sandbox: Sandbox, ends: str
) -> None:
    """Also where a caller was given up, having been asked often."""
    folder = tmp_path / f"checks_{next(NUMBERS)}"
    folder.mkdir()
    (folder / f"test_{folder.name}.py").write_text(OF_MANY_STEPS)
    suite = suite_of(folder, reference, SHORT)
    forward = f"{FORWARD}if not x.any(): return 0 * x\n    {RIGHT_FORWARD.partition('    ')[2]}"
    handed_in = submission(f"import numpy as np\n{CELL}{ends}\n{forward}")
    seen = [check.followed_through for check in suite.run(handed_in, sandbox.controls[0]).checks]
    assert [one.outcome for one in seen if one is not None] == ["passed"] * OFTEN


def test_what_fails_with_right_ones_in_place_is_not_asked_on(follow: Follow) -> None:
    first, second = follow(WRONG_CELL, FORWARD + "return x - 1\n")
    assert first.followed_through is not None
    assert first.followed_through.outcome == "failed"
    assert second.followed_through is None


@pytest.mark.parametrize(
    "forward",
    [
        "return rnn_cell_forward(x[:, 0], h, W_x, W_h, b)[:, None]",
        "return softmax(x)",
        "raise ValueError(x)",
        "os._exit(1)",
        "return forever() if x.any() else x",
        "return x if x.any() else forever()",
        "return x if x.shape[1] == 1 else forever()",
    ],
)
def test_checks_that_run_together_see_what_each_sees_alone(
    tmp_path: Path,
    reference: Reference,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    forward: str,
) -> None:
    folder = tmp_path / f"checks_{next(NUMBERS)}"
    folder.mkdir()
    (folder / f"test_{folder.name}.py").write_text(MANY)
    limits = Limits(call_seconds=0.4, cell_seconds=20)
    monkeypatch.setattr("autograder.session.pipeline.SECOND_CALL_SECONDS", 0.2)
    suite = suite_of(folder, reference, limits)
    imports = "import os\nimport numpy as np\ndef forever():\n    while True: pass"
    seen = []
    for most in (1, 8):
        monkeypatch.setattr("autograder.session.pipeline.TOGETHER", most)
        cells = submission(imports, MODEL, RIGHT_CELL, FORWARD + forward)
        seen.append(suite.run(cells, sandbox.controls[0]))
    alone, together = seen
    assert together == alone
    assert {check.submitted.outcome for check in alone.checks if "model" in check.check} == {
        "passed"
    }


def test_where_right_ones_are_answered_nothing_is_asked_that_was_seen_before(
    tmp_path: Path, reference: Reference, sandbox: Sandbox
) -> None:
    """Else the right ones could be asked for the answers."""
    folder = tmp_path / f"checks_{next(NUMBERS)}"
    folder.mkdir()
    (folder / f"test_{folder.name}.py").write_text(OF_FORWARD)
    suite = suite_of(folder, reference, LONG)
    only_new = "z = rnn_cell_forward(x[:, 0], h, W_x, W_h, b)[:, None] * (x.tobytes() not in seen)"
    forward = f"{FORWARD}{only_new}\n    seen.append(x.tobytes())\n    return z"
    cells = submission("import numpy as np\nseen = []", WRONG_CELL, forward)
    evidence = suite.run(cells, sandbox.controls[0])
    (drawn,) = (check for check in evidence.checks if "test_drawn" in check.check)
    assert drawn.submitted.outcome == "failed"
    assert drawn.followed_through is not None
    assert drawn.followed_through.outcome == "passed"


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
def test_a_broken_check_raises_course_error(run: Run, mistake: str) -> None:
    with pytest.raises(CourseError, match=r"check .*::test_own: .*; correct the check"):
        run("hidden", mistake)


def test_what_lies_above_the_checks_is_no_part_of_them(tmp_path: Path) -> None:
    # Nor need it be readable, as a folder of everybody's homes often is not.
    (tmp_path / "conftest.py").write_text("raise RuntimeError('not a part')\n")
    folder = tmp_path / "course/checks"
    folder.mkdir(parents=True)
    (folder / "test_above.py").write_text(
        "import pytest\n"
        "@pytest.mark.criterion('1a.first')\n@pytest.mark.visible\n"
        "def test_above(student):\n    '''One.'''\n"
    )
    assert [check.criterion for check in collect_checks(folder)] == ["1a.first"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PYTEST_ADDOPTS", "-k no_such_check"),
        ("PYTEST_ADDOPTS", "--junitxml=report.xml -n 2"),
        ("PYTEST_PLUGINS", "no_such_plugin"),
    ],
)
def test_options_of_pytest_in_the_environment_change_nothing(
    name: str, value: str, small: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = [check.name for check in collect_checks(small.checks)]
    monkeypatch.setenv(name, value)
    assert [check.name for check in collect_checks(small.checks)] == checks != []
    assert os.environ[name] == value
