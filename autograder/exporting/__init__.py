"""Marks as other systems take them in."""

# Each form, and the file or folder of the results in which it is written.
FORMS = {
    "canvas": "canvas.csv",
    "canvas-feedback": "canvas-feedback",
    "moodle": "moodle.csv",
    "moodle-feedback": "moodle-feedback.zip",
    "gradescope": "gradescope",
    "github": "github",
    "csv": "criteria.csv",
    "parquet": "criteria.parquet",
}
