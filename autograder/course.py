"""A course: the folder with the rubric, the solutions, and the secret of the hidden inputs."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

RUBRIC = "rubric.yaml"
SECRET = ".course-secret"

# Stands for a module that is released beside the notebook. Whatever is taken from it can be called,
# looped over and entered, and does nothing, so that no experiment is run where work is graded.
STAND_IN = """
class Nothing:
    def __call__(self, *args, **kwargs): return self
    def __iter__(self): return iter(())
    def __getitem__(self, key): return self
    def __enter__(self): return self
    def __exit__(self, *raised): return True
    def __getattr__(self, name):
        if name.startswith("__"): raise AttributeError(name)
        return self

def __getattr__(name):
    if name.startswith("__"): raise AttributeError(name)
    return Nothing()
"""


class CourseError(Exception):
    """A file of the course is missing or wrong; says which, where, and what to do."""


@dataclass(frozen=True)
class Course:
    """Where the files of a course lie.

    ``root`` is the folder that holds ``rubric.yaml``.
    """

    root: Path

    @classmethod
    def find(cls, start: Path) -> Course:
        """The course that ``start`` lies in. Raises CourseError where there is none."""
        for folder in (start.resolve(), *start.resolve().parents):
            if (folder / RUBRIC).is_file():
                return cls(folder)
        raise CourseError(
            f"{start.resolve()}: neither here nor in a folder above is a {RUBRIC}; "
            "run this inside the course's folder, or name it with --course"
        )

    @property
    def rubric_file(self) -> Path:
        return self.root / RUBRIC

    @property
    def source(self) -> Path:
        """The percent script that everything students get is built from."""
        return self.root / "solutions" / "rnn.py"

    @property
    def concepts_file(self) -> Path:
        return self.root / "solutions" / "concepts.yaml"

    @property
    def source_notebook_folder(self) -> Path:
        """nbgrader's source of the assignment: the notebook and the script, built, and what else
        is released, as it stands."""
        return self.root / "solutions" / "rnn"

    @property
    def assignment_folder(self) -> Path:
        """What students get, built."""
        return self.root / "assignment" / "rnn"

    def beside(self) -> tuple[str, ...]:
        """The names of the modules that are released beside the notebook."""
        modules = sorted(self.source_notebook_folder.glob("*.py"))
        return tuple(path.stem for path in modules if path.name != self.source.name)

    def support(self) -> dict[str, str]:
        """What submissions import in place of these modules: name -> source."""
        return dict.fromkeys(self.beside(), STAND_IN)

    def secret(self) -> bytes:
        """The course secret, made at its first use and kept in the course's folder.

        Whoever keeps this file can draw the same inputs again; whoever else has it can know them.
        """
        path = self.root / SECRET
        if not path.exists():
            _create(path, secrets.token_hex(32) + "\n")
        secret = path.read_text().strip()
        if len(secret) < 32:
            raise CourseError(
                f"{path}: {len(secret)} characters, where at least 32 are needed; put the "
                "course's own back, or delete the file to have a new one made"
            )
        return secret.encode()


def _create(path: Path, text: str) -> None:
    """Writes a file that only its owner reads, whole; where another was faster, that one stays."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)


def seed(secret: bytes, student: str, work: str, check: str) -> int:
    """The seed of one check's inputs for one student, 128 bits (HMAC-SHA256, RFC 2104).

    ``work`` names the code that was handed in (``Submission.work``): what a student has learned
    about the inputs of one submission is worth nothing for the next.
    """
    named = f"{student}\0{work}\0{check}".encode()
    digest = hmac.new(secret, named, hashlib.sha256).digest()
    return int.from_bytes(digest[:16], "little")
