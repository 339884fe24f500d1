"""Requests for another look at a mark, and their answers.

A student hands in a text, which the form on the student's page writes::

    Request for another look
    assignment: rnn
    student: ada
    criterion: the id or the title of a criterion, or PART.written for a part's written answer
    points: 0.1
    reason:
    Why the mark should be another, in any number of lines.

``requests.yaml``, beside the results, keeps one entry for each request. A person fills in the
answer there: ``granted`` (the points) or ``declined`` (why), and ``who``. An entry without
``student`` is a rule: it answers all requests about its criterion that have no answer of their own.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from autograder.course.folders import CourseError
from autograder.course.rubric import Criterion, Part, Rubric
from autograder.course.yaml_files import Lines, read_yaml
from autograder.submissions.text import MAX_TEXT, printable, printable_lines

REQUESTS = "requests.yaml"
HEADING = "Request for another look"
# Of a name, an id or a title in a request, in characters.
MAX_FIELD = 200
FIELD = re.compile(r"^[ \t]*(assignment|student|criterion|points)[ \t]*:(.*)$", re.I | re.M)
REASON = re.compile(r"^[ \t]*reason[ \t]*:", re.I | re.M)
# Where a text box of a platform ends a line.
BREAK = re.compile(r"<\s*(?:br|/p|/div|/li|/h\d)\b[^<>]*>", re.I)
ABOUT = """\
# Requests for another look. Answer one with `granted` (points) or `declined` (why), and `who`;
# a `comment` may say more. An entry without a student is a rule: it answers all requests about its
# criterion that have no answer of their own.
#     - {criterion: ID, granted: POINTS, comment: TEXT, who: NAME}
# Credit for all who share a mistake, whether they ask or not, is set in mistakes.yaml.
"""


@dataclass(frozen=True)
class Subject:
    """What can be asked about: a criterion, or the written answer of a part, which has none.

    ``most`` are the points that it can have, by the checks or by a reader.
    """

    id: str
    title: str
    part: Part
    criterion: Criterion | None
    most: float

    @property
    def by(self) -> str:
        """Who gives these points."""
        return "the checks" if self.criterion else "a reader"


def subjects(rubric: Rubric) -> dict[str, Subject]:
    """All that can be asked about, by id, in the rubric's order."""
    found = []
    for part in rubric.parts():
        if rubric.written_share < 1:
            by_checks = 1 - rubric.written_share
            found += [Subject(o.id, o.title, part, o, o.points * by_checks) for o in part.criteria]
        if rubric.written_share:
            most = part.points * rubric.written_share
            found.append(Subject(f"{part.id}.written", "Written answer", part, None, most))
    return {one.id: one for one in found}


class Asked(msgspec.Struct, frozen=True):
    """What a student wrote, not checked yet. ``points`` is None if no number is given."""

    assignment: str
    student: str
    criterion: str
    points: float | None
    reason: str


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``requests.yaml``: a request and its answer, or a rule.

    ``points`` is the mark at the time of the request. ``source`` says where the request was found,
    and what is doubtful about who wrote it.
    """

    student: str | None = None
    criterion: str | None = None
    points: float | None = None
    reason: str | None = None
    source: str | None = None
    granted: float | None = None
    declined: str | bool | None = None
    comment: str | None = None
    who: str | None = None

    @property
    def is_rule(self) -> bool:
        return self.student is None

    @property
    def is_answered(self) -> bool:
        return self.granted is not None or self.declined is not None

    @property
    def why(self) -> str:
        """Why it is declined, or an empty text. A bare `yes` is no text in YAML."""
        return self.declined if isinstance(self.declined, str) else ""

    @property
    def of(self) -> tuple[str, str]:
        """The student and the criterion."""
        return self.student or "", self.criterion or ""

    def lacks(self) -> tuple[str, str] | None:
        """The key of what is missing or too much in it, and a sentence that says it."""
        if not self.criterion:
            return "", "a criterion is missing; say which this is about"
        if self.is_rule and not self.is_answered:
            return "", (
                "an entry without `student` answers all requests about its criterion; give "
                "`granted` or `declined`, or the student"
            )
        if self.granted is not None and self.declined is not None:
            return "declined", "it is `granted` and `declined`; remove one of them"
        if self.declined is not None and not self.why.strip():
            return "declined", "a reason is missing; say why, for the student reads it"
        if self.is_answered and not (self.who or "").strip():
            return "who", "`who` is missing; say who decided this"
        if (self.who or self.comment) and not self.is_answered:
            return "who", "an answer is missing; give `granted` or `declined`"
        return None


def requests_in(text: str, is_html: bool = False) -> Iterator[Asked]:
    """The requests in a student's text, or in what a platform made of a text box; often none."""
    if is_html:
        text = html.unescape(re.sub(r"<[^<>]*>", "", BREAK.sub("\n", text)))
        text = text.replace("\N{NO-BREAK SPACE}", " ")
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    for block in re.split(rf"^[ \t]*{HEADING}[ \t]*$", lines, flags=re.I | re.M)[1:]:
        found = REASON.search(block)
        above, reason = (block[: found.start()], block[found.end() :]) if found else (block, "")
        fields = {
            name.lower(): printable(value.strip(), MAX_FIELD)
            for name, value in FIELD.findall(above)
        }
        yield Asked(
            fields.get("assignment", ""),
            fields.get("student", ""),
            fields.get("criterion", ""),
            _number(fields.get("points", "")),
            "\n".join(
                line.rstrip() for line in printable_lines(reason, MAX_TEXT).split("\n")
            ).strip(),
        )


def _number(text: str) -> float | None:
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def read_requests(folder: Path) -> tuple[list[Request], Lines | None]:
    """The entries of ``requests.yaml``, and their lines; none where there is no such file.

    Raises CourseError with file and line where it cannot be read.
    """
    file = folder / REQUESTS
    if not file.exists():
        return [], None
    entries: list[Request] | None
    entries, lines = read_yaml(file, list[Request] | None)
    return entries or [], lines


def answers_to(requests: Sequence[Request]) -> Iterator[Request | None]:
    """The answer to each entry: the entry itself, or a rule; None for rules and open requests.

    A rule does not apply to a student who has had an answer and asks again."""
    rules = {one.criterion: one for one in requests if one.is_rule}
    own = {one.of for one in requests if one.is_answered}
    for one in requests:
        if one.is_answered:
            yield None if one.is_rule else one
        else:
            yield rules.get(one.criterion) if one.of not in own else None


def with_requests(folder: Path, new: Sequence[Request]) -> bytes:
    """The contents of ``requests.yaml`` with new requests added at its end.

    Raises CourseError where an entry cannot be added below what is there.
    """
    file = folder / REQUESTS
    before, _ = read_requests(folder)
    text = file.read_text("utf-8") if file.exists() else ABOUT
    text = text if text.endswith("\n") else f"{text}\n"
    text += "".join(f"\n{_entry(one)}" for one in new)
    try:
        after = yaml.safe_load(text)
    except yaml.YAMLError:
        after = None
    if not isinstance(after, list) or len(after) != len(before) + len(new):
        raise CourseError(
            f"{file}: nothing can be added at its end; let each entry begin with `- ` at the start "
            "of a line"
        )
    return text.encode()


class _Dumper(yaml.SafeDumper):
    """Writes several lines as lines, and leaves blank what is to be filled in."""


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
    ),
)
_Dumper.add_representer(
    type(None), lambda dumper, _: dumper.represent_scalar("tag:yaml.org,2002:null", "")
)


def _entry(one: Request) -> str:
    entry = msgspec.structs.asdict(one)
    text: str = yaml.dump([entry], Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=96)
    return text
