# make grade                        set up, and grade the sample class
# make grade SUBMISSIONS=folder     grade another
# make test                         set up, and run the tests
# make lint                         formatting, lint, types, who imports whom
# make release                      build assignment/ from solutions/
# make audit                        measure the grader itself, in some minutes
# make bench                        what grading costs

VENV := .venv
BIN := $(VENV)/bin
SUBMISSIONS ?= tests/sample_class/submissions
OUT ?= grades

.PHONY: setup grade test lint release audit bench

setup: $(VENV)/ready

$(VENV)/ready: pyproject.toml constraints.txt
	python3 -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

grade: setup
	$(BIN)/autograder grade "$(SUBMISSIONS)" --out "$(OUT)"

test: setup
	$(BIN)/python -m pytest

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

release: setup
	$(BIN)/autograder release

audit: setup
	$(BIN)/autograder audit

bench: setup
	$(BIN)/python -m benchmarks.sample_class
