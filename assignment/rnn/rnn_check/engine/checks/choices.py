"""Judges answers to concept questions, of which several options may be right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from difflib import get_close_matches
from typing import Protocol

from .agree import Disagreement, Partial

MAX_PARTS = 100


class Question(Protocol):
    """A concept question: its options by letter, the letters that are right, and why."""

    @property
    def id(self) -> str: ...
    @property
    def options(self) -> Mapping[str, str]: ...
    @property
    def right(self) -> frozenset[str]: ...
    @property
    def explanation(self) -> str: ...


def judge(answers: object, question: Question, known: Collection[str]) -> None:
    """Raises Partial or Disagreement unless exactly the right options are ticked.

    Case, spaces and commas do not matter. The message names the right options and the
    reason; only the feedback policy "full" shows it.

    Args:
        answers: the submission's dict from question ids to letters such as "ac".
        question: the one to judge.
        known: the ids that the dict may hold.
    """
    if not isinstance(answers, dict):
        raise Disagreement('The answers are no dict such as {"order": "ac"}.')
    if question.id not in answers:
        strange = sorted(str(key)[:40] for key in answers if key not in known)
        near = get_close_matches(question.id, strange, n=1)
        typo = f' Is "{near[0]}" a typo?' if near else ""
        raise Disagreement(f'There is no answer to "{question.id}".{typo}')
    ticked = letters(answers[question.id], question.id)
    if not ticked:
        raise Disagreement(f'"{question.id}" is not answered.')
    share = share_of(ticked, question.right, question.options)
    unknown = sorted(ticked - question.options.keys())
    typo = f' It has no option "{unknown[0][:8]}": a typo?' if unknown else ""
    known_ones = _listed(ticked & question.options.keys()) or "none of the options"
    why = f"ticked {known_ones}, right: {_listed(question.right)}.{typo} "
    why += " ".join(question.explanation.split())
    if share <= 0:
        raise Disagreement(f'"{question.id}" is not right: {why}')
    if share < 1:
        raise Partial(share, f'"{question.id}" is right in part: {why}')


def _listed(letters: Set[str]) -> str:
    return ", ".join(sorted(letters))


def share_of(ticked: Set[str], right: Set[str], options: Collection[str]) -> float:
    """How much of a question's points an answer earns.

    Right ticks / right options - wrong ticks / wrong options, and not below zero, so that neither
    all boxes nor none pays.
    """
    wrong = set(options) - right
    share = len(ticked & right) / len(right) - len(ticked & wrong) / max(len(wrong), 1)
    return max(share, 0.0)


def letters(answer: object, name: str) -> set[str]:
    """The letters of "ac", "A, C" or ["a", "c"]; of more than 100 parts, those of the first 100.

    Raises Disagreement for anything else.
    """
    parts = answer[:MAX_PARTS] if isinstance(answer, list) else [answer]
    text = ""
    for part in parts:
        if not isinstance(part, str):
            raise Disagreement(
                f'The answer to "{name}" is no text of letters such as "ac": a typo?'
            )
        text += part
    return {letter for letter in text.lower() if not letter.isspace() and letter != ","}
