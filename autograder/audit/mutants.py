"""Mutants of the reference, made by cosmic-ray: one operator or number is another."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from autograder.course.folders import CourseError
from autograder.course.yaml_files import read_yaml


@dataclass(frozen=True)
class Change:
    """One small change of a stub: a line that ``was`` so, and what it ``becomes``."""

    stub: str
    was: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.stub}: `{self.was}` as `{self.becomes}`"


@dataclass(frozen=True)
class Mutant:
    """A stub's source with one change."""

    name: str
    change: Change
    source: str


class _Survivor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    stub: str
    was: str
    becomes: str
    why: str


def mutants(stubs: Mapping[str, str]) -> Iterator[Mutant]:
    """All that cosmic-ray makes of these sources, each once. Raises CourseError without it."""
    try:
        from cosmic_ray.ast import ast_nodes, get_ast
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator, operator_names
    except ImportError:
        raise CourseError(
            "cosmic-ray, which makes the mutants, is not installed; "
            'install it with `pip install "rnn-autograder[audit]"`, or leave them out with '
            "--no-mutants"
        ) from None
    operators = [get_operator(name) for name in sorted(operator_names())]
    for stub, source in stubs.items():
        seen, nodes = {source}, list(ast_nodes(get_ast(source)))
        for operator in operators:
            # Those that take arguments replace variables, which is asked for by name.
            if operator.arguments():
                continue
            found = sum(1 for node in nodes for _ in operator().mutation_positions(node))
            for occurrence in range(found):
                mutated = mutate_code(source, operator(), occurrence)
                if mutated not in seen:
                    seen.add(mutated)
                    change = Change(stub, *_changed(source, mutated))
                    yield Mutant(f"{stub} {len(seen) - 1}", change, mutated)


def _changed(source: str, mutated: str) -> tuple[str, str]:
    """The lines that differ, without their indentation."""
    lines = list(difflib.ndiff(source.splitlines(), mutated.splitlines()))
    was = [line[2:].strip() for line in lines if line.startswith("- ")]
    becomes = [line[2:].strip() for line in lines if line.startswith("+ ")]
    return " ".join(was), " ".join(becomes)


def survivors(file: Path) -> set[Change]:
    """The changes that are known to change nothing; none without the file.

    Raises CourseError for a wrong one.
    """
    if not file.is_file():
        return set()
    listed, _ = read_yaml(file, list[_Survivor])
    return {Change(one.stub, one.was, one.becomes) for one in listed}
