"""Misconceptions of Task 02."""
