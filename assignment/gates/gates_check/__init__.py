"""Checks your work on your own machine; nothing is sent anywhere.

In the notebook:   predict("1a")            asks what a small call returns; it is not marked
                   check("1a")              runs the checks of a part
                   gradient_check(f, x, g)  compares a gradient with small steps
                   self_test()              asks concept questions that are not marked
                   hand_in()                looks at the saved file before you hand it in
                   hand_in(pdf=True)        also writes your answers and figures as a PDF
In a terminal:     python -m gates_check      runs the checks of all parts; -h shows more
                   python -m gates_check --watch   runs them at each save
                   pytest                   does the same, as tests

The checks are in checks.py, and can be read. Where your work is graded, it is asked on other
inputs too. What you change in this folder changes nothing of what is graded.
"""

import warnings
from pathlib import Path

from .engine.self_check.command import NotYet, SelfCheck
from .engine.self_check.gradient import gradient_check

with warnings.catch_warnings():  # pytest, where it is running, does not know the marks
    warnings.simplefilter("ignore")
    from . import checks

self_check = SelfCheck(Path(__file__).parent, vars(checks))
check = self_check.check
predict = self_check.predict
hand_in = self_check.hand_in
self_test = self_check.self_test
run_part = self_check.run_part
criteria = self_check.criteria
assert_criterion = self_check.assert_criterion
