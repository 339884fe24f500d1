"""Finds how well this machine keeps students' code apart, by having it try to break out.

At each level a warm process is started as for grading, and one of its workers runs ``escapes.py``.
What the worker says of it is compared with what is seen from outside.
"""

from __future__ import annotations

import os
import socket
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.course.folders import Course, CourseError
from autograder.course.rubric import Limits
from autograder.doctor.advice import advise
from autograder.doctor.weaknesses import find_weaknesses
from autograder.sandbox import box
from autograder.sandbox.workers import Control, Sandbox, SandboxError, WorkerLost
from autograder.worker.confine import Level

LEVELS: tuple[Level, ...] = ("isolated", "restricted")
ESCAPES = Path(__file__).parent / "escapes.py"
LIMITS = Limits(call_seconds=60, cell_seconds=60, memory_mb=256)
# What a level does not promise, and why.
NOT_PROMISED: Mapping[Level, Mapping[str, str]] = {
    "isolated": {},
    "restricted": {
        "see that a file exists": "landlock keeps files from being read, not from being looked at",
        "write files without a bound": "a folder on disk has no bound without a separate mount; "
        "each file has one, and all are removed with the worker",
    },
}


@dataclass(frozen=True)
class Examined:
    """How one level did: ``reason`` is why it does not hold; ``worked`` is what was tried.

    ``bounded`` says whether a control group bounds all workers together.
    """

    level: Level
    reason: str
    worked: Mapping[str, bool] = field(default_factory=dict)
    bounded: bool = False

    @property
    def through(self) -> list[str]:
        """What worked and should not have."""
        allowed = NOT_PROMISED[self.level]
        return [name for name, worked in self.worked.items() if worked and name not in allowed]

    @property
    def holds(self) -> bool:
        return not self.reason and not self.through


@dataclass(frozen=True)
class Diagnosis:
    """The levels from the strongest on, what would make it better, and what weakens it anyway."""

    levels: tuple[Examined, ...]
    advice: tuple[str, ...]
    weaknesses: tuple[str, ...] = ()

    @property
    def gives(self) -> Level:
        return next((one.level for one in self.levels if one.holds), "none")

    @property
    def bounded(self) -> bool:
        """Whether a control group bounds all workers together at the level that this gives."""
        return any(one.bounded for one in self.levels if one.level == self.gives)


def diagnose(course: Course | None = None) -> Diagnosis:
    """Tries the levels, and looks at the machine and at the course.

    What is found wrong comes with advice. Raises CourseError where nothing can be tried at all.
    """
    levels = tuple(_examine(level) for level in LEVELS)
    advice: list[str] = []
    for one in levels:
        if one.holds:
            break
        advice += advise(one.reason) if one.reason else [BROKEN.format(", ".join(one.through))]
    diagnosis = Diagnosis(levels, tuple(dict.fromkeys(advice)))
    return replace(diagnosis, weaknesses=tuple(find_weaknesses(diagnosis.gives, course)))


BROKEN = "Code got out of its box here ({}). Do not grade with this level, and report it."


def _examine(level: Level) -> Examined:
    reason = box.try_levels()[level]
    if reason:
        return Examined(level, reason)
    with tempfile.TemporaryDirectory() as name, Outside(Path(name)) as outside:
        try:
            with Sandbox(level, imports=["numpy"]) as sandbox:
                worked = try_in_a_worker(sandbox.controls[0], outside)
                bounded = sandbox.group is not None
        except (SandboxError, WorkerLost) as error:
            return Examined(level, str(error))
        return Examined(level, "", worked | outside.seen(), bounded)


def try_in_a_worker(control: Control, outside: Outside) -> dict[str, bool]:
    neighbour, worker = control.fork(LIMITS), control.fork(LIMITS)
    source = ESCAPES.read_text(encoding="utf-8")
    worker.request(
        "cell", LIMITS.cell_seconds, notice=lambda at: None, name="cell 1", source=source, stop=None
    )
    asked: tuple[Any, ...] = ("try_escapes", [outside.facts()], {}, 1, [])
    reply = worker.request("call", LIMITS.call_seconds, asked=asked, arguments_after=False)
    answer = reply.get("answer")
    if not isinstance(answer, dict):
        raise WorkerLost(f"the worker did not say what it tried: {reply}")
    worker.kill()
    worked = {str(name): bool(got) for name, got in answer.items()}
    try:
        neighbour.request("value", LIMITS.call_seconds, name="x")
        control.fork(LIMITS).kill()
        disturbed = False
    except (SandboxError, WorkerLost):
        disturbed = True
    neighbour.kill()
    return worked | {"disturb a classmate's worker": disturbed}


def _listen(family: int, kind: int, address: Any) -> socket.socket:
    listening = socket.socket(family, kind)
    listening.bind(address)
    if kind == socket.SOCK_STREAM:
        listening.listen()
    listening.setblocking(False)
    return listening


class Outside:
    """What an escape would reach: a secret, listeners, a place for a file; and if it did."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self._open = folder / "open to all"
        self._open.mkdir()
        self._open.chmod(0o777)
        self._secret = self._open / "secret"
        self._secret.write_text("nothing that a student may read")
        self._secret.chmod(0o666)
        self._marker = self._open / f"escaped-{os.getpid()}"
        door = self._open / "door"
        try:
            self._sockets = [
                _listen(socket.AF_UNIX, socket.SOCK_STREAM, str(door)),
                _listen(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{door}"),
                _listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            ]
        except OSError as error:
            raise CourseError(
                f"the doctor cannot listen on 127.0.0.1 and in {folder} for what gets out of a "
                f"worker ({error}); TMPDIR can name another folder, with a shorter path"
            ) from None
        self._port: int = self._sockets[2].getsockname()[1]
        self._sockets.append(_listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", self._port)))
        door.chmod(0o777)

    def __enter__(self) -> Outside:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            one.close()

    def facts(self) -> dict[str, Any]:
        """What an attacker would have to find out first."""
        return {
            "secret": str(self._secret),
            "marker": str(self._marker),
            "door": str(self._open / "door"),
            "port": self._port,
            "home": os.path.expanduser("~"),
            "packages": sysconfig.get_path("purelib"),
            "others": [os.getpid(), os.getppid()],
            "memory_mb": 4 * LIMITS.memory_mb,
        }

    def seen(self) -> dict[str, bool]:
        """What the worker reached, whatever it says."""
        time.sleep(0.1)
        called = False
        for one in self._sockets:
            try:
                called = bool(one.recv(1) if one.type == socket.SOCK_DGRAM else one.accept())
            except BlockingIOError:
                continue
        changed = self._secret.read_text() != "nothing that a student may read"
        return {
            "be seen outside: a file": self._marker.exists(),
            "be seen outside: a changed file": changed,
            "be seen outside: a call": called,
        }
