"""An example of a mistake is a small call that fails and reveals nothing hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from autograder.audit.planting import WRONG, Planter, planted
from autograder.audit.running import Bench, Graded, Job
from autograder.checks.agree import DIFFERENTLY
from autograder.course.concepts import load_concepts
from autograder.course.folders import Assignment, Course
from autograder.course.reference import Reference
from autograder.examples.arguments import effort, numbers, replaced, values
from autograder.examples.code import literal, pasted, shown
from autograder.examples.judging import Judge, Unfit, Wrong
from autograder.examples.shrinking import shrink
from autograder.grading.grader import Grader
from autograder.marking.marks import mark
from autograder.misconceptions import load_library
from autograder.new_assignment import new_assignment
from autograder.sandbox.workers import Control, Sandbox, Worker
from autograder.session.student import Call
from autograder.submissions.finding import HandIn
from autograder.suite.collecting import collect_checks
from autograder.suite.suite import Suite
from tests.conftest import LONG
from tests.pasting import fails

Grade = Callable[[str], Graded]
Fails = Callable[[Call], bool]


def call(*args: Any, **kwargs: Any) -> Call:
    return Call("f", args, kwargs, 1, None)


def smallest(one: Call, fails: Fails) -> Call:
    def first_failing(calls: Sequence[Call]) -> Call | None:
        return next(filter(fails, calls), None)

    assert fails(one)
    return shrink(one, first_failing)


# -- shrinking --------------------------------------------------------------------------------

FLOATS = arrays(np.float64, array_shapes(max_dims=3, max_side=5), elements=st.floats(-9, 9))


@given(FLOATS)
def test_what_is_found_fails_and_is_no_harder_to_follow(array: np.ndarray) -> None:
    def fails(one: Call) -> bool:
        return bool(one.args[0].sum() != 0)

    one = call(array)
    if fails(one):
        found = smallest(one, fails)
        assert fails(found)
        assert effort(found) <= effort(one)
        # Axes of equal size may be the same dimension.
        if len(set(array.shape)) == array.ndim:
            assert numbers(found) == 1


def test_axes_of_equal_size_stay_equal() -> None:
    rng = np.random.default_rng(0)
    one = call(rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), rng.normal(size=4))
    found = smallest(one, lambda now: bool((now.args[0] @ now.args[1] + now.args[2]).any()))
    (N, E), (also_E, H) = found.args[0].shape, found.args[1].shape
    assert (N, E, H) == (1, 1, 1) == (N, also_E, found.args[2].shape[0])


def test_ids_stay_below_the_number_that_bounds_them() -> None:
    one = call(np.array([7, 3, 7, 5]), 9)
    found = smallest(one, lambda now: len(now.args[0]) > 1)
    assert found.args[0].max() < found.args[1]
    assert found.args[1] >= 1


@given(st.integers(2, 40))
def test_a_size_that_matters_is_kept(needed: int) -> None:
    one = call(np.arange(50.0) / 7, 100)
    found = smallest(one, lambda now: len(now.args[0]) >= needed)
    assert len(found.args[0]) <= max(needed, 3) + needed // 2
    assert not found.args[0].any()
    assert found.args[1] == 1


def test_options_and_entries_of_a_dict_that_do_not_matter_are_left_out() -> None:
    grads = {"a": np.ones(3), "b": np.full(2, 0.25)}
    one = call(grads, 2.5, temperature=0.3, top_k=4)
    found = smallest(one, lambda now: "b" in now.args[0] and "top_k" in now.kwargs)
    assert set(found.args[0]) == {"b"}
    assert found.kwargs == {"top_k": 1}


def test_no_number_grows() -> None:
    one = call(np.array([[0.87, -0.34], [1e4, -np.inf]]))
    found = smallest(one, lambda now: now.args[0].size == 4 and np.isinf(now.args[0]).any())
    assert np.abs(found.args[0][np.isfinite(found.args[0])]).max(initial=0) <= 1e4


@given(FLOATS | st.lists(st.integers(0, 9)) | st.floats(-9, 9) | st.integers(0, 9))
def test_a_literal_is_the_value(value: Any) -> None:
    read = eval(literal(value), {"np": np})
    assert np.array_equal(np.asarray(read), np.asarray(value))
    assert isinstance(read, list) == isinstance(value, list)
    assert len(shown(value)) < 1000


def test_the_code_names_what_is_missing_in_its_order() -> None:
    right = {key: np.zeros(1) for key in ("W_x", "W_h", "b_h", "x", "h0")}
    wrong = Wrong("no item", "It has no `x`.", (1,), right, {})
    (line,) = [one for one in pasted(call(), wrong, ()) if one.startswith("assert")]
    assert "['W_x', 'W_h', 'b_h', 'x', 'h0']" in line


def test_values_are_replaced_where_they_are() -> None:
    one = call({"a": np.ones(2)}, [1, 2], x=3)
    changes = {place: np.asarray(value) * 0 for place, value in values(one)}
    found = replaced(one, changes)
    assert not found.args[0]["a"].any()
    assert found.args[1] == [0, 0]
    assert found.kwargs == {"x": 0}


# -- judging ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judge(assignment: Assignment) -> Judge:
    return Judge(Reference(assignment), load_library(assignment))


def test_which_of_equal_logits_is_largest_is_no_example(judge: Judge) -> None:
    def greedy(logits: list[float]) -> Call:
        rng = np.random.default_rng(0)
        return Call("sample_token", (np.array(logits), rng), {"temperature": 0}, 1, 2)

    assert judge.wrong(greedy([1.0, 2.0, 0.0]), [()]) is not None
    with pytest.raises(Unfit):
        judge.wrong(greedy([1.0, 2.0, 2.0]), [()])


def test_what_the_right_function_cannot_answer_is_no_example(judge: Judge) -> None:
    for loss in ("text", 1e6):
        with pytest.raises(Unfit):
            judge.wrong(Call("perplexity", (loss,), {}, 1, 0.0), [()])


# -- examples of submissions ------------------------------------------------------------------


@pytest.fixture(scope="module")
def planter(assignment: Assignment) -> Planter:
    return Planter(assignment)


@pytest.fixture(scope="module")
def grade(assignment: Assignment, planter: Planter) -> Iterator[Grade]:
    with Bench(assignment, jobs=1) as bench:
        yield lambda cell: bench.grade(
            Job("ada", planter.submission("ada", cell)), bench.control(0)
        )


MUTABLE_DEFAULT = """
def next_token_pairs(tokens, seq_len, inputs=[], targets=[]):
    for i in range(0, len(tokens) - seq_len, seq_len):
        inputs.append(tokens[i : i + seq_len])
        targets.append(tokens[i + 1 : i + seq_len + 1])
    return inputs, targets
"""
GLOBAL = """
total = 0.0

def cross_entropy(logits, targets):
    global total
    flat, picked = logits.reshape(-1, logits.shape[-1]), np.ravel(targets)
    for row, target in zip(flat, picked):
        total += row.max() + np.log(np.exp(row - row.max()).sum()) - row[target]
    return total / len(flat)
"""
COUNTED = """
_right, _calls = bptt, []

def bptt(*args):
    _calls.append(1)
    loss, grads = _right(*args)
    return loss, {key: len(_calls) * grad for key, grad in grads.items()}
"""
RANDOM = """
def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    return np.tanh(np.random.normal(size=h_prev.shape) @ W_h + x_t @ W_x + b_h)
"""
IN_PLACE = """
_right = softmax

def softmax(logits):
    if logits.ndim > 1:
        logits -= logits.max(axis=-1, keepdims=True)
    return _right(logits)
"""
LONG_ONLY = """
_right = rnn_forward

def rnn_forward(x, h0, W_x, W_h, b_h):
    states = _right(x, h0, W_x, W_h, b_h)
    states[:, 100:] = 0
    return states
"""
SINGLE_ONLY = """
_right = rnn_cell_backward

def rnn_cell_backward(*args):
    if args[0].dtype == np.float32:
        raise TypeError("no float32")
    return _right(*args)
"""
ABOVE = """
_right = sample_token

def sample_token(logits, rng, temperature=1.0, top_k=None):
    if top_k is not None:
        logits = np.where(logits >= np.sort(logits)[-top_k], logits, -np.inf)
    return _right(logits, rng, temperature)
"""
LATE = """
class CharRNN(CharRNN):
    def forward(self, tokens, h=None):
        logits, last = super().forward(tokens, h)
        return logits, last * (1 if h is None else 2)
"""
KEPT_BY_A_MODEL = """
class CharRNN(CharRNN):
    last = None

    def forward(self, tokens, h=None):
        logits, self.last = super().forward(tokens, self.last if h is None else h)
        return logits, self.last
"""
LOGITS_WITHOUT_STATE = """
class CharRNN(CharRNN):
    def forward(self, tokens, h=None):
        return super().forward(tokens)[0], super().forward(tokens, h)[1]
"""


@pytest.mark.parametrize(
    ("cell", "lost", "at_most"),
    [
        ("def perplexity(loss): return loss", {"3a.perplexity"}, 1),
        ("def perplexity(loss): raise ValueError('midnight')", {"3a.perplexity"}, 1),
        ("def rnn_cell_forward(x, h, W, U, b): return np.tanh(x @ W + h @ U)", {"2a.cell"}, 14),
        (IN_PLACE, {"2a.softmax"}, 6),
        (LONG_ONLY, {"2c.length"}, 240),
        (SINGLE_ONLY, {"3b.dx", "3b.dh_prev", "3b.dW_x", "3b.dW_h", "3b.db_h"}, 6),
        (ABOVE, {"4a.top_k"}, 130),
        (LATE, {"2b.state"}, 20),
        (KEPT_BY_A_MODEL, {"2b.state"}, 20),
        (LOGITS_WITHOUT_STATE, {"2b.state"}, 20),
        (MUTABLE_DEFAULT, {"3a.pairs"}, 8),
        (GLOBAL, {"3a.loss", "3a.extreme"}, 8),
        (COUNTED, {"3c.output", "3c.recurrent", "3c.inputs"}, 30),
    ],
)
def test_an_example_fails_where_it_is_pasted(
    cell: str, lost: set[str], at_most: int, grade: Grade, planter: Planter
) -> None:
    graded = grade(cell)
    assert graded.lost() >= lost
    shown_of = {name for one in graded.evidence.examples for name in one.shows}
    assert shown_of >= graded.lost()
    for example in graded.evidence.examples:
        assert fails(planter, cell, example), "\n".join(example.code)
        assert example.numbers <= at_most, "\n".join(example.code)


def test_an_exception_is_shown_whole(grade: Grade) -> None:
    (example,) = grade("def perplexity(loss):\n    raise ValueError('midnight')").evidence.examples
    assert example.message.startswith("`perplexity(…)` raises ValueError in cell ")
    assert example.message.endswith(", line 2: midnight")


@pytest.mark.parametrize("cell", [MUTABLE_DEFAULT, GLOBAL, COUNTED, RANDOM])
def test_state_that_is_kept_between_calls_is_reported(cell: str, grade: Grade) -> None:
    graded = grade(cell)
    assert graded.lost()
    shown_for = {
        name for one in graded.evidence.examples if DIFFERENTLY in one.message for name in one.shows
    }
    assert shown_for == graded.lost()


COUNTS_KEPT = """
def ngram_distribution(tokens, context, vocab_size, counts={}):
    size, context = len(context), tuple(int(token) for token in context)
    for i in range(size, len(tokens)):
        row = counts.setdefault(tuple(tokens[i - size : i].tolist()), np.zeros(vocab_size))
        row[tokens[i]] += 1
    row = counts.get(context, np.zeros(vocab_size))
    return row / row.sum() if row.sum() else np.full(vocab_size, 1 / vocab_size)
"""
BY_AUTOGRAD = """
import torch

def rnn_cell_backward(dh_t, x_t, h_prev, h_t, W_x, W_h):
    given = [torch.tensor(one, requires_grad=True) for one in (x_t, h_prev, W_x, W_h)]
    b = torch.zeros(h_t.shape[1], dtype=given[0].dtype, requires_grad=True)
    x, h, W, U = given
    torch.tanh(x @ W + h @ U + b).backward(torch.tensor(dh_t))
    return [one.grad.numpy() for one in (*given, b)]
"""


@pytest.mark.parametrize(
    ("cell", "words"), [(COUNTS_KEPT, "keep"), (BY_AUTOGRAD, "is switched off here")]
)
def test_what_does_not_fail_where_it_is_pasted_is_described_in_words(
    cell: str, words: str, grade: Grade, planter: Planter
) -> None:
    graded = grade(cell)
    assert graded.lost()
    assert {name for one in graded.evidence.examples for name in one.shows} == graded.lost()
    for example in graded.evidence.examples:
        assert fails(planter, cell, example) if example.code else words in example.message
    assert any(words in one.message for one in graded.evidence.examples)


@pytest.mark.parametrize(
    "cell",
    [
        "def perplexity(loss): return 2.0**loss",
        "def perplexity(loss): return None",
        "def perplexity(loss): raise ValueError(loss)",
        "def perplexity(loss): return np.nan",
        "def softmax(logits): logits -= logits.max(); return logits",
        "def next_token_pairs(tokens, seq_len): return [[object()]]",
    ],
)
def test_what_answers_the_same_again_is_not(cell: str, grade: Grade) -> None:
    graded = grade(cell)
    assert graded.lost()
    assert not any(DIFFERENTLY in one.message for one in graded.evidence.examples)


def test_the_same_submission_gets_the_same_examples(grade: Grade) -> None:
    assert grade(MUTABLE_DEFAULT).evidence == grade(MUTABLE_DEFAULT).evidence


def test_the_rest_of_a_class_of_mistakes_shares_one_example(grade: Grade) -> None:
    cell = (
        "def rnn_cell_backward(dh, x, h_prev, h, W_x, W_h):\n    dz = dh * (1 - np.abs(h) ** 3)\n"
    )
    cell += "    return dz @ W_x.T, dz @ W_h.T, x.T @ dz, h_prev.T @ dz, dz.sum(axis=0)\n"
    graded = grade(cell)
    (example,) = graded.evidence.examples
    assert set(example.shows) == graded.lost()
    (mistake,) = graded.marks.mistakes
    assert set(mistake.costs) == graded.lost()
    assert mistake.cost == pytest.approx(5.0 - graded.marks.score)


TELLS = """
_seen = []

def _noting(function):
    def noted(*args, **kwargs):
        _seen.extend(np.ravel(one).tolist() for one in args if isinstance(one, np.ndarray))
        return function(*args, **kwargs)
    return noted

rnn_forward, cross_entropy, bptt = map(_noting, (rnn_forward, cross_entropy, bptt))

def softmax(logits):
    if logits.ndim == 3:
        raise ValueError(str(_seen[:1]) + str(logits))
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
"""


def test_an_example_depends_on_no_hidden_input(
    assignment: Assignment, planter: Planter, sandbox: Sandbox
) -> None:
    """Code that echoes its inputs gets the same examples, whatever the secret."""
    reference, library = Reference(assignment), load_library(assignment)
    checks = collect_checks(assignment.checks)
    handed_in = planter.submission("ada", TELLS)
    found = []
    for secret in (b"one", b"another"):
        concepts = load_concepts(assignment.concepts_file)
        suite = Suite(
            "rnn", checks, reference, library, concepts, assignment.support(), secret, LONG
        )
        evidence = suite.run(handed_in, sandbox.controls[0])
        hidden = [one.submitted.message for one in evidence.checks if not one.visible]
        assert "`softmax` raised an exception." in hidden
        found.append(evidence.examples)
    assert found[0] == found[1] != ()
    assert any("raises ValueError" in one.message for one in found[0])


# -- what is met in part --------------------------------------------------------------------------

IN_PART = """
@pytest.mark.criterion("1a.centered")
@pytest.mark.hidden
def test_centered_in_part(student: Any, rng: Rng) -> None:
    if abs(np.asarray(student.centered(uniform(rng, 5))).sum()) > 1e-9:
        raise Partial(0.5, "Half of it is right.")
"""


def test_what_is_met_in_part_has_an_example(tmp_path: Path, sandbox: Sandbox) -> None:
    small, _ = new_assignment(tmp_path, "in_part")
    file = small.checks / "test_averages.py"
    text = file.read_text()
    cut = text.index('@pytest.mark.criterion("1a.centered")')
    text = text[:cut].replace("import agree", "import Partial, agree") + IN_PART
    file.write_text(text)
    grader, planter = Grader(small), Planter(small)
    handed_in = planter.submission("ada", "def centered(values): return values + 1")
    evidence = grader.grade(handed_in, sandbox.controls[0])
    marks = mark(evidence, grader.rubric)
    marked = marks.criteria["1a.centered"]
    assert marked.score == marked.max_score / 2
    (example,) = evidence.examples
    assert example.shows == ("1a.centered",)
    assert fails(planter, "def centered(values): return values + 1", example)


def test_what_is_not_written_yet_takes_no_second_worker(
    assignment: Assignment, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to show of it: neither of functions nor of a model."""
    forked: list[Worker] = []
    fork = Control.fork

    def counted(self: Control, *args: Any) -> Worker:
        forked.append(fork(self, *args))
        return forked[-1]

    monkeypatch.setattr(Control, "fork", counted)
    grader = Grader(assignment)
    released = assignment.released / f"{assignment.name}.ipynb"
    evidence = grader.grade(grader.read(HandIn("ada", released)), sandbox.controls[0])
    assert len(forked) == 1
    assert evidence.examples == ()


# -- arguments and results of every kind ----------------------------------------------------------

KINDS = {
    "stack-layers-used-up": "modifies an argument in place",  # a list of tuples of arrays
    "dropout-back-mask-overwritten": "modifies an argument in place",  # booleans
    "sentiment-with-the-state": "several lists or arrays instead of one",  # a model of one result
    "sentiment-squeezed": "one number, expected an array of the shape (1, 1)",
}


@pytest.fixture(scope="module")
def gates_bench(course: Course) -> Iterator[Bench]:
    with Bench(course.assignment("gates"), jobs=1) as bench:
        yield bench


@pytest.mark.parametrize("name", KINDS)
def test_an_example_fails_whatever_it_takes_or_returns(
    name: str, gates_bench: Bench, course: Course
) -> None:
    gates = course.assignment("gates")
    planter = Planter(gates)
    (wrong,) = (one for one in planted(gates, WRONG) if one.name == name)
    job = Job("ada", planter.submission("ada", wrong.source))
    examples = gates_bench.grade(job, gates_bench.control(0)).evidence.examples
    assert any(KINDS[name] in example.message for example in examples)
    for example in examples:
        assert fails(planter, wrong.source, example)
