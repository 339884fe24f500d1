"""Written answers, read on a page by keys alone; two readers; and who else may come there."""

from __future__ import annotations

import base64
import csv
import http.client
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser, Page, expect

from autograder.cli import main
from autograder.course.folders import Assignment
from autograder.course.rubric import rubric_of
from autograder.marking.marks import mark
from autograder.reading.agreement import agreements
from autograder.reading.form import Changed, read_form, set_mark
from autograder.reading.showing import as_html
from autograder.reports.files import write_student
from tests.nbgrader_course import cell, hand_in, make_course, solved
from tests.test_reports import evidence

STUDENTS = ("ada", "bob", "cem", "dora")
PART, NEXT = "1a", "1b"
# Half of each part's half point is a reader's.
MOST = 0.25
PNG = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
        "gg=="
    )
).decode()
EVIL = (
    "</div><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
    "[click](javascript:window.pwned=1) ![far](http://evil.example/x.png) "
    "<svg onload=window.pwned=1> ![s](data:image/svg+xml;base64,PHN2Zy8+)"
)


@dataclass
class Class:
    """A course, what its students handed in, and their results."""

    assignment: Assignment
    submissions: Path
    results: Path

    def run(self, *words: object, status: int = 0) -> str:
        own = [*map(str, words), "--course", str(self.assignment.course.root)]
        done = CliRunner(env={"COLUMNS": "160"}).invoke(main, own)
        assert done.exit_code == status, done.output
        return done.output

    def form(self, name: str = "written.csv") -> dict[tuple[str, str], tuple[str, str]]:
        return read_form(self.results / name)

    @contextmanager
    def serving(self, *words: str) -> Iterator[str]:
        """The command, as from a terminal; gives the address that it shows."""
        command = [sys.executable, "-m", "autograder.cli", "read", self.results, self.submissions]
        command += ["--course", self.assignment.course.root, *words]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout
                lines = iter(server.stdout.readline, "")
                yield next(found[0] for line in lines if (found := re.search(r"http://\S+", line)))
            finally:
                server.send_signal(signal.SIGINT)
                try:
                    server.wait(60)
                finally:
                    server.kill()


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """Ada has a picture, Bob a hostile answer; all have answered all."""
    folder = tmp_path_factory.mktemp("course")
    assignment = make_course(folder, written_share=0.5)
    for name in STUDENTS:
        notebook = solved(assignment)
        own = cell(notebook, f"{PART}-written")
        own.source += f"\n\nAn answer, number {STUDENTS.index(name)}, with $x_1 * y_1$."
        if name == "ada":
            own.source += "\n\n![my plot](attachment:my%20plot.png)"
            own["attachments"] = {"my plot.png": {"image/png": PNG}}
        if name == "bob":
            own.source += f"\n\n{EVIL}"
        hand_in(assignment, name, notebook)
    results = folder / "grades"
    results.mkdir()
    rubric = rubric_of(assignment)
    for name in STUDENTS:
        seen = evidence(rubric, name)
        write_student(results, seen, mark(seen, rubric), rubric, "digest", {})
    return Class(assignment, assignment.course.root / "submitted", results)


@pytest.fixture
def these(course: Class, tmp_path: Path) -> Class:
    """The same with other results, in which nothing is read."""
    results = tmp_path / "grades"
    shutil.copytree(course.results, results)
    return Class(course.assignment, course.submissions, results)


@pytest.fixture(scope="module")
def to_look_at(course: Class, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page on which no test gives a mark."""
    results = tmp_path_factory.mktemp("looked-at") / "grades"
    shutil.copytree(course.results, results)
    with Class(course.assignment, course.submissions, results).serving() as address:
        yield address


Window = Callable[[str], Page]


@pytest.fixture
def window(chromium: Browser) -> Iterator[Window]:
    """``window(address)``: the page there, which must neither complain nor ask another host."""
    contexts, complaints = [], []

    def window(address: str) -> Page:
        context = chromium.new_context()
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        own = f"http://{urlsplit(address).netloc}/"
        page.on(
            "request",
            lambda one: (
                complaints.append(one.url) if not one.url.startswith((own, "data:")) else None
            ),
        )
        page.goto(address)
        return page

    yield window
    for context in contexts:
        context.close()
    # A browser says by itself that a request was answered with a conflict.
    assert [text for text in complaints if "409 (Conflict)" not in text] == []


def saved(page: Page, sentence: str = "Saved") -> None:
    expect(page.locator("#said")).to_have_text(sentence)


def left(page: Page, number: int) -> None:
    expect(page.locator("#left")).to_have_text(str(number))


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


# -- the page ---------------------------------------------------------------------------------


def test_a_question_is_read_by_keys_alone(these: Class, window: Window) -> None:
    with these.serving() as address:
        page = window(address)
        assert page.locator("h1").inner_text().startswith(PART)
        left(page, 4)
        for text in ("Two words back or more decide", "Without context the best guess"):
            assert text in page.locator("aside").inner_text()
        # The first answer has all points and a comment, the second the same comment by its key.
        press(page, "4")
        saved(page)
        press(page, "c")
        page.keyboard.type("Well argued, 1j")
        press(page, "Escape")
        expect(page.locator("#comments li")).to_have_count(1)
        press(page, "j", "2", "q")
        left(page, 2)
        saved(page)
        press(page, "u", "0")
        left(page, 1)
        saved(page)
        marks = {key: value for key, value in these.form().items() if key[1] == PART}
        assert sorted(marks.values()) == [
            ("0", ""),
            ("0.125", "Well argued, 1j"),
            ("0.25", "Well argued, 1j"),
        ]
        page.reload()
        left(page, 1)
        assert page.locator(".answer.read").count() == 3
        assert page.locator("#comments li").all_inner_texts() == ["q Well argued, 1j"]
        press(page, "o")
        assert page.locator(".answers.beside").count() == 1
        press(page, "n")
        page.wait_for_url(f"**/{NEXT}")
        left(page, 4)
    printed = these.run("rescore", these.results, "--yes")
    assert "await a reader" in printed
    assert sum(marks != ("", "") for marks in these.form().values()) == 3


def test_two_windows_lose_nothing_of_each_other(these: Class, window: Window) -> None:
    with these.serving() as address, these.serving() as again:
        one, other = window(address + PART), window(again + PART)
        press(one, "1")
        saved(one)
        press(other, "j", "2")
        saved(other)
        # The first answer, which the other window still shows as unread.
        press(other, "k", "3")
        saved(other, "Not saved")
        assert "Another window" in other.locator(".wrong").first.inner_text()
        assert other.locator(".answer .now").first.inner_text() == "0.0625 points"
        assert sorted(m for (_, part), m in these.form().items() if part == PART) == [
            ("0.0625", ""),
            ("0.125", ""),
        ]
        press(other, "3")
        saved(other)
        assert ("0.1875", "") in these.form().values()


def test_answers_are_shown_without_names_and_only_shown(to_look_at: str, window: Window) -> None:
    page = window(to_look_at + PART)
    assert page.evaluate("window.pwned") is None
    text = page.content()
    assert not any(re.search(rf"\b{name}\b", text) for name in STUDENTS)
    assert page.locator(".text img").count() == 1
    width = "document.querySelector('.text img').naturalWidth"
    assert page.evaluate(width) == 1
    assert page.locator(".text a, .text script, .text [onload]").count() == 0
    shown = " ".join(page.locator(".text").all_inner_texts())
    assert "(a picture is left out: far)" in shown
    assert "<script>window.pwned=1</script>" in shown
    assert page.get_by_role("img", name="x_1 * y_1").count() == len(STUDENTS)


def test_the_order_is_a_readers_own_and_the_same_each_time(these: Class, to_look_at: str) -> None:
    def order(address: str) -> list[str]:
        status, page = ask(address, PART)
        assert status == 200
        return re.findall(r"An answer, number (\d)", page)

    orders = []
    for _ in range(2):
        with these.serving("--reader", "rita") as address:
            orders.append(order(address))
    assert sorted(orders[0]) == ["0", "1", "2", "3"]
    assert orders[0] == orders[1] != order(to_look_at)
    assert not (these.results / "written.csv").exists()


# -- who may come there -----------------------------------------------------------------------


def ask(
    address: str, path: str, method: str = "GET", body: str | None = None, **headers: str
) -> tuple[int, str]:
    where = urlsplit(address)
    with closing(http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)) as line:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request(method, where.path + path, body, sent)
        reply = line.getresponse()
        return reply.status, reply.read().decode()


def test_only_the_page_itself_reads_and_writes(these: Class) -> None:
    wish = {"part": PART, "number": 1, "seen": ["", ""], "mark": ["0.25", ""]}
    body = json.dumps(wish)
    with these.serving() as address:
        where = urlsplit(address)
        own = f"http://{where.netloc}"
        bare, wrong = f"{own}/", f"{own}/{'x' * 32}/"
        for elsewhere in (bare, wrong):
            assert ask(elsewhere, "")[0] == 403
            assert ask(elsewhere, "save", "POST", body, Origin=own)[0] == 403
        for host in ("evil.example", f"evil.example:{where.port}", f"localhost:{where.port}"):
            assert ask(address, "", Host=host)[0] == 403
            assert ask(address, "save", "POST", body, Host=host, Origin=f"http://{host}")[0] == 403
        for origin in ("http://evil.example", "null", f"{own}.evil.example"):
            assert ask(address, "save", "POST", body, Origin=origin)[0] == 403
        assert ask(address, "save", "POST", body)[0] == 403
        assert these.form() == {}
        for status, changed in (
            (400, {"number": 0}),
            (400, {"number": 5}),
            (400, {"part": "9z"}),
            (400, {"mark": ["0.26", ""]}),
            (400, {"mark": ["nan", ""]}),
            (400, {"mark": ["-1", ""]}),
            (400, {"mark": ["0.1", "x" * 2_001]}),
            (400, {"other": 1}),
            (413, {"mark": ["0.1", "x" * 30_000]}),
        ):
            text = json.dumps(wish | changed)
            assert ask(address, "save", "POST", text, Origin=own)[0] == status, changed
        assert these.form() == {}
        assert ask(address, "save", "POST", body, Origin=own)[0] == 200
        assert list(these.form().values()) == [("0.25", "")]
        assert ask(address, "../written.csv")[0] == 404


def test_the_page_listens_on_this_machine_alone(to_look_at: str) -> None:
    assert urlsplit(to_look_at).hostname == "127.0.0.1"
    port = f"{urlsplit(to_look_at).port:04X}"
    listening = [
        line.split()[1]
        for file in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{file}").read_text().split("\n")[1:]
        if line and line.split()[3] == "0A"
    ]
    assert [one for one in listening if one.endswith(f":{port}")] == [f"0100007F:{port}"]


# -- the form ---------------------------------------------------------------------------------


def test_many_at_a_time_lose_no_mark(tmp_path: Path) -> None:
    file = tmp_path / "written.csv"
    file.write_text("student,part,points,comment\nzoe,1a,0.2,mine\n")
    answers = [(f"student-{number}", PART) for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(set_mark, file, a, ("", ""), ("0.1", "")) for a in answers]:
            assert future.result() == ("0.1", "")
    assert read_form(file) == {("zoe", PART): ("0.2", "mine")} | dict.fromkeys(answers, ("0.1", ""))
    with pytest.raises(Changed):
        set_mark(file, ("zoe", PART), ("", ""), ("0.1", ""))


def test_a_form_with_decimal_commas_stays_readable(these: Class) -> None:
    these.run("reading", these.results, these.submissions)
    form = these.results / "written.csv"
    with form.open(newline="") as file:
        rows = [row if row[0] != "ada" else [*row[:2], "0,2", *row[3:]] for row in csv.reader(file)]
    form.write_text("\n".join(";".join(row) for row in rows))
    these.run("reading", these.results, these.submissions)
    assert these.form()["ada", PART] == ("0.2", "")
    these.run("rescore", these.results, "--yes")


# -- two readers ------------------------------------------------------------------------------


def kappa(first: list[float], second: list[float]) -> float:
    """Cohen's, with quadratic weights, by its definition."""
    a, b = np.array(first), np.array(second)
    return float(1 - np.mean((a - b) ** 2) / np.mean((a[:, None] - b[None, :]) ** 2))


def test_two_readers_get_their_agreement_and_one_of_them_counts(these: Class) -> None:
    for reader in ("rita", "tom"):
        file = these.results / f"written-{reader}.csv"
        file.write_text("student,part,points,comment\n")
    rita, tom = [0.25, 0.125, 0.0, 0.25], [0.25, 0.25, 0.0625, 0.25]
    for name, mine, others in zip(STUDENTS, rita, tom, strict=True):
        set_mark(these.results / "written-rita.csv", (name, PART), ("", ""), (str(mine), "by R."))
        set_mark(these.results / "written-tom.csv", (name, PART), ("", ""), (str(others), ""))
    # What nobody had to read says nothing of how they agree.
    for reader in ("rita", "tom"):
        blank = ("0", "No answer.")
        set_mark(these.results / f"written-{reader}.csv", ("ada", NEXT), ("", ""), blank)
    rubric = rubric_of(these.assignment)
    (found,) = agreements(these.results, rubric)
    assert (found.answers, found.equal) == (4, 0.5)
    assert found.kappa == pytest.approx(kappa(rita, tom))
    assert found.difference == pytest.approx((0.125 + 0.0625) / 4)
    assert [answer for answer, _, _ in found.apart] == [("bob", PART), ("cem", PART)]

    printed = these.run("readers", these.results)
    assert "equal points: 50 %" in printed
    assert "only written.csv counts, not written-rita.csv, written-tom.csv" in printed
    printed = these.run("rescore", these.results, "--yes")
    assert "only written.csv counts, not written-rita.csv, written-tom.csv" in printed
    assert "4 of 4 students await a reader" in printed

    (these.results / "written.csv").write_text("student,part,points\nada,1a,0.1\n")
    printed = these.run("readers", these.results, "--take", "rita")
    assert "copied from rita: 4; left, with other points: 1" in printed
    assert these.form()["ada", PART] == ("0.1", "")
    assert these.form()["bob", PART] == ("0.125", "by R.")
    assert "does not exist" in these.run("readers", these.results, "--take", "nobody", status=2)


@pytest.mark.parametrize("reader", ["../x", "a b", ""])
def test_a_reader_s_name_is_no_path(these: Class, reader: str) -> None:
    words: list[Any] = ["readers", these.results, "--take", reader]
    printed = these.run(*words, status=2)
    assert "cannot be a reader's name" in printed or "no written-NAME.csv here" in printed


# -- what an answer may do --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("a *b* `c`", "<p>a <em>b</em> <code>c</code></p>"),
        ("| a |\n|---|\n| 1 |", "<table>"),
        ("# Title", '<p class="heading">Title</p>'),
        ("$a_1<b$", '<svg class="formula" role="img" aria-label="a_1&lt;b"'),
        ("$$\\frac{1}{N}$$", "<title>\\frac{1}{N}</title><path"),
        ("$$\na<b\n$$", '<p><svg class="formula" role="img" aria-label="a&lt;b"'),
        (r"$\nothing<b$", r'<code class="formula">\nothing&lt;b</code>'),
        ("$" + "{" * 100 + "x" + "}" * 100 + "$", '<code class="formula">{{'),
        ('$a"onload=1$', '<code class="formula">a&quot;onload=1</code>'),
        (r"$\text{a\"onload=1}$", r'aria-label="\text{a\&quot;onload=1}"'),
        (f"![x](data:image/png;base64,{PNG})", f'<img src="data:image/png;base64,{PNG}" alt="x">'),
        ("![x](picture:0)", "(a picture is left out: x)"),
        ('![x" onerror=1](attachment:none.png)', "(a picture is left out: x&quot; onerror=1)"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("<http://evil.example>", "&lt;http://evil.example&gt;"),
        ("![x](data:text/html;base64,PGI+)", "![x](data:text/html;base64,PGI+)"),
    ],
)
def test_an_answer_becomes_text_and_pictures(markdown: str, shown: str) -> None:
    assert shown in as_html(markdown)


def test_an_answer_of_formulas_alone_is_not_drawn_without_end() -> None:
    shown = as_html(" ".join(f"$x_{{{number}}}$" for number in range(200)))
    assert (shown.count("<svg"), shown.count("<code")) == (50, 150)


def test_a_long_answer_is_cut_and_a_picture_does_not_count(tmp_path: Path) -> None:
    assert "is left out" in as_html("word " * 3_000)
    long = base64.b64encode(base64.b64decode(PNG) + b"\0" * 30_000).decode()
    assert "is left out" not in as_html(f"![x](data:image/png;base64,{long}) end")
    assert len(as_html(f"![x](data:image/png;base64,{'A' * (5 << 20)})")) < 1_000
