"""Lets plain `pytest` in this folder run the checks on gates.ipynb or gates.py."""

import gates_check
import pytest


@pytest.mark.parametrize("criterion", gates_check.criteria())
def test_criterion(criterion: str) -> None:
    try:
        gates_check.assert_criterion(criterion)
    except gates_check.NotYet as reason:
        pytest.fail(str(reason), pytrace=False)
