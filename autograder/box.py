"""The box that the warm process lives in: which files there are, who it is, what it is told.

At the level ``isolated`` this is bubblewrap: Python, its packages, the system's libraries and the
folder ``worker``, read-only, and nothing else. What a worker then does to itself is in
``worker/confine.py``. A grader that runs as root becomes nobody for this, at either real level.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from autograder.course import CourseError
from autograder.worker.confine import Level

PACKAGE = Path(__file__).resolve().parent
BOX = Path("/box")
TMP = Path("/tmp")
NOBODY = 65534
TRY_SECONDS = 60.0

ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "USER": "student",
    "MPLBACKEND": "Agg",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    # A forked child hangs in a thread pool that only its parent started.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/sys/devices/system/cpu")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_BECOME_NOBODY = f"""import os, sys
os.setgroups([])
os.setresgid({NOBODY}, {NOBODY}, {NOBODY})
os.setresuid({NOBODY}, {NOBODY}, {NOBODY})
try:
    os.execv(sys.argv[1], sys.argv[1:])
except OSError as error:
    sys.exit(f"the user nobody, which root becomes, cannot run {{sys.argv[1]}}: {{error.strerror}}")
"""


def worker_home(level: Level) -> Path:
    """The folder that holds the package ``worker``, as seen from inside."""
    return BOX if level == "isolated" else PACKAGE


def command(
    level: Level, inside: Sequence[str], home: Path, hidden: Iterable[Path] = ()
) -> list[str]:
    """What to run so that ``inside`` runs at ``level``, with a bare environment.

    ``inside`` starts with a program's whole path; inherited descriptors reach it. Its home is
    the folder ``home``, or the box's own ``/tmp``. ``hidden`` folders are not in the box even where
    they lie within Python's; this package never is. The box ends with the thread that started it.
    Raises FileNotFoundError without bubblewrap, ValueError where Python itself (not a virtual
    environment of it) lies in /tmp, or a hidden folder is Python's own.
    """
    run = list(inside)
    if level != "none" and os.geteuid() == 0:
        run = [sys.executable, "-I", "-S", "-c", _BECOME_NOBODY, *run]
    if level == "isolated":
        run = [str(_place(Path(word))) if word == sys.executable else word for word in run]
        run = [*_bubblewrap([PACKAGE, *hidden]), "--", *run]
        home = Path("/tmp")
    settings = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
    return ["/usr/bin/env", "-i", f"HOME={home}", *settings, *run]


def _bubblewrap(hidden: Iterable[Path]) -> list[str]:
    program = shutil.which("bwrap")
    if program is None:
        raise FileNotFoundError("bubblewrap (the program bwrap) is not installed")
    words = [program, "--die-with-parent", "--new-session", "--hostname", "box"]
    words += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    if os.geteuid() == 0:
        # Real root lays the box out where nobody could not go, and may then only become nobody.
        words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user"]
    for path in _SYSTEM:
        if os.path.islink(path):
            words += ["--symlink", os.readlink(path), path]
        else:
            words += ["--ro-bind-try", path, path]
    for path in _FILES:
        if os.path.exists(path):
            words += _show(Path(path))
    words += _python(hidden)
    words += _show(PACKAGE / "worker", BOX / "worker")
    words += ["--proc", "/proc", "--perms", "1777", "--tmpfs", "/tmp", "--tmpfs", "/dev"]
    for name in _DEVICES:
        words += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    words += ["--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    return [*words, "--remount-ro", "/", "--chdir", "/tmp"]


def _folders_to(place: Path) -> list[str]:
    """Makes the folders that lead there for all to enter; bubblewrap's are its caller's alone."""
    return [word for parent in reversed(place.parents[:-1]) for word in ("--dir", str(parent))]


def _show(path: Path, at: Path | None = None) -> list[str]:
    place = at or path
    return [*_folders_to(place), "--ro-bind", str(path), str(place)]


def _place(path: Path) -> Path:
    """Where a path of Python's is in the box: where it is, but for one in ``/tmp``."""
    return BOX / "python" / path.relative_to(TMP) if path.is_relative_to(TMP) else path


def _python(hidden: Iterable[Path]) -> list[str]:
    """Binds Python's folders, and lays empty ones over what is hidden in them or in /usr."""
    prefixes = {
        Path(prefix)
        for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
    }
    shown = {prefix.resolve() for prefix in prefixes}
    masked = {path.resolve() for path in hidden if path.is_dir()}
    if Path(sys.base_prefix).resolve().is_relative_to(TMP):
        raise ValueError(f"Python lies in {sys.base_prefix}, and a worker has a /tmp of its own")
    if shown & masked:
        both = ", ".join(map(str, shown & masked))
        raise ValueError(f"{both} is to be hidden, but the Python that runs lies right in it")
    binds, covers = [], []
    seen = {Path("/usr"): True, **{Path(path).resolve(): True for path in _SYSTEM}}
    for path in sorted(shown | masked, key=lambda path: len(path.parts)):
        nearest = next((parent for parent in (path, *path.parents) if parent in seen), None)
        visible = nearest is not None and seen[nearest]
        if path in masked and visible:
            binds += ["--tmpfs", str(path)]
            covers += ["--remount-ro", str(path)]
        elif path in shown and not visible:
            binds += _show(path, _place(path))
        seen[path] = path in shown
    for prefix in prefixes:
        if prefix.resolve() != prefix and not prefix.is_relative_to("/usr"):
            binds += [*_folders_to(prefix), "--symlink", str(prefix.resolve()), str(prefix)]
    return binds + covers


def try_levels(hidden: Sequence[Path] = ()) -> dict[Level, str]:
    """Which levels work here, found by trying to break out: the reason why not, or ''."""
    levels: tuple[Level, ...] = ("isolated", "restricted", "none")
    return {level: _try(level, hidden) for level in levels}


def choose(asked: Level | None) -> Level:
    """The level asked for, or the strongest real one that holds here.

    Raises CourseError where that does not hold, and never chooses ``none`` by itself.
    """
    if asked == "none":
        return asked
    real: tuple[Level, ...] = ("isolated", "restricted")
    failed = []
    for level in (asked,) if asked else real:
        reason = _try(level, [])
        if not reason:
            return level
        failed.append(f"{level}: {reason}")
    raise CourseError(
        "students' code cannot be kept apart on this machine "
        f"({'; '.join(failed)}); `autograder doctor` tells what to install. "
        "Code that you trust as your own can be graded with --isolation none."
    )


def _try(level: Level, hidden: Sequence[Path]) -> str:
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() == 0:
            os.chown(name, NOBODY, NOBODY)
        program = worker_home(level) / "worker" / "confine.py"
        inside = [sys.executable, "-I", str(program), level, name, *map(str, hidden)]
        try:
            tried = subprocess.run(
                command(level, inside, Path(name), hidden),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=TRY_SECONDS,
            )
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            return str(error)
    return tried.stderr.strip().splitlines()[-1] if tried.stderr.strip() else _status(tried)


def _status(tried: subprocess.CompletedProcess[str]) -> str:
    return f"ended with status {tried.returncode}" if tried.returncode else ""
