"""Builds the students' self-check: a package of the visible checks, and what runs them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from autograder.course.concepts import Question as BankQuestion
from autograder.course.digest import while_unchanged
from autograder.course.folders import Assignment, CourseError
from autograder.course.reference import Reference
from autograder.course.rubric import Rubric
from autograder.misconceptions import load_library
from autograder.release.mistakes import known_mistakes, models_of
from autograder.release.notebook import Notebook
from autograder.release.questions import marked_questions
from autograder.release.visible import ENGINE, LIBRARY, visible_source
from autograder.self_check.answered import BLANK, WRITTEN
from autograder.self_check.facts import (
    Case,
    Check,
    Criterion,
    Facts,
    Limits,
    Mistake,
    Part,
    Question,
)
from autograder.self_check.reading import digest
from autograder.submissions.released import shows_only
from autograder.suite.collecting import Check as SuiteCheck
from autograder.suite.collecting import collect_checks

HERE = Path(__file__).parents[1]
# The grader's own modules that students get, as they are.
WORKER = ("answers", "by_hand", "cells", "notebook", "support", "values")
COPIED = (
    *(f"{room}/__init__.py" for room in ("checks", "course", "self_check", "worker")),
    *(f"{module.replace('.', '/')}.py" for module in LIBRARY),
    "course/percent.py",
    *(f"worker/{module}.py" for module in WORKER),
    *(f"self_check/{path.name}" for path in (HERE / "self_check").glob("[!_]*.py")),
)

INIT = '''\
"""Checks your work on your own machine; nothing is sent anywhere.

In the notebook:   predict("{part}")            asks what a small call returns; it is not marked
                   check("{part}")              runs the checks of a part
                   gradient_check(f, x, g)  compares a gradient with small steps
                   self_test()              asks concept questions that are not marked
                   hand_in()                looks at the saved file before you hand it in
                   hand_in(pdf=True)        also writes your answers and figures as a PDF
In a terminal:     python -m {name}      runs the checks of all parts; -h shows more
                   python -m {name} --watch   runs them at each save
                   pytest                   does the same, as tests

The checks are in checks.py, and can be read. Where your work is graded, it is asked on other
inputs too. What you change in this folder changes nothing of what is graded.
"""

import warnings
from pathlib import Path

from .engine.self_check.command import NotYet, SelfCheck
from .engine.self_check.gradient import gradient_check

with warnings.catch_warnings():  # pytest, where it is running, does not know the marks
    warnings.simplefilter("ignore")
    from . import checks

self_check = SelfCheck(Path(__file__).parent, vars(checks))
check = self_check.check
predict = self_check.predict
hand_in = self_check.hand_in
self_test = self_check.self_test
run_part = self_check.run_part
criteria = self_check.criteria
assert_criterion = self_check.assert_criterion
'''
MAIN = """\
import sys

from . import self_check

sys.exit(self_check.main())
"""
CONFTEST = '''\
"""Lets pytest run the checks one by one on your file: pytest {name}/checks.py"""

import pytest

from . import self_check


@pytest.fixture
def student():
    return self_check.own_student()
'''
CHECKS = '''\
"""The checks that you can run, as they are run where your work is graded.

`student.f(...)` calls your function `f`.
"""

'''
IN_ENGINE = '"""What runs the checks: modules of the grader itself, as they are."""\n'


def self_check_package(facts: Facts, sources: Mapping[Path, Collection[str]]) -> dict[str, bytes]:
    """The files of the package with which students check their work, by their paths in it.

    Args:
        facts: what is known of the assignment; its ``checks`` are those in ``sources``.
        sources: the names of the visible checks, by the file that defines them.

    Raises:
        CourseError: where a visible check needs what students do not have.
    """
    about = {"name": f"{facts.name}_check", "part": facts.parts[0].id}
    texts = {
        "__init__.py": INIT.format(**about),
        "__main__.py": MAIN,
        "conftest.py": CONFTEST.format(**about),
        "checks.py": CHECKS + visible_source(sources),
        "facts.json": _as_json(facts),
        f"{ENGINE[1:]}/__init__.py": IN_ENGINE,
    }
    copied = {f"{ENGINE[1:]}/{name}": (HERE / name).read_bytes() for name in COPIED}
    return {name: text.encode() for name, text in texts.items()} | copied


def _as_json(facts: Facts) -> str:
    """The facts as JSON, one line for each entry of a list."""

    def line(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, default=_plain)

    entries = []
    for key, value in asdict(facts).items():
        text = line(value)
        if isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            text = "[\n" + ",\n".join(f"  {line(one)}" for one in value) + "\n ]"
        entries.append(f' "{key}": {text}')
    return "{\n" + ",\n".join(entries) + "\n}\n"


def _plain(value: Any) -> Any:
    if callable(value):
        return value.__name__
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise CourseError(f"{value!r}: a parameter of a visible check that cannot be written as JSON")


def visible_checks(assignment: Assignment) -> list[SuiteCheck]:
    """The checks that students get. Raises CourseError for one that they could not run."""
    checks = [check for check in collect_checks(assignment.checks) if check.visible]
    for check in checks:
        if check.fixtures != {"student"}:
            raise CourseError(
                f"check {check.name} is visible and asks for {', '.join(sorted(check.fixtures))}; "
                "students have the fixture `student` alone, so write the expected numbers out"
            )
    return checks


def sources_of(checks: Collection[SuiteCheck]) -> dict[Path, list[str]]:
    """The names of checks, by the file that defines them."""
    found: dict[Path, list[str]] = {}
    for check in checks:
        found.setdefault(Path(check.function.__code__.co_filename), []).append(
            check.function.__name__
        )
    return found


def as_facts(visible: Collection[SuiteCheck]) -> list[Check]:
    """Visible checks as the self-check knows them."""
    return [
        Check(
            check.function,
            check.criterion,
            check.item,
            check.leaves if check.item is None else ((check.item,),),
            dict(check.parameters),
        )
        for check in visible
    ]


@while_unchanged
def for_students(assignment: Assignment) -> tuple[list[SuiteCheck], list[Mistake]]:
    """The visible checks, and the known mistakes that show in them. Raises CourseError."""
    checks, library = visible_checks(assignment), load_library(assignment)
    models = models_of(assignment, library)
    return checks, list(known_mistakes(as_facts(checks), library, models))


def facts_of(
    assignment: Assignment,
    rubric: Rubric,
    bank: dict[str, BankQuestion],
    notebook: Notebook,
    visible: Collection[SuiteCheck],
    mistakes: list[Mistake],
) -> Facts:
    """What the self-check knows of an assignment."""
    checks = as_facts(visible)
    library, reference = load_library(assignment), Reference(assignment)
    oracle, cases = cases_of(assignment)
    return Facts(
        name=assignment.name,
        parts=list(_parts(rubric)),
        checks=checks,
        models=library.stubs.models,
        by_hand=[name for name, stub in library.stubs.items() if stub.by_hand],
        oracle=oracle,
        cases=cases,
        mistakes=mistakes,
        marked={
            part: {one.id: "".join(sorted(one.options)) for one in questions}
            for part, questions in marked_questions(rubric, bank).items()
        },
        self_test=[_question(one) for one in bank.values() if not one.part],
        limits=Limits(
            rubric.limits.cell_seconds, rubric.limits.load_seconds, rubric.limits.call_seconds
        ),
        written_share=rubric.written_share,
        shows_only=sorted(map(digest, shows_only(assignment.source))),
        cells=[
            cell.metadata["nbgrader"]["grade_id"]
            for cell in notebook.cells
            if any(cell.metadata.get("nbgrader", {}).get(key) for key in ("grade", "solution"))
        ],
        beside=assignment.beside(),
        arguments={
            stub: reference.parameters_of(stub) for part in rubric.parts() for stub in part.stubs
        },
        written=_written_questions(notebook),
        judged={
            name: own
            for name, stub in library.stubs.items()
            for own in library.stubs.building_blocks
            if stub.kind == "judges" and library.stubs[own].takes == stub.judged
        },
        handed_out=_needed(assignment.handout),
        title=rubric.title,
    )


def _written_questions(notebook: Notebook) -> dict[str, str]:
    """The written questions of a released notebook, by part."""
    cells = ((_name_in_nbgrader(cell), cell.source) for cell in notebook.cells)
    return {
        name.removesuffix(WRITTEN): source.partition(BLANK)[0].strip()
        for name, source in cells
        if name.endswith(WRITTEN)
    }


def _name_in_nbgrader(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _needed(handout: Path) -> list[str]:
    """The files of a handout that the assignment's code uses: modules, and what is in folders."""
    files = sorted(path.relative_to(handout) for path in handout.rglob("*") if path.is_file())
    return [
        path.as_posix()
        for path in files
        if not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
        and (len(path.parts) > 1 or path.suffix == ".py")
        and not path.name.startswith("test_")
    ]


def cases_of(assignment: Assignment) -> tuple[str, Sequence[Case]]:
    """What the assignment's ``oracle.py`` names as its ORACLE, and its ``cases()``.

    Nothing of both without the file. Raises CourseError where it is wrong.
    """
    file = assignment.folder / "oracle.py"
    if not file.is_file():
        return "", ()
    module = assignment.module("oracle")
    try:
        return str(module.ORACLE), tuple(module.cases())
    except Exception as error:
        raise CourseError(f"{file}: {type(error).__name__}: {error}; correct it") from None


def _parts(rubric: Rubric) -> Iterator[Part]:
    automatic = 1 - rubric.written_share
    for part in rubric.parts():
        criteria = [
            Criterion(
                *(one.id, one.title, round(one.points * automatic, 10), one.hint, one.items),
                *(one.look, one.almost),
            )
            for one in part.criteria
        ]
        yield Part(part.id, part.title, part.stubs, criteria)


def _question(one: BankQuestion) -> Question:
    options = {letter: text.strip() for letter, text in sorted(one.options.items())}
    right = "".join(sorted(one.right))
    return Question(
        one.id, one.topic, one.question.strip(), options, right, one.explanation.strip()
    )
