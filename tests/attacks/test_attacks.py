"""Attacks on the grader, graded for real beside honest work, and none of them gets anywhere.

The files of ``submissions/`` that ask something of the kernel are a class, graded on two processes
at each level, by root and by an ordinary user. All else is another class, graded once, by one
process: the rest of ``submissions/``, what ``files.py`` makes, the odd but honest ones of
``honest.py``. For answers are read by the same code wherever they come from, and no worker sees a
file. Canaries are in each class.
Those of ``colluding`` that talk are loaded into two workers at a time as well.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

import autograder
from autograder.course.folders import Assignment
from autograder.course.rubric import rubric_of
from autograder.intake.finding import find_submissions
from autograder.marking.marks import mark
from autograder.reports.markdown import student_markdown
from autograder.reports.pages.student import student_page
from autograder.reports.terminal import print_marks
from autograder.results.stored import Document
from autograder.sandbox import box
from autograder.worker.confine import Level
from tests.attacks.conversations import talkers
from tests.attacks.course import attacked_course, right_solution
from tests.attacks.files import FILES, NAMES, write_files
from tests.attacks.honest import END, FORMS, TOP, saved, written
from tests.attacks.ordinary import USER, as_ordinary_user
from tests.attacks.runner import Job, Report
from tests.attacks.submission import FULL, Attack, attacks, knowledge
from tests.conftest import RNN

RUBRIC = rubric_of(RNN)

ROOT = Path(__file__).parent.parent.parent
LEVELS: tuple[Level, ...] = ("isolated", "restricted")
WRITTEN = [f"{name}.py" for name in (*TOP, *END)]
# Honest code that needs files, threads or memory.
OF_THE_MACHINE = [f"{name}.py" for name in ("threads of torch", "its own files", "plots and bars")]
# Root is graded as root, and as an ordinary user.
THIS_USER = "this user"
RUNS = [(level, user) for user in (THIS_USER, "another user") for level in LEVELS]
# The class of all that asks nothing of the kernel: at the best level there is.
ONCE = (None, THIS_USER)
ATTACKS = {attack.name: attack for attack in attacks()}
OF_THE_KERNEL = {name: attack for name, attack in ATTACKS.items() if attack.asks_the_kernel}
OF_ANSWERS = {name: attack for name, attack in ATTACKS.items() if not attack.asks_the_kernel}
# More than the grading process takes for any other submission.
MEGABYTES = 300
CANARIES = ("a-canary", "canary", "zz-canary")
MARKER = "autograder-marker-6d1f"
# More than a class takes beside other tests; nothing but a hang takes longer.
ENOUGH_SECONDS = 1800
# What a student's page is made of: nothing that loads or asks, and one script, which is its own.
TAGS = """
    article a b body button code data dd details div dl dt figcaption figure footer form h1 h2 h3
    head header html i label li main meta nav ol option output p pre rect script section select
    small span style summary svg textarea title ul
"""
SCRIPT = Path(autograder.__file__).parent / "reports" / "pages" / "templates" / "request.js"

NOT_BOUNDED = "without a mount of its own, a folder on disk has no bound but that of each file"
SEEN = "landlock keeps files from being read, not from being looked at by name"
COUNTED = "without namespaces, a worker counts on from where all others are"
# What the weaker level does not keep an attack from, and why. Nothing else may get through.
OUT_OF_REACH: dict[Level, dict[str, dict[str, str]]] = {
    "isolated": {},
    "restricted": {
        "denial_of_service/disk": {"own folder": NOT_BOUNDED},
        "denial_of_service/many_files": {"files": NOT_BOUNDED, "links": NOT_BOUNDED},
        "stealing/that_they_exist": {
            "stat rubric.yaml": SEEN,
            "access rubric.yaml": SEEN,
            "stat canary.py": SEEN,
            "access canary.py": SEEN,
            "stat passwd": SEEN,
            "access passwd": SEEN,
            "chdir": SEEN,
        },
        "colluding/descriptors_counted_in_proc": {"heard": SEEN},
        "colluding/numbers_of_files": {"heard": COUNTED},
        "colluding/numbers_of_threads": {"heard": COUNTED},
    },
}


@dataclass
class Graded:
    """A run over a class of attacks at one level."""

    level: Level
    assignment: Assignment
    submissions: Path
    folder: Path
    report: Report
    students: dict[str, str]
    places: list[Path]
    untouched: bool

    def document(self, name: str) -> dict[str, Any]:
        """The marks and evidence of what was handed in under this file name."""
        stored: dict[str, Any] = msgspec.json.decode(
            (self.folder / f"{self.students[name]}.json").read_bytes()
        )
        return stored


Grade = Callable[[Level | None, str], Graded]


# -- the run --------------------------------------------------------------------------------------


def _digest(*folders: Path) -> str:
    sha = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            sha.update(os.fsencode(path))
            if path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 30:
                sha.update(path.read_bytes())
    return sha.hexdigest()


def _places(assignment: Assignment, submissions: Path, folder: Path) -> list[Path]:
    package = Path(autograder.__file__).parent
    outside = ["/", "/tmp", "/var/tmp", "/dev/shm", "/etc", "/home", "/root", "/usr/lib", "/var"]
    outside += ["/run", "/dev", "/proc", "/sys", "/box", "/box/worker"]
    inside = [
        assignment.course.root,
        submissions,
        folder,
        package,
        package / "worker",
        package / "checks",
        assignment.checks,
    ]
    return [*map(Path, outside), *inside, Path(sysconfig.get_path("purelib")), Path.home()]


def _files_of(assignment: Assignment) -> list[str]:
    """All files of the course and of the grader that must be out of reach: not ``worker/``."""
    package = Path(autograder.__file__).parent
    folders = (
        assignment.course.root,
        *(room for room in package.iterdir() if room.name != "worker"),
    )
    found = [
        str(path)
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    for needed in (assignment.source, assignment.rubric_file, assignment.concepts_file):
        assert str(needed) in found
    assert str(assignment.course.root / ".course-secret") in found
    return found


def _hand_in(once: bool, assignment: Assignment, submissions: Path, **known: object) -> None:
    text, cells = right_solution(assignment)
    for name in CANARIES:
        (submissions / f"{name}.py").write_text(text, encoding="utf-8")
    files = _files_of(assignment)
    knows = knowledge(
        course=assignment.course.root, submissions=submissions, files="\n".join(files), **known
    )
    for attack in (OF_ANSWERS if once else OF_THE_KERNEL).values():
        handed_in = attack.text(knows, text)
        (submissions / f"{attack.student}.py").write_text(handed_in, encoding="utf-8")
    odd = {
        name: data for name, data in written(text).items() if once == (name not in OF_THE_MACHINE)
    }
    if once:
        odd |= saved(text, cells)
        write_files(submissions, assignment.course.root)
    for name, data in odd.items():
        (submissions / name).write_bytes(data)


def _both_ends(stderr: bytes) -> str:
    """What failed first and what failed last."""
    text = stderr.decode(errors="replace")
    return text if len(text) < 4000 else f"{text[:2000]}\n[...]\n{text[-2000:]}"


@pytest.fixture(scope="session")
def area() -> Iterator[Path]:
    """A folder that an ordinary user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="attacks-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@cache
def _reasons() -> dict[Level, str]:
    """Why a level does not hold here, or ''."""
    return box.try_levels()


def _who(
    level: Level, user: str, ordinary_python: Callable[[], Path]
) -> tuple[Path, dict[str, Any]]:
    """The Python to grade with, and the user to run it as, for ``subprocess``."""
    python, another = Path(sys.executable), {}
    if user != THIS_USER:
        if os.geteuid() != 0:
            pytest.skip("only root can become another user")
        python, another = ordinary_python(), as_ordinary_user()
    if _reasons()[level]:
        pytest.skip(_reasons()[level])
    return python, another


def _best() -> Level:
    return next((level for level in LEVELS if not _reasons()[level]), LEVELS[0])


def _grade(
    area: Path, ordinary_python: Callable[[], Path], asked: Level | None, user: str
) -> Graded:
    """At the level asked for what asks something of the kernel; at the best one, all else."""
    once, level = asked is None, asked or _best()
    python, another = _who(level, user, ordinary_python)
    home = area / f"{level} {user} {once}"
    submissions, folder = home / "submissions", home / "grades"
    for made in (home, submissions, folder, home / "course", home / "tmp"):
        made.mkdir()
    assignment = attacked_course(home / "course")
    places = _places(assignment, submissions, folder)
    package = Path(autograder.__file__).parent
    port, door = 20_000 + os.getpid() % 20_000, home / "door"
    _hand_in(
        once,
        assignment,
        submissions,
        results=folder,
        package=package,
        port=port,
        door=door,
        marker=MARKER,
        places=", ".join(f'"{place}"' for place in places),
    )
    if another:
        subprocess.run(["chown", "-Rh", f"{USER}:{USER}", home], check=True)
    before = _digest(submissions, assignment.course.root)
    jobs = 1 if once else 2
    course = str(assignment.course.root)
    job = Job(course, str(submissions), str(folder), level, jobs, port, str(door))
    done = subprocess.run(
        [python, "-m", "tests.attacks.runner", msgspec.json.encode(job).decode()],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
        },
        capture_output=True,
        timeout=ENOUGH_SECONDS,
        check=False,
        **another,
    )
    assert done.returncode == 0, _both_ends(done.stderr)
    report = msgspec.json.decode(done.stdout, type=Report)
    handed_in = find_submissions([submissions], assignment.name, assignment.released)
    students = {one.path.relative_to(submissions).parts[0]: one.student for one in handed_in}
    untouched = before == _digest(submissions, assignment.course.root)
    return Graded(level, assignment, submissions, folder, report, students, places, untouched)


@pytest.fixture(scope="session")
def grade(area: Path, ordinary_python: Callable[[], Path]) -> Grade:
    """Grades the class of a run, when it is first asked for."""
    return cache(partial(_grade, area, ordinary_python))


@pytest.fixture(scope="session", params=RUNS, ids=" as ".join)
def at_each_level(request: pytest.FixtureRequest, grade: Grade) -> Graded:
    return grade(*request.param)


@pytest.fixture(scope="session")
def once(grade: Grade) -> Graded:
    return grade(*ONCE)


@pytest.fixture(scope="session", params=[*RUNS, ONCE], ids=[*map(" as ".join, RUNS), "once"])
def graded(request: pytest.FixtureRequest, grade: Grade) -> Graded:
    return grade(*request.param)


@dataclass
class Conversations:
    """What one worker heard of another one at a level, by attack."""

    level: Level
    heard: dict[str, list[str]]


@pytest.fixture(scope="session", params=RUNS, ids=" as ".join)
def conversations(
    request: pytest.FixtureRequest, area: Path, ordinary_python: Callable[[], Path]
) -> Conversations:
    level, user = request.param
    python, another = _who(level, user, ordinary_python)
    folder = area / f"conversations {level} {user}"
    folder.mkdir()
    folder.chmod(0o777)
    done = subprocess.run(
        [python, "-m", "tests.attacks.conversations", level],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(folder)},
        capture_output=True,
        timeout=ENOUGH_SECONDS,
        check=False,
        **another,
    )
    assert done.returncode == 0, _both_ends(done.stderr)
    return Conversations(level, msgspec.json.decode(done.stdout))


# -- what held ------------------------------------------------------------------------------------


def _hidden(document: dict[str, Any]) -> str:
    """All that is told to the student of hidden checks, and of what surrounds them."""
    evidence = document["evidence"]
    seen = [
        check.get(which, {}).get("message", "")
        for check in evidence["checks"]
        for which in ("submitted", "followed_through")
        if not check["visible"]
    ]
    return "\n".join([*seen, evidence["reason"], *(c["message"] for c in evidence["cells"])])


@pytest.mark.parametrize("attack", OF_THE_KERNEL.values(), ids=OF_THE_KERNEL)
def test_an_attack_gets_nowhere(at_each_level: Graded, attack: Attack) -> None:
    _gets_nowhere(at_each_level, attack)


@pytest.mark.parametrize("attack", OF_ANSWERS.values(), ids=OF_ANSWERS)
def test_an_attack_by_answers_gets_nowhere(once: Graded, attack: Attack) -> None:
    _gets_nowhere(once, attack)


def _gets_nowhere(graded: Graded, attack: Attack) -> None:
    document = graded.document(f"{attack.student}.py")
    assert document["status"] != "not graded"
    assert document["evidence"]["isolation"] == graded.level
    assert document["score"] <= attack.earns + 1e-9
    assert document["status"] == attack.settings.get("status", document["status"])
    assert attack.settings.get("says", "") in str(document)

    told = re.search(
        r"got through: (.+)", "\n".join(c["message"] for c in document["evidence"]["cells"])
    )
    assert bool(told) == ("tell()" in attack.source), document["evidence"]["cells"]
    through = set(told[1].split(", ")) - {"none"} if told else set()
    assert through <= OUT_OF_REACH[graded.level].get(attack.name, {}).keys()

    if "secret" in attack.settings:
        # An example tells what the code answers to public inputs, in a worker that knows no other.
        read = msgspec.convert(document, Document)
        evidence = msgspec.structs.replace(read.evidence, examples=())
        marks, screen = mark(evidence, RUBRIC), Console(file=io.StringIO())
        print_marks(screen, evidence, marks, RUBRIC)
        assert isinstance(screen.file, io.StringIO)
        for readable in (
            student_markdown(evidence, marks, RUBRIC),
            student_page(evidence, marks, RUBRIC, {}),
            screen.file.getvalue(),
        ):
            assert not re.search(attack.settings["secret"], readable)
    if "silent" in attack.settings:
        assert not re.search(attack.settings["silent"], _hidden(document))


def test_the_grading_process_takes_little_memory_for_any_answers(once: Graded) -> None:
    """Seconds are for ``benchmarks.costly_answers``: what is done is bounded by its amount."""
    taken = once.report.megabytes
    most = min(taken.values()) + MEGABYTES
    names = {once.students[f"{attack.student}.py"] for attack in OF_ANSWERS.values()}
    assert {name: taken[name] for name in names if taken[name] > most} == {}


@pytest.mark.parametrize("name", [attack.name for attack in talkers()])
def test_what_a_worker_hears_is_the_same_whatever_another_says(
    conversations: Conversations, name: str
) -> None:
    out_of_reach = OUT_OF_REACH[conversations.level].get(name, {})
    heard = conversations.heard[name]
    assert len(set(heard)) == 1 or "heard" in out_of_reach, heard


@pytest.mark.parametrize("name", [*FILES, *NAMES], ids=ascii)
def test_a_file_is_only_a_file(once: Graded, name: str) -> None:
    document = once.document(name)
    assert document["status"] != "not graded"
    assert document["score"] == 0
    if "link" in name:
        assert "link" in document["evidence"]["reason"]


SAVED = [*(f"{name}{suffix}" for name, (suffix, _) in FORMS.items()), "a large notebook.ipynb"]


def _earns_everything(document: dict[str, Any]) -> None:
    marks = document["criteria"].items()
    missed = {name: mark["message"] for name, mark in marks if mark["score"] < mark["max_score"]}
    assert document["score"] == FULL, missed
    assert document["status"] != "attack seen"


@pytest.mark.parametrize("name", OF_THE_MACHINE)
def test_honest_use_of_the_machine_earns_everything(at_each_level: Graded, name: str) -> None:
    _earns_everything(at_each_level.document(name))


@pytest.mark.parametrize("name", [name for name in WRITTEN if name not in OF_THE_MACHINE] + SAVED)
def test_odd_but_honest_code_earns_everything(once: Graded, name: str) -> None:
    _earns_everything(once.document(name))


@pytest.mark.parametrize("name", CANARIES)
def test_a_classmate_notices_nothing(graded: Graded, name: str) -> None:
    document = graded.document(f"{name}.py")
    assert (document["score"], document["status"]) == (FULL, "graded")
    seen = [check["submitted"]["outcome"] for check in document["evidence"]["checks"]]
    assert set(seen) == {"passed"}


def test_everyone_gets_a_mark(graded: Graded) -> None:
    assert sorted(row.student for row in graded.report.rows) == sorted(graded.students.values())
    for row in graded.report.rows:
        files = [graded.folder / f"{row.student}.{suffix}" for suffix in ("json", "md", "html")]
        assert sum(file.stat().st_size for file in files) < 1 << 20


def test_nothing_is_left_on_the_machine(graded: Graded) -> None:
    assert graded.report.processes_left == []
    assert graded.report.reached == []
    assert graded.untouched
    for place in graded.places:
        if place.is_dir():
            assert [name for name in os.listdir(place) if name.startswith(MARKER)] == []
    for kind in ("shm", "sem", "msg"):
        keys = [line.split()[0] for line in Path(f"/proc/sysvipc/{kind}").read_text().splitlines()]
        assert str(0x5EED) not in keys
    # Among them are the private folders that workers have at the weaker level.
    assert list((graded.folder.parent / "tmp").iterdir()) == []


def test_reports_hold_nothing_but_text(graded: Graded) -> None:
    """No escape for a terminal, no markup for a page, no formula for a spreadsheet."""
    for path in graded.folder.iterdir():
        assert path.resolve().parent == graded.folder.resolve()
        if path.suffix == ".md":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]|<[a-z/!]", text)
            # What makes a link or a picture of the brackets before it, but for lines of code.
            read = "\n".join(line for line in text.split("\n") if not line.startswith("    "))
            assert not re.search(r"(?<!\\)\]\s?[(\[:]", read)
        if path.suffix == ".html":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]", text)
            assert set(re.findall(r"<([a-z][a-z0-9]*)", text)) <= set(TAGS.split())
            scripts = re.findall(r"<script[^>]*>(.*?)</script", text, re.DOTALL)
            assert set(scripts) <= {SCRIPT.read_text(encoding="utf-8")}
        if path.suffix == ".txt":
            text = re.sub(r"\x1b\[[\d;]*m", "", path.read_text(encoding="utf-8"))
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)
    with (graded.folder / "grades.csv").open(newline="", encoding="utf-8") as file:
        for line in csv.reader(file):
            for entry in line:
                assert not re.match(r"[=+@\t\r-]", entry)
                assert entry.isprintable()


def test_there_are_enough_of_them() -> None:
    groups = {attack.group for attack in ATTACKS.values()}
    assert groups == {
        *("forging", "stealing", "harming_others", "harming_host", "denial_of_service"),
        *("exfiltration", "persistence", "garbling", "colluding"),
    }
    assert len(ATTACKS) >= 60
    assert len(WRITTEN) >= 10
    assert all(attack.tries for attack in ATTACKS.values())
