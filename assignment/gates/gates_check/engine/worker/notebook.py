"""What a notebook has beside Python: magics, ``display``, and ``await`` at the top level."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

PYTHON_CELL_MAGICS = {"time", "timeit", "capture", "prun"}


class NotebookShell:
    """Takes IPython's place where a cell uses magics: these do nothing, Python in them runs."""

    def __init__(self, run: Callable[[str], None]) -> None:
        self._run = run

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        if name in PYTHON_CELL_MAGICS:
            self._run(body)

    def run_line_magic(self, name: str, line: str, *_: object, **__: object) -> None:
        if name == "time":
            self._run(line)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


class _Shown:
    """What ``display`` returns where it is given a ``display_id``."""

    def display(self, *_: object, **__: object) -> None:
        """Shows nothing."""

    update = display


def display(*_: object, display_id: object = None, **__: object) -> _Shown | None:
    """Shows nothing."""
    return _Shown() if display_id else None


class _NoFiles:
    """Takes a selector's place, since no pipe can be made: waits for time and for threads alone."""

    def __init__(self) -> None:
        self._woken = threading.Event()

    def wake(self) -> None:
        self._woken.set()

    def select(self, timeout: float | None) -> list[Any]:
        self._woken.wait(timeout)
        self._woken.clear()
        return []


class EventLoop(asyncio.BaseEventLoop):
    """Runs what cells await. asyncio's own loops make a socket, which is refused."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _NoFiles()

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        self._selector.wake()
