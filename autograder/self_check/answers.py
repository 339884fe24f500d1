"""The concept questions: whether the marked answers can be read, and a self-test on the others."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.checks.agree import Disagreement
from autograder.checks.choices import _letters
from autograder.self_check.facts import MARKED, SELF_TEST, Question

WIDTH = 88


@dataclass(frozen=True)
class AnswerSheet:
    """How many marked questions are answered so that it can be read, and what to mend."""

    answered: int
    asked: int
    to_do: tuple[str, ...]


def look_at_answers(part: str, namespace: Mapping[str, Any]) -> AnswerSheet:
    """Reads the answers of a part as they are read where they are marked; says nothing of which
    are right."""
    asked, name = MARKED[part], f"answers_{part}"
    given = namespace.get(name)
    if name not in namespace:
        return AnswerSheet(0, len(asked), (f"`{name}` is not defined: run the cell that holds it.",))
    if not isinstance(given, dict):
        return AnswerSheet(0, len(asked), (f'`{name}` is no dict such as {{"{next(iter(asked))}": "ac"}}.',))
    to_do = [f'There is no question "{key}" in part {part}: a typo?' for key in given if key not in asked]
    answered = 0
    for question, options in asked.items():
        problem = _problem(question, given.get(question), options)
        answered += not problem
        to_do += [problem] * bool(problem)
    return AnswerSheet(answered, len(asked), tuple(to_do))


def _problem(question: str, answer: object, options: str) -> str:
    listed = ", ".join(options)
    if answer is None or answer == "" or answer == []:
        return f'"{question}" is not answered yet. Its options are {listed}.'
    try:
        ticked = _letters(sorted(answer) if isinstance(answer, set) else answer, question)
    except (Disagreement, TypeError):
        return f'"{question}": {answer!r} is no text of letters such as "ac": a typo?'
    unknown = sorted(ticked - set(options))
    if unknown:
        return f'"{question}" has no option "{unknown[0]}": a typo? Its options are {listed}.'
    if not ticked:
        return f'"{question}" is not answered yet. Its options are {listed}.'
    return ""


def self_test(question: str = "", letters: str = "") -> None:
    """Concept questions to test yourself on. None of them is marked.

        self_test()                 lists the questions
        self_test("tanh")           asks one
        self_test("tanh", "ac")     says whether a and c are right, and why
    """
    by_id = {one.id: one for one in SELF_TEST}
    if question not in by_id:
        if question:
            print(f'There is no question "{question}" for self-testing.')
        for one in SELF_TEST:
            print(f'self_test("{one.id}")'.ljust(30), one.topic)
        return
    one = by_id[question]
    print(_asked(one) if not letters else _judged(one, letters))


def _asked(one: Question) -> str:
    lines = [textwrap.fill(one.question, WIDTH), ""]
    for letter, text in one.options.items():
        lines.append(textwrap.fill(f"{letter}. {text}", WIDTH, subsequent_indent="   "))
    return "\n".join([*lines, "", f'Your answer: self_test("{one.id}", "...") with its letters.'])


def _judged(one: Question, letters: str) -> str:
    problem = _problem(one.id, letters, "".join(one.options))
    if problem:
        return problem
    ticked, right = _letters(letters, one.id), set(one.right)
    wrong_options = set(one.options) - right
    share = len(ticked & right) / len(right) - len(ticked & wrong_options) / len(wrong_options)
    lines = [f"Right: {', '.join(sorted(right))}." if ticked != right else "All right."]
    if ticked != right:
        lines[0] += f" It would count {100 * max(share, 0.0):.0f} %."
        lines += [f"  {letter}. is right: {one.options[letter]}" for letter in sorted(right - ticked)]
        lines += [f"  {letter}. is wrong: {one.options[letter]}" for letter in sorted(ticked - right)]
    return "\n".join([*lines, textwrap.fill(one.explanation, WIDTH)])
