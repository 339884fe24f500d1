"""The audit's submissions: the reference with one stub, or a few, in another way."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import getsource
from pathlib import Path
from types import ModuleType

from autograder.concepts import load_concepts
from autograder.course import Course, CourseError
from autograder.misconceptions import Misconception, library, pieces
from autograder.misconceptions.explain import GENERATOR
from autograder.misconceptions.outcomes import MODEL, SAMPLER, WRITER
from autograder.submissions.reading import Cell, Submission, percent_cells

PLANTED = Path(__file__).parent / "planted"
HEAD = re.compile(r"\s*([\w-]+): (\w+)(?: loses ([\w.: -]+?))?(?: is ([\w/ -]+))?\s*$")


@dataclass(frozen=True)
class Planted:
    """Another way to write a stub: the source of a cell that puts it in the stub's place.

    ``loses`` are the criteria that it costs, none where it is right; ``named`` are the
    misconceptions that it is an example of.
    """

    name: str
    stub: str
    source: str
    loses: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()


def planted(name: str) -> list[Planted]:
    """Those of a file of ``planted/``: a percent script, with cells such as

        # %% bias-summed-twice: rnn_cell_backward loses 3b.db_h

    or, as an example of known misconceptions, ``... loses 3b.db_h is rnn_cell_backward/averaged``.
    What stands before the first of them belongs to all.
    """
    file = PLANTED / f"{name}.py"
    cells = list(percent_cells(file.read_text(encoding="utf-8")))
    shared = cells.pop(0)[1] if cells and not cells[0][0] else ""
    found: dict[str, Planted] = {}
    for head, source in cells:
        said = HEAD.match(head)
        if not said:
            raise CourseError(f"{file}: `# %%{head}` is not `NAME: STUB loses CRITERIA`")
        called, stub, loses, named = said.groups(default="")
        if called in found:
            raise CourseError(f"{file}: {called} stands here twice; rename one of them")
        source = f"{shared}\n{source.strip()}\n"
        lost = frozenset(loses.split())
        found[called] = Planted(called, stub, source, lost, frozenset(named.split()))
    return list(found.values())


class Planter:
    """Makes submissions of a course's reference."""

    def __init__(self, course: Course) -> None:
        cells = list(percent_cells(course.source.read_text(encoding="utf-8")))
        imports = next(source for _, source in cells if "import numpy" in source)
        self._cells = [imports, *(source for head, source in cells if 'role="stub"' in head)]
        for part in ("1b", "4b"):
            bank = load_concepts(course.concepts_file).values()
            right = {one.id: "".join(sorted(one.right)) for one in bank if one.part == part}
            self._cells.append(f"answers_{part} = {right!r}")

    def submission(self, student: str, *sources: str) -> Submission:
        """The reference, followed by cells that put something else in place."""
        numbered = enumerate([*self._cells, *sources], start=1)
        cells = tuple(Cell(f"cell {number}", source) for number, source in numbered)
        return Submission(student, f"{student}.py", "script", "", cells)

    def stubs(self) -> dict[str, str]:
        """The source of each stub's definition, by its name."""
        found: dict[str, str] = {}
        for cell in self._cells:
            for node in ast.parse(cell).body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    found[node.name] = _solution(node)
        return found


def _solution(node: ast.FunctionDef | ast.ClassDef) -> str:
    """A definition without docstrings and types, and without what stands after its solution."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.FunctionDef | ast.ClassDef):
            if ast.get_docstring(inner) is not None:
                del inner.body[0]
            if isinstance(inner.body[-1], ast.Raise):
                del inner.body[-1]
        if isinstance(inner, ast.FunctionDef):
            inner.returns = None
        if isinstance(inner, ast.arg):
            inner.annotation = None
    return ast.unparse(node) + "\n"


# -- the library of misconceptions, as what students would write ----------------------------------

PRELUDE = """
_wrong = {}
def misconception(name, **said):
    return lambda wrong: _wrong.setdefault(said["of"] + "/" + name, wrong)
"""
AS_STUBS = {
    SAMPLER: """
def sample_token(logits, rng, temperature=1.0, top_k=None):
    p = _right.sample_token(logits, temperature, top_k)
    return int(rng.choice(len(p), p=p))
""",
    WRITER: """
def generate(prompt, length, W_e, W_x, W_h, b_h, W_y, b_y, rng, temperature=1.0, top_k=None):
    drawn = []
    weights = W_e, W_x, W_h, b_h, W_y, b_y
    for p in _right.generate(drawn, prompt, length, *weights, temperature, top_k):
        drawn.append(int(rng.choice(len(p), p=p)))
    return drawn
""",
}


def as_planted(*ones: Misconception) -> Iterator[Planted]:
    """Misconceptions of one stub, all at once, each family by the first of its cases.

    None for a model, and for what a generator does: of these the pieces know no source that a
    student could write.
    """
    stub = ones[0].stub
    if stub == MODEL or any(one.piece == GENERATOR for one in ones):
        return
    sources = "\n".join(_standing_alone(module) for module in (pieces, *_modules(ones)))
    replaced = ", ".join(f"{one.piece!r}: {_call(one)}" for one in ones)
    source = (
        f"_known = {{'__name__': 'known'}}\nexec({_FUTURE + PRELUDE + sources!r}, _known)\n"
        f"_wrong = _known['_wrong']\n_right = _known['Right']({{{replaced}}})\n"
    )
    source += AS_STUBS.get(stub, f"def {stub}(*args):\n    return _right.{stub}(*args)\n")
    lost = frozenset[str]().union(*(one.costs for one in ones))
    named = frozenset(one.name for one in ones)
    yield Planted(" and ".join(sorted(named)), stub, source, lost, named)


def pairs() -> Iterator[Planted]:
    """Two misconceptions of a stub at once, in a piece each: those of ``planted/pairs.txt``."""
    known = library()
    file = PLANTED / "pairs.txt"
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            yield from as_planted(*(known[name] for name in line.split()))
        except KeyError as error:
            raise CourseError(
                f"{file}, line {number}: no misconception is called {error}"
            ) from None


_FUTURE = "from __future__ import annotations\n"


def _call(one: Misconception) -> str:
    wrong = f"_wrong[{one.name!r}]"
    if not one.cases:
        return wrong
    return f"lambda *args: {wrong}(*args, case={one.cases[0]!r})"


def _modules(ones: tuple[Misconception, ...]) -> list[ModuleType]:
    return [sys.modules[name] for name in dict.fromkeys(one.wrong.__module__ for one in ones)]


def _standing_alone(module: ModuleType) -> str:
    """A module's source without what it imports of this package."""
    tree = ast.parse(getsource(module))
    tree.body = [
        node
        for node in tree.body
        if not isinstance(node, ast.ImportFrom)
        or not (node.module or "").startswith(("autograder", "__future__"))
    ]
    return ast.unparse(tree) + "\n"
