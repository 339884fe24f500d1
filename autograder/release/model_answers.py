"""The model answers to the written questions, for readers, and for students after the deadline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from autograder.course.folders import Assignment, CourseError
from autograder.course.rubric import Rubric, rubric_of
from autograder.course.times import moment
from autograder.release.source import outside_solutions, read_source, solution_regions
from autograder.results.writing import write_whole
from autograder.self_check.as_pdf import NoPdf, write_pdf


@dataclass(frozen=True)
class ModelAnswer:
    """A written question, and how it may be answered."""

    part: str
    question: str
    answer: str


def model_answers(assignment: Assignment, rubric: Rubric) -> Iterator[ModelAnswer]:
    """The model answers in the source, in its order. Raises CourseError where it is wrong."""
    for cell in read_source(assignment, rubric):
        if cell.role == "written":
            answer = "\n\n".join(one.strip() for one in solution_regions(cell.source))
            yield ModelAnswer(cell.part, outside_solutions(cell.source).strip(), answer)


def write_model_answers(assignment: Assignment, file: Path, at: datetime | None) -> None:
    """Writes questions and model answers into a file, Markdown or PDF by its name.

    Args:
        at: now; None to write them whatever the deadline.

    Raises:
        CourseError: for another kind of file, one among what students get, and before the deadline
            that the rubric names, with its grace.
    """
    rubric = rubric_of(assignment)
    if file.suffix not in (".md", ".pdf"):
        raise CourseError(f"{file}: end the name in .md or .pdf")
    if assignment.released in file.resolve().parents:
        raise CourseError(f"{file}: is among what students get before the deadline; name another")
    if rubric.late is not None and at is not None:
        until = moment(rubric.late.due) + timedelta(minutes=rubric.late.grace_minutes)
        if at <= until:
            raise CourseError(f"students may still hand in until {until}; --now writes them anyway")
    found = list(model_answers(assignment, rubric))
    if file.suffix == ".md":
        write_whole(file, "\n".join(_as_markdown(rubric, found)).encode())
        return
    questions = {one.part: one.question for one in found}
    answers = {one.part: one.answer for one in found}
    try:
        write_pdf(file, f"{rubric.title}: model answers", questions, answers, ())
    except NoPdf as problem:
        raise CourseError(str(problem)) from None


def _as_markdown(rubric: Rubric, found: list[ModelAnswer]) -> Iterator[str]:
    yield f"# {rubric.title}: model answers"
    for one in found:
        yield from (
            "",
            one.question,
            "",
            *(f"> {line}".rstrip() for line in one.answer.split("\n")),
        )
    yield ""
