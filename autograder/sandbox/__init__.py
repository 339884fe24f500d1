"""Runs a student's code in a process of its own, shut in, with deadlines."""
