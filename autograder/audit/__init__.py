"""Measures the grader itself: what it lets pass, what it fails, and what it says.

Everything runs as a submission does: in real workers, by the whole suite.
"""

from __future__ import annotations

from autograder.audit.measuring import Measure, Sizes, run_audit

__all__ = ["Measure", "Sizes", "run_audit"]
