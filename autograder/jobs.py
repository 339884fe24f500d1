"""How many submissions are graded at a time."""

from __future__ import annotations

import os

# Of a job, the grading process and the worker take turns, and one waits while the other starts.
JOBS_PER_CORE = 2


def usual_jobs() -> int:
    """As many as keep the cores busy that this process may run on."""
    known = hasattr(os, "sched_getaffinity")  # not so on macOS
    return JOBS_PER_CORE * (len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1)
