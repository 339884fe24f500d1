# make grade                        set up, and grade the sample class
# make grade SUBMISSIONS=folder     grade another; ASSIGNMENT=gates names its homework
# make check                        set up, lint, and run the fast tests
# make test                         set up, and run all tests
# make lint                         formatting, lint, types, who imports whom
# make release                      build assignment/ from solutions/, all assignments
# make audit                        measure the grader itself, in some minutes
# make bench                        what grading costs
# make lock                         pin the versions in constraints.txt again
#
# PYTHON=python3.12 sets up with another Python than python3.

PYTHONS := 3.10 3.11 3.12 3.13
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
SUBMISSIONS ?= tests/sample_class/submissions
OUT ?= grades
# The tests of a module share what its fixtures make.
PARALLEL := --numprocesses 2 --dist loadfile

# .venv is made again when another Python is asked for by name.
ifdef PYTHON
ifneq ($(PYTHON),$(file <$(READY)))
.PHONY: $(READY)
endif
endif
PYTHON ?= python3

.PHONY: setup grade check test lint release audit bench lock

setup: $(READY)

# What an interrupted set-up left behind is cleared away.
$(READY): pyproject.toml constraints.txt
	@found=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])') && \
	case " $(PYTHONS) " in \
	*" $$found "*) ;; \
	*) echo "$(PYTHON) is Python $$found, and one of $(PYTHONS) is needed:" \
	    "name it, as in make grade PYTHON=python3.12" >&2; exit 1 ;; \
	esac
	@$(PYTHON) -m venv --clear $(VENV) || { \
	echo "$(PYTHON) cannot make a virtual environment:" \
	    "on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	    --constraint constraints.txt --editable ".[dev]"
	@printf %s "$(PYTHON)" > $@

grade: setup
	$(BIN)/autograder grade "$(SUBMISSIONS)" --out "$(OUT)" $(if $(ASSIGNMENT),--assignment $(ASSIGNMENT))

check: lint
	$(BIN)/python -m pytest -m "not slow" $(PARALLEL)

test: setup
	$(BIN)/python -m pytest $(PARALLEL) --durations 15

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

release: setup
	for folder in solutions/*/checks; do \
	$(BIN)/autograder release --assignment "$$(basename "$${folder%/checks}")" || exit 1; done

audit: setup
	$(BIN)/autograder audit

bench: setup
	$(BIN)/python -m benchmarks.sample_class

# Keeps what constraints.txt pins wherever it still fits; to take a newer version, remove its line.
# PyTorch's builds name the CUDA packages that they want by themselves.
lock:
	$(PYTHON) -m venv --clear $(VENV)/lock
	$(VENV)/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(VENV)/lock/bin/uv pip compile --quiet --universal --all-extras --no-annotate \
	    --python-version $(firstword $(PYTHONS)) --custom-compile-command "make lock" \
	    --output-file constraints.txt pyproject.toml
	sed -i -E '/^(cuda|nvidia|triton)\b/d' constraints.txt
