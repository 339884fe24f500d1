"""The warm process: imports what submissions need once, and forks a worker for each of them.

It has one control socket for each grading process. On a control socket come requests to fork
(with the worker's end of a new socket attached) and to kill; when it closes, all workers made
for it are killed. This process computes nothing and reads nothing that a worker wrote.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import select
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from . import confine, wire
from .by_hand import guard
from .serve import serve

MAX_CONTROL_BYTES = 1 << 16
PATIENCE_SECONDS = 30.0
ENDING_SECONDS = 0.5
# How often it is looked whether the grading process is still there, while torch is loaded.
LOOK_SECONDS = 0.1
LARGE_PAGE = 1 << 21
MADV_COLLAPSE = 25


class Workers:
    """The workers made for one control socket."""

    def __init__(self, control: socket.socket, level: confine.Level) -> None:
        self.control = control
        self._line = wire.Line(control)
        self._level = level
        self._pids: set[int] = set()

    def tell_ready(self) -> None:
        """Says that workers can be asked for. Raises wire.Closed."""
        self._line.send({"ready": True}, time.monotonic() + PATIENCE_SECONDS)

    def answer(self) -> None:
        """Serves one request. Raises wire.Closed or wire.TooLate when the other side is gone."""
        _, descriptors, _, _ = socket.recv_fds(self.control, 1, 1)
        request = self._line.receive(time.monotonic() + PATIENCE_SECONDS, MAX_CONTROL_BYTES)
        reply: object
        if request["op"] == "fork":
            reply = self._fork(socket.socket(fileno=descriptors[0]), request["limits"])
        else:
            reply = self._kill(request["pid"], request["ending"])
        self._line.send(reply, time.monotonic() + PATIENCE_SECONDS)

    def _fork(self, sock: socket.socket, limits: dict[str, Any]) -> int | str:
        """The worker's process; the error in words where the kernel has none to give now."""
        try:
            pid = confine.fork(self._level)
        except OSError as error:
            sock.close()
            return str(error)
        if pid == 0:
            status = 1
            try:
                become_worker(sock, self._level, limits)
                status = 0
            finally:
                os._exit(status)
        sock.close()
        self._pids.add(pid)
        return pid

    def _kill(self, pid: int, ending: bool = False) -> str:
        """Kills a worker and returns how it had ended before, if it had.

        One that closed its socket is probably ``ending`` and gets a moment for it.
        """
        if pid not in self._pids:
            return ""
        self._pids.discard(pid)
        if ending:
            _wait_a_little(pid)
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return _ending(status)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return ""

    def kill_all(self) -> None:
        for pid in tuple(self._pids):
            self._kill(pid)


def _wait_a_little(pid: int) -> None:
    descriptor = os.pidfd_open(pid)
    try:
        select.select([descriptor], [], [], ENDING_SECONDS)
    finally:
        os.close(descriptor)


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        return f"was stopped by {signal.Signals(-code).name}"
    return f"ended the process with status {code}"


def become_worker(sock: socket.socket, level: confine.Level, limits: dict[str, Any]) -> None:
    """What a fork does: confine itself, then serve one submission."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    private = limits["folder"]
    line = wire.Line(sock)
    deadline = time.monotonic() + PATIENCE_SECONDS
    try:
        confine.confine(
            level,
            keep=sock.fileno(),
            memory_mb=limits["memory_mb"],
            cpu_seconds=limits["cpu_seconds"],
            private=Path(private) if private else None,
            hidden=[Path(folder) for folder in limits["hidden"]],
        )
    except OSError as error:
        line.send({"failed": str(error)}, deadline)
        return
    # Now that the working folder is its own, as in a notebook.
    sys.path.insert(0, "")
    line.send({"ready": True}, deadline)
    serve(line)


def rehearse(torch: Any) -> None:
    """Runs each layer that a model has once: what torch then prepares, each worker would again."""
    nn = torch.nn
    tokens, steps = torch.zeros(2, 2, dtype=torch.int64), torch.zeros(2, 2, 2)
    packed = nn.utils.rnn.pack_padded_sequence(steps, torch.tensor([2, 1]), batch_first=True)
    layers = [(nn.Embedding(2, 2), tokens), (nn.Dropout(), steps), (nn.Linear(2, 2), steps)]
    for kind in (nn.RNN, nn.LSTM, nn.GRU):
        recurrent = kind(2, 2, num_layers=2, bidirectional=True, batch_first=True)
        layers += [(recurrent, steps), (recurrent, packed)]
    for layer, given in layers:
        layer.load_state_dict(layer.state_dict())
        # With a graph of what was computed, and without.
        layer.eval()(given)
        with torch.no_grad():
            layer(given)


@contextmanager
def ending_with(controls: Sequence[socket.socket]) -> Iterator[None]:
    """Within, this process ends once the other ends of all these sockets are closed.

    To load torch takes seconds, in which the grading process may find that it needs no worker.
    """
    loaded = threading.Event()
    poll = select.poll()
    for control in controls:
        poll.register(control, select.POLLRDHUP)

    def watch() -> None:
        while not loaded.wait(LOOK_SECONDS):
            if len(poll.poll(0)) == len(controls):
                os._exit(0)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        loaded.set()
        watcher.join()


def use_large_pages() -> None:
    """Moves this process's memory onto large pages, where the kernel does that (Linux 6.1).

    A fork copies an entry for each page and a worker's end drops them: with some 200 MB on small
    pages, that is most of what both take.
    """
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int
    for line in maps.read_text().splitlines():
        places, kind, *_, inode, name = [*line.split(), ""][:6]
        if kind != "rw-p" or inode != "0" or name not in ("", "[heap]"):
            continue
        start, end = (int(place, 16) for place in places.split("-"))
        for page in range(-(-start // LARGE_PAGE) * LARGE_PAGE, end - LARGE_PAGE + 1, LARGE_PAGE):
            madvise(page, LARGE_PAGE, MADV_COLLAPSE)


def main(level: confine.Level, descriptors: str, modules: str) -> None:
    """Imports ``modules``, then serves the control sockets until all are closed.

    These are lists with commas: of descriptor numbers, and of module names.
    """
    confine.prepare(level)
    controls = [socket.socket(fileno=int(descriptor)) for descriptor in descriptors.split(",")]
    with ending_with(controls):
        for name in modules.split(","):
            with suppress(ImportError):
                importlib.import_module(name)
        if "torch" in sys.modules:
            # Read from /proc at its first use, which workers do not see: slow kernels without it.
            sys.modules["torch"].backends.cpu.get_cpu_capability()
            rehearse(sys.modules["torch"])
    guard()
    gc.collect()
    gc.freeze()
    use_large_pages()
    selector = selectors.DefaultSelector()
    for control in controls:
        workers = Workers(control, level)
        selector.register(workers.control, selectors.EVENT_READ, workers)
        with suppress(wire.Closed):  # which is seen below
            workers.tell_ready()
    while selector.get_map():
        for key, _ in selector.select():
            workers = key.data
            try:
                workers.answer()
            except (wire.Closed, wire.TooLate, ConnectionResetError):
                # Reset, where no worker was asked for and what was sent above was not read; too
                # late, where the grading process no longer listens.
                workers.kill_all()
                selector.unregister(workers.control)
                workers.control.close()
    os._exit(0)  # at once: there is nothing to put in order, and torch takes long over it
