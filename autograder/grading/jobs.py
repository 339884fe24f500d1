"""How many submissions are graded at a time."""

from __future__ import annotations

import os

# One more than there are cores goes on while a submission is waited for that hangs.
WAITING = 1


def usual_jobs() -> int:
    """As many as keep the cores busy that this process may run on."""
    known = hasattr(os, "sched_getaffinity")  # not so on macOS
    return WAITING + (len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1)
