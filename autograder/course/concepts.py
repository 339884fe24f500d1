"""The bank of concept questions, read from an assignment's ``concepts.yaml``."""

from __future__ import annotations

from pathlib import Path

import msgspec

from autograder.course.yaml_files import read_yaml


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One question. ``part`` is where it is marked; without one it is for self-testing."""

    id: str
    part: str | None
    topic: str
    question: str
    options: dict[str, str]
    right: frozenset[str]
    explanation: str


def load_concepts(file: Path) -> dict[str, Question]:
    """The bank by question id, empty where there is no file. Raises CourseError."""
    if not file.exists():
        return {}
    questions: list[Question]
    questions, lines = read_yaml(file, list[Question])
    bank: dict[str, Question] = {}
    for number, question in enumerate(questions):
        if question.id in bank:
            raise lines.error(
                f"$[{number}].id", f"the id {question.id} appears twice; rename one of them"
            )
        if not question.right <= question.options.keys() or not question.right:
            raise lines.error(
                f"$[{number}].right",
                f"question {question.id}: `right` must name one or more of its options",
            )
        bank[question.id] = question
    return bank
