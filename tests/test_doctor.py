"""The doctor finds how well this machine keeps code apart, by trying and not by asking."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.doctor import LEVELS, NOT_PROMISED, Examined, Outside, try_in_a_worker
from autograder.doctor import advice as advising
from autograder.sandbox import Sandbox
from autograder.worker.confine import landlock_version
from tests.attacks.ordinary import as_ordinary_user

ROOT = Path(__file__).parent.parent
GIVEN = re.compile(r"This machine gives (\w+)")
HARMLESS = (
    *("read a file of the course", "see that a file exists", "list your home folder"),
    *("write a file outside its folder", "empty a file of the course", "start a program"),
    *("start a process", "signal another process", "connect by TCP", "send by UDP"),
    *("connect to a socket in a folder", "connect to a socket without a name"),
    *("write files without a bound", "take much memory", "read /etc/passwd"),
    *("be seen outside: a file", "be seen outside: a changed file", "be seen outside: a call"),
)


def doctor(python: Path, path: str, user: dict[str, Any]) -> tuple[str, int, str]:
    """What the machine gives, the exit status, and all that was printed."""
    done = subprocess.run(
        [python, "-m", "autograder.cli", "doctor"],
        env={"PATH": path, "HOME": "/", "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **user,
    )
    given = GIVEN.search(done.stdout)
    assert given, done.stderr
    return given[1], done.returncode, done.stdout


def check(given: str, status: int, said: str, bubblewrap: bool) -> None:
    assert status == (2 if given == "none" else 0)
    assert not re.search(r"does not hold|report it", said)
    if bubblewrap:
        assert "Install bubblewrap" not in said
    else:
        assert given != "isolated"
        assert "isolated does not work here: bubblewrap" in said
        assert "Install bubblewrap" in said
    if given == "none":
        assert "To change that:" in said
    else:
        for tried in ("read a file of the course", "start a program", "connect by TCP"):
            assert re.search(rf"{tried} +no", said)


@pytest.mark.parametrize("bubblewrap", [True, False], ids=["with", "without"])
def test_the_doctor_tells_what_this_machine_gives(bubblewrap: bool) -> None:
    if bubblewrap and not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    path = os.environ["PATH"] if bubblewrap else "/nowhere"
    check(*doctor(Path(sys.executable), path, {}), bubblewrap)


@pytest.mark.parametrize("bubblewrap", [True, False], ids=["with", "without"])
def test_the_doctor_tells_an_ordinary_user(
    ordinary_python: Callable[[], Path], bubblewrap: bool
) -> None:
    if bubblewrap and not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    path = os.environ["PATH"] if bubblewrap else "/nowhere"
    given, status, said = doctor(ordinary_python(), path, as_ordinary_user())
    check(given, status, said, bubblewrap)
    if not bubblewrap and landlock_version():
        assert given == "restricted"
        assert re.search("see that a file exists +yes", said)


def test_the_doctor_would_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is kept from the code, the same escapes work."""
    monkeypatch.chdir(tmp_path)
    with tempfile.TemporaryDirectory() as name, Outside(Path(name)) as outside:
        with Sandbox("none", imports=["numpy"]) as sandbox:
            worked = try_in_a_worker(sandbox.controls[0], outside)
        worked |= outside.seen()
    assert {name for name in HARMLESS if not worked[name]} == set()
    for level in LEVELS:
        examined = Examined(level, "", worked)
        assert not examined.holds
        assert set(examined.through) >= set(HARMLESS) - set(NOT_PROMISED[level])


@pytest.mark.parametrize(
    ("reason", "setting", "advised"),
    [
        ("bubblewrap (the program bwrap) is not installed", "", "apt install bubblewrap"),
        ("bwrap: setting up uid map: Permission denied", "apparmor_restrict", "Ubuntu"),
        ("unshare: Operation not permitted", "unprivileged_userns_clone", "switched off"),
        ("unshare: No space left on device", "max_user_namespaces", "max_user_namespaces=10000"),
        ("bwrap: Creating new namespace failed", "", "Docker"),
        ("landlock: Function not implemented", "", "5.13"),
        ("seccomp: the system calls of riscv64 are not known here", "", "riscv64"),
        ("Python lies in /tmp/venv, and a worker has a /tmp of its own", "", "out of /tmp"),
        (
            "the user nobody, which root becomes, cannot run /opt/private/python",
            "",
            "ordinary user",
        ),
    ],
)
def test_advice_fits_the_reason(
    monkeypatch: pytest.MonkeyPatch, reason: str, setting: str, advised: str
) -> None:
    values = {file: value for file, value, _ in advising.SETTINGS if setting and setting in file}
    monkeypatch.setattr(advising, "_holds", lambda file: values.get(str(file), "other"))
    told = advising.advise(reason)
    assert len(told) == 1
    assert advised in told[0]


def test_elsewhere_than_on_linux_there_is_one_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    (told,) = advising.advise("[Errno 2] No such file or directory: '/usr/bin/env'")
    assert "Only Linux" in told
