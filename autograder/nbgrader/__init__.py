"""Lets nbgrader grade assignments through this grader, by lines of ``nbgrader_config.py``.

    c.Autograde.exporter_class = "autograder.nbgrader.exporters.GradingExporter"
    c.GenerateAssignment.exporter_class = "autograder.nbgrader.exporters.ReleaseExporter"
    c.GenerateFeedback.exporter_class = "autograder.nbgrader.feedback.FeedbackExporter"
    c.CourseExporter.course = c.CourseExport.course = "folder with rubric.yaml"
    c.FeedbackExporter.course = c.CourseExporter.course

Nothing of nbgrader is changed. For the assignments of that course its autograding step reads
notebooks with ``GradingExporter``, which grades the class, and its release step with
``ReleaseExporter``; ``FeedbackExporter`` names the parts in the index of a page of feedback. With
``c.CourseExporter.assignments = [...]`` it is these alone, also while their course cannot be found.
All other assignments are released and graded by nbgrader itself.

The lines are plain strings. nbgrader passes over a file of settings in which anything fails, and
would go on with its own autograding, which runs students' code without a sandbox. So nothing is
looked for until one of the two classes is made, and a class that cannot be imported ends nbgrader.
"""
