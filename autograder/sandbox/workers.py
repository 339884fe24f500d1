"""Runs workers: a warm process started once, a fork of it for each submission, and deadlines.

Everything that comes out of a worker passes through ``Worker.request``, which believes nothing:
a reply that is late, too large, out of turn or not in the format ends the worker. So does all that
a submission sends together, where that is too much.
"""

from __future__ import annotations

import itertools
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.course.folders import CourseError
from autograder.course.rubric import Limits
from autograder.sandbox import box
from autograder.sandbox.cgroup import Cgroup, make_group
from autograder.worker import wire
from autograder.worker.confine import NEEDED, Level

START_SECONDS = 120.0
CONTROL_SECONDS = 30.0
FORK_AGAIN_SECONDS = 0.1
MAX_REPLY_BYTES = 8 << 20
MAX_CONTROL_BYTES = 1 << 16
# In one call; right solutions make some hundreds.
MAX_CALLBACKS = 5_000
# What the answers of one submission may cost the grading process, in about nanoseconds (see
# ``wire.Allowance``), and of these a call back. An honest submission comes to 0.2e9.
MAX_COST = 3_000_000_000
CALLBACK = 200_000
# A reply with one of these ends a request.
ENDS = {"answer", "each", "error", "missing"}
GARBLED = "sent what is no answer"

IMPORTS = NEEDED
# What a notebook may import beside, seconds each; worth loading once for a class.
CLASS_IMPORTS = (
    "torch.optim",
    "torch._dynamo",
    "matplotlib.pyplot",
    "tqdm.auto",
    "IPython.core.inputtransformer2",
)

Reply = dict[str, Any]
Callback = Callable[[str, list[Any], dict[str, Any]], Any]


class WorkerLost(Exception):
    """The worker can no longer be used; ``reason`` completes "the code ...".

    So does ``brief``, in words that the code cannot choose.
    """

    def __init__(self, reason: str, brief: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.brief = brief or reason


class OutOfTime(WorkerLost):
    """The worker did not answer by the deadline."""


class SentTooMuch(WorkerLost):
    """The worker sent more than is read of one submission."""


class Garbled(WorkerLost):
    """The worker sent what a worker never sends: its code wrote to the socket by itself."""


class SandboxError(CourseError):
    """The sandbox itself does not work; nothing of it is a student's doing."""


class Refused(Exception):
    """A call back that is not answered, with the reason for the student."""


class Worker:
    """One process with one submission's code in it."""

    def __init__(
        self, control: Control, line: wire.Line, allowance: wire.Allowance, pid: int
    ) -> None:
        self._control = control
        self._line = line
        self._allowance = allowance
        self._pid = pid
        self._posted = self._replied = 0
        self._too_early = False
        self._open = True

    def request(
        self,
        op: str,
        seconds: float,
        *,
        notice: Callable[[Reply], None] | None = None,
        **fields: Any,
    ) -> Reply:
        """Asks and returns the reply. Raises as ``reply``."""
        return self.reply(self.post(op, **fields), seconds, notice=notice)

    def post(self, op: str, **fields: Any) -> int:
        """Asks, and returns the number of the request; some may be asked before any reply."""
        if self._replied == self._posted:
            self._too_early = self._line.unread
        self._posted += 1
        self._line.queue({"op": op, "id": self._posted, **fields})
        return self._posted

    def reply(
        self,
        number: int,
        seconds: float,
        *,
        callback: Callback | None = None,
        notice: Callable[[Reply], None] | None = None,
    ) -> Reply:
        """The reply to a request, which is taken for begun when those before it were replied to.

        Raises OutOfTime after ``seconds`` from now, SentTooMuch where the allowance is used up, and
        WorkerLost otherwise.
        """
        deadline = time.monotonic() + seconds
        callbacks = 0
        try:
            if self._too_early:
                self._line.receive(deadline, MAX_REPLY_BYTES)
                raise wire.WireError("a reply before it was asked for")
            while True:
                reply = self._line.receive(deadline, MAX_REPLY_BYTES)
                if not isinstance(reply, dict) or type(reply.get("id")) is not int:
                    raise wire.WireError("no reply")
                if reply["id"] != number:
                    raise wire.WireError("a reply out of turn")
                if ENDS & reply.keys():
                    self._replied = number
                    return reply
                if notice is not None and "at" in reply:
                    notice(reply)
                elif callback is not None and "callback" in reply:
                    callbacks += 1
                    if callbacks > MAX_CALLBACKS:
                        self.kill()
                        raise WorkerLost(f"called other stubs over {MAX_CALLBACKS:,} times")
                    self._allowance.spend(CALLBACK)
                    self._line.queue(_answer(callback, reply))
                else:
                    raise wire.WireError("a reply that was not asked for")
        except wire.TooLate:
            self.kill()
            raise OutOfTime(f"was stopped after {seconds:g} s", "ran out of time") from None
        except wire.Closed:
            ended = self.kill(ending=True)
            reason = ended or "ended its connection to the grader"
            raise WorkerLost(reason, "ended its process") from None
        except wire.TooMuch as error:
            self.kill()
            raise SentTooMuch(f"sent {error}") from None
        except wire.WireError as error:
            self.kill()
            raise Garbled(f"{GARBLED} ({error})", GARBLED) from None

    def kill(self, ending: bool = False) -> str:
        """Ends the worker; returns how it had ended by itself, or an empty text.

        One that closed its socket is probably ``ending`` and gets a moment for it.
        """
        if not self._open:
            return ""
        self._open = False
        self._line.close()
        return self._control.kill(self._pid, ending)


def _answer(callback: Callback, asked: Reply) -> Reply:
    name, args, kwargs = asked["callback"], asked.get("args"), asked.get("kwargs")
    try:
        if not (isinstance(name, str) and isinstance(args, list) and isinstance(kwargs, dict)):
            raise Refused("a call without a name or arguments")
        return {"answer": callback(name, args, kwargs)}
    except Refused as refused:
        return {"refused": str(refused)}


class Control:
    """One grading process's line to the warm process."""

    def __init__(
        self, sock: socket.socket, level: Level, hidden: Sequence[Path], group: Cgroup | None
    ) -> None:
        self._sock = sock
        self._line = wire.Line(sock)
        self._hidden = hidden
        self._group = group
        self.level = level
        self._ready = False
        self._folders: dict[int, Path] = {}

    def _ask(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> Any:
        self.wait()
        try:
            deadline = time.monotonic() + CONTROL_SECONDS
            socket.send_fds(self._sock, [b"!"], list(descriptors))
            self._line.send(message, deadline)
            return self._line.receive(deadline, MAX_CONTROL_BYTES)
        except (OSError, wire.WireError) as error:
            raise SandboxError(f"the warm process does not answer ({error})") from None

    def wait(self) -> None:
        """Waits until the warm process is ready. Raises SandboxError."""
        if self._ready:
            return
        try:
            self._line.receive(time.monotonic() + START_SECONDS, MAX_CONTROL_BYTES)
        except wire.Closed:
            reason = "the warm process did not start; its message is above"
            raise SandboxError(reason) from None
        except (OSError, wire.WireError) as error:
            raise SandboxError(f"the warm process does not answer ({error})") from None
        self._ready = True

    def fork(self, limits: Limits, allowance: wire.Allowance | None = None) -> Worker:
        """A fresh worker, confined, with nothing loaded. Raises SandboxError.

        The workers of one submission share an ``allowance`` for what they send.
        """
        if self._group is not None:
            self._group.allow(limits.memory_mb)
        folder = box.make_folder() if self.level == "restricted" else None
        hidden = [str(box.PACKAGE), *map(str, self._hidden)] if folder else []
        message = {
            "op": "fork",
            "limits": {
                "memory_mb": limits.memory_mb,
                "cpu_seconds": int(limits.submission_seconds) + 1,
                "folder": str(folder or ""),
                "hidden": hidden,
            },
        }
        ours, pid = self._forked(message, time.monotonic() + limits.submission_seconds)
        if folder is not None:
            self._folders[pid] = folder
        allowance = allowance or wire.Allowance(MAX_COST)
        line = wire.Line(ours, allowance)
        worker = Worker(self, line, allowance, pid)
        try:
            said = line.receive(time.monotonic() + CONTROL_SECONDS, MAX_CONTROL_BYTES)
        except wire.WireError as error:
            said = {"failed": worker.kill(ending=True) or str(error)}
        if "failed" in said:
            worker.kill()
            raise SandboxError(f"a worker could not be confined: {said['failed']}")
        return worker

    def _forked(self, message: dict[str, Any], deadline: float) -> tuple[socket.socket, int]:
        """Our end of a new worker's socket, and its process.

        Other workers may hold all processes that there may be, but none of them lives for long.
        """
        while True:
            ours, theirs = socket.socketpair()
            with theirs:
                forked = self._ask(message, [theirs.fileno()])
            if isinstance(forked, int):
                return ours, forked
            ours.close()
            if time.monotonic() > deadline:
                raise SandboxError(f"a worker could not be forked: {forked}")
            time.sleep(FORK_AGAIN_SECONDS)

    def kill(self, pid: int, ending: bool) -> str:
        """Ends a worker; see ``warm.Workers``."""
        ended: str = self._ask({"op": "kill", "pid": pid, "ending": ending})
        if pid in self._folders:
            _remove(self._folders.pop(pid))
        return ended

    def close(self) -> None:
        self._sock.close()


def _remove(folder: Path) -> None:
    """Removes a folder, whatever was put into it, as far as that can be done.

    What lies deeper is moved up first: neither long paths nor deep ones, nor folders that their
    owner may not read, are in the way.
    """
    names = itertools.count()
    with suppress(OSError):
        while sum(_emptied(entry, folder, names) for entry in list(folder.iterdir())):
            pass
        folder.rmdir()


def _emptied(entry: Path, top: Path, names: Iterator[int]) -> bool:
    """Removes an entry of ``top``, or moves the folders that lie in it there. Whether it did."""
    with suppress(OSError):
        if entry.is_symlink() or not entry.is_dir():
            entry.unlink()
            return True
        entry.chmod(0o700)
        for inner in os.scandir(entry):
            if inner.is_dir(follow_symlinks=False):
                os.chmod(inner.path, 0o700)
                os.rename(inner.path, top / f"moved {next(names)}")
            else:
                os.unlink(inner.path)
        entry.rmdir()
        return True
    return False


class Sandbox:
    """The warm process. Starting returns at once; the first fork waits until it is ready.

    There are ``controls`` lines to it, with a worker each at a time. ``hidden`` folders are kept
    from every worker, wherever they are. ``group`` bounds all of it together, where there is one.
    """

    def __init__(
        self,
        level: Level,
        controls: int = 1,
        imports: Sequence[str] = IMPORTS,
        hidden: Sequence[Path] = (),
    ) -> None:
        self._home = box.make_folder()
        pairs = [socket.socketpair() for _ in range(controls)]
        theirs = [pair[1] for pair in pairs]
        words = [level, ",".join(str(sock.fileno()) for sock in theirs), ",".join(imports)]
        self.group = make_group(controls) if level != "none" else None
        enter = self.group.command() if self.group else []
        self._process = subprocess.Popen(
            [*enter, *box.command(level, "warm", words, hidden)],
            env=box.environment(level, self._home),
            pass_fds=[sock.fileno() for sock in theirs],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        for sock in theirs:
            sock.close()
        self.controls = [Control(pair[0], level, hidden, self.group) for pair in pairs]

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the warm process and every worker."""
        for control in self.controls:
            control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self.group is not None:
            self.group.close()
        _remove(self._home)
