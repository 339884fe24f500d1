"""The right answers. They live in the grading process and never enter a worker."""

from __future__ import annotations

import ast
import inspect
import math
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from autograder.course.folders import Assignment, CourseError
from autograder.course.percent import percent_cells
from autograder.course.stubs import Shape, load_stubs
from autograder.worker.support import stand_ins

# What a call of a building block may cost: rows are N T, and the work is as many matrix products.
# Asked for are up to 2**10 rows, and up to 2**14 in all.
MAX_ROWS = 1 << 12
MAX_WORK = 1 << 18
# What a step through time costs, in about nanoseconds.
STEP = 10_000
# Of a list of arrays.
MAX_ITEMS = 16


REQUIRED = inspect.Parameter.empty


class NotAnswered(Exception):
    """A building block was called with what it does not take; says what was found."""


class Reference:
    """The functions of an assignment's solution script, by name, and how its ``stubs`` are asked.

    The first code cell and the cells with ``role="stub"`` are executed. A cell that imports torch
    waits until one of its names is asked for, since most grading never needs it.
    """

    def __init__(self, assignment: Assignment) -> None:
        source, self.stubs = assignment.source, load_stubs(assignment)
        try:
            text = source.read_text(encoding="utf-8")
        except OSError as error:
            raise CourseError(f"{source}: cannot be read ({error.strerror})") from None
        self._names: dict[str, Any] = {"__name__": "reference"}
        self._beside = assignment.beside()
        self._waiting: list[CodeType] = []
        cells = list(percent_cells(text))
        stubs = [cell for head, cell in cells if 'role="stub"' in head]
        if not stubs:
            raise CourseError(f'{source}: holds no cell marked # %% part="..." role="stub"')
        self._stub_cells = "\n".join(stubs)
        imports = next(cell for head, cell in cells if "import numpy" in cell)
        for cell in (imports, *stubs):
            try:
                code = compile(cell, str(source), "exec")
            except SyntaxError as error:
                at = f"{source}, line {error.lineno}"
                raise CourseError(f"{at}: {error.msg}; correct the solution") from None
            if re.search(r"^\s*import torch", cell, re.MULTILINE):
                self._waiting.append(code)
            else:
                self._run(code)

    def _run(self, code: CodeType) -> None:
        with stand_ins(self._beside):
            exec(code, self._names)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        while name not in self._names and self._waiting:
            self._run(self._waiting.pop(0))
        try:
            function: Callable[..., Any] = self._names[name]
        except KeyError:
            raise AttributeError(f"the solution has no function {name}") from None
        return function

    def namespace(self, name: str) -> dict[str, Any]:
        """A copy of the global names that this function of the solution can use."""
        getattr(self, name)
        return dict(self._names)

    @property
    def defined(self) -> tuple[str, ...]:
        """The names of all functions and classes that the solution's stubs define. Runs nothing."""
        return tuple(_named_parameters(self._stub_cells))

    def parameters_of(self, name: str) -> tuple[str, ...]:
        """The names of a stub's parameters; of a class, those of its ``forward``. Runs nothing."""
        return _named_parameters(self._stub_cells).get(name, ())

    def stand_in(
        self, name: str, args: list[Any], kwargs: dict[str, Any], spend: Callable[[int], None]
    ) -> Any:
        """The right answer to a student's call of a building block; see ``answered``."""
        function = self.__getattr__(name)
        return answered(name, function, self.stubs[name].takes, args, kwargs, spend)


def answered(
    name: str,
    function: Callable[..., Any],
    shapes: tuple[Shape, ...],
    args: list[Any],
    kwargs: dict[str, Any],
    spend: Callable[[int], None],
) -> Any:
    """What a function of ours answers to a student's call.

    Args:
        name: what the student calls it.
        function: is called with arrays of these shapes, and with options that are plain numbers.
        shapes: of its required arguments, in the contract's letters (see ``Stub``).
        args: as the student's code gave them, of any kind.
        kwargs: likewise.
        spend: called with the cost, about in nanoseconds, before the work is done; may raise.

    Raises:
        NotAnswered: for other arguments, and for what cannot be computed.
    """
    arguments, steps = _fitting(
        name, shapes, args + _by_position(name, _parameters(function), args, kwargs)
    )
    spend(STEP * steps)
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except (ArithmeticError, TypeError, ValueError, IndexError) as error:
        raise NotAnswered(f"{name} cannot be computed: {type(error).__name__}") from None


@cache
def _named_parameters(source: str) -> Mapping[str, tuple[str, ...]]:
    """The names of the parameters of all functions and classes of a source."""
    found: dict[str, tuple[str, ...]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            inside = node.body if isinstance(node, ast.ClassDef) else [node]
            name = "forward" if isinstance(node, ast.ClassDef) else node.name
            found[node.name] = ()
            for one in inside:
                if isinstance(one, ast.FunctionDef) and one.name == name:
                    names = [argument.arg for argument in one.args.args]
                    found[node.name] = tuple(name for name in names if name != "self")
    return found


@cache
def _parameters(function: Callable[..., Any]) -> Mapping[str, Any]:
    """The names of its parameters with their defaults, or REQUIRED."""
    return {key: one.default for key, one in inspect.signature(function).parameters.items()}


def _by_position(
    name: str, parameters: Mapping[str, Any], args: list[Any], kwargs: dict[str, Any]
) -> list[Any]:
    """What follows ``args`` in a call by position: ``kwargs`` and defaults, in order."""
    missing = list(parameters)[len(args) :]
    values = [kwargs.get(key, parameters[key]) for key in missing]
    surplus = len(args) > len(parameters) or not kwargs.keys() <= set(missing)
    if surplus or any(value is REQUIRED for value in values):
        raise NotAnswered(f"{name} takes other arguments: {', '.join(parameters)}")
    return values


def _fitting(name: str, shapes: tuple[Shape, ...], args: list[Any]) -> tuple[list[Any], int]:
    """The arguments as a building block takes them, and how many steps through time it makes."""
    found: list[_Found] = []
    fitting = [
        _fitted(name, position, shape, value, found)
        for position, (shape, value) in enumerate(zip(shapes, args, strict=False), start=1)
    ]
    if reason := _why_not(tuple(found)):
        raise NotAnswered(f"{name}{reason}")
    options = args[len(shapes) :]
    for value in options:
        plain = value is None or isinstance(value, int | float)
        if not plain and not (isinstance(value, np.ndarray) and value.ndim == 0):
            raise NotAnswered(f"{name}: an option is no plain number")
    steps = found[0].axes[1] if found and "T" in found[0].shape else 0
    return fitting + options, steps


class _Found(NamedTuple):
    """An array among the arguments, or within one of them: where, what it should be, what it is."""

    position: int
    shape: str
    axes: tuple[int, ...]


def _fitted(name: str, position: int, shape: Shape, value: Any, found: list[_Found]) -> Any:
    """An argument as it is taken; the arrays in it are added to those ``found``."""
    if shape == "rng":
        if not isinstance(value, np.random.Generator):
            raise NotAnswered(f"{name}: argument {position} is no random generator")
        return value
    if isinstance(shape, tuple):
        many = shape[0] == "*"
        if not isinstance(value, tuple | list) or len(value) > MAX_ITEMS:
            raise NotAnswered(f"{name}: argument {position} holds no list that is asked for")
        each = shape[1:] * len(value) if many else shape
        if len(value) != len(each):
            raise NotAnswered(f"{name}: argument {position} holds {len(value)} items")
        return [
            _fitted(name, position, of_one, one, found)
            for of_one, one in zip(each, value, strict=True)
        ]
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "biuf":
        raise NotAnswered(f"{name}: argument {position} is no array of numbers")
    found.append(_Found(position, shape, array.shape))
    return array


@lru_cache(1024)
def _why_not(found: tuple[_Found, ...]) -> str:
    """Why arrays of these shapes are none that a building block takes; empty if they are."""
    sizes: dict[str, Any] = {}
    width = 0
    for position, shape, axes in found:
        letters = shape.removeprefix("...")
        leading = len(axes) - len(letters)
        if leading < 0 or (leading > 0 and not shape.startswith("...")):
            return f": argument {position} has the shape {axes}"
        named: list[tuple[str, Any]] = [*zip(letters, axes[leading:], strict=True)]
        width = max(width, math.prod(size for letter, size in named if letter not in "NT"))
        if shape.startswith("..."):
            named.append(("...", axes[:leading]))
        for letter, size in named:
            if letter != "?" and sizes.setdefault(letter, size) != size:
                return (
                    f": argument {position} has the shape {axes}, which does not fit the "
                    "arguments before it"
                )
    # An empty axis does not make the others free: a loop may run over them.
    counted = (*sizes.get("...", ()), sizes.get("N", 1), sizes.get("T", 1))
    rows = math.prod(max(size, 1) for size in counted)
    if rows > MAX_ROWS or rows * width > MAX_WORK:
        return " was called with larger arrays than are ever asked for"
    return ""
