"""The rubric: what every criterion is worth. Read from ``rubric.yaml`` into typed models."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from autograder.course.folders import Assignment, CourseError
from autograder.course.times import EXAMPLE, moment
from autograder.course.yaml_files import Lines, lines_of, read_yaml

Points = Annotated[float, Meta(gt=0)]
Credit = Annotated[float, Meta(ge=0, le=0.5)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds and megabytes that a submission's code may use."""

    call_seconds: float = 10.0
    cell_seconds: float = 20.0
    load_seconds: float = 60.0
    submission_seconds: float = 300.0
    memory_mb: int = 2048


class Criterion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is marked. ``share: each`` pays every item of ``items`` its equal share.

    ``hint`` names the idea. In the self-check, students first read where to ``look``, then the
    hint, then what is ``almost`` the line; a step that is empty is left out.
    """

    id: str
    title: str
    points: Points
    hint: str
    share: Literal["whole", "each"] = "whole"
    items: tuple[str, ...] = ()
    look: str = ""
    almost: str = ""


class Reader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A guide for the reader of a part's written answer: what an answer holds that earns all, half
    or nothing of the reader's share."""

    full: str
    half: str
    none: str


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    points: Points
    stubs: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    reader: Reader | None = None


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    points: Points
    parts: tuple[Part, ...]


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What late work loses: of its own points ``per_day`` for each day that has started since
    ``due``, and never more than ``at_most``. Within the grace nothing is late."""

    due: str
    per_day: Share
    at_most: Share = 1.0
    grace_minutes: Annotated[float, Meta(ge=0)] = 0


class Rubric(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole rubric.

    ``written_share`` of every part is awarded by a reader. ``credits`` are the shares of a
    criterion that a misconception still earns, by its name; none where it is not listed.
    ``late`` is what late work loses; nothing where it is left out.
    """

    assignment: str
    title: str
    points: Points
    written_share: Share
    feedback: Literal["full", "hints", "score"]
    limits: Limits
    tasks: tuple[Task, ...]
    credits: dict[str, Credit] = {}
    late: Late | None = None

    def parts(self) -> Iterator[Part]:
        for task in self.tasks:
            yield from task.parts

    def criteria(self) -> Iterator[Criterion]:
        for part in self.parts():
            yield from part.criteria


def _add_up(
    lines: Lines, path: str, what: str, points: float, made_of: Iterable[Task | Part | Criterion]
) -> None:
    worth = [(one.id, one.points) for one in made_of]
    total = sum(each for _, each in worth)
    if not abs(total - points) <= 1e-9:
        listed = ", ".join(f"{name} {each:g}" for name, each in worth)
        raise lines.error(
            f"{path}.points",
            f"{what} is worth {points:g}, but what it is made of adds up to {total:g}: {listed}; "
            "change one of them",
        )


def _once(lines: Lines, seen: set[str], path: str, name: str) -> None:
    if name in seen:
        raise lines.error(path, f"{name} appears here twice; remove one of them, or rename it")
    seen.add(name)


def _validate(rubric: Rubric, lines: Lines) -> None:
    for name, value in msgspec.structs.asdict(rubric.limits).items():
        if not value > 0:
            raise lines.error(f"$.limits.{name}", f"{name} is {value:g}; it must be above 0")
    if rubric.late is not None:
        try:
            moment(rubric.late.due)
        except ValueError as error:
            raise lines.error(
                "$.late.due", f"no time ({error}); write it with its zone, as {EXAMPLE}"
            ) from None
    _add_up(lines, "$", "the assignment", rubric.points, rubric.tasks)
    seen: set[str] = set()
    for t, task in enumerate(rubric.tasks):
        at_task = f"$.tasks[{t}]"
        _once(lines, seen, f"{at_task}.id", f"task {task.id}")
        _add_up(lines, at_task, f"task {task.id}", task.points, task.parts)
        for p, part in enumerate(task.parts):
            at_part = f"{at_task}.parts[{p}]"
            _once(lines, seen, f"{at_part}.id", f"part {part.id}")
            _add_up(lines, at_part, f"part {part.id}", part.points, part.criteria)
            for c, criterion in enumerate(part.criteria):
                at = f"{at_part}.criteria[{c}]"
                _once(lines, seen, f"{at}.id", criterion.id)
                for i, item in enumerate(criterion.items):
                    _once(lines, seen, f"{at}.items[{i}]", f"item {item} of {criterion.id}")
                if not criterion.id.startswith(f"{part.id}."):
                    raise lines.error(
                        f"{at}.id",
                        f"{criterion.id} is in part {part.id}; call it {part.id}.NAME or move it",
                    )
                if (criterion.share == "each") != bool(criterion.items):
                    raise lines.error(
                        f"{at}.id",
                        f"{criterion.id}: `share: each` and `items` go together; "
                        "give both or neither",
                    )


def rubric_of(assignment: Assignment) -> Rubric:
    """An assignment's rubric. Raises CourseError as ``load_rubric``, and for another's rubric."""
    rubric = load_rubric(assignment.rubric_file)
    if rubric.assignment != assignment.name:
        raise CourseError(
            f"{assignment.rubric_file}: the rubric of {rubric.assignment}, not of "
            f"{assignment.name}; write one into {assignment.folder}"
        )
    return rubric


def load_rubric(file: Path) -> Rubric:
    """Reads and checks the rubric. Raises CourseError with file, line, and what to change."""
    rubric: Rubric
    rubric, lines = read_yaml(file, Rubric)
    _validate(rubric, lines)
    return rubric


def match_misconceptions(rubric: Rubric, file: Path, names: Iterable[str]) -> None:
    """Raises CourseError where the rubric credits a misconception that is not known."""
    lines = lines_of(file)
    known = set(names)
    for name in rubric.credits:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            raise lines.error(
                f"$.credits.{name}",
                f"no misconception is called {name}; "
                + (f"did you mean {near[0]}?" if near else "remove it"),
            )


def match_costs(rubric: Rubric, file: Path, costs: Mapping[str, Collection[str]]) -> None:
    """Raises CourseError where a misconception costs a criterion that the rubric does not have.

    ``costs`` are the criteria that each costs, an item as in ``1a.counts:words``.
    """
    there = {f"{name}:{item}" if item else name for name, item in _pairs(rubric)}
    there |= {criterion.id for criterion in rubric.criteria()}
    for name, each in costs.items():
        for criterion in sorted(set(each) - there):
            raise CourseError(
                f"{file}: the misconception {name} costs {criterion}, which the rubric does not "
                "have; add it here or correct the misconception"
            )


def match_checks(rubric: Rubric, file: Path, checks: Iterable[tuple[str, str | None]]) -> None:
    """Holds the rubric against the (criterion, item) pairs that the check suite asks for.

    Raises CourseError for a criterion or item without a check, and for a check without one.
    """
    checked = set(checks)
    for criterion, item in unchecked(rubric, checked):
        raise at_criterion(
            rubric,
            file,
            criterion,
            f"{_named(criterion.id, item)} has no check; write one in "
            f"solutions/{rubric.assignment}/checks/ with "
            f"@pytest.mark.criterion({criterion.id!r}), or remove it here",
        )
    wanted = set(_pairs(rubric))
    for criterion_id, item in sorted(checked - wanted, key=str):
        raise CourseError(
            f"{file}: a check is marked with {_named(criterion_id, item)} which the rubric does "
            "not have; add it here or correct the check's marker"
        )


def unchecked(
    rubric: Rubric, checked: Collection[tuple[str, str | None]]
) -> Iterator[tuple[Criterion, str | None]]:
    """The criteria, and items of them, that are not among these pairs."""
    criteria = {criterion.id: criterion for criterion in rubric.criteria()}
    for criterion_id, item in _pairs(rubric):
        if (criterion_id, item) not in checked:
            yield criteria[criterion_id], item


def at_criterion(rubric: Rubric, file: Path, criterion: Criterion, message: str) -> CourseError:
    """An error on the line of a criterion."""
    lines = lines_of(file)
    for t, task in enumerate(rubric.tasks):
        for p, part in enumerate(task.parts):
            if criterion in part.criteria:
                c = part.criteria.index(criterion)
                return lines.error(f"$.tasks[{t}].parts[{p}].criteria[{c}].id", message)
    raise ValueError(criterion.id)


def _pairs(rubric: Rubric) -> Iterator[tuple[str, str | None]]:
    for criterion in rubric.criteria():
        for item in criterion.items or (None,):
            yield criterion.id, item


def _named(criterion_id: str, item: str | None) -> str:
    return criterion_id + (f", item {item}," if item else "")
