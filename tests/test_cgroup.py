"""What runs in the group is bounded as a whole. Skipped where the kernel grants no group."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.rubric import Limits
from autograder.sandbox import box, cgroup
from autograder.sandbox.cgroup import Cgroup, make_group
from autograder.sandbox.workers import Sandbox

FOUR_TIMES_64_MB = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        held = b"x" * (64 << 20)
        time.sleep(1)
        os._exit(0)
print(sum(os.waitpid(-1, 0)[1] != 0 for _ in range(4)))
"""
HUNDREDS_OF_PROCESSES = """
import os, time
try:
    for _ in range(400):
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)
    print("all")
except BlockingIOError:
    print("refused")
os.killpg(0, 9)
"""


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cgroup]:
    monkeypatch.setattr(cgroup, "WARM_MB", 0)
    made = make_group(1)
    if made is None:
        pytest.skip("no control group can be had here")
    yield made
    made.close()


def run(group: Cgroup, source: str) -> str:
    words = [*group.command(), sys.executable, "-u", "-c", source]
    done = subprocess.run(words, capture_output=True, text=True, start_new_session=True)
    return done.stdout.strip()


def folders(group: Cgroup) -> list[Path]:
    return [Path(word) for word in group.command() if word.startswith("/sys")]


def test_memory_is_bounded_over_all_processes(group: Cgroup) -> None:
    group.allow(1000)
    assert run(group, FOUR_TIMES_64_MB) == "0"
    group.allow(200)
    assert int(run(group, FOUR_TIMES_64_MB)) >= 1


def test_processes_are_bounded(group: Cgroup) -> None:
    assert run(group, HUNDREDS_OF_PROCESSES) == "refused"


def test_a_group_goes_with_the_sandbox(sandbox: Sandbox) -> None:
    with Sandbox(sandbox.controls[0].level, imports=["numpy"]) as own:
        made = own.group
        if made is None:
            pytest.skip("no control group can be had here")
        assert all(folder.exists() for folder in folders(made))
    assert not any(folder.exists() for folder in folders(made))


def test_what_a_killed_grader_left_is_removed_by_the_next(group: Cgroup) -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    left = [folder.with_name(f"{cgroup.NAME}-{child.pid}-1") for folder in folders(group)]
    alive = [folder.with_name(f"{cgroup.NAME}-{os.getpid()}-1") for folder in folders(group)]
    for folder in left + alive:
        folder.mkdir()
    another = make_group(1)
    assert another is not None
    another.close()
    assert not any(folder.exists() for folder in left)
    for folder in alive:
        folder.rmdir()


THREADS_WITHOUT_END = """
import threading, time
threading.stack_size(1 << 16)
try:
    while True:
        threading.Thread(target=time.sleep, args=(3,), daemon=True).start()
except RuntimeError:
    pass
"""


def test_a_worker_that_takes_all_processes_does_not_end_the_others() -> None:
    """Root's threads are bounded by the group alone where there are no namespaces."""
    if box.try_levels()["restricted"]:
        pytest.skip("this level does not work here")
    with Sandbox("restricted", controls=2, imports=["numpy"]) as own:
        if own.group is None:
            pytest.skip("no control group can be had here")
        greedy, other = (control.fork(Limits()) for control in own.controls)
        asked = greedy.post("cell", name="cell 1", source=THREADS_WITHOUT_END, stop=None)
        time.sleep(1)
        other.kill()
        own.controls[1].fork(Limits()).kill()
        assert greedy.reply(asked, 10, notice=lambda at: None)["answer"] is None
