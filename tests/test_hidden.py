"""Hidden inputs stay hidden: no way that an answer could take leads to what a student may read."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rich.console import Console

from autograder.checks.agree import Disagreement, agree
from autograder.checks.chance import follows
from autograder.course.folders import Assignment, Course, CourseError, seed
from autograder.course.percent import percent_cells
from autograder.exporting import FORMS
from autograder.exporting.export import export
from autograder.exporting.feedback import FEEDBACK
from autograder.grading.grader import Grader
from autograder.marking.marks import mark
from autograder.nbgrader.comments import comment, write_marks
from autograder.reports.files import write_grades, write_student
from autograder.reports.pages.class_page import write_class_page
from autograder.reports.terminal import print_class, print_marks
from autograder.results.code import code_by_part
from autograder.results.rows import row
from autograder.results.stored import Document, stored_documents
from autograder.sandbox.workers import Sandbox
from autograder.session.session import Session
from autograder.submissions.reading import Cell, Submission
from autograder.suite.suite import Suite
from tests.conftest import LONG, Load, submission

# What every number that a hidden check draws ends in, rounded or not.
PLANTED = re.compile(r"777[78]")

# Each stub keeps what it is asked, and says it in another way each time.
TELLS = '''
import numpy as np

kept = ["nothing"]
answers_1b, answers_4b = {}, {}

def keep(value):
    for one in (value.values() if isinstance(value, dict) else [value]):
        if isinstance(one, np.ndarray) and one.dtype.kind == "f" and one.size > 1:
            kept.insert(0, " ".join(f"{number:.6f}" for number in one.ravel()[:3]))
            answers_1b[kept[0]] = answers_4b[kept[0]] = kept[0]

def ways(args, right):
    yield ValueError(kept[0])
    yield {kept[0]: kept[0]}
    yield kept[0]
    yield [kept[0], kept[0]]
    yield type(kept[0], (), {})()
    yield np.array(kept[0].split()[:1] * 7).astype(float)
    yield np.zeros(int(float(kept[0].split()[0]) ** 2 * 1e5) % 100_000)
    yield right and float(kept[0].split()[0]) * right(*args)
    yield NotImplementedError(kept[0])

def telling(name, number, right):
    def stub(*args, **kwargs):
        list(map(keep, [*args, *kwargs.values()]))
        if kept[0] == "nothing":
            return right and right(*args, **kwargs)
        calls[name] = calls.get(name, number) + 1
        *_, answer = [way for way, _ in zip(ways(args, right), range(calls[name] % 9 + 1))]
        if isinstance(answer, Exception):
            raise answer
        return answer
    return stub

calls = {}
for number, name in enumerate("""ngram_distribution feed_forward_logits rnn_cell_forward softmax
        parameter_count rnn_forward next_token_pairs cross_entropy perplexity rnn_cell_backward bptt
        clip_gradients sample_token generate""".split()):
    globals()[name] = telling(name, number, globals().get(name))
'''


class _Planting(np.random.Generator):
    """Draws floats that can be recognised."""

    def uniform(self, *args: Any, **kwargs: Any) -> Any:
        return np.round(super().uniform(*args, **kwargs), 1) + 0.0777777

    def normal(self, *args: Any, **kwargs: Any) -> Any:
        return np.round(super().normal(*args, **kwargs), 1) + 0.0777777


@pytest.fixture(scope="module", params=["right", "empty"])
def words(
    request: pytest.FixtureRequest, assignment: Assignment, sandbox: Sandbox, tmp_path_factory: Any
) -> tuple[Path, Document, Grader, Submission]:
    """The results of a submission that tells all that it is asked, in every way it can."""
    folder: Path = tmp_path_factory.mktemp("words")
    before = right_cells(assignment) if request.param == "right" else ()
    handed_in = Submission(
        "eve", "eve.ipynb", "notebook", "0" * 64, (*before, Cell("cell 99", TELLS))
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(np.random, "default_rng", lambda seed: _Planting(np.random.PCG64(seed)))
        # How many numbers are shown depends on the inputs, and so on the secret.
        patched.setattr(Course, "secret", lambda _: b"the same on every machine")
        grader = Grader(assignment)
        evidence = grader.grade(handed_in, sandbox.controls[0])
    marks = mark(evidence, grader.rubric)
    code = code_by_part(submission(), grader.rubric)
    write_student(folder, evidence, marks, grader.rubric, "", code)
    return folder, stored_documents(folder, "rnn")[0], grader, handed_in


def right_cells(assignment: Assignment) -> tuple[Cell, ...]:
    """The cells of the stubs, solved."""
    cells = percent_cells(assignment.source.read_text(encoding="utf-8"))
    wanted = [cell for head, cell in cells if 'role="stub"' in head or "import numpy" in cell]
    return tuple(Cell(f"cell {number}", cell) for number, cell in enumerate(wanted, start=1))


def test_planted_numbers_reach_staff_alone(words: Any, tmp_path: Path) -> None:
    folder, document, grader, _ = words
    rubric, rows = grader.rubric, [row(document.evidence, document)]
    write_grades(folder, rows, rubric)
    write_class_page(folder, rows, rubric, None)
    for form in FORMS.keys() - FEEDBACK:
        export(form, [document], "rnn", rubric, folder / f"to {form}")
    text = StringIO()
    print_class(Console(file=text, width=200), rows, rubric)
    print_marks(Console(file=text, width=200), document.evidence, document, rubric)
    (folder / "terminal.txt").write_text(text.getvalue())
    notebook = nbformat.v4.new_notebook()
    write_marks(notebook, document, document.evidence, rubric)
    comments = [str(comment(part, document, rubric)) for part in rubric.parts()]
    (folder / "nbgrader.txt").write_text(nbformat.writes(notebook) + "\n".join(comments))

    read = [path for path in folder.rglob("*") if path.is_file() and path.name != "eve.json"]
    assert len(read) >= 9
    for path in read:
        assert not PLANTED.search(path.read_bytes().decode("utf-8", "replace")), path

    stored = json.loads((folder / "eve.json").read_text())
    for check in stored["evidence"]["checks"]:
        for seen in (check["submitted"], check.get("followed_through", {})):
            seen.pop("detail", None)
    assert not PLANTED.search(json.dumps(stored))


def test_the_planted_numbers_are_in_what_staff_see(words: Any) -> None:
    """Or the test above would look for what was never there."""
    folder, *_ = words
    assert PLANTED.search((folder / "eve.json").read_text())


def test_hidden_inputs_depend_on_student_code_and_check() -> None:
    asked = [(who, work, check) for who in "ab" for work in "cd" for check in "ef"]
    assert len({seed(b"secret", *one) for one in asked}) == len(asked)


def test_what_is_saved_otherwise_is_the_same_work() -> None:
    cells = ("x = 1", "y = 2")
    one = submission(*cells)
    padded = tuple(Cell(f"part {cell.name}", f"\n\n{cell.source}\n") for cell in one.cells)
    other = msgspec.structs.replace(one, cells=padded, file="b.py", format="script", sha256="1")
    assert one.work == other.work
    assert one.work != submission("x = 1", "y = 3").work
    assert one.work != submission("x = 1 y = 2").work


def test_a_table_of_earlier_inputs_is_worth_nothing(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    """Answers looked up in what an earlier submission of the same student was asked."""
    grader = Grader(assignment)
    asked: list[Any] = []

    spy = "import numpy as np\ndef ngram_distribution(tokens, context, V):\n    return None\n"
    with pytest.MonkeyPatch.context() as patched:
        original = Session.ask

        def ask(self: Session, subject: str, op: str, **fields: Any) -> Any:
            if subject == "ngram_distribution" and "asked" in fields:
                asked.append(fields["asked"].value[1])
            return original(self, subject, op, **fields)

        patched.setattr(Session, "ask", ask)
        grader.grade(submission(spy), sandbox.controls[0])
    table = {
        repr([np.asarray(value).tolist() for value in arguments]): 1 / arguments[2]
        for arguments in asked
        if len(arguments) == 3
    }
    lookup = (
        f"import numpy as np\nTABLE = {table!r}\n"
        "def ngram_distribution(*arguments):\n"
        "    key = repr([np.asarray(value).tolist() for value in arguments])\n"
        "    return np.full(arguments[2], TABLE[key])\n"
    )
    evidence = grader.grade(submission(lookup), sandbox.controls[0])
    hidden = [one for one in evidence.checks if one.criterion.startswith("1a.") and not one.visible]
    drawn = [one for one in hidden if "arguments_alone" not in one.check]
    assert drawn
    assert {one.submitted.outcome for one in drawn} == {"failed"}


# -- one way at a time ----------------------------------------------------------------------------


def test_no_hidden_input_is_sent_before_all_cells_ran(load: Load) -> None:
    student = load("import time", "time.sleep(0.2)", "def f(): return 1")
    student.session.begin_hidden()
    assert student.session.hidden_sent
    assert student.f() == 1


def test_a_variable_is_not_read_once_it_could_hold_a_hidden_input(load: Load) -> None:
    student = load("a = {}\ndef f(x): a['x'] = x")
    assert student.value("a") == {}
    student.session.begin_hidden()
    student.f(7)
    with pytest.raises(CourseError, match="after hidden inputs"):
        student.value("a")


def test_which_cell_ends_a_later_run_is_not_reported(load: Load) -> None:
    cells = [f"import os, time\nif time.time() > END: os._exit({n})" for n in range(3)]
    student = load(
        "import time\nEND = time.time() + 0.3", *cells, "def f():\n    os._exit(1)", limits=LONG
    )
    student.session.begin_hidden()
    for _ in range(3):
        with pytest.raises(Exception, match="ended"):
            student.f()
    assert student.session.troubles == []


# -- what a message may hold ----------------------------------------------------------------------

WANT = np.linspace(-1.3, 2.9, 12).reshape(3, 4)
numbers = st.floats(-1e12, 1e12) | st.sampled_from([np.nan, 1e300, 0.0])
answers = (
    arrays(np.float64, (3, 4), elements=numbers)
    | arrays(np.float64, st.tuples(st.integers(0, 9), st.integers(0, 9)), elements=numbers)
    | st.builds(lambda factor, shift: factor * WANT + shift, numbers, numbers)
    | st.builds(lambda places: np.where(places, 0.0, WANT), arrays(np.bool_, (3, 4)))
    | st.text()
    | st.lists(st.integers() | st.text())
    | st.dictionaries(st.text(), st.integers())
    | st.none()
)


def message(ask: Callable[[], None]) -> str:
    """What is said of a wrong answer; nothing of a right one."""
    with np.errstate(all="ignore"):
        try:
            ask()
        except Disagreement as error:
            return error.message
    return ""


@given(answers)
def test_no_number_of_an_answer_is_in_a_message(got: Any) -> None:
    said = message(lambda: agree(got, WANT, "The states", ("row", "time step")))
    assert not re.search(r"\d", said.replace("(3, 4)", ""))


@given(numbers)
def test_no_factor_of_choice_is_in_a_message(factor: float) -> None:
    assert not re.search(r"\d", message(lambda: agree(factor * 0.7, 0.7, "The loss")))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60))
def test_no_number_of_draws_is_in_a_message(drawn: list[int]) -> None:
    shares = np.array([0.5, 0.2, 0.2, 0.1, 0.0, 0.0])
    assert not re.search(r"\d", message(lambda: follows(drawn, shares)))


def test_grades_hold_numbers_and_names_alone(words: Any) -> None:
    folder, _, grader, _ = words
    with (folder / "grades.csv").open(newline="") as file:
        (line,) = csv.DictReader(file)
    parts = [part.id for part in grader.rubric.parts()]
    assert all(re.fullmatch(r"[\d.]+", line[part]) for part in parts)


def test_what_the_grader_fails_with_is_for_staff_and_printable(
    assignment: Assignment,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("918273 is not 777.7778 \x1b[31m")

    monkeypatch.setattr(Suite, "run", fails)
    evidence = Grader(assignment).grade(submission("x = 1"), sandbox.controls[0])
    assert evidence.status == "not graded"
    assert "ValueError" in evidence.reason
    assert not PLANTED.search(evidence.reason)
    assert "918273" not in evidence.reason
    said = capsys.readouterr().err
    assert PLANTED.search(said)
    assert "\x1b" not in said
