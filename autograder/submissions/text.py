"""Text that a stranger wrote, made fit to be read: in one line, printable, and short.

Where such text is shown it is also escaped, as that place needs it. This comes first.
"""

from __future__ import annotations

import re
import unicodedata

# Of a message, in characters. What is longer is cut, and ends in CUT.
MAX_TEXT = 2_000
CUT = "…"
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"
# More of these above and below one letter would cover the lines around it.
MAX_MARKS = 4
# What `str.isprintable` lets through although it is invisible.
BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# Where a program that opens a table takes a text for a formula: at its start, and after a
# semicolon, which ends a cell where numbers have a comma. Also as East Asian wide characters.
FORMULA = re.compile(r"(?:^|(?<=;))(?=\s*[=+\-@＝＋－＠])")
NEWLINE = re.compile("\r\n|\r|\n")


def printable(text: str, length: int = MAX_TEXT) -> str:
    """The text in one line of at most ``length`` characters, all of which can be seen.

    White space becomes a space. What acts on a terminal, turns the direction of writing, or has no
    shape becomes U+FFFD. Does nothing more to text that it has been through.
    """
    shown = text[:length]
    if not (shown.isascii() and shown.isprintable()):
        shown = "".join(_seen(shown))
    return shown if len(text) <= length else shown[: length - len(CUT)] + CUT


def printable_lines(text: str, length: int) -> str:
    """The same of text in several lines, which stay: at most ``length`` characters in all."""
    lines = NEWLINE.split(text[:length])
    shown = "\n".join(printable(line.expandtabs(), length) for line in lines)
    return shown if max(len(text), len(shown)) <= length else shown[: length - len(CUT)] + CUT


def counted(number: float, one: str) -> str:
    """A number of things, such as "1 submission" or "0.4 points"."""
    return f"{number:.12g} {one}{'s' * (number != 1)}"


def no_formula(text: str) -> str:
    """The text as a cell of a table, which no spreadsheet takes for a formula."""
    return FORMULA.sub("'", text)


def _seen(text: str) -> list[str]:
    shown: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if char.isspace():
            shown.append(" ")
        elif not char.isprintable() or marks > MAX_MARKS or BLANK.match(char):
            shown.append(UNPRINTABLE)
        else:
            shown.append(char)
    return shown


def decode(data: bytes) -> str:
    """The text of a file, whatever it was saved as."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # Whatever it is, the code in it is ASCII.
        return data.decode("cp1252", "replace")
