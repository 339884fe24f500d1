"""The doctor finds how well this machine keeps code apart, by trying and not by asking."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from autograder.course.folders import RUBRIC, SECRET, Course
from autograder.doctor import (
    LEVELS,
    NOT_PROMISED,
    Examined,
    Outside,
    diagnose,
    try_in_a_worker,
    weaknesses,
)
from autograder.doctor import advice as advising
from autograder.doctor.weaknesses import find_weaknesses
from autograder.sandbox.workers import Sandbox
from autograder.worker.landlock import landlock_version
from autograder.worker.trial import UNCOUNTED
from tests.attacks.ordinary import as_ordinary_user

ROOT = Path(__file__).parent.parent
CONTAINERS = Path(__file__).parent / "containers.py"
GIVEN = re.compile(r"This machine gives (\w+)")
HARMLESS = (
    *("read a file of the course", "see that a file exists", "list your home folder"),
    *("write a file outside its folder", "empty a file of the course", "start a program"),
    *("start a process", "signal another process", "connect by TCP", "send by UDP"),
    *("connect to a socket in a folder", "connect to a socket without a name"),
    *("write files without a bound", "take much memory", "read /etc/passwd"),
    *("be seen outside: a file", "be seen outside: a changed file", "be seen outside: a call"),
)


def doctor(words: Sequence[str | Path], folder: Path, **how: Any) -> tuple[str, int, str]:
    """What the machine gives, the exit status, and all that was printed."""
    done = subprocess.run(
        [*words, "-m", "autograder.cli", "doctor"],
        env={
            # Nothing but Python has to be installed.
            "PATH": "/nowhere",
            "PYTHONPATH": str(ROOT),
            "HOME": "/",
            "COLUMNS": "200",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        **how,
    )
    given = GIVEN.search(done.stdout)
    assert given, done.stderr
    return given[1], done.returncode, done.stdout


def check(given: str, status: int, said: str) -> None:
    assert status == (2 if given == "none" else 0)
    assert not re.search(r"does not hold|report it", said)
    if given == "none":
        assert "To change that:" in said
    else:
        for tried in ("read a file of the course", "start a program", "connect by TCP"):
            assert re.search(rf"{tried} +no", said)


def test_the_doctor_tells_what_this_machine_gives() -> None:
    check(*doctor([sys.executable], ROOT))


def test_the_doctor_tells_an_ordinary_user(ordinary_python: Callable[[], Path]) -> None:
    check(*doctor([ordinary_python()], ROOT, **as_ordinary_user()))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can imitate a container's root")
@pytest.mark.skipif(not landlock_version(), reason="there is no landlock")
def test_the_doctor_tells_the_root_of_a_container() -> None:
    given, status, said = doctor([sys.executable, CONTAINERS, "docker", sys.executable], ROOT)
    check(given, status, said)
    assert given == "restricted"
    assert "isolated does not work here: [Errno 1] unshare: Operation not permitted" in said
    assert "If this is a container" in said
    assert re.search("see that a file exists +yes", said)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without a name")
def test_a_user_without_a_home_gets_the_same_diagnosis(ordinary_python: Callable[[], Path]) -> None:
    words: list[str | Path] = ["/usr/bin/env", "-u", "HOME", ordinary_python()]
    check(*doctor(words, ROOT, **as_ordinary_user()))


def test_where_the_doctor_cannot_listen_there_is_a_sentence(tmp_path: Path) -> None:
    long = tmp_path / ("a" * 100)
    long.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "autograder.cli", "doctor"],
        env={"TMPDIR": str(long)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert re.fullmatch("autograder: the doctor cannot listen on .*TMPDIR.*\n", done.stderr)


def test_who_can_read_the_course_is_reported_and_changes_nothing(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        root = Path(name)
        (root / "solutions").mkdir()
        (root / RUBRIC).touch()
        secret, source = root / SECRET, root / "solutions" / "some.py"
        for file, mode in ((secret, 0o640), (source, 0o644)):
            file.touch()
            file.chmod(mode)
        root.chmod(0o755)
        (root / "solutions").chmod(0o755)
        given, status, said = doctor([sys.executable], root)
        elsewhere = doctor([sys.executable], tmp_path)
    assert f"Other users of this machine can read the solutions: `chmod -R o-rwx {name}`." in said
    assert re.search(f"can read the course's secret.*`chmod 600 {secret}`", said)
    assert elsewhere[:2] == (given, status)
    assert name not in elsewhere[2]


@pytest.mark.parametrize(
    ("mode", "above", "is_read"),
    [
        (0o600, 0o755, False),
        (0o640, 0o755, True),
        (0o604, 0o755, True),
        (0o644, 0o700, False),
        (0o640, 0o710, True),
    ],
)
def test_a_secret_is_read_by_others_where_they_reach_it(
    mode: int, above: int, is_read: bool
) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        secret = Path(name, SECRET)
        secret.touch()
        secret.chmod(mode)
        Path(name).chmod(above)
        weaknesses = find_weaknesses("isolated", Course(Path(name)))
    assert any("secret" in one and str(secret) in one for one in weaknesses) == is_read


@pytest.mark.parametrize(
    ("swaps", "message"),
    [
        (["/dev/sda2 partition 1 0 -2"], "/dev/sda2"),
        (["/dev/zram0 partition 1 0 100"], ""),
        (["/dev/zram0 partition 1 0 100", "/swapfile file 1 0 -2"], "on (/swapfile)"),
        ([], ""),
    ],
)
def test_swap_on_a_disk_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, swaps: list[str], message: str
) -> None:
    file = tmp_path / "swaps"
    file.write_text("\n".join(["Filename Type Size Used Priority", *swaps]))
    monkeypatch.setattr(weaknesses, "SWAPS", file)
    found = [one for one in find_weaknesses("isolated", None) if "swapoff" in one]
    assert bool(found) == bool(message)
    assert all(message in one for one in found)


@pytest.mark.parametrize("active", ["0", "1", None])
def test_two_workers_on_a_core_are_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, active: str | None
) -> None:
    if active:
        (tmp_path / "active").write_text(f"{active}\n")
    monkeypatch.setattr(weaknesses, "SMT", tmp_path / "active")
    warned = any("SMT is on" in one for one in find_weaknesses("isolated", None))
    assert warned == (active == "1")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make another's file")
def test_others_files_in_a_shared_folder_are_told_at_restricted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(weaknesses, "SHARED", (tmp_path,))
    (tmp_path / "own").touch()
    assert not any(str(tmp_path) in one for one in find_weaknesses("restricted", None))
    (tmp_path / "another's").touch()
    os.chown(tmp_path / "another's", 12345, -1)
    assert any(str(tmp_path) in one for one in find_weaknesses("restricted", None))
    assert not any(str(tmp_path) in one for one in find_weaknesses("isolated", None))


def test_the_doctor_leaves_no_folder_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        monkeypatch.setattr(tempfile, "tempdir", name)
        diagnose()
        assert list(Path(name).iterdir()) == []


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
        ("mount tmpfs: Permission denied", "apparmor_restrict", "Ubuntu"),
        ("unshare: Operation not permitted", "unprivileged_userns_clone", "switched off"),
        ("unshare: No space left on device", "max_user_namespaces", "max_user_namespaces=10000"),
        ("mount proc: Operation not permitted", "", "systempaths=unconfined"),
        ("landlock: Function not implemented", "", "5.13"),
        ("cannot show /usr: Function not implemented", "", "5.12"),
        ("seccomp: the system calls of riscv64 are not known here", "", "riscv64"),
        ("Python lies in /tmp/venv, and a worker has that folder to itself", "", "out of /tmp"),
        ("/opt/own/python cannot be run by the user nobody in the box", "", "chmod -R go+rX"),
        ("torch cannot be imported by a worker", "", "--user"),
        ("[Errno 1] root may not become nobody here", "", "SETUID"),
        (UNCOUNTED, "", "65534"),
    ],
)
def test_advice_fits_the_reason(
    monkeypatch: pytest.MonkeyPatch, reason: str, setting: str, advised: str
) -> None:
    values = {file: value for file, value, _ in advising.SETTINGS if setting and setting in file}
    monkeypatch.setattr(advising, "_holds", lambda file: values.get(str(file), "other"))
    monkeypatch.setattr(advising, "_in_a_chroot", lambda: False)
    advice = advising.advise(reason)
    assert len(advice) == 1
    assert advised in advice[0]


def test_elsewhere_than_on_linux_there_is_one_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    (message,) = advising.advise("[Errno 2] No such file or directory: '/usr/bin/env'")
    assert "Only Linux" in message
