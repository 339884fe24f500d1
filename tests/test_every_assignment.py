"""What holds for each assignment: those of the course, and the smallest one."""

from __future__ import annotations

import ast
import inspect
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from autograder.audit.mutants import mutants, survivors
from autograder.audit.planting import RIGHT, WRONG, Planter, as_planted, planted
from autograder.course.concepts import load_concepts
from autograder.course.digest import AFTERWARDS, PACKAGE, of_assignment
from autograder.course.folders import Assignment, Course, CourseError
from autograder.course.reference import Reference
from autograder.course.rubric import match_checks, match_misconceptions, rubric_of
from autograder.grading.grader import Grader
from autograder.marking.marks import mark
from autograder.misconceptions import load_library
from autograder.new_assignment import TEMPLATE
from autograder.release import check_release
from autograder.release.leaks import Secrets, collect_secrets, leaks_in
from autograder.release.self_check import cases_of
from autograder.release.source import read_source, solution_regions
from autograder.sandbox.workers import Sandbox
from autograder.self_check.mistakes import item_at
from autograder.self_check.student import OwnStudent
from autograder.submissions.finding import HandIn
from autograder.suite.collecting import collect_checks
from tests.pasting import fails

ROOT = Path(__file__).parent.parent
COURSE = Course(ROOT)


@pytest.fixture(scope="module", params=[*COURSE.names(), "small"])
def each(request: pytest.FixtureRequest, small: Assignment) -> Assignment:
    """Each assignment of the course as it is checked in, and the smallest one, released."""
    return small if request.param == "small" else COURSE.assignment(request.param)


def test_rubric_fits_checks_and_misconceptions(each: Assignment) -> None:
    rubric, checks = rubric_of(each), collect_checks(each.checks)
    match_checks(rubric, each.rubric_file, [(one.criterion, one.item) for one in checks])
    match_misconceptions(rubric, each.rubric_file, load_library(each).misconceptions)
    stubs = {stub for part in rubric.parts() for stub in part.stubs}
    assert {one.stub for one in load_library(each).misconceptions.values()} <= stubs
    assert {one.stub for one in planted(each, RIGHT) + planted(each, WRONG)} <= stubs


def test_each_misconception_is_well_described(each: Assignment) -> None:
    rubric, library = rubric_of(each), load_library(each)
    items = {f"{c.id}:{item}" for c in rubric.criteria() for item in c.items}
    criteria = items | {criterion.id for criterion in rubric.criteria()}
    names = set(re.findall(r"\w+", " ".join(Planter(each).stubs().values())))
    pieces = {*library.pieces, *(f"{stub}_generator" for stub in Planter(each).stubs())}
    assert [
        f"{name}: no @piece {one.piece} in misconceptions/"
        for name, one in library.misconceptions.items()
        if one.piece not in pieces
    ] == []
    for name, one in library.misconceptions.items():
        assert re.fullmatch(r"\w+/[\w-]+", name)
        first = re.match(r"\w*", one.title)
        assert one.title[0].islower() or not first or first[0] in names or one.title[0] == "1", name
        assert not one.title.endswith("."), name
        assert one.hint[-1] in ".?", name
        assert one.costs, name
        assert one.costs <= criteria, name


def test_no_hint_gives_a_line_of_the_solution(each: Assignment) -> None:
    """No expression of the solution with two operators or more stands in it."""
    solution = ast.parse("\n".join(Planter(each).stubs().values()))
    long = {
        ast.unparse(node)
        for node in ast.walk(solution)
        if isinstance(node, ast.BinOp) and isinstance(node.left, ast.BinOp)
    }
    hints = {name: one.hint for name, one in load_library(each).misconceptions.items()}
    assert not [(name, line) for name, hint in hints.items() for line in long if line in hint]


def test_every_survivor_is_a_mutant_and_has_a_reason(each: Assignment) -> None:
    made = {one.change for one in mutants(Planter(each).stubs())}
    listed = survivors(each.survivors)
    assert listed <= made
    text = each.survivors.read_text() if each.survivors.is_file() else ""
    assert text.count("why: ") == text.count("stub: ") == len(listed)


def test_every_misconception_is_audited(each: Assignment) -> None:
    library = load_library(each)
    audited = {name for one in planted(each, WRONG) for name in one.named}
    for one in library.misconceptions.values():
        audited |= {name for copy in as_planted(library, one) for name in copy.named}
    assert audited == set(library.misconceptions)


def test_reference_earns_everything_and_stubs_nothing(each: Assignment, sandbox: Sandbox) -> None:
    grader, control = Grader(each), sandbox.controls[0]
    right = mark(grader.grade(Planter(each).submission("ada"), control), grader.rubric)
    assert right.score == right.max_score == grader.rubric.points
    for name in (f"{each.name}.ipynb", f"{each.name}.py"):
        handed_in = HandIn("bob", each.released / name)
        evidence = grader.grade(grader.read(handed_in), control)
        assert mark(evidence, grader.rubric).score == 0
        assert evidence.assignment == each.name


@pytest.mark.slow
def test_right_ways_in_other_styles_earn_everything(each: Assignment, sandbox: Sandbox) -> None:
    """Each submission has another style of every stub, so that all styles are graded in a few."""
    grader, planter = Grader(each), Planter(each)
    styles: dict[str, list[str]] = {}
    for one in planted(each, RIGHT):
        styles.setdefault(one.stub, []).append(one.source)
    for number in range(max(map(len, styles.values()))):
        sources = (of_stub[number % len(of_stub)] for of_stub in styles.values())
        submission = planter.submission(f"style-{number}", *sources)
        marks = mark(grader.grade(submission, sandbox.controls[0]), grader.rubric)
        assert [one.what for one in marks.mistakes] == []
        assert marks.score == marks.max_score


def test_the_reference_agrees_with_its_oracle(each: Assignment) -> None:
    """To 1e-6, on calls of the functions that the oracle has too."""
    reference = Reference(each)
    right = OwnStudent(
        {name: getattr(reference, name) for name in reference.defined}, reference.stubs.models
    )
    for case in cases_of(each)[1]:
        function = getattr(right, case.stub)
        if case.model is not None:
            function = function(*case.model.sizes)
            function.load(case.model.parameters)
        answer = function(*case.args, **case.kwargs)
        for one in case.wanted:
            got, want = np.asarray(item_at(answer, one.leaf)), np.asarray(one.value)
            assert got.shape == want.shape
            allowed = 1e-6 if case.model is None else 1e-5  # a model is in float32
            assert np.abs(got - want).max(initial=0) <= allowed * max(
                np.abs(want).max(initial=0), 1
            )


def test_a_mistake_in_each_stub_is_shown_by_a_call_that_fails(
    each: Assignment, sandbox: Sandbox
) -> None:
    grader, planter = Grader(each), Planter(each)
    # What never ends, or ends its process, is not pasted into this one.
    ones = [one for one in planted(each, WRONG) if not re.search("while True|exit", one.source)]
    for one in {one.stub: one for one in ones}.values():
        handed_in = planter.submission("ada", one.source)
        evidence = grader.grade(handed_in, sandbox.controls[0])
        marks = mark(evidence, grader.rubric)
        lost = {name for name, message in marks.criteria.items() if not message.met}
        shown = {name.partition(":")[0] for example in evidence.examples for name in example.shows}
        assert lost <= shown, one.name
        for example in evidence.examples:
            assert not example.code or fails(planter, one.source, example), one.name


def test_release_is_fresh_and_gives_nothing_away(each: Assignment) -> None:
    assert check_release(each) == []


# -- what students must not get -------------------------------------------------------------------


def solutions(each: Assignment) -> Iterator[tuple[str, str]]:
    """The solution of each stub."""
    wanted = {stub for part in rubric_of(each).parts() for stub in part.stubs}
    for cell in read_source(each, rubric_of(each)):
        if cell.role == "stub":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in wanted:
                    lines = cell.source.split("\n")[node.lineno - 1 : node.end_lineno]
                    yield f"stub {node.name}", "\n".join(solution_regions("\n".join(lines)))


def model_answers(each: Assignment) -> Iterator[tuple[str, str]]:
    for cell in read_source(each, rubric_of(each)):
        if cell.role == "written":
            yield f"model answer {cell.part}", "\n".join(solution_regions(cell.source))


def reader_guides(each: Assignment) -> Iterator[tuple[str, str]]:
    for part in rubric_of(each).parts():
        if part.reader is not None:
            for share in ("full", "half", "none"):
                yield f"{share} answer {part.id}", getattr(part.reader, share)


def hidden_checks(each: Assignment) -> Iterator[tuple[str, str]]:
    for one in collect_checks(each.checks):
        if not one.visible:
            yield f"check {one.name}", inspect.getsource(one.function)


def misconceptions(each: Assignment) -> Iterator[tuple[str, str]]:
    for name, one in load_library(each).misconceptions.items():
        yield f"misconception {name}", inspect.getsource(one.wrong)


def right_pieces(each: Assignment) -> Iterator[tuple[str, str]]:
    """The right ways in pieces, without those that say nothing: they return what they are given."""
    for name, piece in load_library(each).pieces.items():
        source = inspect.getsource(piece)
        last = source.strip().split("\n")[-1]
        if not re.fullmatch(r"    return \w+", last) or source.count("\n") > 3:
            yield f"piece {name}", source


def concepts(each: Assignment) -> Iterator[tuple[str, str]]:
    for one in load_concepts(each.concepts_file).values():
        if one.part:
            yield f"answer {one.id}", f'"{one.id}": "{"".join(sorted(one.right))}"'
            yield f"explanation {one.id}", "\n".join(one.explanation.split(". "))


def planted_ways(each: Assignment) -> Iterator[tuple[str, str]]:
    for one in (*planted(each, RIGHT), *planted(each, WRONG)):
        yield f"planted {one.name}", one.source


def functions_of_the_oracle(each: Assignment) -> Iterator[tuple[str, str]]:
    file = each.folder / "oracle.py"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            yield f"oracle {node.name}", ast.get_source_segment(text, node) or ""


SECRET = [
    *(
        solutions,
        model_answers,
        reader_guides,
        hidden_checks,
        misconceptions,
        right_pieces,
        concepts,
    ),
    *(planted_ways, functions_of_the_oracle),
]


@pytest.fixture(scope="module")
def secrets(each: Assignment) -> Secrets:
    return collect_secrets(each)


@pytest.mark.parametrize("kind", SECRET, ids=lambda kind: kind.__name__)
def test_a_line_of_every_secret_is_found(
    each: Assignment, secrets: Secrets, kind: Callable[[Assignment], Iterator[tuple[str, str]]]
) -> None:
    """Each of them has a line that is found by itself, in a text that students get."""
    page = "Read the notebook first.\n\n> {}\n\nThen run the checks.\n"

    def is_found(line: str) -> bool:
        return bool(leaks_in({"README.md": page.format(line).encode()}, secrets))

    missed = [
        name
        for name, text in kind(each)
        if not any(map(is_found, filter(str.strip, text.split("\n"))))
    ]
    assert missed == []


# -- nothing silent -------------------------------------------------------------------------------


def test_each_deciding_file_changes_the_digest(each: Assignment, tmp_path: Path) -> None:
    shutil.copytree(each.folder, tmp_path / "solutions" / each.name)
    copy = Assignment(Course(tmp_path), each.name)
    before = of_assignment(copy)
    deciding = [copy.source, copy.folder / "stubs.py", *copy.checks.glob("*.py")]
    for path in (path for path in deciding if path.is_file()):
        text = path.read_text()
        path.write_text(text + "\n# changed\n")
        assert of_assignment(copy) != before, path
        path.write_text(text)
    assert of_assignment(copy) == before
    (copy.checks / "more.py").write_text("")
    assert of_assignment(copy) != before


def test_every_room_decides_unless_it_comes_afterwards() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert rooms >= AFTERWARDS


def test_an_unknown_name_says_which_there_are(small: Assignment) -> None:
    with pytest.raises(CourseError, match=r"no assignment gone .*there is: small"):
        small.course.assignment("gone")


def test_the_engine_names_nothing_of_an_assignment(small: Assignment) -> None:
    """No stub, layer, part or criterion of any assignment stands in the engine's code."""
    names = set[str]()
    for each in (*map(COURSE.assignment, COURSE.names()), small):
        rubric = rubric_of(each)
        names |= {stub for part in rubric.parts() for stub in part.stubs}
        names |= {criterion.id for criterion in rubric.criteria()}
    # Words of their own in any program.
    names -= {"average", "centered", "decode"}
    word = re.compile(rf"(?<![\w./-])(?:{'|'.join(map(re.escape, sorted(names)))})(?![\w-])")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if TEMPLATE not in path.parents
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if word.search(line)
    ]
    assert found == []
