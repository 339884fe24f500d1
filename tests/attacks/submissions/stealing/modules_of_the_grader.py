# Imports the grader, its checks and its reference, from wherever they might be.
import importlib
import sys

sys.path[:0] = [COURSE, f"{COURSE}/solutions", PACKAGE, f"{PACKAGE}/..", "/box"]
importlib.invalidate_caches()
for name in ("autograder", "autograder.checks.test_task01", "autograder.reference", "reference"):
    attempt(name, lambda: importlib.import_module(name).__file__.index(".py"))
for name in ("rnn", "checks", "course", "tests.conftest", "concepts"):
    attempt(name, importlib.import_module, name)
tell()
