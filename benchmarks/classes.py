"""Classes to measure with: copies of the sample class's complete submissions, all different."""

from __future__ import annotations

from pathlib import Path

from autograder.course.folders import Assignment, Course
from autograder.intake.finding import find_submissions
from autograder.submissions.finding import HandIn

ROOT = Path(__file__).parents[1]
SUBMISSIONS = ROOT / "tests" / "sample_class" / "submissions"
COMPLETE = ("amara-okafor.ipynb", "priya-raman.ipynb", "li-wei.py", "jonas-lindqvist.py")


def assignment() -> Assignment:
    return Course(ROOT).assignment()


def copies(folder: Path, count: int) -> list[HandIn]:
    """``count`` complete submissions in several styles, no two with the same content."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        original = SUBMISSIONS / COMPLETE[number % len(COMPLETE)]
        text = original.read_text(encoding="utf-8")
        changed = text.replace("import numpy as np", f"import numpy as np  # {number}", 1)
        if changed == text:
            raise ValueError(f"{original}: imports numpy in another way, and cannot be varied")
        (folder / f"{original.stem}-{number:05d}{original.suffix}").write_text(changed)
    return find_submissions([folder], assignment().name, assignment().released)
