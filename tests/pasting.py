"""Pastes the code of an example below a submission, as a student would."""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import Any

import numpy as np

from autograder.audit.planting import Planter
from autograder.examples.example import Example


def fails(planter: Planter, cell: str, example: Example) -> bool:
    """Whether the example's code fails below the submission. Below the right one, it must not."""
    outcomes = []
    for sources in ((), (cell,)):
        names: dict[str, Any] = {"__name__": "pasted"}
        for one in planter.submission("ada", *sources).cells:
            with suppress(ModuleNotFoundError):  # the self-check, which is beside the notebook
                exec(one.source, names)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                exec("\n".join(example.code), names)
                outcomes.append(False)
            except Exception:
                outcomes.append(True)
    right, wrong = outcomes
    assert not right, "\n".join(example.code)
    return wrong
