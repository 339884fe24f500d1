"""What `autograder rescore` prints before it writes: how many move, how far, and who most."""

from __future__ import annotations

import io
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
from rich.console import Console

from autograder.course.rubric import Rubric
from autograder.grading.rescoring import Remark, print_moved
from autograder.marking.marks import mark
from tests.test_exports import document


def message(rubric: Rubric, changes: Sequence[float], everyone: bool = False) -> str:
    """What is printed of students whose scores change by so much."""
    remarks = []
    for number, change in enumerate(changes):
        stored = document(rubric, f"student-{number:03d}")
        marks = mark(stored.evidence, rubric)
        moved = msgspec.structs.replace(marks, score=round(stored.score + change, 4))
        remarks.append(Remark(stored, moved))
    console = Console(file=io.StringIO(), width=100)
    rescoring: Any = SimpleNamespace(remarks=remarks, open_requests=0, uncounted=[])
    print_moved(console, rescoring, everyone)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def named(text: str) -> list[str]:
    return [word for word in text.split() if word.startswith("student-")]


def test_a_few_are_all_named(rubric: Rubric) -> None:
    text = message(rubric, [0.1, 0, -0.25, 0])
    assert named(text) == ["student-002", "student-000"]
    assert "2 of 4 students move: 1 up by 0.1, 1 down by 0.25" in text
    assert "--all" not in text


def test_of_many_the_ten_who_move_most_are_named(rubric: Rubric) -> None:
    changes = [0.05] * 200 + [-0.3] * 9 + [0.5, -1.0] + [0.0] * 89
    text = message(rubric, changes)
    assert "211 of 300 students move: 201 up by 0.05 to 0.5, 10 down by 0.3 to 1" in text
    assert named(text)[:2] == ["student-210", "student-209"]
    assert len(named(text)) == 10
    bars = [line.split() for line in text.splitlines() if "█" in line]
    assert [(bar[0], bar[1]) for bar in bars] == [
        ("-1.00", "1"),
        ("-0.30", "9"),
        ("+0.05", "200"),
        ("+0.50", "1"),
    ]
    assert len(bars[2][2]) > len(bars[1][2]) > 0
    assert len(named(message(rubric, changes, everyone=True))) == 211


def test_many_different_changes_are_put_together(rubric: Rubric) -> None:
    text = message(rubric, [number / 100 for number in range(1, 101)])
    bars = [line.split() for line in text.splitlines() if "█" in line]
    assert len(bars) <= 12
    assert sum(int(bar[2]) for bar in bars) == 100
    assert all(bar[0] == "about" for bar in bars)


def test_where_no_one_moves_nothing_else_is_printed(rubric: Rubric) -> None:
    assert message(rubric, [0.0]).strip() == "0 of 1 student moves"
