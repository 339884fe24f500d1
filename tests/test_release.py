"""What students get is built from the one source, and holds nothing that they must not get."""

from __future__ import annotations

import ast
import base64
import gzip
import hashlib
import inspect
import io
import json
import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import jupytext
import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from autograder.concepts import load_concepts
from autograder.course import Course, CourseError
from autograder.release import build, check_release, find_drift, find_leaks, write_release
from autograder.release.leaks import collect_secrets, squeeze
from autograder.release.questions import with_questions
from autograder.release.source import read_source, solution_regions
from autograder.rubric import load_rubric

ROOT = Path(__file__).parent.parent
CHECKS = ROOT / "autograder" / "checks"

SOLUTION = "return np.tanh(h_prev @ W_h + x_t @ W_x + b_h)"
ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "MPLBACKEND": "Agg",
}


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A copy of the course in which the release was just built. Not to be changed."""
    return _copy_of(Course(ROOT), tmp_path_factory.mktemp("released"))


@pytest.fixture
def course(released: Course, tmp_path: Path) -> Course:
    """The same, to plant things into."""
    return Course(Path(shutil.copytree(released.root, tmp_path / "course")))


def _copy_of(course: Course, folder: Path) -> Course:
    for file in (course.rubric_file, course.root / "nbgrader_config.py"):
        shutil.copy(file, folder)
    (folder / "solutions").mkdir()
    for file in (course.source, course.concepts_file):
        shutil.copy(file, folder / "solutions")
    leave_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "rnn.ipynb", "rnn.py")
    shutil.copytree(course.source_notebook_folder, folder / "solutions" / "rnn", ignore=leave_out)
    copy = Course(folder)
    write_release(copy)
    return copy


def _notebook(course: Course) -> Any:
    return json.loads((course.assignment_folder / "rnn.ipynb").read_text(encoding="utf-8"))


def _write_notebook(course: Course, notebook: Any) -> None:
    (course.assignment_folder / "rnn.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


# --- what is checked in


def test_what_is_checked_in_is_what_the_source_gives_and_leaks_nothing() -> None:
    assert list(map(str, check_release(Course(ROOT)))) == []


def test_a_fresh_release_has_no_findings(released: Course) -> None:
    assert list(map(str, check_release(released))) == []


# --- the build


def test_two_builds_are_the_same_bytes_whatever_the_hash_seed(released: Course) -> None:
    code = (
        "import hashlib, sys; from pathlib import Path; from autograder.course import Course; "
        "from autograder.release import build; "
        "files = build(Course(Path(sys.argv[1]))); "
        "print(hashlib.sha256(b''.join(map(bytes, files.values()))).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(released.root)],
        env=ENVIRONMENT | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = hashlib.sha256(b"".join(build(released).values())).hexdigest()
    assert run.stdout.strip() == here


def test_nbgrader_itself_generates_the_same_files(course: Course) -> None:
    ours = {
        path.relative_to(course.assignment_folder): path.read_bytes()
        for path in course.assignment_folder.rglob("*")
        if path.is_file()
    }
    database = course.root / "gradebook.db"
    subprocess.run(
        [
            *(sys.executable, "-m", "nbgrader", "generate_assignment", "rnn", "--force"),
            f"--CourseDirectory.db_url=sqlite:///{database}",
        ],
        cwd=course.root,
        env=ENVIRONMENT,
        capture_output=True,
        check=True,
    )
    theirs = {
        path.relative_to(course.assignment_folder): path.read_bytes()
        for path in course.assignment_folder.rglob("*")
        if path.is_file()
    }
    assert theirs == ours


def test_the_notebooks_are_valid_for_nbformat_and_nbgrader(released: Course) -> None:
    for folder in (released.source_notebook_folder, released.assignment_folder):
        notebook = nbformat.read(folder / "rnn.ipynb", as_version=nbformat.NO_CONVERT)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)


@pytest.mark.parametrize("written_share", ["0", "0.3", "1"])
def test_the_points_of_a_part_are_split_by_written_share(
    course: Course, written_share: str
) -> None:
    rubric = course.rubric_file.read_text(encoding="utf-8")
    lines = [
        f"written_share: {written_share}" if line.startswith("written_share:") else line
        for line in rubric.split("\n")
    ]
    course.rubric_file.write_text("\n".join(lines), encoding="utf-8")
    write_release(course)
    points = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]["points"]
        for cell in _notebook(course)["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }
    for part in load_rubric(course.rubric_file).parts():
        by_reader = part.points * float(written_share)
        assert points.pop(f"{part.id}-written") == pytest.approx(by_reader)
        assert points.pop(f"{part.id}-check") == pytest.approx(part.points - by_reader)
    assert points == {}


def test_students_can_edit_their_answers_and_experiments_and_nothing_else(
    released: Course,
) -> None:
    for cell in _notebook(released)["cells"]:
        answered = cell["id"].split("-")[1:2] in (["stub"], ["concepts"], ["written"])
        free = cell["id"].startswith("experiment")
        assert cell["metadata"].get("editable", True) == (answered or free), cell["id"]
        assert ("nbgrader" not in cell["metadata"]) == free, cell["id"]


def test_notebook_and_script_hold_the_same_cells(released: Course) -> None:
    script = jupytext.read(released.assignment_folder / "rnn.py")
    sources = [(cell.cell_type, cell.source.strip()) for cell in script.cells]
    in_notebook = [
        (cell["cell_type"], "".join(cell["source"]).strip())
        for cell in _notebook(released)["cells"]
    ]
    assert sources == in_notebook


def test_the_script_says_nothing_of_nbgrader(released: Course) -> None:
    text = (released.assignment_folder / "rnn.py").read_text(encoding="utf-8")
    assert text.startswith("# %%")
    assert "nbgrader" not in text
    assert "grade_id" not in text


def test_the_script_runs_from_top_to_bottom(course: Course) -> None:
    script = course.assignment_folder / "rnn.py"
    run = subprocess.run(
        [sys.executable, script.name],
        cwd=script.parent,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def _cells_in_notebook(folder: Path) -> list[Any]:
    return list(nbformat.read(folder / "rnn.ipynb", as_version=4).cells)


def _cells_in_script(folder: Path) -> list[Any]:
    return list(jupytext.read(folder / "rnn.py").cells)


@pytest.mark.parametrize("cells_of", [_cells_in_notebook, _cells_in_script])
def test_an_unfinished_stub_raises_and_names_its_part(
    released: Course, cells_of: Callable[[Path], list[Any]]
) -> None:
    rubric = load_rubric(released.rubric_file)
    stubs = {stub: part.id for part in rubric.parts() for stub in part.stubs}
    names: dict[str, Any] = {}
    imports = 0
    for cell in cells_of(released.assignment_folder):
        if cell.cell_type != "code":
            continue
        defines = any(f"def {stub}(" in cell.source for stub in stubs) or "CharRNN" in cell.source
        if imports == 0 or (defines and "# YOUR CODE HERE" in cell.source):
            exec(cell.source, names)
            imports += 1
    for stub, part in stubs.items():
        function = names[stub]
        required = [
            parameter
            for parameter in inspect.signature(function).parameters.values()
            if parameter.default is parameter.empty
        ]
        with pytest.raises(NotImplementedError, match=rf"\b{part}\b.*\b{stub}\b"):
            function(*[None] * len(required))
    with pytest.raises(NotImplementedError, match=r"\b2b\b.*\bCharRNN\b"):
        names["CharRNN"].forward(None, None)


def test_every_marked_question_can_be_read_and_answered(released: Course) -> None:
    rubric, bank = load_rubric(released.rubric_file), load_concepts(released.concepts_file)
    cells = {cell["id"]: "".join(cell["source"]) for cell in _notebook(released)["cells"]}
    for part in rubric.parts():
        marked = [question for question in bank.values() if question.part == part.id]
        if not marked:
            continue
        asked = " ".join(cells[f"{part.id}-questions"].split())
        for question in marked:
            assert " ".join(question.question.split()) in asked
            for letter, text in question.options.items():
                assert f"- **{letter}.** {' '.join(text.split())}" in asked
        names: dict[str, Any] = {}
        exec(cells[f"{part.id}-concepts"], names)
        assert names[f"answers_{part.id}"] == {question.id: "" for question in marked}


def test_the_source_notebook_answers_the_marked_questions_rightly(released: Course) -> None:
    bank = load_concepts(released.concepts_file)
    notebook = nbformat.read(released.source_notebook_folder / "rnn.ipynb", as_version=4)
    names: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.id.endswith("-concepts"):
            exec(cell.source, names)
    given = names["answers_1b"] | names["answers_4b"]
    assert {name: frozenset(letters) for name, letters in given.items()} == {
        question.id: question.right for question in bank.values() if question.part
    }


# --- drift


def test_drift_is_found_with_its_line(course: Course) -> None:
    script = course.assignment_folder / "rnn.py"
    lines = script.read_text(encoding="utf-8").split("\n")
    lines[4] = "# edited by hand"
    script.write_text("\n".join(lines), encoding="utf-8")
    (course.assignment_folder / "rnn.ipynb").unlink()
    (course.assignment_folder / "notes.txt").write_text("extra")
    extra, missing, edited = map(str, sorted(find_drift(course), key=lambda f: f.file))
    assert extra.startswith("assignment/rnn/notes.txt: is not built from the source")
    assert missing.startswith("assignment/rnn/rnn.ipynb: is missing")
    assert edited.startswith("assignment/rnn/rnn.py, line 5: `# edited by hand`")
    assert all("autograder release" in finding for finding in (missing, edited, extra))


def test_a_release_puts_drift_right(course: Course) -> None:
    (course.assignment_folder / "__pycache__").mkdir()
    (course.assignment_folder / "__pycache__" / "rnn.cpython-311.pyc").write_bytes(b"old")
    (course.assignment_folder / "rnn.py").write_text("old")
    written = write_release(course)
    assert check_release(course) == []
    assert course.assignment_folder / "rnn.py" in written
    assert not (course.assignment_folder / "__pycache__").exists()


def test_a_changed_source_is_drift_until_it_is_released(course: Course) -> None:
    source = course.source.read_text(encoding="utf-8")
    course.source.write_text(source + "\n\n# %% [markdown]\n# A last word.\n", encoding="utf-8")
    changed = {finding.file for finding in find_drift(course)}
    assert changed == {
        f"{folder}/rnn/rnn.{suffix}"
        for folder in ("assignment", "solutions")
        for suffix in ("ipynb", "py")
    }


# --- leaks

Plant = Callable[[Course], None]
PLANTS: dict[str, tuple[Plant, str]] = {}
OF_ROOT = PurePosixPath("/", "root", "rnn")


def plant(found: str) -> Callable[[Plant], Plant]:
    """Registers a leak, and what the finding must say of it."""

    def register(function: Plant) -> Plant:
        PLANTS[function.__name__] = (function, found)
        return function

    return register


def _add_cell(course: Course, source: str) -> None:
    notebook = _notebook(course)
    cell = {"cell_type": "code", "id": "planted", "metadata": {}, "source": source}
    notebook["cells"].insert(5, cell | {"outputs": [], "execution_count": None})
    _write_notebook(course, notebook)


def _add_file(course: Course, name: str, data: bytes | str) -> None:
    path = course.assignment_folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def _append(course: Course, text: str) -> None:
    script = course.assignment_folder / "rnn.py"
    script.write_text(script.read_text(encoding="utf-8") + text, encoding="utf-8")


def _hidden_checks() -> Iterator[tuple[str, str]]:
    for file in sorted(CHECKS.glob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            marks = [ast.unparse(mark) for mark in getattr(node, "decorator_list", [])]
            if isinstance(node, ast.FunctionDef) and "pytest.mark.hidden" in marks:
                yield f"{file.stem}.{node.name}", ast.get_source_segment(text, node) or ""


@plant("cell 6 (planted), line 2: the solution of part 2a")
def solution_in_a_cell(course: Course) -> None:
    _add_cell(course, f"x = 1\n{SOLUTION}")


@plant("the solution of part 2a")
def solution_respaced_and_commented_out(course: Course) -> None:
    _append(course, f"\n# # {SOLUTION.replace(' @ ', '@')}\n")


@plant("the solution of part 3a")
def one_short_line_of_a_solution(course: Course) -> None:
    _add_file(course, "README.md", "Use\n```python\n    return float(np.exp(loss))\n```\n")


@plant("the solution of part 1b")
def a_stub_left_solved(course: Course) -> None:
    notebook = _notebook(course)
    cell = next(cell for cell in notebook["cells"] if cell["id"] == "1b-stub")
    cell["source"] = "".join(cell["source"]).replace(
        "# YOUR CODE HERE", "return np.tanh(x @ W_x + b_h) @ W_y + b_y"
    )
    _write_notebook(course, notebook)


@plant("metadata, line 1: the solution of part 2a")
def solution_in_the_metadata_of_a_cell(course: Course) -> None:
    notebook = _notebook(course)
    notebook["cells"][3]["metadata"]["was"] = f"a\n    {SOLUTION}\n"
    _write_notebook(course, notebook)


@plant("a marker of what is taken out at release")
def markers_of_a_solution(course: Course) -> None:
    _append(course, "\n### BEGIN SOLUTION\n")


@plant("the model answer of part")
def model_answer_wrapped_anew(course: Course) -> None:
    rubric = load_rubric(course.rubric_file)
    answer = next(
        region
        for cell in read_source(course, rubric)
        if cell.role == "written"
        for region in solution_regions(cell.source)
    )
    _add_file(course, "notes.md", "\n> ".join(answer.split()))


@plant("the explanation of question order")
def explanation_of_a_marked_question(course: Course) -> None:
    explanation = load_concepts(course.concepts_file)["order"].explanation
    _add_cell(course, "\n".join(f"# {word}" for word in explanation.split()))


def _right(course: Course, name: str = "order") -> str:
    return "".join(sorted(load_concepts(course.concepts_file)[name].right, reverse=True))


@plant("line 2: the right answer of question order")
def answers_filled_in(course: Course) -> None:
    _add_cell(course, f'answers_1b = {{\n    "order": "{_right(course)}",\n}}')


@plant("the right answer of question order")
def answers_assigned_one_by_one(course: Course) -> None:
    letters = ", ".join(_right(course).upper())
    _append(course, f"\nanswers_1b['order'] = '{letters}'\n")


@plant("the right answer of question hidden-state")
def answers_as_a_set(course: Course) -> None:
    _append(course, f'\nkey = {{"hidden-state": {set(_right(course, "hidden-state"))!r}}}\n')


@plant("the right answer of question lstm")
def the_bank_itself(course: Course) -> None:
    shutil.copy(course.concepts_file, course.assignment_folder / "concepts.yaml")


@plant("the right answer of question order")
def the_bank_as_json(course: Course) -> None:
    data = [{"id": "order", "options": {"a": "x"}, "right": list(_right(course))}]
    _add_file(course, "bank.json", json.dumps(data, indent=1))


@plant("the hidden check")
def a_line_of_a_hidden_check(course: Course) -> None:
    name, _ = next(_hidden_checks())
    owner = f"the hidden check {name}"
    line = next(s.shown for s in collect_secrets(course).lines if s.owner == owner)
    _add_file(course, "rnn_extra.py", f"def f():\n        {line}\n")


@plant("wide characters, line 1: the solution of part 2a")
def solution_in_utf_16(course: Course) -> None:
    _add_file(course, "data/notes.txt", SOLUTION.encode("utf-16"))


@plant("cell 6 (planted), base64 in line 1, line 1: the solution of part 2a")
def solution_in_base64(course: Course) -> None:
    _add_cell(course, f"code = {base64.b64encode(SOLUTION.encode())!r}")


@plant("base64 in line 3")
def solution_in_base64_over_several_lines(course: Course) -> None:
    text = base64.encodebytes(("# nothing\n" * 20 + SOLUTION).encode()).decode()
    _add_file(course, "README.md", "Data:\n\n" + text)


@plant("the solution of part 2a")
def solution_in_base64_for_the_web(course: Course) -> None:
    _append(course, f"\n# {base64.urlsafe_b64encode(('?>' * 5 + SOLUTION).encode()).decode()}\n")


@plant("zip member inner/rnn.py")
def solution_in_a_zip(course: Course) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner/rnn.py", SOLUTION)
    _add_file(course, "data/names.npz", buffer.getvalue())


@plant("compressed data at byte 0")
def solution_in_gzip(course: Course) -> None:
    _add_file(course, "data/names.gz", gzip.compress(SOLUTION.encode()))


@plant("compressed data at byte 7")
def solution_in_zlib_within_a_file(course: Course) -> None:
    _add_file(course, "data/names.bin", b"\0header" + zlib.compress(SOLUTION.encode()))


@plant("the solution of part 2a")
def solution_in_zlib_in_base64(course: Course) -> None:
    _append(course, f"\nx = '{base64.b64encode(zlib.compress(SOLUTION.encode())).decode()}'\n")


@plant("a compiled file")
def a_cache_folder(course: Course) -> None:
    _add_file(course, "__pycache__/rnn_check.cpython-311", "")


@plant("a compiled file by its first bytes")
def compiled_python_under_another_name(course: Course) -> None:
    path = course.assignment_folder / "empty.py"
    path.write_text("")
    py_compile.compile(str(path), str(course.assignment_folder / "data" / "names.txt"))
    path.unlink()


@plant("a compiled file")
def a_shared_library(course: Course) -> None:
    _add_file(course, "rnn_check.so", "")


@plant("a compiled file by its first bytes")
def a_shared_library_under_another_name(course: Course) -> None:
    _add_file(course, "data/names", b"\x7fELF\x02\x01\x01" + bytes(20))


@plant("cell 6 (planted): 1 cached outputs")
def a_cached_output(course: Course) -> None:
    _add_cell(course, "1")
    notebook = _notebook(course)
    notebook["cells"][5]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": ["hello\n"]}
    ]
    _write_notebook(course, notebook)


@plant("cell 6 (planted): execution count 3")
def an_execution_count(course: Course) -> None:
    _add_cell(course, "1")
    notebook = _notebook(course)
    notebook["cells"][5]["execution_count"] = 3
    _write_notebook(course, notebook)


@plant("notebook metadata, line 1: a private path: `/home/ada`")
def a_private_path_in_the_metadata(course: Course) -> None:
    notebook = _notebook(course)
    notebook["metadata"]["papermill"] = {"input_path": "/home/ada/course/rnn.ipynb"}
    _write_notebook(course, notebook)


@plant("a private path: `/Users/ada`")
def a_path_of_a_mac(course: Course) -> None:
    _add_file(course, "README.md", "See file:///Users/ada/rnn.")


@plant(f"a private path: `{OF_ROOT}`")
def a_path_of_root(course: Course) -> None:
    _append(course, f'\nPath("{OF_ROOT}")\n')


@plant("a private path")
def a_path_of_windows(course: Course) -> None:
    _add_cell(course, 'open("C:\\\\Users\\\\ada\\\\rnn.txt")')


@plant("the course's own path")
def the_path_of_the_course(course: Course) -> None:
    _append(course, f"\n# {course.root}/solutions\n")


@plant("the name of the file that holds the course secret")
def the_name_of_the_secret(course: Course) -> None:
    _append(course, '\nopen("../.course-secret")\n')


@plant("rnn/.course-secret: the course secret")
def the_file_of_the_secret(course: Course) -> None:
    _add_file(course, ".course-secret", "x")


@plant("line 1: the course secret;")
def the_secret_itself(course: Course) -> None:
    _add_file(course, "data/names.txt", course.secret())


@plant("a link")
def a_link(course: Course) -> None:
    (course.assignment_folder / "rubric").symlink_to(course.rubric_file)


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_leak_is_found(course: Course, name: str) -> None:
    function, found = PLANTS[name]
    function(course)
    findings = [str(finding) for finding in find_leaks(course, course.assignment_folder)]
    assert any(found in finding for finding in findings), findings
    assert all("autograder release" in text or "delete it" in text for text in findings)


@pytest.mark.parametrize(
    "text",
    [
        "for t in range(T):\n    h = h0\n    return loss\n",
        "import numpy as np\nN, T, E = x.shape\nclass CharRNN(nn.Module):\n",
        "The order: a network reads in order. Read https://example.org/home/users/root/a.html",
        'answers_1b = {"order": "", "window": ""}\nright = "a"\n',
        "def forward(self, tokens, h=None):\n    super().__init__()\n",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E",
    ],
)
def test_everyday_lines_are_no_leak(course: Course, text: str) -> None:
    _add_file(course, "README.md", text)
    assert list(map(str, find_leaks(course, course.assignment_folder))) == []


def test_answers_of_questions_for_self_testing_are_no_leak(course: Course) -> None:
    bank = load_concepts(course.concepts_file)
    text = "".join(
        f"- id: {question.id}\n  right: [{', '.join(question.right)}]\n"
        f"  explanation: {question.explanation}\n"
        for question in bank.values()
        if not question.part
    )
    _add_file(course, "self_test.yaml", text)
    assert list(map(str, find_leaks(course, course.assignment_folder))) == []


def test_every_solution_model_answer_and_hidden_check_has_lines_that_would_be_found(
    released: Course,
) -> None:
    rubric, bank = load_rubric(released.rubric_file), load_concepts(released.concepts_file)
    cells = read_source(released, rubric)
    cells = with_questions(released.concepts_file, cells, rubric, bank)
    secrets = collect_secrets(released).lines
    squeezed = {secret.squeezed for secret in secrets}
    for cell in cells:
        if cell.role in ("stub", "written"):
            for region in solution_regions(cell.source):
                assert any(secret in squeeze(region) for secret in squeezed), (cell.part, region)
    owners = {secret.owner for secret in secrets}
    hidden = {f"the hidden check {name}" for name, _ in _hidden_checks()}
    assert hidden
    assert hidden <= owners


def test_a_release_that_would_leak_is_not_written(course: Course) -> None:
    (course.source_notebook_folder / "README.md").write_text(f"Try `{SOLUTION}`\n")
    before = (course.assignment_folder / "rnn.py").stat().st_mtime_ns
    with pytest.raises(CourseError, match="the solution of part 2a"):
        write_release(course)
    assert (course.assignment_folder / "rnn.py").stat().st_mtime_ns == before
    assert SOLUTION not in (course.assignment_folder / "README.md").read_text(encoding="utf-8")


# --- a source that is wrong


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("### END SOLUTION", "", r"cell \d+ \(part 1a\).*without `### END SOLUTION`"),
        ('# %% part="1a" role="stub"', "# %%", r"cell \d+ \(part none, free\): 1 solution regions"),
        ('part="1a" role="stub"', 'part="9z" role="stub"', r"cell \d+: .*no part \"9z\""),
        ('part="1a" role="stub"', 'part="1a" role="stab"', r"cell \d+: .*called \"stab\""),
        (
            'part="1a" role="check"',
            'part="1b" role="check"',
            'part 1a has 0 cells with role="check',
        ),
        ("def softmax(", "def softmax((", r"rnn\.py, line \d+: .*correct the solution"),
        ("def softmax(", "def soft_max(", r'part="2a" role="stub" defines softmax'),
        ('part="1b" role="concepts"', "", "part 1b has 0 cells"),
    ],
)
def test_a_wrong_source_is_refused_with_its_place(
    course: Course, old: str, new: str, told: str
) -> None:
    source = course.source.read_text(encoding="utf-8")
    assert old in source
    course.source.write_text(source.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CourseError, match=told) as error:
        build(course)
    assert str(course.source) in str(error.value)


def test_rubric_and_bank_must_agree_on_what_is_marked(course: Course) -> None:
    bank = course.concepts_file.read_text(encoding="utf-8")
    course.concepts_file.write_text(bank.replace("part: 1b", "part: 4b", 1), encoding="utf-8")
    with pytest.raises(CourseError, match="question order"):
        build(course)
