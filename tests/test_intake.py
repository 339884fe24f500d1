"""What platforms give to download, in the very form of it: one submission for each student.

The forms are those of Canvas LMS (lib/content_zipper.rb), Moodle (mod/assign/classes/downloader.php
and, before 4.1, mod/assign/locallib.php), Gradescope's *Export Submissions*, and GitHub's extension
``gh classroom``. All names are invented.
"""

from __future__ import annotations

import csv
import io
import os
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from autograder.cli.watching import look, watch
from autograder.course.folders import CourseError
from autograder.intake.archives import OF_STUDENT, BadArchive, Bounds, unpack
from autograder.intake.choices import read_choices, refuse_unknown
from autograder.intake.finding import Collected, collect, workspace
from autograder.intake.roster import read_roster
from autograder.intake.telling import describe
from autograder.submissions.finding import HandIn
from autograder.submissions.reading import read_submission

RELEASED = Path("/nowhere")
CODE = "x = 1\n"
METADATA = """\
submission_9001:
  :submitters:
  - :name: Ada Lovelace
    :sid: '1815'
    :email: ada@example.edu
  :created_at: 2026-11-30 23:10:00.123456789 -05:00
  :score: 0.0
  :status: processed
  :history:
  - :created_at: 2026-11-29 10:00:00.000000000 -05:00
submission_9002:
  :submitters:
  - :name: Bob Noyce
    :sid: '1927'
    :email: bob@example.edu
  - :name: Cem Ada
    :sid: '1928'
    :email: ali@example.edu
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-12-01 05:00:00.000000000 Z
    zone: !ruby/object:ActiveSupport::TimeZone
      name: America/New_York
"""


def lay(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def of(collected: Collected) -> dict[str, HandIn]:
    return {one.student: one for one in collected.submissions}


@pytest.fixture
def spare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("unpacked")


# -- Canvas -----------------------------------------------------------------------------------

CANVAS = {
    "lovelaceada_12345_678901_rnn.ipynb": CODE,
    "noycebob_LATE_12346_678911_rnn-2.ipynb": CODE,
    "adacem_12347_678920_rnn.ipynb": CODE,
    "adacem_12347_678925_rnn-1.ipynb": CODE,
    "adacem_12347_678930_sketch_LATE_2.pdf": "%PDF",
    "vandermeer_2nd_12348_678940_my_work_3.py": CODE,
    "linmei_12349_text.html": "<html>",
    "o_12350_678950_rnn (1).ipynb": CODE,
}


@pytest.mark.parametrize("form", ["folder", "zip", "zip in a folder"])
def test_canvas_names_student_file_and_lateness(tmp_path: Path, spare: Path, form: str) -> None:
    if form == "folder":
        path = lay(tmp_path / "submissions", CANVAS)
    else:
        path = zipped(tmp_path / "down" / "submissions.zip", CANVAS)
    given = path.parent if form == "zip in a folder" else path
    found = of(collect([given], "rnn", RELEASED, spare))
    assert set(found) == {"12345", "12346", "12347", "12348", "12349", "12350"}
    assert {name for name, one in found.items() if one.origin.late} == {"12346"}
    names = [one.origin.name for one in found.values()]
    assert names == ["lovelaceada", "noycebob", "adacem", "vandermeer_2nd", "linmei", "o"]
    # The newest by Canvas's number; what is no code is not newer than code.
    assert found["12347"].path.name == "adacem_12347_678925_rnn-1.ipynb"
    (note,) = found["12347"].notes
    assert "the newest by Canvas's number" in note
    assert "678920_rnn.ipynb" in note
    assert "678930_sketch_LATE_2.pdf" in note
    assert found["12349"].path.suffix == ".html"


def test_canvas_s_number_counts_and_no_date_of_a_file(tmp_path: Path) -> None:
    folder = lay(tmp_path, {f"adacem_12347_{number}_rnn.py": CODE for number in (99, 101, 100)})
    os.utime(folder / "adacem_12347_99_rnn.py", (2e9, 2e9))
    (one,) = collect([folder], "rnn", RELEASED, None).submissions
    assert one.path.name == "adacem_12347_101_rnn.py"


def test_an_anonymous_class_of_canvas_has_ids(tmp_path: Path) -> None:
    files = {"anon_x7Ab2_678901_rnn.py": CODE, "LATE_anon_Q9z_678902_rnn.py": CODE}
    found = of(collect([lay(tmp_path, files)], "rnn", RELEASED, None))
    assert {name: one.origin.late for name, one in found.items()} == {
        "anon_x7Ab2": False,
        "anon_Q9z": True,
    }


def test_one_file_that_looks_like_canvas_s_does_not_make_a_class_of_it(tmp_path: Path) -> None:
    files = {"ada.py": CODE, "bob.py": CODE, "cem_3_1_final.py": CODE}
    assert set(of(collect([lay(tmp_path, files)], "rnn", RELEASED, None))) == {
        "ada",
        "bob",
        "cem_3_1_final",
    }


def test_a_name_like_canvas_s_does_not_hand_in_for_another(tmp_path: Path) -> None:
    """A student can take any name, such as one that ends in a classmate's number."""
    files = {
        "eve_12345_12399_678901_rnn.py": CODE,
        "lovelaceada_12345_678902_rnn.py": CODE,
        "noyce_12346_678903_7_rnn.py": CODE,
        "noyce_12347_678904_2026_11_30.py": CODE,
        "ng_12348_678905_9999999_1.py": CODE,
    }
    found = of(collect([lay(tmp_path, files)], "rnn", RELEASED, None))
    assert {name: one.path.name for name, one in found.items()} == {
        "12345": "lovelaceada_12345_678902_rnn.py",
        "12346": "noyce_12346_678903_7_rnn.py",
        "12347": "noyce_12347_678904_2026_11_30.py",
        "eve_12345_12399_678901_rnn": "eve_12345_12399_678901_rnn.py",
        "ng_12348_678905_9999999_1": "ng_12348_678905_9999999_1.py",
    }


@pytest.mark.parametrize(
    "own",
    [
        {"20_1/x_20_2_rnn.py": CODE, "20_1/y_30_3_rnn.py": CODE},
        {"20_1/submission_metadata.yml": METADATA, "20_1/submission_9001/rnn.py": CODE},
        {"20_1/rnn-20_2/.git/HEAD": "", "20_1/rnn-20_2/rnn.py": CODE},
    ],
)
def test_a_student_s_files_cannot_pass_for_a_class(tmp_path: Path, own: dict[str, str]) -> None:
    lay(tmp_path, {**own, "20_2/rnn.py": CODE})
    assert set(of(collect([tmp_path], "rnn", RELEASED, None))) == {"20_1", "20_2"}


# -- Moodle -----------------------------------------------------------------------------------

MOODLE = {
    "Ada Lovelace_401_assignsubmission_file_/rnn.ipynb": CODE,
    "Ada Lovelace_401_assignsubmission_file_/.ipynb_checkpoints/rnn-checkpoint.ipynb": CODE,
    "Ada Lovelace_401_assignsubmission_file_/README.md": "#",
    "Ada Lovelace_402_assignsubmission_file_/homework/rnn.py": CODE,
    "José Ñúñez_403_assignsubmission_file_/rnn.pdf": "%PDF",
    "José Ñúñez_403_assignsubmission_onlinetext_/onlinetext.html": "<p>",
    "Participant_404_assignsubmission_onlinetext/onlinetext.html": "<p>",
}


@pytest.mark.parametrize("zip_it", [False, True])
def test_moodle_s_folders_are_students(tmp_path: Path, spare: Path, zip_it: bool) -> None:
    path = zipped(tmp_path / "ML-rnn-77.zip", MOODLE) if zip_it else lay(tmp_path / "class", MOODLE)
    collected = collect([path], "rnn", RELEASED, spare)
    found = of(collected)
    assert {name: one.path.name for name, one in found.items()} == {
        "401": "rnn.ipynb",
        "402": "rnn.py",
        "403": "rnn.pdf",
        "404": "onlinetext.html",
    }
    assert [one.origin.name for one in found.values()] == [
        *("Ada Lovelace", "Ada Lovelace", "José Ñúñez", "Participant")
    ]
    assert collected.left_out == {"README.md": 1, ".ipynb_checkpoints": 1}


def test_moodle_without_folders_and_from_4_1_on(tmp_path: Path) -> None:
    files = {
        "Ada Lovelace_401_assignsubmission_file_rnn.ipynb": CODE,
        "Bob Noyce_402_assignsubmission_file/rnn.ipynb": CODE,
    }
    found = of(collect([lay(tmp_path, files)], "rnn", RELEASED, None))
    assert {name: one.origin.name for name, one in found.items()} == {
        "401": "Ada Lovelace",
        "402": "Bob Noyce",
    }


# -- Gradescope and GitHub Classroom ----------------------------------------------------------


@pytest.mark.parametrize("zip_it", [False, True])
def test_gradescope_s_metadata_says_who_and_when(tmp_path: Path, spare: Path, zip_it: bool) -> None:
    files = {
        "assignment_47_export/submission_metadata.yml": METADATA,
        "assignment_47_export/submission_9001/rnn.ipynb": CODE,
        "assignment_47_export/submission_9002/src/rnn.py": CODE,
    }
    path = zipped(tmp_path / "export.zip", files) if zip_it else lay(tmp_path / "class", files)
    found = of(collect([path], "rnn", RELEASED, spare))
    assert {name: (one.origin.name, one.handed_in) for name, one in found.items()} == {
        "ada@example.edu": ("Ada Lovelace", "2026-12-01T04:10:00.123456+00:00"),
        "ali@example.edu": ("Cem Ada, Bob Noyce", "2026-12-01T05:00:00+00:00"),
    }
    assert found["ali@example.edu"].notes == ("handed in together: Cem Ada, Bob Noyce",)
    assert found["ali@example.edu"].path.name == "rnn.py"


def test_a_path_in_gradescope_s_metadata_leads_nowhere_else(tmp_path: Path) -> None:
    lay(tmp_path, {"secret/rnn.py": CODE, "class/submission_1/rnn.py": CODE})
    lay(tmp_path / "class", {"submission_metadata.yml": "../secret: {}\nsubmission_1: {}\n"})
    (one,) = collect([tmp_path / "class"], "rnn", RELEASED, None).submissions
    assert one.student == "submission_1"


def test_metadata_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    lay(tmp_path, {"submission_metadata.yml": "a: [", "submission_1/rnn.py": CODE})
    with pytest.raises(CourseError, match=r"submission_metadata\.yml: cannot be read"):
        collect([tmp_path], "rnn", RELEASED, None)


def test_clones_of_github_classroom_are_named_by_login(tmp_path: Path) -> None:
    files = {
        f"rnn-2026-submissions/rnn-2026-{login}/{name}": CODE
        for login in ("ada-l", "ada-n")
        for name in (".git/HEAD", "rnn.ipynb", ".github/workflows/classroom.yml", "README.md")
    }
    lay(tmp_path, files)
    for given in (tmp_path / "rnn-2026-submissions", tmp_path):
        found = of(collect([given], "rnn", RELEASED, None))
        assert {name: one.path.name for name, one in found.items()} == {
            "ada-l": "rnn.ipynb",
            "ada-n": "rnn.ipynb",
        }


# -- several files, and choices by hand -------------------------------------------------------


def test_a_choice_by_hand_counts_and_is_noted(tmp_path: Path) -> None:
    folder = lay(tmp_path / "class", CANVAS)
    lay(tmp_path, {"chosen.csv": "student,file\n12347,adacem_12347_678920_rnn.ipynb\n"})
    chosen = read_choices(tmp_path)
    found = of(collect([folder], "rnn", RELEASED, None, chosen=chosen))
    assert found["12347"].path.name == "adacem_12347_678920_rnn.ipynb"
    assert "was chosen by hand" in found["12347"].notes[0]
    lay(tmp_path, {"chosen.csv": "student,file\n\n12345,x.py\n"})
    with pytest.raises(CourseError, match=r"csv, line 3: 12345 handed in no file 'x\.py'"):
        collect([folder], "rnn", RELEASED, None, chosen=read_choices(tmp_path))
    lay(tmp_path, {"chosen.csv": "student,file\n1,a\n1,b\n"})
    with pytest.raises(CourseError, match="line 3: 1 appears here a second time"):
        read_choices(tmp_path)


def test_a_choice_by_hand_within_a_folder(tmp_path: Path) -> None:
    lay(tmp_path / "class", {"ada/rnn.py": CODE, "ada/final.py": CODE})
    lay(tmp_path, {"chosen.csv": "student,file\nada,final.py\n"})
    chosen = read_choices(tmp_path)
    (one,) = collect([tmp_path / "class"], "rnn", RELEASED, None, chosen=chosen).submissions
    assert one.path.name == "final.py"


def test_a_choice_by_hand_decides_between_two_files_of_one_name(tmp_path: Path) -> None:
    folder = lay(tmp_path / "class", {"dan.py": CODE, "dan.ipynb": CODE, "eve.py": CODE})
    lay(tmp_path, {"chosen.csv": "student,file\ndan,dan.ipynb\n"})
    chosen = read_choices(tmp_path)
    found = of(collect([folder], "rnn", RELEASED, None, chosen=chosen))
    assert {name: one.path.name for name, one in found.items()} == {
        "dan": "dan.ipynb",
        "eve": "eve.py",
    }
    assert found["dan"].notes == (
        "of several files dan.ipynb was chosen by hand; the others were: dan.py",
    )


def test_a_choice_for_no_student_is_refused_with_its_line(tmp_path: Path) -> None:
    lay(tmp_path, {"chosen.csv": "student,file\nada,x.py\nnobody,x.py\n"})
    with pytest.raises(CourseError, match=r"chosen\.csv, line 3: .* no student 'nobody'"):
        refuse_unknown(read_choices(tmp_path), {"ada"})


def test_what_was_typed_into_the_platform_is_no_code(tmp_path: Path) -> None:
    typed = {
        "Ada Lovelace_401_assignsubmission_onlinetext_/onlinetext.html": "<p>I worked alone.</p>",
        "Bob_402_assignsubmission_onlinetext_onlinetext.html": "I worked alone.",
        "Cem_403_assignsubmission_file_/essay.html": "<p>x</p>",
    }
    found = of(collect([lay(tmp_path / "moodle", typed)], "rnn", RELEASED, None))
    found |= of(collect([lay(tmp_path / "canvas", {"x_15_text.html": "I"})], "rnn", RELEASED, None))
    trouble = {name: read_submission(one.path, name).trouble for name, one in found.items()}
    for name in ("401", "402", "15"):
        assert trouble[name].startswith("text typed into the platform, no notebook;")
    assert trouble["403"].startswith("the file is a web page, ")


def test_a_file_counts_before_what_was_typed_and_the_note_says_why(tmp_path: Path) -> None:
    one, other = "Ada_401_assignsubmission", "Bob_402_assignsubmission"
    files = {
        f"{one}_file_/rnn.ipynb": CODE,
        f"{one}_onlinetext_/onlinetext.html": "<p>",
        f"{other}_file_/rnn.pdf": "%PDF",
        f"{other}_onlinetext_/onlinetext.html": "<p>",
    }
    found = of(collect([lay(tmp_path, files)], "rnn", RELEASED, None))
    assert {name: found[name].notes for name in found} == {
        "401": (
            "of several files rnn.ipynb was graded, the only one with work in it; the others were: "
            "onlinetext.html",
        ),
        "402": (
            "of several files rnn.pdf was graded, the only one that was not typed into the "
            "platform; the others were: onlinetext.html",
        ),
    }


def test_a_later_download_of_canvas_replaces_an_earlier_one(tmp_path: Path, spare: Path) -> None:
    old = zipped(tmp_path / "a.zip", {"adacem_1_10_rnn.py": CODE, "nobo_2_11_rnn.py": CODE})
    new = zipped(tmp_path / "b.zip", {"adacem_1_12_rnn-1.py": CODE, "nobo_2_11_rnn.py": CODE})
    found = of(collect([new, old], "rnn", RELEASED, spare))
    assert found["1"].path.name == "adacem_1_12_rnn-1.py"


def test_what_is_no_submission_is_left_out_and_counted(tmp_path: Path) -> None:
    names = ["~$rnn.docx", "thumbs.txt", ".DS_Store", "README.md", "grades.csv", "ada.py"]
    lay(tmp_path, dict.fromkeys(names, CODE))
    lay(tmp_path, {".ipynb_checkpoints/x.py": CODE, "bob/README.md": "", "bob/rnn.py": CODE})
    collected = collect([tmp_path], "rnn", RELEASED, None)
    assert set(of(collected)) == {"ada", "bob"}
    assert collected.left_out["README.md"] == 2
    assert set(collected.left_out) == {*names, ".ipynb_checkpoints"} - {"ada.py"}
    (words,) = describe(collected)
    assert "README.md (2 times)" in words


# -- zips that students hand in ---------------------------------------------------------------


def data(files: Mapping[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "12/lovelaceada_12345_678901_work.zip",
        "12/Ada Lovelace_12345_assignsubmission_file_/work.zip",
        "12/ada/rnn/work.zip",
        "12/ada.zip",
    ],
)
def test_a_student_s_zip_is_looked_into(tmp_path: Path, spare: Path, name: str) -> None:
    inside = data({"work/notes.txt": "", "work/rnn.ipynb": CODE, "__MACOSX/work/._rnn.ipynb": ""})
    lay(tmp_path, {name: inside})
    (one,) = collect([tmp_path / "12"], "rnn", RELEASED, spare).submissions
    assert one.path.name == "rnn.ipynb"
    assert one.student in ("12345", "ada")


def test_a_zip_that_is_named_alone_is_a_student_s_if_it_holds_the_file(
    tmp_path: Path, spare: Path
) -> None:
    zipped(tmp_path / "ada.zip", {"rnn.ipynb": CODE, "helper.py": CODE})
    zipped(tmp_path / "class.zip", {"ada.ipynb": CODE, "bob.py": CODE})
    assert set(of(collect([tmp_path / "ada.zip"], "rnn", RELEASED, spare))) == {"ada"}
    assert set(of(collect([tmp_path / "class.zip"], "rnn", RELEASED, spare))) == {"ada", "bob"}


def test_a_student_s_zip_is_no_class(tmp_path: Path, spare: Path) -> None:
    """Else one student could hand in for another."""
    theirs = {"adalovelace_12345_678999_rnn.py": CODE}
    zipped(tmp_path / "plain" / "eve.zip", theirs)
    lay(tmp_path / "plain", {"ada.py": CODE})
    assert set(of(collect([tmp_path / "plain"], "rnn", RELEASED, spare))) == {"ada", "eve"}
    zipped(tmp_path / "canvas" / "eve_12399_678000_work.zip", theirs)
    assert set(of(collect([tmp_path / "canvas"], "rnn", RELEASED, spare))) == {"12399"}


def test_a_refused_zip_says_why_and_stays_what_was_handed_in(tmp_path: Path, spare: Path) -> None:
    lay(tmp_path, {"12/ada/bomb.zip": data({f"{n}.py": CODE for n in range(3_000)})})
    (one,) = collect([tmp_path / "12"], "rnn", RELEASED, spare).submissions
    assert one.path.name == "bomb.zip"
    assert one.notes == ("bomb.zip was not unpacked: it holds more than 2,000 files",)
    assert not list(spare.iterdir())


def test_ids_in_zips_do_not_depend_on_where_these_are_unpacked(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in ("mon.zip", "tue.zip"):
        zipped(tmp_path / name, {"ada.py": CODE, "bob.py": CODE})
    here, there = (
        [
            (one.student, one.notes)
            for one in collect(
                [tmp_path / "mon.zip", tmp_path / "tue.zip"],
                *("rnn", RELEASED, tmp_path_factory.mktemp("x")),
            ).submissions
        ]
        for _ in range(2)
    )
    assert here == there
    assert len({student for student, _ in here}) == 4
    assert "both were graded: mon.zip/ada.py, tue.zip/ada.py." in here[0][1][0]


# -- hostile zips -----------------------------------------------------------------------------


def entry(name: str, mode: int = 0o644 | stat.S_IFREG) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    return made


@pytest.mark.parametrize(
    "name",
    [
        *("../out.py", "/out.py", "a/../../out.py", "..\\out.py", "C:\\out.py", "C:/out.py"),
        *("a//out.py", "./out.py", "a/./out.py"),
    ],
)
def test_no_path_leads_out_of_a_zip(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(entry(name), CODE)
        archive.writestr("in.py", CODE)
    (left,) = unpack(tmp_path / "x.zip", tmp_path / "deep" / "into", OF_STUDENT)
    assert "its path leads out of the zip" in left
    assert [path.name for path in tmp_path.rglob("*.py")] == ["in.py"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_nothing_but_files_comes_out_of_a_zip(tmp_path: Path, kind: int) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(entry("link.py", kind | 0o777), "/etc/passwd")
        archive.writestr(entry("run.py", stat.S_IFREG | 0o4777), CODE)
    (left,) = unpack(tmp_path / "x.zip", tmp_path / "into", OF_STUDENT)
    assert left == "link.py (it is a link, or no ordinary file)"
    (only,) = (tmp_path / "into").iterdir()
    assert not only.stat().st_mode & 0o6111


def test_a_link_in_a_zip_takes_nothing_along(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(entry("way", stat.S_IFLNK | 0o777), str(tmp_path / "target"))
        archive.writestr("way/out.py", CODE)
    unpack(tmp_path / "x.zip", tmp_path / "into", OF_STUDENT)
    assert not list((tmp_path / "target").iterdir())


@pytest.mark.parametrize(
    ("content", "bounds", "why"),
    [
        (b"\0" * (40 << 20), OF_STUDENT, "over 200 times as large"),
        (os.urandom(2 << 20), Bounds(10, 1 << 20), "more than 1 MB"),
    ],
)
def test_a_bomb_is_stopped_while_it_unpacks(
    tmp_path: Path, content: bytes, bounds: Bounds, why: str
) -> None:
    zipped(tmp_path / "x.zip", {"a.py": content})
    with pytest.raises(BadArchive, match=why):
        unpack(tmp_path / "x.zip", tmp_path / "into", bounds)
    assert sum(path.stat().st_size for path in (tmp_path / "into").iterdir()) <= 33 << 20


def test_the_bytes_are_counted_and_not_believed(tmp_path: Path) -> None:
    """The length that a zip's list gives may be a lie."""
    zipped(tmp_path / "x.zip", {"a.py": b"\0" * (5 << 20)})
    content = (tmp_path / "x.zip").read_bytes()
    lie = content.replace((5 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lie != content
    (tmp_path / "x.zip").write_bytes(lie)
    (left,) = unpack(tmp_path / "x.zip", tmp_path / "into", Bounds(10, 1 << 20))
    assert left == "a.py (it cannot be unpacked: damaged)"
    assert not list((tmp_path / "into").iterdir())


def test_a_zip_in_a_zip_stays_a_file(tmp_path: Path, spare: Path) -> None:
    inner = data({"rnn.py": CODE})
    lay(tmp_path, {"12/ada/outer.zip": data({"inner.zip": inner})})
    (one,) = collect([tmp_path / "12"], "rnn", RELEASED, spare).submissions
    assert one.path.name == "inner.zip"


def test_a_list_of_a_million_files_is_not_read(tmp_path: Path) -> None:
    """Its end says how long it is; that is looked at before the list."""
    end = b"PK\x05\x06" + b"\0\0\0\0\xff\xff\xff\xff" + (200 << 20).to_bytes(4, "little")
    with (tmp_path / "x.zip").open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(300 << 20)
        file.seek(0, 2)
        file.write(end + (100).to_bytes(4, "little") + b"\0\0")
    with pytest.raises(BadArchive, match="more than 2,000 files"):
        unpack(tmp_path / "x.zip", tmp_path / "into", OF_STUDENT)


@pytest.mark.parametrize("content", [b"PK", b"PK\x03\x04" + b"x" * 100])
def test_a_damaged_zip_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(BadArchive, match="it is damaged, or no zip"):
        unpack(tmp_path / "x.zip", tmp_path / "into", OF_STUDENT)


@pytest.mark.filterwarnings("ignore:Duplicate")
def test_a_file_twice_and_a_folder_of_a_file_s_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in ("a.py", "a.py", "a.py/b.py", f"{'n' * 300}.py"):
            archive.writestr(name, CODE)
    left = unpack(tmp_path / "x.zip", tmp_path / "into", OF_STUDENT)
    assert [one.partition(" (")[2] for one in left] == [
        "its name is taken)",
        "its name is taken)",
        "it cannot be unpacked: File name too long)",
    ]


def test_folders_in_a_zip_are_not_endless(tmp_path: Path) -> None:
    zipped(tmp_path / "x.zip", {f"{'a/' * 1_500}rnn.py": CODE, "rnn.py": CODE})
    (left,) = unpack(tmp_path / "x.zip", tmp_path / "into", OF_STUDENT)
    assert "(it lies too deep)" in left


def test_names_in_a_zip_are_utf_8_whether_it_says_so_or_not(tmp_path: Path) -> None:
    made = zipped(tmp_path / "x.zip", {"Jose.py": CODE})
    made.write_bytes(made.read_bytes().replace(b"Jose.py", "Jé.py".encode() + b"y"))
    unpack(made, tmp_path / "into", OF_STUDENT)
    assert [path.name for path in (tmp_path / "into").iterdir()] == ["Jé.pyy"]


def test_what_is_unpacked_is_gone_in_the_end(tmp_path: Path) -> None:
    killed = lay(tmp_path, {".submissions-x/1/ada.py": CODE}) / ".submissions-x"
    with workspace(tmp_path) as folder:
        assert not killed.exists()
        lay(folder, {"ada.py": CODE})
        # That of another run which goes on is left alone.
        with workspace(tmp_path):
            assert (folder / "ada.py").exists()
    assert not list(tmp_path.iterdir())


# -- the roster -------------------------------------------------------------------------------

CANVAS_ROSTER = """\
Student,ID,SIS User ID,SIS Login ID,Section,Remembering the Past (77),Current Score
,,,,,Manual Posting,
    Points Possible,,,,,5.00,(read only)
"Lovelace, Ada",12345,s1,ada@example.org,One,,
"Noyce, Bob",12346,s2,bob,"One, and Two",,
"Away, Zoe",99999,s9,zoe,One,,
"Student, Test",100000,,f3a9,One,,
"""
MOODLE_ROSTER = """\
Identifier,Full name,Email address,Status,Grade,Maximum grade,Last modified (submission)
Participant 401,Ada Lovelace,ada@example.org,Submitted for grading - 1 day 3 hours late,,5.00,x
Participant 402,Ada Lovelace,ada2@example.org,Submitted for grading - Graded,,5.00,x
Participant 499,Zoe Away,zoe@example.org,No submission - Assignment is overdue by: 3 days,,5.00,-
"""
GRADESCOPE_ROSTER = """\
First Name,Last Name,SID,Email,Sections,Total Score,Max Points,Status,Submission ID,\
Submission Time,Lateness (H:M:S)
Ada,Lovelace,1815,ada@example.edu,,,5.0,Ungraded,9001,2026-11-30 23:10:00 -0500,26:00:01
Zoe,Away,1900,zoe@example.edu,,,5.0,Missing,,,
"""
GITHUB_ROSTER = """\
"identifier","github_username","github_id","name"
"Lovelace, Ada","ada-l","4711",""
"Away, Zoe","","",""
"""


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_roster_may_have_any_delimiter_and_encoding(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    text = io.StringIO()
    rows = [["Name", "Username"], ["Núñez, José; jr", "jose"], ["Lovelace, Ada", "ada"]]
    csv.writer(text, delimiter=delimiter).writerows(rows)
    roster = read_roster(write(tmp_path / "x.csv", text.getvalue(), encoding))
    assert [(one.name, one.login) for one in roster.people] == [(a, b) for a, b in rows[1:]]
    found = roster.find("jose")
    assert found is not None
    assert found.name == "Núñez, José; jr"


def test_canvas_s_gradebook_joins_names_and_says_who_is_missing(tmp_path: Path) -> None:
    roster = read_roster(write(tmp_path / "roster.csv", CANVAS_ROSTER))
    collected = collect([lay(tmp_path / "class", CANVAS)], "rnn", RELEASED, None, roster)
    found = of(collected)
    assert found["12345"].origin.name == "Lovelace, Ada"
    assert found["12346"].origin.late
    assert [one.name for one in collected.absent] == ["Away, Zoe"]
    assert collected.unknown == ["12347", "12348", "12349", "12350"]
    words = "\n".join(describe(collected))
    assert "1 of the roster handed in nothing: Away, Zoe" in words
    assert "4 submissions are not in the roster: 12347, 12348" in words
    assert "Late, but Canvas does not say by how much: 12346. If the rubric has `late`" in words


def test_moodle_s_grading_worksheet_tells_two_of_one_name_apart(tmp_path: Path) -> None:
    roster = read_roster(write(tmp_path / "roster.csv", MOODLE_ROSTER))
    collected = collect([lay(tmp_path / "class", MOODLE)], "rnn", RELEASED, None, roster)
    found = of(collected)
    assert (found["401"].origin.late, found["401"].origin.late_seconds) == (True, 27 * 3600)
    assert found["402"].origin.late is None
    assert [one.email for one in collected.absent] == ["zoe@example.org"]
    assert collected.unknown == ["403", "404"]


def test_a_list_without_moodle_s_numbers_finds_by_a_name_that_is_alone(tmp_path: Path) -> None:
    text = "First name,Last name,Email address\nJosé,Ñúñez,jose@x.org\nAda,Lovelace,a@x.org\n"
    text += "Ada,Lovelace,b@x.org\n"
    roster = read_roster(write(tmp_path / "roster.csv", text))
    collected = collect([lay(tmp_path / "class", MOODLE)], "rnn", RELEASED, None, roster)
    assert collected.unknown == ["401", "402", "404"]


def test_gradescope_s_and_github_s_lists(tmp_path: Path) -> None:
    lay(tmp_path, {"a/submission_metadata.yml": METADATA, "a/submission_9001/rnn.py": CODE})
    roster = read_roster(write(tmp_path / "g.csv", GRADESCOPE_ROSTER))
    (one,) = (collected := collect([tmp_path / "a"], "rnn", RELEASED, None, roster)).submissions
    assert one.origin.name == "Lovelace, Ada"
    assert one.origin.late_seconds == 26 * 3600 + 1
    assert [each.name for each in collected.absent] == ["Away, Zoe"]
    lay(
        tmp_path,
        {"rnn-submissions/rnn-ada-l/.git/HEAD": "", "rnn-submissions/rnn-ada-l/a.py": CODE},
    )
    roster = read_roster(write(tmp_path / "h.csv", GITHUB_ROSTER))
    collected = collect([tmp_path / "rnn-submissions"], "rnn", RELEASED, None, roster)
    assert [each.origin.name for each in collected.submissions] == ["Lovelace, Ada"]
    assert [each.name for each in collected.absent] == ["Away, Zoe"]


def test_two_submissions_of_one_person_are_reported(tmp_path: Path) -> None:
    roster = read_roster(write(tmp_path / "r.csv", "name,login,email\nAda,ada,a@x.org\n"))
    lay(tmp_path / "class", {"ada.py": CODE, "a@x.org.py": CODE})
    collected = collect([tmp_path / "class"], "rnn", RELEASED, None, roster)
    assert collected.double == [("a@x.org", "ada")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("points\n1\n", "line 1: the columns are points; none of them says who"),
        ("login,time\nada,yesterday\n", "line 2: no time of handing in"),
        ("login,late\nada,two\n", "line 2: 'two' is no number of days"),
        ("login,Lateness (H:M:S)\nada,1h\n", "line 2: '1h' is no lateness"),
        ("", "line 1: the columns are none"),
    ],
)
def test_a_wrong_roster_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CourseError, match=message):
        read_roster(write(tmp_path / "roster.csv", text))


# -- what newly arrives -----------------------------------------------------------------------


def test_watching_grades_what_has_arrived_and_stopped_growing() -> None:
    """Each look is a step: nothing, a file that grows, the whole file, no change, one more."""
    one, half, more = (frozenset({("ada.zip", size, 1)}) for size in (9, 4, 5))
    looks = iter([frozenset(), frozenset(), half, one, one, one, one | more, one | more])
    runs: list[int] = []
    step = 0

    def wait(seconds: float) -> None:
        nonlocal step
        step += 1
        if step == 7:
            raise KeyboardInterrupt

    def run() -> None:
        runs.append(step)
        raise CourseError("one download is damaged; the next may be better")

    watch(run, lambda: next(looks), wait)
    assert runs == [3, 6]


def test_a_change_of_any_file_is_seen(tmp_path: Path) -> None:
    lay(tmp_path, {"class/ada/rnn.py": CODE})
    before = look([tmp_path / "class"])
    lay(tmp_path, {"class/bob/rnn.py": CODE})
    assert before < look([tmp_path / "class"])
    assert look([tmp_path / "missing"]) == frozenset()
