"""Known wrong ways: each a small wrong implementation, with a name and a hint."""

from __future__ import annotations

from autograder.misconceptions.library import (
    Library,
    Misconception,
    load_library,
    misconception,
)
from autograder.misconceptions.right import Right, piece

__all__ = ["Library", "Misconception", "Right", "load_library", "misconception", "piece"]
