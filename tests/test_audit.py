"""The audit measures the grader, and says so where a bound is broken. This is a small one; the
whole of it is ``autograder audit``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.audit import Sizes, run_audit
from autograder.audit.mutants import Change, mutants, survivors
from autograder.audit.planting import Planter, pairs, planted, planted_in
from autograder.cli import main
from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import Rubric
from autograder.misconceptions import load_library
from autograder.new_assignment import new_assignment
from autograder.release import write_release
from tests.conftest import RNN, make_small

LIBRARY = load_library(RNN)
RIGHT, WRONG = planted(RNN, "right*.py"), planted(RNN, "wrong*.py")


# -- what is planted ------------------------------------------------------------------------------


def test_there_are_30_right_styles_and_100_mistakes_that_are_not_in_the_library() -> None:
    assert len(RIGHT) >= 30
    assert not [one.name for one in RIGHT if one.loses or one.named]
    assert len([one for one in WRONG if not one.named]) >= 100
    assert len({one.name for one in RIGHT + WRONG}) == len(RIGHT + WRONG)


def test_what_is_planted_names_stubs_criteria_and_misconceptions(rubric: Rubric) -> None:
    stubs = {stub: part for part in rubric.parts() for stub in part.stubs}
    criteria = {criterion.id for criterion in rubric.criteria()}
    criteria |= {f"{c.id}:{item}" for c in rubric.criteria() for item in c.items}
    assert {one.stub for one in RIGHT} == set(stubs)
    for one in WRONG:
        assert one.loses
        assert one.loses <= criteria
        assert {name.partition(".")[0] for name in one.loses} == {stubs[one.stub].id}
        assert one.named <= LIBRARY.misconceptions.keys()
    assert len(list(pairs(RNN, LIBRARY))) >= 20


def test_a_wrong_head_is_refused(tmp_path: Path) -> None:
    for text, message in (
        ("# %% softmax without a name\npass\n", "NAME: STUB"),
        ("# %% a: softmax\npass\n# %% a: softmax\npass\n", "twice"),
    ):
        (tmp_path / "some.py").write_text(text)
        with pytest.raises(CourseError, match=message):
            planted_in(tmp_path / "some.py")


def test_a_planted_cell_comes_after_the_reference(assignment: Assignment) -> None:
    submission = Planter(assignment).submission("ada", "softmax = None")
    assert submission.cells[-1].source == "softmax = None"
    assert submission.student == "ada"


# -- mutants --------------------------------------------------------------------------------------


def test_mutants_differ_in_one_line_and_no_two_are_the_same(assignment: Assignment) -> None:
    stubs = Planter(assignment).stubs()
    made = list(mutants({"clip_gradients": stubs["clip_gradients"]}))
    assert len(made) == len({one.source for one in made}) > 20
    assert "max_norm * norm" in " ".join(one.change.becomes for one in made)
    assert not any("NotImplementedError" in one.source or '"""' in one.source for one in made)


def test_without_the_tool_the_audit_says_what_to_install(
    assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cosmic_ray.mutating", None)
    with pytest.raises(CourseError, match=r"rnn-autograder\[audit\]"):
        list(mutants({"f": "def f():\n    return 1\n"}))


def test_a_list_of_survivors_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "survivors.yaml"
    file.write_text("- stub: softmax\n  was: a\n")
    with pytest.raises(CourseError, match=r"survivors\.yaml"):
        survivors(file)
    assert str(Change("f", "a", "b")) == "f: `a` as `b`"


# -- the measures ---------------------------------------------------------------------------------


def test_a_small_audit_keeps_all_bounds(assignment: Assignment) -> None:
    measures = list(run_audit(assignment, Sizes(runs=4, step=45), jobs=2))
    broken = {one.what: one.findings for one in measures if not one.kept}
    assert not broken
    assert [one.of for one in measures[:2]] == [1, 1]
    assert len(measures) == 11


def audited(course: Path, *options: str) -> Result:
    return CliRunner().invoke(
        main, ["audit", "--course", str(course), "--runs", "2", *options], env={"COLUMNS": "200"}
    )


def test_the_smallest_assignment_keeps_all_bounds(small: Assignment) -> None:
    done = audited(small.course.root)
    assert done.exit_code == 0, done.output
    assert "mutants of the reference" in done.output
    assert "broken" not in done.output


def test_what_is_planted_wrongly_breaks_a_bound_and_is_listed(tmp_path: Path) -> None:
    small = make_small(tmp_path)
    with (small.planted / "right.py").open("a", encoding="utf-8") as file:
        file.write("\n# %% always-0: average\ndef average(values):\n    return 0.0\n")
    done = audited(tmp_path, "--no-mutants")
    assert done.exit_code == 1
    table, _, listed = done.output.partition("not so with")
    styles = "right solutions in other styles earn everything"
    broken = next(line for line in table.splitlines() if styles in line)
    assert "1 of 2" in broken
    assert "broken" in broken
    assert "- always-0: 1a." in listed


def test_misconceptions_that_answer_every_check_alike_break_a_bound(tmp_path: Path) -> None:
    small, _ = new_assignment(tmp_path, "small")
    file = small.folder / "misconceptions" / "averages.py"
    text = file.read_text(encoding="utf-8")
    copy = text[text.index("@misconception(") :].replace('"one-less"', '"one-fewer"')
    file.write_text(f"{text}\n\n{copy.replace('def ', 'def also_')}", encoding="utf-8")
    write_release(small)
    done = audited(tmp_path, "--no-mutants")
    assert done.exit_code == 1
    for name in ("average/one-less", "average/one-fewer"):
        assert f"- {name}: never; two that answer every check alike are not named" in done.output
