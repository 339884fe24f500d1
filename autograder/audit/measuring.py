"""What is measured of the grader, and the bounds that it must keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.audit.mutants import mutants, survivors
from autograder.audit.planting import RIGHT, WRONG, Planted, Planter, as_planted, pairs, planted
from autograder.audit.running import Bench, Graded, Job, Watch, ignore
from autograder.course.folders import Assignment, CourseError
from autograder.submissions.reading import read_submission
from autograder.submissions.released import shows_only, without
from autograder.worker.confine import Level

# Shares of all that were measured.
ALL, EXACT, NAMED, TWO_NAMED, CAUGHT = 1.0, 0.98, 0.9, 0.75, 0.95


@dataclass
class Measure:
    """How many of how many were as they should be, and which were not."""

    what: str
    bound: float
    good: int = 0
    of: int = 0
    findings: list[str] = field(default_factory=list)

    def add(self, good: bool, finding: str) -> None:
        """Counts one more; ``finding`` says what is the matter if it is not good."""
        self.of += 1
        self.good += good
        if not good:
            self.findings.append(finding)

    @property
    def kept(self) -> bool:
        """Whether the bound is kept."""
        return self.of > 0 and self.good >= self.bound * self.of


@dataclass(frozen=True)
class Sizes:
    """How much is measured: every ``step``-th thing, and ``runs`` of right solutions."""

    runs: int = 100
    step: int = 1
    with_mutants: bool = True


def run_audit(
    assignment: Assignment,
    sizes: Sizes,
    jobs: int,
    isolation: Level | None = None,
    watch: Watch = ignore,
) -> Iterator[Measure]:
    """Measures one thing after another. Raises CourseError where something is missing.

    What the assignment has nothing for, such as known mistakes, is left out.
    ``watch(what, done, of)`` is called for each submission that was graded.
    """
    with Bench(assignment, jobs, isolation, watch) as bench:
        yield from _measures(assignment, bench, Planter(assignment), sizes)


def _measures(
    assignment: Assignment, bench: Bench, planter: Planter, sizes: Sizes
) -> Iterator[Measure]:
    yield from _ends(assignment, bench, planter)
    right = planted(assignment, RIGHT)
    yield from filter(_measured, _right_styles(bench, planter, right[:: sizes.step]))
    wrong = planted(assignment, WRONG)
    library = bench.library
    known = [
        planted for one in library.misconceptions.values() for planted in as_planted(library, one)
    ]
    mistakes = (known + wrong)[:: sizes.step]
    yield from filter(_measured, _single_mistakes(bench, planter, mistakes))
    both = list(pairs(assignment, library))[:: sizes.step]
    yield from filter(_measured, [_two_mistakes(bench, planter, both)])
    if sizes.with_mutants:
        yield _mutants(assignment, bench, planter, sizes.step)
    yield _false_fails(bench, planter, right, sizes.runs)


def _measured(measure: Measure) -> bool:
    return measure.of > 0


def _ends(assignment: Assignment, bench: Bench, planter: Planter) -> Iterator[Measure]:
    script = assignment.released / f"{assignment.name}.py"
    stubs = without(read_submission(script, "stubs"), shows_only(assignment.source))
    jobs = [Job("reference", planter.submission("reference")), Job("stubs", stubs)]
    marks = {graded.name: graded.marks for graded in bench.run("the ends of the scale", jobs)}
    reference = Measure("the reference earns everything", ALL)
    earned = f"{marks['reference'].score:g} of {marks['reference'].max_score:g}"
    reference.add(marks["reference"].score == marks["reference"].max_score, earned)
    yield reference
    nothing = Measure("the untouched assignment earns nothing", ALL)
    nothing.add(marks["stubs"].score == 0, f"{marks['stubs'].score:g}")
    yield nothing


def _right_styles(bench: Bench, planter: Planter, right: Sequence[Planted]) -> Iterator[Measure]:
    measure = Measure("right solutions in other styles earn everything", ALL)
    for graded in bench.run("right styles", _jobs(planter, right)):
        measure.add(not graded.lost(), f"{graded.name}: {_why(graded)}")
    yield measure


def _single_mistakes(
    bench: Bench, planter: Planter, mistakes: Sequence[Planted]
) -> Iterator[Measure]:
    exact = Measure("single mistakes cost exactly the criteria that they touch", EXACT)
    named = Measure("single mistakes of the library are named, wherever they cost", NAMED)
    unique = Measure("each misconception of the library is named at least once", ALL)
    honest = Measure("none of them is named on another's behalf", ALL)
    silent = Measure("mistakes that are not in the library get no name", ALL)
    by_name = {one.name: one for one in mistakes}
    found: dict[str, bool] = {}
    for graded in bench.run("single mistakes", _jobs(planter, mistakes)):
        one, lost, names = by_name[graded.name], graded.lost(), graded.named()
        exact.add(lost == one.loses, f"{one.name} ({one.stub}): {_difference(lost, one.loses)}")
        said = frozenset[str]().union(*names.values())
        if not one.named:
            silent.add(not said, f"{one.name} ({one.stub}): named {_listed(said)}")
            continue
        missing = [criterion for criterion in one.loses if names.get(criterion) != one.named]
        named.add(not missing, f"{one.name}: not at {_listed(missing)}")
        honest.add(said <= one.named, f"{one.name}: named {_listed(said - one.named)}")
        for name in one.named:
            found[name] = found.get(name, False) or name in said
    for name, is_named in sorted(found.items()):
        unique.add(is_named, f"{name}: never; two that answer every check alike are not named")
    yield from (exact, named, unique, honest, silent)


def _two_mistakes(bench: Bench, planter: Planter, both: Sequence[Planted]) -> Measure:
    measure = Measure("two mistakes of the library at once are both named", TWO_NAMED)
    by_name = {one.name: one for one in both}
    for graded in bench.run("two mistakes", _jobs(planter, both)):
        said = frozenset[str]().union(*graded.named().values())
        measure.add(said == by_name[graded.name].named, f"{graded.name}: named {_listed(said)}")
    return measure


def _mutants(assignment: Assignment, bench: Bench, planter: Planter, step: int) -> Measure:
    measure = Measure("mutants of the reference that are not equivalent are caught", CAUGHT)
    equivalent = survivors(assignment.survivors)
    asked = _criteria(bench)
    # Stubs that are not marked have no criteria. A mutant of a test that students write may be as
    # good a test as the reference; its checks measure that.
    mutated = {
        stub: source
        for stub, source in planter.stubs().items()
        if stub in asked and bench.library.stubs[stub].kind != "judges"
    }
    made = {one.name: one for one in mutants(mutated)}
    for stale in equivalent - {one.change for one in made.values()}:
        raise CourseError(f"{assignment.survivors}: {stale} is no mutant any more; remove it")
    jobs = [
        Job(one.name, planter.submission("mutant", one.source), asked[one.change.stub])
        for one in list(made.values())[::step]
        if one.change not in equivalent
    ]
    for graded in bench.run("mutants", jobs):
        measure.add(bool(graded.lost()), str(made[graded.name].change))
    return measure


def _criteria(bench: Bench) -> Mapping[str, frozenset[str]]:
    """The criteria of the part that each stub belongs to, but for the concept questions."""
    return {
        stub: frozenset(one.id for one in part.criteria if not one.id.endswith(".concepts"))
        for part in bench.rubric.parts()
        for stub in part.stubs
    }


def _false_fails(bench: Bench, planter: Planter, right: Sequence[Planted], runs: int) -> Measure:
    """Each run has other inputs, and each stub in the next of its styles."""
    measure = Measure("runs of the whole suite over right solutions without a false fail", ALL)
    styles: dict[str, list[str]] = {}
    for one in right:
        styles.setdefault(one.stub, [""]).append(one.source)
    jobs = (
        Job(
            f"run {run}",
            planter.submission(f"run {run}", *(of[run % len(of)] for of in styles.values())),
        )
        for run in range(runs)
    )
    for graded in bench.run("right solutions", jobs, runs):
        measure.add(not graded.lost(), f"{graded.name}: {_why(graded)}")
    return measure


# -- in words -------------------------------------------------------------------------------------


def _jobs(planter: Planter, ones: Iterable[Planted]) -> list[Job]:
    return [Job(one.name, planter.submission("audit", one.source)) for one in ones]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


def _difference(lost: frozenset[str], should: frozenset[str]) -> str:
    said = [f"should cost {_listed(should - lost)}"] if should - lost else []
    return "; ".join([*said, f"costs {_listed(lost - should)}"] if lost - should else said)


def _why(graded: Graded) -> str:
    short = [check for check in graded.evidence.checks if check.submitted.share < 1]
    messages = [f"{check.criterion}: {check.submitted.message}" for check in short[:2]]
    return " ".join(messages) or _listed(graded.lost())
