"""A class by its mistakes: who shares which, what it costs, and what people decide for all."""

from __future__ import annotations

import html
import io
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
import nbformat
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from autograder.cli import main
from autograder.course.folders import Assignment, CourseError
from autograder.examples.example import Example
from autograder.grading.rescoring import Remark
from autograder.marking.decisions import Decided, Decisions, ForAll
from autograder.marking.marks import mark
from autograder.marking.mistakes import Mistake
from autograder.nbgrader.comments import comment, write_marks
from autograder.reports.pages.student import student_page
from autograder.reports.terminal import print_marks
from autograder.results.stored import Document, stored_documents
from autograder.suite.evidence import CheckEvidence, Evidence, Explanation, Named, Seen
from tests.browser import Look
from tests.conftest import make_small
from tests.test_marks import FAILED, PAIRS, PASSED, evidence, rubric, seen

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
    assert key(failing(EXAMPLE)) == "g/65f271"
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


def only(one: Evidence) -> Mistake:
    (mistake,) = mark(one, rubric()).mistakes
    return mistake


@pytest.mark.parametrize(
    ("message", "unwritten"),
    [
        ("`g` is still to be written.", True),
        ("`g` is not defined. Define it under exactly this name.", True),
        ("`g` raises NameError: `h` is not defined", False),
    ],
)
def test_what_is_not_there_comes_last_whatever_shows_it(message: str, unwritten: bool) -> None:
    shown = msgspec.structs.replace(EXAMPLE, message=message)
    # A model is asked by checks of no single stub.
    model = failing(None, message)
    model = msgspec.structs.replace(
        model, checks=tuple(msgspec.structs.replace(one, stub="") for one in model.checks)
    )
    for one in (failing(None, message), failing(shown), model):
        assert only(one).unwritten == unwritten


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("`g` is not defined, because SyntaxError in cell 3, line 7: bad.", ""),
        ("`g` took longer than 10 s.", ""),
        (
            "`g` raises NameError in cell 3: `pandas` is not installed here, so it had no effect.",
            "",
        ),
        ("`g` is still to be written.", "Look."),
        ("It is wrong.", "Look."),
    ],
)
def test_a_hint_is_left_out_where_it_does_not_help(message: str, hint: str) -> None:
    assert only(failing(None, message)).hint == hint


def test_questions_that_are_not_right_are_named() -> None:
    wrong = {"x": '"order" is not right: ticked a.', "z": 'There is no answer to "loss".'}
    one = evidence(
        seen(name, Seen("failed", 0.0, wrong[item]) if item in wrong else PASSED, item=item)
        for name, item in PAIRS
    )
    assert only(one).what.endswith("not all answers are right: order, loss.")


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
    shown = halved.inner_text()
    assert "average(values)" in shown
    assert re.search(r"expected\s+3.0\s+returned\s+1.5", shown)
    assert "−0.60 each: bob, cem" in shown
    raises = shared.filter(has_text=whole.only("eve").key)
    raises.locator("summary").click()
    shown = raises.inner_text()
    assert "`average" not in shown
    assert "cell" not in shown
    assert "Raised by the line return np.mean(values, axes=0)" in shown
    assert "−0.30: dora" in (shared.filter(has_text="average/one-less").text_content() or "")
    raises.get_by_role("link", name="finn").click()
    assert opened.texts("h1") == ["finn"]
    assert opened.complaints == []


def test_what_was_not_written_comes_last(whole: Class, tmp_path: Path) -> None:
    few = Class(whole.assignment, tmp_path / "results", tmp_path / "submissions")
    few.submissions.mkdir()
    (few.submissions / "dora.py").write_text(ONE_LESS)
    shutil.copy(whole.assignment.released / "small.py", few.submissions / "untouched.py")
    few.run("grade", few.submissions, "--out", few.results)
    listed = few.run("mistakes", few.results).output
    assert listed.index(few.only("dora").key) < listed.index("is still to be written")


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


# -- what people decide for all who share one -----------------------------------------------------


COMMENT = "Not <b>*half*</b>: see [red]the lecture[/red] & _note_ 3."


def words(done: Result) -> str:
    """What was printed, whatever lines and cells of a table it is in."""
    return " ".join(re.split(r"[\s│]+", done.output))


def decide(one: Class, text: str) -> None:
    (one.results / "mistakes.yaml").write_text(text, encoding="utf-8")


def entry(name: str, **more: object) -> str:
    given = {"who": "R. Head", **more}
    lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in given.items())
    return f"- mistake: {name}\n{lines}"


def test_a_comment_for_all_is_in_every_report_of_those_who_share_it(graded: Class) -> None:
    shared = graded.only("bob").key
    decide(graded, entry(shared, comment=COMMENT))
    printed = words(graded.run("rescore", graded.results, "--yes"))
    assert f"+0 2 students a comment on {shared}" in printed
    for form in ("gradescope", "github", "csv"):
        graded.run("export", graded.results, "--to", form)
    for student in CLASS:
        concerned = student in ("bob", "cem")
        assert (COMMENT in graded.read(f"{student}.json")) == concerned
        for name in (f"{student}.html", f"{student}.md"):
            seen = html.unescape(re.sub(r"</?code>", "", graded.read(name))).replace("\\", "")
            assert (COMMENT in seen) == concerned
            assert ("Comment by R. Head" in seen) == concerned
            assert "<b>*" not in graded.read(name)
        for form in ("gradescope", "github"):
            assert (COMMENT in graded.read(f"{form}/{student}.json")) == concerned
    for line in graded.read("criteria.csv").splitlines():
        assert (COMMENT in line) == line.startswith(("bob", "cem"))
    page = graded.read("index.html")
    assert html.escape(COMMENT) in page
    assert "<b>*" not in page


@pytest.mark.parametrize(("policy", "shown"), [("full", True), ("hints", True), ("score", False)])
def test_a_comment_for_all_is_shown_by_the_feedback_policy(policy: str, shown: bool) -> None:
    own = rubric(feedback=policy)
    one = failing(EXAMPLE)
    decided = Decided(mistakes={key(one): ForAll(COMMENT, 0.5, "R. Head")})
    marks = mark(one, own, decided)
    notebook = nbformat.v4.new_notebook(cells=[])
    write_marks(notebook, marks, one, own)
    terminal = io.StringIO()
    print_marks(Console(file=terminal, width=300), one, marks, own)
    (part,) = (part for part in own.parts() if part.id == "1b")
    for sentence in (
        terminal.getvalue(),
        html.unescape(notebook.cells[0].source).replace("\\", ""),
        html.unescape(comment(part, marks, own) or "").replace("\\", ""),
        html.unescape(student_page(one, marks, own, {})),
    ):
        assert (f"Comment by R. Head: {COMMENT}" in sentence) == shown
        assert ("50 % of the points" in sentence) == shown


def test_those_who_share_a_mistake_earn_the_same_credit(graded: Class) -> None:
    shared, named = graded.only("bob").key, graded.only("dora").key
    before = {name: one.score for name, one in graded.stored().items()}
    decide(graded, entry(shared, credit=0.25) + entry(named, credit=1, comment="All right."))
    printed = words(graded.run("rescore", graded.results, "--dry-run"))
    assert "3 of 7 students move" in printed
    assert f"1a.average 0 → 0.15, a credit of 0.25 for {shared} (R. Head)" in printed
    graded.run("rescore", graded.results, "--yes")
    after = {name: one.score for name, one in graded.stored().items()}
    assert {name for name in CLASS if after[name] != before[name]} == {"bob", "cem", "dora"}
    assert after["bob"] == after["cem"] == pytest.approx(before["bob"] + 0.25 * 0.6)
    # The mistake is listed for those with the whole credit, too.
    assert after["dora"] == 1.0
    assert graded.only("dora").cost == 0
    assert "All right." in graded.read("dora.html")
    # Others who are graded now, or again, are treated like them.
    (graded.results / "bob.json").unlink()
    graded.run("grade", graded.submissions / "bob.py", "--out", graded.results)
    assert {name: one.score for name, one in graded.stored().items()} == after
    # An override of the criterion counts in its place.
    override = "- {student: bob, criterion: 1a.average, points: 0.5, reason: seen, who: A. Dean}\n"
    (graded.results / "overrides.yaml").write_text(override)
    graded.run("rescore", graded.results, "--yes")
    bob = graded.stored()["bob"]
    assert bob.criteria["1a.average"].score == 0.5
    assert bob.criteria["1a.average"].by_hand is not None
    assert bob.criteria["1a.average"].by_hand.before == pytest.approx(0.15)


@pytest.mark.parametrize(
    ("credits", "share"),
    [
        ({}, 1 / 3),
        ({"half": 0.9}, 1 / 3),
        ({"third": 0.9}, 0.5),
        ({"half": 1, "third": 0.9}, 0.9),
        ({"half": 0}, 0),
        ({"half": 1, "third": 1}, 1),
    ],
)
def test_where_two_mistakes_cost_a_criterion_the_smaller_credit_counts(
    credits: dict[str, float], share: float
) -> None:
    named = tuple(Named(name, f"you do {name}", "") for name in ("half", "third"))
    checks = [
        *(seen(name, item=item) for name, item in PAIRS if name != "1a.whole"),
        seen("1a.whole", FAILED),
    ]
    one = evidence(checks, [Explanation("1a.whole", named)])
    for_all = {name: ForAll("", credit, "R. Head") for name, credit in credits.items()}
    marks = mark(one, rubric(), Decided(mistakes=for_all))
    assert marks.criteria["1a.whole"].score == pytest.approx(0.4 * share)
    assert {mistake.name for mistake in marks.mistakes} == {"half", "third"}
    assert sum(one.cost for one in marks.mistakes) == pytest.approx(0.4 * (1 - share))


ENTRY = "- mistake: g/1\n  comment: Think.\n  credit: 0.5\n  who: R. Head\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (ENTRY.replace("g/1", "g/2"), "line 1: .* no mistake 'g/2'; did you mean g/1"),
        (ENTRY.replace("- mistake: g/1\n  comment", "- comment"), "line 1: the mistake is missing"),
        (ENTRY.replace("0.5", "1.5"), "line 3: .* 1.5.* from 0 to 1"),
        (ENTRY.replace("0.5", "-0.1"), "line 3: .* from 0 to 1"),
        (ENTRY.replace("0.5", ".nan"), "line 3: .* from 0 to 1"),
        (ENTRY.replace("R. Head", '" "'), "line 4: `who` is missing"),
        (ENTRY.replace("  who: R. Head\n", ""), "line 1: `who` is missing"),
        (ENTRY.replace("  comment: Think.\n  credit: 0.5\n", ""), "line 1: say what"),
        (ENTRY + ENTRY, "line 5: g/1 appears here a second time"),
        (ENTRY + "  whom: x\n", "line 5: unknown key `whom`"),
    ],
)
def test_what_is_decided_wrongly_for_all_is_refused_with_its_line(
    tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "mistakes.yaml").write_text(text)
    with pytest.raises(CourseError) as refused:
        Decisions.load(tmp_path, rubric(), ["ada"], ["g/1"])
    assert re.search(f"mistakes.yaml, {sentence}", str(refused.value)), refused.value


def test_a_mistake_that_no_one_has_is_refused_and_the_known_ones_are_listed(
    graded: Class,
) -> None:
    decide(graded, entry("average/one-more", comment="x"))
    for command, *more in (("rescore", "--yes"), ("export", "--to", "csv")):
        refused = words(graded.run(command, graded.results, *more, status=2))
        assert "mistakes.yaml, line 1:" in refused
        assert "did you mean average/one-less?" in refused
    # Whoever is graded meanwhile is added all the same.
    printed = words(graded.run("grade", graded.submissions / "bob.py", "--out", graded.results))
    assert "mistakes.yaml, line 1:" in printed
    assert len(graded.read("grades.csv").splitlines()) == 1 + len(CLASS)
    listed = graded.run("mistakes", graded.results).output
    for student in ("bob", "dora", "eve", "gus"):
        assert graded.only(student).key in listed.split()
    assert "2 students" in listed
    assert "1 student " in listed


def test_a_comment_that_is_taken_back_is_said_to_be_gone(graded: Class) -> None:
    key, file = graded.only("bob").key, graded.results / "mistakes.yaml"
    file.write_text(f"- {{mistake: {key}, comment: See slide 12., who: R. Head}}\n")
    assert f"a comment on {key}" in " ".join(
        graded.run("rescore", graded.results, "--yes").output.split()
    )
    file.unlink()
    assert f"no comment on {key}" in " ".join(
        graded.run("rescore", graded.results, "--yes").output.split()
    )


def test_points_that_all_change_alike_are_said_once() -> None:
    before = evidence(seen(name, item=item) for name, item in PAIRS)
    old = mark(before, rubric())
    document = Document(**msgspec.structs.asdict(old), digest="", evidence=before)
    new = mark(before, rubric(written_share=0.5))
    reasons = list(Remark(document, new).reasons())
    assert reasons[0] == "9 criteria are worth other points now"
    assert not any("1b.a" in one for one in reasons)
