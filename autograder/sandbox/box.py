"""The box that the warm process lives in: its files, its user, its environment.

At the level ``isolated`` there are Python, its packages, the system's libraries and the folder
``worker``, read-only, and nothing else; ``worker/boxed.py`` builds that. What a worker then does to
itself is in ``worker/confine.py``. A grader that runs as root becomes nobody for this, at either
real level.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from autograder.course.folders import CourseError
from autograder.worker.confine import Level
from autograder.worker.namespaces import NOBODY

PACKAGE = Path(__file__).resolve().parents[1]
BOX = Path("/box")
# Each worker has these to itself, so that nothing else can be shown there.
PRIVATE = (Path("/tmp"), Path("/dev/shm"))
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

Step = tuple[str, str, str]


def command(
    level: Level, module: str, words: Sequence[str], hidden: Iterable[Path] = ()
) -> list[str]:
    """What to run, in the ``environment``, to have ``main`` of a module of ``worker`` in a box.

    It is called with the ``words``; inherited descriptors reach it. ``hidden`` folders are not in
    the box even where they lie within Python's; this package never is. The box ends with the thread
    that started it. Raises ValueError where Python itself (not a virtual environment of it) lies in
    a folder that each worker has to itself, or a hidden folder is Python's own.
    """
    if level != "isolated":
        return _call(sys.executable, (), PACKAGE, module, words)
    inside = _call(str(_place(Path(sys.executable))), (), BOX, module, words)
    steps = [word for step in _steps([PACKAGE, *hidden]) for word in step]
    # The links that lead to Python need not be in the box.
    file = str(_place(Path(sys.executable).resolve()))
    return _call(sys.executable, ("-I", "-S"), PACKAGE, "boxed", [*steps, "--", file, *inside])


def environment(level: Level, home: Path) -> dict[str, str]:
    """The whole environment for ``command``; in a box, the home is its own ``/tmp``."""
    return ENVIRONMENT | {"HOME": "/tmp" if level == "isolated" else str(home)}


def _call(
    python: str, options: Sequence[str], folder: Path, module: str, words: Sequence[str]
) -> list[str]:
    """Calls ``main`` of a module of ``worker``, which is in the ``folder``."""
    # Nothing is imported from the working folder, in which submissions may lie; nor from this
    # package, where others such as `packaging` have the names of libraries.
    code = (
        "import sys; sys.path = [sys.argv[1], *filter(None, sys.path)]; "
        f"from worker.{module} import main; del sys.path[0]; sys.exit(main(*sys.argv[2:]))"
    )
    return [python, *options, "-c", code, str(folder), *words]


def _steps(hidden: Iterable[Path]) -> Iterator[Step]:
    """What is in the box, as ``worker/boxed.py`` takes it."""
    for path in map(Path, _SYSTEM):
        if path.is_symlink():
            yield "link", str(path), os.readlink(path)
        elif path.exists():
            yield _show(path)
    yield from (_show(Path(path)) for path in _FILES if os.path.exists(path))
    yield from _python(hidden)
    yield _show(PACKAGE / "worker", BOX / "worker")


def _show(path: Path, place: Path | None = None) -> Step:
    return "show", str(place or path), str(path)


def _place(path: Path) -> Path:
    """Where a path of Python's is in the box: where it is, but for one that would be covered."""
    if any(path.is_relative_to(folder) for folder in PRIVATE):
        return BOX / "python" / path.relative_to("/")
    return path


def _python(hidden: Iterable[Path]) -> Iterator[Step]:
    """Shows Python's folders, and hides what is hidden in them or in /usr."""
    prefixes = {
        Path(prefix)
        for prefix in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix)
    }
    base = Path(sys.base_prefix).resolve()
    if _place(base) != base:
        raise ValueError(f"Python lies in {base}, and a worker has that folder to itself")
    shown = {path.resolve() for path in (*prefixes, Path(sys.executable))}
    masked = {path.resolve() for path in hidden if path.is_dir()}
    if shown & masked:
        both = ", ".join(map(str, shown & masked))
        raise ValueError(f"{both} is to be hidden, but the Python that runs lies right in it")
    seen = {Path("/usr"): True, **{Path(path).resolve(): True for path in _SYSTEM}}
    for path in sorted(shown | masked, key=lambda path: len(path.parts)):
        nearest = next((parent for parent in (path, *path.parents) if parent in seen), None)
        visible = nearest is not None and seen[nearest]
        if path in masked and visible:
            yield "hide", str(_place(path)), "-"
        elif path in shown and not visible:
            yield _show(path, _place(path))
        seen[path] = path in shown
    for prefix in prefixes:
        if prefix.resolve() != prefix and not prefix.is_relative_to("/usr"):
            yield "link", str(_place(prefix)), str(_place(prefix.resolve()))


def make_folder() -> Path:
    """A new folder that the warm process and one worker may use, and no other user.

    Raises CourseError where there is no place for it.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="submission-"))
    except FileNotFoundError:
        raise CourseError(
            "there is no folder for temporary files that can be written to; name one with TMPDIR"
        ) from None
    if os.geteuid() == 0:
        with suppress(OSError):  # where there is no nobody, root stays what it is
            os.chown(folder, -1, NOBODY)
            folder.chmod(0o770)
    return folder


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
        f"({'; '.join(failed)}); `autograder doctor` says what to do. "
        "Code that you trust as your own can be graded with --isolation none."
    )


def _try(level: Level, hidden: Sequence[Path]) -> str:
    folder = make_folder()
    words = [level, str(folder), *map(str, hidden)]
    try:
        tried = subprocess.run(
            command(level, "trial", words, hidden),
            env=environment(level, folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TRY_SECONDS,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        shutil.rmtree(folder)
    return tried.stderr.strip().splitlines()[-1] if tried.stderr.strip() else _status(tried)


def _status(tried: subprocess.CompletedProcess[str]) -> str:
    return f"ended with status {tried.returncode}" if tried.returncode else ""
