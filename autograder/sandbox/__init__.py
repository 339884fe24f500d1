"""Runs a student's code in a confined process, with deadlines."""
