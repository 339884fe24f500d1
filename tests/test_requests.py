"""Requests for another look: from the form on a student's page to the answer in the next report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner, Result
from playwright.sync_api import Browser

from autograder.cli import main
from autograder.course.folders import Assignment
from autograder.course.rubric import Rubric, rubric_of
from autograder.exporting.results import github_result, gradescope_results
from autograder.marking.marks import mark
from autograder.marking.requests import requests_in
from autograder.nbgrader.comments import comment
from autograder.reports.files import write_student
from autograder.results.code import Code, Excerpt
from autograder.results.stored import Document, stored_document
from autograder.submissions.finding import Origin
from autograder.submissions.text import MAX_TEXT
from tests.browser import Look, asked_of_hosts
from tests.nbgrader_course import make_course
from tests.test_reports import HOSTILE, evidence

CRITERION = "1a.context"
ASKED = """\
Request for another look
assignment: rnn
student: {student}
criterion: {criterion}
points: {points}
reason:
{reason}
"""


def asked(student: str = "ada", reason: str = "It is right.", **changed: object) -> str:
    fields = {"student": student, "criterion": CRITERION, "points": 0.0, "reason": reason}
    return ASKED.format(**fields | changed)


class Class:
    """The results of a class of three, and what they ask."""

    def __init__(self, folder: Path, rubric: Rubric) -> None:
        self.folder, self.rubric = folder / "grades", rubric
        self.inbox = folder / "inbox"
        self.course: tuple[str, ...] = ()
        self.inbox.mkdir()
        self.folder.mkdir()
        code: Code = {"1a": (Excerpt("cell 3", 1, "def ngram_distribution():\n    <b>"),)}
        for student in ("ada", "eve", "12345"):
            seen = evidence(rubric, student)
            marks = mark(seen, rubric)
            origin = Origin(name="Smith John") if student == "12345" else Origin()
            write_student(self.folder, seen, marks, rubric, "digest", code, origin=origin)

    def run(self, *words: object, status: int = 0) -> Result:
        done = CliRunner(env={"COLUMNS": "160"}).invoke(main, [*map(str, words), *self.course])
        assert done.exit_code == status, done.output
        return done

    def collect(self, *texts: str) -> str:
        """Collects texts that lie loose."""
        files = []
        for number, text in enumerate(texts):
            files.append(self.inbox / f"text-{number}.txt")
            files[-1].write_text(text, encoding="utf-8")
        return self.run("requests", self.folder, *files).output

    @property
    def file(self) -> Path:
        return self.folder / "requests.yaml"

    def entries(self) -> list[dict[str, object]]:
        return list(yaml.safe_load(self.file.read_text("utf-8")))

    def answer(self, text: str) -> None:
        """Fills in the answer of the last entry that was added."""
        before = self.file.read_text("utf-8").rpartition("granted:\n")
        rest = before[2].replace("declined:\ncomment:\nwho:\n", "")
        assert "granted:" in "".join(before)
        self.file.write_text(f"{before[0].rstrip(' ')}{text}\n{_without_blanks(rest)}", "utf-8")

    def rescore(self, status: int = 0) -> str:
        return self.run("rescore", self.folder, "--yes", status=status).output

    def stored(self, student: str = "ada") -> Document:
        return stored_document(self.folder, student)


def _without_blanks(rest: str) -> str:
    return re.sub(r"^ *(?:declined|comment|who):\n", "", rest, flags=re.M)


@pytest.fixture
def these(tmp_path: Path, rubric: Rubric) -> Class:
    return Class(tmp_path, rubric)


# -- what comes in ----------------------------------------------------------------------------


def test_a_request_moves_nothing_and_is_there_once(these: Class) -> None:
    before = these.stored().score
    assert "added: 1" in these.collect(asked(reason="Line one.\n\n  Line two: - {x}"))
    kept = these.file.read_bytes()
    (entry,) = these.entries()
    assert entry["reason"] == "Line one.\n\n  Line two: - {x}"
    assert (entry["student"], entry["criterion"], entry["granted"]) == ("ada", CRITERION, None)
    assert "added: 0, already there: 1" in these.collect(
        asked(reason="Line one.\n\n  Line two: - {x}")
    )
    assert these.file.read_bytes() == kept
    printed = these.rescore()
    assert "1 request waits for an answer" in printed
    assert "0 of 3 students move" in printed
    assert these.stored().score == before


def test_what_is_added_leaves_what_a_person_wrote_as_it_is(these: Class) -> None:
    these.collect(asked())
    these.answer("  granted: 0.2   # a close call\n  who: R. Head")
    written = these.file.read_bytes()
    assert "added: 1" in these.collect(asked(), asked("eve"))
    assert these.file.read_bytes().startswith(written)
    assert [entry["granted"] for entry in these.entries()] == [0.2, None]


def test_the_platform_s_name_counts_and_another_inside_is_shown(these: Class) -> None:
    moodle = these.inbox / "Eve Adams_12345_assignsubmission_file_"
    moodle.mkdir()
    (moodle / "request-ada.txt").write_text(asked("ada"), "utf-8")
    these.run("requests", these.folder, these.inbox)
    (entry,) = these.entries()
    assert entry["student"] == "12345"
    assert "but the text names 'ada'" in str(entry["source"])
    page = (these.folder / "requests" / "index.html").read_text("utf-8")
    assert "Smith John (12345)" in page
    assert "but the text names" in page


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("smithjohn_12345_678_request.txt", "canvas, smithjohn_12345_678_request.txt"),
        ("12345/request.txt", "12345/request.txt"),
        ("12345/rnn/request.txt", "12345/request.txt"),
        ("request.txt", "request.txt: only the text names the student"),
    ],
)
def test_it_is_said_on_whose_word_a_request_counts(these: Class, name: str, source: str) -> None:
    path = these.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(asked("12345"), "utf-8")
    path.with_name(path.name.replace("request.txt", "rnn.ipynb")).write_text("{}")
    printed = these.run("requests", these.folder, these.inbox).output
    (entry,) = these.entries()
    assert (entry["student"], entry["source"]) == ("12345", source)
    assert re.search(r"other files: 1 \(.*rnn\.ipynb\)", printed)


def test_a_text_box_of_a_platform_is_read(these: Class) -> None:
    lines = asked("12345", reason="a &lt; b").split("\n")
    box = these.inbox / "smithjohn_12345_text.html"
    box.write_text("".join(f"<p>{line}</p>" for line in lines), "utf-8")
    these.run("requests", these.folder, these.inbox)
    assert these.entries()[0]["reason"] == "a < b"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (asked("mallory"), "no student 'mallory'"),
        (asked(criterion="9z.nothing"), "no criterion '9z.nothing', or several"),
        (asked().replace("rnn", "gates"), "asks about the assignment 'gates', not rnn"),
        (asked(reason=" \n "), f"gives no reason for {CRITERION}"),
        (asked() + "x" * 60_000, "is larger than 50 kB"),
        (asked(criterion="\x1b[2J"), "no criterion '\N{REPLACEMENT CHARACTER}[2J'"),
    ],
)
def test_what_is_no_request_here_is_listed_and_left_out(
    these: Class, text: str, message: str
) -> None:
    assert message in these.collect(text).replace("\n", "")
    assert not these.file.exists()


@pytest.mark.parametrize(
    "name", [CRITERION.upper(), "frequencies after a context", "1a Frequencies after a context"]
)
def test_a_criterion_is_known_by_what_a_report_calls_it(these: Class, name: str) -> None:
    assert "added: 1" in these.collect(asked(criterion=name))
    assert these.entries()[0]["criterion"] == CRITERION
    assert "no criterion 'Concept questions', or several" in these.collect(
        asked(criterion="Concept questions")
    )


def test_many_requests_do_not_fill_the_file(these: Class) -> None:
    printed = these.collect(
        *("".join(asked(reason=f"{n} {m}") for m in range(30)) for n in range(2))
    )
    assert "added: 40" in printed
    assert "ada has asked 40 times already" in printed
    (one,) = requests_in(asked(reason="long " * 5_000))
    assert len(one.reason) <= MAX_TEXT


def test_a_mark_that_has_changed_since_is_noted(these: Class) -> None:
    printed = these.collect(asked(points=0.25), asked("eve", points="nan"))
    assert printed.count("The mark was") == 1
    assert "The mark was 0.25 at the time, and is 0.00 now" in printed
    assert "The mark was" in (these.folder / "requests" / "index.html").read_text("utf-8")


def test_a_person_sees_the_code_and_the_mistake_beside_a_request(these: Class) -> None:
    printed = these.collect(asked(reason="[red]why[/red]"))
    for text in ("def ngram_distribution", "[red]why[/red]", "Wrong:", f"{CRITERION} "):
        assert text in printed
    page = (these.folder / "requests" / "index.html").read_text("utf-8")
    assert "ngram_distribution" in page
    assert "Wrong:" in page


# -- what a person answers --------------------------------------------------------------------


def shown(these: Class, rubric: Rubric, student: str = "ada") -> list[str]:
    """The report of a student in each of its forms, as text."""
    document = these.stored(student)
    part = next(part for part in rubric.parts() if part.id == "1a")
    return [
        (these.folder / f"{student}.md").read_text("utf-8"),
        (these.folder / f"{student}.html").read_text("utf-8"),
        json.dumps(gradescope_results(document.evidence, document, rubric)),
        json.dumps(github_result(document.evidence, document, rubric)),
        comment(part, document, rubric) or "",
    ]


def test_a_grant_marks_as_an_override_does_and_is_shown(these: Class, rubric: Rubric) -> None:
    before = these.stored()
    these.collect(asked())
    these.answer("  granted: 0.2\n  comment: a good point\n  who: R. Head")
    printed = these.rescore()
    assert f"{CRITERION} 0 → 0.2 (by hand, R. Head)" in " ".join(printed.split())
    after = these.stored()
    assert after.score == pytest.approx(before.score + 0.2)
    for form in shown(these, rubric):
        assert "Set by R. Head: on request: a good point" in form


def test_points_of_the_checks_that_are_more_than_granted_stay(these: Class, rubric: Rubric) -> None:
    first = next(rubric.criteria()).id
    full = these.stored().criteria[first].score
    these.collect(asked(criterion=first))
    these.answer("  granted: 0.01\n  who: R. Head")
    these.rescore()
    assert these.stored().criteria[first].score == full > 0.01


@pytest.mark.parametrize("policy", ["full", "hints", "score"])
def test_a_declined_request_is_answered_in_every_form(
    these: Class, rubric: Rubric, policy: str
) -> None:
    before = these.stored().score
    these.collect(asked())
    these.answer(f"  declined: 'see {HOSTILE}'\n  who: R. Head")
    assert f"{CRITERION} declined (R. Head)" in " ".join(these.rescore().split())
    assert these.stored().score == before
    for form in shown(these, msgspec.structs.replace(rubric, feedback=policy)):
        assert "Another look: declined by R. Head: see" in form
    assert "<b>*x*" not in (these.folder / "ada.html").read_text("utf-8")


def test_a_rule_answers_all_who_asked_but_those_with_an_answer_of_their_own(these: Class) -> None:
    these.collect(asked("eve"), asked("12345"))
    these.collect(asked("ada"))
    these.answer("  declined: it is not\n  who: R. Head")
    with these.file.open("a") as file:
        file.write(f"- {{criterion: {CRITERION}, granted: 0.15, comment: all, who: A. Dean}}\n")
    printed = these.rescore()
    assert "for an answer" not in printed
    scores = {
        name: these.stored(name).criteria[CRITERION].score for name in ("ada", "eve", "12345")
    }
    assert scores == {"ada": 0, "eve": 0.15, "12345": 0.15}
    printed = these.run("requests", these.folder).output
    assert "0 of 3 without an answer" in printed
    page = (these.folder / "requests" / "index.html").read_text("utf-8")
    assert page.count("0.15 points granted by a rule of A. Dean: all") == 2


def test_who_asks_again_after_an_answer_waits_for_another_one(these: Class) -> None:
    these.collect(asked())
    these.answer("  declined: The bias is missing.\n  who: R. Head")
    assert "1 of 2 without an answer" in these.collect(asked(reason="It is not: see line 4."))
    assert "1 request waits for an answer" in these.rescore()
    these.file.write_text(
        these.file.read_text("utf-8")
        + f"\n- {{criterion: {CRITERION}, granted: 0.1, who: A. Dean}}\n"
    )
    assert "1 request waits for an answer" in these.rescore()
    assert these.stored().criteria[CRITERION].by_hand is None


def test_a_rule_does_not_answer_who_has_an_override(these: Class) -> None:
    override = {"student": "ada", "criterion": CRITERION, "points": 0.1, "reason": "r", "who": "w"}
    (these.folder / "overrides.yaml").write_text(yaml.safe_dump([override]))
    these.collect(asked("ada"), asked("eve"))
    with these.file.open("a") as file:
        file.write(f"- {{criterion: {CRITERION}, granted: 0.2, who: A. Dean}}\n")
    these.rescore()
    assert [these.stored(n).criteria[CRITERION].score for n in ("ada", "eve")] == [0.1, 0.2]


WRONG = [
    ("- {student: ada, granted: 0.1, who: w}", 1, "a criterion is missing"),
    (f"- {{student: ada, criterion: {CRITERION}, granted: 0.1}}", 1, "`who` is missing"),
    (f"- {{student: ada, criterion: {CRITERION}, who: w}}", 1, "an answer is missing"),
    (
        f"- {{student: ada, criterion: {CRITERION}, declined: yes, who: w}}",
        1,
        "a reason is missing",
    ),
    (
        f"- {{student: ada, criterion: {CRITERION}, declined: ' ', who: w}}",
        1,
        "a reason is missing",
    ),
    (f"-\n  student: ada\n  criterion: {CRITERION}\n  granted: 9\n  who: w", 4, "is worth 0.25"),
    (f"- {{student: ada, criterion: {CRITERION}, granted: .nan, who: w}}", 1, "nan points"),
    (f"- {{student: adda, criterion: {CRITERION}}}", 1, "did you mean ada?"),
    ("- {student: ada, criterion: 1a.contxt}", 1, f"did you mean {CRITERION}?"),
    (f"- {{criterion: {CRITERION}}}", 1, "answers all requests about its criterion"),
    (
        f"- student: ada\n  criterion: {CRITERION}\n  granted: 0.1\n  declined: it\n  who: w",
        4,
        "remove one of them",
    ),
    ("- {student: ada, grant: 0.1}", 1, "unknown key `grant`"),
    (
        f"- {{criterion: {CRITERION}, granted: 0, who: w}}\n" * 2,
        2,
        f"a second rule for {CRITERION}",
    ),
    (
        f"- {{student: ada, criterion: {CRITERION}, granted: 0, who: w}}\n" * 2,
        2,
        "is set above, or in overrides.yaml",
    ),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG)
def test_a_wrong_answer_is_refused_with_its_line(
    these: Class, text: str, line: int, message: str
) -> None:
    these.file.write_text(text, "utf-8")
    for words in (["rescore", these.folder, "--yes"], ["requests", these.folder]):
        output = these.run(*words, status=2).output.replace("\n", " ")
        assert f"requests.yaml, line {line}: " in output
        assert message in output
    assert these.file.read_text("utf-8") == text


def test_a_file_to_which_nothing_can_be_added_is_left_alone(these: Class) -> None:
    text = f"[{{student: eve, criterion: {CRITERION}}}]"
    these.file.write_text(text, "utf-8")
    (these.inbox / "one.txt").write_text(asked(), "utf-8")
    printed = these.run("requests", these.folder, these.inbox / "one.txt", status=2).output
    assert "nothing can be added at its end" in printed.replace("\n", " ")
    assert these.file.read_text("utf-8") == text


# -- written answers --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def assignment_half_written(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_course(tmp_path_factory.mktemp("course"), written_share=0.5)


@pytest.fixture
def half_written(tmp_path: Path, assignment_half_written: Assignment) -> Class:
    """The same in a course of which a reader has given Ada 0.1 of 0.25 points for an answer."""
    assignment = assignment_half_written
    these = Class(tmp_path, rubric_of(assignment))
    these.course = ("--course", str(assignment.course.root))
    form = "student,part,points,comment\nada,1a,0.1,too short\n"
    (these.folder / "written.csv").write_text(form)
    these.rescore()
    return these


def test_a_reader_s_mark_can_be_asked_about(half_written: Class, look: Look) -> None:
    these = half_written
    page = look(these.folder / "ada.html").page
    page.get_by_label("Criterion").select_option("1a.written")
    text = page.get_by_label("The text of the request").input_value() + "It is long enough.\n"
    assert "points: 0.1\n" in text
    assert not page.locator("option[value='1b.written']").count()  # nobody has read that one
    printed = these.collect(text)
    assert "ada, 1a.written Written answer: 0.10 of 0.25" in printed
    assert "too short" in printed
    before = these.stored().score
    these.answer("  granted: 0.2\n  comment: it is\n  who: R. Head")
    assert "1a written, 0.1 → 0.2" in these.rescore()
    assert these.stored().score == pytest.approx(before + 0.1)
    for form in shown(these, these.rubric)[:-1]:
        assert "Set by R. Head: on request: it is (the reader: 0.10)" in form
        assert "too short" in form


@pytest.mark.parametrize("policy", ["full", "score"])
def test_a_reader_s_mark_may_stay(half_written: Class, policy: str) -> None:
    these = half_written
    these.collect(asked(criterion="1a.written", points=0.1))
    these.answer("  declined: it is short\n  who: R. Head")
    assert "1a written, a request was declined" in " ".join(these.rescore().split())
    for form in shown(these, msgspec.structs.replace(these.rubric, feedback=policy))[:-1]:
        assert "Another look: declined by R. Head: it is short" in form


def test_an_answer_that_was_not_read_gets_no_points_on_request(half_written: Class) -> None:
    these = half_written
    text = "- {student: eve, criterion: 1a.written, granted: 0.2, who: R. Head}"
    these.file.write_text(text)
    printed = these.rescore(status=2).replace("\n", " ")
    assert "line 1: 1a of eve is not graded yet; enter its points in written.csv" in printed


# -- the form on the page ---------------------------------------------------------------------


@pytest.mark.parametrize("student", ["ada", "Ζωή Novák @x"])
def test_the_form_saves_what_the_command_collects(
    these: Class,
    rubric: Rubric,
    look: Look,
    student: str,
) -> None:
    seen = evidence(rubric, student)
    write_student(these.folder, seen, mark(seen, rubric), rubric, "digest", {})
    opened = look(these.folder / f"{student}.html")
    page = opened.page
    assert not page.get_by_text("Write a text file with these lines").is_visible()
    page.get_by_label("Criterion").select_option(CRITERION)
    page.get_by_role("button", name="Save the request").click()
    assert page.locator("#saved").inner_text() == ""  # a reason is missing
    page.get_by_label("Reason").fill('first line\n\n"second" & <b>third</b>\nstudent: eve')
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save the request").focus()
        page.keyboard.press("Enter")
    saved = these.inbox / saving.value.suggested_filename
    saving.value.save_as(saved)
    assert saved.name.startswith("request-")
    assert saved.read_text("utf-8") == page.get_by_label("The text of the request").input_value()
    assert asked_of_hosts(opened) == []
    assert opened.complaints == []
    these.run("requests", these.folder, saved)
    (entry,) = these.entries()
    assert (entry["student"], entry["criterion"]) == (student, CRITERION)
    assert entry["points"] == these.stored(student).criteria[CRITERION].score
    assert entry["reason"] == 'first line\n\n"second" & <b>third</b>\nstudent: eve'


def test_without_scripts_the_page_says_what_to_write(these: Class, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((these.folder / "ada.html").as_uri())
    text = page.locator("#by-hand pre").inner_text()
    assert page.locator("#by-hand").is_visible()
    assert not page.get_by_label("Criterion").is_visible()
    context.close()
    text = text.replace("an id from the list below", CRITERION).replace("as marked", "0")
    assert "added: 1" in these.collect(text)


def test_a_page_of_requests_only_shows_what_strangers_wrote(
    these: Class,
    look: Look,
) -> None:
    these.collect(asked(reason=f"</blockquote><script>window.pwned=1</script>{HOSTILE}"))
    opened = look(these.folder / "requests" / "index.html")
    assert opened.page.evaluate("window.pwned") is None
    assert "<script>window.pwned=1</script>" in opened.texts("blockquote")[0]
    assert opened.complaints == []
    assert asked_of_hosts(opened) == []
