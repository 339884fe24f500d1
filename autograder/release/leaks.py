"""Looks for what students must not get: solutions, hidden checks, right answers, traces."""

from __future__ import annotations

import ast
import bisect
import io
import json
import re
import textwrap
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path, PurePath
from typing import Any

from autograder.course.concepts import Question, load_concepts
from autograder.course.digest import PACKAGE, while_unchanged
from autograder.course.folders import SECRET, Assignment
from autograder.course.rubric import rubric_of
from autograder.release.decoding import unwrapped
from autograder.release.finding import Finding
from autograder.release.questions import cells_of, marked_questions
from autograder.release.self_check import COPIED, for_students, sources_of
from autograder.release.source import SourceCell, outside_solutions, solution_regions
from autograder.release.visible import visible_source
from autograder.submissions.text import counted

# Shorter lines say nothing by themselves. Lengths are without white space.
LEAST_CODE, LEAST_PROSE = 12, 24
# A long text is searched in stretches of so many characters, to bound the memory.
INDEXED = 1 << 16
CODE = re.compile(r"[=(\[{@*/%]|\breturn\b")

# Lines that any program on sequences may hold.
EVERYDAY = re.compile(
    r"""(?:import|from|class|raise|with|try)\b.*
    | def\s(?!test_).*
    | @pytest\.mark\.(?:hidden|visible|criterion)\b.*
    | @?[\w.]+\(
    | for\s[\w,\s]+\sin\s\(
    | for\s.+\sin\s(?:range|enumerate|zip)\(.*\):
    | (?:if|elif|while)\s[\w.]+(?:\s(?:is|==|!=|<|>)\s\w+)?:
    | [\w,\s]+=\s*[\w.]+(?:\[\w+\])?
    | (?:return|yield)\s[\w.,\s]+
    | super\(\)\.__init__\(.*\)
    | [\w.]+\(\w*\)
    """,
    re.VERBOSE,
)

MARKER = re.compile(r"(?:BEGIN|END) (?:SOLUTION|HIDDEN TESTS|MARK SCHEME)")
PRIVATE_PATH = re.compile(
    r"(?<![\w.-])/(?:home|Users|root)/[\w.-]+|\b[A-Za-z]:[\\/]+Users[\\/]+\w+"
)
COMPILED_SUFFIXES = {".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib"}
COMPILED_STARTS = (b"\x7fELF", b"MZ\x90\x00", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")

REMOVE = "take it out where it comes from, then run `autograder release` for this assignment"
REBUILD = "run `autograder release` for this assignment"


@dataclass(frozen=True)
class _Secret:
    """A piece of text that must not get out: unchanged, and squeezed for the search."""

    owner: str
    shown: str
    squeezed: str


@dataclass(frozen=True, eq=False)
class Secrets:
    """All that ``find_leaks`` looks for in a course."""

    lines: tuple[_Secret, ...]
    answers: tuple[Question, ...]
    question_ids: tuple[str, ...]
    traces: tuple[tuple[str, re.Pattern[str]], ...]

    @cached_property
    def _by_start(self) -> dict[str, list[int]]:
        numbers = defaultdict[str, list[int]](list)
        for number, one in enumerate(self.lines):
            numbers[one.squeezed[:LEAST_CODE]].append(number)
        return dict(numbers)

    def possible_in(self, text: str) -> list[_Secret]:
        """The lines that may be in a squeezed text, by how they begin.

        Of thousands of lines, most texts hold the beginning of none.
        """
        starts = set[str]()
        for first in range(0, len(text), INDEXED):
            stretch = text[first : first + INDEXED + LEAST_CODE - 1]
            starts |= self._by_start.keys() & _pieces_of(stretch)
        numbers = sorted(number for start in starts for number in self._by_start[start])
        return [self.lines[number] for number in numbers]


class _Squeezed:
    """Text without white space, comment signs and differences of quoting, and its lines."""

    def __init__(self, text: str) -> None:
        pieces: list[str] = []
        self._starts: list[int] = []
        length = 0
        for line in text.split("\n"):
            self._starts.append(length)
            for part in line.replace("\\n", "\n").replace('\\"', "'").split("\n"):
                piece = "".join(part.lstrip(" \t#>").split()).replace('"', "'")
                pieces.append(piece)
                length += len(piece)
        self.text = "".join(pieces)

    def line(self, position: int) -> int:
        return bisect.bisect_right(self._starts, position)


def _pieces_of(text: str) -> set[str]:
    """All that a secret in a squeezed text may begin with."""
    return {text[place : place + LEAST_CODE] for place in range(len(text) - LEAST_CODE + 1)}


def squeeze(text: str) -> str:
    """Text as it is compared: how it is wrapped, indented, quoted or commented out is gone."""
    return _Squeezed(text).text


def _without_comments(code: str) -> tuple[list[str], list[str]]:
    """The lines of a piece of code, and its comments."""
    code = textwrap.dedent(code)
    lines, comments = code.split("\n"), []
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column]
                comments.append(token.string)
    except (tokenize.TokenError, SyntaxError):
        pass
    return [line.strip() for line in lines], comments


def _telling_code(code: str) -> Iterator[str]:
    lines, comments = _without_comments(code)
    for line in lines:
        least = LEAST_CODE if CODE.search(line) else LEAST_PROSE
        if len(squeeze(line)) >= least and not EVERYDAY.fullmatch(line):
            yield line
    for comment in comments:
        if len(squeeze(comment)) >= LEAST_PROSE:
            yield comment


def _telling_prose(text: str) -> Iterator[str]:
    sentences = re.split(r"(?<=[.!?:;])\s+", " ".join(text.split()))
    for piece in dict.fromkeys([*text.split("\n"), *sentences]):
        if len(squeeze(piece)) >= LEAST_PROSE:
            yield piece.strip()


def _is_hidden(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        ast.unparse(mark).startswith("pytest.mark.hidden") for mark in node.decorator_list
    )


def _hidden_checks(folder: Path) -> dict[str, str]:
    """The hidden checks' code by name."""
    hidden: dict[str, str] = {}
    for file in sorted(folder.glob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        lines = text.split("\n")
        for node in filter(_is_hidden, ast.parse(text, str(file)).body):
            assert isinstance(node, ast.FunctionDef)
            start = min(mark.lineno for mark in node.decorator_list) - 1
            hidden[f"{file.stem}.{node.name}"] = "\n".join(lines[start : node.end_lineno])
    return hidden


def _grader_s_own(assignment: Assignment) -> Iterator[tuple[str, str]]:
    """The code in the assignment's folder that is for the grader alone, by file: checks and what
    they use, misconceptions, the oracle, planted solutions."""
    for file in sorted(assignment.folder.rglob("*.py")):
        if file != assignment.source and assignment.handout not in file.parents:
            yield str(file.relative_to(assignment.folder)), file.read_text(encoding="utf-8")


def _strings(code: str) -> Iterator[str]:
    """The texts in a piece of code, such as the hint of a misconception."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _telling_prose(node.value)


def _students_have(assignment: Assignment) -> Iterator[str]:
    """What students are meant to have of the grader's code and of the misconceptions' texts."""
    checks, mistakes = for_students(assignment)
    yield visible_source(sources_of(checks))
    for file in COPIED:
        yield (PACKAGE / file).read_text(encoding="utf-8")
    for mistake in mistakes:
        yield from (mistake.title, mistake.hint)


def _secret_lines(
    assignment: Assignment, cells: list[SourceCell], marked: Iterable[Question]
) -> Iterator[_Secret]:
    """All that the assignment's folder keeps from students."""
    public = squeeze("\n".join(outside_solutions(cell.source) for cell in cells))
    pieces_of_public = _pieces_of(public)
    known = set[str]()

    def new(owner: str, pieces: Iterable[str]) -> Iterator[_Secret]:
        for piece in pieces:
            squeezed = squeeze(piece)
            if squeezed[:LEAST_CODE] not in pieces_of_public or squeezed not in public:
                known.add(squeezed)
                yield _Secret(owner, piece, squeezed)

    for cell in cells:
        for region in solution_regions(cell.source):
            if cell.role == "stub":
                yield from new(f"the solution of part {cell.part}", _telling_code(region))
            elif cell.role == "written":
                yield from new(f"the model answer of part {cell.part}", _telling_prose(region))
    for part in rubric_of(assignment).parts():
        if part.reader is not None:
            for text in (part.reader.full, part.reader.half, part.reader.none):
                yield from new(f"the reader's guide to part {part.id}", _telling_prose(text))
    for question in marked:
        owner = f"the explanation of question {question.id}"
        yield from new(owner, _telling_prose(question.explanation))
    public += squeeze("\n".join(_students_have(assignment)))
    pieces_of_public = _pieces_of(public)
    for name, code in _hidden_checks(assignment.checks).items():
        yield from new(f"the hidden check {name}", _telling_code(code))
    for file, code in _grader_s_own(assignment):
        pieces = dict.fromkeys([*_telling_code(code), *_strings(code)])
        unsaid = (piece for piece in pieces if squeeze(piece) not in known)
        yield from new(f"the grader's {file}", unsaid)


def _traces(assignment: Assignment) -> Iterator[tuple[str, re.Pattern[str]]]:
    yield "a marker of what is taken out at release", MARKER
    yield "a private path", PRIVATE_PATH
    for root in sorted({str(assignment.course.root), str(assignment.course.root.resolve())}):
        if len(PurePath(root).parts) > 2:
            yield "the course's own path", re.compile(rf"(?<![\w.-]){re.escape(root)}(?![\w-])")
    yield "the name of the file that holds the course secret", re.compile(re.escape(SECRET))
    secret = assignment.course.root / SECRET
    if secret.is_file() and (value := secret.read_text(encoding="utf-8").strip()):
        yield "the course secret", re.compile(re.escape(value))


@while_unchanged
def collect_secrets(assignment: Assignment) -> Secrets:
    """What must not get out of a course. Raises CourseError where its source is wrong."""
    rubric, bank = rubric_of(assignment), load_concepts(assignment.concepts_file)
    answers = [q for questions in marked_questions(rubric, bank).values() for q in questions]
    return Secrets(
        lines=tuple(_secret_lines(assignment, cells_of(assignment), answers)),
        answers=tuple(answers),
        question_ids=tuple(bank),
        traces=tuple(_traces(assignment)),
    )


_LETTERS = (
    r"""(?:"(?P<quoted>[a-z](?:[, ]*[a-z])*)\""""
    r"""|[\[({]\s*(?P<listed>"?[a-z]"?(?:\s*,\s*"?[a-z]"?)*)\s*,?\s*[\])}]"""
    r"""|(?P<bare>[a-z]+)[ \t]*(?:\#.*)?$"""
    r"""|(?P<items>(?:\s*\n\s*-\s*"?[a-z]"?[ \t]*$)+))"""
)
_FLAGS = re.MULTILINE | re.IGNORECASE


def _is_right(found: re.Match[str], question: Question) -> bool:
    value = next(text for text in found.group("quoted", "listed", "bare", "items") if text)
    letters = re.findall("[a-z]", value.lower())
    return len(letters) == len(question.right) and set(letters) == question.right


def _answers_in(text: str, secrets: Secrets) -> Iterator[tuple[Question, int]]:
    """Marked questions whose right letters a text gives, and where."""
    text = text.replace('\\"', '"').replace("\\n", "\n").replace("'", '"')
    if not any(question.id in text for question in secrets.answers):
        return
    names = "|".join(map(re.escape, secrets.question_ids))
    named = [
        (match.start(), match["name"])
        for match in re.finditer(
            rf'(?:\bid"?\s*[:=]\s*"?|"|^[ \t-]*)(?P<name>{names})(?:"|\s*:|[ \t]*$)', text, _FLAGS
        )
    ]
    rights = list(re.finditer(rf'\bright"?\]?\s*[:=]\s*(?:\w*\(\s*)?{_LETTERS}', text, _FLAGS))
    for question in secrets.answers:
        given = re.compile(
            rf'(?<![\w-])"?{re.escape(question.id)}"?\]?\s*[:=]\s*(?:\w*\(\s*)?{_LETTERS}', _FLAGS
        )
        for match in given.finditer(text):
            if _is_right(match, question):
                yield question, match.start()
        for match in rights:
            before = [name for start, name in named if start < match.start()]
            if before and before[-1] == question.id and _is_right(match, question):
                yield question, match.start()


def _is_compiled(data: bytes) -> bool:
    of_python = data[2:4] == b"\r\n" and 3000 <= int.from_bytes(data[:2], "little") < 4000
    return data.startswith(COMPILED_STARTS) or (of_python and len(data) >= 16)


@dataclass(frozen=True)
class _Hit:
    """Something found in a document: what it is, on which line, and what to say of it."""

    what: str
    line: int
    found: str


def _hits(text: str, secrets: Secrets) -> Iterator[_Hit]:
    squeezed = _Squeezed(text)
    by_owner: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for secret in secrets.possible_in(squeezed.text):
        position = squeezed.text.find(secret.squeezed)
        if position >= 0:
            by_owner[secret.owner].append((squeezed.line(position), secret.shown))
    for owner, found in by_owner.items():
        line, shown = min(found)
        more = f" and {counted(len(found) - 1, 'more line')} of it" if len(found) > 1 else ""
        yield _Hit(owner, line, f"{owner}: `{textwrap.shorten(shown, 80)}`{more}")
    for question, position in _answers_in(text, secrets):
        what = f"the right answer of question {question.id}"
        yield _Hit(what, text.count("\n", 0, position) + 1, what)
    for what, pattern in secrets.traces:
        match = pattern.search(text)
        if match:
            shown = "" if what == "the course secret" else f": `{match[0]}`"
            yield _Hit(what, text.count("\n", 0, match.start()) + 1, what + shown)


def _notebook_documents(notebook: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The pieces of a notebook, each with its place."""
    for number, cell in enumerate(notebook["cells"], 1):
        name = cell.get("id") or cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
        place = f"cell {number} ({name})" if name else f"cell {number}"
        source = cell.get("source", "")
        yield place, source if isinstance(source, str) else "".join(source)
        for key in sorted(cell.keys() - {"source"}):
            yield f"{place}, {key}", json.dumps(cell[key], ensure_ascii=False)
    for key in sorted(notebook.keys() - {"cells"}):
        yield f"notebook {key}", json.dumps(notebook[key], ensure_ascii=False)


def _outputs(file: str, notebook: dict[str, Any]) -> Iterator[Finding]:
    for number, cell in enumerate(notebook["cells"], 1):
        name = cell.get("id", "no id")
        if cell.get("outputs"):
            found = f"{len(cell['outputs'])} cached outputs"
            yield Finding(file, f"cell {number} ({name})", found, REBUILD)
        if cell.get("execution_count") is not None:
            found = f"execution count {cell['execution_count']}"
            yield Finding(file, f"cell {number} ({name})", found, REBUILD)


def _as_notebook(file: str, data: bytes) -> dict[str, Any] | None:
    if not file.endswith(".ipynb"):
        return None
    try:
        notebook = json.loads(data)
    except ValueError:
        return None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        return None
    return notebook


@lru_cache(256)
def _in_file(file: str, data: bytes, secrets: Secrets) -> tuple[Finding, ...]:
    """What is found in a file. Cached: a release is searched before and after it is written."""
    return tuple(_found_in(file, data, secrets))


def _found_in(file: str, data: bytes, secrets: Secrets) -> Iterator[Finding]:
    path = PurePath(file)
    if path.suffix in COMPILED_SUFFIXES or "__pycache__" in path.parts:
        yield Finding(file, "", "a compiled file", f"delete it, or {REBUILD}")
    elif any(_is_compiled(inner) for _, inner in unwrapped(data)):
        yield Finding(file, "", "a compiled file by its first bytes", f"delete it, or {REBUILD}")
    if path.name == SECRET:
        yield Finding(file, "", "the course secret", "delete it, and make a new secret")

    documents: list[tuple[str, bytes]] = []
    notebook = _as_notebook(file, data)
    if notebook is not None:
        yield from _outputs(file, notebook)
        documents += [
            (place, text.encode("utf-8", "replace"))
            for place, text in _notebook_documents(notebook)
        ]
    # The whole file comes last, for what no piece of it has shown.
    seen: set[str] = set()
    for place, document in [*documents, ("", data)]:
        here: set[str] = set()
        for how, inner in unwrapped(document):
            for hit in _hits(inner.decode("utf-8", "replace"), secrets):
                if hit.what in here or (not place and hit.what in seen):
                    continue
                here.add(hit.what)
                where = ", ".join(filter(None, (place, how, f"line {hit.line}")))
                yield Finding(file, where, hit.found, REMOVE)
        seen |= here


def leaks_in(files: Mapping[str, bytes], secrets: Secrets) -> list[Finding]:
    """Which ``secrets`` are in files, given by name."""
    return [
        finding for name, data in sorted(files.items()) for finding in _in_file(name, data, secrets)
    ]


def find_leaks(assignment: Assignment, folder: Path, secrets: Secrets) -> list[Finding]:
    """Everything below a folder that students must not get; ``secrets`` are the assignment's."""
    start = assignment.course.root if folder.is_relative_to(assignment.course.root) else folder
    links: list[Finding] = []
    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(start))
        if path.is_symlink():
            links.append(Finding(name, "", "a link", f"put a file in its place, or {REBUILD}"))
        if path.is_file():
            files[name] = path.read_bytes()
    return [*links, *leaks_in(files, secrets)]
