"""The concept questions: whether the marked answers can be read, and a self-test on the others."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..checks.agree import Disagreement
from ..checks.choices import letters, share_of
from .facts import Question

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


def look_at_answers(
    part: str, asked: Mapping[str, str], namespace: Mapping[str, Any]
) -> AnswerSheet:
    """Reads the answers of a part as they are read where they are marked.

    Says nothing of which are right. ``asked`` are its questions, with the letters of the options.
    """
    name = f"answers_{part}"
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
        ticked = letters(sorted(answer) if isinstance(answer, set) else answer, question)
    except (Disagreement, TypeError):
        return f'"{question}": {answer!r} is no text of letters such as "ac": a typo?'
    unknown = sorted(ticked - set(options))
    if unknown:
        return f'"{question}" has the options {", ".join(options)}, and no "{unknown[0]}": a typo?'
    return ""


def self_test(
    questions: Sequence[Question], question: str, ticked: str, ask: str, answer: str
) -> str:
    """What there is to say of a question, or of these letters as the answer to it.

    Without a question, what questions there are. ``ask`` and ``answer`` are how a question is
    asked for and answered.
    """
    by_id = {one.id: one for one in questions}
    if question in by_id:
        return _judged(by_id[question], ticked) if ticked else _asked(by_id[question], answer)
    width = max((len(one.id) for one in questions), default=0) + len(ask)
    listed = [f"{ask.format(one.id).ljust(width)} {one.topic}" for one in questions]
    if question:
        listed.insert(0, f'There is no question "{question}" for self-testing.')
    return "\n".join(listed)


def _asked(one: Question, answer: str) -> str:
    lines = [textwrap.fill(one.question, WIDTH), ""]
    for letter, text in one.options.items():
        lines.append(textwrap.fill(f"{letter}. {text}", WIDTH, subsequent_indent="   "))
    return "\n".join([*lines, "", f"Your answer: {answer.format(one.id)} with its letters."])


def _judged(one: Question, answer: str) -> str:
    problem = _problem(one.id, answer, "".join(one.options))
    if problem:
        return problem
    ticked, right = letters(answer, one.id), set(one.right)
    lines = ["All right."]
    if ticked != right:
        share = share_of(ticked, right, one.options)
        answers_are = "answers are" if len(right) > 1 else "answer is"
        which = f"The right {answers_are} {', '.join(sorted(right))}"
        lines = [f"{which}; yours would count {100 * share:.0f} %."]
        lines += [
            f"  {letter}. is right: {one.options[letter]}" for letter in sorted(right - ticked)
        ]
        lines += [
            f"  {letter}. is wrong: {one.options[letter]}" for letter in sorted(ticked - right)
        ]
    return "\n".join([*lines, textwrap.fill(one.explanation, WIDTH)])
