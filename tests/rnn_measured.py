"""What the prose of `rnn` says of its experiments, and where the executed notebook prints it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jupytext

SOURCE = Path(__file__).parent.parent / "solutions" / "rnn" / "rnn.py"
NUMBER = r"-?[\d.]+(?:e-?\+?\d+)?"


def plain(text: str) -> str:
    """Text with single spaces, and without the signs around a measured number."""
    return re.sub(r"\s+", " ", re.sub("[«»]", "", text)).strip()


@cache
def prose() -> str:
    """All that the notebook says in words and formulas, with the model answers."""
    cells = jupytext.read(SOURCE, fmt="py:percent").cells
    return plain(" ".join(cell.source for cell in cells if cell.cell_type == "markdown"))


@dataclass(frozen=True)
class Measured:
    """A number in the prose, and the text that the notebook prints before it.

    Attributes:
        sentence: as it is in the prose; the number is between « and ».
        printed: a pattern whose only group is the measured number.
        within: how far the two may be apart, as a factor; training is not the same everywhere.
        bound: whether the number is one that what was measured stays below.
    """

    sentence: str
    printed: str
    within: float = 1.25
    bound: bool = False

    @property
    def id(self) -> str:
        return re.sub(r"\W+", "-", self.sentence)[:50].strip("-")

    @property
    def number(self) -> float:
        found = re.search("«(.+?)»", self.sentence)
        assert found, self.sentence
        text = found[1].replace("{,}", "").replace(",", "")
        power = re.fullmatch(r"(?:([\d.]+) \\cdot )?10\^\{?(-?\d+)\}?", text)
        return float(power[1] or 1) * 10 ** int(power[2]) if power else float(text)

    def is_shown(self, report: str) -> bool:
        """Whether the notebook that printed this report measured it."""
        found = re.search(self.printed, report, re.DOTALL)
        assert found, self.printed
        measured = float(found[1])
        if self.bound:
            return measured < self.number
        return self.number / self.within <= measured <= self.number * self.within


MEASURED = (
    Measured("After 20 passes the loss was «1.64».", r"one pass, have a mean loss of ([\d.]+)"),
    Measured("After 40 passes the loss was «1.26»", r"after 40 passes, loss ([\d.]+)"),
    Measured("it was «0.91», and every second name was real", r"after 60 passes, loss ([\d.]+)"),
    Measured(
        "after 60 passes the loss of the titles was «1.49»",
        r"o4iw.*?after 60 passes, loss ([\d.]+)",
    ),
    Measured("that of the elements «0.91». Both", r"after 60 passes, loss ([\d.]+)"),
    Measured(
        r"20 steps back $«7 \cdot 10^{-7}»$ of it was left",
        rf"size 0.5: 20 steps back ({NUMBER}) before",
    ),
    Measured(
        "the slopes of tanh alone shorten it, to «0.3»",
        rf"size 1.0: 20 steps back ({NUMBER}) before",
    ),
    Measured(
        "it explodes, to «20» times its length", rf"size 2.0: 20 steps back ({NUMBER}) before"
    ),
    Measured("the mean slope of tanh was «0.53», at 0.5", r"size 2.0:.*?tanh ([\d.]+), then"),
    Measured("at 0.5 it was «0.99»", r"size 0.5:.*?tanh ([\d.]+), then"),
    Measured("20 steps back «0.3», 0.8 and 5", rf"size 0.5:.*?before, ({NUMBER}) after", 2),
    Measured("20 steps back 0.3, «0.8» and 5", rf"size 1.0:.*?before, ({NUMBER}) after", 2),
    Measured("20 steps back 0.3, 0.8 and «5».", rf"size 2.0:.*?before, ({NUMBER}) after", 2),
    *(
        Measured(
            "largest singular value of $W_h$ is then about «3» in all three networks",
            rf"size {size}:.*?largest singular value then ([\d.]+)",
        )
        for size in ("0.5", "1.0", "2.0")
    ),
    Measured("with clipping ended at a loss of «2.85»", r"clipped to 1.0: loss ([\d.]+)"),
    Measured("Without clipping it ended at «14.36»", r"clipped to inf: loss ([\d.]+)", 3),
    Measured("(the mean slope is «0.01»)", r"clipped to inf: .*?slope of tanh ([\d.]+)", 4),
    Measured(
        "less than $«10^{-20}»$ of it is left",
        rf"clipped to inf: .*?20 steps back ({NUMBER})",
        bound=True,
    ),
    Measured(
        "at temperature 0.2, «0.09» of the names were different",
        r"temperature 0.2:.*?([\d.]+) different",
        1.5,
    ),
    Measured("from each other and «0.98» were real", r"temperature 0.2:.*?([\d.]+) in the list"),
    Measured("At 1 it was «0.87» and", r"temperature 1.0:.*?([\d.]+) different"),
    Measured("At 1 it was 0.87 and «0.26»", r"temperature 1.0:.*?([\d.]+) in the list", 1.5),
    Measured("different and «0.02» was real", r"temperature 2.0:.*?([\d.]+) in the list", 3),
    Measured("the perplexity of the names was «2.5»", r"carried: perplexity of the names ([\d.]+)"),
    Measured("at each character it was «13.2»", r"character: perplexity of the names ([\d.]+)"),
    Measured("with a correlation of «0.88»", r"after training: unit \d, correlation -?([\d.]+)"),
    Measured(
        "before training the best had «0.43»", r"before training: unit \d, correlation -?([\d.]+)"
    ),
    Measured("knew the end of «8» of 8 groups", r"next to open at (\d) of 8"),
    Measured("In the group of 12 it did so «7» times", r"up to 8, (\d+) times in the group", 1.5),
    Measured("best («1.67» bits", r"context of 3: [\d,]+ numbers: ([\d.]+)"),
    Measured("worst but one («3.95»)", r"context of 3: .*?text, ([\d.]+)"),
    Measured("best on new text, with «3.25»", r"context of 2: .*?text, ([\d.]+)"),
    Measured("the window of four («2.99»)", r"window of four: .*?text, ([\d.]+)", 1.05),
    Measured("ahead of the RNN («3.08»)", r"RNN: [\d,]+ weights: .*?text, ([\d.]+)", 1.05),
    Measured("the mean over epoch 1 was «528»", r"epoch  1: .*?perplexity +([\d.]+)"),
    Measured("By epoch 24 it had fallen to «4.0»", r"epoch 24: .*?perplexity +([\d.]+)"),
    Measured("it was lowest in epoch «7»", r"lowest in epoch (\d+)"),
    Measured("in epoch 7, at «149»", r"lowest in epoch \d+: ([\d.]+)"),
    Measured("and then rose to «389»", r"epoch 24: .*?held-out text +([\d.]+)"),
    Measured("gap of 5 the share of right answers was «1.00»", r"gap of 5: ([\d.]+) right over"),
    Measured("at a gap of 50 it was «0.24»", r"gap of 50: ([\d.]+) right over"),
    Measured(
        "at the question, «0.04» reached the letter", rf"gap of 5: before training ({NUMBER}) of"
    ),
    Measured(r"$«2 \cdot 10^{-12}»$ at a gap of 50", rf"gap of 50: before training ({NUMBER}) of"),
)
