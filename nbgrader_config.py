"""What nbgrader has to know of this course: where things lie, and who grades."""

from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821

ROOT = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "rnn-course"
c.CourseDirectory.root = ROOT
c.CourseDirectory.source_directory = "solutions/nbgrader"
c.CourseDirectory.release_directory = "assignment"
# What is released is checked in, and nbgrader would pass over it.
c.GenerateAssignment.force = True
# Names alone: where something fails here, nbgrader would run students' code by itself.
c.Autograde.exporter_class = "autograder.nbgrader.exporters.GradingExporter"
c.GenerateAssignment.exporter_class = "autograder.nbgrader.exporters.ReleaseExporter"
c.GenerateFeedback.exporter_class = "autograder.nbgrader.feedback.FeedbackExporter"
# All assignments of solutions/ are graded by it; any other is released and graded by nbgrader.
c.CourseExporter.course = c.CourseExport.course = c.FeedbackExporter.course = ROOT
