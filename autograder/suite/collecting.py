"""Collects the checks of an assignment, once."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autograder.checks import plugin as plugin_of_checks
from autograder.checks.inputs import drawn_as
from autograder.course.folders import CourseError
from autograder.misconceptions.explain import WHOLE
from autograder.misconceptions.outcomes import Leaf

FIXTURES = frozenset({"student", "reference", "rng", "concepts"})
# Loading the plugins that are installed beside pytest takes long, and a user's own options and
# plugins could leave checks out.
ENVIRONMENT = {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTEST_ADDOPTS": "",
    "PYTEST_PLUGINS": "",
}
# pytest's own plugins that collecting does not need, and that take time to start.
LEAN = (
    *("cacheprovider", "doctest", "faulthandler", "junitxml", "logging", "stepwise"),
    *("threadexception", "unraisableexception"),
)


@dataclass(frozen=True)
class Check:
    """One check of the suite, with its parameters filled in."""

    name: str
    criterion: str
    item: str | None
    visible: bool
    function: Callable[..., None]
    parameters: Mapping[str, Any]
    drawn_as: str
    fixtures: frozenset[str]
    leaves: tuple[Leaf, ...] = WHOLE

    @property
    def sends_no_hidden_input(self) -> bool:
        """Whether it runs before a worker is sent any hidden input.

        What the code answers to such a check may be shown in the code's own words.
        """
        return self.visible or "concepts" in self.fixtures


class _Collector:
    def __init__(self) -> None:
        self.items: list[pytest.Function] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = [item for item in session.items if isinstance(item, pytest.Function)]


def collect_checks(checks: Path) -> list[Check]:
    """The checks in a folder, in order. Raises CourseError for one that cannot be used."""
    folder, collector = str(checks), _Collector()
    said = io.StringIO()
    # Folders above are not looked into: they may be unreadable, or hold a conftest.py of their own.
    arguments = [folder, "--rootdir", folder, "--confcutdir", folder]
    arguments += ["--collect-only", "-q", "-c", "/dev/null"]
    for plugin in LEAN:
        arguments += ["-p", f"no:{plugin}"]
    with (
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
        _environment(),
    ):
        status = pytest.main(arguments, plugins=[collector, plugin_of_checks])
    if status != pytest.ExitCode.OK:
        raise CourseError(f"{folder}: the checks cannot be collected:\n{said.getvalue().strip()}")
    return [_check(item) for item in collector.items]


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """Within, pytest does the same in every environment."""
    before = dict(os.environ)
    os.environ.update(ENVIRONMENT)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _check(item: pytest.Function) -> Check:
    name = item.nodeid.rpartition("/")[2]
    marks = list(item.iter_markers("criterion"))
    visible = item.get_closest_marker("visible") is not None
    hidden = item.get_closest_marker("hidden") is not None
    if not marks or not marks[0].args:
        raise CourseError(f'check {name}: mark it with its @pytest.mark.criterion("...")')
    if visible == hidden:
        raise CourseError(f"check {name}: mark it as either visible or hidden")
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    wanted = set(inspect.signature(item.function).parameters) - set(parameters)
    if not wanted <= FIXTURES:
        raise CourseError(
            f"check {name} asks for {', '.join(sorted(wanted - FIXTURES))}; a check may ask for "
            f"{', '.join(sorted(FIXTURES))} and its own parameters"
        )
    return Check(
        name=name,
        criterion=str(marks[0].args[0]),
        item=marks[0].kwargs.get("item"),
        visible=visible,
        function=item.function,
        parameters=parameters,
        drawn_as=drawn_as(item),
        fixtures=frozenset(wanted),
        leaves=_marked_leaves(marks[0].kwargs.get("of", ())),
    )


def _marked_leaves(of: tuple[Any, ...]) -> tuple[Leaf, ...]:
    """The items of an answer that ``of`` names: one, as (1, "W_x"), or several of these."""
    several = bool(of) and all(isinstance(one, tuple) for one in of)
    return of if several else (of,)
