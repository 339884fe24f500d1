"""Marks are a pure function of evidence and rubric, and the rubric is the denominator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.rubric import Rubric
from autograder.examples.example import Example
from autograder.marking.decisions import ByHand, Decided, Deduction, Written
from autograder.marking.marks import CriterionMark, Marks, PartMark, mark
from autograder.suite.evidence import CheckEvidence, Evidence, Explanation, Named, Seen

SMALL: dict[str, Any] = {
    "assignment": "small",
    "title": "Small",
    "points": 2,
    "written_share": 0,
    "feedback": "full",
    "limits": {},
    "credits": {"half": 0.5, "third": 1 / 3},
    "tasks": [
        {
            "id": "01",
            "title": "First",
            "points": 2,
            "parts": [
                {
                    "id": "1a",
                    "title": "One",
                    "points": 1.3,
                    "stubs": ["f"],
                    "criteria": [
                        {"id": "1a.whole", "title": "", "points": 0.4, "hint": "Whole!"},
                        {
                            "id": "1a.each",
                            "title": "",
                            "points": 0.9,
                            "hint": "Each!",
                            "share": "each",
                            "items": ["x", "y", "z"],
                        },
                    ],
                },
                {
                    "id": "1b",
                    "title": "Two",
                    "points": 0.7,
                    "stubs": ["g"],
                    "criteria": [
                        {"id": f"1b.{name}", "title": "", "points": 0.1, "hint": "Look."}
                        for name in "abcdefg"
                    ],
                },
            ],
        }
    ],
}
PAIRS = [
    ("1a.whole", None),
    *(("1a.each", item) for item in "xyz"),
    *((f"1b.{name}", None) for name in "abcdefg"),
]

PASSED = Seen("passed", 1.0)
FAILED = Seen("failed", 0.0, "It is wrong.")


def rubric(**changed: object) -> Rubric:
    return msgspec.convert(SMALL | changed, Rubric)


def seen(
    criterion: str,
    submitted: Seen = PASSED,
    followed: Seen | None = None,
    item: str | None = None,
    check: str = "test_it",
) -> CheckEvidence:
    return CheckEvidence(check, criterion, True, submitted, item, followed_through=followed)


def evidence(checks: Iterable[CheckEvidence], explanations: Iterable[Explanation] = ()) -> Evidence:
    return Evidence(
        student="ada",
        assignment="rnn",
        file="ada.py",
        format="script",
        sha256="0" * 64,
        status="graded",
        isolation="none",
        reason="",
        cells=(),
        checks=tuple(checks),
        explanations=tuple(explanations),
    )


def scored(marks: Marks) -> list[Marks | PartMark | CriterionMark]:
    return [marks, *marks.parts.values(), *marks.criteria.values()]


def scores(marks: Marks) -> Mapping[str, float]:
    return {name: one.score for name, one in marks.criteria.items()}


seens = st.one_of(
    st.just(PASSED),
    st.just(FAILED),
    st.builds(Seen, st.just("partial"), st.floats(0, 1, exclude_max=True), st.text(max_size=5)),
)
check_evidence = st.tuples(st.sampled_from(PAIRS), seens, st.none() | seens).map(
    lambda drawn: seen(drawn[0][0], drawn[1], drawn[2], drawn[0][1])
)
named = st.sampled_from(["half", "third", "worthless"]).map(lambda name: Named(name, name, name))
explained = st.builds(
    lambda pair, names: Explanation(pair[0], tuple(names), pair[1]),
    st.sampled_from(PAIRS),
    st.lists(named, min_size=1, max_size=2),
)
any_evidence = st.builds(evidence, st.lists(check_evidence, max_size=30), st.lists(explained))
written_shares = st.floats(0, 1)


@given(any_evidence, written_shares)
def test_a_score_lies_between_zero_and_its_maximum(one: Evidence, written: float) -> None:
    marks = mark(one, rubric(written_share=written))
    for what in scored(marks):
        assert 0 <= what.score <= what.max_score


@given(any_evidence, written_shares)
def test_everything_adds_up(one: Evidence, written: float) -> None:
    own = rubric(written_share=written)
    marks = mark(one, own)
    assert marks.score == pytest.approx(sum(p.score for p in marks.parts.values()), abs=1e-7)
    assert marks.max_score + marks.awaiting_reader == pytest.approx(own.points, abs=1e-7)
    for part in own.parts():
        earned = sum(marks.criteria[criterion.id].score for criterion in part.criteria)
        assert marks.parts[part.id].score == pytest.approx(earned, abs=1e-7)
        assert marks.parts[part.id].max_score == pytest.approx(
            part.points * (1 - written), abs=1e-7
        )


@given(any_evidence, written_shares)
def test_the_mistakes_are_all_that_was_lost_and_each_is_there_once(
    one: Evidence, written: float
) -> None:
    marks = mark(one, rubric(written_share=written))
    lost = sum(mistake.cost for mistake in marks.mistakes)
    assert lost == pytest.approx(marks.max_score - marks.score, abs=1e-6)
    short = {name for name, words in marks.criteria.items() if not words.met}
    assert {name for mistake in marks.mistakes for name in mistake.costs} >= short
    named = [mistake.name for mistake in marks.mistakes if mistake.name]
    assert len(named) == len(set(named))
    for name, words in marks.criteria.items():
        of_it = sum(mistake.costs.get(name, 0.0) for mistake in marks.mistakes)
        assert of_it == pytest.approx(words.max_score - words.score, abs=1e-6)


@pytest.mark.parametrize("points", [0.0, 0.15, 0.4])
def test_points_set_by_hand_are_what_a_mistake_costs(points: float) -> None:
    one = evidence(
        seen(criterion, FAILED if criterion == "1a.whole" else PASSED, item=item)
        for criterion, item in PAIRS
    )
    decided = Decided(criteria={"1a.whole": ByHand(points, "seen in class", "R. Head")})
    marks = mark(one, rubric(), decided)
    lost = sum(mistake.cost for mistake in marks.mistakes)
    assert lost == pytest.approx(marks.max_score - marks.score) == pytest.approx(0.4 - points)


def test_one_mistake_in_four_criteria_is_one_entry_with_what_it_spared() -> None:
    bias = (Named("f/no-bias", "the bias is missing", "Add it."),)
    lost = [f"1b.{name}" for name in "abcd"]
    checks = [
        *(CheckEvidence(f"test_{name}", name, True, FAILED, stub="f") for name in lost),
        CheckEvidence(
            "test_e", "1b.e", True, FAILED, stub="g", followed_through=PASSED, stood_in=("f",)
        ),
        *(seen(name, item=item) for name, item in PAIRS if name not in [*lost, "1b.e"]),
    ]
    example = Example("f", tuple(lost), ("f(1)",), "`f(…)`: too large.")
    one = msgspec.structs.replace(
        evidence(checks, [Explanation(name, bias) for name in lost]),
        examples=(example,),
        defined={"f": "cell 3, line 2"},
    )
    (mistake,) = mark(one, rubric()).mistakes
    assert mistake.what == "It looks as if the bias is missing."
    assert mistake.costs == dict.fromkeys(lost, 0.1)
    assert (mistake.where, mistake.hint, mistake.example) == ("cell 3, line 2", "Add it.", example)
    assert mistake.spared == ("`g` is right; it was tested with a correct `f` in place of yours.",)


def test_mistakes_without_a_name_differ_by_their_examples() -> None:
    lost = [f"1b.{name}" for name in "abc"]
    checks = [CheckEvidence(f"test_{name}", name, False, FAILED, stub="g") for name in lost]
    checks += [seen(criterion, item=item) for criterion, item in PAIRS if criterion not in lost]
    both = Example("g", ("1b.a", "1b.c"), ("g(1)",), "`g(…)`: too large.")
    other = Example("g", ("1b.b",), ("g(2)",), "`g(…)`: too small.")
    one = msgspec.structs.replace(evidence(checks), examples=(both, other))
    words = {mistake.what: set(mistake.costs) for mistake in mark(one, rubric()).mistakes}
    assert words == {both.message: {"1b.a", "1b.c"}, other.message: {"1b.b"}}


@given(any_evidence)
def test_what_is_missing_earns_nothing_and_says_so(one: Evidence) -> None:
    marks = mark(one, rubric())
    assert set(marks.criteria) == {criterion for criterion, _ in PAIRS}
    checked = {check.criterion for check in one.checks}
    explained = {explanation.criterion for explanation in one.explanations}
    for name, marked in marks.criteria.items():
        if name not in checked | explained:
            assert marked.score == 0
            assert marked.message == "It was not checked."


@given(any_evidence, st.randoms(use_true_random=False))
def test_the_same_evidence_gives_the_same_marks_in_any_order(one: Evidence, random: Any) -> None:
    shuffled = list(one.checks)
    random.shuffle(shuffled)
    assert scores(mark(one, rubric())) == scores(
        mark(msgspec.structs.replace(one, checks=tuple(shuffled)), rubric())
    )


@given(any_evidence)
def test_evidence_from_a_file_is_marked_the_same(one: Evidence) -> None:
    before = msgspec.json.encode(one)
    marks = mark(one, rubric())
    assert mark(msgspec.json.decode(before, type=Evidence), rubric()) == marks
    assert msgspec.json.encode(one) == before


@given(written_shares)
def test_all_passed_is_the_whole_mark_to_the_last_digit(written: float) -> None:
    everything = evidence(seen(criterion, item=item) for criterion, item in PAIRS)
    marks = mark(everything, rubric(written_share=written))
    for what in scored(marks):
        assert what.score == what.max_score
    assert {(marked.message, marked.hint) for marked in marks.criteria.values()} == {("Met.", "")}


MOST = {criterion.id: criterion.points for criterion in rubric().criteria()}


@st.composite
def decided(draw: st.DrawFn, written_share: float) -> Decided:
    """Any decisions that may be taken about a student."""
    most = {name: points * (1 - written_share) for name, points in MOST.items()}
    by_hand = {
        name: ByHand(draw(st.floats(0, most[name])), "Seen.", "R.")
        for name in draw(st.lists(st.sampled_from(sorted(most)), unique=True))
    }
    written = {
        part.id: Written(draw(st.floats(0, part.points * written_share)))
        for part in rubric().parts()
        if draw(st.booleans())
    }
    late = st.builds(Deduction, st.just("Late."), st.floats(0, 1), st.floats(0, 3))
    return Decided(criteria=by_hand, written=written, late=draw(st.none() | late))


@given(any_evidence, written_shares, st.data())
def test_everything_adds_up_whatever_people_decide(
    one: Evidence, written: float, data: st.DataObject
) -> None:
    decisions = data.draw(decided(written))
    own = rubric(written_share=written)
    marks = mark(one, own, decisions)
    for what in scored(marks):
        assert 0 <= what.score <= what.max_score + 1e-8
    assert marks.max_score + marks.awaiting_reader == pytest.approx(own.points, abs=1e-7)
    for part in own.parts():
        mine = marks.parts[part.id]
        earned = sum(marks.criteria[criterion.id].score for criterion in part.criteria)
        read = decisions.written.get(part.id, Written(0)).points
        assert mine.score == pytest.approx(earned + read, abs=1e-7)
        assert (mine.written is None) == (part.id not in decisions.written)
    before = sum(part.score for part in marks.parts.values())
    taken = marks.late.taken if marks.late else 0
    assert marks.score == pytest.approx(before - taken, abs=1e-7)
    for name, by_hand in decisions.criteria.items():
        assert marks.criteria[name].score == pytest.approx(by_hand.points, abs=1e-8)
    # What nobody decided is as it would be.
    plain = mark(one, own)
    for name in MOST.keys() - decisions.criteria.keys():
        assert marks.criteria[name] == plain.criteria[name]


def test_nothing_seen_is_zero_of_the_whole() -> None:
    marks = mark(evidence([]), rubric())
    assert (marks.score, marks.max_score) == (0, 2)
    assert marks.parts["1a"].max_score == 1.3


def test_all_written_leaves_nothing_to_grade() -> None:
    marks = mark(evidence([seen("1a.whole")]), rubric(written_share=1))
    assert (marks.score, marks.max_score, marks.awaiting_reader) == (0, 0, 2)


def test_half_written_halves_every_point() -> None:
    marks = mark(evidence([seen("1a.whole")]), rubric(written_share=0.5))
    assert (marks.score, marks.max_score, marks.awaiting_reader) == (0.2, 1, 1)
    assert marks.parts["1a"].max_score == 0.65


def test_criteria_that_the_rubric_does_not_have_earn_nothing() -> None:
    assert mark(evidence([seen("9z.other"), seen("1a.whole", item="x")]), rubric()).score == 0


FOLLOW = (FAILED, PASSED)


@pytest.mark.parametrize(
    ("checks", "share", "followed"),
    [
        ([(PASSED, None)], 1, False),
        ([(FAILED, None)], 0, False),
        ([(PASSED, None), (FAILED, None)], 0, False),
        ([(PASSED, None), (PASSED, None)], 1, False),
        ([(Seen("partial", 0.25, "x"), None)], 0.25, False),
        ([(Seen("partial", 0.25, "x"), None), (PASSED, None)], 0.25, False),
        ([(Seen("partial", 0.25, "x"), None), (FAILED, None)], 0, False),
        ([FOLLOW], 1, True),
        ([FOLLOW, FOLLOW], 1, True),
        ([FOLLOW, (PASSED, PASSED)], 1, True),
        ([FOLLOW, (PASSED, None)], 0, False),
        ([FOLLOW, (PASSED, FAILED)], 0, False),
        ([FOLLOW, (FAILED, FAILED)], 0, False),
        ([FOLLOW, (PASSED, Seen("partial", 0.5, "x"))], 0.5, True),
        ([(PASSED, FAILED)], 1, False),
    ],
)
def test_a_criterion_is_met_as_submitted_or_followed_through_as_a_whole(
    checks: list[tuple[Seen, Seen | None]], share: float, followed: bool
) -> None:
    one = evidence(seen("1a.whole", *check) for check in checks)
    marked = mark(one, rubric()).criteria["1a.whole"]
    assert marked.score == pytest.approx(0.4 * share)
    assert marked.followed_through == followed
    assert marked.message.startswith("Earned with correct functions in place") == followed
    assert bool(marked.hint) == (share < 1)


@pytest.mark.parametrize(
    ("items", "share"), [("", 0), ("x", 1 / 3), ("xz", 2 / 3), ("xyz", 1), ("xx", 1 / 3)]
)
def test_each_item_pays_its_equal_share(items: str, share: float) -> None:
    marks = mark(evidence(seen("1a.each", item=item) for item in items), rubric())
    assert marks.criteria["1a.each"].score == pytest.approx(0.9 * share)


def test_items_are_followed_through_one_by_one() -> None:
    checks = [
        seen("1a.each", *FOLLOW, "x"),
        seen("1a.each", FAILED, FAILED, "y"),
        seen("1a.each", Seen("partial", 0.5, "Half of z."), None, "z"),
    ]
    marked = mark(evidence(checks), rubric()).criteria["1a.each"]
    assert marked.score == pytest.approx(0.9 * 1.5 / 3)
    assert "Half of z." in marked.message
    assert marked.message.count("It is wrong.") == 1


@pytest.mark.parametrize(
    ("names", "submitted", "share"),
    [
        (["half"], FAILED, 0.5),
        (["third"], FAILED, 1 / 3),
        (["half", "third"], FAILED, 1 / 3),
        (["half", "worthless"], FAILED, 0),
        (["worthless"], FAILED, 0),
        (["third"], Seen("partial", 0.4, "x"), 0.4),
    ],
)
def test_a_misconception_earns_its_credit_and_is_named(
    names: list[str], submitted: Seen, share: float
) -> None:
    explanation = Explanation(
        "1a.whole", tuple(Named(n, f"you do {n}", f"Not {n}.") for n in names)
    )
    marked = mark(evidence([seen("1a.whole", submitted)], [explanation]), rubric()).criteria[
        "1a.whole"
    ]
    assert marked.score == pytest.approx(0.4 * share)
    assert marked.misconceptions == tuple(names)
    assert "It looks as if you do " + names[0] in marked.message
    assert marked.hint == " ".join(f"Not {name}." for name in names)
