"""What students check their work with: it says what is wrong, and gives nothing away."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.audit.planting import planted
from autograder.course.concepts import load_concepts
from autograder.course.folders import Assignment, CourseError
from autograder.course.percent import percent_cells
from autograder.course.reference import Reference
from autograder.course.rubric import Rubric
from autograder.misconceptions import load_library
from autograder.release.self_check import self_check_package
from autograder.release.visible import visible_source
from autograder.self_check.facts import Check, Criterion, Facts, Limits, Part
from autograder.suite.collecting import collect_checks
from tests.conftest import RNN, Load

LIBRARY = load_library(RNN)
ROOT = Path(__file__).parent.parent
RELEASED = ROOT / "assignment" / "rnn"
PACKAGE = RELEASED / "rnn_check"
SOLVED = RNN.source

Names = dict[str, Any]
Tell = Callable[..., str]


@pytest.fixture(scope="session")
def rnn_check() -> Iterator[ModuleType]:
    """The package as it was released."""
    sys.path.insert(0, str(RELEASED))
    yield importlib.import_module("rnn_check")
    sys.path.remove(str(RELEASED))
    for name in [name for name in sys.modules if name.partition(".")[0] == "rnn_check"]:
        del sys.modules[name]


@pytest.fixture(scope="session")
def facts(rnn_check: ModuleType) -> Any:
    return rnn_check.self_check.facts


@pytest.fixture(scope="session")
def report(rnn_check: ModuleType) -> Callable[[Any], str]:
    """What a student reads of the result of a part."""
    found: Callable[[Any], str] = rnn_check.engine.self_check.showing.report
    return found


@pytest.fixture
def names(reference: Reference, rubric: Rubric) -> Names:
    """A namespace with the right functions, as a notebook's is where all is done."""
    stubs = [stub for part in rubric.parts() for stub in part.stubs]
    # Each function looks its building blocks up in its own module: the copy has its own.
    source = SOLVED.read_text(encoding="utf-8")
    space: Names = {"__name__": "__main__"}
    for head, cell in percent_cells(source):
        if "import numpy" in cell or 'role="stub"' in head:
            exec(compile(cell, "cell 1", "exec"), space)
    assert set(stubs) <= space.keys()
    bank = load_concepts(RNN.concepts_file).values()
    for part in ("1b", "4b"):
        right = {one.id: "".join(one.right) for one in bank if one.part == part}
        space[f"answers_{part}"] = right
    return space


@pytest.fixture
def tell(rnn_check: ModuleType, names: Names, report: Callable[[Any], str]) -> Tell:
    """``tell("2a", softmax=...)``: the report on a part with other functions in their places."""

    def tell(part: str, **other: Any) -> str:
        names.update(other)
        return report(rnn_check.run_part(part, names))

    return tell


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a student has, as it was handed out."""
    return Path(shutil.copytree(RELEASED, tmp_path / "rnn"))


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


# -- what it needs, and what it holds ------------------------------------------------------------


def _imported(tree: ast.AST) -> set[str]:
    """The packages that a piece of code imports, without relative imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).split(".")[0])
    return found


def test_it_needs_numpy_and_for_models_torch_and_for_a_pdf_matplotlib() -> None:
    needed: set[str] = set()
    within_functions: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            functions = isinstance(node, ast.FunctionDef | ast.ClassDef)
            if file.name != "conftest.py":
                (within_functions if functions else needed).update(_imported(node))
    standard = set(sys.stdlib_module_names)
    assert needed - standard == {"numpy"}
    assert within_functions - standard == {"torch", "IPython", "matplotlib"}


def test_it_runs_without_the_grader_and_without_torch(folder: Path) -> None:
    code = (
        "import sys\n"
        "for name in ('autograder', 'torch', 'msgspec', 'pytest', 'rich', 'IPython'):\n"
        "    sys.modules[name] = None\n"
        "from rnn_check import check\n"
        "def perplexity(loss): return 2.718281828459045**loss\n"
        "check('3a')\n"
    )
    run = _run(folder, "-c", code)
    assert run.returncode == 0, run.stderr
    assert "✓  3a.perplexity" in run.stdout


def test_torch_is_imported_by_nothing_but_the_work_that_needs_it(folder: Path) -> None:
    report = "print('torch' in sys.modules, 'pytest' in sys.modules)"
    for words in (["-h"], ["--self-test", "tanh"], ["2a", "mine.py"]):
        (folder / "mine.py").write_text("def softmax(logits): return logits\n")
        code = f"import sys, rnn_check\ntry: rnn_check.self_check.main({words})\nfinally: {report}"
        run = _run(folder, "-c", code)
        assert run.stdout.endswith("False False\n"), run.stderr


def test_the_engine_is_copied_as_it_is() -> None:
    copied = [path for path in (PACKAGE / "engine").rglob("*") if path.is_file()]
    assert len(copied) > 20
    for path in copied:
        name = path.relative_to(PACKAGE / "engine")
        if str(name) != "__init__.py":
            assert path.read_bytes() == (ROOT / "autograder" / name).read_bytes(), name


def test_students_read_the_visible_checks_as_they_were_written() -> None:
    shown = (PACKAGE / "checks.py").read_text(encoding="utf-8")
    for check in collect_checks(RNN.checks):
        lines = Path(check.function.__code__.co_filename).read_text(encoding="utf-8").split("\n")
        start = check.function.__code__.co_firstlineno - 1
        [tree] = ast.parse("\n".join(lines[start:]).split("\n\n\n")[0]).body
        text = "\n".join(lines[start : start + (tree.end_lineno or 0)])
        assert (f"\n{text}\n" in shown) == check.visible, check.name
        assert (f"def {check.function.__name__}(" in shown) == check.visible, check.name
    assert "mark.hidden" not in shown


def test_pytest_runs_the_checks_one_by_one(folder: Path) -> None:
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    _fill_in(folder, "rnn.ipynb")
    run = _run(folder, "-m", "pytest", "-q", "rnn_check/checks.py")
    visible = [check for check in collect_checks(RNN.checks) if check.visible]
    assert f"{len(visible)} passed" in run.stdout, run.stdout
    assert "warning" not in run.stdout


# -- what it gives away --------------------------------------------------------------------------


# What the self-check compared with before it had numbers for that.
ORACLE = """
def states_of(x, h0, W_x, W_h, biases):
    import torch
    rnn = torch.nn.RNN(W_x.shape[0], W_h.shape[0], batch_first=True, dtype=torch.float64)
    given = {"weight_ih_l0": W_x.T, "weight_hh_l0": W_h.T}
    given |= {"bias_ih_l0": biases[0], "bias_hh_l0": biases[1]}
    rnn.load_state_dict({key: torch.tensor(np.array(value)) for key, value in given.items()})
    with torch.no_grad():
        return rnn(torch.tensor(x), torch.tensor(h0)[None])
"""


def test_nothing_but_a_planted_solution_answers_in_place_of_a_stub(
    folder: Path, tmp_path: Path, rubric: Rubric
) -> None:
    cells = percent_cells(SOLVED.read_text(encoding="utf-8"))
    needed = [cell for head, cell in cells if 'role="stub"' in head or "import numpy" in cell]
    model = (RNN.checks / "model.py").read_text(encoding="utf-8")
    planted = folder / "rnn_check" / "engine" / "planted.py"
    planted.write_text("\n".join([*needed, ORACLE, model.replace("from __future", "# ")]))
    words = [
        sys.executable,
        "-m",
        "tests.solving",
        str(folder / "rnn_check"),
        str(tmp_path / "out"),
    ]
    subprocess.run(words, cwd=ROOT, check=True, timeout=500, capture_output=True)
    found = json.loads((tmp_path / "out").read_text(encoding="utf-8"))
    assert set(found) == {stub for part in rubric.parts() for stub in part.stubs}
    names = {name.removeprefix("engine.planted.") for solving in found.values() for name in solving}
    assert {"rnn_forward", "states_of", "unrolled"} <= names
    assert not [name for name in names if "." in name.removeprefix("CharRNN.")]


def test_nothing_in_the_package_computes_with_networks() -> None:
    computes = {
        "nn",
        "autograd",
        "backward",
        "grad",
        "functional",
        "softmax",
        "tanh",
        "cross_entropy",
    }
    computes |= {"matmul", "dot", "einsum", "tensordot", "inner"}
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            assert not isinstance(node, ast.MatMult), file
            called = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
            if not called.startswith("student."):
                assert called.rpartition(".")[2] not in computes, (file, called)


def test_known_mistakes_are_released_as_fingerprints_alone(facts: Any) -> None:
    assert len(facts.mistakes) > 20
    for mistake in facts.mistakes:
        for answers in mistake.answers.values():
            if "probabilities" in answers:
                assert sum(answers["probabilities"]) == pytest.approx(1, abs=1e-4)
            else:
                assert all(int(text, 16) >= 0 and len(text) == 8 for text in answers.values())


def test_no_marked_answer_is_in_it_and_the_check_does_not_tell_one(
    facts: Any, names: Names, tell: Tell
) -> None:
    marked = {one for questions in facts.marked.values() for one in questions}
    assert not marked & {question.id for question in facts.self_test}
    right = tell("1b")
    for letters in "abcd":
        answers = dict.fromkeys(names["answers_1b"], letters)
        assert tell("1b", answers_1b=answers) == right


# -- what a check says ---------------------------------------------------------------------------


def test_right_functions_reach_all_points_that_can_be_reached(
    rnn_check: ModuleType, names: Names, rubric: Rubric, report: Callable[[Any], str]
) -> None:
    for part in rubric.parts():
        result = rnn_check.run_part(part.id, names)
        checked = [one for one in part.criteria if not one.id.endswith(".concepts")]
        assert result.whole, report(result)
        assert result.total("met") == pytest.approx(sum(one.points for one in checked))


def test_what_is_not_written_yet_is_to_come_and_not_wrong(
    rnn_check: ModuleType,
    facts: Any,
    folder: Path,
    rubric: Rubric,
    report: Callable[[Any], str],
) -> None:
    reading = rnn_check.engine.self_check.reading
    names = reading.load(reading.code_cells(folder / "rnn.ipynb"), facts, [])
    for part in rubric.parts():
        result = rnn_check.run_part(part.id, names)
        assert result.total("met") == result.total("missed") == 0
        shown = report(result)
        for stub in part.stubs:
            assert f"`{stub}` is still to be written." in shown
        assert "✗" not in shown


def test_a_miss_shows_the_call_what_was_expected_what_came_and_where_they_differ(
    tell: Tell,
) -> None:
    def softmax(logits: Any) -> Any:
        return np.exp(logits) / np.exp(logits).sum()

    shown = tell("2a", softmax=softmax)
    assert "2a  The cell: 0.3 of 0.5 points reached" in shown
    assert "✗ 2a.softmax: Of two rows, the softmax: all entries are wrong." in shown
    assert "softmax(\n        logits = [[0.      , 0.693147, 1.609438]," in shown
    assert "expected [[0.125   , 0.25    , 0.625   ]," in shown
    assert "got      [[0.090909, 0.181818, 0.454545]," in shown
    assert "differs at [0, 0]: expected 0.125, got 0.0909091" in shown
    assert "Hint 1 of 3: What is exp(10000) in floating point" in shown


def test_the_same_call_is_shown_once(tell: Tell) -> None:
    shown = tell("3b", rnn_cell_backward=lambda *args: [np.zeros(3)] * 5)
    assert shown.count("rnn_cell_backward(") == 1
    assert shown.count("the same call as above") == 4


def test_arrays_in_a_dict_stand_below_each_other(tell: Tell) -> None:
    shown = tell("3c", clip_gradients=lambda grads, limit: {})
    start = shown.index("{'W': [[2., 0.],")
    inside = " " * (start - shown.rindex("\n", 0, start))
    assert shown[start:].startswith(
        f"{{'W': [[2., 0.],\n{inside}      [1., 0.]],\n{inside}'b': [2.]}}"
    )


def test_draws_are_shown_with_their_generator_and_as_shares(tell: Tell) -> None:
    def sample_token(logits: Any, rng: Any, temperature: float = 1.0, top_k: Any = None) -> int:
        return int(rng.integers(len(logits)))

    shown = tell("4a", sample_token=sample_token)
    assert "36 times sample_token(" in shown
    assert "rng = np.random.default_rng(5)" in shown
    assert "expected [0. , 0.5, 0. , 0.5]" in shown
    assert "It looks as if all tokens in the draw are equally likely." in shown


def test_an_exception_is_shown_with_the_students_own_line(
    rnn_check: ModuleType, facts: Any, report: Callable[[Any], str]
) -> None:
    reading = rnn_check.engine.self_check.reading
    cell = "def perplexity(loss):\n    number = loss\n    return number['nats']\n"
    names = reading.load([reading.CodeCell("cell 1", cell)], facts, [])
    shown = " ".join(report(rnn_check.run_part("3a", names)).split())
    assert "`perplexity` raised TypeError: 'float' object is not subscriptable" in shown
    assert "in `perplexity`, line 3: return number['nats']" in shown


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "None (is a `return` missing?)"),
        (np.zeros((3, 1)), "(3, 1)"),
        ("10", "text, expected numbers"),
        (float("nan"), "inf or NaN"),
    ],
)
def test_results_of_the_wrong_kind_are_reported(tell: Tell, answer: Any, sentence: str) -> None:
    assert sentence in " ".join(tell("3a", perplexity=lambda loss: answer).split())


def test_what_is_printed_is_kept_for_a_miss_alone(
    tell: Tell, capsys: pytest.CaptureFixture[str]
) -> None:
    def loud(loss: float) -> float:
        print("loss is", loss)
        return loss

    shown = tell("3a", perplexity=loud)
    assert "printed meanwhile:\n    loss is 2.302585093" in shown
    assert "printed meanwhile" not in tell("3a", perplexity=lambda x: print(x) or np.exp(x))
    assert capsys.readouterr().out == ""


def test_arguments_are_copies_so_that_one_call_does_not_spoil_the_next(
    tell: Tell, names: Names
) -> None:
    right = names["softmax"]

    def softmax(logits: Any) -> Any:
        logits -= logits.max(axis=-1, keepdims=True)
        return right(logits)

    shown = tell("2a", softmax=softmax)
    assert "✓  2a.extreme" in shown
    assert "✗ 2a.softmax: The argument `logits` is modified in place; work on a copy." in shown


@pytest.mark.parametrize(
    ("part", "stub", "change"),
    [
        ("1a", "ngram_distribution", lambda tokens, *_: tokens.sort()),
        ("1b", "feed_forward_logits", lambda x, W_x, b_h, *_: b_h.fill(0)),
        ("2a", "rnn_cell_forward", lambda x_t, h_prev, *_: h_prev.fill(0)),
        ("2c", "rnn_forward", lambda x, h0, *_: h0.fill(1)),
        ("3a", "next_token_pairs", lambda tokens, _: tokens.sort()),
        ("3a", "cross_entropy", lambda logits, _: logits.fill(0)),
        ("3b", "rnn_cell_backward", lambda dh_t, *_: dh_t.fill(0)),
        ("3c", "bptt", lambda x, targets, h0, *_: h0.fill(0)),
        ("3c", "clip_gradients", lambda grads, _: grads.clear()),
        ("4a", "sample_token", lambda logits, *_, **__: logits.fill(0)),
        ("4b", "generate", lambda prompt, length, W_e, *_, **__: W_e.fill(0)),
    ],
)
def test_an_argument_that_is_modified_is_reported(
    tell: Tell, names: Names, part: str, stub: str, change: Callable[..., Any]
) -> None:
    right = names[stub]

    def wrong(*args: Any, **settings: Any) -> Any:
        answer = right(*args, **settings)
        change(*args, **settings)
        return answer

    assert "is modified in place" in tell(part, **{stub: wrong})


@pytest.mark.parametrize(
    ("part", "stub"),
    [
        ("1b", "feed_forward_logits"),
        ("2a", "rnn_cell_forward"),
        ("2a", "softmax"),
        ("2c", "rnn_forward"),
        ("3a", "cross_entropy"),
        ("3b", "rnn_cell_backward"),
    ],
)
def test_a_failure_in_float32_is_reported(tell: Tell, names: Names, part: str, stub: str) -> None:
    right = names[stub]

    def wrong(*args: Any) -> Any:
        if any(one.dtype == np.float32 for one in args):
            raise TypeError("expected Double, found Float")
        return right(*args)

    assert f"`{stub}` raised TypeError: expected Double" in tell(part, **{stub: wrong})


def test_draws_of_different_generators_are_shown_beside_those_of_equal_ones(
    tell: Tell, names: Names
) -> None:
    right, own = names["sample_token"], np.random.default_rng(0)
    shown = tell("4a", sample_token=lambda logits, rng, **settings: right(logits, own, **settings))
    assert "Two generators with the same seed give different draws." in shown
    assert "np.random.default_rng(6)" in shown
    assert "np.random.default_rng(7)" not in shown
    assert "Two with the seed 6 give [" in shown


def test_what_keeps_something_between_calls_is_reported(tell: Tell) -> None:
    def next_token_pairs(tokens: Any, seq_len: int, kept: Any = []) -> Any:  # noqa: B006
        for i in range(0, len(tokens) - seq_len, seq_len):
            kept.append((tokens[i : i + seq_len], tokens[i + 1 : i + seq_len + 1]))
        return np.array([one for one, _ in kept]), np.array([other for _, other in kept])

    shown = " ".join(tell("3a", next_token_pairs=next_token_pairs).split())
    assert "Called again with the same arguments, it answers differently" in shown
    assert shown.count("answers differently") == 1


def test_a_mistake_elsewhere_is_said_first_and_its_consequence_shown_once(tell: Tell) -> None:
    def rnn_cell_forward(x_t: Any, h_prev: Any, W_x: Any, W_h: Any, b_h: Any) -> Any:
        return h_prev @ W_h + x_t @ W_x + b_h

    shown = tell("2c", rnn_cell_forward=rnn_cell_forward)
    first = "Look first at `rnn_cell_forward` of part 2a: `rnn_forward` calls it"
    assert shown.index(first) < shown.index("✗ 2c.values")
    assert shown.count("✗ 2c") == 1


MISTAKES: dict[str, tuple[str, str, Any]] = {
    "the tanh is missing": (
        "2a",
        "rnn_cell_forward",
        lambda x_t, h_prev, W_x, W_h, b_h: h_prev @ W_h + x_t @ W_x + b_h,
    ),
    "one bias vector is counted for nn.RNN": (
        "2b",
        "parameter_count",
        lambda V, E, H: {"embedding": V * E, "rnn": (E + H + 1) * H, "output": H * V + V},
    ),
    "a power of 2 is taken of a loss in nats": ("3a", "perplexity", lambda loss: 2.0**loss),
    "each array is clipped by a norm of its own": (
        "3c",
        "clip_gradients",
        lambda grads, limit: {
            key: grad * min(1, limit / np.linalg.norm(grad)) for key, grad in grads.items()
        },
    ),
}


@pytest.mark.parametrize("title", MISTAKES)
def test_a_known_mistake_is_named(tell: Tell, title: str) -> None:
    part, stub, wrong = MISTAKES[title]
    assert f"It looks as if {title}." in tell(part, **{stub: wrong})


PLANTED = [one for one in planted(RNN, "wrong*.py") if one.stub in ("CharRNN", "generate")]
# Of what visible checks do not show: the nonlinearity, and tokens that are drawn.
NOT_SHOWN = "model-relu model-time-first model-relu-before-output"
NOT_SHOWN += (
    " generate-always-greedy student-generate-greedy-argmax student-generate-resets-each-step"
)
NOT_SHOWN += " student-generate-temperature-twice student-generate-settings-not-passed-on"


@pytest.mark.parametrize("one", [one for one in PLANTED if one.named], ids=lambda one: one.name)
def test_mistakes_of_models_and_texts_are_named(tell: Tell, names: Names, one: Any) -> None:
    (misconception,) = (LIBRARY.misconceptions[name] for name in one.named)
    exec(compile(one.source, "cell 2", "exec"), names)
    shown = " ".join(tell(part_of(one.stub), **{one.stub: names[one.stub]}).split())
    assert (f"It looks as if {misconception.title}." in shown) == (
        one.name not in NOT_SHOWN.split()
    )


def part_of(stub: str) -> str:
    return {"CharRNN": "2b", "generate": "4b"}[stub]


def test_an_unknown_mistake_is_not_named(tell: Tell) -> None:
    shown = tell("2a", rnn_cell_forward=lambda x, h, W_x, W_h, b: 0.37 * np.tanh(h - x @ W_x))
    assert "✗ 2a.cell" in shown
    assert "looks as if" not in shown


def test_the_smallest_case_that_differs_from_torch_is_shown(tell: Tell, names: Names) -> None:
    right = names["rnn_forward"]

    def rnn_forward(x: Any, *rest: Any) -> Any:
        states = right(x, *rest)
        states[:, 3:] = states[:, 3:4]  # stands still after four steps: the visible checks pass
        return states

    shown = tell("2c", rnn_forward=rnn_forward)
    assert "0.5 of 0.5 points reached" in shown
    assert "`rnn_forward` is not the same as torch on random inputs" in shown
    assert "The same as torch on random inputs: `rnn_forward`." in tell("2c", rnn_forward=right)


@pytest.mark.parametrize("stub", ["rnn_cell_backward", "bptt"])
def test_gradients_are_compared_with_those_of_torch(tell: Tell, names: Names, stub: str) -> None:
    part, right = {"rnn_cell_backward": "3b", "bptt": "3c"}[stub], names[stub]

    def wrong(*args: Any) -> Any:
        answer = right(*args)
        if args[0].shape[0] == 3:  # no visible check has a batch of three
            of_b_h = answer[4] if stub == "rnn_cell_backward" else answer[1]["b_h"]
            of_b_h += 0.25
        return answer

    shown = " ".join(tell(part, **{stub: wrong}).split())
    assert "0.5 of 0.5 points reached" in shown
    assert f"`{stub}` is not the same" in shown
    assert "off by the same amount everywhere" in shown
    assert f"The same as torch on random inputs: `{stub}`." in tell(part, **{stub: right})


# -- concept questions ---------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["ac", "A, C", "c a", ["a", "c"], {"a", "c"}])
def test_letters_are_read_in_any_form(tell: Tell, names: Names, answer: Any) -> None:
    shown = tell("1b", answers_1b=names["answers_1b"] | {"order": answer})
    assert "4 of 4 answered" in shown


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"order": "ax"}, '"order" has the options a, b, c, d, and no "x": a typo?'),
        ({"order": 3}, '"order": 3 is no text of letters such as "ac": a typo?'),
        ({"order": " , "}, "not answered yet: order"),
        ({"ordre": "a"}, 'there is no question "ordre" in part 1b: a typo?'),
    ],
)
def test_a_typo_is_reported(tell: Tell, names: Names, change: Names, sentence: str) -> None:
    said = tell("1b", answers_1b=names["answers_1b"] | change)
    assert sentence in said
    assert "0.25 of 0.25 points" in said


@pytest.mark.parametrize("answers", [None, "ac", ["ac"]])
def test_answers_that_are_no_dict_are_reported(tell: Tell, answers: Any) -> None:
    assert "`answers_1b` is no dict" in tell("1b", answers_1b=answers)


def test_the_self_test_asks_judges_and_explains(
    rnn_check: ModuleType, facts: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    rnn_check.self_test()
    assert capsys.readouterr().out.count("self_test(") == len(facts.self_test) == 12
    for question in facts.self_test:
        rnn_check.self_test(question.id)
        asked = capsys.readouterr().out
        assert f"{min(question.options)}. " in asked
        rnn_check.self_test(question.id, question.right)
        said = capsys.readouterr().out
        assert said.startswith("All right.\n")
        assert " ".join(question.explanation.split()) in " ".join(said.split())
    rnn_check.self_test("tanh", "ab")
    said = capsys.readouterr().out
    assert said.startswith("The right answers are a, c, e; yours would count 0 %.")
    assert "b. is wrong" in said
    rnn_check.self_test("tanh", "az")
    assert 'no "z": a typo?' in capsys.readouterr().out


# -- the numeric gradient ------------------------------------------------------------------------


def test_a_right_gradient_agrees_and_nothing_is_modified(
    rnn_check: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    before = x.copy()
    assert rnn_check.gradient_check(lambda x: np.sum(np.sin(x)), x, np.cos(x)) < 1e-7
    assert "agrees" in capsys.readouterr().out
    assert np.array_equal(x, before)
    assert rnn_check.gradient_check(lambda x: 0 * np.sum(x) + 5, x, 0 * x) < 1e-5


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda grad: grad * (1 + 1e-3), "entries differ"),
        (lambda grad: grad + np.eye(3, 4), "3 of 12 entries differ"),
        (lambda grad: np.where(grad > 0.99, np.nan, grad), "entries differ"),
        (lambda grad: grad.T, "the gradient has the shape (4, 3), and x the shape (3, 4)"),
    ],
)
def test_a_wrong_gradient_is_reported(
    rnn_check: ModuleType, capsys: pytest.CaptureFixture[str], change: Any, sentence: str
) -> None:
    x = 0.1 * np.random.default_rng(0).normal(size=(3, 4))
    x[0, 0] = 0.0
    difference = rnn_check.gradient_check(lambda x: np.sum(np.sin(x)), x, change(np.cos(x)))
    assert difference > 1e-4
    assert sentence in capsys.readouterr().out


def test_of_a_large_array_some_entries_are_checked(rnn_check: ModuleType) -> None:
    calls = []

    def loss(x: Any) -> float:
        calls.append(1)
        return float(np.sum(x**2))

    x = np.ones((50, 50))
    assert rnn_check.gradient_check(loss, x, 2 * x) < 1e-6
    assert len(calls) <= 400


# -- in a notebook, a terminal, pytest -----------------------------------------------------------


def test_check_reads_the_functions_of_where_it_is_called(
    rnn_check: ModuleType, names: Names, capsys: pytest.CaptureFixture[str]
) -> None:
    exec("from rnn_check import check\ncheck('2a')", names)
    assert "0.5 of 0.5 points" in capsys.readouterr().out
    exec("check('2x')", names)
    assert "the parts are 1a, 1b" in capsys.readouterr().out


def test_a_check_that_is_not_met_raises_under_nbgrader_alone(
    rnn_check: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exec("from rnn_check import check\ncheck('2a')", {})
    assert "`softmax` is not defined" in capsys.readouterr().out
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    with pytest.raises(rnn_check.NotYet) as raised:
        exec("from rnn_check import check\ncheck('2a')", {})
    assert raised.value._render_traceback_()[0].startswith("Part 2a  The cell: 0 of 0.5")


def _fill_in(folder: Path, name: str) -> None:
    """Puts the solved assignment in the place of the notebook or the script."""
    if name == "rnn.ipynb":
        shutil.copy(RNN.nbgrader_source / "rnn.ipynb", folder)
    else:
        (folder / name).write_text(
            "\n".join(f"# %% {head}\n{cell}" for head, cell in _solved_cells()), encoding="utf-8"
        )


def _solved_cells() -> Iterator[tuple[str, str]]:
    notebook = json.loads((RNN.nbgrader_source / "rnn.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            yield "", "".join(cell["source"])


@pytest.mark.parametrize("name", ["rnn.ipynb", "rnn.py"])
def test_the_command_finds_the_file_that_is_worked_in(folder: Path, name: str) -> None:
    _fill_in(folder, name)
    run = _run(folder, "-m", "rnn_check")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith(name)
    assert "4.55 of the 4.55 points that can be checked here" in run.stdout
    assert not (folder / "figures").exists()  # the experiments were not run


def test_the_exit_status_of_the_command(folder: Path) -> None:
    begun = _run(folder, "-m", "rnn_check", "2a", "rnn.py")
    assert begun.returncode == 1
    assert "`softmax` is still to be written." in begun.stdout
    for words in (["2x"], ["other.py"]):
        run = _run(folder, "-m", "rnn_check", *words)
        assert run.returncode == 2
        assert run.stderr.strip()


def test_plain_pytest_runs_the_checks(folder: Path) -> None:
    (folder / "pytest.ini").write_text("[pytest]\n")  # no settings of a folder above
    run = _run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "2a or 1b")
    assert run.returncode == 1
    assert "5 failed" in run.stdout
    assert "`softmax` is still to be written." in run.stdout
    _fill_in(folder, "rnn.ipynb")
    run = _run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert run.returncode == 0, run.stdout


# -- handing in ----------------------------------------------------------------------------------


@pytest.fixture
def hand_in(
    rnn_check: ModuleType, folder: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[bool, str]]:
    def hand_in(name: str) -> tuple[bool, str]:
        return rnn_check.hand_in(folder / name), capfd.readouterr().out

    return hand_in


HandIn = Callable[[str], tuple[bool, str]]


EXP = "import math\ndef perplexity(loss): return math.exp(loss)"


def _write(folder: Path, *cells: str) -> None:
    (folder / "rnn.py").write_text("\n".join(f"# %%\n{cell}" for cell in cells), encoding="utf-8")


def test_a_whole_notebook_has_nothing_to_mend(folder: Path, hand_in: HandIn) -> None:
    _fill_in(folder, "rnn.ipynb")
    well, said = hand_in("rnn.ipynb")
    assert well, said
    assert "4.55 of the 4.55 points" in said
    assert "Nothing to mend." in said
    assert "nbgrader" in said
    assert "Canvas, Gradescope" in said


def test_what_is_released_says_what_is_to_come(hand_in: HandIn, rubric: Rubric) -> None:
    well, said = hand_in("rnn.ipynb")
    assert not well
    stubs = [stub for part in rubric.parts() for stub in part.stubs]
    said = " ".join(said.split())
    assert f"still to be written: {', '.join(stubs)}" in said
    assert (
        "written answers (not marked) still blank: 1a, 1b, 2a, 2b, 2c, 3a, 3b, 3c, 4a, 4b" in said
    )
    assert "Part 1b: not answered yet: order, window, sharing, hidden-state" in said


def test_only_the_file_counts_and_not_what_is_defined_here(
    folder: Path, hand_in: HandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(folder, "def perplexity(loss):\n    return helper(loss)")
    well, said = hand_in("rnn.py")
    assert not well
    assert "Part 3a: 3a.perplexity not right yet (0.15 points)" in said
    assert "Part 2a: `softmax` is not defined." in said


def test_the_file_that_calls_is_the_one_that_is_looked_at(
    rnn_check: ModuleType,
    folder: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def looked_at(**namespace: Any) -> str:
        exec("hand_in()", {"hand_in": rnn_check.hand_in, **namespace})
        return capfd.readouterr().out.partition(":")[0]

    monkeypatch.chdir(folder)
    _write(folder, EXP)
    for name in ("mine.py", "mine.ipynb", "other.ipynb"):
        (folder / name).write_text(EXP, encoding="utf-8")
    assert looked_at() == "rnn.py"  # more is done there than in rnn.ipynb
    assert looked_at(__file__="mine.py", perplexity=str) == "mine.py"
    assert looked_at(__file__="mine.py") == "rnn.py"  # some script, and not the homework
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "mine.ipynb"))
    assert looked_at() == "mine.ipynb"
    assert looked_at(__vsc_ipynb_file__=str(folder / "other.ipynb")) == "other.ipynb"


def test_cells_that_fail_are_listed_with_their_line(folder: Path, hand_in: HandIn) -> None:
    _write(folder, "x = 1\ny = 1 / 0", "def softmax(logits):\n    return (", "z = 2")
    _, said = hand_in("rnn.py")
    assert "cell 1, line 3: ZeroDivisionError: division by zero" in said
    assert "cell 2, line 6: SyntaxError: '(' was never closed" in said


def test_a_cell_that_never_ends_is_named_and_the_others_are_read(
    folder: Path, hand_in: HandIn, rnn_check: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = rnn_check.self_check
    limits = replace(own.facts.limits, cell=3.0)
    monkeypatch.setattr(own, "facts", replace(own.facts, limits=limits))
    _write(folder, "while True: pass", EXP)
    _, said = hand_in("rnn.py")
    assert "cell 1 was stopped: a cell may take 3 s." in said
    assert re.search(r"3a  The objective +0.15 of 0.5", said)


def test_a_cell_that_ends_the_process_is_reported(folder: Path, hand_in: HandIn) -> None:
    _write(
        folder, "import os\nos._exit(0)", "import math\ndef perplexity(loss): return math.exp(loss)"
    )
    _, said = hand_in("rnn.py")
    assert "cell 1 ended the process that ran it." in said
    assert re.search(r"3a  The objective +0.15 of 0.5", said)


ENDLESS = "def perplexity(loss):\n    while True:\n        loss += 1\n"


def test_an_endless_loop_is_stopped_where_it_is_handed_in_and_the_part_is_named(
    folder: Path, hand_in: HandIn
) -> None:
    _limit_calls(folder, 1)
    _write(folder, ENDLESS, "def softmax(logits): return logits")
    _, said = hand_in("rnn.py")
    assert "Part 3a: 3a.perplexity not right yet" in said
    assert "Part 2a: 2a.softmax, 2a.extreme not right yet" in said


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        (
            "import time\ndef perplexity(loss): time.sleep(99)",
            "part 3a was stopped: its checks may",
        ),
        ("import os\ndef perplexity(loss): os._exit(1)", "part 3a ended the process"),
    ],
)
def test_a_part_that_cannot_be_stopped_is_left_out_and_named(
    folder: Path,
    hand_in: HandIn,
    rnn_check: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    cell: str,
    sentence: str,
) -> None:
    monkeypatch.setattr(rnn_check.engine.self_check.handing_in, "CHECK_SECONDS", 8.0)
    _write(folder, cell, "def softmax(logits): return logits")
    _, said = hand_in("rnn.py")
    assert sentence in said
    assert "Part 2a: 2a.softmax, 2a.extreme not right yet" in said


def _limit_calls(folder: Path, seconds: float) -> None:
    """Of the package in a folder, how long a call may take."""
    file = folder / "rnn_check" / "facts.json"
    facts = json.loads(file.read_text(encoding="utf-8"))
    facts["limits"] |= {"call": seconds, "cell": seconds}
    file.write_text(json.dumps(facts), encoding="utf-8")


def test_an_endless_loop_is_stopped_in_a_terminal_and_its_line_is_named(folder: Path) -> None:
    _limit_calls(folder, 0.5)
    _write(folder, "x = 0\nwhile True:\n    x += 1", ENDLESS)
    run = _run(folder, "-m", "rnn_check")
    assert run.returncode == 1
    assert re.search(r"cell 1, line [23]: was stopped: a cell may take 0.5 s", run.stdout)
    assert "Part 3a" in run.stdout
    assert "`perplexity` took longer than 0.5 s: does each loop in it end?" in run.stdout
    assert run.stdout.count("took longer") == 1


def test_an_endless_loop_is_stopped_in_a_notebook(
    tell: Tell, rnn_check: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = rnn_check.self_check
    limits = replace(own.facts.limits, call=0.3)
    monkeypatch.setattr(own, "facts", replace(own.facts, limits=limits))

    def perplexity(loss: float) -> float:
        while True:
            try:
                loss += 1
            except Exception:
                continue

    said = tell("3a", perplexity=perplexity)
    assert "`perplexity` took longer than 0.3 s" in said
    assert "✓  3a.pairs" in said


def test_whatever_is_printed_is_no_part_of_the_report(folder: Path, hand_in: HandIn) -> None:
    loud = "import os\nprint('x' * 10**6)\nos.write(1, b'{\"done\": 1}\\n')\nos.system('echo [')"
    _write(folder, loud, EXP)
    _, said = hand_in("rnn.py")
    assert re.search(r"3a  The objective +0.15 of 0.5", said)


def test_cells_that_nbgrader_misses_are_reported(folder: Path, hand_in: HandIn) -> None:
    path = folder / "rnn.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["id"] != "2a-check"]
    copied = next(cell for cell in cells if cell["id"] == "2a-stub")
    notebook["cells"] = [*cells, copied | {"id": "copied"}]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    _, said = hand_in("rnn.ipynb")
    assert "For nbgrader, cells are missing: 2a-check." in said
    assert "For nbgrader, cells are there twice: 2a-stub." in said


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "the file is empty"),
        (b'{"cells": [', "the notebook is damaged"),
        (b'{"worksheets": []}', "no notebook of today's format"),
        (b"PK\x03\x04zip", "no notebook or Python script"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_reported(
    folder: Path, hand_in: HandIn, data: bytes | None, sentence: str
) -> None:
    path = folder / "rnn.ipynb"
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    well, said = hand_in("rnn.ipynb")
    assert not well
    assert sentence in said


# -- where it is graded --------------------------------------------------------------------------


def test_no_experiment_runs_where_it_is_graded(load: Load, assignment: Assignment) -> None:
    cells = [cell for _, cell in _solved_cells()]
    changed = [cell.replace("in ((1000, 0.3)", "in ((10**9, 0.3)") for cell in cells]
    assert changed != cells
    student = load(*changed, support=assignment.support())
    assert student.perplexity(0.0) == 1.0
    assert [trouble.message for trouble in student.session.troubles] == []


@pytest.mark.parametrize(
    "line",
    [
        "import rnn_check",
        "import rnn_check.checks as checks, rnn_check.engine.checks.agree",
        "from rnn_check import check, gradient_check, self_test, checks",
        "from rnn_check.engine.checks.agree import agree",
        "from rnn_check.checks import *",
        "import rnn_experiments.anything",
    ],
)
def test_what_is_imported_from_beside_the_notebook_does_nothing(
    load: Load, assignment: Assignment, rnn_check: ModuleType, facts: Any, line: str
) -> None:
    cell = f"{line}\ndef perplexity(loss): return loss + 1"
    student = load(cell, support=assignment.support())
    assert student.perplexity(1.0) == 2.0
    reading = rnn_check.engine.self_check.reading
    failures: list[Any] = []
    names = reading.load([reading.CodeCell("cell 1", cell)], facts, failures)
    assert failures == []
    assert names["perplexity"](1.0) == 2.0
    assert names.get("rnn_check") is not rnn_check
    assert sys.modules["rnn_check"] is rnn_check


# -- how it is built -----------------------------------------------------------------------------


CHECKS = '''\
"""Checks of a small homework."""

import pytest

from autograder.checks.agree import agree
from autograder.checks.inputs import distinct

from .inputs import steps

LIMIT = 5
# Told to nobody.
SECRET = 7


# -- part one ---


def _doubled(number):
    return 2 * number


@pytest.mark.criterion("1.double")
@pytest.mark.hidden
def test_double_of_a_secret(student, rng):
    agree(student.double(SECRET), _doubled(distinct(rng, 1)[0]))


# -- part two ---


# In steps, as one counts.
@pytest.mark.parametrize("step", [pytest.param(one) for one in steps(LIMIT)])
@pytest.mark.criterion("1.double")
@pytest.mark.visible
def test_double(student, step):
    agree(student.double(step), _doubled(step))
'''
SHOWN = """\
from __future__ import annotations

from .engine.checks.agree import agree
from .engine.self_check.marks import pytest


# == inputs ===


START = 2


def steps(n):
    return list(range(START, n))


# == Checks of a small homework. ===


LIMIT = 5


# -- part one ---


def _doubled(number):
    return 2 * number


# -- part two ---


# In steps, as one counts.
@pytest.mark.parametrize("step", [pytest.param(one) for one in steps(LIMIT)])
@pytest.mark.criterion("1.double")
@pytest.mark.visible
def test_double(student, step):
    agree(student.double(step), _doubled(step))
"""
INPUTS = "import math\n\nSTART = 2\n\n\ndef steps(n):\n    return list(range(START, n))\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A homework with one stub and one file of checks, and a helper beside it."""
    for name, text in {"test_small.py": CHECKS, "inputs.py": INPUTS}.items():
        (tmp_path / "checks").mkdir(exist_ok=True)
        (tmp_path / "checks" / name).write_text(text)
    return tmp_path / "checks" / "test_small.py"


def test_a_package_is_built_of_checks_that_lie_anywhere(small: Path, tmp_path: Path) -> None:
    def test_double() -> None: ...

    checks = [Check(test_double, "1.double", None, ((),), {"step": step}) for step in (2, 3, 4)]
    part = Part("1", "Doubling", ("double",), (Criterion("1.double", "Twice", 1.0, "Add it."),))
    facts = Facts(
        *("small", (part,), checks, (), (), "nobody", (), (), {}, (), Limits(5, 9, 5)),
        *(0.0, (), (), ("small_check",)),
    )
    for name, data in self_check_package(facts, {small: ["test_double"]}).items():
        path = tmp_path / "handed out" / "small_check" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    folder = tmp_path / "handed out"
    (folder / "small.py").write_text("def double(n): return 2 * n if n < 4 else 0\n")
    run = _run(folder, "-m", "small_check")
    assert run.returncode == 1
    assert "double(n=4)" in run.stdout
    (folder / "small.py").write_text("from small_check import check\ndef double(n): return n + n\n")
    run = _run(folder, "-m", "small_check")
    assert run.returncode == 0, run.stdout
    assert "1 of the 1 points" in run.stdout
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    run = _run(folder, "-m", "pytest", "small_check/checks.py", "-q")
    assert "3 passed" in run.stdout, run.stdout


def test_what_no_visible_check_needs_stays_where_it_is(small: Path) -> None:
    shown = visible_source({small: ["test_double"]})
    assert re.sub("===+", "===", shown) == SHOWN


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("    return 2 * number", "    return pytest.approx(number)", "uses pytest.approx"),
        ("    return 2 * number", "    import os\n    return os", "at the top of the file"),
        ("    return 2 * number", "    return distinct(number, 2)", "autograder.checks.inputs"),
        ("import steps", "import steps as to, START as steps", "write the import of `steps`"),
        ("LIMIT = 5", "LIMIT = START = 5", "`START` is in"),
        ("def test_double(", "def test_another(", "test_double is no function at the top level"),
    ],
)
def test_what_cannot_come_along_is_refused(small: Path, old: str, new: str, sentence: str) -> None:
    small.write_text(small.read_text().replace(old, new))
    with pytest.raises(CourseError, match=sentence):
        visible_source({small: ["test_double"]})


def test_a_visible_check_that_students_could_not_run_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    self_check: Any = importlib.import_module("autograder.release.self_check")

    hidden = next(check for check in collect_checks(RNN.checks) if "reference" in check.fixtures)
    monkeypatch.setattr(self_check, "collect_checks", lambda _: [replace(hidden, visible=True)])
    with pytest.raises(CourseError, match="students have the fixture `student` alone"):
        self_check.visible_checks(RNN)
