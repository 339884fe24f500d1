"""Builds the zip that makes this grader run as a Gradescope autograder.

The zip holds the solutions and the course's secret: it is for the instructor and Gradescope alone.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import distributions, requires
from pathlib import Path

from autograder.course.folders import RUBRIC, SECRET, Assignment
from autograder.course.rubric import rubric_of
from autograder.exporting.results import VISIBILITY, Visibility
from autograder.worker.confine import Level

PACKAGE = Path(__file__).parents[1]
DISTRIBUTION = "rnn-autograder"
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}
# A zip of the same files is the same zip.
DATE = (1980, 1, 1, 0, 0, 0)
EXECUTABLE, READABLE, OWNER_ALONE = 0o755, 0o644, 0o600

SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, as root, while it builds the image.
set -euo pipefail
source=/autograder/source

apt-get update
apt-get install --yes python3-venv

# The Python and the packages that the grader was packed with, PyTorch without GPUs. They lie where
# a submission, which runs as nobody, may read them.
python3 -m venv /autograder/tools
/autograder/tools/bin/python -m pip install uv
export UV_PYTHON_INSTALL_DIR=/autograder/python
/autograder/tools/bin/uv venv --python {python} /autograder/venv
/autograder/tools/bin/uv pip install --python /autograder/venv/bin/python \\
    --torch-backend cpu --requirements "$source/requirements.txt" \\
    --constraints "$source/constraints.txt"

chmod -R go-rwx "$source/course/solutions" "$source/course/{secret}"
"""
RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for each submission. Elsewhere, name the folder that it calls /autograder.
set -euo pipefail
root="${{1:-/autograder}}"
# Whatever fails from here on, no mark of an earlier submission stays.
rm -f "$root/results/results.json"
cd "$root/source/course"
exec "$root/venv/bin/python" -m autograder.packaging.submission "$root" {name} {visibility}{level}
"""


def package(
    assignment: Assignment,
    out: Path,
    isolation: Level | None,
    visibility: Visibility | None = None,
) -> None:
    """Writes the zip, which only its owner can read.

    When students see their results follows from the feedback policy, unless ``visibility`` says it.
    """
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in _files(assignment, isolation, visibility):
            about = zipfile.ZipInfo(name, DATE)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = mode << 16
            archive.writestr(about, content)
    out.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=out.parent, prefix=out.name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data.getvalue())
        os.replace(temporary, out)
    except BaseException:
        os.unlink(temporary)
        raise


def _files(
    assignment: Assignment, isolation: Level | None, visibility: Visibility | None
) -> Iterator[tuple[str, bytes, int]]:
    """Names, contents and modes."""
    python = ".".join(map(str, sys.version_info[:2]))
    setup = SETUP.format(python=python, secret=SECRET)
    level = f" {isolation}" if isolation else ""
    shown = visibility or VISIBILITY[rubric_of(assignment).feedback]
    run = RUN.format(name=shlex.quote(assignment.name), visibility=shown, level=level)
    yield "setup.sh", setup.encode(), EXECUTABLE
    yield "run_autograder", run.encode(), EXECUTABLE
    yield "requirements.txt", _as_lines(_requirements()), READABLE
    yield "constraints.txt", _as_lines(_constraints()), READABLE
    yield f"course/{SECRET}", assignment.course.secret(), OWNER_ALONE
    root = assignment.course.root
    yield f"course/{RUBRIC}", (root / RUBRIC).read_bytes(), READABLE
    for folder in (assignment.folder, assignment.released):
        yield from _beneath(folder, Path("course") / folder.relative_to(root))
    yield from _beneath(PACKAGE, Path("course") / PACKAGE.name)


def _beneath(folder: Path, name: Path) -> Iterator[tuple[str, bytes, int]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not LEFT_OUT & set(path.relative_to(folder).parts):
            yield str(name / path.relative_to(folder)), path.read_bytes(), READABLE


def _requirements() -> list[str]:
    """What the grader needs, without its extras."""
    return sorted(one for one in requires(DISTRIBUTION) or () if "extra ==" not in one)


def _constraints() -> list[str]:
    """The versions that it runs with here, without what names a build for one machine."""
    found = {one.metadata["Name"]: re.sub(r"\+.*", "", one.version) for one in distributions()}
    found.pop(DISTRIBUTION, None)
    return sorted(f"{name}=={version}" for name, version in found.items())


def _as_lines(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
