"""Grades a folder of attacks for real, and writes down what is left of them on this machine.

Run as a program, by root or by an ordinary user, it is given what a ``Job`` says, as JSON.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from autograder.course.folders import Course
from autograder.grading.class_run import ClassRun
from autograder.intake.finding import find_submissions
from autograder.marking.marks import Marks
from autograder.reports.files import write_grades
from autograder.reports.terminal import print_class, print_marks
from autograder.results.rows import Row
from autograder.suite.evidence import Evidence
from autograder.worker.confine import Level
from benchmarks.costly_answers import forget_peak, peak

PR_SET_CHILD_SUBREAPER = 36


class Job(msgspec.Struct):
    """What to grade, at which level; ``doors`` are where an attack may try to reach out."""

    assignment: str
    submissions: str
    folder: str
    level: Level
    jobs: int
    port: int
    door: str


class Report(msgspec.Struct):
    """What was seen of the whole run, beside the files that it wrote.

    ``megabytes`` is how large this process became over each student, where it grades by itself.
    """

    rows: list[Row]
    megabytes: dict[str, float]
    processes_left: list[str]
    reached: list[str]


def _children() -> list[str]:
    """The command lines of what this process, to which orphans fall, has for children."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                if int(parent) == os.getpid():
                    found.append((entry / "cmdline").read_text().replace("\0", " ") or entry.name)
            except OSError:
                continue
    return found


class _Doors:
    """Sockets that nobody has a reason to talk to."""

    def __init__(self, job: Job) -> None:
        self._listening: dict[str, tuple[Any, Any, Any]] = {
            "tcp": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", job.port)),
            "udp": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", job.port)),
            "unix": (socket.AF_UNIX, socket.SOCK_STREAM, job.door),
            "abstract": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{job.door}"),
        }
        self._sockets = {}
        for name, listening in self._listening.items():
            family, kind, address = listening
            self._sockets[name] = socket.socket(family, kind)
            self._sockets[name].bind(address)
            if kind == socket.SOCK_STREAM:
                self._sockets[name].listen()
            self._sockets[name].setblocking(False)
        os.chmod(job.door, 0o777)

    def reached(self) -> list[str]:
        found = []
        for name, listening in self._sockets.items():
            try:
                if listening.type == socket.SOCK_STREAM:
                    listening.accept()
                else:
                    listening.recv(1)
                found.append(name)
            except BlockingIOError:
                continue
        return found


def _print_everything(folder: Path, rows: list[Row], run: ClassRun) -> None:
    """All that the commands would have printed, into files."""
    with (folder / "class.txt").open("w", encoding="utf-8") as file:
        print_class(Console(file=file, force_terminal=True, width=160), rows, run.rubric)
    for row in rows:
        stored = (folder / f"{row.student}.json").read_bytes()
        evidence = msgspec.convert(msgspec.json.decode(stored)["evidence"], Evidence)
        marks = msgspec.json.decode(stored, type=Marks)
        with (folder / f"{row.student}.txt").open("w", encoding="utf-8") as file:
            console = Console(file=file, force_terminal=True, width=160)
            print_marks(console, evidence, marks, run.rubric)


def main(job: Job) -> Report:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    doors = _Doors(job)
    assignment, folder = Course(Path(job.assignment)).assignment(), Path(job.folder)
    given = [Path(job.submissions)]
    handed_in = find_submissions(given, assignment.name, assignment.released)
    run = ClassRun(assignment, handed_in, folder, job.jobs, job.level)
    rows, megabytes = [], {}
    forget_peak()
    for row in run:
        rows.append(row)
        megabytes[row.student] = peak()
        forget_peak()
    write_grades(folder, rows, run.rubric)
    _print_everything(folder, rows, run)
    return Report(rows, megabytes, _children(), doors.reached())


if __name__ == "__main__":
    given = msgspec.json.decode(sys.argv[1], type=Job)
    sys.stdout.buffer.write(msgspec.json.encode(main(given)))
