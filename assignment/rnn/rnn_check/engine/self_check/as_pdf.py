"""The written questions and their answers, with formulas and figures, as a PDF.

Matplotlib writes it, which the experiments need anyway: no LaTeX, no browser.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from .reading import notebook_of

# In points: A4, and what is left free around the text.
WIDTH, HEIGHT, MARGIN = 595.0, 842.0, 64.0
INSIDE = WIDTH - 2 * MARGIN
SIZE, HEADING, SMALL = 10.5, 13.0, 8.5
LEADING = 1.45
# Where a script's figures are.
DRAWN = "figures"
MOST_FIGURES, MOST_WORDS = 60, 60_000

Style = Literal["plain", "bold", "italic", "code", "math"]
INLINE = re.compile(
    r"\$\$(?P<display>.+?)\$\$|\$(?P<math>[^\s$](?:[^$]*[^\s$])?)\$(?!\d)"
    r"|\*\*(?P<bold>[^*]+)\*\*|(?<![\w*])\*(?P<italic>[^\s*][^*]*)\*(?![\w*])|`(?P<code>[^`]+)`",
    re.DOTALL,
)


class NoPdf(Exception):
    """The PDF cannot be written; says what to do."""


@dataclass(frozen=True)
class Figure:
    """A figure of a notebook with the last heading above it, or of a script with its name."""

    heading: str
    png: bytes


def figures_of(path: Path) -> Iterator[Figure]:
    """The figures in the outputs of a saved notebook, or those that a script has drawn."""
    notebook, heading = notebook_of(path), ""
    if notebook is None:
        drawn = (path.parent / DRAWN).glob("*.png")
        for file in sorted(drawn, key=lambda one: (one.stat().st_mtime_ns, one.name)):
            yield Figure(file.stem.replace("_", " "), file.read_bytes())
    for cell in notebook["cells"] if notebook else ():
        if cell.get("cell_type") == "markdown":
            found = re.findall(r"^#+ +(.+)$", "".join(cell.get("source", "")), re.MULTILINE)
            heading = found[-1] if found else heading
        for output in cell.get("outputs", ()):
            data = output.get("data", {}).get("image/png", "")
            try:
                png = base64.b64decode("".join(data), validate=False)
            except (binascii.Error, ValueError):
                continue
            if png:
                yield Figure(heading, png)


def write_pdf(
    file: Path,
    title: str,
    questions: Mapping[str, str],
    answers: Mapping[str, str],
    figures: Sequence[Figure],
) -> bool:
    """Writes questions and answers by part, then the figures.

    Returns whether the fonts have all characters; one that they lack is a box in the PDF.
    Raises NoPdf where matplotlib is missing, or the file cannot be written.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _write(file, title, questions, answers, figures)
    return not any("missing from font" in str(one.message) for one in caught)


def _write(
    file: Path,
    title: str,
    questions: Mapping[str, str],
    answers: Mapping[str, str],
    figures: Sequence[Figure],
) -> None:
    try:
        pages = _Pages(title)
    except ImportError as missing:
        raise NoPdf(
            f"A PDF needs {missing.name}, which is not installed: python -m pip install matplotlib"
        ) from None
    pages.text(f"**{title}**", HEADING)
    for part, question in questions.items():
        pages.gap(1.2)
        pages.keep(6)
        pages.markdown(question)
        pages.gap(0.5)
        pages.bar_from_here()
        pages.markdown(answers.get(part) or "*No answer.*")
        pages.bar_to_here()
    for number, one in enumerate(figures[:MOST_FIGURES], start=1):
        pages.figure(one.png, f"Figure {number}. {one.heading}")
    if len(figures) > MOST_FIGURES:
        more = len(figures) - MOST_FIGURES
        figures_are = "1 more figure is" if more == 1 else f"{more} more figures are"
        pages.text(f"*{figures_are} in the notebook.*")
    try:
        pages.save(file)
    except OSError as error:
        raise NoPdf(f"{file}: cannot be written ({error.strerror}); close it elsewhere") from None


@dataclass(frozen=True)
class _Word:
    """What is not broken at the end of a line. One that is ``joined`` has no space before it."""

    text: str
    style: Style
    joined: bool = False


@dataclass
class _Page:
    """Texts at their places from the lower left corner, in points, bars, and pictures."""

    texts: list[tuple[float, float, str, Style, float]] = field(default_factory=list)
    bars: list[tuple[float, float]] = field(default_factory=list)
    pictures: list[tuple[float, float, float, float, Any]] = field(default_factory=list)


class _Pages:
    """Lays text out line by line, on as many pages as it needs."""

    def __init__(self, title: str) -> None:
        import matplotlib.backends.backend_pdf
        import matplotlib.textpath

        self._title = title
        self._measure = matplotlib.textpath.text_to_path.get_text_width_height_descent
        self._sizes: dict[tuple[str, Style, float], tuple[float, float, float]] = {}
        self._pages = [_Page()]
        self._y = HEIGHT - MARGIN
        self._bar: float | None = None
        self._words = 0

    @cached_property
    def _fonts(self) -> dict[Style, Any]:
        from matplotlib.font_manager import FontProperties

        return {
            "plain": FontProperties(family="DejaVu Serif"),
            "math": FontProperties(family="DejaVu Serif", math_fontfamily="dejavuserif"),
            "bold": FontProperties(family="DejaVu Serif", weight="bold"),
            "italic": FontProperties(family="DejaVu Serif", style="italic"),
            "code": FontProperties(family="DejaVu Sans Mono"),
        }

    # -- places ---------------------------------------------------------------------------------

    def gap(self, lines: float) -> None:
        """Leaves lines free, but not at the top of a page."""
        if self._y < HEIGHT - MARGIN:
            self._y -= lines * SIZE * LEADING

    def keep(self, lines: float) -> None:
        """Begins a new page unless so many lines fit."""
        if self._y - lines * SIZE * LEADING < MARGIN:
            self._new_page()

    def _new_page(self) -> None:
        bar = self._bar is not None
        self.bar_to_here()
        self._pages.append(_Page())
        self._y = HEIGHT - MARGIN
        if bar:
            self.bar_from_here()

    def bar_from_here(self) -> None:
        """Begins a bar beside the text."""
        self._bar = self._y

    def bar_to_here(self) -> None:
        if self._bar is not None:
            self._pages[-1].bars.append((self._bar, self._y))
        self._bar = None

    # -- text -----------------------------------------------------------------------------------

    def markdown(self, text: str) -> None:
        """Paragraphs, lists, tables, code and formulas; of all else, the text as it is."""
        fenced = False
        paragraph: list[str] = []

        def flush() -> None:
            if paragraph:
                self.text(" ".join(paragraph))
                self.gap(0.4)
            paragraph.clear()

        for line in text.expandtabs(4).split("\n"):
            if line.strip().startswith("```"):
                flush()
                fenced = not fenced
            elif fenced or line.startswith(("    ", "|")):
                flush()
                self._code(line)
            elif not line.strip():
                flush()
            elif heading := re.match(r"#+ +(.*)", line):
                flush()
                self.text(f"**{heading[1]}**", SIZE + 1)
            elif item := re.match(r"\s*([-*+]|\d+[.)])\s+(.*)", line):
                flush()
                mark = item[1] if item[1][0].isdigit() else "•"
                paragraph.append(f"{mark} {item[2]}")
            else:
                paragraph.append(line.strip())
        flush()

    def _code(self, line: str) -> None:
        for piece in textwrap.wrap(line, 76, drop_whitespace=False) or [""]:
            self._line([_Word(piece, "code")], SMALL)

    def text(self, text: str, size: float = SIZE) -> None:
        """A paragraph, with bold, italics, code and formulas in it."""
        line: list[_Word] = []
        width = 0.0
        for word in self._split(text, size):
            space = self._width(_Word("n", "plain"), size) * 0.45 if line and not word.joined else 0
            own = self._width(word, size)
            if line and width + space + own > INSIDE:
                self._line(line, size)
                line, width, space = [], 0.0, 0.0
            line.append(word)
            width += space + own
        if line:
            self._line(line, size)

    def _split(self, text: str, size: float) -> Iterator[_Word]:
        end = 0
        for match in INLINE.finditer(text):
            yield from self._plain(text[end : match.start()], "plain", end > 0, size)
            start_joined = match.start() > 0 and not text[match.start() - 1].isspace()
            end = match.end()
            style = str(match.lastgroup)
            inside = match[style]
            if style in ("math", "display"):
                formula = f"${' '.join(inside.split())}$"
                if style == "display":
                    formula = formula.replace(r"\frac", r"\dfrac")
                if self._is_formula(formula):
                    yield _Word(formula, "math", start_joined)
                else:
                    yield from self._plain(match[0], "code", start_joined, size)
            else:
                yield from self._plain(inside, style, start_joined, size)
        yield from self._plain(text[end:], "plain", end > 0, size)

    def _plain(self, text: str, style: Any, joined: bool, size: float) -> Iterator[_Word]:
        """Words, those that are too long for a line in pieces."""
        joined = joined and bool(text) and not text[0].isspace()
        for word in text.split():
            self._words += 1
            if self._words > MOST_WORDS:
                return
            fits = max(int(INSIDE / size / 0.7), 1)
            for start in range(0, len(word), fits):
                piece = "".join(c if c.isprintable() else " " for c in word[start : start + fits])
                yield _Word(piece, style, joined or start > 0)
                joined = False

    def _is_formula(self, text: str) -> bool:
        """Whether matplotlib can set it."""
        try:
            self._width(_Word(text, "math"), SIZE)
        except (ValueError, RuntimeError):
            return False
        return True

    def _size(self, word: _Word, size: float) -> tuple[float, float, float]:
        key = (word.text, word.style, size)
        if key not in self._sizes:
            font = self._fonts[word.style].copy()
            font.set_size(size)
            is_math = word.style == "math"
            self._sizes[key] = self._measure(word.text, font, ismath=is_math)
        return self._sizes[key]

    def _width(self, word: _Word, size: float) -> float:
        return self._size(word, size)[0]

    def _line(self, words: Sequence[_Word], size: float) -> None:
        """Puts one line below the last one; higher where a formula in it is."""
        sizes = [self._size(word, size) for word in words]
        above = max([size, *(height - depth for _, height, depth in sizes)])
        below = max([size * (LEADING - 1), *(depth + 2 for _, _, depth in sizes)])
        if self._y - above - below < MARGIN:
            self._new_page()
        self._y -= above
        x = MARGIN
        space = self._width(_Word("n", "plain"), size) * 0.45
        for place, (word, (width, _, _)) in enumerate(zip(words, sizes, strict=True)):
            x += space if place and not word.joined else 0
            self._pages[-1].texts.append((x, self._y, word.text, word.style, size))
            x += width
        self._y -= below

    # -- figures and the file -------------------------------------------------------------------

    def figure(self, png: bytes, caption: str) -> None:
        """A picture as wide as it is, at most as wide as the text, with what it is called."""
        from matplotlib.image import imread

        try:
            picture = imread(io.BytesIO(png), format="png")
        except Exception:  # an output that only calls itself a picture
            return
        rows, columns = picture.shape[:2]
        scale = min(0.6, INSIDE / columns, 0.8 * (HEIGHT - 2 * MARGIN) / rows)
        width, height = columns * scale, rows * scale
        self.gap(1)
        if self._y - height - 3 * SIZE * LEADING < MARGIN:
            self._new_page()
        self._y -= height
        self._pages[-1].pictures.append((MARGIN, self._y, width, height, picture))
        self.gap(0.3)
        self.text(caption, SMALL)

    def save(self, file: Path) -> None:
        from matplotlib import rc_context
        from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages
        from matplotlib.figure import Figure as Sheet
        from matplotlib.lines import Line2D

        settings: Any = {"pdf.fonttype": 42, "text.usetex": False}
        data = io.BytesIO()
        with rc_context(settings), PdfPages(data, metadata={"Title": self._title}) as pdf:
            for number, page in enumerate(self._pages, start=1):
                sheet = Sheet(figsize=(WIDTH / 72, HEIGHT / 72))
                FigureCanvasPdf(sheet)
                foot = f"{number} / {len(self._pages)}"
                page.texts.append((WIDTH / 2, MARGIN / 2, foot, "plain", SMALL))
                for x, y, text, style, size in page.texts:
                    font = self._fonts[style].copy()
                    font.set_size(size)
                    put = sheet.text(x / WIDTH, y / HEIGHT, text, fontproperties=font)
                    put.set_parse_math(style == "math")
                    put.set_verticalalignment("baseline")
                for top, bottom in page.bars:
                    x = (MARGIN - 10) / WIDTH
                    ends = [top / HEIGHT, bottom / HEIGHT]
                    sheet.add_artist(Line2D([x, x], ends, color="0.7", linewidth=1.5))
                for x, y, width, height, picture in page.pictures:
                    place = (x / WIDTH, y / HEIGHT, width / WIDTH, height / HEIGHT)
                    axes = sheet.add_axes(place)
                    axes.imshow(picture, aspect="auto")
                    axes.set_axis_off()
                pdf.savefig(sheet)
        file.write_bytes(data.getvalue())
