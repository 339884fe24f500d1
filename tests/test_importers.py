"""The files that platforms import, read by a re-statement of what their importers do.

Of Canvas LMS: lib/gradebook_importer.rb, and infer_comment_context_from_filename in
app/models/abstract_assignment.rb. Of Moodle: grade/import/csv/classes/load_data.php and
mod/assign/feedback/file/importziplib.php. Of GitHub Classroom's autograding-grading-reporter:
src/console-results.js, src/helpers/test-helpers.js and src/notify-classroom.js. Of Gradescope: its
Autograder Specifications.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import shlex
import shutil
import subprocess
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec
import pytest

from autograder import exporting
from autograder.course.folders import CourseError
from autograder.course.rubric import Rubric
from autograder.examples.example import Example
from autograder.exporting.export import export
from autograder.intake.roster import Roster, read_roster
from autograder.marking.decisions import ByHand, Decided, Deduction, Written
from autograder.reports.mistakes import points
from autograder.results.stored import Document
from autograder.submissions.finding import Origin
from tests.test_exports import document

GRADEBOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,Essay (78),{title} (77),Current Score
,,,,,,Manual Posting,(read only)
    Points Possible,,,,,10.00,5.00,(read only)
"O'Semi; Colon",102,s2,bob,One,8.00,1.00,
"Lovelace, Ada",101,s1,ada@example.org,"One, and Two",9.00,,
"Away, Zoe",104,s4,zoe,Two,,EX,
"Student, Test",105,,f3a9,Two,,,
"""


def from_canvas(rubric: Rubric, account: str, name: str, file: str, **changed: Any) -> Document:
    number = int(file.split(f"_{account}_")[1].split("_")[0])
    origin = Origin("canvas", name, account, file, number, "_LATE_" in file)
    return msgspec.structs.replace(document(rubric, account, **changed), origin=origin)


def from_moodle(rubric: Rubric, account: str, name: str, folder: str) -> Document:
    origin = Origin("moodle", name, account, folder)
    return msgspec.structs.replace(document(rubric, account), origin=origin)


@pytest.fixture
def gradebook(tmp_path: Path, rubric: Rubric) -> Roster:
    file = tmp_path / "gradebook.csv"
    file.write_text(GRADEBOOK.format(title=rubric.title), encoding="utf-8")
    return read_roster(file)


# -- Canvas's gradebook -----------------------------------------------------------------------


class CanvasImport:
    """What Canvas would do with a table: the grades, by student and assignment.

    Assignments and students are those that it has, by their numbers. What it cannot find it would
    make anew; that is in ``new``.
    """

    def __init__(
        self, data: bytes, title: str, students: Collection[int] = (101, 102, 104)
    ) -> None:
        self.assignments = {77: title, 78: "Essay"}
        self.students = students
        self.new: list[str] = []
        self.possible: dict[str, str] = {}
        self.grades: dict[tuple[int, int], str] = {}
        text = data.decode()
        lines = text.splitlines()[:3]
        counts = {}
        for separator in ";,":
            sizes = {len(next(csv.reader([line], delimiter=separator))) for line in lines}
            counts[separator] = sizes.pop() if len(sizes) == 1 else 0
        delimiter = ";" if counts[";"] > counts[","] else ","
        rows = [
            row
            for row in csv.reader(io.StringIO(text), delimiter=delimiter)
            if not re.fullmatch(r"[;, ]+", delimiter.join(row))
        ]
        head = rows[0]
        assert "Student" in head[0]
        assert "ID" in head[1]
        assert "SIS User ID" in head[2]
        assert "SIS Login ID" in head[3]
        assert "Section" in head[4]
        columns = {place: self._assignment(head[place]) for place in range(5, len(head))}
        for row in rows[1:]:
            if "Points Possible" in row[0]:
                self.possible = {head[place]: row[place] for place in columns if row[place]}
                continue
            if all(re.fullmatch(r"\s*(Muted|Manual Posting.*)?\s*", one, re.I) for one in row):
                continue
            student = self._student(row)
            for place, assignment in columns.items():
                self.grades[student, assignment] = _normal(row[place])

    def _assignment(self, heading: str) -> int:
        found = re.fullmatch(r"(.*)\s\((\d+)\)", heading)
        if found and int(found[2]) in self.assignments:
            return int(found[2])
        for number, title in self.assignments.items():
            if title == heading:
                return number
        self.new.append(heading)
        return -len(self.new)

    def _student(self, row: list[str]) -> int:
        if row[1] and int(row[1]) in self.students:
            return int(row[1])
        self.new.append(row[0])
        return -len(self.new)


def _normal(field: str) -> str:
    """A number with a comma or a point for its decimals, as Canvas reads it."""
    if not re.fullmatch(r"-?[0-9.,]+%?", field):
        return field
    *parts, last = re.split("[,.]", field)
    return f"{''.join(parts)}.{last}" if parts else last


def test_canvas_s_import_fills_one_column_of_the_assignment_that_exists(
    tmp_path: Path, rubric: Rubric, gradebook: Roster
) -> None:
    late = Decided(late=Deduction("a day late", share=0.1))
    documents = [
        from_canvas(rubric, "101", "lovelaceada", "lovelaceada_101_678901_rnn.ipynb"),
        from_canvas(
            *(rubric, "102", "osemicolon", "osemicolon_LATE_102_678902_rnn.ipynb"), decided=late
        ),
    ]
    exported = export("canvas", documents, "rnn", rubric, tmp_path / "x.csv", gradebook)
    canvas = CanvasImport((tmp_path / "x.csv").read_bytes(), rubric.title)
    assert canvas.new == []
    # Its points possible are not changed, and nobody loses a mark or an excuse.
    assert canvas.possible == {}
    assert {key: float(value) for key, value in canvas.grades.items()} == {
        (101, 77): documents[0].score,
        (102, 77): documents[1].score,
    }
    assert documents[1].score < documents[0].score
    assert exported.warnings == (
        "2 students have no mark and so no line; Canvas keeps what it has",
    )


@pytest.mark.parametrize("with_roster", [True, False])
def test_canvas_s_assignment_can_be_named_by_its_number(
    tmp_path: Path, rubric: Rubric, gradebook: Roster, with_roster: bool
) -> None:
    one = from_canvas(rubric, "101", "lovelaceada", "lovelaceada_101_678901_rnn.ipynb")
    roster = gradebook if with_roster else None
    out = tmp_path / "x.csv"
    export("canvas", [one], "rnn", rubric, out, roster, assignment_id="78")
    canvas = CanvasImport(out.read_bytes(), rubric.title)
    assert canvas.new == []
    assert canvas.grades == {(101, 78): f"{one.score:g}"}


def test_canvas_s_assignment_that_is_not_there_is_reported(
    tmp_path: Path, rubric: Rubric, gradebook: Roster
) -> None:
    one = from_canvas(rubric, "101", "lovelaceada", "lovelaceada_101_678901_rnn.ipynb")
    other = msgspec.structs.replace(rubric, title="Another")
    out = tmp_path / "x.csv"
    with pytest.raises(CourseError, match=r"no assignment is called 'Another'.*Essay \(78\)"):
        export("canvas", [one], "hw", other, out, gradebook)
    with pytest.raises(CourseError, match="has no assignment 79"):
        export("canvas", [one], "rnn", rubric, out, gradebook, assignment_id="79")
    exported = export("canvas", [one], "rnn", other, out)
    assert CanvasImport(out.read_bytes(), rubric.title).new == ["Another"]
    assert "Canvas will make a new assignment" in exported.warnings[0]


def test_canvas_s_import_of_parts(tmp_path: Path, rubric: Rubric, gradebook: Roster) -> None:
    one = from_canvas(rubric, "101", "lovelaceada", "lovelaceada_101_678901_rnn.ipynb")
    export("canvas", [one], "rnn", rubric, tmp_path / "x.csv", gradebook, parts=True)
    canvas = CanvasImport((tmp_path / "x.csv").read_bytes(), rubric.title)
    assert len(canvas.new) == 10
    assert sum(map(float, canvas.possible.values())) == pytest.approx(5)
    assert sum(map(float, canvas.grades.values())) == pytest.approx(one.score)


# -- Canvas's bulk upload of files ------------------------------------------------------------


def canvas_upload(name: str, submissions: dict[int, set[int]]) -> tuple[int, int] | None:
    """Whom Canvas gives a file of this name, and for which file; None if it ignores it."""
    words = [word for word in Path(name).name.split("_") if word != "LATE"]
    numbers = [int(word) for word in words if re.fullmatch(r"\d+", word)][:2]
    if len(numbers) < 2 or words[-1].startswith("link") or name.startswith("._"):
        return None
    student, file = numbers
    return (student, file) if file in submissions.get(student, ()) else None


def test_canvas_hands_each_student_their_page(tmp_path: Path, rubric: Rubric) -> None:
    files = {
        "101": "lovelaceada_101_678901_rnn-2.ipynb",
        "102": "noyce_2nd_LATE_102_678902_my_work_3.py",
        "103": "o_103_678903_rnn (1).ipynb",
    }
    documents = [from_canvas(rubric, key, "x", name) for key, name in files.items()]
    typed = msgspec.structs.replace(
        document(rubric, "104"), origin=Origin("canvas", "lin", "104", "lin_104_text.html")
    )
    for student in (*files, "104"):
        (tmp_path / f"{student}.html").write_text(f"the page of {student}")
    out = tmp_path / "canvas-feedback"
    exported = export(*("canvas-feedback", [*documents, typed], "rnn", rubric, out), pages=tmp_path)
    theirs = {101: {678901}, 102: {678902}, 103: {678903}}
    with zipfile.ZipFile(tmp_path / "canvas-feedback.zip") as archive:
        zipped = {name: archive.read(name).decode() for name in archive.namelist()}
    assert zipped == {path.name: path.read_text() for path in out.iterdir()}
    given = {canvas_upload(name, theirs): page for name, page in zipped.items()}
    assert given == {
        (101, 678901): "the page of 101",
        (102, 678902): "the page of 102",
        (103, 678903): "the page of 103",
    }
    assert all(name.endswith(".html") for name in zipped)
    assert exported.warnings[0].startswith("no page for 104")


def test_pages_need_the_platform_s_names(tmp_path: Path, rubric: Rubric) -> None:
    for form in ("canvas-feedback", "moodle-feedback"):
        with pytest.raises(CourseError, match="its names are needed"):
            export(form, [document(rubric, "ada")], "rnn", rubric, tmp_path / form, pages=tmp_path)
    one = from_canvas(rubric, "101", "x", "x_101_678901_rnn.py")
    with pytest.raises(CourseError, match=r"101\.html: cannot be read"):
        export("canvas-feedback", [one], "rnn", rubric, tmp_path / "x", pages=tmp_path)


# -- Moodle's gradebook -----------------------------------------------------------------------

MOODLE_USERS = {"ada@x.org": 1, "bob@x.org": 2, "zoe@x.org": 3}
WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade
Participant 401,Ada Lovelace,ada@x.org,Submitted for grading,
Participant 402,Bob Noyce,bob@x.org,Submitted for grading - 2 hours 5 mins late,
Participant 403,Zoe Away,zoe@x.org,No submission,
"""


def moodle_import(data: bytes, identity: str, grade: str) -> dict[int, float | None]:
    """The grades that Moodle would take, with these two columns mapped; it stops at a mistake.

    On a line whose identity is empty it goes on with the student before, which must not happen.
    """
    grades: dict[int, float | None] = {}
    for row in csv.DictReader(io.StringIO(data.decode())):
        assert row[identity]
        student = MOODLE_USERS[row[identity]]
        value = row[grade].strip()
        grades[student] = None if value in ("", "-") else float(value)
        assert (grades[student] or 0) <= 100
    return grades


def test_moodle_s_import_maps_an_identity_and_takes_a_dash_for_no_grade(
    tmp_path: Path, rubric: Rubric
) -> None:
    (tmp_path / "w.csv").write_text(WORKSHEET, encoding="utf-8")
    documents = [
        from_moodle(rubric, "401", "Ada Lovelace", "Ada Lovelace_401_assignsubmission_file_"),
        from_moodle(rubric, "402", "Bob Noyce", "Bob Noyce_402_assignsubmission_file"),
    ]
    out = tmp_path / "moodle.csv"
    export("moodle", documents, "rnn", rubric, out, read_roster(tmp_path / "w.csv"))
    assert out.read_text().splitlines()[0] == f"Email address,Full name,{rubric.title}"
    assert out.read_text().splitlines()[3] == "zoe@x.org,Zoe Away,-"
    grades = moodle_import(out.read_bytes(), "Email address", rubric.title)
    assert grades == {1: documents[0].score, 2: documents[1].score, 3: None}
    with pytest.raises(CourseError, match="give --roster"):
        export("moodle", documents, "rnn", rubric, out)


def test_students_without_an_id_for_moodle_are_left_out_and_listed(
    tmp_path: Path, rubric: Rubric
) -> None:
    text = "name,login,email\nAda,ada,ada@x.org\nBob,bob,bob@x.org\nCem,cem,\n"
    (tmp_path / "r.csv").write_text(text.replace("ada,ada@", ",ada@"), encoding="utf-8")
    documents = [document(rubric, student) for student in ("ada", "bob", "cem")]
    out = tmp_path / "moodle.csv"
    roster = read_roster(tmp_path / "r.csv")
    exported = export("moodle", documents, "rnn", rubric, out, roster)
    assert set(moodle_import(out.read_bytes(), "Email address", rubric.title)) == {1, 2}
    assert exported.warnings == ("left out, since Moodle could not find them: Cem",)
    # A column that somebody lacks would give a mark to the wrong one.
    assert "Username" not in out.read_text()


# -- Moodle's feedback files ------------------------------------------------------------------


def moodle_feedback(path: str, participants: dict[str, str]) -> tuple[str, str] | None:
    """Whom Moodle gives a file of a zip, and as what; None if it ignores it."""
    parts = path.split("/")
    if parts[-1].startswith((".", "~")):
        return None
    while parts:
        words = parts.pop(0).split("_", 4)
        if len(words) < 4 or not words[1].isdigit() or words[1] not in participants:
            continue
        if (words[2], words[3]) != ("assignsubmission", "file"):
            continue
        rest = [*(words[4:] or [""]), *parts]
        return participants[words[1]], "/".join(rest).strip("/")
    return None


def test_moodle_hands_each_student_their_page(tmp_path: Path, rubric: Rubric) -> None:
    folders = {
        "401": "Ada Lovelace_401_assignsubmission_file_",
        "402": "José Ñúñez_402_assignsubmission_file",
        "403": "Participant_403_assignsubmission_onlinetext_",
        "404": "Bob Noyce_404_assignsubmission_file_rnn_2.ipynb",
    }
    # The roster's name is another than that of the folder, and is not what Moodle looks for.
    documents = [from_moodle(rubric, key, "Of the roster", one) for key, one in folders.items()]
    for student in folders:
        (tmp_path / f"{student}.html").write_text(f"the page of {student}")
    out = tmp_path / "moodle-feedback.zip"
    exported = export("moodle-feedback", documents, "rnn", rubric, out, pages=tmp_path)
    assert exported.warnings == ()
    with zipfile.ZipFile(out) as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    users = {key: f"user {key}" for key in folders}
    given = {moodle_feedback(name, users): page for name, page in pages.items()}
    assert given == {(f"user {key}", "feedback.html"): f"the page of {key}" for key in folders}


# -- GitHub Classroom's reporter --------------------------------------------------------------

TEST: dict[str, Any] = {
    "name": str,
    "status": str,
    "score": (int, float),
    "message": str,
    "test_code": str,
    "line_no": int,
}


def reported(results: dict[str, Any]) -> tuple[float, float, str]:
    """The points and the maximum for Classroom, and what the log says."""
    total = most = 0.0
    log = []
    for name, result in results.items():
        assert set(result) == {"version", "status", "max_score", "tests"}
        assert result["status"] in ("pass", "fail", "error")
        passed = 0
        for test in result["tests"]:
            assert {
                key: isinstance(test[key], kind) for key, kind in TEST.items()
            } == dict.fromkeys(TEST, True)
            line = f" - line {test['line_no']}" if test["line_no"] != 0 else ""
            if test["status"] == "pass":
                passed += 1
                log.append(f"✅ {test['name']}{line}")
            elif test["status"] == "error":
                log.append(f"Error: {test['message']}")
            else:
                log.append(f"❌ {test['name']}{line}")
            if test["test_code"]:
                log.append(f"Test code:\n{test['test_code']}")
        shown = passed / len(result["tests"]) * (result["max_score"] or 0)
        if result["max_score"]:
            log.append(f"Total points for {name}: {shown:.2f}/{result['max_score']}")
            most += result["max_score"]
            for test in result["tests"]:
                total += test["score"]
    return total, most, "\n".join(log)


WAYS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "late": {"decided": Decided(late=Deduction("a day late", share=0.1))},
    "late for ever": {"decided": Decided(late=Deduction("years late", share=0.99))},
    "by hand": {"decided": Decided(parts={"2c": ByHand(0.1, "half of it", "R. Head")})},
    "better by hand": {"decided": Decided(parts={"2c": ByHand(0.5, "all of it", "R. Head")})},
    "unreadable": {"status": "unreadable", "checks": (), "reason": "the file is a PDF"},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("share", [0.0, 0.2])
def test_github_s_reporter_shows_the_points_both_ways(
    tmp_path: Path, rubric: Rubric, way: str, share: float
) -> None:
    own = msgspec.structs.replace(rubric, written_share=share)
    changed = dict(WAYS[way])
    if share and "decided" not in changed:
        changed["decided"] = Decided(written={"1a": Written(0.05, "Short.")})
    one = document(own, "ada", **changed)
    export("github", [one], "rnn", own, tmp_path / "github")
    results = json.loads((tmp_path / "github" / "ada.json").read_text())
    total, most, log = reported(results)
    assert total == one.score
    assert most == one.max_score
    # What the log adds up, of its own way, is the same.
    shown = [re.findall(r"Total points for \w+: ([\d.]+)/([\d.]+)", log)][0]
    assert sum(float(points) for points, _ in shown) == pytest.approx(one.score, abs=0.005)
    tests = [test["name"] for result in results.values() for test in result["tests"]]
    for name, criterion in one.criteria.items():
        (named,) = [test for test in tests if test.startswith(f"{name} ")]
        assert named.endswith(f": {points(criterion.score)} of {points(criterion.max_score)}")
    assert "line undefined" not in log
    if way == "unreadable":
        assert "Error: the file is a PDF" in log
    if way == "late":
        assert "a day late" in log


def test_github_s_reporter_shows_the_text_of_the_feedback(tmp_path: Path, rubric: Rubric) -> None:
    one = document(
        *(rubric, "ada"),
        text="::notice::Points 5/5",
        defined={"f": "cell 3, line 12"},
        examples=(Example("f", ("1a.context",), ("f(1)",), "`f(…)`: 2.", "2", "3", 1),),
    )
    export("github", [one], "rnn", rubric, tmp_path / "github")
    _, _, log = reported(json.loads((tmp_path / "github" / "ada.json").read_text()))
    assert "Mistake 1. " in log
    assert "Expected 2\nReturned 3\n" in log
    assert re.search(r"❌ 1a\.context .*: 0\.00 of 0\.25 - line 12\n", log)
    # A line of a log would be a command to GitHub's runner, which Classroom takes points from.
    assert not re.search(r"::(?! )\w", log)


# -- Gradescope -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "shown"),
    [("score", "visible"), ("hints", "visible"), ("full", "after_published")],
)
def test_gradescope_shows_answers_after_the_last_deadline(
    tmp_path: Path, rubric: Rubric, policy: Any, shown: str
) -> None:
    own = msgspec.structs.replace(rubric, feedback=policy)
    export("gradescope", [document(own, "ada")], "rnn", own, tmp_path / "g")
    result = json.loads((tmp_path / "g" / "ada.json").read_text())
    assert result["visibility"] == shown
    assert {test["visibility"] for test in result["tests"]} == {shown}
    assert result["stdout_visibility"] == "hidden"


def test_the_workflow_of_the_page_passes_both_steps_on(tmp_path: Path, rubric: Rubric) -> None:
    """With the command that is in it, and jq, which GitHub's runners have."""
    if not shutil.which("jq"):
        pytest.skip("there is no jq here")
    page = Path(exporting.__file__).with_name("README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^ *(jq .*) out/github", page, re.MULTILINE)
    one = document(rubric, "ada")
    export("github", [one], "rnn", rubric, tmp_path)
    words = [*shlex.split(command), str(tmp_path / "ada.json")]
    output = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    given = dict(line.split("=", 1) for line in output.splitlines())
    # As the reporter reads its input, and for each runner a variable of the environment.
    runners = [runner for runner in re.split(r"[\s,]", given["runners"]) if runner]
    steps = {runner: json.loads(base64.b64decode(given[runner])) for runner in runners}
    assert reported(steps)[0] == one.score
    assert max(len(value) for value in given.values()) < 128 << 10
    for runner in runners:
        assert f"{runner.upper()}_RESULTS: ${{{{ steps.grade.outputs.{runner} }}}}" in page
