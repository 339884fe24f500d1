"""What nbgrader has to know of this course: where things lie, and who grades."""

from pathlib import Path

from autograder.nbgrader import configure

c = get_config()  # type: ignore[name-defined]  # noqa: F821

ROOT = Path(__file__).resolve().parent
c.CourseDirectory.course_id = "rnn-course"
c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignment"
# What is released is checked in, and nbgrader would pass over it.
c.GenerateAssignment.force = True
configure(c, ROOT)
