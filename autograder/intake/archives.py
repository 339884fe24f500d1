"""Unpacks zips that strangers made: bounded, nothing outside the folder, no zip within a zip."""

from __future__ import annotations

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from autograder.submissions.text import printable

PIECE_BYTES = 1 << 16
# Of the list of entries: what one may take there, with the longest of names.
ENTRY_BYTES = 600
# Text shrinks to a tenth. Nothing that is smaller than this is worth a bomb.
MAX_RATIO, RATIO_FROM_BYTES = 200, 32 << 20
MAX_DEPTH = 20
END = struct.Struct("<4s4H2IH")
END_MARK, MAX_COMMENT = b"PK\x05\x06", 1 << 16
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED, IS_UTF8 = 0x1, 0x800


class BadArchive(Exception):
    """The zip is not unpacked; says why, for its owner."""


@dataclass(frozen=True)
class Bounds:
    """The most that a zip may hold: entries, and bytes when unpacked."""

    entries: int
    size: int


OF_STUDENT = Bounds(2_000, 512 << 20)
OF_CLASS = Bounds(50_000, 32 << 30)


def is_zip(path: Path) -> bool:
    """Whether this is an ordinary file that calls itself a zip, and begins as one."""
    if path.suffix.lower() != ".zip" or path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def unpack(archive: Path, into: Path, bounds: Bounds) -> tuple[str, ...]:
    """Unpacks a zip into a folder that is made for it; returns the entries left out, and why.

    Files alone are made, each below the folder, with nothing of the rights that the zip asks for.
    Raises BadArchive where the zip as a whole is refused; some of it may be in the folder then.
    """
    into.mkdir(parents=True)
    with archive.open("rb") as file:
        try:
            _refuse_long_list(file, bounds)
            with zipfile.ZipFile(file) as opened:
                if len(opened.infolist()) > bounds.entries:
                    raise BadArchive(f"it holds more than {bounds.entries:,} files")
                return tuple(_unpack_all(opened, into, bounds, archive.stat().st_size))
        except (zipfile.BadZipFile, EOFError, struct.error, ValueError, NotImplementedError):
            raise BadArchive("it is damaged, or no zip") from None


def names(archive: Path) -> list[str]:
    """The paths in a zip; none of one that cannot be read."""
    try:
        with archive.open("rb") as file:
            _refuse_long_list(file, OF_CLASS)
            with zipfile.ZipFile(file) as opened:
                return [_name(entry) for entry in opened.infolist()]
    except (OSError, BadArchive, zipfile.BadZipFile, EOFError, struct.error, ValueError):
        return []


def _refuse_long_list(file: BinaryIO, bounds: Bounds) -> None:
    """The list of entries is read as a whole: so its length is looked at first."""
    size = file.seek(0, 2)
    file.seek(max(0, size - MAX_COMMENT - END.size))
    tail = file.read()
    at = tail.rfind(END_MARK)
    if at < 0 or len(tail) - at < END.size:
        raise BadArchive("it is damaged, or no zip")
    length = END.unpack_from(tail, at)[5]
    # In a zip of more than 4 GB the length is elsewhere; it is less than the file.
    if min(length, size) > bounds.entries * ENTRY_BYTES:
        raise BadArchive(f"it holds more than {bounds.entries:,} files")


def _unpack_all(opened: zipfile.ZipFile, into: Path, bounds: Bounds, packed: int) -> Iterator[str]:
    room = bounds.size
    for entry in opened.infolist():
        name = _name(entry)
        if name.endswith("/"):
            continue
        shown = printable(name, 200)
        why = _refused(entry, name)
        if why:
            yield f"{shown} ({why})"
            continue
        path = into.joinpath(*name.split("/"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with opened.open(entry) as source, path.open("xb") as to:
                for piece in iter(lambda: source.read(PIECE_BYTES), b""):
                    room -= len(piece)
                    used = bounds.size - room
                    if room < 0:
                        raise BadArchive(f"unpacked it has more than {bounds.size >> 20:,} MB")
                    if used > RATIO_FROM_BYTES and used > MAX_RATIO * packed:
                        raise BadArchive(f"unpacked it is over {MAX_RATIO} times as large")
                    to.write(piece)
        except FileExistsError:
            yield f"{shown} (its name is taken)"
        except (OSError, zlib.error, zipfile.BadZipFile, EOFError) as error:
            with suppress(OSError):
                path.unlink()
            yield f"{shown} (it cannot be unpacked: {getattr(error, 'strerror', '') or 'damaged'})"


def _name(entry: zipfile.ZipInfo) -> str:
    """The name of an entry, with ``/`` between folders, whatever system wrote it."""
    name = entry.filename
    if not entry.flag_bits & IS_UTF8:
        # Most programs write UTF-8, and do not say so.
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")


def _refused(entry: zipfile.ZipInfo, name: str) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    parts = name.split("/")
    if len(parts) > MAX_DEPTH:
        return "it lies too deep"
    if re.match(r"[A-Za-z]:|/", name) or {"", ".", ".."} & set(parts) or "\0" in name:
        return "its path leads out of the zip"
    if kind not in (0, stat.S_IFREG):
        return "it is a link, or no ordinary file"
    if entry.flag_bits & ENCRYPTED:
        return "it has a password"
    if entry.compress_type not in METHODS:
        return "it is packed in a way that is not read"
    return ""
