"""Grades on the workers of a Dask cluster: the same function, each worker with its own warm box.

A lost worker costs a retry, not a result. A course's files are sent once to each worker, and stay
in its memory.
"""

from __future__ import annotations

import atexit
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from autograder.course import digest
from autograder.course.folders import RUBRIC, SECRET, Assignment, Course, CourseError
from autograder.grading.grader import Grader
from autograder.sandbox import box
from autograder.sandbox.workers import CLASS_IMPORTS, IMPORTS, Sandbox
from autograder.submissions.reading import Submission
from autograder.suite.evidence import Evidence
from autograder.worker.confine import Level

if TYPE_CHECKING:
    from distributed import Client

RETRIES = 3
CONNECT_SECONDS = 10
WAITING_PER_THREAD = 4


class Bundle(msgspec.Struct, frozen=True):
    """The files of an assignment, its name, and which autograder they are for."""

    assignment: str
    files: dict[str, bytes]
    autograder: bytes
    level: Level


def bundle(assignment: Assignment, level: Level) -> Bundle:
    """All of an assignment that grading needs."""
    root = assignment.course.root
    assignment.course.secret()
    paths = [assignment.rubric_file, root / RUBRIC, root / SECRET, *digest.files(assignment.folder)]
    files = {str(path.relative_to(root)): path.read_bytes() for path in paths if path.is_file()}
    return Bundle(assignment.name, files, digest.of_code(), level)


def connect(cluster: str) -> Client:
    """A client of the cluster that ``cluster`` names.

    This is a scheduler's address, the path of a scheduler file, or ``local`` for one on this
    machine by Dask's own configuration. Raises CourseError where none is found.
    """
    try:
        from distributed import Client
    except ImportError:
        raise CourseError(
            'grading on a cluster needs Dask; install it with pip install ".[cluster]"'
        ) from None
    try:
        if cluster == "local":
            # Its dashboard would listen to all machines around.
            return Client(dashboard_address=None)
        if Path(cluster).is_file():
            return Client(scheduler_file=cluster, timeout=CONNECT_SECONDS)
        return Client(cluster, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise CourseError(f"no Dask scheduler at {cluster}: {error}") from None


def graded_on(
    client: Client, bundled: Bundle, submissions: Iterable[Submission]
) -> Iterator[Evidence]:
    """The evidence of the submissions, as it comes. Raises CourseError where a box fails."""
    from distributed import KilledWorker, as_completed

    sent = client.scatter(bundled, broadcast=True, hash=False)
    limit = WAITING_PER_THREAD * max(1, sum(client.nthreads().values()))
    to_come = iter(submissions)
    running = as_completed()
    waiting = 0

    def submit_next() -> bool:
        submission = next(to_come, None)
        if submission is None:
            return False
        running.add(client.submit(grade_there, sent, submission, pure=False, retries=RETRIES))
        return True

    while waiting < limit and submit_next():
        waiting += 1
    while waiting:
        future = next(running)
        try:
            evidence = msgspec.json.decode(future.result(), type=Evidence)
        except KilledWorker as error:
            raise CourseError(f"the cluster lost a worker again and again: {error}") from None
        future.release()
        waiting -= 1
        yield evidence
        waiting += submit_next()


def grade_there(bundled: Bundle, submission: Submission) -> bytes:
    """What runs on a worker: one submission, in this thread's own warm box."""
    here = getattr(_thread, "box", None)
    if here is None or here.bundled != bundled:
        if here is not None:
            here.close()
        here = _thread.box = _Box(bundled)
    evidence = here.grader.grade(submission, here.sandbox.controls[0])
    return msgspec.json.encode(evidence)


_thread = threading.local()


class _Box:
    """The grader of an assignment on this machine, and a warm process."""

    def __init__(self, bundled: Bundle) -> None:
        if bundled.autograder != digest.of_code():
            raise CourseError(
                "this worker has another version of the autograder; install the same on all"
            )
        self.bundled = bundled
        # On the disk only until it is read: a worker that is killed clears nothing away.
        with tempfile.TemporaryDirectory(prefix="course-") as folder:
            for name, data in bundled.files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            self.grader = Grader(Course(Path(folder)).assignment(bundled.assignment))
        self.sandbox = Sandbox(box.choose(bundled.level), imports=IMPORTS + CLASS_IMPORTS)
        atexit.register(self.sandbox.close)

    def close(self) -> None:
        """Ends the warm process."""
        atexit.unregister(self.sandbox.close)
        self.sandbox.close()
