"""A course and its assignments: which there are, and where their files are."""

from __future__ import annotations

import hashlib
import hmac
import importlib
import os
import re
import secrets
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from autograder.worker.support import STAND_IN

RUBRIC = "rubric.yaml"
SECRET = ".course-secret"
SOLUTIONS = "solutions"
NBGRADER = "nbgrader"


class CourseError(Exception):
    """A file of the course is missing or wrong; says which, where, and what to do."""


@dataclass(frozen=True)
class Course:
    """A folder with assignments in ``solutions/``, and the secret of their hidden inputs.

    ``rubric.yaml`` in ``root`` is the rubric of the assignment that its line `assignment:` names.
    """

    root: Path

    @classmethod
    def find(cls, start: Path) -> Course:
        """The course that ``start`` is in. Raises CourseError if there is none."""
        for folder in (start.resolve(), *start.resolve().parents):
            if (folder / RUBRIC).is_file() and (folder / SOLUTIONS).is_dir():
                return cls(folder)
        raise CourseError(
            f"{start.resolve()}: neither here nor in a folder above are {RUBRIC} and {SOLUTIONS}/; "
            "run this inside the course's folder, or name it with --course"
        )

    def names(self) -> list[str]:
        """The assignments of the course: the folders of solutions/ that hold a source."""
        sources = (self.root / SOLUTIONS).glob("*/*.py")
        return sorted(source.stem for source in sources if source.stem == source.parent.name)

    def assignment(self, name: str | None = None) -> Assignment:
        """The assignment of this name; without one, the one that the course's rubric names.

        Raises CourseError where there is none.
        """
        name = name or self._named_by_rubric()
        if name not in self.names():
            there = ", ".join(self.names()) or "none"
            raise CourseError(
                f"{self.root / SOLUTIONS}: there is no assignment {name} (no {name}/{name}.py); "
                f"there is: {there}"
            )
        return Assignment(self, name)

    def _named_by_rubric(self) -> str:
        file = self.root / RUBRIC
        try:
            named = re.search(r"^assignment: *[\"']?([\w.-]+)", file.read_text("utf-8"), re.M)
        except (OSError, UnicodeDecodeError) as error:
            raise CourseError(f"{file}: cannot be read ({error})") from None
        if not named:
            raise CourseError(f"{file}: has no line `assignment: NAME`; write it")
        return named[1]

    def secret(self) -> bytes:
        """The course secret, made at its first use and kept in the course's folder.

        With this file the same inputs can be drawn again. Anyone who has it can know them.
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


@dataclass(frozen=True)
class Assignment:
    """One homework of a course, and where its files are."""

    course: Course
    name: str

    @property
    def folder(self) -> Path:
        """All that an instructor writes of it."""
        return self.course.root / SOLUTIONS / self.name

    @property
    def rubric_file(self) -> Path:
        own = self.folder / RUBRIC
        return own if own.is_file() else self.course.root / RUBRIC

    @property
    def source(self) -> Path:
        """The percent script with the solutions, from which all that students get is built."""
        return self.folder / f"{self.name}.py"

    @property
    def concepts_file(self) -> Path:
        """The bank of concept questions. An assignment may have none."""
        return self.folder / "concepts.yaml"

    @property
    def checks(self) -> Path:
        """The folder of its checks, a pytest suite."""
        return self.folder / "checks"

    @property
    def planted(self) -> Path:
        """The folder of the right and the wrong ways that the audit grades."""
        return self.folder / "audit" / "planted"

    @property
    def survivors(self) -> Path:
        """The list of changes to the solution that change nothing."""
        return self.folder / "audit" / "survivors.yaml"

    @property
    def handout(self) -> Path:
        """The folder of what is released unchanged."""
        return self.folder / "handout"

    @property
    def nbgrader_source(self) -> Path:
        """nbgrader's source of the assignment, built."""
        return self.course.root / SOLUTIONS / NBGRADER / self.name

    @property
    def released(self) -> Path:
        """What students get, built."""
        return self.course.root / "assignment" / self.name

    @property
    def self_check(self) -> str:
        """The name of the module with which students check their work."""
        return f"{self.name}_check"

    def beside(self) -> tuple[str, ...]:
        """The names of the modules that are released beside the notebook."""
        return tuple(sorted({self.self_check, *(path.stem for path in self.handout.glob("*.py"))}))

    def support(self) -> dict[str, str]:
        """What submissions import in place of these modules: name -> source."""
        return dict.fromkeys(self.beside(), STAND_IN)

    def module(self, name: str) -> ModuleType:
        """A module in the assignment's folder, such as ``checks.inputs``; imported once.

        Modules of one assignment import each other by relative imports. Raises CourseError for
        one that cannot be imported.
        """
        package = _package(self.folder)
        try:
            return importlib.import_module(f"{package}.{name}")
        except Exception as error:
            file = self.folder / f"{name.replace('.', '/')}.py"
            raise CourseError(f"{file}: {type(error).__name__}: {error}; correct it") from None


def _package(folder: Path) -> str:
    """The package that an assignment's folder is here.

    No other folder has its name, since two courses may have assignments of the same name.
    """
    folder = folder.resolve()
    name = f"assignment_{folder.name}_{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
    if name not in sys.modules:
        package = ModuleType(name, f"The assignment in {folder}.")
        package.__path__ = [str(folder)]
        sys.modules[name] = package
    return name


def _create(path: Path, text: str) -> None:
    """Writes a whole file that only its owner can read. A file that exists already is kept."""
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
