"""Grading written answers: a form, a page, and how well readers agree."""
