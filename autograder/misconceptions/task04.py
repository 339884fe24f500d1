"""Misconceptions of Task 04."""
