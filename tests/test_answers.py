"""What a stub returned is read as numpy.asarray would read it, and nothing else is believed."""

from __future__ import annotations

import array
from collections import Counter, OrderedDict, deque, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from autograder.checks.agree import Disagreement, token_ids, untouched
from autograder.worker import wire
from autograder.worker.answers import (
    MAX_ARRAYS,
    MAX_BYTES,
    MAX_ENTRIES,
    MAX_ITEMS,
    MAX_TEXT,
    Budget,
    layers_of,
    plain,
)
from autograder.worker.values import MAX_DIMENSIONS, Unreadable

Pair = namedtuple("Pair", "loss grads")


def read(value: object) -> Any:
    """The value as the grading process gets it."""
    return wire.decode(wire.encode(plain(value))[8:])


class Sequence:
    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> float:
        return [0.5, 1.5][index]


class WithArray:
    def __array__(self, dtype: object = None, copy: object = None) -> wire.Array:
        return np.arange(3)


class Raises:
    """Raises whatever it is asked."""

    def __array__(self, dtype: object = None, copy: object = None) -> wire.Array:
        raise RuntimeError("no")

    def __getattr__(self, name: str) -> object:
        raise RuntimeError("no")

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class RaisesInItems(list[int]):
    def __iter__(self) -> Iterator[int]:
        raise RuntimeError("no")


class Float(float):
    pass


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 0, -(2**63), 2**64 - 1, 0.5, float("inf"), "", "ac", [], {}),
        *([1, [2.5, [True]]], {"a": {"b": [None]}}, [np.arange(3), {"W": np.eye(2)}]),
    ],
    ids=repr,
)
def test_plain_data_is_itself(value: object) -> None:
    np.testing.assert_equal(read(value), value)
    assert type(read(value)) is type(value)


def test_nan_is_itself() -> None:
    assert np.isnan(read(float("nan")))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float64(0.5), np.array(0.5)),
        (np.float32(0.5), np.array(0.5, np.float32)),
        (np.int64(3), np.array(3)),
        (np.bool_(True), np.array(True)),
        (torch.arange(6.0).reshape(2, 3).T, np.arange(6, dtype=np.float32).reshape(2, 3).T),
        (torch.tensor(2), np.array(2)),
        (torch.ones(2, requires_grad=True).detach(), np.ones(2, np.float32)),
        (np.ma.masked_array([1, 2], [True, False]), np.array([1, 2])),
        (np.arange(3, dtype=">i4"), np.arange(3, dtype="<i4")),
        (range(3), np.arange(3)),
        (deque([1, 2]), np.array([1, 2])),
        (array.array("d", [0.5]), np.array([0.5])),
        (Sequence(), np.array([0.5, 1.5])),
        (WithArray(), np.arange(3)),
        (Float(0.5), np.array(0.5)),
        (np.empty((0, 3)), np.empty((0, 3))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_numpy_reads_arrives_as_its_array(value: object, expected: wire.Array) -> None:
    np.testing.assert_array_equal(read(value), expected, strict=True)


@given(
    st.recursive(
        st.integers(-100, 100) | st.floats(allow_nan=False),
        lambda inner: st.lists(inner, min_size=1, max_size=3),
    )
)
def test_nested_lists_read_as_numpy_reads_them(value: object) -> None:
    try:
        expected = np.asarray(value)
    except ValueError:
        return
    np.testing.assert_array_equal(np.asarray(read(value)), expected, strict=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2, 3)), [1, [2, 3]]),
        (Pair(0.5, {"x": 1}), [0.5, {"x": 1}]),
        (OrderedDict(x=(1,)), {"x": [1]}),
        (Counter("aab"), {"a": 2, "b": 1}),
        ({"c", "a"}, ["a", "c"]),
        ("half a \ud800 pair", "half a ? pair"),
        ({"\ud800": 1}, {"?": 1}),
        ("x" * (MAX_TEXT + 5), "x" * MAX_TEXT),
    ],
    ids=["tuple", "named tuple", "OrderedDict", "Counter", "set", "text", "key", "long text"],
)
def test_containers_arrive_as_lists_and_dicts(value: object, expected: object) -> None:
    assert read(value) == expected


UNREADABLE: dict[str, Callable[[], object]] = {
    "generator": lambda: (i for i in range(3)),
    "complex": lambda: 1j,
    "complex array": lambda: np.ones(2, complex),
    "object array": lambda: np.array([1, None]),
    "text array": lambda: np.array(["a"]),
    "date array": lambda: np.array(["2020-01-01"], "M8[D]"),
    "tensor with gradient": lambda: torch.ones(2, requires_grad=True),
    "complex tensor": lambda: torch.ones(2, dtype=torch.complex64),
    "sparse tensor": lambda: torch.eye(2).to_sparse(),
    "huge int": lambda: 2**64,
    "huge negative int": lambda: -(2**63) - 1,
    "bytes": lambda: b"ab",
    "set": lambda: {1, 2},
    "map": lambda: map(abs, [1]),
    "dict with int keys": lambda: {1: 2},
    "dict values": lambda: {"a": 1}.values(),
    "function": lambda: abs,
    "class": lambda: int,
    "object": lambda: object(),
    "raises": lambda: Raises(),
    "items that raise": lambda: RaisesInItems([1]),
}


@pytest.mark.parametrize("make", UNREADABLE.values(), ids=UNREADABLE)
def test_what_numpy_does_not_read_is_unreadable(make: Callable[[], object]) -> None:
    answer = read(make())
    assert isinstance(answer, Unreadable)
    assert answer.what


@pytest.mark.parametrize("make", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_item_costs_that_item_alone(make: Callable[[], object]) -> None:
    loss, odd, grads = read((0.5, make(), {"x": make(), "W": np.eye(2)}))
    assert loss == 0.5
    assert isinstance(odd, Unreadable)
    assert isinstance(grads["x"], Unreadable)
    np.testing.assert_array_equal(grads["W"], np.eye(2))


@pytest.mark.parametrize("size", [1, 1000])
def test_too_many_items_are_unreadable_as_a_whole(size: int) -> None:
    answer = read([[0] * size] * (MAX_ITEMS // size + 1))
    assert isinstance(answer, Unreadable)
    assert "items" in answer.what


def test_a_value_within_itself_is_unreadable_deep_down() -> None:
    value: dict[str, object] = {}
    value["self"] = [1, value]
    answer = read(value)
    while not isinstance(answer, Unreadable):
        answer = answer["self"] if isinstance(answer, dict) else answer[1]
    assert "deep" in answer.what


def test_the_type_is_named_to_the_student() -> None:
    assert read(x for x in "a").what == "a generator"
    assert "requires its gradient" in read(torch.ones(1, requires_grad=True)).what
    assert "complex" in read(np.ones(1, complex)).what


def test_a_reply_holds_no_more_than_may_cross() -> None:
    budget = Budget()
    answers = [plain(np.zeros(200_000), budget) for _ in range(9)]
    assert isinstance(answers[0], np.ndarray)
    assert isinstance(wire.decode(wire.encode(answers)[8:])[-1], Unreadable)


AS_MUCH_AS_MAY_CROSS: dict[str, Callable[[], object]] = {
    "numbers": lambda: [0] * (MAX_ITEMS - 1),
    "arrays": lambda: [np.float32(1)] * MAX_ARRAYS,
    "bytes": lambda: np.zeros(MAX_BYTES // 16, np.longdouble),
    "entries": lambda: [np.zeros(MAX_ENTRIES // 2, np.int8)] * 2,
    "no entries": lambda: np.zeros((0, MAX_ENTRIES)),
    "texts": lambda: ["x" * 999] * (MAX_ITEMS - 1),
    "a text of many bytes": lambda: ["\U0001f600" * 999] + [0] * (MAX_ITEMS - 2),
    "a dict": lambda: {f"{key:0999}": 0 for key in range(MAX_ITEMS // 2 - 1)},
    "a set": lambda: {f"{key:0999}" for key in range(MAX_ITEMS - 1)},
    "axes": lambda: np.zeros((1,) * MAX_DIMENSIONS),
}
MORE: dict[str, Callable[[], object]] = {
    "numbers": lambda: [0] * MAX_ITEMS,
    "arrays": lambda: [np.float32(1)] * (MAX_ARRAYS + 1),
    "bytes": lambda: np.zeros(MAX_BYTES // 16 + 1, np.longdouble),
    "entries": lambda: [np.zeros(MAX_ENTRIES // 2 + 1, np.int8)] * 2,
    "no entries": lambda: np.zeros((0, MAX_ENTRIES + 1)),
    "texts": lambda: ["x"] * MAX_ITEMS,
    "a dict": lambda: {str(key): 0 for key in range(MAX_ITEMS // 2 + 1)},
    "a set": lambda: {str(key) for key in range(MAX_ITEMS)},
    "axes": lambda: np.zeros((1,) * (MAX_DIMENSIONS + 1)),
}


@pytest.mark.parametrize("make", AS_MUCH_AS_MAY_CROSS.values(), ids=AS_MUCH_AS_MAY_CROSS)
def test_what_a_worker_lets_through_is_read(make: Callable[[], object]) -> None:
    """Too large an answer is said to be so; only what goes round the worker is an attack."""
    assert not isinstance(read(make()), Unreadable)


@pytest.mark.parametrize("make", MORE.values(), ids=MORE)
def test_what_is_too_much_is_unreadable(make: Callable[[], object]) -> None:
    answer = read(make())
    assert isinstance(answer, Unreadable)
    assert "too many" in answer.what


def test_a_layer_is_what_it_derives_from() -> None:
    class Own(nn.RNN):  # type: ignore[misc]
        pass

    class Linear(nn.Module):  # type: ignore[misc]
        pass

    model = nn.ModuleDict({"rnn": Own(2, 3), "output": Linear(), "embedding": nn.Embedding(2, 3)})
    assert layers_of(model) == {"rnn": "RNN", "output": "Module", "embedding": "Embedding"}


@pytest.mark.parametrize("ids", [[0, 2], [0.0, 2.0], np.array([0.0, 2.0], dtype=np.float32)])
def test_token_ids_may_be_floats_that_are_equal_to_ints(ids: Any) -> None:
    read = token_ids(ids, 3)
    assert read == [0, 2]
    assert all(isinstance(one, int) for one in read)


@pytest.mark.parametrize("ids", [[0.5], [np.nan], [np.inf], [3.0], [-1.0], [1e300], [True]])
def test_what_is_no_token_s_id_is_refused(ids: Any) -> None:
    with pytest.raises(Disagreement):
        token_ids(ids, 3)


@pytest.mark.parametrize(
    ("after", "same"), [([1, 2], True), ([1, 2, 3], False), ([2, 1], False), ([], False)]
)
def test_a_list_that_is_modified_in_place_is_reported(after: list[int], same: bool) -> None:
    if same:
        untouched([after], ([1, 2],), ("prompt",))
        return
    with pytest.raises(Disagreement, match="`prompt` is modified in place"):
        untouched([after], ([1, 2],), ("prompt",))
