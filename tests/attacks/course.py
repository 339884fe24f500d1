"""The course that is attacked: a copy of this one, and its right solution."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from autograder.course.folders import Assignment, Course
from autograder.submissions.reading import Submission, read_submission
from autograder.submissions.released import shows_only, without
from tests.attacks.submission import script

ROOT = Path(__file__).parent.parent.parent
LIMITS = {
    "call_seconds": 1,
    "cell_seconds": 1.5,
    "load_seconds": 8,
    "submission_seconds": 10,
    "memory_mb": 400,
}


def attacked_course(root: Path) -> Assignment:
    """A copy of the course with a secret of its own and short limits."""
    for name in ("solutions", "assignment"):
        shutil.copytree(ROOT / name, root / name)
    rubric = (ROOT / "rubric.yaml").read_text(encoding="utf-8")
    for name, limit in LIMITS.items():
        rubric, found = re.subn(rf"(?m)^(  {name}:) [\d.]+", rf"\g<1> {limit}", rubric)
        assert found == 1
    (root / "rubric.yaml").write_text(rubric, encoding="utf-8")
    (root / ".course-secret").write_text("the secret of the attacked course, any text")
    return Course(root).assignment()


def right_solution(assignment: Assignment) -> tuple[str, Submission]:
    """The right solution, without the experiments around it: its script, and its cells."""
    built = assignment.nbgrader_source / "rnn.ipynb"
    submission = without(read_submission(built, "right"), shows_only(assignment.source))
    return script(submission), submission
