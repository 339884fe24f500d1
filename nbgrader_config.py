"""What nbgrader has to know of this course: where things lie, and what a stub looks like."""

from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.course_id = "rnn-course"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignment"

# A stub raises by itself and names its part, so that nothing is added to it.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
