"""Formulas of the prose are LaTeX, and neither Markdown nor a code block takes them apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import jupytext
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from autograder.course.folders import Course

COURSE = Course(Path(__file__).parent.parent)
MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, double_inline=True)

# The name of an array, such as h_t or dW_x: in code it is fine, as a letter of a formula it is not.
LETTER = r"[A-Za-z]{1,2}(?:_\w+)?"
IN_WORDS = re.compile(
    rf"\$|\^|[_^]\{{|(?<![\w`]){LETTER} [=*/+] |`{LETTER}` [=*/+] |(?<![\w`])[A-Za-z]{{1,2}}_\w"
    r"|[\d)] [*/+=] [\d(-]|\d[*]\d|\de-\d|\b(?:tanh|exp|sqrt|sigmoid)\(|\blog \d"
)
# Beside names and calls, code of the prose holds no arithmetic.
IN_CODE = re.compile(r"\$|[_^]\{|[*^+]|\s[-/=|]\s|\w_\w+ [A-Za-z(]")


def _in_words(child: Token) -> str:
    if child.type == "code_inline":
        return f"`{child.content}`" if re.fullmatch(LETTER, child.content) else "``"
    return child.content if child.type == "text" else " "


def ascii_formulas(markdown: str) -> Iterator[str]:
    """What of a cell is a formula, or a dollar sign, outside of the formulas in LaTeX."""
    for token in MARKDOWN.parse(markdown):
        children = token.children or []
        code = [child.content for child in children if child.type == "code_inline"]
        if token.type in ("code_block", "fence") and not token.info:
            code.append(token.content)
        yield from (one for one in code if IN_CODE.search(one))
        yield from (found[0] for found in IN_WORDS.finditer("".join(map(_in_words, children))))


@pytest.mark.parametrize("name", COURSE.names())
def test_every_formula_of_the_prose_is_latex(name: str) -> None:
    cells = jupytext.read(COURSE.assignment(name).source, fmt="py:percent").cells
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert not [found for one in prose for found in ascii_formulas(one)]
    assert all(one.count("$") % 2 == 0 for one in prose)
    assert sum(one.count("$") for one in prose) > 200


@pytest.mark.parametrize(
    "formula",
    [
        "From c_t to `c_prev`.",
        "Its slope is 1 - h^2.",
        "With E = H = 2 it is larger.",
        "Here `dh_t` = 1.",
        "- entry 0: 1 * 0.32",
        "A mean of (0.6 + 1.3) / 2.",
        "It is tanh(0.5).",
        "About 3e-07 is left.",
        "A loss of log 4 nats.",
        "Together `dc = dc_t + dh_t`.",
        "The product `h_{t-1} W_h`.",
        "The product `x_t W_x`.",
        "All `N*T` predictions.",
        "It is `1 - z`.",
        "The weights:\n\n    W_h = [ 0.5  1.0 ]\n",
        "```\nz = [i | f]\n```",
        "A formula in code: `$h_t$`.",
        "One that never ends: $h_t and more.",
        # A cell of a table ends at the bar.
        "| a | b |\n|---|---|\n| $P(a|n)$ | 1 |",
    ],
)
def test_a_formula_that_is_not_latex_is_found(formula: str) -> None:
    assert list(ascii_formulas(formula))


@pytest.mark.parametrize(
    "prose",
    [
        "$h_{t-1} W_h$ and $0.8^{20} = 0.012$, **not $W_h$**, of the shape (N,4H).",
        "1. In a list:\n   $$c_t = f \\odot c_{t-1}$$\n2. `c_t` is `c_prev` later.",
        "| $z$ | `W_h` |\n|---|---|\n| $P(a \\mid n)$ | -1 |",
        'Try `predict("2a", [1, 2])`, `np.exp(10000)` or `python -m gates_check --hand-in`.',
        "With `max_length` = 1 and `batch_first=True`.",
        "```python\nz = x_t @ W_x + b\n```",
    ],
)
def test_latex_names_and_calls_are_fine(prose: str) -> None:
    assert not list(ascii_formulas(prose))
