"""The box starts on odd machines and in containers, and holds only what it has to."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from autograder.course.rubric import Limits
from autograder.doctor.advice import advise
from autograder.sandbox import box
from autograder.sandbox.workers import Sandbox
from autograder.worker.confine import Level
from autograder.worker.namespaces import NOBODY
from autograder.worker.trial import PACKAGES, UNCOUNTED
from tests.attacks.ordinary import USER

ROOT = Path(__file__).parent.parent
CONTAINERS = Path(__file__).parent / "containers.py"
LEVELS: tuple[Level, ...] = ("isolated", "restricted")
AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
TRY = "from autograder.sandbox.box import try_levels; print(try_levels())"

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make such a machine")


@pytest.fixture(scope="session")
def works_here() -> None:
    for level, reason in box.try_levels().items():
        if reason:
            pytest.skip(f"{level}: {reason}")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can use, and that is not in /tmp."""
    with tempfile.TemporaryDirectory(prefix="box-", dir="/var/tmp") as name:
        Path(name).chmod(0o777)
        yield Path(name)


def try_levels(words: Sequence[str | Path], folder: Path | str = "/") -> dict[str, str]:
    """Why the levels do not work for the Python that the words start, in the folder."""
    done = subprocess.run(
        [*words, "-c", TRY],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = ast.literal_eval(done.stdout)
    return {level: found[level] for level in LEVELS}


# -- what is in the box ---------------------------------------------------------------------------

LOOK = """
import os, socket
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
found = {path: sorted(os.listdir(path)) for path in ("/", "/dev", "/etc", "/tmp", "/dev/shm")}
writable = []
for parent, folders, files in os.walk("/"):
    if parent.startswith(("/proc/", "/sys/", "/usr/")):
        folders.clear()
    try:
        open(parent + "/new", "x").close()
        writable.append(parent)
    except OSError:
        pass
mounts = [line.split() for line in open("/proc/self/mountinfo")]
print({
    "found": found,
    "writable": sorted(writable),
    "mounts": {fields[4]: fields[5].split(",") for fields in mounts},
    "processes": [name for name in os.listdir("/proc") if name.isdigit()],
    "descriptors": [name for name in os.listdir("/proc/self/fd")],
    "network": [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line],
    "capabilities": [status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")],
    "no_new_privileges": status["NoNewPrivs"].strip(),
    "user": [*os.getresuid(), *os.getresgid(), *os.getgroups()],
    "session": os.getsid(0) == os.getpid(),
    "host": socket.gethostname(),
    "environment": dict(os.environ),
    "hidden": os.listdir(HIDDEN),
})
"""


HIDDEN = Path(json.__file__).parent


@pytest.fixture(scope="module")
def seen(works_here: None) -> dict[str, Any]:
    """What a program sees in a box that has something to hide."""
    words = box.command("isolated", "warm", [], [HIDDEN])
    start = words.index("--")
    code = LOOK.replace("HIDDEN", repr(str(HIDDEN)))
    done = subprocess.run(
        [*words[: start + 3], "-I", "-c", f"{code}"],
        env=box.environment("isolated", Path("/nowhere")),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = ast.literal_eval(done.stdout)
    return found


def test_the_box_holds_what_python_needs_and_nothing_else(seen: dict[str, Any]) -> None:
    python = {Path(path).resolve().parts[1] for path in (sys.prefix, sys.base_prefix)}
    system = {"bin", "sbin", "usr", "lib", "lib32", "lib64", "libx32"}
    assert set(seen["found"]["/"]) <= {"box", "dev", "etc", "proc", "sys", "tmp"} | system | python
    assert set(seen["found"]["/etc"]) <= {"alternatives", "fonts", "ld.so.cache"}
    assert set(seen["found"]["/dev"]) <= {"full", "null", "random", "shm", "urandom", "zero"}
    assert seen["hidden"] == []


def test_nothing_in_the_box_can_be_written_but_its_own_two_folders(seen: dict[str, Any]) -> None:
    assert seen["writable"] == ["/dev/shm", "/tmp"]
    assert seen["found"]["/tmp"] == seen["found"]["/dev/shm"] == []
    assert "/proc/sys" in seen["mounts"]
    for place, options in seen["mounts"].items():
        assert "nosuid" in options
        assert "ro" in options or place in ("/proc", "/tmp", "/dev/shm")
        assert "nodev" in options or place.startswith("/dev/")


def test_the_box_belongs_to_the_user_nobody_and_is_alone(seen: dict[str, Any]) -> None:
    assert seen["processes"] == ["1"]
    assert seen["network"] == ["lo"]
    assert set(seen["capabilities"]) == {"0" * 16}
    assert seen["no_new_privileges"] == "1"
    assert set(seen["user"]) == {NOBODY}
    assert seen["session"]
    assert seen["host"] == "box"
    assert seen["environment"] == box.ENVIRONMENT | {"HOME": "/tmp"}
    # The last is that of the folder that is listed.
    assert len(seen["descriptors"]) == 4


# -- machines -------------------------------------------------------------------------------------

FINE = {"isolated": "", "restricted": ""}
SURROUNDINGS = {
    "no other program": 'PATH=/nowhere exec "$0" "$@"',
    "no home": 'unset HOME; exec "$0" "$@"',
    "no environment": f'exec env -i PYTHONPATH={ROOT} "$0" "$@"',
    "no such temporary folder": 'TMPDIR=nowhere exec "$0" "$@"',
    "a private temporary folder": 'mkdir -m 700 own; TMPDIR="$PWD/own" exec "$0" "$@"',
    "an odd temporary folder": 'mkdir "ö d"; TMPDIR="$PWD/ö d" exec "$0" "$@"',
    "no standard input": 'exec "$0" "$@" <&-',
    "a strict umask": 'umask 077; exec "$0" "$@"',
    "few descriptors": 'ulimit -n 64; exec "$0" "$@"',
}
# Laid out by root, in a mount namespace of its own.
MACHINES = {
    "no /sys": "umount -lR /sys",
    "no /dev/shm": "mount -t tmpfs none /dev/shm; while umount -l /dev/shm; do :; done",
    "a read-only /tmp": "mount -t tmpfs -o ro none /tmp",
    "hidden processes": "mount -t proc -o hidepid=2 none /proc",
    "shared mounts": "mount --make-rshared /",
}


@pytest.fixture(scope="module", params=["this user", "another user"])
def python(request: pytest.FixtureRequest, ordinary_python: Callable[[], Path]) -> list[str | Path]:
    """What starts Python: as this user and, where this is root, as an ordinary one."""
    if request.param == "this user":
        return [sys.executable]
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    return [*AS_USER, ordinary_python()]


@pytest.mark.usefixtures("works_here")
@pytest.mark.parametrize("shell", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_surroundings_do_not_matter(python: list[str | Path], shell: str, place: Path) -> None:
    *user, program = python
    assert try_levels([*user, "sh", "-c", shell, program], place) == FINE


@needs_root
@pytest.mark.usefixtures("works_here")
@pytest.mark.parametrize("shell", MACHINES.values(), ids=MACHINES)
def test_machines_do_not_matter(python: list[str | Path], shell: str) -> None:
    words = ["unshare", "--mount", "sh", "-c", f'{shell} 2>&-; exec "$0" "$@"', *python]
    assert try_levels(words) == FINE


def make_environment(folder: Path, base: Path) -> Path:
    """A virtual environment with all that is looked for before it is imported; its Python."""
    subprocess.run([base, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for name in PACKAGES:
        (packages / name).mkdir()
        (packages / name / "__init__.py").touch()
    return folder / "bin" / "python"


BASE = Path(sys._base_executable)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("works_here")
def test_python_may_lie_behind_links_and_odd_names(place: Path) -> None:
    odd = make_environment(place / "a folder, ä", BASE)
    (place / "link").symlink_to(odd.parents[1])
    linked = place / "link" / "bin" / "python"
    (place / "linked python").symlink_to(sys.base_prefix)
    base = place / "linked python" / BASE.relative_to(sys.base_prefix)
    behind = make_environment(place / "behind", base)
    second = make_environment(place / "second", linked)
    for python in (odd, linked, behind, second):
        assert try_levels([python]) == FINE


@pytest.mark.usefixtures("works_here")
@pytest.mark.parametrize("private", box.PRIVATE)
def test_an_environment_may_lie_where_workers_have_folders_of_their_own(private: Path) -> None:
    with tempfile.TemporaryDirectory(dir=private) as name:
        assert try_levels([make_environment(Path(name, "environment"), BASE)]) == FINE


@pytest.mark.usefixtures("works_here")
@pytest.mark.parametrize("package", ["torch", "msgspec"])
def test_packages_that_a_worker_would_not_find_are_missed_before(place: Path, package: str) -> None:
    """Else every submission would fail for want of them."""
    python = make_environment(place / "environment", BASE)
    (packages,) = place.glob("environment/lib/python*/site-packages")
    shutil.move(packages / package, place / package)
    (packages / "elsewhere.pth").write_text(str(place))
    found = try_levels([python])
    assert found == dict.fromkeys(LEVELS, f"{package} cannot be imported by a worker")
    assert sys.prefix in advise(found["isolated"])[0]


@needs_root
@pytest.mark.usefixtures("works_here")
def test_what_root_alone_can_read_is_read_at_restricted(place: Path) -> None:
    python = make_environment(place / "environment", BASE)
    place.chmod(0o700)
    assert try_levels([python]) == FINE
    # The box can show such a folder, but not open it.
    for folder in place.glob("environment/lib/python*/site-packages/numpy"):
        folder.chmod(0o700)
    found = try_levels([python])
    assert found == {"isolated": "numpy cannot be imported by a worker", "restricted": ""}


@needs_root
@pytest.mark.usefixtures("works_here")
@pytest.mark.parametrize(
    ("kind", "isolated", "restricted", "advised"),
    [
        ("docker", "unshare: Operation not permitted", "", "seccomp=unconfined"),
        ("namespaces", "", "", ""),
        ("powerless", "may not become nobody", "may not become nobody", "SETUID"),
    ],
)
def test_root_of_a_container(kind: str, isolated: str, restricted: str, advised: str) -> None:
    found = try_levels([sys.executable, CONTAINERS, kind, sys.executable])
    for level, reason in (("isolated", isolated), ("restricted", restricted)):
        assert reason in found[level]
        assert bool(reason) == bool(found[level])
    if isolated:
        assert advised in advise(found["isolated"])[0]


IN_OWN_NAMESPACE = ["unshare", "--user", "--map-root-user"]


@pytest.mark.usefixtures("works_here")
def test_root_without_the_user_nobody_is_confined_as_itself(
    ordinary_python: Callable[[], Path],
) -> None:
    user = AS_USER if os.geteuid() == 0 else []
    assert try_levels([*user, *IN_OWN_NAMESPACE, ordinary_python()]) == FINE


@needs_root
@pytest.mark.usefixtures("works_here")
def test_the_machine_s_root_without_the_user_nobody_is_refused() -> None:
    """The kernel bounds every user's threads but its root's."""
    found = try_levels([*IN_OWN_NAMESPACE, sys.executable])
    assert set(found.values()) == {UNCOUNTED}
    assert "65534" in advise(UNCOUNTED)[0]


@needs_root
@pytest.mark.usefixtures("works_here")
def test_a_chroot_is_restricted_and_called_one(place: Path) -> None:
    lay_out = f"""
        cd {place}
        for folder in /*; do
            if [ -L "$folder" ]; then cp -a "$folder" .; else mkdir ".$folder"; fi
        done 2>&-
        for folder in *; do [ -L $folder ] || mount --rbind /$folder $folder; done 2>&-
        exec chroot . "$0" "$@"
    """
    words = ["unshare", "--mount", "sh", "-c", lay_out, sys.executable]
    found = try_levels(words)
    assert found["isolated"]
    assert found["restricted"] == ""
    code = f"from autograder.doctor.advice import advise; print(advise({found['isolated']!r}))"
    printed = subprocess.check_output([*words, "-c", code], text=True, cwd=ROOT)
    assert "This is a chroot" in printed


@needs_root
def test_without_a_place_for_files_there_is_a_sentence() -> None:
    read_only = "for folder in /tmp /var/tmp; do mount -t tmpfs -o ro none $folder; done; cd /proc"
    words = ["unshare", "--mount", "sh", "-c", f'{read_only}; exec "$0" "$@"', sys.executable]
    done = subprocess.run(
        [*words, "-m", "autograder.cli", "doctor"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert re.fullmatch("autograder: there is no folder for temporary files.*TMPDIR\n", done.stderr)


# -- the warm process -----------------------------------------------------------------------------


@pytest.mark.usefixtures("works_here")
@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_imported_from_the_working_folder(
    level: Level, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There may lie a submission, which would run before anything confines it."""
    marker = place / "imported"
    for name in ("numpy", "signal", "worker", "own"):
        (place / f"{name}.py").write_text(f"open({str(marker)!r}, 'w')")
    monkeypatch.chdir(place)
    with Sandbox(level, imports=["numpy", "own"]) as own:
        own.controls[0].fork(Limits()).kill()
    assert not marker.exists()


def descendants(pid: int) -> set[int]:
    text = subprocess.check_output(["ps", "-A", "-o", "pid=,ppid="], text=True)
    parents = {int(one): int(parent) for one, parent in map(str.split, text.splitlines())}
    found = {pid}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


@pytest.mark.usefixtures("works_here")
def test_the_box_ends_with_the_grader_that_is_killed() -> None:
    code = """
import time
from autograder.course.rubric import Limits
from autograder.sandbox.workers import Sandbox
own = Sandbox("isolated", imports=["numpy"])
worker = own.controls[0].fork(Limits())
print("ready", flush=True)
time.sleep(99)
"""
    grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT)
    assert grader.stdout
    assert grader.stdout.readline() == b"ready\n"
    started = descendants(grader.pid)
    assert len(started) >= 3
    for pid in started:
        # So that none can end by itself when its socket closes.
        os.kill(pid, signal.SIGSTOP)
    grader.kill()
    grader.wait()
    grader.stdout.close()
    deadline = time.monotonic() + 30
    while left := [pid for pid in started if Path("/proc", str(pid)).exists()]:
        if time.monotonic() > deadline:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            pytest.fail(f"{len(left)} of {len(started)} processes lived on")
        time.sleep(0.05)
