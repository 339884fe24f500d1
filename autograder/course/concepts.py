"""The bank of concept questions, read from an assignment's ``concepts.yaml``."""

from __future__ import annotations

from pathlib import Path

import msgspec
import yaml

from autograder.course.folders import CourseError


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
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        questions = msgspec.convert(data, list[Question])
    except OSError as error:
        raise CourseError(f"{file}: cannot be read ({error.strerror})") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CourseError(f"{file}, line {line}: not YAML: {error.problem}") from None
    except msgspec.ValidationError as error:
        raise CourseError(f"{file}: {error}") from None
    bank: dict[str, Question] = {}
    for question in questions:
        if question.id in bank:
            raise CourseError(f"{file}: the id {question.id} appears twice; rename one of them")
        if not question.right <= question.options.keys() or not question.right:
            raise CourseError(
                f"{file}: question {question.id}: `right` must name one or more of its options"
            )
        bank[question.id] = question
    return bank
