"""Writes a call as code to paste, which fails if the result is wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.agree import tolerance
from autograder.examples.arguments import is_array, seeds
from autograder.examples.judging import Wrong, index
from autograder.session.student import Call
from autograder.worker.values import seed_of
from autograder.worker.wire import Array

WIDTH = 88
# Numbers: of a result as it is shown; and of one that is compared as a whole.
MAX_SHOWN, MAX_EXPECTED = 60, 40
DIGITS = 6
# Repetitions of a call that should always return the same; draws; and how many standard deviations
# the share of a token may be off.
OFTEN, DRAWS, SIGMAS = 50, 1000, 5


def pasted(call: Call, wrong: Wrong, parameters: Sequence[str]) -> list[str]:
    """Code that makes the call and fails because of the mistake.

    Args:
        call: of a stub of the submission. If it is repeated, its last result is the wrong one.
        wrong: what is wrong with the result.
        parameters: the names of the stub's parameters.
    """
    if call.about in ("kinds", "parameters", "shapes"):
        return list(_about_model(call, wrong))
    lines = ["import numpy as np", ""]
    if call.parameters is not None:
        lines.insert(1, "import torch")
        lines += _model(call)
    assigned, given = _arguments(call, parameters)
    lines += assigned
    made = f"{call.stub if call.parameters is None else 'model'}({', '.join(given)})"
    if wrong.kind == "modified":
        lines.insert(0, "import copy")
        lines += _modified(made, given[int(wrong.at[0])])
    else:
        lines += _asked(made, call, wrong)
    return _single(lines)


def of_two_generators(one: Call, other: Call, parameters: Sequence[str]) -> list[str]:
    """Code that draws with two generators, and compares the draws."""
    assigned, given = _arguments(one, parameters)
    made = f"{one.stub}({', '.join(given)})"
    lines = ["import numpy as np", "", *assigned]
    for name, call in (("first", one), ("second", other)):
        (seed,) = seeds(call)
        drawn = made.replace(literal(_generator(one)), "rng")
        lines.append(f"rng = np.random.default_rng({seed})")
        lines.append(f"{name} = [{drawn} for _ in range({call.times})]")
    sign = "==" if seeds(one) == seeds(other) else "!="
    return _single([*lines, f"assert first {sign} second"])


def _single(lines: Sequence[str]) -> list[str]:
    """The lines one by one: a literal may take several."""
    return "\n".join(lines).split("\n")


def _generator(call: Call) -> np.random.Generator:
    (found,) = (one for one in call.args if isinstance(one, np.random.Generator))
    return found


def _arguments(call: Call, parameters: Sequence[str]) -> tuple[list[str], list[str]]:
    """Lines that assign arrays and what holds them to names, and the arguments of the call."""
    lines, given, in_torch = [], [], call.parameters is not None
    for name, value in zip(_names(parameters, call), call.args, strict=True):
        if isinstance(value, np.ndarray | Mapping | list | tuple):
            lines.append(f"{name} = {literal(value, len(name) + 3, in_torch)}")
            given.append(name)
        else:
            given.append(literal(value))
    for key, value in call.kwargs.items():
        given.append(f"{key}={literal(value, in_torch=in_torch)}")
    return lines, given


def _names(parameters: Sequence[str], call: Call) -> Iterator[str]:
    for place in range(len(call.args)):
        yield parameters[place] if place < len(parameters) else f"argument_{place + 1}"


def _asked(made: str, call: Call, wrong: Wrong) -> Iterator[str]:
    """The call, and an assertion about its result."""
    if wrong.kind == "again" and isinstance(wrong.expected, list):
        yield f"results = [list({made}) for _ in range({OFTEN})]"
        yield f"assert results == [{shown(wrong.expected)}] * {OFTEN}"
    elif wrong.kind == "draws":
        yield from _drawn(made, call, wrong)
    elif wrong.expected is None:
        yield made
    else:
        indent = ""
        if call.parameters is not None:
            yield "with torch.no_grad():"
            indent = "    "
        for _ in range(call.times - 1 if wrong.kind != "not a token" else 0):
            yield f"{indent}{made}  # once before, with the same arguments"
        yield f"{indent}result = {made}"
        yield from _compared("result" + index(wrong.at), wrong)


def _compared(result: str, wrong: Wrong) -> Iterator[str]:
    right = wrong.expected
    if wrong.kind in ("form", "no item") and isinstance(right, dict):
        # As a list, since the order of a set differs between processes.
        yield f"assert isinstance({result}, dict) and set({result}) >= set({list(right)!r})"
    elif wrong.kind in ("form", "no item") and isinstance(right, tuple):
        yield f"assert isinstance({result}, tuple | list) and len({result}) == {len(right)}"
    elif wrong.kind == "not a token":
        yield f"assert np.ndim({result}) == 0 and np.asarray({result}).dtype.kind in 'iu'"
    elif wrong.kind == "not tokens":
        yield f"assert np.ndim({result}) == 1 and np.asarray({result}).dtype.kind in 'iu'"
    elif wrong.kind == "float":
        yield f"assert np.asarray({result}).dtype.kind in 'iu'"
    elif isinstance(right, str):
        yield f"assert {result} == {right!r}"
    elif wrong.kind == "shape":
        yield f"assert np.shape({result}) == {np.shape(right)}"
    else:
        yield from _close(result, np.asarray(right), wrong.returned)


def _close(result: str, right: Array, returned: Any) -> Iterator[str]:
    whole = right.dtype.kind != "f"
    if right.size > MAX_EXPECTED:
        place = _first_wrong(returned, right)
        result += "[" + ", ".join(map(str, place)) + "]"
        allowed = tolerance(np.asarray(right), right)
        right = right[place]
    else:
        allowed = tolerance(np.asarray(right), right) if right.size else 0.0
    if whole:
        yield f"np.testing.assert_array_equal({result}, {_nested(right)})"
        return
    start = f"np.testing.assert_allclose({result}, "
    yield f"{start}{_nested(right, digits=7)}, rtol=0, atol={allowed:.1g})"


def _first_wrong(returned: Any, right: Array) -> tuple[int, ...]:
    with np.errstate(invalid="ignore"):
        near = np.abs(np.asarray(returned, dtype=float) - right) <= tolerance(right, right)
    return tuple(int(one) for one in np.argwhere(~near)[0])


def _modified(made: str, name: str) -> Iterator[str]:
    """The call, and a comparison of one argument with its value before."""
    yield f"before = copy.deepcopy({name})"
    yield made
    yield f"np.testing.assert_equal({name}, before)"


def _drawn(made: str, call: Call, wrong: Wrong) -> Iterator[str]:
    """Counts draws, and compares the share of one token that comes too often or too rarely."""
    shares, observed = np.asarray(wrong.expected), np.asarray(wrong.returned)
    counted = observed.dtype.kind == "f"
    token = _telling(shares, observed, call.times) if counted else 0
    if call.times > 1:
        generator = literal(_generator(call))
        yield f"rng = {generator}"
        yield f"draws = [{made.replace(generator, 'rng')} for _ in range({DRAWS})]"
        allowed = SIGMAS * float(np.sqrt(shares[token] * (1 - shares[token]) / DRAWS))
    else:
        yield f"draws = {made}"
        allowed = 0.8 * abs(float(observed[token] - shares[token])) if counted else 0.0
    if not counted:
        yield f"assert set(draws) <= set(range({len(shares)}))"
        return
    yield f"share = np.mean(np.array(draws) == {token})"
    yield f"assert abs(share - {shares[token]:.4g}) <= {allowed:.2g}"


def _telling(shares: Array, observed: Array, times: int) -> int:
    """The token whose share is off by the most standard deviations."""
    deviation = np.sqrt(shares * (1 - shares) / max(times, 1))
    return int(np.argmax(np.abs(observed - shares) / np.maximum(deviation, 1e-9)))


def _model(call: Call) -> Iterator[str]:
    yield f"model = {call.stub}({', '.join(literal(one) for one in call.sizes)})"
    yield "model.load_state_dict({"
    for name, value in (call.parameters or {}).items():
        yield f"    {name!r}: {literal(value, 8, in_torch=True)},"
    yield "})"
    yield "model.eval()"


def _about_model(call: Call, wrong: Wrong) -> Iterator[str]:
    yield f"model = {call.stub}({', '.join(literal(one) for one in call.args)})"
    if call.about != "kinds":
        yield "shapes = {name: tuple(value.shape) for name, value in model.state_dict().items()}"
        yield "assert shapes == {"
        for name, shape in wrong.expected.items():
            yield f'    "{name}": {tuple(shape)},'
        yield "}"
        return
    yield "import torch"
    yield ""
    for name, kind in wrong.expected.items():
        yield f"assert isinstance(model.{name}, torch.nn.{kind})"


# -- values ---------------------------------------------------------------------------------------


def literal(value: Any, indent: int = 0, in_torch: bool = False) -> str:
    """A value as Python code; an array in its shortest form."""
    if isinstance(value, np.random.Generator):
        return f"np.random.default_rng({seed_of(value)})"
    if isinstance(value, Mapping):
        inside = ", ".join(f'"{key}": {literal(one)}' for key, one in value.items())
        return f"{{{inside}}}"
    if isinstance(value, tuple | list) and not is_array(value):
        inside = ", ".join(literal(one, in_torch=in_torch) for one in value)
        return f"({inside},)" if isinstance(value, tuple) else f"[{inside}]"
    if isinstance(value, list) or not isinstance(value, np.ndarray):
        return repr(value.item() if isinstance(value, np.generic) else value)
    return _array(value, indent, "torch.tensor" if in_torch else "np.array")


def _array(array: Array, indent: int, make: str) -> str:
    single = array.dtype.kind == "f" and array.itemsize < 8 and make == "np.array"
    if array.size > 4 or not array.size:
        for number, name in ((0, "zeros"), (1, "ones")):
            if array.dtype.kind == "f" and (array == number).all():
                of = make.partition(".")[0]
                return f"{of}.{name}({_shape(array)}{', dtype=np.float32' * single})"
        if array.size > 4 and (array == array.flat[0]).all() and make == "np.array":
            filled = f"np.full({_shape(array)}, {_number(array.flat[0])}"
            return f"{filled}{', dtype=np.float32' * single})"
    if not array.size:
        return f"np.empty({array.shape}, dtype=int)"
    return f"{make}({_nested(array, indent + len(make) + 1)}{', dtype=np.float32' * single})"


def _shape(array: Array) -> str:
    return str(array.shape[0] if array.ndim == 1 else array.shape)


def _nested(array: Array, indent: int = 0, digits: int = 17) -> str:
    """The entries in brackets: in one line where they fit, else with a line for each row."""
    if not array.ndim:
        return _number(array[()], digits)
    rows = [_nested(row, indent + 1, digits) for row in array]
    line = ", ".join(rows)
    if indent + len(line) + 2 <= WIDTH and "\n" not in line:
        return f"[{line}]"
    if array.ndim > 1:
        return "[" + (",\n" + " " * (indent + 1)).join(rows) + "]"
    return "[" + textwrap.fill(line, WIDTH - 2, subsequent_indent=" " * (indent + 1)) + "]"


def _number(value: Any, digits: int = 17) -> str:
    if np.asarray(value).dtype.kind == "b":
        return str(bool(value))
    if not np.isfinite(value):
        return {np.inf: "np.inf", -np.inf: "-np.inf"}.get(float(value), "np.nan")
    if float(value).is_integer() and np.asarray(value).dtype.kind != "f":
        return str(int(value))
    if isinstance(value, np.float32):
        return str(value + np.float32(0))
    return repr(float(f"{float(value):.{digits}g}") + 0.0)


def shown(value: Any) -> str:
    """A value for reading, not for pasting: rounded and short."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {shown(one)}' for key, one in value.items()) + "}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(shown, value)) + ")"
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "biuf":
        if isinstance(value, list):
            return "[" + ", ".join(map(shown, value[:8])) + ", ..." * (len(value) > 8) + "]"
        return getattr(value, "what", None) or repr(value)
    if array.size > MAX_SHOWN:
        return f"an array of the shape {array.shape} that begins {shown(array.ravel()[:8])}"
    text = np.array2string(
        array,
        separator=", ",
        formatter={"float_kind": lambda one: _number(one, DIGITS), "int_kind": str, "bool": str},
    )
    return " ".join(text.split())
