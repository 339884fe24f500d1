"""Says in the graded notebook, and in the gradebook's comments, what a mark is made of."""

from __future__ import annotations

import nbformat

from autograder.course.rubric import Part, Rubric
from autograder.marking.marks import Marks
from autograder.nbgrader.rebuild import Notebook
from autograder.nbgrader.showing import make_harmless
from autograder.reports.markdown import criterion_lines, how_to_ask, mistake_lines, plain
from autograder.reports.mistakes import entries, points
from autograder.suite.evidence import Evidence


def part_of(cell_name: str) -> tuple[str, str]:
    """The part and the role of a released cell: ``2a-check`` is the check of part 2a."""
    part, _, role = cell_name.partition("-")
    return part, role


def comment(part: Part, marks: Marks, rubric: Rubric) -> str | None:
    """What the gradebook holds of a part, and shows below the student's code.

    None where all of it was earned.
    """
    found = entries(marks, rubric)
    criteria = {criterion.id for criterion in part.criteria}
    lines = []
    for entry in found:
        if entry.criteria & criteria:
            lines.append(f"- Mistake {entry.number}: {plain(entry.what)}")
            lines += [f"  - {plain(text)}" for text in (*entry.details, *entry.decided)]
    for criterion in part.criteria:
        mark = marks.criteria[criterion.id]
        if mark.score < mark.max_score or mark.followed_through or mark.declined:
            lines += criterion_lines(criterion, mark, rubric, found)
    return "\n".join(lines) or None


def write_marks(notebook: Notebook, marks: Marks, evidence: Evidence, rubric: Rubric) -> None:
    """Puts the marks into the notebook: a first cell for all, an output below each check.

    Of what the student wrote there, only what is to be read is left.
    """
    make_harmless(notebook)
    parts = {part.id: part for part in rubric.parts()}
    for cell in notebook.cells:
        part, role = part_of(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
        if role == "check" and part in parts:
            text = _points(parts[part], marks, rubric)
            data = {"text/markdown": text, "text/plain": text}
            cell.outputs = [nbformat.v4.new_output("display_data", data)]
    notebook.cells.insert(
        0, nbformat.v4.new_markdown_cell(_summary(marks, evidence, rubric), id="marks")
    )


def _points(part: Part, marks: Marks, rubric: Rubric) -> str:
    earned, found = marks.parts[part.id], entries(marks, rubric)
    score = f"{points(earned.score)} of {points(earned.max_score)}"
    lines = [f"**{part.id} {part.title}: {score}**", ""]
    for criterion in part.criteria:
        lines += criterion_lines(criterion, marks.criteria[criterion.id], rubric, found)
    return "\n".join(lines)


def _summary(marks: Marks, evidence: Evidence, rubric: Rubric) -> str:
    awaiting = f", and up to {points(marks.awaiting_reader)} from a reader"
    lines = [
        f"**{points(marks.score)} of {points(marks.max_score)} points by the checks**"
        + awaiting * bool(marks.awaiting_reader)
        + f". Status: {marks.status}."
    ]
    if evidence.reason:
        lines += ["", f"> {plain(evidence.reason)}"]
    if evidence.cells and rubric.feedback == "full":
        lines += ["", "Cells that did not run to their end:", ""]
        lines += [f"- {plain(trouble.message)}" for trouble in evidence.cells]
    for entry in entries(marks, rubric):
        lines += ["", *mistake_lines(entry)]
    lines += ["", *how_to_ask(rubric.assignment, marks.student)]
    return "\n".join(lines)
