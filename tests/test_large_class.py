"""A course of three hundred: from what a platform gives to what it takes, in a command each.

Of 300 in the roster 288 hand in: 25 late, 10 twice, 5 what cannot be read; 12 hand in nothing; and
8 more are in the download whom the roster does not know.
"""

from __future__ import annotations

import csv
import json
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli import main
from autograder.course.folders import Assignment
from autograder.grading.jobs import usual_jobs
from autograder.intake.finding import MOST_NAMED
from tests.conftest import make_small
from tests.test_importers import CanvasImport, canvas_upload, moodle_feedback, reported

ROSTER, ABSENT, UNKNOWN = 300, 12, 8
LATE, TWICE, UNREADABLE = 25, 10, 5
RIGHT = """\
import numpy as np

def average(values):
    return float(np.mean(values))

def centered(values):
    return np.asarray(values, dtype=float) - average(values)
"""
HALF = RIGHT.replace(" - average(values)", "")
LATE_RULE = "late: {due: 2026-11-30T23:59+00:00, per_day: 0.1}\n"


@dataclass(frozen=True)
class Member:
    """One student of the class, and what is so of them."""

    number: int
    here: bool
    late: bool
    twice: bool
    readable: bool

    @property
    def login(self) -> str:
        return f"s{self.number:03}"

    @property
    def name(self) -> str:
        return f"Ng{self.number:03}, Ada"

    @property
    def is_right(self) -> bool:
        return self.number % 2 == 0

    @property
    def code(self) -> str:
        return (RIGHT if self.is_right else HALF) if self.readable else "%PDF-1.7"

    @property
    def points(self) -> float:
        whole = (1.0 if self.is_right else POINTS_OF_HALF) if self.readable else 0.0
        return round(whole * (0.9 if self.late else 1.0), 9)


# What `average` alone earns in the smallest assignment.
POINTS_OF_HALF = 0.6


def members() -> list[Member]:
    return [
        Member(
            number,
            here=number >= ABSENT,
            late=ABSENT <= number < ABSENT + LATE,
            twice=100 <= number < 100 + TWICE,
            readable=not 200 <= number < 200 + UNREADABLE,
        )
        for number in range(ROSTER)
    ]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    assignment = make_small(tmp_path_factory.mktemp("course"))
    file = assignment.rubric_file
    file.write_text(file.read_text().replace("feedback: full", LATE_RULE + "feedback: full"))
    return assignment


def autograder(*words: object) -> Result:
    done = CliRunner().invoke(main, list(map(str, words)))
    assert done.exit_code == 0, (done.output, done.exception)
    return done


def grades(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {line["student"]: line for line in csv.DictReader(file)}


def pack(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def canvas_download(path: Path) -> Path:
    files = {}
    for one in members():
        start = f"ng{one.number:03}ada{'_LATE' * one.late}_{5000 + one.number}"
        if one.here:
            files[f"{start}_{70000 + one.number}_small.py"] = one.code
        if one.twice:
            files[f"{start}_{60000 + one.number}_small-1.py"] = "x = 1\n"
    for number in range(UNKNOWN):
        files[f"stranger_{9000 + number}_{80000 + number}_small.py"] = RIGHT
    return pack(path, {**files, "README.md": "#", ".DS_Store": ""})


def canvas_gradebook(path: Path) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        who = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
        writer.writerow([*who, "Small (77)", "Final Score"])
        writer.writerow(["", "", "", "", "", "Manual Posting", ""])
        writer.writerow(["    Points Possible", "", "", "", "", "1.00", "(read only)"])
        for one in members():
            writer.writerow([one.name, 5000 + one.number, one.number, one.login, "One", "", ""])
    return path


def test_three_hundred_through_canvas(course: Assignment, tmp_path: Path) -> None:
    roster = canvas_gradebook(tmp_path / "gradebook.csv")
    download, out = canvas_download(tmp_path / "submissions.zip"), tmp_path / "out"
    of_course = ("--course", course.course.root)
    done = autograder(
        *("grade", download, "--out", out, "--roster", roster, "--jobs", usual_jobs()), *of_course
    )
    message = " ".join(done.stderr.split())
    assert f"{ABSENT} of the roster handed in nothing" in message
    assert f"{UNKNOWN} submissions are not in the roster" in message
    assert "Late, but Canvas does not say by how much: " in message
    assert f"and {LATE - MOST_NAMED} more. If the rubric has `late`, one day is counted" in message
    assert "left out, as no submission: .DS_Store, README.md" in message
    with (out / "roster.csv").open(newline="", encoding="utf-8") as file:
        states = Counter(line["state"] for line in csv.DictReader(file))
    assert states == {
        "handed in": ROSTER - ABSENT,
        "handed in nothing": ABSENT,
        "not in the roster": UNKNOWN,
    }
    assert f"{ROSTER - ABSENT + UNKNOWN} submissions graded" in " ".join(done.stdout.split())
    lines = grades(out)
    assert len(lines) == ROSTER - ABSENT + UNKNOWN
    for one in members():
        if one.here:
            line = lines[str(5000 + one.number)]
            assert (line["name"], float(line["total"])) == (one.name, one.points)
            assert (line["status"] == "unreadable") == (not one.readable)
    assert len([name for name in lines.values() if not name["name"].startswith("Ng")]) == UNKNOWN
    twice = json.loads((out / "5100.json").read_text())
    assert twice["evidence"]["file"] == "ng100ada_5100_70100_small.py"
    assert "60100_small-1.py" in twice["evidence"]["reason"]
    done = autograder("export", out, "--to", "canvas", "--roster", roster, *of_course)
    assert f"{ABSENT} students have no mark and so no line" in " ".join(done.stderr.split())
    canvas = CanvasImport(
        (out / "canvas.csv").read_bytes(), "Small", {5000 + one.number for one in members()}
    )
    assert canvas.new == []
    assert canvas.possible == {}
    assert {key: float(points) for key, points in canvas.grades.items()} == {
        (5000 + one.number, 77): one.points for one in members() if one.here
    }
    autograder("export", out, "--to", "canvas-feedback", *of_course)
    theirs = {5000 + one.number: {70000 + one.number} for one in members() if one.here}
    with zipfile.ZipFile(out / "canvas-feedback.zip") as archive:
        given = {canvas_upload(name, theirs): archive.read(name) for name in archive.namelist()}
    assert {who for who in given if who} == {(who, *files) for who, files in theirs.items()}
    for one in members():
        if one.here:
            page = given[5000 + one.number, 70000 + one.number].decode()
            assert one.name in page
    # Whoever comes later is added; the tables are of all.
    more = pack(tmp_path / "more.zip", {"ng000ada_LATE_5000_90000_small.py": RIGHT})
    done = autograder("grade", more, "--out", out, "--roster", roster, *of_course)
    assert f"{ABSENT - 1} of the roster handed in nothing" in " ".join(done.stderr.split())
    after = grades(out)
    assert after.keys() == lines.keys() | {"5000"}
    assert {name: after[name] for name in lines} == lines
    assert "Ng012, Ada" in (out / "index.html").read_text()
    # What is older by Canvas's number than what was graded does not replace it.
    older = pack(tmp_path / "old.zip", {"ng100ada_5100_60100_small-1.py": "x = 1\n"})
    done = autograder("grade", older, "--out", out, *of_course)
    assert "5100: ng100ada_5100_60100_small-1.py is older" in " ".join(done.stderr.split())
    assert grades(out) == after
    # What was left untouched says so.
    untouched = tmp_path / "ng001ada_5001_90001_small.py"
    untouched.write_bytes((course.released / "small.py").read_bytes())
    done = autograder("grade", untouched, "--out", out, "--roster", roster, *of_course)
    assert "nothing was filled in" in " ".join(done.stdout.split())


def test_some_through_moodle(course: Assignment, tmp_path: Path) -> None:
    some = [one for one in members() if one.number % 10 in (0, 1)]
    files = {
        f"Ada Ng{one.number:03}_{400 + one.number}_assignsubmission_file_/small.py": one.code
        for one in some
        if one.here
    }
    download, out = pack(tmp_path / "ML-small-77.zip", files), tmp_path / "out"
    worksheet = tmp_path / "grades.csv"
    with worksheet.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Identifier", "Full name", "Email address", "Status", "Grade"])
        for one in some:
            status = "Submitted for grading" + " - 5 hours 3 mins late" * one.late
            who = [f"Participant {400 + one.number}", f"Ada Ng{one.number:03}"]
            writer.writerow([*who, f"{one.login}@example.org", status, ""])
    of_course = ("--course", course.course.root)
    autograder("grade", download, "--out", out, "--roster", worksheet, *of_course)
    autograder("export", out, "--to", "moodle", "--roster", worksheet, *of_course)
    with (out / "moodle.csv").open(newline="", encoding="utf-8") as file:
        given = {line["Email address"]: line["Small"] for line in csv.DictReader(file)}
    assert {key: value if value == "-" else float(value) for key, value in given.items()} == {
        f"{one.login}@example.org": one.points if one.here else "-" for one in some
    }
    autograder("export", out, "--to", "moodle-feedback", *of_course)
    users = {str(400 + one.number): one.login for one in some}
    with zipfile.ZipFile(out / "moodle-feedback.zip") as archive:
        pages = {moodle_feedback(name, users) for name in archive.namelist()}
    assert pages == {(one.login, "feedback.html") for one in some if one.here}


def test_some_through_gradescope(course: Assignment, tmp_path: Path) -> None:
    """Its download has emails and times; its autograder's results, and a gradebook, take marks."""
    some = [one for one in members() if one.here and one.number % 60 in (12, 13)]
    about, files = [], {}
    for one in some:
        folder = f"submission_{70000 + one.number}"
        day = "2026-12-01 08" if one.late else "2026-11-30 08"
        about += [
            *(f"{folder}:", "  :submitters:", f"  - :name: Ada Ng{one.number:03}"),
            *(f"    :sid: '{one.number}'", f"    :email: {one.login}@example.org"),
            f"  :created_at: {day}:00:00.123456789 -05:00",
        ]
        files[f"assignment_9_export/{folder}/small.py"] = one.code
    files["assignment_9_export/submission_metadata.yml"] = "\n".join(about) + "\n"
    out, of_course = tmp_path / "out", ("--course", course.course.root)
    autograder("grade", pack(tmp_path / "export.zip", files), "--out", out, *of_course)
    emails = {f"{one.login}@example.org": one for one in some}
    assert {key: line["name"] for key, line in grades(out).items()} == {
        key: f"Ada Ng{one.number:03}" for key, one in emails.items()
    }
    autograder("export", out, "--to", "gradescope", *of_course)
    for email, one in emails.items():
        result = json.loads((out / "gradescope" / f"{email}.json").read_text())
        assert result["score"] == pytest.approx(one.points)
        assert result["visibility"] == "after_published"
    autograder("export", out, "--to", "moodle", *of_course)
    with (out / "moodle.csv").open(newline="", encoding="utf-8") as file:
        given = {line["Email address"]: float(line["Small"]) for line in csv.DictReader(file)}
    assert given == {email: one.points for email, one in emails.items()}


def test_some_through_github_classroom(course: Assignment, tmp_path: Path) -> None:
    """Clones by login; Classroom's own table of grades has the times, and who is missing."""
    some = [one for one in members() if one.number % 60 in (1, 12, 13)]
    lines = ['"assignment_name","github_username","roster_identifier","submission_timestamp"']
    for one in some:
        clone = tmp_path / "small-submissions" / f"small-{one.login}"
        lines.append(f'"small","{one.login}","{one.name}",')
        if one.here:
            (clone / ".git").mkdir(parents=True)
            (clone / "small.py").write_text(one.code)
            day = "2026-12-01" if one.late else "2026-11-30"
            lines[-1] += f'"{day} 13:00:00 UTC"'
    roster = tmp_path / "grades.csv"
    roster.write_text("\n".join(lines) + "\n", encoding="utf-8")
    out, of_course = tmp_path / "out", ("--course", course.course.root)
    done = autograder(
        *("grade", tmp_path / "small-submissions", "--out", out, "--roster", roster), *of_course
    )
    absent = sum(not one.here for one in some)
    assert f"{absent} of the roster handed in nothing" in " ".join(done.stderr.split())
    autograder("export", out, "--to", "github", *of_course)
    for one in some:
        if one.here:
            result = json.loads((out / "github" / f"{one.login}.json").read_text())
            total, most, _ = reported(result)
            assert (total, most) == (one.points, 1.0)
