"""Python code as lines of HTML.

By one pass of a regular expression that takes time in proportion to the text, whatever it holds:
this runs on every submission, in the process that grades. A general lexer such as Pygments takes
ten times as long, which is more than all else that a student's page costs.
"""

from __future__ import annotations

import builtins
import keyword
import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import pairwise

from markupsafe import Markup

# A docstring with fewer lines than this is as quickly read as opened.
FOLDED_LINES = 6

# On escaped text, in which <, > and & are words that mean nothing.
TOKEN = re.compile(
    r"""
    (?P<comment> \#[^\n]* )
  | (?P<string> [rbuRBUfF]{0,2} (?:
        (?P<quotes>\"{3}|'{3}) (?: \\. | (?!(?P=quotes)). )* (?:(?P=quotes))?
      | "(?: \\. | [^"\\\n] )*"?
      | '(?: \\. | [^'\\\n] )*'?
    ))
  | (?P<decorator> ^[ \t]*@[\w.]+ )
  | (?P<defining> \b(?:def|class)[ \t]+ ) (?P<name> \w+ )
  | (?P<number> (?<![\w.])\.?\d[\w.]* )
  | (?P<word> \.?[^\W\d]\w* )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
# c comment, s string, t docstring, d decorator, m number, n name defined, k keyword, b builtin
CLASSES = {"comment": "c", "string": "s", "decorator": "d", "number": "m"}
WORDS = dict.fromkeys([*dir(builtins), "self"], "b") | dict.fromkeys(keyword.kwlist, "k")


@dataclass(frozen=True)
class Lines:
    """Lines of code, each a list item; ``folded`` are those of a docstring after its first."""

    first: int
    count: int
    html: Markup
    folded: bool


@lru_cache(maxsize=256)
def highlight(source: str, first: int = 1) -> tuple[Lines, ...]:
    """The lines of the source, which are numbered from ``first`` on."""
    text = escape(source, quote=False)
    folds: list[tuple[int, int]] = []

    def marked(token: re.Match[str]) -> str:
        kind, found = token.lastgroup, token[0]
        if kind == "word":
            known = WORDS.get(found)
            return f'<i class="{known}">{found}</i>' if known else found
        if kind == "name":
            return f'<i class="k">{token["defining"]}</i><i class="n">{token["name"]}</i>'
        shown = CLASSES[str(kind)]
        if token["quotes"] and _stands_alone(text, token):
            shown = "t"
            if (count := found.count("\n")) >= FOLDED_LINES:
                after = text.count("\n", 0, token.start()) + 1
                folds.append((after, after + count))
        start, end = f'<i class="{shown}">', "</i>"
        return start + found.replace("\n", f"{end}\n{start}") + end

    lines = TOKEN.sub(marked, text).split("\n")
    blocks: list[Lines] = []
    edges = [0, *(edge for fold in folds for edge in fold), len(lines)]
    for number, (begin, end) in enumerate(pairwise(edges)):
        if begin < end:
            items = "".join(f"<li>{line}</li>" for line in lines[begin:end])
            blocks.append(Lines(first + begin, end - begin, Markup(items), number % 2 == 1))
    return tuple(blocks)


def _stands_alone(text: str, token: re.Match[str]) -> bool:
    """Whether nothing else is on the lines of a string, as with a docstring."""
    before = text[text.rfind("\n", 0, token.start()) + 1 : token.start()]
    after = text[token.end() : (text.find("\n", token.end()) + 1 or len(text) + 1) - 1]
    return not before.strip() and not after.strip()
