"""Where the grader cannot work: no code of a student's runs, no mark changes, and a sentence."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import (
    AbstractContextManager,
    closing,
    contextmanager,
    nullcontext,
    redirect_stderr,
    redirect_stdout,
    suppress,
)
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.api import MissingEntry

from autograder.course.folders import Assignment, Course
from autograder.nbgrader.batch import RESULTS
from autograder.nbgrader.gradebook import NO_KERNEL
from autograder.nbgrader.install import install
from tests.conftest import make_small
from tests.nbgrader_course import (
    cell,
    environment,
    gradebook,
    hand_in,
    nbgrader,
    other_homework,
    solved,
)
from tests.nbgrader_server import Server, jupyter

THIS_PYTHON = (sys.executable,)
CONTAINERS = str(Path(__file__).with_name("containers.py"))
NO_SANDBOX = (sys.executable, CONTAINERS, "closed", sys.executable)
# Where a kernel runs it, and nowhere in the sandbox, a file appears.
CANARY = """\
try:
    open({path!r}, "w").close()
except OSError:
    pass
"""


@dataclass(frozen=True)
class School:
    """An instructor's course of nbgrader's, set up with the homework of a grader's course."""

    grader: Assignment
    folder: Path
    canary: Path

    def run(self, *words: str, python: Sequence[str] = ()) -> tuple[int, str]:
        """A command of nbgrader's: its exit status, and all that it printed.

        In this process, since nbgrader takes seconds to load, or in one that ``python`` starts.
        """
        if not python:
            with redirect_stdout(StringIO()) as printed, redirect_stderr(printed):
                status = nbgrader(self.folder, *words)
            return status, printed.getvalue()
        done = subprocess.run(
            [*python, "-m", "nbgrader", *words],
            cwd=self.folder,
            env=os.environ | environment(self.folder.parent),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return done.returncode, done.stdout

    def hand_in(self, student: str, notebook: Any, name: str = "small") -> Path:
        return hand_in(Assignment(Course(self.folder), name), student, notebook, name)

    def marks(self) -> list[Any]:
        """All of the gradebook that says what somebody earned, and why."""
        grades = "SELECT id, auto_score, manual_score, extra_credit FROM grade"
        comments = "SELECT id, auto_comment, manual_comment FROM comment"
        with closing(sqlite3.connect(self.folder / "gradebook.db")) as book:
            rows = [*book.execute(grades), *book.execute(comments)]
        decided = (row for row in rows if any(value is not None for value in row[1:]))
        return sorted(decided, key=str)

    def scores(self) -> dict[str, float]:
        with gradebook(self.folder) as book:
            found = {one.student.id: one.score for one in book.assignment_submissions("small")}
        return {student: round(score, 6) for student, score in found.items()}

    def release(self) -> dict[Path, bytes]:
        files = (self.folder / "release" / "small").rglob("*")
        return {path: path.read_bytes() for path in files if path.is_file()}


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    """Ada has a mark, and has handed in again; bob is new. Both want their code to run."""
    folder = tmp_path_factory.mktemp("school")
    ours, theirs = folder / "ours", folder / "theirs"
    ours.mkdir()
    grader = make_small(ours)
    (theirs / "source" / "sums").mkdir(parents=True)
    nbformat.write(other_homework(), theirs / "source" / "sums" / "sums.ipynb")
    (theirs / "nbgrader_config.py").write_text("c = get_config()\n")
    install([grader], theirs)
    made = School(grader, theirs, folder / "canary")
    assert made.run("generate_assignment", "small")[0] == 0
    notebook = solved(grader)
    made.hand_in("ada", notebook)
    assert made.run("autograde", "small")[0] == 0
    canary = CANARY.format(path=str(made.canary))
    for name in ("1a-stub", "1a-stub-2"):
        cell(notebook, name).source = canary + cell(notebook, name).source
    made.hand_in("ada", notebook)
    made.hand_in("bob", notebook)
    return made


@pytest.fixture(scope="module")
def python_without(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """A Python that has nbgrader and all else that this one has, but not this package."""
    folder = tmp_path_factory.mktemp("python")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for path in (Path(sys.prefix) / packages.relative_to(folder)).iterdir():
        if "autograder" not in path.name:
            (packages / path.name).symlink_to(path)
    for name in ("share", "etc"):
        (folder / name).symlink_to(Path(sys.prefix) / name)
    # Whatever PYTHONPATH says, by which the tests may find the package.
    return (str(folder / "bin" / "python"), "-E")


# -- what is broken, and how nbgrader says so -----------------------------------------------------


@contextmanager
def _moved(school: School) -> Iterator[None]:
    elsewhere = school.grader.course.root.with_name("elsewhere")
    school.grader.course.root.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(school.grader.course.root)


def _changed(file: str, text: str | None) -> Callable[[School], AbstractContextManager[None]]:
    """A file of the grader's course with another text, or gone."""

    @contextmanager
    def change(school: School) -> Iterator[None]:
        path = school.grader.course.root / file
        before = path.read_bytes()
        path.unlink()
        if text is not None:
            path.write_text(text)
        try:
            yield
        finally:
            path.write_bytes(before)

    return change


def _not_here(school: School) -> AbstractContextManager[None]:
    """It is the Python that is broken."""
    return nullcontext()


@dataclass(frozen=True)
class Broken:
    """What is broken, words of what nbgrader says then, and whether a release would be right."""

    message: Sequence[str]
    change: Callable[[School], AbstractContextManager[None]]
    releases: bool = False


BROKEN = {
    "course moved": Broken(["rubric.yaml", "is not there", "autograder nbgrader setup"], _moved),
    "rubric missing": Broken(
        ["rubric.yaml", "is not there", "autograder nbgrader setup"], _changed("rubric.yaml", None)
    ),
    "rubric broken": Broken(["rubric.yaml", "line 1"], _changed("rubric.yaml", "points: [")),
    "solutions missing": Broken(
        ["solutions/small/small.py"], _changed("solutions/small/small.py", None)
    ),
    "release missing": Broken(
        ["assignment/small/small.ipynb", "autograder release"],
        _changed("assignment/small/small.ipynb", None),
    ),
}
SANDBOX = Broken(["cannot be kept apart", "autograder doctor"], _not_here, releases=True)
PACKAGE = Broken(["cannot import the package autograder", "install"], _not_here)


def _refuses(
    school: School, broken: Broken, autograde: Callable[[], str], release: Callable[[], str]
) -> None:
    marks, released = school.marks(), school.release()
    with broken.change(school):
        said = autograde()
        assert not school.canary.exists()
        assert school.marks() == marks
        for words in broken.message:
            assert words in said
        if not broken.releases:
            said = release()
            assert school.release() == released
            for words in broken.message:
                assert words in said


def _from_terminal(school: School, broken: Broken, python: Sequence[str] = ()) -> None:
    def fails(*words: str) -> str:
        status, said = school.run(*words, python=python)
        assert status != 0, said
        return said

    _refuses(
        school,
        broken,
        lambda: fails("autograde", "small", "--force"),
        lambda: fails("generate_assignment", "small", "--force"),
    )


def _from_formgrader(school: School, broken: Broken, server: Server) -> None:
    def fails(path: str) -> str:
        success, said = server.formgrader(path)
        assert not success, said
        return said

    _refuses(
        school,
        broken,
        lambda: "".join(fails(f"submission/small/{who}/autograde") for who in ("ada", "bob")),
        lambda: fails("assignment/small/assign"),
    )


@pytest.mark.parametrize("what", BROKEN)
def test_from_a_terminal(school: School, what: str) -> None:
    _from_terminal(school, BROKEN[what])


@pytest.fixture(scope="module")
def server(school: School) -> Iterator[Server]:
    with jupyter(school.folder, school.folder.parent) as server:
        yield server


@pytest.mark.parametrize("what", BROKEN)
def test_from_formgrader(school: School, server: Server, what: str) -> None:
    _from_formgrader(school, BROKEN[what], server)


def test_no_sandbox_from_a_terminal(school: School) -> None:
    _from_terminal(school, SANDBOX, NO_SANDBOX)


def test_no_sandbox_from_formgrader(school: School) -> None:
    with jupyter(school.folder, school.folder.parent, NO_SANDBOX) as server:
        _from_formgrader(school, SANDBOX, server)


def test_no_package_from_a_terminal(school: School, python_without: Sequence[str]) -> None:
    _from_terminal(school, PACKAGE, python_without)


def test_no_package_from_formgrader(school: School, python_without: Sequence[str]) -> None:
    with jupyter(school.folder, school.folder.parent, python_without) as server:
        _from_formgrader(school, PACKAGE, server)


# -- ways round the lines -------------------------------------------------------------------------


@contextmanager
def _error_in_another_line(school: School) -> Iterator[None]:
    config = school.folder / "nbgrader_config.py"
    before = config.read_bytes()
    config.write_bytes(before + b"c.Exchange.root = EXCHANGE\n")
    try:
        yield
    finally:
        config.write_bytes(before)


def test_an_error_in_another_line_of_the_settings(school: School) -> None:
    """nbgrader passes over the whole file then, and knows nothing of this grader."""
    marks = school.marks()
    with _error_in_another_line(school):
        status, said = school.run("autograde", "small", "--force")
        with jupyter(school.folder, school.folder.parent) as server:
            success, shown = server.formgrader("submission/small/ada/autograde")
    assert status != 0
    assert not success
    for text in (said, shown):
        assert f"No such kernel named {NO_KERNEL}" in text
    assert not school.canary.exists()
    assert school.marks() == marks


def test_a_flag_that_names_another_exporter(school: School) -> None:
    marks = school.marks()
    exporter = "nbconvert.exporters.NotebookExporter"
    status, said = school.run("autograde", "small", f"--Autograde.exporter_class={exporter}")
    assert status != 0
    assert f"No such kernel named {NO_KERNEL}" in said
    assert not school.canary.exists()
    assert school.marks() == marks


RUN = "nbconvert.preprocessors.ExecutePreprocessor"
HARMLESS = {
    "another file": ("--config=other_config",),
    "no execute": ("--no-execute",),
    "steps that run": (
        *("--ExecutePreprocessor.enabled=True", f"--Autograde.autograde_preprocessors={RUN}"),
        f"--Autograde.sanitize_preprocessors={RUN}",
    ),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_flags_that_change_nothing(school: School, what: str) -> None:
    (school.folder / "other_config.py").write_text(
        "c = get_config()\nc.Autograde.exporter_class = 'nbconvert.exporters.NotebookExporter'\n"
    )
    status, said = school.run("autograde", "small", "--force", *HARMLESS[what])
    assert status == 0, said
    assert not school.canary.exists()
    assert school.scores() == {"ada": 1, "bob": 1}


def test_a_second_notebook_is_not_run_by_nbgrader(school: School) -> None:
    released, marks = school.release(), school.marks()
    second = school.folder / "source" / "small" / "second.ipynb"
    nbformat.write(other_homework(), second)
    try:
        status, said = school.run("generate_assignment", "small", "--force")
    finally:
        second.unlink()
    assert status != 0
    assert "has a second notebook, second.ipynb" in said
    assert school.release() == released
    with gradebook(school.folder) as book:
        book.add_notebook("second", "small")
    try:
        status, said = school.run("autograde", "small", "--force")
    finally:
        with gradebook(school.folder) as book:
            book.remove_notebook("second", "small")
    assert status != 0
    assert "has a second notebook, second.ipynb" in said
    assert school.marks() == marks


def test_a_source_that_is_not_the_course_s_is_not_released(school: School) -> None:
    source = school.folder / "source" / "small" / "small.ipynb"
    released, before = school.release(), source.read_bytes()
    source.write_bytes(before.replace(b"# Small", b"# Smaller"))
    try:
        status, said = school.run("generate_assignment", "small", "--force")
    finally:
        source.write_bytes(before)
    assert status != 0
    assert "is not what" in said
    assert school.release() == released


def test_other_assignments_are_nbgrader_s(school: School) -> None:
    """Which runs their code in its own kernel, here as everywhere; our course may be away."""
    notebook = other_homework()
    notebook.cells[0].source += "\n" + CANARY.format(path=str(school.canary))
    school.hand_in("ada", notebook, "sums")
    with _moved(school):
        for words in (["generate_assignment", "sums"], ["autograde", "sums"]):
            status, said = school.run(*words)
            assert status == 0, said
    assert school.canary.exists()
    school.canary.unlink()
    with gradebook(school.folder) as book:
        assert book.find_submission("sums", "ada").score == 1


# -- trouble while the class is graded ------------------------------------------------------------


@contextmanager
def _locked_gradebook(school: School) -> Iterator[None]:
    with closing(sqlite3.connect(school.folder / "gradebook.db")) as book:
        book.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def _another_run(school: School) -> Iterator[None]:
    with (school.folder / RESULTS / "small" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _no_folder_for_results(school: School) -> Iterator[None]:
    results = school.folder / RESULTS
    elsewhere = results.rename(school.folder / "elsewhere")
    results.write_text("")
    try:
        yield
    finally:
        results.unlink()
        elsewhere.rename(results)


TROUBLE = {
    "locked gradebook": Broken(["gradebook.db: database is locked"], _locked_gradebook),
    "another run": Broken([f"{RESULTS}/small: another run is writing"], _another_run),
    "no folder": Broken([f"{RESULTS}/small: Not a directory"], _no_folder_for_results),
}


@pytest.mark.parametrize("what", TROUBLE)
def test_trouble_from_a_terminal(school: School, what: str) -> None:
    marks = school.marks()
    with TROUBLE[what].change(school):
        status, said = school.run("autograde", "small", "--force")
    assert status != 0
    (message,) = (line for line in said.splitlines() if "| ERROR]" in line)
    assert all(words in message for words in TROUBLE[what].message)
    assert not school.canary.exists()
    assert school.marks() == marks


def test_a_disk_without_room(school: School) -> None:
    """A limit on the size of files: what is written fails in the same places."""
    marks = school.marks()
    limited = ("prlimit", f"--fsize={1_000}", *THIS_PYTHON)
    status, said = school.run("autograde", "small", "--force", python=limited)
    assert status != 0
    assert "a file cannot be written: File too large" in said
    assert not school.canary.exists()
    assert school.marks() == marks


def _interrupt(nbgrader: subprocess.Popen[str]) -> None:
    nbgrader.send_signal(signal.SIGINT)


def _kill_grader(nbgrader: subprocess.Popen[str]) -> None:
    """As the kernel does when memory runs out."""
    children = Path(f"/proc/{nbgrader.pid}/task/{nbgrader.pid}/children").read_text().split()
    (grader,) = (pid for pid in children if b"nbgrader.batch" in _command_line(pid))
    os.kill(int(grader), signal.SIGKILL)


def _command_line(pid: str) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


STOPS = {
    "Ctrl-C": (_interrupt, "Stopped. The same command continues where it was."),
    "killed": (_kill_grader, "the process that grades ended with status -9"),
}


@pytest.mark.parametrize("how", STOPS)
def test_a_class_that_is_stopped_half_way(school: School, how: str) -> None:
    """Marks so far stay, nobody else gets one, and the next run goes on."""
    stop, message = STOPS[how]
    notebook = solved(school.grader)
    cell(notebook, "1a-stub-2").source = f"# {how}\n"
    first = school.hand_in("cem", notebook)
    canary = CANARY.format(path=str(school.canary))
    cell(notebook, "1a-stub").source = canary + "import time\ntime.sleep(600)\n"
    endless = school.hand_in("eve", notebook)

    def theirs() -> list[float | None]:
        scores = school.scores()
        return [scores.get(student) for student in ("cem", "eve")]

    try:
        with subprocess.Popen(
            [*THIS_PYTHON, "-m", "nbgrader", "autograde", "small"],
            cwd=school.folder,
            env=os.environ | environment(school.folder.parent),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if "Graded cem" in line:
                    stop(process)
        assert process.returncode != 0
        assert message in said
        assert theirs() == [0.6, None]
        assert not school.canary.exists()
        cell(notebook, "1a-stub").source = "pass"
        school.hand_in("eve", notebook)
        assert school.run("autograde", "small")[0] == 0
        assert theirs() == [0.6, 0]
    finally:
        for folder in (first, endless):
            shutil.rmtree(folder.parent)
        with gradebook(school.folder) as book:
            for student in ("cem", "eve"):
                with suppress(MissingEntry):
                    book.remove_student(student)
