"""Concept questions: a wrong answer is shown with the right letters and the explanation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from autograder.audit.planting import Planter
from autograder.audit.running import Bench, Graded, Job
from autograder.checks.agree import Disagreement, Partial
from autograder.checks.choices import judge
from autograder.course.concepts import Question, load_concepts
from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import rubric_of
from autograder.marking.marks import mark
from autograder.nbgrader.comments import comment
from autograder.reports.files import write_student
from autograder.reports.markdown import student_markdown
from tests.conftest import RNN

BANK = load_concepts(RNN.concepts_file)
OPTIONS = {"a": "one", "b": "two", "c": "three"}
QUESTION = Question("order", "1b", "t", "q", OPTIONS, frozenset("ab"), "Because\n  of this.")


@pytest.mark.parametrize(
    ("answer", "kind", "sentence"),
    [
        ("b", Partial, '"order" is right in part: ticked b, right: a, b. Because of this.'),
        ("C", Disagreement, '"order" is not right: ticked c, right: a, b. Because of this.'),
        (
            "x",
            Disagreement,
            '"order" is not right: ticked none of the options, right: a, b. '
            'It has no option "x": a typo? Because of this.',
        ),
        ("", Disagreement, '"order" is not answered.'),
        (7, Disagreement, 'The answer to "order" is no text of letters such as "ac": a typo?'),
    ],
)
def test_a_wrong_answer_is_explained_with_the_right_one(
    answer: object, kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind) as raised:
        judge({"order": answer}, QUESTION, ["order"])
    assert isinstance(raised.value, Disagreement | Partial)
    assert raised.value.message == sentence


@pytest.mark.parametrize(
    ("old", "new", "line", "wrong"),
    [
        ("right: [a, b]", "right: [a, z]", 6, "question second: `right` must name one or more"),
        ("right: [a, b]", "answer: [a, b]", 6, "unknown key `answer`"),
        ("id: second", "id: first", 2, "the id first appears twice"),
        ("  part: 1a", "  part: 1a\n  part: 1b", 4, "the key `part` appears here a second time"),
    ],
)
def test_a_wrong_bank_is_refused_with_its_line(
    old: str, new: str, line: int, wrong: str, tmp_path: Path
) -> None:
    text = (
        "- {id: first, part: 1a, topic: t, question: q, options: {a: x}, right: [a], "
        "explanation: e}\n- id: second\n  part: 1a\n  topic: t\n  question: q\n"
        "  right: [a, b]\n  options: {a: x, b: y}\n  explanation: e\n"
    )
    file = tmp_path / "concepts.yaml"
    file.write_text(text)
    assert list(load_concepts(file)) == ["first", "second"]
    file.write_text(text.replace(old, new))
    with pytest.raises(CourseError, match=re.escape(wrong)) as refused:
        load_concepts(file)
    assert str(refused.value).startswith(f"{file}, line {line}: ")


@pytest.fixture(scope="module")
def graded(assignment: Assignment) -> Iterator[Graded]:
    """Two answers of part 1b are wrong, and the others are right."""
    cell = 'answers_1b["order"] = "b"\nanswers_1b["window"] = "d"'
    with Bench(assignment, jobs=1) as bench:
        job = Job("ada", Planter(assignment).submission("ada", cell))
        yield bench.grade(job, bench.control(0))


@pytest.mark.parametrize(("written", "asks"), [("ordre", True), ("clipping", False)])
def test_only_a_name_that_is_close_may_be_a_typo(written: str, asks: bool) -> None:
    with pytest.raises(Disagreement) as raised:
        judge({written: "a"}, QUESTION, ["order"])
    assert ("a typo?" in str(raised.value)) == asks


@pytest.mark.parametrize(
    ("feedback", "shown"), [("full", True), ("hints", False), ("score", False)]
)
def test_the_right_letters_are_shown_by_the_policy_full_alone(
    graded: Graded, assignment: Assignment, feedback: str, shown: bool, tmp_path: Path
) -> None:
    rubric = msgspec.structs.replace(rubric_of(assignment), feedback=feedback)
    marks = mark(graded.evidence, rubric)
    write_student(tmp_path, graded.evidence, marks, rubric, "", {})
    texts = [student_markdown(graded.evidence, marks, rubric)]
    texts += [(tmp_path / "ada.html").read_text()]
    texts += [comment(part, marks, rubric) or "" for part in rubric.parts() if part.id == "1b"]
    for text in texts:
        for question in ("order", "window"):
            words = BANK[question].explanation.split()[:6]
            assert (" ".join(words) in " ".join(text.split())) == shown
        assert ("right: b, d" in text) == shown
        for question in BANK.keys() - {"order", "window"}:
            assert " ".join(BANK[question].explanation.split()[:6]) not in text
