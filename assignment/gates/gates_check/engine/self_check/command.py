"""``check("2a")`` in a notebook, ``python -m NAME_check`` in a terminal, and what pytest calls."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from .answers import self_test
from .facts import read_facts
from .handing_in import RUN_BY_ITSELF, answer_in_a_fresh_process, hand_in
from .reading import CellFailure, NotReadable, code_cells, load, own_file
from .running import PartResult, run_part
from .showing import report, report_on, summary
from .student import OwnStudent

# Set by nbgrader where a notebook is validated or graded. There, a check that is not met must
# raise; in all other runs it only says so, so that the cells below it run.
BY_NBGRADER = "NBGRADER_EXECUTION"


class NotYet(AssertionError):
    """A part is not whole. Shown by its text alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).split("\n")


class SelfCheck:
    """What a package ``NAME_check`` offers.

    Args:
        package: its folder, with ``facts.json``.
        checks: the functions in its ``checks.py``, by name.
    """

    def __init__(self, package: Path, checks: Mapping[str, Callable[..., None]]) -> None:
        self._package = package
        self.facts = read_facts(package / "facts.json", checks)

    # -- in a notebook --------------------------------------------------------------------------

    def check(self, part: str) -> None:
        """Runs the checks of a part on the functions that are defined here, and prints a report.

        Args:
            part: such as "2a".

        Raises:
            NotYet: if the part is not whole, where nbgrader validates the notebook.
        """
        try:
            result = run_part(self.facts, part, sys._getframe(1).f_globals)
        except ValueError as problem:
            print(problem)
            return
        if BY_NBGRADER in os.environ and not result.whole:
            raise NotYet(report(result))
        print(report(result))

    def hand_in(self, file: str | Path = "") -> bool:
        """Checks a saved notebook or script as it will be read, and says what would be marked.

        The file is run in a fresh process, cell by cell, with nothing of the running notebook in
        it: save the notebook first.

        Args:
            file: the file to hand in; without one, the notebook or script in which this is called,
                or else the one in this folder that has more done.

        Returns:
            Whether there is nothing to mend.
        """
        return hand_in(self.facts, self._package, file, sys._getframe(1).f_globals)

    def self_test(self, question: str = "", letters: str = "") -> None:
        """Concept questions to test yourself on. None of them is marked.

        self_test()                 lists the questions
        self_test("tanh")           asks one
        self_test("tanh", "ac")     says whether a and c are right, and why
        """
        print(self_test(self.facts.self_test, question, letters))

    def run_part(self, part: str, namespace: dict[str, Any]) -> PartResult:
        """What the visible checks see of a part. Raises ValueError where there is no such part.

        Args:
            part: such as "2a".
            namespace: holds the functions by name.
        """
        return run_part(self.facts, part, namespace)

    # -- for pytest -----------------------------------------------------------------------------

    @cached_property
    def own_names(self) -> dict[str, Any]:
        """What the file in this folder defines. Raises NotReadable where there is none."""
        return load(code_cells(own_file(Path.cwd(), self.facts)), self.facts, [])

    def own_student(self) -> OwnStudent:
        """The file in this folder as the ``student`` of a check."""
        return OwnStudent(self.own_names, self.facts.models, derived=self.facts.by_hand)

    def criteria(self) -> list[str]:
        """The criteria that can be checked here, marked answers among them."""
        checked = {check.criterion for check in self.facts.checks}
        return [
            criterion.id
            for part in self.facts.parts
            for criterion in part.criteria
            if criterion.id in checked or (part.id in self.facts.marked and criterion.items)
        ]

    def assert_criterion(self, criterion: str) -> None:
        """Raises NotYet unless the file in this folder meets the visible checks of a criterion."""
        part, _, _ = criterion.partition(".")
        result = run_part(self.facts, part, self.own_names)
        met = all(seen.state == "met" for seen in result.seen.get(criterion, {}).values())
        if criterion not in result.seen and result.answers is not None:
            met = result.answers.whole
        if not met:
            raise NotYet(report_on(result, criterion))

    # -- in a terminal --------------------------------------------------------------------------

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """The command: 0 if all is met, 1 if something is not yet, 2 for a wrong call."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        given = list(sys.argv[1:] if arguments is None else arguments)
        if given[:1] == [RUN_BY_ITSELF]:
            answer_in_a_fresh_process(self.facts, Path(given[1]), given[2:])
            return 0
        words = self._parser().parse_args(given)
        if words.self_test is not None:
            self.self_test(*words.self_test[:2])
            return 0
        files = [word for word in words.what if word.endswith((".py", ".ipynb"))]
        try:
            wanted = [self.facts.part(word).id for word in words.what if word not in files]
            if words.hand_in:
                return 0 if self.hand_in(files[0] if files else "") else 1
            path = Path(files[0]) if files else own_file(Path.cwd(), self.facts)
            failures: list[CellFailure] = []
            names = load(code_cells(path), self.facts, failures)
        except (NotReadable, ValueError) as problem:
            print(problem, file=sys.stderr)
            return 2
        return self._report(path, wanted, names, failures)

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(
            prog=f"python -m {self._package.name}",
            description=f"Checks your work in this folder: {' or '.join(self.facts.files)}.",
        )
        parser.add_argument(
            "what",
            nargs="*",
            help=f"parts such as {self.facts.parts[0].id}, or a file; all parts otherwise",
        )
        parser.add_argument(
            "--hand-in", action="store_true", help="look at the file before you hand it in"
        )
        parser.add_argument(
            "--self-test",
            nargs="*",
            metavar="QUESTION LETTERS",
            help="concept questions that are not marked",
        )
        return parser

    def _report(
        self,
        path: Path,
        wanted: Sequence[str],
        names: dict[str, Any],
        failures: Sequence[CellFailure],
    ) -> int:
        print(f"{path.name}")
        for failure in failures:
            print(f"{failure.cell}, line {failure.line}: {failure.message}")
        parts = wanted or [part.id for part in self.facts.parts]
        results = [run_part(self.facts, part, names) for part in parts]
        for result in results:
            # Of all parts together, those that are not begun are shown in the summary alone.
            if wanted or result.total("missed"):
                print(f"\n{report(result)}")
        if not wanted:
            print(f"\n{summary(results)}")
        return 0 if all(result.whole for result in results) and not failures else 1
