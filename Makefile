# make grade                        set up, and grade the sample class
# make grade SUBMISSIONS=folder     grade another
# make test                         set up, and run the tests of the grader
# make test-around                  run the tests of attacks, nbgrader and the students' self-check
# make lint                         formatting, lint, types, who imports whom
# make release                      build assignment/ from solutions/
# make bench                        what grading costs

VENV := .venv
BIN := $(VENV)/bin
SUBMISSIONS ?= tests/sample_class/submissions
OUT ?= grades

AROUND := tests/attacks $(wildcard tests/test_nbgrader*.py) tests/test_self_check.py

.PHONY: setup grade test test-around lint release bench

setup: $(VENV)/ready

$(VENV)/ready: pyproject.toml constraints.txt
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

grade: setup
	$(BIN)/autograder grade "$(SUBMISSIONS)" --out "$(OUT)"

test: setup
	$(BIN)/python -m pytest $(addprefix --ignore=,$(AROUND))

test-around: setup
	$(BIN)/python -m pytest $(AROUND)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

release: setup
	$(BIN)/autograder release

bench: setup
	$(BIN)/python -m benchmarks.sample_class
