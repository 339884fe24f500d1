"""The attacks: submissions that try something, each with what it deserves and what must be told.

An attack is a file ``submissions/GROUP/NAME.py``. It begins with a comment that says what it tries,
and may then set, each on a line such as ``# base: right``:

- ``base``: what it stands after: a ``right`` solution, or none of it (``empty``, the default);
- ``earns``: the most that it may earn: otherwise 5 after a right solution, and else 0;
- ``status``: the status that its evidence must have;
- ``says``: a text that its evidence must hold, which shows that it ran;
- ``silent``: a pattern that nothing about a hidden check may hold, so that no value leaves by it;
- ``secret``: a pattern that nothing that the student may read holds;
- ``where: alone``: that nothing at all stands before it;
- ``asks: the kernel``: that it does so, in a group of which most only ask the grader;
- ``same``: another attack that it repeats.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.submissions.reading import Submission

HERE = Path(__file__).parent
FOLDER = HERE / "submissions"
FULL = 5.0
SETTING = re.compile(
    r"^# (base|earns|status|says|silent|secret|where|asks|same): (.+)\n", re.MULTILINE
)
# The same code reads these answers at every level, for every user.
OF_ANSWERS = ("forging", "garbling", "exfiltration", "denial_of_service")
LONG = {
    "@BLANK_LINES@": "\n" * 5_000,
    "@MEGABYTE@": "x" * (1 << 20),
    "@TINY_CELLS@": "# %%\ny = 1\n" * 500,
    "@STATEMENTS@": "x=1;" * 100_000,
    "@FAILING_CELLS@": "# %%\nsoftmax = 1 / 0\n" * 4_900,
    "@FAR_CELLS@": "\n" * 9_900 + "# %%\ny = 1\n" * 4_990,
    "@DYING_CELLS@": "# %%\nos._exit(0)\n" * 250,
}


@dataclass(frozen=True)
class Attack:
    """One attack, as its file describes it."""

    name: str
    tries: str
    source: str
    settings: Mapping[str, str]

    @property
    def group(self) -> str:
        return self.name.partition("/")[0]

    @property
    def student(self) -> str:
        return self.name.replace("/", "-")

    @property
    def asks_the_kernel(self) -> bool:
        """Whether it meets what the level, and the user who grades, put around the worker."""
        return self.group not in OF_ANSWERS or "asks" in self.settings

    @property
    def earns(self) -> float:
        """The most that it deserves."""
        right = FULL if self.settings.get("base") == "right" else 0.0
        return float(self.settings.get("earns", right))

    def text(self, knows: str, right: str) -> str:
        """The file that is handed in."""
        source = self.source
        for word, meant in LONG.items():
            source = source.replace(word, meant)
        if self.settings.get("where") == "alone":
            return source
        base = right if self.settings.get("base") == "right" else ""
        return f"# %%\n{knows}\n{base}\n# %%\n{source}"


def _attack(path: Path) -> Attack:
    text = path.read_text(encoding="utf-8")
    settings = dict(SETTING.findall(text))
    source = SETTING.sub("", text)
    said = itertools.takewhile(lambda line: line.startswith("# "), source.splitlines())
    tries = " ".join(line[2:] for line in said)
    if "same" in settings:
        source = SETTING.sub("", (FOLDER / settings["same"]).read_text(encoding="utf-8"))
    return Attack(f"{path.parent.name}/{path.stem}", tries, source, settings)


def attacks() -> list[Attack]:
    return [_attack(path) for path in sorted(FOLDER.glob("*/*.py"))]


def knowledge(**known: object) -> str:
    """The first cell of every attack, with what this machine's attackers know filled in."""
    text = (HERE / "knows.py.txt").read_text(encoding="utf-8")
    for name, value in known.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def script(submission: Submission) -> str:
    """A submission's cells as a percent script."""
    return "\n".join(_cells(submission))


def _cells(submission: Submission) -> Iterator[str]:
    for cell in submission.cells:
        yield cell.source if cell.source.lstrip().startswith("# %%") else f"# %%\n{cell.source}"
