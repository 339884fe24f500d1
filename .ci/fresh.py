#!/usr/bin/env python3
"""Sets up, grades and tests where nothing is set up yet.

    python3 .ci/fresh.py [TRIAL...]

The trials are ``debian``, a bare Debian 12 with python3, python3-venv and make, as root and then as
an ordinary user; and ``3.10`` and so on, each other Python at hand that the Makefile promises. What
is tried is the commit that is checked out. pip's settings and Debian's mirror are this machine's.

Only Debian gets PyTorch, whose builds weigh gigabytes. The others get a wheel that is torch by name
only, and a submission must still earn all that needs NumPy alone.
"""

import ast
import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
SUITE = "bookworm"
# Both earn everything, of which the model needs PyTorch; counting its parameters does not.
SUBMISSIONS = ("amara-okafor.ipynb", "li-wei.py")
EVERYTHING, NEEDS_TORCH = 5.0, 0.3
GRADE = ("make", "grade", "SUBMISSIONS=two")
# The tests that take seconds: those of everything run where CI itself does.
TEST = ("make", "test", "PYTEST_ADDOPTS=-m 'not slow'")
# Seconds: a trial that takes longer hangs.
LIMIT = 30 * 60
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"
# What pip heeds beside its own settings.
HEEDED = re.compile(r"SSL_CERT_FILE|(REQUESTS|CURL)_CA_BUNDLE|(?i:\w+_proxy)")
# Its arguments: a root, a user's id, a folder in the root, paths to show there, `--`, a command.
# It pivots, since after a chroot the kernel refuses an ordinary user the sandbox's namespaces.
ENTER = """
set -e
root=$1 user=$2 folder=$3; shift 3
mount --bind "$root" "$root"; cd "$root"
mount -t proc proc proc; mount --rbind /sys sys; mount --rbind /dev dev
while [ "$1" != -- ]; do
    if [ -d "$1" ]; then mkdir -p ".$1"; else mkdir -p ".${1%/*}"; [ -e ".$1" ] || : >".$1"; fi
    mount --bind -o ro "$1" ".$1"; shift
done
shift
pivot_root . mnt; umount -l /mnt
cd "$folder"
exec setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
"""


class Failed(Exception):
    """A trial did not come to what it has to."""


class CannotRun(Exception):
    """This machine lacks what a trial needs."""


def run(
    words: Sequence[str], shown: str, folder: Path, settings: Mapping[str, str] = os.environ
) -> None:
    """Runs a command, printed as ``shown``, and ends all of it; raises Failed where it fails."""
    print(f"$ {shown}", flush=True)
    begun = time.monotonic()
    process = subprocess.Popen(words, cwd=folder, env=settings, start_new_session=True)
    try:
        status = process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        print(f"took {time.monotonic() - begun:.0f} s", flush=True)
    if status:
        raise Failed(f"status {status}: {shown}")


def stop(number: int, _frame: object) -> None:
    """Ends a trial by an exception, so that what it runs and wrote goes too."""
    if number == signal.SIGALRM:
        raise Failed(f"did not end in {LIMIT // 60} minutes")
    raise SystemExit(128 + number)


def read(*words: str) -> str:
    """What a command prints, or nothing where it fails."""
    try:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""


def pip_settings() -> dict[str, str]:
    """How pip is set up on this machine, as environment variables."""
    lines = read("python3", "-m", "pip", "config", "list").splitlines()
    found = {key: str(ast.literal_eval(value)) for key, value in (s.split("=", 1) for s in lines)}
    settings = {}
    # The environment overrides files.
    for key in sorted(found, key=lambda key: key.startswith(":env:")):
        name = key.rpartition(".")[2].replace("-", "_").upper()
        settings[f"PIP_{name}"] = " ".join(found[key].split())
    settings.pop("PIP_CONFIG_FILE", None)
    return settings | {name: value for name, value in os.environ.items() if HEEDED.fullmatch(name)}


def paths_in(settings: Mapping[str, str]) -> list[str]:
    """Files and folders of this machine that settings name."""
    paths = []
    for word in " ".join(settings.values()).split():
        # An index links to files beside it.
        paths.append(Path(word[7:]).parent if word.startswith("file://") else Path(word))
    return [str(path) for path in paths if path.is_absolute() and path.exists()]


def check_out(folder: Path) -> None:
    """Puts the commit that is checked out into a folder, and two submissions in its ``two``."""
    (folder / "two").mkdir(parents=True)
    pack = ("git", "-C", str(CHECKOUT), "archive", "HEAD")
    commit = subprocess.run(pack, stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(("tar", "-x", "-C", str(folder)), input=commit, check=True)
    for name in SUBMISSIONS:
        shutil.copy(folder / "tests/sample_class/submissions" / name, folder / "two")


def check_marks(folder: Path, expected: float) -> None:
    """Raises Failed unless both submissions earned the points that are expected."""
    with (folder / "grades.csv").open(newline="") as file:
        totals = {row["student"]: float(row["total"]) for row in csv.DictReader(file)}
    if totals != {Path(name).stem: expected for name in SUBMISSIONS}:
        raise Failed(f"the marks are {totals}, and {expected} is expected of each")


def make_torch_by_name(folder: Path) -> None:
    """A wheel that pip takes for the locked PyTorch, on every Python; who imports it is refused."""
    lock = (CHECKOUT / "constraints.txt").read_text()
    # A local version stands above the same one without.
    version = re.findall(r"(?m)^torch==(\S+)", lock)[0] + "+name"
    about = f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n"
    wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(folder / f"torch-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr("torch.py", "raise ImportError('this is torch by name only')\n")
        for file, text in (("METADATA", about), ("WHEEL", wheel), ("RECORD", "")):
            archive.writestr(f"torch-{version}.dist-info/{file}", text)


def try_python(version: str, work: Path) -> None:
    """Sets up and grades with another Python of this machine."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [f"python{version}", *map(str, sorted(pyenv.glob(f"{version}.*/bin/python")))]
    python = next((it for it in candidates if read(it, "-c", VERSION).strip() == version), None)
    if python is None:
        raise CannotRun(f"there is no Python {version} on PATH or in pyenv")
    course = work / "course"
    check_out(course)
    make_torch_by_name(work)
    links = f"{pip_settings().get('PIP_FIND_LINKS', '')} {work}".strip()
    words = (*GRADE, "OUT=grades", f"PYTHON={python}")
    run(words, " ".join(words), course, {**os.environ, "PIP_FIND_LINKS": links})
    check_marks(course / "grades", EVERYTHING - NEEDS_TORCH)


def try_debian(work: Path) -> None:
    """Sets up and grades in a bare Debian, as root and as an ordinary user."""
    if os.geteuid():
        raise CannotRun("only root can make a Debian")
    for tool in ("mmdebstrap", "unshare", "pivot_root", "setpriv"):
        if shutil.which(tool) is None:
            raise CannotRun(f"{tool} is not installed")
    root = work / "debian"
    # The first mirror that this machine itself uses, else mmdebstrap's own.
    targets = ("Created-By: Packages", f"Codename: {SUITE}", "Component: main")
    mirror = read("apt-get", "indextargets", "--format", "$(REPO_URI)", *targets).split()[:1]
    words = ["mmdebstrap", "--quiet", "--variant=minbase", "--include=python3,python3-venv,make"]
    # What is thrown away afterwards need not reach the disk.
    words += ["--dpkgopt=force-unsafe-io", SUITE]
    run((*words, str(root), *mirror), " ".join(words), work)
    useradd = ("chroot", str(root), "useradd", "--create-home", "--uid", "1000", "ta")
    subprocess.run(useradd, check=True)
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    settings = pip_settings()
    seen = ("/etc/resolv.conf", "/etc/hosts", *dict.fromkeys(paths_in(settings)))
    settings["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    for name, number, home in (("root", "0", "/root"), ("ta", "1000", "/home/ta")):
        course = root / home[1:] / "course"
        check_out(course)
        subprocess.run(("chown", "-R", f"{number}:{number}", str(course)), check=True)
        for make in ((*GRADE, f"OUT={name}"), TEST):
            words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER]
            words += ["enter", str(root), number, f"{home}/course", *seen, "--", *make]
            run(words, f"({name}) {' '.join(make)}", work, settings | {"HOME": home})
        check_marks(course / name, EVERYTHING)


def main(chosen: list[str]) -> int:
    """Runs the trials, all or those that are chosen; returns the exit status."""
    pythons = re.findall(r"(?m)^PYTHONS := (.*)", (CHECKOUT / "Makefile").read_text())[0].split()
    # The tests run with this machine's own.
    own = read("python3", "-c", VERSION).strip()
    for number in (signal.SIGALRM, signal.SIGTERM):
        signal.signal(number, stop)
    table, status = [], 0
    for trial in chosen or ["debian", *(version for version in pythons if version != own)]:
        print(f"\n== {trial}", flush=True)
        begun, result = time.monotonic(), "passed"
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as work:
            try:
                signal.alarm(LIMIT)
                try_debian(Path(work)) if trial == "debian" else try_python(trial, Path(work))
            except CannotRun as exception:
                result = f"not run: {exception}"
            except (Failed, OSError, subprocess.CalledProcessError) as exception:
                result, status = f"failed: {exception}", 1
            finally:
                signal.alarm(0)
        table.append(f"{trial:8}{time.monotonic() - begun:6.0f} s  {result}")
        print(table[-1], flush=True)
    print("\n" + "\n".join(table))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
