"""Attacks where another system runs the grader: in Gradescope's container, and on a Dask cluster.

The attacks of ``submissions`` that a cluster grades are the quick ones; all of them are graded in
``test_attacks.py``.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psutil
import pytest
from distributed import Client, LocalCluster

from autograder.course.folders import Assignment
from autograder.grading.class_run import ClassRun
from autograder.grading.cluster import bundle, connect, graded_on
from autograder.grading.grader import Grader
from autograder.intake.finding import find_submissions
from autograder.sandbox.box import try_levels
from autograder.submissions.finding import HandIn
from autograder.submissions.reading import Submission
from autograder.worker.landlock import landlock_version
from tests.attacks.course import attacked_course, right_solution
from tests.attacks.files import FILES
from tests.attacks.submission import FULL, attacks, knowledge
from tests.gradescope import DOCKER, results, run, unpacked

MARKER = "autograder-marker-6d1f"
# How a submission tries what it could gain from Gradescope's folders.
REACHES = """
# %%
def read(name):
    with open(f"{ROOT}/{name}", "rb") as file:
        file.read(1)

def write(name):
    with open(f"{ROOT}/{name}", "a") as file:
        file.write(MARKER)

for name in READ:
    attempt(f"read {name}", read, name)
for name in WRITTEN:
    attempt(f"write {name}", write, name)
for name in ["", "submission", "results", "source", "source/course"]:
    attempt(f"list {name}", os.listdir, f"{ROOT}/{name}")
attempt("rename", os.rename, f"{ROOT}/results", f"{ROOT}/{MARKER}")
attempt("remove", os.unlink, f"{ROOT}/submission_metadata.json")
attempt("link", os.link, f"{ROOT}/source/course/.course-secret", f"{ROOT}/submission/secret")
attempt("symlink", os.symlink, f"{ROOT}/source", f"{ROOT}/results/{MARKER}")
print('{"score": 5, "tests": []}')
tell()
"""
READ = [
    *(
        "source/course/.course-secret",
        "source/course/rubric.yaml",
        "source/course/solutions/rnn/rnn.py",
    ),
    *("source/course/solutions/rnn/checks/test_task01.py", "source/run_autograder"),
    *("submission_metadata.json", "submission/rnn.py", "results/results.json"),
]
WRITTEN = [
    *("results/results.json", "results/stdout", f"results/{MARKER}", f"submission/{MARKER}"),
    *("submission/rnn.py", "submission_metadata.json", "source/run_autograder"),
    *("source/course/rubric.yaml", "source/course/autograder/__init__.py", "venv/bin/python"),
    *(f"source/course/{MARKER}", "source/course/sitecustomize.py"),
]
# What Python or pytest would run by its name, where a submission's folder were one of theirs.
RUN_BY_NAME = [
    *("sitecustomize.py", "usercustomize.py", "conftest.py", "numpy.py", "msgspec.py", "ast.py"),
    *("autograder.py", "pytest.py", "pluggy.py", "test_task01.py"),
]
QUICK = [
    *("forging/replies_with_marks_in_them", "garbling/errors_that_lie", "garbling/garbage"),
    *("garbling/half_a_reply", "garbling/ids", "garbling/text_for_reports"),
    *("stealing/files_of_the_course", "stealing/inherited_descriptors"),
    "denial_of_service/dies_while_loading",
]
QUICK_FILES = [
    *("link to the solution.py", "half emoji.ipynb", "keys twice.ipynb", "pipe.ipynb", "zeros.py"),
    *("a number of megabytes.ipynb", "folder that holds a linked file"),
]


def _known(root: Path) -> str:
    course = root / "source" / "course"
    told = knowledge(
        course=course,
        results=root / "results",
        submissions=root / "submission",
        package=course / "autograder",
        port=1,
        door=root / "door",
        marker=MARKER,
        places="",
    )
    return f"{told}\nROOT, READ, WRITTEN = {str(root)!r}, {READ!r}, {WRITTEN!r}\n"


def _digests(folder: Path) -> dict[str, str]:
    """All that lies there, but for the results and what Python compiles: what each is and holds."""
    found = {}
    for path in folder.rglob("*"):
        if "__pycache__" in path.parts:
            continue
        about = path.lstat()
        held = path.read_bytes() if stat.S_ISREG(about.st_mode) else b""
        found[str(path)] = f"{about.st_mode} {hashlib.sha256(held).hexdigest()}"
    found.pop(str(folder / "results" / "results.json"), None)
    return found


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return attacked_course(tmp_path_factory.mktemp("attacked"))


# -- Gradescope -----------------------------------------------------------------------------------


def _lay_out(folder: Path, sign: Path) -> None:
    """Writes all that could be run by its name beside a submission; it would leave the sign."""
    forges = (
        f"open({str(sign)!r}, 'w').close()\n"
        "raise SystemExit('stopped by a file of the submission')\n"
    )
    for name in RUN_BY_NAME:
        (folder / name).write_text(forges)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --version\n")
    (folder / "autograder").mkdir()
    (folder / "autograder" / "__init__.py").write_text(forges)


@pytest.mark.parametrize("before", [(), DOCKER], ids=["", "docker"])
def test_gradescope_s_folders_are_out_of_reach(
    assignment: Assignment, before: tuple[str, ...]
) -> None:
    """Nor is anything run for its name that lies beside the submission."""
    if before and (os.geteuid() != 0 or not landlock_version()):
        pytest.skip("needs root, to imitate a container's, and landlock")
    if not before and try_levels()["isolated"]:
        pytest.skip(try_levels()["isolated"])
    right, _ = right_solution(assignment)
    with unpacked(assignment, None, before) as root:
        # Whatever rights Gradescope gives there, now or later.
        for name in ("results", "submission"):
            (root / name).chmod(0o777)
        _lay_out(root / "submission", root / "results" / MARKER)
        handed_in = f"# %%\n{_known(root)}\n{right}\n{REACHES}"
        (root / "submission" / "rnn.py").write_text(handed_in, encoding="utf-8")
        before_it_ran = _digests(root)
        run(root)
        told = results(root)
        assert "got through: none" in told["output"]
        assert told["score"] == FULL
        assert len(told["tests"]) > 1
        assert _digests(root) == before_it_ran
        assert [path.name for path in (root / "results").iterdir()] == ["results.json"]


def test_a_link_to_the_package_s_solution_is_none(assignment: Assignment) -> None:
    with unpacked(assignment, None) as root:
        folder = root / "submission"
        solution = root / "source" / "course" / "solutions" / "rnn"
        (folder / "rnn").symlink_to(solution)
        for name in ("rnn.ipynb", "rnn.py"):
            (folder / name).symlink_to(Path("..") / solution.relative_to(root) / name)
        run(root)
        told = results(root)
    assert told["score"] == 0
    assert "it is a link; hand in the file itself" in told["output"]


# -- a cluster ------------------------------------------------------------------------------------


def test_a_cluster_of_this_machine_alone_accepts_no_one_else() -> None:
    with connect("local"):
        this = psutil.Process()
        listening = {
            one.laddr.ip
            for process in (this, *this.children(recursive=True))
            for one in process.net_connections("inet")
            if one.status == psutil.CONN_LISTEN
        }
    assert listening == {"127.0.0.1"}


@pytest.fixture(scope="module")
def handed_in(assignment: Assignment, tmp_path_factory: pytest.TempPathFactory) -> list[HandIn]:
    """Some attacks, some odd files, and a right solution between them."""
    folder = tmp_path_factory.mktemp("class")
    right, _ = right_solution(assignment)
    knows = _known(folder)
    by_name = {attack.name: attack for attack in attacks()}
    for name in QUICK:
        text = by_name[name].text(knows, right)
        (folder / f"{by_name[name].student}.py").write_text(text, encoding="utf-8")
    for name in QUICK_FILES:
        FILES[name](folder / name, assignment.course.root)
    (folder / "canary.py").write_text(right, encoding="utf-8")
    return find_submissions([folder], "rnn", assignment.released)


@pytest.fixture(scope="module")
def canary(assignment: Assignment, handed_in: list[HandIn]) -> Submission:
    return next(Grader(assignment).read(one) for one in handed_in if one.student == "canary")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the temporary files of the cluster's machine lie."""
    return tmp_path_factory.mktemp("there")


@pytest.fixture(scope="module")
def cluster(there: Path) -> Iterator[LocalCluster]:
    """One Dask worker, for one test after another."""
    if try_levels()["isolated"]:
        pytest.skip(try_levels()["isolated"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(there))
        with LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            dashboard_address=None,
            host="127.0.0.1",
            local_directory=str(there),
        ) as cluster:
            yield cluster


def test_attacks_on_a_cluster_get_what_they_get_elsewhere(
    assignment: Assignment, handed_in: list[HandIn], cluster: LocalCluster, tmp_path: Path
) -> None:
    """Of one that is seen, what is told may depend on when it sent what."""
    here, away = tmp_path / "here", tmp_path / "cluster"
    rows = list(ClassRun(assignment, handed_in, here, jobs=2, isolation="isolated"))
    address = cluster.scheduler_address
    elsewhere = list(ClassRun(assignment, handed_in, away, cluster=address))
    by_student = {row.student: row for row in rows}
    assert {row.student: row for row in elsewhere} == by_student
    assert len(rows) == len(handed_in)
    assert by_student["canary"].total == FULL
    for row in rows:
        if row.status != "attack seen":
            for suffix in ("json", "html", "md"):
                name = f"{row.student}.{suffix}"
                assert (away / name).read_bytes() == (here / name).read_bytes(), name


def test_nothing_of_a_course_stays_on_the_disk_of_a_cluster_s_machine(
    assignment: Assignment, canary: Submission, cluster: LocalCluster, there: Path
) -> None:
    """Not while it grades either: a worker that is killed clears nothing away."""
    secret, solution = assignment.course.secret(), assignment.source.read_bytes()[:1000]
    with Client(cluster) as client:
        (evidence,) = graded_on(client, bundle(assignment, "isolated"), [canary])
        left = [path for path in there.rglob("*") if path.is_file()]
    assert evidence.status == "graded"
    for path in left:
        held = path.read_bytes() if path.exists() else b""
        assert secret not in held, path
        assert solution not in held, path


def _children() -> int:
    return len(psutil.Process().children())


def test_a_worker_that_grades_one_course_after_another_keeps_one_warm_process(
    assignment: Assignment, canary: Submission, cluster: LocalCluster
) -> None:
    bundled = bundle(assignment, "isolated")
    counts = []
    with Client(cluster) as client:
        for number in range(2):
            files = bundled.files | {"rubric.yaml": bundled.files["rubric.yaml"] + b"\n" * number}
            another = msgspec.structs.replace(bundled, files=files)
            list(graded_on(client, another, [canary]))
            counts += client.run(_children).values()
    assert counts[0] == counts[1]
