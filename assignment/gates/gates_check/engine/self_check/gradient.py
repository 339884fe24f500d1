"""A numeric gradient, to compare one's own with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

MAX_ENTRIES = 200
CLOSE = 1e-5
# Gradients smaller than this are lost in the rounding of the loss.
SMALLEST = 1e-4


def gradient_check(
    f: Callable[[Any], float], x: Any, grad: Any, step: float = 1e-5, shown: int = 4
) -> float:
    """Compares a gradient with small steps of each entry, and prints how well they agree.

        grad[i] is about (f(x + step e_i) - f(x - step e_i)) / (2 step)

    Works for any function of one array, such as the loss as a function of W_h:

        def loss(W_h):
            return np.sum(dh_t * f(x_t, h_prev, W_x, W_h, b_h))

        gradient_check(loss, W_h, dW_h)

    Args:
        f: takes an array of the shape of ``x``, returns a number.
        x: where the gradient is taken, floats of any shape; it is not modified.
        grad: the gradient to check, of the same shape.
        step: how far each entry is moved. Much smaller or larger ones are less precise.
        shown: how many of the entries that differ are printed.

    Returns:
        The largest difference, relative to the largest entry. Below 1e-5 all is well. Of an array
        of more than 200 entries, 200 drawn at random are checked.
    """
    x, grad = np.array(x, dtype=float), np.asarray(grad, dtype=float)
    if grad.shape != x.shape:
        print(f"the gradient has the shape {grad.shape}, and x the shape {x.shape}")
        return float("inf")
    entries = np.arange(x.size)
    if x.size > MAX_ENTRIES:
        entries = np.sort(np.random.default_rng(0).permutation(x.size)[:MAX_ENTRIES])
    slopes = np.zeros(len(entries))
    for number, entry in enumerate(entries):
        sides = []
        for moved_by in (step, -step):
            moved = x.copy()
            moved.flat[entry] += moved_by
            sides.append(float(f(moved)))
        slopes[number] = (sides[0] - sides[1]) / (2 * step)
    given = grad.ravel()[entries]
    largest = max(float(np.abs(slopes).max(initial=0.0)), SMALLEST)
    differences = np.nan_to_num(np.abs(given - slopes), nan=np.inf) / largest
    worst = float(differences.max(initial=0.0))
    bad = np.flatnonzero(differences >= CLOSE)
    verdict = "agrees" if not len(bad) else f"{len(bad)} of {len(entries)} entries differ"
    print(f"gradient of the shape {x.shape}: {verdict} (largest difference {worst:.1e})")
    for number in bad[:shown]:
        place = ", ".join(str(i) for i in np.unravel_index(int(entries[number]), x.shape))
        print(f"  [{place}] yours {given[number]:.6g}, by small steps {slopes[number]:.6g}")
    return worst
