"""An instructor edits a homework: an edit of the named files works, or a message says why not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli import main
from autograder.course.folders import Assignment, Course
from autograder.new_assignment import new_assignment
from autograder.release.contradictions import contradictions

# In which file what stands in place of what.
Edits = Mapping[str, Mapping[str, str]]

SOURCE, RUBRIC = "small.py", "rubric.yaml"
CHECKS, STUBS = "checks/test_averages.py", "stubs.py"
MISCONCEPTIONS = "misconceptions/averages.py"

DOCSTRING: Edits = {
    SOURCE: {
        '"""The average of values (N,)."""': '"""The mean of N numbers (N,); N is 1 or more."""'
    }
}
POINT: Edits = {RUBRIC: {"points: 0.6": "points: 0.7", "points: 0.4": "points: 0.3"}}
CRITERION: Edits = {
    RUBRIC: {
        "points: 0.6": "points: 0.5",
        "          - id: 1a.centered": """\
          - id: 1a.one
            title: One number
            points: 0.1
            hint: The average of one number is that number.
          - id: 1a.centered""",
    },
    CHECKS: {
        '@pytest.mark.criterion("1a.centered")': """\
@pytest.mark.criterion("1a.one")
@pytest.mark.visible
def test_average_of_one(student: Any) -> None:
    agree(student.average(np.array([5.0])), 5.0, "Of 5 alone, the average")


@pytest.mark.criterion("1a.centered")"""
    },
}
PART: Edits = {
    SOURCE: {
        '# %% [markdown] part="1a" role="written"': '''\
# %% part="1b" role="stub"
def spread(values: np.ndarray) -> float:
    """The largest of values (N,) less the smallest."""
    ### BEGIN SOLUTION
    return float(np.max(values) - np.min(values))
    ### END SOLUTION
    raise NotImplementedError("part 1b: spread is still to be written")


# %% part="1b" role="check"
check("1b")

# %% [markdown] part="1b" role="written"
# **Question 1b.** What does one number far away do to it?
#
# ### BEGIN SOLUTION
# It alone decides it.
# ### END SOLUTION

# %% [markdown] part="1a" role="written"'''
    },
    RUBRIC: {
        "    points: 1\n    parts:": "    points: 2\n    parts:",
        "\npoints: 1": "\npoints: 2",
        "\n# The share of a criterion's": """
      - id: 1b
        title: The spread
        points: 1
        stubs: [spread]
        criteria:
          - id: 1b.spread
            title: The spread
            points: 1
            hint: Which two of the numbers decide it?

# The share of a criterion's""",
    },
    CHECKS: {
        '@pytest.mark.criterion("1a.centered")': """\
@pytest.mark.criterion("1b.spread")
@pytest.mark.hidden
def test_spread(student: Any, reference: Any, rng: Rng) -> None:
    drawn_values = uniform(rng, 5)
    agree(student.spread(drawn_values), reference.spread(drawn_values), "The spread")


@pytest.mark.criterion("1a.centered")"""
    },
}


def dropped(edits: Edits) -> Edits:
    """The edits that take away what these add."""
    return {file: {new: old for old, new in changes.items()} for file, changes in edits.items()}


@pytest.fixture
def small(tmp_path: Path) -> Assignment:
    return new_assignment(tmp_path, "small")[0]


def edit(assignment: Assignment, edits: Edits) -> None:
    for file, changes in edits.items():
        path = assignment.rubric_file if file == RUBRIC else assignment.folder / file
        text = path.read_text(encoding="utf-8")
        for old, new in changes.items():
            assert text.count(old) == 1, (file, old)
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")


def copied(assignment: Assignment, folder: Path) -> Assignment:
    shutil.copytree(assignment.course.root, folder, dirs_exist_ok=True)
    return Assignment(Course(folder), assignment.name)


def autograder(assignment: Assignment, *words: str) -> tuple[int, str]:
    """A command, as an instructor gives it; its status and all it said.

    It runs in this process, which imports the modules of a folder once: checks and misconceptions
    are edited before the first command, or in a copy. test_installed.py starts processes.
    """
    about = ["--course", str(assignment.course.root), "--assignment", assignment.name]
    done = CliRunner().invoke(main, [*words, *about])
    return done.exit_code, " ".join(done.output.split())


def release(assignment: Assignment, *words: str) -> tuple[int, str]:
    return autograder(assignment, "release", *words)


def earned(assignment: Assignment) -> str:
    """What the solutions themselves earn, handed in as a script."""
    message = autograder(assignment, "check", str(assignment.source))[1]
    found = re.search(r"[\d.]+ of [\d.]+ points", message)
    return found[0] if found else message


# -- edits that work ------------------------------------------------------------------------------

WORK = {"docstring": DOCSTRING, "point": POINT, "criterion": CRITERION, "part": PART}


@pytest.mark.parametrize("name", WORK)
def test_an_edit_takes_these_files_and_a_release(name: str, small: Assignment) -> None:
    edit(small, WORK[name])
    status, message = release(small, "--check")
    assert status == 1
    assert "run `autograder release --assignment small`" in message
    assert release(small)[0] == 0
    assert release(small, "--check") == (0, "small: up to date, and nothing gives a solution away")
    assert earned(small) == ("2.00 of 2.00 points" if name == "part" else "1.00 of 1.00 points")


def test_a_part_that_is_dropped_leaves_nothing_behind(
    small: Assignment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    edit(small, PART)
    assert release(small)[0] == 0
    small = copied(small, tmp_path_factory.mktemp("course"))
    edit(small, dropped(PART))
    assert release(small)[0] == 0
    assert release(small, "--check")[0] == 0
    assert earned(small) == "1.00 of 1.00 points"


# -- what is missing ------------------------------------------------------------------------------

STUB_OF_1B = {SOURCE: PART[SOURCE], RUBRIC: PART[RUBRIC]}
LACKING: dict[str, tuple[Edits, str]] = {
    "a criterion without a check": (
        {RUBRIC: CRITERION[RUBRIC]},
        "1a.one has no check; write one in solutions/small/checks/",
    ),
    "a check without a criterion": (
        {CHECKS: CRITERION[CHECKS]},
        "a check is marked with 1a.one which the rubric does not have",
    ),
    "a stub that the rubric does not name": (
        {RUBRIC: {"stubs: [average, centered]": "stubs: [average]"}},
        "part 1a defines `centered`, which `stubs` of part 1a in",
    ),
    "a part without a check": (STUB_OF_1B, "1b.spread has no check"),
    "a credit of no misconception": (
        {RUBRIC: {"average/one-less: 0.5": "average/one-fewer: 0.5"}},
        "average/one-fewer",
    ),
    "a misconception of no criterion": (
        {MISCONCEPTIONS: {'costs="1a.average"': 'costs="1a.mean"'}},
        "1a.mean",
    ),
    "a line of the table for no stub": ({STUBS: {'"average"': '"mean"'}}, "a line for mean"),
    "points that do not add up": ({RUBRIC: {"points: 0.6": "points: 0.5"}}, "0.9"),
}


@pytest.mark.parametrize("name", LACKING)
def test_a_homework_that_cannot_be_graded_is_not_released_in_silence(
    name: str, small: Assignment
) -> None:
    edits, said = LACKING[name]
    edit(small, edits)
    status, message = release(small)
    assert status != 0
    assert said in message
    # What is only found in a release that is built has been built.
    assert small.released.exists() == (name == "a line of the table for no stub")


def test_a_helper_is_no_stub_though_a_check_names_it(small: Assignment) -> None:
    helper = "def uniform(values: np.ndarray) -> bool:\n    return bool(np.ptp(values) == 0)\n\n\n"
    edit(small, {SOURCE: {"def average(": f"{helper}def average("}})
    assert "uniform" in (small.folder / CHECKS).read_text(encoding="utf-8")
    assert release(small)[0] == 0


def test_a_release_lists_what_changed(small: Assignment) -> None:
    release(small)
    assert re.fullmatch(r"\d\d unchanged", release(small)[1])
    edit(small, DOCSTRING)
    changed = re.findall(r"(\S+\.\w+) ", release(small)[1])
    assert {Path(name).name for name in changed} == {"small.ipynb", "small.py"}


# -- prose that contradicts the rubric, and examples that fail ------------------------------------

PROSE = {
    "### 1a Averages (0.5)": "part 1a is worth 1 point",
    "### 1a Means (1.0)": "part 1a is called `Averages`",
    "### 1c Averages (1.0)": "there is no part 1c",
    "## Task 01 Averages (2 points)": "task 01 is worth 1 point",
    "## Task 02 Averages (1 point)": "there is no task 02",
    "| 01 Averages | 2.0 | 1a averages |": "task 01 is worth 1 point",
    "| 01 Averages | 1.0 | 1a averages, 1b spread |": "part 1b is not in the rubric's task",
    "| 01 Averages | 1.0 | the first part |": "part 1a is missing here",
    "One point, a point for each of the ten parts.": "there is 1 part",
    "Five points, a point for each part.": "the homework is worth 1 point",
    "This homework has 3 points in all.": "the homework is worth 1 point",
    "Each of the parts is worth half a point.": "part 1a is worth 1 point",
}
AGREES = (
    "### 1a Averages (1.0)",
    "### 1a Averages (1 point)",
    "## Task 01 Averages (1 point)",
    "| 01 Averages | 1.0 | 1a averages |",
    "One point, for the one part.",
    "| 10 words | 3 | of them are names |",
    "The gradient has two parts, and the loss falls at three points.",
    "In two parts of the text, ten points are drawn.",
)


def told_of(small: Assignment, line: str, where: str) -> list[str]:
    if where == "source":
        edit(small, {SOURCE: {"# # Small": f"# # Small\n#\n# {line}"}})
    else:
        small.handout.mkdir(exist_ok=True)
        (small.handout / "README.md").write_text(f"# Small\n\n{line}\n")
    return [str(one) for one in contradictions(small)]


@pytest.mark.parametrize("where", ["source", "handout"])
@pytest.mark.parametrize("line", PROSE)
def test_prose_that_contradicts_the_rubric_is_found(
    line: str, where: str, small: Assignment
) -> None:
    contradictions = told_of(small, line, where)
    assert len(contradictions) == 1
    assert PROSE[line] in contradictions[0]
    assert ("small.py, line 4" if where == "source" else "README.md, line 3") in contradictions[0]


@pytest.mark.parametrize("line", AGREES)
def test_other_prose_is_left_alone(line: str, small: Assignment) -> None:
    assert told_of(small, line, "source") == []


def test_a_release_reports_contradictions(small: Assignment) -> None:
    edit(small, {SOURCE: {"# # Small": "# # Small\n#\n# ### 1a Averages (0.5)"}})
    for words in ((), ("--check",)):
        status, message = release(small, *words)
        assert status == 1
        assert "small.py, line 4: part 1a is worth 1 point in the rubric" in message


EXAMPLE = '''"""The average of values (N,).

    >>> average(np.array([1.0, 2.0]))
    {}
    """'''


@pytest.mark.parametrize("result", ["1.5", "2.5"])
def test_an_example_in_a_docstring_must_be_right(result: str, small: Assignment) -> None:
    edit(small, {SOURCE: {'"""The average of values (N,)."""': EXAMPLE.format(result)}})
    status, message = release(small)
    assert (status == 0) == (result == "1.5")
    if status:
        assert "small.py, line" in message
        assert "`average(np.array([1.0, 2.0]))` gives 1.5, not 2.5" in message
