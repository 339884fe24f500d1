"""Where one submission's time goes, and the floor: the same work without isolation.

    python -m benchmarks.stages [--count N] [--assignment NAME]

The floor makes the same calls and comparisons, in the same order, in this one warm process.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from autograder.course.rubric import Limits
from autograder.grading.grader import Grader
from autograder.marking.marks import mark
from autograder.reports.files import write_student
from autograder.results.code import code_by_part
from autograder.sandbox import box
from autograder.sandbox import workers as sandbox
from autograder.sandbox.workers import Control, Reply, Sandbox, Worker
from autograder.submissions.reading import Submission
from autograder.suite.evidence import Evidence
from autograder.worker import wire
from autograder.worker.cells import describe
from autograder.worker.serve import Server
from autograder.worker.values import seed_of
from autograder.worker.wire import Allowance
from benchmarks.classes import about, assignment, copies

Clock = defaultdict[str, float]


def arrived(value: Any) -> Any:
    """A value as it comes out at the other end of a line."""
    if isinstance(value, wire.Packed):
        return arrived(value.value)
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, np.random.Generator | wire.Seed):
        seed = value.value if isinstance(value, wire.Seed) else seed_of(value)
        return np.random.default_rng(seed)
    if isinstance(value, wire.Tuple):
        return tuple(map(arrived, value.items))
    if isinstance(value, tuple | list):
        return list(map(arrived, value))
    return {key: arrived(one) for key, one in value.items()} if isinstance(value, dict) else value


class _Direct(Server):
    """Answers requests in the process that asks."""

    def __init__(self) -> None:
        main = sys.modules["__main__"]
        super().__init__(line=None)  # type: ignore[arg-type]
        self._posted: list[tuple[str, dict[str, Any]]] = []
        sys.modules["__main__"] = main

    def _send(self, message: dict[str, Any]) -> None:
        """Nobody waits for a notice; a call back is answered at once."""
        if "callback" in message:
            name, args, kwargs = (arrived(message[key]) for key in ("callback", "args", "kwargs"))
            try:
                self._answered = {"answer": arrived(self._callback(name, args, kwargs))}
            except sandbox.Refused as refused:
                self._answered = {"refused": str(refused)}

    def _receive(self) -> Any:
        return self._answered

    def post(self, op: str, **fields: Any) -> int:
        self._posted.append((op, fields))
        return len(self._posted)

    def reply(
        self, number: int, seconds: float, *, callback: Any = None, notice: Any = None
    ) -> Reply:
        op, fields = self._posted[number - 1]
        fields = {key: arrived(value) for key, value in fields.items()}
        self._callback = callback
        try:
            reply: Reply = getattr(self, f"_{op}")(**fields)
        except Exception as error:
            return {"error": describe(error)}
        return reply

    def kill(self, ending: bool = False) -> str:
        return ""


class _NoControl:
    """Takes the place of a line to the warm process."""

    level = "none"

    def wait(self) -> None:
        """There is nothing to wait for."""

    def fork(self, limits: Limits, allowance: Allowance | None = None) -> _Direct:
        return _Direct()


@contextmanager
def timed(owner: Any, name: str, clock: Clock, stage: str) -> Iterator[None]:
    """Adds the seconds spent in a function to a stage, and takes them from what surrounds it."""
    function: Callable[..., Any] = getattr(owner, name)

    def measured(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            clock[stage] += time.perf_counter() - started

    setattr(owner, name, measured)
    try:
        yield
    finally:
        setattr(owner, name, function)


def graded(grader: Grader, submission: Submission, control: Any) -> Evidence:
    evidence = grader.grade(submission, control)
    lost = {
        name: one.message
        for name, one in mark(evidence, grader.rubric).criteria.items()
        if not one.met
    }
    if lost:
        raise SystemExit(f"{submission.student}: nothing is measured where points are lost: {lost}")
    return evidence


@click.command()
@click.option("--count", default=40, show_default=True, type=click.IntRange(min=4))
@about
def main(count: int, name: str) -> None:
    """Where one submission's time goes."""
    clock: Clock = defaultdict(float)
    # The warm process and its workers too: else they would use another core meanwhile.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    # As in a worker. Two threads would wait for each other on the one core.
    torch.set_num_threads(1)
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(box.choose(None), imports=sandbox.IMPORTS + sandbox.CLASS_IMPORTS) as warm,
    ):
        handed_in = copies(Path(folder) / "class", count, name)
        grader = Grader(assignment(name))
        for one in handed_in[:4]:
            for control in (warm.controls[0], _NoControl()):
                with redirect_stdout(StringIO()):
                    graded(grader, grader.read(one), control)
        started = time.perf_counter()
        with (
            timed(Control, "fork", clock, "fork a worker and confine it"),
            timed(Worker, "reply", clock, "wait for the worker: cells and calls"),
            timed(Worker, "kill", clock, "kill it and wait for its end"),
        ):
            for one in handed_in:
                at = time.perf_counter()
                submission = grader.read(one)
                clock["read the file"] += time.perf_counter() - at
                evidence = graded(grader, submission, warm.controls[0])
                at = time.perf_counter()
                marks = mark(evidence, grader.rubric)
                code = code_by_part(submission, grader.rubric)
                write_student(Path(folder), evidence, marks, grader.rubric, "", code)
                clock["mark and write"] += time.perf_counter() - at
        whole = time.perf_counter() - started
        started = time.perf_counter()
        with redirect_stdout(StringIO()):
            for one in handed_in:
                graded(grader, grader.read(one), _NoControl())
        floor = time.perf_counter() - started
    clock["checks, right answers, messages"] = whole - sum(clock.values())
    table = Table(title=f"{name}: one submission of {count}, on one core, in ms")
    table.add_column("stage")
    table.add_column("ms", justify="right")
    for stage, seconds in sorted(clock.items(), key=lambda item: -item[1]):
        table.add_row(stage, f"{1e3 * seconds / count:.1f}")
    table.add_section()
    table.add_row("all of it", f"{1e3 * whole / count:.1f}")
    table.add_row("the floor: the same in one process", f"{1e3 * floor / count:.1f}")
    table.add_row("times the floor", f"{whole / floor:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
