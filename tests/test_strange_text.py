"""Whatever a submission says is only read, wherever it is shown.

Each test puts any text into every place of one form of report that may hold a student's words: the
name of a file, a message, the text of an exception, an answer, code.
"""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nbconvert.filters import markdown2html
from rich.console import Console

from autograder.cli import main
from autograder.course.folders import Course
from autograder.course.rubric import Rubric
from autograder.exporting.export import export
from autograder.exporting.results import github_result, gradescope_results
from autograder.marking.marks import mark
from autograder.nbgrader.comments import comment, write_marks
from autograder.nbgrader.showing import MAX_CODE, MAX_MARKDOWN, MAX_TEXTS, harmless, make_harmless
from autograder.reading.answers import WrittenAnswers
from autograder.reading.form import answer_sheet
from autograder.reports.files import write_student
from autograder.reports.markdown import student_markdown
from autograder.reports.pages.class_page import write_class_page
from autograder.reports.pages.student import student_page
from autograder.reports.terminal import print_class, print_marks
from autograder.results.code import Code, Excerpt
from autograder.results.rows import row
from autograder.results.stored import Document, stored_document
from autograder.session.loading import CellTrouble
from autograder.similar.comparing import Group, Pair, Side, Similar, print_pairs, write_pairs
from autograder.submissions.text import MAX_TEXT, printable
from autograder.suite.evidence import Evidence, Explanation, Named, tidied
from tests.test_reports import evidence

# Pieces of what acts in one place or another, between any other text.
PIECES = [
    *("\x1b[31m", "\x00", "\r", "\n", "\n\n", "\t", "\u202e", "\u200b", "\u2028", "\ud800"),
    *("<script>", "</", "<img src=http://a/b onerror=x>", "<!--", "&lt;", "&#101;", "&bsol;"),
    *("![a](http://a/b)", "![a][b]", "[a](javascript:b)", "\n[b]: data:x\n", "\n[b]: http://a\n"),
    *("](", "# ", "\n## Student bob, 2a\n", "\n2a-written\n===\n", "\n---\n", "> ", "- ", "1. "),
    *("\n| a | b |\n|-|-|\n", "`", "```", "\n```\n", "~~~~", "\n```mermaid\n", "    ", "*", "_"),
    *("**", "~~", "\\", "|", "#", "$", "$$", "\\[", "\\]", "\\begin{a}", "\\end{a}"),
    *("\\href{javascript:x}{y}", "\\style{a}{b}", "e\u0301\u0301\u0301"),
    *("=1+1", ";=1+1", "@SUM(1)", "-2+3", "＝1", ",", '"', "'", "::error::", "##[notice title=a]b"),
    *("[red]", "[/]", "[link=http://a]", ":bomb:", "{{ 7*7 }}", "{% raw %}", "x" * 400),
]
TEXT = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join)
ALL = "".join(PIECES)


def everywhere(rubric: Rubric, text: str) -> Evidence:
    """Evidence with this text in all that a student has a word in."""
    named = Named(text, text, text)
    one = evidence(
        rubric,
        text=text,
        file=text,
        reason=text,
        cells=(CellTrouble(text, text),),
        explanations=(Explanation("1a.context", (named,)),),
        out_of_time=True,
    )
    return one


def document(rubric: Rubric, text: str) -> Document:
    one = everywhere(rubric, text)
    marks = msgspec.structs.asdict(mark(one, rubric))
    return Document(**marks, digest="", evidence=one)


def is_printable(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


class Tags(HTMLParser):
    """The tags of a page, with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def shape(page: str) -> list[tuple[str, list[str]]]:
    """The tags and their attributes' names; what is between backticks may be shown as code."""
    return [(tag, sorted(attrs)) for tag, attrs in Tags(page).tags if tag != "code"]


# -- evidence ---------------------------------------------------------------------------------


@example(ALL)
@given(TEXT)
def test_evidence_is_printable_and_short(rubric: Rubric, text: str) -> None:
    one = tidied(everywhere(rubric, text * 50))
    assert tidied(one) == one

    def texts(value: Any) -> list[str]:
        if isinstance(value, dict | list | tuple):
            inner = value.values() if isinstance(value, dict) else value
            return [text for each in inner for text in texts(each)]
        return [value] if isinstance(value, str) else []

    found = texts(msgspec.to_builtins(one))
    assert len(found) > 100
    assert all(each.isprintable() and len(each) <= MAX_TEXT for each in found)


# -- pages ------------------------------------------------------------------------------------


@example(ALL)
@given(TEXT)
def test_a_page_has_the_same_tags_whatever_is_on_it(rubric: Rubric, text: str) -> None:
    def page(text: str) -> str:
        one = everywhere(rubric, text)
        code: Code = {"1a": (Excerpt(text, 1, "x = 1"),)}
        return student_page(one, mark(one, rubric), rubric, code)

    assert shape(page(f"a{text}")) == shape(page("a"))
    assert is_printable(page(text))


def test_the_class_page_and_its_pictures_too(tmp_path: Path, rubric: Rubric) -> None:
    """With one text that holds all the pieces, since pictures take long to draw."""

    def page(text: str) -> str:
        one = everywhere(rubric, text)
        return write_class_page(tmp_path, [row(one, mark(one, rubric))], rubric).read_text("utf-8")

    plain, strange = page("a"), page(f"a{ALL}")
    assert shape(strange) == shape(plain)
    assert is_printable(strange)
    for drawn in (tmp_path / "plots").iterdir():
        assert is_printable(drawn.read_text("utf-8"))


@example(ALL, ALL)
@given(TEXT, TEXT)
def test_the_page_of_pairs_too(
    tmp_path_factory: pytest.TempPathFactory, text: str, code: str
) -> None:
    path = tmp_path_factory.mktemp("pairs") / "pairs.html"

    def page(text: str, code: str) -> str:
        side = Side(text, 0.5, (code, code, code))
        write_pairs(Similar((Group((text,), (Pair(side, side),)),), 2, (text,)), "title", path)
        return path.read_text("utf-8")

    assert shape(page(f"a{text}", f"a{code}")) == shape(page("a", "a"))
    assert is_printable(page(text, code))


# -- Markdown ---------------------------------------------------------------------------------

PLAIN_TAGS = {"h1", "h2", "h3", "p", "strong", "ul", "li", "blockquote", "code", "pre"}


@example(ALL)
@given(TEXT)
def test_markdown_only_shows_it(rubric: Rubric, text: str) -> None:
    one = everywhere(rubric, f"a {text}")
    markdown = student_markdown(one, mark(one, rubric), rubric)
    assert is_printable(markdown.replace("\u200b", ""))
    gfm = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown)
    found = Tags(gfm).tags
    assert {tag for tag, _ in found} <= PLAIN_TAGS
    assert not any(attrs for _, attrs in found)
    headings = [line for line in markdown.split("\n") if line.startswith("#")]
    assert len(headings) == sum(tag in ("h1", "h2", "h3") for tag, _ in found)


@example(ALL)
@example("![a](http://a/b)![a](http://a/b)")
@example("[a](javascript:1)[a](javascript:1)")
@given(TEXT)
def test_what_nbgrader_s_pages_show_of_a_mark(rubric: Rubric, text: str) -> None:
    one = everywhere(rubric, f"a {text}")
    marks = mark(one, rubric)
    about = {"nbgrader": {"grade_id": "1a-check", "solution": False}}
    cells = [nbformat.v4.new_code_cell("", metadata=about)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    write_marks(notebook, marks, one, rubric)
    first, check = notebook.cells
    texts = [first.source, check.outputs[0].data["text/markdown"]]
    texts += [comment(part, marks, rubric) or "" for part in rubric.parts()]
    for markdown in texts:
        assert is_printable(markdown.replace("\u200b", ""))
        found = Tags(markdown2html(markdown)).tags
        # A bare address of the web becomes a link there.
        assert {tag for tag, _ in found} <= {*PLAIN_TAGS, "a"}
        for tag, attrs in found:
            assert attrs.keys() <= ({"href"} if tag == "a" else set())
            assert re.match("https?://", attrs.get("href") or "http://")
        # No formula from one line to another.
        html = markdown2html(markdown)
        assert html.count("<li>") == sum(
            line.lstrip().startswith("- ") for line in markdown.split("\n")
        )


# -- a student's own notebook -----------------------------------------------------------------

# Of Markdown; none of them loads or runs anything.
TAGS = {
    *("p", "br", "hr", "strong", "em", "del", "code", "pre", "span", "div", "blockquote", "a"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "input"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "sub", "sup", "kbd"),
}
ATTRIBUTES = {"href", "title", "class", "style", "id", "start", "type", "disabled", "checked"}


@example(ALL)
@example("> # 2a-written\n- # 2a-written\n\n#2a-written\n\n2a-written\n---")
@example("[a]( <javascript:b>) [a](\njavascript:b) <javascript:b> [a]:\n  javascript:b\n\n[a]")
@example("\\$ \\hr&#101;f{javascript:a}{b} \\$ $\\href{a}{b}$ \\\\(&bsol;href{a}{b}\\\\)")
@given(TEXT)
def test_a_student_s_markdown_runs_and_loads_nothing(text: str) -> None:
    shown = harmless(text)
    assert is_printable(shown.replace("\u200b", ""))
    page = Tags(markdown2html(shown))
    for tag, attrs in page.tags:
        assert tag in TAGS
        assert attrs.keys() <= ATTRIBUTES
        assert re.match(r"https?://|mailto:|#|$", attrs.get("href") or "")
        assert "mermaid" not in (attrs.get("class") or "").split(" ")
        assert re.fullmatch(r"(text-align:\s?\w+;?)?", attrs.get("style") or "")
        # A box for points is found by its id.
        assert "%E2%80%8B" in (attrs.get("id") or "%E2%80%8B")
    assert not re.search(r"\\(href|style|require|class|cssId)\b", page.text)


@pytest.mark.parametrize(
    "text",
    [
        "Use $h_t = \\tanh(W_h h_{t-1} + b)$ and **not** `x < y`; see [this](https://example.org).",
        "$$\\frac{\\partial L}{\\partial W} = \\sum_t \\delta_t h_{t-1}^T$$",
        "- one\n- two\n\n1. first\n\n> said\n\n| a | b |\n|---|:-:|\n| 1 | $x$ |",
        "```python\nfor t in range(T):\n    h = np.tanh(h @ W_h)\n```",
        "H<sub>2</sub>O, x<sup>2</sup>, a<br>b, 1 &lt; 2 &amp; 3",
    ],
)
def test_what_students_write_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_a_picture_is_left_out_and_said_to_be() -> None:
    page = Tags(markdown2html(harmless("![my plot](attachment:a.png) ![b](http://c/d)")))
    assert page.text.count("(image left out)") == 2
    assert "my plot" in page.text
    assert not any(tag == "img" for tag, _ in page.tags)


def test_what_is_too_long_to_be_drawn_is_cut_and_said_to_be() -> None:
    def text(length: int) -> Any:
        return nbformat.v4.new_markdown_cell("x " * (length // 2))

    cells = [text(10 << 20), *(text(MAX_MARKDOWN) for _ in range(20))]
    cells += [
        nbformat.v4.new_code_cell("y = 1\n" * (1 << 20)),
        nbformat.v4.new_code_cell("z" * 999),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    make_harmless(notebook)
    shown = [cell.source for cell in notebook.cells]
    assert sum(map(len, shown[:21])) < 2 * MAX_TEXTS
    assert sum(map(len, shown[21:])) < 2 * MAX_CODE
    for cell in (shown[0], shown[20], shown[21]):
        assert "The rest of this cell is left out" in cell


# -- the sheet --------------------------------------------------------------------------------


def sheet(rubric: Rubric, text: str, student: str = "ada") -> str:
    half = msgspec.structs.replace(rubric, written_share=0.5)
    questions = {part.id: "" for part in half.parts()}
    written = WrittenAnswers(half, questions, {}, {student: {"2a": text}}, {student: ()}, {}, ())
    return "\n".join(answer_sheet(written))


@example(ALL, "ada")
@given(TEXT, st.text(min_size=1))
def test_an_answer_on_the_sheet_is_text(rubric: Rubric, text: str, student: str) -> None:
    whole, plain = sheet(rubric, f"a{text}", student), sheet(rubric, "a")
    assert is_printable(whole.replace("\u200b", ""))
    for render in (MarkdownIt("commonmark").enable("table").render, markdown2html):
        assert shape(render(whole)) == shape(render(plain))
    # To who reads the file itself, too.
    starts = [[line for line in one.split("\n") if line[:1] == "#"] for one in (whole, plain)]
    assert len(starts[0]) == len(starts[1])


def test_a_long_answer_is_wrapped_and_one_without_end_is_cut(rubric: Rubric) -> None:
    whole = sheet(rubric, "word " * (2 << 20))
    assert "    word word word" in whole
    assert max(map(len, whole.split("\n"))) <= 100
    assert len(whole) < 20_000
    assert "The rest of this answer is left out" in whole


# -- the terminal -----------------------------------------------------------------------------


@example(ALL)
@given(TEXT)
def test_the_terminal_shows_text(rubric: Rubric, text: str) -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=10_000, force_terminal=True, color_system=None)
    one = everywhere(rubric, text)
    marks = mark(one, rubric)
    print_marks(console, one, marks, rubric)
    print_class(console, [row(one, marks)], rubric)
    side = Side(text, 0.5, ("",))
    print_pairs(console, Similar((Group((text,), (Pair(side, side),)),), 2, (text,)))
    message = screen.getvalue()
    # What is bold, and no more.
    assert is_printable(re.sub(r"\x1b\[[0-9;]*m", "", message))
    assert "\x1b[31m" not in message
    assert "\x1b]8" not in message
    assert printable(text, 100).rstrip("…").strip() in message


# -- tables and other systems -----------------------------------------------------------------


@example(ALL)
@given(TEXT)
@pytest.mark.parametrize("form", ["csv", "canvas", "moodle"])
def test_no_cell_of_a_table_is_a_formula(
    tmp_path_factory: pytest.TempPathFactory, rubric: Rubric, form: str, text: str
) -> None:
    one = msgspec.structs.replace(document(rubric, text), student=text or "ada")
    path = tmp_path_factory.mktemp("table") / "out.csv"
    export(form, [one], "rnn", rubric, path)
    message = path.read_text("utf-8")
    for delimiter in ",;":
        for line in csv.reader(io.StringIO(message, newline=""), delimiter=delimiter):
            for entry in line if delimiter == "," else line[1:]:
                assert is_printable(entry)
                is_number = re.fullmatch(r"-?[\d.]+", entry)
                assert is_number or not re.match(r"\s*[=+\-@＝＋－＠]", entry)


@example(ALL)
@given(TEXT)
def test_parquet_holds_text(
    tmp_path_factory: pytest.TempPathFactory, rubric: Rubric, text: str
) -> None:
    path = tmp_path_factory.mktemp("table") / "out.parquet"
    export("parquet", [document(rubric, text)], "rnn", rubric, path)
    (only,) = pyarrow.parquet.read_table(path).to_pylist()
    assert only["reason"].isprintable()


@example(ALL)
@given(TEXT)
def test_gradescope_gets_lines_of_text(rubric: Rubric, text: str) -> None:
    one = everywhere(rubric, text)
    result = gradescope_results(one, mark(one, rubric), rubric)
    assert {result[name] for name in result if name.endswith("_format")} == {"text"}
    for output in (result["output"], *(test["output"] for test in result["tests"])):
        assert is_printable(output)
    json.loads(msgspec.json.encode(result))


@example(ALL)
@given(TEXT)
def test_github_s_runner_finds_no_command_in_it(rubric: Rubric, text: str) -> None:
    """A line of a step's output that begins with ``::``, or holds ``##[``, is a command to it: with
    one, a student could note other points than these."""
    one = everywhere(rubric, text)
    result = github_result(one, mark(one, rubric), rubric)
    for test in (test for step in result.values() for test in step["tests"]):
        for text in (test["name"], test["message"], test["test_code"]):
            assert is_printable(text)
            assert "::" not in text
            assert "##[" not in text


@example(ALL)
@given(TEXT)
def test_a_student_s_files_can_be_read_again(
    tmp_path_factory: pytest.TempPathFactory, rubric: Rubric, text: str
) -> None:
    one = tidied(everywhere(rubric, text))
    folder: Path = tmp_path_factory.mktemp("results")
    code: Code = {"1a": (Excerpt("cell 1", 1, "x = 1\n\n    y"),)}
    write_student(folder, one, mark(one, rubric), rubric, "digest", code)
    assert stored_document(folder, "ada").evidence == one


def test_an_error_shows_the_name_of_a_file_as_text(course: Course, tmp_path: Path) -> None:
    (tmp_path / "\x1b[31m").mkdir()
    strange = tmp_path / "\x1b[31m" / "\u202ea\nb\udcff.py"
    for words in (["check", strange], ["grade", strange, "--out", tmp_path / "out"]):
        done = CliRunner().invoke(main, [*map(str, words), "--course", str(course.root)])
        assert done.exit_code == 2
        assert is_printable(done.output)
        assert "no such file or folder" in done.output
