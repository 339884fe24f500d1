"""The self-check lets students think first: predictions, hints in steps, answers in words."""

from __future__ import annotations

import base64
import importlib
import io
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from autograder.cli import main
from autograder.course.folders import Assignment, Course
from autograder.course.percent import percent_cells
from autograder.course.reference import Reference
from autograder.course.rubric import rubric_of
from autograder.release.self_check import _written_questions
from autograder.self_check.as_pdf import figures_of, write_pdf
from tests.conftest import RNN

ROOT = Path(__file__).parent.parent
COURSE = Course(ROOT)
ENVIRONMENT = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}


@pytest.fixture(scope="module", params=[*COURSE.names(), "small"])
def each(request: pytest.FixtureRequest, small: Assignment) -> Assignment:
    return small if request.param == "small" else COURSE.assignment(request.param)


def _copy(assignment: Assignment, to: Path) -> Path:
    return Path(shutil.copytree(assignment.released, to / assignment.name))


@contextmanager
def _imported(folder: Path, name: str) -> Iterator[Any]:
    """The package in this folder, whichever other of this name is imported."""

    def taken_out() -> dict[str, ModuleType]:
        names = [one for one in sys.modules if one.partition(".")[0] == name]
        return {one: sys.modules.pop(one) for one in names}

    others = taken_out()
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        taken_out()
        sys.modules.update(others)


@pytest.fixture(scope="module")
def package(each: Assignment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The self-check of each assignment."""
    folder = _copy(each, tmp_path_factory.mktemp("handed out"))
    with _imported(folder, each.self_check) as package:
        yield package


@pytest.fixture
def rnn(tmp_path: Path) -> Iterator[Any]:
    """The self-check of one assignment, in a folder of its own, in which nothing was tried."""
    with _imported(_copy(RNN, tmp_path), "rnn_check") as package:
        yield package


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _copy(RNN, tmp_path)


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def _solved() -> dict[str, Any]:
    reference = Reference(RNN)
    return {name: getattr(reference, name) for name in reference.defined} | {"__name__": "__main__"}


# -- predictions ----------------------------------------------------------------------------------


def test_the_right_answer_to_each_small_call_is_right_and_another_is_not(package: Any) -> None:
    predicting = package.engine.self_check.predicting
    facts = package.self_check.facts
    small = [one for part in facts.parts for one in predicting.small_calls(facts, part.id)]
    assert len(small) >= min(len(facts.stubs), 8) - 1
    for one in small:
        assert predicting.judged(one, one.right).startswith("Right.")
        assert predicting.judged(one, np.round(one.right, 2).tolist()).startswith("Right.")
        assert predicting.judged(one, 2 * one.right + 1).startswith("Not yet")
        assert predicting.judged(one, np.zeros(77)).startswith("Not yet")
        assert "number" in predicting.judged(one, "nothing")


def test_a_small_call_is_what_the_right_function_returns(rnn: Any) -> None:
    predicting = rnn.engine.self_check.predicting
    names = _solved()
    for one in predicting.small_calls(rnn.self_check.facts, "2a"):
        right = names[one.call.stub](*one.call.args, **one.call.kwargs)
        assert predicting.judged(one, right).startswith("Right.")


def test_a_check_asks_while_a_function_is_not_written(
    rnn: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def softmax(logits: Any) -> Any:
        raise NotImplementedError

    space = {"check": rnn.check, "softmax": softmax} | {
        "rnn_cell_forward": _solved()["rnn_cell_forward"]
    }
    exec("check('2a')", space)
    said = capsys.readouterr().out
    assert "What does `softmax` return here?" in said
    assert "logits=[0.      , 0.693147, 1.609438]" in said
    assert 'predict("softmax", ...)' in said
    assert "0.125" not in said
    exec("check('2a')", space | _solved())
    assert "predict(" not in capsys.readouterr().out


def test_predict_asks_and_judges_in_a_notebook(
    rnn: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, sentence in (
        (("2a",), "What does `rnn_cell_forward` return here?"),
        (("softmax",), "What does `softmax` return here?"),
        (("softmax", [0.125, 0.25, 0.62]), "Right."),
        (("softmax", [0.1, 0.25, 0.625]), "Not yet: 1 of 3 numbers is wrong."),
        (("softmax", [[0.125, 0.25, 0.625]]), "The numbers are right."),
        (("softmax", 0.125), "Not yet: it has another shape"),
        (("2a", [1]), 'Write "rnn_cell_forward" or "softmax"'),
        (("2b", 15), "Right."),
        (("softmaxx", 1), "there is no part"),
    ):
        rnn.predict(*words)
        assert sentence in capsys.readouterr().out, words


def test_predict_in_a_terminal(rnn: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(rnn.__file__).parents[1]
    asked = _run(folder, "-m", "rnn_check", "--predict", "softmax")
    assert 'python -m rnn_check --predict softmax "..."' in asked.stdout
    for answer, sentence in (
        (["[0.125, 0.25, 0.625]"], "Right."),
        (["0.125, 0.25, 0.625"], "Right."),
        (["0.125", "0.25", "0.625"], "Right."),
        (["-0.125", "0.25", "0.625"], "Not yet: 1 of 3 numbers is wrong."),
    ):
        assert rnn.self_check.main(["--predict", "softmax", *answer]) == 0
        assert capsys.readouterr().out.startswith(sentence)
    assert rnn.self_check.main(["--predict", "softmax", "a b"]) == 2


# -- hints ----------------------------------------------------------------------------------------


def test_each_criterion_with_visible_checks_has_three_hints_that_differ(package: Any) -> None:
    facts = package.self_check.facts
    if facts.name == "small":
        return
    checked = {check.criterion for check in facts.checks}
    for criterion in (one for part in facts.parts for one in part.criteria):
        if criterion.id in checked:
            assert len({criterion.look, criterion.hint, criterion.almost, ""}) == 4, criterion.id


def _told_of(package: Any, capsys: pytest.CaptureFixture[str], **functions: Any) -> str:
    exec("check('3a')", {"check": package.check} | _solved() | functions)
    return " ".join(capsys.readouterr().out.split())


def test_a_hint_comes_after_each_try_and_not_after_the_same_one_again(
    rnn: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    [criterion] = [one for one in rnn.self_check.facts.part("3a").criteria if "perpl" in one.id]
    tries: list[Callable[[float], float]] = [
        lambda loss: loss,
        lambda loss: loss + 1,
        lambda loss: loss * 3,
        lambda loss: 7.5,
    ]
    for number, one in enumerate(tries):
        step = min(number + 1, 3)
        hint = (criterion.look, criterion.hint, criterion.almost)[step - 1]
        for _ in range(2):
            printed = _told_of(rnn, capsys, perplexity=one)
            assert f"Hint {step} of 3: {hint}" in printed
            assert ("A changed try brings the next hint." in printed) == (step < 3)


def test_a_change_in_a_helper_is_another_try_and_one_elsewhere_is_not(rnn: Any) -> None:
    digest = rnn.engine.self_check.attempts.code_digest

    def of(text: str) -> str:
        space: dict[str, Any] = {}
        exec(text, space)
        return str(digest(["f"], space))

    own = "def f(x): return g(x)\n"
    assert of(own + "def g(x): return 1") != of(own + "def g(x): return 2")
    assert of(own + "def h(x): return 1") == of(own + "def h(x): return 2")
    assert of(own) == of("# more\n\n\ndef f(x):\n    return g(x)  # the same\n")
    assert of("class f:\n    def m(self): return 1") != of("class f:\n    def m(self): return 2")


def test_tries_are_kept_from_one_process_to_the_next(folder: Path) -> None:
    for hint, body in ((1, "loss"), (1, "loss"), (2, "loss + 1")):
        (folder / "mine.py").write_text(f"# %%\ndef perplexity(loss): return {body}\n")
        run = _run(folder, "-m", "rnn_check", "3a", "mine.py")
        assert f"Hint {hint} of 3" in run.stdout


@pytest.mark.parametrize("content", ["", "[]", "{", '{"3a.perplexity": 3}'])
def test_a_file_of_tries_that_is_damaged_does_no_harm(
    folder: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "rnn_check" / "__pycache__").mkdir(exist_ok=True)
    (folder / "rnn_check" / "__pycache__" / "attempts.json").write_text(content)
    (folder / "mine.py").write_text("# %%\ndef perplexity(loss): return loss\n")
    with _imported(folder, "rnn_check") as package:
        package.self_check.main(["3a", str(folder / "mine.py")])
        assert "Hint 1 of 3" in capsys.readouterr().out


def test_where_nothing_can_be_written_tries_are_counted_in_memory(tmp_path: Path) -> None:
    from autograder.self_check.attempts import Attempts

    (tmp_path / "file").touch()
    attempts = Attempts(tmp_path / "file" / "attempts.json")
    assert attempts.add({"a": "1"}) == {"a": 1}
    assert attempts.add({"a": "2", "b": "2"}) == {"a": 2, "b": 1}
    assert attempts.add({}) == {"a": 2, "b": 1}


def test_of_one_hint_alone_the_first_try_gets_it(small: Assignment, tmp_path: Path) -> None:
    folder = _copy(small, tmp_path)
    (folder / "mine.py").write_text("# %%\ndef average(values): return 99.0\n")
    printed = _run(folder, "-m", "small_check", "1a", "mine.py").stdout
    assert "\nHint: Add the numbers up" in printed
    assert "next hint" not in printed


def test_no_hint_where_the_message_says_what_to_do(
    rnn: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    right = _solved()["softmax"]

    def in_place(logits: Any) -> Any:
        logits -= logits.max(axis=-1, keepdims=True)
        return right(logits)

    for softmax, sentence in ((in_place, "modified in place"), (print, "is a `return` missing")):
        exec("check('2a')", {"check": rnn.check} | _solved() | {"softmax": softmax})
        said = capsys.readouterr().out
        assert sentence in said
        assert "Hint" not in said
        assert "hint" not in said
    exec("check('2a')", {"check": rnn.check} | _solved() | {"softmax": abs})
    assert "Hint 1 of 3" in capsys.readouterr().out


def test_a_name_that_is_nearly_right_is_named(rnn: Any, capsys: pytest.CaptureFixture[str]) -> None:
    names = _solved()
    names["soft_max"] = names.pop("softmax")
    exec("check('softmax')", {"check": rnn.check} | names)
    assert "Or is `soft_max` meant?" in capsys.readouterr().out


def test_what_is_right_is_said_of_what_is_wrong_too(
    rnn: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    right = _solved()["softmax"]

    def softmax(logits: Any) -> Any:
        if logits.dtype == np.float32:
            raise TypeError
        return right(logits)

    exec("check('2a')", {"check": rnn.check} | _solved() | {"softmax": softmax})
    said = capsys.readouterr().out
    assert "✓  2a.cell" in said
    assert "right: cell term by term; cell of a negative sum\n" in said
    assert "✗  2a.softmax" in said
    assert "right: softmax by hand\n" in said


# -- what the grader asks -------------------------------------------------------------------------


def _last_token_only(right: Any) -> Any:
    return lambda prompt, *rest, **settings: right(list(prompt)[-1:], *rest, **settings)


def _refuses_large_k(right: Any) -> Any:
    def wrong(logits: Any, rng: Any, temperature: float = 1.0, top_k: Any = None) -> Any:
        if top_k is not None and top_k > len(logits):
            raise IndexError("top_k")
        return right(logits, rng, temperature=temperature, top_k=top_k)

    return wrong


def _time_first(right: Any) -> Any:
    from torch import nn

    def build(*sizes: int) -> Any:
        model = right(*sizes)
        model.rnn = nn.RNN(model.rnn.input_size, model.rnn.hidden_size, batch_first=False)
        return model

    return build


@pytest.mark.parametrize(
    ("part", "stub", "wrong"),
    [
        ("4b", "generate", _last_token_only),
        ("4a", "sample_token", _refuses_large_k),
        ("2b", "CharRNN", _time_first),
    ],
)
def test_the_self_check_asks_what_the_grader_asks(
    rnn: Any, part: str, stub: str, wrong: Callable[[Any], Any]
) -> None:
    names = _solved()
    assert not rnn.run_part(part, names).total("missed")
    names[stub] = wrong(names[stub])
    assert rnn.run_part(part, names).total("missed") > 0


# -- nothing hangs --------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="needs signals")
@pytest.mark.parametrize("wait", [lambda: time.sleep(60), lambda: input_of_nobody().read()])
def test_what_waits_is_stopped_in_a_notebook(
    rnn: Any, monkeypatch: pytest.MonkeyPatch, wait: Callable[[], Any]
) -> None:
    own = rnn.self_check
    limits = replace(own.facts.limits, call=0.3)
    monkeypatch.setattr(own, "facts", replace(own.facts, limits=limits))
    before = signal.getsignal(signal.SIGALRM)
    result = rnn.run_part("3a", _solved() | {"perplexity": lambda loss: wait()})
    [seen] = result.seen["3a.perplexity"].values()
    assert "took longer than 0.3 s" in seen.miss.message
    assert signal.getsignal(signal.SIGALRM) == before


def input_of_nobody() -> Any:
    """A pipe into which nobody writes."""
    reading, _ = os.pipe()
    return os.fdopen(reading)


def test_a_call_that_cannot_be_stopped_ends_the_process_in_a_terminal(folder: Path) -> None:
    (folder / "mine.py").write_text(
        "# %%\nimport itertools\ndef perplexity(loss):\n    return sum(itertools.repeat(0))\n"
    )
    code = (
        "import sys\nfrom rnn_check import self_check\n"
        "import rnn_check.engine.self_check.command as command\n"
        "command.CHECK_SECONDS = 2\n"
        "sys.exit(self_check.main(['3a', 'mine.py']))"
    )
    run = _run(folder, "-c", code)
    assert run.returncode == 1
    assert 'File "cell 1", line 4 in perplexity' in run.stderr


# -- torch, where it is needed --------------------------------------------------------------------

WITH_TORCH = "import sys, rnn_check\nrnn_check.self_check.main({})\nprint('torch' in sys.modules)"


@pytest.mark.parametrize(
    ("words", "solved", "more", "imported"),
    [
        ([], False, "", False),
        (["2a"], True, "", False),
        (["2b"], True, "", True),
        ([], True, "", True),
        (["2a"], True, "model = CharRNN(4, 2, 2)", True),
        (["2a"], True, "zeros = torch.zeros(3)", True),
    ],
)
def test_torch_is_imported_where_a_part_needs_it(
    folder: Path, words: list[str], solved: bool, more: str, imported: bool
) -> None:
    source = RNN.source if solved else folder / "rnn.py"
    cells = "\n".join(
        f"# %% {head}\n{cell}" for head, cell in percent_cells(source.read_text(encoding="utf-8"))
    )
    (folder / "mine.py").write_text(f"{cells}\n# %%\n{more}\n", encoding="utf-8")
    run = _run(folder, "-c", WITH_TORCH.format([*words, "mine.py"]))
    assert run.stdout.endswith(f"{imported}\n"), run.stdout + run.stderr
    assert "Error" not in run.stdout
    if solved and words:
        assert "0.5 of 0.5 points reached" in run.stdout


def test_a_part_without_its_model_is_still_to_be_written(folder: Path) -> None:
    printed = _run(folder, "-m", "rnn_check", "2b", "rnn.py").stdout
    assert "`CharRNN` is still to be written." in printed
    assert "`parameter_count` is still to be written." in printed


# -- again at every save --------------------------------------------------------------------------


def _listen_to_ctrl_c() -> None:
    """Where the tests run in the background, nothing that they start would."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_save_brings_a_new_report(folder: Path) -> None:
    file = folder / "mine.py"
    file.write_text("# %%\ndef perplexity(loss): return loss\n")
    command = [sys.executable, "-u", "-m", "rnn_check", "--watch", "3a", "mine.py"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=_listen_to_ctrl_c,
    ) as process:
        assert process.stdout is not None

        def report() -> str:
            assert process.stdout is not None
            lines = itertools.takewhile(lambda line: "Ctrl-C ends this" not in line, process.stdout)
            return "".join(lines)

        try:
            assert "✗  3a.perplexity" in report()
            file.write_text("# %%\nimport math\ndef perplexity(loss): return math.exp(loss)\n")
            assert "✓  3a.perplexity" in report()
            file.write_text("# %%\ndef perplexity(loss): return (\n")
            assert "SyntaxError" in report()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0


# -- written answers ------------------------------------------------------------------------------


def _answered(folder: Path, name: str, answers: dict[str, str]) -> None:
    """Puts answers in the place of what asks for them."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    if name.endswith(".py"):
        for part, answer in answers.items():
            head, mark, rest = text.partition(f'part="{part}" role="written"')
            text = head + mark + rest.replace("YOUR ANSWER HERE", answer, 1)
        path.write_text(text, encoding="utf-8")
        return
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        part = cell["metadata"].get("nbgrader", {}).get("grade_id", "").removesuffix("-written")
        if part in answers:
            source = "".join(cell["source"]).replace("YOUR ANSWER HERE", answers[part])
            cell["source"] = source
    path.write_text(json.dumps(notebook), encoding="utf-8")


@pytest.mark.parametrize("name", ["rnn.ipynb", "rnn.py"])
def test_handing_in_says_which_answers_are_empty(
    rnn: Any, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = Path(rnn.__file__).parents[1]
    assert folder != RNN.released
    _answered(folder, name, {"1a": "It decides.", "2a": "", "3c": "Each position. And the slope."})
    rnn.hand_in(folder / name)
    said = " ".join(capfd.readouterr().out.split())
    assert "still blank: 1b, 2a, 2b, 2c, 3a, 3b, 4a, 4b " in said


def test_an_answer_below_its_question_counts_and_so_does_one_of_a_cell_without_a_name(
    rnn: Any,
) -> None:
    folder = Path(rnn.__file__).parents[1]
    notebook = json.loads((folder / "rnn.ipynb").read_text(encoding="utf-8"))
    cells = notebook["cells"]
    (place,) = (i for i, cell in enumerate(cells) if cell["id"] == "1a-written")
    cells.insert(place + 1, {"cell_type": "markdown", "metadata": {}, "source": "Below."})
    (lost,) = (cell for cell in cells if cell.get("id") == "2c-written")
    lost["metadata"] = {}
    lost["source"] = "".join(lost["source"]).replace("YOUR ANSWER HERE", "The new term.")
    (folder / "mine.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    questions = rnn.self_check.facts.written
    answers = rnn.engine.self_check.answered.written_answers(questions, folder / "mine.ipynb")
    given = {part: answer for part, answer in answers.items() if answer}
    assert given == {"1a": "Below.", "2c": "The new term."}


def test_one_question_is_about_the_pieces_of_backpropagation(rnn: Any) -> None:
    questions = rnn.self_check.facts.written
    [asked] = [text for text in questions.values() if "backpropagation, piece by piece" in text]
    for piece in ("$1 - h_t^2$", "$W_h$ transposed", "meet", "sum over the steps", "clipping"):
        assert piece in " ".join(asked.split())


# -- as a PDF -------------------------------------------------------------------------------------

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAA"
    "AABJRU5ErkJggg=="
)


def _pages(file: Path) -> int:
    data = file.read_bytes()
    assert data.startswith(b"%PDF")
    return len(re.findall(rb"/Type /Page\b", data))


def test_a_pdf_has_the_answers_and_the_figures_of_the_notebook(
    rnn: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = Path(rnn.__file__).parents[1]
    _answered(folder, "rnn.ipynb", {"1a": r"As $\frac{1}{V^k}$ says.", "2a": "A summary."})
    notebook = json.loads((folder / "rnn.ipynb").read_text(encoding="utf-8"))
    output = {"output_type": "display_data", "metadata": {}}
    output["data"] = {"image/png": base64.b64encode(PNG).decode()}
    notebook["cells"].append(
        {"cell_type": "code", "source": "", "metadata": {}, "outputs": [output], "id": "plot"}
    )
    (folder / "rnn.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    rnn.hand_in(folder / "rnn.ipynb", pdf=True)
    said = " ".join(capfd.readouterr().out.split())
    assert "rnn.pdf: 2 of 10 written answers, 1 figure." in said
    assert _pages(folder / "rnn.pdf") >= 2
    assert b"/Subtype /Image" in (folder / "rnn.pdf").read_bytes()
    assert len(list(figures_of(folder / "rnn.ipynb"))) == 1


def test_a_pdf_of_a_script_has_the_figures_that_it_drew(
    rnn: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = Path(rnn.__file__).parents[1]
    rnn.hand_in(folder / "rnn.py", pdf=True)
    said = " ".join(capfd.readouterr().out.split())
    assert "0 figures. Run the script, so that its figures are in the PDF too." in said
    (folder / "figures").mkdir()
    for name in ("lags", "learning"):
        (folder / "figures" / f"{name}.png").write_bytes(PNG)
    rnn.hand_in(folder / "rnn.py", pdf=True)
    assert "rnn.pdf: 0 of 10 written answers, 2 figures. Hand it in" in " ".join(
        capfd.readouterr().out.split()
    )


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "$",
        "$$",
        "It costs $5, or $10.",
        r"$\begin{aligned} a &= b \end{aligned}$ and $\nothing{$",
        "$$\\sum_t\n x_t$$",
        "`a` ** b ** *c",
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1",
        "x" * 5000,
        "tabs\tand \0 \x1b[31m control",
        "漢字 и ü ∑",
        "- one\n- two\n1. three\n# four",
        "many words " * 600,
    ],
)
def test_whatever_is_answered_becomes_a_pdf(tmp_path: Path, answer: str) -> None:
    write_pdf(tmp_path / "a.pdf", "Title", {"1a": "**Question.** Why?"}, {"1a": answer}, ())
    assert _pages(tmp_path / "a.pdf") >= 1


def test_characters_that_the_fonts_lack_are_listed(tmp_path: Path) -> None:
    file, question = tmp_path / "a.pdf", {"1a": "Why?"}
    assert write_pdf(file, "Title", question, {"1a": "So и ü ∑ √ “x”"}, ())
    assert not write_pdf(file, "Title", question, {"1a": "漢字"}, ())


def test_longer_answers_take_more_pages(tmp_path: Path) -> None:
    for name, count in (("short", 1), ("long", 1000)):
        answers = {"1a": "some words " * count}
        write_pdf(tmp_path / f"{name}.pdf", "Title", {"1a": "Why?"}, answers, ())
    assert _pages(tmp_path / "short.pdf") == 1
    assert _pages(tmp_path / "long.pdf") > 2


def test_without_matplotlib_the_message_says_what_to_install(folder: Path) -> None:
    code = (
        "import sys\nsys.modules['matplotlib'] = None\n"
        "from rnn_check import hand_in\nhand_in('rnn.py', pdf=True)"
    )
    run = _run(folder, "-c", code)
    assert "python -m pip install matplotlib" in " ".join(run.stdout.split()), run.stderr
    assert not (folder / "rnn.pdf").exists()


# -- starting -------------------------------------------------------------------------------------


def test_a_file_that_is_missing_is_named(
    each: Assignment, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = _copy(each, tmp_path)
    name = each.self_check

    def said_at_import() -> str:
        with _imported(folder, name):
            return capsys.readouterr().err

    assert said_at_import() == ""
    needed = json.loads((folder / name / "facts.json").read_text(encoding="utf-8"))["handed_out"]
    for file in needed:
        (folder / file).rename(folder / "elsewhere")
        assert f"{name}: {file} missing from" in said_at_import()
        (folder / "elsewhere").rename(folder / file)


@pytest.mark.parametrize("name", COURSE.names())
def test_without_the_self_check_the_notebook_says_what_is_missing(
    name: str, tmp_path: Path
) -> None:
    folder = _copy(COURSE.assignment(name), tmp_path)
    shutil.rmtree(folder / f"{name}_check")
    cells = percent_cells((folder / f"{name}.py").read_text(encoding="utf-8"))
    imports = next(cell for _, cell in cells if "import numpy" in cell)
    (folder / "first.py").write_text(imports)
    run = _run(folder, "first.py")
    assert run.returncode == 0
    assert f"{name}_check is missing here: README.md, under Start" in run.stdout


@pytest.mark.parametrize("name", COURSE.names())
@pytest.mark.parametrize("top", ["", "{}/", "__MACOSX"])
def test_the_cell_for_colab_brings_the_folder(
    name: str, top: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assignment = COURSE.assignment(name)
    readme = (assignment.released / "README.md").read_text(encoding="utf-8")
    cell = readme.partition("begin\nwith this cell")[2].partition("\n\n")[2].partition("\n\n")
    lines = [*cell[0].split("\n"), *cell[2].partition("\n\n")[0].split("\n")]
    code = "\n".join(line[4:] for line in lines if line.strip() and line.strip()[0] != "%")
    assert "files.upload()" in code
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        prefix = f"{name}/" if top else ""
        for path in assignment.released.rglob("*"):
            if path.is_file():
                inside = path.relative_to(assignment.released)
                archive.write(path, f"{prefix}{inside}")
                if top == "__MACOSX":
                    archive.writestr(f"__MACOSX/{prefix}{inside.parent}/._{inside.name}", b"")
    files = SimpleNamespace(upload=lambda: {f"{name} (1).zip": data.getvalue()})
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace(files=files))
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    assert Path(f"{name}_check/facts.json").is_file()
    assert Path(f"{name}.ipynb").is_file()


def test_in_colab_handing_in_says_where_the_notebook_is(
    rnn: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    assert rnn.hand_in() is False
    assert 'hand_in("rnn.ipynb")' in capsys.readouterr().out


@pytest.mark.parametrize("name", COURSE.names())
def test_what_is_installed_leaves_cuda_out(name: str) -> None:
    lines = (COURSE.assignment(name).released / "requirements.txt").read_text().split("\n")
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in lines


# -- model answers --------------------------------------------------------------------------------


DUE = "late: {{due: {}, grace_minutes: 15, per_day: 0.1}}\n"


@pytest.fixture
def own(small: Assignment, tmp_path: Path) -> Assignment:
    """The smallest assignment, in a course of its own that may be changed."""
    copy = Path(shutil.copytree(small.course.root, tmp_path / "course"))
    return Assignment(Course(copy), small.name)


def _answers(own: Assignment, *words: str) -> Result:
    return CliRunner().invoke(main, ["answers", *words, "--course", str(own.course.root)])


def _give_deadline(own: Assignment, due: datetime) -> None:
    rubric = own.rubric_file.read_text(encoding="utf-8")
    own.rubric_file.write_text(f"{rubric}\n{DUE.format(due.isoformat())}", encoding="utf-8")


def test_one_command_writes_the_model_answers(own: Assignment, tmp_path: Path) -> None:
    file = tmp_path / "answers.md"
    assert _answers(own, str(file)).exit_code == 0
    text = file.read_text(encoding="utf-8")
    assert "**Question 1a.** What does the average of no numbers mean?" in text
    assert "> It means nothing" in text
    assert "SOLUTION" not in text
    assert _answers(own, str(tmp_path / "answers.pdf")).exit_code == 0
    assert _pages(tmp_path / "answers.pdf") == 1


def test_before_the_deadline_model_answers_are_not_written(own: Assignment, tmp_path: Path) -> None:
    file, now = tmp_path / "answers.md", datetime.now(timezone.utc)
    _give_deadline(own, now - timedelta(minutes=5))  # within the grace
    printed = _answers(own, str(file))
    assert printed.exit_code == 2
    assert "students may still hand in until" in printed.output
    assert not file.exists()
    assert _answers(own, str(file), "--now").exit_code == 0


def test_after_the_deadline_they_are(own: Assignment, tmp_path: Path) -> None:
    _give_deadline(own, datetime.now(timezone.utc) - timedelta(minutes=20))
    assert _answers(own, str(tmp_path / "answers.md")).exit_code == 0


@pytest.mark.parametrize("name", ["answers.txt", "course/assignment/small/answers.md"])
def test_model_answers_go_into_no_other_file(own: Assignment, tmp_path: Path, name: str) -> None:
    assert _answers(own, str(tmp_path / name)).exit_code == 2
    assert not (tmp_path / name).exists()


def test_each_part_has_a_guide_for_its_reader(each: Assignment) -> None:
    if each.name == "small":
        return
    for part in rubric_of(each).parts():
        assert part.reader is not None
        assert len({part.reader.full, part.reader.half, part.reader.none, ""}) == 4


def test_each_question_is_known_to_the_self_check(each: Assignment, package: Any) -> None:
    import nbformat

    notebook = nbformat.read(each.released / f"{each.name}.ipynb", as_version=4)
    questions = package.self_check.facts.written
    assert questions == _written_questions(notebook)
    assert questions.keys() == {part.id for part in rubric_of(each).parts()}
    assert all(text and "YOUR ANSWER" not in text for text in questions.values())
