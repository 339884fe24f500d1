"""Marks and evidence as web pages: one of each student, and one of the class."""
