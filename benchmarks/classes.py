"""Classes to measure with: copies of a sample class's complete submissions, all different."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.course.folders import Assignment, Course
from autograder.intake.finding import find_submissions
from autograder.submissions.finding import HandIn

ROOT = Path(__file__).parents[1]
SUBMISSIONS = ROOT / "tests" / "sample_class" / "submissions"
# The sample class of each assignment, and which of it earn nearly everything.
CLASSES = {"rnn": SUBMISSIONS, "gates": ROOT / "tests" / "sample_class_gates" / "submissions"}
COMPLETE = {
    "rnn": ("amara-okafor.ipynb", "priya-raman.ipynb", "li-wei.py", "jonas-lindqvist.py"),
    "gates": ("maria-gonzalez.ipynb", "chen-yu.py", "giulia-rossi.py", "nkechi-obi.py"),
}
about = click.option(
    "--assignment", "name", default="rnn", show_default=True, type=click.Choice(list(CLASSES))
)


def assignment(name: str = "rnn") -> Assignment:
    return Course(ROOT).assignment(name)


def copies(folder: Path, count: int, name: str = "rnn") -> list[HandIn]:
    """``count`` complete submissions in several styles, no two with the same content."""
    folder.mkdir(parents=True, exist_ok=True)
    complete = COMPLETE[name]
    for number in range(count):
        original = CLASSES[name] / complete[number % len(complete)]
        text = original.read_text(encoding="utf-8")
        changed = text.replace("import numpy as np", f"import numpy as np  # {number}", 1)
        if changed == text:
            raise ValueError(f"{original}: imports numpy in another way, and cannot be varied")
        (folder / f"{original.stem}-{number:05d}{original.suffix}").write_text(changed)
    return find_submissions([folder], name, assignment(name).released)
