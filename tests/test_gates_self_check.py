"""The self-check of gates on wrong ways: each is shown, by the call that shows it."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.course.concepts import load_concepts
from autograder.course.folders import Course
from autograder.course.percent import percent_cells

ROOT = Path(__file__).parent.parent
GATES = Course(ROOT).assignment("gates")

Tell = Callable[..., str]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The self-check, in a folder of its own."""
    folder = tmp_path_factory.mktemp("handed out") / "gates"
    shutil.copytree(GATES.released, folder)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("gates_check")
    sys.path.remove(str(folder))
    for name in [one for one in sys.modules if one.partition(".")[0] == "gates_check"]:
        del sys.modules[name]


def _solved() -> dict[str, Any]:
    """The right functions in one namespace, where they call each other."""
    space: dict[str, Any] = {"__name__": "__main__"}
    for head, cell in percent_cells(GATES.source.read_text(encoding="utf-8")):
        if "import numpy" in cell or 'role="stub"' in head:
            exec(compile(cell.partition("\ntry:")[0], "cell 1", "exec"), space)
    bank = load_concepts(GATES.concepts_file).values()
    right = {one.id: "".join(one.right) for one in bank if one.part == "4b"}
    space["answers_4b"] = right
    return space


@pytest.fixture
def tell(package: ModuleType) -> Tell:
    """``tell("2a", sigmoid="...")``: the report on a part, with other functions in their places.

    A function may be given by its code, in which the right ones are at hand.
    """

    def tell(part: str, **other: Any) -> str:
        space = _solved()
        for name, one in other.items():
            if isinstance(one, str):
                exec(compile(one, "cell 2", "exec"), space)
            else:
                space[name] = one
        result = package.run_part(part, space)
        return " ".join(package.engine.self_check.showing.report(result).split())

    return tell


@pytest.mark.parametrize("part", ["1a", "1b", "2a", "2b", "2c", "3a", "3b", "3c", "4a", "4b"])
def test_right_functions_meet_every_visible_check(tell: Tell, part: str) -> None:
    message = tell(part)
    assert "✗" not in message, message
    assert "·" not in message, message
    assert "is not the same as torch" not in message


# -- wrong ways that the visible checks see ---------------------------------------------------


def _pieces_from_the_end(*arguments: Any) -> Any:
    """Pieces that are counted from the last step."""
    *given, k = arguments
    x, right = given[0], _solved()["truncated_bptt"]
    T = x.shape[1]
    if T % k == 0 or k > T:
        return right(*arguments)
    first = T % k
    one, two = (
        right(x[:, part], given[1][:, part], h, *given[3:], k)
        for part, h in ((slice(0, first), given[2]), (slice(first, T), _state(first, given)))
    )
    shares = first / T, 1 - first / T
    grads = {name: shares[0] * one[1][name] + shares[1] * two[1][name] for name in one[1]}
    return shares[0] * one[0] + shares[1] * two[0], grads, two[2]


def _state(steps: int, given: Any) -> Any:
    x, _, h, W_x, W_h, b_h, *_ = given
    for t in range(steps):
        h = np.tanh(h @ W_h + x[:, t] @ W_x + b_h)
    return h


def _one_draw_a_row(x: Any, p: float, rng: Any, training: bool = True) -> Any:
    if not training:
        return x.copy(), np.ones(x.shape, dtype=bool)
    mask = rng.random(x.shape) >= p
    if x.ndim > 1:
        mask = np.repeat(rng.random((len(x), 1)) >= p, x.shape[1], axis=1)
    return np.where(mask, x / (1 - p), 0), mask


def _without_batch_first(stub: str) -> str:
    """The right model, with a layer that takes time first."""
    return _class(stub).replace(", batch_first=True)", ")")


def _class(stub: str) -> str:
    source = GATES.source.read_text(encoding="utf-8")
    [cell] = [cell for _, cell in percent_cells(source) if f"class {stub}" in cell]
    return cell


SAMPLED = """
def decode(h0, c0, start, end, max_length, W_e, W_x, W_h, b, W_y, b_y):
    h, c, token, written = h0[None], c0[None], start, []
    rng = np.random.default_rng(0)
    while len(written) < max_length:
        h, c = lstm_cell_forward(W_e[[token]], h, c, W_x, W_h, b)
        logits = 8 * (h[0] @ W_y + b_y)
        p = np.exp(logits - logits.max())
        token = int(rng.choice(len(p), p=p / p.sum()))
        if token == end:
            break
        written.append(token)
    return written
"""
FLOAT32 = """
def sigmoid(z):
    z = z.clip(-500, 500)
    return np.exp(z) / (1 + np.exp(z))
"""


@pytest.mark.parametrize(
    ("part", "stub", "wrong", "said"),
    [
        ("1b", "truncated_bptt", _pieces_from_the_end, "✗ 1b.gradients: For T=3, k=2"),
        ("2a", "sigmoid", FLOAT32, "✗ 2a.sigmoid: In float32, of 10000, 0 and -10000"),
        ("3b", "SentimentRNN", _without_batch_first("SentimentRNN"), "batch_first=True` missing?"),
        ("3c", "dropout", _one_draw_a_row, "Each row is kept or dropped as a whole"),
        ("4a", "CharLSTM", _without_batch_first("CharLSTM"), "is `batch_first=True` missing?"),
        ("4b", "decode", SAMPLED, "✗ 4b.decode: Of logits 0, 0.1 and 0.05, the tokens"),
    ],
)
def test_a_visible_case_shows_it(tell: Tell, part: str, stub: str, wrong: Any, said: str) -> None:
    assert said in tell(part, **{stub: wrong})


def test_the_call_that_failed_is_shown_and_not_a_later_one(tell: Tell) -> None:
    def dropout(x: Any, p: float, rng: Any, training: bool = True) -> Any:
        if not training:
            return x.copy(), np.ones(x.shape, dtype=bool)
        mask = rng.random(x.shape) >= p
        return np.where(mask, x / (1 + p), 0), mask

    message = tell("3c", dropout=dropout)
    message = message[message.index("✗ 3c.scale:") :]
    assert "p = 0.5" in message.partition("Hint")[0]


# -- a test that a student writes -------------------------------------------------------------

ONE_ROW = """
def check_gru_cell(cell):
    rng = np.random.default_rng(0)
    given = [rng.normal(size=shape) for shape in ((1, 2), (1, 3), (2, 9), (3, 9), (9,), (9,))]
    return bool((cell(*given) == gru_cell_forward(*given)).all())
"""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            "def check_gru_cell(cell): return True",
            "Your test accepts three wrong cells: they return zeros",
        ),
        ("def check_gru_cell(cell): return False", "rejects your own `gru_cell_forward`, which is"),
        ("def check_gru_cell(cell): assert False", "rejects your own `gru_cell_forward`, which is"),
        (ONE_ROW, "with other last digits: compare with a tolerance"),
    ],
)
def test_a_test_that_rejects_right_cells_or_accepts_all_is_shown(
    tell: Tell, wrong: str, said: str
) -> None:
    message = tell("2c", check_gru_cell=wrong)
    assert "✗ 2c.test 0.15" in message
    assert said in message


def test_a_test_is_tried_on_a_right_cell_once_there_is_one(tell: Tell) -> None:
    message = tell("2c", gru_cell_forward=lambda x_t, h_prev, *rest: 0 * h_prev)
    assert "· 2c.test 0.15" in message
    assert "`check_gru_cell` is tried on a right `gru_cell_forward` too, once yours is" in message
    assert "`check_gru_cell` accepts your `gru_cell_forward` and rejects a few" in tell("2c")


# -- what differs from torch ------------------------------------------------------------------

LARGE = """
right = step_jacobian
def step_jacobian(h_t, W_h):
    return right(h_t, W_h) if len(W_h) < 4 else right(h_t, W_h.T)
"""


def test_a_function_that_differs_from_torch_is_named_wherever_its_part_is(
    package: ModuleType, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(Path(package.__file__ or "").parents[1], tmp_path / "gates"))
    text = (
        "import numpy as np\n# %%\n" + _cell_of("step_jacobian").partition("def gradient_norms")[0]
    )
    (folder / "gates.py").write_text(f"# %%\n{text}\n# %%\n{LARGE}", encoding="utf-8")
    message = _run(folder)
    assert "`step_jacobian` is not the same as torch on random inputs" in message
    assert "✓·, but `step_jacobian` differs from torch" in message.splitlines()[-11]
    assert "Part 1a: `step_jacobian` is not the same as torch on random inputs; see `python" in (
        " ".join(_run(folder, "--hand-in").split())
    )


def _cell_of(stub: str) -> str:
    source = GATES.source.read_text(encoding="utf-8")
    return next(cell for _, cell in percent_cells(source) if f"def {stub}(" in cell)


def _run(folder: Path, *words: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "gates_check", *words],
        cwd=folder,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    ).stdout


# -- a fault elsewhere, and the hints ----------------------------------------------------------

WRONG_SIGMOID = "def sigmoid(z): return 1 / (1 + np.exp(z))"


@pytest.mark.parametrize(
    ("part", "wrong", "first", "shown"),
    [
        (
            "4b",
            "def lstm_cell_forward(x, h, c, *rest): return h + 0.5, c",
            "of part 2a",
            "4b.decode",
        ),
        ("2a", WRONG_SIGMOID, "Look first at `sigmoid`: `lstm_cell_forward` calls", "2a.memory"),
    ],
)
def test_of_a_fault_elsewhere_nothing_is_guessed(
    tell: Tell, part: str, wrong: str, first: str, shown: str
) -> None:
    message = tell(part, **{wrong.split("(")[0].split()[1]: wrong})
    assert first in message
    after = message[message.index(f"✗ {shown}:") :]
    assert "looks as if" not in after
    assert "Hint" not in after


def _hint(package: ModuleType, capsys: pytest.CaptureFixture[str], part: str, code: str) -> str:
    space = _solved()
    exec(compile(code, "cell 2", "exec"), space)
    exec(f"check({part!r})", space | {"check": package.check})
    return " ".join(capsys.readouterr().out.split())


def test_hints_count_wrong_values_of_the_function_alone(
    package: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "def lstm_cell_forward(x, h, c, *rest): return h, c + {}"
    codes = [wrong.format(1), "def lstm_cell_forward(*_): raise ValueError", WRONG_SIGMOID]
    codes += [f"def sigmoid(z): return z\n{wrong.format(1)}", wrong.format(2)]
    hints = [_hint(package, capsys, "2a", code) for code in codes]
    steps = [one.partition("✗ 2a.memory:")[2].partition(" of 3")[0][-6:] for one in hints]
    assert steps[0] == steps[1] == "Hint 1"
    assert steps[4] == "Hint 2"


def test_automatic_differentiation_brings_no_hint(
    package: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (
        "import torch\ndef truncated_bptt(*_): torch.ones(1, requires_grad=True).sum().backward()"
    )
    message = _hint(package, capsys, "1b", code)
    assert "automatic differentiation is switched off here" in message
    assert "Hint" not in message


# -- calls that can be repeated, and arguments that are written into --------------------------


def test_the_weights_of_a_model_are_shown(tell: Tell) -> None:
    right = _without_batch_first("SentimentRNN").replace(
        "num_layers)", "num_layers, batch_first=True)"
    )
    message = tell("3b", SentimentRNN=right.replace("lengths - 1]", "lengths - 2]"))
    call = message[message.index("SentimentRNN(3, 1, 1, 1, 2)( tokens") :]
    assert "with the weights embedding.weight = [[ 1.], [-1.], [ 0.]]" in call
    assert "and zero for all others" in call


IN_PLACE = """
def stacked_forward(x, h0, layers):
    for (W_x, W_h, b_h), h in zip(layers, h0):
        states = []
        for t in range(x.shape[1]):
            h[...] = np.tanh(h @ W_h + x[:, t] @ W_x + b_h)
            states.append(h)
        x = np.stack(states, axis=1)
    return x, h0
"""


def test_an_argument_that_is_written_into_is_said_first(tell: Tell) -> None:
    message = tell("3a", stacked_forward=IN_PLACE)
    assert "✗ 3a.stacked: The argument `h0` is modified in place; work on a copy." in message
    overwritten = IN_PLACE.replace("    for (W_x", "    h0 = h0.copy()\n    for (W_x")
    message = tell("3a", stacked_forward=overwritten).partition("✗ 3a.stacked: ")[2]
    assert "`outputs`: the same at every time step, as if one array were overwritten" in message
    assert "Hint" not in message


# -- what is handed in -------------------------------------------------------------------------


@pytest.fixture
def folder(package: ModuleType, tmp_path: Path) -> Path:
    return Path(shutil.copytree(Path(package.__file__ or "").parents[1], tmp_path / "gates"))


def test_a_package_that_the_grader_lacks_is_named(folder: Path) -> None:
    (folder / "gates.py").write_text(
        "# %%\nimport json, numpy as np\n# %%\ndef sigmoid(z):\n    import yaml\n    return z\n"
    )
    message = " ".join(_run(folder, "--hand-in").split())
    assert "cell 2 imports yaml, which is not available where your work is graded" in message
    assert message.count("is not available") == 1


def test_the_readme_names_the_packages_that_the_self_check_knows(folder: Path) -> None:
    text = " ".join((folder / "README.md").read_text(encoding="utf-8").split())
    listed = text.partition("The grader has ")[2].partition(".")[0].lower()
    names = {"torch": "pytorch", "sklearn": "scikit-learn"}
    unsaid = {"mpl_toolkits", "IPython", "google"}
    reading = importlib.import_module("autograder.self_check.reading")
    said = {names.get(one, one) for one in reading.AVAILABLE if one not in unsaid}
    assert said == set(listed.replace(" and ", ", ").split(", ")) - {""}


def test_a_cell_that_does_not_run_is_said_of_its_functions(folder: Path) -> None:
    source = GATES.source.read_text(encoding="utf-8")
    source = source.replace("small = np.exp(-np.abs(z))", "small = = np.exp(-np.abs(z))")
    (folder / "gates.py").write_text(source, encoding="utf-8")
    message = " ".join(_run(folder, "2a").split())
    assert "SyntaxError" in message
    assert "`sigmoid` is not defined, because cell" in message
    assert "does not run." in message
    assert "meant?" not in message


def test_in_a_terminal_the_terminal_s_commands_are_named(folder: Path) -> None:
    (folder / "gates.py").write_text("# %%\ndef cell_parameters(E, H): return {}\n")
    assert "see `python -m gates_check 2c`" in " ".join(_run(folder, "--hand-in").split())
    assert "python -m gates_check --self-test counts" in _run(folder, "--self-test")
    asked = _run(folder, "--self-test", "counts")
    assert "Your answer: python -m gates_check --self-test counts ... with" in asked


def test_a_reader_that_has_seen_enough_is_no_error(folder: Path) -> None:
    command = f"{sys.executable} -u -m gates_check | head -1"
    run = subprocess.run(command, shell=True, cwd=folder, capture_output=True, encoding="utf-8")
    assert run.stdout == "gates.ipynb\n"
    assert run.stderr == ""


def test_of_both_files_the_one_with_more_done_is_read_or_the_one_that_is_named(
    folder: Path,
) -> None:
    (folder / "gates.py").write_text("# %%\ndef sigmoid(z): return z\n")
    assert _run(folder, "2a").startswith("gates.py\n")
    assert _run(folder, "2a", "gates.ipynb").startswith("gates.ipynb\n")
