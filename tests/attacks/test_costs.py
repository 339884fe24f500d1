"""Whatever is answered, the grading process takes little more memory than for an honest submission.

Seconds are for ``benchmarks.costly_answers``: what there is to do is counted, and so bounded by
``tests/test_bounds.py``.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping

import pytest

from autograder.course.folders import Assignment, Course
from benchmarks.costly_answers import Cost, costs, hand_in

MEGABYTES = 300
LIMITS = {"call_seconds": 1.5, "cell_seconds": 1.5, "load_seconds": 20, "submission_seconds": 30}
# Each took more than this, or wrote reports of megabytes, before something was bounded.
COSTLY = (
    "layers_of_no_bytes",
    "large_answers_before_an_error",
    "large_answers_side_by_side",
    "large_layers",
    "lists_of_numbers",
    "logits_of_many_tokens",
    "many_cells_far_down",
    "names_of_layers",
    "texts_among_numbers",
    "texts_that_are_kept",
    "weights_of_small_kinds",
    "wrong_answers_to_explain",
)


@pytest.fixture(scope="module")
def cost_of(tmp_path_factory: pytest.TempPathFactory, assignment: Assignment) -> Mapping[str, Cost]:
    """What each costly submission took, graded one after another by one process."""
    root = tmp_path_factory.mktemp("course")
    for name in ("solutions", "assignment"):
        shutil.copytree(assignment.course.root / name, root / name)
    rubric = assignment.rubric_file.read_text(encoding="utf-8")
    for name, limit in LIMITS.items():
        rubric = re.sub(rf"(?m)^(  {name}:) [\d.]+", rf"\g<1> {limit}", rubric)
    (root / "rubric.yaml").write_text(rubric, encoding="utf-8")
    taught = Course(root).assignment()
    paths = hand_in(tmp_path_factory.mktemp("submissions"), COSTLY, taught)
    found = costs(taught, paths, jobs=1)
    return {path.stem: cost for path, (cost,) in zip(paths, found, strict=True)}


@pytest.mark.parametrize("name", COSTLY)
def test_costly_answers_take_little_memory(name: str, cost_of: Mapping[str, Cost]) -> None:
    assert cost_of[name].status != "not graded"
    assert cost_of[name].megabytes < MEGABYTES
    assert cost_of[name].report_megabytes < 1
