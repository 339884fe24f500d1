"""Fills the cells of concept questions from the bank."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from autograder.course.concepts import Question, load_concepts
from autograder.course.digest import while_unchanged
from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import Rubric, rubric_of
from autograder.release.source import BEGIN, END, SourceCell, concept_ids, read_source

INTRODUCTION = """\
#### Concept questions of part {part}

One or several options may be right. Ticks on wrong options take away from what the right ones
give, but no question counts less than zero. In the cell below, give each question the letters of
all its right options as one string, such as `"a"` or `"bd"`."""


def marked_questions(rubric: Rubric, bank: dict[str, Question]) -> dict[str, list[Question]]:
    """The marked questions of every part that has some, in the rubric's order."""
    return {
        part.id: [bank[name] for name in concept_ids(part)]
        for part in rubric.parts()
        if concept_ids(part)
    }


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, 95, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _question(number: int, question: Question) -> str:
    asked = _wrapped(f"**{number}. `{question.id}`** {question.question.strip()}")
    options = (
        _wrapped(f"- **{letter}.** {text.strip()}", "  ")
        for letter, text in sorted(question.options.items())
    )
    return "\n".join([asked, "", *options])


def _answers(name: str, questions: list[Question]) -> str:
    blank = "".join(f'    "{question.id}": "",\n' for question in questions)
    right = "".join(
        f'    "{question.id}": "{"".join(sorted(question.right))}",\n' for question in questions
    )
    return f"{name} = {{\n{blank}}}\n{BEGIN}\n{name} = {{\n{right}}}\n{END}"


@while_unchanged
def cells_of(assignment: Assignment) -> list[SourceCell]:
    """The cells of the source, with the questions of the bank. Raises CourseError."""
    rubric, bank = rubric_of(assignment), load_concepts(assignment.concepts_file)
    return with_questions(assignment.concepts_file, read_source(assignment, rubric), rubric, bank)


def with_questions(
    file: Path, cells: list[SourceCell], rubric: Rubric, bank: dict[str, Question]
) -> list[SourceCell]:
    """Puts the questions, and a dict for the answers to them, in place of each concepts cell.

    Raises CourseError where rubric and bank (read from ``file``) disagree on what is marked.
    """
    for part in rubric.parts():
        wanted = set(concept_ids(part))
        found = {question.id for question in bank.values() if question.part == part.id}
        for name in sorted(wanted ^ found):
            where = "the rubric marks it" if name in wanted else "the rubric does not mark it"
            raise CourseError(
                f"{file}: question {name}, part {part.id}: {where} there; "
                "make `part` here and `items` in the rubric agree"
            )
    marked = marked_questions(rubric, bank)

    def filled() -> Iterator[SourceCell]:
        for cell in cells:
            if cell.role != "concepts":
                yield cell
                continue
            questions = marked[cell.part]
            text = [INTRODUCTION.format(part=cell.part)]
            text += [_question(number, question) for number, question in enumerate(questions, 1)]
            yield SourceCell("markdown", "\n\n".join(text), "questions", cell.part)
            yield SourceCell(
                "code", _answers(f"answers_{cell.part}", questions), "concepts", cell.part
            )

    return list(filled())
