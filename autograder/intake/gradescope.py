"""Gradescope: *Export Submissions* of a programming assignment.

    assignment_4711_export/submission_metadata.yml
    assignment_4711_export/submission_98765432/rnn.ipynb

The metadata has, for each folder, its ``:submitters`` (``:name``, ``:sid``, ``:email``; those of a
group share one) and ``:created_at``, the time at which Gradescope took it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from autograder.course.folders import CourseError
from autograder.course.times import moment
from autograder.course.yaml_files import PlainLoader
from autograder.intake.pieces import Piece
from autograder.submissions.finding import Origin
from autograder.submissions.text import printable

METADATA = "submission_metadata.yml"
MAX_METADATA_BYTES = 256 << 20


class _Loader(PlainLoader):
    """The same for what Ruby calls an object: its plain values."""


def _plain(loader: Any, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("!", _plain)


def is_export(folder: Path) -> bool:
    return (folder / METADATA).is_file()


def pieces(folder: Path) -> Iterator[Piece]:
    """What Gradescope exported. Raises CourseError where its metadata cannot be read."""
    file = folder / METADATA
    try:
        with file.open("rb") as opened:
            about = yaml.load(opened.read(MAX_METADATA_BYTES), Loader=_Loader)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise CourseError(f"{file}: cannot be read as Gradescope writes it ({error})") from None
    if not isinstance(about, dict):
        raise CourseError(f"{file}: cannot be read as Gradescope writes it")
    for name, one in about.items():
        path = folder / printable(str(name))
        if path.parent == folder and path.exists() and isinstance(one, dict):
            yield _piece(path, one)


def _piece(path: Path, about: dict[str, Any]) -> Piece:
    people = about.get(":submitters")
    people = [one for one in people if isinstance(one, dict)] if isinstance(people, list) else []
    # The one for whom Gradescope's own run draws the hidden inputs.
    people.sort(key=lambda one: str(one.get(":email")))
    known = [str(one.get(key) or "") for one in people for key in (":email", ":sid", ":name")]
    also = tuple(printable(each) for each in known if each)
    names = [printable(str(one.get(":name") or "")) for one in people]
    notes = (f"handed in together: {', '.join(names)}",) if len(names) > 1 else ()
    number = re.search(r"(\d{1,18})$", path.name)
    origin = Origin(
        "gradescope", ", ".join(names), also[0] if also else "", path.name,
        int(number[1]) if number else 0,
    )  # fmt: skip
    return Piece(also[0] if also else path.name, path, origin, also, _time(about), notes)


def _time(about: dict[str, Any]) -> str:
    time = about.get(":created_at")
    time = time.get("utc", "") if isinstance(time, dict) else time
    try:
        return moment(str(time)).isoformat()
    except (ValueError, OverflowError):
        return ""
