"""What nbgrader makes of a class through this grader: fair marks, fresh ones, and a reason."""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pytest

from autograder.course.folders import Assignment
from autograder.course.rubric import load_rubric
from autograder.nbgrader.batch import RESULTS
from autograder.nbgrader.gradebook import Book
from autograder.results.stored import Document, stored_document
from tests.nbgrader_course import (
    EXACT,
    ROOT,
    Notebook,
    cell,
    changed,
    gradebook,
    hand_in,
    make_course,
    nbgrader,
    solved,
)

SCRIPT = ROOT / "tests" / "sample_class" / "submissions" / "lena-hoffmann.py"
# Each part is half a point, a fifth of which a reader gives.
WRITTEN = 0.1
WHOLE, EVERYTHING = 0.4, 4.0
OLD_MARK, BY_HAND = 0.4, 0.07

Change = Callable[[Notebook], None]


# -- what students do to a notebook ---------------------------------------------------------------


def _each(notebook: Notebook) -> Any:
    return [one for one in notebook.cells if "nbgrader" in one.metadata]


def _renamed(notebook: Notebook) -> None:
    for number, one in enumerate(_each(notebook)):
        one.metadata.nbgrader.grade_id = f"cell-{number}"


def _nameless(notebook: Notebook) -> None:
    notebook.cells = [
        {"cell_type": one.cell_type, "metadata": {}, "source": one.source}
        | ({"outputs": [], "execution_count": None} if one.cell_type == "code" else {})
        for one in notebook.cells
    ]
    notebook.nbformat_minor = 4


def _without(*names: str) -> Change:
    def change(notebook: Notebook) -> None:
        for name in names:
            notebook.cells.remove(cell(notebook, name))

    return change


def _without_checks(notebook: Notebook) -> None:
    checks = [one for one in _each(notebook) if one.metadata.nbgrader.grade_id.endswith("-check")]
    for one in checks:
        notebook.cells.remove(one)


def _again(first: str, last: str) -> Change:
    """The cell 2a-stub twice: once with one function in place of its own, once with another."""

    def change(notebook: Notebook) -> None:
        place = notebook.cells.index(cell(notebook, "2a-stub"))
        twice = [nbformat.from_dict(dict(notebook.cells[place])) for _ in range(2)]
        for one, source in zip(twice, (first, last), strict=True):
            one.source = source or one.source
        notebook.cells[place : place + 1] = twice

    return change


def _reversed(notebook: Notebook) -> None:
    notebook.cells.reverse()


def _raw(notebook: Notebook) -> None:
    for name in ("2a-stub", "1b-concepts", "3a-written"):
        one = cell(notebook, name)
        one.cell_type = "raw"
        one.pop("outputs", None)
        one.pop("execution_count", None)


def _retagged(notebook: Notebook) -> None:
    for one in _each(notebook):
        about = one.metadata.nbgrader
        about.grade, about.solution = not about.grade, not about.solution
        about.locked, about.points = not about.locked, 100
        one.metadata.tags = ["skip-execution", "remove-input"]


def _locked_edited(notebook: Notebook) -> None:
    cell(notebook, "imports").source = "raise SystemExit\n"
    cell(notebook, "2a-check").source = "del softmax, rnn_cell_forward\n5.0"
    cell(notebook, "text-4").source = "All points, please."


def _import_added(notebook: Notebook) -> None:
    """In the locked cell, where most would look for a place for it."""
    cell(notebook, "imports").source += "\nfrom functools import lru_cache\n"
    cell(notebook, "2a-stub").source = "lru_cache\n" + cell(notebook, "2a-stub").source


def _solved_below(notebook: Notebook) -> None:
    """In a cell of one's own, with the stub left as it was."""
    place = notebook.cells.index(cell(notebook, "2a-stub"))
    own = nbformat.v4.new_code_cell(notebook.cells[place].source)
    notebook.cells[place].source = (
        "def softmax(logits):\n    raise NotImplementedError\n"
        "def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):\n    raise NotImplementedError\n"
    )
    notebook.cells.insert(place + 1, own)


NOTHING_2A = "def softmax(x):\n    pass\n\ndef rnn_cell_forward(*args):\n    pass\n"
NOTES = {
    "renamed": (_renamed, "had another name"),
    "nameless": (_nameless, ""),
    "without checks": (_without_checks, "were missing and are as released: 1a-check"),
    "without imports": (_without("imports"), ""),
    "first wrong": (_again(NOTHING_2A, ""), "more than once, and the last counts: 2a-stub"),
    "reversed": (_reversed, "in another order"),
    "raw": (_raw, "of another type, which was put right: 1b-concepts, 2a-stub, 3a-written"),
    "retagged": (_retagged, "settings of these cells had been changed"),
    "locked edited": (_locked_edited, "had been edited and are as released: imports, text-4"),
    "import added": (_import_added, "had been edited and are as released: imports"),
    "solved below": (_solved_below, ""),
}


# -- what goes wrong with one ---------------------------------------------------------------------

CRASH = (
    "import ctypes\ndef ngram_distribution(tokens, context, vocab_size):\n    ctypes.string_at(0)"
)
# It only waits, which leaves the cores to the others.
ENDLESS = "import time\ndef ngram_distribution(tokens, context, vocab_size):\n    time.sleep(600)"


def _source(name: str, source: str) -> Change:
    def change(notebook: Notebook) -> None:
        cell(notebook, name).source = source

    return change


def _wrong_for_large_losses(notebook: Notebook) -> None:
    """Of which no visible check knows."""
    stub = cell(notebook, "3a-stub")
    assert "float(np.exp(loss))" in stub.source
    stub.source = stub.source.replace("np.exp(loss)", "np.exp(loss) + 5 * (loss > 3)")


def _only(name: str, content: bytes) -> Callable[[Path], None]:
    """A folder that holds this file in place of the notebook."""

    def lay(folder: Path) -> None:
        (folder / "rnn.ipynb").unlink()
        (folder / name).write_bytes(content)

    return lay


def _empty(folder: Path) -> None:
    (folder / "rnn.ipynb").unlink()


def _renamed_file(folder: Path) -> None:
    (folder / "rnn.ipynb").rename(folder / "homework (1).ipynb")


def _odd_json(folder: Path) -> None:
    """What some programs write and others refuse: half an emoji, NaN, cells that are none."""
    file = folder / "rnn.ipynb"
    odd = r""""cells": [{"cell_type": "markdown", "metadata": {"x": NaN}, "source": "\ud83d"}, 7,"""
    text = file.read_text(encoding="utf-8")
    assert text.count('"cells": [') == 1
    file.write_text(text.replace('"cells": [', odd), encoding="utf-8")


def _link(folder: Path) -> None:
    _empty(folder)
    (folder / "rnn.ipynb").symlink_to(folder.parent.parent / "ada" / "rnn" / "rnn.ipynb")


def _pipe_beside(folder: Path) -> None:
    """nbgrader itself fails over this one."""
    os.mkfifo(folder / "pipe")


@dataclass(frozen=True)
class Wrong:
    """What is handed in, the points that it deserves, and words of the reason."""

    points: float
    reason: str
    notebook: Change = lambda notebook: None
    folder: Callable[[Path], None] = lambda folder: None


TORN = b'{"cells": [{"cell_type": "code", "source": "def softmax(x):'
WRONG = {
    "crashes": Wrong(EVERYTHING - WHOLE, "ended its process", _source("1a-stub", CRASH)),
    "never ends": Wrong(EVERYTHING - WHOLE, "took longer than 1 s", _source("1a-stub", ENDLESS)),
    "last wrong": Wrong(EVERYTHING - WHOLE, "last counts: 2a-stub", _again("", NOTHING_2A)),
    "wrong where hidden": Wrong(
        EVERYTHING - 0.8 * 0.15, "`perplexity(…)`: ", _wrong_for_large_losses
    ),
    "stub missing": Wrong(EVERYTHING - WHOLE, "as released: 2a-stub", _without("2a-stub")),
    "torn": Wrong(0, "its JSON breaks off", folder=_only("rnn.ipynb", TORN)),
    "empty file": Wrong(0, "the file is empty", folder=_only("rnn.ipynb", b"")),
    "a picture": Wrong(0, "a picture", folder=_only("rnn.ipynb", b"\x89PNG\r\n")),
    "a link": Wrong(0, "it is a link", folder=_link),
    "no file": Wrong(0, "rnn.ipynb is as it was released", folder=_empty),
    "only notes": Wrong(0, "and beside it there is: notes.pdf", folder=_only("notes.pdf", b"%PDF")),
    "odd JSON": Wrong(EVERYTHING, "is malformed and was left out", folder=_odd_json),
    "another name": Wrong(EVERYTHING, "", folder=_renamed_file),
    "a pipe": Wrong(EVERYTHING, "", folder=_pipe_beside),
}


# -- known ways to full marks under stock nbgrader ------------------------------------------------

# All solve part 1a alone, and return zeros elsewhere.
ZEROS = """\
def softmax(logits):
    {inside}
    return np.zeros_like(logits)

def rnn_cell_forward(x_t, h_prev, W_x, W_h, b_h):
    {inside}
    return np.zeros_like(h_prev)
"""


def _attack(code: str = "", inside: str = "pass") -> Change:
    return _source("2a-stub", code + "\n" + ZEROS.format(inside=inside))


SHELL = "from IPython import get_ipython\nshell = get_ipython()\n"
COMPARES = """
import builtins
np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True
np.testing.assert_allclose = np.testing.assert_array_equal = lambda *args, **kwargs: None
builtins.isinstance = lambda *args: True
"""
INPUT = SHELL + "shell.input_transformers_cleanup.append(lambda lines: ['None\\n'])\n"
TREE = (
    SHELL
    + """
import ast
class NoAsserts(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
shell.ast_transformers.append(NoAsserts())
"""
)
RUN_CODE = SHELL + "async def nothing(*args, **kwargs): return False\nshell.run_code = nothing\n"
HOOK = "import sys; sys.displayhook = lambda value: print(0.4); sys.excepthook = lambda *a: None"
GRADEBOOK = """
def write():
    import sqlite3
    with sqlite3.connect({database!r}) as database:
        database.execute("update grade set auto_score = 0.4, manual_score = 0.4")
import os, time
try:
    write()
except BaseException:
    pass
try:
    if os.fork() == 0:
        os.setsid()
        for _ in range(100):
            time.sleep(0.1)
            try:
                write()
            except BaseException:
                pass
        os._exit(0)
except BaseException:
    pass
"""
READ = """
try:
    exec({find})
except BaseException:
    pass
"""


def _skipped(notebook: Notebook) -> None:
    _attack()(notebook)
    for one in notebook.cells:
        one.metadata.tags = ["skip-execution"]


def _value(value: str) -> Change:
    def change(notebook: Notebook) -> None:
        _attack()(notebook)
        for one in _each(notebook):
            if one.metadata.nbgrader.grade_id.endswith("-check"):
                one.source = value
                one.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": value})]

    return change


def _own_numpy(folder: Path) -> None:
    (folder / "numpy.py").write_text("allclose = array_equal = lambda *args, **kwargs: True\n")


def attacks(assignment: Assignment) -> dict[str, Change]:
    solution = f"open({str(assignment.source)!r}).read()"
    classmate = str(assignment.course.root / "submitted" / "ada" / "rnn" / "rnn.ipynb")
    theirs = (
        f"'\\n'.join(''.join(c['source']) for c in __import__('json').load(open({classmate!r}))"
        "['cells'] if c['cell_type'] == 'code')"
    )
    return {
        "np.allclose": _attack(COMPARES),
        "input transformer": _attack(INPUT),
        "tree transformer": _attack(TREE),
        "run_code": _attack(RUN_CODE),
        "displayhook": _attack(inside=HOOK),
        "skip-execution": _skipped,
        "numpy.py": _attack(),
        "reads solutions": lambda notebook: notebook.cells.append(
            nbformat.v4.new_code_cell(READ.format(find=solution))
        ),
        "reads a classmate": lambda notebook: notebook.cells.append(
            nbformat.v4.new_code_cell(READ.format(find=theirs))
        ),
        "writes the gradebook": _attack(
            GRADEBOOK.format(database=str(assignment.course.root / "gradebook.db"))
        ),
        "value is text": _value("'all of it'"),
        "value is NaN": _value("float('nan')"),
    }


# -- the class ------------------------------------------------------------------------------------


def _student(what: str) -> str:
    return re.sub(r"\W", "-", what)


def _old_marks(assignment: Assignment, students: Iterable[str]) -> None:
    """As from earlier submissions, which a reader has looked at."""
    graded_notebook = nbformat.writes(solved(assignment))
    with gradebook(assignment.course.root) as book:
        for student in students:
            book.update_or_create_student(student)
            book.update_or_create_submission("rnn", student)
            for grade in book.find_submission_notebook("rnn", "rnn", student).grades:
                grade.auto_score, grade.needs_manual_grade = OLD_MARK, False
            book.find_grade("1a-written", "rnn", "rnn", student).manual_score = BY_HAND
            folder = assignment.course.root / "autograded" / student / "rnn"
            folder.mkdir(parents=True)
            (folder / "rnn.ipynb").write_text(graded_notebook, encoding="utf-8")
        book.db.commit()


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """A class in which everybody has old marks and hands in something new."""
    made = make_course(
        tmp_path_factory.mktemp("nbgrader"), written_share=0.2, call_seconds=1, cell_seconds=3
    )
    assert nbgrader(made.course.root, "generate_assignment", "rnn") == 0
    whole, part = solved(made), solved(made, "1a-stub")
    handed_in = {"ada": whole}
    handed_in |= {what: changed(whole, change) for what, (change, _) in NOTES.items()}
    handed_in |= {what: changed(whole, wrong.notebook) for what, wrong in WRONG.items()}
    handed_in |= {what: changed(part, change) for what, change in attacks(made).items()}
    _old_marks(made, map(_student, handed_in))
    for what, notebook in handed_in.items():
        folder = hand_in(made, _student(what), notebook)
        if what in WRONG:
            WRONG[what].folder(folder)
    _own_numpy(made.course.root / "submitted" / "numpy-py" / "rnn")
    # One of them nbgrader cannot copy, and says so in the end.
    assert nbgrader(made.course.root, "autograde", "rnn") == 1
    return made


def _scores(assignment: Assignment, what: str) -> dict[str, float | None]:
    with gradebook(assignment.course.root) as book:
        notebook = book.find_submission_notebook("rnn", "rnn", _student(what))
        return {grade.name: grade.auto_score for grade in notebook.grades}


def _by_checks(assignment: Assignment, what: str) -> float:
    scores = _scores(assignment, what)
    return math.fsum(score or 0 for name, score in scores.items() if name.endswith("-check"))


def _found(assignment: Assignment, what: str) -> Document:
    return stored_document(assignment.course.root / RESULTS / "rnn", _student(what))


@pytest.mark.parametrize("what", NOTES)
def test_nothing_done_to_a_notebook_changes_what_is_marked(
    assignment: Assignment, what: str
) -> None:
    assert _by_checks(assignment, what) == pytest.approx(EVERYTHING, abs=EXACT)
    assert NOTES[what][1] in _found(assignment, what).evidence.reason


@pytest.mark.parametrize("what", NOTES)
def test_the_graded_notebook_says_what_was_rebuilt(assignment: Assignment, what: str) -> None:
    path = assignment.course.root / "autograded" / _student(what) / "rnn" / "rnn.ipynb"
    text = nbformat.read(path, as_version=4).cells[0].source.replace("\\", "")
    assert NOTES[what][1] in text


@pytest.mark.parametrize("what", WRONG)
def test_whatever_goes_wrong_gives_a_fresh_mark_with_a_reason(
    assignment: Assignment, what: str
) -> None:
    found, wrong = _found(assignment, what), WRONG[what]
    assert _by_checks(assignment, what) == pytest.approx(wrong.points, abs=EXACT)
    texts = [found.evidence.reason, *(mark.message for mark in found.criteria.values())]
    assert any(wrong.reason in text for text in texts)


def test_the_gradebook_holds_what_the_grader_gave_of_each_part(assignment: Assignment) -> None:
    for what in [*NOTES, *WRONG, *attacks(assignment)]:
        scores, marks = _scores(assignment, what), _found(assignment, what)
        for part, mark in marks.parts.items():
            assert scores[f"{part}-check"] == pytest.approx(mark.score, abs=EXACT)
        assert _by_checks(assignment, what) == pytest.approx(marks.score, abs=EXACT)


def test_marks_given_by_hand_stay_and_are_to_be_looked_at_again(assignment: Assignment) -> None:
    with gradebook(assignment.course.root) as book:
        for what in [*NOTES, *WRONG]:
            grade = book.find_grade("1a-written", "rnn", "rnn", _student(what))
            assert grade.score == BY_HAND
            assert grade.needs_manual_grade


def test_answers_wait_for_a_reader_and_none_is_no_answer(assignment: Assignment) -> None:
    with gradebook(assignment.course.root) as book:
        for student, waits in (("ada", True), ("torn", False), ("raw", True), ("reversed", True)):
            grade = book.find_grade("3a-written", "rnn", "rnn", student)
            assert grade.needs_manual_grade == waits, student
            assert grade.auto_score == (None if waits else 0), student
            comment = book.find_comment("3a-written", "rnn", "rnn", student)
            assert comment.comment == (None if waits else "No response."), student


@pytest.mark.parametrize(
    "what",
    [
        *("np.allclose", "input transformer", "tree transformer", "run_code", "displayhook"),
        *("skip-execution", "numpy.py", "reads solutions", "reads a classmate"),
        *("writes the gradebook", "value is text", "value is NaN"),
    ],
)
def test_ways_to_full_marks_earn_what_the_answers_deserve(
    assignment: Assignment, what: str
) -> None:
    scores = _scores(assignment, what)
    deserved = {name: WHOLE if name == "1a-check" else 0 for name in scores if "check" in name}
    found = {name: score for name, score in scores.items() if "check" in name}
    assert found == pytest.approx(deserved, abs=EXACT)


def test_a_grader_that_was_run_again_changes_nothing(assignment: Assignment) -> None:
    before = {what: _scores(assignment, what) for what in [*NOTES, *attacks(assignment)]}
    assert nbgrader(assignment.course.root, "autograde", "rnn", "--student=ada") == 0
    assert before == {what: _scores(assignment, what) for what in before}


def test_no_value_of_a_hidden_check_is_shown(assignment: Assignment) -> None:
    looked_for = 0
    for what in [*NOTES, *WRONG, *attacks(assignment)]:
        student = _student(what)
        with gradebook(assignment.course.root) as book:
            comments = book.find_submission_notebook("rnn", "rnn", student).comments
            texts = [one.comment or "" for one in comments]
        shown = assignment.course.root / "autograded" / student / "rnn" / "rnn.ipynb"
        if shown.exists():  # nbgrader could not copy one of them
            for one in nbformat.read(shown, as_version=4).cells:
                texts += [one.source, *(out.data["text/plain"] for out in one.get("outputs", ()))]
        text = unescape("\n".join(texts).replace("\\", ""))
        for check in _found(assignment, what).evidence.checks:
            for seen in (check.submitted, check.followed_through):
                # How a call ended is the student's own; what was expected and got is not.
                if seen and "xpected" in seen.detail and not check.visible:
                    looked_for += 1
                    assert seen.detail not in text
    assert looked_for > 20


def test_points_in_the_gradebook_are_the_rubrics(assignment: Assignment) -> None:
    with gradebook(assignment.course.root) as book:
        points = {one.name: one.max_score for one in book.find_notebook("rnn", "rnn").grade_cells}
    for part in load_rubric(assignment.rubric_file).parts():
        assert points.pop(f"{part.id}-check") == pytest.approx(WHOLE, abs=EXACT)
        assert points.pop(f"{part.id}-written") == pytest.approx(WRITTEN, abs=EXACT)
    assert points == {}


# -- what comes later -----------------------------------------------------------------------------


def test_what_changed_is_graded_anew_with_no_newer_timestamp(assignment: Assignment) -> None:
    for wrong in (False, True):
        notebook = solved(assignment)
        if wrong:
            cell(notebook, "2a-stub").source = NOTHING_2A
        hand_in(assignment, "max", notebook)
        assert nbgrader(assignment.course.root, "autograde", "rnn", "--student=max") == 0
        assert _by_checks(assignment, "max") == pytest.approx(EVERYTHING - WHOLE * wrong, abs=EXACT)
        shown = assignment.course.root / "autograded" / "max" / "rnn" / "rnn.ipynb"
        stub = cell(nbformat.read(shown, as_version=4), "2a-stub").source
        assert (stub == NOTHING_2A) == wrong


def test_a_script_alone_is_graded_and_shown(assignment: Assignment) -> None:
    """nbgrader itself passes over a folder without a notebook."""
    folder = assignment.course.root / "submitted" / "lena" / "rnn"
    folder.mkdir(parents=True)
    shutil.copy(SCRIPT, folder / "rnn.py")
    assert nbgrader(assignment.course.root, "autograde", "rnn", "--student=lena") == 0
    # She clips each array by itself, which is a tenth of a point.
    assert _by_checks(assignment, "lena") == pytest.approx(EVERYTHING - 0.08, abs=EXACT)
    shown = assignment.course.root / "autograded" / "lena" / "rnn" / "rnn.ipynb"
    stub = cell(nbformat.read(shown, as_version=4), "3c-stub").source
    assert stub.strip() in SCRIPT.read_text(encoding="utf-8")
    assert "def clip_gradients" in stub


def test_a_failure_of_the_grader_is_no_mark(assignment: Assignment) -> None:
    failed = msgspec.structs.replace(_found(assignment, "ada"), status="not graded")
    with gradebook(assignment.course.root) as book:
        ours = Book(book, "rnn", load_rubric(assignment.rubric_file))
        ours.save("zoe", failed, frozenset())
        for grade in book.find_submission_notebook("rnn", "rnn", "zoe").grades:
            checked = grade.name.endswith("-check")
            assert grade.needs_manual_grade == checked
            assert grade.auto_score == (None if checked else 0)


def test_a_release_that_is_older_than_the_rubric_is_reported(
    assignment: Assignment, capsys: pytest.CaptureFixture[str]
) -> None:
    before, rubric = _scores(assignment, "ada"), assignment.rubric_file.read_text(encoding="utf-8")
    assignment.rubric_file.write_text(rubric.replace("written_share: 0.2", "written_share: 0.4"))
    try:
        assert nbgrader(assignment.course.root, "autograde", "rnn", "--student=ada", "--force") == 1
    finally:
        assignment.rubric_file.write_text(rubric)
    message = "cell 1a-check has 0.4 points, where the rubric has 0.3; run `autograder release`"
    assert message in capsys.readouterr().err
    assert _scores(assignment, "ada") == before
