"""What an answer makes the grading process do is bounded, whatever is answered, and said where cut.

What is bounded is counted here: the memory of a whole run is in ``tests/attacks``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.checks.agree import Disagreement, token_ids
from autograder.course.folders import Assignment
from autograder.grading.grader import Grader
from autograder.misconceptions import explain as explaining
from autograder.misconceptions import load_library
from autograder.misconceptions.explain import Effort, Lost, explain
from autograder.sandbox.workers import MAX_CALLBACKS, Sandbox
from autograder.session.loading import MAX_TROUBLES
from autograder.session.replies import TOO_MUCH, StudentError
from autograder.session.session import MAX_KEPT
from autograder.session.student import Call
from autograder.submissions.reading import read_submission
from autograder.suite.evidence import Evidence
from tests.conftest import RNN, Load, submission

LIBRARY = load_library(RNN)
MODEL = RNN.module("checks.model")

MANY = "def f(x):\n    return [x] * 50_000\n\ndef g(x):\n    return x"


def answered(stub: Callable[[int], Any]) -> int:
    """How many calls are answered until the answers were too much."""
    for count in range(1_000):
        try:
            stub(count)
        except StudentError as error:
            if "too large or too many" not in error.message:
                raise
            return count
    raise AssertionError("all of them")


@pytest.fixture(scope="module")
def grade(assignment: Assignment, sandbox: Sandbox) -> Callable[..., Evidence]:
    """``grade("cell", ...)``: the evidence of a submission with these cells."""
    grader = Grader(assignment)
    return lambda *cells: grader.grade(submission(*cells), sandbox.controls[0])


# -- all answers of a submission ------------------------------------------------------------------


def test_answers_of_a_submission_are_read_up_to_a_total(load: Load) -> None:
    students = [load(MANY) for _ in range(2)]
    counts = [answered(student.f) for student in students]
    assert 10 < counts[0] == counts[1] < 100
    # From there on nothing is asked: neither of this stub nor of any other.
    with pytest.raises(StudentError, match="too large or too many"):
        students[0].g(1)


def test_a_fresh_worker_brings_no_new_allowance(load: Load) -> None:
    student = load(f"import os\n{MANY}\ndef dies(x):\n    os._exit(0)")
    student.f("first")
    with pytest.raises(StudentError, match="ended"):
        student.dies(1)
    assert answered(student.f) + 1 == answered(load(MANY).f)


def test_a_report_says_that_answers_were_not_looked_at(grade: Callable[..., Evidence]) -> None:
    stubs = "ngram_distribution feed_forward_logits softmax perplexity cross_entropy rnn_forward"
    evidence = grade(f"for name in {stubs.split()}:\n    globals()[name] = lambda *a: [0] * 50_000")
    assert TOO_MUCH in evidence.reason
    messages = [check.submitted.message for check in evidence.checks]
    assert any(TOO_MUCH in message for message in messages)


def test_calls_back_of_one_call_are_bounded(load: Load) -> None:
    loop = "def cross_entropy(x):\n    for _ in range({}):\n        softmax(x)\n    return 1.0"
    some = load(loop.format(MAX_CALLBACKS), right=["softmax"])
    assert some.cross_entropy(np.zeros(2)) == 1.0
    more = load(loop.format(MAX_CALLBACKS + 1), right=["softmax"])
    with pytest.raises(StudentError, match="over 5,000 times"):
        more.cross_entropy(np.zeros(2))


def test_long_calls_back_use_up_more(load: Load) -> None:
    """A step through time is paid for, though it takes a few bytes."""
    source = """
        import numpy as np
        ones = np.ones((1, 1))
        def bptt(steps):
            for _ in range(1000):
                rnn_forward(np.ones((1, steps, 1)), ones, ones, ones, np.ones(1))
    """
    student = load("\n".join(line[8:] for line in source.splitlines()), right=["rnn_forward"])
    student.bptt(10)
    with pytest.raises(StudentError):
        student.bptt(1000)
    assert student.session.too_much


# -- what is kept ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        "x" * 1000,
        ["x" * 10] * 100,
        {"x" * 1000: 0},
        np.zeros(100, np.longdouble),
        [[]] * 50,
        [1.5] * 100,
    ],
    ids=["text", "texts", "keys", "long doubles", "lists", "numbers"],
)
@pytest.mark.parametrize("how", ["answer", "error", "surplus"])
def test_what_is_kept_is_counted_in_bytes(load: Load, how: str, answer: object) -> None:
    kept, count = load().session, 0
    while kept.keep(b"%d" % count, {how: answer}):
        count += 1
    assert count <= MAX_KEPT / 1000


def test_a_call_keeps_nothing_of_where_an_error_was_raised(load: Load) -> None:
    """Else it would hold all answers that a check has had until then."""
    student = load("def f(x):\n    raise ValueError")
    with pytest.raises(StudentError):
        student.f(1)
    error = student.calls[0].answer
    assert (error.__traceback__, error.__context__) == (None, None)


def test_large_weights_are_kept_as_well(load: Load) -> None:
    source = "from torch import nn\nclass CharRNN(nn.Linear):\n    def forward(self, x, h=None):\n"
    student = load(f"{source}        return x.sum()")
    for _ in range(10):
        model = student.CharRNN(1000, 700)
        model.load({"weight": np.zeros((700, 1000)), "bias": np.zeros(700)})
        model(np.zeros(3))
    held = [sum(w.nbytes for w in (call.parameters or {}).values()) for call in student.calls]
    assert 0 < sum(held) <= MAX_KEPT


# -- texts ----------------------------------------------------------------------------------------


def test_names_of_layers_are_cut(load: Load) -> None:
    source = 'from torch import nn\nlong = "X" * 8_000_000\n'
    source += "class CharRNN(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    source += "        self.add_module(long, type(long, (nn.Linear,), {})(2, 2))"
    ((name, kind),) = load(source).CharRNN().kinds().items()
    assert (len(name), kind) == (64, "Linear")


def test_a_long_message_is_cut_and_says_so(grade: Callable[..., Evidence]) -> None:
    names = ", ".join(f'"a{number}": ["{"x" * 60}"] * 500' for number in range(9))
    cell = f"from torch import nn\nclass CharRNN(nn.Module):\n    layers = {{{names}}}\n"
    cell += "    named_children = lambda self: {}.items()\n"
    evidence = grade(
        cell,
        "import sys\nserver = sys._getframe()\n"
        'while not hasattr(server.f_locals.get("self"), "_kinds"):\n    server = server.f_back\n'
        'kinds = lambda self, model: {"answer": {"embedding": CharRNN.layers}}\n'
        'type(server.f_locals["self"])._kinds = kinds',
    )
    (message,) = {
        check.submitted.message
        for check in evidence.checks
        if check.check.endswith("test_layers[defaults]")
    }
    assert message.endswith("…")
    assert len(message) < 3_000


def test_cells_in_trouble_are_listed_up_to_a_number(load: Load) -> None:
    student = load(*["softmax = 1 / 0"] * 200, "y = 1")
    with pytest.raises(StudentError, match="not defined, because ZeroDivisionError in cell 1"):
        student.softmax(1)
    troubles = student.session.troubles
    assert len(troubles) == MAX_TROUBLES
    assert "not listed" in troubles[-1].message
    assert "not listed" not in troubles[-2].message


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("softmax = 1 / 0", True),
        ("1 / 0\ndef softmax(x):\n    return x", True),
        ("if 1 / 0:\n  class \t softmax:\n    pass", True),
        ("1 / 0\nsoftmaxes = softmax_2 = 1", False),
        ("1 / 0  # softmax", False),
        ("if 1 / 0:\n" + " " * 300 + "softmax = 1", False),
        ("1 / 0\n" + "# softmax\n" * 999 + "softmax = 1", True),
        ("1 / 0\n" + "# softmax\n" * 1_000 + "softmax = 1", False),
    ],
)
def test_why_a_stub_is_missing_is_looked_for(load: Load, source: str, found: bool) -> None:
    student = load(source)
    with pytest.raises(StudentError) as raised:
        student.softmax(1)
    assert ("because" in raised.value.message) == found


# -- checks ---------------------------------------------------------------------------------------


class Model:
    """A model with these parameters."""

    def __init__(self, **shapes: tuple[int, ...]) -> None:
        self._shapes = shapes

    def parameters(self) -> dict[str, Any]:
        return {name: np.zeros(shape, np.int8) for name, shape in self._shapes.items()}

    def load(self, parameters: dict[str, Any]) -> None:
        """Takes anything."""


@pytest.mark.parametrize(
    "model",
    [
        Model(**{f"rnn.weight_hh_l0{number}": (1,) for number in range(1000)}),
        Model(weight=(5_000, 1)),
        Model(weight=(0, 5_000)),
    ],
    ids=["many", "long", "long and empty"],
)
def test_what_a_model_makes_one_compute_is_bounded(model: Model) -> None:
    with pytest.raises(Disagreement, match="far"):
        MODEL.load_random(model, np.random.default_rng(0))


def test_a_state_is_no_larger_than_a_model_allows() -> None:
    layers = {f"rnn.weight_hh_l{number}": (0, 4096) for number in range(64)}
    shape = MODEL.state_shape(MODEL.parameters_of(Model(**layers)), 4)
    assert np.prod(shape) <= 1 << 20


def test_token_ids_are_no_more_than_are_ever_asked_for() -> None:
    assert len(token_ids(np.zeros(10_000, int), 4)) == 10_000
    with pytest.raises(Disagreement, match="too many"):
        token_ids(np.zeros(10_001, int), 4)


# -- explanations ---------------------------------------------------------------------------------


def lost(stub: str, answers: list[Any], *args: Any, criterion: str = "3a.perplexity") -> Lost:
    return Lost(criterion, None, [Call(stub, args, {}, 1, answer) for answer in answers])


def names(effort: Effort, *ones: Lost) -> list[str]:
    return [one.name for _, found in explain(ones, LIBRARY, effort) for one in found]


def test_what_is_compared_is_bounded_and_the_rest_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong ways that give just what was answered would all be computed, for each call."""
    computed = []

    def wrong(right: Any, loss: float) -> float:
        computed.append(loss)
        found: float = 2.0**loss
        return found

    first = LIBRARY.misconceptions["perplexity/base-two"]
    names_of = (f"perplexity/{number}" for number in range(500))
    many = {name: replace(first, name=name, wrong=wrong) for name in names_of}
    known = replace(LIBRARY, misconceptions=many)
    asked = [Call("perplexity", (loss,), {}, 1, 2.0**loss) for loss in (0.5, 1.5, 2.5, 3.5)]
    effort = Effort()
    assert list(explain([Lost("3a.perplexity", None, asked)], known, effort)) == []
    assert effort.not_compared == []
    whole = len(computed)

    monkeypatch.setattr(explaining, "MAX_STUB_WORK", 100)
    for _ in range(2):
        computed.clear()
        effort = Effort()
        assert list(explain([Lost("3a.perplexity", None, asked)], known, effort)) == []
        assert effort.not_compared == ["3a.perplexity"]
        assert 0 < len(computed) <= 100 < whole


@pytest.mark.parametrize(
    "answer",
    [np.zeros(1 << 20), [[0.0], [1.0, 2.0]] * 10_000, {"a": [None] * 20_000}, ["a"] * 20_000],
    ids=["an array", "lists", "a dict", "texts"],
)
@pytest.mark.parametrize("stub", ["perplexity", "generate", "sample_token", "bptt"])
def test_a_large_answer_is_not_compared(stub: str, answer: Any) -> None:
    effort = Effort()
    assert names(effort, lost(stub, [answer] * 16, 1.0)) == []
    assert effort.work <= explaining.MAX_STUB_WORK
    assert effort.not_compared == ["3a.perplexity"]


def test_what_was_too_large_to_be_kept_is_said_to_be_not_compared() -> None:
    effort = Effort()
    assert names(effort, lost("perplexity", [StudentError("too large", "")], 1.0)) == []
    assert effort.not_compared == ["3a.perplexity"]


def test_a_stub_that_takes_much_leaves_enough_for_the_others() -> None:
    effort = Effort()
    large = np.random.default_rng(0).normal(size=300_000)
    ones = [lost("softmax", [large] * 16, np.zeros(3), criterion="2a.softmax")]
    right = [Call("perplexity", (loss,), {}, 1, 2.0**loss) for loss in (0.5, 1.5, 3.0)]
    assert names(effort, *ones, Lost("3a.perplexity", None, right)) == ["perplexity/base-two"]


def test_a_report_says_what_was_not_compared(grade: Callable[..., Evidence]) -> None:
    evidence = grade("import numpy as np\nperplexity = lambda *args: np.zeros(800_000)")
    assert "3a.perplexity" in evidence.reason
    assert "to be compared with known mistakes" in evidence.reason


def test_cells_far_down_in_a_script_take_little_room(tmp_path: Path) -> None:
    """Line numbers are kept by empty lines; there are only so many of them."""
    path = tmp_path / "ada.py"
    path.write_text("\n" * 9_900 + "# %%\ny = 1\n" * 4_990)
    submission = read_submission(path, "ada")
    assert len(submission.cells) == 4_990
    assert sum(len(cell.source) for cell in submission.cells) < 8 << 20
    first, *_, last = submission.cells
    assert first.source == "\n" * 9_900 + "# %%\ny = 1\n"
    assert last.source == "# %%\ny = 1\n"
