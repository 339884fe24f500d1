"""Known wrong ways: each a small wrong implementation, with a name and a hint."""

from __future__ import annotations

from autograder.misconceptions.library import Misconception, library

__all__ = ["Misconception", "library"]
