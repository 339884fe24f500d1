"""Pairs to look at side by side: who shares work of their own, and nobody else."""

from __future__ import annotations

import random
import re
import shutil
from collections import defaultdict
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import sync_playwright

from autograder.audit.planting import planted
from autograder.cli import main
from autograder.course.folders import Assignment
from autograder.intake.finding import find_submissions
from autograder.similar import comparing as similar
from autograder.similar.comparing import Similar, codes_in, find_similar, in_words, write_pairs
from tests.conftest import RNN
from tests.nbgrader_browser import CHROMIUM, QUIET

# An own way of doing two of the stubs, and the same under other names, with other words about it.
ADA = '''
def softmax(logits):
    """Mine."""
    rows = logits.reshape(-1, logits.shape[-1])
    out = np.empty_like(rows, dtype=float)
    for number in range(len(rows)):
        row = rows[number]
        biggest = row[0]
        for value in row[1:]:
            if value > biggest:
                biggest = value
        powers = [math.exp(value - biggest) for value in row]
        whole = math.fsum(powers)
        out[number] = [power / whole for power in powers]
    return out.reshape(logits.shape)


def ngram_distribution(tokens, context, vocab_size):
    text = " ".join(map(str, tokens)) + " "
    start = " ".join(map(str, context))
    found = [0] * vocab_size
    for place in range(len(tokens) - len(context)):
        piece = text.split()[place : place + len(context)]
        if " ".join(piece) == start:
            found[int(text.split()[place + len(context)])] += 1
    if not any(found):
        found = [1] * vocab_size
    return np.array(found) / sum(found)
'''
BOB = re.sub(
    r"\b(rows|out|number|row|biggest|value|powers|whole|power|text|start|found|place|piece)\b",
    lambda name: f"my_{name[1]}_",
    ADA.replace("    ", "  ").replace('"""Mine."""', "# I thought of this <b>myself</b>"),
)
CEM = """
def softmax(logits):
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / np.sum(e, -1, keepdims=True)


def ngram_distribution(tokens, context, vocab_size):
    seen = (t for t, before in zip(tokens, windows(tokens)) if before == context)
    counts = collections.Counter(seen)
    return np.array([counts[v] for v in range(vocab_size)]) / max(1, counts.total())
"""


@pytest.fixture
def handed_in(assignment: Assignment, tmp_path: Path) -> Path:
    """Ada and Bob share their own work; Cem has his own; others the reference, or nothing."""
    folder = tmp_path / "class"
    folder.mkdir()
    stubs = (assignment.released / "rnn.py").read_text(encoding="utf-8")
    for name, code in (("ada", ADA), ("bob", BOB), ("cem", CEM)):
        (folder / f"{name}.py").write_text(f"{stubs}\n# %%\n{code}", encoding="utf-8")
    for name in ("dora", "eve"):
        shutil.copy(assignment.source, folder / f"{name}.py")
    for name in ("fay", "gil"):
        shutil.copy(assignment.released / "rnn.ipynb", folder / f"{name}.ipynb")
    (folder / "hal.py").write_text("x = 1\n")
    (folder / "ivy.ipynb").write_text("")
    return folder


def compare(assignment: Assignment, folder: Path) -> Similar:
    return find_similar(
        assignment, codes_in(find_submissions([folder], "rnn", assignment.released))
    )


def pairs(found: Similar) -> list[tuple[str, str]]:
    return [(pair.left.student, pair.right.student) for pair in found.pairs]


def test_shared_work_is_found_and_the_reference_and_the_release_are_not(
    assignment: Assignment, handed_in: Path
) -> None:
    found = compare(assignment, handed_in)
    assert pairs(found) == [("ada", "bob")]
    assert found.compared == 3
    assert found.left_out == ("too little code of their own: dora, eve, fay, gil, hal, ivy",)
    (only,) = found.pairs
    assert only.left.share > 0.9
    assert only.right.share > 0.9
    # What is marked is theirs, and all of the code is there.
    marked = "".join(only.right.pieces[1::2])
    assert "my_biggest_ = my_value_" in marked
    assert "import" not in marked
    assert "my_text_.split()" in "".join(only.right.pieces)
    # Of what was released, only what says which function this is.
    assert "Shapes" not in "".join(only.right.pieces)
    assert "is still to be written" not in "".join(only.right.pieces)


def test_what_much_of_a_class_has_in_common_is_no_pair(
    assignment: Assignment, handed_in: Path
) -> None:
    for number in range(40):
        own = f"# {number}\n{CEM if number < 20 else 'x = 1'}"
        (handed_in / f"other-{number}.py").write_text(own, encoding="utf-8")
    assert pairs(compare(assignment, handed_in)) == [("ada", "bob")]


@pytest.fixture(scope="session")
def independent() -> dict[str, str]:
    """A class of 40 in which each student solves each stub in one of several ways."""
    ways: dict[str, list[str]] = defaultdict(list)
    for one in planted(RNN, "right*.py"):
        ways[one.stub].append(one.source)
    rng = random.Random(1)
    return {
        f"student-{number}": "\n".join(rng.choice(of_stub) for of_stub in ways.values())
        for number in range(40)
    }


def test_a_class_in_which_no_one_copied_has_no_pairs(
    assignment: Assignment, independent: dict[str, str]
) -> None:
    assert pairs(find_similar(assignment, independent)) == []


def test_those_who_copied_stand_out_of_their_class_and_are_one_group(
    assignment: Assignment, independent: dict[str, str]
) -> None:
    names = re.compile(r"\b(h|x|e|out|loss|total|rows|probs|shifted|result)\b")
    copies = {
        f"copy-{number}": names.sub(rf"other_\1_{number}", independent["student-7"])
        for number in range(2)
    }
    found = find_similar(assignment, independent | copies)
    assert [group.students for group in found.groups] == [("copy-0", "copy-1", "student-7")]
    assert in_words(found) == "42 submissions compared; 2 pairs to look at in 1 group."


@pytest.mark.parametrize(("students", "copied"), [(14, 5), (18, 9), (34, 11), (40, 25)])
def test_a_file_that_many_handed_in_is_one_group(
    assignment: Assignment, independent: dict[str, str], students: int, copied: int
) -> None:
    own = dict(list(independent.items())[: students - copied])
    copies = {f"copy-{number:02}": independent["student-39"] for number in range(copied)}
    [group] = find_similar(assignment, own | copies).groups
    assert group.students == tuple(copies)
    assert group.share == 1


def test_what_takes_too_long_or_is_too_long_is_said(
    assignment: Assignment, handed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (handed_in / "long.py").write_text(f"x = {1:0100}\n" * 2_000)
    found = compare(assignment, handed_in)
    assert "long: all after the first 100,000 characters" in found.left_out
    (handed_in / "long.py").write_text("a " * 40_000)
    monkeypatch.setattr(similar, "MAX_SECONDS", 0.001)
    assert "long: takes too long to read" in compare(assignment, handed_in).left_out


@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
def test_the_page_shows_code_as_text_and_asks_no_host(
    assignment: Assignment, handed_in: Path, tmp_path: Path
) -> None:
    shutil.move(handed_in / "bob.py", handed_in / "<i>bob.py")
    write_pairs(compare(assignment, handed_in), "<u>Title", tmp_path / "similar.html")
    text = (tmp_path / "similar.html").read_text(encoding="utf-8")
    assert "# I thought of this <b>myself</b>" in unescape(re.sub("</?mark>", "", text))
    for tag in ("<b>", "<i>", "<u>", "<script"):
        assert tag not in text
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        asked: list[str] = []
        said: list[str] = []
        for width in (1280, 400):
            page = chromium.new_page(viewport={"width": width, "height": 900})
            page.on("request", lambda request: asked.append(request.url))
            page.on("console", lambda message: said.append(message.text))
            page.goto((tmp_path / "similar.html").as_uri())
            assert page.locator(".pair").count() == 1
            assert "my_whole_" in "".join(page.locator(".side mark").all_inner_texts())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        chromium.close()
    assert (len(asked), said) == (2, [])


def test_the_command_lists_pairs_and_touches_no_submission(handed_in: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in handed_in.iterdir()}
    out = tmp_path / "pairs.html"
    done = CliRunner().invoke(main, ["similar", str(handed_in), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[-2] == "3 submissions compared; 1 pair to look at."
    assert out.is_file()
    assert before == {path.name: path.read_bytes() for path in handed_in.iterdir()}
