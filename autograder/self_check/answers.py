"""The concept questions: whether the marked answers can be read, and a self-test on the others."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.checks.agree import Disagreement
from autograder.checks.choices import _letters
from autograder.self_check.facts import MARKED, SELF_TEST, Question

WIDTH = 80


@dataclass(frozen=True)
class AnswerSheet:
    """How the marked questions of a part are answered: how many so that it can be read, which are
    not answered, and what is not read."""

    answered: int
    asked: int
    unanswered: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return self.answered == self.asked and not self.unread

    def to_do(self) -> list[str]:
        """What is to be done about them, line by line."""
        named = ", ".join(self.unanswered)
        return [*self.unread, *([f"not answered yet: {named}"] if named else [])]


def look_at_answers(part: str, namespace: Mapping[str, Any]) -> AnswerSheet:
    """Reads the answers of a part as they are read where they are marked; says nothing of which
    are right."""
    asked, name = MARKED[part], f"answers_{part}"
    given = namespace.get(name)
    if name not in namespace:
        return AnswerSheet(
            0, len(asked), (), (f"`{name}` is not defined: run the cell that holds it",)
        )
    if not isinstance(given, dict):
        example = f'{{"{next(iter(asked))}": "ac"}}'
        return AnswerSheet(0, len(asked), (), (f"`{name}` is no dict such as {example}",))
    blank = tuple(question for question in asked if _is_blank(given.get(question)))
    unread = [
        f'there is no question "{key}" in part {part}: a typo?' for key in given if key not in asked
    ]
    for question, options in asked.items():
        if question not in blank:
            unread += filter(None, [_problem(question, given[question], options)])
    answered = len(asked) - len(blank) - sum(text.startswith('"') for text in unread)
    return AnswerSheet(answered, len(asked), blank, tuple(unread))


def _is_blank(answer: object) -> bool:
    return (
        answer is None or (isinstance(answer, str) and not answer.strip(" ,")) or answer in ([], {})
    )


def _problem(question: str, answer: object, options: str) -> str:
    """What about an answer cannot be read; empty if nothing."""
    try:
        ticked = _letters(sorted(answer) if isinstance(answer, set) else answer, question)
    except (Disagreement, TypeError):
        return f'"{question}": {answer!r} is no text of letters such as "ac": a typo?'
    unknown = sorted(ticked - set(options))
    if unknown:
        return f'"{question}" has the options {", ".join(options)}, and no "{unknown[0]}": a typo?'
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
        lines += [
            f"  {letter}. is right: {one.options[letter]}" for letter in sorted(right - ticked)
        ]
        lines += [
            f"  {letter}. is wrong: {one.options[letter]}" for letter in sorted(ticked - right)
        ]
    return "\n".join([*lines, textwrap.fill(one.explanation, WIDTH)])
