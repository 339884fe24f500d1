"""Pages say what the marks say, in a real browser, and whatever a student hands in is only read."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from autograder.checks.agree import Disagreement, agree, close_calls
from autograder.cli import main
from autograder.course.percent import percent_cells
from autograder.course.rubric import Rubric
from autograder.marking.marks import mark
from autograder.reports.files import write_student
from autograder.reports.pages.class_page import write_class_page
from autograder.reports.pages.highlight import highlight
from autograder.reports.pages.statistics import correlation, statistics
from autograder.reports.pages.student import student_page
from autograder.reports.terminal import print_class
from autograder.results.code import MAX_LINES, Code, Excerpt, code_by_part
from autograder.results.rows import Row, row
from autograder.session.loading import CellTrouble
from autograder.similar.comparing import Group, Pair, Side, Similar, write_pairs
from autograder.submissions.finding import student_id
from autograder.submissions.reading import Cell, Submission
from autograder.suite.evidence import Explanation, Named, Seen
from tests.browser import DESK, PHONE, Look, Opened, asked_of_hosts
from tests.nbgrader_browser import asked_of_a_host
from tests.test_reports import evidence

SUBMISSIONS = Path(__file__).parent / "sample_class" / "submissions"
EVIL = (
    "</title></style></script><script>window.pwned=1</script>"
    '"><img src=http://evil.example/x onerror=window.pwned=1>{{ 7*7 }}{% raw %}&lt;&amp;'
)


# -- the sample class, graded -----------------------------------------------------------------


GRADED = ("sofia-marchetti.ipynb", "felix-wagner.py", "thabo-nkosi.py", "paulo-mendes.ipynb")


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of some of the sample class, as the command writes them."""
    folder = tmp_path_factory.mktemp("graded")
    words = ["grade", *(str(SUBMISSIONS / name) for name in GRADED), "--out", str(folder)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("name", ["index", "sofia-marchetti", "felix-wagner", "paulo-mendes"])
def test_a_page_fits_the_window_and_loads_nothing(
    graded: Path, look: Look, name: str, width: int, scheme: str
) -> None:
    opened = look(graded / f"{name}.html", width, scheme)
    assert opened.complaints == []
    assert asked_of_hosts(opened) == []
    size = opened.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert size[0] <= size[1]
    background = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    red = int(re.findall(r"\d+", background)[0])
    assert red > 200 if scheme == "light" else red < 60


def findings(opened: Opened) -> list[str]:
    """What axe finds serious or worse on a page, with all that is folded opened."""
    opened.page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
    found = Axe().run(opened.page).response["violations"]
    return [one["id"] for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.parametrize(("width", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light")])
def test_axe_finds_nothing_serious_on_a_page(
    graded: Path, tmp_path: Path, look: Look, width: int, scheme: str
) -> None:
    ada, bob, cem = (Side(name, 0.5, ("x = 1\n", "y = 2\n")) for name in ("ada", "bob", "cem"))
    pairs = tmp_path / "pairs.html"
    group = Group(("ada", "bob", "cem"), (Pair(ada, bob), Pair(ada, cem)))
    write_pairs(Similar((group,), 3, ("dora: empty",)), "Small", pairs)
    for path in (graded / "index.html", graded / "felix-wagner.html", pairs):
        opened = look(path, width, scheme)
        assert findings(opened) == []
        opened.page.evaluate("document.documentElement.removeAttribute('lang')")
        assert "html-has-lang" in findings(opened)


def test_pages_csv_and_json_hold_the_same_marks(graded: Path, look: Look, rubric: Rubric) -> None:
    parts = [part.id for part in rubric.parts()]
    with (graded / "grades.csv").open(newline="") as file:
        table = {line["student"]: line for line in csv.DictReader(file)}
    index = look(graded / "index.html")
    names = index.texts("#submissions tbody th")
    numbers = index.numbers("#submissions tbody data")
    assert names == list(table) == sorted(Path(name).stem for name in GRADED)
    for number, name in enumerate(names):
        document = json.loads((graded / f"{name}.json").read_bytes())
        marks = [document["score"], *(document["parts"][part]["score"] for part in parts)]
        assert marks == [float(table[name][column]) for column in ("total", *parts)]
        assert marks == numbers[number * len(marks) : (number + 1) * len(marks)]
        own = look(graded / f"{name}.html")
        assert own.numbers(".total .score data") == marks[:1]
        assert own.numbers(".part h3 data:first-child") == marks[1:]
        criteria = [one["score"] for one in document["criteria"].values()]
        assert own.numbers(".criterion .got data:first-child") == criteria
        assert own.texts(".pill") == [document["status"]]
    assert len({table[name]["total"] for name in names}) == len(names)


def test_each_line_leads_to_a_page_and_each_page_shows_the_code(graded: Path, look: Look) -> None:
    opened = look(graded / "index.html")
    opened.page.get_by_role("link", name="felix-wagner", exact=True).first.click()
    assert opened.texts("h1") == ["felix-wagner"]
    part = opened.page.locator("#part-1b")
    assert "h = np.tanh(x @ W_x + b_h)" in part.locator(".lines").inner_text()
    part.locator(".seen a").first.click()
    mistake = opened.page.locator("#mistake-1")
    assert "None (is a return missing?)" in mistake.locator("h3").inner_text()
    assert "x = np.array(" in mistake.locator(".lines").inner_text()
    assert mistake.locator(".hint").count() == 1
    first = part.locator(".lines li").first
    source = (SUBMISSIONS / "felix-wagner.py").read_text().split("\n")
    start = int(str(part.locator(".lines ol").first.get_attribute("start")))
    assert source[start - 1] == first.inner_text()


def test_an_answer_near_the_limit_is_for_a_person_to_look_at(graded: Path, look: Look) -> None:
    """This one adds 1e-6 to the norm before it divides by it, as PyTorch does."""
    person = look(graded / "index.html").texts("#person tbody tr")
    said = {line.split()[0]: line for line in person}
    # Hidden inputs are the course's own: a wrong answer may come near the limit by them too.
    assert {"sofia-marchetti", "paulo-mendes"} <= set(said)
    assert "near the limit of a tolerance: 3c.clipping" in said["sofia-marchetti"]


# -- what a student may read ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "reasons", "hints"), [("full", 1, 1), ("hints", 0, 1), ("score", 0, 0)]
)
def test_a_page_tells_what_the_feedback_policy_allows(
    rubric: Rubric, policy: str, reasons: int, hints: int
) -> None:
    own = msgspec.structs.replace(rubric, feedback=policy)
    named = Named("softmax/base-two", "the powers are those of 2", "Think of e.")
    one = evidence(
        rubric,
        text="too small",
        cells=(CellTrouble("cell 1", "cell 1 broke"),),
        explanations=(Explanation("1a.context", (named,)),),
    )
    marks = mark(one, own)
    text = html.unescape(student_page(one, marks, own, {}))
    missed = list(rubric.criteria())[1::2]
    assert text.count("Wrong: too small") == reasons * (len(marks.mistakes) - 1)
    assert text.count("It looks as if the powers are those of 2.") == reasons
    assert text.count("cell 1 broke") == reasons
    assert text.count("Think of e.") == hints
    for criterion in missed[1:]:
        assert text.count(criterion.hint) == hints
    assert "4711" not in text


def test_a_page_says_what_was_earned_by_follow_through(rubric: Rubric) -> None:
    one = evidence(rubric)
    whole = tuple(
        msgspec.structs.replace(check, followed_through=Seen("passed", 1.0)) for check in one.checks
    )
    followed = msgspec.structs.replace(one, checks=whole)
    says = "Earned: tested with correct functions"
    missed = len(list(rubric.criteria())[1::2])
    assert student_page(followed, mark(followed, rubric), rubric, {}).count(says) == missed
    assert says not in student_page(one, mark(one, rubric), rubric, {})


def test_what_could_not_be_read_is_said_once(rubric: Rubric) -> None:
    why = "the file is a PDF"
    not_run = Seen("not run", 0.0, f"Not checked: {why}.")
    one = evidence(rubric, status="unreadable", reason=why)
    checks = tuple(msgspec.structs.replace(check, submitted=not_run) for check in one.checks)
    one = msgspec.structs.replace(one, checks=checks)
    assert student_page(one, mark(one, rubric), rubric, {}).count(why) == 1


# -- hostile text -----------------------------------------------------------------------------


def test_text_from_a_student_is_only_read(tmp_path: Path, rubric: Rubric, look: Look) -> None:
    named = Named("softmax/base-two", EVIL, EVIL)
    one = evidence(
        rubric,
        text=EVIL,
        file=EVIL,
        reason=EVIL,
        isolation=EVIL,
        cells=(CellTrouble("cell 1", EVIL),),
        explanations=(Explanation("1a.context", (named,)),),
        out_of_time=True,
    )
    marks = mark(one, rubric)
    code: Code = {"1a": (Excerpt(EVIL, 1, f"{EVIL}\n# {EVIL}\nx = '''{EVIL}'''"),)}
    write_student(tmp_path, one, marks, rubric, "digest", code)
    index = write_class_page(tmp_path, [row(one, marks)], rubric)
    for path, pictures, times in ((tmp_path / "ada.html", 0, 6), (index, 4, 1)):
        opened = look(path)
        assert opened.complaints == []
        assert asked_of_hosts(opened) == []
        assert opened.page.evaluate("window.pwned") is None
        assert opened.page.locator("body img").count() == pictures
        assert opened.page.inner_text("main").count(EVIL) >= times


@pytest.fixture
def host() -> Iterator[tuple[str, list[str]]]:
    with asked_of_a_host() as host:
        yield host


def test_the_policy_of_a_page_stops_what_would_come_through(
    tmp_path: Path, rubric: Rubric, look: Look, host: tuple[str, list[str]]
) -> None:
    address, asked = host
    one = evidence(rubric)
    write_student(tmp_path, one, mark(one, rubric), rubric, "digest", {})
    index = write_class_page(tmp_path, [row(one, mark(one, rubric))], rubric)
    came_through = (
        "<script>window.pwned=1</script><p id=p style='color: rgb(1, 2, 3)'>here</p>"
        "<style>#p{color:rgb(1, 2, 3)}</style><img src=x onerror=window.pwned=1>"
        f"<img src={address}/img><iframe src={address}/frame></iframe><script src={address}/js>"
        f"</script><link rel=stylesheet href={address}/css><object data={address}/o></object>"
    )
    for path in (tmp_path / "ada.html", index):
        path.write_text(path.read_text().replace("<main>", f"<main>{came_through}"))
        opened = look(path)
        assert opened.texts("#p") == ["here"]
        assert opened.page.evaluate("window.pwned") is None
        color = opened.page.evaluate("getComputedStyle(document.getElementById('p')).color")
        assert color != "rgb(1, 2, 3)"
        assert asked == []


# -- the student's code -----------------------------------------------------------------------


def read_back(source: str, first: int = 1) -> list[tuple[int, str]]:
    """The numbered lines of highlighted code, as they read."""
    return [
        (block.first + number, html.unescape(re.sub(r"</?i\b[^>]*>", "", line)))
        for block in highlight(source, first)
        for number, line in enumerate(re.findall(r"<li>(.*?)</li>", block.html))
    ]


CODE = st.lists(
    st.sampled_from(
        [
            *"\"'#\\@<>&;()",
            '"""',
            "'''",
            "\n",
            "  ",
            "def f",
            "class ",
            "rb",
            "1e5",
            "x",
            "</i>",
            "é",
        ]
    )
).map("".join)


@example(
    'def f():\n    """One.\n\n    Two.\n    Three.\n    Four.\n    Five.\n    """\n    return 1'
)
@given(CODE | st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" \n")))
def test_highlighted_code_is_the_code_line_by_line(source: str) -> None:
    assert read_back(source, 7) == list(enumerate(source.split("\n"), start=7))


def test_only_the_lines_of_a_long_docstring_are_folded() -> None:
    lines = ['    """A', *map(str, range(8)), '    """']
    docstring = "\n".join(lines)
    for source, folded in (
        (f"def f():\n{docstring}\n    return 1", lines[1:]),
        (f"def f():\n{docstring}; steal()\n    return 1", []),
        (f"def f():\n    x = {docstring.strip()}\n    return 1", []),
        ('def f():\n    """A\n    B"""\n    return 1', []),
    ):
        blocks = [block for block in highlight(source, 1) if block.folded]
        shown = [
            re.sub(r"<[^>]*>", "", line) for block in blocks for line in block.html.split("</li>")
        ]
        assert [line for line in shown if line] == folded


def submission(*sources: str) -> Submission:
    cells = tuple(Cell(f"cell {number}", source) for number, source in enumerate(sources, start=1))
    return Submission("ada", "ada.py", "script", "0" * 64, cells)


def test_a_part_shows_the_last_cell_that_defines_its_stub(rubric: Rubric) -> None:
    code = code_by_part(
        submission(
            "def softmax(x):\n    return 1",
            "def rnn_cell_forward(x):\n    return 2",
            "print(softmax(3))\nif softmax == 4: pass\n# def softmax(x)\n  softmax = 5",
            "helper = 6\nsoftmax = lambda x: helper",
            "def not_softmax(x): pass",
        ),
        rubric,
    )
    assert {part: [one.cell for one in excerpts] for part, excerpts in code.items()} == {
        "2a": ["cell 2", "cell 4"]
    }
    assert code["2a"][1].source == "helper = 6\nsoftmax = lambda x: helper"


def test_the_lines_of_a_script_keep_their_numbers(rubric: Rubric) -> None:
    text = "import numpy\n\n# %% a\n# %% b\n\ndef perplexity(loss):\n    return 1\n# %% c\nx = 1\n"
    sources = (source for _, source in percent_cells(text))
    (only,) = code_by_part(submission(*sources), rubric)["3a"]
    assert (only.line, only.source) == (6, "def perplexity(loss):\n    return 1")


def test_no_more_code_is_shown_than_somebody_reads(rubric: Rubric) -> None:
    long = "\n".join(f"x = {number}" for number in range(10 * MAX_LINES))
    stub = "def {}(x):\n    return '\x1b\u202e" + "y" * 10_000 + "'\n"
    source = f"{long}\n{stub.format('softmax')}{long}\n{stub.format('rnn_cell_forward')}{long}"
    excerpts = code_by_part(submission(source), rubric)["2a"]
    assert [one.source.split("\n")[0] for one in excerpts] == [
        "def softmax(x):",
        "def rnn_cell_forward(x):",
    ]
    assert sum(one.source.count("\n") + 1 for one in excerpts) <= MAX_LINES
    assert sum(len(one.source) for one in excerpts) < 60_000
    after = 10 * MAX_LINES + 2
    assert [one.left_out + one.source.count("\n") + 1 for one in excerpts] == [after, after]
    shown = "".join(one.source for one in excerpts)
    assert not re.search("[\x1b\u202e]", shown)
    one = evidence(rubric)
    page = student_page(one, mark(one, rubric), rubric, {"2a": excerpts})
    assert page.count("more lines of this cell are not shown here") == 2


# -- the class --------------------------------------------------------------------------------


def rows_of(rubric: Rubric) -> list[Row]:
    """A class of five: all, half and nothing right, one not readable, one out of time."""
    right = tuple(
        msgspec.structs.replace(check, submitted=Seen("passed", 1.0))
        for check in evidence(rubric).checks
    )
    named = Named("softmax/base-two", "", "")
    known = (Explanation("1a.context", (named,)),)
    seen = [
        evidence(rubric, "zoe", checks=right),
        evidence(rubric, "Ada L+1@x", explanations=known),
        evidence(rubric, "bo", checks=(), status="graded with problems", out_of_time=True),
        evidence(rubric, "cy", checks=(), status="unreadable", reason="cy.pdf is a PDF"),
        evidence(rubric, "dee10", checks=right[:5]),
        evidence(rubric, "dee9", checks=right[:9]),
    ]
    return [row(one, mark(one, rubric)) for one in seen]


def students(opened: Opened) -> list[str]:
    return opened.texts("#submissions tbody tr:visible th")


def test_the_table_is_sorted_by_a_click_or_a_key(
    tmp_path: Path, rubric: Rubric, look: Look
) -> None:
    rows = rows_of(rubric)
    opened = look(write_class_page(tmp_path, rows, rubric))
    by_total = [one.student for one in sorted(rows, key=lambda one: -one.total)]
    total = opened.page.locator("#submissions thead th", has_text="total")
    total.get_by_role("button").click()
    assert students(opened)[:4] == by_total[:4]
    assert total.get_attribute("aria-sort") == "descending"
    total.get_by_role("button").focus()
    opened.page.keyboard.press("Enter")
    assert students(opened)[-4:] == by_total[:4][::-1]
    assert total.get_attribute("aria-sort") == "ascending"
    student = opened.page.locator("#submissions thead th", has_text="student")
    student.get_by_role("button").click()
    assert students(opened) == ["Ada L+1@x", "bo", "cy", "dee9", "dee10", "zoe"]
    assert total.get_attribute("aria-sort") is None
    assert opened.complaints == []


def test_the_table_is_filtered_by_text_status_and_part(
    tmp_path: Path, rubric: Rubric, look: Look
) -> None:
    opened = look(write_class_page(tmp_path, rows_of(rubric), rubric))
    text, status, part = (
        opened.page.get_by_label(label, exact=True)
        for label in ("Find", "Status", "Points missing in")
    )
    shown = opened.page.locator("#shown")
    text.fill("DEE")
    assert students(opened) == ["dee10", "dee9"]
    assert shown.inner_text() == "2 of 6"
    text.fill("")
    status.select_option("unreadable")
    assert students(opened) == ["cy"]
    status.select_option("to be looked at")
    assert students(opened) == ["bo", "cy"]
    status.select_option("any")
    part.select_option("1a Context")
    assert students(opened) == ["Ada L+1@x", "bo", "cy"]
    text.fill("unreadable")
    assert students(opened) == ["cy"]
    part.select_option("any part or none")
    text.fill("no such student")
    assert students(opened) == []
    assert shown.inner_text() == "0 of 6"
    nobody = opened.page.get_by_text("No submission matches the filter.")
    assert nobody.is_visible()
    text.fill("unreadable")
    assert not nobody.is_visible()
    assert opened.complaints == []


def test_a_class_s_page_shows_mistakes_and_what_a_person_must_see(
    tmp_path: Path, rubric: Rubric, look: Look
) -> None:
    opened = look(write_class_page(tmp_path, rows_of(rubric), rubric))
    person = opened.texts("#person tbody tr")
    assert [re.split(r"\s", line)[0] for line in person] == ["bo", "cy"]
    assert "ran out of time" in person[0]
    assert "unreadable" in person[1]
    assert "cy.pdf is a PDF" in person[1]
    mistake = opened.page.locator(".shared", has_text="softmax/base-two")
    mistake.locator("summary").click()
    assert "Ada L+1@x" in mistake.inner_text()
    (tmp_path / "Ada L+1@x.html").write_text("<h1>Ada's own</h1>")
    for name in ("marks", "parts", "criteria", "mistakes"):
        assert (tmp_path / "plots" / f"{name}.svg").read_text().startswith("<?xml")
        assert opened.page.locator(f"a[href='plots/{name}.svg']").count() == 1
    drawn = opened.page.locator("img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert len(drawn) == 4
    assert min(drawn) > 0
    mistake.locator("a", has_text="Ada").click()
    assert opened.texts("h1") == ["Ada's own"]


# Of a line: the numbers of its cells that are wholly between its name and the edge of the box.
COLUMNS_IN_SIGHT = """line => {
  const box = line.closest(".scroll").getBoundingClientRect();
  const [name, ...cells] = [...line.cells].map(one => one.getBoundingClientRect());
  const inSight = one => one.left >= name.right - 1 && one.right <= box.right + 1;
  return cells.flatMap((one, number) => inSight(one) ? [number] : []);
}"""


def test_each_column_of_the_table_can_be_seen_on_a_phone(
    tmp_path: Path, rubric: Rubric, look: Look
) -> None:
    """By a keyboard alone, beside the names, which stay where they are."""
    rows = rows_of(rubric)
    rows[2] = msgspec.structs.replace(rows[2], name="Maximiliane von Longname-Hohenzollern")
    opened = look(write_class_page(tmp_path, rows, rubric), PHONE)
    opened.page.locator(".scroll", has=opened.page.locator("#submissions")).focus()
    line = opened.page.locator("#submissions tbody tr", has_text="Maximiliane")
    seen: set[int] = set()
    for _ in range(60):
        seen |= set(line.evaluate(COLUMNS_IN_SIGHT))
        opened.page.keyboard.press("ArrowRight")
        opened.page.wait_for_timeout(20)
    assert seen == set(range(line.locator("td").count()))


@pytest.mark.parametrize("name", ["index", "felix-wagner"])
def test_code_that_is_wider_than_its_card_is_scrolled_by_keys(
    graded: Path, look: Look, name: str
) -> None:
    opened = look(graded / f"{name}.html", PHONE)
    opened.page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
    wide = opened.page.locator(".lines").evaluate_all(
        "all => all.map(one => one.scrollWidth > one.clientWidth)"
    )
    code = opened.page.locator(".lines").nth(wide.index(True))
    code.focus()
    opened.page.keyboard.press("ArrowRight")
    opened.page.wait_for_function("one => one.scrollLeft > 0", arg=code.element_handle())


@pytest.mark.parametrize(("number", "what"), [(1, "1 submission"), (2, "2 submissions")])
def test_one_is_not_many(
    tmp_path: Path, rubric: Rubric, look: Look, number: int, what: str
) -> None:
    rubric = msgspec.structs.replace(rubric, written_share=0.2)
    rows = [row(one, mark(one, rubric)) for one in (evidence(rubric, "a"), evidence(rubric, "b"))]
    screen = Console(file=io.StringIO(), width=200)
    print_class(screen, rows[:number], rubric)
    waits = "1 of 1 awaits a reader, for 1 point" if number == 1 else "2 of 2 await a reader, for 2"
    assert waits in screen.file.getvalue()  # type: ignore[attr-defined]
    opened = look(write_class_page(tmp_path, rows[:number], rubric))
    assert opened.texts("h1") == [what]
    assert (
        f"{number} still {'awaits' if number == 1 else 'await'} a reader" in opened.page.content()
    )
    assert f"Marks of {what}<" in (tmp_path / "plots" / "marks.svg").read_text()
    students = f"{number} student{'s' * (number > 1)}"
    assert set(opened.texts(".shared summary small")) == {students}


def test_names_can_be_left_out(tmp_path: Path, rubric: Rubric, look: Look) -> None:
    rows = rows_of(rubric)

    def read(secret: bytes) -> list[str]:
        opened = look(write_class_page(tmp_path, rows, rubric, secret))
        text = opened.page.content()
        for one in rows:
            assert not re.search(rf"\b{re.escape(one.student)}\b", text)
        assert "a PDF" not in text
        assert opened.page.locator("main a[href$='.html']").count() == 0
        assert opened.numbers("#submissions tbody .total-cell data") != []
        return students(opened)

    first = read(b"secret")
    assert len(set(first)) == len(rows)
    assert first == sorted(first)
    assert first == read(b"secret")
    assert not set(first) & set(read(b"another"))


def test_the_same_marks_give_the_same_class_page(tmp_path: Path, rubric: Rubric) -> None:
    rows = rows_of(rubric)
    for name, order in (("a", rows), ("b", rows[::-1])):
        (tmp_path / name).mkdir()
        write_class_page(tmp_path / name, order, rubric)
    files = [path for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert len(files) == 5
    for path in files:
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_a_class_of_whom_nothing_is_known_has_a_page(
    tmp_path: Path, rubric: Rubric, look: Look
) -> None:
    one = evidence(rubric, checks=(), status="unreadable", reason="it is empty")
    opened = look(write_class_page(tmp_path, [row(one, mark(one, rubric))], rubric))
    assert students(opened) == ["ada"]
    assert opened.complaints == []


def test_no_student_s_page_takes_the_place_of_the_class_s() -> None:
    for name in ("index", "Index", "INDEX"):
        assert student_id(name).casefold() != "index"


# -- statistics -------------------------------------------------------------------------------


def test_statistics_are_of_what_could_be_checked(rubric: Rubric) -> None:
    rows = rows_of(rubric)
    about = statistics(rows, rubric)
    assert len(about.totals) == 5
    first = about.criteria[0]
    assert (first.met, first.earned) == (0.8, 0.8)
    points = np.array([one.criteria for one in rows if one.status != "unreadable"])
    rest = points.sum(axis=1) - points[:, 0]
    assert first.discrimination == pytest.approx(np.corrcoef(points[:, 0], rest)[0, 1])
    assert [(one.full, one.some, one.none) for one in about.parts][:2] == [(3, 1, 1), (2, 2, 1)]


def test_discrimination_is_a_correlation_where_there_is_one() -> None:
    up, down, same = np.array([0.0, 0.0, 1.0]), np.array([3.0, 3.0, 1.0]), np.ones(3)
    assert correlation(up, 2 * up) == pytest.approx(1)
    assert correlation(up, down) == pytest.approx(-1)
    assert correlation(up, same) is None
    assert correlation(same + 1e-12 * up, up) is None
    assert correlation(up[:1], up[:1]) is None


# -- what a person should see -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("got", "close"),
    [(1.0, 0), (1 + 1e-9, 0), (1 + 3e-6, 1), (1 + 5e-5, 1), (1.01, 0), (-1.0, 0)],
)
def test_an_answer_that_is_right_or_wrong_by_little_is_noticed(got: float, close: int) -> None:
    with close_calls() as names:
        try:
            agree(np.array([0.5, got]), np.array([0.5, 1.0]), "The answer")
        except Disagreement:
            assert abs(got - 1) > 1e-5
    assert names == ["The answer"] * close


def test_a_person_is_asked_to_look_at_a_close_call(rubric: Rubric) -> None:
    one = evidence(rubric)
    assert row(one, mark(one, rubric)).needs_a_person == ()
    checks = list(one.checks)
    checks[0] = msgspec.structs.replace(checks[0], submitted=Seen("passed", 1.0, close=True))
    near = msgspec.structs.replace(one, checks=tuple(checks), out_of_time=True)
    assert row(near, mark(near, rubric)).needs_a_person == (
        "ran out of time",
        f"near the limit of a tolerance: {checks[0].criterion}",
    )
