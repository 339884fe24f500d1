"""Whatever is handed in is read, or refused with what to do; and belongs to one student."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.folders import CourseError
from autograder.course.percent import MAX_CELLS, percent_cells
from autograder.intake.finding import find_submissions, refuse_among
from autograder.submissions.finding import HandIn, student_id
from autograder.submissions.notebook import (
    MAX_SOURCE_BYTES,
    PIECE_BYTES,
    notebook_cells,
)
from autograder.submissions.reading import (
    MAX_BYTES,
    MAX_SCRIPT_LINES,
    Submission,
    read_submission,
)
from autograder.submissions.released import shows_only, without

Read = Callable[..., Submission]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(data: bytes | str, name: str = "ada.py") -> Submission:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return read_submission(path, "ada")

    return read


def code(source: object, **more: object) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], **more}


def notebook(*cells: object, **more: object) -> str:
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more})


def sources(submission: Submission) -> list[tuple[str, str]]:
    return [(cell.name, cell.source.strip()) for cell in submission.cells]


# -- notebooks --------------------------------------------------------------------------------


def test_a_notebook_s_code_cells_are_read_in_order(read: Read) -> None:
    text = {"cell_type": "markdown", "source": "# Title"}
    raw = {"cell_type": "raw", "source": "raw"}
    cells = [text, code("x = 1"), raw, code(["y = 2\n", "z = 3"]), code("  \n"), code("w = 4")]
    submission = read(notebook(*cells), "ada.ipynb")
    assert submission.format == "notebook"
    assert submission.trouble == ""
    assert sources(submission) == [
        ("cell 1", "x = 1"),
        ("cell 2", "y = 2\nz = 3"),
        ("cell 4", "w = 4"),
    ]


@pytest.mark.parametrize("name", ["ada.ipynb", "ada.py", "ada.json", "ada"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\r\n  "], ids=["", "BOM", "blank"])
def test_a_notebook_is_known_by_what_it_holds(read: Read, name: str, start: bytes) -> None:
    assert sources(read(start + notebook(code("x = 1")).encode(), name)) == [("cell 1", "x = 1")]


@pytest.mark.parametrize(
    "broken",
    [
        None,
        7,
        "x = 0",
        [],
        {},
        {"source": "x = 0"},
        {"cell_type": None, "source": "x = 0"},
        code(None),
        code(5),
        code(["x", 5]),
        code({"x": 0}),
    ],
    ids=repr,
)
def test_a_malformed_cell_costs_itself_alone(read: Read, broken: object) -> None:
    submission = read(notebook(code("x = 1"), broken, code("y = 2")), "ada.ipynb")
    assert [source for _, source in sources(submission)] == ["x = 1", "y = 2"]
    assert submission.notes == ("a cell of the notebook is malformed and was left out",)
    assert submission.trouble == ""


def test_only_the_cells_of_a_notebook_are_looked_at(read: Read) -> None:
    cell = code("x = 1", id=5, metadata="none", outputs={}, execution_count="first")
    assert sources(read(notebook(cell, metadata=[], nbformat="four"))) == [("cell 1", "x = 1")]


@pytest.mark.parametrize("odd", ["\ud83d", "\ud83d text", float("nan"), -float("inf"), "TAB"])
@pytest.mark.parametrize("place", ["outputs", "metadata"])
def test_what_only_some_programs_read_as_json_is_no_damage(
    read: Read, odd: object, place: str
) -> None:
    cells = [code("s = 'é\\n'", **{place: [odd]}), code("y = '\ud83d'")]
    submission = read(notebook(*cells, more=[odd]).replace("TAB", "\t"))
    assert [source for _, source in sources(submission)] == ["s = 'é\\n'", "y = '?'"]
    assert submission.notes == ()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (notebook(code("x = 1"))[:-9], "damaged"),
        ('{"cells": [' + "[" * 10**6, "damaged"),
        ('{"cells": [' + "1," * (10**6), "damaged"),
        ('{"cells": [], "deep": ' + "[" * 10**5 + "]" * 10**5 + "}", "no code"),
        ('{"cells": []} {"cells": []}', "damaged"),
        ('{"cells": [] "metadata": {}}', "damaged"),
        ('{"cells": [{"cell_type": "code" "source": "x = 1"}]}', "damaged"),
        ('{"cells": [{"cell_type": "code", "source": "x = 1"], "more": []}', "damaged"),
        ('{"cells": [{"cell_type": "code", "source": "x = 1"}}', "damaged"),
        ('{"cells": [\n<<<<<<< HEAD\n{"cell_type": "code", "source": "x = 1"}]}', "damaged"),
        ("{" + ", ".join(f'"{n}": 0' for n in range(1000)) + "}", "no notebook"),
        (notebook(*[code("x" * (MAX_SOURCE_BYTES - 2))] * 5), "over 8 million characters"),
        ('<<<<<<< HEAD\n{"cells": []}', None),
        ('{"cells": 3}', "no notebook"),
        ('{"name": "package"}', "no notebook"),
        (notebook(), "no code"),
        (notebook(code(""), code(" \n\t")), "no code"),
        ('{"worksheets": [{"cells": []}], "nbformat": 3}', "old format 3"),
        ("", "empty"),
        (" \n\t\r\n", "empty"),
        ("%PDF-1.7 ...", "PDF"),
        ("PK\x03\x04...", "zip"),
        ("\x1f\x8b...".encode("latin-1"), "gzip"),
        ("\x89PNG...".encode("latin-1"), "picture"),
        ("\n <!DOCTYPE html><html>", "web page"),
        ("<HTML><body>", "web page"),
        ("{\\rtf1 ...", "rich-text"),
        (b"x = 1\0", "binary"),
        (b"\xff\xfe\0\0x\0\0\0", "binary"),
        ("x = 1\n" * (MAX_SCRIPT_LINES + 2), "lines"),
        ("# %% [markdown]\n# text", "no code"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(
    read: Read, data: bytes | str, message: str | None
) -> None:
    submission = read(data, "ada.ipynb")
    if message is None:
        assert submission.format == "script"
        assert "named .ipynb but holds a Python script" in submission.notes[0]
        return
    assert submission.cells == ()
    assert message in submission.trouble
    assert read(data, "ada.py").trouble == submission.trouble


@given(st.binary(max_size=300))
def test_no_bytes_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "ada.py"
    path.write_bytes(data)
    submission = read_submission(path, "ada")
    assert bool(submission.cells) != bool(submission.trouble)
    for cell in submission.cells:
        cell.source.encode()


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "ada.ipynb"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    assert "at most 512 MB" in read_submission(path, "ada").trouble


@pytest.mark.parametrize("output", [{"text": ["a line\n"] * 10}, {"image/png": "x" * 100_000}])
def test_outputs_cost_no_memory(tmp_path: Path, output: object) -> None:
    outputs = json.dumps(output)
    count = (32 << 20) // len(outputs)
    path = tmp_path / "ada.ipynb"
    with path.open("w") as file:
        file.write('{"cells": [{"cell_type": "code", "outputs": [')
        file.write(", ".join([outputs] * count))
        file.write('], "source": ["x = 1\\n", "y = 2"], "attachments": {"outputs": [')
        file.write(", ".join([outputs] * 10))
        file.write(']}}], "metadata": {"widgets": [')
        file.write(", ".join([outputs] * 10))
        file.write("]}}")
    tracemalloc.start()
    submission = read_submission(path, "ada")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sources(submission) == [("cell 1", "x = 1\ny = 2")]
    assert peak < 16 << 20
    with path.open("rb") as file:
        assert submission.sha256 == hashlib.sha256(file.read()).hexdigest()


def test_outputs_need_not_be_json(read: Read) -> None:
    """As where two versions were merged and nobody looked."""
    text = notebook(code("x = 1", outputs=["HERE"], attachments="HERE"), code("y = 2"))
    submission = read(text.replace('"HERE"', "\n<<<<<<< HEAD\n[1 {]}\n=======\n"))
    assert [source for _, source in sources(submission)] == ["x = 1", "y = 2"]
    assert submission.notes == ()


def test_the_hash_is_of_all_bytes_whatever_of_them_was_read(read: Read) -> None:
    for data in (
        notebook(code("x = 1"))[:-1].encode() + b" " * PIECE_BYTES * 3,
        b"%PDF" + b"x" * PIECE_BYTES * 3,
        b"x = 1\n" * PIECE_BYTES * 9,
    ):
        assert read(data).trouble
        assert read(data).sha256 == hashlib.sha256(data).hexdigest()


def test_what_is_too_much_is_refused_with_a_sentence(read: Read) -> None:
    cells = [code(f"x = {number}") for number in range(MAX_CELLS + 2)]
    submission = read(notebook(*cells))
    assert len(submission.cells) == MAX_CELLS
    assert submission.notes == ("only the first 5,000 cells of the notebook were read",)
    text = {"cell_type": "markdown", "source": "x" * (MAX_SOURCE_BYTES - 2)}
    submission = read(notebook(*[text] * 5, code("x" * (MAX_SOURCE_BYTES + 1)), code("x = 1")))
    assert sources(submission) == [("cell 1", "x = 1")]
    assert submission.notes == ("a cell of the notebook is malformed and was left out",)


ANY_TEXT = st.text(st.sampled_from('\\"{}[],: \n\tab\u00e9\u2028\U0001f600'))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)
CELLS = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(["code", "markdown"]), "source": ANY_TEXT | st.lists(ANY_TEXT)},
    optional={"outputs": ANY_JSON, "metadata": st.dictionaries(ANY_TEXT, ANY_JSON, max_size=3)},
)


@given(
    st.lists(CELLS, max_size=5),
    st.dictionaries(ANY_TEXT, ANY_JSON, max_size=3),
    st.sampled_from([None, 1]),
    st.booleans(),
    st.integers(1, 40),
)
def test_cells_are_read_as_json_reads_them(
    cells: list[dict[str, Any]],
    beside: dict[str, Any],
    indent: int | None,
    ascii_only: bool,
    size: int,
) -> None:
    """Wherever a piece of the file ends: in a word, a number, an escape, a character."""
    whole = {**beside, "cells": cells, "metadata": beside}
    data = json.dumps(whole, indent=indent, ensure_ascii=ascii_only).encode()
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    read = [(one.kind, one.source, one.metadata) for one in notebook_cells(pieces) if one]
    assert read == [
        (one["cell_type"], "".join(one["source"]), one.get("metadata", {})) for one in cells
    ]


@given(st.lists(st.sampled_from(['{"cells": [', '{"cell_type": "code"', *'{}[],:"\\ x1'])))
def test_no_json_raises(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    for start in ("{", '{"cells": [', '{"cells": [{"cell_type": "code", "source": "x'):
        path = tmp_path_factory.mktemp("any") / "ada.ipynb"
        path.write_text(start + "".join(parts))
        submission = read_submission(path, "ada")
        assert bool(submission.cells) != bool(submission.trouble)


def test_only_ordinary_files_are_opened(tmp_path: Path) -> None:
    (tmp_path / "target.py").write_text("x = 1")
    (tmp_path / "link.py").symlink_to(tmp_path / "target.py")
    (tmp_path / "loop.py").symlink_to(tmp_path / "loop.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "nested" / "homework").mkdir(parents=True)
    os.mkfifo(tmp_path / "fifo.py")
    message = {
        "link.py": "it is a link",
        "loop.py": "it is a link",
        "folder.py": "holds no file",
        "nested": "holds folders and no file",
        "fifo.py": "not an ordinary file",
        "nothing.py": "No such file",
    }
    for name, trouble in message.items():
        assert trouble in read_submission(tmp_path / name, "ada").trouble


# -- scripts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("x = 1", ["x = 1"]),
        ("# %%\nx = 1\n# %%\ny = 2", ["x = 1", "y = 2"]),
        ("x = 1\n#%% title\ny = 2", ["x = 1", "y = 2"]),
        ("# In[ ]:\n\n\nx = 1\n# In[12]:\ny = 2\n# In [3]:\nz = 3", ["x = 1", "y = 2", "z = 3"]),
        ('# %% [markdown]\n# text\n# %% part="1a"\nx = 1\n# %% [raw]\n# raw', ["x = 1"]),
        ("x = 1\n#\n\n%%time\ny = 2", ["x = 1\n#\n\n%%time\ny = 2"]),
        ("def f():\n    # %% not here\n\treturn 1", ["def f():\n    # %% not here\n\treturn 1"]),
        ("\tx = 1\n\f\ny = 2", ["x = 1\n\f\ny = 2"]),
    ],
)
def test_a_script_s_cells_begin_at_its_markers(
    read: Read, script: str, expected: list[str]
) -> None:
    for ending in ("\n", "\r\n", "\r"):
        submission = read(script.replace("\n", ending))
        bare = [
            re.sub(r"^# ?(%%|In ?\[).*\n", "", cell.source.strip()) for cell in submission.cells
        ]
        assert [source.strip() for source in bare] == expected
        assert submission.format == "script"


def test_a_cell_keeps_the_lines_of_its_script(read: Read) -> None:
    submission = read("# %%\nx = 1\n\n# %%\ny = 2\n")
    for cell in submission.cells:
        compile(cell.source, cell.name, "exec")
    assert submission.cells[1].source.split("\n")[3:5] == ["# %%", "y = 2"]


@given(st.lists(st.sampled_from(["x = 1", "# %%", "# %% [markdown]", "", "# In[1]:", "    y"])))
def test_the_cells_hold_every_line_of_code_once_and_in_place(lines: list[str]) -> None:
    cells = [source.split("\n") for _, source in percent_cells("\n".join(lines))]
    for cell in cells:
        for number, line in enumerate(cell):
            assert line in ("", lines[number] if number < len(lines) else "")
    kinds, text = [], False
    for line in lines:
        text = "[markdown]" in line if line.startswith("#") else text
        kinds.append(line if line and not text and not line.startswith("#") else None)
    assert [line for cell in cells for line in cell if line[:1] not in ("", "#")] == [
        line for line in kinds if line
    ]


@pytest.mark.parametrize(
    "data",
    [
        "s = 'é'".encode(),
        "s = 'é'".encode("utf-8-sig"),
        "s = 'é'".encode("utf-16"),
        "s = 'é'".encode("cp1252"),
        "# -*- coding: latin-1 -*-\ns = 'é'".encode("latin-1"),
        "# -*- coding: latin-1 -*-\ns = 'é'".encode("utf-8-sig"),
        "# -*- coding: no-such -*-\ns = 'é'".encode(),
    ],
)
def test_text_in_other_encodings_is_read(read: Read, data: bytes) -> None:
    (cell,) = read(data).cells
    names: dict[str, str] = {}
    exec(compile(cell.source, "cell", "exec"), names)
    assert names["s"] == "é"


@pytest.mark.parametrize("codec", ["idna", "punycode", "undefined", "unicode_escape", "utf-7"])
def test_an_odd_declared_encoding_is_not_followed(read: Read, codec: str) -> None:
    (cell,) = read(f"# coding: {codec}\nx = '+2AA-' + '\\ud800'").cells
    assert "'+2AA-' + '\\ud800'" in cell.source


def test_a_file_s_name_is_made_printable(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\x1b[2J\n\xe9.py"))
    path.write_text("x = 1")
    submission = read_submission(path, "ada")
    assert submission.file == "\ufffd[2J \ufffd.py"


# -- finding ----------------------------------------------------------------------------------


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"x = {name!r}")
    return folder


def find(*paths: Path, released: Path = Path("/nowhere")) -> list[HandIn]:
    return find_submissions(paths, "rnn", released)


def found(folder: Path, hand_ins: Sequence[HandIn]) -> dict[str, str]:
    return {one.student: str(one.path.relative_to(folder)) for one in hand_ins}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["ada.ipynb", "bob.py"], {"ada": "ada.ipynb", "bob": "bob.py"}),
        (["doe_jane_4711_rnn.ipynb"], {"doe_jane_4711_rnn": "doe_jane_4711_rnn.ipynb"}),
        (["ada/rnn/rnn.py", "bob/rnn/a.py"], {"ada": "ada/rnn/rnn.py", "bob": "bob/rnn/a.py"}),
        (["submitted/ada/rnn/rnn.ipynb", "gradebook.db"], {"ada": "submitted/ada/rnn/rnn.ipynb"}),
        (["ada/rnn/rnn.ipynb", "ada/rnn/timestamp.txt"], {"ada": "ada/rnn/rnn.ipynb"}),
        (["ada/homework.ipynb", "bob.py"], {"ada": "ada/homework.ipynb", "bob": "bob.py"}),
        (["Ada L_1_file_/rnn.py"], {"Ada L_1_file_": "Ada L_1_file_/rnn.py"}),
        (["ada.py", ".DS_Store", "__MACOSX/ada.py", "Thumbs.db", "._ada.py"], {"ada": "ada.py"}),
        (["ada.py", ".ipynb_checkpoints/x.py", ".git/x", ".nfs01", "~$x.docx"], {"ada": "ada.py"}),
        (["ada.pdf", "bob.zip"], {"ada": "ada.pdf", "bob": "bob.zip"}),
        (["ada/rnn.pdf"], {"ada": "ada/rnn.pdf"}),
        (["ada/"], {"ada": "ada"}),
        (["ada/rnn/", "ada/other.py"], {"ada": "ada/rnn"}),
    ],
)  # fmt: skip
def test_each_layout_is_found(tmp_path: Path, names: list[str], expected: dict[str, str]) -> None:
    assert found(tmp_path, find(make(tmp_path, *names))) == expected


def test_files_and_folders_can_be_named_together(tmp_path: Path) -> None:
    make(tmp_path, "class/ada.py", "late/bob.py")
    late = tmp_path / "late" / "bob.py"
    assert [one.student for one in find(tmp_path / "class", late, late)] == ["ada", "bob"]


def test_a_hidden_file_and_one_without_a_name_are_listed(tmp_path: Path) -> None:
    names = ["..py", "...ipynb", ".py", "...", " ", "  .py", ".hidden.ipynb", ".ada/rnn/rnn.py"]
    hand_ins = find(make(tmp_path, *names))
    assert sorted(str(one.path.relative_to(tmp_path)) for one in hand_ins) == sorted(names)
    ids = [one.student for one in hand_ins]
    assert len(set(ids)) == len(names)
    assert all(re.fullmatch(r"[\w][\w .@+-]*", one) for one in ids)
    (only,) = find(make(tmp_path / "bob", "rnn/.rnn.py"))
    assert only.path.name == ".rnn.py"


@pytest.mark.parametrize("names", [[], [".DS_Store"]])
def test_an_empty_folder_is_an_error(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(CourseError, match="no submissions"):
        find(make(tmp_path, *names))
    with pytest.raises(CourseError, match="no such file"):
        find(tmp_path / "missing")


@pytest.mark.parametrize(
    ("edited", "chosen"),
    [
        ({"rnn.ipynb"}, "rnn.ipynb"),
        ({"rnn.py"}, "rnn.py"),
        ({"rnn.py", "rnn.ipynb"}, "rnn.ipynb"),
        ({"my_work.py"}, "my_work.py"),
        ({"rnn_check.py", "rnn.py"}, "rnn.py"),
        (set(), "rnn.ipynb"),
    ],
)
def test_released_copies_do_not_hide_an_edited_file(
    tmp_path: Path, edited: set[str], chosen: str
) -> None:
    names = ("rnn.ipynb", "rnn.py", "rnn_check.py", "rnn_experiments.py")
    released = make(tmp_path / "release", *names)
    own = make(tmp_path / "class" / "ada", *names, "data/elements.txt")
    for name in edited:
        (own / name).write_text("y = 1")
    (one,) = find(tmp_path / "class", released=released)
    assert one.path.name == chosen
    assert bool(one.notes) == (len(edited) != 1)


def test_a_choice_among_files_is_noted(tmp_path: Path) -> None:
    (one,) = find(make(tmp_path, "ada/b.py", "ada/a.py", "ada/notes.txt"))
    assert one.path.name == "a.py"
    assert one.notes == ("of several files a.py was graded; the others were: b.py",)


def test_no_student_takes_another_one_s_id(tmp_path: Path) -> None:
    names = ["ada.py", "ada.ipynb", "Ada.py", "bob.py", "a?.py", "a*.py"]
    hand_ins = find(make(tmp_path, *names))
    ids = [one.student.casefold() for one in hand_ins]
    assert len(set(ids)) == len(names)
    assert found(tmp_path, hand_ins)["bob"] == "bob.py"
    shared = [one for one in hand_ins if one.notes]
    assert {one.path.name for one in shared} == {"ada.py", "ada.ipynb", "Ada.py"}
    assert "ada" not in ids


def test_who_would_share_an_id_has_the_same_one_wherever_the_class_lies(tmp_path: Path) -> None:
    names = ["ada.ipynb", "ada.py", "bob.py", "bob/rnn.py", "mon/eve.py", "tue/eve.py"]
    places = [make(tmp_path / place, *names) for place in ("here", "there")]
    here, there = (
        [
            (one.student, one.notes)
            for one in find(place, place / "mon/eve.py", place / "tue/eve.py")
        ]
        for place in places
    )
    assert here == there
    ids = [student for student, _ in here]
    assert [one for one in ids if one.startswith("ada")] == ["ada.ipynb", "ada.py"]
    assert sum(one.startswith("bob") for one in ids) == 2
    assert sum(one.startswith("eve.py ") for one in ids) == 2
    notes = "".join(note for _, each in here for note in each)
    assert "eve handed in 2 files, and both were graded: mon/eve.py, tue/eve.py." in notes
    assert str(tmp_path) not in notes


def test_results_are_not_written_among_the_submissions(tmp_path: Path) -> None:
    make(tmp_path, "class/ada.py", "course/submitted/ada/rnn/rnn.py", "course/gradebook.db")
    among = [("class", "class"), ("class/out", "class"), ("course/submitted/out", "course")]
    for out, folder in among:
        with pytest.raises(CourseError, match="among the submissions"):
            refuse_among(tmp_path / out, [tmp_path / folder])
    for out, folder in (("out", "class"), ("course/out", "course"), ("class", "class/ada.py")):
        refuse_among(tmp_path / out, [tmp_path / folder])


def test_names_of_any_bytes_are_found_and_printed(tmp_path: Path) -> None:
    for byte in (0xE8, 0xE9):
        folder = os.fsencode(tmp_path) + b"/caf" + bytes([byte])
        os.mkdir(folder)
        for name in (b"\xff.py", b"\n.py"):
            with open(folder + b"/" + name, "w") as file:
                file.write("x = 1")
    first, second = find(tmp_path)
    assert first.student != second.student
    for one in (first, second):
        json.dumps([one.student, *one.notes]).encode()
        assert one.student.isprintable()
        assert "".join(one.notes).isprintable()


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=90))
def test_an_id_is_safe_as_a_file_s_name(name: str) -> None:
    safe = student_id(name)
    assert safe
    assert re.fullmatch(r"[\w _][\w .@+-]*", safe)
    assert len(f".{safe}.json.4194304.part".encode()) <= 255
    assert student_id(name) == safe


@given(st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True))
def test_different_names_get_different_ids(names: list[str]) -> None:
    assert student_id(names[0]) != student_id(names[1])


@pytest.mark.parametrize("name", ["ada", "Ada Lovelace", "lovelace_a+1@uni.edu", "Ада", "7-up"])
def test_an_ordinary_name_is_its_own_id(name: str) -> None:
    assert student_id(name) == name


# -- what was released ------------------------------------------------------------------------

SOLUTION = '''
# %% [markdown]
# # Title

# %%
import numpy as np

# %% part="1a" role="stub"
def stub():
    ### BEGIN SOLUTION
    return 1
    ### END SOLUTION

# %% part="1a" role="check"
check("1a")

# %%
draw(stub())
'''  # fmt: skip


def test_cells_that_only_show_something_are_left_out_while_unchanged(tmp_path: Path) -> None:
    source = tmp_path / "rnn.py"
    source.write_text(SOLUTION)
    released = shows_only(source)
    handed_in = tmp_path / "ada.ipynb"
    cells = [
        "import numpy as np",
        "def stub():\n    pass",
        'check("1a")',
        "draw(stub())\n",
        "draw(1)",
    ]
    handed_in.write_text(notebook(*map(code, cells)))
    left = without(read_submission(handed_in, "ada"), released)
    assert sources(left) == [
        ("cell 1", "import numpy as np"),
        ("cell 2", "def stub():\n    pass"),
        ("cell 5", "draw(1)"),
    ]
    as_script = without(read_submission(source, "ada"), released)
    assert [cell.source.strip().split("\n")[0] for cell in as_script.cells] == [
        "# %%",
        '# %% part="1a" role="stub"',
    ]
