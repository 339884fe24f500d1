"""What a student reads: plain text, for a notebook as for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..checks.agree import tolerance
from ..worker.values import seed_of
from .facts import Criterion
from .predicting import SmallCall
from .running import Miss, PartResult, Seen, State
from .student import StubCall

TEXT_WIDTH = 80
MAX_DIFFERENCES = 4
MAX_PRINTED = 8
# Of an array, or of all weights of a model: as many entries are shown.
MAX_ENTRIES, MAX_WEIGHTS = 64, 64
PASSED = " " * 5
SIGNS: dict[State, str] = {"met": "✓", "missed": "✗", "to come": "·"}


def points(number: float) -> str:
    """Points without the dust of floating-point sums."""
    return f"{round(number, 4):g}"


def report(result: PartResult) -> str:
    """All that there is to say of a part."""
    lines = [_headline(result), ""]
    for criterion in result.part.criteria:
        lines += [_row(result, criterion), *_passed(result, criterion)]
    lines += _look_first(result)
    shown: list[list[str]] = []
    for criterion in result.part.criteria:
        for text in _misses(result, criterion, shown):
            lines += ["", *text]
    lines += _next_hint(result)
    lines += _to_come(result)
    lines += _on_cases(result)
    lines += _judged(result)
    if result.answers is not None and not result.answers.whole:
        lines += ["", "The concept questions:", *(f"  {one}" for one in result.answers.to_do())]
    if result.whole:
        lines += ["", "Where your work is graded, the same is asked on other inputs too."]
    return "\n".join(lines)


def _next_hint(result: PartResult) -> Iterator[str]:
    tried = [c for c in result.part.criteria if c.id in result.tried()]
    steps = {c.id: 1 + bool(c.look) + bool(c.almost) for c in tried}
    if any(_tries(result, name) < count for name, count in steps.items()):
        yield from ("", "A changed try brings the next hint.")


def _tries(result: PartResult, criterion: str) -> int:
    return max(result.tries.get(criterion, 1), 1)


def _look_first(result: PartResult) -> Iterator[str]:
    for stub, others in result.look_first.items():
        text = f"Look first at {' and '.join(others)}: `{stub}` calls it, and it is not right yet. "
        text += "Where your work is graded, a mistake there costs nothing here."
        yield ""
        yield from textwrap.wrap(text, TEXT_WIDTH)


def report_on(result: PartResult, criterion: str) -> str:
    """What there is to say of one criterion."""
    [one] = [c for c in result.part.criteria if c.id == criterion]
    lines = [_row(result, one)]
    for text in _misses(result, one, []):
        lines += ["", *text]
    if criterion not in result.seen and result.answers is not None:
        lines += result.answers.to_do()
    seen = result.seen.get(criterion, {}).values()
    lines += dict.fromkeys(one.miss.message for one in seen if one.state == "to come" and one.miss)
    return "\n".join(lines)


def _misses(
    result: PartResult, criterion: Criterion, shown: list[list[str]]
) -> Iterator[Iterator[str]]:
    """Why a criterion is missed. What comes of a mistake elsewhere is shown once, for it is no
    sign of another one here: without a guess and a hint."""
    for item, seen in result.seen.get(criterion.id, {}).items():
        miss = seen.miss
        if seen.state != "missed" or miss is None:
            continue
        if result.is_from_elsewhere(miss):
            if miss is not _from_elsewhere(result)[0]:
                continue
            miss = replace(miss, mistake=None, plain=True)
        called = criterion.id if item is None else f"{criterion.id}, {item}"
        yield _missed(called, criterion, miss, shown, _tries(result, criterion.id))


def _from_elsewhere(result: PartResult) -> list[Miss]:
    seen = [one for items in result.seen.values() for one in items.values()]
    misses = [one.miss for one in seen if one.state == "missed" and one.miss is not None]
    return [miss for miss in misses if result.is_from_elsewhere(miss)]


def _headline(result: PartResult) -> str:
    part = result.part
    checked = [one for one in part.criteria if one.id in result.seen]
    reached = f"{points(result.total('met'))} of {points(sum(c.points for c in checked))} points"
    to_come = result.total("to come")
    more = f", {points(to_come)} still to come" if to_come else ""
    return f"Part {part.id}  {part.title}: {reached} reached{more}{_but_differs(result)}"


def _but_differs(result: PartResult) -> str:
    names = [f"`{stub}`" for stub in result.differing()]
    if not names:
        return ""
    return f", but {', '.join(names)} differ{'s' * (len(names) == 1)} from {result.oracle}"


def _row(result: PartResult, criterion: Criterion) -> str:
    items = result.seen.get(criterion.id)
    worth = points(criterion.points)
    if items is None:
        sheet = result.answers
        count = f": {sheet.answered} of {sheet.asked} answered" if sheet else ""
        return f"  ?  {criterion.id:<16} {worth:>5}  {criterion.title}{count}"
    states = {seen.state for seen in items.values()}
    state: State = "missed" if "missed" in states else "to come" if "to come" in states else "met"
    partly = ""
    if len(states) > 1:
        good = [str(item) for item, seen in items.items() if seen.state == "met"]
        partly = f" (right: {', '.join(good)})" if good else ""
    return f"  {SIGNS[state]}  {criterion.id:<16} {worth:>5}  {criterion.title}{partly}"


def _passed(result: PartResult, criterion: Criterion) -> Iterator[str]:
    """The names of the checks that are met."""
    items = result.seen.get(criterion.id, {})
    passed = dict.fromkeys(name for seen in items.values() for name in seen.passed)
    if passed:
        text = f"right: {'; '.join(passed)}"
        yield from textwrap.wrap(
            text, TEXT_WIDTH, initial_indent=PASSED, subsequent_indent=PASSED + " " * 7
        )


def _to_come(result: PartResult) -> Iterator[str]:
    seen = (seen for items in result.seen.values() for seen in items.values())
    messages = [one.miss.message for one in seen if one.state == "to come" and one.miss]
    if messages:
        yield ""
        yield from dict.fromkeys(messages)


def _missed(
    called: str, criterion: Criterion, miss: Miss, shown: list[list[str]], tries: int
) -> Iterator[str]:
    """Why a criterion is missed, with one hint more after each of the ``tries``.

    A call that was ``shown`` is not shown again.
    """
    yield from textwrap.wrap(f"✗ {called}: {miss.message}", TEXT_WIDTH, subsequent_indent="  ")
    if miss.call is not None:
        call = list(_call(miss.call))
        yield from _indented(call if call not in shown else ["the same call as above"])
        shown.append(call)
    if miss.compared is not None:
        yield from _indented(_difference(*miss.compared))
    elif miss.detail:
        yield from _indented(textwrap.wrap(miss.detail, TEXT_WIDTH))
    if miss.printed.strip():
        lines = miss.printed.rstrip().split("\n")
        more = ["..."] if len(lines) > MAX_PRINTED else []
        yield from _indented(["printed meanwhile:", *lines[:MAX_PRINTED], *more])
    if miss.mistake is not None:
        yield from textwrap.wrap(f"It looks as if {miss.mistake.title}.", TEXT_WIDTH)
    if miss.plain:
        return
    idea = miss.mistake.hint if miss.mistake is not None else criterion.hint
    steps = list(filter(None, (criterion.look, idea, criterion.almost)))
    step = min(tries, len(steps))
    place = f" {step} of {len(steps)}" if len(steps) > 1 else ""
    yield from textwrap.wrap(f"Hint{place}: {steps[step - 1]}", TEXT_WIDTH)


def _on_cases(result: PartResult) -> Iterator[str]:
    alike = [f"`{stub}`" for stub, miss in result.on_cases.items() if miss is None]
    if alike:
        yield ""
        yield f"The same as {result.oracle} on random inputs: {', '.join(alike)}."
    for stub, miss in result.on_cases.items():
        if miss is not None:
            yield ""
            text = f"`{stub}` is not the same as {result.oracle} on random inputs. {miss.message}"
            yield from textwrap.wrap(text, TEXT_WIDTH)
            if miss.call is not None:
                yield from _indented(_call(miss.call))
            if miss.compared is not None:
                yield from _indented(_difference(*miss.compared))


def _judged(result: PartResult) -> Iterator[str]:
    for judge, own in result.judged.items():
        text = (
            f"`{judge}` accepts your `{own}` and rejects a few wrong ones. The grader tries it on "
        )
        text += "more, right and wrong."
        yield ""
        yield from textwrap.wrap(text, TEXT_WIDTH)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"    {line}"


# -- the failing case -----------------------------------------------------------------------------


def _call(call: StubCall) -> Iterator[str]:
    """A call as one would write it, one argument a line."""
    times = f"{call.times} times " if call.times > 1 else ""
    name = call.stub
    if call.of_model is not None:
        name += f"({', '.join(map(str, call.of_model))})"
    named = list(zip(call.names, call.args, strict=False))
    named += [("", value) for value in call.args[len(named) :]]
    named += list(call.kwargs.items())
    written = [(f"{key} = " if key else "", _written_out(value)) for key, value in named]
    yield from _written_call(f"{times}{name}", written)
    if call.loaded is not None:
        yield from _weights(call.loaded)


def _written_call(name: str, written: Sequence[tuple[str, str]]) -> Iterator[str]:
    if sum(len(key) + len(text) for key, text in written) < 50 and not any(
        "\n" in text for _, text in written
    ):
        inside = ", ".join(f"{key.replace(' ', '')}{text}" for key, text in written)
        yield f"{name}({inside})"
        return
    yield f"{name}("
    width = max(len(key) for key, _ in written)
    for key, text in written:
        yield from _hanging(f"    {key.rjust(width)}", text)
    yield ")"


def _weights(loaded: Mapping[str, Any]) -> Iterator[str]:
    """The parameters that a check gave to a model, as far as they are not zero and not many."""
    given = {name: np.asarray(value) for name, value in loaded.items()}
    shown = {name: value for name, value in given.items() if value.any()}
    if sum(value.size for value in shown.values()) > MAX_WEIGHTS:
        yield "with weights that the check loads into it"
        return
    yield "with the weights"
    for name, value in shown.items():
        yield from _hanging(f"    {name} = ", _array(value))
    if len(shown) < len(given):
        yield "    and zero for all others"


def _written_out(value: Any) -> str:
    if isinstance(value, np.random.Generator):
        return f"np.random.default_rng({seed_of(value)})"
    if isinstance(value, dict):
        entries = ["\n".join(_hanging(f"{key!r}: ", _written_out(value[key]))) for key in value]
        lined = any("\n" in entry for entry in entries)
        return "\n".join(_hanging("{", (",\n" if lined else ", ").join(entries))) + "}"
    if isinstance(value, np.ndarray):
        is_long = value.size > MAX_PRINTED and not value.any()
        return f"np.zeros({value.shape})" if is_long else _array(value)
    if isinstance(value, tuple | list) and any(isinstance(v, np.ndarray | tuple) for v in value):
        return "\n".join(_hanging("(", ",\n".join(map(_written_out, value)))) + ")"
    return getattr(value, "__name__", "") or repr(value)


def _array(value: Any) -> str:
    array = np.asarray(value)
    if array.dtype.kind == "f":
        array = array + 0.0  # no -0.
    text = np.array2string(
        array,
        precision=6,
        suppress_small=True,
        separator=", ",
        threshold=MAX_ENTRIES,
        max_line_width=64,
    )
    text = re.sub(r"\n\s*\n", "\n", text)
    return text if array.size else f"an empty array of the shape {array.shape}"


def _difference(want: Any, got: Any) -> Iterator[str]:
    """What was expected and got, and the first entries in which they differ."""
    yield from _hanging("expected ", _array(want))
    if got is None:
        yield "got      None"
        return
    try:
        array = np.asarray(got)
        yield from _hanging("got      ", _array(array) if array.dtype.kind in "biuf" else repr(got))
    except ValueError:
        yield from _hanging("got      ", repr(got)[:300])
        return
    if array.shape != want.shape:
        asked = f"the shape {want.shape}" if want.ndim else "a plain number, of the shape ()"
        yield f"got the shape {array.shape}, expected {asked}"
        return
    if array.dtype.kind not in "iuf" or want.ndim == 0:
        return
    wrong = np.argwhere(~np.isclose(array, want, rtol=0.0, atol=tolerance(array, want)))
    if len(wrong) < want.size or want.size > MAX_DIFFERENCES:
        for index in wrong[:MAX_DIFFERENCES]:
            place = tuple(index.tolist())
            at = f"differs at [{', '.join(map(str, place))}]:"
            yield f"{at} expected {want[place]:.6g}, got {array[place]:.6g}"


def _hanging(start: str, text: str) -> Iterator[str]:
    """Lines of text of which the first comes after ``start`` and the others below it."""
    first, *rest = text.split("\n")
    yield start + first
    for line in rest:
        yield " " * len(start) + line


def prediction(small: SmallCall, predict: str) -> str:
    """What is asked before a function is written, and how it is answered."""
    lines = [f"What does `{small.call.stub}` return here?", *_indented(_call(small.call))]
    lines += [
        f"    {small.name}: ?",
        f"If you like, say it before you write it: {predict.format(small.call.stub)}",
        "Two digits after the point are enough, and nothing of it is marked.",
    ]
    return "\n".join(lines)


def summary(results: Iterable[PartResult]) -> str:
    """One line for each part, and the points of all of them."""
    results = list(results)
    lines: list[str] = []
    reached = possible = 0.0
    width = max((len(result.part.title) for result in results), default=0)
    for result in results:
        checked = sum(one.points for one in result.part.criteria if one.id in result.seen)
        met = result.total("met")
        reached, possible = reached + met, possible + checked
        states = [seen.state for seen in _all_seen(result)]
        signs = "".join(SIGNS[state] for state in states)
        sheet = result.answers
        more = f"  {sheet.answered} of {sheet.asked} questions answered" if sheet else ""
        lines.append(
            f"  {result.part.id}  {result.part.title:<{width}} {points(met):>5} of "
            f"{points(checked):<5} {signs}{more}{_but_differs(result)}"
        )
    lines.append(f"  {points(reached)} of the {points(possible)} points that can be checked here")
    return "\n".join(lines)


def _all_seen(result: PartResult) -> list[Seen]:
    return [seen for items in result.seen.values() for seen in items.values()]
