"""What students get is built from the one source, and holds nothing that they must not get."""

from __future__ import annotations

import ast
import base64
import gzip
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

from autograder.course.concepts import load_concepts
from autograder.course.folders import Assignment, Course, CourseError
from autograder.course.rubric import rubric_of
from autograder.release import (
    build,
    check_release,
    files_in,
    find_drift,
    find_leaks,
    write_release,
)
from autograder.release.leaks import (
    INDEXED,
    LEAST_CODE,
    Secrets,
    collect_secrets,
    leaks_in,
    squeeze,
)
from autograder.release.questions import with_questions
from autograder.release.source import read_source, solution_regions
from tests.conftest import RNN

ROOT = Path(__file__).parent.parent

SOLUTION = "return np.tanh(h_prev @ W_h + x_t @ W_x + b_h)"
ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "MPLBACKEND": "Agg",
}


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """A copy of the first assignment as it is checked in. Not to be changed.

    That this is what a release builds, test_every_assignment.py finds.
    """
    return _copy_of(RNN, tmp_path_factory.mktemp("released"))


@pytest.fixture
def assignment(released: Assignment, tmp_path: Path) -> Assignment:
    """The same, to be changed."""
    return _copy_of(released, tmp_path)


@pytest.fixture
def little(small: Assignment, tmp_path: Path) -> Assignment:
    """The smallest assignment, released, to be changed."""
    return _copy_of(small, tmp_path)


@pytest.fixture(scope="session")
def secrets(released: Assignment) -> Secrets:
    """What students must not get of this copy."""
    released.course.secret()
    return collect_secrets(released)


@pytest.fixture
def handed_out(released: Assignment, secrets: Secrets, tmp_path: Path) -> Iterator[Assignment]:
    """The course to which the secrets belong; what a test plants into ``assignment/`` is taken
    out again."""
    as_built = shutil.copytree(released.released, tmp_path / "as built")
    yield released
    shutil.rmtree(released.released)
    shutil.copytree(as_built, released.released)


def _copy_of(assignment: Assignment, folder: Path) -> Assignment:
    shutil.copy(assignment.rubric_file, folder)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    root, leave_out = assignment.course.root, shutil.ignore_patterns("__pycache__")
    for part in (assignment.folder, assignment.nbgrader_source, assignment.released):
        shutil.copytree(part, folder / part.relative_to(root), ignore=leave_out)
    return Course(folder).assignment()


def _notebook(assignment: Assignment) -> Any:
    file = assignment.released / f"{assignment.name}.ipynb"
    return json.loads(file.read_text(encoding="utf-8"))


def _write_notebook(assignment: Assignment, notebook: Any) -> None:
    (assignment.released / "rnn.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


# --- the build


def _generated_by_nbgrader(assignment: Assignment) -> subprocess.CompletedProcess[str]:
    database = assignment.course.root / "gradebook.db"
    return subprocess.run(
        [
            *(sys.executable, "-m", "nbgrader", "generate_assignment", assignment.name, "--force"),
            f"--CourseDirectory.db_url=sqlite:///{database}",
        ],
        cwd=assignment.course.root,
        env=ENVIRONMENT | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nbgrader_itself_generates_the_same_files(assignment: Assignment) -> None:
    """It builds them itself as well, and refuses others: so the same source gives the same bytes,
    whatever the hash seed."""
    ours = files_in(assignment.released)
    assert "rnn_check/checks.py" in ours
    assert not (assignment.nbgrader_source / "rnn_check").exists()
    run = _generated_by_nbgrader(assignment)
    assert run.returncode == 0, run.stderr
    assert files_in(assignment.released) == ours


def test_nbgrader_releases_nothing_but_what_was_built(little: Assignment) -> None:
    (little.released / "small_check" / "checks.py").unlink()
    before = files_in(little.released)
    run = _generated_by_nbgrader(little)
    assert run.returncode != 0
    todo = "run `autograder release --assignment small`"
    assert f"small_check/checks.py: is missing; {todo}" in run.stderr
    assert files_in(little.released) == before


def test_the_notebooks_are_valid_for_nbformat_and_nbgrader(released: Assignment) -> None:
    for folder in (released.nbgrader_source, released.released):
        notebook = nbformat.read(folder / "rnn.ipynb", as_version=nbformat.NO_CONVERT)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)


@pytest.mark.parametrize("written_share", ["0", "0.3", "1"])
def test_the_points_of_a_part_are_split_by_written_share(
    little: Assignment, written_share: str
) -> None:
    rubric = little.rubric_file.read_text(encoding="utf-8")
    lines = [
        f"written_share: {written_share}" if line.startswith("written_share:") else line
        for line in rubric.split("\n")
    ]
    little.rubric_file.write_text("\n".join(lines), encoding="utf-8")
    write_release(little)
    points = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]["points"]
        for cell in _notebook(little)["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }
    for part in rubric_of(little).parts():
        by_reader = part.points * float(written_share)
        assert points.pop(f"{part.id}-written") == pytest.approx(by_reader)
        assert points.pop(f"{part.id}-check") == pytest.approx(part.points - by_reader)
    assert points == {}


def test_students_can_edit_their_answers_and_experiments_and_nothing_else(
    released: Assignment,
) -> None:
    for cell in _notebook(released)["cells"]:
        answered = cell["id"].split("-")[1:2] in (["stub"], ["concepts"], ["written"])
        free = cell["id"].startswith("experiment")
        assert cell["metadata"].get("editable", True) == (answered or free), cell["id"]
        assert ("nbgrader" not in cell["metadata"]) == free, cell["id"]


def test_notebook_and_script_hold_the_same_cells(released: Assignment) -> None:
    script = jupytext.read(released.released / "rnn.py")
    sources = [(cell.cell_type, cell.source.strip()) for cell in script.cells]
    in_notebook = [
        (cell["cell_type"], "".join(cell["source"]).strip())
        for cell in _notebook(released)["cells"]
    ]
    assert sources == in_notebook


def test_the_script_says_nothing_of_nbgrader(released: Assignment) -> None:
    text = (released.released / "rnn.py").read_text(encoding="utf-8")
    assert text.startswith("# %%")
    assert "nbgrader" not in text
    assert "grade_id" not in text


def test_the_script_runs_from_top_to_bottom(assignment: Assignment) -> None:
    script = assignment.released / "rnn.py"
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
    released: Assignment, cells_of: Callable[[Path], list[Any]]
) -> None:
    rubric = rubric_of(released)
    stubs = {stub: part.id for part in rubric.parts() for stub in part.stubs}
    names: dict[str, Any] = {}
    imports = 0
    for cell in cells_of(released.released):
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


def test_every_marked_question_can_be_read_and_answered(released: Assignment) -> None:
    rubric, bank = rubric_of(released), load_concepts(released.concepts_file)
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


def test_the_source_notebook_answers_the_marked_questions_rightly(released: Assignment) -> None:
    bank = load_concepts(released.concepts_file)
    notebook = nbformat.read(released.nbgrader_source / "rnn.ipynb", as_version=4)
    names: dict[str, Any] = {}
    for cell in notebook.cells:
        if cell.id.endswith("-concepts"):
            exec(cell.source, names)
    given = names["answers_1b"] | names["answers_4b"]
    assert {name: frozenset(letters) for name, letters in given.items()} == {
        question.id: question.right for question in bank.values() if question.part
    }


# --- drift


def test_drift_is_found_with_its_line(little: Assignment) -> None:
    script = little.released / "small.py"
    lines = script.read_text(encoding="utf-8").split("\n")
    lines[4] = "# edited by hand"
    script.write_text("\n".join(lines), encoding="utf-8")
    (little.released / "small.ipynb").unlink()
    (little.released / "notes.txt").write_text("extra")
    extra, missing, edited = map(str, sorted(find_drift(little), key=lambda f: f.file))
    assert extra.startswith("assignment/small/notes.txt: is not built from the source")
    assert missing.startswith("assignment/small/small.ipynb: is missing")
    assert edited.startswith("assignment/small/small.py, line 5: `# edited by hand`")
    assert all("autograder release" in finding for finding in (missing, edited, extra))


def test_drift_in_a_long_line_shows_what_differs(little: Assignment) -> None:
    facts = little.released / "small_check" / "facts.json"
    text = facts.read_text(encoding="utf-8")
    facts.write_text(text.replace('"centered"', '"cenTered"', 1), encoding="utf-8")
    (finding,) = map(str, find_drift(little))
    assert "cenTered" in finding
    assert '"centered"' in finding
    assert len(finding) < 250


def test_drift_is_found_in_every_file_of_the_self_check(little: Assignment) -> None:
    package = little.released / "small_check"
    files = sorted(path for path in package.rglob("*") if path.is_file())
    for number, path in enumerate(files):
        path.unlink() if number % 2 else path.write_bytes(path.read_bytes() + b"# edited")
    (package / "engine" / "more.py").write_text("x = 1\n")
    found = {finding.file for finding in find_drift(little)}
    expected = [*files, package / "engine" / "more.py"]
    assert found == {str(path.relative_to(little.course.root)) for path in expected}


def test_a_release_puts_drift_right(little: Assignment) -> None:
    (little.released / "__pycache__").mkdir()
    (little.released / "__pycache__" / "small.cpython-311.pyc").write_bytes(b"old")
    (little.released / "small.py").write_text("old")
    written = write_release(little)
    assert check_release(little) == []
    assert [path.name for path, changed in written.items() if changed] == ["small.py"]
    assert little.released / "small.ipynb" in written
    assert not (little.released / "__pycache__").exists()


def test_a_changed_source_is_drift_until_it_is_released(little: Assignment) -> None:
    build(little)
    source = little.source.read_text(encoding="utf-8")
    little.source.write_text(source + "\n\n# %% [markdown]\n# A last word.\n", encoding="utf-8")
    changed = {finding.file for finding in find_drift(little)}
    assert changed == {
        "assignment/small/small.ipynb",
        "assignment/small/small.py",
        "solutions/nbgrader/small/small.ipynb",
    }
    write_release(little)
    assert find_drift(little) == []


# --- leaks

Plant = Callable[[Assignment], None]
PLANTS: dict[str, tuple[Plant, str]] = {}
OF_ROOT = PurePosixPath("/", "root", "rnn")


def plant(found: str) -> Callable[[Plant], Plant]:
    """Registers a leak, and what the finding must say of it."""

    def register(function: Plant) -> Plant:
        PLANTS[function.__name__] = (function, found)
        return function

    return register


def _add_cell(assignment: Assignment, source: str) -> None:
    notebook = _notebook(assignment)
    cell = {"cell_type": "code", "id": "planted", "metadata": {}, "source": source}
    notebook["cells"].insert(5, cell | {"outputs": [], "execution_count": None})
    _write_notebook(assignment, notebook)


def _add_file(assignment: Assignment, name: str, data: bytes | str) -> None:
    path = assignment.released / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


def _append(assignment: Assignment, text: str) -> None:
    script = assignment.released / "rnn.py"
    script.write_text(script.read_text(encoding="utf-8") + text, encoding="utf-8")


def _hidden_checks() -> Iterator[tuple[str, str]]:
    for file in sorted(RNN.checks.glob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            marks = [ast.unparse(mark) for mark in getattr(node, "decorator_list", [])]
            if isinstance(node, ast.FunctionDef) and "pytest.mark.hidden" in marks:
                yield f"{file.stem}.{node.name}", ast.get_source_segment(text, node) or ""


@plant("cell 6 (planted), line 2: the solution of part 2a")
def solution_in_a_cell(assignment: Assignment) -> None:
    _add_cell(assignment, f"x = 1\n{SOLUTION}")


@plant("the solution of part 2a")
def solution_respaced_and_commented_out(assignment: Assignment) -> None:
    _append(assignment, f"\n# # {SOLUTION.replace(' @ ', '@')}\n")


@plant("the solution of part 3a")
def one_short_line_of_a_solution(assignment: Assignment) -> None:
    _add_file(assignment, "README.md", "Use\n```python\n    return float(np.exp(loss))\n```\n")


@plant("the solution of part 1b")
def a_stub_left_solved(assignment: Assignment) -> None:
    notebook = _notebook(assignment)
    cell = next(cell for cell in notebook["cells"] if cell["id"] == "1b-stub")
    cell["source"] = "".join(cell["source"]).replace(
        "# YOUR CODE HERE", "return np.tanh(x @ W_x + b_h) @ W_y + b_y"
    )
    _write_notebook(assignment, notebook)


@plant("metadata, line 1: the solution of part 2a")
def solution_in_the_metadata_of_a_cell(assignment: Assignment) -> None:
    notebook = _notebook(assignment)
    notebook["cells"][3]["metadata"]["was"] = f"a\n    {SOLUTION}\n"
    _write_notebook(assignment, notebook)


@plant("a marker of what is taken out at release")
def markers_of_a_solution(assignment: Assignment) -> None:
    _append(assignment, "\n### BEGIN SOLUTION\n")


@plant("the model answer of part")
def model_answer_wrapped_anew(assignment: Assignment) -> None:
    rubric = rubric_of(assignment)
    answer = next(
        region
        for cell in read_source(assignment, rubric)
        if cell.role == "written"
        for region in solution_regions(cell.source)
    )
    _add_file(assignment, "notes.md", "\n> ".join(answer.split()))


@plant("the explanation of question order")
def explanation_of_a_marked_question(assignment: Assignment) -> None:
    explanation = load_concepts(assignment.concepts_file)["order"].explanation
    _add_cell(assignment, "\n".join(f"# {word}" for word in explanation.split()))


def _right(assignment: Assignment, name: str = "order") -> str:
    return "".join(sorted(load_concepts(assignment.concepts_file)[name].right, reverse=True))


@plant("line 2: the right answer of question order")
def answers_filled_in(assignment: Assignment) -> None:
    _add_cell(assignment, f'answers_1b = {{\n    "order": "{_right(assignment)}",\n}}')


@plant("the right answer of question order")
def answers_assigned_one_by_one(assignment: Assignment) -> None:
    letters = ", ".join(_right(assignment).upper())
    _append(assignment, f"\nanswers_1b['order'] = '{letters}'\n")


@plant("the right answer of question hidden-state")
def answers_as_a_set(assignment: Assignment) -> None:
    _append(
        assignment, f'\nkey = {{"hidden-state": {set(_right(assignment, "hidden-state"))!r}}}\n'
    )


@plant("the right answer of question lstm")
def the_bank_itself(assignment: Assignment) -> None:
    shutil.copy(assignment.concepts_file, assignment.released / "concepts.yaml")


@plant("the right answer of question order")
def the_bank_as_json(assignment: Assignment) -> None:
    data = [{"id": "order", "options": {"a": "x"}, "right": list(_right(assignment))}]
    _add_file(assignment, "bank.json", json.dumps(data, indent=1))


@plant("the hidden check")
def a_line_of_a_hidden_check(assignment: Assignment) -> None:
    name, _ = next(_hidden_checks())
    owner = f"the hidden check {name}"
    line = next(s.shown for s in collect_secrets(assignment).lines if s.owner == owner)
    _add_file(assignment, "rnn_extra.py", f"def f():\n        {line}\n")


@plant("wide characters, line 1: the solution of part 2a")
def solution_in_utf_16(assignment: Assignment) -> None:
    _add_file(assignment, "data/notes.txt", SOLUTION.encode("utf-16"))


@plant("cell 6 (planted), base64 in line 1, line 1: the solution of part 2a")
def solution_in_base64(assignment: Assignment) -> None:
    _add_cell(assignment, f"code = {base64.b64encode(SOLUTION.encode())!r}")


@plant("base64 in line 3")
def solution_in_base64_over_several_lines(assignment: Assignment) -> None:
    text = base64.encodebytes(("# nothing\n" * 20 + SOLUTION).encode()).decode()
    _add_file(assignment, "README.md", "Data:\n\n" + text)


@plant("the solution of part 2a")
def solution_in_base64_for_the_web(assignment: Assignment) -> None:
    _append(
        assignment, f"\n# {base64.urlsafe_b64encode(('?>' * 5 + SOLUTION).encode()).decode()}\n"
    )


@plant("zip member inner/rnn.py")
def solution_in_a_zip(assignment: Assignment) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner/rnn.py", SOLUTION)
    _add_file(assignment, "data/names.npz", buffer.getvalue())


@plant("compressed data at byte 0")
def solution_in_gzip(assignment: Assignment) -> None:
    _add_file(assignment, "data/names.gz", gzip.compress(SOLUTION.encode()))


@plant("compressed data at byte 7")
def solution_in_zlib_within_a_file(assignment: Assignment) -> None:
    _add_file(assignment, "data/names.bin", b"\0header" + zlib.compress(SOLUTION.encode()))


@plant("the solution of part 2a")
def solution_in_zlib_in_base64(assignment: Assignment) -> None:
    _append(assignment, f"\nx = '{base64.b64encode(zlib.compress(SOLUTION.encode())).decode()}'\n")


@plant("a compiled file")
def a_cache_folder(assignment: Assignment) -> None:
    _add_file(assignment, "__pycache__/rnn_check.cpython-311", "")


@plant("a compiled file by its first bytes")
def compiled_python_under_another_name(assignment: Assignment) -> None:
    path = assignment.released / "empty.py"
    path.write_text("")
    py_compile.compile(str(path), str(assignment.released / "data" / "names.txt"))
    path.unlink()


@plant("a compiled file")
def a_shared_library(assignment: Assignment) -> None:
    _add_file(assignment, "rnn_check.so", "")


@plant("a compiled file by its first bytes")
def a_shared_library_under_another_name(assignment: Assignment) -> None:
    _add_file(assignment, "data/names", b"\x7fELF\x02\x01\x01" + bytes(20))


@plant("cell 6 (planted): 1 cached outputs")
def a_cached_output(assignment: Assignment) -> None:
    _add_cell(assignment, "1")
    notebook = _notebook(assignment)
    notebook["cells"][5]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": ["hello\n"]}
    ]
    _write_notebook(assignment, notebook)


@plant("cell 6 (planted): execution count 3")
def an_execution_count(assignment: Assignment) -> None:
    _add_cell(assignment, "1")
    notebook = _notebook(assignment)
    notebook["cells"][5]["execution_count"] = 3
    _write_notebook(assignment, notebook)


@plant("notebook metadata, line 1: a private path: `/home/ada`")
def a_private_path_in_the_metadata(assignment: Assignment) -> None:
    notebook = _notebook(assignment)
    notebook["metadata"]["papermill"] = {"input_path": "/home/ada/course/rnn.ipynb"}
    _write_notebook(assignment, notebook)


@plant("a private path: `/Users/ada`")
def a_path_of_a_mac(assignment: Assignment) -> None:
    _add_file(assignment, "README.md", "See file:///Users/ada/rnn.")


@plant(f"a private path: `{OF_ROOT}`")
def a_path_of_root(assignment: Assignment) -> None:
    _append(assignment, f'\nPath("{OF_ROOT}")\n')


@plant("a private path")
def a_path_of_windows(assignment: Assignment) -> None:
    _add_cell(assignment, 'open("C:\\\\Users\\\\ada\\\\rnn.txt")')


@plant("the course's own path")
def the_path_of_the_course(assignment: Assignment) -> None:
    _append(assignment, f"\n# {assignment.course.root}/solutions\n")


@plant("the name of the file that holds the course secret")
def the_name_of_the_secret(assignment: Assignment) -> None:
    _append(assignment, '\nopen("../.course-secret")\n')


@plant("rnn/.course-secret: the course secret")
def the_file_of_the_secret(assignment: Assignment) -> None:
    _add_file(assignment, ".course-secret", "x")


@plant("line 1: the course secret;")
def the_secret_itself(assignment: Assignment) -> None:
    _add_file(assignment, "data/names.txt", assignment.course.secret())


@plant("a link")
def a_link(assignment: Assignment) -> None:
    (assignment.released / "rubric").symlink_to(assignment.rubric_file)


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_leak_is_found(handed_out: Assignment, secrets: Secrets, name: str) -> None:
    function, found = PLANTS[name]
    function(handed_out)
    findings = [str(one) for one in find_leaks(handed_out, handed_out.released, secrets)]
    assert any(found in finding for finding in findings), findings
    assert all("autograder release" in text or "delete it" in text for text in findings)


def test_a_solution_is_found_in_every_file_of_the_self_check(
    handed_out: Assignment, secrets: Secrets
) -> None:
    files = [path for path in (handed_out.released / "rnn_check").rglob("*") if path.is_file()]
    for path in files:
        text = path.read_text(encoding="utf-8")
        path.write_text(
            text.replace("{", json.dumps({"x": SOLUTION})[:-1] + ", ", 1)
            if path.suffix == ".json"
            else f"{text}\n\ndef helper(x_t, h_prev, W_x, W_h, b_h):\n    {SOLUTION}\n"
        )
    found = find_leaks(handed_out, handed_out.released, secrets)
    names = {one.file for one in found if "part 2a" in str(one)}
    assert names == {str(path.relative_to(handed_out.course.root)) for path in files}


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
def test_everyday_lines_are_no_leak(handed_out: Assignment, secrets: Secrets, text: str) -> None:
    _add_file(handed_out, "README.md", text)
    assert list(map(str, find_leaks(handed_out, handed_out.released, secrets))) == []


def test_a_leak_at_the_end_of_a_large_file_is_found(secrets: Secrets) -> None:
    text = "0.123456 " * (2 * INDEXED // 8)
    assert leaks_in({"numbers.txt": text.encode()}, secrets) == []
    assert len(leaks_in({"numbers.txt": f"{text}\n{SOLUTION}\n".encode()}, secrets)) == 1
    # Within the beginning of the solution, one stretch of the text ends and the next begins.
    for before in (1, 6, LEAST_CODE - 1):
        text = "." * (INDEXED - before)
        assert len(leaks_in({"dots.txt": f"{text}\n{SOLUTION}\n".encode()}, secrets)) == 1


def test_answers_of_questions_for_self_testing_are_no_leak(
    handed_out: Assignment, secrets: Secrets
) -> None:
    bank = load_concepts(handed_out.concepts_file)
    text = "".join(
        f"- id: {question.id}\n  right: [{', '.join(question.right)}]\n"
        f"  explanation: {question.explanation}\n"
        for question in bank.values()
        if not question.part
    )
    _add_file(handed_out, "self_test.yaml", text)
    assert list(map(str, find_leaks(handed_out, handed_out.released, secrets))) == []


def test_every_solution_model_answer_and_hidden_check_has_lines_that_would_be_found(
    released: Assignment, secrets: Secrets
) -> None:
    rubric, bank = rubric_of(released), load_concepts(released.concepts_file)
    cells = read_source(released, rubric)
    cells = with_questions(released.concepts_file, cells, rubric, bank)
    squeezed = {secret.squeezed for secret in secrets.lines}
    for cell in cells:
        if cell.role in ("stub", "written"):
            for region in solution_regions(cell.source):
                assert any(secret in squeeze(region) for secret in squeezed), (cell.part, region)
    owners = {secret.owner for secret in secrets.lines}
    hidden = {f"the hidden check {name}" for name, _ in _hidden_checks()}
    assert hidden
    assert hidden <= owners


def test_a_release_that_would_leak_is_not_written(little: Assignment) -> None:
    little.handout.mkdir()
    line = "return np.asarray(values, dtype=float) - average(values)"
    (little.handout / "README.md").write_text(f"Try `{line}`\n")
    before = (little.released / "small.py").stat().st_mtime_ns
    with pytest.raises(CourseError, match="the solution of part 1a"):
        write_release(little)
    assert (little.released / "small.py").stat().st_mtime_ns == before
    assert not (little.released / "README.md").exists()


# --- a source that is wrong


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("### END SOLUTION", "", r"cell \d+ \(part 1a\).*without `### END SOLUTION`"),
        ('# %% part="1a" role="stub"', "# %%", r"cell \d+ \(part none, free\): 1 solution region"),
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
    assignment: Assignment, old: str, new: str, message: str
) -> None:
    source = assignment.source.read_text(encoding="utf-8")
    assert old in source
    assignment.source.write_text(source.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CourseError, match=message) as error:
        build(assignment)
    assert str(assignment.source) in str(error.value)


def test_rubric_and_bank_must_agree_on_what_is_marked(assignment: Assignment) -> None:
    bank = assignment.concepts_file.read_text(encoding="utf-8")
    assignment.concepts_file.write_text(bank.replace("part: 1b", "part: 4b", 1), encoding="utf-8")
    with pytest.raises(CourseError, match="question order"):
        build(assignment)
