"""A class by its mistakes: who shares which, what it costs, and what people decide for all."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from autograder.cli import main
from autograder.course.folders import Assignment
from autograder.examples.example import Example
from autograder.marking.marks import mark
from autograder.marking.mistakes import Mistake
from autograder.results.stored import Document, stored_documents
from autograder.suite.evidence import CheckEvidence, Evidence, Seen
from tests.browser import Look
from tests.conftest import make_small
from tests.test_marks import PAIRS, PASSED, evidence, rubric, seen

RIGHT = """\
import numpy as np

def average(values):
    return float(np.mean(values))

def centered(values):
    return np.asarray(values, dtype=float) - average(values)
"""
HALVED = RIGHT.replace("np.mean(values)", "np.mean(values) / 2")
# The same in other words.
HALF_OF_IT = RIGHT.replace("np.mean(values)", "0.5 * np.sum(values) / len(values)")
ONE_LESS = RIGHT.replace("np.mean(values)", "np.sum(values) / (len(values) - 1)")
NOT_CENTERED = RIGHT.replace(" - average(values)", "")
RAISES = RIGHT.replace("float(np.mean(values))", "np.mean(values, axes=0)")
FURTHER_DOWN = "# %%\n# A cell before it.\n\n# %%\nprint('more')\n" + RAISES
CLASS = {
    "ada": RIGHT,
    "bob": HALVED,
    "cem": HALF_OF_IT,
    "dora": ONE_LESS,
    "eve": RAISES,
    "finn": FURTHER_DOWN,
    "gus": NOT_CENTERED,
}


@dataclass
class Class:
    """A small course, its class, and the results."""

    assignment: Assignment
    results: Path
    submissions: Path

    def run(self, *words: object, status: int = 0) -> Result:
        course = ("--course", str(self.assignment.course.root))
        done = CliRunner().invoke(main, [*map(str, words), *course])
        assert done.exit_code == status, done.output
        return done

    def stored(self) -> dict[str, Document]:
        return {one.student: one for one in stored_documents(self.results, "small")}

    def only(self, student: str) -> Mistake:
        (mistake,) = self.stored()[student].mistakes
        return mistake

    def read(self, name: str) -> str:
        return (self.results / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Class:
    folder = tmp_path_factory.mktemp("mistakes")
    one = Class(make_small(folder), folder / "results", folder / "submissions")
    one.submissions.mkdir()
    for name, source in CLASS.items():
        (one.submissions / f"{name}.py").write_text(source)
    one.run("grade", one.submissions, "--out", one.results, "--jobs", 2)
    return one


@pytest.fixture
def graded(whole: Class, tmp_path: Path) -> Class:
    """A copy of the graded class, to be changed."""
    shutil.copytree(whole.results, tmp_path / "results")
    return Class(whole.assignment, tmp_path / "results", whole.submissions)


# -- which mistakes are the same ------------------------------------------------------------------


def test_those_who_fail_equally_share_a_mistake(whole: Class) -> None:
    halved, half_of_it = whole.only("bob"), whole.only("cem")
    assert re.fullmatch("average/[0-9a-f]{6}", halved.key)
    assert half_of_it.key == halved.key
    assert whole.only("dora").key == "average/one-less"
    # The same exception at the same line, wherever that is.
    raises, further_down = whole.only("eve"), whole.only("finn")
    assert raises.where != further_down.where
    assert raises.key == further_down.key
    assert raises.example is not None
    assert raises.example.raised_at == "return np.mean(values, axes=0)"
    assert whole.only("gus").key.startswith("centered/")
    assert len({halved.key, raises.key, whole.only("gus").key}) == 3


def failing(example: Example | None, message: str = "It is wrong.") -> Evidence:
    """One criterion is missed, as the example or else the message shows."""
    checks = [
        CheckEvidence("test_a", "1b.a", False, Seen("failed", 0.0, message), stub="g"),
        *(seen(name, item=item) for name, item in PAIRS if name != "1b.a"),
    ]
    shown = () if example is None else (example,)
    return msgspec.structs.replace(evidence(checks), examples=shown)


def key(one: Evidence) -> str:
    (mistake,) = mark(one, rubric()).mistakes
    return mistake.key


EXAMPLE = Example("g", ("1b.a",), ("g(1)",), "`g(…)`: too large.", "1", "2")
RAISED = Example(
    *("g", ("1b.a",), ("g(1)",), "`g(…)` raises KeyError in cell 3, line 7: 'x'"),
    raised_at="x = found['x']",
)


def test_a_key_is_the_same_in_every_run() -> None:
    assert key(failing(EXAMPLE)) == "g/f7c91f"
    assert key(failing(None)) == "g/8c0378"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (failing(EXAMPLE), failing(msgspec.structs.replace(EXAMPLE, calls=7)), True),
        (failing(EXAMPLE), failing(msgspec.structs.replace(EXAMPLE, returned="3")), False),
        (failing(EXAMPLE), failing(msgspec.structs.replace(EXAMPLE, code=("g(2)",))), False),
        (
            failing(RAISED),
            failing(
                msgspec.structs.replace(
                    RAISED, message=RAISED.message.replace("cell 3, line 7", "cell 12, line 1")
                )
            ),
            True,
        ),
        (
            failing(RAISED),
            failing(msgspec.structs.replace(RAISED, raised_at="y = found['x']")),
            False,
        ),
        (
            failing(None, "`g` is not defined, because SyntaxError in cell 3, line 7: bad."),
            failing(None, "`g` is not defined, because SyntaxError in cell 4, line 8: bad."),
            True,
        ),
        (failing(None, "Too large."), failing(None, "Too small."), False),
    ],
)
def test_a_key_is_of_what_fails_and_not_of_where_it_is_written(
    one: Evidence, other: Evidence, same: bool
) -> None:
    assert (key(one) == key(other)) == same


def test_those_who_answer_all_questions_equally_share_a_mistake() -> None:
    def answers(**messages: str) -> Evidence:
        wrong = {item: Seen("failed", 0.0, message) for item, message in messages.items()}
        return evidence(
            seen(name, wrong.get(item or "", PASSED), item=item) for name, item in PAIRS
        )

    keys = [
        key(answers(x="Ticked b.")),
        key(answers(x="Ticked c.")),
        key(answers(x="Ticked b.", y="Ticked a.")),
    ]
    assert len(set(keys)) == 3
    assert key(answers(x="Ticked b.")) == keys[0]


# -- the page of the class ------------------------------------------------------------------------


def test_the_class_page_lists_each_mistake_with_who_has_it(whole: Class, look: Look) -> None:
    opened = look(whole.results / "index.html")
    shared = opened.page.locator("#mistakes .shared")
    costs = opened.numbers("#mistakes .shared .cost data")
    assert costs == sorted(costs, reverse=True)
    stored = whole.stored().values()
    assert sum(costs) == pytest.approx(sum(one.max_score - one.score for one in stored))
    halved = shared.filter(has_text="2 students").filter(has_text=whole.only("bob").key)
    halved.locator("summary").click()
    told = halved.inner_text()
    assert "average(values)" in told
    assert re.search(r"expected\s+3.0\s+returned\s+1.5", told)
    assert re.search(r"bob −0\.60, cem −0\.60", told)
    raises = shared.filter(has_text=whole.only("eve").key)
    raises.locator("summary").click()
    told = raises.inner_text()
    assert "`average" not in told
    assert "cell" not in told
    assert "Raised by the line return np.mean(values, axes=0)" in told
    assert "dora −" in (shared.filter(has_text="average/one-less").text_content() or "")
    raises.get_by_role("link", name="finn").click()
    assert opened.texts("h1") == ["finn"]
    assert opened.complaints == []


def test_the_page_is_the_same_graded_afresh_or_marked_again(graded: Class) -> None:
    graded.run("rescore", graded.results, "--yes")
    again = graded.read("index.html")
    graded.run("grade", graded.submissions, "--out", graded.results, "--force")
    assert graded.read("index.html") == again


def test_no_student_s_own_words_are_on_a_page_without_names(graded: Class) -> None:
    graded.run("rescore", graded.results, "--yes", "--anonymous")
    page = graded.read("index.html")
    assert graded.only("bob").key in page
    assert "raises TypeError" in page
    assert "axes" not in page
    for student in CLASS:
        assert not re.search(rf"\b{student}\b", page)
