"""Marks as other systems take them in."""
