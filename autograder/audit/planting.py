"""The audit's submissions: the reference with one stub, or a few, in another way."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from inspect import getsource
from pathlib import Path
from types import ModuleType

from autograder.course.concepts import load_concepts
from autograder.course.folders import Assignment, CourseError
from autograder.course.percent import percent_cells
from autograder.course.stubs import Kind
from autograder.misconceptions import Library, Misconception, Right
from autograder.misconceptions.explain import GENERATOR_PIECE
from autograder.submissions.reading import Cell, Submission

RIGHT, WRONG, PAIRS = "right*.py", "wrong*.py", "pairs.txt"
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


def planted(assignment: Assignment, pattern: str) -> list[Planted]:
    """Those of the files in ``audit/planted/`` whose names fit the pattern."""
    files = sorted(assignment.planted.glob(pattern))
    return [one for file in files for one in planted_in(file)]


def planted_in(file: Path) -> list[Planted]:
    """Those of a file: a percent script, with cells such as

        # %% sum-in-place-of-mean: mean loses 1a.mean

    or, as an example of known misconceptions, ``... loses 1a.mean is mean/not-divided``.
    The text before the first of them belongs to all.
    """
    cells = list(percent_cells(file.read_text(encoding="utf-8")))
    shared = cells.pop(0)[1] if cells and not cells[0][0] else ""
    found: dict[str, Planted] = {}
    for head, source in cells:
        said = HEAD.match(head)
        if not said:
            raise CourseError(f"{file}: `# %%{head}` is not `NAME: STUB loses CRITERIA`")
        called, stub, loses, named = said.groups(default="")
        if called in found:
            raise CourseError(f"{file}: {called} appears here twice; rename one of them")
        source = f"{shared}\n{source.strip()}\n"
        lost = frozenset(loses.split())
        found[called] = Planted(called, stub, source, lost, frozenset(named.split()))
    return list(found.values())


class Planter:
    """Makes submissions of a course's reference."""

    def __init__(self, assignment: Assignment) -> None:
        cells = list(percent_cells(assignment.source.read_text(encoding="utf-8")))
        imports = next(source for _, source in cells if "import numpy" in source)
        self._cells = [imports, *(source for head, source in cells if 'role="stub"' in head)]
        right: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for one in load_concepts(assignment.concepts_file).values():
            if one.part:
                right[one.part][one.id] = "".join(sorted(one.right))
        self._cells += [f"answers_{part} = {answers!r}" for part, answers in right.items()]

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
    """A definition without docstrings and types, and without the code after its solution."""
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

# What the library's modules import of this package, for where it is not.
PRELUDE = """
_pieces, _wrong = {}, {}
def piece(function):
    return _pieces.setdefault(function.__name__, function)
def misconception(name, **said):
    return lambda wrong: _wrong.setdefault(said["of"] + "/" + name, wrong)
"""
AS_STUBS: dict[Kind, str] = {
    "returns": """
def {stub}(*args):
    return _right.{stub}(*args)
""",
    "judges": """
def {stub}(judged):
    return _right.{stub}(judged)
""",
    "draws": """
def {stub}(*args, **settings):
    rng, args = _generator_of(args)
    p = _right.{stub}(*args, **settings)
    return int(rng.choice(len(p), p=p))
""",
    "writes": """
def {stub}(*args, **settings):
    (rng, args), drawn = _generator_of(args), []
    for p in _right.{stub}(drawn, *args, **settings):
        drawn.append(int(rng.choice(len(p), p=p)))
    return drawn
""",
}
GENERATOR_OF = """
def _generator_of(args):
    (rng,) = [one for one in args if isinstance(one, np.random.Generator)]
    return rng, [one for one in args if one is not rng]
"""


def as_planted(library: Library, *ones: Misconception) -> Iterator[Planted]:
    """Misconceptions of one stub, all at once, each family by the first of its cases.

    None for a model, for what varies at random, and for what a generator does: of these the pieces
    know no source that a student could write.
    """
    stub = ones[0].stub
    kind = library.stubs[stub].kind
    if kind not in AS_STUBS or any(one.piece == GENERATOR_PIECE.format(stub) for one in ones):
        return
    functions = [*library.pieces.values(), *(one.wrong for one in ones)]
    modules = dict.fromkeys(function.__module__ for function in functions)
    sources = "\n".join(_standing_alone(sys.modules[name]) for name in modules)
    replaced = ", ".join(f"{one.piece!r}: {_call(one)}" for one in ones)
    source = (
        f"_known = {{'__name__': 'known'}}\n"
        f"exec({_FUTURE + _RIGHT + PRELUDE + sources!r}, _known)\n"
        f"_wrong = _known['_wrong']\n"
        f"_right = _known['Right'](_known['_pieces'], {{{replaced}}})\n"
    )
    source += GENERATOR_OF + AS_STUBS[kind].format(stub=stub)
    lost = frozenset[str]().union(*(one.costs for one in ones))
    named = frozenset(one.name for one in ones)
    yield Planted(" and ".join(sorted(named)), stub, source, lost, named)


def pairs(assignment: Assignment, library: Library) -> Iterator[Planted]:
    """Two misconceptions of a stub at once, in a piece each: those of ``planted/pairs.txt``."""
    known = library.misconceptions
    file = assignment.planted / PAIRS
    if not file.is_file():
        return
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            yield from as_planted(library, *(known[name] for name in line.split()))
        except KeyError as error:
            raise CourseError(
                f"{file}, line {number}: no misconception is called {error}"
            ) from None


_FUTURE = "from __future__ import annotations\n"
_RIGHT = f"from functools import partial\n{getsource(Right)}"


def _call(one: Misconception) -> str:
    wrong = f"_wrong[{one.name!r}]"
    if not one.cases:
        return wrong
    return f"lambda *args: {wrong}(*args, case={one.cases[0]!r})"


@cache
def _standing_alone(module: ModuleType) -> str:
    """A module's source without its imports from this package and from its own folder."""
    tree = ast.parse(getsource(module))
    tree.body = [
        node
        for node in tree.body
        if not isinstance(node, ast.ImportFrom)
        or not (node.level or (node.module or "").startswith(("autograder", "__future__")))
    ]
    return ast.unparse(tree) + "\n"
