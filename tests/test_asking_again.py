"""A stub that keeps something between calls is told so, and no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from autograder.audit.planting import Planter
from autograder.audit.running import Bench, Graded, Job
from autograder.checks.agree import DIFFERENTLY
from autograder.course.folders import Assignment

Grade = Callable[[str], Graded]


@pytest.fixture(scope="module")
def grade(assignment: Assignment) -> Iterator[Grade]:
    planter = Planter(assignment)
    with Bench(assignment, jobs=1) as bench:
        yield lambda cell: bench.grade(
            Job("ada", planter.submission("ada", cell)), bench.control(0)
        )


def told(graded: Graded) -> set[str]:
    criteria = graded.marks.criteria
    return {key for key, mark in criteria.items() if DIFFERENTLY in mark.message}


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


@pytest.mark.parametrize(
    ("cell", "criteria"),
    [
        (MUTABLE_DEFAULT, {"3a.pairs"}),
        (GLOBAL, {"3a.loss", "3a.extreme"}),
        (COUNTED, {"3c.output", "3c.recurrent", "3c.inputs"}),
        (RANDOM, {"2a.cell"}),
    ],
)
def test_state_that_is_kept_between_calls_is_told(
    cell: str, criteria: set[str], grade: Grade
) -> None:
    graded = grade(cell)
    assert graded.lost() == criteria
    assert told(graded) & graded.lost() == criteria


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
    assert not told(graded)


def test_the_same_submission_gives_the_same_evidence(grade: Grade) -> None:
    assert grade(MUTABLE_DEFAULT).evidence == grade(MUTABLE_DEFAULT).evidence
