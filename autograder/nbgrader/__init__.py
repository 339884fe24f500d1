"""Lets nbgrader grade the homework through this grader: two lines of an ``nbgrader_config.py``.

    from autograder.nbgrader import configure
    configure(c, "folder with rubric.yaml")

Nothing of nbgrader is changed. For this one assignment its autograding step reads notebooks with
``GradingExporter``, which grades the class, and its release step with ``ReleaseExporter``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.course import Course


def configure(config: Any, course: str | Path) -> None:
    """Tells nbgrader's ``config`` that the assignment of ``course`` is graded here.

    nbgrader reads its configuration at the start of each command, and formgrader before each page;
    this is also when submissions without a notebook are made visible to it. Raises CourseError
    where no course lies there.
    """
    from nbgrader.coursedir import CourseDirectory

    from autograder.nbgrader.collected import make_visible

    found = Course.find(Path(course))
    config.Autograde.exporter_class = "autograder.nbgrader.exporters.GradingExporter"
    config.GenerateAssignment.exporter_class = "autograder.nbgrader.exporters.ReleaseExporter"
    config.CourseExporter.course = config.CourseExport.course = str(found.root)
    make_visible(found, CourseDirectory(config=config))
