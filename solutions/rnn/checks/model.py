"""What a ``CharRNN`` must answer, given the parameters that it has.

Its own parameters are taken as they are, so that a layer that is missing a bias or appears twice is
no mistake of ``forward``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.agree import SINGLE, Array, Disagreement, as_array, entry
from autograder.checks.inputs import Rng, uniform

RETURNED = ("logits", "h")
# Far above the sizes that are ever asked for: what is computed from a model's parameters grows with
# their number and with the length of each axis, and a student may choose both.
MAX_PARAMETERS, MAX_SIZE = 64, 4096


@dataclass(frozen=True)
class Setting:
    """How an RNN layer is set up, as far as its parameters do not show it."""

    relu: bool = False
    time_first: bool = False

    def __str__(self) -> str:
        parts = ["uses relu in place of tanh"] * self.relu
        parts += ["treats its first axis as time (`batch_first` is missing)"] * self.time_first
        return " and ".join(parts)


AS_ASKED = Setting()
SETTINGS = (AS_ASKED, Setting(relu=True), Setting(time_first=True), Setting(True, True))


def parameters_of(model: Any) -> dict[str, Array]:
    """The parameters of a student's model, by name. Raises Disagreement for too many of them."""
    got = model.parameters()
    if not isinstance(got, dict):
        raise Disagreement("The model has no `state_dict`.")
    if len(got) > MAX_PARAMETERS:
        raise Disagreement("The model has far more parameters than were asked for.")
    found = {name: as_array(value, "A parameter of the model") for name, value in got.items()}
    if any(max(array.shape, default=0) > MAX_SIZE for array in found.values()):
        raise Disagreement("The layers of the model are far larger than was asked for.")
    return found


def load_random(model: Any, rng: Rng) -> dict[str, Array]:
    """Gives a student's model random parameters in the shapes that it has, and returns them."""
    parameters = {
        name: uniform(rng, *old.shape, scale=1.5 / np.sqrt(old.shape[-1] if old.ndim > 1 else 4))
        for name, old in parameters_of(model).items()
    }
    model.load(parameters)
    return parameters


def layers_of(parameters: Mapping[str, Array]) -> int:
    """How many layers the RNN has."""
    return max(sum(name.startswith("rnn.weight_hh_l") for name in parameters), 1)


def state_shape(parameters: Mapping[str, Array], N: int) -> tuple[int, int, int]:
    """(layers,N,H) of the state that the RNN takes."""
    W_h = np.asarray(entry(parameters, "rnn.weight_hh_l0", "The parameters of the model"))
    return layers_of(parameters), N, W_h.shape[-1]


def unrolled(
    parameters: Mapping[str, Array],
    tokens: Array,
    h0: Array | None = None,
    setting: Setting = AS_ASKED,
) -> tuple[Array, Array]:
    """The logits and the last state of a CharRNN.

    Args:
        parameters: its ``state_dict``. A bias that is not there counts as zero.
        tokens: (N,T) ints.
        h0: (layers,N,H); None means zeros.
        setting: how its RNN layer is set up.

    Returns:
        logits (N,T,V), h (layers,N,H).
    """
    try:
        states = np.asarray(entry(parameters, "embedding.weight", "The parameters of the model"))[
            tokens
        ]
        if setting.time_first:
            states = states.swapaxes(0, 1)
        last = []
        for layer in range(layers_of(parameters)):
            start = None if h0 is None else h0[layer]
            states = _layer(parameters, f"l{layer}", states, start, setting.relu)
            last.append(states[:, -1])
        if setting.time_first:
            states = states.swapaxes(0, 1)
        W_y = np.asarray(entry(parameters, "output.weight", "The parameters of the model"))
        return states @ W_y.T + parameters.get("output.bias", 0.0), np.stack(last)
    except (IndexError, ValueError):
        raise Disagreement("The sizes of the model's layers do not fit each other.") from None


def _layer(
    parameters: Mapping[str, Array], name: str, x: Array, h0: Array | None, relu: bool
) -> Array:
    """States (N,T,H) of one layer of nn.RNN, of inputs (N,T,E)."""
    W_x = np.asarray(entry(parameters, f"rnn.weight_ih_{name}", "The parameters of the model"))
    W_h = np.asarray(entry(parameters, f"rnn.weight_hh_{name}", "The parameters of the model"))
    fed = x @ W_x.T
    for bias in (f"rnn.bias_ih_{name}", f"rnn.bias_hh_{name}"):
        fed = fed + parameters.get(bias, 0.0)
    h = np.zeros((len(x), W_h.shape[1])) if h0 is None else h0
    states = []
    for t in range(x.shape[1]):
        z = fed[:, t] + h @ W_h.T
        h = np.maximum(z, 0.0) if relu else np.tanh(z)
        states.append(h)
    return np.stack(states, axis=1)


def matching(got: object, wanted: Iterable[tuple[Setting, Array]]) -> Setting | None:
    """The setting whose answer ``got`` is; None if it is that of none."""
    if not isinstance(got, np.ndarray) or got.dtype.kind != "f":
        return None
    for setting, want in wanted:
        allowed = SINGLE * float(np.abs(want).max())
        if got.shape == want.shape and bool((np.abs(got - want) <= allowed).all()):
            return setting
    return None
