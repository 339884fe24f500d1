"""``check("2a")`` in a notebook, ``python -m rnn_check`` in a terminal, and what pytest calls."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import MutableMapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from autograder.self_check.answers import self_test
from autograder.self_check.facts import CHECKS, MARKED, PARTS, part_named
from autograder.self_check.handing_in import RUN_BY_ITSELF, answer_in_a_fresh_process, hand_in
from autograder.self_check.reading import CellFailure, NotReadable, code_cells, load, own_file
from autograder.self_check.running import run_part
from autograder.self_check.showing import summary, told, told_of

# Set by nbgrader where a notebook is validated or graded. There, a check that is not met must
# raise; in all other runs it only says so, so that the cells below it run.
BY_NBGRADER = "NBGRADER_EXECUTION"


class NotYet(AssertionError):
    """A part is not whole. Shown by its text alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).split("\n")


def check(part: str) -> None:
    """Runs the checks of a part on the functions that are defined here, and says what they saw.

    Args:
        part: such as "2a".

    Raises:
        NotYet: if the part is not whole, where nbgrader validates the notebook.
    """
    _check(part, sys._getframe(1).f_globals)


def _check(part: str, namespace: MutableMapping[str, Any]) -> None:
    try:
        result = run_part(part, namespace)
    except ValueError as problem:
        print(problem)
        return
    if BY_NBGRADER in os.environ and not result.whole:
        raise NotYet(told(result))
    print(told(result))


@cache
def _own_names() -> tuple[Path, dict[str, Any]]:
    path = own_file(Path.cwd())
    failures: list[CellFailure] = []
    return path, load(code_cells(path), failures)


def assert_criterion(criterion: str) -> None:
    """Raises NotYet unless the visible checks of a criterion are met by the file in this folder."""
    part, _, _ = criterion.partition(".")
    result = run_part(part, _own_names()[1])
    met = all(seen.state == "met" for seen in result.seen.get(criterion, {}).values())
    if criterion not in result.seen and result.answers is not None:
        met = result.answers.whole
    if not met:
        raise NotYet(told_of(result, criterion))


def criteria() -> list[str]:
    """The criteria that can be checked here, marked answers among them."""
    checked = {check.criterion for check in CHECKS}
    return [
        criterion.id
        for part in PARTS
        for criterion in part.criteria
        if criterion.id in checked or (part.id in MARKED and criterion.items)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m rnn_check``: 0 if all is met, 1 if something is not yet, 2 for a wrong call."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [RUN_BY_ITSELF]:
        answer_in_a_fresh_process(Path(given[1]), given[2:])
        return 0
    parser = argparse.ArgumentParser(
        prog="python -m rnn_check",
        description="Checks your work in this folder: rnn.ipynb or rnn.py.",
    )
    parser.add_argument("what", nargs="*", help="parts such as 2a, or a file; all parts otherwise")
    parser.add_argument(
        "--hand-in", action="store_true", help="look at the file before you hand it in"
    )
    parser.add_argument(
        "--self-test",
        nargs="*",
        metavar="QUESTION LETTERS",
        help="concept questions that are not marked",
    )
    words = parser.parse_args(given)
    if words.self_test is not None:
        self_test(*words.self_test[:2])
        return 0
    files = [word for word in words.what if word.endswith((".py", ".ipynb"))]
    parts = [word for word in words.what if word not in files]
    try:
        wanted = [part_named(part).id for part in parts]
        if words.hand_in:
            return 0 if hand_in(files[0] if files else "") else 1
        path = Path(files[0]) if files else own_file(Path.cwd())
        failures: list[CellFailure] = []
        names = load(code_cells(path), failures)
    except (NotReadable, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 2
    return _report(path, wanted, names, failures)


def _report(
    path: Path, wanted: Sequence[str], names: dict[str, Any], failures: Sequence[CellFailure]
) -> int:
    print(f"{path.name}")
    for failure in failures:
        print(f"{failure.cell}, line {failure.line}: {failure.message}")
    results = [run_part(part, names) for part in wanted or [part.id for part in PARTS]]
    for result in results:
        # Of all parts together, those that are not begun are shown in the summary alone.
        if wanted or result.total("missed"):
            print(f"\n{told(result)}")
    if not wanted:
        print(f"\n{summary(results)}")
    return 0 if all(result.whole for result in results) and not failures else 1
