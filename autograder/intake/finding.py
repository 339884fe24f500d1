"""Puts together what platforms give: one submission for each student, and notes about it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

import msgspec

from autograder.course.folders import CourseError
from autograder.course.times import moment
from autograder.intake import canvas, classroom, gradescope, moodle
from autograder.intake.archives import (
    OF_CLASS,
    OF_STUDENT,
    BadArchive,
    Bounds,
    is_zip,
    names,
    unpack,
)
from autograder.intake.choices import Choice
from autograder.intake.pieces import Piece
from autograder.intake.roster import MAX_NAME, Person, Roster, joined
from autograder.submissions.finding import (
    SEVERAL,
    SHARED,
    SUFFIXES,
    TIMESTAMP,
    HandIn,
    choose,
    handed_in,
    is_folder,
    is_work,
    short_hash,
    student_id,
    timestamp,
    was_handed_in,
)
from autograder.submissions.text import printable

MOST_NAMED = 5
# Of one student's folder: more are not looked at.
MAX_FILES = 5_000
# Tables that a teacher keeps beside the submissions.
TABLES = (".csv", ".tsv", ".yml", ".yaml", ".xlsx")
WORKSPACE = ".submissions-"


@dataclass(frozen=True)
class Collected:
    """The submissions, sorted by student, and what a person should know of them.

    ``left_out`` counts the names of what is no submission. With a roster, ``absent`` are those who
    handed in nothing, ``unknown`` the ids that it does not have, and ``double`` those ids that are
    one person in it.
    """

    submissions: list[HandIn]
    left_out: Counter[str] = field(default_factory=Counter)
    absent: list[Person] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    double: list[tuple[str, ...]] = field(default_factory=list)


@dataclass(frozen=True)
class Text:
    """A file, and its student by the platform, or by the folder that it lies in; else nothing."""

    student: str
    path: Path
    place: str


@contextmanager
def workspace(folder: Path) -> Iterator[Path]:
    """A folder for what is unpacked, inside of another, and gone in the end.

    What a run that was killed has left is removed too: its lock is free. The outer
    folder is removed as well, if it was made here and is still empty.
    """
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{WORKSPACE}*"):
        with suppress(OSError):
            _lock(left).close()
            shutil.rmtree(left)
    own = Path(mkdtemp(prefix=WORKSPACE, dir=folder))
    lock = _lock(own)
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)
        lock.close()
        if is_new:
            with suppress(OSError):
                folder.rmdir()


def _lock(folder: Path) -> IO[str]:
    """The lock of a workspace. Raises OSError where a run holds it."""
    lock = (folder / ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise
    return lock


def find_submissions(paths: Iterable[Path], assignment: str, released: Path) -> list[HandIn]:
    """All that was handed in under ``paths``, where nothing has to be unpacked."""
    return collect(paths, assignment, released, None).submissions


def collect(
    paths: Iterable[Path],
    assignment: str,
    released: Path,
    unpack_into: Path | None,
    roster: Roster | None = None,
    chosen: Mapping[str, Choice] | None = None,
) -> Collected:
    """All that was handed in under ``paths``: files, folders, and what platforms give to download.

    The id of a student is the platform's; else it is the stem of a file, or the name of a folder.
    Where two would share an id that no platform gave, and none of them was chosen, both get their
    whole file name, and a note. ``chosen`` names the files that a person chose, by student. Zips
    are unpacked into ``unpack_into``. Raises CourseError where there is nothing, a zip of the class
    cannot be unpacked, or a chosen file is not there.
    """
    paths = list(paths)
    chosen = chosen or {}
    by_hand = {student: one.file for student, one in chosen.items()}
    intake = _Intake(assignment, released, unpack_into, by_hand)
    for path in paths:
        intake.take(path)
    found = intake.hand_ins()
    if not found:
        named = ", ".join(map(str, paths))
        raise CourseError(f"{named}: holds no submissions (.ipynb or .py files, or folders)")
    by_id: dict[str, list[HandIn]] = defaultdict(list)
    for one in dict.fromkeys(found):
        by_id[one.student.casefold()].append(one)
    distinct: list[HandIn] = []
    for same in by_id.values():
        places = [intake.place(one.path) for one in same]
        picked = [one for one in same if one.path.name == by_hand.get(one.student)]
        if len(same) == 1:
            distinct += same
        elif len(picked) == 1:
            distinct.append(_picked(picked[0], same))
        else:
            distinct += _renamed(same, places, by_id.keys())
    distinct.sort(key=lambda one: one.student)
    for student, choice in chosen.items():
        if student not in intake.used and any(one.student == student for one in distinct):
            raise choice.row.error(
                f"{student} handed in no file {choice.file!r}; correct or remove this line"
            )
    return _with_roster(distinct, intake, roster)


def texts(paths: Iterable[Path], assignment: str, released: Path, unpack_into: Path) -> list[Text]:
    """Every file of every student under ``paths``, in the forms that ``collect`` takes."""
    intake = _Intake(assignment, released, unpack_into, {})
    for path in paths:
        intake.take(path)
    return intake.texts()


def _with_roster(found: list[HandIn], intake: _Intake, roster: Roster | None) -> Collected:
    if roster is None:
        return Collected(found, intake.left_out)
    known: dict[Person, list[str]] = defaultdict(list)
    unknown, submissions = [], []
    for one in found:
        person = roster.find(one.student, one.origin, intake.also.get(one.student, ()))
        if person is None:
            unknown.append(one.student)
        else:
            known[person].append(one.student)
            one = joined(one, person)
        submissions.append(one)
    double = [tuple(students) for students in known.values() if len(students) > 1]
    return Collected(submissions, intake.left_out, roster.absent(known), unknown, double)


@dataclass(frozen=True)
class _Looked:
    """A piece, the file in it that would be graded, and what is to be said of that."""

    piece: Piece
    path: Path | None
    notes: tuple[str, ...]
    by_hand: bool
    is_work: bool

    def rank(self) -> tuple[bool, bool, bool, int, str, str]:
        """The larger, the sooner it counts: what a person chose, then work, then the newest."""
        one = self.piece
        time = moment(one.handed_in).isoformat() if one.handed_in else ""
        is_file = not moodle.is_typed(one)
        return self.by_hand, self.is_work, is_file, one.origin.number, time, one.path.name


class _Intake:
    """What has been found so far, before it is known which file of a student counts."""

    def __init__(
        self, assignment: str, released: Path, unpack_into: Path | None, chosen: Mapping[str, str]
    ) -> None:
        self._assignment = assignment
        self._released = released
        self._unpack_into = unpack_into
        # Where each zip was unpacked to, and the zip.
        self._unpacked: dict[Path, Path] = {}
        self._chosen = chosen
        self._pieces: list[Piece] = []
        self._plain: list[HandIn] = []
        # Every file that no platform named, and the student that its folder names.
        self._loose: list[Text] = []
        self.left_out: Counter[str] = Counter()
        self.also: dict[str, tuple[str, ...]] = {}
        # The students whose chosen file was there.
        self.used: set[str] = set()

    def take(self, path: Path) -> None:
        """A file or folder that was named by the caller."""
        if path.is_dir():
            self._take_folder(path)
        elif is_zip(path) and self._unpack_into is not None and not self._is_student_s(path):
            self._take_download(path)
        elif path.exists() or path.is_symlink():
            self._take_file(path, _piece(path))
        else:
            raise CourseError(f"{path}: no such file or folder")

    def _is_download(self, path: Path) -> bool:
        """Whether this is what a platform gave, a zip or the folder in it."""
        if _piece(path) is not None:
            return False
        if not is_folder(path):
            return self._unpack_into is not None and is_zip(path) and _is_class(names(path))
        if gradescope.is_export(path) or classroom.is_clones(path):
            return True
        inside = handed_in(path)
        return bool(inside) and all(_piece(each) is not None for each in inside)

    def _is_student_s(self, archive: Path) -> bool:
        """Whether a zip is one student's: it holds the file that was to be filled in."""
        inside = names(archive)
        wanted = [f"{self._assignment}{suffix}" for suffix in SUFFIXES]
        return not _is_class(inside) and any(
            Path(name).name in wanted and len(Path(name).parts) <= 2 for name in inside
        )

    def _take_folder(self, folder: Path) -> None:
        folder = root(folder)
        if gradescope.is_export(folder):
            self._pieces += gradescope.pieces(folder)
            return
        if classroom.is_clones(folder):
            self._pieces += classroom.pieces(folder)
            return
        paths = self._leave_out(folder.iterdir())
        # Among students' own files nothing is a download, whatever a student put into it.
        if paths and all(self._is_download(path) for path in paths):
            for path in paths:
                if is_folder(path):
                    self._take_folder(path)
                else:
                    self._take_download(path)
            return
        of_canvas = _is_of_canvas(paths)
        for path in paths:
            if is_folder(path):
                self._take_inner(path)
            elif path.suffix.lower() in TABLES:
                self.left_out[path.name] += 1
            else:
                self._take_file(path, _piece(path, of_canvas))

    def _take_inner(self, folder: Path) -> None:
        """A student's folder, in the one that was named."""
        one = moodle.piece(folder)
        if one is not None:
            self._pieces.append(one)
        else:
            inner = folder / self._assignment
            own = inner if is_folder(inner) else folder
            self._plain.append(self._of_folder(own, folder.name))

    def _of_folder(self, folder: Path, name: str) -> HandIn:
        student = student_id(name)
        files = [path for path in self._leave_out(folder.iterdir()) if not is_folder(path)]
        self._loose += [Text(student, path, f"{name}/{path.name}") for path in files]
        chosen, notes = self._work(files, self._chosen.get(student, ""), student)
        time, wrong = timestamp(folder / TIMESTAMP)
        return HandIn(student, chosen or folder, (*notes, *wrong), time)

    def _take_file(self, path: Path, one: Piece | None) -> None:
        if one is not None:
            self._pieces.append(one)
            return
        self._loose.append(Text("", path, path.name))
        student = student_id(path.stem)
        chosen, notes = self._work([path], self._chosen.get(student, ""), student)
        self._plain.append(HandIn(student, chosen or path, notes))

    def _take_download(self, archive: Path) -> None:
        """The zip that a platform gave."""
        try:
            folder, left = self._unpack(archive, OF_CLASS)
        except BadArchive as error:
            raise CourseError(f"{archive}: was not unpacked: {error}") from None
        self.left_out.update(left)
        inside = [path for path in sorted(folder.iterdir()) if was_handed_in(path)]
        # Some put everything into one folder of the zip's name.
        wrapped = len(inside) == 1 and is_folder(inside[0]) and moodle.piece(inside[0]) is None
        self._take_folder(inside[0] if wrapped else folder)

    def _unpack(self, archive: Path, bounds: Bounds) -> tuple[Path, tuple[str, ...]]:
        assert self._unpack_into is not None
        folder = Path(mkdtemp(dir=self._unpack_into)) / archive.name
        self._unpacked[folder] = archive
        try:
            return folder, unpack(archive, folder, bounds)
        except BadArchive:
            shutil.rmtree(folder.parent, ignore_errors=True)
            raise

    def place(self, path: Path) -> Path:
        """Where a file lies: in a zip, below the path of the zip."""
        for folder in path.parents:
            if folder in self._unpacked:
                return self.place(self._unpacked[folder]) / path.relative_to(folder)
        return path.absolute()

    def hand_ins(self) -> list[HandIn]:
        """One of each student."""
        by_student: dict[tuple[str, str], list[Piece]] = defaultdict(list)
        for one in dict.fromkeys(self._pieces):
            by_student[one.origin.platform, one.student.casefold()].append(one)
        return [*self._plain, *map(self._newest, by_student.values())]

    def texts(self) -> list[Text]:
        """Every file of every student."""
        found = list(self._loose)
        for one in dict.fromkeys(self._pieces):
            student, place = student_id(one.student), f"{one.origin.platform}, {one.origin.file}"
            found += [Text(student, path, place) for path in self._files(one)]
        return found

    def _newest(self, pieces: Sequence[Piece]) -> HandIn:
        """The piece that counts: the newest with work in it, or what a person chose."""
        student = student_id(pieces[0].student)
        best, *others = sorted(
            (self._looked_into(one, student) for one in pieces), key=_Looked.rank, reverse=True
        )
        one, notes = best.piece, best.notes
        if others:
            how = "was chosen by hand" if best.by_hand else f"was graded, {_why(best, others)}"
            file, *more = _names([best, *others])
            notes = (f"{SEVERAL}{file} {how}; the others were: {some(more)}", *notes)
        self.also[student] = one.also
        origin = msgspec.structs.replace(
            one.origin,
            name=printable(one.origin.name, MAX_NAME),
            account=printable(one.origin.account, MAX_NAME),
            file=printable(one.origin.file),
        )
        path = best.path or one.path
        return HandIn(student, path, (*one.notes, *notes), one.handed_in, origin)

    def _looked_into(self, one: Piece, student: str) -> _Looked:
        chosen = self._chosen.get(student, "")
        path, notes = self._work(self._files(one), chosen, student)
        by_hand = bool(chosen) and chosen in (one.origin.file, path.name if path else "")
        if by_hand:
            self.used.add(student)
        return _Looked(one, path, notes, by_hand, path is not None and self._is_work(path))

    def _files(self, one: Piece) -> list[Path]:
        if not is_folder(one.path):
            return [one.path]
        return list(islice(self._beneath(one.path), MAX_FILES))

    def _beneath(self, folder: Path) -> Iterator[Path]:
        folders = [folder]
        while folders:
            inside = self._leave_out(folders.pop().iterdir())
            folders += (path for path in reversed(inside) if is_folder(path))
            yield from (path for path in inside if not is_folder(path))

    def _leave_out(self, paths: Iterable[Path]) -> list[Path]:
        """Those that were handed in; the others are counted."""
        kept = []
        for path in sorted(paths):
            if was_handed_in(path):
                kept.append(path)
            elif path.name not in (TIMESTAMP, ".git"):
                self.left_out[path.name] += 1
        return kept

    def _work(
        self, files: Sequence[Path], by_hand: str, student: str
    ) -> tuple[Path | None, tuple[str, ...]]:
        """The file that is graded, out of a zip where there is no other."""
        notes: list[str] = []
        files = list(files)
        if self._unpack_into is not None and not any(map(self._is_work, files)):
            for archive in filter(is_zip, tuple(files)):
                try:
                    folder, left = self._unpack(archive, OF_STUDENT)
                except BadArchive as error:
                    notes.append(f"{printable(archive.name)} was not unpacked: {error}")
                    continue
                files.remove(archive)
                files += islice(self._beneath(folder), MAX_FILES)
                if left:
                    notes.append(f"left out of the zip: {some(left)}")
        chosen, why = choose(files, self._assignment, self._released, by_hand)
        if chosen is not None and by_hand and chosen.name == by_hand:
            self.used.add(student)
        return chosen, (*notes, *why)

    def _is_work(self, path: Path) -> bool:
        return is_work(path, self._assignment, self._released)


def root(folder: Path) -> Path:
    """Where the submissions are: of nbgrader's course, in its ``submitted`` folder."""
    return folder / "submitted" if (folder / "submitted").is_dir() else folder


def refuse_among(out: Path, paths: Iterable[Path]) -> None:
    """Raises CourseError where results in ``out`` would be the next run's submissions."""
    for folder in paths:
        if folder.is_dir() and out.resolve().is_relative_to(root(folder).resolve()):
            raise CourseError(
                f"{out}: is among the submissions in {root(folder)}, and would be graded with "
                "them the next time; name a folder that is not in there"
            )


def _piece(path: Path, of_canvas: bool = True) -> Piece | None:
    return moodle.piece(path) or (canvas.piece(path) if of_canvas else None)


def _is_of_canvas(paths: Sequence[Path]) -> bool:
    """Whether more of the files have a name from Canvas than any other.

    One file of another class may look like it.
    """
    files = [path for path in paths if not is_folder(path) and path.suffix.lower() not in TABLES]
    return 2 * sum(canvas.piece(path) is not None for path in files) > len(files)


def _is_class(inside: Sequence[str]) -> bool:
    """Whether these are the paths in a zip that a platform gave."""
    if any(Path(name).name == gradescope.METADATA for name in inside):
        return True
    tops = {Path(name).parts[0] for name in inside if Path(name).parts}
    if len(tops) == 1 and not any(_piece(Path(name)) for name in tops):
        tops = {parts[1] for name in inside if len(parts := Path(name).parts) > 1}
    tops = {name for name in tops if was_handed_in(Path(name))}
    return bool(tops) and all(_piece(Path(name)) for name in tops)


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more}"


def _names(several: Sequence[_Looked]) -> list[str]:
    """The names of files, or of what the platform put each into where these say more."""
    names = [printable((one.path or one.piece.path).name) for one in several]
    if len({*names}) < len(names):
        return [printable(one.piece.origin.file) for one in several]
    return names


def _why(best: _Looked, others: Sequence[_Looked]) -> str:
    """Why this one of several counts, in the words of a note."""
    one = best.piece
    alike = [other.piece for other in others if other.is_work == best.is_work]
    if not alike:
        return "the only one with work in it"
    if not moodle.is_typed(one) and all(map(moodle.is_typed, alike)):
        return "the only one that was not typed into the platform"
    by_number = {
        "canvas": "the newest by Canvas's number",
        "gradescope": "the newest by Gradescope's",
    }
    if one.origin.number and one.origin.platform in by_number:
        return by_number[one.origin.platform]
    return "the newest" if one.handed_in else "the last by name, as nothing says which is newer"


def _picked(one: HandIn, same: Iterable[HandIn]) -> HandIn:
    """The one of several with the same id that a person chose."""
    others = some([printable(each.path.name) for each in same if each is not one])
    note = f"{SEVERAL}{printable(one.path.name)} was chosen by hand; the others were: {others}"
    return replace(one, notes=(note, *one.notes))


def _whole_name(one: HandIn) -> str:
    """A file's, with its ending; in a folder of the student's, that is named by the student."""
    return one.path.name if student_id(one.path.stem) == one.student else one.student


def _renamed(
    same: list[HandIn], places: Sequence[Path], taken: Collection[str]
) -> Iterator[HandIn]:
    """Those who would share an id, under different ids.

    Only the files' places relative to each other count: students read the note, and the same class
    in another folder gets the same ids, and so the same inputs.
    """
    common = Path(os.path.commonpath([place.parent for place in places]))
    paths = [str(place.relative_to(common)) for place in places]
    listed = some([printable(path) for path in paths])
    whole = [_whole_name(one) for one in same]
    folded = Counter(name.casefold() for name in whole)
    for one, name, own in zip(same, paths, whole, strict=True):
        note = (
            f"{one.student} handed in {len(same)} files, and {'both' if len(same) == 2 else 'all'} "
            f"{SHARED}{listed}. Keep only one in the folder, or name the one to grade in chosen.csv"
        )
        if folded[own.casefold()] > 1 or own.casefold() in taken:
            own = f"{own} {short_hash(name)}"
        yield replace(one, student=student_id(own), notes=(*one.notes, note))
