"""Opens what a file may be wrapped in: base64, zip, gzip, zlib, bzip2, xz, wide characters."""

from __future__ import annotations

import base64
import binascii
import bz2
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Protocol

MAX_DEPTH = 4
MAX_BYTES = 64 << 20

# A run of base64, also one that is broken into lines (each perhaps behind a comment sign).
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}(?:=*[ \t\r\"',#>]*\n[\s\"',#>]*[A-Za-z0-9+/_-]{4,})*")
COMPRESSED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|BZh[1-9]|\xfd7zXZ\0")


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _decompressor(magic: bytes) -> _Decompressor:
    if magic.startswith(b"BZh"):
        return bz2.BZ2Decompressor()
    if magic.startswith(b"\xfd7zXZ"):
        return lzma.LZMADecompressor()
    return zlib.decompressobj(zlib.MAX_WBITS | 32)


def _line(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _wide(data: bytes) -> Iterator[tuple[str, bytes]]:
    if b"\0" in data:
        yield "wide characters", data.replace(b"\0", b"")


def _base64(data: bytes) -> Iterator[tuple[str, bytes]]:
    for match in BASE64.finditer(data):
        letters = re.sub(rb"[^A-Za-z0-9+/_-]", b"", match[0]).translate(
            bytes.maketrans(b"-_", b"+/")
        )
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        try:
            plain = base64.b64decode(letters + b"=" * (-len(letters) % 4))
        except binascii.Error:
            continue
        yield f"base64 in line {_line(data, match.start())}", plain


def _compressed(data: bytes) -> Iterator[tuple[str, bytes]]:
    for match in COMPRESSED.finditer(data):
        try:
            plain = _decompressor(match[0]).decompress(data[match.start() :], MAX_BYTES)
        except (zlib.error, OSError, lzma.LZMAError, EOFError):
            continue
        if plain:
            yield f"compressed data at byte {match.start()}", plain


def _zipped(data: bytes) -> Iterator[tuple[str, bytes]]:
    if b"PK\x03\x04" not in data:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                with archive.open(member) as file:
                    yield f"zip member {member.filename}", file.read(MAX_BYTES)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, zlib.error):
        return


def unwrapped(data: bytes, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """The data itself, and all that is wrapped in it, each with how it was found.

    What is wrapped more than ``MAX_DEPTH`` times over, or is longer than ``MAX_BYTES``, is not
    looked into to the end.
    """
    yield "", data
    if depth == MAX_DEPTH:
        return
    for opened in (_wide, _base64, _compressed, _zipped):
        for how, plain in opened(data):
            for further, inner in unwrapped(plain, depth + 1):
                yield f"{how}, {further}" if further else how, inner
