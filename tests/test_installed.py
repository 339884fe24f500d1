"""The wheel in an environment of its own, and a course elsewhere that was made with it."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).parent.parent
RIGHT = """\
# %%
import numpy as np

# %%
def average(values):
    return float(np.mean(values))

# %%
def centered(values):
    return np.asarray(values) - np.mean(values)
"""
WRONG = RIGHT.replace("float(np.mean(values))", "float(np.sum(values))")


def run(program: Path, *words: str, within: Path, status: int = 0) -> str:
    """What a program says, run in a folder with nothing of the checkout in its environment."""
    done = subprocess.run(
        [str(program), *words],
        cwd=within,
        env={"PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(within)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, since building leaves files beside the source."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT / "autograder", source / "autograder", ignore=_caches)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    words = ["wheel", "--no-deps", "--no-build-isolation", "--no-index", "--quiet", "."]
    run(Path(sys.executable), "-m", "pip", *words, "--wheel-dir", str(folder), within=source)
    (built,) = folder.glob("*.whl")
    return built


_caches = shutil.ignore_patterns("__pycache__")


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Iterator[Path]:
    """The folder of programs of an environment with this wheel, and with what else ours has.

    The box shows students' code the environment alone, so a .pth file that leads to ours would not
    do. Files are linked: copies of all packages would take minutes.
    """
    ours = Path(sysconfig.get_path("purelib"))
    with TemporaryDirectory(prefix=".wheel-", dir=sys.prefix) as name:
        place, python = Path(name), Path(sys.executable)
        place.chmod(0o755)  # Students' code runs as another user.
        run(python, "-m", "venv", "--without-pip", name, within=place)
        programs = place / "bin"
        where = "import sysconfig; print(sysconfig.get_path('purelib'))"
        theirs = Path(run(programs / "python", "-c", where, within=place).strip())
        shutil.copytree(ours, theirs, copy_function=os.link, ignore=_project, dirs_exist_ok=True)
        words = ["install", "--no-deps", "--no-index", "--quiet", str(wheel)]
        run(python, "-m", "pip", "--python", str(programs / "python"), *words, within=place)
        yield programs


_project = shutil.ignore_patterns("__editable__*", "rnn_autograder*")


@pytest.fixture(scope="module")
def course(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with a released assignment, made by the installed program."""
    folder = tmp_path_factory.mktemp("course")
    run(installed / "autograder", "new", "averages", within=folder)
    run(installed / "autograder", "release", within=folder)
    return folder


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith("autograder/")}
    wanted = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "autograder").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    for_readers = {name for name in wanted if name.endswith((".md", ".png"))}
    assert inside >= wanted - for_readers
    assert inside <= wanted


def test_package_comes_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    where = "import autograder; print(autograder.__file__)"
    found = Path(run(installed / "python", "-c", where, within=tmp_path).strip())
    assert found.is_relative_to(installed.parent)


def test_right_and_wrong_submission_get_their_marks(
    installed: Path, course: Path, tmp_path: Path
) -> None:
    (tmp_path / "ada.py").write_text(RIGHT)
    (tmp_path / "bob.py").write_text(WRONG)
    results = course / "grades"
    words = ["grade", str(tmp_path), "--out", str(results), "--course", str(course)]
    run(installed / "autograder", *words, within=tmp_path)
    with (results / "grades.csv").open(encoding="utf-8", newline="") as file:
        marks = {row["student"]: float(row["total"]) for row in csv.DictReader(file)}
    assert marks == {"ada": 1, "bob": pytest.approx(0.4)}
    for name in ("index.html", "ada.html", "bob.html"):
        assert "<html" in (results / name).read_text(encoding="utf-8")


def test_release_is_fresh_and_a_leak_in_it_is_found(installed: Path, course: Path) -> None:
    found = run(installed / "autograder", "release", "--check", within=course)
    assert "up to date" in found
    extra = course / "assignment" / "averages" / "averages_check" / "checks.py"
    text = extra.read_text(encoding="utf-8")
    extra.write_text(text + "# return np.asarray(values, dtype=float) - average(values)\n")
    found = run(installed / "autograder", "release", "--check", within=course, status=1)
    extra.write_text(text)
    assert "the solution of part 1a" in found


def test_self_check_tells_right_from_wrong(installed: Path, course: Path, tmp_path: Path) -> None:
    students = Path(shutil.copytree(course / "assignment" / "averages", tmp_path / "averages"))
    words = ["-m", "averages_check", "averages.py"]
    for solution, status in ((RIGHT, 0), (WRONG, 1)):
        (students / "averages.py").write_text(solution)
        run(installed / "python", *words, within=students, status=status)


def test_audit_of_what_was_laid_out_finds_nothing(installed: Path, course: Path) -> None:
    words = ["audit", "--runs", "2", "--no-mutants"]
    run(installed / "autograder", *words, within=course)
