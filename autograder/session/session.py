"""One submission's code in a worker, asked by several checks at a time.

What the code says of itself (the text of an exception, an answer to a concept question) is shown to
the student. So all of that is asked for first, and only then is a worker sent a hidden input.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from autograder.course.folders import CourseError
from autograder.course.rubric import Limits
from autograder.sandbox.workers import Control, Reply, Worker
from autograder.session.loading import CellTrouble, Loader
from autograder.session.pipeline import Pipeline
from autograder.session.replies import UNWRITTEN, StudentError, raised_in, size_of
from autograder.submissions.reading import Submission
from autograder.worker.values import Unreadable

# The room for answers that are kept to be asked for again and to be explained, in bytes.
MAX_KEPT = 16 << 20
# How far a name is looked for in the cells that did not run to their end.
MAX_MENTIONS, LINE = 1_000, 200
BEFORE_NAME = re.compile(r"\n[ \t]*(?:(?:def|class)[ \t]+)?\Z")

T = TypeVar("T")


class Session:
    """One submission, whose cells run in a worker, and again in a fresh one when that is lost.

    ``support`` are the sources of modules that were released beside the notebook, by name.
    ``stood_in`` remembers of each call which right stubs were called in it.
    """

    def __init__(
        self,
        submission: Submission,
        control: Control,
        limits: Limits,
        support: Mapping[str, str],
    ) -> None:
        self.stood_in: defaultdict[bytes, set[str]] = defaultdict(set)
        self._sources = {cell.name: cell.source for cell in submission.cells}
        self._answers: dict[bytes | None, Reply] = {}
        self._room = MAX_KEPT
        self._why: dict[str, str] = {}
        self._loader = Loader(submission, control, limits, support)
        self._pipeline = Pipeline(self._loader, limits, self._answers)

    def load(self) -> None:
        """Begins to run the cells; what is asked next waits until they ran.

        Only then ``troubles`` holds those that did not run to their end.
        """
        # Where the time was used up, each call will say so.
        with suppress(StudentError):
            self._loader.begin()

    def begin_hidden(self) -> None:
        """From here on, a worker may be sent hidden inputs, and nothing that it says is shown.

        All cells have run by then: whatever a cell raises is shown.
        """
        with suppress(StudentError):
            self._loader.loaded()
        self._loader.hidden_sent = True

    def close(self) -> None:
        """Ends the worker."""
        self._loader.close()

    # -- what became of it ----------------------------------------------------------------------

    @property
    def worker(self) -> Worker | None:
        """The present one, which holds the models that it has built."""
        return self._loader.worker

    @property
    def hidden_sent(self) -> bool:
        """Whether a worker may have been sent a hidden input."""
        return self._loader.hidden_sent

    @property
    def troubles(self) -> list[CellTrouble]:
        """The cells that did not run to their end."""
        return self._loader.troubles

    @property
    def mishaps(self) -> int:
        """How many workers were lost over a call."""
        return self._pipeline.mishaps

    @property
    def losses(self) -> list[str]:
        """A description of each call that lost a worker."""
        return self._pipeline.losses

    @property
    def garbled(self) -> bool:
        """Whether the code wrote to the grader's socket."""
        return self._loader.garbled

    @property
    def out_of_time(self) -> bool:
        """Whether a call, a cell or the submission was stopped."""
        return self._loader.out_of_time

    @property
    def too_much(self) -> bool:
        """Whether the answers were too much to be looked at all."""
        return self._loader.allowance.used_up

    # -- asking ---------------------------------------------------------------------------------

    def together(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """What each task returns; they take turns. See ``Pipeline.together``."""
        return self._pipeline.together(tasks)

    def ask(self, subject: str, op: str, **how: Any) -> Reply:
        """The worker's reply. Raises StudentError. See ``Pipeline.ask``."""
        return self._pipeline.ask(subject, op, **how)

    def spend(self, cost: int) -> None:
        """Pays for what an answer makes this process do, in about nanoseconds.

        Raises ``wire.TooMuch``, which ends the worker, where too much was spent.
        """
        self._loader.allowance.spend(cost)

    def variable(self, name: str) -> Any:
        """A global variable of the submission.

        Raises StudentError, and CourseError once the variable could hold a hidden input.
        """
        if self.hidden_sent:
            raise CourseError(
                f"it asks for the variable {name} after hidden inputs were sent; give it the "
                "fixture `concepts`, and it runs before them"
            )
        return self.value(name, self.ask(name, "value", name=name))

    def keep(self, key: bytes | None, reply: Reply) -> bool:
        """Whether there is room to keep the reply; under a key, it is not asked for again."""
        if key in self._answers:
            return True
        size = size_of(reply)
        if size > self._room:
            return False
        self._room -= size
        if key is not None:
            self._answers[key] = reply
        return True

    def value(self, subject: str, reply: Reply) -> Any:
        """What a reply holds. Raises StudentError where that is no answer."""
        if "error" in reply:
            raised = raised_in(reply, self._sources)
            if raised.type == NotImplementedError.__name__:
                raise StudentError("unfinished", UNWRITTEN.format(subject))
            message = f"`{subject}` raised an exception."
            raise StudentError("raised", message, str(raised), raised)
        if "missing" in reply:
            if subject not in self._why:
                self._why[subject] = self._why_missing(subject)
            raise StudentError("missing", self._why[subject])
        answer = reply.get("answer")
        if isinstance(answer, Unreadable):
            message = f"`{subject}` returned {answer.what}, which cannot be read."
            raise StudentError("unreadable", message)
        return answer

    def _why_missing(self, subject: str) -> str:
        for trouble in self._loader.troubles:
            if _defines(self._sources[trouble.cell], subject):
                return f"`{subject}` is not defined, because {trouble.message.rstrip('.')}."
        return (
            f"`{subject}` is not defined. Define it under exactly this name, at the top level "
            "of a cell."
        )


def _defines(source: str, name: str) -> bool:
    """Whether a line begins with the name, or with ``def`` or ``class`` and the name.

    Of a source that mentions it more than a thousand times, the first thousand are looked at.
    """
    at = source.find(name)
    for _ in range(MAX_MENTIONS):
        if at < 0:
            break
        before, after = source[max(at - LINE, 0) : at], source[at + len(name) : at + len(name) + 1]
        starts = BEFORE_NAME.search(before if at > LINE else f"\n{before}")
        if starts and not (after.isalnum() or after == "_"):
            return True
        at = source.find(name, at + 1)
    return False
