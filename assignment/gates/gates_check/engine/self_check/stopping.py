"""Stops code that takes too long, wherever it runs: in a notebook, in a terminal, under pytest."""

from __future__ import annotations

import ctypes
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class OutOfTime(BaseException):
    """The code took too long. No ``except Exception`` of a student's catches it."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises OutOfTime in what runs within, once that took longer, and again if it goes on.

    It is raised between two steps of Python: not within a call of numpy, or of ``time.sleep``.
    """
    if seconds == math.inf:
        yield
        return
    done = threading.Event()
    here = ctypes.c_ulong(threading.get_ident())

    def watch() -> None:
        while not done.wait(seconds):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(here, ctypes.py_object(OutOfTime))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
