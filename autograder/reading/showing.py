"""A student's answer as inert HTML: its text, formulas and pictures."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

from autograder.submissions.text import printable, printable_lines

# Of one answer in characters; of a notebook that is searched for pictures, and of one answer's
# pictures, in bytes.
MAX_ANSWER = 10_000
MAX_FILE, MAX_PICTURES = 32 << 20, 4 << 20
# Of a formula that is drawn, in characters, and the units in which it is drawn: an em, and how far
# above the line the middle of a small letter is.
MAX_FORMULA, EM, MIDDLE = 300, 10, 2.5
# Of one answer: to draw one takes a hundredth of a second.
MAX_FORMULAS = 50
CLOSE = 79
COMMANDS = {1: "M", 2: "L", 3: "Q", 4: "C", CLOSE: "Z"}
STARTS = {"png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff", "gif": b"GIF8"}
DATA = re.compile(r"\]\(\s*<?data:image/\w+;base64,([A-Za-z0-9+/=\s]*)>?\s*\)")
ATTACHED = re.compile(r"\]\(\s*<?attachment:([^)\s>]+)>?[^)]*\)")

# A cell's text, and the pictures in it by name, in base 64.
CellPictures = tuple[str, Mapping[str, str]]


def pictures_in(path: Path) -> list[CellPictures]:
    """The cells of a notebook that pictures are attached to; none of a file that is too large."""
    try:
        if path.suffix != ".ipynb" or path.stat().st_size > MAX_FILE:
            return []
        cells = json.loads(path.read_bytes())["cells"]
        return [(_text(one["source"]), _attached(one)) for one in cells if one.get("attachments")]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []


def _text(source: Any) -> str:
    return source if isinstance(source, str) else "".join(source)


def _attached(cell: dict[str, Any]) -> dict[str, str]:
    found = {}
    for name, kinds in cell["attachments"].items():
        for data in kinds.values():
            found[name] = _text(data)
    return found


def as_html(answer: str, cells: Sequence[CellPictures] = ()) -> Markup:
    """The answer for a page. Links are text, and pictures come from the answer itself."""
    pictures: list[str] = []
    room = MAX_PICTURES

    def take(data: str) -> str:
        nonlocal room
        picture = _picture(data) if len(data) <= room else ""
        room -= len(picture)
        pictures.append(picture)
        return f"](picture:{len(pictures) - 1})"

    def attached(found: re.Match[str]) -> str:
        name = unquote(found[1])
        own = (kept[name] for text, kept in cells if name in kept and _is_in(text, answer))
        return take(next(own, ""))

    text = DATA.sub(lambda found: take(found[1]), answer)
    text = ATTACHED.sub(attached, text)
    shown = _markdown().render(
        printable_lines(text, MAX_ANSWER), {"pictures": pictures, "drawn": []}
    )
    if len(text) > MAX_ANSWER:
        shown += "<p><em>The rest of this answer is left out; it is in the file.</em></p>"
    return Markup(shown)


def _is_in(text: str, answer: str) -> bool:
    """Whether an answer is made of this cell, by the lines in which it has its pictures."""
    lines = [line.strip() for line in text.split("\n") if "attachment:" in line]
    own = {line.strip() for line in answer.split("\n")}
    return bool(lines) and own.issuperset(lines)


def _picture(data: str) -> str:
    """The address of a picture that holds it; empty for anything but a picture."""
    try:
        content = base64.b64decode(re.sub(r"\s", "", data), validate=True)
    except (binascii.Error, ValueError):
        return ""
    for kind, start in STARTS.items():
        if content.startswith(start):
            return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    return ""


@cache
def _markdown() -> MarkdownIt:
    made = MarkdownIt("js-default", {"html": False, "linkify": False})
    made.use(dollarmath_plugin, double_inline=True)
    for kind in ("math_inline", "math_inline_double", "math_block", "math_block_label"):
        made.add_render_rule(kind, _formula)
    # A link, and the text that it would hide, are read as they were written.
    made.disable(["link", "autolink", "reference"])
    made.add_render_rule("image", _image)
    for kind in ("heading_open", "heading_close"):
        made.add_render_rule(kind, _heading)
    return made


def _formula(
    self: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    """The formula drawn, where it can be; else as it was written."""
    source = " ".join(tokens[at].content.split())
    drawn = ""
    if len(source) <= MAX_FORMULA and len(env["drawn"]) < MAX_FORMULAS:
        drawn = _drawn(source)
        env["drawn"].append(source)
    shown = drawn or f'<code class="formula">{escape(source)}</code>'
    return shown if tokens[at].type.startswith("math_inline") else f"<p>{shown}</p>\n"


@lru_cache(10_000)
def _drawn(source: str) -> str:
    # Only here, since it takes long to load.
    from matplotlib.textpath import TextPath

    logging.getLogger("matplotlib.mathtext").setLevel(logging.ERROR)
    try:
        path = TextPath((0, 0), f"${source}$", size=EM)
    except Exception:  # it is not made for what strangers write, and the source is at hand
        return ""
    if not len(path.vertices):
        return ""
    steps = [
        COMMANDS[int(code)] + " ".join(f"{n:.2f}" for n in (() if code == CLOSE else corners))
        for corners, code in path.iter_segments(simplify=False)
    ]
    (left, low), (right, high) = path.get_extents().get_points()
    # A page can put the middle of it where the middle of a small letter is.
    half, width = max(high - MIDDLE, MIDDLE - low) + 1, right - left + 1
    box = f"{left - 0.5:.2f} {-half:.2f} {width:.2f} {2 * half:.2f}"
    return (
        f'<svg class="formula" role="img" aria-label="{escape(source)}" viewBox="{box}" '
        f'width="{width / EM:.2f}em" height="{2 * half / EM:.2f}em"><title>{escape(source)}</title>'
        f'<path transform="translate(0 {MIDDLE}) scale(1 -1)" d="{"".join(steps)}"/></svg>'
    )


def _image(
    self: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    token = tokens[at]
    name = escape(printable(token.content))
    number = re.fullmatch(r"picture:(\d{1,4})", str(token.attrs.get("src", "")))
    pictures = env["pictures"]
    if number and int(number[1]) < len(pictures) and (address := pictures[int(number[1])]):
        return f'<img src="{address}" alt="{name}">'
    return f'<span class="left-out">(a picture is left out: {name or "no name"})</span>'


def _heading(
    self: RendererProtocol, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    return '<p class="heading">' if tokens[at].type == "heading_open" else "</p>\n"
