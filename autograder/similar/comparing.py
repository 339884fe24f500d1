"""Groups of submissions that are worth looking at side by side. No verdict, and no mark.

Submissions are compared by what copydetect makes of them: the tokens of the code without names,
comments and layout, in overlapping pieces, of which some are kept as fingerprints (winnowing,
Schleimer et al. 2003). What was released, what the reference does, and what much of a class has in
common are left out. Listed are submissions that hold the same code, and pairs that share so much
that chance would give one such pair in ten classes. Nothing of a student's is run or compiled;
Pygments reads it as text.
"""

from __future__ import annotations

import io
import math
import signal
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from autograder.course.folders import Assignment, CourseError
from autograder.course.percent import percent_cells
from autograder.reports.pages.rendering import environment
from autograder.reports.terminal import literal
from autograder.results.stored import Document
from autograder.results.writing import write_whole
from autograder.submissions.finding import HandIn
from autograder.submissions.reading import read_submission
from autograder.submissions.text import counted, printable_lines

# Characters of tokens: a piece of this length is compared, and one of the sum is always found.
PIECE, WINDOW = 25, 6
# What more of a class than this has in common is how one writes it.
COMMON, COMMON_SHARE = 10, 0.2
# Pairs that share less than this of the smaller one's own code are not listed.
LEAST_SHARE = 0.25
LEAST_FINGERPRINTS = 12
# From this share on two hold the same code, if it is as much as some stubs take.
SAME, SAME_FINGERPRINTS = 0.95, 100
# Fingerprints that are counted at a time.
BLOCK = 1 << 12
MOST_PAIRS = 50
# Expected pairs by chance; and the fewest pairs that show what is usual.
BY_CHANCE, ENOUGH_PAIRS = 0.1, 20
MAX_CHARACTERS = 100_000
MAX_SECONDS = 5.0

# As copydetect types them.
Fingerprint = Any
Counts = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Side:
    """One submission of a pair: the share of its own code that the other has too, and the code,
    in pieces of which every second one is shared."""

    student: str
    share: float
    pieces: tuple[str, ...]


@dataclass(frozen=True)
class Pair:
    left: Side
    right: Side

    @property
    def share(self) -> float:
        return max(self.left.share, self.right.share)


@dataclass(frozen=True)
class Group:
    """Submissions that are linked by listed pairs, and these pairs."""

    students: tuple[str, ...]
    pairs: tuple[Pair, ...]

    @property
    def share(self) -> float:
        return self.pairs[0].share


@dataclass(frozen=True)
class Similar:
    """The groups and in each the pairs, the most similar first; how many were compared; and what
    could not be."""

    groups: tuple[Group, ...]
    compared: int
    left_out: tuple[str, ...]

    @property
    def pairs(self) -> tuple[Pair, ...]:
        return tuple(pair for group in self.groups for pair in group.pairs)


def codes_of(documents: Iterable[Document]) -> dict[str, str]:
    """The students' code as the results hold it: the cells of the stubs."""
    return {
        one.student: "\n".join(
            excerpt.source for excerpts in one.code.values() for excerpt in excerpts
        )
        for one in documents
    }


def codes_in(handed_in: Iterable[HandIn]) -> dict[str, str]:
    """The students' code as it was handed in: all cells, in characters that a page can show."""
    codes = {}
    for one in handed_in:
        cells = read_submission(one.path, one.student, one.notes).cells
        code = "\n".join(cell.source.strip("\n") for cell in cells)
        codes[one.student] = printable_lines(code, MAX_CHARACTERS + 1)
    return codes


def find_similar(assignment: Assignment, codes: Mapping[str, str]) -> Similar:
    """The unusually similar pairs of a class, in groups.

    Raises CourseError where copydetect is not installed.
    """
    prints, left_out = _fingerprints(codes, _public(assignment))
    pairs = [pair for pair in _pairs(prints) if pair.share >= LEAST_SHARE]
    return Similar(_groups(pairs), len(prints), left_out)


@dataclass(frozen=True)
class _Public:
    """What is not a student's own: the lines that were released, and the fingerprints of these and
    of the reference."""

    lines: frozenset[str]
    hashes: frozenset[int]


def _public(assignment: Assignment) -> _Public:
    released = assignment.released / assignment.source.name
    texts = [_code(path.read_text(encoding="utf-8")) for path in (released, assignment.source)]
    lines = frozenset(line.strip() for line in texts[0].split("\n"))
    texts += [_own(text, lines) for text in texts]
    return _Public(lines, frozenset(one for text in texts for one in _fingerprint(text, 1).hashes))


def _fingerprints(
    codes: Mapping[str, str], public: _Public
) -> tuple[dict[str, Fingerprint], tuple[str, ...]]:
    """The fingerprint of each student's own code, and what could not be compared."""
    prints: dict[str, Fingerprint] = {}
    left_out, few = [], []
    for student, code in codes.items():
        try:
            with _deadline():
                own = _own(code[:MAX_CHARACTERS], public.lines)
                made = _without(_fingerprint(own), public.hashes)
        except TimeoutError:
            left_out.append(f"{student}: takes too long to read")
            continue
        if len(code) > MAX_CHARACTERS:
            left_out.append(f"{student}: all after the first {MAX_CHARACTERS:,} characters")
        if len(made.hashes) < LEAST_FINGERPRINTS:
            few.append(student)
        else:
            prints[student] = made
    if few:
        left_out.append(f"too little code of their own: {', '.join(few)}")
    return prints, tuple(left_out)


def _pairs(prints: Mapping[str, Fingerprint]) -> list[Pair]:
    """The pairs that hold the same code, and those that share far more than others."""
    # Those who hold the same code count as one, however many they are: a file that half of a class
    # handed in is neither how one writes it nor what is usual.
    same = _same_code(prints)
    copies = {other for _, other in same}
    apart = [student for student in prints if student not in copies]
    holders = Counter(one for student in apart for one in prints[student].hashes)
    most = max(COMMON, COMMON_SHARE * len(apart))
    common = {one for one, number in holders.items() if number > most}
    rare = {student: _without(prints[student], common) for student in apart}
    pairs = [_pair(one, other, prints) for one, other in same]
    return pairs + [_pair(one, other, rare) for one, other in _standing_out(rare)]


def _code(script: str) -> str:
    return "\n".join(source for _, source in percent_cells(script))


def _own(code: str, as_released: Collection[str]) -> str:
    """The code without lines that were released, but for those that say what follows."""
    lines = code.split("\n")
    return "\n".join(
        line
        for line in lines
        if line.strip() not in as_released or line.startswith(("def ", "class "))
    )


def _fingerprint(code: str, window: int = WINDOW) -> Fingerprint:
    try:
        from copydetect import CodeFingerprint
    except ImportError:
        raise CourseError(
            'this needs copydetect; install it: pip install "rnn-autograder[similar]"'
        ) from None
    # Less than a piece and a window has no fingerprint, which copydetect does not foresee.
    return CodeFingerprint(
        "", PIECE, window, fp=io.StringIO(code.ljust(PIECE + WINDOW)), language="python"
    )


def _without(made: Fingerprint, what: Collection[int]) -> Fingerprint:
    from copydetect.utils import get_token_coverage

    left = copy(made)
    left.hashes = made.hashes.difference(what)
    left.hash_idx = {one: places for one, places in made.hash_idx.items() if one in left.hashes}
    left.token_coverage = get_token_coverage(left.hash_idx, PIECE, len(left.filtered_code))
    return left


def _same_code(prints: Mapping[str, Fingerprint]) -> list[tuple[str, str]]:
    """Those who hold the same code as one before them, each in a pair with the first such."""
    students = list(prints)
    shared = _shared(prints)
    sizes = shared.diagonal()
    same = shared >= SAME * np.maximum.outer(sizes, sizes)
    same &= np.minimum.outer(sizes, sizes) >= SAME_FINGERPRINTS
    found: dict[int, int] = {}
    for one in range(len(students)):
        if one not in found:
            others = (one + 1 + np.flatnonzero(same[one, one + 1 :])).tolist()
            found |= {other: one for other in others if other not in found}
    return [(students[one], students[other]) for other, one in found.items()]


def _shared(prints: Mapping[str, Fingerprint]) -> Counts:
    """(S,S) how many fingerprints each two of S submissions share, and how many each has."""
    every = sorted(set[int]().union(*(made.hashes for made in prints.values())))
    shared = np.zeros((len(prints), len(prints)))
    for start in range(0, len(every), BLOCK):
        place = {one: number for number, one in enumerate(every[start : start + BLOCK])}
        held = np.zeros((len(prints), len(place)), dtype=np.float32)
        for row, made in zip(held, prints.values(), strict=True):
            row[[place[one] for one in made.hashes & place.keys()]] = 1
        shared += held @ held.T
    return shared


def _standing_out(prints: Mapping[str, Fingerprint]) -> list[tuple[str, str]]:
    """The pairs that share far more than other pairs of the class, the most similar first.

    Pairs are compared by the logarithm of the share that they do *not* have in common, of the
    smaller one's fingerprints. Its median and upper quartile say what is usual.
    """
    enough = {one: made for one, made in prints.items() if len(made.hashes) >= LEAST_FINGERPRINTS}
    students = sorted(enough)
    shared = _shared({student: enough[student] for student in students})
    sizes = shared.diagonal()
    smaller = np.minimum.outer(sizes, sizes)
    # 0 for a pair that shares nothing.
    alike = -np.log((smaller - shared + 1) / (smaller + 1))
    pairs = np.triu_indices(len(students), k=1)
    limit = _limit(alike[pairs].tolist())
    worth = [
        (-float(alike[one, other]), students[one], students[other])
        for one, other in zip(*pairs, strict=True)
        if alike[one, other] > limit and shared[one, other] >= LEAST_FINGERPRINTS
    ]
    return [(one, other) for _, one, other in sorted(worth)[:MOST_PAIRS]]


def _limit(values: Sequence[float]) -> float:
    """The value that ``BY_CHANCE`` pairs are expected to exceed, if none are copies.

    Assumes that values of independent pairs fall off exponentially above the median, or faster.
    """
    if len(values) < ENOUGH_PAIRS:
        return 0.0
    _, median, upper = quantiles(values, n=4)
    # Half of what is above the median is above the upper quartile.
    scale = (upper - median) / math.log(2)
    return median + scale * math.log(len(values) / 2 / BY_CHANCE)


def _groups(pairs: Iterable[Pair]) -> tuple[Group, ...]:
    """Pairs that have a submission in common, together."""
    groups: list[tuple[set[str], list[Pair]]] = []
    for pair in pairs:
        students, inside = {pair.left.student, pair.right.student}, [pair]
        apart = []
        for group in groups:
            if students & group[0]:
                students, inside = students | group[0], inside + group[1]
            else:
                apart.append(group)
        groups = [*apart, (students, inside)]
    made = [
        Group(
            tuple(sorted(students)),
            tuple(
                sorted(inside, key=lambda one: (-one.share, one.left.student, one.right.student))
            ),
        )
        for students, inside in groups
    ]
    return tuple(sorted(made, key=lambda group: (-group.share, group.students)))


def _pair(one: str, other: str, prints: Mapping[str, Fingerprint]) -> Pair:
    from copydetect import compare_files

    _, shares, places = compare_files(prints[one], prints[other])
    left, right = (
        Side(student, float(share), _pieces(prints[student].raw_code, where))
        for student, share, where in zip((one, other), shares, places, strict=True)
    )
    return Pair(left, right)


def _pieces(code: str, places: Any) -> tuple[str, ...]:
    pieces, at = [], 0
    for start, end in sorted(places.T.tolist()):
        start, end = max(at, int(start)), max(at, int(end))
        pieces += [code[at:start], code[start:end]]
        at = end
    return (*pieces, code[at:].rstrip())


@contextmanager
def _deadline() -> Iterator[None]:
    """Ends what takes longer, within a regular expression too. For the main thread alone."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def write_pairs(similar: Similar, title: str, path: Path) -> None:
    """One page, readable offline: the list, and every pair side by side."""
    page = environment().get_template("similar.html.j2").render(title=title, similar=similar)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, page.encode())


def print_pairs(console: Console, similar: Similar) -> None:
    """The list, without the code."""
    table = Table(box=SIMPLE_HEAD)
    for name in ("one", "other"):
        table.add_column(name, overflow="fold")
        table.add_column("of it", justify="right")
    for group in similar.groups:
        for pair in group.pairs:
            sides = (pair.left, pair.right)
            cells = [(literal(one.student), f"{one.share:.0%}") for one in sides]
            table.add_row(*cells[0], *cells[1], end_section=pair is group.pairs[-1])
    if similar.groups:
        console.print(table)
    for text in similar.left_out:
        console.print(literal(f"not compared: {text}", "yellow"))
    console.print(in_words(similar), highlight=False)


def in_words(similar: Similar) -> str:
    """How many submissions were compared, and how many pairs are listed."""
    compared = f"{counted(similar.compared, 'submission')} compared"
    if not similar.groups:
        return f"{compared}; none are unusually similar."
    pairs, groups = len(similar.pairs), len(similar.groups)
    within = f" in {counted(groups, 'group')}" if pairs > 1 else ""
    return f"{compared}; {counted(pairs, 'pair')} to look at{within}."
