"""An ordinary user of this machine, and a Python that they can run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

USER = 12345


def as_ordinary_user() -> dict[str, Any]:
    """What ``subprocess`` takes to run something so; nothing where this is no root."""
    if os.geteuid() != 0:
        return {}
    return {"user": USER, "group": USER, "extra_groups": []}


def _can_run(words: Sequence[str | Path]) -> bool:
    try:
        done = subprocess.run(
            words, cwd="/", capture_output=True, check=False, **as_ordinary_user()
        )
    except OSError:
        return False
    return done.returncode == 0


def python_for_ordinary_user(folder: Path) -> Path | None:
    """This Python or, where it lies in root's own folders, one made in ``folder``.

    That is made from the system's, with our packages. None where there is none of this version.
    """
    if _can_run([sys.executable, "-c", "import numpy"]):
        return Path(sys.executable)
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for place in ("/usr/bin", "/usr/local/bin"):
        base = Path(place, name)
        if base.exists() and _can_run([base, "-c", "import ctypes, venv"]):
            break
    else:
        return None
    target = folder / "venv"
    subprocess.run([base, "-m", "venv", "--without-pip", target], check=True)
    packages = target / "lib" / name / "site-packages"
    shutil.rmtree(packages)
    ours = sysconfig.get_path("purelib")
    if subprocess.run(["cp", "-al", ours, packages], check=False).returncode:
        shutil.rmtree(packages, ignore_errors=True)
        subprocess.run(["cp", "-a", ours, packages], check=True)
    python = target / "bin" / "python"
    return python if _can_run([python, "-c", "import numpy, autograder"]) else None
