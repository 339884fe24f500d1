"""Runs over a class: killed and gone on with, one at a time, and on a cluster."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from autograder.course.folders import Assignment, CourseError
from autograder.grading.class_run import ClassRun
from autograder.intake.finding import find_submissions
from autograder.submissions.finding import HandIn
from tests.conftest import make_small

ROOT = Path(__file__).parents[1]
RNN_SOURCE = ROOT / "solutions" / "rnn" / "rnn.py"
WORKING = "return float(total / np.shape(values)[0])"


@pytest.fixture(scope="module")
def assignment(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """The smallest, in which a call may take a second."""
    small = make_small(tmp_path_factory.mktemp("course"))
    file = small.rubric_file
    file.write_text(file.read_text().replace("call_seconds: 10", "call_seconds: 1"))
    return small


@pytest.fixture(scope="module")
def handed_in(assignment: Assignment, tmp_path_factory: pytest.TempPathFactory) -> list[HandIn]:
    """Sixteen right solutions that differ in a comment, and one file that is none."""
    folder = tmp_path_factory.mktemp("class")
    for number in range(16):
        (folder / f"student-{number}.py").write_text(f"# {number}\n{assignment.source.read_text()}")
    (folder / "empty.ipynb").write_text("")
    return find_submissions([folder], assignment.name, assignment.released)


@pytest.fixture(scope="module")
def undisturbed(
    assignment: Assignment, handed_in: list[HandIn], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    list(ClassRun(assignment, handed_in, folder, jobs=2))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.iterdir() if path.is_file() and path.name != ".lock"]
    return {path.name: path.read_bytes() for path in files}


def grade(assignment: Assignment, handed_in: list[HandIn], out: Path) -> subprocess.Popen[str]:
    """The command, in a new process group."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "autograder.cli", "grade", str(handed_in[0].path.parent)),
            *("--out", str(out), "--course", str(assignment.course.root)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_only_workers_load_torch(tmp_path: Path) -> None:
    """It takes longer to load than a submission takes to grade."""
    script = (
        "import sys; from pathlib import Path; from autograder.course.folders import Course\n"
        "from autograder.grading.class_run import grade_one\n"
        "from autograder.submissions.finding import HandIn\n"
        "path = Path(sys.argv[2])\n"
        "_, marks, _ = grade_one(Course(Path(sys.argv[1])).assignment(), HandIn(path.stem, path))\n"
        "print(marks.score > 4, 'torch' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(ROOT), str(shutil.copy(RNN_SOURCE, tmp_path))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "False"]


def test_a_run_killed_at_any_moment_goes_on_where_it_was(
    assignment: Assignment, handed_in: list[HandIn], undisturbed: Path, tmp_path: Path
) -> None:
    for done in (1, 5, 11):
        run = grade(assignment, handed_in, tmp_path)
        while len(list(tmp_path.glob("*.md"))) < done and run.poll() is None:
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        for path in tmp_path.glob("*.json"):
            assert path.read_bytes() == (undisturbed / path.name).read_bytes()
    run = grade(assignment, handed_in, tmp_path)
    said, _ = run.communicate()
    assert run.returncode == 0, said
    written = contents(tmp_path)
    assert written.pop("grades.csv").count(b"\n") == len(handed_in) + 1
    page = written.pop("index.html").decode()
    assert all(f'href="{one.student}.html"' in page for one in handed_in)
    assert written == contents(undisturbed)


def test_one_that_hangs_costs_the_others_nothing(
    assignment: Assignment, handed_in: list[HandIn], undisturbed: Path, tmp_path: Path
) -> None:
    hang = tmp_path / "hang.py"
    hang.write_text("import numpy as np\n\ndef average(values):\n    while True: pass\n")
    out = tmp_path / "out"
    rows = list(ClassRun(assignment, [HandIn("hang", hang), *handed_in], out, jobs=2))
    # It was begun first, by one of the two workers; the other went on with the rest.
    order = [row.student for row in rows]
    assert order.index("hang") >= 4
    hung = rows[order.index("hang")]
    assert hung.status == "graded with problems"
    assert hung.reason == "`average` took longer than 1 s"
    with_it, alone = contents(out), contents(undisturbed)
    assert with_it.items() >= {k: v for k, v in alone.items() if k.startswith("student-")}.items()
    # Graded again, it is known to take long, and is begun first wherever it is listed.
    again = ClassRun(assignment, [*handed_in[:2], HandIn("hang", hang)], out, jobs=1)
    assert next(iter(again)).student == "hang"


def test_what_was_seen_is_marked_again_but_not_run_again(
    assignment: Assignment, handed_in: list[HandIn], undisturbed: Path, tmp_path: Path
) -> None:
    one = handed_in[-1]
    whole = (undisturbed / f"{one.student}.json").read_text()
    noted = whole.replace('"reason": ""', '"reason": "seen before"')
    assert noted != whole
    (tmp_path / f"{one.student}.json").write_text(noted)
    (row,) = ClassRun(assignment, [one], tmp_path)
    assert (row.total, row.reason) == (1.0, "seen before")
    (row,) = ClassRun(assignment, [one], tmp_path, again=True)
    assert (row.total, row.reason) == (1.0, "")


def test_a_changed_submission_is_run_again(
    assignment: Assignment, handed_in: list[HandIn], undisturbed: Path, tmp_path: Path
) -> None:
    one = handed_in[-1]
    (tmp_path / f"{one.student}.json").write_bytes(
        (undisturbed / f"{one.student}.json").read_bytes()
    )
    changed = tmp_path / "work" / one.path.name
    changed.parent.mkdir()
    changed.write_text(one.path.read_text().replace(WORKING, "return None"))
    (row,) = ClassRun(assignment, [HandIn(one.student, changed)], tmp_path)
    assert row.parts["1a"] < 1


def test_a_second_run_into_the_same_folder_says_so_and_changes_nothing(
    assignment: Assignment, handed_in: list[HandIn], tmp_path: Path
) -> None:
    first = ClassRun(assignment, handed_in[:1], tmp_path)
    try:
        second = grade(assignment, handed_in, tmp_path)
        said, _ = second.communicate()
        assert second.returncode == 2
        assert "another run is writing its results there" in " ".join(said.split())
        assert not list(tmp_path.glob("*.json"))
    finally:
        first.close()


def test_a_cluster_that_loses_a_worker_gives_the_same_results(
    assignment: Assignment, handed_in: list[HandIn], undisturbed: Path, tmp_path: Path
) -> None:
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        Client(cluster) as client,
    ):
        run = ClassRun(assignment, handed_in, tmp_path, cluster=cluster.scheduler_address)
        rows = []
        for row in run:
            rows.append(row)
            if len(rows) == 3:
                victim, *_ = client.run(os.getpid).values()
                os.kill(victim, signal.SIGKILL)
    assert sorted(row.student for row in rows) == sorted(one.student for one in handed_in)
    assert contents(tmp_path) == contents(undisturbed)


def test_a_missing_scheduler_is_reported_and_leaves_the_folder_free(
    assignment: Assignment, handed_in: list[HandIn], tmp_path: Path
) -> None:
    with pytest.raises(CourseError, match="no Dask scheduler at"):
        list(ClassRun(assignment, handed_in[:1], tmp_path, cluster="tcp://127.0.0.1:9"))
    ClassRun(assignment, handed_in[:1], tmp_path).close()
