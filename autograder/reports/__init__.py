"""Marks and evidence as files and tables."""
