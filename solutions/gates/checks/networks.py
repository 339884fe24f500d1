"""What a ``SentimentRNN`` or a ``CharLSTM`` must answer, given the parameters that it has.

Its own parameters are taken as they are, so that a layer that is missing a bias or appears once too
often is no mistake of ``forward``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks.agree import SINGLE, Array, Disagreement, as_array, entry
from autograder.checks.inputs import Rng, uniform

# Far above what is ever asked for: what is computed from a model's parameters grows with their
# number and with the length of each axis, and a student may choose both.
MAX_PARAMETERS, MAX_SIZE = 64, 4096
OF_MODEL = "The parameters of the model"


@dataclass(frozen=True)
class Setting:
    """How a recurrent layer is set up, as far as its parameters do not show it."""

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


def learns(model: Any, layers: Collection[str], *inputs: Any, **given: Any) -> None:
    """Raises Disagreement unless the logits carry gradients to all parameters of these layers."""
    reached = model.reached(*inputs, **given)
    asked_for = [name for name in model.shapes() if name.split(".")[0] in layers]
    if any(name not in reached for name in asked_for):
        raise Disagreement("The logits carry no gradient to some of the parameters.")


def layers_of(parameters: Mapping[str, Array], name: str) -> int:
    """How many layers the recurrent layer of this name has."""
    return max(sum(one.startswith(f"{name}.weight_hh_l") for one in parameters), 1)


def weights_of(
    parameters: Mapping[str, Array], name: str, layer: int
) -> tuple[Array, Array, Array | float]:
    """W_x, W_h and the sum of both biases of a layer, as torch keeps them; no bias counts as 0."""
    W_x = np.asarray(entry(parameters, f"{name}.weight_ih_l{layer}", OF_MODEL))
    W_h = np.asarray(entry(parameters, f"{name}.weight_hh_l{layer}", OF_MODEL))
    biases = (parameters.get(f"{name}.bias_{which}_l{layer}", 0.0) for which in ("ih", "hh"))
    return W_x.T, W_h.T, sum(biases)


def linear(parameters: Mapping[str, Array], states: Array) -> Array:
    """What the layer ``fc`` makes of states."""
    W = np.asarray(entry(parameters, "fc.weight", OF_MODEL))
    logits: Array = states @ W.T + parameters.get("fc.bias", 0.0)
    return logits


# -- SentimentRNN ---------------------------------------------------------------------------------


def rnn_states(
    parameters: Mapping[str, Array], tokens: Array, setting: Setting = AS_ASKED
) -> tuple[Array, Array]:
    """The states of the top layer (N,T,H), and the last states of all layers (L,N,H).

    Raises Disagreement where the layers do not fit each other.
    """
    try:
        x = np.asarray(entry(parameters, "embedding.weight", OF_MODEL))[tokens]
        x = x.swapaxes(0, 1) if setting.time_first else x
        last = []
        for layer in range(layers_of(parameters, "rnn")):
            W_x, W_h, b = weights_of(parameters, "rnn", layer)
            h = np.zeros((len(x), len(W_h)))
            states = []
            for t in range(x.shape[1]):
                z = x[:, t] @ W_x + h @ W_h + b
                h = np.maximum(z, 0.0) if setting.relu else np.tanh(z)
                states.append(h)
            x = np.stack(states, axis=1)
            last.append(h)
        return x.swapaxes(0, 1) if setting.time_first else x, np.stack(last)
    except (IndexError, ValueError):
        raise _misfit() from None


def sentiment(
    parameters: Mapping[str, Array],
    tokens: Array,
    lengths: Array | None = None,
    setting: Setting = AS_ASKED,
) -> Array:
    """(N,K) the logits from the top layer's state after each row's last real step."""
    states, _ = rnn_states(parameters, tokens, setting)
    N, T = tokens.shape
    at = np.full(N, T) if lengths is None else lengths
    try:
        return linear(parameters, states[np.arange(N), at - 1])
    except ValueError:
        raise _misfit() from None


def sentiments(
    parameters: Mapping[str, Array], tokens: Array, lengths: Array | None = None
) -> Iterator[tuple[Setting, Array]]:
    """The logits under each setting of the layer; of one that takes time first, in either way."""
    for setting in SETTINGS:
        yield setting, sentiment(parameters, tokens, lengths, setting)
        if setting.time_first:
            _, last = rnn_states(parameters, tokens, setting)
            yield setting, linear(parameters, last[-1])


# -- CharLSTM -------------------------------------------------------------------------------------


def char_lstm(
    parameters: Mapping[str, Array],
    tokens: Array,
    state: tuple[Array, Array] | None = None,
    setting: Setting = AS_ASKED,
) -> tuple[Array, Array, Array]:
    """The logits (N,T,V), and the last states h and c (L,N,H) of all layers.

    Raises Disagreement where the layers do not fit each other.
    """
    try:
        L = layers_of(parameters, "lstm")
        V = weights_of(parameters, "lstm", 0)[0].shape[0]
        x = np.eye(V)[tokens]
        x = x.swapaxes(0, 1) if setting.time_first else x
        last_h, last_c = [], []
        for layer in range(L):
            W_x, W_h, b = weights_of(parameters, "lstm", layer)
            zeros = np.zeros((len(x), len(W_h)))
            h, c = (zeros, zeros) if state is None else (state[0][layer], state[1][layer])
            states = []
            for t in range(x.shape[1]):
                h, c = _lstm_step(x[:, t] @ W_x + h @ W_h + b, c)
                states.append(h)
            x = np.stack(states, axis=1)
            last_h.append(h)
            last_c.append(c)
        x = x.swapaxes(0, 1) if setting.time_first else x
        return linear(parameters, x), np.stack(last_h), np.stack(last_c)
    except (IndexError, ValueError):
        raise _misfit() from None


def _lstm_step(z: Array, c: Array) -> tuple[Array, Array]:
    i, f, g, o = np.split(z, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
    c = f * c + i * np.tanh(g)
    return o * np.tanh(c), c


def char_logits(parameters: Mapping[str, Array], tokens: Array) -> Iterator[tuple[Setting, Array]]:
    """The logits without a state, of each setting that an LSTM can have."""
    for setting in (AS_ASKED, Setting(time_first=True)):
        yield setting, char_lstm(parameters, tokens, None, setting)[0]


# -- asking and comparing --------------------------------------------------------------------------


@contextmanager
def suppress_raised() -> Iterator[None]:
    """Within, it does not matter what a student's model raises, or that it is not written yet."""
    try:
        yield
    except Exception as error:
        if getattr(error, "kind", "") not in ("raised", "unreadable", "unfinished"):
            raise


def matching(got: object, wanted: Iterable[tuple[Setting, Array]]) -> Setting | None:
    """The setting whose answer ``got`` is; None if it is that of none."""
    if not isinstance(got, np.ndarray) or got.dtype.kind != "f":
        return None
    for setting, want in wanted:
        allowed = SINGLE * float(np.abs(want).max())
        if got.shape == want.shape and bool((np.abs(got - want) <= allowed).all()):
            return setting
    return None


def _misfit() -> Disagreement:
    return Disagreement("The sizes of the model's layers do not fit each other.")
