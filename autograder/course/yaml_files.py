"""YAML files: read as typed values, with the line of whatever is wrong in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import yaml

from autograder.course.folders import CourseError

# The one in C reads a rubric in a tenth of the time. Not every build of PyYAML has it.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class PlainLoader(_Safe):  # type: ignore[misc]
    """Makes plain values alone, and leaves a time as the text that it is written as."""


PlainLoader.yaml_implicit_resolvers = {
    start: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for start, pairs in _Safe.yaml_implicit_resolvers.items()
}


class Lines:
    """Says on which line of a YAML file a path such as ``$.tasks[0].points`` is."""

    def __init__(self, file: Path, root: yaml.Node | None) -> None:
        self._file = file
        self._root = root

    def error(self, path: str, message: str) -> CourseError:
        return CourseError(f"{self._file}, line {self.of(path)}: {message}")

    def of(self, path: str) -> int:
        """The number of the line."""
        node, line = self._root, 1
        for key, index in re.findall(r"\.([\w/-]+)|\[(\d+)\]", path):
            if isinstance(node, yaml.SequenceNode) and index:
                node = node.value[int(index)]
                line = node.start_mark.line + 1
            elif isinstance(node, yaml.MappingNode):
                for name, value in node.value:
                    if name.value == key:
                        node, line = value, name.start_mark.line + 1
                        break
        return line


def read_yaml(file: Path, kind: Any) -> tuple[Any, Lines]:
    """What a YAML file holds, as a value of the type ``kind``, and its lines.

    Raises CourseError with file, line, and what to change.
    """
    data, lines = _parsed(file)
    try:
        return msgspec.convert(data, kind), lines
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        path = path.rstrip("`")
        unknown = re.search(r"unknown field `(.+)`", message)
        if unknown:
            raise lines.error(
                f"{path}.{unknown[1]}", f"unknown key `{unknown[1]}`; remove or rename it"
            ) from None
        allowed = _allowed(kind, path.rpartition(".")[2]) if "enum value" in message else ""
        raise lines.error(path, message + allowed) from None


def lines_of(file: Path) -> Lines:
    """The lines of a YAML file. Raises CourseError as ``read_yaml``."""
    return _parsed(file)[1]


def _parsed(file: Path) -> tuple[Any, Lines]:
    try:
        text = file.read_text(encoding="utf-8")
        loader = PlainLoader(text)
        try:
            root = loader.get_single_node()
            data = None if root is None else loader.construct_document(root)
        finally:
            loader.dispose()
    except OSError as error:
        raise CourseError(f"{file}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise CourseError(f"{file}: not UTF-8; save it in that encoding") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        line = min(line, len(text.splitlines()))  # What is missing is missed behind the last line.
        raise CourseError(f"{file}, line {line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise CourseError(f"{file}: not YAML: {error}") from None
    _refuse_twice(file, root)
    return data, Lines(file, root)


def _refuse_twice(file: Path, node: yaml.Node | None) -> None:
    """YAML would quietly take the last of two equal keys."""
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_twice(file, value)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise CourseError(
                    f"{file}, line {key.start_mark.line + 1}: the key `{key.value}` "
                    "appears here a second time; remove one of them"
                )
            seen.add(key.value)
            _refuse_twice(file, value)


def _allowed(kind: Any, key: str) -> str:
    """The words that a key may have, to be listed after one that it may not."""
    for each in msgspec.json.schema(kind)["$defs"].values():
        if words := each["properties"].get(key, {}).get("enum"):
            return f"; it is one of {', '.join(words)}"
    return ""
