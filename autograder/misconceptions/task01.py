"""Misconceptions of Task 01."""
