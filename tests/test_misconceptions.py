"""Wrong ways are named by what they would have answered, surely or not at all; a mistake costs
once; and credits are the rubric's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from autograder.audit.planting import Planter, as_planted, pairs, planted
from autograder.audit.running import Bench, Graded, Job
from autograder.course.folders import Assignment
from autograder.course.reference import Reference
from autograder.course.rubric import Rubric, load_rubric
from autograder.marking.marks import mark
from autograder.misconceptions import load_library
from autograder.misconceptions.explain import Lost, explain
from autograder.reports.files import write_student
from autograder.reports.markdown import student_markdown
from autograder.session.student import Call
from autograder.suite.evidence import Evidence
from tests.conftest import RNN

LIBRARY = load_library(RNN)
WRONG = planted(RNN, "wrong*.py")
Grade = Callable[..., Graded]


@pytest.fixture(scope="module")
def grade(assignment: Assignment) -> Iterator[Grade]:
    """``grade("def softmax(logits): ...")``: the reference with that in its place, graded once."""
    planter = Planter(assignment)
    with Bench(assignment, jobs=1) as bench:

        @cache
        def grade(*sources: str) -> Graded:
            job = Job("ada", planter.submission("ada", *sources))
            return bench.grade(job, bench.control(0))

        yield grade


def source_of(name: str) -> str:
    """A planted mistake, or a misconception of the library, as a student's cell."""
    found = {one.name: one.source for one in WRONG}
    if name in found:
        return found[name]
    return next(
        as_planted(LIBRARY, *(LIBRARY.misconceptions[part] for part in name.split(" and ")))
    ).source


# -- the library ----------------------------------------------------------------------------------


def test_every_stub_has_misconceptions_and_there_are_over_80(rubric: Rubric) -> None:
    stubs = {stub for part in rubric.parts() for stub in part.stubs}
    assert {one.stub for one in LIBRARY.misconceptions.values()} == stubs
    assert len(LIBRARY.misconceptions) >= 80


def test_credits_are_at_most_half_and_of_known_misconceptions(rubric: Rubric) -> None:
    assert rubric.credits.keys() <= LIBRARY.misconceptions.keys()
    assert all(0 < share <= 0.5 for share in rubric.credits.values())


# -- the right ways in pieces ---------------------------------------------------------------------


def test_the_pieces_are_right(reference: Reference) -> None:
    rng = np.random.default_rng(1)
    N, T, E, H, V = 3, 4, 2, 5, 6
    x, h0, b_h, b_y = (rng.normal(size=s) for s in ((N, T, E), (N, H), (H,), (V,)))
    W_x, W_h, W_y = (rng.normal(size=s) / 2 for s in ((E, H), (H, H), (H, V)))
    logits, targets = rng.normal(size=(N, T, V)), rng.integers(V, size=(N, T))
    text, dh = rng.integers(V, size=40), rng.normal(size=(N, H))
    h1 = reference.rnn_cell_forward(x[:, 0], h0, W_x, W_h, b_h)
    asked: dict[str, list[tuple[Any, ...]]] = {
        "ngram_distribution": [(text, text[:2], V), (text, [], V), (text, text[:9], V)],
        "feed_forward_logits": [(x, W_x, b_h, W_y, b_y)],
        "rnn_cell_forward": [(x[:, 0], h0, W_x, W_h, b_h)],
        "softmax": [(logits,), (1e4 * logits,)],
        "parameter_count": [(512, 128, 64)],
        "rnn_forward": [(x, h0, W_x, W_h, b_h)],
        "next_token_pairs": [(text, 7), (text, 40)],
        "cross_entropy": [(logits, targets), (1e4 * logits, targets)],
        "perplexity": [(2.0,)],
        "rnn_cell_backward": [(dh, x[:, 0], h0, h1, W_x, W_h)],
        "bptt": [(x, targets, h0, W_x, W_h, b_h, W_y, b_y)],
        "clip_gradients": [({"a": x, "b": h0}, 1.0), ({"a": 0 * x}, 1.0)],
    }
    for stub, calls in asked.items():
        for args in calls:
            got, want = getattr(LIBRARY.right(), stub)(*args), getattr(reference, stub)(*args)
            assert_same(got, want)
    for temperature, top_k, p in ((1.0, None, reference.softmax(b_y)), (0, None, b_y == b_y.max())):
        np.testing.assert_allclose(LIBRARY.right().sample_token(b_y, temperature, top_k), p)


def assert_same(got: Any, want: Any) -> None:
    if isinstance(want, dict):
        assert got.keys() == want.keys()
        got, want = [got[key] for key in want], list(want.values())
    if isinstance(want, tuple | list):
        for one, other in zip(got, want, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_allclose(got, want, rtol=1e-9)


def test_a_replaced_piece_can_ask_for_the_right_one_in_its_place() -> None:
    right = LIBRARY.right({"perplexity": lambda right, loss: 1 + right.perplexity(loss)})
    assert right.perplexity(0.0) == 2.0


# -- naming ---------------------------------------------------------------------------------------


def calls_of(function: Callable[..., Any], arguments: list[tuple[Any, ...]], stub: str) -> Lost:
    calls = [Call(stub, args, {}, 1, function(*args)) for args in arguments]
    return Lost("3a.perplexity", None, calls)


def names(lost: Lost) -> list[str]:
    found = list(explain([lost], LIBRARY))
    return [one.name for _, ones in found for one in ones]


LOSSES = [(0.5,), (1.5,), (3.0,)]


def test_a_right_answer_has_no_name() -> None:
    assert names(calls_of(np.exp, LOSSES, "perplexity")) == []


def test_all_numbers_must_agree() -> None:
    assert names(calls_of(lambda loss: 2.0**loss, LOSSES, "perplexity")) == ["perplexity/base-two"]
    almost = calls_of(lambda loss: 2.0**loss if loss < 2 else 9.0, LOSSES, "perplexity")
    assert names(almost) == []


def test_where_two_fit_none_is_named() -> None:
    copied = replace(LIBRARY.misconceptions["perplexity/base-two"], name="perplexity/another")
    twice = replace(LIBRARY, misconceptions={**LIBRARY.misconceptions, copied.name: copied})
    lost = calls_of(lambda loss: 2.0**loss, LOSSES, "perplexity")
    assert list(explain([lost], twice)) == []


def test_odd_answers_are_no_trouble() -> None:
    class Odd:
        def __array__(self) -> None:
            raise RuntimeError

    for answer in (
        None,
        "text",
        [],
        {},
        [[1.0], [2.0, 3.0]],
        np.array("a"),
        Odd(),
        {"a": 1},
        [None],
    ):
        for stub in ("perplexity", "bptt", "sample_token", "generate", "CharRNN"):
            call = Call(stub, (np.ones((2, 3, 4)),), {}, 1, answer)
            lost = Lost("3c.output", None, [call], ((1, "W_y"), (1, "b_y")))
            assert list(explain([lost], LIBRARY)) == []


# One of each kind: numbers, a family, an exception, draws, draws that fail, what is fed back, a
# model's layers and its forward pass, the generator, what is carried by another stub.
NAMED = {
    "rnn_cell_forward/w_h-transposed": {"2a.cell"},
    "rnn_forward/starts-anew": {"2c.length"},
    "softmax/second-axis": {"2a.softmax", "2a.extreme"},
    "cross_entropy/log-of-softmax": {"3a.extreme"},
    "parameter_count/one-rnn-bias": {"2b.counts:rnn"},
    "sample_token/top-k-one-more": {"4a.top_k"},
    "sample_token/greedy-divides-by-zero": {"4a.greedy"},
    "generate/last-token-read-twice": {"4b.prompt"},
    "model-lstm": {"2b.layers", "2b.forward", "2b.state"},
    "model-state-ignored": {"2b.state"},
    "sampler-seeded-by-itself": {"4a.distribution", "4a.temperature", "4a.top_k", "4a.generator"},
    "bptt-own-slope-not-squared": {"3c.recurrent", "3c.inputs"},
}


@pytest.mark.parametrize("name", NAMED)
def test_a_single_mistake_costs_what_it_touches_and_is_named_there(name: str, grade: Grade) -> None:
    graded = grade(source_of(name))
    wanted = next((one.named for one in WRONG if one.name == name), {name})
    assert graded.lost() == NAMED[name]
    assert graded.named() == dict.fromkeys(NAMED[name], frozenset(wanted))


@pytest.mark.parametrize("name", [one.name for one in pairs(RNN, LIBRARY)][:4])
def test_two_mistakes_at_once_are_both_named(name: str, grade: Grade) -> None:
    said = frozenset[str]().union(*grade(source_of(name)).named().values())
    assert said == set(name.split(" and "))


UNKNOWN = "cell-half-of-the-old-state softmax-of-halves sampler-half-uniform greedy-second-largest"
UNKNOWN += " generate-halves-the-state unrolling-state-fades bptt-flow-halved clipping-twice"


@pytest.mark.parametrize("name", UNKNOWN.split())
def test_what_is_not_in_the_library_has_no_name(name: str, grade: Grade) -> None:
    graded = grade(source_of(name))
    assert graded.lost()
    assert graded.named() == {}
    assert all(mark.message for key, mark in graded.marks.criteria.items() if key in graded.lost())


# -- follow-through -------------------------------------------------------------------------------


def test_a_mistake_costs_once_and_the_report_says_how_the_rest_was_earned(
    grade: Grade, rubric: Rubric
) -> None:
    """The unrolled network, BPTT and generation call the cell, whose tanh is missing."""
    graded = grade("def rnn_cell_forward(x, h, W_x, W_h, b):\n    return h @ W_h + x @ W_x + b")
    assert graded.lost() == {"2a.cell"}
    assert graded.marks.score == pytest.approx(4.7)
    earned = {key for key, one in graded.marks.criteria.items() if one.followed_through}
    assert {"2c.values", "2c.memory", "3c.loss", "3c.recurrent", "4b.state"} <= earned
    report = student_markdown(graded.evidence, graded.marks, rubric)
    (mistake,) = graded.marks.mistakes
    for stub in ("rnn_forward", "bptt", "generate"):
        said = f"`{stub}` is right; it was tested with a correct "
        assert any(one.startswith(said) for one in mistake.spared)
        assert said in report.replace("\\", "")


def test_the_calling_stub_is_also_checked_by_itself(grade: Grade) -> None:
    """A right cell does not hide that the one who calls it is wrong."""
    wrong = "def rnn_forward(x, h0, *w):\n    h = rnn_cell_forward(x[:, 0], h0, *w)\n"
    wrong += "    return np.repeat(h[:, None], x.shape[1], axis=1)"
    assert grade(wrong).lost() == {"2c.values", "2c.length", "2c.memory"}


def test_nothing_is_earned_by_what_is_passed_on_unused(grade: Grade) -> None:
    """A caller that forgets what it was answered is not made right by a right answer."""
    wrong = "def rnn_forward(x, h0, *w):\n    rnn_cell_forward(x[:, 0], h0, *w)\n"
    wrong += "    return np.zeros((*x.shape[:2], h0.shape[1]))"
    assert grade(wrong).lost() == {"2c.values", "2c.length", "2c.memory"}


def test_a_caller_that_is_wrong_in_its_own_right_is_named(grade: Grade) -> None:
    cell = "def rnn_cell_forward(x, h, W_x, W_h, b):\n    return h @ W_h + x @ W_x + b"
    graded = grade(cell, source_of("rnn_forward/h0-ignored"))
    assert graded.lost() == {"2a.cell", "2c.memory"}
    assert graded.named()["2c.memory"] == {"rnn_forward/h0-ignored"}
    assert graded.named()["2a.cell"] == {"rnn_cell_forward/no-tanh"}


# -- what is said, and what it earns --------------------------------------------------------------


@pytest.fixture(scope="module")
def summed(grade: Grade) -> Evidence:
    """A loss that is a sum: a slip, with a credit."""
    return grade(source_of("cross_entropy/sum")).evidence


def changed(rubric: Rubric, **fields: Any) -> Rubric:
    return msgspec.structs.replace(rubric, **fields)


def test_the_name_and_the_hint_stand_in_both_reports(
    summed: Evidence, rubric: Rubric, tmp_path: Path
) -> None:
    one = LIBRARY.misconceptions["cross_entropy/sum"]
    write_student(tmp_path, summed, mark(summed, rubric), rubric, "digest", {})
    document = json.loads((tmp_path / "ada.json").read_text())
    criterion = document["criteria"]["3a.loss"]
    assert criterion["message"].startswith(f"It looks as if {one.title}.")
    assert criterion["hint"] == one.hint
    assert criterion["misconceptions"] == [one.name]
    assert document["parts"]["3a"]["read_again"] == "3a The objective"
    assert document["parts"]["3b"]["read_again"] == ""
    readable = (tmp_path / "ada.md").read_text()
    for text in (one.title, one.hint, "To read again: section 3a The objective"):
        assert text in readable


@pytest.mark.parametrize(
    ("feedback", "seen", "hinted"),
    [("full", True, True), ("hints", False, True), ("score", False, False)],
)
def test_the_rubric_decides_how_much_is_shown(
    summed: Evidence, rubric: Rubric, feedback: str, seen: bool, hinted: bool
) -> None:
    own = changed(rubric, feedback=feedback)
    readable = student_markdown(summed, mark(summed, own), own)
    one = LIBRARY.misconceptions["cross_entropy/sum"]
    assert ("It looks as if" in readable) == seen
    assert (one.hint in readable) == hinted
    assert ("To read again" in readable) == hinted
    assert "Mean cross-entropy: 0.05 of 0.1" in readable


@pytest.mark.parametrize(("credit", "score"), [(0.5, 0.05), (0.25, 0.025), (None, 0.0)])
def test_a_changed_credit_changes_the_marks_and_runs_nothing(
    summed: Evidence, rubric: Rubric, credit: float | None, score: float
) -> None:
    stored = msgspec.json.decode(msgspec.json.encode(summed), type=Evidence)
    credits = {} if credit is None else {"cross_entropy/sum": credit}
    marks = mark(stored, changed(rubric, credits=credits))
    assert marks.criteria["3a.loss"].score == pytest.approx(score)
    assert marks.score == pytest.approx(4.9 + score)


def test_a_credit_of_more_than_half_is_refused(assignment: Assignment, tmp_path: Path) -> None:
    text = assignment.rubric_file.read_text().replace(
        "cross_entropy/sum: 0.5", "cross_entropy/sum: 0.6"
    )
    (tmp_path / "rubric.yaml").write_text(text)
    with pytest.raises(Exception, match=r"rubric\.yaml, line \d+"):
        load_rubric(tmp_path / "rubric.yaml")


ACCIDENTS = {
    "zeros": "lambda answer, args: 0 * np.asarray(answer)",
    "its input": "lambda answer, args: args[0]",
    "a constant": "lambda answer, args: np.full(np.shape(answer), 0.5)",
}


@pytest.mark.parametrize("how", ACCIDENTS)
def test_accidents_earn_nothing(how: str, grade: Grade) -> None:
    """Also where a credit, or an edge case that happens to hold, could give something."""
    stubs = "ngram_distribution feed_forward_logits rnn_cell_forward softmax rnn_forward "
    stubs += "cross_entropy perplexity"
    spoil = f"_spoil = {ACCIDENTS[how]}\ndef _wrap(f):\n    return lambda *a: _spoil(f(*a), a)\n"
    marks = grade(spoil + "\n".join(f"{s} = _wrap({s})" for s in stubs.split())).marks
    lost = ("1a.", "1b.values", "2a.", "2c.", "3a.loss", "3a.extreme", "3a.perplexity")
    earned = {key: one.score for key, one in marks.criteria.items() if key.startswith(lost)}
    assert earned == dict.fromkeys(earned, 0.0)


def test_hidden_checks_tell_no_value(grade: Grade) -> None:
    graded = grade(source_of("clipping-twice"))
    for check in graded.evidence.checks:
        if not check.visible and check.submitted.share < 1:
            assert not re.search(r"\d\.\d{3}", check.submitted.message)


# -- a failure beside a known mistake -------------------------------------------------------------


TWO_BUGS = """
def sample_token(logits, rng, temperature=1.0, top_k=None):
    if temperature == 0:
        return int(np.argmax(logits))
    if top_k is not None and top_k > len(logits):
        raise KeyError("nothing planned for")
    z = logits * temperature
    if top_k is not None:
        z = np.where(z >= np.sort(z)[-top_k], z, -np.inf)
    return int(rng.choice(len(z), p=softmax(z)))
"""
FAILS_WITHOUT_CONTEXT = """
def ngram_distribution(tokens, context, vocab_size):
    last = context[-1]
    found = [tokens[i + 1] for i in range(len(tokens) - 1) if tokens[i] == last]
    p = np.bincount(np.array(found, dtype=int), minlength=vocab_size)
    return p / p.sum() if p.any() else np.full(vocab_size, 1 / vocab_size)
"""


@pytest.mark.parametrize(
    ("cell", "name", "criteria"),
    [
        (TWO_BUGS, "sample_token/temperature-multiplied", {"4a.temperature"}),
        (
            FAILS_WITHOUT_CONTEXT,
            "ngram_distribution/last-token-of-context",
            {"1a.context", "1a.unseen"},
        ),
    ],
)
def test_a_failure_that_nothing_explains_does_not_hide_a_known_mistake(
    cell: str, name: str, criteria: set[str], grade: Grade
) -> None:
    assert grade(cell).named() == dict.fromkeys(criteria, frozenset({name}))


def test_a_failure_alone_names_nothing(grade: Grade) -> None:
    graded = grade(source_of("ngram-fails-without-context"))
    assert graded.lost() == {"1a.unigram"}
    assert graded.named() == {}


def test_a_mean_of_a_bias_gradient_earns_half_wherever_the_bias_is(
    grade: Grade, rubric: Rubric
) -> None:
    for name in ("backward-db_h-averaged", "bptt-b_h-averaged", "bptt-b_y-averaged"):
        graded = grade(source_of(name))
        (criterion,) = graded.lost()
        marked = graded.marks.criteria[criterion]
        assert marked.score == pytest.approx(marked.max_score / 2)
