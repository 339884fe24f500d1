"""Stops code that takes too long, wherever it runs: in a notebook, in a terminal, under pytest."""

from __future__ import annotations

import ctypes
import faulthandler
import math
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

STDERR = 2


class OutOfTime(BaseException):
    """The code took too long. No ``except Exception`` of a student's catches it."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises OutOfTime in what runs within, once that took longer, and again if it goes on.

    In the main thread of Linux and macOS, this also ends what waits, such as ``time.sleep`` and
    ``input``. Elsewhere it is raised between two steps of Python. No call of numpy is stopped.
    """
    if seconds == math.inf:
        yield
        return
    done = threading.Event()
    here = threading.get_ident()
    by_signal = _listen(done)

    def watch() -> None:
        while not done.wait(seconds):
            if by_signal is not None:
                signal.pthread_kill(here, signal.SIGALRM)
            else:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(here), ctypes.py_object(OutOfTime)
                )

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        if by_signal is not None:
            signal.signal(signal.SIGALRM, by_signal)


def _listen(done: threading.Event) -> Any:
    """Makes a signal raise OutOfTime until it is ``done``; returns what the signal did before.

    None where signals cannot do that.
    """
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        return None

    def stop(number: int, frame: object) -> None:
        if not done.is_set():
            raise OutOfTime

    return signal.signal(signal.SIGALRM, stop) or signal.SIG_DFL


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """Ends this process if what runs within takes longer, even in a call that cannot be stopped.

    For a terminal. The lines that are running are printed then, the last one first.
    """
    faulthandler.dump_traceback_later(seconds, exit=True, file=STDERR)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
