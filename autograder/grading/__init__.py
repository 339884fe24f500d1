"""Grades one submission, or a class: here, on all cores, or on a cluster."""
