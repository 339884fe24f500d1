"""Attacks by what a file is, not by the code in it: links, pipes, bombs and names."""

from __future__ import annotations

import gzip
import json
import os
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

Make = Callable[[Path, Path], None]
MEGABYTE = 1 << 20
CODE = "def softmax(logits):\n    return logits\n"

NAMES = [
    *("=1+1.py", "@SUM(1+1).py", "-rf.py", "+cmd|' .py", "--out=x.py", "%2e%2e%2fx.py", "$(id).py"),
    *(
        "<script>alert(1).py",
        "<img src=x onerror=x>.py",
        "[red]x[b].py",
        "a\nb.py",
        "a\rb.py",
        "\x1b[31mred.py",
    ),
    *("x\\..\\..\\y.py", "\u202eyp.x.py", "x" * 240 + ".py", ";ls.py", "a,b.py", "'\"`.py", "~.py"),
    *("\udcff\udcfe.py", " .py", "|x|.py", "*_x_*.py", "\t.py", "NUL.py", "é\u0301.py"),
]


def _notebook(*cells: str) -> bytes:
    return b'{"nbformat": 4, "metadata": {}, "cells": [' + ",".join(cells).encode() + b"]}"


def _cell(source: str) -> str:
    return json.dumps({"cell_type": "code", "source": source, "metadata": {}, "outputs": []})


def _link(to: Callable[[Path], Path | str]) -> Make:
    return lambda path, course: path.symlink_to(to(course))


def _bytes(make: Callable[[], bytes]) -> Make:
    def write(path: Path, course: Path) -> None:
        path.write_bytes(make())

    return write


def _fifo(path: Path, course: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path, course: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def _zip(path: Path, course: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(8):
            archive.writestr(f"../../{number}/rnn.ipynb", bytes(4 * MEGABYTE))


def _hole(path: Path, course: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


def _folder_with_link(path: Path, course: Path) -> None:
    path.mkdir()
    (path / "rnn").symlink_to(course / "solutions" / "rnn")


def _folder_with_linked_file(path: Path, course: Path) -> None:
    path.mkdir()
    (path / "rnn.py").symlink_to(course / "solutions" / "rnn" / "rnn.py")


def _folder_of_fifos(path: Path, course: Path) -> None:
    path.mkdir()
    os.mkfifo(path / "rnn.ipynb")
    os.mkfifo(path / "rnn.py")


FILES: dict[str, Make] = {
    "link to the solution.py": _link(lambda course: course / "solutions" / "rnn" / "rnn.py"),
    "link to a classmate.py": _link(lambda course: "canary.py"),
    "link to a device.py": _link(lambda course: "/dev/zero"),
    "link to itself.py": _link(lambda course: "link to itself.py"),
    "link to nothing.py": _link(lambda course: "nothing"),
    "link to memory.py": _link(lambda course: "/proc/self/mem"),
    "folder that is a link": _link(lambda course: course / "solutions" / "rnn"),
    "folder that holds a link": _folder_with_link,
    "folder that holds a linked file": _folder_with_linked_file,
    "folder of pipes": _folder_of_fifos,
    "pipe.ipynb": _fifo,
    "socket.py": _socket,
    "zip bomb.ipynb": _zip,
    "gzip bomb.ipynb": _bytes(lambda: gzip.compress(bytes(32 * MEGABYTE), 1)),
    "terabyte.ipynb": _hole,
    "forty megabytes.ipynb": _bytes(
        lambda: _notebook(_cell(CODE), _cell("#" * MEGABYTE), '{"a": "' + "x" * (40 << 20) + '"}')
    ),
    "millions of cells.ipynb": _bytes(lambda: _notebook(*["{}"] * 4_000_000)),
    "millions of code cells.ipynb": _bytes(lambda: _notebook(*[_cell("x = 1")] * 300_000)),
    "millions of lines.ipynb": _bytes(
        lambda: _notebook('{"cell_type": "code", "source": [' + '"",' * 4_000_000 + '""]}')
    ),
    "deep outputs.ipynb": _bytes(
        lambda: _notebook('{"outputs": ' + "[" * 1_000_000 + "]" * 1_000_000 + "}")
    ),
    "deep objects.ipynb": _bytes(lambda: b'{"a":' * 500_000 + b"1" + b"}" * 500_000),
    "deep code.ipynb": _bytes(lambda: _notebook(_cell("x = " + "(" * 5000 + ")" * 5000))),
    "a number of megabytes.ipynb": _bytes(lambda: _notebook("1" * (4 << 20), "NaN")),
    "keys twice.ipynb": _bytes(
        lambda: b'{"cells": [], "cells": 7, "cells": [{"cell_type": "code", "source": 7}]}'
    ),
    "half emoji.ipynb": _bytes(lambda: _notebook(_cell("x = 1")[:-1] + ', "a": "\\ud83d"}')),
    "nothing but brackets.ipynb": _bytes(lambda: b"{" * (8 << 20)),
    "a page.ipynb": _bytes(lambda: b"<!doctype html><script>alert(1)</script>"),
    "zeros.py": _bytes(lambda: bytes(MEGABYTE)),
    "one line.py": _bytes(lambda: b"#" * (30 << 20) + b"\n# %%\nx = 1\n"),
    "a million markers.py": _bytes(lambda: b"# %%\n" * 1_000_000),
    "brackets of markers.py": _bytes(
        lambda: b"# In [" + b" " * (1 << 20) + b"\n# %% [mark" * 10_000
    ),
}


def write_files(folder: Path, course: Path) -> dict[str, Path]:
    """Writes every attack of this kind: what it is called, and where it lies."""
    written = {}
    for name, make in FILES.items():
        written[name] = folder / name
        make(written[name], course)
    for name in NAMES:
        written[f"name {name!a}"] = folder / name
        (folder / name).write_text(CODE)
    return written
