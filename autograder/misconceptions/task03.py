"""Misconceptions of Task 03."""
