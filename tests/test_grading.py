"""Runs over a class: killed and gone on with, one at a time, and on a cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from autograder.course.folders import Course, CourseError
from autograder.grading.class_run import ClassRun
from autograder.intake.finding import find_submissions
from autograder.submissions.finding import HandIn

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "solutions" / "rnn" / "rnn.py"


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> list[HandIn]:
    """Sixteen right solutions that differ in a comment, and one file that is none."""
    folder = tmp_path_factory.mktemp("class")
    for number in range(16):
        (folder / f"student-{number}.py").write_text(f"# {number}\n{SOURCE.read_text()}")
    (folder / "empty.ipynb").write_text("")
    return find_submissions([folder], "rnn", ROOT / "assignment" / "rnn")


@pytest.fixture(scope="module")
def undisturbed(handed_in: list[HandIn], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    list(ClassRun(Course(ROOT).assignment(), handed_in, folder, jobs=2))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.iterdir() if path.is_file() and path.name != ".lock"]
    return {path.name: path.read_bytes() for path in files}


def grade(handed_in: list[HandIn], out: Path, *more: str) -> subprocess.Popen[str]:
    """The command, in a process group of its own."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "autograder.cli", "grade", str(handed_in[0].path.parent)),
            *("--out", str(out), "--course", str(ROOT), *more),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_only_workers_load_torch(handed_in: list[HandIn]) -> None:
    """It takes longer to load than a submission takes to grade."""
    script = (
        "import sys; from pathlib import Path; from autograder.course.folders import Course\n"
        "from autograder.grading.class_run import grade_one\n"
        "from autograder.submissions.finding import HandIn\n"
        "path = Path(sys.argv[2])\n"
        "_, marks, _ = grade_one(Course(Path(sys.argv[1])).assignment(), HandIn(path.stem, path))\n"
        "print(marks.score > 4, 'torch' in sys.modules)\n"
    )
    message = subprocess.run(
        [sys.executable, "-c", script, str(ROOT), str(handed_in[1].path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert message.stdout.split() == ["True", "False"]


def test_a_run_killed_at_any_moment_goes_on_where_it_was(
    handed_in: list[HandIn], undisturbed: Path, tmp_path: Path
) -> None:
    for done in (1, 5, 11):
        run = grade(handed_in, tmp_path)
        while len(list(tmp_path.glob("*.md"))) < done and run.poll() is None:
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        for path in tmp_path.glob("*.json"):
            assert path.read_bytes() == (undisturbed / path.name).read_bytes()
    run = grade(handed_in, tmp_path)
    said, _ = run.communicate()
    assert run.returncode == 0, said
    written = contents(tmp_path)
    assert written.pop("grades.csv").count(b"\n") == len(handed_in) + 1
    page = written.pop("index.html").decode()
    assert all(f'href="{one.student}.html"' in page for one in handed_in)
    assert written == contents(undisturbed)


def test_one_that_hangs_costs_the_others_nothing(
    handed_in: list[HandIn], undisturbed: Path, tmp_path: Path
) -> None:
    hang = tmp_path / "hang.py"
    hang.write_text("def ngram_distribution(tokens, context, vocab_size):\n    while True: pass\n")
    out = tmp_path / "out"
    rows = list(
        ClassRun(Course(ROOT).assignment(), [HandIn("hang", hang), *handed_in], out, jobs=2)
    )
    # It was begun first, by one of the two workers; the other went on with the rest.
    order = [row.student for row in rows]
    assert order.index("hang") >= 4
    hung = rows[order.index("hang")]
    assert hung.status == "graded with problems"
    assert hung.reason == "`ngram_distribution` took longer than 10 s"
    with_it, alone = contents(out), contents(undisturbed)
    assert with_it.items() >= {k: v for k, v in alone.items() if k.startswith("student-")}.items()
    # Graded again, it is known to take long, and is begun first wherever it stands.
    again = ClassRun(Course(ROOT).assignment(), [*handed_in[:2], HandIn("hang", hang)], out, jobs=1)
    assert next(iter(again)).student == "hang"


def test_what_was_seen_is_marked_again_but_not_run_again(
    handed_in: list[HandIn], undisturbed: Path, tmp_path: Path
) -> None:
    one = handed_in[-1]
    whole = (undisturbed / f"{one.student}.json").read_text()
    noted = whole.replace('"reason": ""', '"reason": "seen before"')
    assert noted != whole
    (tmp_path / f"{one.student}.json").write_text(noted)
    (row,) = ClassRun(Course(ROOT).assignment(), [one], tmp_path)
    assert (row.total, row.reason) == (4.55, "seen before")
    (row,) = ClassRun(Course(ROOT).assignment(), [one], tmp_path, again=True)
    assert (row.total, row.reason) == (4.55, "")


def test_a_changed_submission_is_run_again(
    handed_in: list[HandIn], undisturbed: Path, tmp_path: Path
) -> None:
    one = handed_in[-1]
    (tmp_path / f"{one.student}.json").write_bytes(
        (undisturbed / f"{one.student}.json").read_bytes()
    )
    changed = tmp_path / "work" / one.path.name
    changed.parent.mkdir()
    changed.write_text(one.path.read_text().replace("return counts / counts.sum()", "return None"))
    (row,) = ClassRun(Course(ROOT).assignment(), [HandIn(one.student, changed)], tmp_path)
    assert row.parts["1a"] == 0


def test_a_second_run_into_the_same_folder_says_so_and_changes_nothing(
    handed_in: list[HandIn], tmp_path: Path
) -> None:
    first = ClassRun(Course(ROOT).assignment(), handed_in[:1], tmp_path)
    try:
        second = grade(handed_in, tmp_path)
        said, _ = second.communicate()
        assert second.returncode == 2
        assert "another run is writing its results there" in " ".join(said.split())
        assert not list(tmp_path.glob("*.json"))
    finally:
        first.close()


def test_a_cluster_that_loses_a_worker_gives_the_same_results(
    handed_in: list[HandIn], undisturbed: Path, tmp_path: Path
) -> None:
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        Client(cluster) as client,
    ):
        run = ClassRun(
            Course(ROOT).assignment(), handed_in, tmp_path, cluster=cluster.scheduler_address
        )
        rows = []
        for row in run:
            rows.append(row)
            if len(rows) == 3:
                victim, *_ = client.run(os.getpid).values()
                os.kill(victim, signal.SIGKILL)
    assert sorted(row.student for row in rows) == sorted(one.student for one in handed_in)
    assert contents(tmp_path) == contents(undisturbed)


def test_a_missing_scheduler_is_reported_and_leaves_the_folder_free(
    handed_in: list[HandIn], tmp_path: Path
) -> None:
    with pytest.raises(CourseError, match="no Dask scheduler at"):
        list(
            ClassRun(
                Course(ROOT).assignment(), handed_in[:1], tmp_path, cluster="tcp://127.0.0.1:9"
            )
        )
    ClassRun(Course(ROOT).assignment(), handed_in[:1], tmp_path).close()
