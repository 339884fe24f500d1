"""What a page of nbgrader's may make of a student's cells: text and code to read, nothing else.

Formgrader and feedback put into a browser what a graded notebook holds: raw HTML, pictures from
anywhere, any link. An instructor who looks at it is logged in.
"""

from __future__ import annotations

import re

from autograder.nbgrader.rebuild import Notebook
from autograder.submissions.text import printable, printable_lines

# Of one cell of text, of all of them, and of all cells of code, in characters; and of one line of
# code. Beyond this a page takes long to be drawn, and nobody reads it there.
MAX_MARKDOWN, MAX_TEXTS, MAX_CODE, MAX_LINE = 10_000, 50_000, 100_000, 300
IMAGE = "(image left out) "
INVISIBLE = "\u200b"
# Tags that do nothing beyond their own cell, and addresses that only lead somewhere.
HARMLESS_TAG = r"/?(?:br|kbd|sub|sup)\s*/?>"
HARMLESS_ENTITY = r"(?:amp|gt|lt|nbsp|quot);"
ACTING = r"(?:bbox|class|cssid|data|href|includegraphics|mmltoken|require|style|url)(?![a-z])"
# Where an invisible character keeps Markdown, HTML or MathJax from seeing more than text.
BREAKS = re.compile(
    rf"""<(?=[a-z/!?])(?!{HARMLESS_TAG})               # a tag
    | &(?=\#|[a-z][a-z0-9]*;)(?!{HARMLESS_ENTITY})    # any other character by its name
    | (?<=\])(?=\(\s*<?(?!https?://|mailto:|\#|\s))  # the address of a link
    | (?<=\])(?=:\s*<?(?!https?://|mailto:|\s))      # the same, at the end of the text
    | \\(?={ACTING})                                 # a formula that does more than be there
    | (?:`{{3}}|~{{3}})[ ]*(?=mermaid)                 # a drawing, made by a script
    | (?<![^\s>])\#{{1,6}}[ ]*(?=[^\s\#])             # a heading: its text would be its id
    | ^[ >]*(?=(?:=+|-+)[ ]*$)                       # the same, underlined
    """,
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)


def make_harmless(notebook: Notebook) -> None:
    """Makes a rebuilt notebook fit to be shown: the cells that students write or add."""
    text, code = MAX_TEXTS, MAX_CODE
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader")
        if about and not about["solution"]:
            continue
        if cell.cell_type == "markdown":
            cell.source = harmless(cell.source, min(text, MAX_MARKDOWN))
            text = max(0, text - len(cell.source))
        else:
            lines = (
                printable(line.rstrip().expandtabs(), MAX_LINE) for line in cell.source.split("\n")
            )
            cell.source = _cut("\n".join(lines), code, "# ")
            code = max(0, code - len(cell.source))


def harmless(markdown: str, length: int = MAX_MARKDOWN) -> str:
    """A student's Markdown, with which a page does no more than show it.

    nbgrader's pages put raw HTML, pictures from anywhere and any link into the instructor's
    browser. Here, a character that nobody sees makes text of them. Formulas, tables, code, links to
    the web and headings stay.
    """
    text = _cut(markdown, length).replace("![", f"{IMAGE}[")
    return BREAKS.sub(lambda found: found[0] + INVISIBLE, text)


def _cut(text: str, length: int, start: str = "") -> str:
    if len(text) <= length:
        return printable_lines(text, len(text))
    note = f"{start}(The rest of this cell is left out; it is in the file as handed in.)"
    return f"{printable_lines(text, length)}\n\n{note}"
