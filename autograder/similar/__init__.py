"""Finds pieces of code that several students handed in."""
