"""Builds the students' self-check: one module of the visible checks, and what runs them."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any

import numpy as np

from autograder.concepts import Question as BankQuestion
from autograder.course import Course, CourseError
from autograder.misconceptions import Misconception, library
from autograder.misconceptions.explain import ITEMS, WHOLE
from autograder.misconceptions.pieces import Right
from autograder.release.joining import Name, join, together
from autograder.release.notebook import Notebook
from autograder.release.questions import marked_questions
from autograder.rubric import Rubric
from autograder.self_check import facts
from autograder.self_check.mistakes import (
    DRAWS,
    Leaf,
    call_key,
    fingerprint,
    item_at,
    leaf_name,
)
from autograder.self_check.reading import digest
from autograder.self_check.student import MODEL, NoAnswer, OwnStudent, StubCall
from autograder.submissions.released import shows_only
from autograder.suite import Check, collect_checks
from autograder.worker.answers import plain

MODULE = "rnn_check"
FACTS = "autograder.self_check.facts"
ENTRIES: tuple[Name, ...] = tuple(
    (f"autograder.self_check.{module}", name)
    for module, name in (
        ("command", "check"),
        ("command", "main"),
        ("command", "assert_criterion"),
        ("command", "criteria"),
        ("answers", "self_test"),
        ("gradient", "gradient_check"),
        ("handing_in", "hand_in"),
    )
)
WIDTH = 96
# Items no longer than this share a line.
SMALL = 40
# Draws from more tokens than this tell little by themselves.
FEW = 8
# Of a draw that is certain.
CERTAIN = 1 - 1e-9

HEAD = '''\
"""Checks your work on your own machine; nothing is sent anywhere.

In the notebook:   check("2a")              runs the checks of a part
                   gradient_check(f, x, g)  holds a gradient against small steps
                   self_test("tanh")        asks a concept question that is not marked
                   hand_in()                looks at the saved file before you hand it in
In a terminal:     python -m rnn_check      runs the checks of all parts; -h shows more
                   pytest                   does the same, as tests

The checks are in the section "checks" below, and can be read. Where your work is graded, it is
asked on other inputs too.
"""

# Built from the course's own checks. What you change here changes nothing of what is graded.
'''
TAIL = f"""\
if __name__ == "__main__":
    # As a module of its own name, so that there is one of it.
    from {MODULE} import main as run

    sys.exit(run())
"""


def self_check_source(
    course: Course, rubric: Rubric, bank: dict[str, BankQuestion], notebook: Notebook
) -> str:
    """The source of the module that students check their work with.

    Raises CourseError where a visible check needs what students do not have.
    """
    checks = _visible()
    names = [(check.function.__module__, check.function.__name__) for check in checks]
    values = {
        (FACTS, name): _literal(value)
        for name, value in _facts(course, rubric, bank, notebook, checks)
    }
    imports, pieces = join([*ENTRIES, *names], frozenset(names), values)
    lines = "\n".join([HEAD, "from __future__ import annotations", "", *imports])
    return f"{lines}\n\n{together(pieces)}\n\n\n{TAIL}"


@cache
def _visible() -> tuple[Check, ...]:
    checks = tuple(check for check in collect_checks() if check.visible)
    for check in checks:
        if check.fixtures != {"student"}:
            raise CourseError(
                f"check {check.name} is visible and asks for {', '.join(sorted(check.fixtures))}; "
                "students have the fixture `student` alone, so write the expected numbers out"
            )
    return checks


def _facts(
    course: Course,
    rubric: Rubric,
    bank: dict[str, BankQuestion],
    notebook: Notebook,
    checks: Iterable[Check],
) -> Iterator[tuple[str, Any]]:
    automatic = 1 - rubric.written_share
    yield (
        "PARTS",
        tuple(
            facts.Part(
                part.id,
                part.title,
                part.stubs,
                tuple(
                    facts.Criterion(c.id, c.title, round(c.points * automatic, 10), c.hint, c.items)
                    for c in part.criteria
                ),
            )
            for part in rubric.parts()
        ),
    )
    yield (
        "CHECKS",
        tuple(
            facts.Check(check.criterion, check.item, check.function, dict(check.parameters))
            for check in checks
        ),
    )
    yield "LIMITS", facts.Limits(rubric.limits.cell_seconds, rubric.limits.load_seconds)
    yield "WRITTEN_SHARE", rubric.written_share
    marked = marked_questions(rubric, bank)
    yield (
        "MARKED",
        {
            part: {one.id: "".join(sorted(one.options)) for one in questions}
            for part, questions in marked.items()
        },
    )
    yield (
        "SELF_TEST",
        tuple(
            facts.Question(
                one.id,
                one.topic,
                one.question.strip(),
                {letter: text.strip() for letter, text in sorted(one.options.items())},
                "".join(sorted(one.right)),
                one.explanation.strip(),
            )
            for one in bank.values()
            if not one.part
        ),
    )
    yield "MISTAKES", tuple(_mistakes(tuple(checks)))
    yield "SHOWS_ONLY", frozenset(map(digest, shows_only(course.source)))
    yield (
        "CELLS",
        tuple(
            cell.metadata["nbgrader"]["grade_id"]
            for cell in notebook.cells
            if any(cell.metadata.get("nbgrader", {}).get(key) for key in ("grade", "solution"))
        ),
    )
    yield "BESIDE", tuple(sorted({*course.beside(), MODULE}))


# -- what known wrong ways answer -----------------------------------------------------------------


def _mistakes(checks: tuple[Check, ...]) -> Iterator[facts.Mistake]:
    asked = _asked(checks)
    for one in library().values():
        for right in _wrong_ways(one):
            answers = {}
            for key, (call, leaves) in asked.items():
                predicted = _prints(right, call, leaves) if call.stub == one.stub else {}
                if predicted and predicted != _prints(Right(), call, leaves):
                    answers[key] = predicted
            if answers:
                yield facts.Mistake(one.stub, one.title, one.hint, answers)


def _prints(right: Right, call: StubCall, leaves: Iterable[Leaf]) -> dict[str, Any]:
    """What a way answers to a call, by the items that checks look at; empty where it raises."""
    answer = _answer(right, call)
    if answer is None or (isinstance(answer, dict) and DRAWS in answer):
        return answer or {}
    prints = {leaf_name(leaf): fingerprint(item_at(answer, leaf)) for leaf in leaves}
    return {name: text for name, text in prints.items() if text}


def _wrong_ways(one: Misconception) -> Iterator[Right]:
    for case in one.cases or (None,):
        wrong = one.wrong if case is None else partial(one.wrong, case=case)
        yield Right({one.piece: wrong})


def _asked(checks: tuple[Check, ...]) -> dict[str, tuple[StubCall, list[Leaf]]]:
    """What the visible checks call where all is right, and the items of the answers that they
    look at, by the keys of the calls."""
    asked: dict[str, tuple[StubCall, list[Leaf]]] = {}
    for check in checks:
        student = OwnStudent(_RightOnes())
        try:
            check.function(student, **check.parameters)
        except NoAnswer:
            continue  # a model: what it answers hangs on the parameters that it begins with
        leaves = ITEMS.get(check.criterion, WHOLE) if check.item is None else ((check.item,),)
        for call in student.calls:
            _, of_call = asked.setdefault(call_key(call), (call, []))
            of_call += [leaf for leaf in leaves if leaf not in of_call]
    return asked


class _RightOnes(dict[str, Callable[..., Any]]):
    """The right ways by name, as a namespace."""

    def get(self, name: str, default: Any = None) -> Any:
        return None if name == MODEL else _right_one(name)


def _right_one(name: str) -> Callable[..., Any]:
    """The right way of a function, called as students' ones are."""
    right = Right()

    def drawn(logits: Any, rng: np.random.Generator, **settings: Any) -> int:
        shares = right.sample_token(logits, **settings)
        return int(rng.choice(len(shares), p=shares))

    def written(prompt: Any, length: int, *rest: Any, **settings: Any) -> Any:
        return _written(right, (prompt, length, *rest[:-1]), settings)

    if name == "sample_token":
        return drawn
    if name == "generate":
        return written
    function: Callable[..., Any] = getattr(right, name)
    return function


def _answer(right: Right, call: StubCall) -> Any:
    """What a way answers to a call, as plain data; None where it raises or hangs on the draw."""
    settings = dict(call.kwargs)
    try:
        with np.errstate(all="ignore"):
            if call.stub == "sample_token":
                shares = right.sample_token(np.asarray(call.args[0]), **settings)
                usable = abs(shares.sum() - 1) < 1e-9 and len(shares) <= FEW
                return {DRAWS: [float(f"{share:.6g}") for share in shares]} if usable else None
            if call.stub == "generate":
                return _written(right, call.args[:-1], settings)
            return plain(getattr(right, call.stub)(*call.args, **settings))
    except Exception:
        return None


def _written(right: Right, args: tuple[Any, ...], settings: Mapping[str, Any]) -> list[int] | None:
    """The tokens that are written where each is certain; None where one is not."""
    returned: list[int] = []
    while True:
        rows = right.generate(returned, *args, **settings)
        if len(returned) == len(rows):
            return returned
        shares = np.asarray(rows[len(returned)])
        if not shares.max() > CERTAIN:
            return None
        returned.append(int(shares.argmax()))


# -- as source ------------------------------------------------------------------------------------


def _literal(value: Any, indent: int = 0) -> str:
    """A value as source that evaluates to it, broken into lines where it is long."""
    whole = _on_one_line(value)
    if len(whole) + indent <= WIDTH:
        return whole
    if isinstance(value, frozenset):
        return f"frozenset({_literal(sorted(value), indent)})"
    inner = indent + 4
    opening, closing = "(", ")"
    if isinstance(value, str):
        room = WIDTH - inner - 4
        pieces = textwrap.wrap(value, room, drop_whitespace=False, break_on_hyphens=False)
        items = [_text(piece) for piece in pieces]
    elif isinstance(value, Mapping):
        opening, closing = "{", "}"
        items = [f"{_text(key)}: {_literal(one, inner)}," for key, one in value.items()]
    else:
        if isinstance(value, list):
            opening, closing = "[", "]"
        if hasattr(value, "_fields"):
            opening = f"{type(value).__name__}("
        items = [f"{_literal(one, inner)}," for one in value]
    lines = (
        items if isinstance(value, str) or max(map(len, items)) > SMALL else _filled(items, inner)
    )
    pad = " " * inner
    return "\n".join([opening, *(pad + line for line in lines), " " * indent + closing])


def _filled(items: Iterable[str], indent: int) -> list[str]:
    """Short items, as many to a line as it holds."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) + 1 + indent <= WIDTH:
            lines[-1] += f" {item}"
        else:
            lines.append(item)
    return lines


def _on_one_line(value: Any) -> str:
    if callable(value):
        return str(value.__name__)
    if isinstance(value, str):
        return _text(value)
    if hasattr(value, "_fields"):
        return f"{type(value).__name__}({', '.join(map(_on_one_line, value))})"
    if isinstance(value, tuple):
        inside = ", ".join(map(_on_one_line, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, list):
        return f"[{', '.join(map(_on_one_line, value))}]"
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_text(key)}: {_on_one_line(one)}" for key, one in value.items())
        return f"{{{inside}}}"
    if isinstance(value, frozenset):
        return f"frozenset({_on_one_line(sorted(value))})"
    if value is None or isinstance(value, int | float):
        return repr(value)
    raise CourseError(f"{value!r}: a parameter of a visible check that cannot be written out")


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
