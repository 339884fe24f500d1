"""Runs the checks on a submission, and says what was seen: the evidence."""
