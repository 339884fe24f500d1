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
from .attempts import Attempts, code_digest
from .facts import Part, read_facts
from .handing_in import (
    CHECK,
    CHECK_SECONDS,
    GRACE,
    RUN_BY_ITSELF,
    answer_in_a_fresh_process,
    hand_in,
)
from .predicting import as_written, judged, small_calls
from .reading import CellFailure, NotReadable, code_cells, load, own_file
from .running import PartResult, run_part
from .showing import prediction, report, report_on, summary
from .stopping import ended_after
from .student import OwnStudent
from .watching import watch

# Set by nbgrader where a notebook is validated or graded. There, a check that is not met must
# raise; in all other runs it only says so, so that the cells below it run.
BY_NBGRADER = "NBGRADER_EXECUTION"
# How a prediction and a question for self-testing are written in a notebook.
PREDICT = 'predict("{}", ...)'
SELF_TEST = 'self_test("{}")', 'self_test("{}", "...")'


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
        self._check, self._predict, self._self_test = CHECK, PREDICT, SELF_TEST
        self._name_missing_files()
        self._attempts = Attempts(package / "__pycache__" / "attempts.json")

    def _name_missing_files(self) -> None:
        folder = self._package.parent
        missing = [name for name in self.facts.handed_out if not (folder / name).is_file()]
        if missing:
            print(
                f"{self._package.name}: {', '.join(missing)} missing from {folder}. Copy the whole "
                "folder as it was handed out; your own notebook or script you can keep.",
                file=sys.stderr,
            )

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
        if BY_NBGRADER in os.environ:
            if not result.whole:
                raise NotYet(report(result))
            print(report(result))
            return
        print(self._reported(result, sys._getframe(1).f_globals))

    def predict(self, what: str, answer: Any = None) -> None:
        """Says what a small call returns, before the function is written. It is not marked.

        predict("2a")               shows a small call of each function of a part
        predict("f", [0.5, 0.25])   says whether this is what the call of `f` returns

        Args:
            what: a part, or the name of a function.
            answer: a number, a list or an array.
        """
        print(self._predicted(what, answer))

    def _predicted(self, what: str, answer: Any) -> str:
        try:
            small = small_calls(self.facts, what)
        except ValueError as problem:
            return str(problem)
        if not small:
            return f"There is no call in {what} that is small enough to work out on paper."
        if answer is None:
            return "\n\n".join(prediction(one, self._predict) for one in small)
        if len(small) > 1:
            names = " or ".join(f'"{one.call.stub}"' for one in small)
            return f"Which function do you mean? Write {names} in place of {what!r}."
        return judged(small[0], answer)

    def _reported(self, result: PartResult, namespace: Mapping[str, Any]) -> str:
        """The report, with as many hints as there were tries, and what may be predicted."""
        self._count(result, namespace)
        text = report(result)
        small = [one for stub in result.to_come() for one in small_calls(self.facts, stub)]
        return "\n\n".join([text, *(prediction(one, self._predict) for one in small[:1])])

    def _count(self, result: PartResult, namespace: Mapping[str, Any]) -> None:
        """Counts a try of each criterion that is missed by wrong values."""
        codes = {one: code_digest([stub], namespace) for one, stub in result.tried().items()}
        result.tries = self._attempts.add(codes)

    def hand_in(self, file: str | Path = "", pdf: bool = False) -> bool:
        """Checks a saved notebook or script as it will be read, and says what would be marked.

        The file is run in a fresh process, cell by cell, with nothing of the running notebook in
        it: save the notebook first.

        Args:
            file: the file to hand in; without one, the notebook or script in which this is called,
                or else the one in this folder that has more done.
            pdf: True also writes a PDF beside the file, with the written questions, your answers
                and the figures of the notebook.

        Returns:
            Whether there is nothing to mend.
        """
        globals_there = sys._getframe(1).f_globals
        return hand_in(self.facts, self._package, file, globals_there, pdf, self._check)

    def self_test(self, question: str = "", letters: str = "") -> None:
        """Concept questions to test yourself on. None of them is marked.

        self_test()                 lists the questions
        self_test("tanh")           asks one
        self_test("tanh", "ac")     says whether a and c are right, and why
        """
        print(self_test(self.facts.self_test, question, letters, *self._self_test))

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
        facts = self.facts
        return OwnStudent(self.own_names, facts.models, derived=facts.by_hand, stubs=facts.stubs)

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
            self._count(result, self.own_names)
            raise NotYet(report_on(result, criterion))

    # -- in a terminal --------------------------------------------------------------------------

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """The command: 0 if all is met, 1 if something is not yet, 2 for a wrong call."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        command = f"python -m {self._package.name}"
        self._check = f"`{command} {{}}`"
        self._predict = f'{command} --predict {{}} "..."'
        self._self_test = f"{command} --self-test {{}}", f"{command} --self-test {{}} ..."
        try:
            status = self._main(arguments)
            sys.stdout.flush()
        except BrokenPipeError:  # by `head`, which has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        return status

    def _main(self, arguments: Sequence[str] | None) -> int:
        given = list(sys.argv[1:] if arguments is None else arguments)
        if given[:1] == [RUN_BY_ITSELF]:
            _, file, check, *left_out = given
            answer_in_a_fresh_process(self.facts, Path(file), check, left_out)
            return 0
        words = self._parser().parse_args(given)
        if words.self_test is not None:
            self.self_test(*words.self_test[:2])
            return 0
        if words.predict is not None:
            return self._predict_in_terminal(words.predict)
        files = [word for word in words.what if word.endswith((".py", ".ipynb"))]
        if words.watch:
            given.remove("--watch")
            named = [Path(name) for name in files or self.facts.files]
            watch(["-m", self._package.name, *given], named)
            return 0
        try:
            wanted = [self.facts.part(word) for word in words.what if word not in files]
            if words.hand_in or words.pdf:
                return 0 if self.hand_in(files[0] if files else "", words.pdf) else 1
            path = Path(files[0]) if files else own_file(Path.cwd(), self.facts)
            failures: list[CellFailure] = []
            parts = wanted or self.facts.parts
            with ended_after(self.facts.limits.cells + GRACE):
                names = load(code_cells(path), self.facts, failures, wanted=parts)
        except (NotReadable, ValueError) as problem:
            print(problem, file=sys.stderr)
            return 2
        return self._report(path, wanted, names, failures)

    def _predict_in_terminal(self, words: Sequence[str]) -> int:
        try:
            answer = as_written(" ".join(words[1:])) if words[1:] else None
        except ValueError as problem:
            print(problem, file=sys.stderr)
            return 2
        print(self._predicted(words[0], answer))
        return 0

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(
            prog=f"python -m {self._package.name}",
            allow_abbrev=False,
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
            "--pdf", action="store_true", help="as --hand-in, and write the answers as a PDF"
        )
        parser.add_argument(
            "--watch", action="store_true", help="check again whenever the file is saved"
        )
        parser.add_argument(
            "--self-test",
            nargs="*",
            metavar="QUESTION LETTERS",
            help="concept questions that are not marked",
        )
        parser.add_argument(
            "--predict",
            nargs="+",
            metavar=("WHAT", "ANSWER"),
            help="say what a small call returns, before you write the function",
        )
        return parser

    def _report(
        self,
        path: Path,
        wanted: Sequence[Part],
        names: dict[str, Any],
        failures: Sequence[CellFailure],
    ) -> int:
        print(f"{path.name}")
        for failure in failures:
            print(f"{failure.cell}, line {failure.line}: {failure.message}")
        parts = wanted or self.facts.parts
        results = []
        for part in parts:
            with ended_after(CHECK_SECONDS):
                results.append(run_part(self.facts, part.id, names))
        for result in results:
            # Of all parts together, those that are not begun are shown in the summary alone.
            if wanted or result.total("missed") or result.differing():
                print(f"\n{self._reported(result, names)}")
        if not wanted:
            print(f"\n{summary(results)}")
        return 0 if all(result.whole for result in results) and not failures else 1
