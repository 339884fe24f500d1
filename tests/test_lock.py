"""constraints.txt pins what pyproject.toml asks for, on every Python that is promised."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = "rnn-autograder"
# PyTorch's builds with CUDA bring these by themselves; others want none.
CUDA = re.compile(r"(nvidia|cuda|triton)\b")


def made_of(name: str) -> list[str]:
    """The words that the Makefile gives a variable."""
    line = re.search(rf"^{name} := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert line
    return line[1].split()


PROMISED = made_of("PYTHONS")
# A pin may be for some bugfix releases alone, as Debian 12 still has 3.11.2.
RELEASES = [f"{python}.{bugfix}" for python in PROMISED for bugfix in range(20)]


def environment(release: str, extra: str = "") -> dict[str, str]:
    here = {name: str(value) for name, value in default_environment().items()}
    minor = release.rpartition(".")[0]
    return here | {"python_full_version": release, "python_version": minor, "extra": extra}


@cache
def locked() -> tuple[Requirement, ...]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return tuple(Requirement(line) for line in lines if not line.startswith("#"))


def pins(release: str) -> dict[str, Version]:
    """The version of each package on a Python, which the lock may name only once."""
    found: dict[str, Version] = {}
    for pin in locked():
        if pin.marker is None or pin.marker.evaluate(environment(release)):
            assert pin.name not in found, f"{pin.name} is pinned twice for Python {release}"
            found[canonicalize_name(pin.name)] = Version(str(pin.specifier).removeprefix("=="))
    return found


def asked_for(name: str, release: str, extras: set[str]) -> Iterator[Requirement]:
    """What an installed package asks for on a Python."""
    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(
            marker.evaluate(environment(release, extra)) for extra in extras | {""}
        ):
            yield requirement


def test_the_lock_is_one_that_pip_takes_as_constraints() -> None:
    for pin in locked():
        assert re.fullmatch(r"==[\w.]+", str(pin.specifier)), pin
        assert not pin.extras
        assert not pin.url
        assert not CUDA.match(pin.name), f"{pin.name} is for PyTorch's build to name"


@pytest.mark.parametrize("release", RELEASES)
def test_all_that_the_project_asks_for_is_pinned(release: str) -> None:
    found = pins(release)
    extras = set(distribution(PROJECT).metadata.get_all("Provides-Extra") or ())
    for requirement in asked_for(PROJECT, release, extras):
        if requirement.name != PROJECT:
            assert found[canonicalize_name(requirement.name)] in requirement.specifier


def test_all_that_they_ask_for_in_turn_is_pinned() -> None:
    """Only this Python has their metadata; the trials on a fresh machine resolve on the others."""
    release = "{}.{}.{}".format(*sys.version_info)
    found = pins(release)
    to_see = [(PROJECT, frozenset({"dev"}))]
    seen = set(to_see)
    while to_see:
        name, extras = to_see.pop()
        for requirement in asked_for(name, release, set(extras)):
            wanted = (canonicalize_name(requirement.name), frozenset(requirement.extras))
            if wanted in seen or CUDA.match(wanted[0]):
                continue
            assert wanted[0] == PROJECT or wanted[0] in found, f"{name} asks for {requirement}"
            seen.add(wanted)
            to_see.append(wanted)


def test_the_pythons_that_are_promised_are_said_once() -> None:
    least, most = PROMISED[0], PROMISED[-1]
    assert distribution(PROJECT).metadata["Requires-Python"] == f">={least}"
    assert f"Python {least} to {most}" in (ROOT / "README.md").read_text()
