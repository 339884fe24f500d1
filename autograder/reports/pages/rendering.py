"""Templates into pages: one file each, that asks no host for anything and runs no foreign code."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from autograder.reports.mistakes import points as rounded
from autograder.submissions.text import counted, printable, printable_lines

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """The templates, compiled once in a process.

    What they are given is text: made printable, and escaped.
    """
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_printable,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    style, script = ((TEMPLATES / name).read_text("utf-8") for name in ("page.css", "class.js"))
    made.globals |= {
        "style": Markup(style),
        "script": Markup(script),
        "style_hash": _hash(style),
        "script_hash": _hash(script),
    }
    for name in ("request", "reading"):
        script = (TEMPLATES / f"{name}.js").read_text("utf-8")
        made.globals |= {f"{name}_script": Markup(script), f"{name}_script_hash": _hash(script)}
    made.filters |= {"points": points, "bar": bar, "message": message, "code": code}
    made.filters |= {"counted": counted}
    return made


def _printable(value: object) -> object:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return printable(value, len(value))


def _hash(text: str) -> str:
    """As a content security policy names the one inline text that it lets through."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def page_of(student: str) -> str:
    """The address of a student's page beside the others."""
    return quote(f"{student}.html")


def points(score: float) -> Markup:
    """A number of points, short to read, and exact for a program that reads the page."""
    return Markup(f'<data value="{score!r}">{rounded(score)}</data>')


def message(text: str) -> Markup:
    """A message, with `code` in it shown as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(printable(text)))))


def code(text: str) -> Markup:
    """Lines of code, which stay lines."""
    return escape(printable_lines(text, len(text)))


def bar(share: float) -> Markup:
    """A bar that is filled from the left by this share, 0 to 1."""
    kind = "full" if share >= 1 else "none" if share <= 0 else "some"
    return Markup(
        f'<svg class="bar {kind}" viewBox="0 0 100 1" preserveAspectRatio="none" '
        f'aria-hidden="true"><rect width="{100 * share:.4g}" height="1"/></svg>'
    )
