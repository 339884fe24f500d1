"""Runs again whenever files have changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from autograder.cli.options import say
from autograder.course.folders import CourseError

WATCH_SECONDS = 10
# What was looked at: every file, how long it was, and when it was last written.
Seen = frozenset[tuple[str, int, int]]


def watch(
    run: Callable[[], None],
    seen: Callable[[], Seen],
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Runs whenever what is seen has changed, and has stayed so since the last look.

    A file that is still being copied changes from look to look. Ends with Ctrl-C.
    """
    done: Seen | None = None
    before = seen()
    try:
        while True:
            now = seen()
            if now and now == before and now != done:
                done = now
                try:
                    run()
                except CourseError as error:
                    say(f"autograder: {error}", "red")
                click.echo("waiting for more; Ctrl-C ends this", err=True)
            before = now
            wait(WATCH_SECONDS)
    except KeyboardInterrupt:
        click.echo("", err=True)


def look(paths: Sequence[Path]) -> Seen:
    """What there is under these paths now."""
    found = set()
    for path in paths:
        for file in [path, *(path.rglob("*") if path.is_dir() else ())]:
            try:
                about = file.lstat()
            except OSError:
                continue
            if not file.is_dir():
                found.add((str(file), about.st_size, about.st_mtime_ns))
    return frozenset(found)
