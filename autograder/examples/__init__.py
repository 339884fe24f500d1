"""Finds the smallest call that shows a mistake, from inputs that anyone may see."""
